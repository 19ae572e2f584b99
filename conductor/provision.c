/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs of do_provisioning_action: manage, provide, adopt, abort, unhold.
 *
 * Those that begin work have a function each; what is left is a bare move of the machine, such as
 * "manage" from available.
 */
#include "base/config.h"
#include "base/log.h"
#include "base/text.h"
#include "conductor/adopt.h"
#include "conductor/calls.h"
#include "conductor/clean.h"
#include "conductor/deploy.h"
#include "conductor/flow.h"
#include "conductor/history.h"
#include "conductor/inspect.h"
#include "conductor/machine.h"
#include "conductor/notify.h"
#include "conductor/rescue.h"
#include "conductor/servicing.h"
#include "objects/info.h"

static bool provide(struct ci_task *task)
{
    const struct ci_node *node = task->node;
    struct ci_cleaning *wanted;

    if (!task->ctx->config->conductor.allow_provisioning_in_maintenance &&
        ci_is_true(node->maintenance))
        return ci_fail(task->ctx, NodeInMaintenance, "providing", node->uuid);
    if (ci_is_true(node->retired))
        return ci_fail(task->ctx, NodeIsRetired, "providing", node->uuid);
    ci_task_name_work(task, "do_node_clean");
    return ci_clean_plan(task, &wanted) &&
           ci_machine_move(task, CI_EVENT_provide, NULL, ci_clean_work, wanted);
}

/* The power state that was seen is kept. */
static bool verified(struct ci_task *task, const char *state)
{
    const char *before = task->node->power_state;

    if (!ci_same(state, before))
        ci_node_set_power_state(task->node, state);
    if (!ci_machine_move(task, CI_EVENT_done, NULL, NULL, NULL))
        return false;
    if (!ci_same(state, before))
        ci_notify_power_corrected(task, before);
    return true;
}

/* Can the node's power be asked for? Its state is kept when it can. */
static bool verify(struct ci_task *task)
{
    const struct ci_power *power = task->hardware->power;
    const char *state = NULL, *what = "validate power driver interface";

    if (!power->base.validate || power->base.validate(task)) {
        what = "get power state";
        if (power->get_state(task, &state)) {
            return verified(task, state);
        }
    }
    ci_history_error(task, CI_HISTORY_VERIFY,
                     ci_printf(task->ctx->mem, "Failed to %s for node %s. Error: %s", what,
                               task->node->uuid, ci_error_take(task->ctx)));
    return ci_machine_move(task, CI_EVENT_fail, NULL, NULL, NULL);
}

static void verify_work(struct ci_task *task, void *arg)
{
    (void)arg;
    if (verify(task))
        ci_info(task->ctx, "Verification ended", "node=%s state=%s", task->node->uuid,
                task->node->provision_state);
}

static bool manage(struct ci_task *task)
{
    ci_task_name_work(task, "do_node_verify");
    return ci_machine_move(task, CI_EVENT_manage, NULL, verify_work, NULL);
}

static bool adopt(struct ci_task *task)
{
    ci_task_name_work(task, "_do_adoption");
    return ci_machine_move(task, CI_EVENT_adopt, NULL, ci_adopt_work, NULL);
}

/* A moved abort; `target` keeps a manual cleaning's. */
static bool abort_with(struct ci_task *task, const char *target, ci_work *work, void *arg,
                       const char *name)
{
    ci_task_name_work(task, name);
    return ci_machine_move(task, CI_EVENT_abort, target, work, arg);
}

static bool abort_clean(struct ci_task *task)
{
    bool now;

    if (!ci_flow_abort_now(task, CI_FLOW_CLEAN, &now))
        return false;
    return !now || abort_with(task,
                              ci_same(task->node->target_provision_state, CI_STATE_MANAGEABLE)
                                  ? CI_STATE_MANAGEABLE
                                  : NULL,
                              ci_clean_abort_work, NULL, "do_node_clean_abort");
}

static bool drop_agent_url(struct ci_task *task)
{
    static const char *const keys[] = {"agent_url", NULL};

    return ci_internal_info_drop(task->ctx, task->node, keys);
}

static bool abort_deploy(struct ci_task *task)
{
    bool now;

    if (!ci_flow_abort_now(task, CI_FLOW_DEPLOY, &now))
        return false;
    return !now || (drop_agent_url(task) &&
                    abort_with(task, NULL, ci_deploy_abort_work, NULL, "do_node_deploy_abort"));
}

/* Nothing runs while a deployment is on hold, so that it can be aborted at once. */
static bool abort_held_deploy(struct ci_task *task)
{
    return drop_agent_url(task) &&
           abort_with(task, NULL, ci_deploy_abort_work, NULL, "do_node_deploy_abort");
}

static bool abort_service(struct ci_task *task)
{
    bool now;

    if (!ci_flow_abort_now(task, CI_FLOW_SERVICE, &now))
        return false;
    return !now || (ci_machine_move(task, CI_EVENT_fail, NULL, NULL, NULL) &&
                    abort_with(task, NULL, ci_service_abort_work, NULL, "do_node_service_abort"));
}

static bool abort_failed_service(struct ci_task *task)
{
    if (ci_is_true(task->node->maintenance))
        return ci_fail_text(task->ctx, InvalidState,
                            "Can not abort service on node \"%s\" while it is in maintenance mode. "
                            "Please remove the node from maintenance prior to issuing the request "
                            "to abort the service operation.",
                            task->node->uuid);
    return abort_with(task, NULL, ci_service_abort_work, NULL, "do_node_service_abort");
}

static bool abort_rescue(struct ci_task *task)
{
    return ci_rescue_forget_password(task) && ci_node_save(task->ctx, task->node) &&
           abort_with(task, NULL, ci_rescue_abort_work, NULL, "_do_node_rescue_abort");
}

/* A manual cleaning stays one: the machine alone would make it end available. */
static bool unhold_clean(struct ci_task *task)
{
    return ci_machine_move(task, CI_EVENT_unhold, task->node->target_provision_state, NULL, NULL);
}

static bool unhold_service(struct ci_task *task)
{
    ci_task_name_work(task, "continue_node_service");
    return ci_machine_move(task, CI_EVENT_unhold, NULL, ci_service_unhold_work, NULL);
}

/* Verbs that mean more than a move, by the state they are asked in. */
static const struct verb {
    const char *action, *state;
    bool (*run)(struct ci_task *task);
} verbs[] = {
    {"provide", CI_STATE_MANAGEABLE, provide},
    {"manage", CI_STATE_ENROLL, manage},
    {"adopt", CI_STATE_MANAGEABLE, adopt},
    {"adopt", CI_STATE_ADOPTFAIL, adopt},
    {"abort", CI_STATE_CLEANWAIT, abort_clean},
    {"abort", CI_STATE_CLEANHOLD, abort_clean},
    {"abort", CI_STATE_SERVICEWAIT, abort_service},
    {"abort", CI_STATE_SERVICEHOLD, abort_service},
    {"abort", CI_STATE_SERVICEFAIL, abort_failed_service},
    {"abort", CI_STATE_RESCUEWAIT, abort_rescue},
    {"abort", CI_STATE_INSPECTWAIT, ci_inspect_abort},
    {"abort", CI_STATE_DEPLOYWAIT, abort_deploy},
    {"abort", CI_STATE_DEPLOYHOLD, abort_held_deploy},
    {"unhold", CI_STATE_CLEANHOLD, unhold_clean},
    {"unhold", CI_STATE_SERVICEHOLD, unhold_service},
};

/* The event of a verb, or of the bare name of one; peers may send any text. */
static enum ci_event event_of(const char *action)
{
    enum ci_event event = ci_verb_event(action);

    for (int i = 0; event == CI_EVENT_COUNT && i < CI_EVENT_COUNT; i++) {
        if (ci_same(ci_event_name((enum ci_event)i), action))
            event = (enum ci_event)i;
    }
    return event;
}

bool ci_call_do_provisioning_action(struct ci_call *call)
{
    struct ci_task *task;
    const char *action;
    enum ci_event event;

    if (!ci_call_need(call, "action", &action) ||
        !ci_call_take(call, CI_EXCLUSIVE, ci_printf(call->ctx->mem, "provision action %s", action),
                      &task))
        return false;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (ci_same(verbs[i].action, action) &&
            ci_same(verbs[i].state, task->node->provision_state))
            return verbs[i].run(task);
    }
    event = event_of(action);
    if (event == CI_EVENT_COUNT)
        return ci_fail(call->ctx, InvalidStateRequested, action, task->node->uuid,
                       task->node->provision_state ? task->node->provision_state : "None");
    return ci_machine_ask(task, action, event, NULL, NULL, NULL);
}
