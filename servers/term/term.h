/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/term/term.h: a terminal on a Mach device.
 *
 * Characters come from the device by a thread of their own, go through the
 * line discipline into the input queue, and wait there for readers.  Output is
 * processed and written at once.  One lock guards all; it is held while output
 * is written, so that what several write is not mixed.
 */

#ifndef SERVERS_TERM_TERM_H
#define SERVERS_TERM_TERM_H

#include <hurd/hurd_types.h>
#include <hurd/termios.h>
#include <ports/ports.h>
#include <trivfs/trivfs.h>

#define QUEUE_SIZE 4096
/* In the queue, beside characters: where a line was ended by VEOF. */
#define QUEUE_EOF 0x100
/* Set on characters that end a line. */
#define QUEUE_END 0x200

struct term {
    pthread_mutex_t lock;
    pthread_cond_t input;  /* something to read, or a change of modes */
    pthread_cond_t output; /* output goes on */
    struct hurd_termios modes;
    struct hurd_winsize size;
    uint16_t queue[QUEUE_SIZE]; /* ring: from head, count long */
    unsigned head, count;
    unsigned lines;           /* line ends in the queue */
    uint8_t edit[QUEUE_SIZE]; /* the line being edited */
    unsigned edit_count;
    unsigned edit_column; /* where its echo began */
    unsigned column;
    boolean_t literal; /* VLNEXT came */
    boolean_t stopped; /* VSTOP, or TIOCSTOP */
    boolean_t exclusive;
    boolean_t is_terminal; /* the device has a window */
    pthread_cond_t space;  /* the queue was read from */
    boolean_t ended;       /* the device has no more input */
    pid_t foreground;      /* a process, or a group if negative; 0 nobody */
    mach_port_t device;    /* send right */
    char name[1024];
    struct trivfs_control *control;
    struct port_info *ctty; /* stands for the terminal as controlling one */
};
extern struct term term;

/* What a descriptor opened as controlling terminal knows of its user. */
struct opener {
    pid_t pid, pgrp;
};

/* --- device.c ------------------------------------------------------------- */

/* Opens the device NAME and starts reading it. */
error_t device_start(const char *name);
/* Asks the device for its window's size: term.size, term.is_terminal. */
void device_window(void);
/* Writes to the device, without processing. */
void device_put(const char *data, size_t length);

/* --- line.c: the lock is held ---------------------------------------------- */

void line_init(void);
void line_input(uint8_t c);
/* No more input will come. */
void line_end(void);
/* Writes with output processing. */
void line_output(const char *data, size_t length);
/* Whether a reader would get something (or end of file) now. */
boolean_t line_readable(void);
/* Takes at most SIZE bytes. */
size_t line_take(char *to, size_t size);
/* How many bytes a read would get. */
size_t line_available(void);
void line_set_modes(const struct hurd_termios *modes);
void line_flush_input(void);

/* --- signal.c ------------------------------------------------------------- */

/* Sends SIG to the foreground without waiting. */
void signal_foreground(int sig);

/* Whether CRED's holder may have the id port, which opens the terminal for
 * anything: who reads already, or has opened it by that port. */
boolean_t may_have_id(const struct trivfs_protid *cred);

/* For MIG. */
extern struct port_bucket *term_bucket;
extern struct port_class *protid_class, *ctty_class;
port_info_t begin_using_ctty(mach_port_t port);
port_info_t begin_using_ctty_payload(uint64_t payload);
void end_using_ctty(port_info_t ctty);

#endif
