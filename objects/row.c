/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects <-> rows: SELECT, INSERT, UPDATE and DELETE built from the field tables.
 *
 * Statements are the same text for the same question, so that connections prepare them once.
 * An object of an older row becomes one of our version on reading and goes back to the pinned
 * version on writing, as Ironic's do.
 */
#include "objects/row.h"

#include "base/text.h"
#include "objects/releases.h"

#include <string.h>

/* A statement is some hundred bytes a column at most. */
#define STATEMENT_LIMIT 65536

static const struct ci_virtual *find_virtual(const struct ci_type *type, const char *field)
{
    for (const struct ci_virtual *v = type->virtuals; v && v->field; v++)
        if (strcmp(v->field, field) == 0)
            return v;
    return NULL;
}

/* Does a SELECT bring this field? */
static bool is_selected(const struct ci_type *type, const struct ci_field *field)
{
    return field->stored == CI_COLUMN || find_virtual(type, field->name);
}

static void add_column(struct ci_text *sql, const char *prefix, const char *name)
{
    if (prefix) {
        ci_text_add(sql, prefix);
        ci_text_add(sql, ".");
    }
    ci_text_add(sql, "\"");
    ci_text_add(sql, name);
    ci_text_add(sql, "\"");
}

static void add_columns(struct ci_text *sql, const struct ci_type *type, const char *prefix)
{
    add_column(sql, prefix, "version");
    for (size_t i = 0; i < type->count; i++) {
        const struct ci_field *field = &type->fields[i];
        const struct ci_virtual *v;

        if (!is_selected(type, field))
            continue;
        ci_text_add(sql, ", ");
        if (field->stored == CI_COLUMN) {
            add_column(sql, prefix, field->name);
            continue;
        }
        v = find_virtual(type, field->name);
        ci_text_printf(sql, "(SELECT v.\"%s\" FROM %s v WHERE v.id = ", v->column, v->table);
        add_column(sql, prefix ? prefix : type->table, v->by);
        ci_text_add(sql, ")");
    }
}

const char *ci_row_columns(struct ci_arena *mem, const struct ci_type *type, const char *prefix)
{
    struct ci_text *sql = ci_text_new(mem, STATEMENT_LIMIT);

    add_columns(sql, type, prefix);
    return sql->bytes;
}

static const char *select_text(struct ci_ctx *ctx, const struct ci_type *type, const char *where,
                               const char *tail)
{
    struct ci_text *sql = ci_text_new(ctx->mem, STATEMENT_LIMIT);

    ci_text_add(sql, "SELECT ");
    add_columns(sql, type, NULL);
    ci_text_printf(sql, " FROM %s", type->table);
    if (where)
        ci_text_printf(sql, " WHERE %s", where);
    if (tail)
        ci_text_printf(sql, " %s", tail);
    return sql->bytes;
}

/* "1.37", or "1.37.1", which counts as 1.37. */
static bool parse_version(struct ci_ctx *ctx, const char *version, int *ret_major, int *ret_minor)
{
    const char *const *parts = ci_split(ctx->mem, version, '.');
    int64_t major, minor;

    if (!parts[0] || !parts[1] || !ci_parse_int(parts[0], 0, 1000, &major) ||
        !ci_parse_int(parts[1], 0, 100000, &minor))
        return false;
    *ret_major = (int)major;
    *ret_minor = (int)minor;
    return true;
}

bool ci_row_version(struct ci_ctx *ctx, const struct ci_type *type, const char *version,
                    int *ret_minor)
{
    int major, minor;

    if (!version || !parse_version(ctx, version, &major, &minor) || major != type->major ||
        minor > type->minor)
        return ci_fail(ctx, IncompatibleObjectVersion, version ? version : "None", type->name,
                       ci_printf(ctx->mem, "%d.%d", type->major, type->minor));
    *ret_minor = minor;
    return true;
}

bool ci_row_read(struct ci_ctx *ctx, const struct ci_type *type, const struct ci_rows *rows,
                 size_t row, void *ret_object)
{
    struct ci_object *object = ci_object_new(ctx->mem, type);
    size_t column = 1;

    if (!ci_row_version(ctx, type, ci_row_text(rows, row, 0), &object->row_minor))
        return false;
    for (size_t i = 0; i < type->count; i++) {
        if (!is_selected(type, &type->fields[i]))
            continue;
        if (!ci_field_from_db(ctx, object, i, ci_row_text(rows, row, column++)))
            return false;
    }
    if (object->row_minor != type->minor && type->convert &&
        !type->convert(ctx, object, type->minor))
        return false;
    memcpy(ret_object, &object, sizeof object);
    return true;
}

/* The first row; NULL where there is none. */
static bool read_first(struct ci_ctx *ctx, const struct ci_type *type, const struct ci_rows *rows,
                       void *ret_object)
{
    struct ci_object *none = NULL;

    if (rows->count > 0)
        return ci_row_read(ctx, type, rows, 0, ret_object);
    memcpy(ret_object, &none, sizeof none);
    return true;
}

bool ci_row_load(struct ci_ctx *ctx, const struct ci_type *type, const char *where, size_t n,
                 const char *const values[], void *ret_object)
{
    struct ci_rows *rows;

    return ci_db_query(ctx, select_text(ctx, type, where, NULL), n, values, &rows) &&
           read_first(ctx, type, rows, ret_object);
}

bool ci_row_update(struct ci_ctx *ctx, const struct ci_type *type, const char *sql, size_t n,
                   const char *const values[], void *ret_object)
{
    struct ci_rows *rows;

    return ci_db_update(ctx, sql, ci_row_columns(ctx->mem, type, NULL), n, values, &rows) &&
           read_first(ctx, type, rows, ret_object);
}

static const char *order_by_key(struct ci_ctx *ctx, const struct ci_type *type)
{
    if (type->key2)
        return ci_printf(ctx->mem, "ORDER BY \"%s\", \"%s\"", type->key, type->key2);
    return ci_printf(ctx->mem, "ORDER BY \"%s\"", type->key);
}

bool ci_row_load_all(struct ci_ctx *ctx, const struct ci_type *type, const char *where,
                     const char *tail, size_t n, const char *const values[], size_t *ret_count,
                     void *ret_objects)
{
    struct ci_rows *rows;
    void **objects;

    if (!ci_db_query(ctx, select_text(ctx, type, where, tail ? tail : order_by_key(ctx, type)), n,
                     values, &rows))
        return false;
    objects = ci_alloc_array(ctx->mem, rows->count + 1, sizeof *objects);
    for (size_t i = 0; i < rows->count; i++)
        if (!ci_row_read(ctx, type, rows, i, &objects[i]))
            return false;
    *ret_count = rows->count;
    memcpy(ret_objects, &objects, sizeof objects);
    return true;
}

/*
 * Brings the object to the version it is to be stored in: fields that came later get the value
 * that stands for their absence, and are saved with it.
 */
static bool to_stored_version(struct ci_ctx *ctx, struct ci_object *object, int minor)
{
    const struct ci_type *type = object->type;

    if (minor == type->minor)
        return true;
    for (size_t i = 0; i < type->count; i++) {
        const struct ci_field *field = &type->fields[i];

        if (field->since <= minor || field->older == CI_OLDER_KEEP ||
            field->older == CI_OLDER_FILL || !ci_fieldset_has(&object->set, i) ||
            ci_field_is_older(object, field))
            continue;
        ci_field_set_older(object, field);
        ci_object_mark(object, i);
    }
    return !type->convert || type->convert(ctx, object, minor);
}

static bool is_key(const struct ci_type *type, const struct ci_field *field)
{
    return strcmp(field->name, type->key) == 0 ||
           (type->key2 && strcmp(field->name, type->key2) == 0);
}

/* A column that the database numbers by itself. */
static bool is_serial(const struct ci_type *type, const struct ci_field *field)
{
    return !type->key2 && strcmp(field->name, type->key) == 0;
}

static bool apply_defaults(struct ci_ctx *ctx, struct ci_object *object)
{
    for (const struct ci_default *d = object->type->defaults; d && d->field; d++) {
        int n = ci_field_find(object->type, d->field);

        if (n >= 0 && !ci_fieldset_has(&object->set, (size_t)n) &&
            !ci_field_from_db(ctx, object, (size_t)n, d->text))
            return false;
    }
    return true;
}

/* Sets a time field that every object has, without marking it changed. */
static void set_time(struct ci_object *object, const char *name, int64_t time_us)
{
    int n = ci_field_find(object->type, name);
    int64_t *at = ci_field_at(object, &object->type->fields[n]);

    *at = time_us;
    ci_object_mark_set(object, (size_t)n);
}

static bool has_time(const struct ci_object *object, const char *name)
{
    const struct ci_type *type = object->type;

    return !ci_field_is_null(object, &type->fields[ci_field_find(type, name)]);
}

/* What was written is what the object is now. */
static void settle(struct ci_object *object, int minor)
{
    object->row_minor = minor;
    object->changed = (struct ci_fieldset){.bits = {0}};
}

static int target_minor(struct ci_ctx *ctx, const struct ci_type *type)
{
    return ci_release_minor(ci_release_pinned(ctx), type);
}

static const char *version_text(struct ci_ctx *ctx, const struct ci_type *type, int minor)
{
    return ci_printf(ctx->mem, "%d.%d", type->major, minor);
}

/* Runs the INSERT; gives the object the number that the database chose. */
static bool run_insert(struct ci_ctx *ctx, struct ci_object *object, const char *sql, size_t n,
                       const char *const values[])
{
    const struct ci_type *type = object->type;
    int64_t key;
    int field;

    if (type->key2)
        return ci_db_run(ctx, sql, n, values, NULL);
    if (!ci_db_insert(ctx, sql, n, values, type->key, &key))
        return false;
    field = ci_field_find(type, type->key);
    *(int64_t *)ci_field_at(object, &type->fields[field]) = key;
    ci_object_mark_set(object, (size_t)field);
    return true;
}

bool ci_row_insert(struct ci_ctx *ctx, void *of)
{
    struct ci_object *object = of;
    const struct ci_type *type = object->type;
    int minor = target_minor(ctx, type);
    struct ci_text *sql = ci_text_new(ctx->mem, STATEMENT_LIMIT);
    const char *values[CI_FIELDS_MAX + 1];
    size_t n = 0;

    if (!to_stored_version(ctx, object, minor) || !apply_defaults(ctx, object))
        return false;
    if (!has_time(object, "created_at"))
        set_time(object, "created_at", ci_time_now_us());

    ci_text_printf(sql, "INSERT INTO %s (version", type->table);
    values[n++] = version_text(ctx, type, minor);
    for (size_t i = 0; i < type->count; i++) {
        if (type->fields[i].stored != CI_COLUMN || is_serial(type, &type->fields[i]))
            continue;
        ci_text_add(sql, ", ");
        add_column(sql, NULL, type->fields[i].name);
        values[n++] = ci_field_to_db(ctx->mem, object, i);
        ci_object_mark_set(object, i);
    }
    ci_text_add(sql, ") VALUES (");
    for (size_t i = 1; i <= n; i++)
        ci_text_printf(sql, i == 1 ? "$%zu" : ", $%zu", i);
    ci_text_add(sql, ")");
    if (!run_insert(ctx, object, sql->bytes, n, values))
        return false;
    settle(object, minor);
    return true;
}

/* " WHERE "id" = $7", its values added. */
static void add_key(struct ci_ctx *ctx, struct ci_text *sql, const struct ci_object *object,
                    const char *values[], size_t *n)
{
    const struct ci_type *type = object->type;
    const char *keys[] = {type->key, type->key2};

    for (size_t i = 0; i < 2 && keys[i]; i++) {
        size_t field = (size_t)ci_field_find(type, keys[i]);

        values[(*n)++] = ci_field_to_db(ctx->mem, object, field);
        ci_text_printf(sql, "%s \"%s\" = $%zu", i == 0 ? " WHERE" : " AND", keys[i], *n);
    }
}

bool ci_row_save_while(struct ci_ctx *ctx, void *of, const char *name, const char *value,
                       bool *ret_found)
{
    struct ci_object *object = of;
    const struct ci_type *type = object->type;
    int minor = target_minor(ctx, type);
    struct ci_text *sql = ci_text_new(ctx->mem, STATEMENT_LIMIT);
    const char *values[CI_FIELDS_MAX + 5];
    int64_t now_us = ci_time_now_us(), changed = 0;
    size_t n = 0;

    if (!to_stored_version(ctx, object, minor))
        return false;
    ci_text_printf(sql, "UPDATE %s SET ", type->table);
    for (size_t i = 0; i < type->count; i++) {
        const struct ci_field *field = &type->fields[i];

        if (!ci_fieldset_has(&object->changed, i) || field->stored != CI_COLUMN ||
            is_key(type, field) || strcmp(field->name, "updated_at") == 0)
            continue;
        values[n++] = ci_field_to_db(ctx->mem, object, i);
        ci_text_printf(sql, "\"%s\" = $%zu, ", field->name, n);
    }
    values[n++] = version_text(ctx, type, minor);
    ci_text_printf(sql, "version = $%zu, ", n);
    values[n++] = ci_time_db(ctx->mem, now_us);
    ci_text_printf(sql, "updated_at = $%zu", n);
    add_key(ctx, sql, object, values, &n);
    if (name) {
        values[n++] = value;
        /* IS TRUE keeps the planner from an index of that column: the key finds the row. */
        ci_text_printf(sql, " AND (\"%s\" = $%zu) IS TRUE", name, n);
    }

    if (!ci_db_run(ctx, sql->bytes, n, values, &changed))
        return false;
    if (changed > 0) {
        set_time(object, "updated_at", now_us);
        settle(object, minor);
    }
    if (ret_found)
        *ret_found = changed > 0;
    return true;
}

bool ci_row_save(struct ci_ctx *ctx, void *object, bool *ret_found)
{
    return ci_row_save_while(ctx, object, NULL, NULL, ret_found);
}

bool ci_row_delete(struct ci_ctx *ctx, const void *of, bool *ret_found)
{
    const struct ci_object *object = of;
    struct ci_text *sql = ci_text_new(ctx->mem, STATEMENT_LIMIT);
    const char *values[2];
    int64_t changed = 0;
    size_t n = 0;

    ci_text_printf(sql, "DELETE FROM %s", object->type->table);
    add_key(ctx, sql, object, values, &n);
    if (!ci_db_run(ctx, sql->bytes, n, values, &changed))
        return false;
    if (ret_found)
        *ret_found = changed > 0;
    return true;
}

bool ci_row_end(struct ci_ctx *ctx, bool well)
{
    if (well)
        return ci_db_commit(ctx);
    ci_db_rollback(ctx);
    return false;
}
