/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/procfs/main.c: the translator of /proc. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "procfs/procfs.h"

#define INO_ROOT_FILES 3
#define INO_SELF       15 /* in lists only */

static pid_t ino_pid(ino64_t ino)
{
    if (HURD_IS_FD_LINK(ino))
        return HURD_FD_LINK_PID(ino);
    return ino < INO_FILES ? 0 : (pid_t)(ino / INO_FILES) - 1;
}

static ino64_t pid_ino(pid_t pid)
{
    return (ino64_t)(pid + 1) * INO_FILES;
}

static boolean_t is_fd_dir(ino64_t ino)
{
    return ino >= INO_FILES && !HURD_IS_FD_LINK(ino) &&
           ino % INO_FILES == INO_FD;
}

static boolean_t is_dir(ino64_t ino)
{
    return ino == INO_ROOT || is_fd_dir(ino) ||
           (ino >= INO_FILES && !HURD_IS_FD_LINK(ino) && ino % INO_FILES == 0);
}

static mode_t ino_mode(ino64_t ino)
{
    if (HURD_IS_FD_LINK(ino))
        return HS_IFLNK | 0700;
    if (is_fd_dir(ino))
        return HS_IFDIR | 0500;
    return is_dir(ino) ? HS_IFDIR | 0555 : HS_IFREG | 0444;
}

/* The file behind INO, which is no directory. */
static const struct proc_file *ino_file(ino64_t ino)
{
    const struct proc_file *files = root_files;
    ino64_t index = ino - INO_ROOT_FILES;

    if (ino >= INO_FILES) {
        files = process_files;
        index = ino % INO_FILES - 1;
    }
    for (ino64_t i = 0; files->name; i++, files++)
        if (i == index)
            return files;
    return NULL;
}

static error_t node_contents(struct node *np)
{
    const struct proc_file *file = ino_file(np->ino);
    struct text *text = calloc(1, sizeof *text);
    error_t err = HURD_ENOMEM;

    if (text)
        err = file ? file->make(ino_pid(np->ino), text) : HURD_ENOENT;
    if (!err && text->failed)
        err = HURD_ENOMEM;
    if (err) {
        if (text)
            free(text->data);
        free(text);
        return err;
    }
    np->format = text;
    np->st.st_size = text->size;
    return 0;
}

static error_t proc_read_node(struct node *np)
{
    pid_t pid = ino_pid(np->ino);
    uid_t owner = 0;
    error_t err = 0;

    if (np->ino >= INO_FILES)
        err = process_owner(pid, &owner);
    if (!err && HS_ISREG(ino_mode(np->ino)))
        err = node_contents(np);
    if (err)
        return err;
    np->st.st_ino = np->ino;
    np->st.st_fsid = (uint64_t)(uint32_t)mach_task_self();
    np->st.st_mode = ino_mode(np->ino);
    np->st.st_nlink = is_dir(np->ino) ? 2 : 1;
    np->st.st_uid = np->st.st_author = owner;
    np->st.st_blksize = 4096;
    if (HURD_IS_FD_LINK(np->ino))
        np->st.st_size = 64; /* as Linux says of all */
    clock_gettime(CLOCK_REALTIME, &np->st.st_mtim);
    np->st.st_atim = np->st.st_ctim = np->st.st_mtim;
    return 0;
}

static void proc_drop_node(struct node *np)
{
    struct text *text = np->format;

    if (text)
        free(text->data);
    free(text);
    np->format = NULL;
}

static error_t proc_read(struct node *np, int64_t offset, char *data,
                         size_t size, size_t *amount)
{
    const struct text *text = np->format;

    *amount = 0;
    if (!text)
        return HURD_EISDIR;
    if (offset >= (int64_t)text->size)
        return 0;
    *amount = text->size - offset < size ? text->size - offset : size;
    memcpy(data, text->data + offset, *amount);
    return 0;
}

static error_t lookup_pid(const char *name, ino64_t *ino)
{
    char *end;
    uid_t owner;
    unsigned long pid = strtoul(name, &end, 10);

    if (*end || *name < '0' || *name > '9' || pid > 0x7fffff)
        return HURD_ENOENT;
    *ino = pid_ino(pid);
    return process_owner(pid, &owner) ? HURD_ENOENT : 0;
}

static error_t lookup_fd(struct node *dir, const char *name, ino64_t *ino)
{
    char *end;
    unsigned long fd = strtoul(name, &end, 10);

    if (*end || *name < '0' || *name > '9' || (*name == '0' && name[1]) ||
        fd >= HURD_FD_LINKS)
        return HURD_ENOENT;
    *ino = HURD_FD_LINK_INO(ino_pid(dir->ino), fd);
    return 0;
}

static error_t proc_lookup(struct node *dir, const char *name, ino64_t *ino)
{
    boolean_t root = dir->ino == INO_ROOT;
    const struct proc_file *files = root ? root_files : process_files;

    *ino = dir->ino;
    if (!strcmp(name, "."))
        return 0;
    if (!strcmp(name, "..")) {
        *ino = is_fd_dir(dir->ino) ? dir->ino - INO_FD : INO_ROOT;
        return 0;
    }
    if (is_fd_dir(dir->ino))
        return lookup_fd(dir, name, ino);
    if (!root && !strcmp(name, "fd")) {
        *ino = dir->ino + INO_FD;
        return 0;
    }
    for (int i = 0; files[i].name; i++) {
        *ino = (root ? INO_ROOT_FILES : dir->ino + 1) + i;
        if (!strcmp(files[i].name, name))
            return 0;
    }
    return root ? lookup_pid(name, ino) : HURD_ENOENT;
}

/* Places in a directory: what is always there, then processes by number. */
enum { PLACE_SELF = 2, PLACE_FILES = 4, PLACE_FD = 0x80, PLACE_PIDS = 0x100 };

static int pid_compare(const void *a, const void *b)
{
    pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;

    return (left > right) - (left < right);
}

static error_t walk_pids(uint32_t from, diskfs_walk_fn fn, void *context)
{
    pid_t *pids;
    unsigned count;
    char name[16];
    error_t err = processes(&pids, &count);

    if (err)
        return err;
    qsort(pids, count, sizeof *pids, pid_compare);
    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%d", pids[i]);
        if (diskfs_shows_entry(from, PLACE_PIDS + pids[i], fn, context,
                               pid_ino(pids[i]), HDT_DIR, name))
            break;
    }
    free(pids);
    return 0;
}

/* Descriptor 0 stands behind . and .. */
static error_t walk_fds(struct node *dir, uint32_t from, diskfs_walk_fn fn,
                        void *context)
{
    ino64_t up = dir->ino - INO_FD;
    char name[16];

    if (diskfs_shows_entry(from, 0, fn, context, dir->ino, HDT_DIR, ".") ||
        diskfs_shows_entry(from, 1, fn, context, up, HDT_DIR, ".."))
        return 0;
    for (unsigned fd = from > 2 ? from - 2 : 0; fd < HURD_FD_LINKS; fd++) {
        snprintf(name, sizeof name, "%u", fd);
        if (diskfs_shows_entry(from, fd + 2, fn, context,
                               HURD_FD_LINK_INO(ino_pid(dir->ino), fd), HDT_LNK,
                               name))
            break;
    }
    return 0;
}

static error_t proc_walk(struct node *dir, uint32_t from, diskfs_walk_fn fn,
                         void *context)
{
    boolean_t root = dir->ino == INO_ROOT;
    const struct proc_file *files = root ? root_files : process_files;

    if (is_fd_dir(dir->ino))
        return walk_fds(dir, from, fn, context);
    if (diskfs_shows_entry(from, 0, fn, context, dir->ino, HDT_DIR, ".") ||
        diskfs_shows_entry(from, 1, fn, context, INO_ROOT, HDT_DIR, ".."))
        return 0;
    if (root && (diskfs_shows_entry(from, PLACE_SELF, fn, context, INO_SELF,
                                    HDT_UNKNOWN, "self") ||
                 diskfs_shows_entry(from, PLACE_SELF + 1, fn, context, INO_SELF,
                                    HDT_UNKNOWN, "thread-self")))
        return 0;
    for (int i = 0; files[i].name; i++) {
        ino64_t ino = (root ? INO_ROOT_FILES : dir->ino + 1) + i;
        if (diskfs_shows_entry(from, PLACE_FILES + i, fn, context, ino, HDT_REG,
                               files[i].name))
            return 0;
    }
    if (!root)
        diskfs_shows_entry(from, PLACE_FD, fn, context, dir->ino + INO_FD,
                           HDT_DIR, "fd");
    return root ? walk_pids(from, fn, context) : 0;
}

/* Only the client knows which process it is. */
static const char *proc_magic(struct node *dir, const char *name)
{
    if (dir->ino == INO_ROOT &&
        (!strcmp(name, "self") || !strcmp(name, "thread-self")))
        return "pid";
    return NULL;
}

/* What a process has open only itself can open. */
static const char *proc_magic_link(struct node *np)
{
    static char text[40]; /* under diskfs_lock */

    snprintf(text, sizeof text, "pidfd/%d/%d", ino_pid(np->ino),
             HURD_FD_LINK_FD(np->ino));
    return text;
}

static const struct diskfs_format proc_format = {
    .name = "procfs",
    .fstype = HFS_PROC,
    .root = INO_ROOT,
    .read_node = proc_read_node,
    .drop_node = proc_drop_node,
    .read = proc_read,
    .lookup = proc_lookup,
    .walk = proc_walk,
    .magic = proc_magic,
    .magic_link = proc_magic_link,
    DISKFS_ONLY_SHOWS,
};

int main(int argc, char **argv)
{
    proc_server = getproc();
    if (!proc_server)
        mach_die(0, "must be started as a translator");
    diskfs_format = &proc_format;
    diskfs_readonly = TRUE;
    diskfs_run();
}
