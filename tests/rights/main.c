/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/rights/main.c: intruder PART [ARGUMENT...] */

#include "intruder.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    void (*run)(char **argv);
} parts[] = {
    {"calls", part_calls},           {"identity", part_identity},
    {"control", part_control},       {"terminal", part_terminal},
    {"space", part_space},           {"kernel", part_kernel},
    {"notices", part_notices},       {"power", part_power},
    {"exception", part_exception},   {"signal", part_signal},
    {"execdata", part_execdata},     {"shutdown", part_shutdown},
    {"arguments", part_arguments},   {"deaf", part_deaf},
    {"setid", part_setid},           {"setid-fails", part_setid_fails},
    {"setid-root", part_setid_root}, {"setid-stop", part_setid_stop},
    {"exec-only", part_exec_only},   {"no-ids", part_no_ids},
};

void attempt(const char *what, error_t err)
{
    if (err)
        printf("held %s: %s\n", what, mach_error_string(err));
    else
        printf("BROKE %s: it was done\n", what);
}

void must(const char *what, boolean_t condition)
{
    printf("%s %s\n", condition ? "held" : "BROKE", what);
}

file_t open_bare(const char *path)
{
    file_t file = MACH_PORT_NULL;
    error_t err = hurd_lookup(path, 0, 0, &file);

    if (err)
        printf("BROKE %s is there to be tried: %s\n", path,
               mach_error_string(err));
    return err ? MACH_PORT_NULL : file;
}

mach_port_t make_port(void)
{
    mach_port_t port = mach_reply_port();

    mach_port_insert_right(mach_task_self(), port, port,
                           MACH_MSG_TYPE_MAKE_SEND);
    return port;
}

mach_msg_return_t receive(mach_port_t port, mach_msg_header_t *msg,
                          mach_msg_size_t size, unsigned timeout_ms)
{
    return mach_msg(msg, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, size, port,
                    timeout_ms, MACH_PORT_NULL);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; argc > 1 && i < sizeof parts / sizeof *parts; i++)
        if (!strcmp(parts[i].name, argv[1])) {
            parts[i].run(argv + 2);
            printf("end of %s\n", argv[1]);
            return 0;
        }
    fprintf(stderr, "usage: intruder PART [ARGUMENT...]\n");
    return 2;
}
