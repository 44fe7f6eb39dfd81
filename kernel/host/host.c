/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/host.h"
#include "mig/kobject.h"
#include "core/kernel.h"
#include "mig/types.h"
#include "task/task.h"
#include "task/thread.h"

#include <mach/host_info.h>
#include <mach/machine.h>

#include "mach_host_server.h"
#include "mach_i386_server.h"

#define NS_PER_S   1000000000l
#define NS_PER_US  1000l
#define QUANTUM_MS 10

/* host_reboot's bits, as in the Hurd's <sys/reboot.h>. */
#define RB_HALT     0x08
#define RB_DEBUGGER 0x1000

/* A clock is slewed by at most one part in 2^SLEW_SHIFT. */
#define SLEW_SHIFT 9

struct host the_host;
struct processor the_processor;
struct processor_set the_pset;

static struct {
    int64_t offset_ns;      /* our clock minus the platform's */
    int64_t slew_ns;        /* still to be added, in small steps */
    uint64_t slew_since_ns; /* monotonic time of the last step */
} the_clock;

void host_module_init(void)
{
    memset(&the_clock, 0, sizeof the_clock);
    the_host.port = ipc_port_alloc_kernel(IKOT_HOST, &the_host);
    the_host.priv_port = ipc_port_alloc_kernel(IKOT_HOST_PRIV, &the_host);
    the_processor.port = ipc_port_alloc_kernel(IKOT_PROCESSOR, &the_processor);
    the_pset.port = ipc_port_alloc_kernel(IKOT_PSET, &the_pset);
    the_pset.name_port = ipc_port_alloc_kernel(IKOT_PSET_NAME, &the_pset);
    the_pset.max_priority = 0;
}

void host_module_fini(void)
{
    ipc_port_dealloc_kernel(the_host.port);
    ipc_port_dealloc_kernel(the_host.priv_port);
    ipc_port_dealloc_kernel(the_processor.port);
    ipc_port_dealloc_kernel(the_pset.port);
    ipc_port_dealloc_kernel(the_pset.name_port);
}

struct ipc_port *host_send_right(void)
{
    return ipc_port_make_send(the_host.port);
}

bool host_is_privileged(struct ipc_space *space)
{
    return ipc_space_has_send(space, the_host.priv_port);
}

struct ipc_port *host_priv_send_right(void)
{
    return ipc_port_make_send(the_host.priv_port);
}

mach_port_t convert_host_to_port(host_t host)
{
    return (mach_port_t)host_send_right();
}

mach_port_t convert_processor_to_port(processor_t p)
{
    return (mach_port_t)ipc_port_make_send(p->port);
}

mach_port_t convert_pset_to_port(processor_set_t set)
{
    return (mach_port_t)ipc_port_make_send(set->port);
}

mach_port_t convert_pset_name_to_port(processor_set_t set)
{
    return (mach_port_t)ipc_port_make_send(set->name_port);
}

/* --- the clock -------------------------------------------------------------- */

/* Moves what is due of the slew into the offset. */
static void slew(void)
{
    uint64_t now_ns = platform_time_monotonic();
    int64_t step_ns = (now_ns - the_clock.slew_since_ns) >> SLEW_SHIFT;

    the_clock.slew_since_ns = now_ns;
    if (the_clock.slew_ns < 0) {
        step_ns = max_of(the_clock.slew_ns, -step_ns);
    } else {
        step_ns = min_of(the_clock.slew_ns, step_ns);
    }
    the_clock.offset_ns += step_ns;
    the_clock.slew_ns -= step_ns;
}

uint64_t host_clock_ns(void)
{
    if (the_clock.slew_ns != 0) {
        slew();
    }
    return platform_time_realtime() + the_clock.offset_ns;
}

static time_value64_t to_time64(int64_t ns)
{
    return (time_value64_t){ns / NS_PER_S, ns % NS_PER_S};
}

static time_value_t to_time(int64_t ns)
{
    return (time_value_t){ns / NS_PER_S, ns % NS_PER_S / NS_PER_US};
}

static int64_t from_time64(time_value64_t time)
{
    return time.seconds * NS_PER_S + time.nanoseconds;
}

static int64_t from_time(time_value_t time)
{
    return time.seconds * NS_PER_S + time.microseconds * NS_PER_US;
}

static kern_return_t set_clock(host_t host, int64_t ns)
{
    if (host == NULL) {
        return KERN_INVALID_HOST;
    }
    the_clock.slew_ns = 0;
    the_clock.offset_ns = ns - (int64_t)platform_time_realtime();
    return KERN_SUCCESS;
}

kern_return_t rpc_host_get_time(host_t host, time_value_t *time)
{
    if (host == NULL) {
        return KERN_INVALID_HOST;
    }
    *time = to_time(host_clock_ns());
    return KERN_SUCCESS;
}

kern_return_t rpc_host_get_time64(host_t host, time_value64_t *time)
{
    if (host == NULL) {
        return KERN_INVALID_HOST;
    }
    *time = to_time64(host_clock_ns());
    return KERN_SUCCESS;
}

kern_return_t rpc_host_get_uptime64(host_t host, time_value64_t *time)
{
    if (host == NULL) {
        return KERN_INVALID_HOST;
    }
    *time = to_time64(platform_time_monotonic());
    return KERN_SUCCESS;
}

kern_return_t rpc_host_set_time(host_t host, time_value_t time)
{
    return set_clock(host, from_time(time));
}

/* GNU Mach's interface takes any host port for this one.  The clock is everybody's
 * all the same, and the older call asks for the privileged port: so do we. */
kern_return_t rpc_host_set_time64(host_t host, time_value64_t time)
{
    if (ipc_kobject_type_of(ipc_request_port()) != IKOT_HOST_PRIV) {
        return KERN_INVALID_HOST;
    }
    return set_clock(host, from_time64(time));
}

kern_return_t rpc_host_adjust_time(host_t host, time_value_t adjustment,
                                   time_value_t *old)
{
    if (host == NULL) {
        return KERN_INVALID_HOST;
    }
    host_clock_ns();
    *old = to_time(the_clock.slew_ns);
    the_clock.slew_ns = from_time(adjustment);
    the_clock.slew_since_ns = platform_time_monotonic();
    return KERN_SUCCESS;
}

kern_return_t rpc_host_adjust_time64(host_t host, time_value64_t adjustment,
                                     time_value64_t *old)
{
    if (host == NULL) {
        return KERN_INVALID_HOST;
    }
    host_clock_ns();
    *old = to_time64(the_clock.slew_ns);
    if (adjustment.nanoseconds < NS_PER_S) { /* else it only asks */
        the_clock.slew_ns = from_time64(adjustment);
        the_clock.slew_since_ns = platform_time_monotonic();
    }
    return KERN_SUCCESS;
}

/* --- what the host is -------------------------------------------------------- */

static void fill_load(struct host_load_info *info)
{
    struct task_load load = task_load();

    for (int i = 0; i < 3; i++) {
        info->avenrun[i] = (integer_t)load.average[i];
        info->mach_factor[i] = (integer_t)load.mach_factor[i];
    }
}

kern_return_t rpc_host_info(host_t host, int flavor, host_info_t info,
                            mach_msg_type_number_t *count)
{
    if (host == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    switch (flavor) {
    case HOST_BASIC_INFO:
        if (*count < HOST_BASIC_INFO_COUNT) {
            return KERN_FAILURE;
        }
        *(struct host_basic_info *)(void *)info = (struct host_basic_info){
            .max_cpus = 1,
            .avail_cpus = 1,
            .memory_size = platform_memory_size(),
            .cpu_type = CPU_TYPE_X86_64,
            .cpu_subtype = CPU_SUBTYPE_AT386,
        };
        *count = HOST_BASIC_INFO_COUNT;
        return KERN_SUCCESS;
    case HOST_PROCESSOR_SLOTS:
        if (*count < 1) {
            return KERN_INVALID_ARGUMENT;
        }
        info[0] = 0;
        *count = 1;
        return KERN_SUCCESS;
    case HOST_SCHED_INFO:
        if (*count < HOST_SCHED_INFO_COUNT) {
            return KERN_FAILURE;
        }
        *(struct host_sched_info *)info = (struct host_sched_info){
            .min_timeout = 1, .min_quantum = QUANTUM_MS};
        *count = HOST_SCHED_INFO_COUNT;
        return KERN_SUCCESS;
    case HOST_LOAD_INFO:
        if (*count < HOST_LOAD_INFO_COUNT) {
            return KERN_FAILURE;
        }
        fill_load((struct host_load_info *)info);
        *count = HOST_LOAD_INFO_COUNT;
        return KERN_SUCCESS;
    default:
        return KERN_INVALID_ARGUMENT;
    }
}

kern_return_t rpc_host_get_kernel_version(host_t host, kernel_version_t version)
{
    if (host == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    ksnprintf(version, sizeof(kernel_version_t),
              "GNU Mach 1.8+HELL: Mach as a Linux process, x86_64");
    return KERN_SUCCESS;
}

kern_return_t rpc_host_reboot(host_t host, int options)
{
    if (host == NULL) {
        return KERN_INVALID_HOST;
    }
    /* Who asks for the debugger has found something wrong: there is none, but
     * the host's exit status tells. */
    if (options & (RB_HALT | RB_DEBUGGER))
        kernel_halt(options & RB_DEBUGGER ? 1 : 0, "The system is halted.");
    else
        kernel_reboot("The system is rebooting.");
    return KERN_SUCCESS;
}

kern_return_t rpc_i386_get_xstate_size(host_t host, vm_size_t *size)
{
    if (host == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    /* The header of flavor 8 and an FXSAVE image. */
    *size = 16 + 512;
    return KERN_SUCCESS;
}

kern_return_t rpc_thread_wire(host_t host, thread_t thread, boolean_t wired)
{
    if (host == NULL || thread == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    return KERN_SUCCESS; /* no thread here needs memory to go on */
}
