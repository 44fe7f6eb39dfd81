/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/convert.h: values that Linux and the Hurd number differently.
 * Each kind is converted in one file, named after it. */
#ifndef PERSONALITY_CONVERT_H
#define PERSONALITY_CONVERT_H

#include <stdint.h>

struct hurd_stat;
struct hurd_statfs;
struct hurd_rusage;
struct stat;
struct statx;
struct statfs;
struct rusage;
struct hurd_termios;
struct termios;

/* convert_open.c */
int open_flags_to_hurd(int linux_flags);
/* What fcntl may change: the wire's bits. */
int status_flags_to_hurd(int linux_flags);
int status_flags_to_linux(int hurd_bits);

/* convert_stat.c */
void stat_to_linux(const struct hurd_stat *from, struct stat *to);
void statx_to_linux(const struct hurd_stat *from, struct statx *to);
void statfs_to_linux(const struct hurd_statfs *from, struct statfs *to);

/* convert_signal.c: 0 for what the other side lacks. */
int signal_to_hurd(int linux_signal);
int signal_to_linux(int hurd_signal);
uint64_t sigset_to_hurd(uint64_t linux_set);
uint64_t sigset_to_linux(uint64_t hurd_set);
int wait_status_to_linux(int hurd_status);
void rusage_to_linux(const struct hurd_rusage *from, struct rusage *to);

/* convert_termios.c; struct termios is the system call's. */
void termios_to_linux(const struct hurd_termios *from, struct termios *to);
void termios_to_hurd(const struct termios *from, struct hurd_termios *to);

#endif
