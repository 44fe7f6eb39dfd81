/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hurd/hurd_types.h: the C types of what travels in the Hurd's messages.
 *
 * Everything here has the layout that the Hurd gives it on x86_64, whatever
 * the C library of the program that includes it thinks of stat and friends.
 */

#ifndef HURD_HURD_TYPES_H
#define HURD_HURD_TYPES_H

#include <mach/std_types.h>
#include <mach/mach_types.h>
#include <device/device_types.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include <hurd/errors.h>
#include <hurd/stat.h>

/* Ports; which right it is stands where one is kept. */
typedef mach_port_t file_t, io_t, fsys_t, process_t, auth_t, socket_t, pf_t;
typedef mach_port_t addr_port_t, ctty_t, startup_t, exec_startup_t;
typedef mach_port_t fs_notify_t, interrupt_t, pci_t, acpi_t, shutdown_t;
typedef mach_port_t sreply_port_t, fsys_control_t, task_notify_port_t;

typedef char string_t[1024];
typedef const char *const_string_t;
typedef char *data_t;
typedef const char *const_data_t;
typedef mach_port_t *portarray_t;
typedef const mach_port_t *const_portarray_t;
typedef int *intarray_t;
typedef const int *const_intarray_t;
typedef int64_t *off_array_t;
typedef const int64_t *const_off_array_t;
typedef pid_t *pidarray_t;
typedef const pid_t *const_pidarray_t;
typedef uid_t *idarray_t;
typedef const uid_t *const_idarray_t;
typedef int *procinfo_t;
typedef const int *const_procinfo_t;
typedef struct hurd_utsname utsname_t;
typedef mode_t retry_type;
typedef uint32_t file_changed_type_t, dir_changed_type_t;
typedef struct timespec timespec_t;

typedef int modes_t[4];
typedef char ccs_t[20];
typedef int speeds_t[2];
typedef struct hurd_winsize winsize_t;

struct hurd_utsname {
    char sysname[1024], nodename[1024], release[1024], version[1024];
    char machine[1024];
};

struct hurd_winsize {
    uint16_t ws_row, ws_col, ws_xpixel, ws_ypixel;
};

struct hurd_flock {
    int32_t l_type;   /* HF_RDLCK, ... */
    int32_t l_whence; /* SEEK_SET, ... */
    int64_t l_start, l_len;
    int32_t l_pid;
    int32_t l_pad;
};
typedef struct hurd_flock flock_t;

struct hurd_timeval {
    int64_t tv_sec, tv_usec;
};

struct hurd_rusage {
    struct hurd_timeval ru_utime, ru_stime;
    int64_t ru_maxrss, ru_ixrss, ru_idrss, ru_isrss, ru_minflt, ru_majflt;
    int64_t ru_nswap, ru_inblock, ru_oublock, ru_msgsnd, ru_msgrcv;
    int64_t ru_nsignals, ru_nvcsw, ru_nivcsw;
};
typedef struct hurd_rusage rusage_t;

/* What dir_lookup and fsys_getroot want done with their result. */
enum {
    FS_RETRY_NORMAL = 1,
    FS_RETRY_REAUTH = 2,
    FS_RETRY_MAGICAL = 3,
};

/* file_set_translator's two flag words. */
enum {
    FS_TRANS_FORCE = 1,
    FS_TRANS_EXCL = 2,
    FS_TRANS_SET = 4,
    FS_TRANS_ORPHAN = 8,
};

/* fsys_goaway */
enum {
    FSYS_GOAWAY_NOWAIT = 1,
    FSYS_GOAWAY_NOSYNC = 2,
    FSYS_GOAWAY_FORCE = 4,
    FSYS_GOAWAY_UNLINK = 8,
    FSYS_GOAWAY_RECURSE = 16,
};

/* io_select */
enum {
    SELECT_READ = 1,
    SELECT_WRITE = 2,
    SELECT_URG = 4,
    /* This system's own: asked for, the end of a pipe or connection is told
     * apart from data.  Who does not know it leaves the others out. */
    SELECT_TELL_END = 0x100,
    SELECT_HUNG_UP = 0x200, /* nobody writes any more, or there is no peer */
    SELECT_BROKEN = 0x400,  /* nobody reads any more */
};

/* fs_notify */
enum {
    DIR_CHANGED_NULL = 0,
    DIR_CHANGED_NEW = 1,
    DIR_CHANGED_UNLINK = 2,
    DIR_CHANGED_RENUMBER = 3,
    FILE_CHANGED_NULL = 0,
    FILE_CHANGED_WRITE = 1,
    FILE_CHANGED_EXTEND = 2,
    FILE_CHANGED_TRUNCATE = 3,
    FILE_CHANGED_META = 4,
};

/* file_get_storage_info: integers, then who holds the data. */
enum {
    STORAGE_OTHER = 0,
    STORAGE_DEVICE = 1,
    STORAGE_HURD_FILE = 2,
    STORAGE_NETWORK = 3,
    STORAGE_MEMORY = 4,
    STORAGE_TASK = 5,
    STORAGE_ZERO = 6,
    STORAGE_CONCAT = 7,
    STORAGE_INTERLEAVE = 8,
    STORAGE_LAYER = 9,
    STORAGE_REMAP = 10,
    STORAGE_COPY = 11,
};

/* Slots of the arrays that a program is started with. */
enum {
    INIT_PORT_CWDIR,
    INIT_PORT_CRDIR,
    INIT_PORT_AUTH,
    INIT_PORT_PROC,
    INIT_PORT_CTTYID,
    INIT_PORT_BOOTSTRAP,
    INIT_PORT_MAX,
};
enum {
    INIT_UMASK,
    INIT_SIGMASK,
    INIT_SIGIGN,
    INIT_SIGPENDING,
    INIT_TRACEMASK,
    INIT_INT_MAX,
};

/* Flags of exec. */
enum {
    EXEC_NEWTASK = 1,
    EXEC_SECURE = 2,
    EXEC_DEFAULTS = 4,
    EXEC_SIGTRAP = 8,
    EXEC_STACK_ARGS = 16,
};

/* term_get_bottom_type */
enum {
    TERM_ON_MACHDEV = 0,
    TERM_ON_HURDIO = 1,
    TERM_ON_MASTERPTY = 2,
};

/* host_reboot, startup_reboot */
enum {
    HURD_RB_AUTOBOOT = 0,
    HURD_RB_ASKNAME = 1,
    HURD_RB_SINGLE = 2,
    HURD_RB_KDB = 4,
    HURD_RB_HALT = 8,
    HURD_RB_INITNAME = 0x10,
    HURD_RB_DEBUGGER = 0x1000,
};

/* proc's fixed process numbers. */
enum {
    HURD_PID_NOPID = 0,
    HURD_PID_INIT = 1,
    HURD_PID_STARTUP = 2,
    HURD_PID_KERNEL = 3,
    HURD_PID_PROC = 4,
};

/* Where servers are found. */
#define HURD_SERVERS_EXEC     "/servers/exec"
#define HURD_SERVERS_STARTUP  "/servers/startup"
#define HURD_SERVERS_SHUTDOWN "/servers/shutdown"
#define HURD_SERVERS_PROC     "/servers/proc"
#define HURD_SERVERS_SOCKET   "/servers/socket"
#define HURD_SERVERS_CRASH    "/servers/crash"

#endif
