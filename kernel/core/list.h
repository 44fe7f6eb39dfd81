/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/list.h: circular doubly linked lists, linked through a member.
 *
 * A head is a struct list that points at itself when empty.  A link that is in
 * no list is either zeroed or has been through list_remove; list_linked tells.
 */
#ifndef CORE_LIST_H
#define CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *prev;
};

#define list_entry(link, type, member)                                         \
    ((type *)((char *)(link)-offsetof(type, member)))

#define list_for_each(head, var, member)                                       \
    for (var = list_entry((head)->next, __typeof__(*var), member);             \
         &var->member != (head);                                               \
         var = list_entry(var->member.next, __typeof__(*var), member))

/* The body may remove and free VAR, and nothing else of the list. */
#define list_for_each_safe(head, var, after, member)                           \
    for (var = list_entry((head)->next, __typeof__(*var), member),             \
        after = list_entry(var->member.next, __typeof__(*var), member);        \
         &var->member != (head); var = after,                                  \
        after = list_entry(after->member.next, __typeof__(*after), member))

static inline void list_init(struct list *head)
{
    head->next = head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
    return head->next == head;
}

static inline bool list_linked(const struct list *link)
{
    return link->next != NULL;
}

static inline void list_insert_before(struct list *position, struct list *link)
{
    link->prev = position->prev;
    link->next = position;
    position->prev->next = link;
    position->prev = link;
}

static inline void list_append(struct list *head, struct list *link)
{
    list_insert_before(head, link);
}

static inline void list_prepend(struct list *head, struct list *link)
{
    list_insert_before(head->next, link);
}

static inline void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->next = link->prev = NULL;
}

/* All of FROM goes to the end of HEAD; FROM is empty afterwards. */
static inline void list_splice(struct list *head, struct list *from)
{
    if (from->next == from)
        return;
    from->next->prev = head->prev;
    head->prev->next = from->next;
    from->prev->next = head;
    head->prev = from->prev;
    list_init(from);
}

/* The first link, or NULL. */
static inline struct list *list_first(const struct list *head)
{
    return list_empty(head) ? NULL : head->next;
}

#define list_first_entry(head, type, member)                                   \
    (list_empty(head) ? (type *)NULL : list_entry((head)->next, type, member))

#endif
