/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"

/*
 * Gives a verb the steps and disable_ramdisk of the runbook that its argument names, if it names
 * one: they stand in the request's arguments afterwards. Fails with NotAcceptable before the
 * version that brought runbooks, RunbookNotFound, and ClientSideError when the node has none of
 * the runbook's traits or steps are given, too.
 */
ci_must_check bool ci_runbook_use(struct ci_request *req, struct ci_node *node, const char *target);
