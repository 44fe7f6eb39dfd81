/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/rights/intruder.h: what a user with no rights tries, inside the machine.
 *
 * Each part is a set of attempts.  One that the system withstood is a line
 * `held WHAT', one that succeeded a line `BROKE WHAT: how'; run.py counts both,
 * and looks afterwards at what the attempts may have left.
 */

#ifndef TESTS_RIGHTS_INTRUDER_H
#define TESTS_RIGHTS_INTRUDER_H

#include <hurd/libhurd.h>

/* An attempt that must not succeed ended with ERR. */
void attempt(const char *what, error_t err);
/* Something that must be so is, or not. */
void must(const char *what, boolean_t condition);

/* An open of PATH that asks for no access at all, or null. */
file_t open_bare(const char *path);
/* A receive right with a send right under the same name. */
mach_port_t make_port(void);
/* Receives a message that may not come; 0 if it did. */
mach_msg_return_t receive(mach_port_t port, mach_msg_header_t *msg,
                          mach_msg_size_t size, unsigned timeout_ms);

/* --- the parts: ARGV as after the part's name ------------------------------ */

void part_calls(char **argv);     /* ports.c: calls that are root's */
void part_identity(char **argv);  /* FILE: what io_identity gives */
void part_control(char **argv);   /* NODE: an active translator that root set */
void part_terminal(char **argv);  /* NODE: a terminal that is root's */
void part_space(char **argv);     /* what this task's port names are */
void part_kernel(char **argv);    /* kernel.c: calls of Mach's */
void part_notices(char **argv);   /* forged.c: notifications nobody sent */
void part_power(char **argv);     /* the power device's answer to startup */
void part_exception(char **argv); /* an exception that names others' rights */
void part_signal(char **argv);    /* PID: a signal that names its task */
void part_execdata(char **argv);  /* a port that is never read, for proc */
void part_shutdown(char **argv);  /* COUNT: asks to be told, and is not there */
void part_arguments(char **argv); /* [endless]: stays, with bad arguments */
void part_deaf(char **argv);      /* no message port; stays */
void part_setid(char **argv);     /* setid.c: PROGRAM: its task while it runs */
void part_setid_fails(char **argv); /* PROGRAM: an exec that goes nowhere */
void part_setid_root(char **argv);  /* PROGRAM: a root directory of one's own */
void part_setid_stop(char **argv);  /* PROGRAM: one that shall stop at once */
void part_exec_only(char **argv);   /* SCRIPT: to be run, not to be read */
void part_no_ids(char **argv);

#endif
