/* SPDX-License-Identifier: Apache-2.0 */
#include "api/version.h"

#include "objects/releases.h"
#include "tests/unit/api/request.h"

#define OURS "X-OpenStack-Ironic-API-Version"
#define COMMON "OpenStack-API-Version"
#define MALFORMED "Invalid value for " OURS " header"
#define RANGE(max) "The supported version range is: [1.1, 1." max "]."

/* What a request with these headers gets: a version, or a message of a 406. */
static const struct {
    const char *pin, *common, *ours;
    int version;
    const char *message;
} cases[] = {
    {NULL, NULL, NULL, 1, NULL},
    {NULL, NULL, "1.1", 1, NULL},
    {NULL, NULL, "1.115", 115, NULL},
    {NULL, NULL, "latest", 115, NULL},
    {NULL, NULL, "LaTest", 115, NULL},
    {NULL, NULL, " 1.50\t", 50, NULL},
    {NULL, NULL, "01.050", 50, NULL},
    {NULL, NULL, "+1.+50", 50, NULL},
    {NULL, NULL, "", 1, NULL},
    {NULL, NULL, "  ", 1, NULL},
    {NULL, NULL, "abc", 0, MALFORMED},
    {NULL, NULL, "1", 0, MALFORMED},
    {NULL, NULL, "1.", 0, MALFORMED},
    {NULL, NULL, ".1", 0, MALFORMED},
    {NULL, NULL, "1.2.3", 0, MALFORMED},
    {NULL, NULL, "1.x", 0, MALFORMED},
    {NULL, NULL, "1.5e1", 0, MALFORMED},
    {NULL, NULL, "1,5", 0, MALFORMED},
    {NULL, NULL, "latest.", 0, MALFORMED},
    {NULL, NULL, "latest1", 0, MALFORMED},
    {NULL, NULL, "1.999", 0,
     "Version 1.999 was requested but the minor version is not supported by this service. " RANGE(
         "115")},
    {NULL, NULL, "1.116", 0,
     "Version 1.116 was requested but the minor version is not supported by this service. " RANGE(
         "115")},
    {NULL, NULL, "1.0", 0,
     "Version 1.0 was requested but the minor version is not supported by this service. " RANGE(
         "115")},
    {NULL, NULL, "1.-1", 0,
     "Version 1.-1 was requested but the minor version is not supported by this service. " RANGE(
         "115")},
    {NULL, NULL, "2.1", 0,
     "Mutually exclusive versions requested. Version 2.1 requested but not supported by this "
     "service. " RANGE("115")},
    {NULL, NULL, "0.9", 0,
     "Mutually exclusive versions requested. Version 0.9 requested but not supported by this "
     "service. " RANGE("115")},
    {NULL, "baremetal 1.50", NULL, 50, NULL},
    {NULL, "baremetal latest", NULL, 115, NULL},
    {NULL, "BareMetal 1.50", "1.60", 50, NULL},
    {NULL, "compute 2.1, baremetal 1.40", NULL, 40, NULL},
    {NULL, "compute 2.1", "1.60", 60, NULL},
    {NULL, "compute 2.1", NULL, 1, NULL},
    {NULL, "baremetal", NULL, 1, NULL},
    {NULL, "baremetal x", NULL, 0, MALFORMED},
    {"21.4", NULL, "latest", 82, NULL},
    {"21.4", NULL, "1.82", 82, NULL},
    {"21.4", NULL, "1.83", 0,
     "Version 1.83 was requested but the minor version is not supported by this service. " RANGE(
         "82")},
    {"21.4", NULL, "", 0, MALFORMED},
    {"21.4", "baremetal 1.50", NULL, 1, NULL},
};

START_TEST(headers_give_the_version_or_a_406)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *headers[5] = {NULL};
        const char *what = cases[i].ours ? cases[i].ours : cases[i].common;
        struct ci_request *req;
        size_t n = 0;
        bool found;

        if (cases[i].common)
            headers[n++] = COMMON, headers[n++] = cases[i].common;
        if (cases[i].ours)
            headers[n++] = OURS, headers[n++] = cases[i].ours;
        req = unit_request("GET", "/v1", headers);
        unit_config->DEFAULT.pin_release_version = cases[i].pin;
        found = ci_version_negotiate(req);
        ck_assert_msg(found == !cases[i].message, "%s", what);
        if (found) {
            ck_assert_msg(req->version == cases[i].version, "%s: 1.%d", what, req->version);
            continue;
        }
        ck_assert_msg(ci_same(req->ctx->error->message, cases[i].message), "%s: %s", what,
                      req->ctx->error->message);
        ck_assert_int_eq(req->ctx->error->status, 406);
        ck_assert(req->webob_fault);
        /* A malformed version has no version headers, one out of range has the range. */
        ck_assert(req->no_version_headers == ci_same(cases[i].message, MALFORMED));
        ck_assert(req->min_max_headers_only != req->no_version_headers);
    }
}
END_TEST

/* S34 */
START_TEST(each_release_that_can_be_pinned_has_its_ceiling)
{
    static const struct {
        const char *pin;
        int max;
    } ceilings[] = {
        {"9.2", 35},      {"10.0", 36},    {"10.1", 38},   {"11.0", 43},   {"11.1", 46},
        {"12.0", 49},     {"12.1", 56},    {"12.2", 58},   {"13.0", 58},   {"14.0", 61},
        {"15.0", 65},     {"15.1", 67},    {"16.0", 68},   {"16.1", 68},   {"16.2", 69},
        {"17.0", 72},     {"18.0", 74},    {"18.1", 75},   {"18.2", 78},   {"19.0", 78},
        {"20.0", 78},     {"20.1", 78},    {"20.2", 78},   {"21.0", 79},   {"21.1", 80},
        {"21.2", 80},     {"21.3", 81},    {"21.4", 82},   {"22.0", 83},   {"22.1", 86},
        {"23.0", 87},     {"23.1", 88},    {"24.0", 89},   {"24.1", 90},   {"25.0", 91},
        {"26.0", 91},     {"26.1", 93},    {"27.0", 94},   {"28.0", 95},   {"29.0", 96},
        {"30.0", 99},     {"31.0", 99},    {"32.0", 101},  {"33.0", 104},  {"34.0", 109},
        {"35.0", 111},    {"36.0", 112},   {"37.0", 112},  {"yoga", 78},   {"zed", 80},
        {"antelope", 82}, {"2023.1", 82},  {"2023.2", 87}, {"2024.1", 90}, {"2024.2", 93},
        {"2025.1", 96},   {"2025.2", 101}, {"2026.1", 111}};

    for (size_t i = 0; i < sizeof ceilings / sizeof ceilings[0]; i++) {
        struct ci_request *req =
            unit_request("GET", "/v1", (const char *const[]){OURS, "latest", NULL});

        unit_config->DEFAULT.pin_release_version = ceilings[i].pin;
        ck_assert(ci_version_negotiate(req));
        ck_assert_msg(req->version == ceilings[i].max, "%s: 1.%d", ceilings[i].pin, req->version);
        ck_assert_int_eq(ci_version_max(req->ctx), ceilings[i].max);
        ck_assert(ci_version_is_after_21_4(req->ctx) == (ceilings[i].max > 82));
    }
}
END_TEST

START_TEST(the_root_negotiates_itself_and_did_not_in_21_4)
{
    static const char *const malformed[] = {OURS, "abc", NULL};
    struct ci_request *req = unit_request("GET", "/", malformed);

    ck_assert(!ci_version_negotiate(req));
    ck_assert_int_eq(req->ctx->error->status, 406);
    ck_assert(!req->webob_fault);

    req = unit_request("GET", "/", malformed);
    unit_config->DEFAULT.pin_release_version = "21.4";
    ck_assert(ci_version_negotiate(req));
    ck_assert(req->no_version_headers);
}
END_TEST

/* S35 S75 */
START_TEST(what_a_version_lacks_is_not_acceptable)
{
    struct ci_request *req = unit_request("GET", "/v1", NULL);

    req->version = 49;
    ck_assert(ci_version_needs(req, 49));
    ck_assert(!ci_version_needs(req, 50));
    ck_assert_int_eq(req->ctx->error->status, 406);
    ck_assert_str_eq(req->ctx->error->message, "Request not acceptable.");
    ci_error_clear(req->ctx);
    ck_assert(!ci_version_needs_named(req, 50));
    ck_assert_str_eq(req->ctx->error->message,
                     "Request not acceptable. The minimal required API version should be 1.50");
}
END_TEST

UNIT_MAIN("api/version", headers_give_the_version_or_a_406,
          each_release_that_can_be_pinned_has_its_ceiling,
          the_root_negotiates_itself_and_did_not_in_21_4, what_a_version_lacks_is_not_acceptable)
