/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shows config_differential.py what the reader makes of configuration: without arguments the
 * table of options; with files, one after the other, the values read from all of them, or
 * the error. Both as JSON, values as Python's str() shows them.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/jsontext.h"
#include "base/options.h"

static const char *const kinds[] = {
    [CI_KIND_STR] = "STR",         [CI_KIND_SECRET] = "SECRET", [CI_KIND_CHOICE] = "CHOICE",
    [CI_KIND_ADDRESS] = "ADDRESS", [CI_KIND_URL] = "URL",       [CI_KIND_INT] = "INT",
    [CI_KIND_SECONDS] = "SECONDS", [CI_KIND_OCTAL] = "OCTAL",   [CI_KIND_FLOAT] = "FLOAT",
    [CI_KIND_BOOL] = "BOOL",       [CI_KIND_LIST] = "LIST",     [CI_KIND_MULTI] = "MULTI",
    [CI_KIND_DICT] = "DICT",
};

static void add(struct ci_text *text, const char *key, const char *value)
{
    ci_jsontext_key(text, key);
    ci_jsontext_string(text, value);
}

static void add_number(struct ci_text *text, const char *key, int64_t value)
{
    ci_jsontext_key(text, key);
    if (value == INT64_MAX || value == INT64_MIN + 1)
        ci_text_add(text, "null");
    else
        ci_text_int(text, value);
}

static void add_row(struct ci_text *text, const struct ci_option *option)
{
    ci_text_add(text, "{");
    add(text, "section", option->section);
    add(text, "name", option->name);
    add(text, "kind", kinds[option->kind]);
    add(text, "fallback", option->fallback);
    ci_jsontext_key(text, "found");
    ci_text_add(text, option->found ? "true" : "false");
    ci_jsontext_key(text, "mutable");
    ci_text_add(text, option->is_mutable ? "true" : "false");
    add_number(text, "min", option->min);
    add_number(text, "max", option->max);
    ci_jsontext_key(text, "any_case");
    ci_text_add(text, option->any_case ? "true" : "false");
    add(text, "meaning", option->meaning);
    ci_jsontext_key(text, "choices");
    ci_text_add(text, "[");
    for (size_t i = 0; option->choices && option->choices[i]; i++) {
        ci_text_add(text, i > 0 ? ", " : "");
        ci_jsontext_string(text, option->choices[i]);
    }
    ci_text_add(text, "]}");
}

static void add_table(struct ci_text *text)
{
    size_t n;
    const struct ci_option *options = ci_options(&n);
    const struct ci_option_alias *aliases;

    ci_text_add(text, "{\"options\": [");
    for (size_t i = 0; i < n; i++) {
        ci_text_add(text, i > 0 ? ",\n" : "\n");
        add_row(text, &options[i]);
    }
    aliases = ci_option_aliases(&n);
    ci_text_add(text, "], \"aliases\": [");
    for (size_t i = 0; i < n; i++) {
        ci_text_add(text, i > 0 ? ",\n{" : "\n{");
        add(text, "old_section", aliases[i].old_section);
        add(text, "old_name", aliases[i].old_name);
        add(text, "section", aliases[i].section);
        add(text, "name", aliases[i].name);
        ci_text_add(text, "}");
    }
    ci_text_add(text, "]}");
}

static void add_values(struct ci_ctx *ctx, struct ci_text *text, const struct ci_config *config)
{
    size_t n;
    const struct ci_option *options = ci_options(&n);

    ci_text_add(text, "{");
    for (size_t i = 0; i < n; i++)
        add(text, ci_printf(ctx->mem, "%s.%s", options[i].section, options[i].name),
            ci_option_text(&options[i], config, ctx->mem));
    ci_text_add(text, "}");
}

int main(int argc, char **argv)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct ci_text *text = ci_text_new(ctx.mem, 16 << 20);
    const char **files = ci_alloc_array(ctx.mem, (size_t)argc + 1, sizeof *files);
    struct ci_config_sources sources = {"castiron", files, NULL, NULL};
    struct ci_config *config;

    for (int i = 1; i < argc; i++)
        files[i - 1] = argv[i];
    if (argc == 1) {
        add_table(text);
    } else if (ci_config_load(&ctx, &sources, &config)) {
        add_values(&ctx, text, config);
        ci_config_free(config);
    } else {
        ci_text_add(text, "{");
        add(text, "error", ctx.error->message);
        ci_text_add(text, "}");
    }
    puts(text->bytes);
    ci_arena_free(ctx.mem);
    return 0;
}
