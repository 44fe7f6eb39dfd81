/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine/ahci.h: a SATA host bus adapter (AHCI 1.3.1), a disk at each port.
 *
 * ahci.c is the adapter: its BAR and its interrupt.  ahci_port.c is a port:
 * registers, reset, start and stop.  ahci_command.c fetches commands and their
 * memory; ata.c is the disk; ahci_answer.c is what it leaves for the driver. */
#ifndef MACHINE_AHCI_H
#define MACHINE_AHCI_H

#include "machine/ata.h"
#include "machine/pci.h"

/* --- registers -------------------------------------------------------------------- */

#define AHCI_BAR      5u
#define AHCI_BAR_SIZE 0x2000u
#define AHCI_SLOTS    32u

#define AHCI_CAP     0x00u
#define AHCI_GHC     0x04u
#define AHCI_IS      0x08u
#define AHCI_PI      0x0cu
#define AHCI_VS      0x10u
#define AHCI_CAP2    0x24u
#define AHCI_PORT(n) (0x100u + 0x80u * (n))

#define AHCI_GHC_HR 0x00000001u
#define AHCI_GHC_IE 0x00000002u
#define AHCI_GHC_AE 0x80000000u

#define AHCI_PxCLB  0x00u
#define AHCI_PxCLBU 0x04u
#define AHCI_PxFB   0x08u
#define AHCI_PxFBU  0x0cu
#define AHCI_PxIS   0x10u
#define AHCI_PxIE   0x14u
#define AHCI_PxCMD  0x18u
#define AHCI_PxTFD  0x20u
#define AHCI_PxSIG  0x24u
#define AHCI_PxSSTS 0x28u
#define AHCI_PxSCTL 0x2cu
#define AHCI_PxSERR 0x30u
#define AHCI_PxSACT 0x34u
#define AHCI_PxCI   0x38u

#define AHCI_IS_DHRS 0x00000001u
#define AHCI_IS_PSS  0x00000002u
#define AHCI_IS_SDBS 0x00000008u
#define AHCI_IS_DPS  0x00000020u
#define AHCI_IS_PCS  0x00000040u
#define AHCI_IS_PRCS 0x00400000u
#define AHCI_IS_OFS  0x01000000u
#define AHCI_IS_IFS  0x08000000u
#define AHCI_IS_HBFS 0x20000000u
#define AHCI_IS_TFES 0x40000000u

#define AHCI_CMD_ST  0x00000001u
#define AHCI_CMD_SUD 0x00000002u
#define AHCI_CMD_POD 0x00000004u
#define AHCI_CMD_CLO 0x00000008u
#define AHCI_CMD_FRE 0x00000010u
#define AHCI_CMD_FR  0x00004000u
#define AHCI_CMD_CR  0x00008000u

#define AHCI_SERR_DIAG_N 0x00010000u
#define AHCI_SERR_DIAG_X 0x04000000u

/* Where the FISes are left in the received FIS structure. */
#define AHCI_FIS_PIO 0x20u
#define AHCI_FIS_D2H 0x40u
#define AHCI_FIS_SDB 0x58u

/* --- state ---------------------------------------------------------------------------- */

struct ahci;

struct ahci_port {
    struct ahci *hba;
    unsigned number;
    bool present;
    struct ata ata;
    /* The registers, those bits of them that are stored. */
    uint64_t clb, fb;
    uint32_t is, ie, cmd, sig, sctl, serr, sact, ci;
    uint8_t status, error; /* PxTFD */
    uint8_t det;           /* PxSSTS.DET */
    uint8_t current;       /* PxCMD.CCS */
    uint8_t next;          /* the slot that is looked at first */
    /* A fatal error: nothing goes on before ST is cleared. */
    bool halted;
    /* The device has yet to say what it is: it waits for FRE, or for the
     * transfers of before the reset to end. */
    bool signature_pending;
    bool running;         /* ahci_port_run is at work above us */
    unsigned under_way;   /* transfers, orphans too */
    uint32_t ncq_pending; /* tags that the device works on */
};

struct ahci {
    struct pci_function function; /* must be first */
    uint32_t ghc, is;
    unsigned port_count;
    struct ahci_port ports[];
};

/* A command, as fetched from its slot. */
struct ahci_command {
    struct ahci_port *port;
    unsigned slot;
    uint64_t header, table; /* physical addresses */
    unsigned prdt_count;
    bool descriptor; /* a PRD asked for an interrupt */
    uint8_t fis[ATA_FIS_SIZE];
};

bool ahci_create(struct machine *machine, unsigned slot,
                 const struct machine_controller *controller);

/* Shows the ports' interrupts in IS, and IS in the line; ends a reset that
 * waits for the last transfer.  After every change. */
void ahci_update(struct ahci *hba);

/* --- ahci_port.c ------------------------------------------------------------------- */

void ahci_port_create(struct ahci *hba, unsigned number,
                      const struct machine_disk *disk);
uint32_t ahci_port_read(struct ahci_port *port, uint32_t reg);
/* The bits of MASK are written. */
void ahci_port_write(struct ahci_port *port, uint32_t reg, uint32_t value,
                     uint32_t mask);
/* As at power on, but that the addresses stay. */
void ahci_port_reset(struct ahci_port *port);
void ahci_port_unplug(struct ahci_port *port);
/* Nobody waits for the port's transfers any more; none of them starts a new
 * command. */
void ahci_port_forget(struct ahci_port *port);
/* A transfer has ended; what waited for the last one goes on. */
void ahci_port_drained(struct ahci_port *port);
/* Sends commands to the device while it takes any. */
void ahci_port_run(struct ahci_port *port);
/* Stops the port with BITS in PxIS, and tells people why. */
void ahci_port_fatal(struct ahci_port *port, uint32_t bits, const char *what,
                     uint64_t number);

/* --- ahci_answer.c ------------------------------------------------------------------- */

/* The device's answers: in memory, PxTFD, PxIS.  ERROR is ATA's, 0 if all is
 * well; an error halts the port. */
void ahci_port_answer(struct ahci_port *port,
                      const struct ahci_command *command, uint8_t error);
void ahci_port_answer_pio(struct ahci_port *port,
                          const struct ahci_command *command);
/* A queued command was taken: the device is free for another. */
void ahci_port_answer_queued(struct ahci_port *port,
                             const struct ahci_command *command);
void ahci_port_answer_bits(struct ahci_port *port, unsigned tag, uint8_t error);

/* --- ahci_command.c ------------------------------------------------------------------ */

void ahci_command_issue(struct ahci_port *port, unsigned slot);

#endif
