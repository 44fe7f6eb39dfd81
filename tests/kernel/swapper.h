/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/kernel/swapper.h: a user of the test is the default pager.
 *
 * It does nothing by itself: swapper_pump answers what has come so far, in the way
 * that the struct says at that moment.
 */
#ifndef TESTS_SWAPPER_H
#define TESTS_SWAPPER_H

#include "world.h"

#include "gnumach_user.h"
#include "mach_host_user.h"
#include "mach_port_user.h"
#include "mach_user.h"

#define SWAPPER_PAGE  4096ul
#define SWAPPER_AREAS 16u
#define SWAPPER_PAGES 16384u /* of an area */

struct swapper {
    struct user *user;
    mach_port_t manager, set;
    struct {
        mach_port_t object, control; /* 0: none */
        unsigned char *contents[SWAPPER_PAGES];
    } areas[SWAPPER_AREAS];
    unsigned area_count;
    uint64_t room;        /* pages that it says it has; see below */
    bool many;            /* pages may be asked for in one request */
    bool keeps;           /* what it is sent stays in its memory */
    bool fails;           /* what is asked for is an error */
    bool silent;          /* what is asked for is not answered */
    unsigned sent, asked; /* pages */
    uint64_t most;        /* pages in one request */
    mach_msg_id_t strange;
};

struct swapper_message {
    mach_msg_header_t head;
    char body[512];
};

static inline uint64_t swapper_word(const struct swapper_message *message,
                                    unsigned item)
{
    uint64_t word;

    memcpy(&word, message->body + 16 * item + 8, sizeof word);
    return word;
}

static inline void swapper_join(struct swapper *swapper, mach_port_t port)
{
    assert_ok(mach_port_move_member(swapper->user->self, port, swapper->set));
}

/* USER becomes the default pager, with room for ROOM pages. */
static inline void swapper_start(struct swapper *swapper, struct user *user,
                                 uint64_t room)
{
    mach_port_t given;

    memset(swapper, 0, sizeof *swapper);
    swapper->user = user;
    swapper->room = room;
    user_be(user);
    assert_ok(mach_port_allocate(user->self, MACH_PORT_RIGHT_PORT_SET,
                                 &swapper->set));
    swapper->manager = world_reply_port();
    swapper_join(swapper, swapper->manager);
    assert_ok(mach_port_insert_right(user->self, swapper->manager,
                                     swapper->manager,
                                     MACH_MSG_TYPE_MAKE_SEND));
    given = swapper->manager;
    assert_ok(vm_set_default_memory_manager(user_host_priv(user), &given));
    assert_int_equal(given, MACH_PORT_NULL);
}

static inline void swapper_tell_room(struct swapper *swapper,
                                     const struct swapper_message *request)
{
    struct {
        mach_msg_header_t head;
        mach_msg_type_t code_type;
        uint64_t code;
        mach_msg_type_t type;
        uint64_t total, left, page;
    } reply = {
        .head = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0),
                 .msgh_size = sizeof reply,
                 .msgh_remote_port = request->head.msgh_remote_port,
                 .msgh_id = 2376},
        .code_type = {.msgt_name = MACH_MSG_TYPE_INTEGER_32,
                      .msgt_size = 32,
                      .msgt_number = 1,
                      .msgt_inline = 1},
        .type = {.msgt_name = MACH_MSG_TYPE_INTEGER_64,
                 .msgt_size = 64,
                 .msgt_number = 3,
                 .msgt_inline = 1},
        .total = swapper->room * SWAPPER_PAGE,
        .left = swapper->room * SWAPPER_PAGE,
        .page = SWAPPER_PAGE};

    assert_int_equal(
        mach_msg(&reply.head, MACH_SEND_MSG, sizeof reply, 0, 0, 0, 0),
        MACH_MSG_SUCCESS);
}

static inline void swapper_add_area(struct swapper *swapper,
                                    const struct swapper_message *message)
{
    unsigned n = swapper->area_count++;

    assert_true(n < SWAPPER_AREAS);
    swapper->areas[n].object = (mach_port_t)swapper_word(message, 0);
    swapper->areas[n].control = (mach_port_t)swapper_word(message, 2);
    assert_int_equal(swapper_word(message, 4), SWAPPER_PAGE);
    swapper_join(swapper, swapper->areas[n].object);
    if (swapper->many)
        assert_ok(memory_object_ready(swapper->areas[n].control, 0, 0));
}

static inline void swapper_store(struct swapper *swapper, unsigned area,
                                 const struct swapper_message *message)
{
    const mach_msg_type_t *type = (const void *)(message->body + 32);
    uint64_t first = swapper_word(message, 1) / SWAPPER_PAGE;
    uint64_t count = type->msgt_number / SWAPPER_PAGE;
    uint64_t data = swapper_word(message, 2);

    assert_true(first + count <= SWAPPER_PAGES);
    for (uint64_t i = 0; i < count; i++) {
        unsigned char **page = &swapper->areas[area].contents[first + i];
        if (!*page)
            swapper->room -= swapper->room != 0;
        *page = realloc(*page, SWAPPER_PAGE);
        world_peek(data + i * SWAPPER_PAGE, *page, SWAPPER_PAGE);
    }
    swapper->sent += (unsigned)count;
    if (!swapper->keeps)
        assert_ok(
            vm_deallocate(swapper->user->self, data, count * SWAPPER_PAGE));
}

static inline void swapper_bring(struct swapper *swapper, unsigned area,
                                 uint64_t offset)
{
    unsigned char *page = NULL;
    mach_port_t control = swapper->areas[area].control;
    vm_address_t data = 0;

    assert_true(offset / SWAPPER_PAGE < SWAPPER_PAGES);
    page = swapper->areas[area].contents[offset / SWAPPER_PAGE];
    assert_non_null(page);
    swapper->asked++;
    if (swapper->silent)
        return;
    if (swapper->fails) {
        assert_ok(memory_object_data_error(control, offset, SWAPPER_PAGE,
                                           KERN_FAILURE));
        return;
    }
    assert_ok(vm_allocate(swapper->user->self, &data, SWAPPER_PAGE, 1));
    world_poke(data, page, SWAPPER_PAGE);
    assert_ok(memory_object_data_supply(control, offset, data, SWAPPER_PAGE, 1,
                                        VM_PROT_NONE, 0, MACH_PORT_NULL));
}

/* The kernel gives an area up. */
static inline void swapper_end(struct swapper *swapper, unsigned area)
{
    for (unsigned i = 0; i < SWAPPER_PAGES; i++) {
        free(swapper->areas[area].contents[i]);
        swapper->areas[area].contents[i] = NULL;
    }
    assert_ok(mach_port_mod_refs(swapper->user->self,
                                 swapper->areas[area].object,
                                 MACH_PORT_RIGHT_RECEIVE, -1));
    swapper->areas[area].object = 0;
}

static inline unsigned swapper_area(const struct swapper *swapper,
                                    mach_port_t object)
{
    unsigned n = 0;

    while (n < swapper->area_count && swapper->areas[n].object != object)
        n++;
    assert_true(n < swapper->area_count);
    return n;
}

static inline void swapper_serve(struct swapper *swapper,
                                 const struct swapper_message *message)
{
    mach_port_t port = message->head.msgh_local_port;

    switch (message->head.msgh_id) {
    case 2250: /* memory_object_create */
        swapper_add_area(swapper, message);
        break;
    case 2276: /* default_pager_info */
        swapper_tell_room(swapper, message);
        break;
    case 2208: /* memory_object_data_return */
        swapper_store(swapper, swapper_area(swapper, port), message);
        break;
    case 2203: /* memory_object_data_request */
        if (swapper_word(message, 2) / SWAPPER_PAGE > swapper->most)
            swapper->most = swapper_word(message, 2) / SWAPPER_PAGE;
        assert_true(swapper->many || swapper_word(message, 2) == SWAPPER_PAGE);
        for (uint64_t at = 0; at < swapper_word(message, 2); at += SWAPPER_PAGE)
            swapper_bring(swapper, swapper_area(swapper, port),
                          swapper_word(message, 1) + at);
        break;
    case 2201: /* memory_object_terminate */
        swapper_end(swapper, swapper_area(swapper, port));
        break;
    default:
        swapper->strange = message->head.msgh_id;
        break;
    }
}

/* Answers all that has come; how many messages that were. */
static inline unsigned swapper_pump(struct swapper *swapper)
{
    struct user *before = user_current();
    bool send_only = world_send_only;
    struct swapper_message message;
    unsigned count = 0;

    user_be(swapper->user);
    world_send_only = false;
    while (mach_msg(&message.head, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0,
                    sizeof message, swapper->set, 0, 0) == MACH_MSG_SUCCESS) {
        swapper_serve(swapper, &message);
        count++;
    }
    world_send_only = send_only;
    user_be(before);
    return count;
}

static inline void swapper_stop(struct swapper *swapper)
{
    for (unsigned a = 0; a < swapper->area_count; a++)
        for (unsigned i = 0; i < SWAPPER_PAGES; i++)
            free(swapper->areas[a].contents[i]);
    memset(swapper, 0, sizeof *swapper);
}

#endif
