/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"
#include "base/json.h"

/* Bodies that set traits, of nodes and of runbooks. */
struct ci_traits_of {
    const char *what;       /* "node" */
    const char *collection; /* "nodes" */
};

/* Fails: neither one trait in the path nor a list in the body. */
bool ci_traits_refuse(struct ci_request *req, const struct ci_traits_of *of);

/*
 * Gives the body's list of traits (borrowed), each of them the name of a trait. Fails with
 * InvalidParameterValue, and with Invalid when there is no list.
 */
ci_must_check bool ci_traits_read(struct ci_request *req, const struct ci_traits_of *of,
                                  const json_t **ret_traits);

/* Is the name among the names, a JSON list of texts? */
bool ci_traits_hold(const json_t *names, const char *name);
