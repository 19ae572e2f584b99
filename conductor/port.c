/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports: creating, changing and deleting them, and what a node's state has to say about it.
 */
#include <inttypes.h>

#include "base/log.h"
#include "conductor/calls.h"
#include "db/db.h"
#include "objects/port.h"
#include "objects/portgroup.h"
#include "objects/states.h"

static bool changes(const struct ci_port *port, size_t field)
{
    return ci_fieldset_has(&port->object.changed, field);
}

/* The physical networks of the port group's other ports; NULL is one of its own. */
static bool physnets_of_others(struct ci_ctx *ctx, const struct ci_port *port,
                               struct ci_rows **ret_rows)
{
    const char *values[] = {ci_printf(ctx->mem, "%" PRId64, port->portgroup_id), port->uuid};

    return ci_db_query(ctx,
                       "SELECT DISTINCT physical_network FROM ports "
                       "WHERE portgroup_id = $1 AND uuid <> $2 ORDER BY physical_network",
                       2, values, ret_rows);
}

static bool inconsistent(struct ci_ctx *ctx, const struct ci_portgroup *portgroup,
                         const struct ci_rows *rows)
{
    struct ci_text *names = ci_text_new(ctx->mem, 100000);

    for (size_t i = 0; i < rows->count; i++) {
        const char *name = ci_row_text(rows, i, 0);

        ci_text_add(names, i == 0 ? "" : ", ");
        ci_text_add(names, name ? name : "None");
    }
    return ci_fail(ctx, PortgroupPhysnetInconsistent, portgroup->uuid, names->bytes);
}

/* All ports of a port group are in one physical network, or in none. */
static bool check_physnet(struct ci_ctx *ctx, const struct ci_port *port)
{
    struct ci_portgroup *portgroup;
    struct ci_rows *rows;
    const char *wanted;

    if (port->portgroup_id == CI_NULL_INT ||
        (!changes(port, ci_port_portgroup_id_n) && !changes(port, ci_port_physical_network_n)))
        return true;
    if (!physnets_of_others(ctx, port, &rows) ||
        !ci_portgroup_load_id(ctx, port->portgroup_id, &portgroup))
        return false;
    if (rows->count > 1)
        return inconsistent(ctx, portgroup, rows);
    if (rows->count == 0 && !portgroup->physical_network)
        return true;
    wanted = rows->count == 0 ? portgroup->physical_network : ci_row_text(rows, 0, 0);
    if (ci_same(wanted, port->physical_network))
        return true;
    return ci_fail_text(ctx, Conflict,
                        "Port with physical network %s cannot become a member of port group %s "
                        "which has ports in physical network %s.",
                        port->physical_network ? port->physical_network : "None", portgroup->uuid,
                        wanted ? wanted : "None");
}

bool ci_call_create_port(struct ci_call *call)
{
    struct ci_port *port;
    struct ci_task *task;

    if (!ci_call_port(call, "port_obj", &port) ||
        !ci_task_take_id(call->conductor, call->ctx, port->node_id, CI_SHARED, "port create",
                         &task))
        return false;
    return check_physnet(call->ctx, port) && ci_port_create(call->ctx, port) &&
           ci_call_answer_object(call, port);
}

/* The cable side of a port moves only while nobody uses the node. */
static bool check_connectivity(struct ci_task *task, const struct ci_port *port)
{
    static const size_t attributes[] = {ci_port_pxe_enabled_n, ci_port_portgroup_id_n,
                                        ci_port_local_link_connection_n,
                                        ci_port_physical_network_n};
    static const char *const allowed[] = {CI_STATE_ENROLL, CI_STATE_INSPECTING,
                                          CI_STATE_INSPECTWAIT, CI_STATE_MANAGEABLE, NULL};
    const struct ci_node *node = task->node;
    bool touched = false;

    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
        touched |= changes(port, attributes[i]);
    if (!touched || ci_is_true(node->maintenance) || ci_one_of(node->provision_state, allowed))
        return true;
    return ci_fail_text(task->ctx, InvalidState,
                        "Port %s can not have any connectivity attributes (pxe_enabled, "
                        "portgroup_id, local_link_connection, physical_network) updated unless "
                        "node %s is in a enroll, inspecting, inspect wait, manageable state or in "
                        "maintenance mode. The current state is %s.",
                        port->uuid, node->uuid, node->provision_state);
}

static bool check_address(struct ci_task *task, const struct ci_port *port)
{
    const struct ci_node *node = task->node;

    if (!changes(port, ci_port_address_n) || ci_is_true(node->maintenance) ||
        (!ci_same(node->provision_state, CI_STATE_ACTIVE) && !node->instance_uuid))
        return true;
    return ci_fail_text(task->ctx, InvalidState,
                        "Cannot update hardware address for port %s as node %s is active or has "
                        "instance UUID assigned",
                        port->uuid, node->uuid);
}

static bool update(struct ci_task *task, struct ci_port *port)
{
    const struct ci_network *network = task->hardware->network;

    return check_address(task, port) && check_connectivity(task, port) &&
           check_physnet(task->ctx, port) && ci_call_validate(task, &network->base) &&
           (!network->port_changed || network->port_changed(task, port)) &&
           ci_port_save(task->ctx, port);
}

bool ci_call_update_port(struct ci_call *call)
{
    struct ci_port *port;
    struct ci_task *task;
    bool done;

    if (!ci_call_port(call, "port_obj", &port))
        return false;
    ci_call_keep_unknown(port);
    if (!ci_task_take_id(call->conductor, call->ctx, port->node_id, CI_EXCLUSIVE, "port update",
                         &task))
        return false;
    done = update(task, port) && ci_call_answer_object(call, port);
    ci_task_release(task);
    return done;
}

bool ci_call_destroy_port(struct ci_call *call)
{
    struct ci_port *port;
    struct ci_task *task;
    bool done;

    if (!ci_call_port(call, "port", &port) ||
        !ci_task_take_id(call->conductor, call->ctx, port->node_id, CI_EXCLUSIVE, "port deletion",
                         &task))
        return false;
    /* No network interface that exists binds ports to VIFs, which would have to be asked. */
    done = ci_port_destroy(call->ctx, port);
    if (done)
        ci_info(call->ctx, "Port deleted", "port=%s node=%s", port->uuid, task->node->uuid);
    ci_task_release(task);
    return done;
}
