/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volume connectors and targets: what a node uses to reach volumes, and the volumes it reaches.
 */
#include <string.h>

#include "api/routes.h"
#include "api/schema.h"
#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/v1/resource.h"
#include "api/v1/views.h"
#include "api/version.h"
#include "base/ident.h"
#include "base/jsontext.h"
#include "objects/volume_connector.h"
#include "objects/volume_target.h"

/* What is asked for by project= is not looked at, as in Ironic. */
#define VOLUME_LIST_PARAMS                                                                         \
    CI_PAGE_PARAMS, {"fields", CI_PARAM_LIST, 1, CI_BELOW_NOTHING, false},                         \
        {"detail", CI_PARAM_BOOL, 1, CI_BELOW_NOTHING, false},                                     \
    {                                                                                              \
        "project", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false                                     \
    }

const struct ci_param ci_params_volumes[] = {
    VOLUME_LIST_PARAMS,
    {"node", CI_PARAM_UUID_OR_NAME, 1, CI_BELOW_NOTHING, false},
    {0},
};
/* Below a node. */
const struct ci_param ci_params_node_volumes[] = {VOLUME_LIST_PARAMS, {0}};

static void write_text(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    ci_jsontext_string(text, ci_view_extra_value(row, n));
}

static void write_connector_links(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    size_t length;

    (void)n;
    ci_view_links(text, row, "volume/connectors",
                  ci_view_value(row, ci_volume_connector_uuid_n, &length));
}

static void write_target_links(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    size_t length;

    (void)n;
    ci_view_links(text, row, "volume/targets",
                  ci_view_value(row, ci_volume_target_uuid_n, &length));
}

static bool connector_not_found(struct ci_ctx *ctx, const char *key)
{
    return ci_fail(ctx, VolumeConnectorNotFound, key);
}

static bool target_not_found(struct ci_ctx *ctx, const char *key)
{
    return ci_fail(ctx, VolumeTargetNotFound, key);
}

static const short needs_connector_uuid[] = {ci_volume_connector_uuid_n, -1};
static const struct ci_extra connector_extras[] = {
    {"links", CI_API_VOLUME, CI_EXTRA_ALWAYS | CI_EXTRA_ASKED, NULL, needs_connector_uuid,
     write_connector_links, CI_SCHEMA_LINKS, "The connector itself."},
    {"node_uuid", CI_API_VOLUME, CI_EXTRA_ASKED,
     "(SELECT n.uuid FROM nodes n WHERE n.id = volume_connectors.node_id)", NULL, write_text,
     CI_SCHEMA_UUID, "The node it belongs to."},
};
static const char *const connector_list[] = {"uuid", "node_uuid", "type", "connector_id", NULL};

static const struct ci_ownership connector_owned = {
    .family = "volume",
    .kind = "node",
    .owner = CI_OF_NODE("volume_connectors", "owner"),
    .lessee = CI_OF_NODE("volume_connectors", "lessee"),
    .of_project = "node_id IN (SELECT id FROM nodes WHERE ? IN (owner, lessee))",
};

const struct ci_view ci_volume_connector_view = {
    .owned = &connector_owned,
    .type = &ci_volume_connector_type,
    .collection = "connectors",
    .key = "uuid",
    .list_fields = connector_list,
    .extras = connector_extras,
    .extra_count = sizeof connector_extras / sizeof connector_extras[0],
    .not_found = connector_not_found,
    .default_sort = "id",
    .field_words = CI_FIELDS_LISTED,
    .both_words = "Can't fetch a subset of fields with 'detail' set",
};

static const short needs_target_uuid[] = {ci_volume_target_uuid_n, -1};
static const struct ci_extra target_extras[] = {
    {"links", CI_API_VOLUME, CI_EXTRA_ALWAYS | CI_EXTRA_ASKED, NULL, needs_target_uuid,
     write_target_links, CI_SCHEMA_LINKS, "The target itself."},
    {"node_uuid", CI_API_VOLUME, CI_EXTRA_ASKED,
     "(SELECT n.uuid FROM nodes n WHERE n.id = volume_targets.node_id)", NULL, write_text,
     CI_SCHEMA_UUID, "The node it belongs to."},
};
/* What may hold secrets of the volume's service is for those whom a rule of its own lets. */
static bool write_target(struct ci_text *text, const struct ci_view_row *row, size_t field,
                         const char *value, size_t length)
{
    (void)value;
    (void)length;
    if (field != ci_volume_target_properties_n ||
        ci_policy_is(row->req, "baremetal:volume:view_target_properties", NULL))
        return false;
    ci_text_add(text, "{\"redacted_contents\": \"** Value redacted: Requires permission "
                      "baremetal:volume:view_target_properties access. Permission denied. **\"}");
    return true;
}

static const char *const target_list[] = {"uuid",       "node_uuid", "volume_type",
                                          "boot_index", "volume_id", NULL};

static const struct ci_ownership target_owned = {
    .family = "volume",
    .kind = "node",
    .owner = CI_OF_NODE("volume_targets", "owner"),
    .lessee = CI_OF_NODE("volume_targets", "lessee"),
    .of_project = "node_id IN (SELECT id FROM nodes WHERE ? IN (owner, lessee))",
};

const struct ci_view ci_volume_target_view = {
    .owned = &target_owned,
    .type = &ci_volume_target_type,
    .collection = "targets",
    .key = "uuid",
    .list_fields = target_list,
    .extras = target_extras,
    .extra_count = sizeof target_extras / sizeof target_extras[0],
    .write = write_target,
    .not_found = target_not_found,
    .default_sort = "id",
    .field_words = CI_FIELDS_LISTED,
    .both_words = "Can't fetch a subset of fields with 'detail' set",
};

#define TEXT(max) "{\"type\": \"string\", \"maxLength\": " max "}"
#define UUID "{\"type\": [\"string\", \"null\"]}"

static const struct ci_field_rule connector_fields[] = {
    {"connector_id", TEXT("255")},
    {"node_uuid", "{\"type\": \"string\"}"},
    {"type", TEXT("32")},
    {"uuid", UUID},
    {0},
};
static const char *const connector_required[] = {"connector_id", "node_uuid", "type", NULL};
static const char *const connector_patchable[] = {"connector_id", "extra", "node_uuid", "type",
                                                  NULL};

/* The bounds are those of the column. */
static const struct ci_field_rule target_fields[] = {
    {"boot_index", "{\"type\": \"integer\", \"minimum\": -2147483648, \"maximum\": 2147483647}"},
    {"node_uuid", "{\"type\": \"string\"}"},
    {"uuid", UUID},
    {"volume_id", TEXT("36")},
    {"volume_type", TEXT("64")},
    {0},
};
static const char *const target_required[] = {"boot_index", "node_uuid", "volume_id", "volume_type",
                                              NULL};
static const char *const target_patchable[] = {
    "boot_index", "extra", "node_uuid", "properties", "volume_id", "volume_type", NULL};

static bool check(struct ci_request *req, json_t *document)
{
    static const char *const uuids[] = {"node_uuid", "uuid", NULL};

    return ci_document_uuids(req, document, uuids);
}

static bool no_node(struct ci_request *req, const char *uuid)
{
    return ci_fail(req->ctx, InvalidInput,
                   ci_printf(req->ctx->mem,
                             "Invalid input for field/attribute node_uuid. Value: '%.200s'. ",
                             uuid));
}

/* A node_uuid that is none is told before it is looked for. */
static bool check_patch(struct ci_request *req)
{
    const json_t *value = ci_patch_value(req, "/node_uuid");
    const char *text =
        value && ci_json_kind(value) == CI_JSON_STRING ? json_string_value(value) : NULL;

    if (!value || (text && ci_uuid_is_like(text)))
        return true;
    return ci_fail_text(req->ctx, InvalidUUID,
                        "Expected a UUID for node_uuid, but received %.200s.",
                        text ? text : ci_json_repr(req->ctx->mem, value));
}

static bool create_connector(struct ci_ctx *ctx, void *object)
{
    return ci_volume_connector_create(ctx, object);
}

static bool create_target(struct ci_ctx *ctx, void *object)
{
    return ci_volume_target_create(ctx, object);
}

static struct ci_resource_bodies connector_bodies[CI_RESOURCE_VERSIONS],
    target_bodies[CI_RESOURCE_VERSIONS];

const struct ci_resource ci_volume_connector_resource = {
    .view = &ci_volume_connector_view,
    .body = "connector",
    .path = "/v1/volume/connectors",
    .fields = connector_fields,
    .required = connector_required,
    .patchable = connector_patchable,
    .bodies = connector_bodies,
    .check = check,
    .check_patch = check_patch,
    .no_node = no_node,
    .create = create_connector,
    .update = {CI_RPC_update_volume_connector, "connector", "update"},
    .destroy = {CI_RPC_destroy_volume_connector, "connector", "delete"},
};

const struct ci_resource ci_volume_target_resource = {
    .view = &ci_volume_target_view,
    .body = "target",
    .path = "/v1/volume/targets",
    .fields = target_fields,
    .required = target_required,
    .patchable = target_patchable,
    .bodies = target_bodies,
    .check = check,
    .check_patch = check_patch,
    .no_node = no_node,
    .create = create_target,
    .update = {CI_RPC_update_volume_target, "target", "update"},
    .destroy = {CI_RPC_destroy_volume_target, "target", "delete"},
};

/* [{"href": …, "rel": "self"}, {…"bookmark"}] of what is below `base`. */
static json_t *links(struct ci_request *req, const char *base, const char *sub)
{
    const char *url = ci_base_url(req);

    return json_pack("[{s:s, s:s}, {s:s, s:s}]", "href",
                     ci_printf(req->ctx->mem, "%s/v1/%s%s", url, base, sub), "rel", "self", "href",
                     ci_printf(req->ctx->mem, "%s/%s%s", url, base, sub), "rel", "bookmark");
}

static bool show_root(struct ci_request *req, const char *base)
{
    return ci_policy_ask(req, "baremetal:volume:get", NULL) &&
           ci_reply_json(req, json_pack("{s:o, s:o, s:o}", "links", links(req, base, ""),
                                        "connectors", links(req, base, "connectors"), "targets",
                                        links(req, base, "targets")));
}

bool ci_volume_root(struct ci_request *req)
{
    return show_root(req, "volume/");
}

/* Whether the node is there is not asked, as in Ironic. */
bool ci_node_volume_root(struct ci_request *req)
{
    return show_root(req, ci_printf(req->ctx->mem, "nodes/%s/volume/", req->idents[0]));
}

static bool list(struct ci_request *req, const struct ci_resource *resource, const char *node)
{
    struct ci_list_options options = {.path = resource->path + strlen("/v1/")};
    struct ci_filter filter;

    ci_filter_init(&filter, req->ctx->mem);
    return (!node || ci_resource_of_node(req, &filter, node)) &&
           ci_view_list(req, resource->view, &filter, &options);
}

bool ci_volume_connectors_list(struct ci_request *req)
{
    return list(req, &ci_volume_connector_resource, ci_arg_text(req, "node"));
}

bool ci_volume_targets_list(struct ci_request *req)
{
    return list(req, &ci_volume_target_resource, ci_arg_text(req, "node"));
}

bool ci_node_volume_connectors(struct ci_request *req)
{
    return list(req, &ci_volume_connector_resource, req->idents[0]);
}

bool ci_node_volume_targets(struct ci_request *req)
{
    return list(req, &ci_volume_target_resource, req->idents[0]);
}

bool ci_volume_connector_show(struct ci_request *req)
{
    return ci_resource_show(req, &ci_volume_connector_resource);
}

bool ci_volume_target_show(struct ci_request *req)
{
    return ci_resource_show(req, &ci_volume_target_resource);
}

bool ci_volume_connector_create_route(struct ci_request *req)
{
    return ci_resource_create(req, &ci_volume_connector_resource);
}

bool ci_volume_target_create_route(struct ci_request *req)
{
    return ci_resource_create(req, &ci_volume_target_resource);
}

bool ci_volume_connector_patch_route(struct ci_request *req)
{
    return ci_resource_patch(req, &ci_volume_connector_resource);
}

bool ci_volume_target_patch_route(struct ci_request *req)
{
    return ci_resource_patch(req, &ci_volume_target_resource);
}

bool ci_volume_connector_delete_route(struct ci_request *req)
{
    return ci_resource_delete(req, &ci_volume_connector_resource);
}

bool ci_volume_target_delete_route(struct ci_request *req)
{
    return ci_resource_delete(req, &ci_volume_target_resource);
}
