/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/rump/kernel.c: from nothing to disks with names, and back. */

#include "drivers/rump/private.h"

static const struct block_driver *const drivers[] = {&ahci_driver,
                                                     &virtio_blk_driver};

static struct {
    struct hyp_lock
        *lock; /* these two are kept: who comes too late uses them */
    struct hyp_cond *left;
    bool up;
    unsigned users; /* between rump_enter and rump_leave */
    struct block_controller *controllers[RUMP_CONTROLLERS_MAX];
    unsigned controller_count;
    struct block_disk *disks[BLOCK_KINDS][RUMP_UNITS_MAX];
    unsigned disk_count[BLOCK_KINDS];
} kernel;

bool rump_enter(void)
{
    bool up;

    if (kernel.lock == NULL) {
        return false;
    }
    hyp_lock_acquire(kernel.lock);
    up = kernel.up;
    kernel.users += up;
    hyp_lock_release(kernel.lock);
    return up;
}

void rump_leave(void)
{
    hyp_lock_acquire(kernel.lock);
    if (--kernel.users == 0) {
        hyp_cond_broadcast(kernel.left);
    }
    hyp_lock_release(kernel.lock);
}

struct block_disk *rump_disk(enum block_kind kind, unsigned unit)
{
    return unit < kernel.disk_count[kind] ? kernel.disks[kind][unit] : NULL;
}

/* --- finding -------------------------------------------------------------- */

static void name_disk(struct block_disk *disk)
{
    static const char *const names[BLOCK_KINDS] = {"wd", "ld"};
    unsigned *count = &kernel.disk_count[disk->kind];

    if (*count == RUMP_UNITS_MAX) {
        hyp_log("%s: no more than %u disks", names[disk->kind], *count);
        return;
    }
    hyp_log("%s%u: %s%s%s, %llu sectors of %u bytes%s", names[disk->kind],
            *count, disk->model, disk->model[0] != 0 ? " " : "", disk->serial,
            (unsigned long long)disk->sector_count, disk->sector_bytes,
            disk->read_only ? ", read only" : "");
    kernel.disks[disk->kind][(*count)++] = disk;
}

static const char *reason(enum driver_error err)
{
    switch (err) {
    case DRIVER_EBUSY:
        return "is in use by another driver";
    case DRIVER_ENOMEM:
        return "does not start: no memory";
    case DRIVER_ETIMEDOUT:
        return "does not start: it does not answer";
    default:
        return "does not start";
    }
}

static void attach(const struct block_driver *driver, struct hyp_pci *pci,
                   const struct hyp_pci_id *id)
{
    struct block_controller *controller;
    enum driver_error err = hyp_pci_claim(pci);

    if (err == DRIVER_OK) {
        err = driver->attach(pci, &controller);
        if (err != DRIVER_OK) {
            hyp_pci_release(pci);
        }
    }
    if (err != DRIVER_OK) {
        hyp_log("%s: the controller at %02x:%02x.%u %s", driver->name, id->bus,
                id->slot, id->function, reason(err));
        return;
    }
    kernel.controllers[kernel.controller_count++] = controller;
    for (unsigned i = 0; i < controller->disk_count; i++) {
        name_disk(controller->disks[i]);
    }
}

static void find_controllers(void)
{
    struct hyp_pci_id id;
    struct hyp_pci *pci;

    for (unsigned i = 0; (pci = hyp_pci_get(i, &id)) != NULL; i++) {
        for (size_t d = 0; d < sizeof drivers / sizeof drivers[0]; d++) {
            if (drivers[d]->match(&id) &&
                kernel.controller_count < RUMP_CONTROLLERS_MAX) {
                attach(drivers[d], pci, &id);
                break;
            }
        }
    }
}

static void forget_all(void)
{
    rump_files_end();
    rump_bio_end();
    rump_transfer_end();
    kernel.controller_count = 0;
    for (unsigned kind = 0; kind < BLOCK_KINDS; kind++) {
        kernel.disk_count[kind] = 0;
    }
}

static enum driver_error make_locks(void)
{
    enum driver_error err;

    if (kernel.lock == NULL) {
        kernel.lock = hyp_lock_create();
    }
    if (kernel.left == NULL) {
        kernel.left = hyp_cond_create();
    }
    if (kernel.lock == NULL || kernel.left == NULL) {
        return DRIVER_ENOMEM;
    }
    err = rump_transfer_init();
    if (err == DRIVER_OK) {
        err = rump_bio_init();
    }
    return err == DRIVER_OK ? rump_files_init() : err;
}

int rump_init(void)
{
    enum driver_error err;

    if (kernel.up) {
        return 0;
    }
    err = hyp_pci_init();
    if (err != DRIVER_OK) {
        return rump_fail(rump_error_number(err));
    }
    err = make_locks();
    if (err != DRIVER_OK) {
        forget_all();
        return rump_fail(rump_error_number(err));
    }
    find_controllers();
    hyp_lock_acquire(kernel.lock);
    kernel.up = true;
    hyp_lock_release(kernel.lock);
    return 0;
}

/* --- the end -------------------------------------------------------------- */

/* The first error, if any. */
static enum driver_error flush_all(void)
{
    enum driver_error first = DRIVER_OK;

    for (unsigned kind = 0; kind < BLOCK_KINDS; kind++) {
        for (unsigned i = 0; i < kernel.disk_count[kind]; i++) {
            enum driver_error err =
                rump_transfer(kernel.disks[kind][i], BLOCK_FLUSH, NULL, 0, 0);
            first = first == DRIVER_OK ? err : first;
        }
    }
    return first;
}

void rump_sys_sync(void)
{
    if (rump_enter()) {
        flush_all();
        rump_leave();
    }
}

int rump_sys_reboot(int flags, char *bootstr)
{
    enum driver_error err;
    bool was_up;

    (void)flags;
    (void)bootstr;
    if (kernel.lock == NULL) {
        return rump_fail(RUMP_ENXIO);
    }
    hyp_lock_acquire(kernel.lock);
    was_up = kernel.up;
    kernel.up = false;
    while (was_up && kernel.users > 0) {
        hyp_cond_wait(kernel.left, kernel.lock, 0);
    }
    hyp_lock_release(kernel.lock);
    if (!was_up) {
        return rump_fail(RUMP_ENXIO); /* somebody is at it */
    }
    err = flush_all();
    while (kernel.controller_count > 0) {
        struct block_controller *controller =
            kernel.controllers[--kernel.controller_count];
        struct hyp_pci *pci = controller->pci;

        controller->driver->detach(controller);
        hyp_pci_release(pci);
    }
    forget_all();
    return err == DRIVER_OK ? 0 : rump_fail(rump_error_number(err));
}
