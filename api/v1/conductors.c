/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conductors: who is there and who is alive.
 */
#include "objects/conductor.h"

#include "api/v1/handlers.h"
#include "api/v1/views.h"
#include "base/config.h"

const struct ci_param ci_params_conductors_list[] = {
    {"marker", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    CI_MARKED_PARAMS,
    {0},
};

/* Online, with a young heartbeat. */
static void write_alive(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    struct ci_ctx *ctx = row->req->ctx;
    struct ci_conductor_record *conductor = ci_object_new(ctx->mem, &ci_conductor_record_type);
    static const size_t fields[] = {ci_conductor_record_online_n, ci_conductor_record_updated_at_n};
    size_t length;

    (void)n;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (!ci_field_from_db(ctx, conductor, fields[i], ci_view_value(row, fields[i], &length)))
            return;
    }
    ci_text_add(text,
                ci_conductor_is_alive(ctx, conductor, ctx->config->conductor.heartbeat_timeout)
                    ? "true"
                    : "false");
}

static bool not_found(struct ci_ctx *ctx, const char *key)
{
    return ci_fail(ctx, ConductorNotFound, key);
}

static const short needs_hostname[] = {ci_conductor_record_hostname_n, -1};
static const short needs_beat[] = {ci_conductor_record_online_n, ci_conductor_record_updated_at_n,
                                   -1};
static const struct ci_extra extras[] = {
    {"links", 1, CI_EXTRA_ALWAYS | CI_EXTRA_ASKED, NULL, needs_hostname, ci_view_write_links,
     CI_SCHEMA_LINKS, "The conductor itself."},
    {"alive", 1, CI_EXTRA_ASKED, NULL, needs_beat, write_alive, "{\"type\": \"boolean\"}",
     "Whether it was heard of lately."},
};
static const char *const list_fields[] = {"hostname", "conductor_group", "alive", NULL};
static const char *const refused_sort[] = {"alive", NULL};

const struct ci_view ci_conductor_view = {
    .type = &ci_conductor_record_type,
    .collection = "conductors",
    .key = "hostname",
    .list_fields = list_fields,
    .extras = extras,
    .extra_count = sizeof extras / sizeof extras[0],
    .not_found = not_found,
    .default_sort = "id",
    .refused_sort = refused_sort,
    .field_words = CI_FIELDS_LISTED,
};

bool ci_conductors_list(struct ci_request *req)
{
    struct ci_filter filter;

    ci_filter_init(&filter, req->ctx->mem);
    return ci_view_list(req, &ci_conductor_view, &filter, NULL);
}

static bool show(struct ci_request *req, const char *hostname, bool *ret_found)
{
    return ci_view_one(req, &ci_conductor_view, "hostname = $1", 1, &hostname, ret_found);
}

bool ci_conductor_show(struct ci_request *req)
{
    bool found;

    if (!show(req, req->idents[0], &found))
        return false;
    if (!found && req->json_suffix_of && !show(req, req->json_suffix_of, &found))
        return false;
    return found || ci_fail(req->ctx, ConductorNotFound, req->idents[0]);
}
