/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of JSON-RPC.
 *
 * Odd on the wire: the context and the RPC version are parameters like the arguments, and a call
 * that fails is told with HTTP's 200. A cast is a request without an id, and is not answered.
 */
#include "rpc/jsonrpc.h"

#include <string.h>

#include "base/config.h"
#include "base/jsontext.h"
#include "objects/releases.h"
#include "rpc/client.h"
#include "rpc/context.h"
#include "rpc/failure.h"

#define VERSION "2.0"
#define CONTEXT "context"
#define RPC_VERSION "rpc.version"

enum {
    USUAL_PORT = 8089,
    PORT_SINCE = 58 /* the RPC minor from which peers read a port in a conductor's name */
};

static void add_args(struct ci_text *body, const json_t *args)
{
    json_t *object = (json_t *)(uintptr_t)args;

    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        ci_jsontext_stringn(body, json_object_iter_key(at), json_object_iter_key_len(at));
        ci_text_add(body, ": ");
        ci_json_print(body, json_object_iter_value(at));
        ci_text_add(body, ", ");
    }
}

static void add_value(struct ci_text *body, const char *key, const json_t *value)
{
    ci_jsontext_key(body, key);
    if (value)
        ci_json_print(body, value);
    else
        ci_text_add(body, "null");
}

static void begin(struct ci_text *body)
{
    ci_text_add(body, "{\"jsonrpc\": \"" VERSION "\"");
}

bool ci_jsonrpc_write_request(struct ci_ctx *ctx, const struct ci_jsonrpc_request *request,
                              struct ci_text *body)
{
    begin(body);
    ci_jsontext_key(body, "method");
    ci_jsontext_string(body, request->method);
    ci_jsontext_key(body, "params");
    ci_text_add(body, "{");
    add_args(body, request->args);
    ci_text_add(body, "\"" CONTEXT "\": {");
    ci_context_write(body, ctx, "");
    ci_text_add(body, "}");
    if (request->version) {
        ci_jsontext_key(body, RPC_VERSION);
        ci_jsontext_string(body, request->version);
    }
    ci_text_add(body, "}");
    if (request->id)
        add_value(body, "id", request->id);
    ci_text_add(body, "}");
    return !body->overflow ||
           ci_fail_text(ctx, Invalid, "The message is larger than the %zu bytes allowed.",
                        body->limit);
}

bool ci_jsonrpc_write_result(const json_t *id, const json_t *result, struct ci_text *body)
{
    begin(body);
    add_value(body, "result", result);
    add_value(body, "id", id);
    ci_text_add(body, "}");
    return !body->overflow;
}

static void write_error(const json_t *id, int code, const char *message, const char *class,
                        struct ci_text *body)
{
    begin(body);
    add_value(body, "id", id);
    ci_jsontext_key(body, "error");
    ci_text_add(body, "{\"code\": ");
    ci_text_int(body, code);
    ci_jsontext_key(body, "message");
    ci_jsontext_string(body, message);
    if (class) {
        ci_text_add(body, ", \"data\": {\"class\": \"" CI_FAILURE_IRONIC ".");
        ci_text_add(body, class);
        ci_text_add(body, "\"}");
    }
    ci_text_add(body, "}}");
}

void ci_jsonrpc_write_fault(const json_t *id, const struct ci_jsonrpc_fault *fault,
                            struct ci_text *body)
{
    write_error(id, fault->code, fault->message, NULL, body);
}

/* The names of the arguments, as Python joins them. */
static const char *names_of(struct ci_ctx *ctx, const json_t *args)
{
    struct ci_text *names = ci_text_new(ctx->mem, 4096);
    json_t *object = (json_t *)(uintptr_t)args;

    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        ci_text_add(names, json_object_iter_key(at));
        ci_text_add(names, ", ");
    }
    ci_text_add(names, CONTEXT);
    return names->bytes;
}

void ci_jsonrpc_write_error(struct ci_ctx *ctx, const char *method, const json_t *args,
                            const json_t *id, struct ci_text *body)
{
    const struct ci_error *error = ctx->error;
    struct ci_failure failure;

    if (error->class == CI_ERR_NoSuchMethod) {
        write_error(id, CI_JSONRPC_METHOD_NOT_FOUND,
                    ci_printf(ctx->mem, "Method %s was not found", method), NULL, body);
    } else if (error->class == CI_ERR_TypeError) { /* as Ironic takes every one of them */
        write_error(id, CI_JSONRPC_INVALID_PARAMS,
                    ci_printf(ctx->mem, "Params %s are invalid for %s: %s", names_of(ctx, args),
                              method, error->message),
                    NULL, body);
    } else {
        ci_failure_of_error(ctx, &failure);
        write_error(id, error->status, error->message,
                    strcmp(failure.module, CI_FAILURE_IRONIC) == 0 ? failure.class : NULL, body);
    }
}

static bool refuse(struct ci_jsonrpc_fault *fault, enum ci_jsonrpc_code code, const char *message)
{
    *fault = (struct ci_jsonrpc_fault){.code = code, .message = message};
    return false;
}

static bool is_text(const json_t *value)
{
    return ci_json_kind(value) == CI_JSON_STRING && json_string_length(value) > 0 &&
           !memchr(json_string_value(value), '\0', json_string_length(value));
}

/* Takes the parameters that are no arguments out of them. */
static bool read_params(struct ci_ctx *ctx, json_t *params, struct ci_jsonrpc_request *request,
                        struct ci_jsonrpc_fault *fault)
{
    const json_t *version = json_object_get(params, RPC_VERSION);
    const json_t *context = json_object_get(params, CONTEXT);

    request->version = is_text(version) ? ci_strdup(ctx->mem, json_string_value(version)) : NULL;
    request->has_context = context;
    if (context && ci_json_kind(context) != CI_JSON_OBJECT)
        return refuse(fault, CI_JSONRPC_INVALID_PARAMS,
                      "Context must be a dictionary, if provided");
    /* Texts of the context outlive it here. */
    context = context ? ci_json(ctx, json_incref((json_t *)(uintptr_t)context)) : NULL;
    json_object_del(params, RPC_VERSION);
    json_object_del(params, CONTEXT);
    ci_context_read(ctx, context, "");
    return true;
}

bool ci_jsonrpc_read_request(struct ci_ctx *ctx, const char *bytes, size_t length,
                             const struct ci_json_limits *limits,
                             struct ci_jsonrpc_request *ret_request,
                             struct ci_jsonrpc_fault *ret_fault)
{
    const json_t *version, *method, *id;
    json_t *body, *params;

    *ret_request = (struct ci_jsonrpc_request){.method = ""};
    if (!ci_json_read(ctx, bytes, length, limits, &body)) {
        ci_error_clear(ctx);
        return refuse(ret_fault, CI_JSONRPC_PARSE_ERROR, "Invalid JSON received by RPC server");
    }
    id = json_object_get(body, "id");
    ret_request->id = ci_json_kind(id) == CI_JSON_NULL ? NULL : id;
    version = json_object_get(body, "jsonrpc");
    method = json_object_get(body, "method");
    params = json_object_get(body, "params");
    if (ci_json_kind(body) == CI_JSON_OBJECT && !params)
        params = ci_json(ctx, json_object());
    if (!is_text(version) || strcmp(json_string_value(version), VERSION) != 0 || !is_text(method) ||
        ci_json_kind(params) != CI_JSON_OBJECT)
        return refuse(ret_fault, CI_JSONRPC_INVALID_REQUEST,
                      "Invalid request object received by RPC server");
    ret_request->method = json_string_value(method);
    ret_request->args = params;
    return read_params(ctx, params, ret_request, ret_fault);
}

/* Fails with the exception that the peer tells of. */
static bool raise_error(struct ci_ctx *ctx, const json_t *error)
{
    const json_t *message = json_object_get(error, "message"),
                 *code = json_object_get(error, "code");
    const json_t *class = json_object_get(json_object_get(error, "data"), "class");

    return ci_failure_raise_named(
        ctx, is_text(class) ? json_string_value(class) : NULL,
        ci_json_kind(message) == CI_JSON_STRING ? json_string_value(message) : "",
        ci_json_kind(code) == CI_JSON_INT ? json_integer_value(code) : 500);
}

bool ci_jsonrpc_read_reply(struct ci_ctx *ctx, const char *bytes, size_t length,
                           const struct ci_json_limits *limits, json_t **ret_result)
{
    const json_t *error, *result;
    json_t *body;

    if (!ci_json_read(ctx, bytes, length, limits, &body))
        return ci_fail_status(ctx, TemporaryFailure, 503, "The answer is no JSON: %s",
                              ci_error_take(ctx));
    error = json_object_get(body, "error");
    if (ci_json_kind(error) == CI_JSON_OBJECT && json_object_size(error) > 0)
        return raise_error(ctx, error);
    result = json_object_get(body, "result");
    if (!result)
        return ci_fail_status(ctx, TemporaryFailure, 503,
                              "The answer has neither a result nor an error.");
    *ret_result = ci_json_kind(result) == CI_JSON_NULL
                      ? NULL
                      : ci_json(ctx, json_incref((json_t *)(uintptr_t)result));
    return true;
}

const char *ci_jsonrpc_url(struct ci_ctx *ctx, bool tls, const char *host, int port)
{
    const char *scheme = tls ? "https" : "http", *first = strchr(host, ':');
    const char *bracket = *host == '[' ? strchr(host, ']') : NULL;
    bool has_port = bracket ? bracket[1] == ':' : first && !strchr(first + 1, ':');

    if (has_port)
        return ci_printf(ctx->mem, "%s://%s/", scheme, host);
    if (first && !bracket)
        return ci_printf(ctx->mem, "%s://[%s]:%d/", scheme, host, port);
    return ci_printf(ctx->mem, "%s://%s:%d/", scheme, host, port);
}

const char *ci_jsonrpc_registered_host(struct ci_ctx *ctx)
{
    const struct ci_config *config = ctx->config;
    const char *host = config->DEFAULT.host;

    if (strcmp(config->DEFAULT.rpc_transport, "json-rpc") != 0 ||
        config->json_rpc.port == USUAL_PORT ||
        ci_release_rpc_minor(ci_release_pinned(ctx)) < PORT_SINCE)
        return host;
    return ci_printf(ctx->mem, strchr(host, ':') && *host != '[' ? "[%s]:%d" : "%s:%d", host,
                     (int)config->json_rpc.port);
}

const char *ci_jsonrpc_auth_strategy(const struct ci_config *config)
{
    return config->json_rpc.auth_strategy ? config->json_rpc.auth_strategy
                                          : config->DEFAULT.auth_strategy;
}
