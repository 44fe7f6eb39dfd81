/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console: raw characters both ways; lines are the terminal server's. */
#include "core/kernel.h"
#include "device/device.h"
#include "device/private.h"
#include "vm/map.h"

#include <device/tty_status.h>

#define INPUT_MAX     4096u
#define COPY_CHUNK    1024u
#define CONSOLE_SPEED B38400

static struct {
    struct device *device;
    struct list readers; /* of struct device_io */
    char input[INPUT_MAX];
    uint32_t first, count;
    bool ended;    /* there will be no more input */
    bool end_told; /* by a read since the console was last opened */
    bool full;     /* the platform was told to wait */
    struct tty_status status;
} console;

/* --- input --------------------------------------------------------------------- */

static void answer(struct device_io *io)
{
    char bytes[INPUT_MAX];
    uint32_t size = min_of(io->size_bytes, console.count);

    for (uint32_t i = 0; i < size; i++) {
        bytes[i] = console.input[(console.first + i) % INPUT_MAX];
    }
    console.first = (console.first + size) % INPUT_MAX;
    console.count -= size;
    if (console.full && size != 0) {
        console.full = false;
        platform_console_resume();
    }
    console.end_told |= io->size_bytes != 0 && size == 0;
    device_io_read_done(io, bytes, size);
}

/* GNU Mach's console has no end: who reads it waits.  (D_NOWAIT is about the
 * carrier alone, which is always there.)  Ours may have one, which is told as a
 * read that gives nothing, once to who opened the console; the next one waits.
 * A terminal that knows of no end asks again at once, and would for ever. */
static bool end_is_news(void)
{
    return console.ended && !console.end_told;
}

static void answer_readers(void)
{
    struct list *first;
    bool end = end_is_news();

    while ((console.count != 0 || end) &&
           (first = list_first(&console.readers)) != NULL) {
        list_remove(first);
        answer(list_entry(first, struct device_io, link));
    }
}

bool console_has_readers(void)
{
    return list_first(&console.readers) != NULL;
}

size_t device_console_room(void)
{
    size_t room = INPUT_MAX - console.count;

    console.full = room == 0;
    return room;
}

/* What comes although there is no room is dropped, as by any terminal line. */
void device_console_input(const char *text, size_t size_bytes)
{
    console.ended |= size_bytes == 0;
    for (size_t i = 0; i < size_bytes; i++) {
        if (console.count == INPUT_MAX) {
            answer_readers();
        }
        if (console.count < INPUT_MAX) {
            console.input[(console.first + console.count) % INPUT_MAX] =
                text[i];
            console.count++;
        }
    }
    answer_readers();
}

static kern_return_t console_open(struct device *device, dev_mode_t mode)
{
    console.end_told = false;
    return D_SUCCESS;
}

static kern_return_t console_read(struct device *device, struct device_io *io)
{
    if (console.count == 0 && !end_is_news() && io->size_bytes != 0) {
        list_append(&console.readers, &io->link);
    } else {
        answer(io);
    }
    return D_SUCCESS;
}

/* --- output --------------------------------------------------------------------- */

/* Continues at IO's record number, which counts what has been written. */
static void write_on(struct device_io *io);

static void write_wait_done(struct vm_fault_wait *wait, kern_return_t result)
{
    struct device_io *io = list_entry(wait, struct device_io, wait);

    if (result == KERN_SUCCESS) {
        write_on(io);
    } else {
        device_io_fail(io, D_IO_ERROR);
    }
}

static void write_on(struct device_io *io)
{
    char bytes[COPY_CHUNK];
    kern_return_t kr;
    uint32_t size;

    while (io->recnum < io->size_bytes) {
        size = min_of(COPY_CHUNK, io->size_bytes - io->recnum);
        io->wait.done = write_wait_done;
        kr = vm_map_copy_read(io->data, io->recnum, bytes, size, &io->wait);
        if (kr == KERN_WAITING) {
            return;
        }
        if (kr != KERN_SUCCESS) {
            device_io_fail(io, D_IO_ERROR);
            return;
        }
        kernel_console_write(bytes, size);
        io->recnum += size;
    }
    device_io_written(io, io->size_bytes);
}

static kern_return_t console_write(struct device *device, struct device_io *io)
{
    if (io->inband) {
        kernel_console_write(io->bytes, io->size_bytes);
        device_io_written(io, io->size_bytes);
    } else {
        io->recnum = 0;
        write_on(io);
    }
    return D_SUCCESS;
}

/* --- status --------------------------------------------------------------------- */

static kern_return_t console_get_status(struct device *device,
                                        dev_flavor_t flavor, int *status,
                                        mach_msg_type_number_t *count)
{
    unsigned rows, columns;

    switch (flavor) {
    case TTY_STATUS:
        if (*count < TTY_STATUS_COUNT) {
            return D_INVALID_SIZE;
        }
        memcpy(status, &console.status, sizeof console.status);
        *count = TTY_STATUS_COUNT;
        return D_SUCCESS;
    case TTY_MODEM:
        if (*count < TTY_MODEM_COUNT) {
            return D_INVALID_SIZE;
        }
        status[0] = TM_LE | TM_DTR | TM_RTS | TM_CTS | TM_CAR | TM_DSR;
        *count = TTY_MODEM_COUNT;
        return D_SUCCESS;
    case DEVICE_TTY_WINDOW:
        if (*count < DEVICE_TTY_WINDOW_COUNT) {
            return D_INVALID_SIZE;
        }
        platform_console_size(&rows, &columns);
        status[0] = rows;
        status[1] = columns;
        *count = DEVICE_TTY_WINDOW_COUNT;
        return D_SUCCESS;
    default:
        return D_INVALID_OPERATION;
    }
}

static kern_return_t console_set_status(struct device *device,
                                        dev_flavor_t flavor, const int *status,
                                        mach_msg_type_number_t count)
{
    switch (flavor) {
    case TTY_STATUS:
        if (count < TTY_STATUS_COUNT) {
            return D_INVALID_SIZE;
        }
        memcpy(&console.status, status, sizeof console.status);
        return D_SUCCESS;
    case TTY_FLUSH:
        if (count < TTY_FLUSH_COUNT) {
            return D_INVALID_SIZE;
        }
        if (status[0] & D_READ) {
            console.count = 0;
        }
        return D_SUCCESS;
    case DEVICE_TTY_SHOWN:
        if (count < DEVICE_TTY_SHOWN_COUNT) {
            return D_INVALID_SIZE;
        }
        kernel_console_show(status[0] != 0);
        return D_SUCCESS;
    case TTY_MODEM:
    case TTY_STOP:
    case TTY_START:
    case TTY_SET_BREAK:
    case TTY_CLEAR_BREAK:
        return D_SUCCESS; /* lines that this console does not have */
    default:
        return D_INVALID_OPERATION;
    }
}

/* Who wants to know asks: there is no message for it. */
void device_console_resized(void)
{
}

static const struct device_ops console_ops = {
    .open = console_open,
    .read = console_read,
    .write = console_write,
    .get_status = console_get_status,
    .set_status = console_set_status,
};

void console_init(void)
{
    memset(&console, 0, sizeof console);
    list_init(&console.readers);
    console.status.tt_ispeed = console.status.tt_ospeed = CONSOLE_SPEED;
    console.status.tt_flags = TF_ECHO | TF_CRMOD | TF_ANYP;
    console.device = device_add("console", &console_ops);
    /* The boot option console=com0 names the same line. */
    device_add("com0", &console_ops);
}

void console_fini(void)
{
    struct list *first;

    while ((first = list_first(&console.readers)) != NULL) {
        list_remove(first);
        device_io_fail(list_entry(first, struct device_io, link),
                       D_DEVICE_DOWN);
    }
}
