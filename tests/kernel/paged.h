/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/kernel/paged.h: memory of which a user of the test is the pager. */
#ifndef TESTS_PAGED_H
#define TESTS_PAGED_H

#include "world.h"

#include "mach_user.h"

#include <mach/memory_object.h>

#define PAGED_PAGE 4096ul

struct paged {
    struct user *pager;
    mach_port_t object, control; /* PAGER's names */
    vm_address_t window;         /* where it was mapped first */
};

/* Maps SIZE bytes of a new object of PAGER's in USER, who is current then. */
static inline void paged_map(struct paged *paged, struct user *pager,
                             struct user *user, vm_size_t size)
{
    struct {
        mach_msg_header_t head;
        mach_msg_type_t type;
        uint64_t control;
        char more[256];
    } init;

    user_be(pager);
    *paged = (struct paged){.pager = pager, .object = world_reply_port()};
    mach_port_t right =
        world_give(pager, paged->object, MACH_MSG_TYPE_MAKE_SEND, user);
    user_be(user);
    assert_ok(vm_map(user->self, &paged->window, size, 0, 1, right, 0, 0,
                     VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_COPY));
    user_be(pager);
    assert_ok(mach_msg(&init.head, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0,
                       sizeof init, paged->object, 0, 0));
    paged->control = (mach_port_t)init.control;
    assert_ok(memory_object_ready(paged->control, 0, MEMORY_OBJECT_COPY_DELAY));
    user_be(user);
}

/* The pager supplies the first COUNT pages, as zeros. */
static inline void paged_supply(const struct paged *paged, unsigned count)
{
    struct user *before = user_current();
    vm_address_t data = 0;

    user_be(paged->pager);
    assert_ok(vm_allocate(paged->pager->self, &data, count * PAGED_PAGE, 1));
    assert_ok(memory_object_data_supply(paged->control, 0, data,
                                        count * PAGED_PAGE, 1, VM_PROT_NONE, 0,
                                        MACH_PORT_NULL));
    user_be(before);
}

/* How many pages have come back to the pager since this was asked last. */
static inline unsigned paged_returned(const struct paged *paged)
{
    struct user *before = user_current();
    struct message message;
    unsigned count = 0;

    user_be(paged->pager);
    while (receive(paged->object, &message, MACH_RCV_TIMEOUT, 0) ==
           KERN_SUCCESS) {
        mach_msg_type_t *type = (void *)(message.body + 32);

        if (message.head.msgh_id == 2208) { /* memory_object_data_return */
            count += type->msgt_number / PAGED_PAGE;
        }
    }
    user_be(before);
    return count;
}

#endif
