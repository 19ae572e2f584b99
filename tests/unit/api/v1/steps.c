/* SPDX-License-Identifier: Apache-2.0 */
#include "api/v1/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/policy.h"
#include "tests/unit/api/request.h"

#define ERASE "{\"interface\": \"deploy\", \"step\": \"erase\"}"
#define APPLY "{\"interface\": \"bios\", \"step\": \"apply\"}"

START_TEST(a_step_that_is_there_twice_is_named_once)
{
    struct ci_request *req = unit_request("POST", "/v1/runbooks", NULL);

    ck_assert(ci_steps_check_twice(req, unit_json(req->ctx, "{\"steps\": [" ERASE "]}")));
    ck_assert(
        ci_steps_check_twice(req, unit_json(req->ctx, "{\"steps\": [" ERASE ", " APPLY "]}")));
    ck_assert(!ci_steps_check_twice(
        req, unit_json(req->ctx, "{\"steps\": [" ERASE ", " ERASE ", " APPLY ", " ERASE "]}")));
    ck_assert_ptr_nonnull(
        strstr(req->ctx->error->message, "Duplicates: interface: deploy, step: erase"));
    ck_assert_ptr_null(strstr(req->ctx->error->message, "; interface"));
}
END_TEST

/* A member of a project, where a file lets only managers erase. */
static struct ci_request *member(const char *path)
{
    static const char *const roles[] = {"member", NULL};
    struct ci_request *req = unit_request("POST", "/v1/runbooks", NULL);

    unit_config->oslo_policy.policy_file = path;
    req->ctx->who = (struct ci_identity){.project_id = "projA", .roles = roles};
    ck_assert_msg(ci_policy_open(req->ctx), "%s", req->ctx->error ? req->ctx->error->message : "");
    return req;
}

START_TEST(steps_are_asked_for_by_the_rules_that_an_operator_has_written)
{
    static const struct {
        const char *steps, *owner, *message; /* NULL: let in */
    } cases[] = {
        {"[]", "projA", NULL},
        {"[" APPLY "]", "projA", NULL},
        {"[5, null, {}, {\"step\": 1, \"interface\": \"deploy\"}]", "projA", NULL},
        {"[" ERASE "]", "projA",
         "insufficient privileges to execute step erase on interface deploy"},
        {"[" APPLY ", {\"interface\": \"raid\", \"step\": \"wipe\"}]", "projA", NULL},
        {"[{\"interface\": \"raid\", \"step\": \"wipe\"}]", "projX",
         "insufficient privileges to execute step wipe on interface raid"},
        {"[{\"interface\": \"raid\", \"step\": \"wipe\"}, " ERASE "]", NULL,
         "insufficient privileges to execute step wipe on interface raid; insufficient privileges "
         "to execute step erase on interface deploy"},
    };
    char path[] = "/tmp/castiron-steps-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");

    ck_assert_ptr_nonnull(file);
    fputs("baremetal:step:execute:deploy.erase: role:manager\n"
          "baremetal:step:execute:raid.wipe: project_id:%(node.owner)s\n",
          file);
    ck_assert_int_eq(fclose(file), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_request *req = member(path);
        struct ci_node node = {.owner = cases[i].owner};
        bool let =
            ci_steps_ask(req, unit_json(req->ctx, cases[i].steps), cases[i].owner ? &node : NULL);

        ck_assert_msg(let == !cases[i].message, "%s", cases[i].steps);
        if (!let) {
            ck_assert_str_eq(req->ctx->error->message, cases[i].message);
            ck_assert_int_eq(req->ctx->error->status, 403);
        }
        req->ctx->who.is_admin = true;
        ci_error_clear(req->ctx);
        ck_assert(ci_steps_ask(req, unit_json(req->ctx, cases[i].steps), NULL));
        ci_policy_close();
    }
    unlink(path);
}
END_TEST

UNIT_MAIN("api/v1/steps", a_step_that_is_there_twice_is_named_once,
          steps_are_asked_for_by_the_rules_that_an_operator_has_written)
