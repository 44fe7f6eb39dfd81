/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt lines, and the frames that a device is busy with. */
#include "world.h"
#include "world_kernel.h"

#include <device/device_types.h>

#include "device_user.h"
#include "gnumach_user.h"
#include "mach_port_user.h"
#include "mach_user.h"

#define LINE 10
#define ID   100
#define PAGE 4096

static struct user *user;
static mach_port_t master, irq;

static int setup(void **state)
{
    char name[128] = "irq";

    world_start();
    world_boot();
    user = user_create("driver");
    master = user_device_master(user);
    return device_open(master, D_READ, name, &irq);
}

static mach_port_t listener(int line)
{
    mach_port_t port = world_reply_port();

    assert_ok(
        device_intr_register(irq, line, 0, port, MACH_MSG_TYPE_MAKE_SEND));
    return port;
}

static kern_return_t acknowledge(mach_port_t port)
{
    return device_intr_ack(irq, port, MACH_MSG_TYPE_MAKE_SEND);
}

TEST(an_interrupt_is_a_message_with_the_lines_number)
{
    mach_port_t port = listener(LINE);
    struct message m;
    int line;

    world_irq(LINE, true);
    assert_int_equal(receive(port, &m, 0, 0), 0);
    assert_int_equal(m.head.msgh_id, ID);
    assert_int_equal(m.head.msgh_size, 48);
    assert_int_equal(m.head.msgh_remote_port, 0);
    memcpy(&line, m.body + 8, sizeof line);
    assert_int_equal(line, LINE);
    world_irq(LINE, false);
}

TEST(a_line_is_masked_until_all_have_acknowledged)
{
    mach_port_t one = listener(LINE), two = listener(LINE);

    world_irq(LINE, true);
    assert_int_equal(receive_id(one), ID);
    assert_int_equal(receive_id(two), ID);
    world_irq(LINE, false);
    world_irq(LINE, true);
    assert_int_equal(receive_id(one), 0);
    assert_ok(acknowledge(one));
    assert_int_equal(receive_id(one), 0);
    assert_ok(acknowledge(two)); /* the line is still up */
    assert_int_equal(receive_id(one), ID);
    assert_int_equal(receive_id(two), ID);
    world_irq(LINE, false);
    assert_ok(acknowledge(one));
    assert_ok(acknowledge(two));
    assert_int_equal(receive_id(one), 0);
    assert_kr(acknowledge(one), D_INVALID_OPERATION);
}

TEST(a_listener_that_dies_has_acknowledged)
{
    mach_port_t one = listener(LINE), two = listener(LINE);

    world_irq(LINE, true);
    assert_int_equal(receive_id(one), ID);
    assert_ok(acknowledge(one));
    assert_int_equal(receive_id(one), 0);
    assert_ok(mach_port_mod_refs(user->self, two, MACH_PORT_RIGHT_RECEIVE, -1));
    assert_int_equal(receive_id(one), ID);
    world_irq(LINE, false);
}

TEST(who_listens_late_hears_a_line_that_is_up)
{
    world_irq(LINE, true);
    mach_port_t port = listener(LINE);
    assert_int_equal(receive_id(port), ID);
    world_irq(LINE, false);
}

TEST(lines_do_not_hear_each_other)
{
    mach_port_t one = listener(LINE), two = listener(LINE + 1);

    world_irq(LINE + 1, true);
    assert_int_equal(receive_id(one), 0);
    assert_int_equal(receive_id(two), ID);
    world_irq(LINE + 1, false);
}

TEST(a_listening_port_is_no_pager)
{
    mach_port_t port = listener(LINE);
    vm_address_t address = 0;

    assert_true(vm_map(user->self, &address, PAGE, 0, TRUE, port, 0, FALSE,
                       VM_PROT_READ, VM_PROT_READ,
                       VM_INHERIT_NONE) != KERN_SUCCESS);
    world_irq(LINE, true);
    assert_int_equal(receive_id(port), ID);
    world_irq(LINE, false);
}

TEST(a_frame_that_a_device_holds_is_not_used_anew)
{
    mach_port_t host = user_host_priv(user);
    vm_address_t address = 0, other = 0;
    rpc_phys_addr_t phys, next;

    assert_ok(vm_allocate_contiguous(host, user->self, &address, &phys, PAGE, 0,
                                     0, 0));
    assert_true(world_hold(phys));
    uint64_t free = world_free_frames();
    assert_ok(vm_deallocate(user->self, address, PAGE));
    assert_int_equal(world_free_frames(), free);
    assert_true(vm_allocate_contiguous(host, user->self, &other, &next, PAGE,
                                       phys, phys + PAGE, 0) != KERN_SUCCESS);
    /* It is nobody's: no second transfer may begin. */
    assert_false(world_hold(phys));
    world_unhold(phys);
    assert_int_equal(world_free_frames(), free + 1);
    assert_ok(vm_allocate_contiguous(host, user->self, &other, &next, PAGE,
                                     phys, phys + PAGE, 0));
    assert_int_equal(next, phys);
}

TEST(free_frames_and_firmware_are_not_held)
{
    assert_false(world_hold(0));
    assert_false(world_hold(0xa0000));
    assert_false(world_hold(0xfffff000));
    assert_false(world_hold(WORLD_MEMORY));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_interrupt_is_a_message_with_the_lines_number),
        CASE(a_line_is_masked_until_all_have_acknowledged),
        CASE(a_listener_that_dies_has_acknowledged),
        CASE(who_listens_late_hears_a_line_that_is_up),
        CASE(lines_do_not_hear_each_other),
        CASE(a_listening_port_is_no_pager),
        CASE(a_frame_that_a_device_holds_is_not_used_anew),
        CASE(free_frames_and_firmware_are_not_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
