/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The external pager protocol, with a pager that does what a test says: what
 * the kernel asks before a page is written, what it forgets, who waits for a
 * pager that is silent, and who hears of one that fails. */
#include "run.h"

#define INIT         2200
#define DATA_REQUEST 2203
#define DATA_UNLOCK  2204
#define DATA_RETURN  2208

#define PAGES 16

enum answer {
    OPEN,   /* supplies the page, which may be written */
    LOCKED, /* supplies it, and unlocks it when asked */
    FAILS,
    SILENT,
    FORGETS /* asked to unlock, makes the kernel forget the page */
};

static struct {
    volatile enum answer answer;
    volatile char contents;
    volatile unsigned requests, unlocks, returns;
    volatile vm_prot_t access; /* of the last request or unlock */
} pages[PAGES];

static mach_port_t object;
static volatile mach_port_t control;
static char *mapped;

struct long_item {
    mach_msg_type_t type;
    uint64_t value;
};

static void lock_pages(unsigned page, unsigned count, int returns, int flush,
                       vm_prot_t lock)
{
    memory_object_lock_request(control, page * PAGE, count * PAGE, returns,
                               flush, lock, MACH_PORT_NULL);
}

static void supply(unsigned page, vm_prot_t lock)
{
    static char data[PAGE] __attribute__((aligned(PAGE)));

    memset(data, pages[page].contents, PAGE);
    memory_object_data_supply(control, page * PAGE, (vm_offset_t)data, PAGE,
                              FALSE, lock, FALSE, MACH_PORT_NULL);
}

static void on_request(unsigned page)
{
    pages[page].requests++;
    switch (pages[page].answer) {
    case FAILS:
        memory_object_data_error(control, page * PAGE, PAGE, KERN_FAILURE);
        break;
    case SILENT:
        break;
    case OPEN:
        supply(page, VM_PROT_NONE);
        break;
    default:
        supply(page, pages[page].access & VM_PROT_WRITE ? VM_PROT_NONE
                                                        : VM_PROT_WRITE);
    }
}

static void on_unlock(unsigned page)
{
    pages[page].unlocks++;
    if (pages[page].answer == FORGETS)
        lock_pages(page, 1, MEMORY_OBJECT_RETURN_NONE, TRUE, VM_PROT_NO_CHANGE);
    else
        lock_pages(page, 1, MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_NONE);
}

static void pager(uint64_t port)
{
    static struct message message;
    struct long_item *body = (struct long_item *)message.body;

    while (mach_msg(&message.head, MACH_RCV_MSG, 0, sizeof message,
                    (mach_port_t)port, 0, 0) == MACH_MSG_SUCCESS) {
        unsigned page = (unsigned)(body[1].value / PAGE);

        switch (message.head.msgh_id) {
        case INIT:
            control = (mach_port_t)body[0].value;
            memory_object_ready(control, TRUE, MEMORY_OBJECT_COPY_DELAY);
            break;
        case DATA_REQUEST:
            pages[page].access = (vm_prot_t)body[3].value;
            on_request(page);
            break;
        case DATA_UNLOCK:
            pages[page].access = (vm_prot_t)body[3].value;
            on_unlock(page);
            break;
        case DATA_RETURN:
            pages[page].contents = *(char *)body[2].value;
            pages[page].returns++;
            break;
        }
    }
    for (;;)
        thread_switch(MACH_PORT_NULL, 2, 1000);
}

static void begin(void)
{
    vm_address_t address = 0;

    for (unsigned i = 0; i < PAGES; i++)
        pages[i].contents = (char)('a' + i);
    object = new_port();
    start_thread(mach_task_self(), pager, object);
    OK(vm_map(mach_task_self(), &address, PAGES * PAGE, 0, TRUE, object, 0,
              FALSE, VM_PROT_ALL, VM_PROT_ALL, VM_INHERIT_SHARE));
    mapped = (char *)address;
    CHECK_EQ(*(volatile char *)mapped, 'a');
}

static bool comes(volatile unsigned *count, unsigned wanted)
{
    for (int i = 0; i < 400 && *count < wanted; i++)
        thread_switch(MACH_PORT_NULL, 2, 5);
    return *count >= wanted;
}

/* --- writes ------------------------------------------------------------------ */

static void a_first_store_asks_for_it(void)
{
    pages[1].answer = LOCKED;
    CHECK_EQ(*(volatile char *)(mapped + PAGE), 'b');
    CHECK_EQ(pages[1].unlocks, 0);
    *(volatile char *)(mapped + PAGE) = 'B';
    CHECK_EQ(pages[1].unlocks, 1);
    CHECK(pages[1].access & VM_PROT_WRITE);
    /* What was not resident is asked for with that access at once. */
    pages[2].answer = LOCKED;
    *(volatile char *)(mapped + 2 * PAGE + 1) = 'C';
    CHECK_EQ(pages[2].unlocks, 0);
    CHECK(pages[2].access & VM_PROT_WRITE);
    CHECK_EQ(*(volatile char *)(mapped + 2 * PAGE), 'c');
}

static void vm_write_and_vm_copy_ask_too(void)
{
    char *from = new_memory(PAGE);
    mach_port_t self = mach_task_self();
    vm_address_t page3 = (vm_address_t)mapped + 3 * PAGE;

    memset(from, 'W', PAGE);
    pages[3].answer = LOCKED;
    CHECK_EQ(*(volatile char *)page3, 'd');
    OK(vm_write(self, page3, (vm_offset_t)from, PAGE));
    CHECK_EQ(pages[3].unlocks, 1);
    CHECK_EQ(*(volatile char *)page3, 'W');
    pages[4].answer = LOCKED;
    OK(vm_copy(self, (vm_address_t)from, PAGE, page3 + PAGE));
    CHECK_EQ(pages[4].requests, 1);
    CHECK(pages[4].access & VM_PROT_WRITE);
    CHECK_EQ(*(volatile char *)(page3 + PAGE), 'W');
    pages[5].answer = FAILS;
    CHECK_EQ(vm_copy(self, (vm_address_t)from, PAGE, page3 + 2 * PAGE),
             KERN_MEMORY_ERROR);
    OK(vm_deallocate(self, (vm_address_t)from, PAGE));
}

/* The page goes while a thread waits to write it: the thread asks anew. */
static void a_page_that_goes_is_asked_for_again(void)
{
    pages[6].answer = FORGETS;
    CHECK_EQ(*(volatile char *)(mapped + 6 * PAGE), 'g');
    pages[6].contents = 'G';
    *(volatile char *)(mapped + 6 * PAGE + 1) = '!';
    CHECK_EQ(pages[6].unlocks, 1);
    CHECK_EQ(pages[6].requests, 2);
    CHECK_EQ(*(volatile char *)(mapped + 6 * PAGE), 'G');
    CHECK_EQ(*(volatile char *)(mapped + 6 * PAGE + 1), '!');
}

static void what_is_changed_comes_back_before_it_is_forgotten(void)
{
    unsigned before = pages[7].returns;

    *(volatile char *)(mapped + 7 * PAGE) = 'X';
    lock_pages(7, 1, MEMORY_OBJECT_RETURN_DIRTY, TRUE, VM_PROT_NO_CHANGE);
    CHECK(comes(&pages[7].returns, before + 1));
    CHECK_EQ(pages[7].contents, 'X');
    pages[7].contents = 'Y';
    CHECK_EQ(*(volatile char *)(mapped + 7 * PAGE), 'Y');
}

/* A wired page has its frame for good, but not its contents. */
static void a_wired_page_can_be_renewed(void)
{
    vm_address_t page = (vm_address_t)mapped + 8 * PAGE;
    unsigned returned = pages[8].returns;

    *(volatile char *)page = 'w';
    OK(vm_wire(host_priv, mach_task_self(), page, PAGE,
               VM_PROT_READ | VM_PROT_WRITE));
    lock_pages(8, 1, MEMORY_OBJECT_RETURN_DIRTY, TRUE, VM_PROT_NO_CHANGE);
    CHECK(comes(&pages[8].returns, returned + 1));
    CHECK_EQ(pages[8].contents, 'w');
    pages[8].contents = 'N';
    CHECK_EQ(*(volatile char *)page, 'N');
    *(volatile char *)page = 'M';
    CHECK_EQ(*(volatile char *)page, 'M');
    OK(vm_wire(host_priv, mach_task_self(), page, PAGE, VM_PROT_NONE));
}

/* --- messages ------------------------------------------------------------------ */

struct with_memory {
    mach_msg_header_t head;
    mach_msg_type_long_t type;
    void *data;
    char trailer[64];
};

static mach_msg_return_t send_memory(mach_port_t to, const void *data,
                                     unsigned size)
{
    struct with_memory message = {
        .head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) |
                              MACH_MSGH_BITS_COMPLEX,
                 .msgh_size = offsetof(struct with_memory, trailer),
                 .msgh_remote_port = to,
                 .msgh_id = 77},
        .type = {.msgtl_header = {.msgt_longform = TRUE},
                 .msgtl_name = MACH_MSG_TYPE_BYTE,
                 .msgtl_size = 8,
                 .msgtl_number = size},
        .data = (void *)data};

    return mach_msg(&message.head, MACH_SEND_MSG, message.head.msgh_size, 0, 0,
                    0, 0);
}

static void memory_that_fails_is_the_senders_error(void)
{
    mach_port_t port = new_port();
    struct message message;

    pages[9].answer = FAILS;
    mach_msg_return_t mr = send_memory(port, mapped + 8 * PAGE, 2 * PAGE);
    CHECK(mr == MACH_SEND_INVALID_DATA || mr == MACH_SEND_INVALID_MEMORY);
    CHECK_EQ(receive(port, &message, 0), MACH_RCV_TIMED_OUT);
}

static mach_port_t slow_port;
static volatile unsigned slow_sent;

static void slow_sender(uint64_t page)
{
    send_memory(slow_port, mapped + page * PAGE, PAGE);
    slow_sent = 1;
    for (;;)
        thread_switch(MACH_PORT_NULL, 2, 1000);
}

/* The receiver has what it got: whatever the pager does later. */
static void only_the_sender_waits_for_a_silent_pager(void)
{
    struct message message;
    struct with_memory *got = (struct with_memory *)&message;

    slow_port = new_port();
    pages[10].answer = SILENT;
    start_thread(mach_task_self(), slow_sender, 10);
    CHECK(comes(&pages[10].requests, 1));
    CHECK_EQ(receive(slow_port, &message, 50), MACH_RCV_TIMED_OUT);
    CHECK_EQ(slow_sent, 0);
    supply(10, VM_PROT_NONE);
    CHECK_EQ(receive(slow_port, &message, 2000), MACH_MSG_SUCCESS);
    lock_pages(10, 1, MEMORY_OBJECT_RETURN_NONE, TRUE, VM_PROT_NO_CHANGE);
    CHECK_EQ(*(volatile char *)got->data, 'k');
    CHECK_EQ(pages[10].requests, 1);
    OK(vm_deallocate(mach_task_self(), (vm_address_t)got->data, PAGE));
}

/* A mapping that is private and was written in part. */
static void a_private_mapping_is_taken_as_it_is(void)
{
    vm_address_t window = 0;
    mach_port_t port = new_port();
    struct message message;
    struct with_memory *got = (struct with_memory *)&message;

    OK(vm_map(mach_task_self(), &window, 2 * PAGE, 0, TRUE, object, 11 * PAGE,
              TRUE, VM_PROT_ALL, VM_PROT_ALL, VM_INHERIT_COPY));
    *(volatile char *)window = '1';
    CHECK_EQ(send_memory(port, (void *)window, 2 * PAGE), MACH_MSG_SUCCESS);
    *(volatile char *)window = '2';
    CHECK_EQ(receive(port, &message, 1000), MACH_MSG_SUCCESS);
    volatile char *data = got->data;
    CHECK_EQ(data[0], '1');
    CHECK_EQ(data[1], 'l');
    CHECK_EQ(data[PAGE], 'm');
    data[PAGE] = 'z';
    CHECK_EQ(*(volatile char *)(window + PAGE), 'm');
    CHECK_EQ(*(volatile char *)window, '2');
    OK(vm_deallocate(mach_task_self(), (vm_address_t)data, 2 * PAGE));
    OK(vm_deallocate(mach_task_self(), window, 2 * PAGE));
}

void test_main(void)
{
    begin();
    a_first_store_asks_for_it();
    vm_write_and_vm_copy_ask_too();
    a_page_that_goes_is_asked_for_again();
    what_is_changed_comes_back_before_it_is_forgotten();
    a_wired_page_can_be_renewed();
    memory_that_fails_is_the_senders_error();
    only_the_sender_waits_for_a_silent_pager();
    a_private_mapping_is_taken_as_it_is();
}
