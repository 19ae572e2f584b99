/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes: the type, the lock, creating, saving and destroying.
 *
 * Writing a node keeps some books that every writer needs: when its state changed, when
 * inspection began and ended, how long an error text may be.
 */
#include "objects/node.h"

#include "base/config.h"
#include "base/ident.h"
#include "base/text.h"
#include "objects/properties.h"
#include "objects/row.h"
#include "objects/states.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

static const struct ci_default defaults[] = {
    {"conductor_group", ""}, {"console_enabled", "0"}, {"disable_power_off", "0"},
    {"maintenance", "0"},    {"protected", "0"},       {"retired", "0"},
    {.field = NULL},
};

#define OBJECT node
#define FIELDS "objects/node.def"
#define TYPE                                                                                       \
    .name = "Node", .table = "nodes", .key = "id", .major = 1, .minor = 44, .defaults = defaults
#include "objects/define.h"

static bool load_where(struct ci_ctx *ctx, const char *where, const char *value,
                       struct ci_node **ret_node)
{
    struct ci_node *node;

    if (!ci_row_load(ctx, &ci_node_type, where, 1, &value, &node))
        return false;
    if (!node)
        return ci_fail(ctx, NodeNotFound, value);
    *ret_node = node;
    return true;
}

bool ci_node_load(struct ci_ctx *ctx, const char *ident, struct ci_node **ret_node)
{
    return load_where(ctx, ci_uuid_is_like(ident) ? "uuid = $1" : "name = $1", ident, ret_node);
}

static const char *id_text(struct ci_ctx *ctx, int64_t id)
{
    return ci_printf(ctx->mem, "%" PRId64, id);
}

bool ci_node_load_id(struct ci_ctx *ctx, int64_t id, struct ci_node **ret_node)
{
    return load_where(ctx, "id = $1", id_text(ctx, id), ret_node);
}

/* So many are asked for at once: a ramdisk sends what it likes, and statements have a limit. */
enum { ADDRESSES_AT_ONCE = 500 };

/* Looks for the node of n addresses; *id has the one found so far, or CI_NULL_INT. */
static bool find_by_addresses(struct ci_ctx *ctx, size_t n, const char *const *addresses,
                              int64_t *id)
{
    struct ci_text *sql = ci_text_new(ctx->mem, (size_t)16 * ADDRESSES_AT_ONCE);
    struct ci_rows *rows;

    ci_text_add(sql,
                "SELECT DISTINCT node_id FROM ports WHERE node_id IS NOT NULL AND address IN (");
    for (size_t i = 0; i < n; i++)
        ci_text_printf(sql, "%s$%zu", i > 0 ? ", " : "", i + 1);
    ci_text_add(sql, ")");
    if (!ci_db_query(ctx, sql->bytes, n, addresses, &rows))
        return false;
    for (size_t row = 0; row < rows->count; row++) {
        int64_t found = ci_row_int(rows, row, 0, 0);

        if (*id != CI_NULL_INT && *id != found)
            return ci_fail_text(ctx, DuplicateNodeOnLookup,
                                "Several nodes have ports with these addresses.");
        *id = found;
    }
    return true;
}

bool ci_node_load_addresses(struct ci_ctx *ctx, const char *const *addresses,
                            struct ci_node **ret_node)
{
    int64_t id = CI_NULL_INT;

    while (*addresses) {
        size_t n = 0;

        while (n < ADDRESSES_AT_ONCE && addresses[n])
            n++;
        if (!find_by_addresses(ctx, n, addresses, &id))
            return false;
        addresses += n;
    }
    if (id == CI_NULL_INT)
        return ci_fail_text(ctx, NodeNotFound, "No node has a port with such an address.");
    return ci_node_load_id(ctx, id, ret_node);
}

static const char *now_text(struct ci_ctx *ctx)
{
    return ci_time_db(ctx->mem, ci_time_now_us());
}

bool ci_node_reserve_at(struct ci_ctx *ctx, const char *ident, const char *host, int64_t at_us,
                        struct ci_node **ret_node)
{
    const char *sql = ci_uuid_is_like(ident) ? "UPDATE nodes SET reservation = $1, updated_at = $2 "
                                               "WHERE uuid = $3 AND reservation IS NULL"
                                             : "UPDATE nodes SET reservation = $1, updated_at = $2 "
                                               "WHERE name = $3 AND reservation IS NULL";
    const char *values[] = {host, ci_time_db(ctx->mem, at_us), ident};
    struct ci_node *node;

    if (!ci_row_update(ctx, &ci_node_type, sql, 3, values, ret_node))
        return false;
    if (*ret_node)
        return true;
    if (!ci_node_load(ctx, ident, &node))
        return false;
    return ci_fail(ctx, NodeLocked, node->uuid, node->reservation ? node->reservation : "None");
}

bool ci_node_reserve(struct ci_ctx *ctx, const char *ident, const char *host,
                     struct ci_node **ret_node)
{
    return ci_node_reserve_at(ctx, ident, host, ci_time_now_us(), ret_node);
}

bool ci_node_take_from(struct ci_ctx *ctx, const char *uuid, const char *gone, const char *host,
                       struct ci_node **ret_node)
{
    const char *values[] = {host, now_text(ctx), uuid, gone};
    struct ci_node *node;

    if (!ci_row_update(ctx, &ci_node_type,
                       "UPDATE nodes SET reservation = $1, updated_at = $2 "
                       "WHERE uuid = $3 AND reservation = $4",
                       4, values, ret_node))
        return false;
    if (*ret_node)
        return true;
    if (!ci_node_load(ctx, uuid, &node))
        return false;
    if (!node->reservation)
        return ci_fail(ctx, NodeNotLocked, uuid);
    return ci_fail(ctx, NodeLocked, uuid, node->reservation);
}

bool ci_node_free_lost(struct ci_ctx *ctx, const char *ident, const char *host, int64_t at_us)
{
    const char *values[] = {ident, host, now_text(ctx), ci_time_db(ctx->mem, at_us)};
    const char *sql = ci_printf(ctx->mem,
                                "UPDATE nodes SET reservation = NULL, updated_at = $3 "
                                "WHERE %s = $1 AND reservation = $2%s",
                                ci_uuid_is_like(ident) ? "uuid" : "name",
                                at_us == CI_NULL_TIME ? "" : " AND updated_at = $4");
    int64_t changed;

    return ci_db_run(ctx, sql, at_us == CI_NULL_TIME ? 3 : 4, values, &changed);
}

bool ci_node_release(struct ci_ctx *ctx, int64_t node_id, const char *host)
{
    const char *values[] = {now_text(ctx), id_text(ctx, node_id), host};
    struct ci_node *node;
    int64_t changed;

    /* IS TRUE keeps the planner from the index of reservations, full of those just ended. */
    if (!ci_db_run(ctx,
                   "UPDATE nodes SET reservation = NULL, updated_at = $1 "
                   "WHERE id = $2 AND (reservation = $3) IS TRUE",
                   3, values, &changed))
        return false;
    if (changed > 0)
        return true;
    if (!ci_node_load_id(ctx, node_id, &node))
        return false;
    if (!node->reservation)
        return ci_fail(ctx, NodeNotLocked, node->uuid);
    return ci_fail(ctx, NodeLocked, node->uuid, node->reservation);
}

static bool is_changed(const struct ci_node *node, size_t field)
{
    return ci_fieldset_has(&node->object.changed, field);
}

/* Cuts a text to so many characters of UTF-8. */
static const char *cut(struct ci_ctx *ctx, const char *text, int64_t characters)
{
    const char *end = text;

    for (; *end; end++)
        if (((unsigned char)*end & 0xC0) != 0x80 && characters-- <= 0)
            return ci_strndup(ctx->mem, text, (size_t)(end - text));
    return text;
}

static void cut_long_texts(struct ci_ctx *ctx, struct ci_node *node)
{
    int64_t limit = ctx->config ? ctx->config->DEFAULT.log_in_db_max_size : 4096;

    if (node->last_error)
        node->last_error = cut(ctx, node->last_error, limit);
    if (node->maintenance_reason)
        node->maintenance_reason = cut(ctx, node->maintenance_reason, limit);
}

/* Letters, digits and _-. only, in lower case. */
static bool check_group(struct ci_ctx *ctx, struct ci_node *node)
{
    char *group;

    if (!is_changed(node, ci_node_conductor_group_n))
        return true;
    if (!node->conductor_group)
        return ci_fail(ctx, InvalidConductorGroup, "None");
    group = ci_strdup(ctx->mem, node->conductor_group);
    for (char *c = group; *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr("_-.", *c))
            return ci_fail(ctx, InvalidConductorGroup, node->conductor_group);
        *c = (char)tolower((unsigned char)*c);
    }
    node->conductor_group = group;
    return true;
}

/* Traits are rows of their own: they are never saved with the node. */
static bool check_traits(struct ci_ctx *ctx, struct ci_node *node)
{
    if (is_changed(node, ci_node_traits_n) && node->traits && !ci_same(node->traits, "[]"))
        return ci_fail(ctx, BadRequest);
    ci_fieldset_remove(&node->object.changed, ci_node_traits_n);
    return true;
}

static bool check(struct ci_ctx *ctx, struct ci_node *node)
{
    return (!is_changed(node, ci_node_properties_n) ||
            ci_properties_check(ctx, node->uuid, node->properties)) &&
           check_traits(ctx, node) && check_group(ctx, node);
}

/* What a violation of uniqueness means; other errors stay as they are. */
static bool explain(struct ci_ctx *ctx, const struct ci_node *node)
{
    if (!ci_failed_with(ctx, CI_ERR_UniqueViolation))
        return false;
    if (ci_db_violated(ctx, "nodes", "name"))
        return ci_fail(ctx, DuplicateName, node->name);
    if (ci_db_violated(ctx, "nodes", "instance_uuid"))
        return ci_fail(ctx, InstanceAssociated, node->instance_uuid, node->uuid);
    return ci_fail(ctx, NodeAlreadyExists, node->uuid);
}

bool ci_node_create(struct ci_ctx *ctx, struct ci_node *node)
{
    if (!node->uuid)
        ci_node_set_uuid(node, ci_uuid_new(ctx->mem));
    if (!node->provision_state)
        ci_node_set_provision_state(node, CI_STATE_ENROLL);
    if (!check(ctx, node))
        return false;
    if (!ci_row_insert(ctx, node))
        return explain(ctx, node);
    node->traits = "[]";
    ci_object_mark_set(node, ci_node_traits_n);
    return true;
}

/* When the state last changed, and when inspection began or ended. */
static bool keep_times(struct ci_ctx *ctx, struct ci_node *node)
{
    const char *id = id_text(ctx, node->id), *before;
    int64_t now_us = ci_time_now_us();
    struct ci_rows *rows;

    if (!is_changed(node, ci_node_provision_state_n))
        return true;
    ci_node_set_provision_updated_at(node, now_us);
    if (ci_same(node->provision_state, CI_STATE_INSPECTING)) {
        ci_node_set_inspection_started_at(node, now_us);
        ci_node_set_inspection_finished_at(node, CI_NULL_TIME);
        return true;
    }
    if (!ci_same(node->provision_state, CI_STATE_MANAGEABLE) &&
        !ci_same(node->provision_state, CI_STATE_INSPECTFAIL))
        return true;
    if (!ci_db_query(ctx, "SELECT provision_state FROM nodes WHERE id = $1", 1, &id, &rows))
        return false;
    before = rows->count > 0 ? ci_row_text(rows, 0, 0) : NULL;
    if (!ci_same(before, CI_STATE_INSPECTING) && !ci_same(before, CI_STATE_INSPECTWAIT))
        return true;
    ci_node_set_inspection_started_at(node, CI_NULL_TIME);
    if (ci_same(node->provision_state, CI_STATE_MANAGEABLE))
        ci_node_set_inspection_finished_at(node, now_us);
    return true;
}

/* What is to be right before a node is saved. */
static bool prepare(struct ci_ctx *ctx, struct ci_node *node)
{
    if (is_changed(node, ci_node_uuid_n))
        return ci_fail_text(ctx, InvalidParameterValue,
                            "Cannot overwrite UUID for an existing Node.");
    cut_long_texts(ctx, node);
    return check(ctx, node) && keep_times(ctx, node);
}

bool ci_node_save(struct ci_ctx *ctx, struct ci_node *node)
{
    bool found;

    if (!prepare(ctx, node))
        return false;
    if (!ci_row_save(ctx, node, &found))
        return explain(ctx, node);
    return found || ci_fail(ctx, NodeNotFound, node->uuid);
}

bool ci_node_save_and_release(struct ci_ctx *ctx, struct ci_node *node, const char *host,
                              bool *ret_released)
{
    const char *former = node->reservation;
    bool released = false, saved;

    if (!prepare(ctx, node))
        return false;
    ci_node_set_reservation(node, NULL);
    saved = ci_row_save_while(ctx, node, "reservation", host, &released) || explain(ctx, node);
    if (!released) {
        node->reservation = former;
        ci_fieldset_remove(&node->object.changed, ci_node_reservation_n);
    }
    *ret_released = released;
    return saved;
}

/* What hangs on a node: what refers to other rows first. */
static const char *const destroy_first[] = {
    "UPDATE nodes SET allocation_id = NULL WHERE id = $1",
    "DELETE FROM ports WHERE node_id = $1",
    "DELETE FROM portgroups WHERE node_id = $1",
    "DELETE FROM node_tags WHERE node_id = $1",
    "DELETE FROM node_traits WHERE node_id = $1",
    "DELETE FROM volume_connectors WHERE node_id = $1",
    "DELETE FROM volume_targets WHERE node_id = $1",
    "DELETE FROM bios_settings WHERE node_id = $1",
    "DELETE FROM allocations WHERE node_id = $1",
    "DELETE FROM node_history WHERE node_id = $1",
    "DELETE FROM node_inventory WHERE node_id = $1",
    "DELETE FROM firmware_information WHERE node_id = $1",
};

static bool destroy(struct ci_ctx *ctx, const struct ci_node *node)
{
    const char *id = id_text(ctx, node->id);
    bool found;

    for (size_t i = 0; i < sizeof destroy_first / sizeof destroy_first[0]; i++)
        if (!ci_db_run(ctx, destroy_first[i], 1, &id, NULL))
            return false;
    if (!ci_row_delete(ctx, node, &found))
        return false;
    return found || ci_fail(ctx, NodeNotFound, node->uuid);
}

bool ci_node_destroy(struct ci_ctx *ctx, const struct ci_node *node)
{
    return ci_db_begin(ctx) && ci_row_end(ctx, destroy(ctx, node));
}
