/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/rights/kernel.c: calls of Mach's that are for the holder of the
 * privileged host port, made with the port that all have. */

#include "intruder.h"

#include <device/device.h>
#include <mach/gnumach.h>
#include <mach/mach_host.h>
#include <mach/mach_i386.h>
#include <string.h>

#define VM_WIRE_SIZE (64ul << 20)

static void try_clock(host_t host)
{
    time_value64_t time64 = {0, 0}, old64;
    time_value_t time = {0, 0}, old;

    attempt("host_set_time", host_set_time(host, time));
    attempt("host_set_time64", host_set_time64(host, time64));
    time.seconds = time64.seconds = 5;
    attempt("host_adjust_time", host_adjust_time(host, time, &old));
    attempt("host_adjust_time64", host_adjust_time64(host, time64, &old64));
}

static void try_memory(host_t host)
{
    task_t self = mach_task_self();
    vm_address_t at = 0, run = 0;
    rpc_phys_addr_t phys;

    must("memory", !vm_allocate(self, &at, VM_WIRE_SIZE, TRUE));
    attempt("vm_wire", vm_wire(host, self, at, VM_WIRE_SIZE, VM_PROT_READ));
    attempt("vm_wire_all", vm_wire_all(host, self, VM_WIRE_ALL));
    attempt("vm_allocate_contiguous",
            vm_allocate_contiguous(host, self, &run, &phys, 4096, 0, 0, 0));
    vm_deallocate(self, at, VM_WIRE_SIZE);
}

static void try_sets(host_t host)
{
    mach_port_t *sets, set = MACH_PORT_NULL;
    mach_msg_type_number_t n = 0, count = 0;
    task_array_t tasks;
    thread_array_t threads;

    must("the set's name", !host_processor_sets(host, &sets, &n) && n == 1);
    attempt("host_processor_set_priv",
            host_processor_set_priv(host, n ? sets[0] : 0, &set));
    set = n ? sets[0] : MACH_PORT_NULL;
    attempt("processor_set_tasks", processor_set_tasks(set, &tasks, &count));
    attempt("processor_set_threads",
            processor_set_threads(set, &threads, &count));
    attempt("processor_set_max_priority",
            processor_set_max_priority(set, 1, TRUE));
    must("the default set", !processor_set_default(host, &set));
    attempt("its tasks", processor_set_tasks(set, &tasks, &count));
    attempt("task_assign", task_assign(mach_task_self(), set, FALSE));
    attempt("thread_max_priority",
            thread_max_priority(mach_thread_self(), set, 0));
}

void part_kernel(char **argv)
{
    host_t host = mach_host_self();
    mach_port_t port = make_port(), *cpus;
    mach_msg_type_number_t n;
    dev_name_t name = "mem";

    try_clock(host);
    try_memory(host);
    try_sets(host);
    attempt("host_reboot", host_reboot(host, 0));
    attempt("host_processors", host_processors(host, &cpus, &n));
    attempt(
        "register_new_task_notification",
        register_new_task_notification(host, port, MACH_MSG_TYPE_COPY_SEND));
    attempt("vm_set_default_memory_manager",
            vm_set_default_memory_manager(host, &port));
    attempt("device_open", device_open(host, D_READ, name, &port));
    attempt("i386_io_perm_create",
            i386_io_perm_create(host, 0xcf8, 0xcff, &port));
    attempt("thread_wire", thread_wire(host, mach_thread_self(), TRUE));
}
