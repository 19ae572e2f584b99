/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies, as far as they can be asked: without an identity service every caller is an
 * administrator.
 */
#include "api/policy.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "api/routes.h"
#include "base/config.h"

bool ci_policy_allow(struct ci_request *req)
{
    if (req->ctx->who.is_admin || !req->route->policy)
        return true;
    return ci_fail(req->ctx, HTTPForbidden, req->route->policy);
}

/* Has the file a line that is neither empty nor a comment? Packages install samples. */
static bool has_rules(const char *path)
{
    FILE *file = fopen(path, "re");
    char line[1024];
    bool found = false;

    while (file && !found && fgets(line, sizeof line, file))
        found = line[strspn(line, " \t\r\n")] != '\0' && line[strspn(line, " \t")] != '#';
    if (file)
        (void)fclose(file); /* Only read from. */
    return found;
}

/* The first file with rules that the pattern matches, as it is or in a folder of configuration. */
static bool find_rules(struct ci_arena *mem, const char *pattern, const char **ret_path)
{
    static const char *const folders[] = {"/etc/castiron/", "/etc/ironic/"};
    size_t n = pattern[0] == '/' ? 1 : sizeof folders / sizeof folders[0];

    *ret_path = NULL;
    for (size_t i = 0; i < n && !*ret_path; i++) {
        glob_t paths;

        if (glob(ci_printf(mem, "%s%s", pattern[0] == '/' ? "" : folders[i], pattern), 0, NULL,
                 &paths) != 0)
            continue;
        for (size_t j = 0; j < paths.gl_pathc && !*ret_path; j++) {
            if (has_rules(paths.gl_pathv[j]))
                *ret_path = ci_strdup(mem, paths.gl_pathv[j]);
        }
        globfree(&paths);
    }
    return *ret_path != NULL;
}

static bool refuse(struct ci_ctx *ctx, const char *option, const char *path)
{
    return ci_fail_text(ctx, InvalidParameterValue,
                        "%s holds policy overrides ([oslo_policy]%s), which this release does not "
                        "honour; it would run with other rules than those written there.",
                        path, option);
}

bool ci_policy_check(struct ci_ctx *ctx)
{
    const struct ci_config *config = ctx->config;
    const char *const *dir = config->oslo_policy.policy_dirs;
    const char *path;

    if (config->oslo_policy.policy_file &&
        find_rules(ctx->mem, config->oslo_policy.policy_file, &path))
        return refuse(ctx, "policy_file", path);
    for (; dir && *dir; dir++) {
        if (find_rules(ctx->mem, ci_printf(ctx->mem, "%s/*", *dir), &path))
            return refuse(ctx, "policy_dirs", path);
    }
    return true;
}
