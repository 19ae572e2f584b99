/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/httpd.h"

/* What base/httpd says by itself, where its caller says nothing or cannot be asked. */

/* A ci_httpd_on_refusal without its request: plain text. */
const struct ci_httpd_header *ci_http_plain_refusal(int status, const char *message,
                                                    struct ci_text *body);

/* Why the status is answered, in a sentence. */
const char *ci_http_why_refused(int status);

/* Appends a whole answer as it goes over the wire, after which the connection is closed. */
void ci_http_add_answer(struct ci_text *text, int status, const char *reason,
                        const struct ci_httpd_header *headers, const struct ci_text *body);
