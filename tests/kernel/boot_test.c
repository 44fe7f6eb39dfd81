/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot script and the loader, by what they print. */
#include "world.h"

#include <elf.h>

#define ENTRY 0x401000ul

/* The smallest program: one segment of a page. */
static struct {
    Elf64_Ehdr header;
    Elf64_Phdr segment;
    char code[64];
} program;

static void make_program(void)
{
    memset(&program, 0, sizeof program);
    memcpy(program.header.e_ident, ELFMAG, SELFMAG);
    program.header.e_ident[EI_CLASS] = ELFCLASS64;
    program.header.e_ident[EI_DATA] = ELFDATA2LSB;
    program.header.e_type = ET_EXEC;
    program.header.e_machine = EM_X86_64;
    program.header.e_entry = ENTRY;
    program.header.e_phoff = offsetof(__typeof__(program), segment);
    program.header.e_phentsize = sizeof program.segment;
    program.header.e_phnum = 1;
    program.segment.p_type = PT_LOAD;
    program.segment.p_flags = PF_R | PF_X;
    program.segment.p_vaddr = ENTRY & ~4095ul;
    program.segment.p_filesz = sizeof program;
    program.segment.p_memsz = sizeof program;
}

static int setup(void **state)
{
    make_program();
    sim_start(WORLD_MEMORY);
    return 0;
}

static int teardown(void **state)
{
    kernel_destroy();
    sim_stop();
    return 0;
}

/* Boots the modules with those lines; what kernel_create returned. */
static int boot(const char *command_line, int count, ...)
{
    struct kernel_module modules[4];
    struct kernel_config config = {.command_line = command_line,
                                   .modules = modules,
                                   .module_count = (unsigned)count};
    va_list lines;

    va_start(lines, count);
    for (int i = 0; i < count; i++)
        modules[i] = (struct kernel_module){va_arg(lines, const char *),
                                            &program, sizeof program};
    va_end(lines);
    return kernel_create(&config);
}

static bool said(const char *text)
{
    return strstr(sim_console(), text) != NULL;
}

TEST(variables_are_replaced_and_ports_are_numbered_from_one)
{
    assert_int_equal(
        boot("root=device:hd0 console=com0", 2,
             "fs --cmd=${kernel-command-line} --host=${host-port} "
             "--dev=${device-port} --exec=${exec-task} -T typed ${root} "
             "$(task-create) $(task-resume)",
             "exec /hurd/exec $(exec-task=task-create)"),
        0);
    assert_true(said("2 multiboot modules\n"));
    assert_true(said("task loaded: fs --cmd=root=device:hd0 console=com0 "
                     "--host=1 --dev=2 --exec=3 -T typed device:hd0\n"));
    assert_true(said("task loaded: exec /hurd/exec\n"));
    assert_true(said("start fs: "));
    assert_false(said("start exec"));
}

TEST(after_a_brace_a_new_argument_begins)
{
    assert_int_equal(boot("a=x b=y", 1, "p ${a}${b} -${a}z $(task-create)"), 0);
    assert_true(said("task loaded: p x y -x z\n"));
}

TEST(a_chain_of_names_is_one_task)
{
    assert_int_equal(boot("", 2, "p ${second} $(task-create) $(task-resume)",
                          "q $(first=second=task-create)"),
                     0);
    assert_true(said("task loaded: p 1\n"));
}

TEST(a_line_without_a_task_is_ignored)
{
    assert_int_equal(boot("", 2, "unused ${nothing}", "p $(task-create)"), 0);
    assert_false(said("task loaded: unused"));
    assert_true(said("task loaded: p\n"));
}

TEST(a_prompt_waits_for_the_return_key)
{
    assert_int_equal(boot("", 1, "p $(task-create) $(prompt-task-resume)"), 0);
    assert_false(said("start p"));
    kernel_console_input("x", 1);
    assert_false(said("start p"));
    kernel_console_input("\r", 1);
    assert_true(said("start p: "));
}

/* One line that names the module, the word and the reason. */
static void complains(const char *line, const char *complaint)
{
    assert_int_equal(boot("", 1, line), -1);
    if (!said(complaint))
        fail_msg("%s", sim_console());
}

TEST(an_unknown_variable_is_named)
{
    complains("p ${nosuch} $(task-create)",
              "boot: module 0 (p): unknown variable: nosuch\n");
}

TEST(an_unknown_function_is_named)
{
    complains("p $(task-creat)",
              "boot: module 0 (p): unknown function: task-creat\n");
}

TEST(a_missing_bracket_is_named)
{
    complains("p ${root", "boot: module 0 (p): a ${ without }");
}

TEST(a_function_cannot_be_assigned_to)
{
    complains("p $(task-resume=task-create)",
              "boot: module 0 (p): not a name that can be set: task-resume\n");
}

TEST(a_file_that_is_no_program_is_refused)
{
    program.header.e_ident[0] = 'x';
    complains("p $(task-create)", "boot: module 0 (p): not an ELF file\n");
}

TEST(a_program_that_ends_early_is_refused)
{
    program.segment.p_filesz = sizeof program + 1;
    program.segment.p_memsz = sizeof program + 1;
    complains("p $(task-create)",
              "boot: module 0 (p): truncated: a segment is not all there\n");
}

TEST(a_segment_that_goes_round_the_end_is_refused)
{
    program.segment.p_filesz = 0;
    program.segment.p_memsz = ~0ul;
    complains("p $(task-create)",
              "boot: module 0 (p): a segment has impossible sizes\n");
}

TEST(a_program_for_another_processor_is_refused)
{
    program.header.e_machine = EM_AARCH64;
    complains("p $(task-create)",
              "boot: module 0 (p): not an x86_64 program\n");
}

TEST(a_program_with_too_many_headers_is_refused)
{
    static struct {
        __typeof__(program) program;
        Elf64_Phdr more[100];
    } many;
    struct kernel_module module = {"p $(task-create)", &many, sizeof many};
    struct kernel_config config = {
        .command_line = "", .modules = &module, .module_count = 1};

    many.program = program;
    many.program.header.e_phnum = 65;
    assert_int_equal(kernel_create(&config), -1);
    assert_true(said("boot: module 0 (p): too many program headers\n"));
}

/* A word, and NAME's value behind another. */
static void complains_of_length(const char *format)
{
    static char word[9000], line[10000];

    memset(word, 'x', sizeof word - 1);
    snprintf(line, sizeof line, format, word);
    complains(line, "boot: module 0 (p): an argument is too long\n");
}

TEST(an_argument_is_whole_or_refused)
{
    complains_of_length("p %s $(task-create)");
}

TEST(so_is_a_variables_value)
{
    static char line[9000];

    memset(line, 'x', sizeof line - 1);
    assert_int_equal(boot(line, 1, "p --${kernel-command-line} $(task-create)"),
                     -1);
    assert_true(said("boot: module 0 (p): an argument is too long\n"));
}

TEST(a_long_line_is_cut_and_ended)
{
    static char line[5000];

    memset(line, 'x', sizeof line - 1);
    boot("", 1, line);
    assert_true(said("x...\n1 multiboot modules\n"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(variables_are_replaced_and_ports_are_numbered_from_one),
        T(after_a_brace_a_new_argument_begins),
        T(a_chain_of_names_is_one_task),
        T(a_line_without_a_task_is_ignored),
        T(a_prompt_waits_for_the_return_key),
        T(an_unknown_variable_is_named),
        T(an_unknown_function_is_named),
        T(a_missing_bracket_is_named),
        T(a_function_cannot_be_assigned_to),
        T(a_file_that_is_no_program_is_refused),
        T(a_program_that_ends_early_is_refused),
        T(a_segment_that_goes_round_the_end_is_refused),
        T(a_program_for_another_processor_is_refused),
        T(a_program_with_too_many_headers_is_refused),
        T(an_argument_is_whole_or_refused),
        T(so_is_a_variables_value),
        T(a_long_line_is_cut_and_ended),
    };

    return cmocka_run_group_tests_name("boot", tests, NULL, NULL);
}
