/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"

/*
 * Checks a node's network_data against nova's network_data format, or against the file of
 * [api]network_data_schema where the operator names one. Fails with Invalid "Invalid network_data:
 * …". NULL, for none, is fine.
 */
ci_must_check bool ci_network_data_check(struct ci_request *req, const json_t *value);

/* Reads the operator's schema, if one is named, at start; fails when it cannot be read. */
ci_must_check bool ci_network_data_open(struct ci_ctx *ctx);
void ci_network_data_close(void);
