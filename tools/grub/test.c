/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command `[', also called `test'. */
#include "tools/grub/state.h"
#include <stdlib.h>
#include <string.h>

/* What is left of the words.  An error ends it all. */
struct test {
    struct grub *grub;
    const struct place *place;
    const char **at;
    unsigned left;
    unsigned depth;
    bool failed;
};

static bool either(struct test *test);

static bool at(const struct test *test, const char *word)
{
    return test->left > 0 && strcmp(*test->at, word) == 0;
}

static const char *take(struct test *test)
{
    test->left--;
    return *test->at++;
}

static int compare_numbers(const char *left, const char *right)
{
    long long a = strtoll(left, NULL, 0), b = strtoll(right, NULL, 0);

    return (a > b) - (a < b);
}

/* Whether A OPERATOR B; *KNOWN_OUT is false if OPERATOR is none. */
static bool compare(const char *a, const char *operator, const char * b,
                    bool *known_out)
{
    int order = operator[0] == '-' ? compare_numbers(a, b) : strcmp(a, b);
    const struct {
        const char *name;
        bool result;
    } operators[] = {
        {"=", order == 0},  {"==", order == 0},  {"!=", order != 0},
        {"<", order < 0},   {"<=", order <= 0},  {">", order > 0},
        {">=", order >= 0}, {"-eq", order == 0}, {"-ne", order != 0},
        {"-lt", order < 0}, {"-le", order <= 0}, {"-gt", order > 0},
        {"-ge", order >= 0}};

    for (unsigned i = 0; i < sizeof(operators) / sizeof(*operators); i++)
        if (strcmp(operators[i].name, operator) == 0) {
            *known_out = true;
            return operators[i].result;
        }
    *known_out = false;
    return false;
}

/* Folders are not seen: nothing that boots asks for them. */
static bool file_is(struct test *test, char what, const char *path)
{
    size_t size = 0;
    int status;
    const char *data = file_read(test->grub, test->place, path, &size, &status);

    test->failed |= status == FAILED;
    return data && (what == 'e' || what == 'f' || (what == 's' && size > 0));
}

static bool ask(struct test *test, char what, const char *word)
{
    if (what == 'n' || what == 'z')
        return (*word != 0) == (what == 'n');
    return file_is(test, what, word);
}

static bool one(struct test *test)
{
    bool known, result;

    if (test->left == 0 || test->failed)
        return false;
    if (test->left >= 3) {
        result = compare(test->at[0], test->at[1], test->at[2], &known);
        if (known) {
            test->at += 3;
            test->left -= 3;
            return result;
        }
    }
    if (at(test, "(")) {
        take(test);
        if (++test->depth > DEPTH_MAX) {
            test->failed = true;
            refuse(test->place, "too deep, here", NULL);
            return false;
        }
        result = either(test);
        if (at(test, ")"))
            take(test);
        return result;
    }
    const char *word = take(test);
    if (test->left > 0 && word[0] == '-' && word[1] && !word[2] &&
        strchr("nzefsd", word[1]))
        return ask(test, word[1], take(test));
    return *word != 0;
}

static bool negated(struct test *test)
{
    bool is_not = false;

    while (test->left > 1 && at(test, "!")) {
        take(test);
        is_not = !is_not;
    }
    return one(test) != is_not;
}

static bool both(struct test *test)
{
    bool result = negated(test);

    while (at(test, "-a")) {
        take(test);
        result = negated(test) && result;
    }
    return result;
}

static bool either(struct test *test)
{
    bool result = both(test);

    while (at(test, "-o")) {
        take(test);
        result = both(test) || result;
    }
    return result;
}

int command_test(struct grub *grub, const struct call *call)
{
    struct test test = {.grub = grub,
                        .place = &call->statement->place,
                        .at = call->words.values + 1,
                        .left = call->words.count - 1};

    if (strcmp(call->words.values[0], "[") == 0) {
        if (test.left == 0 || strcmp(test.at[test.left - 1], "]") != 0)
            return refuse(test.place, "a `[' without its", "]");
        test.left--;
    }
    bool result = either(&test);
    if (test.failed)
        return FAILED;
    if (test.left > 0)
        return refuse(test.place, "out of place in a test:", *test.at);
    return result ? TRUE : FALSE;
}
