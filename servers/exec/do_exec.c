/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/exec/do_exec.c: a task becomes the program. */

#include <exec/exec.h>
#include <hurd/auth.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <hurd/signal.h>
#include <mach/machine/thread_status.h>
#include <mach/thread_status.h>
#include <stdlib.h>
#include <string.h>

#define IDS_ROOM         64
#define STACK_SIZE       (8ul << 20)
#define PROGRAM_BASE     0x555555554000ul
#define INTERP_BASE      0x7fe000000000ul
#define PERSONALITY_BASE 0x7fee00000000ul

/* Where to look for room for the stack, highest first. */
static const vm_address_t stack_tops[] = {0x7ffffffff000ul, 0x7ff000000000ul,
                                          0x7fefff000000ul, 0x7f0000000000ul};

/* What runs in the task: the program; what starts it (interpreter); what
 * answers its system calls (personality). */
struct images {
    struct image program, interp, personality;
    file_t interp_file; /* send right */
    boolean_t has_interp, has_personality;
};

/* The personality is opened once, for all programs; its file and memory object
 * are kept. */
static struct image personality;
static pthread_mutex_t personality_lock = PTHREAD_MUTEX_INITIALIZER;

static error_t open_personality(struct image *image)
{
    file_t file;
    error_t err = 0;

    pthread_mutex_lock(&personality_lock);
    if (personality.file == MACH_PORT_NULL) {
        err = hurd_lookup(PERSONALITY, HO_READ, 0, &file);
        if (!err) {
            err = image_open(&personality, file);
            if (err) {
                personality.file = MACH_PORT_NULL;
                mach_port_drop(file);
            }
        }
    }
    *image = personality;
    pthread_mutex_unlock(&personality_lock);
    if (err)
        mach_complain(err, "%s", PERSONALITY);
    else
        mach_port_ref_send(image->memobj, 1);
    return err;
}

/* Callers without a root get the standard one; and those who start a program of
 * more rights, or they could have it run what they like. */
static error_t open_interp(const struct request *rq, struct images *im)
{
    mach_port_t ports[INIT_PORT_MAX] = {0}, std = MACH_PORT_NULL;

    for (unsigned i = 0; i < rq->port_count && i < INIT_PORT_MAX; i++)
        ports[i] = rq->ports[i];
    if (rq->flags & EXEC_SECURE && im->program.interp[0] != '/')
        return HURD_EACCES;
    if (rq->flags & EXEC_SECURE || ports[INIT_PORT_CRDIR] == MACH_PORT_NULL)
        ports[INIT_PORT_CRDIR] = std = std_port(INIT_PORT_CRDIR);
    error_t err =
        hurd_lookup_as(ports, im->program.interp, HO_READ, 0, &im->interp_file);
    mach_port_drop(std);
    if (!err)
        err = image_open(&im->interp, im->interp_file);
    im->has_interp = !err;
    return err;
}

static error_t open_images(const struct request *rq, struct images *im)
{
    error_t err = image_open(&im->program, rq->file);

    if (err)
        return err;
    if (im->program.interp[0])
        err = open_interp(rq, im);
    if (!err && !im->program.is_hurd) {
        err = open_personality(&im->personality);
        im->has_personality = !err;
    }
    return err;
}

static void close_images(struct images *im)
{
    image_close(&im->program);
    image_close(&im->interp);
    image_close(&im->personality);
    mach_port_drop(im->interp_file);
}

static error_t end_threads(task_t task)
{
    thread_array_t threads;
    mach_msg_type_number_t n;
    error_t err = task_threads(task, &threads, &n);

    if (err)
        return err;
    for (unsigned i = 0; i < n; i++) {
        thread_terminate(threads[i]);
        mach_port_drop(threads[i]);
    }
    if (n)
        vm_deallocate(mach_task_self(), (vm_address_t)threads,
                      n * sizeof *threads);
    return 0;
}

/* Memory, threads and unwanted ports go.  There is no way back from here. */
static error_t empty_task(const struct request *rq, task_t task)
{
    error_t err = end_threads(task);

    if (!err)
        err = vm_deallocate(task, VM_MIN_ADDRESS,
                            VM_MAX_ADDRESS - VM_MIN_ADDRESS);
    for (unsigned i = 0; !err && i < rq->dealloc_count; i++)
        mach_port_deallocate(task, rq->deallocs[i]);
    for (unsigned i = 0; !err && i < rq->destroy_count; i++)
        mach_port_destroy(task, rq->destroys[i]);
    return err;
}

/* The program and its interpreter share it.  A Linux program's is the
 * personality's business. */
static boolean_t wants_executable_stack(const struct images *im)
{
    return !im->has_personality && (im->program.exec_stack ||
                                    (im->has_interp && im->interp.exec_stack));
}

static error_t make_stack(task_t task, boolean_t executable,
                          struct bootinfo *boot)
{
    vm_prot_t prot =
        VM_PROT_READ | VM_PROT_WRITE | (executable ? VM_PROT_EXECUTE : 0);
    error_t err = KERN_NO_SPACE;

    boot->stack_size = STACK_SIZE;
    for (unsigned i = 0; err && i < sizeof stack_tops / sizeof *stack_tops;
         i++) {
        boot->stack_base = stack_tops[i] - STACK_SIZE;
        err = vm_map(task, &boot->stack_base, STACK_SIZE, 0, FALSE,
                     MACH_PORT_NULL, 0, FALSE, prot, VM_PROT_ALL,
                     VM_INHERIT_COPY);
    }
    return err;
}

static error_t load(task_t task, struct images *im, struct bootinfo *boot)
{
    vm_address_t zero = 0;
    error_t err;

    /* Null pointers shall fault. */
    err = vm_map(task, &zero, vm_page_size, 0, FALSE, MACH_PORT_NULL, 0, TRUE,
                 VM_PROT_NONE, VM_PROT_NONE, VM_INHERIT_COPY);
    if (!err)
        err = image_load(&im->program, task, PROGRAM_BASE);
    if (!err && im->has_interp)
        err = image_load(&im->interp, task, INTERP_BASE);
    if (!err && im->has_personality)
        err = image_load(&im->personality, task, PERSONALITY_BASE);
    if (!err)
        err = make_stack(task, wants_executable_stack(im), boot);
    boot->user_entry = im->program.entry;
    boot->phdr_addr = im->program.phdr_addr;
    boot->phdr_size = im->program.ehdr.e_phnum * sizeof(Elf64_Phdr);
    return err;
}

static error_t make_thread(task_t task, const struct images *im,
                           const struct bootinfo *boot, thread_t *thread)
{
    struct i386_thread_state state = {0};
    error_t err = thread_create(task, thread);

    if (err)
        return err;
    state.ursp = boot->stack_base + boot->stack_size - 16;
    if (im->has_personality) {
        /* It finds the interpreter in rdi (entry) and rsi (base). */
        state.rip = im->personality.entry;
        if (im->has_interp) {
            state.rdi = im->interp.entry;
            state.rsi = im->interp.base;
        }
    } else {
        state.rip = im->has_interp ? im->interp.entry : im->program.entry;
    }
    return thread_set_state(*thread, i386_THREAD_STATE, (thread_state_t)&state,
                            i386_THREAD_STATE_COUNT);
}

static void set_task_name(task_t task, const struct bootinfo *boot)
{
    kernel_debug_name_t name;

    if (boot->argv_size == 0)
        return;
    mig_strncpy(name, boot->argv, sizeof name);
    task_set_name(task, name);
}

/* Tells proc about the program; there may be no proc yet. */
static error_t tell_proc(const struct request *rq, task_t task,
                         const struct images *im, struct bootinfo *boot)
{
    mach_port_t proc = boot->portarray[INIT_PORT_PROC];
    error_t err;

    set_task_name(task, boot);
    if (proc == MACH_PORT_NULL)
        return 0;
    err = proc_set_code(proc, im->program.start_code, im->program.end_code);
    if (!err && rq->abspath[0]) {
        string_t path;
        mig_strncpy(path, rq->abspath, sizeof path);
        proc_set_exe(proc, path);
    }
    if (!err)
        proc_set_entry(proc, im->program.entry);
    return err;
}

/* Who has the new rights also has the process: its starter, who has had it so
 * far, must not get its task by way of it. */
static error_t set_owner(struct bootinfo *boot)
{
    uid_t room[4][IDS_ROOM], *ids[4] = {room[0], room[1], room[2], room[3]};
    mach_msg_type_number_t n[4] = {IDS_ROOM, IDS_ROOM, IDS_ROOM, IDS_ROOM};
    error_t err = auth_getids(boot->portarray[INIT_PORT_AUTH], &ids[0], &n[0],
                              &ids[1], &n[1], &ids[2], &n[2], &ids[3], &n[3]);

    if (err)
        return err;
    err = n[0] ? proc_setowner(boot->portarray[INIT_PORT_PROC], ids[0][0], 0)
               : proc_setowner(boot->portarray[INIT_PORT_PROC], 0, 1);
    for (int i = 0; i < 4; i++)
        if (ids[i] != room[i])
            vm_deallocate(mach_task_self(), (vm_address_t)ids[i],
                          n[i] * sizeof *ids[i]);
    return err;
}

/* The new task takes the old one's place in proc, which ends the old one. */
static error_t replace_process(const struct request *rq, task_t task,
                               struct bootinfo *boot)
{
    boolean_t secure = (rq->flags & EXEC_SECURE) != 0;
    mach_port_t server = boot->portarray[INIT_PORT_PROC];
    mach_port_t proc, rend, new;
    error_t err;

    if (secure || server == MACH_PORT_NULL)
        server = procserver;
    if (server == MACH_PORT_NULL)
        return task_terminate(rq->oldtask);
    err = proc_task2proc(server, rq->oldtask, &proc);
    if (err)
        return err;
    rend = mach_reply_port();
    err =
        proc_reauthenticate_reassign(proc, rend, MACH_MSG_TYPE_MAKE_SEND, task);
    if (!err)
        err = auth_user_authenticate(boot->portarray[INIT_PORT_AUTH], rend,
                                     MACH_MSG_TYPE_MAKE_SEND, &new);
    mach_port_destroy_receive(rend);
    mach_port_drop(proc);
    if (!err)
        err = proc_reauthenticate_complete(new);
    if (!err) {
        mach_port_drop(boot->portarray[INIT_PORT_PROC]);
        boot->portarray[INIT_PORT_PROC] = new;
    }
    return !err && secure ? set_owner(boot) : err;
}

static error_t set_bootstrap(task_t task, struct bootinfo *boot)
{
    mach_port_t right = ports_get_send_right(boot);
    error_t err = task_set_bootstrap_port(task, right);

    mach_port_drop(right);
    return err;
}

static error_t run(const struct request *rq, struct images *im, task_t task,
                   struct bootinfo *boot)
{
    thread_t thread = MACH_PORT_NULL;
    error_t err = load(task, im, boot);

    if (!err)
        err = tell_proc(rq, task, im, boot);
    if (!err)
        err = make_thread(task, im, boot, &thread);
    if (!err && task != rq->oldtask && rq->oldtask != MACH_PORT_NULL)
        err = replace_process(rq, task, boot);
    if (!err)
        err = set_bootstrap(task, boot);
    mach_port_t proc = boot->portarray[INIT_PORT_PROC];
    if (!err && proc != MACH_PORT_NULL)
        proc_mark_exec(proc);
    if (!err && rq->flags & EXEC_SIGTRAP && !(rq->flags & EXEC_SECURE)) {
        /* Stopped before its first instruction, for a debugger. */
        if (proc != MACH_PORT_NULL)
            proc_mark_stop(proc, HSIGTRAP, 0);
    } else if (!err) {
        thread_resume(thread);
    }
    mach_port_drop(thread);
    return err;
}

static error_t run_in_task(const struct request *rq, struct images *im)
{
    boolean_t fresh = rq->oldtask == MACH_PORT_NULL ||
                      rq->flags & (EXEC_NEWTASK | EXEC_SECURE);
    boolean_t trashed = FALSE;
    struct bootinfo *boot = NULL;
    task_t task = rq->oldtask;
    error_t err = 0;

    if (fresh)
        err =
            task_create(rq->oldtask == MACH_PORT_NULL || rq->flags & EXEC_SECURE
                            ? mach_task_self()
                            : rq->oldtask,
                        FALSE, &task);
    if (err)
        return err;
    err = bootinfo_create(rq, task, &boot);
    if (!err && !fresh) {
        trashed = TRUE;
        err = empty_task(rq, task);
    }
    if (!err)
        err = run(rq, im, task, boot);
    if (boot)
        ports_port_deref(boot);
    if (err && (fresh || trashed))
        task_terminate(task);
    if (fresh)
        mach_port_drop(task);
    return err;
}

error_t do_exec(const struct request *rq)
{
    struct images *im;
    error_t err;

    if (!std_known() && rq->flags & (EXEC_SECURE | EXEC_DEFAULTS))
        return HURD_EIEIO;
    im = calloc(1, sizeof *im);
    if (!im)
        return HURD_ENOMEM;
    if (rq->oldtask != MACH_PORT_NULL && (err = task_suspend(rq->oldtask))) {
        free(im);
        return err;
    }
    err = open_images(rq, im);
    if (!err)
        err = run_in_task(rq, im);
    else if (err == HURD_ENOEXEC)
        err = exec_script(rq);
    close_images(im);
    free(im);
    /* Harmless if it has ended. */
    if (rq->oldtask != MACH_PORT_NULL)
        task_resume(rq->oldtask);
    return err;
}
