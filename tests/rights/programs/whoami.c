/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/rights/programs/whoami.c: says who runs it, and, with an argument, that
 * too. */
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    printf("uid %d euid %d gid %d egid %d secure %lu\n", (int)getuid(),
           (int)geteuid(), (int)getgid(), (int)getegid(), getauxval(AT_SECURE));
    for (int i = 1; i < argc; i++)
        printf("argument %s\n", argv[i]);
    return 0;
}
