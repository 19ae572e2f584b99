/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"

/* How a named parameter (of the query, or a key of the body of verbs) is checked. */
enum ci_param_kind {
    CI_PARAM_STRING,
    CI_PARAM_BOOL,
    CI_PARAM_INT,
    CI_PARAM_UUID,
    CI_PARAM_NAME,
    CI_PARAM_UUID_OR_NAME,
    CI_PARAM_MAC,
    CI_PARAM_LIST, /* comma separated */
    CI_PARAM_JSON  /* anything; the controller checks */
};

/* What happens below the version that brought it. */
enum ci_below {
    CI_BELOW_NOTHING,   /* taken all the same, or the controller looks */
    CI_BELOW_406,       /* "Request not acceptable." */
    CI_BELOW_406_NAMED, /* … "The minimal required API version should be 1.N" */
    CI_BELOW_406_TEXT,  /* "instance_name is not acceptable in this API version" */
    CI_BELOW_400,       /* "Invalid query parameter ?detail=True received." */
    CI_BELOW_SCHEMA     /* the same up to 21.4; later "Schema error: Additional properties …" */
};

struct ci_param {
    const char *name; /* NULL ends a list */
    enum ci_param_kind kind;
    int since; /* API minor; above the served maximum the name is unknown */
    enum ci_below below;
    bool required;
};

/* What every list with pages takes. */
#define CI_PAGE_PARAMS                                                                             \
    {"marker", CI_PARAM_UUID, 1, CI_BELOW_NOTHING, false},                                         \
        {"limit", CI_PARAM_INT, 1, CI_BELOW_NOTHING, false},                                       \
        {"sort_key", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},                                 \
    {                                                                                              \
        "sort_dir", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false                                    \
    }

/* What lists that order pages by their own kind of marker take besides it. */
#define CI_MARKED_PARAMS                                                                           \
    {"limit", CI_PARAM_INT, 1, CI_BELOW_NOTHING, false},                                           \
        {"sort_key", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},                                 \
        {"sort_dir", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},                                 \
        {"fields", CI_PARAM_LIST, 1, CI_BELOW_NOTHING, false},                                     \
    {                                                                                              \
        "detail", CI_PARAM_BOOL, 1, CI_BELOW_NOTHING, false                                        \
    }

/* What the body is. */
enum ci_body_kind {
    CI_BODY_NONE, /* ignored */
    CI_BODY_ARGS, /* an object whose keys are params */
    CI_BODY_JSON, /* parsed into req->json; the controller checks it */
};

enum ci_route_flag {
    CI_ROUTE_WAITS = 1,             /* a worker answers: calls, writes, long lists */
    CI_ROUTE_PUBLIC = 2,            /* no identity is asked for */
    CI_ROUTE_BELOW_406 = 4,         /* below `since`: 406 in place of 404 */
    CI_ROUTE_BELOW_ROUTER = 16,     /* below `since`: 404 in the router's form */
    CI_ROUTE_BELOW_405 = 64,        /* below `since`: 405, with what a node's own path allows */
    CI_ROUTE_BELOW_TEXT = 32,       /* below `since`: 404 that says that the version has it not */
    CI_ROUTE_BELOW_NAMED = 128,     /* below `since`: 404, of writes 405, that names the resource */
    CI_ROUTE_LEAF = 256,            /* one level deeper is 405, not 404 */
    CI_ROUTE_BODY_PROVISION = 8,    /* [api]max_json_body_size_provision is the limit */
    CI_ROUTE_BODY_INSPECTION = 512, /* [api]max_json_body_size_inspection is the limit */
    CI_ROUTE_BODY_FIRST = 2048, /* up to 21.4 the handler looks at the version, after the body */
    CI_ROUTE_AT_FIRST = 1024,   /* at exactly 1.1, too; between, 404 that names `since` */
};

/* One row of the API: everything that a request is measured against before its handler runs. */
struct ci_route {
    const char *method;
    const char *path;   /* "/v1/nodes/{node_ident}/states" */
    int since;          /* API minor; below it 404 */
    const char *policy; /* rule; asked by the pipeline, or with the record by its loader */
    ci_handler *handle;
    int status;                    /* of a success */
    const struct ci_param *params; /* NULL: none are known */
    enum ci_body_kind body;
    unsigned flags;
};

/* All routes; ends with a NULL method. */
extern const struct ci_route ci_routes[];

/*
 * Finds the route of method and path, and the {parameters} in it. Fails as Ironic's router
 * does: 404 and 405 in webob's form, with Allow; 400 for a missing or malformed identifier.
 */
ci_must_check bool ci_route_find(struct ci_request *req);
