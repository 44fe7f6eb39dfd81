/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/term/io.c: reading, writing and waiting. */

#include <errno.h>
#include <hurd/signal.h>
#include <stdlib.h>
#include <string.h>
#include <term/term.h>
#include <time.h>
#include <trivfs/fs_S.h>
#include <trivfs/io_S.h>

#define READ_MAX QUEUE_SIZE

void trivfs_modify_stat(struct trivfs_protid *cred, io_statbuf_t *st)
{
    st->st_mode = (st->st_mode & ~HS_IFMT) | HS_IFCHR;
    st->st_rdev = st->st_ino;
    st->st_size = 0;
    st->st_blocks = 0;
    st->st_blksize = 512;
}

/* Someone who opened it as controlling terminal may only use it from the
 * foreground; his library turns the error into a signal. */
static error_t check_foreground(const struct trivfs_protid *cred)
{
    const struct opener *opener = cred->hook;

    if (!opener || term.foreground == 0 || opener->pgrp == -term.foreground ||
        opener->pid == term.foreground)
        return 0;
    return HURD_EBACKGROUND;
}

static struct timespec tenths_from_now(unsigned tenths)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += tenths % 10 * 100000000l;
    t.tv_sec += tenths / 10 + t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

/* Sleeps until there is something to read.  In raw mode VTIME limits the wait:
 * from the start if VMIN is 0, else from the first character on. */
static error_t wait_readable(struct trivfs_protid *cred, size_t amount)
{
    boolean_t canonical = (term.modes.c_lflag & HT_ICANON) != 0;
    unsigned min = term.modes.c_cc[HT_VMIN], vtime = term.modes.c_cc[HT_VTIME];
    unsigned had = ~0u;
    struct timespec deadline = {0};

    for (;;) {
        error_t err = check_foreground(cred);
        if (err)
            return err;
        canonical = (term.modes.c_lflag & HT_ICANON) != 0;
        if (canonical ? term.lines > 0
                      : term.count >= (min < amount ? min : amount))
            if (canonical || min > 0 || term.count > 0 || vtime == 0)
                return 0;
        if (term.ended)
            return 0;
        if (cred->po->openmodes & HO_NONBLOCK)
            return !canonical && term.count > 0 ? 0 : HURD_EAGAIN;
        int how;
        if (!canonical && vtime > 0 && (min == 0 || term.count > 0)) {
            if (had == ~0u || (min > 0 && had != term.count))
                deadline = tenths_from_now(vtime);
            had = term.count;
            how = pthread_hurd_cond_timedwait_np(&term.input, &term.lock,
                                                 &deadline);
            if (how == ETIMEDOUT)
                return 0;
        } else {
            how = pthread_hurd_cond_wait_np(&term.input, &term.lock);
        }
        if (how < 0)
            return HURD_EINTR;
    }
}

kern_return_t trivfs_S_io_read(trivfs_protid_t cred, mach_port_t reply,
                               mach_msg_type_name_t reply_type, data_t *data,
                               mach_msg_type_number_t *count, loff_t offset,
                               vm_size_t amount)
{
    error_t err;

    if (!cred)
        return HURD_EOPNOTSUPP;
    if (offset != -1)
        return HURD_ESPIPE;
    if (!(cred->po->openmodes & HO_READ))
        return HURD_EBADF;
    if (amount > *count)
        amount = *count;
    if (amount == 0) {
        *count = 0;
        return 0;
    }
    pthread_mutex_lock(&term.lock);
    err = wait_readable(cred, amount);
    if (!err)
        *count = line_take(*data, amount);
    pthread_mutex_unlock(&term.lock);
    return err;
}

kern_return_t trivfs_S_io_write(trivfs_protid_t cred, mach_port_t reply,
                                mach_msg_type_name_t reply_type,
                                const_data_t data, mach_msg_type_number_t count,
                                loff_t offset, vm_size_t *amount)
{
    error_t err = 0;

    if (!cred)
        return HURD_EOPNOTSUPP;
    if (offset != -1)
        return HURD_ESPIPE;
    if (!(cred->po->openmodes & HO_WRITE))
        return HURD_EBADF;
    pthread_mutex_lock(&term.lock);
    if (term.modes.c_lflag & HT_TOSTOP)
        err = check_foreground(cred);
    while (!err && term.stopped) {
        if (cred->po->openmodes & HO_NONBLOCK)
            err = HURD_EAGAIN;
        else if (pthread_hurd_cond_wait_np(&term.output, &term.lock))
            err = HURD_EINTR;
    }
    if (!err) {
        line_output(data, count);
        *amount = count;
    }
    pthread_mutex_unlock(&term.lock);
    return err;
}

kern_return_t trivfs_S_io_readable(trivfs_protid_t cred, mach_port_t reply,
                                   mach_msg_type_name_t reply_type,
                                   vm_size_t *amount)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    pthread_mutex_lock(&term.lock);
    *amount = line_available();
    pthread_mutex_unlock(&term.lock);
    return 0;
}

kern_return_t trivfs_S_io_seek(trivfs_protid_t cred, mach_port_t reply,
                               mach_msg_type_name_t reply_type, loff_t offset,
                               int whence, loff_t *new_offset)
{
    return cred ? HURD_ESPIPE : HURD_EOPNOTSUPP;
}

static int ready(int wanted)
{
    int result = 0;

    if (wanted & SELECT_READ && line_readable())
        result |= SELECT_READ;
    if (wanted & SELECT_WRITE && !term.stopped)
        result |= SELECT_WRITE;
    return result;
}

static error_t select_until(trivfs_protid_t cred, mach_port_t reply,
                            const struct timespec *deadline, int *type)
{
    int wanted = *type, how = 0;
    error_t err = 0;

    if (!cred)
        return HURD_EOPNOTSUPP;
    pthread_mutex_lock(&term.lock);
    *type = ready(wanted);
    if (*type == 0) {
        /* Whoever got his answer elsewhere destroys the reply port. */
        ports_interrupt_self_on_port_death(cred, reply);
        while ((*type = ready(wanted)) == 0 && how == 0)
            how = deadline ? pthread_hurd_cond_timedwait_np(
                                 &term.input, &term.lock, deadline)
                           : pthread_hurd_cond_wait_np(&term.input, &term.lock);
        if (*type == 0 && how < 0)
            err = HURD_EINTR;
    }
    pthread_mutex_unlock(&term.lock);
    return err;
}

kern_return_t trivfs_S_io_select(trivfs_protid_t cred, mach_port_t reply,
                                 mach_msg_type_name_t reply_type, int *type)
{
    return select_until(cred, reply, NULL, type);
}

kern_return_t trivfs_S_io_select_timeout(trivfs_protid_t cred,
                                         mach_port_t reply,
                                         mach_msg_type_name_t reply_type,
                                         struct timespec timeout, int *type)
{
    return select_until(cred, reply, &timeout, type);
}

kern_return_t trivfs_S_io_mod_owner(trivfs_protid_t cred, mach_port_t reply,
                                    mach_msg_type_name_t reply_type,
                                    pid_t owner)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    if (!(cred->po->openmodes & (HO_READ | HO_WRITE)))
        return HURD_EBADF;
    pthread_mutex_lock(&term.lock);
    term.foreground = owner;
    pthread_mutex_unlock(&term.lock);
    return 0;
}

kern_return_t trivfs_S_io_get_owner(trivfs_protid_t cred, mach_port_t reply,
                                    mach_msg_type_name_t reply_type,
                                    pid_t *owner)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    *owner = term.foreground;
    return 0;
}

boolean_t may_have_id(const struct trivfs_protid *cred)
{
    return cred->po->openmodes & HO_READ || cred->po->hook;
}

kern_return_t trivfs_S_io_get_icky_async_id(trivfs_protid_t cred,
                                            mach_port_t reply,
                                            mach_msg_type_name_t reply_type,
                                            mach_port_t *id,
                                            mach_msg_type_name_t *type)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    if (!may_have_id(cred))
        return HURD_EBADF;
    *id = ports_get_right(term.ctty);
    *type = MACH_MSG_TYPE_MAKE_SEND;
    return 0;
}
