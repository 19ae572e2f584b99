/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"
#include "objects/object.h"

/*
 * Releases of Ironic and the versions each speaks: one row of releases.def each, aliases
 * ("antelope", "2023.1") pointing at theirs.
 */
struct ci_release;

/* By number or alias; NULL when there is none. */
const struct ci_release *ci_release_find(const char *name);

/* What [DEFAULT]pin_release_version says, or the newest row ("master"), from ctx->config. */
const struct ci_release *ci_release_pinned(const struct ci_ctx *ctx);

const char *ci_release_name(const struct ci_release *release);
int ci_release_api_minor(const struct ci_release *release);
int ci_release_rpc_minor(const struct ci_release *release);

/*
 * The minor version of a type in that release: its numeric maximum; the newest for types the
 * release does not know (Ironic's rule).
 */
int ci_release_minor(const struct ci_release *release, const struct ci_type *type);

/* All names that may be pinned to, for messages; ends with NULL. */
const char *const *ci_release_names(void);
