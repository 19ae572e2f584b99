/* SPDX-License-Identifier: Apache-2.0 */
#include "api/accept.h"

#include "tests/unit/api/request.h"

static const char *const offers[] = {"text/plain", "text/html", "application/json", NULL};

START_TEST(the_best_offer_is_found)
{
    static const struct {
        const char *header, *best;
    } cases[] = {
        {NULL, "text/plain"},
        {"", "text/plain"},
        {"*/*", "text/plain"},
        {"application/json", "application/json"},
        {"APPLICATION/JSON", "application/json"},
        {"text/*", "text/plain"},
        {"text/*;q=0.5, text/html", "text/html"},
        {"text/plain;q=0.1, text/html;q=0.2, application/json;q=0.15", "text/html"},
        {"text/html;level=1;q=0.5, application/json;q=0.6", "application/json"},
        {"*/*;q=0.1, application/json", "application/json"},
        {"text/plain;q=0, */*", "text/html"},
        {"image/png", NULL},
        {"text/plain;q=0", NULL},
        {"application/*", "application/json"},
        /* What is not well formed accepts everything. */
        {"nonsense", "text/plain"},
        {";q=1", "text/plain"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *headers[] = {"Accept", cases[i].header, NULL};
        struct ci_request *req = unit_request("GET", "/", cases[i].header ? headers : NULL);
        const char *best = ci_accept_best(req, offers);

        ck_assert_msg(ci_same(best, cases[i].best), "%s: %s", cases[i].header, best);
    }
}
END_TEST

START_TEST(who_takes_no_json_gets_a_406)
{
    struct ci_request *req =
        unit_request("GET", "/v1", (const char *const[]){"Accept", "image/png", NULL});

    ck_assert(!ci_accept_json(req));
    ck_assert_int_eq(req->ctx->error->status, 406);
    ck_assert(req->webob_fault);
    ck_assert_ptr_nonnull(strstr(req->ctx->error->message, "(content of type image/png. "));

    req = unit_request("GET", "/v1", (const char *const[]){"Accept", "text/html, */*;q=0.1", NULL});
    ck_assert(ci_accept_json(req));
    ck_assert(ci_accept_json(unit_request("GET", "/v1", NULL)));
}
END_TEST

UNIT_MAIN("api/accept", the_best_offer_is_found, who_takes_no_json_gets_a_406)
