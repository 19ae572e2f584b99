/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inspection rules: where all conditions of one hold, its actions are taken.
 *
 * A loop runs an operation once for each item. Of the answers of a condition any, all, the first
 * that holds or the last one counts, as the rule says.
 */
#include "conductor/inspection_rules.h"

#include <string.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "conductor/rule.h"
#include "objects/inspection_rule.h"
#include "objects/row.h"

static const char *text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return ci_json_kind(value) == CI_JSON_STRING ? json_string_value(value) : "";
}

static bool find_op(const struct ci_rule_run *run, enum ci_rule_part part, const char *name,
                    const struct ci_rule_op **ret_op)
{
    *ret_op = ci_rule_op_find(part, name);
    return *ret_op || ci_fail_text(run->task->ctx, IronicException, "Unsupported %s: '%s'.",
                                   part == CI_RULE_ACTION ? "action" : "operator", name);
}

static bool ask_once(const struct ci_rule_run *run, const json_t *condition, bool *ret_holds)
{
    const char *name = text_of(condition, "op");
    bool turned = name[0] == '!';
    const struct ci_rule_op *op;
    json_t *args;

    if (!find_op(run, CI_RULE_CONDITION, name + turned, &op) ||
        !ci_rule_arguments(run, op, condition, &args))
        return false;
    /* What is written into text is text, whatever it is compared with. */
    if (run->item && strstr(op->optional, "force_strings"))
        json_object_set_new(args, "force_strings", json_true());
    if (!ci_rule_ask(run, op, args, ret_holds))
        return false;
    *ret_holds = *ret_holds != turned;
    return true;
}

/* Once for each item; a dictionary is one item. */
static bool ask(const struct ci_rule_run *outside, const json_t *condition, bool *ret_holds)
{
    const json_t *loop = json_object_get(condition, "loop");
    const char *multiple = text_of(condition, "multiple");
    bool all = strcmp(multiple, "all") == 0, last = strcmp(multiple, "last") == 0, one;
    struct ci_rule_run run = *outside;

    if (json_object_size(loop) > 0) {
        run.item = loop;
        return ask_once(&run, condition, ret_holds);
    }
    if (json_array_size(loop) == 0)
        return ask_once(&run, condition, ret_holds);
    *ret_holds = all;
    for (size_t i = 0; i < json_array_size(loop); i++) {
        run.item = json_array_get(loop, i);
        if (!ask_once(&run, condition, &one))
            return false;
        *ret_holds = last ? one : all ? *ret_holds && one : *ret_holds || one;
        if (one && strcmp(multiple, "first") == 0)
            break;
    }
    return true;
}

static bool act(const struct ci_rule_run *outside, const json_t *action)
{
    const json_t *loop = json_object_get(action, "loop");
    struct ci_rule_run run = *outside;
    const struct ci_rule_op *op;
    size_t n = json_array_size(loop);
    json_t *args;

    if (!find_op(&run, CI_RULE_ACTION, text_of(action, "op"), &op))
        return false;
    for (size_t i = 0; i < (n > 0 ? n : 1); i++) {
        run.item = n > 0 ? json_array_get(loop, i) : json_object_size(loop) > 0 ? loop : NULL;
        if (!ci_rule_arguments(&run, op, action, &args) || !ci_rule_act(&run, op, args))
            return false;
    }
    return true;
}

static bool read_list(struct ci_ctx *ctx, const char *text, json_t **ret_list)
{
    if (!text)
        text = "[]";
    return ci_json_read(ctx, text, strlen(text), &ci_json_trusted, ret_list);
}

static bool run_rule(const struct ci_rule_run *run, const struct ci_inspection_rule *rule)
{
    json_t *conditions, *actions, *one;
    struct ci_ctx *ctx = run->task->ctx;
    bool holds;
    size_t i;

    if (!read_list(ctx, rule->conditions, &conditions) || !read_list(ctx, rule->actions, &actions))
        return false;
    json_array_foreach(conditions, i, one)
    {
        if (!ask(run, one, &holds))
            return false;
        if (!holds)
            return true;
    }
    ci_info(ctx, "An inspection rule applies", "node=%s rule=%s", run->task->node->uuid,
            rule->uuid);
    json_array_foreach(actions, i, one)
    {
        if (!act(run, one))
            return false;
    }
    return true;
}

static bool is_masked(const struct ci_ctx *ctx, const struct ci_inspection_rule *rule)
{
    const char *when = ctx->config->inspection_rules.mask_secrets;

    return ci_same(when, "always") || (ci_same(when, "sensitive") && !ci_is_true(rule->sensitive));
}

/* What Ironic would not have expected is told with the rule's name. */
static bool explain(struct ci_ctx *ctx, const struct ci_node *node,
                    const struct ci_inspection_rule *rule)
{
    if (ctx->error->class != CI_ERR_IronicException)
        return false;
    return ci_fail_text(ctx, IronicException, "Failed to apply rule %s to node %s: %s", rule->uuid,
                        node->uuid, ci_error_take(ctx));
}

bool ci_inspection_rules_check(struct ci_ctx *ctx)
{
    const char *file = ctx->config->inspection_rules.built_in_rules;

    return !file || ci_fail(ctx, IncorrectConfiguration,
                            ci_printf(ctx->mem,
                                      "[inspection_rules]built_in_rules is not supported: create "
                                      "the rules of %s through the API",
                                      file));
}

bool ci_inspection_rules_run(struct ci_task *task, const json_t *inventory, json_t *plugin_data)
{
    static const char *const phase[] = {"main"};
    struct ci_inspection_rule **rules;
    struct ci_ctx *ctx = task->ctx;
    size_t n;

    if (!ci_row_load_all(ctx, &ci_inspection_rule_type, "phase = $1", "ORDER BY priority DESC, id",
                         1, phase, &n, &rules))
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct ci_rule_run run = {.task = task,
                                        .inventory = inventory,
                                        .plugin_data = plugin_data,
                                        .masked = is_masked(ctx, rules[i])};

        if (!run_rule(&run, rules[i]))
            return explain(ctx, task->node, rules[i]);
    }
    return true;
}
