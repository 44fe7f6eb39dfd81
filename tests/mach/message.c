/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between threads and tasks: rights, memory, limits, deaths. */
#include "run.h"

/* Answers every message with the same bytes and its id + 100. */
static void echo(uint64_t port)
{
    static struct message buffers[4];
    static unsigned used;
    struct message *message = &buffers[used++];
    mach_msg_return_t result =
        mach_msg(&message->head, MACH_RCV_MSG, 0, sizeof *message,
                 (mach_port_t)port, 0, MACH_PORT_NULL);

    while (result == MACH_MSG_SUCCESS) {
        message->head.msgh_bits =
            MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(message->head.msgh_bits), 0);
        message->head.msgh_local_port = MACH_PORT_NULL;
        message->head.msgh_id += 100;
        result = mach_msg(&message->head, MACH_SEND_MSG | MACH_RCV_MSG,
                          message->head.msgh_size, sizeof *message,
                          (mach_port_t)port, 0, MACH_PORT_NULL);
    }
    for (;;)
        thread_switch(MACH_PORT_NULL, 2, 1000);
}

static mach_msg_return_t call(mach_port_t server, struct message *message,
                              unsigned body_size)
{
    mach_port_t reply = mach_reply_port();
    mach_msg_type_t type = {.msgt_name = MACH_MSG_TYPE_BYTE,
                            .msgt_size = 8,
                            .msgt_inline = 1,
                            .msgt_number = body_size - sizeof type};
    mach_msg_return_t result;

    message->head.msgh_bits =
        MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    message->head.msgh_remote_port = server;
    message->head.msgh_local_port = reply;
    message->head.msgh_id = 7;
    memcpy(message->body, &type, sizeof type);
    result = mach_msg(&message->head, MACH_SEND_MSG | MACH_RCV_MSG,
                      sizeof message->head + body_size, sizeof *message, reply,
                      0, MACH_PORT_NULL);
    mach_port_mod_refs(mach_task_self(), reply, MACH_PORT_RIGHT_RECEIVE, -1);
    return result;
}

static void an_rpc_goes_there_and_back(mach_port_t server)
{
    static struct message message;

    for (unsigned i = 0; i < 64; i++)
        message.body[8 + i] = (char)(i * 3);
    OK(call(server, &message, 72));
    CHECK_EQ(message.head.msgh_id, 107);
    CHECK_EQ(message.head.msgh_size, sizeof message.head + 72);
    for (unsigned i = 0; i < 64; i++)
        if (message.body[8 + i] != (char)(i * 3))
            check(false, "the bytes came back", i);
}

static void in_another_task(void)
{
    mach_port_t task = new_task(), port = new_port(), name = 0x4242;

    OK(mach_port_insert_right(task, name, port, MACH_MSG_TYPE_MOVE_RECEIVE));
    start_thread(task, echo, name);
    an_rpc_goes_there_and_back(port);
    OK(task_terminate(task));
    /* Its receive right went with it. */
    mach_port_type_t type = 0;
    for (int i = 0; i < 100 && !(type & MACH_PORT_TYPE_DEAD_NAME); i++) {
        thread_switch(MACH_PORT_NULL, 2, 1);
        mach_port_type(mach_task_self(), port, &type);
    }
    CHECK(type & MACH_PORT_TYPE_DEAD_NAME);
    CHECK_EQ(send_plain(port, 1, 0), MACH_SEND_INVALID_DEST);
}

static void queues_have_limits_and_order(void)
{
    struct message message;
    mach_port_t port = new_port();

    for (int i = 0; i < 5; i++)
        OK(send_plain(port, 10 + i, 16));
    CHECK_EQ(send_plain(port, 15, 16), MACH_SEND_TIMED_OUT);
    for (int i = 0; i < 5; i++) {
        OK(receive(port, &message, 100));
        CHECK_EQ(message.head.msgh_id, 10 + i);
        CHECK_EQ(message.head.msgh_seqno, i);
    }
    CHECK_EQ(receive(port, &message, 20), MACH_RCV_TIMED_OUT);
    OK(send_plain(port, 1, 512));
    CHECK_EQ(mach_msg(&message.head, MACH_RCV_MSG | MACH_RCV_LARGE, 0, 64, port,
                      0, MACH_PORT_NULL),
             MACH_RCV_TOO_LARGE);
    OK(receive(port, &message, 0));
}

static void a_port_set_receives_for_its_members(void)
{
    struct message message;
    mach_port_t set, one = new_port(), two = new_port();
    mach_port_t self = mach_task_self();

    OK(mach_port_allocate(self, MACH_PORT_RIGHT_PORT_SET, &set));
    OK(mach_port_move_member(self, one, set));
    OK(mach_port_move_member(self, two, set));
    OK(send_plain(two, 2, 0));
    OK(receive(set, &message, 100));
    CHECK_EQ(message.head.msgh_local_port, two);
    CHECK_EQ(receive(one, &message, 0), MACH_RCV_IN_SET);
    OK(mach_port_set_protected_payload(self, one, 0x123456789abcull));
    OK(send_plain(one, 3, 0));
    OK(receive(set, &message, 100));
    CHECK_EQ(message.head.msgh_protected_payload, 0x123456789abc);
    CHECK_EQ(MACH_MSGH_BITS_LOCAL(message.head.msgh_bits),
             MACH_MSG_TYPE_PROTECTED_PAYLOAD);
}

struct memory_message {
    mach_msg_header_t head;
    mach_msg_type_t type;
    uint64_t address;
    char room[64];
};

static void memory_travels_and_is_copied_on_write(void)
{
    struct memory_message message;
    mach_port_t port = new_port();
    char *data = new_memory(8 * PAGE), *copy;

    for (unsigned i = 0; i < 8; i++)
        data[i * PAGE] = (char)(i + 1);
    memset(&message, 0, sizeof message);
    message.head.msgh_bits =
        MACH_MSGH_BITS_COMPLEX | MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0);
    message.head.msgh_remote_port = port;
    message.type.msgt_name = MACH_MSG_TYPE_BYTE;
    message.type.msgt_size = 8;
    message.type.msgt_number = 8 * PAGE;
    message.address = (uint64_t)data;
    OK(mach_msg(&message.head, MACH_SEND_MSG, 48, 0, MACH_PORT_NULL, 0,
                MACH_PORT_NULL));
    data[PAGE] = 99;
    OK(mach_msg(&message.head, MACH_RCV_MSG, 0, sizeof message, port, 0,
                MACH_PORT_NULL));
    copy = (char *)message.address;
    CHECK(copy != data);
    CHECK_EQ(copy[PAGE], 2);
    CHECK_EQ(copy[7 * PAGE], 8);
    copy[0] = 77;
    CHECK_EQ(data[0], 1);
    OK(vm_deallocate(mach_task_self(), (vm_address_t)copy, 8 * PAGE));
    message.address = 0x10;
    message.head.msgh_bits =
        MACH_MSGH_BITS_COMPLEX | MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0);
    message.head.msgh_remote_port = port;
    message.head.msgh_local_port = MACH_PORT_NULL;
    message.type.msgt_number = 8 * PAGE;
    CHECK_EQ(mach_msg(&message.head, MACH_SEND_MSG, 48, 0, MACH_PORT_NULL, 0,
                      MACH_PORT_NULL),
             MACH_SEND_INVALID_MEMORY);
}

static void a_dead_port_is_told(void)
{
    struct message message;
    mach_port_t port = new_port(), told = new_port(), before;
    mach_port_t self = mach_task_self();

    OK(mach_port_request_notification(self, port, MACH_NOTIFY_DEAD_NAME, 0,
                                      told, MACH_MSG_TYPE_MAKE_SEND_ONCE,
                                      &before));
    OK(mach_port_mod_refs(self, port, MACH_PORT_RIGHT_RECEIVE, -1));
    OK(receive(told, &message, 100));
    CHECK_EQ(message.head.msgh_id, MACH_NOTIFY_DEAD_NAME);
    port = new_port();
    OK(mach_port_request_notification(self, port, MACH_NOTIFY_NO_SENDERS, 0,
                                      told, MACH_MSG_TYPE_MAKE_SEND_ONCE,
                                      &before));
    OK(mach_port_mod_refs(self, port, MACH_PORT_RIGHT_SEND, -1));
    OK(receive(told, &message, 100));
    CHECK_EQ(message.head.msgh_id, MACH_NOTIFY_NO_SENDERS);
}

static void bad_messages_are_refused(void)
{
    struct message message;
    mach_port_t port = new_port();

    memset(&message, 0, sizeof message);
    message.head.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0);
    message.head.msgh_remote_port = port;
    CHECK_EQ(mach_msg(&message.head, MACH_SEND_MSG, 16, 0, 0, 0, 0),
             MACH_SEND_MSG_TOO_SMALL);
    message.head.msgh_remote_port = 0x77777;
    CHECK_EQ(mach_msg(&message.head, MACH_SEND_MSG, 32, 0, 0, 0, 0),
             MACH_SEND_INVALID_DEST);
    message.head.msgh_remote_port = port;
    message.head.msgh_bits = MACH_MSGH_BITS(99, 0);
    CHECK_EQ(mach_msg(&message.head, MACH_SEND_MSG, 32, 0, 0, 0, 0),
             MACH_SEND_INVALID_HEADER);
    CHECK_EQ(mach_msg((void *)0x10, MACH_SEND_MSG, 32, 0, 0, 0, 0),
             MACH_SEND_INVALID_DATA);
    CHECK_EQ(mach_msg(&message.head, MACH_RCV_MSG, 0, 64, 0x77777, 0, 0),
             MACH_RCV_INVALID_NAME);
}

void test_main(void)
{
    mach_port_t port = new_port();

    start_thread(mach_task_self(), echo, port);
    an_rpc_goes_there_and_back(port);
    in_another_task();
    queues_have_limits_and_order();
    a_port_set_receives_for_its_members();
    memory_travels_and_is_copied_on_write();
    a_dead_port_is_told();
    bad_messages_are_refused();
}
