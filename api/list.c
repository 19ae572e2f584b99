/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists: filters, sorting, paging by marker, and rows appended as text chunk by chunk.
 *
 * The order is (sort_key, id), nulls last going up and first going down, on both engines; a
 * marker therefore is a position, even when many rows share a key or have none.
 */
#include <string.h>

#include "api/version.h"
#include "api/view_plan.h"
#include "base/config.h"

#define CHUNK_ROWS 100

/* So many rows tell how long an answer will be; no more than ROOM_MAX bytes are believed. */
#define SAMPLE_ROWS 8
#define ROOM_MAX ((size_t)16 * 1024 * 1024)

/* What the page is: the request's arguments, checked. */
struct page {
    struct ci_request *req;
    const struct ci_view *view;
    const struct ci_list_options *options;
    struct ci_view_plan *plan;
    struct ci_filter filter;
    int64_t limit;
    const char *sort_key;
    bool descending;
    bool detail;
    size_t count;     /* rows written */
    const char *last; /* key of the last one */
};

void ci_filter_init(struct ci_filter *filter, struct ci_arena *mem)
{
    *filter = (struct ci_filter){.sql = ci_text_new(mem, 16 * 1024)};
}

void ci_filter_add(struct ci_filter *filter, const char *expression, const char *value)
{
    const char *mark = strchr(expression, '?');

    if (filter->sql->length > 0)
        ci_text_add(filter->sql, " AND ");
    if (!mark) {
        ci_text_add(filter->sql, expression);
        return;
    }
    if (filter->n == CI_FILTER_VALUES_MAX) {
        filter->sql->overflow = true;
        return;
    }
    filter->values[filter->n++] = value;
    ci_text_printf(filter->sql, "%.*s$%zu%s", (int)(mark - expression), expression, filter->n,
                   mark + 1);
}

void ci_filter_any(struct ci_filter *filter, const char *before, const char *const *values,
                   const char *after)
{
    /* Room for the other filters, the marker and the limit. */
    const size_t reserved = 40;

    if (filter->sql->length > 0)
        ci_text_add(filter->sql, " AND ");
    ci_text_add(filter->sql, before);
    for (size_t i = 0; values[i]; i++) {
        if (filter->n + reserved >= CI_FILTER_VALUES_MAX) {
            filter->sql->overflow = true;
            return;
        }
        filter->values[filter->n++] = values[i];
        ci_text_printf(filter->sql, "%s$%zu", i > 0 ? ", " : "", filter->n);
    }
    ci_text_add(filter->sql, after);
}

void ci_filter_contains(struct ci_filter *filter, struct ci_arena *mem, const char *column,
                        const char *text)
{
    struct ci_text *like = ci_text_new(mem, 64 * 1024);

    ci_text_add(like, "%");
    for (; *text; text++)
        ci_text_printf(like, strchr("%_\\", *text) ? "\\%c" : "%c", *text);
    ci_text_add(like, "%");
    ci_filter_add(filter, ci_printf(mem, "%s LIKE ? ESCAPE '\\'", column), like->bytes);
}

/* Only what is the project's, where the caller may not list everything. */
static bool add_project(struct page *page)
{
    const struct ci_ownership *owned = page->view->owned;
    const char *project = NULL;

    if (!owned)
        return true;
    if (!ci_policy_list(page->req, owned->family,
                        owned->param ? ci_arg_text(page->req, owned->param) : NULL, &project))
        return false;
    if (project)
        ci_filter_add(&page->filter, owned->of_project, project);
    return true;
}

static bool read_limit(struct page *page)
{
    const struct ci_arg *limit = ci_arg(page->req, "limit");
    int64_t max = page->req->ctx->config->api.max_limit;

    page->limit = max;
    if (!limit->given)
        return true;
    if (limit->number <= 0)
        return ci_fail_text(page->req->ctx, InvalidParameterValue, "Limit must be positive");
    if (limit->number < max)
        page->limit = limit->number;
    return true;
}

static bool bad_sort_key(struct page *page, const char *quote)
{
    return ci_fail_text(page->req->ctx, InvalidParameterValue,
                        "The sort_key value %s%.200s%s is an invalid field for sorting", quote,
                        page->sort_key, quote);
}

/* What is no field sorts nothing, but for the version of the row, which every table has. */
static bool check_other_sort_key(struct page *page)
{
    const struct ci_view *view = page->view;

    if (strcmp(page->sort_key, "version") == 0)
        return true;
    for (size_t i = 0; i < view->extra_count; i++) {
        if (strcmp(view->extras[i].name, page->sort_key) == 0 &&
            view->extras[i].flags & CI_EXTRA_ASKED &&
            !ci_version_needs(page->req, view->extras[i].since))
            return false;
    }
    return bad_sort_key(
        page, view->refused_sort && ci_one_of(page->sort_key, view->refused_sort) ? "" : "\"");
}

static bool check_sort_key(struct page *page)
{
    int n = ci_field_find(page->view->type, page->sort_key);
    const struct ci_field *field = n >= 0 ? &page->view->type->fields[n] : NULL;

    if (strcmp(page->sort_key, page->view->type->key) == 0)
        return true;
    if (!field)
        return check_other_sort_key(page);
    if (field->rest != CI_NEVER && !ci_version_needs(page->req, field->rest))
        return false;
    if (field->access & CI_SORT)
        return true;
    /* Hidden columns sort, too: nobody sees them, but Ironic lets them. */
    if (field->rest == CI_NEVER && field->stored == CI_COLUMN && !ci_field_is_json(field))
        return true;
    return bad_sort_key(page, field->kind >= CI_KIND_DICT ? "" : "\"");
}

static bool read_sort(struct page *page)
{
    const char *key = ci_arg_text(page->req, "sort_key");
    const char *dir = ci_arg_text(page->req, "sort_dir");

    page->sort_key = key && key[0] ? key : page->view->default_sort;
    page->descending = dir && strcmp(dir, "desc") == 0;
    if (dir && !page->descending && strcmp(dir, "asc") != 0)
        return ci_fail_text(page->req->ctx, InvalidParameterValue,
                            "Invalid sort direction: %.200s. Acceptable values are 'asc' or 'desc'",
                            dir);
    return check_sort_key(page);
}

static bool read_fields(struct page *page)
{
    const struct ci_arg *fields = ci_arg(page->req, "fields");
    enum ci_shape shape = CI_SHAPE_FIELDS;
    const char *const *names = page->view->list_fields;

    page->detail = page->options->always_detail || ci_arg_true(page->req, "detail", false);
    if (fields->given && page->detail)
        return ci_fail_text(page->req->ctx, InvalidParameterValue, "%s",
                            page->view->both_words
                                ? page->view->both_words
                                : "Can not specify ?detail=True and fields in the same request.");
    if (fields->given) {
        names = fields->list;
        if (!ci_view_check_fields(page->req, page->view, names))
            return false;
    } else if (page->detail) {
        shape = CI_SHAPE_FULL;
    }
    page->plan = ci_new(page->req->ctx->mem, struct ci_view_plan);
    ci_view_plan_init(page->plan, page->req, page->view, shape, names, page->options->keep_needs);
    /* next names the last row by its key. */
    ci_view_plan_need(page->plan, (size_t)ci_field_find(page->view->type, page->view->key));
    return true;
}

/* Finds the marker's row and adds the condition that puts the page behind it. */
static bool read_marker(struct page *page)
{
    struct ci_ctx *ctx = page->req->ctx;
    const char *marker = ci_arg_text(page->req, "marker"), *id, *value;
    const char *key = page->view->type->key, *than = page->descending ? "<" : ">";
    struct ci_rows *rows;

    if (!marker)
        return true;
    if (!ci_db_query(ctx,
                     ci_printf(ctx->mem, "SELECT \"%s\", \"%s\" FROM %s WHERE \"%s\" = $1", key,
                               page->sort_key, page->view->type->table, page->view->key),
                     1, &marker, &rows))
        return false;
    if (rows->count == 0)
        return page->view->not_found(ctx, marker);
    id = ci_row_text(rows, 0, 0);
    value = ci_row_text(rows, 0, 1);
    if (strcmp(page->sort_key, key) == 0) {
        ci_filter_add(&page->filter, ci_printf(ctx->mem, "\"%s\" %s ?", key, than), id);
    } else if (!value) {
        ci_filter_add(&page->filter,
                      ci_printf(ctx->mem,
                                page->descending ? "(\"%1$s\" IS NOT NULL OR \"%2$s\" < ?)"
                                                 : "(\"%1$s\" IS NULL AND \"%2$s\" > ?)",
                                page->sort_key, key),
                      id);
    } else {
        /* One condition with two values: the row comparison, and nulls where they sort. */
        ci_filter_add(&page->filter,
                      ci_printf(ctx->mem, "((\"%s\", \"%s\") %s (?", page->sort_key, key, than),
                      value);
        page->filter.values[page->filter.n++] = id;
        ci_text_printf(page->filter.sql, ", $%zu)", page->filter.n);
        if (!page->descending)
            ci_text_printf(page->filter.sql, " OR \"%s\" IS NULL", page->sort_key);
        ci_text_add(page->filter.sql, ")");
    }
    return true;
}

static const char *statement(struct page *page)
{
    const struct ci_type *type = page->view->type;
    const char *nulls = page->descending ? "DESC NULLS FIRST" : "ASC NULLS LAST";
    const char *dir = page->descending ? "DESC" : "ASC";
    struct ci_text *sql = page->plan->select;

    ci_text_printf(sql, " FROM %s", type->table);
    if (page->filter.sql->length > 0)
        ci_text_printf(sql, " WHERE %s", page->filter.sql->bytes);
    /* With the table's name, since what extras select may have the name of a column, too. */
    if (strcmp(page->sort_key, type->key) == 0)
        ci_text_printf(sql, " ORDER BY %s.\"%s\" %s", type->table, type->key, dir);
    else
        ci_text_printf(sql, " ORDER BY %1$s.\"%2$s\" %3$s, %1$s.\"%4$s\" %5$s", type->table,
                       page->sort_key, nulls, type->key, dir);
    page->filter.values[page->filter.n++] =
        ci_printf(page->req->ctx->mem, "%lld", (long long)page->limit);
    ci_text_printf(sql, " LIMIT $%zu", page->filter.n);
    return sql->bytes;
}

/*
 * Room for a full page of rows like the first ones, so that a long answer does not move while it
 * grows. What is not needed of it is never touched.
 */
static void make_room(struct page *page)
{
    struct ci_text *text = page->req->reply;
    size_t to_come = text->length / SAMPLE_ROWS * ((size_t)page->limit - page->count);

    to_come += to_come / 8;
    if (to_come < ROOM_MAX)
        (void)ci_text_reserve(text, to_come);
}

static bool write_rows(struct ci_ctx *ctx, const struct ci_rows *rows, void *arg)
{
    struct page *page = arg;
    struct ci_view_row row = {.req = page->req, .plan = page->plan, .rows = rows};
    size_t key = (size_t)ci_field_find(page->view->type, page->view->key), length;

    if (!ci_view_load_parts(&row))
        return false;
    for (row.row = 0; row.row < rows->count; row.row++) {
        if (page->options->keep && !page->options->keep(&row))
            continue;
        if (page->count > 0)
            ci_text_addn(page->req->reply, ", ", 2);
        ci_view_write(page->req->reply, &row);
        page->count++;
        if (page->count == SAMPLE_ROWS && page->limit > SAMPLE_ROWS)
            make_room(page);
        if ((int64_t)page->count == page->limit)
            page->last = ci_strdup(ctx->mem, ci_view_value(&row, key, &length));
    }
    return !ctx->error;
}

static void write_next(struct page *page)
{
    const struct ci_arg *detail = ci_arg(page->req, "detail");
    struct ci_text *text = page->req->reply;

    if ((int64_t)page->count != page->limit || page->options->no_next)
        return;
    ci_text_printf(text, ", \"next\": \"%s/v1/%s?sort_key=%s&sort_dir=%s&", ci_base_url(page->req),
                   page->options->path ? page->options->path : page->view->collection,
                   page->sort_key, page->descending ? "desc" : "asc");
    if (page->options->next_args)
        ci_text_add(text, page->options->next_args);
    if (detail->given)
        ci_text_printf(text, "detail=%s&", detail->number ? "True" : "False");
    if (page->plan->shape != CI_SHAPE_FULL && !page->options->no_fields) {
        ci_text_add(text, "fields=");
        for (size_t i = 0; page->plan->fields[i]; i++)
            ci_text_printf(text, "%s%s", i > 0 ? "," : "", page->plan->fields[i]);
        ci_text_add(text, "&");
    }
    ci_text_printf(text, "limit=%lld&marker=%s\"", (long long)page->limit, page->last);
}

/*
 * Wide rows come in chunks, so that the answer is held once, not twice. Many of them take longer
 * than an epoll thread may, so that nothing is begun there.
 */
static bool fetch(struct page *page)
{
    struct ci_ctx *ctx = page->req->ctx;
    const char *sql = statement(page);
    bool long_list = page->plan->shape == CI_SHAPE_FULL && page->limit > CHUNK_ROWS;
    struct ci_rows *rows;

    if (long_list && ctx->deadline_ns)
        return ci_fail(ctx, MustWait);
    if (long_list)
        return ci_db_query_chunks(ctx, sql, page->filter.n, page->filter.values, CHUNK_ROWS,
                                  write_rows, page);
    return ci_db_query(ctx, sql, page->filter.n, page->filter.values, &rows) &&
           write_rows(ctx, rows, page);
}

bool ci_view_list(struct ci_request *req, const struct ci_view *view,
                  const struct ci_filter *filter, const struct ci_list_options *options)
{
    static const struct ci_list_options usual;
    struct page page = {
        .req = req, .view = view, .options = options ? options : &usual, .filter = *filter};

    if (filter->sql->overflow)
        return ci_fail_text(req->ctx, InvalidParameterValue, "A filter has too many values.");
    if (!add_project(&page) || !read_limit(&page) || !read_sort(&page) || !read_fields(&page) ||
        !read_marker(&page))
        return false;
    if (view->where_always)
        ci_filter_add(&page.filter, view->where_always, NULL);
    ci_text_printf(req->reply, "{\"%s\": [", view->collection);
    if (!fetch(&page))
        return false;
    ci_text_add(req->reply, "]");
    write_next(&page);
    ci_text_add(req->reply, "}");
    if (!req->reply->overflow && !page.filter.sql->overflow)
        return true;
    return ci_fail_text(
        req->ctx, InvalidParameterValue,
        "The answer would be larger than the service sends; ask for fewer rows or fields.");
}
