/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a disk makes of the commands that it gets: see ata.h. */
#include "machine/private.h"
#include "machine/ata.h"
#include "machine/ata_identify.h"

#define DEVICE_LBA 0x40u
#define DEVICE_FUA 0x80u

#define DEFAULT_MODE   0x46u /* UDMA 6 */
#define POWER_STANDBY  0x00u
#define POWER_ACTIVE   0xffu
#define LOG_NOT_QUEUED 0x80u

/* Fields of the FIS. */
enum {
    FIS_COMMAND = 2,
    FIS_FEATURES = 3,
    FIS_LBA = 4,
    FIS_DEVICE = 7,
    FIS_LBA_HIGH = 8,
    FIS_FEATURES_HIGH = 11,
    FIS_COUNT = 12
};

void ata_create(struct ata *ata, const struct machine_disk *disk)
{
    ata->disk = *disk;
    ata->disk.serial[MACHINE_SERIAL_SIZE] = '\0';
    ata_reset(ata);
}

void ata_reset(struct ata *ata)
{
    ata->write_cache = true;
    ata->look_ahead = true;
    ata->media_notify = false;
    ata->standby = false;
    ata->transfer_mode = DEFAULT_MODE;
    ata->soft_reset = false;
    ata->ncq_error = false;
}

/* --- reading and writing ------------------------------------------------------------ */

static uint64_t lba_of(const uint8_t *fis, bool is_48)
{
    uint64_t low =
        fis[FIS_LBA] | fis[FIS_LBA + 1] << 8 | (uint32_t)fis[FIS_LBA + 2] << 16;

    if (!is_48) {
        return low | (uint32_t)(fis[FIS_DEVICE] & 0xf) << 24;
    }
    return low | (uint64_t)fis[FIS_LBA_HIGH] << 24 |
           (uint64_t)fis[FIS_LBA_HIGH + 1] << 32 |
           (uint64_t)fis[FIS_LBA_HIGH + 2] << 40;
}

static bool has_lba_48(uint8_t command)
{
    return command == ATA_READ_SECTORS_EXT || command == ATA_READ_DMA_EXT ||
           command == ATA_WRITE_SECTORS_EXT || command == ATA_WRITE_DMA_EXT ||
           command == ATA_WRITE_DMA_FUA_EXT ||
           command == ATA_READ_FPDMA_QUEUED ||
           command == ATA_WRITE_FPDMA_QUEUED;
}

void ata_put_lba(uint8_t fis[ATA_FIS_SIZE], uint64_t lba)
{
    for (unsigned i = 0; i < 3; i++) {
        fis[FIS_LBA + i] = (uint8_t)(lba >> i * 8);
    }
    if (has_lba_48(fis[FIS_COMMAND])) {
        for (unsigned i = 0; i < 3; i++) {
            fis[FIS_LBA_HIGH + i] = (uint8_t)(lba >> (i + 3) * 8);
        }
    } else {
        fis[FIS_DEVICE] =
            (uint8_t)((fis[FIS_DEVICE] & 0xf0) | (lba >> 24 & 0xf));
    }
}

/* None means all that the field can say and one more. */
static uint32_t count_of(const uint8_t *fis, bool is_48, bool queued)
{
    uint32_t low = queued ? fis[FIS_FEATURES] : fis[FIS_COUNT];
    uint32_t high = queued ? fis[FIS_FEATURES_HIGH] : fis[FIS_COUNT + 1];

    if (!is_48) {
        return low != 0 ? low : 0x100;
    }
    return (low | high << 8) != 0 ? low | high << 8 : 0x10000;
}

static void plan_medium(struct ata *ata, const uint8_t *fis, bool is_48,
                        struct ata_plan *plan)
{
    uint64_t end = ata->disk.sector_count;

    plan->kind = ATA_MEDIUM;
    plan->sector = lba_of(fis, is_48);
    plan->sector_count = count_of(fis, is_48, plan->queued);
    ata->standby = false;
    if (!(fis[FIS_DEVICE] & DEVICE_LBA)) {
        plan->error = ATA_ERROR_ABRT;
    } else if (plan->sector >= end || plan->sector_count > end - plan->sector) {
        plan->error = ATA_ERROR_IDNF;
    } else if (plan->op == MACHINE_BLOCK_WRITE && ata->disk.read_only) {
        plan->error = ATA_ERROR_ABRT | ATA_ERROR_WP;
    }
}

static void plan_read(struct ata *ata, const uint8_t *fis, bool is_48,
                      struct ata_plan *plan)
{
    plan->op = MACHINE_BLOCK_READ;
    plan_medium(ata, fis, is_48, plan);
}

static void plan_write(struct ata *ata, const uint8_t *fis, bool is_48,
                       bool through, struct ata_plan *plan)
{
    plan->op = MACHINE_BLOCK_WRITE;
    plan->flush_after = through || !ata->write_cache;
    plan_medium(ata, fis, is_48, plan);
}

static void plan_flush(struct ata_plan *plan)
{
    plan->kind = ATA_MEDIUM;
    plan->op = MACHINE_BLOCK_FLUSH;
}

/* --- features ------------------------------------------------------------------------- */

/* Modes are numbered by kind in the upper bits: PIO 0-4 with flow control,
 * multiword DMA 0-2, Ultra DMA 0-6. */
static bool mode_exists(uint8_t mode)
{
    return mode <= 1 || (mode >= 0x08 && mode <= 0x0c) ||
           (mode >= 0x20 && mode <= 0x22) || (mode >= 0x40 && mode <= 0x46);
}

static uint8_t set_features(struct ata *ata, const uint8_t *fis)
{
    switch (fis[FIS_FEATURES]) {
    case 0x02:
        ata->write_cache = true;
        return 0;
    case 0x82:
        ata->write_cache = false;
        return 0;
    case 0xaa:
        ata->look_ahead = true;
        return 0;
    case 0x55:
        ata->look_ahead = false;
        return 0;
    case 0x95:
        ata->media_notify = true;
        return 0;
    case 0x31:
        ata->media_notify = false;
        return 0;
    case 0x03:
        if (!mode_exists(fis[FIS_COUNT])) {
            return ATA_ERROR_ABRT;
        }
        ata->transfer_mode = fis[FIS_COUNT];
        return 0;
    default:
        return ATA_ERROR_ABRT;
    }
}

/* --- logs ------------------------------------------------------------------------------- */

static bool asks_ncq_log(const uint8_t *fis)
{
    return fis[FIS_COMMAND] == ATA_READ_LOG_EXT &&
           fis[FIS_LBA] == ATA_LOG_NCQ_ERROR;
}

static void log_ncq_error(struct ata *ata, uint8_t *data)
{
    uint8_t sum = 0;

    memcpy(data, ata->ncq_log, sizeof ata->ncq_log);
    for (unsigned i = 0; i < MACHINE_SECTOR - 1; i++) {
        sum = (uint8_t)(sum + data[i]);
    }
    data[MACHINE_SECTOR - 1] = (uint8_t)-sum;
    ata->ncq_error = false;
}

/* Each log has one page, of one sector. */
static void read_log(struct ata *ata, const uint8_t *fis, struct ata_plan *plan)
{
    plan->kind = ATA_DATA;
    plan->pio = true;
    if (fis[FIS_LBA + 1] != 0 || fis[FIS_LBA_HIGH + 1] != 0 ||
        fis[FIS_COUNT] != 1 || fis[FIS_COUNT + 1] != 0) {
        plan->error = ATA_ERROR_ABRT;
    } else if (fis[FIS_LBA] == ATA_LOG_NCQ_ERROR) {
        log_ncq_error(ata, plan->data);
    } else if (fis[FIS_LBA] == ATA_LOG_DIRECTORY) {
        put16(plan->data, 1); /* version */
        put16(plan->data + 2 * ATA_LOG_NCQ_ERROR, 1);
    } else {
        plan->error = ATA_ERROR_ABRT;
    }
}

void ata_ncq_failed(struct ata *ata, const uint8_t fis[ATA_FIS_SIZE],
                    uint8_t error)
{
    uint8_t *log = ata->ncq_log;

    memset(log, 0, sizeof ata->ncq_log);
    log[0] = ata_is_queued(fis) ? fis[FIS_COUNT] >> 3 : (uint8_t)LOG_NOT_QUEUED;
    log[2] = ATA_STATUS_GOOD | ATA_STATUS_ERR;
    log[3] = error;
    memcpy(log + 4, fis + FIS_LBA, 7); /* the device between the halves */
    log[12] = fis[FIS_COUNT];
    log[13] = fis[FIS_COUNT + 1];
    ata->ncq_error = true;
}

bool ata_is_queued(const uint8_t fis[ATA_FIS_SIZE])
{
    return fis[FIS_COMMAND] == ATA_READ_FPDMA_QUEUED ||
           fis[FIS_COMMAND] == ATA_WRITE_FPDMA_QUEUED;
}

/* --- commands ----------------------------------------------------------------------------- */

/* Those that move no data of the medium's. */
static void plan_other(struct ata *ata, uint8_t *fis, struct ata_plan *plan)
{
    switch (fis[FIS_COMMAND]) {
    case ATA_IDENTIFY_DEVICE:
        plan->kind = ATA_DATA;
        plan->pio = true;
        ata_identify(ata, plan->data);
        break;
    case ATA_READ_LOG_EXT:
        read_log(ata, fis, plan);
        break;
    case ATA_SET_FEATURES:
        plan->error = set_features(ata, fis);
        break;
    case ATA_GET_MEDIA_STATUS:
        if (!ata->media_notify) {
            plan->error = ATA_ERROR_ABRT;
        } else if (ata->disk.read_only) {
            plan->error = ATA_ERROR_WP;
        }
        break;
    case ATA_IDLE:
    case ATA_IDLE_IMMEDIATE:
        ata->standby = false;
        break;
    case ATA_STANDBY:
    case ATA_STANDBY_IMMEDIATE:
        ata->standby = true;
        plan_flush(plan);
        break;
    case ATA_CHECK_POWER_MODE:
        fis[FIS_COUNT] = ata->standby ? POWER_STANDBY : POWER_ACTIVE;
        break;
    case ATA_FLUSH_CACHE:
    case ATA_FLUSH_CACHE_EXT:
        plan_flush(plan);
        break;
    default:
        plan->error = ATA_ERROR_ABRT;
    }
}

void ata_command(struct ata *ata, uint8_t fis[ATA_FIS_SIZE],
                 struct ata_plan *plan)
{
    bool fua = fis[FIS_DEVICE] & DEVICE_FUA;
    uint8_t code = fis[FIS_COMMAND];

    memset(plan, 0, sizeof *plan);
    plan->queued = ata_is_queued(fis);
    plan->pio = code == ATA_READ_SECTORS || code == ATA_READ_SECTORS_EXT;
    if (ata->ncq_error && !asks_ncq_log(fis)) {
        plan->error = ATA_ERROR_ABRT;
        return;
    }
    switch (code) {
    case ATA_READ_SECTORS:
    case ATA_READ_DMA:
        plan_read(ata, fis, false, plan);
        break;
    case ATA_READ_SECTORS_EXT:
    case ATA_READ_DMA_EXT:
    case ATA_READ_FPDMA_QUEUED:
        plan_read(ata, fis, true, plan);
        break;
    case ATA_WRITE_SECTORS:
    case ATA_WRITE_DMA:
        plan_write(ata, fis, false, false, plan);
        break;
    case ATA_WRITE_SECTORS_EXT:
    case ATA_WRITE_DMA_EXT:
        plan_write(ata, fis, true, false, plan);
        break;
    case ATA_WRITE_DMA_FUA_EXT:
        plan_write(ata, fis, true, true, plan);
        break;
    case ATA_WRITE_FPDMA_QUEUED:
        plan_write(ata, fis, true, fua, plan);
        break;
    default:
        plan_other(ata, fis, plan);
    }
}
