/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The API on a SQLite file of its own, asked through its pipeline, and a conductor that agrees to
 * everything: what it was called is in service.called. A test is a table of requests with what
 * they are answered:
 *
 *     static const struct exchange exchanges[] = {{"GET", "/v1/shards", NULL, 82, 200, "[]",
 * NULL}}; SERVICE_TEST(a_sentence_that_is_proven, "INSERT …")
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "api/auth.h"
#include "api/network_data.h"
#include "api/pipeline.h"
#include "api/policy.h"
#include "api/server.h"
#include "base/config.h"
#include "base/text.h"
#include "db/db.h"
#include "db/migrate.h"
#include "rpc/local.h"
#include "tests/unit/unit.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define N1 "11111111-2222-4333-8444-000000000001"
#define N2 "11111111-2222-4333-8444-000000000002"
#define NEW "11111111-2222-4333-8444-0000000000ff"

struct exchange {
    const char *method, *path; /* with its query */
    const char *body;          /* NULL: none */
    int version, status;
    const char *has, *lacks; /* of the answer; NULL: nothing */
};

static struct service {
    char file[64];
    struct ci_config *config;
    struct ci_api api;
    struct ci_ctx *ctx;
    char version[16];
    char called[64]; /* the method of the last call to a conductor */
} service;

static inline const char *service_why(void)
{
    return service.ctx->error ? service.ctx->error->message : "no error";
}

#define service_ok(call) ck_assert_msg((call), "%s: %s", #call, service_why())

/* Objects come back as they were sent; other calls give null. */
static inline bool service_dispatch(struct ci_ctx *ctx, enum ci_rpc_method method, json_t *args,
                                    json_t **ret_result, void *arg)
{
    const char *key;
    json_t *value;

    (void)arg;
    snprintf(service.called, sizeof service.called, "%s", ci_rpc_row(method)->name);
    *ret_result = ci_json(ctx, json_null());
    json_object_foreach(args, key, value)
    {
        if (strlen(key) > 4 && strcmp(key + strlen(key) - 4, "_obj") == 0)
            *ret_result = value;
    }
    return true;
}

/* Two nodes, the first of a project's, and a live conductor. */
static const char service_rows[] =
    "INSERT INTO conductors (id, hostname, online, conductor_group, version, drivers, updated_at) "
    "VALUES (1, 'here', 1, '', '1.4', '[]', '2999-01-01 00:00:00');"
    "INSERT INTO conductor_hardware_interfaces (conductor_id, hardware_type, interface_type, "
    "interface_name, \"default\") VALUES (1, 'fake-hardware', 'power', 'fake', 1);"
    "INSERT INTO nodes (id, uuid, name, driver, provision_state, conductor_group, version, owner, "
    "shard, resource_class, maintenance, driver_info, properties, extra, console_enabled, "
    "protected, retired) VALUES "
    "(1, '" N1 "', 'n1', 'fake-hardware', 'available', '', '1.44', 'p1', 'a', 'r1', 0, "
    "'{\"password\": \"secret\"}', '{}', '{}', 0, 0, 0), "
    "(2, '" N2 "', 'n2', 'fake-hardware', 'active', '', '1.44', NULL, NULL, 'r2', 1, '{}', '{}', "
    "'{}', 0, 1, 0);";

/* `rows` is SQL that is run besides; NULL: none. */
static inline void service_start(const char *rows)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_db_options options = {.max_connections = 2};

    service.ctx = ctx;
    service.config = ci_config_defaults();
    service.config->DEFAULT.auth_strategy = "noauth";
    service.config->DEFAULT.host = "here";
    ctx->config = service.config;
    snprintf(service.file, sizeof service.file, "/tmp/castiron-service-%d.sqlite", (int)getpid());
    unlink(service.file);
    options.url = ci_printf(ctx->mem, "sqlite:///%s", service.file);
    service_ok(ci_db_open(ctx, &options, &service.api.db));
    ctx->db = service.api.db;
    service_ok(ci_migrate_create_schema(ctx));
    service_ok(ci_db_script(ctx, service_rows));
    if (rows)
        service_ok(ci_db_script(ctx, rows));
    service_ok(ci_auth_open(ctx) && ci_policy_open(ctx) && ci_network_data_open(ctx));
    service.api.rpc = ci_rpc_local_new("here", service_dispatch, NULL);
}

static inline void service_stop(void)
{
    ci_network_data_close();
    ci_policy_close();
    ci_auth_close();
    ci_rpc_free(service.api.rpc);
    ci_arena_reset(unit_context.mem);
    ci_db_close(service.api.db);
    ci_config_free(service.config);
    unlink(service.file);
}

static inline const char *service_header(const struct ci_request *req, const char *name)
{
    (void)req;
    if (strcasecmp(name, "X-OpenStack-Ironic-API-Version") == 0)
        return service.version;
    if (strcasecmp(name, "Content-Type") == 0)
        return "application/json";
    return strcasecmp(name, "Host") == 0 ? "api.example" : NULL;
}

/* One request through the pipeline; lives until the next one. */
static inline struct ci_request *service_request(const struct exchange *e)
{
    struct ci_ctx *ctx = service.ctx;
    const char *mark = strchr(e->path, '?');
    struct ci_request *req;

    ci_arena_reset(ctx->mem);
    *ctx = (struct ci_ctx){.mem = ctx->mem,
                           .config = service.config,
                           .db = service.api.db,
                           .rpc = service.api.rpc,
                           .request_id = "req-" NEW};
    snprintf(service.version, sizeof service.version, "1.%d", e->version);
    service.called[0] = '\0';
    req = ci_new(ctx->mem, struct ci_request);
    *req = (struct ci_request){
        .ctx = ctx,
        .api = &service.api,
        .method = e->method,
        .path = mark ? ci_strndup(ctx->mem, e->path, (size_t)(mark - e->path)) : e->path,
        .query = mark ? mark + 1 : "",
        .scheme = "http",
        .header = service_header,
        .body = e->body ? e->body : "",
        .body_length = e->body ? strlen(e->body) : 0,
        .reply = ci_text_new(ctx->mem, 1 << 20)};
    if (ci_pipeline_begin(req))
        ci_pipeline_run(req);
    return req;
}

static inline void service_ask(const struct exchange *exchanges, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct exchange *e = &exchanges[i];
        const struct ci_request *req = service_request(e);

        ck_assert_msg(req->status == e->status, "%zu. %s %s 1.%d: %d %s", i, e->method, e->path,
                      e->version, req->status, req->reply->bytes);
        ck_assert_msg(!e->has || strstr(req->reply->bytes, e->has), "%zu. %s %s 1.%d lacks %s: %s",
                      i, e->method, e->path, e->version, e->has, req->reply->bytes);
        ck_assert_msg(!e->lacks || !strstr(req->reply->bytes, e->lacks),
                      "%zu. %s %s 1.%d has %s: %s", i, e->method, e->path, e->version, e->lacks,
                      req->reply->bytes);
    }
}

/* The test of a file that is one table, `exchanges`, in order. */
#define SERVICE_TEST(sentence, rows)                                                               \
    START_TEST(sentence)                                                                           \
    {                                                                                              \
        service_start(rows);                                                                       \
        service_ask(exchanges, COUNT(exchanges));                                                  \
        service_stop();                                                                            \
    }                                                                                              \
    END_TEST
