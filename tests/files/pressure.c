/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stores through a mapping of a file larger than memory: several processes count
 * in pages of their own, side by side, while all of them come and go.
 *
 * usage: pressure FILE PAGES STEPS SEED */
#include "check.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE    4096ul
#define WRITERS 3u

static uint64_t chance_state;

static uint32_t below(uint32_t limit)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return (uint32_t)((chance_state * 0x2545f4914f6cdd1dull) >> 32) % limit;
}

/* Page N is the writer's whose number N has modulo WRITERS.  0: all was right. */
static int count_in(volatile uint32_t *memory, unsigned writer, unsigned pages,
                    unsigned steps)
{
    uint32_t *model = calloc(pages, sizeof *model);

    if (!model)
        return 2;
    for (unsigned i = 0; i < steps; i++) {
        /* Runs of neighbours, as clusters are. */
        unsigned page = below(pages / WRITERS) * WRITERS + writer;
        for (unsigned n = 0; n < 4 && page < pages; n++, page += WRITERS) {
            volatile uint32_t *word = memory + page * (PAGE / sizeof *memory);
            if (*word != model[page]) {
                printf("writer %u, step %u: page %u has %u and not %u\n",
                       writer, i, page, *word, model[page]);
                return 1;
            }
            if (below(3))
                *word = ++model[page];
        }
    }
    free(model);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    unsigned pages = (unsigned)atoi(argv[2]);
    uint64_t seed = strtoull(argv[4], NULL, 0);
    int fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0600), status;

    printf("seed %lu\n", seed);
    fflush(stdout);
    CHECK(fd >= 0 && ftruncate(fd, pages * PAGE) == 0);
    volatile uint32_t *memory =
        mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(memory != MAP_FAILED);
    for (unsigned writer = 0; writer < WRITERS; writer++) {
        if (fork())
            continue;
        chance_state = (seed * WRITERS + writer) * 0x9e3779b97f4a7c15ull | 1;
        int bad = count_in(memory, writer, pages, (unsigned)atoi(argv[3]));
        fflush(stdout);
        _exit(bad);
    }
    for (unsigned writer = 0; writer < WRITERS; writer++)
        CHECK(wait(&status) > 0 && status == 0);
    printf("files: %d checks, %d failed\n", checks, failed);
    return failed != 0;
}
