/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Are the versions of all rows known? As Ironic's check_versions().
 */
#include "objects/versions.h"

#include <string.h>

#include "base/text.h"
#include "db/catalog.h"
#include "db/migrate.h"
#include "objects/releases.h"
#include "objects/types.h"

/* "1.37": its minor; -1 for anything else. */
static int minor_of(const struct ci_type *type, const char *version)
{
    const char *dot = version ? strchr(version, '.') : NULL;
    int64_t major, minor;
    char start[16];

    if (!dot || (size_t)(dot - version) >= sizeof start)
        return -1;
    memcpy(start, version, (size_t)(dot - version));
    start[dot - version] = '\0';
    if (!ci_parse_int(start, 0, 1000, &major) || !ci_parse_int(dot + 1, 0, 1000, &minor) ||
        major != type->major)
        return -1;
    return (int)minor;
}

static bool refuse(struct ci_ctx *ctx, const struct ci_type *type, const char *version)
{
    const int minor = minor_of(type, version);

    if (minor > type->minor)
        return ci_fail_text(ctx, DatabaseVersionTooOld,
                            "The database is not compatible with this release of castiron: %s "
                            "has rows of version %s, and %d.%d is the newest that is known. Use "
                            "the release that wrote them.",
                            type->table, version, type->major, type->minor);
    return ci_fail_text(ctx, DatabaseVersionTooOld,
                        "The database is not compatible with this release of castiron: %s has "
                        "rows of version %s. Please run \"castiron-dbsync "
                        "online_data_migrations\" (or \"ironic-dbsync online_data_migrations\") "
                        "using the previous release.",
                        type->table, version ? version : "NULL");
}

static bool check_rows(struct ci_ctx *ctx, const struct ci_type *type)
{
    struct ci_rows *rows;

    if (!ci_db_query(ctx, ci_printf(ctx->mem, "SELECT DISTINCT version FROM %s", type->table), 0,
                     NULL, &rows))
        return false;
    for (size_t i = 0; i < rows->count; i++) {
        const char *version = ci_row_text(rows, i, 0);

        if (!ci_release_any_knows(type, minor_of(type, version)))
            return refuse(ctx, type, version);
    }
    return true;
}

static bool check_table(struct ci_ctx *ctx, const struct ci_type *type)
{
    bool has_table, has_version;

    if (!ci_catalog_has_table(ctx, type->table, &has_table) ||
        !ci_catalog_has_column(ctx, type->table, "version", &has_version))
        return false;
    if (has_table && !has_version)
        return ci_fail_text(ctx, DatabaseVersionTooOld,
                            "The database version is not compatible with this release of "
                            "castiron: it is older than release 9.2. Please run \"ironic-dbsync "
                            "upgrade\" using the releases between.");
    return !has_table || check_rows(ctx, type);
}

/* Ironic's models of traits have other names than the objects, so that they go unchecked. */
static bool is_checked(const struct ci_type *type)
{
    return ci_release_any_stores(type) && strcmp(type->name, "Trait") != 0;
}

bool ci_versions_check(struct ci_ctx *ctx)
{
    const char *revision;

    if (!ci_migrate_version(ctx, &revision))
        return false;
    for (const struct ci_type *const *type = ci_types; revision && *type; type++) {
        if (is_checked(*type) && !check_table(ctx, *type))
            return false;
    }
    return true;
}

static bool lists(const struct ci_rows *columns, const char *name)
{
    for (size_t i = 0; i < columns->count; i++) {
        if (strcmp(ci_row_text(columns, i, 0), name) == 0)
            return true;
    }
    return false;
}

static bool check_columns(struct ci_ctx *ctx, const struct ci_type *type)
{
    struct ci_rows *columns;

    if (!ci_catalog_columns(ctx, type->table, &columns))
        return false;
    for (size_t i = 0; i < type->count; i++) {
        if (type->fields[i].stored == CI_COLUMN && !lists(columns, type->fields[i].name))
            return ci_fail_text(ctx, DatabaseVersionTooOld,
                                "The database has no column %s.%s, which this release of castiron "
                                "works with: run castiron-dbsync upgrade of a release that knows "
                                "its revision.",
                                type->table, type->fields[i].name);
    }
    return true;
}

bool ci_versions_check_schema(struct ci_ctx *ctx)
{
    if (!ci_migrate_check(ctx))
        return false;
    for (const struct ci_type *const *type = ci_types; *type; type++) {
        if (ci_release_any_stores(*type) && !check_columns(ctx, *type))
            return false;
    }
    return true;
}
