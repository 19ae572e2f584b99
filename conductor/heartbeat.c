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
#include "conductor/agent_steps.h"
#include "conductor/agent_trust.h"
#include "conductor/calls.h"
#include "conductor/clean.h"
#include "conductor/deploy.h"
#include "conductor/rescue.h"
#include "conductor/servicing.h"
#include "objects/info.h"
#include "objects/states.h"

/* What came with it; lives in the task's arena. */
struct heartbeat {
    const char *url, *version, *token, *verify_ca, *status, *message;
};

/*
 * The states in which a heartbeat is heeded: those in which one is awaited for a flow's steps, or
 * otherwise, and those in which it is noted only.
 */
static const struct beat {
    const char *state;
    bool fast_track_only;
    const struct ci_course *course;
    void (*act)(struct ci_task *task);
    const char *operation; /* that a maintenance ends */
} beats[] = {
    {.state = CI_STATE_DEPLOYWAIT, .course = &ci_deploy_course, .operation = "Deploy"},
    {.state = CI_STATE_CLEANWAIT, .course = &ci_clean_course, .operation = "Cleaning"},
    {.state = CI_STATE_RESCUEWAIT, .act = ci_rescue_heartbeat, .operation = "Rescue"},
    {.state = CI_STATE_SERVICEWAIT, .course = &ci_service_course, .operation = "Service"},
    {.state = CI_STATE_DEPLOYING},
    {.state = CI_STATE_CLEANING},
    {.state = CI_STATE_RESCUING},
    {.state = CI_STATE_SERVICING},
    {.state = CI_STATE_DEPLOYHOLD},
    {.state = CI_STATE_CLEANHOLD},
    {.state = CI_STATE_SERVICEHOLD},
    {.state = CI_STATE_ENROLL, .fast_track_only = true},
    {.state = CI_STATE_MANAGEABLE, .fast_track_only = true},
    {.state = CI_STATE_AVAILABLE, .fast_track_only = true},
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

/* A node in maintenance is not worked on; perhaps what it waits for is ended. */
static bool act_in_maintenance(struct ci_task *task, const struct beat *beat)
{
    const char *message =
        ci_printf(task->ctx->mem, "%s aborted as node is in maintenance mode", beat->operation);

    if (task->ctx->config->conductor.allow_provisioning_in_maintenance) {
        ci_warning(task->ctx, "A heartbeat of a node in maintenance leads to nothing", "node=%s",
                   task->node->uuid);
        return true;
    }
    if (beat->course == &ci_deploy_course)
        return ci_deploy_set_failed(task, message, false);
    return beat->course ? beat->course->fail(task, message) : ci_rescue_fail(task, message);
}

static void act(struct ci_task *task)
{
    const struct beat *beat = find_beat(task->node->provision_state);

    if (!beat || !beat->operation)
        return;
    if (ci_is_true(task->node->maintenance))
        (void)!act_in_maintenance(task, beat);
    else if (beat->course)
        ci_agent_steps_heartbeat(task, beat->course);
    else
        beat->act(task);
}

/* Ironic takes the lock for all of it; a node that is locked is left to the next heartbeat. */
static void heartbeat_work(struct ci_task *task, void *arg)
{
    if (!ci_task_upgrade_once(task)) {
        ci_warning(task->ctx, "A heartbeat is passed over", "node=%s error=%s", task->node->uuid,
                   ci_error_take(task->ctx));
        return;
    }
    if (!record(task, arg))
        return;
    ci_debug(task->ctx, "Heartbeat", "node=%s state=\"%s\"", task->node->uuid,
             task->node->provision_state);
    act(task);
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
    ci_task_can_wait(task); /* the ramdisk calls again */
    return ci_task_spawn(task, heartbeat_work, heartbeat);
}
