/* SPDX-License-Identifier: Apache-2.0 */
#include "api/documents.h"

#include "tests/unit/api/request.h"

static const char *header_of(const struct ci_document *document, const char *name)
{
    struct ci_httpd_header headers[CI_DOCUMENT_HEADERS_MAX];
    size_t n = ci_document_headers(document, headers);

    for (size_t i = 0; i < n; i++) {
        if (strcmp(headers[i].name, name) == 0)
            return headers[i].value;
    }
    return "";
}

START_TEST(the_contract_and_its_pages_are_served)
{
    static const struct {
        const char *path, *type;
    } cases[] = {
        {"/openapi.json", "application/json"},
        {"/docs", "text/html; charset=UTF-8"},
        {"/docs/page.js", "text/javascript; charset=UTF-8"},
        {"/docs/swagger-ui.css", "text/css; charset=UTF-8"},
        {"/docs/swagger-ui-bundle.js", "text/javascript; charset=UTF-8"},
        {"/docs/favicon-32x32.png", "image/png"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_request *req = unit_request(i % 2 ? "HEAD" : "GET", cases[i].path, NULL);

        ck_assert_msg(ci_documents_answer(req), "%s", cases[i].path);
        ck_assert_int_eq(req->status, 200);
        ck_assert_str_eq(header_of(req->document, "Content-Type"), cases[i].type);
        ck_assert_uint_gt(req->document->length, 100);
        ck_assert(req->no_version_headers);
    }
}
END_TEST

START_TEST(the_contract_is_json_with_every_byte_of_it)
{
    struct ci_request *req = unit_request("GET", "/openapi.json", NULL);
    json_t *contract;

    ck_assert(ci_documents_answer(req));
    ck_assert_uint_eq(strlen(req->document->bytes), req->document->length);
    contract = unit_json(req->ctx, req->document->bytes);
    ck_assert_str_eq(json_string_value(json_object_get(contract, "openapi")), "3.1.0");
    ck_assert(json_object_get(json_object_get(contract, "paths"), "/v1/nodes"));
}
END_TEST

START_TEST(other_paths_and_methods_are_left_alone)
{
    static const char *const cases[][2] = {
        {"POST", "/openapi.json"},
        {"DELETE", "/docs"},
        {"GET", "/docs/"},
        {"GET", "/docs/../docs"},
        {"GET", "/docs/page.html"},
        {"GET", "/openapi"},
        {"GET", "/v1"},
        {"OPTIONS", "/openapi.json"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_request *req = unit_request(cases[i][0], cases[i][1], NULL);

        ck_assert_msg(!ci_documents_answer(req), "%s %s", cases[i][0], cases[i][1]);
        ck_assert_ptr_null(req->document);
    }
}
END_TEST

START_TEST(options_switch_them_off)
{
    struct ci_request *req = unit_request("GET", "/docs", NULL);

    unit_config->api.enable_docs = false;
    ck_assert(!ci_documents_answer(req));
    req->path = "/openapi.json";
    ck_assert(ci_documents_answer(req));
    unit_config->api.enable_docs = true;
    unit_config->api.enable_openapi = false;
    ck_assert(!ci_documents_answer(req));
    req->path = "/docs";
    ck_assert(!ci_documents_answer(req));
}
END_TEST

START_TEST(a_client_that_has_the_document_is_told_so)
{
    const char *headers[] = {"If-None-Match", NULL, NULL};
    struct ci_request *req = unit_request("GET", "/docs", NULL);

    ck_assert(ci_documents_answer(req));
    headers[1] = ci_printf(req->ctx->mem, "W/\"other\", %s", req->document->etag);
    req = unit_request("GET", "/docs", headers);
    ck_assert(ci_documents_answer(req));
    ck_assert_int_eq(req->status, 304);
    headers[1] = "\"other\"";
    req = unit_request("GET", "/docs", headers);
    ck_assert(ci_documents_answer(req));
    ck_assert_int_eq(req->status, 200);
}
END_TEST

START_TEST(pages_ask_nobody_else)
{
    struct ci_request *req = unit_request("GET", "/docs", NULL);

    ck_assert(ci_documents_answer(req));
    ck_assert_ptr_null(strstr(req->document->bytes, "//"));
    ck_assert(strstr(header_of(req->document, "Content-Security-Policy"), "connect-src 'self'"));
}
END_TEST

UNIT_MAIN("api/documents", the_contract_and_its_pages_are_served,
          the_contract_is_json_with_every_byte_of_it, other_paths_and_methods_are_left_alone,
          options_switch_them_off, a_client_that_has_the_document_is_told_so, pages_ask_nobody_else)
