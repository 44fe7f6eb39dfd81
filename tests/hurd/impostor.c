/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/hurd/impostor.c: a program that pretends to be the kernel to a pager, and
 * one whose memory never comes: neither harms who deals with it.  Prints
 * `impostor: N checks, M failed'.
 *
 *     impostor FILE      (made anew)
 */
#define CHECK_NAME "impostor"
#include "check.h"

#include <hurd/fs.h>
#include <hurd/io.h>
#include <hurd/process.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u

/* memory_object.defs */
#define MEMORY_OBJECT_INIT           2200
#define MEMORY_OBJECT_DATA_REQUEST   2203
#define MEMORY_OBJECT_LOCK_COMPLETED 2206
#define MEMORY_OBJECT_DATA_RETURN    2208

static mach_port_t new_port(void)
{
    mach_port_t port = mach_reply_port();

    OK(mach_port_insert_right(mach_task_self(), port, port,
                              MACH_MSG_TYPE_MAKE_SEND));
    return port;
}

/* --- what the kernel would send ------------------------------------------- */

struct item {
    mach_msg_type_t type;
    uint64_t value;
};

struct forgery {
    mach_msg_header_t head;
    struct item items[8];
    unsigned count;
};

static void add(struct forgery *f, int name, int bits, uint64_t value)
{
    f->items[f->count++] = (struct item){.type = {.msgt_name = name,
                                                  .msgt_size = bits,
                                                  .msgt_number = 1,
                                                  .msgt_inline = 1},
                                         .value = value};
}

static void add_port(struct forgery *f, mach_port_t port)
{
    add(f, MACH_MSG_TYPE_COPY_SEND, 64, port);
}

static void add_number(struct forgery *f, uint64_t value)
{
    add(f, MACH_MSG_TYPE_INTEGER_64, 64, value);
}

static void add_int(struct forgery *f, int value)
{
    add(f, MACH_MSG_TYPE_INTEGER_32, 32, (unsigned)value);
}

static void forge(struct forgery *f, int id, mach_port_t to)
{
    mach_msg_size_t size =
        (mach_msg_size_t)(sizeof f->head + f->count * sizeof f->items[0]);

    f->head = (mach_msg_header_t){
        .msgh_bits =
            MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX,
        .msgh_size = size,
        .msgh_remote_port = to,
        .msgh_id = id,
    };
    OK(mach_msg(&f->head, MACH_SEND_MSG, size, 0, 0, 0, 0));
}

static void forge_init(mach_port_t to, mach_port_t control, mach_port_t name)
{
    struct forgery f = {0};

    add_port(&f, control);
    add_port(&f, name);
    add_number(&f, PAGE);
    forge(&f, MEMORY_OBJECT_INIT, to);
}

static void forge_request(mach_port_t to, mach_port_t control)
{
    struct forgery f = {0};

    add_port(&f, control);
    add_number(&f, 0);
    add_number(&f, PAGE);
    add_int(&f, VM_PROT_READ);
    forge(&f, MEMORY_OBJECT_DATA_REQUEST, to);
}

static void forge_completion(mach_port_t to, mach_port_t control)
{
    struct forgery f = {0};

    add_port(&f, control);
    add_number(&f, 0);
    add_number(&f, PAGE);
    forge(&f, MEMORY_OBJECT_LOCK_COMPLETED, to);
}

/* A page full of BYTE that the kernel is said to have had. */
static void forge_return(mach_port_t to, mach_port_t control, int byte)
{
    static char page[PAGE] __attribute__((aligned(PAGE)));
    struct forgery f = {0};

    memset(page, byte, sizeof page);
    add_port(&f, control);
    add_number(&f, 0);
    add(&f, MACH_MSG_TYPE_BYTE, 8, (uint64_t)page);
    f.items[f.count - 1].type.msgt_inline = 0;
    f.items[f.count - 1].type.msgt_number = PAGE;
    add_int(&f, 1); /* dirty */
    add_int(&f, 0);
    forge(&f, MEMORY_OBJECT_DATA_RETURN, to);
}

/* Whether anything comes to PORT within a while. */
static boolean_t hears(mach_port_t port)
{
    struct {
        mach_msg_header_t head;
        char body[1024];
    } m;

    return mach_msg(&m.head, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof m, port,
                    300, 0) == MACH_MSG_SUCCESS;
}

static char first_byte(file_t file)
{
    char space[16], *data = space;
    mach_msg_type_number_t count = sizeof space;

    if (io_read(file, &data, &count, 0, 1) || count != 1)
        return 0;
    return data[0];
}

static void test_pager(const char *path)
{
    mach_port_t reads, writes, control = new_port(), name = new_port();
    static char contents[2 * PAGE];
    vm_address_t window = 0;
    vm_size_t size, done;
    mach_port_t real_name;
    file_t file;

    memset(contents, 'a', sizeof contents);
    OK(hurd_lookup(path, HO_RDWR | HO_CREAT | HO_TRUNC, 0666, &file));
    OK(io_write(file, contents, sizeof contents, 0, &done));
    OK(io_map(file, &reads, &writes));
    forge_init(writes, control, name);
    CHECK("nobody is answered who says that he is the kernel", !hears(control));
    OK(vm_map(mach_task_self(), &window, 2 * PAGE, 0, TRUE, writes, 0, FALSE,
              VM_PROT_READ | VM_PROT_WRITE, VM_PROT_READ | VM_PROT_WRITE,
              VM_INHERIT_NONE));
    volatile char *seen = (volatile char *)window;
    CHECK("the kernel is", seen[0] == 'a');
    vm_address_t at = window;
    vm_prot_t prot, max_prot;
    vm_inherit_t inherit;
    boolean_t shared;
    vm_offset_t offset;
    OK(vm_region(mach_task_self(), &at, &size, &prot, &max_prot, &inherit,
                 &shared, &real_name, &offset));
    forge_init(writes, control, real_name);
    forge_request(writes, control);
    forge_return(writes, control, 'e');
    forge_completion(writes, control);
    CHECK("nor one who knows the object's name", !hears(control));
    CHECK("what he says was changed is not", first_byte(file) == 'a');
    seen[0] = 'b';
    OK(file_sync(file, 1, 0));
    CHECK("what the kernel says was changed is", first_byte(file) == 'b');
    OK(vm_deallocate(mach_task_self(), window, 2 * PAGE));
}

/* --- memory that never comes ---------------------------------------------- */

static volatile boolean_t asked, answered;

static void *ask_for_arguments(void *unused)
{
    char space[256], *data = space;
    mach_msg_type_number_t count = sizeof space;

    asked = TRUE;
    error_t err = proc_getprocargs(getproc(), getpid(), &data, &count);
    answered = TRUE;
    CHECK("what cannot be had is an error", err != 0);
    return NULL;
}

static void test_arguments_that_never_come(void)
{
    vm_address_t window = 0, argv, envp;
    mach_port_t pager = new_port();
    unsigned others = 0;
    pthread_t thread;
    pid_t pid, ppid;
    int orphaned;

    OK(proc_get_arg_locations(getproc(), &argv, &envp));
    OK(vm_map(mach_task_self(), &window, PAGE, 0, TRUE, pager, 0, FALSE,
              VM_PROT_READ, VM_PROT_READ, VM_INHERIT_NONE));
    OK(proc_set_arg_locations(getproc(), window, 0));
    CHECK("a thread", !pthread_create(&thread, NULL, ask_for_arguments, NULL));
    while (!asked)
        sched_yield();
    usleep(200000);
    while (!answered) {
        OK(proc_getpids(getproc(), &pid, &ppid, &orphaned));
        others++;
        usleep(50000);
    }
    pthread_join(thread, NULL);
    CHECK("others are served meanwhile", others > 2);
    OK(proc_set_arg_locations(getproc(), argv, envp));
}

/* As many pointers as there is room for, all to one empty string. */
static void test_arguments_that_never_end(void)
{
    enum { COUNT = 1 << 20 };
    static const char *pointers[COUNT];
    char *data = NULL;
    mach_msg_type_number_t count = 0;
    vm_address_t argv, envp;

    OK(proc_get_arg_locations(getproc(), &argv, &envp));
    for (unsigned i = 0; i < COUNT; i++)
        pointers[i] = "";
    OK(proc_set_arg_locations(getproc(), (vm_address_t)pointers, 0));
    OK(proc_getprocargs(getproc(), getpid(), &data, &count));
    CHECK("arguments end somewhere", count <= COUNT);
    OK(vm_deallocate(mach_task_self(), (vm_address_t)data, count));
    OK(proc_set_arg_locations(getproc(), argv, envp));
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    test_pager(argv[1]);
    test_arguments_that_never_come();
    test_arguments_that_never_end();
    printf("impostor: %d checks, %d failed\n", checks, failures);
    return failures != 0;
}
