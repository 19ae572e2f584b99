/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/view.h"

/* How each resource looks; defined in its controller. */
extern const struct ci_view ci_node_view, ci_port_view, ci_chassis_view, ci_conductor_view,
    ci_deploy_template_view, ci_runbook_view, ci_inspection_rule_view, ci_allocation_view;
extern const struct ci_view ci_portgroup_view, ci_volume_connector_view, ci_volume_target_view;
extern const struct ci_view ci_bios_setting_view, ci_firmware_component_view, ci_node_history_view;

/*
 * Answers with the node of that id as GET would show it: what create and patch give back.
 */
ci_must_check bool ci_node_reply(struct ci_request *req, const char *uuid);

/* The parameters of node lists become conditions; shared with /v1/chassis/{uuid}/nodes. */
ci_must_check bool ci_nodes_filtered(struct ci_request *req, struct ci_filter *filter, bool detail,
                                     const char *path);
