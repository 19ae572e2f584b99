/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT bios_setting
#define FIELDS "objects/bios_setting.def"
#include "objects/declare.h"

extern const struct ci_type ci_bios_setting_type;
