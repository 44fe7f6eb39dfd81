/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/procfs/files.c: what stands in the files. */

#include <hurd/default_pager.h>
#include <hurd/fs.h>
#include <hurd/fsys.h>
#include <hurd/process.h>
#include <mach/host_info.h>
#include <mach/processor_info.h>
#include <mach/thread_info.h>
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

/* What is known of all threads of a process together. */
struct usage {
    uint64_t user,
        system; /* of the processor, in ticks, and of dead ones too */
    uint64_t idle;
    boolean_t runs;
};

static uint64_t ticks(time_value64_t time)
{
    return (uint64_t)time.seconds * TICKS +
           (uint64_t)time.nanoseconds / (1000000000 / TICKS);
}

static void add_threads(const struct procinfo *info, size_t count,
                        struct usage *usage)
{
    usage->user = ticks(info->taskinfo.user_time64);
    usage->system = ticks(info->taskinfo.system_time64);
    for (size_t i = 0; i < count; i++) {
        const struct thread_basic_info *thread = &info->threadinfos[i].pis_bi;
        if (info->threadinfos[i].died)
            continue;
        if (thread->flags & TH_FLAGS_IDLE) {
            usage->idle += ticks(thread->system_time64);
            continue;
        }
        usage->user += ticks(thread->user_time64);
        usage->system += ticks(thread->system_time64);
        usage->runs |= thread->run_state == TH_STATE_RUNNING;
    }
}

/* What proc knows of PID; INFO has room for no thread, USAGE (or NULL) is all of
 * them. */
static error_t process_usage(pid_t pid, struct procinfo *info,
                             struct usage *usage)
{
    int room[512], *data = room;
    char wait_room[64], *waits = wait_room;
    mach_msg_type_number_t n = 512, wait_n = sizeof wait_room;
    int flags = PI_FETCH_TASKINFO;

    if (usage)
        flags |= PI_FETCH_TASKEVENTS | PI_FETCH_THREAD_BASIC;
    error_t err =
        proc_getprocinfo(proc_server, pid, &flags, &data, &n, &waits, &wait_n);
    size_t size = n * sizeof *data;

    if (err)
        return err == HURD_ESRCH ? HURD_ENOENT : err;
    memset(info, 0, sizeof *info);
    memcpy(info, data, size < sizeof *info ? size : sizeof *info);
    if (usage) {
        memset(usage, 0, sizeof *usage);
        add_threads((const struct procinfo *)data,
                    size < sizeof *info ? 0
                                        : (size - sizeof *info) /
                                              sizeof(struct procinfo_thread),
                    usage);
    }
    if (data != room)
        vm_deallocate(mach_task_self(), (vm_address_t)data, size);
    if (waits != wait_room)
        vm_deallocate(mach_task_self(), (vm_address_t)waits, wait_n);
    return 0;
}

static error_t process_info(pid_t pid, struct procinfo *info)
{
    return process_usage(pid, info, NULL);
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

static char process_state(const struct procinfo *info,
                          const struct usage *usage)
{
    if (info->state & PI_ZOMBIE)
        return 'Z';
    if (info->state & PI_STOPPED || info->taskinfo.suspend_count)
        return 'T';
    return usage->runs ? 'R' : 'S';
}

static error_t make_stat(pid_t pid, struct text *text)
{
    struct procinfo info;
    struct usage usage;
    char name[16];
    error_t err = process_usage(pid, &info, &usage);

    if (err)
        return err;
    process_name(pid, name, sizeof name);
    text_add(
        text, "%d (%s) %c %d %d %d 0 -1 0 %llu 0 %llu 0 ", pid, name,
        process_state(&info, &usage), info.ppid, info.pgrp, info.session,
        (unsigned long long)(info.taskevents.faults - info.taskevents.pageins),
        (unsigned long long)info.taskevents.pageins);
    text_add(text, "%llu %llu 0 0 %d 0 %d 0 0 %llu %llu ",
             (unsigned long long)usage.user, (unsigned long long)usage.system,
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
    struct usage usage;
    char name[16];
    error_t err = process_usage(pid, &info, &usage);

    if (err)
        return err;
    process_name(pid, name, sizeof name);
    uid_t owner = info.state & PI_NOTOWNED ? 65534 : info.owner;
    text_add(text, "Name:\t%s\nState:\t%c\nPid:\t%d\nPPid:\t%d\n", name,
             process_state(&info, &usage), pid, info.ppid);
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

/* What the machine has not needed of its processor: the kernel's idle thread. */
static uint64_t idle_ticks(void)
{
    struct procinfo info;
    struct usage usage;

    return process_usage(HURD_PID_KERNEL, &info, &usage) ? 0 : usage.idle;
}

static error_t make_uptime(pid_t pid, struct text *text)
{
    struct timespec now;
    uint64_t idle = idle_ticks();

    clock_gettime(CLOCK_MONOTONIC, &now);
    text_add(text, "%lld.%02ld %llu.%02llu\n", (long long)now.tv_sec,
             now.tv_nsec / 10000000, (unsigned long long)idle / TICKS,
             (unsigned long long)idle % TICKS);
    return 0;
}

/* Of the time since the boot: who had it is not told apart here. */
static error_t make_system_stat(pid_t pid, struct text *text)
{
    struct procinfo info;
    struct usage usage;
    vm_statistics_data_t stats;
    error_t err = process_usage(HURD_PID_KERNEL, &info, &usage);
    struct timespec now;

    if (!err)
        err = vm_statistics(mach_task_self(), &stats);
    if (err)
        return err;
    clock_gettime(CLOCK_REALTIME, &now);
    time_value64_t up = {now.tv_sec - info.taskinfo.creation_time64.seconds,
                         now.tv_nsec};
    uint64_t busy = ticks(up) > usage.idle ? ticks(up) - usage.idle : 0;
    for (int i = 0; i < 2; i++)
        text_add(text, "cpu%s %llu 0 0 %llu 0 0 0 0 0\n", i ? "0" : " ",
                 (unsigned long long)busy, (unsigned long long)usage.idle);
    text_add(text, "intr 0\npage %d %d\nbtime %lld\n", stats.pageins,
             stats.pageouts, (long long)info.taskinfo.creation_time64.seconds);
    return 0;
}

/* What the default pager has, if there is one. */
static void get_swap(default_pager_info_t *info)
{
    mach_port_t host, pager = MACH_PORT_NULL;

    memset(info, 0, sizeof *info);
    if (get_privileged_ports(&host, NULL))
        return;
    if (!vm_set_default_memory_manager(host, &pager) &&
        default_pager_info(pager, info))
        memset(info, 0, sizeof *info);
    mach_port_drop(pager);
    mach_port_drop(host);
}

static error_t make_meminfo(pid_t pid, struct text *text)
{
    vm_statistics_data_t stats;
    vm_cache_statistics_data_t cache;
    default_pager_info_t swap;
    error_t err = vm_statistics(mach_task_self(), &stats);

    if (!err)
        err = vm_cache_statistics(mach_task_self(), &cache);
    if (err)
        return err;
    get_swap(&swap);
    unsigned long page = stats.pagesize / 1024;
    unsigned long total = stats.free_count + stats.active_count +
                          stats.inactive_count + stats.wire_count;
    text_add(text,
             "MemTotal: %lu kB\nMemFree: %lu kB\nBuffers: 0 kB\n"
             "Cached: %lu kB\nSwapTotal: %lu kB\nSwapFree: %lu kB\n",
             total * page, stats.free_count * page, cache.cache_count * page,
             swap.dpi_total_space / 1024, swap.dpi_free_space / 1024);
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
    host_load_info_data_t load = {0};
    mach_msg_type_number_t n = HOST_LOAD_INFO_COUNT;
    host_info(mach_host_self(), HOST_LOAD_INFO, (host_info_t)&load, &n);
    for (int i = 0; i < 3; i++)
        text_add(text, "%d.%02d ", load.avenrun[i] / LOAD_SCALE,
                 load.avenrun[i] % LOAD_SCALE / (LOAD_SCALE / 100));
    text_add(text, "1/%u 0\n", count);
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
    {"uptime", make_uptime},
    {"meminfo", make_meminfo},
    {"loadavg", make_loadavg},
    {"mounts", make_mounts},
    {"version", make_version},
    {"stat", make_system_stat},
    {0},
};
