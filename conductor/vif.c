/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VIFs: attaching virtual network interfaces to a node and taking them off.
 */
#include "base/log.h"
#include "conductor/calls.h"
#include "conductor/history.h"

static bool unsupported(struct ci_task *task, const char *extension)
{
    return ci_fail(task->ctx, UnsupportedDriverExtension, task->node->driver, extension);
}

/* The failure goes into the history; last_error is not saved, which is Ironic's way here. */
static bool note_failure(struct ci_task *task, const char *format_head, const char *vif_id,
                         const char *joint, const char *separator)
{
    struct ci_ctx *ctx = task->ctx;

    ci_history_error(task, task->node->provision_state,
                     ci_printf(ctx->mem, "%s%s%s%s%sError: %s", format_head, vif_id, joint,
                               task->node->uuid, separator, ctx->error->message));
    return false;
}

static bool attach(struct ci_task *task, const json_t *vif_info)
{
    const struct ci_network *network = task->hardware->network;
    const char *vif_id;

    if (!ci_json_get_string(task->ctx, vif_info, "id", &vif_id) ||
        !ci_call_validate(task, &network->base))
        return false;
    if (!(network->vif_attach ? network->vif_attach(task, vif_info)
                              : unsupported(task, "vif_attach")))
        return note_failure(task, "Failed to attach VIF ", vif_id, " to node ", ". ");
    ci_info(task->ctx, "VIF attached", "node=%s vif=%s", task->node->uuid, vif_id);
    return true;
}

bool ci_call_vif_attach(struct ci_call *call)
{
    const json_t *vif_info = ci_call_json(call, "vif_info");
    struct ci_task *task;
    bool done;

    if (!vif_info || ci_json_kind(vif_info) != CI_JSON_OBJECT)
        return ci_fail_text(call->ctx, InvalidParameterValue, "The VIF is not an object.");
    if (!ci_call_take(call, CI_EXCLUSIVE, "attach vif", &task))
        return false;
    done = attach(task, vif_info);
    ci_task_release(task);
    return done;
}

static bool detach(struct ci_task *task, const char *vif_id)
{
    const struct ci_network *network = task->hardware->network;

    if (!ci_call_validate(task, &network->base))
        return false;
    if (!(network->vif_detach ? network->vif_detach(task, vif_id)
                              : unsupported(task, "vif_detach")))
        return note_failure(task, "Failed to detach VIF ", vif_id, " from node ", ", ");
    ci_info(task->ctx, "VIF detached", "node=%s vif=%s", task->node->uuid, vif_id);
    return true;
}

bool ci_call_vif_detach(struct ci_call *call)
{
    const char *vif_id;
    struct ci_task *task;
    bool done;

    if (!ci_call_need(call, "vif_id", &vif_id) ||
        !ci_call_take(call, CI_EXCLUSIVE, "detach vif", &task))
        return false;
    done = detach(task, vif_id);
    ci_task_release(task);
    return done;
}

bool ci_call_vif_list(struct ci_call *call)
{
    const struct ci_network *network;
    struct ci_task *task;

    if (!ci_call_take(call, CI_SHARED, "list vifs", &task))
        return false;
    network = task->hardware->network;
    if (!ci_call_validate(task, &network->base))
        return false;
    return network->vif_list ? network->vif_list(task, call->ret_result)
                             : unsupported(task, "vif_list");
}
