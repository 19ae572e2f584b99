/* SPDX-License-Identifier: Apache-2.0 */
/* What all objects share: marks, copies, equality, and fields as text and JSON. */
#include "objects/object.h"

#include <string.h>

#include "base/json.h"
#include "objects/event_type.h"
#include "objects/node.h"
#include "objects/port.h"
#include "tests/unit/unit.h"

START_TEST(a_new_object_holds_nothing)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_node *node = ci_object_new(ctx->mem, &ci_node_type);

    for (size_t i = 0; i < ci_node_count; i++) {
        ck_assert(ci_field_is_null(node, &ci_node_type.fields[i]));
        ck_assert(!ci_fieldset_has(&node->object.set, i));
    }
    ck_assert(!ci_is_true(node->maintenance));
    ck_assert_int_eq(node->object.row_minor, ci_node_type.minor);
}
END_TEST

START_TEST(setters_mark_what_changed)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_node *node = ci_object_new(ctx->mem, &ci_node_type);

    ci_node_set_name(node, "one");
    ci_node_set_maintenance(node, 0);
    for (size_t i = 0; i < ci_node_count; i++) {
        bool is_ours = i == ci_node_name_n || i == ci_node_maintenance_n;

        ck_assert(ci_fieldset_has(&node->object.set, i) == is_ours);
        ck_assert(ci_fieldset_has(&node->object.changed, i) == is_ours);
    }
    ck_assert_int_eq(ci_field_find(&ci_node_type, "name"), ci_node_name_n);
    ck_assert_int_eq(ci_field_find(&ci_node_type, "version"), -1);
}
END_TEST

START_TEST(a_copy_shares_no_text)
{
    struct ci_ctx *ctx = unit_ctx();
    char name[] = "one";
    struct ci_node *node = ci_object_new(ctx->mem, &ci_node_type), *copy;

    ci_node_set_name(node, name);
    ci_node_set_id(node, 7);
    copy = ci_object_copy(ctx->mem, node);
    name[0] = 'x';
    ck_assert_str_eq(copy->name, "one");
    ck_assert_int_eq(copy->id, 7);
    ck_assert(ci_fieldset_has(&copy->object.changed, ci_node_name_n));
    ck_assert(!ci_field_equal(node, copy, &ci_node_type.fields[ci_node_name_n]));
    ck_assert(ci_field_equal(node, copy, &ci_node_type.fields[ci_node_id_n]));
}
END_TEST

START_TEST(json_columns_are_equal_when_their_values_are)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"{\"a\": 1, \"b\": [2]}", "{\"b\":[2],\"a\":1}", true},
        {"{\"a\": 1}", "{\"a\": 1.0}", true},
        {"{\"a\": 1}", "{\"a\": true}", true}, /* as in Python */
        {"{\"a\": 1}", "{\"a\": 2}", false},
        {NULL, "{}", true},
        {NULL, NULL, true},
        {NULL, "{\"a\": 1}", false},
        {"no json", "no json", true},
        {"no json", "{}", false},
    };
    const struct ci_field *extra = &ci_node_type.fields[ci_node_extra_n];
    struct ci_ctx *ctx = unit_ctx();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_node *x = ci_object_new(ctx->mem, &ci_node_type);
        struct ci_node *y = ci_object_new(ctx->mem, &ci_node_type);

        x->extra = cases[i].a;
        y->extra = cases[i].b;
        ck_assert_msg(ci_field_equal(x, y, extra) == cases[i].equal, "case %zu", i);
    }
}
END_TEST

START_TEST(database_text_goes_in_and_out)
{
    static const struct {
        size_t field;
        const char *in, *out;
    } cases[] = {
        {ci_node_id_n, "42", "42"},
        {ci_node_id_n, "-9223372036854775807", "-9223372036854775807"},
        {ci_node_id_n, NULL, NULL},
        {ci_node_maintenance_n, "t", "1"},
        {ci_node_maintenance_n, "f", "0"},
        {ci_node_maintenance_n, "1", "1"},
        {ci_node_maintenance_n, "0", "0"},
        {ci_node_automated_clean_n, NULL, NULL},
        {ci_node_created_at_n, "2026-01-02 03:04:05.678901", "2026-01-02 03:04:05.678901"},
        {ci_node_created_at_n, "2026-01-02 03:04:05.6", "2026-01-02 03:04:05.600000"},
        {ci_node_created_at_n, NULL, NULL},
        {ci_node_name_n, "", ""},
        {ci_node_name_n, NULL, NULL},
        {ci_node_extra_n, "{\"a\": 0.10}", "{\"a\": 0.10}"},
        {ci_node_extra_n, NULL, "{}"},
        {ci_node_extra_n, "", "{}"},
        {ci_node_extra_n, "null", "{}"},
        {ci_node_traits_n, NULL, "[]"},
    };
    struct ci_ctx *ctx = unit_ctx();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_node *node = ci_object_new(ctx->mem, &ci_node_type);

        ck_assert_msg(ci_field_from_db(ctx, node, cases[i].field, cases[i].in), "case %zu", i);
        ck_assert_pstr_eq(ci_field_to_db(ctx->mem, node, cases[i].field), cases[i].out);
        ck_assert(ci_fieldset_has(&node->object.set, cases[i].field));
        ck_assert(!ci_fieldset_has(&node->object.changed, cases[i].field));
    }
}
END_TEST

START_TEST(values_of_another_kind_are_refused)
{
    static const struct {
        size_t field;
        const char *json;
        const char *out; /* database text, or "!" when it is refused */
    } cases[] = {
        {ci_node_id_n, "3", "3"},
        {ci_node_id_n, "\"3\"", "3"},
        {ci_node_id_n, "3.5", "!"},
        {ci_node_id_n, "null", "!"},
        {ci_node_id_n, "-9223372036854775808", "!"},
        {ci_node_id_n, "9223372036854775808", "!"},
        {ci_node_chassis_id_n, "null", NULL},
        {ci_node_maintenance_n, "true", "1"},
        {ci_node_maintenance_n, "0", "0"},
        {ci_node_maintenance_n, "\"true\"", "!"},
        {ci_node_maintenance_n, "null", "!"},
        {ci_node_retired_n, "null", NULL},
        {ci_node_name_n, "\"one\"", "one"},
        {ci_node_name_n, "12", "12"},
        {ci_node_name_n, "12345678901234567890", "12345678901234567890"},
        {ci_node_name_n, "[]", "!"},
        {ci_node_name_n, "false", "!"},
        {ci_node_name_n, "\"a\\u0000b\"", "!"},
        {ci_node_created_at_n, "\"2026-01-02T03:04:05Z\"", "2026-01-02 03:04:05.000000"},
        {ci_node_created_at_n, "\"today\"", "!"},
        {ci_node_created_at_n, "5", "!"},
        {ci_node_extra_n, "{\"a\":[1,NaN]}", "{\"a\": [1, NaN]}"},
        {ci_node_extra_n, "[]", "!"},
        {ci_node_extra_n, "\"{}\"", "!"},
        {ci_node_extra_n, "null", "{}"},
        {ci_node_traits_n, "[\"A\"]", "[\"A\"]"},
        {ci_node_traits_n, "[1]", "!"},
        {ci_node_traits_n, "{}", "!"},
    };
    struct ci_ctx *ctx = unit_ctx();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_node *node = ci_object_new(ctx->mem, &ci_node_type);
        const char *out;
        json_t *value;
        bool taken;

        ck_assert(
            ci_json_read(ctx, cases[i].json, strlen(cases[i].json), &ci_json_trusted, &value));
        taken = ci_field_from_json(ctx, node, cases[i].field, value);
        out = taken ? ci_field_to_db(ctx->mem, node, cases[i].field) : "!";
        ck_assert_msg(ci_same(out, cases[i].out), "case %zu: %s", i, out ? out : "NULL");
        ck_assert(taken || ci_failed_with(ctx, CI_ERR_Invalid));
        ci_error_clear(ctx);
    }
}
END_TEST

START_TEST(what_older_versions_imply_is_set_and_seen)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_node *node = ci_object_new(ctx->mem, &ci_node_type);
    struct ci_port *port = ci_object_new(ctx->mem, &ci_port_type);
    const struct ci_field *node_fields = ci_node_type.fields;
    const struct ci_field *available =
        &ci_port_type.fields[ci_port_available_for_dynamic_portgroup_n];
    static const size_t fields[] = {ci_node_retired_n, ci_node_conductor_group_n,
                                    ci_node_network_data_n, ci_node_shard_n};

    node->retired = 1;
    node->conductor_group = "rack";
    node->network_data = "{\"a\": 1}";
    node->shard = "s";
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        ck_assert(!ci_field_is_older(node, &node_fields[fields[i]]));
        ci_field_set_older(node, &node_fields[fields[i]]);
        ck_assert(ci_field_is_older(node, &node_fields[fields[i]]));
    }
    ck_assert_int_eq(node->retired, 0);
    ck_assert_str_eq(node->conductor_group, "");
    ck_assert_ptr_null(node->network_data);
    ck_assert_ptr_null(node->shard);
    port->available_for_dynamic_portgroup = 0;
    ci_field_set_older(port, available);
    ck_assert_int_eq(port->available_for_dynamic_portgroup, 1);
}
END_TEST

START_TEST(a_field_may_be_named_object)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_event_type *type = ci_object_new(ctx->mem, &ci_event_type_type);

    ci_event_type_set_object(type, "node");
    ck_assert_str_eq(type->object, "node");
    ck_assert(ci_fieldset_has(&type->head.set, ci_event_type_object_n));
}
END_TEST

UNIT_MAIN("objects/object", a_new_object_holds_nothing, setters_mark_what_changed,
          a_copy_shares_no_text, json_columns_are_equal_when_their_values_are,
          database_text_goes_in_and_out, values_of_another_kind_are_refused,
          what_older_versions_imply_is_set_and_seen, a_field_may_be_named_object)
