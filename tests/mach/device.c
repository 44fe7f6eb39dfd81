/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices: the console, the clock's page, the kernel's log, a raw disk.
 *
 * run.sh gives `typed' as the console's input and a disk of 64 KiB whose
 * sector N is filled with the letter 'A' + N. */
#include "run.h"

#include <device/device_request.h>

#define NO_SUCH_DEVICE 2502
#define DISK_SECTORS   128

static mach_port_t opened(const char *name, int mode)
{
    mach_port_t device = MACH_PORT_NULL;

    OK(device_open(device_master, mode, name, &device));
    return device;
}

static void the_console_reads_and_writes(void)
{
    mach_port_t console = opened("console", D_READ | D_WRITE);
    static const io_buf_ptr_inband_t greeting = "from the console\n";
    char line[16];
    unsigned length = 0;
    int written = 0;

    OK(device_write_inband(console, 0, 0, greeting, 17, &written));
    CHECK_EQ(written, 17);
    while (length < 5) {
        io_buf_ptr_inband_t data;
        mach_msg_type_number_t count = sizeof data;

        kern_return_t result =
            device_read_inband(console, 0, 0, 16, data, &count);
        CHECK_EQ(result, KERN_SUCCESS);
        if (result != KERN_SUCCESS || count == 0)
            break;
        for (unsigned i = 0; i < count && length < sizeof line; i++)
            line[length++] = data[i];
    }
    CHECK(length >= 5 && memcmp(line, "typed", 5) == 0);
}

/* Who asks again whenever it was answered, as the Hurd's term does, costs
 * nothing. */
static void the_consoles_end_is_told_once(void)
{
    mach_port_t console = opened("console", D_READ), reply = new_port();
    mach_msg_return_t result;
    struct message message;
    unsigned answers = 0;

    do {
        OK(device_read_request_inband(console, reply, D_NOWAIT, 0, 16));
        result = receive(reply, &message, answers == 0 ? 5000 : 200);
        answers++;
    } while (result == MACH_MSG_SUCCESS && answers < 10);
    CHECK_EQ(result, MACH_RCV_TIMED_OUT);
    CHECK(answers == 2 || answers == 3); /* there may be a line's end before */
}

static void the_clock_is_mapped(void)
{
    mach_port_t clock = opened("time", D_READ), page = MACH_PORT_NULL;
    vm_address_t address = 0;
    time_value_t now;

    OK(device_map(clock, VM_PROT_READ, 0, PAGE, &page, 0));
    OK(vm_map(mach_task_self(), &address, PAGE, 0, TRUE, page, 0, FALSE,
              VM_PROT_READ, VM_PROT_READ, VM_INHERIT_NONE));
    volatile int64_t *seconds = (volatile int64_t *)(address + 16);
    OK(host_get_time(mach_host_self(), &now));
    CHECK(now.seconds - *seconds <= 1 && *seconds - now.seconds <= 1);
    CHECK(*seconds > 1000000000);
}

static void a_disk_reads_and_writes(void)
{
    mach_port_t disk = opened("hd0", D_READ | D_WRITE);
    io_buf_ptr_t data;
    mach_msg_type_number_t count = 0;
    int status[2], written = 0;
    char *sector = new_memory(PAGE);

    OK(device_read(disk, 0, 3, 1024, &data, &count));
    CHECK_EQ(count, 1024);
    CHECK_EQ(data[0], 'D');
    CHECK_EQ(data[1023], 'E');
    memset(sector, 'x', 512);
    OK(device_write(disk, 0, 5, sector, 512, &written));
    CHECK_EQ(written, 512);
    OK(device_read(disk, 0, 5, 512, &data, &count));
    CHECK_EQ(data[100], 'x');
    count = 2;
    OK(device_get_status(disk, DEV_GET_SIZE, status, &count));
    CHECK_EQ(status[DEV_GET_SIZE_DEVICE_SIZE], DISK_SECTORS * 512);
    CHECK_EQ(status[DEV_GET_SIZE_RECORD_SIZE], 512);
    CHECK(device_read(disk, 0, DISK_SECTORS + 5, 512, &data, &count) !=
              KERN_SUCCESS ||
          count == 0);
    CHECK(device_write(disk, 0, DISK_SECTORS, sector, 512, &written) !=
              KERN_SUCCESS ||
          written == 0);
}

static void the_log_has_what_was_printed(void)
{
    mach_port_t log = opened("kmsg", D_READ);
    io_buf_ptr_t data;
    mach_msg_type_number_t count = 0;
    bool found = false;

    OK(device_read(log, D_NOWAIT, 0, 16384, &data, &count));
    for (unsigned i = 0; i + 4 < count; i++)
        found |= memcmp(data + i, "modu", 4) == 0;
    CHECK(found);
}

static void unknown_devices_are_refused(void)
{
    mach_port_t device;

    CHECK_EQ(device_open(device_master, D_READ, "nothing", &device),
             NO_SUCH_DEVICE);
    CHECK(device_open(mach_host_self(), D_READ, "console", &device) !=
          KERN_SUCCESS);
}

void test_main(void)
{
    the_console_reads_and_writes();
    the_consoles_end_is_told_once();
    the_clock_is_mapped();
    a_disk_reads_and_writes();
    the_log_has_what_was_printed();
    unknown_devices_are_refused();
}
