/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions: what a fault's message says, and how a thread goes on. */
#include "run.h"

struct int_item {
    mach_msg_type_t type;
    int value, pad;
};
struct long_item {
    mach_msg_type_t type;
    uint64_t value;
};
struct raised {
    mach_msg_header_t head;
    struct long_item thread, task;
    struct int_item exception, code;
    struct long_item subcode;
    char room[64];
};

static volatile unsigned reached;

static void reads_nothing(uint64_t address)
{
    reached = *(volatile char *)address;
    reached = 1;
    for (;;)
        thread_switch(MACH_PORT_NULL, 2, 1000);
}

static void does(uint64_t what)
{
    switch (what) {
    case 0:
        asm volatile("ud2");
        break;
    case 1:
        asm volatile("int3");
        break;
    case 2:
        asm volatile("xor %%edx, %%edx\n\tmov $1, %%eax\n\txor %%ecx, %%ecx\n\t"
                     "div %%ecx" ::
                         : "rax", "rcx", "rdx");
        break;
    case 3:
        asm volatile("hlt");
        break;
    case 4: /* a system call of Linux's, and no emulation */
        asm volatile("mov $39, %%eax\n\tsyscall" ::: "rax", "rcx", "r11");
        break;
    }
    for (;;)
        thread_switch(MACH_PORT_NULL, 2, 1000);
}

static void answer(struct raised *raised, int result)
{
    struct {
        mach_msg_header_t head;
        struct int_item result;
    } reply = {
        .head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0),
                 .msgh_size = sizeof reply,
                 .msgh_remote_port = raised->head.msgh_remote_port,
                 .msgh_id = raised->head.msgh_id + 100},
        .result = {{.msgt_name = MACH_MSG_TYPE_INTEGER_32,
                    .msgt_size = 32,
                    .msgt_number = 1,
                    .msgt_inline = 1},
                   result,
                   0}};

    OK(mach_msg(&reply.head, MACH_SEND_MSG, sizeof reply, 0, 0, 0, 0));
}

static mach_msg_return_t wait_raised(mach_port_t port, struct raised *raised)
{
    return mach_msg(&raised->head, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0,
                    sizeof *raised, port, 2000, 0);
}

static void a_fault_can_be_repaired(mach_port_t port)
{
    mach_port_t self = mach_task_self();
    vm_address_t address = (vm_address_t)new_memory(PAGE);
    mach_port_t thread;
    struct raised raised;

    OK(vm_deallocate(self, address, PAGE));
    thread = start_thread(self, reads_nothing, address + 24);
    OK(wait_raised(port, &raised));
    CHECK_EQ(raised.head.msgh_id, 2400);
    CHECK_EQ(raised.exception.value, EXC_BAD_ACCESS);
    CHECK_EQ(raised.code.value, KERN_INVALID_ADDRESS);
    CHECK_EQ(raised.subcode.value, address + 24);
    CHECK_EQ(raised.task.value, self);
    CHECK_EQ(raised.thread.value, thread);
    OK(vm_allocate(self, &address, PAGE, FALSE));
    answer(&raised, KERN_SUCCESS);
    for (int i = 0; i < 200 && !reached; i++)
        thread_switch(MACH_PORT_NULL, 2, 5);
    CHECK_EQ(reached, 1);
    OK(thread_terminate(thread));
}

/* The exception of WHAT; the handler refuses, so that the task dies of it. */
static void an_exception_names(mach_port_t port, uint64_t what, int exception,
                               int code)
{
    mach_port_t task = new_task();
    struct raised raised;

    OK(task_set_special_port(task, TASK_EXCEPTION_PORT, port));
    start_thread(task, does, what);
    OK(wait_raised(port, &raised));
    check(raised.exception.value == exception, "the exception", (long)what);
    check(raised.code.value == code, "its code", raised.code.value);
    answer(&raised, KERN_FAILURE);
    mach_port_type_t type = 0;
    for (int i = 0; i < 200 && !(type & MACH_PORT_TYPE_DEAD_NAME); i++) {
        thread_switch(MACH_PORT_NULL, 2, 5);
        mach_port_type(mach_task_self(), task, &type);
    }
    CHECK(type & MACH_PORT_TYPE_DEAD_NAME);
}

/* --- emulation vectors --------------------------------------------------------- */

/* A system call's rcx is where it returns to; rax becomes the number times
 * two plus rdi. */
asm("emulate:\n\tlea (%rdi,%rax,2), %rax\n\tjmp *%rcx\n");
extern char emulate[];

static long linux_call(long number, long argument)
{
    register long result asm("rax") = number;

    asm volatile("syscall"
                 : "+r"(result)
                 : "D"(argument)
                 : "rcx", "r11", "memory");
    return result;
}

static void a_linux_number_goes_to_the_emulation(void)
{
    mach_port_t self = mach_task_self();
    emulation_vector_t vector;
    mach_msg_type_number_t count = 0;
    int start;

    OK(task_set_emulation(self, (vm_address_t)emulate, 39));
    CHECK_EQ(linux_call(39, 5), 83);
    CHECK_EQ(linux_call(39, -3), 75);
    OK(task_get_emulation_vector(self, &start, &vector, &count));
    CHECK(count >= 39u - (unsigned)start);
    CHECK_EQ(vector[39 - start], emulate);
    /* Mach's own traps are never redirected. */
    CHECK_EQ(mach_task_self(), self);
    CHECK(task_set_emulation(self, (vm_address_t)emulate, 100000) !=
          KERN_SUCCESS);
}

void test_main(void)
{
    mach_port_t port = new_port();

    OK(task_set_special_port(mach_task_self(), TASK_EXCEPTION_PORT, port));
    a_fault_can_be_repaired(port);
    an_exception_names(port, 0, EXC_BAD_INSTRUCTION, 1);
    an_exception_names(port, 1, EXC_BREAKPOINT, 2);
    an_exception_names(port, 2, EXC_ARITHMETIC, 1);
    an_exception_names(port, 3, EXC_BAD_INSTRUCTION, 13);
    an_exception_names(port, 4, EXC_BAD_INSTRUCTION, 1);
    a_linux_number_goes_to_the_emulation();
}
