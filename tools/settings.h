/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/settings.h: the command line of `hell boot' and `hell run'. */
#ifndef TOOLS_SETTINGS_H
#define TOOLS_SETTINGS_H

#include "platform/linux/linux.h"
#include <stdbool.h>
#include <stdint.h>

#define SETTINGS_DISKS_MAX 8
#define STATUS_USAGE       2

struct settings {
    const char *config; /* NULL: the one on the boot disk, or ours */
    const char *entry;  /* menuentry; NULL: the default one */
    const char *append; /* to the kernel's command line; NULL: nothing */
    const char *trace;
    const char *name;
    uint64_t memory_size_bytes;
    struct linux_disk disks[SETTINGS_DISKS_MAX];
    unsigned disk_count;
    bool persist;
    bool no_reboot; /* a reboot ends the machine */
    bool list;      /* only show the entries */
    char **command; /* hell run: the rest of the words, ends with NULL */
};

/* Reads the words behind the subcommand WORDS[0]; RUN if it is `run'.  Returns
 * 0, 1 if only help was wanted (and given), or -1 after one line of complaint.
 * Strings stay those of WORDS. */
int settings_parse(struct settings *settings, char **words, bool run);

#endif /* TOOLS_SETTINGS_H */
