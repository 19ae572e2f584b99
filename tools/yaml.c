/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON trees as YAML for people. Words stay bare, all other strings are quoted as JSON quotes
 * them, which YAML reads alike.
 */
#include "tools/yaml.h"

#include <string.h>
#include <strings.h>

#include "base/json.h"

enum { WIDTH = 100, STEP = 2, LINE_MAX_BYTES = 1 << 20 };

static void block(struct ci_text *text, const json_t *value, size_t indent);

/* Would YAML take the string for itself without quotes? */
static bool is_bare(const char *word)
{
    static const char *const taken[] = {"true", "false", "null", "yes", "no",
                                        "on",   "off",   "y",    "n"};
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$";
    static const char more[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$0123456789-./";

    if (!word[0] || !strchr(letters, word[0]) || word[strspn(word, more)])
        return false;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        if (strcasecmp(word, taken[i]) == 0)
            return false;
    }
    return true;
}

static void string(struct ci_text *text, const char *word)
{
    json_t *value = json_string(word);

    if (is_bare(word))
        ci_text_add(text, word);
    else
        ci_json_print(text, value);
    json_decref(value);
}

/* On one line. */
static void flow(struct ci_text *text, const json_t *value)
{
    const char *key;
    json_t *member;
    size_t i, n = 0;

    if (json_is_string(value)) {
        string(text, json_string_value(value));
    } else if (json_is_array(value)) {
        ci_text_add(text, "[");
        json_array_foreach(value, i, member)
        {
            ci_text_add(text, i > 0 ? ", " : "");
            flow(text, member);
        }
        ci_text_add(text, "]");
    } else if (json_is_object(value)) {
        ci_text_add(text, "{");
        json_object_foreach((json_t *)(uintptr_t)value, key, member)
        {
            ci_text_add(text, n++ > 0 ? ", " : "");
            string(text, key);
            ci_text_add(text, ": ");
            flow(text, member);
        }
        ci_text_add(text, "}");
    } else {
        ci_json_print(text, value);
    }
}

/* How much of the last line is used. */
static size_t column(const struct ci_text *text)
{
    const char *end = memrchr(text->bytes, '\n', text->length);

    return end ? text->length - (size_t)(end + 1 - text->bytes) : text->length;
}

/* Written behind what is there, if it goes on the line; false leaves the text alone. */
static bool on_line(struct ci_text *text, const json_t *value)
{
    bool is_short, is_scalar = !json_is_object(value) && !json_is_array(value);
    struct ci_text line;

    ci_text_init(&line, LINE_MAX_BYTES);
    flow(&line, value);
    is_short = is_scalar || line.length <= 2 || column(text) + 1 + line.length <= WIDTH;
    if (is_short)
        ci_text_printf(text, " %s", line.bytes);
    ci_text_done(&line);
    return is_short;
}

static void new_line(struct ci_text *text, size_t indent)
{
    ci_text_printf(text, "\n%*s", (int)indent, "");
}

/* The members of an object from where the text stands: the first goes on the line. */
static void members(struct ci_text *text, const json_t *object, size_t indent)
{
    const char *key;
    json_t *member;
    size_t n = 0;

    json_object_foreach((json_t *)(uintptr_t)object, key, member)
    {
        if (n++ > 0)
            new_line(text, indent);
        string(text, key);
        ci_text_add(text, ":");
        if (!on_line(text, member))
            block(text, member, indent + STEP);
    }
}

/* In lines of its own. */
static void block(struct ci_text *text, const json_t *value, size_t indent)
{
    json_t *member;
    size_t i;

    if (json_is_object(value)) {
        new_line(text, indent);
        members(text, value, indent);
        return;
    }
    json_array_foreach(value, i, member)
    {
        new_line(text, indent);
        ci_text_add(text, "-");
        if (on_line(text, member))
            continue;
        if (json_is_object(member)) {
            ci_text_add(text, " ");
            members(text, member, indent + STEP);
        } else {
            block(text, member, indent + STEP);
        }
    }
}

void ci_yaml_print(struct ci_text *text, const json_t *object)
{
    members(text, object, 0);
    ci_text_add(text, "\n");
}
