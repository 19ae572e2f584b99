/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"

/*
 * Parses the body into req->json within [api]max_json_body_depth. An empty body is {}; one
 * that is not JSON fails with 400 (Ironic: 500), one that nests too deep too, in the bare form.
 */
ci_must_check bool ci_body_parse(struct ci_request *req);
