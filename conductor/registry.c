/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conductor's rows in the database.
 */
#include "conductor/registry.h"

#include <inttypes.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "db/db.h"
#include "drivers/hardware.h"

/* The names of enabled hardware types as a JSON list. */
static const char *drivers_json(struct ci_ctx *ctx)
{
    const char *const *types = ci_hardware_enabled(ctx);
    json_t *list = ci_json(ctx, json_array());

    for (size_t i = 0; types[i]; i++)
        json_array_append_new(list, json_string(types[i]));
    return ci_json_text(ctx->mem, list);
}

/* Groups are lower case, like those of nodes. */
static const char *group(struct ci_ctx *ctx)
{
    const char *given = ctx->config->conductor.conductor_group;
    char *lower = ci_strdup(ctx->mem, given ? given : "");

    for (char *c = lower; *c; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    return lower;
}

static bool enter_row(struct ci_ctx *ctx, const char *host, struct ci_conductor_record **ret_record)
{
    struct ci_conductor_record *record = ci_object_new(ctx->mem, &ci_conductor_record_type);

    ci_conductor_record_set_hostname(record, host);
    ci_conductor_record_set_conductor_group(record, group(ctx));
    ci_conductor_record_set_drivers(record, drivers_json(ctx));
    *ret_record = record;
    if (ci_conductor_register(ctx, record, CI_CONDUCTOR_REFUSE))
        return true;
    if (!ci_failed_with(ctx, CI_ERR_ConductorAlreadyRegistered))
        return false;
    ci_error_clear(ctx);
    ci_warning(ctx, "A conductor of this name was registered and did not leave in order", "host=%s",
               host);
    return ci_conductor_register(ctx, record, CI_CONDUCTOR_TAKE_OVER);
}

/* Adds the interfaces of one kind; `count` grows. */
static bool add_kind(struct ci_ctx *ctx, const char *type, const char *kind,
                     struct ci_conductor_interface *interfaces, size_t *count)
{
    const char *const *names = ci_hardware_interfaces(ctx, type, kind);
    const char *by_default;

    if (!ci_hardware_default(ctx, type, kind, &by_default))
        return false;
    for (size_t i = 0; names[i]; i++)
        interfaces[(*count)++] = (struct ci_conductor_interface){
            .hardware_type = type,
            .interface_type = kind,
            .interface_name = names[i],
            .is_default = ci_same(names[i], by_default),
        };
    return true;
}

static size_t length(const char *const *list)
{
    size_t n = 0;

    while (list[n])
        n++;
    return n;
}

static bool enter_interfaces(struct ci_ctx *ctx, const struct ci_conductor_record *record)
{
    const char *const *types = ci_hardware_enabled(ctx);
    struct ci_conductor_interface *interfaces;
    size_t n = 0, count = 0;

    for (size_t i = 0; types[i]; i++) {
        for (size_t k = 0; ci_interface_types[k]; k++)
            n += length(ci_hardware_interfaces(ctx, types[i], ci_interface_types[k]));
    }
    interfaces = ci_alloc_array(ctx->mem, n + 1, sizeof *interfaces);
    for (size_t i = 0; types[i]; i++) {
        for (size_t k = 0; ci_interface_types[k]; k++) {
            if (!add_kind(ctx, types[i], ci_interface_types[k], interfaces, &count))
                return false;
        }
    }
    return ci_conductor_set_interfaces(ctx, record, count, interfaces);
}

bool ci_registry_enter(struct ci_ctx *ctx, const char *host,
                       struct ci_conductor_record **ret_record)
{
    return enter_row(ctx, host, ret_record) && enter_interfaces(ctx, *ret_record);
}

bool ci_registry_forget_locks(struct ci_ctx *ctx, const char *host)
{
    int64_t powers, locks;

    if (!ci_conductor_clear_power_targets(ctx, host, &powers) ||
        !ci_conductor_clear_reservations(ctx, host, &locks))
        return false;
    if (powers > 0)
        ci_warning(ctx, "Pending power operations of a former process were aborted",
                   "host=%s nodes=%" PRId64, host, powers);
    if (locks > 0)
        ci_warning(ctx, "Locks of a former process were taken back", "host=%s nodes=%" PRId64, host,
                   locks);
    return true;
}

bool ci_registry_others(struct ci_ctx *ctx, const char *host, size_t *ret_count)
{
    struct ci_conductor_record **alive;
    size_t count, others = 0;

    if (!ci_conductor_load_alive(ctx, ctx->config->conductor.heartbeat_timeout, &count, &alive))
        return false;
    for (size_t i = 0; i < count; i++)
        others += !ci_same(alive[i]->hostname, host);
    *ret_count = others;
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
