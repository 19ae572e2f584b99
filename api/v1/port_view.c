/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How ports look.
 */
#include <string.h>

#include "api/v1/ports.h"
#include "api/v1/views.h"
#include "api/version.h"
#include "base/jsontext.h"

static void write_text(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    ci_jsontext_string(text, ci_view_extra_value(row, n));
}

static const char *virtual_sql(const struct ci_request *req, size_t field)
{
    (void)req;
    return field == ci_port_node_uuid_n ? "(SELECT n.uuid FROM nodes n WHERE n.id = ports.node_id)"
                                        : NULL;
}

/* Links of a kind that the version does not know are shown empty. */
static bool write_field(struct ci_text *text, const struct ci_view_row *row, size_t field,
                        const char *value, size_t length)
{
    struct ci_ctx *ctx = row->req->ctx;
    json_t *link;

    if (field != ci_port_local_link_connection_n || !value || !strstr(value, "\"vtep-") ||
        (ci_api_has(row->req, OVN_VTEP) && !ci_api_has(row->req, REMOVE_OVN_VTEP)))
        return false;
    if (!ci_json_read(ctx, value, length, &ci_json_trusted, &link)) {
        ci_error_clear(ctx);
        return false;
    }
    if (!json_object_get(link, "vtep-logical-switch") &&
        !json_object_get(link, "vtep-physical-switch"))
        return false;
    ci_text_add(text, "{}");
    return true;
}

static bool not_found(struct ci_ctx *ctx, const char *key)
{
    return ci_fail(ctx, PortNotFound, key);
}

static const short needs_uuid[] = {ci_port_uuid_n, -1};
static const struct ci_extra extras[] = {
    {"links", 1, CI_EXTRA_ALWAYS | CI_EXTRA_ASKED, NULL, needs_uuid, ci_view_write_links,
     CI_SCHEMA_LINKS, "The port itself."},
    {"portgroup_uuid", CI_API_PORTGROUPS_SUBCONTROLLERS, CI_EXTRA_ASKED,
     "(SELECT g.uuid FROM portgroups g WHERE g.id = ports.portgroup_id)", NULL, write_text,
     CI_SCHEMA_UUID, "The port group it is a member of."},
};
static const char *const list_fields[] = {"uuid", "address", NULL};

static const struct ci_ownership owned = {
    .family = "port",
    .kind = "node",
    .owner = CI_OF_NODE("ports", "owner"),
    .lessee = CI_OF_NODE("ports", "lessee"),
    .of_project = "node_id IN (SELECT id FROM nodes WHERE ? IN (owner, lessee))",
};

const struct ci_view ci_port_view = {
    .type = &ci_port_type,
    .owned = &owned,
    .collection = "ports",
    .key = "uuid",
    .list_fields = list_fields,
    .extras = extras,
    .extra_count = sizeof extras / sizeof extras[0],
    .virtual_sql = virtual_sql,
    .write = write_field,
    .where_always = "node_id IS NOT NULL",
    .not_found = not_found,
    .default_sort = "id",
    .field_words = CI_FIELDS_QUOTED,
};
