/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"

/* Fails for what the configuration asks of rules and is not supported: built-in ones. */
ci_must_check bool ci_inspection_rules_check(struct ci_ctx *ctx);

/*
 * Runs the inspection rules of the main phase on what an inspection has found, highest priority
 * first. Actions change and save the node, its ports, and the plugin data. Fails with what a rule
 * fails with, InspectionRuleExecutionFailure and the classes below it, or HardwareInspectionFailure
 * where a rule says so.
 */
ci_must_check bool ci_inspection_rules_run(struct ci_task *task, const json_t *inventory,
                                           json_t *plugin_data);
