/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "base/ctx.h"
#include "base/text.h"

/*
 * JSON in memory is jansson's tree (json_t), read and printed by our own bounded,
 * non-recursive reader and printer, because Python peers store and send what jansson refuses:
 * NaN, Infinity, -Infinity, integers beyond 64 bits, lone surrogates, \u0000. The first three
 * kinds are kept as raw tokens, a private kind of json_string: look at kinds through
 * ci_json_kind(), never through json_is_string(), where input can come from outside. Lone
 * surrogates are kept in their three-byte form. Printing is Python's json.dumps(): ", " and
 * ": ", \uXXXX for what is not ASCII, floats by repr(). json_loads and json_dumps are banned.
 */
enum ci_json_kind {
    CI_JSON_NULL,
    CI_JSON_FALSE,
    CI_JSON_TRUE,
    CI_JSON_INT,
    CI_JSON_REAL,
    CI_JSON_RAW, /* a number only its text can hold */
    CI_JSON_STRING,
    CI_JSON_ARRAY,
    CI_JSON_OBJECT
};
/* NULL, as an absent member gives, counts as null. */
enum ci_json_kind ci_json_kind(const json_t *value);

/* The text of a CI_JSON_RAW. */
const char *ci_json_raw_text(const json_t *value);

/* Any number as a double, to be compared; NaN, which is neither less nor more, when it is none. */
double ci_json_number(const json_t *value);

/* What Python takes for true: no null, false, zero, nor anything empty; NULL is null. */
bool ci_json_truth(const json_t *value);

struct ci_json_limits {
    size_t depth;  /* nesting of arrays and objects */
    size_t bytes;  /* of the text */
    size_t values; /* members, elements and the document itself; 0: as many as there are bytes */
};

/*
 * How many values a document of that size may have when a stranger sent it: a value of two bytes
 * becomes a tree of two hundred, so that a few megabytes could take all memory. What documents of
 * Ironic's clients have is far below.
 */
size_t ci_json_values_of_stranger(size_t bytes);
/* For what our own database and peers hold: generous. */
extern const struct ci_json_limits ci_json_trusted;

/*
 * Reads one document; the tree dies with the arena. Fails with Invalid, naming the character
 * ("Expecting value: line 1 column 2 (char 1)", Python's words). What Python's json.loads takes
 * is taken, but for text that is not UTF-8 (JSONNotUTF8) or nests too deep (JSONTooDeep). A
 * repeated key: last wins, at the place of the first. A key may hold a NUL:
 * json_object_iter_key_len() knows its length.
 */
ci_must_check bool ci_json_read(struct ci_ctx *ctx, const char *text, size_t length,
                                const struct ci_json_limits *limits, json_t **ret_value);

/* Prints as Python's json.dumps does. */
void ci_json_print(struct ci_text *text, const json_t *value);
/* Prints without spaces, as oslo's jsonutils on the wire do not: for tests and logs. */
void ci_json_print_compact(struct ci_text *text, const json_t *value);
/* Printed into the arena. */
const char *ci_json_text(struct ci_arena *mem, const json_t *value);

/*
 * Prints as Python's repr() does, {'op': 'add', 'value': None}: Ironic's messages quote what a
 * client sent in this form. A lone surrogate is written \udXXX.
 */
void ci_json_print_repr(struct ci_text *text, const json_t *value);
const char *ci_json_repr(struct ci_arena *mem, const json_t *value);

/* Appends a finite float as Python's repr() writes it: 0.1, 1e+16, 100000.0, -0.0. */
void ci_json_print_real(struct ci_text *text, double value);

/* How deep arrays and objects are nested: 0 for a scalar, 1 for []. */
size_t ci_json_depth(const json_t *value);

/* Ties a new reference to the arena and gives it back: the only way to keep a json_t. */
json_t *ci_json(struct ci_ctx *ctx, json_t *value);

/*
 * Checked getters: the member `key` of an object must be of the kind; absent (or null, for
 * the _opt forms) gives the default. A string with a NUL in it is refused, since its C text
 * would be cut there. Fail with Invalid, naming the key.
 */
ci_must_check bool ci_json_get_string(struct ci_ctx *ctx, const json_t *object, const char *key,
                                      const char **ret_value);
ci_must_check bool ci_json_opt_string(struct ci_ctx *ctx, const json_t *object, const char *key,
                                      const char *if_absent, const char **ret_value);
ci_must_check bool ci_json_opt_int(struct ci_ctx *ctx, const json_t *object, const char *key,
                                   int64_t if_absent, int64_t *ret_value);
ci_must_check bool ci_json_opt_bool(struct ci_ctx *ctx, const json_t *object, const char *key,
                                    bool if_absent, bool *ret_value);

/*
 * Deep equality that knows raw tokens. Numbers compare by value as in Python, 1 == 1.0 == true;
 * NaN equals NaN, so that what was only read and kept has not changed.
 */
bool ci_json_equal(const json_t *a, const json_t *b);
