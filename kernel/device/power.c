/* SPDX-License-Identifier: GPL-2.0-or-later */
/* power: the button.  A read waits until the host wants the machine to end (a
 * signal, the console's escape); who reads it ends the system in order. */
#include "device/device.h"
#include "device/private.h"

static struct list readers; /* of struct device_io */

static kern_return_t power_read(struct device *device, struct device_io *io)
{
    if (io->mode & D_NOWAIT) {
        return D_WOULD_BLOCK;
    }
    list_append(&readers, &io->link);
    return D_SUCCESS;
}

bool device_waits_for_people(void)
{
    return list_first(&readers) != NULL || console_has_readers();
}

bool device_power_pressed(void)
{
    struct list *first = list_first(&readers);

    if (first == NULL) {
        return false;
    }
    list_remove(first);
    device_io_read_done(list_entry(first, struct device_io, link), "!", 1);
    return true;
}

static const struct device_ops power_ops = {
    .read = power_read,
};

void power_init(void)
{
    list_init(&readers);
    device_add("power", &power_ops);
}

void power_fini(void)
{
    struct list *first;

    while ((first = list_first(&readers)) != NULL) {
        list_remove(first);
        device_io_fail(list_entry(first, struct device_io, link),
                       D_DEVICE_DOWN);
    }
}
