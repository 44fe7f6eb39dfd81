/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/magic/main.c: a node whose meaning depends on who asks.
 *
 *     magic [--directory] WORD
 *
 * Whoever looks it up is told to go on with the magical name WORD: `tty' for
 * /dev/tty, `fd' with --directory for /dev/fd.
 */

#include <hurd/libhurd.h>
#include <stdio.h>
#include <string.h>
#include <trivfs/trivfs.h>

int trivfs_fstype = HFS_MISC;
int trivfs_fsid;
int trivfs_support_read = 1, trivfs_support_write = 1, trivfs_support_exec;
int trivfs_allow_open = HO_READ | HO_WRITE;

static const char *word;

void trivfs_modify_stat(struct trivfs_protid *cred, io_statbuf_t *st)
{
}

error_t trivfs_goaway(struct trivfs_control *cntl, int flags)
{
    for (;;)
        task_terminate(mach_task_self());
}

static error_t getroot(struct trivfs_control *cntl, mach_port_t reply,
                       mach_msg_type_name_t reply_type, mach_port_t dotdot,
                       const uid_t *uids, unsigned nuids, const gid_t *gids,
                       unsigned ngids, int flags, retry_type *do_retry,
                       char *retry_name, mach_port_t *node,
                       mach_msg_type_name_t *node_type)
{
    *do_retry = FS_RETRY_MAGICAL;
    mig_strncpy(retry_name, word, sizeof(string_t));
    *node = MACH_PORT_NULL;
    *node_type = MACH_MSG_TYPE_COPY_SEND;
    mach_port_drop(dotdot);
    return 0;
}
error_t (*trivfs_getroot_hook)(struct trivfs_control *, mach_port_t,
                               mach_msg_type_name_t, mach_port_t, const uid_t *,
                               unsigned, const gid_t *, unsigned, int,
                               retry_type *, char *, mach_port_t *,
                               mach_msg_type_name_t *) = getroot;

int main(int argc, char **argv)
{
    mach_port_t bootstrap = hurd_bootstrap_port();
    struct trivfs_control *cntl;
    error_t err;

    if (bootstrap == MACH_PORT_NULL)
        mach_die(0, "must be started as a translator");
    if (argc < 2 || argc > 3)
        mach_die(0, "usage: magic [--directory] WORD");
    word = argv[argc - 1];
    err = trivfs_startup(bootstrap, 0, NULL, NULL, NULL, NULL, &cntl);
    mach_port_drop(bootstrap);
    if (err)
        mach_die(err, "starting");
    for (;;)
        ports_manage_port_operations_multithread(
            cntl->pi.bucket, trivfs_demuxer, 60000, 0, NULL);
}
