/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hell: the command. */
#define _GNU_SOURCE
#include "platform/linux/linux.h"
#include "tools/boot.h"
#include "tools/complain.h"
#include "tools/settings.h"
#include "tools/trace.h"
#include <stdio.h>
#include <string.h>

#ifndef HELL_VERSION
#define HELL_VERSION "0.1"
#endif

static const char usage[] =
    "usage: hell boot [OPTION]...\n"
    "       hell run [OPTION]... -- COMMAND [ARGUMENT]...\n"
    "       hell mkroot [OPTION]... OUT\n"
    "       hell trace [OPTION]... [FILE]\n"
    "       hell --help | --version\n"
    "Runs a GNU Hurd system on Linux: a Mach kernel as an ordinary process,\n"
    "each of its tasks as another.  `hell COMMAND --help' tells more.\n"
    "\n"
    "boot    boot a disk, with the console on this terminal\n"
    "run     boot, run one command, end with its status\n"
    "mkroot  make a disk image to boot\n"
    "trace   show what a message trace tells\n";

static int do_boot(char **words)
{
    struct settings settings;
    int result = settings_parse(&settings, words, false);

    if (result != 0)
        return result > 0 ? 0 : STATUS_USAGE;
    return boot_machine(&settings, NULL);
}

static int do_run(char **words)
{
    struct settings settings;
    int result = settings_parse(&settings, words, true);

    if (result != 0)
        return result > 0 ? 0 : STATUS_USAGE;
    return run_command_in_machine(&settings);
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";

    if (strcmp(word, "boot") == 0)
        return do_boot(argv + 1);
    if (strcmp(word, "run") == 0)
        return do_run(argv + 1);
    if (strcmp(word, "mkroot") == 0)
        return mkroot(argv + 1);
    if (strcmp(word, "trace") == 0)
        return trace_command(argv + 1);
    if (strcmp(word, "--help") == 0 || strcmp(word, "help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (strcmp(word, "--version") == 0) {
        puts("hell " HELL_VERSION);
        return 0;
    }
    if (argc > 1)
        complain("unknown command `%s'", word);
    fputs(usage, stderr);
    return STATUS_USAGE;
}
