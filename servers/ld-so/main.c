/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ld-so/main.c: /lib/ld.so.1: a boot module that loads the program its
 * first argument names, and becomes it.
 *
 * Mach's loader knows images, not files: with `module /lib/ld.so.1 exec
 * /hurd/exec' the file comes from the root that the bootstrap port gives
 * (HURD-FACTS 2 and 4.4).  Only static programs can be loaded; this one is
 * linked where they are not.
 */

#include <elf.h>
#include <hurd/io.h>
#include <hurd/libhurd.h>
#include <stdint.h>
#include <string.h>

#define HEADERS_MAX 64

static struct {
    const char *path;
    file_t file;
    mach_port_t object; /* its contents */
    Elf64_Ehdr header;
    Elf64_Phdr segments[HEADERS_MAX];
    uint64_t segments_at; /* where they are in memory */
} program;

static _Noreturn void give_up(error_t err)
{
    mach_die(err, "%s", program.path);
}

static void read_exactly(uint64_t offset, void *to, size_t size)
{
    while (size) {
        char *data = NULL;
        mach_msg_type_number_t got = 0;
        error_t err = io_read(program.file, &data, &got, offset, size);
        if (!err && (!got || got > size))
            err = HURD_ENOEXEC;
        if (err)
            give_up(err);
        memcpy(to, data, got);
        vm_deallocate(mach_task_self(), (vm_address_t)data, got);
        to = (char *)to + got;
        offset += got;
        size -= got;
    }
}

static void read_headers(void)
{
    Elf64_Ehdr *h = &program.header;

    read_exactly(0, h, sizeof *h);
    if (memcmp(h->e_ident, ELFMAG, SELFMAG) ||
        h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_machine != EM_X86_64 ||
        h->e_type != ET_EXEC || h->e_phentsize != sizeof(Elf64_Phdr) ||
        h->e_phnum == 0 || h->e_phnum > HEADERS_MAX)
        give_up(HURD_ENOEXEC);
    read_exactly(h->e_phoff, program.segments, h->e_phnum * sizeof(Elf64_Phdr));
}

static vm_prot_t protection(const Elf64_Phdr *segment)
{
    return (segment->p_flags & PF_R ? VM_PROT_READ : 0) |
           (segment->p_flags & PF_W ? VM_PROT_WRITE : 0) |
           (segment->p_flags & PF_X ? VM_PROT_EXECUTE : 0);
}

/* The part that is in the file: whole pages of it, copied when written. */
static error_t map_file(const Elf64_Phdr *s)
{
    vm_address_t start = MACH_PAGE_TRUNC(s->p_vaddr);
    vm_address_t end = MACH_PAGE_ROUND(s->p_vaddr + s->p_filesz);

    if (!s->p_filesz)
        return 0;
    return vm_map(mach_task_self(), &start, end - start, 0, FALSE,
                  program.object, MACH_PAGE_TRUNC(s->p_offset), TRUE,
                  protection(s), VM_PROT_ALL, VM_INHERIT_COPY);
}

/* And the part that is not: zeros. */
static error_t add_zeros(const Elf64_Phdr *s)
{
    vm_address_t from = s->p_vaddr + s->p_filesz;
    vm_address_t fresh = MACH_PAGE_ROUND(from);
    vm_address_t end = MACH_PAGE_ROUND(s->p_vaddr + s->p_memsz);

    if (s->p_memsz <= s->p_filesz)
        return 0;
    if (s->p_filesz && fresh > from)
        memset((void *)from, 0, fresh - from);
    return end > fresh
               ? vm_allocate(mach_task_self(), &fresh, end - fresh, FALSE)
               : 0;
}

static void load_segment(const Elf64_Phdr *s)
{
    const Elf64_Ehdr *h = &program.header;
    error_t err = HURD_ENOEXEC;

    if (s->p_filesz <= s->p_memsz &&
        ((s->p_vaddr ^ s->p_offset) & (vm_page_size - 1)) == 0)
        err = map_file(s);
    if (!err)
        err = add_zeros(s);
    if (err)
        give_up(err);
    if (h->e_phoff >= s->p_offset && h->e_phoff < s->p_offset + s->p_filesz)
        program.segments_at = s->p_vaddr + (h->e_phoff - s->p_offset);
}

/* The stack that STACK lies in is the program's from now on. */
static error_t make_stack_executable(const void *stack)
{
    vm_address_t start = (vm_address_t)stack;
    vm_size_t size;
    vm_prot_t prot, max_prot;
    vm_inherit_t inherit;
    boolean_t shared;
    memory_object_name_t name;
    vm_offset_t offset;
    error_t err = vm_region(mach_task_self(), &start, &size, &prot, &max_prot,
                            &inherit, &shared, &name, &offset);

    if (err)
        return err;
    mach_port_drop(name);
    return vm_protect(mach_task_self(), start, size, FALSE, VM_PROT_ALL);
}

/* Who does not say gets an executable one, as from the kernel. */
static boolean_t wants_executable_stack(void)
{
    for (unsigned i = 0; i < program.header.e_phnum; i++)
        if (program.segments[i].p_type == PT_GNU_STACK)
            return (program.segments[i].p_flags & PF_X) != 0;
    return TRUE;
}

static void load(const char *path)
{
    mach_port_t to_write = MACH_PORT_NULL;
    error_t err;

    program.path = path;
    err = hurd_lookup(path, HO_READ | HO_EXEC, 0, &program.file);
    if (!err)
        err = io_map(program.file, &program.object, &to_write);
    if (err)
        give_up(err);
    read_headers();
    for (unsigned i = 0; i < program.header.e_phnum; i++)
        if (program.segments[i].p_type == PT_LOAD)
            load_segment(&program.segments[i]);
    mach_port_drop(to_write);
    mach_port_drop(program.object);
    mach_port_drop(program.file);
}

/* Takes our own name off the start-up vector (argc, argv, envp, auxv), which
 * stays where it is, and puts the program's facts into it. */
static void change_vector(uint64_t *vector)
{
    uint64_t *end = vector + 1;
    Elf64_auxv_t *aux;

    while (*end++)
        continue;
    while (*end++)
        continue;
    for (aux = (Elf64_auxv_t *)end; aux->a_type != AT_NULL; aux++) {
        if (aux->a_type == AT_PHDR)
            aux->a_un.a_val = program.segments_at;
        else if (aux->a_type == AT_PHNUM)
            aux->a_un.a_val = program.header.e_phnum;
        else if (aux->a_type == AT_ENTRY)
            aux->a_un.a_val = program.header.e_entry;
    }
    vector[0]--;
    memmove(vector + 1, vector + 2, (char *)(aux + 1) - (char *)(vector + 2));
}

int main(int argc, char **argv)
{
    uint64_t *vector = (uint64_t *)argv - 1; /* as the system made it */
    error_t err;

    if (argc < 2)
        mach_die(0, "which program?");
    load(argv[1]);
    if (wants_executable_stack() && (err = make_stack_executable(vector)))
        give_up(err);
    change_vector(vector);
    __asm__ volatile("mov %0, %%rsp; xor %%edx, %%edx; xor %%ebp, %%ebp; "
                     "jmp *%1"
                     :
                     : "r"(vector), "r"(program.header.e_entry)
                     : "memory", "rdx");
    __builtin_unreachable();
}
