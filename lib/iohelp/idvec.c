/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/iohelp/idvec.c: sets of ids. */

#include <iohelp/idvec.h>
#include <stdlib.h>
#include <string.h>

struct idvec *make_idvec(void)
{
    return calloc(1, sizeof(struct idvec));
}

void idvec_fini(struct idvec *idvec)
{
    free(idvec->ids);
    *idvec = (struct idvec)IDVEC_INIT;
}

void idvec_free(struct idvec *idvec)
{
    if (idvec)
        idvec_fini(idvec);
    free(idvec);
}

void idvec_clear(struct idvec *idvec)
{
    idvec->num = 0;
}

static error_t make_room(struct idvec *idvec, unsigned num)
{
    if (num <= idvec->alloced)
        return 0;
    uid_t *ids = realloc(idvec->ids, num * sizeof *ids);
    if (!ids)
        return HURD_ENOMEM;
    idvec->ids = ids;
    idvec->alloced = num;
    return 0;
}

int idvec_contains(const struct idvec *idvec, uid_t id)
{
    for (unsigned i = 0; i < idvec->num; i++)
        if (idvec->ids[i] == id)
            return 1;
    return 0;
}

int idvec_equal(const struct idvec *a, const struct idvec *b)
{
    return a->num == b->num &&
           (a->num == 0 ||
            memcmp(a->ids, b->ids, a->num * sizeof *a->ids) == 0);
}

error_t idvec_insert(struct idvec *idvec, unsigned pos, uid_t id)
{
    error_t err = make_room(idvec, idvec->num + 1);

    if (err)
        return err;
    if (pos > idvec->num)
        pos = idvec->num;
    memmove(idvec->ids + pos + 1, idvec->ids + pos,
            (idvec->num - pos) * sizeof id);
    idvec->ids[pos] = id;
    idvec->num++;
    return 0;
}

error_t idvec_add(struct idvec *idvec, uid_t id)
{
    return idvec_insert(idvec, idvec->num, id);
}

error_t idvec_add_new(struct idvec *idvec, uid_t id)
{
    return idvec_contains(idvec, id) ? 0 : idvec_add(idvec, id);
}

error_t idvec_set_ids(struct idvec *idvec, const uid_t *ids, unsigned num)
{
    error_t err = make_room(idvec, num);

    if (err)
        return err;
    if (num)
        memcpy(idvec->ids, ids, num * sizeof *ids);
    idvec->num = num;
    return 0;
}

error_t idvec_set(struct idvec *idvec, const struct idvec *other)
{
    return idvec_set_ids(idvec, other->ids, other->num);
}

error_t idvec_merge_ids(struct idvec *idvec, const uid_t *ids, unsigned num)
{
    error_t err = make_room(idvec, idvec->num + num);

    for (unsigned i = 0; !err && i < num; i++)
        err = idvec_add_new(idvec, ids[i]);
    return err;
}

error_t idvec_merge(struct idvec *idvec, const struct idvec *other)
{
    return idvec_merge_ids(idvec, other->ids, other->num);
}

error_t idvec_remove(struct idvec *idvec, unsigned pos)
{
    if (pos < idvec->num) {
        idvec->num--;
        memmove(idvec->ids + pos, idvec->ids + pos + 1,
                (idvec->num - pos) * sizeof *idvec->ids);
    }
    return 0;
}
