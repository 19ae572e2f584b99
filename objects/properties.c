/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a node is made of, as far as the service itself counts with it.
 */
#include "objects/properties.h"

#include "base/json.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

static const char *const counted[] = {"local_gb", "memory_mb"};

/* Would Python's int() make a number of the text that is not negative? */
static bool text_is_count(const char *text)
{
    size_t n = strlen(text);
    bool minus = false, nought = true, after_digit = false;

    for (; n > 0 && isspace((unsigned char)text[n - 1]); n--)
        ;
    for (; n > 0 && isspace((unsigned char)text[0]); n--)
        text++;
    if (n > 0 && (text[0] == '+' || text[0] == '-')) {
        minus = text[0] == '-';
        text++;
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '_' && after_digit) {
            after_digit = false;
            continue;
        }
        if (!isdigit((unsigned char)text[i]))
            return false;
        after_digit = true;
        nought = nought && text[i] == '0';
    }
    return after_digit && (!minus || nought);
}

static bool is_count(const json_t *value)
{
    switch (ci_json_kind(value)) {
    case CI_JSON_NULL:
    case CI_JSON_FALSE:
    case CI_JSON_TRUE:
        return true;
    case CI_JSON_INT:
        return json_integer_value(value) >= 0;
    case CI_JSON_REAL:
        return json_real_value(value) > -1.0;
    case CI_JSON_RAW:
        return isdigit((unsigned char)ci_json_raw_text(value)[0]);
    case CI_JSON_STRING:
        return text_is_count(json_string_value(value));
    case CI_JSON_ARRAY:
    case CI_JSON_OBJECT:
        return false;
    }
    __builtin_unreachable();
}

static const char *shown(struct ci_ctx *ctx, const json_t *value)
{
    if (ci_json_kind(value) == CI_JSON_STRING)
        return json_string_value(value);
    return ci_json_repr(ctx->mem, value);
}

bool ci_properties_check(struct ci_ctx *ctx, const char *node_uuid, const char *properties)
{
    const char *wrong = NULL;
    json_t *tree;

    if (!properties)
        return true;
    if (!ci_json_read(ctx, properties, strlen(properties), &ci_json_trusted, &tree))
        return false;
    for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++) {
        const json_t *value = json_object_get(tree, counted[i]);

        if (value && !is_count(value))
            wrong = ci_printf(ctx->mem, "%s%s%s=%s", wrong ? wrong : "", wrong ? ", " : "",
                              counted[i], shown(ctx, value));
    }
    if (wrong)
        return ci_fail_text(ctx, InvalidParameterValue,
                            "The following properties for node %s should be non-negative integers, "
                            "but provided values are: %s",
                            node_uuid, wrong);
    return true;
}
