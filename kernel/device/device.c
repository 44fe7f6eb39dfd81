/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device master port and the routines of device.defs. */
#include "device/device.h"
#include "device/pc.h"
#include "device/private.h"
#include "vm/map.h"

#include "device_reply_user.h"
#include "device_server.h"

static struct {
    struct ipc_port *master;
    struct list devices;
} devices;

struct ipc_port *device_master_send_right(void)
{
    return ipc_port_make_send(devices.master);
}

void device_module_init(void)
{
    list_init(&devices.devices);
    devices.master = ipc_port_alloc_kernel(IKOT_MASTER_DEVICE, &devices);
    console_init();
    clock_init();
    kmsg_init();
    power_init();
    disk_init();
    claim_init();
    pc_init();
}

void device_module_fini(void)
{
    struct device *device, *after;

    pc_fini();
    console_fini();
    kmsg_fini();
    power_fini();
    clock_fini();
    claim_fini();
    list_for_each_safe(&devices.devices, device, after, link)
    {
        if (device->port != NULL) {
            ipc_port_dealloc_kernel(device->port);
        }
        kfree(device);
    }
    ipc_port_dealloc_kernel(devices.master);
}

struct device *device_find(const char *name)
{
    struct device *device;

    list_for_each(&devices.devices, device, link)
    {
        if (strcmp(device->name, name) == 0) {
            return device;
        }
    }
    return NULL;
}

struct device *device_add(const char *name, const struct device_ops *ops)
{
    struct device *device = kalloc(sizeof *device);

    if (device != NULL) {
        ksnprintf(device->name, sizeof device->name, "%s", name);
        device->ops = ops;
        list_append(&devices.devices, &device->link);
    }
    return device;
}

/* --- devices and their ports --------------------------------------------------- */

device_t dev_port_lookup(ipc_port_t port)
{
    return ipc_kobject_get(port, IKOT_DEVICE);
}

void device_deallocate(device_t device)
{
}

mach_port_t convert_device_to_port(device_t device)
{
    if (device->port == NULL) {
        device->port = ipc_port_alloc_kernel(IKOT_DEVICE, device);
    }
    return (mach_port_t)ipc_port_make_send(device->port);
}

void device_no_senders(struct ipc_port *port, enum ipc_kobject_type type,
                       void *kobject)
{
    struct device *device = kobject;

    if (type == IKOT_IO_PERM) {
        device_io_perm_no_senders(kobject);
    } else if (type == IKOT_DEVICE && device->port == port) {
        device->port = NULL;
        ipc_port_dealloc_kernel(port);
        claim_no_senders(device);
    }
}

static kern_return_t open_device(ipc_port_t master, ipc_port_t reply_port,
                                 dev_mode_t mode, const char *name,
                                 device_t *device_out)
{
    struct ipc_reply_to reply;
    struct device *device;
    kern_return_t kr;

    if (ipc_kobject_type_of(master) != IKOT_MASTER_DEVICE) {
        return D_INVALID_OPERATION;
    }
    if (claim_is_name(name)) {
        return claim_open(name, device_out);
    }
    device = device_find(name);
    if (device != NULL) {
        kr = device->ops->open != NULL ? device->ops->open(device, mode)
                                       : D_SUCCESS;
        *device_out = device;
        return kr;
    }
    ipc_peek_reply(&reply);
    kr = partition_open(name, mode, &reply);
    if (kr != D_SUCCESS) {
        return kr;
    }
    ipc_take_reply(&reply);
    return MIG_NO_REPLY;
}

kern_return_t ds_device_open(ipc_port_t master, ipc_port_t reply_port,
                             mach_msg_type_name_t reply_type, dev_mode_t mode,
                             const_dev_name_t name, device_t *device)
{
    return open_device(master, reply_port, mode, name, device);
}

kern_return_t ds_device_open_new(ipc_port_t master, ipc_port_t reply_port,
                                 mach_msg_type_name_t reply_type,
                                 dev_mode_t mode, const_dev_name_t name,
                                 device_t *device)
{
    return open_device(master, reply_port, mode, name, device);
}

/* Nothing to do: a device is in use as long as somebody has its port. */
kern_return_t ds_device_close(device_t device)
{
    return device != NULL ? D_SUCCESS : D_NO_SUCH_DEVICE;
}

/* --- reading and writing --------------------------------------------------------- */

static void end_io(struct device_io *io)
{
    if (io->data != NULL) {
        vm_map_copy_discard(io->data);
    }
    kfree(io);
}

void device_io_fail(struct device_io *io, kern_return_t code)
{
    ipc_reply_simple(io->reply.port, io->reply.disposition, io->reply.id, code);
    end_io(io);
}

void device_io_read_copy(struct device_io *io, struct vm_map_copy *copy,
                         uint32_t size_bytes)
{
    ds_device_read_reply(io->reply.port, io->reply.disposition, D_SUCCESS,
                         (io_buf_ptr_t)copy, size_bytes);
    end_io(io);
}

void device_io_read_done(struct device_io *io, const char *data,
                         uint32_t size_bytes)
{
    struct vm_map_copy *copy = NULL;

    if (io->inband) {
        ds_device_read_reply_inband(io->reply.port, io->reply.disposition,
                                    D_SUCCESS, (char *)data, size_bytes);
        end_io(io);
    } else if (size_bytes != 0 &&
               vm_map_copy_from_kernel(data, size_bytes, &copy) !=
                   KERN_SUCCESS) {
        device_io_fail(io, D_NO_MEMORY);
    } else {
        device_io_read_copy(io, copy, size_bytes);
    }
}

void device_io_written(struct device_io *io, uint32_t size_bytes)
{
    if (io->inband) {
        ds_device_write_reply_inband(io->reply.port, io->reply.disposition,
                                     D_SUCCESS, size_bytes);
    } else {
        ds_device_write_reply(io->reply.port, io->reply.disposition, D_SUCCESS,
                              size_bytes);
    }
    end_io(io);
}

static struct device_io *new_io(device_t device, dev_mode_t mode,
                                recnum_t recnum, uint32_t size_bytes)
{
    struct device_io *io = kalloc(sizeof *io);

    if (io != NULL) {
        io->device = device;
        io->mode = mode;
        io->recnum = recnum;
        io->size_bytes = size_bytes;
    }
    return io;
}

/* Hands IO to its device, which will answer. */
static kern_return_t start_io(struct device_io *io)
{
    struct device *device = io->device;
    kern_return_t kr = D_INVALID_OPERATION;

    ipc_take_reply(&io->reply);
    if (io->write && device->ops->write != NULL) {
        kr = device->ops->write(device, io);
    } else if (!io->write && device->ops->read != NULL) {
        kr = device->ops->read(device, io);
    }
    if (kr != D_SUCCESS) {
        device_io_fail(io, kr);
    }
    return MIG_NO_REPLY;
}

static kern_return_t start_read(device_t device, dev_mode_t mode,
                                recnum_t recnum, int wanted, bool inband)
{
    struct device_io *io;

    if (device == NULL) {
        return D_NO_SUCH_DEVICE;
    }
    if (wanted < 0) {
        return D_INVALID_SIZE;
    }
    io = new_io(device, mode, recnum, wanted);
    if (io == NULL) {
        return D_NO_MEMORY;
    }
    io->inband = inband;
    if (inband) {
        io->size_bytes = min_of(io->size_bytes, IO_INBAND_MAX);
    }
    return start_io(io);
}

kern_return_t ds_device_read(device_t device, ipc_port_t reply_port,
                             mach_msg_type_name_t reply_type, dev_mode_t mode,
                             recnum_t recnum, int wanted, io_buf_ptr_t *data,
                             mach_msg_type_number_t *count)
{
    return start_read(device, mode, recnum, wanted, false);
}

kern_return_t ds_device_read_inband(device_t device, ipc_port_t reply_port,
                                    mach_msg_type_name_t reply_type,
                                    dev_mode_t mode, recnum_t recnum,
                                    int wanted, io_buf_ptr_inband_t data,
                                    mach_msg_type_number_t *count)
{
    return start_read(device, mode, recnum, wanted, true);
}

kern_return_t ds_device_write(device_t device, ipc_port_t reply_port,
                              mach_msg_type_name_t reply_type, dev_mode_t mode,
                              recnum_t recnum, io_buf_ptr_t data,
                              mach_msg_type_number_t count, int *written)
{
    struct device_io *io;

    if (device == NULL) {
        return D_NO_SUCH_DEVICE;
    }
    io = new_io(device, mode, recnum, count);
    if (io == NULL) {
        return D_NO_MEMORY;
    }
    io->write = true;
    io->data = (struct vm_map_copy *)data;
    return start_io(io);
}

kern_return_t ds_device_write_inband(device_t device, ipc_port_t reply_port,
                                     mach_msg_type_name_t reply_type,
                                     dev_mode_t mode, recnum_t recnum,
                                     const io_buf_ptr_inband_t data,
                                     mach_msg_type_number_t count, int *written)
{
    struct device_io *io;

    if (device == NULL) {
        return D_NO_SUCH_DEVICE;
    }
    if (count > IO_INBAND_MAX) {
        return D_INVALID_SIZE;
    }
    io = new_io(device, mode, recnum, count);
    if (io == NULL) {
        return D_NO_MEMORY;
    }
    io->write = io->inband = true;
    memcpy(io->bytes, data, count);
    return start_io(io);
}

/* --- the rest ------------------------------------------------------------------------ */

kern_return_t ds_device_map(device_t device, vm_prot_t prot, vm_offset_t offset,
                            vm_size_t size, ipc_port_t *pager, int unmap)
{
    if (device == NULL) {
        return D_NO_SUCH_DEVICE;
    }
    if (device->ops->map == NULL) {
        return D_INVALID_OPERATION;
    }
    return device->ops->map(device, prot, offset, size, pager);
}

kern_return_t ds_device_get_status(device_t device, dev_flavor_t flavor,
                                   dev_status_t status,
                                   mach_msg_type_number_t *count)
{
    if (device == NULL) {
        return D_NO_SUCH_DEVICE;
    }
    if (device->ops->get_status == NULL) {
        return D_INVALID_OPERATION;
    }
    return device->ops->get_status(device, flavor, status, count);
}

kern_return_t ds_device_set_status(device_t device, dev_flavor_t flavor,
                                   const dev_status_t status,
                                   mach_msg_type_number_t count)
{
    if (device == NULL) {
        return D_NO_SUCH_DEVICE;
    }
    if (device->ops->set_status == NULL) {
        return D_INVALID_OPERATION;
    }
    return device->ops->set_status(device, flavor, status, count);
}
