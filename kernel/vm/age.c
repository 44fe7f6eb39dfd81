/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/age.h"
#include "core/account.h"
#include "core/work.h"
#include "vm/count.h"
#include "vm/page.h"
#include "vm/pmap.h"

/* Pages that are looked at in one entry, beyond those that are hidden. */
#define LOOKED_MAX 2048u

static struct {
    struct list active, inactive; /* of struct vm_page.link */
    uint64_t active_count, inactive_count, pinned_count;
} age;

void vm_age_module_init(void)
{
    memset(&age, 0, sizeof age);
    list_init(&age.active);
    list_init(&age.inactive);
}

void vm_age_add(struct vm_page *page)
{
    if (page->pinned)
        return;
    list_append(&age.active, &page->link);
    age.active_count++;
}

void vm_age_remove(struct vm_page *page)
{
    age.pinned_count -= page->pinned;
    page->pinned = false;
    if (!list_linked(&page->link))
        return;
    list_remove(&page->link);
    age.inactive_count -= page->inactive;
    age.active_count -= !page->inactive;
    page->inactive = false;
}

void vm_age_use(struct vm_page *page)
{
    if (!page->inactive)
        return;
    vm_count(VM_REACTIVATIONS, 1);
    vm_age_remove(page);
    vm_age_add(page);
}

void vm_age_pin(struct vm_page *page)
{
    if (page->pinned)
        return;
    vm_age_remove(page);
    page->pinned = true;
    age.pinned_count++;
}

void vm_age_unpin(struct vm_page *page)
{
    if (!page->pinned)
        return;
    vm_age_remove(page);
    vm_age_add(page);
}

void vm_age_hide(unsigned count)
{
    uint64_t looks = min_of(age.active_count, (uint64_t)LOOKED_MAX);
    struct vm_page *page;

    for (; count && looks && !work_spent(); looks--) {
        page = list_first_entry(&age.active, struct vm_page, link);
        vm_age_remove(page);
        work_step(1);
        if (account_is_kept(page->account)) {
            vm_age_add(page);
            continue;
        }
        pmap_page_protect(page, VM_PROT_NONE);
        vm_age_put_back(page);
        count--;
    }
    pmap_settle();
}

void vm_age_put_back(struct vm_page *page)
{
    page->inactive = true;
    list_append(&age.inactive, &page->link);
    age.inactive_count++;
}

/* What is shown again was used; so was what a device is at work on, or what a
 * task has meanwhile that keeps its pages. */
struct vm_page *vm_age_oldest(void)
{
    struct vm_page *page;

    for (unsigned looks = 0; looks < LOOKED_MAX; looks++) {
        page = list_first_entry(&age.inactive, struct vm_page, link);
        if (!page)
            return NULL;
        work_step(1);
        if (page->mappings || page->holds || account_is_kept(page->account)) {
            vm_age_use(page);
            continue;
        }
        vm_age_remove(page);
        return page;
    }
    return NULL;
}

uint64_t vm_age_active_count(void)
{
    return age.active_count;
}

uint64_t vm_age_inactive_count(void)
{
    return age.inactive_count;
}

uint64_t vm_age_pinned_count(void)
{
    return age.pinned_count;
}
