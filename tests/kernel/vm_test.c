/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory: allocation, protection, inheritance, copies, and external pagers. */
#include "world.h"

#include "mach_port_user.h"
#include "mach_user.h"

#define PAGE 4096ul

static struct user *one, *two;

static int setup(void **state)
{
    world_setup(state);
    one = user_create("one");
    two = user_create("two");
    user_be(one);
    return 0;
}

/* The access ends in an exception; nobody handles it, so the task is gone. */
static bool dies_reading(struct user *user, uint64_t address)
{
    uint32_t value;

    return !sim_read(user->thread, address, &value, sizeof value) &&
           world_thread_is_dead(user);
}

static bool dies_writing(struct user *user, uint64_t address)
{
    uint32_t value = 1;

    return !sim_write(user->thread, address, &value, sizeof value) &&
           world_thread_is_dead(user);
}

/* --- plain memory -------------------------------------------------------------- */

TEST(new_memory_reads_as_zeros_and_keeps_what_is_written)
{
    vm_address_t address = 0;

    assert_ok(vm_allocate(one->self, &address, 3 * PAGE, 1));
    assert_int_equal(world_word(address), 0);
    assert_int_equal(world_word(address + 3 * PAGE - 4), 0);
    world_set_word(address + PAGE, 7);
    assert_int_equal(world_word(address + PAGE), 7);
    assert_int_equal(world_word(address), 0);
}

TEST(memory_given_back_is_not_there_any_more)
{
    vm_address_t address = 0;

    assert_ok(vm_allocate(one->self, &address, 2 * PAGE, 1));
    world_set_word(address, 1);
    world_set_word(address + PAGE, 2);
    assert_ok(vm_deallocate(one->self, address, PAGE));
    assert_int_equal(world_word(address + PAGE), 2);
    assert_true(dies_reading(one, address));
}

TEST(an_address_can_be_allocated_once)
{
    vm_address_t address = 0x500000, again = 0x500000;

    assert_ok(vm_allocate(one->self, &address, PAGE, 0));
    assert_kr(vm_allocate(one->self, &again, PAGE, 0), KERN_NO_SPACE);
    assert_ok(vm_deallocate(one->self, address, PAGE));
    assert_ok(vm_allocate(one->self, &again, PAGE, 0));
    assert_int_equal(world_word(again), 0);
}

TEST(no_room_is_found_by_going_round_the_end)
{
    vm_address_t address = ~0ul - 4500;

    assert_kr(vm_map(one->self, &address, PAGE, ~0ul >> 1, 1, 0, 0, 0,
                     VM_PROT_READ, VM_PROT_READ, VM_INHERIT_COPY),
              KERN_NO_SPACE);
    address = ~0ul - 4500;
    assert_kr(vm_map(one->self, &address, PAGE, 0xffff, 1, 0, 0, 0,
                     VM_PROT_READ, VM_PROT_READ, VM_INHERIT_COPY),
              KERN_NO_SPACE);
}

TEST(memory_that_is_read_only_cannot_be_written)
{
    vm_address_t address = 0;

    assert_ok(vm_allocate(one->self, &address, PAGE, 1));
    world_set_word(address, 5);
    assert_ok(vm_protect(one->self, address, PAGE, 0, VM_PROT_READ));
    assert_int_equal(world_word(address), 5);
    assert_ok(
        vm_protect(one->self, address, PAGE, 0, VM_PROT_READ | VM_PROT_WRITE));
    world_set_word(address, 6);
    assert_int_equal(world_word(address), 6);
    assert_ok(vm_protect(one->self, address, PAGE, 0, VM_PROT_READ));
    assert_true(dies_writing(one, address));
}

/* Two pages that may be read are next ones that may be run only, and are given
 * back; the frames are somebody else's then. */
TEST(a_page_that_has_no_access_left_is_given_back)
{
    vm_address_t address = 0, other = 0;

    assert_ok(vm_allocate(one->self, &address, 2 * PAGE, 1));
    world_set_word(address, 5);
    world_set_word(address + PAGE, 6);
    assert_ok(vm_protect(one->self, address, 2 * PAGE, 0, VM_PROT_READ));
    assert_int_equal(world_word(address), 5);
    assert_ok(vm_protect(one->self, address, 2 * PAGE, 0, VM_PROT_EXECUTE));
    assert_ok(vm_protect(one->self, address, PAGE, 0, VM_PROT_READ));
    assert_int_equal(world_word(address), 5);
    assert_ok(vm_deallocate(one->self, address, 2 * PAGE));
    assert_ok(vm_allocate(one->self, &other, 2 * PAGE, 1));
    assert_int_equal(world_word(other), 0);
    assert_int_equal(world_word(other + PAGE), 0);
}

TEST(the_maximum_protection_cannot_be_raised)
{
    vm_address_t address = 0;

    assert_ok(vm_allocate(one->self, &address, PAGE, 1));
    assert_ok(vm_protect(one->self, address, PAGE, 1, VM_PROT_READ));
    assert_kr(
        vm_protect(one->self, address, PAGE, 0, VM_PROT_READ | VM_PROT_WRITE),
        KERN_PROTECTION_FAILURE);
}

TEST(vm_region_tells_what_is_mapped)
{
    vm_address_t address = 0x600000, at = 0x600000;
    vm_size_t size;
    vm_prot_t prot, max;
    vm_inherit_t inherit;
    boolean_t shared;
    mach_port_t name;
    vm_offset_t offset;

    assert_ok(vm_allocate(one->self, &address, 4 * PAGE, 0));
    assert_ok(vm_protect(one->self, address + PAGE, PAGE, 0, VM_PROT_READ));
    assert_ok(vm_region(one->self, &at, &size, &prot, &max, &inherit, &shared,
                        &name, &offset));
    assert_int_equal(at, address);
    assert_int_equal(size, PAGE);
    at = address + PAGE;
    assert_ok(vm_region(one->self, &at, &size, &prot, &max, &inherit, &shared,
                        &name, &offset));
    assert_int_equal(at, address + PAGE);
    assert_int_equal(size, PAGE);
    assert_int_equal(prot, VM_PROT_READ);
    assert_int_equal(max, VM_PROT_ALL);
    assert_int_equal(inherit, VM_INHERIT_COPY);
}

/* --- copies ----------------------------------------------------------------------- */

TEST(vm_copy_is_a_snapshot)
{
    vm_address_t from = 0, to = 0;

    assert_ok(vm_allocate(one->self, &from, 8 * PAGE, 1));
    assert_ok(vm_allocate(one->self, &to, 8 * PAGE, 1));
    for (int i = 0; i < 8; i++)
        world_set_word(from + i * PAGE, 10 + i);
    assert_ok(vm_copy(one->self, from, 8 * PAGE, to));
    world_set_word(from + 3 * PAGE, 99);
    world_set_word(to + 4 * PAGE, 77);
    assert_int_equal(world_word(to + 3 * PAGE), 13);
    assert_int_equal(world_word(from + 4 * PAGE), 14);
    assert_int_equal(world_word(to + 4 * PAGE), 77);
}

TEST(vm_read_and_vm_write_carry_memory)
{
    vm_address_t from = 0, to = 0;
    vm_offset_t data;
    mach_msg_type_number_t count;

    assert_ok(vm_allocate(one->self, &from, 5 * PAGE, 1));
    assert_ok(vm_allocate(one->self, &to, 5 * PAGE, 1));
    world_set_word(from + 4 * PAGE, 44);
    assert_ok(vm_read(one->self, from, 5 * PAGE, &data, &count));
    assert_int_equal(count, 5 * PAGE);
    world_set_word(from + 4 * PAGE, 45);
    assert_ok(vm_write(one->self, to, data, count));
    assert_int_equal(world_word(to + 4 * PAGE), 44);
    assert_int_equal(world_word(to), 0);
    assert_kr(vm_write(one->self, to + 1, data, count), KERN_INVALID_ARGUMENT);
}

TEST(a_child_gets_copies_shares_or_nothing)
{
    vm_address_t copied = 0x700000, shared = 0x800000, absent = 0x900000;
    mach_port_t child;
    vm_offset_t data;
    mach_msg_type_number_t count;

    assert_ok(vm_allocate(one->self, &copied, PAGE, 0));
    assert_ok(vm_allocate(one->self, &shared, PAGE, 0));
    assert_ok(vm_allocate(one->self, &absent, PAGE, 0));
    assert_ok(vm_inherit(one->self, shared, PAGE, VM_INHERIT_SHARE));
    assert_ok(vm_inherit(one->self, absent, PAGE, VM_INHERIT_NONE));
    world_set_word(copied, 1);
    world_set_word(shared, 2);
    assert_ok(task_create(one->self, 1, &child));
    world_set_word(copied, 11);
    world_set_word(shared, 22);
    assert_ok(vm_read(child, copied, PAGE, &data, &count));
    assert_int_equal(world_word(data), 1);
    assert_ok(vm_read(child, shared, PAGE, &data, &count));
    assert_int_equal(world_word(data), 22);
    assert_kr(vm_read(child, absent, PAGE, &data, &count),
              KERN_INVALID_ADDRESS);
    /* What the child is given does not come back. */
    world_set_word(data, 33);
    assert_ok(vm_write(child, copied, data, PAGE));
    assert_int_equal(world_word(copied), 11);
    assert_ok(vm_write(child, shared, data, PAGE));
    assert_int_equal(world_word(shared), 33);
    assert_ok(task_terminate(child));
    assert_int_equal(world_word(shared), 33);
}

TEST(generations_of_copies_do_not_mix)
{
    vm_address_t address = 0x700000;
    mach_port_t child[4];
    vm_offset_t data;
    mach_msg_type_number_t count;

    assert_ok(vm_allocate(one->self, &address, 4 * PAGE, 0));
    for (int i = 0; i < 4; i++) {
        world_set_word(address + 2 * PAGE, 100 + i);
        assert_ok(task_create(one->self, 1, &child[i]));
    }
    world_set_word(address + 2 * PAGE, 200);
    for (int i = 0; i < 4; i++) {
        assert_ok(vm_read(child[i], address, 4 * PAGE, &data, &count));
        assert_int_equal(world_word(data + 2 * PAGE), 100 + i);
    }
    for (int i = 0; i < 4; i += 2)
        assert_ok(task_terminate(child[i]));
    assert_ok(vm_read(child[1], address, 4 * PAGE, &data, &count));
    assert_int_equal(world_word(data + 2 * PAGE), 101);
    assert_int_equal(world_word(address + 2 * PAGE), 200);
}

/* --- external pagers ---------------------------------------------------------------- */

/* The pager is `two'; `one' maps its object. */
static mach_port_t pager, object; /* two's receive, one's send right */
static mach_port_t control;       /* two's, from init */
static vm_address_t window;       /* one's mapping */

/* A message from the kernel to the pager, as it lies in memory. */
struct request {
    mach_msg_header_t head;
    mach_msg_type_t control_type;
    uint64_t control;
    mach_msg_type_t offset_type;
    uint64_t offset;
    mach_msg_type_t third_type;
    uint64_t third;
    mach_msg_type_t fourth_type;
    uint64_t fourth;
    char rest[1024];
};

static int pager_receive(struct request *request)
{
    user_be(two);
    memset(request, 0, sizeof *request);
    int err = receive(pager, (struct message *)request, MACH_RCV_TIMEOUT, 0);
    return err ? 0 : request->head.msgh_id;
}

static void map_object(int copy)
{
    user_be(two);
    pager = world_reply_port();
    object = world_give(two, pager, MACH_MSG_TYPE_MAKE_SEND, one);
    user_be(one);
    window = 0;
    assert_ok(vm_map(one->self, &window, 8 * PAGE, 0, 1, object, 0, copy,
                     VM_PROT_READ | VM_PROT_WRITE, VM_PROT_ALL,
                     VM_INHERIT_COPY));
}

static void answer_init(boolean_t may_cache)
{
    struct request request;

    assert_int_equal(pager_receive(&request), 2200);
    control = request.control;
    assert_ok(
        memory_object_ready(control, may_cache, MEMORY_OBJECT_COPY_DELAY));
}

static void supply(uint64_t offset, uint32_t value, vm_prot_t lock)
{
    vm_address_t page = 0;

    user_be(two);
    assert_ok(vm_allocate(two->self, &page, PAGE, 1));
    world_set_word(page, value);
    assert_ok(memory_object_data_supply(control, offset, page, PAGE, 1, lock, 0,
                                        MACH_PORT_NULL));
}

/* `one' touches OFFSET, the pager is asked and supplies VALUE. */
static void fault_in(uint64_t offset, uint32_t value)
{
    struct request request;
    uint32_t seen;

    assert_false(sim_read(one->thread, window + offset, &seen, sizeof seen));
    assert_int_equal(pager_receive(&request), 2203);
    assert_int_equal(request.offset, offset);
    assert_int_equal(request.third, PAGE);
    supply(offset, value, VM_PROT_NONE);
    assert_true(sim_read(one->thread, window + offset, &seen, sizeof seen));
    assert_int_equal(seen, value);
}

TEST(a_first_mapping_introduces_the_object_and_faults_wait)
{
    uint32_t seen;
    struct request request;

    map_object(0);
    assert_false(sim_read(one->thread, window, &seen, sizeof seen));
    /* Not before it is ready is it asked. */
    assert_int_equal(pager_receive(&request), 2200);
    control = request.control;
    assert_int_equal(pager_receive(&request), 0);
    assert_ok(memory_object_ready(control, 0, MEMORY_OBJECT_COPY_DELAY));
    assert_int_equal(pager_receive(&request), 2203);
    supply(0, 4711, VM_PROT_NONE);
    assert_true(sim_read(one->thread, window, &seen, sizeof seen));
    assert_int_equal(seen, 4711);
}

TEST(a_changed_page_comes_back_when_it_is_asked_for)
{
    struct request request;
    uint32_t value = 55;

    map_object(0);
    answer_init(1);
    fault_in(PAGE, 1);
    assert_true(sim_write(one->thread, window + PAGE, &value, sizeof value));
    user_be(two);
    assert_ok(memory_object_lock_request(control, 0, 8 * PAGE,
                                         MEMORY_OBJECT_RETURN_DIRTY, 0,
                                         VM_PROT_NO_CHANGE, MACH_PORT_NULL));
    assert_int_equal(pager_receive(&request), 2208);
    assert_int_equal(request.offset, PAGE);
    user_be(two);
    assert_int_equal(world_word(request.third), 55);
    /* Once: it is clean now. */
    assert_ok(memory_object_lock_request(control, 0, 8 * PAGE,
                                         MEMORY_OBJECT_RETURN_DIRTY, 0,
                                         VM_PROT_NO_CHANGE, MACH_PORT_NULL));
    assert_int_equal(pager_receive(&request), 0);
    value = 56;
    assert_true(sim_write(one->thread, window + PAGE, &value, sizeof value));
    assert_ok(memory_object_lock_request(control, 0, 8 * PAGE,
                                         MEMORY_OBJECT_RETURN_DIRTY, 1,
                                         VM_PROT_NO_CHANGE, MACH_PORT_NULL));
    assert_int_equal(pager_receive(&request), 2208);
    user_be(two);
    assert_int_equal(world_word(request.third), 56);
    /* Flushed: it is asked for again. */
    fault_in(PAGE, 57);
}

TEST(a_locked_page_is_unlocked_on_request)
{
    struct request request;
    uint32_t value = 9;

    map_object(0);
    answer_init(1);
    assert_false(sim_read(one->thread, window, &value, sizeof value));
    assert_int_equal(pager_receive(&request), 2203);
    supply(0, 3, VM_PROT_WRITE);
    assert_true(sim_read(one->thread, window, &value, sizeof value));
    assert_int_equal(value, 3);
    assert_false(sim_write(one->thread, window, &value, sizeof value));
    assert_int_equal(pager_receive(&request), 2204);
    assert_ok(memory_object_lock_request(control, 0, PAGE,
                                         MEMORY_OBJECT_RETURN_NONE, 0,
                                         VM_PROT_NONE, MACH_PORT_NULL));
    assert_true(sim_write(one->thread, window, &value, sizeof value));
}

TEST(a_private_mapping_keeps_its_writes_and_what_it_mapped)
{
    uint32_t value = 1000, seen;
    vm_address_t shared = 0;

    map_object(1);
    answer_init(1);
    fault_in(0, 1);
    fault_in(PAGE, 2);
    user_be(one);
    assert_ok(vm_map(one->self, &shared, 8 * PAGE, 0, 1, object, 0, 0,
                     VM_PROT_READ | VM_PROT_WRITE, VM_PROT_ALL,
                     VM_INHERIT_COPY));
    /* A private write is nobody else's. */
    assert_true(sim_write(one->thread, window, &value, sizeof value));
    assert_true(sim_read(one->thread, shared, &seen, sizeof seen));
    assert_int_equal(seen, 1);
    /* And the copy is one of the time it was made. */
    assert_true(sim_write(one->thread, shared + PAGE, &value, sizeof value));
    assert_true(sim_read(one->thread, window + PAGE, &seen, sizeof seen));
    assert_int_equal(seen, 2);
    assert_true(sim_read(one->thread, shared + PAGE, &seen, sizeof seen));
    assert_int_equal(seen, 1000);
}

TEST(a_page_that_cannot_be_had_is_an_exception)
{
    struct request request;
    uint32_t seen;

    map_object(0);
    answer_init(0);
    assert_false(sim_read(one->thread, window, &seen, sizeof seen));
    assert_int_equal(pager_receive(&request), 2203);
    assert_ok(memory_object_data_error(control, 0, PAGE, KERN_FAILURE));
    assert_true(world_thread_is_dead(one));
}

TEST(a_page_the_pager_does_not_have_is_zeros)
{
    struct request request;
    uint32_t seen = 1;

    map_object(0);
    answer_init(0);
    assert_false(sim_read(one->thread, window, &seen, sizeof seen));
    assert_int_equal(pager_receive(&request), 2203);
    assert_ok(memory_object_data_unavailable(control, 0, PAGE));
    assert_true(sim_read(one->thread, window, &seen, sizeof seen));
    assert_int_equal(seen, 0);
}

/* THREE has a right to `one', whose memory is from `two'. */
static struct user *three;
static mach_port_t looked_at;

static void look_from_outside(void)
{
    map_object(0);
    user_be(one);
    uint32_t seen;
    assert_false(sim_read(one->thread, window, &seen, sizeof seen));
    answer_init(0);
    supply(0, 5, VM_PROT_NONE);
    three = user_create("three");
    looked_at = world_give(one, one->self, MACH_MSG_TYPE_COPY_SEND, three);
    user_be(three);
}

struct read_reply {
    mach_msg_header_t head;
    mach_msg_type_t code_type;
    int code, pad;
    mach_msg_type_long_t data_type;
    uint64_t data;
    char more[64];
};

TEST(who_reads_another_task_gets_what_its_pager_brings)
{
    mach_msg_type_number_t size;
    struct read_reply reply;
    struct request request;
    pointer_t data;

    look_from_outside();
    assert_kr(vm_read(looked_at, window, 2 * PAGE, &data, &size),
              WORLD_BLOCKED);
    assert_int_equal(pager_receive(&request), 2203);
    assert_int_equal(pager_receive(&request), 2203);
    assert_int_equal(request.offset, PAGE);
    supply(PAGE, 6, VM_PROT_NONE);
    assert_kr(world_finish(three, &reply.head, sizeof reply), 0);
    assert_kr(reply.code, KERN_SUCCESS);
    user_be(three);
    assert_int_equal(world_word(reply.data), 5);
    assert_int_equal(world_word(reply.data + PAGE), 6);
}

TEST(who_reads_another_task_does_not_wait_for_its_pager_for_ever)
{
    mach_msg_type_number_t size;
    struct read_reply reply;
    struct request request;
    pointer_t data;

    look_from_outside();
    assert_kr(vm_read(looked_at, window, 3 * PAGE, &data, &size),
              WORLD_BLOCKED);
    sim_advance_ms(1000);
    assert_true(user_blocked(three));
    /* A pager that brings a page each second gains nothing by it. */
    supply(PAGE, 6, VM_PROT_NONE);
    sim_advance_ms(1100);
    assert_kr(world_finish(three, &reply.head, sizeof reply), 0);
    assert_kr(reply.code, KERN_MEMORY_ERROR);
    assert_int_equal(pager_receive(&request), 2203);
}

TEST(the_last_unmapping_ends_an_object_that_is_not_cached)
{
    struct request request;
    uint32_t value = 5;

    map_object(0);
    answer_init(0);
    fault_in(0, 1);
    assert_true(sim_write(one->thread, window, &value, sizeof value));
    user_be(one);
    assert_ok(vm_deallocate(one->self, window, 8 * PAGE));
    assert_int_equal(pager_receive(&request), 2208);
    assert_int_equal(pager_receive(&request), 2201);
    /* Mapped again, it is introduced again. */
    user_be(one);
    assert_ok(vm_map(one->self, &window, PAGE, 0, 1, object, 0, 0, VM_PROT_READ,
                     VM_PROT_ALL, VM_INHERIT_COPY));
    assert_int_equal(pager_receive(&request), 2200);
}

TEST(a_cached_object_is_kept_with_its_pages)
{
    struct request request;
    uint32_t seen;

    map_object(0);
    answer_init(1);
    fault_in(0, 31);
    user_be(one);
    assert_ok(vm_deallocate(one->self, window, 8 * PAGE));
    assert_int_equal(pager_receive(&request), 0);
    user_be(one);
    window = 0;
    assert_ok(vm_map(one->self, &window, PAGE, 0, 1, object, 0, 0, VM_PROT_READ,
                     VM_PROT_ALL, VM_INHERIT_COPY));
    assert_true(sim_read(one->thread, window, &seen, sizeof seen));
    assert_int_equal(seen, 31);
    /* Until its pager wants it gone. */
    assert_ok(vm_deallocate(one->self, window, PAGE));
    user_be(two);
    assert_ok(memory_object_change_attributes(
        control, 0, MEMORY_OBJECT_COPY_DELAY, MACH_PORT_NULL));
    assert_int_equal(pager_receive(&request), 2201);
}

TEST(a_pager_that_dies_takes_its_pages_to_come_along)
{
    uint32_t seen;

    map_object(0);
    answer_init(0);
    fault_in(0, 8);
    user_kill(two);
    user_be(one);
    assert_true(sim_read(one->thread, window, &seen, sizeof seen));
    assert_int_equal(seen, 8);
    assert_true(dies_reading(one, window + PAGE));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(new_memory_reads_as_zeros_and_keeps_what_is_written),
        T(memory_given_back_is_not_there_any_more),
        T(an_address_can_be_allocated_once),
        T(no_room_is_found_by_going_round_the_end),
        T(memory_that_is_read_only_cannot_be_written),
        T(a_page_that_has_no_access_left_is_given_back),
        T(the_maximum_protection_cannot_be_raised),
        T(vm_region_tells_what_is_mapped),
        T(vm_copy_is_a_snapshot),
        T(vm_read_and_vm_write_carry_memory),
        T(a_child_gets_copies_shares_or_nothing),
        T(generations_of_copies_do_not_mix),
        T(a_first_mapping_introduces_the_object_and_faults_wait),
        T(a_changed_page_comes_back_when_it_is_asked_for),
        T(a_locked_page_is_unlocked_on_request),
        T(a_private_mapping_keeps_its_writes_and_what_it_mapped),
        T(a_page_that_cannot_be_had_is_an_exception),
        T(a_page_the_pager_does_not_have_is_zeros),
        T(who_reads_another_task_gets_what_its_pager_brings),
        T(who_reads_another_task_does_not_wait_for_its_pager_for_ever),
        T(the_last_unmapping_ends_an_object_that_is_not_cached),
        T(a_cached_object_is_kept_with_its_pages),
        T(a_pager_that_dies_takes_its_pages_to_come_along),
    };

    return cmocka_run_group_tests_name("vm", tests, NULL, NULL);
}
