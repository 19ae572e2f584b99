/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of revisions, and the names by which alembic's command lines call one.
 */
#include "db/revision.h"

#include <string.h>

#include "base/text.h"
#include "db/revisions_sql.h"

static const struct ci_revision revisions[] = {
#define REVISION(id, parent, meaning)                                                              \
    {#id, #parent, meaning, ci_steps_##id##_pg, ci_steps_##id##_sqlite},
#define OLDER(id)
#include "db/revisions.def"
#undef REVISION
#undef OLDER
};
enum { REVISIONS = sizeof revisions / sizeof revisions[0] };

static const char *const older[] = {
#define REVISION(id, parent, meaning)
#define OLDER(id) #id,
#include "db/revisions.def"
#undef REVISION
#undef OLDER
};

/* alembic takes the beginning of an id for it from so many characters on. */
enum { SHORTEST = 4 };

const struct ci_revision *ci_revisions(size_t *ret_count)
{
    *ret_count = REVISIONS;
    return revisions;
}

const char *ci_revision_newest(void)
{
    return revisions[REVISIONS - 1].id;
}

const struct ci_step *ci_revision_steps(const struct ci_db *db, const struct ci_revision *revision)
{
    return ci_db_is_sqlite(db) ? revision->sqlite : revision->pg;
}

int ci_revision_place(const char *id)
{
    for (int i = 0; i < REVISIONS; i++) {
        if (strcmp(revisions[i].id, id) == 0)
            return i;
    }
    return -1;
}

bool ci_revision_is_older(const char *id)
{
    for (size_t i = 0; i < sizeof older / sizeof older[0]; i++) {
        if (strcmp(older[i], id) == 0)
            return true;
    }
    return false;
}

static bool not_found(struct ci_ctx *ctx, const char *name)
{
    return ci_fail_text(ctx, InvalidParameterValue,
                        "Can't locate revision identified by '%s'; known are base, %s (release "
                        "21.4) and what came after it up to %s.",
                        name, revisions[0].id, ci_revision_newest());
}

/* A name without +N or -N. */
static bool find_named(struct ci_ctx *ctx, const char *name, int *ret_place)
{
    int found = -1;

    if (strcmp(name, "head") == 0 || strcmp(name, "heads") == 0) {
        *ret_place = REVISIONS - 1;
        return true;
    }
    if (strcmp(name, "base") == 0) {
        *ret_place = CI_REVISION_BASE;
        return true;
    }
    for (int i = 0; i < REVISIONS; i++) {
        if (strlen(name) < SHORTEST || strncmp(revisions[i].id, name, strlen(name)) != 0)
            continue;
        if (found >= 0)
            return ci_fail_text(ctx, InvalidParameterValue,
                                "Several revisions begin with '%s': %s, %s.", name,
                                revisions[found].id, revisions[i].id);
        found = i;
    }
    if (found < 0)
        return not_found(ctx, name);
    *ret_place = found;
    return true;
}

bool ci_revision_find(struct ci_ctx *ctx, const char *name, int current, int *ret_place)
{
    const char *sign = name ? strpbrk(name, "+-") : NULL;
    int64_t steps = 0;
    int place = current;

    if (!name)
        name = "head";
    if (sign && !ci_parse_int(sign + 1, 1, REVISIONS, &steps))
        return not_found(ctx, name);
    if (!sign || sign > name) {
        const char *base = sign ? ci_strndup(ctx->mem, name, (size_t)(sign - name)) : name;

        if (!find_named(ctx, base, &place))
            return false;
    }
    place += sign && *sign == '-' ? -(int)steps : (int)steps;
    if (place < (sign ? 0 : CI_REVISION_BASE) || place >= REVISIONS)
        return not_found(ctx, name);
    *ret_place = place;
    return true;
}
