/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a method to the function that answers it.
 *
 * Arguments are held against the row of rpc/methods.def first: what a function reads is there,
 * and what it would not look at is refused, in the words of Ironic's dispatcher.
 */
#include <string.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "base/time.h"
#include "conductor/calls.h"
#include "conductor/metrics.h"

/* More than any method has. */
enum { ARGUMENTS_MAX = 16 };

static bool (*const functions[CI_RPC_COUNT])(struct ci_call *call) = {
#define CALL(name) [CI_RPC_##name] = ci_call_##name,
#include "conductor/calls.def"
#undef CALL
};

bool ci_conductor_answers(enum ci_rpc_method method)
{
    return method < CI_RPC_COUNT && functions[method];
}

/* 'a', 'b', and 'c': how Python lists what is missing. */
static const char *names(struct ci_ctx *ctx, const char *const *missing, size_t n)
{
    struct ci_text *text = ci_text_new(ctx->mem, 1000);

    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            ci_text_add(text, n > 2 ? ", " : " ");
        ci_text_printf(text, "%s'%s'", i > 0 && i + 1 == n ? "and " : "", missing[i]);
    }
    return text->bytes;
}

static bool check_missing(struct ci_ctx *ctx, const struct ci_rpc_row *row, const json_t *args)
{
    const char *missing[ARGUMENTS_MAX];
    struct ci_rpc_argument argument;
    size_t n = 0;

    for (size_t i = 0; ci_rpc_argument(row, i, &argument); i++) {
        if (!argument.optional && !json_object_getn(args, argument.name, argument.length) &&
            n < ARGUMENTS_MAX)
            missing[n++] = ci_strndup(ctx->mem, argument.name, argument.length);
    }
    return n == 0 || ci_fail_text(ctx, TypeError,
                                  "ConductorManager.%s() missing %zu required positional "
                                  "argument%s: %s",
                                  row->name, n, n == 1 ? "" : "s", names(ctx, missing, n));
}

static bool check_arguments(struct ci_ctx *ctx, const struct ci_rpc_row *row, json_t *args)
{
    const char *key;
    json_t *value;

    json_object_foreach(args, key, value)
    {
        if (!ci_rpc_takes(row, key))
            return ci_fail_text(ctx, TypeError,
                                "ConductorManager.%s() got an unexpected keyword argument '%s'",
                                row->name, key);
    }
    return check_missing(ctx, row, args);
}

/* How long calls took that failed, and others. Any thread. */
static struct ci_durations answered[CI_RPC_COUNT][2];

void ci_conductor_write_calls(struct ci_metrics *to)
{
    static const char *const outcomes[] = {"failed", "done"};

    ci_metrics_family(to, "castiron_conductor_call_seconds", "histogram",
                      "Time that answering calls took.");
    for (int method = 0; method < CI_RPC_COUNT; method++) {
        for (int done = 0; done < 2; done++)
            ci_metrics_durations(to, "castiron_conductor_call_seconds",
                                 ci_printf(to->mem, "method=\"%s\",outcome=\"%s\"",
                                           ci_rpc_row((enum ci_rpc_method)method)->name,
                                           outcomes[done]),
                                 &answered[method][done]);
    }
}

bool ci_conductor_dispatch(struct ci_ctx *ctx, enum ci_rpc_method method, json_t *args,
                           json_t **ret_result, void *service)
{
    const struct ci_rpc_row *row = ci_rpc_row(method);
    struct ci_call call = {
        .ctx = ctx, .conductor = service, .args = args, .ret_result = ret_result};
    int64_t began_ns;
    bool done;

    *ret_result = NULL;
    if (!ci_conductor_await_ready(call.conductor))
        return ci_fail(ctx, TemporaryFailure);
    if (!ci_conductor_answers(method))
        return ci_fail_status(ctx, IronicException, 501, "Endpoint does not support RPC method %s",
                              row->name);
    ci_debug(ctx, "Call", "method=%s", row->name);
    began_ns = ci_time_monotonic_ns();
    done = check_arguments(ctx, row, args) && functions[method](&call);
    ci_durations_add(&answered[method][done], ci_time_monotonic_ns() - began_ns);
    return done;
}
