/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/account.h"
#include "vm/page.h"
#include "vm/swap.h"

struct account account_machine;
struct account *account_current;
unsigned account_insists;
enum account_urgency account_urgency = ACCOUNT_ORDINARY;

/* Below the machine's.  They stay. */
static struct account account_system, account_users;
static struct list users;
static uint64_t user_limit[ACCOUNT_KINDS], task_limit[ACCOUNT_KINDS];

static void account_init(struct account *account, struct account *parent,
                         enum account_rank rank)
{
    *account = (struct account){.parent = parent, .holders = 1, .rank = rank};
    for (int i = 0; i < ACCOUNT_KINDS; i++)
        account->limit[i] = ACCOUNT_UNLIMITED;
}

void account_module_init(void)
{
    account_current = NULL;
    account_insists = 0;
    account_urgency = ACCOUNT_ORDINARY;
    list_init(&users);
    account_init(&account_machine, NULL, ACCOUNT_BASE);
    account_init(&account_system, &account_machine, ACCOUNT_SYSTEM);
    account_init(&account_users, &account_machine, ACCOUNT_USER);
    for (int i = 0; i < ACCOUNT_KINDS; i++)
        user_limit[i] = task_limit[i] = ACCOUNT_UNLIMITED;
}

/* Memory that is in use to the last page needs some 150 bytes of the heap for
 * each page, a twenty-seventh: a sixteenth is room enough for one task.  Less
 * than a few megabytes would be none for anybody. */
#define BYTES_MIN (4ul << 20)
#define TASKS_MIN 64ul
#define TASKS_MAX 512ul

void account_set_limits(uint64_t memory_bytes)
{
    struct platform_limits host;
    uint64_t pages = memory_bytes >> PAGE_SHIFT_BITS;
    uint64_t tasks = max_of(memory_bytes >> 20, TASKS_MIN);

    platform_host_limits(&host);
    /* A quarter of what the host has is not for users. */
    account_users.limit[ACCOUNT_TASKS] = host.tasks / 4 * 3;
    account_users.limit[ACCOUNT_THREADS] = host.threads / 4 * 3;
    account_users.limit[ACCOUNT_BYTES] = max_of(memory_bytes / 4, BYTES_MIN);
    account_users.limit[ACCOUNT_PAGES] = pages / 8 * 7;
    user_limit[ACCOUNT_BYTES] = max_of(memory_bytes / 8, BYTES_MIN);
    user_limit[ACCOUNT_PAGES] = pages / 8 * 7;
    user_limit[ACCOUNT_TASKS] = min_of(tasks, TASKS_MAX);
    user_limit[ACCOUNT_THREADS] = 4 * user_limit[ACCOUNT_TASKS];
    task_limit[ACCOUNT_BYTES] = max_of(memory_bytes / 16, BYTES_MIN);
    task_limit[ACCOUNT_PAGES] = user_limit[ACCOUNT_PAGES];
    task_limit[ACCOUNT_THREADS] = user_limit[ACCOUNT_THREADS] / 2;
}

/* An eighth is not for users. */
void account_set_slots(uint64_t count)
{
    struct account *user;

    account_users.limit[ACCOUNT_SLOTS] = count / 8 * 7;
    user_limit[ACCOUNT_SLOTS] = count / 8 * 7;
    task_limit[ACCOUNT_SLOTS] = ACCOUNT_UNLIMITED;
    list_for_each(&users, user, link)
    {
        user->limit[ACCOUNT_SLOTS] = count / 8 * 7;
    }
}

/* --- life ----------------------------------------------------------------- */

/* A task of the system's has no limit of its own. */
static void account_take_limits(struct account *account)
{
    for (int i = 0; i < ACCOUNT_KINDS; i++)
        account->limit[i] =
            account->rank == ACCOUNT_USER ? task_limit[i] : ACCOUNT_UNLIMITED;
}

static struct account *account_new(struct account *parent)
{
    struct account *before = account_current, *account;

    account_current = NULL; /* it cannot be charged to itself */
    account = kalloc(sizeof *account);
    account_current = before;
    if (account) {
        account_init(account, parent, parent->rank);
        account_hold(parent);
    }
    return account;
}

struct account *account_create(const struct account *like)
{
    struct account *account =
        account_new(like && like->parent ? like->parent : &account_system);

    if (account)
        account_take_limits(account);
    return account;
}

void account_hold(struct account *account)
{
    account->holders++;
}

static bool account_is_used(const struct account *account)
{
    for (int i = 0; i < ACCOUNT_KINDS; i++) {
        if (account->used[i])
            return true;
    }
    return account->holders != 0;
}

static void account_look(struct account *account)
{
    struct account *parent = account->parent;

    if (!parent || account_is_used(account))
        return;
    if (list_linked(&account->link))
        list_remove(&account->link);
    kfree(account);
    account_release(parent);
}

void account_release(struct account *account)
{
    if (!account)
        return;
    account->holders--;
    account_look(account);
}

void account_enter(struct account *account)
{
    if (account)
        account_hold(account);
    account_current = account;
}

void account_leave(struct account *account)
{
    account_current = NULL;
    account_release(account);
}

/* --- users ---------------------------------------------------------------- */

static struct account *user_find(uint32_t number)
{
    struct account *account;

    if (number == 0)
        return &account_system;
    list_for_each(&users, account, link)
    {
        if (account->number == number)
            return account;
    }
    return NULL;
}

uint32_t account_number(const struct account *account)
{
    return account->parent->number;
}

const struct account *account_find(uint32_t number)
{
    return user_find(number);
}

static struct account *user_get(uint32_t number)
{
    struct account *account = user_find(number);

    if (account) {
        account_hold(account);
        return account;
    }
    account = account_new(&account_users);
    if (!account)
        return NULL;
    account->number = number;
    memcpy(account->limit, user_limit, sizeof user_limit);
    list_append(&users, &account->link);
    return account;
}

kern_return_t account_move(struct account *account, uint32_t number)
{
    struct account *to = user_get(number), *from = account->parent;

    if (!to)
        return KERN_RESOURCE_SHORTAGE;
    for (int i = 0; i < ACCOUNT_KINDS; i++)
        account_force(to, (enum account_kind)i, account->used[i]);
    account->parent = to; /* user_get's hold is ACCOUNT's now */
    for (int i = 0; i < ACCOUNT_KINDS; i++)
        account_discharge(from, (enum account_kind)i, account->used[i]);
    if (account->rank > ACCOUNT_ESSENTIAL)
        account->rank = to->rank;
    account_take_limits(account);
    account_release(from);
    return KERN_SUCCESS;
}

/* --- charging ------------------------------------------------------------- */

static uint64_t limit_now(const struct account *account, enum account_kind kind)
{
    uint64_t limit = account->limit[kind];

    /* Frames that can be had by sending others away are not anybody's for long:
     * what is kept for others is all that they are kept from. */
    if (kind == ACCOUNT_PAGES && vm_swap_is_on())
        limit = ACCOUNT_UNLIMITED;
    if (limit == ACCOUNT_UNLIMITED)
        return limit;
    if (kind == ACCOUNT_PAGES && account_urgency != ACCOUNT_FAULT)
        return limit - limit / 16;
    return kind == ACCOUNT_BYTES ? limit / 8 * (uint64_t)account_urgency
                                 : limit;
}

/* Heap is memory, too: with it a user's pages are not more than they may be. */
static uint64_t used_now(const struct account *account, enum account_kind kind)
{
    return account->used[kind] + (kind == ACCOUNT_PAGES
                                      ? account->used[ACCOUNT_BYTES] / PAGE_SIZE
                                      : 0);
}

bool account_has_room(const struct account *account, enum account_kind kind,
                      uint64_t n)
{
    if (!account)
        account = &account_machine;
    for (; account; account = account->parent) {
        uint64_t limit = limit_now(account, kind);
        uint64_t used = used_now(account, kind);
        if (used > limit || n > limit - used)
            return false;
    }
    return true;
}

void account_force(struct account *account, enum account_kind kind, uint64_t n)
{
    if (!account)
        account = &account_machine;
    for (; account; account = account->parent)
        account->used[kind] += n;
}

bool account_charge(struct account *account, enum account_kind kind, uint64_t n)
{
    if (!account_has_room(account, kind, n))
        return false;
    account_force(account, kind, n);
    return true;
}

void account_discharge(struct account *account, enum account_kind kind,
                       uint64_t n)
{
    struct account *at;

    if (!account)
        account = &account_machine;
    for (at = account; at; at = at->parent) {
        kassert(at->used[kind] >= n);
        at->used[kind] -= n;
    }
    account_look(account); /* and those above it */
}

bool account_is_over(const struct account *account)
{
    enum account_urgency before = account_urgency;
    bool room;

    account_urgency = ACCOUNT_MESSAGE;
    room = account_has_room(account, ACCOUNT_BYTES, 1) &&
           account_has_room(account, ACCOUNT_PAGES, 0);
    account_urgency = before;
    return !room;
}

/* --- what is kept --------------------------------------------------------- */

static uint64_t kept_unit(void)
{
    return min_of(vm_page_total_count() / 64, 512ul);
}

static uint64_t rank_kept(enum account_rank rank)
{
    uint64_t more =
        rank == ACCOUNT_USER ? min_of(vm_page_total_count() / 16, 4096ul) : 0;

    return kept_unit() * min_of(rank, ACCOUNT_SYSTEM) + more;
}

uint64_t account_heap_kept(const struct account *account)
{
    if (!account)
        return 0;
    return account->pager && account->rank == ACCOUNT_SYSTEM
               ? rank_kept(ACCOUNT_ESSENTIAL)
               : rank_kept(account->rank);
}

uint64_t account_pages_kept(const struct account *account)
{
    return account_heap_kept(account) + kept_unit();
}

uint64_t account_rank_kept(enum account_rank rank)
{
    return rank_kept(rank) + kept_unit();
}

void account_note_pager(struct account *account)
{
    if (account)
        account->pager = true;
}

void account_note_default_pager(struct account *account)
{
    if (!account)
        return;
    account->pager = account->kept = true;
    account->rank = ACCOUNT_BASE;
}

bool account_is_kept(const struct account *account)
{
    return !account || account->kept || account->rank <= ACCOUNT_ESSENTIAL ||
           (account->pager && account->rank == ACCOUNT_SYSTEM);
}
