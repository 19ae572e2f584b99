/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT volume_target
#define FIELDS "objects/volume_target.def"
#include "objects/declare.h"

extern const struct ci_type ci_volume_target_type;
