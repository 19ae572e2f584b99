/* SPDX-License-Identifier: Apache-2.0 */
#include "objects/info.h"

#include <sys/stat.h>

#include "tests/unit/conductor/bench.h"

#define URL "https://192.0.2.1:9999"

/* A node whose agent has the token. */
static struct ci_node *node_with_token(const char *state)
{
    struct ci_node *node = bench_node("n", state);

    ok(ci_internal_info_set(bench.ctx, node, "agent_secret_token", json_string("secret")));
    ok(ci_node_save(bench.ctx, node));
    return node;
}

/* A heartbeat with more arguments (stolen), which replace the usual ones. */
static bool beat(const struct ci_node *node, json_t *more)
{
    json_t *args = json_pack("{s:s, s:s, s:s}", "callback_url", URL, "agent_version", "9.1.0",
                             "agent_token", "secret");

    json_object_update(args, more);
    json_decref(more);
    return bench_call(node, CI_RPC_heartbeat, args, NULL);
}

START_TEST(an_agent_without_a_version_is_refused)
{
    struct ci_node *node;

    bench_start();
    node = node_with_token(CI_STATE_CLEANWAIT);
    refused(InvalidParameterValue, "Agent did not transmit a version",
            beat(node, json_pack("{s:n}", "agent_version")));
    ok(beat(node, json_pack("{s:n, s:s}", "agent_version", "agent_status", "start")));
    bench_stop();
}
END_TEST

START_TEST(a_heartbeat_needs_the_nodes_own_token)
{
    static const char *const wrong[] = {"secreT", "", "secret ", "secre", "******"};
    struct ci_node *node;

    bench_start();
    node = node_with_token(CI_STATE_CLEANWAIT);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refused(InvalidParameterValue, "Invalid or missing agent token received.",
                beat(node, json_pack("{s:s}", "agent_token", wrong[i])));
    refused(InvalidParameterValue, "Invalid or missing agent token received.",
            beat(node, json_pack("{s:n}", "agent_token")));
    node = bench_node("without", CI_STATE_CLEANWAIT);
    refused(InvalidParameterValue, "Invalid or missing agent token received.",
            beat(node, json_object()));
    bench_stop();
}
END_TEST

START_TEST(the_callback_url_uses_tls_where_that_is_required)
{
    struct ci_node *node;

    bench_start();
    node = node_with_token(CI_STATE_CLEANWAIT);
    refused(InvalidParameterValue, "TLS is required by configuration",
            beat(node, json_pack("{s:s}", "callback_url", "http://192.0.2.1:9999")));
    ok(beat(node, json_pack("{s:s}", "callback_url", "")));
    bench.config->agent.require_tls = false;
    ok(beat(node, json_pack("{s:s}", "callback_url", "http://192.0.2.1:9999")));
    bench_stop();
}
END_TEST

START_TEST(a_certificate_is_kept_in_a_file_and_must_stay_the_same)
{
    char folder[] = "/tmp/castiron-unit-XXXXXX";
    struct ci_node *node;
    const char *file;
    struct stat found;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    bench_prepare();
    bench.config->agent.certificates_path = ci_printf(bench.ctx->mem, "%s/a/b", folder);
    bench_begin();
    node = node_with_token(CI_STATE_CLEANWAIT);
    file = ci_printf(bench.ctx->mem, "%s/a/b/%s.crt", folder, node->uuid);
    ok(beat(node, json_pack("{s:s}", "agent_verify_ca", "certificate\n")));
    ck_assert_int_eq(stat(file, &found), 0);
    ck_assert_int_eq(found.st_size, 12);
    node = bench_settle(node);
    ok(ci_internal_info_set(bench.ctx, node, "agent_verify_ca", json_string(file)));
    ok(ci_node_save(bench.ctx, node));
    ok(beat(node, json_pack("{s:s}", "agent_verify_ca", " certificate")));
    refused(InvalidParameterValue, "Detected change in ramdisk provided \"agent_verify_ca\"",
            beat(node, json_pack("{s:s}", "agent_verify_ca", "another")));
    unlink(file);
    ok(beat(node, json_pack("{s:s}", "agent_verify_ca", "another")));
    unlink(file);
    rmdir(ci_printf(bench.ctx->mem, "%s/a/b", folder));
    rmdir(ci_printf(bench.ctx->mem, "%s/a", folder));
    rmdir(folder);
    bench_stop();
}
END_TEST

START_TEST(the_first_heartbeat_on_a_locked_node_is_told_so)
{
    struct ci_node *node;
    struct ci_task *task;

    bench_start();
    node = node_with_token(CI_STATE_CLEANWAIT);
    ok(ci_task_take(bench.conductor, bench.ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    refused(NodeLocked, "is locked by host", beat(node, json_object()));
    ok(ci_internal_info_set(bench.ctx, task->node, "agent_url", json_string(URL)));
    ok(ci_node_save(bench.ctx, task->node));
    ok(beat(node, json_object()));
    ci_task_release(task);
    bench_stop();
}
END_TEST

static const char *const agent_deploy[] = {"custom-agent", NULL};

/* Is a heartbeat in the state written down? */
static bool is_noted(const char *state)
{
    struct ci_node *node = bench_node(state, state);
    json_t *info;

    ok(ci_internal_info_set(bench.ctx, node, "agent_secret_token", json_string("secret")));
    ok(ci_node_save(bench.ctx, node));
    ok(beat(node, json_pack("{s:s}", "agent_status_message", "all is well")));
    node = bench_settle(node);
    ck_assert_str_eq(node->provision_state, state);
    ok(ci_info_read(bench.ctx, node->driver_internal_info, &info));
    if (!json_object_get(info, "agent_url"))
        return false;
    ck_assert_str_eq(json_string_value(json_object_get(info, "agent_url")), URL);
    ck_assert_str_eq(json_string_value(json_object_get(info, "agent_version")), "9.1.0");
    ck_assert_str_eq(json_string_value(json_object_get(info, "agent_status_message")),
                     "all is well");
    ck_assert_uint_eq(json_string_length(json_object_get(info, "agent_last_heartbeat")), 26);
    return true;
}

START_TEST(heartbeats_are_noted_where_an_agent_is_at_work)
{
    static const char *const heeded[] = {
        CI_STATE_DEPLOYING,  CI_STATE_CLEANING,  CI_STATE_RESCUING,    CI_STATE_SERVICING,
        CI_STATE_DEPLOYHOLD, CI_STATE_CLEANHOLD, CI_STATE_SERVICEHOLD, NULL};
    static const char *const fast[] = {CI_STATE_ENROLL, CI_STATE_MANAGEABLE, CI_STATE_AVAILABLE,
                                       NULL};
    static const char *const other[] = {CI_STATE_ACTIVE, CI_STATE_DEPLOYFAIL, CI_STATE_INSPECTWAIT,
                                        CI_STATE_ERROR, NULL};

    bench_prepare();
    bench.config->DEFAULT.enabled_deploy_interfaces = agent_deploy;
    bench_begin();
    for (size_t i = 0; heeded[i]; i++)
        ck_assert_msg(is_noted(heeded[i]), "%s", heeded[i]);
    for (size_t i = 0; other[i]; i++)
        ck_assert_msg(!is_noted(other[i]), "%s", other[i]);
    for (size_t i = 0; fast[i]; i++)
        ck_assert_msg(!is_noted(fast[i]), "%s", fast[i]);
    ok(ci_db_run(bench.ctx, "DELETE FROM nodes", 0, NULL, NULL));
    bench.config->deploy.fast_track = true;
    for (size_t i = 0; fast[i]; i++)
        ck_assert_msg(is_noted(fast[i]), "%s", fast[i]);
    bench_stop();
}
END_TEST

START_TEST(a_node_in_maintenance_is_left_or_failed_as_configured)
{
    struct ci_node *node;

    bench_prepare();
    bench.config->DEFAULT.enabled_deploy_interfaces = agent_deploy;
    bench_begin();
    node = node_with_token(CI_STATE_CLEANWAIT);
    ci_node_set_maintenance(node, true);
    ok(ci_node_save(bench.ctx, node));
    ok(beat(node, json_object()));
    ck_assert_str_eq(bench_settle(node)->provision_state, CI_STATE_CLEANWAIT);
    bench.config->conductor.allow_provisioning_in_maintenance = false;
    ok(beat(node, json_object()));
    node = bench_settle(node);
    ck_assert_str_eq(node->provision_state, CI_STATE_CLEANFAIL);
    ck_assert_str_eq(node->last_error, "Cleaning aborted as node is in maintenance mode");
    bench_stop();
}
END_TEST

/* A manual cleaning that stands at the first of two steps. */
static struct ci_node *waiting_at(const char *step)
{
    struct ci_node *node = node_with_token(CI_STATE_CLEANWAIT);
    json_t *first = json_pack("{s:s, s:s}", "interface", "power", "step", step);

    ci_node_set_name(node, step);
    ci_node_set_target_provision_state(node, CI_STATE_MANAGEABLE);
    ci_node_set_clean_step(node, ci_json_text(bench.ctx->mem, first));
    ok(ci_internal_info_set(bench.ctx, node, "clean_step_index", json_integer(0)));
    ok(ci_internal_info_set(
        bench.ctx, node, "clean_steps",
        json_pack("[o, {s:s, s:s}]", first, "interface", "power", "step", "power_on")));
    ok(ci_node_save(bench.ctx, node));
    return node;
}

/* The agent, which is not there, is not asked whether it has done a step that is not its own. */
START_TEST(a_step_that_waits_or_was_held_ends_with_a_heartbeat)
{
    static const char *const steps[] = {"wait", "hold", NULL};
    struct ci_node *node;

    bench_prepare();
    bench.config->DEFAULT.enabled_deploy_interfaces = agent_deploy;
    bench_begin();
    for (size_t i = 0; steps[i]; i++) {
        node = waiting_at(steps[i]);
        ok(beat(node, json_object()));
        node = bench_settle(node);
        ck_assert_msg(strcmp(node->provision_state, CI_STATE_MANAGEABLE) == 0, "%s: %s", steps[i],
                      node->last_error);
    }
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/heartbeat", a_step_that_waits_or_was_held_ends_with_a_heartbeat,
          heartbeats_are_noted_where_an_agent_is_at_work,
          a_node_in_maintenance_is_left_or_failed_as_configured,
          an_agent_without_a_version_is_refused, a_heartbeat_needs_the_nodes_own_token,
          the_callback_url_uses_tls_where_that_is_required,
          a_certificate_is_kept_in_a_file_and_must_stay_the_same,
          the_first_heartbeat_on_a_locked_node_is_told_so)
