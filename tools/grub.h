/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/grub.h: boot configurations in GRUB's syntax.
 *
 * Understood: words with '...' and "..." and \ quoting, comments, lines
 * continued by a \ at the end, `set NAME=VALUE' and its use as $NAME or
 * ${NAME}, menuentry and submenu blocks, multiboot and module lines (and
 * their ...2 forms).  Commands that only prepare a PC for booting (insmod,
 * search, echo and the like) are accepted and do nothing; any other is an
 * error.  ${...} with a name that GRUB would not have, and $(...), belong to
 * the kernel's boot script and stay as they are.
 */
#ifndef TOOLS_GRUB_H
#define TOOLS_GRUB_H

#include <stddef.h>

/* Variables add at most so many bytes to a configuration's text. */
#define GRUB_EXPANDED_MAX (1u << 20)

struct grub_line {
    char *file;         /* first word */
    char *command_line; /* the rest, one blank between words */
    unsigned number;    /* in the configuration */
};

struct grub_entry {
    char *title; /* NULL for lines outside of every menuentry */
    struct grub_line kernel;
    struct grub_line *modules;
    unsigned module_count;
};

struct grub_config {
    struct grub_entry *entries;
    unsigned entry_count;
};

/* Parses TEXT, which came from NAME.  Returns 0, or -1 after one line on
 * standard error that names the place and the word. */
int grub_parse(struct grub_config *config, const char *name, const char *text);

/* The entry called TITLE, or the first that boots something if TITLE is NULL;
 * NULL if there is none. */
const struct grub_entry *grub_find(const struct grub_config *config,
                                   const char *title);

void grub_free(struct grub_config *config);

#endif /* TOOLS_GRUB_H */
