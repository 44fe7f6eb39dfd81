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

/* A typist can see that nobody takes what he types; what comes from elsewhere
 * must not get lost. */
static void wait_for_space(void)
{
    pthread_mutex_lock(&term.lock);
    while (!term.is_terminal && QUEUE_SIZE - term.count < INBAND_MAX)
        pthread_cond_wait(&term.space, &term.lock);
    pthread_mutex_unlock(&term.lock);
}

void device_window(void)
{
    int status[2] = {0, 0};
    mach_msg_type_number_t count = 2;

    /* A status flavor of our Mach's console (kernel/device/device.h); another
     * kernel's is taken for a terminal of the usual size. */
    if (device_get_status(term.device, ('t' << 16) + 0x100, status, &count)) {
        status[0] = 24;
        status[1] = 80;
    }
    term.is_terminal = status[0] != 0;
    term.size.ws_row = status[0];
    term.size.ws_col = status[1];
}

static void *read_device(void *unused)
{
    for (;;) {
        wait_for_space();
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
    device_window();
    line_init();
    if (pthread_create(&thread, NULL, read_device, NULL))
        return HURD_ENOMEM;
    pthread_detach(thread);
    return 0;
}
