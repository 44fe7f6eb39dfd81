/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many of a server's threads each user gets, whatever others take. */
#include <ports/ports.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the above */
#include <cmocka.h>

#define LEAGUE 5
#define FIRST  1000u

pthread_mutex_t _ports_lock = PTHREAD_MUTEX_INITIALIZER;

static int take_all(uid_t user)
{
    int n = 0;

    while (_ports_enter_share(user))
        n++;
    return n;
}

static void give_back(uid_t user, int n)
{
    while (n-- > 0)
        _ports_leave_share(user);
}

static void one_user_gets_most_but_not_all(void **state)
{
    int n = take_all(FIRST);

    assert_in_range(n, 448 * 3 / 5, 448 * 2 / 3 + 1);
    assert_true(_ports_enter_share(FIRST + 1));
    _ports_leave_share(FIRST + 1);
    give_back(FIRST, n);
    assert_int_equal(take_all(FIRST), n);
    give_back(FIRST, n);
}

/* Each takes what he gets, the first ones first; then the next one comes. */
static void a_few_in_league_leave_something(void **state)
{
    int got[LEAGUE], all = 0;

    for (unsigned u = 0; u < LEAGUE; u++) {
        got[u] = take_all(FIRST + u);
        all += got[u];
        assert_true(got[u] >= 1);
    }
    assert_in_range(all, 440, 447);
    assert_true(_ports_enter_share(FIRST + LEAGUE));
    _ports_leave_share(FIRST + LEAGUE);
    for (unsigned u = 0; u < LEAGUE; u++)
        give_back(FIRST + u, got[u]);
}

static void root_is_never_refused(void **state)
{
    int n = take_all(FIRST);

    for (int i = 0; i < 10000; i++)
        assert_true(_ports_enter_share(0));
    give_back(FIRST, n);
}

static void a_small_server_is_shared_too(void **state)
{
    int before = ports_threads_max;

    ports_threads_max = 16; /* 14 for users */
    int n = take_all(FIRST), m = take_all(FIRST + 1);
    assert_in_range(n, 8, 11);
    assert_true(m >= 1 && n + m <= 14);
    give_back(FIRST, n);
    give_back(FIRST + 1, m);
    ports_threads_max = before;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_user_gets_most_but_not_all),
        cmocka_unit_test(a_few_in_league_leave_something),
        cmocka_unit_test(root_is_never_refused),
        cmocka_unit_test(a_small_server_is_shared_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
