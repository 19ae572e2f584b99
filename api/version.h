/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"

/* One number per row of microversions.def: CI_API_NODE_SHARD, … */
enum ci_api_version {
#define MICROVERSION(minor, name, meaning) CI_API_##name = minor,
#include "api/microversions.def"
#undef MICROVERSION
};

/* Does the request's version have the feature? ci_api_has(req, NODE_SHARD) */
#define ci_api_has(req, name) ((req)->version >= CI_API_##name)

#define CI_API_MIN 1

/* "1.82" of a version of the table (or of 0, before negotiation); it lives as long as the process.
 */
const char *ci_version_text(int minor);

/* The highest minor served: the newest, or that of the pinned release. */
int ci_version_max(const struct ci_ctx *ctx);

/*
 * Some behaviour changed after release 21.4 without a microversion of its own: negotiation on
 * "/", OpenStack-API-Version, an empty header, HEAD on /v1, ".json". It follows the pin.
 */
bool ci_version_is_after_21_4(const struct ci_ctx *ctx);

/*
 * Finds the version in the request's headers; 406 for what is malformed or not served. The
 * names OpenStack-API-Version (service "baremetal") and X-OpenStack-Ironic-API-Version are
 * read, the first one wins; none means 1.1; "latest" means the highest.
 */
ci_must_check bool ci_version_negotiate(struct ci_request *req);

/*
 * Reads one header's value. Gives the minor, or fails as above. Bounded and strict; fuzzed.
 */
ci_must_check bool ci_version_parse(struct ci_request *req, const char *value, int *ret_minor);

/* Fails with NotAcceptable unless the version has it; the short and the long message of Ironic. */
ci_must_check bool ci_version_needs(struct ci_request *req, int minor);
ci_must_check bool ci_version_needs_named(struct ci_request *req, int minor);
