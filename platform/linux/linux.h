/* SPDX-License-Identifier: GPL-2.0-or-later */
/* platform/linux/linux.h: running a kernel on Linux.
 *
 * For the program that has read the boot script and opened nothing yet.  One
 * machine runs at a time in a process.
 */
#ifndef PLATFORM_LINUX_LINUX_H
#define PLATFORM_LINUX_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel_config;

struct linux_disk {
    const char *path;
    bool read_only; /* the kernel may not write; shares the image */
    bool discard;   /* the kernel may write, to memory that is thrown away */
    bool virtio;    /* on a virtio controller of its own, not on AHCI */
    unsigned group; /* disks of one group share an AHCI controller */
};

/* Whether PATH is no file but the URI of an NBD server's export. */
bool linux_disk_is_nbd(const char *path);

struct linux_options {
    uint64_t memory_size_bytes; /* a multiple of the page size */
    const struct linux_disk *disks;
    unsigned disk_count;
    int console_in;  /* descriptors; -1 for none.  A terminal is made raw */
    int console_out; /* and is as before when the run is over. */
    int trace;       /* descriptor for the message trace, -1 for none */
    const char *name;
};

/* Smallest memory that a machine is made with. */
#define LINUX_MEMORY_MIN (32ull << 20)

/* What hell ends with when the machine did not end by itself. */
#define LINUX_STATUS_FAILED 125 /* the machine could not be made */
#define LINUX_STATUS_PANIC  70  /* the kernel found itself broken */

/* On a terminal, this character and then `q' asks for an orderly end, `k' ends
 * the machine at once, and the character itself is sent by typing it twice. */
#define LINUX_CONSOLE_ESCAPE 0x1d /* Ctrl-] */

/* Makes the machine, the kernel with CONFIG on it, and runs it to its end.
 * Returns the exit status: platform_exit's; 128 plus the signal that ended it;
 * or LINUX_STATUS_FAILED after one line on standard error said why.  No process
 * is left behind and the terminal is restored, also if the kernel crashes. */
int platform_linux_run(const struct linux_options *options,
                       const struct kernel_config *config);

/* The signal that asked the last machine to end, or 0: nobody did, or by the
 * console's escape. */
int platform_linux_end_signal(void);

#endif /* PLATFORM_LINUX_LINUX_H */
