/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/pager/workers.c: requests that wait for the medium, in threads of their own,
 * so that others need not wait for them. */
#include <pager/private.h>
#include <stdlib.h>
#include <time.h>

#define WORKERS_MAX 8
#define JOBS_MAX                                                               \
    4096 /* the kernel makes one for each page that is waited for */
#define IDLE_SECONDS 10

struct job {
    struct job *next;
    pager_t pager; /* a reference */
    struct pager_request request;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wakeup;
    struct job *first, **last;
    unsigned job_count, thread_count, idle_count;
} workers = {.lock = PTHREAD_MUTEX_INITIALIZER,
             .wakeup = PTHREAD_COND_INITIALIZER,
             .last = &workers.first};

/* The next job, or NULL: there was none for some time.  The lock is held. */
static struct job *next_job(void)
{
    struct timespec end;
    int late = 0;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += IDLE_SECONDS;
    workers.idle_count++;
    while (!workers.first && !late)
        late = pthread_cond_timedwait(&workers.wakeup, &workers.lock, &end);
    workers.idle_count--;
    struct job *job = workers.first;
    if (job) {
        workers.first = job->next;
        if (!workers.first)
            workers.last = &workers.first;
        workers.job_count--;
    }
    return job;
}

static void *work(void *unused)
{
    struct job *job;

    pthread_mutex_lock(&workers.lock);
    while ((job = next_job())) {
        pthread_mutex_unlock(&workers.lock);
        pager_request_serve(job->pager, &job->request);
        ports_port_deref(job->pager);
        free(job);
        pthread_mutex_lock(&workers.lock);
    }
    workers.thread_count--;
    pthread_mutex_unlock(&workers.lock);
    return NULL;
}

/* Somebody is there for one more job.  The lock is held. */
static boolean_t have_worker(void)
{
    pthread_t thread;

    if (workers.idle_count > workers.job_count ||
        workers.thread_count == WORKERS_MAX)
        return TRUE;
    if (pthread_create(&thread, NULL, work, NULL))
        return workers.thread_count > 0;
    pthread_detach(thread);
    workers.thread_count++;
    return TRUE;
}

boolean_t pager_workers_take(pager_t pager, const struct pager_request *request)
{
    struct job *job = malloc(sizeof *job);

    if (!job)
        return FALSE;
    *job = (struct job){.pager = pager, .request = *request};
    ports_port_ref(pager);
    pthread_mutex_lock(&workers.lock);
    boolean_t taken = workers.job_count < JOBS_MAX && have_worker();
    if (taken) {
        *workers.last = job;
        workers.last = &job->next;
        workers.job_count++;
        pthread_cond_signal(&workers.wakeup);
    }
    pthread_mutex_unlock(&workers.lock);
    if (!taken) {
        ports_port_deref(pager);
        free(job);
    }
    return taken;
}

void pager_nap(unsigned *naps)
{
    struct timespec moment = {.tv_nsec = 20000000};

    ++*naps;
    nanosleep(&moment, NULL);
}
