/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "task/state.h"
#include "task/thread.h"

#include <mach/thread_status.h>

#define FLAGS_USER  0x40dd5u /* CF PF AF ZF SF TF DF OF AC: a user's to set */
#define FLAGS_FIXED 0x202u   /* bit 1 and IF */
#define SELECTOR_CS 0x33u
#define SELECTOR_SS 0x2bu

/* Two lists that must agree, kept in one. */
/* clang-format off */
#define GENERAL_REGISTERS(X) \
    X(r8) X(r9) X(r10) X(r11) X(r12) X(r13) X(r14) X(r15) \
    X(rdi) X(rsi) X(rbp) X(rbx) X(rdx) X(rcx) X(rax) X(rip)
/* clang-format on */

static void state_get_general(struct thread *thread,
                              struct i386_thread_state *state)
{
    struct platform_regs regs;

    platform_thread_get_regs(thread->platform, &regs);
    *state = (struct i386_thread_state){0};
#define COPY(name) state->name = regs.name;
    GENERAL_REGISTERS(COPY)
#undef COPY
    state->cs = SELECTOR_CS;
    state->ss = SELECTOR_SS;
    state->rfl = regs.rflags;
    state->ursp = regs.rsp;
}

static void state_set_general(struct thread *thread,
                              const struct i386_thread_state *state)
{
    struct platform_regs regs;

    platform_thread_get_regs(thread->platform, &regs);
#define COPY(name) regs.name = state->name;
    GENERAL_REGISTERS(COPY)
#undef COPY
    regs.rflags = (state->rfl & FLAGS_USER) | FLAGS_FIXED;
    regs.rsp = state->ursp;
    platform_thread_set_regs(thread->platform, &regs);
    thread->has_state = true;
}

static void state_get_bases(struct thread *thread,
                            struct i386_fsgs_base_state *state)
{
    struct platform_regs regs;

    platform_thread_get_regs(thread->platform, &regs);
    state->fs_base = regs.fs_base;
    state->gs_base = regs.gs_base;
}

static kern_return_t state_set_bases(struct thread *thread,
                                     const struct i386_fsgs_base_state *state)
{
    struct platform_regs regs;

    if ((state->fs_base | state->gs_base) >> 47)
        return KERN_INVALID_ARGUMENT;
    platform_thread_get_regs(thread->platform, &regs);
    regs.fs_base = state->fs_base;
    regs.gs_base = state->gs_base;
    platform_thread_set_regs(thread->platform, &regs);
    return KERN_SUCCESS;
}

static kern_return_t state_get_extended(struct thread *thread, natural_t *words,
                                        natural_t *count)
{
    struct i386_xfloat_state *state = (void *)words;
    size_t room = *count * sizeof *words;

    if (room < sizeof *state)
        return KERN_INVALID_ARGUMENT;
    *state = (struct i386_xfloat_state){.fpkind = 3, .fp_save_kind = 1};
    int size = platform_thread_get_fpu(thread->platform, state->hw_state,
                                       room - sizeof *state);
    if (size > 0)
        state->initialized = 1;
    *count =
        (natural_t)((sizeof *state + (size_t)max_of(size, 0)) / sizeof *words);
    return KERN_SUCCESS;
}

static kern_return_t state_set_extended(struct thread *thread,
                                        const natural_t *words, natural_t count)
{
    const struct i386_xfloat_state *state = (const void *)words;
    size_t size = count * sizeof *words;

    if (size < sizeof *state)
        return KERN_INVALID_ARGUMENT;
    if (!state->initialized)
        return KERN_SUCCESS;
    return platform_thread_set_fpu(thread->platform, state->hw_state,
                                   size - sizeof *state) < 0
               ? KERN_INVALID_ARGUMENT
               : KERN_SUCCESS;
}

/* --- the 387's registers, in the form of fnsave ---------------------------- */

#define FX_SIZE      512u
#define FX_REGISTERS 32u /* eight of 16 bytes, of which 10 count */
#define FX_REGISTER  16u
#define X87_REGISTER 10u

/* The first words of an FXSAVE image. */
struct fx_head {
    uint16_t control, status;
    uint8_t full, reserved; /* a bit for each register in use */
    uint16_t opcode;
    uint32_t ip, cs, dp, ds;
} __attribute__((packed));

static uint16_t tags_of(uint8_t full)
{
    uint16_t tags = 0;

    for (unsigned i = 0; i < 8; i++)
        if (!(full & 1u << i))
            tags |= (uint16_t)(3u << 2 * i);
    return tags;
}

static uint8_t full_of(uint16_t tags)
{
    uint8_t full = 0;

    for (unsigned i = 0; i < 8; i++)
        if ((tags >> 2 * i & 3) != 3)
            full |= (uint8_t)(1u << i);
    return full;
}

static void state_get_float(struct thread *thread,
                            struct i386_float_state *state)
{
    uint8_t image[FX_SIZE];
    struct fx_head head;
    struct i386_fp_save save = {0};

    *state = (struct i386_float_state){.fpkind = 3};
    if (platform_thread_get_fpu(thread->platform, image, sizeof image) <
        (int)sizeof image)
        return;
    memcpy(&head, image, sizeof head);
    save.fp_control = head.control;
    save.fp_status = head.status;
    save.fp_tag = tags_of(head.full);
    save.fp_eip = head.ip;
    save.fp_cs = (uint16_t)head.cs;
    save.fp_opcode = head.opcode;
    save.fp_dp = head.dp;
    save.fp_ds = (uint16_t)head.ds;
    memcpy(state->hw_state, &save, sizeof save);
    for (unsigned i = 0; i < 8; i++)
        memcpy(state->hw_state + sizeof save + i * X87_REGISTER,
               image + FX_REGISTERS + i * FX_REGISTER, X87_REGISTER);
    state->initialized = 1;
}

static kern_return_t state_set_float(struct thread *thread,
                                     const struct i386_float_state *state)
{
    uint8_t image[FX_SIZE] = {0};
    struct fx_head head;
    struct i386_fp_save save;

    if (!state->initialized)
        return KERN_SUCCESS;
    platform_thread_get_fpu(thread->platform, image, sizeof image);
    memcpy(&head, image, sizeof head);
    memcpy(&save, state->hw_state, sizeof save);
    head.control = (uint16_t)save.fp_control;
    head.status = (uint16_t)save.fp_status;
    head.full = full_of((uint16_t)save.fp_tag);
    memcpy(image, &head, sizeof head);
    for (unsigned i = 0; i < 8; i++)
        memcpy(image + FX_REGISTERS + i * FX_REGISTER,
               state->hw_state + sizeof save + i * X87_REGISTER, X87_REGISTER);
    return platform_thread_set_fpu(thread->platform, image, sizeof image) < 0
               ? KERN_INVALID_ARGUMENT
               : KERN_SUCCESS;
}

kern_return_t thread_state_get(struct thread *thread, int flavor,
                               natural_t *state, natural_t *count)
{
    static const natural_t flavors[] = {i386_THREAD_STATE, i386_FLOAT_STATE,
                                        i386_ISA_PORT_MAP_STATE};

    switch (flavor) {
    case THREAD_STATE_FLAVOR_LIST:
        if (*count < 3)
            return KERN_INVALID_ARGUMENT;
        memcpy(state, flavors, sizeof flavors);
        *count = 3;
        return KERN_SUCCESS;
    case i386_THREAD_STATE:
    case i386_REGS_SEGS_STATE:
        if (*count < i386_THREAD_STATE_COUNT)
            return KERN_INVALID_ARGUMENT;
        state_get_general(thread, (struct i386_thread_state *)state);
        *count = i386_THREAD_STATE_COUNT;
        return KERN_SUCCESS;
    case i386_FSGS_BASE_STATE:
        if (*count < i386_FSGS_BASE_STATE_COUNT)
            return KERN_INVALID_ARGUMENT;
        state_get_bases(thread, (struct i386_fsgs_base_state *)state);
        *count = i386_FSGS_BASE_STATE_COUNT;
        return KERN_SUCCESS;
    case i386_FLOAT_STATE:
        if (*count < i386_FLOAT_STATE_COUNT)
            return KERN_INVALID_ARGUMENT;
        state_get_float(thread, (struct i386_float_state *)state);
        *count = i386_FLOAT_STATE_COUNT;
        return KERN_SUCCESS;
    case i386_XFLOAT_STATE:
        return state_get_extended(thread, state, count);
    default:
        return KERN_INVALID_ARGUMENT;
    }
}

kern_return_t thread_state_set(struct thread *thread, int flavor,
                               const natural_t *state, natural_t count)
{
    const struct i386_thread_state *general = (const void *)state;

    switch (flavor) {
    case i386_REGS_SEGS_STATE:
        if (count < i386_THREAD_STATE_COUNT || (general->cs & 3) != 3 ||
            (general->ss & 3) != 3)
            return KERN_INVALID_ARGUMENT;
        state_set_general(thread, general);
        return KERN_SUCCESS;
    case i386_THREAD_STATE:
        if (count < i386_THREAD_STATE_COUNT)
            return KERN_INVALID_ARGUMENT;
        state_set_general(thread, general);
        return KERN_SUCCESS;
    case i386_FSGS_BASE_STATE:
        if (count < i386_FSGS_BASE_STATE_COUNT)
            return KERN_INVALID_ARGUMENT;
        return state_set_bases(thread, (const void *)state);
    case i386_ISA_PORT_MAP_STATE:
        return KERN_SUCCESS; /* i386_io_perm_modify is what counts */
    case i386_FLOAT_STATE:
        if (count < i386_FLOAT_STATE_COUNT)
            return KERN_INVALID_ARGUMENT;
        return state_set_float(thread, (const void *)state);
    case i386_XFLOAT_STATE:
        return state_set_extended(thread, state, count);
    default:
        return KERN_INVALID_ARGUMENT;
    }
}

void thread_state_start(struct thread *thread, vm_offset_t entry,
                        vm_offset_t stack, const uint64_t arguments[6])
{
    struct platform_regs regs = {.rip = entry,
                                 .rsp = stack,
                                 .rflags = FLAGS_FIXED,
                                 .rdi = arguments[0],
                                 .rsi = arguments[1],
                                 .rdx = arguments[2],
                                 .rcx = arguments[3],
                                 .r8 = arguments[4],
                                 .r9 = arguments[5]};

    platform_thread_set_regs(thread->platform, &regs);
    thread->has_state = true;
}
