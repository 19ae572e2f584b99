/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Named parameters against the route's table. A value from the body beats one from the query;
 * a query name that is repeated makes a list, as in Ironic's router.
 */
#include "api/args.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "api/version.h"
#include "base/httpd.h"
#include "base/ident.h"
#include "base/utf8.h"

/* Of a list; what is looked up in it is looked up one by one. */
#define LIST_MAX 1000

/* Names that no parameter has, for one message. */
struct reading {
    struct ci_request *req;
    struct ci_text *unexpected;
};

int ci_bool_from_text(const char *text)
{
    static const char *const truths[] = {"1", "t", "true", "on", "y", "yes"};
    static const char *const lies[] = {"0", "f", "false", "off", "n", "no"};
    char word[8];
    size_t n = 0;

    while (isspace((unsigned char)*text))
        text++;
    while (text[n] && !isspace((unsigned char)text[n]) && n + 1 < sizeof word) {
        word[n] = text[n];
        n++;
    }
    word[n] = '\0';
    for (const char *rest = text + n; *rest; rest++) {
        if (!isspace((unsigned char)*rest))
            return -1;
    }
    for (size_t i = 0; i < sizeof truths / sizeof truths[0]; i++) {
        if (strcasecmp(word, truths[i]) == 0)
            return 1;
        if (strcasecmp(word, lies[i]) == 0)
            return 0;
    }
    return -1;
}

bool ci_query_split(struct ci_ctx *ctx, const char *query,
                    bool (*each)(void *arg, const char *name, const char *value), void *arg)
{
    while (*query) {
        size_t length = strcspn(query, "&"), name_length;
        const char *equals = memchr(query, '=', length);
        char *name, *value;

        name_length = equals ? (size_t)(equals - query) : length;
        if (length > 0) {
            if (!ci_httpd_unescape_query(ctx->mem, query, name_length, &name) ||
                !ci_httpd_unescape_query(ctx->mem, equals ? equals + 1 : "",
                                         equals ? length - name_length - 1 : 0, &value))
                return ci_fail_text(ctx, InvalidParameterValue,
                                    "The query string is not valid UTF-8 with valid escapes.");
            if (!each(arg, name, value))
                return false;
        }
        query += length + (query[length] == '&');
    }
    return true;
}

bool ci_bool_refuse(struct ci_request *req, const char *name, const char *value)
{
    return ci_fail_text(req->ctx, InvalidParameterValue,
                        "Invalid %s: Unrecognized value '%.200s', acceptable values are: '0', '1', "
                        "'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'",
                        name, value);
}

static int find_param(const struct ci_request *req, const char *name)
{
    const struct ci_param *params = req->route->params;

    for (int i = 0; params && params[i].name; i++) {
        /* What is newer than the API served is not known at all. */
        if (strcmp(params[i].name, name) == 0 && params[i].since <= ci_version_max(req->ctx))
            return i;
    }
    return -1;
}

static void unexpected(struct reading *reading, const char *name)
{
    ci_text_printf(reading->unexpected, "%s%.100s", reading->unexpected->length ? ", " : "", name);
}

/* The second value of a name makes a list of them, as in Ironic's router. */
static void repeat(struct ci_request *req, struct ci_arg *arg, const char *value)
{
    if (!arg->given) {
        *arg = (struct ci_arg){.given = true, .text = value};
        return;
    }
    if (!arg->json) {
        arg->repeated = ci_json(req->ctx, json_array());
        arg->json = arg->repeated;
        json_array_append_new(arg->repeated, json_string(arg->text));
        arg->text = NULL;
    }
    json_array_append_new(arg->repeated, json_string(value));
}

static bool take_query(void *arg, const char *name, const char *value)
{
    struct reading *reading = arg;
    struct ci_request *req = reading->req;
    int i = find_param(req, name);

    if (i < 0) {
        unexpected(reading, name);
        return true;
    }
    repeat(req, &req->args[i], value);
    return true;
}

static void take_body(struct reading *reading)
{
    struct ci_request *req = reading->req;
    const char *name;
    size_t length;
    json_t *value;

    json_object_keylen_foreach(req->json, name, length, value)
    {
        int i = strlen(name) == length ? find_param(req, name) : -1;

        if (i < 0) {
            unexpected(reading, name);
            continue;
        }
        req->args[i] = (struct ci_arg){.given = ci_json_kind(value) != CI_JSON_NULL, .json = value};
        /* Text that is none, with a NUL or half a surrogate pair, is of no kind but JSON. */
        if (ci_json_kind(value) == CI_JSON_STRING &&
            ci_utf8_is_text(json_string_value(value), json_string_length(value)))
            req->args[i].text = json_string_value(value);
    }
}

/* How a value is shown in a message: a string as it is, others as Python prints them. */
static const char *shown(struct ci_request *req, const struct ci_arg *arg)
{
    return arg->text ? arg->text : ci_json_repr(req->ctx->mem, arg->json);
}

static bool wrong(struct ci_request *req, const char *what, const struct ci_param *param,
                  const struct ci_arg *arg)
{
    return ci_fail_text(req->ctx, InvalidParameterValue, "Expected %s for %s: %s", what,
                        param->name, shown(req, arg));
}

static bool check_bool(struct ci_request *req, const struct ci_param *param, struct ci_arg *arg)
{
    enum ci_json_kind kind = arg->json ? ci_json_kind(arg->json) : CI_JSON_STRING;

    if (kind == CI_JSON_TRUE || kind == CI_JSON_FALSE) {
        arg->number = kind == CI_JSON_TRUE;
        return true;
    }
    arg->number = ci_bool_from_text(shown(req, arg));
    if (arg->number >= 0)
        return true;
    return ci_bool_refuse(req, param->name, shown(req, arg));
}

/* Digits, as Python's int() takes them: blanks around, a sign. Beyond 64 bits the end is as good.
 */
static bool whole_number(struct ci_arena *mem, const char *text, int64_t *ret_number)
{
    const char *digits;
    size_t length;

    while (isspace((unsigned char)*text))
        text++;
    length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    if (text[0] == '+' && length > 1 && text[1] != '-') {
        text++;
        length--;
    }
    digits = text + (text[0] == '-');
    if (strspn(digits, "0123456789") + (size_t)(digits - text) != length || digits == text + length)
        return false;
    if (!ci_parse_int(ci_strndup(mem, text, length), INT64_MIN, INT64_MAX, ret_number))
        *ret_number = text[0] == '-' ? INT64_MIN : INT64_MAX;
    return true;
}

static bool check_int(struct ci_request *req, const struct ci_param *param, struct ci_arg *arg)
{
    if (arg->json && ci_json_kind(arg->json) == CI_JSON_INT) {
        arg->number = json_integer_value(arg->json);
        return true;
    }
    return (arg->text && whole_number(req->ctx->mem, arg->text, &arg->number)) ||
           wrong(req, "an integer", param, arg);
}

/* Trimmed, lower case, without doubles. */
static const char *const *list_of(struct ci_arena *mem, const char *text)
{
    const char *const *words = ci_split(mem, text, ',');
    size_t n = 0, used = 0;
    const char **list;

    while (words[n])
        n++;
    list = ci_alloc_array(mem, n + 1, sizeof *list);
    for (size_t i = 0; i < n; i++) {
        char *word = ci_strdup(mem, words[i]);

        for (char *c = word; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        list[used] = NULL;
        if (!ci_one_of(word, list))
            list[used++] = word;
    }
    list[used] = NULL;
    return list;
}

/* The values of a repeated name are taken as they are. */
static const char *const *repeated(struct ci_arena *mem, const json_t *values)
{
    const char **list = ci_alloc_array(mem, json_array_size(values) + 1, sizeof *list);
    const json_t *value;
    size_t i;

    json_array_foreach(values, i, value) list[i] = json_string_value(value);
    list[i] = NULL;
    return list;
}

static size_t commas(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += *text == ',';
    return n;
}

static bool check_list(struct ci_request *req, const struct ci_param *param, struct ci_arg *arg)
{
    bool takes_repeated = arg->repeated && ci_version_is_after_21_4(req->ctx);

    if (!arg->text && !takes_repeated)
        return wrong(req, "string", param, arg);
    if ((takes_repeated ? json_array_size(arg->repeated) : commas(arg->text)) >= LIST_MAX)
        return ci_fail_text(req->ctx, InvalidParameterValue, "%s has too many values", param->name);
    arg->list =
        takes_repeated ? repeated(req->ctx->mem, arg->repeated) : list_of(req->ctx->mem, arg->text);
    return true;
}

static bool check_kind(struct ci_request *req, const struct ci_param *param, struct ci_arg *arg)
{
    switch (param->kind) {
    case CI_PARAM_JSON:
        return true;
    case CI_PARAM_BOOL:
        return check_bool(req, param, arg);
    case CI_PARAM_INT:
        return check_int(req, param, arg);
    case CI_PARAM_LIST:
        return check_list(req, param, arg);
    case CI_PARAM_STRING:
        return arg->text || wrong(req, "string", param, arg);
    case CI_PARAM_UUID:
        return (arg->text && ci_uuid_is_like(arg->text)) || wrong(req, "UUID", param, arg);
    case CI_PARAM_NAME:
        return (arg->text && ci_name_is_valid(arg->text)) || wrong(req, "name", param, arg);
    case CI_PARAM_UUID_OR_NAME:
        return (arg->text && (ci_uuid_is_like(arg->text) || ci_name_is_valid(arg->text))) ||
               wrong(req, "UUID or name", param, arg);
    case CI_PARAM_MAC:
        if (!arg->text || !ci_mac_is_valid(arg->text))
            return wrong(req, "valid MAC address", param, arg);
        arg->text = ci_mac_normal(req->ctx->mem, arg->text);
        return true;
    }
    return true;
}

static bool invalid_query(struct ci_request *req, const struct ci_param *param,
                          const struct ci_arg *arg)
{
    const char *value = shown(req, arg);
    json_t *list;

    if (param->kind == CI_PARAM_BOOL)
        value = arg->number ? "True" : "False";
    if (param->kind == CI_PARAM_LIST) {
        list = ci_json(req->ctx, json_array());
        for (size_t i = 0; arg->list[i]; i++)
            json_array_append_new(list, json_string(arg->list[i]));
        value = ci_json_repr(req->ctx->mem, list);
    }
    return ci_fail_text(req->ctx, InvalidParameterValue,
                        "Invalid query parameter ?%s=%.200s received.", param->name, value);
}

static bool check_version(struct ci_request *req, const struct ci_param *param,
                          const struct ci_arg *arg)
{
    if (req->version >= param->since)
        return true;
    switch (param->below) {
    case CI_BELOW_NOTHING:
        return true;
    case CI_BELOW_406:
        return ci_version_needs(req, param->since);
    case CI_BELOW_406_NAMED:
        return ci_version_needs_named(req, param->since);
    case CI_BELOW_406_TEXT:
        return ci_fail_text(req->ctx, NotAcceptable, "%s is not acceptable in this API version",
                            param->name);
    case CI_BELOW_SCHEMA:
        if (ci_version_is_after_21_4(req->ctx))
            return ci_fail_text(req->ctx, InvalidParameterValue,
                                "Schema error: Additional properties are not allowed ('%s' was "
                                "unexpected)",
                                param->name);
        return invalid_query(req, param, arg);
    case CI_BELOW_400:
        return invalid_query(req, param, arg);
    }
    return true;
}

static bool check_all(struct ci_request *req)
{
    const struct ci_param *params = req->route->params;

    for (size_t i = 0; params && params[i].name; i++) {
        if (!req->args[i].given && params[i].required)
            return ci_fail_text(req->ctx, MissingParameterValue, "Missing mandatory parameter: %s",
                                params[i].name);
    }
    for (size_t i = 0; params && params[i].name; i++) {
        if (req->args[i].given && !check_kind(req, &params[i], &req->args[i]))
            return false;
    }
    for (size_t i = 0; params && params[i].name; i++) {
        if (req->args[i].given && !check_version(req, &params[i], &req->args[i]))
            return false;
    }
    return true;
}

bool ci_args_read(struct ci_request *req)
{
    struct reading reading = {.req = req, .unexpected = ci_text_new(req->ctx->mem, 900)};

    if (!ci_query_split(req->ctx, req->query, take_query, &reading))
        return false;
    if (req->word)
        (void)take_query(&reading, "fields", req->word); /* it never stops */
    if (req->route->body == CI_BODY_ARGS && req->json) {
        if (!json_is_object(req->json))
            return ci_fail_text(req->ctx, Invalid, "The body must be a JSON object.");
        take_body(&reading);
    }
    if (reading.unexpected->length > 0)
        return ci_fail_text(req->ctx, InvalidParameterValue, "Unexpected arguments: %s",
                            reading.unexpected->bytes);
    return check_all(req);
}
