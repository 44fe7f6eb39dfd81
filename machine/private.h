/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine/private.h: what the machine's parts share. */
#ifndef MACHINE_PRIVATE_H
#define MACHINE_PRIVATE_H

#include "machine/machine.h"
#include "machine/acpi.h"
#include "machine/pci.h"
#include "machine/rtc.h"
#include "machine/transfer.h"

#include <string.h>

struct machine {
    struct machine_host host;
    struct pci pci;
    struct acpi acpi;
    struct rtc rtc;
    struct transfer *transfers; /* all that are under way */
    unsigned line_users[MACHINE_IRQ_COUNT];
    bool run_wanted;
};

/* The functions' run is wanted, once whatever the driver does now is over. */
void machine_later(struct machine *machine);

/* One who holds the line's level up more, or less.  The line is up while
 * anybody does. */
void machine_line_set(struct machine *machine, unsigned line, bool level);

/* --- bytes in memory, which have no alignment ------------------------------ */

static inline uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t get32(const uint8_t *at)
{
    return get16(at) | (uint32_t)get16(at + 2) << 16;
}

static inline uint64_t get64(const uint8_t *at)
{
    return get32(at) | (uint64_t)get32(at + 4) << 32;
}

static inline void put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void put32(uint8_t *at, uint32_t value)
{
    put16(at, (uint16_t)value);
    put16(at + 2, (uint16_t)(value >> 16));
}

static inline void put64(uint8_t *at, uint64_t value)
{
    put32(at, (uint32_t)value);
    put32(at + 4, (uint32_t)(value >> 32));
}

/* SIZE bytes (1, 2 or 4) of a register's image. */
static inline uint32_t get_size(const uint8_t *at, unsigned size)
{
    return size == 1 ? *at : size == 2 ? get16(at) : get32(at);
}

/* All ones, as wide as the access: nobody answers. */
static inline uint32_t all_ones(unsigned size)
{
    return size == 4 ? 0xffffffffu : (1u << size * 8) - 1;
}

/* --- text ------------------------------------------------------------------- */

struct text {
    char line[160];
    size_t length;
};

/* What does not fit is cut off. */
void text_add(struct text *text, const char *more);
void text_add_hex(struct text *text, uint64_t number);
void text_add_number(struct text *text, unsigned number);

#endif
