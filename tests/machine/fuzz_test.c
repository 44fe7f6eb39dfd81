/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bad driver, by random numbers: FUZZ_SEED is the first seed, FUZZ_COUNT
 * how many there are.  What fails fails again with the seed that was printed
 * last. */
#include "pc.h"
#include "fuzz.h"

#define INPUT_SIZE 8192u

static unsigned long number_of(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoul(text, NULL, 0) : otherwise;
}

/* xorshift64*: small, and the same everywhere. */
static uint64_t next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dull;
}

static void run_seed(unsigned long seed)
{
    static uint8_t data[INPUT_SIZE];
    uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;

    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(next(&state) >> 56);
    }
    fuzz_run(data, sizeof data);
}

TEST(no_driver_crashes_hangs_or_leaves_memory)
{
    unsigned long seed = number_of("FUZZ_SEED", 1);
    unsigned long end = seed + number_of("FUZZ_COUNT", 200);

    for (; seed != end; seed++) {
        if (seed % 50 == 0 || seed + 1 == end) {
            printf("seed %lu\n", seed);
        }
        fflush(stdout);
        run_seed(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_driver_crashes_hangs_or_leaves_memory),
    };

    return cmocka_run_group_tests_name("fuzz", tests, NULL, NULL);
}
