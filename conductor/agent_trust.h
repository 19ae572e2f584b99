/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"

/* By what a ramdisk is known: its token, and the certificate that its own server shows. */

/* Is it the token that the node's agent was given? None is never valid. */
ci_must_check bool ci_agent_token_is_valid(struct ci_task *task, const char *token,
                                           bool *ret_valid);

/*
 * Keeps a certificate in a file of [agent]certificates_path and gives its name. Fails with
 * InvalidParameterValue when the agent has shown another before.
 */
ci_must_check bool ci_agent_keep_certificate(struct ci_task *task, const char *certificate,
                                             const char **ret_file);
