/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim.h"

#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS     256
#define TEXT_MAX    (1u << 20)
#define DISKS_MAX   4
#define EXTENTS_MAX 1024
#define START_NS    1000000000ul        /* monotonic */
#define EPOCH_NS    1700000000000000000 /* real time at START_NS */
#define PAGE        ((uint64_t)PLATFORM_PAGE_SIZE)

struct mapping {
    uint64_t address, phys;
    int prot;
    struct mapping *next;
};

struct platform_task {
    void *cookie;
    struct mapping *buckets[BUCKETS];
    struct platform_thread *threads;
    struct platform_times dead_times; /* of threads that have ended */
    struct platform_task *next;       /* of the dead */
};

struct request {
    unsigned disk;
    enum platform_disk_op op;
    uint64_t offset;
    struct platform_extent extents[EXTENTS_MAX];
    unsigned extent_count;
    void *cookie;
    struct request *next;
};

static struct {
    char *memory;
    uint64_t memory_size;
    long allocations;
    uint64_t mappings_max; /* 0: as many as Linux has */
    uint64_t now_ns, deadline_ns;
    char *console, *trace;
    size_t console_size, trace_size;
    struct {
        char *contents;
        uint64_t size;
        bool read_only;
        unsigned group;
    } disks[DISKS_MAX];
    unsigned disk_count;
    struct request *requests;
    struct platform_task *dead_tasks;
    struct platform_thread *dead_threads;
    bool exited;
    int exit_status;
    bool work_wanted, work_by_hand;
} sim;

static void bury(void);

void sim_start(uint64_t memory_bytes)
{
    memset(&sim, 0, sizeof sim);
    sim.memory_size = memory_bytes;
    sim.memory = aligned_alloc(PAGE, memory_bytes);
    memset(sim.memory, 0, memory_bytes);
    sim.console = calloc(1, TEXT_MAX);
    sim.now_ns = START_NS;
    sim.deadline_ns = UINT64_MAX;
}

/* With SIM_LEAKS in the environment each allocation knows where it was made. */
struct origin {
    void *memory, *frames[10];
    int depth;
    struct origin *next;
};

static struct origin *origins;

static void note_alloc(void *memory)
{
    struct origin *origin;

    if (getenv("SIM_LEAKS") != NULL) {
        origin = calloc(1, sizeof *origin);
        origin->memory = memory;
        origin->depth = backtrace(origin->frames, 10);
        origin->next = origins;
        origins = origin;
    }
}

static void note_free(void *memory)
{
    for (struct origin **at = &origins; *at != NULL; at = &(*at)->next) {
        if ((*at)->memory == memory) {
            struct origin *gone = *at;

            *at = gone->next;
            free(gone);
            return;
        }
    }
}

void sim_stop(void)
{
    if (sim.allocations != 0) {
        for (struct origin *o = origins; o != NULL; o = o->next) {
            fprintf(stderr, "leak:\n");
            backtrace_symbols_fd(o->frames, o->depth, 2);
        }
        fprintf(stderr, "sim: the kernel leaks %ld allocations\n",
                sim.allocations);
        abort();
    }
    bury();
    free(sim.memory);
    free(sim.console);
    free(sim.trace);
    memset(&sim, 0, sizeof sim);
}

/* --- host memory ------------------------------------------------------------------ */

void platform_host_limits(struct platform_limits *limits_out)
{
    *limits_out = (struct platform_limits){
        .tasks = 4000,
        .threads = 8000,
        .mappings = sim.mappings_max ? sim.mappings_max : 61000};
}

void *platform_alloc(size_t size)
{
    void *memory = calloc(1, size != 0 ? size : 1);

    sim.allocations += memory != NULL;
    note_alloc(memory);
    return memory;
}

void platform_free(void *memory)
{
    sim.allocations -= memory != NULL;
    note_free(memory);
    free(memory);
}

uint64_t platform_memory_size(void)
{
    return sim.memory_size;
}

void *platform_memory_base(void)
{
    return sim.memory;
}

void platform_memory_discard(uint64_t phys, uint64_t size)
{
    memset(sim.memory + phys, 0, size);
}

/* --- address spaces ------------------------------------------------------------------ */

uint64_t platform_address_limit(void)
{
    return SIM_ADDRESS_LIMIT;
}

int platform_task_create(struct platform_task **task_out, void *cookie)
{
    *task_out = calloc(1, sizeof **task_out);
    (*task_out)->cookie = cookie;
    return 0;
}

/* The dead are kept until the end, so that a test can still look at them. */
void platform_task_destroy(struct platform_task *task)
{
    struct mapping *m;

    while (task->threads != NULL) {
        platform_thread_destroy(task->threads);
    }
    for (unsigned i = 0; i < BUCKETS; i++) {
        while ((m = task->buckets[i]) != NULL) {
            task->buckets[i] = m->next;
            free(m);
        }
    }
    task->next = sim.dead_tasks;
    sim.dead_tasks = task;
}

static void bury(void)
{
    struct platform_thread *thread;
    struct platform_task *task;

    while ((thread = sim.dead_threads) != NULL) {
        sim.dead_threads = thread->next;
        free(thread);
    }
    while ((task = sim.dead_tasks) != NULL) {
        sim.dead_tasks = task->next;
        free(task);
    }
}

void platform_task_set_background(struct platform_task *task)
{
}

void platform_task_set_name(struct platform_task *task, const char *name)
{
}

static struct mapping **find(struct platform_task *task, uint64_t address)
{
    struct mapping **at = &task->buckets[(address / PAGE) % BUCKETS];

    while (*at != NULL && (*at)->address != address) {
        at = &(*at)->next;
    }
    return at;
}

void platform_task_map(struct platform_task *task, uint64_t address,
                       uint64_t phys, uint64_t size, int prot)
{
    for (uint64_t offset = 0; offset < size; offset += PAGE) {
        struct mapping **at = find(task, address + offset);

        if (*at == NULL) {
            *at = calloc(1, sizeof **at);
            (*at)->address = address + offset;
        }
        (*at)->phys = phys + offset;
        (*at)->prot = prot;
    }
    if (sim.mappings_max != 0 && sim_mapping_count(task) > sim.mappings_max) {
        fprintf(stderr, "sim: more mappings than the host lets a task have\n");
        abort();
    }
}

uint64_t sim_mapping_count(struct platform_task *task)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < BUCKETS; i++) {
        for (struct mapping *m = task->buckets[i]; m != NULL; m = m->next) {
            struct mapping *before = *find(task, m->address - PAGE);

            count += before == NULL || before->prot != m->prot ||
                     before->phys + PAGE != m->phys;
        }
    }
    return count;
}

void sim_limit_mappings(uint64_t count)
{
    sim.mappings_max = count;
}

void platform_task_unmap(struct platform_task *task, uint64_t address,
                         uint64_t size)
{
    for (unsigned i = 0; i < BUCKETS; i++) {
        struct mapping **at = &task->buckets[i], *m;

        while ((m = *at) != NULL) {
            if (m->address >= address && m->address - address < size) {
                *at = m->next;
                free(m);
            } else {
                at = &m->next;
            }
        }
    }
}

void platform_task_protect(struct platform_task *task, uint64_t address,
                           uint64_t size, int prot)
{
    for (uint64_t offset = 0; offset < size; offset += PAGE) {
        struct mapping **at = find(task, address + offset);

        if (*at != NULL) {
            (*at)->prot = prot;
        }
    }
}

void platform_task_sync(struct platform_task *task)
{
}

void platform_task_set_emulation(struct platform_task *task, unsigned first,
                                 unsigned count, uint64_t entry)
{
}

uint64_t platform_fast_entry(void)
{
    return 0;
}

int sim_mapping(struct platform_task *task, uint64_t address,
                uint64_t *phys_out)
{
    struct mapping *m = *find(task, address & ~(PAGE - 1));

    if (m == NULL) {
        return 0;
    }
    if (phys_out != NULL) {
        *phys_out = m->phys + address % PAGE;
    }
    return m->prot;
}

/* --- work that the kernel puts off ------------------------------------------------ */

void platform_work_wanted(void)
{
    sim.work_wanted = true;
}

void sim_work_automatic(bool automatic)
{
    sim.work_by_hand = !automatic;
}

bool sim_work(void)
{
    bool wanted = sim.work_wanted;

    sim.work_wanted = false;
    if (wanted) {
        kernel_work();
    }
    return wanted;
}

static void work_all(void)
{
    while (!sim.work_by_hand && sim_work()) {
        continue;
    }
}

/* --- threads ------------------------------------------------------------------------- */

int platform_thread_create(struct platform_task *task, void *cookie,
                           struct platform_thread **thread_out)
{
    struct platform_thread *thread = calloc(1, sizeof *thread);

    thread->task = task;
    thread->cookie = cookie;
    thread->next = task->threads;
    task->threads = thread;
    *thread_out = thread;
    return 0;
}

void platform_thread_destroy(struct platform_thread *thread)
{
    struct platform_thread **at = &thread->task->threads;

    while (*at != thread) {
        at = &(*at)->next;
    }
    *at = thread->next;
    thread->task->dead_times.user_ns += thread->times.user_ns;
    thread->task->dead_times.system_ns += thread->times.system_ns;
    thread->running = false;
    thread->next = sim.dead_threads;
    sim.dead_threads = thread;
}

static void must_be_held(const struct platform_thread *thread)
{
    if (thread->running) {
        fprintf(stderr, "sim: the kernel uses a thread that it let go\n");
        abort();
    }
}

void platform_thread_get_regs(struct platform_thread *thread,
                              struct platform_regs *regs)
{
    must_be_held(thread);
    *regs = thread->regs;
}

void platform_thread_set_regs(struct platform_thread *thread,
                              const struct platform_regs *regs)
{
    must_be_held(thread);
    thread->regs = *regs;
}

int platform_thread_get_fpu(struct platform_thread *thread, void *image,
                            size_t size)
{
    return -1;
}

int platform_thread_set_fpu(struct platform_thread *thread, const void *image,
                            size_t size)
{
    return -1;
}

void platform_thread_run(struct platform_thread *thread)
{
    must_be_held(thread);
    thread->running = true;
    thread->runs++;
}

void platform_thread_return(struct platform_thread *thread, uint64_t value)
{
    thread->regs.rax = value;
    platform_thread_run(thread);
}

/* A running thread comes in at its next trap or fault, or when the test says
 * so: by then it must not run on. */
void platform_thread_stop(struct platform_thread *thread)
{
    thread->stopping = true;
}

static bool enter(struct platform_thread *thread)
{
    if (!thread->running) {
        fprintf(stderr, "sim: the test uses a thread that the kernel has\n");
        abort();
    }
    thread->running = false;
    if (thread->stopping) {
        thread->stopping = false;
        kernel_thread_stopped(thread->cookie);
        return thread->running;
    }
    return true;
}

bool sim_trap(struct platform_thread *thread, int number,
              const uint64_t args[6], uint64_t *result)
{
    if (!enter(thread)) {
        return false;
    }
    thread->running = false;
    thread->regs.rax = (uint64_t)number;
    kernel_trap(thread->cookie, number, args);
    work_all();
    if (!thread->running) {
        return false;
    }
    *result = thread->regs.rax;
    return true;
}

bool sim_touch(struct platform_thread *thread, uint64_t address, int access)
{
    if (!enter(thread)) {
        return false;
    }
    thread->running = false;
    kernel_fault(thread->cookie, address, access);
    work_all();
    return thread->running;
}

static bool access_memory(struct platform_thread *thread, uint64_t address,
                          char *to, const char *from, size_t size)
{
    int access = to != NULL ? PLATFORM_PROT_READ : PLATFORM_PROT_WRITE;
    struct platform_task *task = thread->task;
    uint64_t phys;

    while (size != 0) {
        size_t chunk = PAGE - address % PAGE;

        if (chunk > size) {
            chunk = size;
        }
        if ((sim_mapping(task, address, &phys) & access) == 0) {
            if (!enter(thread)) {
                return false;
            }
            thread->running = false;
            kernel_fault(thread->cookie, address, access);
            work_all();
            if (!thread->running) {
                return false;
            }
            continue;
        }
        if (to != NULL) {
            memcpy(to, sim.memory + phys, chunk);
            to += chunk;
        } else {
            memcpy(sim.memory + phys, from, chunk);
            from += chunk;
        }
        address += chunk;
        size -= chunk;
    }
    return true;
}

bool sim_read(struct platform_thread *thread, uint64_t address, void *to,
              size_t size)
{
    return access_memory(thread, address, to, NULL, size);
}

bool sim_write(struct platform_thread *thread, uint64_t address,
               const void *from, size_t size)
{
    return access_memory(thread, address, NULL, from, size);
}

/* --- time ------------------------------------------------------------------------------- */

uint64_t platform_time_monotonic(void)
{
    return sim.now_ns;
}

uint64_t platform_time_spent(void)
{
    return sim.now_ns;
}

void platform_thread_times(struct platform_thread *thread,
                           struct platform_times *times_out)
{
    *times_out = thread->times;
}

void platform_task_times(struct platform_task *task,
                         struct platform_times *times_out)
{
    *times_out = task->dead_times;
    for (const struct platform_thread *thread = task->threads; thread;
         thread = thread->next) {
        times_out->user_ns += thread->times.user_ns;
        times_out->system_ns += thread->times.system_ns;
    }
}

uint64_t platform_time_realtime(void)
{
    return sim.now_ns - START_NS + EPOCH_NS;
}

void platform_timer_set(uint64_t deadline_ns)
{
    sim.deadline_ns = deadline_ns;
}

void sim_advance_ms(uint64_t ms)
{
    uint64_t until = sim.now_ns + ms * 1000000;

    while (sim.deadline_ns <= until) {
        if (sim.deadline_ns > sim.now_ns) {
            sim.now_ns = sim.deadline_ns;
        }
        sim.deadline_ns = UINT64_MAX;
        kernel_timer();
        work_all();
    }
    sim.now_ns = until;
}

/* --- console, trace, the end -------------------------------------------------------------- */

static void append(char *to, size_t *size, const char *text, size_t length)
{
    if (*size + length >= TEXT_MAX) {
        *size = 0;
    }
    memcpy(to + *size, text, length);
    *size += length;
    to[*size] = '\0';
}

void platform_console_write(const char *text, size_t size)
{
    append(sim.console, &sim.console_size, text, size);
}

void platform_console_size(unsigned *rows, unsigned *columns)
{
    *rows = 24;
    *columns = 80;
}

void platform_console_resume(void)
{
}

const char *sim_console(void)
{
    return sim.console;
}

void sim_console_clear(void)
{
    sim.console_size = 0;
    sim.console[0] = '\0';
}

void sim_trace_start(void)
{
    sim.trace = calloc(1, TEXT_MAX);
}

const char *sim_trace(void)
{
    return sim.trace;
}

bool platform_trace_enabled(void)
{
    return sim.trace != NULL;
}

void platform_trace_write(const char *text, size_t size)
{
    append(sim.trace, &sim.trace_size, text, size);
}

void platform_exit(int status)
{
    sim.exited = true;
    sim.exit_status = status;
}

bool sim_exited(int *status)
{
    if (status != NULL) {
        *status = sim.exit_status;
    }
    return sim.exited;
}

void platform_panic(const char *message)
{
    fprintf(stderr, "kernel panic: %s\n", message);
    abort();
}

/* --- disks ---------------------------------------------------------------------------------- */

unsigned sim_disk_add(void *contents, uint64_t size, bool read_only)
{
    sim.disks[sim.disk_count].contents = contents;
    sim.disks[sim.disk_count].size = size;
    sim.disks[sim.disk_count].read_only = read_only;
    return sim.disk_count++;
}

void sim_disk_set_group(unsigned disk, unsigned group)
{
    sim.disks[disk].group = group;
}

unsigned platform_disk_count(void)
{
    return sim.disk_count;
}

enum platform_disk_bus platform_disk_bus(unsigned disk, unsigned *group_out)
{
    *group_out = sim.disks[disk].group;
    return PLATFORM_BUS_AHCI;
}

uint64_t platform_disk_size(unsigned disk)
{
    return sim.disks[disk].size;
}

bool platform_disk_read_only(unsigned disk)
{
    return sim.disks[disk].read_only;
}

void platform_disk_submit(unsigned disk, enum platform_disk_op op,
                          uint64_t offset,
                          const struct platform_extent *extents,
                          unsigned extent_count, void *cookie)
{
    struct request **at = &sim.requests;
    struct request *request = calloc(1, sizeof *request);

    if (extent_count > EXTENTS_MAX) {
        abort();
    }
    request->disk = disk;
    request->op = op;
    request->offset = offset;
    memcpy(request->extents, extents, extent_count * sizeof *extents);
    request->extent_count = extent_count;
    request->cookie = cookie;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = request;
}

bool platform_disk_abandon(void *cookie)
{
    struct request **at = &sim.requests;

    while (*at != NULL && (*at)->cookie != cookie) {
        at = &(*at)->next;
    }
    struct request *request = *at;
    if (request == NULL) {
        return false;
    }
    *at = request->next;
    free(request);
    return true;
}

unsigned sim_disk_pending(void)
{
    unsigned n = 0;

    for (struct request *r = sim.requests; r != NULL; r = r->next) {
        n++;
    }
    return n;
}

void sim_disk_complete(int status)
{
    struct request *request = sim.requests;
    void *cookie = request->cookie;
    uint64_t offset = request->offset;

    sim.requests = request->next;
    for (unsigned i = 0; status >= 0 && i < request->extent_count; i++) {
        char *memory = sim.memory + request->extents[i].phys;
        char *disk = sim.disks[request->disk].contents + offset;
        uint64_t size = request->extents[i].size_bytes;

        if (offset + size > sim.disks[request->disk].size) {
            status = -1;
        } else if (request->op == PLATFORM_DISK_READ) {
            memcpy(memory, disk, size);
        } else if (request->op == PLATFORM_DISK_WRITE) {
            memcpy(disk, memory, size);
        }
        offset += size;
    }
    free(request);
    kernel_disk_done(cookie, status);
    work_all();
}
