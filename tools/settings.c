/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "tools/settings.h"
#include "tools/complain.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_DEFAULT (1024ull << 20)
#define MEMORY_MAX     (1ull << 40)
#define PAGE           4096
/* Controllers that `,ahci=N' can name. */
#define DISK_GROUPS_MAX 16

static const char boot_help[] =
    "usage: hell boot [OPTION]...\n"
    "Boots a Mach kernel and what its boot script starts, with the console on\n"
    "this terminal.  Ctrl-] q asks the machine to stop, Ctrl-] k ends it.\n";

static const char run_help[] =
    "usage: hell run [OPTION]... -- COMMAND [ARGUMENT]...\n"
    "Boots, runs one command with these standard streams, ends with its "
    "status.\n"
    "Changes to the disks are thrown away unless --persist is given.\n";

static const char options_help[] =
    "\n"
    "  -c, --config FILE     boot configuration, in GRUB's syntax; otherwise\n"
    "                        /boot/hell.cfg or /boot/grub/grub.cfg of the "
    "disk\n"
    "  -e, --entry ENTRY     menuentry to boot instead of the default: "
    "number,\n"
    "                        id or title, or several with > from submenu in\n"
    "  -l, --list            show the entries, boot nothing\n"
    "  -d, --disk FILE[,ro][,ahci=N|,virtio]\n"
    "                        a disk, hd0, hd1, ... to the kernel, and wd0, "
    "...\n"
    "                        (or, with virtio, ld0, ...) to rumpdisk.  FILE "
    "may\n"
    "                        be nbd://HOST/EXPORT or "
    "nbd+unix:///EXPORT?socket=\n"
    "                        PATH; ro: read-only; ahci=N: on AHCI controller "
    "N\n"
    "  -m, --memory SIZE     physical memory, with K, M or G (default 1G)\n"
    "  -a, --append ARGS     more words for the kernel's command line\n"
    "  -t, --trace FILE      write one line for each message to FILE\n"
    "  -n, --name NAME       name of the machine's process\n"
    "      --help            this text\n";

static int parse_size(const char *text, uint64_t *size_out)
{
    char *end;
    unsigned long long size = strtoull(text, &end, 10);
    unsigned shift = 20;

    if (*end == 'k' || *end == 'K')
        shift = 10;
    else if (*end == 'g' || *end == 'G')
        shift = 30;
    if (*end && strchr("kKmMgG", *end))
        end++;
    if (end == text || *end || text[0] == '-' || size > MEMORY_MAX >> shift)
        return complain("--memory %s: not a size", text);
    size <<= shift;
    if (size < LINUX_MEMORY_MIN)
        return complain("--memory %s: too small, at least %lluM are needed",
                        text, LINUX_MEMORY_MIN >> 20);
    *size_out = size / PAGE * PAGE;
    return 0;
}

/* Takes one word off the end of a disk's path; false if there is none that is
 * known, so that a path may have commas. */
static bool disk_word(struct linux_disk *disk, char *text)
{
    char *comma = strrchr(text, ',');
    char *end;

    if (!comma)
        return false;
    if (strcmp(comma, ",ro") == 0) {
        disk->read_only = true;
    } else if (strcmp(comma, ",virtio") == 0) {
        disk->virtio = true;
    } else if (strncmp(comma, ",ahci=", 6) == 0) {
        disk->group = (unsigned)strtoul(comma + 6, &end, 10);
        if (end == comma + 6 || *end || disk->group >= DISK_GROUPS_MAX)
            return false;
    } else {
        return false;
    }
    *comma = 0;
    return true;
}

static int add_disk(struct settings *settings, char *text)
{
    struct linux_disk *disk = &settings->disks[settings->disk_count];

    if (settings->disk_count == SETTINGS_DISKS_MAX - 1)
        return complain("--disk %s: no more than %d disks", text,
                        SETTINGS_DISKS_MAX - 1);
    *disk = (struct linux_disk){.path = text};
    while (disk_word(disk, text))
        continue;
    if (disk->virtio && disk->group != 0)
        return complain("--disk %s: `virtio' and `ahci=' exclude each other",
                        text);
    settings->disk_count++;
    return 0;
}

static int help(bool run)
{
    fputs(run ? run_help : boot_help, stdout);
    fputs(options_help, stdout);
    if (!run)
        puts("      --no-reboot       a reboot ends the machine");
    if (run)
        puts("  -p, --persist         keep the changes to the disks");
    return 1;
}

static int one_option(struct settings *settings, int option, bool run)
{
    switch (option) {
    case 'c':
        settings->config = optarg;
        return 0;
    case 'e':
        settings->entry = optarg;
        return 0;
    case 'd':
        return add_disk(settings, optarg);
    case 'm':
        return parse_size(optarg, &settings->memory_size_bytes);
    case 'a':
        settings->append = optarg;
        return 0;
    case 't':
        settings->trace = optarg;
        return 0;
    case 'n':
        settings->name = optarg;
        return 0;
    case 'l':
        settings->list = true;
        return 0;
    case 'R':
        settings->no_reboot = true;
        return 0;
    case 'p':
        settings->persist = true;
        return 0;
    case 'h':
        return help(run);
    default: /* getopt has complained */
        return -1;
    }
}

int settings_parse(struct settings *settings, char **words, bool run)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"entry", required_argument, NULL, 'e'},
        {"disk", required_argument, NULL, 'd'},
        {"memory", required_argument, NULL, 'm'},
        {"append", required_argument, NULL, 'a'},
        {"trace", required_argument, NULL, 't'},
        {"name", required_argument, NULL, 'n'},
        {"list", no_argument, NULL, 'l'},
        {"no-reboot", no_argument, NULL, 'R'},
        {"persist", no_argument, NULL, 'p'},
        {"help", no_argument, NULL, 'h'},
        {0}};
    int count = 0, option, result;

    while (words[count])
        count++;
    *settings =
        (struct settings){.memory_size_bytes = MEMORY_DEFAULT, .persist = !run};
    optind = 0;
    while ((option = getopt_long(count, words,
                                 run ? "+c:e:d:m:a:t:n:lp" : "+c:e:d:m:a:t:n:l",
                                 options, NULL)) != -1) {
        result = one_option(settings, option, run);
        if (result != 0)
            return result;
    }
    if (!run && words[optind])
        return complain("boot: one word too many: %s", words[optind]);
    if (run && !words[optind])
        return complain("run: no command to run");
    settings->command = words + optind;
    return 0;
}
