/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What drivers/rump.h and drivers/block.h promise, for every kind of disk. */
#include "tests/drivers/world.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1u << 20)

/* cmocka's assertions belong to the main thread: others count here. */
static struct {
    const struct kind *kind;
    int fd;
    _Atomic unsigned good, bad;
} shared;

static const struct kind *kind_of(void **state)
{
    return *state;
}

static void share(const struct kind *kind, int fd)
{
    shared.kind = kind;
    shared.fd = fd;
    shared.good = 0;
    shared.bad = 0;
}

static void count(bool good)
{
    if (good) {
        shared.good++;
    } else {
        shared.bad++;
    }
}

/* --- names and descriptors ------------------------------------------------ */

static void a_disk_tells_its_size(void **state)
{
    unsigned sector = 0;
    uint64_t size = 0;
    int fd;

    world_start(kind_of(state), false);
    fd = open_disk(kind_of(state)->name, RUMP_O_RDONLY);
    assert_int_equal(rump_sys_ioctl(fd, RUMP_DIOCGMEDIASIZE, &size), 0);
    assert_int_equal(rump_sys_ioctl(fd, RUMP_DIOCGSECTORSIZE, &sector), 0);
    assert_int_equal(size, SECTORS * SECTOR);
    assert_int_equal(sector, SECTOR);
    assert_int_equal(rump_sys_lseek(fd, 0, SEEK_END), SECTORS * SECTOR);
    assert_int_equal(rump_sys_ioctl(fd, 0x1234, &size), -1);
    assert_int_equal(rump_errno, RUMP_ENOTTY);
    world_stop();
}

static void a_disk_has_three_names(void **state)
{
    char name[32];

    world_start(kind_of(state), false);
    open_disk(kind_of(state)->name, RUMP_O_RDWR);
    snprintf(name, sizeof name, "/dev/%s", kind_of(state)->name + 6);
    open_disk(name, RUMP_O_RDWR);
    name[strlen(name) - 1] = '\0';
    open_disk(name, RUMP_O_RDWR);
    world_stop();
}

static void other_names_are_no_disks(void **state)
{
    static const char *const none[] = {"",           "wd0",
                                       "/dev/",      "/dev/wd",
                                       "/dev/rwd0",  "/dev/rwd0da",
                                       "/dev/rwd0a", "/dev/rwwd0d",
                                       "/dev/null",  "/dev/wd00000000000"};

    world_start(kind_of(state), false);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(rump_sys_open(none[i], RUMP_O_RDONLY), -1);
        assert_int_equal(rump_errno, RUMP_ENOENT);
    }
    assert_int_equal(rump_sys_open("/dev/rwd7d", RUMP_O_RDONLY), -1);
    assert_int_equal(rump_errno, RUMP_ENXIO);
    assert_int_equal(rump_sys_open("/dev/rld9999d", RUMP_O_RDONLY), -1);
    assert_int_equal(rump_errno, RUMP_ENXIO);
    world_stop();
}

static void descriptors_are_few_and_checked(void **state)
{
    char sector[SECTOR];
    int fd, last = 0;

    world_start(kind_of(state), false);
    fd = open_disk(kind_of(state)->name, RUMP_O_RDONLY);
    assert_int_equal(rump_sys_write(fd, sector, sizeof sector), -1);
    assert_int_equal(rump_errno, RUMP_EBADF);
    assert_int_equal(rump_sys_close(fd), 0);
    assert_int_equal(rump_sys_close(fd), -1);
    assert_int_equal(rump_errno, RUMP_EBADF);
    assert_int_equal(rump_sys_read(-1, sector, sizeof sector), -1);
    assert_int_equal(rump_sys_read(100000, sector, sizeof sector), -1);
    for (int i = 0; last >= 0; i++) {
        assert_true(i < 10000);
        last = rump_sys_open(kind_of(state)->name, RUMP_O_RDONLY);
    }
    assert_int_equal(rump_errno, RUMP_EMFILE);
    world_stop();
}

/* --- data ----------------------------------------------------------------- */

static void what_is_written_is_read_back(void **state)
{
    static const size_t sizes[] = {SECTOR, 4096, 131072, 135168, 3 * MIB};
    char *out = malloc(4 * MIB + 1), *in = malloc(4 * MIB + 1);
    int fd;

    world_start(kind_of(state), false);
    fd = open_disk(kind_of(state)->name, RUMP_O_RDWR);
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ssize_t size = (ssize_t)sizes[i];
        char *at = out + i % 2; /* no buffer need be aligned */

        fill(at, 77, sizes[i], i);
        assert_int_equal(rump_sys_pwrite(fd, at, sizes[i], 77 * SECTOR), size);
        memset(in, 0, sizes[i]);
        assert_int_equal(rump_sys_pread(fd, in, sizes[i], 77 * SECTOR), size);
        assert_true(is_filled(in, 77, sizes[i], i));
        assert_memory_equal(host_disk_sector(0, 77), at, sizes[i]);
    }
    free(out);
    free(in);
    world_stop();
}

static void memory_of_the_devices_is_not_copied(void **state)
{
    struct host_counts before, after;
    uint64_t phys;
    char *data;
    int fd;

    world_start(kind_of(state), false);
    fd = open_disk(kind_of(state)->name, RUMP_O_RDWR);
    data = hyp_dma_alloc(8 * MIB, &phys);
    assert_non_null(data);
    fill(data, 0, 8 * MIB, 3);
    before = host_counts();
    assert_int_equal(rump_sys_pwrite(fd, data, 8 * MIB, 0), 8 * MIB);
    after = host_counts();
    assert_int_equal(after.writes - before.writes, 1);
    assert_int_equal(after.dma_blocks, before.dma_blocks);
    memset(data, 0, 8 * MIB);
    assert_int_equal(rump_sys_pread(fd, data, 8 * MIB, 0), 8 * MIB);
    assert_true(is_filled(data, 0, 8 * MIB, 3));
    hyp_dma_free(data, 8 * MIB);
    world_stop();
}

static void the_end_cuts_short(void **state)
{
    const off_t end = (off_t)SECTORS * SECTOR;
    char data[4 * SECTOR];
    int fd;

    world_start(kind_of(state), false);
    fd = open_disk(kind_of(state)->name, RUMP_O_RDWR);
    assert_int_equal(rump_sys_pread(fd, data, sizeof data, end - 2 * SECTOR),
                     2 * SECTOR);
    assert_int_equal(rump_sys_pwrite(fd, data, sizeof data, end - SECTOR),
                     SECTOR);
    assert_int_equal(rump_sys_pread(fd, data, sizeof data, end), 0);
    assert_int_equal(rump_sys_pread(fd, data, sizeof data, end + SECTOR), -1);
    assert_int_equal(rump_errno, RUMP_EINVAL);
    assert_int_equal(rump_sys_pread(fd, data, sizeof data, 100), -1);
    assert_int_equal(rump_errno, RUMP_EINVAL);
    assert_int_equal(rump_sys_pread(fd, data, 100, 0), -1);
    assert_int_equal(rump_errno, RUMP_EINVAL);
    assert_int_equal(rump_sys_pread(fd, data, SECTOR, -512), -1);
    assert_int_equal(rump_errno, RUMP_EINVAL);
    world_stop();
}

static void read_and_write_move_the_offset(void **state)
{
    char data[2 * SECTOR];
    int fd;

    world_start(kind_of(state), false);
    fd = open_disk(kind_of(state)->name, RUMP_O_RDWR);
    fill(data, 5, sizeof data, 1);
    assert_int_equal(rump_sys_lseek(fd, 5 * SECTOR, SEEK_SET), 5 * SECTOR);
    assert_int_equal(rump_sys_write(fd, data, sizeof data), sizeof data);
    assert_int_equal(rump_sys_lseek(fd, -(off_t)SECTOR, SEEK_CUR), 6 * SECTOR);
    assert_int_equal(rump_sys_read(fd, data, SECTOR), SECTOR);
    assert_true(is_filled(data, 6, SECTOR, 1));
    assert_int_equal(rump_sys_lseek(fd, -1, SEEK_SET), -1);
    assert_int_equal(rump_errno, RUMP_EINVAL);
    world_stop();
}

/* --- many at once --------------------------------------------------------- */

/* Each thread writes and checks its own part of the disk. */
static void work(unsigned index)
{
    unsigned random = index * 7919 + 1;
    uint64_t base = index * (SECTORS / 32);
    char *data = malloc(64 * SECTOR);
    bool good = true;

    for (unsigned round = 0; round < 30 && good; round++) {
        uint64_t first;
        ssize_t size;

        random = random * 1103515245 + 12345;
        first = base + (random >> 8) % (SECTORS / 32 - 64);
        size = (1 + (random >> 20) % 64) * (ssize_t)SECTOR;
        fill(data, first, (size_t)size, round);
        good = rump_sys_pwrite(shared.fd, data, (size_t)size,
                               (off_t)(first * SECTOR)) == size;
        if (round % 10 == 9) {
            good = good && rump_sys_fsync(shared.fd) == 0;
        }
        memset(data, 0, (size_t)size);
        good = good &&
               rump_sys_pread(shared.fd, data, (size_t)size,
                              (off_t)(first * SECTOR)) == size &&
               is_filled(data, first, (size_t)size, round);
    }
    free(data);
    count(good);
}

static void many_threads_do_not_disturb_each_other(void **state)
{
    world_start(kind_of(state), false);
    share(kind_of(state), open_disk(kind_of(state)->name, RUMP_O_RDWR));
    run_threads(32, work);
    assert_int_equal(shared.good, 32);
    assert_true(host_counts().flushes >= 32 * 3);
    world_stop();
}

static void read_one(unsigned index)
{
    char data[SECTOR];

    count(rump_sys_pread(shared.fd, data, sizeof data,
                         (off_t)(index * SECTOR)) == sizeof data);
}

static void many_requests_are_under_way(void **state)
{
    world_start(kind_of(state), false);
    share(kind_of(state), open_disk(kind_of(state)->name, RUMP_O_RDWR));
    host_disk_hold(0, true);
    start_threads(64, read_one); /* more than there are tags */
    WAIT_FOR(host_counts().most_under_way >= 30);
    host_disk_hold(0, false);
    join_threads();
    assert_int_equal(shared.good, 64);
    world_stop();
}

static void a_disk_does_not_wait_for_its_neighbour(void **state)
{
    char data[SECTOR];
    int other;

    world_start(kind_of(state), false);
    share(kind_of(state), open_disk(kind_of(state)->name, RUMP_O_RDWR));
    other = open_disk(kind_of(state)->other, RUMP_O_RDWR);
    host_disk_hold(0, true);
    start_threads(8, read_one);
    WAIT_FOR(host_counts().most_under_way >= 8);
    assert_int_equal(rump_sys_pread(other, data, sizeof data, 0), SECTOR);
    host_disk_hold(0, false);
    join_threads();
    world_stop();
}

static void a_flush_comes_through_among_writes(void **state)
{
    uint64_t before;
    int fd;

    world_start(kind_of(state), false);
    fd = open_disk(kind_of(state)->name, RUMP_O_RDWR);
    before = host_counts().flushes;
    assert_int_equal(rump_sys_fsync(fd), 0);
    assert_int_equal(rump_sys_ioctl(fd, RUMP_DIOCCACHESYNC, &(int){1}), 0);
    rump_sys_sync(); /* both disks */
    assert_int_equal(host_counts().flushes - before, 4);
    world_stop();
}

/* --- trouble -------------------------------------------------------------- */

static void read_expecting_one_bad(unsigned index)
{
    bool bad = index == 5;
    char data[SECTOR];
    ssize_t n =
        rump_sys_pread(shared.fd, data, sizeof data, (off_t)(index * SECTOR));

    count(bad ? n == -1 && rump_errno == RUMP_EIO
              : n == (ssize_t)sizeof data && is_filled(data, index, SECTOR, 9));
}

static void a_bad_sector_fails_alone(void **state)
{
    char data[32 * SECTOR];

    world_start(kind_of(state), false);
    share(kind_of(state), open_disk(kind_of(state)->name, RUMP_O_RDWR));
    fill(data, 0, sizeof data, 9);
    assert_int_equal(rump_sys_pwrite(shared.fd, data, sizeof data, 0),
                     sizeof data);
    host_disk_fail(0, 5, true);
    for (unsigned round = 0; round < 5; round++) {
        run_threads(32, read_expecting_one_bad);
    }
    assert_int_equal(shared.good, 5 * 32);
    /* The error does not outlast its reason. */
    host_disk_fail(0, 5, false);
    assert_int_equal(rump_sys_pread(shared.fd, data, sizeof data, 0),
                     sizeof data);
    assert_true(is_filled(data, 0, sizeof data, 9));
    world_stop();
}

static void a_bad_sector_fails_a_large_transfer(void **state)
{
    char *data = malloc(4 * MIB);
    int fd;

    world_start(kind_of(state), false);
    fd = open_disk(kind_of(state)->name, RUMP_O_RDWR);
    host_disk_fail(0, 1000, true);
    assert_int_equal(rump_sys_pwrite(fd, data, 4 * MIB, 0), -1);
    assert_int_equal(rump_errno, RUMP_EIO);
    assert_int_equal(rump_sys_pread(fd, data, 4 * MIB, 0), -1);
    assert_int_equal(rump_errno, RUMP_EIO);
    assert_int_equal(rump_sys_pread(fd, data, SECTOR, 0), SECTOR);
    free(data);
    world_stop();
}

static void read_expecting_loss(unsigned index)
{
    char data[SECTOR];
    ssize_t n =
        rump_sys_pread(shared.fd, data, sizeof data, (off_t)(index * SECTOR));

    count(n == -1 && rump_errno == RUMP_ENXIO);
}

static void let_go(unsigned index)
{
    (void)index;
    hyp_sleep_us(100000);
    host_disk_hold(0, false);
}

static void a_disk_that_is_pulled_out_is_gone(void **state)
{
    char data[SECTOR];
    int other;

    world_start(kind_of(state), false);
    share(kind_of(state), open_disk(kind_of(state)->name, RUMP_O_RDWR));
    other = open_disk(kind_of(state)->other, RUMP_O_RDWR);
    host_disk_hold(0, true);
    start_threads(40, read_expecting_loss);
    WAIT_FOR(host_counts().most_under_way >= 30);
    host_disk_unplug(0);
    host_disk_hold(0, false);
    join_threads();
    assert_int_equal(shared.good, 40);
    assert_int_equal(rump_sys_pread(shared.fd, data, SECTOR, 0), -1);
    assert_int_equal(rump_errno, RUMP_ENXIO);
    assert_int_equal(rump_sys_fsync(shared.fd), -1);
    assert_int_equal(rump_sys_pread(other, data, SECTOR, 0), SECTOR);
    assert_int_equal(rump_sys_reboot(0, NULL),
                     -1); /* it could not be flushed */
    assert_int_equal(rump_errno, RUMP_ENXIO);
    host_stop();
}

static void a_medium_that_is_protected_says_so(void **state)
{
    char data[SECTOR];
    int fd;

    world_start(kind_of(state), true);
    assert_int_equal(rump_sys_open(kind_of(state)->other, RUMP_O_RDWR), -1);
    assert_int_equal(rump_errno, RUMP_EROFS);
    fd = open_disk(kind_of(state)->other, RUMP_O_RDONLY);
    assert_int_equal(rump_sys_pread(fd, data, sizeof data, 0), SECTOR);
    world_stop();
}

static void read_expecting_a_time_out(unsigned index)
{
    char data[SECTOR];

    (void)index;
    count(rump_sys_pread(shared.fd, data, sizeof data, 0) == -1 &&
          rump_errno == RUMP_ETIMEDOUT);
}

static void a_request_without_answer_is_given_up(void **state)
{
    char data[SECTOR];

    world_start(kind_of(state), false);
    share(kind_of(state), open_disk(kind_of(state)->name, RUMP_O_RDWR));
    rump_overdue_ms = 100;
    host_disk_hold(0, true);
    start_threads(1, read_expecting_a_time_out);
    hyp_sleep_us(500000);
    let_go(0);
    join_threads();
    assert_int_equal(shared.good, 1);
    assert_int_equal(rump_sys_pread(shared.fd, data, SECTOR, 0), SECTOR);
    world_stop();
}

/* --- the end -------------------------------------------------------------- */

static void after_the_reboot_nothing_works(void **state)
{
    char data[SECTOR];
    int fd;

    world_start(kind_of(state), false);
    fd = open_disk(kind_of(state)->name, RUMP_O_RDWR);
    assert_int_equal(rump_sys_reboot(0, NULL), 0);
    assert_int_equal(rump_sys_pread(fd, data, SECTOR, 0), -1);
    assert_int_equal(rump_errno, RUMP_ENXIO);
    assert_int_equal(rump_sys_open(kind_of(state)->name, RUMP_O_RDONLY), -1);
    assert_int_equal(rump_errno, RUMP_ENXIO);
    assert_int_equal(rump_sys_reboot(0, NULL), -1);
    assert_int_equal(rump_init(), 0);
    fd = open_disk(kind_of(state)->name, RUMP_O_RDWR);
    assert_int_equal(rump_sys_pread(fd, data, SECTOR, 0), SECTOR);
    world_stop();
}

static void the_reboot_waits_for_those_who_read(void **state)
{
    world_start(kind_of(state), false);
    share(kind_of(state), open_disk(kind_of(state)->name, RUMP_O_RDWR));
    host_disk_hold(0, true);
    start_threads(16, read_one);
    WAIT_FOR(host_counts().most_under_way >= 16);
    host_disk_hold(0, false);
    assert_int_equal(rump_sys_reboot(0, NULL), 0);
    join_threads();
    assert_int_equal(shared.good, 16);
    host_stop();
}

#define LIST(kind)                                                             \
    TEST(a_disk_tells_its_size, kind)                                          \
    TEST(a_disk_has_three_names, kind)                                         \
    TEST(other_names_are_no_disks, kind)                                       \
    TEST(descriptors_are_few_and_checked, kind)                                \
    TEST(what_is_written_is_read_back, kind)                                   \
    TEST(memory_of_the_devices_is_not_copied, kind)                            \
    TEST(the_end_cuts_short, kind)                                             \
    TEST(read_and_write_move_the_offset, kind)                                 \
    TEST(many_threads_do_not_disturb_each_other, kind)                         \
    TEST(many_requests_are_under_way, kind)                                    \
    TEST(a_disk_does_not_wait_for_its_neighbour, kind)                         \
    TEST(a_flush_comes_through_among_writes, kind)                             \
    TEST(a_bad_sector_fails_alone, kind)                                       \
    TEST(a_bad_sector_fails_a_large_transfer, kind)                            \
    TEST(a_disk_that_is_pulled_out_is_gone, kind)                              \
    TEST(a_medium_that_is_protected_says_so, kind)                             \
    TEST(a_request_without_answer_is_given_up, kind)                           \
    TEST(after_the_reboot_nothing_works, kind)                                 \
    TEST(the_reboot_waits_for_those_who_read, kind)
#define TEST(fun, kind) {#kind ": " #fun, fun, NULL, NULL, (void *)&kind},

int main(void)
{
    const struct CMUnitTest tests[] = {LIST(ahci) LIST(virtio)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
