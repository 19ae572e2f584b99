/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules in force: files over defaults, old names, deprecated halves, and what is refused with
 * file and line.
 */
#include "api/policy_rules.h"

#include <string.h>

#include "api/policy_file.h"
#include "base/config.h"
#include "tests/unit/unit.h"

static struct ci_config *config;

static void free_config(void *arg)
{
    ci_config_free(arg);
}

static struct ci_ctx *ctx_with_defaults(void)
{
    struct ci_ctx *ctx = unit_ctx();

    config = ci_config_defaults();
    ci_defer(ctx->mem, free_config, config);
    ctx->config = config;
    return ctx;
}

static void free_rules(void *arg)
{
    ci_policy_rules_free(arg);
}

/* Of a document; NULL when it is refused, the reason in ctx->error. */
static struct ci_policy_rules *rules_of(struct ci_ctx *ctx, const char *document)
{
    struct ci_policy_entries entries = {0};
    struct ci_policy_rules *rules = NULL;

    if (!ci_policy_file_parse(ctx, "rules.yaml", document, strlen(document), &entries) ||
        !ci_policy_rules_of(ctx, &entries, &rules))
        return NULL;
    ci_defer(ctx->mem, free_rules, rules);
    return rules;
}

static bool may(const struct ci_policy_rules *rules, const char *name, const char *role,
                const char *scope)
{
    const char *const roles[] = {role, NULL};
    const struct ci_identity who = {.roles = roles, .system_scope = scope, .project_id = "p"};
    const struct ci_rule_facts facts = {.who = &who};

    ck_assert_ptr_nonnull(rules);
    return ci_rule_allows(ci_policy_rules_get(rules, ci_policy_find(name)), &facts);
}

START_TEST(deprecated_halves_count_until_new_defaults_are_enforced)
{
    struct ci_ctx *ctx = ctx_with_defaults();

    ck_assert(may(rules_of(ctx, ""), "baremetal:chassis:create", "admin", NULL));
    config->oslo_policy.enforce_new_defaults = true;
    ck_assert(!may(rules_of(ctx, ""), "baremetal:chassis:create", "admin", NULL));
    ck_assert(may(rules_of(ctx, ""), "baremetal:chassis:create", "admin", "all"));
}
END_TEST

START_TEST(files_replace_both_halves)
{
    static const char *const documents[] = {
        "# comment\n\"baremetal:chassis:create\": \"role:boss\"\n",
        "{\"baremetal:chassis:create\": \"role:boss\"}",
        "{\n\t\"baremetal:chassis:create\": \"rule:mine\",\n\t\"mine\": \"role:boss\"\n}",
        "baremetal:chassis:create: [[\"role:boss\", \"@\"], [\"!\"]]\n",
        "baremetal:chassis:create: rule:unknown\ndefault: role:boss\n",
        "baremetal:chassis:create: role:first\nbaremetal:chassis:create: role:boss\n",
    };
    struct ci_ctx *ctx = ctx_with_defaults();

    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        const struct ci_policy_rules *rules = rules_of(ctx, documents[i]);

        ck_assert_msg(may(rules, "baremetal:chassis:create", "boss", NULL), "%s", documents[i]);
        ck_assert_msg(!may(rules, "baremetal:chassis:create", "admin", "all"), "%s", documents[i]);
    }
}
END_TEST

START_TEST(a_rule_written_by_its_old_name_counts_for_the_new_one)
{
    struct ci_ctx *ctx = ctx_with_defaults();
    const struct ci_policy_rules *rules = rules_of(ctx, "baremetal:node:update: role:boss\n");

    ck_assert(may(rules, "baremetal:node:update:driver_info", "boss", NULL));
    ck_assert(!may(rules, "baremetal:node:update:driver_info", "member", "all"));
}
END_TEST

START_TEST(what_is_wrong_is_told_with_file_and_line)
{
    static const struct {
        const char *document, *reason;
    } cases[] = {
        {"a: role:x\nb: role:y and\n", "rules.yaml:2: rule b: its words do not make a rule"},
        {"a: rule:b\nb: rule:a\n", "rules.yaml:1: rule a: it refers back to itself"},
        {"a:\n", "rules.yaml:1: a rule has no value"},
        {"a: {b: c}\n", "rules.yaml:1: a rule is a text or a list of lists of checks"},
        {"a: &x role:b\nc: *x\n", "anchors and aliases are not taken"},
        {"- a\n", "rules.yaml:1: it does not hold rules"},
        {"{\"a\": \"role:b\"", "rules.yaml:"},
        {"a: role:b\n---\nc: role:d\n", "it holds more than one document"},
        {"admin_api: rule:is_admin\n", "it refers back to itself"},
    };
    struct ci_ctx *ctx = ctx_with_defaults();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(!rules_of(ctx, cases[i].document), "%s", cases[i].document);
        ck_assert_msg(strstr(ctx->error->message, cases[i].reason), "%s: %s", cases[i].document,
                      ctx->error->message);
        ci_error_clear(ctx);
    }
}
END_TEST

UNIT_MAIN("api/policy_rules", deprecated_halves_count_until_new_defaults_are_enforced,
          files_replace_both_halves, a_rule_written_by_its_old_name_counts_for_the_new_one,
          what_is_wrong_is_told_with_file_and_line)
