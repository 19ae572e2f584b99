/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"
#include "base/httpd.h"

/*
 * What is served beside the API and is in the program: the contract at /openapi.json, where
 * [api]enable_openapi, and at /docs pages that show it, where [api]enable_docs as well. Whoever
 * asks gets them, without authentication. Ironic has neither.
 */
struct ci_document {
    const char *path, *type, *etag;
    size_t length;
    const char *bytes;
};

/*
 * Answers GET and HEAD of a document: 200, or 304 to a client that has it, with req->document
 * set. True when the request was one of these and is answered.
 */
bool ci_documents_answer(struct ci_request *req);

enum { CI_DOCUMENT_HEADERS_MAX = 5 };

/* Writes the headers that an answer with the document has beside those of all; gives how many. */
size_t ci_document_headers(const struct ci_document *document,
                           struct ci_httpd_header headers[CI_DOCUMENT_HEADERS_MAX]);
