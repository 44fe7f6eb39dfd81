/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instructions that reach devices: each is done by the processor on a word of
 * memory, and by platform_access_* on another, and all registers, the flags and
 * the memory must come out the same. */
#include "platform/platform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
/* cmocka needs the above */
#include <cmocka.h>

#define ARITHMETIC_FLAGS 0x8d5ul
#define ROUNDS           200

/* What the trampoline loads and stores, in its order. */
struct image {
    uint64_t rax, rbx, rcx, rdx, rdi, r8, r9, r15, rflags;
};

/* Calls CODE with IMAGE in the registers and MEMORY in rsi. */
void trampoline(struct image *image, void *memory, const void *code);
__asm__(".text\n"
        "trampoline:\n"
        "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
        "mov %rdi, %rbp; mov %rdx, %r12\n"
        "push 64(%rbp); popf\n"
        "mov 0(%rbp), %rax; mov 8(%rbp), %rbx; mov 16(%rbp), %rcx\n"
        "mov 24(%rbp), %rdx; mov 32(%rbp), %rdi; mov 40(%rbp), %r8\n"
        "mov 48(%rbp), %r9; mov 56(%rbp), %r15\n"
        "call *%r12\n"
        "mov %rax, 0(%rbp); mov %rbx, 8(%rbp); mov %rcx, 16(%rbp)\n"
        "mov %rdx, 24(%rbp); mov %rdi, 32(%rbp); mov %r8, 40(%rbp)\n"
        "mov %r9, 48(%rbp); mov %r15, 56(%rbp)\n"
        "pushf; pop 64(%rbp)\n"
        "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
        "ret\n");

/* Each instruction stands alone before a ret, its size before it. */
#define INSTRUCTIONS                                                           \
    X("movl (%rsi), %eax")                                                     \
    X("movq (%rsi), %r15")                                                     \
    X("movw (%rsi), %bx")                                                      \
    X("movb (%rsi), %cl")                                                      \
    X("movb (%rsi), %ch")                                                      \
    X("movb %ah, (%rsi)")                                                      \
    X("movl %edx, (%rsi)")                                                     \
    X("movq %r8, (%rsi)")                                                      \
    X("movw %r9w, (%rsi)")                                                     \
    X("movb %dil, (%rsi)")                                                     \
    X("movl $0x12345678, (%rsi)")                                              \
    X("movq $-2, (%rsi)")                                                      \
    X("movw $0x1234, (%rsi)")                                                  \
    X("movb $0x80, (%rsi)")                                                    \
    X("movzbl (%rsi), %eax")                                                   \
    X("movzwl (%rsi), %r9d")                                                   \
    X("movzbw (%rsi), %dx")                                                    \
    X("movsbl (%rsi), %eax")                                                   \
    X("movsbq (%rsi), %rcx")                                                   \
    X("movswl (%rsi), %ebx")                                                   \
    X("movslq (%rsi), %rdx")                                                   \
    X("movnti %eax, (%rsi)")                                                   \
    X("testl $0x80000001, (%rsi)")                                             \
    X("testb $0x10, (%rsi)")                                                   \
    X("testq %rax, (%rsi)")                                                    \
    X("cmpl $5, (%rsi)")                                                       \
    X("cmpl %ecx, (%rsi)")                                                     \
    X("cmpl (%rsi), %ecx")                                                     \
    X("cmpb (%rsi), %al")                                                      \
    X("cmpw $-1, (%rsi)")                                                      \
    X("cmpq (%rsi), %r8")                                                      \
    X("andl $0xff, (%rsi)")                                                    \
    X("orl $0x10000, (%rsi)")                                                  \
    X("orb %bl, (%rsi)")                                                       \
    X("xorw %ax, (%rsi)")                                                      \
    X("addl $1, (%rsi)")                                                       \
    X("addq %rcx, (%rsi)")                                                     \
    X("addb $0x7f, (%rsi)")                                                    \
    X("subl $1, (%rsi)")                                                       \
    X("subw %dx, (%rsi)")                                                      \
    X("andl (%rsi), %eax")                                                     \
    X("orq (%rsi), %rdx")                                                      \
    X("xorl (%rsi), %r9d")                                                     \
    X("addl (%rsi), %ecx")                                                     \
    X("subl (%rsi), %eax")                                                     \
    X("subb (%rsi), %al")                                                      \
    X("movl (%rsi,%rdi,1), %eax")

#define X(text)                                                                \
    ".byte 2f - 1f\n1: " text "\n2: ret\n.skip 31 - (. - 1b), 0xcc\n"
extern const uint8_t instructions[], instructions_end[];
__asm__("instructions:\n" INSTRUCTIONS "instructions_end:\n");
#undef X
#define X(text) text,
static const char *const names[] = {INSTRUCTIONS};
#undef X

static uint64_t random_word(void)
{
    static const uint64_t special[] = {
        0, 1, ~0ul, 0x80, 0x8000, 0x80000000, 0x7fffffff, 1ul << 63};
    static uint64_t state = 88172645463325252ul;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % 3 == 0 ? special[state / 3 % 8] : state;
}

static struct platform_regs regs_of(const struct image *image, void *memory,
                                    const void *code)
{
    return (struct platform_regs){.rax = image->rax,
                                  .rbx = image->rbx,
                                  .rcx = image->rcx,
                                  .rdx = image->rdx,
                                  .rdi = image->rdi,
                                  .rsi = (uint64_t)memory,
                                  .r8 = image->r8,
                                  .r9 = image->r9,
                                  .r15 = image->r15,
                                  .rip = (uint64_t)code,
                                  .rflags = image->rflags};
}

/* The access as the kernel does it, with plain memory as the device. */
static void emulate(struct platform_regs *regs, const void *code,
                    uint64_t *memory)
{
    struct platform_access access;
    uint64_t value = 0;

    assert_int_equal(
        platform_access_decode(regs, code, PLATFORM_CODE_MAX, &access), 0);
    assert_ptr_equal((void *)access.address, memory);
    if (access.kind != PLATFORM_MEMORY_WRITE)
        memcpy(&value, memory, access.size_bytes);
    if (access.kind == PLATFORM_MEMORY_WRITE)
        memcpy(memory, &access.value, access.size_bytes);
    if (access.kind == PLATFORM_MEMORY_MODIFY) {
        uint64_t result = platform_access_combine(&access, value);
        memcpy(memory, &result, access.size_bytes);
    }
    platform_access_finish(&access, value, regs);
}

static void compare(const char *name, const uint8_t *code, unsigned length)
{
    struct image image = {
        random_word(), random_word(), random_word(), random_word(), 0,
        random_word(), random_word(), random_word(), 0x202};
    uint64_t native = random_word(), other = native;
    struct platform_regs regs = regs_of(&image, &other, code);

    regs.rflags = image.rflags |= random_word() & ARITHMETIC_FLAGS;
    trampoline(&image, &native, code);
    emulate(&regs, code, &other);
    if (regs.rax != image.rax || regs.rbx != image.rbx ||
        regs.rcx != image.rcx || regs.rdx != image.rdx || regs.r8 != image.r8 ||
        regs.r9 != image.r9 || regs.r15 != image.r15 || other != native)
        fail_msg("%s: other results", name);
    /* AND, OR and XOR leave the adjust flag undefined. */
    uint64_t flags = ARITHMETIC_FLAGS;
    if (strstr(name, "and") || strstr(name, "or") || strstr(name, "test"))
        flags &= ~0x10ul;
    if ((regs.rflags & flags) != (image.rflags & flags))
        fail_msg("%s: flags %lx, not %lx", name, (long)regs.rflags,
                 (long)image.rflags);
    assert_int_equal(regs.rip, (uint64_t)code + length);
}

static void instructions_do_what_the_processor_does(void **state)
{
    unsigned count = sizeof names / sizeof *names;
    size_t size = (size_t)(instructions_end - instructions);

    assert_int_equal(size, count * 32);
    for (unsigned i = 0; i < count; i++)
        for (unsigned round = 0; round < ROUNDS; round++)
            compare(names[i], instructions + i * 32 + 1, instructions[i * 32]);
}

static void ports_are_read_and_written(void **state)
{
    static const struct {
        uint8_t code[4];
        enum platform_access_kind kind;
        uint16_t port;
        unsigned size;
    } cases[] = {
        {{0xe4, 0x71}, PLATFORM_PORT_READ, 0x71, 1},
        {{0xe6, 0x70}, PLATFORM_PORT_WRITE, 0x70, 1},
        {{0xed}, PLATFORM_PORT_READ, 0xcf8, 4},
        {{0xef}, PLATFORM_PORT_WRITE, 0xcf8, 4},
        {{0x66, 0xed}, PLATFORM_PORT_READ, 0xcf8, 2},
        {{0x66, 0xef}, PLATFORM_PORT_WRITE, 0xcf8, 2},
        {{0xec}, PLATFORM_PORT_READ, 0xcf8, 1},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct platform_regs regs = {.rdx = 0xffff0cf8,
                                     .rax = 0x1122334455667788};
        struct platform_access access;

        assert_int_equal(platform_access_decode(&regs, cases[i].code,
                                                sizeof cases[i].code, &access),
                         0);
        assert_int_equal(access.kind, cases[i].kind);
        assert_int_equal(access.address, cases[i].port);
        assert_int_equal(access.size_bytes, cases[i].size);
        platform_access_finish(&access, 0xaabbccdd, &regs);
        if (cases[i].kind == PLATFORM_PORT_WRITE)
            assert_int_equal(regs.rax, 0x1122334455667788);
        else if (cases[i].size == 4)
            assert_int_equal(regs.rax, 0xaabbccdd);
        else if (cases[i].size == 2)
            assert_int_equal(regs.rax, 0x112233445566ccdd);
        else
            assert_int_equal(regs.rax, 0x11223344556677dd);
    }
}

static void other_instructions_are_refused(void **state)
{
    static const uint8_t codes[][PLATFORM_CODE_MAX] = {
        {0xc3},                   /* ret */
        {0x48, 0xa5},             /* movsq */
        {0x6d},                   /* insl */
        {0xf3, 0xaa},             /* rep stosb */
        {0x0f, 0x28, 0x06},       /* movaps (%rsi), %xmm0 */
        {0x8e, 0x06},             /* mov (%rsi), %es */
        {0x89, 0xc8},             /* mov %ecx, %eax */
        {0xf0, 0x0f, 0xb1, 0x0e}, /* lock cmpxchg */
        {0x0f, 0xff},             /* none */
    };
    struct platform_regs regs = {0};
    struct platform_access access;

    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++)
        assert_true(platform_access_decode(&regs, codes[i], sizeof codes[i],
                                           &access) < 0);
    /* Cut off. */
    assert_true(platform_access_decode(&regs, "\x8b\x86\x00", 3, &access) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_do_what_the_processor_does),
        cmocka_unit_test(ports_are_read_and_written),
        cmocka_unit_test(other_instructions_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
