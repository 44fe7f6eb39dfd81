/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who pays for what the kernel keeps, and what happens at the limits. */
#include "world.h"

#include "account_user.h"
#include "gnumach_user.h"
#include "mach_port_user.h"
#include "mach_user.h"

#define PAGE     4096ul
#define EVERYONE (~0u)
#define SYSTEM   0
/* Small numbers that nobody's loop below reaches without a limit. */
#define MANY 1000000

#define TRAP_HOST_SELF (-29)

static struct user *hog, *other;

struct usage {
    uint64_t bytes, pages, tasks, threads;
};

static struct usage ask(unsigned number, bool limits)
{
    struct user *before = user_current();
    struct usage usage = {0};

    user_be(other);
    assert_ok(account_info(user_host_priv(other), number, limits, &usage.bytes,
                           &usage.pages, &usage.tasks, &usage.threads));
    user_be(before);
    return usage;
}

static void move(struct user *user, unsigned number)
{
    user_be(user);
    assert_ok(task_set_account(user_host_priv(user), user->self, number));
}

static int setup(void **state)
{
    world_setup(state);
    other = user_create("other");
    hog = user_create("hog");
    move(hog, 7);
    return 0;
}

static mach_port_t new_port(struct user *user)
{
    mach_port_t name = MACH_PORT_NULL;

    assert_ok(mach_port_allocate(user->self, MACH_PORT_RIGHT_RECEIVE, &name));
    return name;
}

/* --- limits ------------------------------------------------------------------ */

TEST(ports_end_at_the_limit_and_others_have_theirs)
{
    mach_port_t name;
    int n = 0, kr;

    while ((kr = mach_port_allocate(hog->self, MACH_PORT_RIGHT_RECEIVE,
                                    &name)) == KERN_SUCCESS &&
           n < MANY)
        n++;
    assert_int_equal(kr, KERN_RESOURCE_SHORTAGE);
    assert_true(n > 1000);
    assert_true(ask(7, false).bytes <= ask(7, true).bytes);
    user_be(other);
    new_port(other);
    /* And when some are gone there is room again. */
    user_be(hog);
    for (int i = 0; i < 100; i++)
        assert_ok(mach_port_destroy(hog->self, name - (unsigned)i - 1));
    new_port(hog);
}

TEST(sparse_names_cost_what_they_need_and_give_it_back)
{
    struct usage before = ask(7, false);
    int n = 0, kr;

    while ((kr = mach_port_allocate_name(hog->self, MACH_PORT_RIGHT_DEAD_NAME,
                                         0x10000u + 0x1003u * (unsigned)n)) ==
               KERN_SUCCESS &&
           n < MANY)
        n++;
    assert_int_equal(kr, KERN_RESOURCE_SHORTAGE);
    while (n--)
        assert_ok(
            mach_port_deallocate(hog->self, 0x10000u + 0x1003u * (unsigned)n));
    /* But for the few levels of the tree's root. */
    assert_true(ask(7, false).bytes < before.bytes + 4096);
}

/* Fills queues of new ports until something says no. */
static int fill_queues(mach_port_t *first, int *sent)
{
    int mr = MACH_MSG_SUCCESS;

    *first = MACH_PORT_NULL;
    for (*sent = 0; mr == MACH_MSG_SUCCESS && *sent < MANY; ++*sent) {
        mach_port_t port = MACH_PORT_NULL;
        if (*sent % 5 == 0 &&
            mach_port_allocate(hog->self, MACH_PORT_RIGHT_RECEIVE, &port) !=
                KERN_SUCCESS)
            return KERN_RESOURCE_SHORTAGE;
        if (*sent == 0)
            *first = port;
        if (port != MACH_PORT_NULL)
            assert_ok(mach_port_insert_right(hog->self, port, port,
                                             MACH_MSG_TYPE_MAKE_SEND));
        mr =
            send_simple(*first + (unsigned)(*sent / 5), MACH_MSG_TYPE_COPY_SEND,
                        100 + *sent, MACH_SEND_TIMEOUT, 0);
    }
    return mr;
}

TEST(queued_messages_end_at_the_limit_and_none_is_lost)
{
    mach_port_t first;
    int sent, kr = fill_queues(&first, &sent);

    assert_true(kr == MACH_SEND_NO_BUFFER || kr == KERN_RESOURCE_SHORTAGE);
    for (int i = 0; i < sent - 1; i++)
        assert_int_equal(receive_id(first + (unsigned)(i / 5)), 100 + i);
}

/* One port, and send-once rights, which no queue's limit holds up. */
static int fill_by_send_once(mach_port_t port, int *sent)
{
    int mr = MACH_MSG_SUCCESS;

    for (*sent = 0; *sent < MANY; ++*sent) {
        mr = send_simple(port, MACH_MSG_TYPE_MAKE_SEND_ONCE, 100 + *sent, 0, 0);
        if (mr != MACH_MSG_SUCCESS)
            break;
    }
    return mr;
}

TEST(who_is_at_the_limit_can_still_talk_to_the_kernel_and_to_who_listens)
{
    mach_port_t port = new_port(hog), server, remote, name;
    struct message m;
    int sent;

    user_be(other);
    server = new_port(other);
    remote = world_give(other, server, MACH_MSG_TYPE_MAKE_SEND, hog);
    user_be(hog);
    assert_int_equal(fill_by_send_once(port, &sent), MACH_SEND_NO_BUFFER);
    /* Nobody listens: not taken in. */
    assert_int_equal(send_simple(remote, MACH_MSG_TYPE_COPY_SEND, 1, 0, 0),
                     MACH_SEND_NO_BUFFER);
    user_be(other);
    assert_int_equal(receive(server, &m, 0, 0), WORLD_BLOCKED);
    user_be(hog);
    assert_ok(send_simple(remote, MACH_MSG_TYPE_COPY_SEND, 2, 0, 0));
    assert_ok(world_finish(other, &m.head, sizeof m));
    assert_int_equal(m.head.msgh_id, 2);
    /* The kernel's answer is an error, not silence; giving back works. */
    assert_int_equal(
        mach_port_allocate(hog->self, MACH_PORT_RIGHT_RECEIVE, &name),
        KERN_RESOURCE_SHORTAGE);
    for (int i = 0; i < sent; i++)
        assert_int_equal(receive_id(port), 100 + i);
    new_port(hog);
}

TEST(answers_that_nobody_fetches_end_at_the_limit)
{
    mach_msg_header_t head = {
        .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND,
                                    MACH_MSG_TYPE_MAKE_SEND_ONCE),
        .msgh_size = sizeof head,
        .msgh_remote_port = hog->self,
        .msgh_local_port = new_port(hog),
        .msgh_id = 999999, /* no routine: an error comes back */
    };
    int n, mr = MACH_MSG_SUCCESS;

    for (n = 0; mr == MACH_MSG_SUCCESS && n < MANY; n++)
        mr = mach_msg(&head, MACH_SEND_MSG, sizeof head, 0, 0, 0, 0);
    assert_int_equal(mr, MACH_SEND_NO_BUFFER);
    assert_true(ask(7, false).bytes < ask(7, true).bytes + PAGE);
}

/* Nor those that come when nobody is being served. */
TEST(late_answers_that_nobody_fetches_end_at_the_limit)
{
    vm_address_t word = world_allocate(PAGE);
    int n, mr = WORLD_BLOCKED;

    world_set_word(word, 3);
    world_send_only = true;
    for (n = 0; mr == WORLD_BLOCKED && n < MANY / 10; n++) {
        mr = gsync_wait(hog->self, word, 3, 0, 1, 4 /* timed */);
        sim_advance_ms(2);
    }
    world_send_only = false;
    assert_int_equal(mr, MACH_SEND_NO_BUFFER);
    assert_true(ask(7, false).bytes < ask(7, true).bytes + PAGE);
}

static void end_hog(void)
{
    user_kill(hog);
    while (sim_work())
        continue;
}

/* HOG waits for a word of OF's, named TASK by him, and ends. */
static void wait_and_end(struct user *of, task_t task)
{
    vm_address_t word;

    user_be(of);
    word = world_allocate(PAGE);
    world_set_word(word, 3);
    user_be(hog);
    world_send_only = true;
    for (int i = 0; i < 100; i++)
        gsync_wait(task, word, 3, 0, 0, 0);
    world_send_only = false;
    assert_true(ask(7, false).bytes > 100 * 200);
    end_hog();
    /* The test still holds the dead task and thread. */
    assert_true(ask(7, false).bytes < 100 * 100);
}

TEST(who_waited_for_his_own_word_leaves_nothing)
{
    wait_and_end(hog, hog->self);
}

TEST(who_waited_for_anothers_word_leaves_nothing)
{
    wait_and_end(other,
                 world_give(other, other->self, MACH_MSG_TYPE_COPY_SEND, hog));
}

TEST(who_waits_for_a_word_of_a_task_that_ends_is_told)
{
    task_t task = world_give(hog, hog->self, MACH_MSG_TYPE_COPY_SEND, other);
    vm_address_t word;
    mig_reply_header_t answer;

    user_be(hog);
    word = world_allocate(PAGE);
    world_set_word(word, 3);
    user_be(other);
    world_send_only = true;
    gsync_wait(task, word, 3, 0, 0, 0);
    world_send_only = false;
    end_hog();
    user_be(other);
    assert_ok(mach_msg(&answer.Head, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0,
                       sizeof answer, other->reply_port, 0, 0));
    assert_int_equal(answer.RetCode, KERN_INVALID_TASK);
}

TEST(a_dead_names_notice_comes_even_at_the_limit)
{
    mach_port_t notify = new_port(hog), port, remote, previous, fill;
    int sent;

    user_be(other);
    port = new_port(other);
    remote = world_give(other, port, MACH_MSG_TYPE_MAKE_SEND, hog);
    user_be(hog);
    fill = new_port(hog);
    assert_ok(mach_port_request_notification(
        hog->self, remote, MACH_NOTIFY_DEAD_NAME, 0, notify,
        MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous));
    assert_int_equal(fill_by_send_once(fill, &sent), MACH_SEND_NO_BUFFER);
    user_be(other);
    assert_ok(mach_port_destroy(other->self, port));
    user_be(hog);
    assert_int_equal(receive_id(notify), MACH_NOTIFY_DEAD_NAME);
}

/* --- families ------------------------------------------------------------------- */

TEST(a_familys_tasks_are_counted_together)
{
    mach_port_t tasks[MANY / 1000], parent = hog->self;
    struct usage limit = ask(7, true);
    unsigned n = 0;
    int kr;

    /* Each is the last one's child. */
    while (n < MANY / 1000 &&
           (kr = task_create(parent, 0, &tasks[n])) == KERN_SUCCESS)
        parent = tasks[n++];
    assert_int_equal(kr, KERN_RESOURCE_SHORTAGE);
    assert_int_equal(n + 1, limit.tasks);
    assert_int_equal(ask(7, false).tasks, limit.tasks);
    user_be(other);
    assert_ok(task_create(other->self, 0, &parent));
    user_be(hog);
    assert_ok(task_terminate(tasks[0]));
    assert_ok(task_create(hog->self, 0, &parent));
}

TEST(threads_end_at_the_limit)
{
    mach_port_t thread;
    int n = 0, kr;

    while ((kr = thread_create(hog->self, &thread)) == KERN_SUCCESS && n < MANY)
        n++;
    assert_int_equal(kr, KERN_RESOURCE_SHORTAGE);
    assert_true((uint64_t)n < ask(7, true).threads);
    assert_ok(thread_terminate(thread));
    assert_ok(thread_create(hog->self, &thread));
}

/* Fills what there is to fill, and ends. */
static struct usage live_and_die(void)
{
    mach_port_t first;
    int sent;

    hog = user_create("hog");
    move(hog, 7);
    fill_queues(&first, &sent);
    assert_true(sent > 1000);
    user_kill(hog);
    return ask(EVERYONE, false);
}

TEST(what_a_family_had_is_there_again_when_it_is_gone)
{
    struct usage before, after;

    user_kill(hog);
    before = live_and_die(); /* what the kernel keeps for itself it has now */
    after = live_and_die();
    /* The test still holds the dead task and thread. */
    assert_true(after.bytes < before.bytes + PAGE);
    assert_int_equal(after.pages, before.pages);
    assert_int_equal(after.tasks, before.tasks);
    assert_int_equal(after.threads, before.threads);
}

TEST(a_task_takes_what_it_has_along_to_another_account)
{
    uint64_t address = world_allocate(4 * PAGE);
    struct usage had, system = ask(SYSTEM, false);

    for (int i = 0; i < 4; i++)
        world_poke(address + (uint64_t)i * PAGE, "x", 1);
    had = ask(7, false);
    assert_true(had.bytes > 0 && had.pages >= 4 && had.tasks == 1);
    move(hog, 8);
    assert_int_equal(ask(8, false).pages, had.pages);
    assert_int_equal(ask(8, false).tasks, 1);
    move(hog, SYSTEM);
    assert_int_equal(ask(SYSTEM, false).pages, system.pages + had.pages);
}

TEST(a_child_is_paid_for_by_who_pays_for_its_parent)
{
    mach_port_t none = new_port(hog);
    natural_t number;
    task_t child;

    assert_ok(
        mach_port_insert_right(hog->self, none, none, MACH_MSG_TYPE_MAKE_SEND));
    assert_ok(task_create(hog->self, 0, &child));
    assert_ok(task_get_account(user_host_priv(hog), child, &number));
    assert_int_equal(number, 7);
    move(hog, SYSTEM);
    assert_ok(task_get_account(user_host_priv(hog), child, &number));
    assert_int_equal(number, 7);
    assert_ok(task_get_account(user_host_priv(hog), hog->self, &number));
    assert_int_equal(number, 0);
    assert_int_equal(task_get_account(user_host_priv(hog), none, &number),
                     KERN_INVALID_ARGUMENT);
}

TEST(only_the_privileged_port_moves_a_task)
{
    mach_port_t host = (mach_port_t)world_trap(TRAP_HOST_SELF, 0, 0, 0);

    natural_t number;

    assert_int_equal(task_set_account(host, hog->self, 0), KERN_INVALID_HOST);
    assert_int_equal(ask(7, false).tasks, 1);
    assert_int_equal(task_get_account(host, hog->self, &number),
                     KERN_INVALID_HOST);
}

/* --- memory --------------------------------------------------------------------- */

TEST(a_user_cannot_have_the_last_pages)
{
    uint64_t limit = ask(7, true).pages, n = 0;
    vm_address_t address = 0;
    char x = 1;

    assert_ok(vm_allocate(hog->self, &address, MANY * PAGE, 1));
    while (n < limit + 1 && sim_write(hog->thread, address + n * PAGE, &x, 1))
        n++;
    assert_true(n < limit);
    assert_true(world_thread_is_dead(hog)); /* memory that is not there */
    user_be(other);
    address = world_allocate(64 * PAGE);
    for (n = 0; n < 64; n++)
        world_poke(address + n * PAGE, &x, 1);
}

static int send_memory(mach_port_t to, uint64_t address, size_t size)
{
    struct {
        mach_msg_header_t head;
        mach_msg_type_t type;
        uint64_t address;
    } m = {.head = {.msgh_bits = MACH_MSGH_BITS_COMPLEX |
                                 MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                    .msgh_size = sizeof m,
                    .msgh_remote_port = to},
           .type = {.msgt_name = MACH_MSG_TYPE_BYTE,
                    .msgt_size = 8,
                    .msgt_number = (unsigned)size},
           .address = address};

    return mach_msg(&m.head, MACH_SEND_MSG, sizeof m, 0, 0, 0, 0);
}

TEST(received_memory_is_the_receivers)
{
    mach_port_t port = new_port(hog), remote;
    uint64_t address, hogs = ask(7, false).pages;
    struct message m;

    remote = world_give(hog, port, MACH_MSG_TYPE_MAKE_SEND, other);
    user_be(other);
    address = world_allocate(PAGE);
    world_poke(address, "x", 1);
    for (int i = 0; i < 3; i++)
        assert_ok(send_memory(remote, address, 4095));
    user_be(hog);
    for (int i = 0; i < 3; i++)
        assert_ok(receive(port, &m, 0, 0));
    assert_int_equal(ask(7, false).pages, hogs + 3);
}

/* --- whose turn it is -------------------------------------------------------------- */

static mach_port_t new_member(mach_port_t set)
{
    mach_port_t port = new_port(other);

    assert_ok(mach_port_insert_right(other->self, port, port,
                                     MACH_MSG_TYPE_MAKE_SEND));
    assert_ok(mach_port_move_member(other->self, port, set));
    return port;
}

static void send_some(mach_port_t to, int first, int count)
{
    for (int i = 0; i < count; i++)
        assert_ok(send_simple(to, MACH_MSG_TYPE_COPY_SEND, first + i, 0, 0));
}

TEST(a_users_messages_to_a_server_come_later_but_come)
{
    static const int order[] = {101, 102, 103, 104, 105, 106, 107,
                                1,   108, 109, 110, 2,   3};
    mach_port_t set, theirs, remote;

    user_be(other);
    assert_ok(mach_port_allocate(other->self, MACH_PORT_RIGHT_PORT_SET, &set));
    theirs = new_member(set);
    remote = world_give(other, theirs, MACH_MSG_TYPE_MAKE_SEND, hog);
    user_be(hog);
    send_some(remote, 1, 5);
    user_be(other);
    send_some(new_member(set), 101, 5);
    send_some(new_member(set), 106, 5);
    for (unsigned i = 0; i < sizeof order / sizeof *order; i++)
        assert_int_equal(receive_id(set), order[i]);
    /* What is left goes with the port. */
    assert_ok(mach_port_move_member(other->self, theirs, MACH_PORT_NULL));
    assert_int_equal(receive_id(theirs), 4);
    assert_ok(mach_port_move_member(other->self, theirs, set));
    assert_int_equal(receive_id(set), 5);
}

/* --- the host's mappings ----------------------------------------------------------- */

#define FEW 64

static int setup_few_mappings(void **state)
{
    world_start();
    sim_limit_mappings(FEW);
    world_boot();
    other = user_create("other");
    hog = user_create("hog");
    user_be(hog);
    return 0;
}

TEST(more_places_than_the_host_has_mappings_are_all_there)
{
    vm_address_t at[4 * FEW];

    /* Islands of one page, far apart; sim ends a kernel that maps too many. */
    for (uint64_t i = 0; i < 4 * FEW; i++) {
        at[i] = 0x10000000ul + i * 64 * PAGE;
        assert_ok(vm_allocate(hog->self, &at[i], PAGE, 0));
        world_poke(at[i], &i, sizeof i);
    }
    for (uint64_t i = 0; i < 4 * FEW; i++) {
        uint64_t value = ~0ul;
        world_peek(at[i], &value, sizeof value);
        assert_int_equal(value, i);
    }
}

TEST(a_range_protected_in_stripes_needs_no_more_mappings_than_there_are)
{
    vm_address_t address = 0;
    uint64_t value;

    assert_ok(vm_allocate(hog->self, &address, 4 * FEW * PAGE, 1));
    for (uint64_t i = 0; i < 4 * FEW; i++)
        world_poke(address + i * PAGE, &i, sizeof i);
    for (uint64_t i = 0; i < 4 * FEW; i += 2)
        assert_ok(
            vm_protect(hog->self, address + i * PAGE, PAGE, 0, VM_PROT_READ));
    assert_true(sim_mapping_count(hog->thread->task) <= FEW);
    for (uint64_t i = 0; i < 4 * FEW; i++) {
        world_peek(address + i * PAGE, &value, sizeof value);
        assert_int_equal(value, i);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
#define F(name)                                                                \
    cmocka_unit_test_setup_teardown(name, setup_few_mappings, world_teardown)
    const struct CMUnitTest tests[] = {
        T(ports_end_at_the_limit_and_others_have_theirs),
        T(sparse_names_cost_what_they_need_and_give_it_back),
        T(queued_messages_end_at_the_limit_and_none_is_lost),
        T(who_is_at_the_limit_can_still_talk_to_the_kernel_and_to_who_listens),
        T(answers_that_nobody_fetches_end_at_the_limit),
        T(late_answers_that_nobody_fetches_end_at_the_limit),
        T(a_dead_names_notice_comes_even_at_the_limit),
        T(a_familys_tasks_are_counted_together),
        T(threads_end_at_the_limit),
        T(what_a_family_had_is_there_again_when_it_is_gone),
        T(a_task_takes_what_it_has_along_to_another_account),
        T(who_waited_for_his_own_word_leaves_nothing),
        T(who_waited_for_anothers_word_leaves_nothing),
        T(who_waits_for_a_word_of_a_task_that_ends_is_told),
        T(a_child_is_paid_for_by_who_pays_for_its_parent),
        T(only_the_privileged_port_moves_a_task),
        T(a_user_cannot_have_the_last_pages),
        T(received_memory_is_the_receivers),
        T(a_users_messages_to_a_server_come_later_but_come),
        F(more_places_than_the_host_has_mappings_are_all_there),
        F(a_range_protected_in_stripes_needs_no_more_mappings_than_there_are),
    };

    return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
