/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/root_device.h"

#include <string.h>

#include "base/json.h"
#include "tests/unit/unit.h"

#define DISKS(text) static const char golden_disks[] = text;
#include "tests/golden/root_device.def"
#undef DISKS

static const struct {
    const char *hints, *names;
} samples[] = {
#define HINTS(hints, names) {hints, names},
#include "tests/golden/root_device.def"
#undef HINTS
};

static json_t *read_json(struct ci_ctx *ctx, const char *text)
{
    json_t *value;

    ck_assert_msg(ci_json_read(ctx, text, strlen(text), &ci_json_trusted, &value), "%s", text);
    return value;
}

/* The names of the disks that are found, or null for an error. */
static const char *find(struct ci_ctx *ctx, const char *disks, const char *hints)
{
    json_t *names = ci_json(ctx, json_array()), *found, *one;
    size_t i;

    if (!ci_root_device_find(ctx, read_json(ctx, disks), read_json(ctx, hints), &found)) {
        ck_assert_int_eq(ctx->error->class, CI_ERR_InvalidParameterValue);
        ci_error_clear(ctx);
        return "null";
    }
    json_array_foreach(found, i, one) json_array_append(names, json_object_get(one, "name"));
    return ci_json_text(ctx->mem, names);
}

START_TEST(hints_find_the_disks_that_they_find_in_ironic)
{
    struct ci_ctx *ctx = unit_ctx();

    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const char *names = find(ctx, golden_disks, samples[i].hints);

        ck_assert_msg(strcmp(names, samples[i].names) == 0, "%s: %s and not %s", samples[i].hints,
                      names, samples[i].names);
    }
}
END_TEST

/* Of releases newer than the recorded one. */
START_TEST(a_size_may_be_in_a_range)
{
    static const struct {
        const char *hints, *names;
    } cases[] = {
        {"{\"size\": \"<range-in> [ 10 20 ]\"}", "[\"a\", \"b\"]"},
        {"{\"size\": \"<range-in> ( 10 20 ]\"}", "[\"b\"]"},
        {"{\"size\": \"<range-in> [ 10 20 )\"}", "[\"a\"]"},
        {"{\"size\": \"<range-in> [ 20 10 ]\"}", "null"},
        {"{\"size\": \"<range-in> 10 20\"}", "null"},
        {"{\"size\": \"<range-in> [10.5 20]\"}", "[\"b\"]"},
        {"{\"size\": \"<range-in> [ 10 ]\"}", "null"},
        {"{\"size\": \"<range-in> []\"}", "null"},
        {"{\"size\": \"<range-in> [ 10 20 30 ]\"}", "null"},
    };
    struct ci_ctx *ctx = unit_ctx();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_str_eq(find(ctx,
                              "[{\"name\": \"a\", \"size\": 10737418240}, "
                              "{\"name\": \"b\", \"size\": 21474836480}]",
                              cases[i].hints),
                         cases[i].names);
}
END_TEST

START_TEST(what_is_no_hint_or_no_disk_is_told_or_passed_over)
{
    struct ci_ctx *ctx = unit_ctx();

    ck_assert_str_eq(find(ctx, golden_disks, "[]"), "null");
    ck_assert_str_eq(find(ctx, golden_disks, "{}"), "[]");
    ck_assert_str_eq(find(ctx, "[1, null, {}]", "{\"serial\": \"a\"}"), "[]");
    ck_assert_str_eq(find(ctx, "{}", "{\"serial\": \"a\"}"), "[]");
    ck_assert_str_eq(find(ctx, "[{}]", "{\"size\": 10}"), "null");
}
END_TEST

UNIT_MAIN("drivers/root_device", hints_find_the_disks_that_they_find_in_ironic,
          a_size_may_be_in_a_range, what_is_no_hint_or_no_disk_is_told_or_passed_over)
