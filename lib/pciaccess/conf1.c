/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/pciaccess/conf1.c: configuration mechanism 1: an address at 0xcf8,
 * data at 0xcfc (PCI Local Bus specification 3.0, 3.2.2.3.2). */

#include <machdev/machdev.h>
#include <pciaccess/private.h>
#include <sys/io.h>

#define ADDRESS 0xcf8
#define DATA    0xcfc
#define ENABLE  0x80000000u

/* Between the address and the data nobody may come in. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The mechanism is there if its address register keeps what it is told. */
static boolean_t mechanism_answers(void)
{
    uint32_t before = inl(ADDRESS);

    outl(ENABLE, ADDRESS);
    uint32_t kept = inl(ADDRESS);
    outl(before, ADDRESS);
    return kept == ENABLE;
}

error_t conf1_take_ports(mach_port_t device_master, mach_port_t *ports)
{
    error_t err =
        machdev_take_io_ports(device_master, ADDRESS, DATA + 3, ports);

    if (err || mechanism_answers())
        return err;
    machdev_drop_io_ports(*ports);
    return HURD_ENODEV;
}

static void select_register(unsigned bus, unsigned dev, unsigned func,
                            unsigned reg)
{
    outl(ENABLE | bus << 16 | dev << 11 | func << 8 | (reg & 0xfcu), ADDRESS);
}

uint32_t conf1_read(unsigned bus, unsigned dev, unsigned func, unsigned reg,
                    unsigned size)
{
    unsigned port = DATA + (reg & 3);
    uint32_t value;

    pthread_mutex_lock(&lock);
    select_register(bus, dev, func, reg);
    value = size == 1 ? inb(port) : size == 2 ? inw(port) : inl(port);
    pthread_mutex_unlock(&lock);
    return value;
}

void conf1_write(unsigned bus, unsigned dev, unsigned func, unsigned reg,
                 unsigned size, uint32_t value)
{
    unsigned port = DATA + (reg & 3);

    pthread_mutex_lock(&lock);
    select_register(bus, dev, func, reg);
    if (size == 1)
        outb(value, port);
    else if (size == 2)
        outw(value, port);
    else
        outl(value, port);
    pthread_mutex_unlock(&lock);
}
