/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract, and the pages that show it. The bytes are part of the program and are sent from
 * where they are, so that slow readers of large files cost no memory.
 */
#include "api/documents.h"

#include <string.h>

#include "base/config.h"

static const struct ci_document documents[] = {
#define DOCUMENT(path, type, etag, length, bytes) {path, type, etag, length, bytes},
#include "api/documents.def"
#undef DOCUMENT
};
#define DOCUMENTS (sizeof documents / sizeof documents[0])

static const struct ci_document *find(const char *path)
{
    for (size_t i = 0; i < DOCUMENTS; i++) {
        if (strcmp(documents[i].path, path) == 0)
            return &documents[i];
    }
    return NULL;
}

static bool is_wanted(const struct ci_config *config, const struct ci_document *document)
{
    bool docs = strncmp(document->path, "/docs", strlen("/docs")) == 0;

    return config->api.enable_openapi && (!docs || config->api.enable_docs);
}

/* "a", W/"b": one of them, or all by "*". */
static bool client_has(const struct ci_request *req, const struct ci_document *document)
{
    const char *known = req->header(req, "If-None-Match");

    return known && (strstr(known, document->etag) || strcmp(known, "*") == 0);
}

bool ci_documents_answer(struct ci_request *req)
{
    const struct ci_document *document;

    if (strcmp(req->method, "GET") != 0 && strcmp(req->method, "HEAD") != 0)
        return false;
    document = find(req->path);
    if (!document || !is_wanted(req->ctx->config, document))
        return false;
    req->document = document;
    req->status = client_has(req, document) ? 304 : 200;
    req->no_version_headers = true;
    return true;
}

size_t ci_document_headers(const struct ci_document *document,
                           struct ci_httpd_header headers[CI_DOCUMENT_HEADERS_MAX])
{
    size_t n = 0;

    headers[n++] = (struct ci_httpd_header){"Content-Type", document->type};
    headers[n++] = (struct ci_httpd_header){"ETag", document->etag};
    /* Kept by the client, which asks whether it is still the one. */
    headers[n++] = (struct ci_httpd_header){"Cache-Control", "no-cache"};
    headers[n++] = (struct ci_httpd_header){"X-Content-Type-Options", "nosniff"};
    /* The viewer sets styles of its own; nothing comes from, or goes to, another host. */
    headers[n++] = (struct ci_httpd_header){"Content-Security-Policy",
                                            "default-src 'none'; script-src 'self'; "
                                            "style-src 'self' 'unsafe-inline'; "
                                            "img-src 'self' data:; connect-src 'self'; "
                                            "base-uri 'none'; frame-ancestors 'none'"};
    return n;
}
