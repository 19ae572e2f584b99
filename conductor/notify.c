/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notifications of what a conductor does with a node.
 */
#include "conductor/notify.h"

#include "base/log.h"

#define SERVICE "ironic-conductor"
#define OBJECT "node"

/* Makes one; its traits are loaded where the task had no need of them so far. */
static struct ci_notice *prepare(struct ci_task *task, struct ci_notification *notification)
{
    struct ci_ctx *ctx = task->ctx;
    struct ci_error *error = ctx->error;

    if (!ci_notify_wants(ctx, notification->status))
        return NULL;
    ctx->error = NULL;
    if (!ci_fieldset_has(&task->node->object.set, ci_node_traits_n) &&
        !ci_node_load_traits(ctx, task->node))
        ci_warning(ctx, "A notification misses the traits of a node", "node=%s error=%s",
                   task->node->uuid, ci_error_take(ctx));
    ctx->error = error;
    notification->service = SERVICE;
    notification->object = OBJECT;
    notification->record = task->node;
    return ci_notify_prepare(ctx, notification);
}

void ci_notify_power(struct ci_task *task, enum ci_notify_status status, const char *to_power)
{
    const struct ci_told told[] = {{"to_power", to_power}, {.name = NULL}};
    struct ci_notification notification = {.payload = CI_PAYLOAD_NodeSetPowerStatePayload,
                                           .action = "power_set",
                                           .status = status,
                                           .told = told};

    ci_notice_send(prepare(task, &notification));
}

void ci_notify_power_corrected(struct ci_task *task, const char *from_power)
{
    const struct ci_told told[] = {{"from_power", from_power}, {.name = NULL}};
    struct ci_notification notification = {.payload = CI_PAYLOAD_NodeCorrectedPowerStatePayload,
                                           .action = "power_state_corrected",
                                           .status = CI_NOTIFY_SUCCESS,
                                           .told = told};

    ci_notice_send(prepare(task, &notification));
}

void ci_notify_console(struct ci_task *task, const char *action, enum ci_notify_status status)
{
    struct ci_notification notification = {
        .payload = CI_PAYLOAD_NodePayload, .action = action, .status = status};

    ci_notice_send(prepare(task, &notification));
}

/* A failure; work that begins or ends; or a move from work to work, or from rest to rest. */
static enum ci_notify_status status_of(enum ci_event event, const char *before, const char *now)
{
    const bool was_busy = ci_state_is(before, CI_STATE_IS_UNSTABLE);
    const bool is_busy = ci_state_is(now, CI_STATE_IS_UNSTABLE);

    if (event == CI_EVENT_fail)
        return CI_NOTIFY_ERROR;
    if (was_busy == is_busy)
        return CI_NOTIFY_SUCCESS;
    return is_busy ? CI_NOTIFY_START : CI_NOTIFY_END;
}

struct ci_notice *ci_notify_provision(struct ci_task *task, enum ci_event event, const char *state,
                                      const char *target)
{
    const struct ci_told told[] = {{"event", ci_event_name(event)},
                                   {"previous_provision_state", state},
                                   {"previous_target_provision_state", target},
                                   {.name = NULL}};
    struct ci_notification notification = {.payload = CI_PAYLOAD_NodeSetProvisionStatePayload,
                                           .action = "provision_set",
                                           .status =
                                               status_of(event, state, task->node->provision_state),
                                           .told = told};

    return prepare(task, &notification);
}
