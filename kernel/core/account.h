/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/account.h: who pays for what the kernel keeps.
 *
 * An account counts bytes of the kernel's heap, frames, tasks, the host's
 * threads, and pages at the default pager.  Accounts stand in a tree: the machine's; below it the system's and
 * the users'; below that one for each user, by number; and below the system's
 * or a user's, one for each task.  What is charged to an account is charged to
 * all above it, too, and is refused if it goes over the limit of any of them.
 *
 * The kernel knows no users.  A task's account stands where its parent's does,
 * until the holder of the privileged host port puts it elsewhere
 * (task_set_account, which proc calls as the ids of a process change).
 *
 * Whatever is allocated is charged to account_current, the account of the task
 * that the kernel is working for; and it is given back to the account that was
 * charged, whoever frees it.  An account stays while something is charged to
 * it, or somebody holds it.
 */
#ifndef CORE_ACCOUNT_H
#define CORE_ACCOUNT_H

#include "core/core.h"
#include "core/list.h"

enum account_kind {
    ACCOUNT_BYTES,   /* of the kernel's heap, with what the host adds */
    ACCOUNT_PAGES,   /* frames */
    ACCOUNT_TASKS,   /* tasks */
    ACCOUNT_THREADS, /* the host's: one for a task, and one for each thread */
    ACCOUNT_SLOTS,   /* pages at the default pager */
    ACCOUNT_KINDS
};

#define ACCOUNT_UNLIMITED UINT64_MAX

/* The last of memory is kept: some of it for everybody but users, the last of that
 * for tasks that must not end, and the very last for those that bring memory
 * back by writing it to a disk: what the boot started. */
enum account_rank {
    ACCOUNT_BASE,
    ACCOUNT_ESSENTIAL,
    ACCOUNT_SYSTEM,
    ACCOUNT_USER
};

struct account {
    struct account *parent; /* held; NULL: the machine's */
    unsigned holders;
    enum account_rank rank;
    bool pager;       /* memory comes free by what its task does */
    bool kept;        /* its task asked that its pages stay (vm_wire_all) */
    uint32_t number;  /* of a user's */
    struct list link; /* a user's: in the list of users */
    uint64_t used[ACCOUNT_KINDS], limit[ACCOUNT_KINDS];
};

extern struct account account_machine;

/* Whom the kernel is working for; NULL is the machine. */
extern struct account *account_current;

/* Works for ACCOUNT, which stays meanwhile, until account_leave; NULL is the
 * machine. */
void account_enter(struct account *account);
void account_leave(struct account *account);

void account_module_init(void);
/* The limits, from the machine's memory and the host's limits. */
void account_set_limits(uint64_t memory_bytes);

/* The default pager has room for so many pages in all. */
void account_set_slots(uint64_t count);

/* A task's account where LIKE, another task's, stands (NULL: the system's).
 * One holder.  NULL: no memory. */
struct account *account_create(const struct account *like);
void account_hold(struct account *account);
void account_release(struct account *account);

/* Puts a task's ACCOUNT, with all that is charged to it, below the one of user
 * NUMBER (0: the system's).  Limits are not asked: nothing is made by it. */
kern_return_t account_move(struct account *account, uint32_t number);

/* The number of the user below whom a task's ACCOUNT stands; 0: the system's. */
uint32_t account_number(const struct account *account);

/* The account of user NUMBER, if there is one, 0 for the system's. */
const struct account *account_find(uint32_t number);

/* Charges N of KIND, or changes nothing and returns false.  NULL stands for the
 * machine's account. */
bool account_charge(struct account *account, enum account_kind kind,
                    uint64_t n);
/* The same, whatever the limits: for what must not fail. */
void account_force(struct account *account, enum account_kind kind, uint64_t n);
void account_discharge(struct account *account, enum account_kind kind,
                       uint64_t n);
/* Whether N more would be refused. */
bool account_has_room(const struct account *account, enum account_kind kind,
                      uint64_t n);
/* Whether ACCOUNT has as much as it may have, or more: of what it was given
 * and could not refuse. */
bool account_is_over(const struct account *account);

/* How many pages ACCOUNT, or one of RANK, has to leave free when it takes frames;
 * and when it takes heap, without which nobody can even say what is wrong. */
uint64_t account_pages_kept(const struct account *account);
uint64_t account_rank_kept(enum account_rank rank);
uint64_t account_heap_kept(const struct account *account);
/* ACCOUNT's task (NULL: nobody's) is a pager: if it is the system's it has what is
 * kept for those that must not end. */
void account_note_pager(struct account *account);
/* The same of the default pager, without which nothing comes back. */
void account_note_default_pager(struct account *account);
/* The pages of ACCOUNT's task (NULL: the machine's) are not sent to the default
 * pager: it brings memory back, or must not wait for that. */
bool account_is_kept(const struct account *account);

/* The account that MEMORY, of kalloc's, is charged to. */
struct account *kalloc_account(const void *memory);
/* Charges MEMORY to ACCOUNT instead.  False: it may not have it. */
bool kalloc_give(void *memory, struct account *account);

/* A limit of bytes has three ends, so that who has met one can still do what it
 * takes to say so, and to give something back: seven eighths for what tasks make
 * for themselves (the rule), all for messages, nine eighths for page faults.  The
 * last sixteenth of a limit of pages is for page faults, too. */
enum account_urgency { ACCOUNT_ORDINARY = 7, ACCOUNT_MESSAGE, ACCOUNT_FAULT };
extern enum account_urgency account_urgency;

/* While it is not zero kalloc is kalloc_sure: for what is under way and would
 * lose something if it stopped, and has been looked at before. */
extern unsigned account_insists;

#endif
