/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stub's start-up, on the stack that exec gave, and its signal handler, on
 * a slot's signal stack.  No memory of its own but constants; no SSE. */
#include "abi.h"

#define SYS_write        1
#define SYS_mmap         9
#define SYS_rt_sigaction 13
#define SYS_exit         60
#define SYS_futex        202
#define SYS_exit_group   231

#define SIGILL  4
#define SIGTRAP 5
#define SIGBUS  7
#define SIGFPE  8
#define SIGSEGV 11
#define SIGSYS  31

#define SA_SIGINFO  4
#define SA_ONSTACK  0x08000000
#define SA_RESTORER 0x04000000

#define SYS_SECCOMP 1 /* si_code */

#define AUDIT_ARCH_X86_64 0xc000003eu

struct kernel_sigaction {
    void *handler;
    uint64_t flags;
    void *restorer;
    uint64_t mask;
};

/* Linux's siginfo, as far as it is looked at. */
struct kernel_siginfo {
    int32_t signo, error, code, pad;
    uint64_t address;
    int32_t number;
    uint32_t arch;
};

extern const char stub_restorer[], stub_fast_window[], stub_fast_window_end[];
_Noreturn void stub_agent(void);
_Noreturn void stub_exit_thread(void);
_Noreturn void stub_main(const uint64_t *stack);
void stub_handler(int signal, const struct kernel_siginfo *info,
                  struct stub_ucontext *context);

static inline long call(long number, long a, long b, long c, long d, long e,
                        long f)
{
    register long r10 asm("r10") = d, r8 asm("r8") = e, r9 asm("r9") = f;
    long result;
    asm volatile("syscall"
                 : "=a"(result)
                 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
                   "r"(r9)
                 : "rcx", "r11", "memory");
    return result;
}

static _Noreturn void fail(int status)
{
    for (;;)
        call(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

static uint64_t parse_hex(const char *text)
{
    uint64_t value = 0;
    for (; *text; text++)
        value = value * 16 + (*text <= '9' ? *text - '0' : *text - 'a' + 10);
    return value;
}

static void map_shared(uint64_t address, uint64_t size, uint64_t offset)
{
    if (call(SYS_mmap, address, size, 1, 0x11, STUB_FD_MEMORY, offset) !=
        (long)address)
        fail(71);
}

/* STACK is exec's: argc, then argv: a name, the offsets of the host page and of
 * the task area in the memory file. */
_Noreturn void stub_main(const uint64_t *stack)
{
    static const uint8_t signals[] = {SIGILL,  SIGTRAP, SIGBUS,          SIGFPE,
                                      SIGSEGV, SIGSYS,  STUB_STOP_SIGNAL};
    struct kernel_sigaction action = {(void *)stub_handler,
                                      SA_SIGINFO | SA_ONSTACK | SA_RESTORER,
                                      (void *)stub_restorer, ~0ul};
    if (stack[0] != 3)
        fail(72);
    for (unsigned i = 0; i < sizeof(signals); i++)
        if (call(SYS_rt_sigaction, signals[i], (long)&action, 0, 8, 0, 0) != 0)
            fail(73);
    map_shared(STUB_HOST_PAGE, 4096, parse_hex((const char *)stack[2]));
    map_shared(STUB_TASK_AREA, TASK_AREA_SIZE,
               parse_hex((const char *)stack[3]));
    stub_agent();
}

asm(".globl _start\n"
    "_start:\n"
    "    mov %rsp, %rdi\n"
    "    and $-16, %rsp\n"
    "    call stub_main\n");

static inline uint32_t exchange(uint32_t *word, uint32_t value)
{
    return __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST);
}

/* Tells the kernel and waits for its answer. */
static void post_and_wait(struct stub_control *control)
{
    const struct stub_host_page *host = (const void *)STUB_HOST_PAGE;
    uint32_t expected;

    control->sequence++;
    exchange(&control->state, STATE_POSTED);
    if (__atomic_load_n(&host->sleeping, __ATOMIC_RELAXED))
        call(SYS_write, STUB_FD_DOORBELL, STUB_BELL_WORD, 8, 0, 0, 0);
    for (;;) {
        expected = STATE_POSTED;
        __atomic_compare_exchange_n(&control->state, &expected, STATE_SLEEPING,
                                    0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
        if (expected == STATE_GO)
            return;
        call(SYS_futex, (long)&control->state, 0, STATE_SLEEPING, 0, 0, 0);
    }
}

/* Where the task wants this system call to go instead; 0: to the kernel. */
static uint64_t redirection(const struct kernel_siginfo *info,
                            const struct stub_ucontext *context)
{
    const struct stub_task_area *area = (const void *)STUB_TASK_AREA;

    if (context->rax >= 512 || info->arch != AUDIT_ARCH_X86_64 ||
        (int64_t)context->rip < 0)
        return 0;
    return area->emulation[context->rax];
}

/* A number that looks like one of Linux's codes for "restart the call" was taken
 * for one on the way here: rax or rip are not what they were. */
static void undo_restart(const struct kernel_siginfo *info,
                         struct stub_ucontext *context)
{
    if ((int32_t)context->rax != info->number)
        context->rax = (uint64_t)(int64_t)info->number;
    context->rip = info->address;
}

static int in_fast_window(const struct stub_ucontext *context)
{
    return context->rip >= (uint64_t)stub_fast_window &&
           context->rip < (uint64_t)stub_fast_window_end;
}

void stub_handler(int signal, const struct kernel_siginfo *info,
                  struct stub_ucontext *context)
{
    struct stub_control *control =
        (void *)((uint64_t)__builtin_frame_address(0) &
                 ~(uint64_t)(STUB_SLOT_SIZE - 1));
    uint64_t entry;

    if (signal == SIGSYS && info->code == SYS_SECCOMP) {
        undo_restart(info, context);
        entry = redirection(info, context);
        if (entry) {
            context->rip = entry;
            return;
        }
    }
    if (signal == STUB_STOP_SIGNAL && in_fast_window(context)) {
        control->deferred = 1;
        return;
    }
    if (signal == SIGTRAP && in_fast_window(context))
        return;

    control->signal = signal;
    control->code = info->code;
    control->address = info->address;
    control->arch = info->arch;
    control->frame = (uint64_t)context;
    control->fs_base = __builtin_ia32_rdfsbase64();
    control->gs_base = __builtin_ia32_rdgsbase64();
    control->kind = KIND_SIGNAL;
    post_and_wait(control);
    if (control->command == THREAD_EXIT)
        stub_exit_thread();
    __builtin_ia32_wrfsbase64(control->fs_base);
    __builtin_ia32_wrgsbase64(control->gs_base);
}
