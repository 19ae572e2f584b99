/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/routes.h"

/*
 * The steps of a request that need its headers only: who, which version, which route. False
 * when the request is answered already (with an error).
 */
ci_must_check bool ci_pipeline_begin(struct ci_request *req);

/* The steps after the body: arguments, policy, the handler. */
void ci_pipeline_run(struct ci_request *req);

/* Makes the answer of ctx->error, for a request that could not be run at all. */
void ci_pipeline_fail(struct ci_request *req);

/* How long the body may be, in bytes, after ci_pipeline_begin(). */
size_t ci_pipeline_body_limit(const struct ci_request *req);
