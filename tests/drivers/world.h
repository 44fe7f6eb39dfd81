/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/drivers/world.h: a machine, and the rump calls on it, for one test. */
#ifndef TESTS_DRIVERS_WORLD_H
#define TESTS_DRIVERS_WORLD_H

#include "drivers/host/host.h"
#include "drivers/hypercall.h"
#include "drivers/rump.h"
#include "drivers/rump/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define SECTOR 512u
/* In each disk of these machines. */
#define SECTORS 65536u

/* What differs between the kinds of controllers. */
struct kind {
    enum machine_controller_kind controller;
    const char *name;  /* "/dev/rwd0d" */
    const char *other; /* "/dev/rwd1d" */
};
extern const struct kind ahci, virtio;

/* Starts a machine with two disks, the second one read-only if READ_ONLY, and
 * the rump calls: for AHCI at one controller, for virtio at two. */
void world_start(const struct kind *kind, bool read_only);
/* Looks that the driver left nothing behind and was never blamed. */
void world_stop(void);

int open_disk(const char *name, int flags);

/* What SEED says should be in the sectors from FIRST on; and whether it is. */
void fill(void *data, uint64_t first, size_t size, unsigned seed);
bool is_filled(const void *data, uint64_t first, size_t size, unsigned seed);

/* Runs COUNT threads of FUN(index) to their end. */
void run_threads(unsigned count, void (*fun)(unsigned index));
/* The two halves. */
void start_threads(unsigned count, void (*fun)(unsigned index));
void join_threads(void);
/* Waits up to some seconds until CONDITION holds. */
#define WAIT_FOR(condition)                                                    \
    do {                                                                       \
        for (unsigned wait_ = 0; !(condition) && wait_ < 5000; wait_++) {      \
            hyp_sleep_us(1000);                                                \
        }                                                                      \
        assert_true(condition);                                                \
    } while (0)

#endif
