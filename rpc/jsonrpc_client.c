/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls to conductors over HTTP.
 *
 * Each call is one POST to the conductor's own address, on the caller's thread.
 */
#include "rpc/jsonrpc_client.h"

#include <stdint.h>
#include <string.h>

#include "base/config.h"
#include "base/httpc.h"
#include "base/ident.h"
#include "base/log.h"
#include "base/service_token.h"
#include "base/time.h"
#include "rpc/jsonrpc.h"
#include "rpc/message.h"
#include "rpc/transport.h"

enum { TIMEOUT_S = 120, ERRORS = 400, SERVER_ERRORS = 500 };

struct client {
    struct ci_rpc rpc;
    struct ci_arena *mem; /* holds all of it */
    struct ci_httpc *http;
    struct ci_service_token *token; /* NULL: none is sent */
    bool tls;
    int port;
};

/* One call, or cast, under way. */
struct sending {
    const struct ci_rpc_row *row;
    const char *host;
    struct ci_httpc_request request;
};

static bool unreachable(struct ci_ctx *ctx, const struct sending *sending, const char *why)
{
    return ci_fail_status(ctx, ServiceUnavailable, 503, "%s cannot be sent to conductor %s: %s",
                          sending->row->name, sending->host, why);
}

static bool unanswered(struct ci_ctx *ctx, const struct sending *sending, const char *why)
{
    return ci_fail_status(ctx, TemporaryFailure, 503, "Conductor %s has not answered %s: %s",
                          sending->host, sending->row->name, why);
}

static bool post(struct client *client, struct ci_ctx *ctx, struct sending *sending,
                 struct ci_httpc_response *ret_response)
{
    if (client->token ? ci_service_token_send(ctx, client->token, &sending->request, ret_response)
                      : ci_httpc_send(ctx, client->http, &sending->request, ret_response))
        return true;
    if (ci_failed_with(ctx, CI_ERR_ServiceUnavailable))
        return unreachable(ctx, sending, ci_error_take(ctx));
    return unanswered(ctx, sending, ci_error_take(ctx));
}

/* The answer's status says whether the call was run: only then is there an answer to it. */
static bool check_status(struct ci_ctx *ctx, const struct sending *sending, int status)
{
    if (status < ERRORS)
        return true;
    if (status < SERVER_ERRORS || status == 503)
        return unreachable(ctx, sending,
                           ci_printf(ctx->mem, "it was turned away with HTTP status %d.", status));
    return unanswered(ctx, sending, ci_printf(ctx->mem, "HTTP status %d came back.", status));
}

static bool converse(struct client *client, struct ci_ctx *ctx, struct sending *sending,
                     json_t **ret_result)
{
    static const struct ci_httpc_header with_token[] = {{"Content-Type", CI_JSONRPC_CONTENT_TYPE},
                                                        {NULL, NULL}};
    static const struct ci_httpc_header plain[] = {
        {"Content-Type", CI_JSONRPC_CONTENT_TYPE}, {"X-Auth-Token", "notused"}, {NULL, NULL}};
    struct ci_httpc_response response;

    sending->request.headers = client->token ? with_token : plain;
    if (!post(client, ctx, sending, &response) || !check_status(ctx, sending, response.status))
        return false;
    *ret_result = NULL;
    if (sending->row->cast)
        return true;
    if (ci_jsonrpc_read_reply(ctx, response.body, response.body_length, &ci_message_limits,
                              ret_result))
        return true;
    return ctx->error->remote ? false : unanswered(ctx, sending, ci_error_take(ctx));
}

static bool call(struct ci_rpc *rpc, struct ci_ctx *ctx, const char *host,
                 enum ci_rpc_method method, const json_t *args, json_t **ret_result)
{
    struct client *client = (struct client *)rpc;
    const struct ci_rpc_row *row = ci_rpc_row(method);
    struct ci_text *body = ci_text_new(ctx->mem, ci_message_limits.bytes);
    const char *id = ctx->request_id ? ctx->request_id : ci_uuid_new(ctx->mem);
    const struct ci_jsonrpc_request message = {
        .method = row->name,
        .version = ci_printf(ctx->mem, "1.%d", ci_rpc_version_of(row, args)),
        .args = args,
        .id = row->cast ? NULL : ci_json(ctx, json_string(id))};
    struct sending sending = {
        .row = row,
        .host = host,
        .request = {.method = "POST", .url = ci_jsonrpc_url(ctx, client->tls, host, client->port)}};

    if (!ci_jsonrpc_write_request(ctx, &message, body))
        return false;
    sending.request.body = body->bytes;
    sending.request.body_length = body->length;
    ci_debug(ctx, "Calling a conductor", "method=%s url=%s", row->name, sending.request.url);
    return converse(client, ctx, &sending, ret_result);
}

static void client_free(struct client *client)
{
    ci_service_token_free(client->token);
    ci_httpc_free(client->http);
    ci_rings_free(client->rpc.rings);
    ci_arena_free(client->mem);
}

static void end(struct ci_rpc *rpc)
{
    client_free((struct client *)rpc);
}

static struct ci_httpc *http_new(struct ci_ctx *ctx, const char *program, const char *strategy)
{
    const struct ci_config *config = ctx->config;
    int64_t timeout_s = config->json_rpc.timeout;
    bool basic = strcmp(strategy, "http_basic") == 0;
    struct ci_httpc_options options = {
        .ca_file = config->json_rpc.cafile,
        .insecure = config->json_rpc.insecure,
        .cert_file = config->json_rpc.certfile,
        .key_file = config->json_rpc.keyfile,
        .user_agent = program,
        .body_limit_bytes = ci_message_limits.bytes,
    };

    if (timeout_s < 1)
        timeout_s = TIMEOUT_S;
    options.timeout_ms = ci_time_limit_ms(timeout_s);
    if (basic) {
        options.user = config->json_rpc.http_basic_username;
        options.password = config->json_rpc.http_basic_password;
        if (!options.user)
            options.user = config->json_rpc.username;
        if (!options.password)
            options.password = config->json_rpc.password;
        if (!options.user || !options.password) {
            (void)ci_fail(ctx, ConfigInvalid,
                          "[json_rpc]username and password are needed with auth_strategy = "
                          "http_basic.");
            return NULL;
        }
    }
    return ci_httpc_new(&options);
}

static bool token_new(struct ci_ctx *ctx, struct client *client)
{
    const struct ci_config *config = ctx->config;
    const struct ci_service_token_options options = {
        .section = "json_rpc",
        .auth_url = config->json_rpc.auth_url,
        .username = config->json_rpc.username,
        .password = config->json_rpc.password,
        .user_domain_id = config->json_rpc.user_domain_id,
        .user_domain_name = config->json_rpc.user_domain_name,
        .project_id = config->json_rpc.project_id,
        .project_name = config->json_rpc.project_name,
        .project_domain_id = config->json_rpc.project_domain_id,
        .project_domain_name = config->json_rpc.project_domain_name,
        .system_scope = config->json_rpc.system_scope};
    const char *type = config->json_rpc.auth_type;

    if (type && strcmp(type, "password") != 0 && strcmp(type, "v3password") != 0)
        return ci_fail(ctx, ConfigInvalid,
                       ci_printf(ctx->mem,
                                 "[json_rpc]auth_type is %s; password is the one there "
                                 "is.",
                                 type));
    return ci_service_token_new(ctx, &options, client->http, &client->token);
}

bool ci_jsonrpc_client_new(struct ci_ctx *ctx, const char *program, struct ci_rpc **ret_rpc)
{
    const struct ci_config *config = ctx->config;
    const char *strategy = ci_jsonrpc_auth_strategy(config);
    struct ci_httpc *http = http_new(ctx, program, strategy);
    struct ci_arena *mem;
    struct client *client;

    if (!http)
        return false;
    mem = ci_arena_new();
    client = ci_new(mem, struct client);
    *client = (struct client){
        .rpc = {.rings = ci_rings_new(), .call = call, .end = end},
        .mem = mem,
        .http = http,
        .tls = config->json_rpc.use_ssl || config->json_rpc.client_use_ssl,
        .port = (int)config->json_rpc.port,
    };
    if (strcmp(strategy, "keystone") == 0 && !token_new(ctx, client)) {
        client_free(client);
        return false;
    }
    *ret_rpc = &client->rpc;
    return true;
}
