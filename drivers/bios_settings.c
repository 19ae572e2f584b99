/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stored BIOS settings of a node, kept in step with what was applied.
 */
#include "drivers/bios_settings.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "objects/bios_setting.h"
#include "objects/row.h"

/* The value as the column holds it: text as it is, anything else as JSON. */
static const char *value_of(struct ci_task *task, const json_t *setting)
{
    const json_t *value = json_object_get(setting, "value");

    if (!value || ci_json_kind(value) == CI_JSON_NULL)
        return NULL;
    if (ci_json_kind(value) == CI_JSON_STRING)
        return json_string_value(value);
    return ci_json_text(task->ctx->mem, value);
}

static bool check(struct ci_task *task, const json_t *settings)
{
    const char *ignored;

    if (!settings || ci_json_kind(settings) != CI_JSON_ARRAY)
        return ci_fail_text(task->ctx, InvalidParameterValue, "BIOS settings must be a list");
    for (size_t i = 0; i < json_array_size(settings); i++) {
        const json_t *setting = json_array_get(settings, i);

        if (ci_json_kind(setting) != CI_JSON_OBJECT ||
            !ci_json_get_string(task->ctx, setting, "name", &ignored)) {
            ci_error_clear(task->ctx);
            return ci_fail_text(task->ctx, InvalidParameterValue,
                                "A BIOS setting must have a name and a value");
        }
    }
    return true;
}

static const json_t *find(const json_t *settings, const char *name)
{
    for (size_t i = 0; i < json_array_size(settings); i++) {
        const json_t *setting = json_array_get(settings, i);

        if (strcmp(json_string_value(json_object_get(setting, "name")), name) == 0)
            return setting;
    }
    return NULL;
}

/* Brings one stored setting in step, or deletes it. */
static bool keep(struct ci_task *task, struct ci_bios_setting *stored, const json_t *wanted)
{
    const char *value;

    if (!wanted)
        return ci_row_delete(task->ctx, stored, NULL);
    value = value_of(task, wanted);
    if (ci_same(value, stored->value))
        return true;
    ci_bios_setting_set_value(stored, value);
    return ci_row_save(task->ctx, stored, NULL);
}

static bool add(struct ci_task *task, const char *node_id, const json_t *wanted)
{
    struct ci_bios_setting *setting = ci_object_new(task->ctx->mem, &ci_bios_setting_type);

    ci_bios_setting_set_node_id(setting, node_id);
    ci_bios_setting_set_name(setting, json_string_value(json_object_get(wanted, "name")));
    ci_bios_setting_set_value(setting, value_of(task, wanted));
    return ci_row_insert(task->ctx, setting);
}

static bool is_stored(struct ci_bios_setting *const *stored, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(stored[i]->name, name) == 0)
            return true;
    }
    return false;
}

static bool sync(struct ci_task *task, const json_t *settings)
{
    const char *values[] = {ci_printf(task->ctx->mem, "%" PRId64, task->node->id)};
    struct ci_bios_setting **stored;
    size_t n;

    if (!ci_row_load_all(task->ctx, &ci_bios_setting_type, "node_id = $1", NULL, 1, values, &n,
                         &stored))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!keep(task, stored[i], find(settings, stored[i]->name)))
            return false;
    }
    for (size_t i = 0; i < json_array_size(settings); i++) {
        const json_t *wanted = json_array_get(settings, i);
        const char *name = json_string_value(json_object_get(wanted, "name"));

        /* Of a name given twice the first counts. */
        if (!is_stored(stored, n, name) && find(settings, name) == wanted &&
            !add(task, values[0], wanted))
            return false;
    }
    return true;
}

bool ci_bios_settings_sync(struct ci_task *task, const json_t *settings)
{
    if (!check(task, settings) || !ci_db_begin(task->ctx))
        return false;
    if (sync(task, settings) && ci_db_commit(task->ctx))
        return true;
    ci_db_rollback(task->ctx);
    return false;
}
