/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT notification_publisher
#define FIELDS "objects/notification_publisher.def"
#include "objects/declare.h"

extern const struct ci_type ci_notification_publisher_type;
