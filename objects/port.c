/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports: the type, loading and saving, and which violation of uniqueness is which error.
 */
#include "objects/port.h"

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
    struct ci_port *port = object;
    const char *internal_info = port->internal_info;

    if (minor < 8)
        return true;
    if (!ci_vif_move(ctx, port->extra, &internal_info))
        return false;
    if (internal_info != port->internal_info)
        ci_port_set_internal_info(port, internal_info);
    return true;
}

static const struct ci_virtual port_virtuals[] = {
    {.field = "node_uuid", .table = "nodes", .column = "uuid", .by = "node_id"},
    {.field = NULL},
};

static const struct ci_default port_defaults[] = {
    {"available_for_dynamic_portgroup", "1"},
    {"is_smartnic", "0"},
    {"pxe_enabled", "1"},
    {.field = NULL},
};

#define OBJECT port
#define FIELDS "objects/port.def"
#define TYPE                                                                                       \
    .name = "Port", .table = "ports", .key = "id", .major = 1, .minor = 16,                        \
    .virtuals = port_virtuals, .defaults = port_defaults, .convert = convert
#include "objects/define.h"

static bool load_where(struct ci_ctx *ctx, const char *where, const char *value,
                       struct ci_port **ret_port)
{
    struct ci_port *port;

    if (!ci_row_load(ctx, &ci_port_type, where, 1, &value, &port))
        return false;
    if (!port)
        return ci_fail(ctx, PortNotFound, value);
    *ret_port = port;
    return true;
}

bool ci_port_load(struct ci_ctx *ctx, const char *uuid, struct ci_port **ret_port)
{
    return load_where(ctx, "uuid = $1", uuid, ret_port);
}

bool ci_port_load_name(struct ci_ctx *ctx, const char *name, struct ci_port **ret_port)
{
    return load_where(ctx, "name = $1", name, ret_port);
}

bool ci_port_load_address(struct ci_ctx *ctx, const char *address, struct ci_port **ret_port)
{
    return load_where(ctx, "address = $1", address, ret_port);
}

static bool load_all(struct ci_ctx *ctx, const char *where, int64_t id, size_t *ret_count,
                     struct ci_port ***ret_ports)
{
    const char *value = ci_printf(ctx->mem, "%" PRId64, id);

    return ci_row_load_all(ctx, &ci_port_type, where, NULL, 1, &value, ret_count, ret_ports);
}

bool ci_port_load_of_node(struct ci_ctx *ctx, int64_t node_id, size_t *ret_count,
                          struct ci_port ***ret_ports)
{
    return load_all(ctx, "node_id = $1", node_id, ret_count, ret_ports);
}

bool ci_port_load_of_portgroup(struct ci_ctx *ctx, int64_t portgroup_id, size_t *ret_count,
                               struct ci_port ***ret_ports)
{
    return load_all(ctx, "portgroup_id = $1", portgroup_id, ret_count, ret_ports);
}

/* node_uuid comes from another table: read it anew when node_id may have changed. */
static bool refresh_node_uuid(struct ci_ctx *ctx, struct ci_port *port)
{
    struct ci_port *stored;

    if (!ci_port_load(ctx, port->uuid, &stored))
        return false;
    port->node_uuid = stored->node_uuid;
    ci_object_mark_set(port, ci_port_node_uuid_n);
    return true;
}

/* Which of two violations an engine tells first differs; the address is to be the one. */
static bool address_is_taken(struct ci_ctx *ctx, const char *address)
{
    struct ci_rows *rows;
    bool asked = ci_db_query(ctx, "SELECT id FROM ports WHERE address = $1", 1, &address, &rows);

    ci_error_clear(ctx);
    return asked && rows->count > 0;
}

bool ci_port_create(struct ci_ctx *ctx, struct ci_port *port)
{
    if (!port->uuid)
        ci_port_set_uuid(port, ci_uuid_new(ctx->mem));
    if (ci_row_insert(ctx, port))
        return refresh_node_uuid(ctx, port);
    if (!ci_failed_with(ctx, CI_ERR_UniqueViolation))
        return false;
    /* A name that is taken is told as a port that exists, as Ironic does. */
    if (ci_db_violated(ctx, "ports", "address") || address_is_taken(ctx, port->address))
        return ci_fail(ctx, MACAlreadyExists, port->address);
    return ci_fail(ctx, PortAlreadyExists, port->uuid);
}

bool ci_port_save(struct ci_ctx *ctx, struct ci_port *port)
{
    bool found, moved = ci_fieldset_has(&port->object.changed, ci_port_node_id_n);

    if (ci_fieldset_has(&port->object.changed, ci_port_uuid_n))
        return ci_fail_text(ctx, InvalidParameterValue,
                            "Cannot overwrite UUID for an existing Port.");
    if (!ci_row_save(ctx, port, &found)) {
        if (!ci_failed_with(ctx, CI_ERR_UniqueViolation))
            return false;
        if (ci_db_violated(ctx, "ports", "name"))
            return ci_fail(ctx, PortDuplicateName, port->name);
        return ci_fail(ctx, MACAlreadyExists, port->address);
    }
    if (!found)
        return ci_fail(ctx, PortNotFound, port->uuid);
    return !moved || refresh_node_uuid(ctx, port);
}

bool ci_port_destroy(struct ci_ctx *ctx, const struct ci_port *port)
{
    bool found;

    if (!ci_row_delete(ctx, port, &found))
        return false;
    return found || ci_fail(ctx, PortNotFound, port->uuid);
}
