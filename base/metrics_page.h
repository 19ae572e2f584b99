/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"
#include "base/metrics.h"

/*
 * GET /metrics on a listener of its own, for programs that answer no other HTTP: figures to
 * whoever can reach it, in Prometheus' text.
 */
struct ci_metrics_page;

/*
 * Listens; a port of 0 is any free one. The sources, a list that ends with a NULL, and what they
 * tell of outlive the page. Fails with what is wrong with the address. Ends with
 * ci_metrics_page_free().
 */
ci_must_check bool ci_metrics_page_start(struct ci_ctx *ctx, const char *address, int port,
                                         const struct ci_metrics_source *sources,
                                         struct ci_metrics_page **ret_page);

int ci_metrics_page_port(const struct ci_metrics_page *page);

/* Accepts NULL. */
void ci_metrics_page_free(struct ci_metrics_page *page);
