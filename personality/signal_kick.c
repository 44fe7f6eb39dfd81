/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/signal_kick.c: making a thread look at its signals. */
#include "personality/mach.h"
#include "personality/signals.h"

#include <mach/machine/thread_status.h>

#define KICK_TRIES 200

extern const char __ehdr_start[], _end[];
extern const char personality_exit[], personality_exit_end[];
extern const char personality_resume_test[], personality_resume_end[];

static void context_from_state(struct context *to,
                               const struct i386_thread_state *from)
{
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
                           .flags = from->rfl,
                           .rsp = from->ursp};
    asm("mov %%cs, %0" : "=r"(to->cs));
    asm("mov %%ss, %0" : "=r"(to->ss));
}

static bool inside(uint64_t rip, const char *start, const char *end)
{
    return rip >= (uint64_t)start && rip < (uint64_t)end;
}

bool signal_context(struct thread *thread,
                    const struct i386_thread_state *state)
{
    if (inside(state->rip, personality_exit, personality_exit_end)) {
        context_from_frame(&thread->context, thread->frame);
        return true;
    }
    if (inside(state->rip, personality_resume_test, personality_resume_end))
        return true;
    if (inside(state->rip, __ehdr_start, _end) ||
        state->rip >= PLATFORM_USER_CODE_LIMIT)
        return false;
    context_from_state(&thread->context, state);
    return true;
}

kern_return_t thread_redirect(mach_port_t port, void *stack, uint64_t entry)
{
    struct i386_thread_state state = {
        .rip = entry, .ursp = (uint64_t)stack & ~15ul, .rfl = 0x202};

    return thread_set_state(port, i386_THREAD_STATE, (thread_state_t)&state,
                            i386_THREAD_STATE_COUNT);
}

/* True: it will look at its signals now. */
static bool signal_kick_once(struct thread *thread)
{
    struct i386_thread_state state;
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
    bool done = true;

    if (thread_suspend(thread->port))
        return true;
    if (!thread_get_state(thread->port, i386_THREAD_STATE,
                          (thread_state_t)&state, &count)) {
        if (signal_context(thread, &state)) {
            thread_redirect(thread->port, thread, (uint64_t)personality_resume);
        } else if (thread->blocking) {
            thread_abort(thread->port);
            done = false;
        }
    }
    thread_resume(thread->port);
    return done;
}

/* A thread that is about to block cannot be told from one that does; so it is
 * looked at again until it has noticed. */
void signal_kick(struct thread *thread)
{
    for (int i = 0; i < KICK_TRIES; i++) {
        if (signal_kick_once(thread))
            return;
        for (int j = 0; j < 20; j++) {
            if (!thread->blocking || !thread->signal_pending)
                return;
            swtch();
        }
    }
}
