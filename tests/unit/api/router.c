/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/routes.h"
#include "tests/unit/api/request.h"

#define NODE "11111111-2222-4333-8444-000000000001"
#define AT "/v1/nodes/" NODE

START_TEST(paths_lead_to_routes_and_identifiers)
{
    static const struct {
        const char *method, *path, *route, *idents[2];
    } cases[] = {
        {"GET", "/", "/", {NULL}},
        {"FROB", "/", "/", {NULL}},
        {"GET", "/v1", "/v1", {NULL}},
        {"GET", "/v1/", "/v1", {NULL}},
        {"HEAD", "/v1", "/v1", {NULL}},
        {"GET", "/v1/nodes", "/v1/nodes", {NULL}},
        {"GET", "/v1/nodes/", "/v1/nodes", {NULL}},
        {"GET", "/nodes", "/v1/nodes", {NULL}},
        {"GET", "//v1/nodes", "/v1/nodes", {NULL}},
        {"GET", "/v1/nodes/detail", "/v1/nodes/detail", {NULL}},
        {"GET", AT, "/v1/nodes/{node_ident}", {NODE}},
        {"GET", AT "/", "/v1/nodes/{node_ident}", {NODE}},
        {"GET", "/nodes/some%2ename", "/v1/nodes/{node_ident}", {"some.name"}},
        {"PATCH", "/v1/nodes/x", "/v1/nodes/{node_ident}", {"x"}},
        {"PUT", AT "/states/power", "/v1/nodes/{node_ident}/states/power", {NODE}},
        {"GET", "/v1/nodes/x/states/", "/v1/nodes/{node_ident}/states", {"x"}},
        {"GET", "/v1/nodes/states/x", "/v1/nodes/{node_ident}/states", {"x"}},
        {"GET", "/v1/nodes/states/console/" NODE, "/v1/nodes/{node_ident}/states/console", {NODE}},
        {"PUT", "/nodes/states/power/x/", "/v1/nodes/{node_ident}/states/power", {"x"}},
        {"DELETE", "/v1/nodes/maintenance/x", "/v1/nodes/{node_ident}/maintenance", {"x"}},
        {"GET",
         "/v1/nodes/management/boot_device/x",
         "/v1/nodes/{node_ident}/management/boot_device",
         {"x"}},
        {"DELETE",
         AT "/traits/CUSTOM%5FX",
         "/v1/nodes/{node_ident}/traits/{trait}",
         {NODE, "CUSTOM_X"}},
        {"GET", "/v1/chassis/" NODE "/nodes", "/v1/chassis/{chassis_uuid}/nodes", {NODE}},
        {"GET",
         "/v1/chassis/" NODE "/nodes/detail",
         "/v1/chassis/{chassis_uuid}/nodes/detail",
         {NODE}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_request *req = unit_request(cases[i].method, cases[i].path, NULL);

        ck_assert_msg(ci_route_find(req), "%s %s", cases[i].method, cases[i].path);
        ck_assert_str_eq(req->route->path, cases[i].route);
        for (size_t j = 0; j < 2; j++)
            ck_assert_msg(ci_same(req->idents[j], cases[i].idents[j]), "%s: %s", cases[i].path,
                          req->idents[j]);
    }
}
END_TEST

/* The route, what is left of the query, the item and the field that the request comes to. */
static const struct {
    const char *method, *path, *query, *pin, *route, *left, *item, *word;
} named[] = {
    {"PUT", "/v1/nodes/maintenance", "node_ident=x", NULL, "/v1/nodes/{node_ident}/maintenance", "",
     "x", NULL},
    {"GET", "/v1/nodes/states", "node_ident=" NODE, NULL, "/v1/nodes/{node_ident}/states", "", NODE,
     NULL},
    {"PUT", "/nodes/states/power", "a=1&node_ident=x%2Ey&b=2", NULL,
     "/v1/nodes/{node_ident}/states/power", "a=1&b=2", "x.y", NULL},
    {"GET", "/v1/nodes/management/boot_device/supported", "node_ident=x", NULL,
     "/v1/nodes/{node_ident}/management/boot_device/supported", "", "x", NULL},
    {"GET", "/v1/nodes/vendor_passthru/methods", "node_ident=x", NULL,
     "/v1/nodes/{node_ident}/vendor_passthru/methods", "", "x", NULL},
    {"GET", "/v1/drivers/raid/logical_disk_properties", "driver_name=x", NULL,
     "/v1/drivers/{driver_name}/raid/logical_disk_properties", "", "x", NULL},
    {"PATCH", "/v1/nodes", "node_ident=x", NULL, "/v1/nodes/{node_ident}", "", "x", NULL},
    {"DELETE", "/v1/ports", "port_uuid=" NODE, NULL, "/v1/ports/{port_uuid}", "", NODE, NULL},
    {"GET", "/v1/nodes/x/states", "node_ident=y", NULL, "/v1/nodes/{node_ident}/states",
     "node_ident=y", "x", NULL},
    {"GET", AT "/extra", "", NULL, "/v1/nodes/{node_ident}", "", NODE, "extra"},
    {"GET", "/v1/ports/" NODE "/na%6De/", "", NULL, "/v1/ports/{port_ident}", "", NODE, "name"},
    {"GET", AT "/firmware", "", "21.4", "/v1/nodes/{node_ident}", "", NODE, "firmware"},
    {"GET", AT "/firmware", "", NULL, "/v1/nodes/{node_ident}/firmware", "", NODE, NULL},
};

START_TEST(items_and_fields_may_be_named_in_other_places)
{
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        struct ci_request *req = unit_request(named[i].method, named[i].path, NULL);

        req->query = named[i].query;
        unit_config->DEFAULT.pin_release_version = named[i].pin;
        req->version = named[i].pin ? 82 : 115;
        ck_assert_msg(ci_route_find(req), "%s %s", named[i].method, named[i].path);
        ck_assert_msg(
            ci_same(req->route->path, named[i].route) && ci_same(req->query, named[i].left) &&
                ci_same(req->idents[0], named[i].item) && ci_same(req->word, named[i].word),
            "%s %s: %s ?%s %s %s", named[i].method, named[i].path, req->route->path, req->query,
            req->idents[0], req->word ? req->word : "");
    }
}
END_TEST

START_TEST(an_item_of_the_query_has_the_form_of_a_name)
{
    static const char *const wrong[] = {"node_ident=", "node_ident=not%20valid", "node_ident=a/b"};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct ci_request *req = unit_request("PUT", "/v1/nodes/maintenance", NULL);

        req->query = wrong[i];
        ck_assert_msg(!ci_route_find(req), "%s", wrong[i]);
        ck_assert_int_eq(req->ctx->error->status, 400);
        ck_assert_msg(
            strncmp(req->ctx->error->message, "Expected UUID or name for node_ident: ", 38) == 0,
            "%s", req->ctx->error->message);
    }
}
END_TEST

/* How Ironic refuses; recorded where a service was asked. W: in the router's own form. */
static const struct {
    const char *method, *path;
    int version, status;
    bool webob;
    const char *allow, *message;
} refused[] = {
    {"GET", "/v2", 50, 404, true, NULL, ""},
    {"GET", "/v1/foo", 50, 404, true, NULL, ""},
    {"GET", "/v1/nodes/ports", 50, 404, true, NULL, ""},
    {"GET", "/v1/nodes/states", 50, 400, false, NULL, "Missing mandatory parameter: node_ident"},
    {"GET", "/v1/nodes/states/console", 50, 400, false, NULL,
     "Missing mandatory parameter: node_ident"},
    {"PUT", "/v1/nodes/maintenance", 50, 400, false, NULL,
     "Missing mandatory parameter: node_ident"},
    {"GET", "/v1/nodes/maintenance", 50, 405, true, "DELETE, PUT", ""},
    {"GET", "/v1/drivers/raid/logical_disk_properties", 50, 400, false, NULL,
     "Missing mandatory parameter: driver_name"},
    {"GET", AT "/detail", 50, 404, false, NULL, "Resource could not be found."},
    {"GET", AT "/extra/more", 50, 404, false, NULL, "Resource could not be found."},
    {"DELETE", AT "/extra", 50, 404, false, NULL, "Resource could not be found."},
    {"GET", "/v1/nodes/detail/", 50, 404, false, NULL, "Resource could not be found."},
    {"GET", "/v1/ports/detail/", 50, 404, false, NULL, "Resource could not be found."},
    {"GET", "/v1/nodes//", 50, 400, false, NULL, "Missing mandatory parameter: node_ident"},
    {"GET", "/v1//nodes", 50, 404, false, NULL, "Resource could not be found."},
    {"GET", "/v1/nodes//states", 50, 404, false, NULL, "Resource could not be found."},
    {"GET", "/v1/nodes/not%20valid", 50, 400, true, NULL,
     "Expected UUID or name for node: not valid"},
    {"GET", "/v1/nodes/a%2Fb", 50, 400, true, NULL, "Expected UUID or name for node: a%2Fb"},
    {"GET", "/v1/nodes/%zz", 50, 400, true, NULL,
     "The path is not valid UTF-8 with valid escapes."},
    {"GET", "/v1/nodes/a%00b", 50, 400, true, NULL,
     "The path is not valid UTF-8 with valid escapes."},
    {"GET", "/v1/nodes/%ff", 50, 400, true, NULL,
     "The path is not valid UTF-8 with valid escapes."},
    {"GET", "/a/b/c/d/e/f/g/h/i/j", 50, 404, false, NULL, "Resource could not be found."},
    {"PUT", "/v1/nodes", 50, 405, true, "DELETE, GET, PATCH, POST", ""},
    {"HEAD", "/v1/nodes", 50, 405, true, "DELETE, GET, PATCH, POST", ""},
    {"FOO", "/v1/nodes", 50, 405, true, "DELETE, GET, PATCH, POST", ""},
    {"HEAD", AT, 50, 405, true, "DELETE, GET, PATCH, POST", ""},
    {"PUT", AT, 115, 405, true, "DELETE, GET, PATCH, POST", ""},
    {"DELETE", "/v1/nodes", 50, 400, false, NULL, "Missing mandatory parameter: node_ident"},
    {"PATCH", "/v1/nodes", 50, 400, false, NULL, "Missing mandatory parameter: node_ident"},
    {"DELETE", "/v1/chassis", 50, 400, false, NULL, "Missing mandatory parameter: chassis_uuid"},
    {"DELETE", AT "/vifs", 115, 400, false, NULL, "Missing mandatory parameter: vif_id"},
    {"POST", "/v1", 50, 405, false, NULL,
     "The server could not comply with the request since it is either malformed or otherwise "
     "incorrect."},
    {"GET", AT "/maintenance", 115, 405, true, "DELETE, PUT", ""},
    {"PUT", AT "/states", 115, 405, true, "GET", ""},
    {"GET", AT "/management", 115, 405, true, "", ""},
    {"GET", AT "/management/inject_nmi", 115, 405, true, "", ""},
    {"POST", AT "/traits", 115, 405, true, "DELETE, GET, PUT", ""},
    {"GET", AT "/traits/CUSTOM_A", 115, 405, true, "DELETE, GET, PUT", ""},
    {"PUT", AT "/traits", 36, 405, true, "DELETE, GET, PATCH, POST", ""},
    {"DELETE", AT "/traits", 36, 404, false, NULL, "Resource could not be found."},
    {"GET", AT "/traits", 36, 406, false, NULL, "Request not acceptable."},
    {"GET", AT "/vifs", 27, 404, true, NULL, ""},
    {"PUT", AT "/management/inject_nmi", 28, 404, false, NULL, "Resource could not be found."},
    {"GET", "/v1/conductors", 48, 404, false, NULL, "The API is not supported for this version"},
    {"POST", "/v1/conductors", 115, 405, true, "GET", ""},
    {"POST", "/v1/drivers", 115, 405, true, "GET", ""},
    {"GET", "/v1/chassis/zz", 115, 400, false, NULL, "Expected UUID for chassis_uuid: zz"},
    {"GET", "/v1/ports/52:54:00:ab:00:01", 115, 400, false, NULL,
     "Expected UUID or name for port_ident: 52:54:00:ab:00:01"},
    {"DELETE", "/v1/ports/eth0", 115, 400, false, NULL, "Expected UUID for port_uuid: eth0"},
    {"PUT", "/v1/ports/" NODE, 115, 405, true, "DELETE, GET, PATCH, POST", ""},
};

START_TEST(what_has_no_route_is_refused_as_ironics_router_does)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct ci_request *req = unit_request(refused[i].method, refused[i].path, NULL);

        req->version = refused[i].version;
        ck_assert_msg(!ci_route_find(req), "%s %s", refused[i].method, refused[i].path);
        ck_assert_msg(req->ctx->error->status == refused[i].status &&
                          ci_same(req->ctx->error->message, refused[i].message) &&
                          req->webob_fault == refused[i].webob,
                      "%s %s: %d %s", refused[i].method, refused[i].path, req->ctx->error->status,
                      req->ctx->error->message);
        ck_assert_msg(ci_same(req->allow, refused[i].allow), "%s %s: Allow: %s", refused[i].method,
                      refused[i].path, req->allow);
    }
}
END_TEST

/* The identifier that is left of "x.json", in one version and under one pin. */
static const char *without_suffix(const char *pin, const char *header, int version)
{
    const char *headers[] = {"X-OpenStack-Ironic-API-Version", header, NULL};
    struct ci_request *req = unit_request("GET", "/v1/nodes/x.json", header ? headers : NULL);

    unit_config->DEFAULT.pin_release_version = pin;
    req->version = version;
    ck_assert(ci_route_find(req));
    ck_assert(ci_same(req->json_suffix_of, strcmp(req->idents[0], "x") == 0 ? "x.json" : NULL));
    return req->idents[0];
}

START_TEST(the_json_suffix_is_cut_off_where_ironic_does)
{
    ck_assert_str_eq(without_suffix("21.4", NULL, 1), "x");
    ck_assert_str_eq(without_suffix("21.4", "1.82", 82), "x");
    ck_assert_str_eq(without_suffix("21.4", "latest", 82), "x");
    ck_assert_str_eq(without_suffix(NULL, NULL, 1), "x.json");
    ck_assert_str_eq(without_suffix(NULL, "latest", 115), "x.json");
    ck_assert_str_eq(without_suffix(NULL, "1.90", 90), "x");
    ck_assert_str_eq(without_suffix(NULL, "1.91", 91), "x.json");
}
END_TEST

START_TEST(an_escaped_slash_divides_up_to_21_4)
{
    struct ci_request *req = unit_request("GET", "/v1/nodes/x%2Fstates", NULL);

    unit_config->DEFAULT.pin_release_version = "21.4";
    req->version = 82;
    ck_assert(ci_route_find(req));
    ck_assert_str_eq(req->route->path, "/v1/nodes/{node_ident}/states");
    ck_assert_str_eq(req->idents[0], "x");
}
END_TEST

UNIT_MAIN("api/router", paths_lead_to_routes_and_identifiers,
          items_and_fields_may_be_named_in_other_places,
          an_item_of_the_query_has_the_form_of_a_name,
          what_has_no_route_is_refused_as_ironics_router_does,
          the_json_suffix_is_cut_off_where_ironic_does, an_escaped_slash_divides_up_to_21_4)
