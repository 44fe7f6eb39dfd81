/* SPDX-License-Identifier: GPL-2.0-or-later */
/* examples/rump/rump.c: the shortest use of a disk through rump calls.
 *
 * Reads the first sector of the first SATA disk and prints it.  The same source
 * becomes a task that is a boot module (drivers/mach) and a program of the
 * host's (drivers/host); what is below is no concern of its.
 */

#include "drivers/rump.h"

#include <stdio.h>

#define SECTOR   512
#define PER_LINE 16

static void print_sector(const unsigned char *sector)
{
    for (int at = 0; at < SECTOR; at += PER_LINE) {
        printf("%03x ", (unsigned)at);
        for (int i = 0; i < PER_LINE; i++) {
            printf(" %02x", sector[at + i]);
        }
        printf("  ");
        for (int i = 0; i < PER_LINE; i++) {
            unsigned char c = sector[at + i];
            putchar(c >= ' ' && c <= '~' ? c : '.');
        }
        putchar('\n');
    }
}

int main(void)
{
    unsigned char sector[SECTOR];
    uint64_t size;
    int fd;

    if (rump_init() != 0) {
        printf("rump: no PCI (error %d)\n", rump_errno);
        return 1;
    }
    fd = rump_sys_open("/dev/rwd0d", RUMP_O_RDONLY);
    if (fd < 0 || rump_sys_ioctl(fd, RUMP_DIOCGMEDIASIZE, &size) != 0 ||
        rump_sys_read(fd, sector, sizeof sector) != (ssize_t)sizeof sector) {
        printf("rump: /dev/rwd0d: error %d\n", rump_errno);
        rump_sys_reboot(0, NULL);
        return 1;
    }
    printf("rump: /dev/rwd0d has %llu bytes\n", (unsigned long long)size);
    print_sector(sector);
    rump_sys_close(fd);
    rump_sys_reboot(0, NULL);
    return 0;
}
