/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a list of steps.
 *
 * Before a step begins, the node's row names it and its place in the list; whoever goes on after
 * a call-back or a restart starts from there. The list is read anew for each step, since a
 * deployment's may change on the way.
 */
#include "conductor/flow.h"

#include <string.h>
#include <time.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "conductor/history.h"
#include "conductor/machine.h"
#include "conductor/power.h"
#include "db/db.h"
#include "drivers/hardware.h"
#include "objects/info.h"

/* Flags between a step and its call-back, of all flows. */
#define STEP_FLAGS                                                                                 \
    "cleaning_reboot", "deployment_reboot", "servicing_reboot", "skip_current_clean_step",         \
        "skip_current_deploy_step", "skip_current_service_step", "cleaning_polling",               \
        "deployment_polling", "servicing_polling"

static const char *text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return ci_json_kind(value) == CI_JSON_STRING ? json_string_value(value) : "";
}

bool ci_flow_wipe_agent(struct ci_task *task)
{
    static const char *const keys[] = {"agent_secret_token", "agent_secret_token_pregenerated",
                                       "agent_url", "agent_verify_ca", NULL};

    return ci_internal_info_drop(task->ctx, task->node, keys);
}

bool ci_flow_wipe_flags(struct ci_task *task, enum ci_flow flow)
{
    const char *const keys[] = {ci_flow_row(flow)->index, STEP_FLAGS, NULL};

    return ci_internal_info_drop(task->ctx, task->node, keys);
}

bool ci_flow_wipe(struct ci_task *task, enum ci_flow flow)
{
    const struct ci_flow_row *row = ci_flow_row(flow);
    const char *const keys[] = {row->cached, "steps_validated", "agent_start_attempted", NULL};
    const char *const clean[] = {"cleaning_disable_ramdisk", "declarative_cleaning", NULL};
    const char *const deploy[] = {"user_deploy_steps", "image_source", NULL};
    const char *const service[] = {"service_disable_ramdisk", "image_source", NULL};

    return ci_flow_wipe_agent(task) &&
           ci_internal_info_set(task->ctx, task->node, row->steps, json_null()) &&
           ci_flow_wipe_flags(task, flow) && ci_internal_info_drop(task->ctx, task->node, keys) &&
           ci_internal_info_drop(task->ctx, task->node,
                                 flow == CI_FLOW_CLEAN    ? clean
                                 : flow == CI_FLOW_DEPLOY ? deploy
                                                          : service);
}

bool ci_flow_step(struct ci_task *task, enum ci_flow flow, json_t **ret_step)
{
    const struct ci_field *field = &ci_node_type.fields[ci_flow_row(flow)->field];
    const char *text = *(const char **)ci_field_at(task->node, field);

    if (!ci_info_read(task->ctx, text, ret_step))
        return false;
    if (json_object_size(*ret_step) == 0)
        *ret_step = NULL;
    return true;
}

void ci_flow_set_step(struct ci_task *task, enum ci_flow flow, const json_t *step)
{
    size_t field = ci_flow_row(flow)->field;

    *(const char **)ci_field_at(task->node, &ci_node_type.fields[field]) =
        step ? ci_json_text(task->ctx->mem, step) : NULL;
    ci_object_mark(task->node, field);
}

/* The list in driver_internal_info; empty when there is none. */
static bool list_of(struct ci_task *task, enum ci_flow flow, json_t **ret_info, json_t **ret_steps)
{
    if (!ci_info_read(task->ctx, task->node->driver_internal_info, ret_info))
        return false;
    *ret_steps = json_object_get(*ret_info, ci_flow_row(flow)->steps);
    if (!*ret_steps || ci_json_kind(*ret_steps) != CI_JSON_ARRAY)
        *ret_steps = ci_json(task->ctx, json_array());
    return true;
}

bool ci_flow_next(struct ci_task *task, enum ci_flow flow, int64_t *ret_index)
{
    const struct ci_flow_row *row = ci_flow_row(flow);
    const char *const flags[] = {row->skip, row->polling, NULL};
    json_t *info, *steps, *current;
    const json_t *index;
    bool skip;

    if (!list_of(task, flow, &info, &steps) || !ci_flow_step(task, flow, &current))
        return false;
    skip = !json_is_false(json_object_get(info, row->skip));
    index = json_object_get(info, row->index);
    if (!ci_internal_info_drop(task->ctx, task->node, flags) ||
        !ci_node_save(task->ctx, task->node))
        return false;
    if (!current)
        *ret_index = json_array_size(steps) > 0 ? 0 : CI_FLOW_NO_STEP;
    else if (!json_is_integer(index))
        *ret_index = CI_FLOW_NO_STEP;
    else
        *ret_index = json_integer_value(index) + (skip ? 1 : 0);
    if (*ret_index >= (int64_t)json_array_size(steps))
        *ret_index = CI_FLOW_NO_STEP;
    return true;
}

static bool begin_step(struct ci_task *task, enum ci_flow flow, const json_t *step, int64_t index)
{
    const struct ci_flow_row *row = ci_flow_row(flow);
    const char *const polling[] = {row->polling, NULL};

    ci_info(task->ctx, "Step begins", "node=%s kind=%s step=%s", task->node->uuid, row->name,
            ci_step_id(task->ctx, step));
    ci_flow_set_step(task, flow, step);
    return ci_internal_info_set(task->ctx, task->node, row->index, json_integer(index)) &&
           ci_internal_info_drop(task->ctx, task->node, polling) &&
           ci_node_save(task->ctx, task->node);
}

static const struct ci_step_offer *find_offer(const struct ci_interface *interface,
                                              enum ci_flow flow, const json_t *step)
{
    const struct ci_step_offer *offer = NULL;

    if (interface)
        offer = flow == CI_FLOW_CLEAN    ? interface->clean_steps
                : flow == CI_FLOW_DEPLOY ? interface->deploy_steps
                                         : interface->service_steps;
    while (offer && offer->name && strcmp(offer->name, text_of(step, "step")) != 0)
        offer++;
    return offer && offer->name ? offer : NULL;
}

/* power_on, power_off, reboot. */
static bool run_power(struct ci_task *task, const char *name)
{
    return ci_power_action(task,
                           strcmp(name, "power_on") == 0    ? CI_POWER_ON
                           : strcmp(name, "power_off") == 0 ? CI_POWER_OFF
                                                            : CI_REBOOT,
                           0);
}

static bool find_and_run(struct ci_task *task, enum ci_flow flow, const json_t *step,
                         enum ci_outcome *ret_outcome)
{
    const struct ci_interface *interface =
        ci_hardware_interface(task->hardware, text_of(step, "interface"));
    const struct ci_step_offer *offer = find_offer(interface, flow, step);
    json_t *args = json_object_get(step, "args");

    if (!offer && interface && interface->run_step)
        return interface->run_step(task, flow, step, ret_outcome);
    if (!offer)
        return ci_fail_text(task->ctx, InvalidParameterValue,
                            "node does not support this %s step: %s", ci_flow_row(flow)->name,
                            ci_step_repr(task->ctx, step));
    *ret_outcome = CI_DONE;
    return offer->run(task, args ? args : ci_json(task->ctx, json_object()), ret_outcome);
}

/* How long steps took that failed, and others. Any thread. */
static struct ci_durations took[CI_FLOW_SERVICE + 1][2];

void ci_flow_write_metrics(struct ci_metrics *to)
{
    static const char *const outcomes[] = {"failed", "done"};

    ci_metrics_family(to, "castiron_conductor_step_seconds", "histogram",
                      "Time that steps took here; what a ramdisk goes on with is not in it.");
    for (enum ci_flow flow = CI_FLOW_CLEAN; flow <= CI_FLOW_SERVICE; flow++) {
        for (int done = 0; done < 2; done++)
            ci_metrics_durations(to, "castiron_conductor_step_seconds",
                                 ci_printf(to->mem, "flow=\"%s\",outcome=\"%s\"",
                                           ci_flow_row(flow)->name, outcomes[done]),
                                 &took[flow][done]);
    }
}

static bool run_offer(struct ci_task *task, enum ci_flow flow, const json_t *step,
                      enum ci_outcome *ret_outcome)
{
    const int64_t began_ns = ci_time_monotonic_ns();
    const bool done = find_and_run(task, flow, step, ret_outcome);

    ci_durations_add(&took[flow][done], ci_time_monotonic_ns() - began_ns);
    return done;
}

/*
 * A step of the child's own. One that goes on by itself is an error, since nobody hears when it
 * ends, unless [conductor]permit_child_node_step_async_result takes it for done then.
 */
static bool run_offer_on_child(struct ci_task *child, enum ci_flow flow, const json_t *step)
{
    enum ci_outcome outcome;

    if (!run_offer(child, flow, step, &outcome))
        return false;
    if (outcome == CI_DONE || child->ctx->config->conductor.permit_child_node_step_async_result)
        return true;
    return ci_fail_text(child->ctx, InvalidParameterValue,
                        "While executing step %s on child node %s, step returned invalid value: %s",
                        ci_json_repr(child->ctx->mem, step), child->node->uuid,
                        flow == CI_FLOW_SERVICE ? CI_STATE_SERVICEWAIT : CI_STATE_CLEANWAIT);
}

static bool run_reserved_on_child(struct ci_task *child, const json_t *step)
{
    static const char *const waits[] = {"hold", "wait", NULL};
    const char *name = text_of(step, "step");

    return ci_one_of(name, waits)
               ? ci_fail_text(child->ctx, InvalidParameterValue,
                              "The step \"%s\" cannot be executed on a child node (%s).", name,
                              child->node->uuid)
               : run_power(child, name);
}

static bool run_on_child(struct ci_task *task, enum ci_flow flow, const json_t *step,
                         const char *uuid)
{
    struct ci_task *child;
    bool fine;

    ci_info(task->ctx, "Step runs on a child node", "node=%s child=%s step=%s", task->node->uuid,
            uuid, ci_step_id(task->ctx, step));
    if (!ci_task_take(ci_task_conductor(task), task->ctx, uuid, CI_EXCLUSIVE, "execute step",
                      &child))
        return false;
    fine = ci_step_is_reserved(step)
               ? run_reserved_on_child(child, step)
               : run_offer_on_child(child, flow == CI_FLOW_SERVICE ? flow : CI_FLOW_CLEAN, step);
    ci_task_release(child);
    return fine;
}

static bool run_on_children(struct ci_task *task, enum ci_flow flow, const json_t *step)
{
    const json_t *chosen = json_object_get(step, "limit_child_node_execution");
    const char *values[] = {task->node->uuid};
    struct ci_rows *children;

    if (!ci_db_query(task->ctx, "SELECT uuid FROM nodes WHERE parent_node = $1 ORDER BY id", 1,
                     values, &children))
        return false;
    for (size_t i = 0; i < children->count; i++) {
        const char *uuid = ci_row_text(children, i, 0);
        bool wanted = json_array_size(chosen) == 0;

        for (size_t j = 0; j < json_array_size(chosen); j++)
            wanted |= ci_json_kind(json_array_get(chosen, j)) == CI_JSON_STRING &&
                      strcmp(json_string_value(json_array_get(chosen, j)), uuid) == 0;
        if (wanted && !run_on_child(task, flow, step, uuid))
            return false;
    }
    return true;
}

/* Waits the seconds of a "wait" step, bounded by the configuration, then resumes. */
static bool wait_seconds(struct ci_task *task, int64_t seconds, const char *target)
{
    int64_t most = task->ctx->config->conductor.max_conductor_wait_step_seconds;

    if (seconds > most) {
        ci_history_note(task, task->node->provision_state,
                        ci_printf(task->ctx->mem,
                                  "A wait time exceeding the configured maximum has been "
                                  "requested. Holding for %lld, got %lld.",
                                  (long long)seconds, (long long)most));
        seconds = most;
    }
    ci_task_pause(task, seconds);
    return ci_task_go_on(task) && ci_machine_move(task, CI_EVENT_resume, target, NULL, NULL);
}

/* Steps the conductor runs by itself; *ret_left says that the node now waits or is on hold. */
static bool run_reserved(struct ci_task *task, const json_t *step, const char *target,
                         bool *ret_left)
{
    const char *name = text_of(step, "step");
    const json_t *value = json_object_get(json_object_get(step, "args"), "seconds");
    int64_t seconds = -1;

    if (strcmp(name, "hold") == 0) {
        *ret_left = true;
        return ci_machine_move(task, CI_EVENT_hold, target, NULL, NULL);
    }
    if (strcmp(name, "wait") != 0)
        return run_power(task, name);
    if (value && ci_json_kind(value) == CI_JSON_INT)
        seconds = json_integer_value(value);
    else if (value && ci_json_kind(value) == CI_JSON_STRING &&
             !ci_parse_int(json_string_value(value), 0, INT32_MAX, &seconds))
        seconds = 0;
    *ret_left = seconds < 0;
    return ci_machine_move(task, CI_EVENT_wait, target, NULL, NULL) &&
           (seconds < 0 || wait_seconds(task, seconds, target));
}

static bool run_step(struct ci_task *task, enum ci_flow flow, const json_t *step,
                     const char *target, bool *ret_left)
{
    enum ci_outcome outcome;

    *ret_left = false;
    if (json_is_true(json_object_get(step, "execute_on_child_nodes")))
        return run_on_children(task, flow, step);
    if (ci_step_is_reserved(step))
        return run_reserved(task, step, target, ret_left);
    if (!run_offer(task, flow, step, &outcome))
        return false;
    if (outcome == CI_DONE)
        return true;
    ci_info(task->ctx, "Step goes on by itself, waiting for it", "node=%s step=%s",
            task->node->uuid, ci_step_id(task->ctx, step));
    *ret_left = true;
    return ci_machine_move(task, CI_EVENT_wait, target, NULL, NULL);
}

enum ci_flow_end ci_flow_run(struct ci_task *task, enum ci_flow flow, int64_t index,
                             const char *target)
{
    json_t *info, *steps;

    for (; index >= 0; index++) {
        const json_t *step;
        bool left;

        if (!list_of(task, flow, &info, &steps))
            return CI_FLOW_FAILED;
        step = json_array_get(steps, (size_t)index);
        if (!step)
            break;
        if (!ci_task_go_on(task) || !begin_step(task, flow, step, index) ||
            !run_step(task, flow, step, target, &left))
            return CI_FLOW_FAILED;
        if (left)
            return CI_FLOW_LEFT;
        if (task->steps_changed && !ci_steps_renew_deploy(task))
            return CI_FLOW_FAILED;
        task->steps_changed = false;
        ci_info(task->ctx, "Step finished", "node=%s step=%s", task->node->uuid,
                ci_step_id(task->ctx, step));
    }
    return CI_FLOW_FINISHED;
}

bool ci_flow_abort_now(struct ci_task *task, enum ci_flow flow, bool *ret_now)
{
    json_t *step;

    if (!ci_flow_step(task, flow, &step))
        return false;
    *ret_now = !step || json_is_true(json_object_get(step, "abortable"));
    if (*ret_now || json_is_true(json_object_get(step, "abort_after")))
        return true;
    json_object_set_new(step, "abort_after", json_true());
    ci_flow_set_step(task, flow, step);
    ci_info(task->ctx, "The step cannot be aborted, doing so after it", "node=%s step=%s",
            task->node->uuid, ci_step_id(task->ctx, step));
    return ci_node_save(task->ctx, task->node);
}

bool ci_flow_abort_noted(struct ci_task *task, enum ci_flow flow, bool *ret_noted)
{
    json_t *step;

    if (!ci_flow_step(task, flow, &step))
        return false;
    *ret_noted = step && json_is_true(json_object_get(step, "abort_after"));
    return true;
}

const char *ci_flow_aborted_text(struct ci_task *task, enum ci_flow flow)
{
    struct ci_ctx *ctx = task->ctx;
    const char *text =
        ci_printf(ctx->mem, "By request, the %s operation was aborted", ci_flow_row(flow)->name);
    json_t *step;

    if (!ci_flow_step(task, flow, &step)) {
        ci_error_clear(ctx); /* the text is for people: it does without the step */
        return text;
    }
    if (!step)
        return text;
    return ci_printf(ctx->mem, "%s during or after the completion of step \"%s\"", text,
                     ci_step_id(ctx, step));
}

static const char *steps_text(struct ci_task *task, enum ci_flow flow)
{
    json_t *info, *steps;

    if (!list_of(task, flow, &info, &steps)) {
        ci_error_clear(task->ctx); /* a note only */
        return "[]";
    }
    return ci_step_repr(task->ctx, steps);
}

/* "automated cleaning" and "_start" make "automated_cleaning_start". */
static const char *event_type(struct ci_task *task, const char *what, const char *end)
{
    char *type = ci_printf(task->ctx->mem, "%s%s", what, end);

    for (char *at = type; *at; at++) {
        if (*at == ' ')
            *at = '_';
    }
    return type;
}

/* "Automated Cleaning" */
static const char *title(struct ci_task *task, const char *what)
{
    char *text = ci_strdup(task->ctx->mem, what);

    for (char *at = text; *at; at++) {
        if ((at == text || at[-1] == ' ') && *at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    }
    return text;
}

void ci_flow_note_start(struct ci_task *task, enum ci_flow flow, const char *what)
{
    if (task->ctx->config->conductor.record_step_flows_in_history)
        ci_history_note(
            task, event_type(task, what, "_start"),
            ci_printf(task->ctx->mem, "Starting %s with steps=%s", what, steps_text(task, flow)));
}

void ci_flow_note_end(struct ci_task *task, enum ci_flow flow, const char *what)
{
    if (task->ctx->config->conductor.record_step_flows_in_history)
        ci_history_note(task, event_type(task, what, "_end"),
                        ci_printf(task->ctx->mem, "%s completed successfully with steps=%s",
                                  title(task, what), steps_text(task, flow)));
}

void ci_flow_note_abort(struct ci_task *task, enum ci_flow flow, const char *what)
{
    struct ci_ctx *ctx = task->ctx;
    struct ci_error *why = ctx->error;
    json_t *step = NULL;

    if (!ctx->config->conductor.record_step_flows_in_history)
        return;
    ctx->error = NULL;
    if (!ci_flow_step(task, flow, &step))
        ci_error_clear(ctx);
    ci_history_error(task, event_type(task, what, "_end"),
                     ci_printf(ctx->mem, "%s aborted at step '%s' with steps=%s", title(task, what),
                               step ? text_of(step, "step") : "", steps_text(task, flow)));
    ctx->error = why;
}
