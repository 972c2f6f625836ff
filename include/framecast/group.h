/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_GROUP_H
#define FRAMECAST_GROUP_H

#include <framecast/conn.h>

/*
 * A set of connections that are sent the same, on whatever loops they live.
 *
 * A message is encoded and compressed once, whoever makes it; a member costs a reference. Each
 * member has a policy of its own: a dashboard wants every message, a viewer only the newest.
 */

FC_BEGIN

struct fc_group; /* Threads: any, but for joining and leaving: the connection's loop. */

enum fc_policy {
    FC_RELIABLE, /* all, in order; who exceeds its queue is closed with 1013: fc_conn_send() */
    FC_NEWEST,   /* the newest there is when there is room: fc_conn_put() */
};

/** Zero means the default. */
struct fc_group_options {
    uint32_t pending_max; /* messages on their way to a loop; 0: 1024 */
};

/** Make an empty group. Errors: NULL without memory. Ownership: gives. */
FC_API FC_NODISCARD struct fc_group *fc_group_new(const struct fc_group_options *options);

/** Release a group and set the pointer to NULL; its members are members no more. Ignores NULL. No
 *  loop on which it had members may run any more. */
FC_API void fc_group_free(struct fc_group **group);

/**
 * Make a connection a member, until it leaves or is over. Once more: changes its policy.
 *
 * @param slot  for FC_NEWEST: the slot that is used, below FC_CONN_SLOTS_MAX
 *
 * Errors:    false without memory, or when the connection is over.
 */
FC_API FC_NODISCARD bool fc_group_join(struct fc_group *group, struct fc_conn *conn,
                                       enum fc_policy policy, uint32_t slot);

/** Make it a member no more; ignores what is none. */
FC_API void fc_group_leave(struct fc_group *group, struct fc_conn *conn);

/**
 * Send to all that are members when it arrives at their loop; messages of one thread arrive in
 * their order.
 *
 * Errors:    false when a loop has pending_max messages waiting or there is no memory: that loop's
 *            members do not get it. It is counted.
 * Ownership: shares message.
 * Threads:   any.
 */
FC_API bool fc_group_send(struct fc_group *group, struct fc_message *message);

/** Members now. Threads: any. */
FC_API uint64_t fc_group_count(const struct fc_group *group);

/** Loops that fc_group_send() could not reach, all times together. Threads: any. */
FC_API uint64_t fc_group_missed(const struct fc_group *group);

FC_END

#endif
