/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/hurd/process.c: the ports that make a task a process. */

#include <hurd/io.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <hurd/startup.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/auxv.h>

static struct {
    pthread_mutex_t lock;
    const struct hurd_startup_info *info;
    mach_port_t ports[INIT_PORT_MAX]; /* send rights */
    int ints[INIT_INT_MAX];
    mach_port_t host_priv, device_master; /* send rights */
    char **argv, **envp;                  /* as main gets them */
} self = {.lock = PTHREAD_MUTEX_INITIALIZER};

__attribute__((constructor(102))) void hurd_init(void)
{
    struct hurd_startup_info *info;

    if (self.info)
        return;
    info = (void *)getauxval(AT_HURD_STARTUP);
    if (!info || info->version != HURD_STARTUP_INFO_VERSION)
        return;
    self.info = info;
    for (unsigned i = 0; i < info->portarray_count && i < INIT_PORT_MAX; i++)
        self.ports[i] = info->portarray[i];
    for (unsigned i = 0; i < info->intarray_count && i < INIT_INT_MAX; i++)
        self.ints[i] = info->intarray[i];
}

/* The C library hands constructors what it will hand to main. */
__attribute__((constructor(102))) static void
remember_arguments(int argc, char **argv, char **envp)
{
    self.argv = argv;
    self.envp = envp;
}

char **hurd_arguments(void)
{
    return self.argv;
}

const struct hurd_startup_info *hurd_startup(void)
{
    return self.info;
}

mach_port_t hurd_bootstrap_port(void)
{
    mach_port_t port = hurd_get_port(INIT_PORT_BOOTSTRAP);

    if (port == MACH_PORT_NULL)
        task_get_bootstrap_port(mach_task_self(), &port);
    return port;
}

mach_port_t hurd_get_port(int which)
{
    pthread_mutex_lock(&self.lock);
    mach_port_t port = self.ports[which];
    if (port != MACH_PORT_NULL && mach_port_ref_send(port, 1))
        port = MACH_PORT_NULL;
    pthread_mutex_unlock(&self.lock);
    return port;
}

void hurd_set_port(int which, mach_port_t port)
{
    pthread_mutex_lock(&self.lock);
    mach_port_t old = self.ports[which];
    self.ports[which] = port;
    pthread_mutex_unlock(&self.lock);
    mach_port_drop(old);
}

int hurd_get_int(int which)
{
    return self.ints[which];
}

int hurd_fd_count(void)
{
    return self.info ? (int)self.info->dtable_count : 0;
}

mach_port_t hurd_get_fd(int fd)
{
    if (fd < 0 || fd >= hurd_fd_count())
        return MACH_PORT_NULL;
    mach_port_t port = self.info->dtable[fd];
    return mach_port_ref_send(port, 1) ? MACH_PORT_NULL : port;
}

static void reauthenticate_slot(int which, auth_t auth)
{
    mach_port_t old = hurd_get_port(which), new;

    if (old != MACH_PORT_NULL && !hurd_reauthenticate(old, auth, &new))
        hurd_set_port(which, new);
    mach_port_drop(old);
}

error_t hurd_set_auth(auth_t auth)
{
    reauthenticate_slot(INIT_PORT_CRDIR, auth);
    reauthenticate_slot(INIT_PORT_CWDIR, auth);
    hurd_set_port(INIT_PORT_AUTH, auth);
    return 0;
}

error_t hurd_become_process(mach_port_t *ports, unsigned count)
{
    for (unsigned i = 0; i < count && i < INIT_PORT_MAX; i++)
        if (ports[i] != MACH_PORT_NULL)
            hurd_set_port(i, ports[i]);
    hurd_tell_arguments();
    return hurd_start_msgport();
}

void hurd_tell_arguments(void)
{
    mach_port_t proc = getproc();

    if (proc == MACH_PORT_NULL)
        return;
    proc_set_arg_locations(proc, (vm_address_t)self.argv,
                           (vm_address_t)self.envp);
    mach_port_drop(proc);
}

void hurd_set_privileged_ports(mach_port_t host_priv, mach_port_t device_master)
{
    self.host_priv = host_priv;
    self.device_master = device_master;
}

error_t get_privileged_ports(mach_port_t *host_priv, mach_port_t *device_master)
{
    mach_port_t host = self.host_priv, device = self.device_master;

    if (host != MACH_PORT_NULL || device != MACH_PORT_NULL) {
        mach_port_ref_send(host, 1);
        mach_port_ref_send(device, 1);
    } else {
        mach_port_t proc = getproc();
        if (proc == MACH_PORT_NULL)
            return HURD_EPERM;
        error_t err = proc_getprivports(proc, &host, &device);
        mach_port_drop(proc);
        if (err)
            return err;
    }
    if (host_priv)
        *host_priv = host;
    else
        mach_port_drop(host);
    if (device_master)
        *device_master = device;
    else
        mach_port_drop(device);
    return 0;
}

error_t hurd_make_child(task_t *task, process_t *child_proc)
{
    mach_port_t proc = getproc();
    error_t err = task_create(mach_task_self(), FALSE, task);

    if (err) {
        mach_port_drop(proc);
        return err;
    }
    if (proc != MACH_PORT_NULL)
        err = proc_child(proc, *task);
    if (!err && child_proc)
        err = proc_task2proc(proc, *task, child_proc);
    mach_port_drop(proc);
    if (err) {
        task_terminate(*task);
        mach_port_drop(*task);
    }
    return err;
}

error_t hurd_mark_essential(const char *name)
{
    mach_port_t startup, host_priv;
    error_t err = hurd_lookup(HURD_SERVERS_STARTUP, 0, 0, &startup);

    if (err)
        return err;
    err = get_privileged_ports(&host_priv, NULL);
    if (!err) {
        string_t text;
        mig_strncpy(text, name, sizeof text);
        err = startup_essential_task(startup, mach_task_self(), MACH_PORT_NULL,
                                     text, host_priv);
        mach_port_drop(host_priv);
    }
    mach_port_drop(startup);
    return err;
}

error_t hurd_register_version(const char *name)
{
    mach_port_t proc = getproc(), host_priv;
    string_t text, release, version;
    error_t err = get_privileged_ports(&host_priv, NULL);

    if (!err) {
        mig_strncpy(text, name, sizeof text);
        mig_strncpy(release, HURD_RELEASE, sizeof release);
        mig_strncpy(version, HURD_VERSION, sizeof version);
        err = proc_register_version(proc, host_priv, text, release, version);
        mach_port_drop(host_priv);
    }
    mach_port_drop(proc);
    return err;
}
