/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conductor's rows in the database.
 *
 * The row of a host is never deleted and keeps its number, which nodes and allocations refer to.
 * Host names are compared without regard to case where locks are taken back, as Ironic does.
 */
#include "conductor/registry.h"

#include <inttypes.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "db/db.h"
#include "drivers/hardware.h"
#include "objects/conductor.h"
#include "objects/releases.h"
#include "objects/row.h"

static const char aborted_power[] = "Pending power operation was aborted due to conductor restart";

static const char *number(struct ci_ctx *ctx, int64_t value)
{
    return ci_printf(ctx->mem, "%" PRId64, value);
}

static bool load(struct ci_ctx *ctx, const char *host, struct ci_conductor **ret_row)
{
    const char *values[] = {host};

    return ci_row_load(ctx, &ci_conductor_type, "hostname = $1", 1, values, ret_row);
}

bool ci_registry_look(struct ci_ctx *ctx, const char *host,
                      struct ci_registration *ret_registration)
{
    struct ci_conductor *row;

    if (!load(ctx, host, &row))
        return false;
    *ret_registration = (struct ci_registration){
        .online = row && ci_is_true(row->online),
        .updated_at = row ? row->updated_at : CI_NULL_TIME,
    };
    return true;
}

bool ci_registry_forget_locks(struct ci_ctx *ctx, const char *host)
{
    const char *now = ci_time_db(ctx->mem, ci_time_now_us());
    const char *power_values[] = {aborted_power, now, host};
    const char *lock_values[] = {now, host};
    int64_t powers, locks;

    if (!ci_db_begin(ctx) ||
        !ci_db_run(ctx,
                   "UPDATE nodes SET target_power_state = NULL, last_error = $1, updated_at = $2 "
                   "WHERE lower(reservation) = lower($3) AND target_power_state IS NOT NULL",
                   3, power_values, &powers) ||
        !ci_db_run(ctx,
                   "UPDATE nodes SET reservation = NULL, updated_at = $1 "
                   "WHERE lower(reservation) = lower($2)",
                   2, lock_values, &locks) ||
        !ci_db_commit(ctx))
        return false;
    if (powers > 0)
        ci_warning(ctx, "Pending power operations of a former process were aborted",
                   "host=%s nodes=%" PRId64, host, powers);
    if (locks > 0)
        ci_warning(ctx, "Locks of a former process were taken back", "host=%s nodes=%" PRId64, host,
                   locks);
    return true;
}

/* The names of enabled hardware types as a JSON list. */
static const char *drivers_json(struct ci_ctx *ctx)
{
    const char *const *types = ci_hardware_enabled(ctx);
    json_t *list = ci_json(ctx, json_array());

    for (size_t i = 0; types[i]; i++)
        json_array_append_new(list, json_string(types[i]));
    return ci_json_text(ctx->mem, list);
}

static const char *group(struct ci_ctx *ctx)
{
    char *group = ci_strdup(ctx->mem, ctx->config->conductor.conductor_group
                                          ? ctx->config->conductor.conductor_group
                                          : "");

    for (char *c = group; *c; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    return group;
}

static bool enter_row(struct ci_ctx *ctx, const char *host, int64_t *ret_id)
{
    struct ci_conductor *row;
    bool known;

    if (!load(ctx, host, &row))
        return false;
    known = row;
    if (!known) {
        row = ci_object_new(ctx->mem, &ci_conductor_type);
        ci_conductor_set_hostname(row, host);
    } else if (ci_is_true(row->online)) {
        ci_warning(ctx, "A conductor of this name was registered and did not leave in order",
                   "host=%s", host);
    }
    ci_conductor_set_drivers(row, drivers_json(ctx));
    ci_conductor_set_conductor_group(row, group(ctx));
    ci_conductor_set_online(row, 1);
    ci_conductor_set_updated_at(row, ci_time_now_us());
    if (!(known ? ci_row_save(ctx, row, NULL) : ci_row_insert(ctx, row)))
        return false;
    *ret_id = row->id;
    return true;
}

static bool enter_interface(struct ci_ctx *ctx, int64_t id, const char *type,
                            const char *interface_type, const char *name, const char *by_default)
{
    const char *values[] = {number(ctx, id),
                            type,
                            interface_type,
                            name,
                            ci_same(name, by_default) ? "1" : "0",
                            ci_time_db(ctx->mem, ci_time_now_us())};

    return ci_db_run(ctx,
                     "INSERT INTO conductor_hardware_interfaces (conductor_id, hardware_type, "
                     "interface_type, interface_name, \"default\", created_at) "
                     "VALUES ($1, $2, $3, $4, $5, $6)",
                     6, values, NULL);
}

static bool enter_interfaces_of(struct ci_ctx *ctx, int64_t id, const char *type)
{
    for (size_t i = 0; ci_interface_types[i]; i++) {
        const char *const *names = ci_hardware_interfaces(ctx, type, ci_interface_types[i]);
        const char *by_default;

        if (!ci_hardware_default(ctx, type, ci_interface_types[i], &by_default))
            return false;
        for (size_t n = 0; names[n]; n++) {
            if (!enter_interface(ctx, id, type, ci_interface_types[i], names[n], by_default))
                return false;
        }
    }
    return true;
}

static bool forget_interfaces(struct ci_ctx *ctx, int64_t id)
{
    const char *values[] = {number(ctx, id)};

    return ci_db_run(ctx, "DELETE FROM conductor_hardware_interfaces WHERE conductor_id = $1", 1,
                     values, NULL);
}

bool ci_registry_enter(struct ci_ctx *ctx, const char *host, int64_t *ret_id)
{
    const char *const *types = ci_hardware_enabled(ctx);

    if (!ci_db_begin(ctx) || !enter_row(ctx, host, ret_id) || !forget_interfaces(ctx, *ret_id))
        return false;
    for (size_t i = 0; types[i]; i++) {
        if (!enter_interfaces_of(ctx, *ret_id, types[i]))
            return false;
    }
    return ci_db_commit(ctx);
}

bool ci_registry_touch(struct ci_ctx *ctx, const char *host, bool online)
{
    const char *values[] = {ci_time_db(ctx->mem, ci_time_now_us()), online ? "1" : "0", host};

    return ci_db_run(ctx, "UPDATE conductors SET updated_at = $1, online = $2 WHERE hostname = $3",
                     3, values, NULL);
}

bool ci_registry_leave(struct ci_ctx *ctx, const char *host, int64_t id)
{
    return ci_db_begin(ctx) && forget_interfaces(ctx, id) && ci_registry_touch(ctx, host, false) &&
           ci_db_commit(ctx);
}

bool ci_registry_others(struct ci_ctx *ctx, const char *host, int64_t *ret_count)
{
    const char *oldest =
        ci_time_db(ctx->mem, ci_time_now_us() - ctx->config->conductor.heartbeat_timeout * 1000000);
    const char *values[] = {"1", oldest, host};
    struct ci_rows *rows;

    if (!ci_db_query(ctx,
                     "SELECT count(*) FROM conductors "
                     "WHERE online = $1 AND updated_at >= $2 AND hostname <> $3",
                     3, values, &rows))
        return false;
    *ret_count = ci_row_int(rows, 0, 0, 0);
    return true;
}

bool ci_registry_held(struct ci_ctx *ctx, const char *host, int64_t *ret_count)
{
    const char *values[] = {host};
    struct ci_rows *rows;

    if (!ci_db_query(ctx, "SELECT count(*) FROM nodes WHERE reservation = $1", 1, values, &rows))
        return false;
    *ret_count = ci_row_int(rows, 0, 0, 0);
    return true;
}
