/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot/elf.h"
#include "vm/fault.h"
#include "vm/map.h"

/* The ELF format, System V ABI, 64 bit. */
struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct elf_note {
    uint32_t name_size, desc_size, type;
};

enum {
    ELF_TYPE_EXEC = 2,
    ELF_TYPE_DYN = 3,
    ELF_MACHINE_X86_64 = 62,
    SEGMENT_LOAD = 1,
    SEGMENT_NOTE = 4,
    SEGMENT_GNU_STACK = 0x6474e551,
    NOTE_ABI_TAG = 1,
    ABI_LINUX = 0,
};

/* Linkers make a dozen.  Each may say that all of the file is notes. */
#define ELF_SEGMENTS_MAX 64

struct elf_file {
    const char *data;
    size_t size;
    const struct elf_header *header;
    const struct elf_segment *segments;
};

static const char *elf_open(struct elf_file *file, const void *image,
                            size_t size)
{
    const struct elf_header *header = image;

    if (size < sizeof *header || memcmp(header->ident, "\177ELF", 4))
        return "not an ELF file";
    if (header->ident[4] != 2 || header->ident[5] != 1 ||
        header->machine != ELF_MACHINE_X86_64)
        return "not an x86_64 program";
    if (header->type != ELF_TYPE_EXEC && header->type != ELF_TYPE_DYN)
        return "not an executable ELF file";
    if (header->phentsize != sizeof(struct elf_segment) ||
        header->phoff > size || header->phoff & 7 ||
        header->phnum > (size - header->phoff) / sizeof(struct elf_segment))
        return "truncated: its program headers are not all there";
    if (header->phnum > ELF_SEGMENTS_MAX)
        return "too many program headers";
    *file =
        (struct elf_file){image, size, header,
                          (const void *)((const char *)image + header->phoff)};
    return NULL;
}

/* Looks for the note by which the C library's programs name their system. */
static bool elf_notes_say_linux(const struct elf_file *file,
                                const struct elf_segment *segment)
{
    uint64_t at = segment->offset, end = at + segment->filesz;
    struct elf_note note;

    if (end > file->size || end < at)
        return false;
    while (at + sizeof note <= end) {
        memcpy(&note, file->data + at, sizeof note);
        at += sizeof note;
        uint64_t desc = at + ((note.name_size + 3ul) & ~3ul);
        uint64_t next = desc + ((note.desc_size + 3ul) & ~3ul);
        if (next > end || next < at)
            return false;
        if (note.type == NOTE_ABI_TAG && note.name_size == 4 &&
            !memcmp(file->data + at, "GNU", 4) && note.desc_size >= 4) {
            uint32_t system;
            memcpy(&system, file->data + desc, sizeof system);
            return system == ABI_LINUX;
        }
        at = next;
    }
    return false;
}

static vm_prot_t elf_prot(uint32_t flags)
{
    return (flags & 4 ? VM_PROT_READ : 0) | (flags & 2 ? VM_PROT_WRITE : 0) |
           (flags & 1 ? VM_PROT_EXECUTE : 0);
}

static const char *elf_load_segment(struct vm_map *map,
                                    const struct elf_file *file,
                                    const struct elf_segment *segment,
                                    vm_offset_t base)
{
    vm_offset_t address = segment->vaddr + base;
    vm_offset_t start = trunc_page(address);
    vm_offset_t end = round_page(address + segment->memsz);
    struct vm_fault_wait none = {0};

    if (segment->offset > file->size ||
        segment->filesz > file->size - segment->offset)
        return "truncated: a segment is not all there";
    if (segment->filesz > segment->memsz || address < base ||
        address + segment->memsz < address || end < start)
        return "a segment has impossible sizes";
    if (!segment->memsz)
        return NULL;
    if (vm_map_allocate(map, &start, end - start, false) != KERN_SUCCESS)
        return "a segment has no room at its address";
    if (copyout(map, file->data + segment->offset, address, segment->filesz,
                &none) != KERN_SUCCESS)
        return "not enough memory for it";
    if (vm_map_protect(map, start, end, elf_prot(segment->flags), false) !=
        KERN_SUCCESS)
        return "not enough memory for it";
    return NULL;
}

static void elf_describe(const struct elf_file *file,
                         const struct elf_segment *segment,
                         struct boot_program *program)
{
    uint64_t phoff = file->header->phoff;

    if (segment->type == SEGMENT_GNU_STACK)
        program->executable_stack = segment->flags & 1;
    if (segment->type == SEGMENT_NOTE)
        program->foreign |= elf_notes_say_linux(file, segment);
    if (segment->type == SEGMENT_LOAD && phoff >= segment->offset &&
        phoff < segment->offset + segment->filesz)
        program->headers =
            program->base + segment->vaddr + (phoff - segment->offset);
}

const char *boot_elf_load(struct vm_map *map, const void *image, size_t size,
                          vm_offset_t base, struct boot_program *program)
{
    struct elf_file file;
    const char *wrong = elf_open(&file, image, size);

    if (wrong)
        return wrong;
    *program = (struct boot_program){.executable_stack = true};
    if (file.header->type == ELF_TYPE_DYN)
        program->base = base;
    program->entry = file.header->entry + program->base;
    program->header_count = file.header->phnum;
    for (unsigned i = 0; i < file.header->phnum; i++) {
        const struct elf_segment *segment = &file.segments[i];
        elf_describe(&file, segment, program);
        if (segment->type != SEGMENT_LOAD)
            continue;
        wrong = elf_load_segment(map, &file, segment, program->base);
        if (wrong)
            return wrong;
    }
    return NULL;
}
