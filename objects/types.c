/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The types: tables that need no code of their own, the lists, and the list of all.
 *
 * Types with code (nodes, ports, …) are defined beside it.
 */
#include "objects/types.h"

#include "objects/allocation.h"
#include "objects/bios_setting.h"
#include "objects/chassis.h"
#include "objects/conductor.h"
#include "objects/deploy_template.h"
#include "objects/deployment.h"
#include "objects/event_type.h"
#include "objects/firmware_component.h"
#include "objects/inspection_rule.h"
#include "objects/node.h"
#include "objects/node_history.h"
#include "objects/node_inventory.h"
#include "objects/notification_publisher.h"
#include "objects/port.h"
#include "objects/portgroup.h"
#include "objects/runbook.h"
#include "objects/runbook_trait.h"
#include "objects/trait.h"
#include "objects/volume_connector.h"
#include "objects/volume_target.h"

#include <string.h>

#define OBJECT bios_setting
#define FIELDS "objects/bios_setting.def"
#define TYPE                                                                                       \
    .name = "BIOSSetting", .table = "bios_settings", .key = "node_id", .key2 = "name", .major = 1, \
    .minor = 2
#include "objects/define.h"

#define OBJECT deployment
#define FIELDS "objects/deployment.def"
#define TYPE .name = "Deployment", .major = 1, .minor = 1
#include "objects/define.h"

#define OBJECT event_type
#define FIELDS "objects/event_type.def"
#define TYPE .name = "EventType", .major = 1, .minor = 1
#include "objects/define.h"

#define OBJECT firmware_component
#define FIELDS "objects/firmware_component.def"
#define TYPE                                                                                       \
    .name = "FirmwareComponent", .table = "firmware_information", .key = "id", .major = 1,         \
    .minor = 2
#include "objects/define.h"

#define OBJECT node_inventory
#define FIELDS "objects/node_inventory.def"
#define TYPE .name = "NodeInventory", .table = "node_inventory", .key = "id", .major = 1, .minor = 1
#include "objects/define.h"

#define OBJECT notification_publisher
#define FIELDS "objects/notification_publisher.def"
#define TYPE .name = "NotificationPublisher", .major = 1, .minor = 0
#include "objects/define.h"

#define OBJECT runbook_trait
#define FIELDS "objects/runbook_trait.def"
#define TYPE                                                                                       \
    .name = "RunbookTrait", .table = "runbook_traits", .key = "runbook_id", .key2 = "trait",       \
    .major = 1, .minor = 0
#include "objects/define.h"

#define OBJECT trait
#define FIELDS "objects/trait.def"
#define TYPE                                                                                       \
    .name = "Trait", .table = "node_traits", .key = "node_id", .key2 = "trait", .major = 1,        \
    .minor = 1
#include "objects/define.h"

const struct ci_type ci_bios_setting_list_type = {
    .name = "BIOSSettingList", .major = 1, .minor = 1, .element = &ci_bios_setting_type};
const struct ci_type ci_firmware_component_list_type = {.name = "FirmwareComponentList",
                                                        .major = 1,
                                                        .minor = 1,
                                                        .element = &ci_firmware_component_type};
const struct ci_type ci_runbook_trait_list_type = {
    .name = "RunbookTraitList", .major = 1, .minor = 0, .element = &ci_runbook_trait_type};
const struct ci_type ci_trait_list_type = {
    .name = "TraitList", .major = 1, .minor = 2, .element = &ci_trait_type};

const struct ci_type *const ci_types[] = {
    &ci_allocation_type,
    &ci_bios_setting_type,
    &ci_bios_setting_list_type,
    &ci_chassis_type,
    &ci_conductor_record_type,
    &ci_deploy_template_type,
    &ci_deployment_type,
    &ci_event_type_type,
    &ci_firmware_component_type,
    &ci_firmware_component_list_type,
    &ci_inspection_rule_type,
    &ci_node_type,
    &ci_node_history_type,
    &ci_node_inventory_type,
    &ci_notification_publisher_type,
    &ci_port_type,
    &ci_portgroup_type,
    &ci_runbook_type,
    &ci_runbook_trait_type,
    &ci_runbook_trait_list_type,
    &ci_trait_type,
    &ci_trait_list_type,
    &ci_volume_connector_type,
    &ci_volume_target_type,
    NULL,
};

const struct ci_type *ci_type_find(const char *name)
{
    for (const struct ci_type *const *type = ci_types; *type; type++)
        if (strcmp((*type)->name, name) == 0)
            return *type;
    return NULL;
}
