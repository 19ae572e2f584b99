/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Undoes %XX where a text is used, piece by piece, so that an escaped slash or ampersand
 * stays part of its piece and an escaped NUL is seen.
 */
#include "base/httpd.h"

#include "base/utf8.h"

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool unescape(struct ci_arena *mem, const char *text, size_t length, bool plus_is_space,
                     char **ret_text)
{
    char *out = ci_alloc(mem, length + 1);
    size_t n = 0;

    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if (c == '%') {
            int high = length - i > 2 ? digit_of(text[i + 1]) : -1;
            int low = high >= 0 ? digit_of(text[i + 2]) : -1;

            if (low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        out[n++] = c;
    }
    if (!ci_utf8_is_text(out, n))
        return false;
    *ret_text = out;
    return true;
}

bool ci_httpd_unescape(struct ci_arena *mem, const char *text, size_t length, char **ret_text)
{
    return unescape(mem, text, length, false, ret_text);
}

bool ci_httpd_unescape_query(struct ci_arena *mem, const char *text, size_t length, char **ret_text)
{
    return unescape(mem, text, length, true, ret_text);
}
