/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/grub/state.h"
#include <string.h>

int evaluate_count(struct grub *grub, const struct place *place, unsigned steps)
{
    if (grub->steps + steps > STEPS_MAX)
        return refuse(place, "this goes on for too long", NULL);
    grub->steps += steps;
    return TRUE;
}

int evaluate_with(struct grub *grub, const struct statement *list,
                  struct fields arguments)
{
    struct fields before = grub->arguments;
    int status;

    grub->arguments = arguments;
    status = evaluate(grub, list);
    grub->arguments = before;
    grub->flow = FLOW_ON;
    grub->flow_count = 0;
    return status;
}

/* --- commands ------------------------------------------------------------------- */

static const struct function *find_function(const struct grub *grub,
                                            const char *name)
{
    const struct function *function = grub->functions;

    while (function && strcmp(function->name, name) != 0)
        function = function->next;
    return function;
}

/* A later definition hides the one before. */
static int define_function(struct grub *grub, const struct statement *statement)
{
    struct function *function = arena_take(&grub->arena, sizeof(*function));

    *function = (struct function){.next = grub->functions,
                                  .name = statement->words->plain,
                                  .body = statement->body};
    grub->functions = function;
    return TRUE;
}

/* NAME=VALUE in place of a command. */
static bool is_assignment(const struct fields *words)
{
    size_t length = variable_name_length(words->values[0]);

    return words->count == 1 && length > 0 && words->values[0][length] == '=';
}

static int assign(struct grub *grub, const struct call *call)
{
    const char *text = call->words.values[0];
    size_t length = variable_name_length(text);

    return variable_set(grub, &call->statement->place, text, length,
                        text + length + 1);
}

/* GRUB says so and goes on; so do we, unless it is on the way to what boots. */
static int meet_unknown(struct grub *grub, const struct call *call)
{
    const char *name = call->words.values[0];

    if (grub->is_strict)
        return refuse(&call->statement->place, "unknown command", name);
    if (!grub->unknown.name)
        grub->unknown = (struct unknown){call->statement->place, name};
    return FALSE;
}

static int run_command(struct grub *grub, const struct statement *statement)
{
    struct call call = {.statement = statement};

    if (words_expand(grub, &statement->place, statement->words, &call.words) !=
        TRUE)
        return FAILED;
    if (call.words.count == 0)
        return TRUE;
    const struct function *function = find_function(grub, call.words.values[0]);
    if (function)
        return evaluate_with(grub, function->body, call.words);
    command_function *command = command_find(call.words.values[0]);
    if (command)
        return command(grub, &call);
    if (is_assignment(&call.words))
        return assign(grub, &call);
    return meet_unknown(grub, &call);
}

/* --- loops ------------------------------------------------------------------------ */

/* Behind a turn: whether there is no other. */
static bool leaves_loop(struct grub *grub)
{
    if (grub->flow == FLOW_ON || grub->flow == FLOW_RETURN)
        return grub->flow == FLOW_RETURN;
    if (grub->flow_count > 1) {
        grub->flow_count--;
        return true;
    }
    bool leaves = grub->flow == FLOW_BREAK;
    grub->flow = FLOW_ON;
    return leaves;
}

static int run_while(struct grub *grub, const struct statement *statement)
{
    int status = TRUE, condition;

    while (status != FAILED) {
        if (evaluate_count(grub, &statement->place, 1) != TRUE)
            return FAILED;
        condition = evaluate(grub, statement->condition);
        if (condition == FAILED)
            return FAILED;
        if (grub->flow == FLOW_ON &&
            (condition == TRUE) == statement->is_negated)
            break;
        if (grub->flow == FLOW_ON)
            status = evaluate(grub, statement->body);
        if (leaves_loop(grub))
            break;
    }
    return status;
}

static int run_for(struct grub *grub, const struct statement *statement)
{
    const char *name = statement->words->plain;
    struct fields values;
    int status = TRUE;

    if (words_expand(grub, &statement->place, statement->words->next,
                     &values) != TRUE)
        return FAILED;
    for (unsigned i = 0; i < values.count && status != FAILED; i++) {
        if (evaluate_count(grub, &statement->place, 1) != TRUE ||
            variable_set(grub, &statement->place, name, strlen(name),
                         values.values[i]) != TRUE)
            return FAILED;
        status = evaluate(grub, statement->body);
        if (leaves_loop(grub))
            break;
    }
    return status;
}

/* --- all of it ---------------------------------------------------------------------- */

static int run_if(struct grub *grub, const struct statement *statement)
{
    int condition = evaluate(grub, statement->condition);

    if (condition == FAILED || grub->flow != FLOW_ON)
        return condition;
    return evaluate(grub,
                    condition == TRUE ? statement->body : statement->otherwise);
}

static int run(struct grub *grub, const struct statement *statement)
{
    switch (statement->kind) {
    case STATEMENT_IF:
        return run_if(grub, statement);
    case STATEMENT_WHILE:
        return run_while(grub, statement);
    case STATEMENT_FOR:
        return run_for(grub, statement);
    case STATEMENT_FUNCTION:
        return define_function(grub, statement);
    default:
        break;
    }
    int status = run_command(grub, statement);
    return status != FAILED && statement->is_negated ? !status : status;
}

int evaluate(struct grub *grub, const struct statement *list)
{
    int status = TRUE;

    for (; list && status != FAILED && grub->flow == FLOW_ON;
         list = list->next) {
        if (grub->depth >= DEPTH_MAX)
            return refuse(&list->place, "too deep, here", NULL);
        if (evaluate_count(grub, &list->place, 1) != TRUE)
            return FAILED;
        grub->depth++;
        status = run(grub, list);
        grub->depth--;
        if (status != FAILED)
            grub->status = status;
    }
    return status;
}
