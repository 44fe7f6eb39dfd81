/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine/ata.h: a SATA disk's mind (ACS-3): what commands mean, and what the
 * device remembers.  Moving data and answering is its port's business. */
#ifndef MACHINE_ATA_H
#define MACHINE_ATA_H

#include "machine/machine.h"

#define ATA_FIS_SIZE 20u /* register FIS, either direction */
#define ATA_FIS_H2D  0x27u
#define ATA_FIS_D2H  0x34u
#define ATA_FIS_PIO  0x5fu
#define ATA_FIS_SDB  0xa1u

#define ATA_STATUS_ERR  0x01u
#define ATA_STATUS_DRQ  0x08u
#define ATA_STATUS_DSC  0x10u
#define ATA_STATUS_DRDY 0x40u
#define ATA_STATUS_BSY  0x80u
#define ATA_STATUS_GOOD (ATA_STATUS_DRDY | ATA_STATUS_DSC)

#define ATA_ERROR_ABRT 0x04u
#define ATA_ERROR_IDNF 0x10u
#define ATA_ERROR_UNC  0x40u /* of a read */
#define ATA_ERROR_WP   0x40u /* of a write, and of GET MEDIA STATUS */

#define ATA_SIGNATURE 0x00000101u

enum ata_command_code {
    ATA_READ_SECTORS = 0x20,
    ATA_READ_SECTORS_EXT = 0x24,
    ATA_READ_DMA_EXT = 0x25,
    ATA_READ_LOG_EXT = 0x2f,
    ATA_WRITE_SECTORS = 0x30,
    ATA_WRITE_SECTORS_EXT = 0x34,
    ATA_WRITE_DMA_EXT = 0x35,
    ATA_WRITE_DMA_FUA_EXT = 0x3d,
    ATA_READ_FPDMA_QUEUED = 0x60,
    ATA_WRITE_FPDMA_QUEUED = 0x61,
    ATA_READ_DMA = 0xc8,
    ATA_WRITE_DMA = 0xca,
    ATA_GET_MEDIA_STATUS = 0xda,
    ATA_STANDBY_IMMEDIATE = 0xe0,
    ATA_IDLE_IMMEDIATE = 0xe1,
    ATA_STANDBY = 0xe2,
    ATA_IDLE = 0xe3,
    ATA_CHECK_POWER_MODE = 0xe5,
    ATA_FLUSH_CACHE = 0xe7,
    ATA_FLUSH_CACHE_EXT = 0xea,
    ATA_IDENTIFY_DEVICE = 0xec,
    ATA_SET_FEATURES = 0xef
};

#define ATA_LOG_DIRECTORY 0x00u
#define ATA_LOG_NCQ_ERROR 0x10u

struct ata {
    struct machine_disk disk;
    bool write_cache, look_ahead, media_notify, standby;
    uint8_t transfer_mode; /* SET FEATURES' number */
    bool soft_reset;       /* SRST is held */
    /* A queued command failed and nobody has read the log of it. */
    bool ncq_error;
    uint8_t ncq_log[14];
};

/* How a command's data goes. */
enum ata_kind {
    ATA_NONE,  /* done at once */
    ATA_DATA,  /* a sector that the device has at hand */
    ATA_MEDIUM /* a request to the disk */
};

/* What a command turns out to be. */
struct ata_plan {
    enum ata_kind kind;
    uint8_t error; /* if not 0, nothing else counts */
    bool queued, pio, flush_after;
    enum machine_block_op op;
    uint64_t sector;
    uint32_t sector_count;
    uint8_t data[MACHINE_SECTOR];
};

void ata_create(struct ata *ata, const struct machine_disk *disk);
/* Power on, or a reset of either sort. */
void ata_reset(struct ata *ata);
/* Understands the host's register FIS.  What it sets takes effect here; its
 * answer's count may be put into the FIS. */
void ata_command(struct ata *ata, uint8_t fis[ATA_FIS_SIZE],
                 struct ata_plan *plan);
/* The command's address becomes LBA, for the answer. */
void ata_put_lba(uint8_t fis[ATA_FIS_SIZE], uint64_t lba);
bool ata_is_queued(const uint8_t fis[ATA_FIS_SIZE]);
/* What READ LOG EXT will tell of a queued command's end. */
void ata_ncq_failed(struct ata *ata, const uint8_t fis[ATA_FIS_SIZE],
                    uint8_t error);

#endif
