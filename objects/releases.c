/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which release speaks which versions: releases.def, and the pin that chooses a row of it.
 */
#include "objects/releases.h"

#include "base/config.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

/* Versions that rows of an object may have in a release. */
struct object_versions {
    const char *name;
    int oldest, newest;
};

struct ci_release {
    const char *name;
    int api_minor, rpc_minor;
    const struct object_versions *objects; /* ends with a NULL name */
};

static const struct ci_release releases[] = {
#define OBJECT(name_, oldest_, newest_) {#name_, oldest_, newest_},
#define RELEASE(name_, api_, rpc_, objects_)                                                       \
    {.name = name_,                                                                                \
     .api_minor = api_,                                                                            \
     .rpc_minor = rpc_,                                                                            \
     .objects = (const struct object_versions[]){objects_{.name = NULL}}},
#define ALIAS(name_, release_)
#include "objects/releases.def"
#undef RELEASE
#undef ALIAS
#undef OBJECT
};
#define RELEASES (sizeof releases / sizeof releases[0])

static const struct {
    const char *name, *release;
} aliases[] = {
#define OBJECT(name_, oldest_, newest_)
#define RELEASE(name_, api_, rpc_, objects_)
#define ALIAS(name_, release_) {name_, release_},
#include "objects/releases.def"
#undef RELEASE
#undef ALIAS
#undef OBJECT
};

static const char *const names[] = {
#define OBJECT(name_, oldest_, newest_)
#define RELEASE(name_, api_, rpc_, objects_) name_,
#define ALIAS(name_, release_) name_,
#include "objects/releases.def"
#undef RELEASE
#undef ALIAS
#undef OBJECT
    NULL,
};

static const struct ci_release *find_exact(const char *name)
{
    for (size_t i = 0; i < RELEASES; i++)
        if (strcmp(releases[i].name, name) == 0)
            return &releases[i];
    return NULL;
}

const struct ci_release *ci_release_find(const char *name)
{
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (strcmp(aliases[i].name, name) == 0)
            return find_exact(aliases[i].release);
    return find_exact(name);
}

const struct ci_release *ci_release_pinned(const struct ci_ctx *ctx)
{
    const struct ci_release *newest = &releases[RELEASES - 1];
    const char *pin = ctx->config ? ctx->config->DEFAULT.pin_release_version : NULL;
    const struct ci_release *release = pin && pin[0] != '\0' ? ci_release_find(pin) : NULL;

    return release ? release : newest;
}

bool ci_release_since(const struct ci_release *release, const char *name)
{
    const struct ci_release *first = ci_release_find(name);

    assert(first);
    return release >= first; /* rows of one table, oldest first */
}

const char *ci_release_name(const struct ci_release *release)
{
    return release->name;
}

int ci_release_api_minor(const struct ci_release *release)
{
    return release->api_minor;
}

int ci_release_rpc_minor(const struct ci_release *release)
{
    return release->rpc_minor;
}

static const struct object_versions *find_object(const struct ci_release *release, const char *name)
{
    for (const struct object_versions *object = release->objects; object->name; object++)
        if (strcmp(object->name, name) == 0)
            return object;
    return NULL;
}

int ci_release_minor(const struct ci_release *release, const struct ci_type *type)
{
    const struct object_versions *object = find_object(release, type->name);

    return object ? object->newest : type->minor;
}

int ci_release_nested_minor(const struct ci_type *type, int minor, const struct ci_type *nested)
{
    for (size_t i = 0; i < RELEASES; i++) {
        const struct object_versions *object = find_object(&releases[i], type->name);

        if (object && object->newest >= minor)
            return ci_release_minor(&releases[i], nested);
    }
    return nested->minor;
}

bool ci_release_knows(const struct ci_release *release, const struct ci_type *type, int minor)
{
    const struct object_versions *object = find_object(release, type->name);

    return object && minor >= object->oldest && minor <= object->newest;
}

bool ci_release_any_knows(const struct ci_type *type, int minor)
{
    for (size_t i = 0; i < RELEASES; i++)
        if (ci_release_knows(&releases[i], type, minor))
            return true;
    return false;
}

bool ci_release_any_stores(const struct ci_type *type)
{
    return type->table && find_object(&releases[RELEASES - 1], type->name) != NULL;
}

const char *const *ci_release_names(void)
{
    return names;
}
