/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine/rtc.h: the clock chip and its memory, ports 0x70 and 0x71. */
#ifndef MACHINE_RTC_H
#define MACHINE_RTC_H

#include "machine/machine.h"

#define RTC_PORT_INDEX 0x70u
#define RTC_PORT_DATA  0x71u
#define RTC_CENTURY    0x32u

struct rtc {
    uint8_t index;
    uint8_t bytes[128];
};

void rtc_create(struct machine *machine, uint64_t memory_size_bytes);
uint8_t rtc_read(struct machine *machine, uint16_t port);
void rtc_write(struct machine *machine, uint16_t port, uint8_t value);

#endif
