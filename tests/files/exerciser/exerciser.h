/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exerciser: a file, changed in every way there is by several processes,
 * against a model of it in memory.
 *
 * Each operation is done by a process that the seed chooses, and is over before
 * the next one begins: the same seed does the same again, here and on Linux.
 */
#ifndef TESTS_EXERCISER_H
#define TESTS_EXERCISER_H

#define FILE_MAX  0x60000l /* what the file grows to at most */
#define PAGE      4096l
#define PROCESSES 8
#define HISTORY   24

struct history {
    unsigned long number;
    const char *what;
    int process;
    long at, size;
};

/* Shared by all processes. */
struct shared {
    unsigned char model[FILE_MAX]; /* zeros behind SIZE */
    long size;
    unsigned long operation;
    struct history history[HISTORY];
    int failed;
};

/* --- model.c ---------------------------------------------------------------- */

extern struct shared *shared;
extern const char *name; /* the file's */
extern unsigned long seed;
extern int self;           /* this process's number, -1: who leads */
extern int file;           /* a descriptor */
extern unsigned char *map; /* FILE_MAX bytes of the file, or NULL */
extern int answers[2];     /* a pipe */

void random_begin(unsigned long state);
unsigned long random_word(void);
long random_below(long limit);

/* Says what is wrong and what was done before, and ends the process. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void note(const char *what, long at, long size);

void open_file(int more_flags);
void need_map(void);

void fill(unsigned char *data, long size);
void compare(const char *how, const unsigned char *data, long at, long size);
void grow_model(long end);
void put_model(long at, const unsigned char *data, long size);

/* --- operations.c ----------------------------------------------------------- */

/* The operation of this NUMBER, by this process. */
void operation_run(unsigned long number);
/* The whole file is the model. */
void op_whole(void);
void on_bus(int sig);

/* --- stripes.c -------------------------------------------------------------- */

/* All processes at once: each changes bytes that are its own. */
void stripes_run(int processes, unsigned long rounds);

/* --- killed.c --------------------------------------------------------------- */

/* Leading processes: one operation, by who is to do it. */
void step(unsigned long number, int processes);

/* Operations without end; each "synced N" says that the first N are on the disk.
 * A killed machine's file is then held against that. */
void run_until_killed(int processes);

/* Does the first SYNCED operations, then AFTER more, on the file NAME, and looks
 * whether each byte of the file LEFT is one that it had since then.  0 if so. */
int judge(const char *left, unsigned long synced, unsigned long after,
          int processes);

#endif
