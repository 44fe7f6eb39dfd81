/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names, rights and user references. */
#include "world.h"

#include "mach_port_user.h"

static struct user *a, *b;

static int setup(void **state)
{
    world_setup(state);
    b = user_create("b");
    a = user_create("a");
    return 0;
}

static mach_port_t new_receive(void)
{
    mach_port_t name = MACH_PORT_NULL;

    assert_ok(mach_port_allocate(a->self, MACH_PORT_RIGHT_RECEIVE, &name));
    return name;
}

static mach_port_t new_send_receive(void)
{
    mach_port_t name = new_receive();

    assert_ok(
        mach_port_insert_right(a->self, name, name, MACH_MSG_TYPE_MAKE_SEND));
    return name;
}

static mach_port_type_t type_of(mach_port_t name)
{
    mach_port_type_t type = 0;

    return mach_port_type(a->self, name, &type) == KERN_SUCCESS ? type : 0;
}

static unsigned refs_of(mach_port_t name, mach_port_right_t right)
{
    mach_port_urefs_t refs = 12345;

    assert_ok(mach_port_get_refs(a->self, name, right, &refs));
    return refs;
}

TEST(names_are_small_integers_from_one_up)
{
    /* The task port and the reply port came first. */
    assert_int_equal(a->self, 1);
    assert_int_equal(a->reply_port, 2);
    assert_int_equal(new_receive(), 3);
    assert_int_equal(new_receive(), 4);
}

TEST(a_freed_name_is_given_out_again_first)
{
    mach_port_t one = new_receive(), two = new_receive();

    new_receive();
    assert_ok(mach_port_destroy(a->self, one));
    assert_ok(mach_port_destroy(a->self, two));
    assert_int_equal(new_receive(), two);
    assert_int_equal(new_receive(), one);
}

TEST(a_task_can_hold_thousands_of_names)
{
    mach_port_t first = new_receive(), last = first;

    for (unsigned i = 1; i < 5000; i++) {
        last = new_receive();
    }
    assert_int_equal(last, first + 4999);
    assert_ok(mach_port_destroy(a->self, first + 70));
    assert_ok(mach_port_destroy(a->self, last));
    assert_int_equal(new_receive(), last);
    assert_int_equal(new_receive(), first + 70);
}

TEST(an_unused_name_has_no_type)
{
    mach_port_type_t type;

    assert_kr(mach_port_type(a->self, 77, &type), KERN_INVALID_NAME);
    assert_kr(mach_port_type(a->self, 0, &type), KERN_INVALID_NAME);
    assert_kr(mach_port_type(a->self, ~0u, &type), KERN_INVALID_NAME);
}

TEST(a_new_name_of_each_kind_has_its_type)
{
    mach_port_t name;

    assert_int_equal(type_of(new_receive()), MACH_PORT_TYPE_RECEIVE);
    assert_ok(mach_port_allocate(a->self, MACH_PORT_RIGHT_PORT_SET, &name));
    assert_int_equal(type_of(name), MACH_PORT_TYPE_PORT_SET);
    assert_ok(mach_port_allocate(a->self, MACH_PORT_RIGHT_DEAD_NAME, &name));
    assert_int_equal(type_of(name), MACH_PORT_TYPE_DEAD_NAME);
    assert_int_equal(refs_of(name, MACH_PORT_RIGHT_DEAD_NAME), 1);
    assert_kr(mach_port_allocate(a->self, MACH_PORT_RIGHT_SEND, &name),
              KERN_INVALID_VALUE);
}

TEST(a_name_can_be_chosen_if_it_is_free)
{
    assert_ok(
        mach_port_allocate_name(a->self, MACH_PORT_RIGHT_RECEIVE, 0x12345678));
    assert_int_equal(type_of(0x12345678), MACH_PORT_TYPE_RECEIVE);
    assert_kr(
        mach_port_allocate_name(a->self, MACH_PORT_RIGHT_RECEIVE, 0x12345678),
        KERN_NAME_EXISTS);
    assert_kr(mach_port_allocate_name(a->self, MACH_PORT_RIGHT_RECEIVE, 0),
              KERN_INVALID_VALUE);
    assert_int_equal(new_receive(), 3);
    assert_ok(mach_port_allocate_name(a->self, MACH_PORT_RIGHT_RECEIVE, 4));
    assert_int_equal(new_receive(), 5);
}

TEST(send_and_receive_rights_of_a_port_share_a_name)
{
    mach_port_t name = new_send_receive();

    assert_int_equal(type_of(name), MACH_PORT_TYPE_SEND_RECEIVE);
    assert_int_equal(refs_of(name, MACH_PORT_RIGHT_SEND), 1);
    assert_int_equal(refs_of(name, MACH_PORT_RIGHT_RECEIVE), 1);
    assert_ok(
        mach_port_insert_right(a->self, name, name, MACH_MSG_TYPE_MAKE_SEND));
    assert_int_equal(refs_of(name, MACH_PORT_RIGHT_SEND), 2);
}

TEST(a_send_right_to_a_known_port_reuses_its_name)
{
    mach_port_t name = new_receive();
    mach_port_t first = world_give(a, name, MACH_MSG_TYPE_MAKE_SEND, b);
    mach_port_t second = world_give(a, name, MACH_MSG_TYPE_MAKE_SEND, b);
    mach_port_t back = world_give(b, first, MACH_MSG_TYPE_COPY_SEND, a);

    assert_int_equal(first, second);
    assert_int_equal(back, name);
}

TEST(every_send_once_right_has_its_own_name)
{
    mach_port_t name = new_receive();
    mach_port_t first = world_give(a, name, MACH_MSG_TYPE_MAKE_SEND_ONCE, b);
    mach_port_t second = world_give(a, name, MACH_MSG_TYPE_MAKE_SEND_ONCE, b);

    assert_int_not_equal(first, second);
}

TEST(references_are_counted_up_and_down)
{
    mach_port_t name = new_send_receive();

    assert_ok(mach_port_mod_refs(a->self, name, MACH_PORT_RIGHT_SEND, 9));
    assert_int_equal(refs_of(name, MACH_PORT_RIGHT_SEND), 10);
    assert_kr(mach_port_mod_refs(a->self, name, MACH_PORT_RIGHT_SEND, -11),
              KERN_INVALID_VALUE);
    assert_kr(mach_port_mod_refs(a->self, name, MACH_PORT_RIGHT_SEND, 65535),
              KERN_UREFS_OVERFLOW);
    assert_ok(mach_port_deallocate(a->self, name));
    assert_int_equal(refs_of(name, MACH_PORT_RIGHT_SEND), 9);
    assert_ok(mach_port_mod_refs(a->self, name, MACH_PORT_RIGHT_SEND, -9));
    assert_int_equal(type_of(name), MACH_PORT_TYPE_RECEIVE);
    assert_kr(mach_port_deallocate(a->self, name), KERN_INVALID_RIGHT);
}

TEST(a_right_that_a_name_lacks_has_no_references)
{
    mach_port_urefs_t refs;

    assert_int_equal(refs_of(new_receive(), MACH_PORT_RIGHT_SEND), 0);
    assert_kr(
        mach_port_mod_refs(a->self, new_receive(), MACH_PORT_RIGHT_SEND, 1),
        KERN_INVALID_RIGHT);
    assert_kr(mach_port_get_refs(a->self, new_receive(), 5, &refs),
              KERN_INVALID_VALUE);
}

TEST(when_the_receive_right_dies_send_rights_become_dead_names)
{
    mach_port_t name = new_send_receive();

    assert_ok(mach_port_mod_refs(a->self, name, MACH_PORT_RIGHT_SEND, 2));
    assert_ok(mach_port_mod_refs(a->self, name, MACH_PORT_RIGHT_RECEIVE, -1));
    assert_int_equal(type_of(name), MACH_PORT_TYPE_DEAD_NAME);
    assert_int_equal(refs_of(name, MACH_PORT_RIGHT_DEAD_NAME), 3);
    assert_ok(mach_port_destroy(a->self, name));
    assert_int_equal(type_of(name), 0);
}

TEST(a_name_can_be_changed)
{
    mach_port_t name = new_send_receive();
    mach_port_t there = world_give(a, name, MACH_MSG_TYPE_COPY_SEND, b);

    assert_ok(mach_port_rename(a->self, name, 500));
    assert_int_equal(type_of(name), 0);
    assert_int_equal(type_of(500), MACH_PORT_TYPE_SEND_RECEIVE);
    assert_int_equal(world_give(b, there, MACH_MSG_TYPE_COPY_SEND, a), 500);
    assert_kr(mach_port_rename(a->self, 500, a->self), KERN_NAME_EXISTS);
    assert_kr(mach_port_rename(a->self, 501, 502), KERN_INVALID_NAME);
}

TEST(a_right_cannot_be_put_under_a_name_that_denotes_something_else)
{
    mach_port_t one = new_receive(), two = new_receive();

    assert_kr(
        mach_port_insert_right(a->self, two, one, MACH_MSG_TYPE_MAKE_SEND),
        KERN_RIGHT_EXISTS);
    assert_kr(
        mach_port_insert_right(a->self, two, a->self, MACH_MSG_TYPE_COPY_SEND),
        KERN_RIGHT_EXISTS);
    one = world_give(b, b->reply_port, MACH_MSG_TYPE_MAKE_SEND_ONCE, a);
    assert_kr(
        mach_port_insert_right(a->self, two, one, MACH_MSG_TYPE_MOVE_SEND_ONCE),
        KERN_NAME_EXISTS);
    assert_kr(mach_port_insert_right(a->self, 99, MACH_PORT_NULL,
                                     MACH_MSG_TYPE_MOVE_SEND),
              KERN_INVALID_CAPABILITY);
}

TEST(a_right_can_be_taken_out_of_a_task)
{
    mach_port_t name = new_receive(), taken;
    mach_msg_type_name_t type;

    assert_ok(mach_port_extract_right(a->self, name, MACH_MSG_TYPE_MAKE_SEND,
                                      &taken, &type));
    assert_int_equal(taken, name);
    assert_int_equal(type, MACH_MSG_TYPE_PORT_SEND);
    assert_int_equal(type_of(name), MACH_PORT_TYPE_SEND_RECEIVE);
    assert_kr(mach_port_extract_right(a->self, 77, MACH_MSG_TYPE_COPY_SEND,
                                      &taken, &type),
              KERN_INVALID_NAME);
    assert_kr(mach_port_extract_right(
                  a->self, name, MACH_MSG_TYPE_MOVE_SEND_ONCE, &taken, &type),
              KERN_INVALID_RIGHT);
}

TEST(the_names_of_a_task_can_be_listed)
{
    mach_port_t *names = NULL;
    mach_port_type_t *types = NULL;
    mach_msg_type_number_t name_count, type_count;
    uint32_t list[3];
    mach_port_t name = new_receive();

    assert_ok(
        mach_port_names(a->self, &names, &name_count, &types, &type_count));
    assert_int_equal(name_count, 3);
    assert_int_equal(type_count, 3);
    world_peek((uint64_t)names, list, sizeof list);
    assert_int_equal(list[2], name);
    world_peek((uint64_t)types, list, sizeof list);
    assert_int_equal(list[0], MACH_PORT_TYPE_SEND);
    assert_int_equal(list[2], MACH_PORT_TYPE_RECEIVE);
}

TEST(the_status_of_a_receive_right_tells_of_its_rights_and_messages)
{
    mach_port_t name = new_send_receive();
    mach_port_status_t status;

    world_give(a, name, MACH_MSG_TYPE_MAKE_SEND_ONCE, b);
    assert_ok(send_simple(name, MACH_MSG_TYPE_COPY_SEND, 7, 0, 0));
    assert_ok(mach_port_get_receive_status(a->self, name, &status));
    assert_int_equal(status.mps_pset, 0);
    assert_int_equal(status.mps_mscount, 1);
    assert_int_equal(status.mps_qlimit, MACH_PORT_QLIMIT_DEFAULT);
    assert_int_equal(status.mps_msgcount, 1);
    assert_int_equal(status.mps_sorights, 1);
    assert_true(status.mps_srights);
    assert_false(status.mps_nsrequest);
    assert_ok(mach_port_set_mscount(a->self, name, 40));
    assert_ok(mach_port_set_seqno(a->self, name, 30));
    assert_ok(mach_port_get_receive_status(a->self, name, &status));
    assert_int_equal(status.mps_mscount, 40);
    assert_int_equal(status.mps_seqno, 30);
}

TEST(an_unknown_request_is_answered_with_bad_id)
{
    struct {
        mach_msg_header_t head;
        mach_msg_type_t type;
        int code, pad[7];
    } message = {
        .head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND,
                                             MACH_MSG_TYPE_MAKE_SEND_ONCE),
                 .msgh_remote_port = a->self,
                 .msgh_local_port = a->reply_port,
                 .msgh_id = 987654},
    };

    assert_ok(mach_msg(&message.head, MACH_SEND_MSG | MACH_RCV_MSG, 32,
                       sizeof message, a->reply_port, 0, 0));
    assert_int_equal(message.head.msgh_size, 48);
    assert_int_equal(message.head.msgh_id, 987754);
    assert_int_equal(message.head.msgh_bits,
                     MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND_ONCE));
    assert_int_equal(message.code, MIG_BAD_ID);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(names_are_small_integers_from_one_up),
        CASE(a_freed_name_is_given_out_again_first),
        CASE(a_task_can_hold_thousands_of_names),
        CASE(an_unused_name_has_no_type),
        CASE(a_new_name_of_each_kind_has_its_type),
        CASE(a_name_can_be_chosen_if_it_is_free),
        CASE(send_and_receive_rights_of_a_port_share_a_name),
        CASE(a_send_right_to_a_known_port_reuses_its_name),
        CASE(every_send_once_right_has_its_own_name),
        CASE(references_are_counted_up_and_down),
        CASE(a_right_that_a_name_lacks_has_no_references),
        CASE(when_the_receive_right_dies_send_rights_become_dead_names),
        CASE(a_name_can_be_changed),
        CASE(a_right_cannot_be_put_under_a_name_that_denotes_something_else),
        CASE(a_right_can_be_taken_out_of_a_task),
        CASE(the_names_of_a_task_can_be_listed),
        CASE(the_status_of_a_receive_right_tells_of_its_rights_and_messages),
        CASE(an_unknown_request_is_answered_with_bad_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
