/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/procfs/files.c: what stands in the files. */

#include <hurd/fs.h>
#include <hurd/fsys.h>
#include <hurd/process.h>
#include <proc/procinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procfs/procfs.h"

#define TICKS 100 /* a second, as Linux's files count */

process_t proc_server;

void text_add_bytes(struct text *text, const char *data, size_t size)
{
    if (text->size + size > text->room) {
        size_t room = (text->size + size) * 2 + 256;
        char *more = realloc(text->data, room);
        text->failed |= !more;
        if (!more)
            return;
        text->data = more;
        text->room = room;
    }
    if (size > 0)
        memcpy(text->data + text->size, data, size);
    text->size += size;
}

void text_add(struct text *text, const char *format, ...)
{
    char line[512];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n > 0)
        text_add_bytes(text, line,
                       (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

error_t processes(pid_t **pids, unsigned *count)
{
    pid_t room[512], *all = room;
    mach_msg_type_number_t n = 512;
    error_t err = proc_getallpids(proc_server, &all, &n);

    if (err)
        return err;
    *pids = malloc(n * sizeof **pids + 1);
    if (*pids)
        memcpy(*pids, all, n * sizeof **pids);
    *count = n;
    if (all != room)
        vm_deallocate(mach_task_self(), (vm_address_t)all, n * sizeof *all);
    return *pids ? 0 : HURD_ENOMEM;
}

/* What proc knows of PID; INFO has room for no thread. */
static error_t process_info(pid_t pid, struct procinfo *info)
{
    int room[512], *data = room;
    char wait_room[64], *waits = wait_room;
    mach_msg_type_number_t n = 512, wait_n = sizeof wait_room;
    int flags = PI_FETCH_TASKINFO;
    error_t err =
        proc_getprocinfo(proc_server, pid, &flags, &data, &n, &waits, &wait_n);

    if (err)
        return err == HURD_ESRCH ? HURD_ENOENT : err;
    memset(info, 0, sizeof *info);
    memcpy(info, data,
           n * sizeof *data < sizeof *info ? n * sizeof *data : sizeof *info);
    if (data != room)
        vm_deallocate(mach_task_self(), (vm_address_t)data, n * sizeof *data);
    if (waits != wait_room)
        vm_deallocate(mach_task_self(), (vm_address_t)waits, wait_n);
    return 0;
}

error_t process_owner(pid_t pid, uid_t *owner)
{
    struct procinfo info;
    error_t err = process_info(pid, &info);

    *owner = err || info.state & PI_NOTOWNED ? 0 : info.owner;
    return err;
}

/* --- of a process ---------------------------------------------------------------- */

static error_t make_cmdline(pid_t pid, struct text *text)
{
    char room[2048], *args = room;
    mach_msg_type_number_t n = sizeof room;
    error_t err = proc_getprocargs(proc_server, pid, &args, &n);

    if (err)
        return 0; /* none, as for a zombie */
    text_add_bytes(text, args, n);
    if (args != room)
        vm_deallocate(mach_task_self(), (vm_address_t)args, n);
    return 0;
}

/* The program's name: the last component of its first argument. */
static void process_name(pid_t pid, char *name, size_t size)
{
    struct text args = {0};

    make_cmdline(pid, &args);
    text_add_bytes(&args, "", 1);
    const char *first = args.failed ? "" : args.data;
    const char *slash = strrchr(first, '/');
    snprintf(name, size, "%s", slash && slash[1] ? slash + 1 : first);
    if (!*name)
        snprintf(name, size, "?");
    free(args.data);
}

static char process_state(const struct procinfo *info)
{
    if (info->state & PI_ZOMBIE)
        return 'Z';
    if (info->state & PI_STOPPED || info->taskinfo.suspend_count)
        return 'T';
    return 'S';
}

static error_t make_stat(pid_t pid, struct text *text)
{
    struct procinfo info;
    char name[16];
    error_t err = process_info(pid, &info);

    if (err)
        return err;
    process_name(pid, name, sizeof name);
    text_add(text, "%d (%s) %c %d %d %d 0 -1 0 0 0 0 0 ", pid, name,
             process_state(&info), info.ppid, info.pgrp, info.session);
    text_add(text, "%lld %lld 0 0 %d 0 %d 0 0 %llu %llu ",
             (long long)info.taskinfo.user_time64.seconds * TICKS,
             (long long)info.taskinfo.system_time64.seconds * TICKS,
             info.taskinfo.base_priority, info.nthreads,
             (unsigned long long)info.taskinfo.virtual_size,
             (unsigned long long)info.taskinfo.resident_size / 4096);
    text_add(text, "18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 "
                   "0 0 0 0 0 0 0 0 0\n");
    return 0;
}

static error_t make_status(pid_t pid, struct text *text)
{
    struct procinfo info;
    char name[16];
    error_t err = process_info(pid, &info);

    if (err)
        return err;
    process_name(pid, name, sizeof name);
    uid_t owner = info.state & PI_NOTOWNED ? 65534 : info.owner;
    text_add(text, "Name:\t%s\nState:\t%c\nPid:\t%d\nPPid:\t%d\n", name,
             process_state(&info), pid, info.ppid);
    text_add(text, "Uid:\t%u\t%u\t%u\t%u\nThreads:\t%d\n", owner, owner, owner,
             owner, info.nthreads);
    text_add(text, "VmSize:\t%llu kB\nVmRSS:\t%llu kB\n",
             (unsigned long long)info.taskinfo.virtual_size / 1024,
             (unsigned long long)info.taskinfo.resident_size / 1024);
    return 0;
}

const struct proc_file process_files[] = {
    {"stat", make_stat},
    {"status", make_status},
    {"cmdline", make_cmdline},
    {0},
};

/* --- of the system ---------------------------------------------------------------- */

static error_t make_uptime(pid_t pid, struct text *text)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    text_add(text, "%lld.%02ld 0.00\n", (long long)now.tv_sec,
             now.tv_nsec / 10000000);
    return 0;
}

static error_t make_meminfo(pid_t pid, struct text *text)
{
    vm_statistics_data_t stats;
    error_t err = vm_statistics(mach_task_self(), &stats);

    if (err)
        return err;
    unsigned long page = stats.pagesize / 1024;
    unsigned long total = stats.free_count + stats.active_count +
                          stats.inactive_count + stats.wire_count;
    text_add(text,
             "MemTotal: %lu kB\nMemFree: %lu kB\nBuffers: 0 kB\nCached: 0 kB\n"
             "SwapTotal: 0 kB\nSwapFree: 0 kB\n",
             total * page, stats.free_count * page);
    return 0;
}

static error_t make_loadavg(pid_t pid, struct text *text)
{
    pid_t *pids;
    unsigned count;
    error_t err = processes(&pids, &count);

    if (err)
        return err;
    free(pids);
    text_add(text, "0.00 0.00 0.00 1/%u 0\n", count);
    return 0;
}

/* The node of a store: "part:2:device:wd0" is /dev/wd0s2. */
static void add_store_node(const char *source, struct text *text)
{
    const char *device = strrchr(source, ':');
    unsigned part = 0;

    sscanf(source, "part:%u:", &part);
    text_add(text, "/dev/%s", device ? device + 1 : source);
    if (part)
        text_add(text, "s%u", part);
}

/* There is no list of mounts on the Hurd; the root is what all can see. */
static error_t make_mounts(pid_t pid, struct text *text)
{
    mach_port_t root = getcrdir(), control = MACH_PORT_NULL;
    string_t source = "root";

    if (!file_getcontrol(root, &control))
        fsys_get_source(control, source);
    mach_port_drop(control);
    mach_port_drop(root);
    add_store_node(source, text);
    text_add(text, " / ext2fs rw 0 0\n");
    return 0;
}

static error_t make_version(pid_t pid, struct text *text)
{
    utsname_t name;
    error_t err = proc_uname(proc_server, &name);

    if (!err)
        text_add(text, "%s version %s %s\n", name.sysname, name.release,
                 name.version);
    return err;
}

const struct proc_file root_files[] = {
    {"uptime", make_uptime},   {"meminfo", make_meminfo},
    {"loadavg", make_loadavg}, {"mounts", make_mounts},
    {"version", make_version}, {0},
};
