/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/exec/bootinfo.c: what a program is told as it starts. */

#include <exec/exec.h>
#include <exec/exec_startup_S.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

bootinfo_t begin_using_bootinfo(mach_port_t port)
{
    return ports_lookup_port(port_bucket, port, bootinfo_class);
}

bootinfo_t begin_using_bootinfo_payload(uint64_t payload)
{
    return ports_lookup_payload(port_bucket, payload, bootinfo_class);
}

void end_using_bootinfo(bootinfo_t boot)
{
    if (boot)
        ports_port_deref(boot);
}

void bootinfo_clean(void *object)
{
    struct bootinfo *boot = object;

    for (unsigned i = 0; i < boot->dtable_count; i++)
        mach_port_drop(boot->dtable[i]);
    for (unsigned i = 0; i < boot->port_count; i++)
        mach_port_drop(boot->portarray[i]);
    free(boot->dtable);
    free(boot->portarray);
    free(boot->intarray);
    free(boot->argv);
    free(boot->envp);
}

/* With a NUL behind it, which DATA need not have. */
static char *copy(const char *data, size_t size)
{
    char *new = malloc(size + 1);

    if (!new)
        return NULL;
    if (size)
        memcpy(new, data, size);
    new[size] = 0;
    return new;
}

static mach_port_t *copy_rights(const mach_port_t *ports, unsigned count,
                                unsigned room)
{
    mach_port_t *new = calloc(room + 1, sizeof *new);

    for (unsigned i = 0; new &&i < count; i++) {
        new[i] = ports[i];
        if (MACH_PORT_VALID(ports[i]) && mach_port_ref_send(ports[i], 1))
            new[i] = MACH_PORT_NULL;
    }
    return new;
}

static const char origin[] = "LD_ORIGIN_PATH=";

static boolean_t is_origin(const char *string, size_t size)
{
    return size >= sizeof origin - 1 &&
           memcmp(string, origin, sizeof origin - 1) == 0;
}

/* The environment, with the program's directory for the dynamic linker's
 * $ORIGIN in front. */
static error_t copy_environment(const struct request *rq, struct bootinfo *boot)
{
    const char *slash = strrchr(rq->abspath, '/');
    size_t dir = slash == rq->abspath ? 1 : (size_t)(slash - rq->abspath);
    char *to;

    if (rq->abspath[0] != '/') {
        boot->envp = copy(rq->envp, rq->envp_size);
        boot->envp_size = rq->envp_size;
        return boot->envp ? 0 : HURD_ENOMEM;
    }
    boot->envp = to = malloc(sizeof origin + dir + rq->envp_size + 1);
    if (!to)
        return HURD_ENOMEM;
    to = stpcpy(to, origin);
    memcpy(to, rq->abspath, dir);
    to += dir;
    *to++ = 0;
    for (size_t i = 0; i < rq->envp_size;) {
        size_t n = strnlen(rq->envp + i, rq->envp_size - i) + 1;
        if (n > rq->envp_size - i)
            n = rq->envp_size - i;
        if (!is_origin(rq->envp + i, n)) {
            memcpy(to, rq->envp + i, n);
            to += n;
        }
        i += n;
    }
    boot->envp_size = to - boot->envp;
    return 0;
}

/* Puts a standard directory in place, as the program's user sees it. */
static error_t use_std_dir(struct bootinfo *boot, int which)
{
    mach_port_t std = std_port(which), new = MACH_PORT_NULL;
    mach_port_t auth = boot->portarray[INIT_PORT_AUTH];
    error_t err = 0;

    if (std != MACH_PORT_NULL && auth != MACH_PORT_NULL) {
        err = hurd_reauthenticate(std, auth, &new);
        mach_port_drop(std);
    } else {
        new = std;
    }
    if (err)
        return err;
    mach_port_drop(boot->portarray[which]);
    boot->portarray[which] = new;
    return 0;
}

static error_t use_proc(struct bootinfo *boot, process_t server, task_t task)
{
    mach_port_t new;
    error_t err = proc_task2proc(server, task, &new);

    if (err)
        return err;
    mach_port_drop(boot->portarray[INIT_PORT_PROC]);
    boot->portarray[INIT_PORT_PROC] = new;
    return 0;
}

/* Fills the slots that SECURE and DEFAULTS speak of, and the process port if
 * the program gets another task than the caller's. */
static error_t fill_in(const struct request *rq, struct bootinfo *boot,
                       task_t task)
{
    boolean_t secure = (rq->flags & EXEC_SECURE) != 0;
    boolean_t defaults = secure || rq->flags & EXEC_DEFAULTS;
    mach_port_t *ports = boot->portarray;
    error_t err = 0;

    if (ports[INIT_PORT_BOOTSTRAP] == MACH_PORT_NULL &&
        rq->oldtask != MACH_PORT_NULL)
        task_get_bootstrap_port(rq->oldtask, &ports[INIT_PORT_BOOTSTRAP]);
    /* The standard handle has no ids at all. */
    if (defaults && ports[INIT_PORT_AUTH] == MACH_PORT_NULL)
        ports[INIT_PORT_AUTH] = std_port(INIT_PORT_AUTH);
    if (secure || (defaults && ports[INIT_PORT_PROC] == MACH_PORT_NULL)) {
        if (procserver != MACH_PORT_NULL)
            err = use_proc(boot, procserver, task);
    } else if (task != rq->oldtask && rq->oldtask != MACH_PORT_NULL &&
               ports[INIT_PORT_PROC] != MACH_PORT_NULL) {
        err = use_proc(boot, ports[INIT_PORT_PROC], task);
    }
    if (!err &&
        (secure || (defaults && ports[INIT_PORT_CRDIR] == MACH_PORT_NULL)))
        err = use_std_dir(boot, INIT_PORT_CRDIR);
    if (!err && defaults && ports[INIT_PORT_CWDIR] == MACH_PORT_NULL)
        err = use_std_dir(boot, INIT_PORT_CWDIR);
    if (secure) {
        boot->intarray[INIT_UMASK] = std_int(INIT_UMASK);
        boot->intarray[INIT_TRACEMASK] = 0;
    }
    return err;
}

error_t bootinfo_create(const struct request *rq, task_t task,
                        struct bootinfo **result)
{
    struct bootinfo *boot;
    error_t err =
        ports_create_port(bootinfo_class, port_bucket, sizeof *boot, &boot);

    if (err)
        return err;
    boot->flags = rq->flags;
    boot->dtable_count = rq->dtable_count;
    boot->port_count =
        rq->port_count < INIT_PORT_MAX ? INIT_PORT_MAX : rq->port_count;
    boot->int_count =
        rq->int_count < INIT_INT_MAX ? INIT_INT_MAX : rq->int_count;
    boot->dtable = copy_rights(rq->dtable, rq->dtable_count, rq->dtable_count);
    boot->portarray = copy_rights(rq->ports, rq->port_count, boot->port_count);
    boot->intarray = calloc(boot->int_count, sizeof(int));
    boot->argv = copy(rq->argv, rq->argv_size);
    boot->argv_size = rq->argv_size;
    if (!boot->dtable || !boot->portarray || !boot->intarray || !boot->argv) {
        if (!boot->dtable)
            boot->dtable_count = 0;
        if (!boot->portarray)
            boot->port_count = 0;
        ports_port_deref(boot);
        return HURD_ENOMEM;
    }
    if (rq->int_count)
        memcpy(boot->intarray, rq->ints, rq->int_count * sizeof(int));
    err = copy_environment(rq, boot);
    if (!err)
        err = fill_in(rq, boot, task);
    if (err)
        ports_port_deref(boot);
    else
        *result = boot;
    return err;
}

/* An array of ours that MIG is to send: to be copied to where *OUT is, if so many
 * fit there. */
struct gift {
    const void *array;
    unsigned count, each; /* bytes of one */
    void **out;
    mach_msg_type_number_t *out_count;
    void *inside; /* where *OUT was */
};

static error_t give(struct gift *gift)
{
    size_t size = (size_t)gift->count * gift->each;

    gift->inside = *gift->out;
    if (gift->count > *gift->out_count) {
        vm_address_t room = 0;
        error_t err = vm_allocate(mach_task_self(), &room, size, TRUE);
        if (err)
            return err;
        *gift->out = (void *)room;
    }
    if (size)
        memcpy(*gift->out, gift->array, size);
    *gift->out_count = gift->count;
    return 0;
}

static error_t give_all(struct gift *gifts, unsigned count)
{
    unsigned given = 0;
    error_t err = 0;

    while (given < count && !(err = give(&gifts[given])))
        given++;
    while (err && given-- > 0)
        if (*gifts[given].out != gifts[given].inside)
            vm_deallocate(mach_task_self(), (vm_address_t)*gifts[given].out,
                          (vm_size_t)gifts[given].count * gifts[given].each);
    return err;
}

static pthread_mutex_t rights_lock = PTHREAD_MUTEX_INITIALIZER;

/* Whoever asks first gets the rights: to give one name away twice would be to
 * give away somebody else's reference. */
static void take_rights(struct bootinfo *boot, unsigned *dtable,
                        unsigned *ports)
{
    pthread_mutex_lock(&rights_lock);
    *dtable = boot->dtable_count;
    *ports = boot->port_count;
    boot->dtable_count = boot->port_count = 0;
    pthread_mutex_unlock(&rights_lock);
}

static void put_rights_back(struct bootinfo *boot, unsigned dtable,
                            unsigned ports)
{
    if (!dtable && !ports)
        return;
    pthread_mutex_lock(&rights_lock);
    boot->dtable_count = dtable;
    boot->port_count = ports;
    pthread_mutex_unlock(&rights_lock);
}

kern_return_t S_exec_startup_get_info(
    bootinfo_t boot, vm_address_t *user_entry, vm_address_t *phdr_addr,
    vm_size_t *phdr_size, vm_address_t *stack_base, vm_size_t *stack_size,
    int *flags, data_t *argv, mach_msg_type_number_t *argv_size, data_t *envp,
    mach_msg_type_number_t *envp_size, portarray_t *dtable,
    mach_msg_type_name_t *dtable_type, mach_msg_type_number_t *dtable_count,
    portarray_t *ports, mach_msg_type_name_t *ports_type,
    mach_msg_type_number_t *port_count, intarray_t *ints,
    mach_msg_type_number_t *int_count)
{
    unsigned dtable_taken, ports_taken;
    error_t err;

    if (!boot)
        return HURD_EOPNOTSUPP;
    *user_entry = boot->user_entry;
    *phdr_addr = boot->phdr_addr;
    *phdr_size = boot->phdr_size;
    *stack_base = boot->stack_base;
    *stack_size = boot->stack_size;
    *flags = boot->flags;
    take_rights(boot, &dtable_taken, &ports_taken);
    struct gift gifts[] = {
        {boot->argv, boot->argv_size, 1, (void **)argv, argv_size, NULL},
        {boot->envp, boot->envp_size, 1, (void **)envp, envp_size, NULL},
        {boot->intarray, boot->int_count, sizeof(int), (void **)ints, int_count,
         NULL},
        {boot->dtable, dtable_taken, sizeof(mach_port_t), (void **)dtable,
         dtable_count, NULL},
        {boot->portarray, ports_taken, sizeof(mach_port_t), (void **)ports,
         port_count, NULL},
    };
    err = give_all(gifts, sizeof gifts / sizeof *gifts);
    *dtable_type = *ports_type = MACH_MSG_TYPE_MOVE_SEND;
    if (err)
        put_rights_back(boot, dtable_taken, ports_taken);
    return err;
}
