/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/ahci/identify.c: what a disk says of itself. */

#include "drivers/ahci/ahci.h"

#define POLL_MS    5000u
#define POLL_US    50u
#define NS_PER_MS  1000000ull
#define WORDS      256u
#define SECTOR     512u
#define SECTOR_MAX 4096u
/* One command may take this much: enough that its cost is small. */
#define TRANSFER_MAX (8u << 20)

/* The words of the answer that matter. */
enum identity_word {
    ID_SERIAL = 10,
    ID_MODEL = 27,
    ID_QUEUE_DEPTH = 75,
    ID_SATA = 76,
    ID_ENABLED_85 = 85,
    ID_ENABLED_86 = 86,
    ID_SECTORS = 100,
    ID_SECTOR_FORM = 106,
    ID_SECTOR_WORDS = 117,
    ID_MEDIA_STATUS = 127
};
#define ID_SATA_NCQ          (1u << 8)
#define ID_85_WRITE_CACHE    (1u << 5)
#define ID_86_LBA48          (1u << 10)
#define ID_FORM_VALID(word)  (((word) >> 14) == 1)
#define ID_FORM_LONG_SECTORS (1u << 12)
#define ID_MEDIA_MASK        3u
#define ID_MEDIA_NOTIFIES    1u

#define FEATURE_MEDIA_STATUS 0x95u /* SET FEATURES: be told of it */

/* The log of the queue's errors. */
#define LOG_NCQ_ERROR  0x10u
#define LOG_NOT_QUEUED (1u << 7)
#define LOG_TAG        0x1fu
#define LOG_ERROR      3u

bool hba_port_poll(struct hba_port *port, enum ata_command command,
                   uint8_t feature, uint64_t sector, bool data)
{
    const struct hyp_segment segment = {
        port->memory_phys + offsetof(struct hba_port_memory, answer),
        sizeof port->memory->answer};
    uint64_t until = hyp_time_ns() + POLL_MS * NS_PER_MS;
    bool good = true;

    hba_slot_fill(port, 0, command, sector, data, &segment, data);
    port->memory->tables[0].fis.feature_low = feature;
    hba_port_write(port, AHCI_PXCI, 1);
    while (good && (hba_port_read(port, AHCI_PXCI) & 1) != 0) {
        if ((hba_port_read(port, AHCI_PXIS) & AHCI_PXIS_ERROR) != 0 ||
            hyp_time_ns() > until) {
            good = false;
        }
        hyp_sleep_us(POLL_US);
    }
    good = good && (hba_port_read(port, AHCI_PXTFD) & AHCI_PXTFD_ERR) == 0;
    hba_port_write(port, AHCI_PXIS, AHCI_PXIS_ANSWER);
    return good;
}

bool hba_port_failed_tag(struct hba_port *port, unsigned *tag_out,
                         uint8_t *error_out)
{
    const uint8_t *log = port->memory->answer;

    if (!hba_port_poll(port, ATA_READ_LOG_EXT, 0, LOG_NCQ_ERROR, true) ||
        (log[0] & LOG_NOT_QUEUED) != 0) {
        return false;
    }
    *tag_out = log[0] & LOG_TAG;
    *error_out = log[LOG_ERROR];
    return true;
}

/* A disk without the feature set says nothing, and the first write tells. */
static bool is_protected(struct hba_port *port, const uint16_t *id)
{
    bool protected;

    if ((id[ID_MEDIA_STATUS] & ID_MEDIA_MASK) != ID_MEDIA_NOTIFIES) {
        return false;
    }
    if (hba_port_poll(port, ATA_SET_FEATURES, FEATURE_MEDIA_STATUS, 0, false) &&
        hba_port_poll(port, ATA_GET_MEDIA_STATUS, 0, 0, false)) {
        return false;
    }
    protected =
        (AHCI_PXTFD_ERROR(hba_port_read(port, AHCI_PXTFD)) & ATA_ERROR_WP) != 0;
    hba_port_restart(port, false);
    return protected;
}

/* Text is stored with the bytes of each word exchanged, and padded. */
static void copy_text(char *to, const uint16_t *words, unsigned length)
{
    unsigned end = 0;

    for (unsigned i = 0; i < length; i++) {
        to[i] = (char)(words[i / 2] >> (i % 2 == 0 ? 8 : 0));
        if (to[i] < ' ' || to[i] > '~') {
            to[i] = ' ';
        }
        if (to[i] != ' ') {
            end = i + 1;
        }
    }
    to[end] = '\0';
}

static uint32_t sector_bytes(const uint16_t *id)
{
    if (!ID_FORM_VALID(id[ID_SECTOR_FORM]) ||
        (id[ID_SECTOR_FORM] & ID_FORM_LONG_SECTORS) == 0) {
        return SECTOR;
    }
    return 2 * (id[ID_SECTOR_WORDS] | (uint32_t)id[ID_SECTOR_WORDS + 1] << 16);
}

static enum driver_error understand(struct hba_port *port, const uint16_t *id)
{
    struct block_disk *disk = &port->disk;
    uint32_t bytes = sector_bytes(id);

    if ((id[ID_ENABLED_86] & ID_86_LBA48) == 0 || (bytes & (bytes - 1)) != 0 ||
        bytes < SECTOR || bytes > SECTOR_MAX) {
        hyp_log("ahci: a disk without 48 bit addresses, or with sectors of %u "
                "bytes, is left alone",
                bytes);
        return DRIVER_ENXIO;
    }
    copy_text(disk->serial, id + ID_SERIAL, BLOCK_SERIAL_SIZE - 1);
    copy_text(disk->model, id + ID_MODEL, BLOCK_MODEL_SIZE - 1);
    for (unsigned i = 0; i < 4; i++) {
        disk->sector_count |= (uint64_t)id[ID_SECTORS + i] << 16 * i;
    }
    disk->sector_bytes = bytes;
    disk->transfer_max_bytes = TRANSFER_MAX;
    /* A segment may begin in one entry and end in the next. */
    disk->segments_max = AHCI_PRDT_ENTRIES - TRANSFER_MAX / AHCI_PRD_BYTES;
    disk->read_only = is_protected(port, id);
    disk->has_cache = (id[ID_ENABLED_85] & ID_85_WRITE_CACHE) != 0;
    port->ncq = port->hba->ncq && (id[ID_SATA] & ID_SATA_NCQ) != 0;
    port->depth = (id[ID_QUEUE_DEPTH] & 0x1f) + 1u;
    if (port->depth > port->hba->slot_count) {
        port->depth = port->hba->slot_count;
    }
    return DRIVER_OK;
}

enum driver_error hba_port_identify(struct hba_port *port)
{
    uint16_t id[WORDS];

    if (!hba_port_poll(port, ATA_IDENTIFY_DEVICE, 0, 0, true)) {
        return DRIVER_EIO;
    }
    for (unsigned i = 0; i < WORDS; i++) {
        id[i] = (uint16_t)(port->memory->answer[2 * i] |
                           port->memory->answer[2 * i + 1] << 8);
    }
    return understand(port, id);
}
