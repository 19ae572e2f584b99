/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT chassis
#define FIELDS "objects/chassis.def"
#include "objects/declare.h"

extern const struct ci_type ci_chassis_type;

/* Fail with ChassisNotFound. */
ci_must_check bool ci_chassis_load(struct ci_ctx *ctx, const char *uuid,
                                   struct ci_chassis **ret_chassis);
ci_must_check bool ci_chassis_load_id(struct ci_ctx *ctx, int64_t id,
                                      struct ci_chassis **ret_chassis);

/* Inserts, with a new UUID when it has none; fails with ChassisAlreadyExists. */
ci_must_check bool ci_chassis_create(struct ci_ctx *ctx, struct ci_chassis *chassis);

/* Saves what changed; fails with ChassisNotFound. */
ci_must_check bool ci_chassis_save(struct ci_ctx *ctx, struct ci_chassis *chassis);

/* Fails with ChassisNotEmpty while nodes are in it, and with ChassisNotFound. */
ci_must_check bool ci_chassis_destroy(struct ci_ctx *ctx, const struct ci_chassis *chassis);
