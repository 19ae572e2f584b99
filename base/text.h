/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/*
 * A growing text with a limit. Its bytes are on the heap; end it with ci_text_done(), or tie
 * it to an arena with ci_text_new().
 *
 * Adding past the limit adds nothing more and sets `overflow`: look at it once, at the end.
 * `bytes` is always ended by a NUL that `length` does not count.
 */
struct ci_text {
    char *bytes;
    size_t length, capacity, limit;
    bool overflow;
};

/* An empty text that may grow to limit_bytes. */
void ci_text_init(struct ci_text *text, size_t limit_bytes);
void ci_text_done(struct ci_text *text);

/* The same, ended with the arena. */
struct ci_text *ci_text_new(struct ci_arena *mem, size_t limit_bytes);

/* Room for n more bytes made at once; gives where to write, or NULL past the limit. */
char *ci_text_reserve(struct ci_text *text, size_t n);

void ci_text_add_slow(struct ci_text *text, const char *bytes, size_t n);
void ci_text_printf(struct ci_text *text, const char *format, ...) ci_format(2, 3);
void ci_text_int(struct ci_text *text, int64_t value);

/* Appends n bytes. Inline, since answers are made of many small pieces. */
static inline void ci_text_addn(struct ci_text *text, const char *bytes, size_t n)
{
    if (n < text->capacity - text->length) {
        __builtin_memcpy(text->bytes + text->length, bytes, n);
        text->length += n;
        text->bytes[text->length] = '\0';
    } else {
        ci_text_add_slow(text, bytes, n);
    }
}

/* Makes n bytes part of the text and gives where to write them, or NULL past the limit. */
static inline char *ci_text_extend(struct ci_text *text, size_t n)
{
    char *to;

    if (n >= text->capacity - text->length && !ci_text_reserve(text, n))
        return NULL;
    to = text->bytes + text->length;
    text->length += n;
    to[n] = '\0';
    return to;
}

static inline void ci_text_add(struct ci_text *text, const char *bytes)
{
    ci_text_addn(text, bytes, __builtin_strlen(bytes));
}

/* Empties the text but keeps its memory. */
void ci_text_clear(struct ci_text *text);

/* You own the bytes now (free() them); the text is empty. */
char *ci_text_take(struct ci_text *text, size_t *ret_length);

/*
 * Numbers from text: the whole text must be a decimal number within [min, max], without
 * spaces or a plus sign; false otherwise.
 */
ci_must_check bool ci_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret_value);

/* A truth value as oslo reads it: "yes", "1", "off" and so on, in any case; false for other words.
 */
ci_must_check bool ci_parse_truth(const char *text, bool *ret_value);

/* Like strcmp(a, b) == 0, and NULL equals NULL only. */
bool ci_same(const char *a, const char *b);

/* Is the text one of a list that ends with NULL? */
bool ci_one_of(const char *text, const char *const *list);

/*
 * The words of a text split at `separator`, blanks around them cut off, empty ones left out;
 * a list in `mem` that ends with NULL.
 */
const char *const *ci_split(struct ci_arena *mem, const char *text, char separator);
