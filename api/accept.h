/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"

/*
 * The Accept header: the best of the offered types (a list that ends with NULL) by quality,
 * then by the offers' order; NULL when none is acceptable. No header, or one that is not
 * well formed, accepts everything.
 */
const char *ci_accept_best(struct ci_request *req, const char *const *offers);

/* Fails with 406 as Ironic's router does unless the client takes application/json. */
ci_must_check bool ci_accept_json(struct ci_request *req);
