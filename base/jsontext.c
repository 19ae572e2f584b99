/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON written straight into an answer, and stored JSON copied into it.
 *
 * Masking walks the text once and copies the stretches between two secrets whole. It needs no
 * stack: only objects inside objects are looked into, so their number says where it is, and
 * everything else is stepped over by counting brackets.
 */
#include "base/jsontext.h"

#include <string.h>

#include "base/jsonchars.h"
#include "base/mask.h"

static void escape(struct ci_text *text, uint32_t c)
{
    static const char digits[] = "0123456789abcdef";
    static const char named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = c < 0x80 && c != 0 ? strchr(named, (int)c) : NULL;
    char bytes[6] = {'\\', 'u'};

    if (found) {
        bytes[1] = letters[found - named];
        ci_text_addn(text, bytes, 2);
    } else if (c > 0xffff) {
        escape(text, 0xd800 + ((c - 0x10000) >> 10));
        escape(text, 0xdc00 + ((c - 0x10000) & 0x3ff));
    } else {
        for (int i = 0; i < 4; i++)
            bytes[2 + i] = digits[c >> (12 - 4 * i) & 0xf];
        ci_text_addn(text, bytes, sizeof bytes);
    }
}

/* Is nothing in it escaped? The last word overlaps the one before, so that no byte is left over. */
static bool is_plain(const char *bytes, size_t n)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t word, special = 0, del;

    if (n < sizeof word) {
        for (size_t i = 0; i < n; i++) {
            if (!ci_json_is_plain((unsigned char)bytes[i]) || bytes[i] == 0x7f)
                return false;
        }
        return true;
    }
    for (size_t i = 0; special == 0 && i < n; i += sizeof word) {
        memcpy(&word, bytes + (i + sizeof word <= n ? i : n - sizeof word), sizeof word);
        del = word ^ ones * 0x7f;
        special = ci_json_special(word) | ((del - ones) & ~del & ones << 7);
    }
    return special == 0;
}

/* Like ci_json_plain(), but DEL is escaped when printed. */
static size_t plain(const char *bytes, size_t n)
{
    const char *del;

    n = ci_json_plain(bytes, n);
    del = n > 0 ? memchr(bytes, 0x7f, n) : NULL;
    return del ? (size_t)(del - bytes) : n;
}

static void escaped(struct ci_text *text, const char *value, size_t length)
{
    const char *end = value + length;
    uint32_t c;

    ci_text_addn(text, "\"", 1);
    while (value < end) {
        size_t n = plain(value, (size_t)(end - value));

        ci_text_addn(text, value, n);
        value += n;
        if (value == end)
            break;
        n = ci_json_decode(value, end, &c);
        escape(text, n > 0 ? c : 0xfffd);
        value += n > 0 ? n : 1;
    }
    ci_text_addn(text, "\"", 1);
}

void ci_jsontext_stringn(struct ci_text *text, const char *value, size_t length)
{
    char *to;

    if (!is_plain(value, length)) {
        escaped(text, value, length);
        return;
    }
    to = ci_text_extend(text, length + 2);
    if (!to)
        return;
    to[0] = '"';
    memcpy(to + 1, value, length);
    to[length + 1] = '"';
}

void ci_jsontext_string(struct ci_text *text, const char *value)
{
    if (value)
        ci_jsontext_stringn(text, value, strlen(value));
    else
        ci_text_addn(text, "null", 4);
}

void ci_jsontext_key(struct ci_text *text, const char *key)
{
    if (text->length > 0 && text->bytes[text->length - 1] != '{')
        ci_text_addn(text, ", ", 2);
    ci_text_addn(text, "\"", 1);
    ci_text_add(text, key);
    ci_text_addn(text, "\": ", 3);
}

void ci_jsontext_raw(struct ci_text *text, const char *json, size_t length, const char *if_null)
{
    if (json && length > 0)
        ci_text_addn(text, json, length);
    else
        ci_text_add(text, if_null);
}

void ci_jsontext_time(struct ci_text *text, const char *db_time)
{
    char out[] = "\"YYYY-MM-DDTHH:MM:SS.ffffff+00:00\"", *to;
    size_t length = db_time ? strlen(db_time) : 0, digits;

    if (length < 19) {
        ci_jsontext_string(text, db_time);
        return;
    }
    memcpy(out + 1, db_time, 19);
    out[11] = 'T';
    to = out + 20;
    digits = db_time[19] == '.' ? strspn(db_time + 20, "0123456789") : 0;
    if (strspn(db_time + 20 - (digits == 0), "0") < digits) {
        *to++ = '.';
        memset(to, '0', 6);
        memcpy(to, db_time + 20, digits < 6 ? digits : 6);
        to += 6;
    }
    memcpy(to, "+00:00\"", 7);
    ci_text_addn(text, out, (size_t)(to + 7 - out));
}

/* A walk through stored JSON. `copied`: up to where the answer has it already. */
struct walk {
    struct ci_text *text;
    const struct ci_jsontext_mask *mask;
    const char *at, *end, *copied;
    const char *key;
    size_t key_length;
    size_t depth;
};

static void skip_space(struct walk *w)
{
    while (w->at < w->end && (*w->at == ' ' || *w->at == '\n' || *w->at == '\t' || *w->at == '\r'))
        w->at++;
}

static bool take(struct walk *w, char c)
{
    skip_space(w);
    if (w->at == w->end || *w->at != c)
        return false;
    w->at++;
    return true;
}

/* From the opening quote to behind the closing one: the first after an even number of backslashes.
 */
static bool skip_string(struct walk *w)
{
    const char *begin = w->at + 1, *quote = begin - 1, *p;

    do {
        quote = memchr(quote + 1, '"', (size_t)(w->end - quote - 1));
        if (!quote)
            return false;
        for (p = quote; p > begin && p[-1] == '\\'; p--)
            continue;
    } while ((quote - p) % 2 != 0);
    w->at = quote + 1;
    return true;
}

static bool is_scalar_end(char c)
{
    return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Any value, whole. Brackets are counted, not matched: what is stored was printed by a printer. */
static bool skip_value(struct walk *w)
{
    size_t open = 0;

    do {
        if (w->at == w->end)
            return false;
        if (*w->at == '"') {
            if (!skip_string(w))
                return false;
            continue;
        }
        if (*w->at == '{' || *w->at == '[')
            open++;
        else if ((*w->at == '}' || *w->at == ']') && open > 0)
            open--;
        else if (open == 0) {
            const char *begin = w->at;

            while (w->at < w->end && !is_scalar_end(*w->at))
                w->at++;
            return w->at > begin;
        }
        w->at++;
    } while (open > 0);
    return true;
}

/* The characters of a string in the text. False when it is not a string. */
static bool unescape(struct ci_text *plain_text, const char *at, const char *end)
{
    const char *wrong, *where;
    char bytes[4];
    uint32_t c;

    while (at < end) {
        at = ci_json_unescape(at, end, &c, &wrong, &where);
        if (!at)
            return false;
        ci_text_addn(plain_text, bytes, ci_json_encode(bytes, c));
    }
    return true;
}

/* Puts CI_MASK in place of what lies from `begin` to where the walk is. */
static void replace(struct walk *w, const char *begin)
{
    ci_text_addn(w->text, w->copied, (size_t)(begin - w->copied));
    ci_text_add(w->text, "\"" CI_MASK "\"");
    w->copied = w->at;
}

/* Would Python take the value for false? */
static bool is_false(const char *value, const char *end)
{
    size_t length = (size_t)(end - value);

    switch (value[0]) {
    case '"':
        return length == 2;
    case 'f':
    case 'n':
        return true;
    case '[':
    case '{':
        for (const char *p = value + 1; p < end - 1; p++) {
            if (!is_scalar_end(*p))
                return false;
        }
        return true;
    default:
        for (const char *p = value; p < end && *p != 'e' && *p != 'E'; p++) {
            if (*p != '0' && *p != '-' && *p != '.')
                return false;
        }
        return true;
    }
}

static bool is_whole(const struct walk *w)
{
    for (const char *const *whole = w->mask->whole; w->depth == 1 && whole && *whole; whole++) {
        if (strlen(*whole) == w->key_length && memcmp(*whole, w->key, w->key_length) == 0)
            return true;
    }
    return false;
}

/* A string that may speak of secrets within: rare, so that it may cost a copy. */
static bool mask_string(struct walk *w, const char *begin)
{
    const char *from = begin + 1, *to = w->at - 1;
    struct ci_text message, masked;
    bool well = true;

    if (!memchr(from, '\\', (size_t)(to - from)) && !ci_mask_is_secret(from, (size_t)(to - from)))
        return true;
    ci_text_init(&message, SIZE_MAX / 4);
    ci_text_init(&masked, SIZE_MAX / 4);
    well = unescape(&message, from, to);
    if (well && ci_mask_password(&masked, message.bytes, message.length)) {
        ci_text_addn(w->text, w->copied, (size_t)(begin - w->copied));
        ci_jsontext_stringn(w->text, masked.bytes, masked.length);
        w->copied = w->at;
    }
    ci_text_done(&message);
    ci_text_done(&masked);
    return well;
}

/* The value of the key just read; an object that is to be looked into is only entered. */
static bool mask_value(struct walk *w, bool *ret_entered)
{
    const char *begin;

    skip_space(w);
    begin = w->at;
    if (!skip_value(w))
        return false;
    *ret_entered = false;
    if (is_whole(w) && !is_false(begin, w->at)) {
        replace(w, begin);
    } else if (*begin == '{') {
        w->at = begin + 1;
        w->depth++;
        *ret_entered = true;
    } else if (w->mask->secrets && ci_mask_is_secret(w->key, w->key_length)) {
        replace(w, begin);
    } else if (w->mask->secrets && *begin == '"') {
        return mask_string(w, begin);
    }
    return true;
}

/* A key and its colon. An escaped key is unescaped into `plain_key`. */
static bool read_key(struct walk *w, struct ci_text *plain_key)
{
    const char *begin;

    if (!take(w, '"'))
        return false;
    begin = w->at--;
    if (!skip_string(w))
        return false;
    w->key = begin;
    w->key_length = (size_t)(w->at - 1 - begin);
    if (memchr(w->key, '\\', w->key_length)) {
        ci_text_clear(plain_key);
        if (!unescape(plain_key, w->key, w->at - 1))
            return false;
        w->key = plain_key->bytes;
        w->key_length = plain_key->length;
    }
    return take(w, ':');
}

static bool mask_object(struct walk *w, struct ci_text *plain_key)
{
    bool entered = true;

    while (w->depth > 0) {
        if (take(w, '}')) {
            w->depth--;
            entered = false;
        } else {
            if (!entered && !take(w, ','))
                return false;
            if (!read_key(w, plain_key) || !mask_value(w, &entered))
                return false;
        }
    }
    return true;
}

static bool mask_text(struct walk *w)
{
    struct ci_text plain_key;
    bool well;

    if (!take(w, '{')) {
        well = skip_value(w);
    } else {
        w->depth = 1;
        ci_text_init(&plain_key, SIZE_MAX / 4);
        well = mask_object(w, &plain_key);
        ci_text_done(&plain_key);
    }
    skip_space(w);
    return well && w->at == w->end;
}

void ci_jsontext_masked(struct ci_text *text, const char *json, size_t length, const char *if_null,
                        const struct ci_jsontext_mask *mask)
{
    size_t before = text->length;
    struct walk w = {.text = text, .mask = mask, .at = json, .copied = json};

    if (!json || length == 0) {
        ci_text_add(text, if_null);
        return;
    }
    w.end = json + length;
    if (mask_text(&w)) {
        ci_text_addn(text, w.copied, (size_t)(w.end - w.copied));
    } else {
        text->length = before;
        ci_text_addn(text, "null", 4);
    }
}
