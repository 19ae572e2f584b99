/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/failure.h"

#include <string.h>

#include "base/config.h"
#include "tests/unit/unit.h"

static const char *kwarg(const struct ci_failure *failure, const char *key)
{
    return json_string_value(json_object_get(failure->kwargs, key));
}

static json_int_t code_of(const struct ci_failure *failure)
{
    return json_integer_value(json_object_get(failure->kwargs, "code"));
}

START_TEST(values_travel_as_json_in_json)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_failure failure;

    ck_assert(!ci_fail(ctx, NodeLocked, "a \"b\"", "host"));
    ci_failure_of_error(ctx, &failure);
    ck_assert_str_eq(failure.class, "NodeLocked");
    ck_assert_str_eq(failure.module, "ironic.common.exception");
    ck_assert_str_eq(kwarg(&failure, "node"), "\"a \\\"b\\\"\"");
    ck_assert_str_eq(kwarg(&failure, "host"), "\"host\"");
    ck_assert_int_eq(code_of(&failure), 409);
}
END_TEST

START_TEST(the_librarys_values_travel_as_they_are)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_failure failure;

    ck_assert(!ci_fail(ctx, UnsupportedObjectError, "Nope"));
    ci_failure_of_error(ctx, &failure);
    ck_assert_str_eq(failure.module, "oslo_versionedobjects.exception");
    ck_assert_str_eq(kwarg(&failure, "objtype"), "Nope");
    ci_error_clear(ctx);
    ck_assert(!ci_fail(ctx, NoSuchMethod, "nope"));
    ci_failure_of_error(ctx, &failure);
    ck_assert_str_eq(failure.module, "oslo_messaging.rpc.dispatcher");
    ck_assert_uint_eq(json_object_size(failure.kwargs), 0);
}
END_TEST

START_TEST(a_status_of_its_own_travels_as_code)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_failure failure;

    ck_assert(!ci_fail_status(ctx, InstanceDeployFailure, 400, "Not %s", "so"));
    ci_failure_of_error(ctx, &failure);
    ck_assert_str_eq(failure.message, "Not so");
    ck_assert_int_eq(code_of(&failure), 400);
    ck_assert_uint_eq(json_object_size(failure.kwargs), 1);
}
END_TEST

START_TEST(pythons_own_travel_with_their_message_alone)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_failure failure;

    ck_assert(!ci_fail_text(ctx, TypeError, "f() missing 'x'"));
    ci_failure_of_error(ctx, &failure);
    ck_assert_str_eq(failure.class, "TypeError");
    ck_assert_str_eq(failure.module, "builtins");
    ck_assert_ptr_null(failure.kwargs);
    ci_error_clear(ctx);
    ck_assert(!ci_failure_raise(ctx, &failure));
    ck_assert_int_eq(ctx->error->status, 500);
    ck_assert_str_eq(ctx->error->message, "f() missing 'x'");
}
END_TEST

START_TEST(what_a_peer_cannot_know_goes_as_what_it_is_a_kind_of)
{
    static const struct {
        const char *pin;
        enum ci_error_class class;
        const char *name;
    } cases[] = {
        {"21.4", CI_ERR_StepNotAllowed, "Invalid"},
        {"21.4", CI_ERR_RuleConditionCheckFailure, "HardwareInspectionFailure"},
        {"21.4", CI_ERR_NodeLocked, "NodeLocked"},
        {"zed", CI_ERR_RunbookNotFound, "NotFound"},
        {NULL, CI_ERR_StepNotAllowed, "StepNotAllowed"},
        {NULL, CI_ERR_DatabaseUnavailable, "TemporaryFailure"},
        {NULL, CI_ERR_MustWait, "TemporaryFailure"},
        {NULL, CI_ERR_UniqueViolation, "Conflict"},
        {"21.4", CI_ERR_InvalidInput, "ClientSideError"},
    };
    struct ci_config *config = ci_config_defaults();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_ctx *ctx = unit_ctx();
        struct ci_failure failure;

        config->DEFAULT.pin_release_version = cases[i].pin;
        ctx->config = config;
        ck_assert(!ci_error_set(ctx, cases[i].class, "Why"));
        ci_failure_of_error(ctx, &failure);
        ck_assert_str_eq(failure.class, cases[i].name);
        ck_assert_str_eq(failure.message, "Why");
    }
    config->DEFAULT.pin_release_version = NULL;
    ci_config_free(config);
}
END_TEST

START_TEST(the_text_is_as_python_writes_it)
{
    struct ci_ctx *ctx = unit_ctx();
    const struct ci_failure failure = {
        .class = "NodeLocked", .module = "ironic.common.exception", .message = "caf\xc3\xa9"};
    struct ci_text *text = ci_text_new(ctx->mem, 1000);

    ci_failure_write(text, &failure);
    ck_assert_str_eq(text->bytes,
                     "{\"class\": \"NodeLocked\", \"module\": \"ironic.common.exception\", "
                     "\"message\": \"caf\\u00e9\", \"tb\": [\"Traceback (most recent call "
                     "last):\\n\"], \"args\": [\"caf\\u00e9\"], \"kwargs\": {}}");
}
END_TEST

START_TEST(tracebacks_are_kept_where_the_operator_wants_them)
{
    const struct ci_failure failure = {
        .class = "NodeLocked", .module = "ironic.common.exception", .message = "Why \n"};
    struct ci_config *config = ci_config_defaults();
    struct ci_ctx *ctx = unit_ctx();

    ctx->config = config;
    ck_assert(!ci_failure_raise(ctx, &failure));
    ck_assert_str_eq(ctx->error->message, "Why");
    ci_error_clear(ctx);
    config->DEFAULT.debug_tracebacks_in_api = true;
    ck_assert(!ci_failure_raise(ctx, &failure));
    ck_assert_str_eq(ctx->error->message, "Why \n\nTraceback (most recent call last):");
    ci_config_free(config);
}
END_TEST

START_TEST(a_peer_cannot_raise_what_is_ours_alone)
{
    static const char *const names[] = {"MustWait", "RemoteError", "NoSuchMethod", "", "no such"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct ci_failure failure = {
            .class = names[i], .module = "ironic.common.exception", .message = "Why"};
        struct ci_ctx *ctx = unit_ctx();

        ck_assert(!ci_failure_raise(ctx, &failure));
        ck_assert_int_eq(ctx->error->class, CI_ERR_RemoteError);
        ck_assert_int_eq(ctx->error->status, 500);
        ck_assert_str_eq(ctx->error->message,
                         ci_printf(ctx->mem, "Remote error: %s Why\n['", names[i]));
    }
}
END_TEST

START_TEST(no_failure_of_any_shape_is_taken_for_success)
{
    static const char *const texts[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"class\": null}",
        "{\"tb\": [[]]}",
        "{\"kwargs\": \"\"}",
        "{\"class\": \"NodeLocked\", \"module\": \"ironic.common.exception\"}",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ci_ctx *ctx = unit_ctx();
        struct ci_failure failure;

        ck_assert(!ci_failure_read(ctx, texts[i], strlen(texts[i]), &ci_json_trusted, &failure) ||
                  !ci_failure_raise(ctx, &failure));
        ck_assert_ptr_nonnull(ctx->error);
        ck_assert_int_ge(ctx->error->status, 400);
    }
}
END_TEST

UNIT_MAIN("rpc/failure", values_travel_as_json_in_json, the_librarys_values_travel_as_they_are,
          a_status_of_its_own_travels_as_code, pythons_own_travel_with_their_message_alone,
          what_a_peer_cannot_know_goes_as_what_it_is_a_kind_of, the_text_is_as_python_writes_it,
          tracebacks_are_kept_where_the_operator_wants_them, a_peer_cannot_raise_what_is_ours_alone,
          no_failure_of_any_shape_is_taken_for_success)
