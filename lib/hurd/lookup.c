/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/hurd/lookup.c: opening files by name.
 *
 * A server answers a lookup with a port, or with what to ask whom next; this
 * file does the asking.
 */

#include <hurd/fs.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <hurd/term.h>
#include <mach/host_info.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRIES_MAX 48 /* 40 links, and some translators */

__thread error_t hurd_errno;

/* Whose ports to use instead of the process's own, while hurd_lookup_as. */
static __thread const mach_port_t *acting_as;

static mach_port_t get_port(int which)
{
    if (!acting_as)
        return hurd_get_port(which);
    mach_port_t port = acting_as[which];
    return mach_port_ref_send(port, 1) ? MACH_PORT_NULL : port;
}

/* The rest of a magical name after "WORD", or null if it does not start so. */
static char *after_word(char *name, const char *word)
{
    size_t length = strlen(word);

    if (strncmp(name, word, length) != 0)
        return NULL;
    if (name[length] == '/')
        return name + length + 1;
    return name[length] == 0 ? name + length : NULL;
}

/* "fd/N[/rest]": descriptor N stands for the file. */
static error_t magic_fd(char *name, char **rest, mach_port_t *start)
{
    char *end;
    long fd = strtol(name, &end, 10);

    if (end == name || (*end != 0 && *end != '/'))
        return HURD_ENOENT;
    *start = hurd_get_fd(fd);
    if (*start == MACH_PORT_NULL)
        return HURD_EBADF;
    *rest = *end ? end + 1 : end;
    return 0;
}

/* "tty": the process's terminal, opened by its id. */
static error_t magic_tty(int flags, mach_port_t *start)
{
    mach_port_t ctty = get_port(INIT_PORT_CTTYID),
                auth = get_port(INIT_PORT_AUTH), tty, new;
    error_t err = HURD_ENXIO;

    if (ctty != MACH_PORT_NULL)
        err = termctty_open_terminal(ctty, flags, &tty);
    if (!err) {
        err = hurd_reauthenticate(tty, auth, &new);
        mach_port_drop(tty);
        *start = new;
    }
    mach_port_drop(auth);
    mach_port_drop(ctty);
    return err;
}

static error_t magic_machtype(char name[1024], const char *rest)
{
    struct host_basic_info info;
    mach_msg_type_number_t count = HOST_BASIC_INFO_COUNT;
    mach_port_t host = mach_host_self();
    error_t err = host_info(host, HOST_BASIC_INFO, (host_info_t)&info, &count);
    string_t copy;

    mach_port_drop(host);
    if (err)
        return err;
    mig_strncpy(copy, rest, sizeof copy);
    if (snprintf(name, sizeof(string_t), "%d/%d/%s", info.cpu_type,
                 info.cpu_subtype, copy) >= (int)sizeof(string_t))
        return HURD_ENAMETOOLONG;
    return 0;
}

static error_t magic_pid(char name[1024], const char *rest)
{
    mach_port_t proc = get_port(INIT_PORT_PROC);
    pid_t pid = 0, ppid;
    int orphaned;
    string_t copy;
    error_t err = proc_getpids(proc, &pid, &ppid, &orphaned);

    mach_port_drop(proc);
    mig_strncpy(copy, rest, sizeof copy);
    if (!err && snprintf(name, sizeof(string_t), "%d%s%s", pid,
                         *copy ? "/" : "", copy) >= (int)sizeof(string_t))
        err = HURD_ENAMETOOLONG;
    return err;
}

/* A magical answer: finds where to go on and with what name.  *START is null
 * on entry; left null it means the directory of the last question. */
static error_t magic(char name[1024], int flags, mach_port_t *start,
                     boolean_t *done)
{
    char *rest;
    error_t err = HURD_EGRATUITOUS;

    *done = FALSE;
    if (name[0] == '/') {
        *start = get_port(INIT_PORT_CRDIR);
        rest = name;
        err = *start == MACH_PORT_NULL ? HURD_ENOENT : 0;
    } else if (strncmp(name, "fd/", 3) == 0) {
        err = magic_fd(name + 3, &rest, start);
        *done = !err && *rest == 0;
    } else if ((rest = after_word(name, "tty"))) {
        err = magic_tty(flags, start);
        *done = !err && *rest == 0;
    } else if ((rest = after_word(name, "machtype"))) {
        return magic_machtype(name, rest);
    } else if ((rest = after_word(name, "pid"))) {
        return magic_pid(name, rest);
    }
    if (!err)
        memmove(name, rest, strlen(rest) + 1);
    return err;
}

static error_t reauthenticate(file_t *file)
{
    mach_port_t auth = get_port(INIT_PORT_AUTH), new;
    error_t err = 0;

    /* Before auth is there, servers do without. */
    if (auth != MACH_PORT_NULL)
        err = hurd_reauthenticate(*file, auth, &new);
    else
        return 0;
    mach_port_drop(auth);
    mach_port_drop(*file);
    *file = err ? MACH_PORT_NULL : new;
    return err;
}

static error_t ask(file_t dir, char name[1024], int flags, mode_t mode,
                   retry_type *doretry, file_t *file)
{
    string_t question;
    const char *start = name;

    while (*start == '/')
        start++;
    mig_strncpy(question, start, sizeof question);
    error_t err =
        dir_lookup(dir, question, flags & HO_HURD, mode, doretry, name, file);
    if (err == HURD_EOPNOTSUPP || err == MIG_BAD_ID)
        err = HURD_ENOTDIR;
    return err;
}

/* LAST (borrowed) is the directory that gave the answer, or null. */
static error_t retry(file_t last, retry_type doretry, char name[1024],
                     int flags, mode_t mode, file_t *file)
{
    error_t err = 0;

    mach_port_ref_send(last, 1);
    for (int i = 0; !err && i < RETRIES_MAX; i++) {
        mach_port_t start = MACH_PORT_NULL;
        boolean_t done = FALSE;

        switch (doretry) {
        case FS_RETRY_REAUTH:
            err = reauthenticate(file);
            start = *file;
            break;
        case FS_RETRY_NORMAL:
            done = name[0] == 0;
            start = *file;
            break;
        case FS_RETRY_MAGICAL:
            mach_port_drop(*file);
            *file = MACH_PORT_NULL;
            err = magic(name, flags, &start, &done);
            break;
        default:
            mach_port_drop(*file);
            err = HURD_EGRATUITOUS;
        }
        if (err)
            break;
        if (done) {
            mach_port_drop(last);
            *file = start;
            return 0;
        }
        if (start != MACH_PORT_NULL) {
            mach_port_drop(last);
            last = start;
        }
        *file = MACH_PORT_NULL;
        err = ask(last, name, flags, mode, &doretry, file);
    }
    mach_port_drop(last);
    if (!err) {
        mach_port_drop(*file);
        err = HURD_ELOOP;
    }
    *file = MACH_PORT_NULL;
    return err;
}

error_t hurd_lookup_retry(retry_type doretry, char retry_name[1024], int flags,
                          mode_t mode, file_t *file)
{
    return retry(MACH_PORT_NULL, doretry, retry_name, flags, mode, file);
}

error_t hurd_lookup_under(file_t dir, const char *name, int flags, mode_t mode,
                          file_t *file)
{
    string_t answer;
    retry_type doretry;

    if (strlen(name) >= sizeof answer)
        return HURD_ENAMETOOLONG;
    mig_strncpy(answer, name, sizeof answer);
    *file = MACH_PORT_NULL;
    error_t err = ask(dir, answer, flags, mode & ~hurd_get_int(INIT_UMASK),
                      &doretry, file);
    if (!err)
        err = retry(dir, doretry, answer, flags, mode, file);
    return err;
}

error_t hurd_lookup(const char *name, int flags, mode_t mode, file_t *file)
{
    mach_port_t start =
        *name == '/' ? get_port(INIT_PORT_CRDIR) : get_port(INIT_PORT_CWDIR);

    if (start == MACH_PORT_NULL)
        return HURD_ENOENT;
    error_t err = hurd_lookup_under(start, name, flags, mode, file);
    mach_port_drop(start);
    return err;
}

error_t hurd_lookup_as(const mach_port_t ports[INIT_PORT_MAX], const char *name,
                       int flags, mode_t mode, file_t *file)
{
    acting_as = ports;
    error_t err = hurd_lookup(name, flags, mode, file);
    acting_as = NULL;
    return err;
}

error_t hurd_split(const char *name, file_t *dir, const char **base)
{
    const char *slash = strrchr(name, '/');

    if (!slash) {
        *base = name;
        *dir = get_port(INIT_PORT_CWDIR);
        return *dir == MACH_PORT_NULL ? HURD_ENOENT : 0;
    }
    *base = slash + 1;
    if (slash == name) {
        *dir = get_port(INIT_PORT_CRDIR);
        return *dir == MACH_PORT_NULL ? HURD_ENOENT : 0;
    }
    char *parent = strndup(name, slash - name);
    if (!parent)
        return HURD_ENOMEM;
    error_t err = hurd_lookup(parent, 0, 0, dir);
    free(parent);
    return err;
}

file_t file_name_lookup_under(file_t dir, const char *name, int flags,
                              mode_t mode)
{
    file_t file;

    hurd_errno = hurd_lookup_under(dir, name, flags, mode, &file);
    return hurd_errno ? MACH_PORT_NULL : file;
}

file_t file_name_lookup(const char *name, int flags, mode_t mode)
{
    file_t file;

    hurd_errno = hurd_lookup(name, flags, mode, &file);
    return hurd_errno ? MACH_PORT_NULL : file;
}
