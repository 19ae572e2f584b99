/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices of a node that its conductor reaches: indicators (LEDs), and virtual media.
 */
#include <string.h>

#include "api/schema.h"
#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/version.h"
#include "rpc/client.h"

const struct ci_param ci_params_indicator[] = {
    {"state", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, true},
    {0},
};
const struct ci_param ci_params_vmedia[] = {
    {"device_types", CI_PARAM_LIST, 1, CI_BELOW_NOTHING, false},
    {0},
};

/* An indicator is named "led-0@chassis": its name and the component it is on. */
static bool read_indicator(struct ci_request *req, json_t **ret_args)
{
    const char *name = req->idents[1], *at = strchr(name, '@');

    if (!at)
        return ci_fail_text(req->ctx, InvalidParameterValue, "Malformed indicator name \"%.200s\"",
                            name);
    *ret_args =
        json_pack("{s:s, s:s%}", "component", at + 1, "indicator", name, (size_t)(at - name));
    return true;
}

static json_t *indicator_body(struct ci_request *req, const char *component, const char *name,
                              const json_t *about)
{
    const char *base = ci_base_url(req), *ident = req->idents[0];
    const char *unique = ci_printf(req->ctx->mem, "%s@%s", name, component);
    json_t *readonly = json_object_get(about, "readonly");
    json_t *states = json_object_get(about, "states");
    json_t *links = json_array();

    for (int bookmark = 0; bookmark < 2; bookmark++) {
        const char *href = ci_printf(req->ctx->mem, "%s%s/nodes/%s/management/indicators/%s", base,
                                     bookmark ? "" : "/v1", ident, unique);

        json_array_append_new(
            links, json_pack("{s:s, s:s}", "href", href, "rel", bookmark ? "bookmark" : "self"));
    }
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", unique, "component", component,
                     "readonly", readonly ? json_incref(readonly) : json_true(), "states",
                     states ? json_incref(states) : json_array(), "links", links);
}

bool ci_indicators_list(struct ci_request *req)
{
    json_t *components = NULL, *list, *names, *about;
    const char *component, *name;
    struct ci_node *node;

    if (!ci_request_node(req, &node) ||
        !ci_rpc_node(req->ctx, node, CI_RPC_get_supported_indicators, NULL, &components))
        return false;
    list = ci_json(req->ctx, json_array());
    json_object_foreach(components, component, names)
    {
        json_object_foreach(names, name, about)
            json_array_append_new(list, indicator_body(req, component, name, about));
    }
    return ci_reply_json(req, json_pack("{s:O}", "indicators", list));
}

/* Calls for the indicator of the path; Ironic looks for the conductor before it reads the name. */
static bool call_indicator(struct ci_request *req, enum ci_rpc_method method, const char *state,
                           json_t **ret_result)
{
    struct ci_node *node;
    const char *host;
    json_t *args;

    if (!ci_request_node(req, &node) || !ci_rpc_host_of_node(req->ctx, node, &host) ||
        !read_indicator(req, &args))
        return false;
    if (state)
        json_object_set_new(args, "state", json_string(state));
    return ci_rpc_node(req->ctx, node, method, args, ret_result);
}

bool ci_indicator_show(struct ci_request *req)
{
    json_t *state = NULL;

    return call_indicator(req, CI_RPC_get_indicator_state, NULL, &state) &&
           ci_reply_json(req, json_pack("{s:O?}", "state", state));
}

bool ci_indicator_set(struct ci_request *req)
{
    json_t *result;

    return call_indicator(req, CI_RPC_set_indicator_state, ci_arg_text(req, "state"), &result);
}

const char *const ci_vmedia_schema =
    "{\"type\": \"object\", \"required\": [\"device_type\", \"image_url\"], \"properties\": {"
    "\"device_type\": {\"type\": \"string\", \"enum\": [\"disk\", \"cdrom\", \"floppy\"]}, "
    "\"image_url\": {\"type\": \"string\"}, "
    "\"image_download_source\": {\"type\": \"string\", \"enum\": [\"http\", \"local\", "
    "\"swift\"]}}, \"additionalProperties\": false}";

static const char *const device_types[] = {"disk", "cdrom", "floppy", NULL};

static bool check_url_scheme(struct ci_request *req, const char *url)
{
    static const char *const schemes[] = {"http", "https", "nfs", "cifs", "smb", NULL};
    const char *end = strstr(url, ":");
    char *scheme = ci_strndup(req->ctx->mem, url, end ? (size_t)(end - url) : 0);

    for (char *c = scheme; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    return ci_one_of(scheme, schemes) ||
           ci_fail_text(req->ctx, InvalidParameterValue,
                        "Unsupported or missing URL scheme: %.100s", scheme);
}

/* A node without a conductor is told with 400 here. */
static bool call_vmedia(struct ci_request *req, enum ci_rpc_method method, json_t *args,
                        json_t **ret_result)
{
    struct ci_node *node;

    args = ci_json(req->ctx, args);
    if (!ci_request_node(req, &node))
        return false;
    if (ci_rpc_node(req->ctx, node, method, json_incref(args), ret_result))
        return true;
    if (ci_failed_with(req->ctx, CI_ERR_NoValidHost))
        req->ctx->error->status = 400;
    return false;
}

bool ci_vmedia_attach(struct ci_request *req)
{
    json_t *schema, *result, *body = req->json;
    const char *url;

    if (!body)
        body = ci_json(req->ctx, json_object());
    if (!ci_json_read(req->ctx, ci_vmedia_schema, strlen(ci_vmedia_schema), &ci_json_trusted,
                      &schema) ||
        !ci_schema_check(req->ctx, schema, "vmedia", body))
        return false;
    url = json_string_value(json_object_get(body, "image_url"));
    /* Ironic takes image_download_source and keeps it to itself. */
    return check_url_scheme(req, url) &&
           call_vmedia(req, CI_RPC_attach_virtual_media,
                       json_pack("{s:O, s:O}", "device_type", json_object_get(body, "device_type"),
                                 "image_url", json_object_get(body, "image_url")),
                       &result);
}

bool ci_vmedia_detach(struct ci_request *req)
{
    const struct ci_arg *types = ci_arg(req, "device_types");
    struct ci_text *wrong = ci_text_new(req->ctx->mem, 300);
    json_t *list = types->given ? json_array() : json_null(), *result;

    for (size_t i = 0; types->given && types->list[i]; i++) {
        json_array_append_new(list, json_string(types->list[i]));
        if (!ci_one_of(types->list[i], device_types))
            ci_text_printf(wrong, "%s%.50s", wrong->length > 0 ? ", " : "", types->list[i]);
    }
    list = ci_json(req->ctx, list);
    if (wrong->length > 0 || wrong->overflow)
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "Invalid device type(s) %s (valid are disk, cdrom, floppy)",
                            wrong->bytes);
    return call_vmedia(req, CI_RPC_detach_virtual_media, json_pack("{s:O}", "device_types", list),
                       &result);
}

bool ci_vmedia_show(struct ci_request *req)
{
    json_t *result = NULL;

    if (!ci_api_has(req, GET_VMEDIA))
        return ci_fail_status(req->ctx, NotFound, 404, "The resource could not be found.");
    return call_vmedia(req, CI_RPC_get_virtual_media, json_object(), &result) &&
           ci_reply_json(req, result ? json_incref(result) : json_null());
}
