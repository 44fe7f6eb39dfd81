/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/startup/essential.c: tasks that must not die, and the orderly end. */

#include <hurd/libhurd.h>
#include <hurd/shutdown.h>
#include <hurd/startup_notify.h>
#include <stdlib.h>
#include <string.h>
#include <startup/startup.h>
#include <time.h>

#define DOSYNC_MS      60000
#define DOSYNC_OPEN_MS 5000 /* of all that anybody has asked for */
#define OPEN_MAX       256

struct essential {
    struct essential *next;
    mach_port_t task; /* send right */
    char name[];
};

struct notify {
    struct notify *next;
    mach_port_t port; /* send right */
    boolean_t trusted;
    char name[];
};

static struct essential *essentials;
static struct notify *notifies; /* who came last is told first */
static unsigned open_notifies;  /* those not trusted */
boolean_t booted;

error_t watch(mach_port_t name)
{
    mach_port_t old = MACH_PORT_NULL;
    error_t err = mach_port_request_notification(
        mach_task_self(), name, MACH_NOTIFY_DEAD_NAME, 1, self.port,
        MACH_MSG_TYPE_MAKE_SEND_ONCE, &old);

    if (!err)
        mach_port_drop(old);
    return err;
}

error_t essential_record(const char *name, task_t task)
{
    struct essential *e = calloc(1, sizeof *e + strlen(name) + 1);

    if (!e)
        return HURD_ENOMEM;
    e->task = task;
    strcpy(e->name, name);
    e->next = essentials;
    essentials = e;
    task_set_essential(task, TRUE); /* when memory is short it goes last */
    return watch(task);
}

error_t notify_record(const char *name, mach_port_t notify, boolean_t trusted)
{
    struct notify *n;

    if (!trusted && open_notifies >= OPEN_MAX)
        return HURD_EAGAIN;
    n = calloc(1, sizeof *n + strlen(name) + 1);
    if (!n)
        return HURD_ENOMEM;
    n->port = notify;
    n->trusted = trusted;
    open_notifies += !trusted;
    /* It is shown on the console. */
    for (size_t i = 0; name[i]; i++)
        n->name[i] = name[i] > ' ' && name[i] < 0x7f ? name[i] : '?';
    n->next = notifies;
    notifies = n;
    return watch(notify);
}

boolean_t notify_died(mach_port_t name)
{
    for (struct notify **at = &notifies; *at; at = &(*at)->next) {
        struct notify *n = *at;
        if (n->port == name) {
            *at = n->next;
            open_notifies -= !n->trusted;
            mach_port_drop(n->port);
            free(n);
            return TRUE;
        }
    }
    return FALSE;
}

static void tell(const struct notify *n, unsigned timeout_ms)
{
    mach_printf("startup: notifying %s of shutdown...", n->name);
    error_t err = startup_dosync(n->port, timeout_ms);
    mach_printf("%s\n", err == MACH_SEND_INVALID_DEST ? "(no longer there)"
                        : err                         ? mach_error_string(err)
                                                      : "done");
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000l + now.tv_nsec / 1000000;
}

/* Whoever is a file system on a file of another's needs that one still. */
static void tell_all(void)
{
    int64_t deadline = now_ms() + DOSYNC_OPEN_MS, left;

    for (struct notify *n = notifies; n; n = n->next)
        if (!n->trusted && (left = deadline - now_ms()) > 0)
            tell(n, left);
    for (struct notify *n = notifies; n; n = n->next)
        if (n->trusted)
            tell(n, DOSYNC_MS);
}

/* A driver may know how to switch the machine off. */
static void switch_off(void)
{
    mach_port_t shutdown;

    if (self.procserver == MACH_PORT_NULL ||
        hurd_lookup(HURD_SERVERS_SHUTDOWN, HO_READ, 0, &shutdown))
        return;
    shutdown_shutdown(shutdown);
    mach_port_drop(shutdown);
}

void boot_failed(error_t err, const char *what)
{
    mach_printf("\nstartup: %s: %s\n", what,
                err ? mach_error_string(err)
                    : "it has ended before the system was up");
    host_reboot(self.host_priv, HURD_RB_HALT | HURD_RB_DEBUGGER);
    mach_die(err, "%s", what);
}

void reboot_system(int flags)
{
    tell_all();
    mach_printf("startup: %s\n", flags & (HURD_RB_HALT | HURD_RB_DEBUGGER)
                                     ? "halting"
                                     : "rebooting");
    if (flags & HURD_RB_HALT)
        switch_off();
    for (;;) {
        error_t err = host_reboot(self.host_priv, flags);
        if (err)
            mach_die(err, "host_reboot");
    }
}

boolean_t essential_died(mach_port_t name)
{
    for (struct essential *e = essentials; e; e = e->next) {
        if (e->task != name)
            continue;
        mach_printf("startup: essential task %s died\n", e->name);
        /* Before all is up there is nobody to tell. */
        if (!booted)
            host_reboot(self.host_priv, HURD_RB_HALT | HURD_RB_DEBUGGER);
        reboot_system(HURD_RB_DEBUGGER);
    }
    return FALSE;
}
