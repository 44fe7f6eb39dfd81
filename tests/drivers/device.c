/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/drivers/device.c: rumpdisk's devices, asked by the task that it starts
 * next.  run.sh gives four disks of one size: wd0 and ld0, whose sector N begins
 * with the number N in eight bytes, ld0 read-only; wd1 and ld1 to be written. */
#define CHECK_NAME "device"
#include "tests/hurd/check.h"

#include <device/device.h>
#include <device/device_types.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECTOR  512u
#define RECORDS 65536u /* of each disk */
#define MIB     (1u << 20)

static mach_port_t master, host_priv;

static mach_port_t opened(const char *name, dev_mode_t mode)
{
    mach_port_t device = MACH_PORT_NULL;
    dev_name_t text;

    mig_strncpy(text, name, sizeof text);
    OK(device_open(master, mode, text, &device));
    return device;
}

static error_t open_error(const char *name, dev_mode_t mode)
{
    mach_port_t device = MACH_PORT_NULL;
    dev_name_t text;

    mig_strncpy(text, name, sizeof text);
    return device_open(master, mode, text, &device);
}

static uint64_t number_in(const char *sector)
{
    uint64_t number;

    memcpy(&number, sector, sizeof number);
    return number;
}

/* Whether SIZE bytes are there, and what run.sh wrote. */
static boolean_t read_well(mach_port_t disk, recnum_t first, unsigned size)
{
    mach_msg_type_number_t got = 0;
    char *data = NULL;
    boolean_t good = TRUE;

    if (device_read(disk, 0, first, (int)size, &data, &got))
        return FALSE;
    for (unsigned i = 0; i < got / SECTOR; i++)
        good = good && number_in(data + (size_t)i * SECTOR) == first + i;
    vm_deallocate(mach_task_self(), (vm_address_t)data, got);
    return good && got == size;
}

/* --- names ------------------------------------------------------------------ */

static void a_disk_opened_again_is_the_same_port(void)
{
    mach_port_t first = opened("wd0", D_READ | D_WRITE);
    mach_port_t again = opened("wd0", D_READ);

    CHECK("one port", first == again);
    OK(device_close(first));
    CHECK("still open", read_well(again, 0, SECTOR));
    OK(device_close(again));
    CHECK("closed as often as opened", !read_well(again, 0, SECTOR));
    mach_port_drop(first);
    mach_port_drop(again);
}

static void other_names_are_for_others(void)
{
    static const char *const none[] = {"wd",   "wd7",  "wd00", "wd0s1", "wd0d",
                                       "rwd0", "xd0",  "ld2",  "wd123", "",
                                       "wd-1", "wd0 ", "disk"};

    for (unsigned i = 0; i < sizeof none / sizeof none[0]; i++)
        CHECK(none[i], open_error(none[i], D_READ) == D_NO_SUCH_DEVICE);
    /* The kernel's are found behind rumpdisk's. */
    mach_port_drop(opened("time", D_READ));
    mach_port_drop(opened("hd0", D_READ));
}

static void a_medium_that_is_protected_is_read_only(void)
{
    mach_port_t disk;
    char *data;
    int written = 0;

    CHECK("for writing", open_error("ld0", D_READ | D_WRITE) == D_READ_ONLY);
    disk = opened("ld0", D_READ);
    CHECK("for writing, when open", open_error("ld0", D_WRITE) == D_READ_ONLY);
    data = calloc(1, SECTOR);
    CHECK("write",
          device_write(disk, 0, 0, data, SECTOR, &written) == D_READ_ONLY);
    free(data);
    CHECK("read", read_well(disk, 100, 4 * SECTOR));
    OK(device_close(disk));
    mach_port_drop(disk);
}

/* --- status ----------------------------------------------------------------- */

static void the_size_is_told_in_bytes_and_records(void)
{
    mach_port_t disk = opened("wd0", D_READ);
    int status[4], flush = 0;
    mach_msg_type_number_t count = 4;

    OK(device_get_status(disk, DEV_GET_SIZE, status, &count));
    CHECK("bytes", count == 2 && status[0] == (int)(RECORDS * SECTOR) &&
                       status[1] == (int)SECTOR);
    OK(device_get_status(disk, DEV_GET_RECORDS, status, &count));
    CHECK("records",
          count == 2 && status[0] == (int)RECORDS && status[1] == (int)SECTOR);
    CHECK("unknown",
          device_get_status(disk, 77, status, &count) == D_INVALID_OPERATION);
    OK(device_set_status(disk, 0x125f, &flush, 0));
    OK(device_set_status(disk, 2, &flush, 1));
    CHECK("unknown",
          device_set_status(disk, 77, &flush, 1) == D_INVALID_OPERATION);
    OK(device_close(disk));
    mach_port_drop(disk);
}

/* --- data ------------------------------------------------------------------- */

static void reading_goes_to_the_end_and_not_further(void)
{
    mach_port_t disk = opened("wd0", D_READ);
    mach_msg_type_number_t got = 0;
    io_buf_ptr_inband_t inband;
    char *data = NULL;

    CHECK("a sector", read_well(disk, 7, SECTOR));
    CHECK("a page and a half", read_well(disk, 8, 12 * SECTOR));
    CHECK("much", read_well(disk, 1, 4 * MIB));
    CHECK("very much", read_well(disk, 0, 16 * MIB));
    OK(device_read(disk, 0, RECORDS - 2, 8 * SECTOR, &data, &got));
    CHECK("cut short", got == 2 * SECTOR);
    vm_deallocate(mach_task_self(), (vm_address_t)data, got);
    CHECK("behind the end", device_read(disk, 0, RECORDS, SECTOR, &data,
                                        &got) == D_INVALID_RECNUM);
    CHECK("far behind", device_read(disk, 0, ~0ul / 4, SECTOR, &data, &got) ==
                            D_INVALID_RECNUM);
    CHECK("half a record",
          device_read(disk, 0, 0, 100, &data, &got) == D_INVALID_SIZE);
    CHECK("nothing", device_read(disk, 0, 0, 0, &data, &got) == D_INVALID_SIZE);
    CHECK("less", device_read(disk, 0, 0, -512, &data, &got) == D_INVALID_SIZE);
    got = sizeof inband;
    OK(device_read_inband(disk, 0, 9, 100, inband, &got));
    CHECK("inband", got == 100 && number_in(inband) == 9);
    OK(device_close(disk));
    mach_port_drop(disk);
}

static void what_is_written_is_read_back(void)
{
    mach_port_t disk = opened("wd1", D_READ | D_WRITE);
    vm_address_t room = 0;
    mach_msg_type_number_t got = 0;
    char *data = NULL;
    int written = 0;

    OK(vm_allocate(mach_task_self(), &room, MIB, TRUE));
    memset((char *)room, 'w', MIB);
    OK(device_write(disk, 0, 50, (char *)room, MIB, &written));
    CHECK("all", written == (int)MIB);
    memset((char *)room, 'x', SECTOR);
    OK(device_write(disk, 0, 51, (char *)room, SECTOR, &written));
    OK(device_read(disk, 0, 50, 3 * SECTOR, &data, &got));
    CHECK("before", data[0] == 'w' && data[SECTOR - 1] == 'w');
    CHECK("the one", data[SECTOR] == 'x' && data[2 * SECTOR - 1] == 'x');
    CHECK("behind", data[2 * SECTOR] == 'w');
    vm_deallocate(mach_task_self(), (vm_address_t)data, got);
    CHECK("half a record", device_write(disk, 0, 0, (char *)room, 100,
                                        &written) == D_INVALID_SIZE);
    CHECK("inband", device_write_inband(disk, 0, 0, (char *)room, 100,
                                        &written) == D_INVALID_SIZE);
    CHECK("behind the end", device_write(disk, 0, RECORDS, (char *)room, SECTOR,
                                         &written) == D_INVALID_RECNUM);
    OK(device_close(disk));
    vm_deallocate(mach_task_self(), room, MIB);
    mach_port_drop(disk);
}

/* --- many at once ----------------------------------------------------------- */

static struct {
    mach_port_t disk;
    int good;
    pthread_mutex_t lock;
} crew = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *read_much(void *arg)
{
    unsigned random = (unsigned)(uintptr_t)arg * 7919 + 1;
    boolean_t good = TRUE;

    for (int i = 0; i < 100; i++) {
        random = random * 1103515245 + 12345;
        good = good && read_well(crew.disk, (random >> 8) % (RECORDS - 64),
                                 (1 + (random >> 20) % 64) * SECTOR);
    }
    pthread_mutex_lock(&crew.lock);
    crew.good += good;
    pthread_mutex_unlock(&crew.lock);
    return NULL;
}

static void many_clients_read_at_once(void)
{
    pthread_t threads[16];

    crew.disk = opened("wd0", D_READ);
    for (unsigned i = 0; i < 16; i++)
        pthread_create(&threads[i], NULL, read_much, (void *)(uintptr_t)i);
    for (unsigned i = 0; i < 16; i++)
        pthread_join(threads[i], NULL);
    CHECK("all threads", crew.good == 16);
    OK(device_close(crew.disk));
    mach_port_drop(crew.disk);
}

/* From memory that begins in the middle of a page, to records of its own. */
static void *write_much(void *arg)
{
    unsigned mine = (unsigned)(uintptr_t)arg;
    vm_address_t room = 0;
    boolean_t good = !vm_allocate(mach_task_self(), &room, 4 * 4096, TRUE);

    for (unsigned i = 0; good && i < 100; i++) {
        char *from = (char *)room + (1 + i % 7) * SECTOR, *back = NULL;
        unsigned size = (1 + i % 9) * SECTOR;
        mach_msg_type_number_t got = 0;
        int written;
        memset(from, (int)(mine * 16 + i % 16), size);
        good = !device_write(crew.disk, 0, 1024 + mine * 16, from, (int)size,
                             &written) &&
               !device_read(crew.disk, 0, 1024 + mine * 16, (int)size, &back,
                            &got) &&
               got == size && !memcmp(back, from, size);
        if (back)
            vm_deallocate(mach_task_self(), (vm_address_t)back, got);
    }
    pthread_mutex_lock(&crew.lock);
    crew.good += good;
    pthread_mutex_unlock(&crew.lock);
    return NULL;
}

static void many_clients_write_at_once(void)
{
    pthread_t threads[16];

    crew.disk = opened("wd1", D_READ | D_WRITE);
    crew.good = 0;
    for (unsigned i = 0; i < 16; i++)
        pthread_create(&threads[i], NULL, write_much, (void *)(uintptr_t)i);
    for (unsigned i = 0; i < 16; i++)
        pthread_join(threads[i], NULL);
    CHECK("all threads", crew.good == 16);
    OK(device_close(crew.disk));
    mach_port_drop(crew.disk);
}

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* No check: what a reader of this output may want to know. */
static unsigned time_of(mach_port_t disk, boolean_t write, unsigned size)
{
    vm_address_t room = 0;
    uint64_t start;
    int written;

    vm_allocate(mach_task_self(), &room, size, TRUE);
    memset((char *)room, 't', size);
    start = now_us();
    for (unsigned i = 0; i < 32; i++) {
        if (write)
            device_write(disk, 0, i * 2048, (char *)room, size, &written);
        else
            read_well(disk, i * 2048, size);
    }
    vm_deallocate(mach_task_self(), room, size);
    return (unsigned)((now_us() - start) / 32);
}

static void say_how_fast(const char *name)
{
    mach_port_t disk = opened(name, D_READ | D_WRITE);

    mach_printf("%s: 4 KiB read in %u us, written in %u; 1 MiB read in %u us, "
                "written in %u\n",
                name, time_of(disk, FALSE, 8 * SECTOR),
                time_of(disk, TRUE, 8 * SECTOR), time_of(disk, FALSE, MIB),
                time_of(disk, TRUE, MIB));
    device_close(disk);
    mach_port_drop(disk);
}

/* --- mapping ---------------------------------------------------------------- */

static char *mapped(mach_port_t disk, vm_prot_t prot, vm_offset_t offset,
                    vm_size_t size)
{
    mach_port_t object = MACH_PORT_NULL;
    vm_address_t address = 0;

    OK(device_map(disk, prot, offset, size, &object, 0));
    OK(vm_map(mach_task_self(), &address, size, 0, TRUE, object, 0, FALSE, prot,
              prot, VM_INHERIT_NONE));
    mach_port_drop(object);
    return (char *)address;
}

static void a_disk_is_mapped(void)
{
    mach_port_t disk = opened("wd0", D_READ);
    char *data = mapped(disk, VM_PROT_READ, MIB, MIB);
    boolean_t good = TRUE;

    for (unsigned i = 0; i < MIB / SECTOR; i++)
        good = good && number_in(data + (size_t)i * SECTOR) == MIB / SECTOR + i;
    CHECK("what is on the disk", good);
    vm_deallocate(mach_task_self(), (vm_address_t)data, MIB);
    device_close(disk);
}

static void what_is_written_by_mapping_is_read_back(void)
{
    mach_port_t disk = opened("ld1", D_READ | D_WRITE);
    char *data = mapped(disk, VM_PROT_READ | VM_PROT_WRITE, 2 * MIB, MIB);
    mach_msg_type_number_t got = 0;
    char *back = NULL;
    boolean_t there = FALSE;

    for (unsigned i = 0; i < MIB / SECTOR; i++)
        memset(data + (size_t)i * SECTOR, (int)i, SECTOR);
    OK(vm_deallocate(mach_task_self(), (vm_address_t)data, MIB));
    /* The kernel lets go of the pages in its own time. */
    for (unsigned round = 0; round < 100 && !there; round++) {
        struct timespec soon = {0, 20000000};
        nanosleep(&soon, NULL);
        OK(device_read(disk, 0, 2 * MIB / SECTOR, MIB, &back, &got));
        there = got == MIB;
        for (unsigned i = 0; there && i < MIB; i++)
            there = back[i] == (char)(i / SECTOR);
        vm_deallocate(mach_task_self(), (vm_address_t)back, got);
    }
    CHECK("it is on the disk", there);
    device_close(disk);
}

static void only_what_is_there_is_mapped(void)
{
    mach_port_t disk = opened("wd0", D_READ), medium = opened("ld0", D_READ);
    mach_port_t object = MACH_PORT_NULL;

    CHECK("no odd offset", device_map(disk, VM_PROT_READ, 17, MIB, &object,
                                      0) == D_INVALID_SIZE);
    CHECK("nothing behind the end",
          device_map(disk, VM_PROT_READ, RECORDS * SECTOR, MIB, &object, 0) ==
              D_INVALID_RECNUM);
    CHECK("no writing to what is protected",
          device_map(medium, VM_PROT_READ | VM_PROT_WRITE, 0, MIB, &object,
                     0) == D_READ_ONLY);
    device_close(disk);
    device_close(medium);
}

int main(void)
{
    mach_port_t bootstrap = hurd_bootstrap_port();
    task_t parent = MACH_PORT_NULL;

    OK(hurd_ask_privileged_ports(bootstrap, &parent));
    OK(get_privileged_ports(&host_priv, &master));
    a_disk_opened_again_is_the_same_port();
    other_names_are_for_others();
    a_medium_that_is_protected_is_read_only();
    the_size_is_told_in_bytes_and_records();
    reading_goes_to_the_end_and_not_further();
    what_is_written_is_read_back();
    many_clients_read_at_once();
    many_clients_write_at_once();
    a_disk_is_mapped();
    what_is_written_by_mapping_is_read_back();
    only_what_is_there_is_mapped();
    say_how_fast("wd1");
    say_how_fast("ld1");
    say_how_fast("hd1");
    mach_printf("\ndevice: %d checks, %d failed\n", checks, failures);
    host_reboot(host_priv, 8 /* RB_HALT */);
    return 0;
}
