/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PC that drivers see: ports, device memory, firmware, interrupt lines. */
#include "run.h"

#include <mach/mach_i386.h>

#define PCI_ADDRESS     0xcf8
#define PCI_DATA        0xcfc
#define BIOS            0xe0000u
#define BIOS_SIZE       0x20000u
#define ECAM            0xe0000000u
#define RAM             0x200000u
#define PCI_LINE        10
#define NOT_OPEN_FOR_IT 2505 /* D_INVALID_OPERATION */

static inline void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

static inline uint32_t in32(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint8_t in8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static uint32_t config_read(unsigned slot, unsigned reg)
{
    out32(PCI_ADDRESS, 0x80000000u | slot << 11 | reg);
    return in32(PCI_DATA);
}

static mach_port_t opened(const char *name)
{
    mach_port_t device = MACH_PORT_NULL;

    OK(device_open(device_master, D_READ | D_WRITE, name, &device));
    return device;
}

static volatile void *mapped(unsigned phys, unsigned size)
{
    mach_port_t mem = opened("mem"), pager = MACH_PORT_NULL;
    vm_address_t address = 0;

    OK(device_map(mem, VM_PROT_READ | VM_PROT_WRITE, phys, size, &pager, 0));
    OK(vm_map(mach_task_self(), &address, size, 0, TRUE, pager, 0, FALSE,
              VM_PROT_READ, VM_PROT_READ | VM_PROT_WRITE, VM_INHERIT_NONE));
    return (volatile void *)address;
}

static void one_task_has_the_configuration_ports(void)
{
    mach_port_t perm = MACH_PORT_NULL, other = MACH_PORT_NULL;

    CHECK_EQ(i386_io_perm_create(device_master, 5, 4, &other),
             KERN_INVALID_ARGUMENT);
    CHECK_EQ(i386_io_perm_create(mach_task_self(), 0, 4, &other),
             KERN_INVALID_ARGUMENT);
    OK(i386_io_perm_create(device_master, PCI_ADDRESS, PCI_DATA + 3, &perm));
    CHECK_EQ(i386_io_perm_create(device_master, 0, 0xffff, &other),
             KERN_PROTECTION_FAILURE);
    OK(i386_io_perm_create(device_master, 0x70, 0x71, &other));
    /* Given back, it can be had again. */
    OK(mach_port_deallocate(mach_task_self(), perm));
    OK(i386_io_perm_create(device_master, PCI_ADDRESS, PCI_DATA + 3, &perm));
    OK(i386_io_perm_modify(mach_task_self(), perm, TRUE));
    OK(i386_io_perm_modify(mach_task_self(), other, TRUE));
}

static void the_bus_has_a_bridge_and_a_disk_controller(void)
{
    unsigned found = 0;

    CHECK((config_read(0, 0) & 0xffff) == 0x8086);
    CHECK_EQ(config_read(0, 8) >> 16, 0x0600);
    for (unsigned slot = 0; slot < 32; slot++)
        if (config_read(slot, 8) >> 8 == 0x010601)
            found++;
    CHECK_EQ(found, 1); /* run.sh gives one disk */
}

static void the_clock_chip_counts_in_decimal(void)
{
    uint8_t second;

    __asm__ volatile("outb %b0, $0x70" ::"a"(0));
    second = in8(0x71);
    CHECK((second & 15) < 10 && second < 0x60);
}

static void configuration_space_is_memory_too(void)
{
    volatile uint32_t *space = mapped(ECAM, 0x100000);

    CHECK_EQ(space[0], config_read(0, 0));
    CHECK_EQ(space[0x1000 / 4 * 8 * 31], config_read(31, 0));
    OK(vm_protect(mach_task_self(), (vm_address_t)space, 0x100000, FALSE,
                  VM_PROT_READ | VM_PROT_WRITE));
    /* Read, change, write in one instruction. */
    volatile uint32_t *command = space + 0x8000 * 2 / 4 + 1;
    uint32_t before = *command;
    __asm__ volatile("orl $4, %0" : "+m"(*command));
    CHECK_EQ(*command & 4, 4);
    __asm__ volatile("andl $-5, %0" : "+m"(*command));
    CHECK_EQ(*command & 0xffff, before & 0xffff & ~4u);
}

static void firmware_has_left_its_tables(void)
{
    volatile char *bios = mapped(BIOS, BIOS_SIZE);
    unsigned found = 0;

    for (unsigned at = 0; at < BIOS_SIZE; at += 16) {
        unsigned char sum = 0;
        if (memcmp((const char *)bios + at, "RSD PTR ", 8) != 0)
            continue;
        for (unsigned i = 0; i < 20; i++)
            sum += (unsigned char)bios[at + i];
        found += sum == 0;
    }
    CHECK_EQ(found, 1);
}

static void memory_in_use_is_not_for_mapping(void)
{
    mach_port_t mem = opened("mem"), pager;

    CHECK_EQ(device_map(mem, VM_PROT_READ, RAM, PAGE, &pager, 0),
             NOT_OPEN_FOR_IT);
    CHECK_EQ(device_map(mem, VM_PROT_READ, 0, PAGE, &pager, 0),
             NOT_OPEN_FOR_IT);
    CHECK_EQ(device_map(mem, VM_PROT_READ, BIOS, BIOS_SIZE + PAGE, &pager, 0),
             NOT_OPEN_FOR_IT);
}

static bool all_are(const char *data, char value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] != value)
            return false;
    return true;
}

/* Memory that was used before has nothing left of it, whichever way it is
 * looked at. */
static void contiguous_memory_has_no_past(void)
{
    vm_address_t address = 0;
    rpc_phys_addr_t phys = 0, again = 0;
    vm_offset_t copy = 0;
    mach_msg_type_number_t size = 0;

    for (unsigned way = 0; way < 3; way++) {
        OK(vm_allocate_contiguous(host_priv, mach_task_self(), &address, &phys,
                                  16 * PAGE, 0, 1ull << 32, 0));
        memset((void *)address, 'x', 16 * PAGE);
        OK(vm_deallocate(mach_task_self(), address, 16 * PAGE));
        OK(vm_allocate_contiguous(host_priv, mach_task_self(), &address, &again,
                                  16 * PAGE, phys, phys + 16 * PAGE, 0));
        CHECK_EQ(again, phys);
        if (way == 0) {
            CHECK(all_are((char *)address, 0, 16 * PAGE));
        } else if (way == 1) {
            OK(vm_read(mach_task_self(), address, 16 * PAGE, &copy, &size));
            CHECK(all_are((char *)copy, 0, 16 * PAGE));
        } else {
            mach_port_t child = new_task();
            OK(vm_read(child, address, 16 * PAGE, &copy, &size));
            CHECK(all_are((char *)copy, 0, 16 * PAGE));
            OK(task_terminate(child));
        }
        OK(vm_deallocate(mach_task_self(), address, 16 * PAGE));
    }
}

static void a_driver_gets_memory_with_an_address(void)
{
    vm_address_t address = 0;
    rpc_phys_addr_t phys = 0;
    rpc_phys_addr_t pages[16];
    mach_msg_type_number_t count = 16;
    rpc_phys_addr_array_t list = pages;

    OK(vm_allocate_contiguous(host_priv, mach_task_self(), &address, &phys,
                              16 * PAGE, 0, 1ull << 32, 0));
    CHECK(phys >= 0x1000 && phys + 16 * PAGE <= ECAM);
    CHECK(all_are((char *)address, 0, 16 * PAGE));
    memset((void *)address, 1, 16 * PAGE);
    OK(vm_pages_phys(host_priv, mach_task_self(), address, 16 * PAGE, &list,
                     &count));
    CHECK_EQ(count, 16);
    for (unsigned i = 0; i < count; i++)
        CHECK_EQ(list[i], phys + i * PAGE);

    /* What is sent of it is a copy: a device goes on writing to the frames. */
    vm_offset_t copy = 0;
    mach_msg_type_number_t size = 0;
    OK(vm_read(mach_task_self(), address, 16 * PAGE, &copy, &size));
    memset((void *)address, 2, 16 * PAGE);
    CHECK_EQ(((char *)copy)[0], 1);
    CHECK_EQ(((char *)copy)[16 * PAGE - 1], 1);
    count = 16;
    OK(vm_pages_phys(host_priv, mach_task_self(), address, 16 * PAGE, &list,
                     &count));
    CHECK_EQ(list[0], phys);
    CHECK_EQ(list[15], phys + 15 * PAGE);
}

static void lines_are_registered_once_a_port(void)
{
    mach_port_t irq = opened("irq"), mem = opened("mem");
    mach_port_t port = new_port();
    mach_msg_type_number_t count = 1;
    int mode = -1;

    OK(device_get_status(irq, 0, &mode, &count));
    CHECK_EQ(mode, 1);
    CHECK_EQ(
        device_intr_register(irq, PCI_LINE, 1, port, MACH_MSG_TYPE_MAKE_SEND),
        NOT_OPEN_FOR_IT);
    CHECK_EQ(device_intr_register(irq, 4711, 0, port, MACH_MSG_TYPE_MAKE_SEND),
             NOT_OPEN_FOR_IT);
    CHECK_EQ(
        device_intr_register(mem, PCI_LINE, 0, port, MACH_MSG_TYPE_MAKE_SEND),
        NOT_OPEN_FOR_IT);
    OK(device_intr_register(irq, PCI_LINE, 0, port, MACH_MSG_TYPE_MAKE_SEND));
    CHECK(device_intr_register(irq, PCI_LINE, 0, port,
                               MACH_MSG_TYPE_MAKE_SEND) != KERN_SUCCESS);
    /* Nothing came yet. */
    CHECK_EQ(device_intr_ack(irq, port, MACH_MSG_TYPE_MAKE_SEND),
             NOT_OPEN_FOR_IT);
    OK(mach_port_destroy(mach_task_self(), port));
}

void test_main(void)
{
    one_task_has_the_configuration_ports();
    the_bus_has_a_bridge_and_a_disk_controller();
    the_clock_chip_counts_in_decimal();
    configuration_space_is_memory_too();
    firmware_has_left_its_tables();
    memory_in_use_is_not_for_mapping();
    a_driver_gets_memory_with_an_address();
    contiguous_memory_has_no_past();
    lines_are_registered_once_a_port();
}
