/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notifications, and what death leaves behind. */
#include "world.h"

#include "mach_port_user.h"
#include "mach_user.h"

static struct user *owner, *other;
static mach_port_t port;   /* owner's receive right */
static mach_port_t remote; /* other's send right for it */

static mach_port_t other_notes, owner_notes;

/* Where USER gets its notifications. */
static mach_port_t notes(const struct user *user)
{
    return user == other ? other_notes : owner_notes;
}

static int setup(void **state)
{
    world_setup(state);
    other = user_create("other");
    other_notes = world_reply_port();
    owner = user_create("owner");
    owner_notes = world_reply_port();
    port = world_reply_port();
    remote = world_give(owner, port, MACH_MSG_TYPE_MAKE_SEND, other);
    return 0;
}

static kern_return_t request(struct user *user, mach_port_t name, int id,
                             unsigned sync, mach_port_t notify,
                             mach_port_t *previous)
{
    mach_port_t dummy;

    user_be(user);
    return mach_port_request_notification(user->self, name, id, sync, notify,
                                          MACH_MSG_TYPE_MAKE_SEND_ONCE,
                                          previous != NULL ? previous : &dummy);
}

struct note {
    mach_msg_header_t head;
    mach_msg_type_t type;
    uint32_t value, pad;
    char rest[64];
};

/* The notification that USER has got at its reply port; its id, or 0. */
static int note(struct user *user, struct note *n)
{
    memset(n, 0, sizeof *n);
    user_be(user);
    if (mach_msg(&n->head, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof *n,
                 notes(user), 0, 0) != MACH_MSG_SUCCESS) {
        return 0;
    }
    assert_int_equal(n->head.msgh_remote_port, 0);
    return n->head.msgh_id;
}

static mach_port_type_t type_of(struct user *user, mach_port_t name)
{
    mach_port_type_t type = 0;

    user_be(user);
    return mach_port_type(user->self, name, &type) == KERN_SUCCESS ? type : 0;
}

static unsigned dead_refs(struct user *user, mach_port_t name)
{
    mach_port_urefs_t refs = 0;

    user_be(user);
    assert_ok(
        mach_port_get_refs(user->self, name, MACH_PORT_RIGHT_DEAD_NAME, &refs));
    return refs;
}

static void destroy(struct user *user, mach_port_t name)
{
    user_be(user);
    assert_ok(mach_port_destroy(user->self, name));
}

/* --- dead names ----------------------------------------------------------------- */

TEST(a_dead_name_notification_tells_the_name_and_adds_a_reference)
{
    struct note n;

    assert_ok(
        request(other, remote, MACH_NOTIFY_DEAD_NAME, 0, notes(other), NULL));
    assert_true(type_of(other, remote) & MACH_PORT_TYPE_DNREQUEST);
    destroy(owner, port);
    assert_int_equal(note(other, &n), MACH_NOTIFY_DEAD_NAME);
    assert_int_equal(n.head.msgh_size, 48);
    assert_int_equal(n.head.msgh_bits,
                     MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND_ONCE));
    assert_int_equal(n.type.msgt_name, MACH_MSG_TYPE_PORT_NAME);
    assert_int_equal(n.type.msgt_size, 32);
    assert_int_equal(n.value, remote);
    assert_int_equal(type_of(other, remote), MACH_PORT_TYPE_DEAD_NAME);
    assert_int_equal(dead_refs(other, remote), 2);
}

TEST(a_dead_name_can_notify_at_once)
{
    struct note n;

    destroy(owner, port);
    assert_kr(
        request(other, remote, MACH_NOTIFY_DEAD_NAME, 0, notes(other), NULL),
        KERN_INVALID_ARGUMENT);
    /* The refused right is destroyed. */
    assert_int_equal(note(other, &n), MACH_NOTIFY_SEND_ONCE);
    assert_ok(
        request(other, remote, MACH_NOTIFY_DEAD_NAME, 1, notes(other), NULL));
    assert_int_equal(note(other, &n), MACH_NOTIFY_DEAD_NAME);
    assert_int_equal(dead_refs(other, remote), 2);
}

TEST(a_new_request_gives_the_old_one_back)
{
    mach_port_t previous = 1;
    struct note n;

    assert_ok(request(other, remote, MACH_NOTIFY_DEAD_NAME, 0, notes(other),
                      &previous));
    assert_int_equal(previous, 0);
    assert_ok(request(other, remote, MACH_NOTIFY_DEAD_NAME, 0, notes(other),
                      &previous));
    assert_true(MACH_PORT_VALID(previous));
    assert_int_equal(type_of(other, previous), MACH_PORT_TYPE_SEND_ONCE);
    assert_ok(request(other, remote, MACH_NOTIFY_DEAD_NAME, 0, 0, &previous));
    assert_true(MACH_PORT_VALID(previous));
    destroy(owner, port);
    assert_int_equal(note(other, &n), 0);
}

TEST(a_name_that_goes_first_is_a_deleted_port)
{
    struct note n;

    assert_ok(
        request(other, remote, MACH_NOTIFY_DEAD_NAME, 0, notes(other), NULL));
    user_be(other);
    assert_ok(mach_port_deallocate(other->self, remote));
    assert_int_equal(note(other, &n), MACH_NOTIFY_PORT_DELETED);
    assert_int_equal(n.value, remote);
}

TEST(a_request_follows_a_renamed_name)
{
    struct note n;

    assert_ok(
        request(other, remote, MACH_NOTIFY_DEAD_NAME, 0, notes(other), NULL));
    user_be(other);
    assert_ok(mach_port_rename(other->self, remote, 321));
    destroy(owner, port);
    assert_int_equal(note(other, &n), MACH_NOTIFY_DEAD_NAME);
    assert_int_equal(n.value, 321);
}

TEST(the_death_of_a_task_kills_its_ports)
{
    struct note n;

    assert_ok(
        request(other, remote, MACH_NOTIFY_DEAD_NAME, 0, notes(other), NULL));
    user_kill(owner);
    assert_int_equal(note(other, &n), MACH_NOTIFY_DEAD_NAME);
}

TEST(a_task_port_dies_with_its_task)
{
    mach_port_t task =
        world_give(owner, owner->self, MACH_MSG_TYPE_COPY_SEND, other);
    struct note n;

    assert_ok(
        request(other, task, MACH_NOTIFY_DEAD_NAME, 0, notes(other), NULL));
    user_be(other);
    assert_ok(task_terminate(task));
    assert_int_equal(note(other, &n), MACH_NOTIFY_DEAD_NAME);
    assert_int_equal(n.value, task);
}

TEST(a_task_can_end_itself)
{
    user_be(owner);
    assert_int_equal(task_terminate(owner->self), WORLD_BLOCKED);
    assert_int_equal(type_of(other, remote), MACH_PORT_TYPE_DEAD_NAME);
}

/* --- no senders ------------------------------------------------------------------- */

TEST(when_the_last_send_right_goes_the_count_of_made_rights_is_told)
{
    struct note n;

    assert_ok(
        request(owner, port, MACH_NOTIFY_NO_SENDERS, 0, notes(owner), NULL));
    assert_int_equal(note(owner, &n), 0);
    user_be(other);
    assert_ok(mach_port_deallocate(other->self, remote));
    assert_int_equal(note(owner, &n), MACH_NOTIFY_NO_SENDERS);
    assert_int_equal(n.head.msgh_size, 48);
    assert_int_equal(n.type.msgt_name, MACH_MSG_TYPE_INTEGER_32);
    assert_int_equal(n.value, 1);
}

TEST(a_right_in_a_queued_message_is_a_sender)
{
    struct note n;
    struct message m;

    assert_ok(
        request(owner, port, MACH_NOTIFY_NO_SENDERS, 0, notes(owner), NULL));
    user_be(other);
    assert_ok(send_simple(remote, MACH_MSG_TYPE_MOVE_SEND, 1, 0, 0));
    assert_int_equal(note(owner, &n), 0);
    assert_ok(receive(port, &m, 0, 0));
    assert_int_equal(note(owner, &n), MACH_NOTIFY_NO_SENDERS);
}

TEST(without_senders_it_comes_at_once_if_enough_have_been_made)
{
    struct note n;

    user_be(other);
    assert_ok(mach_port_deallocate(other->self, remote));
    assert_ok(
        request(owner, port, MACH_NOTIFY_NO_SENDERS, 2, notes(owner), NULL));
    assert_int_equal(note(owner, &n), 0);
    assert_ok(
        request(owner, port, MACH_NOTIFY_NO_SENDERS, 1, notes(owner), NULL));
    assert_int_equal(note(owner, &n), MACH_NOTIFY_NO_SENDERS);
}

TEST(it_comes_once)
{
    struct note n;
    mach_port_t again;

    assert_ok(
        request(owner, port, MACH_NOTIFY_NO_SENDERS, 0, notes(owner), NULL));
    destroy(other, remote);
    assert_int_equal(note(owner, &n), MACH_NOTIFY_NO_SENDERS);
    again = world_give(owner, port, MACH_MSG_TYPE_MAKE_SEND, other);
    destroy(other, again);
    assert_int_equal(note(owner, &n), 0);
}

TEST(a_port_that_dies_gives_its_request_up)
{
    struct note n;

    assert_ok(
        request(owner, port, MACH_NOTIFY_NO_SENDERS, 0, notes(owner), NULL));
    destroy(owner, port);
    assert_int_equal(note(owner, &n), MACH_NOTIFY_SEND_ONCE);
}

TEST(a_request_needs_a_receive_right_and_a_known_id)
{
    assert_kr(
        request(other, remote, MACH_NOTIFY_NO_SENDERS, 0, notes(other), NULL),
        KERN_INVALID_RIGHT);
    assert_kr(request(owner, port, 99, 0, notes(owner), NULL),
              KERN_INVALID_VALUE);
    assert_kr(
        request(owner, 999, MACH_NOTIFY_NO_SENDERS, 0, notes(owner), NULL),
        KERN_INVALID_NAME);
    assert_kr(
        request(owner, port, MACH_NOTIFY_PORT_DESTROYED, 1, notes(owner), NULL),
        KERN_INVALID_VALUE);
}

/* --- port destroyed, send once ----------------------------------------------------- */

TEST(a_receive_right_that_would_die_is_handed_over)
{
    struct {
        struct note n;
    } got;
    struct message m;
    uint64_t right;

    assert_ok(request(owner, port, MACH_NOTIFY_PORT_DESTROYED, 0, notes(owner),
                      NULL));
    user_be(other);
    assert_ok(send_simple(remote, MACH_MSG_TYPE_COPY_SEND, 8, 0, 0));
    destroy(owner, port);
    assert_int_equal(note(owner, &got.n), MACH_NOTIFY_PORT_DESTROYED);
    assert_true(got.n.head.msgh_bits & MACH_MSGH_BITS_COMPLEX);
    assert_int_equal(got.n.type.msgt_name, MACH_MSG_TYPE_PORT_RECEIVE);
    memcpy(&right, &got.n.value, sizeof right);
    assert_int_equal(type_of(owner, right), MACH_PORT_TYPE_RECEIVE);
    assert_int_equal(type_of(other, remote), MACH_PORT_TYPE_SEND);
    user_be(owner);
    assert_ok(receive(right, &m, MACH_RCV_TIMEOUT, 0));
    assert_int_equal(m.head.msgh_id, 8);
}

TEST(a_send_once_right_is_never_lost_in_silence)
{
    mach_port_t once =
        world_give(owner, notes(owner), MACH_MSG_TYPE_MAKE_SEND_ONCE, other);
    struct note n;

    user_be(other);
    assert_ok(mach_port_deallocate(other->self, once));
    assert_int_equal(note(owner, &n), MACH_NOTIFY_SEND_ONCE);
    assert_int_equal(n.head.msgh_size, 32);
    world_give(owner, notes(owner), MACH_MSG_TYPE_MAKE_SEND_ONCE, other);
    user_kill(other);
    assert_int_equal(note(owner, &n), MACH_NOTIFY_SEND_ONCE);
}

TEST(a_call_whose_server_dies_is_answered_by_that)
{
    struct message m = {0};

    user_be(other);
    m.head.msgh_bits =
        MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    m.head.msgh_remote_port = remote;
    m.head.msgh_local_port = other->reply_port;
    assert_int_equal(mach_msg(&m.head, MACH_SEND_MSG | MACH_RCV_MSG, 32,
                              sizeof m, other->reply_port, 0, 0),
                     WORLD_BLOCKED);
    user_kill(owner);
    assert_int_equal(world_finish(other, &m.head, sizeof m.head), 0);
    assert_int_equal(m.head.msgh_id, MACH_NOTIFY_SEND_ONCE);
}

/* --- message accepted ------------------------------------------------------------------ */

TEST(a_forced_message_tells_when_it_is_taken)
{
    mach_msg_header_t head = {.msgh_bits =
                                  MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                              .msgh_remote_port = remote,
                              .msgh_id = 50};
    struct message m;
    struct note n;

    user_be(other);
    for (int i = 0; i < 5; i++) {
        assert_ok(send_simple(remote, MACH_MSG_TYPE_COPY_SEND, i, 0, 0));
    }
    assert_int_equal(
        mach_msg(&head, MACH_SEND_MSG | MACH_SEND_TIMEOUT | MACH_SEND_NOTIFY,
                 32, 0, 0, 0, notes(other)),
        MACH_SEND_WILL_NOTIFY);
    assert_true(type_of(other, remote) & MACH_PORT_TYPE_MAREQUEST);
    head = (mach_msg_header_t){.msgh_bits =
                                   MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                               .msgh_remote_port = remote};
    assert_int_equal(
        mach_msg(&head, MACH_SEND_MSG | MACH_SEND_TIMEOUT | MACH_SEND_NOTIFY,
                 32, 0, 0, 0, notes(other)),
        MACH_SEND_NOTIFY_IN_PROGRESS);
    user_be(owner);
    for (int i = 0; i < 5; i++) {
        assert_ok(receive(port, &m, 0, 0));
    }
    assert_int_equal(note(other, &n), 0);
    user_be(owner);
    assert_ok(receive(port, &m, 0, 0));
    assert_int_equal(m.head.msgh_id, 50);
    assert_int_equal(note(other, &n), MACH_NOTIFY_MSG_ACCEPTED);
    assert_int_equal(n.value, remote);
    assert_false(type_of(other, remote) & MACH_PORT_TYPE_MAREQUEST);
}

/* --- long chains ------------------------------------------------------------------------ */

TEST(a_long_chain_of_ports_in_messages_dies_at_once)
{
    struct {
        mach_msg_header_t head;
        mach_msg_type_t type;
        uint64_t right;
    } m;
    mach_port_t inner, outer;

    user_be(owner);
    inner = world_reply_port();
    for (int i = 0; i < 3000; i++) {
        outer = world_reply_port();
        memset(&m, 0, sizeof m);
        m.head.msgh_bits =
            MACH_MSGH_BITS_COMPLEX | MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, 0);
        m.head.msgh_remote_port = outer;
        m.type = (mach_msg_type_t){.msgt_name = MACH_MSG_TYPE_MOVE_RECEIVE,
                                   .msgt_size = 64,
                                   .msgt_number = 1,
                                   .msgt_inline = 1};
        m.right = inner;
        assert_ok(mach_msg(&m.head, MACH_SEND_MSG, sizeof m, 0, 0, 0, 0));
        inner = outer;
    }
    destroy(owner, inner);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)

/* --- sets ------------------------------------------------------------------------ */

/* A message of OWNER's set, and how many notifications had left it before. */
static int from_set(mach_port_t set, struct note *n)
{
    user_be(owner);
    assert_ok(mach_msg(&n->head, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof *n,
                       set, 0, 0));
    return (int)(n->head.msgh_remote_port_do_not_use >> 32);
}

static void send_plain(int id)
{
    mach_msg_header_t head = {.msgh_bits =
                                  MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                              .msgh_size = sizeof head,
                              .msgh_remote_port = remote,
                              .msgh_id = id};

    user_be(other);
    assert_ok(mach_msg(&head, MACH_SEND_MSG, sizeof head, 0, 0, 0, 0));
}

TEST(a_message_of_a_set_says_how_many_notifications_left_it_before)
{
    mach_port_t set, second, mine;
    struct note n;

    user_be(owner);
    second = world_reply_port();
    mine = world_give(owner, second, MACH_MSG_TYPE_MAKE_SEND, other);
    user_be(owner);
    assert_ok(mach_port_allocate(owner->self, MACH_PORT_RIGHT_PORT_SET, &set));
    assert_ok(mach_port_move_member(owner->self, port, set));
    assert_ok(mach_port_move_member(owner->self, second, set));
    assert_ok(request(owner, second, MACH_NOTIFY_NO_SENDERS, 0, second, NULL));
    send_plain(1000);
    assert_int_equal(from_set(set, &n), 0);
    user_be(other);
    assert_ok(mach_port_deallocate(other->self, mine));
    send_plain(1001);
    assert_int_equal(from_set(set, &n), 0);
    assert_int_equal(n.head.msgh_id, MACH_NOTIFY_NO_SENDERS);
    assert_int_equal(from_set(set, &n), 1);
    assert_int_equal(n.head.msgh_id, 1001);
    assert_int_equal(n.head.msgh_remote_port, MACH_PORT_NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_dead_name_notification_tells_the_name_and_adds_a_reference),
        CASE(a_dead_name_can_notify_at_once),
        CASE(a_new_request_gives_the_old_one_back),
        CASE(a_name_that_goes_first_is_a_deleted_port),
        CASE(a_request_follows_a_renamed_name),
        CASE(the_death_of_a_task_kills_its_ports),
        CASE(a_task_port_dies_with_its_task),
        CASE(a_task_can_end_itself),
        CASE(when_the_last_send_right_goes_the_count_of_made_rights_is_told),
        CASE(a_right_in_a_queued_message_is_a_sender),
        CASE(without_senders_it_comes_at_once_if_enough_have_been_made),
        CASE(it_comes_once),
        CASE(a_port_that_dies_gives_its_request_up),
        CASE(a_request_needs_a_receive_right_and_a_known_id),
        CASE(a_receive_right_that_would_die_is_handed_over),
        CASE(a_send_once_right_is_never_lost_in_silence),
        CASE(a_call_whose_server_dies_is_answered_by_that),
        CASE(a_forced_message_tells_when_it_is_taken),
        CASE(a_long_chain_of_ports_in_messages_dies_at_once),
        CASE(a_message_of_a_set_says_how_many_notifications_left_it_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
