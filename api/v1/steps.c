/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps of deploy templates and runbooks: in their views and in what clients send.
 */
#include "api/v1/steps.h"

#include <string.h>

#include "api/version.h"
#include "api/view_plan.h"
#include "objects/deploy_template.h"
#include "objects/runbook.h"

/* The parts of all rows of an answer. */
struct parts {
    const struct ci_parts *steps, *traits;
};

static const struct ci_stepped *stepped_of(const struct ci_view_row *row)
{
    return row->plan->view->type == &ci_runbook_type ? &ci_runbook_stepped
                                                     : &ci_deploy_template_stepped;
}

const char *ci_stepped_sql(const struct ci_request *req, size_t field)
{
    (void)req;
    (void)field;
    return "id";
}

static bool is_selected(const struct ci_view_row *row, size_t field)
{
    return row->plan->column_of_field[field] > 0;
}

/* The numbers of the rows, as one of the VIRTUAL fields selects them. */
static const char *const *owners(const struct ci_view_row *of, size_t field)
{
    const char **ids = ci_alloc_array(of->req->ctx->mem, of->rows->count + 1, sizeof *ids);
    struct ci_view_row row = *of;
    size_t length;

    for (row.row = 0; row.row < of->rows->count; row.row++)
        ids[row.row] = ci_view_value(&row, field, &length);
    return ids;
}

bool ci_stepped_load_parts(const struct ci_view_row *row, const void **ret_parts)
{
    const struct ci_stepped *what = stepped_of(row);
    size_t steps = (size_t)ci_field_find(what->type, "steps"), traits = steps;
    struct parts *parts = ci_new(row->req->ctx->mem, struct parts);
    struct ci_ctx *ctx = row->req->ctx;

    if (what->traits)
        traits = (size_t)ci_field_find(what->type, "traits");
    if (is_selected(row, steps) &&
        !ci_parts_load(ctx, &what->steps, owners(row, steps), row->rows->count, &parts->steps))
        return false;
    if (what->traits && is_selected(row, traits) &&
        !ci_parts_load(ctx, what->traits, owners(row, traits), row->rows->count, &parts->traits))
        return false;
    *ret_parts = parts;
    return true;
}

bool ci_stepped_write(struct ci_text *text, const struct ci_view_row *row, size_t field,
                      const char *value, size_t length)
{
    const struct ci_stepped *what = stepped_of(row);
    const struct parts *parts = row->parts;
    const struct ci_field *f = &what->type->fields[field];

    (void)value;
    (void)length;
    if (f->stored != CI_VIRTUAL)
        return false;
    if (strcmp(f->name, "steps") == 0)
        ci_steps_write_masked(text, what, &parts->steps[row->row]);
    else
        ci_parts_write_names(text, &parts->traits[row->row]);
    return true;
}

bool ci_steps_ask(struct ci_request *req, const json_t *steps, const struct ci_node *node)
{
    const struct ci_policy_record record =
        node ? CI_POLICY_NODE(node) : (struct ci_policy_record){0};
    struct ci_text *refused = ci_text_new(req->ctx->mem, 900);
    const json_t *one;
    size_t i;

    json_array_foreach(steps, i, one)
    {
        const char *interface = json_string_value(json_object_get(one, "interface"));
        const char *step = json_string_value(json_object_get(one, "step"));

        if (!interface || !step ||
            ci_policy_lets(
                req, ci_printf(req->ctx->mem, "baremetal:step:execute:%s.%s", interface, step),
                &record))
            continue;
        ci_text_printf(refused, "%sinsufficient privileges to execute step %s on interface %s",
                       refused->length > 0 ? "; " : "", step, interface);
    }
    return refused->length == 0 || ci_fail_text(req->ctx, NotAuthorized, "%s", refused->bytes);
}

static const char *key_of(struct ci_request *req, const json_t *step)
{
    return ci_printf(req->ctx->mem, "interface: %s, step: %s",
                     json_string_value(json_object_get(step, "interface")),
                     json_string_value(json_object_get(step, "step")));
}

bool ci_steps_check_twice(struct ci_request *req, const json_t *document)
{
    struct ci_text *text = ci_text_new(req->ctx->mem, 600);
    json_t *counts = ci_json(req->ctx, json_object());
    const json_t *step;
    size_t i;

    json_array_foreach(json_object_get(document, "steps"), i, step)
    {
        const char *key = key_of(req, step);
        json_int_t count = json_integer_value(json_object_get(counts, key)) + 1;

        json_object_set_new(counts, key, json_integer(count));
        if (count == 2)
            ci_text_printf(text, "%s%s", text->length > 0 ? "; " : "", key);
    }
    if (text->length == 0)
        return true;
    return ci_fail(req->ctx, InvalidDeployTemplate,
                   ci_printf(req->ctx->mem,
                             "Duplicate deploy steps. A %stemplate cannot have multiple deploy "
                             "steps with the same interface and step. Duplicates: %s",
                             ci_version_is_after_21_4(req->ctx) ? "" : "deploy ", text->bytes));
}
