/* SPDX-License-Identifier: GPL-2.0-or-later */
/* platform/platform.h: the one contract between the kernel and its host.
 *
 * The first half declares what the kernel asks of the platform; the second the
 * few entries through which the platform calls the kernel.  Everything happens
 * in one host thread: an entry runs to its end before the next one starts, and
 * a platform function never calls an entry back before it returns.
 *
 * Errors are negative errno values of the platform's own; the kernel only asks
 * whether they are negative.  Functions without a return value cannot fail: a
 * platform that cannot do its part reports the task dead (kernel_task_died).
 *
 * platform/linux is the real one, platform/sim drives the kernel in tests.
 */
#ifndef PLATFORM_PLATFORM_H
#define PLATFORM_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct platform_task;   /* one address space and its threads */
struct platform_thread; /* one user thread */

#define PLATFORM_PAGE_SIZE 4096u

/* Protections, as in Mach's vm_prot_t. */
#define PLATFORM_PROT_READ    1
#define PLATFORM_PROT_WRITE   2
#define PLATFORM_PROT_EXECUTE 4

/* --- host memory ---------------------------------------------------------- */

/* The kernel's own heap.  Zeroed; NULL only if the host has no memory left. */
void *platform_alloc(size_t size_bytes);
void platform_free(void *memory);

/* Physical memory is [0, platform_memory_size()), all of it mapped in the
 * kernel from platform_memory_base() on.  Fresh memory reads as zeros. */
uint64_t platform_memory_size(void);
void *platform_memory_base(void);

/* Gives the contents of a page-aligned range back to the host: it reads as
 * zeros afterwards and costs nothing until it is touched. */
void platform_memory_discard(uint64_t phys, uint64_t size_bytes);

/* What the host lets us have at most, as far as it can be known: processes,
 * threads with those of the processes, and mappings. */
struct platform_limits {
    uint64_t tasks, threads;
    uint64_t mappings; /* in one task: see platform_task_map */
};
void platform_host_limits(struct platform_limits *limits_out);

/* --- address spaces ------------------------------------------------------- */

/* The highest user address a task can map, exclusive; the platform keeps its
 * own few pages above it. */
uint64_t platform_address_limit(void);

/* Makes an empty address space.  COOKIE comes back in kernel_task_died.
 * Returns 0 or a negative error. */
int platform_task_create(struct platform_task **task_out, void *cookie);

/* Ends the address space and every thread in it, at once; no entry is called
 * for any of them afterwards.  The threads' handles are gone too. */
void platform_task_destroy(struct platform_task *task);

/* Threads that are made in the task from now on come after other tasks' when the
 * processor is short. */
void platform_task_set_background(struct platform_task *task);

/* Names the host's process after the task, for people's tools. */
void platform_task_set_name(struct platform_task *task, const char *name);

/* Change what the task sees.  Neighbours in both spaces that are protected alike
 * are one mapping; a task with more than platform_limits.mappings is ended.
 * Page-aligned.  Changes are queued and take
 * effect in order; a thread that runs again later sees all that were queued
 * before it was let go.  MAP replaces what was there.  PROTECT changes only
 * pages that are mapped. */
void platform_task_map(struct platform_task *task, uint64_t address,
                       uint64_t phys, uint64_t size_bytes, int prot);
void platform_task_unmap(struct platform_task *task, uint64_t address,
                         uint64_t size_bytes);
void platform_task_protect(struct platform_task *task, uint64_t address,
                           uint64_t size_bytes, int prot);

/* Returns when every queued change has taken effect: from then on no thread of
 * the task can use an access that was taken away.  The equivalent of waiting
 * for a TLB shootdown: bounded, and the only call here that waits.  A task that
 * does not comply in time is ended (kernel_task_died follows as an entry). */
void platform_task_sync(struct platform_task *task);

/* Where the task's system calls numbered FIRST.. go instead of to the kernel:
 * ENTRY is a user address, 0 for none.  At ENTRY the registers are those of the
 * caller, but rcx = the address after its `syscall', r11 = its flags (as the
 * processor does it), rax the number; nothing is pushed on the stack.  Numbers
 * from PLATFORM_EMULATION_MAX on cannot be redirected. */
#define PLATFORM_EMULATION_MAX 512
void platform_task_set_emulation(struct platform_task *task, unsigned first,
                                 unsigned count, uint64_t entry);

/* The user address of the fast trap entry, 0 if there is none. */
uint64_t platform_fast_entry(void);

/* --- threads -------------------------------------------------------------- */

struct platform_regs {
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax, rip, rflags, rsp;
    uint64_t fs_base, gs_base;
};

/* Makes a thread that does not run yet: all registers zero. COOKIE comes back
 * in every entry about this thread.  Returns 0 or a negative error. */
int platform_thread_create(struct platform_task *task, void *cookie,
                           struct platform_thread **thread_out);

/* Ends the thread wherever it is.  The handle is gone when this returns; the
 * host's thread may die later. */
void platform_thread_destroy(struct platform_thread *thread);

/* A thread is held from its creation, and from each entry about it
 * (kernel_trap, kernel_fault, kernel_exception, kernel_thread_stopped) on, until
 * platform_thread_run.  Its registers can be read and written only while held.
 * During kernel_trap rax is the trap number and rip the address after the trap
 * instruction. */
void platform_thread_get_regs(struct platform_thread *thread,
                              struct platform_regs *regs_out);
void platform_thread_set_regs(struct platform_thread *thread,
                              const struct platform_regs *regs);

/* The FXSAVE/XSAVE image of a held thread.  Both return the bytes moved, or a
 * negative error if the thread has no such image (yet). */
int platform_thread_get_fpu(struct platform_thread *thread, void *image,
                            size_t size_bytes);
int platform_thread_set_fpu(struct platform_thread *thread, const void *image,
                            size_t size_bytes);

/* Lets a held thread go on with its registers.  RETURN does so after a trap,
 * with VALUE in rax: cheaper than setting the registers. */
void platform_thread_run(struct platform_thread *thread);
void platform_thread_return(struct platform_thread *thread, uint64_t value);

/* Asks a running thread to come in: kernel_thread_stopped follows, unless
 * another entry about the thread comes first (then that one counts and no
 * kernel_thread_stopped follows). */
void platform_thread_stop(struct platform_thread *thread);

/* --- instructions that reach a device --------------------------------------- */

/* What one instruction of a held thread does with a port or with memory. */
enum platform_access_kind {
    PLATFORM_PORT_READ,
    PLATFORM_PORT_WRITE,
    PLATFORM_MEMORY_READ,
    PLATFORM_MEMORY_WRITE,
    PLATFORM_MEMORY_MODIFY /* reads, then writes something made of it */
};

struct platform_access {
    enum platform_access_kind kind;
    unsigned size_bytes; /* 1, 2, 4 or 8 */
    uint64_t address;    /* the port, or a user address */
    uint64_t value;      /* what a write writes */

    /* The platform's own: what becomes of what was read. */
    int operation, target;
    unsigned target_size, length;
    bool target_high, sign;
    uint64_t operand;
};

/* The longest instruction of the processor. */
#define PLATFORM_CODE_MAX 15

/* Understands the instruction at REGS's rip, whose first SIZE bytes are CODE.
 * Returns 0, or a negative error if it is none of those that are known to reach
 * devices (moves, in and out, and simple arithmetic; no string instruction). */
int platform_access_decode(const struct platform_regs *regs, const void *code,
                           size_t size_bytes,
                           struct platform_access *access_out);
/* What a MODIFY writes after it has read VALUE. */
uint64_t platform_access_combine(const struct platform_access *access,
                                 uint64_t value);
/* REGS as they are after the instruction; VALUE is what it read, if it did. */
void platform_access_finish(const struct platform_access *access,
                            uint64_t value, struct platform_regs *regs);

/* --- time ----------------------------------------------------------------- */

uint64_t platform_time_monotonic(void); /* nanoseconds since some start */
uint64_t platform_time_realtime(void);  /* nanoseconds since 1970 */

/* Calls kernel_timer at or soon after the monotonic time DEADLINE_NS; one
 * deadline at a time, UINT64_MAX for none. */
void platform_timer_set(uint64_t deadline_ns);

/* What the calling thread has had of the processor, nanoseconds; for people who
 * look at how long the kernel works. */
uint64_t platform_time_spent(void);

/* What host threads have had of the processor so far: in a task's own code, and
 * in the host's kernel for it. */
struct platform_times {
    uint64_t user_ns, system_ns;
};
/* Of one thread. */
void platform_thread_times(struct platform_thread *thread,
                           struct platform_times *times_out);
/* Of all threads of a task, of those that have ended and of what the platform
 * itself has done in the task's name. */
void platform_task_times(struct platform_task *task,
                         struct platform_times *times_out);

/* kernel_work follows soon, even if nothing else happens, but behind what is
 * there already. */
void platform_work_wanted(void);

/* --- console, disks, the end ---------------------------------------------- */

/* Takes all of the text; never blocks. */
void platform_console_write(const char *text, size_t size_bytes);
/* 0 and 0 if the console is no terminal. */
void platform_console_size(unsigned *rows_out, unsigned *columns_out);
/* There is room for input again, after kernel_console_room had none. */
void platform_console_resume(void);

/* A line of the message trace, if one was asked for. */
bool platform_trace_enabled(void);
void platform_trace_write(const char *text, size_t size_bytes);

/* Disk I/O to and from physical memory.  Offsets and sizes are multiples of
 * 512 bytes.  Completion is kernel_disk_done(COOKIE), never before these
 * return.  A flush completes when all writes done before it are durable. */
struct platform_extent {
    uint64_t phys;
    uint64_t size_bytes;
};
enum platform_disk_op {
    PLATFORM_DISK_READ,
    PLATFORM_DISK_WRITE,
    PLATFORM_DISK_FLUSH
};
/* How the machine's drivers see a disk: disks of the same kind and group share
 * a controller. */
enum platform_disk_bus { PLATFORM_BUS_AHCI, PLATFORM_BUS_VIRTIO };
unsigned platform_disk_count(void);
enum platform_disk_bus platform_disk_bus(unsigned disk, unsigned *group_out);
uint64_t platform_disk_size(unsigned disk);
bool platform_disk_read_only(unsigned disk);
void platform_disk_submit(unsigned disk, enum platform_disk_op op,
                          uint64_t offset_bytes,
                          const struct platform_extent *extents,
                          unsigned extent_count, void *cookie);

/* Nobody waits for the request that COOKIE came with.  True: memory is not
 * touched for it from now on, and kernel_disk_done will not be called; false:
 * that cannot be had, its end will be told as ever. */
bool platform_disk_abandon(void *cookie);

/* Ends the machine after the current entry; STATUS is hell's exit status. */
void platform_exit(int status);

/* The kernel found itself broken: prints MESSAGE, ends everything. */
_Noreturn void platform_panic(const char *message);

/* ========================================================================== */
/* What the platform calls in the kernel.  All but kernel_create return after a
 * bounded time and never block.                                               */

struct kernel_module {
    const char *command_line; /* as the boot loader read it */
    const void *image;        /* the ELF file */
    size_t image_size_bytes;
};

/* All pointers stay valid while the kernel lives. */
struct kernel_config {
    const char *command_line;
    const struct kernel_module *modules;
    unsigned module_count;
    /* The position-independent program that answers foreign system calls, for
     * boot modules of another system (see kernel/boot); may be absent. */
    const void *emulation_image;
    size_t emulation_size_bytes;
};

/* Makes the kernel and boots its modules.  Returns 0, or -1 after it has said
 * on the console why not. */
int kernel_create(const struct kernel_config *config);

/* Ends every task and frees all memory the kernel has. */
void kernel_destroy(void);

/* The thread executed a trap: NUMBER is rax as it was, negative for Mach's;
 * ARGS are rdi rsi rdx r10 r8 r9.  Numbers from 0 up come only if the task has
 * no emulation entry for them. */
void kernel_trap(void *thread_cookie, int64_t number, const uint64_t args[6]);

/* The thread's access to ADDRESS failed; ACCESS is a mask of PLATFORM_PROT_. */
void kernel_fault(void *thread_cookie, uint64_t address, int access);

/* A processor exception that is not a page fault.  VECTOR is the x86 vector
 * (0 divide, 1 debug, 3 breakpoint, 6 invalid opcode, 13 general protection,
 * 16 and 19 floating point, ...), ERROR_CODE the processor's. */
void kernel_exception(void *thread_cookie, int vector, uint64_t error_code);

void kernel_thread_stopped(void *thread_cookie);

/* The host ended the task's process behind the kernel's back, or the platform
 * had to; WHY is for people. */
void kernel_task_died(void *task_cookie, const char *why);

/* The host has no room for the thread, which never ran and never will. */
void kernel_thread_failed(void *thread_cookie);

/* Does a piece of what was put off (core/work.h). */
void kernel_work(void);

void kernel_timer(void);
/* What was typed; SIZE_BYTES 0: there will be no more. */
void kernel_console_input(const char *text, size_t size_bytes);
/* How many bytes of input the kernel can take: the platform leaves the rest
 * where it comes from until platform_console_resume. */
size_t kernel_console_room(void);
void kernel_console_resized(void);

/* Whether the machine has ended in order to boot again; callable after
 * kernel_destroy. */
bool kernel_is_rebooting(void);

/* The last of what was printed, for a console that was kept quiet; callable
 * after kernel_destroy.  Returns the bytes copied. */
size_t kernel_log_copy(char *buffer, size_t size_bytes);
/* STATUS is 0, or negative if the host could not do it. */
void kernel_disk_done(void *cookie, int status);
/* The disk's medium is gone for good; requests that are under way still end
 * with kernel_disk_done. */
void kernel_disk_gone(unsigned disk);

/* The platform asks for an orderly end (the user's escape, a signal). */
void kernel_shutdown_request(void);

#endif /* PLATFORM_PLATFORM_H */
