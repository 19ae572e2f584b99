/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/calls.h"

#include "tests/unit/conductor/bench.h"

static bool pass(const struct ci_node *node, const char *method, const char *http, const char *info,
                 json_t **ret_answer)
{
    json_t *read;

    ok(ci_json_read(bench.ctx, info, strlen(info), &ci_json_trusted, &read));
    return bench_call(
        node, CI_RPC_vendor_passthru,
        json_pack("{s:s, s:s, s:O}", "driver_method", method, "http_method", http, "info", read),
        ret_answer);
}

static const char *text(const json_t *answer)
{
    return answer ? ci_json_text(bench.ctx->mem, answer) : "null";
}

static struct ci_node *begin(void)
{
    bench_start();
    return bench_node("n", CI_STATE_AVAILABLE);
}

START_TEST(methods_are_listed_as_the_pinned_release_has_them)
{
    struct ci_node *node = begin();
    json_t *answer;

    ok(bench_call(node, CI_RPC_get_node_vendor_passthru_methods, NULL, &answer));
    ck_assert_uint_eq(json_object_size(answer), 4);
    ck_assert_str_eq(text(json_object_get(answer, "fourth_method_shared_lock")),
                     "{\"http_methods\": [\"POST\"], \"async\": true, \"description\": \"Test if "
                     "the value of bar is woof\", \"attach\": false, \"require_exclusive_lock\": "
                     "false}");
    bench.config->DEFAULT.pin_release_version = "21.4";
    ok(bench_call(node, CI_RPC_get_node_vendor_passthru_methods, NULL, &answer));
    ck_assert_uint_eq(json_object_size(answer), 3);
    refused(InvalidParameterValue, "No handler for method log_passthrough",
            pass(node, "log_passthrough", "POST", "{}", &answer));
    bench.config->DEFAULT.pin_release_version = NULL;
    bench_stop();
}
END_TEST

START_TEST(a_method_that_is_waited_for_answers_what_it_returns)
{
    struct ci_node *node = begin();
    json_t *answer;

    ok(pass(node, "third_method_sync", "POST", "{\"bar\": \"meow\"}", &answer));
    ck_assert_str_eq(text(answer), "{\"return\": true, \"async\": false, \"attach\": false}");
    ok(pass(node, "third_method_sync", "post", "{\"bar\": [1]}", &answer));
    ck_assert_str_eq(text(answer), "{\"return\": false, \"async\": false, \"attach\": false}");
    refused(VendorPassthruException,
            "FakeVendorB.third_method_sync() got an unexpected keyword argument 'x'",
            pass(node, "third_method_sync", "POST", "{\"bar\": \"meow\", \"x\": 1}", &answer));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(others_run_in_the_background)
{
    struct ci_node *node = begin();
    json_t *answer;

    ok(pass(node, "second_method", "POST", "{\"bar\": \"kazoo\"}", &answer));
    ck_assert_str_eq(text(answer), "{\"return\": null, \"async\": true, \"attach\": false}");
    ck_assert_ptr_null(bench_settle(node)->last_error);
    ok(pass(node, "second_method", "POST", "{\"bar\": \"kazoo\", \"x\": 1}", &answer));
    ck_assert_str_eq(bench_settle(node)->last_error,
                     "Async execution of second_method failed with error: "
                     "FakeVendorB.second_method() got an unexpected keyword argument 'x'");
    bench_stop();
}
END_TEST

START_TEST(a_lock_is_needed_but_where_the_method_says_so)
{
    struct ci_node *node = begin();
    struct ci_task *task;
    json_t *answer;

    ok(ci_task_take(bench.conductor, bench.ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    ok(pass(node, "fourth_method_shared_lock", "POST", "{\"bar\": \"woof\"}", &answer));
    refused(NodeLocked, "is locked by host",
            pass(node, "second_method", "POST", "{\"bar\": \"kazoo\"}", &answer));
    ck_assert_str_eq(bench_reload(node)->reservation, "testhost");
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(what_cannot_be_is_refused)
{
    struct ci_node *node = begin();
    json_t *answer;

    refused(InvalidParameterValue, "No handler for method nope",
            pass(node, "nope", "POST", "{}", &answer));
    refused(InvalidParameterValue, "The method second_method does not support HTTP GET",
            pass(node, "second_method", "GET", "{}", &answer));
    refused(MissingParameterValue, "Parameter 'bar' not passed to method 'second_method'.",
            pass(node, "second_method", "POST", "{\"bar\": \"\"}", &answer));
    refused(InvalidParameterValue, "must be an object",
            pass(node, "second_method", "POST", "[]", &answer));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/vendor", methods_are_listed_as_the_pinned_release_has_them,
          a_method_that_is_waited_for_answers_what_it_returns, others_run_in_the_background,
          a_lock_is_needed_but_where_the_method_says_so, what_cannot_be_is_refused)
