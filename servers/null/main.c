/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/null/main.c: the translator of /dev/null, and, by the name that it is
 * called or with that as an option, of /dev/zero, full, random and urandom. */

#include <hurd/libhurd.h>
#include <string.h>
#include <trivfs/fs_S.h>
#include <trivfs/io_S.h>
#include <trivfs/trivfs.h>

#define IDLE_MS 120000

int trivfs_fstype = HFS_DEV;
int trivfs_fsid;
int trivfs_support_read = 1, trivfs_support_write = 1, trivfs_support_exec;
int trivfs_allow_open = HO_READ | HO_WRITE;

/* What there is to read, and whether there is room to write. */
static const struct kind {
    const char *name;
    enum { READS_NOTHING, READS_ZEROS, READS_RANDOM } reads;
    boolean_t is_full;
    unsigned minor;
} kinds[] = {{"null", READS_NOTHING, FALSE, 3},
             {"zero", READS_ZEROS, FALSE, 5},
             {"full", READS_ZEROS, TRUE, 7},
             {"random", READS_RANDOM, FALSE, 8},
             {"urandom", READS_RANDOM, FALSE, 9}};
static const struct kind *kind = kinds;

static struct port_class *control_class, *protid_class;

void trivfs_modify_stat(struct trivfs_protid *cred, io_statbuf_t *st)
{
    st->st_mode = (st->st_mode & ~HS_IFMT) | HS_IFCHR;
    st->st_rdev = 1 << 8 | kind->minor;
    st->st_size = 0;
    st->st_blocks = 0;
}

error_t trivfs_goaway(struct trivfs_control *cntl, int flags)
{
    if (!(flags & FSYS_GOAWAY_FORCE) && ports_count_class(protid_class) > 0) {
        ports_enable_class(protid_class);
        return HURD_EBUSY;
    }
    for (;;)
        task_terminate(mach_task_self());
}

/* The processor's own generator, as for getrandom: no entropy of the host's
 * comes this far. */
static error_t fill_random(char *to, size_t size)
{
    for (size_t done = 0; done < size; done += sizeof(uint64_t)) {
        unsigned char ok = 0;
        uint64_t word = 0;
        for (int tries = 0; tries < 16 && !ok; tries++)
            asm volatile("rdrand %0; setc %1" : "=r"(word), "=qm"(ok));
        if (!ok)
            return HURD_EIO;
        memcpy(to + done, &word,
               size - done < sizeof word ? size - done : sizeof word);
    }
    return 0;
}

static boolean_t can_random(void)
{
    unsigned a = 1, b, c = 0, d;

    asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return c >> 30 & 1;
}

#define RANDOM_MAX (1u << 20) /* at a time */

kern_return_t trivfs_S_io_read(trivfs_protid_t cred, mach_port_t reply,
                               mach_msg_type_name_t reply_type, data_t *data,
                               mach_msg_type_number_t *data_len, loff_t offset,
                               vm_size_t amount)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    if (!(cred->po->openmodes & HO_READ))
        return HURD_EBADF;
    vm_address_t room = 0;
    error_t err = 0;
    if (kind->reads == READS_NOTHING)
        amount = 0;
    if (kind->reads == READS_RANDOM && amount > RANDOM_MAX)
        amount = RANDOM_MAX;
    if (amount > *data_len) {
        err = vm_allocate(mach_task_self(), &room, amount, TRUE);
        if (err)
            return err;
        *data = (data_t)room;
    } else {
        memset(*data, 0, amount);
    }
    if (kind->reads == READS_RANDOM)
        err = can_random() ? fill_random(*data, amount) : HURD_EIO;
    if (err && room)
        vm_deallocate(mach_task_self(), room, amount);
    *data_len = amount;
    return err;
}

kern_return_t trivfs_S_io_write(trivfs_protid_t cred, mach_port_t reply,
                                mach_msg_type_name_t reply_type,
                                const_data_t data,
                                mach_msg_type_number_t data_len, loff_t offset,
                                vm_size_t *amount)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    if (!(cred->po->openmodes & HO_WRITE))
        return HURD_EBADF;
    *amount = data_len;
    return kind->is_full ? HURD_ENOSPC : 0;
}

/* No memory object: what is mapped is fresh, zero, and nobody else's. */
kern_return_t trivfs_S_io_map(trivfs_protid_t cred, mach_port_t reply,
                              mach_msg_type_name_t reply_type,
                              mach_port_t *read,
                              mach_msg_type_name_t *read_type,
                              mach_port_t *write,
                              mach_msg_type_name_t *write_type)
{
    if (!cred || kind->reads != READS_ZEROS || kind->is_full)
        return HURD_EOPNOTSUPP;
    *read = *write = MACH_PORT_NULL;
    *read_type = *write_type = MACH_MSG_TYPE_COPY_SEND;
    return 0;
}

kern_return_t trivfs_S_io_seek(trivfs_protid_t cred, mach_port_t reply,
                               mach_msg_type_name_t reply_type, loff_t offset,
                               int whence, loff_t *new_offset)
{
    *new_offset = 0;
    return cred ? 0 : HURD_EOPNOTSUPP;
}

kern_return_t trivfs_S_io_readable(trivfs_protid_t cred, mach_port_t reply,
                                   mach_msg_type_name_t reply_type,
                                   vm_size_t *amount)
{
    *amount = kind->reads == READS_NOTHING ? 0 : 4096;
    return cred ? 0 : HURD_EOPNOTSUPP;
}

static void choose_kind(const char *name)
{
    const char *slash = strrchr(name, '/');

    name = slash ? slash + 1 : name;
    if (strncmp(name, "--", 2) == 0)
        name += 2;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(name, kinds[i].name) == 0)
            kind = &kinds[i];
}

int main(int argc, char **argv)
{
    mach_port_t bootstrap = MACH_PORT_NULL;
    struct trivfs_control *cntl;
    error_t err;

    choose_kind(argv[0]);
    if (argc > 1)
        choose_kind(argv[1]);
    bootstrap = hurd_bootstrap_port();
    if (bootstrap == MACH_PORT_NULL)
        mach_die(0, "must be started as a translator");

    trivfs_add_control_port_class(&control_class);
    trivfs_add_protid_port_class(&protid_class);
    err = trivfs_startup(bootstrap, 0, control_class, NULL, protid_class, NULL,
                         &cntl);
    mach_port_drop(bootstrap);
    if (err)
        mach_die(err, "starting");
    ports_manage_port_operations_multithread(cntl->pi.bucket, trivfs_demuxer,
                                             IDLE_MS, 0, NULL);
    return 0;
}
