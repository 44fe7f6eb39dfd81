/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random operations on the memory of a family of tasks, against a model that
 * knows what each page must read as; after each of them the kernel must be in
 * order (checker.h).  The seed is the argument, else the time; it is printed. */
#include "chance.h"
#include "checker.h"
#include "swapper.h"
#include "world.h"
#include "world_kernel.h"

#include "gnumach_user.h"
#include "mach_port_user.h"
#include "mach_user.h"

#include <time.h>

#define PAGE     4096ul
#define PAGES    600u /* of the window, the same in each task */
#define BASE     0x40000000ul
#define TASKS    5u
#define HELD     8u
#define CELLS    (TASKS * PAGES + HELD + 1)
#define STEPS    1500u
#define FILLING  9000u /* more pages than there are frames */
#define FILLED   24u   /* of them in a step */
#define AT(page) (BASE + (page)*PAGE)

/* A page's contents; tasks that share memory share its cell. */
struct cell {
    uint32_t value;
    unsigned users;
};

struct page {
    struct cell *cell; /* NULL: nothing is mapped there */
    vm_prot_t prot;
    vm_inherit_t inherit;
};

struct member {
    mach_port_t task; /* 0: none */
    struct page pages[PAGES];
};

static struct user *one;
static struct cell cells[CELLS];
static struct member family[TASKS]; /* the first is `one' */

/* --- the model ------------------------------------------------------------------ */

static struct cell *cell_new(uint32_t value)
{
    static unsigned last;

    for (unsigned i = 0; i < CELLS; i++) {
        last = (last + 1) % CELLS;
        if (cells[last].users == 0) {
            cells[last] = (struct cell){value, 1};
            return &cells[last];
        }
    }
    fail();
    return NULL;
}

static void page_clear(struct page *page)
{
    if (page->cell) {
        page->cell->users--;
    }
    page->cell = NULL;
}

struct span {
    unsigned first, count;
};

/* Few pages or many: what large regions have in common is more than pages. */
static struct span any_span(void)
{
    struct span span = {below(PAGES), 1};

    if (below(3) == 0) {
        span.first = below(3) * 64;
    }
    span.count = 1 + below(below(2) ? 6 : PAGES);
    if (span.count > PAGES - span.first) {
        span.count = PAGES - span.first;
    }
    return span;
}

static bool all(const struct member *m, struct span s, vm_prot_t prot)
{
    for (unsigned i = 0; i < s.count; i++) {
        const struct page *page = &m->pages[s.first + i];

        if (!page->cell || prot & ~page->prot) {
            return false;
        }
    }
    return true;
}

static bool none(const struct member *m, struct span s)
{
    for (unsigned i = 0; i < s.count; i++) {
        if (m->pages[s.first + i].cell) {
            return false;
        }
    }
    return true;
}

static struct member *any_member(void)
{
    struct member *m;

    do {
        m = &family[below(TASKS)];
    } while (!m->task);
    return m;
}

/* --- the operations -------------------------------------------------------------- */

static void do_allocate(struct member *m, struct span s)
{
    vm_address_t address = AT(s.first);
    bool free = none(m, s);

    assert_kr(vm_allocate(m->task, &address, s.count * PAGE, 0),
              free ? KERN_SUCCESS : KERN_NO_SPACE);
    for (unsigned i = 0; free && i < s.count; i++) {
        m->pages[s.first + i] = (struct page){
            cell_new(0), VM_PROT_READ | VM_PROT_WRITE, VM_INHERIT_COPY};
    }
}

static void do_deallocate(struct member *m, struct span s)
{
    assert_ok(vm_deallocate(m->task, AT(s.first), s.count * PAGE));
    for (unsigned i = 0; i < s.count; i++) {
        page_clear(&m->pages[s.first + i]);
    }
}

static void do_protect(struct member *m, struct span s)
{
    vm_prot_t prot = below(3) ? VM_PROT_READ | VM_PROT_WRITE : VM_PROT_READ;
    bool mapped = all(m, s, 0);

    assert_kr(vm_protect(m->task, AT(s.first), s.count * PAGE, 0, prot),
              mapped ? KERN_SUCCESS : KERN_INVALID_ADDRESS);
    for (unsigned i = 0; mapped && i < s.count; i++) {
        m->pages[s.first + i].prot = prot;
    }
}

static void do_inherit(struct member *m, struct span s)
{
    static const vm_inherit_t kinds[] = {VM_INHERIT_SHARE, VM_INHERIT_COPY,
                                         VM_INHERIT_COPY, VM_INHERIT_NONE};
    vm_inherit_t inherit = kinds[below(4)];

    assert_ok(vm_inherit(m->task, AT(s.first), s.count * PAGE, inherit));
    for (unsigned i = 0; i < s.count; i++) {
        m->pages[s.first + i].inherit = inherit;
    }
}

/* A thread of `one' stores; the others have none. */
static void do_poke(struct member *m, struct span s)
{
    for (unsigned i = 0; i < s.count; i++) {
        struct page *page = &family[0].pages[s.first + i];

        if (page->cell && page->prot & VM_PROT_WRITE) {
            page->cell->value = below(1u << 30);
            world_poke(AT(s.first + i), &page->cell->value,
                       sizeof page->cell->value);
        }
    }
}

static void do_copy(struct member *m, struct span s)
{
    static uint32_t values[PAGES];
    struct span to = {below(PAGES), s.count};

    if (to.count > PAGES - to.first) {
        to.count = s.count = PAGES - to.first;
    }
    if (!all(m, s, VM_PROT_READ) || !all(m, to, VM_PROT_WRITE)) {
        return;
    }
    assert_ok(vm_copy(m->task, AT(s.first), s.count * PAGE, AT(to.first)));
    for (unsigned i = 0; i < s.count; i++) {
        values[i] = m->pages[s.first + i].cell->value;
    }
    for (unsigned i = 0; i < s.count; i++) {
        m->pages[to.first + i].cell->value = values[i];
    }
}

static void do_fork(struct member *m, struct span s)
{
    struct member *child = &family[1 + below(TASKS - 1)];

    if (child->task) {
        return;
    }
    assert_ok(task_create(m->task, 1, &child->task));
    for (unsigned i = 0; i < PAGES; i++) {
        struct page *from = &m->pages[i], *to = &child->pages[i];

        *to = *from;
        if (!from->cell || from->inherit == VM_INHERIT_NONE) {
            to->cell = NULL;
        } else if (from->inherit == VM_INHERIT_SHARE) {
            to->cell->users++;
        } else {
            to->cell = cell_new(from->cell->value);
        }
    }
}

static void do_end(struct member *m, struct span s)
{
    if (m == &family[0]) {
        return;
    }
    assert_ok(task_terminate(m->task));
    assert_ok(mach_port_destroy(one->self, m->task));
    m->task = 0;
    for (unsigned i = 0; i < PAGES; i++) {
        page_clear(&m->pages[i]);
    }
}

/* Reads by a message, compares, and gives what was read to the kernel again. */
static void do_read(struct member *m, struct span s)
{
    mach_msg_type_number_t size = 0;
    pointer_t data = 0;
    bool readable = all(m, s, VM_PROT_READ);
    kern_return_t kr =
        vm_read(m->task, AT(s.first), s.count * PAGE, &data, &size);

    assert_int_equal(kr == KERN_SUCCESS, readable);
    if (!readable) {
        return;
    }
    for (unsigned i = 0; i < s.count; i++) {
        uint32_t value;
        world_peek(data + i * PAGE, &value, sizeof value);
        assert_int_equal(value, m->pages[s.first + i].cell->value);
    }
    if (below(2)) {
        struct member *to = any_member();
        struct span there = {s.first, s.count};
        if (all(to, there, VM_PROT_WRITE)) {
            uint32_t values[PAGES];
            for (unsigned i = 0; i < s.count; i++) {
                values[i] = m->pages[s.first + i].cell->value;
            }
            assert_ok(vm_write(to->task, AT(s.first), data, size));
            for (unsigned i = 0; i < s.count; i++) {
                to->pages[s.first + i].cell->value = values[i];
            }
        }
    }
    assert_ok(vm_deallocate(one->self, data, size));
}

/* --- a device -------------------------------------------------------------------- */

/* Transfers of a device of `one' that are under way, into frames of its. */
static struct {
    unsigned page;
    uint64_t phys;     /* 0: none */
    struct cell *cell; /* used by the transfer, too */
} held[HELD];

/* The frame of a page of M, which is told of it; 0: none that stays. */
static uint64_t told_frame(const struct member *m, unsigned page)
{
    static struct user *host_of;
    static mach_port_t host;
    rpc_phys_addr_t frames[1];
    rpc_phys_addr_array_t list = frames;
    mach_msg_type_number_t count = 1;

    if (host_of != one) {
        host = user_host_priv(one);
        host_of = one;
    }
    assert_ok(vm_pages_phys(host, m->task, AT(page), PAGE, &list, &count));
    return list[0];
}

static void begin_transfer(unsigned i, unsigned page)
{
    const struct page *p = &family[0].pages[page];
    uint64_t phys = p->cell ? told_frame(&family[0], page) : 0;

    if (phys && world_reaches(one->task, phys, true)) {
        assert_true(p->prot & VM_PROT_WRITE);
        assert_true(world_hold(phys));
        held[i].page = page;
        held[i].phys = phys;
        held[i].cell = p->cell;
        p->cell->users++;
    }
}

/* The device writes to the frame, whatever has become of it: that is seen by who
 * shares the page with which it began, if that is still there, and by nobody
 * else. */
static void end_transfer(unsigned i)
{
    uint32_t value = below(1u << 30);
    bool seen = false;

    memcpy((char *)platform_memory_base() + held[i].phys, &value, sizeof value);
    for (unsigned k = 0; k < TASKS; k++) {
        const struct member *m = &family[k];

        if (m->task && m->pages[held[i].page].cell == held[i].cell) {
            seen |= told_frame(m, held[i].page) == held[i].phys;
        }
    }
    if (seen) {
        held[i].cell->value = value;
    }
    world_unhold(held[i].phys);
    held[i].cell->users--;
    held[i].phys = 0;
}

static void do_device(struct member *m, struct span s)
{
    unsigned i = below(HELD);

    if (held[i].phys) {
        end_transfer(i);
    } else {
        begin_transfer(i, s.first);
    }
}

static void (*const operations[])(struct member *, struct span) = {
    do_allocate, do_allocate, do_allocate, do_deallocate, do_protect,
    do_protect,  do_inherit,  do_poke,     do_poke,       do_poke,
    do_poke,     do_copy,     do_copy,     do_fork,       do_end,
    do_read,     do_read,     do_read,     do_device,     do_device,
    do_device,
};

/* --- the test ------------------------------------------------------------------- */

static void compare_own(void)
{
    for (unsigned i = 0; i < PAGES; i++) {
        const struct page *page = &family[0].pages[i];
        uint32_t value;

        if (page->cell && page->prot & VM_PROT_READ) {
            world_peek(AT(i), &value, sizeof value);
            assert_int_equal(value, page->cell->value);
        }
    }
}

static struct user *filler;
static struct swapper swapper;
static vm_address_t filling;

static void pump(void)
{
    swapper_pump(&swapper);
}

/* Somebody else uses more than all of the memory, a word in each page that has
 * been his. */
static void fill(unsigned step)
{
    static uint32_t words[FILLING];
    struct user *before = user_current();

    if (!filler) {
        return;
    }
    user_be(filler);
    for (unsigned i = 0; i < FILLED; i++) {
        unsigned page = below(FILLING);
        uint32_t word = 0;

        world_peek(filling + page * PAGE, &word, sizeof word);
        assert_int_equal(word, step == 0 ? word : words[page]);
        words[page] = step * FILLED + i + 1;
        world_set_word(filling + page * PAGE, words[page]);
    }
    for (unsigned i = 0; i < FILLING && step == 0; i++) {
        words[i] = i;
        world_set_word(filling + i * PAGE, i);
    }
    user_be(before);
}

static void random_operations(void)
{
    uint64_t frames = world_free_frames();
    const char *complaint = NULL;

    one = user_create("one");
    memset(family, 0, sizeof family);
    memset(cells, 0, sizeof cells);
    family[0].task = one->self;
    frames = world_free_frames();
    for (unsigned step = 0; step < (filler ? STEPS / 2 : STEPS) && !complaint;
         step++) {
        unsigned which = below(sizeof operations / sizeof *operations);

        fill(step);
        operations[which](any_member(), any_span());
        if (step % 16 == 0) {
            compare_own();
        }
        complaint = check_kernel();
        if (complaint) {
            print_message("step %u, operation %u: %s\n", step, which,
                          complaint);
        }
    }
    assert_null(complaint);
    for (unsigned i = 0; i < HELD; i++) {
        if (held[i].phys) {
            end_transfer(i);
        }
    }
    compare_own();
    for (unsigned i = 1; i < TASKS; i++) {
        if (family[i].task) {
            do_end(&family[i], (struct span){0, 0});
        }
    }
    do_deallocate(&family[0], (struct span){0, PAGES});
    if (!filler) {
        assert_in_range(world_free_frames() + 64, frames, ~0ul);
    }
    assert_null(check_kernel());
}

TEST(random_operations_on_memory_do_what_they_say)
{
    filler = NULL;
    random_operations();
}

/* The same when most of the memory is at a default pager. */
TEST(they_do_so_with_memory_that_is_paged_out)
{
    swapper_start(&swapper, user_create("pager"), 1u << 20);
    swapper_pump(&swapper);
    world_pump = pump;
    filler = user_create("filler");
    assert_ok(vm_allocate(filler->self, &filling, FILLING * PAGE, 1));
    random_operations();
    assert_true(swapper.sent > 1000 && swapper.asked > 1000);
    assert_int_equal(swapper.strange, 0);
    world_pump = NULL;
    filler = NULL;
    swapper_stop(&swapper);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            random_operations_on_memory_do_what_they_say, world_setup,
            world_teardown),
        cmocka_unit_test_setup_teardown(
            they_do_so_with_memory_that_is_paged_out, world_setup,
            world_teardown),
    };

    chance_begin(argc, argv, (uint64_t)time(NULL));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
