/* SPDX-License-Identifier: GPL-2.0-or-later */
/* platform/linux/x86_64/frame.h: a held thread's registers, wherever they are.
 *
 * They stand in a signal frame in the thread's slot, or, after the fast entry,
 * in its control page.  The task can write both: every address and length is
 * checked before it is followed, and each word is read once.
 */
#ifndef PLATFORM_LINUX_X86_64_FRAME_H
#define PLATFORM_LINUX_X86_64_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct platform_thread;

enum frame_event_kind { EVENT_TRAP, EVENT_FAULT, EVENT_EXCEPTION, EVENT_STOP };

struct frame_event {
    enum frame_event_kind kind;
    int64_t number; /* trap */
    uint64_t args[6];
    uint64_t address; /* fault */
    int access;
    int vector; /* exception */
    uint64_t error;
};

/* Finds the registers of a thread that has posted; false if what the control
 * page says can't be true. */
bool frame_locate(struct platform_thread *thread);

/* What the post is about. */
void frame_decode(struct platform_thread *thread, struct frame_event *event);

/* Between thread->regs and the frame (fast: only load). */
void frame_load(struct platform_thread *thread);
void frame_store(struct platform_thread *thread);

/* Makes the first frame of a thread that has not run, from thread->regs. */
void frame_build(struct platform_thread *thread);

int frame_get_fpu(struct platform_thread *thread, void *image,
                  size_t size_bytes);
int frame_set_fpu(struct platform_thread *thread, const void *image,
                  size_t size_bytes);

uint64_t frame_fast_entry(void);

#endif /* PLATFORM_LINUX_X86_64_FRAME_H */
