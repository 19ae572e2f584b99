/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events: what other services tell; checked and logged, nothing more, as in Ironic.
 */
#include <string.h>

#include "api/schema.h"
#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/version.h"
#include "base/ident.h"
#include "base/log.h"

#define EVENT_NAMES "[\"network.bind_port\", \"network.unbind_port\", \"network.delete_port\"]"
#define NAMES                                                                                      \
    "{\"type\": \"object\", \"required\": [\"event\"], \"properties\": {\"event\": {\"type\": "    \
    "\"string\", \"enum\": " EVENT_NAMES "}}}"
#define EVENT                                                                                      \
    "{\"type\": \"object\", \"required\": [\"event\", \"port_id\", \"mac_address\", \"status\"], " \
    "\"additionalProperties\": false, \"properties\": {"                                           \
    "\"event\": {\"type\": \"string\", \"enum\": " EVENT_NAMES "}, "                               \
    "\"port_id\": {\"type\": \"string\"}, \"mac_address\": {\"type\": \"string\"}, "               \
    "\"status\": {\"type\": \"string\"}, \"device_id\": {\"type\": [\"string\", \"null\"]}, "      \
    "\"binding:host_id\": {\"type\": [\"string\", \"null\"]}, "                                    \
    "\"binding:vnic_type\": {\"type\": [\"string\", \"null\"]}}}"
#define EVENTS(each)                                                                               \
    "{\"type\": \"object\", \"required\": [\"events\"], \"additionalProperties\": false, "         \
    "\"properties\": {\"events\": {\"type\": \"array\", \"minItems\": 1, \"items\": " each "}}}"

const char *const ci_events_schema = EVENTS(EVENT);

/* The list and the names of its events are looked at before what each of them has. */
static const char *const list_schema = EVENTS(NAMES), *const event_schema = EVENT;

static bool fits(struct ci_request *req, const char *text, const char *name, const json_t *value)
{
    json_t *schema;

    return ci_json_read(req->ctx, text, strlen(text), &ci_json_trusted, &schema) &&
           ci_schema_check(req->ctx, schema, name, value);
}

/* One that has a known name. */
static bool check_event(struct ci_request *req, const json_t *event)
{
    static const char *const uuids[] = {"port_id", "device_id", "binding:host_id", NULL};
    const char *name = ci_version_is_after_21_4(req->ctx) ? NULL : "evts";
    const json_t *value = json_object_get(event, "mac_address");
    const char *address = json_string_value(value);

    if (!fits(req, event_schema, name, event) || !ci_document_uuids(req, event, uuids))
        return false;
    if (strlen(address) == json_string_length(value) && ci_mac_is_valid(address))
        return true;
    return ci_fail_text(req->ctx, InvalidParameterValue,
                        "Expected valid MAC address for mac_address: %.200s", address);
}

bool ci_events_post(struct ci_request *req)
{
    const char *name = ci_version_is_after_21_4(req->ctx) ? NULL : "evts";
    const json_t *body = req->json ? req->json : ci_json(req->ctx, json_object());
    const json_t *event;
    size_t i;

    if (!fits(req, list_schema, name, body))
        return false;
    json_array_foreach(json_object_get(body, "events"), i, event)
    {
        if (!check_event(req, event))
            return false;
        ci_debug(req->ctx, "Event received", "event=%s port=%s",
                 json_string_value(json_object_get(event, "event")),
                 json_string_value(json_object_get(event, "port_id")));
    }
    /* Only a route that is pinned to 21.4 comes here below its version. */
    return req->version >= req->route->since ||
           ci_fail_status(req->ctx, NotFound, 404, "Resource could not be found.");
}
