/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sensor data: what machines measure, told to whoever listens. The messages are Ironic's, older
 * than its versioned notifications: Ceilometer and the Prometheus exporter read them.
 */
#include "conductor/sensors.h"

#include <string.h>
#include <strings.h>

#include "base/config.h"
#include "base/ident.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "conductor/mapped.h"
#include "conductor/metrics.h"
#include "conductor/periodic.h"
#include "conductor/sweep.h"
#include "objects/info.h"
#include "objects/states.h"
#include "rpc/notify.h"

#define NS_PER_S INT64_C(1000000000)

static bool has_word(const char *const *list, const char *word)
{
    for (; list && *list; list++) {
        if (strcasecmp(*list, word) == 0)
            return true;
    }
    return false;
}

json_t *ci_sensors_wanted(struct ci_ctx *ctx, json_t *data)
{
    const char *const *kinds = ctx->config->sensor_data.data_types;
    json_t *wanted, *value;
    const char *kind;

    if (has_word(kinds, "all"))
        return data;
    wanted = ci_json(ctx, json_object());
    json_object_foreach(data, kind, value)
    {
        if (has_word(kinds, kind))
            json_object_set(wanted, kind, value);
    }
    return wanted;
}

static bool ask(struct ci_task *task, json_t **ret_data)
{
    const struct ci_management *driver = task->hardware->management;

    *ret_data = NULL;
    if (driver->base.validate && !driver->base.validate(task))
        return false;
    if (!driver->get_sensors_data) {
        ci_debug(task->ctx, "The driver of a node has no sensors", "node=%s interface=%s",
                 task->node->uuid, driver->base.name);
        return true;
    }
    return driver->get_sensors_data(task, ret_data);
}

bool ci_sensors_node(struct ci_task *task)
{
    const struct ci_node *node = task->node;
    struct ci_ctx *ctx = task->ctx;
    const char *event;
    json_t *data;

    if (!ask(task, &data))
        return false;
    data = data ? ci_sensors_wanted(ctx, data) : NULL;
    if (json_object_size(data) == 0)
        return true;
    event = ci_printf(ctx->mem, "hardware.%s.metrics", node->driver);
    ci_notify_measured(
        ctx, event,
        ci_json(ctx, json_pack("{s:s, s:s?, s:s, s:o, s:s?, s:o, s:O}", "message_id",
                               ci_uuid_new(ctx->mem), "instance_uuid", node->instance_uuid,
                               "node_uuid", node->uuid, "timestamp", ci_info_time(ci_time_now_us()),
                               "node_name", node->name, "event_type",
                               json_sprintf("%s.update", event), "payload", data)));
    return true;
}

/* "ironic.metrics": what the conductor has counted, where it collects that. */
static void send_own(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    json_t *figures = ci_json(ctx, json_object());

    if (!ctx->config->sensor_data.enable_for_conductor ||
        strcmp(ctx->config->metrics.backend, "collector") != 0)
        return;
    ci_conductor_write_metrics(ci_metrics_collector(ctx->mem, figures), conductor);
    figures = ci_sensors_wanted(ctx, figures);
    if (json_object_size(figures) == 0)
        return;
    ci_notify_measured(
        ctx, "ironic.metrics",
        ci_json(ctx,
                json_pack("{s:s, s:o, s:s, s:s, s:O}", "message_id", ci_uuid_new(ctx->mem),
                          "timestamp", ci_info_time(ci_time_now_us()), "hostname", conductor->host,
                          "event_type", "ironic.metrics.update", "payload", figures)));
}

/* Of a sweep. */
static bool send_one(struct ci_task *task)
{
    return ci_is_true(task->node->maintenance) ||
           (ci_task_load_driver(task) && ci_sensors_node(task));
}

/* Those that are deployed, or all. */
static bool find(struct ci_conductor *conductor, struct ci_ctx *ctx, struct ci_mapped *ret_mapped)
{
    const char *active = CI_STATE_ACTIVE;
    const struct ci_mapped_query all = {.columns = "", .where = "NOT maintenance ORDER BY id"};
    const struct ci_mapped_query deployed = {
        .columns = "",
        .where = "NOT maintenance AND provision_state = $1 ORDER BY id",
        .n = 1,
        .values = &active};
    const bool any = ctx->config->sensor_data.enable_for_undeployed_nodes;

    return ci_mapped_find(conductor, ctx, any ? &all : &deployed, ret_mapped);
}

bool ci_sensors_send(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    const struct ci_config *config = ctx->config;
    const int64_t begun_ns = ci_time_monotonic_ns(), limit_s = config->sensor_data.wait_timeout;
    const struct ci_sweep sweep = {.purpose = "getting sensors data",
                                   .act = send_one,
                                   .workers = config->sensor_data.workers,
                                   .until_ns = limit_s > 0 ? begun_ns + limit_s * NS_PER_S : 0,
                                   .begun_ns = begun_ns,
                                   .interval_s = config->sensor_data.interval};
    struct ci_mapped mapped;

    if (!ci_notify_wants_measured(ctx))
        return true;
    send_own(conductor, ctx);
    if (!config->sensor_data.enable_for_nodes)
        return true;
    if (!find(conductor, ctx, &mapped))
        return false;
    ci_sweep_nodes(conductor, ctx, &sweep, mapped.count, ci_mapped_ids(ctx, &mapped));
    return true;
}
