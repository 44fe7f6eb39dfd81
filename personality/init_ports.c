/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/init_ports.c: what others may read of the process by its message
 * port, as `ps' and debuggers do, in msg.defs's layout. */
#include "personality/init_ports.h"
#include "personality/fd.h"
#include "personality/mach.h"
#include "personality/received.h"
#include "personality/unix.h"

#include "hurd/errors.h"

#include <lib/mach/mig_support.h>

#define GET_INIT_PORT    23004
#define GET_INIT_PORTS   23006
#define GET_INIT_INT     23008
#define GET_FD           23014
#define GET_ENVIRONMENT  23016
#define GET_ENV_VARIABLE 23018
#define REPORT_WAIT      23023
#define REPLY            100

#define STRING_SIZE 1024

struct get_request {
    mach_msg_header_t header;
    mach_msg_type_t type;
    mach_port_t right;
    mach_msg_type_t which_type;
    int which, pad;
};

struct get_reply {
    mach_msg_header_t header;
    mach_msg_type_t result_type;
    kern_return_t result;
    int pad;
    mach_msg_type_t type;
    union {
        uint64_t ports[INIT_PORT_MAX];
        int number;
        struct {
            char text[STRING_SIZE];
            mach_msg_type_t id_type;
            int id, id_pad;
        };
    };
};

static const mach_msg_type_t integer_type = {.msgt_name =
                                                 MACH_MSG_TYPE_INTEGER_32,
                                             .msgt_size = 32,
                                             .msgt_number = 1,
                                             .msgt_inline = 1};

/* What an answer lends until it has been sent. */
struct lent {
    struct file *file;
};

static void set_value(struct get_reply *reply, mach_msg_type_t type,
                      size_t size_bytes)
{
    reply->type = type;
    reply->type.msgt_inline = 1;
    reply->header.msgh_size =
        offsetof(struct get_reply, ports) + ((size_bytes + 7) & ~(size_t)7);
}

static void set_ports(struct get_reply *reply, unsigned count, bool array)
{
    set_value(reply,
              (mach_msg_type_t){.msgt_name = MACH_MSG_TYPE_COPY_SEND,
                                .msgt_size = 64,
                                .msgt_longform = array,
                                .msgt_number = count},
              count * sizeof reply->ports[0]);
    reply->header.msgh_bits |= MACH_MSGH_BITS_COMPLEX;
}

/* --- rights and numbers ---------------------------------------------------- */

static mach_port_t init_port(int which)
{
    switch (which) {
    case INIT_PORT_CWDIR:
        return unix_process.cwdir;
    case INIT_PORT_CRDIR:
        return unix_process.crdir;
    case INIT_PORT_AUTH:
        return unix_process.auth;
    case INIT_PORT_PROC:
        return unix_process.proc;
    case INIT_PORT_CTTYID:
        return unix_process.cttyid;
    default:
        return MACH_PORT_NULL; /* the bootstrap port is not kept */
    }
}

static kern_return_t get_port(const struct get_request *request,
                              struct get_reply *reply, struct lent *lent)
{
    if (request->which < 0 || request->which >= INIT_PORT_MAX)
        return HURD_EINVAL;
    reply->ports[0] = init_port(request->which);
    set_ports(reply, 1, false);
    return 0;
}

static kern_return_t get_ports(const struct get_request *request,
                               struct get_reply *reply, struct lent *lent)
{
    for (int i = 0; i < INIT_PORT_MAX; i++)
        reply->ports[i] = init_port(i);
    set_ports(reply, INIT_PORT_MAX, true);
    return 0;
}

static kern_return_t get_fd(const struct get_request *request,
                            struct get_reply *reply, struct lent *lent)
{
    lent->file = fd_get_any(request->which);
    if (!lent->file)
        return HURD_EBADF;
    reply->ports[0] = lent->file->port;
    set_ports(reply, 1, false);
    return 0;
}

static kern_return_t get_int(const struct get_request *request,
                             struct get_reply *reply, struct lent *lent)
{
    if (request->which != INIT_UMASK)
        return request->which < 0 || request->which >= INIT_INT_MAX
                   ? HURD_EINVAL
                   : HURD_EOPNOTSUPP;
    reply->number = (int)unix_process.umask;
    set_value(reply, integer_type, sizeof reply->number);
    return 0;
}

/* --- the environment ------------------------------------------------------- */

/* These calls say nothing of who asks, and anybody may have the port; what
 * proc tells of it, it tells those who may know. */
static kern_return_t get_environment(const struct get_request *request,
                                     struct get_reply *reply, struct lent *lent)
{
    return HURD_EPERM;
}

/* --- threads --------------------------------------------------------------- */

/* Where one waits is not known; which one serves the message port is, and is
 * what `ps' leaves out of account. */
static kern_return_t report_wait(const struct get_request *request,
                                 struct get_reply *reply, struct lent *lent)
{
    mach_port_t self = mach_thread_self();

    if (request->right == self)
        memcpy(reply->text, "msgport", sizeof "msgport");
    port_deallocate(self);
    reply->id_type = integer_type;
    set_value(reply,
              (mach_msg_type_t){.msgt_name = MACH_MSG_TYPE_STRING_C,
                                .msgt_size = 8,
                                .msgt_number = STRING_SIZE},
              sizeof *reply - offsetof(struct get_reply, text));
    reply->header.msgh_size = offsetof(struct get_reply, id_pad) + sizeof(int);
    return 0;
}

/* --- requests -------------------------------------------------------------- */

enum form { BY_RIGHT = 1, BY_THREAD, BY_NUMBER, BY_NOTHING };

static const struct routine {
    int id;
    enum form form;
    kern_return_t (*get)(const struct get_request *, struct get_reply *,
                         struct lent *);
} routines[] = {
    {GET_INIT_PORT, BY_NUMBER, get_port},
    {GET_INIT_PORTS, BY_RIGHT, get_ports},
    {GET_INIT_INT, BY_NUMBER, get_int},
    {GET_FD, BY_NUMBER, get_fd},
    {GET_ENVIRONMENT, BY_NOTHING, get_environment},
    {GET_ENV_VARIABLE, BY_NOTHING, get_environment},
    {REPORT_WAIT, BY_THREAD, report_wait},
};

static const struct routine *routine_for(const mach_msg_header_t *header)
{
    for (unsigned i = 0; i < sizeof routines / sizeof *routines; i++)
        if (routines[i].id == header->msgh_id)
            return &routines[i];
    return NULL;
}

static bool is_sound(const struct get_request *request, enum form form)
{
    const mach_msg_header_t *header = &request->header;
    const mach_msg_type_t *right[] = {&request->type};

    switch (form) {
    case BY_NUMBER:
        return received_rights(header, offsetof(struct get_request, pad), right,
                               1) &&
               request->which_type.msgt_name == MACH_MSG_TYPE_INTEGER_32;
    case BY_RIGHT:
    case BY_THREAD:
        return received_rights(header, offsetof(struct get_request, which_type),
                               right, 1);
    default:
        return !(header->msgh_bits & MACH_MSGH_BITS_COMPLEX);
    }
}

/* Who has the task port, or is authenticated as we are. */
static bool is_allowed(const struct get_request *request, enum form form)
{
    return (form != BY_NUMBER && form != BY_RIGHT) ||
           request->right == mach_task_self() ||
           request->right == unix_process.auth;
}

static kern_return_t answer(const struct get_request *request,
                            const struct routine *routine)
{
    mach_port_t to = request->header.msgh_remote_port;
    struct lent lent = {0};
    struct get_reply reply = {
        .header = {.msgh_bits = MACH_MSGH_BITS(
                       MACH_MSGH_BITS_REMOTE(request->header.msgh_bits), 0),
                   .msgh_remote_port = to,
                   .msgh_id = request->header.msgh_id + REPLY},
        .result_type = integer_type};
    kern_return_t kr = HURD_EPERM;

    /* The rights stay the process's until they have been copied. */
    lock_take(&unix_process.lock);
    if (is_allowed(request, routine->form))
        kr = routine->get(request, &reply, &lent);
    if (!kr && MACH_PORT_VALID(to))
        mach_msg_trap(&reply.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT,
                      reply.header.msgh_size, 0, MACH_PORT_NULL, 0,
                      MACH_PORT_NULL);
    lock_release(&unix_process.lock);
    if (lent.file)
        file_put(lent.file);
    return kr;
}

bool init_ports_are_asked(const mach_msg_header_t *header)
{
    return routine_for(header) != NULL;
}

kern_return_t init_ports_serve(const mach_msg_header_t *header)
{
    const struct get_request *request = (const void *)header;
    const struct routine *routine = routine_for(header);
    kern_return_t kr = MIG_BAD_ARGUMENTS;

    if (is_sound(request, routine->form))
        kr = answer(request, routine);
    received_drop(header);
    return kr;
}
