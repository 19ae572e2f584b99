/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/json.h"

/* Where peers look for the classes they know. */
#define CI_FAILURE_IRONIC "ironic.common.exception"

/*
 * Errors between services: struct ci_error <-> what Python peers make an exception of.
 *
 * A peer rebuilds ironic.common.exception.CLASS(*args, **kwargs) when it knows the class; the
 * kwarg "code" is the HTTP status. Everything else reaches its client as RemoteError, 500.
 */
struct ci_failure {
    const char *class, *module; /* "NodeLocked", "ironic.common.exception" */
    const char *message;
    const json_t *args;      /* a list; NULL: the message alone */
    const json_t *kwargs;    /* an object; NULL: empty */
    const json_t *traceback; /* a list of lines; NULL: its first line alone */
};

/*
 * How ctx->error travels. A class that peers of the pinned release do not know, ours among
 * them, goes as the nearest one above it that they do, with its own status and message.
 */
void ci_failure_of_error(struct ci_ctx *ctx, struct ci_failure *ret_failure);

/* Appends the failure as a JSON object. */
void ci_failure_write(struct ci_text *text, const struct ci_failure *failure);

/*
 * Reads a failure from its JSON text, as it stands in a reply. Fails with RemoteError where a
 * Python peer would not come to an exception either.
 */
ci_must_check bool ci_failure_read(struct ci_ctx *ctx, const char *text, size_t length,
                                   const struct ci_json_limits *limits,
                                   struct ci_failure *ret_failure);

/*
 * Fails with what the peer failed with: ctx->error has its class, status and message and is
 * `remote`; RemoteError when Ironic's API would not know the class either. A traceback is cut
 * off unless [DEFAULT]debug_tracebacks_in_api is set. Always false.
 */
bool ci_failure_raise(struct ci_ctx *ctx, const struct ci_failure *failure);

/* Logs that a peer is older than we are, when that is what its failure says. */
void ci_failure_note_version(struct ci_ctx *ctx, const char *message);

/*
 * The same for a peer that tells no more than "ironic.common.exception.CLASS" (or NULL), the
 * message and the status: IronicException, 500, when Ironic's API would not know the class.
 */
bool ci_failure_raise_named(struct ci_ctx *ctx, const char *name, const char *message,
                            int64_t status);
