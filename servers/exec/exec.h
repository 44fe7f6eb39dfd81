/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/exec/exec.h: turning a file into a running program.
 *
 * A program's memory is mapped from its file's memory object, copy on write
 * where it may be written.  What it needs to know (arguments, ports, ...) waits
 * in a struct bootinfo behind the new task's bootstrap port.
 */

#ifndef SERVERS_EXEC_EXEC_H
#define SERVERS_EXEC_EXEC_H

#include <elf.h>
#include <hurd/hurd_types.h>
#include <ports/ports.h>
#include <trivfs/trivfs.h>

#define PHDRS_MAX   64
#define PERSONALITY "/lib/hell/personality.so"

/* An executable file; zeroed, then filled by image_open. */
struct image {
    file_t file;        /* send right, borrowed */
    mach_port_t memobj; /* send right, or null: io_map was refused */
    Elf64_Ehdr ehdr;
    Elf64_Phdr phdr[PHDRS_MAX];
    char interp[1024]; /* or "" */
    boolean_t is_hurd; /* a native program of the Hurd */
    boolean_t exec_stack;
    vm_address_t low, high; /* of the segments, as linked */
    /* Set by image_load. */
    vm_address_t base; /* where it lies, relative to how it was linked */
    vm_address_t entry, phdr_addr, start_code, end_code;
};

/* ENOEXEC if FILE is not for us.  On success the caller ends with
 * image_close. */
error_t image_open(struct image *image, file_t file);
void image_close(struct image *image);
/* Maps it into TASK, at WHERE if it may lie anywhere (0: where there is
 * room). */
error_t image_load(struct image *image, task_t task, vm_address_t where);
/* Reads at most SIZE bytes; *GOT may be less at the end. */
error_t file_read(file_t file, loff_t offset, void *to, size_t size,
                  size_t *got);

struct bootinfo {
    struct port_info pi;
    vm_address_t user_entry, phdr_addr, stack_base;
    vm_size_t phdr_size, stack_size;
    int flags;
    char *argv, *envp; /* malloced; a NUL behind argv */
    size_t argv_size, envp_size;
    mach_port_t *dtable, *portarray; /* malloced; send rights */
    unsigned dtable_count, port_count;
    int *intarray; /* malloced */
    unsigned int_count;
};
typedef struct bootinfo *bootinfo_t;

/* Everything that came with the request; rights are borrowed. */
struct request {
    file_t file;
    task_t oldtask;
    int flags;
    const char *path, *abspath;
    const char *argv, *envp;
    size_t argv_size, envp_size;
    const mach_port_t *dtable, *ports;
    unsigned dtable_count, port_count;
    const int *ints;
    unsigned int_count;
    const mach_port_t *deallocs, *destroys;
    unsigned dealloc_count, destroy_count;
    int depth; /* of scripts */
};

error_t do_exec(const struct request *request);
/* If the file is a #! script, runs its interpreter; else ENOEXEC. */
error_t exec_script(const struct request *request);

/* A bootinfo with the request's arguments, defaults filled in for TASK; rights
 * are its own. */
error_t bootinfo_create(const struct request *request, task_t task,
                        struct bootinfo **boot);
void bootinfo_clean(void *boot);

/* --- std.c ---------------------------------------------------------------- */

extern mach_port_t procserver; /* send right, null until exec_init */
extern struct port_bucket *port_bucket;
extern struct port_class *bootinfo_class;
extern struct trivfs_control *exec_control;

/* A reference of the standard port WHICH, or null. */
mach_port_t std_port(int which);
int std_int(int which);
boolean_t std_known(void);

/* For MIG. */
bootinfo_t begin_using_bootinfo(mach_port_t port);
bootinfo_t begin_using_bootinfo_payload(uint64_t payload);
void end_using_bootinfo(bootinfo_t boot);

#endif
