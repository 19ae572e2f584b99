/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local_link_connection: where a port is plugged in, in one of five forms.
 *
 * The pair of OVN VTEP names came with 1.90 and went with 1.105; it is known to the schema of
 * every release in between and after, and refused by version.
 */
#include <string.h>

#include "api/schema.h"
#include "api/v1/contract.h"
#include "api/v1/ports.h"
#include "api/version.h"
#include "base/ident.h"

#define TEXT "{\"type\": \"string\"}"
#define LINK(network_types, vtep, more)                                                            \
    "{\"type\": \"object\", \"properties\": {\"port_id\": " TEXT ", \"switch_id\": " TEXT          \
    ", \"hostname\": " TEXT ", \"switch_info\": " TEXT                                             \
    ", \"network_type\": {\"type\": \"string\", \"enum\": [" network_types "]}" vtep               \
    "}, \"additionalProperties\": false, " more "}"
#define ANY_TYPE "\"managed\", \"unmanaged\""
#define VTEP ", \"vtep-logical-switch\": " TEXT ", \"vtep-physical-switch\": " TEXT
#define PAIR                                                                                       \
    ", \"dependentRequired\": {\"vtep-logical-switch\": [\"vtep-physical-switch\"], "              \
    "\"vtep-physical-switch\": [\"vtep-logical-switch\"]}"
#define NEEDS(names) "\"required\": [" names "]"
#define EMPTY "{\"type\": \"object\", \"additionalProperties\": false}"

const char *const ci_port_link_schema =
    "{\"anyOf\": [" LINK(ANY_TYPE, VTEP, NEEDS("\"port_id\", \"switch_id\"") PAIR) ", " LINK(
        ANY_TYPE, VTEP,
        NEEDS("\"port_id\", \"hostname\"")
            PAIR) ", " LINK("\"unmanaged\"", VTEP,
                            NEEDS("\"network_type\"")
                                PAIR) ", " LINK(ANY_TYPE, VTEP,
                                                NEEDS("\"port_id\", \"vtep-logical-switch\", "
                                                      "\"vtep-physical-switch\"")) ", " EMPTY "]}";

/* Before the pair. */
static const char *const old_link_schema =
    "{\"anyOf\": [" LINK(ANY_TYPE, "", NEEDS("\"port_id\", \"switch_id\"")) ", " LINK(
        ANY_TYPE, "",
        NEEDS("\"port_id\", \"hostname\"")) ", " LINK("\"unmanaged\"", "",
                                                      NEEDS("\"network_type\"")) ", " EMPTY "]}";

static const char *const smartnic_schema =
    LINK(ANY_TYPE, VTEP, NEEDS("\"port_id\", \"hostname\"") PAIR);

static bool is_datapath(const char *text)
{
    return strlen(text) == 16 && strspn(text, "0123456789abcdefABCDEF") == 16;
}

static bool normalise(struct ci_request *req, json_t *link)
{
    const json_t *value = json_object_get(link, "switch_id");
    const char *id = json_string_value(value);

    if (!id)
        return true;
    if (strlen(id) != json_string_length(value) || (!ci_mac_is_valid(id) && !is_datapath(id)))
        return ci_fail(req->ctx, InvalidSwitchID, id);
    /* Both kinds are kept in lower case. */
    return json_object_set_new(link, "switch_id", json_string(ci_mac_normal(req->ctx->mem, id))) ==
           0;
}

bool ci_port_link_check(struct ci_request *req, json_t *document)
{
    json_t *link = json_object_get(document, "local_link_connection"), *schema;
    const char *text =
        ci_version_max(req->ctx) < CI_API_OVN_VTEP ? old_link_schema : ci_port_link_schema;

    if (ci_json_kind(link) == CI_JSON_NULL)
        return true;
    return ci_json_read(req->ctx, text, strlen(text), &ci_json_trusted, &schema) &&
           ci_schema_check(req->ctx, schema, "local_link_connection", link) && normalise(req, link);
}

bool ci_port_link_versions(struct ci_request *req, const json_t *document)
{
    const json_t *link = json_object_get(document, "local_link_connection");

    if (json_object_get(link, "network_type") &&
        !ci_version_needs(req, CI_API_LOCAL_LINK_CONNECTION_NETWORK_TYPE))
        return false;
    if (!json_object_get(link, "vtep-logical-switch"))
        return true;
    if (ci_api_has(req, REMOVE_OVN_VTEP))
        return ci_fail(req->ctx, NotAcceptable);
    return ci_version_needs(req, CI_API_OVN_VTEP);
}

bool ci_port_link_smartnic(struct ci_request *req, const json_t *link)
{
    json_t *schema;

    if (ci_json_kind(link) == CI_JSON_NULL)
        return true;
    if (!ci_json_read(req->ctx, smartnic_schema, strlen(smartnic_schema), &ci_json_trusted,
                      &schema))
        return false;
    if (!ci_schema_fault(req->ctx, schema, link))
        return true;
    return ci_fail_text(req->ctx, Invalid,
                        "Smart NIC port must have port_id and hostname in local_link_connection");
}
