/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/directory.c: reading directories, and being in one. */
#include "personality/fd.h"
#include "personality/lookup.h"
#include "personality/mach.h"
#include "personality/ownfd.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/errors.h"
#include "hurd/fs.h"
#include "hurd/io.h"
#include "hurd/names.h"

#include <fcntl.h>

/* Linux's struct dirent64 is struct hurd_placed_dirent, types and all. */
#define DIRENT64_SIZE(length) HURD_PLACED_DIRENT_SIZE(length)

/* Our own servers know where an entry stands: the position is theirs, and
 * whoever has the open file shares it. */
static kern_return_t directory_step(struct file *file, char *to, uint64_t size,
                                    uint64_t *got, bool *end)
{
    char room[2048];
    data_t data = room;
    mach_msg_type_number_t count = sizeof room;
    kern_return_t kr = dir_read_at(file->port, -1, size, &data, &count);

    *got = 0;
    if (kr)
        return kr;
    *got = count < size ? count : size;
    memcpy(to, data, *got);
    if (data != room)
        pages_free(data, count);
    *end = !*got;
    return ownfd_filter(to, got);
}

/* Nothing means the end only if there was nothing. */
static kern_return_t directory_read(struct file *file, char *to, uint64_t size,
                                    uint64_t *got)
{
    kern_return_t kr;
    bool end = true;

    do
        kr = directory_step(file, to, size, got, &end);
    while (!kr && !*got && !end);
    return kr;
}

/* --- others count entries ------------------------------------------------- */

static char *dirent_convert(char *to, const struct hurd_dirent *from,
                            uint64_t next)
{
    struct hurd_placed_dirent *entry = (struct hurd_placed_dirent *)to;
    unsigned size = DIRENT64_SIZE(from->d_namlen);

    memset(entry, 0, size);
    entry->d_ino = from->d_ino;
    entry->d_next = (int64_t)next;
    entry->d_reclen = (uint16_t)size;
    entry->d_type = from->d_type;
    memcpy(entry->d_name, from->d_name, from->d_namlen);
    return to + size;
}

/* As many entries as fit; what was read beyond them is asked for again. */
static long directory_convert(struct file *file, const char *data,
                              uint64_t count, int amount, char *to,
                              uint64_t size)
{
    char *start = to;
    const char *end = data + count;

    for (int i = 0; i < amount && data < end; i++) {
        const struct hurd_dirent *entry = (const struct hurd_dirent *)data;
        if (!entry->d_reclen)
            break;
        data += entry->d_reclen;
        file->position++;
        if (!entry->d_ino)
            continue; /* one that was removed, and counts */
        if ((uint64_t)(to - start) + DIRENT64_SIZE(entry->d_namlen) > size) {
            file->position--;
            return to == start ? -EINVAL : to - start;
        }
        to = dirent_convert(to, entry, file->position);
    }
    return to - start;
}

static long directory_count(struct file *file, char *to, uint64_t size)
{
    char room[2048];
    data_t data = room;
    mach_msg_type_number_t count = sizeof room;
    int amount;
    kern_return_t kr = dir_readdir(file->port, &data, &count,
                                   (int)file->position, -1, size, &amount);

    if (kr == HURD_EOPNOTSUPP || kr == MIG_BAD_ID)
        return -ENOTDIR;
    if (kr)
        return linux_error(kr);
    long result = directory_convert(file, data, count, amount, to, size);
    if (data != room)
        pages_free(data, count);
    return result;
}

long sys_getdents64(struct frame *frame)
{
    struct file *file = fd_get((int)ARG1(frame));
    char *to = (char *)ARG2(frame);
    uint64_t size = (unsigned)ARG3(frame), got;

    if (!file)
        return -EBADF;
    kern_return_t kr = directory_read(file, to, size, &got);
    long result = kr ? linux_error(kr) : (long)got;
    if (kr == HURD_EOPNOTSUPP || kr == MIG_BAD_ID)
        result = directory_count(file, to, size);
    file_put(file);
    return result;
}

/* --- the working directory ----------------------------------------------- */

static kern_return_t directory_check(mach_port_t port)
{
    io_statbuf_t st;
    int allowed = 0;
    kern_return_t kr = io_stat(port, &st);

    if (!kr && (st.st_mode & HS_IFMT) != HS_IFDIR)
        kr = HURD_ENOTDIR;
    if (!kr)
        kr = file_check_access(port, &allowed);
    if (!kr && !(allowed & HO_EXEC))
        kr = HURD_EACCES;
    return kr;
}

/* Puts PORT (consumed) into SLOT if it is a directory. */
static long directory_enter(mach_port_t port, mach_port_t *slot)
{
    kern_return_t kr = directory_check(port);

    if (!kr) {
        lock_take(&unix_process.lock);
        mach_port_t old = *slot;
        *slot = port;
        port = old;
        lock_release(&unix_process.lock);
    }
    port_deallocate(port);
    return linux_error(kr);
}

long sys_chdir(struct frame *frame)
{
    mach_port_t port;
    kern_return_t kr = lookup(AT_FDCWD, (const char *)ARG1(frame), 0, 0, &port);

    return kr ? linux_error(kr) : directory_enter(port, &unix_process.cwdir);
}

long sys_fchdir(struct frame *frame)
{
    struct file *file = fd_get_any((int)ARG1(frame));

    if (!file)
        return -EBADF;
    mach_port_t port = file->port;
    mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_SEND, 1);
    file_put(file);
    return directory_enter(port, &unix_process.cwdir);
}

/* A port for the new root without a parent: ".." stays there. */
long sys_chroot(struct frame *frame)
{
    mach_port_t port, root;
    kern_return_t kr = lookup(AT_FDCWD, (const char *)ARG1(frame), 0, 0, &port);

    if (kr)
        return linux_error(kr);
    kr = file_reparent(port, MACH_PORT_NULL, &root);
    port_deallocate(port);
    return kr ? linux_error(kr) : directory_enter(root, &unix_process.crdir);
}

/* --- getcwd: from below to the root -------------------------------------- */

struct identity {
    mach_port_t id, fs; /* send rights */
    ino64_t number;
};

static kern_return_t identity_get(mach_port_t port, struct identity *identity)
{
    return io_identity(port, &identity->id, &identity->fs, &identity->number);
}

static void identity_drop(struct identity *identity)
{
    port_deallocate(identity->id);
    port_deallocate(identity->fs);
}

/* Whether NAME in DIR is the file that WANTED says. */
static bool entry_is(mach_port_t dir, const char *name,
                     const struct identity *wanted)
{
    struct identity identity;
    mach_port_t port;
    bool same = false;

    if (lookup_under(dir, name, HO_NOLINK, 0, &port))
        return false;
    if (!identity_get(port, &identity)) {
        same = identity.id == wanted->id;
        identity_drop(&identity);
    }
    port_deallocate(port);
    return same;
}

/* Finds WANTED among the entries in DATA; NAME has 256 bytes.  A translator's
 * root has another number than the node it sits on, so there all are looked
 * at. */
static bool entry_find_in(mach_port_t dir, const char *data, uint64_t size,
                          const struct identity *wanted, bool same_fs,
                          char *name)
{
    const char *end = data + size;
    bool found = false;

    while (!found && data < end) {
        const struct hurd_dirent *entry = (const struct hurd_dirent *)data;
        data += entry->d_reclen;
        memcpy(name, entry->d_name, entry->d_namlen);
        name[entry->d_namlen] = 0;
        if (!entry->d_reclen || !strcmp(name, ".") || !strcmp(name, ".."))
            continue;
        found = same_fs ? entry->d_ino == wanted->number
                        : entry_is(dir, name, wanted);
    }
    return found;
}

static kern_return_t entry_find(mach_port_t dir, const struct identity *wanted,
                                bool same_fs, char *name)
{
    int amount, entry = 0;
    bool found = false;

    do {
        data_t data = NULL;
        mach_msg_type_number_t count = 0;
        kern_return_t kr =
            dir_readdir(dir, &data, &count, entry, -1, 0, &amount);
        if (kr)
            return kr;
        found = entry_find_in(dir, data, count, wanted, same_fs, name);
        pages_free(data, count);
        entry += amount;
    } while (!found && amount > 0);
    return found ? 0 : HURD_ENOENT;
}

/* One level up: puts the name of *DIR in front of *TEXT and goes to its parent.
 * START is the room's first byte. */
static kern_return_t cwd_step(mach_port_t *dir, struct identity *here,
                              char *start, char **text)
{
    struct identity above;
    mach_port_t parent;
    char name[256];
    kern_return_t kr = lookup_under(*dir, "..", HO_READ, 0, &parent);

    if (kr)
        return kr;
    kr = identity_get(parent, &above);
    if (!kr) {
        kr = entry_find(parent, here, above.fs == here->fs, name);
        size_t length = strlen(name);
        if (!kr && (size_t)(*text - start) < length + 1)
            kr = HURD_ENAMETOOLONG; /* the C library finds out itself */
        if (!kr) {
            *text -= length;
            memcpy(*text, name, length);
            *--*text = '/';
        }
        identity_drop(here);
        *here = above;
    }
    port_deallocate(*dir);
    *dir = parent;
    return kr;
}

static kern_return_t cwd_walk(mach_port_t dir, const struct identity *root,
                              char *start, char **text)
{
    struct identity here;
    kern_return_t kr = identity_get(dir, &here);

    if (kr) {
        port_deallocate(dir);
        return kr;
    }
    while (!kr && here.id != root->id)
        kr = cwd_step(&dir, &here, start, text);
    identity_drop(&here);
    port_deallocate(dir);
    return kr;
}

kern_return_t directory_path(mach_port_t dir, char *room, size_t size,
                             char **path)
{
    char *text = room + size - 1;
    struct identity root;
    kern_return_t kr = identity_get(unix_process.crdir, &root);

    if (kr) {
        port_deallocate(dir);
        return kr;
    }
    *text = 0;
    kr = cwd_walk(dir, &root, room, &text);
    identity_drop(&root);
    if (!kr && !*text)
        *--text = '/';
    *path = text;
    return kr;
}

long sys_getcwd(struct frame *frame)
{
    char path[4096], *text;
    mach_port_t dir = unix_process.cwdir;

    mach_port_mod_refs(mach_task_self(), dir, MACH_PORT_RIGHT_SEND, 1);
    kern_return_t kr = directory_path(dir, path, sizeof path, &text);
    if (kr)
        return linux_error(kr);
    size_t size = strlen(text) + 1;
    if (size > ARG2(frame))
        return -ERANGE;
    memcpy((char *)ARG1(frame), text, size);
    return (long)size;
}
