/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cmd/arguments.h"

/*
 * A program that works on the database once and ends: castiron-dbsync and its like. A main() is
 * nearly this:
 *
 *     struct ci_arena *mem = ci_arena_new();
 *     struct ci_arguments arguments;
 *     int code;
 *
 *     ci_arguments_read(mem, &line, argc, argv, &arguments);
 *     code = ci_tool_run(&arguments, work, arg);
 *     ci_arena_free(mem);
 *     return code;
 */

/* The work: gives the exit code; ctx->error says why it is not 0, unless it has said so itself. */
typedef int ci_tool_work(struct ci_ctx *ctx, void *arg);

/*
 * Reads the configuration, opens the log and the database (ctx->config, ctx->db), works, and
 * tells what failed: in the log, and on standard error where the log goes elsewhere. Gives 1 when
 * the work is not reached, and what it gives otherwise.
 */
int ci_tool_run(const struct ci_arguments *arguments, ci_tool_work *work, void *arg);
