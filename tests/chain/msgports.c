/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/chain/msgports.c: asks every process what `ps' of the Hurd asks, in its
 * order, and what else its message port may be read of.
 *
 * Says `N processes answer', or who does not, and about what.
 */

#include <hurd/libhurd.h>
#include <hurd/msg.h>
#include <hurd/process.h>
#include <proc/procinfo.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PROCESSES_MAX 200
#define LIMIT_S       20

static struct {
    pid_t pid;
    mach_port_t proc, msgport;
    task_t task;
    const char *step;
} asked;
static unsigned failures;

static void complain(const char *what, error_t err)
{
    mach_port_t out = hurd_get_fd(1);

    hurd_printf(out, "msgports: process %d: %s: %s\n", asked.pid, what,
                err ? mach_error_string(err) : "wrong");
    failures++;
}

/* Who is asked and does not answer is the fault that this is about. */
static void *watch(void *unused)
{
    static const struct timespec limit = {LIMIT_S, 0};

    nanosleep(&limit, NULL);
    complain(asked.step, HURD_ETIMEDOUT);
    exit(1);
}

/* STEP's call gave ERR. */
static void gives(const char *step, error_t wanted, error_t err)
{
    if (err != wanted)
        complain(step, err);
}

#define ASK(wanted, call) (asked.step = #call, gives(#call, wanted, call))

static void ask_ports(void)
{
    static const int which[] = {INIT_PORT_CTTYID, INIT_PORT_CWDIR,
                                INIT_PORT_AUTH, INIT_PORT_PROC};
    mach_port_t port, room[INIT_PORT_MAX], *ports = room;
    mach_msg_type_number_t count = INIT_PORT_MAX;

    for (unsigned i = 0; i < sizeof which / sizeof *which; i++) {
        port = MACH_PORT_NULL;
        ASK(0, msg_get_init_port(asked.msgport, asked.task, which[i], &port));
        if (i > 1 && port == MACH_PORT_NULL)
            complain("a port that every process has", 0);
        mach_port_drop(port);
    }
    ASK(HURD_EINVAL, msg_get_init_port(asked.msgport, asked.task, 99, &port));
    ASK(HURD_EPERM, msg_get_init_port(asked.msgport, asked.msgport, 0, &port));
    memset(room, 0, sizeof room);
    ASK(0, msg_get_init_ports(asked.msgport, asked.task, &ports, &count));
    if (count != INIT_PORT_MAX || ports[INIT_PORT_PROC] == MACH_PORT_NULL)
        complain("all init ports", 0);
    for (unsigned i = 0; i < INIT_PORT_MAX; i++)
        mach_port_drop(room[i]);
    ASK(HURD_EPERM,
        msg_get_init_ports(asked.msgport, asked.msgport, &ports, &count));
    ASK(HURD_EBADF, msg_get_fd(asked.msgport, asked.task, 9999, &port));
}

/* Servers tell theirs, programs do not: anybody may ask. */
static void ask_environment(void)
{
    const char *program = getenv("PROGRAM");
    boolean_t secret = program && atoi(program) == asked.pid;
    char room[2048], *data = room;
    mach_msg_type_number_t count = sizeof room;
    string_t name = "NOT_THERE";
    error_t err;

    asked.step = "the environment";
    err = msg_get_environment(asked.msgport, &data, &count);
    if (asked.pid == HURD_PID_STARTUP ? err != 0
        : secret                      ? err != HURD_EPERM
                                      : err && err != HURD_EPERM)
        complain(asked.step, err);
    if (!err && count && data[count - 1] != '\0')
        complain("the environment's end", 0);
    ASK(err ? HURD_EPERM : HURD_ENOENT,
        msg_get_env_variable(asked.msgport, name, &data, &count));
}

static void ask_threads(void)
{
    thread_array_t threads;
    mach_msg_type_number_t count = 0;
    unsigned serving = 0;
    string_t why;
    mach_msg_id_t id;

    if (task_threads(asked.task, &threads, &count))
        return; /* it has ended */
    for (unsigned i = 0; i < count; i++) {
        memset(why, 0, sizeof why);
        ASK(0, msg_report_wait(asked.msgport, threads[i], why, &id));
        serving += !strcmp(why, "msgport");
        mach_port_drop(threads[i]);
    }
    vm_deallocate(mach_task_self(), (vm_address_t)threads,
                  count * sizeof *threads);
    if (serving != (asked.pid != HURD_PID_STARTUP))
        complain("the thread that serves the message port", 0);
}

/* libps: the message port, the task, then what the two are good for. */
static void ask(pid_t pid)
{
    int mask = -1;

    asked.pid = pid;
    ASK(0, proc_getmsgport(asked.proc, pid, &asked.msgport));
    ASK(0, proc_pid2task(asked.proc, pid, &asked.task));
    ask_ports();
    ASK(0, msg_get_init_int(asked.msgport, asked.task, INIT_UMASK, &mask));
    if (mask & ~0777)
        complain("its file mask", 0);
    ask_environment();
    ask_threads();
    mach_port_drop(asked.msgport);
    mach_port_drop(asked.task);
}

int main(void)
{
    pid_t room[PROCESSES_MAX], *pids = room;
    mach_msg_type_number_t n = PROCESSES_MAX;
    mach_port_t out = hurd_get_fd(1), none;
    unsigned count = 0;
    pthread_t thread;

    asked.proc = getproc();
    pthread_create(&thread, NULL, watch, NULL);
    ASK(0, proc_getallpids(asked.proc, &pids, &n));
    for (unsigned i = 0; i < n; i++) {
        if (pids[i] == HURD_PID_KERNEL || pids[i] == HURD_PID_PROC) {
            /* These have none; who asks is told so. */
            asked.pid = pids[i];
            ASK(HURD_EIO, proc_getmsgport(asked.proc, pids[i], &none));
        } else {
            ask(pids[i]);
            count++;
        }
    }
    if (!failures)
        hurd_printf(out, "%u processes answer\n", count);
    return failures != 0;
}
