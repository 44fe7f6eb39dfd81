/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot/script.h"
#include "core/account.h"
#include "ipc/port.h"
#include "ipc/space.h"
#include "task/rpc.h"
#include "task/task.h"

#define BOOT_NAME_ROOM 11 /* the digits of a port's name */

static char *boot_text(const char *start, const char *end)
{
    size_t length = (size_t)(end - start);
    char *copy = kalloc(length + 1);

    if (copy)
        memcpy(copy, start, length);
    return copy;
}

bool boot_script_init(struct boot_script *script, unsigned line_count)
{
    *script = (struct boot_script){.line_count = line_count};
    list_init(&script->symbols);
    script->lines = kalloc((line_count + 1) * sizeof *script->lines);
    return script->lines != NULL;
}

void boot_script_fini(struct boot_script *script)
{
    struct boot_symbol *symbol, *next;

    list_for_each_safe(&script->symbols, symbol, next, link)
    {
        ipc_port_release_send(symbol->port);
        kfree(symbol->string);
        kfree(symbol->name);
        kfree(symbol);
    }
    for (unsigned i = 0; i < script->line_count; i++) {
        struct boot_line *line = &script->lines[i];
        for (unsigned j = 0; j < line->argument_count; j++)
            kfree(line->arguments[j].text);
        task_deallocate(line->task);
    }
    kfree(script->lines);
    list_init(&script->symbols);
    script->lines = NULL;
    script->line_count = 0;
}

/* --- symbols -------------------------------------------------------------- */

static struct boot_symbol *boot_symbol_find(struct boot_script *script,
                                            const char *name, size_t length)
{
    struct boot_symbol *symbol;

    list_for_each(&script->symbols, symbol, link)
    {
        if (strlen(symbol->name) == length &&
            !memcmp(symbol->name, name, length))
            return symbol;
    }
    return NULL;
}

/* The symbol of that name, undefined if it is new; NULL: no memory. */
static struct boot_symbol *boot_symbol_get(struct boot_script *script,
                                           const char *name, size_t length)
{
    struct boot_symbol *symbol = boot_symbol_find(script, name, length);

    if (symbol)
        return symbol;
    symbol = kalloc(sizeof *symbol);
    if (!symbol)
        return NULL;
    symbol->name = boot_text(name, name + length);
    if (!symbol->name) {
        kfree(symbol);
        return NULL;
    }
    list_append(&script->symbols, &symbol->link);
    return symbol;
}

bool boot_script_set_string(struct boot_script *script, const char *name,
                            const char *value)
{
    struct boot_symbol *symbol = boot_symbol_get(script, name, strlen(name));

    if (!symbol)
        return false;
    if (symbol->type != BOOT_UNDEFINED)
        return true;
    symbol->string = boot_text(value, value + strlen(value));
    symbol->type = BOOT_STRING;
    return symbol->string != NULL;
}

bool boot_script_set_port(struct boot_script *script, const char *name,
                          struct ipc_port *right)
{
    struct boot_symbol *symbol = boot_symbol_get(script, name, strlen(name));

    if (!symbol || symbol->type != BOOT_UNDEFINED) {
        ipc_port_release_send(right);
        return symbol != NULL;
    }
    symbol->type = BOOT_PORT;
    symbol->port = right;
    return true;
}

/* --- parsing -------------------------------------------------------------- */

static bool boot_fail(struct boot_script *script, const char *what,
                      const char *word, size_t length)
{
    char *text = boot_text(word, word + length);

    ksnprintf(script->error, sizeof script->error, "%s: %s", what,
              text ? text : "");
    kfree(text);
    return false;
}

static bool boot_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool boot_is_end(char c)
{
    return c == 0 || c == '\n';
}

static bool boot_is_function(const char *name, size_t length,
                             const char *function)
{
    return strlen(function) == length && !memcmp(name, function, length);
}

static bool boot_any_function(const char *name, size_t length)
{
    return boot_is_function(name, length, "task-create") ||
           boot_is_function(name, length, "task-resume") ||
           boot_is_function(name, length, "prompt-task-resume");
}

static bool boot_create_task(struct boot_script *script, struct boot_line *line)
{
    const char *command = line->arguments[0].text;

    if (line->task)
        return boot_fail(script, "a second task-create", command,
                         strlen(command));
    if (task_create_internal(NULL, false, &line->task) != KERN_SUCCESS)
        return boot_fail(script, "no task can be made", command,
                         strlen(command));
    /* Disks and file systems: others get memory by what they do. */
    line->task->account->rank = ACCOUNT_BASE;
    task_set_name_internal(line->task, command);
    return true;
}

/* The names before the last =, each of which gets the function's value. */
static bool boot_assign(struct boot_script *script, struct boot_line *line,
                        const char *start, const char *end)
{
    while (start < end) {
        const char *equals = memchr(start, '=', (size_t)(end - start));
        size_t length = (size_t)(equals - start);
        if (!length || boot_any_function(start, length))
            return boot_fail(script, "not a name that can be set", start,
                             length);
        struct boot_symbol *symbol = boot_symbol_get(script, start, length);
        if (!symbol)
            return boot_fail(script, "no memory for the name", start, length);
        if (symbol->type != BOOT_UNDEFINED)
            return boot_fail(script, "the name is set already", start, length);
        symbol->type = BOOT_TASK;
        symbol->task = line->task;
        start = equals + 1;
    }
    return true;
}

/* $( [name=]... function ): START is after the (, END at the ). */
static bool boot_parse_action(struct boot_script *script,
                              struct boot_line *line, const char *start,
                              const char *end)
{
    const char *function = end;

    while (function > start && function[-1] != '=')
        function--;
    size_t length = (size_t)(end - function);
    if (!length)
        return boot_fail(script, "an empty name in $(...)", start,
                         (size_t)(end - start));
    if (boot_is_function(function, length, "task-create"))
        return boot_create_task(script, line) &&
               boot_assign(script, line, start, function);
    bool prompt = boot_is_function(function, length, "prompt-task-resume");
    if (!prompt && !boot_is_function(function, length, "task-resume"))
        return boot_fail(script, "unknown function", function, length);
    if (function != start || line->action_count == BOOT_ACTIONS_MAX)
        return boot_fail(script, "nothing to assign from", function, length);
    line->actions[line->action_count++] =
        prompt ? BOOT_PROMPT_RESUME : BOOT_RESUME;
    return true;
}

static bool boot_add_argument(struct boot_script *script,
                              struct boot_line *line, const char *start,
                              const char *end, struct boot_symbol *symbol)
{
    struct boot_argument *argument = &line->arguments[line->argument_count];

    if (line->argument_count == BOOT_ARGUMENTS_MAX)
        return boot_fail(script, "too many arguments", start,
                         (size_t)(end - start));
    argument->text = boot_text(start, end);
    argument->symbol = symbol;
    if (!argument->text)
        return boot_fail(script, "no memory for", start, (size_t)(end - start));
    line->argument_count++;
    return true;
}

/* One item from *TEXT, which is at its first character, on. */
static bool boot_parse_item(struct boot_script *script, struct boot_line *line,
                            const char **text)
{
    const char *start = *text, *end = start, *close;

    if (start[0] == '$' && start[1] == '(') {
        for (close = start + 2; !boot_is_end(*close) && *close != ')';)
            close++;
        if (*close != ')')
            return boot_fail(script, "a $( without )", start,
                             (size_t)(close - start));
        *text = close + 1;
        return boot_parse_action(script, line, start + 2, close);
    }
    while (!boot_is_end(*end) && !boot_is_blank(*end) &&
           !(end[0] == '$' && end[1] == '{'))
        end++;
    if (*end != '$') {
        *text = end;
        return boot_add_argument(script, line, start, end, NULL);
    }
    for (close = end + 2; !boot_is_end(*close) && *close != '}';)
        close++;
    if (*close != '}' || close == end + 2)
        return boot_fail(script, *close ? "an empty ${}" : "a ${ without }",
                         end, (size_t)(close - end));
    size_t length = (size_t)(close - end - 2);
    if (boot_any_function(end + 2, length))
        return boot_fail(script, "a function where a variable belongs", end + 2,
                         length);
    struct boot_symbol *symbol = boot_symbol_get(script, end + 2, length);
    *text = close + 1;
    return symbol ? boot_add_argument(script, line, start, end, symbol)
                  : boot_fail(script, "no memory for", end + 2, length);
}

bool boot_script_parse(struct boot_script *script, unsigned index,
                       const char *text)
{
    struct boot_line *line = &script->lines[index];

    while (boot_is_blank(*text))
        text++;
    if (*text == '#')
        return true;
    if (boot_is_end(*text) || *text == '$')
        return boot_fail(script, "no command on the line", "", 0);
    while (!boot_is_end(*text)) {
        if (boot_is_blank(*text)) {
            text++;
            continue;
        }
        if (!boot_parse_item(script, line, &text))
            return false;
    }
    return true;
}

/* --- values --------------------------------------------------------------- */

static bool boot_too_long(struct boot_script *script)
{
    ksnprintf(script->error, sizeof script->error, "an argument is too long");
    return false;
}

/* The name under which the line's task has RIGHT from now on. */
static bool boot_insert_right(struct boot_script *script,
                              struct boot_line *line,
                              const struct boot_symbol *symbol,
                              struct ipc_port *right, char *buffer, size_t size)
{
    mach_port_name_t name = ipc_space_insert_send(line->task->space, right);

    if (!MACH_PORT_NAME_VALID(name))
        return boot_fail(script, "no port name for", symbol->name,
                         strlen(symbol->name));
    ksnprintf(buffer, size, "%u", name);
    return true;
}

bool boot_script_expand(struct boot_script *script, struct boot_line *line,
                        const struct boot_argument *argument, char *buffer,
                        size_t size)
{
    const struct boot_symbol *symbol = argument->symbol;
    size_t used = (size_t)ksnprintf(buffer, size, "%s", argument->text);

    if (used + BOOT_NAME_ROOM > size)
        return boot_too_long(script);
    if (!symbol)
        return true;
    switch (symbol->type) {
    case BOOT_STRING:
        used +=
            (size_t)ksnprintf(buffer + used, size - used, "%s", symbol->string);
        return used < size || boot_too_long(script);
    case BOOT_PORT:
        return boot_insert_right(script, line, symbol,
                                 ipc_port_copy_send(symbol->port),
                                 buffer + used, size - used);
    case BOOT_TASK:
        return boot_insert_right(script, line, symbol,
                                 ipc_port_make_send(symbol->task->self),
                                 buffer + used, size - used);
    default:
        return boot_fail(script, "unknown variable", symbol->name,
                         strlen(symbol->name));
    }
}
