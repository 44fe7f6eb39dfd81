/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the boot configuration is, and what it sees of the disks. */
#define _GNU_SOURCE
#include "tools/complain.h"
#include "tools/image.h"
#include "tools/loader.h"
#include "tools/places.h"
#include "tools/volumes.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The last one is that of a partition which is /boot. */
static const char *const disk_configs[] = {
    "/boot/hell.cfg", "/boot/grub/grub.cfg", "/grub/grub.cfg"};

#define DISK_CONFIG_COUNT (sizeof(disk_configs) / sizeof(*disk_configs))

/* --- the disks -------------------------------------------------------------------- */

static struct image *find_image(struct loader *loader, const char *device)
{
    struct image *image =
        *device ? volumes_device(loader->volumes, device) : NULL;

    return image ? image : loader->home;
}

static char *read_file(void *context, const char *device, const char *path,
                       size_t *size_out)
{
    struct image *image = find_image(context, device);
    const char *error;

    return image ? image_read(image, path, size_out, &error) : NULL;
}

static bool search(void *context, enum grub_search what, const char *value,
                   char device[GRUB_DEVICE_SIZE])
{
    struct loader *loader = context;

    return volumes_search(loader->volumes, what, value, device);
}

/* --- the configuration's text --------------------------------------------------------- */

static bool take_config(struct loader *loader, struct image *image,
                        const char *path)
{
    const char *error;
    size_t size;

    loader->config_text = image_read(image, path, &size, &error);
    if (!loader->config_text)
        return false;
    loader->home = image;
    snprintf(loader->config_path, sizeof(loader->config_path), "%s:%s",
             loader->settings->disks[0].path, path);
    snprintf(loader->folder, sizeof(loader->folder), "%.*s",
             (int)(strrchr(path, '/') - path), path);
    return true;
}

/* In the first file system of the boot disk that has one. */
static void find_disk_config(struct loader *loader)
{
    const char *error;

    for (unsigned part = 0; part <= VOLUMES_PARTITIONS; part++) {
        struct image *image = volumes_open(loader->volumes, 0, part, &error);
        if (part == 0)
            loader->home_error = error;
        for (size_t i = 0; image && i < DISK_CONFIG_COUNT; i++)
            if (take_config(loader, image, disk_configs[i]))
                return;
        if (image)
            loader->home_error = "no /boot/hell.cfg or /boot/grub/grub.cfg";
    }
}

static int read_text(struct loader *loader)
{
    const struct settings *settings = loader->settings;
    size_t size;

    if (settings->config) {
        snprintf(loader->config_path, sizeof(loader->config_path), "%s",
                 settings->config);
        loader->config_text = places_read(settings->config, &size);
        return loader->config_text
                   ? 0
                   : complain("%s: %s", settings->config, strerror(errno));
    }
    if (settings->disk_count == 0)
        return complain("nothing to boot: give a --disk or a --config");
    if (!linux_disk_is_nbd(settings->disks[0].path) &&
        access(settings->disks[0].path, R_OK) != 0)
        return complain("%s: %s", settings->disks[0].path, strerror(errno));
    find_disk_config(loader);
    if (loader->config_text)
        return 0;
    return complain("%s: no boot configuration on it (%s)",
                    settings->disks[0].path, loader->home_error);
}

int loader_read_config(struct loader *loader)
{
    loader->volumes = volumes_new(loader->settings);
    if (!loader->volumes || read_text(loader) != 0)
        return -1;
    loader->files =
        (struct grub_files){.context = loader,
                            .folder = loader->home ? loader->folder : NULL,
                            .read = read_file,
                            .search = search};
    loader->grub =
        grub_read(loader->config_path, loader->config_text, &loader->files);
    return loader->grub ? 0 : -1;
}
