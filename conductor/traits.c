/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traits of a node, at most fifty of them.
 */
#include <inttypes.h>

#include "conductor/calls.h"
#include "db/db.h"

#define TRAITS_MAX 50

/* A list of texts without repetitions, ends with NULL. */
static bool read_names(struct ci_call *call, const json_t *list, const char *const **ret_names,
                       size_t *ret_count)
{
    const char **names = ci_alloc_array(call->ctx->mem, json_array_size(list) + 1, sizeof *names);
    json_t *known = ci_json(call->ctx, json_object());
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *name = json_array_get(list, i);

        if (ci_json_kind(name) != CI_JSON_STRING)
            return ci_fail_text(call->ctx, Invalid, "The traits are not a list of names.");
        if (json_object_get(known, json_string_value(name)))
            continue;
        json_object_set_new_nocheck(known, json_string_value(name), json_true());
        names[n++] = json_string_value(name);
    }
    names[n] = NULL;
    *ret_names = names;
    *ret_count = n;
    return true;
}

static bool too_many(struct ci_ctx *ctx, const struct ci_node *node, int64_t count)
{
    return ci_fail_text(ctx, InvalidParameterValue,
                        "Could not modify traits for node %" PRId64
                        " as it would exceed the maximum number of traits per node (%" PRId64
                        " vs. %d)",
                        node->id, count, TRAITS_MAX);
}

/* Adds one and counts in one transaction, so that two who add cannot pass the limit together. */
static bool add(struct ci_ctx *ctx, const struct ci_node *node, const char *trait)
{
    const char *values[] = {ci_printf(ctx->mem, "%" PRId64, node->id)};
    struct ci_rows *rows;

    if (!ci_db_begin(ctx) || !ci_node_add_trait(ctx, node, trait) ||
        !ci_db_query(ctx, "SELECT count(*) FROM node_traits WHERE node_id = $1", 1, values, &rows))
        return false;
    if (ci_row_int(rows, 0, 0, 0) > TRAITS_MAX) {
        ci_db_rollback(ctx);
        return too_many(ctx, node, ci_row_int(rows, 0, 0, 0));
    }
    return ci_db_commit(ctx);
}

static bool add_all(struct ci_ctx *ctx, const struct ci_node *node, const char *const *names)
{
    for (size_t i = 0; names[i]; i++) {
        if (!add(ctx, node, names[i]))
            return false;
    }
    return true;
}

bool ci_call_add_node_traits(struct ci_call *call)
{
    const char *const *names;
    struct ci_task *task;
    bool replace, done;
    size_t count;

    if (!read_names(call, ci_call_json(call, "traits"), &names, &count) ||
        !ci_call_bool(call, "replace", false, &replace) ||
        !ci_call_take(call, CI_EXCLUSIVE, "add node traits", &task))
        return false;
    if (!replace)
        done = add_all(call->ctx, task->node, names);
    else if (count > TRAITS_MAX)
        done = too_many(call->ctx, task->node, (int64_t)count);
    else
        done = ci_node_set_traits_rows(call->ctx, task->node, names);
    ci_task_release(task);
    return done;
}

/* Without the trait it is the node's UUID that is named. */
static bool remove_one(struct ci_ctx *ctx, const struct ci_node *node, const char *trait)
{
    if (ci_node_remove_trait(ctx, node, trait))
        return true;
    if (!ci_failed_with(ctx, CI_ERR_NodeTraitNotFound))
        return false;
    ci_error_clear(ctx);
    return ci_fail(ctx, NodeTraitNotFound, node->uuid, trait);
}

static bool remove_all(struct ci_ctx *ctx, const struct ci_node *node, const char *const *names)
{
    for (size_t i = 0; names[i]; i++) {
        if (!remove_one(ctx, node, names[i]))
            return false;
    }
    return true;
}

bool ci_call_remove_node_traits(struct ci_call *call)
{
    static const char *const none[] = {NULL};
    const json_t *traits = ci_call_json(call, "traits");
    const char *const *names;
    struct ci_task *task;
    size_t count;
    bool done;

    if (!read_names(call, traits, &names, &count) ||
        !ci_call_take(call, CI_EXCLUSIVE, "remove node traits", &task))
        return false;
    done = traits ? remove_all(call->ctx, task->node, names)
                  : ci_node_set_traits_rows(call->ctx, task->node, none);
    ci_task_release(task);
    return done;
}
