/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/rights/ports.c: what can be done by the ports that servers hand out. */

#include "intruder.h"

#include <hurd/acpi.h>
#include <hurd/auth.h>
#include <hurd/exec.h>
#include <hurd/fs.h>
#include <hurd/fsys.h>
#include <hurd/io.h>
#include <hurd/process.h>
#include <hurd/shutdown.h>
#include <hurd/startup.h>
#include <hurd/term.h>
#include <hurd/tioctl.h>
#include <device/device.h>
#include <mach/mach_host.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOT_ONLY "/etc/root-only"

/* --- calls that are root's ---------------------------------------------------- */

static void try_proc(void)
{
    mach_port_t proc = getproc(), port = MACH_PORT_NULL, more;
    mach_port_t ports[INIT_PORT_MAX] = {0};
    int ints[INIT_INT_MAX] = {0};
    char room[2048], *data = room;
    mach_msg_type_number_t n = sizeof room;
    string_t name = "root";

    attempt("proc_getprivports", proc_getprivports(proc, &port, &more));
    attempt("proc_setowner", proc_setowner(proc, 0, 0));
    attempt("proc_mark_important", proc_mark_important(proc));
    attempt("proc_setlogin", proc_setlogin(proc, name));
    attempt("proc_set_init_task", proc_set_init_task(proc, mach_task_self()));
    attempt("proc_setexecdata",
            proc_setexecdata(proc, ports, MACH_MSG_TYPE_COPY_SEND,
                             INIT_PORT_MAX, ints, INIT_INT_MAX));
    attempt("proc_register_version",
            proc_register_version(proc, mach_host_self(), name, name, name));
    for (pid_t pid = 1; pid < 12; pid++) {
        snprintf(room, sizeof room, "proc_pid2task %d", pid);
        attempt(room, proc_pid2task(proc, pid, &port));
        snprintf(room, sizeof room, "proc_pid2proc %d", pid);
        attempt(room, proc_pid2proc(proc, pid, &port));
        n = sizeof room - 64;
        data = room + 64;
        snprintf(room, 64, "proc_getprocenv %d", pid);
        attempt(room, proc_getprocenv(proc, pid, &data, &n));
    }
    attempt("proc_setpgrp of init", proc_setpgrp(proc, 1, 0));
}

static void try_auth(void)
{
    uid_t root = 0;
    gid_t group = 0;
    auth_t auth = getauth(), new = MACH_PORT_NULL;
    mach_port_t own[2] = {auth, MACH_PORT_DEAD};

    attempt("auth_makeauth of root",
            auth_makeauth(auth, own, MACH_MSG_TYPE_COPY_SEND, 1, &root, 1,
                          &root, 1, &group, 1, &group, 1, &new));
    attempt("auth_makeauth of an available root",
            auth_makeauth(auth, NULL, MACH_MSG_TYPE_COPY_SEND, 0, NULL, 0,
                          &root, 1, NULL, 0, NULL, 0, &new));
    attempt("auth_makeauth of root's group",
            auth_makeauth(auth, NULL, MACH_MSG_TYPE_COPY_SEND, 0, NULL, 0, NULL,
                          0, &group, 1, NULL, 0, &new));
}

static void try_startup(void)
{
    file_t startup = open_bare("/servers/startup");
    mach_port_t port = make_port(), a, b, c, d;
    string_t name = "intruder";
    host_t host = mach_host_self();
    task_t self = mach_task_self();

    attempt("startup_reboot", startup_reboot(startup, host, 0));
    attempt("startup_reboot by task", startup_reboot(startup, self, 0));
    attempt("startup_essential_task",
            startup_essential_task(startup, self, MACH_PORT_NULL, name, host));
    attempt("startup_procinit",
            startup_procinit(startup, port, &a, &b, &c, &d));
    attempt("startup_authinit",
            startup_authinit(startup, port, MACH_MSG_TYPE_COPY_SEND, &a));
}

static void try_exec(void)
{
    file_t exec = open_bare("/servers/exec");
    mach_port_t ports[INIT_PORT_MAX] = {0};
    int ints[INIT_INT_MAX] = {0};
    struct {
        mach_msg_header_t head;
        char room[200];
    } answer;
    mach_port_t port = make_port();

    attempt("exec_init",
            exec_init(exec, getauth(), port, MACH_MSG_TYPE_COPY_SEND));
    ports[INIT_PORT_CRDIR] = port;
    /* It has no answer; what came of it shows in the next program. */
    exec_setexecdata(exec, ports, MACH_MSG_TYPE_COPY_SEND, INIT_PORT_MAX, ints,
                     INIT_INT_MAX);
    must("exec keeps its standard root",
         receive(port, &answer.head, sizeof answer, 100));
}

static void try_devices(void)
{
    static const char *const nodes[] = {"/dev/disk", "/dev/rumpdisk",
                                        "/servers/bus/pci", NULL};
    static const char *const names[] = {"wd0", "hd0",     "mem",   "irq",
                                        "pci", "console", "power", NULL};
    mach_port_t device;
    char text[80];

    for (int i = 0; nodes[i]; i++) {
        file_t node = MACH_PORT_NULL;
        if (hurd_lookup(nodes[i], 0, 0, &node))
            continue; /* not in every configuration */
        for (int j = 0; names[j]; j++) {
            dev_name_t name;
            strcpy(name, names[j]);
            snprintf(text, sizeof text, "device_open %s by %s", names[j],
                     nodes[i]);
            attempt(text, device_open(node, D_READ, name, &device));
        }
    }
}

static void try_machine(void)
{
    file_t node = MACH_PORT_NULL;

    if (!hurd_lookup("/servers/acpi", 0, 0, &node))
        attempt("acpi_sleep", acpi_sleep(node, 5));
    if (!hurd_lookup("/servers/shutdown", 0, 0, &node))
        attempt("shutdown_shutdown", shutdown_shutdown(node));
}

static void try_node(const char *path)
{
    file_t node = open_bare(path);
    mach_port_t control = MACH_PORT_NULL, ports_room[8], *ports = ports_room;
    int ints_room[64], *ints = ints_room;
    loff_t offsets_room[64], *offsets = offsets_room;
    char room[512], text[100], *data = room, program[] = "/hurd/null";
    mach_msg_type_number_t n[4] = {8, 64, 64, sizeof room};
    uid_t root = 0;
    file_t more = MACH_PORT_NULL;

#define TRY(call, args)                                                        \
    do {                                                                       \
        snprintf(text, sizeof text, "%s of %s", #call, path);                  \
        attempt(text, call args);                                              \
    } while (0)
    TRY(file_getcontrol, (node, &control));
    TRY(file_get_translator_cntl, (node, &control));
    TRY(file_chmod, (node, 0777));
    TRY(file_chown, (node, 65534, -1));
    TRY(file_chauthor, (node, 65534));
    TRY(file_chflags, (node, 0));
    TRY(file_set_size, (node, 0));
    TRY(file_set_translator,
        (node, FS_TRANS_SET | FS_TRANS_FORCE, 0, 0, program, sizeof program,
         MACH_PORT_NULL, MACH_MSG_TYPE_COPY_SEND));
    TRY(file_set_translator, (node, 0, FS_TRANS_SET, 0, NULL, 0, make_port(),
                              MACH_MSG_TYPE_COPY_SEND));
    TRY(file_get_storage_info,
        (node, &ports, &n[0], &ints, &n[1], &offsets, &n[2], &data, &n[3]));
    if (!io_restrict_auth(node, &more, &root, 1, &root, 1))
        TRY(file_getcontrol, (more, &control));
#undef TRY
}

void part_calls(char **argv)
{
    static const char *const nodes[] = {"/",
                                        "/etc/passwd",
                                        "/bin/busybox",
                                        "/servers/startup",
                                        "/servers/exec",
                                        "/servers/socket/1",
                                        "/dev/null",
                                        "/dev/console",
                                        "/dev/disk",
                                        "/dev/hd0",
                                        "/proc/version",
                                        "/servers/bus/pci",
                                        NULL};

    try_proc();
    try_auth();
    try_startup();
    try_exec();
    try_devices();
    try_machine();
    for (int i = 0; nodes[i]; i++)
        if (strcmp(nodes[i], "/servers/startup") != 0)
            try_node(nodes[i]);
}

/* --- a file that is not open -------------------------------------------------- */

static struct {
    mach_port_t object;
    vm_prot_t prot;
    const char *want;
    volatile int seen; /* 1: no, 2: yes */
} look;

static void *look_through(void *unused)
{
    vm_address_t at = 0;
    error_t err =
        vm_map(mach_task_self(), &at, vm_page_size, 0, TRUE, look.object, 0,
               FALSE, look.prot, look.prot, VM_INHERIT_NONE);

    if (!err && look.prot & VM_PROT_WRITE)
        *(volatile char *)at = *look.want;
    look.seen =
        !err && !memcmp((char *)at, look.want, strlen(look.want)) ? 2 : 1;
    return NULL;
}

/* Whether OBJECT, mapped for PROT, shows WANT; a fault may never be served. */
static boolean_t shows(mach_port_t object, vm_prot_t prot, const char *want)
{
    pthread_t thread;

    look.object = object;
    look.prot = prot;
    look.want = want;
    look.seen = 0;
    if (pthread_create(&thread, NULL, look_through, NULL))
        return FALSE;
    for (int i = 0; i < 20 && !look.seen; i++)
        usleep(50000);
    return look.seen == 2;
}

void part_identity(char **argv)
{
    file_t file = argv[0] ? open_bare(argv[0]) : MACH_PORT_NULL;
    mach_port_t id = MACH_PORT_NULL, fsid = MACH_PORT_NULL;
    mach_port_t reader = MACH_PORT_NULL, writer = MACH_PORT_NULL;
    ino64_t number;

    attempt("io_map of what is not open", io_map(file, &reader, &writer));
    must("io_identity", !io_identity(file, &id, &fsid, &number));
    must("it cannot be mapped", !shows(id, VM_PROT_READ, "topsecret"));
    must("nor written", !shows(id, VM_PROT_READ | VM_PROT_WRITE, "Topsecret"));
    must("nor the file system's", !shows(fsid, VM_PROT_READ, "topsecret"));
}

/* --- translators that root set ------------------------------------------------ */

void part_control(char **argv)
{
    file_t node = MACH_PORT_NULL, root = MACH_PORT_NULL;
    mach_port_t control = MACH_PORT_NULL, host = MACH_PORT_NULL, device, task;
    uid_t id = 0;
    retry_type retry;
    string_t name;
    char readonly[] = "--readonly";
    error_t err = hurd_lookup(argv[0], HO_NOTRANS, 0, &node);

    must("the node is there", !err);
    err = file_get_translator_cntl(node, &control);
    if (err) {
        printf("held its control port: %s\n", mach_error_string(err));
        return;
    }
    attempt("fsys_getpriv", fsys_getpriv(control, &host, &device, &task));
    attempt("fsys_init",
            fsys_init(control, getproc(), MACH_MSG_TYPE_COPY_SEND, getauth()));
    attempt("fsys_getroot as root",
            fsys_getroot(control, MACH_PORT_NULL, MACH_MSG_TYPE_COPY_SEND, &id,
                         1, &id, 1, 0, &retry, name, &root));
    attempt("fsys_set_options",
            fsys_set_options(control, readonly, sizeof readonly, 0));
}

/* --- a terminal ------------------------------------------------------------------ */

static void try_ctty(mach_port_t ctty)
{
    io_t tty = MACH_PORT_NULL;
    int modes = 0;

    if (termctty_open_terminal(ctty, HO_READ | HO_WRITE, &tty)) {
        must("it opens no terminal", TRUE);
        return;
    }
    io_get_openmodes(tty, &modes);
    must("it opens no terminal", !(modes & (HO_READ | HO_WRITE)));
    attempt("chmod by the terminal", file_chmod(tty, 0666));
    attempt("chown by the terminal", file_chown(tty, 65534, -1));
    attempt("a translator by the terminal",
            file_set_translator(tty, FS_TRANS_SET | FS_TRANS_FORCE, 0, 0,
                                "/hurd/null", sizeof "/hurd/null",
                                MACH_PORT_NULL, MACH_MSG_TYPE_COPY_SEND));
}

void part_terminal(char **argv)
{
    file_t tty = open_bare(argv[0]);
    mach_port_t ctty = MACH_PORT_NULL, raw = MACH_PORT_NULL;
    struct hurd_winsize size = {1, 1, 0, 0};

    attempt("term_getctty", term_getctty(tty, &ctty));
    if (ctty)
        try_ctty(ctty);
    ctty = MACH_PORT_NULL;
    attempt("io_get_icky_async_id", io_get_icky_async_id(tty, &ctty));
    if (ctty)
        try_ctty(ctty);
    attempt("term_open_ctty", term_open_ctty(tty, getpid(), getpid(), &raw));
    attempt("io_mod_owner", io_mod_owner(tty, -getpid()));
    attempt("tiocspgrp", tioctl_tiocspgrp(tty, getpid()));
    attempt("tiocsti", tioctl_tiocsti(tty, 'x'));
    attempt("tiocswinsz", tioctl_tiocswinsz(tty, size));
    attempt("tiocstop", tioctl_tiocstop(tty));
    attempt("tiocexcl", tioctl_tiocexcl(tty));
}

/* --- what a program of the user's finds in its own task ---------------------------- */

static boolean_t is_roots_handle(mach_port_t port)
{
    uid_t room[4][32], *ids[4] = {room[0], room[1], room[2], room[3]};
    mach_msg_type_number_t n[4] = {32, 32, 32, 32};

    if (auth_getids(port, &ids[0], &n[0], &ids[1], &n[1], &ids[2], &n[2],
                    &ids[3], &n[3]))
        return FALSE;
    for (unsigned i = 0; i < n[0] + n[1]; i++)
        if ((i < n[0] ? ids[0][i] : ids[1][i - n[0]]) == 0)
            return TRUE;
    return FALSE;
}

static boolean_t is_roots_dir(mach_port_t port)
{
    retry_type retry;
    string_t name, path = "etc/root-only";
    mach_port_t file = MACH_PORT_NULL;
    int allowed = 0;

    if (!dir_lookup(port, path, HO_READ, 0, &retry, name, &file))
        return TRUE;
    return !file_getcontrol(port, &file) ||
           (!file_check_access(port, &allowed) && file == MACH_PORT_DEAD);
}

static boolean_t is_foreign_task(mach_port_t port)
{
    mach_port_t *names;
    mach_port_type_t *types;
    mach_msg_type_number_t n = 0, m = 0;

    return port != mach_task_self() &&
           !mach_port_names(port, &names, &n, &types, &m);
}

static void look_at(mach_port_t name)
{
    mach_port_t host = MACH_PORT_NULL, device, *cpus;
    mach_msg_type_number_t n = 0;
    dev_name_t console = "console";
    uid_t root = 0;
    retry_type retry;
    string_t path;

    if (is_roots_handle(name))
        printf("BROKE name %u is a handle of root's\n", name);
    if (!proc_getprivports(name, &host, &device))
        printf("BROKE name %u is a process port of root's\n", name);
    if (is_roots_dir(name))
        printf("BROKE name %u is an open file of root's\n", name);
    if (is_foreign_task(name))
        printf("BROKE name %u is another task\n", name);
    if (!device_open(name, D_READ, console, &device))
        printf("BROKE name %u is a device master\n", name);
    if (!host_processors(name, &cpus, &n))
        printf("BROKE name %u is the privileged host port\n", name);
    if (!fsys_getpriv(name, &host, &device, &device))
        printf("BROKE name %u is a server's that has privileged ports\n", name);
    if (!fsys_getroot(name, MACH_PORT_NULL, MACH_MSG_TYPE_COPY_SEND, &root, 1,
                      &root, 1, 0, &retry, path, &device))
        printf("BROKE name %u is a control port\n", name);
}

void part_space(char **argv)
{
    mach_port_t *names;
    mach_port_type_t *types;
    mach_msg_type_number_t n = 0, m = 0;
    unsigned looked_at = 0;

    must("the names",
         !mach_port_names(mach_task_self(), &names, &n, &types, &m));
    for (unsigned i = 0; i < n; i++) {
        /* What this task receives itself would never answer. */
        if (!(types[i] & MACH_PORT_TYPE_SEND) ||
            types[i] & MACH_PORT_TYPE_RECEIVE)
            continue;
        look_at(names[i]);
        looked_at++;
    }
    printf("held %u names were looked at\n", looked_at);
}

/* --- somebody who is nobody in particular --------------------------------------------- */

/* A handle without ids can be made by all: what such a one creates must not be
 * root's, least of all a program. */
void part_no_ids(char **argv)
{
    auth_t none = MACH_PORT_NULL;
    io_t dir = MACH_PORT_NULL, file = MACH_PORT_NULL;
    mach_port_t tmp = open_bare("/tmp");
    retry_type retry;
    string_t name, path = "no-ids";
    io_statbuf_t st = {0};
    error_t err = auth_makeauth(getauth(), NULL, MACH_MSG_TYPE_COPY_SEND, 0,
                                NULL, 0, NULL, 0, NULL, 0, NULL, 0, &none);

    must("a handle without ids", !err);
    err = hurd_reauthenticate(tmp, none, &dir);
    if (!err)
        err = dir_lookup(dir, path, HO_CREAT | HO_WRITE, 06777, &retry, name,
                         &file);
    if (err) {
        must("it makes no file", TRUE);
        return;
    }
    io_stat(file, &st);
    must("the file is not root's", st.st_uid != 0 && st.st_gid != 0);
    must("and no set-id program", !(st.st_mode & (HS_ISUID | HS_ISGID)));
}
