/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT deployment
#define FIELDS "objects/deployment.def"
#include "objects/declare.h"

extern const struct ci_type ci_deployment_type;
