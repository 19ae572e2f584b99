/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT deploy_template
#define FIELDS "objects/deploy_template.def"
#include "objects/declare.h"

struct ci_stepped;

extern const struct ci_type ci_deploy_template_type;
extern const struct ci_stepped ci_deploy_template_stepped;

/* By UUID or name, with its steps; fails with DeployTemplateNotFound. */
ci_must_check bool ci_deploy_template_load(struct ci_ctx *ctx, const char *ident,
                                           struct ci_deploy_template **ret_template);

/*
 * Inserts with its steps, and with a new UUID when it has none; fails with
 * DeployTemplateDuplicateName and DeployTemplateAlreadyExists.
 */
ci_must_check bool ci_deploy_template_create(struct ci_ctx *ctx,
                                             struct ci_deploy_template *deploy_template);

/* Saves what changed; fails with DeployTemplateDuplicateName and DeployTemplateNotFound. */
ci_must_check bool ci_deploy_template_save(struct ci_ctx *ctx,
                                           struct ci_deploy_template *deploy_template);

/* Deletes it and its steps; fails with DeployTemplateNotFound. */
ci_must_check bool ci_deploy_template_destroy(struct ci_ctx *ctx,
                                              const struct ci_deploy_template *deploy_template);
