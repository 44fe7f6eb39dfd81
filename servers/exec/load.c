/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/exec/load.c: mapping an ELF file's segments into a task. */

#include <exec/exec.h>
#include <string.h>

#define COPY_CHUNK 65536

static vm_prot_t protection(const Elf64_Phdr *p)
{
    return (p->p_flags & PF_R ? VM_PROT_READ : 0) |
           (p->p_flags & PF_W ? VM_PROT_WRITE : 0) |
           (p->p_flags & PF_X ? VM_PROT_EXECUTE : 0);
}

/* Without a memory object the pages must be read and written: those that there
 * are, whatever the program headers say. */
static error_t copy_pages(struct image *image, task_t task, vm_address_t start,
                          vm_size_t size, loff_t offset)
{
    static __thread char chunk[COPY_CHUNK] __attribute__((aligned(4096)));
    error_t err = vm_allocate(task, &start, size, FALSE);
    size_t got = COPY_CHUNK;

    for (vm_size_t done = 0; !err && done < size && got == COPY_CHUNK;
         done += COPY_CHUNK) {
        vm_size_t n = size - done < COPY_CHUNK ? size - done : COPY_CHUNK;
        err = file_read(image->file, offset + done, chunk, n, &got);
        if (err || got == 0)
            break;
        memset(chunk + got, 0, n - got);
        err = vm_write(task, start + done, (vm_address_t)chunk, n);
    }
    return err;
}

/* Whole pages of the file; private, so that the file itself never changes, whatever
 * the program makes of its memory: startup and proc make all of theirs writable
 * for a moment, to wire it. */
static error_t map_pages(struct image *image, task_t task, vm_address_t start,
                         vm_size_t size, loff_t offset, const Elf64_Phdr *p)
{
    error_t err;

    if (image->memobj == MACH_PORT_NULL) {
        err = copy_pages(image, task, start, size, offset);
        return err ? err : vm_protect(task, start, size, FALSE, protection(p));
    }
    return vm_map(task, &start, size, 0, FALSE, image->memobj, offset, TRUE,
                  protection(p), VM_PROT_ALL, VM_INHERIT_COPY);
}

/* The page where the file's part ends and zeros begin: a page of nobody's, with
 * the file's bytes copied. */
static error_t copy_tail(struct image *image, task_t task, vm_address_t page,
                         loff_t offset, size_t used)
{
    char buf[4096] __attribute__((aligned(4096)));
    size_t got;
    error_t err = file_read(image->file, offset, buf, used, &got);

    if (err)
        return err;
    memset(buf + got, 0, sizeof buf - got);
    return vm_write(task, page, (vm_address_t)buf, sizeof buf);
}

/* From START, a page's, to END: zeros, but for the USED bytes at OFFSET. */
static error_t load_zeros(struct image *image, task_t task, const Elf64_Phdr *p,
                          vm_address_t start, vm_address_t end, loff_t offset,
                          size_t used)
{
    vm_size_t size = MACH_PAGE_ROUND(end) - start;
    vm_prot_t prot = protection(p);
    error_t err;

    if (size == 0)
        return 0;
    err =
        vm_map(task, &start, size, 0, FALSE, MACH_PORT_NULL, 0, FALSE,
               prot | (used ? VM_PROT_WRITE : 0), VM_PROT_ALL, VM_INHERIT_COPY);
    if (!err && used)
        err = copy_tail(image, task, start, offset, used);
    if (!err && used && !(prot & VM_PROT_WRITE))
        err = vm_protect(task, start, size, FALSE, prot);
    return err;
}

static error_t load_segment(struct image *image, task_t task,
                            const Elf64_Phdr *p)
{
    vm_address_t at = image->base + p->p_vaddr;
    vm_address_t start = MACH_PAGE_TRUNC(at);
    vm_address_t file_end = at + p->p_filesz, end = at + p->p_memsz;
    loff_t offset = p->p_offset - (at - start);
    /* Up to here the file's pages serve as they are. */
    vm_address_t mapped = start;
    error_t err = 0;

    if (p->p_filesz > 0)
        mapped = p->p_memsz > p->p_filesz ? MACH_PAGE_TRUNC(file_end)
                                          : MACH_PAGE_ROUND(file_end);
    if (mapped > start)
        err = map_pages(image, task, start, mapped - start, offset, p);
    if (!err && end > mapped)
        err = load_zeros(
            image, task, p, mapped, end, offset + (mapped - start),
            p->p_filesz > 0 && file_end > mapped ? file_end - mapped : 0);
    return err;
}

static error_t choose_base(struct image *image, task_t task, vm_address_t where)
{
    vm_size_t size = image->high - image->low;
    error_t err = KERN_NO_SPACE;

    image->base = 0;
    if (image->ehdr.e_type == ET_EXEC)
        return 0;
    if (where)
        err = vm_allocate(task, &where, size, FALSE);
    if (err) {
        where = 0;
        err = vm_allocate(task, &where, size, TRUE);
    }
    if (err)
        return err;
    vm_deallocate(task, where, size);
    image->base = where - image->low;
    return 0;
}

error_t image_load(struct image *image, task_t task, vm_address_t where)
{
    error_t err = choose_base(image, task, where);

    image->entry = image->base + image->ehdr.e_entry;
    image->phdr_addr = 0;
    image->start_code = ~(vm_address_t)0;
    image->end_code = 0;
    for (int i = 0; !err && i < image->ehdr.e_phnum; i++) {
        const Elf64_Phdr *p = &image->phdr[i];
        if (p->p_type != PT_LOAD)
            continue;
        err = load_segment(image, task, p);
        vm_address_t at = image->base + p->p_vaddr;
        if (p->p_flags & PF_X) {
            if (at < image->start_code)
                image->start_code = at;
            if (at + p->p_filesz > image->end_code)
                image->end_code = at + p->p_filesz;
        }
        if (p->p_offset <= image->ehdr.e_phoff &&
            image->ehdr.e_phoff < p->p_offset + p->p_filesz)
            image->phdr_addr = at + image->ehdr.e_phoff - p->p_offset;
    }
    return err;
}
