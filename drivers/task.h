/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"
#include "objects/node.h"
#include "objects/port.h"

struct ci_hardware;
struct ci_httpc;

/*
 * A piece of work on one node: the node, its ports and its driver, with the node's lock held
 * (exclusive) or not (shared).
 *
 * Made by conductor/task.c; drivers get it as their only view of the world. Lives in its
 * context's arena. A shared task must not change the node.
 */
struct ci_task {
    struct ci_ctx *ctx;
    struct ci_node *node;
    struct ci_port **ports; /* loaded on first use: ci_task_ports() */
    size_t port_count;
    const struct ci_hardware *hardware; /* the interfaces that answer for the node */
    bool shared;
    const char *purpose;    /* "provision state change", for the log and NodeLocked */
    bool steps_changed;     /* by a deploy step: the list is to be made anew before it goes on */
    struct ci_httpc *agent; /* to the node's ramdisk; drivers/agent_client.c makes it */
    bool (*is_ending)(const struct ci_task *task); /* see below; NULL: never */

    /* Changes the power as conductor/power.h says; the lock is held and the node gets saved. */
    bool (*set_power)(struct ci_task *task, const char *state, int64_t timeout_s);
};

/* Is the service ending at once? Whoever sleeps or waits looks at it at least every second. */
static inline bool ci_task_is_ending(const struct ci_task *task)
{
    return task->is_ending && task->is_ending(task);
}

/* Fails when it is: what is half done is not done. Asked between steps and after a cut wait. */
ci_must_check bool ci_task_go_on(struct ci_task *task);

/* The node's ports, loaded once. */
ci_must_check bool ci_task_ports(struct ci_task *task);

/* Sleeps, unless the service is ending at once. */
void ci_task_pause(const struct ci_task *task, int64_t seconds);
