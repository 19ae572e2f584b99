/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the actions of inspection rules do.
 *
 * Paths lead into the node, a port or the plugin data: "properties/cpu" or "properties.cpu". The
 * first part names a field, the others keys below it, made where they are missing.
 */
#include <string.h>

#include "base/httpc.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "conductor/rule.h"
#include "objects/capabilities.h"
#include "objects/object.h"

enum { ANSWER_BYTES = 1 << 16, RETRIES_MAX = 20, TIMEOUT_MAX_S = 300, BACKOFF_MAX_S = 120 };

typedef bool does(const struct ci_rule_run *run, const json_t *args);

static const char *text_arg(const struct ci_rule_run *run, const json_t *args, const char *name)
{
    return ci_rule_text(run, json_object_get(args, name));
}

/* Fails with ctx->error's reason under words. */
static bool fail(const struct ci_rule_run *run, const char *words, const char *reason)
{
    return ci_fail(run->task->ctx, RuleActionExecutionFailure,
                   ci_printf(run->task->ctx->mem, "%s: %s", words, reason));
}

static bool do_fail(const struct ci_rule_run *run, const json_t *args)
{
    return ci_fail(run->task->ctx, HardwareInspectionFailure, text_arg(run, args, "msg"));
}

static bool do_log(const struct ci_rule_run *run, const json_t *args)
{
    const char *message = text_arg(run, args, "msg"), *node = run->task->node->uuid;
    const json_t *given = json_object_get(args, "level");
    char *level = ci_strdup(run->task->ctx->mem, given ? ci_rule_text(run, given) : "info");
    struct ci_ctx *ctx = run->task->ctx;

    for (char *c = level; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    if (strcmp(level, "debug") == 0)
        ci_debug(ctx, "An inspection rule says", "node=%s text=\"%s\"", node, message);
    else if (strcmp(level, "info") == 0)
        ci_info(ctx, "An inspection rule says", "node=%s text=\"%s\"", node, message);
    else if (strcmp(level, "warning") == 0)
        ci_warning(ctx, "An inspection rule says", "node=%s text=\"%s\"", node, message);
    else if (strcmp(level, "error") == 0 || strcmp(level, "critical") == 0)
        ci_error_log(ctx, "An inspection rule says", "node=%s text=\"%s\"", node, message);
    else
        return ci_fail(ctx, InspectionRuleExecutionFailure,
                       ci_printf(ctx->mem,
                                 "Invalid log level: %s. Choose from {'debug', 'info', 'warning', "
                                 "'error', 'critical'}",
                                 level));
    return true;
}

static const char *const *parts_of(struct ci_ctx *ctx, const char *path)
{
    return ci_split(ctx->mem, path, strchr(path, '/') ? '/' : '.');
}

/* The field's value as a tree of its own, {} or [] where it is null. */
static bool read_field(struct ci_ctx *ctx, const void *object, size_t n, json_t **ret_value)
{
    const struct ci_field *field = &((const struct ci_object *)object)->type->fields[n];
    const char *text;

    if (!ci_field_is_json(field))
        return ci_fail_text(ctx, Invalid, "'%s' has nothing below it", field->name);
    text = *(const char *const *)((const char *)object + field->offset);
    if (!text)
        text = ci_field_empty(field);
    return ci_json_read(ctx, text, strlen(text), &ci_json_trusted, ret_value);
}

/* Numbers and truth values become text where the field holds text, as Ironic's fields do. */
static bool write_field(const struct ci_rule_run *run, void *object, size_t n, const json_t *value)
{
    const struct ci_field *field = &((struct ci_object *)object)->type->fields[n];
    struct ci_ctx *ctx = run->task->ctx;

    if (field->kind == CI_KIND_STR && ci_json_kind(value) != CI_JSON_NULL)
        value = ci_json(ctx, json_string(ci_rule_text(run, value)));
    if (!ci_field_from_json(ctx, object, n, value))
        return false;
    ci_object_mark(object, n);
    return true;
}

static bool find_field(const struct ci_rule_run *run, const void *object, const char *name,
                       size_t *ret_n)
{
    const struct ci_type *type = ((const struct ci_object *)object)->type;
    int n = name ? ci_field_find(type, name) : -1;

    if (n < 0)
        return ci_fail_text(run->task->ctx, Invalid, "'%s' object has no attribute '%s'",
                            type->name, name ? name : "");
    *ret_n = (size_t)n;
    return true;
}

/* What is below the parts but the last; dictionaries are made where `make` says so. */
static json_t *descend(json_t *from, const char *const **parts, bool make)
{
    while (from && (*parts)[1]) {
        json_t *below = json_object_get(from, **parts);

        if (!below && make && json_is_object(from)) {
            below = json_object();
            json_object_set_new(from, **parts, below);
        }
        from = below;
        (*parts)++;
    }
    return json_is_object(from) ? from : NULL;
}

/* A list, as it is or made, gets one more value, unless it is to be unique and is there. */
static bool extend(const struct ci_rule_run *run, json_t *list, const json_t *args)
{
    json_t *value = json_object_get(args, "value"), *one;
    size_t i;

    if (!json_is_array(list))
        return ci_fail_text(run->task->ctx, Invalid,
                            "Cannot extend non-list attribute %s with value %s",
                            text_arg(run, args, "path"), ci_rule_text(run, value));
    json_array_foreach(list, i, one)
    {
        if (json_is_true(json_object_get(args, "unique")) && ci_json_equal(one, value))
            return true;
    }
    json_array_append(list, value);
    return true;
}

static bool nowhere(const struct ci_rule_run *run, const char *key)
{
    return ci_fail_text(run->task->ctx, Invalid, "'%s'", key);
}

static bool set_at(const struct ci_rule_run *run, void *object, const json_t *args)
{
    const char *const *parts = parts_of(run->task->ctx, text_arg(run, args, "path"));
    json_t *value = json_object_get(args, "value"), *root, *below;
    size_t n;

    if (!find_field(run, object, parts[0], &n))
        return false;
    if (!parts[1])
        return write_field(run, object, n, value);
    if (!read_field(run->task->ctx, object, n, &root))
        return false;
    parts++;
    below = descend(root, &parts, true);
    if (!below)
        return nowhere(run, parts[0]);
    json_object_set(below, parts[0], value);
    return write_field(run, object, n, root);
}

static bool extend_at(const struct ci_rule_run *run, void *object, const json_t *args)
{
    const char *const *parts = parts_of(run->task->ctx, text_arg(run, args, "path"));
    json_t *root, *below;
    size_t n;

    if (!find_field(run, object, parts[0], &n) || !read_field(run->task->ctx, object, n, &root))
        return false;
    if (!parts[1])
        return extend(run, root, args) && write_field(run, object, n, root);
    parts++;
    below = descend(root, &parts, true);
    if (!below)
        return nowhere(run, parts[0]);
    if (!json_object_get(below, parts[0]))
        json_object_set_new(below, parts[0], json_array());
    return extend(run, json_object_get(below, parts[0]), args) && write_field(run, object, n, root);
}

static bool delete_at(const struct ci_rule_run *run, void *object, const json_t *args)
{
    const char *const *parts = parts_of(run->task->ctx, text_arg(run, args, "path"));
    json_t *root, *below;
    size_t n;

    if (!find_field(run, object, parts[0], &n))
        return false;
    if (!parts[1])
        return nowhere(run, parts[0]); /* fields cannot be deleted */
    if (!read_field(run->task->ctx, object, n, &root))
        return false;
    parts++;
    below = descend(root, &parts, false);
    if (!below || json_object_del(below, parts[0]) != 0)
        return nowhere(run, parts[0]);
    return write_field(run, object, n, root);
}

/* Changes the node and saves it. */
static bool on_node(const struct ci_rule_run *run, const json_t *args, const char *verb,
                    bool (*change)(const struct ci_rule_run *run, void *object, const json_t *args))
{
    struct ci_ctx *ctx = run->task->ctx;

    if (change(run, run->task->node, args) && ci_node_save(ctx, run->task->node))
        return true;
    return fail(run,
                ci_printf(ctx->mem, "Failed to %s attribute %s", verb, text_arg(run, args, "path")),
                ci_error_take(ctx));
}

static bool on_port(const struct ci_rule_run *run, const json_t *args, const char *verb,
                    bool (*change)(const struct ci_rule_run *run, void *object, const json_t *args))
{
    const char *id = text_arg(run, args, "port_id");
    struct ci_ctx *ctx = run->task->ctx;
    struct ci_port *port = NULL;

    if (!ci_task_ports(run->task))
        return false;
    for (size_t i = 0; i < run->task->port_count; i++) {
        if (ci_same(run->task->ports[i]->uuid, id))
            port = run->task->ports[i];
    }
    if (!port)
        return ci_fail(ctx, PortNotFound, id);
    if (change(run, port, args) && ci_port_save(ctx, port))
        return true;
    return fail(run,
                ci_printf(ctx->mem, "Failed to %s attribute %s for port %s", verb,
                          text_arg(run, args, "path"), id),
                ci_error_take(ctx));
}

static bool do_set_attribute(const struct ci_rule_run *run, const json_t *args)
{
    return on_node(run, args, "set", set_at);
}

static bool do_extend_attribute(const struct ci_rule_run *run, const json_t *args)
{
    return on_node(run, args, "extend", extend_at);
}

static bool do_del_attribute(const struct ci_rule_run *run, const json_t *args)
{
    return on_node(run, args, "delete", delete_at);
}

static bool do_set_port_attribute(const struct ci_rule_run *run, const json_t *args)
{
    return on_port(run, args, "set", set_at);
}

static bool do_extend_port_attribute(const struct ci_rule_run *run, const json_t *args)
{
    return on_port(run, args, "extend", extend_at);
}

static bool do_del_port_attribute(const struct ci_rule_run *run, const json_t *args)
{
    return on_port(run, args, "delete", delete_at);
}

static bool do_set_capability(const struct ci_rule_run *run, const json_t *args)
{
    struct ci_ctx *ctx = run->task->ctx;
    const char *name = text_arg(run, args, "name");

    return (ci_capability_append(ctx, run->task->node, name, text_arg(run, args, "value")) &&
            ci_node_save(ctx, run->task->node)) ||
           fail(run, ci_printf(ctx->mem, "Failed to set capability %s", name), ci_error_take(ctx));
}

static bool do_unset_capability(const struct ci_rule_run *run, const json_t *args)
{
    struct ci_ctx *ctx = run->task->ctx;
    const char *name = text_arg(run, args, "name");

    return (ci_capability_remove(ctx, run->task->node, name) &&
            ci_node_save(ctx, run->task->node)) ||
           fail(run, ci_printf(ctx->mem, "Failed to unset capability %s", name),
                ci_error_take(ctx));
}

static bool do_add_trait(const struct ci_rule_run *run, const json_t *args)
{
    struct ci_ctx *ctx = run->task->ctx;
    const char *name = text_arg(run, args, "name");

    return ci_node_add_trait(ctx, run->task->node, name) ||
           fail(run, ci_printf(ctx->mem, "Failed to add new trait %s", name), ci_error_take(ctx));
}

static bool do_remove_trait(const struct ci_rule_run *run, const json_t *args)
{
    struct ci_ctx *ctx = run->task->ctx;
    const char *name = text_arg(run, args, "name");

    if (ci_node_remove_trait(ctx, run->task->node, name))
        return true;
    if (!ci_failed_with(ctx, CI_ERR_NodeTraitNotFound))
        return fail(run, ci_printf(ctx->mem, "Failed to remove trait %s", name),
                    ci_error_take(ctx));
    ci_warning(ctx, "An inspection rule removes a trait that is not there", "node=%s trait=%s",
               run->task->node->uuid, name);
    ci_error_clear(ctx);
    return true;
}

/* Into the plugin data, by dots alone. */
static json_t *plugin_parent(const struct ci_rule_run *run, const json_t *args, bool make,
                             const char **ret_key)
{
    const char *const *parts = ci_split(run->task->ctx->mem, text_arg(run, args, "path"), '.');
    json_t *parent;

    *ret_key = "";
    if (!parts[0])
        return NULL;
    parent = descend(run->plugin_data, &parts, make);
    *ret_key = parts[0];
    return parent;
}

static bool bad_path(const struct ci_rule_run *run, const json_t *args, const char *verb,
                     const char *key)
{
    struct ci_ctx *ctx = run->task->ctx;

    return fail(
        run,
        ci_printf(ctx->mem, "Failed to %s plugin data at %s", verb, text_arg(run, args, "path")),
        ci_printf(ctx->mem, "'%s'", key));
}

static bool do_set_plugin_data(const struct ci_rule_run *run, const json_t *args)
{
    const char *key;
    json_t *parent = plugin_parent(run, args, true, &key);

    if (!parent)
        return bad_path(run, args, "set", key);
    json_object_set(parent, key, json_object_get(args, "value"));
    return true;
}

static bool do_extend_plugin_data(const struct ci_rule_run *run, const json_t *args)
{
    const char *key;
    json_t *parent = plugin_parent(run, args, true, &key), *list;

    if (!parent)
        return bad_path(run, args, "extend", key);
    list = json_object_get(parent, key);
    if (ci_json_kind(list) == CI_JSON_NULL)
        json_object_set_new(parent, key, json_array());
    return extend(run, json_object_get(parent, key), args) ||
           fail(run, "Failed to extend plugin data", ci_error_take(run->task->ctx));
}

/* A dictionary that would be left empty goes, too. */
static bool do_unset_plugin_data(const struct ci_rule_run *run, const json_t *args)
{
    const char *path = text_arg(run, args, "path"), *last = strrchr(path, '.'), *key;
    json_t *parent = plugin_parent(run, args, false, &key), *above;

    if (!parent || !json_object_get(parent, key)) {
        ci_warning(run->task->ctx, "An inspection rule names plugin data that is not there",
                   "node=%s path=%s", run->task->node->uuid, path);
        return true;
    }
    json_object_del(parent, key);
    if (json_object_size(parent) > 0 || !last)
        return true;
    above = ci_json(run->task->ctx, json_pack("{s:s%}", "path", path, (size_t)(last - path)));
    parent = plugin_parent(run, above, false, &key);
    json_object_del(parent, key);
    return true;
}

/* A number of an argument, in thousandths, within bounds. */
static bool number_arg(const struct ci_rule_run *run, const json_t *args, const char *name,
                       double if_absent, double most, double *ret_value)
{
    const json_t *value = json_object_get(args, name);
    const char *text;
    json_t *number;

    *ret_value = if_absent;
    if (!value)
        return true;
    text = ci_rule_text(run, value);
    if (ci_json_kind(value) == CI_JSON_STRING) {
        if (!ci_json_read(run->task->ctx, text, strlen(text), &ci_json_trusted, &number))
            ci_error_clear(run->task->ctx);
        else
            value = number;
    }
    *ret_value = ci_json_number(value);
    if (*ret_value >= 0 && *ret_value <= most)
        return true;
    return fail(run, "Invalid parameter", ci_printf(run->task->ctx->mem, "%s: %s", name, text));
}

static const struct ci_httpc_header *headers_of(const struct ci_rule_run *run, const json_t *given)
{
    struct ci_httpc_header *headers =
        ci_alloc_array(run->task->ctx->mem, json_object_size(given) + 1, sizeof *headers);
    const char *name;
    json_t *value;
    size_t n = 0;

    json_object_foreach((json_t *)(uintptr_t)given, name, value) headers[n++] =
        (struct ci_httpc_header){name, ci_rule_text(run, value)};
    return headers;
}

/* May the same request be answered better the next time? */
static bool is_passing(int status)
{
    return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

int64_t ci_rule_backoff_s(double factor, int n)
{
    double pause_s = factor * (double)(1 << n);

    return pause_s < BACKOFF_MAX_S ? (int64_t)pause_s : BACKOFF_MAX_S;
}

static bool call(const struct ci_rule_run *run, struct ci_httpc *client,
                 const struct ci_httpc_request *request, int retries, double backoff_s)
{
    struct ci_httpc_response response = {0};
    struct ci_ctx *ctx = run->task->ctx;

    for (int left = retries;; left--) {
        bool sent = ci_httpc_send(ctx, client, request, &response);

        if (sent && response.status < 400)
            return true;
        if (left <= 0 || (sent && !is_passing(response.status)) || ci_task_is_ending(run->task))
            break;
        ci_error_clear(ctx);
        ci_task_pause(run->task, ci_rule_backoff_s(backoff_s, retries - left));
    }
    return fail(run, ci_printf(ctx->mem, "Request to %s failed", request->url),
                ctx->error ? ci_error_take(ctx) : ci_printf(ctx->mem, "HTTP %d", response.status));
}

static bool do_api_call(const struct ci_rule_run *run, const json_t *args)
{
    const char *url = text_arg(run, args, "url");
    const json_t *proxies = json_object_get(args, "proxies");
    double timeout_s, retries, backoff_s;
    struct ci_httpc *client;
    bool called;

    if (!number_arg(run, args, "timeout", 5, TIMEOUT_MAX_S, &timeout_s) ||
        !number_arg(run, args, "retries", 3, RETRIES_MAX, &retries) ||
        !number_arg(run, args, "backoff_factor", 0.3, 60, &backoff_s))
        return false;
    client = ci_httpc_new(&(struct ci_httpc_options){
        .timeout_ms = (int)(timeout_s * 1000),
        .body_limit_bytes = ANSWER_BYTES,
        .proxy = json_string_value(
            json_object_get(proxies, strncmp(url, "https:", 6) == 0 ? "https" : "http"))});
    called = call(
        run, client,
        &(struct ci_httpc_request){.method = "GET",
                                   .url = url,
                                   .headers = headers_of(run, json_object_get(args, "headers"))},
        (int)retries, backoff_s);
    ci_httpc_free(client);
    return called;
}

static does *const deeds[CI_RULE_OP_COUNT] = {
    [CI_RULE_OP_fail] = do_fail,
    [CI_RULE_OP_log] = do_log,
    [CI_RULE_OP_set_attribute] = do_set_attribute,
    [CI_RULE_OP_extend_attribute] = do_extend_attribute,
    [CI_RULE_OP_del_attribute] = do_del_attribute,
    [CI_RULE_OP_set_capability] = do_set_capability,
    [CI_RULE_OP_unset_capability] = do_unset_capability,
    [CI_RULE_OP_add_trait] = do_add_trait,
    [CI_RULE_OP_remove_trait] = do_remove_trait,
    [CI_RULE_OP_set_plugin_data] = do_set_plugin_data,
    [CI_RULE_OP_extend_plugin_data] = do_extend_plugin_data,
    [CI_RULE_OP_unset_plugin_data] = do_unset_plugin_data,
    [CI_RULE_OP_set_port_attribute] = do_set_port_attribute,
    [CI_RULE_OP_extend_port_attribute] = do_extend_port_attribute,
    [CI_RULE_OP_del_port_attribute] = do_del_port_attribute,
    [CI_RULE_OP_api_call] = do_api_call,
};

bool ci_rule_act(const struct ci_rule_run *run, const struct ci_rule_op *op, const json_t *args)
{
    return deeds[op - ci_rule_ops](run, args);
}
