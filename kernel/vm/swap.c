/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/swap.h"
#include "core/account.h"
#include "ipc/object.h"
#include "ipc/port.h"
#include "mig/kobject.h"
#include "vm/age.h"
#include "vm/anon.h"
#include "vm/copy.h"
#include "vm/count.h"
#include "vm/object.h"
#include "vm/page.h"
#include "vm/short.h"
#include "vm/slot.h"

#include <mach/mig_errors.h>

#include "memory_object_user.h"

/* Pages that are sent in one entry, and those in one message. */
#define SENT_MAX      64u
#define SENT_TOGETHER 16u
/* Pages that are looked at for one. */
#define LOOKED_MAX 64u
/* Entries without a look for pages after one that found none. */
#define PAUSE 32u
/* Pages that are hidden in one entry, while fewer are than this part of memory. */
#define HIDDEN_MAX  128u
#define HIDDEN_PART 16u
/* Slots that should be free, so that the next area is ready in time. */
#define SLOTS_AHEAD 2048u
/* The pager is asked for its room when it has less, as far as is known, and not
 * more often than that. */
#define ROOM_LITTLE   1024u
#define ROOM_STALE_NS (250 * 1000000ul)

#define INFO_REQUEST 2276 /* default_pager_info, in default_pager.defs */

static struct {
    struct ipc_port *manager; /* send right, or null */
    struct ipc_port *reply;   /* the kernel's, for what it is asked */
    uint64_t room;            /* pages that it can take besides */
    uint64_t asked_at_ns;     /* for its room, the last time */
    bool asked;               /* ... and it has not answered yet */
    bool dead_told;
    unsigned pause;                          /* entries without a look */
    unsigned ahead, ahead_asked, ahead_used; /* see swap_judge_ahead */
} swap;

void vm_swap_module_init(void)
{
    memset(&swap, 0, sizeof swap);
    vm_age_module_init();
    vm_slot_module_init();
}

void vm_swap_module_fini(void)
{
    vm_slot_module_fini();
    ipc_port_release_send(swap.manager);
    if (swap.reply)
        ipc_port_dealloc_kernel(swap.reply);
    swap.manager = swap.reply = NULL;
}

/* --- the default pager ----------------------------------------------------- */

static void swap_ask_room(void)
{
    mach_msg_header_t request = {
        .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND,
                                    MACH_MSG_TYPE_MAKE_SEND_ONCE),
        .msgh_size = sizeof request,
        .msgh_remote_port = (mach_port_t)swap.manager,
        .msgh_local_port = (mach_port_t)swap.reply,
        .msgh_id = INFO_REQUEST};
    uint64_t now_ns = platform_time_monotonic();

    if (swap.asked || now_ns - swap.asked_at_ns < ROOM_STALE_NS)
        return;
    swap.asked = true;
    swap.asked_at_ns = now_ns;
    ipc_send_from_kernel(&request, sizeof request);
}

struct info_reply {
    mig_reply_header_t head;
    mach_msg_type_t type;
    uint64_t total_bytes, free_bytes, page_bytes;
};

/* What is on its way is not counted there yet.  Who is asked and does not know the
 * question is taken to have room. */
void vm_swap_answered(const struct mach_msg_header *reply)
{
    const struct info_reply *info = (const struct info_reply *)reply;
    uint64_t room = 0, under_way = vm_short_sent();

    if (reply->msgh_id != INFO_REQUEST + 100 ||
        reply->msgh_size < sizeof info->head)
        return;
    swap.asked = false;
    if (info->head.RetCode == MIG_BAD_ID)
        room = UINT32_MAX;
    else if (info->head.RetCode == KERN_SUCCESS &&
             reply->msgh_size >= sizeof *info)
        room = info->free_bytes >> PAGE_SHIFT_BITS;
    swap.room = room > under_way ? room - under_way : 0;
    account_set_slots(info->head.RetCode == KERN_SUCCESS
                          ? info->total_bytes >> PAGE_SHIFT_BITS
                          : room);
}

void vm_swap_set_manager(struct ipc_port **manager)
{
    struct ipc_port *before = swap.manager;

    if (*manager == IP_NULL) {
        *manager = ipc_port_active(before) ? ipc_port_copy_send(before) : NULL;
        return;
    }
    if (!swap.reply)
        swap.reply = ipc_port_alloc_kernel(IKOT_SWAP_REPLY, NULL);
    swap.manager = *manager;
    *manager = before;
    swap.room = 0;
    swap.asked = swap.dead_told = false;
    swap.asked_at_ns = 0;
    vm_slot_retire_areas();
    if (!ipc_port_active(swap.manager) || !swap.reply)
        return;
    account_note_default_pager(ipc_port_account(swap.manager));
    vm_slot_area_create(swap.manager);
    swap_ask_room();
}

/* What has died is not asked any more; whether there is somebody. */
static bool swap_has_manager(void)
{
    if (ipc_port_active(swap.manager))
        return true;
    if (swap.manager && !swap.dead_told) {
        swap.dead_told = true;
        kprintf("vm: the default pager has gone, with %lu pages\n",
                vm_slot_used_count());
    }
    return false;
}

bool vm_swap_is_on(void)
{
    return swap.manager && ipc_port_active(swap.manager) &&
           (swap.room || vm_slot_reusable_count());
}

/* --- out -------------------------------------------------------------------- */

/* Sends PAGES, which are in no row and nobody sees, to slots from FIRST on. */
static void swap_send(struct vm_page *const *pages, unsigned count,
                      uint32_t first, struct vm_map_copy *copy)
{
    uint64_t index;
    struct vm_object *object = vm_slot_object(first, &index);

    for (unsigned i = 0; i < count; i++) {
        struct vm_anon *anon = pages[i]->anon;
        vm_anon_disown(anon);
        anon->slot = first + i;
        account_force(kalloc_account(anon), ACCOUNT_SLOTS, 1);
        vm_age_pin(pages[i]);
        vm_short_send(pages[i], ipc_port_account(swap.manager));
        vm_copy_fill(copy, i, pages[i]);
    }
    memory_object_data_return(object->pager, object->control,
                              index << PAGE_SHIFT_BITS, (vm_offset_t)copy,
                              (mach_msg_type_number_t)(count * PAGE_SIZE), true,
                              false);
    vm_count(VM_PAGEOUTS, count);
}

/* The oldest page whose owner may have one more at the default pager. */
static struct vm_page *swap_choose(void)
{
    struct vm_page *page;

    for (unsigned looks = 0; looks < LOOKED_MAX; looks++) {
        page = vm_age_oldest();
        if (!page || account_has_room(kalloc_account(page->anon), ACCOUNT_SLOTS,
                                      SENT_TOGETHER))
            return page;
        vm_age_add(page);
    }
    return NULL;
}

/* The oldest pages, at most WANTED; how many were sent. */
static unsigned swap_send_some(unsigned wanted)
{
    struct vm_page *pages[SENT_TOGETHER];
    unsigned count = 0, fresh = 0, taken;
    uint32_t first = SLOT_NONE;
    struct vm_map_copy *copy = NULL;

    while (count < min_of(wanted, SENT_TOGETHER) &&
           (pages[count] = swap_choose()))
        count++;
    taken = count;
    if (count)
        first = vm_slot_take(&taken, swap.room, &fresh);
    if (first == SLOT_NONE)
        taken = 0;
    account_insists++; /* it makes room */
    if (taken)
        copy = vm_copy_empty(taken);
    account_insists--;
    if (!copy) {
        for (unsigned i = 0; i < taken; i++)
            vm_slot_release(first + i);
        taken = 0;
    }
    for (unsigned i = taken; i < count; i++)
        vm_age_put_back(pages[i]);
    if (taken) {
        swap.room -= min_of(swap.room, (uint64_t)fresh);
        swap_send(pages, taken, first, copy);
    }
    return taken;
}

void vm_swap_out(uint64_t wanted, bool urgent)
{
    struct account *before = account_current;
    unsigned sent = 0, now = 1;

    if (!swap.manager || (!urgent && swap.pause && swap.pause--) ||
        !swap_has_manager())
        return;
    account_current = NULL;
    if (swap.room < ROOM_LITTLE)
        swap_ask_room();
    if (swap.room && vm_slot_free_count() < SLOTS_AHEAD)
        vm_slot_area_create(swap.manager);
    if (!vm_swap_is_on())
        return;
    if (vm_slot_free_count() &&
        vm_age_inactive_count() < vm_page_total_count() / HIDDEN_PART)
        vm_age_hide(HIDDEN_MAX);
    while (now && sent < SENT_MAX && !vm_short_enough(wanted)) {
        now = swap_send_some(SENT_MAX - sent);
        sent += now;
    }
    swap.pause = sent || vm_short_enough(wanted) ? 0 : PAUSE;
    account_current = before;
}

/* --- in --------------------------------------------------------------------- */

/* What went out together is often wanted together: with a page those after it are
 * asked for, more of them as long as such pages are wanted. */
#define AHEAD_MAX   15u
#define AHEAD_LOOKS 64u

static void swap_judge_ahead(bool used)
{
    if (used) {
        swap.ahead_used++;
        return;
    }
    if (++swap.ahead_asked < AHEAD_LOOKS)
        return;
    swap.ahead = swap.ahead_used >= swap.ahead_asked * swap.ahead / 2
                     ? min_of(2 * swap.ahead + 1, AHEAD_MAX)
                     : swap.ahead / 2;
    swap.ahead_asked = swap.ahead_used = 0;
}

/* How many of those after SLOT can be asked for. */
static unsigned swap_ahead(uint32_t slot, const struct vm_object *object,
                           uint64_t index)
{
    uint64_t kept = account_pages_kept(account_current) +
                    object->requests.count + SENT_TOGETHER;
    unsigned count = 0;

    if (vm_page_free_count() <= kept)
        return 0;
    while (count < swap.ahead && index + count + 1 < SLOT_AREA_PAGES &&
           vm_slot_is_used(slot + count + 1) &&
           !vm_object_page(object, index + count + 1) &&
           !vm_object_asked(object, index + count + 1))
        count++;
    return count;
}

/* The frames for what is asked for are the pager's to take, who may have the last:
 * who asks must have had one as well. */
static bool swap_may_ask(const struct vm_object *object)
{
    return vm_page_free_count() >
           account_pages_kept(account_current) + object->requests.count;
}

void vm_swap_drop(struct vm_anon *anon)
{
    if (anon->slot == SLOT_NONE)
        return;
    vm_slot_release(anon->slot);
    anon->slot = SLOT_NONE;
    account_discharge(kalloc_account(anon), ACCOUNT_SLOTS, 1);
}

kern_return_t vm_swap_in(struct vm_anon *anon, struct vm_fault_wait *wait)
{
    uint64_t index;
    struct vm_page *page;

    if (anon->page || !anon->slot)
        return KERN_SUCCESS;
    struct vm_object *object = vm_slot_object(anon->slot, &index);
    if (!vm_object_page(object, index) && object->dead)
        swap_has_manager();
    if (!vm_object_page(object, index) && !object->dead &&
        !swap_may_ask(object))
        return KERN_RESOURCE_SHORTAGE;
    bool asked = vm_object_asked(object, index);
    object->ahead = swap_ahead(anon->slot, object, index);
    kern_return_t kr = vm_object_get(object, index, VM_PROT_READ, wait, &page);
    object->ahead = 0;
    if (kr == KERN_WAITING && !asked)
        swap_judge_ahead(false);
    if (kr != KERN_SUCCESS)
        return kr;
    if (!page->wanted)
        swap_judge_ahead(true);
    vm_object_remove(page);
    page->dirty = page->precious = page->passed = page->wanted = false;
    page->lock = 0;
    vm_swap_drop(anon);
    vm_page_give(page, kalloc_account(anon));
    vm_anon_adopt(anon, page);
    return KERN_SUCCESS;
}
