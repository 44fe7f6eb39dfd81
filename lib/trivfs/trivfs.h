/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/trivfs/trivfs.h: translators that are one file.
 *
 * The program defines the variables and functions marked "program's", and any
 * of the requests (trivfs_S_io_read and so on); the library answers all others,
 * from the underlying node where that makes sense.  Requests run in many
 * threads at once.  Names and contracts are the Hurd's.
 */

#ifndef LIB_TRIVFS_TRIVFS_H
#define LIB_TRIVFS_TRIVFS_H

#include <argp.h>
#include <hurd/fcntl.h>
#include <hurd/hurd_types.h>
#include <iohelp/iohelp.h>
#include <ports/ports.h>

/* One open, shared by all who got it by io_duplicate and the like. */
struct trivfs_peropen {
    void *hook; /* program's */
    int openmodes;
    int refcnt;
    struct trivfs_control *cntl; /* a reference */
};

/* One user of an open; what file and io ports stand for. */
struct trivfs_protid {
    struct port_info pi;
    struct iouser *user;
    int isroot;
    mach_port_t realnode; /* the underlying node for this user, send right */
    void *hook;           /* program's */
    struct trivfs_peropen *po;
};

/* The control port. */
struct trivfs_control {
    struct port_info pi;
    pthread_mutex_t lock;
    struct port_class *protid_class;
    struct port_bucket *protid_bucket;
    mach_port_t filesys_id, file_id; /* receive rights */
    mach_port_t underlying;          /* send right or null */
    void *hook;                      /* program's */
};

typedef struct trivfs_protid *trivfs_protid_t;
typedef struct trivfs_control *trivfs_control_t;

/* --- program's ------------------------------------------------------------ */

extern int trivfs_fstype; /* HFS_... */
extern int trivfs_fsid;
/* What file_check_access and io_get_openmodes may show. */
extern int trivfs_support_read, trivfs_support_write, trivfs_support_exec;
/* HO_READ, HO_WRITE, HO_EXEC: what may be opened for. */
extern int trivfs_allow_open;

/* Changes what io_stat says; ST is the underlying node's. */
void trivfs_modify_stat(struct trivfs_protid *cred, io_statbuf_t *st);
/* Someone asks the translator to go; it may exit. */
error_t trivfs_goaway(struct trivfs_control *cntl, int flags);

/* Hooks; null unless the program sets them (by defining the variable). */
extern error_t (*trivfs_check_open_hook)(struct trivfs_control *cntl,
                                         struct iouser *user, int flags);
extern error_t (*trivfs_check_access_hook)(struct trivfs_control *cntl,
                                           struct iouser *user,
                                           mach_port_t realnode, int *allowed);
extern error_t (*trivfs_open_hook)(struct trivfs_control *cntl,
                                   struct iouser *user, mach_port_t dotdot,
                                   int flags, mach_port_t realnode,
                                   struct trivfs_protid **cred);
extern error_t (*trivfs_protid_create_hook)(struct trivfs_protid *cred);
extern error_t (*trivfs_peropen_create_hook)(struct trivfs_peropen *po);
extern void (*trivfs_protid_destroy_hook)(struct trivfs_protid *cred);
extern void (*trivfs_peropen_destroy_hook)(struct trivfs_peropen *po);
extern error_t (*trivfs_getroot_hook)(
    struct trivfs_control *cntl, mach_port_t reply,
    mach_msg_type_name_t reply_type, mach_port_t dotdot, const uid_t *uids,
    unsigned nuids, const gid_t *gids, unsigned ngids, int flags,
    retry_type *do_retry, char *retry_name, mach_port_t *node,
    mach_msg_type_name_t *node_type);
/* Options that fsysopts may set, or null; and how they are shown. */
extern struct argp *trivfs_runtime_argp;
error_t trivfs_append_args(struct trivfs_control *cntl, char **argz,
                           size_t *argz_len);

/* --- library's ------------------------------------------------------------ */

/* Makes a control port and introduces it to BOOTSTRAP (borrowed) by
 * fsys_startup; *CONTROL, if wanted, gets a reference.  Null classes and
 * buckets are made. */
error_t trivfs_startup(mach_port_t bootstrap, int flags,
                       struct port_class *control_class,
                       struct port_bucket *control_bucket,
                       struct port_class *protid_class,
                       struct port_bucket *protid_bucket,
                       struct trivfs_control **control);
/* The same without the introduction; consumes UNDERLYING. */
error_t trivfs_create_control(mach_port_t underlying,
                              struct port_class *control_class,
                              struct port_bucket *control_bucket,
                              struct port_class *protid_class,
                              struct port_bucket *protid_bucket,
                              struct trivfs_control **control);

/* Objects of these classes are taken for controls and protids. */
error_t trivfs_add_control_port_class(struct port_class **class);
error_t trivfs_add_protid_port_class(struct port_class **class);
void trivfs_clean_cntl(void *cntl);
void trivfs_clean_protid(void *cred);

/* A new open for USER, consumed with REALNODE if it succeeds. */
error_t trivfs_open(struct trivfs_control *cntl, struct iouser *user, int flags,
                    mach_port_t realnode, struct trivfs_protid **cred);
/* Another user of the same open, with CRED's user. */
error_t trivfs_protid_dup(struct trivfs_protid *cred,
                          struct trivfs_protid **dup);
error_t trivfs_set_options(struct trivfs_control *cntl, char *argz,
                           size_t argz_len);

boolean_t trivfs_demuxer(mach_msg_header_t *in, mach_msg_header_t *out);

/* For MIG. */
trivfs_protid_t trivfs_begin_using_protid(mach_port_t port);
trivfs_protid_t trivfs_begin_using_protid_payload(uint64_t payload);
void trivfs_end_using_protid(trivfs_protid_t cred);
trivfs_control_t trivfs_begin_using_control(mach_port_t port);
trivfs_control_t trivfs_begin_using_control_payload(uint64_t payload);
void trivfs_end_using_control(trivfs_control_t cntl);

#endif
