/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/rights/programs/whoami.c: says who runs it, and with what arguments.
 * `whoami drop' first gives its effective id up and runs itself again. */
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    uid_t real, effective, saved;

    if (argc > 1 && !strcmp(argv[1], "drop")) {
        if (seteuid(getuid()))
            perror("seteuid");
        execl("/tests/plain", "plain", NULL);
        perror("execl");
    }
    getresuid(&real, &effective, &saved);
    printf("uid %d euid %d suid %d gid %d egid %d secure %lu\n", (int)real,
           (int)effective, (int)saved, (int)getgid(), (int)getegid(),
           getauxval(AT_SECURE));
    for (int i = 1; i < argc; i++)
        printf("argument %s\n", argv[i]);
    return 0;
}
