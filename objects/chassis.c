/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chassis: the type, loading and saving.
 */
#include "objects/chassis.h"

#include "base/ident.h"
#include "objects/row.h"

#include <inttypes.h>

#define OBJECT chassis
#define FIELDS "objects/chassis.def"
#define TYPE .name = "Chassis", .table = "chassis", .key = "id", .major = 1, .minor = 4
#include "objects/define.h"

static bool load_where(struct ci_ctx *ctx, const char *where, const char *value,
                       struct ci_chassis **ret_chassis)
{
    struct ci_chassis *chassis;

    if (!ci_row_load(ctx, &ci_chassis_type, where, 1, &value, &chassis))
        return false;
    if (!chassis)
        return ci_fail(ctx, ChassisNotFound, value);
    *ret_chassis = chassis;
    return true;
}

bool ci_chassis_load(struct ci_ctx *ctx, const char *uuid, struct ci_chassis **ret_chassis)
{
    return load_where(ctx, "uuid = $1", uuid, ret_chassis);
}

bool ci_chassis_load_id(struct ci_ctx *ctx, int64_t id, struct ci_chassis **ret_chassis)
{
    return load_where(ctx, "id = $1", ci_printf(ctx->mem, "%" PRId64, id), ret_chassis);
}

bool ci_chassis_create(struct ci_ctx *ctx, struct ci_chassis *chassis)
{
    if (!chassis->uuid)
        ci_chassis_set_uuid(chassis, ci_uuid_new(ctx->mem));
    if (ci_row_insert(ctx, chassis))
        return true;
    return ci_failed_with(ctx, CI_ERR_UniqueViolation) &&
           ci_fail(ctx, ChassisAlreadyExists, chassis->uuid);
}

bool ci_chassis_save(struct ci_ctx *ctx, struct ci_chassis *chassis)
{
    bool found;

    if (ci_fieldset_has(&chassis->object.changed, ci_chassis_uuid_n))
        return ci_fail_text(ctx, InvalidParameterValue,
                            "Cannot overwrite UUID for an existing Chassis.");
    if (!ci_row_save(ctx, chassis, &found))
        return false;
    return found || ci_fail(ctx, ChassisNotFound, chassis->uuid);
}

static bool destroy(struct ci_ctx *ctx, const struct ci_chassis *chassis)
{
    const char *id = ci_printf(ctx->mem, "%" PRId64, chassis->id);
    struct ci_rows *rows;
    bool found;

    if (!ci_db_query(ctx, "SELECT 1 FROM nodes WHERE chassis_id = $1 LIMIT 1", 1, &id, &rows))
        return false;
    if (rows->count > 0)
        return ci_fail(ctx, ChassisNotEmpty, chassis->uuid);
    if (!ci_row_delete(ctx, chassis, &found))
        return false;
    return found || ci_fail(ctx, ChassisNotFound, chassis->uuid);
}

bool ci_chassis_destroy(struct ci_ctx *ctx, const struct ci_chassis *chassis)
{
    return ci_db_begin(ctx) && ci_row_end(ctx, destroy(ctx, chassis));
}
