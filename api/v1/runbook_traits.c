/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traits of runbooks: a node that has one of them may be given to the runbook.
 */
#include "api/schema.h"
#include "api/v1/handlers.h"
#include "api/v1/runbooks.h"
#include "api/v1/traits.h"

bool ci_runbook_traits_show(struct ci_request *req)
{
    struct ci_runbook *runbook;

    if (!ci_runbook_enter(req, req->idents[0], req->route->policy, &runbook))
        return false;
    ci_text_printf(req->reply, "{\"traits\": %s}", runbook->traits ? runbook->traits : "[]");
    return true;
}

static const struct ci_traits_of of = {"runbook", "runbooks"};

/* The names of the body, checked, ended by NULL. */
static bool read_traits(struct ci_request *req, const char *const **ret_names)
{
    const json_t *traits, *trait;
    const char **names;
    size_t i;

    if (!ci_traits_read(req, &of, &traits))
        return false;
    names = ci_alloc_array(req->ctx->mem, json_array_size(traits) + 1, sizeof *names);
    json_array_foreach(traits, i, trait) names[i] = json_string_value(trait);
    names[i] = NULL;
    *ret_names = names;
    return true;
}

bool ci_runbook_traits_set(struct ci_request *req)
{
    struct ci_runbook *runbook;
    const char *const *names;

    return read_traits(req, &names) &&
           ci_runbook_enter(req, req->idents[0], req->route->policy, &runbook) &&
           ci_runbook_set_traits_rows(req->ctx, runbook, names);
}

bool ci_runbook_trait_add_route(struct ci_request *req)
{
    const char *trait = req->idents[1];
    struct ci_runbook *runbook;

    if (!ci_schema_check_trait(req->ctx, "trait", trait) ||
        !ci_runbook_enter(req, req->idents[0], req->route->policy, &runbook))
        return false;
    if (json_object_get(req->json, "traits"))
        return ci_traits_refuse(req, &of);
    if (req->json && (!json_is_object(req->json) || json_object_size(req->json) > 0))
        return ci_fail_text(req->ctx, Invalid, "No body should be provided when adding a trait");
    return ci_runbook_add_trait(req->ctx, runbook, trait) &&
           ci_reply_location(req, "/v1/runbooks/%s/traits/%s", req->idents[0], trait);
}

bool ci_runbook_traits_clear(struct ci_request *req)
{
    static const char *const none[] = {NULL};
    struct ci_runbook *runbook;

    return ci_runbook_enter(req, req->idents[0], req->route->policy, &runbook) &&
           ci_runbook_set_traits_rows(req->ctx, runbook, none);
}

bool ci_runbook_trait_remove_route(struct ci_request *req)
{
    struct ci_runbook *runbook;

    return ci_runbook_enter(req, req->idents[0], req->route->policy, &runbook) &&
           ci_runbook_remove_trait(req->ctx, runbook, req->idents[1]);
}
