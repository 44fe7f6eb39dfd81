/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/exec.c: another program in this process. */
#include "personality/claims.h"
#include "personality/fd.h"
#include "personality/ids.h"
#include "personality/lookup.h"
#include "personality/mach.h"
#include "personality/ownfd.h"
#include "personality/process.h"
#include "personality/signals.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/errors.h"
#include "hurd/fs.h"

#include <lib/mach/mig_support.h>
#include <fcntl.h>

#define STRINGS_MAX 0x200000ul
#define NAMES_MAX   (2 * FD_MAX + 64)

/* Everything that goes into the request; too large for a stack. */
struct exec {
    mach_port_t table[FD_MAX];
    unsigned table_count;
    mach_port_t ports[INIT_PORT_MAX];
    int ints[INT_MAX_OURS];
    /* Names in this task that the new image must not inherit. */
    mach_port_t drop[NAMES_MAX], destroy[NAMES_MAX];
    unsigned drop_count, destroy_count;
    string_t path, absolute;
};

/* --- strings ------------------------------------------------------------- */

static uint64_t strings_size(char *const *strings)
{
    uint64_t size = 0;

    for (; strings && *strings; strings++)
        size += strlen(*strings) + 1;
    return size;
}

/* One after another, in fresh pages that the caller frees. */
static char *strings_join(char *const *strings, uint64_t size)
{
    char *room = pages_allocate(size + 1), *to = room;

    for (; room && strings && *strings; strings++) {
        size_t length = strlen(*strings) + 1;
        memcpy(to, *strings, length);
        to += length;
    }
    return room;
}

/* --- rights -------------------------------------------------------------- */

static void exec_drop(struct exec *exec, mach_port_t name)
{
    if (MACH_PORT_VALID(name) && exec->drop_count < NAMES_MAX)
        exec->drop[exec->drop_count++] = name;
}

static void exec_destroy(struct exec *exec, mach_port_t name)
{
    if (MACH_PORT_VALID(name) && exec->destroy_count < NAMES_MAX)
        exec->destroy[exec->destroy_count++] = name;
}

static void exec_drop_file(struct file *file, void *arg)
{
    exec_drop(arg, file->port);
    exec_drop(arg, file->ctty);
    exec_drop(arg, file->claim);
}

static void exec_collect_names(struct exec *exec)
{
    fd_each_file(exec_drop_file, exec);
    exec_drop(exec, unix_process.cwdir);
    exec_drop(exec, unix_process.crdir);
    exec_drop(exec, unix_process.auth);
    exec_drop(exec, unix_process.proc);
    exec_drop(exec, unix_process.cttyid);
    for (struct thread *thread = threads; thread; thread = thread->next) {
        exec_drop(exec, thread->port);
        exec_drop(exec, thread->vfork_gate);
        exec_destroy(exec, thread->reply_port);
        exec_destroy(exec, thread->spare_reply_port);
    }
    exec_drop(exec, socket_port());
    exec_destroy(exec, signals_port());
}

static void exec_collect_ours(struct exec *exec)
{
    int64_t left, interval;

    exec->ints[INT_CLAIMS] = claims_for_exec();
    signals_for_exec_high(&exec->ints[INT_SIGMASK_HIGH],
                          &exec->ints[INT_SIGIGN_HIGH]);
    timer_for_exec(&left, &interval);
    int_put_wide(&exec->ints[INT_ALARM], (uint64_t)left);
    int_put_wide(&exec->ints[INT_ALARM_INTERVAL], (uint64_t)interval);
    limits_for_exec(&exec->ints[INT_LIMITS]);
}

/* Whether NAME is a descriptor's, by which nobody else would know the file. */
static bool is_own_name(const char *name)
{
    return !*name || !strncmp(name, "/proc/", 6) ||
           !strncmp(name, "/dev/fd/", 8);
}

/* The path as the file's server should tell proc; relative names are not made
 * absolute.  Of one too long for the wire nothing is told: a script is then
 * handed to its interpreter as a descriptor. */
static void exec_collect(struct exec *exec, mach_port_t file, const char *name)
{
    if (strnlen(name, sizeof exec->path) == sizeof exec->path)
        name = "";
    mig_strncpy(exec->path, name, sizeof exec->path);
    if (is_own_name(name))
        port_path(file, exec->absolute, sizeof exec->absolute);
    else
        mig_strncpy(exec->absolute, *name == '/' ? name : "",
                    sizeof exec->absolute);
    exec->table_count = fd_exec_table(exec->table);
    exec->ports[INIT_PORT_CWDIR] = unix_process.cwdir;
    exec->ports[INIT_PORT_CRDIR] = unix_process.crdir;
    exec->ports[INIT_PORT_AUTH] = unix_process.auth;
    exec->ports[INIT_PORT_PROC] = unix_process.proc;
    exec->ports[INIT_PORT_CTTYID] = unix_process.cttyid;
    exec->ints[INIT_UMASK] = (int)unix_process.umask;
    signals_for_exec(&exec->ints[INIT_SIGMASK], &exec->ints[INIT_SIGIGN],
                     &exec->ints[INIT_SIGPENDING]);
    exec_collect_ours(exec);
    exec_collect_names(exec);
}

/* What the program gives up for good by running another: saved ids.  In place of
 * unix_process.auth a handle that the caller drops. */
static kern_return_t exec_collect_auth(struct exec *exec)
{
    mach_port_t auth;
    kern_return_t kr = ids_for_exec(&auth);

    if (kr || !auth)
        return kr;
    exec->ports[INIT_PORT_AUTH] = auth;
    exec_drop(exec, auth);
    return 0;
}

/* Returns only if it failed; then nothing has changed. */
static kern_return_t exec_file(mach_port_t file, const char *name,
                               const char *argv, uint64_t argv_size,
                               const char *envp, uint64_t envp_size)
{
    struct exec *exec = pages_allocate(sizeof *exec);

    if (!exec)
        return HURD_ENOMEM;
    exec_collect(exec, file, name);
    exec_drop(exec, file);
    kern_return_t kr = exec_collect_auth(exec);
    if (!kr)
        kr = file_exec_paths(
            file, mach_task_self(), 0, exec->path, exec->absolute, argv,
            (mach_msg_type_number_t)argv_size, envp,
            (mach_msg_type_number_t)envp_size, exec->table,
            MACH_MSG_TYPE_COPY_SEND, exec->table_count, exec->ports,
            MACH_MSG_TYPE_COPY_SEND, INIT_PORT_MAX, exec->ints, INT_MAX_OURS,
            exec->drop, exec->drop_count, exec->destroy, exec->destroy_count);
    if (exec->ports[INIT_PORT_AUTH] != unix_process.auth)
        port_deallocate(exec->ports[INIT_PORT_AUTH]);
    pages_free(exec, sizeof *exec);
    return kr;
}

static kern_return_t exec_open(int dir, const char *name, int flags,
                               int open_flags, mach_port_t *file)
{
    if (*name || !(flags & AT_EMPTY_PATH))
        return lookup(dir, name,
                      open_flags |
                          (flags & AT_SYMLINK_NOFOLLOW ? HO_NOLINK : 0),
                      0, file);
    kern_return_t kr = ownfd_open(process_pid(), dir, open_flags, file);
    return kr == HURD_ENOENT ? HURD_EBADF : kr;
}

static long exec_call(int dir, const char *name, char *const *argv,
                      char *const *envp, int flags)
{
    uint64_t argv_size = strings_size(argv), envp_size = strings_size(envp);
    mach_port_t file;
    kern_return_t kr;

    if (argv_size + envp_size > STRINGS_MAX)
        return -E2BIG;
    kr = exec_open(dir, name, flags, HO_EXEC | HO_READ, &file);
    /* A program may be executable and not readable. */
    if (kr == HURD_EACCES)
        kr = exec_open(dir, name, flags, HO_EXEC, &file);
    if (kr)
        return linux_error(kr);
    char *args = strings_join(argv, argv_size);
    char *env = strings_join(envp, envp_size);
    kr = args && env ? exec_file(file, name, args, argv_size, env, envp_size)
                     : HURD_ENOMEM;
    if (args)
        pages_free(args, argv_size + 1);
    if (env)
        pages_free(env, envp_size + 1);
    port_deallocate(file);
    return linux_error(kr);
}

long sys_execve(struct frame *frame)
{
    return exec_call(AT_FDCWD, (const char *)ARG1(frame),
                     (char *const *)ARG2(frame), (char *const *)ARG3(frame), 0);
}

long sys_execveat(struct frame *frame)
{
    return exec_call((int)ARG1(frame), (const char *)ARG2(frame),
                     (char *const *)ARG3(frame), (char *const *)ARG4(frame),
                     (int)ARG5(frame));
}
