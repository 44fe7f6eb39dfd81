/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `hell run': the machine gets one more disk.  On it are the command's words;
 * the system that boots is told by `run=device:hdN' on the kernel's command
 * line, runs the command, writes the status to the disk's first sector, and
 * halts.
 *
 * The disk, before: "hellrun1", a little-endian 32-bit count of words, 32 bits
 * of flags (1: the streams are no terminal), the words, each with a NUL.
 * While it runs: "hellbeg1".  After: "hellend1" and the 32-bit status. */
#define _GNU_SOURCE
#include "platform/linux/linux.h"
#include "platform/platform.h"
#include "tools/boot.h"
#include "tools/complain.h"
#include "tools/settings.h"
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAGIC_SIZE        8
#define SECTOR            512
#define FLAG_INPUT_PLAIN  1
#define FLAG_OUTPUT_PLAIN 2

static const char magic_command[] = "hellrun1", magic_begun[] = "hellbeg1",
                  magic_end[] = "hellend1";

static int write_all(int fd, const void *data, size_t size)
{
    return write(fd, data, size) == (ssize_t)size ? 0 : -1;
}

static int write_command(int fd, char **words)
{
    uint32_t count = 0, flags = (isatty(STDIN_FILENO) ? 0 : FLAG_INPUT_PLAIN) |
                                (isatty(STDOUT_FILENO) ? 0 : FLAG_OUTPUT_PLAIN);
    off_t size;

    while (words[count])
        count++;
    if (write_all(fd, magic_command, MAGIC_SIZE) != 0 ||
        write_all(fd, &count, sizeof(count)) != 0 ||
        write_all(fd, &flags, sizeof(flags)) != 0)
        return -1;
    for (; *words; words++)
        if (write_all(fd, *words, strlen(*words) + 1) != 0)
            return -1;
    size = lseek(fd, 0, SEEK_CUR);
    return ftruncate(fd, (size + SECTOR - 1) / SECTOR * SECTOR);
}

static int is_marked(int fd, const char *wanted)
{
    char magic[MAGIC_SIZE];

    return pread(fd, magic, MAGIC_SIZE, 0) == MAGIC_SIZE &&
           memcmp(magic, wanted, MAGIC_SIZE) == 0;
}

/* The command's status; if the command did not end, that of the machine, or of
 * the signal that ended the machine. */
static int read_status(int fd, int machine_status)
{
    uint32_t status;

    if (is_marked(fd, magic_end) &&
        pread(fd, &status, sizeof(status), MAGIC_SIZE) == sizeof(status))
        return (int)(status & 0xff);
    if (machine_status == 0 && platform_linux_end_signal() != 0)
        return 128 + platform_linux_end_signal();
    if (machine_status != 0)
        return machine_status;
    return LINUX_STATUS_FAILED;
}

/* The last line of the log that says which server's end was the system's, or
 * NULL.  TEXT is changed. */
static const char *find_death(char *text)
{
    static const char says[] = "essential task ";
    char *found = NULL;

    for (char *at = text; (at = strstr(at, says)) != NULL; at++)
        found = at;
    if (found)
        found[strcspn(found, "\r\n")] = 0;
    return found;
}

static void say_end(int begun, char *log)
{
    const char *when =
        begun ? "before the command had ended" : "without running the command";
    int signal = platform_linux_end_signal();
    const char *death = find_death(log);

    if (signal != 0)
        complain("run: SIG%s ended the machine %s", sigabbrev_np(signal), when);
    else if (death)
        complain("run: the machine ended %s: %s", when, death);
    else
        complain("run: the machine ended %s", when);
}

/* The command did not run, or not to its end: what the machine said of it, which
 * was kept from the command's streams, if it did not end in order. */
static void show_end(int fd, int machine_status)
{
    static char text[65536 + 1];
    int begun = is_marked(fd, magic_begun);
    size_t size = kernel_log_copy(text, sizeof(text) - 1);

    text[size] = 0;
    if (!begun || machine_status != 0)
        fwrite(text, 1, size, stderr);
    say_end(begun, text);
}

int run_command_in_machine(struct settings *settings)
{
    char path[64], extra[64];
    int fd = memfd_create("hell-run", MFD_CLOEXEC), status;

    if (fd < 0 || write_command(fd, settings->command) != 0) {
        complain("run: %s", strerror(errno));
        return LINUX_STATUS_FAILED;
    }
    for (unsigned i = 0; i < settings->disk_count; i++)
        settings->disks[i].discard =
            !settings->persist && !settings->disks[i].read_only;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    snprintf(extra, sizeof(extra), "quiet run=device:hd%u",
             settings->disk_count);
    settings->disks[settings->disk_count++] = (struct linux_disk){.path = path};
    settings->no_reboot = true;
    status = boot_machine(settings, extra);
    if (!is_marked(fd, magic_end))
        show_end(fd, status);
    status = read_status(fd, status);
    close(fd);
    return status;
}
