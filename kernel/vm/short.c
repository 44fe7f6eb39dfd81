/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/short.h"
#include "core/account.h"
#include "core/list.h"
#include "core/timer.h"
#include "vm/fault.h"
#include "vm/page.h"
#include "vm/swap.h"

/* What one that is woken may need: the pages around it, and heap. */
#define EACH_PAGES 24u

static struct {
    uint64_t sent;                         /* pages under way */
    uint64_t freed, freed_before;          /* ... that have come free */
    struct list waiters[ACCOUNT_USER + 1]; /* by rank; vm_fault_wait.link */
    struct timer timer;
} state;

void vm_short_module_init(void)
{
    memset(&state, 0, sizeof state);
    for (int rank = 0; rank <= ACCOUNT_USER; rank++)
        list_init(&state.waiters[rank]);
}

void vm_short_send(struct vm_page *page, const struct account *pager)
{
    if (!pager || pager->rank == ACCOUNT_USER)
        return;
    page->sent = true;
    state.sent++;
}

void vm_short_keep(struct vm_page *page)
{
    state.sent -= page->sent;
    page->sent = false;
}

void vm_short_free(struct vm_page *page)
{
    state.freed += page->sent;
    vm_short_keep(page);
}

bool vm_short_enough(uint64_t wanted)
{
    return state.sent >= min_of(vm_page_total_count() / SHORT_SENT_PART,
                                (uint64_t)SHORT_SENT_MAX) ||
           vm_page_free_count() + state.sent >= wanted;
}

uint64_t vm_short_sent(void)
{
    return state.sent;
}

static void vm_short_wake_all(kern_return_t result)
{
    struct vm_fault_wait *wait;

    for (int rank = 0; rank <= ACCOUNT_USER; rank++) {
        while ((wait = list_first_entry(&state.waiters[rank],
                                        struct vm_fault_wait, link)))
            vm_fault_wait_wake(wait, result);
    }
}

static bool vm_short_waited_for(void)
{
    for (int rank = 0; rank <= ACCOUNT_USER; rank++)
        if (!list_empty(&state.waiters[rank]))
            return true;
    return false;
}

/* Nobody waits for pagers that let go of nothing. */
static void vm_short_look(struct timer *timer)
{
    bool progress = state.freed != state.freed_before;

    state.freed_before = state.freed;
    if (!vm_short_waited_for())
        return;
    if (progress) {
        timer_set_ms(timer, SHORT_PATIENCE_MS, vm_short_look);
        return;
    }
    vm_pages_forget_sent();
    state.sent = 0;
    vm_short_wake_all(KERN_RESOURCE_SHORTAGE);
}

kern_return_t vm_short_wait(struct vm_fault_wait *wait)
{
    int rank = account_current ? (int)account_current->rank : ACCOUNT_BASE;

    /* Nothing is being looked at here: pages may go. */
    if (!state.sent)
        vm_swap_out(account_pages_kept(account_current) + EACH_PAGES, true);
    if (!state.sent || !account_has_room(account_current, ACCOUNT_PAGES, 1) ||
        !account_has_room(account_current, ACCOUNT_BYTES, PAGE_SIZE))
        return KERN_RESOURCE_SHORTAGE;
    if (!vm_short_waited_for()) {
        state.freed_before = state.freed;
        timer_set_ms(&state.timer, SHORT_PATIENCE_MS, vm_short_look);
    }
    list_append(&state.waiters[rank], &wait->link);
    return KERN_WAITING;
}

void vm_short_settle(void)
{
    uint64_t free = vm_page_free_count();
    struct vm_fault_wait *wait;

    for (int rank = 0; rank <= ACCOUNT_USER; rank++) {
        while (free >=
                   account_rank_kept((enum account_rank)rank) + EACH_PAGES &&
               (wait = list_first_entry(&state.waiters[rank],
                                        struct vm_fault_wait, link))) {
            vm_fault_wait_wake(wait, KERN_SUCCESS);
            free -= EACH_PAGES;
        }
    }
    /* The last that was sent is gone, and did not suffice. */
    if (!state.sent)
        vm_short_wake_all(KERN_SUCCESS);
}
