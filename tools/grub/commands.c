/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which commands there are, and those that have no file of their own. */
#include "tools/grub/state.h"
#include <stdlib.h>
#include <string.h>

static int command_true(struct grub *grub, const struct call *call)
{
    (void)grub;
    (void)call;
    return TRUE;
}

static int command_false(struct grub *grub, const struct call *call)
{
    (void)grub;
    (void)call;
    return FALSE;
}

/* --- variables -------------------------------------------------------------------- */

/* set NAME=VALUE; without words GRUB shows all variables, which is nothing. */
static int command_set(struct grub *grub, const struct call *call)
{
    const struct fields *words = &call->words;

    for (unsigned i = 1; i < words->count; i++) {
        const char *equals = strchr(words->values[i], '=');
        size_t length = variable_name_length(words->values[i]);
        if (!equals || words->values[i] + length != equals || length == 0)
            return refuse(&call->statement->place,
                          "not NAME=VALUE:", words->values[i]);
        if (variable_set(grub, &call->statement->place, words->values[i],
                         length, equals + 1) != TRUE)
            return FAILED;
    }
    return TRUE;
}

static int command_unset(struct grub *grub, const struct call *call)
{
    for (unsigned i = 1; i < call->words.count; i++)
        variable_unset(grub, call->words.values[i]);
    return TRUE;
}

static int command_setparams(struct grub *grub, const struct call *call)
{
    grub->arguments = call->words;
    return TRUE;
}

static int command_shift(struct grub *grub, const struct call *call)
{
    struct fields *arguments = &grub->arguments;
    unsigned count = call->words.count > 1
                         ? (unsigned)strtoul(call->words.values[1], NULL, 10)
                         : 1;

    if (arguments->count == 0 || count > arguments->count - 1)
        return FALSE;
    arguments->values += count;
    arguments->count -= count;
    arguments->room -= count;
    return TRUE;
}

/* --- leaving -------------------------------------------------------------------------- */

static int leave_loop(struct grub *grub, const struct call *call,
                      enum flow flow)
{
    unsigned long count =
        call->words.count > 1 ? strtoul(call->words.values[1], NULL, 10) : 1;

    grub->flow = flow;
    grub->flow_count = count < DEPTH_MAX ? (unsigned)count : DEPTH_MAX;
    return TRUE;
}

static int command_break(struct grub *grub, const struct call *call)
{
    return leave_loop(grub, call, FLOW_BREAK);
}

static int command_continue(struct grub *grub, const struct call *call)
{
    return leave_loop(grub, call, FLOW_CONTINUE);
}

static int command_return(struct grub *grub, const struct call *call)
{
    grub->flow = FLOW_RETURN;
    if (call->words.count < 2)
        return grub->status == TRUE ? TRUE : FALSE;
    return strtoul(call->words.values[1], NULL, 10) == 0 ? TRUE : FALSE;
}

/* --- all --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    command_function *function;
} commands[] = {
    {"[", command_test},
    {"test", command_test},
    {"true", command_true},
    {"false", command_false},
    {"set", command_set},
    {"unset", command_unset},
    {"setparams", command_setparams},
    {"shift", command_shift},
    {"break", command_break},
    {"continue", command_continue},
    {"return", command_return},
    {"menuentry", command_menuentry},
    {"submenu", command_submenu},
    {"multiboot", command_multiboot},
    {"multiboot2", command_multiboot},
    {"module", command_module},
    {"module2", command_module},
    {"search", command_search},
    {"search.file", command_search},
    {"search.fs_uuid", command_search},
    {"search.fs_label", command_search},
    {"load_env", command_load_env},
    {"source", command_source},
    {".", command_source},
    {"configfile", command_source},
};

/* Commands for a PC's screen, keyboard and clock, and for GRUB itself: nothing
 * of it matters to what boots.  Nothing is ever saved. */
static const char *const idle[] = {
    "background_color",
    "background_image",
    "badram",
    "boot",
    "clear",
    "cmosclean",
    "cutmem",
    "echo",
    "export",
    "gfxmode",
    "insmod",
    "keymap",
    "list_env",
    "load_video",
    "loadfont",
    "menu_reload",
    "password",
    "password_pbkdf2",
    "play",
    "recordfail",
    "rmmod",
    "save_env",
    "savedefault",
    "serial",
    "sleep",
    "terminal_input",
    "terminal_output",
    "terminfo",
    "vbeinfo",
    "videoinfo",
};

/* Questions about a PC whose answer is no. */
static const char *const denied[] = {"authenticate", "cmostest", "cryptomount",
                                     "cpuid",        "hwmatch",  "keystatus",
                                     "loopback"};

static bool is_one_of(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

command_function *command_find(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].function;
    if (is_one_of(name, idle, sizeof(idle) / sizeof(*idle)))
        return command_true;
    if (is_one_of(name, denied, sizeof(denied) / sizeof(*denied)))
        return command_false;
    return NULL;
}
