/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that grows by doubling up to its limit, and strict numbers.
 */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FIRST_BYTES 256

/* What an empty text points to before it owns anything; never written. */
static char nothing[1];

void ci_text_init(struct ci_text *text, size_t limit_bytes)
{
    *text = (struct ci_text){.bytes = nothing, .limit = limit_bytes};
}

void ci_text_done(struct ci_text *text)
{
    if (!text)
        return;
    if (text->capacity > 0)
        free(text->bytes);
    ci_text_init(text, text->limit);
}

static void done(void *text)
{
    ci_text_done(text);
}

struct ci_text *ci_text_new(struct ci_arena *mem, size_t limit_bytes)
{
    struct ci_text *text = ci_new(mem, struct ci_text);

    ci_text_init(text, limit_bytes);
    ci_defer(mem, done, text);
    return text;
}

static bool grow(struct ci_text *text, size_t n)
{
    size_t need, capacity = text->capacity ? text->capacity : FIRST_BYTES;
    char *bytes;

    if (text->overflow || n > text->limit - text->length) {
        text->overflow = true;
        return false;
    }
    need = text->length + n + 1;
    if (need <= text->capacity)
        return true;
    while (capacity < need)
        capacity *= 2;
    /* Never more than the limit, so that the inline append needs no second comparison. */
    if (capacity > text->limit + 1)
        capacity = text->limit + 1;
    bytes = realloc(text->capacity ? text->bytes : NULL, capacity);
    if (!bytes) {
        fputs("castiron: out of memory\n", stderr);
        abort();
    }
    text->bytes = bytes;
    text->capacity = capacity;
    bytes[text->length] = '\0';
    return true;
}

char *ci_text_reserve(struct ci_text *text, size_t n)
{
    return grow(text, n) ? text->bytes + text->length : NULL;
}

void ci_text_add_slow(struct ci_text *text, const char *bytes, size_t n)
{
    if (!grow(text, n))
        return;
    memcpy(text->bytes + text->length, bytes, n);
    text->length += n;
    text->bytes[text->length] = '\0';
}

void ci_text_printf(struct ci_text *text, const char *format, ...)
{
    va_list args;
    char small[256];
    char *to;
    int n;

    va_start(args, format);
    n = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (n < 0) {
        text->overflow = true;
    } else if ((size_t)n < sizeof small) {
        ci_text_addn(text, small, (size_t)n);
    } else {
        to = ci_text_reserve(text, (size_t)n);
        if (!to)
            return;
        va_start(args, format);
        vsnprintf(to, (size_t)n + 1, format, args);
        va_end(args);
        text->length += (size_t)n;
    }
}

void ci_text_int(struct ci_text *text, int64_t value)
{
    char digits[24];
    char *at = digits + sizeof digits;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0)
        *--at = '-';
    ci_text_addn(text, at, (size_t)(digits + sizeof digits - at));
}

void ci_text_clear(struct ci_text *text)
{
    text->length = 0;
    text->overflow = false;
    if (text->capacity > 0)
        text->bytes[0] = '\0';
}

char *ci_text_take(struct ci_text *text, size_t *ret_length)
{
    char *bytes;

    /* An empty text owns no heap yet; give the caller something to free() all the same. */
    if (text->capacity == 0)
        (void)grow(text, 0);
    bytes = text->bytes;
    if (ret_length)
        *ret_length = text->length;
    ci_text_init(text, text->limit);
    return bytes;
}

bool ci_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    long long value;
    char *end;

    if (!isdigit((unsigned char)digits[0]))
        return false;
    errno = 0;
    value = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || value < min || value > max)
        return false;
    *ret_value = value;
    return true;
}

static bool is_word(const char *text, const char *const *words)
{
    while (*words && strcasecmp(text, *words) != 0)
        words++;
    return *words;
}

bool ci_parse_truth(const char *text, bool *ret_value)
{
    static const char *const truths[] = {"1", "t", "true", "on", "y", "yes", NULL};
    static const char *const lies[] = {"0", "f", "false", "off", "n", "no", NULL};

    if (!is_word(text, truths) && !is_word(text, lies))
        return false;
    *ret_value = is_word(text, truths);
    return true;
}

bool ci_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool ci_one_of(const char *text, const char *const *list)
{
    for (; text && *list; list++) {
        if (strcmp(text, *list) == 0)
            return true;
    }
    return false;
}

const char *const *ci_split(struct ci_arena *mem, const char *text, char separator)
{
    size_t n = 1, used = 0;
    const char **list;

    for (const char *p = text; *p; p++)
        n += *p == separator;
    list = ci_alloc_array(mem, n + 1, sizeof *list);
    while (text) {
        const char *end = strchr(text, separator);
        size_t length = end ? (size_t)(end - text) : strlen(text);

        while (length > 0 && isspace((unsigned char)text[0])) {
            text++;
            length--;
        }
        while (length > 0 && isspace((unsigned char)text[length - 1]))
            length--;
        if (length > 0)
            list[used++] = ci_strndup(mem, text, length);
        text = end ? end + 1 : NULL;
    }
    return list;
}
