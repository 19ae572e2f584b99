/* SPDX-License-Identifier: Apache-2.0 */
#include "api/patch.h"

#include "api/schema.h"
#include "objects/node.h"
#include "tests/unit/api/request.h"

static const char *const allowed[] = {"name",   "extra",   "owner", "chassis_uuid",
                                      "health", "retired", NULL};

static struct ci_patch_rules rules(void)
{
    static const struct ci_field_rule more[] = {
        {"chassis_uuid", "{\"type\": [\"string\", \"null\"]}"}, {0}};
    static const json_t *schema;

    if (!schema)
        schema = ci_schema_of_type(&ci_node_type, CI_PATCH, more, NULL);
    return (struct ci_patch_rules){.type = &ci_node_type, .allowed = allowed, .schema = schema};
}

static struct ci_request *patch(const char *body)
{
    struct ci_request *req = unit_request("PATCH", "/v1/nodes/x", NULL);

    req->json = unit_json(req->ctx, body);
    return req;
}

static const char *check(struct ci_request *req)
{
    struct ci_patch_rules r = rules();

    return ci_patch_check(req, &r) ? NULL : req->ctx->error->message;
}

#define OP(op, path, value) "[{\"op\": \"" op "\", \"path\": \"" path "\", \"value\": " value "}]"

START_TEST(patches_have_a_shape)
{
    static const struct {
        const char *body, *message;
    } cases[] = {
        {"[]", NULL},
        {OP("add", "/extra/a", "1"), NULL},
        {OP("add", "/extra/a-_9/b", "1"), NULL},
        {OP("add", "/extra/\xc3\xa4", "1"), NULL},
        {"[{\"op\": \"remove\", \"path\": \"/name\"}]", NULL},
        {"{}", "Schema error for patch: {} is not of type 'array'"},
        {"[5]", "Schema error for patch: 5 is not of type 'object'"},
        {"[{\"op\": \"add\"}]", "Schema error for patch: 'path' is a required property"},
        {"[{\"path\": \"/name\"}]", "Schema error for patch: 'op' is a required property"},
        {OP("move", "/name", "1"),
         "Schema error for patch: 'move' is not one of ['add', 'replace', 'remove']"},
        {OP("add", "name", "1"), "Schema error for patch: 'name' does not match '^(/[\\\\w-]+)+$'"},
        {OP("add", "", "1"), "Schema error for patch: '' does not match '^(/[\\\\w-]+)+$'"},
        {OP("add", "/", "1"), "Schema error for patch: '/' does not match '^(/[\\\\w-]+)+$'"},
        {OP("add", "/extra/a b", "1"),
         "Schema error for patch: '/extra/a b' does not match '^(/[\\\\w-]+)+$'"},
        {"[{\"op\": \"add\", \"path\": \"/name\", \"from\": 1}]",
         "Schema error for patch: Additional properties are not allowed ('from' was unexpected)"},
        {OP("add", "/name", "\"a\\u0000\""),
         "Schema error for patch: 'a\\x00' has characters that cannot be stored"},
        {OP("add", "/name", "\"\\ud800\""),
         "Schema error for patch: '\\ud800' has characters that cannot be stored"},
        {OP("add", "/extra/a", "\"a\\u0000\\ud800\""), NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *message = check(patch(cases[i].body));

        ck_assert_msg(ci_same(message, cases[i].message), "%s: %s", cases[i].body, message);
    }
}
END_TEST

START_TEST(only_some_fields_may_be_patched_and_the_message_has_them)
{
    struct ci_request *req = patch(OP("add", "/uuid", "\"x\""));

    ck_assert_str_eq(check(req), "Cannot patch /uuid. Only the following can be updated: name, "
                                 "extra, owner, chassis_uuid, health, retired");
    ck_assert_int_eq(req->ctx->error->status, 400);
    /* What the pinned release does not know is not among them. */
    req = patch(OP("add", "/health", "\"OK\""));
    unit_config->DEFAULT.pin_release_version = "21.4";
    req->version = 82;
    ck_assert_str_eq(check(req), "Cannot patch /health. Only the following can be updated: name, "
                                 "extra, owner, chassis_uuid, retired");
}
END_TEST

START_TEST(fields_newer_than_the_version_can_be_removed_but_not_set)
{
    struct ci_request *req = patch(OP("add", "/owner", "\"x\""));

    req->version = 49;
    ck_assert_str_eq(check(req), "Request not acceptable.");
    ck_assert_int_eq(req->ctx->error->status, 406);
    req = patch(OP("remove", "/owner", "1"));
    req->version = 49;
    ck_assert_ptr_null(check(req));
    req = patch(OP("add", "/owner", "\"x\""));
    req->version = 50;
    ck_assert_ptr_null(check(req));
}
END_TEST

START_TEST(what_a_patch_touches_and_sets_is_found)
{
    struct ci_request *req =
        patch("[{\"op\": \"add\", \"path\": \"/name\", \"value\": \"a\"}, {\"op\": \"replace\", "
              "\"path\": \"/name\", \"value\": \"b\"}, {\"op\": \"remove\", \"path\": "
              "\"/extra/a\"}]");

    ck_assert_str_eq(json_string_value(ci_patch_value(req, "/name")), "b");
    ck_assert_ptr_null(ci_patch_value(req, "/extra"));
    ck_assert(ci_patch_touches(req, "/extra"));
    ck_assert(ci_patch_touches(req, "/extra/a"));
    ck_assert(!ci_patch_touches(req, "/extra/a/b"));
    ck_assert(!ci_patch_touches(req, "/ext"));
    ck_assert(ci_patch_begins_with(req, "/name"));
    ck_assert(!ci_patch_begins_with(req, "/extra"));
}
END_TEST

static struct ci_node *node_of(struct ci_request *req)
{
    struct ci_node *node = ci_object_new(req->ctx->mem, &ci_node_type);

    ci_node_set_name(node, "old");
    ci_node_set_extra(node, "{\"a\": 1}");
    ci_node_set_protected(node, true);
    ci_node_set_maintenance(node, false);
    memset(&node->object.changed, 0, sizeof node->object.changed);
    return node;
}

START_TEST(a_patch_changes_what_it_says_and_marks_nothing_else)
{
    struct ci_patch_rules r = rules();
    struct ci_request *req =
        patch("[{\"op\": \"add\", \"path\": \"/extra/b\", \"value\": [2]}, "
              "{\"op\": \"replace\", \"path\": \"/name\", \"value\": \"old\"}, "
              "{\"op\": \"remove\", \"path\": \"/protected\"}]");
    struct ci_node *node = node_of(req);
    json_t *document;

    ck_assert(ci_patch_apply(req, &r, node, NULL, &document));
    ck_assert_msg(ci_patch_update(req, &r, node, document), "%s", req->ctx->error->message);
    ck_assert_str_eq(node->extra, "{\"a\": 1, \"b\": [2]}");
    ck_assert(ci_fieldset_has(&node->object.changed, ci_node_extra_n));
    ck_assert(!ci_fieldset_has(&node->object.changed, ci_node_name_n));
    /* What cannot be null goes back to its default. */
    ck_assert(!ci_is_true(node->protected));
    ck_assert(ci_fieldset_has(&node->object.changed, ci_node_protected_n));
}
END_TEST

START_TEST(a_patch_whose_outcome_does_not_fit_is_refused)
{
    static const struct {
        const char *body, *message;
    } cases[] = {
        {OP("add", "/name", "5"), "Schema error for patch: 5 is not of type 'string', 'null'"},
        {OP("replace", "/extra", "[]"),
         "Schema error for patch: [] is not of type 'object', 'null'"},
    };
    struct ci_patch_rules r = rules();
    json_t *document;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_request *req = patch(cases[i].body);

        ck_assert(!ci_patch_apply(req, &r, node_of(req), NULL, &document));
        ck_assert_str_eq(req->ctx->error->message, cases[i].message);
    }
    for (size_t i = 0; i < 2; i++) {
        struct ci_request *req =
            patch(i == 0 ? OP("remove", "/extra/nosuch", "1") : OP("add", "/extra/x/y", "1"));

        ck_assert(!ci_patch_apply(req, &r, node_of(req), NULL, &document));
        ck_assert_int_eq(req->ctx->error->status, 400);
    }
}
END_TEST

START_TEST(what_is_no_field_comes_from_the_caller)
{
    struct ci_patch_rules r = rules();
    struct ci_request *req = patch(OP("remove", "/chassis_uuid", "1"));
    json_t *document;

    ck_assert(ci_patch_apply(req, &r, node_of(req),
                             unit_json(req->ctx, "{\"chassis_uuid\": \"c\"}"), &document));
    ck_assert_ptr_null(json_object_get(document, "chassis_uuid"));
    req = patch("[]");
    ck_assert(ci_patch_apply(req, &r, node_of(req),
                             unit_json(req->ctx, "{\"chassis_uuid\": \"c\"}"), &document));
    ck_assert_str_eq(json_string_value(json_object_get(document, "chassis_uuid")), "c");
}
END_TEST

START_TEST(new_objects_are_filled_with_what_the_version_has)
{
    struct ci_request *req = unit_request("POST", "/v1/nodes", NULL);
    struct ci_node *node = ci_object_new(req->ctx->mem, &ci_node_type);

    req->version = 49;
    ck_assert(ci_create_fill(req, node,
                             unit_json(req->ctx, "{\"name\": \"n\", \"owner\": null, \"bogus\": 1, "
                                                 "\"maintenance\": null}")));
    ck_assert_str_eq(node->name, "n");
    ck_assert(ci_fieldset_has(&node->object.changed, ci_node_name_n));
    ck_assert(!ci_fieldset_has(&node->object.changed, ci_node_maintenance_n));
    ck_assert(!ci_create_fill(req, node, unit_json(req->ctx, "{\"owner\": \"x\"}")));
    ck_assert_int_eq(req->ctx->error->status, 406);
}
END_TEST

START_TEST(members_that_are_boolean_or_uuids_are_checked)
{
    static const char *const uuids[] = {"uuid", "instance_uuid", NULL};
    struct ci_request *req = unit_request("POST", "/v1/nodes", NULL);
    json_t *document = unit_json(
        req->ctx, "{\"retired\": \"Yes\", \"protected\": \"off\", \"maintenance\": true, "
                  "\"uuid\": \"11111111222243338444000000000001\", \"instance_uuid\": null}");

    ck_assert(ci_document_bools(req, document, &ci_node_type));
    ck_assert(json_is_true(json_object_get(document, "retired")));
    ck_assert(json_is_false(json_object_get(document, "protected")));
    ck_assert(ci_document_uuids(req, document, uuids));
    ck_assert(
        !ci_document_bools(req, unit_json(req->ctx, "{\"retired\": \"maybe\"}"), &ci_node_type));
    ci_error_clear(req->ctx);
    /* Python takes it, no column does. */
    ck_assert(!ci_document_uuids(
        req, unit_json(req->ctx, "{\"uuid\": \"urn:uuid:11111111-2222-4333-8444-000000000001\"}"),
        uuids));
    ci_error_clear(req->ctx);
    ck_assert(!ci_document_uuids(req, unit_json(req->ctx, "{\"instance_uuid\": \"zz\"}"), uuids));
    ck_assert_str_eq(req->ctx->error->message, "Expected UUID for instance_uuid: zz");
}
END_TEST

UNIT_MAIN("api/patch", patches_have_a_shape,
          only_some_fields_may_be_patched_and_the_message_has_them,
          fields_newer_than_the_version_can_be_removed_but_not_set,
          what_a_patch_touches_and_sets_is_found,
          a_patch_changes_what_it_says_and_marks_nothing_else,
          a_patch_whose_outcome_does_not_fit_is_refused, what_is_no_field_comes_from_the_caller,
          new_objects_are_filled_with_what_the_version_has,
          members_that_are_boolean_or_uuids_are_checked)
