/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What has steps in rows of its own, on whichever engine RECORDS_URL names. */
#include "objects/deploy_template.h"
#include "objects/runbook.h"
#include "objects/steps.h"
#include "tests/unit/objects/records.h"

#define ONE_STEP                                                                                   \
    "[{\"interface\": \"bios\", \"step\": \"apply\", \"args\": {\"password\": \"p\"}, "            \
    "\"priority\": 10}]"
#define TWO_STEPS                                                                                  \
    "[{\"interface\": \"raid\", \"step\": \"create\", \"args\": {}, \"priority\": 5}, "            \
    "{\"interface\": \"bios\", \"step\": \"apply\", \"args\": {}, \"priority\": 0}]"

static struct ci_deploy_template *template_made(struct ci_ctx *ctx, const char *name,
                                                const char *steps)
{
    struct ci_deploy_template *made = ci_object_new(ctx->mem, &ci_deploy_template_type);

    ci_deploy_template_set_name(made, name);
    ci_deploy_template_set_steps(made, steps);
    must(ctx, ci_deploy_template_create(ctx, made));
    return made;
}

START_TEST(a_template_keeps_its_steps_in_their_order)
{
    struct ci_ctx *ctx = records_open();
    struct ci_deploy_template *made = template_made(ctx, "CUSTOM_A", TWO_STEPS), *found;

    must(ctx, ci_deploy_template_load(ctx, "CUSTOM_A", &found));
    ck_assert_str_eq(found->uuid, made->uuid);
    ck_assert_str_eq(found->steps, TWO_STEPS);
    ci_deploy_template_set_steps(found, ONE_STEP);
    must(ctx, ci_deploy_template_save(ctx, found));
    must(ctx, ci_deploy_template_load(ctx, made->uuid, &found));
    ck_assert_str_eq(found->steps, ONE_STEP);
    /* The template itself is not touched, as in Ironic. */
    ck_assert_int_eq(found->updated_at, CI_NULL_TIME);
    ci_deploy_template_set_name(found, "CUSTOM_B");
    must(ctx, ci_deploy_template_save(ctx, found));
    ck_assert_int_ne(found->updated_at, CI_NULL_TIME);
    ck_assert_str_eq(ask(ctx, "SELECT COUNT(*) FROM deploy_template_steps"), "1");
    must(ctx, ci_deploy_template_destroy(ctx, found));
    ck_assert_str_eq(ask(ctx, "SELECT COUNT(*) FROM deploy_template_steps"), "0");
    must_fail(ctx, DeployTemplateNotFound, ci_deploy_template_destroy(ctx, found));
    must_fail(ctx, DeployTemplateNotFound, ci_deploy_template_save(ctx, found));
    must_fail(ctx, DeployTemplateNotFound, ci_deploy_template_load(ctx, "CUSTOM_A", &found));
    db_close(ctx);
}
END_TEST

START_TEST(a_template_that_cannot_be_made_leaves_no_steps)
{
    struct ci_ctx *ctx = records_open();
    struct ci_deploy_template *made = template_made(ctx, "CUSTOM_A", ONE_STEP);
    struct ci_deploy_template *other = ci_object_new(ctx->mem, &ci_deploy_template_type);

    ci_deploy_template_set_name(other, "CUSTOM_A");
    ci_deploy_template_set_steps(other, TWO_STEPS);
    must_say(ctx, DeployTemplateDuplicateName,
             "A deploy template with name CUSTOM_A already exists.",
             ci_deploy_template_create(ctx, other));
    ci_deploy_template_set_uuid(other, made->uuid);
    ci_deploy_template_set_name(other, "CUSTOM_B");
    must_fail(ctx, DeployTemplateAlreadyExists, ci_deploy_template_create(ctx, other));
    ci_deploy_template_set_uuid(other, UUID_B);
    ci_deploy_template_set_steps(other, "[{\"interface\": \"bios\", \"step\": \"apply\", "
                                        "\"args\": {}, \"priority\": \"99999999999\"}]");
    must_fail(ctx, InvalidParameterValue, ci_deploy_template_create(ctx, other));
    ck_assert_str_eq(ask(ctx, "SELECT COUNT(*) FROM deploy_templates"), "1");
    ck_assert_str_eq(ask(ctx, "SELECT COUNT(*) FROM deploy_template_steps"), "1");
    db_close(ctx);
}
END_TEST

START_TEST(parts_of_many_owners_come_at_once)
{
    struct ci_ctx *ctx = records_open();
    const char *owners[1203] = {NULL};
    const struct ci_parts *parts;
    struct ci_deploy_template *first = template_made(ctx, "CUSTOM_A", TWO_STEPS);
    struct ci_deploy_template *last = template_made(ctx, "CUSTOM_B", ONE_STEP);

    /* More than one batch, most of them without rows. */
    for (size_t i = 0; i < 1203; i++)
        owners[i] = ci_printf(ctx->mem, "%zu", 100000 + i);
    owners[0] = ci_printf(ctx->mem, "%lld", (long long)last->id);
    owners[1202] = ci_printf(ctx->mem, "%lld", (long long)first->id);
    must(ctx, ci_parts_load(ctx, &ci_deploy_template_stepped.steps, owners, 1203, &parts));
    ck_assert_uint_eq(parts[0].count, 1);
    ck_assert_uint_eq(parts[1].count, 0);
    ck_assert_uint_eq(parts[1202].count, 2);
    ck_assert_str_eq(ci_row_text(parts[1202].rows, parts[1202].first, 1), "raid");
    db_close(ctx);
}
END_TEST

START_TEST(a_runbook_keeps_steps_and_traits)
{
    static const char *const traits[] = {"CUSTOM_B", "CUSTOM_A", "CUSTOM_B", NULL};
    struct ci_ctx *ctx = records_open();
    struct ci_runbook *made = ci_object_new(ctx->mem, &ci_runbook_type), *found;

    ci_runbook_set_name(made, "fix");
    ci_runbook_set_steps(made,
                         "[{\"interface\": \"bios\", \"step\": \"apply\", \"order\": \"7\"}]");
    must(ctx, ci_runbook_create(ctx, made));
    must(ctx, ci_runbook_set_traits_rows(ctx, made, traits));
    must(ctx, ci_runbook_load(ctx, "fix", &found));
    ck_assert_str_eq(found->traits, "[\"CUSTOM_A\", \"CUSTOM_B\"]");
    ck_assert_str_eq(found->steps, "[{\"interface\": \"bios\", \"step\": \"apply\", "
                                   "\"args\": {}, \"order\": 7}]");
    ck_assert_int_eq(found->public, 0);
    must(ctx, ci_runbook_add_trait(ctx, made, "CUSTOM_A"));
    must(ctx, ci_runbook_add_trait(ctx, made, "CUSTOM_C"));
    must(ctx, ci_runbook_remove_trait(ctx, made, "CUSTOM_B"));
    must(ctx, ci_runbook_remove_trait(ctx, made, "CUSTOM_B"));
    must(ctx, ci_runbook_load(ctx, made->uuid, &found));
    ck_assert_str_eq(found->traits, "[\"CUSTOM_A\", \"CUSTOM_C\"]");
    must(ctx, ci_runbook_destroy(ctx, found));
    ck_assert_str_eq(ask(ctx, "SELECT COUNT(*) FROM runbook_traits"), "0");
    must_fail(ctx, RunbookNotFound, ci_runbook_add_trait(ctx, made, "CUSTOM_A"));
    must_fail(ctx, RunbookNotFound, ci_runbook_load(ctx, "fix", &found));
    db_close(ctx);
}
END_TEST

#define STEP_TESTS                                                                                 \
    a_template_keeps_its_steps_in_their_order, a_template_that_cannot_be_made_leaves_no_steps,     \
        parts_of_many_owners_come_at_once, a_runbook_keeps_steps_and_traits
