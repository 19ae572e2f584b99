/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rule language, and what is refused when compiled. That it agrees with oslo.policy on
 * thousands of rules is policy_differential.py's part.
 */
#include "api/policy_rule.h"

#include <string.h>

#include "api/policy_rules.h"
#include "base/config.h"
#include "tests/unit/unit.h"

static struct ci_rule *nothing(void *arg, const char *name)
{
    (void)arg;
    (void)name;
    return NULL;
}

static struct ci_rule *compiled(struct ci_ctx *ctx, const char *text)
{
    struct ci_rule *rule = NULL;
    const char *why = "";

    ck_assert_msg(ci_rule_compile(ctx->mem, text, &rule, &why), "%s: %s", text, why);
    ck_assert_msg(ci_rule_link(ctx->mem, rule, nothing, NULL, &why), "%s: %s", text, why);
    return rule;
}

static const char *const roles[] = {"reader", "Member", NULL};
static const struct ci_identity who = {
    .project_id = "p1", .project_name = "service", .roles = roles, .system_scope = "all"};

START_TEST(rules_say_what_their_words_mean)
{
    static const struct {
        const char *rule;
        bool allows;
    } cases[] = {
        {"", true},
        {"@", true},
        {"!", false},
        {"not !", true},
        {"role:reader", true},
        {"role:READER", true},
        {"role:member", true},
        {"role:admin", false},
        {"role:admin or role:reader", true},
        {"role:admin and role:reader", false},
        {"role:reader or role:admin and role:nobody", true},
        {"(role:reader or role:admin) and role:nobody", false},
        {"NOT role:admin AND role:reader", true},
        {"not (role:admin or role:reader)", false},
        {"system_scope:all", true},
        {"project_id:%(node.owner)s", true},
        {"project_id:%(node.lessee)s", false},
        {"project_id:%(allocation.owner)s", false},
        {"project_id:%(no.such.key)s", false},
        {"not project_id:%(no.such.key)s", true},
        {"no_such_attribute:p1", false},
        {"project_id:p%%1", false},
        {"'p1':%(project_id)s", true},
        {"None:%(domain_id)s", true},
        {"domain_id:None", true},
        {"is_admin_project:True", true},
        {"is_public_api:True", false},
        {"is_admin:True", false},
        {"rule:unknown", false},
        {"project_name:%(config.service_project_name)s", false},
    };
    struct ci_ctx *ctx = unit_ctx();
    const struct ci_rule_facts facts = {.who = &who, .kind = "node", .owner = "p1"};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(ci_rule_allows(compiled(ctx, cases[i].rule), &facts) == cases[i].allows, "%s",
                      cases[i].rule);
}
END_TEST

/* Finds "mine" behind rule:mine. */
static struct ci_rule *mine(void *arg, const char *name)
{
    return strcmp(name, "mine") == 0 ? arg : NULL;
}

START_TEST(rules_that_the_record_may_decide_are_known)
{
    static const struct {
        const char *rule;
        bool reads;
    } cases[] = {
        {"", false},
        {"!", false},
        {"role:reader and system_scope:all", false},
        {"not (role:admin or user_id:u1)", false},
        {"rule:none", false},
        {"project_id:%(node.owner)s", true},
        {"role:admin or (role:reader and not project_id:%(node.lessee)s)", true},
        {"'x':%(node.owner)s", true},
        {"role:admin or rule:mine", true},
    };
    struct ci_ctx *ctx = unit_ctx();
    struct ci_rule *owner = compiled(ctx, "project_id:%(node.owner)s"), *rule;
    const char *why;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert(ci_rule_compile(ctx->mem, cases[i].rule, &rule, &why));
        ck_assert(ci_rule_link(ctx->mem, rule, mine, owner, &why));
        ck_assert_msg(ci_rule_reads_record(rule) == cases[i].reads, "%s", cases[i].rule);
    }
}
END_TEST

START_TEST(what_is_no_rule_is_refused)
{
    static const char *const cases[] = {"role:a role:b",
                                        "and",
                                        "role:a and",
                                        "(role:a",
                                        "role:a)",
                                        "not",
                                        "role",
                                        "http://x/y",
                                        "https://%(x)s",
                                        "role:%(x)d",
                                        "role:%s",
                                        "role:50%",
                                        "1x:y",
                                        "()",
                                        "\"role:a\"",
                                        ":y",
                                        "role:a or or role:b"};
    struct ci_ctx *ctx = unit_ctx();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_rule *rule;
        const char *why = NULL;

        ck_assert_msg(!ci_rule_compile(ctx->mem, cases[i], &rule, &why), "%s", cases[i]);
        ck_assert_ptr_nonnull(why);
    }
}
END_TEST

START_TEST(nesting_is_bounded)
{
    struct ci_ctx *ctx = unit_ctx();
    char text[4 * CI_RULE_DEPTH_MAX + 8];
    struct ci_rule *rule;
    const char *why;
    size_t n = 0;

    for (int i = 0; i < CI_RULE_DEPTH_MAX; i++, n += 4)
        memcpy(text + n, "not ", 4);
    memcpy(text + n, "@", 2);
    ck_assert(!ci_rule_compile(ctx->mem, text, &rule, &why));
    ck_assert(ci_rule_compile(ctx->mem, text + 4, &rule, &why));
}
END_TEST

static struct ci_rule *itself(void *arg, const char *name)
{
    (void)name;
    return arg;
}

START_TEST(a_rule_that_leads_back_to_itself_is_refused)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_rule *rule;
    const char *why;

    ck_assert(ci_rule_compile(ctx->mem, "role:a or not rule:me", &rule, &why));
    ck_assert(!ci_rule_link(ctx->mem, rule, itself, rule, &why));
    ck_assert_str_eq(why, "it refers back to itself");
}
END_TEST

START_TEST(the_table_is_sorted_and_compiles)
{
    struct ci_ctx *ctx = unit_ctx();

    ck_assert_uint_eq(ci_policies_n, 133);
    for (size_t i = 0; i < ci_policies_n; i++) {
        (void)compiled(ctx, ci_policies[i].rule);
        if (ci_policies[i].old_rule)
            (void)compiled(ctx, ci_policies[i].old_rule);
        ck_assert_ptr_eq(ci_policy_find(ci_policies[i].name), &ci_policies[i]);
    }
}
END_TEST

UNIT_MAIN("api/policy_rule", rules_say_what_their_words_mean,
          rules_that_the_record_may_decide_are_known, what_is_no_rule_is_refused,
          nesting_is_bounded, a_rule_that_leads_back_to_itself_is_refused,
          the_table_is_sorted_and_compiles)
