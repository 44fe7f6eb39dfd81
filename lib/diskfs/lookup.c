/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/lookup.c: dir_lookup (HURD-FACTS 5.2). */

#include <diskfs/fs_S.h>
#include <diskfs/private.h>

#define LINKS_MAX       40 /* as on Linux */
#define NAME_MAX_LENGTH 255
#define RETRY_NAME_MAX  1024 /* a string_t */
#define LINK_MAX_LENGTH 4095
#define WALK_NAME_MAX   8192 /* a name, with links in their targets' places */

/* A lookup in progress: where it is and what is left of the name. */
struct walk {
    const struct protid *cred;
    int flags;
    mode_t mode;
    struct node *dir; /* a reference */
    char name[WALK_NAME_MAX], *rest;
    int links;
    boolean_t must_be_dir, create, created;
    /* The answer. */
    retry_type *retry;
    char *retry_name;
    mach_port_t *port;
    mach_msg_type_name_t *type;
};

error_t diskfs_answer_open(struct node *np, int flags,
                           const struct peropen *context,
                           const struct iouser *user, mach_port_t *port,
                           mach_msg_type_name_t *type)
{
    struct iouser *copy;
    struct protid *cred;
    error_t err = iohelp_dup_iouser(&copy, user);

    if (err) {
        diskfs_nrele(np);
        return err;
    }
    struct peropen *po = diskfs_make_peropen(np, flags, context);
    if (!po) {
        iohelp_free_iouser(copy);
        return HURD_ENOMEM;
    }
    err = diskfs_make_protid(po, copy, &cred);
    if (err)
        return err;
    *port = ports_get_right(cred);
    *type = MACH_MSG_TYPE_MAKE_SEND;
    ports_port_deref(cred);
    return 0;
}

error_t diskfs_check_open(struct node *np, int flags, const struct iouser *user)
{
    unsigned mode = np->st.st_mode;
    error_t err = 0;

    if (flags & HO_READ)
        err = fshelp_access(&np->st, HS_IREAD, user);
    if (!err && flags & HO_WRITE) {
        if (HS_ISDIR(mode))
            return HURD_EISDIR;
        if (diskfs_readonly && HS_ISREG(mode) && !diskfs_format->live)
            return HURD_EROFS;
        err = fshelp_access(&np->st, HS_IWRITE, user);
    }
    if (!err && flags & HO_EXEC)
        err = fshelp_access(&np->st, HS_IEXEC, user);
    return err;
}

/* Answers with an open of NP, whose reference is consumed. */
static error_t walk_answer(struct walk *walk, struct node *np)
{
    error_t err = 0;

    if (walk->must_be_dir && !HS_ISDIR(np->st.st_mode))
        err = HURD_ENOTDIR;
    else if (walk->flags & HO_CREAT && HS_ISDIR(np->st.st_mode))
        err = walk->flags & HO_EXCL ? HURD_EEXIST : HURD_EISDIR;
    if (!err && !walk->created)
        err = diskfs_check_open(np, walk->flags, walk->cred->user);
    if (err) {
        diskfs_nrele(np);
        return err;
    }
    *walk->retry = FS_RETRY_NORMAL;
    walk->retry_name[0] = 0;
    return diskfs_answer_open(np, walk->flags, walk->cred->po, walk->cred->user,
                              walk->port, walk->type);
}

/* `..' out of the file system: the client goes on at the parent's server. */
static error_t walk_out(struct walk *walk)
{
    *walk->retry = FS_RETRY_REAUTH;
    *walk->port = walk->cred->po->root_parent;
    *walk->type = MACH_MSG_TYPE_COPY_SEND;
    mig_strncpy(walk->retry_name, walk->rest ? walk->rest : "", 1024);
    return 0;
}

/* The client is to find out itself what MAGIC, and what is left, means. */
static error_t walk_magic(struct walk *walk, const char *magic)
{
    size_t length = strlen(magic), rest = walk->rest ? strlen(walk->rest) : 0;

    if (length + rest + 2 > RETRY_NAME_MAX)
        return HURD_ENAMETOOLONG;
    memcpy(walk->retry_name, magic, length + 1);
    if (walk->rest) {
        walk->retry_name[length] = '/';
        memcpy(walk->retry_name + length + 1, walk->rest, rest + 1);
    }
    *walk->retry = FS_RETRY_MAGICAL;
    *walk->port = MACH_PORT_NULL;
    *walk->type = MACH_MSG_TYPE_COPY_SEND;
    return 0;
}

/* What keeps the directory from being searched, or ERR. */
static error_t walk_search_allowed(const struct walk *walk, error_t err)
{
    error_t first =
        HS_ISDIR(walk->dir->st.st_mode)
            ? fshelp_access(&walk->dir->st, HS_IEXEC, walk->cred->user)
            : HURD_ENOTDIR;

    return first ? first : err;
}

/* The node that NAME is in walk->dir: a reference, or NULL if it is not there
 * and may be made. */
static error_t walk_find(struct walk *walk, const char *name, boolean_t last,
                         struct node **np)
{
    ino64_t ino;
    error_t err;

    *np = NULL;
    err = walk_search_allowed(walk, 0);
    if (err)
        return err;
    if (strlen(name) > NAME_MAX_LENGTH)
        return HURD_ENAMETOOLONG;
    if (!strcmp(name, "..") && walk->dir == walk->cred->po->shadow_root) {
        diskfs_nref(walk->dir);
        *np = walk->dir;
        return 0;
    }
    err = diskfs_format->lookup(walk->dir, name, &ino);
    if (err == HURD_ENOENT && last && walk->create)
        return 0;
    if (!err)
        err = diskfs_cached_lookup(ino, np);
    if (err || !HS_ISDIR((*np)->st.st_mode) || diskfs_is_dots(name) ||
        !diskfs_format->check_child)
        return err;
    err = diskfs_format->check_child(walk->dir, *np);
    if (err)
        diskfs_nrele(*np);
    return err;
}

static error_t walk_create(struct walk *walk, const char *name)
{
    struct node *np;
    error_t err = fshelp_checkdirmod(&walk->dir->st, NULL, walk->cred->user);

    if (!err)
        err = diskfs_create(walk->dir,
                            (walk->mode & (HS_IPERM | 07000)) | HS_IFREG,
                            walk->cred->user, &np);
    if (err)
        return err;
    err = diskfs_format->enter(walk->dir, name, np);
    if (err) {
        diskfs_nrele(np);
        return err;
    }
    np->st.st_nlink = 1;
    diskfs_touch(np, FALSE, FALSE, TRUE);
    diskfs_update(np);
    diskfs_touch(walk->dir, FALSE, TRUE, TRUE);
    diskfs_note_name(np, walk->dir, name);
    walk->created = TRUE;
    return walk_answer(walk, np);
}

/* Puts the link's target before what is left; NP's reference is consumed. */
static error_t walk_link(struct walk *walk, struct node *np, boolean_t last,
                         boolean_t *answered)
{
    char target[LINK_MAX_LENGTH + 1];
    size_t length = LINK_MAX_LENGTH;

    if (diskfs_format->magic_link) {
        *answered = TRUE;
        const char *magic = diskfs_format->magic_link(np);
        diskfs_nrele(np);
        return walk_magic(walk, magic);
    }
    error_t err = ++walk->links > LINKS_MAX ? HURD_ELOOP : 0;

    if (!err && last)
        err = fshelp_check_follow(&walk->dir->st, &np->st, walk->cred->user);
    if (!err)
        err = diskfs_format->read_link(np, target, &length);
    diskfs_nrele(np);
    if (err)
        return err;
    /* A slash behind the link's name stays one behind its target. */
    const char *tail = walk->rest ? walk->rest : "";
    boolean_t slash = walk->rest || walk->must_be_dir;
    size_t rest = strlen(tail);
    if (length + slash + rest >= WALK_NAME_MAX)
        return HURD_ENAMETOOLONG;
    memmove(walk->name + length + slash, tail, rest + 1);
    memcpy(walk->name, target, length);
    if (slash)
        walk->name[length] = '/';
    walk->rest = walk->name;
    if (target[0] != '/')
        return 0;
    /* As long a name the client must take apart by itself. */
    if (length + slash + rest >= RETRY_NAME_MAX)
        return HURD_ENAMETOOLONG;
    *walk->retry = FS_RETRY_MAGICAL;
    mig_strncpy(walk->retry_name, walk->name, 1024);
    *walk->port = MACH_PORT_NULL;
    *walk->type = MACH_MSG_TYPE_COPY_SEND;
    *answered = TRUE;
    return 0;
}

/* There is no translator: it has died, and nothing says how to start it; or it
 * is a device's node whose program is not there, and only to be looked at. */
static boolean_t may_do_without(const struct walk *walk, struct node *np,
                                boolean_t last)
{
    if (!diskfs_has_translator(np))
        return TRUE;
    return last && !np->passive && !fshelp_translated(&np->transbox) &&
           !(walk->flags & (HO_ACCMODE | HO_EXEC));
}

/* Goes over to NP's translator; the reference is consumed unless it turns out
 * that there is none any more: then nothing is answered. */
static error_t walk_translator(struct walk *walk, struct node *np,
                               boolean_t last, boolean_t *answered)
{
    /* What is to be a directory is not waited for: it may be a pipe. */
    int flags = walk->flags | (walk->must_be_dir ? HO_NONBLOCK : 0);
    error_t err =
        diskfs_open_translator(np, walk->dir, walk->cred, last ? flags : 0,
                               walk->retry, walk->retry_name, walk->port);

    if (err == HURD_ENOENT && may_do_without(walk, np, last))
        return 0;
    diskfs_nrele(np);
    *walk->type = MACH_MSG_TYPE_MOVE_SEND;
    *answered = TRUE;
    if (err || !walk->rest)
        return err;
    size_t length = strlen(walk->retry_name);
    if (length + strlen(walk->rest) + 2 > RETRY_NAME_MAX) {
        mach_port_drop(*walk->port);
        return HURD_ENAMETOOLONG;
    }
    if (length && walk->retry_name[length - 1] != '/')
        walk->retry_name[length++] = '/';
    mig_strncpy(walk->retry_name + length, walk->rest, 1024 - length);
    return 0;
}

/* Takes the next component off the name; *LAST if nothing follows. */
static char *walk_component(struct walk *walk, boolean_t *last)
{
    char *name = walk->rest, *slash;

    while (*name == '/')
        name++;
    slash = strchr(name, '/');
    walk->rest = NULL;
    *last = TRUE;
    if (!slash)
        return name;
    *slash++ = 0;
    while (*slash == '/')
        slash++;
    if (*slash) {
        walk->rest = slash;
        *last = FALSE;
    } else {
        walk->must_be_dir = TRUE;
        walk->create = FALSE;
    }
    return name;
}

/* One component.  *ANSWERED if the walk is over. */
static error_t walk_step(struct walk *walk, boolean_t *answered)
{
    boolean_t last;
    struct node *np;
    char *name = walk_component(walk, &last);

    if (!strcmp(name, "..") && walk->cred->po->root_parent &&
        (walk->cred->po->shadow_root ? walk->dir == walk->cred->po->shadow_root
                                     : walk->dir->ino == diskfs_format->root)) {
        *answered = TRUE;
        return walk_out(walk);
    }
    const char *magic =
        diskfs_format->magic ? diskfs_format->magic(walk->dir, name) : NULL;
    if (magic) {
        *answered = TRUE;
        return walk_magic(walk, magic);
    }
    /* Only mkdir makes a directory. */
    if (last && walk->must_be_dir && walk->flags & HO_CREAT &&
        !diskfs_is_dots(name))
        return walk_search_allowed(walk, HURD_EISDIR);
    error_t err = walk_find(walk, name, last, &np);
    if (err)
        return err;
    if (!np) {
        *answered = TRUE;
        return walk_create(walk, name);
    }
    diskfs_note_name(np, walk->dir, name);
    if (last && walk->create && walk->flags & HO_EXCL) {
        diskfs_nrele(np);
        return HURD_EEXIST;
    }
    if (last && walk->flags & HO_CREAT)
        err = fshelp_check_recreate(&walk->dir->st, &np->st, walk->cred->user);
    if (err) {
        diskfs_nrele(np);
        return err;
    }
    boolean_t notrans = last && walk->flags & HO_NOTRANS;
    if (HS_ISLNK(np->st.st_mode) && !np->passive &&
        (!last || walk->must_be_dir ||
         !(walk->flags & (HO_NOLINK | HO_NOTRANS))))
        return walk_link(walk, np, last, answered);
    if (!notrans && np->ino != walk->dir->ino && diskfs_has_translator(np)) {
        err = walk_translator(walk, np, last, answered);
        if (err || *answered)
            return err;
    }
    if (last) {
        *answered = TRUE;
        return walk_answer(walk, np);
    }
    diskfs_nrele(walk->dir);
    walk->dir = np;
    return 0;
}

static error_t walk_all(struct walk *walk)
{
    boolean_t answered = FALSE;
    error_t err = 0;

    while (*walk->rest == '/')
        walk->rest++;
    if (!*walk->rest) { /* the start itself, opened again */
        diskfs_nref(walk->dir);
        return walk_answer(walk, walk->dir);
    }
    while (!err && !answered) {
        if (!walk->rest) { /* a link to nothing but "" cannot be */
            diskfs_nref(walk->dir);
            return walk_answer(walk, walk->dir);
        }
        err = walk_step(walk, &answered);
    }
    return err;
}

kern_return_t diskfs_S_dir_lookup(protid_t cred, const_string_t name, int flags,
                                  mode_t mode, retry_type *retry,
                                  string_t retry_name, mach_port_t *port,
                                  mach_msg_type_name_t *type)
{
    struct walk walk = {.cred = cred,
                        .flags = flags & HO_HURD,
                        .mode = mode,
                        .create = (flags & HO_CREAT) != 0,
                        .retry = retry,
                        .retry_name = retry_name,
                        .port = port,
                        .type = type};
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    if (flags & (HO_SHLOCK | HO_EXLOCK))
        return diskfs_end(HURD_EOPNOTSUPP); /* ask for the lock afterwards */
    mig_strncpy(walk.name, name, 1024);
    walk.rest = walk.name;
    walk.dir = cred->po->np;
    diskfs_nref(walk.dir);
    *port = MACH_PORT_NULL;
    *type = MACH_MSG_TYPE_COPY_SEND;
    err = walk_all(&walk);
    diskfs_nrele(walk.dir);
    return diskfs_end(err);
}
