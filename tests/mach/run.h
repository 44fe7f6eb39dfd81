/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/mach/run.h: what a test that is the only boot module stands on.
 *
 * A test program is freestanding: it has Mach's traps and MIG's stubs and no
 * C library.  It defines test_main, which makes CHECKs; when test_main
 * returns, the counts are printed with mach_print as
 *     mach PROGRAM: N checks, N failed
 * and the machine is rebooted.  The words behind the program's name on its
 * boot script line are ${host-port} and ${device-port}.
 */
#ifndef TESTS_MACH_RUN_H
#define TESTS_MACH_RUN_H

#include <mach/exception.h>
#include <mach/mach_types.h>
#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <mach/thread_status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <device/device.h>
#include <mach/gnumach.h>
#include <mach/mach4.h>
#include <mach/mach_host.h>
#include <mach/mach_interface.h>
#include <mach/mach_port.h>

#define PAGE 4096u

/* Send rights, valid for the whole run. */
extern mach_port_t host_priv, device_master;

mach_msg_return_t mach_msg(mach_msg_header_t *msg, mach_msg_option_t option,
                           mach_msg_size_t send_size,
                           mach_msg_size_t receive_size,
                           mach_port_t receive_name,
                           mach_msg_timeout_t timeout_ms, mach_port_t notify);
mach_port_t mach_reply_port(void);
mach_port_t mach_thread_self(void);
mach_port_t mach_task_self(void);
mach_port_t mach_host_self(void);
void mach_print(const char *text);
kern_return_t thread_switch(mach_port_t thread, int option, unsigned ms);

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);

/* Counts one check, and says WHAT if CONDITION is false. */
void check(bool condition, const char *what, long got);
#define CHECK(condition) check((condition), #condition, 0)
#define CHECK_EQ(got, wanted)                                                  \
    do {                                                                       \
        long got_ = (long)(got);                                               \
        check(got_ == (long)(wanted), #got " == " #wanted, got_);              \
    } while (0)
#define OK(call) CHECK_EQ(call, KERN_SUCCESS)

/* A new port; the caller holds its receive right and one send right. */
mach_port_t new_port(void);
/* Fresh zero memory; the caller deallocates it. */
void *new_memory(size_t size_bytes);

/* Starts a thread of TASK at ENTRY with ARGUMENT, on a stack of its own in
 * this task's image (which TASK inherited, if it is another one).  At most
 * sixteen in a run.  Returns a send right to it. */
mach_port_t start_thread(mach_port_t task, void (*entry)(uint64_t),
                         uint64_t argument);
/* The same, but the thread stays suspended. */
mach_port_t make_thread(mach_port_t task, void (*entry)(uint64_t),
                        uint64_t argument);

/* A child task with a copy of this one's memory. */
mach_port_t new_task(void);

struct message {
    mach_msg_header_t head;
    char body[1024];
};

/* Sends a message without a reply port, of SIZE bytes of body, to TO. */
mach_msg_return_t send_plain(mach_port_t to, int id, unsigned size);
/* Receives from FROM within TIMEOUT_MS. */
mach_msg_return_t receive(mach_port_t from, struct message *message,
                          unsigned timeout_ms);

void test_main(void);

#endif
