/* SPDX-License-Identifier: MIT */
/*
 * A group is a list of members per loop, and a mailbox to each of these loops. Sending puts the
 * message into every mailbox that has members behind it; the loop then gives it to each of them.
 *
 *     any thread ──lock──▶ branch (one per loop): messages waiting ──task──▶ its members
 *
 * The lock guards the branches' mailboxes and their list, nothing of the members, which are their
 * loop's. A branch lives as long as the group.
 */
#include <framecast/group.h>

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "net/conn.h"
#include "net/ring.h"

#define PENDING_MAX 1024

struct branch {
    struct branch *next; /* in the group; never changes once it is there */
    struct fc_group *group;
    struct fc_loop *loop;     /* borrowed */
    struct fc_task task;      /* takes what waits */
    struct ring waiting;      /* guarded by the group's lock */
    struct list_link members; /* the loop's */
    uint64_t count;           /* of members; guarded by the group's lock */
};

struct membership {
    struct list_link link;   /* in branch->members */
    struct membership *next; /* of the connection's */
    struct branch *branch;
    struct fc_conn *conn;
    enum fc_policy policy;
    uint32_t slot;
};

struct fc_group {
    pthread_mutex_t lock;
    struct branch *branches;
    uint32_t pending_max;
    _Atomic uint64_t missed;
};

struct fc_group *fc_group_new(const struct fc_group_options *options)
{
    struct fc_group *group = calloc(1, sizeof(*group));
    if (!group) {
        return NULL;
    }
    pthread_mutex_init(&group->lock, NULL);
    group->pending_max = options && options->pending_max ? options->pending_max : PENDING_MAX;
    return group;
}

/* ---- members; on their loop ---- */

static void deliver(struct fc_conn *conn, const struct membership *member,
                    struct fc_message *message)
{
    if (member->policy == FC_NEWEST) {
        (void)fc_conn_put(conn, member->slot, message);
    } else {
        (void)fc_conn_send(conn, message); /* or it is closed, and leaves when it is buried */
    }
}

static void take_waiting(struct fc_task *task)
{
    struct branch *branch = container_of(task, struct branch, task);
    pthread_mutex_lock(&branch->group->lock);
    struct ring waiting = branch->waiting;
    branch->waiting = (struct ring){ 0 };
    pthread_mutex_unlock(&branch->group->lock);
    while (waiting.count > 0) {
        struct fc_message *message = ring_pop(&waiting);
        LIST_FOREACH (at, safe, &branch->members) {
            struct membership *member = container_of(at, struct membership, link);
            deliver(member->conn, member, message);
        }
        fc_message_unref(&message);
    }
    ring_fini(&waiting);
}

static struct branch *branch_find(const struct fc_group *group, const struct fc_loop *loop)
{
    struct branch *branch = group->branches;
    while (branch && branch->loop != loop) {
        branch = branch->next;
    }
    return branch;
}

/* The loop's branch, made if need be. Only its own loop makes it, so that nobody else can have. */
static struct branch *branch_of(struct fc_group *group, struct fc_loop *loop)
{
    pthread_mutex_lock(&group->lock);
    struct branch *branch = branch_find(group, loop);
    if (!branch && (branch = calloc(1, sizeof(*branch)))) {
        *branch = (struct branch){
            .next = group->branches,
            .group = group,
            .loop = loop,
            .task.run = take_waiting,
        };
        list_init(&branch->members);
        group->branches = branch;
    }
    pthread_mutex_unlock(&group->lock);
    return branch;
}

static void count_members(struct branch *branch, int change)
{
    pthread_mutex_lock(&branch->group->lock);
    branch->count += (uint64_t)change;
    pthread_mutex_unlock(&branch->group->lock);
}

static struct membership **membership_find(const struct fc_group *group, struct fc_conn *conn)
{
    struct membership **at = &conn->memberships;
    while (*at && (*at)->branch->group != group) {
        at = &(*at)->next;
    }
    return at;
}

bool fc_group_join(struct fc_group *group, struct fc_conn *conn, enum fc_policy policy,
                   uint32_t slot)
{
    assert(slot < FC_CONN_SLOTS_MAX);
    if (!conn_can_send(conn)) {
        return false;
    }
    struct membership *member = *membership_find(group, conn);
    if (!member) {
        struct branch *branch = branch_of(group, conn->loop);
        member = branch ? malloc(sizeof(*member)) : NULL;
        if (!member) {
            return false;
        }
        *member = (struct membership){ .next = conn->memberships, .branch = branch, .conn = conn };
        conn->memberships = member;
        list_append(&branch->members, &member->link);
        count_members(branch, 1);
    }
    member->policy = policy;
    member->slot = slot;
    return true;
}

static void leave(struct membership **at)
{
    struct membership *member = *at;
    *at = member->next;
    list_remove(&member->link);
    count_members(member->branch, -1);
    free(member);
}

void fc_group_leave(struct fc_group *group, struct fc_conn *conn)
{
    struct membership **at = membership_find(group, conn);
    if (*at) {
        leave(at);
    }
}

void conn_leave_groups(struct fc_conn *conn)
{
    while (conn->memberships) {
        leave(&conn->memberships);
    }
}

void fc_group_free(struct fc_group **group)
{
    struct fc_group *g = *group;
    *group = NULL;
    while (g && g->branches) {
        struct branch *branch = g->branches;
        LIST_FOREACH (at, safe, &branch->members) {
            fc_group_leave(g, container_of(at, struct membership, link)->conn);
        }
        g->branches = branch->next;
        ring_fini(&branch->waiting);
        free(branch);
    }
    if (g) {
        pthread_mutex_destroy(&g->lock);
        free(g);
    }
}

/* ---- sending; any thread ---- */

static bool branch_put(struct branch *branch, struct fc_message *message)
{
    return branch->waiting.count < branch->group->pending_max &&
           ring_push(&branch->waiting, message) && fc_loop_post(branch->loop, &branch->task);
}

bool fc_group_send(struct fc_group *group, struct fc_message *message)
{
    bool is_complete = true;
    pthread_mutex_lock(&group->lock);
    for (struct branch *branch = group->branches; branch; branch = branch->next) {
        if (branch->count > 0 && !branch_put(branch, message)) {
            atomic_fetch_add_explicit(&group->missed, 1, memory_order_relaxed);
            is_complete = false;
        }
    }
    pthread_mutex_unlock(&group->lock);
    return is_complete;
}

uint64_t fc_group_count(const struct fc_group *group)
{
    struct fc_group *g = (struct fc_group *)(uintptr_t)group;
    uint64_t count = 0;
    pthread_mutex_lock(&g->lock);
    for (const struct branch *branch = g->branches; branch; branch = branch->next) {
        count += branch->count;
    }
    pthread_mutex_unlock(&g->lock);
    return count;
}

uint64_t fc_group_missed(const struct fc_group *group)
{
    return atomic_load_explicit(&group->missed, memory_order_relaxed);
}
