/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine from its boot loader to its end, and again if it reboots. */
#define _GNU_SOURCE
#include "tools/boot.h"
#include "platform/linux/linux.h"
#include "tools/complain.h"
#include "tools/loader.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_trace(const char *path)
{
    int fd;

    if (!path)
        return -1;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        complain("--trace %s: %s", path, strerror(errno));
        exit(LINUX_STATUS_FAILED);
    }
    return fd;
}

/* One machine, from its loader to its end.  *TRACE is -1 before the first. */
static int run_once(const struct settings *settings, const char *extra,
                    int *trace)
{
    struct loader loader = {.settings = settings};
    struct linux_options options = {.memory_size_bytes =
                                        settings->memory_size_bytes,
                                    .disks = settings->disks,
                                    .disk_count = settings->disk_count,
                                    .console_in = STDIN_FILENO,
                                    .console_out = STDOUT_FILENO,
                                    .name = settings->name};
    int status = LINUX_STATUS_FAILED;

    if (loader_read_config(&loader) == 0 && loader_load(&loader, extra) == 0) {
        loader_close_disks(&loader);
        if (*trace < 0)
            *trace = open_trace(settings->trace);
        options.trace = *trace;
        if (settings->name)
            prctl(PR_SET_NAME, settings->name);
        status = platform_linux_run(&options, &loader.kernel);
    }
    loader_free(&loader);
    return status;
}

/* Whether anybody may still type something. */
static bool is_attended(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    struct stat status, null;
    char byte;

    if (fstat(STDIN_FILENO, &status) != 0 || poll(&input, 1, 0) < 0)
        return false;
    if (S_ISREG(status.st_mode))
        return pread(STDIN_FILENO, &byte, 1,
                     lseek(STDIN_FILENO, 0, SEEK_CUR)) == 1;
    if (S_ISCHR(status.st_mode) && stat("/dev/null", &null) == 0 &&
        status.st_rdev == null.st_rdev)
        return false;
    return (input.revents & (POLLHUP | POLLNVAL | POLLIN)) != POLLHUP &&
           !(input.revents & POLLNVAL);
}

/* Not without a disk, as then the next time could not be another way, and not if
 * nobody can type any more: who would stop it? */
static bool boots_again(const struct settings *settings, int status)
{
    return status == 0 && kernel_is_rebooting() && !settings->no_reboot &&
           settings->disk_count > 0 && is_attended() &&
           platform_linux_end_signal() == 0;
}

static int list_entries(const struct settings *settings)
{
    struct loader loader = {.settings = settings};
    int result = loader_read_config(&loader);

    if (result == 0)
        result = grub_list(loader.grub, stdout);
    loader_free(&loader);
    return result == 0 ? 0 : LINUX_STATUS_FAILED;
}

int boot_machine(const struct settings *settings, const char *extra)
{
    int trace = -1, status;

    if (settings->list)
        return list_entries(settings);
    do
        status = run_once(settings, extra, &trace);
    while (boots_again(settings, status));
    return status;
}
