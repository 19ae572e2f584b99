/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views: a plan says which columns are selected and in which order they are written; rows are
 * then copied from the result into the answer, without objects or JSON trees in between.
 */
#include "api/view_plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "api/version.h"
#include "base/ident.h"
#include "base/jsontext.h"

/* Room for the SELECT of most views, so that it need not grow. */
#define SELECT_BYTES 2048

static bool in_version(const struct ci_request *req, const struct ci_field *field)
{
    return field->rest <= req->version ||
           (field->access & CI_EARLY && !ci_version_is_after_21_4(req->ctx));
}

static bool is_shown(const struct ci_view_plan *plan, size_t field)
{
    const struct ci_field *f = &plan->view->type->fields[field];

    if (!(f->access & CI_READ) || !in_version(plan->req, f))
        return false;
    return plan->shape == CI_SHAPE_FULL || ci_one_of(f->name, plan->fields);
}

static bool extra_is_shown(const struct ci_view_plan *plan, const struct ci_extra *extra)
{
    if (extra->since > plan->req->version)
        return false;
    return plan->shape == CI_SHAPE_FULL || extra->flags & CI_EXTRA_ALWAYS ||
           ci_one_of(extra->name, plan->fields);
}

/* The expression that gives a field's value, or NULL when it has none here. */
static const char *expression(const struct ci_view_plan *plan, size_t field)
{
    const struct ci_view *view = plan->view;

    if (view->type->fields[field].stored == CI_COLUMN)
        return view->type->fields[field].name;
    return view->virtual_sql ? view->virtual_sql(plan->req, field) : NULL;
}

/* Adds a name or an expression (in parentheses) to what is selected. */
static void add_column(struct ci_view_plan *plan, const char *sql)
{
    bool is_name = sql[0] != '(';

    if (plan->column_count > 0)
        ci_text_add(plan->select, ", ");
    if (is_name)
        ci_text_add(plan->select, "\"");
    ci_text_add(plan->select, sql);
    if (is_name)
        ci_text_add(plan->select, "\"");
    plan->column_count++;
}

/* Selects the field, once; false when it has no expression. */
static bool select_field(struct ci_view_plan *plan, size_t field)
{
    const char *sql;

    if (plan->column_of_field[field] > 0)
        return true;
    sql = expression(plan, field);
    if (!sql)
        return false;
    add_column(plan, sql);
    plan->column_of_field[field] = (short)plan->column_count;
    return true;
}

void ci_view_plan_need(struct ci_view_plan *plan, size_t field)
{
    (void)select_field(plan, field);
}

static void select_needs(struct ci_view_plan *plan, const short *needs)
{
    for (; needs && *needs >= 0; needs++)
        ci_view_plan_need(plan, (size_t)*needs);
}

/* Administrators are not asked, so that nothing is selected for them. */
static void select_owner(struct ci_view_plan *plan)
{
    const struct ci_ownership *owned = plan->view->owned;

    if (!owned || plan->req->ctx->who.is_admin)
        return;
    add_column(plan, owned->owner);
    plan->owner_column = (short)plan->column_count;
    if (!owned->lessee)
        return;
    add_column(plan, owned->lessee);
    plan->lessee_column = (short)plan->column_count;
}

static void add_extra(struct ci_view_plan *plan, size_t n)
{
    const struct ci_extra *extra = &plan->view->extras[n];

    if (!extra_is_shown(plan, extra))
        return;
    select_needs(plan, extra->needs);
    if (extra->sql) {
        add_column(plan, extra->sql);
        plan->column_of_extra[n] = (short)plan->column_count;
    }
    plan->extras[plan->extra_count++] = (short)n;
}

void ci_view_plan_init(struct ci_view_plan *plan, struct ci_request *req,
                       const struct ci_view *view, enum ci_shape shape, const char *const *fields,
                       const short *needs)
{
    *plan = (struct ci_view_plan){.req = req,
                                  .view = view,
                                  .shape = shape,
                                  .fields = fields,
                                  .select = ci_text_new(req->ctx->mem, 128 * 1024)};
    (void)ci_text_reserve(plan->select, SELECT_BYTES);
    ci_text_add(plan->select, "SELECT ");
    assert(view->type->count <= CI_FIELDS_MAX && view->extra_count <= CI_VIEW_EXTRAS_MAX);
    for (size_t i = 0; i < view->type->count; i++) {
        if (is_shown(plan, i) && select_field(plan, i))
            plan->shown[plan->shown_count++] = (short)i;
    }
    for (size_t i = 0; i < view->extra_count; i++)
        add_extra(plan, i);
    select_needs(plan, needs);
    select_needs(plan, view->needs);
    select_owner(plan);
    if (plan->column_count == 0)
        ci_view_plan_need(plan, (size_t)ci_field_find(view->type, view->key));
}

const char *ci_view_value(const struct ci_view_row *row, size_t field, size_t *ret_length)
{
    assert(row->plan->column_of_field[field] > 0);
    return row->rows->get(row->rows, row->row, (size_t)row->plan->column_of_field[field] - 1,
                          ret_length);
}

const char *ci_view_extra_value(const struct ci_view_row *row, size_t extra)
{
    assert(row->plan->column_of_extra[extra] > 0);
    return ci_row_text(row->rows, row->row, (size_t)row->plan->column_of_extra[extra] - 1);
}

struct ci_policy_record ci_view_record(const struct ci_view_row *row)
{
    const struct ci_view_plan *plan = row->plan;
    struct ci_policy_record record = {0};

    if (plan->owner_column == 0)
        return record;
    record.kind = plan->view->owned->kind;
    record.owner = ci_row_text(row->rows, row->row, (size_t)plan->owner_column - 1);
    if (plan->lessee_column > 0)
        record.lessee = ci_row_text(row->rows, row->row, (size_t)plan->lessee_column - 1);
    return record;
}

static const struct ci_jsontext_mask secrets = {.secrets = true};

static void write_value(struct ci_text *text, const struct ci_field *field, const char *value,
                        size_t length)
{
    switch (field->kind) {
    case CI_KIND_DICT:
        if (field->access & CI_SECRETS)
            ci_jsontext_masked(text, value, length, "{}", &secrets);
        else
            ci_jsontext_raw(text, value, length, "{}");
        return;
    case CI_KIND_LIST:
    case CI_KIND_DICTS:
    case CI_KIND_TRAITS:
        ci_jsontext_raw(text, value, length, "[]");
        return;
    case CI_KIND_TIME:
        ci_jsontext_time(text, value);
        return;
    case CI_KIND_BOOL:
        if (value)
            ci_text_add(text, value[0] == 't' || value[0] == '1' ? "true" : "false");
        else
            ci_text_add(text, "null");
        return;
    case CI_KIND_INT:
        if (value)
            ci_text_addn(text, value, length);
        else
            ci_text_add(text, "null");
        return;
    case CI_KIND_STR:
    case CI_KIND_UUID:
    case CI_KIND_MAC:
        if (value)
            ci_jsontext_stringn(text, value, length);
        else
            ci_text_add(text, "null");
        return;
    }
}

bool ci_view_load_parts(struct ci_view_row *row)
{
    const struct ci_view_plan *plan = row->plan;
    const struct ci_view *view = plan->view;

    for (size_t i = 0; view->load_parts && i < plan->shown_count; i++) {
        if (view->type->fields[plan->shown[i]].stored == CI_VIRTUAL)
            return view->load_parts(row, &row->parts);
    }
    return true;
}

void ci_view_write(struct ci_text *text, const struct ci_view_row *row)
{
    const struct ci_view_plan *plan = row->plan;
    const struct ci_view *view = plan->view;

    ci_text_addn(text, "{", 1);
    for (size_t i = 0; i < plan->shown_count; i++) {
        size_t n = (size_t)plan->shown[i], length;
        const struct ci_field *field = &view->type->fields[n];
        const char *value = ci_view_value(row, n, &length);
        size_t comma = i > 0 ? 0 : 2;

        ci_text_addn(text, field->json_key + comma, field->json_key_length - comma);
        if (!view->write || !view->write(text, row, n, value, length))
            write_value(text, field, value, length);
    }
    for (size_t i = 0; i < plan->extra_count; i++) {
        size_t n = (size_t)plan->extras[i];

        ci_jsontext_key(text, view->extras[n].name);
        view->extras[n].write(text, row, n);
    }
    ci_text_addn(text, "}", 1);
}

/* Newer controllers of Ironic list the names they know; some know none newer than the version. */
static bool knows_version(const struct ci_request *req, const struct ci_view *view)
{
    return view->field_words == CI_FIELDS_KNOWN && ci_version_is_after_21_4(req->ctx);
}

static bool lists_names(const struct ci_request *req, const struct ci_view *view)
{
    return knows_version(req, view) ||
           (view->field_words == CI_FIELDS_LISTED && ci_version_is_after_21_4(req->ctx));
}

/* What came with a release after the pinned one is no field. */
static bool is_served(const struct ci_request *req, const struct ci_view *view, int field)
{
    return view->type->fields[field].rest <= ci_version_max(req->ctx);
}

static bool check_field(struct ci_request *req, const struct ci_view *view, const char *name)
{
    int n = ci_field_find(view->type, name);

    if (knows_version(req, view))
        return true;

    if (n >= 0 && view->type->fields[n].access & CI_READ &&
        !(view->type->fields[n].access & CI_NO_FIELDS) && is_served(req, view, n))
        return ci_version_needs(req, view->type->fields[n].rest);
    for (size_t i = 0; i < view->extra_count; i++) {
        const struct ci_extra *extra = &view->extras[i];

        if (strcmp(extra->name, name) == 0 && extra->flags & CI_EXTRA_ASKED)
            return ci_version_needs(req, extra->since);
    }
    return true;
}

static bool is_known(const struct ci_request *req, const struct ci_view *view, const char *name)
{
    int n = ci_field_find(view->type, name);

    if (n >= 0 && knows_version(req, view) && view->type->fields[n].rest > req->version)
        return false;
    if (n >= 0)
        return is_served(req, view, n) && view->type->fields[n].access & CI_READ &&
               !(view->type->fields[n].access & CI_NO_FIELDS);
    for (size_t i = 0; i < view->extra_count; i++) {
        if (strcmp(view->extras[i].name, name) == 0)
            return view->extras[i].flags & CI_EXTRA_ASKED;
    }
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "Schema error: 'bogus' is not one of ['created_at', …]", as newer controllers of Ironic say. */
static bool refuse_enumerating(struct ci_request *req, const struct ci_view *view, const char *name)
{
    const char *names[CI_FIELDS_MAX + CI_VIEW_EXTRAS_MAX];
    struct ci_text *list = ci_text_new(req->ctx->mem, 4096);
    size_t n = 0;

    for (size_t i = 0; i < view->type->count; i++) {
        if (view->type->fields[i].access & CI_READ && view->type->fields[i].rest <= req->version)
            names[n++] = view->type->fields[i].name;
    }
    for (size_t i = 0; i < view->extra_count; i++)
        names[n++] = view->extras[i].name;
    qsort(names, n, sizeof names[0], by_name);
    for (size_t i = 0; i < n; i++)
        ci_text_printf(list, "%s'%s'", i > 0 ? ", " : "", names[i]);
    return ci_fail_text(req->ctx, InvalidParameterValue,
                        "Schema error: '%.200s' is not one of [%s]", name, list->bytes);
}

bool ci_fields_refuse(struct ci_request *req, const char *names)
{
    return ci_fail_text(req->ctx, InvalidParameterValue, "Field(s) \"%.400s\" are not valid",
                        names);
}

static bool refuse_field(struct ci_request *req, const struct ci_view *view, const char *name)
{
    if (lists_names(req, view))
        return refuse_enumerating(req, view, name);
    return ci_fail_text(req->ctx, InvalidParameterValue,
                        view->field_words == CI_FIELDS_PLAIN ? "Field %.200s is not a valid field."
                                                             : "Field(s) \"%.200s\" are not valid",
                        name);
}

bool ci_view_check_fields(struct ci_request *req, const struct ci_view *view,
                          const char *const *fields)
{
    for (size_t i = 0; fields[i]; i++) {
        if (!check_field(req, view, fields[i]))
            return false;
    }
    for (size_t i = 0; fields[i]; i++) {
        if (!is_known(req, view, fields[i]))
            return refuse_field(req, view, fields[i]);
    }
    return true;
}

/* What a view shows of the rows WHERE `where`; NULL fields are all of them. Stands at the first. */
static bool select_rows(struct ci_request *req, const struct ci_view *view,
                        const char *const *fields, const char *where, size_t n,
                        const char *const values[], struct ci_view_row *ret_row)
{
    struct ci_view_plan *plan = ci_new(req->ctx->mem, struct ci_view_plan);
    struct ci_rows *rows;

    ci_view_plan_init(plan, req, view, fields ? CI_SHAPE_FIELDS : CI_SHAPE_FULL, fields, NULL);
    ci_text_printf(plan->select, " FROM %s WHERE %s", view->type->table, where);
    if (!ci_db_query(req->ctx, plan->select->bytes, n, values, &rows))
        return false;
    *ret_row = (struct ci_view_row){.req = req, .plan = plan, .rows = rows};
    return true;
}

bool ci_view_all(struct ci_request *req, const struct ci_view *view, const char *const *fields,
                 const char *where, size_t n, const char *const values[])
{
    struct ci_view_row row;

    if (!select_rows(req, view, fields, where, n, values, &row))
        return false;
    ci_text_printf(req->reply, "{\"%s\": [", view->collection);
    for (; row.row < row.rows->count; row.row++) {
        if (row.row > 0)
            ci_text_add(req->reply, ", ");
        ci_view_write(req->reply, &row);
    }
    ci_text_add(req->reply, "]}");
    return !req->ctx->error;
}

/* A row of an owned view is shown to whom its rule lets, unless its loader asked before. */
static bool may_show(const struct ci_view_row *row, const char *ident)
{
    const struct ci_policy_record record = ci_view_record(row);

    return row->req->settled || !record.kind ||
           ci_policy_enter(row->req, &record, row->plan->view->not_found, ident);
}

bool ci_view_some(struct ci_request *req, const struct ci_view *view, const char *const *fields,
                  const char *where, size_t n, const char *const values[], bool *ret_found)
{
    struct ci_view_row row;

    if (!select_rows(req, view, fields, where, n, values, &row))
        return false;
    *ret_found = row.rows->count > 0;
    if (*ret_found && !may_show(&row, values[0]))
        return false;
    if (!ci_view_load_parts(&row))
        return false;
    if (*ret_found)
        ci_view_write(req->reply, &row);
    /* Extras cannot fail by themselves; what they asked for may have. */
    return !req->ctx->error;
}

bool ci_view_one(struct ci_request *req, const struct ci_view *view, const char *where, size_t n,
                 const char *const values[], bool *ret_found)
{
    const struct ci_arg *fields = ci_arg(req, "fields");

    if (fields->given && !ci_view_check_fields(req, view, fields->list))
        return false;
    return ci_view_some(req, view, fields->given ? fields->list : NULL, where, n, values,
                        ret_found);
}

static bool show(struct ci_request *req, const struct ci_view *view, const char *ident,
                 bool *ret_found)
{
    return ci_view_one(req, view, ci_uuid_is_like(ident) ? "uuid = $1" : "name = $1", 1, &ident,
                       ret_found);
}

bool ci_view_reply(struct ci_request *req, const struct ci_view *view, const char *uuid)
{
    bool found;

    return show(req, view, uuid, &found) && (found || view->not_found(req->ctx, uuid));
}

bool ci_view_show(struct ci_request *req, const struct ci_view *view)
{
    bool found;

    if (!show(req, view, req->idents[0], &found))
        return false;
    if (!found && req->json_suffix_of && !show(req, view, req->json_suffix_of, &found))
        return false;
    return found || view->not_found(req->ctx, req->idents[0]);
}

/* One {"href": …, "rel": …}. Keys are UUIDs or names checked when they came in: not escaped. */
static void add_link(struct ci_text *text, const struct ci_view_row *row, const char *root,
                     const char *collection, const char *key, const char *sub, const char *rel)
{
    ci_text_add(text, "{\"href\": \"");
    ci_text_add(text, ci_base_url(row->req));
    ci_text_add(text, root);
    ci_text_add(text, collection);
    ci_text_add(text, "/");
    ci_text_add(text, key);
    if (sub) {
        ci_text_add(text, "/");
        ci_text_add(text, sub);
    }
    ci_text_add(text, "\", \"rel\": \"");
    ci_text_add(text, rel);
    ci_text_add(text, "\"}");
}

void ci_view_sublinks(struct ci_text *text, const struct ci_view_row *row, const char *collection,
                      const char *key, const char *sub)
{
    ci_text_add(text, "[");
    add_link(text, row, "/v1/", collection, key, sub, "self");
    ci_text_add(text, ", ");
    add_link(text, row, "/", collection, key, sub, "bookmark");
    ci_text_add(text, "]");
}

void ci_view_links(struct ci_text *text, const struct ci_view_row *row, const char *collection,
                   const char *key)
{
    ci_view_sublinks(text, row, collection, key, NULL);
}

void ci_view_write_links(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    const struct ci_view *view = row->plan->view;
    size_t length;

    (void)n;
    ci_view_links(text, row, view->collection,
                  ci_view_value(row, (size_t)ci_field_find(view->type, view->key), &length));
}
