/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a method to the function that answers it.
 *
 * Arguments are held against the row of rpc/methods.def first: what a function reads is there,
 * and what it would not look at is refused, in the words of Ironic's dispatcher.
 */
#include <string.h>

#include "base/log.h"
#include "conductor/calls.h"

static bool (*const functions[CI_RPC_COUNT])(struct ci_call *call) = {
#define CALL(name) [CI_RPC_##name] = ci_call_##name,
#include "conductor/calls.def"
#undef CALL
};

bool ci_conductor_answers(enum ci_rpc_method method)
{
    return method < CI_RPC_COUNT && functions[method];
}

static bool check_arguments(struct ci_ctx *ctx, const struct ci_rpc_row *row, json_t *args)
{
    struct ci_rpc_argument argument;
    const char *key;
    json_t *value;

    json_object_foreach(args, key, value)
    {
        if (!ci_rpc_takes(row, key))
            return ci_fail_text(ctx, IronicException,
                                "ConductorManager.%s() got an unexpected keyword argument '%s'",
                                row->name, key);
    }
    for (size_t i = 0; ci_rpc_argument(row, i, &argument); i++) {
        if (!argument.optional && !json_object_getn(args, argument.name, argument.length))
            return ci_fail_text(ctx, IronicException,
                                "ConductorManager.%s() missing 1 required positional argument: "
                                "'%.*s'",
                                row->name, (int)argument.length, argument.name);
    }
    return true;
}

bool ci_conductor_dispatch(struct ci_ctx *ctx, enum ci_rpc_method method, json_t *args,
                           json_t **ret_result, void *service)
{
    const struct ci_rpc_row *row = ci_rpc_row(method);
    struct ci_call call = {
        .ctx = ctx, .conductor = service, .args = args, .ret_result = ret_result};

    *ret_result = NULL;
    if (!ci_conductor_is_ready(call.conductor))
        return ci_fail(ctx, TemporaryFailure);
    if (!ci_conductor_answers(method))
        return ci_fail_status(ctx, IronicException, 501, "Endpoint does not support RPC method %s",
                              row->name);
    ci_debug(ctx, "Call", "method=%s", row->name);
    return check_arguments(ctx, row, args) && functions[method](&call);
}
