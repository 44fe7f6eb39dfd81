/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/futex.c: futexes are gsync's.
 *
 * Most wake-ups find nobody waiting.  So that those need no message, the task
 * counts its waiters by address; memory shared with other tasks cannot be
 * counted so, and always asks the kernel.
 */
#include "personality/clock.h"
#include "personality/futex.h"
#include "personality/mach.h"
#include <lib/mach/mig_support.h>
#include "personality/rpc.h"
#include "personality/syscalls.h"
#include "personality/user.h"

#include <linux/futex.h>
#include <time.h>

#define GSYNC_SHARED    1
#define GSYNC_TIMED     4
#define GSYNC_BROADCAST 8
#define BUCKETS         64
#define GSYNC_WAKE      4205
#define GSYNC_REQUEUE   4206

static uint32_t waiting[BUCKETS];
/* Somebody was moved to another word than the one that counts him. */
static bool moved;

static uint32_t *futex_bucket(uint64_t address)
{
    return &waiting[(address >> 2 ^ address >> 12) % BUCKETS];
}

/* Milliseconds from now until TIME, 0 if it is past, rounded up. */
static uint32_t futex_timeout(const struct timespec *time, bool absolute,
                              bool realtime)
{
    int64_t ns = clock_timespec_ns(time);

    if (absolute)
        ns -= realtime ? clock_realtime_ns() : clock_monotonic_ns();
    if (ns <= 0)
        return 0;
    ns = (ns + 999999) / 1000000;
    return ns > 0x7fffffff ? 0x7fffffff : (uint32_t)ns;
}

static long futex_wait(uint64_t address, uint32_t value, bool private,
                       const struct timespec *user_time, bool absolute,
                       bool realtime)
{
    struct timespec time;
    uint32_t timeout_ms = 0, now;
    uint32_t *bucket = futex_bucket(address);
    int flags = (private ? 0 : GSYNC_SHARED) | (user_time ? GSYNC_TIMED : 0);

    if (user_time) {
        time = *user_time;
        if (!clock_timespec_valid(&time))
            return -EINVAL;
        timeout_ms = futex_timeout(&time, absolute, realtime);
    }
    /* Counted before the word is compared: who changes it then looks here. */
    __atomic_add_fetch(bucket, 1, __ATOMIC_SEQ_CST);
    kern_return_t kr =
        user_copy(&now, (const void *)address, sizeof now)
            ? KERN_INVALID_ADDRESS
        : now != value ? KERN_INVALID_ARGUMENT
                       : ABANDONABLE(gsync_wait(mach_task_self(), address,
                                                value, 0, timeout_ms, flags));
    __atomic_sub_fetch(bucket, 1, __ATOMIC_SEQ_CST);
    if (kr == KERN_INVALID_ARGUMENT)
        return -EAGAIN;
    if (kr == KERN_INVALID_ADDRESS)
        return -EFAULT;
    return linux_error(kr);
}

/* gsync_wake, or gsync_requeue if TO is not 0, that tells how many it met. */
static long gsync_counted(uint64_t address, uint64_t to, int flags)
{
    static const mach_msg_type_t truth = {.msgt_name = MACH_MSG_TYPE_BOOLEAN,
                                          .msgt_size = 32,
                                          .msgt_number = 1,
                                          .msgt_inline = 1},
                                 word = {.msgt_name = MACH_MSG_TYPE_INTEGER_32,
                                         .msgt_size = 32,
                                         .msgt_number = 1,
                                         .msgt_inline = 1},
                                 wide = {.msgt_name = MACH_MSG_TYPE_INTEGER_64,
                                         .msgt_size = 64,
                                         .msgt_number = 1,
                                         .msgt_inline = 1};
    struct {
        mach_msg_header_t header;
        struct {
            mach_msg_type_t type;
            uint64_t value;
        } items[4];
        char room[64];
    } call = {.items = {{wide, address}, {to ? wide : word, to}, {truth, 0}}};
    unsigned count = to ? 4 : 3;

    call.items[count - 1].type = word;
    call.items[count - 1].value = (uint32_t)flags;
    call.header = (mach_msg_header_t){
        .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND,
                                    MACH_MSG_TYPE_MAKE_SEND_ONCE),
        .msgh_remote_port = mach_task_self(),
        .msgh_local_port = mig_get_reply_port(),
        .msgh_id = to ? GSYNC_REQUEUE : GSYNC_WAKE};
    if (mach_msg(
            &call.header, MACH_SEND_MSG | MACH_RCV_MSG,
            (mach_msg_size_t)(sizeof call.header + count * sizeof *call.items),
            sizeof call, call.header.msgh_local_port, 0, MACH_PORT_NULL) ||
        (int)call.items[0].value)
        return 0;
    return (int)call.items[1].value;
}

long futex_wake(uint64_t address, uint32_t count, bool private)
{
    int flags = private ? 0 : GSYNC_SHARED;
    long woken = 0;

    if (private && !moved &&
        !__atomic_load_n(futex_bucket(address), __ATOMIC_SEQ_CST))
        return 0;
    if (count >= INT32_MAX)
        return gsync_counted(address, 0, flags | GSYNC_BROADCAST);
    while ((uint32_t)woken < count && gsync_counted(address, 0, flags))
        woken++;
    return woken;
}

static long futex_requeue(struct frame *frame, bool private, bool compare)
{
    uint64_t from = ARG1(frame), to = ARG5(frame);
    int32_t wake = (int32_t)ARG3(frame), move = (int32_t)ARG4(frame);
    int flags = private ? 0 : GSYNC_SHARED;
    long done = 0;

    if (wake < 0 || move < 0 || to & 3)
        return -EINVAL;
    if (compare && __atomic_load_n((uint32_t *)from, __ATOMIC_SEQ_CST) !=
                       (uint32_t)ARG6(frame))
        return -EAGAIN;
    done = futex_wake(from, (uint32_t)wake, private);
    if (done < wake || from == to)
        return done;
    moved = true;
    if (move == INT32_MAX)
        return done + gsync_counted(from, to, flags | GSYNC_BROADCAST);
    while (move-- > 0 && gsync_counted(from, to, flags))
        done++;
    return done;
}

static int sign_extend_12(uint32_t value)
{
    return (int)(value << 20) >> 20;
}

/* The word at ADDRESS changed as KIND and ARG say; what it was. */
static long wake_op_change(uint32_t *word, uint32_t kind, uint32_t arg,
                           uint32_t *was)
{
    uint32_t old = __atomic_load_n(word, __ATOMIC_SEQ_CST), new;

    do
        new = kind == FUTEX_OP_SET    ? arg
              : kind == FUTEX_OP_ADD  ? old + arg
              : kind == FUTEX_OP_OR   ? old | arg
              : kind == FUTEX_OP_ANDN ? old & ~arg
                                      : old ^ arg;
    while (!__atomic_compare_exchange_n(word, &old, new, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    *was = old;
    return 0;
}

static bool wake_op_test(uint32_t test, int a, int b)
{
    switch (test) {
    case FUTEX_OP_CMP_EQ:
        return a == b;
    case FUTEX_OP_CMP_NE:
        return a != b;
    case FUTEX_OP_CMP_LT:
        return a < b;
    case FUTEX_OP_CMP_LE:
        return a <= b;
    case FUTEX_OP_CMP_GT:
        return a > b;
    default:
        return a >= b;
    }
}

static long futex_wake_op(struct frame *frame, bool private)
{
    uint32_t op = (uint32_t)ARG6(frame), old;
    uint32_t *word = (uint32_t *)ARG5(frame);
    uint32_t kind = op >> 28, test = op >> 24 & 0xf;
    int arg = sign_extend_12(op >> 12), compare = sign_extend_12(op);

    if ((uint64_t)word & 3)
        return -EINVAL;
    if ((kind & 7) > FUTEX_OP_XOR || test > FUTEX_OP_CMP_GE)
        return -ENOSYS;
    if (kind & FUTEX_OP_OPARG_SHIFT)
        arg = (int)(1u << (arg & 31));
    wake_op_change(word, kind & 7, (uint32_t)arg, &old);
    long woken = futex_wake(ARG1(frame), (uint32_t)ARG3(frame), private);
    if (wake_op_test(test, (int)old, compare))
        woken += futex_wake((uint64_t)word, (uint32_t)ARG4(frame), private);
    return woken;
}

/* Which bits somebody waits with nobody keeps: to wake one too many is
 * allowed, as every waiter looks at its word again. */
static long futex_wake_bits(uint64_t address, uint32_t count, uint32_t bits,
                            bool private)
{
    if (!bits)
        return -EINVAL;
    return futex_wake(address, bits == FUTEX_BITSET_MATCH_ANY ? count : ~0u,
                      private);
}

/* Linux wakes one at least. */
static uint32_t futex_count(uint64_t count)
{
    return (int32_t)count < 1 ? 1 : (uint32_t)count;
}

/* What is private need not be there to be woken. */
static long futex_check(uint64_t address, bool private)
{
    uint32_t word;

    if (address & 3)
        return -EINVAL;
    if (address >= PLATFORM_USER_CODE_LIMIT ||
        (!private && user_copy(&word, (const void *)address, sizeof word)))
        return -EFAULT;
    return 0;
}

long sys_futex(struct frame *frame)
{
    int op = (int)ARG2(frame) & FUTEX_CMD_MASK;
    bool private = ARG2(frame) & FUTEX_PRIVATE_FLAG;
    bool realtime = ARG2(frame) & FUTEX_CLOCK_REALTIME;
    const struct timespec *time = (const struct timespec *)ARG4(frame);

    if (realtime && op != FUTEX_WAIT && op != FUTEX_WAIT_BITSET)
        return -ENOSYS;
    long error = futex_check(ARG1(frame), private);
    if (error)
        return error;
    switch (op) {
    case FUTEX_WAIT:
        return futex_wait(ARG1(frame), (uint32_t)ARG3(frame), private, time,
                          false, false);
    case FUTEX_WAIT_BITSET:
        if (!(uint32_t)ARG6(frame))
            return -EINVAL;
        return futex_wait(ARG1(frame), (uint32_t)ARG3(frame), private, time,
                          true, realtime);
    case FUTEX_WAKE:
        return futex_wake(ARG1(frame), futex_count(ARG3(frame)), private);
    case FUTEX_WAKE_BITSET:
        return futex_wake_bits(ARG1(frame), futex_count(ARG3(frame)),
                               (uint32_t)ARG6(frame), private);
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
        return futex_requeue(frame, private, op == FUTEX_CMP_REQUEUE);
    case FUTEX_WAKE_OP:
        return futex_wake_op(frame, private);
    default: /* priorities are nobody's here, and not inherited */
        return -ENOSYS;
    }
}
