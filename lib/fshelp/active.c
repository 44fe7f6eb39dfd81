/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/fshelp/active.c: the list of translators that sit below this one. */

#include <argz.h>
#include <fshelp/fshelp.h>
#include <stdlib.h>
#include <string.h>

struct active {
    struct active *next;
    char *name;
    mach_port_t control; /* send right */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct active *first;

static struct active **find(const char *name)
{
    struct active **at = &first;

    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    return at;
}

static void unlink_active(struct active **at)
{
    struct active *gone = *at;

    *at = gone->next;
    mach_port_drop(gone->control);
    free(gone->name);
    free(gone);
}

error_t fshelp_set_active_translator(const char *name, mach_port_t active)
{
    struct active *new = calloc(1, sizeof *new);

    if (!new || !(new->name = strdup(name))) {
        free(new);
        return HURD_ENOMEM;
    }
    mach_port_ref_send(active, 1);
    new->control = active;
    pthread_mutex_lock(&lock);
    if (*find(name))
        unlink_active(find(name));
    new->next = first;
    first = new;
    pthread_mutex_unlock(&lock);
    return 0;
}

error_t fshelp_remove_active_translator(const char *name)
{
    pthread_mutex_lock(&lock);
    if (*find(name))
        unlink_active(find(name));
    pthread_mutex_unlock(&lock);
    return 0;
}

static boolean_t is_dead(mach_port_t control)
{
    mach_port_type_t type;

    return mach_port_type(mach_task_self(), control, &type) ||
           type & MACH_PORT_TYPE_DEAD_NAME;
}

error_t fshelp_get_active_translators(char **names, size_t *names_len,
                                      mach_port_t **controls, size_t *count)
{
    size_t n = 0;

    *names = NULL;
    *names_len = 0;
    pthread_mutex_lock(&lock);
    for (struct active **at = &first; *at;) {
        if (is_dead((*at)->control)) {
            unlink_active(at);
        } else {
            n++;
            at = &(*at)->next;
        }
    }
    *controls = calloc(n + 1, sizeof **controls);
    *count = 0;
    for (struct active *a = first; *controls && a; a = a->next) {
        if (argz_add(names, names_len, a->name))
            break;
        mach_port_ref_send(a->control, 1);
        (*controls)[(*count)++] = a->control;
    }
    pthread_mutex_unlock(&lock);
    return *controls ? 0 : HURD_ENOMEM;
}
