/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/grub/state.h: a configuration while it runs.
 *
 * A function that says it returns a status returns TRUE, FALSE, or FAILED after
 * a complaint; FAILED ends everything.
 */
#ifndef TOOLS_GRUB_STATE_H
#define TOOLS_GRUB_STATE_H

#include "tools/grub.h"
#include "tools/grub/syntax.h"

#define VARIABLES_MAX 128
#define STEPS_MAX     20000       /* commands and turns of loops */
#define DEPTH_MAX     100         /* of what runs inside what runs */
#define READ_MAX      (64u << 20) /* bytes of files that it asks for */
#define SEARCH_STEPS  100         /* what a search of the disks counts for */
#define MENU_DEPTH    8

enum { TRUE = 0, FALSE = 1, FAILED = -1 };

/* --- variables (variables.c) ---------------------------------------------------- */

struct variable {
    const char *name, *value;
};

struct environment {
    struct variable variables[VARIABLES_MAX];
    unsigned count;
};

/* A command's words, or a function's, which are $1 and on: VALUES[0] is the
 * name. */
struct fields {
    const char **values;
    unsigned count, room;
};

/* What a variable holds; "" if it is not there. */
const char *variable_get(const struct grub *grub, const char *name);
/* Copies NAME's first LENGTH characters, and VALUE.  Returns a status. */
int variable_set(struct grub *grub, const struct place *place, const char *name,
                 size_t length, const char *value);
void variable_unset(struct grub *grub, const char *name);
/* Puts the values in place of the words' variables, and takes words apart where
 * an unquoted one has blanks.  Returns a status. */
int words_expand(struct grub *grub, const struct place *place,
                 const struct word *words, struct fields *fields_out);

/* --- the menu (entry.c, menu.c, choose.c) ------------------------------------------------------------ */

/* A command that GRUB does not have; NAME is NULL for none. */
struct unknown {
    struct place place;
    const char *name;
};

struct item;

struct menu {
    struct item *first, **end;
    /* As it was when the menu was complete: what its entries begin with. */
    struct environment environment;
};

struct item {
    struct item *next;
    const char *title, *id; /* ID may be NULL */
    struct place place;
    struct fields arguments;
    const struct statement *body;
    struct unknown before; /* the first one that was run before this */
    bool is_submenu;
    unsigned depth;
    struct menu *menu; /* of a submenu, when it was looked into */
};

/* Runs BODY, which defines the entries of MENU.  Returns a status. */
int menu_fill(struct grub *grub, struct menu *menu,
              const struct statement *body, struct fields arguments);
/* The entries of submenu ITEM, that stands in MENU; NULL after a complaint. */
const struct menu *menu_open(struct grub *grub, const struct menu *menu,
                             struct item *item);

/* --- all of it --------------------------------------------------------------------- */

enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE, FLOW_RETURN };

struct function {
    struct function *next;
    const char *name;
    const struct statement *body;
};

struct grub {
    struct arena arena;
    const char *name;
    const struct grub_files *files;
    struct environment environment;
    struct function *functions;
    struct fields arguments; /* of what runs: the file, a function, an entry */
    struct menu *menu;       /* where menu entries go; NULL: nowhere */
    unsigned menu_depth;
    struct menu top;
    struct grub_entry *entry;   /* where multiboot and module lines go */
    struct grub_entry outside;  /* the one of no menu entry */
    struct unknown unknown;     /* the first of what runs */
    struct unknown top_unknown; /* the first outside of all entries */
    bool is_strict;             /* unknown commands are refused at once */
    enum flow flow;
    unsigned flow_count; /* loops yet to leave */
    unsigned depth, steps;
    size_t bytes_left, read_left;
    int status; /* $? */
};

/* --- running (evaluate.c) ------------------------------------------------------------ */

/* Runs LIST; returns the status of its last command. */
int evaluate(struct grub *grub, const struct statement *list);
/* Runs LIST with ARGUMENTS as $1 and on; `return' ends it. */
int evaluate_with(struct grub *grub, const struct statement *list,
                  struct fields arguments);
/* Counts STEPS.  Returns a status. */
int evaluate_count(struct grub *grub, const struct place *place,
                   unsigned steps);

/* --- commands (commands.c, files.c, menu.c, test.c) ------------------------------------- */

struct call {
    const struct statement *statement;
    struct fields words;
};

typedef int command_function(struct grub *grub, const struct call *call);

/* NULL if GRUB has no command of that name. */
command_function *command_find(const char *name);

command_function command_test, command_menuentry, command_submenu,
    command_multiboot, command_module, command_search, command_load_env,
    command_source;

/* A file that the configuration asks for, in GRUB's notation of paths; in the
 * arena, NULL if there is none.  Sets *STATUS_OUT to a status. */
const char *file_read(struct grub *grub, const struct place *place,
                      const char *path, size_t *size_out, int *status_out);
/* Takes a leading `(DEVICE)' off PATH.  Returns the device, $root if there was
 * none. */
const char *file_device(struct grub *grub, const char **path);

#endif /* TOOLS_GRUB_STATE_H */
