/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"

/* Ends an inspection that waits for the ramdisk; the node is in "inspect wait". */
ci_must_check bool ci_inspect_abort(struct ci_task *task);
