/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT volume_connector
#define FIELDS "objects/volume_connector.def"
#include "objects/declare.h"

extern const struct ci_type ci_volume_connector_type;

/* Loads by UUID. Fails with VolumeConnectorNotFound. */
ci_must_check bool ci_volume_connector_load(struct ci_ctx *ctx, const char *uuid,
                                            struct ci_volume_connector **ret_connector);

/*
 * Inserts, with a new UUID when it has none. Fails with VolumeConnectorTypeAndIdAlreadyExists
 * or VolumeConnectorAlreadyExists.
 */
ci_must_check bool ci_volume_connector_create(struct ci_ctx *ctx,
                                              struct ci_volume_connector *connector);

/* Saves what changed; the first failure, and VolumeConnectorNotFound. */
ci_must_check bool ci_volume_connector_save(struct ci_ctx *ctx,
                                            struct ci_volume_connector *connector);

/* Fails with VolumeConnectorNotFound. */
ci_must_check bool ci_volume_connector_destroy(struct ci_ctx *ctx,
                                               const struct ci_volume_connector *connector);
