/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/v1/ports.h"
#include "base/config.h"
#include "tests/unit/unit.h"

/* A request of a version to a service that is not pinned. */
static struct ci_request request(int version)
{
    static struct ci_config config;
    struct ci_ctx *ctx = unit_ctx();

    ctx->config = &config;
    return (struct ci_request){.ctx = ctx, .version = version};
}

static json_t *document(struct ci_request *req, const char *link)
{
    const char *text = ci_printf(req->ctx->mem, "{\"local_link_connection\": %s}", link);
    json_t *value = NULL;

    ck_assert_msg(ci_json_read(req->ctx, text, strlen(text), &ci_json_trusted, &value), "%s", text);
    return value;
}

static const struct {
    const char *link, *after; /* NULL: refused */
} links[] = {
    {"null", "null"},
    {"{}", "{}"},
    {"{\"port_id\": \"p\", \"switch_id\": \"0A:1b:2C:3d:4e:5F\"}",
     "{\"port_id\": \"p\", \"switch_id\": \"0a:1b:2c:3d:4e:5f\"}"},
    {"{\"port_id\": \"p\", \"switch_id\": \"0000ABCDEF012345\"}",
     "{\"port_id\": \"p\", \"switch_id\": \"0000abcdef012345\"}"},
    {"{\"port_id\": \"p\", \"hostname\": \"h\"}", "{\"port_id\": \"p\", \"hostname\": \"h\"}"},
    {"{\"network_type\": \"unmanaged\"}", "{\"network_type\": \"unmanaged\"}"},
    {"{\"port_id\": \"p\", \"vtep-logical-switch\": \"l\", \"vtep-physical-switch\": \"f\"}",
     "{\"port_id\": \"p\", \"vtep-logical-switch\": \"l\", \"vtep-physical-switch\": \"f\"}"},
    {"{\"port_id\": \"p\"}", NULL},
    {"{\"network_type\": \"managed\"}", NULL},
    {"{\"port_id\": \"p\", \"switch_id\": \"0000abcdef01234\"}", NULL},
    {"{\"port_id\": \"p\", \"switch_id\": \"0000abcdef01234g\"}", NULL},
    {"{\"port_id\": \"p\", \"switch_id\": \"0a:1b:2c:3d:4e:5f\\u0000\"}", NULL},
    {"{\"port_id\": \"p\", \"hostname\": \"h\", \"vtep-logical-switch\": \"l\"}", NULL},
    {"{\"port_id\": \"p\", \"hostname\": \"h\", \"more\": \"m\"}", NULL},
};

START_TEST(links_have_one_of_five_forms_and_switches_are_in_lower_case)
{
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        struct ci_request req = request(115);
        json_t *doc = document(&req, links[i].link);
        bool taken = ci_port_link_check(&req, doc);

        ck_assert_msg(taken == (links[i].after != NULL), "%s", links[i].link);
        if (taken)
            ck_assert_str_eq(
                ci_json_text(req.ctx->mem, json_object_get(doc, "local_link_connection")),
                links[i].after);
    }
}
END_TEST

START_TEST(a_missing_link_is_fine)
{
    struct ci_request req = request(115);

    ck_assert(ci_port_link_check(&req, ci_json(req.ctx, json_object())));
    ck_assert(ci_port_link_versions(&req, ci_json(req.ctx, json_object())));
}
END_TEST

START_TEST(members_of_a_link_come_and_go_with_versions)
{
    static const struct {
        const char *link;
        int version;
        bool taken;
    } cases[] = {
        {"{\"network_type\": \"unmanaged\"}", 63, false},
        {"{\"network_type\": \"unmanaged\"}", 64, true},
        {"{\"vtep-logical-switch\": \"l\"}", 89, false},
        {"{\"vtep-logical-switch\": \"l\"}", 90, true},
        {"{\"vtep-logical-switch\": \"l\"}", 104, true},
        {"{\"vtep-logical-switch\": \"l\"}", 105, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_request req = request(cases[i].version);

        ck_assert_msg(ci_port_link_versions(&req, document(&req, cases[i].link)) == cases[i].taken,
                      "%s at 1.%d", cases[i].link, cases[i].version);
        if (!cases[i].taken)
            ck_assert(ci_failed_with(req.ctx, CI_ERR_NotAcceptable));
    }
}
END_TEST

START_TEST(a_smart_nic_needs_port_and_host)
{
    struct ci_request req = request(115);
    const json_t *good = document(&req, "{\"port_id\": \"p\", \"hostname\": \"h\"}");
    const json_t *bad = document(&req, "{}");

    ck_assert(ci_port_link_smartnic(&req, NULL));
    ck_assert(ci_port_link_smartnic(&req, json_object_get(good, "local_link_connection")));
    ck_assert(!ci_port_link_smartnic(&req, json_object_get(bad, "local_link_connection")));
    ck_assert(ci_failed_with(req.ctx, CI_ERR_Invalid));
}
END_TEST

UNIT_MAIN("api/v1/port_link", links_have_one_of_five_forms_and_switches_are_in_lower_case,
          a_missing_link_is_fine, members_of_a_link_come_and_go_with_versions,
          a_smart_nic_needs_port_and_host)
