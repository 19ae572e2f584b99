/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/inspection_rules.h"

#include "conductor/rule.h"
#include "objects/inspection_rule.h"
#include "objects/port.h"
#include "tests/unit/conductor/bench.h"

static const char inventory_text[] =
    "{\"cpu\": {\"count\": 8, \"architecture\": \"x86_64\", \"flags\": [\"vmx\", \"aes\"]}, "
    "\"memory\": {\"physical_mb\": 2048}, \"bmc_address\": \"192.0.2.1\", \"empty\": \"\", "
    "\"bmc_password\": \"hush\", \"system\": {\"vendor\": \"Dell Inc\", \"password\": \"hush\"}, "
    "\"yes\": true, \"none\": null, \"nested\": {\"list\": [{\"a\": \"first\"}]}}";

static struct ci_node *node;
static json_t *plugin_data;

static json_t *parse(const char *text)
{
    json_t *value;

    ok(ci_json_read(bench.ctx, text, strlen(text), &ci_json_trusted, &value));
    return value;
}

static void add_rule(const char *conditions, const char *actions, int64_t priority)
{
    struct ci_inspection_rule *rule = ci_object_new(bench.ctx->mem, &ci_inspection_rule_type);

    ci_inspection_rule_set_conditions(rule, conditions);
    ci_inspection_rule_set_actions(rule, actions);
    ci_inspection_rule_set_priority(rule, priority);
    ok(ci_inspection_rule_create(bench.ctx, rule));
}

/* Runs the rules that there are on the node, and forgets them. */
static bool run_rules(void)
{
    struct ci_task *task;
    bool done;

    ok(ci_task_take(bench.conductor, bench.ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    done = ci_inspection_rules_run(task, parse(inventory_text), plugin_data);
    ci_task_release(task);
    if (done)
        ok(ci_db_run(bench.ctx, "DELETE FROM inspection_rules", 0, NULL, NULL));
    return done;
}

static void start(void)
{
    bench_start();
    node = bench_node("n", CI_STATE_INSPECTING);
    plugin_data = parse("{\"found\": {\"disks\": 2, \"auth_token\": \"hush\"}}");
}

static void forget_rules(void)
{
    ok(ci_db_run(bench.ctx, "DELETE FROM inspection_rules", 0, NULL, NULL));
}

/* Conditions and whether they hold. */
static const struct asked {
    const char *condition;
    bool holds;
} asked[] = {
    {"\"op\": \"eq\", \"args\": {\"values\": [\"{inventory[cpu][count]}\", \"8\"]}", true},
    {"\"op\": \"eq\", \"args\": {\"values\": [\"{inventory[cpu][count]}\", 8]}", false},
    {"\"op\": \"eq\", \"args\": [[1, 1.0, true]]", true},
    {"\"op\": \"!eq\", \"args\": {\"values\": [\"a\", \"b\"]}", true},
    {"\"op\": \"eq\", \"args\": {\"values\": [8, \"8\"], \"force_strings\": true}", true},
    {"\"op\": \"eq\", \"args\": {\"values\": [\"x\"]}", true},
    {"\"op\": \"lt\", \"args\": {\"values\": [1, 2, 3]}", true},
    {"\"op\": \"lt\", \"args\": {\"values\": [\"10\", \"9\"]}", true},
    {"\"op\": \"gt\", \"args\": {\"values\": [3, 2, 2]}", false},
    {"\"op\": \"is-empty\", \"args\": {\"value\": \"{inventory[empty]}\"}", true},
    {"\"op\": \"is-empty\", \"args\": {\"value\": \"{inventory[no such]}\"}", true},
    {"\"op\": \"is-empty\", \"args\": {\"value\": \"{inventory[none]}\"}", true},
    {"\"op\": \"is-empty\", \"args\": {\"value\": \"{inventory[cpu]}\"}", false},
    {"\"op\": \"is-none\", \"args\": {\"value\": \"{inventory[none]}\"}", false},
    {"\"op\": \"is-none\", \"args\": {\"value\": null}", true},
    {"\"op\": \"is-true\", \"args\": {\"value\": \"{inventory[yes]}\"}", true},
    {"\"op\": \"is-true\", \"args\": {\"value\": 2}", true},
    {"\"op\": \"is-true\", \"args\": {\"value\": \"YES\"}", true},
    {"\"op\": \"is-true\", \"args\": {\"value\": \"on\"}", false},
    {"\"op\": \"is-false\", \"args\": {\"value\": \"No\"}", true},
    {"\"op\": \"is-false\", \"args\": {\"value\": null}", true},
    {"\"op\": \"is-false\", \"args\": {\"value\": 0}", true},
    {"\"op\": \"in-net\", \"args\": {\"address\": \"{inventory[bmc_address]}\", "
     "\"subnet\": \"192.0.2.0/24\"}",
     true},
    {"\"op\": \"in-net\", \"args\": [\"192.0.3.1\", \"192.0.2.0/23\"]", true},
    {"\"op\": \"in-net\", \"args\": [\"192.0.4.1\", \"192.0.2.0/23\"]", false},
    {"\"op\": \"in-net\", \"args\": [\"2001:db8::1\", \"2001:db8::/64\"]", true},
    {"\"op\": \"in-net\", \"args\": [\"2001:db8::1\", \"192.0.2.0/24\"]", false},
    {"\"op\": \"matches\", \"args\": {\"value\": \"{inventory[system][vendor]}\", "
     "\"regex\": \"Dell\"}",
     false},
    {"\"op\": \"matches\", \"args\": {\"value\": \"{inventory[system][vendor]}\", "
     "\"regex\": \"Dell \\\\w+\"}",
     true},
    {"\"op\": \"contains\", \"args\": {\"value\": \"{inventory[system][vendor]}\", "
     "\"regex\": \"Inc\"}",
     true},
    {"\"op\": \"one-of\", \"args\": {\"value\": \"{inventory[cpu][architecture]}\", "
     "\"values\": [\"x86_64\", \"aarch64\"]}",
     true},
    {"\"op\": \"one-of\", \"args\": {\"value\": \"a\", \"values\": \"bar\"}", true},
    {"\"op\": \"one-of\", \"args\": {\"value\": \"a\"}", false},
    {"\"op\": \"eq\", \"args\": {\"values\": [\"{node.name}\", \"n\"]}", true},
    {"\"op\": \"eq\", \"args\": {\"values\": [\"{node[name]}\", \"n\"]}", true},
    {"\"op\": \"eq\", \"args\": {\"values\": [\"{inventory[nested][list][0][a]}\", \"first\"]}",
     true},
    {"\"op\": \"eq\", \"args\": {\"values\": [\"{{}}\", \"{inventory.cpu}\"]}", false},
    {"\"op\": \"eq\", \"args\": {\"values\": [\"{inventory[bmc_password]}\", \"***\"]}", true},
    {"\"op\": \"eq\", \"args\": {\"values\": [\"{inventory[system][password]}\", \"***\"]}", true},
    {"\"op\": \"eq\", \"args\": {\"values\": [\"{plugin_data[found]}\", "
     "\"{{'disks': 2, 'auth_token': '***'}}\"]}",
     true},
    {"\"op\": \"eq\", \"args\": {\"values\": [\"{item}\", \"aes\"]}, "
     "\"loop\": [\"vmx\", \"aes\"], \"multiple\": \"any\"",
     true},
    {"\"op\": \"eq\", \"args\": {\"values\": [\"{item}\", \"aes\"]}, "
     "\"loop\": [\"vmx\", \"aes\"], \"multiple\": \"all\"",
     false},
    {"\"op\": \"eq\", \"args\": {\"values\": [\"{item}\", \"aes\"]}, "
     "\"loop\": [\"vmx\", \"aes\"], \"multiple\": \"last\"",
     true},
    {"\"op\": \"eq\", \"args\": {\"values\": [\"{item[of]}\", 8]}, "
     "\"loop\": [{\"of\": \"{inventory[cpu][count]}\"}], \"multiple\": \"all\"",
     true},
};

START_TEST(conditions_hold_as_they_do_for_ironic)
{
    start();
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        add_rule(ci_printf(bench.ctx->mem, "[{%s}]", asked[i].condition),
                 "[{\"op\": \"set-attribute\", \"args\": {\"path\": \"extra/held\", "
                 "\"value\": true}}]",
                 0);
        ok(ci_db_run(bench.ctx, "UPDATE nodes SET extra = '{}'", 0, NULL, NULL));
        ck_assert_msg(run_rules(), "%s: %s", asked[i].condition, why());
        ck_assert_msg((strstr(bench_reload(node)->extra, "held") != NULL) == asked[i].holds, "%s",
                      asked[i].condition);
    }
    bench_stop();
}
END_TEST

START_TEST(actions_change_the_node)
{
    struct ci_node *after;

    start();
    add_rule("[]",
             "[{\"op\": \"set-attribute\", \"args\": [\"description\", \"{inventory[cpu][count]} "
             "cores\"]}, "
             "{\"op\": \"set-attribute\", \"args\": {\"path\": \"properties.a.b\", \"value\": 5}}, "
             "{\"op\": \"set-attribute\", \"args\": {\"path\": \"/extra/{item}\", \"value\": "
             "\"{item}\"}, \"loop\": [\"x\", \"y\"]}, "
             "{\"op\": \"extend-attribute\", \"args\": {\"path\": \"extra/l\", \"value\": 1}}, "
             "{\"op\": \"extend-attribute\", \"args\": {\"path\": \"extra/l\", \"value\": 1, "
             "\"unique\": true}}, "
             "{\"op\": \"extend-attribute\", \"args\": {\"path\": \"extra/l\", \"value\": 2}}, "
             "{\"op\": \"del-attribute\", \"args\": {\"path\": \"extra/y\"}}, "
             "{\"op\": \"set-capability\", \"args\": {\"name\": \"c\", \"value\": \"1\"}}, "
             "{\"op\": \"set-capability\", \"args\": {\"name\": \"d\", \"value\": 2}}, "
             "{\"op\": \"unset-capability\", \"args\": {\"name\": \"c\"}}, "
             "{\"op\": \"add-trait\", \"args\": {\"name\": \"CUSTOM_A\"}}, "
             "{\"op\": \"add-trait\", \"args\": {\"name\": \"CUSTOM_B\"}}, "
             "{\"op\": \"remove-trait\", \"args\": {\"name\": \"CUSTOM_A\"}}, "
             "{\"op\": \"remove-trait\", \"args\": {\"name\": \"CUSTOM_NONE\"}}, "
             "{\"op\": \"log\", \"args\": {\"msg\": \"{node.uuid} is here\", \"level\": "
             "\"WARNING\"}}]",
             0);
    ok(run_rules());
    after = bench_reload(node);
    ck_assert_str_eq(after->description, "8 cores");
    ck_assert_str_eq(after->properties, "{\"a\": {\"b\": 5}, \"capabilities\": \"d:2\"}");
    ck_assert_str_eq(after->extra, "{\"x\": \"x\", \"l\": [1, 2]}");
    ok(ci_node_load_traits(bench.ctx, after));
    ck_assert_str_eq(after->traits, "[\"CUSTOM_B\"]");
    bench_stop();
}
END_TEST

START_TEST(actions_change_plugin_data_and_ports)
{
    struct ci_port *port, *after;

    start();
    port = ci_object_new(bench.ctx->mem, &ci_port_type);
    ci_port_set_node_id(port, node->id);
    ci_port_set_address(port, "52:54:00:12:34:56");
    ok(ci_port_create(bench.ctx, port));
    add_rule("[]",
             ci_printf(bench.ctx->mem,
                       "[{\"op\": \"set-plugin-data\", \"args\": {\"path\": \"a.b\", \"value\": "
                       "\"{inventory[cpu][count]}\", \"plugin_data\": {}}}, "
                       "{\"op\": \"extend-plugin-data\", \"args\": {\"path\": \"l\", \"value\": "
                       "1}}, "
                       "{\"op\": \"unset-plugin-data\", \"args\": {\"path\": \"found.disks\"}}, "
                       "{\"op\": \"unset-plugin-data\", \"args\": {\"path\": "
                       "\"found.auth_token\"}}, "
                       "{\"op\": \"unset-plugin-data\", \"args\": {\"path\": \"no.such\"}}, "
                       "{\"op\": \"set-port-attribute\", \"args\": {\"port_id\": \"%s\", "
                       "\"path\": \"extra/rack\", \"value\": \"{plugin_data[a][b]}\"}}, "
                       "{\"op\": \"extend-port-attribute\", \"args\": {\"port_id\": \"%s\", "
                       "\"path\": \"extra/l\", \"value\": 1}}, "
                       "{\"op\": \"set-port-attribute\", \"args\": {\"port_id\": \"%s\", "
                       "\"path\": \"pxe_enabled\", \"value\": false}}, "
                       "{\"op\": \"del-port-attribute\", \"args\": {\"port_id\": \"%s\", "
                       "\"path\": \"extra/l\"}}]",
                       port->uuid, port->uuid, port->uuid, port->uuid),
             0);
    ok(run_rules());
    ck_assert_str_eq(ci_json_text(bench.ctx->mem, plugin_data),
                     "{\"a\": {\"b\": \"8\"}, \"l\": [1]}");
    ok(ci_port_load(bench.ctx, port->uuid, &after));
    ck_assert_str_eq(after->extra, "{\"rack\": \"8\"}");
    ck_assert(!ci_is_true(after->pxe_enabled));
    bench_stop();
}
END_TEST

START_TEST(rules_run_by_priority_and_see_what_those_before_did)
{
    start();
    add_rule("[]", "[{\"op\": \"extend-attribute\", \"args\": [\"extra/order\", \"low\"]}]", 1);
    add_rule("[]", "[{\"op\": \"extend-attribute\", \"args\": [\"extra/order\", \"high\"]}]", 9);
    add_rule("[{\"op\": \"eq\", \"args\": {\"values\": [\"{node.extra[order]}\", \"['high']\"]}}]",
             "[{\"op\": \"extend-attribute\", \"args\": [\"extra/order\", \"middle\"]}]", 5);
    ok(run_rules());
    ck_assert_str_eq(bench_reload(node)->extra, "{\"order\": [\"high\", \"middle\", \"low\"]}");
    bench_stop();
}
END_TEST

START_TEST(what_goes_wrong_names_itself)
{
    start();
    add_rule("[]", "[{\"op\": \"fail\", \"args\": {\"msg\": \"wrong machine\"}}]", 0);
    refused(HardwareInspectionFailure, "Failed to inspect hardware. Reason: wrong machine",
            run_rules());
    forget_rules();
    add_rule("[{\"op\": \"lt\", \"args\": {\"values\": [1, \"2\"]}}]", "[]", 0);
    refused(IronicException, "'<' not supported between instances of 'int' and 'str'", run_rules());
    forget_rules();
    add_rule("[{\"op\": \"eq\", \"args\": {\"values\": \"x\"}}]", "[]", 0);
    refused(RuleConditionCheckFailure, "Expected list for 'values', got: str", run_rules());
    forget_rules();
    add_rule("[{\"op\": \"in-net\", \"args\": [\"x\", \"192.0.2.0/33\"]}]", "[]", 0);
    refused(InspectionRuleExecutionFailure, "invalid value: 192.0.2.0/33", run_rules());
    forget_rules();
    add_rule("[{\"op\": \"matches\", \"args\": [\"x\", \"(\"]}]", "[]", 0);
    refused(InspectionRuleExecutionFailure, "invalid regular expression", run_rules());
    forget_rules();
    add_rule("[]", "[{\"op\": \"set-attribute\", \"args\": [\"nosuch\", 1]}]", 0);
    refused(RuleActionExecutionFailure, "Failed to set attribute nosuch", run_rules());
    forget_rules();
    add_rule("[]", "[{\"op\": \"del-attribute\", \"args\": [\"extra/none\"]}]", 0);
    refused(RuleActionExecutionFailure, "Failed to delete attribute extra/none: 'none'",
            run_rules());
    forget_rules();
    add_rule("[]", "[{\"op\": \"set-port-attribute\", \"args\": [\"x\", \"extra/a\", 1]}]", 0);
    refused(PortNotFound, "Port x could not be found", run_rules());
    forget_rules();
    add_rule("[]",
             "[{\"op\": \"api-call\", \"args\": {\"url\": \"http://127.0.0.1:1/\", "
             "\"retries\": 0}}]",
             0);
    refused(RuleActionExecutionFailure, "Request to http://127.0.0.1:1/ failed", run_rules());
    bench_stop();
}
END_TEST

START_TEST(secrets_are_shown_where_the_configuration_says_so)
{
    start();
    bench.config->inspection_rules.mask_secrets = "never";
    add_rule("[]",
             "[{\"op\": \"set-attribute\", \"args\": [\"extra/p\", "
             "\"{inventory[bmc_password]}\"]}]",
             0);
    ok(run_rules());
    ck_assert_str_eq(bench_reload(node)->extra, "{\"p\": \"hush\"}");
    bench_stop();
}
END_TEST

START_TEST(files_of_rules_are_refused_at_start)
{
    bench_prepare();
    ok(ci_inspection_rules_check(bench.ctx));
    bench.config->inspection_rules.built_in_rules = "/etc/rules.yaml";
    refused(IncorrectConfiguration, "built_in_rules is not supported",
            ci_inspection_rules_check(bench.ctx));
    bench.config->inspection_rules.built_in_rules = NULL;
    bench_begin();
    bench_stop();
}
END_TEST

START_TEST(requests_are_not_waited_for_longer_and_longer_without_end)
{
    ck_assert_int_eq(ci_rule_backoff_s(0.3, 0), 0);
    ck_assert_int_eq(ci_rule_backoff_s(0.3, 3), 2);
    ck_assert_int_eq(ci_rule_backoff_s(60, 20), 120);
}
END_TEST

UNIT_MAIN("conductor/inspection_rules", requests_are_not_waited_for_longer_and_longer_without_end,
          conditions_hold_as_they_do_for_ironic, actions_change_the_node,
          actions_change_plugin_data_and_ports, rules_run_by_priority_and_see_what_those_before_did,
          what_goes_wrong_names_itself, files_of_rules_are_refused_at_start,
          secrets_are_shown_where_the_configuration_says_so)
