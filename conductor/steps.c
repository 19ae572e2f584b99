/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collecting, ordering and validating steps.
 *
 * The order is Ironic's: highest priority first, and among equals by interface: vendor, power,
 * management, firmware, deploy, bios, raid.
 */
#include "conductor/steps.h"

#include <string.h>

#include "base/config.h"
#include "base/json.h"
#include "base/mask.h"
#include "base/text.h"
#include "db/db.h"
#include "drivers/hardware.h"
#include "objects/info.h"

enum { ERRORS_MAX_BYTES = 1 << 20 };

static const struct ci_flow_row rows[] = {
    [CI_FLOW_CLEAN] = {"clean", "clean_steps", "clean_step_index", "skip_current_clean_step",
                       "cleaning_polling", "cleaning_disable_ramdisk", "agent_cached_clean_steps",
                       ci_node_clean_step_n},
    [CI_FLOW_DEPLOY] = {"deploy", "deploy_steps", "deploy_step_index", "skip_current_deploy_step",
                        "deployment_polling", NULL, "agent_cached_deploy_steps",
                        ci_node_deploy_step_n},
    [CI_FLOW_SERVICE] = {"service", "service_steps", "service_step_index",
                         "skip_current_service_step", "servicing_polling",
                         "service_disable_ramdisk", "agent_cached_service_steps",
                         ci_node_service_step_n},
};

/* Interfaces that offer steps, the one that goes first among equals first. */
static const char *const interfaces[] = {"vendor", "power", "management", "firmware", "deploy",
                                         "bios",   "raid",  "network",    NULL};

const struct ci_flow_row *ci_flow_row(enum ci_flow flow)
{
    return &rows[flow];
}

static const char *text_of(const json_t *step, const char *key)
{
    const json_t *value = json_object_get(step, key);

    return ci_json_kind(value) == CI_JSON_STRING ? json_string_value(value) : "";
}

/* A number, or a text of digits, which REST takes too. */
static int64_t priority_of(const json_t *step)
{
    const json_t *value = json_object_get(step, "priority");
    int64_t priority = 0;

    if (!value)
        return 0;
    if (ci_json_kind(value) == CI_JSON_INT)
        return json_integer_value(value);
    if (ci_json_kind(value) == CI_JSON_STRING &&
        ci_parse_int(json_string_value(value), 0, INT64_MAX, &priority))
        return priority;
    return 0;
}

const char *ci_step_id(struct ci_ctx *ctx, const json_t *step)
{
    return ci_printf(ctx->mem, "%s.%s", text_of(step, "interface"), text_of(step, "step"));
}

/* At any depth: no deeper than the reader allows. */
static void hide_secrets(json_t *value)
{
    const char *key;
    json_t *one;
    void *next;
    size_t i;

    json_object_foreach_safe(value, next, key, one)
    {
        if (ci_mask_is_secret(key, strlen(key)))
            json_object_set_new(value, key, json_string("***"));
        else
            hide_secrets(one);
    }
    json_array_foreach(value, i, one) hide_secrets(one);
}

const char *ci_step_repr(struct ci_ctx *ctx, const json_t *step)
{
    json_t *shown = ci_json(ctx, json_deep_copy(step));

    hide_secrets(shown);
    return ci_json_repr(ctx->mem, shown);
}

bool ci_step_is_reserved(const json_t *step)
{
    static const char *const names[] = {"power_on", "power_off", "reboot", "hold", "wait", NULL};

    return ci_one_of(text_of(step, "step"), names);
}

static bool same_step(const json_t *a, const json_t *b)
{
    return strcmp(text_of(a, "interface"), text_of(b, "interface")) == 0 &&
           strcmp(text_of(a, "step"), text_of(b, "step")) == 0;
}

static json_t *find_step(const json_t *steps, const json_t *step)
{
    size_t i;
    json_t *one;

    json_array_foreach(steps, i, one)
    {
        if (same_step(one, step))
            return one;
    }
    return NULL;
}

/*
 * What [conductor]clean_step_priority_override says, deploy.erase_devices:0, else -1. The option
 * has a default, so that it is never NULL.
 */
static int64_t overridden(struct ci_ctx *ctx, const char *id)
{
    const char *const *pair = ctx->config->conductor.clean_step_priority_override;
    int64_t priority = -1;

    for (; pair[0]; pair += 2) {
        if (strcmp(pair[0], id) == 0 && !ci_parse_int(pair[1], 0, INT32_MAX, &priority))
            priority = -1;
    }
    return priority;
}

/* The step as driver_internal_info holds it, keys in Ironic's order. */
static bool describe(struct ci_task *task, enum ci_flow flow, const char *interface,
                     const struct ci_step_offer *offer, json_t *steps)
{
    struct ci_ctx *ctx = task->ctx;
    const char *id = ci_printf(ctx->mem, "%s.%s", interface, offer->name);
    int64_t override = flow == CI_FLOW_CLEAN ? overridden(ctx, id) : -1;
    json_t *step = json_object(), *argsinfo = NULL;

    json_array_append_new(steps, step);
    if (offer->argsinfo &&
        !ci_json_read(ctx, offer->argsinfo, strlen(offer->argsinfo), &ci_json_trusted, &argsinfo))
        return false;
    json_object_set_new(step, "step", json_string(offer->name));
    json_object_set_new(step, "priority", json_integer(override >= 0 ? override : offer->priority));
    json_object_set_new(step, "abortable", json_boolean(offer->abortable));
    json_object_set_new(step, "argsinfo", argsinfo ? json_incref(argsinfo) : json_null());
    json_object_set_new(step, "interface", json_string(interface));
    if (flow != CI_FLOW_DEPLOY)
        json_object_set_new(step, "requires_ramdisk", json_boolean(!offer->without_ramdisk));
    return true;
}

static const struct ci_step_offer *offers_of(const struct ci_interface *interface,
                                             enum ci_flow flow)
{
    const struct ci_step_offer *const offers[] = {
        [CI_FLOW_CLEAN] = interface->clean_steps,
        [CI_FLOW_DEPLOY] = interface->deploy_steps,
        [CI_FLOW_SERVICE] = interface->service_steps,
    };

    return offers[flow];
}

/* Steps of the ramdisk; one that the interface offers by itself is not offered twice. */
static bool add_from_ramdisk(struct ci_task *task, enum ci_flow flow,
                             const struct ci_interface *interface, json_t *steps)
{
    json_t *more = ci_json(task->ctx, json_array()), *step;
    int64_t override;
    size_t i;

    if (!interface->add_steps)
        return true;
    if (!interface->add_steps(task, flow, more))
        return false;
    json_array_foreach(more, i, step)
    {
        if (find_step(steps, step))
            continue;
        override = flow == CI_FLOW_CLEAN ? overridden(task->ctx, ci_step_id(task->ctx, step)) : -1;
        if (override >= 0)
            json_object_set_new(step, "priority", json_integer(override));
        json_array_append(steps, step);
    }
    return true;
}

bool ci_steps_offered(struct ci_task *task, enum ci_flow flow, json_t **ret_steps)
{
    json_t *steps = ci_json(task->ctx, json_array());

    for (size_t i = 0; interfaces[i]; i++) {
        const struct ci_interface *interface = ci_hardware_interface(task->hardware, interfaces[i]);
        const struct ci_step_offer *offer = interface ? offers_of(interface, flow) : NULL;

        for (; offer && offer->name; offer++) {
            if (!describe(task, flow, interfaces[i], offer, steps))
                return false;
        }
        if (interface && !add_from_ramdisk(task, flow, interface, steps))
            return false;
    }
    *ret_steps = steps;
    return true;
}

static size_t rank_of(const json_t *step)
{
    size_t rank = 0;

    while (interfaces[rank] && strcmp(interfaces[rank], text_of(step, "interface")) != 0)
        rank++;
    return rank;
}

static bool goes_before(const json_t *a, const json_t *b)
{
    int64_t first = priority_of(a), second = priority_of(b);

    return first != second ? first > second : rank_of(a) < rank_of(b);
}

/* In order; steps that are equal in it stay as they came. Those of priority 0 are left out. */
static json_t *order(struct ci_ctx *ctx, const json_t *steps)
{
    json_t *ordered = ci_json(ctx, json_array()), *step;
    size_t i;

    json_array_foreach(steps, i, step)
    {
        size_t at = json_array_size(ordered);

        if (priority_of(step) == 0)
            continue;
        while (at > 0 && goes_before(step, json_array_get(ordered, at - 1)))
            at--;
        json_array_insert(ordered, at, step);
    }
    return ordered;
}

/* Never NULL: the options have defaults. */
static const char *const *disallowed(const struct ci_ctx *ctx, enum ci_flow flow)
{
    const char *const *const names[] = {
        [CI_FLOW_CLEAN] = ctx->config->api.disallow_clean_steps,
        [CI_FLOW_DEPLOY] = ctx->config->api.disallow_deploy_steps,
        [CI_FLOW_SERVICE] = ctx->config->api.disallow_service_steps,
    };

    return names[flow];
}

bool ci_steps_check_allowed(struct ci_ctx *ctx, enum ci_flow flow, const json_t *steps)
{
    const char *const *names = disallowed(ctx, flow);
    size_t i;
    json_t *step;

    json_array_foreach(steps, i, step)
    {
        const char *id = ci_step_id(ctx, step);

        if (ci_one_of(id, names))
            return ci_fail(ctx, StepNotAllowed, rows[flow].name, id, rows[flow].name);
    }
    return true;
}

static json_t *without_disallowed(struct ci_ctx *ctx, enum ci_flow flow, json_t *steps)
{
    const char *const *names = disallowed(ctx, flow);

    for (size_t i = json_array_size(steps); i-- > 0;) {
        if (ci_one_of(ci_step_id(ctx, json_array_get(steps, i)), names))
            json_array_remove(steps, i);
    }
    return steps;
}

/* One error more; they are told together, "; " between them. */
static void add_error(struct ci_text *errors, const char *error)
{
    if (errors->length > 0)
        ci_text_add(errors, "; ");
    ci_text_add(errors, error);
}

static const char *joined(struct ci_ctx *ctx, const char *list, const char *name)
{
    return *list ? ci_printf(ctx->mem, "%s, %s", list, name) : name;
}

/* Arguments that the step does not know, and required ones that are not there. */
static void check_arguments(struct ci_ctx *ctx, enum ci_flow flow, const json_t *step,
                            const json_t *offered, struct ci_text *errors)
{
    const json_t *args = json_object_get(step, "args"),
                 *known = json_object_get(offered, "argsinfo");
    const char *unexpected = "", *missing = "", *key, *repr = ci_step_repr(ctx, step);
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)args, key, value)
    {
        if (!json_object_get(known, key))
            unexpected = joined(ctx, unexpected, key);
    }
    if (*unexpected)
        add_error(errors, ci_printf(ctx->mem, "%s step %s has these unexpected arguments: %s",
                                    rows[flow].name, repr, unexpected));
    if (flow == CI_FLOW_DEPLOY && priority_of(step) == 0)
        return;
    json_object_foreach((json_t *)(uintptr_t)known, key, value)
    {
        const char *meaning = text_of(value, "description");

        if (json_is_true(json_object_get(value, "required")) && !json_object_get(args, key))
            missing =
                joined(ctx, missing, *meaning ? ci_printf(ctx->mem, "%s (%s)", key, meaning) : key);
    }
    if (*missing)
        add_error(errors, ci_printf(ctx->mem, "%s step %s is missing these required arguments: %s",
                                    rows[flow].name, repr, missing));
}

static void check_step(struct ci_ctx *ctx, enum ci_flow flow, const struct ci_steps_rules *rules,
                       json_t *step, const json_t *offered, struct ci_text *errors)
{
    check_arguments(ctx, flow, step, offered, errors);
    if (flow == CI_FLOW_DEPLOY) {
        if (priority_of(step) > 0 && strcmp(ci_step_id(ctx, step), "deploy.deploy") == 0)
            add_error(errors, "deploy step deploy on interface deploy is a core step and cannot be "
                              "overridden by user steps. It may be disabled by setting the "
                              "priority to 0");
        return;
    }
    if (rules->no_ramdisk && !json_is_false(json_object_get(offered, "requires_ramdisk")))
        add_error(errors, ci_printf(ctx->mem, "%s step %s requires booting a ramdisk",
                                    rows[flow].name, ci_step_repr(ctx, step)));
    json_object_set(step, "abortable", json_object_get(offered, "abortable"));
    json_object_set(step, "priority", json_object_get(offered, "priority"));
}

/* Deploy steps may come from several templates, but each only once. */
static void check_unique(struct ci_ctx *ctx, const json_t *steps, struct ci_text *errors)
{
    const char *twice = "";
    size_t i;
    json_t *step;

    json_array_foreach(steps, i, step)
    {
        if (find_step(steps, step) != step)
            twice = joined(ctx, twice, ci_step_id(ctx, step));
    }
    if (*twice)
        add_error(errors, ci_printf(ctx->mem,
                                    "deploy steps from all deploy templates matching this node's "
                                    "instance traits cannot have the same interface and step. "
                                    "Duplicate deploy steps for %s",
                                    twice));
}

bool ci_steps_validate(struct ci_task *task, enum ci_flow flow, const json_t *wanted,
                       const struct ci_steps_rules *rules, json_t **ret_steps)
{
    struct ci_ctx *ctx = task->ctx;
    struct ci_text *errors = ci_text_new(ctx->mem, ERRORS_MAX_BYTES);
    json_t *valid = ci_json(ctx, json_array()), *offers, *one;
    size_t i;

    if (!ci_steps_offered(task, flow, &offers))
        return false;
    json_array_foreach(wanted, i, one)
    {
        json_t *step = ci_json(ctx, json_deep_copy(one)), *offered = find_step(offers, step);

        if (ci_step_is_reserved(step) ||
            json_is_true(json_object_get(step, "execute_on_child_nodes"))) {
            json_array_append(valid, step);
        } else if (offered) {
            check_step(ctx, flow, rules, step, offered, errors);
            json_array_append(valid, step);
        } else if (!rules->skip_missing) {
            add_error(errors, ci_printf(ctx->mem, "node does not support this %s step: %s",
                                        rows[flow].name, ci_step_repr(ctx, step)));
        }
    }
    if (flow == CI_FLOW_DEPLOY)
        check_unique(ctx, valid, errors);
    if (errors->length > 0)
        return ci_fail_text(ctx, InvalidParameterValue, "%s%s", rules->prefix ? rules->prefix : "",
                            errors->bytes);
    *ret_steps = valid;
    return true;
}

bool ci_steps_need_ramdisk(struct ci_task *task, enum ci_flow flow, const json_t *steps,
                           bool *ret_need)
{
    json_t *offers, *step;
    size_t i;

    if (!ci_steps_offered(task, flow, &offers))
        return false;
    *ret_need = false;
    json_array_foreach(steps, i, step)
    {
        const json_t *offered = find_step(offers, step);

        if (!ci_step_is_reserved(step) &&
            !json_is_true(json_object_get(step, "execute_on_child_nodes")) &&
            !json_is_false(json_object_get(offered, "requires_ramdisk")))
            *ret_need = true;
    }
    return true;
}

static bool save_list(struct ci_task *task, enum ci_flow flow, json_t *steps, bool reset_current)
{
    const struct ci_flow_row *row = &rows[flow];
    struct ci_node *node = task->node;

    without_disallowed(task->ctx, flow, steps);
    if (!ci_internal_info_set(task->ctx, node, row->steps, json_incref(steps)))
        return false;
    if (reset_current) {
        *(const char **)ci_field_at(node, &ci_node_type.fields[row->field]) = "{}";
        ci_object_mark(node, row->field);
        if (!ci_internal_info_set(task->ctx, node, row->index, json_null()))
            return false;
    }
    return ci_node_save(task->ctx, node);
}

/* A list kept in driver_internal_info; empty when there is none. */
static bool kept_list(struct ci_task *task, const char *key, json_t **ret_steps)
{
    json_t *info;

    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info))
        return false;
    *ret_steps = json_object_get(info, key);
    if (!*ret_steps || ci_json_kind(*ret_steps) != CI_JSON_ARRAY)
        *ret_steps = ci_json(task->ctx, json_array());
    return true;
}

bool ci_steps_set_clean(struct ci_task *task, bool no_ramdisk, bool kept)
{
    const struct ci_steps_rules rules = {.no_ramdisk = no_ramdisk};
    json_t *steps;

    if (kept) {
        if (!kept_list(task, "clean_steps", &steps) ||
            !ci_steps_validate(task, CI_FLOW_CLEAN, steps, &rules, &steps))
            return false;
    } else {
        if (!ci_steps_offered(task, CI_FLOW_CLEAN, &steps))
            return false;
        steps = order(task->ctx, steps);
    }
    return save_list(task, CI_FLOW_CLEAN, steps, true);
}

bool ci_steps_set_service(struct ci_task *task, bool no_ramdisk)
{
    const struct ci_steps_rules rules = {.no_ramdisk = no_ramdisk};
    json_t *steps;

    return kept_list(task, "service_steps", &steps) &&
           ci_steps_validate(task, CI_FLOW_SERVICE, steps, &rules, &steps) &&
           save_list(task, CI_FLOW_SERVICE, steps, true);
}

/* The steps of one deploy template, appended. */
static bool add_template(struct ci_ctx *ctx, const char *name, json_t *steps, bool *ret_found)
{
    const char *values[] = {name};
    struct ci_rows *found;

    if (!ci_db_query(ctx,
                     "SELECT s.interface, s.step, s.args, s.priority FROM deploy_templates t "
                     "JOIN deploy_template_steps s ON s.deploy_template_id = t.id "
                     "WHERE t.name = $1 ORDER BY s.id",
                     1, values, &found))
        return false;
    for (size_t i = 0; i < found->count; i++) {
        const char *args = ci_row_text(found, i, 2);
        json_t *tree;

        if (!ci_info_read(ctx, args, &tree))
            return false;
        json_array_append_new(steps, json_pack("{s:s, s:s, s:O, s:I}", "interface",
                                               ci_row_text(found, i, 0), "step",
                                               ci_row_text(found, i, 1), "args", tree, "priority",
                                               (json_int_t)ci_row_int(found, i, 3, 0)));
    }
    *ret_found = found->count > 0;
    return true;
}

/* The validated steps of all templates that the instance's traits name. */
static bool template_steps(struct ci_task *task, bool skip_missing, json_t **ret_steps)
{
    struct ci_ctx *ctx = task->ctx;
    struct ci_steps_rules rules = {.skip_missing = skip_missing};
    json_t *steps = ci_json(ctx, json_array()), *info, *trait;
    const char *names = "";
    size_t i;

    if (!ci_info_read(ctx, task->node->instance_info, &info))
        return false;
    json_array_foreach(json_object_get(info, "traits"), i, trait)
    {
        bool found;

        if (ci_json_kind(trait) != CI_JSON_STRING)
            continue;
        if (!add_template(ctx, json_string_value(trait), steps, &found))
            return false;
        if (found)
            names =
                ci_printf(ctx->mem, "%s%s%s", names, *names ? "," : "", json_string_value(trait));
    }
    rules.prefix = ci_printf(ctx->mem,
                             "Validation of deploy steps from deploy templates matching this "
                             "node's instance traits failed. Matching deploy templates: %s. "
                             "Errors: ",
                             names);
    return ci_steps_validate(task, CI_FLOW_DEPLOY, steps, &rules, ret_steps);
}

static bool asked_steps(struct ci_task *task, const json_t *wanted, bool skip_missing,
                        json_t **ret_steps)
{
    const struct ci_steps_rules rules = {
        .skip_missing = skip_missing,
        .prefix = "Validation of deploy steps from \"deploy steps\" argument failed."};
    json_t *kept;

    if (json_array_size(wanted) == 0) {
        if (!kept_list(task, "user_deploy_steps", &kept))
            return false;
        wanted = kept;
    }
    return ci_steps_validate(task, CI_FLOW_DEPLOY, wanted, &rules, ret_steps);
}

bool ci_steps_check_deploy(struct ci_task *task, const json_t *wanted, bool skip_missing)
{
    json_t *ignored;

    return template_steps(task, skip_missing, &ignored) &&
           asked_steps(task, wanted, skip_missing, &ignored);
}

/* Those of `more` that the list has not yet. */
static void add_missing(json_t *steps, const json_t *more)
{
    size_t i;
    json_t *step;

    json_array_foreach(more, i, step)
    {
        if (!find_step(steps, step))
            json_array_append(steps, step);
    }
}

bool ci_steps_set_deploy(struct ci_task *task, bool reset_current, bool skip_missing)
{
    json_t *steps, *templates, *offered;

    if (!asked_steps(task, NULL, skip_missing, &steps) ||
        !template_steps(task, skip_missing, &templates) ||
        !ci_steps_offered(task, CI_FLOW_DEPLOY, &offered))
        return false;
    /* What was asked for goes before templates, and both before what drivers do by themselves. */
    add_missing(steps, templates);
    add_missing(steps, offered);
    return save_list(task, CI_FLOW_DEPLOY, order(task->ctx, steps), reset_current);
}

bool ci_steps_renew_deploy(struct ci_task *task)
{
    return ci_steps_check_deploy(task, NULL, false) && ci_steps_set_deploy(task, false, false) &&
           ci_internal_info_set(task->ctx, task->node, "steps_validated", json_true()) &&
           ci_node_save(task->ctx, task->node);
}
