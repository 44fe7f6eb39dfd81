/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/host/world.c: a machine in an ordinary program: see host.h. */

#include "drivers/host/private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MEMORY_DEFAULT (64u << 20)
#define HANDLERS_MAX   32u
#define NS_PER_S       1000000000ull

struct host_world host_world = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Guarded by the machine's lock. */
static struct {
    pthread_cond_t changed;
    uint32_t levels; /* lines that are raised */
    bool stop, running;
    struct {
        unsigned line;
        void (*handler)(void *); /* NULL: free */
        void *arg;
    } handlers[HANDLERS_MAX];
    pthread_t thread;
} irq = {.changed = PTHREAD_COND_INITIALIZER};

void host_machine_lock(void)
{
    pthread_mutex_lock(&host_world.lock);
}

/* An access is over: what the machine left for later is done. */
void host_machine_unlock(void)
{
    if (host_world.run_wanted) {
        host_world.run_wanted = false;
        machine_run(host_world.machine);
    }
    pthread_mutex_unlock(&host_world.lock);
}

static void later(void *context)
{
    (void)context;
    host_world.run_wanted = true;
}

/* --- interrupts ----------------------------------------------------------- */

static void set_level(void *context, unsigned line, bool level)
{
    (void)context;
    irq.levels &= ~(1u << line);
    irq.levels |= (uint32_t)level << line;
    pthread_cond_broadcast(&irq.changed);
}

bool host_irq_add(unsigned line, void (*handler)(void *), void *arg)
{
    bool added = false;

    host_machine_lock();
    for (unsigned i = 0; !added && i < HANDLERS_MAX; i++) {
        if (irq.handlers[i].handler == NULL) {
            irq.handlers[i].line = line;
            irq.handlers[i].handler = handler;
            irq.handlers[i].arg = arg;
            added = true;
        }
    }
    pthread_cond_broadcast(&irq.changed);
    host_machine_unlock();
    return added;
}

void host_irq_remove(void (*handler)(void *), void *arg)
{
    host_machine_lock();
    for (unsigned i = 0; i < HANDLERS_MAX; i++) {
        if (irq.handlers[i].handler == handler && irq.handlers[i].arg == arg) {
            irq.handlers[i].handler = NULL;
        }
    }
    while (irq.running) {
        pthread_cond_wait(&irq.changed, &host_world.lock);
    }
    host_machine_unlock();
}

/* Lines that are raised and that somebody handles. */
static uint32_t pending(void)
{
    uint32_t handled = 0;

    for (unsigned i = 0; i < HANDLERS_MAX; i++) {
        if (irq.handlers[i].handler != NULL) {
            handled |= 1u << irq.handlers[i].line;
        }
    }
    return irq.levels & handled;
}

/* Under the lock, which is let go meanwhile. */
static void call_handlers(uint32_t lines)
{
    irq.running = true;
    for (unsigned i = 0; i < HANDLERS_MAX; i++) {
        void (*handler)(void *) = irq.handlers[i].handler;
        void *arg = irq.handlers[i].arg;

        if (handler != NULL && (lines >> irq.handlers[i].line & 1) != 0) {
            host_world.counts.interrupts++;
            host_machine_unlock();
            handler(arg);
            host_machine_lock();
        }
    }
    irq.running = false;
    pthread_cond_broadcast(&irq.changed);
}

static void *run(void *unused)
{
    (void)unused;
    host_machine_lock();
    while (!irq.stop) {
        uint32_t lines = pending();

        if (lines == 0) {
            pthread_cond_wait(&irq.changed, &host_world.lock);
        } else {
            call_handlers(lines);
        }
    }
    host_machine_unlock();
    return NULL;
}

/* --- what the machine stands on ------------------------------------------- */

static void *alloc(size_t size_bytes)
{
    return calloc(1, size_bytes);
}

/* The program is all there is, and the driver of every function. */
static bool dma_valid(void *context, unsigned slot, uint64_t phys,
                      uint64_t size_bytes, bool write)
{
    (void)context;
    (void)slot;
    (void)write;
    return host_memory_at(phys, size_bytes) != NULL;
}

static bool dma_read(void *context, unsigned slot, uint64_t phys, void *to,
                     size_t size)
{
    void *memory = host_memory_at(phys, size);

    (void)context;
    (void)slot;
    if (memory != NULL) {
        host_dma_copy(to, memory, size);
    }
    return memory != NULL;
}

static bool dma_write(void *context, unsigned slot, uint64_t phys,
                      const void *from, size_t size)
{
    void *memory = host_memory_at(phys, size);

    (void)context;
    (void)slot;
    if (memory != NULL) {
        host_dma_copy(memory, from, size);
    }
    return memory != NULL;
}

static uint64_t realtime_ns(void *context)
{
    struct timespec now;

    (void)context;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void power(void *context, bool reset)
{
    (void)context;
    (void)reset;
}

static void machine_log(void *context, unsigned slot, const char *text)
{
    (void)context;
    (void)slot;
    host_world.counts.logs++;
    fprintf(stderr, "machine: %s\n", text);
}

void hyp_log(const char *format, ...)
{
    va_list args;

    if (host_world.quiet) {
        return;
    }
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

/* --- start and stop ------------------------------------------------------- */

static struct machine *create(const struct host_config *config,
                              size_t memory_bytes)
{
    static const struct machine_host host = {
        .alloc = alloc,
        .free = free,
        .dma_valid = dma_valid,
        .dma_read = dma_read,
        .dma_write = dma_write,
        .irq = set_level,
        .block_submit = host_disk_submit,
        .block_abandon = host_disk_abandon,
        .later = later,
        .realtime_ns = realtime_ns,
        .power = power,
        .log = machine_log,
    };
    struct machine_controller *controllers =
        calloc(config->controller_count + 1, sizeof *controllers);
    struct machine_config machine = {config->controller_count, controllers,
                                     HOST_RAM_BASE + memory_bytes};
    struct machine *made;
    unsigned number = 0;

    if (controllers == NULL) {
        return NULL;
    }
    for (unsigned c = 0; c < config->controller_count; c++) {
        const struct host_controller *from = &config->controllers[c];

        controllers[c].kind = from->kind;
        controllers[c].disk_count = from->disk_count;
        for (unsigned i = 0; i < from->disk_count; i++) {
            struct machine_disk *disk = &controllers[c].disks[i];

            disk->number = number++;
            disk->sector_count = from->disks[i].sector_count;
            disk->read_only = from->disks[i].read_only;
            snprintf(disk->serial, sizeof disk->serial, "%s",
                     from->disks[i].serial != NULL ? from->disks[i].serial
                                                   : "HOST");
        }
    }
    made = machine_create(&host, &machine);
    free(controllers);
    return made;
}

int host_start(const struct host_config *config)
{
    size_t memory = config->memory_bytes != 0 ? config->memory_bytes
                                              : (size_t)MEMORY_DEFAULT;

    host_world.counts = (struct host_counts){0};
    host_world.quiet = config->quiet;
    irq.levels = 0;
    irq.stop = false;
    if (!host_memory_start(memory)) {
        return -1;
    }
    if (!host_disks_start(config)) {
        host_memory_stop();
        return -1;
    }
    host_machine_lock();
    host_world.machine = create(config, memory);
    host_machine_unlock();
    if (host_world.machine == NULL) {
        host_disks_stop();
        host_memory_stop();
        errno = ENOMEM;
        return -1;
    }
    pthread_create(&irq.thread, NULL, run, NULL);
    return 0;
}

void host_stop(void)
{
    host_machine_lock();
    irq.stop = true;
    pthread_cond_broadcast(&irq.changed);
    host_machine_unlock();
    pthread_join(irq.thread, NULL);
    host_disks_stop();
    machine_destroy(host_world.machine);
    host_world.machine = NULL;
    host_pci_stop();
    host_memory_stop();
}

void host_disk_unplug(unsigned disk)
{
    host_machine_lock();
    machine_disk_unplug(host_world.machine, disk);
    host_machine_unlock();
}
