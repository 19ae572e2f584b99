/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A conductor on a SQLite file of its own, with the fake hardware type, and calls to it
 * through the transport in process.
 *
 *     struct ci_ctx *ctx = bench_start();
 *     struct ci_node *node = bench_node("n1", CI_STATE_AVAILABLE);
 *     ok(bench_call(node, CI_RPC_set_boot_device, json_pack(…), &answer));
 *     bench_stop();
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/config.h"
#include "base/ident.h"
#include "base/json.h"
#include "base/text.h"
#include "conductor/service.h"
#include "conductor/task.h"
#include "db/db.h"
#include "db/migrate.h"
#include "drivers/hardware.h"
#include "objects/row.h"
#include "objects/states.h"
#include "objects/wire.h"
#include "rpc/local.h"
#include "tests/unit/unit.h"

static struct bench {
    char file[64];
    struct ci_config *config;
    struct ci_conductor *conductor;
    struct ci_ctx *ctx;
} bench __attribute__((unused));

static const char *const bench_types[] __attribute__((unused)) = {"fake-hardware", NULL};
static const char *const bench_fake[] __attribute__((unused)) = {"fake", NULL};

static inline const char *why(void)
{
    return bench.ctx->error ? bench.ctx->error->message : "no error";
}

#define ok(call) ck_assert_msg((call), "%s: %s", #call, why())
#define refused(class_, text, call)                                                                \
    do {                                                                                           \
        ck_assert_msg(!(call), "%s did not fail", #call);                                          \
        ck_assert_msg(bench.ctx->error->class == CI_ERR_##class_, "%s: %s: %s", #call,             \
                      ci_error_kind(bench.ctx->error->class)->name, why());                        \
        ck_assert_msg(strstr(why(), (text)), "%s: %s", #call, why());                              \
        ci_error_clear(bench.ctx);                                                                 \
    } while (0)

/* The database and the configuration, without a conductor yet. */
static inline struct ci_ctx *bench_prepare(void)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_db_options options = {.max_connections = 8};

    bench.ctx = ctx;
    bench.config = ci_config_defaults();
    bench.config->DEFAULT.host = "testhost";
    bench.config->DEFAULT.rpc_transport = "none";
    bench.config->DEFAULT.enabled_hardware_types = bench_types;
    bench.config->DEFAULT.enabled_console_interfaces = bench_fake;
    bench.config->DEFAULT.enabled_deploy_interfaces = bench_fake;
    bench.config->DEFAULT.enabled_vendor_interfaces = bench_fake;
    bench.config->conductor.node_locked_retry_interval = 0;
    bench.config->conductor.graceful_shutdown_timeout = 20;
    ctx->config = bench.config;
    snprintf(bench.file, sizeof bench.file, "/tmp/castiron-unit-%d.sqlite", (int)getpid());
    unlink(bench.file);
    options.url = ci_printf(ctx->mem, "sqlite:///%s", bench.file);
    ok(ci_db_open(ctx, &options, &ctx->db));
    ok(ci_migrate_create_schema(ctx));
    return ctx;
}

static inline void bench_begin(void)
{
    ok(ci_conductor_start(bench.ctx, &bench.conductor));
    bench.ctx->rpc =
        ci_rpc_local_new(bench.conductor->host, ci_conductor_dispatch, bench.conductor);
    while (ci_workers_busy(bench.conductor->workers) > 0) /* what the start itself sets going */
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static inline struct ci_ctx *bench_start(void)
{
    struct ci_ctx *ctx = bench_prepare();

    bench_begin();
    return ctx;
}

static inline void bench_stop(void)
{
    struct ci_db *db = bench.ctx->db;

    ck_assert(ci_conductor_stop(bench.conductor, CI_LEAVE_GRACEFUL));
    ci_rpc_free(bench.ctx->rpc);
    ci_arena_reset(bench.ctx->mem);
    unit_context.mem = bench.ctx->mem; /* a spawn may have put another in its place */
    ci_db_close(db);
    ci_config_free(bench.config);
    unlink(bench.file);
    unlink(ci_printf(bench.ctx->mem, "%s.lock", bench.file));
    unlink(ci_printf(bench.ctx->mem, "%s-wal", bench.file));
    unlink(ci_printf(bench.ctx->mem, "%s-shm", bench.file));
}

/* A node of that name and state, its interfaces filled. */
static inline struct ci_node *bench_node(const char *name, const char *state)
{
    struct ci_ctx *ctx = bench.ctx;
    struct ci_node *node = ci_object_new(ctx->mem, &ci_node_type);
    bool changed;

    ci_node_set_uuid(node, ci_uuid_new(ctx->mem));
    ci_node_set_name(node, name);
    ci_node_set_driver(node, "fake-hardware");
    ci_node_set_provision_state(node, state);
    ok(ci_hardware_fill(ctx, node, &changed));
    ok(ci_node_create(ctx, node));
    return node;
}

/* The node as the database has it now. */
static inline struct ci_node *bench_reload(const struct ci_node *node)
{
    struct ci_node *now;

    ok(ci_node_load(bench.ctx, node->uuid, &now));
    return now;
}

static inline bool bench_call(const struct ci_node *node, enum ci_rpc_method method, json_t *args,
                              json_t **ret_answer)
{
    json_t *ignored;

    return ci_rpc_node(bench.ctx, node, method, args, ret_answer ? ret_answer : &ignored);
}

/* An object in its message form, as a call's argument. */
static inline json_t *bench_message(const void *object)
{
    json_t *value;

    ok(ci_wire_write(bench.ctx, object, &value));
    return json_incref(value);
}

static inline void bench_nap(void)
{
    const struct timespec ms = {.tv_nsec = 1000000};

    nanosleep(&ms, NULL);
}

/* Until no work is going on and the node is free; the node then. */
static inline struct ci_node *bench_settle(const struct ci_node *node)
{
    for (int i = 0; i < 20000; i++) {
        struct ci_node *now = bench_reload(node);

        if (!now->reservation && ci_workers_busy(bench.conductor->workers) == 0)
            return now;
        bench_nap();
    }
    ck_abort_msg("the node does not settle");
}

static inline int64_t bench_count(const char *sql)
{
    struct ci_rows *rows;

    ok(ci_db_query(bench.ctx, sql, 0, NULL, &rows));
    return ci_row_int(rows, 0, 0, -1);
}
