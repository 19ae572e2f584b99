/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Escaped text: what comes out is text without NUL, as long as its escapes say, and the same
 * for a path and a query but for the plus signs.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/httpd.h"
#include "base/utf8.h"

static size_t expected_length(const char *text, size_t n)
{
    size_t length = 0;

    for (size_t i = 0; i < n; i += text[i] == '%' ? 3 : 1)
        length++;
    return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ci_arena *mem = ci_arena_new();
    const char *text = (const char *)data;
    char *segment = NULL, *query = NULL;
    bool is_segment = ci_httpd_unescape(mem, text, size, &segment);

    if (is_segment != ci_httpd_unescape_query(mem, text, size, &query))
        abort();
    if (is_segment) {
        size_t n = strlen(segment);

        if (n != expected_length(text, size) || strlen(query) != n || !ci_utf8_is_text(segment, n))
            abort();
        for (size_t i = 0; i < n; i++) {
            if (segment[i] != query[i] && (segment[i] != '+' || query[i] != ' '))
                abort();
        }
    }
    ci_arena_free(mem);
    return 0;
}
