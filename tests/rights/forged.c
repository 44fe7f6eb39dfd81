/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/rights/forged.c: messages that claim to come from somebody else: the
 * kernel, a device, or one who holds the rights whose names they contain. */

#include "intruder.h"

#include <hurd/auth.h>
#include <hurd/io.h>
#include <hurd/process.h>
#include <hurd/signal.h>
#include <hurd/startup.h>
#include <mach/notify.h>
#include <stdio.h>
#include <stdlib.h>

#define NAMES_MAX     600
#define EXCEPTION_ID  2400
#define SIG_POST_ID   23000
#define POWER_ID      2905
#define SIGQUEUE_ID   24600
#define NEVER_SENDERS 0x7fffffff

static const mach_msg_type_t a_name = {.msgt_name = MACH_MSG_TYPE_PORT_NAME,
                                       .msgt_size = 32,
                                       .msgt_number = 1,
                                       .msgt_inline = TRUE};
static const mach_msg_type_t a_number = {.msgt_name = MACH_MSG_TYPE_INTEGER_32,
                                         .msgt_size = 32,
                                         .msgt_number = 1,
                                         .msgt_inline = TRUE};
static const mach_msg_type_t a_right = {.msgt_name = MACH_MSG_TYPE_COPY_SEND,
                                        .msgt_size = 64,
                                        .msgt_number = 1,
                                        .msgt_inline = TRUE};

/* Sends without waiting for room: a server that is overrun misses nothing that
 * it should have had. */
static void send(mach_port_t to, mach_msg_header_t *msg, mach_msg_size_t size,
                 mach_msg_id_t id)
{
    msg->msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0);
    msg->msgh_size = size;
    msg->msgh_remote_port = to;
    msg->msgh_local_port = MACH_PORT_NULL;
    msg->msgh_id = id;
    mach_msg(msg, MACH_SEND_MSG | MACH_SEND_TIMEOUT, size, 0, MACH_PORT_NULL,
             500, MACH_PORT_NULL);
}

/* --- notifications ---------------------------------------------------------- */

static void send_notice(mach_port_t to, mach_msg_id_t id, mach_msg_type_t type,
                        mach_port_t value)
{
    struct {
        mach_msg_header_t head;
        mach_msg_type_t type;
        mach_port_t value, pad;
    } notice = {.type = type, .value = value};

    send(to, &notice.head, sizeof notice, id);
}

static void kill_all_names(const char *what, mach_port_t to)
{
    if (to == MACH_PORT_NULL)
        return;
    for (mach_port_t name = 1; name < NAMES_MAX; name++)
        send_notice(to, MACH_NOTIFY_DEAD_NAME, a_name, name);
    printf("held %s (so far)\n", what);
}

static void test_no_senders(const char *path)
{
    file_t file = open_bare(path);
    io_statbuf_t st;

    for (int i = 0; i < 3; i++)
        send_notice(file, MACH_NOTIFY_NO_SENDERS, a_number, NEVER_SENDERS);
    error_t err = io_stat(file, &st);
    must(path, !err);
    mach_port_drop(file);
}

/* Every server is told that all it knows of has died. */
void part_notices(char **argv)
{
    mach_port_t self = mach_task_self();
    pid_t pid = 0;

    test_no_senders("/etc/motd");
    test_no_senders("/dev/null");
    test_no_senders("/proc/version");
    kill_all_names("the file system", open_bare("/etc/motd"));
    kill_all_names("exec", open_bare("/servers/exec"));
    kill_all_names("pflocal", open_bare("/servers/socket/1"));
    kill_all_names("the disk server", open_bare("/dev/disk"));
    kill_all_names("the bus's server", open_bare("/servers/bus/pci"));
    kill_all_names("procfs", open_bare("/proc"));
    kill_all_names("the terminal", open_bare("/dev/console"));
    kill_all_names("auth", getauth());
    kill_all_names("proc", getproc());
    kill_all_names("startup", open_bare("/servers/startup"));
    must("proc knows this process", !proc_task2pid(getproc(), self, &pid));
}

/* startup waits for one to say that the host wants the machine to end. */
void part_power(char **argv)
{
    struct {
        mach_msg_header_t head;
        mach_msg_type_t type;
        int code, pad;
        char room[200];
    } answer = {.type = a_number};
    file_t startup = open_bare("/servers/startup");

    for (mach_msg_size_t size = 48; size <= sizeof answer; size += 8)
        send(startup, &answer.head, size, POWER_ID);
    printf("held startup (so far)\n");
}

/* --- names that look like rights -------------------------------------------- */

struct raise {
    mach_msg_header_t head;
    mach_msg_type_t thread_type;
    mach_port_t thread, thread_pad;
    mach_msg_type_t task_type;
    mach_port_t task, task_pad;
    char rest[48];
};

/* Receives at FORWARD what proc passes on; how many rights came. */
static int count_forwarded(mach_port_t forward)
{
    union {
        struct raise msg;
        char room[512];
    } in;
    int rights = 0;

    while (!receive(forward, &in.msg.head, sizeof in, 50)) {
        if (!(in.msg.head.msgh_bits & MACH_MSGH_BITS_COMPLEX))
            continue;
        rights += in.msg.thread_type.msgt_name == MACH_MSG_TYPE_PORT_SEND &&
                  MACH_PORT_VALID(in.msg.thread);
        rights += in.msg.task_type.msgt_name == MACH_MSG_TYPE_PORT_SEND &&
                  MACH_PORT_VALID(in.msg.task);
    }
    return rights;
}

/* A message of numbers only, which proc shall take for rights of its own and
 * pass on. */
void part_exception(char **argv)
{
    mach_port_t port = make_port(), own = port, forward = make_port();
    natural_t state[4] = {0};
    int rights = 0;
    error_t err = proc_handle_exceptions(getproc(), port, forward,
                                         MACH_MSG_TYPE_COPY_SEND, 1,
                                         (thread_state_t)state, 4);

    must("proc takes the exception port", !err);
    for (mach_port_t name = 1; !err && name < NAMES_MAX; name += 2) {
        struct raise msg = {.thread_type = a_right,
                            .thread = name,
                            .task_type = a_right,
                            .task = name + 1};
        send(own, &msg.head, sizeof msg, EXCEPTION_ID);
        rights += count_forwarded(forward);
    }
    printf("%s proc's rights: %d came\n", rights ? "BROKE" : "held", rights);
}

static void send_sigpost(mach_port_t msgport, mach_port_t reference)
{
    struct {
        mach_msg_header_t head;
        mach_msg_type_t signal_type;
        int signal, signal_pad;
        mach_msg_type_t code_type;
        int code, code_pad;
        mach_msg_type_t reference_type;
        mach_port_t reference, reference_pad;
    } msg = {.signal_type = a_number,
             .signal = HSIGKILL,
             .code_type = a_number,
             .reference_type = a_right,
             .reference = reference};

    send(msgport, &msg.head, sizeof msg, SIG_POST_ID);
}

static void send_sigqueue(mach_port_t msgport, mach_port_t reference)
{
    struct {
        mach_msg_header_t head;
        struct {
            mach_msg_type_t type;
            int value, pad;
        } items[6];
        mach_msg_type_t reference_type;
        mach_port_t reference, reference_pad;
    } msg = {.reference_type = a_right, .reference = reference};

    for (int i = 0; i < 6; i++) {
        msg.items[i].type = a_number;
        msg.items[i].value = i == 0 ? 9 : 0;
    }
    send(msgport, &msg.head, sizeof msg, SIGQUEUE_ID);
}

static void send_raise(mach_port_t msgport, mach_port_t name)
{
    struct raise msg = {.thread_type = a_right,
                        .thread = name,
                        .task_type = a_right,
                        .task = name};

    send(msgport, &msg.head, sizeof msg, EXCEPTION_ID);
}

/* Whether process PID still runs: somebody else's, so only looked at. */
static boolean_t is_there(pid_t pid)
{
    pid_t sid;

    return !proc_getsid(getproc(), pid, &sid);
}

void part_signal(char **argv)
{
    pid_t pid = argv[0] ? atoi(argv[0]) : 0;
    mach_port_t msgport;
    error_t err = proc_getmsgport(getproc(), pid, &msgport);

    must("the process is there", is_there(pid) && !err);
    for (mach_port_t name = 1; !err && name < 120; name++) {
        send_sigpost(msgport, name);
        send_sigqueue(msgport, name);
        send_raise(msgport, name);
    }
    thread_switch(MACH_PORT_NULL, 2, 300);
    must("and still is", is_there(pid));
}

/* proc sends what it has been given to whoever asked for it: one who never
 * reads must not make it wait. */
void part_execdata(char **argv)
{
    mach_port_t port = make_port();
    error_t err = 0;

    for (int i = 0; i < 40 && !err; i++)
        err = proc_execdata_notify(getproc(), port, MACH_MSG_TYPE_COPY_SEND);
    attempt("proc_execdata_notify", err);
}

/* Asks to be told of the system's end, and is not there when it comes: with a
 * queue that is full already for some, and one that nobody reads for others. */
void part_shutdown(char **argv)
{
    int count = argv[0] ? atoi(argv[0]) : 1;
    string_t name = "\033intruder\n";
    file_t startup = open_bare("/servers/startup");
    error_t err = 0;

    for (int i = 0; i < count && !err; i++) {
        mach_port_t port = make_port();
        for (int j = 0; j < 8 && i % 2; j++) {
            mach_msg_header_t head;
            send(port, &head, sizeof head, 1);
        }
        err = startup_request_notification(startup, port,
                                           MACH_MSG_TYPE_COPY_SEND, name);
    }
    printf("asked %s\n", mach_error_string(err));
    thread_switch(MACH_PORT_NULL, 2, 100000);
}

/* Says that its arguments are in memory of a pager that never answers, or that
 * there is no end of them; stays there for whoever looks. */
void part_arguments(char **argv)
{
    mach_port_t pager = make_port();
    vm_address_t at = 0, words = 0;
    vm_size_t size = 64ul << 20;
    boolean_t endless = argv[0] && *argv[0] == 'e';
    error_t err = vm_map(mach_task_self(), &at, vm_page_size, 0, TRUE, pager, 0,
                         FALSE, VM_PROT_READ, VM_PROT_READ, VM_INHERIT_NONE);

    if (!err && endless)
        err = vm_allocate(mach_task_self(), &words, size, TRUE);
    static const char nothing[] = "";
    for (vm_size_t i = 0; !err && endless && i < size; i += 8)
        *(vm_address_t *)(words + i) = (vm_address_t)nothing;
    if (!err)
        err = proc_set_arg_locations(getproc(), endless ? words : at, at);
    must("the arguments are there", !err);
    printf("end of arguments\n");
    thread_switch(MACH_PORT_NULL, 2, 100000);
}

/* A process without a message port, which no signal reaches. */
void part_deaf(char **argv)
{
    mach_port_t old = MACH_PORT_NULL;
    pid_t pid = 0;

    proc_task2pid(getproc(), mach_task_self(), &pid);
    must("a process may be deaf",
         !proc_setmsgport(getproc(), MACH_PORT_NULL, &old));
    printf("deaf %d\n", pid);
    thread_switch(MACH_PORT_NULL, 2, 100000);
}
