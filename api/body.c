/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON bodies. Their size was bounded while they were read; here are depth and soundness.
 */
#include "api/body.h"

#include "api/routes.h"
#include "api/version.h"
#include "base/config.h"

/* What refuses a body decides the envelope: Ironic's guard, its router, or the controller. */
static bool refuse(struct ci_request *req)
{
    req->bare_fault = ci_failed_with(req->ctx, CI_ERR_JSONTooDeep);
    req->webob_fault = ci_failed_with(req->ctx, CI_ERR_JSONNotUTF8);
    req->no_version_headers = req->bare_fault || req->webob_fault;
    /* Ironic's router says no more than the status about bytes that are no text. */
    if (req->webob_fault)
        req->ctx->error->message = "";
    return false;
}

/* Ironic's newest takes a body of no type for a parameter of its own name. */
static bool check_type(struct ci_request *req)
{
    if (req->header(req, "Content-Type") || !ci_version_is_after_21_4(req->ctx))
        return true;
    return ci_fail_text(req->ctx, InvalidParameterValue, "Unexpected arguments: %.*s",
                        req->body_length < 500 ? (int)req->body_length : 500, req->body);
}

/* Release 21.4 knows no limit; what its clients nest must not fail while we stand in for it. */
#define DEPTH_21_4 256

static size_t depth_limit(const struct ci_request *req)
{
    size_t depth = (size_t)req->ctx->config->api.max_json_body_depth;

    return ci_version_is_after_21_4(req->ctx) || depth > DEPTH_21_4 ? depth : DEPTH_21_4;
}

bool ci_body_parse(struct ci_request *req)
{
    const struct ci_json_limits limits = {.depth = depth_limit(req),
                                          .bytes = req->body_length,
                                          .values = ci_json_values_of_stranger(req->body_length)};

    if (req->route->body == CI_BODY_NONE || req->body_length == 0)
        return true;
    if (!check_type(req))
        return false;
    if (ci_json_read(req->ctx, req->body, req->body_length, &limits, &req->json))
        return true;
    return refuse(req);
}
