/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices behind the device master port. */
#include "world.h"

#include <device/device_types.h>
#include <device/tty_status.h>
#include <mach/time_value.h>

#include "device_user.h"
#include "gnumach_user.h"
#include "mach_host_user.h"
#include "mach_port_user.h"
#include "mach_user.h"

#define DISK_SIZE (1u << 20)
#define SECTOR    512

static struct user *user;
static mach_port_t master;
static char disk[DISK_SIZE];

static void write_partition(unsigned index, uint8_t type, uint32_t first,
                            uint32_t count)
{
    char *entry = disk + 446 + 16 * index;

    entry[4] = type;
    memcpy(entry + 8, &first, 4);
    memcpy(entry + 12, &count, 4);
    disk[510] = 0x55;
    disk[511] = (char)0xaa;
}

static int setup_disk(void **state, bool read_only)
{
    for (unsigned i = 0; i < DISK_SIZE; i++) {
        disk[i] = i / SECTOR;
    }
    memset(disk, 0, SECTOR);
    write_partition(0, 0x83, 64, 100);
    write_partition(2, 0x83, 2000, 100000); /* beyond the end */
    world_start();
    sim_disk_add(disk, sizeof disk, read_only);
    world_boot();
    user = user_create("user");
    master = user_device_master(user);
    return 0;
}

static int setup(void **state)
{
    return setup_disk(state, false);
}

static int setup_read_only(void **state)
{
    return setup_disk(state, true);
}

static mach_port_t open_device(const char *name)
{
    mach_port_t device = MACH_PORT_NULL;
    char full[128] = "";

    strcpy(full, name);
    assert_ok(device_open(master, D_READ, full, &device));
    assert_true(MACH_PORT_VALID(device));
    return device;
}

/* A call that waits for its reply, in two parts. */
struct reply {
    mach_msg_header_t head;
    mach_msg_type_t type;
    int code, pad;
    mach_msg_type_t data_type;
    union {
        uint64_t address;
        char bytes[128];
        int number;
        mach_port_t port;
    };
};

static void finish(struct reply *reply)
{
    assert_int_equal(world_finish(user, &reply->head, sizeof *reply), 0);
}

/* --- opening -------------------------------------------------------------------- */

TEST(an_unknown_device_does_not_exist)
{
    mach_port_t device;
    char name[128] = "nonsense";

    assert_kr(device_open(master, D_READ, name, &device), D_NO_SUCH_DEVICE);
    assert_kr(device_open(user->self, D_READ, name, &device),
              D_INVALID_OPERATION);
}

TEST(a_device_opened_twice_has_one_port)
{
    assert_int_equal(open_device("console"), open_device("console"));
}

TEST(a_device_that_was_forgotten_can_be_opened_again)
{
    mach_port_t device = open_device("console");

    assert_ok(device_close(device));
    assert_ok(mach_port_mod_refs(user->self, device, MACH_PORT_RIGHT_SEND, -1));
    open_device("console");
}

TEST(a_device_cannot_do_what_its_kind_does_not)
{
    char data[128];
    mach_msg_type_number_t count = sizeof data;
    mach_port_t time = open_device("time");

    assert_kr(device_read_inband(time, 0, 0, 10, data, &count),
              D_INVALID_OPERATION);
}

/* --- the console -------------------------------------------------------------------- */

TEST(what_is_written_is_shown)
{
    mach_port_t console = open_device("console");
    uint64_t address = world_allocate(8192);
    char hello[128] = "hello";
    int written;

    assert_ok(device_write_inband(console, 0, 0, hello, 5, &written));
    assert_int_equal(written, 5);
    world_poke(address, " world", 6);
    assert_ok(device_write(console, 0, 0, (char *)address, 6, &written));
    assert_int_equal(written, 6);
    assert_non_null(strstr(sim_console(), "hello world"));
}

TEST(a_read_waits_for_input)
{
    mach_port_t console = open_device("console");
    char data[128];
    mach_msg_type_number_t count = sizeof data;
    struct reply reply;

    assert_int_equal(device_read_inband(console, 0, 0, 100, data, &count),
                     WORLD_BLOCKED);
    kernel_console_input("typed", 5);
    finish(&reply);
    assert_int_equal(reply.head.msgh_id, 2905);
    assert_int_equal(reply.code, 0);
    assert_int_equal(reply.data_type.msgt_number, 5);
    assert_memory_equal(reply.bytes, "typed", 5);
}

/* D_NOWAIT is about a line that is dead. */
TEST(a_read_that_may_not_wait_waits_for_input_all_the_same)
{
    mach_port_t console = open_device("console");
    char data[128];
    mach_msg_type_number_t count = sizeof data;
    struct reply reply;

    assert_int_equal(device_read_inband(console, D_NOWAIT, 0, 2, data, &count),
                     WORLD_BLOCKED);
    kernel_console_input("abc", 3);
    finish(&reply);
    assert_int_equal(reply.code, 0);
    assert_int_equal(reply.data_type.msgt_number, 2);
    assert_memory_equal(reply.bytes, "ab", 2);
    count = sizeof data;
    assert_ok(device_read_inband(console, D_NOWAIT, 0, 2, data, &count));
    assert_int_equal(count, 1);
}

/* What was typed before comes first; then the end, once; then nothing. */
static void read_to_the_end(mach_port_t console, int mode)
{
    char data[128];
    mach_msg_type_number_t count = sizeof data;

    assert_ok(device_read_inband(console, mode, 0, 100, data, &count));
    assert_int_equal(count, 5);
    count = sizeof data;
    assert_ok(device_read_inband(console, mode, 0, 100, data, &count));
    assert_int_equal(count, 0);
    count = sizeof data;
    assert_int_equal(device_read_inband(console, mode, 0, 100, data, &count),
                     WORLD_BLOCKED);
}

TEST(the_end_of_input_is_told_once)
{
    kernel_console_input("typed", 5);
    kernel_console_input("", 0);
    read_to_the_end(open_device("console"), 0);
}

TEST(the_end_of_input_is_told_once_to_who_may_not_wait)
{
    kernel_console_input("typed", 5);
    kernel_console_input("", 0);
    read_to_the_end(open_device("console"), D_NOWAIT);
}

TEST(the_end_of_input_is_told_again_to_who_opens_the_console_again)
{
    mach_port_t console;
    char data[128];

    kernel_console_input("", 0);
    for (int i = 0; i < 3; i++) {
        mach_msg_type_number_t count = sizeof data;
        console = open_device("console");
        assert_ok(device_read_inband(console, 0, 0, 100, data, &count));
        assert_int_equal(count, 0);
    }
}

TEST(who_waits_when_the_input_ends_is_told)
{
    mach_port_t console = open_device("console");
    char data[128];
    mach_msg_type_number_t count = sizeof data;
    struct reply reply;

    assert_int_equal(device_read_inband(console, 0, 0, 2, data, &count),
                     WORLD_BLOCKED);
    kernel_console_input("", 0);
    finish(&reply);
    assert_int_equal(reply.code, 0);
    assert_int_equal(reply.data_type.msgt_number, 0);
    /* That was it. */
    assert_int_equal(device_read_inband(console, 0, 0, 2, data, &count),
                     WORLD_BLOCKED);
}

TEST(the_console_is_a_terminal)
{
    mach_port_t console = open_device("console");
    struct tty_status status;
    int window[2];
    mach_msg_type_number_t count = TTY_STATUS_COUNT;

    assert_ok(device_get_status(console, TTY_STATUS, (int *)&status, &count));
    assert_int_equal(status.tt_ispeed, B38400);
    status.tt_ispeed = B9600;
    assert_ok(device_set_status(console, TTY_STATUS, (int *)&status, count));
    assert_ok(device_get_status(console, TTY_STATUS, (int *)&status, &count));
    assert_int_equal(status.tt_ispeed, B9600);
    count = 2;
    assert_ok(device_get_status(console, ('t' << 16) + 0x100, window, &count));
    assert_int_equal(window[0], 24);
    assert_int_equal(window[1], 80);
    assert_kr(device_get_status(console, 4711, window, &count),
              D_INVALID_OPERATION);
}

/* --- disks -------------------------------------------------------------------------------- */

TEST(a_disk_tells_its_size)
{
    mach_port_t hd0 = open_device("hd0");
    int status[2];
    mach_msg_type_number_t count = 2;

    assert_ok(device_get_status(hd0, DEV_GET_SIZE, status, &count));
    assert_int_equal(status[0], DISK_SIZE);
    assert_int_equal(status[1], SECTOR);
    assert_ok(device_get_status(hd0, DEV_GET_RECORDS, status, &count));
    assert_int_equal(status[0], DISK_SIZE / SECTOR);
}

static void read_sectors(mach_port_t device, uint64_t sector, int size,
                         struct reply *reply)
{
    char *data;
    mach_msg_type_number_t count;

    assert_int_equal(device_read(device, 0, sector, size, &data, &count),
                     WORLD_BLOCKED);
    assert_int_equal(sim_disk_pending(), 1);
    sim_disk_complete(0);
    finish(reply);
}

TEST(sectors_are_read_out_of_line)
{
    mach_port_t hd0 = open_device("hd0");
    char got[3 * SECTOR];
    struct reply reply;

    read_sectors(hd0, 5, sizeof got, &reply);
    assert_int_equal(reply.code, 0);
    assert_int_equal(reply.data_type.msgt_number, sizeof got);
    world_peek(reply.address, got, sizeof got);
    assert_memory_equal(got, disk + 5 * SECTOR, sizeof got);
    read_sectors(hd0, 8, 20 * 4096, &reply);
    world_peek(reply.address + 19 * 4096, got, SECTOR);
    assert_memory_equal(got, disk + 8 * SECTOR + 19 * 4096, SECTOR);
}

TEST(a_read_across_the_end_is_cut_off)
{
    mach_port_t hd0 = open_device("hd0");
    uint64_t last = DISK_SIZE / SECTOR - 1;
    mach_msg_type_number_t count;
    struct reply reply;
    char *data;

    read_sectors(hd0, last, 4096, &reply);
    assert_int_equal(reply.data_type.msgt_number, SECTOR);
    assert_kr(device_read(hd0, 0, last + 1, SECTOR, &data, &count),
              D_INVALID_RECNUM);
    assert_kr(device_read(hd0, 0, 0, 100, &data, &count), D_INVALID_SIZE);
    assert_kr(device_read(hd0, 0, 0, -512, &data, &count), D_INVALID_SIZE);
}

TEST(a_host_error_is_an_io_error)
{
    mach_port_t hd0 = open_device("hd0");
    mach_msg_type_number_t count;
    struct reply reply;
    char *data;

    assert_int_equal(device_read(hd0, 0, 0, SECTOR, &data, &count),
                     WORLD_BLOCKED);
    sim_disk_complete(-5);
    finish(&reply);
    assert_int_equal(reply.head.msgh_size, 48);
    assert_int_equal(reply.code, D_IO_ERROR);
}

TEST(sectors_can_be_written)
{
    mach_port_t hd0 = open_device("hd0");
    uint64_t address = world_allocate(8192);
    struct reply reply;
    char data[5120];
    int written;

    memset(data, 'w', sizeof data);
    world_poke(address, data, sizeof data);
    assert_int_equal(
        device_write(hd0, 0, 10, (char *)address, sizeof data, &written),
        WORLD_BLOCKED);
    sim_disk_complete(0);
    finish(&reply);
    assert_int_equal(reply.number, sizeof data);
    assert_memory_equal(disk + 10 * SECTOR, data, sizeof data);
    assert_int_equal((uint8_t)disk[20 * SECTOR], 20);
}

TEST(a_read_only_disk_refuses_to_be_opened_for_writing_and_to_be_written)
{
    mach_port_t hd0 = open_device("hd0"), device;
    uint64_t address = world_allocate(4096);
    char name[128] = "hd0";
    int written;

    assert_kr(device_open(master, D_READ | D_WRITE, name, &device),
              D_READ_ONLY);
    assert_kr(device_write(hd0, 0, 1, (char *)address, 512, &written),
              D_READ_ONLY);
}

static void open_partition(const char *name, struct reply *reply)
{
    char full[128] = "";
    mach_port_t device;

    strcpy(full, name);
    assert_int_equal(device_open(master, D_READ, full, &device), WORLD_BLOCKED);
    sim_disk_complete(0);
    finish(reply);
}

TEST(a_partition_is_a_part_of_its_disk)
{
    struct reply reply, data;
    char got[SECTOR];

    open_partition("hd0s1", &reply);
    assert_int_equal(reply.code, 0);
    read_sectors(reply.port, 3, SECTOR, &data);
    world_peek(data.address, got, SECTOR);
    assert_memory_equal(got, disk + 67 * SECTOR, SECTOR);
    read_sectors(reply.port, 99, 4096, &data);
    assert_int_equal(data.data_type.msgt_number, SECTOR);
    assert_int_equal(open_device("hd0s1"), reply.port);
}

TEST(a_partition_that_is_not_or_that_is_not_on_the_disk_cannot_be_opened)
{
    mach_port_t device;
    struct reply reply;
    char name[128] = "hd1s1";

    open_partition("hd0s2", &reply);
    assert_int_equal(reply.code, D_NO_SUCH_DEVICE);
    open_partition("hd0s3", &reply);
    assert_int_equal(reply.code, D_NO_SUCH_DEVICE);
    open_partition("hd0s7", &reply);
    assert_int_equal(reply.code, D_NO_SUCH_DEVICE);
    assert_kr(device_open(master, D_READ, name, &device), D_NO_SUCH_DEVICE);
    strcpy(name, "hd0s");
    assert_kr(device_open(master, D_READ, name, &device), D_NO_SUCH_DEVICE);
}

/* --- claims ----------------------------------------------------------------------- */

static kern_return_t claim(const char *words, mach_port_t *port)
{
    char name[128] = "claim:";

    strcat(name, words);
    *port = MACH_PORT_NULL;
    return device_open(master, D_READ, name, port);
}

static void drop(mach_port_t port)
{
    assert_ok(mach_port_deallocate(user->self, port));
}

TEST(sectors_that_are_written_are_one_claims)
{
    mach_port_t first, second;

    assert_ok(claim("hd0:0:100:w", &first));
    assert_kr(claim("hd0:0:100:w", &second), D_ALREADY_OPEN);
    assert_kr(claim("hd0:99:1:wb", &second), D_ALREADY_OPEN);
    assert_ok(claim("hd0:100:50:w", &second));
    drop(first);
    assert_ok(claim("hd0:50:50:wb", &first));
    assert_int_not_equal(first, second);
}

TEST(who_reads_by_another_way_than_who_writes_is_refused)
{
    mach_port_t writer, reader, other;

    assert_ok(claim("hd0:0:100:r", &reader));
    assert_ok(claim("hd0:0:100:rb", &other));
    assert_kr(claim("hd0:0:10:w", &writer), D_ALREADY_OPEN);
    drop(other);
    assert_ok(claim("hd0:0:10:w", &writer));
    assert_ok(claim("hd0:0:100:r", &other));
    assert_kr(claim("hd0:5:1:rb", &other), D_ALREADY_OPEN);
}

TEST(a_mounted_disk_can_be_checked_but_not_mounted_again)
{
    mach_port_t mount, other;

    assert_ok(claim("hd0:0:100:m", &mount));
    assert_kr(claim("hd0:0:100:m", &other), D_ALREADY_OPEN);
    assert_kr(claim("hd0:0:100:mb", &other), D_ALREADY_OPEN);
    assert_kr(claim("hd0:0:100:rb", &other), D_ALREADY_OPEN);
    assert_kr(claim("hd0:0:100:wb", &other), D_ALREADY_OPEN);
    assert_ok(claim("hd0:0:100:w", &other));
}

TEST(a_partition_is_claimed_by_either_name)
{
    mach_port_t part, whole;
    struct reply reply;

    open_partition("hd0s1", &reply);
    assert_ok(claim("hd0s1:10:20:w", &part));
    assert_kr(claim("hd0:80:1:w", &whole), D_ALREADY_OPEN);
    assert_ok(claim("hd0:0:74:w", &whole));
    assert_ok(claim("hd0:94:1:w", &whole));
}

TEST(a_claim_that_makes_no_sense_is_refused)
{
    static const char *const words[] = {"hd7:0:1:w",
                                        "console:0:1:w",
                                        ":0:1:w",
                                        "",
                                        "hd0",
                                        "hd0:0:1",
                                        "hd0:0:1:",
                                        "hd0:0:1:x",
                                        "hd0:x:1:w",
                                        "hd0:-1:1:w",
                                        "hd0:1::w",
                                        "hd0:0:18446744073709551615:w",
                                        "hd0:18446744073709551615:2:w",
                                        "hd0:99999999999999999999999:1:w",
                                        "hd0:0:999999999:w"};
    mach_port_t port;

    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        assert_int_not_equal(claim(words[i], &port), 0);
    assert_ok(claim("hd0:0:1:w", &port));
}

TEST(a_gpt_partition_is_found)
{
    struct {
        char signature[8];
        uint32_t a[4];
        uint64_t b[4];
        uint8_t guid[16];
        uint64_t table;
        uint32_t count, size;
    } header = {.table = 2, .count = 128, .size = 128};
    struct {
        uint8_t type[16], guid[16];
        uint64_t first, last;
    } entry = {.type = {1}, .first = 300, .last = 309};
    struct reply reply, data;
    char got[SECTOR];

    memcpy(header.signature, "EFI PART", 8);
    memcpy(disk + SECTOR, &header, sizeof header);
    memset(disk + 2 * SECTOR, 0, 16384);
    memcpy(disk + 2 * SECTOR + 128, &entry, sizeof entry);
    write_partition(0, 0xee, 1, DISK_SIZE / SECTOR - 1);
    open_partition("hd0s2", &reply);
    assert_int_equal(reply.code, 0);
    read_sectors(reply.port, 9, 4096, &data);
    assert_int_equal(data.data_type.msgt_number, SECTOR);
    world_peek(data.address, got, SECTOR);
    assert_memory_equal(got, disk + 309 * SECTOR, SECTOR);
    open_partition("hd0s1", &reply);
    assert_int_equal(reply.code, D_NO_SUCH_DEVICE);
}

/* --- time, log ---------------------------------------------------------------------------- */

TEST(the_time_can_be_mapped_and_goes_on)
{
    struct mapped_time_value before, after;
    mach_port_t time = open_device("time"), pager;
    vm_address_t address = 0;

    assert_ok(device_map(time, VM_PROT_READ, 0, 4096, &pager, 0));
    assert_ok(vm_map(user->self, &address, 4096, 0, 1, pager, 0, 0,
                     VM_PROT_READ, VM_PROT_READ, VM_INHERIT_NONE));
    assert_ok(mach_port_deallocate(user->self, pager));
    world_peek(address, &before, sizeof before);
    assert_int_equal(before.seconds, before.check_seconds);
    assert_int_equal(before.seconds, 1700000000);
    sim_advance_ms(1500);
    world_peek(address, &after, sizeof after);
    assert_int_equal(after.time_value.seconds, 1700000001);
    assert_int_equal(after.time_value.nanoseconds / 1000000, 500);
    assert_int_equal(after.uptime_value.seconds - before.uptime_value.seconds,
                     1);
}

/* libstore names a place in a device of which it knows no size by what its
 * memory happened to hold. */
TEST(the_time_is_mapped_from_any_place_of_its_device)
{
    mach_port_t time = open_device("time"), pager;
    struct mapped_time_value now;
    vm_address_t address = 0;

    assert_ok(
        device_map(time, VM_PROT_READ, 0x7f0123456000, ~0ul >> 1, &pager, 0));
    /* As much as a pointer: whole pages are mapped. */
    assert_ok(vm_map(user->self, &address, 8, 0, 1, pager, 0, 0, VM_PROT_READ,
                     VM_PROT_READ, VM_INHERIT_NONE));
    world_peek(address, &now, sizeof now);
    assert_int_equal(now.seconds, 1700000000);
    assert_int_equal(now.time_value.seconds, now.check_seconds64);
    assert_int_equal(now.uptime_value.seconds, now.check_upseconds64);
}

TEST(nobody_can_map_the_time_to_change_it)
{
    mach_port_t time = open_device("time"), pager;
    vm_address_t address = 0;

    assert_kr(
        device_map(time, VM_PROT_READ | VM_PROT_WRITE, 0, 4096, &pager, 0),
        D_INVALID_OPERATION);
    assert_ok(device_map(time, VM_PROT_READ, 0, 4096, &pager, 0));
    assert_ok(vm_map(user->self, &address, 4096, 0, 1, pager, 0, 0,
                     VM_PROT_READ, VM_PROT_READ | VM_PROT_WRITE,
                     VM_INHERIT_NONE));
    assert_int_not_equal(
        vm_protect(user->self, address, 4096, 0, VM_PROT_READ | VM_PROT_WRITE),
        KERN_SUCCESS);
}

TEST(the_kernels_log_can_be_read)
{
    mach_port_t kmsg = open_device("kmsg");
    char data[128];
    mach_msg_type_number_t count = sizeof data;

    assert_ok(device_read_inband(kmsg, D_NOWAIT, 0, 128, data, &count));
    assert_true(count > 0);
    while (device_read_inband(kmsg, D_NOWAIT, 0, 128, data, &count) == 0) {
        count = sizeof data;
    }
    count = sizeof data;
    assert_kr(device_read_inband(kmsg, D_NOWAIT, 0, 128, data, &count),
              D_WOULD_BLOCK);
}

/* --- the host -------------------------------------------------------------------------------- */

TEST(the_host_describes_itself)
{
    mach_port_t host = world_trap(-29, 0, 0, 0);
    struct host_basic_info info;
    mach_msg_type_number_t count = HOST_BASIC_INFO_COUNT;
    char version[512];

    assert_ok(host_info(host, HOST_BASIC_INFO, (int *)&info, &count));
    assert_int_equal(info.memory_size, WORLD_MEMORY);
    assert_int_equal(info.cpu_type, 21);
    assert_ok(host_get_kernel_version(host, version));
    assert_memory_equal(version, "GNU Mach 1.8+HELL", 17);
}

TEST(the_clock_can_be_set_by_the_privileged)
{
    mach_port_t host = world_trap(-29, 0, 0, 0);
    mach_port_t priv = user_host_priv(user);
    rpc_time_value_t time = {.seconds = 12345, .microseconds = 678};
    time_value64_t now;

    assert_kr(host_set_time(host, time), KERN_INVALID_HOST);
    assert_ok(host_set_time(priv, time));
    assert_ok(host_get_time64(host, &now));
    assert_int_equal(now.seconds, 12345);
    assert_int_equal(now.nanoseconds, 678000);
}

TEST(the_clock_is_not_set_by_anybody_else)
{
    mach_port_t host = world_trap(-29, 0, 0, 0);
    time_value64_t time64 = {.seconds = 12345}, old64;
    time_value_t time = {.seconds = 12345}, old;

    assert_kr(host_set_time64(host, time64), KERN_INVALID_HOST);
    assert_kr(host_adjust_time(host, time, &old), KERN_INVALID_HOST);
    assert_kr(host_adjust_time64(host, time64, &old64), KERN_INVALID_HOST);
    assert_ok(host_set_time64(user_host_priv(user), time64));
}

TEST(who_has_not_the_privileged_port_makes_no_task_essential)
{
    mach_port_t self = world_trap(-28, 0, 0, 0);

    assert_ok(task_set_essential(self, 1));
    assert_false(user_is_essential(user));
    user_host_priv(user);
    assert_ok(task_set_essential(self, 1));
    assert_true(user_is_essential(user));
    assert_ok(task_set_essential(self, 0));
    assert_false(user_is_essential(user));
}

TEST(who_has_not_the_privileged_port_wires_little)
{
    mach_port_t self = world_trap(-28, 0, 0, 0);
    mach_port_t host = world_trap(-29, 0, 0, 0);
    uint64_t at = world_allocate(0x20000);

    assert_kr(vm_wire(host, self, at, 0x20000, VM_PROT_READ), KERN_NO_ACCESS);
    assert_kr(vm_wire(host, self, 0, ~0xfffful, VM_PROT_READ), KERN_NO_ACCESS);
    assert_ok(vm_wire(host, self, at, 0x10000, VM_PROT_READ));
    assert_kr(vm_wire(host, self, at + 0x10000, 0x1000, VM_PROT_READ),
              KERN_NO_ACCESS);
    assert_ok(vm_wire(host, self, at, 0x20000, VM_PROT_NONE));
    assert_ok(vm_wire(host, self, at + 0x10000, 0x1000, VM_PROT_READ));
    assert_ok(vm_wire(user_host_priv(user), self, at, 0x20000, VM_PROT_READ));
}

TEST(an_adjusted_clock_gets_there_slowly)
{
    mach_port_t priv = user_host_priv(user);
    time_value64_t more = {.seconds = 0, .nanoseconds = 1000000}, old;
    time_value64_t before, after;

    assert_ok(host_get_time64(priv, &before));
    assert_ok(host_adjust_time64(priv, more, &old));
    assert_int_equal(old.nanoseconds, 0);
    sim_advance_ms(100);
    assert_ok(host_get_time64(priv, &after));
    assert_in_range(after.nanoseconds - before.nanoseconds, 100000001,
                    100999999);
    sim_advance_ms(900);
    assert_ok(host_get_time64(priv, &after));
    assert_int_equal(after.nanoseconds - before.nanoseconds, 1000000);
    assert_int_equal(after.seconds - before.seconds, 1);
}

TEST(the_kernel_task_is_the_first_of_the_tasks)
{
    mach_port_t priv = user_host_priv(user), set, name, *tasks = NULL;
    mach_msg_type_number_t count;
    mach_port_t list[8];

    assert_ok(processor_set_default(priv, &name));
    assert_ok(host_processor_set_priv(priv, name, &set));
    assert_ok(processor_set_tasks(set, &tasks, &count));
    assert_int_equal(count, 2);
    world_peek((uint64_t)tasks, list, count * sizeof *list);
    assert_int_not_equal(list[0], user->self);
    assert_int_equal(list[1], user->self);
}

TEST(a_reboot_ends_the_machine)
{
    mach_port_t priv = user_host_priv(user);
    int status = -1;

    assert_ok(host_reboot(priv, 0));
    assert_true(sim_exited(&status));
    assert_int_equal(status, 0);
}

/* RB_DEBUGGER: there is none, but the host is told that something is wrong. */
TEST(a_reboot_for_the_debugger_ends_with_status_1)
{
    mach_port_t priv = user_host_priv(user);
    int status = -1;

    assert_ok(host_reboot(priv, 0x1000));
    assert_true(sim_exited(&status));
    assert_int_equal(status, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
#define CASE_RO(name)                                                          \
    cmocka_unit_test_setup_teardown(name, setup_read_only, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_unknown_device_does_not_exist),
        CASE(a_device_opened_twice_has_one_port),
        CASE(a_device_that_was_forgotten_can_be_opened_again),
        CASE(a_device_cannot_do_what_its_kind_does_not),
        CASE(what_is_written_is_shown),
        CASE(a_read_waits_for_input),
        CASE(a_read_that_may_not_wait_waits_for_input_all_the_same),
        CASE(the_end_of_input_is_told_once),
        CASE(the_end_of_input_is_told_once_to_who_may_not_wait),
        CASE(the_end_of_input_is_told_again_to_who_opens_the_console_again),
        CASE(who_waits_when_the_input_ends_is_told),
        CASE(the_console_is_a_terminal),
        CASE(a_disk_tells_its_size),
        CASE(sectors_are_read_out_of_line),
        CASE(a_read_across_the_end_is_cut_off),
        CASE(a_host_error_is_an_io_error),
        CASE(sectors_can_be_written),
        CASE_RO(
            a_read_only_disk_refuses_to_be_opened_for_writing_and_to_be_written),
        CASE(a_partition_is_a_part_of_its_disk),
        CASE(
            a_partition_that_is_not_or_that_is_not_on_the_disk_cannot_be_opened),
        CASE(a_gpt_partition_is_found),
        CASE(sectors_that_are_written_are_one_claims),
        CASE(who_reads_by_another_way_than_who_writes_is_refused),
        CASE(a_mounted_disk_can_be_checked_but_not_mounted_again),
        CASE(a_partition_is_claimed_by_either_name),
        CASE(a_claim_that_makes_no_sense_is_refused),
        CASE(the_time_can_be_mapped_and_goes_on),
        CASE(the_time_is_mapped_from_any_place_of_its_device),
        CASE(nobody_can_map_the_time_to_change_it),
        CASE(the_kernels_log_can_be_read),
        CASE(the_host_describes_itself),
        CASE(the_clock_can_be_set_by_the_privileged),
        CASE(the_clock_is_not_set_by_anybody_else),
        CASE(who_has_not_the_privileged_port_makes_no_task_essential),
        CASE(who_has_not_the_privileged_port_wires_little),
        CASE(an_adjusted_clock_gets_there_slowly),
        CASE(the_kernel_task_is_the_first_of_the_tasks),
        CASE(a_reboot_ends_the_machine),
        CASE(a_reboot_for_the_debugger_ends_with_status_1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
