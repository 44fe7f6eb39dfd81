/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/term/signal.c: signals to those in the foreground.
 *
 * A process may take its time to have a message port, so each is looked after
 * by a thread of its own.
 */

#include <hurd/libhurd.h>
#include <hurd/msg.h>
#include <hurd/process.h>
#include <stdlib.h>
#include <term/term.h>

struct post {
    pid_t pid;
    int sig;
};

static void *post_one(void *arg)
{
    struct post *post = arg;
    mach_port_t proc = getproc(), msgport, ref;

    if (!proc_getmsgport(proc, post->pid, &msgport)) {
        ref = ports_get_send_right(term.ctty);
        msg_sig_post(msgport, post->sig, 0, ref);
        mach_port_drop(ref);
        mach_port_drop(msgport);
    }
    mach_port_drop(proc);
    free(post);
    return NULL;
}

static void post_later(pid_t pid, int sig)
{
    struct post *post = calloc(1, sizeof *post);
    pthread_t thread;

    if (!post)
        return;
    *post = (struct post){pid, sig};
    if (pthread_create(&thread, NULL, post_one, post))
        free(post);
    else
        pthread_detach(thread);
}

static void *post_group(void *arg)
{
    struct post *post = arg;
    mach_port_t proc = getproc();
    pid_t room[64], *pids = room;
    mach_msg_type_number_t n = 64;

    if (!proc_getpgrppids(proc, post->pid, &pids, &n)) {
        for (unsigned i = 0; i < n; i++)
            post_later(pids[i], post->sig);
        if (pids != room)
            vm_deallocate(mach_task_self(), (vm_address_t)pids,
                          n * sizeof *pids);
    }
    mach_port_drop(proc);
    free(post);
    return NULL;
}

void signal_foreground(int sig)
{
    struct post *post;
    pthread_t thread;

    if (term.foreground > 0)
        post_later(term.foreground, sig);
    if (term.foreground >= 0 || !(post = calloc(1, sizeof *post)))
        return;
    *post = (struct post){-term.foreground, sig};
    if (pthread_create(&thread, NULL, post_group, post))
        free(post);
    else
        pthread_detach(thread);
}
