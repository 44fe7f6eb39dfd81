/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/hurd/tarfs.c: the boot: exec first, then startup, then what startup
 * wants of a root file system. */

#include <argz.h>
#include <device/device.h>
#include <hurd/exec.h>
#include <hurd/fsys.h>
#include <hurd/fsys_reply.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <hurd/startup.h>
#include <ports/interrupt_S.h>
#include <ports/notify_S.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tarfs/exec_startup_S.h>
#include <tarfs/fs_S.h>
#include <tarfs/fsys_S.h>
#include <tarfs/io_S.h>
#include <tests/hurd/tarfs.h>

pthread_mutex_t fs_lock = PTHREAD_MUTEX_INITIALIZER;
struct node *root;
struct port_bucket *bucket;
struct port_class *protid_class;
mach_port_t exec_server;

static struct port_class *boot_class;
static struct port_info *bootinfo, *execboot;
static mach_port_t host_priv, device_master, console, exec_control, exec_task;
static mach_port_t root_port, startup_task;
static pthread_cond_t exec_started = PTHREAD_COND_INITIALIZER;
static const char *command_line = "";

static void protid_clean(void *object)
{
    struct protid *p = object;

    iohelp_free_iouser(p->user);
    if (__atomic_sub_fetch(&p->open->refs, 1, __ATOMIC_ACQ_REL) == 0)
        free(p->open);
}

/* --- the archive ---------------------------------------------------------- */

struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type;
    char target[100], magic[8], uname[32], gname[32], major[8], minor[8];
    char prefix[155];
};

static struct node *make_path(char *path, unsigned mode)
{
    struct node *dir = root;

    for (char *part = strtok(path, "/"); part;) {
        char *next = strtok(NULL, "/");
        if (strcmp(part, ".") != 0) {
            struct node *n = node_find(dir, part, strlen(part));
            if (!n)
                n = node_make(dir, part, next ? HS_IFDIR | 0755 : mode);
            dir = n;
        }
        part = next;
    }
    return dir;
}

static void add_entry(const struct header *h, char *data, int64_t size)
{
    char path[300];
    unsigned mode = strtoul(h->mode, NULL, 8) & 07777;

    snprintf(path, sizeof path, "%.155s%s%.100s", h->prefix,
             h->prefix[0] ? "/" : "", h->name);
    mode |= h->type == '5' ? HS_IFDIR : h->type == '2' ? HS_IFLNK : HS_IFREG;
    struct node *n = make_path(path, mode);
    n->mode = mode;
    if (h->type == '2')
        n->target = strndup(h->target, sizeof h->target);
    if (h->type == '0' || h->type == 0) {
        n->data = data;
        n->size = size;
    }
}

static void read_archive(const char *disk)
{
    dev_name_t name;
    mach_port_t device;
    char *archive = NULL;
    size_t have = 0, room = 64 << 20;

    mig_strncpy(name, disk, sizeof name);
    error_t err = device_open(device_master, D_READ, name, &device);
    if (err)
        mach_die(err, "%s", disk);
    archive = malloc(room);
    for (;;) {
        io_buf_ptr_t data;
        mach_msg_type_number_t n = 0;
        err = device_read(device, 0, have / 512, 1 << 20, &data, &n);
        if (err || n == 0 || have + n > room)
            break;
        memcpy(archive + have, data, n);
        vm_deallocate(mach_task_self(), (vm_address_t)data, n);
        have += n;
    }
    root = node_make(NULL, "", HS_IFDIR | 0755);
    for (size_t at = 0; at + 512 <= have && archive[at];) {
        struct header *h = (void *)(archive + at);
        int64_t size = strtoull(h->size, NULL, 8);
        add_entry(h, archive + at + 512, size);
        at += 512 + ((size + 511) & ~511l);
    }
}

/* --- boot ----------------------------------------------------------------- */

kern_return_t S_exec_startup_get_info(
    mach_port_t port, vm_address_t *entry, vm_address_t *phdr,
    vm_size_t *phdr_size, vm_address_t *stack_base, vm_size_t *stack_size,
    int *flags, data_t *argv, mach_msg_type_number_t *argv_size, data_t *envp,
    mach_msg_type_number_t *envp_size, portarray_t *fds,
    mach_msg_type_name_t *fds_type, mach_msg_type_number_t *nfds,
    portarray_t *ports, mach_msg_type_name_t *ports_type,
    mach_msg_type_number_t *nports, intarray_t *ints,
    mach_msg_type_number_t *nints)
{
    if (port != execboot->port_right)
        return MIG_BAD_ID;
    *entry = *phdr = *phdr_size = *stack_base = *stack_size = 0;
    *flags = EXEC_STACK_ARGS;
    *argv_size = *envp_size = *nints = 0;
    for (int i = 0; i < 3; i++)
        (*fds)[i] = console;
    *nfds = 3;
    *fds_type = MACH_MSG_TYPE_COPY_SEND;
    memset(*ports, 0, INIT_PORT_MAX * sizeof **ports);
    (*ports)[INIT_PORT_CWDIR] = (*ports)[INIT_PORT_CRDIR] = root_port;
    (*ports)[INIT_PORT_BOOTSTRAP] = ports_get_send_right(execboot);
    *nports = INIT_PORT_MAX;
    *ports_type = MACH_MSG_TYPE_COPY_SEND;
    return 0;
}

kern_return_t S_fsys_startup(mach_port_t port, int flags, mach_port_t control,
                             mach_port_t *node, mach_msg_type_name_t *type)
{
    struct protid *p;
    struct iouser *user;

    if (port != execboot->port_right)
        return HURD_EOPNOTSUPP;
    pthread_mutex_lock(&fs_lock);
    char path[] = "servers/exec";
    struct node *n = make_path(path, HS_IFREG | 0666);
    exec_control = control;
    pthread_cond_broadcast(&exec_started);
    pthread_mutex_unlock(&fs_lock);
    iohelp_create_simple_iouser(&user, 0, 0);
    protid_make(n, user, flags, NULL, &p);
    *node = ports_get_right(p);
    *type = MACH_MSG_TYPE_MAKE_SEND;
    ports_port_deref(p);
    return 0;
}

kern_return_t S_fsys_getpriv(mach_port_t port, mach_port_t *priv,
                             mach_msg_type_name_t *priv_type,
                             mach_port_t *device,
                             mach_msg_type_name_t *device_type,
                             mach_port_t *task, mach_msg_type_name_t *task_type)
{
    *priv = host_priv;
    *device = device_master;
    *task = mach_task_self();
    *priv_type = *device_type = *task_type = MACH_MSG_TYPE_COPY_SEND;
    return 0;
}

kern_return_t S_fsys_init(mach_port_t port, mach_port_t reply,
                          mach_msg_type_name_t reply_type, mach_port_t proc,
                          mach_port_t auth)
{
    mach_port_t execproc, ports[INIT_PORT_MAX] = {0};
    error_t err;

    /* Nobody may wait for what needs him. */
    fsys_init_reply(reply, reply_type, 0);
    err = proc_child(proc, exec_task);
    if (!err)
        err = proc_task2proc(proc, exec_task, &execproc);
    if (err)
        mach_complain(err, "exec's process");
    ports[INIT_PORT_PROC] = proc;
    ports[INIT_PORT_AUTH] = auth;
    hurd_become_process(ports, INIT_PORT_MAX);
    proc_mark_exec(execproc);
    err = exec_init(exec_server, auth, execproc, MACH_MSG_TYPE_COPY_SEND);
    if (err)
        mach_complain(err, "exec_init");
    hurd_set_privileged_ports(host_priv, device_master);
    err = hurd_mark_essential("tarfs");
    if (err)
        mach_complain(err, "startup_essential_task");
    return MIG_NO_REPLY;
}

static boolean_t demuxer(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mig_routine_t routine;

    if (!((routine = io_server_routine(in)) ||
          (routine = fs_server_routine(in)) ||
          (routine = fsys_server_routine(in)) ||
          (routine = exec_startup_server_routine(in)) ||
          (routine = ports_notify_server_routine(in)) ||
          (routine = interrupt_server_routine(in))))
        return FALSE;
    routine(in, out);
    return TRUE;
}

static void *serve(void *unused)
{
    for (;;)
        ports_manage_port_operations_multithread(bucket, demuxer, 30000, 0,
                                                 NULL);
    return NULL;
}

static mach_port_t root_right(void)
{
    struct protid *p;
    struct iouser *user;

    iohelp_create_simple_iouser(&user, 0, 0);
    protid_make(root, user, HO_READ | HO_EXEC, NULL, &p);
    mach_port_t right = ports_get_send_right(p);
    ports_port_deref(p);
    return right;
}

static void start_exec(void)
{
    retry_type retry;
    string_t name;

    mach_port_t boot = ports_get_send_right(execboot);
    task_set_bootstrap_port(exec_task, boot);
    task_resume(exec_task);
    pthread_mutex_lock(&fs_lock);
    while (!exec_control)
        pthread_cond_wait(&exec_started, &fs_lock);
    pthread_mutex_unlock(&fs_lock);
    error_t err = fsys_getroot(exec_control, root_port, MACH_MSG_TYPE_COPY_SEND,
                               NULL, 0, NULL, 0, 0, &retry, name, &exec_server);
    if (err)
        mach_die(err, "fsys_getroot of exec");
    char path[] = "servers/exec";
    struct node *n = make_path(path, HS_IFREG | 0666);
    pthread_mutex_lock(&fs_lock);
    fshelp_set_active(&n->box, exec_control, FALSE);
    pthread_mutex_unlock(&fs_lock);
}

static void start_startup(void)
{
    mach_port_t ports[INIT_PORT_MAX] = {
        [INIT_PORT_CWDIR] = root_port,
        [INIT_PORT_CRDIR] = root_port,
        [INIT_PORT_BOOTSTRAP] = ports_get_send_right(bootinfo),
    };
    mach_port_t fds[3] = {console, console, console};
    char *argz = NULL;
    size_t size = 0;
    file_t file;
    error_t err =
        hurd_lookup_under(root_port, "hurd/startup", HO_READ, 0, &file);

    if (!err)
        err = task_create(mach_task_self(), FALSE, &startup_task);
    argz_add(&argz, &size, "/hurd/startup");
    argz_add_sep(&argz, &size, command_line, ' ');
    if (!err)
        err = exec_exec(
            exec_server, file, MACH_MSG_TYPE_COPY_SEND, startup_task, 0, argz,
            size, NULL, 0, fds, MACH_MSG_TYPE_COPY_SEND, 3, ports,
            MACH_MSG_TYPE_COPY_SEND, INIT_PORT_MAX, NULL, 0, NULL, 0, NULL, 0);
    if (err)
        mach_die(err, "/hurd/startup");
}

static const char *option(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], name, strlen(name)) == 0)
            return argv[i] + strlen(name);
    mach_die(0, "needs %s", name);
}

int main(int argc, char **argv)
{
    dev_name_t console_name = "console";
    pthread_t thread;

    host_priv = strtoul(option(argc, argv, "--host-priv-port="), NULL, 10);
    device_master =
        strtoul(option(argc, argv, "--device-master-port="), NULL, 10);
    exec_task = strtoul(option(argc, argv, "--exec-server-task="), NULL, 10);
    command_line = option(argc, argv, "--multiboot-command-line=");
    device_open(device_master, D_READ | D_WRITE, console_name, &console);
    mach_set_console(console);
    mach_printf("tarfs");
    bucket = ports_create_bucket();
    protid_class = ports_create_class(protid_clean, NULL);
    boot_class = ports_create_class(NULL, NULL);
    ports_create_port(boot_class, bucket, sizeof *bootinfo, &bootinfo);
    ports_create_port(boot_class, bucket, sizeof *execboot, &execboot);
    read_archive("hd0");
    root_port = root_right();
    mach_port_ref_send(root_port, 1);
    hurd_set_port(INIT_PORT_CRDIR, root_port);
    mach_port_ref_send(root_port, 1);
    hurd_set_port(INIT_PORT_CWDIR, root_port);
    pthread_create(&thread, NULL, serve, NULL);
    start_exec();
    mach_printf(" exec");
    start_startup();
    pthread_join(thread, NULL);
}
