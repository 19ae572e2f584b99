/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of policies: read, compiled, linked, and each rule evaluated.
 */
#include <stdint.h>

#include "api/policy_file.h"
#include "api/policy_rules.h"
#include "base/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const roles[] = {"admin", NULL};
    static const struct ci_identity who = {.roles = roles, .project_id = "p"};
    static struct ci_config *config;
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct ci_policy_entries entries = {0};
    struct ci_policy_rules *rules;

    if (!config)
        config = ci_config_defaults();
    ctx.config = config;
    if (ci_policy_file_parse(&ctx, "file", (const char *)data, size, &entries) &&
        ci_policy_rules_of(&ctx, &entries, &rules)) {
        const struct ci_rule_facts facts = {.who = &who, .kind = "node", .owner = "p"};

        for (size_t i = 0; i < ci_policies_n; i++)
            (void)ci_rule_allows(ci_policy_rules_get(rules, &ci_policies[i]), &facts);
        ci_policy_rules_free(rules);
    }
    ci_arena_free(ctx.mem);
    return 0;
}
