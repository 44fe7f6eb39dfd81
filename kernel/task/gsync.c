/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "task/gsync.h"
#include "core/account.h"
#include "core/timer.h"
#include "core/work.h"
#include "task/reply.h"
#include "task/rpc.h"
#include "task/task.h"
#include "vm/entry.h"
#include "vm/fault.h"

#include <mach/mig_errors.h>

#define GSYNC_SHARED    1
#define GSYNC_QUAD      2
#define GSYNC_TIMED     4
#define GSYNC_BROADCAST 8
#define GSYNC_MUTATE    0x10

#define GSYNC_BUCKETS 4096

struct gsync_key {
    const void *space; /* map, amap or object; only compared */
    uint64_t offset;
};

struct gsync_waiter {
    struct list link;     /* of a bucket, in order of arrival */
    struct list on_link;  /* of the task whose word it is */
    struct list for_link; /* of the task that asked */
    struct gsync_key key;
    struct ipc_reply_to reply;
    struct timer timer;
    /* While the word itself is being paged in: */
    struct vm_fault_wait fault;
    struct task *task; /* a reference */
    vm_offset_t address;
    unsigned low, high;
    uint32_t timeout_ms;
    int flags;
};

static struct list buckets[GSYNC_BUCKETS];
static struct list woken; /* struct gsync_waiter: to be answered */
static struct work woken_work;
/* What tasks that have ended leave, by on_link and by for_link. */
static struct list left_on, left_for;
static struct work left_work;

static void gsync_run_woken(struct work *work);
static void gsync_run_left(struct work *work);

void gsync_module_init(void)
{
    list_init(&woken);
    woken_work = (struct work){.run = gsync_run_woken};
    list_init(&left_on);
    list_init(&left_for);
    left_work = (struct work){.run = gsync_run_left};
    for (int i = 0; i < GSYNC_BUCKETS; i++)
        list_init(&buckets[i]);
}

static struct list *gsync_bucket(struct gsync_key key)
{
    uint64_t hash = ((uint64_t)key.space >> 4) * 31 + (key.offset >> 2);

    return &buckets[(hash ^ hash >> 12) % GSYNC_BUCKETS];
}

static struct gsync_key gsync_key_of(struct task *task, vm_offset_t address,
                                     int flags)
{
    struct vm_map_entry *entry = vm_map_entry_at(task->map, address);
    vm_offset_t in_entry = entry ? address - entry->start : 0;

    if (!(flags & GSYNC_SHARED) || !entry)
        return (struct gsync_key){task->map, address};
    if (entry->object && !entry->private)
        return (struct gsync_key){
            entry->object, (entry->object_first << PAGE_SHIFT_BITS) + in_entry};
    if (entry->amap && entry->amap->shared)
        return (struct gsync_key){
            entry->amap, (entry->amap_first << PAGE_SHIFT_BITS) + in_entry};
    return (struct gsync_key){task->map, address};
}

static bool gsync_key_equal(struct gsync_key a, struct gsync_key b)
{
    return a.space == b.space && a.offset == b.offset;
}

/* Whoever sets it off, the answer is paid by who waited. */
static void gsync_answer(struct gsync_waiter *waiter, kern_return_t result)
{
    struct account *before = account_current;

    if (list_linked(&waiter->link))
        list_remove(&waiter->link);
    list_remove(&waiter->on_link);
    list_remove(&waiter->for_link);
    timer_cancel(&waiter->timer);
    vm_fault_wait_cancel(&waiter->fault);
    account_current = kalloc_account(waiter);
    reply_send(&waiter->reply, result, NULL, 0);
    account_current = before;
    task_deallocate(waiter->task);
    kfree(waiter);
}

static void gsync_timeout(struct timer *timer)
{
    gsync_answer(list_entry(timer, struct gsync_waiter, timer), KERN_TIMEDOUT);
}

static bool gsync_waiter_gone(const struct gsync_waiter *waiter)
{
    return !IP_VALID(waiter->reply.port) ||
           !ipc_port_active(waiter->reply.port) || !waiter->task->active;
}

/* KERN_SUCCESS: the word is as expected. */
static kern_return_t gsync_compare(struct task *task, vm_offset_t address,
                                   unsigned low, unsigned high, int flags,
                                   struct vm_fault_wait *wait)
{
    unsigned word[2];
    size_t size = flags & GSYNC_QUAD ? sizeof word : sizeof *word;

    if (!task->active)
        return KERN_INVALID_TASK;
    kern_return_t kr = copyin(task->map, address, word, size, wait);
    if (kr == KERN_WAITING)
        return kr;
    if (kr != KERN_SUCCESS)
        return KERN_INVALID_ADDRESS;
    if (word[0] != low || (flags & GSYNC_QUAD && word[1] != high))
        return KERN_INVALID_ARGUMENT;
    return KERN_SUCCESS;
}

static void gsync_wait_try(struct vm_fault_wait *fault, kern_return_t result)
{
    struct gsync_waiter *waiter = list_entry(fault, struct gsync_waiter, fault);
    struct account *before = account_current;
    kern_return_t kr = result;

    account_current = kalloc_account(waiter);
    if (kr == KERN_SUCCESS)
        kr = gsync_compare(waiter->task, waiter->address, waiter->low,
                           waiter->high, waiter->flags, fault);
    account_current = before;
    if (kr == KERN_WAITING)
        return;
    if (kr != KERN_SUCCESS) {
        gsync_answer(waiter, kr);
        return;
    }
    waiter->key = gsync_key_of(waiter->task, waiter->address, waiter->flags);
    list_append(gsync_bucket(waiter->key), &waiter->link);
    if (waiter->flags & GSYNC_TIMED)
        timer_set_ms(&waiter->timer, waiter->timeout_ms, gsync_timeout);
}

kern_return_t rpc_gsync_wait(struct task *task, vm_address_t address,
                             unsigned low, unsigned high, natural_t timeout_ms,
                             int flags)
{
    if (!task || !task->active || !ipc_request_task()->active)
        return KERN_INVALID_TASK;
    if (address & 3)
        return KERN_INVALID_ADDRESS;
    struct gsync_waiter *waiter = kalloc(sizeof *waiter);
    if (!waiter)
        return KERN_RESOURCE_SHORTAGE;
    *waiter = (struct gsync_waiter){.task = task,
                                    .address = address,
                                    .low = low,
                                    .high = high,
                                    .timeout_ms = timeout_ms,
                                    .flags = flags};
    waiter->fault.done = gsync_wait_try;
    task_reference(task);
    list_append(&task->gsync_on, &waiter->on_link);
    list_append(&ipc_request_task()->gsync_for, &waiter->for_link);
    ipc_take_reply(&waiter->reply);
    gsync_wait_try(&waiter->fault, KERN_SUCCESS);
    return MIG_NO_REPLY;
}

/* Answers those that a call has found, as far as the entry may. */
static void gsync_run_woken(struct work *work)
{
    struct gsync_waiter *waiter;

    while ((waiter = list_first_entry(&woken, struct gsync_waiter, link)) &&
           !work_spent())
        gsync_answer(waiter, KERN_SUCCESS);
    if (waiter)
        work_later(work);
}

static void gsync_run_left(struct work *work)
{
    struct gsync_waiter *waiter;

    while (
        (waiter = list_first_entry(&left_on, struct gsync_waiter, on_link)) &&
        !work_spent())
        gsync_answer(waiter, KERN_INVALID_TASK);
    while (
        (waiter = list_first_entry(&left_for, struct gsync_waiter, for_link)) &&
        !work_spent())
        gsync_answer(waiter, KERN_INVALID_TASK);
    if (!list_empty(&left_on) || !list_empty(&left_for))
        work_later(work);
}

void gsync_task_ends(struct task *task)
{
    list_splice(&left_on, &task->gsync_on);
    list_splice(&left_for, &task->gsync_for);
    if (!list_empty(&left_on) || !list_empty(&left_for))
        work_later(&left_work);
}

static int gsync_wake_key(struct gsync_key key, bool all)
{
    struct list *bucket = gsync_bucket(key);
    struct gsync_waiter *waiter, *next;
    int count = 0;

    list_for_each_safe(bucket, waiter, next, link)
    {
        if (!gsync_key_equal(waiter->key, key))
            continue;
        bool gone = gsync_waiter_gone(waiter);
        timer_cancel(&waiter->timer);
        list_remove(&waiter->link);
        list_append(&woken, &waiter->link);
        if (gone)
            continue;
        count++;
        if (!all)
            break;
    }
    gsync_run_woken(&woken_work);
    return count;
}

/* Nobody has to be told how many it were, so MIG's stubs do not ask; a request
 * that comes with a reply port is answered with the number. */
static kern_return_t gsync_tell(kern_return_t result, int count)
{
    struct {
        mach_msg_type_t type;
        int count, pad;
    } body = {.type = {.msgt_name = MACH_MSG_TYPE_INTEGER_32,
                       .msgt_size = 32,
                       .msgt_number = 1,
                       .msgt_inline = true},
              .count = count};
    struct ipc_reply_to reply;

    ipc_take_reply(&reply);
    if (IP_VALID(reply.port)) {
        reply_send(&reply, result, &body, sizeof body);
        return MIG_NO_REPLY;
    }
    return result != KERN_SUCCESS ? result
           : count                ? KERN_SUCCESS
                                  : KERN_INVALID_ARGUMENT;
}

static kern_return_t gsync_mutate(struct task *task, vm_address_t address,
                                  unsigned value)
{
    struct vm_fault_wait none = {0};
    kern_return_t kr = copyout(task->map, &value, address, sizeof value, &none);

    if (kr == KERN_WAITING) {
        /* A word that somebody waits for has been read: it is here, but for
         * one in a file whose page just left, or of which there are so many
         * copies to be made first that the entry ended. */
        vm_fault_wait_cancel(&none);
        return KERN_MEMORY_FAILURE;
    }
    return kr == KERN_SUCCESS ? kr : KERN_INVALID_ADDRESS;
}

kern_return_t rpc_gsync_wake(struct task *task, vm_address_t address,
                             unsigned value, int flags)
{
    kern_return_t kr = KERN_SUCCESS;
    int count = 0;

    if (!task)
        kr = KERN_INVALID_TASK;
    else if (address & 3)
        kr = KERN_INVALID_ADDRESS;
    else if (flags & GSYNC_MUTATE)
        kr = gsync_mutate(task, address, value);
    if (kr == KERN_SUCCESS)
        count = gsync_wake_key(gsync_key_of(task, address, flags),
                               flags & GSYNC_BROADCAST);
    return gsync_tell(kr, count);
}

kern_return_t rpc_gsync_requeue(struct task *task, vm_address_t source,
                                vm_address_t dest, boolean_t wake_one,
                                int flags)
{
    if (!task)
        return KERN_INVALID_TASK;
    if ((source | dest) & 3)
        return KERN_INVALID_ADDRESS;
    struct gsync_key from = gsync_key_of(task, source, flags);
    struct gsync_key to = gsync_key_of(task, dest, flags);
    struct gsync_waiter *waiter, *next;
    int count = wake_one ? gsync_wake_key(from, false) : 0;

    list_for_each_safe(gsync_bucket(from), waiter, next, link)
    {
        if (!gsync_key_equal(waiter->key, from))
            continue;
        list_remove(&waiter->link);
        waiter->key = to;
        list_append(gsync_bucket(to), &waiter->link);
        count++;
        if (!(flags & GSYNC_BROADCAST) || gsync_key_equal(from, to))
            break;
    }
    return gsync_tell(KERN_SUCCESS, count);
}
