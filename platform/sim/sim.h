/* SPDX-License-Identifier: GPL-2.0-or-later */
/* platform/sim/sim.h: the platform on which tests drive the kernel.
 *
 * Nothing happens by itself: time stands still, disks keep their requests, and
 * a `user thread' does only what the test makes it do, while the kernel lets
 * it run.  The order of all that happens is the test's.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "platform/platform.h"

#define SIM_ADDRESS_LIMIT 0x7ffffff00000ul

/* Before kernel_create, and after kernel_destroy: STOP fails the test (aborts)
 * if the kernel has not freed all it had allocated. */
void sim_start(uint64_t memory_bytes);
void sim_stop(void);

/* --- user threads ------------------------------------------------------------ */

/* The platform's side of a kernel thread; its registers are in the test's
 * hands while it runs. */
struct platform_thread {
    struct platform_task *task;
    void *cookie;
    bool running;  /* in user mode */
    bool stopping; /* platform_thread_stop has been asked for */
    unsigned runs; /* how often it has been let go */
    struct platform_regs regs;
    struct platform_times times; /* the test's to set */
    struct platform_thread *next;
};

/* THREAD executes a Mach trap.  True if it runs again, with *RESULT from rax;
 * false if the kernel keeps it. */
bool sim_trap(struct platform_thread *thread, int number,
              const uint64_t args[6], uint64_t *result);

/* THREAD reads or writes its task's memory.  An access that is not mapped
 * faults; false if the kernel kept the thread at that fault (the access has
 * not been completed: when the thread runs again, repeat it). */
bool sim_read(struct platform_thread *thread, uint64_t address, void *to,
              size_t size_bytes);
bool sim_write(struct platform_thread *thread, uint64_t address,
               const void *from, size_t size_bytes);

/* THREAD's instruction, the one that its registers point to, faults at ADDRESS
 * for ACCESS, which no mapping will ever allow: the kernel does it instead.
 * False if the kernel kept the thread. */
bool sim_touch(struct platform_thread *thread, uint64_t address, int access);

/* Between sim_start and the kernel's creation: how many mappings a task may have
 * (neighbours that the host would merge are one).  A kernel that makes more is
 * aborted. */
void sim_limit_mappings(uint64_t count);
uint64_t sim_mapping_count(struct platform_task *task);

/* What the task's page table says, without touching: the protection, 0 for
 * none; the frame goes to *PHYS_OUT. */
int sim_mapping(struct platform_task *task, uint64_t address,
                uint64_t *phys_out);

/* --- work that the kernel puts off -------------------------------------------- */

/* It is done at the end of each of the functions here that enter the kernel,
 * unless AUTOMATIC is false: then by sim_work, which does one piece and returns
 * false if there was none. */
void sim_work_automatic(bool automatic);
bool sim_work(void);

/* --- time, console, disks, the end ---------------------------------------------- */

/* Time goes on; the kernel's timer fires when it is due. */
void sim_advance_ms(uint64_t ms);

/* What has been written to the console so far; and forgetting it. */
const char *sim_console(void);
void sim_console_clear(void);

/* CONTENTS must stay; returns the disk's number. */
unsigned sim_disk_add(void *contents, uint64_t size_bytes, bool read_only);
/* Disks of one group (0 unless told) are on one controller. */
void sim_disk_set_group(unsigned disk, unsigned group);
unsigned sim_disk_pending(void);
/* Does the oldest request and tells the kernel; STATUS negative: it fails. */
void sim_disk_complete(int status);

/* The lines of the message trace; NULL until it is switched on. */
void sim_trace_start(void);
const char *sim_trace(void);

/* platform_exit has been called, with *STATUS. */
bool sim_exited(int *status);

#endif
