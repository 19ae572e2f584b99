/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/explain.h"

#include "tests/unit/conductor/bench.h"

enum { TEXT_MAX = 1 << 20 };

static json_t *facts_of(const struct ci_node *node)
{
    json_t *facts;

    ok(ci_explain_node(bench.ctx, node->name, &facts));
    return facts;
}

static const char *fact(const json_t *facts, const char *key)
{
    const char *value = json_string_value(json_object_get(facts, key));

    return value ? value : "null";
}

static const char *words_of(const json_t *facts)
{
    struct ci_text *text = ci_text_new(bench.ctx->mem, TEXT_MAX);

    ci_explain_words(text, facts);
    return text->bytes;
}

static void says(const struct ci_node *node, const char *words)
{
    const char *all = words_of(facts_of(node));

    ck_assert_msg(strstr(all, words), "\"%s\" is not in:\n%s", words, all);
}

START_TEST(every_state_has_a_meaning)
{
    static const char *const states[] = {
#define STATE(name, text, target, flags) text,
#include "objects/states.def"
    };
    struct ci_node *node;

    bench_start();
    node = bench_node("n", CI_STATE_ENROLL);
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        ci_node_set_provision_state(node, states[i]);
        ok(ci_node_save(bench.ctx, node));
        ck_assert_msg(json_object_get(facts_of(node), "meaning") &&
                          strcmp(fact(facts_of(node), "meaning"), "null") != 0,
                      "%s has no meaning", states[i]);
    }
    bench_stop();
}
END_TEST

START_TEST(a_free_node_shows_its_verbs_and_its_conductor)
{
    struct ci_node *node;
    json_t *facts;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    facts = facts_of(node);
    ck_assert_str_eq(fact(facts, "uuid"), node->uuid);
    ck_assert_str_eq(fact(json_object_get(facts, "served_by"), "conductor"), "testhost");
    ck_assert(json_is_null(json_object_get(facts, "held_by")));
    ck_assert(json_is_null(json_object_get(facts, "timeout")));
    ck_assert_uint_eq(json_array_size(json_object_get(facts, "verbs")), 3);
    says(node, "Lock: nobody holds it.");
    says(node, "Conductor: testhost answers for it.");
    says(node, "  manage    leads to \"manageable\"\n");
    refused(NodeNotFound, "none-such", ci_explain_node(bench.ctx, "none-such", &facts));
    bench_stop();
}
END_TEST

START_TEST(what_keeps_a_verb_from_being_taken_is_said)
{
    struct ci_node *node, *locked;

    bench_start();
    node = bench_node("n", CI_STATE_ACTIVE);
    ci_node_set_maintenance(node, 1);
    ci_node_set_maintenance_reason(node, "a fan is loose");
    ci_node_set_protected(node, 1);
    ok(ci_node_save(bench.ctx, node));
    says(node, "Maintenance: a fan is loose.");
    says(node, "rebuild   leads to \"deploying\", but is refused now: the node is in maintenance");
    says(node, "deleted   leads to \"deleting\", but is refused now: the node is protected");
    says(node, "rescue    leads to \"rescuing\"\n");
    ok(ci_node_reserve(bench.ctx, node->uuid, "gone", &locked));
    says(node, "Lock: conductor gone holds it, which is not alive");
    says(node, "rescue    leads to \"rescuing\", but is refused now: the node is locked");
    ok(ci_node_release(bench.ctx, node->id, "gone"));
    bench_stop();
}
END_TEST

START_TEST(a_step_its_agent_and_its_timeout_are_shown)
{
    struct ci_node *node;
    json_t *facts;

    bench_start();
    node = bench_node("n", CI_STATE_CLEANWAIT);
    ci_node_set_target_provision_state(node, CI_STATE_AVAILABLE);
    ci_node_set_provision_updated_at(node, INT64_C(1700000000) * 1000000);
    ci_node_set_clean_step(node, "{\"interface\": \"deploy\", \"step\": \"erase_devices\"}");
    ci_node_set_driver_internal_info(
        node, "{\"clean_steps\": [{}, {}, {}], \"clean_step_index\": 1, \"agent_url\": "
              "\"http://192.0.2.1:9999\", \"agent_version\": \"9.4\", \"agent_last_heartbeat\": "
              "\"2023-11-14T22:13:10\", \"agent_secret_token\": \"hush\"}");
    ok(ci_node_save(bench.ctx, node));
    facts = facts_of(node);
    ck_assert_str_eq(fact(json_object_get(facts, "timeout"), "option"), "clean_callback_timeout");
    ck_assert_str_eq(fact(json_object_get(facts, "timeout"), "at"), "2023-11-14T22:43:20+00:00");
    ck_assert_str_eq(fact(json_object_get(facts, "timeout"), "to"), "clean failed");
    says(node, "on the way to \"available\"");
    says(node, "Step: deploy.erase_devices, number 2 of 3 (clean step).");
    says(node, "Agent: at http://192.0.2.1:9999, version 9.4");
    ck_assert_ptr_null(strstr(words_of(facts), "hush"));
    ck_assert_ptr_null(strstr(ci_json_text(bench.ctx->mem, facts), "hush"));
    bench.config->conductor.clean_callback_timeout = 0;
    says(node, "Timeout: none will fire.");
    bench_stop();
}
END_TEST

START_TEST(a_node_without_a_driver_is_explained)
{
    struct ci_node *node;

    bench_start();
    node = bench_node("n", CI_STATE_ENROLL);
    ok(ci_db_run(bench.ctx, "UPDATE nodes SET driver = NULL", 0, NULL, NULL));
    says(node, "Conductor: none answers for it.");
    bench_stop();
}
END_TEST

START_TEST(what_others_wrote_does_not_command_the_terminal)
{
    struct ci_node *node;

    bench_start();
    node = bench_node("n", CI_STATE_ENROLL);
    ci_node_set_last_error(node, "a\x1b[2Jb\nPower: power on.");
    ok(ci_node_save(bench.ctx, node));
    says(node, "Last error: a\\x1b[2Jb\\nPower: power on.\n");
    ck_assert_ptr_null(strchr(words_of(facts_of(node)), '\x1b'));
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/explain", every_state_has_a_meaning, a_node_without_a_driver_is_explained,
          what_others_wrote_does_not_command_the_terminal,
          a_free_node_shows_its_verbs_and_its_conductor, what_keeps_a_verb_from_being_taken_is_said,
          a_step_its_agent_and_its_timeout_are_shown)
