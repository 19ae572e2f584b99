/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions: Python's way of writing them turned into POSIX's.
 */
#include "base/pattern.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { EXPRESSION_MAX = 1000, REPEAT_MAX = 255, NESTING_MAX = 20 };

static bool refuse(struct ci_ctx *ctx, const char *why)
{
    return ci_fail_text(ctx, InvalidParameterValue, "invalid regular expression: %s", why);
}

/* What a class is called between brackets; NULL for other letters. */
static const char *class_of(char letter)
{
    switch (letter) {
    case 'd':
        return "0-9";
    case 'w':
        return "[:alnum:]_";
    case 's':
        return "[:space:]";
    }
    return NULL;
}

/* An escape, "\d" or "\."; from points behind the backslash. */
static bool add_escape(struct ci_ctx *ctx, char letter, bool in_brackets, struct ci_text *text)
{
    const char *class = class_of((char)tolower((unsigned char)letter));
    const char *plain = strchr("n\nt\tr\r", letter);

    if (class && !in_brackets)
        ci_text_printf(text, "[%s%s]", isupper((unsigned char)letter) ? "^" : "", class);
    else if (class && !isupper((unsigned char)letter))
        ci_text_add(text, class);
    else if (plain && letter)
        ci_text_addn(text, plain + 1, 1);
    else if (letter == '\0' || isalnum((unsigned char)letter))
        return refuse(ctx, "an escape that is not supported");
    else if (in_brackets)
        ci_text_addn(text, &letter, 1);
    else
        ci_text_printf(text, "\\%c", letter);
    return true;
}

/* One character of a bracket expression; a dash that is escaped waits for the end of it. */
static const char *add_bracketed(struct ci_ctx *ctx, const char *from, struct ci_text *text,
                                 bool *dash)
{
    if (*from == '[' && strchr(":.=", from[1])) {
        (void)refuse(ctx, "a class that is not supported");
        return NULL;
    }
    if (*from != '\\') {
        ci_text_addn(text, from, 1);
        return from + 1;
    }
    if (from[1] == '-') {
        *dash = true;
        return from + 2;
    }
    if (from[1] == ']' || from[1] == '^') {
        (void)refuse(ctx, "an escape that is not supported");
        return NULL;
    }
    return add_escape(ctx, from[1], true, text) ? from + 2 : NULL;
}

/* A bracket expression; gives what follows it. */
static const char *add_brackets(struct ci_ctx *ctx, const char *from, struct ci_text *text)
{
    bool dash = false;

    ci_text_addn(text, from++, 1);
    if (*from == '^')
        ci_text_addn(text, from++, 1);
    if (*from == ']')
        ci_text_addn(text, from++, 1);
    while (*from && *from != ']') {
        from = add_bracketed(ctx, from, text, &dash);
        if (!from)
            return NULL;
    }
    if (!*from) {
        (void)refuse(ctx, "unterminated character set");
        return NULL;
    }
    ci_text_add(text, dash ? "-]" : "]");
    return from + 1;
}

/* Behind "(?": a group without a number, or with a name; gives what follows. */
static const char *skip_group(struct ci_ctx *ctx, const char *from)
{
    if (from[0] == ':')
        return from + 1;
    if (from[0] == 'P' && from[1] == '<' && strchr(from, '>'))
        return strchr(from, '>') + 1;
    (void)refuse(ctx, "an extension that is not supported");
    return NULL;
}

/* {3}, {3,}, {3,5} within bounds; gives what follows. */
static const char *add_count(struct ci_ctx *ctx, const char *from, struct ci_text *text)
{
    const char *end = strchr(from, '}');
    const char *counts = end ? ci_strndup(ctx->mem, from + 1, (size_t)(end - from - 1)) : "";
    const char *const *parts = ci_split(ctx->mem, counts, ',');
    int64_t least, most;

    if (!parts[0] || !ci_parse_int(parts[0], 0, REPEAT_MAX, &least) ||
        (parts[1] && !ci_parse_int(parts[1], least, REPEAT_MAX, &most))) {
        (void)refuse(ctx, "a repetition that is not supported");
        return NULL;
    }
    ci_text_addn(text, from, (size_t)(end + 1 - from));
    return end + 1;
}

/* One piece; gives what follows it, NULL after a failure. */
static const char *add_piece(struct ci_ctx *ctx, const char *from, struct ci_text *text)
{
    if (*from == '\\')
        return add_escape(ctx, from[1], false, text) ? from + 2 : NULL;
    if (*from == '[')
        return add_brackets(ctx, from, text);
    if (from[0] == '(' && from[1] == '?') {
        ci_text_add(text, "(");
        return skip_group(ctx, from + 2);
    }
    if (*from == '{')
        return add_count(ctx, from, text);
    ci_text_addn(text, from, 1);
    /* Lazy repetition finds a match where greedy repetition does. */
    return strchr("*+?", *from) && from[1] == '?' ? from + 2 : from + 1;
}

static bool translate(struct ci_ctx *ctx, const char *from, struct ci_text *text)
{
    int depth = 0;

    while (*from) {
        depth += (*from == '(') - (*from == ')');
        if (depth < 0 || depth > NESTING_MAX)
            return refuse(ctx, depth < 0 ? "unbalanced parenthesis" : "too many groups");
        from = add_piece(ctx, from, text);
        if (!from)
            return false;
    }
    return !text->overflow || refuse(ctx, "it is too long");
}

bool ci_pattern_matches(struct ci_ctx *ctx, const char *expression, const char *text,
                        enum ci_pattern_how how, bool *ret_matches)
{
    struct ci_text *posix = ci_text_new(ctx->mem, 10 * EXPRESSION_MAX);
    bool any_case = strncmp(expression, "(?i)", 4) == 0;
    char why[100];
    regex_t compiled;
    int code;

    if (strlen(expression) > EXPRESSION_MAX)
        return refuse(ctx, "it is too long");
    if (how == CI_PATTERN_WHOLE)
        ci_text_add(posix, "^(");
    if (!translate(ctx, expression + (any_case ? 4 : 0), posix))
        return false;
    if (how == CI_PATTERN_WHOLE)
        ci_text_add(posix, ")\n?$");
    code = regcomp(&compiled, posix->bytes ? posix->bytes : "",
                   REG_EXTENDED | REG_NOSUB | (any_case ? REG_ICASE : 0));
    if (code != 0) {
        regerror(code, &compiled, why, sizeof why);
        return refuse(ctx, why);
    }
    *ret_matches = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return true;
}
