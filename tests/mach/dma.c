/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A driver without manners: what it has the SATA controller read and write that
 * is nobody's memory is refused, and nothing else is harmed.  The kernel says
 * one line for each, which tests/faults counts. */
#include "run.h"

#include <mach/mach_i386.h>

#define PCI_ADDRESS  0xcf8
#define PCI_DATA     0xcfc
#define COMMAND      4 /* memory and bus mastering: 6 */
#define BAR          0x24
#define CLASS_AHCI   0x010601
#define SECTOR       512
#define WAIT_MS      2000
#define READ_DMA     0x25
#define NEVER_THERE  0x300000000ull /* behind all memory of a test's machine */
#define IN_THE_HOLE  0xf8000000ull
#define FIRMWARE     0xe0000ull
#define NEARLY_ZERO  0xffffffffffffff00ull
#define BEFORE_HOLE  0xdffffff0ull
#define LIST_OFFSET  0x0
#define FIS_OFFSET   0x400
#define TABLE_OFFSET 0x800
#define DATA_OFFSET  0x1000
#define MEMORY_SIZE  0x4000

/* AHCI 1.3.1, as far as it is needed. */
#define AHCI_BAR_SIZE 0x2000
#define AHCI_GHC      0x04
#define AHCI_GHC_AE   0x80000000u
#define AHCI_PORT(n)  (0x100 + 0x80 * (n))
#define AHCI_PxCLB    0x00
#define AHCI_PxFB     0x08
#define AHCI_PxIS     0x10
#define AHCI_PxCMD    0x18
#define AHCI_PxSERR   0x30
#define AHCI_PxCI     0x38
#define AHCI_IS_HBFS  0x20000000u
#define AHCI_IS_TFES  0x40000000u
#define AHCI_CMD_ST   0x00000001u
#define AHCI_CMD_FRE  0x00000010u
#define FIS_COMMAND   0x27

static struct {
    volatile char *registers;
    char *memory;
    uint64_t phys;
} driver;

static void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

static uint32_t in32(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static uint32_t config_read(unsigned slot, unsigned reg)
{
    out32(PCI_ADDRESS, 0x80000000u | slot << 11 | reg);
    return in32(PCI_DATA);
}

static uint32_t get(unsigned reg)
{
    return *(volatile uint32_t *)(driver.registers + reg);
}

static void set(unsigned reg, uint32_t value)
{
    *(volatile uint32_t *)(driver.registers + reg) = value;
}

static void set_address(unsigned reg, uint64_t phys)
{
    set(AHCI_PORT(0) + reg, (uint32_t)phys);
    set(AHCI_PORT(0) + reg + 4, (uint32_t)(phys >> 32));
}

static void *get_memory(uint64_t *phys)
{
    vm_address_t address = 0;
    rpc_phys_addr_t at = 0;

    OK(vm_allocate_contiguous(host_priv, mach_task_self(), &address, &at,
                              MEMORY_SIZE, 0, 1ull << 32, 0));
    *phys = at;
    return (void *)address;
}

static void map_registers(uint32_t phys)
{
    mach_port_t mem = MACH_PORT_NULL, pager = MACH_PORT_NULL;
    vm_address_t address = 0;

    OK(device_open(device_master, D_READ | D_WRITE, "mem", &mem));
    OK(device_map(mem, VM_PROT_READ | VM_PROT_WRITE, phys, AHCI_BAR_SIZE,
                  &pager, 0));
    OK(vm_map(mach_task_self(), &address, AHCI_BAR_SIZE, 0, TRUE, pager, 0,
              FALSE, VM_PROT_READ | VM_PROT_WRITE, VM_PROT_READ | VM_PROT_WRITE,
              VM_INHERIT_NONE));
    driver.registers = (volatile char *)address;
}

static void find_controller(void)
{
    mach_port_t perm = MACH_PORT_NULL;
    unsigned slot = 0;

    OK(i386_io_perm_create(device_master, PCI_ADDRESS, PCI_DATA + 3, &perm));
    OK(i386_io_perm_modify(mach_task_self(), perm, TRUE));
    while (slot < 31 && config_read(slot, 8) >> 8 != CLASS_AHCI)
        slot++;
    map_registers(config_read(slot, BAR) & ~0xfu);
    config_read(slot, COMMAND);
    out32(PCI_DATA, 6);
    set(AHCI_GHC, AHCI_GHC_AE);
}

/* The port anew: nothing of what went wrong before is left. */
static void start(uint64_t list, uint64_t received)
{
    set(AHCI_PORT(0) + AHCI_PxCMD, 0);
    set_address(AHCI_PxCLB, list);
    set_address(AHCI_PxFB, received);
    set(AHCI_PORT(0) + AHCI_PxSERR, ~0u);
    set(AHCI_PORT(0) + AHCI_PxIS, ~0u);
    set(AHCI_PORT(0) + AHCI_PxCMD, AHCI_CMD_FRE);
    set(AHCI_PORT(0) + AHCI_PxCMD, AHCI_CMD_FRE | AHCI_CMD_ST);
}

static void start_well(void)
{
    start(driver.phys + LIST_OFFSET, driver.phys + FIS_OFFSET);
}

/* A read of sector 0, by a table at TABLE, to DATA.  Returns PxIS's errors. */
static uint32_t read_sector(uint64_t table, uint64_t data)
{
    volatile uint32_t *list = (void *)(driver.memory + LIST_OFFSET);
    volatile uint8_t *fis = (void *)(driver.memory + TABLE_OFFSET);
    volatile uint32_t *prd = (void *)(driver.memory + TABLE_OFFSET + 0x80);
    uint32_t errors = 0;

    memset((char *)driver.memory + LIST_OFFSET, 0, 1024);
    memset((char *)driver.memory + TABLE_OFFSET, 0, 0x100);
    list[0] = 5 | 1u << 16;
    list[2] = (uint32_t)table;
    list[3] = (uint32_t)(table >> 32);
    fis[0] = FIS_COMMAND;
    fis[1] = 0x80;
    fis[2] = READ_DMA;
    fis[7] = 0x40;
    fis[12] = 1;
    prd[0] = (uint32_t)data;
    prd[1] = (uint32_t)(data >> 32);
    prd[3] = SECTOR - 1;
    set(AHCI_PORT(0) + AHCI_PxCI, 1);
    for (int i = 0; i < WAIT_MS && !errors; i++) {
        errors = get(AHCI_PORT(0) + AHCI_PxIS) & (AHCI_IS_HBFS | AHCI_IS_TFES);
        if (!errors && !(get(AHCI_PORT(0) + AHCI_PxCI) & 1))
            return 0;
        thread_switch(MACH_PORT_NULL, 2, 1);
    }
    return errors ? errors : ~0u;
}

/* run.sh's disk: the first sector is full of A. */
static void a_good_read_works(void)
{
    char *data = driver.memory + DATA_OFFSET;

    memset(data, 0, SECTOR);
    start_well();
    CHECK_EQ(read_sector(driver.phys + TABLE_OFFSET, driver.phys + DATA_OFFSET),
             0);
    CHECK_EQ(data[0], 'A');
    CHECK_EQ(data[SECTOR - 1], 'A');
}

static void data_is_refused_at(uint64_t phys)
{
    start_well();
    CHECK_EQ(read_sector(driver.phys + TABLE_OFFSET, phys), AHCI_IS_HBFS);
    a_good_read_works();
}

static void data_outside_of_memory(void)
{
    data_is_refused_at(NEVER_THERE);
    data_is_refused_at(IN_THE_HOLE);
    data_is_refused_at(BEFORE_HOLE);
    data_is_refused_at(FIRMWARE);
    data_is_refused_at(NEARLY_ZERO);
}

/* Memory that was given back is the next one's, and zero for him. */
static void data_in_free_frames(void)
{
    uint64_t phys, again;
    char *memory = get_memory(&phys);

    OK(vm_deallocate(mach_task_self(), (vm_address_t)memory, MEMORY_SIZE));
    data_is_refused_at(phys + PAGE);
    memory = get_memory(&again);
    for (unsigned i = 0; i < MEMORY_SIZE; i++)
        if (memory[i] != 0) {
            CHECK_EQ(memory[i], 0);
            break;
        }
    OK(vm_deallocate(mach_task_self(), (vm_address_t)memory, MEMORY_SIZE));
}

static void commands_outside_of_memory(void)
{
    start(NEVER_THERE, driver.phys + FIS_OFFSET);
    CHECK_EQ(read_sector(driver.phys + TABLE_OFFSET, driver.phys + DATA_OFFSET),
             AHCI_IS_HBFS);
    a_good_read_works();
    start_well();
    CHECK_EQ(read_sector(IN_THE_HOLE, driver.phys + DATA_OFFSET), AHCI_IS_HBFS);
    a_good_read_works();
}

/* The answer has nowhere to go. */
static void answers_outside_of_memory(void)
{
    start(driver.phys + LIST_OFFSET, NEVER_THERE);
    CHECK(read_sector(driver.phys + TABLE_OFFSET, driver.phys + DATA_OFFSET) !=
          ~0u);
    CHECK(get(AHCI_PORT(0) + AHCI_PxIS) & AHCI_IS_HBFS);
    a_good_read_works();
}

void test_main(void)
{
    find_controller();
    driver.memory = get_memory(&driver.phys);
    a_good_read_works();
    data_outside_of_memory();
    data_in_free_frames();
    commands_outside_of_memory();
    answers_outside_of_memory();
}
