/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"
#include "base/httpd.h"

/*
 * Cross-origin requests, as oslo.middleware's CORS layer allows them: which pages of other hosts
 * may read the API's answers, by [cors]. Off while there is no [cors]allowed_origin.
 */
enum { CI_CORS_HEADERS_MAX = 6 };

/* Prepares the headers from the configuration, for good; ci_cors_close() gives them back. */
void ci_cors_open(const struct ci_config *config);
void ci_cors_close(void);

/*
 * Writes the headers that the answer gets: of OPTIONS those of a preflight, when the method and
 * all headers it asks for are allowed; of others those of an actual request; none without an
 * Origin that is allowed. Gives how many. Their texts live in the request, and but for a
 * preflight's until ci_cors_close().
 */
size_t ci_cors_headers(const struct ci_request *req,
                       struct ci_httpd_header headers[CI_CORS_HEADERS_MAX]);
