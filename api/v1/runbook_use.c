/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runbooks in place of steps, where a verb names one.
 */
#include "api/v1/runbook_use.h"

#include <string.h>

#include "api/routes.h"
#include "api/v1/runbooks.h"
#include "api/v1/steps.h"
#include "api/v1/traits.h"
#include "api/version.h"

static bool read_list(struct ci_request *req, const char *text, json_t **ret_list)
{
    text = text ? text : "[]";
    return ci_json_read(req->ctx, text, strlen(text), &ci_json_trusted, ret_list);
}

/* From the version that brought them the traits decide, before that the runbook's name does. */
static bool check_approved(struct ci_request *req, struct ci_node *node,
                           const struct ci_runbook *runbook)
{
    json_t *of_node, *of_runbook;
    const json_t *trait;
    size_t i;

    if (!ci_node_load_traits(req->ctx, node) || !read_list(req, node->traits, &of_node) ||
        !read_list(req, runbook->traits, &of_runbook))
        return false;
    if (!ci_api_has(req, RUNBOOK_TRAITS))
        return ci_traits_hold(of_node, runbook->name) ||
               ci_fail_text(req->ctx, ClientSideError,
                            "This runbook has not been approved for use on this node %s. Please "
                            "ask an administrator to add it to your node traits.",
                            node->uuid);
    if (json_array_size(of_runbook) == 0)
        return ci_fail_text(req->ctx, ClientSideError,
                            "Runbook %s has no traits configured. Please ask an administrator to "
                            "add traits to the runbook.",
                            runbook->uuid);
    json_array_foreach(of_runbook, i, trait)
    {
        if (ci_traits_hold(of_node, json_string_value(trait)))
            return true;
    }
    return ci_fail_text(req->ctx, ClientSideError,
                        "This runbook has not been approved for use on this node %s. The node "
                        "does not have any of the runbook's traits %.600s. Please ask an "
                        "administrator to add a matching trait to your node.",
                        node->uuid, ci_json_repr(req->ctx->mem, of_runbook));
}

/* The argument of the request as if the client had given it. */
static struct ci_arg *argument(struct ci_request *req, const char *name)
{
    return &req->args[ci_arg(req, name) - req->args];
}

static bool take_steps(struct ci_request *req, const struct ci_runbook *runbook, const char *name)
{
    struct ci_arg *steps = argument(req, name);
    json_t *list;

    if (json_array_size(steps->json) > 0)
        return ci_fail_text(req->ctx, ClientSideError,
                            "Please provide either \"%s\" or a runbook, but not both.", name);
    if (!read_list(req, runbook->steps, &list))
        return false;
    *steps = (struct ci_arg){.given = true, .json = list};
    return true;
}

bool ci_runbook_use(struct ci_request *req, struct ci_node *node, const char *target)
{
    const char *ident = ci_arg_text(req, "runbook");
    struct ci_runbook *runbook;

    if (!ident)
        return true;
    if (!ci_version_needs(req, CI_API_RUNBOOKS) ||
        !ci_runbook_enter(req, ident, "baremetal:runbook:use", &runbook) ||
        !check_approved(req, node, runbook))
        return false;
    if ((strcmp(target, "clean") == 0 && !take_steps(req, runbook, "clean_steps")) ||
        (strcmp(target, "service") == 0 && !take_steps(req, runbook, "service_steps")))
        return false;
    *argument(req, "disable_ramdisk") =
        (struct ci_arg){.given = true, .number = ci_is_true(runbook->disable_ramdisk)};
    /* What nobody owns, or everybody sees, an administrator has approved. */
    return !runbook->owner || ci_is_true(runbook->public) ||
           (ci_steps_ask(req, ci_arg(req, "clean_steps")->json, node) &&
            ci_steps_ask(req, ci_arg(req, "service_steps")->json, node));
}
