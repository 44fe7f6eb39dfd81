/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drivers and what their devices reach: each drives a SATA controller of its
 * own, by instructions that the kernel does for it. */
#include "world.h"
#include "world_kernel.h"

#include <device/device_types.h>

#include "device_user.h"
#include "gnumach_user.h"
#include "mach_port_user.h"
#include "mach_user.h"

#define PAGE      4096ul
#define SECTOR    512ul
#define DISK_SIZE (64ul << 10)
/* Where firmware puts the registers of the two controllers. */
#define REGISTERS 0xf0020000ul
#define DISTANCE  0x10000ul
#define SIZE      0x2000ul

/* AHCI 1.3.1, as far as it is needed. */
#define CLB      0x100u
#define FB       0x108u
#define IS       0x110u
#define CMD      0x118u
#define CI       0x138u
#define CMD_ST   0x1u
#define CMD_FRE  0x10u
#define IS_HBFS  0x20000000u
#define IS_TFES  0x40000000u
#define READ     0x25u
#define WRITE    0x35u
#define AT_FIS   0x400u
#define AT_TABLE 0x800u
#define AT_PRD   (AT_TABLE + 0x80)
#define AT_DATA  0x2000u
#define INIT_ID  2200 /* memory_object_init */

struct driver {
    struct user *user;
    uint64_t code, registers;
    uint64_t memory, phys; /* of the commands, and data behind them */
};

static char disks[2][DISK_SIZE];
static struct user *arbiter;
static mach_port_t objects[2]; /* the arbiter's: the controllers' registers */
static struct driver one, two;

/* The arbiter makes the objects and maps none of them. */
static void make_objects(void)
{
    char name[128] = "mem";
    mach_port_t mem;

    arbiter = user_create("arbiter");
    assert_ok(
        device_open(user_device_master(arbiter), D_READ | D_WRITE, name, &mem));
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(device_map(mem, VM_PROT_READ | VM_PROT_WRITE,
                             REGISTERS + i * DISTANCE, SIZE, &objects[i], 0));
    }
}

static uint64_t map_registers(struct user *user, unsigned controller)
{
    mach_port_t object =
        world_give(arbiter, objects[controller], MACH_MSG_TYPE_COPY_SEND, user);
    vm_address_t address = 0;

    user_be(user);
    assert_ok(vm_map(user->self, &address, SIZE, 0, 1, object, 0, 0,
                     VM_PROT_READ | VM_PROT_WRITE, VM_PROT_READ | VM_PROT_WRITE,
                     VM_INHERIT_SHARE));
    return address;
}

static uint64_t contiguous(struct user *user, size_t size, uint64_t *phys)
{
    vm_address_t address = 0;
    rpc_phys_addr_t at;

    user_be(user);
    assert_ok(vm_allocate_contiguous(user_host_priv(user), user->self, &address,
                                     &at, size, 0, 0, 0));
    *phys = at;
    return address;
}

static void create_driver(struct driver *driver, const char *name,
                          unsigned controller)
{
    static const uint8_t code[] = {0x89, 0x16, 0x8b, 0x06}; /* see below */

    driver->user = user_create(name);
    driver->code = world_allocate(PAGE);
    world_poke(driver->code, code, sizeof code);
    driver->registers = map_registers(driver->user, controller);
    driver->memory = contiguous(driver->user, 16 * PAGE, &driver->phys);
}

static int setup(void **state)
{
    world_start();
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned k = 0; k < DISK_SIZE; k++) {
            disks[i][k] = (char)('A' + i + k / SECTOR);
        }
        sim_disk_set_group(sim_disk_add(disks[i], DISK_SIZE, false), i);
    }
    world_boot();
    make_objects();
    create_driver(&one, "one", 0);
    create_driver(&two, "two", 1);
    return 0;
}

/* --- a driver's hands --------------------------------------------------------- */

/* mov %edx, (%rsi) */
static void set(struct driver *driver, unsigned reg, uint32_t value)
{
    struct platform_regs *regs = &driver->user->thread->regs;

    user_be(driver->user);
    regs->rip = driver->code;
    regs->rsi = driver->registers + reg;
    regs->rdx = value;
    assert_true(
        sim_touch(driver->user->thread, regs->rsi, PLATFORM_PROT_WRITE));
}

/* mov (%rsi), %eax */
static uint32_t get(struct driver *driver, unsigned reg)
{
    struct platform_regs *regs = &driver->user->thread->regs;

    user_be(driver->user);
    regs->rip = driver->code + 2;
    regs->rsi = driver->registers + reg;
    assert_true(sim_touch(driver->user->thread, regs->rsi, PLATFORM_PROT_READ));
    return (uint32_t)regs->rax;
}

static void start(struct driver *driver)
{
    set(driver, CMD, 0);
    set(driver, CLB, (uint32_t)driver->phys);
    set(driver, FB, (uint32_t)driver->phys + AT_FIS);
    set(driver, IS, ~0u);
    set(driver, CMD, CMD_FRE);
    set(driver, CMD, CMD_FRE | CMD_ST);
}

/* COUNT sectors from the disk's first on. */
static void prepare(struct driver *driver, unsigned slot, uint8_t command,
                    uint64_t data, unsigned count)
{
    uint32_t table = AT_TABLE + slot * 0x100;
    uint32_t header[4] = {5 | 1u << 16, 0, (uint32_t)driver->phys + table, 0};
    uint32_t prd[4] = {(uint32_t)data, 0, 0, count * (uint32_t)SECTOR - 1};
    uint8_t fis[20] = {0x27, 0x80, command};

    fis[7] = 0x40;
    fis[12] = (uint8_t)count;
    user_be(driver->user);
    world_poke(driver->memory + slot * 32, header, sizeof header);
    world_poke(driver->memory + table, fis, sizeof fis);
    world_poke(driver->memory + table + 0x80, prd, sizeof prd);
}

static void begin(struct driver *driver, uint8_t command, uint64_t data,
                  unsigned count)
{
    start(driver);
    prepare(driver, 0, command, data, count);
    set(driver, CI, 1);
}

static bool moves(struct driver *driver, uint8_t command, uint64_t data)
{
    begin(driver, command, data, 8);
    if (get(driver, IS) & IS_HBFS) {
        assert_int_equal(sim_disk_pending(), 0);
        assert_int_equal(get(driver, CI), 1);
        return false;
    }
    assert_int_equal(sim_disk_pending(), 1);
    sim_disk_complete(0);
    assert_int_equal(get(driver, CI), 0);
    assert_int_equal(get(driver, IS) & IS_TFES, 0);
    return true;
}

static bool reads(struct driver *driver, uint64_t data)
{
    return moves(driver, READ, data);
}

static bool writes(struct driver *driver, uint64_t data)
{
    return moves(driver, WRITE, data);
}

static uint64_t frame_at(struct user *user, uint64_t address)
{
    uint64_t phys = 0;

    assert_true(sim_mapping(user->thread->task, address, &phys));
    return phys;
}

static uint64_t told_frame(struct user *user, uint64_t address)
{
    rpc_phys_addr_t frames[1];
    rpc_phys_addr_array_t list = frames;
    mach_msg_type_number_t count = 1;

    user_be(user);
    assert_ok(vm_pages_phys(user_host_priv(user), user->self, address, PAGE,
                            &list, &count));
    assert_int_equal(count, 1);
    return list[0];
}

/* Memory of USER that is full of a letter. */
static uint64_t letters(struct user *user, size_t pages, char letter)
{
    char page[PAGE];
    vm_address_t address = 0;

    memset(page, letter, sizeof page);
    user_be(user);
    assert_ok(vm_allocate(user->self, &address, pages * PAGE, 1));
    for (size_t i = 0; i < pages; i++) {
        world_poke(address + i * PAGE, page, PAGE);
    }
    return address;
}

static char first_of(struct user *user, uint64_t address)
{
    char letter = 0;

    user_be(user);
    world_peek(address, &letter, 1);
    return letter;
}

static unsigned lines(const char *what)
{
    unsigned count = 0;

    for (const char *at = sim_console(); (at = strstr(at, what)); at++) {
        count++;
    }
    return count;
}

/* --- what is reached ------------------------------------------------------------ */

TEST(a_device_reaches_its_drivers_contiguous_memory)
{
    assert_true(reads(&one, one.phys + AT_DATA));
    assert_int_equal(first_of(one.user, one.memory + AT_DATA), 'A');
    assert_true(reads(&two, two.phys + AT_DATA));
    assert_int_equal(first_of(two.user, two.memory + AT_DATA), 'B');
    world_set_word(two.memory + AT_DATA, 0x7a7a7a7a);
    assert_true(writes(&two, two.phys + AT_DATA));
    assert_int_equal(disks[1][0], 'z');
    assert_int_equal(lines("out of reach"), 0);
}

TEST(a_device_reaches_what_its_driver_asked_the_address_of)
{
    uint64_t address = letters(one.user, 1, 'x');
    uint64_t phys = frame_at(one.user, address);

    assert_false(reads(&one, phys));
    assert_false(writes(&one, phys));
    assert_int_equal(first_of(one.user, address), 'x');
    assert_int_equal(told_frame(one.user, address), phys);
    assert_true(reads(&one, phys));
    assert_int_equal(first_of(one.user, address), 'A');
}

TEST(a_device_does_not_reach_what_another_task_was_told)
{
    uint64_t phys;
    uint64_t address = contiguous(arbiter, PAGE, &phys);
    uint64_t asked = letters(arbiter, 1, 'v');
    char text[128];

    world_set_word(address, 0x76767676);
    sim_console_clear();
    assert_false(reads(&one, phys));
    snprintf(text, sizeof text,
             "pc: ahci 0:2.0 port 0: data out of reach at 0x%lx (driven by "
             "one)\n",
             phys);
    assert_int_equal(lines(text), 1);
    assert_int_equal(lines("\n"), 1);
    assert_false(reads(&one, told_frame(arbiter, asked)));
    assert_int_equal(first_of(arbiter, address), 'v');
    assert_int_equal(first_of(arbiter, asked), 'v');
}

TEST(a_device_does_not_reach_the_memory_of_another_driver)
{
    assert_true(reads(&one, one.phys + AT_DATA));
    assert_true(reads(&two, two.phys + AT_DATA));
    assert_false(reads(&one, two.phys + AT_DATA));
    assert_false(writes(&one, two.phys + AT_DATA));
    assert_false(reads(&two, one.phys + AT_DATA));
    assert_int_equal(first_of(one.user, one.memory + AT_DATA), 'A');
    assert_int_equal(first_of(two.user, two.memory + AT_DATA), 'B');
}

/* The last page of a range counts as much as the first. */
TEST(a_range_that_leaves_the_drivers_memory_is_refused)
{
    uint64_t address = one.memory + 15 * PAGE;

    assert_true(reads(&one, one.phys + 15 * PAGE));
    user_be(one.user);
    world_set_word(address, 0x78787878);
    assert_false(reads(&one, one.phys + 15 * PAGE + SECTOR));
    assert_int_equal(first_of(one.user, address), 'x');
}

/* --- who drives ------------------------------------------------------------------- */

/* A driver that was refused nothing has another one looking on. */
TEST(the_first_who_writes_stays_the_driver)
{
    struct driver second = two;
    uint64_t address, phys;

    start(&one);
    second.registers = map_registers(two.user, 0);
    address = contiguous(two.user, PAGE, &phys);
    begin(&second, READ, phys, 8);
    assert_true(get(&second, IS) & IS_HBFS);
    assert_int_equal(first_of(two.user, address), 0);
    assert_true(reads(&one, one.phys + AT_DATA));
}

TEST(who_has_no_registers_any_more_is_no_driver)
{
    struct driver second = two;

    start(&one);
    second.registers = map_registers(two.user, 0);
    assert_ok(vm_deallocate(two.user->self, two.registers, SIZE));
    user_be(one.user);
    assert_ok(vm_protect(one.user->self, one.registers, SIZE, 0, VM_PROT_READ));
    assert_true(reads(&second, two.phys + AT_DATA));
    assert_int_equal(first_of(two.user, two.memory + AT_DATA), 'A');
    assert_false(reads(&second, one.phys + AT_DATA));
}

/* The first one's commands are still there when the second one takes over. */
TEST(what_a_driver_left_does_not_go_on_in_the_next_ones_name)
{
    struct driver second = two;

    begin(&one, READ, one.phys + AT_DATA, 8);
    prepare(&one, 1, READ, one.phys + AT_DATA + PAGE, 8);
    set(&one, CI, 2);
    second.registers = map_registers(two.user, 0);
    user_be(one.user);
    assert_ok(vm_deallocate(one.user->self, one.registers, SIZE));
    set(&second, IS, 0);
    assert_int_equal(sim_disk_pending(), 1);
    sim_disk_complete(0);
    assert_int_equal(sim_disk_pending(), 0);
    assert_int_equal(first_of(one.user, one.memory + AT_DATA + PAGE), 0);
    assert_true(get(&second, IS) & IS_HBFS);
}

/* --- what leaves ------------------------------------------------------------------ */

TEST(what_is_deallocated_is_out_of_reach)
{
    uint64_t phys = one.phys + AT_DATA;

    assert_true(reads(&one, phys));
    assert_ok(vm_deallocate(one.user->self, one.memory + AT_DATA, PAGE));
    assert_false(reads(&one, phys));
    assert_true(reads(&one, phys + PAGE));
    /* Nor does it come back with the frame. */
    rpc_phys_addr_t again;
    vm_address_t address = 0;
    user_be(arbiter);
    assert_ok(vm_allocate_contiguous(user_host_priv(arbiter), arbiter->self,
                                     &address, &again, PAGE, phys, phys + PAGE,
                                     0));
    assert_int_equal(again, phys);
    assert_false(reads(&one, phys));
    assert_int_equal(first_of(arbiter, address), 0);
}

struct ool_message {
    mach_msg_header_t head;
    mach_msg_type_t type;
    uint64_t address;
};

/* SIZE bytes at ADDRESS go from FROM, who KEEPS them, to TO; returns where they
 * are there. */
static uint64_t send_some(struct user *from, uint64_t address, size_t size,
                          struct user *to, bool keeps)
{
    user_be(to);
    mach_port_t port = world_reply_port();
    struct ool_message m = {
        .head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND, 0) |
                              MACH_MSGH_BITS_COMPLEX,
                 .msgh_remote_port =
                     world_give(to, port, MACH_MSG_TYPE_MAKE_SEND, from)},
        .type = {.msgt_name = MACH_MSG_TYPE_BYTE,
                 .msgt_size = 8,
                 .msgt_number = (unsigned)size,
                 .msgt_deallocate = !keeps},
        .address = address};

    user_be(from);
    assert_ok(mach_msg(&m.head, MACH_SEND_MSG, sizeof m, 0, 0, 0, 0));
    user_be(to);
    assert_ok(mach_msg(&m.head, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof m,
                       port, 0, 0));
    return m.address;
}

static uint64_t send(struct user *from, uint64_t address, size_t size,
                     struct user *to)
{
    return send_some(from, address, size, to, false);
}

TEST(what_is_sent_away_is_out_of_reach)
{
    uint64_t phys;
    uint64_t memory = contiguous(one.user, PAGE, &phys);

    assert_true(reads(&one, phys));
    uint64_t there = send(one.user, memory, PAGE, arbiter);
    assert_int_equal(first_of(arbiter, there), 'A');
    assert_int_equal(frame_at(arbiter, there), phys);
    disks[0][0] = 'x';
    assert_false(reads(&one, phys));
    assert_false(writes(&one, phys));
    assert_int_equal(first_of(arbiter, there), 'A');
}

/* What somebody else has a copy of can be read for the disk, as the driver could
 * read it; written it cannot be, before the driver has a page of its own. */
TEST(what_others_have_a_copy_of_is_not_written)
{
    uint64_t address = letters(one.user, 32, 'x');
    vm_offset_t copy;
    mach_msg_type_number_t size;

    user_be(arbiter);
    mach_port_t task =
        world_give(one.user, one.user->self, MACH_MSG_TYPE_COPY_SEND, arbiter);
    assert_ok(vm_read(task, address, 32 * PAGE, &copy, &size));
    uint64_t phys = told_frame(one.user, address);
    assert_int_equal(frame_at(one.user, address), phys);
    assert_false(reads(&one, phys));
    assert_true(writes(&one, phys));
    assert_int_equal(disks[0][0], 'x');
    disks[0][0] = 'A';
    user_be(one.user);
    world_set_word(address, 0x79797979);
    assert_false(reads(&one, phys));
    assert_true(told_frame(one.user, address) != phys);
    assert_true(reads(&one, told_frame(one.user, address)));
    assert_int_equal(first_of(one.user, address), 'A');
    assert_int_equal(first_of(arbiter, copy), 'x');
}

TEST(what_the_driver_may_not_write_its_device_may_not)
{
    uint64_t address = one.memory + AT_DATA;

    user_be(one.user);
    assert_ok(vm_protect(one.user->self, address, PAGE, 0, VM_PROT_READ));
    assert_false(reads(&one, one.phys + AT_DATA));
    assert_true(writes(&one, one.phys + AT_DATA));
    assert_ok(vm_protect(one.user->self, address, PAGE, 0, VM_PROT_NONE));
    assert_false(writes(&one, one.phys + AT_DATA));
}

/* --- under way -------------------------------------------------------------------- */

TEST(a_driver_that_dies_takes_its_device_along)
{
    struct driver next;
    uint64_t phys = one.phys;
    rpc_phys_addr_t again;
    vm_address_t address = 0;

    begin(&one, READ, phys + AT_DATA, 8);
    prepare(&one, 1, READ, phys + AT_DATA + PAGE, 8);
    set(&one, CI, 2);
    assert_int_equal(sim_disk_pending(), 1);
    sim_console_clear();
    user_kill(one.user);
    /* The host has forgotten it, and its frames are free for others at once. */
    assert_int_equal(sim_disk_pending(), 0);
    user_be(arbiter);
    assert_ok(vm_allocate_contiguous(user_host_priv(arbiter), arbiter->self,
                                     &address, &again, 16 * PAGE, phys,
                                     phys + 16 * PAGE, 0));
    assert_int_equal(again, phys);
    for (unsigned i = 0; i < 16; i++) {
        assert_int_equal(first_of(arbiter, address + i * PAGE), 0);
    }
    assert_int_equal(lines("pc:"), 0);
    /* The next one finds a controller that works. */
    create_driver(&next, "next", 0);
    assert_false(reads(&next, phys + AT_DATA));
    assert_true(reads(&next, next.phys + AT_DATA));
    assert_int_equal(first_of(next.user, next.memory + AT_DATA), 'A');
    assert_int_equal(first_of(arbiter, address + AT_DATA), 0);
}

TEST(what_is_deallocated_under_way_waits_for_the_device)
{
    uint64_t phys = one.phys + AT_DATA;
    rpc_phys_addr_t again;
    vm_address_t address = 0;

    begin(&one, READ, phys, 8);
    assert_ok(vm_deallocate(one.user->self, one.memory + AT_DATA, PAGE));
    user_be(arbiter);
    assert_true(vm_allocate_contiguous(user_host_priv(arbiter), arbiter->self,
                                       &address, &again, PAGE, phys,
                                       phys + PAGE, 0) != KERN_SUCCESS);
    sim_disk_complete(0);
    assert_ok(vm_allocate_contiguous(user_host_priv(arbiter), arbiter->self,
                                     &address, &again, PAGE, phys, phys + PAGE,
                                     0));
    assert_int_equal(first_of(arbiter, address), 0);
}

/* The receiver has what was there when it was sent, in a frame of its own. */
TEST(what_is_sent_away_under_way_is_a_copy)
{
    uint64_t phys;
    uint64_t memory = contiguous(one.user, 20 * PAGE, &phys);

    world_set_word(memory, 0x78787878);
    begin(&one, READ, phys, 8);
    uint64_t there = send(one.user, memory, 20 * PAGE, arbiter);
    sim_disk_complete(0);
    assert_int_equal(first_of(arbiter, there), 'x');
    assert_true(frame_at(arbiter, there) != phys);
}

TEST(ordinary_memory_that_is_sent_away_under_way_is_a_copy)
{
    uint64_t memory = letters(one.user, 20, 'x');

    begin(&one, READ, told_frame(one.user, memory), 8);
    uint64_t there = send(one.user, memory, 20 * PAGE, arbiter);
    sim_disk_complete(0);
    assert_int_equal(first_of(arbiter, there), 'x');
}

TEST(a_child_that_is_born_under_way_has_a_copy)
{
    mach_port_t child;
    vm_offset_t copy;
    mach_msg_type_number_t size;
    uint64_t memory = letters(one.user, 20, 'x');

    begin(&one, READ, told_frame(one.user, memory), 8);
    user_be(one.user);
    assert_ok(task_create(one.user->self, 1, &child));
    sim_disk_complete(0);
    assert_int_equal(first_of(one.user, memory), 'A');
    assert_ok(vm_read(child, memory, PAGE, &copy, &size));
    assert_int_equal(first_of(one.user, copy), 'x');
    assert_ok(task_terminate(child));
}

/* What a driver shares with a child is the same memory for both; but not what
 * that child's own child has of it. */
TEST(a_grandchild_that_is_born_under_way_has_a_copy)
{
    uint64_t memory = letters(one.user, 2, 'x');
    mach_port_t child, grandchild;
    vm_offset_t copy;
    mach_msg_type_number_t size;

    assert_ok(vm_inherit(one.user->self, memory, 2 * PAGE, VM_INHERIT_SHARE));
    assert_ok(task_create(one.user->self, 1, &child));
    assert_ok(vm_inherit(child, memory, 2 * PAGE, VM_INHERIT_COPY));
    begin(&one, READ, told_frame(one.user, memory), 8);
    assert_ok(task_create(child, 1, &grandchild));
    sim_disk_complete(0);
    assert_ok(vm_read(child, memory, PAGE, &copy, &size));
    assert_int_equal(first_of(one.user, copy), 'A');
    assert_ok(vm_read(grandchild, memory, PAGE, &copy, &size));
    assert_int_equal(first_of(one.user, copy), 'x');
    assert_ok(task_terminate(grandchild));
    assert_ok(task_terminate(child));
}

/* A driver has the sender's page, from which its device reads; and gives it up
 * before that is over.  What the sender writes there then is for itself. */
TEST(what_a_device_still_reads_of_a_page_is_not_what_its_owner_writes)
{
    uint64_t address = letters(arbiter, 32, 'x');
    uint64_t there = send_some(arbiter, address, 32 * PAGE, one.user, true);
    uint64_t phys = told_frame(one.user, there);

    assert_int_equal(frame_at(arbiter, address), phys);
    begin(&one, WRITE, phys, 8);
    assert_int_equal(sim_disk_pending(), 1);
    assert_ok(vm_deallocate(one.user->self, there, 32 * PAGE));
    user_be(arbiter);
    world_set_word(address, 0x79797979);
    sim_disk_complete(0);
    assert_int_equal(disks[0][0], 'x');
    assert_int_equal(first_of(arbiter, address), 'y');
}

/* The driver itself sees what its device does, and the device what it does. */
TEST(a_driver_may_write_where_its_device_is_at_work)
{
    uint64_t phys;
    uint64_t address = contiguous(one.user, PAGE, &phys);

    begin(&one, READ, phys, 1);
    world_set_word(address + SECTOR, 0x79797979);
    assert_int_equal(frame_at(one.user, address), phys);
    sim_disk_complete(0);
    assert_int_equal(first_of(one.user, address), 'A');
    assert_int_equal(first_of(one.user, address + SECTOR), 'y');
    begin(&one, WRITE, phys, 1);
    world_set_word(address, 0x7a7a7a7a);
    sim_disk_complete(0);
    assert_int_equal(disks[0][0], 'z');
}

/* A page of the arbiter's, which USER has private, and has read. */
static uint64_t map_file(struct user *user)
{
    struct message m;
    vm_address_t address = 0, page = 0;
    uint64_t control;
    char seen;

    user_be(arbiter);
    mach_port_t pager = world_reply_port();
    mach_port_t object =
        world_give(arbiter, pager, MACH_MSG_TYPE_MAKE_SEND, user);
    user_be(user);
    assert_ok(vm_map(user->self, &address, PAGE, 0, 1, object, 0, 1,
                     VM_PROT_READ | VM_PROT_WRITE, VM_PROT_ALL,
                     VM_INHERIT_COPY));
    assert_false(sim_read(user->thread, address, &seen, 1));
    user_be(arbiter);
    assert_ok(receive(pager, &m, MACH_RCV_TIMEOUT, 0));
    assert_int_equal(m.head.msgh_id, INIT_ID);
    memcpy(&control, m.body + 8, sizeof control);
    assert_ok(memory_object_ready(control, 0, MEMORY_OBJECT_COPY_DELAY));
    assert_ok(vm_allocate(arbiter->self, &page, PAGE, 1));
    assert_ok(memory_object_data_supply(control, 0, page, PAGE, 1, VM_PROT_NONE,
                                        0, MACH_PORT_NULL));
    assert_true(sim_read(user->thread, address, &seen, 1));
    return address;
}

/* In the pages of a file that a program has changed for itself. */
TEST(a_private_page_of_a_file_that_is_sent_under_way_is_a_copy)
{
    uint64_t address = map_file(one.user);

    user_be(one.user);
    world_set_word(address, 0x78787878);
    begin(&one, READ, told_frame(one.user, address), 8);
    uint64_t there = send_some(one.user, address, PAGE, arbiter, true);
    sim_disk_complete(0);
    assert_int_equal(first_of(one.user, address), 'A');
    assert_int_equal(first_of(arbiter, there), 'x');
}

/* A sector is bad: while it is looked for in the first half of the memory, which
 * is good, the second half changes hands. */
TEST(a_second_attempt_asks_again)
{
    uint64_t phys;
    uint64_t memory = contiguous(one.user, 2 * PAGE, &phys);
    rpc_phys_addr_t again;
    vm_address_t address = 0;

    begin(&one, READ, phys, 16);
    sim_disk_complete(-5);
    assert_int_equal(sim_disk_pending(), 1);
    assert_ok(vm_deallocate(one.user->self, memory + PAGE, PAGE));
    user_be(arbiter);
    assert_ok(vm_allocate_contiguous(user_host_priv(arbiter), arbiter->self,
                                     &address, &again, PAGE, phys + PAGE,
                                     phys + 2 * PAGE, 0));
    assert_int_equal(again, phys + PAGE);
    sim_disk_complete(0);
    assert_int_equal(sim_disk_pending(), 0);
    assert_true(get(&one, IS) & IS_TFES);
    assert_int_equal(first_of(arbiter, address), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_device_reaches_its_drivers_contiguous_memory),
        CASE(a_device_reaches_what_its_driver_asked_the_address_of),
        CASE(a_device_does_not_reach_what_another_task_was_told),
        CASE(a_device_does_not_reach_the_memory_of_another_driver),
        CASE(a_range_that_leaves_the_drivers_memory_is_refused),
        CASE(the_first_who_writes_stays_the_driver),
        CASE(who_has_no_registers_any_more_is_no_driver),
        CASE(what_a_driver_left_does_not_go_on_in_the_next_ones_name),
        CASE(what_is_deallocated_is_out_of_reach),
        CASE(what_is_sent_away_is_out_of_reach),
        CASE(what_others_have_a_copy_of_is_not_written),
        CASE(what_the_driver_may_not_write_its_device_may_not),
        CASE(a_driver_that_dies_takes_its_device_along),
        CASE(what_is_deallocated_under_way_waits_for_the_device),
        CASE(what_is_sent_away_under_way_is_a_copy),
        CASE(ordinary_memory_that_is_sent_away_under_way_is_a_copy),
        CASE(a_child_that_is_born_under_way_has_a_copy),
        CASE(a_grandchild_that_is_born_under_way_has_a_copy),
        CASE(what_a_device_still_reads_of_a_page_is_not_what_its_owner_writes),
        CASE(a_driver_may_write_where_its_device_is_at_work),
        CASE(a_private_page_of_a_file_that_is_sent_under_way_is_a_copy),
        CASE(a_second_attempt_asks_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
