/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/local.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "db/db.h"
#include "db/migrate.h"
#include "tests/unit/unit.h"

static char file[64];
static struct ci_config *config;

static const char *why(const struct ci_ctx *ctx)
{
    return ctx->error ? ctx->error->message : "no error";
}
#define ok(call) ck_assert_msg((call), "%s: %s", #call, why(ctx))

/* A database with these conductors, all with fake-hardware. */
static struct ci_ctx *begin(ci_rpc_dispatch *dispatch, void *service)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_db_options options = {.max_connections = 2};

    config = ci_config_defaults();
    ctx->config = config;
    snprintf(file, sizeof file, "/tmp/castiron-local-%d.sqlite", (int)getpid());
    unlink(file);
    options.url = ci_printf(ctx->mem, "sqlite:///%s", file);
    ok(ci_db_open(ctx, &options, &ctx->db));
    ok(ci_migrate_create_schema(ctx));
    ok(ci_db_script(
        ctx, "INSERT INTO conductors (id, hostname, online, conductor_group, version, drivers) "
             "VALUES (1, 'here', 1, '', '1.4', '[]'), (2, 'there', 1, 'g', '1.4', '[]'), "
             "(3, 'gone', 0, 'h', '1.4', '[]');"
             "INSERT INTO conductor_hardware_interfaces (conductor_id, hardware_type, "
             "interface_type, interface_name, \"default\") VALUES "
             "(1, 'fake-hardware', 'power', 'fake', 1), (2, 'fake-hardware', 'power', 'fake', 1), "
             "(3, 'fake-hardware', 'power', 'fake', 1)"));
    ctx->rpc = ci_rpc_local_new("here", dispatch, service);
    return ctx;
}

static void end(struct ci_ctx *ctx)
{
    struct ci_db *db = ctx->db;

    ci_rpc_free(ctx->rpc);
    ci_arena_reset(ctx->mem);
    ci_db_close(db);
    ci_config_free(config);
    unlink(file);
}

static struct ci_node *node_of(struct ci_ctx *ctx, const char *group)
{
    struct ci_node *node = ci_object_new(ctx->mem, &ci_node_type);

    ci_node_set_uuid(node, "1be26c0b-03f2-4d2e-ae87-c02d7f33c781");
    ci_node_set_driver(node, "fake-hardware");
    ci_node_set_conductor_group(node, group);
    return node;
}

/* Answers with what it got, and remembers who asked. */
static struct ci_ctx *callee;
static bool echo(struct ci_ctx *ctx, enum ci_rpc_method method, json_t *args, json_t **ret_result,
                 void *service)
{
    callee = ctx;
    ck_assert_str_eq(ctx->request_id, "req-1");
    ck_assert_str_eq(ctx->who.user_id, "u");
    ck_assert_str_eq(ctx->who.roles[1], "member");
    ck_assert_ptr_null(ctx->who.roles[2]);
    ck_assert_int_eq(method, CI_RPC_set_boot_device);
    ck_assert_ptr_eq(service, &file);
    *ret_result = ci_json(ctx, json_incref(args));
    return true;
}

START_TEST(arguments_and_answer_are_copies_and_who_asks_is_told)
{
    static const char *const roles[] = {"admin", "member", NULL};
    struct ci_ctx *ctx = begin(echo, &file);
    json_t *args = json_pack("{s:s, s:[i,f,n]}", "device", "\xe2\x82\xac", "persistent", 1, 0.1);
    json_t *answer;

    ctx->request_id = "req-1";
    ctx->who.user_id = "u";
    ctx->who.roles = roles;
    ok(ci_rpc_node(ctx, node_of(ctx, ""), CI_RPC_set_boot_device, args, &answer));
    ck_assert_ptr_ne(callee, ctx);
    ck_assert_ptr_ne(answer, args);
    ck_assert(ci_json_equal(answer, args));
    ck_assert_str_eq(json_string_value(json_object_get(answer, "node_id")),
                     "1be26c0b-03f2-4d2e-ae87-c02d7f33c781");
    end(ctx);
}
END_TEST

static bool locked(struct ci_ctx *ctx, enum ci_rpc_method method, json_t *args, json_t **ret_result,
                   void *service)
{
    (void)method, (void)args, (void)ret_result, (void)service;
    return ci_fail(ctx, NodeLocked, "n", "h");
}

START_TEST(a_failure_comes_back_as_remote)
{
    struct ci_ctx *ctx = begin(locked, NULL);
    json_t *answer;

    ck_assert(!ci_rpc_node(ctx, node_of(ctx, ""), CI_RPC_destroy_node, NULL, &answer));
    ck_assert_int_eq(ctx->error->class, CI_ERR_NodeLocked);
    ck_assert_int_eq(ctx->error->status, 409);
    ck_assert(ctx->error->remote);
    ck_assert_str_eq(ctx->error->message, "Node n is locked by host h, please retry after the "
                                          "current operation is completed.");
    end(ctx);
}
END_TEST

START_TEST(a_cast_never_fails)
{
    struct ci_ctx *ctx = begin(locked, NULL);
    json_t *answer = NULL;

    ok(ci_rpc_node(ctx, node_of(ctx, ""), CI_RPC_continue_node_clean, NULL, &answer));
    ck_assert_ptr_null(answer);
    end(ctx);
}
END_TEST

START_TEST(a_conductor_elsewhere_cannot_be_reached)
{
    struct ci_ctx *ctx = begin(locked, NULL);
    const char *host;
    json_t *answer;

    ok(ci_rpc_host_of_node(ctx, node_of(ctx, "g"), &host));
    ck_assert_str_eq(host, "there");
    ck_assert(!ci_rpc_node(ctx, node_of(ctx, "g"), CI_RPC_destroy_node, NULL, &answer));
    ck_assert_int_eq(ctx->error->status, 503);
    ck_assert(strstr(ctx->error->message, "there"));
    end(ctx);
}
END_TEST

START_TEST(groups_and_drivers_without_a_live_conductor_are_told)
{
    struct ci_ctx *ctx = begin(locked, NULL);
    const char *host;

    ck_assert(!ci_rpc_host_of_node(ctx, node_of(ctx, "h"), &host));
    ck_assert_int_eq(ctx->error->class, CI_ERR_NoValidHost);
    ck_assert_str_eq(ctx->error->message,
                     "No valid host was found. Reason: No conductor service registered which "
                     "supports driver fake-hardware for conductor group \"h\". Ensure the driver "
                     "is valid and enabled.");
    ci_error_clear(ctx);
    config->DEFAULT.pin_release_version = "21.4";
    ck_assert(!ci_rpc_host_of_node(ctx, node_of(ctx, "h"), &host));
    ck_assert(strstr(ctx->error->message, "\"h\"."));
    ck_assert(!strstr(ctx->error->message, "Ensure"));
    ci_error_clear(ctx);
    ok(ci_db_script(ctx, "UPDATE conductors SET online = 0"));
    ck_assert(!ci_rpc_driver(ctx, "fake-hardware", CI_RPC_get_driver_properties, NULL, NULL));
    ck_assert_int_eq(ctx->error->class, CI_ERR_DriverNotFound);
    ck_assert_str_eq(ctx->error->message, "No conductors registered.");
    ci_error_clear(ctx);
    ck_assert(!ci_rpc_any(ctx, CI_RPC_create_allocation, NULL, NULL));
    ck_assert_int_eq(ctx->error->class, CI_ERR_TemporaryFailure);
    end(ctx);
}
END_TEST

START_TEST(a_conductor_that_has_just_come_is_found)
{
    struct ci_ctx *ctx = begin(locked, NULL);
    const char *host;

    ck_assert(!ci_rpc_host_of_node(ctx, node_of(ctx, "h"), &host));
    ci_error_clear(ctx);
    ok(ci_db_script(ctx, "UPDATE conductors SET online = 1"));
    ok(ci_rpc_host_of_node(ctx, node_of(ctx, "h"), &host));
    ck_assert_str_eq(host, "gone");
    end(ctx);
}
END_TEST

START_TEST(nothing_newer_than_the_pin_is_sent)
{
    struct ci_ctx *ctx = begin(locked, NULL);

    config->DEFAULT.pin_release_version = "21.4";
    ck_assert(!ci_rpc_node(ctx, node_of(ctx, ""), CI_RPC_do_node_service, NULL, NULL));
    ck_assert(strstr(ctx->error->message, "Requested message version, 1.57 is incompatible."));
    ck_assert(!ctx->error->remote);
    end(ctx);
}
END_TEST

UNIT_MAIN("rpc/local", arguments_and_answer_are_copies_and_who_asks_is_told,
          a_failure_comes_back_as_remote, a_cast_never_fails,
          a_conductor_elsewhere_cannot_be_reached,
          groups_and_drivers_without_a_live_conductor_are_told,
          a_conductor_that_has_just_come_is_found, nothing_newer_than_the_pin_is_sent)
