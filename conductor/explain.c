/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a node, gathered.
 */
#include "conductor/explain.h"

#include "base/config.h"
#include "conductor/timeouts.h"
#include "objects/conductor.h"
#include "objects/info.h"
#include "objects/node_history.h"
#include "objects/row.h"
#include "objects/states.h"
#include "rpc/ring.h"

#define US_PER_S INT64_C(1000000)

/* What a state means to somebody who waits for it to end. */
static const struct {
    const char *state, *meaning;
} meanings[] = {
    {CI_STATE_ENROLL, "It is registered; nobody has checked yet that it can be managed."},
    {CI_STATE_MANAGEABLE, "It can be managed, and waits to be inspected, cleaned or provided."},
    {CI_STATE_AVAILABLE, "It is free and waits to be deployed."},
    {CI_STATE_ACTIVE, "It is deployed."},
    {CI_STATE_ERROR, "Undeploying it failed; undeploy or rebuild it again."},
    {CI_STATE_RESCUE, "It runs the rescue ramdisk until it is unrescued."},
    {CI_STATE_VERIFYING, "A conductor checks that it can be managed."},
    {CI_STATE_DEPLOYING, "A conductor deploys it."},
    {CI_STATE_DEPLOYWAIT, "It waits for its agent to call in; the deployment goes on then."},
    {CI_STATE_DEPLOYFAIL, "Its deployment failed; deploy it again or undeploy it."},
    {CI_STATE_DEPLOYHOLD, "A step holds its deployment until somebody asks for unhold."},
    {CI_STATE_CLEANING, "A conductor cleans it."},
    {CI_STATE_CLEANWAIT, "It waits for its agent to call in; cleaning goes on then."},
    {CI_STATE_CLEANFAIL, "Cleaning it failed; it has to be taken back with manage."},
    {CI_STATE_CLEANHOLD, "A step holds its cleaning until somebody asks for unhold."},
    {CI_STATE_DELETING, "A conductor undeploys it."},
    {CI_STATE_INSPECTING, "A conductor inspects it."},
    {CI_STATE_INSPECTFAIL, "Its inspection failed; inspect it again or take it back with manage."},
    {CI_STATE_INSPECTWAIT, "It waits for what its agent finds on it."},
    {CI_STATE_ADOPTING, "A conductor takes it over as it is deployed."},
    {CI_STATE_ADOPTFAIL, "Adopting it failed; adopt it again or take it back with manage."},
    {CI_STATE_RESCUING, "A conductor boots its rescue ramdisk."},
    {CI_STATE_RESCUEWAIT, "It waits for its rescue ramdisk to call in."},
    {CI_STATE_RESCUEFAIL, "Rescuing it failed; rescue it again, unrescue or undeploy it."},
    {CI_STATE_UNRESCUING, "A conductor ends its rescue."},
    {CI_STATE_UNRESCUEFAIL, "Ending its rescue failed; try again, rescue or undeploy it."},
    {CI_STATE_SERVICING, "A conductor runs service steps on it."},
    {CI_STATE_SERVICEWAIT, "It waits for its agent to call in; its service goes on then."},
    {CI_STATE_SERVICEFAIL, "Its service failed; service it again, abort, rescue or undeploy it."},
    {CI_STATE_SERVICEHOLD, "A step holds its service until somebody asks for unhold."},
};

static const char *meaning_of(const char *state)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (ci_same(meanings[i].state, state))
            return meanings[i].meaning;
    }
    return NULL;
}

/* json_string() of a text that may be NULL. */
static json_t *text(const char *value)
{
    return value ? json_string(value) : json_null();
}

static json_t *time_text(struct ci_ctx *ctx, int64_t time_us)
{
    return text(ci_time_rest(ctx->mem, time_us));
}

static void add_state(struct ci_ctx *ctx, const struct ci_node *node, json_t *facts)
{
    const int64_t since_us = node->provision_updated_at;

    json_object_set_new(facts, "uuid", text(node->uuid));
    json_object_set_new(facts, "name", text(node->name));
    json_object_set_new(facts, "driver", text(node->driver));
    json_object_set_new(facts, "conductor_group", text(node->conductor_group));
    json_object_set_new(facts, "provision_state", text(node->provision_state));
    json_object_set_new(facts, "target_provision_state", text(node->target_provision_state));
    json_object_set_new(facts, "since", time_text(ctx, since_us));
    json_object_set_new(facts, "seconds",
                        since_us == CI_NULL_TIME
                            ? json_null()
                            : json_integer((ci_time_now_us() - since_us) / US_PER_S));
    json_object_set_new(facts, "meaning", text(meaning_of(node->provision_state)));
    json_object_set_new(facts, "power_state", text(node->power_state));
    json_object_set_new(facts, "target_power_state", text(node->target_power_state));
    json_object_set_new(facts, "maintenance",
                        ci_is_true(node->maintenance)
                            ? json_pack("{s:o, s:o}", "reason", text(node->maintenance_reason),
                                        "fault", text(node->fault))
                            : json_null());
    json_object_set_new(facts, "last_error", text(node->last_error));
}

static bool add_holder(struct ci_ctx *ctx, const struct ci_node *node, json_t *facts)
{
    const int64_t timeout_s = ctx->config->conductor.heartbeat_timeout;
    struct ci_conductor_record *holder = NULL;

    if (!node->reservation) {
        json_object_set_new(facts, "held_by", json_null());
        return true;
    }
    if (!ci_conductor_load(ctx, node->reservation, CI_CONDUCTOR_ANY, &holder)) {
        if (!ci_failed_with(ctx, CI_ERR_ConductorNotFound))
            return false;
        ci_error_clear(ctx);
    }
    json_object_set_new(facts, "held_by",
                        json_pack("{s:s, s:b, s:o}", "conductor", node->reservation, "alive",
                                  holder && ci_conductor_is_alive(ctx, holder, timeout_s),
                                  "last_heartbeat",
                                  holder ? time_text(ctx, holder->updated_at) : json_null()));
    return true;
}

static void add_server(struct ci_ctx *ctx, const struct ci_node *node, json_t *facts)
{
    struct ci_rings *rings = ci_rings_new();
    const char *host;

    if (ci_rings_find(ctx, rings, node->driver ? node->driver : "", node->conductor_group,
                      node->uuid, &host)) {
        json_object_set_new(facts, "served_by", json_pack("{s:s}", "conductor", host));
    } else {
        json_object_set_new(facts, "served_by", json_pack("{s:s}", "problem", ctx->error->message));
        ci_error_clear(ctx);
    }
    ci_rings_free(rings);
}

/* The step that runs, or has run last: {} and NULL are none. */
static bool add_step_of(struct ci_ctx *ctx, const char *kind, const char *stored, json_t *info,
                        json_t *facts)
{
    const json_t *number = json_object_get(info, ci_printf(ctx->mem, "%s_step_index", kind));
    const json_t *all = json_object_get(info, ci_printf(ctx->mem, "%s_steps", kind));
    json_t *step;

    if (!ci_info_read(ctx, stored, &step))
        return false;
    if (json_object_size(step) == 0)
        return true;
    json_object_set_new(
        facts, "step",
        json_pack(
            "{s:s, s:o, s:o, s:o, s:o}", "kind", kind, "interface",
            text(json_string_value(json_object_get(step, "interface"))), "step",
            text(json_string_value(json_object_get(step, "step"))), "number",
            json_is_integer(number) ? json_integer(json_integer_value(number) + 1) : json_null(),
            "of",
            json_is_array(all) ? json_integer((json_int_t)json_array_size(all)) : json_null()));
    return true;
}

static bool add_step(struct ci_ctx *ctx, const struct ci_node *node, json_t *info, json_t *facts)
{
    json_object_set_new(facts, "step", json_null());
    return add_step_of(ctx, "clean", node->clean_step, info, facts) &&
           add_step_of(ctx, "deploy", node->deploy_step, info, facts) &&
           add_step_of(ctx, "service", node->service_step, info, facts);
}

static void add_agent(const json_t *info, json_t *facts)
{
    const char *url = json_string_value(json_object_get(info, "agent_url"));
    const char *version = json_string_value(json_object_get(info, "agent_version"));
    const char *beat = json_string_value(json_object_get(info, "agent_last_heartbeat"));

    json_object_set_new(facts, "agent",
                        url || beat ? json_pack("{s:o, s:o, s:o}", "url", text(url), "version",
                                                text(version), "last_heartbeat", text(beat))
                                    : json_null());
}

/* When the state ends by itself, and where it leads then. */
static void add_timeout(struct ci_ctx *ctx, const struct ci_node *node, json_t *facts)
{
    struct ci_timeout timeout;

    if (!ci_timeout_of(ctx->config, node, &timeout)) {
        json_object_set_new(facts, "timeout", json_null());
        return;
    }
    json_object_set_new(facts, "timeout",
                        json_pack("{s:s, s:I, s:o, s:s}", "option", timeout.option, "seconds",
                                  (json_int_t)timeout.limit_s, "at",
                                  time_text(ctx, timeout.since_us + timeout.limit_s * US_PER_S),
                                  "to", ci_state_move(node->provision_state, CI_EVENT_fail)));
}

/* Why the verb would be refused although the state allows it; NULL when it would not. */
static const char *refusal(const struct ci_node *node, enum ci_event event)
{
    if (node->reservation)
        return "the node is locked";
    if (ci_is_true(node->maintenance) && (event == CI_EVENT_deploy || event == CI_EVENT_rebuild))
        return "the node is in maintenance";
    if (ci_is_true(node->protected) && (event == CI_EVENT_delete || event == CI_EVENT_rebuild))
        return "the node is protected";
    if (ci_is_true(node->retired) && event == CI_EVENT_provide)
        return "the node is retired";
    return NULL;
}

static void add_verbs(struct ci_ctx *ctx, const struct ci_node *node, json_t *facts)
{
    static const char *const verbs[] = {
#define VERB(text, event, since) text,
#include "objects/states.def"
    };
    json_t *list = json_array();

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        const enum ci_event event = ci_verb_event(verbs[i]);

        if (ci_state_allows_verb(node->provision_state, verbs[i]))
            json_array_append_new(
                list, json_pack("{s:s, s:s, s:s, s:o}", "verb", verbs[i], "to",
                                ci_state_move(node->provision_state, event), "since_version",
                                ci_printf(ctx->mem, "1.%d", ci_verb_since(verbs[i])), "refused",
                                text(refusal(node, event))));
    }
    json_object_set_new(facts, "verbs", list);
}

static bool add_history(struct ci_ctx *ctx, const struct ci_node *node, json_t *facts)
{
    const char *values[] = {ci_printf(ctx->mem, "%lld", (long long)node->id)};
    struct ci_node_history **entries;
    json_t *list = json_array();
    size_t n;

    json_object_set_new(facts, "history", list);
    if (!ci_row_load_all(ctx, &ci_node_history_type, "node_id = $1",
                         "ORDER BY created_at DESC, id DESC LIMIT 5", 1, values, &n, &entries))
        return false;
    for (size_t i = 0; i < n; i++)
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:o, s:o}", "at", time_text(ctx, entries[i]->created_at),
                            "severity", text(entries[i]->severity), "event",
                            text(entries[i]->event), "state", text(entries[i]->state)));
    return true;
}

bool ci_explain_node(struct ci_ctx *ctx, const char *ident, json_t **ret_facts)
{
    json_t *facts = ci_json(ctx, json_object());
    struct ci_node *node;
    json_t *info;

    *ret_facts = facts;
    if (!ci_node_load(ctx, ident, &node) || !ci_info_read(ctx, node->driver_internal_info, &info))
        return false;
    add_state(ctx, node, facts);
    if (!add_holder(ctx, node, facts))
        return false;
    add_server(ctx, node, facts);
    add_agent(info, facts);
    add_timeout(ctx, node, facts);
    add_verbs(ctx, node, facts);
    return add_step(ctx, node, info, facts) && add_history(ctx, node, facts);
}
