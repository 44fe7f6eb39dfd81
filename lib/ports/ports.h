/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/ports/ports.h: objects that are called through ports.
 *
 * A port object starts with a struct port_info, belongs to a class (which says
 * what happens when it goes) and a bucket (a port set served together).  It is
 * held by references: hard ones keep it whole; weak ones keep its memory and
 * the right to ask for more.  While send rights exist outside, the library
 * itself holds one hard reference, dropped by the no-senders notification.
 * When the last hard reference goes, the class's dropweak routine may drop weak
 * ones; when no reference is left the receive right is destroyed, the clean
 * routine runs, and the memory is freed.
 *
 * Each request on an object runs between ports_begin_rpc and ports_end_rpc;
 * requests can be held up (inhibited) and told to return early (interrupted).
 *
 * All functions may be called from any thread.  None waits for another task,
 * save the kernel.  Names and contracts are the Hurd's.
 */

#ifndef LIB_PORTS_PORTS_H
#define LIB_PORTS_PORTS_H

#include <hurd/hurd_types.h>
#include <mach/mach.h>
#include <pthread.h>

struct port_bucket {
    mach_port_t portset;     /* port set right */
    int rpcs;                /* requests that run now */
    int flags;               /* PORTS_... */
    int count;               /* objects */
    struct port_info *ports; /* through bucket_next */
    uint32_t notices;        /* notifications that have been served */
};

struct port_class {
    int rpcs;
    int flags;
    int count;
    struct port_info *ports; /* through class_next */
    void (*clean_routine)(void *object);
    void (*dropweak_routine)(void *object);
};

struct port_info {
    struct port_class *class;
    struct port_bucket *bucket;
    int refcnt, weakrefcnt;
    mach_port_mscount_t mscount;
    mach_msg_seqno_t cancel_threshold;
    int flags;
    uid_t payer;            /* see ports_charge; 0 at first */
    mach_port_t port_right; /* receive right, or null */
    struct rpc_info *current_rpcs;
    struct port_info *hash_next;
    struct port_info *class_next, **class_prevp;
    struct port_info *bucket_next, **bucket_prevp;
};
typedef struct port_info *port_info_t;

/* A request that runs; made by the server loop, on its stack. */
struct rpc_info {
    struct port_info *object;
    struct rpc_info *next, **prevp;
    struct ports_cancel *thread;
    mach_msg_id_t msg_id;
    mach_port_t
        reply; /* the right that its answer goes to, or null; not owned */
    struct rpc_notify *notifies;
    boolean_t interrupted;
};

/* flags of objects, classes and buckets */
#define PORT_HAS_SENDRIGHTS    0x0001
#define PORT_INHIBITED         0x0002
#define PORT_BLOCKED           0x0004
#define PORT_INHIBIT_WAIT      0x0008
#define PORT_CLASS_NO_NEW      0x0010
#define PORT_BUCKET_NO_NEW     0x0010
#define PORT_BUCKET_ALLOC_WAIT 0x0020

/* --- buckets and classes -------------------------------------------------- */

struct port_bucket *ports_create_bucket(void);
struct port_class *ports_create_class(void (*clean_routine)(void *),
                                      void (*dropweak_routine)(void *));
/* How many objects there are; no more can be made until ports_enable_... */
int ports_count_class(struct port_class *class);
int ports_count_bucket(struct port_bucket *bucket);
void ports_enable_class(struct port_class *class);
void ports_enable_bucket(struct port_bucket *bucket);
/* Calls FUN for each object (a reference is held meanwhile) until it fails. */
error_t ports_bucket_iterate(struct port_bucket *bucket,
                             error_t (*fun)(void *));
error_t ports_class_iterate(struct port_class *class, error_t (*fun)(void *));

/* --- objects -------------------------------------------------------------- */

/* Makes an object of SIZE bytes (a struct port_info first; the rest zero) with
 * a new receive right; the caller gets one hard reference.  EINTR if the class
 * or bucket is closed. */
error_t ports_create_port(struct port_class *class, struct port_bucket *bucket,
                          size_t size, void *result);
/* The same, but the right is not served until ports_install_port. */
error_t ports_create_port_noinstall(struct port_class *class,
                                    struct port_bucket *bucket, size_t size,
                                    void *result);
void ports_install_port(void *object);
/* The same with the receive right PORT, which is consumed. */
error_t ports_import_port(struct port_class *class, struct port_bucket *bucket,
                          mach_port_t port, size_t size, void *result);
/* Destroys the right and gives the object a new one. */
void ports_reallocate_port(void *object);
void ports_destroy_right(void *object);
/* Takes the right away from the object; the caller owns it. */
mach_port_t ports_claim_right(void *object);
/* Destroys TO's right and gives it FROM's, which is left without. */
void ports_transfer_right(void *to, void *from);

/* The name of the object's right.  The caller must make exactly one send right
 * of it (MACH_MSG_TYPE_MAKE_SEND). */
mach_port_t ports_get_right(void *object);
/* A new send right; the caller owns it. */
mach_port_t ports_get_send_right(void *object);

/* The object behind PORT if it is in BUCKET and of CLASS (null: any), with a
 * new hard reference; else null. */
void *ports_lookup_port(struct port_bucket *bucket, mach_port_t port,
                        struct port_class *class);
void *ports_lookup_payload(struct port_bucket *bucket, uint64_t payload,
                           struct port_class *class);
mach_port_t ports_payload_get_name(uint64_t payload);

void ports_port_ref(void *object);
void ports_port_deref(void *object);
void ports_port_ref_weak(void *object);
void ports_port_deref_weak(void *object);

/* --- requests ------------------------------------------------------------- */

error_t ports_begin_rpc(void *object, mach_msg_id_t msg_id,
                        struct rpc_info *info);
void ports_end_rpc(void *object, struct rpc_info *info);

/* --- shares ----------------------------------------------------------------- */

/* What OBJECT is to the server counts for USER from now on: 0 is the system, which
 * has as much as there is.  ENFILE: a user has ports_objects_max at most.  Of the
 * threads that serve, too, the requests on a user's objects have three quarters
 * at most; further ones are told EAGAIN. */
error_t ports_charge(void *object, uid_t user);
extern int ports_objects_max;
/* How many threads serve a bucket at most: what comes when all are busy waits in
 * its queue.  A server may change it before it serves.  All users' requests but
 * root's take seven eighths of them at most, and no more than 448; one user's, six
 * sevenths of that. */
extern int ports_threads_max;

/* Serves BUCKET with as many threads as it takes.  A thread that had nothing
 * to do for THREAD_TIMEOUT ms (0: never) ends; the call returns if all was
 * quiet for GLOBAL_TIMEOUT ms.  HOOK runs at the start of each thread. */
void ports_manage_port_operations_multithread(struct port_bucket *bucket,
                                              mach_msg_demuxer_t demuxer,
                                              int thread_timeout,
                                              int global_timeout,
                                              void (*hook)(void));
void ports_manage_port_operations_one_thread(struct port_bucket *bucket,
                                             mach_msg_demuxer_t demuxer,
                                             int timeout);

/* Waits until no other requests run, interrupting them, and keeps new ones
 * waiting until the resume.  EBUSY if someone else inhibits already. */
error_t ports_inhibit_port_rpcs(void *object);
error_t ports_inhibit_class_rpcs(struct port_class *class);
error_t ports_inhibit_bucket_rpcs(struct port_bucket *bucket);
error_t ports_inhibit_all_rpcs(void);
void ports_resume_port_rpcs(void *object);
void ports_resume_class_rpcs(struct port_class *class);
void ports_resume_bucket_rpcs(struct port_bucket *bucket);
void ports_resume_all_rpcs(void);

/* Asks all requests on the object but the caller's to return early. */
void ports_interrupt_rpcs(void *object);
/* Whether the calling thread's request was asked to; the second form also
 * forgets it. */
boolean_t ports_self_interrupted(void);
int hurd_check_cancel(void);
/* pthread_cond_wait that an interruption ends; then it returns non-zero.  So does
 * the end of whoever made the request: once a request has slept for a moment its
 * reply port is watched, or, if it wants no answer, the senders of its object. */
int pthread_hurd_cond_wait_np(pthread_cond_t *cond, pthread_mutex_t *mutex);
/* The same until DEADLINE (of the condition's clock); the host's ETIMEDOUT if
 * it passed, -1 if interrupted. */
int pthread_hurd_cond_timedwait_np(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                   const struct timespec *deadline);

/* Whether the calling thread's request need not go on, for it was asked to return
 * or nobody hears of it; what mach_msg_give_up wants.  Costs a message at first, none
 * later. */
boolean_t ports_self_given_up(void);

/* Interrupts the calling thread's request on OBJECT when PORT dies. */
error_t ports_interrupt_self_on_port_death(void *object, mach_port_t port);
error_t ports_interrupt_self_on_notification(void *object, mach_port_t port,
                                             mach_msg_id_t what);
error_t ports_request_dead_name_notification(void *object, mach_port_t name,
                                             mach_port_t *previous);

/* --- notifications -------------------------------------------------------- */

void ports_no_senders(void *object, mach_port_mscount_t mscount);
void ports_dead_name(void *notify, mach_port_t name);

/* Demuxers: put them into yours.  Unless a program defines its own, the
 * handlers ports_do_mach_notify_* do the right thing for port objects. */
boolean_t ports_notify_server(mach_msg_header_t *in, mach_msg_header_t *out);
boolean_t ports_interrupt_server(mach_msg_header_t *in, mach_msg_header_t *out);

/* For MIG. */
port_info_t begin_using_port_info_port(mach_port_t port);
port_info_t begin_using_port_info_payload(uint64_t payload);
void end_using_port_info(port_info_t info);

/* The library's own lock; private. */
extern pthread_mutex_t _ports_lock;
extern pthread_cond_t _ports_block;
extern int _ports_total_rpcs, _ports_flags;
void _ports_discharge(struct port_info *pi); /* under the lock */
boolean_t _ports_enter_share(uid_t user);
void _ports_leave_share(uid_t user);
struct ports_cancel *_ports_cancel_self(void);
/* The calling thread serves RPC (null: none any more). */
void _ports_cancel_watch(struct rpc_info *rpc);
/* Has the caller's request RPC interrupted when nobody is left to hear of it; TRUE
 * if that is so already. */
boolean_t _ports_nobody_hears(struct rpc_info *rpc);
/* Interrupts PI's requests that want no answer: its last sender is gone. */
void _ports_interrupt_unheard(struct port_info *pi);
void _ports_cancel_ref(struct ports_cancel *thread);
void _ports_cancel_deref(struct ports_cancel *thread);
void _ports_cancel(struct ports_cancel *thread);
/* Its two halves.  A request is marked while it is known to run, under
 * _ports_lock, or its thread might be in the next one already; a wake-up too
 * many does no harm. */
void _ports_cancel_mark(struct ports_cancel *thread);
void _ports_cancel_wake(struct ports_cancel *thread);
boolean_t _ports_cancel_pending(struct ports_cancel *thread, boolean_t forget);
void _ports_complete_deallocate(struct port_info *pi);
struct port_info *_ports_find(mach_port_t name);
void _ports_link(struct port_info *pi);
void _ports_unlink_name(struct port_info *pi);

#endif
