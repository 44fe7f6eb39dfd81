/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is promised of the AHCI driver alone. */
#include "tests/drivers/world.h"

#include <stdio.h>

/* An access to a register costs a trap. */
static void a_request_takes_few_register_accesses(void **state)
{
    struct host_counts before, after;
    uint64_t reads, writes, interrupts;
    char data[SECTOR];
    int fd;

    (void)state;
    world_start(&ahci, false);
    fd = open_disk(ahci.name, RUMP_O_RDWR);
    before = host_counts();
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(rump_sys_pread(fd, data, SECTOR, 0), SECTOR);
    }
    hyp_sleep_us(10000);
    after = host_counts();
    reads = after.register_reads - before.register_reads;
    writes = after.register_writes - before.register_writes;
    interrupts = after.interrupts - before.interrupts;
    assert_int_equal(interrupts, 100);
    assert_int_equal(writes, 100 * 2 + interrupts * 2);
    assert_int_equal(reads, interrupts * 2);
    world_stop();
}

#define CONTROLLERS 8u

static struct {
    int fds[CONTROLLERS];
    _Atomic unsigned good;
} all;

static void use_one(unsigned index)
{
    char data[8 * SECTOR];
    bool good = true;

    for (unsigned i = 0; i < 50; i++) {
        off_t at = (off_t)i * (off_t)sizeof data;

        fill(data, i * 8, sizeof data, index);
        good = good && rump_sys_pwrite(all.fds[index], data, sizeof data, at) ==
                           sizeof data;
        good = good && rump_sys_pread(all.fds[index], data, sizeof data, at) ==
                           sizeof data;
        good = good && is_filled(data, i * 8, sizeof data, index);
    }
    all.good += good;
}

/* There are fewer lines than controllers. */
static void controllers_share_interrupt_lines(void **state)
{
    struct host_controller controllers[CONTROLLERS];
    struct host_config config = {.controller_count = CONTROLLERS,
                                 .controllers = controllers,
                                 .quiet = true};
    char name[32];

    (void)state;
    for (unsigned i = 0; i < CONTROLLERS; i++) {
        controllers[i] = (struct host_controller){
            .kind = MACHINE_AHCI,
            .disk_count = 1,
            .disks = {{.sector_count = 1024, .serial = "MANY"}}};
    }
    assert_int_equal(host_start(&config), 0);
    assert_int_equal(rump_init(), 0);
    for (unsigned i = 0; i < CONTROLLERS; i++) {
        snprintf(name, sizeof name, "/dev/rwd%ud", i);
        all.fds[i] = open_disk(name, RUMP_O_RDWR);
    }
    run_threads(CONTROLLERS, use_one);
    assert_int_equal(all.good, CONTROLLERS);
    world_stop();
}

static void a_machine_without_disks_has_none(void **state)
{
    struct host_controller controller = {.kind = MACHINE_AHCI};
    struct host_config config = {.controllers = &controller, .quiet = true};

    (void)state;
    for (unsigned count = 0; count < 2; count++) {
        config.controller_count = count;
        assert_int_equal(host_start(&config), 0);
        assert_int_equal(rump_init(), 0);
        assert_int_equal(rump_sys_open("/dev/rwd0d", RUMP_O_RDONLY), -1);
        assert_int_equal(rump_errno, RUMP_ENXIO);
        world_stop();
    }
}

static void without_a_machine_there_is_no_start(void **state)
{
    (void)state;
    assert_int_equal(rump_init(), -1);
    assert_int_equal(rump_errno, RUMP_ENXIO);
    assert_int_equal(rump_sys_open("/dev/rwd0d", RUMP_O_RDONLY), -1);
}

/* Somebody else has taken the function. */
static void a_claimed_controller_is_left_alone(void **state)
{
    struct hyp_pci_id id;
    struct hyp_pci *pci;

    (void)state;
    world_start(&ahci, false);
    for (unsigned i = 0; (pci = hyp_pci_get(i, &id)) != NULL; i++) {
        if (id.class_code == 0x010601) {
            assert_int_equal(hyp_pci_claim(pci), DRIVER_EBUSY);
        }
    }
    world_stop();
}

/* With little memory for devices all wait for a buffer and get on. */
static void bounce_buffers_may_be_few(void **state)
{
    struct host_controller controller = {
        .kind = MACHINE_AHCI,
        .disk_count = 1,
        .disks = {{.sector_count = 1024, .serial = "SMALL"}}};
    struct host_config config = {.controller_count = 1,
                                 .controllers = &controller,
                                 .memory_bytes = 400 << 10,
                                 .quiet = true};

    (void)state;
    assert_int_equal(host_start(&config), 0);
    assert_int_equal(rump_init(), 0);
    for (unsigned i = 0; i < CONTROLLERS; i++) {
        all.fds[i] = open_disk("/dev/rwd0d", RUMP_O_RDONLY);
    }
    all.good = 0;
    for (unsigned i = 0; i < 10; i++) {
        static char data[512 * SECTOR];
        assert_int_equal(rump_sys_pread(all.fds[0], data, sizeof data, 0),
                         sizeof data);
    }
    world_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_takes_few_register_accesses),
        cmocka_unit_test(controllers_share_interrupt_lines),
        cmocka_unit_test(a_machine_without_disks_has_none),
        cmocka_unit_test(without_a_machine_there_is_no_start),
        cmocka_unit_test(a_claimed_controller_is_left_alone),
        cmocka_unit_test(bounce_buffers_may_be_few),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
