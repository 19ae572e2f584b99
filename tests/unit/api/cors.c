/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cors.h"

#include "tests/unit/api/request.h"

#define PAGE "https://horizon.example.com"

static const char *const origins[] = {"https://other.example.com", PAGE, NULL};
static const char *const exposed[] = {"X-One", "X-Two", NULL};
static const char *const everybody[] = {"*", NULL};

/* "Name: value" of each header of the answer, in order, a line each. */
static const char *answer(const char *method, const char *const *sent, void (*change)(void))
{
    struct ci_request *req = unit_request(method, "/v1/nodes", sent);
    struct ci_httpd_header headers[CI_CORS_HEADERS_MAX];
    struct ci_text *text = ci_text_new(req->ctx->mem, 4000);
    size_t n;

    unit_config->cors.allowed_origin = origins;
    unit_config->cors.expose_headers = exposed;
    if (change)
        change();
    ci_cors_open(unit_config);
    n = ci_cors_headers(req, headers);
    for (size_t i = 0; i < n; i++)
        ci_text_printf(text, "%s: %s\n", headers[i].name, headers[i].value);
    ci_text_add(text, "");
    return text->length > 0 ? text->bytes : "";
}

#define ORIGIN "Origin", PAGE
#define ALLOWED                                                                                    \
    "Vary: Origin\nAccess-Control-Allow-Origin: " PAGE "\nAccess-Control-Allow-Credentials: "      \
    "true\n"

static void nobody(void)
{
    unit_config->cors.allowed_origin = NULL;
}

static void all(void)
{
    unit_config->cors.allowed_origin = everybody;
    unit_config->cors.allow_credentials = false;
    unit_config->cors.expose_headers = NULL;
    unit_config->cors.max_age = 0;
}

START_TEST(answers_name_the_origin_that_may_read_them)
{
    static const char *const sent[] = {ORIGIN, NULL};

    ck_assert_str_eq(answer("GET", sent, NULL),
                     ALLOWED "Access-Control-Expose-Headers: X-One,X-Two\n");
    ck_assert_str_eq(answer("GET", sent, all), "Vary: Origin\nAccess-Control-Allow-Origin: *\n");
}
END_TEST

START_TEST(other_origins_and_none_get_nothing)
{
    static const char *const other[] = {"Origin", "https://evil.example.com", NULL};
    static const char *const longer[] = {"Origin", PAGE ".evil.example.com", NULL};
    static const char *const sent[] = {ORIGIN, "Access-Control-Request-Method", "GET", NULL};

    ck_assert_str_eq(answer("GET", other, NULL), "");
    ck_assert_str_eq(answer("GET", longer, NULL), "");
    ck_assert_str_eq(answer("GET", NULL, NULL), "");
    ck_assert_str_eq(answer("OPTIONS", NULL, NULL), "");
    ck_assert_str_eq(answer("GET", sent, nobody), "");
    ck_assert_str_eq(answer("OPTIONS", sent, nobody), "");
}
END_TEST

START_TEST(a_preflight_is_told_what_it_asked_for)
{
    static const char *const sent[] = {
        ORIGIN,
        "Access-Control-Request-Method",
        "PATCH",
        "Access-Control-Request-Headers",
        " x-auth-token, X-OpenStack-Ironic-API-Version ,,content-type",
        NULL};
    static const char *const plain[] = {ORIGIN, "Access-Control-Request-Method", "GET", NULL};

    ck_assert_str_eq(answer("OPTIONS", sent, NULL),
                     ALLOWED "Access-Control-Max-Age: 3600\n"
                             "Access-Control-Allow-Methods: PATCH\n"
                             "Access-Control-Allow-Headers: "
                             "x-auth-token,X-OpenStack-Ironic-API-Version,content-type\n");
    ck_assert_str_eq(
        answer("OPTIONS", plain, all),
        "Vary: Origin\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: GET\n");
}
END_TEST

START_TEST(a_preflight_for_what_is_not_allowed_gets_nothing)
{
    static const char *const method[] = {ORIGIN, "Access-Control-Request-Method", "CONNECT", NULL};
    static const char *const lower[] = {ORIGIN, "Access-Control-Request-Method", "get", NULL};
    static const char *const header[] = {ORIGIN,
                                         "Access-Control-Request-Method",
                                         "GET",
                                         "Access-Control-Request-Headers",
                                         "Accept, X-Other",
                                         NULL};
    static const char *const none[] = {ORIGIN, NULL};

    ck_assert_str_eq(answer("OPTIONS", method, NULL), "");
    ck_assert_str_eq(answer("OPTIONS", lower, NULL), "");
    ck_assert_str_eq(answer("OPTIONS", header, NULL), "");
    ck_assert_str_eq(answer("OPTIONS", none, NULL), "");
}
END_TEST

START_TEST(nothing_is_left_after_closing)
{
    static const char *const sent[] = {ORIGIN, NULL};
    struct ci_httpd_header headers[CI_CORS_HEADERS_MAX];

    ck_assert_str_ne(answer("GET", sent, NULL), "");
    ci_cors_close();
    ck_assert_uint_eq(ci_cors_headers(unit_request("GET", "/", sent), headers), 0);
}
END_TEST

UNIT_MAIN("api/cors", answers_name_the_origin_that_may_read_them,
          other_origins_and_none_get_nothing, a_preflight_is_told_what_it_asked_for,
          a_preflight_for_what_is_not_allowed_gets_nothing, nothing_is_left_after_closing)
