/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies: the questions controllers ask, and the rules they are answered from.
 */
#include "api/policy.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "api/policy_file.h"
#include "api/routes.h"
#include "base/config.h"
#include "base/log.h"
#include "base/time.h"

/* How often the files are looked at. */
#define LOOK_NS 1000000000

/* Answers that hold for the whole request. */
enum { UNASKED, YES, NO };

/* The rules in force and who holds them. */
struct held {
    struct ci_arena *mem; /* it is in there itself */
    struct ci_policy_rules *rules;
    size_t holders;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct held *current; /* guarded by mutex, as all below */
static uint64_t state;
static int64_t looked_ns;

static void let_go(void *arg)
{
    struct held *held = arg;
    bool last;

    pthread_mutex_lock(&mutex);
    last = --held->holders == 0;
    pthread_mutex_unlock(&mutex);
    if (last) {
        ci_policy_rules_free(held->rules);
        ci_arena_free(held->mem);
    }
}

static struct held *held_new(struct ci_policy_rules *rules)
{
    struct ci_arena *mem = ci_arena_new();
    struct held *held = ci_new(mem, struct held);

    *held = (struct held){.mem = mem, .rules = rules, .holders = 1};
    return held;
}

bool ci_policy_open(struct ci_ctx *ctx)
{
    struct ci_policy_rules *rules;
    uint64_t before = ci_policy_rules_state(ctx);

    if (!ci_policy_rules_new(ctx, &rules))
        return false;
    ci_policy_close();
    pthread_mutex_lock(&mutex);
    current = held_new(rules);
    state = before;
    looked_ns = ci_time_monotonic_ns();
    pthread_mutex_unlock(&mutex);
    return true;
}

void ci_policy_close(void)
{
    struct held *held;

    pthread_mutex_lock(&mutex);
    held = current;
    current = NULL;
    pthread_mutex_unlock(&mutex);
    if (held)
        let_go(held);
}

/* Reads the files again if they changed. With the mutex; gives what to let go of, or NULL. */
static struct held *refresh(struct ci_ctx *ctx)
{
    int64_t now_ns = ci_time_monotonic_ns();
    struct held *old = NULL;
    struct ci_policy_rules *rules;
    uint64_t found;

    if (now_ns - looked_ns < LOOK_NS)
        return NULL;
    looked_ns = now_ns;
    found = ci_policy_rules_state(ctx);
    if (found == state)
        return NULL;
    state = found;
    if (ci_policy_rules_new(ctx, &rules)) {
        old = current;
        current = held_new(rules);
        ci_info(ctx, "Policies read again", "rules=%zu", ci_policies_n);
    } else {
        ci_error_log(ctx, "Policies stay as they were", "reason=%s", ctx->error->message);
        ci_error_clear(ctx);
    }
    return old;
}

/* The table alone, for what runs without ci_policy_open(): tests. */
static struct ci_policy_rules *defaults(struct ci_ctx *ctx)
{
    const struct ci_policy_entries none = {0};
    struct ci_policy_rules *rules = NULL;

    if (!ci_policy_rules_of(ctx, &none, &rules))
        abort(); /* Our own rows are well formed. */
    looked_ns = ci_time_monotonic_ns();
    state = ci_policy_rules_state(ctx);
    return rules;
}

/* The rules of this request, held to its end. */
static const struct ci_policy_rules *rules_of(struct ci_request *req)
{
    struct held *held, *old;

    if (req->policies)
        return req->policies;
    pthread_mutex_lock(&mutex);
    old = current ? refresh(req->ctx) : NULL;
    if (!current)
        current = held_new(defaults(req->ctx));
    held = current;
    held->holders++;
    pthread_mutex_unlock(&mutex);
    if (old)
        let_go(old);
    ci_defer(req->ctx->mem, let_go, held);
    req->policies = held->rules;
    req->policy_answers = ci_alloc(req->ctx->mem, ci_policies_n);
    memset(req->policy_answers, UNASKED, ci_policies_n);
    return req->policies;
}

/* Is the token of a scope that the rule is for? Other scopes are let pass unless enforced. */
static bool in_scope(const struct ci_request *req, const struct ci_policy *policy)
{
    const struct ci_identity *who = &req->ctx->who;
    unsigned scope = CI_SCOPE_PROJECT;

    if (!req->ctx->config->oslo_policy.enforce_scope)
        return true;
    if (who->system_scope)
        scope = CI_SCOPE_SYSTEM;
    else if (who->domain_id)
        scope = CI_SCOPE_DOMAIN;
    return policy->scopes & scope;
}

static bool allows(struct ci_request *req, const struct ci_rule *rule,
                   const struct ci_policy_record *record)
{
    const struct ci_config *config = req->ctx->config;
    struct ci_rule_facts facts = {.who = &req->ctx->who};

    if (config->DEFAULT.rbac_service_role_elevated_access)
        facts.service_project = config->DEFAULT.rbac_service_project_name;
    if (record) {
        facts.kind = record->kind;
        facts.owner = record->owner;
        facts.lessee = record->lessee;
    }
    return ci_rule_allows(rule, &facts);
}

bool ci_policy_shows(struct ci_request *req, const char *name,
                     const struct ci_policy_record *record)
{
    const struct ci_policy *policy = ci_policy_find(name);
    const struct ci_policy_rules *rules = rules_of(req);
    char *answer;

    assert(policy);
    if (ci_policy_rules_read_record(rules, policy))
        return in_scope(req, policy) && allows(req, ci_policy_rules_get(rules, policy), record);
    answer = &req->policy_answers[policy - ci_policies];
    if (*answer == UNASKED)
        *answer = in_scope(req, policy) && allows(req, ci_policy_rules_get(rules, policy), NULL)
                      ? YES
                      : NO;
    return *answer == YES;
}

bool ci_policy_lets(struct ci_request *req, const char *name, const struct ci_policy_record *record)
{
    const struct ci_rule *rule;

    if (req->ctx->who.is_admin)
        return true;
    rule = ci_policy_rules_written(rules_of(req), name);
    return !rule || allows(req, rule, record);
}

bool ci_policy_is(struct ci_request *req, const char *name, const struct ci_policy_record *record)
{
    return req->ctx->who.is_admin || ci_policy_shows(req, name, record);
}

bool ci_policy_ask(struct ci_request *req, const char *name, const struct ci_policy_record *record)
{
    req->settled = true;
    return ci_policy_is(req, name, record) || ci_fail(req->ctx, HTTPForbidden, name);
}

bool ci_policy_allow(struct ci_request *req)
{
    const struct ci_policy *policy;

    if (req->ctx->who.is_admin || !req->route->policy) {
        req->settled = true;
        return true;
    }
    policy = ci_policy_find(req->route->policy);
    if (!policy)
        return ci_fail(req->ctx, HTTPForbidden, req->route->policy);
    return policy->asks != CI_ASKS_ROUTE || ci_policy_ask(req, req->route->policy, NULL);
}

bool ci_policy_settled(struct ci_request *req)
{
    if (req->settled)
        return true;
    ci_error_log(req->ctx, "A route answers without asking its policy", "method=%s path=%s rule=%s",
                 req->method, req->route->path, req->route->policy);
    return ci_fail(req->ctx, HTTPForbidden, req->route->policy);
}

bool ci_policy_sees(struct ci_request *req, const struct ci_policy_record *record)
{
    return req->ctx->who.is_admin ||
           ci_policy_shows(req, ci_printf(req->ctx->mem, "baremetal:%s:get", record->kind), record);
}

/* Whoever may not delete a node may still delete one of their own. */
static bool deletes_own(struct ci_request *req, const struct ci_policy_record *record)
{
    if (!req->ctx->config->api.project_admin_can_manage_own_nodes ||
        strcmp(req->route->policy, "baremetal:node:delete") != 0 ||
        strcmp(req->route->method, "DELETE") != 0)
        return false;
    ci_error_clear(req->ctx);
    return ci_policy_ask(req, "baremetal:node:delete:self_owned_node", record);
}

bool ci_policy_granted(struct ci_request *req, const struct ci_policy_record *record)
{
    const struct ci_policy *policy;

    if (req->ctx->who.is_admin)
        return true;
    policy = ci_policy_find(req->route->policy);
    if (policy && policy->asks == CI_ASKS_LIST)
        return true;
    return ci_policy_ask(req, req->route->policy, record) || deletes_own(req, record);
}

bool ci_policy_enter(struct ci_request *req, const struct ci_policy_record *record,
                     ci_not_found *not_found, const char *ident)
{
    if (!(req->route->flags & CI_ROUTE_PUBLIC) && !ci_policy_sees(req, record))
        return not_found(req->ctx, ident);
    return ci_policy_granted(req, record);
}

bool ci_policy_list(struct ci_request *req, const char *family, const char *project,
                    const char **ret_project)
{
    const char *own = req->ctx->who.project_id, *all;

    *ret_project = NULL;
    if (req->ctx->who.is_admin)
        return true;
    all = ci_printf(req->ctx->mem, "baremetal:%s:list_all", family);
    if (ci_policy_ask(req, all, NULL))
        return true;
    if (!own || (project && strcmp(project, own) != 0))
        return false;
    ci_error_clear(req->ctx);
    *ret_project = own;
    return ci_policy_ask(req, ci_printf(req->ctx->mem, "baremetal:%s:list", family), NULL);
}
