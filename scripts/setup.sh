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
e2fsprogs e2fsck-static busybox-static libzydis-dev libnbd-dev zlib1g-dev \
acpica-tools"
check_packages="libcmocka-dev python3 nbdkit e2fsprogs fdisk xz-utils"
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

# Writes a private apt configuration for Debian 13 from the mirror at URL into
# DIR/apt; its options are apt_words.
use_mirror() { # URL DIR
    mkdir -p "$2/apt/lists/partial" "$2/apt/cache/archives/partial"
    key=/usr/share/keyrings/debian-archive-keyring.gpg
    printf '%s [signed-by=%s] %s trixie main\n' \
        deb "$key" "$1" deb-src "$key" "$1" >"$2/apt/sources.list"
    apt_words="-qq -o Dir::Etc::sourcelist=$2/apt/sources.list
        -o Dir::Etc::sourceparts=/dev/null
        -o Dir::State::lists=$2/apt/lists -o Dir::Cache=$2/apt/cache
        -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any"
    # shellcheck disable=SC2086
    apt-get $apt_words update
}

# The two packages that the build needs.
# shellcheck disable=SC2086
fetch_mach_from() { # URL DIR
    use_mirror "$1" "$2" || return 1
    (cd "$2" && apt-get $apt_words download gnumach-dev mig-x86-64-gnu) ||
        return 1
    for deb in "$2"/*.deb; do
        dpkg-deb -x "$deb" "$2/root" || return 1
    done
}

# The scripts that write an installed system's boot configuration: unpacked, not
# installed.  That for the Hurd is not in the package for this processor.
# shellcheck disable=SC2086
fetch_grub_from() { # URL DIR
    use_mirror "$1" "$2" || return 1
    (cd "$2" && apt-get $apt_words download grub-common &&
        apt-get $apt_words source --download-only --tar-only grub2) || return 1
    dpkg-deb -x "$2"/grub-common_*.deb "$2/root" || return 1
    tar -xJf "$2"/grub2_*.orig.tar.xz -C "$2" --strip-components=3 \
        --wildcards '*/util/grub.d/10_hurd.in'
}

# Has FUNCTION fetch into build/NAME, from the first mirror that serves it.  Fails
# if there is none.
fetch() { # NAME FUNCTION
    dir=$PWD/build/$1
    say "fetching what build/$1 has from Debian 13"
    for url in $(mirrors | awk '!seen[$0]++'); do
        rm -rf "$dir"
        if "$2" "$url" "$dir" 2>"build/$1.log"; then
            rm -rf "build/$1.log" "$dir/apt" "$dir"/*.deb "$dir"/*.tar.*
            touch "$dir/done"
            return 0
        fi
    done
    cat "build/$1.log" >&2
    rm -rf "$dir" "build/$1.log"
    return 1
}

install_mach() {
    ! mach_is_recent && [ ! -e build/mach/done ] || return 0
    if apt-cache madison gnumach-dev 2>/dev/null |
        awk '$3 >= "2:1.8+git2024" { found = 1 } END { exit !found }'; then
        install_missing gnumach-dev mig-x86-64-gnu
    else
        fetch mach fetch_mach_from ||
            die "no Debian mirror in the apt sources has what build/mach needs"
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
if [ "$what" != build ] && [ ! -e build/grub/done ]; then
    fetch grub fetch_grub_from ||
        say "no Debian mirror has GRUB's scripts: what needs them is not tested"
fi
