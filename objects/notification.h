/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/json.h"
#include "objects/object.h"

/*
 * Payloads of notifications: versioned objects that are made of a record for whoever listens,
 * never stored and never read by us. Their rows are in notification.def.
 */

/* One number per row: CI_PAYLOAD_NodePayload, … */
enum ci_payload {
#define PAYLOAD(class, record, versions, told, fields) CI_PAYLOAD_##class,
#include "objects/notification.def"
    CI_PAYLOAD_COUNT
};

/* What the sender says beside the record; a list ends with a NULL name. */
struct ci_told {
    const char *name, *value; /* value NULL: null */
};

/*
 * The payload in its message form, at the version that goes with the record's version in the
 * pinned release. What the record leaves unset is null or empty; what is not told is null.
 * Secrets of nodes are masked as in REST answers, and their image_url too; a sensitive inspection
 * rule is told without its conditions and actions. The value belongs to
 * ctx's arena. Fails with Invalid when a stored JSON text is none.
 */
ci_must_check bool ci_payload_write(struct ci_ctx *ctx, enum ci_payload payload, const void *record,
                                    const struct ci_told *told, json_t **ret_value);

/* The type of record that it is made of. */
const struct ci_type *ci_payload_record(enum ci_payload payload);

/* The payload that tells of such a record being created, updated or deleted; false for none. */
ci_must_check bool ci_payload_of(const struct ci_type *type, enum ci_payload *ret_payload);
