/* SPDX-License-Identifier: Apache-2.0 */
/* Nova and Keystone are one server in the test's process. */
#include "conductor/nova.h"

#include <stdatomic.h>

#include "base/httpd.h"
#include "base/time.h"
#include "tests/unit/conductor/bench.h"
#include "tests/unit/conductor/logged.h"

#define INSTANCE "9c1d0a1e-0d5c-4a2b-8d0f-0d1d1a1b1c05"
#define TAKEN "{\"events\": [{\"code\": 200, \"status\": \"completed\"}]}"
#define FAILED "Nova could not be told of a power state"

enum { EVENTS = 16, STEPS_MS = 20000 };

static struct ci_httpd *services;
static atomic_int logins, events; /* raised when what was asked is written down */
static char bodies[EVENTS][256], heads[EVENTS][256];
static struct ci_httpd_request *_Atomic held;

/* What nova says: `refusals` times `status`, then 200. Set before anything is asked. */
static struct {
    int status, refusals;
    const char *body, *path;
    bool holds;
} nova;

static void answer(struct ci_httpd_request *req, int status, const char *token, const char *body)
{
    const struct ci_httpd_header headers[] = {{"Content-Type", "application/json"},
                                              {token ? "X-Subject-Token" : NULL, token},
                                              {NULL, NULL}};
    struct ci_text text;

    ci_text_init(&text, 4096);
    ci_text_add(&text, body);
    ci_httpd_answer(req, status, headers, &text);
    ci_text_done(&text);
}

static void log_in(struct ci_httpd_request *req)
{
    struct ci_arena *mem = ci_arena_new();
    const char *at = ci_printf(mem, "http://127.0.0.1:%d%s", ci_httpd_port(services), nova.path);
    const char *token = ci_printf(mem, "token-%d", ++logins);

    answer(
        req, 201, token,
        ci_printf(mem,
                  "{\"token\": {\"expires_at\": \"2099-01-01T00:00:00.000000Z\", \"catalog\": ["
                  "{\"type\": \"compute\", \"endpoints\": ["
                  "{\"interface\": \"public\", \"region\": \"two\", \"url\": \"%s\"}, "
                  "{\"interface\": \"internal\", \"region\": \"one\", \"url\": \"http://x\"}]}]}}",
                  at));
    ci_arena_free(mem);
}

static void take_event(struct ci_httpd_request *req)
{
    static const char *const names[] = {"X-Auth-Token", "OpenStack-API-Version",
                                        "X-OpenStack-Nova-API-Version"};
    const int n = events;
    size_t length = 0;

    ck_assert_int_lt(n, EVENTS);
    snprintf(bodies[n], sizeof bodies[n], "%.*s", (int)req->body_length, req->body);
    length += (size_t)snprintf(heads[n], sizeof heads[n], "%s %s", req->method, req->path);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = ci_httpd_header(req, names[i]);

        length += (size_t)snprintf(heads[n] + length, sizeof heads[n] - length, "|%s",
                                   value ? value : "none");
    }
    if (nova.holds) {
        ci_httpd_suspend(req);
        held = req;
    } else {
        answer(req, n < nova.refusals ? nova.status : 200, NULL, nova.body);
    }
    events = n + 1;
}

/* A ci_httpd_on_request. */
static void on_request(struct ci_httpd_request *req, void *arg)
{
    (void)arg;
    if (strcmp(req->path, "/v3/auth/tokens") == 0)
        log_in(req);
    else
        take_event(req);
}

static void prepare(void)
{
    static const char *const interfaces[] = {"internal", "public", NULL};
    const struct ci_httpd_options served = {.on_request = on_request, .threads = 1};

    nova.status = 200;
    nova.body = TAKEN;
    nova.path = "/compute/v2.1/";
    bench_prepare();
    ok(ci_httpd_start(bench.ctx, &served, &services));
    logged_begin();
    bench.config->nova.auth_type = "password";
    bench.config->nova.auth_url =
        ci_printf(bench.ctx->mem, "http://127.0.0.1:%d/v3", ci_httpd_port(services));
    bench.config->nova.username = "ironic";
    bench.config->nova.password = "secret";
    bench.config->nova.region_name = "two";
    bench.config->nova.valid_interfaces = interfaces;
    bench.config->nova.status_code_retry_delay = 0;
}

/* Gives the log. */
static const char *stop(void)
{
    bench_stop();
    ck_assert(ci_httpd_stop(services, 10));
    return logged_end();
}

static struct ci_node *node_of(const char *instance)
{
    struct ci_node *node = bench_node(NULL, CI_STATE_ACTIVE);

    ci_node_set_instance_uuid(node, instance);
    ok(ci_node_save(bench.ctx, node));
    return node;
}

/* Changes its power, which succeeds whatever nova says. */
static void change(const struct ci_node *node, const char *to, const char *now)
{
    const struct ci_node *after;

    ok(bench_call(node, CI_RPC_change_node_power_state, json_pack("{s:s}", "new_state", to), NULL));
    after = bench_settle(node);
    ck_assert_str_eq(after->power_state, now);
    ck_assert_ptr_null(after->last_error);
}

static void await_events(int count)
{
    for (int ms = 0; events < count && ms < STEPS_MS; ms++)
        bench_nap();
    ck_assert_int_eq(events, count);
}

static void told(int n, const char *token, const char *tag)
{
    struct ci_arena *mem = bench.ctx->mem;

    ck_assert_str_eq(bodies[n], ci_printf(mem,
                                          "{\"events\": [{\"name\": \"power-update\", "
                                          "\"server_uuid\": \"" INSTANCE "\", \"tag\": \"%s\"}]}",
                                          tag));
    ck_assert_str_eq(heads[n], ci_printf(mem,
                                         "POST /compute/v2.1/os-server-external-events|%s|"
                                         "compute 2.76|2.76",
                                         token));
}

START_TEST(an_instances_power_is_told_in_the_order_in_which_it_changes)
{
    struct ci_node *node;
    const char *log;

    prepare();
    bench_begin();
    ck_assert_int_eq(logins, 0);
    change(node_of(NULL), CI_POWER_ON, CI_POWER_ON);
    node = node_of(INSTANCE);
    change(node, CI_POWER_ON, CI_POWER_ON);
    change(node, CI_SOFT_POWER_OFF, CI_POWER_OFF);
    change(node, CI_POWER_OFF, CI_POWER_OFF); /* it is off: nothing happens */
    change(node, CI_REBOOT, CI_POWER_ON);
    await_events(3);
    log = stop();
    ck_assert_int_eq(events, 3);
    ck_assert_int_eq(logins, 1);
    told(0, "token-1", "POWER_ON");
    told(1, "token-1", "POWER_OFF");
    told(2, "token-1", "POWER_ON");
    ck_assert_ptr_null(strstr(log, FAILED));
    ck_assert_ptr_null(strstr(log, "secret"));
    ck_assert_ptr_null(strstr(log, "token-1"));
}
END_TEST

START_TEST(nobody_is_asked_where_it_is_off)
{
    static const struct {
        const char *type, *warning;
        bool wanted;
    } cases[] = {{NULL, NULL, true},
                 {"password", NULL, false},
                 {"v3kerberos", "[nova]auth_type is v3kerberos", true}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *log;

        prepare();
        bench.config->nova.auth_type = cases[i].type;
        bench.config->nova.send_power_notifications = cases[i].wanted;
        bench_begin();
        change(node_of(INSTANCE), CI_POWER_ON, CI_POWER_ON);
        log = stop();
        ck_assert_int_eq(logins + events, 0);
        if (cases[i].warning)
            ck_assert_msg(strstr(log, cases[i].warning), "%s", log);
        else
            ck_assert_msg(!strstr(log, "Nova"), "%s", log);
    }
}
END_TEST

START_TEST(what_nova_does_not_take_is_logged_and_harms_nothing)
{
    static const struct {
        int status;
        const char *body, *warning;
    } cases[] = {
        {404, "{\"itemNotFound\": {}}", "HTTP status 404"},
        {403, "", "HTTP status 403"},
        {503, "", "HTTP status 503"},
        {207, "{\"events\": [{\"code\": 422, \"status\": \"failed\"}]}", "422"},
        {200, "{\"events\": [{\"code\": \"200\"}]}", "HTTP status 200"},
        {200, "{\"events\": []}", "HTTP status 200"},
        {200, "[1]", "HTTP status 200"},
        {200, "<html>", "Expecting value"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *log, *line;

        events = 0;
        prepare();
        nova.status = cases[i].status;
        nova.body = cases[i].body;
        nova.refusals = 1;
        bench_begin();
        change(node_of(INSTANCE), CI_POWER_ON, CI_POWER_ON);
        await_events(1);
        log = stop();
        ck_assert_int_eq(events, 1);
        line = strstr(log, FAILED);
        ck_assert_msg(line && strstr(line, cases[i].warning), "%zu: %s", i, log);
    }
}
END_TEST

START_TEST(it_is_told_again_as_often_as_the_options_say)
{
    const char *log;

    prepare();
    bench.config->nova.status_code_retries = 2;
    nova.status = 503;
    nova.refusals = 2;
    bench_begin();
    change(node_of(INSTANCE), CI_POWER_ON, CI_POWER_ON);
    await_events(3);
    log = stop();
    ck_assert_ptr_null(strstr(log, FAILED));
    for (int i = 0; i < 3; i++)
        told(i, "token-1", "POWER_ON");
}
END_TEST

START_TEST(a_token_that_is_refused_is_replaced_once)
{
    prepare();
    nova.status = 401;
    nova.refusals = 1;
    bench_begin();
    change(node_of(INSTANCE), CI_POWER_ON, CI_POWER_ON);
    await_events(2);
    ck_assert_ptr_null(strstr(stop(), FAILED));
    told(0, "token-1", "POWER_ON");
    told(1, "token-2", "POWER_ON");
}
END_TEST

START_TEST(the_address_is_the_catalogs_with_a_version_or_the_operators)
{
    static const struct {
        const char *catalog, *override, *path;
    } cases[] = {
        {"", NULL, "POST /v2.1/os-server-external-events|"},
        {"/v2.10/", NULL, "POST /v2.10/v2.1/os-server-external-events|"},
        {"/v2.1/project", NULL, "POST /v2.1/project/os-server-external-events|"},
        {"", "/elsewhere/", "POST /elsewhere/os-server-external-events|"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        events = 0;
        prepare();
        nova.path = cases[i].catalog;
        if (cases[i].override)
            bench.config->nova.endpoint_override =
                ci_printf(bench.ctx->mem, "http://127.0.0.1:%d%s", ci_httpd_port(services),
                          cases[i].override);
        bench_begin();
        change(node_of(INSTANCE), CI_POWER_ON, CI_POWER_ON);
        await_events(1);
        ck_assert_msg(strstr(heads[0], cases[i].path) == heads[0], "%s", heads[0]);
        (void)stop();
    }
}
END_TEST

START_TEST(a_service_that_nobody_names_is_logged)
{
    const char *log;

    prepare();
    bench.config->nova.service_type = "compute_legacy";
    bench_begin();
    change(node_of(INSTANCE), CI_POWER_ON, CI_POWER_ON);
    log = stop();
    ck_assert_int_eq(events, 0);
    ck_assert_msg(strstr(log, "no endpoint of the service type compute_legacy"), "%s", log);
}
END_TEST

START_TEST(a_nova_that_hangs_holds_up_neither_work_nor_the_end)
{
    const char *log;
    int64_t begun;

    prepare();
    nova.holds = true;
    bench_begin();
    change(node_of(INSTANCE), CI_POWER_ON, CI_POWER_ON);
    await_events(1);
    change(node_of("9c1d0a1e-0d5c-4a2b-8d0f-0d1d1a1b1c06"), CI_POWER_ON, CI_POWER_ON);
    begun = ci_time_monotonic_ns();
    bench_stop();
    ck_assert_int_lt((ci_time_monotonic_ns() - begun) / 1000000, 15000);
    answer(held, 200, NULL, TAKEN);
    ck_assert(ci_httpd_stop(services, 10));
    log = logged_end();
    ck_assert_ptr_nonnull(strstr(log, FAILED));
    ck_assert_ptr_nonnull(strstr(log, "1c06 tag=POWER_ON error="));
}
END_TEST

UNIT_MAIN("conductor/nova", an_instances_power_is_told_in_the_order_in_which_it_changes,
          nobody_is_asked_where_it_is_off, what_nova_does_not_take_is_logged_and_harms_nothing,
          it_is_told_again_as_often_as_the_options_say, a_token_that_is_refused_is_replaced_once,
          the_address_is_the_catalogs_with_a_version_or_the_operators,
          a_service_that_nobody_names_is_logged,
          a_nova_that_hangs_holds_up_neither_work_nor_the_end)
