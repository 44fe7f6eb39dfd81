/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Anonymous memory at a default pager, which is played by a user of the test. */
#include "checker.h"
#include "paged.h"
#include "swapper.h"
#include "world_kernel.h"

#include "account_user.h"

#include <mach/vm_cache_statistics.h>

#define PAGE   SWAPPER_PAGE
#define FRAMES (WORLD_MEMORY / PAGE)
#define MUCH   (FRAMES + FRAMES / 8)
#define ROOM   (4 * FRAMES)

static struct swapper swapper;
static struct user *one, *two;

static void pump(void)
{
    swapper_pump(&swapper);
}

static void begin(uint64_t room)
{
    swapper_start(&swapper, user_create("pager"), room);
    swapper_pump(&swapper);
    world_pump = pump;
    user_be(one);
}

static int setup(void **state)
{
    world_setup(state);
    one = user_create("one");
    two = user_create("two");
    user_be(one);
    return 0;
}

static int teardown(void **state)
{
    world_pump = NULL;
    swapper_stop(&swapper);
    return world_teardown(state);
}

static vm_address_t allocate(struct user *user, uint64_t pages)
{
    vm_address_t at = 0;

    user_be(user);
    assert_ok(vm_allocate(user->self, &at, pages * PAGE, 1));
    return at;
}

/* Each page gets words of its own. */
static void write_pages(vm_address_t at, uint64_t pages, uint32_t seed)
{
    for (uint64_t i = 0; i < pages; i++) {
        world_set_word(at + i * PAGE, seed + (uint32_t)i);
        world_set_word(at + i * PAGE + PAGE - 4, ~(seed + (uint32_t)i));
    }
}

static void check_pages(vm_address_t at, uint64_t pages, uint32_t seed)
{
    for (uint64_t i = 0; i < pages; i++) {
        assert_int_equal(world_word(at + i * PAGE), seed + i);
        assert_int_equal(world_word(at + i * PAGE + PAGE - 4),
                         ~(seed + (uint32_t)i));
    }
}

TEST(who_is_asked_for_and_set_is_the_privileged_hosts_alone)
{
    mach_port_t manager = MACH_PORT_NULL, port = world_reply_port();

    assert_ok(vm_set_default_memory_manager(user_host_priv(one), &manager));
    assert_int_equal(manager, MACH_PORT_NULL);
    assert_ok(
        mach_port_insert_right(one->self, port, port, MACH_MSG_TYPE_MAKE_SEND));
    manager = port;
    assert_ok(vm_set_default_memory_manager(user_host_priv(one), &manager));
    assert_int_equal(manager, MACH_PORT_NULL);
    assert_ok(vm_set_default_memory_manager(user_host_priv(one), &manager));
    assert_int_equal(manager, port);
    assert_kr(vm_set_default_memory_manager(one->self, &manager),
              KERN_INVALID_HOST);
}

TEST(a_task_uses_more_memory_than_there_is)
{
    begin(ROOM);
    vm_address_t at = allocate(one, MUCH);

    write_pages(at, MUCH, 1);
    assert_null(check_kernel());
    check_pages(at, MUCH, 1);
    assert_null(check_kernel());
    assert_true(swapper.sent >= MUCH - FRAMES);
    assert_true(swapper.asked > 0);
    assert_int_equal(swapper.strange, 0);
}

TEST(a_pager_that_says_so_is_asked_for_several_pages_at_once)
{
    swapper_start(&swapper, user_create("pager"), ROOM);
    swapper.many = true;
    swapper_pump(&swapper);
    world_pump = pump;
    user_be(one);
    vm_address_t at = allocate(one, MUCH);

    write_pages(at, MUCH, 1);
    check_pages(at, MUCH, 1);
    assert_true(swapper.most > 1);
    assert_null(check_kernel());
}

TEST(without_room_nothing_is_sent)
{
    begin(0);
    vm_address_t at = allocate(one, MUCH);
    uint32_t word = 1;

    for (uint64_t i = 0; i < MUCH; i++) {
        if (!sim_write(one->thread, at + i * PAGE, &word, sizeof word))
            break;
    }
    assert_true(user_blocked(one) || world_thread_is_dead(one));
    pump();
    assert_int_equal(swapper.sent, 0);
    assert_null(check_kernel());
}

TEST(what_is_sent_is_no_more_than_there_is_room_for)
{
    begin(500);
    vm_address_t at = allocate(one, MUCH);
    uint32_t word = 1;

    for (uint64_t i = 0; i < MUCH; i++) {
        unsigned tries = 0;
        while (!sim_write(one->thread, at + i * PAGE, &word, sizeof word) &&
               !world_thread_is_dead(one) && tries++ < 100)
            pump();
        if (user_blocked(one) || world_thread_is_dead(one))
            break;
        pump();
        sim_advance_ms(1);
    }
    assert_in_range(swapper.sent, 100, 500 + swapper.asked);
    assert_null(check_kernel());
}

TEST(a_fork_has_what_is_paged_out_as_its_own)
{
    begin(ROOM);
    const unsigned few = 500;
    vm_address_t at = allocate(one, few), more;
    mach_port_t child;
    vm_offset_t data;
    mach_msg_type_number_t size;

    write_pages(at, few, 7);
    more = allocate(one, MUCH);
    write_pages(more, MUCH, 9);
    assert_true(swapper.sent > few);
    assert_ok(task_create(one->self, 1, &child));
    assert_null(check_kernel());
    write_pages(at, few, 1000);
    assert_ok(vm_read(child, at, few * PAGE, &data, &size));
    check_pages(data, few, 7);
    check_pages(at, few, 1000);
    assert_ok(task_terminate(child));
    check_pages(data, few, 7);
    assert_null(check_kernel());
}

TEST(what_is_freed_leaves_its_slots)
{
    begin(ROOM);
    vm_address_t at = allocate(one, MUCH);

    write_pages(at, MUCH, 3);
    for (int round = 0; round < 2; round++) {
        assert_ok(vm_deallocate(one->self, at, MUCH * PAGE));
        pump();
        assert_null(check_kernel());
        at = allocate(one, MUCH);
        write_pages(at, MUCH, round);
        check_pages(at, MUCH, round);
    }
    unsigned areas = 0;
    for (unsigned i = 0; i < swapper.area_count; i++)
        areas += swapper.areas[i].object != 0;
    assert_in_range(areas, 1, 3);
}

TEST(a_default_pager_that_dies_takes_along_what_it_had_and_nothing_else)
{
    begin(ROOM);
    vm_address_t at = allocate(one, MUCH);
    uint32_t word;
    unsigned lost = 0;

    write_pages(at, MUCH, 3);
    vm_address_t own = allocate(two, 4);
    write_pages(own, 4, 77);
    sim_console_clear();
    world_pump = NULL;
    user_kill(swapper.user);
    user_be(one);
    for (uint64_t i = 0; i < MUCH && !lost; i++)
        lost = !sim_read(one->thread, at + i * PAGE, &word, sizeof word);
    assert_int_equal(lost, 1);
    assert_non_null(strstr(sim_console(), "the default pager has gone"));
    user_be(two);
    check_pages(own, 4, 77);
    assert_null(check_kernel());
    vm_address_t new = allocate(two, 100);
    write_pages(new, 100, 5);
    assert_null(check_kernel());
}

TEST(what_cannot_be_brought_back_is_an_error_for_who_needs_it)
{
    begin(ROOM);
    vm_address_t at = allocate(one, MUCH);
    uint32_t word;
    bool failed = false;

    write_pages(at, MUCH, 3);
    swapper.fails = true;
    sim_console_clear();
    for (uint64_t i = 0; i < MUCH && !failed; i++) {
        if (sim_read(one->thread, at + i * PAGE, &word, sizeof word))
            continue;
        pump();
        failed = true;
    }
    assert_true(failed);
    assert_non_null(strstr(sim_console(), "cannot bring a page back"));
    assert_null(check_kernel());
    swapper.fails = false;
    vm_address_t own = allocate(two, MUCH);
    write_pages(own, MUCH, 77);
    check_pages(own, MUCH, 77);
    assert_null(check_kernel());
}

TEST(wired_memory_stays)
{
    begin(ROOM);
    vm_address_t at = allocate(one, 200);

    write_pages(at, 200, 1);
    assert_ok(vm_wire(user_host_priv(one), one->self, at, 200 * PAGE,
                      VM_PROT_READ | VM_PROT_WRITE));
    vm_address_t more = allocate(two, MUCH);
    write_pages(more, MUCH, 2);
    swapper.asked = 0;
    user_be(one);
    check_pages(at, 200, 1);
    assert_int_equal(swapper.asked, 0);
    assert_ok(
        vm_wire(user_host_priv(one), one->self, at, 200 * PAGE, VM_PROT_NONE));
    assert_null(check_kernel());
    user_be(two);
    write_pages(more, MUCH, 3);
    user_be(one);
    swapper.asked = 0;
    check_pages(at, 200, 1);
    assert_true(swapper.asked > 0);
}

TEST(what_is_wired_while_it_is_out_is_brought_back_first)
{
    begin(ROOM);
    vm_address_t at = allocate(one, 100);

    write_pages(at, 100, 1);
    vm_address_t more = allocate(two, MUCH);
    write_pages(more, MUCH, 2);
    user_be(one);
    swapper.asked = 0;
    assert_ok(vm_wire(user_host_priv(one), one->self, at, 100 * PAGE,
                      VM_PROT_READ | VM_PROT_WRITE));
    assert_true(swapper.asked > 0);
    assert_null(check_kernel());
    user_be(two);
    write_pages(more, MUCH, 3);
    user_be(one);
    swapper.asked = 0;
    check_pages(at, 100, 1);
    assert_int_equal(swapper.asked, 0);
}

/* A user has an eighth less than all of the room. */
TEST(a_users_pages_do_not_fill_the_default_pager)
{
    const uint64_t room = FRAMES / 2;

    begin(room);
    assert_ok(task_set_account(user_host_priv(one), one->self, 7));
    vm_address_t at = allocate(one, MUCH);
    uint32_t word = 1;
    for (uint64_t i = 0; i < MUCH; i++) {
        unsigned tries = 0;
        while (!sim_write(one->thread, at + i * PAGE, &word, sizeof word) &&
               !world_thread_is_dead(one) && user_blocked(one) && tries++ < 100)
            pump();
        if (user_blocked(one) || world_thread_is_dead(one))
            break;
        sim_advance_ms(1);
    }
    pump();
    assert_in_range(swapper.sent - swapper.asked, room / 2, room / 8 * 7);
    assert_null(check_kernel());
    vm_address_t own = allocate(two, room / 16);
    write_pages(own, room / 16, 3);
    check_pages(own, room / 16, 3);
}

TEST(a_task_that_wires_all_keeps_all)
{
    begin(ROOM);
    vm_address_t at = allocate(one, 200);

    assert_ok(vm_wire_all(user_host_priv(one), one->self, 3));
    write_pages(at, 200, 1);
    vm_address_t more = allocate(two, MUCH);
    write_pages(more, MUCH, 2);
    swapper.asked = 0;
    user_be(one);
    check_pages(at, 200, 1);
    assert_int_equal(swapper.asked, 0);
    assert_null(check_kernel());
}

TEST(a_pager_that_keeps_what_it_is_sent_is_not_sent_all)
{
    begin(ROOM);
    swapper.keeps = true;
    vm_address_t at = allocate(one, MUCH);
    uint32_t word = 1;

    for (uint64_t i = 0; i < MUCH; i++) {
        if (!sim_write(one->thread, at + i * PAGE, &word, sizeof word))
            break;
        pump();
    }
    for (int i = 0; i < 60 && user_blocked(one) && !world_thread_is_dead(one);
         i++) {
        sim_advance_ms(1000);
        pump();
    }
    assert_in_range(swapper.sent, 1, FRAMES / 8);
    assert_null(check_kernel());
}

TEST(pages_of_files_go_first)
{
    struct user *pager = user_create("files");
    struct paged paged;
    vm_cache_statistics_data_t stats;

    begin(ROOM);
    paged_map(&paged, pager, one, 2000 * PAGE);
    for (unsigned i = 0; i < 4; i++)
        paged_supply(&paged, 500 * (i + 1));
    vm_address_t at = allocate(two, FRAMES);
    uint32_t word = 1;
    uint64_t i = 0;
    for (; i < FRAMES && !swapper.sent; i++) {
        assert_true(sim_write(two->thread, at + i * PAGE, &word, sizeof word));
        pump();
    }
    /* An eighth of the frames is left to files. */
    user_be(one);
    assert_ok(vm_cache_statistics(one->self, &stats));
    assert_in_range(stats.cache_count, 100, FRAMES / 8);
    assert_null(check_kernel());
}

TEST(memory_in_messages_may_be_paged_out)
{
    begin(ROOM);
    const unsigned few = 300;
    vm_address_t at = allocate(one, few), more, there;
    vm_offset_t data;
    mach_msg_type_number_t size;

    write_pages(at, few, 5);
    more = allocate(one, MUCH);
    write_pages(more, MUCH, 2);
    assert_ok(vm_read(one->self, at, few * PAGE, &data, &size));
    write_pages(more, MUCH, 3);
    there = allocate(one, few);
    assert_ok(vm_write(one->self, there, data, size));
    check_pages(there, few, 5);
    check_pages(data, few, 5);
    check_pages(at, few, 5);
    assert_null(check_kernel());
}

TEST(who_gives_up_waiting_leaves_the_page_where_it_is)
{
    begin(ROOM);
    vm_address_t at = allocate(one, MUCH);
    uint32_t word = 0;
    uint64_t i = 0;

    write_pages(at, MUCH, 3);
    swapper.silent = true;
    while (i < MUCH && sim_read(one->thread, at + i * PAGE, &word, sizeof word))
        i++;
    assert_true(i < MUCH);
    pump();
    user_kill(one);
    assert_null(check_kernel());
    swapper.silent = false;
    at = allocate(two, MUCH);
    write_pages(at, MUCH, 8);
    check_pages(at, MUCH, 8);
    assert_null(check_kernel());
}

TEST(a_manager_that_takes_over_gets_what_is_sent_from_then_on)
{
    begin(ROOM);
    vm_address_t at = allocate(one, MUCH);
    write_pages(at, MUCH, 3);
    struct user *user = user_create("second");
    mach_port_t manager = world_reply_port();
    assert_ok(mach_port_insert_right(user->self, manager, manager,
                                     MACH_MSG_TYPE_MAKE_SEND));
    assert_ok(vm_set_default_memory_manager(user_host_priv(user), &manager));
    assert_true(MACH_PORT_VALID(manager));
    pump();
    unsigned sent = swapper.sent;
    user_be(one);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(world_word(at + i * PAGE), 3 + i);
    assert_int_equal(swapper.sent, sent);
    assert_null(check_kernel());
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(who_is_asked_for_and_set_is_the_privileged_hosts_alone),
        T(a_task_uses_more_memory_than_there_is),
        T(a_pager_that_says_so_is_asked_for_several_pages_at_once),
        T(without_room_nothing_is_sent),
        T(what_is_sent_is_no_more_than_there_is_room_for),
        T(a_fork_has_what_is_paged_out_as_its_own),
        T(what_is_freed_leaves_its_slots),
        T(a_default_pager_that_dies_takes_along_what_it_had_and_nothing_else),
        T(what_cannot_be_brought_back_is_an_error_for_who_needs_it),
        T(wired_memory_stays),
        T(what_is_wired_while_it_is_out_is_brought_back_first),
        T(a_users_pages_do_not_fill_the_default_pager),
        T(a_task_that_wires_all_keeps_all),
        T(a_pager_that_keeps_what_it_is_sent_is_not_sent_all),
        T(pages_of_files_go_first),
        T(memory_in_messages_may_be_paged_out),
        T(who_gives_up_waiting_leaves_the_page_where_it_is),
        T(a_manager_that_takes_over_gets_what_is_sent_from_then_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
