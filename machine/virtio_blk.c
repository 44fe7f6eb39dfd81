/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device: capabilities, registers, reset. */
#include "machine/private.h"
#include "machine/virtio_blk.h"

#define CAP_VENDOR  0x09u
#define CAP_COMMON  1u
#define CAP_NOTIFY  2u
#define CAP_ISR     3u
#define CAP_DEVICE  4u
#define CAP_WINDOW  5u
#define CAP_SIZE    16u
#define CAP_EXTRA   4u /* the multiplier of NOTIFY, the data of WINDOW */
#define DEVICE_SIZE 0x40u
#define NO_VECTOR   0xffffu

/* Where the capabilities stand in configuration space. */
enum {
    COMMON_AT = 0x40,
    ISR_AT = 0x50,
    DEVICE_AT = 0x60,
    NOTIFY_AT = 0x70,
    WINDOW_AT = 0x84
};

static const struct pci_identity identity = {.vendor = 0x1af4,
                                             .device = 0x1042,
                                             .class_code = 0x010000,
                                             .subsystem_vendor = 0x1af4,
                                             .subsystem = 0x1100,
                                             .revision = 1};

/* --- its life ------------------------------------------------------------------------- */

uint64_t virtio_blk_features(const struct virtio_blk *blk)
{
    return VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX |
           VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH | VIRTIO_F_INDIRECT_DESC |
           VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1 |
           (blk->disk.read_only ? VIRTIO_BLK_F_RO : 0);
}

void virtio_blk_interrupt(struct virtio_blk *blk, uint8_t cause)
{
    blk->isr |= cause;
    pci_function_set_level(&blk->function, blk->isr != 0);
}

static uint8_t take_isr(struct virtio_blk *blk)
{
    uint8_t isr = blk->isr;

    blk->isr = 0;
    pci_function_set_level(&blk->function, false);
    return isr;
}

void virtio_blk_break(struct virtio_blk *blk)
{
    transfer_orphan_all(blk->function.machine, blk);
    if (blk->status & VIRTIO_STATUS_DRIVER_OK) {
        virtio_blk_interrupt(blk, VIRTIO_ISR_CONFIG);
    }
    blk->status |= VIRTIO_STATUS_NEEDS_RESET;
}

void virtio_blk_drained(struct virtio_blk *blk)
{
    if (blk->under_way == 0) {
        blk->resetting = false;
    }
}

static void reset(struct virtio_blk *blk)
{
    transfer_orphan_all(blk->function.machine, blk);
    blk->device_feature_select = 0;
    blk->driver_feature_select = 0;
    blk->driver_features = 0;
    blk->queue_select = 0;
    blk->notified = false;
    blk->status = 0;
    take_isr(blk);
    virtqueue_reset(&blk->queue);
    blk->resetting = true;
    virtio_blk_drained(blk);
}

/* Features that we have not, or an older device's, are not agreed to. */
static void write_status(struct virtio_blk *blk, uint8_t value)
{
    uint64_t wanted = blk->driver_features;

    if (value == 0) {
        reset(blk);
        return;
    }
    if ((value & VIRTIO_STATUS_FEATURES_OK) &&
        (!(wanted & VIRTIO_F_VERSION_1) ||
         (wanted & ~virtio_blk_features(blk)) != 0)) {
        value &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
    }
    blk->status = (uint8_t)(value | (blk->status & VIRTIO_STATUS_NEEDS_RESET));
    blk->queue.indirect = (wanted & VIRTIO_F_INDIRECT_DESC) != 0;
    blk->queue.event_index = (wanted & VIRTIO_F_EVENT_IDX) != 0;
}

/* --- reading --------------------------------------------------------------------------- */

static uint32_t feature_word(uint64_t features, uint32_t select)
{
    return select < 2 ? (uint32_t)(features >> select * 32) : 0;
}

static void common_image(const struct virtio_blk *blk, uint8_t *image)
{
    const struct virtqueue *queue = &blk->queue;

    put32(image + VIRTIO_DEVICE_FEATURE_SELECT, blk->device_feature_select);
    put32(image + VIRTIO_DEVICE_FEATURE,
          feature_word(virtio_blk_features(blk), blk->device_feature_select));
    put32(image + VIRTIO_DRIVER_FEATURE_SELECT, blk->driver_feature_select);
    put32(image + VIRTIO_DRIVER_FEATURE,
          feature_word(blk->driver_features, blk->driver_feature_select));
    put16(image + VIRTIO_CONFIG_MSIX, NO_VECTOR);
    put16(image + VIRTIO_QUEUE_COUNT, 1);
    image[VIRTIO_STATUS] = blk->resetting ? VIRTIO_STATUS_FAILED : blk->status;
    image[VIRTIO_GENERATION] = blk->generation;
    put16(image + VIRTIO_QUEUE_SELECT, blk->queue_select);
    put16(image + VIRTIO_QUEUE_MSIX, NO_VECTOR);
    if (blk->queue_select == 0) {
        put16(image + VIRTIO_QUEUE_SIZE, queue->size);
        put16(image + VIRTIO_QUEUE_ENABLE, queue->enabled);
        put64(image + VIRTIO_QUEUE_DESC, queue->desc);
        put64(image + VIRTIO_QUEUE_DRIVER, queue->avail);
        put64(image + VIRTIO_QUEUE_DEVICE, queue->used);
    }
}

static void device_image(const struct virtio_blk *blk, uint8_t *image)
{
    put64(image, blk->present ? blk->disk.sector_count : 0);
    put32(image + 8, VIRTIO_BLK_SEGMENT_SIZE);
    put32(image + 12, VIRTIO_BLK_SEGMENTS);
    put32(image + 20, MACHINE_SECTOR);
}

static uint32_t bar_read(struct pci_function *function, uint32_t offset,
                         unsigned size)
{
    struct virtio_blk *blk = (struct virtio_blk *)function;
    uint8_t image[DEVICE_SIZE] = {0};

    if (offset == VIRTIO_ISR) {
        return take_isr(blk);
    }
    if (offset < VIRTIO_COMMON_SIZE) {
        common_image(blk, image);
    } else if (offset - VIRTIO_DEVICE < DEVICE_SIZE) {
        device_image(blk, image);
    } else {
        return 0;
    }
    return get_size(image + offset % DEVICE_SIZE, size);
}

/* --- writing ------------------------------------------------------------------------------ */

static void write_feature(struct virtio_blk *blk, uint32_t value)
{
    unsigned shift = blk->driver_feature_select * 32;

    if (blk->driver_feature_select < 2 &&
        !(blk->status & VIRTIO_STATUS_FEATURES_OK)) {
        blk->driver_features &= ~(0xffffffffull << shift);
        blk->driver_features |= (uint64_t)value << shift;
    }
}

static void enable_queue(struct virtio_blk *blk)
{
    if (virtqueue_is_sound(&blk->queue)) {
        blk->queue.enabled = true;
    } else {
        pci_mistake(&blk->function, "queue", 0,
                    "enabled with a bad size or address, descriptors at",
                    blk->queue.desc);
        virtio_blk_break(blk);
    }
}

/* Half of an address. */
static void write_half(uint64_t *address, uint32_t offset, uint32_t value)
{
    if (offset % 8 == 0) {
        *address = (*address & ~0xffffffffull) | value;
    } else {
        *address = (*address & 0xffffffffull) | (uint64_t)value << 32;
    }
}

/* An enabled queue stays as it is until the reset. */
static void write_queue(struct virtio_blk *blk, uint32_t offset, unsigned size,
                        uint32_t value)
{
    struct virtqueue *queue = &blk->queue;

    if (blk->queue_select != 0 || queue->enabled) {
        return;
    }
    if (offset == VIRTIO_QUEUE_SIZE && size == 2) {
        queue->size = (uint16_t)value;
    } else if (offset == VIRTIO_QUEUE_ENABLE && size == 2 && value == 1) {
        enable_queue(blk);
    } else if (size != 4) {
        return;
    } else if ((offset & ~4u) == VIRTIO_QUEUE_DESC) {
        write_half(&queue->desc, offset, value);
    } else if ((offset & ~4u) == VIRTIO_QUEUE_DRIVER) {
        write_half(&queue->avail, offset, value);
    } else if ((offset & ~4u) == VIRTIO_QUEUE_DEVICE) {
        write_half(&queue->used, offset, value);
    }
}

/* Fields are written in their own width, or not at all. */
static void write_common(struct virtio_blk *blk, uint32_t offset, unsigned size,
                         uint32_t value)
{
    if (offset == VIRTIO_DEVICE_FEATURE_SELECT && size == 4) {
        blk->device_feature_select = value;
    } else if (offset == VIRTIO_DRIVER_FEATURE_SELECT && size == 4) {
        blk->driver_feature_select = value;
    } else if (offset == VIRTIO_DRIVER_FEATURE && size == 4) {
        write_feature(blk, value);
    } else if (offset == VIRTIO_STATUS && size == 1) {
        write_status(blk, (uint8_t)value);
    } else if (offset == VIRTIO_QUEUE_SELECT && size == 2) {
        blk->queue_select = (uint16_t)value;
    } else {
        write_queue(blk, offset, size, value);
    }
}

static void bar_write(struct pci_function *function, uint32_t offset,
                      unsigned size, uint32_t value)
{
    struct virtio_blk *blk = (struct virtio_blk *)function;

    if (blk->resetting) {
        return;
    }
    if (offset < VIRTIO_COMMON_SIZE) {
        write_common(blk, offset, size, value);
    } else if (offset == VIRTIO_NOTIFY && value == 0) {
        blk->notified = true;
        machine_later(function->machine);
    }
}

static void run(struct pci_function *function)
{
    struct virtio_blk *blk = (struct virtio_blk *)function;

    if (blk->notified && !blk->resetting) {
        blk->notified = false;
        virtio_blk_serve(blk);
    }
}

/* --- the window ---------------------------------------------------------------------------- */

/* A capability by which the BAR is reached without being mapped: offset and
 * length are written there, then its data is what stands in the BAR. */
static bool window_open(const struct virtio_blk *blk, unsigned reg,
                        unsigned size, uint32_t *offset_out,
                        uint32_t *length_out)
{
    const uint8_t *cap = blk->function.config + WINDOW_AT;
    uint32_t offset = get32(cap + 8), length = get32(cap + 12);

    *offset_out = offset;
    *length_out = length;
    return reg + size > WINDOW_AT + CAP_SIZE &&
           reg < WINDOW_AT + CAP_SIZE + CAP_EXTRA && cap[4] == VIRTIO_BAR &&
           (length == 1 || length == 2 || length == 4) &&
           offset % length == 0 && offset < VIRTIO_BAR_SIZE;
}

static void config_reading(struct pci_function *function, unsigned reg,
                           unsigned size)
{
    struct virtio_blk *blk = (struct virtio_blk *)function;
    uint32_t offset, length;

    if (window_open(blk, reg, size, &offset, &length)) {
        put32(function->config + WINDOW_AT + CAP_SIZE,
              bar_read(function, offset, length));
    }
}

static void config_written(struct pci_function *function, unsigned reg,
                           unsigned size)
{
    struct virtio_blk *blk = (struct virtio_blk *)function;
    uint32_t offset, length;

    if (window_open(blk, reg, size, &offset, &length)) {
        bar_write(function, offset, length,
                  get_size(function->config + WINDOW_AT + CAP_SIZE, length));
    }
}

/* --- making and ending ------------------------------------------------------------------------ */

/* What is under way fails when the host has ended it. */
static void unplug(struct pci_function *function, unsigned disk)
{
    struct virtio_blk *blk = (struct virtio_blk *)function;

    if (blk->present && blk->disk.number == disk) {
        blk->present = false;
        blk->generation++;
        if (blk->status & VIRTIO_STATUS_DRIVER_OK) {
            virtio_blk_interrupt(blk, VIRTIO_ISR_CONFIG);
        }
    }
}

static void function_reset(struct pci_function *function)
{
    reset((struct virtio_blk *)function);
}

static void destroy(struct pci_function *function)
{
    function->machine->host.free(function);
}

static const struct pci_ops ops = {.read = bar_read,
                                   .write = bar_write,
                                   .config_reading = config_reading,
                                   .config_written = config_written,
                                   .unplug = unplug,
                                   .run = run,
                                   .reset = function_reset,
                                   .destroy = destroy};

static uint8_t *add_capability(struct virtio_blk *blk, unsigned at,
                               uint8_t next, uint8_t type, uint32_t offset,
                               uint32_t length)
{
    uint8_t *cap = blk->function.config + at;

    cap[0] = CAP_VENDOR;
    cap[1] = next;
    cap[2] = CAP_SIZE;
    cap[3] = type;
    cap[4] = VIRTIO_BAR;
    put32(cap + 8, offset);
    put32(cap + 12, length);
    return cap;
}

static void add_capabilities(struct virtio_blk *blk)
{
    struct pci_function *function = &blk->function;
    uint8_t *cap;

    add_capability(blk, COMMON_AT, ISR_AT, CAP_COMMON, VIRTIO_COMMON,
                   VIRTIO_COMMON_SIZE);
    add_capability(blk, ISR_AT, DEVICE_AT, CAP_ISR, VIRTIO_ISR, 4);
    add_capability(blk, DEVICE_AT, NOTIFY_AT, CAP_DEVICE, VIRTIO_DEVICE,
                   DEVICE_SIZE);
    cap =
        add_capability(blk, NOTIFY_AT, WINDOW_AT, CAP_NOTIFY, VIRTIO_NOTIFY, 4);
    cap[2] += CAP_EXTRA;
    put32(cap + CAP_SIZE, 4); /* bytes from queue to queue */
    cap = add_capability(blk, WINDOW_AT, 0, CAP_WINDOW, 0, 0);
    cap[2] += CAP_EXTRA;
    function->writable[WINDOW_AT + 4] = 0xff;
    memset(function->writable + WINDOW_AT + 8, 0xff, 8 + CAP_EXTRA);
    function->config[PCI_CAPABILITIES] = COMMON_AT;
    pci_function_add_power(function, WINDOW_AT);
}

bool virtio_blk_create(struct machine *machine, unsigned slot,
                       const struct machine_controller *controller)
{
    struct virtio_blk *blk = NULL;

    if (controller->disk_count != 0) {
        blk = machine->host.alloc(sizeof *blk);
    }
    if (blk == NULL) {
        return false;
    }
    blk->disk = controller->disks[0];
    blk->disk.serial[MACHINE_SERIAL_SIZE] = '\0';
    blk->present = true;
    blk->function.ops = &ops;
    blk->function.kind = "virtio-blk";
    pci_function_add(machine, &blk->function, slot, &identity);
    pci_function_set_bar(&blk->function, VIRTIO_BAR, VIRTIO_BAR_SIZE);
    add_capabilities(blk);
    blk->queue.function = &blk->function;
    reset(blk);
    return true;
}
