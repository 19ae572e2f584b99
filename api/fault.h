/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"

/*
 * Turns ctx->error into the answer: status, and the body in one of Ironic's three envelopes
 * (the controllers', the router's, the bare one of the body guard). Server errors are logged,
 * client errors at debug.
 */
void ci_fault_answer(struct ci_request *req);

/* The words of a status: "Not Found". */
const char *ci_fault_reason(int status);
