/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exec's reader of ELF files, with files made by seed and then changed, on
 * servers that answer as they like: a program that is taken lies in its task
 * whole, and a file costs no more than its size.
 * EXEC_SEED and its like: tests/kernel/rounds.h.
 */
#include "tests/kernel/rounds.h"

#include <exec/exec.h>
#include <hurd/io.h>

#include <setjmp.h>
#include <stdbool.h>
/* cmocka needs the above */
#include <cmocka.h>

#define TASK       77
#define FILE_PORT  5
#define OBJECT     6
#define RANGES_MAX 400
#define BASE       0x555555554000ul
#define FILE_MAX   0x20000u
#define HEADERS    6
/* A file read in pieces costs its size for each segment, and some pages. */
#define COPIED_MAX (PHDRS_MAX * (FILE_MAX + 0x10000ul + 4 * 4096ul))
#define CALLS_MAX  (PHDRS_MAX * (FILE_MAX / 0x10000 + 8) + 20)

static struct {
    char *file; /* of just its size */
    size_t size;
    bool mappable, hostile; /* what its server is like */
    struct range {
        vm_address_t start, end;
        vm_prot_t prot;
    } ranges[RANGES_MAX];
    unsigned range_count, calls;
    size_t copied;
    void *answer; /* memory that io_read gave */
    struct image image;
} w;

/* --- Mach, as far as exec needs it ---------------------------------------------- */

mach_port_t mach_task_self(void)
{
    return 1;
}

void mach_port_drop(mach_port_t name)
{
}

static bool is_free(vm_address_t start, vm_address_t end)
{
    for (unsigned i = 0; i < w.range_count; i++)
        if (start < w.ranges[i].end && end > w.ranges[i].start)
            return false;
    return true;
}

static kern_return_t add_range(vm_address_t *at, vm_size_t size, bool anywhere,
                               vm_prot_t prot)
{
    vm_address_t end;

    w.calls++;
    size = MACH_PAGE_ROUND(size);
    if (size == 0)
        return KERN_INVALID_ARGUMENT;
    if (anywhere)
        for (*at = 1ul << 44; !is_free(*at, *at + size); *at += 1ul << 40)
            continue;
    if (__builtin_add_overflow(*at, size, &end) || end > VM_MAX_ADDRESS ||
        !is_free(*at, end) || w.range_count == RANGES_MAX)
        return KERN_NO_SPACE;
    assert_int_equal(*at % vm_page_size, 0);
    w.ranges[w.range_count++] = (struct range){*at, end, prot};
    return 0;
}

kern_return_t vm_allocate(mach_port_t task, vm_address_t *at, vm_size_t size,
                          boolean_t anywhere)
{
    assert_int_equal(task, TASK);
    return add_range(at, size, anywhere, VM_PROT_DEFAULT);
}

/* Ours: what a server answered with; the task's: the last range. */
kern_return_t vm_deallocate(mach_port_t task, vm_address_t at, vm_size_t size)
{
    if (task == mach_task_self()) {
        assert_ptr_equal(at, w.answer);
        free(w.answer);
        w.answer = NULL;
        return 0;
    }
    assert_true(w.range_count && w.ranges[w.range_count - 1].start == at);
    w.range_count--;
    return 0;
}

kern_return_t vm_map(mach_port_t task, vm_address_t *at, vm_size_t size,
                     vm_address_t mask, boolean_t anywhere, mach_port_t object,
                     vm_offset_t offset, boolean_t copy, vm_prot_t prot,
                     vm_prot_t max, vm_inherit_t inherit)
{
    assert_int_equal(task, TASK);
    if (prot & ~max)
        return KERN_INVALID_ARGUMENT;
    if (object != MACH_PORT_NULL) {
        assert_int_equal(offset % vm_page_size, 0);
        assert_true(copy || !(max & VM_PROT_WRITE));
    }
    return add_range(at, size, anywhere, prot);
}

static struct range *find_range(vm_address_t at)
{
    for (unsigned i = 0; i < w.range_count; i++)
        if (at >= w.ranges[i].start && at < w.ranges[i].end)
            return &w.ranges[i];
    return NULL;
}

kern_return_t vm_protect(mach_port_t task, vm_address_t at, vm_size_t size,
                         boolean_t max, vm_prot_t prot)
{
    struct range *range = find_range(at);

    w.calls++;
    assert_non_null(range);
    assert_int_equal(range->start, at);
    assert_int_equal(range->end, at + MACH_PAGE_ROUND(size));
    range->prot = prot;
    return 0;
}

kern_return_t vm_write(mach_port_t task, vm_address_t at, vm_address_t data,
                       mach_msg_type_number_t size)
{
    const struct range *range = find_range(at);
    char *copy = malloc(size);

    w.calls++;
    memcpy(copy, (const void *)data, size); /* all of it is there */
    free(copy);
    w.copied += size;
    if (!range || at + size > range->end || !(range->prot & VM_PROT_WRITE))
        return KERN_PROTECTION_FAILURE;
    return 0;
}

/* --- the file's server ---------------------------------------------------------- */

/* Into the room that the caller offers, or in memory of its own; less than was
 * asked for, and from one who is hostile also more. */
kern_return_t io_read(io_t file, data_t *data, mach_msg_type_number_t *count,
                      loff_t offset, vm_size_t amount)
{
    size_t size;

    assert_int_equal(file, FILE_PORT);
    if (offset < 0 || (w.hostile && below(20) == 0))
        return HURD_EINVAL;
    size = (size_t)offset < w.size ? w.size - (size_t)offset : 0;
    if (size > amount)
        size = amount;
    if (w.hostile && size > 1 && below(3) == 0)
        size = 1 + below((uint32_t)size);
    if (size > *count || (size && w.hostile && below(2)))
        *data = w.answer = malloc(size);
    if (size)
        memcpy(*data, w.file + offset, size);
    *count = size;
    return 0;
}

kern_return_t io_map(io_t file, mach_port_t *readable, mach_port_t *writable)
{
    if (!w.mappable)
        return HURD_EOPNOTSUPP;
    *readable = OBJECT;
    *writable = MACH_PORT_NULL;
    return 0;
}

/* --- files ------------------------------------------------------------------------ */

static void set_file(const void *data, size_t size)
{
    free(w.file);
    w.file = malloc(size ? size : 1);
    memcpy(w.file, data, size);
    w.size = size;
}

static struct {
    Elf64_Ehdr header;
    Elf64_Phdr segments[PHDRS_MAX];
    char interp[32];
    struct {
        Elf64_Nhdr header;
        char name[4];
        uint32_t desc[4];
    } note;
    char rest[FILE_MAX];
} program;

static void add_segment(unsigned type, unsigned flags, size_t offset,
                        size_t file_size, size_t size)
{
    program.segments[program.header.e_phnum++] = (Elf64_Phdr){
        .p_type = type,
        .p_flags = flags,
        .p_offset = offset,
        .p_vaddr = offset + (flags & PF_W ? 0x20000 : 0),
        .p_filesz = file_size,
        .p_memsz = size,
        .p_align = 4096,
    };
}

#define OFFSET(member) offsetof(__typeof__(program), member)

/* Text, data, zeros, as linkers make them; some 20 to 90 KB. */
static size_t make_program(void)
{
    size_t text = 0x3000 + below(0x4000), data = 0x100 + below(0x8000);
    size_t zeros = below(2) ? below(0x9000) : 0;

    memset(&program, 0, offsetof(__typeof__(program), rest));
    program.header = (Elf64_Ehdr){
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = below(2) ? ET_DYN : ET_EXEC,
        .e_machine = EM_X86_64,
        .e_entry = 0x1234,
        .e_phoff = OFFSET(segments),
        .e_phentsize = sizeof(Elf64_Phdr)};
    strcpy(program.interp,
           below(2) ? "/lib64/ld-linux-x86-64.so.2" : "/lib/ld.so.1");
    program.note.header = (Elf64_Nhdr){4, 16, NT_GNU_ABI_TAG};
    memcpy(program.note.name, "GNU", 4);
    program.note.desc[0] = below(2) ? ELF_NOTE_OS_LINUX : ELF_NOTE_OS_GNU;
    if (below(2))
        add_segment(PT_INTERP, PF_R, OFFSET(interp), strlen(program.interp) + 1,
                    strlen(program.interp) + 1);
    add_segment(PT_NOTE, PF_R, OFFSET(note), sizeof program.note,
                sizeof program.note);
    add_segment(PT_LOAD, PF_R | PF_X, 0, text, text);
    add_segment(PT_LOAD, PF_R | PF_W, text, data, data + zeros);
    add_segment(PT_GNU_STACK, PF_R | PF_W, 0, 0, 0);
    if (program.header.e_type == ET_EXEC)
        for (unsigned i = 0; i < program.header.e_phnum; i++)
            program.segments[i].p_vaddr += 0x400000;
    return text + data;
}

static uint64_t extreme(void)
{
    static const uint64_t values[] = {0,
                                      1,
                                      4095,
                                      4096,
                                      0x7fffffff,
                                      0x80000000,
                                      0xffffffff,
                                      1ul << 46,
                                      VM_MAX_ADDRESS - 4096,
                                      VM_MAX_ADDRESS,
                                      1ul << 63,
                                      ~0ul << 12,
                                      ~0ul};
    uint64_t value = values[below(sizeof values / sizeof *values)];

    return value + (below(2) ? 0 : below(3) - 1ul);
}

static void spoil_field(void)
{
    Elf64_Phdr *p = &program.segments[below(below(4) ? HEADERS : PHDRS_MAX)];
    uint64_t value = below(2) ? extreme() : below(2 * FILE_MAX);

    switch (below(12)) {
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
    case 7: /* at an edge, in one page with where it is in the file */
        p->p_vaddr = (extreme() & ~4095ul) | (p->p_offset & 4095);
        break;
    case 8:
        program.header.e_phnum = below(2) ? PHDRS_MAX : (uint16_t)value;
        break;
    case 9:
        program.header.e_phoff = value;
        break;
    case 10:
        program.segments[below(PHDRS_MAX)] = *p;
        break;
    case 11:
        ((char *)&program)[below(OFFSET(rest))] ^= (char)(1 << below(8));
        break;
    }
}

/* --- what is promised ------------------------------------------------------------- */

static void check_segment(const Elf64_Phdr *p)
{
    vm_address_t at = w.image.base + p->p_vaddr, end;

    if (p->p_memsz == 0)
        return;
    assert_false(__builtin_add_overflow(at, p->p_memsz, &end));
    assert_true(end <= VM_MAX_ADDRESS);
    for (at = MACH_PAGE_TRUNC(at); at < end;) {
        const struct range *range = find_range(at);
        assert_non_null(range);
        assert_int_equal(range->prot,
                         (p->p_flags & PF_R ? VM_PROT_READ : 0) |
                             (p->p_flags & PF_W ? VM_PROT_WRITE : 0) |
                             (p->p_flags & PF_X ? VM_PROT_EXECUTE : 0));
        at = range->end;
    }
}

static void check_program(void)
{
    const struct image *image = &w.image;
    bool found = image->phdr_addr == 0;

    assert_in_range(image->ehdr.e_phnum, 1, PHDRS_MAX);
    assert_true(memchr(image->interp, 0, sizeof image->interp) != NULL);
    for (unsigned i = 0; i < image->ehdr.e_phnum; i++) {
        const Elf64_Phdr *p = &image->phdr[i];
        if (p->p_type != PT_LOAD)
            continue;
        check_segment(p);
        found |= image->phdr_addr >= image->base + p->p_vaddr &&
                 image->phdr_addr < image->base + p->p_vaddr + p->p_filesz;
    }
    assert_true(found);
}

/* Reads and loads the file; whether both could be done. */
static bool load(void)
{
    w.range_count = w.calls = 0;
    w.copied = 0;
    w.mappable = below(2);
    error_t err = image_open(&w.image, FILE_PORT);
    if (!err)
        err = image_load(&w.image, TASK, below(2) ? BASE : 0);
    image_close(&w.image);
    assert_true(w.calls <= CALLS_MAX);
    assert_true(w.copied <= COPIED_MAX);
    assert_null(w.answer);
    return !err;
}

static void one_round(void)
{
    size_t size = make_program();

    set_file(&program, size);
    w.hostile = false;
    assert_true(load());
    check_program();
    for (unsigned n = 1 + below(8); n > 0; n--)
        spoil_field();
    set_file(&program, below(4) ? size : below((uint32_t)size + 1));
    w.hostile = below(3) == 0;
    if (load())
        check_program();
}

static void files_by_seed(void **state)
{
    rounds_run("EXEC", 5000, one_round);
    free(w.file);
    w.file = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(files_by_seed, rounds_teardown)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
