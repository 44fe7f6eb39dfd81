#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Looks the tree over: format, clang-tidy, layers, shell scripts, white space.
#
#   scripts/lint.sh [clang-tidy's FILE...]
#
# Runs after a build, which makes the headers that clang-tidy needs.  The format
# is looked at only by the version of clang-format that the tree is formatted
# with: others differ in details.
set -u
cd "$(dirname "$0")/.."
format_version=14
bad=0

complain() {
    echo "lint: $*"
    bad=$((bad + 1))
}

sources() {
    git ls-files -- '*.c' '*.h'
}

format() {
    version=$(clang-format --version | sed 's/.*version \([0-9]*\).*/\1/')
    if [ "$version" != "$format_version" ]; then
        echo "lint: clang-format is version $version, not $format_version:" \
            "the format is not looked at"
        return
    fi
    for file in $(sources); do
        clang-format --dry-run -Werror "$file" >/dev/null 2>&1 ||
            complain "$file: clang-format would change it"
    done
}

# How a folder is compiled, as far as clang-tidy needs to know.
flags() { # FILE
    own="-I. -Ibuild/include"
    resources=$(clang -print-resource-dir 2>/dev/null)
    case $1 in
    kernel/*)
        echo "-std=gnu17 -ffreestanding -nostdinc -isystem" \
            "$(gcc -print-file-name=include) -Ikernel/include -Ikernel/mig" \
            "-I. -Ikernel -Ibuild/include -Ibuild/mig -DKERNEL" \
            "-DMACH_KERNEL -DNCPUS=1"
        ;;
    machine/*)
        echo "-std=gnu17 -ffreestanding -nostdinc -isystem" \
            "$(gcc -print-file-name=include) -Ikernel/include -I." \
            "-Ibuild/machine"
        ;;
    platform/*) echo "-std=gnu17 -I. -Ibuild/platform/linux/x86_64" ;;
    tools/*) echo "-std=gnu17 -I." ;;
    *) echo "-std=gnu17 -D_GNU_SOURCE -I. -Ilib -Iservers -Ibuild/gen" \
        "-Ibuild/include" ;;
    esac
}

tidy() {
    [ $# -gt 0 ] || set -- $(git ls-files -- 'kernel/*.c' 'platform/*.c' \
        'tools/*.c' 'lib/*.c' 'servers/*.c' 'personality/*.c' 'machine/*.c' \
        'drivers/*.c' |
        grep -v '^platform/linux/x86_64/stub')
    log=$(mktemp)
    # shellcheck disable=SC2046
    for file in "$@"; do
        clang-tidy --quiet "$file" -- $(flags "$file") >"$log" 2>/dev/null ||
            complain "$file: clang-tidy"
        grep -E '(warning|error):' "$log"
    done
    rm -f "$log"
}

shells() {
    for file in $(git ls-files -- '*.sh' boot/root/libexec); do
        sh -n "$file" || complain "$file: sh -n"
    done
}

# What .editorconfig says and no tool looks at.
spaces() {
    if git grep -nI '[[:space:]]$' -- '*.c' '*.h' '*.S' '*.sh' '*.py' '*.mk' \
        Makefile '*.md'; then
        complain "white space at the end of a line"
    fi
}

format
python3 scripts/layers.py || complain "layers"
shells
spaces
tidy "$@"
if [ "$bad" -gt 0 ]; then
    echo "lint: $bad complaints"
    exit 1
fi
echo "lint: nothing to say"
