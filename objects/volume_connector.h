/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT volume_connector
#define FIELDS "objects/volume_connector.def"
#include "objects/declare.h"

extern const struct ci_type ci_volume_connector_type;
