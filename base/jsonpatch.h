/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "base/ctx.h"

/*
 * JSON patches (RFC 6902) as Ironic's REST API knows them: add, replace and remove, one after
 * the other, each as python-jsonpatch does it.
 *
 * `patch` is an array of objects; its shape is best checked before, so that the client is told
 * in the words of the schema, but nothing is taken on trust. The document stays as it is; the
 * result is another tree that may share parts with both, so none of the three is to be changed
 * in place. It dies with the arena.
 *
 * Fails with PatchError, which quotes the operation and says why, and with ClientSideError when
 * an operation would add a member to the document itself. What python-jsonpatch trips over (a
 * list told to remove "-", an index into a string) is a PatchError too.
 */
ci_must_check bool ci_jsonpatch_apply(struct ci_ctx *ctx, const json_t *document,
                                      const json_t *patch, json_t **ret_document);
