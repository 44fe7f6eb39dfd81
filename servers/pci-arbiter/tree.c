/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pci-arbiter/tree.c: the functions as files: 0000/BB/SS/F/config and
 * regionN (HURD-FACTS 6.1), as a format of lib/diskfs without a disk.
 *
 * An inode number says it all: the directories down to a slot have theirs, and
 * each function has a run of FILES.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pci-arbiter/arbiter.h"

#define INO_ROOT      2
#define INO_DOMAIN    3
#define INO_BUSES     0x1000
#define INO_SLOTS     0x10000
#define INO_FUNCTIONS 0x100000
#define FILES         16
#define SLOTS         32

#define MODE_DIR    (HS_IFDIR | 0555)
#define MODE_CONFIG (HS_IFREG | 0644)
#define MODE_REGION (HS_IFREG | 0600)

uid_t tree_uid;
gid_t tree_gid;

/* --- numbers --------------------------------------------------------------------- */

static ino64_t bus_ino(struct pci_device *f)
{
    return INO_BUSES + f->bus;
}

static ino64_t slot_ino(struct pci_device *f)
{
    return INO_SLOTS + f->bus * SLOTS + f->dev;
}

static ino64_t file_ino(unsigned index, unsigned file)
{
    return INO_FUNCTIONS + (ino64_t)index * FILES + file;
}

static struct pci_device *ino_function(ino64_t ino, unsigned *file)
{
    ino64_t index = (ino - INO_FUNCTIONS) / FILES;

    if (ino < INO_FUNCTIONS || index > UINT32_MAX)
        return NULL;
    *file = ino % FILES;
    return pci_device_get(index);
}

struct pci_device *tree_function(const struct node *np, unsigned *file)
{
    return ino_function(np->ino, file);
}

static boolean_t is_dir(ino64_t ino)
{
    return ino < INO_FUNCTIONS || ino % FILES == FILE_DIR;
}

/* --- directories -------------------------------------------------------------------- */

/* The entry below DIR that the INDEX'th function F is, or is below: its name
 * and number; 0 if there is none. */
static ino64_t entry_for(ino64_t dir, unsigned index, char name[8])
{
    struct pci_device *f = pci_device_get(index);

    if (dir == INO_DOMAIN) {
        snprintf(name, 8, "%02x", f->bus & 0xff);
        return bus_ino(f);
    }
    if (dir == bus_ino(f)) {
        snprintf(name, 8, "%02x", f->dev & 0xff);
        return slot_ino(f);
    }
    if (dir == slot_ino(f)) {
        snprintf(name, 8, "%u", f->func & 7);
        return file_ino(index, FILE_DIR);
    }
    return 0;
}

static ino64_t parent_of(ino64_t dir)
{
    unsigned file;
    struct pci_device *f = ino_function(dir, &file);

    if (f)
        return slot_ino(f);
    if (dir >= INO_SLOTS)
        return INO_BUSES + (dir - INO_SLOTS) / SLOTS;
    return dir >= INO_BUSES ? INO_DOMAIN : INO_ROOT;
}

/* What a walk shows to whom, and from which place on. */
struct showing {
    uint32_t from;
    diskfs_walk_fn fn;
    void *context;
};

/* Places: the dots, the domain, a function's files; the list of functions. */
enum { PLACE_DOMAIN = 2, PLACE_FILES = 3, PLACE_FUNCTIONS = 16 };

static int walk_one(const struct showing *to, uint32_t place, ino64_t ino,
                    const char *name)
{
    return diskfs_shows_entry(to->from, place, to->fn, to->context, ino,
                              is_dir(ino) ? HDT_DIR : HDT_REG, name);
}

/* DIR is F's. */
static int walk_function(ino64_t dir, struct pci_device *f,
                         const struct showing *to)
{
    char name[16];

    if (walk_one(to, PLACE_FILES, dir + FILE_CONFIG, "config"))
        return 1;
    for (unsigned i = 0; i < PCI_REGIONS; i++) {
        snprintf(name, sizeof name, "region%u", i);
        if (f->regions[i].size &&
            walk_one(to, PLACE_FILES + 1 + i, dir + FILE_REGION0 + i, name))
            return 1;
    }
    return 0;
}

/* Functions stand in the order in which they were found, those of a slot side
 * by side; but buses may lie between those of another. */
static boolean_t is_first(ino64_t dir, unsigned index, ino64_t ino)
{
    char name[8];

    for (unsigned i = 0; i < index; i++)
        if (entry_for(dir, i, name) == ino)
            return FALSE;
    return TRUE;
}

static error_t tree_walk(struct node *np, uint32_t from, diskfs_walk_fn fn,
                         void *context)
{
    const struct showing to = {from, fn, context};
    unsigned file;
    struct pci_device *own = ino_function(np->ino, &file);
    char name[8];

    if (walk_one(&to, 0, np->ino, ".") ||
        walk_one(&to, 1, parent_of(np->ino), ".."))
        return 0;
    if (np->ino == INO_ROOT)
        walk_one(&to, PLACE_DOMAIN, INO_DOMAIN, "0000");
    if (own)
        walk_function(np->ino, own, &to);
    for (unsigned i = 0; !own && pci_device_get(i); i++) {
        ino64_t ino = entry_for(np->ino, i, name);
        if (ino && is_first(np->ino, i, ino) &&
            walk_one(&to, PLACE_FUNCTIONS + i, ino, name))
            break;
    }
    return 0;
}

/* --- nodes ---------------------------------------------------------------------------- */

static error_t tree_read_node(struct node *np)
{
    unsigned file = FILE_DIR;
    struct pci_device *f = ino_function(np->ino, &file);

    np->st.st_ino = np->ino;
    np->st.st_fsid = (uint64_t)(uint32_t)mach_task_self();
    np->st.st_uid = np->st.st_author = tree_uid;
    np->st.st_gid = tree_gid;
    np->st.st_blksize = 4096;
    np->st.st_nlink = is_dir(np->ino) ? 2 : 1;
    np->st.st_mode = MODE_DIR;
    if (f && file == FILE_CONFIG) {
        np->st.st_mode = MODE_CONFIG;
        np->st.st_size = PCI_CONFIG_SIZE;
    } else if (f && file >= FILE_REGION0) {
        np->st.st_mode = MODE_REGION;
        np->st.st_size = f->regions[file - FILE_REGION0].size;
    }
    clock_gettime(CLOCK_REALTIME, &np->st.st_mtim);
    np->st.st_atim = np->st.st_ctim = np->st.st_mtim;
    return 0;
}

/* A region is to be mapped, not read. */
static error_t config_of(struct node *np, int64_t offset, size_t *size,
                         struct pci_device **f)
{
    unsigned file;

    *f = tree_function(np, &file);
    if (!*f || file != FILE_CONFIG)
        return HURD_EOPNOTSUPP;
    if (offset >= PCI_CONFIG_SIZE)
        *size = 0;
    else if (*size > PCI_CONFIG_SIZE - (uint64_t)offset)
        *size = PCI_CONFIG_SIZE - offset;
    return 0;
}

static error_t tree_read(struct node *np, int64_t offset, char *data,
                         size_t size, size_t *amount)
{
    struct pci_device *f;
    error_t err = config_of(np, offset, &size, &f);

    if (!err && size)
        err = pci_device_cfg_read(f, data, offset, size);
    *amount = err ? 0 : size;
    return err;
}

static error_t tree_write(struct node *np, int64_t offset, const char *data,
                          size_t size, size_t *amount)
{
    struct pci_device *f;
    error_t err = config_of(np, offset, &size, &f);

    if (!err && !size)
        err = HURD_ENOSPC;
    if (!err)
        err = pci_device_cfg_write(f, data, offset, size);
    *amount = err ? 0 : size;
    return err;
}

static error_t tree_map(struct node *np, boolean_t writable,
                        mach_port_t *object)
{
    unsigned file;
    struct pci_device *f = tree_function(np, &file);

    if (!f || file < FILE_REGION0 || f->regions[file - FILE_REGION0].is_io)
        return HURD_EOPNOTSUPP;
    return pci_device_region_object(f, file - FILE_REGION0, writable, object);
}

/* A device whose driver is gone is kept off the bus until the next one comes; what
 * it reaches meanwhile is the kernel's care. */
static void tree_unlocked(struct node *np)
{
    unsigned file;
    struct pci_device *f = tree_function(np, &file);
    uint16_t command;

    if (!f || file != FILE_CONFIG ||
        pci_device_cfg_read(f, &command, PCI_COMMAND, sizeof command) ||
        !(command & PCI_COMMAND_MASTER))
        return;
    command &= (uint16_t)~PCI_COMMAND_MASTER;
    pci_device_cfg_write(f, &command, PCI_COMMAND, sizeof command);
}

const struct diskfs_format tree_format = {
    .name = "pci-arbiter",
    .fstype = HFS_PCI,
    .root = INO_ROOT,
    .live = TRUE,
    .read_node = tree_read_node,
    .drop_node = diskfs_shows_drop_node,
    .read = tree_read,
    .write = tree_write,
    .map = tree_map,
    .unlocked = tree_unlocked,
    .lookup = diskfs_shows_lookup,
    .walk = tree_walk,
    DISKFS_ONLY_SHOWS,
    .server_routine = serve_routine,
};
