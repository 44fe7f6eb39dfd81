/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/virtio/pci.c: the registers of a virtio PCI function. */

#include "drivers/virtio/virtio.h"

#define PCI_COMMAND      0x04u
#define PCI_MEMORY       (1u << 1)
#define PCI_MASTER       (1u << 2)
#define PCI_NO_INTX      (1u << 10)
#define PCI_STATUS       0x06u
#define PCI_HAS_LIST     (1u << 4)
#define PCI_CAPABILITIES 0x34u
#define CAP_VENDOR       0x09u
#define CAPS_MAX         48u /* so that a loop in the list ends */
#define BARS             6u
#define RESET_MS         1000u
#define POLL_US          100u
#define NS_PER_MS        1000000ull

/* A vendor capability of virtio's: where a structure is. */
enum cap_field {
    CAP_NEXT = 1,
    CAP_TYPE = 3,
    CAP_BAR = 4,
    CAP_OFFSET = 8,
    CAP_LENGTH = 12,
    CAP_MULTIPLIER = 16 /* of CAP_NOTIFY alone */
};

enum cap_type { CAP_COMMON = 1, CAP_NOTIFY, CAP_ISR, CAP_DEVICE };

#define COMMON_SIZE 0x38u

struct bars {
    struct hyp_regs *regs[BARS];
    size_t size[BARS];
};

static struct virtio_area *area_of(struct virtio_pci *virtio, unsigned type)
{
    switch (type) {
    case CAP_COMMON:
        return &virtio->common;
    case CAP_NOTIFY:
        return &virtio->notify;
    case CAP_ISR:
        return &virtio->isr;
    case CAP_DEVICE:
        return &virtio->config;
    default:
        return NULL;
    }
}

/* Fills in the structure that the capability at CAP names; of several of a type
 * the first that can be used counts. */
static void take_capability(struct virtio_pci *virtio, struct bars *bars,
                            unsigned cap)
{
    unsigned type = hyp_pci_read(virtio->pci, cap + CAP_TYPE, 1);
    unsigned bar = hyp_pci_read(virtio->pci, cap + CAP_BAR, 1);
    uint32_t offset = hyp_pci_read(virtio->pci, cap + CAP_OFFSET, 4);
    uint32_t length = hyp_pci_read(virtio->pci, cap + CAP_LENGTH, 4);
    struct virtio_area *area = area_of(virtio, type);

    if (area == NULL || area->regs != NULL || bar >= BARS) {
        return;
    }
    if (bars->regs[bar] == NULL) {
        bars->regs[bar] = hyp_pci_map(virtio->pci, bar, &bars->size[bar]);
    }
    if (bars->regs[bar] == NULL || offset > bars->size[bar] ||
        length > bars->size[bar] - offset) {
        return;
    }
    *area = (struct virtio_area){bars->regs[bar], offset, length};
    if (type == CAP_NOTIFY) {
        virtio->notify_multiplier =
            hyp_pci_read(virtio->pci, cap + CAP_MULTIPLIER, 4);
    }
}

static void walk_capabilities(struct virtio_pci *virtio)
{
    struct bars bars = {{NULL}, {0}};
    unsigned cap;

    if ((hyp_pci_read(virtio->pci, PCI_STATUS, 2) & PCI_HAS_LIST) == 0) {
        return;
    }
    cap = hyp_pci_read(virtio->pci, PCI_CAPABILITIES, 1) & 0xfc;
    for (unsigned n = 0; cap != 0 && n < CAPS_MAX; n++) {
        if (hyp_pci_read(virtio->pci, cap, 1) == CAP_VENDOR) {
            take_capability(virtio, &bars, cap);
        }
        cap = hyp_pci_read(virtio->pci, cap + CAP_NEXT, 1) & 0xfc;
    }
}

enum driver_error virtio_pci_init(struct virtio_pci *virtio,
                                  struct hyp_pci *pci)
{
    uint32_t command = hyp_pci_read(pci, PCI_COMMAND, 2);

    *virtio = (struct virtio_pci){.pci = pci};
    command |= PCI_MEMORY | PCI_MASTER;
    hyp_pci_write(pci, PCI_COMMAND, 2, command & ~PCI_NO_INTX);
    walk_capabilities(virtio);
    if (virtio->common.regs == NULL || virtio->common.size < COMMON_SIZE ||
        virtio->notify.regs == NULL || virtio->isr.regs == NULL ||
        virtio->isr.size == 0 || virtio->config.regs == NULL) {
        return DRIVER_ENXIO;
    }
    return DRIVER_OK;
}

/* --- status and features -------------------------------------------------- */

static uint8_t status(struct virtio_pci *virtio)
{
    return hyp_read8(virtio->common.regs,
                     virtio->common.offset + VIRTIO_STATUS);
}

void virtio_pci_set_status(struct virtio_pci *virtio, uint8_t bits)
{
    hyp_write8(virtio->common.regs, virtio->common.offset + VIRTIO_STATUS,
               bits);
}

enum driver_error virtio_pci_reset(struct virtio_pci *virtio)
{
    uint64_t until = hyp_time_ns() + RESET_MS * NS_PER_MS;

    virtio_pci_set_status(virtio, 0);
    while (status(virtio) != 0) {
        if (hyp_time_ns() > until) {
            return DRIVER_ETIMEDOUT;
        }
        hyp_sleep_us(POLL_US);
    }
    return DRIVER_OK;
}

static uint32_t offered(struct virtio_pci *virtio, uint32_t half)
{
    size_t base = virtio->common.offset;

    hyp_write32(virtio->common.regs, base + VIRTIO_FEATURE_SELECT, half);
    return hyp_read32(virtio->common.regs, base + VIRTIO_FEATURE);
}

static void accept(struct virtio_pci *virtio, uint32_t half, uint32_t features)
{
    size_t base = virtio->common.offset;

    hyp_write32(virtio->common.regs, base + VIRTIO_DRIVER_FEATURE_SELECT, half);
    hyp_write32(virtio->common.regs, base + VIRTIO_DRIVER_FEATURE, features);
}

enum driver_error virtio_pci_negotiate(struct virtio_pci *virtio,
                                       uint64_t wanted, uint64_t *agreed_out)
{
    const uint8_t driver = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;
    enum driver_error err = virtio_pci_reset(virtio);
    uint64_t features;

    if (err != DRIVER_OK) {
        return err;
    }
    virtio_pci_set_status(virtio, VIRTIO_STATUS_ACKNOWLEDGE);
    virtio_pci_set_status(virtio, driver);
    features = offered(virtio, 0) | (uint64_t)offered(virtio, 1) << 32;
    features &= wanted | VIRTIO_F_VERSION_1;
    accept(virtio, 0, (uint32_t)features);
    accept(virtio, 1, (uint32_t)(features >> 32));
    virtio_pci_set_status(virtio, driver | VIRTIO_STATUS_FEATURES_OK);
    if ((features & VIRTIO_F_VERSION_1) == 0 ||
        (status(virtio) & VIRTIO_STATUS_FEATURES_OK) == 0) {
        virtio_pci_set_status(virtio, VIRTIO_STATUS_FAILED);
        return DRIVER_ENXIO;
    }
    *agreed_out = features;
    return DRIVER_OK;
}
