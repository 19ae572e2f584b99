/* SPDX-License-Identifier: Apache-2.0 */
#include "api/health.h"

#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/api/request.h"

/* Nothing there but what tests make. */
#define FILE_PATH "unit_api_health.disabled"

static struct ci_request *ask(const char *method, const char *accept)
{
    static const char *headers[3];
    static const char *const none[] = {NULL};
    struct ci_request *req;

    headers[0] = "Accept";
    headers[1] = accept;
    req = unit_request(method, "/healthcheck", accept ? headers : NULL);
    unit_config->healthcheck.enabled = true;
    unit_config->healthcheck.backends = none;
    return req;
}

static const char *const by_file[] = {"disable_by_file", NULL};

static void disable(void)
{
    int file = open(FILE_PATH, O_CREAT | O_WRONLY, 0600);

    ck_assert_int_ge(file, 0);
    close(file);
}

START_TEST(it_is_off_by_default_and_at_its_own_path)
{
    struct ci_request *req = unit_request("GET", "/healthcheck", NULL);

    ck_assert(!ci_health_answer(req));
    unit_config->healthcheck.enabled = true;
    req->path = "/healthcheck/more";
    ck_assert(!ci_health_answer(req));
    req->path = "/v1";
    ck_assert(!ci_health_answer(req));
}
END_TEST

START_TEST(the_form_is_the_one_that_is_accepted)
{
    static const struct {
        const char *accept, *type, *part;
    } cases[] = {
        {NULL, "text/plain; charset=UTF-8", "OK"},
        {"*/*", "text/plain; charset=UTF-8", "OK"},
        {"image/png", "text/plain; charset=UTF-8", "OK"},
        {"text/html", "text/html; charset=UTF-8", "<TD>OK</TD>"},
        {"application/json", "application/json",
         "{\n    \"detailed\": false,\n    \"reasons\": [\n        \"OK\"\n    ]\n}"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_request *req = ask("GET", cases[i].accept);

        unit_config->healthcheck.backends = by_file;
        unit_config->healthcheck.disable_by_file_path = FILE_PATH;
        ck_assert(ci_health_answer(req));
        ck_assert_int_eq(req->status, 200);
        ck_assert_str_eq(req->content_type, cases[i].type);
        ck_assert_msg(strstr(req->reply->bytes, cases[i].part), "%s", req->reply->bytes);
        ck_assert(req->no_version_headers);
    }
}
END_TEST

START_TEST(head_has_no_body)
{
    struct ci_request *req = ask("HEAD", NULL);

    ck_assert(ci_health_answer(req));
    ck_assert_int_eq(req->status, 204);
    ck_assert_uint_eq(req->reply->length, 0);
}
END_TEST

/* S53 */
START_TEST(a_file_disables_it)
{
    struct ci_request *req = ask("GET", NULL);

    disable();
    unit_config->healthcheck.backends = by_file;
    unit_config->healthcheck.disable_by_file_path = FILE_PATH;
    ck_assert(ci_health_answer(req));
    ck_assert_int_eq(req->status, 503);
    ck_assert_str_eq(req->reply->bytes, "DISABLED BY FILE");
    req = ask("HEAD", NULL);
    unit_config->healthcheck.backends = by_file;
    unit_config->healthcheck.disable_by_file_path = FILE_PATH;
    ck_assert(ci_health_answer(req));
    ck_assert_int_eq(req->status, 503);
    unlink(FILE_PATH);
}
END_TEST

START_TEST(details_say_which_file)
{
    struct ci_request *req = ask("GET", "application/json");
    json_t *reasons, *first;

    unit_config->healthcheck.backends = by_file;
    unit_config->healthcheck.disable_by_file_path = "/nonexistent/\"file\"";
    unit_config->healthcheck.detailed = true;
    ck_assert(ci_health_answer(req));
    reasons = json_object_get(unit_json(req->ctx, req->reply->bytes), "reasons");
    first = json_array_get(reasons, 0);
    ck_assert_str_eq(json_string_value(json_object_get(first, "class")),
                     "DisableByFileHealthcheck");
    ck_assert_str_eq(json_string_value(json_object_get(first, "details")),
                     "Path '/nonexistent/\"file\"' was not found");
    ck_assert_str_eq(json_string_value(json_object_get(first, "reason")), "OK");
}
END_TEST

/* Each test runs in a process of its own: only this one leaves. */
START_TEST(a_service_that_leaves_says_503)
{
    struct ci_request *req = ask("GET", NULL);

    ci_health_leave();
    ck_assert(ci_health_answer(req));
    ck_assert_int_eq(req->status, 503);
    ck_assert_str_eq(req->reply->bytes, "SHUTTING DOWN");
}
END_TEST

START_TEST(options_is_answered_everywhere_but_at_the_root)
{
    struct ci_request *req = unit_request("OPTIONS", "/v1/whatever", NULL);

    ck_assert(ci_options_answer(req));
    ck_assert_int_eq(req->status, 200);
    ck_assert_uint_eq(req->reply->length, 0);
    ck_assert(!ci_options_answer(unit_request("OPTIONS", "/", NULL)));
    ck_assert(!ci_options_answer(unit_request("GET", "/v1", NULL)));
}
END_TEST

UNIT_MAIN("api/health", it_is_off_by_default_and_at_its_own_path,
          the_form_is_the_one_that_is_accepted, head_has_no_body, a_file_disables_it,
          details_say_which_file, a_service_that_leaves_says_503,
          options_is_answered_everywhere_but_at_the_root)
