/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Characters of JSON strings, shared by the reader and the printers: which bytes need no
 * attention, eight at a time, and UTF-8 that admits lone surrogates (three bytes each).
 */

/* The high bit of each byte of `word` that is below 0x20, a quote or a backslash (or after one). */
static inline uint64_t ci_json_special(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t quote = word ^ (ones * '"'), slash = word ^ (ones * '\\');

    return ((((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
             ((slash - ones) & ~slash) | word) &
            highs);
}

static inline bool ci_json_is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* How many of the n bytes, from the first on, are plain ASCII that stands for itself. */
static inline size_t ci_json_plain(const char *bytes, size_t n)
{
    size_t i = 0;
    uint64_t word;

    for (; i + sizeof word <= n; i += sizeof word) {
        memcpy(&word, bytes + i, sizeof word);
        if (ci_json_special(word) != 0)
            break;
    }
    while (i < n && ci_json_is_plain((unsigned char)bytes[i]))
        i++;
    return i;
}

static inline bool ci_json_is_surrogate(uint32_t c)
{
    return c >= 0xd800 && c <= 0xdfff;
}

/*
 * The character that begins at `at`, which is before `end`. Gives its length in bytes, or 0
 * when it is not UTF-8. Surrogates are taken: look at ci_json_is_surrogate() to refuse them.
 */
static inline size_t ci_json_decode(const char *at, const char *end, uint32_t *ret_char)
{
    const unsigned char *p = (const unsigned char *)at;
    size_t n = p[0] < 0x80   ? 1
               : p[0] < 0xc2 ? 0
               : p[0] < 0xe0 ? 2
               : p[0] < 0xf0 ? 3
               : p[0] < 0xf5 ? 4
                             : 0;
    uint32_t c;

    if (n == 0 || (size_t)(end - at) < n)
        return 0;
    c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    if ((n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10ffff)))
        return 0;
    *ret_char = c;
    return n;
}

/* Writes the character (a surrogate too) at `to`, which has room for 4; gives its length. */
static inline size_t ci_json_encode(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xc0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xe0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3f));
        to[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 0x3f));
    to[2] = (char)(0x80 | (c >> 6 & 0x3f));
    to[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* The value of a hexadecimal digit, or -1. */
static inline int ci_json_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/*
 * The next character of a string body in which `at` (before `end`) stands after the last one:
 * an escape, a surrogate pair of two escapes, or UTF-8. Gives where it ends, or NULL when it is
 * malformed, with what is wrong there in Python's words, if known, in ret_wrong.
 */
const char *ci_json_unescape(const char *at, const char *end, uint32_t *ret_char,
                             const char **ret_wrong, const char **ret_where);
