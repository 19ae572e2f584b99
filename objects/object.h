/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/time.h"

/*
 * Versioned objects: records described by field tables (objects/NAME.def), from which come the
 * struct, the SQL, the messages between services, the backports and the REST bodies.
 *
 * Objects live in the arena of the work. Text members are borrowed from it.
 */

/* What a field holds, and as which C type. */
enum ci_kind {
    CI_KIND_INT,   /* int64_t; CI_NULL_INT for null */
    CI_KIND_BOOL,  /* int8_t: 1, 0, CI_NULL_BOOL. Ask with ci_is_true() */
    CI_KIND_TIME,  /* int64_t, microseconds; CI_NULL_TIME */
    CI_KIND_STR,   /* const char *; NULL for null */
    CI_KIND_UUID,  /* the same; a UUID */
    CI_KIND_MAC,   /* the same; a MAC address */
    CI_KIND_DICT,  /* const char *: JSON text of an object, as stored; NULL means {} */
    CI_KIND_LIST,  /* const char *: JSON text of an array of strings; NULL means [] */
    CI_KIND_DICTS, /* const char *: JSON text of an array of objects; NULL means [] */
    CI_KIND_TRAITS /* const char *: JSON text of an array of names; on the wire a TraitList */
};
#define CI_NULL_INT INT64_MIN
#define CI_NULL_BOOL (-1)
#define CI_TYPE_INT int64_t
#define CI_TYPE_BOOL int8_t
#define CI_TYPE_TIME int64_t
#define CI_TYPE_STR const char *
#define CI_TYPE_UUID const char *
#define CI_TYPE_MAC const char *
#define CI_TYPE_DICT const char *
#define CI_TYPE_LIST const char *
#define CI_TYPE_DICTS const char *
#define CI_TYPE_TRAITS const char *

/* A nullable boolean as a condition: null is false. */
static inline bool ci_is_true(int8_t value)
{
    return value > 0;
}

enum ci_nulls { CI_NOT_NULL, CI_NULLABLE };

/* What a row of an older version stores in place of a field that came later, and what older peers
 * imply. */
enum ci_older {
    CI_OLDER_KEEP, /* never converted: the field stays as it is (Ironic's parent_node, …) */
    CI_OLDER_NONE, /* null */
    CI_OLDER_FALSE,
    CI_OLDER_TRUE,
    CI_OLDER_DICT,  /* {} */
    CI_OLDER_EMPTY, /* "" */
    CI_OLDER_FILL,  /* null, but a row keeps what it has (Ironic's BIOS settings) */
    CI_OLDER_RESET  /* null in rows, but nothing is filled in on reading (Ironic's node history) */
};

/* What REST may do with it. */
enum ci_access {
    CI_HIDDEN = 0,
    CI_READ = 1,
    CI_CREATE = 2,     /* may be given on create */
    CI_PATCH = 4,      /* may be patched */
    CI_SORT = 8,       /* sort_key */
    CI_SECRETS = 16,   /* a dict in which secrets are masked */
    CI_LISTED = 32,    /* in the default list view */
    CI_NO_FIELDS = 64, /* cannot be asked for by fields= */
    CI_EARLY = 128,    /* shown in older versions, too, by releases up to 21.4 */
    CI_WRITE = CI_CREATE | CI_PATCH
};

enum ci_stored { CI_COLUMN, CI_VIRTUAL };

/* One row of a .def. */
struct ci_field {
    const char *name;
    enum ci_kind kind;
    enum ci_nulls nulls;
    int since; /* object minor version that brought it */
    enum ci_older older;
    int rest;        /* API minor version that shows it; CI_NEVER where REST does not */
    unsigned access; /* CI_READ | … */
    enum ci_stored stored;
    size_t offset; /* in the struct */
    const char *meaning;
    const char *json_key; /* `, "name": `, ready to be appended */
    size_t json_key_length;
};
#define CI_NEVER 100000

#define CI_FIELDS_MAX 128

/* A VIRTUAL field that is a column of another table: the row whose id is our column `by`. */
struct ci_virtual {
    const char *field, *table, *column, *by;
};

/* What a new row gets in a column that the object leaves unset, as database text. */
struct ci_default {
    const char *field, *text;
};

struct ci_type {
    const char *name;  /* "Node" */
    const char *table; /* "nodes"; NULL when it is not stored */
    const char *key;   /* its primary key column: "id"; with key2, the first of two */
    const char *key2;  /* the second column of the primary key, or NULL */
    int major, minor;  /* newest version */
    size_t size;       /* of its struct */
    const struct ci_field *fields;
    size_t count;
    const struct ci_type *element;     /* of a list object (TraitList); it has no struct */
    const struct ci_virtual *virtuals; /* ends with a NULL field; may be NULL */
    const struct ci_default *defaults; /* the same */
    bool (*convert)(struct ci_ctx *ctx, void *object,
                    int minor); /* what the table cannot say; may be NULL */
};

/* A set of fields of a type, by number. */
struct ci_fieldset {
    uint64_t bits[CI_FIELDS_MAX / 64];
};
static inline void ci_fieldset_add(struct ci_fieldset *set, size_t field)
{
    set->bits[field / 64] |= (uint64_t)1 << field % 64;
}
static inline void ci_fieldset_remove(struct ci_fieldset *set, size_t field)
{
    set->bits[field / 64] &= ~((uint64_t)1 << field % 64);
}
static inline bool ci_fieldset_has(const struct ci_fieldset *set, size_t field)
{
    return set->bits[field / 64] >> field % 64 & 1;
}

/* The first member of every object. */
struct ci_object {
    const struct ci_type *type;
    int row_minor;              /* version of the row or message it came from; the newest if new */
    struct ci_fieldset set;     /* fields that hold something, null included */
    struct ci_fieldset changed; /* fields to be saved */
};

/* An empty object of the type; every field is null and unset. */
void *ci_object_new(struct ci_arena *mem, const struct ci_type *type);

/* A deep copy in `mem`, marks included. */
void *ci_object_copy(struct ci_arena *mem, const void *object);

/* Number of a field by name, or -1. */
int ci_field_find(const struct ci_type *type, const char *name);

/* The member itself, for code that walks the table. */
static inline void *ci_field_at(void *object, const struct ci_field *field)
{
    return (char *)object + field->offset;
}

/* Is it held as JSON text? And the text that stands for its emptiness: {} or []. */
bool ci_field_is_json(const struct ci_field *field);
const char *ci_field_empty(const struct ci_field *field);

bool ci_field_is_null(const void *object, const struct ci_field *field);

/* Equality of values: JSON texts are equal when their values are, and nothing equals {} or []. */
bool ci_field_equal(const void *a, const void *b, const struct ci_field *field);

/*
 * Sets field number n from its database text (NULL for null), as ci_row_text() gives it, and
 * from a JSON value, copying into the arena; both mark it set, not changed. The second fails
 * with Invalid when the value is not of the field's kind.
 */
ci_must_check bool ci_field_from_db(struct ci_ctx *ctx, void *object, size_t n, const char *text);
ci_must_check bool ci_field_from_json(struct ci_ctx *ctx, void *object, size_t n,
                                      const void *json_value);

/*
 * Gives the field the value that its table names for versions before it (`older`), and asks
 * whether it has that value. No marks are changed.
 */
void ci_field_set_older(void *object, const struct ci_field *field);
bool ci_field_is_older(const void *object, const struct ci_field *field);

/* The field as database text (NULL for null; JSON columns are never null). Borrows where it can. */
const char *ci_field_to_db(struct ci_arena *mem, const void *object, size_t n);

/* Marks a field as holding something, or as to be saved. */
void ci_object_mark_set(void *object, size_t field);
static inline void ci_object_mark(void *object, size_t field)
{
    struct ci_object *o = object;
    ci_fieldset_add(&o->set, field);
    ci_fieldset_add(&o->changed, field);
}
