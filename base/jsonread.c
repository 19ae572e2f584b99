/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON reader: takes what Python's json.loads takes and fails in its words.
 *
 * Every container is hung into its parent the moment it opens, so the tree under construction
 * has one owner and the stack holds borrowed pointers only. Depth is bounded on the way in,
 * which is what bounds jansson's own recursion when the tree is freed. strtod() is relied upon
 * to see a '.' as the decimal point: no program of ours sets a numeric locale.
 */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonchars.h"

/* Python 3.11 refuses longer integers, since converting them takes quadratic time. */
#define INT_DIGITS_MAX 4300

/* Of strangers: the first so many are free, more of them need a document as long. */
enum { VALUES_BASE = 1 << 16, BYTES_A_VALUE = 64 };

/* Bytes of a string, in the document itself or unescaped elsewhere. */
struct piece {
    const char *bytes;
    size_t length;
};

struct scratch {
    char *bytes;
    size_t room;
};

struct reader {
    struct ci_ctx *ctx;
    const char *begin, *at, *end;
    size_t depth_limit;
    size_t values_left;
    json_t *root;
    json_t **stack; /* the open containers, innermost last; borrowed */
    size_t depth, room;
    struct piece key; /* of the member whose value comes next */
    struct scratch key_scratch, value_scratch;
    const char *wrong, *where; /* why reading ended */
};

enum step { STEP_VALUE, STEP_FIRST_KEY, STEP_KEY, STEP_FIRST_ITEM, STEP_AFTER };

static bool wrong(struct reader *r, const char *what, const char *where)
{
    r->wrong = what;
    r->where = where;
    return false;
}

static void skip_space(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r'))
        r->at++;
}

static bool is_at(const struct reader *r, char c)
{
    return r->at < r->end && *r->at == c;
}

static bool is_digit(const struct reader *r, const char *p)
{
    return p < r->end && *p >= '0' && *p <= '9';
}

static bool hex4(const char *at, const char *end, uint32_t *ret_unit)
{
    uint32_t unit = 0;

    if (end - at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        int digit = ci_json_hex(at[i]);

        if (digit < 0)
            return false;
        unit = unit << 4 | (uint32_t)digit;
    }
    *ret_unit = unit;
    return true;
}

/* `at` is behind "\u". A high and a low half join; a half on its own is kept. */
static const char *unescape_unicode(const char *at, const char *end, uint32_t *ret_char,
                                    const char **ret_wrong, const char **ret_where)
{
    uint32_t high, low;

    *ret_wrong = "Invalid \\uXXXX escape";
    *ret_where = at - 1;
    if (!hex4(at, end, &high))
        return NULL;
    at += 4;
    *ret_char = high;
    if (high < 0xd800 || high > 0xdbff || end - at < 2 || at[0] != '\\' || at[1] != 'u')
        return at;
    *ret_where = at + 1;
    if (!hex4(at + 2, end, &low))
        return NULL;
    if (low < 0xdc00 || low > 0xdfff)
        return at;
    *ret_char = 0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00));
    return at + 6;
}

const char *ci_json_unescape(const char *at, const char *end, uint32_t *ret_char,
                             const char **ret_wrong, const char **ret_where)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found;
    size_t n;

    *ret_where = at;
    *ret_wrong = NULL;
    if (*at != '\\') {
        n = ci_json_decode(at, end, ret_char);
        return n == 0 || ci_json_is_surrogate(*ret_char) ? NULL : at + n;
    }
    if (end - at >= 2 && at[1] == 'u')
        return unescape_unicode(at + 2, end, ret_char, ret_wrong, ret_where);
    *ret_wrong = "Invalid \\escape";
    found = end - at >= 2 && at[1] != '\0' ? strchr(from, at[1]) : NULL;
    if (!found)
        return NULL;
    *ret_char = (unsigned char)to[found - from];
    return at + 2;
}

/* From `r->at` to the quote that ends the string, unescaped into the scratch. */
static bool read_escaped(struct reader *r, const char *begin, struct scratch *scratch,
                         struct piece *ret_piece)
{
    size_t n = (size_t)(r->at - begin), plain;
    uint32_t c;

    memcpy(scratch->bytes, begin, n);
    while (r->at < r->end && *r->at != '"') {
        const char *next;

        if ((unsigned char)*r->at < 0x20)
            return wrong(r, "Invalid control character at", r->at);
        if (*r->at == '\\' && r->at + 1 == r->end)
            return wrong(r, "Unterminated string starting at", begin - 1);
        next = ci_json_unescape(r->at, r->end, &c, &r->wrong, &r->where);
        if (!next)
            return false;
        /* Python looks one character beyond an escape before it says what is missing. */
        if (next == r->end && r->at[0] == '\\' && r->at[1] == 'u')
            return wrong(r, "Invalid \\uXXXX escape", next - 5);
        r->at = next;
        n += ci_json_encode(scratch->bytes + n, c);
        plain = ci_json_plain(r->at, (size_t)(r->end - r->at));
        memcpy(scratch->bytes + n, r->at, plain);
        n += plain;
        r->at += plain;
    }
    if (r->at == r->end)
        return wrong(r, "Unterminated string starting at", begin - 1);
    r->at++;
    *ret_piece = (struct piece){scratch->bytes, n};
    return true;
}

/* What is unescaped is never longer than it was, so the rest of the string says what is needed. */
static void make_room(struct reader *r, struct scratch *scratch, const char *begin)
{
    const char *p = begin;
    size_t need;

    while (p < r->end && *p != '"')
        p += *p == '\\' && p + 1 < r->end ? 2 : 1;
    need = (size_t)(p - begin) + 8;
    if (need <= scratch->room)
        return;
    scratch->room = need * 2 > 256 ? need * 2 : 256;
    scratch->bytes = ci_alloc(r->ctx->mem, scratch->room);
}

/* `r->at` is at the opening quote. */
static bool read_string(struct reader *r, struct scratch *scratch, struct piece *ret_piece)
{
    const char *begin = r->at + 1;

    r->at = begin + ci_json_plain(begin, (size_t)(r->end - begin));
    if (is_at(r, '"')) {
        *ret_piece = (struct piece){begin, (size_t)(r->at - begin)};
        r->at++;
        return true;
    }
    make_room(r, scratch, begin);
    return read_escaped(r, begin, scratch, ret_piece);
}

static json_t *raw(struct reader *r, const char *token, size_t length)
{
    char small[64], *bytes = length < sizeof small ? small : ci_alloc(r->ctx->mem, length + 1);

    bytes[0] = (char)0xff;
    memcpy(bytes + 1, token, length);
    return json_stringn_nocheck(bytes, length + 1);
}

static json_t *read_real(struct reader *r, const char *token, size_t length)
{
    char small[64], *text = small;
    double value;

    if (length >= sizeof small)
        text = ci_alloc(r->ctx->mem, length + 1);
    memcpy(text, token, length);
    text[length] = '\0';
    value = strtod(text, NULL);
    if (__builtin_isinf(value))
        return value > 0 ? raw(r, "Infinity", 8) : raw(r, "-Infinity", 9);
    return json_real(value);
}

static json_t *read_int(struct reader *r, const char *token, size_t length)
{
    bool minus = token[0] == '-';
    size_t digits = length - minus;
    int64_t value = 0;

    if (digits > INT_DIGITS_MAX) {
        wrong(r, NULL, token);
        ci_fail_text(r->ctx, Invalid,
                     "Exceeds the limit (%d digits) for integer string conversion: value has %zu "
                     "digits",
                     INT_DIGITS_MAX, digits);
        return NULL;
    }
    for (size_t i = minus; i < length; i++) {
        int digit = token[i] - '0';

        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value))
            return raw(r, token, length);
    }
    /* Counted downwards, since there is one more negative integer than there are positive. */
    if (!minus && value == INT64_MIN)
        return raw(r, token, length);
    return json_integer(minus ? value : -value);
}

static json_t *read_number(struct reader *r)
{
    const char *token = r->at, *p = token + (*token == '-');
    bool real = false;

    if (!is_digit(r, p)) {
        wrong(r, "Expecting value", token);
        return NULL;
    }
    if (*p++ != '0') {
        while (is_digit(r, p))
            p++;
    }
    if (p < r->end && *p == '.' && is_digit(r, p + 1)) {
        real = true;
        for (p++; is_digit(r, p); p++)
            continue;
    }
    if (p < r->end && (*p == 'e' || *p == 'E')) {
        const char *e = p + 1;

        e += e < r->end && (*e == '+' || *e == '-');
        if (is_digit(r, e)) {
            real = true;
            for (p = e; is_digit(r, p); p++)
                continue;
        }
    }
    r->at = p;
    return real ? read_real(r, token, (size_t)(p - token))
                : read_int(r, token, (size_t)(p - token));
}

static bool is_word(struct reader *r, const char *word, size_t length)
{
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0)
        return false;
    r->at += length;
    return true;
}

static json_t *read_scalar(struct reader *r)
{
    struct piece piece;

    switch (*r->at) {
    case '"':
        return read_string(r, &r->value_scratch, &piece)
                   ? json_stringn_nocheck(piece.bytes, piece.length)
                   : NULL;
    case 'n':
        if (is_word(r, "null", 4))
            return json_null();
        break;
    case 't':
        if (is_word(r, "true", 4))
            return json_true();
        break;
    case 'f':
        if (is_word(r, "false", 5))
            return json_false();
        break;
    case 'N':
        if (is_word(r, "NaN", 3))
            return raw(r, "NaN", 3);
        break;
    case 'I':
        if (is_word(r, "Infinity", 8))
            return raw(r, "Infinity", 8);
        break;
    case '-':
        if (is_word(r, "-Infinity", 9))
            return raw(r, "-Infinity", 9);
        break;
    default:
        break;
    }
    return read_number(r);
}

/* Hangs a new value where it belongs. */
static bool attach(struct reader *r, json_t *value)
{
    json_t *parent = r->depth > 0 ? r->stack[r->depth - 1] : NULL;
    int failed = 0;

    if (r->values_left == 0) {
        json_decref(value);
        (void)ci_fail_text(r->ctx, Invalid, "The JSON document has too many values.");
        return wrong(r, NULL, r->at);
    }
    r->values_left--;
    if (!parent)
        r->root = value;
    else if (json_is_array(parent))
        failed = json_array_append_new(parent, value);
    else
        failed = json_object_setn_new_nocheck(parent, r->key.bytes, r->key.length, value);
    return failed == 0 || wrong(r, "Out of memory", r->at);
}

static bool open_container(struct reader *r, json_t *container)
{
    json_t **stack;

    if (r->depth == r->depth_limit) {
        json_decref(container);
        ci_fail(r->ctx, JSONTooDeep);
        return wrong(r, NULL, r->at);
    }
    if (!attach(r, container))
        return false;
    if (r->depth == r->room) {
        stack = ci_alloc_array(r->ctx->mem, 2 * r->room, sizeof(json_t *));
        memcpy(stack, r->stack, r->room * sizeof(json_t *));
        r->stack = stack;
        r->room *= 2;
    }
    r->stack[r->depth++] = container;
    r->at++;
    return true;
}

static bool read_value(struct reader *r, enum step *ret_step)
{
    json_t *value;

    skip_space(r);
    if (r->at == r->end)
        return wrong(r, "Expecting value", r->at);
    if (*r->at == '{') {
        *ret_step = STEP_FIRST_KEY;
        return open_container(r, json_object());
    }
    if (*r->at == '[') {
        *ret_step = STEP_FIRST_ITEM;
        return open_container(r, json_array());
    }
    value = read_scalar(r);
    *ret_step = STEP_AFTER;
    return value && attach(r, value);
}

static bool read_key(struct reader *r)
{
    skip_space(r);
    if (!is_at(r, '"'))
        return wrong(r, "Expecting property name enclosed in double quotes", r->at);
    if (!read_string(r, &r->key_scratch, &r->key))
        return false;
    skip_space(r);
    if (!is_at(r, ':'))
        return wrong(r, "Expecting ':' delimiter", r->at);
    r->at++;
    return true;
}

/* Behind '{' or '[': an empty container closes at once. */
static enum step begin_container(struct reader *r, char close, enum step first)
{
    skip_space(r);
    if (!is_at(r, close))
        return first;
    r->at++;
    r->depth--;
    return STEP_AFTER;
}

/* Behind a value inside a container. */
static bool read_delimiter(struct reader *r, enum step *ret_step)
{
    bool in_array = json_is_array(r->stack[r->depth - 1]);

    skip_space(r);
    if (is_at(r, ',')) {
        *ret_step = in_array ? STEP_VALUE : STEP_KEY;
    } else if (is_at(r, in_array ? ']' : '}')) {
        *ret_step = STEP_AFTER;
        r->depth--;
    } else {
        return wrong(r, "Expecting ',' delimiter", r->at);
    }
    r->at++;
    return true;
}

static bool read_tree(struct reader *r)
{
    enum step step = STEP_VALUE;
    bool well = true;

    while (well) {
        switch (step) {
        case STEP_VALUE:
            well = read_value(r, &step);
            break;
        case STEP_FIRST_KEY:
            step = begin_container(r, '}', STEP_KEY);
            break;
        case STEP_FIRST_ITEM:
            step = begin_container(r, ']', STEP_VALUE);
            break;
        case STEP_KEY:
            well = read_key(r);
            step = STEP_VALUE;
            break;
        case STEP_AFTER:
            if (r->depth == 0)
                return true;
            well = read_delimiter(r, &step);
            break;
        }
    }
    return false;
}

static bool read_document(struct reader *r)
{
    if (r->end - r->at >= 3 && memcmp(r->at, "\xef\xbb\xbf", 3) == 0)
        return wrong(r, "Unexpected UTF-8 BOM (decode using utf-8-sig)", r->at);
    if (!read_tree(r))
        return false;
    skip_space(r);
    return r->at == r->end || wrong(r, "Extra data", r->at);
}

/* Says where it went wrong as Python does: lines and characters are counted, not bytes. */
static bool explain(struct reader *r)
{
    size_t line = 1, character = 0, column = 1;
    uint32_t c;

    for (const char *p = r->begin; p < r->end;) {
        size_t n = ci_json_decode(p, r->end, &c);

        if (n == 0 || ci_json_is_surrogate(c))
            return ci_fail(r->ctx, JSONNotUTF8, (unsigned char)*p, (size_t)(p - r->begin));
        if (p < r->where) {
            character++;
            column = c == '\n' ? 1 : column + 1;
            line += c == '\n';
        }
        p += n;
    }
    /* Reading sets its own error where Python names no place. */
    return r->wrong && ci_fail_text(r->ctx, Invalid, "%s: line %zu column %zu (char %zu)", r->wrong,
                                    line, column, character);
}

size_t ci_json_values_of_stranger(size_t bytes)
{
    return VALUES_BASE + bytes / BYTES_A_VALUE;
}

bool ci_json_read(struct ci_ctx *ctx, const char *text, size_t length,
                  const struct ci_json_limits *limits, json_t **ret_value)
{
    json_t *first[32];
    struct reader r = {.ctx = ctx,
                       .begin = text,
                       .at = text,
                       .end = text + length,
                       .depth_limit = limits->depth,
                       .values_left = limits->values > 0 ? limits->values : SIZE_MAX,
                       .stack = first,
                       .room = sizeof first / sizeof first[0]};

    if (length > limits->bytes)
        return ci_fail_text(ctx, Invalid, "JSON is longer than %zu bytes", limits->bytes);
    if (!read_document(&r)) {
        json_decref(r.root);
        return explain(&r);
    }
    *ret_value = ci_json(ctx, r.root);
    return true;
}
