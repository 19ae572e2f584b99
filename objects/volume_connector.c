/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volume connectors: loading and saving, and which violation of uniqueness is which error.
 */
#include "objects/volume_connector.h"

#include "base/ident.h"
#include "objects/row.h"

#define OBJECT volume_connector
#define FIELDS "objects/volume_connector.def"
#define TYPE                                                                                       \
    .name = "VolumeConnector", .table = "volume_connectors", .key = "id", .major = 1, .minor = 1
#include "objects/define.h"

bool ci_volume_connector_load(struct ci_ctx *ctx, const char *uuid,
                              struct ci_volume_connector **ret_connector)
{
    struct ci_volume_connector *connector;

    if (!ci_row_load(ctx, &ci_volume_connector_type, "uuid = $1", 1, &uuid, &connector))
        return false;
    if (!connector)
        return ci_fail(ctx, VolumeConnectorNotFound, uuid);
    *ret_connector = connector;
    return true;
}

static bool is_taken(struct ci_ctx *ctx, const struct ci_volume_connector *connector)
{
    return ci_fail(ctx, VolumeConnectorTypeAndIdAlreadyExists, connector->type,
                   connector->connector_id);
}

bool ci_volume_connector_create(struct ci_ctx *ctx, struct ci_volume_connector *connector)
{
    if (!connector->uuid)
        ci_volume_connector_set_uuid(connector, ci_uuid_new(ctx->mem));
    if (ci_row_insert(ctx, connector))
        return true;
    if (!ci_failed_with(ctx, CI_ERR_UniqueViolation))
        return false;
    if (ci_db_violated(ctx, "volume_connectors", "type"))
        return is_taken(ctx, connector);
    return ci_fail(ctx, VolumeConnectorAlreadyExists, connector->uuid);
}

bool ci_volume_connector_save(struct ci_ctx *ctx, struct ci_volume_connector *connector)
{
    bool found;

    if (ci_fieldset_has(&connector->object.changed, ci_volume_connector_uuid_n))
        return ci_fail_text(ctx, InvalidParameterValue,
                            "Cannot overwrite UUID for an existing Volume Connector.");
    if (!ci_row_save(ctx, connector, &found))
        return ci_failed_with(ctx, CI_ERR_UniqueViolation) ? is_taken(ctx, connector) : false;
    return found || ci_fail(ctx, VolumeConnectorNotFound, connector->uuid);
}

bool ci_volume_connector_destroy(struct ci_ctx *ctx, const struct ci_volume_connector *connector)
{
    bool found;

    if (!ci_row_delete(ctx, connector, &found))
        return false;
    return found || ci_fail(ctx, VolumeConnectorNotFound, connector->uuid);
}
