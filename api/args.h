/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/routes.h"

/*
 * Named parameters: the query string and, for verbs, the keys of the body, held against the
 * route's table of parameters. Error words are Ironic's ("Unexpected arguments: x", …).
 */

/* Reads the query string into req->args. Fails with InvalidParameterValue, MissingParameterValue
 * or, below a parameter's version, as its row says. */
ci_must_check bool ci_args_read(struct ci_request *req);

/*
 * Splits a query string: `each` gets unescaped names and values in order; stops when it
 * gives false. Fails for bad escapes. Fuzzed.
 */
ci_must_check bool ci_query_split(struct ci_ctx *ctx, const char *query,
                                  bool (*each)(void *arg, const char *name, const char *value),
                                  void *arg);

/* Python's strutils.bool_from_string(strict): 1, 0, or -1 when it is neither. */
int ci_bool_from_text(const char *text);

/* Fails with InvalidParameterValue: the value of `name` is no boolean. */
bool ci_bool_refuse(struct ci_request *req, const char *name, const char *value);
