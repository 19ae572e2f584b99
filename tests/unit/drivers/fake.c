/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/fake.h"

#include <string.h>

#include "base/config.h"
#include "base/text.h"
#include "base/time.h"
#include "drivers/hardware.h"
#include "objects/states.h"
#include "tests/unit/unit.h"

#define NS_PER_S INT64_C(1000000000)

static struct ci_config *config;
static struct ci_task task;

/* A task on a node that is nowhere stored. */
static struct ci_ctx *begin(void)
{
    static const char *const type[] = {"fake-hardware", NULL};
    static const char *const fake[] = {"fake", NULL};
    struct ci_ctx *ctx = unit_ctx();

    config = ci_config_defaults();
    config->DEFAULT.enabled_hardware_types = type;
    config->DEFAULT.enabled_vendor_interfaces = fake;
    config->DEFAULT.enabled_bios_interfaces = fake;
    ctx->config = config;
    task = (struct ci_task){.ctx = ctx, .node = ci_object_new(ctx->mem, &ci_node_type)};
    ci_node_set_driver(task.node, "fake-hardware");
    ck_assert(ci_hardware_of(ctx, task.node, &task.hardware));
    return ctx;
}

static void end(void)
{
    ci_config_free(config);
}

START_TEST(sensors_are_the_rows)
{
    static const struct {
        const char *driver_info;
        size_t kinds;
    } cases[] = {{NULL, 0},
                 {"{}", 0},
                 {"{\"fake_sensors\": \"no\"}", 0},
                 {"{\"fake_sensors\": {\"Fan\": {}}}", 1}};

    begin();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *data = NULL;

        ci_node_set_driver_info(task.node, cases[i].driver_info);
        ck_assert(task.hardware->management->get_sensors_data(&task, &data));
        ck_assert_uint_eq(json_object_size(data), cases[i].kinds);
        ck_assert(json_is_object(data));
    }
    end();
}
END_TEST

START_TEST(the_power_state_is_the_rows)
{
    const struct ci_power *power;
    const char *state;
    struct ci_ctx *ctx = begin();

    power = task.hardware->power;
    ck_assert(power->get_state(&task, &state));
    ck_assert_ptr_null(state);
    ck_assert(power->set_state(&task, CI_POWER_ON, 0));
    ck_assert(power->get_state(&task, &state));
    ck_assert_str_eq(state, CI_POWER_ON);
    ck_assert(power->reboot(&task, 0));
    ck_assert(ci_one_of(CI_SOFT_REBOOT, power->supported_states));
    ck_assert(!power->set_state(&task, "sideways", 0));
    ck_assert_int_eq(ctx->error->class, CI_ERR_InvalidParameterValue);
    ck_assert_str_eq(ctx->error->message,
                     "set_power_state called with an invalid power state: sideways.");
    ci_error_clear(ctx);
    end();
}
END_TEST

START_TEST(only_the_network_can_be_booted_from)
{
    const struct ci_management *management;
    const char *device;
    int8_t persistent;
    struct ci_ctx *ctx = begin();

    management = task.hardware->management;
    ck_assert_str_eq(management->supported_boot_devices(&task)[0], "pxe");
    ck_assert_ptr_null(management->supported_boot_devices(&task)[1]);
    ck_assert(management->set_boot_device(&task, "pxe", true));
    ck_assert(!management->set_boot_device(&task, "disk", true));
    ck_assert_str_eq(ctx->error->message, "Invalid boot device disk specified.");
    ci_error_clear(ctx);
    ck_assert(management->get_boot_device(&task, &device, &persistent));
    ck_assert_str_eq(device, "pxe");
    ck_assert_int_eq(persistent, 0);
    end();
}
END_TEST

START_TEST(delays_are_slept)
{
    int64_t began;

    begin();
    config->fake.power_delay = "1";
    began = ci_time_monotonic_ns();
    ck_assert(task.hardware->power->reboot(&task, 0));
    ck_assert(ci_time_monotonic_ns() - began >= NS_PER_S);
    config->fake.power_delay = "0,1";
    began = ci_time_monotonic_ns();
    ck_assert(task.hardware->power->reboot(&task, 0));
    ck_assert(ci_time_monotonic_ns() - began < 2 * NS_PER_S);
    end();
}
END_TEST

static bool is_ending(const struct ci_task *which)
{
    (void)which;
    return true;
}

START_TEST(a_delay_is_cut_short_when_the_service_ends)
{
    int64_t began;

    begin();
    config->fake.power_delay = "30";
    task.is_ending = is_ending;
    began = ci_time_monotonic_ns();
    ck_assert(!task.hardware->power->reboot(&task, 0)); /* what was cut off is not done */
    ck_assert(strstr(task.ctx->error->message, "cut off"));
    ck_assert(ci_time_monotonic_ns() - began < 5 * NS_PER_S);
    end();
}
END_TEST

START_TEST(a_delay_that_is_none_stops_the_start)
{
    static const char *const bad[] = {"x", "-1", "3,1", "1,x", "1.5"};
    struct ci_ctx *ctx = begin();

    ck_assert(ci_fake_check(ctx));
    config->fake.boot_delay = "5, 10";
    ck_assert(ci_fake_check(ctx));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        config->fake.boot_delay = bad[i];
        ck_assert_msg(!ci_fake_check(ctx), "%s", bad[i]);
        ck_assert_ptr_nonnull(strstr(ctx->error->message, "[fake]boot_delay"));
        ci_error_clear(ctx);
    }
    end();
}
END_TEST

START_TEST(the_steps_are_those_of_the_reference)
{
    static const struct {
        const char *type, *step;
        int priority;
    } cleans[] = {{"vendor", "log_passthrough", 1},
                  {"bios", "apply_configuration", 0},
                  {"bios", "cache_bios_settings", 0},
                  {"bios", "factory_reset", 0}};
    size_t found = 0;

    begin();
    for (const char *const *type = ci_interface_types; *type; type++) {
        const struct ci_step_offer *offer =
            ci_hardware_interface(task.hardware, *type)->clean_steps;

        for (; offer && offer->name; offer++) {
            for (size_t i = 0; i < sizeof cleans / sizeof cleans[0]; i++) {
                if (strcmp(cleans[i].type, *type) == 0 &&
                    strcmp(cleans[i].step, offer->name) == 0) {
                    ck_assert_int_eq(offer->priority, cleans[i].priority);
                    found++;
                }
            }
        }
    }
    ck_assert_uint_eq(found, sizeof cleans / sizeof cleans[0]);
    ck_assert_str_eq(task.hardware->deploy->base.deploy_steps[0].name, "deploy");
    ck_assert_int_eq(task.hardware->deploy->base.deploy_steps[0].priority, 100);
    end();
}
END_TEST

UNIT_MAIN("drivers/fake", sensors_are_the_rows, the_power_state_is_the_rows,
          only_the_network_can_be_booted_from, delays_are_slept,
          a_delay_is_cut_short_when_the_service_ends, a_delay_that_is_none_stops_the_start,
          the_steps_are_those_of_the_reference)
