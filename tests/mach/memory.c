/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual memory, in this task and others, and an external memory object. */
#include "run.h"

static void memory_is_fresh_and_goes(void)
{
    mach_port_t self = mach_task_self();
    char *data = new_memory(64 * PAGE);
    vm_address_t address = (vm_address_t)data, fixed = address + 8 * PAGE;
    vm_offset_t read;
    mach_msg_type_number_t count;

    for (unsigned i = 0; i < 64 * PAGE; i += 512)
        if (data[i] != 0)
            check(false, "fresh memory is zero", i);
    memset(data, 5, 64 * PAGE);
    OK(vm_deallocate(self, fixed, PAGE));
    CHECK_EQ(vm_read(self, fixed, PAGE, &read, &count), KERN_INVALID_ADDRESS);
    OK(vm_allocate(self, &fixed, PAGE, FALSE));
    CHECK_EQ(data[8 * PAGE], 0);
    CHECK_EQ(data[9 * PAGE], 5);
    CHECK_EQ(vm_allocate(self, &fixed, PAGE, FALSE), KERN_NO_SPACE);
    OK(vm_deallocate(self, address, 64 * PAGE));
}

static void protection_is_seen_by_vm_region(void)
{
    mach_port_t self = mach_task_self(), name;
    vm_address_t address = (vm_address_t)new_memory(4 * PAGE), at;
    vm_size_t size;
    vm_prot_t protection, maximum;
    vm_inherit_t inheritance;
    boolean_t shared;
    vm_offset_t offset;

    OK(vm_protect(self, address + PAGE, PAGE, FALSE, VM_PROT_READ));
    at = address + PAGE;
    OK(vm_region(self, &at, &size, &protection, &maximum, &inheritance, &shared,
                 &name, &offset));
    CHECK_EQ(at, address + PAGE);
    CHECK_EQ(size, PAGE);
    CHECK_EQ(protection, VM_PROT_READ);
    CHECK_EQ(inheritance, VM_INHERIT_COPY);
    OK(vm_protect(self, address, PAGE, TRUE, VM_PROT_READ));
    CHECK_EQ(
        vm_protect(self, address, PAGE, FALSE, VM_PROT_READ | VM_PROT_WRITE),
        KERN_PROTECTION_FAILURE);
}

static void a_child_shares_copies_or_lacks(void)
{
    mach_port_t self = mach_task_self(), child;
    char *data = new_memory(3 * PAGE);
    vm_address_t address = (vm_address_t)data;
    vm_offset_t read = 0;
    mach_msg_type_number_t count = 0;

    memset(data, 1, 3 * PAGE);
    OK(vm_inherit(self, address, PAGE, VM_INHERIT_SHARE));
    OK(vm_inherit(self, address + 2 * PAGE, PAGE, VM_INHERIT_NONE));
    child = new_task();
    data[0] = 2;
    data[PAGE] = 2;
    OK(vm_read(child, address, 2 * PAGE, &read, &count));
    CHECK_EQ(count, 2 * PAGE);
    CHECK_EQ(((char *)read)[0], 2);
    CHECK_EQ(((char *)read)[PAGE], 1);
    OK(vm_deallocate(self, read, count));
    CHECK_EQ(vm_read(child, address + 2 * PAGE, PAGE, &read, &count),
             KERN_INVALID_ADDRESS);
    memset(data + PAGE, 9, PAGE);
    OK(vm_write(child, address, address + PAGE, PAGE));
    CHECK_EQ(data[0], 9);
    OK(vm_copy(self, address + PAGE, PAGE, address + 2 * PAGE));
    CHECK_EQ(data[2 * PAGE + 100], 9);
    OK(task_terminate(child));
}

static void hostile_sizes_are_refused(void)
{
    mach_port_t self = mach_task_self();
    vm_address_t address = 0;
    vm_offset_t read;
    mach_msg_type_number_t count;

    CHECK(vm_allocate(self, &address, ~0ul & ~(vm_size_t)(PAGE - 1), TRUE) !=
          KERN_SUCCESS);
    address = ~0ul & ~(vm_address_t)(PAGE - 1);
    CHECK(vm_allocate(self, &address, 2 * PAGE, FALSE) != KERN_SUCCESS);
    CHECK(vm_read(self, ~0ul - PAGE, 4 * PAGE, &read, &count) != KERN_SUCCESS);
    CHECK(vm_map(self, &address, 0, 0, TRUE, MACH_PORT_NULL, 0, FALSE,
                 VM_PROT_READ, VM_PROT_ALL, VM_INHERIT_COPY) != KERN_SUCCESS);
    CHECK(vm_allocate(mach_host_self(), &address, PAGE, TRUE) != KERN_SUCCESS);
}

/* --- a pager ---------------------------------------------------------------- */

#define INIT         2200
#define DATA_REQUEST 2203
#define DATA_RETURN  2208

static struct {
    volatile unsigned inits, requests, returned;
    volatile char returned_byte;
} seen;

struct long_item {
    mach_msg_type_t type;
    uint64_t value;
};

/* What the kernel is told here has no answer, so that the stubs do not touch
 * the first thread's reply port. */
static void supply(mach_port_t control, uint64_t offset)
{
    static char page[PAGE] __attribute__((aligned(PAGE)));

    memset(page, (char)(offset / PAGE + 'a'), PAGE);
    memory_object_data_supply(control, offset, (vm_offset_t)page, PAGE, FALSE,
                              VM_PROT_NONE, FALSE, MACH_PORT_NULL);
}

static void pager(uint64_t port)
{
    static struct message message;

    while (mach_msg(&message.head, MACH_RCV_MSG, 0, sizeof message,
                    (mach_port_t)port, 0, 0) == MACH_MSG_SUCCESS) {
        struct long_item *body = (struct long_item *)message.body;

        switch (message.head.msgh_id) {
        case INIT:
            seen.inits++;
            memory_object_ready((mach_port_t)body[0].value, TRUE,
                                MEMORY_OBJECT_COPY_DELAY);
            break;
        case DATA_REQUEST:
            seen.requests++;
            supply((mach_port_t)body[0].value, body[1].value);
            break;
        case DATA_RETURN:
            seen.returned_byte = *(char *)body[2].value;
            seen.returned++;
            break;
        }
    }
    for (;;)
        thread_switch(MACH_PORT_NULL, 2, 1000);
}

static void an_object_is_paged_in_and_out(void)
{
    mach_port_t self = mach_task_self(), object = new_port();
    vm_address_t address = 0, copy = 0;
    volatile char *data;

    start_thread(self, pager, object);
    OK(vm_map(self, &address, 4 * PAGE, 0, TRUE, object, 0, FALSE, VM_PROT_ALL,
              VM_PROT_ALL, VM_INHERIT_SHARE));
    data = (volatile char *)address;
    CHECK_EQ(data[10], 'a');
    CHECK_EQ(data[3 * PAGE], 'd');
    CHECK_EQ(seen.inits, 1);
    CHECK(seen.requests >= 2);
    /* A second mapping shows the first one's writes; a copy does not. */
    OK(vm_map(self, &copy, PAGE, 0, TRUE, object, 0, TRUE, VM_PROT_ALL,
              VM_PROT_ALL, VM_INHERIT_COPY));
    CHECK_EQ(*(char *)copy, 'a');
    *(volatile char *)copy = 'Z';
    CHECK_EQ(data[0], 'a');
    data[0] = 'Q';
    CHECK_EQ(*(volatile char *)copy, 'Z');
    OK(vm_msync(self, address, PAGE, VM_SYNC_SYNCHRONOUS));
    for (int i = 0; i < 200 && seen.returned == 0; i++)
        thread_switch(MACH_PORT_NULL, 2, 5);
    CHECK_EQ(seen.returned, 1);
    CHECK_EQ(seen.returned_byte, 'Q');
    OK(vm_deallocate(self, address, 4 * PAGE));
    OK(vm_deallocate(self, copy, PAGE));
}

void test_main(void)
{
    memory_is_fresh_and_goes();
    protection_is_seen_by_vm_region();
    a_child_shares_copies_or_lacks();
    hostile_sizes_are_refused();
    an_object_is_paged_in_and_out();
}
