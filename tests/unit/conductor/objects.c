/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/calls.h"

#include "objects/volume_target.h"
#include "tests/unit/conductor/bench.h"

static const char *text(const json_t *answer)
{
    return answer ? ci_json_text(bench.ctx->mem, answer) : "null";
}

static json_t *member(json_t *object, const char *name)
{
    return json_object_get(json_object_get(object, "ironic_object.data"), name);
}

static struct ci_node *begin(void)
{
    static const char *const traits[] = {"CUSTOM_A", NULL};
    struct ci_node *node;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ok(ci_node_set_traits_rows(bench.ctx, node, traits));
    ok(ci_node_load(bench.ctx, node->uuid, &node));
    ok(ci_node_load_traits(bench.ctx, node));
    return node;
}

static bool backport(const void *object, json_t *versions, json_t **ret_answer)
{
    json_t *message;

    ok(ci_wire_write_at(bench.ctx, object, ((const struct ci_object *)object)->type->minor,
                        &message));
    return ci_rpc_any(bench.ctx, CI_RPC_object_backport_versions,
                      json_pack("{s:O, s:o}", "objinst", message, "object_versions", versions),
                      ret_answer);
}

static bool action(const void *object, const char *method, json_t **ret_answer)
{
    return ci_rpc_any(bench.ctx, CI_RPC_object_action,
                      json_pack("{s:o, s:s, s:[], s:{}}", "objinst", bench_message(object),
                                "objmethod", method, "args", "kwargs"),
                      ret_answer);
}

static bool class_action(const char *name, const char *method, const char *arg, json_t *versions,
                         json_t **ret_answer)
{
    return ci_rpc_any(bench.ctx, CI_RPC_object_class_action_versions,
                      json_pack("{s:s, s:s, s:[s], s:{}, s:o}", "objname", name, "objmethod",
                                method, "args", arg, "kwargs", "object_versions", versions),
                      ret_answer);
}

START_TEST(an_object_is_told_at_the_versions_that_are_asked_for)
{
    struct ci_node *node = begin();
    json_t *answer, *traits;

    ok(backport(node,
                json_pack("{s:s, s:s, s:s}", "Node", "1.36", "TraitList", "1.0", "Trait", "1.0"),
                &answer));
    ck_assert_str_eq(text(json_object_get(answer, "ironic_object.version")), "\"1.36\"");
    ck_assert_ptr_nonnull(member(answer, "boot_mode"));
    ck_assert_ptr_null(member(answer, "shard"));
    ck_assert_ptr_null(member(answer, "parent_node"));
    ck_assert_ptr_null(json_object_get(answer, "ironic_object.changes"));
    traits = member(answer, "traits");
    ck_assert_str_eq(text(json_object_get(traits, "ironic_object.version")), "\"1.0\"");
    ck_assert_str_eq(text(member(json_array_get(member(traits, "objects"), 0), "trait")),
                     "\"CUSTOM_A\"");
    bench_stop();
}
END_TEST

START_TEST(objects_within_are_told_at_theirs)
{
    struct ci_node *node = begin();
    json_t *answer, *traits;

    ok(backport(node,
                json_pack("{s:s, s:s, s:s}", "Node", "1.37", "TraitList", "1.1", "Trait", "1.1"),
                &answer));
    traits = member(answer, "traits");
    ck_assert_str_eq(text(json_object_get(traits, "ironic_object.version")), "\"1.1\"");
    ck_assert_str_eq(text(json_object_get(json_array_get(member(traits, "objects"), 0),
                                          "ironic_object.version")),
                     "\"1.1\"");
    bench_stop();
}
END_TEST

START_TEST(a_version_that_is_not_ours_or_not_named_is_refused)
{
    struct ci_node *node = begin();
    json_t *answer;

    refused(InvalidTargetVersion, "Invalid target version 1.999",
            backport(node, json_pack("{s:s}", "Node", "1.999"), &answer));
    refused(KeyError, "'Node'", backport(node, json_object(), &answer));
    bench_stop();
}
END_TEST

START_TEST(methods_of_classes_find_objects)
{
    struct ci_node *node = begin();
    json_t *answer;

    ok(class_action(
        "Node", "get_by_uuid", node->uuid,
        json_pack("{s:s, s:s, s:s}", "Node", "1.37", "Trait", "1.0", "TraitList", "1.0"), &answer));
    ck_assert_str_eq(json_string_value(member(answer, "uuid")), node->uuid);
    ck_assert_str_eq(text(json_object_get(answer, "ironic_object.version")), "\"1.37\"");
    ok(class_action("Node", "get_by_name", "n", json_pack("{s:s}", "Node", "1.37"), &answer));
    refused(NodeNotFound, "Node m could not be found.",
            class_action("Node", "get_by_name", "m", json_pack("{s:s}", "Node", "1.37"), &answer));
    refused(UnsupportedObjectError, "Unsupported object type Nope",
            class_action("Nope", "get_by_uuid", "m", json_pack("{s:s}", "Nope", "1.0"), &answer));
    refused(AttributeError, "type object 'Node' has no attribute 'get_by_magic'",
            class_action("Node", "get_by_magic", "m", json_pack("{s:s}", "Node", "1.37"), &answer));
    refused(TypeError, "takes a number",
            class_action("Node", "get_by_id", "m", json_pack("{s:s}", "Node", "1.37"), &answer));
    bench_stop();
}
END_TEST

START_TEST(methods_of_objects_answer_what_they_changed)
{
    struct ci_node *node = begin();
    struct ci_volume_target *target = ci_object_new(bench.ctx->mem, &ci_volume_target_type);
    json_t *answer;

    ci_volume_target_set_node_id(target, node->id);
    ci_volume_target_set_uuid(target, ci_uuid_new(bench.ctx->mem));
    ci_volume_target_set_boot_index(target, 0);
    ci_volume_target_set_volume_id(target, "v");
    ci_volume_target_set_volume_type(target, "iscsi");
    ok(action(target, "create", &answer));
    ck_assert_ptr_nonnull(json_object_get(json_array_get(answer, 0), "id"));
    ck_assert_str_eq(text(json_object_get(json_array_get(answer, 0), "obj_what_changed")), "[]");
    ok(ci_volume_target_load(bench.ctx, target->uuid, &target));
    ci_volume_target_set_volume_id(target, "w");
    ok(action(target, "save", &answer));
    ck_assert_ptr_null(json_object_get(json_array_get(answer, 0), "volume_id"));
    ci_volume_target_set_volume_id(target, "x");
    ok(action(target, "refresh", &answer));
    ck_assert_str_eq(text(json_object_get(json_array_get(answer, 0), "volume_id")), "\"w\"");
    refused(AttributeError, "'VolumeTarget' object has no attribute 'explode'",
            action(target, "explode", &answer));
    ok(action(target, "destroy", &answer));
    refused(VolumeTargetNotFound, target->uuid, action(target, "refresh", &answer));
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/objects", an_object_is_told_at_the_versions_that_are_asked_for,
          objects_within_are_told_at_theirs, a_version_that_is_not_ours_or_not_named_is_refused,
          methods_of_classes_find_objects, methods_of_objects_answer_what_they_changed)
