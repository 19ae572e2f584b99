/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deploy templates and runbooks with their steps: one transaction for the row and its parts.
 */
#include "objects/steps.h"

#include <string.h>

#include "base/ident.h"
#include "base/jsontext.h"
#include "base/time.h"
#include "objects/row.h"

#define TEXT_LIMIT ((size_t)64 * 1024 * 1024)

/* Columns of a step, behind its owner. */
enum { INTERFACE = 1, STEP, ARGS, NUMBER };

static const struct ci_jsontext_mask secrets = {.secrets = true};

static void write_steps(struct ci_text *text, const struct ci_stepped *what,
                        const struct ci_parts *steps, const struct ci_jsontext_mask *mask)
{
    ci_text_add(text, "[");
    for (size_t i = steps->first; i < steps->first + steps->count; i++) {
        const char *args = ci_row_text(steps->rows, i, ARGS);
        size_t length = args ? strlen(args) : 0;

        ci_text_add(text, i > steps->first ? ", {\"interface\": " : "{\"interface\": ");
        ci_jsontext_string(text, ci_row_text(steps->rows, i, INTERFACE));
        ci_text_add(text, ", \"step\": ");
        ci_jsontext_string(text, ci_row_text(steps->rows, i, STEP));
        ci_text_add(text, ", \"args\": ");
        if (mask)
            ci_jsontext_masked(text, args, length, "{}", mask);
        else
            ci_jsontext_raw(text, args, length, "{}");
        ci_text_printf(text, ", \"%s\": %s}", what->number, ci_row_text(steps->rows, i, NUMBER));
    }
    ci_text_add(text, "]");
}

void ci_steps_write(struct ci_text *text, const struct ci_stepped *what,
                    const struct ci_parts *steps)
{
    write_steps(text, what, steps, NULL);
}

void ci_steps_write_masked(struct ci_text *text, const struct ci_stepped *what,
                           const struct ci_parts *steps)
{
    write_steps(text, what, steps, &secrets);
}

void ci_parts_write_names(struct ci_text *text, const struct ci_parts *parts)
{
    ci_text_add(text, "[");
    for (size_t i = parts->first; i < parts->first + parts->count; i++) {
        ci_text_add(text, i > parts->first ? ", " : "");
        ci_jsontext_string(text, ci_row_text(parts->rows, i, 1));
    }
    ci_text_add(text, "]");
}

static size_t field_of(const struct ci_stepped *what, const char *name)
{
    return (size_t)ci_field_find(what->type, name);
}

static const char *number_of(struct ci_ctx *ctx, const struct ci_stepped *what, const void *object)
{
    return ci_field_to_db(ctx->mem, object, field_of(what, what->type->key));
}

/* Fills the fields that are rows of other tables. */
static bool load_parts(struct ci_ctx *ctx, const struct ci_stepped *what, void *object)
{
    const char *id = number_of(ctx, what, object);
    struct ci_text *text = ci_text_new(ctx->mem, TEXT_LIMIT);
    const struct ci_parts *parts;

    if (!ci_parts_load(ctx, &what->steps, &id, 1, &parts))
        return false;
    ci_steps_write(text, what, parts);
    if (!ci_field_from_db(ctx, object, field_of(what, "steps"), text->bytes))
        return false;
    if (!what->traits)
        return true;
    text = ci_text_new(ctx->mem, TEXT_LIMIT);
    if (!ci_parts_load(ctx, what->traits, &id, 1, &parts))
        return false;
    ci_parts_write_names(text, parts);
    return ci_field_from_db(ctx, object, field_of(what, "traits"), text->bytes);
}

bool ci_stepped_load(struct ci_ctx *ctx, const struct ci_stepped *what, const char *ident,
                     void *ret_object)
{
    void *object;

    if (!ci_row_load(ctx, what->type, ci_uuid_is_like(ident) ? "uuid = $1" : "name = $1", 1, &ident,
                     &object) ||
        (object && !load_parts(ctx, what, object)))
        return false;
    memcpy(ret_object, &object, sizeof(void *));
    return true;
}

/* A number may come as text of digits. */
static bool check_number(struct ci_ctx *ctx, const struct ci_stepped *what, const json_t *value,
                         const char **ret_number)
{
    const char *text =
        json_is_string(value) ? json_string_value(value) : ci_json_text(ctx->mem, value);
    int64_t number;

    if (!text || !ci_parse_int(text, 0, INT32_MAX, &number))
        return ci_fail_text(ctx, InvalidParameterValue,
                            "Expected an integer from 0 to %d for %s of a step: %.100s", INT32_MAX,
                            what->number, text ? text : "");
    *ret_number = ci_printf(ctx->mem, "%lld", (long long)number);
    return true;
}

static bool insert_step(struct ci_ctx *ctx, const struct ci_stepped *what, const char *id,
                        const json_t *step)
{
    const json_t *args = json_object_get(step, "args");
    const char *values[] = {
        ci_time_db(ctx->mem, ci_time_now_us()),
        id,
        json_string_value(json_object_get(step, "interface")),
        json_string_value(json_object_get(step, "step")),
        args ? ci_json_text(ctx->mem, args) : "{}",
        NULL,
    };

    return check_number(ctx, what, json_object_get(step, what->number), &values[5]) &&
           ci_db_run(
               ctx,
               ci_printf(ctx->mem,
                         "INSERT INTO %s (created_at, %s, %s) VALUES ($1, $2, $3, $4, $5, $6)",
                         what->steps.table, what->steps.owner, what->steps.columns),
               sizeof values / sizeof values[0], values, NULL);
}

static bool insert_steps(struct ci_ctx *ctx, const struct ci_stepped *what, const void *object)
{
    const char *text = ci_field_to_db(ctx->mem, object, field_of(what, "steps"));
    const char *id = number_of(ctx, what, object);
    const json_t *step;
    json_t *steps;
    size_t i;

    if (!text)
        return true;
    if (!ci_json_read(ctx, text, strlen(text), &ci_json_trusted, &steps))
        return false;
    json_array_foreach(steps, i, step)
    {
        if (!insert_step(ctx, what, id, step))
            return false;
    }
    return true;
}

static bool insert(struct ci_ctx *ctx, const struct ci_stepped *what, void *object)
{
    return ci_row_insert(ctx, object) && insert_steps(ctx, what, object) &&
           load_parts(ctx, what, object);
}

bool ci_stepped_insert(struct ci_ctx *ctx, const struct ci_stepped *what, void *object)
{
    return ci_db_begin(ctx) && ci_row_end(ctx, insert(ctx, what, object));
}

/* Locks the row by writing it, so that two savers do not mix their steps. */
static bool hold(struct ci_ctx *ctx, const struct ci_stepped *what, const char *id, bool *ret_found)
{
    int64_t changed;

    if (!ci_db_run(ctx,
                   ci_printf(ctx->mem, "UPDATE %s SET id = id WHERE id = $1", what->type->table), 1,
                   &id, &changed))
        return false;
    *ret_found = changed > 0;
    return true;
}

static bool save(struct ci_ctx *ctx, const struct ci_stepped *what, void *object, bool *ret_found)
{
    struct ci_object *o = object;
    size_t steps = field_of(what, "steps");
    bool steps_changed = ci_fieldset_has(&o->changed, steps);
    const char *id = number_of(ctx, what, object);
    bool columns_changed = false;

    ci_fieldset_remove(&o->changed, steps);
    for (size_t i = 0; i < what->type->count; i++)
        columns_changed = columns_changed || ci_fieldset_has(&o->changed, i);
    if (!hold(ctx, what, id, ret_found))
        return false;
    if (!*ret_found)
        return true;
    if (columns_changed && !ci_row_save(ctx, object, NULL))
        return false;
    return !steps_changed || (ci_parts_delete(ctx, &what->steps, id) &&
                              insert_steps(ctx, what, object) && load_parts(ctx, what, object));
}

bool ci_stepped_save(struct ci_ctx *ctx, const struct ci_stepped *what, void *object,
                     bool *ret_found)
{
    return ci_db_begin(ctx) && ci_row_end(ctx, save(ctx, what, object, ret_found));
}

static bool delete (struct ci_ctx *ctx, const struct ci_stepped *what, const void *object,
                    bool *ret_found)
{
    const char *id = number_of(ctx, what, object);

    return ci_parts_delete(ctx, &what->steps, id) &&
           (!what->traits || ci_parts_delete(ctx, what->traits, id)) &&
           ci_row_delete(ctx, object, ret_found);
}

bool ci_stepped_delete(struct ci_ctx *ctx, const struct ci_stepped *what, const void *object,
                       bool *ret_found)
{
    return ci_db_begin(ctx) && ci_row_end(ctx, delete (ctx, what, object, ret_found));
}
