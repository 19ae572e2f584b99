/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Things of a node: the steps that their resources share.
 */
#include "api/v1/resource.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "api/routes.h"
#include "api/schema.h"
#include "api/v1/handlers.h"
#include "api/version.h"
#include "base/ident.h"
#include "objects/row.h"
#include "objects/states.h"
#include "objects/wire.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the bodies of all */

int ci_resource_since(const struct ci_resource *resource, const char *name)
{
    int n = ci_field_find(resource->view->type, name);

    if (n < 0)
        return resource->since ? resource->since(name) : 1;
    return resource->view->type->fields[n].rest;
}

static void make(const struct ci_resource *resource, struct ci_resource_bodies *made, int max)
{
    const struct ci_type *type = resource->view->type;
    /* New with each call, and ours to fit. */
    json_t *schema = (json_t *)(uintptr_t)ci_schema_of_type(type, CI_CREATE | CI_PATCH,
                                                            resource->fields, resource->required);
    json_t *property;
    const char *name;
    size_t n = 0;
    void *next;

    json_object_foreach_safe(json_object_get(schema, "properties"), next, name, property)
    {
        if (ci_resource_since(resource, name) > max)
            json_object_del(json_object_get(schema, "properties"), name);
    }
    if (resource->fit)
        resource->fit(schema, max);
    for (size_t i = 0; resource->patchable[i]; i++) {
        if (ci_resource_since(resource, resource->patchable[i]) <= max)
            made->patchable[n++] = resource->patchable[i];
    }
    made->rules = (struct ci_patch_rules){.type = type,
                                          .allowed = made->patchable,
                                          .schema = schema,
                                          .versions_elsewhere = resource->patches_later};
}

const struct ci_patch_rules *ci_resource_rules(const struct ci_resource *resource, int max)
{
    struct ci_resource_bodies *found = &resource->bodies[max % CI_RESOURCE_VERSIONS];

    pthread_mutex_lock(&lock);
    if (!found->rules.schema)
        make(resource, found, max);
    pthread_mutex_unlock(&lock);
    return &found->rules;
}

const struct ci_patch_rules *ci_resource_rules_of(const struct ci_request *req,
                                                  const struct ci_resource *resource)
{
    return ci_resource_rules(resource, ci_version_max(req->ctx));
}

const char *ci_resource_where(const struct ci_resource *resource, const char *ident)
{
    return ci_uuid_is_like(ident) || !resource->has_name ? "uuid = $1" : "name = $1";
}

static bool show(struct ci_request *req, const struct ci_resource *resource, const char *ident,
                 bool *ret_found)
{
    return ci_view_one(req, resource->view, ci_resource_where(resource, ident), 1, &ident,
                       ret_found);
}

bool ci_resource_show(struct ci_request *req, const struct ci_resource *resource)
{
    bool found;

    if (!show(req, resource, req->idents[0], &found))
        return false;
    if (!found && req->json_suffix_of && resource->has_name &&
        !show(req, resource, req->json_suffix_of, &found))
        return false;
    return found || resource->view->not_found(req->ctx, req->idents[0]);
}

bool ci_resource_reply(struct ci_request *req, const struct ci_resource *resource, const char *uuid)
{
    bool found;

    return show(req, resource, uuid, &found) &&
           (found || resource->view->not_found(req->ctx, uuid));
}

/* Members that every type of a node's things has. */
static void *member(const void *object, const char *name, size_t *ret_number)
{
    const struct ci_type *type = ((const struct ci_object *)object)->type;

    *ret_number = (size_t)ci_field_find(type, name);
    return ci_field_at((void *)(uintptr_t)object, &type->fields[*ret_number]);
}

static const char **uuid_of(const void *object, size_t *ret_number)
{
    return member(object, "uuid", ret_number);
}

static int64_t *node_id_of(const void *object, size_t *ret_number)
{
    return member(object, "node_id", ret_number);
}

static void set_node(void *object, const struct ci_node *node)
{
    size_t number;

    *node_id_of(object, &number) = node->id;
    ci_object_mark(object, number);
}

bool ci_resource_load(struct ci_request *req, const struct ci_resource *resource, void *ret_object,
                      struct ci_node **ret_node)
{
    const char *ident = req->idents[0];
    void *object;
    size_t number;

    if (!ci_row_load(req->ctx, resource->view->type, ci_resource_where(resource, ident), 1, &ident,
                     &object))
        return false;
    if (!object)
        return resource->view->not_found(req->ctx, ident);
    *(void **)ret_object = object;
    return ci_node_load_id(req->ctx, *node_id_of(object, &number), ret_node) &&
           ci_policy_enter(req, &CI_POLICY_NODE(*ret_node), resource->view->not_found, ident);
}

/* A text with a NUL in it names no node. */
bool ci_resource_node(struct ci_request *req, const json_t *ident, struct ci_node **ret_node)
{
    const char *text = json_string_value(ident);

    if (strlen(text) != json_string_length(ident))
        return ci_fail(req->ctx, NodeNotFound, text);
    return ci_request_node_ident(req, text, ret_node);
}

bool ci_resource_parent(struct ci_request *req, const json_t *ident, struct ci_node **ret_node)
{
    static const struct ci_policy_record nobodys = {.kind = "node"};
    struct ci_error *missing;

    if (ci_resource_node(req, ident, ret_node))
        return ci_policy_granted(req, &CI_POLICY_NODE(*ret_node));
    missing = req->ctx->error;
    if (!ci_failed_with(req->ctx, CI_ERR_NodeNotFound))
        return false;
    ci_error_clear(req->ctx);
    if (ci_policy_granted(req, &nobodys))
        req->ctx->error = missing;
    return false;
}

static bool refuse_node(struct ci_request *req, const json_t *value)
{
    const char *shown = ci_json_kind(value) == CI_JSON_STRING ? json_string_value(value)
                                                              : ci_json_repr(req->ctx->mem, value);

    ci_error_clear(req->ctx);
    if (!ci_version_is_after_21_4(req->ctx))
        return ci_fail_status(req->ctx, NodeNotFound, 400, "Node %.200s could not be found.",
                              shown);
    return ci_fail_text(req->ctx, Invalid,
                        "Unable to apply the requested node_uuid '%.200s'. Requested value was "
                        "invalid.",
                        shown);
}

bool ci_resource_move(struct ci_request *req, struct ci_node **node)
{
    const json_t *value = ci_patch_value(req, "/node_uuid");
    struct ci_node *wanted;

    if (!value)
        return true;
    if (ci_json_kind(value) != CI_JSON_STRING)
        return refuse_node(req, value);
    if (!ci_resource_node(req, value, &wanted))
        return ci_failed_with(req->ctx, CI_ERR_NodeNotFound) && refuse_node(req, value);
    if (!ci_same((*node)->owner, wanted->owner))
        return refuse_node(req, value);
    *node = wanted;
    return true;
}

bool ci_resource_update(struct ci_request *req, const struct ci_resource *resource, void *object,
                        const struct ci_node *node, const json_t *document)
{
    size_t number;

    if (!ci_patch_update(req, ci_resource_rules_of(req, resource), object, document))
        return false;
    if (*node_id_of(object, &number) != node->id)
        set_node(object, node);
    return true;
}

bool ci_resource_check_inspecting(struct ci_request *req, const char *what, const char *uuid,
                                  const struct ci_node *node)
{
    if (!ci_same(node->provision_state, CI_STATE_INSPECTING) || !ci_api_has(req, INSPECT_WAIT))
        return true;
    return ci_fail_status(req->ctx, ClientSideError, 409,
                          "Cannot update %s \"%s\" on \"%s\" while it is in state \"%s\".", what,
                          uuid, node->uuid, CI_STATE_INSPECTING);
}

bool ci_resource_send(struct ci_request *req, const struct ci_node *node,
                      const struct ci_deed *deed, const void *object, const struct ci_told *told)
{
    json_t *message, *result = NULL;
    bool done;

    ci_notify_crud(req->ctx, object, deed->action, CI_NOTIFY_START, told);
    done = ci_wire_write(req->ctx, object, &message) &&
           ci_rpc_node(req->ctx, node, deed->method, json_pack("{s:O}", deed->argument, message),
                       &result);
    return ci_notify_done(req->ctx, ci_notify_answer(req->ctx, result, object), deed->action, told,
                          done);
}

static bool find_node(struct ci_request *req, const struct ci_resource *resource,
                      const json_t *document, struct ci_node **ret_node)
{
    const json_t *uuid = json_object_get(document, "node_uuid");

    if (ci_resource_parent(req, uuid, ret_node))
        return true;
    if (!ci_failed_with(req->ctx, CI_ERR_NodeNotFound))
        return false;
    ci_error_clear(req->ctx);
    return resource->no_node(req, json_string_value(uuid));
}

static bool store(struct ci_request *req, const struct ci_resource *resource, void *object,
                  const struct ci_node *node)
{
    const struct ci_told told[] = {{"node_uuid", node->uuid}, {.name = NULL}};
    const char **uuid;
    size_t number;

    uuid = uuid_of(object, &number);
    if (!*uuid) {
        *uuid = ci_uuid_new(req->ctx->mem);
        ci_object_mark(object, number);
    }
    ci_notify_crud(req->ctx, object, "create", CI_NOTIFY_START, told);
    return ci_notify_done(req->ctx, object, "create", told, resource->create(req->ctx, object));
}

static bool insert(struct ci_request *req, const struct ci_resource *resource,
                   const struct ci_node *node)
{
    void *object = ci_object_new(req->ctx->mem, resource->view->type);
    const char **uuid;
    size_t number;

    /* The row knows the node by its number. */
    json_object_del(req->json, "node_uuid");
    if (!ci_create_fill(req, object, req->json))
        return false;
    set_node(object, node);
    uuid = uuid_of(object, &number);
    return (!resource->finish || resource->finish(req, object)) &&
           store(req, resource, object, node) &&
           ci_reply_location(req, "%s/%s", resource->path, *uuid) &&
           ci_resource_reply(req, resource, *uuid);
}

bool ci_resource_create(struct ci_request *req, const struct ci_resource *resource)
{
    struct ci_node *node;

    if (!req->json)
        req->json = ci_json(req->ctx, json_object());
    return ci_schema_check(req->ctx, ci_resource_rules_of(req, resource)->schema, resource->body,
                           req->json) &&
           resource->check(req, req->json) && find_node(req, resource, req->json, &node) &&
           insert(req, resource, node);
}

static bool patch(struct ci_request *req, const struct ci_resource *resource, void *object,
                  struct ci_node *node)
{
    size_t number;
    const char *uuid = *uuid_of(object, &number);
    json_t *more = ci_json(req->ctx, json_pack("{s:s}", "node_uuid", node->uuid)), *document;

    if (!ci_resource_move(req, &node) ||
        !ci_patch_apply(req, ci_resource_rules_of(req, resource), object, more, &document))
        return false;
    json_object_set_new(document, "node_uuid", json_string(node->uuid));
    return resource->check(req, document) &&
           ci_resource_update(req, resource, object, node, document) &&
           (!resource->may_patch || resource->may_patch(req, object, node, document)) &&
           ci_resource_send(req, node, &resource->update, object,
                            (const struct ci_told[]){{"node_uuid", node->uuid}, {0}}) &&
           (!resource->after_patch || resource->after_patch(req, object, node)) &&
           ci_resource_reply(req, resource, uuid);
}

bool ci_resource_patch(struct ci_request *req, const struct ci_resource *resource)
{
    struct ci_node *node;
    void *object;

    return ci_patch_check(req, ci_resource_rules_of(req, resource)) &&
           (!resource->check_patch || resource->check_patch(req)) &&
           ci_resource_load(req, resource, &object, &node) && patch(req, resource, object, node);
}

bool ci_resource_delete(struct ci_request *req, const struct ci_resource *resource)
{
    struct ci_node *node;
    void *object;

    return ci_resource_load(req, resource, &object, &node) &&
           ci_resource_send(req, node, &resource->destroy, object,
                            (const struct ci_told[]){{"node_uuid", node->uuid}, {0}});
}

bool ci_resource_of_node(struct ci_request *req, struct ci_filter *filter, const char *ident)
{
    struct ci_node *node;

    if (!ci_request_node_ident(req, ident, &node))
        return false;
    ci_filter_add(filter, "node_id = ?", ci_printf(req->ctx->mem, "%" PRId64, node->id));
    return true;
}

const char *const *ci_resource_words(const struct ci_request *req, const char *name)
{
    const struct ci_arg *arg = ci_arg(req, name);

    return arg->given && arg->list[0] ? arg->list : NULL;
}

void ci_resource_of_nodes(const struct ci_request *req, struct ci_filter *filter)
{
    const char *const *shards = ci_resource_words(req, "shard");
    const char *const *groups = ci_resource_words(req, "conductor_groups");

    if (shards)
        ci_filter_any(filter, "node_id IN (SELECT id FROM nodes WHERE shard IN (", shards, "))");
    if (groups)
        ci_filter_any(filter, "node_id IN (SELECT id FROM nodes WHERE conductor_group IN (", groups,
                      "))");
}

/* It has one address of its own: below a node it can only be listed. */
bool ci_node_item(struct ci_request *req)
{
    return ci_version_is_after_21_4(req->ctx) ? ci_fail(req->ctx, MalformedRequestURI)
                                              : ci_fail(req->ctx, OperationNotPermitted);
}
