/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/exec/image.c: reading what an ELF file says about itself. */

#include <exec/exec.h>
#include <hurd/io.h>
#include <string.h>

#define NOTES_MAX 4096

error_t file_read(file_t file, loff_t offset, void *to, size_t size,
                  size_t *got)
{
    char *at = to;

    *got = 0;
    while (*got < size) {
        char *data = at + *got;
        mach_msg_type_number_t count = size - *got;
        error_t err = io_read(file, &data, &count, offset + *got, size - *got);
        if (err)
            return err;
        if (count > size - *got)
            return HURD_EIO;
        if (data != at + *got) {
            memcpy(at + *got, data, count);
            vm_deallocate(mach_task_self(), (vm_address_t)data, count);
        }
        if (count == 0)
            break;
        *got += count;
    }
    return 0;
}

/* The file's first page, which mostly holds all that is asked for here. */
struct head {
    char data[4096];
    size_t size;
};

static error_t read_all(const struct image *image, const struct head *head,
                        uint64_t offset, void *to, size_t size)
{
    size_t got;
    error_t err;

    if (offset <= head->size && size <= head->size - offset) {
        memcpy(to, head->data + offset, size);
        return 0;
    }
    err = file_read(image->file, offset, to, size, &got);
    return !err && got < size ? HURD_ENOEXEC : err;
}

/* GNU's ABI note: the system that the program was linked for. */
static int note_system(const char *notes, size_t size)
{
    size_t at = 0;

    while (at + sizeof(Elf64_Nhdr) <= size) {
        const Elf64_Nhdr *n = (const void *)(notes + at);
        size_t name = at + sizeof *n, desc = name + ((n->n_namesz + 3) & ~3u);
        if (n->n_namesz > size || n->n_descsz > size ||
            desc + n->n_descsz > size)
            break;
        if (n->n_type == NT_GNU_ABI_TAG && n->n_namesz == 4 &&
            memcmp(notes + name, "GNU", 4) == 0 && n->n_descsz >= 16)
            return *(const int *)(notes + desc);
        at = desc + ((n->n_descsz + 3) & ~3u);
    }
    return -1;
}

static error_t find_system(struct image *image, const struct head *head)
{
    char notes[NOTES_MAX];
    const char *name = strrchr(image->interp, '/');

    if (name) {
        if (strcmp(name, "/ld.so.1") == 0 || strcmp(name, "/ld.so") == 0 ||
            strcmp(name, "/ld-x86-64.so.1") == 0) {
            image->is_hurd = TRUE;
            return 0;
        }
    }
    for (int i = 0; i < image->ehdr.e_phnum; i++) {
        const Elf64_Phdr *p = &image->phdr[i];
        if (p->p_type != PT_NOTE || p->p_filesz > sizeof notes)
            continue;
        error_t err = read_all(image, head, p->p_offset, notes, p->p_filesz);
        if (err)
            return err;
        if (note_system(notes, p->p_filesz) == ELF_NOTE_OS_GNU)
            image->is_hurd = TRUE;
    }
    return 0;
}

static error_t check_header(const Elf64_Ehdr *e)
{
    if (memcmp(e->e_ident, ELFMAG, SELFMAG) != 0 ||
        e->e_ident[EI_CLASS] != ELFCLASS64 ||
        e->e_ident[EI_DATA] != ELFDATA2LSB || e->e_machine != EM_X86_64 ||
        (e->e_type != ET_EXEC && e->e_type != ET_DYN) ||
        e->e_phentsize != sizeof(Elf64_Phdr) || e->e_phnum == 0 ||
        e->e_phnum > PHDRS_MAX)
        return HURD_ENOEXEC;
    return 0;
}

static error_t look_at_segment(struct image *image, const struct head *head,
                               const Elf64_Phdr *p)
{
    error_t err = 0;

    switch (p->p_type) {
    case PT_LOAD:
        if (p->p_filesz > p->p_memsz || p->p_vaddr > VM_MAX_ADDRESS ||
            p->p_memsz > VM_MAX_ADDRESS - p->p_vaddr ||
            ((p->p_vaddr ^ p->p_offset) & (vm_page_size - 1)))
            return HURD_ENOEXEC;
        if (MACH_PAGE_TRUNC(p->p_vaddr) < image->low)
            image->low = MACH_PAGE_TRUNC(p->p_vaddr);
        if (MACH_PAGE_ROUND(p->p_vaddr + p->p_memsz) > image->high)
            image->high = MACH_PAGE_ROUND(p->p_vaddr + p->p_memsz);
        break;
    case PT_INTERP:
        if (p->p_filesz >= sizeof image->interp)
            return HURD_ENOEXEC;
        err = read_all(image, head, p->p_offset, image->interp, p->p_filesz);
        break;
    case PT_GNU_STACK:
        image->exec_stack = (p->p_flags & PF_X) != 0;
        break;
    }
    return err;
}

static void map_file(struct image *image)
{
    mach_port_t readable = MACH_PORT_NULL, writable = MACH_PORT_NULL;

    if (io_map(image->file, &readable, &writable))
        return;
    mach_port_drop(writable);
    image->memobj = readable;
}

static error_t read_headers(struct image *image, const struct head *head)
{
    error_t err = 0;

    memcpy(&image->ehdr, head->data, sizeof image->ehdr);
    err = check_header(&image->ehdr);
    if (!err)
        err = read_all(image, head, image->ehdr.e_phoff, image->phdr,
                       image->ehdr.e_phnum * sizeof(Elf64_Phdr));
    for (int i = 0; !err && i < image->ehdr.e_phnum; i++)
        err = look_at_segment(image, head, &image->phdr[i]);
    if (!err && image->high == 0)
        err = HURD_ENOEXEC;
    return err;
}

error_t image_open(struct image *image, file_t file)
{
    struct head head;
    error_t err;

    memset(image, 0, sizeof *image);
    image->file = file;
    image->low = ~(vm_address_t)0;
    err = file_read(file, 0, head.data, sizeof head.data, &head.size);
    if (err)
        return err;
    if (head.size < sizeof image->ehdr)
        return HURD_ENOEXEC;
    err = read_headers(image, &head);
    if (!err)
        err = find_system(image, &head);
    if (!err)
        map_file(image);
    return err;
}

void image_close(struct image *image)
{
    mach_port_drop(image->memobj);
    image->memobj = MACH_PORT_NULL;
}
