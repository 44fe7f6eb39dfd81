/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/grub.h: boot configurations in GRUB's language, as grub-mkconfig writes
 * them or a person does.
 *
 * A configuration is a program.  grub_read runs it, which defines variables,
 * functions and menu entries; grub_choose runs the entry that is wanted, whose
 * multiboot and module lines are what there is to boot.  What only prepares a
 * PC (fonts, video, insmod) does nothing.  ${...} with a name that GRUB would
 * not have, and $(...), belong to the kernel's boot script and stay as they
 * are, quoted or not.
 *
 * Whatever stands in a configuration, reading it ends: commands, their depth,
 * the bytes that they make and those that they read are bounded.
 */
#ifndef TOOLS_GRUB_H
#define TOOLS_GRUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Words of a configuration grow to at most so many bytes beyond its text. */
#define GRUB_EXPANDED_MAX (1u << 20)
#define GRUB_TEXT_MAX     (1u << 20)
#define GRUB_DEVICE_SIZE  32

enum grub_search { GRUB_SEARCH_FILE, GRUB_SEARCH_UUID, GRUB_SEARCH_LABEL };

/* The disks, as the configuration sees them.  DEVICE is as GRUB writes it
 * between parentheses (hd0,msdos1), or empty for where the configuration is.
 * Either function may be NULL: then there is nothing. */
struct grub_files {
    void *context;
    const char *folder; /* $prefix: that of the configuration; or NULL */
    /* A file's content, malloced, with a NUL behind it; NULL if there is none. */
    char *(*read)(void *context, const char *device, const char *path,
                  size_t *size_out);
    /* The first device with that file, UUID or label; false if none. */
    bool (*search)(void *context, enum grub_search what, const char *value,
                   char device[GRUB_DEVICE_SIZE]);
};

struct grub_line {
    const char *device;       /* where the file is, as above */
    const char *file;         /* first word, without its device */
    const char *command_line; /* the rest, one blank between words */
    const char *name;         /* the configuration's that has this line, */
    unsigned number;          /* and where in it */
};

struct grub_entry {
    struct grub_line kernel;
    struct grub_line *modules;
    unsigned module_count;
};

struct grub;

/* Runs TEXT, which came from NAME; FILES may be NULL.  Returns NULL after one
 * line on standard error that names the place and the word.  The strings and
 * what FILES points to stay the caller's, and must live as long as this. */
struct grub *grub_read(const char *name, const char *text,
                       const struct grub_files *files);

/* What to boot.  WANTED is an entry's number (from 0), identifier or title, or
 * several of them with `>' between, from the outermost submenu in; NULL for what
 * the configuration has as its default, or its first entry that boots a
 * multiboot kernel, or the lines outside of all entries.  Returns NULL after one
 * line on standard error.  A command that GRUB does not have matters only if it
 * stands in the chosen entry or was run before it was defined. */
const struct grub_entry *grub_choose(struct grub *grub, const char *wanted);

/* One line for each entry: its number (with those of its submenus), title, and
 * identifier if it has one.  Returns 0, or -1 after a complaint. */
int grub_list(struct grub *grub, FILE *out);

void grub_free(struct grub *grub);

#endif /* TOOLS_GRUB_H */
