/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `hell mkroot': a disk image with a Hurd system on it. */
#define _GNU_SOURCE
#include "platform/linux/linux.h"
#include "tools/boot.h"
#include "tools/complain.h"
#include "tools/places.h"
#include "tools/rootfs.h"
#include "tools/settings.h"
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_DEFAULT (128ull << 20)
#define SIZE_MIN     (16ull << 20)

static const char help[] =
    "usage: hell mkroot [--size SIZE] [--add FOLDER]... OUT\n"
    "Makes the disk image OUT: an ext2 file system with the Hurd's servers,\n"
    "busybox and what a boot needs.\n"
    "\n"
    "  -s, --size SIZE    of the image, with M or G (default 128M)\n"
    "  -a, --add FOLDER   copy the host's FOLDER's contents into the root\n"
    "      --help         this text\n";

/* Programs that are not translators or servers, where they belong, and by what
 * name if it is another. */
static const struct {
    const char *name, *folder, *as;
} places[] = {
    {"ld-so", "/lib", "ld.so.1"},     {"settrans", "/bin", NULL},
    {"showtrans", "/bin", NULL},      {"fsysopts", "/sbin", NULL},
    {"halt", "/sbin", NULL},          {"portinfo", "/bin", NULL},
    {"runcommand", "/libexec", NULL}, {"console-run", "/libexec", NULL},
    {"swapon", "/sbin", NULL},
};

/* Nodes with passive translators, where the translator's program is there. */
static const struct {
    const char *path, *program, *words;
    size_t size;
    unsigned mode;
} nodes[] = {
#define NODE(path, program, words, mode)                                       \
    {                                                                          \
        path, program, words, sizeof(words), mode                              \
    }
#define DISK(node, device)                                                     \
    NODE("/dev/" node, "storeio", "/hurd/storeio\0" device, 0640)
#define PARTITION(node, n, device)                                             \
    NODE("/dev/" node "s" n, "storeio",                                        \
         "/hurd/storeio\0-T\0typed\0part:" n ":device:" device, 0640)
#define PARTITIONS(node, device)                                               \
    PARTITION(node, "1", device), PARTITION(node, "2", device),                \
        PARTITION(node, "3", device), PARTITION(node, "4", device)
    NODE("/dev/null", "null", "/hurd/null", 0666),
    NODE("/dev/zero", "null", "/hurd/zero", 0666),
    NODE("/dev/full", "null", "/hurd/null\0--full", 0666),
    NODE("/dev/random", "null", "/hurd/null\0--random", 0666),
    NODE("/dev/urandom", "null", "/hurd/null\0--urandom", 0666),
    NODE("/dev/time", "storeio", "/hurd/storeio\0--no-cache\0time", 0644),
    NODE("/dev/console", "term", "/hurd/term\0/dev/console\0device\0console",
         0600),
    NODE("/dev/tty", "magic", "/hurd/magic\0tty", 0666),
    NODE("/dev/fd", "magic", "/hurd/magic\0--directory\0fd", 0666),
    NODE("/proc", "procfs", "/hurd/procfs", 0555),
    DISK("hd0", "hd0"),
    DISK("hd1", "hd1"),
    PARTITIONS("hd0", "hd0"),
    DISK("wd0", "@/dev/rumpdisk:wd0"),
    DISK("wd1", "@/dev/rumpdisk:wd1"),
    DISK("wd2", "@/dev/rumpdisk:wd2"),
    DISK("wd3", "@/dev/rumpdisk:wd3"),
    DISK("ld0", "@/dev/rumpdisk:ld0"),
    DISK("ld1", "@/dev/rumpdisk:ld1"),
    PARTITIONS("wd0", "@/dev/rumpdisk:wd0"),
    PARTITIONS("wd1", "@/dev/rumpdisk:wd1"),
    PARTITIONS("ld0", "@/dev/rumpdisk:ld0"),
    NODE("/servers/bus/pci", "pci-arbiter", "/hurd/pci-arbiter", 0644),
    NODE("/servers/acpi", "acpi", "/hurd/acpi", 0644),
    NODE("/servers/shutdown", "shutdown", "/hurd/shutdown", 0600),
    NODE("/servers/socket/1", "pflocal", "/hurd/pflocal", 0644),
    NODE("/servers/password", "password", "/hurd/password", 0644),
    NODE("/servers/crash", "crash", "/hurd/crash\0--kill", 0644),
#undef PARTITIONS
#undef PARTITION
#undef DISK
#undef NODE
};

/* --- files of the host ---------------------------------------------------- */

static int copy_file(struct rootfs *root, const char *from, const char *to,
                     unsigned mode)
{
    size_t size;
    void *data = places_read(from, &size);
    int result;

    if (!data)
        return complain("%s: %s", from, strerror(errno));
    result = rootfs_file(root, to, mode, data, size);
    free(data);
    return result;
}

static int copy_link(struct rootfs *root, const char *from, const char *to)
{
    char target[PATH_MAX];
    ssize_t size = readlink(from, target, sizeof(target) - 1);

    if (size < 0)
        return complain("%s: %s", from, strerror(errno));
    target[size] = 0;
    return rootfs_symlink(root, to, target);
}

static int copy_folder(struct rootfs *root, const char *from, const char *to)
{
    DIR *folder = opendir(from);
    struct dirent *entry;
    int result = 0;

    if (!folder)
        return complain("%s: %s", from, strerror(errno));
    while (result == 0 && (entry = readdir(folder)) != NULL) {
        char source[PATH_MAX], target[PATH_MAX];
        struct stat status;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (snprintf(source, PATH_MAX, "%s/%s", from, entry->d_name) >=
                PATH_MAX ||
            snprintf(target, PATH_MAX, "%s/%s", to, entry->d_name) >=
                PATH_MAX ||
            lstat(source, &status) != 0)
            result =
                complain("%s/%s: %s", from, entry->d_name, strerror(errno));
        else if (S_ISDIR(status.st_mode))
            result = rootfs_folder(root, target, status.st_mode & 07777) != 0
                         ? -1
                         : copy_folder(root, source, target);
        else if (S_ISLNK(status.st_mode))
            result = copy_link(root, source, target);
        else if (S_ISREG(status.st_mode))
            result = copy_file(root, source, target, status.st_mode & 07777);
    }
    closedir(folder);
    return result;
}

/* --- the parts ------------------------------------------------------------ */

static int make_folders(struct rootfs *root)
{
    static const char *const folders[] = {"/bin",
                                          "/boot",
                                          "/dev",
                                          "/etc",
                                          "/home",
                                          "/hurd",
                                          "/lib",
                                          "/mnt",
                                          "/sbin",
                                          "/usr",
                                          "/servers/socket",
                                          "/libexec",
                                          "/var",
                                          "/run",
                                          "/var/run",
                                          "/usr/bin",
                                          "/usr/sbin",
                                          "/servers/bus"};
    /* What a server attaches itself to when it is up. */
    static const struct {
        const char *path;
        unsigned mode;
    } seats[] = {{"/servers/exec", 0644},
                 {"/servers/startup", 0644},
                 {"/servers/proc", 0644},
                 {"/servers/auth", 0644},
                 {"/servers/crash-dump-core", 0644},
                 {"/servers/crash-kill", 0644},
                 {"/dev/console", 0644},
                 {"/dev/disk", 0600},
                 {"/dev/rumpdisk", 0600}};

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (rootfs_folder(root, folders[i], 0755) != 0)
            return -1;
    for (size_t i = 0; i < sizeof(seats) / sizeof(seats[0]); i++)
        if (rootfs_file(root, seats[i].path, seats[i].mode, "", 0) != 0)
            return -1;
    if (rootfs_folder(root, "/tmp", 01777) != 0 ||
        rootfs_folder(root, "/var/tmp", 01777) != 0 ||
        rootfs_folder(root, "/dev/shm", 01777) != 0)
        return -1;
    return rootfs_folder(root, "/root", 0700);
}

/* Also changes *NAME to what it is called there. */
static const char *folder_of(const char **name)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (strcmp(places[i].name, *name) != 0)
            continue;
        if (places[i].as)
            *name = places[i].as;
        return places[i].folder;
    }
    return "/hurd";
}

static int is_program(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
           (status.st_mode & 0111) != 0;
}

static int install_program(struct rootfs *root, const char *from,
                           const char *name)
{
    const char *folder = folder_of(&name);
    char path[PATH_MAX], second[PATH_MAX + 8];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (copy_file(root, from, path, 0755) != 0)
        return -1;
    if (strcmp(name, "halt") == 0 &&
        (rootfs_link(root, "/sbin/reboot", path) != 0 ||
         rootfs_link(root, "/sbin/poweroff", path) != 0))
        return -1;
    if (strcmp(name, "swapon") == 0)
        return rootfs_link(root, "/sbin/swapoff", path);
    if (strcmp(folder, "/hurd") != 0)
        return 0;
    /* The name that boot scripts use. */
    snprintf(second, sizeof(second), "%s.static", path);
    if (rootfs_link(root, second, path) != 0)
        return -1;
    return strcmp(name, "null") == 0 ? rootfs_link(root, "/hurd/zero", path)
                                     : 0;
}

static int install_servers(struct rootfs *root)
{
    char folder_path[PATH_MAX], path[PATH_MAX * 2];
    struct dirent *entry;
    int result = 0;

    places_find("servers", folder_path, sizeof(folder_path));
    DIR *folder = opendir(folder_path);
    if (!folder)
        return complain("%s: %s", folder_path, strerror(errno));
    while (result == 0 && (entry = readdir(folder)) != NULL) {
        snprintf(path, sizeof(path), "%s/%s", folder_path, entry->d_name);
        if (!strchr(entry->d_name, '.') && is_program(path))
            result = install_program(root, path, entry->d_name);
    }
    closedir(folder);
    return result;
}

static int install_nodes(struct rootfs *root)
{
    char path[PATH_MAX], program[PATH_MAX];

    for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        snprintf(program, sizeof(program), "servers/%s", nodes[i].program);
        places_find(program, path, sizeof(path));
        if (is_program(path) &&
            rootfs_translator(root, nodes[i].path, nodes[i].mode,
                              nodes[i].words, nodes[i].size) != 0)
            return -1;
    }
    return 0;
}

/* Busybox under all the names that it says it has. */
static int install_busybox(struct rootfs *root)
{
    char line[256], path[sizeof(line) + 1];
    FILE *names;
    int result = copy_file(root, "/bin/busybox", "/bin/busybox", 0755);

    if (result != 0)
        return complain("busybox is missing: install busybox-static");
    names = popen("/bin/busybox --list-full", "r");
    if (!names)
        return complain("busybox: %s", strerror(errno));
    while (result == 0 && fgets(line, sizeof(line), names)) {
        line[strcspn(line, "\n")] = 0;
        snprintf(path, sizeof(path), "/%s", line);
        if (strchr(line, '/') && strcmp(line, "bin/busybox") != 0)
            result = rootfs_link(root, path, "/bin/busybox");
    }
    if (pclose(names) != 0 && result == 0)
        result = complain("busybox does not run here");
    return result;
}

/* For disks without a journal, and those with errors; as Debian has it. */
static int install_e2fsck(struct rootfs *root)
{
    static const char from[] = "/sbin/e2fsck.static";

    if (access(from, R_OK) != 0)
        return 0; /* runsystem says what to do */
    return copy_file(root, from, "/sbin/e2fsck", 0755);
}

static int install_personality(struct rootfs *root)
{
    char path[PATH_MAX];

    places_find("personality.so", path, sizeof(path));
    if (access(path, R_OK) != 0)
        return complain("%s: %s", path, strerror(errno));
    return copy_file(root, path, "/lib/hell/personality.so", 0755);
}

static int fill_root(struct rootfs *root, char **additions, unsigned count)
{
    char path[PATH_MAX];

    if (make_folders(root) != 0 || install_servers(root) != 0 ||
        install_nodes(root) != 0 || install_busybox(root) != 0 ||
        install_e2fsck(root) != 0 || install_personality(root) != 0)
        return -1;
    places_find("boot/root", path, sizeof(path));
    if (copy_folder(root, path, "") != 0)
        return -1;
    for (unsigned i = 0; i < count; i++)
        if (copy_folder(root, additions[i], "") != 0)
            return -1;
    return 0;
}

/* --- the command ---------------------------------------------------------- */

#define ADDITIONS_MAX 16

struct request {
    uint64_t size_bytes;
    char *additions[ADDITIONS_MAX];
    unsigned addition_count;
    const char *out;
};

static int parse_size(const char *text, uint64_t *size_out)
{
    char *end;
    unsigned long long size = strtoull(text, &end, 10);

    if (*end == 'G' || *end == 'g')
        size <<= 10;
    if (end == text || (*end && !strchr("mMgG", *end)) || (*end && end[1]) ||
        size << 20 < SIZE_MIN || size > 1u << 20)
        return complain("--size %s: not a size of at least %lluM", text,
                        SIZE_MIN >> 20);
    *size_out = size << 20;
    return 0;
}

static int parse(struct request *request, char **words)
{
    static const struct option options[] = {
        {"size", required_argument, NULL, 's'},
        {"add", required_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},
        {0}};
    int count = 0, option;

    while (words[count])
        count++;
    optind = 0;
    while ((option = getopt_long(count, words, "s:a:", options, NULL)) != -1) {
        if (option == 'h')
            return fputs(help, stdout) < 0 ? -1 : 1;
        if (option == 'a' && request->addition_count < ADDITIONS_MAX)
            request->additions[request->addition_count++] = optarg;
        else if (option != 's' || parse_size(optarg, &request->size_bytes) != 0)
            return -1;
    }
    if (!words[optind] || words[optind + 1])
        return complain("mkroot: exactly one output file is needed");
    request->out = words[optind];
    return 0;
}

int mkroot(char **words)
{
    struct request request = {.size_bytes = SIZE_DEFAULT};
    int result = parse(&request, words);
    struct rootfs *root;

    if (result != 0 || !request.out)
        return result > 0 ? 0 : STATUS_USAGE;
    root = rootfs_create(request.out, request.size_bytes);
    if (!root)
        return LINUX_STATUS_FAILED;
    result = fill_root(root, request.additions, request.addition_count);
    if (rootfs_close(root) != 0)
        result = -1;
    if (result == 0)
        return 0;
    unlink(request.out);
    return LINUX_STATUS_FAILED;
}
