/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/hurd/inside.c: run in place of the system's start-up program: asks a
 * whole system what it should know, and stops it. */

#define CHECK_NAME "inside"
#include "check.h"

#include <argz.h>
#include <fshelp/fshelp.h>
#include <hurd/fs.h>
#include <hurd/fsys.h>
#include <hurd/io.h>
#include <hurd/libhurd.h>
#include <hurd/msg.h>
#include <hurd/process.h>
#include <hurd/signal.h>
#include <hurd/socket.h>
#include <hurd/startup.h>
#include <hurd/term.h>
#include <hurd/termios.h>
#include <hurd/tioctl.h>
#include <proc/procinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MANY     50
#define EXEC_PID 6
#define STACK    "/libexec/stack/"
#define LOADER   "/lib/ld.so.1"

static void end_with(int code)
{
    mach_port_t proc = getproc();

    proc_mark_exit(proc, HW_EXITCODE(code, 0), 0);
    for (;;)
        task_terminate(mach_task_self());
}

static error_t spawn(const char *self, const char *argument, pid_t *pid)
{
    mach_port_t ports[INIT_PORT_MAX] = {0}, proc = getproc(), fds[3];
    int ints[INIT_INT_MAX] = {0};
    char *argz = NULL;
    size_t size = 0;
    task_t task;
    file_t file;
    error_t err = hurd_lookup(self, HO_EXEC, 0, &file);

    if (!err)
        err = hurd_make_child(&task, &ports[INIT_PORT_PROC]);
    if (err)
        return err;
    ports[INIT_PORT_CRDIR] = getcrdir();
    ports[INIT_PORT_CWDIR] = getcwdir();
    ports[INIT_PORT_AUTH] = getauth();
    for (int i = 0; i < 3; i++)
        fds[i] = hurd_get_fd(i);
    argz_add(&argz, &size, self);
    argz_add(&argz, &size, argument);
    /* Before it runs: it may be gone by the time it has been started. */
    err = proc_task2pid(proc, task, pid);
    if (!err)
        err = hurd_exec(file, task, 0, self, argz, size, NULL, 0, fds, 3, ports,
                        ints);
    return err;
}

static void test_processes(const char *self)
{
    mach_port_t proc = getproc();
    pid_t pid, ppid, child, got;
    int orphaned, status, sigcode;
    struct hurd_rusage rusage;
    char room[256], *args = room;
    mach_msg_type_number_t n = sizeof room;

    OK(proc_getpids(proc, &pid, &ppid, &orphaned));
    CHECK("init's number", pid == HURD_PID_INIT);
    OK(spawn(self, "child", &child));
    OK(proc_wait(proc, child, 0, &status, &sigcode, &rusage, &got));
    CHECK("the child's status", got == child && HW_EXITSTATUS(status) == 7);
    OK(proc_getprocargs(proc, HURD_PID_STARTUP, &args, &n));
    CHECK("startup's name", n > 5 && strcmp(args, "/hurd/startup") == 0);
    OK(spawn(self, "exec", &child));
    OK(proc_wait(proc, child, 0, &status, &sigcode, &rusage, &got));
    CHECK("the status after exec", HW_EXITSTATUS(status) == 7);
}

/* Children come and go without leaving anything behind. */
static void test_many(const char *self)
{
    mach_port_t proc = getproc();
    mach_msg_type_number_t before = 0, after, execs_before = 0, execs_after;
    int status, sigcode;
    struct hurd_rusage rusage;
    pid_t child, got;
    struct timespec start, end;

    for (int round = 0; round < 2; round++) {
        clock_gettime(CLOCK_MONOTONIC, &start);
        for (int i = 0; i < MANY; i++) {
            OK(spawn(self, "child", &child));
            OK(proc_wait(proc, child, 0, &status, &sigcode, &rusage, &got));
        }
        clock_gettime(CLOCK_MONOTONIC, &end);
        thread_switch(MACH_PORT_NULL, 2, 100);
        OK(proc_getnports(proc, HURD_PID_PROC, &after));
        OK(proc_getnports(proc, EXEC_PID, &execs_after));
        mach_printf("inside: %d children, %ld us each, %u and %u ports\n", MANY,
                    ((end.tv_sec - start.tv_sec) * 1000000 +
                     (end.tv_nsec - start.tv_nsec) / 1000) /
                        MANY,
                    after, execs_after);
        if (round == 0) {
            before = after;
            execs_before = execs_after;
        }
    }
    CHECK("proc keeps no ports", after <= before + 8);
    CHECK("exec keeps no ports", execs_after <= execs_before + 8);
}

static error_t open_node(int flags, file_t *node, mach_msg_type_name_t *kind,
                         task_t task, void *cookie)
{
    *node = *(file_t *)cookie;
    *kind = MACH_MSG_TYPE_COPY_SEND;
    return 0;
}

static void test_translator(void)
{
    static const char argz[] = "/hurd/null\0--zero";
    file_t node, file;
    fsys_t control;
    char room[64], *data = room;
    mach_msg_type_number_t n = sizeof room;
    io_statbuf_t st;
    vm_size_t written;

    OK(hurd_lookup("/dev/null", HO_NOTRANS, 0, &node));
    OK(fshelp_start_translator(open_node, &node, argz, argz, sizeof argz, 10000,
                               &control));
    OK(file_set_translator(node, 0, FS_TRANS_SET, 0, NULL, 0, control,
                           MACH_MSG_TYPE_COPY_SEND));
    OK(hurd_lookup("/dev/null", HO_READ | HO_WRITE, 0, &file));
    memset(room, 1, sizeof room);
    OK(io_read(file, &data, &n, -1, 10));
    CHECK("zeros", n == 10 && data[0] == 0 && data[9] == 0);
    OK(io_write(file, "abc", 3, -1, &written));
    CHECK("all written", written == 3);
    OK(io_stat(file, &st));
    CHECK("a device", HS_ISCHR(st.st_mode));
    mach_port_drop(file);
    CHECK("not executable",
          hurd_lookup("/dev/null", HO_EXEC, 0, &file) == HURD_EACCES);
    OK(fsys_goaway(control, FSYS_GOAWAY_FORCE) == MIG_SERVER_DIED ? 0 : 1);
    OK(hurd_lookup("/etc/../etc/motd", HO_READ, 0, &file));
    CHECK("no such file",
          hurd_lookup("/etc/nothing", HO_READ, 0, &file) == HURD_ENOENT);
    CHECK("no directory",
          hurd_lookup("/etc/motd/x", HO_READ, 0, &file) == HURD_ENOTDIR);
}

/* Starts ARGZ on NODE_NAME. */
static void start_on(const char *node_name, const char *argz, size_t size)
{
    file_t node;
    fsys_t control;

    OK(hurd_lookup(node_name, HO_NOTRANS, 0, &node));
    OK(fshelp_start_translator(open_node, &node, argz, argz, size, 10000,
                               &control));
    OK(file_set_translator(node, 0, FS_TRANS_SET, 0, NULL, 0, control,
                           MACH_MSG_TYPE_COPY_SEND));
}

static void *read_late(void *sock)
{
    static char room[2048];
    char *data = room;
    mach_msg_type_number_t n = sizeof room;

    OK(io_read(*(mach_port_t *)sock, &data, &n, -1, sizeof room));
    CHECK("what the other thread wrote", n == 5 && !memcmp(data, "later", 5));
    return NULL;
}

static void test_pipe(mach_port_t pf)
{
    mach_port_t ends[2];
    char room[2048], *data = room;
    mach_msg_type_number_t n = sizeof room;
    vm_size_t amount;
    pthread_t thread;
    io_statbuf_t st;
    int type = SELECT_READ | SELECT_WRITE;

    OK(socket_create(pf, 1, 0, &ends[0]));
    OK(socket_create(pf, 1, 0, &ends[1]));
    OK(socket_connect2(ends[0], ends[1]));
    OK(socket_shutdown(ends[0], 1));
    OK(socket_shutdown(ends[1], 0));
    OK(io_stat(ends[0], &st));
    CHECK("a pipe", HS_ISFIFO(st.st_mode));
    OK(io_select(ends[1], mach_reply_port(), 1000, &type));
    CHECK("room in the pipe", type & SELECT_WRITE);
    OK(io_write(ends[1], "abc", 3, -1, &amount));
    OK(io_write(ends[1], "def", 3, -1, &amount));
    OK(io_read(ends[0], &data, &n, -1, 4));
    CHECK("bytes", n == 4 && memcmp(data, "abcd", 4) == 0);
    OK(io_readable(ends[0], &amount));
    CHECK("bytes left", amount == 2);
    n = sizeof room;
    OK(io_read(ends[0], &data, &n, -1, 100));
    CHECK("the rest", n == 2 && memcmp(data, "ef", 2) == 0);
    OK(io_set_some_openmodes(ends[0], HO_NONBLOCK));
    n = sizeof room;
    CHECK("nothing there", io_read(ends[0], &data, &n, -1, 1) == HURD_EAGAIN);
    OK(io_clear_some_openmodes(ends[0], HO_NONBLOCK));
    pthread_create(&thread, NULL, read_late, &ends[0]);
    thread_switch(MACH_PORT_NULL, 2, 50);
    OK(io_write(ends[1], "later", 5, -1, &amount));
    pthread_join(thread, NULL);
    CHECK("not for reading",
          io_write(ends[0], "x", 1, -1, &amount) == HURD_EPIPE);
    mach_port_drop(ends[1]);
    n = sizeof room;
    OK(io_read(ends[0], &data, &n, -1, 1));
    CHECK("the end", n == 0);
    mach_port_drop(ends[0]);
}

static void test_ports_travel(mach_port_t pf)
{
    mach_port_t a, b, sent = mach_reply_port(), from, room[4], *got = room;
    mach_msg_type_number_t n = 2048, nports = 4, ncontrol = 2048;
    char bytes[2048], controls[2048], *data = bytes, *control = controls;
    vm_size_t amount;
    int flags;

    OK(socket_create(pf, 1, 0, &a));
    OK(socket_create(pf, 1, 0, &b));
    OK(socket_connect2(a, b));
    OK(socket_send(a, MACH_PORT_NULL, 0, "x", 1, &sent, MACH_MSG_TYPE_MAKE_SEND,
                   1, "cmsg", 4, &amount));
    OK(socket_recv(b, &from, 0, &data, &n, &got, &nports, &control, &ncontrol,
                   &flags, 10));
    CHECK("a right came along",
          n == 1 && nports == 1 && got[0] == sent && ncontrol == 4);
    mach_port_drop(a);
    mach_port_drop(b);
}

static void *accept_one(void *arg)
{
    mach_port_t *sock = arg, peer;

    OK(socket_accept(sock[0], &sock[1], &peer));
    return NULL;
}

static void test_connection(mach_port_t pf)
{
    mach_port_t server[2], client, addr;
    char room[2048], *data = room;
    mach_msg_type_number_t n = sizeof room;
    vm_size_t amount;
    pthread_t thread;

    OK(socket_create(pf, 1, 0, &server[0]));
    OK(socket_create(pf, 1, 0, &client));
    OK(socket_fabricate_address(pf, 1, &addr));
    CHECK("nobody there", socket_connect(client, addr) == HURD_ECONNREFUSED);
    OK(socket_bind(server[0], addr));
    OK(socket_listen(server[0], 5));
    pthread_create(&thread, NULL, accept_one, server);
    OK(socket_connect(client, addr));
    pthread_join(thread, NULL);
    OK(io_write(client, "hello", 5, -1, &amount));
    OK(io_read(server[1], &data, &n, -1, 100));
    CHECK("over the connection", n == 5 && memcmp(data, "hello", 5) == 0);
}

static void test_sockets(void)
{
    static const char argz[] = "/hurd/pflocal";
    mach_port_t pf;

    start_on("/servers/socket/1", argz, sizeof argz);
    OK(hurd_lookup("/servers/socket/1", 0, 0, &pf));
    test_pipe(pf);
    test_ports_travel(pf);
    test_connection(pf);
}

static void test_magic(void)
{
    static const char argz[] = "/hurd/magic\0tty";
    io_t tty;
    string_t name;

    start_on("/dev/tty", argz, sizeof argz);
    OK(hurd_lookup("/dev/tty", HO_WRITE, 0, &tty));
    OK(term_get_nodename(tty, name));
    CHECK("our terminal", strcmp(name, "/dev/console") == 0);
}

static void test_terminal(void)
{
    io_t tty = hurd_get_fd(1), console;
    modes_t modes;
    ccs_t ccs;
    speeds_t speeds;
    winsize_t size;
    string_t name;
    char room[64], *line = room;
    mach_msg_type_number_t n = sizeof room;
    mach_port_t ctty;
    vm_size_t amount;
    int type = SELECT_READ | SELECT_WRITE, pgrp;

    OK(hurd_write(tty, "inside: through the terminal\n", 29));
    OK(term_get_nodename(tty, name));
    CHECK("its name", strcmp(name, "/dev/console") == 0);
    OK(tioctl_tiocgeta(tty, modes, ccs, speeds));
    CHECK("cooked", modes[3] & HT_ICANON);
    OK(tioctl_tiocgwinsz(tty, &size));
    CHECK("size", size.ws_row == 24 && size.ws_col == 80);
    OK(tioctl_tiocgpgrp(tty, &pgrp));
    CHECK("we are in the foreground", pgrp == 1);
    OK(term_getctty(tty, &ctty));
    CHECK("our controlling terminal", ctty == getcttyid());
    OK(hurd_lookup("/dev/console", HO_READ | HO_WRITE, 0, &console));
    OK(hurd_lookup("/etc/motd", 0, 0, &tty));
    CHECK("a file is no terminal", term_getctty(tty, &ctty) == MIG_BAD_ID);
    tty = hurd_get_fd(0);
    OK(io_read(tty, &line, &n, -1, sizeof room));
    CHECK("a line", n == 6 && memcmp(line, "hella\n", 6) == 0);
    OK(io_select(tty, mach_reply_port(), 1000, &type));
    CHECK("ready for output", type & SELECT_WRITE);
    OK(io_read(tty, &line, (n = sizeof room, &n), -1, 3));
    CHECK("part of a line", n == 3 && memcmp(line, "sec", 3) == 0);
    OK(io_readable(tty, &amount));
    CHECK("the rest of the line", amount == 4);
}

static void test_auth(void)
{
    mach_port_t auth = getauth(), root = getcrdir(), new;
    io_statbuf_t st;

    OK(hurd_reauthenticate(root, auth, &new));
    OK(io_stat(new, &st));
    CHECK("a directory", HS_ISDIR(st.st_mode));
}

/* --- directories, as the Hurd's C library reads them ------------------------ */

#define NAMES 300

static int shown[NAMES];

static char *numbered(char *name, int i)
{
    sprintf(name, "listed-%0*d", 1 + i % 90, i);
    return name;
}

/* Names from the entry ENTRY on, at most LIMIT if that is not negative: their
 * number; *LAST is that of the last.  They are removed if REMOVE. */
static int read_names(file_t dir, int entry, int limit, boolean_t remove,
                      int *last)
{
    char room[2048], *data = room;
    mach_msg_type_number_t size = sizeof room;
    int amount = 0;

    OK(dir_readdir(dir, &data, &size, entry, limit, limit < 0 ? 900 : 0,
                   &amount));
    const char *at = data;
    for (int i = 0; i < amount; i++) {
        const struct hurd_dirent *found = (const struct hurd_dirent *)at;
        char name[256];
        at += found->d_reclen;
        *last = -1;
        if (strncmp(found->d_name, "listed-", 7) != 0)
            continue;
        *last = atoi(found->d_name + 7);
        shown[*last]++;
        if (remove)
            OK(dir_unlink(dir, numbered(name, *last)));
    }
    if (data != room)
        vm_deallocate(mach_task_self(), (vm_address_t)data, size);
    return amount;
}

/* Numbers of entries lead to the same entries though others go. */
static void test_numbers(file_t dir)
{
    int order[NAMES + 2], last, bad = 0;
    char name[256];

    for (int i = 0; i < NAMES + 2; i++)
        bad += read_names(dir, i, 1, FALSE, &order[i]) != 1;
    CHECK("one by one", !bad);
    CHECK("the end", read_names(dir, NAMES + 2, 1, FALSE, &last) == 0);
    for (int i = 0; i < NAMES + 2; i += 2)
        if (order[i] >= 0)
            OK(dir_unlink(dir, numbered(name, order[i])));
    for (int i = NAMES + 1; i > 0; i -= 2) {
        read_names(dir, i, 1, FALSE, &last);
        bad += last != order[i];
    }
    CHECK("numbers that were told", !bad);
}

static void test_listing(void)
{
    file_t dir, file;
    int entry = 0, amount, last, bad = 0;
    char name[256];

    if (dir_mkdir(getcwdir(), "listing", 0755))
        return; /* a root that cannot be written */
    OK(hurd_lookup("listing", HO_READ, 0, &dir));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < NAMES; i++) {
            OK(hurd_lookup_under(dir, numbered(name, i), HO_CREAT | HO_WRITE,
                                 0644, &file));
            mach_port_drop(file);
        }
        if (round)
            test_numbers(dir);
        memset(shown, 0, sizeof shown);
        for (entry = 0; (amount = read_names(dir, entry, -1, TRUE, &last)) > 0;)
            entry += amount;
        for (int i = 0; i < NAMES && !round; i++)
            bad += shown[i] != 1;
    }
    CHECK("each is shown once while they go", !bad);
    CHECK("nothing is left", read_names(dir, 0, -1, FALSE, &last) == 2);
    mach_port_drop(dir);
    OK(dir_rmdir(getcwdir(), "listing"));
}

/* CAVEATS.md names these. */
/* Who asks after a process's message port waits until it has one: `ps' would
 * wait for ever.  A program has it soon after its start. */
static boolean_t has_message_port(pid_t pid)
{
    static const struct timespec moment = {.tv_nsec = 50000000};
    mach_port_t proc = getproc();
    struct procinfo room;
    error_t err = 0;

    room.state = PI_NOMSG;
    for (int i = 0; i < 200 && !err && room.state & PI_NOMSG; i++) {
        struct procinfo *info = &room;
        mach_msg_type_number_t count = sizeof room / sizeof(int), nwaits = 0;
        char *waits = NULL;
        int flags = 0;
        if (i)
            nanosleep(&moment, NULL);
        err = proc_getprocinfo(proc, pid, &flags, (procinfo_t *)&info, &count,
                               &waits, &nwaits);
    }
    mach_port_drop(proc);
    return !err && !(room.state & PI_NOMSG);
}

static void check_message_port(pid_t pid)
{
    mach_port_t proc = getproc(), msgport = MACH_PORT_NULL;
    mach_port_t port = MACH_PORT_NULL;
    error_t err = HURD_EIO;
    task_t task;

    if (has_message_port(pid) && !proc_pid2task(proc, pid, &task)) {
        OK(proc_getmsgport(proc, pid, &msgport));
        err = msg_get_init_port(msgport, task, INIT_PORT_PROC, &port);
        mach_port_drop(task);
    }
    if (err)
        mach_printf(CHECK_NAME ": process %d's message port: %s\n", pid,
                    mach_error_string(err));
    CHECK("a process's proc port", !err && port != MACH_PORT_NULL);
    mach_port_drop(port);
    mach_port_drop(msgport);
    mach_port_drop(proc);
}

/* All of a program that may be written and run is its stack.  What it can make
 * writable is all of it. */
static boolean_t has_executable_stack(task_t task)
{
    vm_address_t address = 0;
    vm_size_t size = 0;
    vm_prot_t prot, max_prot;
    vm_inherit_t inherit;
    boolean_t shared;
    memory_object_name_t object;
    vm_offset_t offset;

    while (!vm_region(task, &address, &size, &prot, &max_prot, &inherit,
                      &shared, &object, &offset)) {
        mach_port_drop(object);
        if (prot == (VM_PROT_READ | VM_PROT_EXECUTE))
            CHECK("text can be made writable", max_prot == VM_PROT_ALL);
        if (prot == VM_PROT_ALL)
            return TRUE;
        address += size;
    }
    return FALSE;
}

static boolean_t runs_with_executable_stack(const char *program,
                                            const char *argument)
{
    static const struct timespec moment = {.tv_nsec = 50000000};
    mach_port_t proc = getproc();
    boolean_t executable = FALSE;
    int status, sigcode;
    struct hurd_rusage rusage;
    task_t task;
    pid_t pid, got;

    OK(spawn(program, argument, &pid));
    OK(proc_pid2task(proc, pid, &task));
    /* A loader changes it by and by. */
    for (int i = 0; i < 40 && !(executable = has_executable_stack(task)); i++) {
        if (strcmp(program, LOADER))
            break;
        nanosleep(&moment, NULL);
    }
    OK(task_terminate(task));
    mach_port_drop(task);
    OK(proc_wait(proc, pid, 0, &status, &sigcode, &rusage, &got));
    mach_port_drop(proc);
    return executable;
}

/* The stack is both the program's and its interpreter's. */
static void test_stacks(void)
{
    file_t loader;

    CHECK("no executable stack",
          !runs_with_executable_stack(STACK "plain", "forever"));
    CHECK("a program's executable stack",
          runs_with_executable_stack(STACK "stack", "forever"));
    CHECK("an interpreter's executable stack",
          runs_with_executable_stack(STACK "interpreted", "forever"));
    if (hurd_lookup(LOADER, HO_EXEC, 0, &loader))
        return; /* a root without it */
    mach_port_drop(loader);
    CHECK("a loaded program's executable stack",
          runs_with_executable_stack(LOADER, STACK "stack"));
    CHECK("a loaded program's other stack",
          !runs_with_executable_stack(LOADER, STACK "plain"));
}

static void test_message_ports(void)
{
    pid_t room[MANY], *pids = room;
    mach_msg_type_number_t n = MANY;
    mach_port_t proc = getproc();

    OK(proc_getallpids(proc, &pids, &n));
    mach_port_drop(proc);
    CHECK("processes", n > 5);
    for (unsigned i = 0; i < n; i++)
        if (pids[i] != HURD_PID_KERNEL && pids[i] != HURD_PID_PROC)
            check_message_port(pids[i]);
}

/* A child that has run no program of its own yet has one, too. */
static void test_forked_message_port(void)
{
    int gate[2], status = -1;
    pid_t pid;

    CHECK("a pipe", pipe(gate) == 0);
    pid = fork();
    if (pid == 0) {
        char byte;
        close(gate[1]);
        _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
    }
    CHECK("fork", pid > 0);
    check_message_port(pid);
    close(gate[0]);
    close(gate[1]);
    CHECK("its end", waitpid(pid, &status, 0) == pid && status == 0);
}

static void test_what_is_not_there(void)
{
    mach_port_t port = MACH_PORT_NULL;
    file_t file;

    OK(hurd_lookup("/etc/motd", HO_READ, 0, &file));
    CHECK("io_map_cntl", io_map_cntl(file, &port) == HURD_EOPNOTSUPP);
    CHECK("proc_get_tty",
          proc_get_tty(getproc(), HURD_PID_INIT, &port) == HURD_EOPNOTSUPP);
    CHECK("file_notice_changes",
          file_notice_changes(file, MACH_PORT_NULL, MACH_MSG_TYPE_COPY_SEND) ==
              HURD_EOPNOTSUPP);
    mach_port_drop(file);
}

int main(int argc, char **argv)
{
    mach_port_t startup, host_priv;

    if (argc > 1 && strcmp(argv[1], "child") == 0)
        end_with(7);
    if (argc > 1 && strcmp(argv[1], "exec") == 0) {
        mach_port_t ports[INIT_PORT_MAX];
        int ints[INIT_INT_MAX] = {0};
        static char again[] = "/libexec/runsystem\0child";
        file_t file;
        for (int i = 0; i < INIT_PORT_MAX; i++)
            ports[i] = hurd_get_port(i);
        if (!hurd_lookup(argv[0], HO_EXEC, 0, &file))
            hurd_exec(file, mach_task_self(), 0, argv[0], again, sizeof again,
                      NULL, 0, NULL, 0, ports, ints);
        end_with(9);
    }
    OK(hurd_lookup(HURD_SERVERS_STARTUP, 0, 0, &startup));
    test_auth();
    test_processes(argv[0]);
    test_many(argv[0]);
    test_translator();
    test_sockets();
    test_magic();
    test_terminal();
    test_listing();
    test_stacks();
    test_message_ports();
    test_forked_message_port();
    test_what_is_not_there();
    mach_printf("inside: %d checks, %d failed\n", checks, failures);
    OK(get_privileged_ports(&host_priv, NULL));
    OK(startup_reboot(startup, host_priv, HURD_RB_HALT));
    return 0;
}
