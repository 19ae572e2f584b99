/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/policy.h"
#include "objects/runbook.h"

/* A runbook as rules are asked with it. */
#define CI_POLICY_RUNBOOK(runbook)                                                                 \
    ((struct ci_policy_record){.kind = "runbook", .owner = (runbook)->owner})

/*
 * Loads the runbook of that UUID or name and asks the rule. Fails with RunbookNotFound, and with
 * HTTPForbidden: that a runbook is there is no secret, as in Ironic.
 */
ci_must_check bool ci_runbook_enter(struct ci_request *req, const char *ident, const char *rule,
                                    struct ci_runbook **ret_runbook);
