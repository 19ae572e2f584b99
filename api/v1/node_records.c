/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is stored about a node in tables of its own: BIOS settings, firmware components, history,
 * inventory, and which nodes are its children.
 */
#include <inttypes.h>
#include <string.h>

#include "api/policy.h"
#include "api/v1/handlers.h"
#include "api/v1/views.h"
#include "api/version.h"
#include "api/view_plan.h"
#include "base/config.h"
#include "base/jsontext.h"
#include "objects/bios_setting.h"
#include "objects/firmware_component.h"
#include "objects/node_history.h"
#include "objects/node_inventory.h"
#include "objects/row.h"

/* In lists, events longer than the first number are cut to the second. */
#define EVENT_SHOWN 255
#define EVENT_CUT 251

/* The history learnt to sort with the first release after 21.4. */
#define HISTORY_SORTS (CI_API_NODE_SHARD + 1)

const struct ci_param ci_params_bios[] = {
    {"detail", CI_PARAM_BOOL, CI_API_BIOS_REGISTRY, CI_BELOW_SCHEMA, false},
    {"fields", CI_PARAM_LIST, CI_API_BIOS_REGISTRY, CI_BELOW_SCHEMA, false},
    {0},
};
const struct ci_param ci_params_firmware[] = {
    {"detail", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    {"fields", CI_PARAM_LIST, 1, CI_BELOW_NOTHING, false},
    {0},
};
const struct ci_param ci_params_history[] = {
    {"detail", CI_PARAM_BOOL, 1, CI_BELOW_NOTHING, false},
    {"marker", CI_PARAM_UUID, 1, CI_BELOW_NOTHING, false},
    {"limit", CI_PARAM_INT, 1, CI_BELOW_NOTHING, false},
    {"sort_key", CI_PARAM_STRING, HISTORY_SORTS, CI_BELOW_NOTHING, false},
    {"sort_dir", CI_PARAM_STRING, HISTORY_SORTS, CI_BELOW_NOTHING, false},
    {0},
};

/* Fields that lists show whatever fields= says. */
static const char *const always[] = {"created_at", "updated_at", NULL};

static const char *node_id(struct ci_request *req, const struct ci_node *node)
{
    return ci_printf(req->ctx->mem, "%" PRId64, node->id);
}

/* The path of a thing below the node that the request names, escaped by who writes it. */
static const char *below_node(struct ci_request *req, const char *root, const char *kind,
                              const char *name)
{
    return ci_printf(req->ctx->mem, "%s%s/nodes/%s/%s/%s", ci_base_url(req), root, req->idents[0],
                     kind, name);
}

static void write_link(struct ci_text *text, const char *href, const char *rel)
{
    ci_text_add(text, "{\"href\": ");
    ci_jsontext_string(text, href);
    ci_text_printf(text, ", \"rel\": \"%s\"}", rel);
}

static void write_bios_links(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    size_t length;
    const char *name = ci_view_value(row, ci_bios_setting_name_n, &length);

    (void)n;
    ci_text_add(text, "[");
    write_link(text, below_node(row->req, "/v1", "bios", name), "self");
    ci_text_add(text, ", ");
    write_link(text, below_node(row->req, "", "bios", name), "bookmark");
    ci_text_add(text, "]");
}

static const short needs_name[] = {ci_bios_setting_name_n, -1};
static const struct ci_extra bios_extras[] = {
    {"links", CI_API_BIOS_INTERFACE, CI_EXTRA_ALWAYS | CI_EXTRA_ASKED, NULL, needs_name,
     write_bios_links, CI_SCHEMA_LINKS, "The setting itself."},
};
static const char *const bios_fields[] = {"created_at", "updated_at", "name", "value", NULL};

const struct ci_view ci_bios_setting_view = {
    .type = &ci_bios_setting_type,
    .collection = "bios",
    .key = "name",
    .list_fields = bios_fields,
    .extras = bios_extras,
    .extra_count = 1,
};

static const char *const firmware_fields[] = {
    "created_at",           "updated_at", "component", "initial_version", "current_version",
    "last_version_flashed", "vendor",     "model",     "serial_number",   NULL};

const struct ci_view ci_firmware_component_view = {
    .type = &ci_firmware_component_type,
    .collection = "firmware",
    .key = "component",
    .list_fields = firmware_fields,
};

/* The names that newer releases print when fields= of BIOS settings has an unknown one. */
static const char *const bios_names[] = {
    "allowable_values", "attribute_type", "created_at", "lower_bound", "links",
    "max_length",       "min_length",     "name",       "node_uuid",   "read_only",
    "reset_required",   "unique",         "updated_at", "value",       NULL};

static bool refuse_name(struct ci_request *req, const char *name, const char *const *known)
{
    json_t *names = ci_json(req->ctx, json_array());

    for (size_t i = 0; known[i]; i++)
        json_array_append_new(names, json_string(known[i]));
    return ci_fail_text(req->ctx, InvalidParameterValue, "Schema error: '%.200s' is not one of %s",
                        name, ci_json_repr(req->ctx->mem, names));
}

/* Names of fields= that there are; 21.4 leaves out what it does not know. */
static bool check_names(struct ci_request *req, const struct ci_view *view,
                        const char *const *known)
{
    const struct ci_arg *fields = ci_arg(req, "fields");

    for (size_t i = 0; fields->given && fields->list[i]; i++) {
        const char *name = fields->list[i];
        int n = ci_field_find(view->type, name);

        if (n >= 0 && view->type->fields[n].rest > req->version &&
            view->type->fields[n].rest != CI_NEVER)
            return ci_fail_text(req->ctx, InvalidParameterValue,
                                "Fields %s are not allowed in this API version. They require at "
                                "least API version %s.",
                                name, ci_version_text(view->type->fields[n].rest));
        if (!ci_one_of(name, known) && (n < 0 || view->type->fields[n].rest == CI_NEVER) &&
            ci_version_is_after_21_4(req->ctx))
            return refuse_name(req, name, known);
    }
    return true;
}

/* What fields= asks for, and what is always there; NULL without fields=. */
static const char *const *asked_fields(struct ci_request *req)
{
    const struct ci_arg *fields = ci_arg(req, "fields");
    const char **names;
    size_t n = 0;

    if (!fields->given)
        return NULL;
    while (fields->list[n])
        n++;
    names = ci_alloc_array(req->ctx->mem, n + 3, sizeof *names);
    memcpy(names, fields->list, n * sizeof *names);
    memcpy(names + n, always, sizeof always);
    return names;
}

bool ci_bios_list(struct ci_request *req)
{
    const char *const *fields;
    struct ci_node *node;
    const char *id;

    if (!ci_request_node(req, &node) || !check_names(req, &ci_bios_setting_view, bios_names))
        return false;
    if (ci_arg(req, "fields")->given && ci_arg_true(req, "detail", false))
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "Can not specify ?detail=True and fields in the same request.");
    fields = asked_fields(req);
    if (!fields && !ci_arg_true(req, "detail", false))
        fields = bios_fields;
    id = node_id(req, node);
    return ci_view_all(req, &ci_bios_setting_view, fields, "node_id = $1 ORDER BY name", 1, &id);
}

bool ci_bios_show(struct ci_request *req)
{
    const char *name = req->idents[1];
    struct ci_node *node;
    bool found;

    if (!ci_request_node(req, &node))
        return false;
    req->idents[0] = node->uuid;
    ci_text_add(req->reply, "{");
    ci_jsontext_string(req->reply, name);
    ci_text_add(req->reply, ": ");
    if (!ci_view_some(req, &ci_bios_setting_view,
                      ci_api_has(req, BIOS_REGISTRY) ? NULL : bios_fields,
                      "node_id = $1 AND name = $2", 2,
                      (const char *const[]){node_id(req, node), name}, &found))
        return false;
    ci_text_add(req->reply, "}");
    return found || ci_fail(req->ctx, BIOSSettingNotFound, node->uuid, name);
}

bool ci_firmware_list(struct ci_request *req)
{
    struct ci_node *node;
    const char *id;

    if (!ci_request_node(req, &node) ||
        !check_names(req, &ci_firmware_component_view, firmware_fields))
        return false;
    id = node_id(req, node);
    return ci_view_all(req, &ci_firmware_component_view, asked_fields(req),
                       "node_id = $1 ORDER BY id", 1, &id);
}

static void write_history_link(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    size_t length;
    const char *uuid = ci_view_value(row, ci_node_history_uuid_n, &length);

    (void)n;
    ci_text_add(text, "[");
    write_link(text, below_node(row->req, "/v1", "history", uuid ? uuid : ""), "self");
    ci_text_add(text, "]");
}

/* How many bytes the first `characters` of UTF-8 are; *ret_more says whether there are others. */
static size_t bytes_of(const char *value, size_t length, size_t characters)
{
    size_t n = 0;

    for (; n < length; n++) {
        if (((unsigned char)value[n] & 0xC0) != 0x80 && characters-- == 0)
            break;
    }
    return n;
}

/* A long event is cut where the list shows no details. */
static bool write_event(struct ci_text *text, const struct ci_view_row *row, size_t field,
                        const char *value, size_t length)
{
    size_t shown;

    if (field != ci_node_history_event_n || row->plan->shape == CI_SHAPE_FULL || !value ||
        bytes_of(value, length, EVENT_SHOWN) == length)
        return false;
    shown = bytes_of(value, length, EVENT_CUT);
    ci_jsontext_string(text, ci_printf(row->req->ctx->mem, "%.*s...", (int)shown, value));
    return true;
}

static bool no_history(struct ci_ctx *ctx, const char *key)
{
    return ci_fail(ctx, NodeHistoryNotFound, key);
}

static const short needs_uuid[] = {ci_node_history_uuid_n, -1};
static const struct ci_extra history_extras[] = {
    {"links", CI_API_NODE_HISTORY, CI_EXTRA_ALWAYS, NULL, needs_uuid, write_history_link,
     CI_SCHEMA_LINKS, "The entry itself."},
};
static const char *const history_fields[] = {"uuid", "created_at", "severity", "event", NULL};

const struct ci_view ci_node_history_view = {
    .type = &ci_node_history_type,
    .collection = "history",
    .key = "uuid",
    .list_fields = history_fields,
    .extras = history_extras,
    .extra_count = 1,
    .write = write_event,
    .not_found = no_history,
    .default_sort = "created_at",
};

bool ci_history_list(struct ci_request *req)
{
    struct ci_list_options options = {
        .path = ci_printf(req->ctx->mem, "nodes/%s/history", req->idents[0]), .no_fields = true};
    struct ci_filter filter;
    struct ci_node *node;

    if (!ci_request_node(req, &node))
        return false;
    req->idents[0] = node->uuid;
    ci_filter_init(&filter, req->ctx->mem);
    ci_filter_add(&filter, "node_id = ?", node_id(req, node));
    return ci_view_list(req, &ci_node_history_view, &filter, &options);
}

/* Unlike Ironic, an entry of another node is not shown: its node may be hidden from the caller. */
bool ci_history_show(struct ci_request *req)
{
    struct ci_node *node;
    bool found;

    if (!ci_request_node(req, &node))
        return false;
    req->idents[0] = node->uuid;
    return ci_view_some(req, &ci_node_history_view, NULL, "node_id = $1 AND uuid = $2", 2,
                        (const char *const[]){node_id(req, node), req->idents[1]}, &found) &&
           (found || ci_fail(req->ctx, NodeHistoryNotFound, req->idents[1]));
}

static void write_json(struct ci_text *text, const char *json)
{
    ci_jsontext_raw(text, json, json ? strlen(json) : 0, "{}");
}

bool ci_inventory_show(struct ci_request *req)
{
    struct ci_node_inventory *inventory;
    struct ci_node *node;
    const char *id;

    if (!ci_request_node(req, &node))
        return false;
    if (strcmp(req->ctx->config->inventory.data_backend, "database") != 0)
        return ci_fail(req->ctx, NodeInventoryNotFound, node->uuid);
    id = node_id(req, node);
    if (!ci_row_load(req->ctx, &ci_node_inventory_type, "node_id = $1", 1, &id, &inventory))
        return false;
    if (!inventory)
        return ci_fail(req->ctx, NodeInventoryNotFound, id);
    ci_text_add(req->reply, "{\"inventory\": ");
    write_json(req->reply, inventory->inventory_data);
    ci_text_add(req->reply, ", \"plugin_data\": ");
    write_json(req->reply, inventory->plugin_data);
    ci_text_add(req->reply, "}");
    return true;
}

/* A child may be another project's. */
static bool find_children(struct ci_request *req, const struct ci_node *node,
                          struct ci_rows **ret_rows)
{
    const char *project, *values[2] = {node->uuid, NULL};

    if (!ci_policy_list(req, "node", NULL, &project))
        return false;
    values[1] = project;
    return ci_db_query(req->ctx,
                       project ? "SELECT uuid FROM nodes WHERE parent_node = $1 AND "
                                 "$2 IN (owner, lessee) ORDER BY id"
                               : "SELECT uuid FROM nodes WHERE parent_node = $1 ORDER BY id",
                       project ? 2 : 1, values, ret_rows);
}

bool ci_children_list(struct ci_request *req)
{
    struct ci_rows *rows;
    struct ci_node *node;
    json_t *children;

    if (!ci_request_node(req, &node) || !find_children(req, node, &rows))
        return false;
    children = ci_json(req->ctx, json_array());
    for (size_t i = 0; i < rows->count; i++)
        json_array_append_new(children, json_string(ci_row_text(rows, i, 0)));
    return ci_reply_json(req,
                         json_pack("{s:O, s:{s:s, s:s}}", "children", children, "links", "href",
                                   ci_printf(req->ctx->mem, "%s/v1/nodes?parent_node=%s",
                                             ci_base_url(req), node->uuid),
                                   "rel", "children"));
}
