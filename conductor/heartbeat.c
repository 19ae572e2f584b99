/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ramdisk calling in: its heartbeats.
 *
 * The call only looks whether the ramdisk is the node's own; all else happens in a worker, which
 * gives up when the node is locked, since the next heartbeat comes soon.
 */
#include <string.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "conductor/agent_trust.h"
#include "conductor/calls.h"
#include "objects/info.h"
#include "objects/states.h"

/* What came with it; lives in the task's arena. */
struct heartbeat {
    const char *url, *version, *token, *verify_ca, *status, *message;
};

/* The states in which a heartbeat is heeded. Where nothing waits for one, it is noted only. */
static const struct beat {
    const char *state;
    bool fast_track_only;
} beats[] = {
    {CI_STATE_DEPLOYWAIT, false},  {CI_STATE_CLEANWAIT, false},   {CI_STATE_RESCUEWAIT, false},
    {CI_STATE_SERVICEWAIT, false}, {CI_STATE_DEPLOYING, false},   {CI_STATE_CLEANING, false},
    {CI_STATE_RESCUING, false},    {CI_STATE_SERVICING, false},   {CI_STATE_DEPLOYHOLD, false},
    {CI_STATE_CLEANHOLD, false},   {CI_STATE_SERVICEHOLD, false}, {CI_STATE_ENROLL, true},
    {CI_STATE_MANAGEABLE, true},   {CI_STATE_AVAILABLE, true},
};

static const struct beat *find_beat(const char *state)
{
    for (size_t i = 0; i < sizeof beats / sizeof beats[0]; i++) {
        if (ci_same(beats[i].state, state))
            return &beats[i];
    }
    return NULL;
}

/* All that a heartbeat says goes into the row at once. */
static bool record(struct ci_task *task, const struct heartbeat *heartbeat)
{
    const char *members[][2] = {{"agent_verify_ca", heartbeat->verify_ca},
                                {"agent_status", heartbeat->status},
                                {"agent_status_message", heartbeat->message}};
    json_t *told = ci_json(task->ctx, json_object());

    json_object_set_new(told, "agent_url", json_string(heartbeat->url));
    json_object_set_new(told, "agent_version",
                        heartbeat->version ? json_string(heartbeat->version) : json_null());
    json_object_set_new(told, "agent_last_heartbeat", ci_info_time(ci_time_now_us()));
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (members[i][1] && members[i][1][0])
            json_object_set_new(told, members[i][0], json_string(members[i][1]));
    }
    return ci_internal_info_merge(task->ctx, task->node, told) &&
           ci_node_save(task->ctx, task->node);
}

/* Ironic takes the lock for all of it; a node that is locked is left to the next heartbeat. */
static void heartbeat_work(struct ci_task *task, void *arg)
{
    const char *state = task->node->provision_state;

    if (!ci_task_upgrade_once(task)) {
        ci_warning(task->ctx, "A heartbeat is passed over", "node=%s error=%s", task->node->uuid,
                   ci_error_take(task->ctx));
        return;
    }
    if (!record(task, arg))
        return;
    ci_debug(task->ctx, "Heartbeat", "node=%s state=\"%s\"", task->node->uuid, state);
}

/* Is it one that changes anything? The log says why not. */
static bool is_heeded(struct ci_task *task, bool fast_track)
{
    const struct ci_node *node = task->node;
    const struct beat *beat = find_beat(node->provision_state);

    if (!task->hardware->deploy->has_agent)
        ci_warning(task->ctx, "A heartbeat, but the deploy interface does not support them",
                   "node=%s deploy_interface=%s", node->uuid, task->hardware->deploy->base.name);
    else if (!beat || (beat->fast_track_only && !fast_track))
        ci_error_log(task->ctx, "A heartbeat in a state that awaits none", "node=%s state=\"%s\"",
                     node->uuid, node->provision_state);
    else
        return true;
    return false;
}

static bool read_heartbeat(struct ci_call *call, struct heartbeat **ret_heartbeat)
{
    struct heartbeat *heartbeat = ci_new(call->ctx->mem, struct heartbeat);

    if (!ci_call_need(call, "callback_url", &heartbeat->url) ||
        !ci_call_text(call, "agent_version", &heartbeat->version) ||
        !ci_call_text(call, "agent_token", &heartbeat->token) ||
        !ci_call_text(call, "agent_verify_ca", &heartbeat->verify_ca) ||
        !ci_call_text(call, "agent_status", &heartbeat->status) ||
        !ci_call_text(call, "agent_status_message", &heartbeat->message))
        return false;
    /* The installer anaconda, which sends a status, has no version. */
    if (!heartbeat->version && !heartbeat->status)
        return ci_fail_text(call->ctx, InvalidParameterValue,
                            "Agent did not transmit a version, and a version is required. Please "
                            "update the agent being used.");
    *ret_heartbeat = heartbeat;
    return true;
}

static bool check(struct ci_task *task, const struct heartbeat *heartbeat)
{
    bool valid;

    if (!ci_agent_token_is_valid(task, heartbeat->token, &valid))
        return false;
    if (!valid) {
        ci_error_log(task->ctx, "A heartbeat without the node's agent token", "node=%s",
                     task->node->uuid);
        return ci_fail_text(task->ctx, InvalidParameterValue,
                            "Invalid or missing agent token received.");
    }
    if (task->ctx->config->agent.require_tls && heartbeat->url[0] &&
        strncmp(heartbeat->url, "https://", 8) != 0)
        return ci_fail_text(task->ctx, InvalidParameterValue, "TLS is required by configuration");
    return true;
}

/*
 * The first heartbeat of a ramdisk that finds its node locked is told so, since agents try again
 * soon then, and only afterwards could anybody call them.
 */
static bool check_lock(struct ci_task *task)
{
    json_t *info;

    if (!task->node->reservation)
        return true;
    return ci_info_read(task->ctx, task->node->driver_internal_info, &info) &&
           (json_object_get(info, "agent_url") ||
            ci_fail(task->ctx, NodeLocked, task->node->uuid, task->node->reservation));
}

bool ci_call_heartbeat(struct ci_call *call)
{
    struct heartbeat *heartbeat;
    struct ci_task *task;
    bool fast_track;

    if (!read_heartbeat(call, &heartbeat) || !ci_call_take(call, CI_SHARED, "heartbeat", &task) ||
        !check(task, heartbeat))
        return false;
    if (heartbeat->verify_ca && heartbeat->verify_ca[0] &&
        !ci_agent_keep_certificate(task, heartbeat->verify_ca, &heartbeat->verify_ca))
        return false;
    if (!check_lock(task) || !ci_info_fast_track(call->ctx, task->node, &fast_track))
        return false;
    if (!is_heeded(task, fast_track))
        return true;
    ci_task_name_work(task, "heartbeat");
    return ci_task_spawn(task, heartbeat_work, heartbeat);
}
