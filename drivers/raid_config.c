/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema of RAID configurations.
 *
 * Of several faults the one nearest to the top is told, and of those of one disk its missing
 * members before its unknown ones: the library that Ironic asks chooses so.
 */
#include "drivers/raid_config.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum kind { WORD, TEXT, TRUTH, COUNT, SIZE, DISKS };

static const char *const levels[] = {"JBOD", "0", "1", "2", "5", "6", "1+0", "5+0", "6+0", NULL};
static const char *const disk_types[] = {"hdd", "ssd", NULL};
static const char *const interface_types[] = {"sata", "scsi", "sas", NULL};

/* The members of a logical disk. */
static const struct member {
    const char *name;
    enum kind kind;
    const char *const *words; /* of a WORD */
    bool required;
} members[] = {
    {"raid_level", WORD, levels, true},
    {"size_gb", SIZE, NULL, true},
    {"volume_name", TEXT, NULL, false},
    {"is_root_volume", TRUTH, NULL, false},
    {"share_physical_disks", TRUTH, NULL, false},
    {"disk_type", WORD, disk_types, false},
    {"interface_type", WORD, interface_types, false},
    {"number_of_physical_disks", COUNT, NULL, false},
    {"controller", TEXT, NULL, false},
    {"physical_disks", DISKS, NULL, false},
};
#define MEMBERS (sizeof members / sizeof members[0])

static bool fault(struct ci_task *task, const char *text)
{
    return ci_fail_text(task->ctx, InvalidParameterValue, "RAID config validation error: %s", text);
}

/* The offending value and what is wrong with it; long values are cut. */
static bool bad(struct ci_task *task, const json_t *value, const char *what)
{
    return fault(task,
                 ci_printf(task->ctx->mem, "%.200s %s", ci_json_repr(task->ctx->mem, value), what));
}

static bool is_int(const json_t *value)
{
    return ci_json_kind(value) == CI_JSON_INT;
}

static bool is_text(const json_t *value)
{
    return ci_json_kind(value) == CI_JSON_STRING;
}

static bool check_word(struct ci_task *task, const struct member *member, const json_t *value)
{
    struct ci_text *text;

    if (!is_text(value))
        return bad(task, value, "is not of type 'string'");
    if (ci_one_of(json_string_value(value), member->words))
        return true;
    text = ci_text_new(task->ctx->mem, 1000);
    for (size_t i = 0; member->words[i]; i++)
        ci_text_add(text,
                    ci_printf(task->ctx->mem, "%s'%s'", i == 0 ? "" : ", ", member->words[i]));
    return bad(task, value, ci_printf(task->ctx->mem, "is not one of [%s]", text->bytes));
}

static bool check_size(struct ci_task *task, const json_t *value)
{
    if (is_text(value))
        return ci_same(json_string_value(value), "MAX") ||
               bad(task, value, "is not one of ['MAX']");
    if (!is_int(value))
        return bad(task, value, "is not valid under any of the given schemas");
    return json_integer_value(value) >= 0 || bad(task, value, "is less than the minimum of 0");
}

/* Names, or at least two descriptions. */
static bool check_disks(struct ci_task *task, const json_t *value)
{
    size_t count = json_array_size(value), texts = 0, objects = 0;

    if (ci_json_kind(value) != CI_JSON_ARRAY)
        return bad(task, value, "is not valid under any of the given schemas");
    for (size_t i = 0; i < count; i++) {
        texts += is_text(json_array_get(value, i));
        objects += ci_json_kind(json_array_get(value, i)) == CI_JSON_OBJECT;
    }
    if (texts == count || (objects == count && count >= 2))
        return true;
    /* Of the two ways to be wrong the library tells the one that is the less so. */
    return objects == count ? bad(task, json_array_get(value, 0), "is not of type 'string'")
                            : bad(task, value, "is not valid under any of the given schemas");
}

static bool check_member(struct ci_task *task, const struct member *member, const json_t *value)
{
    switch (member->kind) {
    case WORD:
        return check_word(task, member, value);
    case TEXT:
        return is_text(value) || bad(task, value, "is not of type 'string'");
    case TRUTH:
        return json_is_boolean(value) || bad(task, value, "is not of type 'boolean'");
    case COUNT:
        if (!is_int(value))
            return bad(task, value, "is not of type 'integer'");
        return json_integer_value(value) > 0 ||
               bad(task, value, "is less than or equal to the minimum of 0");
    case SIZE:
        return check_size(task, value);
    case DISKS:
        return check_disks(task, value);
    }
    __builtin_unreachable();
}

/* Names that are not among the known ones, as the library tells them. */
static bool check_names(struct ci_task *task, const json_t *object, bool (*known)(const char *))
{
    struct ci_text *names = ci_text_new(task->ctx->mem, 500);
    const char *key;
    json_t *value;
    size_t n = 0;

    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (known(key))
            continue;
        ci_text_add(names, n++ == 0 ? "'" : ", '");
        ci_text_add(names, ci_printf(task->ctx->mem, "%.60s'", key));
    }
    return n == 0 || fault(task, ci_printf(task->ctx->mem,
                                           "Additional properties are not allowed (%s %s "
                                           "unexpected)",
                                           names->bytes, n == 1 ? "was" : "were"));
}

static bool is_member(const char *name)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        if (strcmp(members[i].name, name) == 0)
            return true;
    }
    return false;
}

static bool is_top(const char *name)
{
    return strcmp(name, "logical_disks") == 0;
}

/* What is wrong with a disk as a whole. */
static bool check_shape(struct ci_task *task, const json_t *disk)
{
    if (ci_json_kind(disk) != CI_JSON_OBJECT)
        return bad(task, disk, "is not of type 'object'");
    for (size_t i = 0; i < MEMBERS; i++) {
        if (members[i].required && !json_object_get(disk, members[i].name))
            return fault(task,
                         ci_printf(task->ctx->mem, "'%s' is a required property", members[i].name));
    }
    if (!check_names(task, disk, is_member))
        return false;
    return !json_object_get(disk, "physical_disks") || json_object_get(disk, "controller") ||
           fault(task, "'controller' is a dependency of 'physical_disks'");
}

static bool check_members(struct ci_task *task, const json_t *disk)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        const json_t *value = json_object_get(disk, members[i].name);

        if (value && !check_member(task, &members[i], value))
            return false;
    }
    return true;
}

bool ci_raid_config_check_root(struct ci_task *task, const json_t *disks)
{
    size_t roots = 0;

    for (size_t i = 0; i < json_array_size(disks); i++)
        roots += json_is_true(json_object_get(json_array_get(disks, i), "is_root_volume"));
    return roots <= 1 || ci_fail_text(task->ctx, InvalidParameterValue,
                                      "Raid config cannot have more than one root volume. "
                                      "%zu root volumes were specified",
                                      roots);
}

bool ci_raid_config_check(struct ci_task *task, const json_t *config)
{
    const json_t *disks = json_object_get(config, "logical_disks");

    if (ci_json_kind(config) != CI_JSON_OBJECT)
        return bad(task, config, "is not of type 'object'");
    if (!disks)
        return fault(task, "'logical_disks' is a required property");
    if (!check_names(task, config, is_top))
        return false;
    if (ci_json_kind(disks) != CI_JSON_ARRAY)
        return bad(task, disks, "is not of type 'array'");
    if (json_array_size(disks) == 0)
        return fault(task, "[] is too short");
    for (size_t i = 0; i < json_array_size(disks); i++) {
        if (!check_shape(task, json_array_get(disks, i)))
            return false;
    }
    for (size_t i = 0; i < json_array_size(disks); i++) {
        if (!check_members(task, json_array_get(disks, i)))
            return false;
    }
    return ci_raid_config_check_root(task, disks);
}

bool ci_raid_config_check_node(struct ci_task *task)
{
    const char *text = task->node->target_raid_config;
    json_t *config;

    if (!text || strcmp(text, "{}") == 0)
        return true;
    return ci_json_read(task->ctx, text, strlen(text), &ci_json_trusted, &config) &&
           ci_raid_config_check(task, config);
}
