/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/json.h"

/*
 * The context of a call: who asked and in which request, as it travels beside the arguments.
 * Over AMQP its keys are members of the message with a prefix, over HTTP an object of its own.
 */
#define CI_CONTEXT_PREFIX "_context_"

/*
 * Appends the members of ctx's context, each key with `prefix` before it ("" for none), to an
 * object under way. The auth token is among them: the text must not be logged.
 */
void ci_context_write(struct ci_text *text, const struct ci_ctx *ctx, const char *prefix);

/* The same for whoever listens to notifications: without the token. */
void ci_context_write_public(struct ci_text *text, const struct ci_ctx *ctx, const char *prefix);

/*
 * Gives ctx the request ids and the identity that the members of `object` tell. Cannot fail:
 * what is absent, unknown or of another kind takes its default, a missing request id is made
 * up. Texts are the arena's.
 */
void ci_context_read(struct ci_ctx *ctx, const json_t *object, const char *prefix);
