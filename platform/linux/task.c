/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tasks: their life, and the ring of commands to their agents. */
#define _GNU_SOURCE
#include "platform/linux/machine.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/futex.h>
#include <unistd.h>

/* A ninth of the processor that others get. */
#define BACKGROUND_NICE 10

#define POPULATE_MAX (64 * PLATFORM_PAGE_SIZE)

/* --- the ring ------------------------------------------------------------- */

/* Commands before NUMBER are done, if COUNT is ahead of what was known. */
static void advance(uint32_t *known, uint32_t number)
{
    if ((int32_t)(number - *known) > 0)
        *known = number;
}

/* Counts the acknowledgements that have come in; false if there were none. */
static bool collect_acks(struct platform_task *task)
{
    uint64_t count;

    if (read(task->completion, &count, sizeof(count)) != sizeof(count))
        return false;
    task->acknowledged += (uint32_t)count;
    advance(&task->seen, task->acknowledged);
    return true;
}

bool task_in_debugger(const struct platform_task *task)
{
    char path[32], text[512], *state;
    ssize_t size;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/stat", task->pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    if (size <= 0)
        return false;
    text[size] = 0;
    state = strrchr(text, ')');
    return state && state[1] == ' ' && state[2] == 't';
}

/* Waits for an acknowledgement; a task that gives none is ended. */
static void wait_ack(struct platform_task *task)
{
    uint64_t end = platform_time_monotonic() + PATIENCE_NS, now;
    struct pollfd fds[] = {{task->completion, POLLIN, 0},
                           {task->pidfd, POLLIN, 0}};

    while (!collect_acks(task)) {
        now = platform_time_monotonic();
        if (now >= end && task_in_debugger(task))
            end = now + PATIENCE_NS;
        if (now >= end || fds[1].revents) {
            task_kill(task, fds[1].revents ? "" : "its agent did not answer");
            return;
        }
        poll(fds, 2, (int)((end - now) / 1000000) + 1);
    }
}

static void append(struct platform_task *task, uint32_t op, uint32_t flags,
                   uint64_t address, uint64_t size_bytes, uint64_t offset)
{
    struct stub_command *command =
        &task->area->ring[task->produced % TASK_RING_COUNT];

    *command = (struct stub_command){op, flags, address, size_bytes, offset};
    task->produced++;
    if (!task->kick) {
        task->kick = true;
        task->kick_next = machine.kicks;
        machine.kicks = task;
    }
}

/* Asks for word that everything so far is done. */
static void append_ack(struct platform_task *task)
{
    uint32_t count = task->produced + 1 - task->ack_promised;

    append(task, COMMAND_ACK, 0, 0, count, 0);
    task->ack_promised = task->produced;
}

/* A slot is written again only after the agent said, where the task can't
 * interfere, that it is done with it. */
static void make_room(struct platform_task *task)
{
    if (task->produced - task->ack_promised >= TASK_RING_COUNT / 4)
        append_ack(task);
    while (!task->dead &&
           task->produced - task->acknowledged >= TASK_RING_COUNT - 1) {
        task_kick(task);
        if (!collect_acks(task))
            wait_ack(task);
    }
}

/* Adds a range to the last command if the agent can't see that yet. */
static bool extend_last(struct platform_task *task, uint32_t op, uint32_t flags,
                        uint64_t address, uint64_t size_bytes, uint64_t offset)
{
    struct stub_command *last =
        &task->area->ring[(task->produced - 1) % TASK_RING_COUNT];

    if (task->produced == task->published || last->op != op ||
        last->flags != flags || last->address + last->size != address)
        return false;
    if (op == COMMAND_MAP && last->offset + last->size != offset)
        return false;
    last->size += size_bytes;
    return true;
}

void task_command(struct platform_task *task, uint32_t op, uint32_t flags,
                  uint64_t address, uint64_t size_bytes, uint64_t offset)
{
    if (task->dead)
        return;
    if (op >= COMMAND_MAP && op <= COMMAND_PROTECT &&
        extend_last(task, op, flags, address, size_bytes, offset))
        return;
    make_room(task);
    if (!task->dead)
        append(task, op, flags, address, size_bytes, offset);
}

bool task_pending(struct platform_task *task)
{
    return task->seen != task->produced;
}

void task_kick(struct platform_task *task)
{
    if (task->published == task->produced)
        return;
    task->published = task->produced;
    __atomic_store_n(&task->area->producer, task->produced, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &task->area->producer, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void task_kick_all(void)
{
    while (machine.kicks) {
        struct platform_task *task = machine.kicks;
        machine.kicks = task->kick_next;
        task->kick = false;
        task_kick(task);
    }
}

static void forget_kick(struct platform_task *task)
{
    struct platform_task **link = &machine.kicks;

    if (!task->kick)
        return;
    while (*link != task)
        link = &(*link)->kick_next;
    *link = task->kick_next;
    task->kick = false;
}

void platform_task_sync(struct platform_task *task)
{
    /* Nobody is there to use what was taken away. */
    if (!task->has_threads || task->dead)
        return;
    collect_acks(task);
    if (task->acknowledged == task->produced)
        return;
    if (task->ack_promised != task->produced) {
        make_room(task);
        append_ack(task);
    }
    task_kick(task);
    while (!task->dead && task->acknowledged != task->ack_promised)
        wait_ack(task);
}

/* --- what the task sees --------------------------------------------------- */

/* The kernel asked for what no task may have: its own error. */
static void check_range(uint64_t address, uint64_t size_bytes)
{
    if (address >= STUB_BASE || size_bytes > STUB_BASE - address ||
        ((address | size_bytes) % PLATFORM_PAGE_SIZE) != 0)
        platform_panic("a mapping outside the user's addresses");
}

void platform_task_map(struct platform_task *task, uint64_t address,
                       uint64_t phys, uint64_t size_bytes, int prot)
{
    uint32_t flags = (uint32_t)prot & 7;

    check_range(address, size_bytes);
    if (phys >= machine.memory_size ||
        size_bytes > machine.memory_size - phys ||
        phys % PLATFORM_PAGE_SIZE != 0)
        platform_panic("a mapping outside physical memory");
    if (size_bytes == 0)
        return;
    if (!ranges_add(&task->mapped, address, address + size_bytes)) {
        task_kill(task, "no memory to note its mappings");
        return;
    }
    if (size_bytes <= POPULATE_MAX)
        flags |= COMMAND_POPULATE;
    task_command(task, COMMAND_MAP, flags, address, size_bytes, phys);
}

void platform_task_unmap(struct platform_task *task, uint64_t address,
                         uint64_t size_bytes)
{
    uint64_t end = address + size_bytes;
    struct range part;

    check_range(address, size_bytes);
    if (!ranges_next(&task->mapped, address, end, &part))
        return;
    task_command(task, COMMAND_UNMAP, 0, part.start, end - part.start, 0);
    if (!ranges_remove(&task->mapped, address, end))
        task_kill(task, "no memory to note its mappings");
}

void platform_task_protect(struct platform_task *task, uint64_t address,
                           uint64_t size_bytes, int prot)
{
    uint64_t end = address + size_bytes;
    struct range part;

    check_range(address, size_bytes);
    for (; ranges_next(&task->mapped, address, end, &part); address = part.end)
        task_command(task, COMMAND_PROTECT, (uint32_t)prot & 7, part.start,
                     part.end - part.start, 0);
}

void platform_task_set_background(struct platform_task *task)
{
    task->area->nice = BACKGROUND_NICE;
    task->background = true;
}

void platform_task_set_emulation(struct platform_task *task, unsigned first,
                                 unsigned count, uint64_t entry)
{
    for (unsigned i = first; i < PLATFORM_EMULATION_MAX && count > 0;
         i++, count--)
        task->area->emulation[i] = entry;
}

void platform_task_set_name(struct platform_task *task, const char *name)
{
    uint64_t text[3] = {0};

    strncpy((char *)text, name, 15);
    task_command(task, COMMAND_NAME, 0, text[0], text[1], 0);
}

uint64_t platform_address_limit(void)
{
    return STUB_BASE;
}

/* --- life ----------------------------------------------------------------- */

int platform_task_create(struct platform_task **task_out, void *cookie)
{
    struct platform_task *task = calloc(1, sizeof(*task));
    int error;

    if (!task)
        return -ENOMEM;
    task->cookie = cookie;
    task->area = memory_block_alloc();
    error = task->area ? spawn_task(task) : -ENOMEM;
    if (error) {
        memory_block_free(task->area);
        free(task);
        return error;
    }
    task->next = machine.tasks;
    task->link = &machine.tasks;
    if (task->next)
        task->next->link = &task->next;
    machine.tasks = task;
    machine_watch(task->pidfd, (uint64_t)task, EPOLLIN);
    *task_out = task;
    return 0;
}

/* The process is gone, and so is every use of its blocks. */
static void release(struct platform_task *task)
{
    forget_kick(task);
    *task->link = task->next;
    if (task->next)
        task->next->link = task->link;
    thread_forget_slots(task);
    for (uint32_t i = 0; i < task->slot_count; i++)
        memory_block_free(task->slots[i].control);
    free(task->slots);
    memory_block_free(task->area);
    ranges_free(&task->mapped);
    close(task->pidfd);
    close(task->completion);
    close(task->memory);
    machine.host_threads--;
    free(task);
}

static void kill_process(struct platform_task *task)
{
    if (!task->reaped)
        syscall(SYS_pidfd_send_signal, task->pidfd, SIGKILL, NULL, 0);
}

static const char *agents_word(int status)
{
    switch (status) {
    case AGENT_FAILED:
        return "its agent could not go on";
    case AGENT_MAP_FAILED:
        return "the host refused a mapping";
    case AGENT_UNMAP_FAILED:
        return "the host refused to change a mapping";
    case AGENT_ACK_FAILED:
        return "its agent could not answer";
    case AGENT_START_FAILED:
        return "a thread could not be locked in";
    default:
        return "it ended by itself";
    }
}

static void describe_end(struct platform_task *task, const siginfo_t *info)
{
    if (info->si_code == CLD_EXITED)
        snprintf(task->why, sizeof(task->why), "%s (status %d)",
                 agents_word(info->si_status), info->si_status);
    else
        snprintf(task->why, sizeof(task->why), "killed by the host's signal %d",
                 info->si_status);
}

static void reap(struct platform_task *task, bool wait)
{
    siginfo_t info = {0};

    if (task->reaped)
        return;
    if (waitid(P_PIDFD, (id_t)task->pidfd, &info,
               WEXITED | (wait ? 0 : WNOHANG)) == 0 &&
        info.si_pid == 0)
        return;
    task->reaped = true;
    if (!task->why[0])
        describe_end(task, &info);
    epoll_ctl(machine.epoll, EPOLL_CTL_DEL, task->pidfd, NULL);
}

void platform_task_destroy(struct platform_task *task)
{
    while (task->threads)
        thread_forget(task->threads);
    task->destroyed = true;
    task->dead = true;
    kill_process(task);
    /* On one processor none of its threads runs now, and none leaves Linux
     * again; on several one may be running still. */
    reap(task, !machine.one_cpu);
    if (task->reaped)
        release(task);
}

void task_kill(struct platform_task *task, const char *why)
{
    if (!task->why[0])
        snprintf(task->why, sizeof(task->why), "%s", why);
    kill_process(task);
    task->dead = true;
    machine.deaths = true;
}

void task_reaped(struct platform_task *task)
{
    reap(task, false);
    if (!task->reaped)
        return;
    task->dead = true;
    machine.deaths = true;
    if (task->destroyed)
        release(task);
}

void task_report_deaths(void)
{
    struct platform_task *task;

    /* The kernel may destroy any task meanwhile: look afresh each time. */
    while (machine.deaths) {
        machine.deaths = false;
        for (task = machine.tasks; task; task = task->next)
            if (task->dead && !task->told && !task->destroyed)
                break;
        if (!task)
            return;
        machine.deaths = true;
        task->told = true;
        while (task->threads && task->threads->ending)
            thread_forget(task->threads);
        reap(task, !task->why[0]); /* it is dead, and will say why */
        kernel_task_died(task->cookie, task->why);
    }
}

void task_end_all(void)
{
    struct platform_task *task, *next;

    for (task = machine.tasks; task; task = task->next) {
        while (task->threads)
            thread_forget(task->threads);
        kill_process(task);
    }
    for (task = machine.tasks; task; task = next) {
        next = task->next;
        reap(task, true);
        release(task);
    }
}
