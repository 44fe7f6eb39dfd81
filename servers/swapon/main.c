/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/swapon/main.c: swapon and swapoff: tells the default pager where to keep
 * pages, and where not to any longer.
 *
 *     swapon [-n] [-e] DEVICE...
 *     swapoff [-e] DEVICE...
 *
 * A device must have Linux's signature of a swap area (mkswap), which also says
 * what of it is used; with -n all of it is used, whatever is there.  -e: one that
 * does not exist is no error.  The default pager is started if there is none.
 */

#include <argz.h>
#include <hurd/default_pager.h>
#include <hurd/libhurd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <store/store.h>
#include <unistd.h>

#define PAGE        4096u
#define PAGER       "/hurd/mach-defpager"
#define START_MS    10000
#define POLL_MS     50
#define BAD_MAX     637u /* that fit in the first page */
#define SWAP_MAGIC  "SWAPSPACE2"
#define MAGIC_BYTES 10

static const char *program;

static int fail(const char *name, const char *what, error_t err)
{
    fprintf(stderr, "%s: %s: %s%s%s\n", program, name, what,
            err && *what ? ": " : "", err ? mach_error_string(err) : "");
    return 1;
}

/* --- the default pager -------------------------------------------------------- */

static error_t find_pager(mach_port_t host, mach_port_t *pager)
{
    *pager = MACH_PORT_NULL;
    return vm_set_default_memory_manager(host, pager);
}

static error_t start_pager(void)
{
    static const char argz[] = PAGER;
    mach_port_t fds[3], ports[INIT_PORT_MAX];
    int ints[INIT_INT_MAX];
    file_t file;
    task_t task;
    error_t err = hurd_lookup(PAGER, HO_EXEC, 0, &file);

    if (!err)
        err = hurd_make_child(&task, NULL);
    if (err)
        return err;
    for (int i = 0; i < 3; i++)
        fds[i] = hurd_get_fd(i);
    for (int i = 0; i < INIT_PORT_MAX; i++)
        ports[i] = i == INIT_PORT_BOOTSTRAP ? MACH_PORT_NULL : hurd_get_port(i);
    for (int i = 0; i < INIT_INT_MAX; i++)
        ints[i] = hurd_get_int(i);
    return hurd_exec(file, task, 0, PAGER, argz, sizeof argz, NULL, 0, fds, 3,
                     ports, ints);
}

static error_t get_pager(mach_port_t host, boolean_t start, mach_port_t *pager)
{
    error_t err = find_pager(host, pager);

    if (err || MACH_PORT_VALID(*pager) || !start)
        return err;
    err = start_pager();
    for (int ms = 0; !err && !MACH_PORT_VALID(*pager) && ms < START_MS;
         ms += POLL_MS) {
        usleep(POLL_MS * 1000);
        err = find_pager(host, pager);
    }
    return err;
}

/* --- what of a device is used --------------------------------------------------- */

struct runs {
    recnum_t records[2 * (BAD_MAX + 1)]; /* first, count, first ... */
    unsigned count;
};

/* mkswap's first page (Linux's include/linux/swap.h). */
struct swap_header {
    char boot[1024];
    uint32_t version, last_page, bad_count;
    char uuid_and_more[500];
    uint32_t bad[BAD_MAX];
};

static void add_run(struct runs *runs, const struct store *store,
                    uint64_t first, uint64_t end)
{
    uint64_t per_page = PAGE / store->sector_size;

    if (first >= end)
        return;
    runs->records[runs->count++] =
        (recnum_t)(store->first_sector + first * per_page);
    runs->records[runs->count++] = (recnum_t)((end - first) * per_page);
}

/* The bad pages are told in order. */
static const char *use_header(const struct swap_header *header,
                              const struct store *store, struct runs *runs)
{
    uint64_t pages = store_bytes(store) / PAGE, first = 1;

    if (header->version != 1)
        return "a swap signature of an unknown version";
    if (header->last_page >= pages || header->bad_count > BAD_MAX)
        return "its swap signature says that it is larger than it is";
    for (unsigned i = 0; i < header->bad_count; i++) {
        if (header->bad[i] < first || header->bad[i] > header->last_page)
            return "its list of bad pages makes no sense";
        add_run(runs, store, first, header->bad[i]);
        first = (uint64_t)header->bad[i] + 1;
    }
    add_run(runs, store, first, (uint64_t)header->last_page + 1);
    return runs->count ? NULL : "it has no page to use";
}

static const char *find_runs(const struct store *store, boolean_t any,
                             struct runs *runs)
{
    const char *wrong = NULL;
    uint32_t got = 0;
    char *page;

    if (any) {
        add_run(runs, store, 0, store_bytes(store) / PAGE);
        return runs->count ? NULL : "it has no page to use";
    }
    if (store_fetch(store, 0, PAGE, &page, &got) || got != PAGE)
        return "its first page cannot be read";
    if (memcmp(page + PAGE - MAGIC_BYTES, SWAP_MAGIC, MAGIC_BYTES) != 0)
        wrong = "not used: it has no swap signature (mkswap makes one)";
    else
        wrong = use_header((const struct swap_header *)page, store, runs);
    vm_deallocate(mach_task_self(), (vm_address_t)page, PAGE);
    return wrong;
}

/* --- one device ------------------------------------------------------------------ */

struct options {
    boolean_t off, any, existing;
};

static int turn(const char *name, const struct options *options,
                mach_port_t pager, mach_port_t master)
{
    struct store store;
    struct runs runs = {.count = 0};
    const char *wrong = NULL;
    error_t err = store_open_file(name, master, &store);

    if (err == HURD_ENOENT && options->existing)
        return 0;
    if (err)
        return fail(name, "", err);
    if (store.device == MACH_PORT_NULL)
        wrong = "it is no device";
    else if (!store.writable)
        wrong = "it can only be read";
    else
        wrong = find_runs(&store, options->any || options->off, &runs);
    if (wrong)
        return fail(name, wrong, 0);
    err = default_pager_paging_storage_new(pager, store.device, runs.records,
                                           runs.count, (char *)name,
                                           !options->off);
    if (err == HURD_ENOSPC && options->off)
        return fail(name, "what is there has no room elsewhere", 0);
    return err ? fail(name, "", err) : 0;
}

static boolean_t is_option(const char *word, struct options *options)
{
    if (!strcmp(word, "-n") && !options->off)
        options->any = TRUE;
    else if (!strcmp(word, "-e"))
        options->existing = TRUE;
    else
        return FALSE;
    return TRUE;
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    struct options options = {0};
    mach_port_t host, master, pager;
    int status = 0, i = 1;

    program = slash ? slash + 1 : argv[0];
    options.off = !strcmp(program, "swapoff");
    while (i < argc && is_option(argv[i], &options))
        i++;
    if (i == argc || argv[i][0] == '-') {
        fprintf(stderr, "usage: %s %s[-e] DEVICE...\n", program,
                options.off ? "" : "[-n] ");
        return 2;
    }
    error_t err = get_privileged_ports(&host, &master);
    if (err)
        return fail("the privileged ports", "", err);
    err = get_pager(host, !options.off, &pager);
    if (err || !MACH_PORT_VALID(pager))
        return fail("the default pager", err ? "" : "there is none", err);
    for (; i < argc; i++)
        status |= turn(argv[i], &options, pager, master);
    return status;
}
