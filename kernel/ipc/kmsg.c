/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipc/kmsg.h"
#include "core/account.h"
#include "ipc/ends.h"
#include "ipc/module.h"
#include "vm/map.h"

/* The sizes that most messages have; larger ones are as large as they are. */
static uint32_t capacity_for(uint32_t size_bytes)
{
    if (size_bytes <= IPC_KMSG_TINY_SIZE) {
        return IPC_KMSG_TINY_SIZE;
    }
    return max_of(size_bytes, IPC_KMSG_SMALL_SIZE);
}

static struct ipc_kmsg_cache *cache_for(uint32_t capacity)
{
    switch (capacity) {
    case IPC_KMSG_TINY_SIZE:
        return &ipc.tiny;
    case IPC_KMSG_SMALL_SIZE:
        return &ipc.small;
    default:
        return NULL;
    }
}

static struct ipc_kmsg *kmsg_reuse(struct ipc_kmsg_cache *cache)
{
    struct ipc_kmsg *kmsg = cache->kmsgs[cache->count - 1];

    if (!kalloc_give(kmsg, account_current)) {
        return NULL;
    }
    cache->count--;
    memset(kmsg, 0, offsetof(struct ipc_kmsg, header));
    return kmsg;
}

struct ipc_kmsg *ipc_kmsg_alloc(uint32_t size_bytes)
{
    struct ipc_kmsg *kmsg;
    uint32_t capacity = capacity_for(size_bytes);
    struct ipc_kmsg_cache *cache = cache_for(capacity);
    enum account_urgency before = account_urgency;

    account_urgency = ACCOUNT_MESSAGE;
    if (cache != NULL && cache->count != 0) {
        kmsg = kmsg_reuse(cache);
    } else {
        kmsg = kalloc(offsetof(struct ipc_kmsg, header) + capacity);
    }
    account_urgency = before;
    if (kmsg != NULL) {
        kmsg->capacity = capacity;
    }
    return kmsg;
}

struct ipc_kmsg *ipc_kmsg_alloc_sure(uint32_t size_bytes)
{
    struct ipc_kmsg *kmsg;

    account_insists++;
    kmsg = ipc_kmsg_alloc(size_bytes);
    account_insists--;
    return kmsg;
}

struct ipc_kmsg *ipc_kmsg_alloc_to(const struct ipc_port *dest,
                                   uint32_t size_bytes)
{
    struct account *before = account_current;
    struct ipc_kmsg *kmsg;

    if (before == NULL && ipc_port_active(dest)) {
        account_current = ipc_port_account(dest);
    }
    kmsg = ipc_kmsg_alloc_sure(size_bytes);
    account_current = before;
    return kmsg;
}

void ipc_kmsg_free(struct ipc_kmsg *kmsg)
{
    struct ipc_kmsg_cache *cache = cache_for(kmsg->capacity);

    kfree(kmsg->partial);
    if (cache != NULL && cache->count < IPC_KMSG_CACHE_MAX &&
        kalloc_give(kmsg, NULL)) {
        cache->kmsgs[cache->count++] = kmsg;
    } else {
        kfree(kmsg);
    }
}

mach_msg_type_name_t ipc_disposition_result(mach_msg_type_name_t type)
{
    switch (type) {
    case MACH_MSG_TYPE_COPY_SEND:
    case MACH_MSG_TYPE_MAKE_SEND:
        return MACH_MSG_TYPE_PORT_SEND;
    case MACH_MSG_TYPE_MAKE_SEND_ONCE:
        return MACH_MSG_TYPE_PORT_SEND_ONCE;
    default:
        return type;
    }
}

void ipc_right_drop(struct ipc_port *port, mach_msg_type_name_t type)
{
    if (!IP_VALID(port)) {
        return;
    }
    switch (type) {
    case MACH_MSG_TYPE_PORT_SEND:
        ipc_port_release_send(port);
        break;
    case MACH_MSG_TYPE_PORT_SEND_ONCE:
        ipc_port_release_sonce(port);
        break;
    case MACH_MSG_TYPE_PORT_RECEIVE:
        ipc_port_release_receive(port);
        break;
    }
}

mach_msg_return_t ipc_item_next(char **at, char *end, unsigned ool_port_bits,
                                struct ipc_item *item)
{
    mach_msg_type_t *type = (mach_msg_type_t *)*at;
    size_t room = end - *at, bytes;

    if (room < sizeof *type) {
        return MACH_SEND_MSG_TOO_SMALL;
    }
    item->type = type;
    item->data = type + 1;
    item->is_port = MACH_MSG_TYPE_PORT_ANY(type->msgt_name);
    if ((item->is_port &&
         type->msgt_size != (type->msgt_inline ? 64 : ool_port_bits)) ||
        type->msgt_unused != 0 ||
        (type->msgt_deallocate && type->msgt_inline && ool_port_bits == 32)) {
        return MACH_SEND_INVALID_TYPE;
    }
    item->bytes = ((uint64_t)type->msgt_number * type->msgt_size + 7) / 8;
    bytes = type->msgt_inline ? item->bytes : sizeof(void *);
    if (room - sizeof *type < bytes) {
        return MACH_SEND_MSG_TOO_SMALL;
    }
    /* The last item's padding may be missing. */
    bytes = (bytes + 7) & ~7ul;
    *at += sizeof *type + min_of(bytes, room - sizeof *type);
    return MACH_MSG_SUCCESS;
}

static void clean_item(const struct ipc_item *item)
{
    struct ipc_port **ports = item->data;

    if (!item->type->msgt_inline) {
        ports = *(struct ipc_port ***)item->data;
        if (ports != NULL && !item->is_port) {
            vm_map_copy_discard((struct vm_map_copy *)ports);
        }
    }
    if (!item->is_port || ports == NULL) {
        return;
    }
    for (unsigned i = 0; i < item->type->msgt_number; i++) {
        ipc_right_drop(ports[i], item->type->msgt_name);
    }
    if (!item->type->msgt_inline) {
        kfree(ports);
    }
}

void ipc_kmsg_clean_body(struct ipc_kmsg *kmsg, char *limit)
{
    char *at = ipc_kmsg_body(kmsg);
    struct ipc_item item;

    while (at < limit &&
           ipc_item_next(&at, ipc_kmsg_end(kmsg), 64, &item) == 0) {
        clean_item(&item);
    }
}

void ipc_kmsg_destroy_now(struct ipc_kmsg *kmsg)
{
    mach_msg_bits_t bits = kmsg->header.msgh_bits;

    ipc_marequest_done(kmsg);
    ipc_right_drop(KMSG_REMOTE(kmsg), MACH_MSGH_BITS_REMOTE(bits));
    ipc_right_drop(KMSG_LOCAL(kmsg), MACH_MSGH_BITS_LOCAL(bits));
    if (bits & MACH_MSGH_BITS_COMPLEX) {
        ipc_kmsg_clean_body(kmsg, ipc_kmsg_end(kmsg));
    }
    ipc_kmsg_free(kmsg);
}

void ipc_kmsg_destroy(struct ipc_kmsg *kmsg)
{
    list_append(&ipc.doomed, &kmsg->port_link);
    ipc_run_ends();
}
