/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Node history: what went wrong on a node, kept after last_error has moved on.
 */
#include "conductor/history.h"

#include "base/config.h"
#include "base/log.h"
#include "objects/node_history.h"

#define US_PER_S INT64_C(1000000)

static bool insert(struct ci_task *task, const char *severity, const char *event_type,
                   const char *event)
{
    struct ci_ctx *ctx = task->ctx;
    const struct ci_node *node = task->node;
    struct ci_node_history *entry = ci_object_new(ctx->mem, &ci_node_history_type);

    ci_node_history_set_node_id(entry, node->id);
    ci_node_history_set_conductor(entry, ctx->config->DEFAULT.host);
    ci_node_history_set_user(entry, ctx->who.user_id);
    ci_node_history_set_project(entry, NULL);
    ci_node_history_set_severity(entry, severity);
    ci_node_history_set_event(entry, event);
    ci_node_history_set_event_type(entry, event_type ? event_type : "UNKNOWN");
    ci_node_history_set_state(entry, node->provision_state);
    ci_node_history_set_target_provision_state(entry, node->target_provision_state);
    ci_node_history_set_duration_seconds(
        entry, node->provision_updated_at == CI_NULL_TIME
                   ? CI_NULL_INT
                   : (ci_time_now_us() - node->provision_updated_at) / US_PER_S);
    return ci_node_history_create(ctx, entry);
}

static void record(struct ci_task *task, const char *severity, const char *event_type,
                   const char *event)
{
    struct ci_ctx *ctx = task->ctx;
    struct ci_error *former = ctx->error;

    if (!ctx->config->conductor.node_history)
        return;
    ctx->error = NULL;
    if (!insert(task, severity, event_type, event))
        ci_warning(ctx, "An entry of the node's history is lost", "node=%s error=%s",
                   task->node->uuid, ctx->error->message);
    ctx->error = former;
}

void ci_history_error(struct ci_task *task, const char *event_type, const char *event)
{
    ci_node_set_last_error(task->node, event);
    record(task, "ERROR", event_type, event);
}

void ci_history_note(struct ci_task *task, const char *event_type, const char *event)
{
    record(task, "INFO", event_type, event);
}
