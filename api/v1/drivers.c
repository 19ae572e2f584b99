/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drivers: the hardware types that live conductors have enabled, and what a conductor says of
 * them.
 */
#include <string.h>

#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/v1/views.h"
#include "api/version.h"
#include "base/config.h"
#include "objects/conductor.h"
#include "rpc/client.h"

const struct ci_param ci_params_drivers_list[] = {
    {"type", CI_PARAM_STRING, CI_API_DYNAMIC_DRIVERS, CI_BELOW_406_NAMED, false},
    {"detail", CI_PARAM_BOOL, CI_API_DYNAMIC_DRIVERS, CI_BELOW_406_NAMED, false},
    {"fields", CI_PARAM_LIST, CI_API_DRIVER_FIELDS_SELECTOR, CI_BELOW_406, false},
    {0},
};
const struct ci_param ci_params_driver[] = {
    {"fields", CI_PARAM_LIST, CI_API_DRIVER_FIELDS_SELECTOR, CI_BELOW_406, false},
    {0},
};
const struct ci_param ci_params_driver_name[] = {
    {"driver_name", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, true},
    {0},
};

/* Kinds of interface in the order of Ironic's message, and since when a driver shows them. */
const struct ci_since ci_driver_interfaces[] = {
    {"boot", CI_API_DYNAMIC_DRIVERS},        {"console", CI_API_DYNAMIC_DRIVERS},
    {"deploy", CI_API_DYNAMIC_DRIVERS},      {"inspect", CI_API_DYNAMIC_DRIVERS},
    {"management", CI_API_DYNAMIC_DRIVERS},  {"network", CI_API_DYNAMIC_DRIVERS},
    {"power", CI_API_DYNAMIC_DRIVERS},       {"raid", CI_API_DYNAMIC_DRIVERS},
    {"vendor", CI_API_DYNAMIC_DRIVERS},      {"storage", CI_API_STORAGE_INTERFACE},
    {"rescue", CI_API_RESCUE_INTERFACE},     {"bios", CI_API_BIOS_INTERFACE},
    {"firmware", CI_API_FIRMWARE_INTERFACE}, {0},
};
#define DRIVERS_MAX 200

/* What live conductors have enabled: rows by hardware type, kind and name. */
struct enabled {
    struct ci_request *req;
    size_t count;
    struct ci_conductor_interface *rows;
};

static bool load(struct ci_request *req, const char *driver, struct enabled *ret_enabled)
{
    *ret_enabled = (struct enabled){.req = req};
    return ci_conductor_load_interfaces(req->ctx, req->ctx->config->conductor.heartbeat_timeout,
                                        driver, &ret_enabled->count, &ret_enabled->rows);
}

static void add_once(json_t *list, const char *text)
{
    const json_t *known;
    size_t i;

    json_array_foreach(list, i, known)
    {
        if (strcmp(json_string_value(known), text) == 0)
            return;
    }
    json_array_append_new(list, json_string(text));
}

static json_t *links(struct ci_request *req, const char *driver, const char *below)
{
    const char *base = ci_base_url(req);
    const char *self = ci_printf(req->ctx->mem, "%s/v1/drivers/%s%s", base, driver, below);
    const char *bookmark = ci_printf(req->ctx->mem, "%s/drivers/%s%s", base, driver, below);

    return json_pack("[{s:s, s:s}, {s:s, s:s}]", "href", self, "rel", "self", "href", bookmark,
                     "rel", "bookmark");
}

/* "default_boot_interface" and "enabled_boot_interfaces". */
static const char *default_key(struct ci_request *req, const struct ci_since *kind)
{
    return ci_printf(req->ctx->mem, "default_%s_interface", kind->name);
}

static const char *enabled_key(struct ci_request *req, const struct ci_since *kind)
{
    return ci_printf(req->ctx->mem, "enabled_%s_interfaces", kind->name);
}

static void add_kind(const struct enabled *enabled, const char *driver, const struct ci_since *kind,
                     json_t *body)
{
    json_t *names = json_array();
    const char *by_default = NULL;

    for (size_t i = 0; i < enabled->count; i++) {
        const struct ci_conductor_interface *row = &enabled->rows[i];

        if (strcmp(row->hardware_type, driver) != 0 || strcmp(row->interface_type, kind->name) != 0)
            continue;
        add_once(names, row->interface_name);
        if (row->is_default)
            by_default = row->interface_name;
    }
    json_object_set_new(body, default_key(enabled->req, kind),
                        by_default ? json_string(by_default) : json_null());
    json_object_set_new(body, enabled_key(enabled->req, kind), names);
}

static json_t *hosts(const struct enabled *enabled, const char *driver)
{
    json_t *list = json_array();

    for (size_t i = 0; i < enabled->count; i++) {
        if (strcmp(enabled->rows[i].hardware_type, driver) == 0)
            add_once(list, enabled->rows[i].hostname);
    }
    return list;
}

static json_t *body_of(const struct enabled *enabled, const char *driver, bool detail)
{
    struct ci_request *req = enabled->req;
    json_t *body = json_object();

    json_object_set_new(body, "name", json_string(driver));
    json_object_set_new(body, "hosts", hosts(enabled, driver));
    json_object_set_new(body, "links", links(req, driver, ""));
    if (ci_api_has(req, LINKS_NODESTATES_DRIVERPROPERTIES))
        json_object_set_new(body, "properties", links(req, driver, "/properties"));
    if (ci_api_has(req, DYNAMIC_DRIVERS))
        json_object_set_new(body, "type", json_string("dynamic"));
    for (size_t i = 0; detail && ci_driver_interfaces[i].name; i++) {
        if (req->version >= ci_driver_interfaces[i].since)
            add_kind(enabled, driver, &ci_driver_interfaces[i], body);
    }
    return body;
}

/* The names that fields= can have in this version. */
static json_t *field_names(struct ci_request *req)
{
    json_t *names = json_pack("[s, s, s]", "hosts", "links", "name");

    for (size_t i = 0; ci_driver_interfaces[i].name; i++) {
        if (req->version < ci_driver_interfaces[i].since)
            continue;
        json_array_append_new(names, json_string(default_key(req, &ci_driver_interfaces[i])));
        json_array_append_new(names, json_string(enabled_key(req, &ci_driver_interfaces[i])));
    }
    json_array_append_new(names, json_string("properties"));
    json_array_append_new(names, json_string("type"));
    return ci_json(req->ctx, names);
}

/* Releases after 21.4 say which fields there are. */
static bool check_names(struct ci_request *req, const char *const *fields)
{
    json_t *names;

    if (!fields || !ci_version_is_after_21_4(req->ctx))
        return true;
    names = field_names(req);
    for (; *fields; fields++) {
        const json_t *name;
        bool known = false;
        size_t i;

        json_array_foreach(names, i, name) known |= strcmp(json_string_value(name), *fields) == 0;
        if (!known)
            return ci_fail_text(req->ctx, InvalidParameterValue,
                                "Schema error: '%.200s' is not one of %s", *fields,
                                ci_json_repr(req->ctx->mem, names));
    }
    return true;
}

/* Leaves what fields= names, and the links; all of them must be there. */
static bool select_fields(struct ci_request *req, const char *const *fields, json_t *body)
{
    struct ci_text *missing = ci_text_new(req->ctx->mem, 1000);
    const char *key;
    json_t *value;
    void *next;

    if (!fields)
        return true;
    for (size_t i = 0; fields[i]; i++) {
        if (!json_object_get(body, fields[i]))
            ci_text_printf(missing, "%s%.100s", missing->length > 0 ? ", " : "", fields[i]);
    }
    if (missing->length > 0)
        return ci_fields_refuse(req, missing->bytes);
    json_object_foreach_safe(body, next, key, value)
    {
        if (strcmp(key, "links") != 0 && !ci_one_of(key, fields))
            json_object_del(body, key);
    }
    return true;
}

static const char *const *fields_of(const struct ci_request *req)
{
    const struct ci_arg *fields = ci_arg(req, "fields");

    return fields->given ? fields->list : NULL;
}

static bool write_all(const struct enabled *enabled)
{
    struct ci_request *req = enabled->req;
    bool detail = ci_arg_true(req, "detail", false);
    json_t *list = ci_json(req->ctx, json_array());
    const char *seen[DRIVERS_MAX + 1] = {NULL};
    size_t n = 0;

    for (size_t i = 0; i < enabled->count && n < DRIVERS_MAX; i++) {
        const char *driver = enabled->rows[i].hardware_type;
        json_t *body;

        if (ci_one_of(driver, seen))
            continue;
        seen[n++] = driver;
        body = body_of(enabled, driver, detail);
        json_array_append_new(list, body);
        if (!select_fields(req, fields_of(req), body))
            return false;
    }
    return ci_reply_json(req, json_pack("{s:O}", "drivers", list));
}

bool ci_drivers_list(struct ci_request *req)
{
    const char *type = ci_arg_text(req, "type");
    struct enabled enabled = {.req = req};

    if (fields_of(req) && ci_arg_true(req, "detail", false))
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "Can not specify ?detail=True and fields in the same request.");
    if (!check_names(req, fields_of(req)))
        return false;
    if (type && strcmp(type, "classic") != 0 && strcmp(type, "dynamic") != 0)
        return ci_fail_text(
            req->ctx, Invalid,
            "\"type\" filter must be one of \"classic\" or \"dynamic\", if specified.");
    /* There are no classic drivers any more. */
    if (type && strcmp(type, "classic") == 0)
        return write_all(&enabled);
    return load(req, NULL, &enabled) && write_all(&enabled);
}

bool ci_driver_show(struct ci_request *req)
{
    const char *driver = req->idents[0];
    struct enabled enabled;
    json_t *body;

    if (!check_names(req, fields_of(req)) || !load(req, driver, &enabled))
        return false;
    if (enabled.count == 0)
        return ci_fail(req->ctx, DriverNotFound, driver);
    body = ci_json(req->ctx, body_of(&enabled, driver, true));
    return select_fields(req, fields_of(req), body) && ci_reply_json(req, json_incref(body));
}

/* Asks a conductor of the hardware type; its answer is ours. */
static bool ask(struct ci_request *req, const char *driver, enum ci_rpc_method method)
{
    json_t *result = NULL;

    return ci_rpc_driver(req->ctx, driver, method, json_pack("{s:s}", "driver_name", driver),
                         &result) &&
           ci_reply_json(req, result ? json_incref(result) : json_null());
}

bool ci_driver_properties(struct ci_request *req)
{
    return ask(req, req->idents[0], CI_RPC_get_driver_properties);
}

/* The older form, ?driver_name=. */
bool ci_driver_properties_named(struct ci_request *req)
{
    return ask(req, ci_arg_text(req, "driver_name"), CI_RPC_get_driver_properties);
}

/* RAID is a standard interface that not all hardware has: what is missing is not found. */
bool ci_driver_raid_properties(struct ci_request *req)
{
    if (ask(req, req->idents[0], CI_RPC_get_raid_logical_disk_properties))
        return true;
    if (ci_failed_with(req->ctx, CI_ERR_UnsupportedDriverExtension))
        req->ctx->error->status = 404;
    return false;
}

bool ci_driver_passthru_methods(struct ci_request *req)
{
    return ask(req, req->idents[0], CI_RPC_get_driver_vendor_passthru_methods);
}
