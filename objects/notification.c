/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payloads of notifications.
 *
 * Ironic sends them at its newest version even while pin_release_version holds everything else
 * back; here they are held back too, so that listeners see one shape from all services of a
 * cluster until the last of them is upgraded.
 */
#include "objects/notification.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "base/jsontext.h"
#include "base/mask.h"
#include "base/text.h"
#include "objects/allocation.h"
#include "objects/chassis.h"
#include "objects/deploy_template.h"
#include "objects/inspection_rule.h"
#include "objects/node.h"
#include "objects/port.h"
#include "objects/portgroup.h"
#include "objects/releases.h"
#include "objects/runbook.h"
#include "objects/volume_connector.h"
#include "objects/volume_target.h"
#include "objects/wire.h"

#define CRUD "CRUDPayload"
#define IMAGE_URL "image_url"

enum { FIELDS_MAX = 64, VERSIONS_MAX = 16, TOLD_MAX = 4, NAME_MAX_LENGTH = 64 };

/* A row as it is written. */
static const struct row {
    const char *name;
    const struct ci_type *type;
    const char *versions, *told, *fields;
} rows[] = {
#define PAYLOAD(class, record, versions_, told_, fields_)                                          \
    {.name = #class,                                                                               \
     .type = &ci_##record##_type,                                                                  \
     .versions = versions_,                                                                        \
     .told = told_,                                                                                \
     .fields = fields_},
#include "objects/notification.def"
};

/* The same, looked up once. */
static struct payload {
    struct {
        int minor, since;
    } versions[VERSIONS_MAX];
    struct {
        size_t field;
        int since;
    } fields[FIELDS_MAX];
    char told[TOLD_MAX][NAME_MAX_LENGTH];
    size_t n_versions, n_fields, n_told;
} payloads[CI_PAYLOAD_COUNT];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The next word of a list, and what stands behind its "@", or -1; false at the end. */
static bool next_word(const char **list, char *word, int *ret_number)
{
    const char *at = *list + strspn(*list, " ");
    size_t length = strcspn(at, " @");

    if (length == 0)
        return false;
    assert(length < NAME_MAX_LENGTH);
    memcpy(word, at, length);
    word[length] = '\0';
    *ret_number = -1;
    at += length;
    if (*at == '@') {
        *ret_number = 0;
        for (at++; *at >= '0' && *at <= '9'; at++)
            *ret_number = *ret_number * 10 + *at - '0';
    }
    *list = at;
    return true;
}

static void read_row(const struct row *row, struct payload *payload)
{
    const char *list = row->versions;
    char word[NAME_MAX_LENGTH];
    int64_t minor;
    int number;

    for (; next_word(&list, word, &number); payload->n_versions++) {
        const bool sound = ci_parse_int(word, 0, 1000, &minor);

        assert(sound && payload->n_versions < VERSIONS_MAX);
        (void)sound;
        payload->versions[payload->n_versions].minor = (int)minor;
        payload->versions[payload->n_versions].since = number;
    }
    for (list = row->fields; next_word(&list, word, &number); payload->n_fields++) {
        const int field = ci_field_find(row->type, word);

        assert(field >= 0 && payload->n_fields < FIELDS_MAX);
        payload->fields[payload->n_fields].field = (size_t)field;
        payload->fields[payload->n_fields].since =
            number >= 0 ? number : row->type->fields[field].since;
    }
    for (list = row->told; next_word(&list, word, &number); payload->n_told++) {
        assert(payload->n_told < TOLD_MAX);
        memcpy(payload->told[payload->n_told], word, sizeof word);
    }
}

static void read_rows(void)
{
    for (size_t i = 0; i < CI_PAYLOAD_COUNT; i++)
        read_row(&rows[i], &payloads[i]);
}

/* The last version that came with the record's or before it; the first one before all of them. */
static int version_at(const struct payload *payload, int minor)
{
    size_t n = payload->n_versions - 1;

    while (n > 0 && payload->versions[n].since > minor)
        n--;
    return payload->versions[n].minor;
}

/* A JSON text with its secrets hidden. */
static bool masked_value(struct ci_ctx *ctx, const char *stored, json_t **ret_value)
{
    static const struct ci_jsontext_mask secrets = {.secrets = true};
    struct ci_text *text = ci_text_new(ctx->mem, ci_json_trusted.bytes);
    json_t *value;

    ci_jsontext_masked(text, stored, stored ? strlen(stored) : 0, "{}", &secrets);
    if (text->overflow)
        return ci_fail_text(ctx, Invalid, "A stored value is too large for a notification.");
    if (!ci_json_read(ctx, text->bytes, text->length, &ci_json_trusted, &value))
        return false;
    /* Ironic hides it whatever it is: it may be signed. */
    if (json_object_get(value, IMAGE_URL))
        json_object_set_new(value, IMAGE_URL, json_string(CI_MASK));
    *ret_value = json_incref(value);
    return true;
}

/* Names of traits, where records travel with objects of them. */
static bool names_value(struct ci_ctx *ctx, const char *names, json_t **ret_value)
{
    json_t *value;

    if (!names)
        names = "[]";
    if (!ci_json_read(ctx, names, strlen(names), &ci_json_trusted, &value))
        return false;
    *ret_value = json_incref(value);
    return true;
}

/* What REST shows nobody: how a sensitive rule works. */
static bool is_hidden(const struct ci_object *record, const struct ci_field *field)
{
    static const char *const hidden[] = {"actions", "conditions", NULL};

    return record->type == &ci_inspection_rule_type &&
           ci_is_true(((const struct ci_inspection_rule *)record)->sensitive) &&
           ci_one_of(field->name, hidden);
}

static bool member(struct ci_ctx *ctx, const struct ci_object *record, size_t field,
                   json_t **ret_value)
{
    const struct ci_field *of = &record->type->fields[field];
    const char *text =
        ci_field_is_json(of) ? *(const char *const *)((const char *)record + of->offset) : NULL;

    if (is_hidden(record, of)) {
        *ret_value = json_array();
        return true;
    }
    if (of->access & CI_SECRETS)
        return masked_value(ctx, text, ret_value);
    if (of->kind == CI_KIND_TRAITS)
        return names_value(ctx, text, ret_value);
    return ci_wire_field(ctx, record, field, ret_value);
}

static void add_told(const struct payload *payload, const struct ci_told *told, json_t *data)
{
    for (size_t i = 0; i < payload->n_told; i++)
        json_object_set_new(data, payload->told[i], json_null());
    for (; told && told->name; told++) {
        if (told->value && json_object_get(data, told->name))
            json_object_set_new(data, told->name, json_string_nocheck(told->value));
    }
}

bool ci_payload_write(struct ci_ctx *ctx, enum ci_payload number, const void *of,
                      const struct ci_told *told, json_t **ret_value)
{
    const struct ci_object *record = of;
    const struct row *row = &rows[number];
    const struct payload *payload = &payloads[number];
    const int minor = ci_release_minor(ci_release_pinned(ctx), row->type);
    json_t *data = ci_json(ctx, json_object());

    assert(record->type == row->type);
    pthread_once(&once, read_rows);
    for (size_t i = 0; i < payload->n_fields; i++) {
        json_t *value;

        if (payload->fields[i].since > minor)
            continue;
        if (!member(ctx, record, payload->fields[i].field, &value))
            return false;
        json_object_set_new(data, row->type->fields[payload->fields[i].field].name, value);
    }
    add_told(payload, told, data);
    *ret_value = ci_json(
        ctx, ci_wire_envelope(ctx, row->name, 1, version_at(payload, minor), json_incref(data)));
    return true;
}

const struct ci_type *ci_payload_record(enum ci_payload payload)
{
    return rows[payload].type;
}

bool ci_payload_of(const struct ci_type *type, enum ci_payload *ret_payload)
{
    for (size_t i = 0; i < CI_PAYLOAD_COUNT; i++) {
        const char *name = rows[i].name;
        const size_t length = strlen(name);

        if (rows[i].type == type && strcmp(name + length - strlen(CRUD), CRUD) == 0) {
            *ret_payload = (enum ci_payload)i;
            return true;
        }
    }
    return false;
}
