/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a path to its route and {parameters}.
 *
 * Ironic's router is a tree of controllers; what clients can see of that is kept as rules on
 * the flat table: paths work with and without /v1, one trailing slash is ignored, a method
 * that exists one level deeper misses its identifier (400), and Allow lists the methods of
 * the path and of that level together.
 */
#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "api/routes.h"
#include "api/v1/handlers.h"
#include "api/version.h"
#include "base/httpd.h"
#include "base/ident.h"

#define SEGMENTS_MAX 8
#define ROUTES_MAX 400

/* A path in pieces; of a pattern, "{name}" stands for any piece. */
struct pieces {
    size_t count;
    const char *at[SEGMENTS_MAX];
};

/* How {parameters} are checked before the handler runs. */
enum ident_kind {
    IDENT_ANY,
    IDENT_UUID,
    IDENT_UUID_SCHEMA,
    IDENT_NAME,
    IDENT_UUID_OR_NAME,
    IDENT_NODE,
    IDENT_PORTGROUP
};
static const struct ident_row {
    const char *name;
    enum ident_kind kind;
    const char *as_21_4; /* what it is up to 21.4, if another */
} idents[] = {
    {"node_ident", IDENT_NODE, NULL},
    {"port_ident", IDENT_UUID_OR_NAME, "port_uuid"},
    {"port_uuid", IDENT_UUID, NULL},
    {"chassis_uuid", IDENT_UUID, NULL},
    {"portgroup_ident", IDENT_PORTGROUP, NULL},
    {"connector_uuid", IDENT_UUID, NULL},
    {"target_uuid", IDENT_UUID, NULL},
    {"allocation_ident", IDENT_UUID_OR_NAME, NULL},
    {"template_ident", IDENT_UUID_OR_NAME, NULL},
    {"runbook_ident", IDENT_UUID_OR_NAME, NULL},
    {"inspection_rule_uuid", IDENT_UUID_SCHEMA, NULL},
    {"event", IDENT_UUID_OR_NAME, NULL},
    {"setting_name", IDENT_NAME, NULL},
};

static struct pieces patterns[ROUTES_MAX];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void compile(void)
{
    /* Lives as long as the process. */
    static struct ci_arena *mem;

    mem = ci_arena_new();
    for (size_t i = 0; ci_routes[i].method; i++) {
        const char *const *words = ci_split(mem, ci_routes[i].path, '/');

        while (words[patterns[i].count]) {
            patterns[i].at[patterns[i].count] = words[patterns[i].count];
            patterns[i].count++;
        }
    }
}

static bool is_parameter(const char *piece)
{
    return piece[0] == '{';
}

/* Does the path have the pattern, or its first `count` pieces? Literals beat parameters elsewhere.
 */
static bool matches(const struct pieces *pattern, const struct pieces *path, size_t count)
{
    if (path->count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!is_parameter(pattern->at[i]) && strcmp(pattern->at[i], path->at[i]) != 0)
            return false;
    }
    return true;
}

static size_t literals(const struct pieces *pattern)
{
    size_t n = 0;

    for (size_t i = 0; i < pattern->count; i++)
        n += !is_parameter(pattern->at[i]);
    return n;
}

/* The plain form of webob's errors, for what Ironic's router itself refuses. */
static bool refuse(struct ci_request *req, int status, const char *message)
{
    req->webob_fault = true;
    req->no_version_headers = true;
    return ci_fail_status(req->ctx, NotFound, status, "%s", message);
}

static bool not_found(struct ci_request *req)
{
    return refuse(req, 404, "");
}

static bool resource_not_found(struct ci_request *req)
{
    return ci_fail_status(req->ctx, NotFound, 404, "Resource could not be found.");
}

/*
 * An escaped slash divides up to 21.4, and is kept as it is written later. Two slashes at the
 * beginning count as one.
 */
static const char *escaped_slashes(struct ci_request *req, const char *path)
{
    const char *instead = ci_version_is_after_21_4(req->ctx) ? "%252F" : "/", *found;
    struct ci_text *text;

    if (path[0] == '/' && path[1] == '/')
        path++;
    found = strchr(path, '%') ? strcasestr(path, "%2f") : NULL;
    if (!found)
        return path;
    text = ci_text_new(req->ctx->mem, 64 * 1024);
    for (; found; path = found + 3, found = strcasestr(path, "%2f"))
        ci_text_printf(text, "%.*s%s", (int)(found - path), path, instead);
    ci_text_add(text, path);
    return text->bytes;
}

/*
 * Cuts the path into pieces with "v1" in front. Doubled slashes leave an empty piece, which is
 * an empty identifier to Ironic; one slash at the end is ignored.
 */
static bool cut(struct ci_request *req, struct pieces *ret_pieces, bool *ret_empty)
{
    const char *path = escaped_slashes(req, req->path), *at = path;
    struct pieces pieces = {0};

    *ret_empty = false;
    while (*at) {
        size_t length;
        char *piece;

        at++; /* the slash */
        length = strcspn(at, "/");
        if (length == 0) {
            *ret_empty = *ret_empty || *at != '\0' || (at - path > 1 && at[-2] == '/');
            continue;
        }
        if (pieces.count == SEGMENTS_MAX)
            return resource_not_found(req);
        if (!ci_httpd_unescape(req->ctx->mem, at, length, &piece))
            return refuse(req, 400, "The path is not valid UTF-8 with valid escapes.");
        if (pieces.count == 0 && strcmp(piece, "v1") != 0 && strcmp(piece, "v1.json") != 0)
            pieces.at[pieces.count++] = "v1";
        pieces.at[pieces.count++] = piece;
        at += length;
    }
    *ret_pieces = pieces;
    return true;
}

/*
 * Cuts ".json" off the last piece where Ironic does: always up to 21.4, later where the version
 * header is there and its version is older than the one that dropped the suffix.
 */
static void cut_json_suffix(struct ci_request *req, struct pieces *pieces)
{
    const char *last, *header = req->header(req, "X-OpenStack-Ironic-API-Version");
    size_t length;

    if (pieces->count == 0)
        return;
    if (ci_version_is_after_21_4(req->ctx) &&
        (!header || strcasecmp(header, "latest") == 0 || ci_api_has(req, DOT_JSON)))
        return;
    last = pieces->at[pieces->count - 1];
    length = strlen(last);
    if (length <= 5 || strcmp(last + length - 5, ".json") != 0)
        return;
    req->json_suffix_of = last;
    pieces->at[pieces->count - 1] = ci_strndup(req->ctx->mem, last, length - 5);
}

/* "ANY" takes every method: the root document. */
static bool takes(const struct ci_route *route, const char *method)
{
    return strcmp(route->method, "ANY") == 0 || strcmp(route->method, method) == 0;
}

/* The most literal pattern of that length whose method fits (any method: NULL); -1 if none. */
static int find(const struct pieces *path, const char *method)
{
    int best = -1;

    for (int i = 0; ci_routes[i].method; i++) {
        if (!matches(&patterns[i], path, patterns[i].count) ||
            (method && !takes(&ci_routes[i], method)))
            continue;
        if (best < 0 || literals(&patterns[i]) > literals(&patterns[best]))
            best = i;
    }
    return best;
}

/* The query's only value of that name, which is taken out of it; NULL where there is none. */
static const char *take_named(struct ci_request *req, const char *name)
{
    struct ci_text *others = ci_text_new(req->ctx->mem, 64 * 1024);
    size_t name_length = strlen(name);
    const char *found = NULL;
    char *value = NULL;

    for (const char *at = req->query; *at; at += strspn(at, "&")) {
        size_t length = strcspn(at, "&");

        if (!found && strncmp(at, name, name_length) == 0 && at[name_length] == '=')
            found = ci_strndup(req->ctx->mem, at + name_length + 1, length - name_length - 1);
        else
            ci_text_printf(others, "%s%.*s", others->length > 0 ? "&" : "", (int)length, at);
        at += length;
    }
    if (!found || !ci_httpd_unescape_query(req->ctx->mem, found, strlen(found), &value))
        return NULL;
    req->query = others->bytes;
    return value;
}

/* "{node_ident}" without braces. */
static const char *parameter_name(struct ci_request *req, const char *piece)
{
    return ci_strndup(req->ctx->mem, piece + 1, strlen(piece) - 2);
}

/* What the query names in place of the path; NULL where it does not. Fails for what is no name. */
static bool take_item(struct ci_request *req, const char *name, const char **ret_item)
{
    const char *item = take_named(req, name);

    if (item && !ci_uuid_is_like(item) && !ci_name_is_valid(item))
        return ci_fail_text(req->ctx, InvalidParameterValue, "Expected UUID or name for %s: %.255s",
                            name, item);
    *ret_item = item;
    return true;
}

static bool refuse_missing(struct ci_request *req, const char *name)
{
    return ci_fail_text(req->ctx, MissingParameterValue, "Missing mandatory parameter: %s", name);
}

/*
 * Controllers that stand below an item and, in Ironic's tree, below the collection as well: there
 * the item is a parameter of the query, or, where it may, the last piece of the path.
 */
static const struct shifted {
    const char *collection, *word, *item;
    bool item_last;    /* states/console/{node} */
    const char *alone; /* of what is below the controller, this alone takes the query's item */
} shifted[] = {
    {"nodes", "maintenance", "node_ident", true, NULL},
    {"nodes", "management", "node_ident", true, NULL},
    {"nodes", "states", "node_ident", true, NULL},
    {"nodes", "vendor_passthru", "node_ident", false, "methods"},
    {"drivers", "raid", "driver_name", false, NULL},
    {"drivers", "vendor_passthru", "driver_name", false, "methods"},
};

static const struct shifted *find_shifted(const struct pieces *path)
{
    for (size_t i = 0; path->count >= 3 && i < sizeof shifted / sizeof shifted[0]; i++) {
        const struct shifted *row = &shifted[i];

        if (strcmp(path->at[1], row->collection) == 0 && strcmp(path->at[2], row->word) == 0 &&
            (path->count == 3 || !row->alone ||
             (path->count == 4 && strcmp(path->at[3], row->alone) == 0)))
            return row;
    }
    return NULL;
}

/* Moves the item of such a path to where it else is; fails where there is none. */
static bool item_to_its_place(struct ci_request *req, struct pieces *path)
{
    const struct shifted *row = find_shifted(path);
    struct pieces whole = *path;
    const char *item;
    int found;

    if (!row || path->count == SEGMENTS_MAX)
        return true;
    memmove(&whole.at[3], &path->at[2], (path->count - 2) * sizeof path->at[0]);
    whole.at[2] = "";
    whole.count++;
    found = find(&whole, req->method);
    if (found < 0 && find(&whole, NULL) < 0 && path->count > 3 && row->item_last) {
        whole.at[2] = path->at[path->count - 1];
        whole.count--;
        *path = whole;
        return true;
    }
    if (!take_item(req, row->item, &item))
        return false;
    if (!item && found >= 0)
        return refuse_missing(req, row->item);
    whole.at[2] = item ? item : "";
    *path = whole;
    return true;
}

/* The route of the method (any: NULL) one level below the path, whose last piece is a parameter. */
static int find_below(const struct pieces *path, const char *method)
{
    for (int i = 0; ci_routes[i].method; i++) {
        const struct pieces *p = &patterns[i];

        if (p->count == path->count + 1 && is_parameter(p->at[p->count - 1]) &&
            (!method || strcmp(ci_routes[i].method, method) == 0) && matches(p, path, path->count))
            return i;
    }
    return -1;
}

/* "DELETE, GET, PATCH": what the path and the level below it know. */
static const char *allow(struct ci_request *req, const struct pieces *path)
{
    static const char *const methods[] = {"DELETE", "GET", "PATCH", "POST", "PUT"};
    struct ci_text *text = ci_text_new(req->ctx->mem, 256);
    struct pieces parent = *path;

    /* An item shares its controller, and so its methods, with the collection above it. */
    parent.count--;
    if (find_below(&parent, NULL) < 0)
        parent.count++;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (find(path, methods[i]) < 0 && find_below(path, methods[i]) < 0 &&
            (parent.count == path->count || find(&parent, methods[i]) < 0))
            continue;
        ci_text_printf(text, "%s%s", text->length ? ", " : "", methods[i]);
    }
    return text->bytes;
}

/* What follows a node in a path is no node itself: its controllers answer, or none does. */
static bool is_node_word(const char *value)
{
    for (int i = 0; ci_routes[i].method; i++) {
        if (patterns[i].count >= 4 && strcmp(patterns[i].at[1], "nodes") == 0 &&
            !is_parameter(patterns[i].at[3]) && strcmp(patterns[i].at[3], value) == 0)
            return true;
    }
    return false;
}

static bool refuse_word(struct ci_request *req, const char *value)
{
    static const char *const actions[] = {"maintenance", "management",      "states",
                                          "validate",    "vendor_passthru", NULL};

    if (ci_one_of(value, actions))
        return refuse_missing(req, "node_ident");
    return not_found(req);
}

/* Of what Ironic's router itself looks at. */
static bool check_looked_up(struct ci_request *req, const char *what, const char *value)
{
    if (ci_uuid_is_like(value) || ci_name_is_valid(value))
        return true;
    return refuse(req, 400,
                  ci_printf(req->ctx->mem, "Expected UUID or name for %s: %s", what, value));
}

static bool check_ident(struct ci_request *req, const char *name, const char *value)
{
    enum ident_kind kind = IDENT_ANY;

    for (size_t i = 0; i < sizeof idents / sizeof idents[0]; i++) {
        if (strcmp(idents[i].name, name) != 0)
            continue;
        kind = idents[i].kind;
        if (idents[i].as_21_4 && !ci_version_is_after_21_4(req->ctx))
            return check_ident(req, idents[i].as_21_4, value);
    }
    switch (kind) {
    case IDENT_ANY:
        return true;
    case IDENT_UUID:
        if (ci_uuid_is_like(value))
            return true;
        return ci_fail_text(req->ctx, InvalidParameterValue, "Expected UUID for %s: %s", name,
                            value);
    case IDENT_UUID_SCHEMA:
        if (ci_uuid_is_like(value))
            return true;
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "Schema error: '%.200s' is not a 'uuid'", value);
    case IDENT_NAME:
        return ci_name_is_valid(value) || ci_fail_text(req->ctx, InvalidParameterValue,
                                                       "Expected name for %s: %.255s", name, value);
    case IDENT_UUID_OR_NAME:
        if (ci_uuid_is_like(value) || ci_name_is_valid(value))
            return true;
        return ci_fail_text(req->ctx, InvalidParameterValue, "Expected UUID or name for %s: %s",
                            name, value);
    case IDENT_NODE:
        if (strncmp(req->route->path, "/v1/nodes/", 10) != 0 && !ci_uuid_is_like(value) &&
            !ci_name_is_valid(value))
            return ci_fail_text(req->ctx, InvalidParameterValue,
                                "Expected UUID or name for %s: %.255s", name, value);
        if (is_node_word(value))
            return refuse_word(req, value);
        return check_looked_up(req, "node", value);
    case IDENT_PORTGROUP:
        return check_looked_up(req, "portgroup", value);
    }
    return true;
}

static bool take_idents(struct ci_request *req, const struct pieces *pattern,
                        const struct pieces *path)
{
    size_t n = 0;

    for (size_t i = 0; i < pattern->count; i++) {
        if (!is_parameter(pattern->at[i]))
            continue;
        if (!check_ident(req, parameter_name(req, pattern->at[i]), path->at[i]))
            return false;
        req->idents[n++] = path->at[i];
    }
    return true;
}

/* Is the path only a station on the way to longer ones (/v1/nodes/…/management)? */
static bool is_passed(const struct pieces *path)
{
    for (int i = 0; ci_routes[i].method; i++) {
        if (patterns[i].count > path->count && !is_parameter(patterns[i].at[path->count]) &&
            matches(&patterns[i], path, path->count))
            return true;
    }
    return false;
}

/* Below such a station are actions, of which Ironic's router does not tell the methods. */
static bool is_action(const struct pieces *path)
{
    struct pieces parent = *path;

    parent.count--;
    return path->count > 2 && find(&parent, NULL) < 0 && is_passed(&parent);
}

/* Some controllers have no items; Ironic's router says that it knows no such method of theirs. */
static bool is_below_leaf(const struct pieces *path)
{
    struct pieces parent = *path;
    int found;

    parent.count--;
    found = find(&parent, NULL);
    return found >= 0 && ci_routes[found].flags & CI_ROUTE_LEAF;
}

/* Nothing has this method and path: say why as Ironic does. */
static bool refuse_route(struct ci_request *req, const struct pieces *path)
{
    int below = find_below(path, req->method);
    struct pieces first = {.count = 2, .at = {path->at[0], path->at[1]}};

    if (below >= 0)
        return refuse_missing(req, parameter_name(req, patterns[below].at[path->count]));
    if (path->count == 1)
        return ci_fail(req->ctx, HTTPMethodNotAllowed);
    if (find(path, NULL) >= 0) {
        req->allow = is_action(path) ? "" : allow(req, path);
        return refuse(req, 405, "");
    }
    if (is_passed(path)) {
        req->allow = "";
        return refuse(req, 405, "");
    }
    if (is_below_leaf(path)) {
        struct pieces parent = *path;

        parent.count--;
        req->allow = allow(req, &parent);
        return refuse(req, 405, "");
    }
    if (path->count > 2 && find(&first, NULL) >= 0)
        return resource_not_found(req);
    return not_found(req);
}

/* An empty identifier is a missing one. */
static bool refuse_empty(struct ci_request *req, const struct pieces *path)
{
    int below = find_below(path, req->method);

    if (below < 0 || req->path[strlen(req->path) - 1] != '/')
        return resource_not_found(req);
    return refuse_missing(req, parameter_name(req, patterns[below].at[path->count]));
}

/*
 * What Ironic's controllers call a resource that the version has not. Most say so as the router
 * does, the named ones as controllers do, of releases after 21.4.
 */
static const struct below_row {
    const char *resource; /* in the path, behind /v1/ */
    int from;             /* the first version that hears this, of a later row the better */
    bool as_controller;
    const char *what;
} below_rows[] = {
    {"allocations", 1, true, "allocations"},
    {"allocations", CI_API_ALLOCATION, true, "updating allocations"},
    {"deploy_templates", 1, false, "deploy templates"},
    {"inspection_rules", 1, true, "inspection rules"},
    {"runbooks", 1, false, "runbooks"},
    {"runbooks", CI_API_RUNBOOKS, false, "runbook traits"},
    {"shards", 1, true, "shards"},
};

/* "The API version does not allow allocations": 404, and 405 where a collection would be written.
 */
static bool refuse_named(struct ci_request *req, const struct pieces *path)
{
    const struct below_row *row = NULL;
    bool sub_resource = path->count > 3;
    const char *message;
    int status;

    /* What came with a later release is not known at all to the one that is pinned. */
    if (req->route->since > ci_version_max(req->ctx))
        return not_found(req);
    for (size_t i = 0; i < sizeof below_rows / sizeof below_rows[0]; i++) {
        if (strcmp(below_rows[i].resource, path->at[1]) == 0 && req->version >= below_rows[i].from)
            row = &below_rows[i];
    }
    if (!row)
        return resource_not_found(req);
    message = ci_printf(req->ctx->mem, "The API version does not allow %s", row->what);
    status = strcmp(req->method, "GET") == 0 || (sub_resource && row->from > 1) ? 404 : 405;
    if (row->from > 1 && row->as_controller)
        return ci_fail_status(req->ctx, HTTPMethodNotAllowed, status, "%s", message);
    if (!row->as_controller || !ci_version_is_after_21_4(req->ctx))
        return refuse(req, status, message);
    return ci_fail_status(req->ctx, NotFound, status, "%s", message);
}

/* Is the path there in the version of the request? */
static bool has_version(const struct ci_request *req)
{
    const struct ci_route *route = req->route;

    return req->version >= route->since ||
           (route->flags & CI_ROUTE_BODY_FIRST && !ci_version_is_after_21_4(req->ctx)) ||
           (route->flags & CI_ROUTE_AT_FIRST && req->version == CI_API_MIN &&
            route->since <= ci_version_max(req->ctx));
}

/* The path is not there yet in this version; Ironic's controllers say so in six ways. */
static bool refuse_version(struct ci_request *req, const struct pieces *path)
{
    if (req->route->flags & CI_ROUTE_AT_FIRST) {
        if (req->route->since > ci_version_max(req->ctx))
            return not_found(req);
        return ci_fail_text(req->ctx, NotFound, "API version %s or newer is required",
                            ci_version_text(req->route->since));
    }
    if (req->route->flags & CI_ROUTE_BELOW_NAMED)
        return refuse_named(req, path);
    if (req->route->flags & CI_ROUTE_BELOW_406)
        return ci_version_needs(req, req->route->since);
    if (req->route->flags & CI_ROUTE_BELOW_ROUTER)
        return not_found(req);
    if (req->route->flags & CI_ROUTE_BELOW_405) {
        req->allow = allow(req, &(struct pieces){.count = 2, .at = {"v1", "nodes"}});
        return refuse(req, 405, "");
    }
    if (req->route->flags & CI_ROUTE_BELOW_TEXT && ci_version_is_after_21_4(req->ctx))
        return ci_fail_status(req->ctx, NotFound, 404, "The API is not supported for this version");
    return resource_not_found(req);
}

static bool takes_fields(const struct ci_route *route)
{
    for (const struct ci_param *param = route->params; param && param->name; param++) {
        if (strcmp(param->name, "fields") == 0)
            return true;
    }
    return false;
}

/*
 * A word behind an item that names nothing there (nodes/{node}/extra) is the next argument of the
 * controller that shows the item: fields=. Moves it there.
 */
static void word_to_fields(struct ci_request *req, struct pieces *path)
{
    struct pieces item = *path;
    int found;

    if (path->count < 4 || strcmp(req->method, "GET") != 0 ||
        strcmp(path->at[path->count - 1], "detail") == 0)
        return;
    item.count--;
    found = find(&item, "GET");
    if (found < 0 || !is_parameter(patterns[found].at[item.count - 1]) ||
        !takes_fields(&ci_routes[found]))
        return;
    req->word = path->at[item.count];
    req->json_suffix_of = NULL;
    *path = item;
}

/* The path's route, also where the item or its fields are named in another place; -1 if none. */
static bool find_anyhow(struct ci_request *req, struct pieces *path, int *ret_found)
{
    int below, found = find(path, req->method);
    const char *item = NULL;

    *ret_found = found;
    if (found >= 0 && ci_routes[found].since <= ci_version_max(req->ctx))
        return true;
    below = find_below(path, req->method);
    if (below >= 0 && !take_item(req, parameter_name(req, patterns[below].at[path->count]), &item))
        return false;
    if (item)
        path->at[path->count++] = item;
    else if (found >= 0 || (below < 0 && find(path, NULL) < 0 && !is_passed(path)))
        word_to_fields(req, path);
    *ret_found = find(path, req->method);
    return true;
}

bool ci_route_find(struct ci_request *req)
{
    struct pieces path;
    bool empty;
    int found;

    pthread_once(&once, compile);
    if (!cut(req, &path, &empty))
        return false;
    /* Unlike others, this path does not bear a slash at its end. */
    if (path.count > 0 && strcmp(path.at[path.count - 1], "detail") == 0 &&
        req->path[strlen(req->path) - 1] == '/')
        return resource_not_found(req);
    cut_json_suffix(req, &path);
    if (empty)
        return refuse_empty(req, &path);
    if (!item_to_its_place(req, &path))
        return false;
    if (!find_anyhow(req, &path, &found))
        return false;
    if (found < 0)
        return refuse_route(req, &path);
    req->route = &ci_routes[found];
    if (!has_version(req))
        return refuse_version(req, &path);
    return take_idents(req, &patterns[found], &path);
}
