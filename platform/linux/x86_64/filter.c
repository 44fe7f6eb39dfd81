/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stub's two seccomp filters.  A thread of the user's has both, and the
 * stricter action wins: TRAP over ERRNO over ALLOW.  The agent has the first
 * only, whose default is therefore ERRNO. */
#include "abi.h"
#include <stdint.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define ALLOW  SECCOMP_RET_ALLOW
#define TRAP   SECCOMP_RET_TRAP
#define REFUSE (SECCOMP_RET_ERRNO | 1)

#define FIELD(name) offsetof(struct seccomp_data, name)
#define ARG_LOW(n)  (FIELD(args) + 8 * (n))
#define ARG_HIGH(n) (FIELD(args) + 8 * (n) + 4)

#define LOAD(offset)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define MASK(bits)    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (bits))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
/* Skips YES or NO instructions. */
#define IF_EQUAL(value, yes, no)                                               \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define IF_AT_LEAST(value, yes, no)                                            \
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (value), (yes), (no))
/* "If it is so go on, else ..." */
#define NEED(value, otherwise) IF_EQUAL(value, 1, 0), RETURN(otherwise)
/* For one system call, the number being loaded: the rest must return. */
#define LENGTH(...)                                                            \
    (sizeof((struct sock_filter[]){__VA_ARGS__}) / sizeof(struct sock_filter))
#define WHEN(number, ...) IF_EQUAL(number, 0, LENGTH(__VA_ARGS__)), __VA_ARGS__

/* What the agent does with a number is decided by these. */
static const struct sock_filter agent_filter[] = {
    LOAD(FIELD(arch)),
    NEED(AUDIT_ARCH_X86_64, REFUSE),
    LOAD(FIELD(nr)),
    WHEN(SYS_munmap, RETURN(ALLOW)),
    WHEN(SYS_rt_sigreturn, RETURN(ALLOW)),
    WHEN(SYS_exit, RETURN(ALLOW)),
    WHEN(SYS_exit_group, RETURN(ALLOW)),
    /* Wait and wake only. */
    WHEN(SYS_futex, LOAD(ARG_LOW(1)), IF_AT_LEAST(2, 0, 1), RETURN(REFUSE),
         RETURN(ALLOW)),
    /* The one shared file at a fixed address; 0x8000 is MAP_POPULATE. */
    WHEN(SYS_mmap, LOAD(ARG_LOW(2)), IF_AT_LEAST(8, 0, 1), RETURN(REFUSE),
         LOAD(ARG_LOW(3)), MASK(~0x8000u), NEED(0x11, REFUSE), LOAD(ARG_LOW(4)),
         NEED(STUB_FD_MEMORY, REFUSE), RETURN(ALLOW)),
    WHEN(SYS_lseek, LOAD(ARG_LOW(0)), NEED(STUB_FD_MEMORY, REFUSE),
         RETURN(ALLOW)),
    WHEN(SYS_mprotect, LOAD(ARG_LOW(2)), IF_AT_LEAST(8, 0, 1), RETURN(REFUSE),
         RETURN(ALLOW)),
    /* The two bells, one word. */
    WHEN(SYS_write, LOAD(ARG_LOW(2)), NEED(8, REFUSE), LOAD(ARG_LOW(0)),
         IF_EQUAL(STUB_FD_COMPLETION, 2, 0), NEED(STUB_FD_DOORBELL, REFUSE),
         RETURN(ALLOW)),
    /* Threads, each with its own filter; never a process. */
    WHEN(SYS_clone, LOAD(ARG_LOW(0)), NEED(STUB_CLONE_FLAGS, REFUSE),
         RETURN(ALLOW)),
    WHEN(SYS_seccomp, LOAD(ARG_LOW(0)), NEED(SECCOMP_SET_MODE_FILTER, REFUSE),
         RETURN(ALLOW)),
    /* A new thread's own. */
    WHEN(SYS_setpriority, LOAD(ARG_LOW(0)), NEED(PRIO_PROCESS, REFUSE),
         LOAD(ARG_LOW(1)), NEED(0, REFUSE), RETURN(ALLOW)),
    WHEN(SYS_prctl, LOAD(ARG_LOW(0)), NEED(PR_SET_NAME, REFUSE), RETURN(ALLOW)),
    RETURN(REFUSE),
};

/* Only the stub's own instructions may reach Linux at all, and they only wait
 * in a slot, ring the doorbell, return from the handler and end. */
static const struct sock_filter user_filter[] = {
    LOAD(FIELD(arch)),
    NEED(AUDIT_ARCH_X86_64, TRAP),
    LOAD(FIELD(instruction_pointer) + 4),
    NEED(STUB_BASE_HIGH, TRAP),
    LOAD(FIELD(instruction_pointer)),
    IF_AT_LEAST(STUB_TEXT_SIZE, 0, 1),
    RETURN(TRAP),
    LOAD(FIELD(nr)),
    WHEN(SYS_futex, LOAD(ARG_LOW(1)), NEED(0, TRAP), LOAD(ARG_HIGH(0)),
         NEED(STUB_BASE_HIGH, TRAP), LOAD(ARG_LOW(0)),
         IF_AT_LEAST(STUB_SLOTS_LOW, 1, 0), RETURN(TRAP),
         IF_AT_LEAST(STUB_SLOTS_LIMIT, 0, 1), RETURN(TRAP), RETURN(ALLOW)),
    WHEN(SYS_write, LOAD(ARG_LOW(0)), NEED(STUB_FD_DOORBELL, TRAP),
         LOAD(ARG_LOW(1)), NEED(STUB_BELL_LOW, TRAP), LOAD(ARG_HIGH(1)),
         NEED(STUB_BASE_HIGH, TRAP), LOAD(ARG_LOW(2)), NEED(8, TRAP),
         LOAD(ARG_HIGH(2)), NEED(0, TRAP), RETURN(ALLOW)),
    WHEN(SYS_rt_sigreturn, RETURN(ALLOW)),
    WHEN(SYS_exit, RETURN(ALLOW)),
    RETURN(TRAP),
};

#define PROGRAM(filter)                                                        \
    {                                                                          \
        sizeof(filter) / sizeof((filter)[0]), (struct sock_filter *)(filter)   \
    }
extern const struct sock_fprog stub_agent_program, stub_user_program;
const struct sock_fprog stub_agent_program = PROGRAM(agent_filter);
const struct sock_fprog stub_user_program = PROGRAM(user_filter);
