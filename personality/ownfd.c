/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/ownfd.h"
#include "personality/fd.h"
#include "personality/lookup.h"
#include "personality/mach.h"
#include "personality/process.h"
#include "personality/unix.h"

#include "hurd/errors.h"
#include "hurd/fs.h"
#include "hurd/io.h"
#include "hurd/names.h"
#include "hurd/stat.h"

#include <fcntl.h>

bool ownfd_is_link(const io_statbuf_t *st)
{
    return st->st_fstype == HFS_PROC && HURD_IS_FD_LINK(st->st_ino);
}

/* The file behind the link numbered INO; a reference for the caller. */
static kern_return_t ownfd_get(uint64_t ino, struct file **file)
{
    if (HURD_FD_LINK_PID(ino) != process_pid())
        return HURD_EACCES;
    *file = fd_get_any(HURD_FD_LINK_FD(ino));
    return *file ? 0 : HURD_ENOENT;
}

/* What came with the program: the server knows what it is open for. */
static uint32_t file_mode(struct file *file)
{
    int modes;

    if (file->flags & O_PATH)
        return 0;
    if (io_get_openmodes(file->port, &modes))
        modes = (file->flags & O_ACCMODE) == O_RDONLY   ? HO_READ
                : (file->flags & O_ACCMODE) == O_WRONLY ? HO_WRITE
                                                        : HO_READ | HO_WRITE;
    return (modes & HO_READ ? 0500u : 0) | (modes & HO_WRITE ? 0300u : 0);
}

kern_return_t ownfd_stat(io_statbuf_t *st)
{
    struct file *file;

    if (!ownfd_is_link(st))
        return 0;
    kern_return_t kr = ownfd_get(st->st_ino, &file);
    if (kr)
        return kr;
    st->st_mode = HS_IFLNK | file_mode(file);
    file_put(file);
    return 0;
}

/* --- opening ------------------------------------------------------------- */

/* What cannot be opened anew (a pipe) is had once more, if it was opened for
 * that; a socket never. */
static kern_return_t share(mach_port_t port, int flags)
{
    io_statbuf_t st;
    int modes;
    kern_return_t kr = io_stat(port, &st);

    if (!kr && (st.st_mode & HS_IFMT) == HS_IFSOCK)
        return HURD_ENXIO;
    if (!kr)
        kr = io_get_openmodes(port, &modes);
    if (!kr && flags & (HO_READ | HO_WRITE | HO_EXEC) & ~modes)
        kr = HURD_EACCES;
    return kr ? kr
              : mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_SEND,
                                   1);
}

kern_return_t ownfd_open(int pid, int fd, int flags, mach_port_t *port)
{
    struct file *file;
    kern_return_t kr = HURD_ENOTDIR;

    *port = MACH_PORT_NULL;
    if (fd < 0 || fd >= HURD_FD_LINKS)
        return HURD_ENOENT;
    kr = ownfd_get(HURD_FD_LINK_INO(pid, fd), &file);
    if (kr)
        return kr;
    if (flags & HO_CREAT && flags & HO_EXCL)
        kr = HURD_EEXIST;
    else if (flags & (HO_READ | HO_WRITE | HO_EXEC))
        kr = lookup_short(file->port, "", flags & ~HO_CREAT, 0, port);
    else
        kr = HURD_ENOTDIR;
    if (kr == HURD_ENOTDIR) { /* there is nothing to look up */
        kr = share(file->port, flags);
        *port = kr ? MACH_PORT_NULL : file->port;
    }
    file_put(file);
    return kr;
}

/* --- where the link leads -------------------------------------------------- */

struct text {
    char room[PATH_BYTES + 16];
    char *start;
};

static void text_prepend(struct text *text, const char *word)
{
    size_t length = strlen(word);

    text->start -= length;
    memcpy(text->start, word, length);
}

static void text_begin(struct text *text)
{
    text->start = text->room + sizeof text->room - 1;
    *text->start = 0;
}

/* "pipe:[12]" */
static void text_kind(struct text *text, const char *kind, uint64_t number)
{
    text_prepend(text, "]");
    do
        *--text->start = (char)('0' + number % 10);
    while (number /= 10);
    text_prepend(text, ":[");
    text_prepend(text, kind);
}

/* PATH as it is from below ROOT, or NULL if it is not there. */
static const char *path_below(const char *path, const char *root)
{
    size_t length = strcmp(root, "/") ? strlen(root) : 0;

    if (strncmp(path, root, length) || (path[length] && path[length] != '/'))
        return NULL;
    return path[length] ? path + length : "/";
}

/* What the file's server knows, if that is the file system of our root. */
static kern_return_t text_path(struct text *text, mach_port_t port)
{
    string_t path, root;
    int removed, root_removed;
    mach_port_t fs, root_fs;
    kern_return_t kr = file_get_path(port, path, &removed, &fs);

    if (kr)
        return kr;
    kr = file_get_path(unix_process.crdir, root, &root_removed, &root_fs);
    port_deallocate(fs);
    if (kr)
        return kr;
    port_deallocate(root_fs);
    const char *below = fs == root_fs ? path_below(path, root) : NULL;
    if (!below)
        return HURD_ENOENT;
    if (removed)
        text_prepend(text, " (deleted)");
    text_prepend(text, below);
    return 0;
}

void port_path(mach_port_t port, char *to, size_t size)
{
    struct text text;

    text_begin(&text);
    *to = 0;
    if (!text_path(&text, port) && strlen(text.start) < size)
        strcpy(to, text.start);
}

static kern_return_t text_make(struct text *text, struct file *file)
{
    mach_port_t port = file->port;
    io_statbuf_t st;
    kern_return_t kr = io_stat(port, &st);

    text_begin(text);
    if (kr || !text_path(text, port))
        return kr == MIG_BAD_ID ? HURD_ENOENT : kr;
    switch (st.st_mode & HS_IFMT) {
    case HS_IFIFO:
        text_kind(text, "pipe", st.st_ino);
        return 0;
    case HS_IFSOCK:
        text_kind(text, "socket", st.st_ino);
        return 0;
    case HS_IFDIR:
        mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_SEND, 1);
        return directory_path(port, text->room, sizeof text->room,
                              &text->start);
    default:
        return HURD_ENOENT;
    }
}

kern_return_t ownfd_read_link(const io_statbuf_t *st, char *to, size_t size,
                              size_t *length)
{
    struct file *file;
    struct text text;
    kern_return_t kr = ownfd_get(st->st_ino, &file);

    if (kr)
        return kr;
    kr = text_make(&text, file);
    file_put(file);
    if (kr)
        return kr;
    *length = strlen(text.start);
    if (*length > size)
        *length = size;
    memcpy(to, text.start, *length);
    return 0;
}

/* --- listing --------------------------------------------------------------- */

kern_return_t ownfd_filter(char *data, uint64_t *size)
{
    char *to = data, *end = data + *size;

    for (char *from = data; from < end;) {
        const struct hurd_placed_dirent *entry = (void *)from;
        uint64_t ino = entry->d_ino;
        unsigned length = entry->d_reclen;
        bool link = HURD_IS_FD_LINK(ino);

        if (!length || length > (size_t)(end - from))
            break;
        if (link && HURD_FD_LINK_PID(ino) != process_pid())
            return HURD_EACCES;
        if (!link || fd_flags(HURD_FD_LINK_FD(ino)) >= 0) {
            if (to != from)
                memmove(to, from, length);
            to += length;
        }
        from += length;
    }
    *size = (uint64_t)(to - data);
    return 0;
}
