/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The time device: a page that tells the time to whoever maps it.
 *
 * The page is right whenever a task can look at it: it is brought up to date
 * at the end of each kernel entry, and every tick while some thread runs in
 * user mode.  When all wait, nothing ticks. */
#include "core/timer.h"
#include "device/device.h"
#include "device/private.h"
#include "host/host.h"
#include "task/task.h"
#include "task/thread.h"
#include "vm/object.h"
#include "vm/page.h"
#include "vm/pmap.h"
#include "vm/rpc.h"

#include <mach/time_value.h>

#define TICK_MS  10
#define NS_PER_S 1000000000ul

static struct {
    struct vm_page *page; /* owned; NULL until somebody maps it */
    struct vm_object *object;
    struct timer tick;
    bool ticking;
} time_page;

/* A reader copies until a second equals its check: the check comes first here,
 * the second last. */
static void update(void)
{
    volatile struct mapped_time_value *time = vm_page_data(time_page.page);
    uint64_t now_ns = host_clock_ns(), up_ns = platform_time_monotonic();

    time->check_seconds = now_ns / NS_PER_S;
    time->check_seconds64 = now_ns / NS_PER_S;
    time->check_upseconds64 = up_ns / NS_PER_S;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    time->microseconds = now_ns % NS_PER_S / 1000;
    time->time_value.nanoseconds = now_ns % NS_PER_S;
    time->uptime_value.nanoseconds = up_ns % NS_PER_S;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    time->seconds = now_ns / NS_PER_S;
    time->time_value.seconds = now_ns / NS_PER_S;
    time->uptime_value.seconds = up_ns / NS_PER_S;
}

static bool anybody_runs(void)
{
    struct task *task;

    list_for_each(&all_tasks, task, link)
    {
        struct thread *thread;

        list_for_each(&task->threads, thread, task_link)
        {
            if (thread->state == THREAD_USER) {
                return true;
            }
        }
    }
    return false;
}

static void tick(struct timer *timer)
{
    time_page.ticking = false;
    device_clock_settle();
}

void device_clock_settle(void)
{
    if (time_page.page == NULL) {
        return;
    }
    update();
    if (!time_page.ticking && anybody_runs()) {
        time_page.ticking = true;
        timer_set_ms(&time_page.tick, TICK_MS, tick);
    }
}

static bool make_page(void)
{
    if (time_page.page != NULL) {
        return true;
    }
    time_page.page = vm_page_alloc(true);
    if (time_page.page == NULL) {
        return false;
    }
    time_page.object = vm_object_for_frames(vm_page_phys(time_page.page), 1);
    if (time_page.object == NULL) {
        vm_page_free(time_page.page);
        time_page.page = NULL;
        return false;
    }
    update();
    return true;
}

/* A window of its own for each caller, through which nobody can write.  As on
 * GNU Mach all of the device is the one page, however far in it and how much
 * of it is asked for: libstore asks for a place that it does not know. */
static kern_return_t clock_map(struct device *device, vm_prot_t prot,
                               vm_offset_t offset, vm_size_t size,
                               struct ipc_port **pager_out)
{
    if (prot & ~VM_PROT_READ) {
        return D_INVALID_OPERATION;
    }
    if (!make_page()) {
        return D_NO_MEMORY;
    }
    vm_object_reference(time_page.object);
    return vm_proxy_create(time_page.object, 0, PAGE_SIZE, VM_PROT_READ,
                           pager_out) == KERN_SUCCESS
               ? D_SUCCESS
               : D_NO_MEMORY;
}

static const struct device_ops clock_ops = {
    .map = clock_map,
};

void clock_init(void)
{
    memset(&time_page, 0, sizeof time_page);
    device_add("time", &clock_ops);
}

void clock_fini(void)
{
    timer_cancel(&time_page.tick);
    if (time_page.page != NULL) {
        vm_object_release(time_page.object);
        vm_page_free(time_page.page);
        time_page.page = NULL;
    }
}
