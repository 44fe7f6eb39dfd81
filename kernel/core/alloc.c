/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's heap.  Before each block stands whom it is charged to. */
#include "core/account.h"
#include "core/work.h"
#include "vm/page.h"

struct block {
    struct account *account;
    size_t cost;
    char memory[];
};

/* What the host's heap needs besides. */
#define HOST_OVERHEAD 16

static struct block *block_of(const void *memory)
{
    return (struct block *)((char *)memory - offsetof(struct block, memory));
}

/* Heap and frames are of one memory: what one has the other has not. */
static bool memory_is_there(const struct account *account, size_t cost)
{
    uint64_t pages = (cost >> PAGE_SHIFT_BITS) + 1;

    return vm_page_free_count() >= account_heap_kept(account) + pages;
}

static void *block_make(struct account *account, size_t cost)
{
    struct block *block = platform_alloc(cost - HOST_OVERHEAD);

    if (!block) {
        account_discharge(account, ACCOUNT_BYTES, cost);
        return NULL;
    }
    block->account = account;
    block->cost = cost;
    return block->memory;
}

void *kalloc(size_t size_bytes)
{
    size_t cost = size_bytes + sizeof(struct block) + HOST_OVERHEAD;

    if (account_insists)
        return kalloc_sure(size_bytes);
    work_step(1);
    if (!memory_is_there(account_current, cost) ||
        !account_charge(account_current, ACCOUNT_BYTES, cost))
        return NULL;
    return block_make(account_current, cost);
}

void *kalloc_sure(size_t size_bytes)
{
    size_t cost = size_bytes + sizeof(struct block) + HOST_OVERHEAD;
    void *memory;

    work_step(1);
    account_force(account_current, ACCOUNT_BYTES, cost);
    memory = block_make(account_current, cost);
    if (!memory)
        kpanic("the host has no memory left, not even %lu bytes", size_bytes);
    return memory;
}

void kfree(void *memory)
{
    struct block *block;

    work_step(1);
    if (!memory)
        return;
    block = block_of(memory);
    account_discharge(block->account, ACCOUNT_BYTES, block->cost);
    platform_free(block);
}

struct account *kalloc_account(const void *memory)
{
    return block_of(memory)->account;
}

bool kalloc_give(void *memory, struct account *account)
{
    struct block *block = block_of(memory);

    if (block->account == account)
        return true;
    if (account_insists)
        account_force(account, ACCOUNT_BYTES, block->cost);
    else if (!account_charge(account, ACCOUNT_BYTES, block->cost))
        return false;
    account_discharge(block->account, ACCOUNT_BYTES, block->cost);
    block->account = account;
    return true;
}
