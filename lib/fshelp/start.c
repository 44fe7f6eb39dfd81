/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/fshelp/start.c: starting a translator and meeting it.
 *
 * The program gets a port of ours as bootstrap port, tells its control port
 * there (fsys_startup), and is told the node it sits on.
 */

#include <fshelp/fshelp.h>
#include <hurd/auth.h>
#include <hurd/fs.h>
#include <hurd/fsys_reply.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>

#define FSYS_STARTUP 22000

/* fsys_startup as it arrives. */
struct startup_request {
    mach_msg_header_t head;
    mach_msg_type_t flags_type;
    int flags;
    int pad;
    mach_msg_type_t control_type;
    mach_port_name_inlined_t control;
};

union message {
    mach_msg_header_t head;
    struct startup_request startup;
    char room[4096];
};

static boolean_t is_startup(const union message *msg)
{
    const struct startup_request *in = &msg->startup;

    return in->head.msgh_id == FSYS_STARTUP &&
           in->head.msgh_size == sizeof *in &&
           in->head.msgh_bits & MACH_MSGH_BITS_COMPLEX &&
           in->flags_type.msgt_name == MACH_MSG_TYPE_INTEGER_32 &&
           in->flags_type.msgt_number == 1 &&
           in->control_type.msgt_name == MACH_MSG_TYPE_PORT_SEND &&
           in->control_type.msgt_inline && in->control_type.msgt_number == 1;
}

/* Whatever else comes here gets an error: a start-up question must never hang
 * the one who asks. */
static void refuse(mach_msg_header_t *request)
{
    mig_reply_header_t reply;

    mig_reply_setup(request, &reply.Head);
    request->msgh_remote_port = MACH_PORT_NULL;
    mach_msg_destroy(request);
    if (MACH_PORT_VALID(reply.Head.msgh_remote_port) &&
        mach_msg(&reply.Head, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof reply,
                 0, MACH_PORT_NULL, 0, MACH_PORT_NULL))
        mach_msg_destroy(&reply.Head);
}

static error_t wait_for_startup(mach_port_t bootstrap, task_t task,
                                fshelp_open_fn_t open_fn, void *cookie,
                                int timeout_ms, fsys_t *control)
{
    union message msg;
    error_t err;

    for (;;) {
        err = mach_msg(&msg.head,
                       MACH_RCV_MSG | (timeout_ms ? MACH_RCV_TIMEOUT : 0), 0,
                       sizeof msg, bootstrap, timeout_ms, MACH_PORT_NULL);
        if (err == MACH_RCV_TIMED_OUT)
            return HURD_ETIMEDOUT;
        if (err == MACH_RCV_INTERRUPTED)
            return HURD_EINTR;
        if (err == MACH_RCV_TOO_LARGE)
            continue;
        if (err)
            return err;
        if (msg.head.msgh_id == MACH_NOTIFY_NO_SENDERS)
            return HURD_EDIED;
        if (is_startup(&msg))
            break;
        refuse(&msg.head);
    }

    file_t underlying = MACH_PORT_NULL;
    mach_msg_type_name_t kind = MACH_MSG_TYPE_COPY_SEND;
    mach_port_t reply = msg.head.msgh_remote_port;
    mach_msg_type_name_t reply_kind = MACH_MSGH_BITS_REMOTE(msg.head.msgh_bits);
    err = open_fn(msg.startup.flags, &underlying, &kind, task, cookie);
    if (!err) {
        *control = msg.startup.control.name;
        fsys_startup_reply(reply, reply_kind, 0, underlying, kind);
    } else {
        mach_port_drop(msg.startup.control.name);
        fsys_startup_reply(reply, reply_kind, err, MACH_PORT_NULL,
                           MACH_MSG_TYPE_COPY_SEND);
    }
    return err;
}

/* Makes the task a child of this process, owned by OWNER. */
static error_t adopt(task_t task, uid_t owner, process_t *proc_out)
{
    mach_port_t proc = getproc();
    error_t err;

    *proc_out = MACH_PORT_NULL;
    if (proc == MACH_PORT_NULL)
        return 0;
    err = proc_child(proc, task);
    if (!err)
        err = proc_task2proc(proc, task, proc_out);
    if (!err && owner != (uid_t)-1)
        proc_setowner(*proc_out, owner, 0);
    else if (!err)
        proc_setowner(*proc_out, 0, 1);
    mach_port_drop(proc);
    return err;
}

/* The process that was adopted has this one's ids; it gets AUTH's. */
static error_t reduce_process(process_t *proc, auth_t auth)
{
    mach_port_t rend, new = MACH_PORT_NULL;

    if (*proc == MACH_PORT_NULL || auth == MACH_PORT_NULL)
        return 0;
    rend = mach_reply_port();
    error_t err = proc_reauthenticate(*proc, rend, MACH_MSG_TYPE_MAKE_SEND);
    if (!err)
        err = auth_user_authenticate(auth, rend, MACH_MSG_TYPE_MAKE_SEND, &new);
    mach_port_destroy_receive(rend);
    if (!err)
        err = proc_reauthenticate_complete(new);
    if (!err) {
        mach_port_drop(*proc);
        *proc = new;
    }
    return err;
}

static error_t run(task_t task, const char *name, const char *argz,
                   size_t argz_len, mach_port_t *fds, int fds_len,
                   mach_port_t *ports, int *ints)
{
    file_t file;
    error_t err = hurd_lookup(name, HO_EXEC, 0, &file);

    if (err)
        return err;
    err = hurd_exec(file, task, EXEC_DEFAULTS, name, argz, argz_len, NULL, 0,
                    fds, fds_len, ports, ints);
    mach_port_drop(file);
    return err;
}

/* A receive right with one send right, and word when no send right is left. */
static error_t make_bootstrap(mach_port_t *bootstrap)
{
    mach_port_t self = mach_task_self(), old;

    error_t err = mach_port_allocate(self, MACH_PORT_RIGHT_RECEIVE, bootstrap);
    if (err)
        return err;
    mach_port_insert_right(self, *bootstrap, *bootstrap,
                           MACH_MSG_TYPE_MAKE_SEND);
    return mach_port_request_notification(self, *bootstrap,
                                          MACH_NOTIFY_NO_SENDERS, 0, *bootstrap,
                                          MACH_MSG_TYPE_MAKE_SEND_ONCE, &old);
}

error_t fshelp_start_translator_long(
    fshelp_open_fn_t underlying_open_fn, void *cookie, const char *name,
    const char *argz, size_t argz_len, mach_port_t *fds,
    mach_msg_type_name_t fds_type, int fds_len, mach_port_t *ports,
    mach_msg_type_name_t ports_type, int ports_len, int *ints, int ints_len,
    uid_t owner_uid, int timeout_ms, fsys_t *control)
{
    mach_port_t all[INIT_PORT_MAX] = {0}, bootstrap = MACH_PORT_NULL;
    int all_ints[INIT_INT_MAX] = {0};
    task_t task;
    error_t err;

    for (int i = 0; i < ports_len && i < INIT_PORT_MAX; i++)
        all[i] = ports[i];
    for (int i = 0; i < ints_len && i < INIT_INT_MAX; i++)
        all_ints[i] = ints[i];
    err = task_create(mach_task_self(), FALSE, &task);
    if (err)
        return err;
    all[INIT_PORT_PROC] = MACH_PORT_NULL;
    err = adopt(task, owner_uid, &all[INIT_PORT_PROC]);
    if (!err)
        err = reduce_process(&all[INIT_PORT_PROC], all[INIT_PORT_AUTH]);
    if (!err)
        err = make_bootstrap(&bootstrap);
    if (!err) {
        all[INIT_PORT_BOOTSTRAP] = bootstrap;
        /* Its thread must find the bootstrap port there even before exec. */
        err = run(task, name, argz, argz_len, fds, fds_len, all, all_ints);
        mach_port_drop(bootstrap);
        if (!err)
            err = wait_for_startup(bootstrap, task, underlying_open_fn, cookie,
                                   timeout_ms, control);
    }
    mach_port_destroy_receive(bootstrap);
    mach_port_drop(all[INIT_PORT_PROC]);
    if (err)
        task_terminate(task);
    mach_port_drop(task);
    return err;
}

error_t fshelp_start_translator(fshelp_open_fn_t underlying_open_fn,
                                void *cookie, const char *name,
                                const char *argz, size_t argz_len,
                                int timeout_ms, fsys_t *control)
{
    mach_port_t ports[INIT_PORT_MAX] = {
        [INIT_PORT_CWDIR] = getcwdir(),
        [INIT_PORT_CRDIR] = getcrdir(),
        [INIT_PORT_AUTH] = getauth(),
    };
    mach_port_t fds[3] = {0, 0, hurd_get_fd(2)};
    int ints[INIT_INT_MAX] = {0};
    error_t err = fshelp_start_translator_long(
        underlying_open_fn, cookie, name, argz, argz_len, fds,
        MACH_MSG_TYPE_COPY_SEND, 3, ports, MACH_MSG_TYPE_COPY_SEND,
        INIT_PORT_MAX, ints, INIT_INT_MAX, -1, timeout_ms, control);

    for (int i = 0; i < INIT_PORT_MAX; i++)
        mach_port_drop(ports[i]);
    mach_port_drop(fds[2]);
    return err;
}
