/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/conductor/bench.h"

static json_t *light(const char *component, const char *indicator)
{
    return json_pack("{s:s, s:s}", "component", component, "indicator", indicator);
}

START_TEST(the_lights_of_a_machine_are_listed_and_read_but_not_set)
{
    struct ci_node *node;
    json_t *answer;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ok(bench_call(node, CI_RPC_get_supported_indicators, NULL, &answer));
    ck_assert_str_eq(ci_json_text(bench.ctx->mem, answer),
                     "{\"chassis\": {\"led-0\": {\"readonly\": true, \"states\": [\"off\", "
                     "\"on\"]}}, \"system\": {\"led\": {\"readonly\": false, \"states\": "
                     "[\"blinking\", \"off\", \"on\"]}}}");
    ok(bench_call(node, CI_RPC_get_supported_indicators, json_pack("{s:s}", "component", "system"),
                  &answer));
    ck_assert_uint_eq(json_object_size(answer), 1);
    ok(bench_call(node, CI_RPC_get_supported_indicators, json_pack("{s:s}", "component", "nic"),
                  &answer));
    ck_assert_uint_eq(json_object_size(answer), 0);
    ok(bench_call(node, CI_RPC_get_indicator_state, light("system", "led"), &answer));
    ck_assert_str_eq(json_string_value(answer), "on");
    refused(InvalidParameterValue, "Invalid component nic specified.",
            bench_call(node, CI_RPC_get_indicator_state, light("nic", "led"), &answer));
    refused(InvalidParameterValue, "Invalid indicator x specified.",
            bench_call(node, CI_RPC_get_indicator_state, light("system", "x"), &answer));
    refused(UnsupportedDriverExtension, "does not support set_indicator_state",
            bench_call(node, CI_RPC_set_indicator_state,
                       json_pack("{s:s, s:s, s:s}", "component", "system", "indicator", "led",
                                 "state", "on"),
                       &answer));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/indicators", the_lights_of_a_machine_are_listed_and_read_but_not_set)
