/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conductors as the database knows them.
 *
 * updated_at is the heartbeat. Every statement that writes a row sets it, as Ironic's does.
 */
#include "objects/conductor.h"

#include "base/text.h"
#include "objects/releases.h"
#include "objects/row.h"

#include <inttypes.h>

#define US_PER_S INT64_C(1000000)

static const struct ci_default defaults[] = {
    {"conductor_group", ""},
    {"online", "1"},
    {.field = NULL},
};

#define OBJECT conductor_record
#define FIELDS "objects/conductor.def"
#define TYPE                                                                                       \
    .name = "Conductor", .table = "conductors", .key = "id", .major = 1, .minor = 6,               \
    .defaults = defaults
#include "objects/define.h"

static const char *now_text(struct ci_ctx *ctx)
{
    return ci_time_db(ctx->mem, ci_time_now_us());
}

bool ci_conductor_now(struct ci_ctx *ctx, int64_t *ret_us)
{
    struct ci_rows *rows;
    const char *text;

    if (ci_db_is_sqlite(ctx->db)) {
        *ret_us = ci_time_now_us();
        return true;
    }
    if (!ci_db_query(ctx, "SELECT LOCALTIMESTAMP", 0, NULL, &rows))
        return false;
    text = rows->count > 0 ? ci_row_text(rows, 0, 0) : NULL;
    return (text && ci_time_parse(text, ret_us)) ||
           ci_fail_text(ctx, DatabaseError, "The database does not tell the time.");
}

bool ci_conductor_oldest_beat(struct ci_ctx *ctx, int64_t timeout_s, const char **ret_oldest)
{
    int64_t now_us;

    if (!ci_conductor_now(ctx, &now_us))
        return false;
    *ret_oldest = ci_time_db(ctx->mem, now_us - timeout_s * US_PER_S);
    return true;
}

bool ci_conductor_load(struct ci_ctx *ctx, const char *hostname, enum ci_conductor_which which,
                       struct ci_conductor_record **ret_conductor)
{
    const char *where = which == CI_CONDUCTOR_ONLINE ? "hostname = $1 AND online" : "hostname = $1";
    struct ci_conductor_record *conductor;

    if (!ci_row_load(ctx, &ci_conductor_record_type, where, 1, &hostname, &conductor))
        return false;
    if (!conductor)
        return ci_fail(ctx, ConductorNotFound, hostname);
    *ret_conductor = conductor;
    return true;
}

bool ci_conductor_load_all(struct ci_ctx *ctx, size_t *ret_count,
                           struct ci_conductor_record ***ret_conductors)
{
    return ci_row_load_all(ctx, &ci_conductor_record_type, NULL, NULL, 0, NULL, ret_count,
                           ret_conductors);
}

/* Does the age of a heartbeat count? */
static bool age_counts(const struct ci_ctx *ctx, int64_t timeout_s)
{
    return timeout_s > 0 && !ci_db_is_sqlite(ctx->db);
}

bool ci_conductor_load_alive(struct ci_ctx *ctx, int64_t timeout_s, size_t *ret_count,
                             struct ci_conductor_record ***ret_conductors)
{
    bool aged = age_counts(ctx, timeout_s);
    const char *oldest;

    if (!ci_conductor_oldest_beat(ctx, timeout_s, &oldest))
        return false;
    return ci_row_load_all(ctx, &ci_conductor_record_type,
                           aged ? "online AND updated_at >= $1" : "online", NULL, aged, &oldest,
                           ret_count, ret_conductors);
}

bool ci_conductor_is_alive(const struct ci_ctx *ctx, const struct ci_conductor_record *conductor,
                           int64_t timeout_s)
{
    /* For those who look at it; what is done about a row asks the database's clock. */
    return ci_is_true(conductor->online) &&
           (!age_counts(ctx, timeout_s) ||
            conductor->updated_at >= ci_time_now_us() - timeout_s * US_PER_S);
}

bool ci_conductor_offline_hosts(struct ci_ctx *ctx, int64_t timeout_s,
                                const char *const **ret_hosts)
{
    bool aged = !ci_db_is_sqlite(ctx->db);
    const char **hosts, *oldest;
    struct ci_rows *rows;

    if (!ci_conductor_oldest_beat(ctx, timeout_s, &oldest) ||
        !ci_db_query(ctx,
                     aged ? "SELECT hostname FROM conductors WHERE updated_at < $1 ORDER BY id"
                          : "SELECT hostname FROM conductors WHERE NOT online ORDER BY id",
                     aged, &oldest, &rows))
        return false;
    hosts = ci_alloc_array(ctx->mem, rows->count + 1, sizeof *hosts);
    for (size_t i = 0; i < rows->count; i++)
        hosts[i] = ci_row_text(rows, i, 0);
    *ret_hosts = hosts;
    return true;
}

/* The row of a host that was here before becomes this conductor's. */
static bool take_over(struct ci_ctx *ctx, struct ci_conductor_record *conductor,
                      const struct ci_conductor_record *old)
{
    bool found;

    ci_conductor_record_set_id(conductor, old->id);
    ci_conductor_record_set_created_at(conductor, old->created_at);
    ci_fieldset_remove(&conductor->object.changed, ci_conductor_record_created_at_n);
    if (!ci_row_save(ctx, conductor, &found))
        return false;
    return found || ci_fail(ctx, ConductorNotFound, conductor->hostname);
}

static bool enrol(struct ci_ctx *ctx, struct ci_conductor_record *conductor,
                  enum ci_conductor_existing existing)
{
    struct ci_conductor_record *old;

    if (!ci_row_load(ctx, &ci_conductor_record_type, "hostname = $1", 1, &conductor->hostname,
                     &old))
        return false;
    if (old && ci_is_true(old->online) && existing == CI_CONDUCTOR_REFUSE)
        return ci_fail(ctx, ConductorAlreadyRegistered, conductor->hostname);
    if (old ? take_over(ctx, conductor, old) : ci_row_insert(ctx, conductor))
        return true;
    /* Another process of the same host was faster. */
    return ci_failed_with(ctx, CI_ERR_UniqueViolation) &&
           ci_fail(ctx, ConductorAlreadyRegistered, conductor->hostname);
}

bool ci_conductor_register(struct ci_ctx *ctx, struct ci_conductor_record *conductor,
                           enum ci_conductor_existing existing)
{
    ci_conductor_record_set_online(conductor, 1);
    int64_t now_us;

    if (!ci_conductor_now(ctx, &now_us))
        return false;
    ci_conductor_record_set_updated_at(conductor, now_us);
    return ci_db_begin(ctx) && ci_row_end(ctx, enrol(ctx, conductor, existing));
}

static bool drop_interfaces(struct ci_ctx *ctx, const struct ci_conductor_record *conductor)
{
    const char *id = ci_printf(ctx->mem, "%" PRId64, conductor->id);

    return ci_db_run(ctx, "DELETE FROM conductor_hardware_interfaces WHERE conductor_id = $1", 1,
                     &id, NULL);
}

static bool leave(struct ci_ctx *ctx, const struct ci_conductor_record *conductor)
{
    const char *values[] = {now_text(ctx), conductor->hostname};
    int64_t changed;

    if (!drop_interfaces(ctx, conductor) ||
        !ci_db_run(ctx,
                   "UPDATE conductors SET online = '0', updated_at = $1 "
                   "WHERE hostname = $2 AND online",
                   2, values, &changed))
        return false;
    return changed > 0 || ci_fail(ctx, ConductorNotFound, conductor->hostname);
}

bool ci_conductor_unregister(struct ci_ctx *ctx, const struct ci_conductor_record *conductor)
{
    return ci_db_begin(ctx) && ci_row_end(ctx, leave(ctx, conductor));
}

bool ci_conductor_touch(struct ci_ctx *ctx, const char *hostname, enum ci_conductor_beat beat)
{
    /* The version tells who may read what; a pin that is lifted meanwhile shows in it. */
    const int minor = ci_release_minor(ci_release_pinned(ctx), &ci_conductor_record_type);
    const char *values[] = {beat == CI_CONDUCTOR_STAYING ? "1" : "0", hostname,
                            ci_printf(ctx->mem, "1.%d", minor), now_text(ctx)};
    const bool own_clock = ci_db_is_sqlite(ctx->db);
    int64_t changed;

    if (!ci_db_run(ctx,
                   own_clock ? "UPDATE conductors SET online = $1, version = $3, updated_at = $4 "
                               "WHERE hostname = $2"
                             : "UPDATE conductors SET online = $1, version = $3, "
                               "updated_at = LOCALTIMESTAMP WHERE hostname = $2",
                   own_clock ? 4 : 3, values, &changed))
        return false;
    return changed > 0 || ci_fail(ctx, ConductorNotFound, hostname);
}

static bool insert_interface(struct ci_ctx *ctx, const struct ci_conductor_record *conductor,
                             const struct ci_conductor_interface *interface)
{
    const char *values[] = {
        now_text(ctx),
        ci_printf(ctx->mem, "%" PRId64, conductor->id),
        interface->hardware_type,
        interface->interface_type,
        interface->interface_name,
        interface->is_default ? "1" : "0",
    };

    if (ci_db_run(ctx,
                  "INSERT INTO conductor_hardware_interfaces (created_at, conductor_id, "
                  "hardware_type, interface_type, interface_name, \"default\") "
                  "VALUES ($1, $2, $3, $4, $5, $6)",
                  6, values, NULL))
        return true;
    return ci_failed_with(ctx, CI_ERR_UniqueViolation) &&
           ci_fail(ctx, ConductorHardwareInterfacesAlreadyRegistered,
                   ci_printf(ctx->mem, "%s %s %s", interface->hardware_type,
                             interface->interface_type, interface->interface_name));
}

static bool replace_interfaces(struct ci_ctx *ctx, const struct ci_conductor_record *conductor,
                               size_t n, const struct ci_conductor_interface *interfaces)
{
    if (!drop_interfaces(ctx, conductor))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!insert_interface(ctx, conductor, &interfaces[i]))
            return false;
    return true;
}

bool ci_conductor_set_interfaces(struct ci_ctx *ctx, const struct ci_conductor_record *conductor,
                                 size_t n, const struct ci_conductor_interface *interfaces)
{
    return ci_db_begin(ctx) && ci_row_end(ctx, replace_interfaces(ctx, conductor, n, interfaces));
}

#define INTERFACES                                                                                 \
    "SELECT i.hardware_type, i.interface_type, i.interface_name, i.\"default\", c.hostname, "      \
    "c.conductor_group FROM conductor_hardware_interfaces i "                                      \
    "JOIN conductors c ON c.id = i.conductor_id WHERE c.online"

bool ci_conductor_load_interfaces(struct ci_ctx *ctx, int64_t timeout_s, const char *hardware_type,
                                  size_t *ret_count, struct ci_conductor_interface **ret_interfaces)
{
    const char *sql = INTERFACES " ORDER BY i.id";
    const char *oldest = ci_time_db(ctx->mem, ci_time_now_us() - timeout_s * US_PER_S);
    const char *values[2] = {hardware_type, oldest};
    struct ci_conductor_interface *interfaces;
    bool aged = age_counts(ctx, timeout_s);
    size_t first = hardware_type ? 0 : 1;
    struct ci_rows *rows;

    if (hardware_type && aged)
        sql = INTERFACES " AND i.hardware_type = $1 AND c.updated_at >= $2 ORDER BY i.id";
    else if (hardware_type)
        sql = INTERFACES " AND i.hardware_type = $1 ORDER BY i.id";
    else if (aged)
        sql = INTERFACES " AND c.updated_at >= $1 ORDER BY i.id";
    if (!ci_db_query(ctx, sql, 1 - first + aged, values + first, &rows))
        return false;
    interfaces = ci_alloc_array(ctx->mem, rows->count + 1, sizeof *interfaces);
    for (size_t i = 0; i < rows->count; i++)
        interfaces[i] = (struct ci_conductor_interface){
            .hardware_type = ci_row_text(rows, i, 0),
            .interface_type = ci_row_text(rows, i, 1),
            .interface_name = ci_row_text(rows, i, 2),
            .is_default = ci_row_bool(rows, i, 3, 0) > 0,
            .hostname = ci_row_text(rows, i, 4),
            .group = ci_row_text(rows, i, 5),
        };
    *ret_count = rows->count;
    *ret_interfaces = interfaces;
    return true;
}

bool ci_conductor_clear_reservations(struct ci_ctx *ctx, const char *hostname, int64_t *ret_count)
{
    const char *values[] = {now_text(ctx), hostname};

    return ci_db_run(ctx,
                     "UPDATE nodes SET reservation = NULL, updated_at = $1 "
                     "WHERE LOWER(reservation) = LOWER($2)",
                     2, values, ret_count);
}

bool ci_conductor_clear_power_targets(struct ci_ctx *ctx, const char *hostname, int64_t *ret_count)
{
    const char *values[] = {
        now_text(ctx),
        hostname,
        "Pending power operation was aborted due to conductor restart",
    };

    return ci_db_run(ctx,
                     "UPDATE nodes SET target_power_state = NULL, last_error = $3, updated_at = $1 "
                     "WHERE LOWER(reservation) = LOWER($2) AND target_power_state IS NOT NULL",
                     3, values, ret_count);
}
