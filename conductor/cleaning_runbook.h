/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/clean.h"

/*
 * Automated cleaning by a runbook, where [conductor]automated_cleaning_step_source says so: the
 * node's own (driver_info "cleaning_runbook", if [conductor]automated_cleaning_runbook_from_node
 * lets it choose), else that of its resource class, else everybody's.
 */

/*
 * Fills in the steps of an automated cleaning; they stay NULL where the interfaces say what is to
 * be done. Fails with RunbookNotFound, and with InvalidParameterValue when a runbook is needed and
 * there is none, or when it is not for this node: they have no trait in common, and
 * [conductor]automated_cleaning_runbook_validate_traits asks for one.
 */
ci_must_check bool ci_cleaning_runbook_choose(struct ci_task *task, struct ci_cleaning *wanted);
