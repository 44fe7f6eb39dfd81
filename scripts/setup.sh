#!/bin/sh
# Installs what the build needs and is missing, and says what it installs.
#
#   scripts/setup.sh [build|check]
#
# Packages come from the machine's own apt sources, through sudo when the
# caller is not root.  The Mach headers and MIG must be those of Debian 13 or
# newer (older ones have another message layout): where the system's are not,
# they are fetched with a private apt configuration and unpacked under
# build/mach; nothing of the system's sources is touched.
set -eu
cd "$(dirname "$0")/.."
what=${1:-build}

build_packages="gcc make libc6-dev libext2fs-dev comerr-dev libzydis-dev \
e2fsprogs busybox-static"
check_packages="libcmocka-dev python3 clang-format clang-tidy"

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
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq install -y --no-install-recommends $missing >/dev/null
}

# The mirror's address, as the machine's own sources have it.
mirror() {
    {
        sed -n 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p' \
            /etc/apt/sources.list.d/debian.sources 2>/dev/null
        sed -n 's/^deb[[:space:]]*\(\[[^]]*\][[:space:]]*\)\{0,1\}\([^[:space:]]*\)[[:space:]].*main.*/\2/p' \
            /etc/apt/sources.list 2>/dev/null
    } | head -n 1
}

# Newer Mach packages say which message layout they have by their version.
mach_is_recent() {
    for package in gnumach-dev mig-x86-64-gnu; do
        installed "$package" || return 1
    done
    dpkg --compare-versions \
        "$(dpkg-query -W -f '${Version}' gnumach-dev)" ge '2:1.8+git2024'
}

fetch_mach() {
    url=$(mirror)
    [ -n "$url" ] || die "found no Debian mirror in the apt sources"
    dir=$PWD/build/mach
    rm -rf "$dir"
    mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] \
$url trixie main" >"$dir/apt/sources.list"
    set -- -qq -o "Dir::Etc::sourcelist=$dir/apt/sources.list" \
        -o Dir::Etc::sourceparts=/dev/null \
        -o "Dir::State::lists=$dir/apt/lists" -o "Dir::Cache=$dir/apt/cache" \
        -o APT::Sandbox::User=root -o Acquire::Check-Valid-Until=false
    say "fetching gnumach-dev and mig-x86-64-gnu of Debian 13 into build/mach"
    apt-get "$@" update
    (cd "$dir" && apt-get "$@" download gnumach-dev mig-x86-64-gnu)
    for deb in "$dir"/*.deb; do
        dpkg-deb -x "$deb" "$dir/root"
    done
    rm -rf "$dir/apt" "$dir"/*.deb
    touch "$dir/done"
}

command -v apt-get >/dev/null 2>&1 || die "needs Debian's apt-get"
# shellcheck disable=SC2086
install_missing $build_packages
# shellcheck disable=SC2086
[ "$what" = build ] || install_missing $check_packages
install_mach() {
    if ! mach_is_recent && [ ! -e build/mach/done ]; then
        if [ -n "$(apt-cache madison gnumach-dev 2>/dev/null |
            awk '$3 >= "2:1.8+git2024"')" ]; then
            install_missing gnumach-dev mig-x86-64-gnu
        else
            fetch_mach
        fi
    fi
}
install_mach
