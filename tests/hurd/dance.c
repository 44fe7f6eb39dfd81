/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/hurd/dance.c: auth and proc, started by a startup that is only a test.
 *
 * A boot module.  It plays startup's part towards auth and proc (modules too,
 * whose tasks it gets as --auth-task and --proc-task), then asks both what they
 * should know.  Prints a line for each failure, "dance: N failed" and stops
 * the machine.
 */

#define CHECK_NAME "dance"
#include "check.h"

#include <hurd/auth.h>
#include <hurd/io.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <hurd/signal.h>
#include <hurd/startup_reply.h>
#include <dance/startup_S.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static mach_port_t host_priv, device_master, startup_port;
static mach_port_t authserver, procserver, auth_task, proc_task;
static mach_port_t auth_reply, proc_reply;
static mach_msg_type_name_t auth_reply_type, proc_reply_type;
static int essentials;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

/* --- startup's part ------------------------------------------------------- */

static void introduce(void)
{
    mach_port_t authproc, old;

    if (!authserver || !procserver)
        return;
    OK(startup_procinit_reply(proc_reply, proc_reply_type, 0, mach_task_self(),
                              authserver, host_priv, MACH_MSG_TYPE_COPY_SEND,
                              device_master, MACH_MSG_TYPE_COPY_SEND));
    OK(proc_mark_important(procserver));
    OK(proc_child(procserver, auth_task));
    OK(proc_task2proc(procserver, auth_task, &authproc));
    OK(startup_authinit_reply(auth_reply, auth_reply_type, 0, authproc,
                              MACH_MSG_TYPE_COPY_SEND));
    OK(proc_child(procserver, proc_task));
    OK(proc_setmsgport(procserver, startup_port, &old));
}

kern_return_t S_startup_procinit(mach_port_t startup, mach_port_t reply,
                                 mach_msg_type_name_t reply_type,
                                 mach_port_t proc, mach_port_t *startup_task,
                                 mach_port_t *auth, mach_port_t *priv,
                                 mach_msg_type_name_t *priv_type,
                                 mach_port_t *device,
                                 mach_msg_type_name_t *device_type)
{
    procserver = proc;
    proc_reply = reply;
    proc_reply_type = reply_type;
    introduce();
    return MIG_NO_REPLY;
}

kern_return_t S_startup_authinit(mach_port_t startup, mach_port_t reply,
                                 mach_msg_type_name_t reply_type,
                                 mach_port_t auth, mach_port_t *proc,
                                 mach_msg_type_name_t *proc_type)
{
    authserver = auth;
    auth_reply = reply;
    auth_reply_type = reply_type;
    introduce();
    return MIG_NO_REPLY;
}

kern_return_t S_startup_essential_task(mach_port_t startup, mach_port_t reply,
                                       mach_msg_type_name_t reply_type,
                                       mach_port_t task, mach_port_t excpt,
                                       const_string_t name,
                                       mach_port_t credential)
{
    CHECK("credential", credential == host_priv);
    startup_essential_task_reply(reply, reply_type, 0);
    pthread_mutex_lock(&lock);
    essentials++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return MIG_NO_REPLY;
}

static boolean_t demuxer(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mig_routine_t routine = startup_server_routine(in);

    if (!routine)
        return FALSE;
    routine(in, out);
    return TRUE;
}

static void *serve(void *unused)
{
    mach_msg_server(demuxer, 0, startup_port);
    return NULL;
}

/* --- the questions -------------------------------------------------------- */

static void test_auth_ids(void)
{
    uid_t room[4][8], *ids[4] = {room[0], room[1], room[2], room[3]};
    mach_msg_type_number_t n[4] = {8, 8, 8, 8};
    uid_t me[2] = {1000, 1000};
    mach_port_t user, other;

    OK(auth_getids(authserver, &ids[0], &n[0], &ids[1], &n[1], &ids[2], &n[2],
                   &ids[3], &n[3]));
    CHECK("root's ids", n[0] == 1 && n[1] == 2 && room[0][0] == 0);
    OK(auth_makeauth(authserver, NULL, MACH_MSG_TYPE_COPY_SEND, 0, me, 1, me, 2,
                     me, 1, me, 2, &user));
    for (int i = 0; i < 4; i++)
        n[i] = 8;
    OK(auth_getids(user, &ids[0], &n[0], &ids[1], &n[1], &ids[2], &n[2],
                   &ids[3], &n[3]));
    CHECK("a user's ids", n[0] == 1 && room[0][0] == 1000 && n[3] == 2);
    me[0] = 0;
    CHECK("a user cannot become root",
          auth_makeauth(user, NULL, MACH_MSG_TYPE_COPY_SEND, 0, me, 1, me, 2,
                        me, 1, me, 2, &other) == HURD_EPERM);
    OK(auth_makeauth(user, &authserver, MACH_MSG_TYPE_COPY_SEND, 1, me, 1, me,
                     2, me, 1, me, 2, &other));
    mach_port_drop(other);
    mach_port_drop(user);
}

struct half {
    mach_port_t rend, newport;
    error_t err;
    uid_t uid;
};

static void *server_half(void *arg)
{
    struct half *half = arg;
    uid_t room[4][8], *ids[4] = {room[0], room[1], room[2], room[3]};
    mach_msg_type_number_t n[4] = {8, 8, 8, 8};

    half->err = auth_server_authenticate(
        authserver, half->rend, MACH_MSG_TYPE_COPY_SEND, half->newport,
        MACH_MSG_TYPE_MAKE_SEND, &ids[0], &n[0], &ids[1], &n[1], &ids[2], &n[2],
        &ids[3], &n[3]);
    half->uid = n[0] ? room[0][0] : 4711;
    return NULL;
}

static void test_rendezvous(void)
{
    struct half half = {mach_reply_port(), mach_reply_port(), 0, 0};
    pthread_t thread;
    mach_port_t got = MACH_PORT_NULL;

    mach_port_insert_right(mach_task_self(), half.rend, half.rend,
                           MACH_MSG_TYPE_MAKE_SEND);
    pthread_create(&thread, NULL, server_half, &half);
    OK(auth_user_authenticate(authserver, half.rend, MACH_MSG_TYPE_COPY_SEND,
                              &got));
    pthread_join(thread, NULL);
    CHECK("the server's half", half.err == 0 && half.uid == 0);
    CHECK("the new port is the server's", got == half.newport);

    /* Nobody comes, and the rendezvous port dies. */
    pthread_create(&thread, NULL, server_half, &half);
    thread_switch(MACH_PORT_NULL, 2, 50);
    mach_port_destroy_receive(half.rend);
    pthread_join(thread, NULL);
    CHECK("a dead rendezvous", half.err == HURD_EINVAL);
}

static void test_pids(void)
{
    pid_t pid, ppid, child_pid, sid;
    int orphaned, status, sigcode;
    struct hurd_rusage rusage;
    mach_port_t task, proc, again;
    utsname_t *uname = malloc(sizeof *uname);

    OK(proc_getpids(procserver, &pid, &ppid, &orphaned));
    CHECK("startup's number", pid == HURD_PID_STARTUP);
    OK(proc_task2pid(procserver, proc_task, &pid));
    CHECK("proc's number", pid == HURD_PID_PROC);
    OK(proc_uname(procserver, uname));
    mach_printf("dance: %s %s %s %s\n", uname->sysname, uname->release,
                uname->version, uname->machine);

    OK(task_create(mach_task_self(), FALSE, &task));
    OK(proc_child(procserver, task));
    CHECK("a child is somebody's once",
          proc_child(procserver, task) == HURD_EBUSY);
    OK(proc_task2proc(procserver, task, &proc));
    OK(proc_getpids(proc, &child_pid, &ppid, &orphaned));
    CHECK("the child's parent", ppid == HURD_PID_STARTUP && child_pid >= 5);
    OK(proc_getsid(procserver, child_pid, &sid));
    CHECK("the child's session", sid == HURD_PID_STARTUP);
    OK(proc_setsid(proc));
    OK(proc_getsid(procserver, child_pid, &sid));
    CHECK("a session of its own", sid == child_pid);
    CHECK("nothing to wait for",
          proc_wait(procserver, child_pid, HW_NOHANG, &status, &sigcode,
                    &rusage, &pid) == HURD_EAGAIN);
    OK(proc_mark_exit(proc, HW_EXITCODE(7, 0), 0));
    OK(task_terminate(task));
    OK(proc_wait(procserver, child_pid, 0, &status, &sigcode, &rusage, &pid));
    CHECK("exit status", pid == child_pid && HW_EXITSTATUS(status) == 7);
    CHECK("waited for once", proc_wait(procserver, child_pid, 0, &status,
                                       &sigcode, &rusage, &pid) == HURD_ECHILD);
    CHECK("its port is dead", proc_getpids(proc, &pid, &ppid, &orphaned) != 0);
    mach_port_drop(proc);
    mach_port_drop(task);

    OK(task_create(mach_task_self(), FALSE, &task));
    OK(proc_child(procserver, task));
    OK(proc_task2proc(procserver, task, &proc));
    OK(proc_task2proc(procserver, task, &again));
    CHECK("one port for a process", proc == again);
    OK(task_terminate(task));
    OK(proc_wait(procserver, -1, 0, &status, &sigcode, &rusage, &pid));
    CHECK("killed", HW_TERMSIG(status) == HSIGKILL);
}

static void test_proc_reauthentication(void)
{
    mach_port_t task, proc, rend = mach_reply_port(), new;
    pid_t pid, ppid, before;
    int orphaned;

    OK(task_create(mach_task_self(), FALSE, &task));
    OK(proc_child(procserver, task));
    OK(proc_task2proc(procserver, task, &proc));
    OK(proc_getpids(proc, &before, &ppid, &orphaned));
    OK(proc_reauthenticate(proc, rend, MACH_MSG_TYPE_MAKE_SEND));
    OK(auth_user_authenticate(authserver, rend, MACH_MSG_TYPE_MAKE_SEND, &new));
    OK(proc_reauthenticate_complete(new));
    OK(proc_getpids(new, &pid, &ppid, &orphaned));
    CHECK("the same process", pid == before);
    CHECK("the old port is dead",
          proc_getpids(proc, &pid, &ppid, &orphaned) != 0);
    OK(task_terminate(task));
}

struct waiting {
    pid_t pid, got;
};

static void *wait_for_child(void *argument)
{
    struct waiting *waiting = argument;
    int status, sigcode;
    struct hurd_rusage rusage;

    OK(proc_wait(procserver, waiting->pid, 0, &status, &sigcode, &rusage,
                 &waiting->got));
    return NULL;
}

static void test_blocking_wait(void)
{
    struct waiting waiting = {0, 0};
    mach_port_t task;
    pthread_t thread;

    OK(task_create(mach_task_self(), FALSE, &task));
    OK(proc_child(procserver, task));
    OK(proc_task2pid(procserver, task, &waiting.pid));
    pthread_create(&thread, NULL, wait_for_child, &waiting);
    thread_switch(MACH_PORT_NULL, 2, 50);
    CHECK("still waiting", waiting.got == 0);
    OK(task_terminate(task));
    pthread_join(thread, NULL);
    CHECK("the child that ended", waiting.got == waiting.pid);
}

static mach_port_t option(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], name, strlen(name)) == 0)
            return strtoul(argv[i] + strlen(name), NULL, 10);
    mach_die(0, "needs %s", name);
}

static void start(mach_port_t task)
{
    OK(task_set_bootstrap_port(task, startup_port));
    OK(task_resume(task));
}

int main(int argc, char **argv)
{
    pthread_t thread;

    host_priv = option(argc, argv, "--host-priv-port=");
    device_master = option(argc, argv, "--device-master-port=");
    auth_task = option(argc, argv, "--auth-task=");
    proc_task = option(argc, argv, "--proc-task=");
    startup_port = mach_reply_port();
    mach_port_insert_right(mach_task_self(), startup_port, startup_port,
                           MACH_MSG_TYPE_MAKE_SEND);
    start(auth_task);
    start(proc_task);
    pthread_create(&thread, NULL, serve, NULL);
    pthread_mutex_lock(&lock);
    while (essentials < 2)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    mach_printf("dance: both are up\n");
    test_auth_ids();
    test_rendezvous();
    test_pids();
    test_proc_reauthentication();
    test_blocking_wait();
    mach_printf("dance: %d checks, %d failed\n", checks, failures);
    for (;;)
        host_reboot(host_priv, HURD_RB_HALT);
}
