/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/kernel.c: making the kernel, and the entries of platform.h. */
#include "core/kernel.h"
#include "boot/boot.h"
#include "core/account.h"
#include "core/stall.h"
#include "core/timer.h"
#include "core/trap.h"
#include "core/work.h"
#include "device/access.h"
#include "device/device.h"
#include "device/pc.h"
#include "host/host.h"
#include "ipc/ipc.h"
#include "ipc/port.h"
#include "task/exception.h"
#include "task/gsync.h"
#include "task/notify.h"
#include "task/task.h"
#include "task/thread.h"
#include "vm/anon.h"
#include "vm/fault.h"
#include "vm/grave.h"
#include "vm/map.h"
#include "vm/object.h"
#include "vm/page.h"
#include "vm/pmap.h"
#include "vm/rpc.h"
#include "vm/swap.h"

#include <mach/exception.h>

const char *kernel_command_line;
static bool halted, rebooting;

/* Whether WORD is one of the command line's. */
static bool kernel_command_word(const char *word)
{
    size_t length = strlen(word);
    const char *at = kernel_command_line;

    while ((at = strstr(at, word))) {
        bool starts = at == kernel_command_line || at[-1] == ' ';
        at += length;
        if (starts && (*at == 0 || *at == ' '))
            return true;
    }
    return false;
}

int kernel_create(const struct kernel_config *config)
{
    kernel_command_line = config->command_line;
    halted = false;
    rebooting = false;
    kernel_console_show(!kernel_command_word("quiet"));
    work_module_init();
    account_module_init();
    timer_module_init();
    vm_page_module_init();
    vm_grave_module_init();
    account_set_limits(platform_memory_size());
    pmap_module_init();
    vm_fault_module_init();
    vm_object_module_init();
    vm_swap_module_init();
    ipc_module_init();
    thread_module_init();
    task_times_module_init();
    task_module_init();
    gsync_module_init();
    host_module_init();
    device_module_init();
    stall_module_init();
    int result = boot_modules(config);
    kernel_settle();
    work_watch(kernel_command_word("watchdog"));
    return result;
}

void kernel_destroy(void)
{
    halted = true;
    stall_module_fini();
    boot_module_fini();
    task_module_fini();
    do
        kernel_settle();
    while (work_run());
    device_module_fini();
    host_module_fini();
    task_notify_module_fini();
    task_times_module_fini();
    vm_swap_module_fini();
    ipc_module_fini();
    vm_anon_module_fini();
    vm_page_module_fini();
}

static bool task_has_ended;

void kernel_task_ended(void)
{
    task_has_ended = true;
}

/* When the boot's tasks are gone, or only such are left as nobody will resume,
 * there is nothing to wait for. */
static void kernel_look_for_tasks(void)
{
    task_has_ended = false;
    if (boot_is_done() && !task_any_alive())
        kernel_halt(1, "No task is left that could run.");
}

/* The end of each entry: everything that it set off is done before the next. */
void kernel_settle(void)
{
    vm_pages_settle();
    do
        thread_run_ready();
    while (ipc_run_deferred() || pc_run_later());
    device_clock_settle();
    pmap_settle();
    if (task_has_ended)
        kernel_look_for_tasks();
    work_end();
}

bool kernel_is_halted(void)
{
    return halted;
}

bool kernel_is_rebooting(void)
{
    return rebooting;
}

void kernel_reboot(const char *why)
{
    rebooting = true;
    kernel_halt(0, why);
}

void kernel_halt(int status, const char *why)
{
    halted = true;
    kprintf("%s\n", why);
    platform_exit(status);
}

static struct thread *kernel_enter(void *cookie, const char *kind,
                                   int64_t number)
{
    struct thread *thread = cookie;

    work_begin(kind, number);
    work_detail(0, thread->task->name);
    thread_entered(thread);
    thread_reference(thread);
    current_thread = thread;
    account_current = thread->task->account;
    return thread;
}

static void kernel_leave(struct thread *thread)
{
    thread_park_fault(thread);
    thread->used.steps += work_lap();
    current_thread = NULL;
    account_current = NULL;
    thread_deallocate(thread);
    kernel_settle();
}

void kernel_trap(void *cookie, int64_t number, const uint64_t args[6])
{
    struct thread *thread = kernel_enter(cookie, "trap", number);

    thread->in_trap = true;
    thread->trap_number = number;
    memcpy(thread->trap_args, args, sizeof thread->trap_args);
    trap_dispatch(thread);
    kernel_leave(thread);
}

/* --- faults --------------------------------------------------------------- */

static void kernel_do_fault(struct thread *thread);

static void kernel_fault_retry(struct thread *thread, kern_return_t result)
{
    if (result == KERN_TERMINATED)
        return;
    if (result == KERN_SUCCESS)
        kernel_do_fault(thread);
    else if (result == KERN_ABORTED)
        thread_resume_user(thread); /* it will fault again */
    else
        exception_raise_thread(thread, EXC_BAD_ACCESS, result,
                               (int64_t)thread->trap_args[0]);
}

/* A fault keeps its address and access where a trap keeps its arguments. */
static void kernel_do_fault(struct thread *thread)
{
    uint64_t address = thread->trap_args[0];
    vm_prot_t access = (vm_prot_t)thread->trap_args[1];
    kern_return_t kr = vm_fault(thread->task->map, address, access,
                                thread_fault_wait(thread, kernel_fault_retry));

    if (kr == KERN_DEVICE) {
        kr = device_access(thread,
                           thread_fault_wait(thread, kernel_fault_retry));
        /* Device memory is for instructions that the machine can do. */
        if (kr == KERN_INVALID_ARGUMENT) {
            exception_raise_thread(thread, EXC_BAD_INSTRUCTION, EXC_I386_INVOP,
                                   0);
            return;
        }
    }
    if (kr == KERN_SUCCESS)
        thread_resume_user(thread);
    else if (kr != KERN_WAITING)
        exception_raise_thread(thread, EXC_BAD_ACCESS, kr, (int64_t)address);
}

void kernel_fault(void *cookie, uint64_t address, int access)
{
    struct thread *thread = kernel_enter(cookie, "fault", access);

    vm_count(VM_FAULTS, 1);
    thread->trap_args[0] = address;
    thread->trap_args[1] = (uint64_t)access;
    kernel_do_fault(thread);
    kernel_leave(thread);
}

/* --- exceptions ----------------------------------------------------------- */

struct exception_kind {
    int vector, exception, code;
};

#define VECTOR_GENERAL_PROTECTION 13

/* x86 vectors as Mach names them (HURD-FACTS 1.10). */
static const struct exception_kind exception_kinds[] = {
    {0, EXC_ARITHMETIC, EXC_I386_DIV},
    {1, EXC_BREAKPOINT, EXC_I386_SGL},
    {3, EXC_BREAKPOINT, EXC_I386_BPT},
    {4, EXC_ARITHMETIC, EXC_I386_INTO},
    {5, EXC_SOFTWARE, EXC_I386_BOUND},
    {6, EXC_BAD_INSTRUCTION, EXC_I386_INVOP},
    {10, EXC_BAD_INSTRUCTION, EXC_I386_INVTSSFLT},
    {11, EXC_BAD_INSTRUCTION, EXC_I386_SEGNPFLT},
    {12, EXC_BAD_INSTRUCTION, EXC_I386_STKFLT},
    {13, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT},
    {16, EXC_ARITHMETIC, EXC_I386_EXTERR},
    {19, EXC_ARITHMETIC, EXC_I386_EXTERR},
};

static void kernel_raise(struct thread *thread)
{
    int vector = (int)thread->trap_args[0];
    int exception = EXC_BAD_INSTRUCTION, code = EXC_I386_GPFLT;

    for (size_t i = 0; i < sizeof exception_kinds / sizeof *exception_kinds;
         i++) {
        if (exception_kinds[i].vector == vector) {
            exception = exception_kinds[i].exception;
            code = exception_kinds[i].code;
        }
    }
    exception_raise_thread(thread, exception, code,
                           (int64_t)thread->trap_args[1]);
}

static void kernel_do_exception(struct thread *thread);

static void kernel_exception_retry(struct thread *thread, kern_return_t result)
{
    if (result == KERN_SUCCESS)
        kernel_do_exception(thread);
    else if (result == KERN_ABORTED)
        thread_resume_user(thread); /* it will do it again */
    else if (result != KERN_TERMINATED)
        kernel_raise(thread);
}

/* A port that the task may use is none of its faults. */
static void kernel_do_exception(struct thread *thread)
{
    kern_return_t kr = KERN_PROTECTION_FAILURE;

    if (thread->trap_args[0] == VECTOR_GENERAL_PROTECTION &&
        thread->task->io_ports)
        kr = device_access(thread,
                           thread_fault_wait(thread, kernel_exception_retry));
    if (kr == KERN_SUCCESS)
        thread_resume_user(thread);
    else if (kr != KERN_WAITING)
        kernel_raise(thread);
}

void kernel_exception(void *cookie, int vector, uint64_t error_code)
{
    struct thread *thread = kernel_enter(cookie, "exception", vector);

    thread->trap_args[0] = (uint64_t)vector;
    thread->trap_args[1] = error_code;
    kernel_do_exception(thread);
    kernel_leave(thread);
}

/* --- the rest ------------------------------------------------------------- */

void kernel_thread_stopped(void *cookie)
{
    struct thread *thread = kernel_enter(cookie, "stop", 0);

    thread_resume_user(thread);
    kernel_leave(thread);
}

void kernel_thread_failed(void *cookie)
{
    struct thread *thread = kernel_enter(cookie, "failure", 0);
    struct task *task = thread->task;

    kprintf("%s: the host has no room for another thread\n", task->name);
    thread_terminate_internal(thread);
    if (!task->thread_count)
        task_terminate_internal(task);
    kernel_leave(thread);
}

void kernel_task_died(void *cookie, const char *why)
{
    struct task *task = cookie;

    work_begin("death", 0);
    work_detail(0, task->name);
    kprintf("%s: its host process is gone: %s\n", task->name, why);
    task_terminate_internal(task);
    kernel_settle();
}

void kernel_work(void)
{
    work_begin("work", 0);
    work_run();
    kernel_settle();
}

void kernel_timer(void)
{
    work_begin("timer", 0);
    timer_run();
    kernel_settle();
}

size_t kernel_console_room(void)
{
    return device_console_room();
}

size_t kernel_log_copy(char *buffer, size_t size_bytes)
{
    uint64_t position = 0;

    return kernel_log_read(&position, buffer, size_bytes);
}

void kernel_console_input(const char *text, size_t size_bytes)
{
    work_begin("console", 0);
    if (!boot_console_input(text, size_bytes))
        device_console_input(text, size_bytes);
    kernel_settle();
}

void kernel_console_resized(void)
{
    device_console_resized();
    kernel_settle();
}

void kernel_disk_done(void *cookie, int status)
{
    work_begin("disk", status);
    device_disk_done(cookie, status);
    kernel_settle();
}

void kernel_disk_gone(unsigned disk)
{
    device_disk_gone(disk);
    kernel_settle();
}

void kernel_shutdown_request(void)
{
    if (!device_power_pressed())
        kernel_halt(0, "shutdown requested");
    kernel_settle();
}

/* --- what ports tell their objects (ipc/port.h) --------------------------- */

void ipc_kobject_no_senders(struct ipc_port *port, enum ipc_kobject_type type,
                            void *kobject)
{
    if (type == IKOT_PAGER_PROXY)
        vm_proxy_destroy(kobject);
    else if (type == IKOT_DEVICE || type == IKOT_IO_PERM)
        device_no_senders(port, type, kobject);
}

void ipc_kobject_port_died(struct ipc_port *port, enum ipc_kobject_type type,
                           void *kobject)
{
    if (type == IKOT_PAGER)
        vm_object_kill(kobject, KERN_MEMORY_FAILURE);
    else if (type == IKOT_IRQ_HANDLER)
        device_irq_port_died(kobject);
}
