/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How fast a Mach disk device is.
 *
 * A boot module.  With --host-priv-port and --device-master-port it asks the
 * kernel; without, it is the next task of a chain, and asks its bootstrap port
 * for its device master, as a file system would.  The word is the device. */
#include <argp.h>
#include <device/device.h>
#include <device/device_request.h>
#include <hurd/fsys.h>
#include <mach/mach.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECTOR       512u
#define SMALL        4096u
#define LARGE        (1u << 20)
#define FLUSH_CACHE  2
#define SMALL_ROUNDS 4000u
#define LARGE_ROUNDS 400u
#define FLUSH_ROUNDS 50u

static struct {
    mach_port_t host_priv, master, device;
    const char *name;
    uint64_t size; /* bytes */
} bench;

/* The reply to device_read, as MIG lays it out. */
struct read_reply {
    mach_msg_header_t head;
    mach_msg_type_t code_type;
    kern_return_t code;
    int pad;
    mach_msg_type_long_t data_type;
    void *data;
    char room[64];
};

static void must(kern_return_t err, const char *what)
{
    if (!err)
        return;
    mach_printf("diskbench: %s: %s: %s\n", bench.name, what,
                mach_error_string(err));
    host_reboot(bench.host_priv, 0);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void report(const char *what, uint64_t start_ns, unsigned rounds)
{
    mach_printf("bench %s %lu ns\n", what,
                (unsigned long)((now_ns() - start_ns) / rounds));
}

/* --- reading ------------------------------------------------------------------ */

static void ask(mach_port_t reply, uint64_t offset, unsigned size)
{
    must(device_read_request(bench.device, reply, 0,
                             (recnum_t)(offset / SECTOR), (int)size),
         "read");
}

static void take_answer(mach_port_t reply, unsigned size)
{
    struct read_reply answer;

    must(mach_msg(&answer.head, MACH_RCV_MSG, 0, sizeof answer, reply, 0,
                  MACH_PORT_NULL),
         "receive");
    must(answer.code, "read");
    if (answer.data_type.msgtl_number != size)
        must(D_IO_ERROR, "short read");
    vm_deallocate(mach_task_self(), (vm_address_t)answer.data, size);
}

static uint64_t random_offset(unsigned n)
{
    (void)n;
    return (uint64_t)random() % (bench.size / SMALL) * SMALL;
}

static uint64_t next_offset(unsigned n)
{
    return n % (bench.size / LARGE) * LARGE;
}

/* ROUNDS reads of SIZE bytes, DEPTH at a time. */
static void reads(const char *what, uint64_t (*offset)(unsigned n),
                  unsigned size, unsigned rounds, unsigned depth)
{
    mach_port_t reply;
    uint64_t start = now_ns();
    unsigned asked = 0;

    must(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &reply),
         "a port");
    for (unsigned done = 0; done < rounds; done++) {
        while (asked < rounds && asked < done + depth) {
            ask(reply, offset(asked), size);
            asked++;
        }
        take_answer(reply, size);
    }
    report(what, start, rounds);
    mach_port_destroy_receive(reply);
}

/* --- writing ------------------------------------------------------------------ */

static void sequential_writes(const char *what)
{
    vm_address_t data = 0;
    uint64_t offset = 0;

    must(vm_allocate(mach_task_self(), &data, LARGE, TRUE), "memory");
    memset((void *)data, 'x', LARGE);
    uint64_t start = now_ns();
    for (unsigned i = 0; i < LARGE_ROUNDS; i++) {
        int written = 0;

        must(device_write(bench.device, 0, (recnum_t)(offset / SECTOR),
                          (io_buf_ptr_t)data, LARGE, &written),
             "write");
        if (written != LARGE)
            must(D_IO_ERROR, "short write");
        offset = (offset + LARGE) % (bench.size / LARGE * LARGE);
    }
    report(what, start, LARGE_ROUNDS);
    vm_deallocate(mach_task_self(), data, LARGE);
}

static void flushes(const char *what)
{
    uint64_t start = now_ns();
    int force = 1;

    for (unsigned i = 0; i < FLUSH_ROUNDS; i++)
        must(device_set_status(bench.device, FLUSH_CACHE, &force, 1), "flush");
    report(what, start, FLUSH_ROUNDS);
}

/* --- the start ------------------------------------------------------------------ */

static error_t parse(int key, char *arg, struct argp_state *state)
{
    switch (key) {
    case 'h':
        bench.host_priv = (mach_port_t)atoi(arg);
        return 0;
    case 'd':
        bench.master = (mach_port_t)atoi(arg);
        return 0;
    case ARGP_KEY_ARG:
        bench.name = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"host-priv-port", 'h', "PORT", 0, "the kernel's, from the boot script", 0},
    {"device-master-port", 'd', "PORT", 0, "the same", 0},
    {0}};
static const struct argp argp = {options, parse, "DEVICE", "Measures a disk.",
                                 NULL,    NULL,  NULL};

static void open_device(void)
{
    mach_port_t bootstrap, task;
    dev_name_t name;
    int status[2];
    mach_msg_type_number_t count = 2;

    if (!bench.master) {
        must(task_get_bootstrap_port(mach_task_self(), &bootstrap),
             "bootstrap port");
        must(fsys_getpriv(bootstrap, &bench.host_priv, &bench.master, &task),
             "fsys_getpriv");
    }
    strncpy(name, bench.name, sizeof name - 1);
    must(device_open(bench.master, D_READ | D_WRITE, name, &bench.device),
         "open");
    must(device_get_status(bench.device, DEV_GET_RECORDS, status, &count),
         "size");
    bench.size = (uint64_t)(unsigned)status[0] * (unsigned)status[1];
}

int main(int argc, char **argv)
{
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    if (!bench.name)
        bench.name = "wd0";
    open_device();
    /* The host's cache is warm afterwards, and ours of threads too. */
    reads("warm-up", next_offset, LARGE, LARGE_ROUNDS, 4);
    reads("read-4k-depth-1", random_offset, SMALL, SMALL_ROUNDS, 1);
    reads("read-4k-depth-32", random_offset, SMALL, SMALL_ROUNDS, 32);
    reads("read-1m-depth-1", next_offset, LARGE, LARGE_ROUNDS, 1);
    reads("read-1m-depth-4", next_offset, LARGE, LARGE_ROUNDS, 4);
    sequential_writes("write-1m");
    flushes("flush");
    host_reboot(bench.host_priv, 0);
    return 0;
}
