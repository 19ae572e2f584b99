/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT runbook
#define FIELDS "objects/runbook.def"
#include "objects/declare.h"

struct ci_stepped;

extern const struct ci_type ci_runbook_type;
extern const struct ci_stepped ci_runbook_stepped;

/* By UUID or name, with its steps and traits; fails with RunbookNotFound. */
ci_must_check bool ci_runbook_load(struct ci_ctx *ctx, const char *ident,
                                   struct ci_runbook **ret_runbook);

/*
 * Inserts with its steps, and with a new UUID when it has none; fails with RunbookDuplicateName
 * and RunbookAlreadyExists.
 */
ci_must_check bool ci_runbook_create(struct ci_ctx *ctx, struct ci_runbook *runbook);

/* Saves what changed, traits excepted; fails with RunbookDuplicateName and RunbookNotFound. */
ci_must_check bool ci_runbook_save(struct ci_ctx *ctx, struct ci_runbook *runbook);

/* Deletes it with its steps and traits; fails with RunbookNotFound. */
ci_must_check bool ci_runbook_destroy(struct ci_ctx *ctx, const struct ci_runbook *runbook);

/* Replaces the traits (NULL-ended names; doubles count once), and adds one that may be there. */
ci_must_check bool ci_runbook_set_traits_rows(struct ci_ctx *ctx, const struct ci_runbook *runbook,
                                              const char *const *traits);
ci_must_check bool ci_runbook_add_trait(struct ci_ctx *ctx, const struct ci_runbook *runbook,
                                        const char *trait);

/* Removes one that need not be there. */
ci_must_check bool ci_runbook_remove_trait(struct ci_ctx *ctx, const struct ci_runbook *runbook,
                                           const char *trait);
