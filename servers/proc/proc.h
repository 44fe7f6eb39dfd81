/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/proc/proc.h: the proc server's idea of a process.
 *
 * There is one struct proc for each task, found by its process port, task port
 * or pid.  All is guarded by one lock, which the demuxer takes for each
 * request.  No request waits for a process: who waits for a child or a message
 * port is remembered with his reply port, and messages to processes are sent
 * without waiting.
 */

#ifndef SERVERS_PROC_PROC_H
#define SERVERS_PROC_PROC_H

#include <iohelp/iohelp.h>
#include <ports/ports.h>

/* Requests are served one at a time, and more threads than it takes only stand in
 * each other's way. */
#define PROC_THREADS_MAX 16

struct session {
    pid_t sid;
    int refs;           /* groups */
    mach_port_t idport; /* receive right, or null while nobody asked */
};

struct pgrp {
    struct pgrp *next; /* all of them */
    pid_t pgid;
    struct session *session;
    int refs; /* members */
};

struct login {
    int refs; /* members */
    pid_t leader;
    char name[]; /* ends with NUL */
};

/* Someone who waits for a child (proc_wait) or a message port. */
struct waiter {
    struct waiter *next;
    enum { WAIT_CHILD, WAIT_CHILD_ID, WAIT_MSGPORT } kind;
    struct proc *proc; /* who asked; no reference */
    mach_port_t reply; /* send-once right */
    mach_msg_type_name_t reply_type;
    pid_t pid;
    int options;
};

struct proc {
    struct port_info pi;
    struct proc *task_next, *pid_next; /* hash chains */
    mach_port_t task;                  /* send right, or null */
    pid_t pid;
    pid_t maker; /* whose task_create made the task, or 0 */

    struct proc *parent, *children, *sibling;
    struct pgrp *pgrp;   /* or null */
    struct login *login; /* or null */
    struct iouser *ids;
    uid_t owner;
    uid_t payer;         /* whom the kernel charges; -1: not known */
    mach_port_t msgport; /* send right, or null */

    struct claim *claims; /* claims.c */
    unsigned claim_count;

    vm_address_t argv, envp, start_code, end_code, entry;
    char *exe; /* malloced, or null */

    int status, sigcode;
    struct hurd_rusage rusage, children_rusage;

    unsigned noowner : 1;
    unsigned parentset : 1; /* proc_child was called for it */
    unsigned important : 1;
    unsigned execed : 1;
    unsigned exiting : 1; /* proc_mark_exit gave the status */
    unsigned dead : 1;    /* the task is gone */
    unsigned stopped : 1;
    unsigned continued : 1;
    unsigned waited : 1; /* the parent knows of the stop */
    unsigned traced : 1;
    unsigned nostopcld : 1;
    unsigned names_children : 1; /* claims_name_children */
    unsigned deadmsg : 1;        /* had a message port, which died */
    unsigned guarded : 1;        /* may hold what its owner must not have */
    unsigned guarded_to_exec : 1;
};
typedef struct proc *pstruct_t;

extern pthread_mutex_t global_lock;
extern struct port_bucket *proc_bucket;
extern struct port_class *proc_class, *stub_class, *exc_class;
extern struct proc *init_proc, *startup_proc, *kernel_proc, *self_proc;
extern mach_port_t master_host_port, master_device_port; /* send rights */
extern mach_port_t authserver;                           /* send right */
extern struct waiter *waiters;

/* --- table.c -------------------------------------------------------------- */

/* The process of TASK, made if there is none yet.  Consumes the right.  Null
 * if TASK is no live task. */
struct proc *task_find(mach_port_t task);
/* The same without making one; borrows the name. */
struct proc *task_find_nocreate(mach_port_t task);
/* Live, or (second form) also dead but not waited for. */
struct proc *pid_find(pid_t pid);
struct proc *pid_find_allow_zombie(pid_t pid);
/* Calls FUN for all of the live processes. */
void proc_iterate(void (*fun)(struct proc *p, void *arg), void *arg);
/* A process without task (consumes TASK otherwise) of number PID, or the next
 * free number if that is 0. */
struct proc *proc_new(mach_port_t task, pid_t pid);
/* Gives P the task TASK (consumed). */
void proc_set_task(struct proc *p, mach_port_t task);
/* Learns of the death of P's task from now on, by P's port. */
void proc_watch(struct proc *p);
/* Its task died. */
void proc_has_exited(struct proc *p);
/* Nobody needs to know of P any more. */
void proc_forget(struct proc *p);
void proc_take_task(struct proc *p);
/* For processes that were never anything but a number. */
void proc_discard(struct proc *p);
void proc_join_parent(struct proc *child, struct proc *parent);

/* For MIG. */
pstruct_t begin_using_proc(mach_port_t port);
pstruct_t begin_using_proc_payload(uint64_t payload);
void end_using_proc(pstruct_t p);

/* --- pgrp.c --------------------------------------------------------------- */

void pgrp_join(struct proc *p, struct pgrp *pgrp);
void pgrp_leave(struct proc *p);
/* A new session and group led by P. */
void session_make(struct proc *p);
/* Whether no member has a parent in another group of the same session. */
boolean_t pgrp_is_orphaned(struct pgrp *pgrp);
/* Tells stopped members of a group that just lost its last tie. */
void pgrp_check_orphaned(struct pgrp *pgrp, boolean_t was_orphaned);
void login_join(struct proc *p, struct login *login);
void login_leave(struct proc *p);
struct login *login_make(pid_t leader, const char *name);
/* Tells P its parent and group. */
void proc_tell_ids(struct proc *p);

/* --- wait.c --------------------------------------------------------------- */

/* P changed its state: tells the parent, by SIGCHLD if SIGNAL. */
void wait_child_changed(struct proc *p, boolean_t signal, int sigcode);
void wait_msgport_set(struct proc *p);
/* The process is gone, or its requests are interrupted with ERR. */
void wait_fail(struct proc *p, error_t err);
void wait_fail_msgport(struct proc *target);
void wait_reply_died(mach_port_t reply);

/* --- claims.c ------------------------------------------------------------- */

/* The process is gone: all that it claimed is free before anybody hears. */
void claims_end(struct proc *p);

/* --- msg.c, host.c, auth.c ------------------------------------------------- */

/* Sends SIGNAL without waiting; does nothing if P has no message port. */
void send_signal(struct proc *p, int signal, int sigcode, mach_port_t refport);
boolean_t check_uid(struct proc *p, uid_t uid);
/* Whether P1 may do to P2 what its owner may.  A guarded process has other ids
 * than it was started with: in its memory, and among its rights, may be what was
 * there before.  It is root's, and that of others of its kind. */
boolean_t check_owner(struct proc *p1, struct proc *p2);
boolean_t is_root(struct proc *p);
/* Returns by MIG an array that was malloced; frees it. */
error_t return_ints(int *ints, unsigned n, int **out,
                    mach_msg_type_number_t *out_n);
void host_init_version(void);
/* proc_reauthenticate_complete on the port NAME; whether it was a stub's. */
boolean_t reauthenticate_complete(mach_port_t name);
/* A client may use the new port as soon as it has sent that, while another
 * thread still handles it: lets that one go first. */
void reauthenticate_wait(mach_port_t name);
/* An exception message came to a port left by proc_handle_exceptions; whether
 * it was dealt with. */
boolean_t exc_handle(mach_msg_header_t *in);
void exc_clean(void *exc);
/* Notes what P's task has used so far. */
void proc_note_usage(struct proc *p);
void stub_clean(void *stub);
void proc_take_over(struct proc *p, struct proc *fresh);
/* P's payer or task is another: the kernel is told whom to charge for it.  That
 * is the real user, so that who runs a set-uid program pays for it. */
void proc_charge(struct proc *p);

#endif
