/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks that ironic-status has, too, in its words.
 */
#include "cmd/checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "base/json.h"
#include "db/catalog.h"
#include "db/db.h"
#include "drivers/hardware.h"
#include "objects/versions.h"

enum { NAMED_MAX = 10, POLICY_BYTES = 1 << 20 };

void ci_check_add(struct ci_check_result *result, enum ci_check_code code, const char *format, ...)
{
    char sentence[1024];
    va_list values;

    va_start(values, format);
    (void)vsnprintf(sentence, sizeof sentence, format, values);
    va_end(values);
    if (code > result->code)
        result->code = code;
    if (result->details->length > 0)
        ci_text_add(result->details, " ");
    ci_text_add(result->details, sentence);
}

static bool object_versions(struct ci_ctx *ctx, struct ci_check_result *result)
{
    if (ci_versions_check(ctx))
        return true;
    if (!ci_failed_with(ctx, CI_ERR_DatabaseVersionTooOld))
        return false;
    ci_check_add(result, CI_CHECK_FAILURE, "%s", ctx->error->message);
    ci_error_clear(ctx);
    return true;
}

static bool indexes(struct ci_ctx *ctx, struct ci_check_result *result)
{
    static const char *const names[] = {
        "reservation_idx",    "driver_idx", "provision_state_idx", "conductor_group_idx",
        "resource_class_idx", "owner_idx",  "lessee_idx"};
    const char *missing = "";

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        bool has;

        if (!ci_catalog_has_index(ctx, "nodes", names[i], &has))
            return false;
        if (!has)
            missing = ci_printf(ctx->mem, "%s%s%s", missing, *missing ? ", " : "", names[i]);
    }
    if (*missing)
        ci_check_add(result, CI_CHECK_WARNING,
                     "Indexes missing for ideal database performance. Missing: %s.", missing);
    return true;
}

/* For PostgreSQL and SQLite there is nothing to find. */
static bool mysql_encoding(struct ci_ctx *ctx, struct ci_check_result *result)
{
    (void)ctx;
    (void)result;
    return true;
}

static bool is_json(struct ci_ctx *ctx, const char *path)
{
    char *text = ci_alloc(ctx->mem, POLICY_BYTES);
    FILE *file = fopen(path, "re");
    json_t *value;
    size_t length;
    bool is;

    if (!file)
        return false;
    length = fread(text, 1, POLICY_BYTES, file);
    (void)fclose(file);
    is = ci_json_read(ctx, text, length, &ci_json_trusted, &value);
    ci_error_clear(ctx);
    return is;
}

static bool policy_json(struct ci_ctx *ctx, struct ci_check_result *result)
{
    const char *name = ctx->config->oslo_policy.policy_file;
    const char *path = name ? ci_config_find_file(ctx->mem, ctx->config, name) : NULL;

    if (path && is_json(ctx, path))
        ci_check_add(result, CI_CHECK_FAILURE,
                     "Your policy file (%s) is JSON-formatted which is deprecated. You need to "
                     "switch to YAML-formatted file. Use the ``oslopolicy-convert-json-to-yaml`` "
                     "tool to convert the existing JSON-formatted files to YAML in a "
                     "backwards-compatible manner.",
                     path);
    return true;
}

/* The nodes whose column holds the name, by UUID; many are counted only. */
static bool name_nodes(struct ci_ctx *ctx, struct ci_check_result *result, const char *column,
                       const char *what, const char *name, int64_t count)
{
    struct ci_rows *rows;

    if (!ci_db_query(ctx,
                     ci_printf(ctx->mem,
                               "SELECT uuid FROM nodes WHERE %s = $1 ORDER BY id LIMIT %d", column,
                               NAMED_MAX),
                     1, &name, &rows))
        return false;
    for (size_t i = 0; i < rows->count; i++)
        ci_check_add(result, CI_CHECK_WARNING, "Node %s uses an unknown %s %s.",
                     ci_row_text(rows, i, 0), what, name);
    if (count > NAMED_MAX)
        ci_check_add(result, CI_CHECK_WARNING, "(%lld nodes in all use %s.)", (long long)count,
                     name);
    return true;
}

static bool is_known(const char *interface_type, const char *name)
{
    return interface_type ? ci_interface_find(interface_type, name) != NULL
                          : ci_hardware_exists(name);
}

/* interface_type: NULL for the hardware type itself. */
static bool check_column(struct ci_ctx *ctx, struct ci_check_result *result,
                         const char *interface_type)
{
    const char *column =
        interface_type ? ci_printf(ctx->mem, "%s_interface", interface_type) : "driver";
    const char *what =
        interface_type ? ci_printf(ctx->mem, "%s interface", interface_type) : "driver";
    struct ci_rows *rows;
    bool has;

    if (!ci_catalog_has_column(ctx, "nodes", column, &has))
        return false;
    if (!has)
        return true;
    if (!ci_db_query(ctx,
                     ci_printf(ctx->mem,
                               "SELECT %s, count(*) FROM nodes WHERE %s IS NOT NULL GROUP BY %s "
                               "ORDER BY %s",
                               column, column, column, column),
                     0, NULL, &rows))
        return false;
    for (size_t i = 0; i < rows->count; i++) {
        const char *name = ci_row_text(rows, i, 0);

        if (*name && !is_known(interface_type, name) &&
            !name_nodes(ctx, result, column, what, name, ci_row_int(rows, i, 1, 0)))
            return false;
    }
    return true;
}

static bool hardware(struct ci_ctx *ctx, struct ci_check_result *result)
{
    if (!ci_hardware_check(ctx)) {
        ci_check_add(result, CI_CHECK_FAILURE,
                     "Some hardware types or interfaces cannot be loaded: %s", ctx->error->message);
        ci_error_clear(ctx);
    }
    if (!check_column(ctx, result, NULL))
        return false;
    for (const char *const *type = ci_interface_types; *type; type++) {
        if (!check_column(ctx, result, *type))
            return false;
    }
    return true;
}

static const char *owner(const char *name)
{
    return name ? name : "None";
}

static bool parents(struct ci_ctx *ctx, struct ci_check_result *result)
{
    struct ci_rows *rows;
    bool has;

    if (!ci_catalog_has_column(ctx, "nodes", "parent_node", &has))
        return false;
    if (!has)
        return true;
    if (!ci_db_query(ctx,
                     "SELECT c.uuid, c.owner, p.uuid, p.owner FROM nodes c JOIN nodes p ON "
                     "c.parent_node = p.uuid WHERE coalesce(c.owner, '') <> coalesce(p.owner, '') "
                     "ORDER BY c.id LIMIT 100",
                     0, NULL, &rows))
        return false;
    if (rows->count > 0)
        ci_check_add(result, CI_CHECK_WARNING, "Some nodes have an owner mismatch with parents:");
    for (size_t i = 0; i < rows->count; i++)
        ci_check_add(result, CI_CHECK_WARNING, "- %s: owner %s, parent %s owner %s",
                     ci_row_text(rows, i, 0), owner(ci_row_text(rows, i, 1)),
                     ci_row_text(rows, i, 2), owner(ci_row_text(rows, i, 3)));
    return true;
}

const struct ci_check ci_checks[] = {
    {"Object versions", object_versions},
    {"Database Index Status", indexes},
    {"MySQL UTF8MB4 Encoding Check", mysql_encoding},
    {"Policy File JSON to YAML Migration", policy_json},
    {"Hardware Types and Interfaces Check", hardware},
    {"Mismatch between Child and Parent Owners", parents},
    {NULL, NULL},
};
