/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocations: the wish for a node, and the node that fulfils it.
 */
#include "objects/allocation.h"

#include <string.h>

#include "base/ident.h"
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "objects/row.h"

#define OBJECT allocation
#define FIELDS "objects/allocation.def"
#define TYPE .name = "Allocation", .table = "allocations", .key = "id", .major = 1, .minor = 3
#include "objects/define.h"

static const char *number(struct ci_ctx *ctx, int64_t value)
{
    return ci_printf(ctx->mem, "%lld", (long long)value);
}

bool ci_allocation_load(struct ci_ctx *ctx, const char *ident,
                        struct ci_allocation **ret_allocation)
{
    struct ci_allocation *found;

    if (!ci_row_load(ctx, &ci_allocation_type, ci_uuid_is_like(ident) ? "uuid = $1" : "name = $1",
                     1, &ident, &found))
        return false;
    if (!found)
        return ci_fail(ctx, AllocationNotFound, ident);
    *ret_allocation = found;
    return true;
}

bool ci_allocation_load_of_node(struct ci_ctx *ctx, int64_t node_id,
                                struct ci_allocation **ret_allocation)
{
    const char *id = number(ctx, node_id);
    struct ci_allocation **found;
    size_t count;

    if (!ci_row_load_all(ctx, &ci_allocation_type, "node_id = $1", "ORDER BY id LIMIT 1", 1, &id,
                         &count, &found))
        return false;
    *ret_allocation = count > 0 ? found[0] : NULL;
    return true;
}

/* Names what is there already. */
static bool taken(struct ci_ctx *ctx, const struct ci_allocation *allocation)
{
    if (!ci_failed_with(ctx, CI_ERR_UniqueViolation))
        return false;
    return ci_db_violated(ctx, "allocations", "name")
               ? ci_fail(ctx, AllocationDuplicateName, allocation->name)
               : ci_fail(ctx, AllocationAlreadyExists, allocation->uuid);
}

bool ci_allocation_create(struct ci_ctx *ctx, struct ci_allocation *allocation)
{
    if (!allocation->uuid)
        ci_allocation_set_uuid(allocation, ci_uuid_new(ctx->mem));
    if (!allocation->state)
        ci_allocation_set_state(allocation, CI_ALLOCATION_ALLOCATING);
    return ci_row_insert(ctx, allocation) || taken(ctx, allocation);
}

bool ci_allocation_save(struct ci_ctx *ctx, struct ci_allocation *allocation)
{
    bool found;

    if (!ci_row_save(ctx, allocation, &found))
        return taken(ctx, allocation);
    return found || ci_fail(ctx, AllocationNotFound, allocation->uuid);
}

/* instance_info with the traits of the allocation in it. */
static bool instance_info(struct ci_ctx *ctx, const struct ci_allocation *allocation,
                          const struct ci_node *node, const char **ret_text)
{
    const char *info = node->instance_info ? node->instance_info : "{}";
    const char *traits = allocation->traits ? allocation->traits : "[]";
    json_t *object, *list;

    if (!ci_json_read(ctx, info, strlen(info), &ci_json_trusted, &object) ||
        !ci_json_read(ctx, traits, strlen(traits), &ci_json_trusted, &list))
        return false;
    json_object_set(object, "traits", list);
    *ret_text = ci_json_text(ctx->mem, object);
    return true;
}

static bool take_node(struct ci_ctx *ctx, const struct ci_allocation *allocation,
                      const struct ci_node *node)
{
    const char *values[] = {number(ctx, allocation->id), allocation->uuid, NULL,
                            ci_time_db(ctx->mem, ci_time_now_us()), number(ctx, node->id)};
    struct ci_node *now;
    int64_t changed;

    if (!instance_info(ctx, allocation, node, &values[2]))
        return false;
    if (!ci_db_run(
            ctx,
            "UPDATE nodes SET allocation_id = $1, instance_uuid = $2, instance_info = $3, "
            "updated_at = $4 WHERE id = $5 AND (instance_uuid IS NULL OR instance_uuid = $2)",
            5, values, &changed))
        return ci_failed_with(ctx, CI_ERR_UniqueViolation) &&
               ci_fail(ctx, InstanceAssociated, allocation->uuid, node->uuid);
    if (changed > 0)
        return true;
    return ci_node_load_id(ctx, node->id, &now) &&
           ci_fail(ctx, NodeAssociated, now->uuid,
                   now->instance_uuid ? now->instance_uuid : "None");
}

/*
 * Whoever gives the allocation a node and whoever deletes it take turns: both write its row first.
 * Otherwise the one would delete what the other's node has come to name meanwhile.
 */
static bool take_turn(struct ci_ctx *ctx, const struct ci_allocation *allocation)
{
    const char *id = number(ctx, allocation->id);
    int64_t changed;

    return ci_db_run(ctx, "UPDATE allocations SET updated_at = updated_at WHERE id = $1", 1, &id,
                     &changed) &&
           (changed > 0 || ci_fail(ctx, AllocationNotFound, allocation->uuid));
}

static bool assign(struct ci_ctx *ctx, struct ci_allocation *allocation, const struct ci_node *node)
{
    ci_allocation_set_node_id(allocation, node->id);
    ci_allocation_set_state(allocation, CI_ALLOCATION_ACTIVE);
    return take_turn(ctx, allocation) && take_node(ctx, allocation, node) &&
           ci_allocation_save(ctx, allocation);
}

bool ci_allocation_assign(struct ci_ctx *ctx, struct ci_allocation *allocation,
                          struct ci_node *node)
{
    if (!ci_db_begin(ctx) || !ci_row_end(ctx, assign(ctx, allocation, node)))
        return false;
    node->allocation_id = allocation->id;
    node->instance_uuid = allocation->uuid;
    return true;
}

static bool destroy(struct ci_ctx *ctx, const struct ci_allocation *allocation)
{
    const char *id = number(ctx, allocation->id);
    bool found;

    if (!take_turn(ctx, allocation) ||
        !ci_db_run(ctx,
                   "UPDATE nodes SET allocation_id = NULL, instance_uuid = NULL "
                   "WHERE allocation_id = $1",
                   1, &id, NULL) ||
        !ci_row_delete(ctx, allocation, &found))
        return false;
    return found || ci_fail(ctx, AllocationNotFound, allocation->uuid);
}

bool ci_allocation_destroy(struct ci_ctx *ctx, const struct ci_allocation *allocation)
{
    return ci_db_begin(ctx) && ci_row_end(ctx, destroy(ctx, allocation));
}
