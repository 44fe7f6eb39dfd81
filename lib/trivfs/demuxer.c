/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/trivfs/demuxer.c: from a message to the function that answers it. */

#include <ports/interrupt_S.h>
#include <ports/notify_S.h>
#include <trivfs/fs_S.h>
#include <trivfs/fsys_S.h>
#include <trivfs/io_S.h>
#include <trivfs/names_S.h>
#include <trivfs/trivfs.h>

boolean_t trivfs_demuxer(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mig_routine_t routine;

    if (!((routine = io_server_routine(in)) ||
          (routine = fs_server_routine(in)) ||
          (routine = fsys_server_routine(in)) ||
          (routine = names_server_routine(in)) ||
          (routine = ports_notify_server_routine(in)) ||
          (routine = interrupt_server_routine(in))))
        return FALSE;
    routine(in, out);
    return TRUE;
}
