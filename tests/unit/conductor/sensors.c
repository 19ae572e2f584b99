/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/sensors.h"

#include "conductor/periodic.h"
#include "rpc/notify.h"
#include "tests/unit/conductor/life.h"
#include "tests/unit/conductor/logged.h"

#define SENSORS                                                                                    \
    "{\"fake_sensors\": {\"Fan\": {\"fan 1\": {\"Sensor Reading\": \"4500 RPM\"}}, "               \
    "\"Voltage\": {\"v\": {\"Sensor Reading\": \"12\"}}}}"

/* Notifications go into the log. */
static void start(void)
{
    static const char *const into_the_log[] = {"log", NULL};

    life_prepare();
    bench.config->sensor_data.send_sensor_data = true;
    bench.config->oslo_messaging_notifications.driver = into_the_log;
    logged_begin();
    ok(ci_notifier_new_measuring(bench.ctx, "unit", &bench.ctx->notifier));
    bench_begin();
}

/* Everything is sent; gives the log. */
static const char *stop(void)
{
    ci_notifier_free(bench.ctx->notifier);
    bench.ctx->notifier = NULL;
    bench_stop();
    return logged_end();
}

static struct ci_node *node_with(const char *name, const char *state, const char *driver_info)
{
    struct ci_node *node = bench_node(name, state);

    ci_node_set_driver_info(node, driver_info);
    ok(ci_node_save(bench.ctx, node));
    return node;
}

static int count(const char *text, const char *what)
{
    int n = 0;

    while ((text = strstr(text, what)) != NULL) {
        n++;
        text++;
    }
    return n;
}

START_TEST(a_deployed_nodes_sensors_are_told_as_ironic_tells_them)
{
    struct ci_node *node;
    const char *log;
    char uuid[37];

    start();
    node = node_with("deployed", CI_STATE_ACTIVE, SENSORS);
    snprintf(uuid, sizeof uuid, "%s", node->uuid);
    (void)node_with("available", CI_STATE_AVAILABLE, SENSORS);
    (void)node_with("silent", CI_STATE_ACTIVE, "{}");
    node = node_with("set apart", CI_STATE_ACTIVE, SENSORS);
    ci_node_set_maintenance(node, true);
    ok(ci_node_save(bench.ctx, node));
    ok(ci_sensors_send(bench.conductor, bench.ctx));
    log = stop();
    ck_assert_int_eq(count(log, "event_type=hardware.fake-hardware.metrics"), 1);
    ck_assert_ptr_nonnull(strstr(log, "\"event_type\": \"hardware.fake-hardware.metrics\""));
    ck_assert_ptr_nonnull(strstr(log, "\"event_type\": \"hardware.fake-hardware.metrics.update\""));
    ck_assert_ptr_nonnull(strstr(log, "\"publisher_id\": \"None.testhost\""));
    ck_assert_ptr_nonnull(strstr(log, "\"priority\": \"INFO\""));
    ck_assert_ptr_nonnull(strstr(log, "\"instance_uuid\": null"));
    ck_assert_ptr_nonnull(strstr(log, "\"node_name\": \"deployed\""));
    ck_assert_ptr_nonnull(strstr(log, uuid));
    ck_assert_ptr_nonnull(strstr(log, "{\"fan 1\": {\"Sensor Reading\": \"4500 RPM\"}}"));
}
END_TEST

START_TEST(nodes_that_are_not_deployed_are_asked_on_request)
{
    const char *log;

    start();
    bench.config->sensor_data.enable_for_undeployed_nodes = true;
    for (int i = 0; i < 120; i++)
        (void)node_with(ci_printf(bench.ctx->mem, "n%d", i), CI_STATE_AVAILABLE, SENSORS);
    ok(ci_sensors_send(bench.conductor, bench.ctx));
    log = stop();
    ck_assert_int_eq(count(log, "event_type=hardware.fake-hardware.metrics"), 120);
    ck_assert_ptr_nonnull(strstr(log, "doing=\"getting sensors data\" nodes=120"));
}
END_TEST

START_TEST(a_conductors_own_figures_are_told_where_they_are_collected)
{
    const char *log;

    start();
    ok(ci_sensors_send(bench.conductor, bench.ctx));
    bench.config->metrics.backend = "collector";
    ok(ci_sensors_send(bench.conductor, bench.ctx));
    bench.config->sensor_data.enable_for_conductor = false;
    ok(ci_sensors_send(bench.conductor, bench.ctx));
    log = stop();
    ck_assert_int_eq(count(log, "event_type=ironic.metrics "), 1);
    ck_assert_ptr_nonnull(strstr(log, "\"event_type\": \"ironic.metrics.update\""));
    ck_assert_ptr_nonnull(strstr(log, "\"hostname\": \"testhost\""));
    ck_assert_ptr_nonnull(strstr(
        log,
        "\"castiron_conductor_workers_refused_total\": {\"type\": \"counter\", \"count\": 0}"));
}
END_TEST

START_TEST(nobody_is_asked_where_nodes_are_left_out)
{
    const char *log;

    start();
    bench.config->sensor_data.enable_for_nodes = false;
    (void)node_with("n", CI_STATE_ACTIVE, SENSORS);
    ok(ci_sensors_send(bench.conductor, bench.ctx));
    log = stop();
    ck_assert_int_eq(count(log, "hardware.fake-hardware.metrics"), 0);
}
END_TEST

START_TEST(kinds_are_chosen_whatever_their_case)
{
    static const char *const all[] = {"Fan", "aLL", NULL}, *const some[] = {"fAN", "noise", NULL},
                             *const none[] = {NULL};
    json_t *data;

    life_start();
    data = ci_json(bench.ctx, json_pack("{s:{}, s:{}}", "Fan", "Voltage"));
    bench.config->sensor_data.data_types = all;
    ck_assert_ptr_eq(ci_sensors_wanted(bench.ctx, data), data);
    bench.config->sensor_data.data_types = some;
    ck_assert_uint_eq(json_object_size(ci_sensors_wanted(bench.ctx, data)), 1);
    ck_assert_ptr_nonnull(json_object_get(ci_sensors_wanted(bench.ctx, data), "Fan"));
    bench.config->sensor_data.data_types = none;
    ck_assert_uint_eq(json_object_size(ci_sensors_wanted(bench.ctx, data)), 0);
    bench_stop();
}
END_TEST

/* The task of a deployed node whose management interface is that. */
static struct ci_task *task_with(const struct ci_management *management)
{
    struct ci_node *node = node_with("n", CI_STATE_ACTIVE, SENSORS);
    struct ci_task *task = ci_task_on(bench.conductor, bench.ctx, node, "test");
    struct ci_hardware *hardware = ci_new(bench.ctx->mem, struct ci_hardware);

    ok(ci_task_load_driver(task));
    *hardware = *task->hardware;
    hardware->management = management;
    task->hardware = hardware;
    return task;
}

START_TEST(a_driver_without_sensors_is_no_failure)
{
    static const struct ci_management blind = {.base = {.name = "blind"}};
    const char *log;

    start();
    ok(ci_sensors_node(task_with(&blind)));
    log = stop();
    ck_assert_ptr_nonnull(strstr(log, "has no sensors"));
    ck_assert_int_eq(count(log, "hardware.fake-hardware.metrics"), 0);
}
END_TEST

static bool no_answer(struct ci_task *task, json_t **ret_data)
{
    (void)ret_data;
    return ci_fail(task->ctx, FailedToGetSensorData, task->node->uuid, "no answer");
}

START_TEST(a_driver_fails_with_its_own_words)
{
    static const struct ci_management broken = {.base = {.name = "broken"},
                                                .get_sensors_data = no_answer};

    start();
    refused(FailedToGetSensorData, "Error: no answer", ci_sensors_node(task_with(&broken)));
    (void)stop();
}
END_TEST

START_TEST(nodes_beyond_the_time_are_left_out_and_told_of)
{
    const char *log;

    start();
    bench.config->sensor_data.workers = 1;
    bench.config->sensor_data.wait_timeout = 1;
    bench.config->fake.management_delay = "1";
    for (int i = 0; i < 4; i++)
        (void)node_with(ci_printf(bench.ctx->mem, "n%d", i), CI_STATE_ACTIVE, SENSORS);
    ok(ci_sensors_send(bench.conductor, bench.ctx));
    log = stop();
    ck_assert_int_eq(count(log, "event_type=hardware.fake-hardware.metrics"), 1);
    ck_assert_ptr_nonnull(strstr(log, "the time for them is over"));
    ck_assert_ptr_nonnull(strstr(log, "nodes=3 of=4"));
}
END_TEST

START_TEST(without_the_option_nothing_is_told)
{
    const char *log;

    start();
    ci_notifier_free(bench.ctx->notifier);
    bench.config->sensor_data.send_sensor_data = false;
    ok(ci_notifier_new_measuring(bench.ctx, "unit", &bench.ctx->notifier));
    ck_assert_ptr_null(bench.ctx->notifier);
    ck_assert(!ci_notify_wants_measured(bench.ctx));
    ci_notify_measured(bench.ctx, "ironic.metrics", NULL);
    ck_assert_int_eq(ci_periodic_interval(bench.config, "send_sensor_data"), 0);
    bench.config->sensor_data.send_sensor_data = true;
    ck_assert_int_eq(ci_periodic_interval(bench.config, "send_sensor_data"), 600);
    log = stop();
    ck_assert_int_eq(count(log, "Notification"), 0);
}
END_TEST

UNIT_MAIN("conductor/sensors", a_deployed_nodes_sensors_are_told_as_ironic_tells_them,
          nodes_that_are_not_deployed_are_asked_on_request,
          a_conductors_own_figures_are_told_where_they_are_collected,
          nobody_is_asked_where_nodes_are_left_out, kinds_are_chosen_whatever_their_case,
          a_driver_without_sensors_is_no_failure, a_driver_fails_with_its_own_words,
          nodes_beyond_the_time_are_left_out_and_told_of, without_the_option_nothing_is_told)
