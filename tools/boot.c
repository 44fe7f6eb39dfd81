/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot loader's part: the configuration, the module files, the kernel's
 * command line. */
#define _GNU_SOURCE
#include "tools/boot.h"
#include "platform/linux/linux.h"
#include "platform/platform.h"
#include "tools/complain.h"
#include "tools/grub.h"
#include "tools/image.h"
#include "tools/places.h"
#include "tools/settings.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PARTITIONS_TRIED 8
#define PERSONALITY      "/lib/hell/personality.so"

static const char *const disk_configs[] = {"/boot/hell.cfg",
                                           "/boot/grub/grub.cfg"};

struct loader {
    const struct settings *settings;
    struct image *image; /* the boot disk's file system, if there is one */
    const char *image_error;
    char config_path[PATH_MAX]; /* the host's, or the disk's behind a colon */
    char *config_text;
    struct grub_config config;
    const struct grub_entry *entry;
    char *command_line;
    struct kernel_module *modules;
    struct kernel_config kernel;
};

/* --- the configuration ---------------------------------------------------- */

/* Opens the first file system of the boot disk that has a configuration. */
static void find_disk_config(struct loader *loader)
{
    const struct settings *settings = loader->settings;
    const char *error;
    size_t size;

    if (settings->disk_count == 0)
        return;
    for (unsigned part = 0; part <= PARTITIONS_TRIED; part++) {
        struct image *image = image_open(settings->disks[0].path, part, &error);
        if (!image) {
            if (part == 0)
                loader->image_error = error;
            continue;
        }
        for (unsigned i = 0; i < 2 && !loader->config_text; i++) {
            loader->config_text =
                image_read(image, disk_configs[i], &size, &error);
            snprintf(loader->config_path, sizeof(loader->config_path), "%s:%s",
                     settings->disks[0].path, disk_configs[i]);
        }
        if (loader->config_text) {
            loader->image = image;
            return;
        }
        image_close(image);
    }
}

static int read_config(struct loader *loader)
{
    const struct settings *settings = loader->settings;
    size_t size;

    if (settings->config) {
        snprintf(loader->config_path, sizeof(loader->config_path), "%s",
                 settings->config);
        loader->config_text = places_read(settings->config, &size);
        if (!loader->config_text)
            return complain("%s: %s", settings->config, strerror(errno));
        return 0;
    }
    if (settings->disk_count == 0)
        return complain("nothing to boot: give a --disk or a --config");
    if (!linux_disk_is_nbd(settings->disks[0].path) &&
        access(settings->disks[0].path, R_OK) != 0)
        return complain("%s: %s", settings->disks[0].path, strerror(errno));
    find_disk_config(loader);
    if (loader->config_text)
        return 0;
    return complain(
        "%s: no boot configuration on it (%s)", settings->disks[0].path,
        loader->image_error ? loader->image_error : "no /boot/hell.cfg");
}

static int choose_entry(struct loader *loader)
{
    const char *title = loader->settings->entry;

    if (grub_parse(&loader->config, loader->config_path, loader->config_text))
        return -1;
    loader->entry = grub_find(&loader->config, title);
    if (!loader->entry || !loader->entry->kernel.file)
        return title
                   ? complain("%s: no menuentry `%s' that boots something",
                              loader->config_path, title)
                   : complain("%s: nothing to boot in it", loader->config_path);
    return 0;
}

/* --- the disk that modules come from -------------------------------------- */

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

static void open_boot_disk(struct loader *loader)
{
    const struct settings *settings = loader->settings;

    if (loader->image || settings->disk_count == 0)
        return;
    loader->image =
        image_open(settings->disks[0].path,
                   root_partition(loader->command_line), &loader->image_error);
}

/* --- modules -------------------------------------------------------------- */

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

static int load_module(struct loader *loader, const struct grub_line *line,
                       struct kernel_module *module)
{
    const char *error = loader->image_error;
    void *data = NULL;

    module->command_line = line->command_line;
    if (loader->image)
        data = image_read(loader->image, line->file, &module->image_size_bytes,
                          &error);
    if (!data)
        data = read_beside(loader, line->file, &module->image_size_bytes);
    module->image = data;
    if (data)
        return 0;
    if (error)
        return complain("%s:%u: module %s: not on the boot disk (%s) nor here "
                        "(%s)",
                        loader->config_path, line->number, line->file, error,
                        strerror(errno));
    return complain("%s:%u: module %s: %s", loader->config_path, line->number,
                    line->file, strerror(errno));
}

static int load_modules(struct loader *loader)
{
    const struct grub_entry *entry = loader->entry;

    if (entry->module_count == 0)
        return complain("%s:%u: a kernel without modules", loader->config_path,
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
    struct kernel_config *kernel = &loader->kernel;
    char path[PATH_MAX];
    const char *error;

    if (loader->image)
        kernel->emulation_image = image_read(
            loader->image, PERSONALITY, &kernel->emulation_size_bytes, &error);
    if (kernel->emulation_image)
        return;
    places_find("personality.so", path, sizeof(path));
    kernel->emulation_image = places_read(path, &kernel->emulation_size_bytes);
}

/* --- all of it ------------------------------------------------------------ */

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

static int load(struct loader *loader, const char *extra)
{
    if (read_config(loader) != 0 || choose_entry(loader) != 0 ||
        make_command_line(loader, extra) != 0)
        return -1;
    open_boot_disk(loader);
    if (load_modules(loader) != 0)
        return -1;
    load_personality(loader);
    image_close(loader->image); /* the disk is the machine's from now on */
    loader->image = NULL;
    loader->kernel.command_line = loader->command_line;
    loader->kernel.modules = loader->modules;
    loader->kernel.module_count = loader->entry->module_count;
    return 0;
}

static void unload(struct loader *loader)
{
    for (unsigned i = 0; loader->modules && i < loader->entry->module_count;
         i++)
        free((void *)loader->modules[i].image);
    free(loader->modules);
    free((void *)loader->kernel.emulation_image);
    free(loader->command_line);
    free(loader->config_text);
    grub_free(&loader->config);
    image_close(loader->image);
}

static int open_trace(const char *path)
{
    int fd;

    if (!path)
        return -1;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        complain("--trace %s: %s", path, strerror(errno));
        exit(LINUX_STATUS_FAILED);
    }
    return fd;
}

int boot_machine(const struct settings *settings, const char *extra)
{
    struct loader loader = {.settings = settings};
    struct linux_options options = {.memory_size_bytes =
                                        settings->memory_size_bytes,
                                    .disks = settings->disks,
                                    .disk_count = settings->disk_count,
                                    .console_in = STDIN_FILENO,
                                    .console_out = STDOUT_FILENO,
                                    .trace = -1,
                                    .name = settings->name};
    int status = LINUX_STATUS_FAILED;

    if (load(&loader, extra) == 0) {
        options.trace = open_trace(settings->trace);
        if (settings->name)
            prctl(PR_SET_NAME, settings->name);
        status = platform_linux_run(&options, &loader.kernel);
    }
    unload(&loader);
    return status;
}
