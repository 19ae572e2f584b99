/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/periodic.h"
#include "objects/conductor.h"
#include "objects/node_history.h"
#include "tests/unit/conductor/life.h"

/* A node of this conductor's with so many entries, one a day, the last today. */
static struct ci_node *with_entries(int entries)
{
    struct ci_node *node = bench_node(NULL, CI_STATE_ACTIVE);

    ci_node_set_conductor_affinity(node, bench.conductor->id);
    ok(ci_node_save(bench.ctx, node));
    for (int i = 0; i < entries; i++) {
        struct ci_node_history *entry = ci_object_new(bench.ctx->mem, &ci_node_history_type);
        int64_t at = ci_time_now_us() - (entries - 1 - i) * INT64_C(86400000000);
        const char *values[2];

        ci_node_history_set_node_id(entry, node->id);
        ci_node_history_set_event(entry, ci_printf(bench.ctx->mem, "entry %d", i));
        ok(ci_node_history_create(bench.ctx, entry));
        values[0] = ci_time_db(bench.ctx->mem, at);
        values[1] = entry->uuid;
        ok(ci_db_run(bench.ctx, "UPDATE node_history SET created_at = $1 WHERE uuid = $2", 2,
                     values, NULL));
    }
    return node;
}

static int64_t left_of(const struct ci_node *node)
{
    return bench_count(ci_printf(bench.ctx->mem,
                                 "SELECT count(*) FROM node_history WHERE node_id = %lld",
                                 (long long)node->id));
}

START_TEST(the_newest_entries_of_each_node_stay)
{
    struct ci_node *few, *many, *others;

    life_start();
    bench.config->conductor.node_history_max_entries = 3;
    few = with_entries(2);
    many = with_entries(6);
    others = with_entries(6);
    ci_node_set_conductor_affinity(others, CI_NULL_INT);
    ok(ci_node_save(bench.ctx, others));
    ok(ci_expire_history(bench.conductor, bench.ctx));
    ck_assert_int_eq(left_of(few), 2);
    ck_assert_int_eq(left_of(many), 3);
    ck_assert_int_eq(left_of(others), 6);
    ck_assert_int_eq(bench_count("SELECT count(*) FROM node_history WHERE event = 'entry 5'"), 2);
    bench_stop();
}
END_TEST

START_TEST(young_entries_stay_and_do_not_count)
{
    struct ci_node *node;

    life_start();
    bench.config->conductor.node_history_max_entries = 1;
    bench.config->conductor.node_history_minimum_days = 3;
    node = with_entries(8); /* four are of the last three days, and one of the others stays */
    ok(ci_expire_history(bench.conductor, bench.ctx));
    ck_assert_int_eq(left_of(node), 4);
    bench_stop();
}
END_TEST

START_TEST(a_run_removes_a_batch_of_the_oldest)
{
    struct ci_node *node;

    life_start();
    bench.config->conductor.node_history_max_entries = 1;
    bench.config->conductor.node_history_cleanup_batch_count = 2;
    node = with_entries(6);
    ok(ci_expire_history(bench.conductor, bench.ctx));
    ck_assert_int_eq(left_of(node), 4);
    ck_assert_int_eq(bench_count("SELECT count(*) FROM node_history WHERE event = 'entry 1'"), 0);
    bench_stop();
}
END_TEST

START_TEST(conductors_that_are_long_gone_are_forgotten)
{
    struct ci_conductor_record *gone = NULL;
    struct ci_node *node;

    life_start();
    node = bench_node(NULL, CI_STATE_ACTIVE);
    gone = ci_object_new(bench.ctx->mem, &ci_conductor_record_type);
    ci_conductor_record_set_hostname(gone, "gone");
    ci_conductor_record_set_drivers(gone, "[]");
    ok(ci_conductor_register(bench.ctx, gone, CI_CONDUCTOR_REFUSE));
    ci_node_set_conductor_affinity(node, gone->id);
    ok(ci_node_save(bench.ctx, node));
    ok(ci_node_reserve(bench.ctx, node->uuid, "gone", &node));
    ok(ci_expire_conductors(bench.conductor, bench.ctx));
    ck_assert_int_eq(bench_count("SELECT count(*) FROM conductors"), 2); /* it is online */
    ok(ci_conductor_unregister(bench.ctx, gone));
    bench.config->conductor.conductor_cleanup_timeout = 100; /* of a heartbeat_timeout of 60 */
    ok(ci_expire_conductors(bench.conductor, bench.ctx));
    ck_assert_int_eq(bench_count("SELECT count(*) FROM conductors"), 2);
    bench.config->conductor.conductor_cleanup_timeout = 180;
    ok(ci_expire_conductors(bench.conductor, bench.ctx));
    ck_assert_int_eq(bench_count("SELECT count(*) FROM conductors WHERE hostname = 'testhost'"), 1);
    ck_assert_int_eq(bench_count("SELECT count(*) FROM conductors"), 1);
    node = bench_reload(node);
    ck_assert_ptr_null(node->reservation);
    ck_assert(node->conductor_affinity == CI_NULL_INT);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/expire", the_newest_entries_of_each_node_stay,
          young_entries_stay_and_do_not_count, a_run_removes_a_batch_of_the_oldest,
          conductors_that_are_long_gone_are_forgotten)
