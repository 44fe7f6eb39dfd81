#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what the build needs and is missing, and says what it installs.
#
#   scripts/setup.sh [build|check|lint]
#
# Packages come from the machine's own apt sources, through sudo when the
# caller is not root.  The Mach headers and MIG must be those of Debian 13 or
# newer (older ones have another message layout): where the system's are not,
# they are fetched with a private apt configuration and unpacked under
# build/mach; nothing of the system's sources is touched.
set -eu
cd "$(dirname "$0")/.."
what=${1:-build}

build_packages="gcc binutils make libc6-dev libext2fs-dev comerr-dev \
e2fsprogs e2fsck-static busybox-static libzydis-dev libnbd-dev acpica-tools"
check_packages="libcmocka-dev python3 nbdkit e2fsprogs"
lint_packages="clang-format clang-tidy"

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        die "need root to run '$*': install it yourself, or install sudo"
    fi
}

installed() {
    dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null |
        grep -qx installed
}

install_missing() {
    missing=
    for package in "$@"; do
        installed "$package" || missing="$missing $package"
    done
    [ -z "$missing" ] && return 0
    say "installing:$missing"
    as_root apt-get -qq update
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
        --no-install-recommends -o Dpkg::Use-Pty=0 $missing >/dev/null
}

# The mirrors' addresses, as the machine's own sources have them.
mirrors() {
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -e "$file" ] || continue
        sed -n 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p' "$file"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -e "$file" ] || continue
        sed -n 's/^deb[[:space:]]*\(\[[^]]*\][[:space:]]*\)\{0,1\}\([^[:space:]]*\)[[:space:]].*main.*/\2/p' "$file"
    done
}

# Newer Mach packages say which message layout they have by their version.
mach_is_recent() {
    for package in gnumach-dev mig-x86-64-gnu; do
        installed "$package" || return 1
    done
    dpkg --compare-versions \
        "$(dpkg-query -W -f '${Version}' gnumach-dev)" ge '2:1.8+git2024'
}

# Fetches the two packages of Debian 13 from the mirror at URL.
fetch_mach_from() { # URL
    dir=$PWD/build/mach
    rm -rf "$dir"
    mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] \
$1 trixie main" >"$dir/apt/sources.list"
    set -- -qq -o "Dir::Etc::sourcelist=$dir/apt/sources.list" \
        -o Dir::Etc::sourceparts=/dev/null \
        -o "Dir::State::lists=$dir/apt/lists" -o "Dir::Cache=$dir/apt/cache" \
        -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any
    apt-get "$@" update || return 1
    (cd "$dir" && apt-get "$@" download gnumach-dev mig-x86-64-gnu) || return 1
    for deb in "$dir"/*.deb; do
        dpkg-deb -x "$deb" "$dir/root" || return 1
    done
    rm -rf "$dir/apt" "$dir"/*.deb
    touch "$dir/done"
}

fetch_mach() {
    say "fetching gnumach-dev and mig-x86-64-gnu of Debian 13 into build/mach"
    for url in $(mirrors | awk '!seen[$0]++'); do
        if fetch_mach_from "$url" 2>build/mach.log; then
            rm -f build/mach.log
            return 0
        fi
    done
    cat build/mach.log >&2
    rm -rf build/mach build/mach.log
    die "no Debian mirror in the apt sources has them"
}

install_mach() {
    ! mach_is_recent && [ ! -e build/mach/done ] || return 0
    if apt-cache madison gnumach-dev 2>/dev/null |
        awk '$3 >= "2:1.8+git2024" { found = 1 } END { exit !found }'; then
        install_missing gnumach-dev mig-x86-64-gnu
    else
        fetch_mach
    fi
}

command -v apt-get >/dev/null 2>&1 || die "needs Debian's apt-get"
mkdir -p build
packages=$build_packages
case $what in
build) ;;
check) packages="$packages $check_packages" ;;
lint) packages="$packages $check_packages $lint_packages" ;;
*) die "no such set-up: $what" ;;
esac
# shellcheck disable=SC2086
install_missing $packages
install_mach
