/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is counted: faults, pages, messages, and the processor's time. */
#include "paged.h"

#include "mach_host_user.h"
#include "mach_port_user.h"
#include "mach4_user.h"
#include "gnumach_user.h"

#include <mach/processor_info.h>
#include <mach/task_info.h>
#include <mach/thread_info.h>
#include <mach/vm_statistics.h>

#define PAGE PAGED_PAGE
#define MS   1000000ull

static struct user *one;

static int setup(void **state)
{
    world_setup(state);
    one = user_create("one");
    user_be(one);
    return 0;
}

static struct task_events_info events(mach_port_t task)
{
    struct task_events_info info;
    mach_msg_type_number_t count = TASK_EVENTS_INFO_COUNT;

    assert_ok(task_info(task, TASK_EVENTS_INFO, (task_info_t)&info, &count));
    return info;
}

static struct thread_basic_info basic(mach_port_t thread)
{
    struct thread_basic_info info;
    mach_msg_type_number_t count = THREAD_BASIC_INFO_COUNT;

    assert_ok(
        thread_info(thread, THREAD_BASIC_INFO, (thread_info_t)&info, &count));
    return info;
}

static mach_port_t thread_name(struct user *user, unsigned index)
{
    mach_port_t *threads;
    mach_msg_type_number_t count = 0;

    assert_ok(task_threads(user->self, (thread_array_t *)&threads, &count));
    assert_true(index < count);
    return world_word((uint64_t)(threads + index));
}

TEST(faults_and_fresh_pages_are_counted_for_the_task_and_the_machine)
{
    vm_statistics_data_t before, after;
    struct task_events_info was = events(one->self), is;
    vm_address_t at = 0;

    assert_ok(vm_statistics(one->self, &before));
    assert_ok(vm_allocate(one->self, &at, 64 * PAGE, 1));
    for (unsigned i = 0; i < 64; i++)
        world_set_word(at + i * PAGE, i);
    is = events(one->self);
    assert_ok(vm_statistics(one->self, &after));
    assert_true(is.zero_fills - was.zero_fills >= 64);
    assert_true(is.faults - was.faults >= 4);
    assert_true((unsigned)(after.zero_fill_count - before.zero_fill_count) >=
                64);
    assert_true(after.faults - before.faults >= 4);
    assert_true(before.free_count - after.free_count >= 64);
    assert_int_equal(after.free_count + after.active_count +
                         after.inactive_count + after.wire_count,
                     WORLD_MEMORY / PAGE);
}

TEST(a_page_that_was_copied_and_is_written_is_a_cow_fault)
{
    vm_address_t at = 0;
    vm_offset_t copy;
    mach_msg_type_number_t size;

    assert_ok(vm_allocate(one->self, &at, 64 * PAGE, 1));
    for (unsigned i = 0; i < 64; i++)
        world_set_word(at + i * PAGE, i);
    assert_ok(vm_read(one->self, at, 64 * PAGE, &copy, &size));
    struct task_events_info was = events(one->self);
    world_set_word(at + 33 * PAGE, 1);
    assert_int_equal(events(one->self).cow_faults - was.cow_faults, 1);
}

TEST(a_page_asked_of_a_pager_is_a_pagein_and_one_returned_a_pageout)
{
    struct user *pager = user_create("pager");
    struct paged paged;
    vm_statistics_data_t before, after;

    paged_map(&paged, pager, one, 4 * PAGE);
    struct task_events_info was = events(one->self);
    assert_ok(vm_statistics(one->self, &before));
    uint32_t word = 7;
    assert_false(sim_write(one->thread, paged.window, &word, sizeof word));
    paged_supply(&paged, 1);
    assert_true(sim_write(one->thread, paged.window, &word, sizeof word));
    user_be(one);
    assert_true(events(one->self).pageins - was.pageins == 1);
    user_be(pager);
    assert_ok(memory_object_lock_request(paged.control, 0, PAGE,
                                         MEMORY_OBJECT_RETURN_DIRTY, 1,
                                         VM_PROT_NO_CHANGE, 0));
    assert_int_equal(paged_returned(&paged), 1);
    user_be(one);
    assert_ok(vm_statistics(one->self, &after));
    assert_int_equal(after.pageins - before.pageins, 1);
    assert_int_equal(after.pageouts - before.pageouts, 1);
    assert_true(after.lookups > 0);
}

TEST(messages_are_counted_at_both_ends)
{
    mach_port_t port = world_reply_port();
    struct task_events_info was = events(one->self);

    for (int i = 0; i < 5; i++) {
        assert_ok(send_simple(port, MACH_MSG_TYPE_MAKE_SEND, i + 1, 0, 0));
        assert_int_equal(receive_id(port), i + 1);
    }
    struct task_events_info is = events(one->self);
    assert_true(is.messages_sent - was.messages_sent >= 5);
    assert_true(is.messages_received - was.messages_received >= 5);
}

TEST(a_thread_has_the_time_that_the_host_gave_it)
{
    mach_port_t thread = thread_name(one, 0);

    one->thread->times = (struct platform_times){1500 * MS, 250 * MS};
    struct thread_basic_info info = basic(thread);
    assert_int_equal(info.user_time.seconds, 1);
    assert_int_equal(info.user_time.microseconds, 500000);
    assert_int_equal(info.user_time64.nanoseconds, 500 * MS);
    assert_true(info.system_time64.nanoseconds >= 250 * (int64_t)MS);
    assert_int_equal(info.flags, 0);
}

TEST(a_task_has_the_time_of_its_threads_alive_and_dead)
{
    struct user *other = user_create_thread(one);
    struct task_thread_times_info live;
    struct task_basic_info dead;
    mach_msg_type_number_t count = TASK_THREAD_TIMES_INFO_COUNT;

    user_be(one);
    one->thread->times.user_ns = 300 * MS;
    other->thread->times.user_ns = 2000 * MS;
    assert_ok(task_info(one->self, TASK_THREAD_TIMES_INFO, (task_info_t)&live,
                        &count));
    assert_int_equal(live.user_time64.seconds, 2);
    assert_int_equal(live.user_time64.nanoseconds, 300 * MS);
    assert_ok(thread_terminate(thread_name(one, 1)));
    count = TASK_THREAD_TIMES_INFO_COUNT;
    assert_ok(task_info(one->self, TASK_THREAD_TIMES_INFO, (task_info_t)&live,
                        &count));
    assert_int_equal(live.user_time64.seconds, 0);
    assert_int_equal(live.user_time64.nanoseconds, 300 * MS);
    count = TASK_BASIC_INFO_COUNT;
    assert_ok(
        task_info(one->self, TASK_BASIC_INFO, (task_info_t)&dead, &count));
    assert_int_equal(dead.user_time64.seconds, 2);
}

TEST(who_asks_without_the_newer_times_is_answered_without_them)
{
    struct task_basic_info info;
    mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT - 12;

    memset(&info, 0x55, sizeof info);
    assert_ok(
        task_info(one->self, TASK_BASIC_INFO, (task_info_t)&info, &count));
    assert_int_equal(count, TASK_BASIC_INFO_COUNT - 12);
    assert_int_equal(info.base_priority, 25);
    count = 3;
    assert_kr(task_info(one->self, TASK_BASIC_INFO, (task_info_t)&info, &count),
              KERN_INVALID_ARGUMENT);
}

TEST(a_thread_that_waits_says_for_how_long)
{
    struct user *other = user_create_thread(one);
    struct message message;

    user_be(other);
    mach_port_t port = world_reply_port();
    assert_int_equal(receive(port, &message, 0, 0), WORLD_BLOCKED);
    sim_advance_ms(3500);
    user_be(one);
    struct thread_basic_info info = basic(thread_name(one, 1));
    assert_int_equal(info.run_state, TH_STATE_WAITING);
    assert_int_equal(info.sleep_time, 3);
    info = basic(thread_name(one, 0));
    assert_int_equal(info.sleep_time, 0);
}

TEST(half_of_the_processor_is_half_of_the_scale)
{
    mach_port_t thread = thread_name(one, 0);

    basic(thread);
    sim_advance_ms(2000);
    basic(thread);
    sim_advance_ms(2000);
    one->thread->times.user_ns += 1000 * MS;
    /* Here the kernel works all the time, in part for this thread. */
    assert_in_range(basic(thread).cpu_usage, TH_USAGE_SCALE * 4 / 10,
                    TH_USAGE_SCALE * 16 / 10);
}

/* The kernel task is the first of all. */
static mach_port_t kernel_idle_thread(mach_port_t *task)
{
    mach_port_t host = user_host_priv(one), set, *tasks, *threads;
    mach_msg_type_number_t count = 0;

    assert_ok(processor_set_default(user_host_priv(one), &set));
    assert_ok(host_processor_set_priv(host, set, &set));
    assert_ok(processor_set_tasks(set, (task_array_t *)&tasks, &count));
    *task = world_word((uint64_t)tasks);
    count = 0;
    assert_ok(task_threads(*task, (thread_array_t *)&threads, &count));
    assert_int_equal(count, 1);
    return world_word((uint64_t)threads);
}

TEST(the_kernel_task_has_an_idle_thread_that_has_what_nobody_had)
{
    mach_port_t task, thread = kernel_idle_thread(&task);
    struct thread_basic_info before, after;

    before = basic(thread);
    assert_int_equal(before.flags, TH_FLAGS_IDLE);
    one->thread->times.user_ns = 4000 * MS;
    sim_advance_ms(1000);
    after = basic(thread);
    assert_true(after.system_time64.seconds >= before.system_time64.seconds);
}

TEST(the_idle_thread_stays)
{
    mach_port_t task, thread = kernel_idle_thread(&task);
    natural_t registers[64];
    mach_msg_type_number_t count = 64;

    assert_kr(thread_terminate(thread), KERN_INVALID_ARGUMENT);
    assert_kr(thread_get_state(thread, 1, (thread_state_t)registers, &count),
              KERN_INVALID_ARGUMENT);
    assert_kr(thread_set_state(thread, 1, (thread_state_t)registers, 20),
              KERN_INVALID_ARGUMENT);
    assert_ok(thread_suspend(thread));
    assert_ok(thread_resume(thread));
    assert_kr(thread_resume(thread), KERN_FAILURE);
    assert_ok(thread_abort(thread));
    assert_int_equal(basic(thread).run_state, TH_STATE_RUNNING);
}

TEST(load_is_the_average_of_the_threads_that_run)
{
    struct host_load_info load;
    mach_msg_type_number_t count = HOST_LOAD_INFO_COUNT;

    for (int i = 0; i < 60; i++)
        sim_advance_ms(1000);
    assert_ok(host_info(user_host_priv(one), HOST_LOAD_INFO, (host_info_t)&load,
                        &count));
    assert_in_range(load.avenrun[0], LOAD_SCALE * 9 / 10, LOAD_SCALE);
    assert_true(load.avenrun[2] < load.avenrun[0]);
    assert_true(load.mach_factor[0] < LOAD_SCALE / 10);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(faults_and_fresh_pages_are_counted_for_the_task_and_the_machine),
        T(a_page_that_was_copied_and_is_written_is_a_cow_fault),
        T(a_page_asked_of_a_pager_is_a_pagein_and_one_returned_a_pageout),
        T(messages_are_counted_at_both_ends),
        T(a_thread_has_the_time_that_the_host_gave_it),
        T(a_task_has_the_time_of_its_threads_alive_and_dead),
        T(who_asks_without_the_newer_times_is_answered_without_them),
        T(a_thread_that_waits_says_for_how_long),
        T(half_of_the_processor_is_half_of_the_scale),
        T(the_kernel_task_has_an_idle_thread_that_has_what_nobody_had),
        T(the_idle_thread_stays),
        T(load_is_the_average_of_the_threads_that_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
