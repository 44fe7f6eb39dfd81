/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No entry works without bound: whatever is asked of the kernel, it comes back
 * to the others after so many steps (kernel/core/work.h). */
#include "paged.h"
#include "world_kernel.h"

#include "gnumach_user.h"
#include "mach4_user.h"
#include "mach_host_user.h"
#include "mach_port_user.h"
#include "mach_user.h"

#define PAGE   4096ul
#define BIG    (20ul << 20)
#define MANY   20000u
#define APART  2000u /* names; each needs tables of its own */
#define GIANT  (1ul << 46)
#define FAIR   24000u /* steps; a share is 8192, a last stride comes on top */
#define LINEAR 400u   /* steps for one of many */
#define SLACK  64     /* frames for the users' own memory */

static struct user *one, *two;
static uint64_t steps_before, frames_before;

static int setup(void **state)
{
    world_setup(state);
    one = user_create("one");
    two = user_create("two");
    user_be(one);
    world_send_only = false;
    sim_work_automatic(true);
    frames_before = world_free_frames();
    return 0;
}

/* What comes is looked at. */
static void begin(void)
{
    world_longest_entry();
    steps_before = world_steps();
}

/* It was done in fair pieces, and in all in proportion to COUNT. */
static void end(uint64_t count)
{
    uint64_t longest = world_longest_entry();
    uint64_t steps = world_steps() - steps_before;

    if (longest > FAIR || steps > 20000 + count * LINEAR) {
        print_message("longest entry %lu, all %lu for %lu\n", longest, steps,
                      count);
    }
    assert_in_range(longest, 1, FAIR);
    assert_in_range(steps, 1, 20000 + count * LINEAR);
}

static vm_address_t touched(vm_size_t size)
{
    vm_address_t address = 0;

    assert_ok(vm_allocate(one->self, &address, size, 1));
    for (vm_size_t at = 0; at < size; at += PAGE) {
        world_set_word(address + at, at);
    }
    return address;
}

/* --- memory -------------------------------------------------------------------- */

TEST(wiring_is_done_in_pieces)
{
    vm_address_t address = 0;

    assert_ok(vm_allocate(one->self, &address, BIG, 1));
    begin();
    assert_ok(
        vm_wire(user_host_priv(one), one->self, address, BIG, VM_PROT_READ));
    end(BIG / PAGE);
    assert_in_range(frames_before - world_free_frames(), BIG / PAGE,
                    BIG / PAGE + SLACK);
}

/* The pieces are entries of their own: others come in between. */
TEST(others_are_served_while_a_task_has_its_memory_wired)
{
    mach_port_t host = user_host_priv(one);
    vm_address_t address = 0;
    unsigned pieces = 0;

    assert_ok(vm_allocate(one->self, &address, BIG, 1));
    begin();
    sim_work_automatic(false);
    assert_kr(vm_wire(host, one->self, address, BIG, VM_PROT_READ),
              WORLD_BLOCKED);
    user_be(two);
    while (user_blocked(one)) {
        assert_true(world_reply_port() != 0);
        assert_true(sim_work());
        pieces++;
    }
    sim_work_automatic(true);
    end(BIG / PAGE + pieces);
    assert_in_range(pieces, 10, 2000);
}

TEST(memory_is_given_back_in_pieces)
{
    vm_address_t address = touched(BIG);

    begin();
    assert_ok(vm_deallocate(one->self, address, BIG));
    end(BIG / PAGE);
    assert_in_range(world_free_frames() + SLACK, frames_before, ~0ul);
}

TEST(many_regions_are_given_back_in_pieces)
{
    vm_address_t address = 0;

    assert_ok(vm_allocate(one->self, &address, GIANT, 1));
    for (unsigned i = 0; i < 5000; i++) {
        assert_ok(vm_protect(one->self, address + 2 * i * PAGE, PAGE, 0,
                             VM_PROT_READ));
    }
    begin();
    assert_ok(vm_deallocate(one->self, address, GIANT));
    end(10000);
}

TEST(what_another_thread_allocates_where_memory_is_being_given_back_stays)
{
    struct user *other = user_create_thread(one);
    vm_address_t address, again;

    user_be(one);
    address = touched(BIG);
    again = address;
    sim_work_automatic(false);
    assert_kr(vm_deallocate(one->self, address, BIG), WORLD_BLOCKED);
    user_be(other);
    while (vm_allocate(one->self, &again, PAGE, 0) != KERN_SUCCESS) {
        assert_true(sim_work());
    }
    world_set_word(again, 77);
    while (sim_work()) {
        continue;
    }
    assert_false(user_blocked(one));
    assert_int_equal(world_word(again), 77);
}

TEST(protection_of_every_second_page_costs_what_it_should)
{
    vm_address_t address = touched(4000 * PAGE);

    begin();
    for (unsigned i = 0; i < 4000; i += 2) {
        assert_ok(
            vm_protect(one->self, address + i * PAGE, PAGE, 0, VM_PROT_READ));
    }
    end(4000);
    for (unsigned i = 1; i < 4000; i += 2) {
        world_set_word(address + i * PAGE, i);
        assert_int_equal(world_word(address + (i - 1) * PAGE), (i - 1) * PAGE);
    }
}

TEST(giant_ranges_are_no_work)
{
    vm_address_t address = 0;
    vm_address_t child_memory;
    mach_port_t child;

    assert_ok(vm_allocate(one->self, &address, GIANT, 1));
    world_set_word(address, 1);
    world_set_word(address + GIANT - PAGE, 2);
    begin();
    assert_ok(vm_protect(one->self, address, GIANT, 0, VM_PROT_READ));
    assert_ok(vm_protect(one->self, address, GIANT, 0, VM_PROT_DEFAULT));
    assert_ok(vm_inherit(one->self, address, GIANT, VM_INHERIT_COPY));
    assert_ok(vm_msync(one->self, address, GIANT, 0));
    assert_ok(task_create(one->self, 1, &child));
    assert_ok(vm_allocate(child, &child_memory, PAGE, 1));
    assert_ok(task_terminate(child));
    assert_ok(vm_deallocate(one->self, address, GIANT));
    end(0);
}

TEST(a_child_of_a_task_with_much_memory_is_made_in_pieces)
{
    vm_address_t address = touched(BIG);
    mach_msg_type_number_t size;
    mach_port_t child;
    pointer_t copy;

    begin();
    assert_ok(task_create(one->self, 1, &child));
    end(BIG / PAGE);
    world_set_word(address + PAGE, 5);
    assert_ok(vm_read(child, address, 2 * PAGE, &copy, &size));
    assert_int_equal(world_word(copy + PAGE), PAGE);
}

TEST(much_memory_is_protected_in_pieces)
{
    vm_address_t address = touched(BIG);

    begin();
    assert_ok(vm_protect(one->self, address, BIG, 0, VM_PROT_READ));
    end(BIG / PAGE);
    assert_int_equal(world_word(address + BIG - PAGE), BIG - PAGE);
    uint32_t value = 1;
    assert_false(sim_write(one->thread, address + PAGE, &value, sizeof value));
}

/* A copy of much memory costs nothing until somebody writes, and then a page. */
TEST(copies_share_what_they_have)
{
    vm_address_t address = touched(BIG / 2);
    mach_msg_type_number_t size;
    pointer_t copy;
    uint64_t frames;

    begin();
    assert_ok(vm_read(one->self, address, BIG / 2, &copy, &size));
    end(BIG / 2 / PAGE);
    begin();
    frames = world_free_frames();
    world_set_word(address + PAGE, 5);
    assert_int_equal(world_word(copy + PAGE), PAGE);
    world_set_word(copy + 2 * PAGE, 6);
    assert_int_equal(world_word(address + 2 * PAGE), 2 * PAGE);
    assert_int_equal(world_word(address + PAGE), 5);
    assert_in_range(frames - world_free_frames(), 2, 8);
    end(10);
    begin();
    assert_ok(vm_deallocate(one->self, address, BIG / 2));
    assert_int_equal(world_word(copy + 3 * PAGE), 3 * PAGE);
    assert_ok(vm_deallocate(one->self, copy, BIG / 2));
    end(BIG / PAGE);
    assert_in_range(world_free_frames() + SLACK, frames_before, ~0ul);
}

TEST(a_copy_of_too_many_regions_is_refused)
{
    vm_address_t address = 0;
    mach_msg_type_number_t size;
    pointer_t copy;

    assert_ok(vm_allocate(one->self, &address, GIANT, 1));
    for (unsigned i = 0; i < 4000; i++) {
        assert_ok(vm_protect(one->self, address + 2 * i * PAGE, PAGE, 0,
                             VM_PROT_READ));
    }
    begin();
    assert_kr(vm_read(one->self, address, 8000 * PAGE, &copy, &size),
              KERN_RESOURCE_SHORTAGE);
    assert_ok(vm_read(one->self, address, 1000 * PAGE, &copy, &size));
    end(2000);
}

TEST(a_range_is_overwritten_in_pieces)
{
    vm_address_t address = touched(BIG / 2), to = 0;

    assert_ok(vm_allocate(one->self, &to, BIG / 4, 1));
    begin();
    assert_ok(vm_copy(one->self, address, BIG / 4, to));
    end(BIG / 4 / PAGE);
    assert_int_equal(world_word(to + 100 * PAGE), 100 * PAGE);
}

/* What was never touched is copied for nothing, but over what was. */
TEST(zeros_are_copied_for_nothing)
{
    vm_address_t from = 0, to = 0;

    assert_ok(vm_allocate(one->self, &from, 4 * WORLD_MEMORY, 1));
    assert_ok(vm_allocate(one->self, &to, 4 * WORLD_MEMORY, 1));
    world_set_word(from + PAGE, 7);
    world_set_word(to + 3 * PAGE, 8);
    begin();
    assert_ok(vm_copy(one->self, from, 4 * WORLD_MEMORY, to));
    end(4 * WORLD_MEMORY / PAGE);
    assert_in_range(frames_before - world_free_frames(), 1, SLACK);
    assert_int_equal(world_word(to + PAGE), 7);
    assert_int_equal(world_word(to + 3 * PAGE), 0);
}

TEST(a_task_with_much_memory_ends_in_pieces)
{
    user_be(one);
    touched(BIG);
    begin();
    user_be(two);
    mach_port_t victim =
        world_give(one, one->self, MACH_MSG_TYPE_COPY_SEND, two);
    assert_ok(task_terminate(victim));
    end(BIG / PAGE);
    assert_in_range(world_free_frames() + SLACK, frames_before, ~0ul);
}

/* --- memory objects -------------------------------------------------------------- */

#define OBJECT_PAGES 3000ul

static struct paged paged;

/* All its pages are there, and `one' has written to them; `two' is the pager, and
 * current. */
static void fill_object(void)
{
    paged_map(&paged, two, one, OBJECT_PAGES * PAGE);
    begin();
    paged_supply(&paged, OBJECT_PAGES);
    end(OBJECT_PAGES);
    for (unsigned i = 0; i < OBJECT_PAGES; i++) {
        world_set_word(paged.window + i * PAGE, i);
    }
    user_be(two);
}

TEST(an_object_is_supplied_and_cleaned_in_pieces)
{
    fill_object();
    begin();
    assert_ok(memory_object_lock_request(paged.control, 0, GIANT,
                                         MEMORY_OBJECT_RETURN_ALL, 0,
                                         VM_PROT_NO_CHANGE, 0));
    end(OBJECT_PAGES);
    assert_int_equal(paged_returned(&paged), OBJECT_PAGES);
}

TEST(an_object_is_synced_and_forgotten_in_pieces)
{
    fill_object();
    user_be(one);
    begin();
    assert_ok(vm_msync(one->self, paged.window, GIANT, VM_SYNC_INVALIDATE));
    end(OBJECT_PAGES);
    user_be(two);
    assert_int_equal(paged_returned(&paged), OBJECT_PAGES);
}

TEST(an_object_that_is_not_mapped_any_more_ends_in_pieces)
{
    fill_object();
    user_be(one);
    begin();
    assert_ok(vm_deallocate(one->self, paged.window, OBJECT_PAGES * PAGE));
    end(OBJECT_PAGES);
    user_be(two);
    assert_int_equal(paged_returned(&paged), OBJECT_PAGES);
}

TEST(an_object_mapped_anew_while_it_ends_lives_on)
{
    vm_address_t again = 0;

    fill_object();
    mach_port_t right =
        world_give(two, paged.object, MACH_MSG_TYPE_MAKE_SEND, one);
    user_be(one);
    sim_work_automatic(false);
    vm_deallocate(one->self, paged.window, OBJECT_PAGES * PAGE);
    while (user_blocked(one)) {
        assert_true(sim_work());
    }
    user_be(one);
    assert_ok(vm_map(one->self, &again, PAGE, 0, 1, right,
                     (OBJECT_PAGES - 1) * PAGE, 0, VM_PROT_READ, VM_PROT_ALL,
                     VM_INHERIT_COPY));
    sim_work_automatic(true);
    while (sim_work()) {
        continue;
    }
    assert_int_equal(world_word(again), OBJECT_PAGES - 1);
}

TEST(giant_answers_of_pagers_are_no_work)
{
    paged_map(&paged, two, one, PAGE);
    user_be(two);
    begin();
    assert_ok(memory_object_data_error(paged.control, 0, GIANT * 1024, 1));
    assert_ok(memory_object_data_unavailable(paged.control, 0, GIANT * 1024));
    assert_ok(memory_object_lock_request(paged.control, 0, ~0ul,
                                         MEMORY_OBJECT_RETURN_ALL, 1,
                                         VM_PROT_NO_CHANGE, 0));
    end(0);
}

/* --- messages ------------------------------------------------------------------ */

struct parts {
    mach_msg_header_t head;
    struct {
        mach_msg_type_t type;
        uint64_t address;
    } part[1100];
};

static void fill_parts(struct parts *m, mach_port_t to, unsigned count,
                       vm_address_t address)
{
    memset(m, 0, sizeof *m);
    m->head.msgh_bits =
        MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, 0) | MACH_MSGH_BITS_COMPLEX;
    m->head.msgh_size =
        (mach_msg_size_t)(sizeof m->head + count * sizeof m->part[0]);
    m->head.msgh_remote_port = to;
    m->head.msgh_id = 7;
    for (unsigned i = 0; i < count; i++) {
        m->part[i].type = (mach_msg_type_t){.msgt_name = MACH_MSG_TYPE_BYTE,
                                            .msgt_size = 8,
                                            .msgt_number = PAGE / 2};
        m->part[i].address = address;
    }
}

TEST(one_page_many_times_in_a_message_costs_what_it_should)
{
    static struct parts m;
    vm_address_t page = touched(PAGE);
    mach_port_t port = world_reply_port();

    begin();
    fill_parts(&m, port, 1000, page);
    assert_ok(mach_msg(&m.head, MACH_SEND_MSG, m.head.msgh_size, 0, 0, 0, 0));
    assert_ok(mach_msg(&m.head, MACH_RCV_MSG, 0, m.head.msgh_size, port, 0, 0));
    world_set_word(page, 1);
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(world_word(m.part[i].address), 0);
        assert_ok(vm_deallocate(one->self, m.part[i].address, PAGE));
    }
    end(2000);
}

TEST(a_message_of_too_many_parts_is_refused_and_loses_nothing)
{
    static struct parts m;
    vm_address_t page = touched(PAGE);
    mach_port_t port = world_reply_port();

    fill_parts(&m, port, 1100, page);
    assert_kr(mach_msg(&m.head, MACH_SEND_MSG, m.head.msgh_size, 0, 0, 0, 0),
              MACH_SEND_NO_BUFFER);
    assert_int_equal(world_word(page), 0);
    assert_int_equal(receive_id(port), 0);
}

TEST(a_queue_of_many_messages_dies_in_pieces)
{
    mach_port_t port = world_reply_port();

    for (unsigned i = 0; i < MANY; i++) {
        assert_ok(send_simple(port, MACH_MSG_TYPE_MAKE_SEND_ONCE, 1, 0, 0));
    }
    begin();
    assert_ok(mach_port_destroy(one->self, port));
    end(MANY);
}

static int send_receive_right(mach_port_t to, mach_port_t right)
{
    struct {
        mach_msg_header_t head;
        mach_msg_type_t type;
        uint64_t right;
    } m = {.head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, 0) |
                                 MACH_MSGH_BITS_COMPLEX,
                    .msgh_size = sizeof m,
                    .msgh_remote_port = to},
           .type = {.msgt_name = MACH_MSG_TYPE_MOVE_RECEIVE,
                    .msgt_size = 64,
                    .msgt_number = 1,
                    .msgt_inline = 1},
           .right = right};

    return mach_msg(&m.head, MACH_SEND_MSG, sizeof m, 0, 0, 0, 0);
}

TEST(ports_in_ports_in_ports_die_in_pieces)
{
    mach_port_t inner = world_reply_port();

    for (unsigned i = 0; i < MANY; i++) {
        mach_port_t outer = world_reply_port();

        assert_ok(send_receive_right(outer, inner));
        inner = outer;
    }
    begin();
    assert_ok(mach_port_destroy(one->self, inner));
    end(MANY);
}

/* From inside: each send has the whole way before it. */
TEST(ports_do_not_nest_too_deep)
{
    mach_port_t inner[200], outermost = world_reply_port();
    int result = MACH_MSG_SUCCESS;
    unsigned depth = 0;

    assert_ok(mach_port_insert_right(one->self, outermost, outermost,
                                     MACH_MSG_TYPE_MAKE_SEND));
    for (unsigned i = 0; i < 200; i++) {
        inner[i] = world_reply_port();
        assert_ok(mach_port_insert_right(one->self, inner[i], inner[i],
                                         MACH_MSG_TYPE_MAKE_SEND));
    }
    for (; depth < 199 && result == MACH_MSG_SUCCESS; depth++) {
        struct {
            mach_msg_header_t head;
            mach_msg_type_t type;
            uint64_t right;
        } m = {
            .head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) |
                                  MACH_MSGH_BITS_COMPLEX,
                     .msgh_size = sizeof m,
                     .msgh_remote_port = depth ? inner[depth - 1] : outermost},
            .type = {.msgt_name = MACH_MSG_TYPE_MOVE_RECEIVE,
                     .msgt_size = 64,
                     .msgt_number = 1,
                     .msgt_inline = 1},
            .right = inner[depth]};

        result = mach_msg(&m.head, MACH_SEND_MSG, sizeof m, 0, 0, 0, 0);
    }
    assert_int_equal(result, MACH_SEND_NO_BUFFER);
    assert_in_range(depth, 32, 128);
    begin();
    assert_ok(
        mach_port_mod_refs(one->self, outermost, MACH_PORT_RIGHT_RECEIVE, -1));
    end(depth);
}

TEST(a_port_with_many_messages_joins_and_leaves_a_set_at_once)
{
    mach_port_t port = world_reply_port(), other = world_reply_port(), set;
    struct message message;

    assert_ok(mach_port_allocate(one->self, MACH_PORT_RIGHT_PORT_SET, &set));
    for (unsigned i = 0; i < MANY; i++) {
        assert_ok(send_simple(port, MACH_MSG_TYPE_MAKE_SEND_ONCE, 1, 0, 0));
    }
    assert_ok(send_simple(other, MACH_MSG_TYPE_MAKE_SEND_ONCE, 2, 0, 0));
    assert_ok(send_simple(port, MACH_MSG_TYPE_MAKE_SEND_ONCE, 3, 0, 0));
    begin();
    assert_ok(mach_port_move_member(one->self, port, set));
    assert_ok(mach_port_move_member(one->self, port, 0));
    assert_ok(mach_port_move_member(one->self, port, set));
    assert_ok(mach_port_move_member(one->self, other, set));
    end(0);
    /* Whatever port they came to, in the order in which they came. */
    for (unsigned i = 0; i < MANY; i++) {
        assert_ok(receive(set, &message, 0, 0));
        assert_int_equal(message.head.msgh_id, 1);
    }
    assert_int_equal(receive_id(set), 2);
    assert_int_equal(receive_id(set), 3);
    assert_int_equal(receive_id(set), 0);
}

/* --- names --------------------------------------------------------------------- */

TEST(a_port_that_many_want_to_hear_of_dies_in_pieces)
{
    mach_port_t dying = world_reply_port(), notify = world_reply_port();
    unsigned heard = 0;

    for (unsigned i = 0; i < MANY; i++) {
        mach_port_t previous;

        /* A send-once right is a name of its own each time. */
        assert_ok(mach_port_insert_right(one->self, 200000 + i, dying,
                                         MACH_MSG_TYPE_MAKE_SEND_ONCE));
        assert_ok(mach_port_request_notification(
            one->self, 200000 + i, MACH_NOTIFY_DEAD_NAME, 0, notify,
            MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous));
    }
    begin();
    assert_ok(mach_port_destroy(one->self, dying));
    end(MANY);
    while (receive_id(notify) == MACH_NOTIFY_DEAD_NAME) {
        heard++;
    }
    assert_int_equal(heard, MANY);
}

TEST(a_task_with_many_ports_ends_in_pieces)
{
    mach_port_t victim;

    user_be(two);
    for (unsigned i = 0; i < MANY; i++) {
        assert_true(world_reply_port() != 0);
    }
    victim = world_give(two, two->self, MACH_MSG_TYPE_COPY_SEND, one);
    user_be(one);
    begin();
    assert_ok(task_terminate(victim));
    end(MANY);
}

TEST(who_hears_that_a_task_is_dead_finds_its_rights_dead)
{
    mach_port_t notify = world_reply_port(), port = world_reply_port();
    mach_port_t victim, previous;
    struct message message;

    user_be(two);
    for (unsigned i = 0; i < MANY; i++) {
        assert_true(world_reply_port() != 0);
    }
    victim = world_give(two, two->self, MACH_MSG_TYPE_COPY_SEND, one);
    world_give(one, port, MACH_MSG_TYPE_MAKE_SEND, two);
    user_be(one);
    assert_ok(mach_port_request_notification(
        one->self, port, MACH_NOTIFY_NO_SENDERS, 0, notify,
        MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous));
    assert_ok(mach_port_request_notification(
        one->self, victim, MACH_NOTIFY_DEAD_NAME, 0, notify,
        MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous));
    begin();
    assert_ok(task_terminate(victim));
    end(MANY);
    assert_ok(receive(notify, &message, 0, 0));
    assert_int_equal(message.head.msgh_id, MACH_NOTIFY_NO_SENDERS);
    assert_ok(receive(notify, &message, 0, 0));
    assert_int_equal(message.head.msgh_id, MACH_NOTIFY_DEAD_NAME);
}

TEST(a_task_with_names_far_apart_ends_in_pieces)
{
    user_be(two);
    for (unsigned i = 0; i < APART; i++) {
        assert_ok(mach_port_allocate_name(two->self, MACH_PORT_RIGHT_RECEIVE,
                                          i * 2654435761u + 77));
    }
    mach_port_t victim =
        world_give(two, two->self, MACH_MSG_TYPE_COPY_SEND, one);
    user_be(one);
    begin();
    assert_ok(task_terminate(victim));
    end(APART);
}

TEST(a_set_of_many_ports_is_listed_and_dies_in_pieces)
{
    mach_port_t set;

    assert_ok(mach_port_allocate(one->self, MACH_PORT_RIGHT_PORT_SET, &set));
    for (unsigned i = 0; i < MANY; i++) {
        assert_ok(mach_port_move_member(one->self, world_reply_port(), set));
    }
    begin();
    assert_ok(mach_port_destroy(one->self, set));
    end(MANY);
}

TEST(all_names_are_listed_in_pieces)
{
    mach_msg_type_number_t name_count, type_count;
    mach_port_t *names, port = 0;
    mach_port_type_t *types;
    uint32_t last;

    for (unsigned i = 0; i < MANY; i++) {
        port = world_reply_port();
    }
    begin();
    assert_ok(
        mach_port_names(one->self, &names, &name_count, &types, &type_count));
    end(MANY);
    assert_in_range(name_count, MANY, MANY + 10);
    assert_int_equal(name_count, type_count);
    last = world_word((uint64_t)(names + name_count - 1));
    assert_int_equal(last, port);
    assert_int_equal(world_word((uint64_t)(types + name_count - 1)),
                     MACH_PORT_TYPE_RECEIVE);
}

/* --- waiting ------------------------------------------------------------------- */

#define WAITERS 5000u

TEST(many_waiters_are_woken_in_pieces)
{
    vm_address_t word = touched(PAGE);
    unsigned woken = 0;

    world_set_word(word, 3);
    world_send_only = true;
    for (unsigned i = 0; i < WAITERS; i++) {
        gsync_wait(one->self, word, 3, 0, 1000 * (WAITERS - i), 4 /* timed */);
    }
    world_send_only = false;
    assert_int_equal(receive_id(one->reply_port), 0);
    begin();
    world_send_only = true;
    gsync_wake(one->self, word, 0, 8 /* all */);
    world_send_only = false;
    end(WAITERS);
    while (receive_id(one->reply_port) != 0) {
        woken++;
    }
    assert_in_range(woken, WAITERS, WAITERS + 1);
}

/* Each is the first to end: where it belongs is found without a search. */
TEST(many_timers_are_set_and_fire_in_pieces)
{
    vm_address_t word = touched(PAGE);
    unsigned woken = 0;

    world_set_word(word, 3);
    begin();
    world_send_only = true;
    for (unsigned i = 0; i < WAITERS; i++) {
        gsync_wait(one->self, word, 3, 0, 10 + WAITERS - i, 4 /* timed */);
    }
    world_send_only = false;
    sim_advance_ms(10 + WAITERS / 2);
    while (receive_id(one->reply_port) != 0) {
        woken++;
    }
    assert_int_equal(woken, WAITERS / 2);
    sim_advance_ms(WAITERS);
    end(WAITERS);
    while (receive_id(one->reply_port) != 0) {
        woken++;
    }
    assert_int_equal(woken, WAITERS);
}

/* The answer's code, or WORLD_BLOCKED if there is none. */
static int next_answer(void)
{
    struct message m;

    if (receive(one->reply_port, &m, MACH_RCV_TIMEOUT, 0) != KERN_SUCCESS) {
        return WORLD_BLOCKED;
    }
    return ((mig_reply_header_t *)&m)->RetCode;
}

/* Who has been counted as woken is, though his time is over before it is told. */
TEST(who_is_woken_does_not_time_out)
{
    vm_address_t word = touched(PAGE);
    unsigned answered = 0;
    int code;

    world_set_word(word, 3);
    world_send_only = true;
    for (unsigned i = 0; i < WAITERS; i++) {
        gsync_wait(one->self, word, 3, 0, 10, 4 /* timed */);
    }
    sim_work_automatic(false);
    gsync_wake(one->self, word, 0, 8 /* all */);
    world_send_only = false;
    sim_advance_ms(20);
    while (sim_work()) {
        continue;
    }
    while ((code = next_answer()) != WORLD_BLOCKED) {
        assert_int_equal(code, KERN_SUCCESS);
        answered++;
    }
    assert_in_range(answered, WAITERS, WAITERS + 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(wiring_is_done_in_pieces),
        CASE(others_are_served_while_a_task_has_its_memory_wired),
        CASE(memory_is_given_back_in_pieces),
        CASE(many_regions_are_given_back_in_pieces),
        CASE(
            what_another_thread_allocates_where_memory_is_being_given_back_stays),
        CASE(protection_of_every_second_page_costs_what_it_should),
        CASE(giant_ranges_are_no_work),
        CASE(a_child_of_a_task_with_much_memory_is_made_in_pieces),
        CASE(much_memory_is_protected_in_pieces),
        CASE(copies_share_what_they_have),
        CASE(a_copy_of_too_many_regions_is_refused),
        CASE(a_range_is_overwritten_in_pieces),
        CASE(zeros_are_copied_for_nothing),
        CASE(a_task_with_much_memory_ends_in_pieces),
        CASE(giant_answers_of_pagers_are_no_work),
        CASE(an_object_mapped_anew_while_it_ends_lives_on),
        CASE(an_object_that_is_not_mapped_any_more_ends_in_pieces),
        CASE(an_object_is_synced_and_forgotten_in_pieces),
        CASE(an_object_is_supplied_and_cleaned_in_pieces),
        CASE(one_page_many_times_in_a_message_costs_what_it_should),
        CASE(a_message_of_too_many_parts_is_refused_and_loses_nothing),
        CASE(a_queue_of_many_messages_dies_in_pieces),
        CASE(ports_in_ports_in_ports_die_in_pieces),
        CASE(ports_do_not_nest_too_deep),
        CASE(a_port_with_many_messages_joins_and_leaves_a_set_at_once),
        CASE(a_port_that_many_want_to_hear_of_dies_in_pieces),
        CASE(a_task_with_many_ports_ends_in_pieces),
        CASE(who_hears_that_a_task_is_dead_finds_its_rights_dead),
        CASE(a_task_with_names_far_apart_ends_in_pieces),
        CASE(a_set_of_many_ports_is_listed_and_dies_in_pieces),
        CASE(all_names_are_listed_in_pieces),
        CASE(many_waiters_are_woken_in_pieces),
        CASE(many_timers_are_set_and_fire_in_pieces),
        CASE(who_is_woken_does_not_time_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
