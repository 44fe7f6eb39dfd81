/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tasks and threads: suspended, read, steered, aborted, ended; gsync. */
#include "run.h"

static volatile uint64_t counter;
static volatile unsigned word, woken;

static void counts(uint64_t step)
{
    for (;;)
        counter += step;
}

static void waits_for_word(uint64_t unused)
{
    struct message message;

    /* gsync_wait by hand: the stubs' reply port is the first thread's. */
    receive(mach_reply_port(), &message, 100000);
    woken = 1;
    for (;;)
        thread_switch(MACH_PORT_NULL, 2, 1000);
}

static void pause_ms(unsigned ms)
{
    thread_switch(MACH_PORT_NULL, 2, ms);
}

static bool moves(void)
{
    uint64_t before = counter;

    for (int i = 0; i < 400 && counter == before; i++)
        pause_ms(5);
    return counter != before;
}

static void a_thread_stops_and_goes(void)
{
    mach_port_t thread = make_thread(mach_task_self(), counts, 1);
    struct i386_thread_state state;
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
    uint64_t before;

    pause_ms(20);
    CHECK_EQ(counter, 0);
    OK(thread_resume(thread));
    CHECK(moves());
    OK(thread_suspend(thread));
    before = counter;
    pause_ms(30);
    CHECK_EQ(counter, before);
    OK(thread_get_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)&state,
                        &count));
    CHECK(state.rip >= (uint64_t)counts);
    CHECK(state.rip < (uint64_t)counts + 200);
    state.rip = (uint64_t)counts;
    state.rdi = 0;
    OK(thread_set_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)&state,
                        count));
    OK(thread_resume(thread));
    pause_ms(30);
    before = counter;
    pause_ms(30);
    CHECK_EQ(counter, before);
    OK(thread_terminate(thread));
    CHECK(thread_resume(thread) != KERN_SUCCESS);
}

static void a_wait_can_be_aborted(void)
{
    mach_port_t thread = start_thread(mach_task_self(), waits_for_word, 0);

    pause_ms(20);
    CHECK_EQ(woken, 0);
    OK(thread_abort(thread));
    for (int i = 0; i < 200 && !woken; i++)
        pause_ms(5);
    CHECK_EQ(woken, 1);
    OK(thread_terminate(thread));
}

static void a_task_stops_and_ends(void)
{
    mach_port_t task, thread, *threads;
    mach_msg_type_number_t count = 0;
    vm_address_t address = (vm_address_t)&counter & ~(vm_address_t)(PAGE - 1);
    uint64_t before;

    OK(vm_inherit(mach_task_self(), address, PAGE, VM_INHERIT_SHARE));
    task = new_task();
    thread = start_thread(task, counts, 1);
    CHECK(moves());
    OK(task_suspend(task));
    before = counter;
    pause_ms(30);
    CHECK_EQ(counter, before);
    OK(task_resume(task));
    CHECK(moves());
    OK(task_threads(task, &threads, &count));
    CHECK_EQ(count, 1);
    CHECK_EQ(threads[0], thread);
    OK(task_terminate(task));
    before = counter;
    pause_ms(30);
    CHECK_EQ(counter, before);
}

static void gsync_waits_and_wakes(void)
{
    mach_port_t self = mach_task_self();
    vm_address_t at = (vm_address_t)&word;

    word = 4;
    CHECK_EQ(gsync_wait(self, at, 5, 0, 0, 0), KERN_INVALID_ARGUMENT);
    CHECK_EQ(gsync_wait(self, at, 4, 0, 30, 4), KERN_TIMEDOUT);
    CHECK_EQ(gsync_wait(self, at + 1, 4, 0, 0, 0), KERN_INVALID_ADDRESS);
}

static void special_ports_are_kept(void)
{
    mach_port_t self = mach_task_self(), mine = new_port(), got = 0;

    OK(task_set_special_port(self, TASK_BOOTSTRAP_PORT, mine));
    OK(task_get_special_port(self, TASK_BOOTSTRAP_PORT, &got));
    CHECK_EQ(got, mine);
    OK(task_get_special_port(self, TASK_KERNEL_PORT, &got));
    CHECK_EQ(got, self);
    CHECK(task_get_special_port(self, 99, &got) != KERN_SUCCESS);
}

static void many_tasks_come_and_go(void)
{
    for (int i = 0; i < 50; i++) {
        mach_port_t task = new_task();
        OK(task_terminate(task));
        OK(mach_port_deallocate(mach_task_self(), task));
    }
}

void test_main(void)
{
    a_thread_stops_and_goes();
    a_wait_can_be_aborted();
    a_task_stops_and_ends();
    gsync_waits_and_wakes();
    special_ports_are_kept();
    many_tasks_come_and_go();
}
