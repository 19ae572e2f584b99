/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traits of nodes: rows of node_traits, shown as one list of names.
 */
#include "base/json.h"
#include "base/text.h"
#include "objects/node.h"
#include "objects/row.h"
#include "objects/trait.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Ironic's limit. */
#define TRAITS_MAX 50

static const char *id_text(struct ci_ctx *ctx, const struct ci_node *node)
{
    return ci_printf(ctx->mem, "%" PRId64, node->id);
}

bool ci_node_load_traits(struct ci_ctx *ctx, struct ci_node *node)
{
    const char *id = id_text(ctx, node);
    struct ci_rows *rows;
    json_t *names;

    if (!ci_db_query(ctx, "SELECT trait FROM node_traits WHERE node_id = $1 ORDER BY trait", 1, &id,
                     &rows))
        return false;
    names = json_array();
    for (size_t i = 0; i < rows->count; i++)
        json_array_append_new(names, json_string(ci_row_text(rows, i, 0)));
    node->traits = ci_json_text(ctx->mem, names);
    ci_object_mark_set(node, ci_node_traits_n);
    json_decref(names);
    return true;
}

static bool too_many(struct ci_ctx *ctx, const struct ci_node *node, int64_t n)
{
    return ci_fail_text(ctx, InvalidParameterValue,
                        "Could not modify traits for node %" PRId64
                        " as it would exceed the maximum number of traits per node "
                        "(%" PRId64 " vs. %d)",
                        node->id, n, TRAITS_MAX);
}

/* Locks out others who change the node's traits, by writing its row; fails with NodeNotFound. */
static bool hold(struct ci_ctx *ctx, const struct ci_node *node)
{
    const char *id = id_text(ctx, node);
    int64_t changed;

    if (!ci_db_run(ctx, "UPDATE nodes SET id = id WHERE id = $1", 1, &id, &changed))
        return false;
    return changed > 0 || ci_fail(ctx, NodeNotFound, id);
}

static bool insert(struct ci_ctx *ctx, const struct ci_node *node, const char *name)
{
    struct ci_trait *trait = ci_object_new(ctx->mem, &ci_trait_type);

    ci_trait_set_node_id(trait, id_text(ctx, node));
    ci_trait_set_trait(trait, name);
    return ci_row_insert(ctx, trait);
}

static bool repeats(const char *const *names, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (ci_same(names[i], names[j]))
            return true;
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, since a client may send very many. */
static int64_t count_distinct(struct ci_ctx *ctx, const char *const *names)
{
    size_t n = 0;
    const char **sorted;
    int64_t distinct = 0;

    while (names[n])
        n++;
    sorted = ci_alloc_array(ctx->mem, n + 1, sizeof *sorted);
    memcpy(sorted, names, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_name);
    for (size_t i = 0; i < n; i++)
        distinct += i == 0 || strcmp(sorted[i - 1], sorted[i]) != 0;
    return distinct;
}

static bool replace(struct ci_ctx *ctx, const struct ci_node *node, const char *const *traits)
{
    const char *id = id_text(ctx, node);

    if (!hold(ctx, node) ||
        !ci_db_run(ctx, "DELETE FROM node_traits WHERE node_id = $1", 1, &id, NULL))
        return false;
    for (size_t i = 0; traits[i]; i++)
        if (!repeats(traits, i) && !insert(ctx, node, traits[i]))
            return false;
    return true;
}

bool ci_node_set_traits_rows(struct ci_ctx *ctx, const struct ci_node *node,
                             const char *const *traits)
{
    int64_t n = count_distinct(ctx, traits);

    if (n > TRAITS_MAX)
        return too_many(ctx, node, n);
    return ci_db_begin(ctx) && ci_row_end(ctx, replace(ctx, node, traits));
}

/* A trait that the node has already is no error. */
static bool add(struct ci_ctx *ctx, const struct ci_node *node, const char *trait)
{
    const char *values[] = {id_text(ctx, node), trait};
    struct ci_rows *rows;
    int64_t n;

    if (!hold(ctx, node) || !ci_db_query(ctx,
                                         "SELECT COUNT(*), COUNT(CASE WHEN trait = $2 THEN 1 END) "
                                         "FROM node_traits WHERE node_id = $1",
                                         2, values, &rows))
        return false;
    n = ci_row_int(rows, 0, 0, 0);
    if (ci_row_int(rows, 0, 1, 0) > 0)
        return true;
    return n < TRAITS_MAX ? insert(ctx, node, trait) : too_many(ctx, node, n + 1);
}

bool ci_node_add_trait(struct ci_ctx *ctx, const struct ci_node *node, const char *trait)
{
    return ci_db_begin(ctx) && ci_row_end(ctx, add(ctx, node, trait));
}

bool ci_node_remove_trait(struct ci_ctx *ctx, const struct ci_node *node, const char *trait)
{
    const char *values[] = {id_text(ctx, node), trait};
    int64_t changed;

    if (!ci_db_run(ctx, "DELETE FROM node_traits WHERE node_id = $1 AND trait = $2", 2, values,
                   &changed))
        return false;
    return changed > 0 || ci_fail(ctx, NodeTraitNotFound, values[0], trait);
}
