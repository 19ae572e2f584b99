/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities: a list inside a text inside the properties of a node.
 */
#include "objects/capabilities.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "objects/info.h"

bool ci_property_set(struct ci_ctx *ctx, struct ci_node *node, const char *key, json_t *value)
{
    json_t *kept = ci_json(ctx, value), *properties;

    if (!ci_info_read(ctx, node->properties, &properties))
        return false;
    json_object_set(properties, key, kept);
    ci_node_set_properties(node, ci_json_text(ctx->mem, properties));
    return true;
}

static bool read_list(struct ci_ctx *ctx, const struct ci_node *node, const char **ret_list)
{
    const json_t *value;
    json_t *properties;

    if (!ci_info_read(ctx, node->properties, &properties))
        return false;
    value = json_object_get(properties, "capabilities");
    *ret_list = ci_json_kind(value) == CI_JSON_STRING ? json_string_value(value) : "";
    return true;
}

static bool is_of(const char *capability, const char *name)
{
    size_t length = strlen(name);

    return strncmp(capability, name, length) == 0 && capability[length] == ':';
}

bool ci_capability_get(struct ci_ctx *ctx, const struct ci_node *node, const char *name,
                       const char **ret_value)
{
    const char *list;

    if (!read_list(ctx, node, &list))
        return false;
    *ret_value = NULL;
    for (const char *const *one = ci_split(ctx->mem, list, ','); *one; one++) {
        const char *const *parts = ci_split(ctx->mem, *one, ':');

        if (parts[0] && parts[1] && !parts[2] && strcmp(parts[0], name) == 0) {
            *ret_value = parts[1];
            break;
        }
    }
    return true;
}

static const char *join(struct ci_ctx *ctx, const char *list, const char *more)
{
    return *list ? ci_printf(ctx->mem, "%s,%s", list, more) : more;
}

bool ci_capability_append(struct ci_ctx *ctx, struct ci_node *node, const char *name,
                          const char *value)
{
    const char *list;

    return read_list(ctx, node, &list) &&
           ci_property_set(ctx, node, "capabilities",
                           json_string(join(ctx, list, ci_printf(ctx->mem, "%s:%s", name, value))));
}

/* The list with all of that name replaced (NULL: dropped); *ret_found: was there one? */
static const char *replaced(struct ci_ctx *ctx, const char *list, const char *name,
                            const char *instead, bool *ret_found)
{
    const char *made = "";

    *ret_found = false;
    for (const char *const *one = ci_split(ctx->mem, list, ','); *one; one++) {
        if (!is_of(*one, name)) {
            made = join(ctx, made, *one);
        } else {
            if (instead && !*ret_found)
                made = join(ctx, made, instead);
            *ret_found = true;
        }
    }
    return made;
}

bool ci_capability_set(struct ci_ctx *ctx, struct ci_node *node, const char *name,
                       const char *value)
{
    const char *list, *made;
    bool found;

    if (!read_list(ctx, node, &list))
        return false;
    made = replaced(ctx, list, name, ci_printf(ctx->mem, "%s:%s", name, value), &found);
    return found ? ci_property_set(ctx, node, "capabilities", json_string(made))
                 : ci_capability_append(ctx, node, name, value);
}

bool ci_capability_remove(struct ci_ctx *ctx, struct ci_node *node, const char *name)
{
    const char *list;
    bool found;

    return read_list(ctx, node, &list) &&
           ci_property_set(ctx, node, "capabilities",
                           json_string(replaced(ctx, list, name, NULL, &found)));
}
