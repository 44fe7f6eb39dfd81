/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages: queues, limits, timeouts, sets, rights and memory in bodies. */
#include "world.h"

#include "mach_port_user.h"
#include "mach_user.h"

static struct user *server, *client;
static mach_port_t port;   /* server's receive right */
static mach_port_t remote; /* client's send right for it */

static int setup(void **state)
{
    world_setup(state);
    client = user_create("client");
    server = user_create("server");
    port = world_reply_port();
    remote = world_give(server, port, MACH_MSG_TYPE_MAKE_SEND, client);
    return 0;
}

static int client_send(int tag, int options, int timeout_ms)
{
    user_be(client);
    return send_simple(remote, MACH_MSG_TYPE_COPY_SEND, tag, options,
                       timeout_ms);
}

static int server_receive(struct message *message)
{
    user_be(server);
    return receive(port, message, MACH_RCV_TIMEOUT, 0);
}

static void fill_queue(void)
{
    for (int i = 0; i < 5; i++) {
        assert_ok(client_send(100 + i, 0, 0));
    }
}

/* --- headers --------------------------------------------------------------------- */

TEST(a_message_arrives_with_roles_swapped)
{
    struct message m = {0};
    mach_port_t reply;

    user_be(client);
    reply = client->reply_port;
    m.head.msgh_bits =
        MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    m.head.msgh_remote_port = remote;
    m.head.msgh_local_port = reply;
    m.head.msgh_id = 42;
    strcpy(m.body, "hello");
    assert_ok(mach_msg(&m.head, MACH_SEND_MSG, 40, 0, 0, 0, 0));
    assert_ok(server_receive(&m));
    assert_int_equal(
        m.head.msgh_bits,
        MACH_MSGH_BITS(MACH_MSG_TYPE_PORT_SEND_ONCE, MACH_MSG_TYPE_PORT_SEND));
    assert_int_equal(m.head.msgh_size, 40);
    assert_int_equal(m.head.msgh_local_port, port);
    assert_true(MACH_PORT_VALID(m.head.msgh_remote_port));
    assert_int_equal(m.head.msgh_id, 42);
    assert_string_equal(m.body, "hello");
    /* The reply finds its way. */
    assert_ok(send_simple(m.head.msgh_remote_port, MACH_MSG_TYPE_MOVE_SEND_ONCE,
                          43, 0, 0));
    user_be(client);
    assert_int_equal(receive_id(reply), 43);
}

TEST(messages_are_numbered_by_their_port)
{
    struct message m;

    for (int i = 0; i < 3; i++) {
        assert_ok(client_send(i, 0, 0));
    }
    for (int i = 0; i < 3; i++) {
        assert_ok(server_receive(&m));
        assert_int_equal(m.head.msgh_seqno, i);
        assert_int_equal(m.head.msgh_id, i);
    }
}

TEST(a_labelled_port_delivers_its_label_instead_of_its_name)
{
    struct message m;

    user_be(server);
    assert_ok(mach_port_set_protected_payload(server->self, port,
                                              0x123456789abcdef0));
    assert_ok(client_send(1, 0, 0));
    assert_ok(server_receive(&m));
    assert_int_equal(MACH_MSGH_BITS_LOCAL(m.head.msgh_bits),
                     MACH_MSG_TYPE_PROTECTED_PAYLOAD);
    assert_int_equal(m.head.msgh_protected_payload, 0x123456789abcdef0);
    assert_ok(mach_port_clear_protected_payload(server->self, port));
    assert_ok(client_send(1, 0, 0));
    assert_ok(server_receive(&m));
    assert_int_equal(m.head.msgh_local_port, port);
}

/* --- errors of sending ---------------------------------------------------------------- */

static int bad_send(uint32_t bits, mach_port_t dest, mach_port_t reply,
                    unsigned size)
{
    struct message m = {0};

    user_be(client);
    m.head.msgh_bits = bits;
    m.head.msgh_remote_port = dest;
    m.head.msgh_local_port = reply;
    return mach_msg(&m.head, MACH_SEND_MSG, size, 0, 0, 0, 0);
}

TEST(a_message_smaller_than_its_header_or_unaligned_is_too_small)
{
    uint32_t bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0);

    assert_int_equal(bad_send(bits, remote, 0, 24), MACH_SEND_MSG_TOO_SMALL);
    assert_int_equal(bad_send(bits, remote, 0, 36), MACH_SEND_MSG_TOO_SMALL);
    assert_int_equal(bad_send(bits, remote, 0, 32), MACH_MSG_SUCCESS);
}

TEST(a_destination_must_be_a_right_that_can_be_sent_to)
{
    uint32_t copy = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0);
    mach_port_t dead;

    user_be(client);
    assert_ok(
        mach_port_allocate(client->self, MACH_PORT_RIGHT_DEAD_NAME, &dead));
    assert_int_equal(bad_send(copy, 0, 0, 32), MACH_SEND_INVALID_DEST);
    assert_int_equal(bad_send(copy, 999, 0, 32), MACH_SEND_INVALID_DEST);
    assert_int_equal(bad_send(copy, dead, 0, 32), MACH_SEND_INVALID_DEST);
    assert_int_equal(
        bad_send(MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, 0), remote, 0, 32),
        MACH_SEND_INVALID_DEST);
    assert_int_equal(
        bad_send(MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_RECEIVE, 0), remote, 0, 32),
        MACH_SEND_INVALID_HEADER);
    assert_int_equal(bad_send(0, remote, 0, 32), MACH_SEND_INVALID_HEADER);
}

TEST(a_reply_port_needs_a_disposition_and_a_right)
{
    uint32_t make_once =
        MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE);

    assert_int_equal(bad_send(MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                              remote, client->reply_port, 32),
                     MACH_SEND_INVALID_HEADER);
    assert_int_equal(bad_send(make_once, remote, 999, 32),
                     MACH_SEND_INVALID_REPLY);
    assert_int_equal(bad_send(make_once, remote, remote, 32),
                     MACH_SEND_INVALID_REPLY);
    assert_int_equal(bad_send(make_once, remote, 0, 32), MACH_MSG_SUCCESS);
}

TEST(one_reference_cannot_move_twice)
{
    uint32_t moves =
        MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND, MACH_MSG_TYPE_MOVE_SEND);

    assert_int_equal(bad_send(moves, remote, remote, 32),
                     MACH_SEND_INVALID_REPLY);
    user_be(client);
    assert_ok(
        mach_port_mod_refs(client->self, remote, MACH_PORT_RIGHT_SEND, 1));
    assert_int_equal(bad_send(moves, remote, remote, 32), MACH_MSG_SUCCESS);
    assert_int_equal(bad_send(moves, remote, remote, 32),
                     MACH_SEND_INVALID_DEST);
}

TEST(a_buffer_that_is_not_there_is_invalid_data)
{
    uint64_t args[6] = {0x10, MACH_SEND_MSG, 32}, result;

    user_be(client);
    assert_true(sim_trap(client->thread, -25, args, &result));
    assert_int_equal(result, MACH_SEND_INVALID_DATA);
    args[1] = MACH_RCV_MSG;
    args[3] = 1024;
    args[4] = client->reply_port;
    assert_ok(
        send_simple(client->reply_port, MACH_MSG_TYPE_MAKE_SEND, 1, 0, 0));
    assert_true(sim_trap(client->thread, -25, args, &result));
    assert_int_equal(result, MACH_RCV_INVALID_DATA);
}

/* --- queues ------------------------------------------------------------------------------ */

TEST(a_poll_of_an_empty_port_times_out)
{
    struct message m;

    assert_int_equal(server_receive(&m), MACH_RCV_TIMED_OUT);
}

TEST(a_receiver_waits_until_a_message_comes)
{
    struct message m;

    user_be(server);
    assert_int_equal(receive(port, &m, 0, 0), WORLD_BLOCKED);
    assert_ok(client_send(77, 0, 0));
    assert_false(user_blocked(server));
    assert_int_equal(world_finish(server, &m.head, sizeof m.head), 0);
    assert_int_equal(m.head.msgh_id, 77);
}

TEST(a_receive_times_out_when_its_time_is_over)
{
    struct message m;

    user_be(server);
    assert_int_equal(receive(port, &m, MACH_RCV_TIMEOUT, 20), WORLD_BLOCKED);
    sim_advance_ms(19);
    assert_true(user_blocked(server));
    sim_advance_ms(2);
    assert_int_equal(world_finish(server, NULL, 0), MACH_RCV_TIMED_OUT);
}

TEST(an_aborted_receive_is_interrupted)
{
    struct message m;

    user_be(server);
    assert_int_equal(receive(port, &m, 0, 0), WORLD_BLOCKED);
    user_abort(server);
    assert_int_equal(world_finish(server, NULL, 0), MACH_RCV_INTERRUPTED);
}

TEST(five_messages_fill_a_port_and_the_sixth_sender_waits)
{
    fill_queue();
    assert_int_equal(client_send(105, MACH_SEND_TIMEOUT, 0),
                     MACH_SEND_TIMED_OUT);
    assert_int_equal(client_send(105, 0, 0), WORLD_BLOCKED);
    user_be(server);
    assert_int_equal(receive_id(port), 100);
    assert_int_equal(world_finish(client, NULL, 0), MACH_MSG_SUCCESS);
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(receive_id(port), 100 + i);
    }
    assert_int_equal(receive_id(port), 0);
}

TEST(a_send_times_out_when_its_time_is_over)
{
    fill_queue();
    assert_int_equal(client_send(105, MACH_SEND_TIMEOUT, 30), WORLD_BLOCKED);
    sim_advance_ms(31);
    assert_int_equal(world_finish(client, NULL, 0), MACH_SEND_TIMED_OUT);
}

TEST(an_aborted_send_is_interrupted_and_the_message_comes_back)
{
    struct message m;

    fill_queue();
    assert_int_equal(client_send(105, 0, 0), WORLD_BLOCKED);
    user_abort(client);
    assert_int_equal(world_finish(client, &m.head, sizeof m.head),
                     MACH_SEND_INTERRUPTED);
    assert_int_equal(m.head.msgh_remote_port, remote);
    assert_int_equal(MACH_MSGH_BITS_REMOTE(m.head.msgh_bits),
                     MACH_MSG_TYPE_MOVE_SEND);
    assert_int_equal(m.head.msgh_id, 105);
}

TEST(send_once_messages_know_no_limit)
{
    mach_port_t once =
        world_give(server, port, MACH_MSG_TYPE_MAKE_SEND_ONCE, client);

    fill_queue();
    user_be(client);
    assert_ok(send_simple(once, MACH_MSG_TYPE_MOVE_SEND_ONCE, 200, 0, 0));
}

TEST(a_larger_limit_lets_waiting_senders_in)
{
    fill_queue();
    assert_int_equal(client_send(105, 0, 0), WORLD_BLOCKED);
    user_be(server);
    assert_kr(mach_port_set_qlimit(server->self, port, 17), KERN_INVALID_VALUE);
    assert_ok(mach_port_set_qlimit(server->self, port, 16));
    assert_int_equal(world_finish(client, NULL, 0), MACH_MSG_SUCCESS);
}

TEST(when_the_port_dies_its_waiting_senders_have_sent)
{
    fill_queue();
    assert_int_equal(client_send(105, 0, 0), WORLD_BLOCKED);
    user_be(server);
    assert_ok(mach_port_destroy(server->self, port));
    assert_int_equal(world_finish(client, NULL, 0), MACH_MSG_SUCCESS);
}

TEST(when_the_port_dies_its_receiver_is_told)
{
    struct user *other = user_create_thread(server);
    struct message m;

    user_be(other);
    assert_int_equal(receive(port, &m, 0, 0), WORLD_BLOCKED);
    user_be(server);
    assert_ok(mach_port_destroy(server->self, port));
    assert_int_equal(world_finish(other, NULL, 0), MACH_RCV_PORT_DIED);
}

TEST(receivers_are_served_in_the_order_in_which_they_came)
{
    struct user *other = user_create_thread(server);
    struct message m;

    user_be(server);
    assert_int_equal(receive(port, &m, 0, 0), WORLD_BLOCKED);
    user_be(other);
    assert_int_equal(receive(port, &m, 0, 0), WORLD_BLOCKED);
    assert_ok(client_send(1, 0, 0));
    assert_false(user_blocked(server));
    assert_true(user_blocked(other));
    assert_ok(client_send(2, 0, 0));
    assert_false(user_blocked(other));
}

TEST(a_call_sends_and_receives_in_one_trap)
{
    struct message m = {0};

    user_be(server);
    assert_int_equal(receive(port, &m, 0, 0), WORLD_BLOCKED);
    user_be(client);
    m.head.msgh_bits =
        MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    m.head.msgh_remote_port = remote;
    m.head.msgh_local_port = client->reply_port;
    m.head.msgh_id = 1;
    assert_int_equal(mach_msg(&m.head, MACH_SEND_MSG | MACH_RCV_MSG, 32,
                              sizeof m, client->reply_port, 0, 0),
                     WORLD_BLOCKED);
    assert_int_equal(world_finish(server, &m.head, sizeof m.head), 0);
    user_be(server);
    assert_ok(send_simple(m.head.msgh_remote_port, MACH_MSG_TYPE_MOVE_SEND_ONCE,
                          101, 0, 0));
    assert_int_equal(world_finish(client, &m.head, sizeof m.head), 0);
    assert_int_equal(m.head.msgh_id, 101);
}

/* --- sizes of receiving --------------------------------------------------------------------- */

static int receive_sized(mach_msg_header_t *head, int options, unsigned size)
{
    user_be(server);
    return mach_msg(head, MACH_RCV_MSG | MACH_RCV_TIMEOUT | options, 0, size,
                    port, 0, 0);
}

static void send_sized(unsigned size, int reply_type)
{
    struct message m = {0};

    user_be(client);
    m.head.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, reply_type);
    m.head.msgh_remote_port = remote;
    m.head.msgh_local_port = reply_type != 0 ? client->reply_port : 0;
    m.head.msgh_id = 9;
    assert_ok(mach_msg(&m.head, MACH_SEND_MSG, size, 0, 0, 0, 0));
}

TEST(with_rcv_large_a_message_that_does_not_fit_stays)
{
    struct message m = {0};

    send_sized(200, 0);
    assert_int_equal(receive_sized(&m.head, MACH_RCV_LARGE, 64),
                     MACH_RCV_TOO_LARGE);
    assert_int_equal(m.head.msgh_size, 200);
    assert_int_equal(receive_sized(&m.head, MACH_RCV_LARGE, 200), 0);
    assert_int_equal(m.head.msgh_id, 9);
}

TEST(with_rcv_large_a_waiting_receiver_is_told_the_size)
{
    struct message m = {0};

    user_be(server);
    assert_int_equal(
        mach_msg(&m.head, MACH_RCV_MSG | MACH_RCV_LARGE, 0, 64, port, 0, 0),
        WORLD_BLOCKED);
    send_sized(200, 0);
    assert_int_equal(world_finish(server, &m.head, sizeof m.head),
                     MACH_RCV_TOO_LARGE);
    assert_int_equal(m.head.msgh_size, 200);
    assert_int_equal(receive_sized(&m.head, 0, 200), 0);
}

TEST(without_rcv_large_it_is_destroyed_and_the_caller_hears_of_it)
{
    struct message m = {0};

    send_sized(200, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    assert_int_equal(receive_sized(&m.head, 0, 64), MACH_RCV_TOO_LARGE);
    assert_int_equal(m.head.msgh_size, 200);
    assert_int_equal(m.head.msgh_local_port, port);
    assert_int_equal(m.head.msgh_remote_port, 0);
    assert_int_equal(receive_sized(&m.head, 0, 200), MACH_RCV_TIMED_OUT);
    user_be(client);
    assert_int_equal(receive_id(client->reply_port), MACH_NOTIFY_SEND_ONCE);
}

/* --- port sets ------------------------------------------------------------------------------- */

static mach_port_t make_set(void)
{
    mach_port_t set;

    user_be(server);
    assert_ok(mach_port_allocate(server->self, MACH_PORT_RIGHT_PORT_SET, &set));
    assert_ok(mach_port_move_member(server->self, port, set));
    return set;
}

TEST(a_set_receives_the_messages_of_its_members)
{
    mach_port_t set = make_set();
    struct message m;

    assert_ok(client_send(5, 0, 0));
    user_be(server);
    assert_ok(receive(set, &m, 0, 0));
    assert_int_equal(m.head.msgh_id, 5);
    assert_int_equal(m.head.msgh_local_port, port);
}

TEST(a_member_cannot_be_received_from)
{
    struct message m;

    make_set();
    assert_int_equal(server_receive(&m), MACH_RCV_IN_SET);
}

TEST(a_set_merges_messages_in_the_order_of_their_arrival)
{
    mach_port_t set = make_set(), second = world_reply_port();
    mach_port_t there =
        world_give(server, second, MACH_MSG_TYPE_MAKE_SEND, client);

    assert_ok(mach_port_move_member(server->self, second, set));
    user_be(client);
    for (int i = 0; i < 6; i++) {
        assert_ok(send_simple(i % 2 ? there : remote, MACH_MSG_TYPE_COPY_SEND,
                              10 + i, 0, 0));
    }
    user_be(server);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(receive_id(set), 10 + i);
    }
}

TEST(what_was_queued_before_comes_through_the_set_and_after_it_by_the_port)
{
    mach_port_t set;

    assert_ok(client_send(1, 0, 0));
    assert_ok(client_send(2, 0, 0));
    set = make_set();
    assert_int_equal(receive_id(set), 1);
    assert_ok(mach_port_move_member(server->self, port, 0));
    assert_int_equal(receive_id(set), 0);
    assert_int_equal(receive_id(port), 2);
    assert_kr(mach_port_move_member(server->self, port, 0), KERN_NOT_IN_SET);
}

TEST(a_receiver_whose_port_joins_a_set_is_told)
{
    struct user *other = user_create_thread(server);
    struct message m;

    user_be(other);
    assert_int_equal(receive(port, &m, 0, 0), WORLD_BLOCKED);
    make_set();
    assert_int_equal(world_finish(other, NULL, 0), MACH_RCV_PORT_CHANGED);
}

TEST(a_receiver_of_a_set_that_is_destroyed_is_told)
{
    struct user *other = user_create_thread(server);
    mach_port_t set = make_set();
    struct message m;

    user_be(other);
    assert_int_equal(receive(set, &m, 0, 0), WORLD_BLOCKED);
    user_be(server);
    assert_ok(mach_port_destroy(server->self, set));
    assert_int_equal(world_finish(other, NULL, 0), MACH_RCV_PORT_DIED);
    assert_ok(client_send(3, 0, 0));
    user_be(server);
    assert_int_equal(receive_id(port), 3);
}

TEST(the_members_of_a_set_can_be_listed)
{
    mach_port_t set = make_set(), *members = NULL, name;
    mach_msg_type_number_t count;

    assert_ok(mach_port_get_set_status(server->self, set, &members, &count));
    assert_int_equal(count, 1);
    world_peek((uint64_t)members, &name, sizeof name);
    assert_int_equal(name, port);
    assert_kr(mach_port_get_set_status(server->self, port, &members, &count),
              KERN_INVALID_RIGHT);
}

/* --- rights in bodies -------------------------------------------------------------------------- */

struct port_message {
    mach_msg_header_t head;
    mach_msg_type_t type;
    uint64_t ports[4];
};

static mach_msg_type_t item(int name, int bits, int number, bool in_line)
{
    return (mach_msg_type_t){.msgt_name = name,
                             .msgt_size = bits,
                             .msgt_number = number,
                             .msgt_inline = in_line};
}

static int send_ports(const mach_msg_type_t *type, const uint64_t *ports,
                      unsigned number, int options)
{
    struct port_message m = {
        .head = {.msgh_bits = MACH_MSGH_BITS_COMPLEX |
                              MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                 .msgh_remote_port = remote,
                 .msgh_id = 60},
        .type = *type,
    };
    int result;

    user_be(client);
    memcpy(m.ports, ports, number * sizeof *ports);
    result =
        mach_msg(&m.head, MACH_SEND_MSG | options, 40 + 8 * number, 0, 0, 0, 0);
    return result;
}

TEST(a_right_in_the_body_moves_copies_or_is_made)
{
    mach_msg_type_t type = item(MACH_MSG_TYPE_MAKE_SEND, 64, 2, true);
    uint64_t ports[2];
    struct port_message m;
    mach_port_type_t t;

    user_be(client);
    ports[0] = ports[1] = world_reply_port();
    assert_ok(send_ports(&type, ports, 2, 0));
    user_be(server);
    assert_ok(mach_msg(&m.head, MACH_RCV_MSG, 0, sizeof m, port, 0, 0));
    assert_true(m.head.msgh_bits & MACH_MSGH_BITS_COMPLEX);
    assert_int_equal(m.type.msgt_name, MACH_MSG_TYPE_PORT_SEND);
    assert_int_equal(m.ports[0], m.ports[1]);
    assert_ok(mach_port_type(server->self, m.ports[0], &t));
    assert_int_equal(t, MACH_PORT_TYPE_SEND);
}

TEST(null_and_dead_names_pass_through)
{
    mach_msg_type_t type = item(MACH_MSG_TYPE_COPY_SEND, 64, 2, true);
    uint64_t ports[2] = {0, 0xffffffff};
    struct port_message m;

    assert_ok(send_ports(&type, ports, 2, 0));
    user_be(server);
    assert_ok(mach_msg(&m.head, MACH_RCV_MSG, 0, sizeof m, port, 0, 0));
    assert_int_equal(m.ports[0], 0);
    assert_int_equal(m.ports[1], 0xffffffff);
}

TEST(a_name_without_the_right_is_an_invalid_right)
{
    mach_msg_type_t type = item(MACH_MSG_TYPE_MAKE_SEND, 64, 2, true);
    uint64_t ports[2] = {client->reply_port, 555};
    mach_port_urefs_t refs;

    assert_int_equal(send_ports(&type, ports, 2, 0), MACH_SEND_INVALID_RIGHT);
    user_be(client);
    assert_ok(
        mach_port_get_refs(client->self, remote, MACH_PORT_RIGHT_SEND, &refs));
    assert_int_equal(refs, 1);
}

TEST(the_form_of_items_is_checked)
{
    uint64_t ports[4] = {0};
    mach_msg_type_t type = item(MACH_MSG_TYPE_COPY_SEND, 32, 1, true);

    assert_int_equal(send_ports(&type, ports, 1, 0), MACH_SEND_INVALID_TYPE);
    type = item(MACH_MSG_TYPE_COPY_SEND, 64, 1, false);
    assert_int_equal(send_ports(&type, ports, 1, 0), MACH_SEND_INVALID_TYPE);
    type = item(MACH_MSG_TYPE_INTEGER_64, 64, 1, true);
    type.msgt_deallocate = 1;
    assert_int_equal(send_ports(&type, ports, 1, 0), MACH_SEND_INVALID_TYPE);
    type = item(MACH_MSG_TYPE_INTEGER_64, 64, 1, true);
    type.msgt_unused = 1;
    assert_int_equal(send_ports(&type, ports, 1, 0), MACH_SEND_INVALID_TYPE);
    type = item(MACH_MSG_TYPE_INTEGER_64, 64, 5, true);
    assert_int_equal(send_ports(&type, ports, 4, 0), MACH_SEND_MSG_TOO_SMALL);
    type = item(MACH_MSG_TYPE_INTEGER_64, 64, 0xffffffff, true);
    assert_int_equal(send_ports(&type, ports, 4, 0), MACH_SEND_MSG_TOO_SMALL);
}

TEST(a_message_that_only_says_it_is_complex_arrives_simple)
{
    mach_msg_type_t type = item(MACH_MSG_TYPE_INTEGER_64, 64, 1, true);
    uint64_t number = 5;
    struct port_message m;

    assert_ok(send_ports(&type, &number, 1, 0));
    user_be(server);
    assert_ok(mach_msg(&m.head, MACH_RCV_MSG, 0, sizeof m, port, 0, 0));
    assert_false(m.head.msgh_bits & MACH_MSGH_BITS_COMPLEX);
    assert_int_equal(m.ports[0], 5);
}

TEST(a_receive_right_moves_with_its_messages)
{
    mach_msg_type_t type = item(MACH_MSG_TYPE_MOVE_RECEIVE, 64, 1, true);
    struct port_message m;
    mach_port_type_t t;
    uint64_t moved;
    struct message got;

    user_be(client);
    moved = world_reply_port();
    assert_ok(send_simple(moved, MACH_MSG_TYPE_MAKE_SEND, 31, 0, 0));
    assert_ok(send_ports(&type, &moved, 1, 0));
    assert_kr(mach_port_type(client->self, moved, &t), KERN_INVALID_NAME);
    user_be(server);
    assert_ok(mach_msg(&m.head, MACH_RCV_MSG, 0, sizeof m, port, 0, 0));
    assert_int_equal(m.type.msgt_name, MACH_MSG_TYPE_PORT_RECEIVE);
    assert_ok(receive(m.ports[0], &got, MACH_RCV_TIMEOUT, 0));
    assert_int_equal(got.head.msgh_id, 31);
}

TEST(a_message_with_rights_that_cannot_be_sent_gives_them_back)
{
    mach_msg_type_t type = item(MACH_MSG_TYPE_MOVE_SEND, 64, 1, true);
    struct port_message m;
    mach_port_urefs_t refs;
    uint64_t moved;

    fill_queue();
    moved =
        world_give(server, server->reply_port, MACH_MSG_TYPE_MAKE_SEND, client);
    user_be(client);
    m = (struct port_message){
        .head = {.msgh_bits = MACH_MSGH_BITS_COMPLEX |
                              MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND,
                                             MACH_MSG_TYPE_MAKE_SEND_ONCE),
                 .msgh_remote_port = remote,
                 .msgh_local_port = client->reply_port},
        .type = type,
        .ports = {moved},
    };
    assert_int_equal(
        mach_msg(&m.head, MACH_SEND_MSG | MACH_SEND_TIMEOUT, 48, 0, 0, 0, 0),
        MACH_SEND_TIMED_OUT);
    assert_int_equal(m.head.msgh_remote_port, remote);
    assert_int_equal(m.head.msgh_bits,
                     MACH_MSGH_BITS_COMPLEX |
                         MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND,
                                        MACH_MSG_TYPE_MOVE_SEND_ONCE));
    assert_int_equal(m.type.msgt_name, MACH_MSG_TYPE_MOVE_SEND);
    /* It had gone, so its name may be another now. */
    assert_ok(mach_port_get_refs(client->self, m.ports[0], MACH_PORT_RIGHT_SEND,
                                 &refs));
    assert_int_equal(refs, 1);
    /* And it can be sent again as it is. */
    user_be(server);
    assert_int_equal(receive_id(port), 100);
    user_be(client);
    assert_ok(mach_msg(&m.head, MACH_SEND_MSG, 48, 0, 0, 0, 0));
}

TEST(a_receive_right_in_its_own_queue_is_destroyed)
{
    mach_msg_type_t type = item(MACH_MSG_TYPE_MOVE_RECEIVE, 64, 1, true);
    mach_port_type_t t;
    struct port_message m = {.type = type};
    mach_port_t own;

    user_be(client);
    own = world_reply_port();
    assert_ok(mach_port_insert_right(client->self, own, own,
                                     MACH_MSG_TYPE_MAKE_SEND));
    m.head.msgh_bits =
        MACH_MSGH_BITS_COMPLEX | MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0);
    m.head.msgh_remote_port = own;
    m.ports[0] = own;
    assert_ok(mach_msg(&m.head, MACH_SEND_MSG, 48, 0, 0, 0, 0));
    assert_ok(mach_port_type(client->self, own, &t));
    assert_int_equal(t, MACH_PORT_TYPE_DEAD_NAME);
}

TEST(a_circle_of_receive_rights_is_broken)
{
    mach_port_t one, two;
    mach_port_type_t t;
    struct port_message m;

    user_be(client);
    one = world_reply_port();
    two = world_reply_port();
    assert_ok(mach_port_insert_right(client->self, one, one,
                                     MACH_MSG_TYPE_MAKE_SEND));
    assert_ok(mach_port_insert_right(client->self, two, two,
                                     MACH_MSG_TYPE_MAKE_SEND));
    for (int i = 0; i < 2; i++) {
        m = (struct port_message){
            .head = {.msgh_bits = MACH_MSGH_BITS_COMPLEX |
                                  MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                     .msgh_remote_port = i ? one : two},
            .type = item(MACH_MSG_TYPE_MOVE_RECEIVE, 64, 1, true),
            .ports = {i ? two : one},
        };
        assert_ok(mach_msg(&m.head, MACH_SEND_MSG, 48, 0, 0, 0, 0));
    }
    assert_ok(mach_port_type(client->self, one, &t));
    assert_int_equal(t, MACH_PORT_TYPE_DEAD_NAME);
    assert_ok(mach_port_type(client->self, two, &t));
    assert_int_equal(t, MACH_PORT_TYPE_DEAD_NAME);
}

/* --- memory in bodies ------------------------------------------------------------------------------ */

struct ool_message {
    mach_msg_header_t head;
    mach_msg_type_t type;
    uint64_t address;
};

static int send_ool(mach_msg_type_t type, uint64_t address)
{
    struct ool_message m = {
        .head = {.msgh_bits = MACH_MSGH_BITS_COMPLEX |
                              MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                 .msgh_remote_port = remote},
        .type = type,
        .address = address,
    };

    user_be(client);
    return mach_msg(&m.head, MACH_SEND_MSG, sizeof m, 0, 0, 0, 0);
}

TEST(out_of_line_memory_is_a_snapshot)
{
    mach_msg_type_t type = item(MACH_MSG_TYPE_BYTE, 8, 10000, false);
    struct ool_message m;
    char data[10000], got[10000];
    uint64_t address;

    user_be(client);
    address = world_allocate(3 * 4096);
    memset(data, 'x', sizeof data);
    world_poke(address + 100, data, sizeof data);
    assert_ok(send_ool(type, address + 100));
    world_poke(address + 100, "changed", 7);
    user_be(server);
    assert_ok(mach_msg(&m.head, MACH_RCV_MSG, 0, sizeof m, port, 0, 0));
    assert_int_equal(m.type.msgt_number, 10000);
    assert_true(m.type.msgt_deallocate);
    world_peek(m.address, got, sizeof got);
    assert_memory_equal(got, data, sizeof data);
}

TEST(deallocated_memory_leaves_its_sender)
{
    mach_msg_type_t type = item(MACH_MSG_TYPE_BYTE, 8, 8192, false);
    struct ool_message m;
    uint64_t address;
    char byte;

    type.msgt_deallocate = 1;
    user_be(client);
    address = world_allocate(8192);
    world_poke(address, "moved", 5);
    assert_ok(send_ool(type, address));
    user_be(server);
    assert_ok(mach_msg(&m.head, MACH_RCV_MSG, 0, sizeof m, port, 0, 0));
    world_peek(m.address, &byte, 1);
    assert_int_equal(byte, 'm');
    assert_int_equal(sim_mapping(client->thread->task, address, NULL), 0);
}

TEST(memory_that_is_not_there_is_invalid)
{
    assert_int_equal(
        send_ool(item(MACH_MSG_TYPE_BYTE, 8, 100, false), 0x123000),
        MACH_SEND_INVALID_MEMORY);
    assert_int_equal(
        send_ool(item(MACH_MSG_TYPE_PORT_SEND, 32, 100, false), 0x123000),
        MACH_SEND_INVALID_MEMORY);
}

TEST(empty_memory_is_a_null_pointer)
{
    struct ool_message m;

    assert_ok(send_ool(item(MACH_MSG_TYPE_BYTE, 8, 0, false), 0x123000));
    user_be(server);
    assert_ok(mach_msg(&m.head, MACH_RCV_MSG, 0, sizeof m, port, 0, 0));
    assert_int_equal(m.address, 0);
    assert_ok(send_ool(item(MACH_MSG_TYPE_COPY_SEND, 32, 0, false), 0x123000));
    user_be(server);
    assert_ok(mach_msg(&m.head, MACH_RCV_MSG, 0, sizeof m, port, 0, 0));
    assert_int_equal(m.address, 0);
}

TEST(an_array_of_rights_travels_as_names)
{
    mach_msg_type_t type = item(MACH_MSG_TYPE_MAKE_SEND, 32, 300, false);
    uint32_t names[300], got[300];
    struct ool_message m;
    mach_port_type_t t;
    uint64_t address;

    user_be(client);
    address = world_allocate(4096);
    for (int i = 0; i < 300; i++) {
        names[i] = world_reply_port();
    }
    names[7] = 0;
    world_poke(address, names, sizeof names);
    assert_ok(send_ool(type, address));
    user_be(server);
    assert_ok(mach_msg(&m.head, MACH_RCV_MSG, 0, sizeof m, port, 0, 0));
    assert_int_equal(m.type.msgt_size, 32);
    assert_int_equal(m.type.msgt_name, MACH_MSG_TYPE_PORT_SEND);
    world_peek(m.address, got, sizeof got);
    assert_int_equal(got[7], 0);
    for (int i = 0; i < 300; i++) {
        if (i != 7) {
            assert_ok(mach_port_type(server->self, got[i], &t));
            assert_int_equal(t, MACH_PORT_TYPE_SEND);
        }
    }
}

TEST(a_bad_name_in_an_array_undoes_nothing_else_and_leaks_nothing)
{
    mach_msg_type_t type = item(MACH_MSG_TYPE_MAKE_SEND, 32, 3, false);
    uint32_t names[3] = {client->reply_port, client->reply_port, 777};
    uint64_t address;

    user_be(client);
    address = world_allocate(4096);
    world_poke(address, names, sizeof names);
    assert_int_equal(send_ool(type, address), MACH_SEND_INVALID_RIGHT);
}

TEST(messages_left_in_queues_go_with_their_port)
{
    mach_msg_type_t type = item(MACH_MSG_TYPE_BYTE, 8, 5000, false);
    uint64_t address;

    user_be(client);
    address = world_allocate(8192);
    assert_ok(send_ool(type, address));
    assert_ok(send_ool(type, address));
    user_kill(server);
}

TEST(a_task_that_dies_while_it_waits_leaves_nothing)
{
    struct message m;

    fill_queue();
    assert_int_equal(client_send(105, 0, 0), WORLD_BLOCKED);
    user_kill(client);
    user_be(server);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(receive_id(port), 100 + i);
    }
    assert_int_equal(receive_id(port), 0);
    assert_int_equal(receive(port, &m, 0, 0), WORLD_BLOCKED);
    user_kill(server);
}

/* --- the trace ----------------------------------------------------------------------------------------- */

TEST(the_trace_has_a_line_for_each_message)
{
    mach_port_type_t t;

    sim_trace_start();
    assert_ok(client_send(4711, 0, 0));
    user_be(client);
    mach_port_type(client->self, 999, &t);
    assert_non_null(strstr(sim_trace(), "client -> server 4711 32 @"));
    assert_non_null(
        strstr(sim_trace(), "client -> kernel mach_port_type 48 @"));
    assert_non_null(
        strstr(sim_trace(), "kernel -> client mach_port_type reply 48 @"));
    assert_non_null(strstr(sim_trace(), " = 15\n"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_message_arrives_with_roles_swapped),
        CASE(messages_are_numbered_by_their_port),
        CASE(a_labelled_port_delivers_its_label_instead_of_its_name),
        CASE(a_message_smaller_than_its_header_or_unaligned_is_too_small),
        CASE(a_destination_must_be_a_right_that_can_be_sent_to),
        CASE(a_reply_port_needs_a_disposition_and_a_right),
        CASE(one_reference_cannot_move_twice),
        CASE(a_buffer_that_is_not_there_is_invalid_data),
        CASE(a_poll_of_an_empty_port_times_out),
        CASE(a_receiver_waits_until_a_message_comes),
        CASE(a_receive_times_out_when_its_time_is_over),
        CASE(an_aborted_receive_is_interrupted),
        CASE(five_messages_fill_a_port_and_the_sixth_sender_waits),
        CASE(a_send_times_out_when_its_time_is_over),
        CASE(an_aborted_send_is_interrupted_and_the_message_comes_back),
        CASE(send_once_messages_know_no_limit),
        CASE(a_larger_limit_lets_waiting_senders_in),
        CASE(when_the_port_dies_its_waiting_senders_have_sent),
        CASE(when_the_port_dies_its_receiver_is_told),
        CASE(receivers_are_served_in_the_order_in_which_they_came),
        CASE(a_call_sends_and_receives_in_one_trap),
        CASE(with_rcv_large_a_message_that_does_not_fit_stays),
        CASE(with_rcv_large_a_waiting_receiver_is_told_the_size),
        CASE(without_rcv_large_it_is_destroyed_and_the_caller_hears_of_it),
        CASE(a_set_receives_the_messages_of_its_members),
        CASE(a_member_cannot_be_received_from),
        CASE(a_set_merges_messages_in_the_order_of_their_arrival),
        CASE(
            what_was_queued_before_comes_through_the_set_and_after_it_by_the_port),
        CASE(a_receiver_whose_port_joins_a_set_is_told),
        CASE(a_receiver_of_a_set_that_is_destroyed_is_told),
        CASE(the_members_of_a_set_can_be_listed),
        CASE(a_right_in_the_body_moves_copies_or_is_made),
        CASE(null_and_dead_names_pass_through),
        CASE(a_name_without_the_right_is_an_invalid_right),
        CASE(the_form_of_items_is_checked),
        CASE(a_message_that_only_says_it_is_complex_arrives_simple),
        CASE(a_receive_right_moves_with_its_messages),
        CASE(a_message_with_rights_that_cannot_be_sent_gives_them_back),
        CASE(a_receive_right_in_its_own_queue_is_destroyed),
        CASE(a_circle_of_receive_rights_is_broken),
        CASE(out_of_line_memory_is_a_snapshot),
        CASE(deallocated_memory_leaves_its_sender),
        CASE(memory_that_is_not_there_is_invalid),
        CASE(empty_memory_is_a_null_pointer),
        CASE(an_array_of_rights_travels_as_names),
        CASE(a_bad_name_in_an_array_undoes_nothing_else_and_leaks_nothing),
        CASE(messages_left_in_queues_go_with_their_port),
        CASE(a_task_that_dies_while_it_waits_leaves_nothing),
        CASE(the_trace_has_a_line_for_each_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
