/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/config.h"
#include "objects/node.h"

/*
 * How long a node may wait for its ramdisk, by its state. The jobs that end the waiting are those
 * of periodic.def (ci_timeouts_deploy and so on).
 */
struct ci_timeout {
    const char *option; /* of [conductor]: "deploy_callback_timeout" */
    int64_t limit_s;    /* what it says */
    int64_t since_us;   /* from when it counts */
};

/* The one that will end the state the node is in; false when none will. */
bool ci_timeout_of(const struct ci_config *config, const struct ci_node *node,
                   struct ci_timeout *ret_timeout);
