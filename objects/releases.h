/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"
#include "objects/object.h"

/*
 * Releases of Ironic and the versions each speaks: one row of releases.def each, aliases
 * ("antelope", "2023.1") pointing at theirs.
 */
struct ci_release;

/* By number, alias or "master"; NULL when there is none. */
const struct ci_release *ci_release_find(const char *name);

/* What [DEFAULT]pin_release_version says, or the newest row ("master"), from ctx->config. */
const struct ci_release *ci_release_pinned(const struct ci_ctx *ctx);

/* Is it the release of that name ("31.0", which there is), or a later one? */
bool ci_release_since(const struct ci_release *release, const char *name);

const char *ci_release_name(const struct ci_release *release);
int ci_release_api_minor(const struct ci_release *release);
int ci_release_rpc_minor(const struct ci_release *release);

/*
 * The minor version of a type in that release: its numeric maximum; the newest for types the
 * release does not know (Ironic's rule).
 */
int ci_release_minor(const struct ci_release *release, const struct ci_type *type);

/*
 * The minor version in which an object travels inside one of another type at `minor`: that of
 * the oldest release that speaks the outer one. (Traits inside a node: 1.0 for a 21.4 peer.)
 */
int ci_release_nested_minor(const struct ci_type *type, int minor, const struct ci_type *nested);

/* May rows of that release have this version of the type? */
bool ci_release_knows(const struct ci_release *release, const struct ci_type *type, int minor);

/* Is it one of the versions that rows of any release may have? None has any of an unknown type. */
bool ci_release_any_knows(const struct ci_type *type, int minor);
bool ci_release_any_stores(const struct ci_type *type);

/* All names, numbers first, then aliases; "master" cannot be pinned to. Ends with NULL. */
const char *const *ci_release_names(void);
