/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"
#include "base/json.h"

/* The largest file of policies that is read. */
#define CI_POLICY_FILE_MAX ((size_t)1024 * 1024)

/* One rule as a file has it: a text, or the list of lists of old files. */
struct ci_policy_entry {
    const char *name;
    const char *text;   /* NULL: a list */
    const json_t *list; /* in the arena */
    const char *file;
    int line;
    struct ci_policy_entry *next;
};

struct ci_policy_entries {
    struct ci_policy_entry *first, *last;
};

/*
 * Adds the rules of a YAML document, or of a JSON one, which is YAML, to `entries`, in ctx->mem.
 *
 * A document is empty or one mapping of names to rules. Fails with ConfigInvalid, which names
 * file and line, for anything else, for a rule without a value (which oslo.policy takes for one
 * that allows everybody) and for anchors and aliases.
 */
ci_must_check bool ci_policy_file_parse(struct ci_ctx *ctx, const char *file, const char *bytes,
                                        size_t n, struct ci_policy_entries *entries);

/* The same from a file; also fails when it cannot be read or is too large. */
ci_must_check bool ci_policy_file_read(struct ci_ctx *ctx, const char *path,
                                       struct ci_policy_entries *entries);
