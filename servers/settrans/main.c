/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/settrans/main.c: sets or removes the translator of a file. */

#include <argp.h>
#include <argz.h>
#include <fshelp/fshelp.h>
#include <hurd/fs.h>
#include <hurd/libhurd.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
    int active, passive, create, keep_active, goaway, exclusive, orphan,
        goaway_flags;
    unsigned timeout_s;
    char *node;
    char *argz;
    size_t argz_len;
} args = {.timeout_s = 60};

static const struct argp_option options[] = {
    {"active", 'a', 0, 0, "Start TRANSLATOR now and set it as active", 1},
    {"passive", 'p', 0, 0, "Record TRANSLATOR in the node (the default)", 1},
    {"create", 'c', 0, 0, "Create NODE if it is not there", 1},
    {"keep-active", 'k', 0, 0, "Leave the active translator as it is", 2},
    {"exclusive", 'x', 0, 0, "Fail if there is one already", 2},
    {"goaway", 'g', 0, 0, "Make the active translator go away", 3},
    {"force", 'f', 0, 0, "... even if it is in use", 3},
    {"orphan", 'o', 0, 0, "Forget the active translator, let it run", 3},
    {"nosync", 'S', 0, 0, "Do not write back what it holds", 3},
    {"timeout", 't', "SECONDS", 0, "Wait so long for TRANSLATOR to start", 1},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    switch (key) {
    case 'a':
        args.active = 1;
        break;
    case 'p':
        args.passive = 1;
        break;
    case 'c':
        args.create = 1;
        break;
    case 'k':
        args.keep_active = 1;
        break;
    case 'x':
        args.exclusive = 1;
        break;
    case 'g':
        args.goaway = 1;
        break;
    case 'f':
        args.goaway_flags |= FSYS_GOAWAY_FORCE;
        break;
    case 'S':
        args.goaway_flags |= FSYS_GOAWAY_NOSYNC;
        break;
    case 'o':
        args.orphan = 1;
        break;
    case 't':
        args.timeout_s = strtoul(arg, NULL, 10);
        break;
    case ARGP_KEY_ARG:
        if (args.node) {
            /* The rest is the translator's. */
            argz_create(state->argv + state->next - 1, &args.argz,
                        &args.argz_len);
            state->next = state->argc;
        } else {
            args.node = arg;
        }
        break;
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    options,
    parse,
    "NODE [TRANSLATOR [ARGUMENT...]]",
    "Sets the translator of NODE, or removes it if none is given.",
    0,
    0,
    0};

static error_t open_underlying(int flags, file_t *node,
                               mach_msg_type_name_t *kind, task_t task,
                               void *cookie)
{
    file_t *here = cookie;

    /* As the translator wants it; what it may not, it does without. */
    *kind = MACH_MSG_TYPE_MOVE_SEND;
    if (hurd_lookup(args.node, flags | HO_NOTRANS, 0, node)) {
        *node = *here;
        *kind = MACH_MSG_TYPE_COPY_SEND;
    }
    return 0;
}

static int fail(const char *what, error_t err)
{
    fprintf(stderr, "settrans: %s: %s\n", what, mach_error_string(err));
    return 1;
}

int main(int argc, char **argv)
{
    mach_port_t control = MACH_PORT_NULL;
    int active_flags = 0, passive_flags = 0;
    file_t node;
    error_t err;

    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, NULL);
    if (!args.active && !args.goaway)
        args.passive = 1;
    err = hurd_lookup(args.node, HO_NOTRANS | (args.create ? HO_CREAT : 0),
                      0666, &node);
    if (err)
        return fail(args.node, err);
    if (args.active && args.argz) {
        err = fshelp_start_translator(open_underlying, &node, args.argz,
                                      args.argz, args.argz_len,
                                      args.timeout_s * 1000, &control);
        if (err)
            return fail(args.argz, err);
    }
    if (args.passive)
        passive_flags = FS_TRANS_SET | (args.exclusive ? FS_TRANS_EXCL : 0);
    if ((args.active || args.goaway) && !args.keep_active)
        active_flags = FS_TRANS_SET | (args.exclusive ? FS_TRANS_EXCL : 0) |
                       (args.orphan ? FS_TRANS_ORPHAN : 0);
    err = file_set_translator(node, passive_flags, active_flags,
                              args.goaway_flags, args.argz, args.argz_len,
                              control, MACH_MSG_TYPE_COPY_SEND);
    return err ? fail(args.node, err) : 0;
}
