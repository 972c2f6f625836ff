/* SPDX-License-Identifier: MIT */
#ifndef NET_LIST_H
#define NET_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* A ring of links embedded in larger things; the list itself is one of them. */

struct list_link {
    struct list_link *next, *prev;
};

#define container_of(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#define LIST_FOREACH(at, safe, list)                                          \
    for (struct list_link *at = (list)->next, *safe = at->next; at != (list); \
         at = safe, safe = at->next)

static inline void list_init(struct list_link *list)
{
    list->next = list->prev = list;
}

static inline bool list_is_empty(const struct list_link *list)
{
    return list->next == list;
}

static inline void list_append(struct list_link *list, struct list_link *link)
{
    link->prev = list->prev;
    link->next = list;
    list->prev->next = link;
    list->prev = link;
}

/** Put all links of a list behind those of another; from is empty then. */
static inline void list_move_all(struct list_link *list, struct list_link *from)
{
    if (list_is_empty(from)) {
        return;
    }
    from->next->prev = list->prev;
    list->prev->next = from->next;
    from->prev->next = list;
    list->prev = from->prev;
    list_init(from);
}

/** Also right for a link that is in no list, if it was initialised. */
static inline void list_remove(struct list_link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

#endif
