/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A driver without manners.  Mostly it knows how the devices work, so that what
 * it does wrong comes deep into them. */
#include "ahci_driver.h"
#include "fuzz.h"
#include "machine/acpi.h"
#include "machine/virtio_blk.h"

#define AHCI_AT   2u
#define VIRTIO_AT 3u
#define PORTS     2u

/* What one access may cost: all slots with the longest tables, in pieces. */
#define DMA_MAX 4000000u

#define AT_DESC   0x80000u
#define AT_AVAIL  0x81000u
#define AT_USED   0x82000u
#define AT_HEADER 0x83000u
#define QUEUE     16u

static const uint8_t *input;
static size_t left;
static uint16_t avail_index;

/* --- input -------------------------------------------------------------------------------- */

static uint8_t any8(void)
{
    if (left == 0) {
        return 0;
    }
    left--;
    return *input++;
}

static uint32_t any32(void)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < 4; i++) {
        value = value << 8 | any8();
    }
    return value;
}

/* Once in so many times. */
static bool rarely(unsigned times)
{
    return any8() % times == times - 1;
}

/* An address: mostly of RAM, aligned; else at its end, or anywhere. */
static uint64_t any_address(void)
{
    switch (any8() % 16) {
    case 0:
        return (uint64_t)any32() << 32 | any32();
    case 1:
        return PC_RAM_SIZE - any8() * 16;
    case 2:
        return any32() % PC_RAM_SIZE;
    default:
        return AT_DATA + any8() % 64 * 4096;
    }
}

static unsigned any_size(void)
{
    return 1u << any8() % 4;
}

/* --- AHCI ----------------------------------------------------------------------------------- */

static void any_register(void)
{
    static const uint8_t regs[] = {
        AHCI_PxCLB,  AHCI_PxFB,   AHCI_PxIS,   AHCI_PxIE,   AHCI_PxCMD,
        AHCI_PxSCTL, AHCI_PxSERR, AHCI_PxSACT, AHCI_PxCI,   AHCI_PxCMD,
        AHCI_PxTFD,  AHCI_PxCLBU, AHCI_PxFBU,  AHCI_PxSSTS, AHCI_PxSIG};
    uint8_t reg = regs[any8() % sizeof regs];

    port_set(any8() % PORTS, reg, rarely(2) ? any32() : any8());
}

static void any_generic(void)
{
    ahci_set(any8() % 16 * 4, rarely(4) ? any32() : AHCI_GHC_IE);
}

static uint8_t any_command(void)
{
    static const uint8_t codes[] = {
        ATA_READ_DMA,          ATA_WRITE_DMA,          ATA_READ_DMA_EXT,
        ATA_WRITE_DMA_EXT,     ATA_READ_FPDMA_QUEUED,  ATA_WRITE_FPDMA_QUEUED,
        ATA_READ_FPDMA_QUEUED, ATA_WRITE_FPDMA_QUEUED, ATA_READ_SECTORS,
        ATA_WRITE_SECTORS_EXT, ATA_WRITE_DMA_FUA_EXT,  ATA_FLUSH_CACHE_EXT,
        ATA_IDENTIFY_DEVICE,   ATA_SET_FEATURES,       ATA_READ_LOG_EXT,
        ATA_STANDBY,           ATA_CHECK_POWER_MODE,   0};

    return rarely(16) ? any8() : codes[any8() % sizeof codes];
}

static struct ata_request any_request(void)
{
    struct ata_request request = {.command = any_command(),
                                  .features = any8() % 4 == 0 ? any8() : 3,
                                  .device = rarely(8) ? any8() : 0,
                                  .control = any8(),
                                  .count = any8() % 16,
                                  .data = any_address()};

    request.lba = rarely(8) ? any32() : any32() % PC_SECTORS;
    if (request.command == ATA_READ_LOG_EXT) {
        request.lba = ATA_LOG_NCQ_ERROR;
    }
    request.size_bytes = request.count * MACHINE_SECTOR + any8() % 4 * 2;
    request.queued = request.command == ATA_READ_FPDMA_QUEUED ||
                     request.command == ATA_WRITE_FPDMA_QUEUED;
    return request;
}

static void spoil(unsigned port, unsigned slot)
{
    if (rarely(8)) {
        pc.ram[AT_LIST(port) + slot * 32 + any8() % 16] = any8();
    }
    if (rarely(8)) {
        pc.ram[AT_TABLE(port, slot) + any8() % 0xc0] = any8();
    }
}

static void any_ata(void)
{
    unsigned port = any8() % PORTS, slot = any8() % 32;
    struct ata_request request = any_request();
    unsigned count = any8() % 8;

    port_prepare(port, slot, request);
    for (unsigned i = 1; i < count; i++) {
        port_prd(port, slot, i, any_address(), any32() % 8192 / 2 * 2);
    }
    if (count > 1) {
        port_prd_count(port, slot, rarely(8) ? any32() & 0xffff : count);
    }
    spoil(port, slot);
    if (request.queued && !rarely(16)) {
        port_set(port, AHCI_PxSACT, 1u << slot);
    }
    port_set(port, AHCI_PxCI, rarely(16) ? any32() : 1u << slot);
}

static void any_restart(void)
{
    unsigned port = any8() % PORTS;

    port_stop(port);
    if (rarely(4)) {
        port_comreset(port);
    }
    pc.clings = rarely(2);
    pc.bad_sector = rarely(4) ? any32() % PC_SECTORS : 0;
    if (rarely(2)) {
        pc_finish_all();
    }
    port_start(port);
}

/* --- virtio ----------------------------------------------------------------------------------- */

static void virtio_set(uint32_t offset, unsigned size, uint64_t value)
{
    uint64_t base = pc_config_read(VIRTIO_AT, PCI_BAR(VIRTIO_BAR), 4);

    pc_write(base + offset, size, value);
}

static void any_virtio_start(void)
{
    uint64_t features = VIRTIO_F_VERSION_1;

    features |= rarely(2) ? VIRTIO_F_EVENT_IDX : 0;
    features |= rarely(2) ? VIRTIO_F_INDIRECT_DESC : 0;
    features |= rarely(2) ? VIRTIO_BLK_F_FLUSH : 0;
    virtio_set(VIRTIO_STATUS, 1, 0);
    for (unsigned i = 0; i < 2; i++) {
        virtio_set(VIRTIO_DRIVER_FEATURE_SELECT, 4, i);
        virtio_set(VIRTIO_DRIVER_FEATURE, 4, (uint32_t)(features >> i * 32));
    }
    virtio_set(VIRTIO_STATUS, 1, 0x0b);
    virtio_set(VIRTIO_QUEUE_SELECT, 2, 0);
    virtio_set(VIRTIO_QUEUE_SIZE, 2, rarely(16) ? any8() : QUEUE);
    virtio_set(VIRTIO_QUEUE_DESC, 8, rarely(16) ? any_address() : AT_DESC);
    virtio_set(VIRTIO_QUEUE_DRIVER, 8, rarely(16) ? any_address() : AT_AVAIL);
    virtio_set(VIRTIO_QUEUE_DEVICE, 8, rarely(16) ? any_address() : AT_USED);
    virtio_set(VIRTIO_QUEUE_ENABLE, 2, 1);
    virtio_set(VIRTIO_STATUS, 1, 0x0f);
    memset(&pc.ram[AT_DESC], 0, 0x4000);
    avail_index = 0;
}

static void put_desc(unsigned index, uint64_t phys, uint32_t size,
                     uint16_t flags, uint16_t next)
{
    uint64_t at = AT_DESC + index % QUEUE * 16;

    ram_put32(at, (uint32_t)phys);
    ram_put32(at + 4, (uint32_t)(phys >> 32));
    ram_put32(at + 8, size);
    ram_put32(at + 12, flags | (uint32_t)(next % QUEUE) << 16);
}

static uint16_t any_flags(uint16_t good)
{
    return rarely(32) ? any8() % 8 : good;
}

/* A request in three descriptors or more. */
static void any_chain(void)
{
    static const uint8_t types[] = {0, 1, 0, 1, 4, 8, 11};
    unsigned head = any8() % QUEUE, at = head;
    unsigned count = any8() % 4;
    uint64_t header = AT_HEADER + head * 32;
    unsigned type = types[any8() % sizeof types];
    uint16_t way = type == 1 ? 0 : 2;

    ram_put32(header, type);
    ram_put32(header + 8, rarely(8) ? any32() : any8());
    ram_put32(header + 12, 0);
    put_desc(at, header, 16, any_flags(1), (uint16_t)(at + 1));
    for (unsigned i = 0; i < count; i++) {
        at++;
        put_desc(at, any_address(), rarely(16) ? any32() : any8() % 8 * 512u,
                 any_flags(1 | way), (uint16_t)(at + 1));
    }
    put_desc(at + 1, header + 16, rarely(16) ? 0 : 1, any_flags(2), any8());
    if (rarely(8)) {
        put_desc(head, AT_DESC, 16 * (any8() % 20), 4, 0);
    }
    memcpy(&pc.ram[AT_AVAIL + 4 + avail_index % QUEUE * 2],
           &(uint16_t){(uint16_t)head}, 2);
    avail_index = (uint16_t)(avail_index + (rarely(32) ? any8() : 1));
    memcpy(&pc.ram[AT_AVAIL + 2], &avail_index, 2);
    virtio_set(VIRTIO_NOTIFY, 2, 0);
}

static void any_scribble(void)
{
    for (unsigned i = any8() % 8; i != 0; i--) {
        pc.ram[AT_DESC + any32() % 0x4000] = any8();
    }
    pc.ram[AT_AVAIL + any8() % 64] = any8();
    virtio_set(VIRTIO_NOTIFY, 2, 0);
}

/* --- the rest ------------------------------------------------------------------------------------ */

static void any_memory(void)
{
    uint64_t phys = MACHINE_BAR_BASE + any8() % 5 * 0x10000 + any32() % 0x4000;

    if (rarely(8)) {
        phys = MACHINE_HOLE_BASE + any32();
    }
    if (rarely(2)) {
        pc_write(phys, any_size(), any32());
    } else {
        machine_memory_read(pc.machine, phys, any_size());
    }
}

static void any_port(void)
{
    static const uint16_t ports[] = {0xcf8, 0xcfc, 0xcf9, 0x70,
                                     0x71,  0x600, 0x604, 0x608};
    uint16_t port = (uint16_t)(ports[any8() % 8] + any8() % 8);
    unsigned size = 1u << any8() % 3;

    port = rarely(8) ? (uint16_t)any32() : port;
    if (rarely(2)) {
        machine_port_write(pc.machine, port, size, any32());
    } else {
        machine_port_read(pc.machine, port, size);
    }
}

static void any_config(void)
{
    unsigned slot = any8() % 2 + AHCI_AT;

    if (rarely(4)) {
        pc_config_write(slot, any8() & 0xfc, 4, any32());
    } else {
        pc_config_write(slot, PCI_COMMAND, 2, any8());
    }
    ahci_drive(AHCI_AT);
    pc_config_write(VIRTIO_AT, PCI_COMMAND, 2, 6);
}

static void any_finish(void)
{
    pc.fail_status = rarely(8) ? -5 : 0;
    if (pc.queue_length != 0) {
        pc_finish(any8() % pc.queue_length);
    }
}

static void any_mode(void)
{
    pc.defer = rarely(2);
    if (rarely(32)) {
        machine_disk_unplug(pc.machine, any8() % PC_DISKS);
    }
    if (rarely(32)) {
        machine_function_reset(pc.machine, any8() % 5);
    }
    pc.alloc_fail_after = rarely(16) ? any8() % 4 : 0;
}

static void step(void)
{
    static void (*const steps[])(void) = {
        any_register, any_generic, any_ata,   any_ata,          any_ata,
        any_ata,      any_restart, any_chain, any_virtio_start, any_chain,
        any_chain,    any_chain,   any_chain, any_scribble,     any_memory,
        any_port,     any_config,  any_mode,  any_finish,       any_finish,
    };

    pc.dma_count = 0;
    steps[any8() % (sizeof steps / sizeof steps[0])]();
    assert_true(pc.dma_count < DMA_MAX);
    if (pc.queue_length > PC_QUEUE_MAX / 2) {
        pc_finish_all();
    }
}

void fuzz_run(const uint8_t *data, size_t size)
{
    struct machine_controller controllers[] = {pc_ahci(0, PORTS),
                                               pc_virtio(2, false)};

    controllers[0].disks[1].read_only = true;
    pc_start(controllers, 2);
    ahci_drive(AHCI_AT);
    pc_config_write(VIRTIO_AT, PCI_COMMAND, 2, 6);
    port_start(0);
    port_start(1);
    input = data;
    left = size;
    avail_index = 0;
    while (left != 0) {
        step();
    }
    pc_stop();
}
