/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runbooks: steps of cleaning and servicing under a name, and the traits of the nodes that they
 * are for.
 */
#include "objects/runbook.h"

#include "base/ident.h"
#include "base/text.h"
#include "objects/row.h"
#include "objects/runbook_trait.h"
#include "objects/steps.h"

static const struct ci_default runbook_defaults[] = {
    {"disable_ramdisk", "0"},
    {"public", "0"},
    {.field = NULL},
};

#define OBJECT runbook
#define FIELDS "objects/runbook.def"
#define TYPE                                                                                       \
    .name = "Runbook", .table = "runbooks", .key = "id", .major = 1, .minor = 2,                   \
    .defaults = runbook_defaults
#include "objects/define.h"

static const struct ci_part_table traits_table = {"runbook_traits", "runbook_id", "trait", "trait"};
const struct ci_stepped ci_runbook_stepped = {
    .type = &ci_runbook_type,
    .number = "order",
    .steps = {"runbook_steps", "runbook_id", "interface, step, args, \"order\"", "id"},
    .traits = &traits_table,
};
static const struct ci_stepped *const what = &ci_runbook_stepped;

bool ci_runbook_load(struct ci_ctx *ctx, const char *ident, struct ci_runbook **ret_runbook)
{
    struct ci_runbook *found;

    if (!ci_stepped_load(ctx, what, ident, &found))
        return false;
    if (!found)
        return ci_fail(ctx, RunbookNotFound, ident);
    *ret_runbook = found;
    return true;
}

/* Names what is there already. */
static bool taken(struct ci_ctx *ctx, const struct ci_runbook *runbook)
{
    if (!ci_failed_with(ctx, CI_ERR_UniqueViolation))
        return false;
    return ci_db_violated(ctx, "runbooks", "name")
               ? ci_fail(ctx, RunbookDuplicateName, runbook->name)
               : ci_fail(ctx, RunbookAlreadyExists, runbook->uuid);
}

bool ci_runbook_create(struct ci_ctx *ctx, struct ci_runbook *runbook)
{
    if (!runbook->uuid)
        ci_runbook_set_uuid(runbook, ci_uuid_new(ctx->mem));
    return ci_stepped_insert(ctx, what, runbook) || taken(ctx, runbook);
}

bool ci_runbook_save(struct ci_ctx *ctx, struct ci_runbook *runbook)
{
    bool found;

    if (!ci_stepped_save(ctx, what, runbook, &found))
        return taken(ctx, runbook);
    return found || ci_fail(ctx, RunbookNotFound, runbook->uuid);
}

bool ci_runbook_destroy(struct ci_ctx *ctx, const struct ci_runbook *runbook)
{
    bool found;

    if (!ci_stepped_delete(ctx, what, runbook, &found))
        return false;
    return found || ci_fail(ctx, RunbookNotFound, runbook->uuid);
}

static const char *id_text(struct ci_ctx *ctx, const struct ci_runbook *runbook)
{
    return ci_printf(ctx->mem, "%lld", (long long)runbook->id);
}

static bool add_new(struct ci_ctx *ctx, const struct ci_runbook *runbook, const char *name)
{
    const char *values[] = {id_text(ctx, runbook), name};
    struct ci_runbook_trait *trait;
    struct ci_rows *rows;

    if (!ci_db_query(ctx, "SELECT 1 FROM runbook_traits WHERE runbook_id = $1 AND trait = $2", 2,
                     values, &rows))
        return false;
    if (rows->count > 0)
        return true;
    trait = ci_object_new(ctx->mem, &ci_runbook_trait_type);
    ci_runbook_trait_set_runbook_id(trait, runbook->id);
    ci_runbook_trait_set_trait(trait, name);
    return ci_row_insert(ctx, trait);
}

/* Locks out others who change its traits; fails with RunbookNotFound. */
static bool hold(struct ci_ctx *ctx, const struct ci_runbook *runbook)
{
    const char *id = id_text(ctx, runbook);
    int64_t changed;

    if (!ci_db_run(ctx, "UPDATE runbooks SET id = id WHERE id = $1", 1, &id, &changed))
        return false;
    return changed > 0 || ci_fail(ctx, RunbookNotFound, runbook->uuid);
}

static bool replace(struct ci_ctx *ctx, const struct ci_runbook *runbook, const char *const *traits)
{
    if (!hold(ctx, runbook) || !ci_parts_delete(ctx, &traits_table, id_text(ctx, runbook)))
        return false;
    for (; *traits; traits++) {
        if (!add_new(ctx, runbook, *traits))
            return false;
    }
    return true;
}

bool ci_runbook_set_traits_rows(struct ci_ctx *ctx, const struct ci_runbook *runbook,
                                const char *const *traits)
{
    return ci_db_begin(ctx) && ci_row_end(ctx, replace(ctx, runbook, traits));
}

bool ci_runbook_add_trait(struct ci_ctx *ctx, const struct ci_runbook *runbook, const char *trait)
{
    return ci_db_begin(ctx) && ci_row_end(ctx, hold(ctx, runbook) && add_new(ctx, runbook, trait));
}

bool ci_runbook_remove_trait(struct ci_ctx *ctx, const struct ci_runbook *runbook,
                             const char *trait)
{
    const char *values[] = {id_text(ctx, runbook), trait};

    return ci_db_run(ctx, "DELETE FROM runbook_traits WHERE runbook_id = $1 AND trait = $2", 2,
                     values, NULL);
}
