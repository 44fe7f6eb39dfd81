/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/fshelp/fshelp.h: what file systems have in common: translators on nodes,
 * permission checks, record locks, options.
 *
 * Names and contracts are the Hurd's, with the wire's structures and errors.
 */

#ifndef LIB_FSHELP_FSHELP_H
#define LIB_FSHELP_FSHELP_H

#include <argp.h>
#include <hurd/hurd_types.h>
#include <iohelp/iohelp.h>
#include <mach/mach.h>
#include <pthread.h>

/* --- starting a translator ------------------------------------------------ */

/* Opens the underlying node with FLAGS for the translator in TASK: gives a
 * right and how it is to be sent. */
typedef error_t (*fshelp_open_fn_t)(int flags, file_t *underlying,
                                    mach_msg_type_name_t *underlying_type,
                                    task_t task, void *cookie);

/* Starts the program NAME with arguments ARGZ and waits at most TIMEOUT ms (0:
 * for ever) for its fsys_startup, whose control port (a send right) goes to
 * *CONTROL.  PORTS has INIT_PORT_MAX entries; PROC and BOOTSTRAP are filled in
 * here.  FDS, PORTS and INTS are borrowed.  The task belongs to OWNER_UID (-1:
 * nobody in particular).  EDIED if the program ended before. */
error_t fshelp_start_translator_long(
    fshelp_open_fn_t underlying_open_fn, void *cookie, const char *name,
    const char *argz, size_t argz_len, mach_port_t *fds,
    mach_msg_type_name_t fds_type, int fds_len, mach_port_t *ports,
    mach_msg_type_name_t ports_type, int ports_len, int *ints, int ints_len,
    uid_t owner_uid, int timeout_ms, fsys_t *control);

/* The same with this process's own ports. */
error_t fshelp_start_translator(fshelp_open_fn_t underlying_open_fn,
                                void *cookie, const char *name,
                                const char *argz, size_t argz_len,
                                int timeout_ms, fsys_t *control);

/* --- the translator of a node --------------------------------------------- */

struct transbox {
    fsys_t active; /* control port, send right, or null */
    pthread_mutex_t *lock;
    pthread_cond_t wakeup;
    int flags;
    void *cookie;
};

/* LOCK guards the box and is held by the caller of all that follows. */
void fshelp_transbox_init(struct transbox *box, pthread_mutex_t *lock,
                          void *cookie);

/* Whom the passive translator shall run as, and its argz (malloced, the box
 * frees it).  ENOENT if there is none.  Called without the lock. */
typedef error_t (*fshelp_fetch_root_callback1_t)(void *cookie1, void *cookie2,
                                                 uid_t *uid, gid_t *gid,
                                                 char **argz, size_t *argz_len);
/* Opens the underlying node for it. Called without the lock. */
typedef error_t (*fshelp_fetch_root_callback2_t)(
    void *cookie1, void *cookie2, int flags, mach_port_t *underlying,
    mach_msg_type_name_t *underlying_type);

/* Opens the root of the box's translator for USER, starting the passive one if
 * need be (and again if the active one proved dead).  DOTDOT is borrowed.  The
 * lock is let go meanwhile. */
error_t fshelp_fetch_root(struct transbox *box, void *cookie, file_t dotdot,
                          const struct iouser *user, int flags,
                          fshelp_fetch_root_callback1_t callback1,
                          fshelp_fetch_root_callback2_t callback2,
                          retry_type *retry, char *retry_name,
                          mach_port_t *root);

int fshelp_translated(struct transbox *box);
/* Consumes NEWACTIVE (null: none).  EBUSY if EXCL and one is there. */
error_t fshelp_set_active(struct transbox *box, fsys_t newactive, int excl);
/* A new reference of the control port, or null. */
error_t fshelp_fetch_control(struct transbox *box, mach_port_t *control);
void fshelp_drop_transbox(struct transbox *box);

/* The active translators below this one, by name relative to the root. */
error_t fshelp_set_active_translator(const char *name, mach_port_t active);
error_t fshelp_remove_active_translator(const char *name);
/* NAMES: malloced argz; CONTROLS: malloced, each a new reference. */
error_t fshelp_get_active_translators(char **names, size_t *names_len,
                                      mach_port_t **controls, size_t *count);

/* --- permissions ---------------------------------------------------------- */

/* OP is HS_IREAD, HS_IWRITE or HS_IEXEC.  0 or EACCES. */
error_t fshelp_access(const io_statbuf_t *st, int op,
                      const struct iouser *user);
/* 0 or EPERM. */
error_t fshelp_isowner(const io_statbuf_t *st, const struct iouser *user);
/* May USER add or remove ST (null: a new entry) in DIR? */
error_t fshelp_checkdirmod(const io_statbuf_t *dir, const io_statbuf_t *st,
                           const struct iouser *user);
/* Traps that one user could lay for another, in directories with the sticky bit
 * where all may make names; root is caught in them as well.  The rules and their
 * errors are those of Debian's Linux: fs.protected_symlinks, _fifos (1), _regular
 * (2) and _hardlinks.
 * To follow the link ST, found in DIR at a path's end; to open ST with O_CREAT,
 * as if it might not have been there; to give ST another name. */
error_t fshelp_check_follow(const io_statbuf_t *dir, const io_statbuf_t *st,
                            const struct iouser *user);
error_t fshelp_check_recreate(const io_statbuf_t *dir, const io_statbuf_t *st,
                              const struct iouser *user);
error_t fshelp_check_link(const io_statbuf_t *st, const struct iouser *user);

/* Makes ready to exec a file with set-id bits: if SUID or SGID, the AUTH port
 * in PORTS is replaced by one with the new effective ids, and the ports that
 * depend on it are reauthenticated.  *SECURE tells whether the program gained
 * rights over its caller's. */
error_t fshelp_exec_reauth(int suid, uid_t uid, int sgid, gid_t gid,
                           auth_t auth, mach_port_t *ports, unsigned num_ports,
                           mach_port_t *fds, unsigned num_fds, int *secure);

/* --- record locks --------------------------------------------------------- */

/* A lock belongs to an open file, or to a process that has claimed one
 * (hurd/claims.defs); and there are record locks and locks of whole files
 * (flock), which do not know of each other. */
struct rlock_box {
    struct rlock *locks; /* in order of where they start */
    unsigned count;
    struct rlock_owner *owners; /* processes */
};
struct rlock_peropen {
    struct rlock_box *box;
    pthread_mutex_t *mutex;
};

void fshelp_rlock_init(struct rlock_box *box);
/* MUTEX guards the box and is held by callers of the others. */
error_t fshelp_rlock_po_init(struct rlock_peropen *po, struct rlock_box *box,
                             pthread_mutex_t *mutex);
error_t fshelp_rlock_drop_peropen(struct rlock_peropen *po);
/* HLOCK_SH, HLOCK_EX or HLOCK_UN: the strongest this open has, or anyone. */
int fshelp_rlock_peropen_status(struct rlock_peropen *po);
int fshelp_rlock_box_status(struct rlock_box *box);
/* fcntl's CMD (HF_GETLK64, ...) with *LOCK, for an open with OPEN_MODE.  The
 * start is relative to CURPOS or SIZE as l_whence says.  HF_SETLKW64 sleeps
 * with the mutex let go; EINTR, EDEADLK.  The lock is the open's, or that of the
 * process whose known claim RENDEZVOUS is (borrowed). */
error_t fshelp_rlock_tweak(struct rlock_box *box, pthread_mutex_t *mutex,
                           struct rlock_peropen *po, int open_mode,
                           int64_t size, int64_t curpos, int cmd,
                           struct hurd_flock *lock, mach_port_t rendezvous);
/* flock: a lock of the whole file, HLOCK_SH, HLOCK_EX or HLOCK_UN, and
 * HLOCK_NB. */
error_t fshelp_rlock_whole(struct rlock_peropen *po, int flags);

/* Is CLAIM known to be a claim to PO? */
boolean_t fshelp_rlock_knows(struct rlock_peropen *po, mach_port_t claim);
/* proc says that CLAIM (consumed if it succeeds) is PID's claim to PO. */
error_t fshelp_rlock_learn(struct rlock_peropen *po, mach_port_t claim,
                           pid_t pid);
/* The open that CLAIM is a claim to, or null if it is none here. */
struct rlock_peropen *fshelp_rlock_claimed(mach_port_t claim);
/* CLAIM has died: its process's locks of the file go. */
void fshelp_rlock_forget(mach_port_t claim);

/* --- options and other small things --------------------------------------- */

/* Parses the options in ARGZ with ARGP; EINVAL if they are no good. */
error_t fshelp_set_options(const struct argp *argp, int flags, const char *argz,
                           size_t argz_len, void *input);

/* Hands the malloced BUF to a MIG caller by way of *RBUF, *RBUF_LEN, as they
 * came; frees it.  BUF may be null. */
error_t fshelp_return_malloced_buffer(char *buf, size_t len, char **rbuf,
                                      mach_msg_type_number_t *rbuf_len);

#endif
