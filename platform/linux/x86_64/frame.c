/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/linux/x86_64/frame.h"
#include "platform/linux/machine.h"
#include "platform/user_abi.h"
#include "stub_symbols.h"
#include <errno.h>
#include <signal.h>
#include <string.h>

#define SELECTOR_CODE 0x33
#define SELECTOR_DATA 0x2b
#define FLAGS_USER    0x202
#define UC_KEEP_SS    6          /* UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS */
#define AUTODISARM    0x80000000 /* SS_AUTODISARM */
#define CANONICAL_MAX 0x800000000000ull
#define ARCH_X86_64   0xc000003eu

/* The page-fault error code. */
#define FAULT_WRITE   2
#define FAULT_EXECUTE 16
#define VECTOR_PF     14
#define VECTOR_GP     13
#define INT80_ERROR   0x402 /* IDT entry 0x80 */

/* FXSAVE's 512 bytes, the last 48 of them Linux's own. */
#define FX_SIZE        512
#define FX_SOFTWARE    464
#define FX_MXCSR       24
#define FX_MXCSR_VALID 0xffffu
#define FX_MAGIC       0x46505853u

static struct stub_ucontext *first_frame(struct platform_thread *thread)
{
    return (void *)((uint8_t *)thread->control + CONTROL_STACK);
}

/* SIZE bytes at the task's ADDRESS, if all are in the slot's signal stack. */
static void *in_slot(struct platform_thread *thread, uint64_t address,
                     uint64_t size, uint64_t alignment)
{
    uint64_t offset = address - thread->slot;

    if (offset < CONTROL_STACK || offset > STUB_SLOT_SIZE - size ||
        offset % alignment != 0)
        return NULL;
    return (uint8_t *)thread->control + offset;
}

bool frame_locate(struct platform_thread *thread)
{
    const volatile struct stub_control *control = thread->control;
    uint32_t kind = control->kind;

    thread->fast = kind == KIND_FAST;
    thread->frame = NULL;
    if (thread->fast)
        return true;
    thread->frame =
        in_slot(thread, control->frame, sizeof(struct stub_ucontext), 8);
    return kind == KIND_SIGNAL && thread->frame;
}

/* --- what happened -------------------------------------------------------- */

static void decode_fast(struct platform_thread *thread,
                        struct frame_event *event)
{
    const struct stub_fast_regs *fast = &thread->control->fast;

    event->kind = EVENT_TRAP;
    event->number = (int64_t)fast->rax;
    event->args[0] = fast->rdi;
    event->args[1] = fast->rsi;
    event->args[2] = fast->rdx;
    event->args[3] = fast->rcx;
    event->args[4] = fast->r8;
    event->args[5] = fast->r9;
}

static void set_exception(struct frame_event *event, int vector, uint64_t error)
{
    event->kind = EVENT_EXCEPTION;
    event->vector = vector;
    event->error = error;
}

static void set_fault(struct frame_event *event, uint64_t address,
                      uint64_t error)
{
    event->kind = EVENT_FAULT;
    event->address = address;
    event->access = error & FAULT_EXECUTE ? PLATFORM_PROT_EXECUTE
                    : error & FAULT_WRITE ? PLATFORM_PROT_WRITE
                                          : PLATFORM_PROT_READ;
}

static void decode_syscall(struct platform_thread *thread,
                           struct frame_event *event)
{
    struct stub_ucontext *frame = thread->frame;

    if (thread->control->address == SYMBOL_stub_slow_return &&
        frame->rax == STUB_SLOW_NUMBER) {
        /* The fast entry, on its way out, saw the mark of a stop signal. */
        frame->rax = thread->result;
        event->kind = EVENT_STOP;
    } else if (thread->control->arch != ARCH_X86_64) {
        frame->rip -= 2; /* an exception's address is the instruction's */
        set_exception(event, VECTOR_GP, INT80_ERROR);
    } else if ((int64_t)frame->rip < 0) {
        set_fault(event, frame->rip, FAULT_EXECUTE); /* Linux's vsyscall page */
    } else {
        event->kind = EVENT_TRAP;
        event->number = (int64_t)frame->rax;
        event->args[0] = frame->rdi;
        event->args[1] = frame->rsi;
        event->args[2] = frame->rdx;
        event->args[3] = frame->r10;
        event->args[4] = frame->r8;
        event->args[5] = frame->r9;
    }
}

void frame_decode(struct platform_thread *thread, struct frame_event *event)
{
    const struct stub_ucontext *frame = thread->frame;
    uint32_t signal;
    uint64_t vector;

    memset(event, 0, sizeof(*event));
    if (thread->fast) {
        decode_fast(thread, event);
        return;
    }
    signal = *(volatile uint32_t *)&thread->control->signal;
    vector = *(volatile const uint64_t *)&frame->vector;
    if (signal == SIGSYS)
        decode_syscall(thread, event);
    else if (signal == STUB_STOP_SIGNAL || thread->control->code <= 0)
        event->kind = EVENT_STOP; /* or sent by somebody on the host */
    else if (vector == VECTOR_PF)
        set_fault(event, frame->cr2, frame->error);
    else
        set_exception(event, (int)(vector & 31), frame->error);
}

/* --- registers ------------------------------------------------------------ */

static void load_fast(struct platform_thread *thread)
{
    const struct stub_fast_regs *fast = &thread->control->fast;

    thread->regs = (struct platform_regs){
        .r8 = fast->r8,
        .r9 = fast->r9,
        .r10 = fast->r10,
        .r12 = fast->r12,
        .r13 = fast->r13,
        .r14 = fast->r14,
        .r15 = fast->r15,
        .rdi = fast->rdi,
        .rsi = fast->rsi,
        .rbp = fast->rbp,
        .rbx = fast->rbx,
        .rdx = fast->rdx,
        .rcx = fast->rcx,
        .rax = fast->rax,
        .rip = fast->rip,
        .rflags = FLAGS_USER,
        .rsp = fast->rsp,
        .fs_base = thread->control->fs_base,
    };
}

void frame_load(struct platform_thread *thread)
{
    const struct stub_ucontext *frame = thread->frame;
    uint64_t gs_base = thread->control->gs_base;

    if (thread->fast) {
        load_fast(thread);
        return;
    }
    thread->regs = (struct platform_regs){
        .r8 = frame->r8,
        .r9 = frame->r9,
        .r10 = frame->r10,
        .r11 = frame->r11,
        .r12 = frame->r12,
        .r13 = frame->r13,
        .r14 = frame->r14,
        .r15 = frame->r15,
        .rdi = frame->rdi,
        .rsi = frame->rsi,
        .rbp = frame->rbp,
        .rbx = frame->rbx,
        .rdx = frame->rdx,
        .rcx = frame->rcx,
        .rax = frame->rax,
        .rip = frame->rip,
        .rflags = frame->rflags,
        .rsp = frame->rsp,
        .fs_base = thread->control->fs_base,
        .gs_base = gs_base == thread->slot ? 0 : gs_base,
    };
}

static uint64_t canonical(uint64_t base)
{
    return base < CANONICAL_MAX ? base : 0;
}

void frame_store(struct platform_thread *thread)
{
    const struct platform_regs *regs = &thread->regs;
    struct stub_ucontext *frame = thread->frame;

    frame->r8 = regs->r8;
    frame->r9 = regs->r9;
    frame->r10 = regs->r10;
    frame->r11 = regs->r11;
    frame->r12 = regs->r12;
    frame->r13 = regs->r13;
    frame->r14 = regs->r14;
    frame->r15 = regs->r15;
    frame->rdi = regs->rdi;
    frame->rsi = regs->rsi;
    frame->rbp = regs->rbp;
    frame->rbx = regs->rbx;
    frame->rdx = regs->rdx;
    frame->rcx = regs->rcx;
    frame->rax = regs->rax;
    frame->rip = regs->rip;
    frame->rflags = regs->rflags;
    frame->rsp = regs->rsp;
    frame->cs = SELECTOR_CODE;
    frame->ss = SELECTOR_DATA;
    frame->mask = 0;
    thread->control->fs_base = canonical(regs->fs_base);
    thread->control->gs_base =
        regs->gs_base ? canonical(regs->gs_base) : thread->slot;
}

void frame_build(struct platform_thread *thread)
{
    thread->frame = first_frame(thread);
    /* A floating-point image may have been put there already. */
    uint64_t fpstate = thread->frame->fpstate;

    memset(thread->frame, 0, sizeof(*thread->frame));
    thread->frame->flags = UC_KEEP_SS;
    thread->frame->stack_base = thread->slot + CONTROL_STACK;
    thread->frame->stack_flags = AUTODISARM;
    thread->frame->stack_size = STUB_SLOT_SIZE - CONTROL_STACK;
    thread->frame->fpstate = fpstate;
    thread->control->frame = thread->slot + CONTROL_STACK;
    *(uint64_t *)((char *)thread->control + PLATFORM_USER_FAST_ENTRY) =
        frame_fast_entry();
    thread->regs.rflags |= FLAGS_USER;
    frame_store(thread);
}

/* --- floating point ------------------------------------------------------- */

static uint8_t *fpu_image(struct platform_thread *thread)
{
    if (!thread->frame)
        return NULL;
    return in_slot(thread, *(volatile uint64_t *)&thread->frame->fpstate,
                   FX_SIZE, 16);
}

int frame_get_fpu(struct platform_thread *thread, void *image,
                  size_t size_bytes)
{
    const uint8_t *fx = fpu_image(thread);

    if (!fx)
        return -ENODATA;
    if (size_bytes > FX_SIZE)
        size_bytes = FX_SIZE;
    memcpy(image, fx, size_bytes);
    if (size_bytes > FX_SOFTWARE)
        memset((uint8_t *)image + FX_SOFTWARE, 0, size_bytes - FX_SOFTWARE);
    return (int)size_bytes;
}

/* Where a thread that has not run gets its first image. */
static uint8_t *fpu_first(struct platform_thread *thread)
{
    uint64_t offset = CONTROL_STACK + 512;
    uint8_t *fx = (uint8_t *)thread->control + offset;

    memset(fx, 0, FX_SIZE);
    first_frame(thread)->fpstate = thread->slot + offset;
    return fx;
}

int frame_set_fpu(struct platform_thread *thread, const void *image,
                  size_t size_bytes)
{
    uint8_t *fx = thread->started ? fpu_image(thread) : fpu_first(thread);
    uint32_t mxcsr, magic, extended;
    uint64_t *present;

    if (!fx || size_bytes < FX_SOFTWARE)
        return fx ? -EINVAL : -ENODATA;
    memcpy(fx, image, FX_SOFTWARE);
    memcpy(&mxcsr, fx + FX_MXCSR, sizeof(mxcsr));
    mxcsr &= FX_MXCSR_VALID;
    memcpy(fx + FX_MXCSR, &mxcsr, sizeof(mxcsr));
    /* An XSAVE image behind it must not say that these parts are initial. */
    memcpy(&magic, fx + FX_SOFTWARE, sizeof(magic));
    memcpy(&extended, fx + FX_SOFTWARE + 4, sizeof(extended));
    present = in_slot(thread,
                      thread->slot +
                          (uint64_t)(fx + FX_SIZE - (uint8_t *)thread->control),
                      8, 8);
    if (magic == FX_MAGIC && extended > FX_SIZE + 64 && present)
        *present |= 3;
    return (int)(size_bytes < FX_SIZE ? size_bytes : FX_SIZE);
}

uint64_t frame_fast_entry(void)
{
    return SYMBOL_stub_fast_entry;
}
