/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"
#include "rpc/client.h"

/*
 * What the paths of the ramdisk share: lookup, heartbeat, continue_inspection.
 */

/* Fails with HTTPForbidden unless [api]enable_ramdisk_endpoints. */
ci_must_check bool ci_ramdisk_check_enabled(struct ci_request *req);

/* Fails with a NotFound that tells nothing; the log is told which node and why. */
bool ci_ramdisk_not_found(struct ci_request *req, const char *why, const char *node);

/* Calls the node's conductor; that there is none is a 400 here. */
ci_must_check bool ci_ramdisk_call(struct ci_request *req, const struct ci_node *node,
                                   enum ci_rpc_method method, json_t *args, json_t **ret_result);

/*
 * Has the conductor make the agent's token. *ret_token is the secret the first time and asterisks
 * later, as the conductor gives it; NULL when the node has none.
 */
ci_must_check bool ci_ramdisk_token(struct ci_request *req, const struct ci_node *node,
                                    json_t **ret_token);

/* Answers with the node and how its ramdisk is to behave; token may be NULL. */
ci_must_check bool ci_ramdisk_answer(struct ci_request *req, const struct ci_node *node,
                                     json_t *token);

/* The "config" of that answer, a new reference. Releases up to 21.4 have fewer members. */
json_t *ci_ramdisk_config(struct ci_request *req, const struct ci_node *node, json_t *token);
