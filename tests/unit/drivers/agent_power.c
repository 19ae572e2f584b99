/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/driver.h"

#include "base/config.h"
#include "objects/info.h"
#include "objects/states.h"
#include "tests/unit/unit.h"

static struct ci_config *config;
static struct ci_node *node;

static struct ci_task *start(void)
{
    static struct ci_task task;
    struct ci_ctx *ctx = unit_ctx();

    config = ci_config_defaults();
    ctx->config = config;
    node = ci_object_new(ctx->mem, &ci_node_type);
    ci_node_set_uuid(node, "11111111-2222-4333-8444-555555555555");
    task = (struct ci_task){.ctx = ctx, .node = node};
    return &task;
}

/* The agent was heard of so long ago. */
static void hear(struct ci_task *task, int64_t seconds)
{
    ck_assert(ci_internal_info_set(task->ctx, node, "agent_url", json_string("http://x")));
    ck_assert(ci_internal_info_set(task->ctx, node, "agent_last_heartbeat",
                                   ci_info_time(ci_time_now_us() - seconds * 1000000)));
}

START_TEST(a_machine_is_on_while_its_agent_calls_in)
{
    struct ci_task *task = start();
    const char *state = "";

    ck_assert(ci_agent_power.get_state(task, &state));
    ck_assert_ptr_null(state);
    hear(task, 10);
    ck_assert(ci_agent_power.get_state(task, &state));
    ck_assert_str_eq(state, CI_POWER_ON);
    hear(task, 301);
    ck_assert(ci_agent_power.get_state(task, &state));
    ck_assert_ptr_null(state);
    ci_config_free(config);
}
END_TEST

START_TEST(it_is_for_machines_whose_agent_may_be_used)
{
    struct ci_task *task = start();

    hear(task, 10);
    ck_assert(!ci_agent_power.base.validate(task));
    ck_assert(ci_failed_with(task->ctx, CI_ERR_InvalidParameterValue));
    ci_error_clear(task->ctx);
    ci_node_set_driver_info(node, "{\"fast_track\": \"yes\"}");
    ck_assert(ci_agent_power.base.validate(task));
    hear(task, 301);
    ck_assert(!ci_agent_power.base.validate(task));
    ci_error_clear(task->ctx);
    ci_node_set_driver_info(node, "{\"fast_track\": \"perhaps\"}");
    ck_assert(!ci_agent_power.base.validate(task));
    ck_assert(ci_failed_with(task->ctx, CI_ERR_InvalidParameterValue));
    ci_config_free(config);
}
END_TEST

START_TEST(it_can_only_be_rebooted)
{
    struct ci_task *task = start();

    ck_assert(!ci_agent_power.set_state(task, CI_POWER_OFF, 0));
    ck_assert(ci_failed_with(task->ctx, CI_ERR_PowerStateFailure));
    ci_error_clear(task->ctx);
    ck_assert(!ci_agent_power.set_state(task, CI_REBOOT, 0));
    ck_assert(ci_failed_with(task->ctx, CI_ERR_AgentConnectionFailed)); /* it is nowhere */
    ci_config_free(config);
}
END_TEST

UNIT_MAIN("drivers/agent_power", a_machine_is_on_while_its_agent_calls_in,
          it_is_for_machines_whose_agent_may_be_used, it_can_only_be_rebooted)
