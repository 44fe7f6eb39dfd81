/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "tools/volumes.h"
#include "tools/complain.h"
#include "tools/image.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VOLUMES_MAX 256

struct volume {
    unsigned disk, partition;
    struct image *image; /* NULL: ERROR says why */
    const char *error;
};

struct volumes {
    const struct settings *settings;
    struct volume list[VOLUMES_MAX];
    unsigned count;
};

struct volumes *volumes_new(const struct settings *settings)
{
    struct volumes *volumes = calloc(1, sizeof(*volumes));

    if (!volumes) {
        complain("no memory");
        return NULL;
    }
    volumes->settings = settings;
    return volumes;
}

struct image *volumes_open(struct volumes *volumes, unsigned disk,
                           unsigned partition, const char **error_out)
{
    struct volume *volume = volumes->list;

    *error_out = "no such disk";
    if (disk >= volumes->settings->disk_count)
        return NULL;
    for (; volume < volumes->list + volumes->count; volume++)
        if (volume->disk == disk && volume->partition == partition)
            break;
    if (volume == volumes->list + volumes->count) {
        *error_out = "too many partitions";
        if (volumes->count == VOLUMES_MAX)
            return NULL;
        volumes->count++;
        *volume = (struct volume){.disk = disk, .partition = partition};
        volume->image = image_open(volumes->settings->disks[disk].path,
                                   partition, &volume->error);
    }
    *error_out = volume->error;
    return volume->image;
}

/* --- GRUB's names --------------------------------------------------------------- */

struct image *volumes_device(struct volumes *volumes, const char *device)
{
    unsigned disk, partition = 0;
    const char *error;
    int end = 0;

    if (sscanf(device, "hd%3u%n", &disk, &end) != 1)
        return NULL;
    device += end;
    if (*device == ',') {
        device += 1 + strspn(device + 1, "abcdefghijklmnopqrstuvwxyz");
        if (sscanf(device, "%4u%n", &partition, &end) != 1 || partition == 0)
            return NULL;
        device += end;
    }
    return *device ? NULL : volumes_open(volumes, disk, partition, &error);
}

static bool has_file(struct image *image, const char *path)
{
    const char *error;
    size_t size;
    void *data = image_read(image, path, &size, &error);

    free(data);
    return data != NULL;
}

static bool is_searched(struct image *image, enum grub_search what,
                        const char *value)
{
    char uuid[IMAGE_UUID_SIZE], label[IMAGE_LABEL_SIZE];

    if (what == GRUB_SEARCH_FILE)
        return has_file(image, value);
    image_uuid(image, uuid);
    image_label(image, label);
    return what == GRUB_SEARCH_UUID ? strcasecmp(uuid, value) == 0
                                    : strcmp(label, value) == 0;
}

bool volumes_search(struct volumes *volumes, enum grub_search what,
                    const char *value, char device[GRUB_DEVICE_SIZE])
{
    const char *error;

    for (unsigned disk = 0; disk < volumes->settings->disk_count; disk++)
        for (unsigned part = 0; part <= VOLUMES_PARTITIONS; part++) {
            struct image *image = volumes_open(volumes, disk, part, &error);
            if (!image || !is_searched(image, what, value))
                continue;
            snprintf(device, GRUB_DEVICE_SIZE, part ? "hd%u,%u" : "hd%u", disk,
                     part);
            return true;
        }
    return false;
}

void volumes_free(struct volumes *volumes)
{
    for (unsigned i = 0; volumes && i < volumes->count; i++)
        image_close(volumes->list[i].image);
    free(volumes);
}
