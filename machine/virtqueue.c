/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors, the available and the used ring: see virtqueue.h. */
#include "machine/private.h"
#include "machine/virtqueue.h"

#define DESC_SIZE     16u
#define DESC_NEXT     0x1u
#define DESC_WRITE    0x2u
#define DESC_INDIRECT 0x4u

#define AVAIL_NO_INTERRUPT 0x1u
#define RING_INDEX         2u
#define RING_ENTRIES       4u
#define USED_ENTRY_SIZE    8u

struct desc {
    uint64_t phys;
    uint32_t size;
    uint16_t flags, next;
};

/* Where a chain is being followed. */
struct walk {
    uint64_t table;
    unsigned table_size, index;
    bool indirect;
};

void virtqueue_reset(struct virtqueue *queue)
{
    *queue = (struct virtqueue){.function = queue->function,
                                .size = VIRTQUEUE_SIZE_MAX};
}

bool virtqueue_is_sound(const struct virtqueue *queue)
{
    const struct pci_function *function = queue->function;
    uint64_t size = queue->size;

    return size != 0 && size <= VIRTQUEUE_SIZE_MAX &&
           (size & (size - 1)) == 0 && queue->desc % 16 == 0 &&
           queue->avail % 2 == 0 && queue->used % 4 == 0 &&
           pci_dma_valid(function, queue->desc, size * DESC_SIZE, false) &&
           pci_dma_valid(function, queue->avail, RING_ENTRIES + size * 2 + 2,
                         false) &&
           pci_dma_valid(function, queue->used,
                         RING_ENTRIES + size * USED_ENTRY_SIZE + 2, true);
}

static bool read16(struct virtqueue *queue, uint64_t phys, uint16_t *value_out)
{
    uint8_t bytes[2];

    if (!pci_dma_read(queue->function, phys, bytes, sizeof bytes)) {
        return false;
    }
    *value_out = get16(bytes);
    return true;
}

static bool write16(struct virtqueue *queue, uint64_t phys, uint16_t value)
{
    uint8_t bytes[2];

    put16(bytes, value);
    return pci_dma_write(queue->function, phys, bytes, sizeof bytes);
}

static enum virtqueue_result broken(struct virtqueue *queue, const char *what,
                                    uint64_t number)
{
    pci_mistake(queue->function, "queue", 0, what, number);
    return VIRTQUEUE_BROKEN;
}

/* --- following a chain ----------------------------------------------------------------- */

static bool read_desc(struct virtqueue *queue, const struct walk *walk,
                      struct desc *desc)
{
    uint8_t bytes[DESC_SIZE];

    if (!pci_dma_read(queue->function,
                      walk->table + (uint64_t)walk->index * DESC_SIZE, bytes,
                      sizeof bytes)) {
        return false;
    }
    desc->phys = get64(bytes);
    desc->size = get32(bytes + 8);
    desc->flags = get16(bytes + 12);
    desc->next = get16(bytes + 14);
    return true;
}

static bool enter_indirect(const struct virtqueue *queue, struct walk *walk,
                           const struct desc *desc)
{
    if (!queue->indirect || walk->indirect || (desc->flags & DESC_NEXT) ||
        desc->size == 0 || desc->size % DESC_SIZE != 0 ||
        desc->size / DESC_SIZE > queue->size) {
        return false;
    }
    *walk = (struct walk){.table = desc->phys,
                          .table_size = desc->size / DESC_SIZE,
                          .indirect = true};
    return true;
}

/* What is read comes before what is written. */
static bool add_desc(struct virtqueue_chain *chain, const struct desc *desc)
{
    unsigned count = chain->readable_count + chain->writable_count;

    if (desc->flags & DESC_WRITE) {
        chain->writable_count++;
        chain->writable_size += desc->size;
    } else if (chain->writable_count == 0) {
        chain->readable_count++;
        chain->readable_size += desc->size;
    } else {
        return false;
    }
    chain->extents[count] = (struct machine_extent){desc->phys, desc->size};
    return true;
}

static enum virtqueue_result follow(struct virtqueue *queue,
                                    struct virtqueue_chain *chain)
{
    struct walk walk = {queue->desc, queue->size, chain->head, false};
    struct desc desc;

    for (;;) {
        if (walk.index >= walk.table_size) {
            return broken(queue, "descriptor out of range:", walk.index);
        }
        if (!read_desc(queue, &walk, &desc)) {
            return broken(queue, "descriptors out of reach at", walk.table);
        }
        if (desc.flags & DESC_INDIRECT) {
            if (!enter_indirect(queue, &walk, &desc)) {
                return broken(queue, "bad indirect descriptor in chain",
                              chain->head);
            }
            continue; /* once: there is none in an indirect table */
        }
        if (chain->readable_count + chain->writable_count == queue->size) {
            return broken(queue, "endless chain", chain->head);
        }
        if (!pci_dma_valid(queue->function, desc.phys, desc.size,
                           (desc.flags & DESC_WRITE) != 0)) {
            return broken(queue, "buffer out of reach at", desc.phys);
        }
        if (!add_desc(chain, &desc)) {
            return broken(queue, "readable behind writable in chain",
                          chain->head);
        }
        if (!(desc.flags & DESC_NEXT)) {
            return VIRTQUEUE_TAKEN;
        }
        walk.index = desc.next;
    }
}

/* --- the rings -------------------------------------------------------------------------- */

/* Whether the driver has put something in; if not, it is asked to tell when it
 * does, and looked at again: it might just have. */
static enum virtqueue_result look(struct virtqueue *queue)
{
    uint64_t event =
        queue->used + RING_ENTRIES + (uint64_t)queue->size * USED_ENTRY_SIZE;
    uint16_t index;
    bool asked = !queue->event_index;

    for (;;) {
        if (!read16(queue, queue->avail + RING_INDEX, &index)) {
            return broken(queue, "available ring out of reach at",
                          queue->avail);
        }
        if (index != queue->next_avail || asked) {
            break;
        }
        if (!write16(queue, event, queue->next_avail)) {
            return broken(queue, "used ring out of reach at", queue->used);
        }
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        asked = true;
    }
    if ((uint16_t)(index - queue->next_avail) > queue->size) {
        return broken(queue, "available index too far ahead:", index);
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return index != queue->next_avail ? VIRTQUEUE_TAKEN : VIRTQUEUE_EMPTY;
}

enum virtqueue_result virtqueue_take(struct virtqueue *queue,
                                     struct virtqueue_chain *chain)
{
    enum virtqueue_result result = look(queue);
    uint64_t entry = queue->avail + RING_ENTRIES +
                     (uint64_t)(queue->next_avail % queue->size) * 2;

    if (result != VIRTQUEUE_TAKEN) {
        return result;
    }
    memset(chain, 0, sizeof *chain);
    if (!read16(queue, entry, &chain->head)) {
        return broken(queue, "available ring out of reach at", entry);
    }
    if (chain->head >= queue->size || queue->busy[chain->head]) {
        return broken(queue, "chain that cannot be available:", chain->head);
    }
    result = follow(queue, chain);
    if (result == VIRTQUEUE_TAKEN) {
        queue->busy[chain->head] = true;
        queue->next_avail++;
    }
    return result;
}

/* Whether the driver wants an interrupt for the entry that was just added. */
static bool wants_interrupt(struct virtqueue *queue, bool *wants_out)
{
    uint64_t event = queue->avail + RING_ENTRIES + (uint64_t)queue->size * 2;
    uint16_t word;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!read16(queue, queue->event_index ? event : queue->avail, &word)) {
        return false;
    }
    *wants_out = queue->event_index ? (uint16_t)(queue->next_used - word) == 1
                                    : !(word & AVAIL_NO_INTERRUPT);
    return true;
}

bool virtqueue_give(struct virtqueue *queue, uint16_t head, uint32_t written,
                    bool *interrupt_out)
{
    uint64_t entry =
        queue->used + RING_ENTRIES +
        (uint64_t)(queue->next_used % queue->size) * USED_ENTRY_SIZE;
    uint8_t bytes[USED_ENTRY_SIZE];

    put32(bytes, head);
    put32(bytes + 4, written);
    if (!pci_dma_write(queue->function, entry, bytes, sizeof bytes)) {
        return false;
    }
    __atomic_thread_fence(__ATOMIC_RELEASE);
    queue->busy[head] = false;
    queue->next_used++;
    return write16(queue, queue->used + RING_INDEX, queue->next_used) &&
           wants_interrupt(queue, interrupt_out);
}
