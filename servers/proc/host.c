/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/proc/host.c: what is the same for all: privileged ports, the
 * defaults of exec, and the system's name. */

#include <hurd/exec.h>
#include <mach/host_info.h>
#include <proc/proc.h>
#include <proc/process_S.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Only exec servers want to hear of it. */
#define EXECDATA_NOTIFIES_MAX 64

static struct {
    mach_port_t *ports; /* send rights */
    unsigned nports;
    int *ints;
    unsigned nints;
} execdata;

struct execdata_notify {
    struct execdata_notify *next;
    mach_port_t port; /* send right */
};
static struct execdata_notify *execdata_notifies;

struct server_version {
    char *name, *release, *version;
};
static struct server_version *versions;
static unsigned nversions;
static char kernel_name[128], kernel_release[128];

kern_return_t S_proc_getprivports(pstruct_t p, mach_port_t *host_priv,
                                  mach_port_t *device_master)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    if (!is_root(p))
        return HURD_EPERM;
    *host_priv = master_host_port;
    *device_master = master_device_port;
    return 0;
}

/* Who does not read what he asked for is not waited for. */
static error_t tell_execdata(mach_port_t port)
{
    mach_msg_impatient = TRUE;
    error_t err =
        exec_setexecdata(port, execdata.ports, MACH_MSG_TYPE_COPY_SEND,
                         execdata.nports, execdata.ints, execdata.nints);
    mach_msg_impatient = FALSE;
    return err;
}

kern_return_t S_proc_setexecdata(pstruct_t p, const_portarray_t ports,
                                 mach_msg_type_number_t nports,
                                 const_intarray_t ints,
                                 mach_msg_type_number_t nints)
{
    mach_port_t *new_ports;
    int *new_ints;

    if (!p)
        return HURD_EOPNOTSUPP;
    if (!is_root(p))
        return HURD_EPERM;
    new_ports = calloc(nports + 1, sizeof *new_ports);
    new_ints = calloc(nints + 1, sizeof *new_ints);
    if (!new_ports || !new_ints) {
        free(new_ports);
        free(new_ints);
        return HURD_ENOMEM;
    }
    memcpy(new_ports, ports, nports * sizeof *ports);
    memcpy(new_ints, ints, nints * sizeof *ints);
    for (unsigned i = 0; i < execdata.nports; i++)
        mach_port_drop(execdata.ports[i]);
    free(execdata.ports);
    free(execdata.ints);
    execdata.ports = new_ports;
    execdata.nports = nports;
    execdata.ints = new_ints;
    execdata.nints = nints;

    for (struct execdata_notify **at = &execdata_notifies; *at;) {
        struct execdata_notify *n = *at;
        if (tell_execdata(n->port) == MACH_SEND_INVALID_DEST) {
            *at = n->next;
            mach_port_drop(n->port);
            free(n);
        } else {
            at = &n->next;
        }
    }
    return 0;
}

kern_return_t S_proc_getexecdata(pstruct_t p, portarray_t *ports,
                                 mach_msg_type_name_t *ports_type,
                                 mach_msg_type_number_t *nports,
                                 intarray_t *ints,
                                 mach_msg_type_number_t *nints)
{
    if (execdata.nports > *nports || execdata.nints > *nints)
        return HURD_ENOMEM;
    memcpy(*ports, execdata.ports, execdata.nports * sizeof **ports);
    *nports = execdata.nports;
    *ports_type = MACH_MSG_TYPE_COPY_SEND;
    memcpy(*ints, execdata.ints, execdata.nints * sizeof **ints);
    *nints = execdata.nints;
    return 0;
}

kern_return_t S_proc_execdata_notify(pstruct_t p, mach_port_t notify)
{
    struct execdata_notify *n;

    if (!p)
        return HURD_EOPNOTSUPP;
    if (!is_root(p))
        return HURD_EPERM;
    unsigned known = 0;
    for (n = execdata_notifies; n; n = n->next)
        known++;
    if (known >= EXECDATA_NOTIFIES_MAX)
        return HURD_EAGAIN;
    n = calloc(1, sizeof *n);
    if (!n)
        return HURD_ENOMEM;
    *n = (struct execdata_notify){execdata_notifies, notify};
    execdata_notifies = n;
    if (execdata.nports)
        tell_execdata(notify);
    return 0;
}

void host_init_version(void)
{
    kernel_version_t text = "";
    mach_port_t host = mach_host_self();
    char *end;

    if (host_get_kernel_version(host, text))
        strcpy(text, "Mach 0");
    mach_port_drop(host);
    /* "GNU Mach 1.8 ...": all up to the number is the name. */
    end = text + strcspn(text, ":\n");
    *end = 0;
    end = strpbrk(text, "0123456789");
    if (end && end > text && end[-1] == ' ') {
        end[-1] = 0;
        mig_strncpy(kernel_release, end, sizeof kernel_release);
    }
    mig_strncpy(kernel_name, text, sizeof kernel_name);
    for (char *c = kernel_name; *c; c++)
        if (*c == ' ')
            *c = '-';
}

kern_return_t S_proc_register_version(pstruct_t p, mach_port_t credential,
                                      const_string_t name,
                                      const_string_t release,
                                      const_string_t version)
{
    struct server_version *at = versions, *more;

    if (!p)
        return HURD_EOPNOTSUPP;
    if (credential != master_host_port)
        return HURD_EPERM;
    while (at < versions + nversions && strcmp(at->name, name) != 0)
        at++;
    if (at == versions + nversions) {
        more = realloc(versions, (nversions + 1) * sizeof *versions);
        if (!more)
            return HURD_ENOMEM;
        versions = more;
        at = versions + nversions;
        *at = (struct server_version){.name = strdup(name)};
        if (!at->name)
            return HURD_ENOMEM;
        nversions++;
    }
    free(at->release);
    free(at->version);
    at->release = strdup(release);
    at->version = strdup(version);
    mach_port_drop(credential);
    return 0;
}

static const char *machine_name(void)
{
    struct host_basic_info info;
    mach_msg_type_number_t count = HOST_BASIC_INFO_COUNT;
    mach_port_t host = mach_host_self();
    error_t err = host_info(host, HOST_BASIC_INFO, (host_info_t)&info, &count);

    mach_port_drop(host);
    return !err && info.cpu_type == 21 ? "x86_64" : "unknown";
}

kern_return_t S_proc_uname(pstruct_t p, utsname_t *uname)
{
    const char *release =
        nversions && versions[0].release ? versions[0].release : "0";

    memset(uname, 0, sizeof *uname);
    snprintf(uname->sysname, sizeof uname->sysname, "GNU");
    snprintf(uname->release, sizeof uname->release, "%s", release);
    snprintf(uname->version, sizeof uname->version, "%s %s/Hurd-%s",
             kernel_name, kernel_release, release);
    snprintf(uname->machine, sizeof uname->machine, "%s", machine_name());
    return 0;
}
