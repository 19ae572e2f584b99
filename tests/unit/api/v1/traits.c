/* SPDX-License-Identifier: Apache-2.0 */
#include "api/v1/traits.h"

#include "tests/unit/api/request.h"

static const struct ci_traits_of of = {"node", "nodes"};

START_TEST(a_body_holds_traits_of_known_form_or_is_refused)
{
    static const struct {
        const char *body; /* NULL: none */
        size_t n;         /* 0 with a word */
        const char *word; /* of the refusal */
    } cases[] = {
        {"{\"traits\": [\"CUSTOM_A\", \"HW_CPU_X86_VMX\"]}", 2, NULL},
        {"{\"traits\": []}", 0, NULL},
        {NULL, 0, "A single node trait may be added via PUT /v1/nodes/<node identifier>/traits"},
        {"{}", 0, "A single node trait"},
        {"{\"traits\": [\"custom\"]}", 0, "custom"},
        {"{\"traits\": [\"CUSTOM_\\u0000\"]}", 0, "CUSTOM_"},
        {"{\"traits\": [5]}", 0, "5"},
        {"{\"traits\": \"CUSTOM_A\"}", 0, "CUSTOM_A"},
        {"{\"traits\": [], \"more\": 1}", 0, "more"},
        {"[]", 0, "body"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_request *req = unit_request("PUT", "/v1/nodes/n/traits", NULL);
        const json_t *traits = NULL;
        bool fits;

        req->json = cases[i].body ? unit_json(req->ctx, cases[i].body) : NULL;
        fits = ci_traits_read(req, &of, &traits);
        ck_assert_msg(fits == !cases[i].word, "%s", cases[i].body);
        if (fits)
            ck_assert_uint_eq(json_array_size(traits), cases[i].n);
        else
            ck_assert_msg(strstr(req->ctx->error->message, cases[i].word), "%s: %s", cases[i].body,
                          req->ctx->error->message);
    }
}
END_TEST

START_TEST(a_list_holds_a_name_that_is_wholly_the_same)
{
    struct ci_ctx *ctx = unit_request("GET", "/", NULL)->ctx;
    const json_t *names = unit_json(ctx, "[\"CUSTOM_A\", \"CUSTOM_AB\"]");

    ck_assert(ci_traits_hold(names, "CUSTOM_A"));
    ck_assert(ci_traits_hold(names, "CUSTOM_AB"));
    ck_assert(!ci_traits_hold(names, "CUSTOM_"));
    ck_assert(!ci_traits_hold(unit_json(ctx, "[]"), "CUSTOM_A"));
    ck_assert(!ci_traits_hold(NULL, "CUSTOM_A"));
}
END_TEST

UNIT_MAIN("api/v1/traits", a_body_holds_traits_of_known_form_or_is_refused,
          a_list_holds_a_name_that_is_wholly_the_same)
