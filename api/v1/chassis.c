/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chassis: groups of nodes, kept by the API alone; no conductor is asked.
 */
#include "objects/chassis.h"

#include <pthread.h>

#include "api/notify.h"
#include "api/patch.h"
#include "api/schema.h"
#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/v1/views.h"
#include "api/version.h"

const struct ci_param ci_params_chassis_detail[] = {
    CI_PAGE_PARAMS,
    {0},
};
const struct ci_param ci_params_chassis_list[] = {
    CI_PAGE_PARAMS,
    {"fields", CI_PARAM_LIST, CI_API_FETCHING_SUBSET_OF_FIELDS, CI_BELOW_406, false},
    {"detail", CI_PARAM_BOOL, CI_API_ENABLE_DETAIL_QUERY, CI_BELOW_400, false},
    {0},
};

static const char *uuid_of(const struct ci_view_row *row)
{
    size_t length;

    return ci_view_value(row, ci_chassis_uuid_n, &length);
}

static void write_links(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    (void)n;
    ci_view_links(text, row, "chassis", uuid_of(row));
}

/* Ironic wraps this list once more. */
static void write_nodes(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    (void)n;
    ci_text_add(text, "[");
    ci_view_sublinks(text, row, "chassis", uuid_of(row), "nodes");
    ci_text_add(text, "]");
}

static bool not_found(struct ci_ctx *ctx, const char *key)
{
    return ci_fail(ctx, ChassisNotFound, key);
}

static const short needs_uuid[] = {ci_chassis_uuid_n, -1};
static const struct ci_extra extras[] = {
    {"links", 1, CI_EXTRA_ALWAYS | CI_EXTRA_ASKED, NULL, needs_uuid, write_links, CI_SCHEMA_LINKS,
     "The chassis itself."},
    {"nodes", 1, CI_EXTRA_ASKED, NULL, needs_uuid, write_nodes,
     "{\"type\": \"array\", \"items\": " CI_SCHEMA_LINKS "}", "Its nodes."},
};
static const char *const list_fields[] = {"uuid", "description", NULL};

const struct ci_view ci_chassis_view = {
    .type = &ci_chassis_type,
    .collection = "chassis",
    .key = "uuid",
    .list_fields = list_fields,
    .extras = extras,
    .extra_count = sizeof extras / sizeof extras[0],
    .not_found = not_found,
    .default_sort = "id",
    .field_words = CI_FIELDS_LISTED,
};

static const struct ci_field_rule rules[] = {
    {"description", "{\"type\": [\"string\", \"null\"], \"maxLength\": 255}"},
    {0},
};
static const char *const patchable[] = {"uuid", "extra", "description", NULL};
static struct ci_patch_rules patch_rules = {.type = &ci_chassis_type, .allowed = patchable};
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_schema(void)
{
    patch_rules.schema = ci_schema_of_type(&ci_chassis_type, CI_CREATE | CI_PATCH, rules, NULL);
}

const struct ci_patch_rules *ci_chassis_rules(void)
{
    pthread_once(&once, make_schema);
    return &patch_rules;
}

static bool list(struct ci_request *req, bool detail)
{
    struct ci_list_options options = {.always_detail = detail,
                                      .path = detail ? "chassis/detail" : NULL};
    struct ci_filter filter;

    ci_filter_init(&filter, req->ctx->mem);
    return ci_view_list(req, &ci_chassis_view, &filter, &options);
}

bool ci_chassis_list(struct ci_request *req)
{
    return list(req, false);
}

bool ci_chassis_detail(struct ci_request *req)
{
    return list(req, true);
}

bool ci_chassis_show(struct ci_request *req)
{
    return ci_view_reply(req, &ci_chassis_view, req->idents[0]);
}

bool ci_chassis_create_route(struct ci_request *req)
{
    static const char *const uuids[] = {"uuid", NULL};
    struct ci_chassis *chassis = ci_object_new(req->ctx->mem, &ci_chassis_type);

    pthread_once(&once, make_schema);
    if (!req->json)
        req->json = ci_json(req->ctx, json_object());
    if (!ci_schema_check(req->ctx, patch_rules.schema, "chassis", req->json) ||
        !ci_document_uuids(req, req->json, uuids) || !ci_create_fill(req, chassis, req->json))
        return false;
    return ci_notify_start(req->ctx, chassis, "create", NULL) &&
           ci_notify_done(req->ctx, chassis, "create", NULL,
                          ci_chassis_create(req->ctx, chassis)) &&
           ci_reply_location(req, "/v1/chassis/%s", chassis->uuid) &&
           ci_view_reply(req, &ci_chassis_view, chassis->uuid);
}

bool ci_chassis_patch_route(struct ci_request *req)
{
    struct ci_chassis *chassis;
    json_t *document;

    pthread_once(&once, make_schema);
    return ci_patch_check(req, &patch_rules) &&
           ci_chassis_load(req->ctx, req->idents[0], &chassis) &&
           ci_patch_apply(req, &patch_rules, chassis, NULL, &document) &&
           ci_patch_update(req, &patch_rules, chassis, document) &&
           ci_notify_start(req->ctx, chassis, "update", NULL) &&
           ci_notify_done(req->ctx, chassis, "update", NULL, ci_chassis_save(req->ctx, chassis)) &&
           ci_view_reply(req, &ci_chassis_view, chassis->uuid);
}

bool ci_chassis_delete_route(struct ci_request *req)
{
    struct ci_chassis *chassis;

    return ci_chassis_load(req->ctx, req->idents[0], &chassis) &&
           ci_notify_start(req->ctx, chassis, "delete", NULL) &&
           ci_notify_done(req->ctx, chassis, "delete", NULL, ci_chassis_destroy(req->ctx, chassis));
}

static bool nodes(struct ci_request *req, bool detail)
{
    struct ci_chassis *chassis;
    struct ci_filter filter;

    if (!ci_chassis_load(req->ctx, req->idents[0], &chassis))
        return false;
    ci_filter_init(&filter, req->ctx->mem);
    ci_filter_add(&filter, "chassis_id = ?",
                  ci_printf(req->ctx->mem, "%lld", (long long)chassis->id));
    return ci_nodes_filtered(req, &filter, detail, detail ? "nodes/detail" : NULL);
}

bool ci_chassis_nodes(struct ci_request *req)
{
    return nodes(req, false);
}

bool ci_chassis_nodes_detail(struct ci_request *req)
{
    return nodes(req, true);
}

/* A node has one address of its own. */
bool ci_chassis_node(struct ci_request *req)
{
    return ci_version_is_after_21_4(req->ctx) ? ci_fail(req->ctx, MalformedRequestURI)
                                              : ci_fail(req->ctx, OperationNotPermitted);
}
