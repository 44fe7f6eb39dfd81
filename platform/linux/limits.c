/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many processes and threads Linux lets us have.  All of it is shared with
 * whoever else runs there: what is found here is the most that there can be. */
#define _GNU_SOURCE
#include "platform/linux/machine.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Descriptors for a task, of its process, its completions and the memory; and our
 * own. */
#define FILES_PER_TASK 3
#define FILES_OWN      64

/* Linux's, if it does not say another number, and what of it is the stub's: its
 * pages, and the slots. */
#define MAPPINGS_MAX 65530
#define MAPPINGS_OWN (STUB_SLOT_COUNT + 64)

static void lower(uint64_t *value, uint64_t to)
{
    if (to < *value)
        *value = to;
}

/* A file with one number in it; none, or a word, is no limit. */
static void lower_by_file(uint64_t *value, const char *path)
{
    FILE *file = fopen(path, "re");
    unsigned long long number;

    if (!file)
        return;
    if (fscanf(file, "%llu", &number) == 1)
        lower(value, number);
    fclose(file);
}

/* The group's of processes, and those of the groups around it. */
static void lower_by_cgroups(uint64_t *value)
{
    char path[512], line[512], *group = NULL, *end;
    FILE *file = fopen("/proc/self/cgroup", "re");

    while (file && !group && fgets(line, sizeof(line), file))
        if (strncmp(line, "0::", 3) == 0)
            group = line + 3;
    if (file)
        fclose(file);
    if (!group)
        return;
    group[strcspn(group, "\n")] = 0;
    for (;;) {
        snprintf(path, sizeof(path), "/sys/fs/cgroup%.400s/pids.max", group);
        lower_by_file(value, path);
        end = strrchr(group, '/');
        if (!end)
            return;
        *end = 0;
    }
}

void limits_find(void)
{
    struct rlimit limit;
    uint64_t tasks = UINT32_MAX, threads = UINT32_MAX, mappings = MAPPINGS_MAX;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        tasks = limit.rlim_cur > FILES_OWN + FILES_PER_TASK
                    ? (limit.rlim_cur - FILES_OWN) / FILES_PER_TASK
                    : 1;
    if (geteuid() != 0 && getrlimit(RLIMIT_NPROC, &limit) == 0)
        lower(&threads, limit.rlim_cur);
    lower_by_file(&threads, "/proc/sys/kernel/threads-max");
    lower_by_file(&threads, "/proc/sys/kernel/pid_max");
    lower_by_cgroups(&threads);
    lower(&threads, machine_blocks_max());
    lower(&tasks, threads);
    lower_by_file(&mappings, "/proc/sys/vm/max_map_count");
    machine.limits =
        (struct platform_limits){.tasks = tasks,
                                 .threads = threads,
                                 .mappings = mappings - MAPPINGS_OWN};
}

void platform_host_limits(struct platform_limits *limits_out)
{
    *limits_out = machine.limits;
}
