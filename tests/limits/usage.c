/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage USER: what the kernel keeps for everybody, and whether it keeps anything
 * for that user. */
#include <stdio.h>
#include <stdlib.h>

#include <mach/account.h>
#include <mach/mach.h>

#define EVERYBODY (~0u)

int main(int argc, char **argv)
{
    uint64_t bytes, pages, tasks, threads;
    mach_port_t host = mach_host_self();

    if (argc < 2 ||
        account_info(host, EVERYBODY, 0, &bytes, &pages, &tasks, &threads))
        return 2;
    printf("bytes %lu pages %lu tasks %lu", bytes, pages, tasks);
    if (account_info(host, (natural_t)atoi(argv[1]), 0, &bytes, &pages, &tasks,
                     &threads))
        printf(" user nothing\n");
    else
        printf(" user %lu bytes %lu pages %lu tasks\n", bytes, pages, tasks);
    return 0;
}
