/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/claims.h"
#include "personality/mach.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/claims.h"
#include "hurd/errors.h"
#include "hurd/io.h"

static struct {
    struct lock lock; /* guards claims in files, and the number */
    unsigned count;
} claims;

/* Which file it is.  A server that cannot tell has no two opens of one. */
static void file_identify(struct file *file)
{
    io_statbuf_t st;

    if (file->identified)
        return;
    if (io_stat(file->port, &st)) {
        st.st_fsid = -1;
        st.st_ino = (uint64_t)file;
    }
    file->dev = (uint64_t)st.st_fsid;
    file->ino = st.st_ino;
    file->identified = true;
}

/* The lock is held. */
static kern_return_t claim(struct file *file)
{
    file_identify(file);
    kern_return_t kr = claims_claim(unix_process.proc, file->port,
                                    MACH_MSG_TYPE_COPY_SEND, &file->claim);
    if (kr)
        file->claim = MACH_PORT_NULL;
    else
        __atomic_add_fetch(&claims.count, 1, __ATOMIC_RELAXED);
    return kr;
}

long claims_get(struct file *file, mach_port_t *result)
{
    kern_return_t kr = 0;

    lock_take(&claims.lock);
    if (!file->claim)
        kr = claim(file);
    *result = file->claim;
    lock_release(&claims.lock);
    return kr == MIG_BAD_ID ? -ENOLCK : linux_error(kr);
}

void claims_late(mach_port_t port, mach_port_t claim)
{
    claims_drop(unix_process.proc, port, MACH_MSG_TYPE_COPY_SEND);
    port_deallocate(claim);
    __atomic_sub_fetch(&claims.count, 1, __ATOMIC_RELAXED);
}

/* The lock is held. */
static void unclaim(struct file *file)
{
    mach_port_t claim = file->claim;

    file->claim = MACH_PORT_NULL;
    claims_late(file->port, claim);
}

struct search {
    uint64_t dev, ino;
    struct file *found;
};

static void search_file(struct file *file, void *arg)
{
    struct search *search = arg;

    if (file->claim && file->dev == search->dev && file->ino == search->ino)
        search->found = file;
}

/* A claimed file cannot go meanwhile: who drops it takes the lock first. */
static void unclaim_same(uint64_t dev, uint64_t ino)
{
    struct search search = {dev, ino, NULL};

    for (;;) {
        search.found = NULL;
        fd_each_file(search_file, &search);
        if (!search.found)
            return;
        unclaim(search.found);
    }
}

void claims_closing(struct file *file)
{
    if (!__atomic_load_n(&claims.count, __ATOMIC_RELAXED))
        return;
    lock_take(&claims.lock);
    file_identify(file);
    unclaim_same(file->dev, file->ino);
    lock_release(&claims.lock);
}

void claims_forked(void)
{
    claims.lock = (struct lock){0};
    claims.count = 0;
}

/* --- exec ----------------------------------------------------------------- */

bool claims_for_exec(void)
{
    return claims.count;
}

static void search_port(struct file *file, void *arg)
{
    struct search *search = arg;

    if (file->port == (mach_port_t)search->dev)
        search->found = file;
}

/* FILE was claimed by the program before.  Where exec closed it, that was a
 * close like any other. */
static void claim_again(mach_port_t port, struct file *closed)
{
    struct search search = {port, 0, NULL};

    fd_each_file(search_port, &search);
    if (search.found && !search.found->claim) {
        claim(search.found);
    } else if (!search.found) {
        struct file gone = {.port = port};
        file_identify(&gone);
        claims_drop(unix_process.proc, port, MACH_MSG_TYPE_COPY_SEND);
        *closed = gone;
    }
}

void claims_from_exec(void)
{
    mach_port_t room[64], *ports = room;
    mach_msg_type_number_t count = 64;

    if (claims_list(unix_process.proc, &ports, &count))
        return;
    struct file *closed = pages_allocate(count * sizeof *closed + 1);
    for (unsigned i = 0; closed && i < count; i++)
        claim_again(ports[i], &closed[i]);
    for (unsigned i = 0; closed && i < count; i++) {
        if (closed[i].identified)
            unclaim_same(closed[i].dev, closed[i].ino);
    }
    for (unsigned i = 0; i < count; i++)
        port_deallocate(ports[i]);
    if (closed)
        pages_free(closed, count * sizeof *closed + 1);
    if (ports != room)
        pages_free(ports, count * sizeof *ports);
}
