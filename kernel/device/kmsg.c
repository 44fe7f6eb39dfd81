/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kmsg: what the kernel has printed, each byte read once. */
#include "core/kernel.h"
#include "device/private.h"

#define READ_MAX 4096u

static struct {
    struct list readers; /* of struct device_io */
    uint64_t position;
} kmsg;

/* False: there is nothing to read. */
static bool answer(struct device_io *io)
{
    char text[READ_MAX];
    size_t size =
        kernel_log_read(&kmsg.position, text, min_of(io->size_bytes, READ_MAX));

    if (size == 0 && io->size_bytes != 0) {
        return false;
    }
    device_io_read_done(io, text, size);
    return true;
}

static void printed(void)
{
    struct list *first;

    while ((first = list_first(&kmsg.readers)) != NULL) {
        list_remove(first);
        if (!answer(list_entry(first, struct device_io, link))) {
            list_prepend(&kmsg.readers, first);
            return;
        }
    }
}

static kern_return_t kmsg_read(struct device *device, struct device_io *io)
{
    if (answer(io)) {
        return D_SUCCESS;
    }
    if (io->mode & D_NOWAIT) {
        return D_WOULD_BLOCK;
    }
    list_append(&kmsg.readers, &io->link);
    return D_SUCCESS;
}

static kern_return_t kmsg_get_status(struct device *device, dev_flavor_t flavor,
                                     int *status, mach_msg_type_number_t *count)
{
    if (flavor != DEV_GET_SIZE || *count < DEV_GET_SIZE_COUNT) {
        return D_INVALID_OPERATION;
    }
    status[DEV_GET_SIZE_DEVICE_SIZE] = 0;
    status[DEV_GET_SIZE_RECORD_SIZE] = 1;
    *count = DEV_GET_SIZE_COUNT;
    return D_SUCCESS;
}

static const struct device_ops kmsg_ops = {
    .read = kmsg_read,
    .get_status = kmsg_get_status,
};

void kmsg_init(void)
{
    list_init(&kmsg.readers);
    kmsg.position = 0;
    kernel_log_listener = printed;
    device_add("kmsg", &kmsg_ops);
}

void kmsg_fini(void)
{
    struct list *first;

    kernel_log_listener = NULL;
    while ((first = list_first(&kmsg.readers)) != NULL) {
        list_remove(first);
        device_io_fail(list_entry(first, struct device_io, link),
                       D_DEVICE_DOWN);
    }
}
