/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deploy templates: deploy steps that a trait of the instance asks for.
 */
#include "objects/deploy_template.h"

#include "base/ident.h"
#include "objects/steps.h"

#define OBJECT deploy_template
#define FIELDS "objects/deploy_template.def"
#define TYPE                                                                                       \
    .name = "DeployTemplate", .table = "deploy_templates", .key = "id", .major = 1, .minor = 2
#include "objects/define.h"

const struct ci_stepped ci_deploy_template_stepped = {
    .type = &ci_deploy_template_type,
    .number = "priority",
    .steps = {"deploy_template_steps", "deploy_template_id", "interface, step, args, priority",
              "id"},
};
static const struct ci_stepped *const what = &ci_deploy_template_stepped;

bool ci_deploy_template_load(struct ci_ctx *ctx, const char *ident,
                             struct ci_deploy_template **ret_template)
{
    struct ci_deploy_template *found;

    if (!ci_stepped_load(ctx, what, ident, &found))
        return false;
    if (!found)
        return ci_fail(ctx, DeployTemplateNotFound, ident);
    *ret_template = found;
    return true;
}

/* Names what is there already. */
static bool taken(struct ci_ctx *ctx, const struct ci_deploy_template *deploy_template)
{
    if (!ci_failed_with(ctx, CI_ERR_UniqueViolation))
        return false;
    return ci_db_violated(ctx, "deploy_templates", "name")
               ? ci_fail(ctx, DeployTemplateDuplicateName, deploy_template->name)
               : ci_fail(ctx, DeployTemplateAlreadyExists, deploy_template->uuid);
}

bool ci_deploy_template_create(struct ci_ctx *ctx, struct ci_deploy_template *deploy_template)
{
    if (!deploy_template->uuid)
        ci_deploy_template_set_uuid(deploy_template, ci_uuid_new(ctx->mem));
    return ci_stepped_insert(ctx, what, deploy_template) || taken(ctx, deploy_template);
}

bool ci_deploy_template_save(struct ci_ctx *ctx, struct ci_deploy_template *deploy_template)
{
    bool found;

    if (!ci_stepped_save(ctx, what, deploy_template, &found))
        return taken(ctx, deploy_template);
    return found || ci_fail(ctx, DeployTemplateNotFound, deploy_template->uuid);
}

bool ci_deploy_template_destroy(struct ci_ctx *ctx,
                                const struct ci_deploy_template *deploy_template)
{
    bool found;

    if (!ci_stepped_delete(ctx, what, deploy_template, &found))
        return false;
    return found || ci_fail(ctx, DeployTemplateNotFound, deploy_template->uuid);
}
