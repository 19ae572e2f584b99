/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"
#include "base/text.h"

/*
 * The checks of castiron-status: is this database, with this configuration, ready for the
 * services of this release? They read, on the schema of any release since 21.4, and change
 * nothing.
 */

/* Ironic's codes; the worst of all checks is the exit code. */
enum ci_check_code { CI_CHECK_SUCCESS, CI_CHECK_WARNING, CI_CHECK_FAILURE };

struct ci_check_result {
    enum ci_check_code code;
    struct ci_text *details; /* nothing in it: there is nothing to tell */
};

struct ci_check {
    const char *name;
    /* Fills the result, which begins as a success; false when it could not be found out. */
    bool (*run)(struct ci_ctx *ctx, struct ci_check_result *result);
};

/* Ironic's checks first, by Ironic's names; then our own. Each ends with a NULL name. */
extern const struct ci_check ci_checks[], ci_cluster_checks[];

/* A finding: the code is raised to this one, the sentence added. */
void ci_check_add(struct ci_check_result *result, enum ci_check_code code, const char *format, ...)
    ci_format(3, 4);
