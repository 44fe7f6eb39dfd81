/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a caller of exec gives it for the program - scripts' first lines, argument
 * and environment strings that nothing ends, arrays of rights - made by seed:
 * nothing beyond what was given is looked at or handed on, and each right goes to
 * one.  EXEC_ARGS_SEED and its like: tests/kernel/rounds.h.
 */
#include "tests/kernel/mutate.h"
#include "tests/kernel/rounds.h"

#include <exec/exec.h>
#include <exec/exec_startup_S.h>
#include <hurd/fs.h>
#include <hurd/io.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>

#include <setjmp.h>
#include <stdbool.h>
/* cmocka needs the above */
#include <cmocka.h>

#define FILE_PORT  5
#define TASK       77
#define RIGHTS_MAX 200u /* more than fit into a message itself */
#define RIGHT      1000u
#define INLINE     64

mach_port_t procserver;
struct port_bucket *port_bucket;
struct port_class *bootinfo_class;

static struct {
    struct mutant script, argv, envp;
    struct bootinfo *boot;
    unsigned execs, given; /* rights that went out */
    bool twice;            /* a second thread asks in the middle */
    int refs[RIGHTS_MAX];  /* that exec holds */
} w;

/* --- what exec calls ------------------------------------------------------------- */

mach_port_t mach_task_self(void)
{
    return 1;
}

void mach_port_drop(mach_port_t name)
{
    if (name >= RIGHT)
        w.refs[name - RIGHT]--;
}

kern_return_t mach_port_ref_send(mach_port_t name, int delta)
{
    if (name >= RIGHT)
        w.refs[name - RIGHT] += delta;
    return 0;
}

kern_return_t vm_deallocate(mach_port_t task, vm_address_t at, vm_size_t size)
{
    free((void *)at);
    return 0;
}

static void ask_in_the_middle(void);

kern_return_t vm_allocate(mach_port_t task, vm_address_t *at, vm_size_t size,
                          boolean_t anywhere)
{
    ask_in_the_middle();
    if (below(20) == 0)
        return KERN_NO_SPACE;
    *at = (vm_address_t)calloc(1, size);
    return 0;
}

vm_size_t mig_strncpy(char *to, const char *from, vm_size_t size)
{
    return (vm_size_t)snprintf(to, size, "%s", from);
}

error_t file_read(file_t file, loff_t offset, void *to, size_t size,
                  size_t *got)
{
    *got = size < w.script.size ? size : w.script.size;
    memcpy(to, w.script.data, *got);
    return below(20) ? 0 : HURD_EIO;
}

kern_return_t file_check_access(file_t file, int *allowed)
{
    *allowed = below(2) ? HO_READ : 0;
    return 0;
}

error_t hurd_lookup_as(const mach_port_t ports[INIT_PORT_MAX], const char *name,
                       int flags, mode_t mode, file_t *file)
{
    assert_true(*name && strlen(name) < 256);
    *file = FILE_PORT;
    return 0;
}

error_t hurd_reauthenticate(mach_port_t object, auth_t auth, mach_port_t *new)
{
    *new = MACH_PORT_NULL;
    return 0;
}

kern_return_t proc_task2proc(process_t server, task_t task, process_t *proc)
{
    *proc = MACH_PORT_NULL;
    return 0;
}

kern_return_t task_get_special_port(mach_port_t task, int which,
                                    mach_port_t *port)
{
    *port = MACH_PORT_NULL;
    return 0;
}

mach_port_t std_port(int which)
{
    return MACH_PORT_NULL;
}

int std_int(int which)
{
    return 022;
}

error_t ports_create_port(struct port_class *class, struct port_bucket *bucket,
                          size_t size, void *result)
{
    *(void **)result = w.boot = calloc(1, size);
    return 0;
}

void ports_port_deref(void *object)
{
    bootinfo_clean(object);
    free(object);
    w.boot = NULL;
}

void *ports_lookup_port(struct port_bucket *bucket, mach_port_t port,
                        struct port_class *class)
{
    return NULL;
}

void *ports_lookup_payload(struct port_bucket *bucket, uint64_t payload,
                           struct port_class *class)
{
    return NULL;
}

/* --- scripts --------------------------------------------------------------------- */

/* The interpreter's arguments: its name, perhaps one of the script's line, the
 * script, the rest of what was given. */
error_t do_exec(const struct request *request)
{
    size_t first = strnlen(request->argv, request->argv_size);

    w.execs++;
    assert_in_range(request->depth, 1, 5);
    assert_true(first < request->argv_size);
    assert_string_equal(request->argv, request->path);
    assert_in_range(request->argv_size, first + 2,
                    w.argv.size + 2 * 256 + 1024 + 4);
    return below(2) ? exec_script(request) : 0;
}

static void make_script(void)
{
    static const char *const tokens[] = {
        "#!", "/bin/sh", " ", "\t", "\n", "-x", "\xff", "longlonglong"};

    w.script.size = 0;
    mutant_print(&w.script, "#! /bin/sh -x\necho\n");
    for (unsigned n = below(4); n > 0; n--)
        mutant_change(&w.script, tokens, sizeof tokens / sizeof *tokens);
}

/* --- strings and rights ----------------------------------------------------------- */

static void make_strings(struct mutant *text)
{
    static const char *const tokens[] = {"LD_ORIGIN_PATH=", "LD_ORI",
                                         "PATH=", "/bin", "x"};

    text->size = 0;
    for (unsigned n = below(6); n > 0; n--) {
        mutant_insert(text, text->size, "", 1, below(2));
        mutant_print(text, "%s", tokens[below(5)]);
    }
    if (below(4) == 0)
        mutant_change(text, tokens, 5);
}

/* Memory of just that size, without a NUL behind it. */
static char *bare(const struct mutant *text)
{
    char *copy = malloc(text->size ? text->size : 1);

    memcpy(copy, text->data, text->size);
    return copy;
}

static void check_environment(const struct request *request)
{
    static const char origin[] = "LD_ORIGIN_PATH=";
    const struct bootinfo *boot = w.boot;
    unsigned count = 0;

    if (request->abspath[0] != '/') {
        assert_int_equal(boot->envp_size, request->envp_size);
        return;
    }
    for (size_t i = 0; i < boot->envp_size;
         i += strnlen(boot->envp + i, boot->envp_size - i) + 1)
        count += boot->envp_size - i >= sizeof origin - 1 &&
                 memcmp(boot->envp + i, origin, sizeof origin - 1) == 0;
    assert_int_equal(count, 1);
    assert_true(boot->envp_size <= request->envp_size + 40);
}

/* What came outside of the message. */
static void drop(void *array, void *inside)
{
    if (array != inside)
        free(array);
}

/* The answer to a new program, or to somebody else who asks at the same time. */
static void ask(void)
{
    struct {
        vm_address_t address[4];
        vm_size_t size[2];
        char argv[INLINE], envp[INLINE];
        mach_port_t dtable[INLINE], ports[INLINE];
        int ints[INLINE];
    } r;
    data_t argv = r.argv, envp = r.envp;
    mach_port_t *dtable = r.dtable, *ports = r.ports;
    int *ints = r.ints, flags;
    mach_msg_type_number_t n[5] = {INLINE, INLINE, INLINE, INLINE, INLINE};
    mach_msg_type_name_t types[2];
    error_t err = S_exec_startup_get_info(
        w.boot, &r.address[0], &r.address[1], &r.size[0], &r.address[2],
        &r.size[1], &flags, &argv, &n[0], &envp, &n[1], &dtable, &types[0],
        &n[2], &ports, &types[1], &n[3], &ints, &n[4]);

    if (err)
        return;
    for (unsigned i = 0; i < n[2]; i++) {
        w.given += dtable[i] >= RIGHT;
        mach_port_drop(dtable[i]);
    }
    for (unsigned i = 0; i < n[3]; i++)
        mach_port_drop(ports[i]);
    drop(argv, r.argv);
    drop(envp, r.envp);
    drop(dtable, r.dtable);
    drop(ports, r.ports);
    drop(ints, r.ints);
}

static void ask_in_the_middle(void)
{
    if (w.twice && below(2)) {
        w.twice = false;
        ask();
    }
}

/* A program is started with what was given, asks for it, and ends. */
static void start(struct request *request)
{
    struct bootinfo *boot = NULL;
    error_t err = bootinfo_create(request, TASK, &boot);

    if (err)
        return;
    assert_int_equal(boot->argv_size, request->argv_size);
    assert_int_equal(boot->argv[boot->argv_size], 0);
    check_environment(request);
    w.given = 0;
    w.twice = below(2);
    for (unsigned n = below(3); n > 0; n--)
        ask();
    w.twice = false;
    assert_true(w.given <= request->dtable_count);
    if (w.boot)
        ports_port_deref(boot);
    for (unsigned i = 0; i < RIGHTS_MAX; i++)
        assert_int_equal(w.refs[i], 0);
}

static void one_round(void)
{
    mach_port_t dtable[RIGHTS_MAX];

    make_script();
    make_strings(&w.argv);
    make_strings(&w.envp);
    memset(w.refs, 0, sizeof w.refs);
    for (unsigned i = 0; i < RIGHTS_MAX; i++)
        dtable[i] = below(4) ? RIGHT + i : MACH_PORT_NULL;
    char *argv = bare(&w.argv), *envp = bare(&w.envp);
    struct request request = {
        .file = FILE_PORT,
        .path = below(2) ? "/bin/script" : "",
        .abspath = below(2) ? "/bin/script" : "",
        .argv = argv,
        .argv_size = w.argv.size,
        .envp = envp,
        .envp_size = w.envp.size,
        .dtable = dtable,
        .dtable_count = below(RIGHTS_MAX),
        .oldtask = TASK,
    };
    exec_script(&request);
    start(&request);
    free(argv);
    free(envp);
}

static void arguments_by_seed(void **state)
{
    rounds_run("EXEC_ARGS", 5000, one_round);
    assert_true(w.execs > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(arguments_by_seed, rounds_teardown)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
