/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/node.h"
#include "rpc/notify.h"

/*
 * Notifications of what the API changes: "baremetal.node.update.start", then ".end" or ".error".
 *
 * `told` is what the payload has beside the record (objects/notification.def), for instance
 * {{"node_uuid", uuid}, {0}}. Nothing is done while notifications are off.
 *
 *     return ci_notify_start(ctx, port, "create", told) &&
 *            ci_notify_done(ctx, port, "create", told, create(req, port));
 */

/* Tells of a record of any type with a …CRUDPayload; "maintenance_set" of a node as well. */
void ci_notify_crud(struct ci_ctx *ctx, const void *record, const char *action,
                    enum ci_notify_status status, const struct ci_told *told);

/* Tells of its start, and gives true. */
bool ci_notify_start(struct ci_ctx *ctx, const void *record, const char *action,
                     const struct ci_told *told);

/* Tells how it ended, and gives `done`; ctx->error stays what it is. */
bool ci_notify_done(struct ci_ctx *ctx, const void *record, const char *action,
                    const struct ci_told *told, bool done);

/*
 * The record as the conductor answered it, for the end of its change; `record` itself where
 * there is no such answer, or nobody is told.
 */
const void *ci_notify_answer(struct ci_ctx *ctx, const json_t *answer, const void *record);

/*
 * What a node's payload has beside the node: its chassis_uuid. Loads that, and the node's traits
 * where they are unset; NULL while notifications are off.
 */
const struct ci_told *ci_told_of_node(struct ci_ctx *ctx, struct ci_node *node);
