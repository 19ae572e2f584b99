/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells whether bytes are UTF-8.
 */
#include "base/utf8.h"

/* By the first byte. */
static size_t announced_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2)
        return 0;
    if (first < 0xe0)
        return 2;
    if (first < 0xf0)
        return 3;
    return first < 0xf5 ? 4 : 0;
}

size_t ci_utf8_length(const char *at, const char *end)
{
    const unsigned char *c = (const unsigned char *)at;
    size_t n = announced_length(c[0]);

    if (n > (size_t)(end - at))
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
        (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
        return 0;
    return n;
}

bool ci_utf8_is_text(const char *bytes, size_t n)
{
    const char *end = bytes + n;

    while (bytes < end) {
        size_t length = *bytes ? ci_utf8_length(bytes, end) : 0;

        if (length == 0)
            return false;
        bytes += length;
    }
    return true;
}
