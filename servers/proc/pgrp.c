/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/proc/pgrp.c: process groups, sessions and login collections. */

#include <hurd/msg_request.h>
#include <hurd/signal.h>
#include <proc/proc.h>
#include <proc/process_S.h>
#include <stdlib.h>
#include <string.h>

static struct pgrp *all;

static struct pgrp *pgrp_find(pid_t pgid)
{
    struct pgrp *g = all;

    while (g && g->pgid != pgid)
        g = g->next;
    return g;
}

static struct session *session_find(pid_t sid)
{
    struct pgrp *g = all;

    while (g && g->session->sid != sid)
        g = g->next;
    return g ? g->session : NULL;
}

static struct pgrp *pgrp_make(pid_t pgid, struct session *session)
{
    struct pgrp *g = calloc(1, sizeof *g);

    if (!g)
        return NULL;
    *g = (struct pgrp){.next = all, .pgid = pgid, .session = session};
    session->refs++;
    all = g;
    return g;
}

static void pgrp_free(struct pgrp *g)
{
    struct pgrp **at = &all;

    while (*at != g)
        at = &(*at)->next;
    *at = g->next;
    if (--g->session->refs == 0) {
        mach_port_destroy_receive(g->session->idport);
        free(g->session);
    }
    free(g);
}

void pgrp_leave(struct proc *p)
{
    struct pgrp *g = p->pgrp;

    p->pgrp = NULL;
    if (g && --g->refs == 0)
        pgrp_free(g);
}

void pgrp_join(struct proc *p, struct pgrp *pgrp)
{
    pgrp->refs++;
    pgrp_leave(p);
    p->pgrp = pgrp;
}

void session_make(struct proc *p)
{
    struct session *session = calloc(1, sizeof *session);
    struct pgrp *g;

    if (!session)
        return;
    session->sid = p->pid;
    g = pgrp_make(p->pid, session);
    if (g)
        pgrp_join(p, g);
    else
        free(session);
}

static void look_for_tie(struct proc *p, void *tied)
{
    struct {
        struct pgrp *pgrp;
        boolean_t tied;
    } *search = tied;

    if (p->pgrp == search->pgrp && p->parent && p->parent->pgrp &&
        p->parent->pgrp != p->pgrp &&
        p->parent->pgrp->session == p->pgrp->session)
        search->tied = TRUE;
}

boolean_t pgrp_is_orphaned(struct pgrp *pgrp)
{
    struct {
        struct pgrp *pgrp;
        boolean_t tied;
    } search = {pgrp, FALSE};

    proc_iterate(look_for_tie, &search);
    return !search.tied;
}

static void look_for_stopped(struct proc *p, void *arg)
{
    struct {
        struct pgrp *pgrp;
        boolean_t stopped;
    } *search = arg;

    if (p->pgrp == search->pgrp && p->stopped)
        search->stopped = TRUE;
}

static void hang_up(struct proc *p, void *pgrp)
{
    if (p->pgrp != pgrp)
        return;
    send_signal(p, HSIGHUP, 0, p->task);
    send_signal(p, HSIGCONT, 0, p->task);
}

void pgrp_check_orphaned(struct pgrp *pgrp, boolean_t was_orphaned)
{
    struct {
        struct pgrp *pgrp;
        boolean_t stopped;
    } search = {pgrp, FALSE};

    if (was_orphaned || !pgrp_is_orphaned(pgrp))
        return;
    proc_iterate(look_for_stopped, &search);
    if (search.stopped)
        proc_iterate(hang_up, pgrp);
}

void proc_tell_ids(struct proc *p)
{
    if (p->msgport == MACH_PORT_NULL || p->dead)
        return;
    msg_proc_newids_request(
        p->msgport, MACH_PORT_NULL, MACH_MSG_TYPE_MAKE_SEND_ONCE, p->task,
        p->parent ? p->parent->pid : 0, p->pgrp ? p->pgrp->pgid : 0,
        p->pgrp ? pgrp_is_orphaned(p->pgrp) : 1);
}

/* --- groups and sessions by request --------------------------------------- */

kern_return_t S_proc_setsid(pstruct_t p)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    if ((p->pgrp && p->pgrp->pgid == p->pid) || pgrp_find(p->pid))
        return HURD_EPERM;
    session_make(p);
    proc_tell_ids(p);
    return 0;
}

kern_return_t S_proc_getsid(pstruct_t caller, pid_t pid, pid_t *sid)
{
    struct proc *p = pid_find_allow_zombie(pid);

    if (!caller)
        return HURD_EOPNOTSUPP;
    if (!p || !p->pgrp)
        return HURD_ESRCH;
    *sid = p->pgrp->session->sid;
    return 0;
}

struct list {
    pid_t *pids;
    unsigned n, max;
    const void *key;
};

static void list_add(struct list *list, pid_t pid)
{
    if (list->n == list->max) {
        unsigned max = list->max ? 2 * list->max : 64;
        pid_t *pids = realloc(list->pids, max * sizeof *pids);
        if (!pids)
            return;
        list->pids = pids;
        list->max = max;
    }
    list->pids[list->n++] = pid;
}

static void add_session_member(struct proc *p, void *list)
{
    if (p->pgrp && p->pgrp->session == ((struct list *)list)->key)
        list_add(list, p->pid);
}

static void add_pgrp_member(struct proc *p, void *list)
{
    if (p->pgrp && p->pgrp == ((struct list *)list)->key)
        list_add(list, p->pid);
}

static void add_login_member(struct proc *p, void *list)
{
    if (p->login && p->login == ((struct list *)list)->key)
        list_add(list, p->pid);
}

static void add_any(struct proc *p, void *list)
{
    list_add(list, p->pid);
}

kern_return_t S_proc_getallpids(pstruct_t p, pidarray_t *pids,
                                mach_msg_type_number_t *n)
{
    struct list list = {0};

    proc_iterate(add_any, &list);
    return return_ints(list.pids, list.n, pids, n);
}

kern_return_t S_proc_getsessionpgids(pstruct_t p, pid_t sid, pidarray_t *pids,
                                     mach_msg_type_number_t *n)
{
    struct session *session = session_find(sid);
    struct list list = {0};

    if (!session)
        return HURD_ESRCH;
    for (struct pgrp *g = all; g; g = g->next)
        if (g->session == session)
            list_add(&list, g->pgid);
    return return_ints(list.pids, list.n, pids, n);
}

kern_return_t S_proc_getsessionpids(pstruct_t p, pid_t sid, pidarray_t *pids,
                                    mach_msg_type_number_t *n)
{
    struct list list = {.key = session_find(sid)};

    if (!list.key)
        return HURD_ESRCH;
    proc_iterate(add_session_member, &list);
    return return_ints(list.pids, list.n, pids, n);
}

kern_return_t S_proc_getpgrppids(pstruct_t p, pid_t pgid, pidarray_t *pids,
                                 mach_msg_type_number_t *n)
{
    struct list list = {0};

    if (!p)
        return HURD_EOPNOTSUPP;
    list.key = pgid == 0 ? p->pgrp : pgrp_find(pgid);
    if (!list.key)
        return HURD_ESRCH;
    proc_iterate(add_pgrp_member, &list);
    return return_ints(list.pids, list.n, pids, n);
}

kern_return_t S_proc_getsidport(pstruct_t p, mach_port_t *port,
                                mach_msg_type_name_t *type)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    *type = MACH_MSG_TYPE_MAKE_SEND;
    if (!p->pgrp) {
        *port = MACH_PORT_NULL;
        *type = MACH_MSG_TYPE_COPY_SEND;
        return 0;
    }
    if (p->pgrp->session->idport == MACH_PORT_NULL)
        p->pgrp->session->idport = mach_port_make_token();
    *port = p->pgrp->session->idport;
    return 0;
}

kern_return_t S_proc_setpgrp(pstruct_t caller, pid_t pid, pid_t pgid)
{
    struct proc *p = caller && pid ? pid_find(pid) : caller;
    struct pgrp *g;

    if (!caller)
        return HURD_EOPNOTSUPP;
    if (!p || (p != caller && p->parent != caller))
        return HURD_ESRCH;
    if (p->parent == caller && p->execed && p != caller)
        return HURD_EACCES;
    if (pgid == 0)
        pgid = p->pid;
    if (pgid < 0)
        return HURD_EINVAL;
    if (!p->pgrp || !caller->pgrp ||
        p->pgrp->session != caller->pgrp->session ||
        p->pgrp->session->sid == p->pid)
        return HURD_EPERM;
    g = pgrp_find(pgid);
    if (g ? g->session != p->pgrp->session : pgid != p->pid)
        return HURD_EPERM;
    if (p->pgrp == g)
        return 0;
    if (!g)
        g = pgrp_make(pgid, p->pgrp->session);
    if (!g)
        return HURD_ENOMEM;
    struct pgrp *old = p->pgrp;
    boolean_t was = pgrp_is_orphaned(old), lives = old->refs > 1;
    pgrp_join(p, g);
    if (lives)
        pgrp_check_orphaned(old, was);
    proc_tell_ids(p);
    return 0;
}

kern_return_t S_proc_getpgrp(pstruct_t caller, pid_t pid, pid_t *pgid)
{
    struct proc *p = caller && pid ? pid_find_allow_zombie(pid) : caller;

    if (!caller)
        return HURD_EOPNOTSUPP;
    if (!p || !p->pgrp)
        return HURD_ESRCH;
    *pgid = p->pgrp->pgid;
    return 0;
}

/* --- login collections ---------------------------------------------------- */

struct login *login_make(pid_t leader, const char *name)
{
    struct login *login = calloc(1, sizeof *login + strlen(name) + 1);

    if (login) {
        login->leader = leader;
        strcpy(login->name, name);
    }
    return login;
}

void login_leave(struct proc *p)
{
    if (p->login && --p->login->refs == 0)
        free(p->login);
    p->login = NULL;
}

void login_join(struct proc *p, struct login *login)
{
    if (login)
        login->refs++;
    login_leave(p);
    p->login = login;
}

kern_return_t S_proc_make_login_coll(pstruct_t p)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    struct login *new = login_make(p->pid, p->login ? p->login->name : "");
    if (!new)
        return HURD_ENOMEM;
    login_join(p, new);
    return 0;
}

kern_return_t S_proc_getloginid(pstruct_t caller, pid_t pid, pid_t *id)
{
    struct proc *p = pid_find(pid);

    if (!p || !p->login)
        return HURD_ESRCH;
    *id = p->login->leader;
    return 0;
}

kern_return_t S_proc_getloginpids(pstruct_t caller, pid_t id, pidarray_t *pids,
                                  mach_msg_type_number_t *n)
{
    struct proc *leader = pid_find_allow_zombie(id);
    struct list list = {0};

    if (!leader || !leader->login || leader->login->leader != id)
        return HURD_ESRCH;
    list.key = leader->login;
    proc_iterate(add_login_member, &list);
    return return_ints(list.pids, list.n, pids, n);
}

kern_return_t S_proc_setlogin(pstruct_t p, const_string_t name)
{
    struct login *old, *new;

    if (!p)
        return HURD_EOPNOTSUPP;
    if (!is_root(p))
        return HURD_EPERM;
    old = p->login;
    new = login_make(old ? old->leader : p->pid, name);
    if (!new)
        return HURD_ENOMEM;
    login_join(p, new);
    return 0;
}

kern_return_t S_proc_getlogin(pstruct_t p, string_t name)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    mig_strncpy(name, p->login ? p->login->name : "", sizeof(string_t));
    return 0;
}
