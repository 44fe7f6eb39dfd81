/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transfers that nobody waits for. */
#include "tests/drivers/world.h"

#include <string.h>

#define BIOS 100u
#define SIZE (8 * SECTOR)

static struct {
    struct rump_bio bios[BIOS];
    char *data; /* of the devices' memory */
    _Atomic unsigned done, failed;
    _Atomic int error; /* the last */
} all;

static void bio_done(struct rump_bio *bio, int error)
{
    (void)bio;
    if (error != 0) {
        all.error = error;
        all.failed++;
    }
    all.done++;
}

static void start(const struct kind *kind)
{
    uint64_t phys;
    int fd;

    world_start(kind, false);
    all.data = hyp_dma_alloc(BIOS * SIZE, &phys);
    assert_non_null(all.data);
    all.done = 0;
    all.failed = 0;
    fd = open_disk(kind->name, RUMP_O_RDWR);
    for (unsigned i = 0; i < BIOS; i++) {
        all.bios[i] = (struct rump_bio){.fd = fd,
                                        .data = all.data + i * SIZE,
                                        .size = SIZE,
                                        .offset = (off_t)(i * SIZE),
                                        .done = bio_done};
    }
}

static void begin_all(int write)
{
    all.done = 0;
    for (unsigned i = 0; i < BIOS; i++) {
        all.bios[i].write = write;
        assert_int_equal(rump_bio(&all.bios[i]), 0);
    }
}

static void stop(void)
{
    hyp_dma_free(all.data, BIOS * SIZE);
    world_stop();
}

static void any_number_are_under_way_at_once(void **state)
{
    start(*state);
    fill(all.data, 0, BIOS * SIZE, 4);
    host_disk_hold(0, true);
    begin_all(1);
    assert_int_equal(all.done, 0);
    host_disk_hold(0, false);
    WAIT_FOR(all.done == BIOS);
    memset(all.data, 0, BIOS * SIZE);
    begin_all(0);
    WAIT_FOR(all.done == BIOS);
    assert_int_equal(all.failed, 0);
    assert_true(is_filled(all.data, 0, BIOS * SIZE, 4));
    stop();
}

static void the_one_with_the_bad_sector_fails(void **state)
{
    start(*state);
    host_disk_fail(0, 77, true);
    begin_all(0);
    WAIT_FOR(all.done == BIOS);
    assert_int_equal(all.failed, 1);
    assert_int_equal(all.error, RUMP_EIO);
    stop();
}

static void all_fail_when_the_disk_goes(void **state)
{
    start(*state);
    host_disk_hold(0, true);
    begin_all(0);
    host_disk_unplug(0);
    host_disk_hold(0, false);
    WAIT_FOR(all.done == BIOS);
    assert_int_equal(all.failed, BIOS);
    assert_int_equal(all.error, RUMP_ENXIO);
    hyp_dma_free(all.data, BIOS * SIZE);
    assert_int_equal(rump_sys_reboot(0, NULL), -1);
    host_stop();
}

static void what_cannot_be_begun_is_not_ended(void **state)
{
    char data[SECTOR];
    struct rump_bio bio;

    start(*state);
    bio = all.bios[0];
    bio.data = data; /* no device reaches it */
    bio.size = sizeof data;
    assert_int_equal(rump_bio(&bio), -1);
    assert_int_equal(rump_errno, RUMP_EAGAIN);
    bio = all.bios[0];
    bio.offset = (off_t)SECTORS * SECTOR;
    assert_int_equal(rump_bio(&bio), -1);
    assert_int_equal(rump_errno, RUMP_EINVAL);
    bio.offset = 0;
    bio.fd = 99;
    assert_int_equal(rump_bio(&bio), -1);
    assert_int_equal(rump_errno, RUMP_EBADF);
    assert_int_equal(all.done, 0);
    stop();
}

/* Held back by the disk, and let go while the driver tries to stop it. */
static void let_go(unsigned index)
{
    (void)index;
    hyp_sleep_us(200000);
    host_disk_hold(0, false);
}

static void the_one_that_lasts_is_given_up(void **state)
{
    start(*state);
    host_disk_hold(0, true);
    assert_int_equal(rump_bio(&all.bios[0]), 0);
    assert_true(rump_bio_check()); /* sees it */
    assert_true(rump_bio_check()); /* asks the driver for the first time */
    assert_int_equal(all.done, 0);
    start_threads(1, let_go);
    assert_true(rump_bio_check()); /* for the second */
    join_threads();
    assert_int_equal(all.done, 1);
    assert_int_equal(all.error, RUMP_ETIMEDOUT);
    begin_all(0);
    WAIT_FOR(all.done == BIOS);
    assert_true(rump_bio_check());
    assert_false(rump_bio_check()); /* nothing since */
    stop();
}

#define LIST(kind)                                                             \
    TEST(any_number_are_under_way_at_once, kind)                               \
    TEST(the_one_with_the_bad_sector_fails, kind)                              \
    TEST(all_fail_when_the_disk_goes, kind)                                    \
    TEST(what_cannot_be_begun_is_not_ended, kind)                              \
    TEST(the_one_that_lasts_is_given_up, kind)
#define TEST(fun, kind) {#kind ": " #fun, fun, NULL, NULL, (void *)&kind},

int main(void)
{
    const struct CMUnitTest tests[] = {LIST(ahci) LIST(virtio)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
