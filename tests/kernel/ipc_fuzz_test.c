/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random calls and messages, many of them nonsense: nothing may break, leak
 * or be left behind.  The seed is the argument, else a fixed one. */
#include "chance.h"
#include "checker.h"
#include "world.h"

#include "mach_port_user.h"
#include "mach_user.h"

#define USERS      4
#define STEPS      10000
#define NAMES_MAX  16
#define BODY_WORDS 64

static struct user *users[USERS];
static uint64_t memory[USERS];

static uint32_t random32(void)
{
    return (uint32_t)(chance() >> 32);
}

/* Mostly names that may be in use. */
static mach_port_t any_name(void)
{
    switch (below(20)) {
    case 0:
        return 0;
    case 1:
        return ~0u;
    case 2:
        return random32();
    case 3:
        return below(5) == 0 ? 1 + below(2) : 3 + below(NAMES_MAX);
    default:
        return 3 + below(NAMES_MAX);
    }
}

static uint32_t any_disposition(void)
{
    return below(8) == 0 ? below(32) : 16 + below(6);
}

/* A name that is good for something, with what it is good for; now and then
 * one that is not. */
static mach_port_t good_name(struct user *user, uint32_t *disposition)
{
    static const uint32_t of_receive[] = {
        MACH_MSG_TYPE_MAKE_SEND, MACH_MSG_TYPE_MAKE_SEND,
        MACH_MSG_TYPE_MAKE_SEND_ONCE, MACH_MSG_TYPE_MOVE_RECEIVE};
    mach_port_type_t type;
    mach_port_t name;

    *disposition = any_disposition();
    for (unsigned tries = 0; tries < 40; tries++) {
        name = 3 + below(NAMES_MAX);
        if (mach_port_type(user->self, name, &type) != KERN_SUCCESS) {
            continue;
        }
        if (type & MACH_PORT_TYPE_RECEIVE) {
            *disposition = of_receive[below(4)];
            return name;
        }
        if (type & MACH_PORT_TYPE_SEND) {
            *disposition =
                below(2) ? MACH_MSG_TYPE_COPY_SEND : MACH_MSG_TYPE_MOVE_SEND;
            return name;
        }
        if (type & MACH_PORT_TYPE_SEND_ONCE) {
            *disposition = MACH_MSG_TYPE_MOVE_SEND_ONCE;
            return name;
        }
    }
    return any_name();
}

static uint64_t any_address(unsigned who)
{
    return below(8) == 0 ? random32() : memory[who] + below(2 * 4096);
}

/* Fills in an item; returns the words used. */
static unsigned make_item(unsigned who, uint64_t *words, unsigned room)
{
    mach_msg_type_t type = {0};
    unsigned used = 1;

    uint32_t disposition;
    mach_port_t name = good_name(users[who], &disposition);

    type.msgt_inline = below(3) != 0;
    type.msgt_number = disposition == MACH_MSG_TYPE_MAKE_SEND ||
                               disposition == MACH_MSG_TYPE_COPY_SEND
                           ? below(4)
                           : 1;
    if (below(2) != 0) {
        type.msgt_name = disposition;
        type.msgt_size = type.msgt_inline ? 64 : 32;
    } else {
        type.msgt_name = 9;
        type.msgt_size = 8;
        type.msgt_number = type.msgt_inline ? below(64) : below(6000);
    }
    type.msgt_deallocate = !type.msgt_inline && below(4) == 0;
    if (below(40) == 0) {
        uint64_t noise = (uint64_t)random32() << 32 | random32();

        memcpy(&type, &noise, sizeof type);
    }
    memcpy(words, &type, sizeof type);
    if (!type.msgt_inline) {
        uint32_t names[4] = {name, name, name, name};

        words[used] = any_address(who);
        if (below(4) != 0 && users[who]->thread->running) {
            words[used] = world_allocate(4096);
            world_poke(words[used], names, sizeof names);
        }
        used++;
    } else {
        for (unsigned i = 0; i < type.msgt_number && used < room; i++) {
            words[used++] = below(20) != 0 ? name : any_name();
        }
    }
    return used < room ? used : room;
}

static void send_random(unsigned who)
{
    struct {
        mach_msg_header_t head;
        uint64_t words[BODY_WORDS + 8];
    } m = {0};
    unsigned used = 0;
    int options = MACH_SEND_MSG | MACH_SEND_TIMEOUT;

    uint32_t disposition, reply = 0;

    m.head.msgh_remote_port = good_name(users[who], &disposition);
    if (below(2) != 0) {
        m.head.msgh_local_port = good_name(users[who], &reply);
    }
    if (disposition == MACH_MSG_TYPE_MOVE_RECEIVE && below(30) != 0) {
        disposition = MACH_MSG_TYPE_MAKE_SEND;
    }
    if (reply == MACH_MSG_TYPE_MOVE_RECEIVE && below(30) != 0) {
        reply = MACH_MSG_TYPE_MAKE_SEND_ONCE;
    }
    m.head.msgh_bits = MACH_MSGH_BITS(disposition, reply);
    if (below(3) != 0) {
        m.head.msgh_bits |= MACH_MSGH_BITS_COMPLEX;
    }
    m.head.msgh_id = below(3) ? (int)below(100) : 2000 + (int)below(2300);
    while (used < BODY_WORDS && below(4) != 0) {
        used += make_item(who, m.words + used, BODY_WORDS - used + 1);
    }
    if (below(10) == 0) {
        options |= MACH_SEND_NOTIFY;
    }
    if (below(20) == 0) {
        options |= MACH_SEND_CANCEL;
    }
    mach_msg(&m.head, options, sizeof m.head + 8 * used, 0, 0, 0, any_name());
}

static void receive_random(void)
{
    struct message m;
    int options = MACH_RCV_MSG | MACH_RCV_TIMEOUT;

    if (below(4) == 0) {
        options |= MACH_RCV_LARGE;
    }
    if (below(8) == 0) {
        options |= MACH_RCV_NOTIFY;
    }
    mach_msg(&m.head, options, 0, below(4) ? sizeof m : below(200), any_name(),
             0, any_name());
}

static void call_random(struct user *user)
{
    mach_port_t name, other = any_name(), task = user->self;
    mach_port_status_t status;
    mach_msg_type_name_t type;
    vm_address_t address = user->buffer + (1 << 20);

    switch (below(14)) {
    case 0:
        mach_port_allocate(task, below(5), &name);
        break;
    case 1:
        mach_port_deallocate(task, other);
        break;
    case 2:
        mach_port_mod_refs(task, other, below(5), (int)below(5) - 2);
        break;
    case 3:
        mach_port_insert_right(task, any_name(), other, any_disposition());
        break;
    case 4:
        mach_port_extract_right(task, other, any_disposition(), &name, &type);
        break;
    case 5:
    case 6:
        mach_port_request_notification(task, other, 64 + below(10), below(2),
                                       any_name(), any_disposition(), &name);
        break;
    case 7:
        mach_port_move_member(task, other, any_name());
        break;
    case 8:
        mach_port_get_receive_status(task, other, &status);
        break;
    case 9:
        mach_port_rename(task, other, any_name());
        break;
    case 10:
        mach_port_set_qlimit(task, other, below(18));
        break;
    case 11:
        if (below(4) == 0) {
            mach_port_destroy(task, other);
        }
        break;
    case 12:
        mach_port_set_protected_payload(task, other, random32());
        break;
    case 13:
        vm_allocate(task, &address, 2 * 4096, 0);
        break;
    }
}

static void make_user(unsigned i)
{
    mach_port_t name;

    users[i] = user_create("fuzz");
    user_be(users[i]);
    for (unsigned j = 0; j < 4; j++) {
        name = world_reply_port();
        if (j != 0) {
            mach_port_insert_right(users[i]->self, name, name,
                                   MACH_MSG_TYPE_MAKE_SEND);
        }
    }
    mach_port_allocate(users[i]->self, MACH_PORT_RIGHT_PORT_SET, &name);
    memory[i] = world_allocate(3 * 4096);
    for (unsigned j = 0; j < USERS; j++) {
        if (j != i && users[j] != NULL) {
            world_give(users[i], users[i]->reply_port, MACH_MSG_TYPE_MAKE_SEND,
                       users[j]);
        }
    }
}

/* Users do not live long: a call whose reply port is gone never returns, and
 * one without its task port can do little. */
static void renew(unsigned i)
{
    if (users[i] != NULL && below(60) != 0) {
        if (users[i]->thread->running) {
            return;
        }
        if (user_blocked(users[i])) {
            user_abort(users[i]);
        }
        if (users[i]->thread->running) {
            return;
        }
    }
    if (users[i] != NULL && below(4) != 0) {
        user_kill(users[i]);
    }
    make_user(i);
}

TEST(random_calls_and_messages_break_nothing)
{
    for (unsigned i = 0; i < USERS; i++) {
        users[i] = NULL;
    }
    for (unsigned i = 0; i < USERS; i++) {
        make_user(i);
    }
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned who = below(USERS);

        user_be(users[who]);
        switch (below(4)) {
        case 0:
            receive_random();
            break;
        case 1:
            call_random(users[who]);
            break;
        default:
            send_random(who);
            break;
        }
        renew(who);
        const char *complaint = check_kernel();
        if (complaint) {
            print_message("step %u: %s\n", step, complaint);
        }
        assert_null(complaint);
    }
}

#define CASE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(random_calls_and_messages_break_nothing),
        CASE(random_calls_and_messages_break_nothing),
        CASE(random_calls_and_messages_break_nothing),
    };

    chance_begin(argc, argv, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
