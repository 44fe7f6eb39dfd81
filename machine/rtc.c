/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock chip: shows the host's time, keeps it from being set. */
#include "machine/private.h"

enum {
    RTC_SECONDS = 0,
    RTC_MINUTES = 2,
    RTC_HOURS = 4,
    RTC_WEEKDAY = 6,
    RTC_DAY = 7,
    RTC_MONTH = 8,
    RTC_YEAR = 9,
    RTC_A = 10,
    RTC_B = 11,
    RTC_C = 12,
    RTC_D = 13
};

#define A_FREQUENCY 0x26u
#define B_24_HOURS  0x02u
#define B_BINARY    0x04u
#define B_STORED    0x0fu /* no interrupt is ever made */
#define D_VALID     0x80u
#define HOUR_PM     0x80u

#define NS_IN_SECOND 1000000000ull

struct date {
    unsigned second, minute, hour, weekday, day, month, year;
};

/* --- the calendar -------------------------------------------------------------------- */

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_in_month(unsigned month, unsigned year)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

static struct date date_of(uint64_t seconds)
{
    uint64_t days = seconds / 86400;
    struct date date = {.second = seconds % 60,
                        .minute = seconds / 60 % 60,
                        .hour = seconds / 3600 % 24,
                        /* The first day of 1970 was a Thursday. */
                        .weekday = (unsigned)((days + 4) % 7 + 1),
                        .month = 1,
                        .year = 1970};

    while (days >= (is_leap(date.year) ? 366u : 365u)) {
        days -= is_leap(date.year) ? 366 : 365;
        date.year++;
    }
    while (days >= days_in_month(date.month, date.year)) {
        days -= days_in_month(date.month, date.year);
        date.month++;
    }
    date.day = (unsigned)days + 1;
    return date;
}

/* --- the chip -------------------------------------------------------------------------- */

void rtc_create(struct machine *machine, uint64_t memory_size_bytes)
{
    uint8_t *bytes = machine->rtc.bytes;
    uint64_t above_1m =
        memory_size_bytes > 1 << 20 ? (memory_size_bytes - (1 << 20)) >> 10 : 0;
    uint64_t above_16m = memory_size_bytes > 16 << 20
                             ? (memory_size_bytes - (16 << 20)) >> 16
                             : 0;

    bytes[RTC_A] = A_FREQUENCY;
    bytes[RTC_B] = B_24_HOURS;
    bytes[RTC_D] = D_VALID;
    put16(bytes + 0x15, 640); /* KiB below 1 MiB */
    put16(bytes + 0x17, (uint16_t)(above_1m < 0xffff ? above_1m : 0xffff));
    put16(bytes + 0x30, get16(bytes + 0x17));
    put16(bytes + 0x34, (uint16_t)(above_16m < 0xffff ? above_16m : 0xffff));
}

static uint8_t as_coded(const struct rtc *rtc, unsigned number)
{
    if (rtc->bytes[RTC_B] & B_BINARY) {
        return (uint8_t)number;
    }
    return (uint8_t)(number / 10 << 4 | number % 10);
}

static uint8_t hour_of(const struct rtc *rtc, unsigned hour)
{
    if (rtc->bytes[RTC_B] & B_24_HOURS) {
        return as_coded(rtc, hour);
    }
    return (uint8_t)(as_coded(rtc, (hour + 11) % 12 + 1) |
                     (hour >= 12 ? HOUR_PM : 0));
}

static uint8_t time_read(struct machine *machine, unsigned index)
{
    const struct rtc *rtc = &machine->rtc;
    struct date date = date_of(
        machine->host.realtime_ns(machine->host.context) / NS_IN_SECOND);

    switch (index) {
    case RTC_SECONDS:
        return as_coded(rtc, date.second);
    case RTC_MINUTES:
        return as_coded(rtc, date.minute);
    case RTC_HOURS:
        return hour_of(rtc, date.hour);
    case RTC_WEEKDAY:
        return as_coded(rtc, date.weekday);
    case RTC_DAY:
        return as_coded(rtc, date.day);
    case RTC_MONTH:
        return as_coded(rtc, date.month);
    case RTC_YEAR:
        return as_coded(rtc, date.year % 100);
    default:
        return as_coded(rtc, date.year / 100);
    }
}

/* The alarm's three bytes lie between the time's and are only remembered. */
static bool is_time(unsigned index)
{
    return index == RTC_SECONDS || index == RTC_MINUTES || index == RTC_HOURS ||
           (index >= RTC_WEEKDAY && index <= RTC_YEAR) || index == RTC_CENTURY;
}

uint8_t rtc_read(struct machine *machine, uint16_t port)
{
    const struct rtc *rtc = &machine->rtc;

    if (port == RTC_PORT_INDEX) {
        return 0xff; /* can only be written */
    }
    return is_time(rtc->index) ? time_read(machine, rtc->index)
                               : rtc->bytes[rtc->index];
}

void rtc_write(struct machine *machine, uint16_t port, uint8_t value)
{
    struct rtc *rtc = &machine->rtc;

    if (port == RTC_PORT_INDEX) {
        rtc->index = value & 0x7f; /* the upper bit is the NMI's */
    } else if (rtc->index == RTC_B) {
        rtc->bytes[RTC_B] = value & B_STORED;
    } else if (rtc->index == RTC_A) {
        rtc->bytes[RTC_A] = value & 0x7f;
    } else if (!is_time(rtc->index) && rtc->index != RTC_C &&
               rtc->index != RTC_D) {
        rtc->bytes[rtc->index] = value;
    }
}
