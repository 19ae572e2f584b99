/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/former.h"

#include <signal.h>

#include "objects/conductor.h"
#include "tests/unit/conductor/bench.h"
#include "tests/unit/db/postgres.h"

/* As bench_prepare(), but on PostgreSQL, where conductors have heartbeats. */
static struct ci_ctx *prepare(void)
{
    struct ci_ctx *ctx = unit_ctx();
    const struct ci_db_options options = {.url = postgres_url, .max_connections = 4};

    bench.ctx = ctx;
    bench.config = ci_config_defaults();
    bench.config->DEFAULT.host = "testhost";
    bench.config->DEFAULT.enabled_hardware_types = bench_types;
    bench.config->conductor.heartbeat_interval = 1;
    ctx->config = bench.config;
    ok(ci_db_open(ctx, &options, &ctx->db));
    ok(ci_db_script(ctx, "DROP SCHEMA public CASCADE; CREATE SCHEMA public"));
    ok(ci_migrate_create_schema(ctx));
    return ctx;
}

/* A row as a process of that name leaves it. */
static void registered(bool online, int64_t age_s)
{
    const char *values[] = {online ? "1" : "0",
                            ci_time_db(bench.ctx->mem, ci_time_now_us() - age_s * 1000000)};

    ok(ci_db_run(bench.ctx,
                 "INSERT INTO conductors (hostname, conductor_group, drivers, version, online, "
                 "updated_at) VALUES ('testhost', '', '[]', '1.4', $1, $2)",
                 2, values, NULL));
}

static void start(void)
{
    ok(ci_conductor_start(bench.ctx, &bench.conductor));
}

static void stop(void)
{
    struct ci_db *db = bench.ctx->db;

    ck_assert(ci_conductor_stop(bench.conductor, CI_LEAVE_NOW));
    ci_arena_reset(bench.ctx->mem);
    ci_db_close(db);
    ci_config_free(bench.config);
}

static int64_t last_heartbeat(void)
{
    struct ci_conductor_record *record;

    ok(ci_conductor_load(bench.ctx, "testhost", CI_CONDUCTOR_ANY, &record));
    return record->updated_at;
}

START_TEST(a_host_that_left_in_order_or_long_ago_is_nobody)
{
    static const struct {
        bool online;
        int64_t age_s;
        bool somebody;
    } cases[] = {{true, 0, true}, {true, 30, true}, {true, 90, false}, {false, 0, false}};

    prepare();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t seen_us;

        ok(ci_db_script(bench.ctx, "DELETE FROM conductors"));
        registered(cases[i].online, cases[i].age_s);
        ok(ci_former_look(bench.ctx, "testhost", &seen_us));
        ck_assert_msg((seen_us != CI_NULL_TIME) == cases[i].somebody, "case %zu", i);
    }
    stop();
}
END_TEST

START_TEST(after_a_clean_stop_the_start_is_immediate_and_heartbeats_go_on)
{
    int64_t first_us;

    prepare();
    registered(false, 0);
    start();
    ck_assert(ci_conductor_is_ready(bench.conductor));
    first_us = last_heartbeat();
    for (int i = 0; i < 5000 && last_heartbeat() == first_us; i++)
        bench_nap();
    ck_assert_int_gt(last_heartbeat(), first_us);
    stop();
}
END_TEST

START_TEST(a_killed_process_is_waited_for_in_the_background)
{
    struct ci_node *node, *locked;

    prepare();
    registered(true, 3);
    node = bench_node("n", CI_STATE_DEPLOYING);
    ok(ci_node_reserve(bench.ctx, node->uuid, "testhost", &locked));
    start();
    ck_assert(!ci_conductor_is_ready(bench.conductor));
    ck_assert_str_eq(bench_reload(node)->reservation, "testhost");
    for (int i = 0; i < 20000 && !ci_conductor_is_ready(bench.conductor); i++)
        bench_nap();
    ck_assert(ci_conductor_is_ready(bench.conductor));
    ck_assert(!ci_conductor_is_refused(bench.conductor));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    ck_assert_str_eq(bench_reload(node)->provision_state, CI_STATE_DEPLOYFAIL);
    stop();
}
END_TEST

static volatile sig_atomic_t terminated;

static void on_term(int unused)
{
    (void)unused;
    terminated = 1;
}

START_TEST(a_process_that_lives_keeps_the_second_from_starting)
{
    struct ci_node *node, *locked;

    prepare();
    signal(SIGTERM, on_term);
    registered(true, 3);
    node = bench_node("n", CI_STATE_DEPLOYING);
    ok(ci_node_reserve(bench.ctx, node->uuid, "testhost", &locked));
    start();
    ok(ci_conductor_touch(bench.ctx, "testhost", CI_CONDUCTOR_STAYING));
    for (int i = 0; i < 20000 && !terminated; i++)
        bench_nap();
    ck_assert(terminated);
    ck_assert(ci_conductor_is_refused(bench.conductor));
    ck_assert(!ci_conductor_is_ready(bench.conductor));
    ck_assert_str_eq(bench_reload(node)->reservation, "testhost");
    ck_assert_str_eq(bench_reload(node)->provision_state, CI_STATE_DEPLOYING);
    stop();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_host_that_left_in_order_or_long_ago_is_nobody,
        after_a_clean_stop_the_start_is_immediate_and_heartbeats_go_on,
        a_killed_process_is_waited_for_in_the_background,
        a_process_that_lives_keeps_the_second_from_starting,
    };
    int result = EXIT_FAILURE;

    if (postgres_begin())
        result = unit_run("conductor/former", tests, sizeof tests / sizeof tests[0]);
    else
        fputs("conductor/former: no PostgreSQL server could be started\n", stderr);
    postgres_end();
    return result;
}
