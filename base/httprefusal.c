/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server's own words.
 */
#include "base/httprefusal.h"

const struct ci_httpd_header *ci_http_plain_refusal(int status, const char *message,
                                                    struct ci_text *body)
{
    static const struct ci_httpd_header plain[] = {{"Content-Type", "text/plain; charset=UTF-8"},
                                                   {NULL, NULL}};
    static const struct ci_httpd_header again[] = {
        {"Content-Type", "text/plain; charset=UTF-8"}, {"Retry-After", "1"}, {NULL, NULL}};

    ci_text_add(body, message);
    ci_text_add(body, "\n");
    return status == 503 ? again : plain;
}

const char *ci_http_why_refused(int status)
{
    switch (status) {
    case 413:
        return "The body of the request is too large.";
    case 503:
        return "The service is busy. Try again later.";
    }
    return "The request is malformed.";
}

void ci_http_add_answer(struct ci_text *text, int status, const char *reason,
                        const struct ci_httpd_header *headers, const struct ci_text *body)
{
    ci_text_printf(text, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %zu\r\n", status,
                   reason, body->length);
    for (const struct ci_httpd_header *h = headers; h && h->name; h++)
        ci_text_printf(text, "%s: %s\r\n", h->name, h->value);
    ci_text_add(text, "\r\n");
    ci_text_addn(text, body->bytes, body->length);
}
