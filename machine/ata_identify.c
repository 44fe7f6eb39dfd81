/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IDENTIFY DEVICE: words as ACS-3 numbers them. */
#include "machine/private.h"
#include "machine/ata_identify.h"

#define LBA28_SECTORS_MAX 0x0fffffffull
#define CHS_SECTORS_MAX   (16383u * 16 * 63)

static const char model[] = "HELL DISK";
static const char firmware[] = "1.0";

static void word(uint8_t *data, unsigned number, unsigned value)
{
    put16(data + 2 * number, (uint16_t)value);
}

/* Two characters in a word, the first in its upper half; spaces behind. */
static void string(uint8_t *data, unsigned number, unsigned word_count,
                   const char *text)
{
    size_t length = strlen(text);

    for (unsigned i = 0; i < 2 * word_count; i++) {
        data[2 * number + (i ^ 1)] = i < length ? (uint8_t)text[i] : ' ';
    }
}

static void geometry(const struct ata *ata, uint8_t *data)
{
    uint64_t count = ata->disk.sector_count;
    uint64_t chs = count < CHS_SECTORS_MAX ? count : CHS_SECTORS_MAX;
    uint64_t lba28 = count < LBA28_SECTORS_MAX ? count : LBA28_SECTORS_MAX;

    word(data, 1, (unsigned)(chs / (16 * 63)));
    word(data, 3, 16);
    word(data, 6, 63);
    put32(data + 2 * 60, (uint32_t)lba28);
    put64(data + 2 * 100, count);
    word(data, 106, 0x4000); /* sectors of 512 bytes, physically too */
    word(data, 217, 1);      /* nothing turns */
}

/* Modes: all of a kind in the lower half, the one in use in the upper. */
static void modes(const struct ata *ata, uint8_t *data)
{
    unsigned mode = ata->transfer_mode;
    unsigned in_use = 0x100u << (mode & 7);

    word(data, 53, 0x0006); /* words 64..70 and 88 hold something */
    word(data, 63, 0x0007 | ((mode & 0xf8) == 0x20 ? in_use : 0));
    word(data, 64, 0x0003);
    for (unsigned i = 65; i <= 68; i++) {
        word(data, i, 120); /* ns in a cycle */
    }
    word(data, 88, 0x007f | ((mode & 0xf8) == 0x40 ? in_use : 0));
}

/* Supported in 82..84, enabled in 85..87: power management, look ahead, write
 * cache; 48 bits, both flushes, media status (for what is write protected); FUA,
 * logs. */
static void features(const struct ata *ata, uint8_t *data)
{
    unsigned enabled = 0x0008 | (ata->look_ahead ? 0x0040 : 0) |
                       (ata->write_cache ? 0x0020 : 0);

    word(data, 49, 0x2f00); /* LBA, DMA, IORDY, standard standby timers */
    word(data, 50, 0x4000);
    word(data, 75, ATA_QUEUE_DEPTH - 1);
    word(data, 76, 0x010e); /* NCQ, three speeds */
    word(data, 77, 0x0006); /* the third in use */
    word(data, 80, 0x03f0); /* ATA/ATAPI-4 to ACS-2 */
    word(data, 82, 0x0068);
    word(data, 83, 0x7410);
    word(data, 84, 0x4060);
    word(data, 85, enabled);
    word(data, 86, 0x3400 | (ata->media_notify ? 0x0010 : 0));
    word(data, 87, 0x4060);
    word(data, 127, 0x0001); /* media status notification */
    word(data, 222, 0x103f); /* serial, up to 3.0 */
}

static void checksum(uint8_t *data)
{
    uint8_t sum = 0;

    data[2 * 255] = 0xa5;
    for (unsigned i = 0; i < MACHINE_SECTOR - 1; i++) {
        sum = (uint8_t)(sum + data[i]);
    }
    data[MACHINE_SECTOR - 1] = (uint8_t)-sum;
}

void ata_identify(const struct ata *ata, uint8_t data[MACHINE_SECTOR])
{
    word(data, 0, 0x0040); /* an ATA device, fixed */
    word(data, 2, 0xc837); /* all of this page is true from the beginning */
    string(data, 10, 10, ata->disk.serial);
    string(data, 23, 4, firmware);
    string(data, 27, 20, model);
    word(data, 47, 0x8000);
    word(data, 48, 0x4000);
    geometry(ata, data);
    modes(ata, data);
    features(ata, data);
    checksum(data);
}
