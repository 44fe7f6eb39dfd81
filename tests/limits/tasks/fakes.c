/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fakes KIND COUNT SECONDS: asks exec COUNT times at once to run a program, with one
 * port that is not what it ought to be, and stays for SECONDS.
 *
 * `file', `crdir', `auth', `proc' and `task' never answer; `nonsense' is all of
 * them by turns, and answers at once, but never what was asked for. */

#include <hurd/exec.h>
#include <hurd/libhurd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const roles[] = {"file", "crdir", "auth", "proc", "task"};
#define ROLES 5
static const mach_msg_type_name_t copy = MACH_MSG_TYPE_COPY_SEND;

static mach_port_t exec, fake;
static mach_port_t program, script; /* files */
static long asked, answered;        /* atomic */

static mach_port_t new_port(void)
{
    mach_port_t port = mach_reply_port();

    mach_port_insert_right(mach_task_self(), port, port,
                           MACH_MSG_TYPE_MAKE_SEND);
    return port;
}

/* --- nonsense ------------------------------------------------------------------- */

struct answer {
    mach_msg_header_t head;
    mach_msg_type_t code_type;
    int code, pad;
    union {
        struct {
            mach_msg_type_t type;
            uint64_t port;
        } ports[3];
        struct {
            mach_msg_type_long_t type;
            vm_address_t data;
        } memory;
        int words[64];
    };
};

static const mach_msg_type_t int_type = {.msgt_name = MACH_MSG_TYPE_INTEGER_32,
                                         .msgt_size = 32,
                                         .msgt_number = 1,
                                         .msgt_inline = TRUE};

static void add_ports(struct answer *answer)
{
    for (int i = 0; i < 3; i++) {
        answer->ports[i].type = (mach_msg_type_t){
            .msgt_name = i == 1 ? MACH_MSG_TYPE_MAKE_SEND_ONCE : copy,
            .msgt_size = 64,
            .msgt_number = 1,
            .msgt_inline = TRUE};
        answer->ports[i].port = fake;
    }
    answer->head.msgh_bits |= MACH_MSGH_BITS_COMPLEX;
    answer->head.msgh_size =
        offsetof(struct answer, ports) + sizeof answer->ports;
}

static void add_memory(struct answer *answer)
{
    answer->memory.type =
        (mach_msg_type_long_t){.msgtl_header = {.msgt_longform = TRUE},
                               .msgtl_name = MACH_MSG_TYPE_CHAR,
                               .msgtl_size = 8,
                               .msgtl_number = 1 << 20};
    answer->memory.data = 0;
    vm_allocate(mach_task_self(), &answer->memory.data, 1 << 20, TRUE);
    answer->memory.type.msgtl_header.msgt_deallocate = TRUE;
    answer->head.msgh_bits |= MACH_MSGH_BITS_COMPLEX;
    answer->head.msgh_size =
        offsetof(struct answer, memory) + sizeof answer->memory;
}

static void answer_nonsense(const mach_msg_header_t *request, unsigned how)
{
    struct answer answer = {
        .head = {.msgh_bits = MACH_MSGH_BITS(
                     MACH_MSGH_BITS_REMOTE(request->msgh_bits), 0),
                 .msgh_size = offsetof(struct answer, ports),
                 .msgh_remote_port = request->msgh_remote_port,
                 .msgh_id = request->msgh_id + (how % 7 == 6 ? 1 : 100)},
        .code_type = int_type};

    if (how % 7 == 1)
        answer.code = 0x40000000 | (int)(how % 200);
    else if (how % 7 == 2)
        answer.head.msgh_size = sizeof answer;
    else if (how % 7 == 3)
        add_ports(&answer);
    else if (how % 7 == 4)
        add_memory(&answer);
    else if (how % 7 == 5)
        answer.head.msgh_size = sizeof answer.head;
    mach_msg(&answer.head, MACH_SEND_MSG | MACH_SEND_TIMEOUT,
             answer.head.msgh_size, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

static void *serve(void *unused)
{
    static char room[65536];
    mach_msg_header_t *head = (mach_msg_header_t *)room;

    for (unsigned how = 0;; how++) {
        if (mach_msg(head, MACH_RCV_MSG, 0, sizeof room, fake, 0,
                     MACH_PORT_NULL))
            continue;
        if (head->msgh_remote_port != MACH_PORT_NULL)
            answer_nonsense(head, how);
    }
    return NULL;
}

/* --- asking --------------------------------------------------------------------- */

static void *ask(void *number)
{
    mach_port_t ports[INIT_PORT_MAX] = {0}, file = program, task;
    const char *role = NULL;
    long i = (long)number;

    role = roles[i % ROLES];
    if (task_create(mach_task_self(), FALSE, &task))
        return NULL;
    for (int p = 0; p < INIT_PORT_MAX; p++)
        ports[p] = hurd_get_port(p);
    if (!strcmp(role, "file")) {
        file = fake;
    } else if (!strcmp(role, "crdir")) {
        ports[INIT_PORT_CRDIR] = fake;
        file = script;
    } else if (!strcmp(role, "auth")) {
        ports[INIT_PORT_AUTH] = fake;
    } else if (!strcmp(role, "proc")) {
        ports[INIT_PORT_PROC] = fake;
    }
    __atomic_add_fetch(&asked, 1, __ATOMIC_SEQ_CST);
    exec_exec_paths(exec, file, copy, strcmp(role, "task") ? task : fake,
                    EXEC_NEWTASK, "/bin/true", "/bin/true", "true", 5, "", 0,
                    NULL, copy, 0, ports, copy, INIT_PORT_MAX, NULL, 0, NULL, 0,
                    NULL, 0);
    __atomic_add_fetch(&answered, 1, __ATOMIC_SEQ_CST);
    task_terminate(task);
    return NULL;
}

static error_t find_files(void)
{
    error_t err = hurd_lookup("/servers/exec", 0, 0, &exec);

    if (!err)
        err = hurd_lookup("/bin/true", HO_READ | HO_EXEC, 0, &program);
    if (!err)
        err = hurd_lookup("/tests/script", HO_READ | HO_EXEC, 0, &script);
    return err;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    long role = 0, made = 0;
    error_t err = find_files();

    if (argc < 4)
        return 2;
    if (err) {
        printf("fakes: %s\n", mach_error_string(err));
        return 1;
    }
    fake = new_port();
    while (role < ROLES && strcmp(roles[role], argv[1]))
        role++;
    if (role == ROLES && pthread_create(&thread, NULL, serve, NULL))
        return 1;
    for (long i = 0; i < atol(argv[2]); i++) {
        long which = role < ROLES ? role : i % ROLES;
        made += !pthread_create(&thread, NULL, ask, (void *)which);
    }
    thread_switch(MACH_PORT_NULL, 2, (unsigned)atoi(argv[3]) * 1000);
    printf("fakes: %s: %ld of %ld asked, %ld answered\n", argv[1], asked, made,
           answered);
    return 0;
}
