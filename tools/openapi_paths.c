/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paths of the contract: every row of api/routes.def with what operations.def says of it.
 *
 * Routes whose paths differ in the names of their {parameters} alone are one path, by the names of
 * the first.
 */
#include <ctype.h>
#include <string.h>

#include "api/v1/handlers.h"
#include "base/error.h"
#include "tools/openapi.h"

/* A row of routes.def with the names of its handler and of its parameters. */
static const struct route {
    struct ci_route row;
    const char *handler, *list;
} routes[] = {
#define WAITS CI_ROUTE_WAITS
#define PUBLIC CI_ROUTE_PUBLIC
#define BELOW_406 CI_ROUTE_BELOW_406
#define BELOW_405 CI_ROUTE_BELOW_405
#define BELOW_ROUTER CI_ROUTE_BELOW_ROUTER
#define BELOW_TEXT CI_ROUTE_BELOW_TEXT
#define BELOW_NAMED CI_ROUTE_BELOW_NAMED
#define LEAF CI_ROUTE_LEAF
#define BODY_PROVISION CI_ROUTE_BODY_PROVISION
#define BODY_INSPECTION CI_ROUTE_BODY_INSPECTION
#define BODY_FIRST CI_ROUTE_BODY_FIRST
#define AT_FIRST CI_ROUTE_AT_FIRST
#define ROUTE(method, path, since, policy, handler, status, params, body, flags)                   \
    {{#method, path, since, policy, NULL, status, ci_params_##params, CI_BODY_##body, flags},      \
     #handler,                                                                                     \
     #params},
#include "api/routes.def"
#undef ROUTE
};
#define ROUTES (sizeof routes / sizeof routes[0])

static const struct operation {
    const char *handler, *body, *answer, *meaning;
} operations[] = {
#define OPERATION(handler, body, answer, meaning) {#handler, #body, #answer, meaning},
#include "tools/operations.def"
};
#define OPERATIONS (sizeof operations / sizeof operations[0])

static const struct also {
    const char *handler;
    int status;
    const char *meaning;
} also[] = {
#define ALSO(handler, status, meaning) {#handler, status, meaning},
#include "tools/operations.def"
};

static const struct tag {
    const char *name, *meaning;
} known_tags[] = {
#define TAG(name, meaning) {#name, meaning},
#include "tools/operations.def"
};

static const char *const refusals[] = {
#define REFUSAL(handler) #handler,
#include "tools/operations.def"
    NULL,
};

static const struct parameter {
    const char *list, *name, *meaning, *schema;
} parameters[] = {
#define PARAM(list, name, meaning, ...) {#list, #name, meaning, #__VA_ARGS__},
#include "tools/operations.def"
};
#define PARAMETERS (sizeof parameters / sizeof parameters[0])

/* What was of use: rows that nothing asks for are mistakes. */
static bool used_operation[OPERATIONS], used_parameter[PARAMETERS];

/* "/" answers every method alike. */
static const char *method_of(const struct route *route)
{
    return strcmp(route->row.method, "ANY") == 0 ? "GET" : route->row.method;
}

static bool is_some(const char *component)
{
    return component[0] && strcmp(component, "NONE") != 0;
}

static const struct operation *operation_of(const struct route *route)
{
    for (size_t i = 0; i < OPERATIONS; i++) {
        if (strcmp(operations[i].handler, route->handler) != 0)
            continue;
        used_operation[i] = true;
        return &operations[i];
    }
    return NULL;
}

static const struct parameter *parameter_of(const char *list, const char *name)
{
    for (size_t i = 0; i < PARAMETERS; i++) {
        if (strcmp(parameters[i].list, list) != 0 || strcmp(parameters[i].name, name) != 0)
            continue;
        used_parameter[i] = true;
        return &parameters[i];
    }
    return strcmp(list, "any") == 0 || strcmp(list, "path") == 0 ? NULL : parameter_of("any", name);
}

/* The resource that the operation lists or shows. */
static const struct ci_openapi_resource *resource_of(const struct operation *operation)
{
    for (const struct ci_openapi_resource *r = ci_openapi_resources; r->name; r++) {
        size_t n = strlen(r->name);

        if (strncmp(operation->answer, r->name, n) == 0 &&
            (!operation->answer[n] || strcmp(operation->answer + n, "List") == 0))
            return r;
    }
    return NULL;
}

static const char *kind_schema(enum ci_param_kind kind, bool body)
{
    switch (kind) {
    case CI_PARAM_STRING:
    case CI_PARAM_NAME:
    case CI_PARAM_UUID_OR_NAME:
    case CI_PARAM_MAC:
        return "{\"type\": \"string\"}";
    case CI_PARAM_BOOL:
        return body ? "{\"type\": [\"boolean\", \"string\", \"null\"]}" : "{\"type\": \"boolean\"}";
    case CI_PARAM_INT:
        return "{\"type\": \"integer\"}";
    case CI_PARAM_UUID:
        return "{\"type\": \"string\", \"format\": \"uuid\"}";
    case CI_PARAM_LIST:
        return "{\"type\": \"array\", \"items\": {\"type\": \"string\"}}";
    case CI_PARAM_JSON:
        return "{}";
    }
    return "{}";
}

/* sort_key and fields take the names that the resource has. */
static json_t *names_schema(struct ci_ctx *ctx, const struct ci_param *param,
                            const struct ci_openapi_resource *resource)
{
    if (resource && strcmp(param->name, "sort_key") == 0)
        return ci_openapi_ref(ctx, "schemas", ci_printf(ctx->mem, "%sSortKey", resource->name));
    if (resource && strcmp(param->name, "fields") == 0)
        return json_pack(
            "{s:s, s:o}", "type", "array", "items",
            ci_openapi_ref(ctx, "schemas", ci_printf(ctx->mem, "%sField", resource->name)));
    return NULL;
}

static json_t *param_schema(struct ci_ctx *ctx, const struct route *route,
                            const struct operation *operation, const struct ci_param *param)
{
    const struct parameter *row = parameter_of(route->list, param->name);
    json_t *schema = names_schema(ctx, param, resource_of(operation));

    if (schema)
        return schema;
    return ci_openapi_read(ctx, row && row->schema[0]
                                    ? row->schema
                                    : kind_schema(param->kind, route->row.body == CI_BODY_ARGS));
}

/* What its row says, or the field of that name: filters compare with it. */
static const char *meaning_of(struct ci_ctx *ctx, const struct route *route,
                              const struct operation *operation, const char *name)
{
    const struct parameter *row = parameter_of(route->list, name);
    const struct ci_openapi_resource *resource = resource_of(operation);
    int n = resource ? ci_field_find(resource->view->type, name) : -1;

    if (row)
        return row->meaning;
    if (n >= 0)
        return ci_printf(ctx->mem, "Filter. %s", resource->view->type->fields[n].meaning);
    ci_openapi_complain("no PARAM in tools/operations.def for", name);
    return "";
}

static json_t *query_param(struct ci_ctx *ctx, const struct route *route,
                           const struct operation *operation, const struct ci_param *param)
{
    json_t *object = json_pack("{s:s, s:s, s:s}", "name", param->name, "in", "query", "description",
                               meaning_of(ctx, route, operation, param->name));

    if (param->required)
        json_object_set_new(object, "required", json_true());
    if (param->kind == CI_PARAM_LIST)
        json_object_update_new(object, json_pack("{s:s, s:b}", "style", "form", "explode", 0));
    json_object_set_new(object, "schema", param_schema(ctx, route, operation, param));
    json_object_set_new(object, "x-openstack", ci_openapi_versions(param->since, 0));
    return object;
}

/* A verb's body: the parameters are its members. */
static json_t *args_schema(struct ci_ctx *ctx, const struct route *route,
                           const struct operation *operation)
{
    json_t *members = json_object(), *required = json_array();
    json_t *schema = json_pack("{s:s, s:o}", "type", "object", "properties", members);

    for (const struct ci_param *param = route->row.params; param->name; param++) {
        json_t *member = param_schema(ctx, route, operation, param);

        json_object_set_new(member, "description",
                            json_string(meaning_of(ctx, route, operation, param->name)));
        json_object_set_new(member, "x-openstack", ci_openapi_versions(param->since, 0));
        json_object_set_new(members, param->name, member);
        if (param->required)
            json_array_append_new(required, json_string(param->name));
    }
    if (json_array_size(required) > 0)
        json_object_set(schema, "required", required);
    json_decref(required);
    json_object_set_new(schema, "additionalProperties", json_false());
    return schema;
}

static json_t *content(json_t *schema)
{
    return json_pack("{s:{s:o}}", "application/json", "schema", schema);
}

static void add_body(struct ci_ctx *ctx, json_t *object, const struct route *route,
                     const struct operation *operation)
{
    bool args = route->row.body == CI_BODY_ARGS, required = !args;
    json_t *schema;

    if (!args && !is_some(operation->body))
        return;
    for (const struct ci_param *param = route->row.params; args && param->name; param++)
        required |= param->required;
    if (strcmp(operation->body, "Anything") == 0)
        required = false;
    schema =
        args ? args_schema(ctx, route, operation) : ci_openapi_ref(ctx, "schemas", operation->body);
    json_object_set_new(object, "requestBody",
                        json_pack("{s:b, s:o}", "required", required, "content", content(schema)));
}

static json_t *headers(struct ci_ctx *ctx, bool located)
{
    static const char *const always[] = {
        "X-OpenStack-Ironic-API-Version", "X-OpenStack-Ironic-API-Minimum-Version",
        "X-OpenStack-Ironic-API-Maximum-Version", "openstack-request-id", "x-openstack-request-id"};
    json_t *object = json_object();

    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        json_object_set_new(object, always[i], ci_openapi_ref(ctx, "headers", always[i]));
    if (located)
        json_object_set_new(object, "Location", ci_openapi_ref(ctx, "headers", "Location"));
    return object;
}

static void add_response(struct ci_ctx *ctx, json_t *responses, int status, const char *meaning,
                         const struct operation *operation)
{
    json_t *response = json_pack("{s:s, s:o}", "description", meaning, "headers",
                                 headers(ctx, status == 201 || status == 202));

    if (is_some(operation->answer))
        json_object_set_new(response, "content",
                            content(ci_openapi_ref(ctx, "schemas", operation->answer)));
    json_object_set_new(responses, ci_printf(ctx->mem, "%d", status), response);
}

static const char *success(const struct route *route, const struct operation *operation)
{
    if (route->row.status == 201)
        return "Created; this is how it looks.";
    if (route->row.status == 202)
        return "Accepted; the work goes on.";
    return is_some(operation->answer) ? "What was asked for." : "Done.";
}

/* Which errors there can be follows from what the route asks for. */
static json_t *responses_of(struct ci_ctx *ctx, const struct route *route,
                            const struct operation *operation)
{
    const char *method = method_of(route);
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    const struct {
        int status;
        bool there;
    } errors[] = {
        {400, true},
        {401, !(route->row.flags & CI_ROUTE_PUBLIC)},
        {403, route->row.policy},
        /* What is not there may be named in the path, in the query and in the body. */
        {404, strchr(route->row.path, '{') || route->row.params[0].name ||
                  route->row.body != CI_BODY_NONE || route->row.since > 1},
        {405, route->row.since > 1 && !reads},
        {406, true},
        {409, !reads},
        {413, route->row.body != CI_BODY_NONE},
        {500, true},
        {503, true},
    };
    json_t *responses = json_object();

    add_response(ctx, responses, route->row.status, success(route, operation), operation);
    for (size_t i = 0; i < sizeof also / sizeof also[0]; i++) {
        if (strcmp(also[i].handler, route->handler) == 0)
            add_response(ctx, responses, also[i].status, also[i].meaning, operation);
    }
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        const char *status = ci_printf(ctx->mem, "%d", errors[i].status);

        if (errors[i].there)
            json_object_set_new(
                responses, status,
                ci_openapi_ref(ctx, "responses", ci_printf(ctx->mem, "Error%s", status)));
    }
    return responses;
}

/* "get_v1_nodes_node_ident_states" */
static const char *id_of(struct ci_ctx *ctx, const struct route *route)
{
    struct ci_text *id = ci_text_new(ctx->mem, 1000);

    for (const char *c = method_of(route); *c; c++)
        ci_text_printf(id, "%c", tolower((unsigned char)*c));
    for (const char *c = route->row.path; *c; c++) {
        if (*c == '/' && c[1])
            ci_text_add(id, "_");
        else if (isalnum((unsigned char)*c) || *c == '_')
            ci_text_addn(id, c, 1);
    }
    return id->bytes;
}

/* "nodes" of "/v1/nodes/{node_ident}" */
static const char *tag_of(struct ci_ctx *ctx, const struct route *route)
{
    const char *path = route->row.path;

    if (strncmp(path, "/v1/", 4) != 0)
        return "versions";
    return ci_strndup(ctx->mem, path + 4, strcspn(path + 4, "/"));
}

static json_t *operation_object(struct ci_ctx *ctx, const struct route *route,
                                const struct operation *operation)
{
    json_t *query = json_array();
    json_t *object = json_pack("{s:s, s:s, s:[s], s:o}", "operationId", id_of(ctx, route),
                               "summary", operation->meaning, "tags", tag_of(ctx, route),
                               "x-openstack", ci_openapi_versions(route->row.since, 0));

    if (route->row.policy)
        json_object_set_new(object, "x-openstack-policy", json_string(route->row.policy));
    if (route->row.flags & CI_ROUTE_PUBLIC)
        json_object_set_new(object, "security", json_array());
    for (const struct ci_param *param = route->row.params;
         route->row.body != CI_BODY_ARGS && param->name; param++)
        json_array_append_new(query, query_param(ctx, route, operation, param));
    if (json_array_size(query) > 0)
        json_object_set(object, "parameters", query);
    json_decref(query);
    add_body(ctx, object, route, operation);
    json_object_set_new(object, "responses", responses_of(ctx, route, operation));
    return object;
}

/* Parameters that all operations of a path have: its own, and the version. */
static json_t *path_parameters(struct ci_ctx *ctx, const char *path, int since)
{
    json_t *list = json_array();

    for (const char *open = strchr(path, '{'); open; open = strchr(open + 1, '{')) {
        const char *name = ci_strndup(ctx->mem, open + 1, strcspn(open + 1, "}"));
        const struct parameter *row = parameter_of("path", name);

        if (!row) {
            ci_openapi_complain("no PARAM(path, …) in tools/operations.def for", name);
            continue;
        }
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b, s:o, s:o}", "name", name, "in",
                                              "path", "description", row->meaning, "required", 1,
                                              "schema", ci_openapi_read(ctx, row->schema),
                                              "x-openstack", ci_openapi_versions(since, 0)));
    }
    json_array_append_new(list, ci_openapi_ref(ctx, "parameters", "api_version"));
    json_array_append_new(list, ci_openapi_ref(ctx, "parameters", "request_id"));
    return list;
}

static bool is_same_path(const char *a, const char *b)
{
    for (; *a && *a == *b; a++, b++) {
        if (*a == '{') {
            a += strcspn(a, "}");
            b += strcspn(b, "}");
        }
    }
    return *a == *b;
}

/* The path's item, made when this route is its first. */
static json_t *item_of(struct ci_ctx *ctx, json_t *paths, const struct route *route)
{
    const char *path = route->row.path;
    const char *known;
    json_t *item;

    json_object_foreach(paths, known, item)
    {
        if (is_same_path(known, path))
            return item;
    }
    item = json_pack("{s:o}", "parameters", path_parameters(ctx, path, route->row.since));
    json_object_set_new(paths, path, item);
    return item;
}

static void add_route(struct ci_ctx *ctx, json_t *paths, json_t *tags, const struct route *route)
{
    const struct operation *operation = operation_of(route);
    json_t *item;

    if (ci_one_of(route->handler, refusals))
        return;
    if (!operation) {
        ci_openapi_complain("no OPERATION in tools/operations.def for", route->handler);
        return;
    }
    item = item_of(ctx, paths, route);
    json_object_set_new(item, ci_strndup(ctx->mem, id_of(ctx, route), strlen(method_of(route))),
                        operation_object(ctx, route, operation));
    json_object_set_new(tags, tag_of(ctx, route), json_true());
}

static void complain_of_unused(void)
{
    for (size_t i = 0; i < OPERATIONS; i++) {
        if (!used_operation[i])
            ci_openapi_complain("tools/operations.def has no route for", operations[i].handler);
    }
    for (size_t i = 0; i < PARAMETERS; i++) {
        if (!used_parameter[i])
            ci_openapi_complain("tools/operations.def has a PARAM that is in no list:",
                                parameters[i].name);
    }
}

/* The groups that the paths are in. */
static json_t *tags_of(const json_t *names)
{
    json_t *tags = json_array();

    for (size_t i = 0; i < sizeof known_tags / sizeof known_tags[0]; i++) {
        if (!json_object_get(names, known_tags[i].name))
            ci_openapi_complain("tools/operations.def has a TAG without paths:",
                                known_tags[i].name);
        json_array_append_new(tags, json_pack("{s:s, s:s}", "name", known_tags[i].name,
                                              "description", known_tags[i].meaning));
    }
    if (json_array_size(tags) < json_object_size(names))
        ci_openapi_complain("too few in tools/operations.def of", "TAG");
    return tags;
}

json_t *ci_openapi_paths(struct ci_ctx *ctx, json_t **ret_tags)
{
    json_t *paths = json_object(), *names = json_object();

    for (size_t i = 0; i < ROUTES; i++)
        add_route(ctx, paths, names, &routes[i]);
    complain_of_unused();
    *ret_tags = tags_of(names);
    json_decref(names);
    return paths;
}
