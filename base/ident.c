/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identifiers: made, checked and brought into their normal form.
 *
 * The rules are Ironic's regular expressions, but matched to the very end: Python's `$` lets a
 * line break follow, and no name of ours ends with one.
 */
#include "base/ident.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"

enum {
    NAME_MAX_LENGTH = 255,
    UUID_DIGITS = 32,
    UUID_BYTES = 16,
    MAC_LENGTH = 17,
    UUID_SPELLING_MAX = 127
};

static const char *const standard_traits[] = {
#define TRAIT(name) #name,
#include "base/standard_traits.def"
#undef TRAIT
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c)
{
    return is_digit(c) || is_letter(c);
}

static bool is_small_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z');
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Takes every occurrence of `word` out of `text`, from left to right. */
static void take_out(char *text, const char *word)
{
    size_t n = strlen(word);

    for (char *at = strstr(text, word); at; at = strstr(at, word))
        memmove(at, at + n, strlen(at + n) + 1);
}

/*
 * The label [begin, end) of a host name: its last byte (and first, of the host) a letter or
 * digit. Ironic's rule knows small letters only.
 */
static bool label_is_valid(const char *begin, const char *end, bool is_host)
{
    if (begin == end || end - begin > 63 || !is_small_alnum(end[-1]) ||
        (is_host && !is_small_alnum(*begin)))
        return false;
    for (const char *c = begin; c < end; c++) {
        if (!is_small_alnum(*c) && *c != '-' && (is_host || *c != '_'))
            return false;
    }
    return true;
}

static int compare_names(const void *key, const void *element)
{
    return strcmp(key, *(const char *const *)element);
}

/* Sixteen random bytes, each given once; the kernel is asked for sixteen times as many at once. */
static unsigned char *random_bytes(void)
{
    static _Thread_local unsigned char store[16 * UUID_BYTES];
    static _Thread_local size_t left;

    if (left == 0) {
        if (getrandom(store, sizeof store, 0) != (ssize_t)sizeof store)
            abort(); /* no randomness: nothing made from here on could be told apart */
        left = sizeof store;
    }
    left -= UUID_BYTES;
    return store + left;
}

void ci_uuid_write(char *to)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char *random = random_bytes();

    random[6] = (random[6] & 0x0f) | 0x40;
    random[8] = (random[8] & 0x3f) | 0x80;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = digits[random[i] >> 4];
        *to++ = digits[random[i] & 15];
    }
}

const char *ci_uuid_new(struct ci_arena *mem)
{
    char *text = ci_alloc(mem, CI_UUID_LENGTH + 1);

    ci_uuid_write(text);
    return text;
}

bool ci_uuid_is_like(const char *text)
{
    char copy[UUID_SPELLING_MAX + 1];
    const char *begin;
    size_t n = 0;

    if (!text || strlen(text) > UUID_SPELLING_MAX)
        return false;
    memcpy(copy, text, strlen(text) + 1);
    take_out(copy, "urn:");
    take_out(copy, "uuid:");
    begin = copy + strspn(copy, "{}");
    for (const char *c = begin; *c; c++) {
        if (is_hex(*c))
            n++;
        else if (c[strspn(c, "{}")] == '\0')
            break;
        else if (*c != '-')
            return false;
    }
    return n == UUID_DIGITS;
}

bool ci_mac_is_valid(const char *text)
{
    if (!text || strlen(text) != MAC_LENGTH)
        return false;
    for (int i = 0; i < MAC_LENGTH; i++) {
        if (i % 3 == 2 ? text[i] != ':' : !is_hex(text[i]))
            return false;
    }
    return true;
}

const char *ci_mac_normal(struct ci_arena *mem, const char *text)
{
    char *copy = ci_strdup(mem, text);

    for (char *c = copy; c && *c; c++)
        *c = lower(*c);
    return copy;
}

bool ci_name_is_valid(const char *text)
{
    if (!text || !*text || strlen(text) > NAME_MAX_LENGTH)
        return false;
    for (const char *c = text; *c; c++) {
        if (!is_alnum(*c) && !strchr("-._~", *c))
            return false;
    }
    return true;
}

bool ci_hostname_is_valid(const char *text)
{
    bool is_host = true;

    if (!text || !*text || strlen(text) > NAME_MAX_LENGTH)
        return false;
    while (*text) {
        const char *end = text + strcspn(text, ".");

        if (!label_is_valid(text, end, is_host))
            return false;
        is_host = false;
        text = *end ? end + 1 : end;
    }
    return true;
}

bool ci_trait_is_valid(const char *text)
{
    size_t n = sizeof standard_traits / sizeof standard_traits[0];

    if (!text || strlen(text) > NAME_MAX_LENGTH)
        return false;
    if (strncmp(text, "CUSTOM_", 7) == 0 && text[7]) {
        for (const char *c = text + 7; *c; c++) {
            if (!is_digit(*c) && !(*c >= 'A' && *c <= 'Z') && *c != '_')
                return false;
        }
        return true;
    }
    return bsearch(text, standard_traits, n, sizeof standard_traits[0], compare_names) != NULL;
}
