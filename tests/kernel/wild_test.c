/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's routines, called with whatever: each answers, and the kernel is
 * in order afterwards (checker.h).  The seed is the argument, else the time; it
 * is printed. */
#include "chance.h"
#include "checker.h"
#include "world.h"
#include "world_kernel.h"

#include "gnumach_user.h"
#include "mach4_user.h"
#include "mach_host_user.h"
#include "mach_port_user.h"
#include "mach_user.h"

#include <mach/memory_object.h>
#include <time.h>

#define PAGE  4096ul
#define USERS 3
#define STEPS 3000
#define NAMES 24

/* One calls; what is called is about the others, that it has the ports of. */
static struct user *users[USERS], *self;
static mach_port_t others[USERS];
static mach_port_t task; /* of whom the call is about */

static mach_port_t any_name(void)
{
    return below(12) == 0 ? (mach_port_t)chance() : 1 + below(NAMES);
}

static uint64_t any_address(void)
{
    switch (below(8)) {
    case 0:
        return chance();
    case 1:
        return chance() & ~(PAGE - 1);
    case 2:
        return ~0ul - below(3 * PAGE);
    case 3:
        return self->buffer + below(20 * PAGE);
    default:
        return 0x10000000ul + below(64) * PAGE + (below(4) ? 0 : below(PAGE));
    }
}

static uint64_t any_size(void)
{
    switch (below(8)) {
    case 0:
        return chance();
    case 1:
        return 1ul << below(64);
    case 2:
        return 0;
    default:
        return below(40) * PAGE + (below(4) ? 0 : below(PAGE));
    }
}

static int any_small(void)
{
    return below(10) ? (int)below(8) : (int)chance();
}

/* --- memory -------------------------------------------------------------------- */

static void call_memory(void)
{
    vm_address_t address = any_address();
    uint64_t size = any_size();

    switch (below(16)) {
    case 0:
        vm_allocate(task, &address, size, below(2));
        break;
    case 1:
        vm_deallocate(task, address, size);
        break;
    case 2:
        vm_protect(task, address, size, below(4) == 0, any_small());
        break;
    case 3:
        vm_inherit(task, address, size, any_small());
        break;
    case 4:
        vm_copy(task, address, size, any_address());
        break;
    case 5:
        vm_msync(task, address, size, any_small());
        break;
    case 6:
    case 7:
        vm_map(task, &address, size, below(4) ? 0 : chance(), below(2),
               any_name(), below(8) * PAGE, below(2), any_small(), any_small(),
               any_small());
        break;
    case 8:
        vm_wire(user_host_priv(self), task, address, size, any_small());
        break;
    default:
        vm_allocate(task, &address, (1 + below(64)) * PAGE, 0);
        if (address >= 0x10000000ul && address < 0x20000000ul && below(2)) {
            char byte = 1;
            struct user *victim = users[1 + below(USERS - 1)];

            /* Whether there is memory or not; if not, that is the end of it. */
            if (victim->thread->running) {
                sim_write(victim->thread, address + below(64) * PAGE, &byte, 1);
            }
        }
    }
}

static void call_reading(void)
{
    mach_msg_type_number_t count = 0;
    vm_address_t address = any_address();
    vm_size_t size = any_size();
    vm_prot_t prot, max_prot;
    vm_inherit_t inherit;
    boolean_t shared;
    mach_port_t port;
    vm_offset_t offset;
    pointer_t data;

    switch (below(3)) {
    case 0:
        vm_read(task, address, size, &data, &count);
        break;
    case 1:
        vm_region(task, &address, &size, &prot, &max_prot, &inherit, &shared,
                  &port, &offset);
        break;
    case 2:
        vm_write(task, address, any_address(), below(8) * PAGE);
        break;
    }
}

static void call_pager(void)
{
    mach_port_t control = any_name();
    uint64_t offset = below(3) ? below(16) * PAGE : any_address();
    uint64_t size = any_size();

    switch (below(6)) {
    case 0:
        memory_object_ready(control, below(2), any_small());
        break;
    case 1:
        memory_object_data_supply(control, offset, any_address(),
                                  below(8) * PAGE, 0, any_small(), below(2),
                                  any_name());
        break;
    case 2:
        memory_object_data_error(control, offset, size, any_small());
        break;
    case 3:
        memory_object_data_unavailable(control, offset, size);
        break;
    case 4:
        memory_object_lock_request(control, offset, size, any_small(), below(2),
                                   any_small(), any_name());
        break;
    case 5:
        memory_object_change_attributes(control, below(2), any_small(),
                                        any_name());
        break;
    }
}

/* --- ports, tasks, threads ------------------------------------------------------- */

static void call_port(void)
{
    mach_port_t name = any_name(), other = any_name();
    mach_port_t previous;

    switch (below(12)) {
    case 0:
        mach_port_allocate(task, any_small(), &name);
        break;
    case 1:
        mach_port_allocate_name(task, any_small(), name);
        break;
    case 2:
        mach_port_destroy(task, 8 + below(NAMES));
        break;
    case 3:
        mach_port_deallocate(task, 8 + below(NAMES));
        break;
    case 4:
        mach_port_mod_refs(task, name, any_small(), any_small() - 3);
        break;
    case 5:
        mach_port_move_member(task, name, other);
        break;
    case 6:
        mach_port_rename(task, 8 + below(NAMES), other);
        break;
    case 7:
        mach_port_insert_right(task, name, other, 16 + below(6));
        break;
    case 8:
        mach_port_request_notification(task, name, 64 + below(10), below(3),
                                       other, MACH_MSG_TYPE_MAKE_SEND_ONCE,
                                       &previous);
        break;
    case 9:
        mach_port_set_qlimit(task, name, below(20));
        break;
    default:
        mach_port_allocate(task, 1 + 2 * below(2), &name);
        break;
    }
}

static void call_task(void)
{
    natural_t words[64] = {0};
    mach_msg_type_number_t count = below(64);
    mach_port_t port;

    switch (below(10)) {
    case 0:
        task_create(task, below(2), &port);
        break;
    case 1:
        if (below(8) == 0) {
            task_terminate(task);
        }
        break;
    case 2:
        task_info(task, any_small(), (task_info_t)words, &count);
        break;
    case 3:
        task_set_special_port(task, any_small(), any_name());
        break;
    case 4:
        thread_create(task, &port);
        break;
    case 5:
        thread_set_state(any_name(), any_small(), (thread_state_t)words, count);
        break;
    case 6:
        thread_get_state(any_name(), any_small(), (thread_state_t)words,
                         &count);
        break;
    case 7:
        thread_terminate(any_name());
        break;
    case 8:
        gsync_wake(task, any_address(), (unsigned)chance(), any_small());
        break;
    case 9:
        gsync_requeue(task, any_address(), any_address(), below(2),
                      any_small());
        break;
    }
}

static void call_any(void)
{
    static void (*const calls[])(void) = {
        call_memory, call_memory, call_memory, call_reading,
        call_pager,  call_port,   call_port,   call_task};

    calls[below(sizeof calls / sizeof *calls)]();
}

/* A user whose thread is held, or who is gone, is followed by another. */
static void renew(unsigned i)
{
    if (users[i] && users[i]->thread->running && below(50)) {
        return;
    }
    if (users[i]) {
        user_kill(users[i]);
    }
    users[i] = user_create("wild");
    user_be(users[i]);
    /* It cannot even start while others have all the memory there is. */
    for (unsigned n = 0; i == 0 && n < 6 &&
                         sim_write(users[i]->thread, users[i]->buffer, "", 1);
         n++) {
        mach_port_t port = world_reply_port();
        mach_port_insert_right(users[i]->self, port, port,
                               MACH_MSG_TYPE_MAKE_SEND);
    }
    for (unsigned j = 1; j < USERS; j++) {
        if (users[j] && users[j]->thread->running &&
            users[0]->thread->running && (i == 0 || i == j)) {
            others[j] =
                world_give_right(users[j]->task, users[j]->self,
                                 MACH_MSG_TYPE_COPY_SEND, users[0]->task);
        }
    }
}

TEST(routines_called_with_whatever_break_nothing)
{
    const char *complaint = NULL;

    memset(users, 0, sizeof users);
    for (unsigned i = 0; i < USERS; i++) {
        renew(i);
    }
    for (unsigned step = 0; step < STEPS && !complaint; step++) {
        self = users[0];
        user_be(self);
        task = others[1 + below(USERS - 1)];
        if (self->thread->running) {
            call_any();
        }
        for (unsigned i = 0; i < USERS; i++) {
            renew(i);
        }
        complaint = check_kernel();
        if (complaint) {
            print_message("step %u: %s\n", step, complaint);
        }
    }
    assert_null(complaint);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            routines_called_with_whatever_break_nothing, world_setup,
            world_teardown),
    };

    chance_begin(argc, argv, (uint64_t)time(NULL));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
