/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/hurd/tarfs_nodes.c: files: what can be done to them. */

#include <hurd/exec.h>
#include <hurd/libhurd.h>
#include <stdlib.h>
#include <string.h>
#include <tarfs/fs_S.h>
#include <tarfs/io_S.h>
#include <tests/hurd/tarfs.h>

#define CHECK(p)                                                               \
    do {                                                                       \
        if (!(p))                                                              \
            return HURD_EOPNOTSUPP;                                            \
    } while (0)

protid_t begin_using_protid(mach_port_t port)
{
    return ports_lookup_port(bucket, port, protid_class);
}

protid_t begin_using_protid_payload(uint64_t payload)
{
    return begin_using_protid(ports_payload_get_name(payload));
}

void end_using_protid(protid_t protid)
{
    if (protid)
        ports_port_deref(protid);
}

error_t protid_make(struct node *node, struct iouser *user, int flags,
                    struct open *open, struct protid **protid)
{
    error_t err = ports_create_port_noinstall(protid_class, bucket,
                                              sizeof **protid, protid);

    if (err)
        return err;
    if (!open) {
        open = calloc(1, sizeof *open);
        open->flags = flags;
    }
    __atomic_add_fetch(&open->refs, 1, __ATOMIC_RELAXED);
    (*protid)->node = node;
    (*protid)->user = user;
    (*protid)->open = open;
    /* Requests wait until it is known whose they are. */
    if (user)
        ports_install_port(*protid);
    return 0;
}

struct node *node_find(struct node *dir, const char *name, size_t length)
{
    struct node *n = dir->children;

    while (n && (strlen(n->name) != length || memcmp(n->name, name, length)))
        n = n->sibling;
    return n;
}

struct node *node_make(struct node *parent, const char *name, unsigned mode)
{
    static uint64_t ino = 1;
    struct node *n = calloc(1, sizeof *n);

    n->name = strdup(name);
    n->mode = mode;
    n->ino = ++ino;
    n->parent = parent;
    fshelp_transbox_init(&n->box, &fs_lock, n);
    if (parent) {
        n->sibling = parent->children;
        parent->children = n;
    }
    return n;
}

static void stat_node(struct node *n, io_statbuf_t *st)
{
    memset(st, 0, sizeof *st);
    st->st_fstype = HFS_MEMFS;
    st->st_fsid = 42;
    st->st_ino = n->ino;
    st->st_mode = n->mode;
    st->st_nlink = 1;
    st->st_uid = n->uid;
    st->st_gid = n->gid;
    st->st_size = n->target ? (int64_t)strlen(n->target) : n->size;
    st->st_blksize = 4096;
    st->st_blocks = (n->size + 511) / 512;
    if (n == root)
        st->st_mode |= HS_IROOT;
}

static error_t check_open(struct node *n, struct iouser *user, int flags)
{
    io_statbuf_t st;
    error_t err = 0;

    stat_node(n, &st);
    if (flags & HO_READ)
        err = fshelp_access(&st, HS_IREAD, user);
    if (!err && flags & HO_WRITE)
        err = HS_ISDIR(n->mode) ? HURD_EISDIR
                                : fshelp_access(&st, HS_IWRITE, user);
    if (!err && flags & HO_EXEC)
        err = fshelp_access(&st, HS_IEXEC, user);
    return err;
}

static error_t give(struct node *n, struct iouser *user, int flags,
                    mach_port_t *port, mach_msg_type_name_t *type)
{
    struct protid *p;
    struct iouser *copy;
    error_t err = check_open(n, user, flags);

    if (!err)
        err = iohelp_dup_iouser(&copy, user);
    if (!err)
        err = protid_make(n, copy, flags & ~(HO_CREAT | HO_EXCL), NULL, &p);
    if (err)
        return err;
    *port = ports_get_right(p);
    *type = MACH_MSG_TYPE_MAKE_SEND;
    ports_port_deref(p);
    return 0;
}

/* Crosses into the translator on N. */
static error_t cross(struct protid *p, struct node *n, int flags,
                     retry_type *retry, char *retry_name, const char *rest,
                     mach_port_t *port, mach_msg_type_name_t *type)
{
    struct protid *dir;
    struct iouser *nobody;
    string_t answer;

    iohelp_create_empty_iouser(&nobody);
    protid_make(n->parent, nobody, 0, NULL, &dir);
    mach_port_t dotdot = ports_get_send_right(dir);
    ports_port_deref(dir);
    error_t err = fshelp_fetch_root(&n->box, NULL, dotdot, p->user, flags, NULL,
                                    NULL, retry, answer, port);
    mach_port_drop(dotdot);
    if (err)
        return err;
    *type = MACH_MSG_TYPE_MOVE_SEND;
    mig_strncpy(retry_name, answer, sizeof answer);
    if (*rest) {
        if (*retry_name)
            strcat(retry_name, "/");
        strncat(retry_name, rest, 1023 - strlen(retry_name));
    }
    return 0;
}

kern_return_t S_dir_lookup(protid_t p, const_string_t name, int flags,
                           mode_t mode, retry_type *retry, string_t retry_name,
                           mach_port_t *port, mach_msg_type_name_t *type)
{
    char copy[2048], *at = copy;
    struct node *n, *next;
    int links = 0;
    error_t err = 0;

    CHECK(p);
    mig_strncpy(copy, name, 1024);
    *retry = FS_RETRY_NORMAL;
    retry_name[0] = 0;
    pthread_mutex_lock(&fs_lock);
    n = p->node;
    for (;;) {
        while (*at == '/')
            at++;
        if (!*at)
            break;
        size_t length = strcspn(at, "/");
        char *rest = at + length;
        while (*rest == '/')
            rest++;
        boolean_t last = !*rest;
        if (!HS_ISDIR(n->mode)) {
            err = HURD_ENOTDIR;
            break;
        }
        if (length == 1 && at[0] == '.')
            next = n;
        else if (length == 2 && at[0] == '.' && at[1] == '.')
            next = n->parent ? n->parent : n;
        else
            next = node_find(n, at, length);
        if (!next && last && flags & HO_CREAT) {
            char saved = at[length];
            at[length] = 0;
            next = node_make(n, at, HS_IFREG | (mode & 0777));
            at[length] = saved;
            next->own_data = TRUE;
        }
        if (!next) {
            err = HURD_ENOENT;
            break;
        }
        if (fshelp_translated(&next->box) && !(last && flags & HO_NOTRANS)) {
            err = cross(p, next, last ? flags : 0, retry, retry_name, rest,
                        port, type);
            pthread_mutex_unlock(&fs_lock);
            return err;
        }
        if (next->target && !(last && flags & (HO_NOTRANS | HO_NOLINK))) {
            char join[2048];
            if (++links > 16) {
                err = HURD_ELOOP;
                break;
            }
            strcpy(join, next->target);
            if (!last)
                strcat(strcat(join, "/"), rest);
            if (join[0] == '/') {
                *retry = FS_RETRY_MAGICAL;
                mig_strncpy(retry_name, join, 1024);
                *port = MACH_PORT_NULL;
                *type = MACH_MSG_TYPE_COPY_SEND;
                pthread_mutex_unlock(&fs_lock);
                return 0;
            }
            strcpy(copy, join);
            at = copy;
            continue;
        }
        n = next;
        at = rest;
    }
    pthread_mutex_unlock(&fs_lock);
    if (!err)
        err = give(n, p->user, flags, port, type);
    return err;
}

kern_return_t S_dir_readdir(protid_t p, data_t *data,
                            mach_msg_type_number_t *size, boolean_t *dealloc,
                            int entry, int nentries, vm_size_t bufsiz,
                            int *amount)
{
    char *to = *data;
    int index = 0;

    CHECK(p);
    if (!HS_ISDIR(p->node->mode))
        return HURD_ENOTDIR;
    *amount = 0;
    *dealloc = FALSE;
    for (struct node *n = p->node->children; n; n = n->sibling, index++) {
        size_t length = strlen(n->name), need = HURD_DIRENT_SIZE(length);
        if (index < entry)
            continue;
        if (to + need > *data + *size ||
            (nentries != -1 && *amount >= nentries))
            break;
        struct hurd_dirent *d = (void *)to;
        memset(d, 0, need);
        d->d_ino = n->ino;
        d->d_reclen = need;
        d->d_type = n->mode >> 12;
        d->d_namlen = length;
        memcpy(d->d_name, n->name, length);
        to += need;
        (*amount)++;
    }
    *size = to - *data;
    return 0;
}

kern_return_t S_io_stat(protid_t p, io_statbuf_t *st)
{
    CHECK(p);
    stat_node(p->node, st);
    return 0;
}

kern_return_t S_io_read(protid_t p, data_t *data, mach_msg_type_number_t *size,
                        loff_t offset, vm_size_t amount)
{
    const char *from;
    int64_t length;

    CHECK(p);
    if (!(p->open->flags & HO_READ))
        return HURD_EBADF;
    if (HS_ISDIR(p->node->mode))
        return HURD_EISDIR;
    from = p->node->target ? p->node->target : p->node->data;
    length = p->node->target ? (int64_t)strlen(from) : p->node->size;
    int64_t at = offset == -1 ? p->open->offset : offset;
    if (at < 0 || at > length)
        at = length;
    if ((int64_t)amount > length - at)
        amount = length - at;
    if (amount > *size) {
        vm_address_t room = 0;
        error_t err = vm_allocate(mach_task_self(), &room, amount, TRUE);
        if (err)
            return err;
        *data = (data_t)room;
    }
    if (amount)
        memcpy(*data, from + at, amount);
    *size = amount;
    if (offset == -1)
        p->open->offset += amount;
    return 0;
}

kern_return_t S_io_write(protid_t p, const_data_t data,
                         mach_msg_type_number_t size, loff_t offset,
                         vm_size_t *amount)
{
    CHECK(p);
    if (!(p->open->flags & HO_WRITE) || !p->node->own_data)
        return HURD_EROFS;
    int64_t at = p->open->flags & HO_APPEND ? p->node->size
                 : offset == -1             ? p->open->offset
                                            : offset;
    if (at + (int64_t)size > p->node->size) {
        p->node->data = realloc(p->node->data, at + size);
        memset(p->node->data + p->node->size, 0, at + size - p->node->size);
        p->node->size = at + size;
    }
    memcpy(p->node->data + at, data, size);
    if (offset == -1)
        p->open->offset = at + size;
    *amount = size;
    return 0;
}

kern_return_t S_io_seek(protid_t p, loff_t offset, int whence, loff_t *new)
{
    CHECK(p);
    *new = offset + (whence == 1   ? p->open->offset
                     : whence == 2 ? p->node->size
                                   : 0);
    if (*new < 0)
        return HURD_EINVAL;
    p->open->offset = *new;
    return 0;
}

kern_return_t S_file_set_size(protid_t p, loff_t size)
{
    CHECK(p);
    if (!p->node->own_data)
        return HURD_EROFS;
    if (size > p->node->size) {
        p->node->data = realloc(p->node->data, size);
        memset(p->node->data + p->node->size, 0, size - p->node->size);
    }
    p->node->size = size;
    return 0;
}

kern_return_t S_io_get_openmodes(protid_t p, int *modes)
{
    CHECK(p);
    *modes = p->open->flags;
    return 0;
}

kern_return_t S_io_set_all_openmodes(protid_t p, int modes)
{
    CHECK(p);
    p->open->flags = (p->open->flags & ~HO_SETTABLE) | (modes & HO_SETTABLE);
    return 0;
}

kern_return_t S_io_set_some_openmodes(protid_t p, int modes)
{
    CHECK(p);
    p->open->flags |= modes & HO_SETTABLE;
    return 0;
}

kern_return_t S_io_clear_some_openmodes(protid_t p, int modes)
{
    CHECK(p);
    p->open->flags &= ~(modes & HO_SETTABLE);
    return 0;
}

kern_return_t S_io_select(protid_t p, int *type)
{
    CHECK(p);
    return 0;
}

kern_return_t S_io_duplicate(protid_t p, mach_port_t *port,
                             mach_msg_type_name_t *type)
{
    struct protid *new;
    struct iouser *user;

    CHECK(p);
    iohelp_dup_iouser(&user, p->user);
    protid_make(p->node, user, 0, p->open, &new);
    *port = ports_get_right(new);
    *type = MACH_MSG_TYPE_MAKE_SEND;
    ports_port_deref(new);
    return 0;
}

kern_return_t S_io_restrict_auth(protid_t p, mach_port_t *port,
                                 mach_msg_type_name_t *type, const uid_t *uids,
                                 mach_msg_type_number_t nuids,
                                 const uid_t *gids,
                                 mach_msg_type_number_t ngids)
{
    struct protid *new;
    struct iouser *user;

    CHECK(p);
    iohelp_restrict_iouser(&user, p->user, uids, nuids, gids, ngids);
    protid_make(p->node, user, 0, p->open, &new);
    *port = ports_get_right(new);
    *type = MACH_MSG_TYPE_MAKE_SEND;
    ports_port_deref(new);
    return 0;
}

kern_return_t S_io_reauthenticate(protid_t p, mach_port_t rend)
{
    struct protid *new;
    struct iouser *user = NULL;
    mach_port_t auth = getauth();

    CHECK(p);
    protid_make(p->node, NULL, 0, p->open, &new);
    mach_port_t right = ports_get_right(new);
    iohelp_reauth(&user, auth, rend, right, TRUE);
    new->user = user;
    ports_install_port(new);
    mach_port_drop(rend);
    mach_port_drop(auth);
    mach_port_insert_right(mach_task_self(), right, right,
                           MACH_MSG_TYPE_MAKE_SEND);
    mach_port_drop(right);
    ports_port_deref(new);
    return 0;
}

kern_return_t S_io_identity(protid_t p, mach_port_t *id,
                            mach_msg_type_name_t *id_type, mach_port_t *fsid,
                            mach_msg_type_name_t *fsid_type, ino64_t *fileno)
{
    static mach_port_t fs;

    CHECK(p);
    if (!fs)
        fs = mach_reply_port();
    *id = *fsid = fs;
    *id_type = *fsid_type = MACH_MSG_TYPE_MAKE_SEND;
    *fileno = p->node->ino;
    return 0;
}

kern_return_t S_file_check_access(protid_t p, int *allowed)
{
    io_statbuf_t st;

    CHECK(p);
    stat_node(p->node, &st);
    *allowed = (fshelp_access(&st, HS_IREAD, p->user) ? 0 : HO_READ) |
               (fshelp_access(&st, HS_IWRITE, p->user) ? 0 : HO_WRITE) |
               (fshelp_access(&st, HS_IEXEC, p->user) ? 0 : HO_EXEC);
    return 0;
}

kern_return_t S_file_chmod(protid_t p, mode_t mode)
{
    CHECK(p);
    p->node->mode = (p->node->mode & ~07777u) | (mode & 07777);
    return 0;
}

kern_return_t S_file_chown(protid_t p, uid_t uid, gid_t gid)
{
    CHECK(p);
    p->node->uid = uid;
    return 0;
}

kern_return_t S_file_set_translator(protid_t p, int passive_flags,
                                    int active_flags, int oldtrans_flags,
                                    const_data_t passive,
                                    mach_msg_type_number_t passive_len,
                                    mach_port_t active)
{
    error_t err = 0;

    CHECK(p);
    if (passive_flags & FS_TRANS_SET)
        return HURD_EROFS;
    pthread_mutex_lock(&fs_lock);
    if (active_flags & FS_TRANS_SET)
        err = fshelp_set_active(&p->node->box, active,
                                active_flags & FS_TRANS_EXCL);
    else
        mach_port_drop(active);
    pthread_mutex_unlock(&fs_lock);
    return err;
}

kern_return_t S_file_exec_paths(
    protid_t p, task_t task, int flags, const_string_t path,
    const_string_t abspath, const_data_t argv, mach_msg_type_number_t argv_len,
    const_data_t envp, mach_msg_type_number_t envp_len, const_portarray_t fds,
    mach_msg_type_number_t nfds, const_portarray_t ports,
    mach_msg_type_number_t nports, const_intarray_t ints,
    mach_msg_type_number_t nints, const mach_port_name_t *deallocs,
    mach_msg_type_number_t ndeallocs, const mach_port_name_t *destroys,
    mach_msg_type_number_t ndestroys)
{
    struct protid *file;
    struct iouser *user;
    string_t path_copy, abspath_copy;

    CHECK(p);
    iohelp_dup_iouser(&user, p->user);
    protid_make(p->node, user, HO_READ, NULL, &file);
    mach_port_t right = ports_get_send_right(file);
    ports_port_deref(file);
    mig_strncpy(path_copy, path, sizeof path_copy);
    mig_strncpy(abspath_copy, abspath, sizeof abspath_copy);
    error_t err = exec_exec_paths(
        exec_server, right, MACH_MSG_TYPE_COPY_SEND, task, flags, path_copy,
        abspath_copy, argv, argv_len, envp, envp_len, fds,
        MACH_MSG_TYPE_COPY_SEND, nfds, ports, MACH_MSG_TYPE_COPY_SEND, nports,
        ints, nints, deallocs, ndeallocs, destroys, ndestroys);
    mach_port_drop(right);
    if (err)
        return err;
    mach_port_drop(task);
    for (unsigned i = 0; i < nfds; i++)
        mach_port_drop(fds[i]);
    for (unsigned i = 0; i < nports; i++)
        mach_port_drop(ports[i]);
    return 0;
}

kern_return_t S_file_statfs(protid_t p, fsys_statfsbuf_t *st)
{
    CHECK(p);
    memset(st, 0, sizeof *st);
    st->f_bsize = 4096;
    return 0;
}
