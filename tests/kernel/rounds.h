/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/kernel/rounds.h: random tests of a program of the host's, round by round.
 *
 * Each round has a seed of its own.  NAME_SEED repeats from one seed on, NAME_COUNT
 * says how many rounds, NAME_SECONDS for how long.  However a round ends the
 * program - an assertion, a sanitizer, a signal, no end within a minute of
 * processor time, too much memory - the seed that repeats it is told.
 */
#ifndef TESTS_ROUNDS_H
#define TESTS_ROUNDS_H

#include "tests/kernel/chance.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ROUND_SECONDS_MAX 60    /* of processor time */
#define ROUNDS_LEAKS      1000u /* leaks are looked for after so many */

void __sanitizer_set_death_callback(void (*callback)(void));
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
int __lsan_do_recoverable_leak_check(void);

static struct {
    const char *name;
    unsigned long seed, end;
    unsigned seconds; /* of the round, so far */
} rounds;

const char *__asan_default_options(void)
{
    return "hard_rss_limit_mb=2000:max_allocation_size_mb=1000";
}

const char *__ubsan_default_options(void)
{
    return "abort_on_error=1:print_stacktrace=1";
}

static inline void rounds_tell(void)
{
    char line[100];

    if (!rounds.name || rounds.seed == rounds.end)
        return;
    int size = snprintf(line, sizeof line, "\n%s_SEED=%lu repeats it\n",
                        rounds.name, rounds.seed);
    size = (int)write(STDERR_FILENO, line, (size_t)size);
    (void)size;
}

static inline void rounds_signal(int number)
{
    if (number == SIGVTALRM && ++rounds.seconds < ROUND_SECONDS_MAX)
        return;
    rounds_tell();
    rounds.name = NULL;
    signal(number, SIG_DFL);
    raise(number);
}

static inline unsigned long rounds_number(const char *what, unsigned long other)
{
    char name[64];

    snprintf(name, sizeof name, "%s_%s", rounds.name, what);
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 0) : other;
}

/* Runs ROUND for COUNT seeds unless told otherwise; NAME is of the variables. */
static inline void rounds_run(const char *name, unsigned long count,
                              void (*round)(void))
{
    const struct itimerval second = {{1, 0}, {1, 0}};

    rounds.name = name;
    time_t seconds = (time_t)rounds_number("SECONDS", 0);
    time_t start = time(NULL);
    unsigned long first = rounds.seed = rounds_number("SEED", 1);
    rounds.end = seconds ? ~0ul : rounds.seed + rounds_number("COUNT", count);
    __sanitizer_set_death_callback(rounds_tell);
    signal(SIGABRT, rounds_signal);
    signal(SIGVTALRM, rounds_signal);
    setitimer(ITIMER_VIRTUAL, &second, NULL);
    for (; rounds.seed < rounds.end; rounds.seed++) {
        if (seconds && time(NULL) - start >= seconds)
            break;
        rounds.seconds = 0;
        chance_state = rounds.seed * 0x9e3779b97f4a7c15ul | 1;
        round();
        if (rounds.seed % ROUNDS_LEAKS == 0 &&
            __lsan_do_recoverable_leak_check()) {
            fprintf(stderr, "in one of the last %u rounds:\n", ROUNDS_LEAKS);
            abort();
        }
    }
    printf("%s: seeds from %lu to %lu\n", name, first, rounds.seed - 1);
    rounds.end = rounds.seed;
}

/* For cmocka, after a test that may have failed. */
static inline int rounds_teardown(void **state)
{
    (void)state;
    rounds_tell();
    return 0;
}

#endif
