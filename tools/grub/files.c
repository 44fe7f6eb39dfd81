/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that ask the disks for something. */
#include "tools/grub/state.h"
#include <stdlib.h>
#include <string.h>

#define SOURCE_DEPTH_COST (DEPTH_MAX / 8)

const char *file_device(struct grub *grub, const char **path)
{
    const char *end = (*path)[0] == '(' ? strchr(*path, ')') : NULL;

    if (!end)
        return variable_get(grub, "root");
    const char *device =
        arena_copy(&grub->arena, *path + 1, (size_t)(end - *path) - 1);
    *path = end + 1;
    return device;
}

const char *file_read(struct grub *grub, const struct place *place,
                      const char *path, size_t *size_out, int *status_out)
{
    const char *device = file_device(grub, &path);
    char *data = NULL, *copy;

    *status_out = evaluate_count(grub, place, SEARCH_STEPS);
    if (*status_out == TRUE && grub->files && grub->files->read)
        data = grub->files->read(grub->files->context, device, path, size_out);
    if (!data)
        return NULL;
    if (*size_out > grub->read_left) {
        free(data);
        *status_out = refuse(place, "it reads too much, here:", path);
        return NULL;
    }
    grub->read_left -= *size_out;
    copy = arena_copy(&grub->arena, data, *size_out);
    free(data);
    return copy;
}

/* --- search ------------------------------------------------------------------------- */

struct search {
    enum grub_search what;
    const char *variable, *value;
};

/* An option that is followed by its own word, if it has no `='. */
static bool takes_word(const char *option)
{
    return strncmp(option, "--hint", 6) == 0 && !strchr(option, '=');
}

static void search_option(struct search *search, const char *word)
{
    if (strcmp(word, "--fs-uuid") == 0 || strcmp(word, "-u") == 0)
        search->what = GRUB_SEARCH_UUID;
    else if (strcmp(word, "--label") == 0 || strcmp(word, "-l") == 0 ||
             strcmp(word, "--fs-label") == 0)
        search->what = GRUB_SEARCH_LABEL;
    else if (strcmp(word, "--file") == 0 || strcmp(word, "-f") == 0)
        search->what = GRUB_SEARCH_FILE;
    else if (strncmp(word, "--set=", 6) == 0)
        search->variable = word + 6;
    else if (strcmp(word, "--set") == 0 || strcmp(word, "-s") == 0)
        search->variable = "root";
}

static void read_search(struct search *search, const struct fields *words)
{
    const char *name = words->values[0];
    bool is_dotted = strchr(name, '.') != NULL;

    if (is_dotted)
        search->what = strcmp(name, "search.file") == 0 ? GRUB_SEARCH_FILE
                       : strcmp(name, "search.fs_uuid") == 0
                           ? GRUB_SEARCH_UUID
                           : GRUB_SEARCH_LABEL;
    for (unsigned i = 1; i < words->count; i++) {
        const char *word = words->values[i];
        if (word[0] == '-' && word[1]) {
            search_option(search, word);
            i += takes_word(word);
        } else if (!search->value) {
            search->value = word;
        } else if (is_dotted && !search->variable) {
            search->variable = word;
        }
    }
}

int command_search(struct grub *grub, const struct call *call)
{
    const struct place *place = &call->statement->place;
    struct search search = {.what = GRUB_SEARCH_FILE};
    char device[GRUB_DEVICE_SIZE];

    read_search(&search, &call->words);
    if (evaluate_count(grub, place, SEARCH_STEPS) != TRUE)
        return FAILED;
    if (!search.value || !grub->files || !grub->files->search ||
        !grub->files->search(grub->files->context, search.what, search.value,
                             device))
        return FALSE;
    if (!search.variable)
        return TRUE;
    return variable_set(grub, place, search.variable, strlen(search.variable),
                        device);
}

/* --- the environment block --------------------------------------------------------------- */

/* Whether NAME is among the words from FIRST on, or there are none. */
static bool is_wanted(const struct fields *words, unsigned first,
                      const char *name, size_t length)
{
    for (unsigned i = first; i < words->count; i++)
        if (strlen(words->values[i]) == length &&
            memcmp(words->values[i], name, length) == 0)
            return true;
    return first >= words->count;
}

/* VALUE's LENGTH characters without the backslashes that protect others. */
static const char *without_escapes(struct grub *grub, const char *value,
                                   size_t length)
{
    char *copy = arena_copy(&grub->arena, value, length), *to = copy;

    for (const char *from = copy; *from; from++) {
        if (*from == '\\' && from[1])
            from++;
        *to++ = *from;
    }
    *to = 0;
    return copy;
}

static int load_line(struct grub *grub, const struct call *call, unsigned first,
                     const char *line, size_t length)
{
    size_t name = variable_name_length(line);

    if (*line == '#' || name == 0 || name >= length || line[name] != '=' ||
        !is_wanted(&call->words, first, line, name))
        return TRUE;
    return variable_set(
        grub, &call->statement->place, line, name,
        without_escapes(grub, line + name + 1, length - name - 1));
}

int command_load_env(struct grub *grub, const struct call *call)
{
    const struct place *place = &call->statement->place;
    const struct fields *words = &call->words;
    const char *path = NULL, *data;
    struct text standard = {.arena = &grub->arena};
    unsigned first = 1;
    size_t size, length;
    int status;

    for (; first < words->count && words->values[first][0] == '-'; first++) {
        if (strncmp(words->values[first], "--file=", 7) == 0)
            path = words->values[first] + 7;
        else if ((strcmp(words->values[first], "--file") == 0 ||
                  strcmp(words->values[first], "-f") == 0) &&
                 first + 1 < words->count)
            path = words->values[++first];
    }
    grub_text_add_string(&standard, variable_get(grub, "prefix"));
    grub_text_add_string(&standard, "/grubenv");
    data = file_read(grub, place, path ? path : standard.data, &size, &status);
    if (!data)
        return status == FAILED ? FAILED : FALSE;
    for (; *data; data += length + (data[length] == '\n')) {
        length = strcspn(data, "\n");
        if (load_line(grub, call, first, data, length) != TRUE)
            return FAILED;
    }
    return TRUE;
}

/* --- other configurations ------------------------------------------------------------------ */

int command_source(struct grub *grub, const struct call *call)
{
    const struct place *place = &call->statement->place;
    const char *text;
    size_t size;
    int status;

    if (call->words.count != 2)
        return refuse(place, "one file is wanted behind",
                      call->words.values[0]);
    text = file_read(grub, place, call->words.values[1], &size, &status);
    if (!text)
        return status == FAILED ? FAILED : FALSE;
    if (size > GRUB_TEXT_MAX || grub->depth + SOURCE_DEPTH_COST > DEPTH_MAX)
        return refuse(place, "too large, or too deep:", call->words.values[1]);
    const struct statement *list =
        syntax_read(&grub->arena, call->words.values[1], text, &status);
    if (status == FAILED)
        return FAILED;
    grub->depth += SOURCE_DEPTH_COST;
    status = evaluate(grub, list);
    grub->depth -= SOURCE_DEPTH_COST;
    return status;
}
