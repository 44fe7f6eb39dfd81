/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/signal_queue.c: signals that wait to be taken. */
#include "personality/mach.h"
#include "personality/signals.h"
#include "personality/syscalls.h"

#include <signal.h>

#define ENTRIES_MAX 4096
#define SYNCHRONOUS                                                            \
    (SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) |           \
     SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSYS))

struct signal_entry {
    struct signal_entry *next;
    int sig;
    struct signal_info info;
};

static struct {
    struct signal_entry room[ENTRIES_MAX];
    unsigned fresh; /* those before it have been used */
    struct signal_entry *free;
    unsigned count;
} entries;

void signal_queue_forked(void)
{
    entries.fresh = entries.count = 0;
    entries.free = NULL;
}

bool signal_queue_full(void)
{
    return entries.count >= limit_signals();
}

static struct signal_entry *entry_make(void)
{
    struct signal_entry *entry = entries.free;

    if (entry)
        entries.free = entry->next;
    else if (entries.fresh < ENTRIES_MAX)
        entry = &entries.room[entries.fresh++];
    if (entry)
        entries.count++;
    return entry;
}

static void entry_take(struct signal_entry **at, struct signal_info *info)
{
    struct signal_entry *entry = *at;

    *info = entry->info;
    *at = entry->next;
    entry->next = entries.free;
    entries.free = entry;
    entries.count--;
}

static struct signal_entry **find(struct signal_queue *queue, int sig)
{
    struct signal_entry **at = &queue->first;

    while (*at && (*at)->sig != sig)
        at = &(*at)->next;
    return at;
}

/* What kill and the kernel send comes in any case, if need be without what goes
 * with it; the limit is for what programs queue. */
long signal_enqueue(struct signal_queue *queue, int sig,
                    const struct signal_info *info)
{
    struct signal_entry *entry = NULL, **end = &queue->first;
    bool must = sig < SIGNAL_REALTIME ? info->code >= 0 : info->timer != 0;

    if (sig < SIGNAL_REALTIME && queue->set & SIGNAL_BIT(sig))
        return 0;
    if (must || !signal_queue_full())
        entry = entry_make();
    if (!entry && sig >= SIGNAL_REALTIME && info->code != SI_USER &&
        info->code != SI_KERNEL)
        return -EAGAIN;
    queue->set |= SIGNAL_BIT(sig);
    if (!entry)
        return 0;
    *entry = (struct signal_entry){NULL, sig, *info};
    while (*end)
        end = &(*end)->next;
    *end = entry;
    return 0;
}

int signal_dequeue(struct signal_queue *queue, uint64_t allowed,
                   struct signal_info *info)
{
    uint64_t ready = queue->set & allowed;

    if (!ready)
        return 0;
    if (ready & SYNCHRONOUS)
        ready &= SYNCHRONOUS;
    int sig = __builtin_ctzll(ready) + 1;
    struct signal_entry **at = find(queue, sig);
    *info = (struct signal_info){.code = SI_USER};
    if (*at)
        entry_take(at, info);
    if (!*find(queue, sig))
        queue->set &= ~SIGNAL_BIT(sig);
    return sig;
}

void signal_discard(struct signal_queue *queue, uint64_t set)
{
    struct signal_info info;

    queue->set &= ~set;
    for (struct signal_entry **at = &queue->first; *at;) {
        if (set & SIGNAL_BIT((*at)->sig))
            entry_take(at, &info);
        else
            at = &(*at)->next;
    }
}

/* The number stands where a sender's id would. */
bool signal_overrun(struct signal_queue *queue, int timer, uint32_t times)
{
    for (struct signal_entry *e = queue->first; e; e = e->next) {
        if (e->info.timer == timer + 1) {
            e->info.uid += times;
            return true;
        }
    }
    return false;
}
