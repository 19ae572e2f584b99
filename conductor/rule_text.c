/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text with {…} in it, and the arguments of operators.
 *
 * A rule may be shown to see the inventory without its secrets: they are hidden when they are
 * looked up, since actions change the plugin data between two looks.
 */
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "conductor/rule.h"
#include "objects/wire.h"

enum { TEXT_MAX = 1 << 20 };

/* Why a field cannot be replaced. */
enum lookup { FOUND, MISSING, WRONG };

static bool is_secret(const char *key)
{
    static const char *const names[] = {"password", "auth_token", "bmc_password", NULL};

    return ci_one_of(key, names);
}

/* A copy of what is below without its secrets. */
static json_t *hidden(struct ci_ctx *ctx, const json_t *value)
{
    json_t *copy = ci_json(ctx, json_deep_copy(value)), *one;
    const char *key;
    void *next;
    size_t i;

    json_object_foreach_safe(copy, next, key, one)
    {
        if (is_secret(key))
            json_object_set_new(copy, key, json_string("***"));
        else if (json_is_object(one) || json_is_array(one))
            json_object_set(copy, key, hidden(ctx, one)); /* no deeper than the reader allows */
    }
    json_array_foreach(copy, i, one)
    {
        if (json_is_object(one) || json_is_array(one))
            json_array_set(copy, i, hidden(ctx, one));
    }
    return copy;
}

const char *ci_rule_text(const struct ci_rule_run *run, const json_t *value)
{
    if (ci_json_kind(value) == CI_JSON_STRING)
        return json_string_value(value);
    return value ? ci_json_repr(run->task->ctx->mem, value) : "None";
}

/* A field of the node. */
static enum lookup node_field(const struct ci_rule_run *run, const char *name, json_t **ret_value)
{
    struct ci_ctx *ctx = run->task->ctx;
    int field = ci_field_find(&ci_node_type, name);
    json_t *value;

    if (field < 0)
        return WRONG;
    if (!ci_wire_field(ctx, run->task->node, (size_t)field, &value)) {
        ci_error_clear(ctx);
        return WRONG;
    }
    *ret_value = ci_json(ctx, value);
    return FOUND;
}

/* One [key] further: of an object, or the number of an element. */
static enum lookup step(const struct ci_rule_run *run, json_t *from, const char *key, bool masked,
                        json_t **ret_value)
{
    int64_t index;

    if (json_is_array(from)) {
        if (!ci_parse_int(key, 0, INT32_MAX, &index))
            return WRONG;
        *ret_value = json_array_get(from, (size_t)index);
        return *ret_value ? FOUND : WRONG;
    }
    if (!json_is_object(from) || ci_parse_int(key, 0, INT64_MAX, &index))
        return json_is_object(from) ? MISSING : WRONG;
    *ret_value = json_object_get(from, key);
    if (!*ret_value)
        return MISSING;
    if (masked && is_secret(key))
        *ret_value = ci_json(run->task->ctx, json_string("***"));
    return FOUND;
}

/* Cuts the next ".name" or "[key]" off a path; NULL at its end or where it is malformed. */
static const char *next_part(struct ci_arena *mem, const char **path, bool *ret_attribute)
{
    const char *from = *path, *to;

    *ret_attribute = *from == '.';
    if (*from == '[') {
        to = strchr(from, ']');
        if (!to)
            return NULL;
        *path = to + 1;
        return ci_strndup(mem, from + 1, (size_t)(to - from - 1));
    }
    if (*from != '.')
        return NULL;
    to = from + 1 + strcspn(from + 1, ".[");
    *path = to;
    return ci_strndup(mem, from + 1, (size_t)(to - from - 1));
}

/* The value of "inventory[cpu][count]". */
static enum lookup look_up(const struct ci_rule_run *run, const char *path, json_t **ret_value)
{
    struct ci_arena *mem = run->task->ctx->mem;
    const char *name = ci_strndup(mem, path, strcspn(path, ".[")), *part;
    bool is_node = strcmp(name, "node") == 0, masked = false, attribute;
    json_t *value = NULL;
    enum lookup found;

    path += strlen(name);
    if (strcmp(name, "inventory") == 0)
        value = (json_t *)(uintptr_t)run->inventory;
    else if (strcmp(name, "plugin_data") == 0)
        value = run->plugin_data;
    else if (strcmp(name, "item") == 0 && run->item)
        value = (json_t *)(uintptr_t)run->item;
    else if (!is_node)
        return MISSING;
    masked = run->masked && (value == run->inventory || value == run->plugin_data);
    if (is_node && !*path)
        return WRONG;
    while (*path) {
        part = next_part(mem, &path, &attribute);
        if (!part || (attribute && !is_node))
            return WRONG;
        found = is_node ? node_field(run, part, &value) : step(run, value, part, masked, &value);
        if (found != FOUND)
            return found;
        is_node = false;
    }
    *ret_value = masked && (json_is_object(value) || json_is_array(value))
                     ? hidden(run->task->ctx, value)
                     : value;
    return FOUND;
}

/* One {field}, or {field!r}: appended. */
static enum lookup replace(const struct ci_rule_run *run, const char *field, struct ci_text *text)
{
    struct ci_arena *mem = run->task->ctx->mem;
    const char *bang = strchr(field, '!');
    enum lookup found;
    json_t *value;

    if (strchr(field, ':') || (bang && strcmp(bang, "!s") != 0 && strcmp(bang, "!r") != 0))
        return WRONG;
    found = look_up(run, bang ? ci_strndup(mem, field, (size_t)(bang - field)) : field, &value);
    if (found != FOUND)
        return found;
    ci_text_add(text, bang && bang[1] == 'r' ? ci_json_repr(mem, value) : ci_rule_text(run, value));
    return FOUND;
}

/* The whole text; {{ and }} stand for themselves. */
static enum lookup format(const struct ci_rule_run *run, const char *from, struct ci_text *text)
{
    while (*from) {
        const char *end;
        enum lookup found;

        if ((from[0] == '{' || from[0] == '}') && from[1] == from[0]) {
            ci_text_addn(text, from, 1);
            from += 2;
            continue;
        }
        if (*from == '}')
            return WRONG;
        if (*from != '{') {
            ci_text_addn(text, from, strcspn(from, "{}"));
            from += strcspn(from, "{}");
            continue;
        }
        end = strchr(from, '}');
        if (!end)
            return WRONG;
        found =
            replace(run, ci_strndup(run->task->ctx->mem, from + 1, (size_t)(end - from - 1)), text);
        if (found != FOUND)
            return found;
        from = end + 1;
    }
    return text->overflow ? WRONG : FOUND;
}

static json_t *write_text(const struct ci_rule_run *run, const struct ci_rule_op *op,
                          const char *from)
{
    struct ci_text *text = ci_text_new(run->task->ctx->mem, TEXT_MAX);
    enum lookup found = format(run, from, text);

    if (found == FOUND)
        return ci_json(run->task->ctx, json_string(text->bytes ? text->bytes : ""));
    if (found == MISSING && op == &ci_rule_ops[CI_RULE_OP_is_empty])
        return ci_json(run->task->ctx, json_null());
    ci_warning(run->task->ctx, "An inspection rule names what is not there", "node=%s text=\"%s\"",
               run->task->node->uuid, from);
    return ci_json(run->task->ctx, json_string(from));
}

json_t *ci_rule_write(const struct ci_rule_run *run, const struct ci_rule_op *op,
                      const json_t *value)
{
    struct ci_ctx *ctx = run->task->ctx;
    json_t *made, *one;
    const char *key;
    size_t i;

    if (ci_json_kind(value) == CI_JSON_STRING) {
        made = write_text(run, op, json_string_value(value));
        /* An item may hold {…} itself. */
        return run->item && ci_json_kind(made) == CI_JSON_STRING
                   ? write_text(run, op, json_string_value(made))
                   : made;
    }
    if (json_is_object(value)) {
        made = ci_json(ctx, json_object());
        json_object_foreach((json_t *)(uintptr_t)value, key, one) json_object_set(
            made, ci_rule_text(run, write_text(run, op, key)), ci_rule_write(run, op, one));
        return made;
    }
    if (json_is_array(value)) {
        made = ci_json(ctx, json_array());
        json_array_foreach((json_t *)(uintptr_t)value, i, one)
            json_array_append(made, ci_rule_write(run, op, one));
        return made;
    }
    return ci_json(ctx, json_deep_copy(value));
}

/* Arguments given as a list get their names; those of the plugin data are never given. */
static json_t *named(struct ci_ctx *ctx, const struct ci_rule_op *op, const json_t *args)
{
    const char *const *required = ci_split(ctx->mem, op->required, ' ');
    const char *const *optional = ci_split(ctx->mem, op->optional, ' ');
    json_t *made = ci_json(ctx, json_object());
    size_t n = 0;

    if (json_is_object(args))
        return ci_json(ctx, json_copy((json_t *)(uintptr_t)args));
    for (; *required; required++) {
        if (strcmp(*required, "plugin_data") != 0 && n < json_array_size(args))
            json_object_set(made, *required, json_array_get(args, n++));
    }
    for (; *optional && n < json_array_size(args); optional++)
        json_object_set(made, *optional, json_array_get(args, n++));
    return made;
}

bool ci_rule_arguments(const struct ci_rule_run *run, const struct ci_rule_op *op,
                       const json_t *operation, json_t **ret_args)
{
    struct ci_ctx *ctx = run->task->ctx;
    json_t *args = named(ctx, op, json_object_get(operation, "args")), *value;
    const char *const *written = ci_split(ctx->mem, op->written, ' ');
    const char *const *required = ci_split(ctx->mem, op->required, ' ');
    const char *name;
    void *next;

    json_object_del(args, "plugin_data");
    json_object_foreach_safe(args, next, name, value)
    {
        if (run->item || ci_one_of(name, written))
            json_object_set(args, name, ci_rule_write(run, op, value));
    }
    for (; *required; required++) {
        if (strcmp(*required, "plugin_data") != 0 && !json_object_get(args, *required))
            return ci_fail(ctx, InspectionRuleExecutionFailure,
                           ci_printf(ctx->mem, "%s lacks its argument %s", op->op, *required));
    }
    *ret_args = args;
    return true;
}
