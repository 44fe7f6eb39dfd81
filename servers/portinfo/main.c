/* SPDX-License-Identifier: GPL-2.0-or-later */
/* portinfo PID...: how many port rights of each kind processes hold. */

#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    mach_port_type_t type;
    const char *name;
} kinds[] = {
    {MACH_PORT_TYPE_RECEIVE, "receive"},     {MACH_PORT_TYPE_SEND, "send"},
    {MACH_PORT_TYPE_SEND_ONCE, "send-once"}, {MACH_PORT_TYPE_PORT_SET, "set"},
    {MACH_PORT_TYPE_DEAD_NAME, "dead"},
};

static error_t show(process_t proc, pid_t pid)
{
    mach_port_name_array_t names;
    mach_port_type_array_t types;
    mach_msg_type_number_t count, type_count;
    task_t task;
    error_t err = proc_pid2task(proc, pid, &task);

    if (!err)
        err = mach_port_names(task, &names, &count, &types, &type_count);
    if (err)
        return err;
    printf("%d: %u names", pid, (unsigned)count);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        unsigned n = 0;
        for (unsigned j = 0; j < type_count; j++)
            n += (types[j] & kinds[i].type) != 0;
        printf(", %u %s", n, kinds[i].name);
    }
    printf("\n");
    vm_deallocate(mach_task_self(), (vm_address_t)names, count * sizeof *names);
    vm_deallocate(mach_task_self(), (vm_address_t)types,
                  type_count * sizeof *types);
    mach_port_drop(task);
    return 0;
}

int main(int argc, char **argv)
{
    process_t proc = hurd_get_port(INIT_PORT_PROC);
    int failed = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: portinfo PID...\n");
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        error_t err = show(proc, atoi(argv[i]));
        if (err)
            fprintf(stderr, "portinfo: %s: %s\n", argv[i],
                    mach_error_string(err));
        failed |= err != 0;
    }
    return failed;
}
