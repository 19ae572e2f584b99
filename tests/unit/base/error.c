/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <string.h>

#include "base/text.h"
#include "tests/unit/unit.h"

START_TEST(the_values_of_a_classs_message_are_kept)
{
    struct ci_ctx *ctx = unit_ctx();

    ck_assert(!ci_fail(ctx, NodeLocked, "node-a", "host-b"));
    ck_assert_ptr_nonnull(ctx->error->values);
    ck_assert_str_eq(ctx->error->values[0], "node-a");
    ck_assert_str_eq(ctx->error->values[1], "host-b");
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "node-a is locked by host host-b"));
}
END_TEST

START_TEST(a_message_for_the_occasion_has_no_values)
{
    struct ci_ctx *ctx = unit_ctx();

    ck_assert(!ci_fail_text(ctx, NodeLocked, "Locked by %s", "somebody"));
    ck_assert_ptr_null(ctx->error->values);
    ci_error_clear(ctx);
    ck_assert(!ci_fail_status(ctx, Conflict, 418, "%s%d", "x", 1));
    ck_assert_ptr_null(ctx->error->values);
    ck_assert_int_eq(ctx->error->status, 418);
}
END_TEST

START_TEST(values_that_are_no_texts_are_left_alone)
{
    struct ci_ctx *ctx = unit_ctx();

    ck_assert(!ci_fail(ctx, JSONNotUTF8, 0xffu, (size_t)3));
    ck_assert_ptr_null(ctx->error->values);
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "0xff in position 3"));
}
END_TEST

START_TEST(a_class_names_each_of_its_values)
{
    struct ci_ctx *ctx = unit_ctx();

    for (int i = 0; i < CI_ERR_COUNT; i++) {
        const struct ci_error_kind *kind = ci_error_kind((enum ci_error_class)i);
        const char *const *keys = ci_split(ctx->mem, kind->keys, ' ');
        size_t values = 0, n = 0;

        for (const char *at = strchr(kind->format, '%'); at; at = strchr(at + 2, '%'))
            values += at[1] != '%';
        while (keys[n])
            n++;
        ck_assert_msg(values == n, "%s has %zu values and %zu keys", kind->name, values, n);
    }
}
END_TEST

START_TEST(a_class_is_found_by_its_name_alone)
{
    ck_assert_int_eq(ci_error_class_by_name("NodeLocked"), CI_ERR_NodeLocked);
    ck_assert_int_eq(ci_error_class_by_name("nodelocked"), CI_ERR_COUNT);
    ck_assert_int_eq(ci_error_class_by_name(""), CI_ERR_COUNT);
}
END_TEST

UNIT_MAIN("base/error", the_values_of_a_classs_message_are_kept,
          a_message_for_the_occasion_has_no_values, values_that_are_no_texts_are_left_alone,
          a_class_names_each_of_its_values, a_class_is_found_by_its_name_alone)
