/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/ports/manage.c: the threads that serve a bucket. */

#include <ports/ports.h>
#include <malloc.h>
#include <stdlib.h>

#define STACK_SIZE (512 * 1024)

/* So many are made as they are needed; further ones, one by one, when all of
 * them are stuck for a while. */
#define THREADS_AT_ONCE 16
#define STUCK_NS        5000000

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
    int threads;     /* all of them */
    int idle;        /* those that wait for a request */
    unsigned served; /* requests so far */
    boolean_t watched;
    pthread_cond_t nobody_listens;
};

static __thread struct service *my_service;

static void *run_helper(void *service);

static int min_threads(void)
{
    return ports_threads_max < THREADS_AT_ONCE ? ports_threads_max
                                               : THREADS_AT_ONCE;
}

static int start_thread(void *(*function)(void *), struct service *service)
{
    pthread_attr_t attr;
    pthread_t thread;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    int err = pthread_create(&thread, &attr, function, service);
    pthread_attr_destroy(&attr);
    return err;
}

/* The lock is held, and let go meanwhile. */
static void add_helper(struct service *service)
{
    service->idle++;
    service->threads++;
    pthread_mutex_unlock(&service->lock);
    int err = start_thread(run_helper, service);
    pthread_mutex_lock(&service->lock);
    if (err) {
        service->idle--;
        service->threads--;
    }
}

/* Lets one more thread listen when all are busy with requests that do not end. */
static void watch(struct service *service)
{
    static const struct timespec patience = {.tv_nsec = STUCK_NS};

    pthread_mutex_lock(&service->lock);
    for (;;) {
        while (service->idle > 0)
            pthread_cond_wait(&service->nobody_listens, &service->lock);
        unsigned served = service->served;
        pthread_mutex_unlock(&service->lock);
        nanosleep(&patience, NULL);
        pthread_mutex_lock(&service->lock);
        if (service->idle == 0 && service->served == served &&
            service->threads < ports_threads_max)
            add_helper(service);
    }
}

static void *run_watch(void *service)
{
    watch(service);
    return NULL;
}

/* The last idle thread is about to work: let another one listen.  Many threads
 * mostly wait for one lock, and one more would only make that slower: then the
 * next to listen is the one that is done first. */
static void leave_idle(struct service *service)
{
    pthread_mutex_lock(&service->lock);
    if (--service->idle == 0 && !service->single) {
        if (service->threads < min_threads()) {
            add_helper(service);
        } else if (!service->watched) {
            service->watched = start_thread(run_watch, service) == 0;
        } else {
            pthread_cond_signal(&service->nobody_listens);
        }
    }
    pthread_mutex_unlock(&service->lock);
}

static void enter_idle(struct service *service)
{
    pthread_mutex_lock(&service->lock);
    service->idle++;
    service->served++;
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

static boolean_t serve_object(struct port_info *pi, mach_msg_header_t *request,
                              mach_msg_header_t *reply)
{
    struct rpc_info rpc;
    error_t err = ports_begin_rpc(pi, request->msgh_id, &rpc);

    if (err) {
        ((mig_reply_header_t *)reply)->RetCode = err;
        return TRUE;
    }
    if (!is_notice(request)) {
        rpc.reply = request->msgh_remote_port;
        _ports_cancel_watch(&rpc);
    }
    /* An interruption that overtook this request is meant for it too. */
    if (request->msgh_seqno < pi->cancel_threshold)
        _ports_cancel(_ports_cancel_self());
    boolean_t known = my_service->demuxer(request, reply);
    _ports_cancel_watch(NULL);
    ports_end_rpc(pi, &rpc);
    return known;
}

static boolean_t serve(mach_msg_header_t *request, mach_msg_header_t *reply)
{
    struct service *service = my_service;
    mig_reply_header_t *out = (mig_reply_header_t *)reply;
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
    uid_t user = is_notice(request) ? 0 : pi->payer;
    if (!_ports_enter_share(user)) {
        out->RetCode = HURD_EAGAIN;
    } else {
        known = serve_object(pi, request, reply);
        _ports_leave_share(user);
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
    pthread_cond_init(&service->nobody_listens, NULL);
    run(service, FALSE);
    my_service = NULL;
    if (service->threads == 0 && !service->watched)
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
