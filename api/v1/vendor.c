/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vendor passthru of nodes and of hardware types: what a vendor's interface offers besides the
 * standard. The body goes to the method as it is, and its result comes back as it is.
 */
#include "api/v1/handlers.h"
#include "rpc/client.h"

const struct ci_param ci_params_vendor_method[] = {
    {"method", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, true},
    {0},
};

/* What the conductor gave as the answer: 202 when the method goes on by itself. */
static bool reply(struct ci_request *req, const json_t *result)
{
    json_t *value = json_object_get(result, "return");

    req->status = json_is_true(json_object_get(result, "async")) ? 202 : 200;
    if (!value || json_is_null(value))
        return true;
    /* A file to be downloaded is its bytes, not a JSON string. */
    if (json_is_true(json_object_get(result, "attach")) && json_is_string(value)) {
        ci_text_add(req->reply, json_string_value(value));
        req->content_type = "application/octet-stream";
        return true;
    }
    return ci_reply_json(req, json_incref(value));
}

/* The arguments that both kinds of passthru have; a body of null is none. */
static json_t *arguments(const struct ci_request *req, const char *method)
{
    json_t *info = req->json && !json_is_null(req->json) ? json_incref(req->json) : json_object();

    return json_pack("{s:s, s:s, s:o}", "driver_method", method, "http_method", req->method, "info",
                     info);
}

static bool call_node(struct ci_request *req, const char *method)
{
    struct ci_node *node;
    json_t *result;

    return ci_request_node(req, &node) &&
           ci_rpc_node(req->ctx, node, CI_RPC_vendor_passthru, arguments(req, method), &result) &&
           reply(req, result);
}

bool ci_node_passthru(struct ci_request *req)
{
    return call_node(req, req->idents[1]);
}

/* The form that clients use, ?method=. */
bool ci_node_passthru_named(struct ci_request *req)
{
    return call_node(req, ci_arg_text(req, "method"));
}

bool ci_node_passthru_methods(struct ci_request *req)
{
    struct ci_node *node;
    json_t *result;

    return ci_request_node(req, &node) &&
           ci_rpc_node(req->ctx, node, CI_RPC_get_node_vendor_passthru_methods, NULL, &result) &&
           ci_reply_json(req, result ? json_incref(result) : json_object());
}

static bool call_driver(struct ci_request *req, const char *method)
{
    json_t *args = arguments(req, method), *result;

    json_object_set_new(args, "driver_name", json_string(req->idents[0]));
    return ci_rpc_driver(req->ctx, req->idents[0], CI_RPC_driver_vendor_passthru, args, &result) &&
           reply(req, result);
}

bool ci_driver_passthru(struct ci_request *req)
{
    return call_driver(req, req->idents[1]);
}

bool ci_driver_passthru_named(struct ci_request *req)
{
    return call_driver(req, ci_arg_text(req, "method"));
}
