/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/ahci/controller.c: an AHCI controller: found, reset, its ports
 * looked through, its interrupts passed on. */

#include "drivers/ahci/ahci.h"

#define CLASS_AHCI  0x010601u
#define BAR         5u
#define PCI_COMMAND 0x04u
#define PCI_MEMORY  (1u << 1)
#define PCI_MASTER  (1u << 2)
#define PCI_NO_INTX (1u << 10)
#define RESET_MS    1000u
#define HANDOFF_MS  2000u
#define DETECT_MS   20u /* until a port with a disk has noticed it */
#define POLL_US     100u
#define NS_PER_MS   1000000ull

static bool match(const struct hyp_pci_id *id)
{
    return id->class_code == CLASS_AHCI;
}

static bool wait_clear(struct hba *hba, size_t reg, uint32_t mask,
                       unsigned timeout_ms)
{
    uint64_t until = hyp_time_ns() + timeout_ms * NS_PER_MS;

    while ((hyp_read32(hba->regs, reg) & mask) != 0) {
        if (hyp_time_ns() > until) {
            return false;
        }
        hyp_sleep_us(POLL_US);
    }
    return true;
}

/* The firmware may still use the controller. */
static void take_from_firmware(struct hba *hba)
{
    if ((hyp_read32(hba->regs, AHCI_CAP2) & AHCI_CAP2_BOH) == 0) {
        return;
    }
    hyp_write32(hba->regs, AHCI_BOHC,
                hyp_read32(hba->regs, AHCI_BOHC) | AHCI_BOHC_OOS);
    if (!wait_clear(hba, AHCI_BOHC, AHCI_BOHC_BOS, HANDOFF_MS)) {
        hyp_log("ahci: the firmware does not let go");
    }
}

static bool reset(struct hba *hba)
{
    hyp_write32(hba->regs, AHCI_GHC, AHCI_GHC_AE);
    take_from_firmware(hba);
    hyp_write32(hba->regs, AHCI_GHC, AHCI_GHC_AE | AHCI_GHC_HR);
    if (!wait_clear(hba, AHCI_GHC, AHCI_GHC_HR, RESET_MS)) {
        return false;
    }
    hyp_write32(hba->regs, AHCI_GHC, AHCI_GHC_AE);
    return true;
}

/* --- ports ---------------------------------------------------------------- */

/* All ports are begun before the first is waited for. */
static void create_ports(struct hba *hba)
{
    uint32_t implemented = hyp_read32(hba->regs, AHCI_PI);

    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        if ((implemented >> i & 1) != 0) {
            hba->ports[i] = hba_port_create(hba, i);
        }
    }
}

static bool bring_up(struct hba_port *port, uint64_t detect_until_ns)
{
    uint32_t signature;

    if (!hba_port_detect(port, detect_until_ns)) {
        return false;
    }
    hba_port_start(port);
    signature = hba_port_read(port, AHCI_PXSIG);
    if (signature != AHCI_SIGNATURE) {
        hyp_log("ahci: a device that is no disk (%#x) is left alone",
                signature);
        return false;
    }
    if (hba_port_identify(port) != DRIVER_OK) {
        hyp_log("ahci: a disk does not say what it is");
        return false;
    }
    return true;
}

static void find_disks(struct hba *hba)
{
    uint64_t detect_until_ns = hyp_time_ns() + DETECT_MS * NS_PER_MS;

    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        if (hba->ports[i] == NULL) {
            continue;
        }
        if (bring_up(hba->ports[i], detect_until_ns)) {
            hba->disks[hba->controller.disk_count++] = &hba->ports[i]->disk;
        } else {
            hba_port_destroy(hba->ports[i]);
            hba->ports[i] = NULL;
        }
    }
}

static void destroy_ports(struct hba *hba)
{
    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        if (hba->ports[i] != NULL) {
            hba_port_destroy(hba->ports[i]);
        }
    }
}

/* --- interrupts ----------------------------------------------------------- */

/* The controller's own bits are cleared after the ports' of which they are the
 * sum, or they would come back at once. */
static void interrupt(void *arg)
{
    struct hba *hba = arg;
    uint32_t status = hyp_read32(hba->regs, AHCI_IS);

    if (status == 0) {
        return; /* a neighbour's */
    }
    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        if ((status >> i & 1) != 0 && hba->ports[i] != NULL) {
            hba_port_interrupt(hba->ports[i]);
        }
    }
    hyp_write32(hba->regs, AHCI_IS, status);
}

/* The same with one disk, whose port is asked at once: each access of a
 * register costs a driver in a task microseconds. */
static void interrupt_of_one(void *arg)
{
    struct hba *hba = arg;

    uint32_t bit = 1u << hba->only->number;

    /* Its own status may have been taken by who looked after a request. */
    if (hba_port_interrupt(hba->only) ||
        (hyp_read32(hba->regs, AHCI_IS) & bit) != 0) {
        hyp_write32(hba->regs, AHCI_IS, bit);
    }
}

static void (*interrupt_for(struct hba *hba))(void *)
{
    unsigned count = 0;

    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        if (hba->ports[i] != NULL) {
            hba->only = hba->ports[i];
            count++;
        }
    }
    return count == 1 ? interrupt_of_one : interrupt;
}

static enum driver_error enable_interrupts(struct hba *hba)
{
    enum driver_error err =
        hyp_pci_interrupt(hba->controller.pci, interrupt_for(hba), hba);

    if (err != DRIVER_OK) {
        return err;
    }
    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        if (hba->ports[i] != NULL) {
            hba_port_write(hba->ports[i], AHCI_PXIS, AHCI_ALL_ONES);
            hba_port_write(hba->ports[i], AHCI_PXIE, AHCI_PXIE_WANTED);
        }
    }
    hyp_write32(hba->regs, AHCI_IS, AHCI_ALL_ONES);
    hyp_write32(hba->regs, AHCI_GHC, AHCI_GHC_AE | AHCI_GHC_IE);
    return DRIVER_OK;
}

/* --- the controller ------------------------------------------------------- */

static enum driver_error start(struct hba *hba)
{
    struct hyp_pci *pci = hba->controller.pci;
    uint32_t command = hyp_pci_read(pci, PCI_COMMAND, 2), cap;
    size_t size;

    hba->regs = hyp_pci_map(pci, BAR, &size);
    if (hba->regs == NULL || size < AHCI_PORT_BASE) {
        return DRIVER_ENXIO;
    }
    command |= PCI_MEMORY | PCI_MASTER;
    hyp_pci_write(pci, PCI_COMMAND, 2, command & ~PCI_NO_INTX);
    if (!reset(hba)) {
        return DRIVER_ETIMEDOUT;
    }
    cap = hyp_read32(hba->regs, AHCI_CAP);
    hba->slot_count = AHCI_CAP_NCS(cap);
    hba->ncq = (cap & AHCI_CAP_SNCQ) != 0;
    create_ports(hba);
    find_disks(hba);
    return enable_interrupts(hba);
}

static void stop(struct hba *hba)
{
    hyp_write32(hba->regs, AHCI_GHC, AHCI_GHC_AE);
    hyp_pci_interrupt_end(hba->controller.pci);
    destroy_ports(hba);
}

static enum driver_error attach(struct hyp_pci *pci,
                                struct block_controller **controller_out)
{
    struct hba *hba = hyp_alloc(sizeof *hba);
    enum driver_error err;

    if (hba == NULL) {
        return DRIVER_ENOMEM;
    }
    hba->controller.driver = &ahci_driver;
    hba->controller.pci = pci;
    hba->controller.disks = hba->disks;
    err = start(hba);
    if (err != DRIVER_OK) {
        if (hba->regs != NULL) {
            stop(hba);
        }
        hyp_free(hba);
        return err;
    }
    *controller_out = &hba->controller;
    return DRIVER_OK;
}

static void detach(struct block_controller *controller)
{
    struct hba *hba = (struct hba *)controller;

    stop(hba);
    hyp_free(hba);
}

const struct block_driver ahci_driver = {
    .name = "ahci",
    .match = match,
    .attach = attach,
    .detach = detach,
};
