/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boot/script.h: the language of module command lines.
 *
 *   line := command { text | text${name} | ${name} | $([name=]...function) }
 *
 * Each item is one argument, but for $(...), which is an action.  After a } a
 * new argument begins.  ${name} may be defined by a later line.  Functions:
 * task-create (at once), task-resume and prompt-task-resume (after all modules
 * are loaded).  There is no quoting here: that was the boot loader's.
 */
#ifndef BOOT_SCRIPT_H
#define BOOT_SCRIPT_H

#include "core/core.h"
#include "core/list.h"

struct ipc_port;
struct task;

enum boot_value_type { BOOT_UNDEFINED, BOOT_STRING, BOOT_PORT, BOOT_TASK };

struct boot_symbol {
    struct list link;
    char *name; /* owned */
    enum boot_value_type type;
    char *string;          /* owned */
    struct ipc_port *port; /* send right, owned */
    struct task *task;     /* borrowed from the line */
};

enum boot_action { BOOT_RESUME, BOOT_PROMPT_RESUME };

struct boot_argument {
    char *text;                 /* owned; may be empty */
    struct boot_symbol *symbol; /* whose value follows, or NULL */
};

#define BOOT_ARGUMENTS_MAX 64
#define BOOT_ACTIONS_MAX   8

struct boot_line {
    struct task *task; /* a reference; NULL: the module is not used */
    struct boot_argument arguments[BOOT_ARGUMENTS_MAX];
    unsigned argument_count; /* 0 is the command */
    enum boot_action actions[BOOT_ACTIONS_MAX];
    unsigned action_count, action_next;
};

struct boot_script {
    struct list symbols;
    struct boot_line *lines;
    unsigned line_count;
    char error[160]; /* what was wrong, when a function failed */
};

/* Room for LINE_COUNT lines.  False: no memory. */
bool boot_script_init(struct boot_script *script, unsigned line_count);
/* Drops the tasks' references and every right that is left. */
void boot_script_fini(struct boot_script *script);

/* Defines a variable.  The first definition of a name counts.  SET_PORT
 * consumes the send right. */
bool boot_script_set_string(struct boot_script *script, const char *name,
                            const char *value);
bool boot_script_set_port(struct boot_script *script, const char *name,
                          struct ipc_port *right);

/* Parses line INDEX and does its task-create.  False: see script->error. */
bool boot_script_parse(struct boot_script *script, unsigned index,
                       const char *text);

/* The text of an argument of LINE: a right that it names is put into the line's
 * task and printed as its name there.  False: see script->error. */
bool boot_script_expand(struct boot_script *script, struct boot_line *line,
                        const struct boot_argument *argument, char *buffer,
                        size_t size_bytes);

#endif
