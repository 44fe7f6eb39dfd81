/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/loader.h: the boot loader's part: which entry of which configuration,
 * the module files, the kernel's command line. */
#ifndef TOOLS_LOADER_H
#define TOOLS_LOADER_H

#include "platform/platform.h"
#include "tools/grub.h"
#include "tools/settings.h"
#include <limits.h>

struct image;
struct volumes;

struct loader {
    const struct settings *settings;
    struct volumes *volumes;
    struct image *home; /* where the configuration is, or the root; or NULL */
    const char *home_error;
    char config_path[PATH_MAX]; /* the host's, or the disk's behind a colon */
    char folder[PATH_MAX];      /* $prefix */
    char *config_text;
    struct grub_files files;
    struct grub *grub;
    const struct grub_entry *entry;
    char *command_line;
    struct kernel_module *modules;
    struct kernel_config kernel;
};

/* All return 0, or -1 after one line on standard error. */

/* Opens the disks and runs the configuration (config.c). */
int loader_read_config(struct loader *loader);

/* Chooses the entry and loads what it names; EXTRA is a word for the kernel's
 * command line, or NULL (modules.c). */
int loader_load(struct loader *loader, const char *extra);

/* Closes the disks, which are the machine's from now on. */
void loader_close_disks(struct loader *loader);

void loader_free(struct loader *loader);

#endif /* TOOLS_LOADER_H */
