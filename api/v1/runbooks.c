/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runbooks: list, show, create, patch and delete. The API alone keeps them; a verb names one in
 * place of steps.
 */
#include "api/v1/runbooks.h"

#include <pthread.h>
#include <string.h>

#include "api/notify.h"
#include "api/patch.h"
#include "api/schema.h"
#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/v1/steps.h"
#include "api/v1/views.h"
#include "api/version.h"

const struct ci_param ci_params_runbooks_list[] = {
    {"marker", CI_PARAM_NAME, 1, CI_BELOW_NOTHING, false},
    CI_MARKED_PARAMS,
    {"project", CI_PARAM_BOOL, 1, CI_BELOW_NOTHING, false},
    {0},
};

static bool not_found(struct ci_ctx *ctx, const char *key)
{
    return ci_fail(ctx, RunbookNotFound, key);
}

static const short needs_uuid[] = {ci_runbook_uuid_n, -1};
static const struct ci_extra extras[] = {
    {"links", CI_API_RUNBOOKS, CI_EXTRA_ALWAYS | CI_EXTRA_ASKED, NULL, needs_uuid,
     ci_view_write_links, CI_SCHEMA_LINKS, "The runbook itself."},
};
static const char *const list_fields[] = {"uuid", "name", NULL};

static const struct ci_ownership owned = {
    .family = "runbook",
    .kind = "runbook",
    .owner = "owner",
    .of_project = "(public OR owner = ?)",
};

const struct ci_view ci_runbook_view = {
    .owned = &owned,
    .type = &ci_runbook_type,
    .collection = "runbooks",
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

#define TRUTH "{\"type\": [\"boolean\", \"null\"]}"

static const struct ci_field_rule rules[] = {
    {"name", "{\"type\": \"string\", \"minLength\": 1, \"maxLength\": 255, "
             "\"pattern\": \"^[A-Za-z0-9._~-]+$\", \"x-pattern\": \"^[A-Za-z0-9\\\\-._~]+$\"}"},
    {"steps", CI_STEPS_SCHEMA(CI_RUNBOOK_STEP_SCHEMA)},
    {"uuid", "{\"type\": [\"string\", \"null\"]}"},
    {"public", TRUTH},
    {"disable_ramdisk", TRUTH},
    {0},
};
/* Up to the version before traits, a runbook's name is the trait. */
static const struct ci_field_rule old_rules[] = {
    {"name", "{\"type\": \"string\", \"minLength\": 1, \"maxLength\": 255}"},
    {"steps", CI_STEPS_SCHEMA(CI_RUNBOOK_STEP_SCHEMA)},
    {"uuid", "{\"type\": [\"string\", \"null\"]}"},
    {"public", TRUTH},
    {"disable_ramdisk", TRUTH},
    {0},
};
static const char *const required[] = {"steps", "name", NULL};
static const char *const patchable[] = {"disable_ramdisk", "extra", "name",        "owner",
                                        "public",          "steps", "description", NULL};
static const char *const old_patchable[] = {"disable_ramdisk", "extra", "name", "owner",
                                            "public",          "steps", NULL};

static const json_t *old_schema;
static struct ci_patch_rules may = {
    .type = &ci_runbook_type, .allowed = patchable, .versions_elsewhere = true};
static struct ci_patch_rules old_may = {
    .type = &ci_runbook_type, .allowed = old_patchable, .versions_elsewhere = true};
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_schemas(void)
{
    json_t *old = (json_t *)(uintptr_t)ci_schema_of_type(&ci_runbook_type, CI_CREATE | CI_PATCH,
                                                         old_rules, required);

    json_object_del(json_object_get(old, "properties"), "description");
    old_schema = old;
    may.schema = ci_schema_of_type(&ci_runbook_type, CI_CREATE | CI_PATCH, rules, required);
    /* Newer names stay patchable in older versions. */
    old_may.schema = may.schema;
}

const struct ci_patch_rules *ci_runbook_rules(void)
{
    pthread_once(&once, make_schemas);
    return &may;
}

/* A project's own runbooks and public ones. */
static void add_project(struct ci_request *req, struct ci_filter *filter)
{
    const char *project = req->ctx->who.project_id;

    if (ci_arg_true(req, "project", false))
        ci_filter_add(filter, "(public OR owner = ?)", project ? project : "");
}

bool ci_runbooks_list(struct ci_request *req)
{
    struct ci_filter filter;

    ci_filter_init(&filter, req->ctx->mem);
    add_project(req, &filter);
    return ci_view_list(req, &ci_runbook_view, &filter, NULL);
}

bool ci_runbook_enter(struct ci_request *req, const char *ident, const char *rule,
                      struct ci_runbook **ret_runbook)
{
    return ci_runbook_load(req->ctx, ident, ret_runbook) &&
           ci_policy_ask(req, rule, &CI_POLICY_RUNBOOK(*ret_runbook));
}

/* A public one is shown to everybody. */
static bool may_show(struct ci_request *req)
{
    struct ci_runbook *runbook;

    if (!ci_runbook_load(req->ctx, req->idents[0], &runbook))
        return false;
    if (ci_policy_ask(req, "baremetal:runbook:get", &CI_POLICY_RUNBOOK(runbook)))
        return true;
    if (!ci_is_true(runbook->public))
        return false;
    ci_error_clear(req->ctx);
    return true;
}

bool ci_runbook_show(struct ci_request *req)
{
    return (req->ctx->who.is_admin || may_show(req)) && ci_view_show(req, &ci_runbook_view);
}

/* What the schema, which the document fits, does not say. */
static bool check(struct ci_request *req, const json_t *document)
{
    static const char *const uuids[] = {"uuid", NULL};

    return ci_steps_check_twice(req, document) && ci_document_uuids(req, document, uuids);
}

static bool check_new(struct ci_request *req, const json_t *document)
{
    const char *name = json_string_value(json_object_get(document, "name"));

    if (ci_api_has(req, RUNBOOK_TRAITS))
        return ci_schema_check(req->ctx, ci_runbook_rules()->schema, "runbook", document) &&
               check(req, document);
    return ci_schema_check(req->ctx, old_schema, "runbook", document) &&
           ci_schema_check_trait(req->ctx, "runbook", name ? name : "") && check(req, document);
}

/* Who acts for a project makes runbooks of this project, and none that is public. */
static bool own(struct ci_request *req, struct ci_runbook *runbook)
{
    const struct ci_identity *who = &req->ctx->who;

    if (ci_same(who->system_scope, "all"))
        return true;
    if (runbook->owner && runbook->owner[0] && !ci_same(runbook->owner, who->project_id))
        return ci_fail_text(req->ctx, Invalid,
                            "Cannot create a runbook as a project scoped admin with an owner "
                            "other than your own project.");
    if (who->project_id && ci_is_true(runbook->public))
        return ci_fail_text(req->ctx, Invalid,
                            "Cannot create a public runbook as a project scoped admin.");
    ci_runbook_set_owner(runbook, who->project_id);
    return true;
}

bool ci_runbook_create_route(struct ci_request *req)
{
    struct ci_runbook *made = ci_object_new(req->ctx->mem, &ci_runbook_type);
    const json_t *document = req->json ? req->json : ci_json(req->ctx, json_object());

    pthread_once(&once, make_schemas);
    return check_new(req, document) &&
           ci_steps_ask(req, json_object_get(document, "steps"), NULL) &&
           ci_create_fill(req, made, document) && own(req, made) &&
           ci_notify_start(req->ctx, made, "create", NULL) &&
           ci_notify_done(req->ctx, made, "create", NULL, ci_runbook_create(req->ctx, made)) &&
           ci_reply_location(req, "/v1/runbooks/%s", made->uuid) &&
           ci_view_reply(req, &ci_runbook_view, made->uuid);
}

/* A public runbook has no owner; it may become private and get one in the same patch. */
static bool check_owner(struct ci_request *req, const struct ci_runbook *runbook)
{
    const json_t *shown = ci_patch_value(req, "/public");

    if (!ci_patch_value(req, "/owner"))
        return true;
    if (shown ? !json_is_true(shown) : !ci_is_true(runbook->public))
        return true;
    return ci_fail(req->ctx, PatchError, ci_json_repr(req->ctx->mem, req->json),
                   "There cannot be an owner for a public runbook");
}

static bool patch(struct ci_request *req, const struct ci_patch_rules *allowed,
                  struct ci_runbook *runbook)
{
    json_t *more = NULL, *document;

    if (!check_owner(req, runbook))
        return false;
    /* Whoever says who may see it takes its owner away, unless the patch names one. */
    if (ci_patch_value(req, "/public"))
        more = ci_json(req->ctx, json_pack("{s:n}", "owner"));
    return ci_patch_apply(req, allowed, runbook, more, &document) && check(req, document) &&
           (!ci_patch_touches(req, "/steps") ||
            ci_steps_ask(req, json_object_get(document, "steps"), NULL)) &&
           ci_patch_update(req, allowed, runbook, document) &&
           ci_notify_start(req->ctx, runbook, "update", NULL) &&
           ci_notify_done(req->ctx, runbook, "update", NULL, ci_runbook_save(req->ctx, runbook)) &&
           ci_view_reply(req, &ci_runbook_view, runbook->uuid);
}

/* Who owns it and who may see it have rules of their own; any other path needs the usual one. */
static bool load_for_patch(struct ci_request *req, struct ci_runbook **ret_runbook)
{
    const char *const questions[] = {"baremetal:runbook:update:owner",
                                     "baremetal:runbook:update:public", "baremetal:runbook:update"};
    bool asked[3] = {false};
    const json_t *operation;
    size_t i;

    if (!ci_runbook_load(req->ctx, req->idents[0], ret_runbook))
        return false;
    json_array_foreach(req->json, i, operation)
    {
        const char *path = json_string_value(json_object_get(operation, "path"));

        asked[strncmp(path, "/owner", 6) == 0    ? 0
              : strncmp(path, "/public", 7) == 0 ? 1
                                                 : 2] = true;
    }
    asked[2] = asked[2] || i == 0;
    for (i = 0; i < 3; i++) {
        if (asked[i] && !ci_policy_ask(req, questions[i], &CI_POLICY_RUNBOOK(*ret_runbook)))
            return false;
    }
    return true;
}

bool ci_runbook_patch_route(struct ci_request *req)
{
    const struct ci_patch_rules *allowed;
    struct ci_runbook *runbook;

    pthread_once(&once, make_schemas);
    allowed = ci_api_has(req, RUNBOOK_TRAITS) ? &may : &old_may;
    return ci_patch_check(req, allowed) && load_for_patch(req, &runbook) &&
           patch(req, allowed, runbook);
}

bool ci_runbook_delete_route(struct ci_request *req)
{
    struct ci_runbook *runbook;

    return ci_runbook_enter(req, req->idents[0], req->route->policy, &runbook) &&
           ci_notify_start(req->ctx, runbook, "delete", NULL) &&
           ci_notify_done(req->ctx, runbook, "delete", NULL, ci_runbook_destroy(req->ctx, runbook));
}
