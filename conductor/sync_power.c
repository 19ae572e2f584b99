/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power sync.
 *
 * A machine is asked without a lock, since most are as they should be; whoever finds a difference
 * takes the lock and looks again. Nodes that failed before come first, so that machines that are
 * gone are told soon.
 */
#include "conductor/sync_power.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "conductor/history.h"
#include "conductor/mapped.h"
#include "conductor/notify.h"
#include "conductor/nova.h"
#include "conductor/observe.h"
#include "conductor/periodic.h"
#include "conductor/power.h"
#include "conductor/sweep.h"
#include "objects/info.h"
#include "objects/states.h"

#define FAULT "power failure"

struct ci_sync_counts {
    struct ci_arena *mem; /* holds this struct alone */
    pthread_mutex_t lock; /* guards by_id */
    json_t *by_id;        /* failing nodes only */
};

struct ci_sync_counts *ci_sync_counts_new(void)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_sync_counts *counts = ci_new(mem, struct ci_sync_counts);

    counts->mem = mem;
    counts->by_id = json_object();
    pthread_mutex_init(&counts->lock, NULL);
    return counts;
}

void ci_sync_counts_free(struct ci_sync_counts *counts)
{
    if (!counts)
        return;
    json_decref(counts->by_id);
    pthread_mutex_destroy(&counts->lock);
    ci_arena_free(counts->mem);
}

struct key {
    char text[24];
};

static struct key key_of(int64_t id)
{
    struct key key;

    snprintf(key.text, sizeof key.text, "%" PRId64, id);
    return key;
}

int64_t ci_sync_counts_get(struct ci_sync_counts *counts, int64_t node_id)
{
    const struct key key = key_of(node_id);
    int64_t count;

    pthread_mutex_lock(&counts->lock);
    count = json_integer_value(json_object_get(counts->by_id, key.text));
    pthread_mutex_unlock(&counts->lock);
    return count;
}

void ci_sync_counts_set(struct ci_sync_counts *counts, int64_t node_id, int64_t count)
{
    const struct key key = key_of(node_id);

    pthread_mutex_lock(&counts->lock);
    if (count > 0)
        json_object_set_new(counts->by_id, key.text, json_integer(count));
    else
        json_object_del(counts->by_id, key.text);
    pthread_mutex_unlock(&counts->lock);
}

/* Reserved by somebody, or about to change its power: there is text where there may be "". */
static bool is_busy(const struct ci_node *node)
{
    return (node->reservation && *node->reservation) ||
           (node->target_power_state && *node->target_power_state);
}

static bool is_excluded(const struct ci_node *node)
{
    static const char *const excluded[] = {CI_STATE_DEPLOYWAIT, CI_STATE_CLEANWAIT, CI_STATE_ENROLL,
                                           CI_STATE_ADOPTFAIL, NULL};

    return ci_one_of(node->provision_state, excluded) || ci_is_true(node->maintenance);
}

/* While its firmware is updated a controller may not answer, and must not be cycled. */
static bool has_firmware_update(struct ci_ctx *ctx, const struct ci_node *node, bool *ret_has)
{
    const json_t *updates;
    json_t *info;

    if (!ci_info_read(ctx, node->driver_internal_info, &info))
        return false;
    updates = json_object_get(info, "redfish_fw_updates");
    *ret_has = updates && ci_json_kind(updates) != CI_JSON_NULL;
    return true;
}

/* *ret_state is NULL where the driver knows none. A driver may say "error" instead of failing. */
static bool ask(struct ci_task *task, const char *when, const char **ret_state)
{
    *ret_state = NULL;
    if (!task->hardware->power->get_state(task, ret_state))
        return false;
    if (!ci_same(*ret_state, CI_POWER_ERROR))
        return true;
    return ci_fail_text(task->ctx, PowerStateFailure,
                        "Power driver returned ERROR state while trying to %s power state.", when);
}

static const char *shown(const char *state)
{
    return state ? state : "None";
}

static void tell_corrected(struct ci_task *task, const char *former)
{
    if (ci_same(former, task->node->power_state))
        return;
    ci_nova_tell_power(task);
    ci_notify_power_corrected(task, former);
}

/* Too often: what is known is written down, and the node set apart. `why` may be NULL. */
static bool give_up(struct ci_task *task, const char *actual, const char *why)
{
    struct ci_node *node = task->node;
    const char *former = node->power_state, *message;

    message = ci_printf(
        task->ctx->mem,
        "During sync_power_state, max retries exceeded for node %s, node state %s does not match "
        "expected state '%s'. Updating DB state to '%s' Switching node to maintenance mode.%s%s",
        node->uuid, shown(actual), shown(former), shown(actual), why ? " Error: " : "",
        why ? why : "");
    ci_error_log(task->ctx, "A node does not answer for its power", "node=%s error=%s", node->uuid,
                 message);
    ci_node_set_power_state(node, actual);
    ci_history_error(task, CI_HISTORY_MONITORING, message);
    if (!ci_is_true(node->maintenance)) {
        ci_node_set_maintenance(node, true);
        ci_node_set_maintenance_reason(node, message);
        ci_node_set_fault(node, FAULT);
    }
    if (!ci_node_save(task->ctx, node))
        return false;
    tell_corrected(task, former);
    return true;
}

static bool not_answered(struct ci_task *task, int64_t count)
{
    const int64_t most = task->ctx->config->conductor.power_state_sync_max_retries;
    const char *why = ci_error_take(task->ctx);

    if (count > most)
        return ci_task_upgrade(task) && give_up(task, NULL, why);
    ci_warning(task->ctx, "The power state of a node cannot be had",
               "node=%s attempt=%" PRId64 " of=%" PRId64 " error=%s", task->node->uuid, count, most,
               why);
    return true;
}

/*
 * A node that answers as it should has no error any more; the history keeps it. One statement,
 * since the lock is not ours: work that begins now may have set an error of its own.
 */
static bool forget_error(struct ci_task *task)
{
    struct ci_ctx *ctx = task->ctx;
    const char *values[] = {ci_printf(ctx->mem, "%" PRId64, task->node->id), task->node->last_error,
                            ci_time_db(ctx->mem, ci_time_now_us())};

    if (!ctx->config->conductor.node_history || !task->node->last_error)
        return true;
    return ci_db_run(ctx,
                     "UPDATE nodes SET last_error = NULL, updated_at = $3 WHERE id = $1 AND "
                     "last_error = $2 AND reservation IS NULL",
                     3, values, NULL);
}

/* The row follows the machine. */
static bool follow(struct ci_task *task, const char *actual)
{
    const char *former = task->node->power_state;

    ci_warning(task->ctx, "A node's power state is not as recorded, the record is put right",
               "node=%s recorded=\"%s\" actual=\"%s\"", task->node->uuid, shown(former),
               shown(actual));
    ci_node_set_power_state(task->node, actual);
    if (!former && task->ctx->config->conductor.node_history)
        ci_node_set_last_error(task->node, NULL);
    if (!ci_node_save(task->ctx, task->node))
        return false;
    tell_corrected(task, former);
    return true;
}

/* The machine follows the row; that it does not is counted, and no failure of the sync. */
static void force(struct ci_task *task, const char *actual)
{
    const char *wanted = task->node->power_state;

    ci_warning(task->ctx, "A node's power state is not as recorded, the machine is changed",
               "node=%s recorded=\"%s\" actual=\"%s\"", task->node->uuid, shown(wanted),
               shown(actual));
    if (!ci_power_action(task, wanted, 0))
        ci_error_log(task->ctx, "A node's power state could not be changed",
                     "node=%s to=\"%s\" error=%s", task->node->uuid, shown(wanted),
                     ci_error_take(task->ctx));
}

/* With the lock: a difference is dealt with, if it is one still. */
static bool settle(struct ci_task *task, const char *actual, int64_t *count)
{
    const struct ci_node *node = task->node;
    int64_t failures = *count;

    *count = 0;
    if (ci_same(node->power_state, actual) || is_excluded(node))
        return true;
    if (!node->power_state)
        return follow(task, actual);
    *count = failures;
    if (failures > task->ctx->config->conductor.power_state_sync_max_retries)
        return give_up(task, actual, NULL);
    if (task->ctx->config->conductor.force_power_state_during_sync &&
        !task->hardware->power->no_force && !ci_is_true(node->disable_power_off))
        force(task, actual);
    else
        return follow(task, actual);
    return true;
}

/* A node without a state yet is not asked before it can be. */
static bool is_askable(struct ci_task *task)
{
    const struct ci_interface *power = &task->hardware->power->base;

    return task->node->power_state || !power->validate || power->validate(task) ||
           !ci_failed_with(task->ctx, CI_ERR_InvalidParameterValue);
}

bool ci_sync_power_node(struct ci_task *task, int64_t count, int64_t *ret_count)
{
    const char *actual;

    *ret_count = 0;
    if (!is_askable(task)) {
        ci_error_clear(task->ctx);
        return true;
    }
    ci_error_clear(task->ctx);
    count++;
    if (!ask(task, "sync", &actual)) {
        *ret_count = count;
        return not_answered(task, count);
    }
    if (!ci_observe(task))
        return false;
    if (ci_same(task->node->power_state, actual))
        return forget_error(task);
    if (!ci_task_upgrade(task) || !settle(task, actual, &count))
        return false;
    *ret_count = count;
    return true;
}

/* Of a sweep. */
static bool sync_one(struct ci_task *task)
{
    struct ci_sync_counts *counts = ci_task_conductor(task)->sync_counts;
    const int64_t id = task->node->id;
    int64_t count;
    bool updating;

    if (is_busy(task->node) || is_excluded(task->node))
        return true;
    if (!has_firmware_update(task->ctx, task->node, &updating))
        return false;
    if (updating)
        return true;
    if (!ci_task_load_driver(task))
        return false;
    if (!ci_sync_power_node(task, ci_sync_counts_get(counts, id), &count))
        return false;
    ci_sync_counts_set(counts, id, count);
    return true;
}

bool ci_sync_power_recover_node(struct ci_task *task)
{
    const struct ci_interface *power = &task->hardware->power->base;
    const char *actual, *former;
    struct ci_node *node;

    if ((power->validate && !power->validate(task)) || !ask(task, "get", &actual)) {
        ci_debug(task->ctx, "A node still does not answer for its power", "node=%s error=%s",
                 task->node->uuid, ci_error_take(task->ctx));
        return true;
    }
    if (!ci_task_upgrade(task))
        return false;
    node = task->node;
    former = node->power_state;
    ci_node_set_power_state(node, actual);
    ci_node_set_maintenance(node, false);
    ci_node_set_maintenance_reason(node, NULL);
    ci_node_set_fault(node, NULL);
    if (!ci_node_save(task->ctx, node))
        return false;
    ci_info(task->ctx, "Node recovered from power failure", "node=%s state=\"%s\"", node->uuid,
            shown(actual));
    tell_corrected(task, former);
    return true;
}

/* Of a sweep. */
static bool recover_one(struct ci_task *task)
{
    const struct ci_node *node = task->node;

    if (ci_same(node->provision_state, CI_STATE_ENROLL) || !ci_is_true(node->maintenance) ||
        !ci_same(node->fault, FAULT) || is_busy(node))
        return true;
    return ci_task_load_driver(task) && ci_sync_power_recover_node(task);
}

/* One of the nodes to be asked. */
struct wanted {
    int64_t id, count;
    size_t place;
};

/* More failures first, else as they were. */
static int compare(const void *a, const void *b)
{
    const struct wanted *left = a, *right = b;

    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return left->place < right->place ? -1 : left->place > right->place;
}

static int64_t *order(struct ci_conductor *conductor, struct ci_ctx *ctx,
                      const struct ci_mapped *mapped)
{
    struct wanted *nodes = ci_alloc_array(ctx->mem, mapped->count + 1, sizeof *nodes);
    int64_t *ids = ci_mapped_ids(ctx, mapped);

    for (size_t i = 0; i < mapped->count; i++)
        nodes[i] = (struct wanted){ids[i], ci_sync_counts_get(conductor->sync_counts, ids[i]), i};
    qsort(nodes, mapped->count, sizeof *nodes, compare);
    for (size_t i = 0; i < mapped->count; i++)
        ids[i] = nodes[i].id;
    return ids;
}

bool ci_sync_power(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    const struct ci_mapped_query query = {.columns = "", .where = "NOT maintenance ORDER BY id"};
    const int64_t most = ctx->config->conductor.periodic_max_workers;
    struct ci_sweep sweep = {.purpose = "power state sync",
                             .act = sync_one,
                             .workers = ctx->config->conductor.sync_power_state_workers,
                             .begun_ns = ci_time_monotonic_ns(),
                             .interval_s = ctx->config->conductor.sync_power_state_interval};
    struct ci_mapped mapped;

    if (!ci_mapped_find(conductor, ctx, &query, &mapped))
        return false;
    if (sweep.workers > most)
        sweep.workers = most;
    ci_sweep_nodes(conductor, ctx, &sweep, mapped.count, order(conductor, ctx, &mapped));
    return true;
}

bool ci_sync_power_recover(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    static const struct ci_sweep sweep = {
        .purpose = "power failure recovery", .act = recover_one, .workers = 1};
    const char *fault = FAULT;
    const struct ci_mapped_query query = {
        .columns = "", .where = "maintenance AND fault = $1 ORDER BY id", .n = 1, .values = &fault};
    struct ci_mapped mapped;

    if (!ci_mapped_find(conductor, ctx, &query, &mapped))
        return false;
    ci_sweep_nodes(conductor, ctx, &sweep, mapped.count, ci_mapped_ids(ctx, &mapped));
    return true;
}
