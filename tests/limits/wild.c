/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wild SEED CALLS PROGRESS WHAT: makes so many of Mach's traps and requests, with
 * whatever arguments, to whatever this process has a right to: itself, tasks and
 * threads of its own, the host, every server it was given, or opened a file of.
 * WHAT is `kernel', `servers' or `all': whose requests; or one interface.
 *
 * It ruins itself by that, as is to be expected; keeper.c then begins another.
 */
#include "tests/kernel/chance.h"
#include "tests/limits/wild.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mach/mach.h>

#define ITEMS_MAX   24
#define NAMES_MAX   400
#define BODY_MAX    24000u
#define REFRESH     64 /* calls until the names are looked at anew */
#define ANSWER_MS   10
#define TABLES_MAX  64
#define REMEMBERED  4096u /* ports' refusals */
#define TRAPS       90
#define PAGE        4096ul
#define REPLIES_MAX 65536u

static const struct request {
    unsigned table;
    int id;
    const char *name;
    unsigned item_count;
    struct item {
        unsigned name, size, number, variable;
    } items[ITEMS_MAX];
} requests[] = {
#include "requests.h"
};

#define REQUESTS (sizeof requests / sizeof *requests)

static struct {
    volatile struct wild_progress *progress;
    unsigned first, end; /* of the requests */
    mach_port_t names[NAMES_MAX], victim, reply;
    mach_port_t targets[NAMES_MAX]; /* of names: those that can be sent to */
    unsigned name_count, target_count;
    char *pages; /* some memory to point to */
    /* Which interfaces a port does not know. */
    struct {
        mach_port_t name;
        uint64_t tables;
    } refused[REMEMBERED];
    union {
        mach_msg_header_t head;
        char bytes[REPLIES_MAX];
    } msg;
    unsigned size;
} w;

/* --- arguments ------------------------------------------------------------------ */

static mach_port_t any_name(void)
{
    mach_port_t name;

    if (below(30) == 0)
        return (mach_port_t)chance() >> below(32);
    name = below(4) || !w.name_count ? w.victim : 0;
    if (below(3) && w.name_count)
        name = w.names[below(w.name_count)];
    /* Not too often: that is soon the end. */
    return name == mach_task_self() && below(25) ? w.victim : name;
}

static mach_port_t any_target(void)
{
    if (below(40) == 0)
        return any_name();
    mach_port_t name = below(4) && w.target_count
                           ? w.targets[below(w.target_count)]
                           : w.victim;
    return name == mach_task_self() && below(25) ? w.victim : name;
}

static uint64_t any_number(void)
{
    switch (below(8)) {
    case 0:
        return chance() >> below(64);
    case 1:
        return (1ul << below(64)) - below(2);
    case 2:
        return ~0ul - below(3 * PAGE);
    case 3:
        return (uint64_t)w.pages + below(20 * PAGE);
    case 4:
        return below(64) * PAGE;
    default:
        return below(below(4) ? 8 : 300);
    }
}

static const char *any_string(void)
{
    static const char *const strings[] = {"",
                                          "/",
                                          "..",
                                          "tmp",
                                          "wild",
                                          "tmp/wild.d/x",
                                          "null",
                                          "hd0",
                                          "/dev/null",
                                          "servers/exec",
                                          "wild.d/../wild.d/y",
                                          "x/x/x",
                                          "\377\n",
                                          "console",
                                          "--readonly",
                                          "LD_ORIGIN_PATH=",
                                          "../proc/1/stat"};

    return strings[below(sizeof strings / sizeof *strings)];
}

/* --- messages ------------------------------------------------------------------- */

static void put(const void *data, size_t size)
{
    if (w.size + size > BODY_MAX)
        return;
    memcpy(w.msg.bytes + w.size, data, size);
    w.size += size;
}

static void put_data(const struct item *item, unsigned number)
{
    size_t bytes = (size_t)number * item->size / 8, padded = (bytes + 7) & ~7ul;
    unsigned start = w.size;

    if (item->size == 8) {
        char text[4096] = {0};
        if (bytes > sizeof text)
            bytes = padded = sizeof text;
        for (size_t at = 0; at < bytes && below(8);) {
            const char *string = any_string();
            at += (size_t)snprintf(text + at, bytes - at, "%s", string);
            at += below(3) == 0;
        }
        put(text, padded);
        return;
    }
    for (unsigned i = 0; i < number; i++) {
        uint64_t value = item->name >= MACH_MSG_TYPE_MOVE_RECEIVE &&
                                 item->name <= MACH_MSG_TYPE_MAKE_SEND_ONCE
                             ? any_name()
                             : any_number();
        put(&value, item->size / 8);
    }
    uint64_t zero = 0;
    put(&zero, (padded - (w.size - start)) & 7);
}

/* Memory of our own, a page to be moved away, or what is nobody's. */
static uint64_t any_place(mach_msg_type_t *type)
{
    vm_address_t page = 0;

    if (below(20) == 0 &&
        !vm_allocate(mach_task_self(), &page, 8 * PAGE, TRUE)) {
        type->msgt_deallocate = TRUE;
        return page;
    }
    return below(6) ? (uint64_t)w.pages + below(4) * 8 : any_number();
}

static void put_item(const struct item *original)
{
    struct item item = *original;
    unsigned number = item.number;

    if (item.name == MACH_MSG_TYPE_POLYMORPHIC)
        item.name = MACH_MSG_TYPE_MOVE_RECEIVE + below(6);
    if (item.variable || !number)
        number = below(4) ? below(6) : below(item.number ? item.number : 3000);
    mach_msg_type_t type = {.msgt_name = item.name,
                            .msgt_size = item.size,
                            .msgt_number = number,
                            .msgt_inline = TRUE,
                            .msgt_longform = item.variable};
    if (!item.number || (item.variable && below(4) == 0)) {
        type.msgt_inline = FALSE;
        uint64_t place = any_place(&type);
        put(&type, sizeof type);
        put(&place, sizeof place);
    } else {
        put(&type, sizeof type);
        put_data(&item, number);
    }
}

/* Bits of what MIG would never send. */
static void spoil(void)
{
    for (unsigned n = below(8) ? 0 : 1 + below(3); n > 0; n--) {
        unsigned at =
            below(2) ? below(w.size) : below(w.size > 64 ? 64 : w.size);
        w.msg.bytes[at] ^= (char)(1 << below(8));
    }
    if (below(20) == 0)
        w.msg.head.msgh_size = (w.size += 8 * below(4) - 8 * below(4));
    if (w.size > BODY_MAX || w.size < sizeof w.msg.head)
        w.size = sizeof w.msg.head;
}

static void build(const struct request *request, mach_port_t to)
{
    w.size = sizeof w.msg.head;
    for (unsigned i = 0; i < request->item_count; i++)
        put_item(&request->items[i]);
    w.msg.head = (mach_msg_header_t){
        .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND,
                                    MACH_MSG_TYPE_MAKE_SEND_ONCE) |
                     MACH_MSGH_BITS_COMPLEX,
        .msgh_size = w.size,
        .msgh_remote_port = to,
        .msgh_local_port = w.reply,
        .msgh_id = request->id,
    };
    spoil();
}

/* --- calls ----------------------------------------------------------------------- */

static boolean_t is_refused(mach_port_t to, unsigned table)
{
    return w.refused[to % REMEMBERED].name == to &&
           w.refused[to % REMEMBERED].tables >> table & 1;
}

static void look_at_answer(mach_port_t to, unsigned table)
{
    const mig_reply_header_t *reply = (const void *)&w.msg.head;

    w.progress->answers++;
    if (w.msg.head.msgh_size >= sizeof *reply && reply->RetCode == MIG_BAD_ID) {
        if (w.refused[to % REMEMBERED].name != to)
            w.refused[to % REMEMBERED].tables = 0;
        w.refused[to % REMEMBERED].name = to;
        w.refused[to % REMEMBERED].tables |= 1ul << table;
    } else if (w.msg.head.msgh_size >= sizeof *reply && !reply->RetCode) {
        w.progress->successes++;
    }
    if (below(3))
        mach_msg_destroy(&w.msg.head);
}

static void ask(void)
{
    const struct request *request;
    mach_port_t to;
    unsigned tries = 0;

    do {
        to = any_target();
        request = &requests[w.first + below(w.end - w.first)];
    } while (is_refused(to, request->table) && ++tries < 20);
    build(request, to);
    if (below(200) == 0) /* one that nobody waits for */
        w.msg.head.msgh_local_port = any_name();
    mach_msg_return_t mr = mach_msg_trap(
        &w.msg.head,
        MACH_SEND_MSG | MACH_RCV_MSG | MACH_SEND_TIMEOUT | MACH_RCV_TIMEOUT,
        w.size, sizeof w.msg, w.reply, ANSWER_MS, MACH_PORT_NULL);
    if (!mr) {
        look_at_answer(to, request->table);
        return;
    }
    /* What comes later is not to be taken for the next answer. */
    mach_port_mod_refs(mach_task_self(), w.reply, MACH_PORT_RIGHT_RECEIVE, -1);
    w.reply = mach_reply_port();
}

/* What somebody has sent us: a memory object's control port, say. */
static void receive(void)
{
    mach_msg_trap(&w.msg.head, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof w.msg,
                  any_name(), 0, MACH_PORT_NULL);
}

static void trap(void)
{
    uint64_t a[6], result = (uint64_t) - (int64_t)below(TRAPS);
    register uint64_t r10 __asm__("r10"), r8 __asm__("r8"), r9 __asm__("r9");

    for (unsigned i = 0; i < 6; i++)
        a[i] = below(3) ? any_number() : any_name();
    if (result == (uint64_t)-25) { /* mach_msg: mostly without end in sight */
        a[0] = below(2) ? (uint64_t)&w.msg : a[0];
        a[1] |= below(50) ? MACH_SEND_TIMEOUT | MACH_RCV_TIMEOUT : 0;
        a[5] %= 20;
    } else if (result == (uint64_t)-61) { /* thread_switch */
        a[2] %= 20;
    }
    r10 = a[3];
    r8 = a[4];
    r9 = a[5];
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8),
                       "r"(r9)
                     : "rcx", "r11", "memory");
}

/* --- what there is to call -------------------------------------------------------- */

static void look_at_names(void)
{
    mach_port_t *names;
    mach_port_type_t *types;
    mach_msg_type_number_t n = 0, m = 0;

    if (mach_port_names(mach_task_self(), &names, &n, &types, &m))
        return;
    unsigned step = n / NAMES_MAX + 1;
    w.name_count = w.target_count = 0;
    for (unsigned i = below(step); i < n; i += step) {
        w.names[w.name_count++] = names[i];
        if (types[i] & MACH_PORT_TYPE_SEND &&
            !(types[i] & MACH_PORT_TYPE_RECEIVE))
            w.targets[w.target_count++] = names[i];
    }
    vm_deallocate(mach_task_self(), (vm_address_t)names, n * sizeof *names);
    vm_deallocate(mach_task_self(), (vm_address_t)types, m * sizeof *types);
}

/* A task that nobody misses, with memory and threads. */
static void make_victim(void)
{
    vm_address_t at = 0x100000;
    mach_port_t thread;

    if (task_create(mach_task_self(), below(2), &w.victim))
        w.victim = mach_task_self();
    vm_allocate(w.victim, &at, 16 * PAGE, FALSE);
    for (unsigned n = below(3); n > 0; n--)
        thread_create(w.victim, &thread);
}

/* Rights to servers: each open file is one. */
static void open_things(void)
{
    static const char *const paths[] = {"/",
                                        "/tmp",
                                        "/dev/null",
                                        "/dev/zero",
                                        "/servers/exec",
                                        "/servers/socket/1",
                                        "/servers/startup",
                                        "/proc/self/stat",
                                        "/proc",
                                        "/etc/passwd",
                                        "/bin/sh",
                                        "/servers"};
    int ends[2];

    for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++)
        open(paths[i], O_RDONLY | O_NONBLOCK);
    mkdir("/tmp/wild.d", 0777);
    open("/tmp/wild.d/file", O_RDWR | O_CREAT, 0666);
    if (pipe(ends) || socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
        return;
    socket(AF_UNIX, SOCK_DGRAM, 0);
}

/* WHAT may also be an interface's number: its place in rules.mk. */
static void choose_requests(const char *what)
{
    unsigned first = 0, last = TABLES_MAX;

    if (*what == 'k')
        last = KERNEL_TABLES - 1;
    else if (*what == 's')
        first = KERNEL_TABLES;
    else if (*what != 'a')
        first = last = (unsigned)atoi(what);
    while (requests[w.first].table < first)
        w.first++;
    for (w.end = w.first; w.end < REQUESTS && requests[w.end].table <= last;)
        w.end++;
}

int main(int argc, char **argv)
{
    int file = argc > 4 ? open(argv[3], O_RDWR) : -1;

    if (file < 0)
        return 2;
    w.progress = mmap(NULL, sizeof *w.progress, PROT_READ | PROT_WRITE,
                      MAP_SHARED, file, 0);
    w.pages = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (w.progress == MAP_FAILED || w.pages == MAP_FAILED)
        return 2;
    close(file);
    chance_state = strtoull(argv[1], NULL, 0) * 0x9e3779b97f4a7c15ul | 1;
    choose_requests(argv[4]);
    open_things();
    make_victim();
    mach_host_self();
    mach_thread_self();
    w.reply = mach_reply_port();
    for (long calls = atol(argv[2]); calls > 0; calls--) {
        if (calls % REFRESH == 0)
            look_at_names();
        if (calls % (8 * REFRESH) == 0)
            make_victim();
        w.progress->calls++;
        switch (below(16)) {
        case 0:
            trap();
            break;
        case 1:
            receive();
            break;
        default:
            ask();
        }
    }
    return 0;
}
