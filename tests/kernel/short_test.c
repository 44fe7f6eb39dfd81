/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When memory is short: what is taken back from the dead while somebody needs a
 * page is nothing that he is using, and nothing that was written is lost. */
#include "paged.h"
#include "world_kernel.h"

#include "account_user.h"
#include "gnumach_user.h"
#include "mach_port_user.h"

#define PAGE    PAGED_PAGE
#define SHARED  250u  /* pages of the object: so few stay in any case */
#define OWN     6000u /* pages of the one who dies */
#define LEFT    100u  /* of the memory above the copy, when memory is short */
#define AT_ONCE 16u   /* pages that a fault in untouched memory gets */
#define USER    7

static struct user *pager, *writer, *victim;
static struct paged paged;

static int setup(void **state)
{
    world_setup(state);
    pager = user_create("pager");
    writer = user_create("writer");
    victim = user_create("victim");
    world_send_only = false;
    sim_work_automatic(true);
    return 0;
}

/* The writer has the object mapped shared, all of it there. */
static void map_shared(void)
{
    paged_map(&paged, pager, writer, SHARED * PAGE);
    paged_supply(&paged, SHARED);
    user_be(writer);
    for (unsigned i = 0; i < SHARED; i++)
        world_set_word(paged.window + i * PAGE, i);
}

static void touch_own(unsigned count)
{
    vm_address_t own = 0;

    assert_ok(vm_allocate(victim->self, &own, count * PAGE, 1));
    for (unsigned i = 0; i < count; i++)
        world_set_word(own + i * PAGE, i);
}

/* A private copy of the object, with COUNT pages of the victim's above it: they
 * are taken apart before it. */
static void fill_victim(unsigned count)
{
    mach_port_t right =
        world_give(pager, paged.object, MACH_MSG_TYPE_MAKE_SEND, victim);
    vm_address_t copy = 0;

    user_be(victim);
    touch_own(OWN - count);
    assert_ok(vm_map(victim->self, &copy, SHARED * PAGE, 0, 1, right, 0, 1,
                     VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_COPY));
    world_set_word(copy, 77);
    touch_own(count);
}

/* The victim ends, and the first of its frames come free; how many. */
static uint64_t begin_its_end(void)
{
    mach_port_t end =
        world_give(victim, victim->self, MACH_MSG_TYPE_COPY_SEND, writer);
    uint64_t before = world_free_frames();

    user_be(writer);
    sim_work_automatic(false);
    assert_ok(task_terminate(end));
    while (world_free_frames() == before)
        assert_true(sim_work());
    return world_free_frames() - before;
}

static void finish(void)
{
    sim_work_automatic(true);
    while (sim_work())
        continue;
}

/* The writer's store, which may have to come again after a piece of work. */
static void write_meanwhile(vm_address_t address, uint32_t value)
{
    while (!sim_write(writer->thread, address, &value, sizeof value)) {
        assert_false(world_thread_is_dead(writer));
        while (user_blocked(writer))
            assert_true(sim_work());
    }
}

/* Until the next frames can only be the dead's. */
static void use_up_memory(void)
{
    vm_address_t filler = 0;
    uint64_t before;

    user_be(writer);
    assert_ok(vm_allocate(writer->self, &filler, WORLD_MEMORY, 1));
    do {
        before = world_free_frames();
        write_meanwhile(filler, 1);
        filler += AT_ONCE * PAGE;
    } while (world_free_frames() < before);
}

/* Each page of the object that is written is copied first for the dead, whose
 * maps are not gone yet; the frame for that comes from the dead. */
TEST(a_copy_that_is_being_made_is_not_taken_away)
{
    uint64_t first;

    map_shared();
    fill_victim(OWN - 1);
    first = begin_its_end();
    assert_in_range(first, 1, OWN - 2 * LEFT);
    finish();
    victim = user_create("another");
    fill_victim((unsigned)first + LEFT);
    assert_in_range(begin_its_end(), 1, first + LEFT / 2);
    use_up_memory();
    for (unsigned i = 1; i < SHARED; i++)
        write_meanwhile(paged.window + i * PAGE, i + 5);
    finish();
    for (unsigned i = 1; i < SHARED; i++)
        assert_int_equal(world_word(paged.window + i * PAGE), i + 5);
}

/* Who had it mapped last may have no more: it goes back all the same. */
TEST(what_was_written_goes_back_though_its_writer_is_at_the_limit)
{
    mach_port_t port;
    int mr;

    map_shared();
    assert_ok(task_set_account(user_host_priv(writer), writer->self, USER));
    assert_ok(mach_port_allocate(writer->self, MACH_PORT_RIGHT_RECEIVE, &port));
    while ((mr = send_simple(port, MACH_MSG_TYPE_MAKE_SEND_ONCE, 1, 0, 0)) ==
           MACH_MSG_SUCCESS)
        continue;
    assert_int_equal(mr, MACH_SEND_NO_BUFFER);
    assert_ok(vm_deallocate(writer->self, paged.window, SHARED * PAGE));
    assert_int_equal(paged_returned(&paged), SHARED);
}

/* A stack is given back in pieces; the thread does not come back to what is
 * left of it. */
TEST(a_thread_that_gives_back_its_stack_does_not_return)
{
    struct user *thread;
    vm_address_t stack = 0;

    thread = user_create_thread(writer);
    user_be(thread);
    assert_ok(vm_allocate(writer->self, &stack, OWN * PAGE, 1));
    for (unsigned i = 0; i < OWN; i++)
        world_set_word(stack + i * PAGE, i);
    mach_port_t self = (mach_port_t)world_trap(-27, 0, 0, 0);
    sim_work_automatic(false);
    world_send_only = true;
    assert_kr(thread_terminate_release(self, writer->self, self, MACH_PORT_NULL,
                                       stack, OWN * PAGE),
              WORLD_BLOCKED);
    world_send_only = false;
    assert_true(user_blocked(thread) || world_thread_is_dead(thread));
    finish();
    assert_true(world_thread_is_dead(thread));
}

/* --- pages that come and go ------------------------------------------------- */

#define LARGE    9000u /* pages: more than memory has */
#define MANY     3000u /* ... less than a user may have */
#define SENT_MAX 256u  /* of so little memory */
#define PATIENCE 10000 /* ms: SHORT_PATIENCE_MS */

/* The pager of P serves one message: what is asked for it supplies, what comes back
 * it drops, or KEEPs.  False: there was none. */
static bool serve(const struct paged *p, bool keep, unsigned *returned)
{
    enum { DATA_REQUEST = 2203, DATA_RETURN = 2208 };
    struct message m;
    vm_address_t data = 0;
    uint64_t value;

    user_be(p->pager);
    if (receive(p->object, &m, MACH_RCV_TIMEOUT, 0) != KERN_SUCCESS)
        return false;
    if (m.head.msgh_id == DATA_REQUEST) {
        memcpy(&value, m.body + 24, sizeof value);
        assert_ok(vm_allocate(p->pager->self, &data, PAGE, 1));
        assert_ok(memory_object_data_supply(p->control, value, data, PAGE, 1,
                                            VM_PROT_NONE, 0, MACH_PORT_NULL));
    } else if (m.head.msgh_id == DATA_RETURN) {
        mach_msg_type_t *type = (void *)(m.body + 32);
        memcpy(&value, m.body + 40, sizeof value);
        *returned += type->msgt_number / PAGE;
        if (!keep)
            assert_ok(vm_deallocate(p->pager->self, value, type->msgt_number));
    }
    return true;
}

/* How many pages of P, up to COUNT, USER could store to. */
static unsigned store_to(const struct paged *p, struct user *user,
                         unsigned count, bool keep, unsigned *returned)
{
    for (uint32_t i = 0; i < count; i++) {
        while (!sim_write(user->thread, p->window + i * PAGE, &i, 4)) {
            while (user_blocked(user) &&
                   (serve(p, keep, returned) || sim_work()))
                continue;
            if (world_thread_is_dead(user) || user_blocked(user))
                return i;
        }
    }
    return count;
}

TEST(who_stores_waits_for_what_is_being_written_back)
{
    unsigned returned = 0;

    paged_map(&paged, pager, writer, LARGE * PAGE);
    assert_int_equal(store_to(&paged, writer, LARGE, false, &returned), LARGE);
    assert_in_range(returned, LARGE - WORLD_MEMORY / PAGE, LARGE);
}

/* A pager that lets go of nothing keeps nobody for ever. */
TEST(who_waits_for_a_pager_that_lets_go_of_nothing_is_told_so)
{
    unsigned returned = 0;

    paged_map(&paged, pager, writer, LARGE * PAGE);
    assert_in_range(store_to(&paged, writer, LARGE, true, &returned), 1000,
                    LARGE - 1);
    assert_true(user_blocked(writer) && !world_thread_is_dead(writer));
    sim_advance_ms(PATIENCE / 2);
    assert_false(world_thread_is_dead(writer));
    sim_advance_ms(2 * PATIENCE);
    assert_true(world_thread_is_dead(writer));
}

/* Nor does a user's, which is not waited for at all. */
TEST(what_users_pagers_keep_is_not_waited_for)
{
    struct user *keeper = user_create("keeper"), *hog = user_create("hog");
    struct paged theirs;
    unsigned kept = 0, returned = 0;

    user_be(keeper);
    assert_ok(task_set_account(user_host_priv(keeper), keeper->self, USER));
    user_be(hog);
    assert_ok(task_set_account(user_host_priv(hog), hog->self, USER));
    paged_map(&theirs, keeper, hog, LARGE * PAGE);
    paged_map(&paged, pager, writer, LARGE * PAGE);
    assert_in_range(store_to(&theirs, hog, MANY, true, &kept), 1000, MANY);
    for (unsigned round = 0; round < 2; round++) {
        assert_int_equal(store_to(&paged, writer, LARGE, false, &returned),
                         LARGE);
        while (serve(&theirs, true, &kept))
            continue;
    }
    assert_in_range(kept, SENT_MAX, LARGE);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_copy_that_is_being_made_is_not_taken_away),
        T(what_was_written_goes_back_though_its_writer_is_at_the_limit),
        T(a_thread_that_gives_back_its_stack_does_not_return),
        T(who_stores_waits_for_what_is_being_written_back),
        T(what_users_pagers_keep_is_not_waited_for),
        T(who_waits_for_a_pager_that_lets_go_of_nothing_is_told_so),
    };

    return cmocka_run_group_tests_name("short", tests, NULL, NULL);
}
