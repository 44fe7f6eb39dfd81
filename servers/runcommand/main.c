/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runcommand DEVICE: runs the one command that came on a disk, writes its
 * status there, and halts the system.  /libexec/runsystem starts it when the
 * kernel's command line has run=DEVICE.
 *
 * The disk before: "hellrun1", a little-endian 32-bit count of words, 32 bits
 * of flags (1: its input is no terminal, 2: its output), the words, each with
 * a NUL.
 * While it runs: "hellbeg1".  After: "hellend1" and the 32-bit status. */

#include <device/device.h>
#include <fcntl.h>
#include <hurd/libhurd.h>
#include <hurd/startup.h>
#include <runcommand/streams.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECTOR       512
#define MAGIC_SIZE   8
#define COMMAND_MAX  (1 << 20)
#define WORDS_MAX    4096
#define D_READ_WRITE 3
#define RB_HALT      8

#define STATUS_BROKEN    125
#define STATUS_NOT_RUN   126
#define STATUS_NOT_FOUND 127

static mach_port_t host_priv; /* send right */
static mach_port_t disk;      /* send right to the device */

static _Noreturn void halt_system(void)
{
    mach_port_t startup =
        file_name_lookup("/servers/startup", 0, 0); /* send right */

    if (startup != MACH_PORT_NULL)
        startup_reboot(startup, host_priv, RB_HALT);
    /* Without startup there is nobody to be orderly with. */
    host_reboot(host_priv, RB_HALT);
    _exit(STATUS_BROKEN);
}

/* The disk's SIZE bytes from the start on; NULL if they can't be read. */
static char *read_disk(size_t size)
{
    char *text = malloc(size + 1);
    size_t done = 0;

    while (text && done < size) {
        io_buf_ptr_t data;
        mach_msg_type_number_t count;
        int wanted = size - done > 65536 ? 65536 : (int)(size - done);
        if (device_read(disk, 0, (recnum_t)(done / SECTOR), wanted, &data,
                        &count) != 0 ||
            count == 0)
            break;
        memcpy(text + done, data, count);
        vm_deallocate(mach_task_self(), (vm_address_t)data, count);
        done += count;
    }
    if (text)
        text[done] = 0;
    return text;
}

static size_t disk_size(void)
{
    int status[2] = {0}; /* DEV_GET_SIZE: bytes, record size */
    mach_msg_type_number_t count = 2;

    if (device_get_status(disk, 0, status, &count) != 0 || status[0] <= 0 ||
        status[0] > COMMAND_MAX)
        return 0;
    return (size_t)status[0];
}

/* Splits what was on the disk; returns false if it is no command. */
static int parse(char *text, size_t size, char *words[WORDS_MAX + 1],
                 uint32_t *flags)
{
    uint32_t count;
    char *at = text + MAGIC_SIZE + sizeof(count) + sizeof(*flags);

    if (size < SECTOR || memcmp(text, "hellrun1", MAGIC_SIZE) != 0)
        return 0;
    memcpy(&count, text + MAGIC_SIZE, sizeof(count));
    memcpy(flags, text + MAGIC_SIZE + sizeof(count), sizeof(*flags));
    if (count == 0 || count > WORDS_MAX)
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        if (at >= text + size)
            return 0;
        words[i] = at;
        at += strlen(at) + 1;
    }
    words[count] = NULL;
    return 1;
}

/* Whether the console shows what is written: with `quiet' on the kernel's
 * command line, only what the command writes (a status flavor of our Mach's
 * console; others show everything). */
static void show_console(mach_port_t device_master, int shown)
{
    static mach_port_t console; /* send right */

    if (console == MACH_PORT_NULL &&
        device_open(device_master, D_READ_WRITE, "console", &console) != 0)
        return;
    device_set_status(console, ('t' << 16) + 0x101, &shown, 1);
}

static _Noreturn void become(char **words, const struct streams *streams)
{
    streams_use(streams);
    setenv("HOME", "/root", 1);
    setenv("USER", "root", 1);
    execvp(words[0], words);
    perror(words[0]);
    _exit(access(words[0], F_OK) == 0 ? STATUS_NOT_RUN : STATUS_NOT_FOUND);
}

/* The command runs under a process of its own that tells RESULT how it ended,
 * so that the end can be polled for beside what it writes. */
static void start(char **words, const struct streams *streams, int result)
{
    if (fork() != 0)
        return;
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        become(words, streams);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        perror("runcommand");
    write(result, &status, sizeof status);
    _exit(0);
}

static uint32_t run(char **words, uint32_t flags)
{
    struct streams streams;
    int status = -1, result[2];

    if (pipe2(result, O_CLOEXEC) != 0 || !streams_open(&streams, flags)) {
        perror("runcommand");
        return STATUS_BROKEN;
    }
    start(words, &streams, result[1]);
    close(result[1]);
    streams_pass(&streams, result[0]);
    if (read(result[0], &status, sizeof status) != sizeof status ||
        status == -1)
        return STATUS_BROKEN;
    return WIFSIGNALED(status) ? 128 + (uint32_t)WTERMSIG(status)
                               : (uint32_t)WEXITSTATUS(status);
}

/* Tells outside how far it is. */
static void write_state(const char magic[MAGIC_SIZE], uint32_t status)
{
    char sector[SECTOR] = {0};
    int written;

    memcpy(sector, magic, MAGIC_SIZE);
    memcpy(sector + MAGIC_SIZE, &status, sizeof(status));
    if (device_write(disk, 0, 0, sector, SECTOR, &written) != 0)
        fprintf(stderr, "runcommand: the status could not be written\n");
}

int main(int argc, char **argv)
{
    static char *words[WORDS_MAX + 1];
    mach_port_t device_master;
    const char *name;
    uint32_t flags;
    size_t size;
    char *text;

    if (argc != 2) {
        fprintf(stderr, "usage: runcommand DEVICE\n");
        return 2;
    }
    name = strncmp(argv[1], "device:", 7) == 0 ? argv[1] + 7 : argv[1];
    if (get_privileged_ports(&host_priv, &device_master) != 0) {
        fprintf(stderr, "runcommand: not permitted\n");
        return STATUS_BROKEN;
    }
    if (device_open(device_master, D_READ_WRITE, name, &disk) != 0) {
        fprintf(stderr, "runcommand: %s: no such device\n", name);
        halt_system();
    }
    size = disk_size();
    text = read_disk(size);
    if (text && parse(text, size, words, &flags)) {
        write_state("hellbeg1", 0);
        show_console(device_master, 1);
        uint32_t status = run(words, flags);
        show_console(device_master, 0);
        write_state("hellend1", status);
    } else {
        fprintf(stderr, "runcommand: no command on %s\n", name);
    }
    halt_system();
}
