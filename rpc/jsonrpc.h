/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/json.h"

/*
 * The messages of [DEFAULT]rpc_transport=json-rpc, as bytes: JSON-RPC 2.0 without batches and
 * without arguments by position, the call's context and RPC version among its parameters. No
 * network here, and no shared state.
 *
 * Calls carry the auth token and the secrets of nodes: bodies are not for logs. Reading takes
 * bytes from outside: errors name a place, never their content.
 */
#define CI_JSONRPC_CONTENT_TYPE "application/json"

/* The codes of the protocol itself; others are HTTP's, of the exception that is told. */
enum ci_jsonrpc_code {
    CI_JSONRPC_PARSE_ERROR = -32700,
    CI_JSONRPC_INVALID_REQUEST = -32600,
    CI_JSONRPC_METHOD_NOT_FOUND = -32601,
    CI_JSONRPC_INVALID_PARAMS = -32602
};

/* A call, or a cast where nobody waits: then id is NULL. */
struct ci_jsonrpc_request {
    const char *method;
    const char *version; /* of the RPC API, "1.36"; NULL: none is told. Peers do not look at it */
    const json_t *args;  /* an object; NULL: empty */
    const json_t *id;    /* any value but null */
    bool has_context;    /* reading: a context came with it; writing adds ctx's always */
};

/* Appends a request in the name of ctx. Fails with Invalid past the text's limit. */
ci_must_check bool ci_jsonrpc_write_request(struct ci_ctx *ctx,
                                            const struct ci_jsonrpc_request *request,
                                            struct ci_text *body);

/* What a request is answered with when it is not run. */
struct ci_jsonrpc_fault {
    int code;
    const char *message;
};

/*
 * Reads a request, and gives ctx the identity and request ids it came with. What it fills in
 * belongs to ctx's arena. When it is malformed gives false with the fault, which is to be
 * answered with ret_request->id even if that is NULL; ctx->error is not set then.
 */
ci_must_check bool ci_jsonrpc_read_request(struct ci_ctx *ctx, const char *bytes, size_t length,
                                           const struct ci_json_limits *limits,
                                           struct ci_jsonrpc_request *ret_request,
                                           struct ci_jsonrpc_fault *ret_fault);

/* Appends the answer to a call; `id` NULL: null. False past the text's limit. */
ci_must_check bool ci_jsonrpc_write_result(const json_t *id, const json_t *result,
                                           struct ci_text *body);
void ci_jsonrpc_write_fault(const json_t *id, const struct ci_jsonrpc_fault *fault,
                            struct ci_text *body);

/*
 * Appends the answer that tells ctx->error to the caller of `method`: the class too, when peers
 * can make an exception of it.
 */
void ci_jsonrpc_write_error(struct ci_ctx *ctx, const char *method, const json_t *args,
                            const json_t *id, struct ci_text *body);

/*
 * Reads an answer: its result, NULL for null. Fails with what the peer failed with, `remote`
 * then, or with TemporaryFailure when the bytes are no answer.
 */
ci_must_check bool ci_jsonrpc_read_reply(struct ci_ctx *ctx, const char *bytes, size_t length,
                                         const struct ci_json_limits *limits, json_t **ret_result);

/*
 * Where a conductor listens, from the name it registered: "name", "name:port", and IPv6
 * addresses with or without brackets. The port is `port` when the name has none.
 */
const char *ci_jsonrpc_url(struct ci_ctx *ctx, bool tls, const char *host, int port);

struct ci_config;

/*
 * The name under which a conductor registers: [DEFAULT]host, with its port behind it when its
 * calls come over JSON-RPC at another than the usual one and the pinned release knows how to
 * read that.
 */
const char *ci_jsonrpc_registered_host(struct ci_ctx *ctx);

/* [json_rpc]auth_strategy, and [DEFAULT]'s where it is not set. */
const char *ci_jsonrpc_auth_strategy(const struct ci_config *config);
