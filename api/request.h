/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/json.h"
#include "base/text.h"
#include "objects/node.h"

struct ci_api;
struct ci_param;
struct ci_policy_rules;
struct ci_route;

#define CI_IDENTS_MAX 3
#define CI_PARAMS_MAX 40

/* Secrets of a node, and whether this request shows them. */
enum ci_secret { CI_SECRET_DRIVER, CI_SECRET_INSTANCE, CI_SECRETS_N };
enum ci_secret_state { CI_SECRET_UNASKED, CI_SECRET_SHOWN, CI_SECRET_MASKED };

/* Which layer could not find out who asks, and so in which form it says so. */
enum ci_auth_fault { CI_AUTH_SETTLED, CI_AUTH_BY_TOKEN, CI_AUTH_BY_PASSWORD };

/* One value of a named parameter, from the query or the body. */
struct ci_arg {
    bool given;         /* present and not null */
    const char *text;   /* its text; a query value or a JSON string */
    const json_t *json; /* its JSON when it came in the body, or `repeated` */
    json_t *repeated;   /* all its texts when the query has it more than once */
    int64_t number;     /* INT, BOOL */
    const char *const
        *list; /* LIST: trimmed, lower case, no doubles, unless repeated; ends with NULL */
};

/*
 * One request to the API on its way through the pipeline, and its answer.
 *
 * Lives in ctx's arena. A request may be run twice: on an epoll thread, where nothing may
 * wait, and again from the beginning in a worker when something had to.
 */
struct ci_request {
    struct ci_ctx *ctx;
    const struct ci_api *api;

    /* What came in. */
    const char *method; /* "GET" */
    const char *path;   /* as sent, not unescaped */
    const char *query;  /* as sent, "" if none */
    const char *(*header)(const struct ci_request *req, const char *name); /* NULL if absent */
    const void *http;   /* what `header` reads from */
    const char *scheme; /* "http" or "https" */
    const char *body;   /* bytes of the body */
    size_t body_length;

    /* What the pipeline found out. */
    bool unidentified;        /* finding out who asks has to wait */
    struct ci_error *refusal; /* what is answered once it is known who asks, or NULL */
    int version;              /* API minor; 0 before negotiation */
    const struct ci_route *route;
    const char *idents[CI_IDENTS_MAX]; /* values of the path's {parameters}, in order */
    const char
        *word; /* behind the item, which Ironic takes for fields=; NULL where there is none */
    const char *json_suffix_of; /* the last ident with the ".json" that was cut off, or NULL */
    struct ci_arg args[CI_PARAMS_MAX]; /* in the order of route->params */
    json_t *json;                      /* the parsed body; NULL when there is none */
    const char *reservation; /* who held the node while it was changed: shown by the answer */
    const char *base_url;    /* "http://host:port", found on first use: ci_base_url() */
    const struct ci_policy_rules *policies; /* held from the first question on: api/policy.c */
    char *policy_answers;                   /* to rules that the record does not decide; the same */
    enum ci_secret_state secrets[CI_SECRETS_N];
    bool settled; /* the route's policy was asked */

    /* The answer. */
    int status;
    struct ci_text *reply;              /* JSON text; empty for none */
    const char *content_type;           /* NULL: application/json when there is a reply */
    const char *location, *allow;       /* headers, or NULL */
    const char *challenge;              /* WWW-Authenticate, or NULL */
    const struct ci_document *document; /* is the answer in place of `reply`, or NULL */
    bool webob_fault;              /* errors in the router's form instead of the controllers' */
    bool bare_fault;               /* {"faultcode", "faultstring"} without the outer envelope */
    enum ci_auth_fault auth_fault; /* who asks was not found out */
    bool no_version_headers;
    bool min_max_headers_only;
};

/* The handler of a route; false leaves the error in ctx->error. */
typedef bool ci_handler(struct ci_request *req);

/* The argument of that name; the route must have it. */
const struct ci_arg *ci_arg(const struct ci_request *req, const char *name);

/* Its text, or NULL; its truth with a default. */
const char *ci_arg_text(const struct ci_request *req, const char *name);
bool ci_arg_true(const struct ci_request *req, const char *name, bool if_absent);

/*
 * "http://host:port" that links begin with: [api]public_endpoint, else the request's scheme
 * and Host, or what the proxy says ([oslo_middleware]enable_proxy_headers_parsing).
 */
const char *ci_base_url(struct ci_request *req);

/*
 * Loads the node that the path's first {node_ident} names, asking whether the caller may see it
 * and then the route's policy; from version 1.5 names are taken too. Fails with NodeNotFound, and
 * with HTTPForbidden.
 */
ci_must_check bool ci_request_node(struct ci_request *req, struct ci_node **ret_node);

/* The same, asking these rules, ended by NULL, in place of the route's. */
ci_must_check bool ci_request_node_by(struct ci_request *req, const char *const *rules,
                                      struct ci_node **ret_node);

/* For an identifier from elsewhere (a query parameter, a body): asks only if it may be seen. */
ci_must_check bool ci_request_node_ident(struct ci_request *req, const char *ident,
                                         struct ci_node **ret_node);

/* Sets the Location header to base/v1/… */
bool ci_reply_location(struct ci_request *req, const char *format, ...) ci_format(2, 3);

/* Replies with a small JSON value; the reference is stolen. Gives true. */
bool ci_reply_json(struct ci_request *req, json_t *value);
