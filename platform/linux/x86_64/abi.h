/* SPDX-License-Identifier: GPL-2.0-or-later */
/* platform/linux/x86_64/abi.h: what the kernel process and a task's stub agree
 * on.  Included by assembly too.
 *
 * The stub's part of a task's address space, from STUB_BASE up:
 *   text      the stub: code, constants and filters, read-only
 *   host page one for all tasks, written by the kernel only
 *   task area one per task, written by the kernel only: the command ring that
 *             the agent reads, and the table of redirected system calls
 *   slots     one per thread: a control page and the signal stack above it.
 *             The task can write these: the kernel believes nothing in them.
 *
 * A slot's state word is the hand-over between a thread and the kernel.  The
 * thread posts (STATE_POSTED) and waits (STATE_SLEEPING once it is in the
 * futex); the kernel, or the agent on its behalf, answers with STATE_GO after
 * the command word says how to go on.
 */
#ifndef PLATFORM_LINUX_X86_64_ABI_H
#define PLATFORM_LINUX_X86_64_ABI_H

/* Far enough below Linux's limit that a randomized initial stack (16 GiB) never
 * overlaps it. */
#define STUB_BASE_HIGH   0x7ff0
#define STUB_BASE        0x7ff000000000
#define STUB_TEXT_SIZE   0x1000
#define STUB_HOST_PAGE   0x7ff000010000
#define STUB_TASK_AREA   0x7ff000020000
#define STUB_SLOTS       0x7ff001000000
#define STUB_SLOTS_LOW   0x01000000
#define STUB_SLOT_SIZE   0x4000
#define STUB_SLOT_COUNT  4096
#define STUB_SLOTS_END   0x7ff005000000
#define STUB_SLOTS_LIMIT 0x05000000
#define LINUX_USER_LIMIT 0x7ffffffff000

/* Descriptors of a task's process. */
#define STUB_FD_MEMORY     0 /* its position: the last thread made */
#define STUB_FD_DOORBELL   1
#define STUB_FD_COMPLETION 2

/* Host page. */
#define HOST_SLEEPING  0 /* u32: ring the doorbell after posting */
#define HOST_ONE       8 /* u64 1: the only thing a doorbell is rung with */
#define STUB_BELL_LOW  0x00010008
#define STUB_BELL_WORD 0x7ff000010008

/* Task area: producer index (a futex), the niceness of threads, then the table,
 * then the ring. */
#define TASK_PRODUCER   0
#define TASK_NICE       4
#define TASK_EMULATION  0x1000
#define TASK_RING       0x2000
#define TASK_RING_COUNT 256
#define TASK_AREA_SIZE  0x4000

/* A command: u32 op, u32 flags, u64 address, u64 size, u64 offset. */
#define COMMAND_OP       0
#define COMMAND_FLAGS    4
#define COMMAND_ADDRESS  8
#define COMMAND_SIZE     16
#define COMMAND_OFFSET   24
#define COMMAND_SHIFT    5
#define COMMAND_MAP      1 /* flags: protection, bit 8: populate */
#define COMMAND_UNMAP    2
#define COMMAND_PROTECT  3
#define COMMAND_WAKE     4 /* address: slot */
#define COMMAND_CLONE    5 /* address: slot */
#define COMMAND_ACK      6 /* size: what to add to the completion counter */
#define COMMAND_NAME     7 /* address..offset: 16 characters */
#define COMMAND_POPULATE 0x100

/* Control page, at the start of a slot. */
#define CONTROL_STATE    0x00
#define CONTROL_COMMAND  0x04
#define CONTROL_SEQUENCE 0x08 /* counts posts: tells a new one from an old */
#define CONTROL_KIND     0x0c
#define CONTROL_TID      0x10 /* for debuggers: the kernel goes by another way */
#define CONTROL_DEFERRED 0x14 /* a stop signal came inside the fast entry */
#define CONTROL_SELF     0x18
#define CONTROL_RESULT   0x20
#define CONTROL_FRAME    0x28 /* address of the ucontext */
#define CONTROL_FS_BASE  0x30
#define CONTROL_GS_BASE  0x38
#define CONTROL_SIGNAL   0x40
#define CONTROL_CODE     0x44
#define CONTROL_ADDRESS  0x48
#define CONTROL_ARCH     0x50
#define CONTROL_FAST     0x80 /* saved registers, FAST_* */
#define CONTROL_STACK    0x1000

#define FAST_R8  0x80
#define FAST_R9  0x88
#define FAST_R10 0x90
#define FAST_R12 0x98
#define FAST_R13 0xa0
#define FAST_R14 0xa8
#define FAST_R15 0xb0
#define FAST_RDI 0xb8
#define FAST_RSI 0xc0
#define FAST_RBP 0xc8
#define FAST_RBX 0xd0
#define FAST_RDX 0xd8
#define FAST_RCX 0xe0
#define FAST_RAX 0xe8
#define FAST_RIP 0xf0
#define FAST_RSP 0xf8

#define STATE_GO       0
#define STATE_POSTED   1
#define STATE_SLEEPING 2

#define THREAD_RETURN 0 /* on with the registers as they are */
#define THREAD_SLOW   1 /* fast entry: come in by a signal frame */
#define THREAD_EXIT   2

#define KIND_SIGNAL 1
#define KIND_FAST   2
#define KIND_FAILED 3 /* the agent's word: the host makes no thread for it */

/* With what the agent ends the process if the host refuses it something. */
#define AGENT_FAILED       70
#define AGENT_MAP_FAILED   80
#define AGENT_UNMAP_FAILED 81
#define AGENT_ACK_FAILED   82
#define AGENT_START_FAILED 83

/* The number with which the fast entry comes in by a signal frame.  Any number
 * that the filter traps would do: the kernel goes by the address. */
#define STUB_SLOW_NUMBER 0x7ffff000

#define STUB_STOP_SIGNAL 10 /* SIGUSR1 */

/* CLONE_VM|FS|FILES|SIGHAND|THREAD|SYSVSEM|PARENT_SETTID */
#define STUB_CLONE_FLAGS 0x00150f00

#ifndef __ASSEMBLER__

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

struct stub_command {
    uint32_t op;
    uint32_t flags;
    uint64_t address;
    uint64_t size;
    uint64_t offset;
};

struct stub_task_area {
    uint32_t producer;
    uint32_t nice;
    uint8_t pad[TASK_EMULATION - 8];
    uint64_t emulation[512];
    struct stub_command ring[TASK_RING_COUNT];
};

struct stub_host_page {
    uint32_t sleeping;
    uint32_t pad;
    uint64_t one;
};

struct stub_fast_regs {
    uint64_t r8, r9, r10, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rcx, rax,
        rip, rsp;
};

struct stub_control {
    uint32_t state;
    uint32_t command;
    uint32_t sequence;
    uint32_t kind;
    uint32_t tid;
    uint32_t deferred;
    uint64_t self;
    uint64_t result;
    uint64_t frame;
    uint64_t fs_base;
    uint64_t gs_base;
    uint32_t signal;
    int32_t code;
    uint64_t address;
    uint32_t arch;
    uint8_t pad[CONTROL_FAST - CONTROL_ARCH - 4];
    struct stub_fast_regs fast;
};

/* The kernel's (Linux's) struct ucontext for x86_64. */
struct stub_ucontext {
    uint64_t flags, link;
    uint64_t stack_base;
    uint32_t stack_flags, stack_pad;
    uint64_t stack_size;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
    uint16_t cs, gs, fs, ss;
    uint64_t error, vector, old_mask, cr2;
    uint64_t fpstate;
    uint64_t reserved[8];
    uint64_t mask;
};

static_assert(sizeof(struct stub_command) == 1 << COMMAND_SHIFT, "command");
static_assert(sizeof(struct stub_task_area) == TASK_AREA_SIZE, "task area");
static_assert(offsetof(struct stub_task_area, ring) == TASK_RING, "ring");
static_assert(offsetof(struct stub_control, fast) == CONTROL_FAST, "fast");
static_assert(offsetof(struct stub_control, fast.rsp) == FAST_RSP, "fast rsp");
static_assert(offsetof(struct stub_control, arch) == CONTROL_ARCH, "arch");
static_assert(sizeof(struct stub_ucontext) == 304, "ucontext");

#endif /* __ASSEMBLER__ */
#endif /* PLATFORM_LINUX_X86_64_ABI_H */
