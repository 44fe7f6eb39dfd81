/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a mapping of a file owes to who stores through it: that it is kept, or
 * that he is told.  Ends with `files: N checks, N failed'.
 *
 *     mapped DIRECTORY
 *     mapped full DIRECTORY     on a file system that is small
 *     mapped large DIRECTORY    on one that has room for 100 MiB
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define PAGE 4096

static sigjmp_buf jump;
static char big[1 << 20];

static void on_signal(int sig)
{
    siglongjmp(jump, sig);
}

/* The signal that a store or a look at AT ends in, or 0. */
static int touch(volatile char *at, int store)
{
    int sig = sigsetjmp(jump, 1);

    if (sig)
        return sig;
    if (store)
        *at = 1;
    else
        (void)*at;
    return 0;
}

static char *map(int fd, size_t size, int prot, int flags)
{
    char *at = mmap(0, size, prot, flags, fd, 0);

    CHECK(at != MAP_FAILED);
    if (at == MAP_FAILED)
        exit(1);
    return at;
}

static int create(const char *name, long size)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

    CHECK(fd >= 0 && !ftruncate(fd, size));
    return fd;
}

/* What was stored in the last page is there when the file has grown, whichever
 * way it grows, and what was stored behind the end is not. */
static void growing(int way)
{
    int fd = create("g", 5000);
    char *at = map(fd, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED), byte = 0;

    memset(at, 'x', 2 * PAGE);
    switch (way) {
    case 0:
        CHECK(!ftruncate(fd, 9000));
        break;
    case 1:
        CHECK(pwrite(fd, "y", 1, 8999) == 1);
        break;
    case 2:
        CHECK(lseek(fd, 0, SEEK_END) == 5000);
        memset(big, 0, 4000);
        CHECK(write(fd, big, 4000) == 4000);
        break;
    case 3: /* by another process */
        if (!fork())
            _exit(ftruncate(fd, 9000) != 0);
        int status;
        CHECK(wait(&status) > 0 && !status);
        break;
    }
    int lost = 0, more = 0;
    for (int i = 0; i < 8999; i++) {
        lost += pread(fd, &byte, 1, i) != 1;
        lost += i < 5000 && (byte != 'x' || at[i] != 'x');
        more += i >= 5000 && (byte || at[i]);
    }
    CHECK(lost == 0 && more == 0);
    munmap(at, 4 * PAGE);
    close(fd);
    CHECK(!unlink("g"));
}

static void beyond_the_end(void)
{
    int fd = create("b", 5000), other = create("o", 0);
    char *at = map(fd, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    char *private = map(fd, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);

    CHECK(touch(at + 5000, 1) == 0);
    CHECK(touch(at + 2 * PAGE, 0) == SIGBUS);
    CHECK(touch(at + 3 * PAGE, 1) == SIGBUS);
    CHECK(touch(private + 2 * PAGE, 0) == SIGBUS);
    CHECK(touch(private + 2 * PAGE, 1) == SIGBUS);
    FAILS(write(other, at + 2 * PAGE, 4), EFAULT);
    FAILS(write(other, at + 2 * PAGE, 2 * PAGE), EFAULT);
    FAILS(read(fd, at + 2 * PAGE, 4), EFAULT);
    FAILS(open(at + 2 * PAGE, O_RDONLY), EFAULT);
    CHECK(!ftruncate(fd, 3 * PAGE));
    CHECK(touch(at + 2 * PAGE, 1) == 0 && touch(private + 2 * PAGE, 1) == 0);
    if (!fork())
        _exit(ftruncate(fd, 100) != 0);
    int status;
    CHECK(wait(&status) > 0 && !status);
    CHECK(touch(at + PAGE, 0) == SIGBUS && touch(at + 2 * PAGE, 1) == SIGBUS);
    CHECK(touch(at + 50, 1) == 0);
    FAILS(write(other, at + PAGE, 3 * PAGE), EFAULT);
    close(fd);
    close(other);
    munmap(at, 4 * PAGE);
    munmap(private, 4 * PAGE);
    CHECK(!unlink("b") && !unlink("o"));
}

static void syncing(void)
{
    int fd = create("s", 2 * PAGE);
    char *at = map(fd, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    char *only = map(fd, 2 * PAGE, PROT_READ, MAP_SHARED);

    at[0] = 's';
    CHECK(!msync(at, 2 * PAGE, MS_SYNC) && !msync(at, 1, MS_ASYNC));
    CHECK(!msync(at, PAGE, MS_SYNC | MS_INVALIDATE) && !msync(at, PAGE, 0));
    FAILS(msync(at + 1, PAGE, MS_SYNC), EINVAL);
    FAILS(msync(at, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
    FAILS(msync(at, PAGE, 0x100), EINVAL);
    CHECK(!mprotect(only, PAGE, PROT_READ | PROT_WRITE));
    only[1] = 'p';
    CHECK(at[1] == 'p');
    CHECK(!munmap(at + PAGE, PAGE));
    FAILS(msync(at, 2 * PAGE, MS_SYNC), ENOMEM);
    CHECK(!msync(at, PAGE, MS_SYNC));
    char *moved = mremap(at, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
    CHECK(moved != MAP_FAILED && moved[0] == 's');
    if (moved != MAP_FAILED) {
        moved[PAGE] = 'm';
        CHECK(only[PAGE] == 'm');
        munmap(moved, 2 * PAGE);
    }
    munmap(only, 2 * PAGE);
    close(fd);
    CHECK(!unlink("s"));
}

/* More of a mapped file than a message holds, in one call. */
static void written_from_a_large_mapping(void)
{
    long size = 80l << 20;
    int fd = create("l", size), out = create("w", 0);
    char *at = map(fd, size, PROT_READ | PROT_WRITE, MAP_SHARED), byte = 0;

    for (long i = 0; i < size; i += 1 << 20)
        at[i] = 'l';
    CHECK(write(out, at, size) == size);
    CHECK(pread(out, &byte, 1, 79l << 20) == 1 && byte == 'l');
    munmap(at, size);
    close(fd);
    close(out);
    CHECK(!unlink("l") && !unlink("w"));
}

/* The space of a file that is gone is there again when its mapping is. */
static void unlinked(void)
{
    struct statvfs before, after;

    sync();
    CHECK(!statvfs(".", &before));
    int fd = create("u", 0);
    for (int i = 0; i < 4; i++)
        CHECK(write(fd, big, sizeof big) == sizeof big);
    char *at = map(fd, sizeof big, PROT_READ | PROT_WRITE, MAP_SHARED);
    memset(at, 'u', sizeof big);
    close(fd);
    CHECK(!unlink("u"));
    CHECK(at[0] == 'u' && at[sizeof big - 1] == 'u');
    munmap(at, sizeof big);
    for (int i = 0; i < 100; i++) {
        CHECK(!statvfs(".", &after));
        if (after.f_bfree >= before.f_bfree)
            break;
        usleep(20000);
    }
    CHECK(after.f_bfree >= before.f_bfree);
}

/* A hole has no room on the disk: a store that finds none is refused where it
 * is made, and what was stored before is there. */
static void holes_of_a_full_disk(void)
{
    int fd = create("h", sizeof big);
    int fill = open("fill", O_RDWR | O_CREAT, 0644);
    char *at = map(fd, sizeof big, PROT_READ | PROT_WRITE, MAP_SHARED);
    size_t stored = 0;

    while (write(fill, big, sizeof big) > 0)
        ;
    CHECK(errno == ENOSPC);
    while (write(fill, big, 512) > 0)
        ;
    CHECK(!ftruncate(fill, lseek(fill, 0, SEEK_END) - 10 * PAGE));
    while (stored < sizeof big && !touch(at + stored, 1))
        stored += PAGE;
    CHECK(stored > 0 && stored < sizeof big && stored <= 11 * PAGE);
    CHECK(touch(at + stored, 0) == 0 && touch(at + stored, 1) == SIGBUS);
    CHECK(!msync(at, sizeof big, MS_SYNC) && !fsync(fd));
    int kept = 0;
    char byte;
    for (size_t i = 0; i < stored; i += PAGE)
        kept += pread(fd, &byte, 1, i) == 1 && byte == 1;
    CHECK(kept == (int)(stored / PAGE));
    CHECK(!ftruncate(fill, 0) && touch(at + stored, 1) == 0);
    munmap(at, sizeof big);
    close(fd);
    close(fill);
    CHECK(!unlink("h") && !unlink("fill"));
}

int main(int argc, char **argv)
{
    int full = argc == 3 && !strcmp(argv[1], "full");
    int large = argc == 3 && !strcmp(argv[1], "large");

    if ((argc != 2 && !full && !large) || chdir(argv[argc - 1])) {
        fprintf(stderr, "usage: mapped [full|large] DIRECTORY\n");
        return 2;
    }
    signal(SIGBUS, on_signal);
    signal(SIGSEGV, on_signal);
    if (large) {
        written_from_a_large_mapping();
    } else if (full) {
        holes_of_a_full_disk();
    } else {
        for (int way = 0; way < 4; way++)
            growing(way);
        beyond_the_end();
        syncing();
        unlinked();
    }
    printf("files: %d checks, %d failed\n", checks, failed);
    return failed != 0;
}
