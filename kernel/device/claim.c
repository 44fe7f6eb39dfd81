/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Claims: who uses which sectors of a disk.
 *
 * A disk is reached by two ways, as hd0 and over the bus, and under more names
 * by partitions; file systems on the same sectors destroy each other.  So who
 * is about to use some opens the device "claim:NAME:FIRST:COUNT:HOW" first: HOW
 * is "r", "w", or "m" of a file system, which keeps away other file systems
 * whether it writes or not; and "rb", "wb" or "mb" of a driver that reaches the
 * disk over the bus.  The claim lasts as long as its port has senders.  D_ALREADY_OPEN: there
 * is one that does not go with it.  A claim keeps nobody from reading or
 * writing who did not ask; but all of our own servers ask. */
#include "device/private.h"

#define PREFIX "claim:"

struct claim {
    struct device device; /* its port is the claim; in no list of devices */
    struct list link;
    unsigned disk;
    uint64_t first_sector, sector_count;
    bool write, mount, bus;
};

static struct list claims;

void claim_init(void)
{
    list_init(&claims);
}

void claim_fini(void)
{
    struct claim *claim, *after;

    list_for_each_safe(&claims, claim, after, link)
    {
        if (claim->device.port != NULL) {
            ipc_port_dealloc_kernel(claim->device.port);
        }
        kfree(claim);
    }
    list_init(&claims);
}

/* Two that read go together, and one that writes with those that read the same
 * way, a file system that does not write among them: they see what it does, or
 * are told (e2fsck). */
static bool is_against(const struct claim *a, const struct claim *b)
{
    if (a->disk != b->disk ||
        a->first_sector >= b->first_sector + b->sector_count ||
        b->first_sector >= a->first_sector + a->sector_count) {
        return false;
    }
    return (a->write && b->write) || (a->mount && b->mount) ||
           ((a->write || a->mount || b->write || b->mount) && a->bus != b->bus);
}

/* --- the name -------------------------------------------------------------------- */

/* Takes what stands before the next colon, or the rest. */
static const char *take_word(const char *from, char word[DEVICE_NAME_SIZE])
{
    size_t length = 0;

    while (*from != '\0' && *from != ':') {
        if (length < DEVICE_NAME_SIZE - 1) {
            word[length++] = *from;
        }
        from++;
    }
    word[length] = '\0';
    return *from == ':' ? from + 1 : from;
}

static bool take_number(const char **from, uint64_t *number)
{
    char word[DEVICE_NAME_SIZE];

    *from = take_word(*from, word);
    *number = 0;
    for (const char *s = word; *s != '\0'; s++) {
        if (*s < '0' || *s > '9' || *number > UINT64_MAX / 10 - 9) {
            return false;
        }
        *number = *number * 10 + (*s - '0');
    }
    return word[0] != '\0';
}

static kern_return_t parse(const char *name, struct claim *claim)
{
    char word[DEVICE_NAME_SIZE];
    const struct device *disk;

    name = take_word(name, word);
    disk = device_find(word);
    if (disk == NULL || disk->ops != &disk_ops) {
        return D_NO_SUCH_DEVICE;
    }
    if (!take_number(&name, &claim->first_sector) ||
        !take_number(&name, &claim->sector_count) ||
        claim->first_sector > disk->sector_count ||
        claim->sector_count > disk->sector_count - claim->first_sector) {
        return D_INVALID_RECNUM;
    }
    claim->disk = disk->disk;
    claim->first_sector += disk->first_sector;
    claim->write = name[0] == 'w';
    claim->mount = name[0] == 'm';
    claim->bus = name[0] != '\0' && name[1] == 'b';
    return claim->write || claim->mount || name[0] == 'r' ? D_SUCCESS
                                                          : D_INVALID_OPERATION;
}

/* --- making and ending ------------------------------------------------------------ */

static const struct device_ops claim_ops;

bool claim_is_name(const char *name)
{
    return strncmp(name, PREFIX, sizeof PREFIX - 1) == 0;
}

kern_return_t claim_open(const char *name, struct device **device_out)
{
    struct claim *claim = kalloc(sizeof *claim), *other;
    kern_return_t kr;

    if (claim == NULL) {
        return D_NO_MEMORY;
    }
    kr = parse(name + sizeof PREFIX - 1, claim);
    list_for_each(&claims, other, link)
    {
        if (kr == D_SUCCESS && is_against(claim, other)) {
            kr = D_ALREADY_OPEN;
        }
    }
    if (kr != D_SUCCESS) {
        kfree(claim);
        return kr;
    }
    claim->device.ops = &claim_ops;
    list_append(&claims, &claim->link);
    *device_out = &claim->device;
    return D_SUCCESS;
}

void claim_no_senders(struct device *device)
{
    struct claim *claim;

    if (device->ops != &claim_ops) {
        return;
    }
    claim = list_entry(device, struct claim, device);
    list_remove(&claim->link);
    kfree(claim);
}
