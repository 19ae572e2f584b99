/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes payloads of notifications for payload_test.py. Each line read is
 *
 *     {"pin": release or null, "payload": class, "record": {field: value}, "told": {name: text}}
 *
 * and each line printed the payload, or {"error": text}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "objects/notification.h"

static const char *const names[] = {
#define PAYLOAD(class, record, versions, told, fields) #class,
#include "objects/notification.def"
};

/* Traits are names in payloads, and text in records. */
static bool set(struct ci_ctx *ctx, void *record, size_t n, const json_t *value)
{
    const struct ci_field *field = &((struct ci_object *)record)->type->fields[n];

    if (field->kind != CI_KIND_TRAITS)
        return ci_field_from_json(ctx, record, n, value);
    *(const char **)ci_field_at(record, field) = ci_json_text(ctx->mem, value);
    ci_object_mark_set(record, n);
    return true;
}

static bool make(struct ci_ctx *ctx, const json_t *line, json_t **ret_payload)
{
    const char *name = json_string_value(json_object_get(line, "payload")), *key;
    struct ci_told told[8] = {{.name = NULL}};
    enum ci_payload payload = 0;
    json_t *value;
    void *record;
    size_t n = 0;

    while (strcmp(names[payload], name) != 0)
        payload++;
    record = ci_object_new(ctx->mem, ci_payload_record(payload));
    json_object_foreach(json_object_get(line, "record"), key, value)
    {
        const int field = ci_field_find(ci_payload_record(payload), key);

        if (field >= 0 && !json_is_null(value) && !set(ctx, record, (size_t)field, value))
            return false;
    }
    json_object_foreach(json_object_get(line, "told"), key, value) told[n++] =
        (struct ci_told){key, json_string_value(value)};
    return ci_payload_write(ctx, payload, record, told, ret_payload);
}

int main(void)
{
    struct ci_config *config = ci_config_defaults();
    struct ci_ctx ctx = {.mem = ci_arena_new(), .config = config};
    char *line = NULL;
    size_t size = 0;
    ssize_t length;

    for (length = getline(&line, &size, stdin); length > 0; length = getline(&line, &size, stdin)) {
        json_t *question, *payload;

        if (!ci_json_read(&ctx, line, (size_t)length, &ci_json_trusted, &question))
            return EXIT_FAILURE;
        config->DEFAULT.pin_release_version = json_string_value(json_object_get(question, "pin"));
        if (make(&ctx, question, &payload))
            puts(ci_json_text(ctx.mem, payload));
        else
            printf("{\"error\": \"%s\"}\n", ctx.error->message);
        ctx.error = NULL;
        config->DEFAULT.pin_release_version = NULL;
        ci_arena_reset(ctx.mem);
    }
    free(line);
    ci_arena_free(ctx.mem);
    ci_config_free(config);
    return EXIT_SUCCESS;
}
