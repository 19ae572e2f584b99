/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls to conductors, whatever carries them: which method there is, which conductor answers,
 * and which arguments it may be sent under the pinned release.
 */
#include "rpc/client.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "objects/releases.h"
#include "objects/row.h"
#include "objects/types.h"
#include "rpc/amqp.h"
#include "rpc/failure.h"
#include "rpc/local.h"
#include "rpc/transport.h"

/* The release from which NoValidHost's reason ends with a hint, told by its RPC minor. */
#define HINT_SINCE 56

static const struct ci_rpc_row rows[] = {
#define METHOD(name, since, kind, arguments)                                                       \
    [CI_RPC_##name] = {#name, since, CI_RPC_IS_##kind, arguments},
#define CI_RPC_IS_CALL false
#define CI_RPC_IS_CAST true
#include "rpc/methods.def"
#undef METHOD
};

/* How long calls took that failed, and others. Any thread. */
static struct ci_durations asked[CI_RPC_COUNT][2];

const struct ci_rpc_row *ci_rpc_row(enum ci_rpc_method method)
{
    return &rows[method];
}

enum ci_rpc_method ci_rpc_method_by_name(const char *name)
{
    for (int i = 0; i < CI_RPC_COUNT; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return (enum ci_rpc_method)i;
    }
    return CI_RPC_COUNT;
}

bool ci_rpc_argument(const struct ci_rpc_row *row, size_t n, struct ci_rpc_argument *ret_argument)
{
    const char *at = row->arguments;
    size_t length;

    for (; n > 0 && *at; n--) {
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    length = strcspn(at, " @?#");
    if (length == 0)
        return false;
    *ret_argument = (struct ci_rpc_argument){.name = at, .length = length, .since = row->since};
    at += length;
    if (*at == '@') {
        ret_argument->since = 0;
        for (at++; *at >= '0' && *at <= '9'; at++)
            ret_argument->since = ret_argument->since * 10 + *at - '0';
    }
    ret_argument->optional = *at == '?';
    ret_argument->number = *at == '#';
    return true;
}

static bool find_argument(const struct ci_rpc_row *row, const char *name,
                          struct ci_rpc_argument *ret_argument)
{
    for (size_t i = 0; ci_rpc_argument(row, i, ret_argument); i++) {
        if (strlen(name) == ret_argument->length &&
            strncmp(name, ret_argument->name, ret_argument->length) == 0)
            return true;
    }
    return false;
}

bool ci_rpc_takes(const struct ci_rpc_row *row, const char *name)
{
    struct ci_rpc_argument argument;

    return find_argument(row, name, &argument);
}

int ci_rpc_version_of(const struct ci_rpc_row *row, const json_t *args)
{
    struct ci_rpc_argument argument;
    int minor = row->since;

    for (size_t i = 0; ci_rpc_argument(row, i, &argument); i++) {
        if (argument.since > minor && json_object_getn(args, argument.name, argument.length))
            minor = argument.since;
    }
    return minor;
}

/* Whoever calls a method knows its row. */
static bool takes_all(const struct ci_rpc_row *row, json_t *args)
{
    const char *name;
    json_t *value;

    json_object_foreach(args, name, value)
    {
        if (!ci_rpc_takes(row, name))
            return false;
    }
    return true;
}

/* Refuses a method that the pinned release lacks, and takes off optional arguments it lacks. */
static bool fit_to_pin(struct ci_ctx *ctx, const struct ci_rpc_row *row, json_t *args)
{
    int cap = ci_release_rpc_minor(ci_release_pinned(ctx));
    struct ci_rpc_argument argument;

    assert(takes_all(row, args));
    if (row->since > cap)
        return ci_fail_text(ctx, IronicException,
                            "Requested message version, 1.%d is incompatible.  It needs to be "
                            "equal in major version and less than or equal in minor version as "
                            "the specified version cap 1.%d.",
                            row->since, cap);
    for (size_t i = 0; ci_rpc_argument(row, i, &argument); i++) {
        if (argument.since > cap)
            json_object_deln(args, argument.name, argument.length);
    }
    return true;
}

/* Said here, where it is known that a peer has sent it: reading it fails in the caller. */
static void look_at_version(struct ci_ctx *ctx, const struct ci_rpc_row *row, const json_t *result)
{
    const char *name = json_string_value(json_object_get(result, "ironic_object.name"));
    const char *version = json_string_value(json_object_get(result, "ironic_object.version"));
    const struct ci_type *type = name ? ci_type_find(name) : NULL;
    int minor;

    if (!type || !version || ci_row_version(ctx, type, version, &minor))
        return;
    ci_warning(ctx, "A conductor is newer than this service; set its pin_release_version",
               "method=%s error=%s", row->name, ci_error_take(ctx));
}

static bool send_to(struct ci_ctx *ctx, const char *host, enum ci_rpc_method method, json_t *args,
                    json_t **ret_result)
{
    json_t *result = NULL;
    int64_t began_ns;
    bool called;

    if (!fit_to_pin(ctx, &rows[method], args))
        return false;
    began_ns = ci_time_monotonic_ns();
    called = ctx->rpc->call(ctx->rpc, ctx, host, method, args, &result);
    ci_durations_add(&asked[method][called], ci_time_monotonic_ns() - began_ns);
    if (!called) {
        ci_failure_note_version(ctx, ctx->error->message);
        return false;
    }
    look_at_version(ctx, &rows[method], result);
    if (ret_result)
        *ret_result = result;
    return true;
}

/* DriverNotFound of the rings, in the words of a call to a node. */
static bool no_valid_host(struct ci_ctx *ctx, const struct ci_node *node)
{
    bool hint = ci_release_rpc_minor(ci_release_pinned(ctx)) >= HINT_SINCE;
    const char *reason = ci_printf(
        ctx->mem,
        "No conductor service registered which supports driver %s for conductor group \"%s\".%s",
        node->driver ? node->driver : "None", node->conductor_group ? node->conductor_group : "",
        hint ? " Ensure the driver is valid and enabled." : "");

    ci_error_clear(ctx);
    return ci_fail(ctx, NoValidHost, reason);
}

bool ci_rpc_host_of_node(struct ci_ctx *ctx, const struct ci_node *node, const char **ret_host)
{
    if (ci_rings_find(ctx, ctx->rpc->rings, node->driver ? node->driver : "", node->conductor_group,
                      node->uuid, ret_host))
        return true;
    if (!ci_failed_with(ctx, CI_ERR_DriverNotFound))
        return false;
    return no_valid_host(ctx, node);
}

bool ci_rpc_node(struct ci_ctx *ctx, const struct ci_node *node, enum ci_rpc_method method,
                 json_t *args, json_t **ret_result)
{
    const char *host;
    json_t *sent = ci_json(ctx, args ? args : json_object());
    struct ci_rpc_argument argument;

    if (find_argument(&rows[method], "node_id", &argument))
        json_object_set_new(sent, "node_id",
                            argument.number ? json_integer(node->id) : json_string(node->uuid));
    return ci_rpc_host_of_node(ctx, node, &host) && send_to(ctx, host, method, sent, ret_result);
}

bool ci_rpc_new_node(struct ci_ctx *ctx, const struct ci_node *node, enum ci_rpc_method method,
                     json_t *args, json_t **ret_result)
{
    const char *host;
    json_t *sent = ci_json(ctx, args ? args : json_object());

    return ci_rpc_host_of_node(ctx, node, &host) && send_to(ctx, host, method, sent, ret_result);
}

bool ci_rpc_driver(struct ci_ctx *ctx, const char *driver, enum ci_rpc_method method, json_t *args,
                   json_t **ret_result)
{
    const char *host;
    json_t *sent = ci_json(ctx, args ? args : json_object());

    return ci_rings_any_with_driver(ctx, driver, &host) &&
           send_to(ctx, host, method, sent, ret_result);
}

bool ci_rpc_any(struct ci_ctx *ctx, enum ci_rpc_method method, json_t *args, json_t **ret_result)
{
    const char *host;
    json_t *sent = ci_json(ctx, args ? args : json_object());

    return ci_rings_any(ctx, &host) && send_to(ctx, host, method, sent, ret_result);
}

void ci_rpc_write_metrics(struct ci_metrics *to)
{
    static const char *const outcomes[] = {"failed", "done"};

    ci_metrics_family(to, "castiron_rpc_call_seconds", "histogram",
                      "Time that calls to conductors took.");
    for (size_t method = 0; method < CI_RPC_COUNT; method++) {
        for (int called = 0; called < 2; called++)
            ci_metrics_durations(to, "castiron_rpc_call_seconds",
                                 ci_printf(to->mem, "method=\"%s\",outcome=\"%s\"",
                                           rows[method].name, outcomes[called]),
                                 &asked[method][called]);
    }
    ci_amqp_write_metrics(to);
}

void ci_rpc_free(struct ci_rpc *rpc)
{
    if (rpc)
        rpc->end(rpc);
}
