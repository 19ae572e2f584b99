/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

/* Every type of object, lists included; ends with NULL. */
extern const struct ci_type *const ci_types[];

/* By Ironic's class name; NULL when there is none. */
const struct ci_type *ci_type_find(const char *name);

/* Lists, which exist in messages only: an object whose one field, `objects`, holds others. */
extern const struct ci_type ci_bios_setting_list_type;
extern const struct ci_type ci_firmware_component_list_type;
extern const struct ci_type ci_runbook_trait_list_type;
extern const struct ci_type ci_trait_list_type;
