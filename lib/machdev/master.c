/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/machdev/master.c: a device master that has some devices itself, and passes
 * what is asked for others on to the next one (HURD-FACTS 4.1). */

#include <device/device.h>
#include <machdev/device_S.h>
#include <machdev/private.h>

#define CLASSES_MAX 4

/* Requests that are passed on as they came. */
#define DEVICE_OPEN_ID    2800
#define IO_PERM_CREATE_ID 3805

enum machdev_rights (*machdev_node_rights)(mach_port_t port);

static struct port_class *openers[CLASSES_MAX];
static unsigned opener_count;

void machdev_opens_devices(struct port_class *class)
{
    if (opener_count < CLASSES_MAX)
        openers[opener_count++] = class;
}

static boolean_t opens_devices(const struct port_class *class)
{
    for (unsigned i = 0; i < opener_count; i++)
        if (openers[i] == class)
            return TRUE;
    return FALSE;
}

kern_return_t machdev_S_device_open(mach_port_t master, mach_port_t reply,
                                    mach_msg_type_name_t reply_type,
                                    dev_mode_t mode, const_dev_name_t name,
                                    mach_port_t *device,
                                    mach_msg_type_name_t *device_type)
{
    *device_type = MACH_MSG_TYPE_MOVE_SEND;
    return machdev_ops->open ? machdev_ops->open(name, mode, device)
                             : D_NO_SUCH_DEVICE;
}

/* Sends REQUEST, which carries no rights but its reply port, to the device
 * master, which answers in our place. */
static void pass_on(mach_msg_header_t *request, mig_reply_header_t *reply)
{
    mach_msg_header_t as_it_came = *request;

    request->msgh_bits = MACH_MSGH_BITS(
        MACH_MSG_TYPE_COPY_SEND, MACH_MSGH_BITS_REMOTE(as_it_came.msgh_bits));
    request->msgh_remote_port = machdev_device_master();
    request->msgh_local_port = as_it_came.msgh_remote_port;
    error_t err = mach_msg(request, MACH_SEND_MSG, request->msgh_size, 0,
                           MACH_PORT_NULL, 0, MACH_PORT_NULL);
    reply->RetCode = MIG_NO_REPLY;
    if (err) {
        *request = as_it_came;
        reply->RetCode = err;
    }
}

/* A request on a device master. */
static boolean_t device_demuxer(mach_msg_header_t *in, mach_msg_header_t *out,
                                enum machdev_rights rights)
{
    mig_reply_header_t *reply = (mig_reply_header_t *)out;

    if (in->msgh_bits & MACH_MSGH_BITS_COMPLEX)
        return FALSE;
    if (in->msgh_id != DEVICE_OPEN_ID && in->msgh_id != IO_PERM_CREATE_ID)
        return FALSE;
    if (rights == MACHDEV_NONE) {
        reply->RetCode = HURD_EACCES;
        return TRUE;
    }
    if (in->msgh_id == DEVICE_OPEN_ID) {
        machdev_device_server_routine(in)(in, out);
        if (out->msgh_bits & MACH_MSGH_BITS_COMPLEX ||
            reply->RetCode != D_NO_SUCH_DEVICE)
            return TRUE;
    }
    if (rights == MACHDEV_ALL)
        pass_on(in, reply);
    else if (in->msgh_id == IO_PERM_CREATE_ID)
        reply->RetCode = HURD_EPERM;
    return TRUE;
}

boolean_t machdev_master_demuxer(mach_msg_header_t *in, mach_msg_header_t *out,
                                 mach_port_t name,
                                 const struct port_class *class)
{
    enum machdev_rights rights = MACHDEV_ALL;

    if (!opens_devices(class))
        return FALSE;
    if (!machdev_is_stage_class(class) && machdev_node_rights)
        rights = machdev_node_rights(name);
    return device_demuxer(in, out, rights);
}
