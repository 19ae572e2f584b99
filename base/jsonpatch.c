/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON patches on json_t.
 *
 * The containers on an operation's path are copied, each one level deep, and all others shared:
 * the document given stays as it was, and no tree is copied whole. A container with one reference
 * only is such a copy already and is changed in place, so that a patch costs what it changes.
 */
#include "base/jsonpatch.h"

#include <string.h>

#include "base/json.h"

/* An operation on its way through the document. */
struct operation {
    struct ci_ctx *ctx;
    const json_t *patch; /* the operation itself, to be quoted */
    const char *op;      /* "add", "replace" or "remove" */
    const char *path;
    const char **parts; /* of the path, unescaped; end with NULL; none for the document itself */
    size_t part_count;
    json_t *value; /* NULL for remove */
};

/* Fails with the operation quoted and the reason, which is formatted from what follows. */
#define REFUSE(o, ...) refuse((o), ci_printf((o)->ctx->mem, __VA_ARGS__))

static bool refuse(const struct operation *o, const char *reason)
{
    return ci_fail(o->ctx, PatchError, ci_json_repr(o->ctx->mem, o->patch), reason);
}

/* "~1" is a slash and "~0" a tilde; anything else behind a tilde was refused. */
static const char *unescape(struct ci_arena *mem, const char *part, size_t length)
{
    char *text = ci_strndup(mem, part, length), *to = text;

    for (const char *from = text; *from; from++) {
        bool escaped = *from == '~';

        from += escaped;
        *to++ = !escaped ? *from : *from == '1' ? '/' : '~';
    }
    *to = '\0';
    return text;
}

static bool split_path(struct operation *o)
{
    const char *part = o->path;
    size_t count = 0;

    for (const char *c = o->path; *c; c++) {
        count += *c == '/';
        if (*c == '~' && c[1] != '0' && c[1] != '1')
            return REFUSE(o, "Found invalid escape %.*s", c[1] ? 2 : 1, c);
    }
    if (part[0] != '/' && part[0] != '\0')
        return REFUSE(o, "Location must start with /");
    o->parts = ci_alloc_array(o->ctx->mem, count + 1, sizeof *o->parts);
    while (*part == '/') {
        size_t length = strcspn(++part, "/");

        o->parts[o->part_count++] = unescape(o->ctx->mem, part, length);
        part += length;
    }
    return true;
}

/* A list's index: digits. Larger ones than any list has are all alike. */
static bool read_index(struct operation *o, const char *part, size_t *ret_index)
{
    size_t digits = strspn(part, "0123456789"), index = 0;

    if (digits == 0 || part[digits] != '\0')
        return REFUSE(o, "'%s' is not a valid sequence index", part);
    for (const char *c = part; *c; c++) {
        if (__builtin_mul_overflow(index, 10, &index) ||
            __builtin_add_overflow(index, (size_t)(*c - '0'), &index))
            index = SIZE_MAX / 16;
    }
    *ret_index = index;
    return true;
}

/* An index as Python shows it: without zeros in front. */
static const char *shown_index(const char *part)
{
    while (part[0] == '0' && part[1] != '\0')
        part++;
    return part;
}

static bool refuse_kind(struct operation *o, const json_t *value)
{
    static const char *const names[] = {
        [CI_JSON_NULL] = "NoneType", [CI_JSON_FALSE] = "bool", [CI_JSON_TRUE] = "bool",
        [CI_JSON_INT] = "int",       [CI_JSON_REAL] = "float", [CI_JSON_RAW] = "int",
        [CI_JSON_STRING] = "str",    [CI_JSON_ARRAY] = "list", [CI_JSON_OBJECT] = "dict"};
    enum ci_json_kind kind = ci_json_kind(value);
    const char *name = names[kind];

    if (kind == CI_JSON_RAW && strpbrk(ci_json_raw_text(value), "NI"))
        name = "float";
    return REFUSE(o,
                  "Document '<class '%s'>' does not support indexing, must be mapping/sequence or "
                  "support __getitem__",
                  name);
}

static bool refuse_end_of_list(struct operation *o)
{
    return REFUSE(o,
                  "Document '<class 'jsonpointer.EndOfList'>' does not support indexing, must be "
                  "mapping/sequence or support __getitem__");
}

/*
 * The path leads on from a value that holds nothing, by its part number i. Python takes a string
 * for a list of characters, each a string of one, until it is to be changed.
 */
static bool refuse_scalar(struct operation *o, const json_t *value, size_t i)
{
    const char *part = o->parts[i];
    size_t index, size = 0;

    if (ci_json_kind(value) != CI_JSON_STRING)
        return refuse_kind(o, value);
    for (const char *c = json_string_value(value); *c; c++)
        size += (*c & 0xc0) != 0x80;
    for (; i + 1 < o->part_count; part = o->parts[++i]) {
        if (strcmp(part, "-") == 0)
            return refuse_end_of_list(o);
        if (!read_index(o, part, &index))
            return false;
        if (index >= size)
            return REFUSE(o, "index '%s' is out of bounds", shown_index(part));
        size = 1;
    }
    if (strcmp(part, "-") == 0 && strcmp(o->op, "replace") == 0)
        return REFUSE(o, "'path' with '-' can't be applied to 'replace' operation");
    if (strcmp(part, "-") != 0 && !read_index(o, part, &index))
        return false;
    return REFUSE(o, "unable to fully resolve json pointer %s, part %s", o->path,
                  shown_index(part));
}

/* The last step, in a list that may be changed. */
static bool change_list(struct operation *o, json_t *list, const char *part)
{
    size_t index, size = json_array_size(list);

    if (strcmp(part, "-") == 0) {
        if (strcmp(o->op, "replace") == 0)
            return REFUSE(o, "'path' with '-' can't be applied to 'replace' operation");
        if (strcmp(o->op, "remove") == 0)
            return REFUSE(o, "can't remove a non-existent object '-'");
        return json_array_append(list, o->value) == 0;
    }
    if (!read_index(o, part, &index))
        return false;
    if (strcmp(o->op, "add") == 0) {
        if (index > size)
            return REFUSE(o, "can't insert outside of list");
        return json_array_insert(list, index, o->value) == 0;
    }
    if (strcmp(o->op, "replace") == 0) {
        if (index >= size)
            return REFUSE(o, "can't replace outside of list");
        return json_array_set(list, index, o->value) == 0;
    }
    if (index >= size)
        return REFUSE(o, "can't remove a non-existent object '%s'", shown_index(part));
    return json_array_remove(list, index) == 0;
}

/* The last step, in an object that may be changed. */
static bool change_object(struct operation *o, json_t *object, const char *part)
{
    bool there = json_object_get(object, part);

    if (strcmp(o->op, "replace") == 0 && strcmp(part, "-") == 0)
        return REFUSE(o, "'path' with '-' can't be applied to 'replace' operation");
    if (strcmp(o->op, "replace") == 0 && !there)
        return REFUSE(o, "can't replace a non-existent object '%s'", part);
    if (strcmp(o->op, "remove") == 0) {
        if (!there)
            return REFUSE(o, "can't remove a non-existent object '%s'", part);
        return json_object_del(object, part) == 0;
    }
    return json_object_set_nocheck(object, part, o->value) == 0;
}

/* The child of a container a part of the path leads to, which must be there. Borrowed. */
static bool walk(struct operation *o, const json_t *value, const char *part, size_t *ret_index,
                 json_t **ret_child)
{
    size_t index = 0;
    json_t *child;

    if (json_is_object(value)) {
        child = json_object_get(value, part);
        if (!child)
            return REFUSE(o, "member '%s' not found in %s", part, ci_json_repr(o->ctx->mem, value));
        *ret_child = child;
        return true;
    }
    if (strcmp(part, "-") == 0)
        return refuse_end_of_list(o);
    if (!read_index(o, part, &index))
        return false;
    child = json_array_get(value, index);
    if (!child)
        return REFUSE(o, "index '%s' is out of bounds", shown_index(part));
    *ret_index = index;
    *ret_child = child;
    return true;
}

static bool is_container(const json_t *value)
{
    return json_is_array(value) || json_is_object(value);
}

/* Walks down from `at`, which is a container of our own, owning each on the way; changes the last.
 */
static bool change(struct operation *o, json_t *at)
{
    json_t *child = NULL;
    size_t index = 0;

    for (size_t i = 0; i + 1 < o->part_count; i++) {
        if (!walk(o, at, o->parts[i], &index, &child))
            return false;
        if (!is_container(child))
            return refuse_scalar(o, child, i + 1);
        if (child->refcount > 1) {
            child = json_copy(child);
            if (json_is_array(at) ? json_array_set_new(at, index, child) != 0
                                  : json_object_set_new_nocheck(at, o->parts[i], child) != 0)
                return REFUSE(o, "out of memory");
        }
        at = child;
    }
    return json_is_array(at) ? change_list(o, at, o->parts[o->part_count - 1])
                             : change_object(o, at, o->parts[o->part_count - 1]);
}

/* The whole document is replaced, or refused to be removed. */
static bool change_root(struct operation *o, json_t *document, json_t **ret_document)
{
    if (strcmp(o->op, "remove") == 0)
        return REFUSE(o, "can't remove a non-existent object 'None'");
    if (strcmp(o->op, "add") == 0 && !json_is_object(document))
        return REFUSE(o, "invalid document type");
    *ret_document = ci_json(o->ctx, json_incref(o->value));
    return true;
}

static bool read_operation(struct operation *o)
{
    const json_t *op = json_object_get(o->patch, "op"), *path = json_object_get(o->patch, "path");

    if (!op)
        return REFUSE(o, "Operation does not contain 'op' member");
    if (ci_json_kind(op) != CI_JSON_STRING)
        return REFUSE(o, "Operation must be a string");
    o->op = json_string_value(op);
    if (strcmp(o->op, "add") != 0 && strcmp(o->op, "replace") != 0 && strcmp(o->op, "remove") != 0)
        return REFUSE(o, "Unknown operation %s", ci_json_repr(o->ctx->mem, op));
    if (!path)
        return REFUSE(o, "Operation must have a 'path' member");
    if (ci_json_kind(path) != CI_JSON_STRING ||
        strlen(json_string_value(path)) != json_string_length(path))
        return REFUSE(o, "Invalid 'path'");
    o->path = json_string_value(path);
    if (!split_path(o))
        return false;
    o->value = strcmp(o->op, "remove") == 0 ? NULL : json_object_get(o->patch, "value");
    if (!o->value && strcmp(o->op, "remove") != 0)
        return REFUSE(o, "The operation does not contain a 'value' member");
    return true;
}

static bool apply(struct operation *o, json_t **document)
{
    if (!read_operation(o))
        return false;
    /* Operations may go deeper one by one: what could not be read again must not be stored. */
    if (o->value && o->part_count + ci_json_depth(o->value) > ci_json_trusted.depth)
        return REFUSE(o, "the result is nested too deeply");
    if (o->part_count == 0)
        return change_root(o, *document, document);
    if (!is_container(*document))
        return refuse_scalar(o, *document, 0);
    if ((*document)->refcount > 1)
        *document = ci_json(o->ctx, json_copy(*document));
    return change(o, *document) || (!o->ctx->error && REFUSE(o, "out of memory"));
}

/* Operations that would add a member to the document itself are refused before any is done. */
static bool check_members(struct ci_ctx *ctx, const json_t *document, const json_t *patch)
{
    json_t *operation;
    size_t i;

    json_array_foreach(patch, i, operation)
    {
        const char *op = json_string_value(json_object_get(operation, "op"));
        const char *path = json_string_value(json_object_get(operation, "path"));

        if (!op || !path || strcmp(op, "add") != 0)
            continue;
        if (strchr(path, '/') && strchr(path, '/') == strrchr(path, '/') &&
            !json_object_get(document, path + strspn(path, "/")))
            return ci_fail_text(
                ctx, ClientSideError,
                "Adding a new attribute (%s) to the root of the resource is not allowed", path);
    }
    return true;
}

bool ci_jsonpatch_apply(struct ci_ctx *ctx, const json_t *document, const json_t *patch,
                        json_t **ret_document)
{
    /* Taking a reference changes nothing else of the document. */
    json_t *now = ci_json(ctx, json_incref((json_t *)(uintptr_t)document)), *operation;
    size_t i;

    if (!json_is_array(patch))
        return ci_fail(ctx, PatchError, ci_json_repr(ctx->mem, patch), "A patch must be a list");
    if (!check_members(ctx, document, patch))
        return false;
    json_array_foreach(patch, i, operation)
    {
        struct operation o = {.ctx = ctx, .patch = operation};

        if (!apply(&o, &now))
            return false;
    }
    *ret_document = now;
    return true;
}
