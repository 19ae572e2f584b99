/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/service.h"
#include "conductor/task.h"
#include "objects/allocation.h"
#include "objects/port.h"
#include "objects/portgroup.h"
#include "objects/volume_connector.h"
#include "objects/volume_target.h"

/*
 * Calls to the conductor: one function ci_call_NAME per row of calls.def, in the file of its
 * subject. To add one: write the function and its row.
 *
 * A function reads its arguments, takes a task, checks, answers, and lets the task go or hands
 * it to a worker. It fails through call->ctx->error with Ironic's classes.
 */
struct ci_call {
    struct ci_ctx *ctx; /* the callee's own: arena, error, who asked */
    struct ci_conductor *conductor;
    const json_t *args;  /* an object: the method's arguments by name */
    json_t **ret_result; /* NULL at first, which answers null; belongs to ctx's arena */
};

#define CALL(name) ci_must_check bool ci_call_##name(struct ci_call *call);
#include "conductor/calls.def"
#undef CALL

/*
 * Arguments by name. Text that is absent or null gives NULL (ci_call_text) or fails with
 * Invalid (ci_call_need); numbers and truth values give the default. The kind is checked.
 */
ci_must_check bool ci_call_need(struct ci_call *call, const char *name, const char **ret_text);
ci_must_check bool ci_call_text(struct ci_call *call, const char *name, const char **ret_text);
ci_must_check bool ci_call_int(struct ci_call *call, const char *name, int64_t if_absent,
                               int64_t *ret_value);
ci_must_check bool ci_call_bool(struct ci_call *call, const char *name, bool if_absent,
                                bool *ret_value);

/* Any JSON; NULL when absent or null. */
const json_t *ci_call_json(const struct ci_call *call, const char *name);

/* The objects of messages, upgraded to ours; what the sender changed is marked changed. */
ci_must_check bool ci_call_allocation(struct ci_call *call, const char *name,
                                      struct ci_allocation **ret_allocation);
ci_must_check bool ci_call_node(struct ci_call *call, const char *name, struct ci_node **ret_node);
ci_must_check bool ci_call_port(struct ci_call *call, const char *name, struct ci_port **ret_port);
ci_must_check bool ci_call_portgroup(struct ci_call *call, const char *name,
                                     struct ci_portgroup **ret_portgroup);
ci_must_check bool ci_call_volume_connector(struct ci_call *call, const char *name,
                                            struct ci_volume_connector **ret_connector);
ci_must_check bool ci_call_volume_target(struct ci_call *call, const char *name,
                                         struct ci_volume_target **ret_target);

/*
 * For updates: takes back the marks of fields that are newer than the message. Reading it
 * filled them in and marked them, but its sender does not know them and changed nothing.
 */
void ci_call_keep_unknown(void *object);

/* Answers with a value (the reference is stolen), a text, or an object in its message form. */
bool ci_call_answer(struct ci_call *call, json_t *value);
bool ci_call_answer_text(struct ci_call *call, const char *text);
ci_must_check bool ci_call_answer_object(struct ci_call *call, const void *object);

/*
 * The task of the call's "node_id" argument, a UUID or a number: ci_task_take() with the call's
 * context.
 */
ci_must_check bool ci_call_take(struct ci_call *call, enum ci_lock lock, const char *purpose,
                                struct ci_task **ret_task);

/* Lets an interface look at the node: its validate(), if it has one. */
static inline ci_must_check bool ci_call_validate(struct ci_task *task,
                                                  const struct ci_interface *interface)
{
    return !interface->validate || interface->validate(task);
}
