/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/signal_frame.c: into a signal's handler and back. */
#include "personality/mach.h"
#include "personality/signals.h"
#include "personality/syscalls.h"

#include <signal.h>
#include <sys/syscall.h>

#define RED_ZONE        128
#define SYSCALL_SIZE    2 /* of the instruction */
#define FLAGS_DIRECTION 0x400ul
#define FLAGS_TRAP      0x100ul
#define CALL_DONE       (~0ul) /* frame->number: not to be made again */
#define XSAVE_MAX       8192
#define UC_FP_XSTATE    1

/* Linux's frame, as programs look into it. */
struct signal_frame {
    uint64_t restorer;
    uint64_t flags, link;
    uint64_t stack;
    uint32_t stack_flags, pad;
    uint64_t stack_size;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
    uint16_t cs, gs, fs, ss;
    uint64_t error, trap, old_mask, cr2;
    uint64_t fpstate;
    uint64_t reserved[8];
    uint64_t mask;
    siginfo_t info;
};

/* --- floating point ------------------------------------------------------ */

/* The personality touches no vector register: they are still the program's. */
static uint32_t xsave_size;
static uint64_t xsave_mask;

static void xsave_ask(void)
{
    uint32_t a = 1, b, c = 0, d, low, high;

    asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (!(c >> 27 & 1)) { /* OSXSAVE */
        xsave_size = 512;
        return;
    }
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    a = 13;
    c = 0;
    asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    xsave_mask = (uint64_t)high << 32 | low;
    xsave_size = b;
}

static void fpu_save(char *area)
{
    if (!xsave_mask) {
        asm volatile("fxsave64 (%0)" : : "r"(area) : "memory");
        return;
    }
    memset(area + 512, 0, 64);
    asm volatile("xsave64 (%0)"
                 :
                 : "r"(area), "a"((uint32_t)xsave_mask),
                   "d"((uint32_t)(xsave_mask >> 32))
                 : "memory");
}

static void fpu_restore(const char *area)
{
    if (!xsave_mask) {
        asm volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
        return;
    }
    asm volatile("xrstor64 (%0)"
                 :
                 : "r"(area), "a"((uint32_t)xsave_mask),
                   "d"((uint32_t)(xsave_mask >> 32))
                 : "memory");
}

/* --- into the handler ---------------------------------------------------- */

static void frame_fill(struct signal_frame *to, const struct context *from,
                       uint64_t mask, int sig, const struct signal_info *info)
{
    memset(to, 0, sizeof *to);
    to->r8 = from->r8;
    to->r9 = from->r9;
    to->r10 = from->r10;
    to->r11 = from->r11;
    to->r12 = from->r12;
    to->r13 = from->r13;
    to->r14 = from->r14;
    to->r15 = from->r15;
    to->rdi = from->rdi;
    to->rsi = from->rsi;
    to->rbp = from->rbp;
    to->rbx = from->rbx;
    to->rdx = from->rdx;
    to->rax = from->rax;
    to->rcx = from->rcx;
    to->rsp = from->rsp;
    to->rip = from->rip;
    to->rflags = from->flags;
    to->cs = (uint16_t)from->cs;
    to->ss = (uint16_t)from->ss;
    to->cr2 = info->address;
    to->mask = mask;
    to->info.si_signo = sig;
    to->info.si_code = info->code;
    if (sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE ||
        sig == SIGTRAP)
        to->info.si_addr = (void *)info->address;
    else {
        to->info.si_pid = info->pid;
        to->info.si_uid = info->uid;
        memcpy(&to->info.si_value, &info->value, sizeof info->value);
    }
}

static uint64_t frame_stack(const struct thread *thread, uint64_t flags)
{
    const struct signal_thread *mine = &thread->signals;
    uint64_t rsp = thread->context.rsp;

    if (flags & SA_ONSTACK && mine->stack_size &&
        rsp - mine->stack >= mine->stack_size)
        return mine->stack + mine->stack_size;
    return rsp - RED_ZONE;
}

static void frame_push(struct thread *thread, int sig,
                       const struct signal_action *action,
                       const struct signal_info *info, uint64_t mask)
{
    struct context *context = &thread->context;

    if (!xsave_size)
        xsave_ask();
    uint64_t fpu = (frame_stack(thread, action->flags) - xsave_size) & ~63ul;
    struct signal_frame *frame =
        (struct signal_frame *)(((fpu - sizeof *frame) & ~15ul) - 8);
    fpu_save((char *)fpu);
    frame_fill(frame, context, mask, sig, info);
    frame->restorer = action->restorer;
    frame->fpstate = fpu;
    frame->flags = xsave_mask ? UC_FP_XSTATE : 0;
    frame->stack = thread->signals.stack;
    frame->stack_size = thread->signals.stack_size;
    frame->stack_flags = thread->signals.stack_size ? 0 : SS_DISABLE;
    context->rdi = (uint64_t)sig;
    context->rsi = (uint64_t)&frame->info;
    context->rdx = (uint64_t)&frame->flags;
    context->rax = 0;
    context->rsp = (uint64_t)frame;
    context->rip = action->handler;
    context->flags &= ~(FLAGS_DIRECTION | FLAGS_TRAP);
}

/* --- taking what is pending ---------------------------------------------- */

/* The next signal to take, or 0; what it needs is copied out.  The lock is
 * held. */
static int signal_next(struct thread *thread, struct signal_action *action,
                       struct signal_info *info)
{
    uint64_t allowed = ~thread->signals.mask;
    int sig = signal_dequeue(&thread->signals.pending, allowed, info);

    if (!sig)
        sig = signal_dequeue(&signals.pending, allowed, info);
    if (!sig) {
        thread->signal_pending = 0;
        return 0;
    }
    if (info->timer)
        timer_taken(info->timer, info->uid);
    *action = signals.actions[sig];
    if (action->handler > 1 && action->flags & SA_RESETHAND)
        signals.actions[sig].handler = 0;
    return sig;
}

static void signal_handle(struct thread *thread, int sig,
                          const struct signal_action *action,
                          const struct signal_info *info)
{
    struct signal_thread *mine = &thread->signals;
    uint64_t mask = mine->restore ? mine->saved_mask : mine->mask;

    mine->restore = false;
    mine->sleep_until_ns = 0;
    frame_push(thread, sig, action, info, mask);
    mine->mask |= action->mask;
    if (!(action->flags & SA_NODEFER))
        mine->mask |= SIGNAL_BIT(sig);
}

static void signal_by_default(int sig)
{
    switch (signal_default(sig)) {
    case SIGNAL_ENDS:
        signal_die(sig);
    case SIGNAL_STOPS:
        signal_stop(sig);
        break;
    case SIGNAL_NOTHING:
    case SIGNAL_CONTINUES:
        break;
    }
}

void signal_deliver(void)
{
    struct thread *thread = thread_self();
    struct signal_action action;
    struct signal_info info;
    int sig;

    for (;;) {
        lock_take(&signals.lock);
        sig = signal_next(thread, &action, &info);
        lock_release(&signals.lock);
        if (!sig)
            break;
        if (action.handler > 1)
            signal_handle(thread, sig, &action, &info);
        else if (!action.handler)
            signal_by_default(sig);
    }
    if (thread->signals.restore) {
        thread->signals.restore = false;
        lock_take(&signals.lock);
        thread->signals.mask = thread->signals.saved_mask;
        if (signal_waits(thread))
            thread->signal_pending = 1;
        lock_release(&signals.lock);
    }
}

/* --- on the way out of a system call ------------------------------------- */

/* Calls that a handler always ends. */
static bool call_ends_by_handler(const struct frame *frame)
{
    switch (frame->number) {
    case SYS_pause:
    case SYS_rt_sigsuspend:
    case SYS_rt_sigtimedwait:
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
    case SYS_poll:
    case SYS_ppoll:
    case SYS_select:
    case SYS_pselect6:
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
        return true;
    case SYS_futex: /* with a timeout */
        return ARG4(frame) != 0;
    default:
        return false;
    }
}

/* Whether the call that was cut short is to be made again. */
static bool call_is_restarted(struct thread *thread, const struct frame *frame)
{
    bool restart = true;

    lock_take(&signals.lock);
    uint64_t ready = (signals.pending.set | thread->signals.pending.set) &
                     ~thread->signals.mask;
    for (; ready; ready &= ready - 1) {
        const struct signal_action *action =
            &signals.actions[__builtin_ctzll(ready) + 1];
        if (action->handler > 1 &&
            (!(action->flags & SA_RESTART) || call_ends_by_handler(frame)))
            restart = false;
    }
    lock_release(&signals.lock);
    return restart;
}

void signal_at_exit(struct frame *frame)
{
    struct thread *thread = thread_self();
    struct context *to = &thread->context;

    context_from_frame(to, frame);
    if (frame->number == CALL_DONE || frame->rax != (uint64_t)-EINTR)
        return;
    if (call_is_restarted(thread, frame)) {
        to->rip -= SYSCALL_SIZE;
        to->rax = frame->number;
    }
    frame->number = CALL_DONE;
}

void context_from_frame(struct context *to, const struct frame *frame)
{
    *to = (struct context){.r15 = frame->r15,
                           .r14 = frame->r14,
                           .r13 = frame->r13,
                           .r12 = frame->r12,
                           .rbp = frame->rbp,
                           .rbx = frame->rbx,
                           .r11 = frame->flags,
                           .r10 = frame->r10,
                           .r9 = frame->r9,
                           .r8 = frame->r8,
                           .rdx = frame->rdx,
                           .rcx = frame->rip,
                           .rsi = frame->rsi,
                           .rdi = frame->rdi,
                           .rax = frame->rax,
                           .rip = frame->rip,
                           .flags = frame->flags,
                           .rsp = frame->rsp};
    asm("mov %%cs, %0" : "=r"(to->cs));
    asm("mov %%ss, %0" : "=r"(to->ss));
}

long sys_rt_sigreturn(struct frame *frame)
{
    struct thread *thread = thread_self();
    const struct signal_frame *from =
        (const struct signal_frame *)(frame->rsp - 8);
    struct context *to = &thread->context;

    thread->calling = false;
    *to = (struct context){.r15 = from->r15,
                           .r14 = from->r14,
                           .r13 = from->r13,
                           .r12 = from->r12,
                           .rbp = from->rbp,
                           .rbx = from->rbx,
                           .r11 = from->r11,
                           .r10 = from->r10,
                           .r9 = from->r9,
                           .r8 = from->r8,
                           .rdx = from->rdx,
                           .rcx = from->rcx,
                           .rsi = from->rsi,
                           .rdi = from->rdi,
                           .rax = from->rax,
                           .rip = from->rip,
                           .flags = from->rflags,
                           .rsp = from->rsp};
    asm("mov %%cs, %0" : "=r"(to->cs));
    asm("mov %%ss, %0" : "=r"(to->ss));
    if (from->fpstate)
        fpu_restore((const char *)from->fpstate);
    thread->signals.mask =
        from->mask & ~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP));
    personality_resume();
}
