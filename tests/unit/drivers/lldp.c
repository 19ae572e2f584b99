/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/lldp.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "tests/unit/unit.h"

static const struct {
    const char *tlvs, *parsed, *link;
} samples[] = {
#define SAMPLE(tlvs, parsed, link) {tlvs, parsed, link},
#include "tests/golden/lldp.def"
#undef SAMPLE
};

static json_t *read_json(struct ci_ctx *ctx, const char *text)
{
    json_t *value;

    ck_assert_msg(ci_json_read(ctx, text, strlen(text), &ci_json_trusted, &value), "%s", text);
    return value;
}

static struct ci_lldp_tlv read_tlv(struct ci_ctx *ctx, const json_t *element)
{
    struct ci_lldp_tlv tlv;

    ck_assert(ci_lldp_read(ctx->mem, element, &tlv));
    return tlv;
}

static void is_equal(struct ci_ctx *ctx, const char *tlvs, const json_t *given, const char *wanted)
{
    ck_assert_msg(json_equal((json_t *)(uintptr_t)given, read_json(ctx, wanted)),
                  "%s:\n%s\nand not\n%s", tlvs, ci_json_text(ctx->mem, given), wanted);
}

START_TEST(what_a_switch_says_is_read_as_ironic_does)
{
    struct ci_ctx *ctx = unit_ctx();

    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        json_t *list = read_json(ctx, samples[i].tlvs), *parsed = ci_json(ctx, json_object()), *one;
        size_t j;

        json_array_foreach(list, j, one)
        {
            struct ci_lldp_tlv tlv = read_tlv(ctx, one);

            (void)ci_lldp_add(parsed, &tlv);
        }
        is_equal(ctx, samples[i].tlvs, parsed, samples[i].parsed);
    }
}
END_TEST

START_TEST(what_a_port_is_linked_to_is_read_as_ironic_does)
{
    struct ci_ctx *ctx = unit_ctx();

    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        json_t *list = read_json(ctx, samples[i].tlvs), *link = ci_json(ctx, json_object()), *one;
        bool sound = true;
        size_t j;

        json_array_foreach(list, j, one)
        {
            struct ci_lldp_tlv tlv = read_tlv(ctx, one);
            const char *name = NULL;
            json_t *value;

            sound &= ci_lldp_link(&tlv, &name, &value);
            if (name)
                json_object_set_new(link, name, value);
        }
        is_equal(ctx, samples[i].tlvs, sound ? link : ci_json(ctx, json_null()), samples[i].link);
    }
}
END_TEST

START_TEST(a_malformed_tlv_adds_nothing)
{
    static const uint8_t bytes[CI_LLDP_VALUE_MAX + 1] = {0x00, 0x12, 0x0f, 0x01};
    const struct ci_lldp_tlv cases[] = {
        {1, bytes, 0},
        {1, bytes, 1},
        {2, bytes, 9},
        {7, bytes, 3},
        {8, bytes, 1},
        {127, bytes, 3},
        {127, bytes, 8},
        {127, bytes, 10},
        {5, (const uint8_t *)"\xff", 1},
        {5, bytes, sizeof bytes},
    };
    struct ci_ctx *ctx = unit_ctx();
    json_t *parsed = ci_json(ctx, json_object());

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(!ci_lldp_add(parsed, &cases[i]), "case %zu", i);
    ck_assert_uint_eq(json_object_size(parsed), 0);
}
END_TEST

START_TEST(an_element_is_a_type_and_hexadecimal_digits)
{
    static const char *const wrong[] = {
        "[]",     "[1]",         "[1, \"00\", 2]",  "[\"1\", \"00\"]", "[1, \"0\"]",
        "[1, 0]", "[1, \"0g\"]", "{\"1\": \"00\"}", "[1.5, \"\"]",     "null",
        "\"04\"", "[1, \" 0\"]", "[1, null]",       "[[], \"\"]"};
    struct ci_ctx *ctx = unit_ctx();
    struct ci_lldp_tlv tlv;
    char *text = ci_alloc(ctx->mem, 2 * CI_LLDP_VALUE_MAX + 3);

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!ci_lldp_read(ctx->mem, read_json(ctx, wrong[i]), &tlv), "%s", wrong[i]);
    memset(text, 'a', 2 * CI_LLDP_VALUE_MAX + 2);
    ck_assert(
        !ci_lldp_read(ctx->mem, read_json(ctx, ci_printf(ctx->mem, "[9, \"%s\"]", text)), &tlv));
    text[2 * CI_LLDP_VALUE_MAX] = '\0';
    ck_assert(
        ci_lldp_read(ctx->mem, read_json(ctx, ci_printf(ctx->mem, "[9, \"%s\"]", text)), &tlv));
    ck_assert_int_eq(tlv.type, 9);
    ck_assert_uint_eq(tlv.length, CI_LLDP_VALUE_MAX);
    ck_assert_uint_eq(tlv.bytes[CI_LLDP_VALUE_MAX - 1], 0xaa);
}
END_TEST

UNIT_MAIN("drivers/lldp", what_a_switch_says_is_read_as_ironic_does,
          what_a_port_is_linked_to_is_read_as_ironic_does, a_malformed_tlv_adds_nothing,
          an_element_is_a_type_and_hexadecimal_digits)
