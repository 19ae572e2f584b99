/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inspection rules: kept by the API alone; conductors apply them to what an inspection finds.
 */
#include "objects/inspection_rule.h"

#include <pthread.h>
#include <string.h>

#include "api/notify.h"
#include "api/patch.h"
#include "api/schema.h"
#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/v1/rule_ops.h"
#include "api/v1/views.h"
#include "api/version.h"

const struct ci_param ci_params_rules_list[] = {
    {"marker", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    CI_MARKED_PARAMS,
    {"phase", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    {0},
};

/* Higher ones are for rules that come with a service. */
#define PRIORITY_MAX 9999

/* Ironic links to what has no route; clients compare. */
static void write_links(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    size_t length;

    (void)n;
    ci_view_links(text, row, "inspection", ci_view_value(row, ci_inspection_rule_uuid_n, &length));
}

/* What is shown of a condition or an action: what belongs to a loop only with a loop. */
static json_t *shown(const json_t *one, bool condition)
{
    json_t *loop = json_object_get(one, "loop"), *how = json_object_get(one, "multiple");
    json_t *made = json_pack("{s:O?, s:O?}", "op", json_object_get(one, "op"), "args",
                             json_object_get(one, "args"));

    if (json_array_size(loop) == 0 && json_object_size(loop) == 0)
        return made;
    json_object_set(made, "loop", loop);
    if (condition)
        json_object_set_new(made, "multiple", how ? json_incref(how) : json_string("any"));
    return made;
}

static void write_list(struct ci_text *text, const struct ci_view_row *row, bool conditions,
                       const char *value, size_t length)
{
    struct ci_ctx *ctx = row->req->ctx;
    json_t *list, *made;
    const json_t *one;
    size_t i;

    if (!ci_json_read(ctx, value, length, &ci_json_trusted, &list)) {
        ci_error_clear(ctx);
        ci_text_add(text, "[]");
        return;
    }
    made = ci_json(ctx, json_array());
    json_array_foreach(list, i, one) json_array_append_new(made, shown(one, conditions));
    ci_text_add(text, ci_json_text(ctx->mem, made));
}

static bool write_field(struct ci_text *text, const struct ci_view_row *row, size_t field,
                        const char *value, size_t length)
{
    const char *sensitive;
    size_t n;

    if (field != ci_inspection_rule_conditions_n && field != ci_inspection_rule_actions_n)
        return false;
    sensitive = ci_view_value(row, ci_inspection_rule_sensitive_n, &n);
    /* The engines have words of their own for it. */
    if (sensitive && (sensitive[0] == 't' || sensitive[0] == '1'))
        ci_text_add(text, "null");
    else if (!value)
        ci_text_add(text, "[]");
    else
        write_list(text, row, field == ci_inspection_rule_conditions_n, value, length);
    return true;
}

static bool not_found(struct ci_ctx *ctx, const char *key)
{
    return ci_fail(ctx, InspectionRuleNotFound, key);
}

static const short needs_uuid[] = {ci_inspection_rule_uuid_n, -1};
static const short needs_sensitive[] = {ci_inspection_rule_sensitive_n, -1};
static const struct ci_extra extras[] = {
    {"links", CI_API_INSPECTION_RULES, CI_EXTRA_ALWAYS | CI_EXTRA_ASKED, NULL, needs_uuid,
     write_links, CI_SCHEMA_LINKS, "The inspection rule itself."},
};
static const char *const list_fields[] = {"uuid", "priority", "phase", "description", NULL};

const struct ci_view ci_inspection_rule_view = {
    .type = &ci_inspection_rule_type,
    .collection = "inspection_rules",
    .key = "uuid",
    .list_fields = list_fields,
    .extras = extras,
    .extra_count = sizeof extras / sizeof extras[0],
    .write = write_field,
    .needs = needs_sensitive,
    .not_found = not_found,
    .default_sort = "id",
    .field_words = CI_FIELDS_QUOTED,
};

static const char *const required[] = {"actions", NULL};
static const char *const patchable[] = {"uuid",  "description", "priority", "sensitive",
                                        "phase", "conditions",  "actions",  NULL};
static struct ci_patch_rules may = {.type = &ci_inspection_rule_type, .allowed = patchable};
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_schema(void)
{
    struct ci_arena *mem = ci_arena_new();
    const struct ci_field_rule rules[] = {
        {"uuid", "{\"type\": [\"string\", \"null\"]}"},
        {"priority", "{\"type\": \"integer\", \"minimum\": 0}"},
        {"sensitive", "{\"type\": [\"boolean\", \"null\"]}"},
        {"phase", "{\"type\": [\"string\", \"null\"], \"maxLength\": 16}"},
        {"conditions", ci_rule_schema(mem, CI_RULE_CONDITION)},
        {"actions", ci_rule_schema(mem, CI_RULE_ACTION)},
        {0},
    };

    may.schema = ci_schema_of_type(&ci_inspection_rule_type, CI_CREATE | CI_PATCH, rules, required);
    ci_arena_free(mem);
}

const struct ci_patch_rules *ci_inspection_rule_rules(void)
{
    pthread_once(&once, make_schema);
    return &may;
}

bool ci_rules_list(struct ci_request *req)
{
    static const char *const unsorted[] = {"actions", "conditions", NULL};
    const char *key = ci_arg_text(req, "sort_key");
    struct ci_filter filter;

    if (key && ci_one_of(key, unsorted))
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "Schema error: '%s' should not be valid under {'type': 'string', "
                            "'enum': ['actions', 'conditions']}",
                            key);
    /* The phase filters nothing, as in Ironic. */
    ci_filter_init(&filter, req->ctx->mem);
    return ci_view_list(req, &ci_inspection_rule_view, &filter, NULL);
}

bool ci_rule_show(struct ci_request *req)
{
    return ci_view_reply(req, &ci_inspection_rule_view, req->idents[0]);
}

/* What the schema, which the document fits, does not say; all that is wrong is told at once. */
static bool check(struct ci_request *req, const json_t *document)
{
    static const char *const uuids[] = {"uuid", NULL};
    const json_t *phase = json_object_get(document, "phase");
    const json_t *priority = json_object_get(document, "priority");
    bool bad_phase = phase && !ci_same(json_string_value(phase), "main");
    bool bad_priority = priority && (ci_json_kind(priority) != CI_JSON_INT ||
                                     json_integer_value(priority) > PRIORITY_MAX);

    if (!ci_document_uuids(req, document, uuids) ||
        !ci_rule_check(req, CI_RULE_CONDITION, json_object_get(document, "conditions")) ||
        !ci_rule_check(req, CI_RULE_ACTION, json_object_get(document, "actions")))
        return false;
    if (!bad_phase && !bad_priority)
        return true;
    return ci_fail_text(
        req->ctx, Invalid, "%s%s%s%s",
        bad_phase && bad_priority ? "Multiple validation errors occurred: " : "",
        bad_phase ? ci_printf(req->ctx->mem, "Invalid phase: %s. Valid phases are: main",
                              json_string_value(phase) ? json_string_value(phase) : "None")
                  : "",
        bad_phase && bad_priority ? "; " : "",
        bad_priority ? "Priority must be between 0 and 9999 for user-defined rules." : "");
}

bool ci_rule_create_route(struct ci_request *req)
{
    struct ci_inspection_rule *made = ci_object_new(req->ctx->mem, &ci_inspection_rule_type);
    const json_t *document = req->json ? req->json : ci_json(req->ctx, json_object());

    return ci_schema_check(req->ctx, ci_inspection_rule_rules()->schema, NULL, document) &&
           ci_policy_ask(req, req->route->policy, NULL) && check(req, document) &&
           ci_create_fill(req, made, document) && ci_notify_start(req->ctx, made, "create", NULL) &&
           ci_notify_done(req->ctx, made, "create", NULL,
                          ci_inspection_rule_create(req->ctx, made)) &&
           ci_reply_location(req, "/v1/inspection_rules/%s", made->uuid) &&
           ci_view_reply(req, &ci_inspection_rule_view, made->uuid);
}

/* What was hidden once stays hidden. */
static bool check_sensitive(struct ci_request *req, const struct ci_inspection_rule *rule)
{
    const json_t *value = ci_patch_value(req, "/sensitive");

    if (!value || !ci_is_true(rule->sensitive) || json_is_true(value) || json_is_null(value))
        return true;
    return ci_fail(req->ctx, PatchError, ci_json_repr(req->ctx->mem, req->json),
                   "Inspection rules cannot have the sensitive flag unset.");
}

bool ci_rule_patch_route(struct ci_request *req)
{
    const struct ci_patch_rules *allowed = ci_inspection_rule_rules();
    struct ci_inspection_rule *rule;
    json_t *document;

    return ci_patch_check(req, allowed) &&
           ci_inspection_rule_load(req->ctx, req->idents[0], &rule) && check_sensitive(req, rule) &&
           ci_patch_apply(req, allowed, rule, NULL, &document) && check(req, document) &&
           ci_patch_update(req, allowed, rule, document) &&
           ci_notify_start(req->ctx, rule, "update", NULL) &&
           ci_notify_done(req->ctx, rule, "update", NULL,
                          ci_inspection_rule_save(req->ctx, rule)) &&
           ci_view_reply(req, &ci_inspection_rule_view, rule->uuid);
}

bool ci_rule_delete_route(struct ci_request *req)
{
    struct ci_inspection_rule *rule;

    return ci_inspection_rule_load(req->ctx, req->idents[0], &rule) &&
           ci_notify_start(req->ctx, rule, "delete", NULL) &&
           ci_notify_done(req->ctx, rule, "delete", NULL,
                          ci_inspection_rule_destroy(req->ctx, rule));
}
