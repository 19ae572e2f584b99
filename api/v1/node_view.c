/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a node looks in REST: what no column holds, what older versions called otherwise, and
 * what is never shown.
 */
#include "api/v1/views.h"

#include <string.h>

#include "api/version.h"
#include "base/jsontext.h"
#include "objects/node.h"
#include "objects/states.h"
#include "rpc/client.h"

static const char *uuid_of(const struct ci_view_row *row)
{
    size_t length;

    return ci_view_value(row, ci_node_uuid_n, &length);
}

static void write_links(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    (void)n;
    ci_view_links(text, row, "nodes", uuid_of(row));
}

static void write_sublinks(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    ci_view_sublinks(text, row, "nodes", uuid_of(row), ci_node_view.extras[n].name);
}

static void write_text(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    ci_jsontext_string(text, ci_view_extra_value(row, n));
}

/* The conductor that answers for the node, null when there is none at the moment. */
static void write_conductor(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    struct ci_ctx *ctx = row->req->ctx;
    struct ci_node node = {0};
    const char *host = NULL;
    size_t length;

    (void)n;
    node.uuid = uuid_of(row);
    node.driver = ci_view_value(row, ci_node_driver_n, &length);
    node.conductor_group = ci_view_value(row, ci_node_conductor_group_n, &length);
    /* Exactly that failure: kinds of it say that the database is away. */
    if (!ci_rpc_host_of_node(ctx, &node, &host) &&
        (ci_failed_with(ctx, CI_ERR_NoValidHost) || ctx->error->class == CI_ERR_TemporaryFailure))
        ci_error_clear(ctx);
    ci_jsontext_string(text, host);
}

static const short needs_uuid[] = {ci_node_uuid_n, -1};
static const short needs_ring[] = {ci_node_uuid_n, ci_node_driver_n, ci_node_conductor_group_n, -1};

static const struct ci_extra extras[] = {
    {"links", 1, CI_EXTRA_ALWAYS, NULL, needs_uuid, write_links, CI_SCHEMA_LINKS,
     "The node itself."},
    {"conductor", CI_API_CONDUCTORS, CI_EXTRA_ASKED, NULL, needs_ring, write_conductor,
     "{\"type\": [\"string\", \"null\"]}", "Host name of the conductor that answers for it."},
    {"allocation_uuid", CI_API_ALLOCATION, CI_EXTRA_ASKED,
     "(SELECT a.uuid FROM allocations a WHERE a.id = nodes.allocation_id)", NULL, write_text,
     CI_SCHEMA_UUID, "The allocation that has it."},
    {"chassis_uuid", 1, CI_EXTRA_ASKED,
     "(SELECT c.uuid FROM chassis c WHERE c.id = nodes.chassis_id)", NULL, write_text,
     CI_SCHEMA_UUID, "The chassis it is in."},
    {"ports", 1, 0, NULL, needs_uuid, write_sublinks, CI_SCHEMA_LINKS, "Its ports."},
    {"states", CI_API_LINKS_NODESTATES_DRIVERPROPERTIES, 0, NULL, needs_uuid, write_sublinks,
     CI_SCHEMA_LINKS, "Its states."},
    {"portgroups", CI_API_PORTGROUPS_SUBCONTROLLERS, 0, NULL, needs_uuid, write_sublinks,
     CI_SCHEMA_LINKS, "Its port groups."},
    {"volume", CI_API_VOLUME, 0, NULL, needs_uuid, write_sublinks, CI_SCHEMA_LINKS,
     "Its volume connectors and targets."},
};

/*
 * The names of a node's traits, joined by commas: names hold none, so text is enough. They come
 * sorted by their index: a sort within the aggregate would be set up anew for each node.
 */
#define SORTED_TRAITS                                                                              \
    "FROM (SELECT trait FROM node_traits WHERE node_id = nodes.id ORDER BY trait) t)"

static const char *virtual_sql(const struct ci_request *req, size_t field)
{
    if (field != ci_node_traits_n)
        return NULL;
    return ci_db_is_sqlite(req->ctx->db) ? "(SELECT group_concat(t.trait) " SORTED_TRAITS
                                         : "(SELECT string_agg(t.trait, ',') " SORTED_TRAITS;
}

static void write_traits(struct ci_text *text, const char *names, size_t length)
{
    ci_text_add(text, "[");
    while (names && length > 0) {
        const char *comma = memchr(names, ',', length);
        size_t n = comma ? (size_t)(comma - names) : length;

        ci_jsontext_stringn(text, names, n);
        if (comma)
            ci_text_add(text, ", ");
        names += n + (comma != NULL);
        length -= n + (comma != NULL);
    }
    ci_text_add(text, "]");
}

/* Names of states that a version did not know yet. */
static bool write_state(struct ci_text *text, const struct ci_view_row *row, const char *state)
{
    if (!state)
        return false;
    if (!ci_api_has(row->req, AVAILABLE_STATE) && strcmp(state, CI_STATE_AVAILABLE) == 0) {
        ci_text_add(text, "null");
        return true;
    }
    if (!ci_api_has(row->req, INSPECT_WAIT) && strcmp(state, CI_STATE_INSPECTWAIT) == 0) {
        ci_jsontext_string(text, CI_STATE_INSPECTING);
        return true;
    }
    return false;
}

/* Keys whose values are shown to nobody, besides what looks like a password. */
static const char *const driver_secrets[] = {"snmp_auth_key", "snmp_priv_key", NULL};
static const char *const instance_secrets[] = {"configdrive", "image_url", NULL};
static const char *const internal_secrets[] = {"agent_secret_token", NULL};

static const struct ci_jsontext_mask driver_mask = {true, driver_secrets},
                                     instance_mask = {true, instance_secrets},
                                     internal_mask = {true, internal_secrets};

/* Release 21.4 hides less; while its services are beside ours, one node looks the same in all. */
static const struct ci_jsontext_mask driver_mask_21_4 = {true, NULL},
                                     internal_mask_21_4 = {false, internal_secrets};

static bool is_later(const struct ci_view_row *row)
{
    return ci_version_is_after_21_4(row->req->ctx);
}

/* What takes the place of a value that the caller may not see. */
static const struct {
    size_t field;
    const char *rule, *redacted;
} guarded[] = {
    {ci_node_last_error_n, "baremetal:node:get:last_error",
     "\"** Value Redacted - Requires baremetal:node:get:last_error permission. **\""},
    {ci_node_reservation_n, "baremetal:node:get:reservation",
     "\"** Redacted - requires baremetal:node:get:reservation permission. **\""},
    {ci_node_driver_internal_info_n, "baremetal:node:get:driver_internal_info",
     "{\"content\": \"** Redacted - Requires baremetal:node:get:driver_internal_info permission. "
     "**\"}"},
    {ci_node_driver_info_n, "baremetal:node:get:driver_info",
     "{\"content\": \"** Redacted - requires baremetal:node:get:driver_info permission. **\"}"},
};

/* Asked with the record in lists, too, so that one node looks the same in list and detail. */
static bool redact(struct ci_text *text, const struct ci_view_row *row, size_t field)
{
    struct ci_policy_record record;

    if (row->req->ctx->who.is_admin)
        return false;
    for (size_t i = 0; i < sizeof guarded / sizeof guarded[0]; i++) {
        if (guarded[i].field != field)
            continue;
        record = ci_view_record(row);
        if (ci_policy_shows(row->req, "baremetal:node:get:filter_threshold", &record) ||
            ci_policy_shows(row->req, guarded[i].rule, &record))
            return false;
        ci_text_add(text, guarded[i].redacted);
        return true;
    }
    return false;
}

/* Passwords are shown to nobody unless the operator wants it; asked once a request. */
static bool shows(const struct ci_view_row *row, enum ci_secret secret, const char *rule)
{
    struct ci_request *req = row->req;

    if (req->secrets[secret] == CI_SECRET_UNASKED)
        req->secrets[secret] =
            ci_policy_shows(req, rule, NULL) ? CI_SECRET_SHOWN : CI_SECRET_MASKED;
    return req->secrets[secret] == CI_SECRET_SHOWN;
}

static void write_driver_info(struct ci_text *text, const struct ci_view_row *row,
                              const char *value, size_t length)
{
    if (shows(row, CI_SECRET_DRIVER, "show_password"))
        ci_jsontext_raw(text, value, length, "{}");
    else
        ci_jsontext_masked(text, value, length, "{}",
                           is_later(row) ? &driver_mask : &driver_mask_21_4);
}

static void write_instance_info(struct ci_text *text, const struct ci_view_row *row,
                                const char *value, size_t length)
{
    if (shows(row, CI_SECRET_INSTANCE, "show_instance_secrets"))
        ci_jsontext_raw(text, value, length, "{}");
    else
        ci_jsontext_masked(text, value, length, "{}", &instance_mask);
}

static bool write_field(struct ci_text *text, const struct ci_view_row *row, size_t field,
                        const char *value, size_t length)
{
    if (redact(text, row, field))
        return true;
    switch (field) {
    case ci_node_provision_state_n:
        return write_state(text, row, value);
    case ci_node_reservation_n:
        /* Ironic answers a change with the node as it was while locked for it. */
        if (row->req->reservation)
            ci_jsontext_string(text, row->req->reservation);
        return row->req->reservation;
    case ci_node_traits_n:
        write_traits(text, value, length);
        return true;
    case ci_node_driver_info_n:
        write_driver_info(text, row, value, length);
        return true;
    case ci_node_instance_info_n:
        write_instance_info(text, row, value, length);
        return true;
    case ci_node_driver_internal_info_n:
        ci_jsontext_masked(text, value, length, "{}",
                           is_later(row) ? &internal_mask : &internal_mask_21_4);
        return true;
    default:
        return false;
    }
}

static const char *const list_fields[] = {
    "instance_uuid", "maintenance", "power_state", "provision_state", "uuid", "name", NULL};

static bool not_found(struct ci_ctx *ctx, const char *key)
{
    return ci_fail(ctx, NodeNotFound, key);
}

static const struct ci_ownership owned = {
    .family = "node",
    .kind = "node",
    .owner = "owner",
    .lessee = "lessee",
    .of_project = "? IN (owner, lessee)",
    .param = "project",
};

const struct ci_view ci_node_view = {
    .type = &ci_node_type,
    .owned = &owned,
    .collection = "nodes",
    .key = "uuid",
    .list_fields = list_fields,
    .extras = extras,
    .extra_count = sizeof extras / sizeof extras[0],
    .virtual_sql = virtual_sql,
    .write = write_field,
    .not_found = not_found,
    .default_sort = "id",
};
