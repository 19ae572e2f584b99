/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What json_differential.py talks to. Documents come on stdin, each behind its length in four
 * little-endian bytes; for each an answer of the same form goes out, whose first byte says what
 * it is: '=' and the document printed, '~' and its repr(), or '!' and the error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static void answer(char kind, const char *bytes, size_t length)
{
    size_t n = length + 1;
    unsigned char head[5] = {n & 0xff, n >> 8 & 0xff, n >> 16 & 0xff, n >> 24 & 0xff,
                             (unsigned char)kind};

    fwrite(head, 1, sizeof head, stdout);
    fwrite(bytes, 1, length, stdout);
}

static void answer_text(char kind, void (*print)(struct ci_text *, const json_t *),
                        const json_t *value)
{
    struct ci_text text;

    ci_text_init(&text, SIZE_MAX / 4);
    print(&text, value);
    answer(kind, text.bytes, text.length);
    ci_text_done(&text);
}

static void round_trip(struct ci_arena *mem, const char *document, size_t length)
{
    struct ci_ctx ctx = {.mem = mem};
    json_t *value;

    if (ci_json_read(&ctx, document, length, &ci_json_trusted, &value)) {
        answer_text('=', ci_json_print, value);
        answer_text('~', ci_json_print_repr, value);
    } else {
        answer('!', ctx.error->message, strlen(ctx.error->message));
        answer('!', "", 0);
    }
}

int main(void)
{
    struct ci_arena *mem = ci_arena_new();
    unsigned char head[4];

    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        size_t length = head[0] | head[1] << 8 | head[2] << 16 | (size_t)head[3] << 24;
        /* Exactly as long as the document, so that reading past its end is seen. */
        char *document = malloc(length > 0 ? length : 1);

        if (!document || fread(document, 1, length, stdin) != length)
            return EXIT_FAILURE;
        round_trip(mem, document, length);
        free(document);
        ci_arena_reset(mem);
    }
    ci_arena_free(mem);
    return EXIT_SUCCESS;
}
