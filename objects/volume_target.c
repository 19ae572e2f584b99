/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volume targets: loading and saving, and which violation of uniqueness is which error.
 */
#include "objects/volume_target.h"

#include <inttypes.h>

#include "base/ident.h"
#include "objects/row.h"

#define OBJECT volume_target
#define FIELDS "objects/volume_target.def"
#define TYPE .name = "VolumeTarget", .table = "volume_targets", .key = "id", .major = 1, .minor = 1
#include "objects/define.h"

bool ci_volume_target_load(struct ci_ctx *ctx, const char *uuid,
                           struct ci_volume_target **ret_target)
{
    struct ci_volume_target *target;

    if (!ci_row_load(ctx, &ci_volume_target_type, "uuid = $1", 1, &uuid, &target))
        return false;
    if (!target)
        return ci_fail(ctx, VolumeTargetNotFound, uuid);
    *ret_target = target;
    return true;
}

static bool is_taken(struct ci_ctx *ctx, const struct ci_volume_target *target)
{
    return ci_fail(ctx, VolumeTargetBootIndexAlreadyExists,
                   ci_printf(ctx->mem, "%" PRId64, target->boot_index));
}

bool ci_volume_target_create(struct ci_ctx *ctx, struct ci_volume_target *target)
{
    if (!target->uuid)
        ci_volume_target_set_uuid(target, ci_uuid_new(ctx->mem));
    if (ci_row_insert(ctx, target))
        return true;
    if (!ci_failed_with(ctx, CI_ERR_UniqueViolation))
        return false;
    if (ci_db_violated(ctx, "volume_targets", "boot_index"))
        return is_taken(ctx, target);
    return ci_fail(ctx, VolumeTargetAlreadyExists, target->uuid);
}

bool ci_volume_target_save(struct ci_ctx *ctx, struct ci_volume_target *target)
{
    bool found;

    if (ci_fieldset_has(&target->object.changed, ci_volume_target_uuid_n))
        return ci_fail_text(ctx, InvalidParameterValue,
                            "Cannot overwrite UUID for an existing Volume Target.");
    if (!ci_row_save(ctx, target, &found))
        return ci_failed_with(ctx, CI_ERR_UniqueViolation) ? is_taken(ctx, target) : false;
    return found || ci_fail(ctx, VolumeTargetNotFound, target->uuid);
}

bool ci_volume_target_destroy(struct ci_ctx *ctx, const struct ci_volume_target *target)
{
    bool found;

    if (!ci_row_delete(ctx, target, &found))
        return false;
    return found || ci_fail(ctx, VolumeTargetNotFound, target->uuid);
}
