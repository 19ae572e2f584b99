/* SPDX-License-Identifier: Apache-2.0 */
#include "api/fault.h"

#include "tests/unit/api/request.h"

static struct ci_request *failed(int status, const char *message, const char *const *headers)
{
    struct ci_request *req = unit_request("GET", "/v1/nodes", headers);

    (void)!ci_fail_status(req->ctx, InvalidParameterValue, status, "%s", message);
    return req;
}

START_TEST(controllers_errors_are_json_in_json)
{
    struct ci_request *req = failed(400, "It is \"wrong\".", NULL);

    ci_text_add(req->reply, "half an answer");
    req->location = "/somewhere";
    ci_fault_answer(req);
    ck_assert_int_eq(req->status, 400);
    ck_assert_ptr_null(req->location);
    ck_assert_str_eq(
        req->reply->bytes,
        "{\"error_message\": \"{\\\"faultcode\\\": \\\"Client\\\", \\\"faultstring\\\": "
        "\\\"It is \\\\\\\"wrong\\\\\\\".\\\", \\\"debuginfo\\\": null}\"}");
    req = failed(503, "Away.", NULL);
    ci_fault_answer(req);
    ck_assert_int_eq(req->status, 503);
    ck_assert_ptr_nonnull(strstr(req->reply->bytes, "\\\"faultcode\\\": \\\"Server\\\""));
}
END_TEST

START_TEST(the_routers_errors_have_code_title_and_description)
{
    struct ci_request *req = failed(404, "", NULL);

    req->webob_fault = true;
    ci_fault_answer(req);
    ck_assert_str_eq(req->reply->bytes,
                     "{\"error_message\": \"{\\\"code\\\": 404, \\\"title\\\": \\\"Not Found\\\", "
                     "\\\"description\\\": \\\"\\\"}\"}");
}
END_TEST

START_TEST(the_body_guards_errors_are_bare)
{
    struct ci_request *req = failed(413, "Too large.", NULL);

    req->bare_fault = true;
    ci_fault_answer(req);
    ck_assert_str_eq(req->reply->bytes,
                     "{\"faultcode\": \"Client\", \"faultstring\": \"Too large.\"}");
}
END_TEST

START_TEST(who_asks_is_refused_in_the_form_of_the_layer_that_asked)
{
    static const struct {
        enum ci_auth_fault by;
        int status;
        const char *body;
    } cases[] = {
        {CI_AUTH_BY_TOKEN, 401,
         "{\"error\": {\"code\": 401, \"title\": \"Unauthorized\", \"message\": \"No.\"}}"},
        {CI_AUTH_BY_PASSWORD, 401, "{\"error\":{\"message\":\"No.\",\"code\":401}}"},
        {CI_AUTH_BY_PASSWORD, 400, "{\"error\":{\"message\":\"No.\",\"code\":400}}"},
        {CI_AUTH_BY_TOKEN, 503,
         "{\"message\": \"The server is currently unavailable. Please try again at a later "
         "time.<br /><br />\\nThe Keystone service is temporarily unavailable.\\n\\n\", "
         "\"code\": \"503 Service Unavailable\", \"title\": \"Service Unavailable\"}"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_request *req = failed(cases[i].status, "No.", NULL);

        req->auth_fault = cases[i].by;
        ci_fault_answer(req);
        ck_assert_str_eq(req->reply->bytes, cases[i].body);
        ck_assert(req->no_version_headers);
    }
}
END_TEST

START_TEST(clients_without_json_get_a_page_or_plain_text)
{
    struct ci_request *req =
        failed(406, "a<b>", (const char *const[]){"Accept", "text/html", NULL});

    req->webob_fault = true;
    ci_fault_answer(req);
    ck_assert_ptr_nonnull(strstr(req->reply->bytes, "<title>406 Not Acceptable</title>"));
    ck_assert_ptr_nonnull(strstr(req->reply->bytes, "a&#60;b&#62;<br />"));

    req = failed(406, "a\nb", (const char *const[]){"Accept", "image/png", NULL});
    req->webob_fault = true;
    ci_fault_answer(req);
    ck_assert_str_eq(req->reply->bytes,
                     "{\"error_message\": \"406 Not Acceptable\\n\\na b\\n\\n \"}");
}
END_TEST

START_TEST(no_message_is_longer_than_a_kilobyte_nor_cut_within_a_character)
{
    struct ci_request *req = unit_request("GET", "/", NULL);
    struct ci_text *message = ci_text_new(req->ctx->mem, 1 << 20), *kept;
    json_t *outer, *inner;

    for (size_t shift = 0; shift < 4; shift++) {
        req = unit_request("GET", "/", NULL);
        ci_text_clear(message);
        ci_text_printf(message, "%.*s", (int)shift, "abc");
        for (int i = 0; i < 5000; i++)
            ci_text_add(message, "\xf0\x9f\x98\x80");
        (void)!ci_fail_status(req->ctx, Invalid, 400, "%s", message->bytes);
        ci_fault_answer(req);
        outer = unit_json(req->ctx, req->reply->bytes);
        inner = unit_json(req->ctx, json_string_value(json_object_get(outer, "error_message")));
        kept = ci_text_new(req->ctx->mem, 4096);
        ci_text_add(kept, json_string_value(json_object_get(inner, "faultstring")));
        ck_assert_uint_le(kept->length, 1024);
        ck_assert_uint_ge(kept->length, 1018);
        ck_assert_str_eq(kept->bytes + kept->length - 3, "...");
    }
}
END_TEST

UNIT_MAIN("api/fault", controllers_errors_are_json_in_json,
          the_routers_errors_have_code_title_and_description, the_body_guards_errors_are_bare,
          who_asks_is_refused_in_the_form_of_the_layer_that_asked,
          clients_without_json_get_a_page_or_plain_text,
          no_message_is_longer_than_a_kilobyte_nor_cut_within_a_character)
