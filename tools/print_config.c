/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints etc/castiron.conf.sample from the table of options.
 *
 * Every option stands there as a comment with its default; the few that a good installation
 * wants otherwise are set, with the reason.
 */
#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "base/text.h"

enum { WIDTH = 96, SAMPLE_MAX_BYTES = 1 << 20 };

/* What the sample sets. */
static const struct {
    const char *section, *name, *value, *reason;
} suggestions[] = {
    {"api", "shutdown_delay", "10",
     "Longer than a load balancer needs to notice (HAProxy: inter times fall), so that no request "
     "is lost when a service leaves."},
    {"healthcheck", "enabled", "true", "Load balancers and monitoring need it."},
    {"healthcheck", "backends", "disable_by_file",
     "A service is taken out of the balancer by touching the file below."},
    {"healthcheck", "disable_by_file_path", "/etc/castiron/healthcheck_disable", NULL},
};

static const char *const kinds[] = {
    [CI_KIND_STR] = "text",
    [CI_KIND_SECRET] = "secret text",
    [CI_KIND_CHOICE] = "one of",
    [CI_KIND_ADDRESS] = "host name or address",
    [CI_KIND_URL] = "URL",
    [CI_KIND_INT] = "integer",
    [CI_KIND_SECONDS] = "seconds",
    [CI_KIND_OCTAL] = "octal number",
    [CI_KIND_FLOAT] = "number",
    [CI_KIND_BOOL] = "true or false",
    [CI_KIND_LIST] = "list, separated by commas",
    [CI_KIND_MULTI] = "text, may be repeated",
    [CI_KIND_DICT] = "key:value pairs, separated by commas",
};

/* The words as comment lines of at most WIDTH characters. */
static void add_comment(struct ci_text *text, const char *words)
{
    size_t column = 0;

    while (*words) {
        size_t n = strcspn(words, " ");

        if (column > 0 && column + 1 + n > WIDTH) {
            ci_text_add(text, "\n");
            column = 0;
        }
        ci_text_add(text, column == 0 ? "# " : " ");
        ci_text_addn(text, words, n);
        column += n + (column == 0 ? 2 : 1);
        words += n + (words[n] ? 1 : 0);
    }
    ci_text_add(text, "\n");
}

static const char *kind(const struct ci_option *option, struct ci_arena *mem)
{
    struct ci_text *text = ci_text_new(mem, SAMPLE_MAX_BYTES);
    bool bounded = option->kind == CI_KIND_INT || option->kind == CI_KIND_SECONDS ||
                   option->kind == CI_KIND_FLOAT || option->kind == CI_KIND_OCTAL;

    ci_text_add(text, kinds[option->kind]);
    for (size_t i = 0; option->choices && option->choices[i]; i++)
        ci_text_printf(text, "%s%s", i > 0 ? ", " : " ", option->choices[i]);
    if (bounded && option->min != INT64_MIN + 1)
        ci_text_printf(text, option->kind == CI_KIND_OCTAL ? ", at least %llo" : ", at least %lld",
                       (long long)option->min);
    if (bounded && option->max != INT64_MAX)
        ci_text_printf(text, option->kind == CI_KIND_OCTAL ? ", at most %llo" : ", at most %lld",
                       (long long)option->max);
    if (option->is_mutable)
        ci_text_add(text, "; follows a reload");
    return text->bytes;
}

/* The default as it is written into a file; quotes keep its blanks. */
static void add_default(struct ci_text *text, const struct ci_option *option)
{
    const char *value = option->fallback ? option->fallback : "";
    size_t n = strlen(value);
    bool blanks = n > 0 && (value[0] == ' ' || value[n - 1] == ' ');

    ci_text_printf(text, "#%s =", option->name);
    if (option->found)
        ci_text_add(text, " <found out at start>\n");
    else if (!option->fallback)
        ci_text_add(text, " <none>\n");
    else
        ci_text_printf(text, blanks ? " \"%s\"\n" : n > 0 ? " %s\n" : "%s\n", value);
}

static void add_suggestion(struct ci_text *text, const struct ci_option *option)
{
    for (size_t i = 0; i < sizeof suggestions / sizeof suggestions[0]; i++) {
        if (strcmp(suggestions[i].section, option->section) != 0 ||
            strcmp(suggestions[i].name, option->name) != 0)
            continue;
        if (suggestions[i].reason)
            add_comment(text, suggestions[i].reason);
        ci_text_printf(text, "%s = %s\n", option->name, suggestions[i].value);
    }
}

static void add_old_names(struct ci_text *text, const struct ci_option *option)
{
    size_t n;
    const struct ci_option_alias *aliases = ci_option_aliases(&n);

    for (size_t i = 0; i < n; i++) {
        if (strcmp(aliases[i].section, option->section) == 0 &&
            strcmp(aliases[i].name, option->name) == 0)
            ci_text_printf(text, "# Deprecated name: [%s]%s\n", aliases[i].old_section,
                           aliases[i].old_name);
    }
}

int main(void)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_text *text = ci_text_new(mem, SAMPLE_MAX_BYTES);
    const char *section = "";
    size_t n;
    const struct ci_option *options = ci_options(&n);

    add_comment(text,
                "Every option of castiron, printed from base/options.def by "
                "tools/print_config.c: change those, not this. Copy it to "
                "/etc/castiron/castiron.conf, or let castiron read ironic.conf, whose options "
                "have the same names.");
    for (size_t i = 0; i < n; i++) {
        if (strcmp(section, options[i].section) != 0)
            ci_text_printf(text, "\n\n[%s]\n", options[i].section);
        section = options[i].section;
        ci_text_add(text, "\n");
        add_comment(text, ci_printf(mem, "%s (%s)", options[i].meaning, kind(&options[i], mem)));
        add_old_names(text, &options[i]);
        add_default(text, &options[i]);
        add_suggestion(text, &options[i]);
    }
    if (fputs(text->bytes, stdout) == EOF || fflush(stdout) != 0)
        return 1;
    ci_arena_free(mem);
    return 0;
}
