/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task/rpc_account.c: kernel/mig/account.defs. */
#include "core/account.h"
#include "mig/kobject.h"
#include "task/task.h"

#include "account_server.h"

kern_return_t rpc_task_set_account(host_t host_priv, task_t task,
                                   natural_t number)
{
    if (!host_priv)
        return KERN_INVALID_HOST;
    if (!task || task == kernel_task)
        return KERN_INVALID_ARGUMENT;
    return account_move(task->account, number);
}

kern_return_t rpc_task_get_account(host_t host_priv, task_t task,
                                   natural_t *number)
{
    if (!host_priv)
        return KERN_INVALID_HOST;
    if (!task || task == kernel_task)
        return KERN_INVALID_ARGUMENT;
    *number = account_number(task->account);
    return KERN_SUCCESS;
}

kern_return_t rpc_account_info(host_t host, natural_t number, boolean_t limits,
                               uint64_t *bytes, uint64_t *pages,
                               uint64_t *tasks, uint64_t *threads)
{
    const struct account *account =
        number == ~0u ? &account_machine : account_find(number);

    if (!host)
        return KERN_INVALID_HOST;
    if (!account)
        return KERN_INVALID_ARGUMENT;
    const uint64_t *values = limits ? account->limit : account->used;
    *bytes = values[ACCOUNT_BYTES];
    *pages = values[ACCOUNT_PAGES];
    *tasks = values[ACCOUNT_TASKS];
    *threads = values[ACCOUNT_THREADS];
    return KERN_SUCCESS;
}
