/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/robust.h"
#include "personality/mach.h"
#include "personality/syscalls.h"
#include "personality/user.h"

#include <linux/futex.h>

#define GSYNC_SHARED 1
#define GSYNC_MUTATE 0x10
#define LOCK_TRIES   100

/* --- the program's memory, by any thread ---------------------------------- */

/* The thread that serves the message port cannot have its own faults mended. */
static bool is_internal(void)
{
    return !thread_self()->port;
}

static bool robust_read(void *to, uint64_t from, uint64_t size)
{
    vm_offset_t data;
    mach_msg_type_number_t count;

    if (!is_internal())
        return !user_copy(to, (const void *)from, size);
    if (vm_read(mach_task_self(), from, size, &data, &count))
        return false;
    memcpy(to, (const void *)data, size);
    vm_deallocate(mach_task_self(), data, size);
    return true;
}

/* Who adds the mark that he waits in between compares the word before he goes
 * to sleep, and finds it changed. */
static bool robust_exchange(uint64_t word, uint32_t old, uint32_t new)
{
    if (is_internal()) {
        kern_return_t kr = gsync_wake(mach_task_self(), word, new,
                                      GSYNC_SHARED | GSYNC_MUTATE);
        return !kr || kr == KERN_INVALID_ARGUMENT;
    }
    return user_exchange((uint32_t *)word, old, new) == 0;
}

/* --- the list -------------------------------------------------------------- */

static void mark(uint64_t word, int tid, bool pending)
{
    uint32_t value;

    if (word & 3)
        return;
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (!robust_read(&value, word, sizeof value))
            return;
        /* It ended between giving the lock back and waking who waits. */
        if (pending && !value) {
            gsync_wake(mach_task_self(), word, 0, GSYNC_SHARED);
            return;
        }
        if ((value & FUTEX_TID_MASK) != (uint32_t)tid)
            return;
        if (robust_exchange(word, value,
                            (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED))
            break;
    }
    if (value & FUTEX_WAITERS || is_internal())
        gsync_wake(mach_task_self(), word, 0, GSYNC_SHARED);
}

/* The lowest bit of a pointer to a lock tells its kind: that of one with
 * priority inheritance, of which there are none. */
void robust_release(const struct thread *thread)
{
    struct robust_list_head head;
    uint64_t first = thread->robust_list, entry, next;
    int tid = thread_tid(thread);

    if (!first || !robust_read(&head, first, sizeof head))
        return;
    uint64_t pending = (uint64_t)head.list_op_pending;
    entry = (uint64_t)head.list.next;
    for (int i = 0; i < ROBUST_LIST_LIMIT && entry != first; i++) {
        uint64_t at = entry & ~1ul;
        bool more = robust_read(&next, at, sizeof next);
        if (!(entry & 1) && entry != pending)
            mark(at + (uint64_t)head.futex_offset, tid, false);
        if (!more)
            return;
        entry = next;
    }
    if (pending && !(pending & 1))
        mark(pending + (uint64_t)head.futex_offset, tid, true);
}

/* The lock may be held by a thread that goes no further. */
static bool threads_try(void)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (lock_try(&threads_lock))
            return true;
        swtch();
    }
    return false;
}

void robust_release_all(void)
{
    if (!threads_try())
        return;
    for (struct thread *thread = threads; thread; thread = thread->next)
        robust_release(thread);
    lock_release(&threads_lock);
}

/* --- system calls ---------------------------------------------------------- */

long sys_set_robust_list(struct frame *frame)
{
    if (ARG2(frame) != sizeof(struct robust_list_head))
        return -EINVAL;
    thread_self()->robust_list = ARG1(frame);
    return 0;
}

/* Those of other processes are not shown. */
long sys_get_robust_list(struct frame *frame)
{
    int tid = (int)ARG1(frame);
    uint64_t list = 0, size = sizeof(struct robust_list_head);
    bool found = false;

    lock_take(&threads_lock);
    for (struct thread *t = threads; t && !found; t = t->next) {
        found = tid ? thread_tid(t) == tid : t == thread_self();
        list = t->robust_list;
    }
    lock_release(&threads_lock);
    if (!found)
        return -ESRCH;
    *(uint64_t *)ARG3(frame) = size;
    *(uint64_t *)ARG2(frame) = list;
    return 0;
}
