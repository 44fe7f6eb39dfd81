/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/start.h"
#include "personality/mach.h"
#include "personality/memory.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/exec_startup.h"
#include "hurd/hurd_types.h"

#include <elf.h>

#define AT_END_WORDS   48 /* room for the auxiliary vector and pointers' ends */
#define STRINGS_MAX    0x100000ul
#define PROGRAM_HEADER sizeof(Elf64_Phdr)

struct hurd_startup_info startup_info;
bool startup_trace_unknown;

/* What the Linux program will find on its stack. */
struct program {
    uint64_t entry; /* the program's own */
    uint64_t headers, header_count;
    uint64_t base;                      /* of a position-independent program */
    uint64_t interp_entry, interp_base; /* 0: none */
    const char *argv, *envp; /* strings, each ended by NUL, one after another */
    uint64_t argv_size, envp_size;
    uint64_t stack_top;
};

/* --- a boot module: Mach's own initial stack ----------------------------- */

static void start_from_stack(const struct start_registers *registers,
                             struct program *program)
{
    const uint64_t *words = (const uint64_t *)registers->stack;
    uint64_t argc = words[0];
    const char *first = argc ? (const char *)words[1] : "";
    const char *last = argc ? (const char *)words[argc] : first;

    program->argv = first;
    program->argv_size = argc ? (uint64_t)(last - first) + strlen(last) + 1 : 0;
    program->entry = registers->entry;
    program->headers = registers->headers;
    program->header_count = registers->header_count;
    program->base = registers->base;
    program->stack_top = registers->stack;
}

/* --- a program that exec started ----------------------------------------- */

static bool start_from_exec(const struct start_registers *registers,
                            mach_port_t bootstrap, struct program *program)
{
    vm_address_t entry, headers, stack_base;
    vm_size_t headers_size, stack_size;
    data_t argv = NULL, envp = NULL;
    mach_msg_type_number_t argv_size = 0, envp_size = 0;
    portarray_t dtable = NULL, portarray = NULL;
    intarray_t intarray = NULL;
    int flags = 0;

    startup_info.dtable_count = startup_info.portarray_count =
        startup_info.intarray_count = 0;
    kern_return_t kr = exec_startup_get_info(
        bootstrap, &entry, &headers, &headers_size, &stack_base, &stack_size,
        &flags, &argv, &argv_size, &envp, &envp_size, &dtable,
        &startup_info.dtable_count, &portarray, &startup_info.portarray_count,
        &intarray, &startup_info.intarray_count);
    if (kr)
        return false;
    startup_info.have |= HURD_STARTUP_ANSWERED;
    startup_info.flags = flags;
    startup_info.user_entry = entry;
    startup_info.phdr = headers;
    startup_info.phdr_size = headers_size;
    startup_info.stack_base = stack_base;
    startup_info.stack_size = stack_size;
    startup_info.dtable = dtable;
    startup_info.portarray = portarray;
    startup_info.intarray = intarray;
    program->entry = entry ? entry : registers->entry;
    program->headers = headers;
    program->header_count = headers_size / PROGRAM_HEADER;
    program->argv = argv;
    program->argv_size = argv_size;
    program->envp = envp;
    program->envp_size = envp_size;
    program->stack_top = registers->stack;
    return true;
}

/* The port that told all this is of no more use; the program's own takes its
 * place. */
static void start_bootstrap(mach_port_t told)
{
    mach_port_t own = startup_info.portarray_count > INIT_PORT_BOOTSTRAP
                          ? startup_info.portarray[INIT_PORT_BOOTSTRAP]
                          : MACH_PORT_NULL;

    task_set_bootstrap_port(mach_task_self(), own);
    startup_info.bootstrap = MACH_PORT_NULL;
    port_deallocate(told);
}

/* --- the Linux stack ----------------------------------------------------- */

static unsigned strings_count(const char *strings, uint64_t size)
{
    unsigned count = 0;

    for (uint64_t i = 0; i < size; i++)
        count += !strings[i];
    return count;
}

static uint64_t *strings_point(uint64_t *words, const char *strings,
                               uint64_t size)
{
    for (uint64_t i = 0; i < size; i += strlen(strings + i) + 1)
        *words++ = (uint64_t)(strings + i);
    *words++ = 0;
    return words;
}

static uint64_t start_random(void)
{
    uint32_t low, high;

    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return ((uint64_t)high << 32 | low) * 0x9e3779b97f4a7c15ull;
}

static uint64_t *auxv_put(uint64_t *words, uint64_t type, uint64_t value)
{
    *words++ = type;
    *words++ = value;
    return words;
}

static uint64_t *start_auxv(uint64_t *words, const struct program *program,
                            const uint64_t *random)
{
    words = auxv_put(words, AT_PHDR, program->headers);
    words = auxv_put(words, AT_PHENT, PROGRAM_HEADER);
    words = auxv_put(words, AT_PHNUM, program->header_count);
    words = auxv_put(words, AT_PAGESZ, 4096);
    words = auxv_put(words, AT_BASE, program->interp_base);
    words = auxv_put(words, AT_ENTRY, program->entry);
    words = auxv_put(words, AT_CLKTCK, 100);
    words = auxv_put(words, AT_RANDOM, (uint64_t)random);
    words = unix_auxv(words);
    if (mach_fast_entry)
        words = auxv_put(words, AT_SYSINFO, mach_fast_entry);
    words = auxv_put(words, AT_HURD_STARTUP, (uint64_t)&startup_info);
    if (program->argv_size)
        words = auxv_put(words, AT_EXECFN, (uint64_t)program->argv);
    return auxv_put(words, AT_NULL, 0);
}

/* The strings are copied down below the stack's top, so that what they came in
 * can go. */
static uint64_t start_build_stack(struct program *program)
{
    uint64_t top = program->stack_top & ~15ul;
    uint64_t strings = program->argv_size + program->envp_size;
    char *text = (char *)((top - strings) & ~15ul);
    uint64_t *random = (uint64_t *)text - 2;

    memmove(text, program->argv, program->argv_size);
    program->argv = text;
    memmove(text + program->argv_size, program->envp, program->envp_size);
    program->envp = text + program->argv_size;
    random[0] = start_random();
    random[1] = start_random();

    unsigned argc = strings_count(program->argv, program->argv_size);
    unsigned envc = strings_count(program->envp, program->envp_size);
    uint64_t *words =
        (uint64_t *)(((uint64_t)random - 8 * (argc + envc + 3 + AT_END_WORDS)) &
                     ~15ul);
    uint64_t sp = (uint64_t)words;
    *words++ = argc;
    words = strings_point(words, program->argv, program->argv_size);
    unix_set_arguments(sp + 8, (uint64_t)words);
    words = strings_point(words, program->envp, program->envp_size);
    start_auxv(words, program, random);
    return sp;
}

static void start_look_at_environment(const struct program *program)
{
    for (uint64_t i = 0; i < program->envp_size;
         i += strlen(program->envp + i) + 1) {
        if (!strncmp(program->envp + i, "HELL_TRACE_SYSCALLS=", 20))
            startup_trace_unknown = true;
    }
}

static void start_emulation(void)
{
    static vm_address_t vector[512];

    for (int i = 0; i < 512; i++)
        vector[i] = (vm_address_t)personality_syscall_entry;
    if (task_set_emulation_vector(mach_task_self(), 0, vector, 512))
        personality_panic("this kernel redirects no system calls");
}

/* Where the program's break starts: after its last segment. */
static void start_break(const struct program *program)
{
    const Elf64_Phdr *phdr = (const Elf64_Phdr *)program->headers;
    uint64_t base = program->base, end = 0;

    for (uint64_t i = 0; phdr && i < program->header_count; i++) {
        if (phdr[i].p_type == PT_PHDR)
            base = program->headers - phdr[i].p_vaddr;
        if (phdr[i].p_type == PT_LOAD &&
            phdr[i].p_vaddr + phdr[i].p_memsz > end)
            end = phdr[i].p_vaddr + phdr[i].p_memsz;
    }
    memory_set_break(base + end);
}

static struct program program;

void personality_main(struct start_registers *registers)
{
    mach_port_t bootstrap = MACH_PORT_NULL;
    bool boot_module = registers->emulator_base != 0;

    mach_fast_entry = registers->fast_entry;
    mach_start();
    startup_info.version = HURD_STARTUP_INFO_VERSION;
    task_get_bootstrap_port(mach_task_self(), &bootstrap);
    startup_info.bootstrap = bootstrap;
    if (boot_module)
        start_from_stack(registers, &program);
    struct program asked = program;
    if (bootstrap && start_from_exec(registers, bootstrap, &asked)) {
        /* A boot module keeps its own program and arguments. */
        if (!boot_module || !(startup_info.flags & 0x10))
            program = asked;
        if (!boot_module) {
            start_bootstrap(bootstrap);
            program.interp_entry = registers->entry;
            program.interp_base = registers->headers;
        }
    } else if (!boot_module) {
        personality_panic("nothing says what to run");
    }
    thread_adopt_first();
    start_look_at_environment(&program);
    start_break(&program);
    start_emulation();
    unix_start(boot_module);
}

/* On the thread's own stack: the program's is built where we started. */
void personality_finish(void)
{
    uint64_t sp = start_build_stack(&program);
    struct frame frame = {.rip = program.interp_entry ? program.interp_entry
                                                      : program.entry,
                          .flags = 0x202,
                          .rsp = sp};
    personality_enter(&frame);
}
