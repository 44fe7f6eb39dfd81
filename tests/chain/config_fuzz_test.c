/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations in GRUB's language made by seed: what was written there is found,
 * whatever stands around it; then they are changed, and each entry is understood
 * whole or refused in one line that names a place in them.  CONFIG_SEED and its like: tests/kernel/rounds.h.
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

/* Blocks around which an entry's lines mean the same. */
static const char *const around[][2] = {
    {"", ""},
    {"if [ x$here = xthere -a -n \"$here\" ]; then\n", "fi\n"},
    {"if false; then\nfrobnicate\nelif true ; then\n", "else nothing; fi\n"},
    {"for once in 1; do\n", "done\n"},
    {"while [ -z \"$done\" ]; do done=yes\n", "done\n"},
    {"until ! true; do\n", "break; done\n"},
    {"function lines { if true; then\n",
     "fi; return; frobnicate; }; lines $here\n"},
};

static void write_entry(unsigned entry)
{
    unsigned block = below(sizeof around / sizeof *around);

    bool inside = below(3) == 0;

    sprintf(w.titles[entry], "title %u", entry);
    if (inside)
        mutant_print(&w.text, "submenu 'more' {\n");
    mutant_print(&w.text,
                 "menuentry 'title %u' --class gnu $id_option 'id-%u' {\n",
                 entry, entry);
    mutant_print(&w.text,
                 "insmod part_msdos; set here=there\n%s"
                 "search --no-floppy --fs-uuid --set=root --hint x y\n"
                 "multiboot /boot/gnumach root=device:hd0\n",
                 around[block][0]);
    w.module_counts[entry] = 1 + below(MODULES_MAX);
    for (unsigned i = 0; i < w.module_counts[entry]; i++)
        write_module(entry, i);
    mutant_print(&w.text, inside ? "%s}\n}\n" : "%s}\n", around[block][1]);
}

static void write_config(void)
{
    free(w.complaint);
    memset(&w, 0, sizeof w);
    mutant_print(&w.text, "# one\nset timeout=5 # two\nid_option=\"--id\"\n"
                          "if loadfont unicode ; then\nload_env\nfi\n");
    w.entry_count = 1 + below(ENTRIES_MAX);
    for (unsigned i = 0; i < w.entry_count; i++)
        write_entry(i);
}

/* --- reading it ------------------------------------------------------------------- */

/* From here on, what is complained of is in w. */
static FILE *listen(void)
{
    FILE *out = stderr;

    free(w.complaint);
    w.complaint = NULL;
    stderr = open_memstream(&w.complaint, &w.complaint_size);
    return out;
}

static void listen_no_more(FILE *out)
{
    fclose(stderr);
    stderr = out;
}

static struct grub *read_config(const char *text)
{
    FILE *out = listen();
    struct grub *grub = grub_read(NAME, text, NULL);

    listen_no_more(out);
    return grub;
}

static const struct grub_entry *choose(struct grub *grub, const char *wanted)
{
    FILE *out = listen();
    const struct grub_entry *entry = grub_choose(grub, wanted);

    listen_no_more(out);
    return entry;
}

static unsigned line_count(void)
{
    unsigned count = 1;

    for (const char *s = w.text.data; *s; s++)
        count += *s == '\n';
    return count;
}

static void check_entry(unsigned i, const struct grub_entry *entry)
{
    assert_non_null(entry);
    assert_int_equal(w.complaint_size, 0);
    assert_string_equal(entry->kernel.file, "/boot/gnumach");
    assert_string_equal(entry->kernel.command_line, "root=device:hd0");
    assert_int_equal(entry->module_count, w.module_counts[i]);
    for (unsigned j = 0; j < entry->module_count; j++)
        assert_string_equal(entry->modules[j].command_line, w.words[i][j]);
}

static void check_what_is_known(void)
{
    char *copy = mutant_copy(&w.text), id[20];

    for (unsigned i = 0; i < w.entry_count; i++) {
        struct grub *grub = read_config(copy);
        sprintf(id, "id-%u", i);
        assert_non_null(grub);
        check_entry(i, choose(grub, below(2) ? w.titles[i] : id));
        grub_free(grub);
    }
    free(copy);
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
static void check_whole(const struct grub_entry *entry)
{
    size_t size = check_line(&entry->kernel);

    assert_int_equal(w.complaint_size, 0);
    for (unsigned j = 0; j < entry->module_count; j++)
        size += check_line(&entry->modules[j]);
    assert_in_range(size, 0, w.text.size + GRUB_EXPANDED_MAX);
}

/* A complaint about the whole has no line. */
static void check_choice(const struct grub_entry *entry)
{
    static const char whole[] = "hell: " NAME ": ";

    if (entry)
        check_whole(entry);
    else if (strncmp(w.complaint, whole, strlen(whole)) != 0)
        check_complaint();
}

static void spoil(void)
{
    static const char *const tokens[] = {
        "${",
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
        "elif [ ! -f x -o ( $a = b ) ]; then\n",
        "else\n",
        "while true; do\n",
        "until false; do\n",
        "for i in $a 1 2 $@; do\n",
        "done\n",
        "function f {\n",
        "f $* x\n",
        "lines\n",
        "[ ",
        "]",
        "! ",
        "break 2\n",
        "continue\n",
        "return 1\n",
        "shift\n",
        "setparams $a $a $a\n",
        "default='id-1'\n",
        "set default=\"0>0>1\"\n",
        "source $0\n",
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
    static const char *const wanted[] = {NULL, "0", "1>0", "title 1", "id-0"};

    write_config();
    check_what_is_known();
    spoil();
    char *copy = mutant_copy(&w.text);
    struct grub *grub = read_config(copy);
    if (grub)
        check_choice(choose(grub, wanted[below(5)]));
    else
        check_complaint();
    grub_free(grub);
    free(copy);
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
