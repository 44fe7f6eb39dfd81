/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A driver without manners: what it has the SATA controller read and write that
 * is not its own memory is refused, and nothing else is harmed.  The kernel says
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
#define TABLE_SIZE   0x100
#define DATA_OFFSET  0x1000
#define MEMORY_SIZE  0x4000

/* Of a driver that is another task: all slots' data, and all of its memory, as
 * much as the kernel takes apart for it, so that it can be had again. */
#define SLOTS        32
#define SLOT_SECTORS 32
#define SLOT_SIZE    (SLOT_SECTORS * SECTOR)
#define CHILD_DATA   0x4000
#define CHILD_SIZE   0x100000
#define ROUNDS       8

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
    mach_port_t pager; /* of the registers */
} driver;

struct orders {
    uint64_t registers, memory, phys;
};

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

static uint64_t map_registers(mach_port_t task)
{
    vm_address_t address = 0;

    OK(vm_map(task, &address, AHCI_BAR_SIZE, 0, TRUE, driver.pager, 0, FALSE,
              VM_PROT_READ | VM_PROT_WRITE, VM_PROT_READ | VM_PROT_WRITE,
              VM_INHERIT_NONE));
    return address;
}

static void become_the_driver(void)
{
    driver.registers = (volatile char *)map_registers(mach_task_self());
    set(AHCI_GHC, AHCI_GHC_AE);
}

static void find_controller(void)
{
    mach_port_t perm = MACH_PORT_NULL, mem = MACH_PORT_NULL;
    unsigned slot = 0;

    OK(i386_io_perm_create(device_master, PCI_ADDRESS, PCI_DATA + 3, &perm));
    OK(i386_io_perm_modify(mach_task_self(), perm, TRUE));
    while (slot < 31 && config_read(slot, 8) >> 8 != CLASS_AHCI)
        slot++;
    OK(device_open(device_master, D_READ | D_WRITE, "mem", &mem));
    OK(device_map(mem, VM_PROT_READ | VM_PROT_WRITE,
                  config_read(slot, BAR) & ~0xfu, AHCI_BAR_SIZE, &driver.pager,
                  0));
    config_read(slot, COMMAND);
    out32(PCI_DATA, 6);
    become_the_driver();
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

/* Into MEMORY a command for SLOT: a read of COUNT sectors from 0 on to DATA, by
 * what the device is to take for the slot's table. */
static void put_command(char *memory, unsigned slot, uint64_t table,
                        uint64_t data, unsigned count)
{
    char *own = memory + TABLE_OFFSET + slot * TABLE_SIZE;
    volatile uint32_t *list = (void *)(memory + LIST_OFFSET + slot * 32);
    volatile uint8_t *fis = (void *)own;
    volatile uint32_t *prd = (void *)(own + 0x80);

    memset(own, 0, TABLE_SIZE);
    list[0] = 5 | 1u << 16;
    list[1] = 0;
    list[2] = (uint32_t)table;
    list[3] = (uint32_t)(table >> 32);
    fis[0] = FIS_COMMAND;
    fis[1] = 0x80;
    fis[2] = READ_DMA;
    fis[7] = 0x40;
    fis[12] = (uint8_t)count;
    prd[0] = (uint32_t)data;
    prd[1] = (uint32_t)(data >> 32);
    prd[3] = count * SECTOR - 1;
}

/* A read of sector 0, by a table at TABLE, to DATA.  Returns PxIS's errors. */
static uint32_t read_sector(uint64_t table, uint64_t data)
{
    uint32_t errors = 0;

    put_command(driver.memory, 0, table, data, 1);
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

static bool all_are(const char *data, char value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] != value)
            return false;
    return true;
}

/* The same host and device ports, another task's frames. */
static void data_of_another_task(void)
{
    static char letters[MEMORY_SIZE];
    mach_port_t child = new_task();
    vm_address_t address = 0;
    rpc_phys_addr_t phys = 0;
    vm_offset_t copy = 0;
    mach_msg_type_number_t size = 0;

    memset(letters, 'v', sizeof letters);
    OK(vm_allocate_contiguous(host_priv, child, &address, &phys, MEMORY_SIZE, 0,
                              1ull << 32, 0));
    OK(vm_write(child, address, (vm_offset_t)letters, MEMORY_SIZE));
    data_is_refused_at(phys);
    start(phys, driver.phys + FIS_OFFSET);
    CHECK_EQ(read_sector(driver.phys + TABLE_OFFSET, driver.phys + DATA_OFFSET),
             AHCI_IS_HBFS);
    OK(vm_read(child, address, MEMORY_SIZE, &copy, &size));
    CHECK(all_are((char *)copy, 'v', MEMORY_SIZE));
    OK(vm_deallocate(mach_task_self(), copy, size));
    OK(task_terminate(child));
    a_good_read_works();
}

/* --- a driver that dies -------------------------------------------------------- */

/* A thread of the child's: all slots at once, until it is killed. */
static void drive(uint64_t address)
{
    const struct orders *orders = (void *)address;

    driver.registers = (volatile char *)orders->registers;
    for (unsigned slot = 0; slot < SLOTS; slot++)
        put_command((char *)orders->memory, slot,
                    orders->phys + TABLE_OFFSET + slot * TABLE_SIZE,
                    orders->phys + CHILD_DATA + slot * SLOT_SIZE, SLOT_SECTORS);
    start(orders->phys + LIST_OFFSET, orders->phys + FIS_OFFSET);
    set(AHCI_PORT(0) + AHCI_PxCI, ~0u);
    for (;;)
        thread_switch(MACH_PORT_NULL, 2, 1000);
}

/* Gives CHILD what it drives with; returns where it finds that. */
static vm_address_t prepare_child(mach_port_t child, struct orders *orders)
{
    static char page[PAGE];
    vm_address_t memory = 0, address = 0;
    rpc_phys_addr_t phys = 0;

    OK(vm_allocate_contiguous(host_priv, child, &memory, &phys, CHILD_SIZE, 0,
                              1ull << 32, 0));
    *orders = (struct orders){map_registers(child), memory, phys};
    memcpy(page, orders, sizeof *orders);
    OK(vm_allocate(child, &address, PAGE, TRUE));
    OK(vm_write(child, address, (vm_offset_t)page, PAGE));
    return address;
}

static void wait_for_its_first_data(mach_port_t child, vm_address_t address)
{
    char first = 0;

    for (unsigned i = 0; i < WAIT_MS && first != 'A'; i++) {
        vm_offset_t copy = 0;
        mach_msg_type_number_t size = 0;

        if (vm_read(child, address + CHILD_DATA, PAGE, &copy, &size) != 0)
            break;
        first = *(volatile char *)copy;
        vm_deallocate(mach_task_self(), copy, size);
        if (first != 'A')
            thread_switch(MACH_PORT_NULL, 2, 1);
    }
    CHECK_EQ(first, 'A');
}

/* Its frames are ours: as soon as the device has left them, and for good. */
static void inherit(rpc_phys_addr_t phys)
{
    vm_address_t address = 0;
    rpc_phys_addr_t got = 0;
    kern_return_t kr = KERN_FAILURE;

    for (unsigned i = 0; i < WAIT_MS && kr != KERN_SUCCESS; i++) {
        kr = vm_allocate_contiguous(host_priv, mach_task_self(), &address, &got,
                                    CHILD_SIZE, phys, phys + CHILD_SIZE, 0);
        if (kr != KERN_SUCCESS)
            thread_switch(MACH_PORT_NULL, 2, 1);
    }
    CHECK_EQ(kr, KERN_SUCCESS);
    if (kr != KERN_SUCCESS)
        return;
    CHECK(all_are((char *)address, 0, CHILD_SIZE));
    thread_switch(MACH_PORT_NULL, 2, 10);
    CHECK(all_are((char *)address, 0, CHILD_SIZE));
    OK(vm_deallocate(mach_task_self(), address, CHILD_SIZE));
}

static void a_driver_that_dies_takes_its_device_along(void)
{
    OK(vm_deallocate(mach_task_self(), (vm_address_t)driver.registers,
                     AHCI_BAR_SIZE));
    for (unsigned i = 0; i < ROUNDS; i++) {
        mach_port_t child = new_task();
        struct orders orders;

        start_thread(child, drive, prepare_child(child, &orders));
        wait_for_its_first_data(child, orders.memory);
        OK(task_terminate(child));
        inherit(orders.phys);
    }
    become_the_driver();
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
    data_of_another_task();
    a_driver_that_dies_takes_its_device_along();
}
