/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/poll.c: waiting for several files.
 *
 * Each file's server is asked by io_select with a reply port of its own; the
 * reply ports wait in a port set.  The first answer ends the wait, those that
 * came with it are gathered, and the other reply ports die, which tells their
 * servers that nobody waits any more.
 */
#include "personality/clock.h"
#include "personality/fd.h"
#include "personality/mach.h"
#include "personality/signals.h"
#include "personality/syscalls.h"

#include "hurd/hurd_types.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/select.h>
#include <time.h>

#define IO_SELECT       21012
#define IO_SELECT_REPLY 21112
#define POLL_MAX        FD_MAX

/* What is waited for at one file, and what came of it. */
struct wait {
    struct file *file; /* a reference, or NULL */
    mach_port_t reply; /* receive right, or null */
    short wanted, got; /* POLL... */
    bool tell_end;     /* POLLHUP and POLLERR, too */
    int index;
};

static int events_to_select(short events)
{
    return (events & (POLLIN | POLLRDNORM) ? SELECT_READ : 0) |
           (events & (POLLOUT | POLLWRNORM) ? SELECT_WRITE : 0) |
           (events & POLLPRI ? SELECT_URG : 0);
}

static short select_to_ends(int type)
{
    return (short)((type & SELECT_HUNG_UP ? POLLHUP : 0) |
                   (type & SELECT_BROKEN ? POLLERR : 0));
}

static short select_to_events(int type, short wanted)
{
    return (short)(wanted & ((type & SELECT_READ ? POLLIN | POLLRDNORM : 0) |
                             (type & SELECT_WRITE ? POLLOUT | POLLWRNORM : 0) |
                             (type & SELECT_URG ? POLLPRI : 0)));
}

/* --- asking -------------------------------------------------------------- */

static kern_return_t wait_ask(struct wait *wait, mach_port_t set)
{
    struct {
        mach_msg_header_t header;
        mach_msg_type_t type;
        int select_type;
        int pad;
    } request = {
        .header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND,
                                               MACH_MSG_TYPE_MAKE_SEND_ONCE),
                   .msgh_size = sizeof request,
                   .msgh_remote_port = file_io_port(wait->file),
                   .msgh_id = IO_SELECT},
        .type = {.msgt_name = MACH_MSG_TYPE_INTEGER_32,
                 .msgt_size = 32,
                 .msgt_number = 1,
                 .msgt_inline = 1},
        .select_type = events_to_select(wait->wanted) |
                       (wait->tell_end ? SELECT_TELL_END : 0)};

    wait->reply = mach_reply_port();
    request.header.msgh_local_port = wait->reply;
    kern_return_t kr =
        mach_port_move_member(mach_task_self(), wait->reply, set);
    if (!kr)
        kr = mach_msg(&request.header, MACH_SEND_MSG, sizeof request, 0,
                      MACH_PORT_NULL, 0, MACH_PORT_NULL);
    return kr;
}

struct answer {
    mach_msg_header_t header;
    mach_msg_type_t result_type;
    kern_return_t result;
    mach_msg_type_t type;
    int select_type;
    char room[64];
};

/* What the server gave up, as when an earlier question's reply port dies, says
 * nothing of the file: it is asked again. */
static bool wait_ask_again(struct wait *wait, mach_port_t set)
{
    port_destroy_receive(wait->reply);
    wait->reply = MACH_PORT_NULL;
    if (wait_ask(wait, set))
        wait->got = POLLERR;
    return wait->got;
}

static bool wait_answered(struct wait *waits, unsigned count, mach_port_t set,
                          const struct answer *answer)
{
    for (unsigned i = 0; i < count; i++) {
        struct wait *wait = &waits[i];
        if (!wait->reply || wait->reply != answer->header.msgh_local_port)
            continue;
        /* Servers that know no select are always ready, as files are. */
        if (answer->header.msgh_id != IO_SELECT_REPLY)
            wait->got = POLLERR | POLLHUP;
        else if (answer->result == HURD_EINTR)
            return wait_ask_again(wait, set);
        else if (answer->result)
            wait->got =
                wait->wanted & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
        else
            wait->got =
                select_to_events(answer->select_type, wait->wanted) |
                (wait->tell_end ? select_to_ends(answer->select_type) : 0);
        return wait->got;
    }
    return false;
}

static long wait_collect(struct wait *waits, unsigned count, mach_port_t set,
                         int64_t deadline_ns)
{
    struct answer answer;
    long ready = 0;

    for (;;) {
        int64_t ms = -1;
        if (ready)
            ms = 0;
        else if (deadline_ns >= 0) {
            ms = (deadline_ns - clock_monotonic_ns() + 999999) / 1000000;
            if (ms < 0)
                ms = 0;
        }
        mach_msg_return_t mr =
            mach_receive(&answer.header, sizeof answer, set, ms);
        if (mr == MACH_RCV_INTERRUPTED)
            return ready ? ready : -EINTR;
        if (mr == MACH_RCV_TIMED_OUT) {
            if (ready ||
                (deadline_ns >= 0 && clock_monotonic_ns() >= deadline_ns))
                return ready;
            continue;
        }
        if (mr)
            return ready ? ready : -EIO;
        ready += wait_answered(waits, count, set, &answer);
    }
}

static void waits_end(struct wait *waits, unsigned count, mach_port_t set)
{
    for (unsigned i = 0; i < count; i++) {
        port_destroy_receive(waits[i].reply);
        file_put(waits[i].file);
    }
    mach_port_mod_refs(mach_task_self(), set, MACH_PORT_RIGHT_PORT_SET, -1);
}

/* How many of WAITS have something; DEADLINE_NS -1: no limit.  Consumes the
 * files' references. */
static long waits_run(struct wait *waits, unsigned count, int64_t deadline_ns)
{
    mach_port_t set;
    long ready = 0;

    if (mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &set))
        return -ENOMEM;
    if (deadline_ns != 0)
        signals_start();
    for (unsigned i = 0; i < count; i++) {
        if (waits[i].file && wait_ask(&waits[i], set)) {
            waits[i].got = POLLERR;
            ready++;
        }
    }
    /* A quick look waits for the servers' answers, if there are any to come,
     * for a moment. */
    if (deadline_ns == 0 && count)
        deadline_ns = clock_monotonic_ns() + 1000000;
    if (!ready)
        ready = wait_collect(waits, count, set, deadline_ns);
    waits_end(waits, count, set);
    return ready;
}

/* --- poll ---------------------------------------------------------------- */

static int64_t deadline_after(int64_t ns)
{
    return ns <= 0 ? ns : clock_monotonic_ns() + ns;
}

static long poll_call(struct pollfd *fds, uint64_t count, int64_t ns)
{
    uint64_t size = (count + 1) * sizeof(struct wait);
    long bad = 0, ready;

    if (count > POLL_MAX)
        return -EINVAL;
    struct wait *waits = pages_allocate(size);
    if (!waits)
        return -ENOMEM;
    for (uint64_t i = 0; i < count; i++) {
        fds[i].revents = 0;
        waits[i].wanted = fds[i].events;
        waits[i].tell_end = true;
        if (fds[i].fd < 0)
            continue;
        waits[i].file = fd_get(fds[i].fd);
        if (!waits[i].file) {
            fds[i].revents = POLLNVAL;
            bad++;
        }
    }
    ready = waits_run(waits, (unsigned)count, bad ? 0 : deadline_after(ns));
    for (uint64_t i = 0; ready > 0 && i < count; i++)
        fds[i].revents |= waits[i].got;
    pages_free(waits, size);
    return ready < 0 ? ready : ready + bad;
}

long sys_poll(struct frame *frame)
{
    int timeout = (int)ARG3(frame);

    return poll_call((struct pollfd *)ARG1(frame), ARG2(frame),
                     timeout < 0 ? -1 : timeout * 1000000ll);
}

static int64_t timespec_ns(const struct timespec *time)
{
    return time ? time->tv_sec * 1000000000ll + time->tv_nsec : -1;
}

long sys_ppoll(struct frame *frame)
{
    const uint64_t *mask = (const uint64_t *)ARG4(frame);

    if (mask)
        signal_suspend_mask(*mask);
    long result = poll_call((struct pollfd *)ARG1(frame), ARG2(frame),
                            timespec_ns((const struct timespec *)ARG3(frame)));
    if (mask)
        signal_restore_mask(result == -EINTR);
    return result;
}

/* --- select -------------------------------------------------------------- */

static bool set_has(const fd_set *set, int fd)
{
    return set && set->fds_bits[fd / 64] >> fd % 64 & 1;
}

static long set_put(fd_set *set, int fd, bool on)
{
    if (!set_has(set, fd) || on)
        return set_has(set, fd) && on;
    set->fds_bits[fd / 64] &= ~(1l << fd % 64);
    return 0;
}

/* One struct wait for each descriptor in any of the sets; their number, or
 * -EBADF after giving back what was taken. */
static long select_prepare(struct wait *waits, int count, fd_set *sets[3])
{
    long used = 0;

    for (int fd = 0; fd < count; fd++) {
        short wanted = (short)((set_has(sets[0], fd) ? POLLIN : 0) |
                               (set_has(sets[1], fd) ? POLLOUT : 0) |
                               (set_has(sets[2], fd) ? POLLPRI : 0));
        if (!wanted)
            continue;
        struct file *file = fd_get(fd);
        if (!file) {
            while (used)
                file_put(waits[--used].file);
            return -EBADF;
        }
        waits[used++] =
            (struct wait){.file = file, .wanted = wanted, .index = fd};
    }
    return used;
}

static long select_finish(const struct wait *waits, long used, fd_set *sets[3])
{
    long bits = 0;

    for (long i = 0; i < used; i++) {
        short got = waits[i].got;
        if (got & (POLLERR | POLLHUP))
            got |= POLLIN | POLLOUT;
        bits += set_put(sets[0], waits[i].index, got & POLLIN);
        bits += set_put(sets[1], waits[i].index, got & POLLOUT);
        bits += set_put(sets[2], waits[i].index, got & POLLPRI);
    }
    return bits;
}

static long select_call(int count, fd_set *sets[3], int64_t ns)
{
    if (count < 0 || count > FD_MAX)
        return -EINVAL;
    uint64_t size = ((uint64_t)count + 1) * sizeof(struct wait);
    struct wait *waits = pages_allocate(size);
    if (!waits)
        return -ENOMEM;
    long used = select_prepare(waits, count, sets), result = used;
    if (used >= 0)
        result = waits_run(waits, (unsigned)used, deadline_after(ns));
    if (result >= 0)
        result = select_finish(waits, used, sets);
    pages_free(waits, size);
    return result;
}

long sys_select(struct frame *frame)
{
    fd_set *sets[3] = {(fd_set *)ARG2(frame), (fd_set *)ARG3(frame),
                       (fd_set *)ARG4(frame)};
    const struct timeval *time = (const struct timeval *)ARG5(frame);

    return select_call((int)ARG1(frame), sets,
                       time ? time->tv_sec * 1000000000ll + time->tv_usec * 1000
                            : -1);
}

long sys_pselect6(struct frame *frame)
{
    fd_set *sets[3] = {(fd_set *)ARG2(frame), (fd_set *)ARG3(frame),
                       (fd_set *)ARG4(frame)};
    const uint64_t *const *mask = (const uint64_t *const *)ARG6(frame);

    if (mask && *mask)
        signal_suspend_mask(**mask);
    long result =
        select_call((int)ARG1(frame), sets,
                    timespec_ns((const struct timespec *)ARG5(frame)));
    if (mask && *mask)
        signal_restore_mask(result == -EINTR);
    return result;
}
