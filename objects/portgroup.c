/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Port groups: the type, loading and saving, and which violation of uniqueness is which error.
 */
#include "objects/portgroup.h"

#include "base/ident.h"
#include "base/text.h"
#include "objects/row.h"
#include "objects/vif.h"

#include <inttypes.h>

/*
 * Old versions kept the attached VIF in extra; from that of Ironic's object that has it, it is
 * in internal_info.
 */
static bool convert(struct ci_ctx *ctx, void *object, int minor)
{
    struct ci_portgroup *portgroup = object;
    const char *internal_info = portgroup->internal_info;

    if (minor < 4)
        return true;
    if (!ci_vif_move(ctx, portgroup->extra, &internal_info))
        return false;
    if (internal_info != portgroup->internal_info)
        ci_portgroup_set_internal_info(portgroup, internal_info);
    return true;
}

static const struct ci_virtual portgroup_virtuals[] = {
    {.field = "node_uuid", .table = "nodes", .column = "uuid", .by = "node_id"},
    {.field = NULL},
};

static const struct ci_default portgroup_defaults[] = {
    {"dynamic_portgroup", "0"},
    {"standalone_ports_supported", "1"},
    {.field = NULL},
};

#define OBJECT portgroup
#define FIELDS "objects/portgroup.def"
#define TYPE                                                                                       \
    .name = "Portgroup", .table = "portgroups", .key = "id", .major = 1, .minor = 9,               \
    .virtuals = portgroup_virtuals, .defaults = portgroup_defaults, .convert = convert
#include "objects/define.h"

static bool load_where(struct ci_ctx *ctx, const char *where, const char *value,
                       struct ci_portgroup **ret_portgroup)
{
    struct ci_portgroup *portgroup;

    if (!ci_row_load(ctx, &ci_portgroup_type, where, 1, &value, &portgroup))
        return false;
    if (!portgroup)
        return ci_fail(ctx, PortgroupNotFound, value);
    *ret_portgroup = portgroup;
    return true;
}

bool ci_portgroup_load(struct ci_ctx *ctx, const char *ident, struct ci_portgroup **ret_portgroup)
{
    return load_where(ctx, ci_uuid_is_like(ident) ? "uuid = $1" : "name = $1", ident,
                      ret_portgroup);
}

bool ci_portgroup_load_id(struct ci_ctx *ctx, int64_t id, struct ci_portgroup **ret_portgroup)
{
    return load_where(ctx, "id = $1", ci_printf(ctx->mem, "%" PRId64, id), ret_portgroup);
}

bool ci_portgroup_load_of_node(struct ci_ctx *ctx, int64_t node_id, size_t *ret_count,
                               struct ci_portgroup ***ret_portgroups)
{
    const char *value = ci_printf(ctx->mem, "%" PRId64, node_id);

    return ci_row_load_all(ctx, &ci_portgroup_type, "node_id = $1", NULL, 1, &value, ret_count,
                           ret_portgroups);
}

/* node_uuid comes from another table: read it anew when node_id may have changed. */
static bool refresh_node_uuid(struct ci_ctx *ctx, struct ci_portgroup *portgroup)
{
    struct ci_portgroup *stored;

    if (!ci_portgroup_load_id(ctx, portgroup->id, &stored))
        return false;
    portgroup->node_uuid = stored->node_uuid;
    ci_object_mark_set(portgroup, ci_portgroup_node_uuid_n);
    return true;
}

/* What a violation of uniqueness means; other errors stay as they are. */
static bool explain(struct ci_ctx *ctx, const struct ci_portgroup *portgroup)
{
    if (!ci_failed_with(ctx, CI_ERR_UniqueViolation))
        return false;
    if (ci_db_violated(ctx, "portgroups", "name"))
        return ci_fail(ctx, PortgroupDuplicateName, portgroup->name);
    if (ci_db_violated(ctx, "portgroups", "address"))
        return ci_fail(ctx, PortgroupMACAlreadyExists, portgroup->address);
    return ci_fail(ctx, PortgroupAlreadyExists, portgroup->uuid);
}

bool ci_portgroup_create(struct ci_ctx *ctx, struct ci_portgroup *portgroup)
{
    if (!portgroup->uuid)
        ci_portgroup_set_uuid(portgroup, ci_uuid_new(ctx->mem));
    if (!ci_row_insert(ctx, portgroup))
        return explain(ctx, portgroup);
    return refresh_node_uuid(ctx, portgroup);
}

bool ci_portgroup_save(struct ci_ctx *ctx, struct ci_portgroup *portgroup)
{
    bool found, moved = ci_fieldset_has(&portgroup->object.changed, ci_portgroup_node_id_n);

    if (ci_fieldset_has(&portgroup->object.changed, ci_portgroup_uuid_n))
        return ci_fail_text(ctx, InvalidParameterValue,
                            "Cannot overwrite UUID for an existing portgroup.");
    if (!ci_row_save(ctx, portgroup, &found))
        return explain(ctx, portgroup);
    if (!found)
        return ci_fail(ctx, PortgroupNotFound, portgroup->uuid);
    return !moved || refresh_node_uuid(ctx, portgroup);
}

static bool destroy(struct ci_ctx *ctx, const struct ci_portgroup *portgroup)
{
    const char *id = ci_printf(ctx->mem, "%" PRId64, portgroup->id);
    struct ci_rows *rows;
    bool found;

    if (!ci_db_query(ctx, "SELECT 1 FROM ports WHERE portgroup_id = $1 LIMIT 1", 1, &id, &rows))
        return false;
    if (rows->count > 0)
        return ci_fail(ctx, PortgroupNotEmpty, id);
    if (!ci_row_delete(ctx, portgroup, &found))
        return false;
    return found || ci_fail(ctx, PortgroupNotFound, portgroup->uuid);
}

bool ci_portgroup_destroy(struct ci_ctx *ctx, const struct ci_portgroup *portgroup)
{
    return ci_db_begin(ctx) && ci_row_end(ctx, destroy(ctx, portgroup));
}
