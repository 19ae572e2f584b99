/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a heartbeat leads to while a flow waits for the agent.
 *
 * The agent lists all commands since it started. The last one is the step that runs; a list
 * without any step means that it has just booted, be it for the first time or for a step that
 * rebooted it.
 */
#include "conductor/agent_steps.h"

#include <string.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "conductor/clean.h"
#include "conductor/deploy.h"
#include "drivers/agent.h"
#include "drivers/agent_boot.h"
#include "drivers/agent_client.h"
#include "drivers/agent_logs.h"
#include "drivers/hardware.h"
#include "objects/info.h"
#include "objects/states.h"

/* What differs between the flows. */
static const struct words {
    const char *title, *reboot;        /* "Clean", "cleaning_reboot" */
    const char *doing, *log_label;     /* "cleaning" */
    const char *first_step, *progress; /* what was being tried, for failures */
} words[] = {
    [CI_FLOW_CLEAN] = {"Clean", "cleaning_reboot", "cleaning", "cleaning",
                       "Node failed to start the first cleaning step",
                       "Node failed to check cleaning progress"},
    [CI_FLOW_DEPLOY] = {"Deploy", "deployment_reboot", "deployment", NULL,
                        "Failed to load in-band deploy steps",
                        "Failed to process the next deploy step"},
    [CI_FLOW_SERVICE] = {"Service", "servicing_reboot", "service", NULL,
                         "Node failed to start the first service step",
                         "Node failed to check service progress"},
};

static bool is_named(const json_t *command, const char *verb, enum ci_flow flow,
                     struct ci_task *task)
{
    return strcmp(ci_agent_text(command, "command_name"),
                  ci_printf(task->ctx->mem, "%s_%s_step%s", verb, ci_agent_flow(flow),
                            strcmp(verb, "get") == 0 ? "s" : "")) == 0;
}

/* Has it done nothing yet but tell its steps? */
static bool is_fresh(struct ci_task *task, enum ci_flow flow, const json_t *commands)
{
    json_t *command;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)commands, i, command)
    {
        if (!is_named(command, "get", flow, task))
            return false;
    }
    return true;
}

static bool is_same_step(const json_t *a, const json_t *b)
{
    return strcmp(ci_agent_text(a, "interface"), ci_agent_text(b, "interface")) == 0 &&
           strcmp(ci_agent_text(a, "step"), ci_agent_text(b, "step")) == 0;
}

/* The command of the current step once it has ended; NULL while it has not. */
static const json_t *ended_command(struct ci_task *task, enum ci_flow flow, const json_t *commands,
                                   const json_t *current)
{
    const json_t *last = json_array_get(commands, json_array_size(commands) - 1);
    const char *status = ci_agent_text(last, "command_status");
    const json_t *step;

    if (!is_named(last, "execute", flow, task) || strcmp(status, "RUNNING") == 0)
        return NULL;
    step = json_object_get(json_object_get(last, "command_result"),
                           ci_printf(task->ctx->mem, "%s_step", ci_agent_flow(flow)));
    /* A former step may have ended while the next has not begun. */
    if (strcmp(status, "SUCCEEDED") == 0 && !is_same_step(step, current))
        return NULL;
    return last;
}

static bool step_failed(struct ci_task *task, const struct ci_course *course, const char *message)
{
    ci_agent_collect_logs(task, words[course->flow].log_label);
    return course->fail(task, message);
}

/* Does the cleaning follow steps that somebody wrote down? */
static bool is_declared(const struct ci_task *task, const json_t *info)
{
    return ci_clean_course.target(task) ||
           json_is_true(json_object_get(info, "declarative_cleaning"));
}

/*
 * The agent has other hardware managers than when its steps were asked for. A cleaning by what the
 * interfaces offer begins again with the new steps; otherwise the current step is run once more.
 */
static bool begin_again(struct ci_task *task, const struct ci_course *course)
{
    const struct ci_flow_row *row = ci_flow_row(course->flow);
    json_t *info;
    bool offered;

    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info))
        return false;
    offered = course->flow == CI_FLOW_CLEAN && !is_declared(task, info);
    if (!ci_agent_refresh_steps(task, course->flow)) {
        const char *reason = ci_error_take(task->ctx);

        return course->fail(task, ci_printf(task->ctx->mem, "Could not continue %s on node %s: %s.",
                                            words[course->flow].doing, task->node->uuid, reason));
    }
    ci_info(task->ctx, "The agent's hardware managers have changed", "node=%s flow=%s",
            task->node->uuid, row->name);
    if (offered ? !ci_steps_set_clean(task, false, false)
                : !ci_internal_info_set(task->ctx, task->node, row->skip, json_false()) ||
                      !ci_node_save(task->ctx, task->node)) {
        const char *reason = ci_error_take(task->ctx);

        return course->fail(task, ci_printf(task->ctx->mem, "Could not restart %s on node %s: %s.",
                                            words[course->flow].doing, task->node->uuid, reason));
    }
    return ci_course_continue(task, course);
}

/* The machine is rebooted, and the agent's next heartbeat goes on; its token is made anew. */
static bool reboot(struct ci_task *task, const struct ci_course *course, const json_t *current)
{
    const struct ci_flow_row *row = ci_flow_row(course->flow);
    const char *const polling[] = {row->polling, NULL};
    const char *const token[] = {"agent_secret_token", NULL};
    json_t *info;

    if (!ci_agent_reboot(task)) {
        const char *reason = ci_error_take(task->ctx);

        return course->fail(
            task, ci_printf(task->ctx->mem, "Reboot requested by %s step %s failed for node %s: %s",
                            row->name, ci_step_repr(task->ctx, current), task->node->uuid, reason));
    }
    return ci_info_read(task->ctx, task->node->driver_internal_info, &info) &&
           ci_internal_info_set(task->ctx, task->node, words[course->flow].reboot, json_true()) &&
           ci_internal_info_drop(task->ctx, task->node, polling) &&
           (json_is_true(json_object_get(info, "agent_secret_token_pregenerated")) ||
            ci_internal_info_drop(task->ctx, task->node, token)) &&
           ci_node_save(task->ctx, task->node);
}

/* What the interface of the step does when it has ended well. */
static bool tell_interface(struct ci_task *task, enum ci_flow flow, const json_t *step,
                           const json_t *command)
{
    const struct ci_interface *interface =
        ci_hardware_interface(task->hardware, ci_agent_text(step, "interface"));

    return !interface || !interface->step_ended || interface->step_ended(task, flow, step, command);
}

static bool not_told(struct ci_task *task, const struct ci_course *course, const json_t *current)
{
    const char *flow = ci_flow_row(course->flow)->name;
    const char *class = ci_error_kind(task->ctx->error->class)->name;

    return step_failed(
        task, course,
        ci_printf(task->ctx->mem, "For node %s, post %s step hook failed for %s step %s. %s: %s",
                  task->node->uuid, flow, flow, ci_json_repr(task->ctx->mem, current), class,
                  ci_error_take(task->ctx)));
}

static bool step_ended(struct ci_task *task, const struct ci_course *course, const json_t *current,
                       const json_t *command)
{
    const struct words *w = &words[course->flow];
    const char *status = ci_agent_text(command, "command_status");

    if (strcmp(status, "FAILED") == 0)
        return step_failed(task, course,
                           ci_printf(task->ctx->mem, "%s step %s failed on node %s. %s", w->title,
                                     ci_step_id(task->ctx, current), task->node->uuid,
                                     ci_agent_reason(task, command)));
    if (strcmp(status, "CLEAN_VERSION_MISMATCH") == 0 || strcmp(status, "VERSION_MISMATCH") == 0)
        return begin_again(task, course);
    if (strcmp(status, "SUCCEEDED") != 0)
        return step_failed(
            task, course,
            ci_printf(task->ctx->mem,
                      "Agent returned unknown status for %s step %s on node %s : %s.",
                      ci_flow_row(course->flow)->name, ci_step_repr(task->ctx, current),
                      task->node->uuid, *status ? status : "None"));
    if (!tell_interface(task, course->flow, current, command))
        return not_told(task, course, current);
    if (json_is_true(json_object_get(current, "reboot_requested")))
        return reboot(task, course, current);
    return ci_course_continue(task, course);
}

/*
 * Does the step end with the next heartbeat? One that waits, without seconds or left behind by a
 * conductor that is gone, and one that was on hold until somebody let it go on. Ironic promises
 * so and looks for a command of the agent's all the same, which never comes once there was another.
 */
static bool ends_with_heartbeat(const json_t *step)
{
    static const char *const names[] = {"wait", "hold", NULL};

    return !json_is_true(json_object_get(step, "execute_on_child_nodes")) &&
           ci_one_of(ci_agent_text(step, "step"), names);
}

static bool look_at_step(struct ci_task *task, const struct ci_course *course)
{
    const char *const booted[] = {words[course->flow].reboot, NULL};
    const json_t *command;
    json_t *commands = NULL, *current;

    if (!ci_flow_step(task, course->flow, &current))
        return false;
    if (!current)
        current = ci_json(task->ctx, json_object());
    if (!ends_with_heartbeat(current) &&
        !ci_agent_commands(task, task->ctx->config->agent.max_command_attempts, &commands))
        return false;
    if (!commands || is_fresh(task, course->flow, commands))
        return ci_internal_info_drop(task->ctx, task->node, booted) &&
               ci_node_save(task->ctx, task->node) && ci_course_continue(task, course);
    command = ended_command(task, course->flow, commands, current);
    return !command || step_ended(task, course, current, command);
}

/* The timeouts of wait states count from the last sign of life. */
static bool touch(struct ci_task *task)
{
    ci_node_set_provision_updated_at(task->node, ci_time_now_us());
    return ci_node_save(task->ctx, task->node);
}

/* The ramdisk has booted for the flow: its steps are asked for, and the first is run. */
static bool begin(struct ci_task *task, const struct ci_course *course, const json_t *info)
{
    if (!ci_course_resume(task, course) || !ci_agent_refresh_steps(task, course->flow))
        return false;
    if (course->flow == CI_FLOW_CLEAN ? !ci_steps_set_clean(task, false, is_declared(task, info))
                                      : !ci_steps_set_service(task, false))
        return false;
    return ci_course_go_on(task, course);
}

/* What was being tried stays in *doing when it fails. */
static bool heartbeat(struct ci_task *task, const struct ci_course *course, const char **doing)
{
    const struct ci_flow_row *row = ci_flow_row(course->flow);
    json_t *info, *current;

    *doing = words[course->flow].first_step;
    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info) ||
        !ci_flow_step(task, course->flow, &current))
        return false;
    if (course->flow == CI_FLOW_DEPLOY) {
        if (json_object_size(json_object_get(info, row->cached)) == 0 &&
            !ci_agent_refresh_steps(task, course->flow))
            return false;
    } else if (!current) {
        return touch(task) && begin(task, course, info);
    }
    *doing = words[course->flow].progress;
    if (!touch(task))
        return false;
    /* Something else looks after a step that is polled. */
    return json_is_true(json_object_get(info, row->polling)) || look_at_step(task, course);
}

void ci_agent_steps_heartbeat(struct ci_task *task, const struct ci_course *course)
{
    const char *doing, *message;

    if (heartbeat(task, course, &doing))
        return;
    message = ci_printf(task->ctx->mem, "%s: %s", doing, task->ctx->error->message);
    if (ci_state_is(task->node->provision_state, CI_STATE_IS_FAILURE))
        return; /* dealt with already; the error is for the log */
    ci_error_clear(task->ctx);
    if (course->flow == CI_FLOW_DEPLOY)
        (void)!ci_deploy_set_failed(task, message, true);
    else
        (void)!course->fail(task, message);
}
