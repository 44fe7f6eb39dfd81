/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "tools/rootfs.h"
#include "tools/complain.h"
#include "tools/settings.h"
#include <errno.h>
#include <et/com_err.h>
#include <ext2fs/ext2fs.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BLOCK_SIZE "4096"
/* In MB, the least that there is.  The Hurd's own ext2fs does not look at it,
 * and refuses only what must be replayed. */
#define JOURNAL_SIZE      "4"
#define SIZE_WITH_JOURNAL (48ull << 20)
/* Room in an inode for what the Hurd knows, and no more. */
#define INODE_SIZE "128"

struct rootfs {
    ext2_filsys fs;
    const char *path;
    uint32_t now;
};

static int failed(const struct rootfs *root, const char *what, errcode_t error)
{
    return complain("%s: %s: %s", root->path, what, error_message(error));
}

/* --- making it ------------------------------------------------------------ */

static int make_file(const char *path, uint64_t size_bytes)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int result = 0;

    if (fd < 0)
        return complain("%s: %s", path, strerror(errno));
    if (fcntl(fd, F_OFD_SETLK, &lock) != 0)
        result = complain("%s: in use by a machine", path);
    else if (ftruncate(fd, 0) != 0 || ftruncate(fd, (off_t)size_bytes) != 0)
        result = complain("%s: %s", path, strerror(errno));
    close(fd);
    return result;
}

static int format(const char *path, uint64_t size_bytes)
{
    /* The journal of a small image would leave too little: such a one is
     * checked at boot. */
    const char *journal =
        size_bytes < SIZE_WITH_JOURNAL ? "-q" : "-Jsize=" JOURNAL_SIZE;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        /* Debian keeps it where an ordinary user does not look. */
        setenv("PATH", "/usr/sbin:/sbin:/usr/bin:/bin", 1);
        execlp("mke2fs", "mke2fs", "-q", "-F", journal, "-t", "ext2", "-o",
               "hurd", "-O", "^dir_index", "-b", BLOCK_SIZE, "-I", INODE_SIZE,
               "-m", "5", "-E", "root_owner=0:0", "-L", "hell", path, NULL);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        return complain("%s: mke2fs cannot format it (is e2fsprogs there?)",
                        path);
    return 0;
}

struct rootfs *rootfs_create(const char *path, uint64_t size_bytes)
{
    struct rootfs *root;
    errcode_t error;

    if (make_file(path, size_bytes) != 0 || format(path, size_bytes) != 0)
        return NULL;
    root = calloc(1, sizeof(*root));
    if (!root)
        return NULL;
    root->path = path;
    root->now = (uint32_t)time(NULL);
    initialize_ext2_error_table();
    error = ext2fs_open(path, EXT2_FLAG_RW, 0, 0, unix_io_manager, &root->fs);
    if (!error)
        error = ext2fs_read_bitmaps(root->fs);
    if (!error)
        return root;
    failed(root, "opening", error);
    free(root);
    return NULL;
}

int rootfs_close(struct rootfs *root)
{
    errcode_t error = ext2fs_close(root->fs);
    int result = error ? failed(root, "writing", error) : 0;

    free(root);
    return result;
}

/* --- names ---------------------------------------------------------------- */

/* The inode of PATH, links not followed; 0 if it does not exist. */
static ext2_ino_t find(const struct rootfs *root, const char *path)
{
    ext2_ino_t inode;

    return ext2fs_namei(root->fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, &inode)
               ? 0
               : inode;
}

static int make_folder(struct rootfs *root, ext2_ino_t parent, const char *name,
                       const char *path, ext2_ino_t *inode_out)
{
    errcode_t error = ext2fs_mkdir(root->fs, parent, 0, name);

    if (error == EXT2_ET_DIR_NO_SPACE) {
        error = ext2fs_expand_dir(root->fs, parent);
        if (!error)
            error = ext2fs_mkdir(root->fs, parent, 0, name);
    }
    if (!error)
        error = ext2fs_lookup(root->fs, parent, name, (int)strlen(name), NULL,
                              inode_out);
    return error ? failed(root, path, error) : 0;
}

/* Makes the folders on the way to PATH; its last name starts at *NAME_OUT. */
static int walk(struct rootfs *root, const char *path, ext2_ino_t *folder_out,
                const char **name_out)
{
    ext2_ino_t folder = EXT2_ROOT_INO, next;
    char name[EXT2_NAME_LEN + 1];

    for (;;) {
        path += strspn(path, "/");
        size_t length = strcspn(path, "/");
        if (!path[length] || length > EXT2_NAME_LEN)
            break;
        memcpy(name, path, length);
        name[length] = 0;
        /* A link to a folder counts as one. */
        if (ext2fs_namei_follow(root->fs, EXT2_ROOT_INO, folder, name, &next) &&
            make_folder(root, folder, name, path, &next) != 0)
            return -1;
        folder = next;
        path += length;
    }
    *folder_out = folder;
    *name_out = path;
    return 0;
}

static int enter(struct rootfs *root, const char *path, ext2_ino_t inode,
                 int type)
{
    ext2_ino_t folder;
    const char *name;
    errcode_t error;

    if (walk(root, path, &folder, &name) != 0)
        return -1;
    error = ext2fs_link(root->fs, folder, name, inode, type);
    if (error == EXT2_ET_DIR_NO_SPACE) {
        error = ext2fs_expand_dir(root->fs, folder);
        if (!error)
            error = ext2fs_link(root->fs, folder, name, inode, type);
    }
    return error ? failed(root, path, error) : 0;
}

/* --- inodes --------------------------------------------------------------- */

static int new_inode(struct rootfs *root, const char *path, unsigned mode,
                     ext2_ino_t *inode_out)
{
    struct ext2_inode header = {.i_mode = (uint16_t)mode,
                                .i_links_count = 1,
                                .i_atime = root->now,
                                .i_ctime = root->now,
                                .i_mtime = root->now};
    errcode_t error;

    error = ext2fs_new_inode(root->fs, EXT2_ROOT_INO, (int)mode, 0, inode_out);
    if (error)
        return failed(root, path, error);
    ext2fs_inode_alloc_stats2(root->fs, *inode_out, +1, 0);
    error = ext2fs_write_new_inode(root->fs, *inode_out, &header);
    return error ? failed(root, path, error) : 0;
}

static int fill(struct rootfs *root, const char *path, ext2_ino_t inode,
                const char *data, size_t size)
{
    unsigned written = 0;
    ext2_file_t file;
    errcode_t error;

    error = ext2fs_file_open(root->fs, inode, EXT2_FILE_WRITE, &file);
    if (error)
        return failed(root, path, error);
    while (size > 0 && !error) {
        error = ext2fs_file_write(file, data, (unsigned)size, &written);
        data += written;
        size -= written;
    }
    if (!error)
        error = ext2fs_file_close(file);
    return error ? failed(root, path, error) : 0;
}

int rootfs_folder(struct rootfs *root, const char *path, unsigned mode)
{
    struct ext2_inode header;
    ext2_ino_t folder, inode;
    const char *name;
    errcode_t error;

    inode = find(root, path);
    if (!inode && (walk(root, path, &folder, &name) != 0 ||
                   make_folder(root, folder, name, path, &inode) != 0))
        return -1;
    error = ext2fs_read_inode(root->fs, inode, &header);
    header.i_mode = (uint16_t)(LINUX_S_IFDIR | mode);
    header.i_uid = header.i_gid = 0;
    if (!error)
        error = ext2fs_write_inode(root->fs, inode, &header);
    return error ? failed(root, path, error) : 0;
}

/* Gives up the name; the inode too if it was the last. */
static int drop(struct rootfs *root, const char *path, ext2_ino_t inode)
{
    struct ext2_inode header;
    ext2_ino_t folder;
    const char *name;
    errcode_t error;

    if (walk(root, path, &folder, &name) != 0)
        return -1;
    error = ext2fs_unlink(root->fs, folder, name, inode, 0);
    if (!error)
        error = ext2fs_read_inode(root->fs, inode, &header);
    if (error)
        return failed(root, path, error);
    if (--header.i_links_count == 0) {
        header.i_dtime = root->now;
        if (ext2fs_inode_has_valid_blocks2(root->fs, &header))
            ext2fs_punch(root->fs, inode, &header, NULL, 0, ~0ull);
        ext2fs_inode_alloc_stats2(root->fs, inode, -1, 0);
    }
    error = ext2fs_write_inode(root->fs, inode, &header);
    return error ? failed(root, path, error) : 0;
}

int rootfs_file(struct rootfs *root, const char *path, unsigned mode,
                const void *data, size_t size)
{
    ext2_ino_t inode = find(root, path);

    if (inode && drop(root, path, inode) != 0)
        return -1;
    if (new_inode(root, path, LINUX_S_IFREG | mode, &inode) != 0 ||
        fill(root, path, inode, data, size) != 0)
        return -1;
    return enter(root, path, inode, EXT2_FT_REG_FILE);
}

int rootfs_symlink(struct rootfs *root, const char *path, const char *target)
{
    ext2_ino_t folder;
    const char *name;
    errcode_t error;

    if (find(root, path))
        return 0;
    if (walk(root, path, &folder, &name) != 0)
        return -1;
    error = ext2fs_symlink(root->fs, folder, 0, name, target);
    if (error == EXT2_ET_DIR_NO_SPACE) {
        error = ext2fs_expand_dir(root->fs, folder);
        if (!error)
            error = ext2fs_symlink(root->fs, folder, 0, name, target);
    }
    return error ? failed(root, path, error) : 0;
}

int rootfs_link(struct rootfs *root, const char *path, const char *existing)
{
    struct ext2_inode header;
    ext2_ino_t inode = find(root, existing);
    errcode_t error;

    if (find(root, path))
        return 0;
    if (!inode)
        return complain("%s: %s does not exist", root->path, existing);
    if (enter(root, path, inode, EXT2_FT_REG_FILE) != 0)
        return -1;
    error = ext2fs_read_inode(root->fs, inode, &header);
    header.i_links_count++;
    if (!error)
        error = ext2fs_write_inode(root->fs, inode, &header);
    return error ? failed(root, path, error) : 0;
}

/* --- translators ---------------------------------------------------------- */

/* The Hurd's record: a block of its own, with the length in its first two
 * bytes, that a field of the inode names. */
static errcode_t write_record(struct rootfs *root, ext2_ino_t inode,
                              const char *words, size_t size)
{
    struct ext2_inode header;
    unsigned char *block = calloc(1, root->fs->blocksize);
    blk64_t number;
    errcode_t error;

    if (!block)
        return ENOMEM;
    block[0] = (unsigned char)size;
    block[1] = (unsigned char)(size >> 8);
    memcpy(block + 2, words, size);
    error = ext2fs_new_block2(root->fs, 0, NULL, &number);
    if (!error) {
        ext2fs_block_alloc_stats2(root->fs, number, +1);
        error = io_channel_write_blk64(root->fs->io, number, 1, block);
    }
    free(block);
    if (!error)
        error = ext2fs_read_inode(root->fs, inode, &header);
    if (error)
        return error;
    header.osd1.hurd1.h_i_translator = (uint32_t)number;
    error = ext2fs_iblk_add_blocks(root->fs, &header, 1);
    return error ? error : ext2fs_write_inode(root->fs, inode, &header);
}

int rootfs_translator(struct rootfs *root, const char *path, unsigned mode,
                      const char *words, size_t size)
{
    errcode_t error;

    if (size + 2 > root->fs->blocksize)
        return failed(root, path, ENAMETOOLONG);
    if (rootfs_file(root, path, mode, "", 0) != 0)
        return -1;
    error = write_record(root, find(root, path), words, size);
    return error ? failed(root, path, error) : 0;
}
