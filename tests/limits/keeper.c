/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keeper SEED CALLS WHAT UID: has that user's /tests/wild make so many calls, by
 * one process after another: each ends at some time, or is ended when it gets no
 * further.  Says how many calls were made; SEED makes them all again. */
#include "tests/limits/wild.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS "/tmp/wild.progress"
#define EACH     3000 /* calls of one process */
#define TICK_MS  20
#define STUCK    150 /* ticks without a call: it waits for ever */
#define LOST     500 /* ticks that one may take to end when it is killed */

#define EMPTY 20 /* processes in a row that make no call: something is wrong */

static int progress_file;
static char *what;

/* They can write there whatever they like, and truncate it. */
static struct wild_progress progress(void)
{
    struct wild_progress now = {0};

    if (pread(progress_file, &now, sizeof now, 0) != sizeof now ||
        now.answers > now.calls || now.successes > now.answers)
        now = (struct wild_progress){0};
    return now;
}

static void be_wild(uid_t user, unsigned long seed, uint64_t calls)
{
    char words[2][32];
    int null = open("/dev/null", O_RDWR);

    snprintf(words[0], sizeof words[0], "%lu", seed);
    snprintf(words[1], sizeof words[1], "%lu", calls);
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    if (null > 2)
        close(null);
    /* Whoever is in a terminal's session may stop it, as on Linux. */
    if (setsid() < 0)
        _exit(5);
    if (setgroups(0, NULL) || setgid(user) || setuid(user))
        _exit(3);
    execl("/tests/wild", "wild", words[0], words[1], PROGRESS, what, NULL);
    _exit(4);
}

/* Waits for the process; its status, or -1 if there is no end of it. */
static int wait_for(pid_t child)
{
    const struct timespec tick = {.tv_nsec = TICK_MS * 1000000};
    uint64_t before = 0;
    int status = -1;

    for (int still = 0; still < STUCK + LOST; still++) {
        pid_t gone = waitpid(child, &status, WNOHANG);
        if (gone == child || (gone < 0 && errno == ECHILD))
            return status;
        uint64_t calls = progress().calls;
        if (calls != before)
            still = 0;
        before = calls;
        if (still >= STUCK)
            kill(child, SIGKILL);
        nanosleep(&tick, NULL);
    }
    return -1;
}

/* A file of zeros for the next one. */
static int begin(uid_t user)
{
    if (progress_file > 0)
        close(progress_file);
    unlink(PROGRESS);
    progress_file = open(PROGRESS, O_RDWR | O_CREAT | O_EXCL, 0600);
    return progress_file < 0 || ftruncate(progress_file, 4096) ||
           fchown(progress_file, user, user);
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    unsigned long seed = strtoul(argv[1], NULL, 0);
    uint64_t calls = strtoul(argv[2], NULL, 0), made = 0;
    uint64_t answers = 0, successes = 0;
    unsigned processes = 0, lost = 0, empty = 0;
    int status = 0;
    uid_t user = (uid_t)atoi(argv[4]);

    what = argv[3];
    for (; made < calls && empty < EMPTY && !begin(user); processes++) {
        uint64_t each = calls - made < EACH ? calls - made : EACH;
        pid_t child = fork();
        if (child == 0)
            be_wild(user, seed + processes, each);
        status = child < 0 ? -1 : wait_for(child);
        lost += status < 0;
        struct wild_progress done = progress();
        made += done.calls < each ? done.calls : each;
        answers += done.answers;
        successes += done.successes;
        empty = done.calls ? 0 : empty + 1;
    }
    printf("wild: %lu calls, %lu answers, %lu successes\n", made, answers,
           successes);
    printf("%u processes, %u lost, the last one's status 0x%x\n", processes,
           lost, status);
    unlink(PROGRESS);
    return 0;
}
