/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program that the platform's tests run in a task: flat, freestanding,
 * without writable data.  A thread starts in user_start with the number of a
 * routine in rdi and its argument in rsi. */
#include "tests/platform/traps.h"
#include "platform/linux/x86_64/abi.h"
#include "platform/user_abi.h"

#define USED __attribute__((used))

void replaced(u64 rdi, u64 rsi, u64 rdx, u64 rcx, u64 r8, u64 r9);
void user_main(u64 routine, u64 argument);

static u64 slow_trap(s64 number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
    register u64 r10 asm("r10") = d, r8 asm("r8") = e, r9 asm("r9") = f;
    u64 result;
    asm volatile("syscall"
                 : "=a"(result)
                 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
                   "r"(r9)
                 : "rcx", "r11", "memory");
    return result;
}

/* As a library's stub does it: `mov $-N,%rax; call *fast; ret'. */
static u64 fast_trap(s64 number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
    register u64 r8 asm("r8") = e, r9 asm("r9") = f;
    u64 result = (u64)number;
    asm volatile("sub $128, %%rsp\n\t"
                 "call *%[entry]\n\t"
                 "add $128, %%rsp"
                 : "+a"(result), "+c"(d)
                 : "D"(a), "S"(b), "d"(c), "r"(r8),
                   "r"(r9), [entry] "r"(*(const u64 *)FAST_ENTRY_WORD)
                 : "r11", "memory");
    return result;
}

#define trap1(n, a) slow_trap(n, a, 0, 0, 0, 0, 0)

static void check(int condition, u64 line)
{
    if (!condition)
        trap1(TRAP_FAIL, line);
}
#define CHECK(condition) check(condition, __LINE__)

/* --- traps ---------------------------------------------------------------- */

static void do_null_slow(u64 count)
{
    while (count--)
        CHECK(slow_trap(TRAP_SUM, count, 2, 3, 4, 5, 6) == count + 65432);
}

static void do_null_fast(u64 count)
{
    while (count--)
        CHECK(fast_trap(TRAP_SUM, count, 2, 3, 4, 5, 6) == count + 65432);
}

/* Both entries keep every register but rax, rcx, r11. */
static void do_preserve(u64 unused)
{
    for (int fast = 0; fast < 2; fast++) {
        u64 seen[12] = {0};
        asm volatile("mov $101, %%rbx\n\tmov $102, %%rdx\n\t"
                     "mov $103, %%rsi\n\tmov $105, %%r8\n\t"
                     "mov $106, %%r9\n\tmov $107, %%r10\n\t"
                     "mov $108, %%r12\n\tmov $109, %%r13\n\t"
                     "mov $110, %%r14\n\tmov $111, %%r15\n\t"
                     "push %%rdi\n\tpush %%rcx\n\tmov $104, %%rdi\n\t"
                     "mov %[number], %%rax\n\ttest %%ecx, %%ecx\n\tjnz 1f\n\t"
                     "syscall\n\tjmp 2f\n"
                     "1:\tmov " FAST_ENTRY_TEXT ", %%r11\n\tcall *%%r11\n"
                     "2:\tmov %%rdi, %%r11\n\tpop %%rcx\n\tpop %%rdi\n\t"
                     "mov %%rbx, (%%rdi)\n\tmov %%rdx, 8(%%rdi)\n\t"
                     "mov %%rsi, 16(%%rdi)\n\tmov %%r11, 24(%%rdi)\n\t"
                     "mov %%r8, 32(%%rdi)\n\tmov %%r9, 40(%%rdi)\n\t"
                     "mov %%r10, 48(%%rdi)\n\tmov %%r12, 56(%%rdi)\n\t"
                     "mov %%r13, 64(%%rdi)\n\tmov %%r14, 72(%%rdi)\n\t"
                     "mov %%r15, 80(%%rdi)\n\t"
                     :
                     : "D"(seen), "c"(fast), [number] "i"(TRAP_SUM)
                     : "rax", "rbx", "rdx", "rsi", "r8", "r9", "r10", "r11",
                       "r12", "r13", "r14", "r15", "memory");
        for (u64 i = 0; i < 11; i++)
            CHECK(seen[i] == 101 + i);
    }
}

/* --- memory --------------------------------------------------------------- */

static void do_touch(u64 pages)
{
    for (u64 i = 0; i < pages; i++)
        *(volatile u64 *)(TOUCH_BASE + i * 4096) = i + 7;
    for (u64 i = 0; i < pages; i++)
        CHECK(*(volatile u64 *)(TOUCH_BASE + i * 4096) == i + 7);
}

static void do_holes(u64 unused)
{
    volatile u64 *page = (u64 *)HOLES_BASE;

    /* Pages 0 2 4 were protected by one call over the holes 1 3. */
    CHECK(page[0] == 0 && page[2 * 512] == 2 && page[4 * 512] == 4);
    trap1(TRAP_EXPECT_FAULT, 2);
    asm volatile("lea 1f(%%rip), %%r12\n\tmovq $1, (%0)\n1:"
                 :
                 : "r"(page + 1024)
                 : "r12", "memory");
    CHECK(trap1(TRAP_FAULT_ADDRESS, 0) == HOLES_BASE + 8192);
}

/* --- exceptions ----------------------------------------------------------- */

#define PROVOKE(code, vector)                                                  \
    do {                                                                       \
        asm volatile("lea 1f(%%rip), %%r12\n\t" code "\n1:"                    \
                     :                                                         \
                     :                                                         \
                     : "rax", "rcx", "rdx", "r12", "memory");                  \
        CHECK(trap1(TRAP_LAST_VECTOR, 0) == (vector));                         \
    } while (0)

static void do_exceptions(u64 unused)
{
    PROVOKE("xor %%eax, %%eax\n\txor %%edx, %%edx\n\tdiv %%eax", 0);
    PROVOKE("pushf\n\torl $0x100, (%%rsp)\n\tpopf\n\tnop", 1);
    PROVOKE("int3", 3);
    PROVOKE("ud2", 6);
    PROVOKE("hlt", 13);
    PROVOKE("cli", 13);
    PROVOKE("in $0x80, %%al", 13);
    PROVOKE("mov $0x1234567812345678, %%rax\n\tmov (%%rax), %%rax", 13);
    PROVOKE("mov $1, %%eax\n\tint $0x80", 13);
}

/* --- registers ------------------------------------------------------------ */

static void do_bases(u64 unused)
{
    u64 word = 0x12345678, read_back;

    asm volatile("wrfsbase %0" : : "r"(&word));
    asm volatile("movq $77, %%gs:%c0" : : "i"(PLATFORM_USER_WORDS + 8 * 15));
    for (int i = 0; i < 3; i++) {
        trap1(TRAP_SUM, 0);
        fast_trap(TRAP_SUM, 0, 0, 0, 0, 0, 0);
        asm volatile("mov %%fs:0, %0" : "=r"(read_back));
        CHECK(read_back == word);
        asm volatile("mov %%gs:%c1, %0"
                     : "=r"(read_back)
                     : "i"(PLATFORM_USER_WORDS + 8 * 15));
        CHECK(read_back == 77);
    }
    CHECK(trap1(TRAP_FS_BASE, 0) == (u64)&word);
    CHECK(fast_trap(TRAP_FS_BASE, 0, 0, 0, 0, 0, 0) == (u64)&word);
    /* One's own GS base is kept on the slow path, and shown. */
    asm volatile("rdgsbase %0" : "=r"(read_back));
    asm volatile("wrgsbase %0" : : "r"((u64)0x123000));
    CHECK(trap1(TRAP_GS_BASE, 0) == 0x123000);
    asm volatile("wrgsbase %0" : : "r"(read_back));
    CHECK(trap1(TRAP_GS_BASE, 0) == 0);
}

/* The kernel replaces all registers in the middle of a trap. */
static void do_jump(u64 fast)
{
    register u64 rbx asm("rbx") = 5;

    asm volatile("" : "+r"(rbx));
    if (fast)
        fast_trap(TRAP_REPLACE, 0, 0, 0, 0, 0, 0);
    else
        trap1(TRAP_REPLACE, 0);
    CHECK(0);
}

USED void replaced(u64 rdi, u64 rsi, u64 rdx, u64 rcx, u64 r8, u64 r9)
{
    u64 fs;

    asm volatile("rdfsbase %0" : "=r"(fs));
    CHECK(rdi == 1 && rsi == 2 && rdx == 3 && rcx == 4 && r8 == 5 && r9 == 6);
    CHECK(fs == 0x7000);
    trap1(TRAP_DONE, 0);
}

static void do_fpu(u64 unused)
{
    u64 value = 0x3ff8000000000000; /* 1.5 */

    asm volatile("movq %0, %%xmm3" : : "m"(value));
    trap1(TRAP_FPU, 0); /* the kernel adds one to xmm3 */
    asm volatile("movq %%xmm3, %0" : "=m"(value));
    CHECK(value == 0x4004000000000000); /* 2.5 */
}

/* --- running and stopping ------------------------------------------------- */

static void do_spin(u64 counter)
{
    for (;;)
        ++*(volatile u64 *)counter;
}

static void do_fast_forever(u64 unused)
{
    for (u64 i = 0;; i++)
        CHECK(fast_trap(TRAP_SUM, i, 2, 3, 4, 5, 6) == i + 65432);
}

static void do_slow_forever(u64 unused)
{
    for (u64 i = 0;; i++)
        CHECK(slow_trap(TRAP_SUM, i, 2, 3, 4, 5, 6) == i + 65432);
}

/* --- emulation ------------------------------------------------------------ */

asm(".globl emulator\n"
    "emulator:\n"
    "    cmp %rcx, %r12\n" /* rcx: where to return */
    "    jne 1f\n"
    "    add %rdi, %rax\n"
    "    jmp *%rcx\n"
    "1:  ud2\n");

static void do_emulation(u64 count)
{
    u64 result;

    while (count--) {
        asm volatile("lea 1f(%%rip), %%r12\n\tsyscall\n1:"
                     : "=a"(result)
                     : "a"(39ul), "D"(count)
                     : "rcx", "r11", "r12", "memory");
        CHECK(result == 39 + count);
    }
    CHECK(slow_trap(40, 0, 0, 0, 0, 0, 0) == (u64)-38); /* not redirected */
}

/* --- a hostile task ------------------------------------------------------- */

/* Jumps to SITE with a system call's registers; the kernel, if the call is
 * trapped as it must be, sends us back to r12. */
static u64 call_at(u64 site, u64 number, const u64 args[6])
{
    register u64 r10 asm("r10") = args[3], r8 asm("r8") = args[4],
                     r9 asm("r9") = args[5], rbx asm("rbx") = site;
    u64 result, d = args[2];
    asm volatile("push %%rbp\n\tlea 1f(%%rip), %%r12\n\tmov %%rsp, %%r13\n\t"
                 "jmp *%%rbx\n1:\tmov %%r13, %%rsp\n\tpop %%rbp"
                 : "=a"(result), "+r"(r10), "+r"(r8), "+r"(r9), "+r"(rbx),
                   "+d"(d)
                 : "a"(number), "D"(args[0]), "S"(args[1])
                 : "rcx", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
    return result;
}

static void attempt(u64 site, u64 number, u64 a, u64 b, u64 c, u64 d, u64 e,
                    u64 f)
{
    u64 args[6] = {a, b, c, d, e, f};
    CHECK(call_at(site, number, args) == TRAPPED);
}

static void attempts_at(u64 site)
{
    u64 here = (u64)__builtin_frame_address(0);

    attempt(site, 9, 0x10000000, 4096, 7, 0x11, 0, 0);    /* mmap */
    attempt(site, 9, 0x10000000, 4096, 7, 0x32, ~0ul, 0); /* mmap anonymous */
    attempt(site, 11, STUB_HOST_PAGE, 4096, 0, 0, 0, 0);  /* munmap */
    attempt(site, 10, STUB_TASK_AREA, 4096, 3, 0, 0, 0);  /* mprotect */
    attempt(site, 2, here, 0, 0, 0, 0, 0);                /* open */
    attempt(site, 257, ~99ul, here, 0, 0, 0, 0);          /* openat */
    attempt(site, 101, 0, 1, 0, 0, 0, 0);                 /* ptrace */
    attempt(site, 62, 1, 9, 0, 0, 0, 0);                  /* kill */
    attempt(site, 234, 1, 1, 9, 0, 0, 0);                 /* tgkill */
    attempt(site, 310, 1, here, 1, here, 1, 0);           /* process_vm_readv */
    attempt(site, 425, 8, here, 0, 0, 0, 0);              /* io_uring_setup */
    attempt(site, 231, 0, 0, 0, 0, 0, 0);                 /* exit_group */
    attempt(site, 56, STUB_CLONE_FLAGS, 0, 0, 0, 0, 0);   /* clone */
    attempt(site, 59, here, 0, 0, 0, 0, 0);               /* execve */
    attempt(site, 157, 15, here, 0, 0, 0, 0);             /* prctl */
    attempt(site, 317, 1, 0, here, 0, 0, 0);              /* seccomp */
    attempt(site, 13, 11, 0, here, 8, 0, 0);              /* rt_sigaction */
    attempt(site, 0, 0, here, 8, 0, 0, 0);                /* read */
    attempt(site, 8, 0, 1, 0, 0, 0, 0);                   /* lseek */
    attempt(site, 18, 0, here, 8, 0, 0, 0);               /* pwrite */
    attempt(site, 1, 2, STUB_BELL_WORD, 8, 0, 0, 0);      /* the completion */
    attempt(site, 1, 0, STUB_BELL_WORD, 8, 0, 0, 0);      /* the memory file */
    attempt(site, 1, 1, here, 8, 0, 0, 0);                /* another count */
    attempt(site, 1, 1, STUB_BELL_WORD, 4096, 0, 0, 0);
    attempt(site, 202, STUB_SLOTS, 1, 1, 0, 0, 0);           /* FUTEX_WAKE */
    attempt(site, 202, STUB_SLOTS, 3, 1, 1, STUB_SLOTS, 0);  /* REQUEUE */
    attempt(site, 202, STUB_SLOTS, 6, 0, 0, 0, 0);           /* LOCK_PI */
    attempt(site, 202, STUB_SLOTS, 128, 0, 0, 0, 0);         /* private */
    attempt(site, 202, here, 0, 0, 0, 0, 0);                 /* elsewhere */
    attempt(site, 202, STUB_TASK_AREA, 0, 0, 0, 0, 0);       /* the ring's */
    attempt(site, 0x40000009, here, 4096, 7, 0x32, ~0ul, 0); /* x32 */
    attempt(site, 0xffffffff00000009, here, 0, 0, 0, 0, 0);  /* high bits */
}

static void do_hostile_calls(u64 unused)
{
    const unsigned char *text = (const unsigned char *)STUB_BASE;
    u64 sites = 0;

    for (u64 i = 0; i + 1 < STUB_TEXT_SIZE; i++)
        if (text[i] == 0x0f && text[i + 1] == 0x05) {
            attempts_at((u64)text + i);
            sites++;
        }
    CHECK(sites > 10);
}

/* Every number, from the task's own code. */
static void do_hostile_numbers(u64 unused)
{
    for (u64 number = 0; number < 600; number++)
        if (number != 335 && number != 336) /* uprobes': harmless */
            CHECK(slow_trap((s64)number, 0, 0, 0, 0, 0, 0) == (u64)-38);
    CHECK(slow_trap(-512, 0, 0, 0, 0, 0, 0) == (u64)-38);
    CHECK(slow_trap(0x40000009, 0, 0, 0, 0, 0, 0) == (u64)-38);
}

static void write_to(u64 address)
{
    trap1(TRAP_EXPECT_FAULT, PLATFORM_WRITE);
    asm volatile("lea 1f(%%rip), %%r12\n\tmovq $1, (%0)\n1:"
                 :
                 : "r"(address)
                 : "r12", "memory");
    CHECK(trap1(TRAP_FAULT_ADDRESS, 0) == address);
}

static void do_hostile_writes(u64 unused)
{
    write_to(STUB_BASE);
    write_to(STUB_BASE + 0x800);
    write_to(STUB_HOST_PAGE);
    write_to(STUB_BELL_WORD);
    write_to(STUB_TASK_AREA);
    write_to(STUB_TASK_AREA + TASK_EMULATION);
    write_to(STUB_TASK_AREA + TASK_RING + 8);
    write_to(STUB_SLOTS_END - 8); /* nobody's slot */
    write_to(0x7fffffffe000);
    write_to(0x1000);
    /* Linux's own page at the top: calls are faults. */
    trap1(TRAP_EXPECT_FAULT, PLATFORM_EXECUTE);
    asm volatile("lea 1f(%%rip), %%r12\n\tmov $-10485760, %%rax\n\t"
                 "push %%rbx\n\tmov %%rsp, %%rbx\n\tcall *%%rax\n"
                 "1:\tmov %%rbx, %%rsp\n\tpop %%rbx"
                 :
                 :
                 : "rax", "rcx", "r11", "r12", "memory");
    CHECK(trap1(TRAP_FAULT_ADDRESS, 0) == (u64)-10485760);
}

/* A sigreturn of one's own making, with all signals blocked, into a loop. */
static void do_hostile_sigreturn(u64 unused)
{
    struct stub_ucontext frame = {0};
    u64 loop, gs;

    asm volatile("lea 1f(%%rip), %0\n\tjmp 2f\n1:\tjmp 1b\n2:" : "=r"(loop));
    asm volatile("rdgsbase %0" : "=r"(gs));
    frame.flags = 6;
    frame.cs = 0x33;
    frame.ss = 0x2b;
    frame.rflags = 0x202;
    frame.rip = loop;
    frame.rsp = (u64)&frame;
    frame.mask = ~0ul;
    trap1(TRAP_STOP_ME, 0); /* the kernel will want us to stop */
    const unsigned char *text = (const unsigned char *)STUB_BASE;
    for (u64 i = 0;; i++)
        if (text[i] == 0xb8 && text[i + 1] == 15 && text[i + 5] == 0x0f)
            asm volatile("mov %0, %%rsp\n\tjmp *%1"
                         :
                         : "r"(&frame), "r"(text + i)
                         : "memory");
}

/* Writes nonsense into slot 0's control page for as long as it lives. */
static void do_hostile_scribble(u64 seed)
{
    volatile u32 *control = (u32 *)STUB_SLOTS;

    for (;;) {
        seed = seed * 6364136223846793005ul + 1442695040888963407ul;
        control[(seed >> 33) % 64] = (u32)(seed >> 13) & (seed & 1 ? 3 : ~0u);
    }
}

/* Says that it stopped, with registers at an address of its choice. */
static void do_hostile_frame(u64 address)
{
    struct stub_control *control;

    asm volatile("rdgsbase %0" : "=r"(control));
    control->frame = address;
    control->kind = KIND_SIGNAL;
    control->sequence++;
    __atomic_store_n(&control->state, STATE_POSTED, __ATOMIC_SEQ_CST);
    asm volatile("mov %0, %%rax\n1:\tjmp 1b" : : "r"(address));
}

/* Asks for its own end by hand, and does not look at the answer; where Linux
 * would say that it is gone it says so itself. */
static void do_hostile_ghost(u64 unused)
{
    struct stub_control *control;

    asm volatile("rdgsbase %0" : "=r"(control));
    control->tid = 0;
    control->fast.rax = (u64)TRAP_END_ME;
    control->kind = KIND_FAST;
    control->sequence++;
    __atomic_store_n(&control->state, STATE_POSTED, __ATOMIC_SEQ_CST);
    for (;;)
        control->tid = 0;
}

/* Runs on under another thread's number. */
static void do_hostile_tid(u64 tid)
{
    struct stub_control *control;

    asm volatile("rdgsbase %0" : "=r"(control));
    for (;;)
        control->tid = (u32)tid;
}

/* A floating-point image that is not in the slot. */
static void do_hostile_fpu(u64 unused)
{
    trap1(TRAP_FPU_REFUSED, 0);
}

USED void user_main(u64 routine, u64 argument)
{
    static void (*const routines[])(u64) = {
        [DO_NULL_SLOW] = do_null_slow,
        [DO_NULL_FAST] = do_null_fast,
        [DO_PRESERVE] = do_preserve,
        [DO_TOUCH] = do_touch,
        [DO_HOLES] = do_holes,
        [DO_EXCEPTIONS] = do_exceptions,
        [DO_BASES] = do_bases,
        [DO_JUMP] = do_jump,
        [DO_FPU] = do_fpu,
        [DO_SPIN] = do_spin,
        [DO_FAST_FOREVER] = do_fast_forever,
        [DO_SLOW_FOREVER] = do_slow_forever,
        [DO_EMULATION] = do_emulation,
        [DO_HOSTILE_CALLS] = do_hostile_calls,
        [DO_HOSTILE_NUMBERS] = do_hostile_numbers,
        [DO_HOSTILE_WRITES] = do_hostile_writes,
        [DO_HOSTILE_SIGRETURN] = do_hostile_sigreturn,
        [DO_HOSTILE_SCRIBBLE] = do_hostile_scribble,
        [DO_HOSTILE_FRAME] = do_hostile_frame,
        [DO_HOSTILE_FPU] = do_hostile_fpu,
        [DO_HOSTILE_GHOST] = do_hostile_ghost,
        [DO_HOSTILE_TID] = do_hostile_tid,
    };
    routines[routine](argument);
    trap1(TRAP_DONE, 0);
    for (;;)
        ;
}

asm(".section .start, \"ax\"\n"
    "    jmp user_main\n"
    "    .balign 16\n"
    "    .quad replaced, emulator\n"
    ".text\n");
