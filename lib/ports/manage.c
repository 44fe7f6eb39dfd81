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
        err = mach_msg_server_timeout(serve, 0, service->bucket->portset,
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
