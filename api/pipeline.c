/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path of every request, one step a line. Whatever fails leaves its error in the context,
 * and it becomes the error body in one place.
 */
#include "api/pipeline.h"

#include "api/accept.h"
#include "api/args.h"
#include "api/auth.h"
#include "api/body.h"
#include "api/documents.h"
#include "api/fault.h"
#include "api/health.h"
#include "api/metrics.h"
#include "api/policy.h"
#include "api/version.h"
#include "base/config.h"

/* These answer before authentication and negotiation: what load balancers and browsers ask. */
static bool answer_early(struct ci_request *req)
{
    return ci_health_answer(req) || ci_options_answer(req) || ci_documents_answer(req) ||
           ci_metrics_answer(req);
}

/* Who asks, or that it has to wait until a worker asks others. */
static bool identify(struct ci_request *req)
{
    if (ci_auth_identify(req))
        return true;
    if (!ci_failed_with(req->ctx, CI_ERR_MustWait))
        return false;
    ci_error_clear(req->ctx);
    req->unidentified = true;
    return true;
}

/* What had to wait when the headers were read. */
static bool settle_identity(struct ci_request *req)
{
    if (!req->unidentified)
        return true;
    if (!ci_auth_identify(req))
        return false;
    req->unidentified = false;
    req->ctx->error = req->refusal;
    return !req->refusal;
}

bool ci_pipeline_begin(struct ci_request *req)
{
    if (answer_early(req))
        return false;
    if (identify(req) &&             /* 401: who asks */
        ci_version_negotiate(req) && /* 406: in which version, under the pin */
        ci_route_find(req) &&        /* 404, 405: what for */
        ci_accept_json(req))         /* 406: does the client take JSON */
        return true;
    if (req->unidentified) {
        /* Nobody learns what is there before they said who they are. */
        req->refusal = req->ctx->error;
        ci_error_clear(req->ctx);
        return true;
    }
    ci_fault_answer(req);
    return false;
}

void ci_pipeline_fail(struct ci_request *req)
{
    ci_fault_answer(req);
}

size_t ci_pipeline_body_limit(const struct ci_request *req)
{
    const struct ci_config *config = req->ctx->config;
    unsigned flags = req->route ? req->route->flags : 0;
    int64_t kib = flags & CI_ROUTE_BODY_PROVISION    ? config->api.max_json_body_size_provision
                  : flags & CI_ROUTE_BODY_INSPECTION ? config->api.max_json_body_size_inspection
                                                     : config->api.max_json_body_size;

    return (size_t)kib * 1024;
}

void ci_pipeline_run(struct ci_request *req)
{
    if (!settle_identity(req)) {
        ci_fault_answer(req);
        return;
    }
    req->status = req->route->status;
    if (ci_body_parse(req) &&      /* 400: is the JSON sound */
        ci_args_read(req) &&       /* 400, 406: the parameters of the query and of verbs */
        ci_policy_allow(req) &&    /* 403: rules that need no record */
        req->route->handle(req) && /* the controller */
        ci_policy_settled(req))    /* 403: a route that forgot to ask */
        return;
    /* The caller runs it again where it may wait. */
    if (!ci_failed_with(req->ctx, CI_ERR_MustWait))
        ci_fault_answer(req);
}
