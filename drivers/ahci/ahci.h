/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/ahci/ahci.h: the parts of the AHCI driver to each other.
 *
 * controller.c owns the function and its ports, port.c knows how a port is
 * stopped, started and reset, identify.c what the disk says of itself, queue.c
 * the requests.  Register names are those of the AHCI 1.3.1 specification.
 *
 * A port's lock guards all of its struct and its registers.  It is held over
 * recovery, which sleeps: that is rare, and nothing else could go on.
 */
#ifndef DRIVERS_AHCI_AHCI_H
#define DRIVERS_AHCI_AHCI_H

#include "drivers/block.h"

#define AHCI_PORTS 32u
#define AHCI_SLOTS 32u
/* So that a command table is 1024 bytes. */
#define AHCI_PRDT_ENTRIES 56u
#define AHCI_PRD_BYTES    (4u << 20)

enum ahci_register {
    AHCI_CAP = 0x00,
    AHCI_GHC = 0x04,
    AHCI_IS = 0x08,
    AHCI_PI = 0x0c,
    AHCI_CAP2 = 0x24,
    AHCI_BOHC = 0x28,
    AHCI_PORT_BASE = 0x100,
    AHCI_PORT_SIZE = 0x80
};

enum ahci_port_register {
    AHCI_PXCLB = 0x00,
    AHCI_PXCLBU = 0x04,
    AHCI_PXFB = 0x08,
    AHCI_PXFBU = 0x0c,
    AHCI_PXIS = 0x10,
    AHCI_PXIE = 0x14,
    AHCI_PXCMD = 0x18,
    AHCI_PXTFD = 0x20,
    AHCI_PXSIG = 0x24,
    AHCI_PXSSTS = 0x28,
    AHCI_PXSCTL = 0x2c,
    AHCI_PXSERR = 0x30,
    AHCI_PXSACT = 0x34,
    AHCI_PXCI = 0x38
};

#define AHCI_CAP_NCS(cap)   (((cap) >> 8 & 0x1f) + 1) /* command slots */
#define AHCI_CAP_SNCQ       (1u << 30)
#define AHCI_GHC_HR         (1u << 0)
#define AHCI_GHC_IE         (1u << 1)
#define AHCI_GHC_AE         (1u << 31)
#define AHCI_CAP2_BOH       (1u << 0)
#define AHCI_BOHC_BOS       (1u << 0)
#define AHCI_BOHC_OOS       (1u << 1)
#define AHCI_PXCMD_ST       (1u << 0)
#define AHCI_PXCMD_SUD      (1u << 1)
#define AHCI_PXCMD_POD      (1u << 2)
#define AHCI_PXCMD_FRE      (1u << 4)
#define AHCI_PXCMD_FR       (1u << 14)
#define AHCI_PXCMD_CR       (1u << 15)
#define AHCI_PXSSTS_DET(v)  ((v)&0xf)
#define AHCI_DET_NONE       0u
#define AHCI_DET_READY      3u
#define AHCI_PXSCTL_RESET   1u
#define AHCI_PXTFD_ERR      (1u << 0)
#define AHCI_PXTFD_DRQ      (1u << 3)
#define AHCI_PXTFD_BSY      (1u << 7)
#define AHCI_PXTFD_ERROR(v) ((uint8_t)((v) >> 8))
#define AHCI_SIGNATURE      0x00000101u /* of an ATA disk */
#define AHCI_ALL_ONES       0xffffffffu /* what a function that is gone reads as */
#define AHCI_PXIS_DHRS      (1u << 0)
#define AHCI_PXIS_PSS       (1u << 1)
#define AHCI_PXIS_DSS       (1u << 2)
#define AHCI_PXIS_SDBS      (1u << 3)
#define AHCI_PXIS_PCS       (1u << 6)
#define AHCI_PXIS_PRCS      (1u << 22)
#define AHCI_PXIS_INFS      (1u << 26)
#define AHCI_PXIS_IFS       (1u << 27)
#define AHCI_PXIS_HBDS      (1u << 28)
#define AHCI_PXIS_HBFS      (1u << 29)
#define AHCI_PXIS_TFES      (1u << 30)
/* What a command's end sets, one way or another. */
#define AHCI_PXIS_ANSWER                                                       \
    (AHCI_PXIS_DHRS | AHCI_PXIS_PSS | AHCI_PXIS_DSS | AHCI_PXIS_SDBS)
#define AHCI_PXIS_CHANGE (AHCI_PXIS_PCS | AHCI_PXIS_PRCS)
/* After these the port has stopped fetching commands. */
#define AHCI_PXIS_ERROR                                                        \
    (AHCI_PXIS_IFS | AHCI_PXIS_HBDS | AHCI_PXIS_HBFS | AHCI_PXIS_TFES)
/* A finished command tells by DHRS or SDBS; the two others come before. */
#define AHCI_PXIE_WANTED                                                       \
    (AHCI_PXIS_DHRS | AHCI_PXIS_SDBS | AHCI_PXIS_CHANGE | AHCI_PXIS_ERROR)

enum ata_command {
    ATA_READ_DMA_EXT = 0x25,
    ATA_WRITE_DMA_EXT = 0x35,
    ATA_READ_FPDMA_QUEUED = 0x60,
    ATA_WRITE_FPDMA_QUEUED = 0x61,
    ATA_READ_LOG_EXT = 0x2f,
    ATA_GET_MEDIA_STATUS = 0xda,
    ATA_SET_FEATURES = 0xef,
    ATA_FLUSH_CACHE_EXT = 0xea,
    ATA_IDENTIFY_DEVICE = 0xec
};

/* In the error register, of a write or of GET MEDIA STATUS: protected media. */
#define ATA_ERROR_WP (1u << 6)

/* What the controller reads in memory; all little endian. */
struct ahci_command_header {
    uint16_t flags;
    uint16_t prdt_length;
    uint32_t byte_count;
    uint32_t table, table_high;
    uint32_t reserved[4];
};
#define AHCI_HEADER_FIS_DWORDS 5u
#define AHCI_HEADER_WRITE      (1u << 6)

struct ahci_prd {
    uint32_t base, base_high;
    uint32_t reserved;
    uint32_t count; /* less one */
};

struct ahci_fis {
    uint8_t type, flags, command, feature_low;
    uint8_t lba_low[3], device;
    uint8_t lba_high[3], feature_high;
    uint8_t count_low, count_high, icc, control;
    uint8_t reserved[4];
};
#define AHCI_FIS_REGISTER_H2D 0x27
#define AHCI_FIS_COMMAND      0x80
#define AHCI_DEVICE_LBA       0x40

struct ahci_command_table {
    struct ahci_fis fis;
    uint8_t rest[128 - sizeof(struct ahci_fis)];
    struct ahci_prd prdt[AHCI_PRDT_ENTRIES];
};
_Static_assert(sizeof(struct ahci_command_table) == 1024, "as laid out");

/* One port's memory: what it starts with must be aligned most. */
struct hba_port_memory {
    struct ahci_command_header list[AHCI_SLOTS]; /* to 1024 */
    uint8_t received[256];                       /* to 256 */
    uint8_t answer[512]; /* of a command that is polled for */
    uint8_t rest[2304];
    struct ahci_command_table tables[AHCI_SLOTS]; /* to 128 */
};

struct hba;

struct hba_port {
    struct block_disk disk; /* must be first */
    struct hba *hba;
    unsigned number;
    size_t registers; /* where they begin */
    struct hyp_lock *lock;
    struct hba_port_memory *memory;
    uint64_t memory_phys;

    bool ncq;
    unsigned depth; /* commands at a time, if queued */
    bool gone;      /* nothing is issued any more */

    struct block_request *slots[AHCI_SLOTS];
    uint32_t in_flight;         /* bits of slots */
    bool single;                /* what is in flight is one unqueued command */
    struct block_queue waiting; /* for the device */
};

struct hba {
    struct block_controller controller; /* must be first */
    struct hyp_regs *regs;
    unsigned slot_count;
    bool ncq;
    struct hba_port *ports[AHCI_PORTS]; /* NULL: no disk there */
    struct hba_port *only;              /* if there is one */
    struct block_disk *disks[AHCI_PORTS];
};

static inline uint32_t hba_port_read(struct hba_port *port,
                                     enum ahci_port_register reg)
{
    return hyp_read32(port->hba->regs, port->registers + reg);
}

static inline void hba_port_write(struct hba_port *port,
                                  enum ahci_port_register reg, uint32_t value)
{
    hyp_write32(port->hba->regs, port->registers + reg, value);
}

/* --- port.c --------------------------------------------------------------- */

/* Makes port NUMBER's struct and hands the hardware its memory; the port does
 * not run yet.  NULL if memory is short or the port does not stop. */
struct hba_port *hba_port_create(struct hba *hba, unsigned number);
/* Stops the port and frees all; nothing may be in flight. */
void hba_port_destroy(struct hba_port *port);
/* Whether a disk stands at the port and is ready; waits for it, if there is
 * something at all before DETECT_UNTIL_NS. */
bool hba_port_detect(struct hba_port *port, uint64_t detect_until_ns);
/* Clears what is reported and lets the port fetch commands. */
void hba_port_start(struct hba_port *port);
/* DRIVER_ETIMEDOUT if the port does not obey. */
enum driver_error hba_port_stop(struct hba_port *port);
/* Stops, resets the link if need be or if RESET, and starts again; the
 * controller has forgotten all commands then. */
enum driver_error hba_port_restart(struct hba_port *port, bool reset);

/* --- identify.c ----------------------------------------------------------- */

/* Asks the disk what it is, and fills in the port's and the disk's struct.  The
 * port runs, without interrupts. */
enum driver_error hba_port_identify(struct hba_port *port);

/* Runs one command alone, without interrupts, and waits: what a disk is asked
 * about itself.  DATA: its answer, a sector, goes to the port's memory. */
bool hba_port_poll(struct hba_port *port, enum ata_command command,
                   uint8_t feature, uint64_t sector, bool data);
/* Which of the queued commands failed, which the disk insists on telling before
 * it takes another one; false if it does not say. */
bool hba_port_failed_tag(struct hba_port *port, unsigned *tag_out,
                         uint8_t *error_out);

/* --- queue.c -------------------------------------------------------------- */

extern const struct block_disk_ops hba_disk_ops;
/* Fills slot SLOT with a command, without issuing it. */
void hba_slot_fill(struct hba_port *port, unsigned slot,
                   enum ata_command command, uint64_t sector,
                   uint32_t sector_count, const struct hyp_segment *segments,
                   unsigned segment_count);
/* The controller's interrupt for this port; whether it was. */
bool hba_port_interrupt(struct hba_port *port);

#endif
