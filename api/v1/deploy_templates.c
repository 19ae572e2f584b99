/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deploy templates: kept by the API alone; conductors read them when they deploy.
 */
#include "objects/deploy_template.h"

#include <pthread.h>

#include "api/notify.h"
#include "api/patch.h"
#include "api/schema.h"
#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/v1/steps.h"
#include "api/v1/views.h"
#include "api/version.h"

const struct ci_param ci_params_templates_list[] = {
    {"marker", CI_PARAM_NAME, 1, CI_BELOW_NOTHING, false},
    CI_MARKED_PARAMS,
    {0},
};

static bool not_found(struct ci_ctx *ctx, const char *key)
{
    return ci_fail(ctx, DeployTemplateNotFound, key);
}

static const short needs_uuid[] = {ci_deploy_template_uuid_n, -1};
static const struct ci_extra extras[] = {
    {"links", CI_API_DEPLOY_TEMPLATES, CI_EXTRA_ALWAYS | CI_EXTRA_ASKED, NULL, needs_uuid,
     ci_view_write_links, CI_SCHEMA_LINKS, "The deploy template itself."},
};
static const char *const list_fields[] = {"uuid", "name", NULL};

const struct ci_view ci_deploy_template_view = {
    .type = &ci_deploy_template_type,
    .collection = "deploy_templates",
    .key = "uuid",
    .list_fields = list_fields,
    .extras = extras,
    .extra_count = sizeof extras / sizeof extras[0],
    .virtual_sql = ci_stepped_sql,
    .write = ci_stepped_write,
    .load_parts = ci_stepped_load_parts,
    .not_found = not_found,
    .default_sort = "id",
    .field_words = CI_FIELDS_QUOTED,
};

static const struct ci_field_rule rules[] = {
    {"name", "{\"type\": \"string\", \"minLength\": 1, \"maxLength\": 255}"},
    {"steps", CI_STEPS_SCHEMA(CI_DEPLOY_STEP_SCHEMA)},
    {"uuid", "{\"type\": [\"string\", \"null\"]}"},
    {0},
};
static const char *const required[] = {"steps", "name", NULL};
/* Nothing is kept of a description, which Ironic takes all the same. */
static const char *const patchable[] = {"extra", "name", "steps", "description", NULL};
static struct ci_patch_rules patch_rules = {.type = &ci_deploy_template_type, .allowed = patchable};
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_schema(void)
{
    patch_rules.schema =
        ci_schema_of_type(&ci_deploy_template_type, CI_CREATE | CI_PATCH, rules, required);
}

const struct ci_patch_rules *ci_deploy_template_rules(void)
{
    pthread_once(&once, make_schema);
    return &patch_rules;
}

bool ci_templates_list(struct ci_request *req)
{
    struct ci_filter filter;

    ci_filter_init(&filter, req->ctx->mem);
    return ci_view_list(req, &ci_deploy_template_view, &filter, NULL);
}

bool ci_template_show(struct ci_request *req)
{
    return ci_view_show(req, &ci_deploy_template_view);
}

/* What the schema, which the document fits, does not say. */
static bool check(struct ci_request *req, const json_t *document, const char *name)
{
    static const char *const uuids[] = {"uuid", NULL};
    const char *trait = json_string_value(json_object_get(document, "name"));

    return ci_schema_check_trait(req->ctx, name, trait) && ci_steps_check_twice(req, document) &&
           ci_document_uuids(req, document, uuids);
}

bool ci_template_create_route(struct ci_request *req)
{
    struct ci_deploy_template *made = ci_object_new(req->ctx->mem, &ci_deploy_template_type);
    const json_t *document = req->json ? req->json : ci_json(req->ctx, json_object());

    return ci_schema_check(req->ctx, ci_deploy_template_rules()->schema, "template", document) &&
           check(req, document, "template") && ci_create_fill(req, made, document) &&
           ci_notify_start(req->ctx, made, "create", NULL) &&
           ci_notify_done(req->ctx, made, "create", NULL,
                          ci_deploy_template_create(req->ctx, made)) &&
           ci_reply_location(req, "/v1/deploy_templates/%s", made->uuid) &&
           ci_view_reply(req, &ci_deploy_template_view, made->uuid);
}

bool ci_template_patch_route(struct ci_request *req)
{
    const struct ci_patch_rules *may = ci_deploy_template_rules();
    struct ci_deploy_template *found;
    json_t *document;

    return ci_patch_check(req, may) && ci_deploy_template_load(req->ctx, req->idents[0], &found) &&
           ci_patch_apply(req, may, found, NULL, &document) && check(req, document, "patch") &&
           ci_patch_update(req, may, found, document) &&
           ci_notify_start(req->ctx, found, "update", NULL) &&
           ci_notify_done(req->ctx, found, "update", NULL,
                          ci_deploy_template_save(req->ctx, found)) &&
           ci_view_reply(req, &ci_deploy_template_view, found->uuid);
}

bool ci_template_delete_route(struct ci_request *req)
{
    struct ci_deploy_template *found;

    return ci_deploy_template_load(req->ctx, req->idents[0], &found) &&
           ci_notify_start(req->ctx, found, "delete", NULL) &&
           ci_notify_done(req->ctx, found, "delete", NULL,
                          ci_deploy_template_destroy(req->ctx, found));
}
