/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot/boot.h"
#include "boot/elf.h"
#include "boot/script.h"
#include "device/device.h"
#include "host/host.h"
#include "ipc/port.h"
#include "task/rpc.h"
#include "task/state.h"
#include "task/task.h"
#include "task/thread.h"
#include "vm/fault.h"
#include "vm/map.h"

#define STACK_SIZE     (128ul * 1024)
#define PROGRAM_BASE   0x8000000ul  /* GNU Mach's, for ET_DYN */
#define EMULATION_ROOM 0x40000000ul /* below the stack, for the emulator */
#define WORD_MAX       8192u
#define NAME_SHOWN     200u

static struct boot_script script;

/* Where the deferred actions have got to. */
static struct {
    unsigned line;
    bool waiting; /* for the return key */
    bool started; /* the first one has been done */
} resume;

/* --- variables ------------------------------------------------------------ */

/* Every word NAME=VALUE of the kernel's command line is a variable. */
static bool boot_set_words(const char *line)
{
    char name[64], value[WORD_MAX];

    while (*line) {
        size_t length = strlen(line);
        const char *space = strchr(line, ' ');
        if (space)
            length = (size_t)(space - line);
        const char *equals = memchr(line, '=', length);
        if (equals && equals != line && equals - line < (long)sizeof name &&
            length < sizeof value) {
            ksnprintf(value, (size_t)(length - (size_t)(equals - line)), "%s",
                      equals + 1);
            ksnprintf(name, (size_t)(equals - line) + 1, "%s", line);
            if (!boot_script_set_string(&script, name, value))
                return false;
        }
        line += length;
        while (*line == ' ')
            line++;
    }
    return true;
}

/* The value of `root=', without /dev/. */
static void boot_root_device(const char *line, char *buffer, size_t size)
{
    const char *root = strstr(line, "root=");

    ksnprintf(buffer, size, "UNKNOWN");
    if (!root || (root != line && root[-1] != ' '))
        return;
    root += strlen("root=");
    if (!strncmp(root, "/dev/", 5))
        root += 5;
    const char *space = strchr(root, ' ');
    size_t length = space ? (size_t)(space - root) : strlen(root);
    ksnprintf(buffer, min_of(size, length + 1), "%s", root);
}

/* The words that begin with a dash, as one: `-' and their letters, or `-x'. */
static void boot_dash_flags(const char *line, char *buffer, size_t size)
{
    size_t used = (size_t)ksnprintf(buffer, size, "-");

    for (const char *s = line; *s; s++) {
        if (*s != '-' || (s != line && s[-1] != ' '))
            continue;
        for (s++; *s && *s != ' ' && used + 1 < size; s++)
            buffer[used++] = *s;
        if (!*s)
            break;
    }
    buffer[used] = 0;
    if (used == 1)
        ksnprintf(buffer, size, "-x");
}

static bool boot_set_variables(const char *line)
{
    char text[WORD_MAX];

    if (!boot_script_set_port(&script, "host-port", host_priv_send_right()) ||
        !boot_script_set_port(&script, "device-port",
                              device_master_send_right()) ||
        !boot_script_set_port(&script, "kernel-task",
                              ipc_port_make_send(kernel_task->self)) ||
        !boot_script_set_string(&script, "kernel-command-line", line))
        return false;
    boot_root_device(line, text, sizeof text);
    if (!boot_script_set_string(&script, "root-device", text))
        return false;
    boot_dash_flags(line, text, sizeof text);
    return boot_script_set_string(&script, "boot-args", text) &&
           boot_set_words(line);
}

/* --- the initial stack ---------------------------------------------------- */

/* Strings grow upwards in TEXT; argv[i] is at offset ARGV[i] of it. */
struct boot_strings {
    char *text; /* owned */
    size_t size, room;
    uint64_t argv[BOOT_ARGUMENTS_MAX];
    unsigned argc;
};

static bool boot_strings_add(struct boot_strings *strings, const char *text)
{
    size_t length = strlen(text) + 1;

    if (strings->size + length > strings->room ||
        strings->argc == BOOT_ARGUMENTS_MAX)
        return false;
    memcpy(strings->text + strings->size, text, length);
    strings->argv[strings->argc++] = strings->size;
    strings->size += length;
    return true;
}

/* argc, argv, 0, (no environment) 0, strings: the first string right after the
 * 0 that ends the environment, as C libraries rely on.  The stack pointer, or
 * 0. */
static vm_offset_t boot_build_stack(struct vm_map *map, vm_prot_t prot,
                                    const struct boot_strings *strings)
{
    vm_offset_t top = platform_address_limit();
    vm_offset_t bottom = top - STACK_SIZE;
    uint64_t words[BOOT_ARGUMENTS_MAX + 3];
    struct vm_fault_wait none = {0};
    unsigned count = strings->argc + 3;
    vm_offset_t sp = (top - strings->size - count * 8) & ~15ul;
    vm_offset_t text = sp + count * 8;

    if (vm_map_allocate(map, &bottom, STACK_SIZE, false) != KERN_SUCCESS ||
        vm_map_protect(map, bottom, top, prot, false) != KERN_SUCCESS)
        return 0;
    words[0] = strings->argc;
    for (unsigned i = 0; i < strings->argc; i++)
        words[i + 1] = text + strings->argv[i];
    words[strings->argc + 1] = words[strings->argc + 2] = 0;
    if (copyout(map, words, sp, count * 8, &none) != KERN_SUCCESS ||
        copyout(map, strings->text, text, strings->size, &none) != KERN_SUCCESS)
        return 0;
    return sp;
}

/* --- loading -------------------------------------------------------------- */

static bool boot_expand_line(struct boot_line *line,
                             struct boot_strings *strings)
{
    char word[WORD_MAX];

    for (unsigned i = 0; i < line->argument_count; i++) {
        if (!boot_script_expand(&script, line, &line->arguments[i], word,
                                sizeof word))
            return false;
        if (!boot_strings_add(strings, word)) {
            ksnprintf(script.error, sizeof script.error,
                      "its arguments are too long");
            return false;
        }
    }
    return true;
}

/* A program of another system starts in its emulator. */
static const char *boot_load_emulator(const struct kernel_config *config,
                                      struct task *task, uint64_t regs[6],
                                      struct boot_program *program)
{
    struct boot_program emulator;
    const char *wrong;

    if (!config->emulation_image)
        return "a Linux program, and there is no personality for it";
    wrong = boot_elf_load(task->map, config->emulation_image,
                          config->emulation_size_bytes,
                          platform_address_limit() - EMULATION_ROOM, &emulator);
    if (wrong)
        return wrong;
    regs[0] = program->entry;
    regs[1] = program->headers;
    regs[2] = program->header_count;
    regs[3] = program->base;
    regs[4] = platform_fast_entry();
    regs[5] = emulator.base;
    program->entry = emulator.entry;
    return NULL;
}

static const char *boot_load(const struct kernel_config *config,
                             const struct kernel_module *module,
                             struct boot_line *line,
                             const struct boot_strings *strings)
{
    struct task *task = line->task;
    struct boot_program program;
    struct thread *thread;
    uint64_t regs[6] = {0};
    const char *wrong =
        boot_elf_load(task->map, module->image, module->image_size_bytes,
                      PROGRAM_BASE, &program);

    if (!wrong && program.foreign)
        wrong = boot_load_emulator(config, task, regs, &program);
    if (wrong)
        return wrong;
    vm_prot_t prot = VM_PROT_DEFAULT;
    if (program.executable_stack)
        prot |= VM_PROT_EXECUTE;
    vm_offset_t sp = boot_build_stack(task->map, prot, strings);
    if (!sp)
        return "not enough memory for its stack";
    if (thread_create_internal(task, &thread) != KERN_SUCCESS)
        return "no thread can be made";
    thread_state_start(thread, program.entry, sp, regs);
    task->suspend_count = 1;
    thread_release(thread);
    thread_deallocate(thread);
    return NULL;
}

static bool boot_load_line(const struct kernel_config *config, unsigned index)
{
    struct boot_line *line = &script.lines[index];
    struct boot_strings strings = {.room = STACK_SIZE / 2};
    const char *wrong = NULL;

    if (!line->task)
        return true;
    strings.text = kalloc(strings.room);
    if (!strings.text)
        return false;
    bool done = boot_expand_line(line, &strings);
    if (done) {
        kprintf("task loaded:");
        for (unsigned i = 0; i < strings.argc; i++)
            kprintf(" %s", strings.text + strings.argv[i]);
        kprintf("\n");
        wrong = boot_load(config, &config->modules[index], line, &strings);
        if (wrong)
            ksnprintf(script.error, sizeof script.error, "%s", wrong);
    }
    kfree(strings.text);
    return done && !wrong;
}

static int boot_complain(unsigned index)
{
    struct boot_line *line = &script.lines[index];
    char name[NAME_SHOWN];

    ksnprintf(name, sizeof name, "%s",
              line->argument_count ? line->arguments[0].text : "");
    kprintf("boot: module %u (%s): %s\n", index, name, script.error);
    boot_script_fini(&script);
    return -1;
}

/* --- resuming ------------------------------------------------------------- */

static void boot_resume_line(struct boot_line *line)
{
    if (!resume.started)
        kprintf("\n");
    resume.started = true;
    kprintf("start %s: ", line->arguments[0].text);
    task_resume_internal(line->task);
}

/* Goes on with the deferred actions until one has to wait. */
static void boot_run_actions(void)
{
    for (; resume.line < script.line_count; resume.line++) {
        struct boot_line *line = &script.lines[resume.line];
        while (line->task && line->action_next < line->action_count) {
            if (line->actions[line->action_next] == BOOT_PROMPT_RESUME &&
                !resume.waiting) {
                kprintf("%s is ready: press return to start it. ",
                        line->arguments[0].text);
                resume.waiting = true;
                return;
            }
            resume.waiting = false;
            line->action_next++;
            boot_resume_line(line);
        }
    }
    boot_script_fini(&script);
}

bool boot_is_done(void)
{
    return resume.started && !resume.waiting;
}

bool boot_console_input(const char *text, size_t size)
{
    if (!resume.waiting)
        return false;
    if (memchr(text, '\r', size) || memchr(text, '\n', size))
        boot_run_actions();
    return true;
}

void boot_module_fini(void)
{
    boot_script_fini(&script);
    resume = (__typeof__(resume)){0};
}

int boot_modules(const struct kernel_config *config)
{
    resume = (__typeof__(resume)){0};
    if (!boot_script_init(&script, config->module_count) ||
        !boot_set_variables(config->command_line)) {
        kprintf("boot: no memory for the boot script\n");
        return -1;
    }
    for (unsigned i = 0; i < config->module_count; i++) {
        kprintf("module %u: %s\n", i, config->modules[i].command_line);
        if (!boot_script_parse(&script, i, config->modules[i].command_line))
            return boot_complain(i);
    }
    kprintf("%u multiboot modules\n", config->module_count);
    for (unsigned i = 0; i < config->module_count; i++) {
        if (!boot_load_line(config, i))
            return boot_complain(i);
    }
    boot_run_actions();
    return 0;
}
