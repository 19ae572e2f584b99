/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64, as strict as Python's b64decode(validate=True).
 */
#include "base/base64.h"

#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The six bits of a letter, or -1. */
static int bits_of(char c)
{
    const char *at = c ? strchr(letters, c) : NULL;

    return at ? (int)(at - letters) : -1;
}

bool ci_base64_decode(struct ci_arena *mem, const char *text, size_t length, char **ret_bytes,
                      size_t *ret_n)
{
    size_t padding = 0, n = 0;
    unsigned held = 0;
    char *bytes;

    if (length % 4 != 0)
        return false;
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
        padding++;
    bytes = ci_alloc(mem, length / 4 * 3 + 1);
    for (size_t i = 0; i < length - padding; i++) {
        int bits = bits_of(text[i]);

        if (bits < 0)
            return false;
        held = (held << 6 | (unsigned)bits) & 0xfffff;
        if (i % 4 != 0)
            bytes[n++] = (char)(held >> (6 - 2 * (i % 4)));
    }
    *ret_bytes = bytes;
    *ret_n = n;
    return true;
}

void ci_base64_encode(struct ci_text *text, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i < 3 ? n - i : 3;
        unsigned held = (unsigned char)bytes[i] << 16;
        char four[4];

        for (size_t j = 1; j < left; j++)
            held |= (unsigned)(unsigned char)bytes[i + j] << (16 - 8 * j);
        for (size_t j = 0; j < 4; j++)
            four[j] = j <= left ? letters[held >> (18 - 6 * j) & 63] : '=';
        ci_text_addn(text, four, sizeof four);
    }
}
