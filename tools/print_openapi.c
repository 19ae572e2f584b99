/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints openapi/baremetal.yaml, the contract of the REST API (OpenAPI 3.1), from the tables of
 * routes, parameters, fields, microversions and errors.
 *
 * x-openstack says of each operation, parameter and member which microversions have it: from
 * min-ver to max-ver, or to the newest where there is no max-ver.
 */
#include <stdio.h>
#include <string.h>

#include "api/fault.h"
#include "api/version.h"
#include "base/config.h"
#include "tools/openapi.h"
#include "tools/yaml.h"

enum { CONTRACT_MAX_BYTES = 1 << 24 };

static const struct {
    int minor;
    const char *name, *meaning;
} versions[] = {
#define MICROVERSION(minor, name, meaning) {minor, #name, meaning},
#include "api/microversions.def"
#undef MICROVERSION
};
#define VERSIONS (sizeof versions / sizeof versions[0])

/* Headers of answers. */
static const struct {
    const char *name, *meaning;
} headers[] = {
    {"X-OpenStack-Ironic-API-Version", "The microversion of this answer."},
    {"X-OpenStack-Ironic-API-Minimum-Version", "The lowest microversion that is served."},
    {"X-OpenStack-Ironic-API-Maximum-Version", "The highest microversion that is served."},
    {"openstack-request-id", "Names the request in the logs."},
    {"x-openstack-request-id", "The same by its newer name."},
    {"Location", "Where what was made, or the way of the work, can be seen; not always there."},
    {"Allow", "The methods that the path has."},
    {"Retry-After", "Seconds after which it is worth trying again."},
};

static int complaints;

void ci_openapi_complain(const char *what, const char *name)
{
    fprintf(stderr, "print_openapi: %s %s\n", what, name);
    complaints++;
}

int ci_openapi_complaints(void)
{
    return complaints;
}

json_t *ci_openapi_ref(struct ci_ctx *ctx, const char *kind, const char *name)
{
    return json_pack("{s:s}", "$ref", ci_printf(ctx->mem, "#/components/%s/%s", kind, name));
}

json_t *ci_openapi_versions(int min, int max)
{
    json_t *object = json_pack("{s:s}", "min-ver", ci_version_text(min));

    if (max > 0)
        json_object_set_new(object, "max-ver", json_string(ci_version_text(max)));
    return object;
}

/* Names of versions become numbers. */
static void resolve(json_t *value)
{
    const char *name = json_string_value(json_object_get(value, "min-ver")), *key;
    json_t *member;

    for (size_t i = 0; name && i < VERSIONS; i++) {
        if (strcmp(versions[i].name, name) == 0) {
            json_object_set_new(value, "min-ver", json_string(ci_version_text(versions[i].minor)));
            return;
        }
    }
    if (name)
        ci_openapi_complain("no microversion is named", name);
    json_object_foreach(value, key, member) resolve(member);
}

json_t *ci_openapi_read(struct ci_ctx *ctx, const char *text)
{
    json_t *value;

    if (!ci_json_read(ctx, text, strlen(text), &ci_json_trusted, &value)) {
        ci_openapi_complain(ci_error_take(ctx), text);
        return json_object();
    }
    resolve(value);
    return json_incref(value);
}

static json_t *info(struct ci_ctx *ctx)
{
    return json_pack(
        "{s:s, s:s, s:s, s:{s:s, s:s}}", "title", "OpenStack Bare Metal service", "description",
        "Printed from the tables of castiron by tools/print_openapi.c: change those, not this.",
        "version", ci_version_text(ci_version_max(ctx)), "license", "name", "Apache-2.0",
        "identifier", "Apache-2.0");
}

static json_t *servers(void)
{
    return json_pack("[{s:s, s:s, s:{s:{s:s}}}]", "url", "{endpoint}", "description",
                     "What the service catalogue names.", "variables", "endpoint", "default",
                     "http://127.0.0.1:6385");
}

/* All microversions: what x-openstack counts in. */
static json_t *microversions(struct ci_ctx *ctx)
{
    json_t *list = json_array();

    for (size_t i = 0; i < VERSIONS; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s}", "version", ci_version_text(versions[i].minor),
                                        "meaning", versions[i].meaning));
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "service", "baremetal", "header",
                     "X-OpenStack-Ironic-API-Version", "min-ver", ci_version_text(CI_API_MIN),
                     "max-ver", ci_version_text(ci_version_max(ctx)), "versions", list);
}

static json_t *parameters(void)
{
    return json_pack(
        "{s:{s:s, s:s, s:s, s:{s:s, s:s, s:s}}, s:{s:s, s:s, s:s, s:{s:s, s:s}}}", "api_version",
        "name", "X-OpenStack-Ironic-API-Version", "in", "header", "description",
        "The microversion that the client wants; OpenStack-API-Version: baremetal 1.N does the "
        "same.",
        "schema", "type", "string", "pattern", "^(1\\.[0-9]+|latest)$", "default",
        ci_version_text(CI_API_MIN), "request_id", "name", "X-OpenStack-Request-Id", "in", "header",
        "description", "The caller's own name of the request; it is logged.", "schema", "type",
        "string", "pattern", "^req-[0-9a-f-]{36}$");
}

static json_t *header_objects(void)
{
    json_t *object = json_object();

    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        json_object_set_new(object, headers[i].name,
                            json_pack("{s:s, s:{s:s}}", "description", headers[i].meaning, "schema",
                                      "type", "string"));
    return object;
}

/* Forms of errors that some statuses have beside that of the controllers. */
static const struct {
    int status;
    const char *schema;
} error_forms[] = {
    {400, "Refusal"}, {400, "Unauthorized"}, {401, "Unauthorized"},
    {413, "Refusal"}, {503, "Refusal"},      {503, "KeystoneAway"},
};

static json_t *error_schema(struct ci_ctx *ctx, int status)
{
    json_t *forms = json_pack("[o]", ci_openapi_ref(ctx, "schemas", "Error"));

    for (size_t i = 0; i < sizeof error_forms / sizeof error_forms[0]; i++) {
        if (error_forms[i].status == status)
            json_array_append_new(forms, ci_openapi_ref(ctx, "schemas", error_forms[i].schema));
    }
    if (json_array_size(forms) > 1)
        return json_pack("{s:o}", "anyOf", forms);
    json_decref(forms);
    return ci_openapi_ref(ctx, "schemas", "Error");
}

/*
 * One for each status that a row of errors.def has, with the messages by the names of the rows.
 * Those of 500 are what went wrong inside, of no use to a client.
 */
static json_t *error_response(struct ci_ctx *ctx, int status)
{
    json_t *messages = json_object(), *response, *answer = json_object();

    for (int class = 0; status != 500 && class < CI_ERR_COUNT; class ++) {
        const struct ci_error_kind *kind = ci_error_kind((enum ci_error_class) class);

        if (kind->status == status)
            json_object_set_new(messages, kind->name, json_string(kind->format));
    }
    if (status == 405)
        json_object_set_new(answer, "Allow", ci_openapi_ref(ctx, "headers", "Allow"));
    if (status == 503)
        json_object_set_new(answer, "Retry-After", ci_openapi_ref(ctx, "headers", "Retry-After"));
    json_object_set_new(answer, "openstack-request-id",
                        ci_openapi_ref(ctx, "headers", "openstack-request-id"));
    response =
        json_pack("{s:s, s:o, s:{s:{s:o}}}", "description", ci_fault_reason(status), "headers",
                  answer, "content", "application/json", "schema", error_schema(ctx, status));
    if (json_object_size(messages) > 0)
        json_object_set(response, "x-openstack-errors", messages);
    json_decref(messages);
    return response;
}

static json_t *responses(struct ci_ctx *ctx)
{
    json_t *object = json_object();

    for (int status = 400; status < 600; status++) {
        for (int class = 0; class < CI_ERR_COUNT; class ++) {
            if (ci_error_kind((enum ci_error_class) class)->status != status)
                continue;
            json_object_set_new(object, ci_printf(ctx->mem, "Error%d", status),
                                error_response(ctx, status));
            break;
        }
    }
    return object;
}

static json_t *security_schemes(void)
{
    return json_pack("{s:{s:s, s:s, s:s, s:s}, s:{s:s, s:s, s:s}}", "keystone", "type", "apiKey",
                     "in", "header", "name", "X-Auth-Token", "description",
                     "A token of Keystone, where [DEFAULT]auth_strategy is keystone.", "basic",
                     "type", "http", "scheme", "basic", "description",
                     "A user and a password, where [DEFAULT]auth_strategy is http_basic.");
}

static json_t *contract(struct ci_ctx *ctx)
{
    json_t *tags, *paths = ci_openapi_paths(ctx, &tags);

    /* The last of `security` is nobody: where auth_strategy is noauth. */
    return json_pack("{s:s, s:o, s:o, s:[{s:[]}, {s:[]}, {}], s:o, s:o, s:o, "
                     "s:{s:o, s:o, s:o, s:o, s:o}}",
                     "openapi", "3.1.0", "info", info(ctx), "servers", servers(), "security",
                     "keystone", "basic", "tags", tags, "x-openstack", microversions(ctx), "paths",
                     paths, "components", "parameters", parameters(), "headers", header_objects(),
                     "responses", responses(ctx), "securitySchemes", security_schemes(), "schemas",
                     ci_openapi_schemas(ctx));
}

int main(void)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct ci_text *text = ci_text_new(ctx.mem, CONTRACT_MAX_BYTES);
    json_t *document;

    document = contract(&ctx);
    ci_yaml_print(text, document);
    json_decref(document);
    if (ci_openapi_complaints() > 0 || fputs(text->bytes, stdout) == EOF || fflush(stdout) != 0)
        return 1;
    ci_arena_free(ctx.mem);
    return 0;
}
