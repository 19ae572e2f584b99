/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors as answers. Ironic wraps the text of an inner JSON document in an outer one; clients
 * decode both, so both are kept.
 */
#include "api/fault.h"

#include <string.h>

#include "api/accept.h"
#include "base/jsontext.h"
#include "base/log.h"

/* No message that leaves us is longer; the rest is cut. */
#define MESSAGE_BYTES 1024

const char *ci_fault_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {{400, "Bad Request"},
                   {401, "Unauthorized"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {406, "Not Acceptable"},
                   {409, "Conflict"},
                   {413, "Request Entity Too Large"},
                   {500, "Internal Server Error"},
                   {503, "Service Unavailable"}};

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Error";
}

/* Cut at a character's border. */
static const char *bounded(struct ci_arena *mem, const char *message)
{
    size_t length = strlen(message);

    if (length <= MESSAGE_BYTES)
        return message;
    length = MESSAGE_BYTES - 3;
    while (length > 0 && ((unsigned char)message[length] & 0xc0) == 0x80)
        length--;
    return ci_printf(mem, "%.*s...", (int)length, message);
}

static void write_inner(struct ci_text *inner, const struct ci_request *req, int status,
                        const char *message)
{
    if (req->webob_fault) {
        ci_text_printf(inner, "{\"code\": %d, \"title\": \"%s\", \"description\": ", status,
                       ci_fault_reason(status));
        ci_jsontext_string(inner, message);
    } else {
        ci_text_printf(
            inner, "{\"faultcode\": \"%s\", \"faultstring\": ", status < 500 ? "Client" : "Server");
        ci_jsontext_string(inner, message);
        if (!req->bare_fault)
            ci_text_add(inner, ", \"debuginfo\": null");
    }
    ci_text_add(inner, "}");
}

/* The router's errors for clients that take a page but no JSON, as webob lays them out. */
static void write_page(struct ci_text *page, int status, const char *message)
{
    ci_text_printf(page,
                   "<html>\n <head>\n  <title>%1$d %2$s</title>\n </head>\n <body>\n"
                   "  <h1>%1$d %2$s</h1>\n  ",
                   status, ci_fault_reason(status));
    for (; *message; message++) {
        if (strchr("<>&\"", *message))
            ci_text_printf(page, "&#%d;", *message);
        else
            ci_text_addn(page, message, 1);
    }
    ci_text_add(page, "<br /><br />\n\n </body>\n</html>");
}

/* And for those that take neither: plain text, whose end tells which template webob took. */
static void write_plain(struct ci_text *plain, int status, const char *message)
{
    ci_text_printf(plain, "%d %s\n\n", status, ci_fault_reason(status));
    for (; *message; message++)
        ci_text_addn(plain, *message == '\n' ? " " : message, 1);
    ci_text_add(plain, status == 406 ? "\n\n " : "\n\n   ");
}

static void write_form(struct ci_text *inner, struct ci_request *req, int status,
                       const char *message)
{
    static const char *const forms[] = {"application/json", "text/html", NULL};
    const char *form = req->webob_fault ? ci_accept_best(req, forms) : forms[0];

    if (form == forms[0])
        write_inner(inner, req, status, message);
    else if (form)
        write_page(inner, status, message[0] ? message : "The resource could not be found.");
    else
        write_plain(inner, status, message[0] ? message : "The resource could not be found.");
}

/*
 * As the layer around Ironic's application says it, which knows nothing of versions; that Keystone
 * is away is said in webob's own words.
 */
static void write_auth(struct ci_request *req, int status, const char *message)
{
    req->no_version_headers = true;
    if (status == 503) {
        ci_text_add(req->reply,
                    "{\"message\": \"The server is currently unavailable. Please try again at a "
                    "later time.<br /><br />\\nThe Keystone service is temporarily unavailable.\\n"
                    "\\n\", \"code\": \"503 Service Unavailable\", \"title\": \"Service "
                    "Unavailable\"}");
        return;
    }
    if (req->auth_fault == CI_AUTH_BY_PASSWORD) {
        ci_text_add(req->reply, "{\"error\":{\"message\":");
        ci_jsontext_string(req->reply, message);
        ci_text_printf(req->reply, ",\"code\":%d}}", status);
        return;
    }
    ci_text_printf(req->reply,
                   "{\"error\": {\"code\": %d, \"title\": \"%s\", \"message\": ", status,
                   ci_fault_reason(status));
    ci_jsontext_string(req->reply, message);
    ci_text_add(req->reply, "}}");
}

void ci_fault_answer(struct ci_request *req)
{
    const struct ci_error *error = req->ctx->error;
    const char *message = bounded(req->ctx->mem, error->message);
    struct ci_text *inner = ci_text_new(req->ctx->mem, 16 * MESSAGE_BYTES);

    if (error->status >= 500)
        ci_error_log(req->ctx, "Request failed", "method=%s path=%s status=%d error=%s",
                     req->method, req->path, error->status, error->message);
    else
        ci_debug(req->ctx, "Request refused", "method=%s path=%s status=%d error=%s", req->method,
                 req->path, error->status, error->message);
    req->status = error->status;
    req->content_type = NULL;
    req->location = NULL;
    ci_text_clear(req->reply);
    if (req->auth_fault) {
        write_auth(req, error->status, message);
        return;
    }
    write_form(inner, req, error->status, message);
    if (req->bare_fault) {
        ci_text_addn(req->reply, inner->bytes, inner->length);
        return;
    }
    ci_text_add(req->reply, "{\"error_message\": ");
    ci_jsontext_stringn(req->reply, inner->bytes, inner->length);
    ci_text_add(req->reply, "}");
}
