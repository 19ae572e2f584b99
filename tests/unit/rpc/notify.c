/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/log.h"
#include "base/time.h"
#include "objects/chassis.h"
#include "tests/unit/unit.h"

/* A configuration and a log of the test's own. */
struct bench {
    struct ci_ctx *ctx;
    struct ci_config *config;
    struct ci_chassis *chassis;
    char path[32];
};

static struct bench make(const char *level, const char *driver)
{
    struct bench bench = {.ctx = unit_ctx(), .config = ci_config_defaults()};
    const char **drivers = ci_alloc_array(bench.ctx->mem, 2, sizeof *drivers);
    int file;

    drivers[0] = driver;
    bench.config->DEFAULT.notification_level = level;
    bench.config->DEFAULT.host = "here";
    bench.config->oslo_messaging_notifications.driver = drivers;
    bench.ctx->config = bench.config;
    bench.chassis = ci_object_new(bench.ctx->mem, &ci_chassis_type);
    ci_chassis_set_uuid(bench.chassis, "1be26c0b-03f2-4d2e-ae87-c02d7f33c781");
    ci_chassis_set_extra(bench.chassis, "{\"a\": [1]}");
    snprintf(bench.path, sizeof bench.path, "/tmp/castiron-unit-XXXXXX");
    file = mkstemp(bench.path);
    ck_assert_int_ge(file, 0);
    close(file);
    bench.config->DEFAULT.log_file = bench.path;
    ck_assert(ci_log_open(bench.ctx, bench.config, "unit"));
    ck_assert(ci_notifier_new(bench.ctx, "unit", &bench.ctx->notifier));
    return bench;
}

static struct ci_notification about(const struct bench *bench, enum ci_notify_status status)
{
    return (struct ci_notification){.service = "ironic-api",
                                    .payload = CI_PAYLOAD_ChassisCRUDPayload,
                                    .object = "chassis",
                                    .action = "update",
                                    .status = status,
                                    .record = bench->chassis};
}

/* Sends what waits, and gives the log. */
static const char *done(struct bench *bench)
{
    static char text[65536];
    FILE *file;

    ci_notifier_free(bench->ctx->notifier);
    bench->ctx->notifier = NULL;
    ci_log_close();
    file = fopen(bench->path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    unlink(bench->path);
    ci_config_free(bench->config);
    bench->ctx->config = NULL;
    return text;
}

START_TEST(nothing_is_made_unless_level_and_driver_are_set)
{
    static const char *const cases[][2] = {
        {NULL, "messagingv2"}, {"", "messagingv2"},   {"info", NULL},  {"info", ""},
        {"info", "noop"},      {"info", "none-such"}, {"info", "test"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench bench = make(cases[i][0], cases[i][1]);
        const struct ci_notification notification = about(&bench, CI_NOTIFY_ERROR);

        ck_assert_ptr_null(bench.ctx->notifier);
        ck_assert(!ci_notify_wants(bench.ctx, CI_NOTIFY_ERROR));
        ci_notify_send(bench.ctx, &notification);
        ck_assert_ptr_null(ci_notify_prepare(bench.ctx, &notification));
        (void)done(&bench);
    }
}
END_TEST

START_TEST(an_unknown_driver_is_told_of)
{
    struct bench bench = make("info", "none-such");

    ck_assert_ptr_nonnull(strstr(done(&bench), "driver=none-such"));
}
END_TEST

START_TEST(levels_are_in_their_order)
{
    static const struct {
        const char *level;
        bool info, error;
    } cases[] = {{"debug", true, true},
                 {"info", true, true},
                 {"warning", false, true},
                 {"error", false, true},
                 {"critical", false, false}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench bench = make(cases[i].level, "log");

        ck_assert_int_eq(ci_notify_wants(bench.ctx, CI_NOTIFY_START), cases[i].info);
        ck_assert_int_eq(ci_notify_wants(bench.ctx, CI_NOTIFY_END), cases[i].info);
        ck_assert_int_eq(ci_notify_wants(bench.ctx, CI_NOTIFY_SUCCESS), cases[i].info);
        ck_assert_int_eq(ci_notify_wants(bench.ctx, CI_NOTIFY_ERROR), cases[i].error);
        (void)done(&bench);
    }
}
END_TEST

START_TEST(a_notification_is_whole_and_without_the_token)
{
    struct bench bench = make("info", "log");
    const struct ci_notification notification = about(&bench, CI_NOTIFY_END);
    const char *log;

    bench.ctx->who.auth_token = "gAAAAA-secret";
    bench.ctx->who.user_id = "someone";
    bench.ctx->request_id = "req-1";
    ci_notify_send(bench.ctx, &notification);
    log = done(&bench);
    bench.ctx->who = (struct ci_identity){.user_id = NULL};
    ck_assert_ptr_null(strstr(log, "gAAAAA-secret"));
    ck_assert_ptr_nonnull(strstr(log, "event_type=baremetal.chassis.update.end"));
    ck_assert_ptr_nonnull(strstr(log, "\"publisher_id\": \"ironic-api.here\""));
    ck_assert_ptr_nonnull(strstr(log, "\"priority\": \"INFO\""));
    ck_assert_ptr_nonnull(strstr(log, "\"ironic_object.name\": \"ChassisCRUDPayload\""));
    ck_assert_ptr_nonnull(strstr(log, "\"extra\": {\"a\": [1]}"));
    ck_assert_ptr_nonnull(strstr(log, "\"_context_request_id\": \"req-1\""));
    ck_assert_ptr_nonnull(strstr(log, "\"_context_user\": \"someone\""));
}
END_TEST

START_TEST(the_error_that_is_told_of_stays)
{
    struct bench bench = make("info", "log");
    const struct ci_notification notification = about(&bench, CI_NOTIFY_ERROR);

    ck_assert(!ci_fail(bench.ctx, NodeLocked, "a", "b"));
    ci_notify_send(bench.ctx, &notification);
    ck_assert_int_eq(bench.ctx->error->class, CI_ERR_NodeLocked);
    ck_assert_ptr_nonnull(strstr(done(&bench), "\"priority\": \"ERROR\""));
}
END_TEST

START_TEST(what_cannot_be_made_is_left_out_and_fails_nothing)
{
    struct bench bench = make("info", "log");
    const struct ci_notification notification = about(&bench, CI_NOTIFY_END);
    const char *log;

    ci_chassis_set_extra(bench.chassis, "{\"a\": ");
    ci_notify_send(bench.ctx, &notification);
    ck_assert_ptr_null(bench.ctx->error);
    log = done(&bench);
    ck_assert_ptr_nonnull(strstr(log, "A notification is left out"));
    ck_assert_ptr_null(strstr(log, "message={"));
}
END_TEST

START_TEST(what_is_dropped_is_not_sent)
{
    struct bench bench = make("info", "log");
    const struct ci_notification notification = about(&bench, CI_NOTIFY_END);
    struct ci_notice *notice = ci_notify_prepare(bench.ctx, &notification);

    ck_assert_ptr_nonnull(notice);
    ci_notice_drop(notice);
    ci_notice_drop(NULL);
    ci_notice_send(NULL);
    ck_assert_ptr_null(strstr(done(&bench), "message={"));
}
END_TEST

START_TEST(without_a_broker_nobody_waits_and_losses_are_counted)
{
    struct bench bench = make(NULL, "messagingv2");
    const struct ci_notification notification = about(&bench, CI_NOTIFY_END);
    int64_t begun;
    const char *log;

    bench.config->DEFAULT.notification_level = "info";
    bench.config->DEFAULT.transport_url = "rabbit://u:p@127.0.0.1:1/";
    ck_assert(ci_notifier_new(bench.ctx, "unit", &bench.ctx->notifier));
    begun = ci_time_monotonic_ns();
    for (int i = 0; i < 1500; i++)
        ci_notify_send(bench.ctx, &notification);
    ck_assert_int_lt(ci_time_monotonic_ns() - begun, INT64_C(1000000000));
    log = done(&bench);
    ck_assert_int_lt(ci_time_monotonic_ns() - begun, INT64_C(10000000000));
    ck_assert_ptr_nonnull(strstr(log, "Notifications are dropped"));
    ck_assert_ptr_nonnull(strstr(log, "dropped=1500"));
    ck_assert_ptr_null(strstr(log, "u:p"));
}
END_TEST

/* Of the sensors of machines: without any level for what happens to records. */
START_TEST(what_is_measured_is_told_whatever_the_level)
{
    struct bench bench = make(NULL, "log");
    json_t *payload = ci_json(bench.ctx, json_pack("{s:i}", "fans", 4));
    const char *log;

    ck_assert_ptr_null(bench.ctx->notifier);
    bench.config->sensor_data.send_sensor_data = true;
    ck_assert(ci_notifier_new_measuring(bench.ctx, "unit", &bench.ctx->notifier));
    ck_assert(ci_notify_wants_measured(bench.ctx));
    ck_assert(!ci_notify_wants(bench.ctx, CI_NOTIFY_ERROR));
    ci_notify_measured(bench.ctx, "hardware.x.metrics", payload);
    log = done(&bench);
    ck_assert_ptr_nonnull(strstr(log, "\"event_type\": \"hardware.x.metrics\""));
    ck_assert_ptr_nonnull(strstr(log, "\"payload\": {\"fans\": 4}"));
    ck_assert_ptr_nonnull(strstr(log, "\"publisher_id\": \"None.here\""));
}
END_TEST

START_TEST(an_api_measures_nothing)
{
    struct bench bench = make("info", "log");

    bench.config->sensor_data.send_sensor_data = true;
    ck_assert(!ci_notify_wants_measured(bench.ctx));
    ci_notify_measured(bench.ctx, "hardware.x.metrics", NULL);
    ck_assert_ptr_null(strstr(done(&bench), "hardware.x.metrics"));
}
END_TEST

START_TEST(measuring_for_nobody_is_warned_of)
{
    struct bench bench = make(NULL, NULL);

    bench.config->sensor_data.send_sensor_data = true;
    ck_assert(ci_notifier_new_measuring(bench.ctx, "unit", &bench.ctx->notifier));
    ck_assert_ptr_null(bench.ctx->notifier);
    ck_assert_ptr_nonnull(strstr(done(&bench), "Sensor data goes nowhere"));
}
END_TEST

START_TEST(a_wrong_url_stops_the_start)
{
    struct bench bench = make(NULL, "messaging");

    bench.config->DEFAULT.notification_level = "info";
    bench.config->oslo_messaging_notifications.transport_url = "kafka://h/";
    ck_assert(!ci_notifier_new(bench.ctx, "unit", &bench.ctx->notifier));
    ck_assert(ci_failed_with(bench.ctx, CI_ERR_ConfigInvalid));
    ck_assert_ptr_null(bench.ctx->notifier);
    (void)done(&bench);
}
END_TEST

UNIT_MAIN("rpc/notify", nothing_is_made_unless_level_and_driver_are_set,
          an_unknown_driver_is_told_of, levels_are_in_their_order,
          a_notification_is_whole_and_without_the_token, the_error_that_is_told_of_stays,
          what_cannot_be_made_is_left_out_and_fails_nothing, what_is_dropped_is_not_sent,
          without_a_broker_nobody_waits_and_losses_are_counted,
          what_is_measured_is_told_whatever_the_level, an_api_measures_nothing,
          measuring_for_nobody_is_warned_of, a_wrong_url_stops_the_start)
