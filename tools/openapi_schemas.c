/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schemas of the contract: what is shown comes from the field tables through the views, what
 * is taken from the schemas that the controllers check with, the rest from schemas.def.
 */
#include <string.h>

#include "api/v1/contract.h"
#include "api/v1/resource.h"
#include "api/v1/views.h"
#include "api/version.h"
#include "objects/chassis.h"
#include "objects/node.h"
#include "objects/port.h"
#include "tools/openapi.h"

const struct ci_openapi_resource ci_openapi_resources[] = {
    {"Node", &ci_node_view},
    {"Chassis", &ci_chassis_view},
    {"Port", &ci_port_view},
    {"Conductor", &ci_conductor_view},
    {"Portgroup", &ci_portgroup_view},
    {"VolumeConnector", &ci_volume_connector_view},
    {"VolumeTarget", &ci_volume_target_view},
    {"DeployTemplate", &ci_deploy_template_view},
    {"Runbook", &ci_runbook_view},
    {"Allocation", &ci_allocation_view},
    {"InspectionRule", &ci_inspection_rule_view},
    {"BiosSetting", &ci_bios_setting_view, .no_sort_key = true},
    {"FirmwareComponent", &ci_firmware_component_view, .no_sort_key = true},
    {"HistoryEntry", &ci_node_history_view, .no_fields = true},
    {0},
};

/* Things of nodes, with the names of their schemas. */
static const struct {
    const char *name;
    const struct ci_resource *resource;
} of_nodes[] = {
    {"Port", &ci_port_resource},
    {"Portgroup", &ci_portgroup_resource},
    {"VolumeConnector", &ci_volume_connector_resource},
    {"VolumeTarget", &ci_volume_target_resource},
};

/* Members that went, or came, inside of a field. */
static const struct {
    const char *name;
    int min, max;
} link_members[] = {
    {"network_type", CI_API_LOCAL_LINK_CONNECTION_NETWORK_TYPE, 0},
    {"vtep-logical-switch", CI_API_OVN_VTEP, CI_API_REMOVE_OVN_VTEP - 1},
    {"vtep-physical-switch", CI_API_OVN_VTEP, CI_API_REMOVE_OVN_VTEP - 1},
};

/* Fields that are never null in the database, but shown as null when they are hidden. */
static const struct {
    const char *resource, *field;
} hidden[] = {
    {"InspectionRule", "actions"},
};

/* Values of a kind as they are shown. */
static const char *kind_schema(enum ci_kind kind)
{
    switch (kind) {
    case CI_KIND_INT:
        return "{\"type\": [\"integer\"]}";
    case CI_KIND_BOOL:
        return "{\"type\": [\"boolean\"]}";
    case CI_KIND_TIME:
        return "{\"type\": [\"string\"], \"format\": \"date-time\"}";
    case CI_KIND_UUID:
        return "{\"type\": [\"string\"], \"format\": \"uuid\"}";
    case CI_KIND_STR:
    case CI_KIND_MAC:
        return "{\"type\": [\"string\"]}";
    case CI_KIND_DICT:
        return "{\"type\": [\"object\"]}";
    case CI_KIND_DICTS:
        return "{\"type\": [\"array\"], \"items\": {\"type\": \"object\"}}";
    case CI_KIND_LIST:
    case CI_KIND_TRAITS:
        return "{\"type\": [\"array\"], \"items\": {\"type\": \"string\"}}";
    }
    return "{}";
}

static json_t *field_schema(struct ci_ctx *ctx, const struct ci_field *field)
{
    json_t *schema = ci_openapi_read(ctx, kind_schema(field->kind));
    json_t *types = json_object_get(schema, "type");

    if (field->nulls == CI_NULLABLE)
        json_array_append_new(types, json_string("null"));
    else
        json_object_set(schema, "type", json_array_get(types, 0));
    json_object_set_new(schema, "description", json_string(field->meaning));
    if (!(field->access & CI_WRITE))
        json_object_set_new(schema, "readOnly", json_true());
    json_object_set_new(schema, "x-openstack", ci_openapi_versions(field->rest, 0));
    /* A release up to 21.4 that is pinned shows it in every version. */
    if (field->access & CI_EARLY)
        json_object_set_new(json_object_get(schema, "x-openstack"), "any-version-until",
                            json_string("21.4"));
    return schema;
}

static json_t *extra_schema(struct ci_ctx *ctx, const struct ci_extra *extra)
{
    json_t *schema;

    if (!extra->schema || !extra->meaning) {
        ci_openapi_complain("no schema or meaning of the extra", extra->name);
        return json_object();
    }
    schema = ci_openapi_read(ctx, extra->schema);
    json_object_set_new(schema, "description", json_string(extra->meaning));
    json_object_set_new(schema, "x-openstack", ci_openapi_versions(extra->since, 0));
    return schema;
}

/* Fields and extras in the order in which they are shown. */
static json_t *view_schema(struct ci_ctx *ctx, const struct ci_view *view)
{
    json_t *properties = json_object();

    for (size_t i = 0; i < view->type->count; i++) {
        const struct ci_field *field = &view->type->fields[i];

        if (field->access & CI_READ)
            json_object_set_new(properties, field->name, field_schema(ctx, field));
    }
    for (size_t i = 0; i < view->extra_count; i++)
        json_object_set_new(properties, view->extras[i].name, extra_schema(ctx, &view->extras[i]));
    return json_pack(
        "{s:s, s:s, s:o}", "type", "object", "description",
        "Members are shown from the version that brought them; fields= leaves members out.",
        "properties", properties);
}

/* The list, and what its items show unless the query asks for something else. */
static json_t *list_schema(struct ci_ctx *ctx, const struct ci_openapi_resource *resource)
{
    const struct ci_view *view = resource->view;
    json_t *shown = json_array();

    for (size_t i = 0; view->list_fields[i]; i++)
        json_array_append_new(shown, json_string(view->list_fields[i]));
    for (size_t i = 0; i < view->extra_count; i++) {
        if (view->extras[i].flags & CI_EXTRA_ALWAYS)
            json_array_append_new(shown, json_string(view->extras[i].name));
    }
    return json_pack("{s:s, s:[s], s:{s:{s:s, s:o}, s:{s:s, s:s, s:s}}, s:o}", "type", "object",
                     "required", view->collection, "properties", view->collection, "type", "array",
                     "items", ci_openapi_ref(ctx, "schemas", resource->name), "next", "type",
                     "string", "format", "uri", "description",
                     "The next page; there when this one is full.", "x-openstack-shown", shown);
}

/* The names that sort_key= takes, or fields=. */
static json_t *names_schema(const struct ci_view *view, bool sort)
{
    unsigned wanted = sort ? CI_READ | CI_SORT : CI_READ;
    json_t *names = json_array();

    for (size_t i = 0; i < view->type->count; i++) {
        const struct ci_field *field = &view->type->fields[i];

        if ((field->access & wanted) == wanted && (sort || !(field->access & CI_NO_FIELDS)))
            json_array_append_new(names, json_string(field->name));
    }
    for (size_t i = 0; !sort && i < view->extra_count; i++) {
        if (view->extras[i].flags & CI_EXTRA_ASKED)
            json_array_append_new(names, json_string(view->extras[i].name));
    }
    return json_pack("{s:s, s:o}", "type", "string", "enum", names);
}

static void add(json_t *schemas, struct ci_ctx *ctx, const char *name, const char *suffix,
                json_t *schema)
{
    json_object_set_new(schemas, ci_printf(ctx->mem, "%s%s", name, suffix), schema);
}

static void add_hidden(json_t *schemas)
{
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        json_t *resource = json_object_get(schemas, hidden[i].resource);
        json_t *field = json_object_get(json_object_get(resource, "properties"), hidden[i].field);

        json_object_set_new(field, "type",
                            json_pack("[O, s]", json_object_get(field, "type"), "null"));
    }
}

static void add_resources(struct ci_ctx *ctx, json_t *schemas)
{
    for (const struct ci_openapi_resource *r = ci_openapi_resources; r->name; r++) {
        add(schemas, ctx, r->name, "", view_schema(ctx, r->view));
        add(schemas, ctx, r->name, "List", list_schema(ctx, r));
        if (!r->no_sort_key)
            add(schemas, ctx, r->name, "SortKey", names_schema(r->view, true));
        if (!r->no_fields)
            add(schemas, ctx, r->name, "Field", names_schema(r->view, false));
    }
    add_hidden(schemas);
}

/* What a member of a body means, and since when it may be there. */
static void describe(json_t *property, const struct ci_view *view, const char *name)
{
    int n = ci_field_find(view->type, name), since = n < 0 ? 1 : view->type->fields[n].rest;
    const char *meaning = n < 0 ? NULL : view->type->fields[n].meaning;

    for (size_t i = 0; n < 0 && i < view->extra_count; i++) {
        if (strcmp(view->extras[i].name, name) != 0)
            continue;
        since = view->extras[i].since;
        meaning = view->extras[i].meaning;
    }
    for (size_t i = 0; i < sizeof of_nodes / sizeof of_nodes[0]; i++) {
        if (of_nodes[i].resource->view == view)
            since = ci_resource_since(of_nodes[i].resource, name);
    }
    if (meaning)
        json_object_set_new(property, "description", json_string(meaning));
    json_object_set_new(property, "x-openstack", ci_openapi_versions(since, 0));
}

static json_t *create_schema(const struct ci_view *view, const json_t *checked)
{
    json_t *schema = json_deep_copy(checked), *property;
    const char *name;

    json_object_foreach(json_object_get(schema, "properties"), name, property)
        describe(property, view, name);
    if (json_array_size(json_object_get(schema, "required")) == 0)
        json_object_del(schema, "required");
    return schema;
}

/* RFC 6902 without move, copy and test; the paths, and since when each may be set. */
static json_t *patch_schema(struct ci_ctx *ctx, const struct ci_view *view,
                            const struct ci_patch_rules *rules)
{
    json_t *schema = ci_openapi_read(ctx, ci_patch_schema), *versions = json_object();
    json_t *properties = json_object_get(json_object_get(schema, "items"), "properties");
    json_t *path = json_object_get(properties, "path");
    struct ci_text *pattern = ci_text_new(ctx->mem, 4096);

    for (size_t i = 0; rules->allowed[i]; i++) {
        json_t *member = json_object();

        describe(member, view, rules->allowed[i]);
        json_object_set(versions, ci_printf(ctx->mem, "/%s", rules->allowed[i]),
                        json_object_get(member, "x-openstack"));
        json_decref(member);
        ci_text_printf(pattern, "%s%s", i > 0 ? "|" : "^/(", rules->allowed[i]);
    }
    ci_text_add(pattern, ")(/.+)?$");
    json_object_set_new(path, "pattern", json_string(pattern->bytes));
    json_object_del(path, "x-pattern");
    json_object_set_new(path, "x-openstack-paths", versions);
    return schema;
}

/* A port's link, with the versions of what is not of every version. */
static json_t *link_schema(struct ci_ctx *ctx)
{
    json_t *schema = ci_openapi_read(ctx, ci_port_link_schema), *choice;
    size_t n;

    json_array_foreach(json_object_get(schema, "anyOf"), n, choice)
    {
        for (size_t i = 0; i < sizeof link_members / sizeof link_members[0]; i++) {
            json_t *member =
                json_object_get(json_object_get(choice, "properties"), link_members[i].name);

            if (member)
                json_object_set_new(member, "x-openstack",
                                    ci_openapi_versions(link_members[i].min, link_members[i].max));
        }
    }
    return schema;
}

/* Bodies of what is created and patched by one schema. */
static void add_kept(struct ci_ctx *ctx, json_t *schemas, const char *name,
                     const struct ci_view *view, const struct ci_patch_rules *rules)
{
    add(schemas, ctx, name, "Create", create_schema(view, rules->schema));
    add(schemas, ctx, name, "Patch", patch_schema(ctx, view, rules));
}

static json_t *properties_of(const json_t *schemas, const char *name)
{
    return json_object_get(json_object_get(schemas, name), "properties");
}

static void add_bodies(struct ci_ctx *ctx, json_t *schemas)
{
    json_t *link;

    for (size_t i = 0; i < sizeof of_nodes / sizeof of_nodes[0]; i++)
        add_kept(ctx, schemas, of_nodes[i].name, of_nodes[i].resource->view,
                 ci_resource_rules(of_nodes[i].resource, ci_version_max(ctx)));
    link = json_object_get(properties_of(schemas, "PortCreate"), "local_link_connection");
    json_object_set_new(
        link, "anyOf",
        json_pack("[{s:s}, o]", "type", "null", ci_openapi_ref(ctx, "schemas", "LocalLink")));
    json_object_set_new(schemas, "NodeCreate",
                        create_schema(&ci_node_view, ci_node_create_schema()));
    json_object_set_new(schemas, "NodePatch",
                        patch_schema(ctx, &ci_node_view, ci_node_patch_rules()));
    add_kept(ctx, schemas, "Chassis", &ci_chassis_view, ci_chassis_rules());
    add_kept(ctx, schemas, "DeployTemplate", &ci_deploy_template_view, ci_deploy_template_rules());
    add_kept(ctx, schemas, "Runbook", &ci_runbook_view, ci_runbook_rules());
    add_kept(ctx, schemas, "InspectionRule", &ci_inspection_rule_view, ci_inspection_rule_rules());
    add_kept(ctx, schemas, "Allocation", &ci_allocation_view, ci_allocation_rules());
    json_object_set_new(schemas, "Events", ci_openapi_read(ctx, ci_events_schema));
    json_object_set_new(schemas, "LocalLink", link_schema(ctx));
    json_object_set_new(schemas, "TraitsSet", ci_openapi_read(ctx, ci_traits_schema));
    json_object_set_new(schemas, "Inspection", ci_openapi_read(ctx, ci_inspection_schema));
    json_object_set_new(schemas, "VifAttach", ci_openapi_read(ctx, ci_vif_schema));
    json_object_set_new(schemas, "VmediaAttach", ci_openapi_read(ctx, ci_vmedia_schema));
    json_object_set_new(schemas, "ConfigDrive", ci_openapi_read(ctx, ci_configdrive_schema));
    json_object_set_new(schemas, "ManualSteps", ci_openapi_read(ctx, ci_manual_steps_schema));
    json_object_set_new(schemas, "DeploySteps", ci_openapi_read(ctx, ci_deploy_steps_schema));
}

/* Provision states, and the verbs with their versions. */
static void add_states(json_t *schemas)
{
    json_t *states = json_array(), *verbs = json_array();

#define STATE(name, text, target, flags) json_array_append_new(states, json_string(text));
#include "objects/states.def"
#define VERB(text, event, since)                                                                   \
    json_array_append_new(verbs, json_pack("{s:s, s:o}", "const", text, "x-openstack",             \
                                           ci_openapi_versions(since, 0)));
#include "objects/states.def"
    json_object_set_new(schemas, "ProvisionState", json_pack("{s:o}", "enum", states));
    json_object_set_new(schemas, "ProvisionVerb", json_pack("{s:o}", "oneOf", verbs));
}

static void add_node_states(struct ci_ctx *ctx, json_t *schemas)
{
    json_t *properties = json_object();

    for (size_t i = 0; ci_node_states_fields[i]; i++) {
        int n = ci_field_find(&ci_node_type, ci_node_states_fields[i]);

        json_object_set_new(properties, ci_node_states_fields[i],
                            field_schema(ctx, &ci_node_type.fields[n]));
    }
    json_object_set_new(schemas, "NodeStates",
                        json_pack("{s:s, s:o}", "type", "object", "properties", properties));
}

/* What drivers show of each kind of interface, and what /v1 links to. */
static void add_listed(struct ci_ctx *ctx, json_t *schemas)
{
    json_t *driver = properties_of(schemas, "Driver"), *root = properties_of(schemas, "V1");

    for (const struct ci_since *kind = ci_driver_interfaces; kind->name; kind++) {
        add(driver, ctx, ci_printf(ctx->mem, "default_%s_interface", kind->name), "",
            json_pack("{s:[s, s], s:o}", "type", "string", "null", "x-openstack",
                      ci_openapi_versions(kind->since, 0)));
        add(driver, ctx, ci_printf(ctx->mem, "enabled_%s_interfaces", kind->name), "",
            json_pack("{s:s, s:{s:s}, s:o}", "type", "array", "items", "type", "string",
                      "x-openstack", ci_openapi_versions(kind->since, 0)));
    }
    for (const struct ci_since *resource = ci_root_resources; resource->name; resource++) {
        json_t *schema = ci_openapi_ref(
            ctx, "schemas", strcmp(resource->name, "version") == 0 ? "Version" : "Links");

        json_object_set_new(schema, "x-openstack", ci_openapi_versions(resource->since, 0));
        json_object_set_new(root, resource->name, schema);
    }
}

json_t *ci_openapi_schemas(struct ci_ctx *ctx)
{
    json_t *schemas = json_object(), *schema;

    add_resources(ctx, schemas);
    add_node_states(ctx, schemas);
    add_bodies(ctx, schemas);
    add_states(schemas);
#define SCHEMA(name, meaning, ...)                                                                 \
    schema = json_pack("{s:s}", "description", meaning);                                           \
    json_object_update_new(schema, ci_openapi_read(ctx, #__VA_ARGS__));                            \
    json_object_set_new(schemas, #name, schema);
#include "tools/schemas.def"
#undef SCHEMA
    add_listed(ctx, schemas);
    return schemas;
}
