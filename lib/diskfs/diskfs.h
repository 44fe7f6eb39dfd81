/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/diskfs.h: file systems on a disk.
 *
 * The library answers the Hurd's fs, io and fsys calls, keeps nodes, opens and
 * users, starts translators, pages files, and boots the system if it is the
 * first file system.  A format (ext2) fills in struct diskfs_format.
 *
 * One lock, diskfs_lock, guards everything; the format's functions are called
 * with it held.  Nothing waits for another server under it, and little for the
 * disk: a request is an attempt, in which a format that has attempt_begin says
 * DISKFS_NOT_HERE of what it would have to wait for.  Then all is given up, as
 * with any error, the format has the disk read without the lock, and the request
 * is answered again from its beginning.  So what a request changes it changes
 * after it has found out all that it needs; from a format's first change on it
 * goes to its end.
 *
 * Errors and structures are the wire's.
 */

#ifndef LIB_DISKFS_DISKFS_H
#define LIB_DISKFS_DISKFS_H

#include <device/device_types.h>
#include <fshelp/fshelp.h>
#include <hurd/hurd_types.h>
#include <hurd/libhurd.h>
#include <iohelp/iohelp.h>
#include <pager/pager.h>
#include <ports/ports.h>
#include <pthread.h>

/* Of a format, in an attempt: the disk has to be read first.  Never an answer. */
#define DISKFS_NOT_HERE ((error_t)0x3fff0001)

/* A file in use.  REFS counts opens, pagers and callers; with the last one a
 * node without links is freed on the disk, another is kept for a while: the
 * longer the format wants it, and as long as a translator sits on it. */
struct node {
    struct node *hash_next;
    struct node *newer, *older; /* among those without references */
    ino64_t ino;
    unsigned refs;
    struct hurd_stat st;
    boolean_t dirty; /* ST differs from the disk */
    boolean_t accessed;
    boolean_t passive; /* has a passive translator on the disk */
    boolean_t freed;   /* given back to the disk, though still open */
    struct transbox transbox;
    uid_t active_uid; /* whose the translator is that runs there */
    struct rlock_box rlocks;
    pager_t pager;        /* its reference is the pager's; null if none */
    boolean_t changing;   /* see diskfs_begin_change */
    mach_port_t identity; /* receive right, or null while nobody asked */
    /* The last error of writing back what was stored through a mapping, how
     * many there were, and whether nobody has been told of it. */
    error_t write_error;
    unsigned write_errors;
    boolean_t error_untold;
    /* By which name it was last looked up (malloced or null), in which directory,
     * and that one's generation: paths.c. */
    char *name;
    ino64_t name_dir;
    uint32_t name_dir_gen;
    void *format; /* the format's own */
};

/* One opening of a file, shared by its duplicates. */
struct peropen {
    unsigned refs;
    struct node *np; /* a reference */
    int openstat;    /* HO_... */
    int64_t filepointer;
    boolean_t moving; /* somebody reads or writes where it stands */
    struct rlock_peropen lock_status;
    struct counted *counted; /* entries of a directory, or null: list.c */
    /* Where `..' leads from the root (send right, or null), and the node that
     * is the root of a chroot (a reference, or null). */
    mach_port_t root_parent;
    struct node *shadow_root;
    unsigned write_errors; /* of the node, that this open has been told of */
};

/* A user's right to it. */
struct protid {
    struct port_info pi;
    struct iouser *user; /* owned */
    struct peropen *po;  /* a reference */
};
typedef struct protid *protid_t;

/* The file system's control port: one of several, all alike. */
struct diskfs_control {
    struct port_info pi;
};
typedef struct diskfs_control *control_t;

/* One name in a directory.  It keeps its place while it is there, whatever
 * else comes and goes. */
struct diskfs_entry {
    ino64_t ino;
    int type; /* HDT_... */
    const char *name;
    size_t length;
    uint32_t place,
        next; /* where a walk goes on behind it: at most INT32_MAX */
};
/* Called for each entry; non-zero ends the walk. */
typedef int (*diskfs_walk_fn)(void *context, const struct diskfs_entry *entry);

struct diskfs_format {
    const char *name; /* "ext2fs" */
    int fstype;
    ino64_t root;
    unsigned keep_nodes;     /* how many that nobody uses are remembered */
    boolean_t whole_seconds; /* the disk keeps no fractions of them */
    /* Files are windows on something: they can be written and mapped though
     * nothing else can be changed (diskfs_readonly is set), and nobody but who
     * has locked one for himself may. */
    boolean_t live;
    /* Fills np->st and np->passive; ENOENT for a free inode. */
    error_t (*read_node)(struct node *np);
    error_t (*write_node)(struct node *np);
    void (*drop_node)(struct node *np); /* forgets np->format */
    /* The disk was changed by others while it was only read: reads the node
     * again, or leaves it as it is; may be null. */
    void (*reread_node)(struct node *np);
    /* Frees the inode and its contents: the node has no links.  In an attempt the
     * first of them says whether that would wait for the disk; it may be null. */
    error_t (*prepare_free)(struct node *np);
    error_t (*free_node)(struct node *np);
    /* A new inode near DIR with MODE, no links yet. */
    error_t (*make_node)(struct node *dir, mode_t mode, ino64_t *ino);
    /* These may let diskfs_lock go, where all is whole: reading, and what may take
     * long, writing, set_size and free_node. */
    error_t (*read)(struct node *np, int64_t offset, char *data, size_t size,
                    size_t *amount);
    /* In an attempt: DISKFS_NOT_HERE if reading that (if DATA), or finding out
     * where it is, would wait for the disk.  May be null. */
    error_t (*probe)(struct node *np, int64_t offset, size_t size,
                     boolean_t data);
    error_t (*write)(struct node *np, int64_t offset, const char *data,
                     size_t size, size_t *amount);
    error_t (*set_size)(struct node *np, int64_t size);
    /* Gives the page at OFFSET, which is within the file, blocks of its own as
     * far as it has none; *SIZE is lessened to what from there on has some.  May
     * be null: there is always room. */
    error_t (*reserve)(struct node *np, int64_t offset, size_t *size);
    /* A memory object for io_map, if not the library's own pager: a new send
     * right; may be null. */
    error_t (*map)(struct node *np, boolean_t writable, mach_port_t *object);
    /* Who had the file locked for himself has let go, or is gone; may be null.
     */
    void (*unlocked)(struct node *np);
    error_t (*lookup)(struct node *dir, const char *name, ino64_t *ino);
    /* Whether NP, a directory that has a name in DIR, belongs there; may be null. */
    error_t (*check_child)(struct node *dir, struct node *np);
    /* In the order of their places, those from FROM on. */
    error_t (*walk)(struct node *dir, uint32_t from, diskfs_walk_fn fn,
                    void *context);
    /* The magical name (HURD-FACTS 5.2) that NAME in DIR stands for, or NULL;
     * may be null itself. */
    const char *(*magic)(struct node *dir, const char *name);
    /* The same of a link that is to be followed: it has no target. */
    const char *(*magic_link)(struct node *np);
    error_t (*enter)(struct node *dir, const char *name, struct node *np);
    error_t (*remove)(struct node *dir, const char *name);
    /* NAME, which is there, becomes NP in one write of the disk. */
    error_t (*replace)(struct node *dir, const char *name, struct node *np);
    /* Makes the new directory's . and .. entries; later, its .. again. */
    error_t (*init_dir)(struct node *np, struct node *parent);
    error_t (*set_parent)(struct node *np, struct node *parent);
    error_t (*read_link)(struct node *np, char *target, size_t *length);
    error_t (*write_link)(struct node *np, const char *target, size_t length);
    /* A malloced argz. */
    error_t (*get_translator)(struct node *np, char **argz, size_t *length);
    error_t (*set_translator)(struct node *np, const char *argz, size_t length);
    error_t (*statfs)(struct hurd_statfs *st);
    error_t (*sync)(void); /* may let diskfs_lock go */
    error_t (*set_read_only)(boolean_t read_only);
    /* A request has changed all that it changes; may be null, and may let
     * diskfs_lock go. */
    void (*settled)(void);
    /* Attempts of the calling thread, see above; may be null.  The last has read
     * what the attempt lacked, and lets the lock go meanwhile; FALSE if it could
     * not do anything. */
    void (*attempt_begin)(void);
    void (*attempt_end)(void);
    boolean_t (*attempt_fetch)(void);
    /* Interfaces of its own, called without the lock; may be null. */
    mig_routine_t (*server_routine)(const mach_msg_header_t *request);
};

extern const struct diskfs_format *diskfs_format;
extern pthread_mutex_t diskfs_lock;
extern boolean_t diskfs_readonly;
/* It was to be writable, but must be checked before. */
extern boolean_t diskfs_must_check;
extern struct port_bucket *diskfs_port_bucket;
/* In whose name this thread's request is; null: the server's own.  The format may
 * look at it while it changes something. */
extern __thread const struct iouser *diskfs_user;

extern struct port_class *diskfs_protid_class, *diskfs_control_class;
extern struct pager_bucket diskfs_pagers;
extern auth_t diskfs_auth;      /* send right, or null before fsys_init */
extern mach_port_t diskfs_exec; /* the exec server; send right or null */
extern mach_port_t diskfs_fsid_port;
extern mach_port_t
    diskfs_underlying;            /* the node it sits on: send right or null */
extern const char *diskfs_source; /* the device's name, for people */

/* --- nodes (nodes.c) ------------------------------------------------------ */

/* The node of INO: a new reference. */
error_t diskfs_cached_lookup(ino64_t ino, struct node **np);
void diskfs_nref(struct node *np);
void diskfs_nrele(struct node *np);
/* Note what has happened to the file, now. */
void diskfs_touch(struct node *np, boolean_t atime, boolean_t mtime,
                  boolean_t ctime);
struct timespec diskfs_now(void);       /* as the disk can keep it */
error_t diskfs_update(struct node *np); /* writes ST if it is dirty */
error_t diskfs_sync_all(boolean_t wait);
/* One file: all that was written to it, and what PO (may be null) was not told
 * of yet. */
error_t diskfs_sync_node(struct node *np, struct peropen *po);
/* What is known of nodes is read again, or forgotten if nobody uses it.
 * diskfs_lock is held, and everything is written. */
void diskfs_reread_nodes(void);
/* Returns when something has changed since the last sync. */
void diskfs_wait_for_change(void);
/* Whether any translator sits on a node. */
boolean_t diskfs_any_translated(void);
/* Gives files without a name that are still open back to the disk if FORCE,
 * else EBUSY if there are any.  diskfs_lock is held. */
error_t diskfs_drop_orphans(boolean_t force);
/* Nothing will be written any more; the disk is whole afterwards.  EBUSY unless
 * FORCE if a file without a name is open. */
error_t diskfs_make_readonly(boolean_t force);
/* A new file of MODE that belongs to USER; a reference, no links. */
error_t diskfs_create(struct node *dir, mode_t mode, const struct iouser *user,
                      struct node **np);

/* --- data (data.c) -------------------------------------------------------- */

error_t diskfs_read(struct node *np, int64_t offset, char *data, size_t size,
                    size_t *amount);
/* Who writes is the only one who changes the file, between these two; the first
 * may let diskfs_lock go, and so may diskfs_write. */
void diskfs_begin_change(struct node *np);
void diskfs_end_change(struct node *np);
error_t diskfs_write(struct node *np, int64_t offset, const char *data,
                     size_t size, size_t *amount);
/* Begins and ends a change itself. */
error_t diskfs_set_size(struct node *np, int64_t size);
/* EBUSY if another open has locked the file for itself, in a live format.
 * diskfs_lock is held. */
error_t diskfs_check_lock(struct peropen *po);
/* A send right for mapping the file; the caller owns it. */
error_t diskfs_get_memory_object(struct node *np, mach_port_t *port);

/* --- attempts (attempt.c) ------------------------------------------------- */

/* An attempt, and its end: whether *ERR means that there must be another one, for
 * which what was missing has been read.  The lock is held, and then let go.  If not,
 * *ERR is not DISKFS_NOT_HERE afterwards. */
struct diskfs_attempt {
    unsigned count;
};
void diskfs_attempt_begin(struct diskfs_attempt *attempt);
boolean_t diskfs_attempt_again(struct diskfs_attempt *attempt, error_t *err);

/* --- opens (opens.c) ------------------------------------------------------ */

/* A reference of NP is consumed; CONTEXT (may be null) gives the root. */
struct peropen *diskfs_make_peropen(struct node *np, int flags,
                                    const struct peropen *context);
void diskfs_release_peropen(struct peropen *po);
/* Consume USER; the reference on PO in any case. */
error_t diskfs_make_protid(struct peropen *po, struct iouser *user,
                           struct protid **cred);
/* A send right for a new open of NP (a reference is taken) by root. */
error_t diskfs_open_for_root(struct node *np, int flags, mach_port_t *port);
/* The same by the node's owner and group. */
error_t diskfs_open_for_owner(struct node *np, int flags, mach_port_t *port);

protid_t diskfs_begin_using_protid(mach_port_t port);
protid_t diskfs_begin_using_protid_payload(uint64_t payload);
void diskfs_end_using_protid(protid_t cred);
control_t diskfs_begin_using_control(mach_port_t port);
control_t diskfs_begin_using_control_payload(uint64_t payload);
void diskfs_end_using_control(control_t control);

/* Makes a control port; the caller owns the send right. */
mach_port_t diskfs_make_control_port(void);

/* --- translators (translators.c) ------------------------------------------ */

boolean_t diskfs_has_translator(struct node *np);
/* Opens the root of NP's translator, or EAGAIN-like ENOENT if there is none.
 * diskfs_lock is let go meanwhile; the caller holds a reference on NP. */
error_t diskfs_open_translator(struct node *np, struct node *dir,
                               const struct protid *dircred, int flags,
                               retry_type *retry, char *retry_name,
                               mach_port_t *root);

/* --- boot.c ---------------------------------------------------------------- */

struct diskfs_boot {
    boolean_t boot;           /* this is the system's first file system */
    const char *command_line; /* Mach's */
    mach_port_t exec_task, kernel_task; /* send rights or null */
    mach_port_t console;                /* Mach's, send right */
    /* Who started this one, in the chain of the boot (send right or null), and
     * its task. */
    mach_port_t bootstrap;
    task_t parent;
    const char *init_program; /* /hurd/startup unless said otherwise */
};
extern struct diskfs_boot diskfs_boot;

/* Once the root can be read: serves requests for ever, and boots the system or
 * tells the parent translator that this one is there. */
_Noreturn void diskfs_run(void);
/* The parts of it: serving, in threads of its own; and telling BOOTSTRAP
 * (borrowed). */
void diskfs_serve(void);
error_t diskfs_tell_parent(mach_port_t bootstrap);
/* What `fsysopts' shows and sets: malloced argz. */
error_t diskfs_get_options(char **argz, size_t *length);
error_t diskfs_set_options(const char *argz, size_t length);

/* --- shows.c: file systems that only show something --------------------------- */

/* Shows FN an entry if its place is not before FROM: for `walk'. */
int diskfs_shows_entry(uint32_t from, uint32_t place, diskfs_walk_fn fn,
                       void *context, ino64_t ino, int type, const char *name);
/* By walking the directory, which shows `.' and `..' as well. */
error_t diskfs_shows_lookup(struct node *dir, const char *name, ino64_t *ino);
void diskfs_shows_drop_node(struct node *np);
error_t diskfs_shows_write_node(struct node *np);
error_t diskfs_shows_read_link(struct node *np, char *target, size_t *length);
error_t diskfs_shows_get_translator(struct node *np, char **argz,
                                    size_t *length);
error_t diskfs_shows_statfs(struct hurd_statfs *st);
error_t diskfs_shows_sync(void);
error_t diskfs_shows_set_read_only(boolean_t read_only);
/* These in a struct diskfs_format. */
#define DISKFS_ONLY_SHOWS                                                      \
    .write_node = diskfs_shows_write_node,                                     \
    .read_link = diskfs_shows_read_link,                                       \
    .get_translator = diskfs_shows_get_translator,                             \
    .statfs = diskfs_shows_statfs, .sync = diskfs_shows_sync,                  \
    .set_read_only = diskfs_shows_set_read_only

/* For machdev's servers (lib/machdev): the root as what device_open answers, for
 * lookups and the server's own calls (who reads it opens "."); a control port;
 * the introduction of a translator. */
error_t diskfs_open_root_device(dev_mode_t mode, mach_port_t *port);
error_t diskfs_control_for(file_t underlying, mach_port_t *control);
error_t diskfs_translate(mach_port_t bootstrap);

#endif
