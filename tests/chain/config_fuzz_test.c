/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations in GRUB's syntax made by seed: what was written there is found;
 * then they are changed, and are understood whole or refused in one line that
 * names a place in them.  CONFIG_SEED and its like: tests/kernel/rounds.h.
 */
#include "tests/kernel/mutate.h"
#include "tests/kernel/rounds.h"
#include "tools/grub.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdbool.h>
/* cmocka needs the above */
#include <cmocka.h>

#define ENTRIES_MAX 4
#define MODULES_MAX 5
#define NAME        "some.cfg"

/* What was written. */
static struct {
    struct mutant text;
    unsigned entry_count, module_counts[ENTRIES_MAX];
    char titles[ENTRIES_MAX][20];
    char words[ENTRIES_MAX][MODULES_MAX][300];
    char *complaint; /* of the last parse; malloced */
    size_t complaint_size;
} w;

/* --- what is right -------------------------------------------------------------- */

static const char *const module_words[] = {
    "--multiboot-command-line=${kernel-command-line}",
    "--host-priv-port=${host-port}",
    "--exec-server-task=${exec-task}",
    "-T",
    "typed",
    "$",
    "$(task-create)",
    "$(exec-task=task-create)",
    "$(prompt-task-resume)",
    "a#b",
    "}x",
};

/* A module line; with $where for a part of it that a variable holds. */
static void write_module(unsigned entry, unsigned index)
{
    char *words = w.words[entry][index];

    mutant_print(&w.text,
                 below(2) ? "\tmodule /hurd/x" : "  module2 --nounzip x");
    for (unsigned n = 1 + below(4); n > 0; n--) {
        const char *word =
            module_words[below(sizeof module_words / sizeof *module_words)];
        static const char *const quotes[] = {" '%s'", " \\\n %s", "\t%s",
                                             " \"$here\"%s"};
        unsigned quote = below(4);
        mutant_print(&w.text, quotes[quote], word);
        sprintf(words + strlen(words), "%s%s%s", *words ? " " : "",
                quote == 3 ? "there" : "", word);
    }
    mutant_print(&w.text, below(2) ? "\n" : " ; # remark }\n");
}

static void write_entry(unsigned entry)
{
    bool inside = below(3) == 0;

    sprintf(w.titles[entry], "title %u", entry);
    if (inside)
        mutant_print(&w.text, "submenu 'more' {\n");
    mutant_print(&w.text, "menuentry 'title %u' --class gnu {\n", entry);
    mutant_print(&w.text, "insmod part_msdos; set here=there\n"
                          "multiboot /boot/gnumach root=device:hd0\n");
    w.module_counts[entry] = 1 + below(MODULES_MAX);
    for (unsigned i = 0; i < w.module_counts[entry]; i++)
        write_module(entry, i);
    mutant_print(&w.text, inside ? "}\n}\n" : "}\n");
}

static void write_config(void)
{
    free(w.complaint);
    memset(&w, 0, sizeof w);
    mutant_print(&w.text, "# one\nset timeout=5\n");
    w.entry_count = 1 + below(ENTRIES_MAX);
    for (unsigned i = 0; i < w.entry_count; i++)
        write_entry(i);
}

/* --- reading it ------------------------------------------------------------------- */

/* Parses; what was complained of is in w. */
static int parse(struct grub_config *config)
{
    FILE *out = stderr;
    char *copy = mutant_copy(&w.text);

    free(w.complaint);
    w.complaint = NULL;
    stderr = open_memstream(&w.complaint, &w.complaint_size);
    int result = grub_parse(config, NAME, copy);
    fclose(stderr);
    stderr = out;
    free(copy);
    return result;
}

static unsigned line_count(void)
{
    unsigned count = 1;

    for (const char *s = w.text.data; *s; s++)
        count += *s == '\n';
    return count;
}

static void check_what_is_known(void)
{
    struct grub_config config;

    assert_int_equal(parse(&config), 0);
    assert_int_equal(w.complaint_size, 0);
    assert_int_equal(config.entry_count, w.entry_count);
    for (unsigned i = 0; i < w.entry_count; i++) {
        const struct grub_entry *entry = grub_find(&config, w.titles[i]);
        assert_non_null(entry);
        assert_string_equal(entry->kernel.file, "/boot/gnumach");
        assert_string_equal(entry->kernel.command_line, "root=device:hd0");
        assert_int_equal(entry->module_count, w.module_counts[i]);
        for (unsigned j = 0; j < entry->module_count; j++)
            assert_string_equal(entry->modules[j].command_line, w.words[i][j]);
    }
    grub_free(&config);
}

/* One line, with the place, and nothing that a terminal would obey. */
static void check_complaint(void)
{
    static const char start[] = "hell: " NAME ":";
    char *end;

    assert_non_null(w.complaint);
    assert_int_equal(strncmp(w.complaint, start, strlen(start)), 0);
    unsigned long line = strtoul(w.complaint + strlen(start), &end, 10);
    assert_in_range(line, 1, line_count());
    assert_int_equal(*end, ':');
    assert_in_range(w.complaint_size, 1, 1000);
    assert_int_equal(w.complaint[w.complaint_size - 1], '\n');
    for (size_t i = 0; i + 1 < w.complaint_size; i++)
        assert_false(iscntrl((unsigned char)w.complaint[i]));
}

static size_t check_line(const struct grub_line *line)
{
    assert_non_null(line->file);
    assert_non_null(line->command_line);
    assert_in_range(line->number, 1, line_count());
    return strlen(line->file) + strlen(line->command_line);
}

/* Whole, and not much more than was written and variables may add. */
static void check_config(const struct grub_config *config)
{
    size_t size = 0;

    assert_int_equal(w.complaint_size, 0);
    for (unsigned i = 0; i < config->entry_count; i++) {
        const struct grub_entry *entry = &config->entries[i];
        if (entry->kernel.file)
            size += check_line(&entry->kernel);
        else
            assert_int_equal(entry->module_count, 0);
        for (unsigned j = 0; j < entry->module_count; j++)
            size += check_line(&entry->modules[j]);
    }
    assert_in_range(size, 0, w.text.size + GRUB_EXPANDED_MAX);
}

static void spoil(void)
{
    static const char *const tokens[] = {"${",
                                         "$(",
                                         "}",
                                         "{",
                                         "${here}",
                                         "$here",
                                         "\"",
                                         "'",
                                         "\\",
                                         "\n",
                                         ";",
                                         "menuentry 'x' {\n",
                                         "submenu x {",
                                         "if true; then\n",
                                         "fi\n",
                                         "multiboot x\n",
                                         "module x ",
                                         "set a=b\n",
                                         "set a=$a$a\n",
                                         "set a=${a}xxxxxxxxxxxxxxxx${a}\n",
                                         "module $a$a$a$a$a$a$a$a\n",
                                         "echo $a$a$a$a$a$a$a$a$a\n",
                                         "\xff",
                                         "\x1b[2J",
                                         "\r",
                                         "# ",
                                         "word ",
                                         "longlonglonglonglonglonglong",
                                         "\\\n",
                                         "}\n",
                                         "--"};

    for (unsigned n = 1 + below(below(3) ? 4 : 30); n > 0; n--)
        mutant_change(&w.text, tokens, sizeof tokens / sizeof *tokens);
}

static void one_round(void)
{
    struct grub_config config;

    write_config();
    check_what_is_known();
    spoil();
    if (parse(&config) == 0)
        check_config(&config);
    else
        check_complaint();
    grub_free(&config);
}

static void configurations_by_seed(void **state)
{
    rounds_run("CONFIG", 1000, one_round);
    free(w.complaint);
    w.complaint = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(configurations_by_seed, rounds_teardown)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
