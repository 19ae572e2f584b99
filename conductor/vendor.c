/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vendor passthru: what a node's vendor interface offers beside Ironic's own.
 */
#include "conductor/calls.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "objects/releases.h"

/* A method that came after the pinned release is not there for whoever asks. */
static bool is_known(const struct ci_ctx *ctx, const struct ci_vendor_method *method)
{
    return method->since <= ci_release_rpc_minor(ci_release_pinned(ctx));
}

static const struct ci_vendor_method *find(struct ci_task *task, const char *name)
{
    const struct ci_vendor_method *method = task->hardware->vendor->methods;

    for (; method && method->name; method++) {
        if (strcmp(method->name, name) == 0 && is_known(task->ctx, method))
            return method;
    }
    return NULL;
}

/* {"async": …, "attach": …, …}, as the list of methods tells it. */
static json_t *describe(struct ci_ctx *ctx, const struct ci_vendor_method *method)
{
    const char *const *names = ci_split(ctx->mem, method->http_methods, ' ');
    json_t *list = json_array();

    for (size_t i = 0; names[i]; i++)
        json_array_append_new(list, json_string(names[i]));
    return json_pack("{s:o, s:b, s:s, s:b, s:b}", "http_methods", list, "async", !method->sync,
                     "description", method->description, "attach", method->attach,
                     "require_exclusive_lock", !method->shared);
}

bool ci_call_get_node_vendor_passthru_methods(struct ci_call *call)
{
    json_t *methods = ci_json(call->ctx, json_object());
    const struct ci_vendor_method *method;
    struct ci_task *task;

    if (!ci_call_take(call, CI_SHARED, "listing vendor passthru methods", &task))
        return false;
    for (method = task->hardware->vendor->methods; method && method->name; method++) {
        if (is_known(call->ctx, method))
            json_object_set_new(methods, method->name, describe(call->ctx, method));
    }
    return ci_call_answer(call, json_incref(methods));
}

/* What a worker is given; it lives in the task's arena. */
struct job {
    const struct ci_vendor_method *method;
    const json_t *info;
};

static void work(struct ci_task *task, void *arg)
{
    const struct job *job = arg;
    json_t *ignored = NULL;

    /* A failure is in the context, for whoever ends the task to tell. */
    if (job->method->run(task, job->method->name, job->info, &ignored))
        ci_info(task->ctx, "Vendor method done", "node=%s method=%s", task->node->uuid,
                job->method->name);
}

static bool spawn(struct ci_task *task, const struct ci_vendor_method *method, const json_t *info)
{
    struct job *job = ci_new(task->ctx->mem, struct job);

    *job = (struct job){method, info};
    ci_task_name_work(task, method->name);
    return ci_task_spawn(task, work, job);
}

static bool check_http(struct ci_ctx *ctx, const struct ci_vendor_method *method, const char *given)
{
    char *http = ci_strdup(ctx->mem, given);

    for (char *at = http; *at; at++)
        *at = (char)toupper((unsigned char)*at);
    return ci_one_of(http, ci_split(ctx->mem, method->http_methods, ' ')) ||
           ci_fail_text(ctx, InvalidParameterValue, "The method %s does not support HTTP %s",
                        method->name, http);
}

static bool pass(struct ci_call *call, struct ci_task *task, const struct ci_vendor_method *method,
                 const json_t *info, bool *ret_gone)
{
    json_t *value = NULL;
    bool attach = method->attach, sync = method->sync;

    if ((!method->shared && !ci_task_upgrade(task)) ||
        (method->check && !method->check(task, method->name, info)))
        return false;
    if (sync ? !method->run(task, method->name, info, &value) : !spawn(task, method, info))
        return false;
    *ret_gone = !sync;
    return ci_call_answer(
        call, json_pack("{s:O?, s:b, s:b}", "return", value, "async", !sync, "attach", attach));
}

bool ci_call_vendor_passthru(struct ci_call *call)
{
    const json_t *info = ci_call_json(call, "info");
    const struct ci_vendor_method *method;
    const char *name, *http;
    struct ci_task *task;
    bool done, gone = false;

    if (!ci_call_need(call, "driver_method", &name) || !ci_call_need(call, "http_method", &http))
        return false;
    if (!info || ci_json_kind(info) != CI_JSON_OBJECT)
        return ci_fail_text(call->ctx, InvalidParameterValue,
                            "What is passed to a vendor method must be an object.");
    if (!ci_call_take(call, CI_SHARED, "calling vendor passthru", &task))
        return false;
    method = find(task, name);
    done = method
               ? check_http(call->ctx, method, http) && pass(call, task, method, info, &gone)
               : ci_fail_text(call->ctx, InvalidParameterValue, "No handler for method %s", name);
    if (!gone)
        ci_task_release(task);
    return done;
}
