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

/* Without a memory object the pages must be read and written. */
static error_t copy_pages(struct image *image, task_t task, vm_address_t start,
                          vm_size_t size, loff_t offset)
{
    static __thread char chunk[COPY_CHUNK] __attribute__((aligned(4096)));
    error_t err = vm_allocate(task, &start, size, FALSE);

    for (vm_size_t done = 0; !err && done < size; done += COPY_CHUNK) {
        vm_size_t n = size - done < COPY_CHUNK ? size - done : COPY_CHUNK;
        size_t got;
        err = file_read(image->file, offset + done, chunk, n, &got);
        if (err)
            break;
        memset(chunk + got, 0, n - got);
        err = vm_write(task, start + done, (vm_address_t)chunk, n);
    }
    return err;
}

static error_t map_pages(struct image *image, task_t task, vm_address_t start,
                         vm_size_t size, loff_t offset, const Elf64_Phdr *p,
                         boolean_t will_write)
{
    vm_prot_t prot = protection(p);
    boolean_t private = will_write || p->p_flags & PF_W;
    error_t err;

    if (image->memobj == MACH_PORT_NULL) {
        err = copy_pages(image, task, start, size, offset);
        if (!err && !will_write)
            err = vm_protect(task, start, size, FALSE, prot);
        return err;
    }
    /* A private copy may become writable; the file itself never. */
    return vm_map(task, &start, size, 0, FALSE, image->memobj, offset, private,
                  will_write ? prot | VM_PROT_WRITE : prot,
                  private ? VM_PROT_ALL : VM_PROT_READ | VM_PROT_EXECUTE,
                  VM_INHERIT_COPY);
}

/* The last page of the file's part ends in zeros.  It is written here, for the
 * program might never touch it. */
static error_t clear_tail(struct image *image, task_t task, vm_address_t page,
                          const Elf64_Phdr *p)
{
    char buf[4096] __attribute__((aligned(4096)));
    vm_size_t used = (image->base + p->p_vaddr + p->p_filesz) - page;
    size_t got;
    error_t err = file_read(image->file, p->p_offset + p->p_filesz - used, buf,
                            used, &got);

    if (err)
        return err;
    memset(buf + got, 0, sizeof buf - got);
    return vm_write(task, page, (vm_address_t)buf, sizeof buf);
}

static error_t load_segment(struct image *image, task_t task,
                            const Elf64_Phdr *p)
{
    vm_address_t at = image->base + p->p_vaddr;
    vm_address_t start = MACH_PAGE_TRUNC(at);
    vm_address_t file_end = at + p->p_filesz, end = at + p->p_memsz;
    vm_address_t zero = MACH_PAGE_ROUND(file_end);
    boolean_t tail = p->p_memsz > p->p_filesz && file_end < zero;
    error_t err = 0;

    if (p->p_filesz == 0) {
        zero = start;
        tail = FALSE;
    } else {
        err = map_pages(image, task, start, zero - start,
                        p->p_offset - (at - start), p, tail);
    }
    if (!err && tail)
        err = clear_tail(image, task, zero - vm_page_size, p);
    if (!err && tail && !(p->p_flags & PF_W))
        err = vm_protect(task, start, zero - start, FALSE, protection(p));
    if (!err && MACH_PAGE_ROUND(end) > zero)
        err = vm_map(task, &zero, MACH_PAGE_ROUND(end) - zero, 0, FALSE,
                     MACH_PORT_NULL, 0, FALSE, protection(p), VM_PROT_ALL,
                     VM_INHERIT_COPY);
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
