/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/context.h"

#include <string.h>

#include "tests/unit/unit.h"

static const char *const roles[] = {"admin", "reader", NULL};
static const struct ci_identity somebody = {
    .user_id = "u1",
    .project_id = "p1",
    .user_domain_id = "ud",
    .project_domain_id = "pd",
    .system_scope = "all",
    .roles = roles,
    .auth_token = "gAAAA-secret",
    .is_admin = true,
};

/* The object that a text of members makes. */
static json_t *object_of(struct ci_ctx *ctx, const struct ci_text *members)
{
    const char *text = ci_printf(ctx->mem, "{%s}", members->bytes);
    json_t *object;

    ck_assert(ci_json_read(ctx, text, strlen(text), &ci_json_trusted, &object));
    return object;
}

static json_t *written(struct ci_ctx *ctx, const char *prefix,
                       void (*write)(struct ci_text *, const struct ci_ctx *, const char *))
{
    struct ci_text *text = ci_text_new(ctx->mem, 10000);

    ci_text_add(text, "{");
    write(text, ctx, prefix);
    text->bytes[0] = ' ';
    return object_of(ctx, text);
}

static const char *text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

START_TEST(an_identity_comes_back)
{
    struct ci_ctx *ctx = unit_ctx(), reader = {.mem = ctx->mem};

    ctx->who = somebody;
    ctx->request_id = "req-1";
    ctx->global_request_id = "req-2";
    ci_context_read(&reader, written(ctx, CI_CONTEXT_PREFIX, ci_context_write), CI_CONTEXT_PREFIX);
    ck_assert_str_eq(reader.who.user_id, "u1");
    ck_assert_str_eq(reader.who.project_id, "p1");
    ck_assert_str_eq(reader.who.user_domain_id, "ud");
    ck_assert_str_eq(reader.who.project_domain_id, "pd");
    ck_assert_str_eq(reader.who.system_scope, "all");
    ck_assert_str_eq(reader.who.auth_token, "gAAAA-secret");
    ck_assert_str_eq(reader.who.roles[0], "admin");
    ck_assert_str_eq(reader.who.roles[1], "reader");
    ck_assert_ptr_null(reader.who.roles[2]);
    ck_assert_str_eq(reader.request_id, "req-1");
    ck_assert_str_eq(reader.global_request_id, "req-2");
}
END_TEST

START_TEST(nobody_goes_as_dashes_and_is_no_admin)
{
    struct ci_ctx *ctx = unit_ctx();
    json_t *object;

    ctx->who.is_admin = true;
    object = written(ctx, "", ci_context_write);
    ck_assert_str_eq(text_at(object, "user_identity"), "- - - - -");
    ck_assert(json_is_false(json_object_get(object, "is_admin")));
    ck_assert(json_is_null(json_object_get(object, "user")));
    ck_assert_uint_eq(json_array_size(json_object_get(object, "roles")), 0);
    ck_assert_uint_eq(json_object_size(object), 18);
}
END_TEST

START_TEST(listeners_get_no_token)
{
    struct ci_ctx *ctx = unit_ctx();
    json_t *object;

    ctx->who = somebody;
    object = written(ctx, "_context_", ci_context_write_public);
    ck_assert(json_is_null(json_object_get(object, "_context_auth_token")));
    ck_assert_str_eq(text_at(object, "_context_user_identity"), "u1 p1 - ud pd");
    ck_assert_ptr_null(strstr(ci_json_text(ctx->mem, object), "secret"));
}
END_TEST

START_TEST(an_identity_of_before_is_forgotten)
{
    struct ci_ctx *ctx = unit_ctx();

    ctx->who = somebody;
    ctx->global_request_id = "req-old";
    ci_context_read(ctx, NULL, CI_CONTEXT_PREFIX);
    ck_assert_ptr_null(ctx->who.user_id);
    ck_assert_ptr_null(ctx->who.auth_token);
    ck_assert_ptr_null(ctx->who.roles);
    ck_assert(!ctx->who.is_admin);
    ck_assert_ptr_null(ctx->global_request_id);
    ck_assert_uint_eq(strlen(ctx->request_id), strlen("req-") + 36);
}
END_TEST

UNIT_MAIN("rpc/context", an_identity_comes_back, nobody_goes_as_dashes_and_is_no_admin,
          listeners_get_no_token, an_identity_of_before_is_forgotten)
