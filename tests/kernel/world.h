/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/kernel/world.h: a kernel on platform/sim, and users that call it.
 *
 * A user is a task with one thread (or more).  One user is current: mach_msg
 * and with it MIG's stubs act as that user's thread, with real messages in its
 * real memory.  A call that blocks returns WORLD_BLOCKED; the thread stays in
 * the kernel until something lets it go, and world_finish then gives the
 * result and the message.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mach/message.h>
#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <mach/port.h>
#include <mach/mach_types.h>

#include "platform/sim/sim.h"

#define WORLD_BLOCKED       0x7777
#define WORLD_MEMORY        (32ul << 20)
#define WORLD_MSG_MAX       65536u
#define assert_kr(call, kr) assert_int_equal((call), (kr))
#define assert_ok(call)     assert_int_equal((call), KERN_SUCCESS)

struct user {
    void *task, *kernel_thread;
    struct platform_thread *thread;
    mach_port_t self; /* its task port, by its name */
    uint64_t buffer;  /* where its messages are, in its memory */
    mach_port_t reply_port;
};

/* For cmocka: a fresh kernel without tasks for each test. */
int world_setup(void **state);
/* Its two halves, for those who add disks in between. */
void world_start(void);
void world_boot(void);
int world_teardown(void **state);

struct user *user_create(const char *name);
/* Another thread of the same task. */
struct user *user_create_thread(struct user *user);
/* Send rights for USER. */
mach_port_t user_device_master(struct user *user);
mach_port_t user_host_priv(struct user *user);
bool user_is_essential(const struct user *user);
/* The task ends, as by task_terminate. */
void user_kill(struct user *user);
/* thread_abort */
void user_abort(struct user *user);
void user_be(struct user *user);
struct user *user_current(void);

bool user_blocked(const struct user *user);
/* The kernel has ended USER's thread. */
bool world_thread_is_dead(const struct user *user);
/* The result of the call that had blocked, with the message in MSG if that is
 * not NULL; WORLD_BLOCKED if it has not come back. */
int world_finish(struct user *user, mach_msg_header_t *msg, size_t size);

/* While it is set, requests made by MIG's stubs are sent and not waited for: the
 * stub returns WORLD_BLOCKED, the answer will be in the user's reply port; or
 * the request could not be sent, and it says why. */
extern bool world_send_only;

/* If it is set, it is called while a user's thread waits in a call or an access: a
 * pager of the test's answers there. */
extern void (*world_pump)(void);

/* Traps of the current user. */
mach_port_t world_reply_port(void);
int64_t world_trap(int number, uint64_t a1, uint64_t a2, uint64_t a3);

/* Memory of the current user. */
uint64_t world_allocate(size_t size);
void world_poke(uint64_t address, const void *from, size_t size);
void world_peek(uint64_t address, void *to, size_t size);
uint32_t world_word(uint64_t address);
void world_set_word(uint64_t address, uint32_t value);

/* Puts into TO a name for what FROM names NAME: a send right, or whatever TYPE
 * (a disposition) says. */
mach_port_t world_give(struct user *from, mach_port_t name, int type,
                       struct user *to);

/* --- messages -------------------------------------------------------------------- */

/* A message with room for a few items. */
struct message {
    mach_msg_header_t head;
    char body[1024];
};

/* Sends a simple message of TAG to NAME with disposition TYPE. */
int send_simple(mach_port_t name, int type, int tag, int options,
                int timeout_ms);
/* Receives into MESSAGE. */
int receive(mach_port_t name, struct message *message, int options,
            int timeout_ms);
/* Polls; the id of the message that came, or 0. */
int receive_id(mach_port_t name);

#define TEST(name) static void name(void **state)

#endif
