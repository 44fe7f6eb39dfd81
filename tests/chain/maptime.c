/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/chain/maptime.c: the clock as programs of the Hurd map it, by /dev/time.
 *
 * Says `the time goes on', or what is wrong.
 */

#include <hurd/io.h>
#include <hurd/libhurd.h>
#include <mach/time_value.h>
#include <time.h>

#define READS  200000
#define WAIT_S 1

static int failed(const char *what, error_t err)
{
    mach_port_t out = hurd_get_fd(1);

    hurd_printf(out, "maptime: %s: %s\n", what,
                err ? mach_error_string(err) : "wrong");
    return 1;
}

/* As libshouldbeinlibc maps it: as much as a pointer. */
static error_t map_clock(const volatile mapped_time_value_t **clock)
{
    mach_port_t to_read = MACH_PORT_NULL, to_write = MACH_PORT_NULL;
    vm_address_t address = 0;
    file_t file;
    error_t err = hurd_lookup("/dev/time", HO_READ, 0, &file);

    if (err)
        return err;
    err = io_map(file, &to_read, &to_write);
    mach_port_drop(file);
    if (!err && to_write != MACH_PORT_NULL)
        err = HURD_EACCES; /* it was not opened for that */
    if (!err)
        err =
            vm_map(mach_task_self(), &address, sizeof address, 0, TRUE, to_read,
                   0, FALSE, VM_PROT_READ, VM_PROT_READ, VM_INHERIT_NONE);
    mach_port_drop(to_read);
    mach_port_drop(to_write);
    *clock = (const volatile mapped_time_value_t *)address;
    return err;
}

static int64_t read_wide(const volatile struct time_value64 *time,
                         const volatile int64_t *check)
{
    int64_t seconds, nanoseconds;

    do {
        seconds = time->seconds;
        __sync_synchronize();
        nanoseconds = time->nanoseconds;
        __sync_synchronize();
    } while (seconds != *check);
    return seconds * 1000000000 + nanoseconds;
}

static int64_t read_narrow(const volatile mapped_time_value_t *clock)
{
    int64_t seconds, microseconds;

    do {
        seconds = clock->seconds;
        __sync_synchronize();
        microseconds = clock->microseconds;
        __sync_synchronize();
    } while (seconds != clock->check_seconds);
    return seconds * 1000000000 + microseconds * 1000;
}

/* Each of the three is never behind what was seen of it, or of the same clock in
 * less detail, before. */
static const char *compare(const volatile mapped_time_value_t *clock)
{
    int64_t time = 0, up = 0;

    for (unsigned i = 0; i < READS; i++) {
        int64_t narrow = read_narrow(clock);
        int64_t wide = read_wide(&clock->time_value, &clock->check_seconds64);
        int64_t since =
            read_wide(&clock->uptime_value, &clock->check_upseconds64);
        if (narrow < time - time % 1000 || wide < narrow)
            return "the time";
        if (since < up)
            return "the time since the start";
        time = wide;
        up = since;
    }
    return NULL;
}

int main(void)
{
    const volatile mapped_time_value_t *clock;
    struct timespec wait = {WAIT_S, 0};
    mach_port_t out = hurd_get_fd(1);
    time_value_t now;
    error_t err = map_clock(&clock);

    if (err)
        return failed("mapping", err);
    const char *wrong = compare(clock);
    if (wrong)
        return failed(wrong, 0);
    int64_t seconds = clock->time_value.seconds;
    int64_t up = read_wide(&clock->uptime_value, &clock->check_upseconds64);
    nanosleep(&wait, NULL);
    err = host_get_time(mach_host_self(), &now);
    if (err || clock->time_value.seconds <= seconds ||
        now.seconds - clock->time_value.seconds > 1 ||
        clock->time_value.seconds - now.seconds > 1)
        return failed("a second later", err);
    if (read_wide(&clock->uptime_value, &clock->check_upseconds64) - up <
        WAIT_S * 990000000l)
        return failed("a second more since the start", 0);
    hurd_printf(out, "the time goes on\n");
    return 0;
}
