/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/hurd/tarfs.h: a boot file system for tests: a tar archive, read whole
 * from a disk of the kernel's.  It does what the real one does towards exec and
 * startup, and no more than tests need. */

#ifndef TESTS_HURD_TARFS_H
#define TESTS_HURD_TARFS_H

#include <fshelp/fshelp.h>
#include <hurd/fcntl.h>
#include <ports/ports.h>

struct node {
    struct node *parent, *children, *sibling;
    char *name, *target; /* of a symlink */
    unsigned mode;
    uid_t uid;
    gid_t gid;
    uint64_t ino;
    int64_t size;
    char *data; /* in the archive, or malloced if writable */
    boolean_t own_data;
    struct transbox box;
};

struct protid {
    struct port_info pi;
    struct node *node;
    struct iouser *user;
    struct open {
        int refs, flags;
        int64_t offset;
    } * open;
};
typedef struct protid *protid_t;

extern pthread_mutex_t fs_lock;
extern struct node *root;
extern struct port_bucket *bucket;
extern struct port_class *protid_class;
extern mach_port_t exec_server;

error_t protid_make(struct node *node, struct iouser *user, int flags,
                    struct open *open, struct protid **protid);
struct node *node_make(struct node *parent, const char *name, unsigned mode);
struct node *node_find(struct node *dir, const char *name, size_t length);

protid_t begin_using_protid(mach_port_t port);
protid_t begin_using_protid_payload(uint64_t payload);
void end_using_protid(protid_t protid);

#endif
