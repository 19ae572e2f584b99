/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contexts: handing what one piece of work knows to another.
 */
#include "base/ctx.h"

static const char *const *carry_roles(struct ci_arena *mem, const char *const *roles)
{
    size_t n = 0;
    const char **copy;

    if (!roles)
        return NULL;
    while (roles[n])
        n++;
    copy = ci_alloc_array(mem, n + 1, sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = ci_strdup(mem, roles[i]);
    return copy;
}

void ci_ctx_carry(struct ci_ctx *to, const struct ci_ctx *from)
{
    const struct ci_identity who = from->who;

    to->config = from->config;
    to->db = from->db;
    to->rpc = from->rpc;
    to->notifier = from->notifier;
    to->request_id = ci_strdup(to->mem, from->request_id);
    to->global_request_id = ci_strdup(to->mem, from->global_request_id);
    to->who = (struct ci_identity){
        .user_id = ci_strdup(to->mem, who.user_id),
        .user_name = ci_strdup(to->mem, who.user_name),
        .user_domain_id = ci_strdup(to->mem, who.user_domain_id),
        .user_domain_name = ci_strdup(to->mem, who.user_domain_name),
        .project_id = ci_strdup(to->mem, who.project_id),
        .project_name = ci_strdup(to->mem, who.project_name),
        .project_domain_id = ci_strdup(to->mem, who.project_domain_id),
        .project_domain_name = ci_strdup(to->mem, who.project_domain_name),
        .system_scope = ci_strdup(to->mem, who.system_scope),
        .domain_id = ci_strdup(to->mem, who.domain_id),
        .roles = carry_roles(to->mem, who.roles),
        .auth_token = ci_strdup(to->mem, who.auth_token),
        .service_user_id = ci_strdup(to->mem, who.service_user_id),
        .service_user_domain_id = ci_strdup(to->mem, who.service_user_domain_id),
        .service_project_id = ci_strdup(to->mem, who.service_project_id),
        .service_project_domain_id = ci_strdup(to->mem, who.service_project_domain_id),
        .service_roles = carry_roles(to->mem, who.service_roles),
        .is_admin = who.is_admin,
        .is_public_api = who.is_public_api,
        .is_other_project = who.is_other_project,
    };
}
