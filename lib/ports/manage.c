/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/ports/manage.c: the threads that serve a bucket. */

#include <ports/ports.h>
#include <malloc.h>
#include <stdlib.h>

#define STACK_SIZE (512 * 1024)

/* Threads come and go; a heap of its own for each costs more than sharing. */
__attribute__((constructor)) static void share_heaps(void)
{
    mallopt(M_ARENA_MAX, 2);
}

/* One per call of the manager. */
struct service {
    struct port_bucket *bucket;
    mach_msg_demuxer_t demuxer;
    void (*hook)(void);
    int thread_timeout, global_timeout;
    boolean_t single;
    pthread_mutex_t lock;
    int threads; /* all of them */
    int idle;    /* those that wait for a request */
};

static __thread struct service *my_service;

static void *run_helper(void *service);

/* The last idle thread is about to work: let another one listen. */
static void leave_idle(struct service *service)
{
    boolean_t more;

    pthread_mutex_lock(&service->lock);
    more = --service->idle == 0 && !service->single;
    if (more) {
        service->idle++;
        service->threads++;
    }
    pthread_mutex_unlock(&service->lock);
    if (!more)
        return;

    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    int err = pthread_create(&thread, &attr, run_helper, service);
    pthread_attr_destroy(&attr);
    if (err) {
        pthread_mutex_lock(&service->lock);
        service->idle--;
        service->threads--;
        pthread_mutex_unlock(&service->lock);
    }
}

static void enter_idle(struct service *service)
{
    pthread_mutex_lock(&service->lock);
    service->idle++;
    pthread_mutex_unlock(&service->lock);
}

/* --- notifications before what was sent later ------------------------------ */

/* A client that closed a port, or waited for a process to end, may ask about
 * what hangs on that at once; the notification, sent before, may be with
 * another thread still.  The kernel says with each message how many
 * notifications had left the set before. */

#define NOTICE_PATIENCE_S 5

static pthread_cond_t notice_served = PTHREAD_COND_INITIALIZER;

static boolean_t is_notice(const mach_msg_header_t *request)
{
    return request->msgh_id >= MACH_NOTIFY_FIRST &&
           request->msgh_id <= MACH_NOTIFY_LAST;
}

static void notice_done(struct port_bucket *bucket)
{
    pthread_mutex_lock(&_ports_lock);
    __atomic_add_fetch(&bucket->notices, 1, __ATOMIC_RELEASE);
    pthread_cond_broadcast(&notice_served);
    pthread_mutex_unlock(&_ports_lock);
}

static boolean_t notices_wait(struct port_bucket *bucket, uint32_t before)
{
    return (int32_t)(__atomic_load_n(&bucket->notices, __ATOMIC_ACQUIRE) -
                     before) < 0;
}

/* A handler that takes long is not waited for for ever. */
static void serve_notices_first(struct port_bucket *bucket,
                                const mach_msg_header_t *request)
{
    uint32_t before = request->msgh_remote_port_do_not_use >> 32;
    struct timespec deadline;
    int err = 0;

    if (!notices_wait(bucket, before))
        return;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += NOTICE_PATIENCE_S;
    pthread_mutex_lock(&_ports_lock);
    while (notices_wait(bucket, before) && !err)
        err = pthread_cond_timedwait(&notice_served, &_ports_lock, &deadline);
    /* One that got lost is not waited for again. */
    if (err && notices_wait(bucket, before))
        __atomic_store_n(&bucket->notices, before, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&_ports_lock);
}

static boolean_t serve(mach_msg_header_t *request, mach_msg_header_t *reply)
{
    struct service *service = my_service;
    mig_reply_header_t *out = (mig_reply_header_t *)reply;
    struct rpc_info rpc;
    struct port_info *pi;
    mach_port_t name =
        MACH_MSGH_BITS_LOCAL(request->msgh_bits) ==
                MACH_MSG_TYPE_PROTECTED_PAYLOAD
            ? ports_payload_get_name(request->msgh_protected_payload)
            : request->msgh_local_port;

    leave_idle(service);
    if (!is_notice(request))
        serve_notices_first(service->bucket, request);
    pi = ports_lookup_port(service->bucket, name, NULL);
    if (!pi) {
        out->RetCode = HURD_EOPNOTSUPP;
        enter_idle(service);
        return TRUE;
    }
    boolean_t known = TRUE;
    error_t err = ports_begin_rpc(pi, request->msgh_id, &rpc);
    if (err) {
        out->RetCode = err;
    } else {
        /* An interruption that overtook this request is meant for it too. */
        if (request->msgh_seqno < pi->cancel_threshold)
            _ports_cancel(_ports_cancel_self());
        known = service->demuxer(request, reply);
        ports_end_rpc(pi, &rpc);
    }
    ports_port_deref(pi);
    enter_idle(service);
    return known;
}

static boolean_t serve_in_order(mach_msg_header_t *request,
                                mach_msg_header_t *reply)
{
    struct port_bucket *bucket = my_service->bucket;
    boolean_t notice = is_notice(request), known = serve(request, reply);

    if (notice)
        notice_done(bucket);
    return known;
}

/* Serves until nothing came for a while; a helper then ends, the caller of the
 * manager only if it is alone. */
static void run(struct service *service, boolean_t helper)
{
    int timeout = helper ? service->thread_timeout : service->global_timeout;
    mach_msg_return_t err;

    my_service = service;
    if (service->hook)
        service->hook();
    for (;;) {
        err =
            mach_msg_server_timeout(serve_in_order, 0, service->bucket->portset,
                                    timeout ? MACH_RCV_TIMEOUT : 0, timeout);
        if (err != MACH_RCV_TIMED_OUT) {
            mach_complain(err, "serving ports");
            break;
        }
        pthread_mutex_lock(&service->lock);
        /* One must stay to listen, and the last one is the caller. */
        boolean_t leave = helper ? service->idle > 1 : service->threads == 1;
        if (leave) {
            service->idle--;
            service->threads--;
        }
        pthread_mutex_unlock(&service->lock);
        if (leave)
            break;
    }
}

static void *run_helper(void *service)
{
    run(service, TRUE);
    return NULL;
}

void ports_manage_port_operations_multithread(struct port_bucket *bucket,
                                              mach_msg_demuxer_t demuxer,
                                              int thread_timeout,
                                              int global_timeout,
                                              void (*hook)(void))
{
    struct service *service = calloc(1, sizeof *service);

    if (!service)
        return;
    *service = (struct service){.bucket = bucket,
                                .demuxer = demuxer,
                                .hook = hook,
                                .thread_timeout = thread_timeout,
                                .global_timeout = global_timeout,
                                .threads = 1,
                                .idle = 1};
    pthread_mutex_init(&service->lock, NULL);
    run(service, FALSE);
    my_service = NULL;
    if (service->threads == 0)
        free(service);
}

void ports_manage_port_operations_one_thread(struct port_bucket *bucket,
                                             mach_msg_demuxer_t demuxer,
                                             int timeout)
{
    struct service service = {.bucket = bucket,
                              .demuxer = demuxer,
                              .global_timeout = timeout,
                              .single = TRUE,
                              .threads = 1,
                              .idle = 1};

    pthread_mutex_init(&service.lock, NULL);
    run(&service, FALSE);
    my_service = NULL;
}
