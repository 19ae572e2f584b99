/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the tables as this program has them, and what their conversions do, as one JSON
 * document: reference_test.py holds it against the reference.
 *
 * For every release: one object of each type with every field set to something that is no
 * default, what of it is sent, what a server makes of that message, and what a row holds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "db/db.h"
#include "db/migrate.h"
#include "objects/releases.h"
#include "objects/row.h"
#include "objects/types.h"
#include "objects/wire.h"

#define NAME(kind) [CI_KIND_##kind] = #kind
static const char *const kinds[] = {
    NAME(INT), NAME(BOOL), NAME(TIME), NAME(STR),   NAME(UUID),
    NAME(MAC), NAME(DICT), NAME(LIST), NAME(DICTS), NAME(TRAITS),
};
#undef NAME

static void must(const struct ci_ctx *ctx, bool well)
{
    if (well)
        return;
    fprintf(stderr, "%s\n", ctx->error ? ctx->error->message : "failed without an error");
    exit(EXIT_FAILURE);
}

static json_t *fields(const struct ci_type *type)
{
    json_t *list = json_array();

    for (size_t i = 0; i < type->count; i++) {
        const struct ci_field *f = &type->fields[i];

        json_array_append_new(
            list,
            json_pack("{ss ss sb si si si si sb ss}", "name", f->name, "kind", kinds[f->kind],
                      "nullable", f->nulls == CI_NULLABLE, "since", f->since, "older",
                      (int)f->older, "rest", f->rest == CI_NEVER ? -1 : f->rest, "access",
                      (int)f->access, "column", f->stored == CI_COLUMN, "meaning", f->meaning));
    }
    return list;
}

static json_t *defaults(const struct ci_type *type)
{
    json_t *all = json_object();

    for (const struct ci_default *d = type->defaults; d && d->field; d++)
        json_object_set_new(all, d->field, json_string(d->text));
    return all;
}

static json_t *virtuals(const struct ci_type *type)
{
    json_t *all = json_array();

    for (const struct ci_virtual *v = type->virtuals; v && v->field; v++)
        json_array_append_new(all, json_string(v->field));
    return all;
}

static json_t *types(void)
{
    json_t *list = json_array();

    for (const struct ci_type *const *at = ci_types; *at; at++) {
        const struct ci_type *type = *at;

        json_array_append_new(
            list, json_pack("{ss si si ss? ss? ss? ss? so so so}", "name", type->name, "major",
                            type->major, "minor", type->minor, "table", type->table, "key",
                            type->key, "key2", type->key2, "element",
                            type->element ? type->element->name : NULL, "fields", fields(type),
                            "defaults", defaults(type), "virtuals", virtuals(type)));
    }
    return list;
}

/* A text that is no field's default, as database text. */
static const char *sample(const struct ci_field *field)
{
    switch (field->kind) {
    case CI_KIND_INT:
        return "1";
    case CI_KIND_BOOL:
        return field->older == CI_OLDER_TRUE ? "0" : "1";
    case CI_KIND_TIME:
        return "2026-01-02 03:04:05.678901";
    case CI_KIND_STR:
        return strcmp(field->name, "node_id") == 0 ? "1" : "x";
    case CI_KIND_UUID:
        return "7a1bcf0b-3d6b-4d3c-9d0c-3f3e4f3a0c11";
    case CI_KIND_MAC:
        return "52:54:00:00:00:01";
    case CI_KIND_DICT:
        return "{\"a\": 1}";
    case CI_KIND_LIST:
    case CI_KIND_TRAITS:
        return "[\"CUSTOM_A\"]";
    case CI_KIND_DICTS:
        return "[{\"a\": 1}]";
    }
    __builtin_unreachable();
}

static void *full_object(struct ci_ctx *ctx, const struct ci_type *type)
{
    struct ci_object *object = ci_object_new(ctx->mem, type);

    for (size_t i = 0; i < type->count; i++)
        must(ctx, ci_field_from_db(ctx, object, i, sample(&type->fields[i])));
    return object;
}

static json_t *names_of(const struct ci_type *type, const struct ci_fieldset *set)
{
    json_t *names = json_array();

    for (size_t i = 0; i < type->count; i++)
        if (ci_fieldset_has(set, i))
            json_array_append_new(names, json_string(type->fields[i].name));
    return names;
}

/* What is sent at the pinned version, and what a server and a client change on reading it. */
static json_t *messages(struct ci_ctx *ctx, const struct ci_type *type)
{
    struct ci_object *server, *client;
    json_t *value;

    must(ctx, ci_wire_write(ctx, full_object(ctx, type), &value));
    must(ctx, ci_wire_read(ctx, value, CI_WIRE_SERVER, &server));
    must(ctx, ci_wire_read(ctx, value, CI_WIRE_CLIENT, &client));
    return json_pack("{sO so so so so}", "sent", value, "server_set", names_of(type, &server->set),
                     "server_changed", names_of(type, &server->changed), "client_set",
                     names_of(type, &client->set), "client_changed",
                     names_of(type, &client->changed));
}

/* The raw row of the type's table, column by column. */
static json_t *raw_row(struct ci_ctx *ctx, const struct ci_type *type)
{
    json_t *row = json_object();
    struct ci_text *sql = ci_text_new(ctx->mem, 10000);
    struct ci_rows *rows;
    size_t column = 1;

    ci_text_add(sql, "SELECT version");
    for (size_t i = 0; i < type->count; i++)
        if (type->fields[i].stored == CI_COLUMN)
            ci_text_printf(sql, ", \"%s\"", type->fields[i].name);
    ci_text_printf(sql, " FROM %s", type->table);
    must(ctx, ci_db_query(ctx, sql->bytes, 0, NULL, &rows));
    json_object_set_new(row, "version", json_string(ci_row_text(rows, 0, 0)));
    for (size_t i = 0; i < type->count; i++) {
        const char *text;

        if (type->fields[i].stored != CI_COLUMN)
            continue;
        text = ci_row_text(rows, 0, column++);
        json_object_set_new(row, type->fields[i].name, text ? json_string(text) : json_null());
    }
    return row;
}

/* In an order in which every row finds those it refers to. */
static const char *const stored[] = {
    "Chassis",      "Conductor",       "Allocation",     "Node",           "Portgroup",
    "Port",         "Trait",           "BIOSSetting",    "VolumeTarget",   "FirmwareComponent",
    "NodeHistory",  "NodeInventory",   "DeployTemplate", "InspectionRule", "Runbook",
    "RunbookTrait", "VolumeConnector",
};

static void insert_all(struct ci_ctx *ctx)
{
    for (size_t i = 0; i < sizeof stored / sizeof stored[0]; i++)
        must(ctx, ci_row_insert(ctx, full_object(ctx, ci_type_find(stored[i]))));
}

/* An UPDATE of a row that holds newer fields must reset them as the INSERT does. */
static void save_all(struct ci_ctx *ctx)
{
    bool found;

    for (size_t i = 0; i < sizeof stored / sizeof stored[0]; i++) {
        must(ctx, ci_row_save(ctx, full_object(ctx, ci_type_find(stored[i])), &found));
        if (!found) {
            fprintf(stderr, "no row of %s to save\n", stored[i]);
            exit(EXIT_FAILURE);
        }
    }
}

static json_t *raw_rows(struct ci_ctx *ctx)
{
    json_t *all = json_object();

    for (size_t i = 0; i < sizeof stored / sizeof stored[0]; i++)
        json_object_set_new(all, stored[i], raw_row(ctx, ci_type_find(stored[i])));
    return all;
}

static json_t *rows_of(struct ci_ctx *ctx, struct ci_config *config, const char *pin)
{
    json_t *inserted, *saved;

    must(ctx, ci_db_begin(ctx));
    insert_all(ctx);
    inserted = raw_rows(ctx);
    ci_db_rollback(ctx);

    must(ctx, ci_db_begin(ctx));
    config->DEFAULT.pin_release_version = NULL;
    insert_all(ctx);
    config->DEFAULT.pin_release_version = pin;
    save_all(ctx);
    saved = raw_rows(ctx);
    ci_db_rollback(ctx);
    return json_pack("{so so}", "inserted", inserted, "saved", saved);
}

static json_t *release(struct ci_ctx *ctx, struct ci_config *config, const char *name)
{
    const struct ci_release *r = ci_release_find(name);
    json_t *objects = json_object(), *sent = json_object();

    config->DEFAULT.pin_release_version = name;
    for (const struct ci_type *const *type = ci_types; *type; type++) {
        json_object_set_new(objects, (*type)->name, json_integer(ci_release_minor(r, *type)));
        if (!(*type)->element)
            json_object_set_new(sent, (*type)->name, messages(ctx, *type));
    }
    return json_pack("{ss ss si si so so so}", "pin", name, "release", ci_release_name(r), "api",
                     ci_release_api_minor(r), "rpc", ci_release_rpc_minor(r), "objects", objects,
                     "messages", sent, "rows", rows_of(ctx, config, name));
}

int main(void)
{
    const struct ci_db_options options = {.url = "sqlite://", .max_connections = 1};
    struct ci_config *config = ci_config_defaults();
    struct ci_ctx ctx = {.mem = ci_arena_new(), .config = config};
    json_t *releases = json_array(), *all;

    must(&ctx, ci_db_open(&ctx, &options, &ctx.db) && ci_migrate_create_schema(&ctx));
    for (const char *const *name = ci_release_names(); *name; name++)
        json_array_append_new(releases, release(&ctx, config, *name));
    all = json_pack("{so so}", "types", types(), "releases", releases);
    puts(ci_json_text(ctx.mem, all));
    json_decref(all);
    config->DEFAULT.pin_release_version = NULL;
    ci_arena_reset(ctx.mem);
    ci_db_close(ctx.db);
    ci_arena_free(ctx.mem);
    ci_config_free(config);
    return EXIT_SUCCESS;
}
