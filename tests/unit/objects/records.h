/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a test of stored objects starts from: a database with the schema and nothing in it, and
 * the few rows it hangs others on. RECORDS_URL names the database; the test program of each
 * engine includes the tests of nodes, ports and the rest, and lists them in its main().
 */
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "db/migrate.h"
#include "objects/chassis.h"
#include "objects/conductor.h"
#include "objects/node.h"
#include "objects/node_history.h"
#include "objects/port.h"
#include "objects/portgroup.h"
#include "objects/row.h"
#include "tests/unit/db/database.h"

#define UUID_A "7a1bcf0b-3d6b-4d3c-9d0c-3f3e4f3a0c11"
#define UUID_B "0e5b3b9a-3f7a-4b7e-8a57-5a1f5b1f9d22"

static inline struct ci_ctx *records_open(void)
{
    struct ci_ctx *ctx = unit_ctx();

    db_open(ctx, RECORDS_URL, 2);
    must(ctx, ci_migrate_create_if_empty(ctx, NULL));
    must(ctx,
         ci_db_script(ctx, "DELETE FROM node_traits; DELETE FROM node_tags; "
                           "DELETE FROM node_history; DELETE FROM node_inventory; "
                           "DELETE FROM bios_settings; DELETE FROM firmware_information; "
                           "DELETE FROM volume_connectors; DELETE FROM volume_targets; "
                           "DELETE FROM ports; DELETE FROM portgroups; DELETE FROM nodes; "
                           "DELETE FROM deploy_template_steps; "
                           "DELETE FROM deploy_templates; DELETE FROM runbook_steps; "
                           "DELETE FROM runbook_traits; DELETE FROM runbooks; "
                           "DELETE FROM allocations; DELETE FROM chassis; "
                           "DELETE FROM conductor_hardware_interfaces; DELETE FROM conductors"));
    return ctx;
}

/* The first value of a question that gives one row; NULL for SQL NULL. */
static inline const char *ask(struct ci_ctx *ctx, const char *sql)
{
    struct ci_rows *rows;

    must(ctx, ci_db_query(ctx, sql, 0, NULL, &rows));
    ck_assert_uint_eq(rows->count, 1);
    return ci_row_text(rows, 0, 0);
}

static inline struct ci_node *node_new(struct ci_ctx *ctx, const char *uuid, const char *name)
{
    struct ci_node *node = ci_object_new(ctx->mem, &ci_node_type);

    ci_node_set_uuid(node, uuid);
    ci_node_set_name(node, name);
    ci_node_set_driver(node, "fake-hardware");
    return node;
}

static inline struct ci_node *node_made(struct ci_ctx *ctx, const char *uuid, const char *name)
{
    struct ci_node *node = node_new(ctx, uuid, name);

    must(ctx, ci_node_create(ctx, node));
    return node;
}

/* Fails with that class and that message. */
#define must_say(ctx, class, message, call)                                                        \
    do {                                                                                           \
        ck_assert_msg(!(call), "%s did not fail", #call);                                          \
        ck_assert_msg(ci_failed_with((ctx), CI_ERR_##class), "%s: %s", #call, why(ctx));           \
        ck_assert_str_eq(why(ctx), message);                                                       \
        ci_error_clear(ctx);                                                                       \
    } while (0)
