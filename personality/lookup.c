/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/lookup.h"
#include "personality/fd.h"
#include "personality/mach.h"
#include "personality/ownfd.h"
#include "personality/process.h"
#include "personality/rpc.h"
#include "personality/unix.h"

#include "hurd/auth.h"
#include "hurd/errors.h"
#include "hurd/fs.h"
#include "hurd/io.h"
#include "hurd/term.h"

#include <lib/mach/mig_support.h>
#include <fcntl.h>

#define RETRIES_MAX (LINKS_FOLLOWED + 8)

/* Where a lookup stands.  DIR is the last directory that was asked. */
struct search {
    mach_port_t dir, result; /* send rights of ours, or null */
    retry_type retry;
    string_t name; /* what is still to be looked up */
    unsigned links;
    bool done;
};

kern_return_t reauthenticate(mach_port_t port, mach_port_t *result)
{
    mach_port_t rendezvous = mach_reply_port();
    kern_return_t kr =
        io_reauthenticate(port, rendezvous, MACH_MSG_TYPE_MAKE_SEND);

    if (!kr) {
        do
            kr = auth_user_authenticate(unix_process.auth, rendezvous,
                                        MACH_MSG_TYPE_MAKE_SEND, result);
        while (kr == HURD_EINTR);
        if (!kr && !*result)
            kr = HURD_EAGAIN;
    }
    port_destroy_receive(rendezvous);
    return kr;
}

static kern_return_t port_copy(mach_port_t port, mach_port_t *copy)
{
    *copy = port;
    if (!port)
        return HURD_ENOENT;
    return mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_SEND, 1);
}

/* --- magical names ------------------------------------------------------- */

/* What follows WORD (and a slash) in NAME, or NULL. */
static const char *name_after(const char *name, const char *word)
{
    size_t length = strlen(word);

    if (strncmp(name, word, length) || (name[length] && name[length] != '/'))
        return NULL;
    return name[length] ? name + length + 1 : name + length;
}

static void name_drop_to(struct search *search, const char *rest)
{
    memmove(search->name, rest, strlen(rest) + 1);
}

/* The number that *NAME begins with, and the slash behind it; -1 if there is
 * none, or another's name begins so. */
static int take_number(const char **name)
{
    const char *rest = *name;
    int number = 0;

    if (*rest < '0' || *rest > '9')
        return -1;
    for (; *rest >= '0' && *rest <= '9' && number < INT32_MAX / 10 - 1; rest++)
        number = 10 * number + (*rest - '0');
    if (*rest && *rest != '/')
        return -1;
    *name = *rest ? rest + 1 : rest;
    return number;
}

/* REST is a descriptor's number, and what is to be looked up from there. */
static kern_return_t magic_fd(struct search *search, int pid, const char *rest,
                              int flags)
{
    int fd = take_number(&rest);

    if (fd < 0)
        return HURD_ENOENT;
    search->done = !*rest;
    kern_return_t kr =
        ownfd_open(pid, fd, search->done ? flags : 0, &search->result);
    name_drop_to(search, rest);
    return kr;
}

static kern_return_t magic_pidfd(struct search *search, const char *rest,
                                 int flags)
{
    int pid = take_number(&rest);

    return pid < 0 ? HURD_ENOENT : magic_fd(search, pid, rest, flags);
}

/* The directory of our descriptors, or a link in it: REST is its name. */
static kern_return_t magic_fd_directory(struct search *search, const char *rest)
{
    static const char directory[] = "proc/self/fd/";
    string_t name;

    mig_strncpy(name, rest, sizeof name);
    memcpy(search->name, directory, sizeof directory);
    mig_strncpy(search->name + sizeof directory - 1, name,
                (int)(sizeof search->name - sizeof directory));
    return ++search->links > LINKS_FOLLOWED
               ? HURD_ELOOP
               : port_copy(unix_process.crdir, &search->result);
}

static kern_return_t magic_tty(struct search *search, const char *rest,
                               int flags)
{
    mach_port_t terminal;

    if (!unix_process.cttyid)
        return HURD_ENXIO;
    kern_return_t kr =
        termctty_open_terminal(unix_process.cttyid, flags, &terminal);
    if (kr)
        return kr;
    kr = reauthenticate(terminal, &search->result);
    if (kr)
        search->result = MACH_PORT_NULL;
    port_deallocate(terminal);
    search->done = !*rest;
    name_drop_to(search, rest);
    return kr;
}

static void name_number(char *to, unsigned number, const char *rest)
{
    char digits[12], *p = digits + sizeof digits - 1;
    string_t copy;

    *p = 0;
    do
        *--p = (char)('0' + number % 10);
    while (number /= 10);
    mig_strncpy(copy, rest, sizeof copy - 16);
    strcpy(to, p);
    if (*copy) {
        to[strlen(to) + 1] = 0;
        to[strlen(to)] = '/';
        strcpy(to + strlen(to), copy);
    }
}

static kern_return_t search_magic(struct search *search, int flags)
{
    const char *rest;

    port_deallocate(search->result);
    search->result = MACH_PORT_NULL;
    if (*search->name == '/') /* a link with an absolute target */
        return ++search->links > LINKS_FOLLOWED
                   ? HURD_ELOOP
                   : port_copy(unix_process.crdir, &search->result);
    if ((rest = name_after(search->name, "fd")))
        return *rest && (strchr(rest, '/') || !(flags & HO_NOLINK))
                   ? magic_fd(search, process_pid(), rest, flags)
                   : magic_fd_directory(search, rest);
    if ((rest = name_after(search->name, "pidfd")))
        return magic_pidfd(search, rest, flags);
    if ((rest = name_after(search->name, "tty")))
        return magic_tty(search, rest, flags);
    if ((rest = name_after(search->name, "pid"))) {
        name_number(search->name, (unsigned)process_pid(), rest);
        return 0;
    }
    return HURD_EGRATUITOUS;
}

/* --- the search ---------------------------------------------------------- */

static kern_return_t search_ask(struct search *search, int flags, uint32_t mode)
{
    const char *name = search->name;
    string_t question;

    while (*name == '/')
        name++;
    mig_strncpy(question, name, sizeof question);
    search->result = MACH_PORT_NULL;
    kern_return_t kr = INTERRUPTIBLE(
        dir_lookup(search->dir, question, flags & HO_HURD, mode, &search->retry,
                   search->name, &search->result));
    return kr == HURD_EOPNOTSUPP || kr == MIG_BAD_ID ? HURD_ENOTDIR : kr;
}

static kern_return_t search_reauthenticate(struct search *search)
{
    mach_port_t old = search->result;

    if (!unix_process.auth)
        return 0;
    kern_return_t kr = reauthenticate(old, &search->result);
    if (kr)
        search->result = MACH_PORT_NULL;
    port_deallocate(old);
    return kr;
}

/* One answer: either DONE, or the next directory is in DIR. */
static kern_return_t search_step(struct search *search, int flags)
{
    kern_return_t kr = 0;

    switch (search->retry) {
    case FS_RETRY_NORMAL:
        search->done = !*search->name;
        break;
    case FS_RETRY_REAUTH:
        kr = search_reauthenticate(search);
        break;
    case FS_RETRY_MAGICAL:
        kr = search_magic(search, flags);
        break;
    default:
        kr = HURD_EGRATUITOUS;
    }
    if (!kr && !search->done && search->result) {
        port_deallocate(search->dir);
        search->dir = search->result;
        search->result = MACH_PORT_NULL;
    }
    return kr;
}

static kern_return_t search_run(struct search *search, int flags, uint32_t mode)
{
    kern_return_t kr = search_ask(search, flags, mode);

    for (int i = 0; !kr; i++) {
        kr = search_step(search, flags);
        if (kr || search->done)
            break;
        kr = i < RETRIES_MAX ? search_ask(search, flags, mode) : HURD_ELOOP;
    }
    port_deallocate(search->dir);
    if (kr)
        port_deallocate(search->result);
    return kr;
}

kern_return_t lookup_must_be_directory(mach_port_t port)
{
    io_statbuf_t st;
    kern_return_t kr = io_stat(port, &st);

    if (kr == MIG_BAD_ID || kr == HURD_EOPNOTSUPP)
        return HURD_ENOTDIR;
    if (!kr && (st.st_mode & HS_IFMT) != HS_IFDIR)
        kr = HURD_ENOTDIR;
    return kr;
}

kern_return_t lookup_short(mach_port_t start, const char *name, int flags,
                           uint32_t mode, mach_port_t *port)
{
    struct search search = {0};
    kern_return_t kr = port_copy(start, &search.dir);

    *port = MACH_PORT_NULL;
    if (kr)
        return kr;
    strcpy(search.name, name);
    kr = search_run(&search, flags, mode & ~unix_process.umask);
    if (!kr)
        *port = search.result;
    return kr;
}

static bool has_long_component(const char *name)
{
    while (*name) {
        const char *end = strchr(name, '/');
        size_t length = end ? (size_t)(end - name) : strlen(name);
        if (length >= NAME_BYTES)
            return true;
        name += length + (end ? 1 : 0);
    }
    return false;
}

kern_return_t lookup_under(mach_port_t start, const char *name, int flags,
                           uint32_t mode, mach_port_t *port)
{
    size_t length = strnlen(name, PATH_BYTES);

    *port = MACH_PORT_NULL;
    if (length == PATH_BYTES)
        return HURD_ENAMETOOLONG;
    if (length >= sizeof(string_t))
        return lookup_long(start, name, flags, mode, port);
    kern_return_t kr = lookup_short(start, name, flags, mode, port);
    /* A link that is followed may be what is too long. */
    if (kr == HURD_ENAMETOOLONG && !has_long_component(name))
        kr = lookup_long(start, name, flags, mode, port);
    return kr;
}

/* A right of the directory in SLOT, which another thread may be changing. */
static kern_return_t directory_copy(const mach_port_t *slot, mach_port_t *copy)
{
    lock_take(&unix_process.lock);
    kern_return_t kr = port_copy(*slot, copy);
    lock_release(&unix_process.lock);
    return kr;
}

kern_return_t lookup_start(int dir, const char *name, mach_port_t *copy)
{
    if (*name == '/')
        return directory_copy(&unix_process.crdir, copy);
    if (dir == AT_FDCWD)
        return directory_copy(&unix_process.cwdir, copy);
    struct file *file = fd_get_any(dir);
    if (!file)
        return HURD_EBADF;
    kern_return_t kr = port_copy(file->port, copy);
    file_put(file);
    return kr;
}

kern_return_t lookup(int dir, const char *name, int flags, uint32_t mode,
                     mach_port_t *port)
{
    mach_port_t start;
    kern_return_t kr = *name ? lookup_start(dir, name, &start) : HURD_ENOENT;

    *port = MACH_PORT_NULL;
    if (kr)
        return kr;
    kr = lookup_under(start, name, flags, mode, port);
    port_deallocate(start);
    /* Of a slash behind a translator's name its server never hears. */
    if (!kr && name[strlen(name) - 1] == '/') {
        kr = lookup_must_be_directory(*port);
        if (kr)
            port_deallocate(*port);
    }
    return kr;
}
