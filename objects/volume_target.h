/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT volume_target
#define FIELDS "objects/volume_target.def"
#include "objects/declare.h"

extern const struct ci_type ci_volume_target_type;

/* Loads by UUID. Fails with VolumeTargetNotFound. */
ci_must_check bool ci_volume_target_load(struct ci_ctx *ctx, const char *uuid,
                                         struct ci_volume_target **ret_target);

/*
 * Inserts, with a new UUID when it has none. Fails with VolumeTargetBootIndexAlreadyExists
 * or VolumeTargetAlreadyExists.
 */
ci_must_check bool ci_volume_target_create(struct ci_ctx *ctx, struct ci_volume_target *target);

/* Saves what changed; the first failure, and VolumeTargetNotFound. */
ci_must_check bool ci_volume_target_save(struct ci_ctx *ctx, struct ci_volume_target *target);

/* Fails with VolumeTargetNotFound. */
ci_must_check bool ci_volume_target_destroy(struct ci_ctx *ctx,
                                            const struct ci_volume_target *target);
