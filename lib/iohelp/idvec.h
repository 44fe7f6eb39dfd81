/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/iohelp/idvec.h: sets of user or group ids, in order.
 *
 * Functions that can fail return ENOMEM and leave the set unchanged.
 */

#ifndef LIB_IOHELP_IDVEC_H
#define LIB_IOHELP_IDVEC_H

#include <hurd/errors.h>
#include <sys/types.h>

struct idvec {
    uid_t *ids;
    unsigned num, alloced;
};
#define IDVEC_INIT                                                             \
    {                                                                          \
        0                                                                      \
    }

struct idvec *make_idvec(void);
void idvec_free(struct idvec *idvec);
/* Frees what the set holds, not the set. */
void idvec_fini(struct idvec *idvec);
void idvec_clear(struct idvec *idvec);
int idvec_contains(const struct idvec *idvec, uid_t id);
int idvec_equal(const struct idvec *a, const struct idvec *b);
/* Adds ID at the end even if it is there; _new only if it is not. */
error_t idvec_add(struct idvec *idvec, uid_t id);
error_t idvec_add_new(struct idvec *idvec, uid_t id);
error_t idvec_insert(struct idvec *idvec, unsigned pos, uid_t id);
error_t idvec_set(struct idvec *idvec, const struct idvec *other);
error_t idvec_set_ids(struct idvec *idvec, const uid_t *ids, unsigned num);
error_t idvec_merge(struct idvec *idvec, const struct idvec *other);
error_t idvec_merge_ids(struct idvec *idvec, const uid_t *ids, unsigned num);
error_t idvec_remove(struct idvec *idvec, unsigned pos);

#endif
