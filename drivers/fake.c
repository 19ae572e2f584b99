/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fake interfaces: a machine that exists only as its row.
 *
 * Everything succeeds; what would take time on real hardware sleeps for as long as the [fake]
 * section says. The power state is the row's own, so that nothing is ever out of step.
 */
#include "drivers/fake.h"

#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/config.h"
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "drivers/bios_settings.h"
#include "drivers/driver.h"
#include "drivers/raid_config.h"
#include "objects/info.h"
#include "objects/states.h"

enum { LONGEST_S = 7 * 86400, LOOK_MS = 500 };

static const struct delay {
    const char *option;
    size_t offset; /* in struct ci_config */
} delays[] = {
#define DELAY(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct ci_config, fake.name)                                               \
    }
    DELAY(power_delay),      DELAY(boot_delay),    DELAY(deploy_delay),   DELAY(vendor_delay),
    DELAY(management_delay), DELAY(inspect_delay), DELAY(raid_delay),     DELAY(bios_delay),
    DELAY(storage_delay),    DELAY(rescue_delay),  DELAY(firmware_delay),
#undef DELAY
};

static bool parse_delay(struct ci_ctx *ctx, const char *text, int64_t *ret_least, int64_t *ret_most)
{
    const char *const *parts = ci_split(ctx->mem, text ? text : "", ',');

    *ret_least = *ret_most = 0;
    if (!parts[0])
        return true;
    if (!ci_parse_int(parts[0], 0, LONGEST_S, ret_least))
        return false;
    *ret_most = *ret_least;
    return !parts[1] || ci_parse_int(parts[1], *ret_least, LONGEST_S, ret_most);
}

bool ci_fake_check(struct ci_ctx *ctx)
{
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        const char *const *text =
            (const char *const *)((const char *)ctx->config + delays[i].offset);
        int64_t least, most;

        if (!parse_delay(ctx, *text, &least, &most))
            return ci_fail_text(ctx, InvalidParameterValue,
                                "[fake]%s must be seconds or least,most: \"%s\"", delays[i].option,
                                *text);
    }
    return true;
}

/* A time within the range; short ones come more often, as one triangle falls towards the end. */
static int64_t pick_ms(int64_t least_s, int64_t most_s)
{
    uint32_t dice[2] = {0, 0};
    uint64_t range_ms = (uint64_t)(most_s - least_s) * 1000;
    uint32_t low;

    if (getrandom(dice, sizeof dice, 0) < 0)
        return least_s * 1000;
    low = dice[0] < dice[1] ? dice[0] : dice[1];
    return least_s * 1000 + (int64_t)(range_ms * low >> 32);
}

bool ci_fake_nap(struct ci_task *task, const char *range)
{
    int64_t least, most, left_ms;

    if (!parse_delay(task->ctx, range, &least, &most) || most == 0)
        return true; /* checked at start */
    left_ms = pick_ms(least, most);
    while (left_ms > 0 && !ci_task_is_ending(task)) {
        int64_t slice = left_ms < LOOK_MS ? left_ms : LOOK_MS;
        struct timespec pause = {slice / 1000, slice % 1000 * 1000000};

        nanosleep(&pause, NULL);
        left_ms -= slice;
    }
    return left_ms <= 0 || ci_task_go_on(task);
}

#define DELAYED(function, option)                                                                  \
    static bool function(struct ci_task *task)                                                     \
    {                                                                                              \
        return ci_fake_nap(task, task->ctx->config->fake.option);                                  \
    }
DELAYED(boot_something, boot_delay)
DELAYED(deploy_something, deploy_delay)
DELAYED(store_something, storage_delay)

static bool accept(struct ci_task *task)
{
    (void)task;
    return true;
}

/* power */

static const char *const power_states[] = {CI_POWER_ON,    CI_POWER_OFF,      CI_REBOOT,
                                           CI_SOFT_REBOOT, CI_SOFT_POWER_OFF, NULL};

static bool get_power(struct ci_task *task, const char **ret_state)
{
    if (!ci_fake_nap(task, task->ctx->config->fake.power_delay))
        return false;
    *ret_state = task->node->power_state;
    return true;
}

static bool set_power(struct ci_task *task, const char *state, int64_t timeout_s)
{
    static const char *const accepted[] = {CI_POWER_ON, CI_POWER_OFF, CI_SOFT_REBOOT,
                                           CI_SOFT_POWER_OFF, NULL};

    (void)timeout_s;
    if (!ci_fake_nap(task, task->ctx->config->fake.power_delay))
        return false;
    if (!ci_one_of(state, accepted))
        return ci_fail_text(task->ctx, InvalidParameterValue,
                            "set_power_state called with an invalid power state: %s.", state);
    ci_node_set_power_state(task->node, ci_strdup(task->ctx->mem, state));
    return true;
}

static bool reboot(struct ci_task *task, int64_t timeout_s)
{
    (void)timeout_s;
    return ci_fake_nap(task, task->ctx->config->fake.power_delay);
}

const struct ci_power ci_fake_power = {
    .base = {.type = "power", .name = "fake", .validate = accept},
    .get_state = get_power,
    .set_state = set_power,
    .reboot = reboot,
    .supported_states = power_states};

/* management */

static const char *const boot_devices[] = {"pxe", NULL};

static const char *const *supported_boot_devices(struct ci_task *task)
{
    (void)task;
    return boot_devices;
}

static bool get_boot_device(struct ci_task *task, const char **ret_device, int8_t *ret_persistent)
{
    *ret_device = "pxe";
    *ret_persistent = 0;
    return ci_fake_nap(task, task->ctx->config->fake.management_delay);
}

static bool set_boot_device(struct ci_task *task, const char *device, bool persistent)
{
    (void)persistent;
    if (!ci_fake_nap(task, task->ctx->config->fake.management_delay))
        return false;
    if (!ci_one_of(device, boot_devices))
        return ci_fail_text(task->ctx, InvalidParameterValue, "Invalid boot device %s specified.",
                            device);
    return true;
}

static bool get_indicators(struct ci_task *task, const char *component, json_t **ret_map)
{
    json_t *map =
        ci_json(task->ctx, json_pack("{s:{s:{s:b, s:[ss]}}, s:{s:{s:b, s:[sss]}}}", "chassis",
                                     "led-0", "readonly", 1, "states", "off", "on", "system", "led",
                                     "readonly", 0, "states", "blinking", "off", "on"));
    json_t *one;

    if (!ci_fake_nap(task, task->ctx->config->fake.management_delay))
        return false;
    if (component && *component) {
        one = json_object_get(map, component);
        map = ci_json(task->ctx, one ? json_pack("{s:O}", component, one) : json_object());
    }
    *ret_map = map;
    return true;
}

static bool get_indicator(struct ci_task *task, const char *component, const char *indicator,
                          const char **ret_state)
{
    json_t *map;

    if (!ci_fake_nap(task, task->ctx->config->fake.management_delay) ||
        !get_indicators(task, NULL, &map))
        return false;
    if (!json_object_get(map, component))
        return ci_fail_text(task->ctx, InvalidParameterValue, "Invalid component %s specified.",
                            component);
    if (!json_object_get(json_object_get(map, component), indicator))
        return ci_fail_text(task->ctx, InvalidParameterValue, "Invalid indicator %s specified.",
                            indicator);
    *ret_state = "on";
    return true;
}

/* What its row has for it, so that listeners can be tried; Ironic's has no sensors at all. */
static bool get_sensors(struct ci_task *task, json_t **ret_data)
{
    json_t *info, *sensors;

    if (!ci_fake_nap(task, task->ctx->config->fake.management_delay) ||
        !ci_info_read(task->ctx, task->node->driver_info, &info))
        return false;
    sensors = json_object_get(info, "fake_sensors");
    *ret_data = json_is_object(sensors) ? sensors : ci_json(task->ctx, json_object());
    return true;
}

const struct ci_management ci_fake_management = {
    .base = {.type = "management", .name = "fake", .validate = accept},
    .supported_boot_devices = supported_boot_devices,
    .get_boot_device = get_boot_device,
    .set_boot_device = set_boot_device,
    .get_supported_indicators = get_indicators,
    .get_indicator_state = get_indicator,
    .get_sensors_data = get_sensors};

/* boot */

const struct ci_boot ci_fake_boot = {.base = {.type = "boot", .name = "fake", .validate = accept},
                                     .prepare_ramdisk = boot_something,
                                     .clean_up_ramdisk = boot_something,
                                     .prepare_instance = boot_something,
                                     .clean_up_instance = boot_something};

/* deploy */

static bool deploy(struct ci_task *task, const json_t *args, enum ci_outcome *ret_outcome)
{
    (void)args;
    *ret_outcome = CI_DONE;
    return deploy_something(task);
}

static bool tear_down(struct ci_task *task, enum ci_outcome *ret_outcome)
{
    *ret_outcome = CI_DONE;
    return deploy_something(task);
}

static const struct ci_step_offer deploy_steps[] = {
    {.name = "deploy", .priority = 100, .abortable = true, .run = deploy}, {0}};

const struct ci_deploy ci_fake_deploy = {
    .base = {.type = "deploy", .name = "fake", .validate = accept, .deploy_steps = deploy_steps},
    .prepare = deploy_something,
    .take_over = deploy_something,
    .clean_up = deploy_something,
    .tear_down = tear_down};

/* inspect: nothing to find, hence done at once. */

static bool inspect_hardware(struct ci_task *task, enum ci_outcome *ret_outcome)
{
    *ret_outcome = CI_DONE;
    return ci_fake_nap(task, task->ctx->config->fake.inspect_delay);
}

const struct ci_inspect ci_fake_inspect = {
    .base = {.type = "inspect", .name = "fake", .validate = accept},
    .inspect_hardware = inspect_hardware};

/* rescue */

static bool rescue(struct ci_task *task, enum ci_outcome *ret_outcome)
{
    *ret_outcome = CI_DONE;
    return ci_fake_nap(task, task->ctx->config->fake.rescue_delay);
}

const struct ci_rescue ci_fake_rescue = {
    .base = {.type = "rescue", .name = "fake", .validate = accept},
    .rescue = rescue,
    .unrescue = rescue};

/* console */

static bool get_console(struct ci_task *task, json_t **ret_info)
{
    *ret_info = ci_json(task->ctx, json_object());
    return true;
}

const struct ci_console ci_fake_console = {
    .base = {.type = "console", .name = "fake", .validate = accept},
    .start = accept,
    .stop = accept,
    .get = get_console};

/* bios, firmware: steps on request; raid: no steps of its own. */

static bool apply_bios(struct ci_task *task, const json_t *args, enum ci_outcome *ret_outcome)
{
    *ret_outcome = CI_DONE;
    return ci_fake_nap(task, task->ctx->config->fake.bios_delay) &&
           ci_bios_settings_sync(task, json_object_get(args, "settings"));
}

static bool reset_bios(struct ci_task *task, const json_t *args, enum ci_outcome *ret_outcome)
{
    (void)args;
    *ret_outcome = CI_DONE;
    return ci_fake_nap(task, task->ctx->config->fake.bios_delay) &&
           ci_bios_settings_sync(task, ci_json(task->ctx, json_array()));
}

static bool cache_bios(struct ci_task *task, const json_t *args, enum ci_outcome *ret_outcome)
{
    (void)args;
    *ret_outcome = CI_DONE;
    return ci_fake_nap(task, task->ctx->config->fake.bios_delay);
}

static bool update_firmware(struct ci_task *task, const json_t *args, enum ci_outcome *ret_outcome)
{
    (void)args;
    *ret_outcome = CI_DONE;
    return ci_fake_nap(task, task->ctx->config->fake.firmware_delay);
}

static const struct ci_step_offer bios_steps[] = {
    {.name = "apply_configuration",
     .argsinfo = "{\"settings\": {\"description\": \"List of BIOS settings, each item needs to "
                 "contain a dictionary with name/value pairs\", \"required\": true}}",
     .run = apply_bios},
    {.name = "cache_bios_settings", .run = cache_bios},
    {.name = "factory_reset", .run = reset_bios},
    {0}};

static const struct ci_step_offer firmware_steps[] = {
    {.name = "update",
     .argsinfo = "{\"settings\": {\"description\": \"List of Firmware components, each item needs "
                 "to contain a dictionary with name/value pairs\", \"required\": true}}",
     .run = update_firmware},
    {0}};

const struct ci_plain_interface ci_fake_bios = {
    .base = {.type = "bios", .name = "fake", .validate = accept, .clean_steps = bios_steps}};
const struct ci_plain_interface ci_fake_firmware = {
    .base = {
        .type = "firmware", .name = "fake", .validate = accept, .clean_steps = firmware_steps}};

const struct ci_raid ci_fake_raid = {
    .base = {.type = "raid", .name = "fake", .validate = ci_raid_config_check_node},
    .validate_config = ci_raid_config_check};

/* storage */

const struct ci_storage ci_fake_storage = {
    .base = {.type = "storage", .name = "fake", .validate = accept},
    .attach_volumes = store_something,
    .detach_volumes = store_something};
