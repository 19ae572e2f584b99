/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The states of a node.
 */
#include "api/v1/handlers.h"
#include "api/v1/views.h"
#include "api/version.h"

bool ci_node_states_show(struct ci_request *req)
{
    static const char *const fields[] = {"console_enabled",      "last_error",
                                         "power_state",          "provision_state",
                                         "target_power_state",   "target_provision_state",
                                         "provision_updated_at", "raid_config",
                                         "target_raid_config",   "boot_mode",
                                         "secure_boot",          NULL};
    const struct ci_view view = {
        .type = &ci_node_type, .collection = "nodes", .key = "uuid", .write = ci_node_view.write};
    struct ci_node *node;
    bool found;

    if (!ci_request_node(req, &node))
        return false;
    return ci_view_some(req, &view, fields, "uuid = $1", 1, &node->uuid, &found) &&
           (found || ci_fail(req->ctx, NodeNotFound, node->uuid));
}
