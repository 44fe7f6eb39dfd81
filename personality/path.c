/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/path.c: paths that are too long for one question, and the last
 * component of a path.
 *
 * The wire's names have less than 1024 bytes, Linux's paths less than 4096, and
 * so have the targets of links.  A long path is looked up in parts of whole
 * components; where a server finds no room for a link's target in its answer,
 * component by component, and links are read here.
 */
#include "personality/lookup.h"
#include "personality/mach.h"
#include "personality/ownfd.h"
#include "personality/unix.h"

#include "hurd/errors.h"
#include "hurd/fs.h"
#include "hurd/io.h"

#include <fcntl.h>

#define PART_MAX 1000 /* leaves a server some room for targets */
/* A path, and what the links in it can leave to be looked up. */
#define REST_BYTES ((size_t)(LINKS_FOLLOWED + 1) * PATH_BYTES)

struct walk {
    mach_port_t dir;   /* send right of ours */
    char *room, *rest; /* what is left, at the end of ROOM's REST_BYTES */
    int flags;
    uint32_t mode;
    int links;
};

static size_t component_length(const char *name)
{
    const char *end = strchr(name, '/');

    return end ? (size_t)(end - name) : strlen(name);
}

/* The first component of NAME and the slashes behind it. */
static size_t component_skip(const char *name)
{
    size_t length = component_length(name);

    while (name[length] == '/')
        length++;
    return length;
}

/* Whether nothing but slashes follows the first component. */
static bool is_last(const char *rest)
{
    return !rest[component_skip(rest)];
}

static void walk_to(struct walk *walk, mach_port_t dir)
{
    port_deallocate(walk->dir);
    walk->dir = dir;
}

/* As many components as fit, but never the last.  ENAMETOOLONG: one by one. */
static kern_return_t walk_part(struct walk *walk)
{
    char part[PART_MAX + 2];
    size_t length = 0, step;
    mach_port_t dir;

    while (!is_last(walk->rest + length)) {
        step = component_skip(walk->rest + length);
        if (length + step > PART_MAX)
            break;
        length += step;
    }
    if (!length)
        return HURD_ENAMETOOLONG;
    memcpy(part, walk->rest, length);
    part[length] = 0;
    kern_return_t kr = lookup_short(walk->dir, part, 0, 0, &dir);
    if (!kr) {
        walk_to(walk, dir);
        walk->rest += length;
    }
    return kr;
}

static kern_return_t link_read(mach_port_t dir, const char *name, char *target)
{
    mach_port_t port;
    data_t data = target;
    mach_msg_type_number_t count = PATH_BYTES - 1;
    kern_return_t kr =
        lookup_short(dir, name, HO_NOLINK | HO_NOTRANS | HO_READ, 0, &port);

    if (kr)
        return kr;
    kr = io_read(port, &data, &count, 0, PATH_BYTES - 1);
    port_deallocate(port);
    if (kr)
        return kr;
    if (count > PATH_BYTES - 1)
        count = 0;
    if (data != target) {
        memcpy(target, data, count);
        pages_free(data, count);
    }
    target[count] = 0;
    return count ? 0 : HURD_ENOENT;
}

/* The target of the link that was first in what is left takes its place. */
static kern_return_t walk_link(struct walk *walk, const char *name)
{
    char target[PATH_BYTES];
    kern_return_t kr = ++walk->links > LINKS_FOLLOWED
                           ? HURD_ELOOP
                           : link_read(walk->dir, name, target);

    if (kr)
        return kr;
    size_t length = strlen(target);
    walk->rest += component_length(walk->rest);
    if ((size_t)(walk->rest - walk->room) < length)
        return HURD_ENAMETOOLONG;
    walk->rest -= length;
    memcpy(walk->rest, target, length);
    if (*target != '/')
        return 0;
    mach_port_t root;
    kr = lookup_start(AT_FDCWD, "/", &root);
    if (!kr)
        walk_to(walk, root);
    while (*walk->rest == '/')
        walk->rest++;
    return kr;
}

/* Whether NAME in DIR is a link that can be read. */
static kern_return_t is_link(mach_port_t dir, const char *name, bool *link)
{
    mach_port_t port;
    io_statbuf_t st;
    kern_return_t kr =
        lookup_short(dir, name, HO_NOLINK | HO_NOTRANS, 0, &port);

    *link = false;
    if (kr)
        return kr;
    kr = io_stat(port, &st);
    *link = !kr && (st.st_mode & HS_IFMT) == HS_IFLNK && !ownfd_is_link(&st);
    port_deallocate(port);
    return kr;
}

/* One component; *DONE with the last one, opened as PORT. */
static kern_return_t walk_one(struct walk *walk, mach_port_t *port, bool *done)
{
    char name[NAME_BYTES + 1];
    size_t length = component_length(walk->rest);
    bool last = is_last(walk->rest), slash = walk->rest[length] == '/', link;

    if (length >= NAME_BYTES)
        return HURD_ENAMETOOLONG;
    memcpy(name, walk->rest, length);
    name[length] = 0;
    kern_return_t kr = is_link(walk->dir, name, &link);
    if (kr && !(kr == HURD_ENOENT && last))
        return kr;
    if (link && !(last && !slash && walk->flags & HO_NOLINK))
        return walk_link(walk, name);
    if (slash)
        memcpy(name + length, "/", 2);
    *done = last;
    mach_port_t next;
    kr = lookup_short(walk->dir, name, last ? walk->flags : 0,
                      last ? walk->mode : 0, &next);
    if (kr)
        return kr;
    if (last) {
        *port = next;
    } else {
        walk_to(walk, next);
        walk->rest += component_skip(walk->rest);
    }
    return 0;
}

static kern_return_t walk_all(struct walk *walk, mach_port_t *port)
{
    kern_return_t kr = 0;
    bool done = false;

    while (!kr && !done) {
        if (!*walk->rest)
            return lookup_short(walk->dir, "", walk->flags, walk->mode, port);
        kr = walk_part(walk);
        if (kr == HURD_ENAMETOOLONG)
            kr = walk_one(walk, port, &done);
    }
    return kr;
}

kern_return_t lookup_long(mach_port_t start, const char *name, int flags,
                          uint32_t mode, mach_port_t *port)
{
    struct walk walk = {.flags = flags, .mode = mode};
    size_t length = strlen(name);

    *port = MACH_PORT_NULL;
    if (mach_port_mod_refs(mach_task_self(), start, MACH_PORT_RIGHT_SEND, 1))
        return HURD_ENOENT;
    walk.dir = start;
    walk.room = pages_allocate(REST_BYTES);
    kern_return_t kr = walk.room ? 0 : HURD_ENOMEM;
    if (!kr) {
        walk.rest = walk.room + REST_BYTES - length - 1;
        memcpy(walk.rest, name, length + 1);
        while (*walk.rest == '/')
            walk.rest++;
        kr = walk_all(&walk, port);
        pages_free(walk.room, REST_BYTES);
    }
    port_deallocate(walk.dir);
    return kr;
}

/* --- the last component ---------------------------------------------------- */

static kern_return_t parent_open(int dir, const char *name, size_t length,
                                 mach_port_t *parent)
{
    char path[PATH_BYTES];

    mach_port_t start;
    kern_return_t kr = lookup_start(dir, name, length ? &start : parent);

    if (kr || !length)
        return kr;
    memcpy(path, name, length);
    path[length] = 0;
    kr = lookup_under(start, path, 0, 0, parent);
    port_deallocate(start);
    return kr;
}

kern_return_t lookup_last(int dir, const char *name, struct last *last)
{
    size_t end = strnlen(name, PATH_BYTES), start;

    if (!end || end == PATH_BYTES)
        return end ? HURD_ENAMETOOLONG : HURD_ENOENT;
    last->slash = name[end - 1] == '/';
    while (end && name[end - 1] == '/')
        end--;
    for (start = end; start && name[start - 1] != '/'; start--)
        ;
    if (!end) /* the root */
        start = 1;
    kern_return_t kr = parent_open(dir, name, start, &last->parent);
    if (kr)
        return kr;
    size_t length = end > start ? end - start : 0;
    if (length >= NAME_BYTES) {
        kr = lookup_must_be_directory(last->parent);
        return last_drop(last, kr ? kr : HURD_ENAMETOOLONG);
    }
    memcpy(last->base, name + start, length);
    last->base[length] = 0;
    last->special =
        !length || !strcmp(last->base, ".") || !strcmp(last->base, "..");
    kr = last->special ? lookup_must_be_directory(last->parent) : 0;
    return kr ? last_drop(last, kr) : 0;
}

kern_return_t last_type(const struct last *last, uint32_t *type)
{
    mach_port_t port;
    io_statbuf_t st;
    kern_return_t kr = lookup_short(last->parent, last->base,
                                    HO_NOLINK | HO_NOTRANS, 0, &port);

    *type = 0;
    if (kr)
        return kr == HURD_ENOENT ? 0 : kr;
    kr = io_stat(port, &st);
    port_deallocate(port);
    if (!kr)
        kr = ownfd_stat(&st);
    if (!kr)
        *type = st.st_mode & HS_IFMT;
    return kr == HURD_ENOENT ? 0 : kr;
}

kern_return_t last_drop(struct last *last, kern_return_t err)
{
    /* As what has no names says it. */
    if ((err == HURD_EOPNOTSUPP || err == MIG_BAD_ID) &&
        lookup_must_be_directory(last->parent) == HURD_ENOTDIR)
        err = HURD_ENOTDIR;
    port_deallocate(last->parent);
    last->parent = MACH_PORT_NULL;
    return err;
}
