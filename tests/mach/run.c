/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#define TRAP(name, number)                                                     \
    asm(".globl " #name "\n" #name ":\n\tmov $" #number ", %rax\n"             \
        "\tmov %rcx, %r10\n\tsyscall\n\tret\n")

TRAP(mach_msg, -25);
TRAP(mach_reply_port, -26);
TRAP(mach_thread_self, -27);
TRAP(mach_task_self, -28);
TRAP(mach_host_self, -29);
TRAP(mach_print, -30);
TRAP(thread_switch, -61);

asm(".globl _start\n_start:\n\tmov %rsp, %rdi\n\txor %ebp, %ebp\n"
    "\tcall c_start\n");

mach_port_t host_priv, device_master;

static unsigned checks, failures;
static mach_port_t stub_reply_port;

/* --- what MIG's stubs and the compiler call --------------------------------- */

mach_port_t mig_get_reply_port(void);
void mig_put_reply_port(mach_port_t port);
void mig_dealloc_reply_port(mach_port_t port);
vm_size_t mig_strncpy(char *to, const char *from, vm_size_t size);
void mig_allocate(vm_address_t *address, vm_size_t size);
void mig_deallocate(vm_address_t address, vm_size_t size);

void mig_allocate(vm_address_t *address, vm_size_t size)
{
    if (vm_allocate(mach_task_self(), address, size, TRUE) != KERN_SUCCESS)
        *address = 0;
}

void mig_deallocate(vm_address_t address, vm_size_t size)
{
    vm_deallocate(mach_task_self(), address, size);
}

/* Only the first thread of a task uses stubs here, so one port is enough. */
mach_port_t mig_get_reply_port(void)
{
    if (stub_reply_port == MACH_PORT_NULL)
        stub_reply_port = mach_reply_port();
    return stub_reply_port;
}

void mig_put_reply_port(mach_port_t port)
{
}

void mig_dealloc_reply_port(mach_port_t port)
{
    stub_reply_port = MACH_PORT_NULL;
}

vm_size_t mig_strncpy(char *to, const char *from, vm_size_t size)
{
    vm_size_t length = 0;

    while (length + 1 < size && from[length] != '\0') {
        to[length] = from[length];
        length++;
    }
    to[length] = '\0';
    return length;
}

void *memcpy(void *to, const void *from, size_t size)
{
    void *start = to;

    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
    return start;
}

void *memset(void *to, int byte, size_t size)
{
    void *start = to;

    asm volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
    return start;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *left = a, *right = b;

    for (size_t i = 0; i < size; i++)
        if (left[i] != right[i])
            return left[i] - right[i];
    return 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;

    while (text[length] != '\0')
        length++;
    return length;
}

/* --- checks ------------------------------------------------------------------ */

static void print_number(long value)
{
    char digits[24], *at = digits + sizeof digits - 1;
    unsigned long rest =
        value < 0 ? -(unsigned long)value : (unsigned long)value;

    *at = '\0';
    do
        *--at = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    if (value < 0)
        *--at = '-';
    mach_print(at);
}

void check(bool condition, const char *what, long got)
{
    checks++;
    if (condition)
        return;
    failures++;
    mach_print("FAILED ");
    mach_print(what);
    mach_print(" (got ");
    print_number(got);
    mach_print(")\n");
}

/* --- ports, memory, threads --------------------------------------------------- */

mach_port_t new_port(void)
{
    mach_port_t port = MACH_PORT_NULL;

    OK(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port));
    OK(mach_port_insert_right(mach_task_self(), port, port,
                              MACH_MSG_TYPE_MAKE_SEND));
    return port;
}

void *new_memory(size_t size_bytes)
{
    vm_address_t address = 0;

    OK(vm_allocate(mach_task_self(), &address, size_bytes, TRUE));
    return (void *)address;
}

static char stacks[16][16384] __attribute__((aligned(16)));
static unsigned stacks_used;

mach_port_t make_thread(mach_port_t task, void (*entry)(uint64_t),
                        uint64_t argument)
{
    struct i386_thread_state state;
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
    mach_port_t thread = MACH_PORT_NULL;

    OK(thread_create(task, &thread));
    OK(thread_get_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)&state,
                        &count));
    state.rip = (uint64_t)entry;
    state.rdi = argument;
    state.ursp = (uint64_t)(stacks[stacks_used++] + sizeof stacks[0]) - 8;
    OK(thread_set_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)&state,
                        i386_THREAD_STATE_COUNT));
    return thread;
}

mach_port_t start_thread(mach_port_t task, void (*entry)(uint64_t),
                         uint64_t argument)
{
    mach_port_t thread = make_thread(task, entry, argument);

    OK(thread_resume(thread));
    return thread;
}

mach_port_t new_task(void)
{
    mach_port_t task = MACH_PORT_NULL;

    OK(task_create(mach_task_self(), TRUE, &task));
    return task;
}

/* --- messages ------------------------------------------------------------------ */

mach_msg_return_t send_plain(mach_port_t to, int id, unsigned size)
{
    struct message message;

    memset(&message, 0, sizeof message);
    message.head.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0);
    message.head.msgh_remote_port = to;
    message.head.msgh_id = id;
    if (size > 0) {
        mach_msg_type_t *type = (mach_msg_type_t *)message.body;
        type->msgt_name = MACH_MSG_TYPE_BYTE;
        type->msgt_size = 8;
        type->msgt_inline = 1;
        type->msgt_number = size - sizeof *type;
    }
    return mach_msg(&message.head, MACH_SEND_MSG | MACH_SEND_TIMEOUT,
                    sizeof message.head + size, 0, MACH_PORT_NULL, 0,
                    MACH_PORT_NULL);
}

mach_msg_return_t receive(mach_port_t from, struct message *message,
                          unsigned timeout_ms)
{
    return mach_msg(&message->head, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0,
                    sizeof *message, from, timeout_ms, MACH_PORT_NULL);
}

/* --- start and end -------------------------------------------------------------- */

static mach_port_t word_to_port(const char *word)
{
    mach_port_t port = 0;

    while (*word != '\0')
        port = port * 10 + (mach_port_t)(*word++ - '0');
    return port;
}

static void __attribute__((used)) c_start(const uint64_t *stack)
{
    char *const *words = (char *const *)(stack + 1);

    host_priv = word_to_port(words[1]);
    device_master = word_to_port(words[2]);
    test_main();
    mach_print("mach ");
    mach_print(words[0]);
    mach_print(": ");
    print_number(checks);
    mach_print(" checks, ");
    print_number(failures);
    mach_print(" failed\n");
    host_reboot(host_priv, 0);
    for (;;)
        thread_switch(MACH_PORT_NULL, 2, 1000);
}
