/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT deploy_template
#define FIELDS "objects/deploy_template.def"
#include "objects/declare.h"

extern const struct ci_type ci_deploy_template_type;
