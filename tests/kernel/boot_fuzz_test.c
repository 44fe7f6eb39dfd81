/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot script and the loader of modules, with command lines and programs made
 * by seed and then changed: all is started as written, or one line says which
 * module is wrong, and nothing is left.  BOOT_SEED and its like: rounds.h.
 */
#include "checker.h"
#include "tests/kernel/mutate.h"
#include "tests/kernel/rounds.h"
#include "world.h"

#include <elf.h>

#define MODULES_MAX 4
#define SEGMENTS    8 /* that are filled */
#define HEADERS_MAX 2000
#define PAGE        4096ul
#define LINE_MAX    60000u /* the simulated console holds some of these */
#define BASE        0x8000000ul

struct program {
    Elf64_Ehdr header;
    Elf64_Phdr segments[SEGMENTS];
    struct {
        Elf64_Nhdr header;
        char name[4];
        uint32_t desc[4];
    } note;
    char rest[5 * PAGE];
};

static struct {
    struct mutant lines[MODULES_MAX], kernel;
    void *images[MODULES_MAX + 1]; /* the last: what runs Linux programs */
    size_t sizes[MODULES_MAX + 1];
    unsigned count;
} w;

/* --- programs --------------------------------------------------------------------- */

static struct program program;

static void add_segment(unsigned type, unsigned flags, size_t offset,
                        size_t file_size, size_t size)
{
    program.segments[program.header.e_phnum++] =
        (Elf64_Phdr){.p_type = type,
                     .p_flags = flags,
                     .p_offset = offset,
                     .p_vaddr = offset + (flags & PF_W ? 0x20000 : 0),
                     .p_filesz = file_size,
                     .p_memsz = size};
}

#define OFFSET(member) offsetof(struct program, member)

/* EMULATOR: the one that Linux programs get, which may lie anywhere. */
static void make_program(bool emulator)
{
    size_t text = PAGE + below(PAGE), data = below(2 * PAGE);

    memset(&program, 0, sizeof program);
    program.header = (Elf64_Ehdr){
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = emulator || below(2) ? ET_DYN : ET_EXEC,
        .e_machine = EM_X86_64,
        .e_entry = 0x1234,
        .e_phoff = OFFSET(segments),
        .e_phentsize = sizeof(Elf64_Phdr)};
    program.note.header = (Elf64_Nhdr){4, 16, NT_GNU_ABI_TAG};
    memcpy(program.note.name, "GNU", 4);
    program.note.desc[0] =
        emulator || below(2) ? ELF_NOTE_OS_GNU : ELF_NOTE_OS_LINUX;
    add_segment(PT_NOTE, PF_R, OFFSET(note), sizeof program.note,
                sizeof program.note);
    add_segment(PT_LOAD, PF_R | PF_X, 0, text, text);
    add_segment(PT_LOAD, PF_R | PF_W, text, data, data + below(9 * PAGE));
    add_segment(PT_GNU_STACK, PF_R | PF_W, 0, 0, 0);
    if (program.header.e_type == ET_EXEC)
        for (unsigned i = 0; i < program.header.e_phnum; i++)
            program.segments[i].p_vaddr += 0x400000;
}

static uint64_t extreme(void)
{
    static const uint64_t values[] = {0,
                                      1,
                                      PAGE - 1,
                                      PAGE,
                                      sizeof program,
                                      0x7fffffff,
                                      0xffffffff,
                                      1ul << 46,
                                      SIM_ADDRESS_LIMIT - PAGE,
                                      SIM_ADDRESS_LIMIT,
                                      1ul << 63,
                                      ~0ul << 12,
                                      ~0ul};
    uint64_t value = values[below(sizeof values / sizeof *values)];

    return value + (below(2) ? 0 : below(3) - 1ul);
}

static void spoil_program(void)
{
    Elf64_Phdr *p = &program.segments[below(SEGMENTS)];
    uint64_t value = below(2) ? extreme() : below(2 * sizeof program);

    switch (below(10)) {
    case 0:
        p->p_type = below(2) ? PT_LOAD : below(8);
        break;
    case 1:
        p->p_flags = below(8);
        break;
    case 2:
        p->p_offset = value;
        break;
    case 3:
        p->p_vaddr = value;
        break;
    case 4:
        p->p_filesz = value;
        break;
    case 5:
        p->p_memsz = value;
        break;
    case 6:
        p->p_filesz = p->p_memsz = value;
        break;
    case 7:
        program.header.e_phnum = below(2) ? SEGMENTS : (uint16_t)value;
        break;
    case 8:
        program.header.e_phoff = value;
        break;
    case 9:
        ((char *)&program)[below(OFFSET(rest))] ^= (char)(1 << below(8));
        break;
    }
}

/* More headers than any program has: each a look at all the notes there are, or
 * a copy of all of the file at an address of its own. */
static void *make_crowd(size_t *size_out)
{
    unsigned count = 1 + below(HEADERS_MAX),
             type = below(2) ? PT_NOTE : PT_LOAD;
    size_t table = count * sizeof(Elf64_Phdr);
    size_t size = sizeof program + table + 8 * PAGE;
    char *image = calloc(1, size);
    Elf64_Phdr *p = (Elf64_Phdr *)(image + sizeof program);

    program.header.e_phoff = sizeof program;
    program.header.e_phnum = (uint16_t)count;
    memcpy(image, &program, sizeof program);
    for (unsigned i = 0; i < count; i++)
        p[i] = (Elf64_Phdr){.p_type = type,
                            .p_offset = below(2) * 12,
                            .p_vaddr = 0x10000000 + i * (size + PAGE),
                            .p_filesz = size - 12 * PAGE / 512,
                            .p_memsz = size};
    *size_out = size;
    return image;
}

/* Puts the program into memory of its very size. */
static void put_image(unsigned index, bool right)
{
    size_t size = sizeof program;

    if (!right && below(30) == 0) {
        w.images[index] = make_crowd(&w.sizes[index]);
        return;
    }
    if (!right && below(5) == 0)
        size = below((uint32_t)size);
    w.images[index] = malloc(size ? size : 1);
    memcpy(w.images[index], &program, size);
    w.sizes[index] = size;
}

/* --- command lines ------------------------------------------------------------------ */

static void make_lines(void)
{
    static const char *const words[] = {"--a=${kernel-command-line}",
                                        "--b=${host-port}",
                                        "-c${device-port}",
                                        "${root-device}",
                                        "${first}",
                                        "-x",
                                        "${kernel-task}"};

    w.kernel.size = 0;
    mutant_print(&w.kernel, "root=device:hd0 -s a=b first=%u", below(9));
    for (unsigned i = 0; i < w.count; i++) {
        struct mutant *line = &w.lines[i];
        line->size = 0;
        mutant_print(line, "/hurd/server%u", i);
        for (unsigned n = below(6); n > 0; n--)
            mutant_print(line, " %s", words[below(7)]);
        mutant_print(line,
                     i ? " $(t%u=task-create) ${t%u}"
                       : " $(t%u=task-create) ${t%u} $(task-resume)",
                     i, i);
    }
}

static void spoil_lines(void)
{
    static const char *const tokens[] = {"${",
                                         "}",
                                         "$(",
                                         ")",
                                         "${t0}",
                                         "$(task-create)",
                                         "=",
                                         "$(task-resume)",
                                         "\n",
                                         "#",
                                         "a=",
                                         "$(prompt-task-resume)",
                                         " ",
                                         "${nothing}",
                                         "\x1b[",
                                         "$",
                                         "${task-create}",
                                         "long-long-word",
                                         "a=b ",
                                         "$(a=b=c=task-create)",
                                         " -"};

    for (unsigned n = 1 + below(3); n > 0; n--) {
        unsigned i = below(w.count + 1);
        struct mutant *line = i == w.count ? &w.kernel : &w.lines[i];
        mutant_change(line, tokens, sizeof tokens / sizeof *tokens);
        if (line->size > LINE_MAX)
            mutant_remove(line, LINE_MAX, line->size);
    }
}

/* --- booting ------------------------------------------------------------------------ */

/* Whether all of the file's segments lie within the file and, apart from each
 * other, within the task. */
static bool is_sound(const char *image, size_t size)
{
    const Elf64_Ehdr *header = (const void *)image;
    const Elf64_Phdr *p = (const void *)(image + header->e_phoff);
    uint64_t base = header->e_type == ET_DYN ? BASE : 0, end, last;

    if (header->e_phnum > 64 ||
        header->e_phoff + header->e_phnum * sizeof *p > size)
        return false;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (p[i].p_type != PT_LOAD)
            continue;
        if (__builtin_add_overflow(p[i].p_offset, p[i].p_filesz, &end) ||
            end > size || p[i].p_filesz > p[i].p_memsz ||
            __builtin_add_overflow(p[i].p_vaddr + base, p[i].p_memsz, &last) ||
            (p[i].p_memsz && last > SIM_ADDRESS_LIMIT))
            return false;
    }
    return true;
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;

    while ((text = strstr(text, part))) {
        count++;
        text++;
    }
    return count;
}

/* What the kernel says at the end of a boot that went well, or did not. */
static void check_console(int result)
{
    const char *console = sim_console(), *line = strstr(console, "\nboot: ");

    if (result == 0) {
        assert_null(line);
        return;
    }
    if (!line)
        fail_msg("no complaint: %s", console);
    assert_int_equal(count_of(line + 1, "\n"), 1);
    assert_true(strlen(line) < 60000 + 300);
    if (strncmp(line, "\nboot: no memory", 16) != 0)
        assert_int_equal(strncmp(line, "\nboot: module ", 14), 0);
}

/* RIGHT: it must go well. */
static void boot(bool right)
{
    struct kernel_module modules[MODULES_MAX];
    char *lines[MODULES_MAX], *kernel = mutant_copy(&w.kernel);
    struct kernel_config config = {.command_line = kernel,
                                   .modules = modules,
                                   .module_count = w.count,
                                   .emulation_image = w.images[MODULES_MAX],
                                   .emulation_size_bytes =
                                       w.sizes[MODULES_MAX]};
    const char *wrong = NULL;

    for (unsigned i = 0; i < w.count; i++) {
        lines[i] = mutant_copy(&w.lines[i]);
        modules[i] = (struct kernel_module){lines[i], w.images[i], w.sizes[i]};
    }
    sim_start(WORLD_MEMORY);
    int result = kernel_create(&config);
    if (right && result)
        fail_msg("%s", sim_console());
    check_console(result);
    if (result == 0)
        wrong = check_kernel();
    if (wrong)
        fail_msg("%s", wrong);
    for (unsigned i = 0; result == 0 && i < w.count; i++) {
        lines[i][strcspn(lines[i], "\n")] = 0; /* the kernel reads no further */
        if (strstr(lines[i], "(t0=task-create)"))
            assert_true(is_sound(w.images[i], w.sizes[i]));
    }
    kernel_destroy();
    sim_stop();
    for (unsigned i = 0; i < w.count; i++)
        free(lines[i]);
    free(kernel);
}

static void drop_images(void)
{
    for (unsigned i = 0; i <= MODULES_MAX; i++) {
        free(w.images[i]);
        w.images[i] = NULL;
    }
}

static void one_round(void)
{
    w.count = 1 + below(MODULES_MAX);
    make_lines();
    for (unsigned i = 0; i <= MODULES_MAX; i++) {
        make_program(i == MODULES_MAX);
        put_image(i, true);
    }
    boot(true);
    drop_images();
    for (unsigned i = 0; i <= MODULES_MAX; i++) {
        make_program(i == MODULES_MAX);
        for (unsigned n = below(4) ? 0 : 1 + below(8); n > 0; n--)
            spoil_program();
        put_image(i, below(4) != 0);
    }
    if (below(2))
        spoil_lines();
    boot(false);
    drop_images();
}

static void boots_by_seed(void **state)
{
    rounds_run("BOOT", 60, one_round);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(boots_by_seed, rounds_teardown)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
