/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/term/device.c: the Mach device under the terminal. */

#include <device/device.h>
#include <hurd/libhurd.h>
#include <string.h>
#include <term/term.h>
#include <unistd.h>

#define INBAND_MAX 128

void device_put(const char *data, size_t length)
{
    while (length > 0) {
        int written = 0;
        unsigned n = length < INBAND_MAX ? length : INBAND_MAX;
        error_t err = device_write_inband(term.device, 0, 0, data, n, &written);
        if (err || written <= 0 || (unsigned)written > n)
            return; /* nobody to tell */
        data += written;
        length -= written;
    }
}

static void *read_device(void *unused)
{
    for (;;) {
        char buf[INBAND_MAX];
        mach_msg_type_number_t n = sizeof buf;
        error_t err =
            device_read_inband(term.device, 0, 0, sizeof buf, buf, &n);
        if (err) {
            /* A device may be gone for a while; do not spin. */
            sleep(1);
            continue;
        }
        pthread_mutex_lock(&term.lock);
        if (n == 0) {
            /* Nobody will type any more: readers find the end. */
            line_end();
            pthread_mutex_unlock(&term.lock);
            return NULL;
        }
        for (unsigned i = 0; i < n; i++)
            line_input(buf[i]);
        pthread_mutex_unlock(&term.lock);
    }
}

error_t device_start(const char *name)
{
    mach_port_t master;
    dev_name_t device_name;
    pthread_t thread;
    error_t err = get_privileged_ports(NULL, &master);

    if (err)
        return err;
    mig_strncpy(device_name, name, sizeof device_name);
    err = device_open(master, D_READ | D_WRITE, device_name, &term.device);
    mach_port_drop(master);
    if (err)
        return err;
    if (pthread_create(&thread, NULL, read_device, NULL))
        return HURD_ENOMEM;
    pthread_detach(thread);
    return 0;
}
