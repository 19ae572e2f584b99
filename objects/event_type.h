/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT event_type
#define FIELDS "objects/event_type.def"
#define BASE head /* a field is named object */
#include "objects/declare.h"

extern const struct ci_type ci_event_type_type;
