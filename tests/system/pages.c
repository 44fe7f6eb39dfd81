/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pages MEGABYTES [ROUNDS]: uses so much memory, each page with words of its own,
 * and checks them, forwards and in leaps; a child checks what it inherited. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define LEAP 7919ul /* a prime */

static char *memory;
static size_t pages;

static uint64_t word_of(size_t page, unsigned round)
{
    return page * 0x9e3779b97f4a7c15ull ^ round;
}

static void write_page(size_t page, unsigned round)
{
    uint64_t *words = (uint64_t *)(memory + page * PAGE);

    words[0] = word_of(page, round);
    words[page % 512] = word_of(page, round);
    words[511] = ~word_of(page, round);
}

static int page_is_right(size_t page, unsigned round)
{
    const uint64_t *words = (const uint64_t *)(memory + page * PAGE);

    return words[511] == ~word_of(page, round) &&
           (page % 512 == 511 || words[page % 512] == word_of(page, round));
}

static void check(const char *who, size_t leap, size_t count, unsigned round)
{
    size_t page = 0;

    for (size_t n = 0; n < count; n++) {
        if (!page_is_right(page, round)) {
            printf("%s: page %zu is wrong in round %u\n", who, page, round);
            fflush(stdout);
            _exit(1);
        }
        page = (page + leap) % pages;
    }
}

static int child_checks(unsigned round)
{
    int status = 1;
    pid_t child = fork();

    if (child == 0) {
        check("child", LEAP, pages / 16, round);
        write_page(3, round + 1);
        _exit(0);
    }
    waitpid(child, &status, 0);
    return status;
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 1;

    pages = (argc > 1 ? strtoul(argv[1], NULL, 10) : 1) * (1048576 / PAGE);
    memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return 2;
    for (unsigned round = 0; round < rounds; round++) {
        for (size_t page = 0; page < pages; page++)
            write_page(page, round);
        check("forwards", 1, pages, round);
        check("leaping", LEAP, pages / 8, round);
        if (child_checks(round))
            return 1;
        check("afterwards", 1, 16, round);
    }
    printf("%zu pages are right\n", pages);
    return 0;
}
