/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The platform's promises, each tried on real processes.  Every test runs in a
 * process of its own and must leave no other behind. */
#define _GNU_SOURCE
#include "platform/linux/linux.h"
#include "platform/linux/machine.h"
#include "tests/platform/mock.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND     1000000000ull
#define TIME_LIMIT 60

static int run_with(const struct linux_disk *disks, unsigned count)
{
    struct linux_options options = {.memory_size_bytes = 256ull << 20,
                                    .disks = disks,
                                    .disk_count = count,
                                    .console_in = -1,
                                    .console_out = -1,
                                    .trace = -1};
    struct kernel_config config = {.command_line = ""};

    return platform_linux_run(&options, &config);
}

static int run(void)
{
    return run_with(NULL, 0);
}

/* --- one routine of the user's program ------------------------------------ */

static int routine;
static uint64_t argument;

static void start_routine(void)
{
    mock_thread_go(mock_task_new(), routine, argument);
}

static int run_routine(int number, uint64_t value)
{
    mock.start = start_routine;
    routine = number;
    argument = value;
    return run();
}

static int traps_by_syscall(void)
{
    return run_routine(DO_NULL_SLOW, 20000);
}

static int traps_by_fast_entry(void)
{
    return run_routine(DO_NULL_FAST, 20000);
}

static int traps_preserve_registers(void)
{
    return run_routine(DO_PRESERVE, 0);
}

static int faults_are_resolved(void)
{
    return run_routine(DO_TOUCH, 3000);
}

static int exceptions_have_their_vectors(void)
{
    return run_routine(DO_EXCEPTIONS, 0);
}

static int fs_and_gs_bases_are_kept(void)
{
    return run_routine(DO_BASES, 0);
}

static int registers_replaced_in_a_slow_trap(void)
{
    return run_routine(DO_JUMP, 0);
}

static int registers_replaced_in_a_fast_trap(void)
{
    return run_routine(DO_JUMP, 1);
}

static int floating_point_registers(void)
{
    return run_routine(DO_FPU, 0);
}

static int hostile_calls_are_trapped(void)
{
    return run_routine(DO_HOSTILE_CALLS, 0);
}

static int hostile_numbers_are_trapped(void)
{
    return run_routine(DO_HOSTILE_NUMBERS, 0);
}

static int hostile_writes_are_faults(void)
{
    return run_routine(DO_HOSTILE_WRITES, 0);
}

/* --- memory --------------------------------------------------------------- */

static void start_holes(void)
{
    struct mock_task *task = mock_task_new();
    uint64_t frames = mock_frames(5);

    for (uint64_t i = 0; i < 5; i += 2) {
        *(uint64_t *)mock_memory(frames + i * 4096) = i;
        platform_task_map(task->task, HOLES_BASE + i * 4096, frames + i * 4096,
                          4096, 3);
    }
    platform_task_protect(task->task, HOLES_BASE, 5 * 4096, 1);
    /* A part of what was mapped at once. */
    platform_task_map(task->task, HOLES_BASE + 65536, mock_frames(4), 4 * 4096,
                      3);
    platform_task_protect(task->task, HOLES_BASE + 65536 + 4096, 8192, 1);
    mock_thread_go(task, DO_HOLES, 0);
}

static int protect_leaves_holes(void)
{
    mock.start = start_holes;
    return run();
}

/* Many scattered changes, more than the ring holds, each taking effect. */
static struct mock_task *churned;
static unsigned churn_round;

static void churn_start(void)
{
    uint64_t frames = mock_frames(1024);

    churned = mock_task_new();
    for (uint64_t i = 0; i < 1024; i++)
        platform_task_map(churned->task, TOUCH_BASE + ((i * 7) % 1024) * 8192,
                          frames + i * 4096, 4096, 3);
    mock_thread_go(churned, DO_TOUCH, 8);
}

static void churn_done(struct mock_thread *thread)
{
    struct platform_task *task = thread->task->task;

    platform_thread_destroy(thread->thread);
    platform_task_unmap(task, TOUCH_BASE, 1024 * 8192);
    platform_task_sync(task);
    if (++churn_round == 50) {
        platform_exit(0);
        return;
    }
    for (uint64_t i = 0; i < 600; i++)
        platform_task_map(task, TOUCH_BASE + i * 12288, 64 * 4096 + i * 4096,
                          4096, 3);
    mock_thread_go(churned, DO_TOUCH, 8);
}

static int more_changes_than_the_ring_holds(void)
{
    mock.start = churn_start;
    mock.done = churn_done;
    return run();
}

/* --- stopping ------------------------------------------------------------- */

static unsigned stops;
static struct mock_thread *stoppable[4];
static uint64_t counters;

static void stop_start(void)
{
    static const int routines[] = {DO_SPIN, DO_FAST_FOREVER, DO_SLOW_FOREVER,
                                   DO_SPIN};
    struct mock_task *task = mock_task_new();

    counters = mock_frames(1);
    platform_task_map(task->task, COUNTERS, counters, 4096, 3);
    for (int i = 0; i < 4; i++)
        stoppable[i] = mock_thread_go(task, routines[i], COUNTERS + 8 * i);
    platform_timer_set(platform_time_monotonic() + SECOND / 1000);
}

static void stop_timer(void)
{
    platform_thread_stop(stoppable[stops % 4]->thread);
    platform_timer_set(platform_time_monotonic() + SECOND / 1000);
}

static void stop_came(struct mock_thread *thread)
{
    struct platform_regs regs;

    platform_thread_get_regs(thread->thread, &regs);
    stops++;
    platform_thread_set_regs(thread->thread, &regs);
    if (stops < 400) {
        platform_thread_run(thread->thread);
        return;
    }
    EXPECT(((uint64_t *)mock_memory(counters))[0] > 0);
    platform_exit(0);
}

/* The timer may find a thread held by a trap: then nothing is asked. */
static bool stop_trap(struct mock_thread *thread, int64_t number,
                      const uint64_t args[6])
{
    static unsigned count;

    if (number == TRAP_SUM && ++count % 1000 == 0)
        stops++; /* a trap counts as coming in */
    return false;
}

static int running_threads_stop(void)
{
    mock.start = stop_start;
    mock.timer = stop_timer;
    mock.stopped = stop_came;
    mock.trap = stop_trap;
    return run();
}

/* Threads are ended while they run, and others take their place. */
static unsigned ended;

static void end_timer(void)
{
    static const int routines[] = {DO_SPIN, DO_FAST_FOREVER, DO_SLOW_FOREVER};
    struct mock_thread **victim = &stoppable[ended % 3];
    struct mock_task *task = (*victim)->task;

    platform_thread_destroy((*victim)->thread);
    if (++ended == 300) {
        platform_exit(0);
        return;
    }
    *victim = mock_thread_go(task, routines[ended % 3], COUNTERS);
    task->stacks = 8 + ended % 4;
    platform_timer_set(platform_time_monotonic() + SECOND / 2000);
}

static int running_threads_end(void)
{
    mock.start = stop_start;
    mock.timer = end_timer;
    return run();
}

/* --- emulation ------------------------------------------------------------ */

static void emulation_start(void)
{
    struct mock_task *task = mock_task_new();

    platform_task_set_emulation(task->task, 39, 1, mock_symbol(USER_EMULATOR));
    mock_thread_go(task, DO_EMULATION, 1000);
}

static bool emulation_trap(struct mock_thread *thread, int64_t number,
                           const uint64_t args[6])
{
    EXPECT(number != 39);
    return false;
}

static int redirected_calls_stay_in_the_task(void)
{
    mock.start = emulation_start;
    mock.trap = emulation_trap;
    return run();
}

/* --- many ----------------------------------------------------------------- */

static void many_start(void)
{
    for (int i = 0; i < 40; i++) {
        struct mock_task *task = mock_task_new();
        for (int j = 0; j < 25; j++)
            mock_thread_go(task,
                           j % 3 == 0   ? DO_NULL_SLOW
                           : j % 3 == 1 ? DO_NULL_FAST
                                        : DO_BASES,
                           100);
    }
}

static int many_tasks_and_threads(void)
{
    mock.start = many_start;
    return run();
}

static int cycles;

static void cycle(struct mock_thread *previous)
{
    if (previous) {
        struct mock_task *task = previous->task;
        platform_free(previous);
        mock_task_end(task);
    }
    if (++cycles == 3000)
        platform_exit(0);
    else
        mock_thread_go(mock_task_new(), DO_NULL_FAST, 3);
}

static void cycle_start(void)
{
    cycle(NULL);
}

static int thousands_of_tasks_come_and_go(void)
{
    mock.start = cycle_start;
    mock.done = cycle;
    EXPECT(run() == 0);
    return 0;
}

static void thread_cycle(struct mock_thread *previous)
{
    struct mock_task *task = previous ? previous->task : mock_task_new();

    if (previous)
        platform_thread_destroy(previous->thread);
    platform_free(previous);
    task->stacks = (unsigned)cycles % 8;
    if (++cycles == 5000)
        platform_exit(0);
    else
        mock_thread_go(task, DO_NULL_FAST, 3);
}

static void thread_cycle_start(void)
{
    thread_cycle(NULL);
}

static int thousands_of_threads_come_and_go(void)
{
    mock.start = thread_cycle_start;
    mock.done = thread_cycle;
    return run();
}

/* --- death ---------------------------------------------------------------- */

static struct mock_task *victim, *bystander;

static void death_start(void)
{
    victim = mock_task_new();
    mock_thread_go(victim, DO_SLOW_FOREVER, 0);
    bystander = mock_task_new();
    mock_thread_go(bystander, DO_NULL_SLOW, 20000);
    platform_timer_set(platform_time_monotonic() + SECOND / 100);
}

static void death_timer(void)
{
    kill(mock_pid(victim), SIGKILL);
}

static void death_seen(struct mock_task *task)
{
    EXPECT(task == victim);
    mock_live--;
    mock_task_end(task);
}

static int a_killed_process_is_a_dead_task(void)
{
    mock.start = death_start;
    mock.timer = death_timer;
    mock.died = death_seen;
    return run();
}

static void lonely_start(void)
{
    victim = mock_task_new();
    mock_thread_go(victim, DO_SLOW_FOREVER, 0);
    platform_timer_set(platform_time_monotonic() + SECOND / 100);
}

static void leave_work(struct mock_task *task)
{
    mock_task_end(task);
    platform_work_wanted();
}

static void work_is_done(void)
{
    platform_exit(0);
}

/* Nothing else happens that would wake the kernel. */
static int what_a_death_leaves_to_be_done_is_done(void)
{
    mock.start = lonely_start;
    mock.timer = death_timer;
    mock.died = leave_work;
    mock.work = work_is_done;
    return run();
}

static void hostile_start(void)
{
    start_routine();
    bystander = mock_task_new();
    mock_thread_go(bystander, DO_SLOW_FOREVER, 0);
}

static void hostile_died(struct mock_task *task)
{
    EXPECT(task != bystander);
    mock_task_end(task);
    platform_exit(0);
}

/* The first stop comes before it has blocked anything: once more, later. */
static struct mock_thread *blocker;

static void blocker_stopped(struct mock_thread *thread)
{
    EXPECT(!blocker);
    blocker = thread;
    platform_thread_run(thread->thread);
    platform_timer_set(platform_time_monotonic() + SECOND / 10);
}

static void blocker_timer(void)
{
    platform_thread_stop(blocker->thread);
}

static int a_thread_that_blocks_signals_ends_its_task(void)
{
    mock.stopped = blocker_stopped;
    mock.timer = blocker_timer;
    mock.start = hostile_start;
    mock.died = hostile_died;
    routine = DO_HOSTILE_SIGRETURN;
    return run();
}

/* A thread that was ended goes on: its slot is not given to another one, and
 * its task is ended in the end. */
static bool ghost_trap(struct mock_thread *thread, int64_t number,
                       const uint64_t args[6])
{
    const void *slot = thread->thread->control;

    if (number != TRAP_END_ME)
        return false;
    platform_thread_destroy(thread->thread);
    for (int i = 0; i < 8; i++) {
        struct mock_thread *next =
            mock_thread_go(thread->task, DO_SLOW_FOREVER, 0);
        EXPECT(next->thread->control != slot);
    }
    return true;
}

static int a_thread_that_does_not_end_ends_its_task(void)
{
    mock.start = hostile_start;
    mock.died = hostile_died;
    mock.trap = ghost_trap;
    routine = DO_HOSTILE_GHOST;
    return run();
}

/* A thread that says it is another one, or gone, stops all the same. */
static struct mock_thread *pretender;

static void pretender_start(void)
{
    pretender = mock_thread_go(mock_task_new(), DO_HOSTILE_TID, argument);
    platform_timer_set(platform_time_monotonic() + SECOND / 10);
}

static void pretender_timer(void)
{
    platform_thread_stop(pretender->thread);
}

static void pretender_stopped(struct mock_thread *thread)
{
    EXPECT(thread == pretender);
    platform_exit(0);
}

static int a_thread_with_a_false_number_stops(void)
{
    static const uint64_t numbers[] = {0, 1, ~0ull};

    mock.start = pretender_start;
    mock.timer = pretender_timer;
    mock.stopped = pretender_stopped;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        argument = numbers[i];
        EXPECT(run() == 0);
    }
    return 0;
}

static int a_frame_elsewhere_ends_its_task(void)
{
    static const uint64_t addresses[] = {0,
                                         1,
                                         STACKS_BASE,
                                         ~0ull,
                                         0x7ff000010000,
                                         0x7ff001000ff8,
                                         0x7ff001003fff};
    mock.start = hostile_start;
    mock.died = hostile_died;
    routine = DO_HOSTILE_FRAME;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        argument = addresses[i];
        EXPECT(run() == 0);
    }
    return 0;
}

/* One thread's control page is overwritten while it traps: its task may fail
 * in any way, the kernel and the other task may not. */
static void scribble_start(void)
{
    struct mock_task *task = mock_task_new();

    mock_thread_go(task, DO_SLOW_FOREVER, 0);
    mock_thread_go(task, DO_HOSTILE_SCRIBBLE, argument);
    bystander = mock_task_new();
    mock_thread_go(bystander, DO_NULL_SLOW, 3000);
    platform_timer_set(platform_time_monotonic() + SECOND);
}

static bool scribble_trap(struct mock_thread *thread, int64_t number,
                          const uint64_t args[6])
{
    struct platform_regs regs;
    uint8_t image[512];

    if (thread->task == bystander)
        return false;
    platform_thread_get_regs(thread->thread, &regs);
    if (regs.r9 & 1)
        platform_thread_set_regs(thread->thread, &regs);
    platform_thread_get_fpu(thread->thread, image, sizeof(image));
    platform_thread_set_fpu(thread->thread, image, sizeof(image));
    platform_thread_return(thread->thread, 0);
    return true;
}

static bool scribble_fault(struct mock_thread *thread, uint64_t address,
                           int access)
{
    EXPECT(thread->task != bystander);
    return true; /* left there */
}

static void scribble_done(struct mock_thread *thread)
{
    if (thread->task == bystander)
        platform_exit(0);
}

static void scribble_timer(void)
{
    platform_timer_set(platform_time_monotonic() + SECOND);
}

static int a_scribbled_control_page_hurts_nobody_else(void)
{
    mock.start = scribble_start;
    mock.trap = scribble_trap;
    mock.fault = scribble_fault;
    mock.died = hostile_died;
    mock.done = scribble_done;
    mock.timer = scribble_timer;
    mock.stopped = (void (*)(struct mock_thread *))scribble_done;
    for (argument = 1; argument < 30; argument++)
        EXPECT(run() == 0);
    return 0;
}

/* After kill -9 of the kernel no task is left: the runner looks. */
static void orphan_start(void)
{
    for (int i = 0; i < 10; i++) {
        struct mock_task *task = mock_task_new();
        mock_thread_go(task, i % 2 ? DO_SPIN : DO_SLOW_FOREVER, TOUCH_BASE);
    }
    platform_timer_set(platform_time_monotonic() + SECOND / 10);
}

static void orphan_timer(void)
{
    kill(getpid(), SIGKILL);
}

static int no_task_outlives_the_kernel(void)
{
    mock.start = orphan_start;
    mock.timer = orphan_timer;
    return run();
}

static void crash_timer(void)
{
    raise(SIGSEGV);
}

static int no_task_outlives_a_crash(void)
{
    mock.start = orphan_start;
    mock.timer = crash_timer;
    return run();
}

static void terminate_timer(void)
{
    kill(getpid(), SIGTERM);
}

static int a_signal_asks_for_the_end(void)
{
    mock.start = orphan_start;
    mock.timer = terminate_timer;
    return run() == 3 ? 0 : 1;
}

/* --- disks ---------------------------------------------------------------- */

static char disk_path[] = "/tmp/hell-disk-XXXXXX";
static uint64_t disk_frames;
static int disk_step;

static void disk_io(enum platform_disk_op op, uint64_t offset, uint64_t phys)
{
    struct platform_extent extents[] = {{phys, 4096}, {phys + 8192, 512}};

    platform_disk_submit(0, op, offset, extents,
                         op == PLATFORM_DISK_FLUSH ? 0 : 2, &disk_step);
}

static void disk_start(void)
{
    EXPECT(platform_disk_count() == 1);
    EXPECT(platform_disk_size(0) == 1 << 20);
    disk_frames = mock_frames(8);
    memset(mock_memory(disk_frames), 'a', 8 * 4096);
    disk_step = 0;
    disk_io(PLATFORM_DISK_WRITE, 8192, disk_frames);
}

static void disk_next(void *cookie, int status)
{
    const char *back = mock_memory(disk_frames + 16384);

    EXPECT(cookie == &disk_step);
    EXPECT((status == 0) == (disk_step != 3));
    switch (disk_step++) {
    case 0:
        disk_io(PLATFORM_DISK_FLUSH, 0, 0);
        break;
    case 1:
        memset(mock_memory(disk_frames + 16384), 0, 16384);
        disk_io(PLATFORM_DISK_READ, 8192, disk_frames + 16384);
        break;
    case 2:
        EXPECT(back[0] == 'a' && back[4095] == 'a' && back[4096] == 0 &&
               back[8192] == 'a' && back[8192 + 511] == 'a');
        disk_io(PLATFORM_DISK_READ, 1 << 20, disk_frames);
        break;
    default:
        platform_exit(0);
    }
}

static int disk_run(bool discard, char expected)
{
    struct linux_disk disk = {.path = disk_path, .discard = discard};
    char byte;
    int fd = open(disk_path, O_RDONLY);

    EXPECT(run_with(&disk, 1) == 0);
    EXPECT(pread(fd, &byte, 1, 8192) == 1 && byte == expected);
    close(fd);
    return 0;
}

static int disks_read_and_write(void)
{
    struct linux_disk disk = {.path = disk_path};
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = mkstemp(disk_path);

    EXPECT(fd >= 0 && ftruncate(fd, 1 << 20) == 0);
    mock.start = disk_start;
    mock.disk_done = disk_next;
    disk_run(true, 0);
    disk_run(false, 'a');
    EXPECT(fcntl(fd, F_OFD_SETLK, &lock) == 0);
    EXPECT(run_with(&disk, 1) == LINUX_STATUS_FAILED);
    unlink(disk_path);
    return 0;
}

/* --- requests that nobody waits for ------------------------------------------ */

#define ABANDON_ROUNDS 200
#define ABANDON_SIZE   (512u << 10) /* of a read; too large to be done at once */

static unsigned abandon_round, abandon_given_up, abandon_pending;
static uint8_t
    *abandon_after; /* memory as it was when nobody waited any more */
static bool abandon_done;
static int abandoned_read, marker;

/* Behind the read a flush of the same disk: when that is done, the read is as
 * well, or not far from it. */
static void abandon_submit(void)
{
    struct platform_extent extent = {disk_frames, ABANDON_SIZE};

    memset(mock_memory(disk_frames), (int)abandon_round | 1, ABANDON_SIZE);
    platform_disk_submit(0, PLATFORM_DISK_READ, 0, &extent, 1, &abandoned_read);
    for (volatile unsigned i = 0; i < abandon_round * 997 % 60000; i++)
        ;
    abandon_done = platform_disk_abandon(&abandoned_read);
    abandon_given_up += abandon_done;
    abandon_pending = abandon_done ? 1 : 2;
    memcpy(abandon_after, mock_memory(disk_frames), ABANDON_SIZE);
    platform_disk_submit(0, PLATFORM_DISK_FLUSH, 0, NULL, 0, &marker);
}

static void abandon_start(void)
{
    disk_frames = mock_frames(ABANDON_SIZE / 4096);
    abandon_after = malloc(ABANDON_SIZE);
    abandon_submit();
}

static void abandon_next(void *cookie, int status)
{
    EXPECT(status == 0 && !(abandon_done && cookie == &abandoned_read));
    if (--abandon_pending > 0)
        return;
    usleep(200);
    EXPECT(!abandon_done ||
           memcmp(abandon_after, mock_memory(disk_frames), ABANDON_SIZE) == 0);
    if (++abandon_round < ABANDON_ROUNDS) {
        abandon_submit();
        return;
    }
    EXPECT(abandon_given_up > ABANDON_ROUNDS / 4);
    platform_exit(0);
}

static int what_is_abandoned_touches_no_memory(void)
{
    char path[] = "/tmp/hell-disk-XXXXXX";
    struct linux_disk disk = {.path = path};
    int fd = mkstemp(path), result;
    char page[4096];

    memset(page, 0xdd, sizeof page);
    for (unsigned i = 0; i < 256; i++)
        EXPECT(write(fd, page, sizeof page) == sizeof page);
    mock.start = abandon_start;
    mock.disk_done = abandon_next;
    result = run_with(&disk, 1);
    unlink(path);
    close(fd);
    return result;
}

/* --- the runner ----------------------------------------------------------- */

#define TEST(name)                                                             \
    {                                                                          \
#name, name, 0                                                         \
    }

static const struct test {
    const char *name;
    int (*run)(void);
    int signal; /* that it ends by */
} tests[] = {
    TEST(traps_by_syscall),
    TEST(traps_by_fast_entry),
    TEST(traps_preserve_registers),
    TEST(faults_are_resolved),
    TEST(exceptions_have_their_vectors),
    TEST(fs_and_gs_bases_are_kept),
    TEST(registers_replaced_in_a_slow_trap),
    TEST(registers_replaced_in_a_fast_trap),
    TEST(floating_point_registers),
    TEST(protect_leaves_holes),
    TEST(more_changes_than_the_ring_holds),
    TEST(running_threads_stop),
    TEST(running_threads_end),
    TEST(redirected_calls_stay_in_the_task),
    TEST(many_tasks_and_threads),
    TEST(thousands_of_tasks_come_and_go),
    TEST(thousands_of_threads_come_and_go),
    TEST(a_killed_process_is_a_dead_task),
    TEST(what_a_death_leaves_to_be_done_is_done),
    TEST(hostile_calls_are_trapped),
    TEST(hostile_numbers_are_trapped),
    TEST(hostile_writes_are_faults),
    TEST(a_thread_that_blocks_signals_ends_its_task),
    TEST(a_thread_that_does_not_end_ends_its_task),
    TEST(a_thread_with_a_false_number_stops),
    TEST(a_frame_elsewhere_ends_its_task),
    TEST(a_scribbled_control_page_hurts_nobody_else),
    {"no_task_outlives_the_kernel", no_task_outlives_the_kernel, SIGKILL},
    {"no_task_outlives_a_crash", no_task_outlives_a_crash, SIGSEGV},
    TEST(a_signal_asks_for_the_end),
    TEST(disks_read_and_write),
    TEST(what_is_abandoned_touches_no_memory),
};

/* True if the test ended as it should and everything it made is gone. */
static bool run_test(const struct test *test)
{
    int status, waited = 0;
    pid_t pid = fork(), other;
    bool good;

    if (pid == 0) {
        alarm(TIME_LIMIT);
        exit(test->run());
    }
    waitpid(pid, &status, 0);
    good = test->signal
               ? WIFSIGNALED(status) && WTERMSIG(status) == test->signal
               : status == 0;
    if (!good)
        printf("%s: ended with status %#x\n", test->name, status);
    /* Orphans become ours. */
    while ((other = waitpid(-1, NULL, WNOHANG)) >= 0 && waited < 2000) {
        if (other == 0) {
            usleep(1000);
            waited++;
        }
    }
    if (other == 0)
        printf("%s: left a process behind\n", test->name);
    return good && other < 0;
}

int main(int argc, char **argv)
{
    unsigned failed = 0, count = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        if (argc > 1 && !strstr(tests[i].name, argv[1]))
            continue;
        bool good = run_test(&tests[i]);
        printf("%s %s\n", good ? "ok  " : "FAIL", tests[i].name);
        failed += !good;
        count++;
    }
    printf("platform-tests: %u passed, %u failed\n", count - failed, failed);
    return failed ? 1 : 0;
}
