/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The users' side of the tests. */
#include "world.h"
#include "world_kernel.h"

#include <mach/mig_support.h>

#define USERS_MAX  1024
#define STACK_SIZE 4096
#define TRAP_MSG   (-25)
#define TRAP_REPLY (-26)
#define TRAP_TASK  (-28)

static struct user users[USERS_MAX];
static unsigned user_count;
static struct user *current;

void world_start(void)
{
    sim_start(WORLD_MEMORY);
    user_count = 0;
    current = NULL;
    world_pump = NULL;
}

void world_boot(void)
{
    world_kernel_start();
}

int world_setup(void **state)
{
    world_start();
    world_boot();
    return 0;
}

int world_teardown(void **state)
{
    for (unsigned i = 0; i < user_count; i++) {
        world_task_terminate(users[i].task);
    }
    for (unsigned i = 0; i < user_count; i++) {
        world_thread_release(users[i].kernel_thread);
        world_task_release(users[i].task);
    }
    world_kernel_stop();
    sim_stop();
    return 0;
}

static struct user *add(void *task)
{
    struct user *user = &users[user_count++];

    memset(user, 0, sizeof *user);
    user->task = task;
    user->kernel_thread = world_thread_create(task, &user->thread);
    assert_non_null(user->kernel_thread);
    user->buffer = world_task_allocate(task, WORLD_MSG_MAX + STACK_SIZE);
    assert_true(user->buffer != 0);
    user->thread->regs.rsp = user->buffer + WORLD_MSG_MAX + STACK_SIZE / 2;
    current = user;
    return user;
}

struct user *user_create(const char *name)
{
    void *task = world_task_create(name);
    struct user *user;

    assert_non_null(task);
    user = add(task);
    user->self = world_trap(TRAP_TASK, 0, 0, 0);
    user->reply_port = world_reply_port();
    return user;
}

struct user *user_create_thread(struct user *of)
{
    struct user *user;

    world_task_hold(of->task);
    user = add(of->task);
    user->self = of->self;
    user->reply_port = world_reply_port();
    return user;
}

mach_port_t user_device_master(struct user *user)
{
    return world_device_master(user->task);
}

bool user_is_essential(const struct user *user)
{
    return world_task_is_essential(user->task);
}

mach_port_t user_host_priv(struct user *user)
{
    return world_host_priv(user->task);
}

void user_kill(struct user *user)
{
    world_task_terminate(user->task);
}

void user_abort(struct user *user)
{
    world_thread_abort(user->kernel_thread);
}

void user_be(struct user *user)
{
    current = user;
}

struct user *user_current(void)
{
    return current;
}

bool user_blocked(const struct user *user)
{
    return !world_thread_dead(user->kernel_thread) && !user->thread->running;
}

/* --- traps ----------------------------------------------------------------------- */

int64_t world_trap(int number, uint64_t a1, uint64_t a2, uint64_t a3)
{
    uint64_t args[6] = {a1, a2, a3}, result = 0;

    assert_true(sim_trap(current->thread, number, args, &result));
    return (int64_t)result;
}

mach_port_t world_reply_port(void)
{
    return world_trap(TRAP_REPLY, 0, 0, 0);
}

uint64_t world_allocate(size_t size)
{
    uint64_t address = world_task_allocate(current->task, size);

    assert_true(address != 0);
    return address;
}

void (*world_pump)(void);

/* Somebody else does his part, until USER's thread runs again. */
static bool wait_for(struct user *user)
{
    static bool pumping;

    if (!world_pump || pumping) {
        return false;
    }
    pumping = true;
    for (unsigned i = 0; i < 1000 && user_blocked(user); i++) {
        world_pump();
    }
    pumping = false;
    return !user_blocked(user) && !world_thread_is_dead(user);
}

void world_poke(uint64_t address, const void *from, size_t size)
{
    while (!sim_write(current->thread, address, from, size)) {
        assert_true(wait_for(current));
    }
}

void world_peek(uint64_t address, void *to, size_t size)
{
    while (!sim_read(current->thread, address, to, size)) {
        assert_true(wait_for(current));
    }
}

uint32_t world_word(uint64_t address)
{
    uint32_t value = 0xdeadbeef;

    world_peek(address, &value, sizeof value);
    return value;
}

void world_set_word(uint64_t address, uint32_t value)
{
    world_poke(address, &value, sizeof value);
}

mach_port_t world_give(struct user *from, mach_port_t name, int type,
                       struct user *to)
{
    mach_port_t result = world_give_right(from->task, name, type, to->task);

    assert_true(MACH_PORT_VALID(result));
    return result;
}

/* --- mach_msg as the stubs know it -------------------------------------------------- */

mach_port_t mig_get_reply_port(void)
{
    return current->reply_port;
}

void mig_dealloc_reply_port(mach_port_t port)
{
}

void mig_put_reply_port(mach_port_t port)
{
}

void mig_allocate(vm_address_t *address, vm_size_t size)
{
    *address = (vm_address_t)malloc(size);
}

void mig_deallocate(vm_address_t address, vm_size_t size)
{
    free((void *)address);
}

static bool sent(const mach_msg_option_t option, int result)
{
    return (option & MACH_SEND_MSG) != 0 && (option & MACH_RCV_MSG) == 0 &&
           result == MACH_MSG_SUCCESS;
}

bool world_send_only;

mach_msg_return_t mach_msg(mach_msg_header_t *msg, mach_msg_option_t option,
                           mach_msg_size_t send_size, mach_msg_size_t rcv_size,
                           mach_port_t rcv_name, mach_msg_timeout_t timeout,
                           mach_port_t notify)
{
    if (world_send_only && (option & MACH_SEND_MSG) &&
        (option & MACH_RCV_MSG)) {
        mach_msg_return_t mr =
            mach_msg(msg, MACH_SEND_MSG, send_size, 0, 0, 0, 0);
        return mr == MACH_MSG_SUCCESS ? WORLD_BLOCKED : mr;
    }
    uint64_t args[6] = {current->buffer, option,   send_size,
                        rcv_size,        rcv_name, timeout};
    size_t size = send_size > rcv_size ? send_size : rcv_size;
    uint64_t result, seventh = notify;

    if (!current->thread->running) {
        return WORLD_BLOCKED;
    }
    if (size < sizeof *msg) {
        size = sizeof *msg;
    }
    assert_true(size <= WORLD_MSG_MAX);
    if (option & MACH_SEND_MSG) {
        world_poke(current->buffer, msg, send_size);
    }
    world_poke(current->thread->regs.rsp + 8, &seventh, sizeof seventh);
    if (!sim_trap(current->thread, TRAP_MSG, args, &result)) {
        if (!wait_for(current)) {
            return WORLD_BLOCKED;
        }
        result = current->thread->regs.rax;
    }
    if (!sent(option, (int)result)) {
        world_peek(current->buffer, msg, size);
    }
    return (int)result;
}

int world_finish(struct user *user, mach_msg_header_t *msg, size_t size)
{
    struct user *before = current;

    if (user_blocked(user)) {
        return WORLD_BLOCKED;
    }
    current = user;
    if (msg != NULL) {
        world_peek(user->buffer, msg, size);
    }
    current = before;
    return (int)user->thread->regs.rax;
}

/* --- small messages ------------------------------------------------------------------- */

int send_simple(mach_port_t name, int type, int tag, int options,
                int timeout_ms)
{
    mach_msg_header_t head = {
        .msgh_bits = MACH_MSGH_BITS(type, 0),
        .msgh_remote_port = name,
        .msgh_id = tag,
    };

    return mach_msg(&head, MACH_SEND_MSG | options, sizeof head, 0, 0,
                    timeout_ms, 0);
}

int receive(mach_port_t name, struct message *message, int options,
            int timeout_ms)
{
    memset(message, 0, sizeof *message);
    return mach_msg(&message->head, MACH_RCV_MSG | options, 0, sizeof *message,
                    name, timeout_ms, 0);
}

int receive_id(mach_port_t name)
{
    struct message message;

    if (receive(name, &message, MACH_RCV_TIMEOUT, 0) != MACH_MSG_SUCCESS) {
        return 0;
    }
    return message.head.msgh_id;
}

bool world_thread_is_dead(const struct user *user)
{
    return world_thread_dead(user->kernel_thread);
}
