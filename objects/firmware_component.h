/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT firmware_component
#define FIELDS "objects/firmware_component.def"
#include "objects/declare.h"

extern const struct ci_type ci_firmware_component_type;
