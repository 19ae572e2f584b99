/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/patch.h"

/*
 * What the controllers know of bodies and the printed contract shows (tools/print_openapi.c).
 * All of it lives as long as the process.
 */

/* Bodies of creates and patches. */
const json_t *ci_node_create_schema(void);
const struct ci_patch_rules *ci_node_patch_rules(void);
/* The schema is that of create, too. */
const struct ci_patch_rules *ci_allocation_rules(void);
const struct ci_patch_rules *ci_chassis_rules(void);
const struct ci_patch_rules *ci_deploy_template_rules(void);
const struct ci_patch_rules *ci_inspection_rule_rules(void);
const struct ci_patch_rules *ci_runbook_rules(void);

/* Things of nodes, whose bodies resource.h tells of. */
struct ci_resource;
extern const struct ci_resource ci_port_resource, ci_portgroup_resource,
    ci_volume_connector_resource, ci_volume_target_resource;

/* JSON Schema as text. */
extern const char *const ci_configdrive_schema;  /* of a configdrive that is an object */
extern const char *const ci_manual_steps_schema; /* of cleaning and servicing */
extern const char *const ci_deploy_steps_schema;
extern const char *const ci_events_schema;
extern const char *const ci_inspection_schema;
extern const char *const ci_port_link_schema;
extern const char *const ci_traits_schema;
extern const char *const ci_vif_schema;
extern const char *const ci_vmedia_schema;

/* A name, and the API minor that brought it. */
struct ci_since {
    const char *name;
    int since;
};

/* Kinds of interface that a driver shows; ends with a NULL name. */
extern const struct ci_since ci_driver_interfaces[];

/* What /v1 links to, in Ironic's order; `version` is its own entry. Ends with a NULL name. */
extern const struct ci_since ci_root_resources[];

/* The members of /v1/nodes/{node_ident}/states, ended by NULL. */
extern const char *const ci_node_states_fields[];
