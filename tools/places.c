/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "tools/places.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder that this program is in. */
static void own_folder(char folder[PATH_MAX])
{
    ssize_t size = readlink("/proc/self/exe", folder, PATH_MAX - 1);

    folder[size < 0 ? 0 : size] = 0;
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = 0;
}

void places_find(const char *name, char *path, size_t size)
{
    char folder[PATH_MAX];

    own_folder(folder);
    /* In the tree, what is made is in build/ and what is written is not. */
    snprintf(path, size, "%s/build/%s", folder, name);
    if (access(path, F_OK) == 0)
        return;
    snprintf(path, size, "%s/%s", folder, name);
    if (access(path, F_OK) == 0)
        return;
    snprintf(path, size, "%s/../lib/hell/%s", folder, name);
}

static void *read_all(int fd, size_t *size_out)
{
    size_t size = 0, room = 65536;
    char *data = NULL, *bigger;
    ssize_t count;

    for (;;) {
        if (!data || size + 1 >= room) {
            room *= 2;
            bigger = realloc(data, room);
            if (!bigger)
                break;
            data = bigger;
        }
        count = read(fd, data + size, room - size - 1);
        if (count < 0)
            break;
        if (count == 0) {
            data[size] = 0;
            *size_out = size;
            return data;
        }
        size += (size_t)count;
    }
    free(data);
    return NULL;
}

void *places_read(const char *path, size_t *size_out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *data;

    if (fd < 0)
        return NULL;
    data = read_all(fd, size_out);
    int error = errno;
    close(fd);
    errno = error;
    return data;
}
