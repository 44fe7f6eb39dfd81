/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the chosen entry names: the kernel's command line and the modules. */
#define _GNU_SOURCE
#include "tools/complain.h"
#include "tools/gunzip.h"
#include "tools/image.h"
#include "tools/loader.h"
#include "tools/places.h"
#include "tools/volumes.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERSONALITY "/lib/hell/personality.so"

/* --- the kernel's command line ------------------------------------------------ */

/* Whether WORD is NAME=VALUE, and a word of MORE begins with that NAME=. */
static bool is_replaced(const char *word, size_t length, const char *more)
{
    const char *equal = memchr(word, '=', length);
    size_t name = equal ? (size_t)(equal - word) + 1 : 0;

    for (const char *at = more; name > 0 && at; at = strchr(at, ' ')) {
        at += strspn(at, " ");
        if (strncmp(at, word, name) == 0)
            return true;
    }
    return false;
}

/* The configuration's words, but for those that what is appended sets anew: the
 * kernel goes by the first one of a name. */
static int make_command_line(struct loader *loader, const char *extra)
{
    const char *word = loader->entry->kernel.command_line;
    const char *append =
        loader->settings->append ? loader->settings->append : "";
    size_t size, length;
    FILE *line = open_memstream(&loader->command_line, &size);

    if (!line)
        return complain("no memory");
    for (; *word; word += length + strspn(word + length, " ")) {
        length = strcspn(word, " ");
        if (!is_replaced(word, length, append))
            fprintf(line, "%.*s ", (int)length, word);
    }
    fprintf(line, "%s%s%s", append, *append && extra ? " " : "",
            extra ? extra : "");
    if (fclose(line) != 0)
        return complain("no memory");
    for (size = strlen(loader->command_line);
         size > 0 && loader->command_line[size - 1] == ' ';)
        loader->command_line[--size] = 0;
    return 0;
}

/* --- where modules come from -------------------------------------------------- */

/* The partition that root= names on the first disk, whoever drives it (hd0, wd0
 * or ld0): `device:hd0s2' or `part:2:device:wd0'; 0 for the whole disk. */
static unsigned root_partition(const char *command_line)
{
    const char *root = NULL, *at = command_line;
    unsigned number = 0;

    if (!at)
        return 0;
    for (; (at = strstr(at, "root=")) != NULL; at += 5)
        if (at == command_line || at[-1] == ' ')
            root = at + 5;
    if (!root || (sscanf(root, "device:%*1[hwl]d0s%u", &number) != 1 &&
                  sscanf(root, "part:%u:device:%*1[hwl]d0", &number) != 1 &&
                  sscanf(root, "/dev/%*1[hwl]d0s%u", &number) != 1 &&
                  sscanf(root, "%*1[hwl]d0s%u", &number) != 1))
        return 0;
    return number;
}

/* For a configuration that is not on a disk: the file system of the root. */
static void open_root(struct loader *loader)
{
    if (loader->home || loader->settings->disk_count == 0)
        return;
    loader->home =
        volumes_open(loader->volumes, 0, root_partition(loader->command_line),
                     &loader->home_error);
}

/* A path of the configuration on the host: beside the configuration's file if
 * it is relative. */
static void *read_beside(const struct loader *loader, const char *path,
                         size_t *size_out)
{
    char beside[PATH_MAX * 2];
    const char *slash = strrchr(loader->config_path, '/');

    if (path[0] == '/' || !loader->settings->config || !slash)
        return places_read(path, size_out);
    snprintf(beside, sizeof(beside), "%.*s/%s",
             (int)(slash - loader->config_path), loader->config_path, path);
    return places_read(beside, size_out);
}

/* From the device that the line is about, or else the boot disk's. */
static void *read_from_disk(const struct loader *loader,
                            const struct grub_line *line, size_t *size_out,
                            const char **error)
{
    struct image *image =
        *line->device ? volumes_device(loader->volumes, line->device) : NULL;
    void *data = image ? image_read(image, line->file, size_out, error) : NULL;

    if (!data && loader->home && loader->home != image)
        data = image_read(loader->home, line->file, size_out, error);
    return data;
}

/* --- modules -------------------------------------------------------------------- */

static int load_module(struct loader *loader, const struct grub_line *line,
                       struct kernel_module *module)
{
    const char *error = loader->home_error;
    size_t *size = &module->image_size_bytes;
    void *data = read_from_disk(loader, line, size, &error);

    module->command_line = line->command_line;
    if (!data)
        data = read_beside(loader, line->file, size);
    if (!data && error)
        return complain("%s:%u: module %s: not on the boot disk (%s) nor here "
                        "(%s)",
                        line->name, line->number, line->file, error,
                        strerror(errno));
    if (!data)
        return complain("%s:%u: module %s: %s", line->name, line->number,
                        line->file, strerror(errno));
    int result = gunzip(&data, size, &error);
    module->image = data;
    return result == 0 ? 0
                       : complain("%s:%u: module %s: %s", line->name,
                                  line->number, line->file, error);
}

static int load_modules(struct loader *loader)
{
    const struct grub_entry *entry = loader->entry;

    if (entry->module_count == 0)
        return complain("%s:%u: a kernel without modules", entry->kernel.name,
                        entry->kernel.number);
    loader->modules = calloc(entry->module_count, sizeof(*loader->modules));
    if (!loader->modules)
        return complain("no memory");
    for (unsigned i = 0; i < entry->module_count; i++)
        if (load_module(loader, &entry->modules[i], &loader->modules[i]) != 0)
            return -1;
    return 0;
}

/* The answer to foreign system calls: the disk's own, or the one that came with
 * this program.  A machine can do without. */
static void load_personality(struct loader *loader)
{
    const struct grub_entry *entry = loader->entry;
    struct kernel_config *kernel = &loader->kernel;
    struct grub_line line = entry->modules[entry->module_count - 1];
    char path[PATH_MAX];
    const char *error;

    line.file = PERSONALITY;
    kernel->emulation_image =
        read_from_disk(loader, &line, &kernel->emulation_size_bytes, &error);
    if (kernel->emulation_image)
        return;
    places_find("personality.so", path, sizeof(path));
    kernel->emulation_image = places_read(path, &kernel->emulation_size_bytes);
}

/* --- all of it ------------------------------------------------------------------ */

int loader_load(struct loader *loader, const char *extra)
{
    loader->entry = grub_choose(loader->grub, loader->settings->entry);
    if (!loader->entry || make_command_line(loader, extra) != 0)
        return -1;
    open_root(loader);
    if (load_modules(loader) != 0)
        return -1;
    load_personality(loader);
    loader->kernel.command_line = loader->command_line;
    loader->kernel.modules = loader->modules;
    loader->kernel.module_count = loader->entry->module_count;
    return 0;
}

void loader_close_disks(struct loader *loader)
{
    volumes_free(loader->volumes);
    loader->volumes = NULL;
    loader->home = NULL;
}

void loader_free(struct loader *loader)
{
    for (unsigned i = 0; loader->modules && i < loader->entry->module_count;
         i++)
        free((void *)loader->modules[i].image);
    free(loader->modules);
    free((void *)loader->kernel.emulation_image);
    free(loader->command_line);
    free(loader->config_text);
    grub_free(loader->grub);
    loader_close_disks(loader);
}
