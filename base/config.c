/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From files, environment and command line to struct ci_config.
 *
 * First the last writer of every option is found, as text with its place; then the texts are
 * resolved ($references reach other options, so any order must do) and set by kind. What is
 * worth a line in the log is kept as notes, since the log opens only after this.
 */
#include "base/config.h"

#include <ctype.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/configpath.h"
#include "base/ini.h"
#include "base/log.h"
#include "base/options.h"
#include "base/text.h"

#define BY_DEFAULT "default"
enum { RESOLVED_MAX = 1 << 20, DEPTH_MAX = 32 };

struct note {
    enum ci_log_level level;
    const char *text;
    struct note *next;
};

/* What a struct ci_config is the first member of. */
struct loaded {
    struct ci_config config;
    struct ci_arena *mem; /* all its texts */
    struct note *notes, **last_note;
    const char *const *folders; /* ci_config_find_file() */
    const char *const *former;  /* ci_config_former() */
};

/* How an option is written. */
struct setting {
    const char *text;         /* NULL: nowhere */
    const char *place;        /* "file:12", "environment …", "command line", "default" */
    const char *const *texts; /* of a MULTI instead */
    const char *file;         /* the file that wrote it, to compare by pointer */
    size_t rank;              /* 0: by its name; else which of its old names */
    bool is_set;              /* its member has its value */
};

struct loader {
    struct ci_ctx *ctx;
    struct loaded *loaded;
    const struct ci_option *options;
    size_t n;
    struct setting *settings; /* one for each option */
};

static _Atomic(const struct ci_config *) current;

static void add_note(struct loaded *loaded, enum ci_log_level level, const char *text)
{
    struct note *note = ci_new(loaded->mem, struct note);

    note->level = level;
    note->text = text;
    *loaded->last_note = note;
    loaded->last_note = &note->next;
}

static struct loaded *loaded_new(void)
{
    struct ci_arena *mem = ci_arena_new();
    struct loaded *loaded = ci_new(mem, struct loaded);

    loaded->mem = mem;
    loaded->last_note = &loaded->notes;
    return loaded;
}

/* [section] as oslo.config compares it: small letters, but DEFAULT is only DEFAULT. */
static const char *normal_section(struct ci_arena *mem, const char *section)
{
    char *normal = ci_strdup(mem, section);

    if (strcmp(section, "DEFAULT") == 0)
        return normal;
    for (char *c = normal; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return normal;
}

static struct setting *setting_of(const struct loader *l, const char *section, const char *name)
{
    const struct ci_option *option = ci_option_find(section, name);

    return option ? &l->settings[option - l->options] : NULL;
}

/* The setting an old name stands for; its rank tells old names of one option apart. */
static struct setting *setting_by_alias(const struct loader *l, const char *section,
                                        const char *name, const struct ci_option_alias **ret_alias,
                                        size_t *ret_rank)
{
    size_t n;
    const struct ci_option_alias *aliases = ci_option_aliases(&n);

    for (size_t i = 0; i < n; i++) {
        if (strcmp(aliases[i].old_section, section) == 0 &&
            strcmp(aliases[i].old_name, name) == 0) {
            *ret_alias = &aliases[i];
            *ret_rank = i + 1;
            return setting_of(l, aliases[i].section, aliases[i].name);
        }
    }
    return NULL;
}

static bool is_multi(const struct loader *l, const struct setting *setting)
{
    return l->options[setting - l->settings].kind == CI_KIND_MULTI;
}

static void append_text(const struct loader *l, struct setting *setting, const char *text)
{
    size_t n = 0;
    const char **texts;

    while (setting->texts && setting->texts[n])
        n++;
    texts = ci_alloc_array(l->loaded->mem, n + 2, sizeof *texts);
    for (size_t i = 0; i < n; i++)
        texts[i] = setting->texts[i];
    texts[n] = text;
    setting->texts = texts;
}

/* A later file wins; within one file the option's name, then its old names as they are listed. */
static bool is_weaker(const struct setting *setting, const struct ci_ini_entry *entry, size_t rank)
{
    return setting->text && setting->file == entry->file && rank > setting->rank;
}

static void take_entry(struct loader *l, const struct ci_ini_entry *entry)
{
    struct ci_arena *mem = l->loaded->mem;
    const char *section = normal_section(l->ctx->mem, entry->section);
    const char *place = ci_printf(mem, "%s:%d", entry->file, entry->line);
    const struct ci_option_alias *alias = NULL;
    size_t rank = 0;
    struct setting *setting = setting_of(l, section, entry->name);

    if (!setting)
        setting = setting_by_alias(l, section, entry->name, &alias, &rank);
    if (!setting) {
        add_note(
            l->loaded, CI_LOG_DEBUG,
            ci_printf(mem, "%s: option [%s]%s is not known", place, entry->section, entry->name));
        return;
    }
    if (alias)
        add_note(l->loaded, CI_LOG_WARNING,
                 ci_printf(mem, "%s: option [%s]%s is deprecated, use [%s]%s", place,
                           alias->old_section, alias->old_name, alias->section, alias->name));
    if (is_weaker(setting, entry, rank))
        return;
    if (is_multi(l, setting))
        append_text(l, setting, entry->value);
    setting->text = entry->value;
    setting->place = place;
    setting->file = entry->file;
    setting->rank = rank;
}

static bool read_files(struct loader *l, const struct ci_config_sources *sources)
{
    struct ci_ini ini = {0};
    const char *const *files;

    if (!ci_config_path(l->ctx, sources, &files))
        return false;
    for (; *files; files++) {
        if (!ci_ini_read(l->ctx, *files, &ini))
            return false;
        add_note(l->loaded, CI_LOG_DEBUG,
                 ci_printf(l->loaded->mem, "configuration read from %s", *files));
    }
    for (const struct ci_ini_entry *entry = ini.first; entry; entry = entry->next)
        take_entry(l, entry);
    return true;
}

static void set_source(struct loader *l, struct setting *setting, const char *text,
                       const char *place)
{
    setting->text = text;
    setting->place = place;
    if (is_multi(l, setting)) {
        setting->texts = NULL;
        append_text(l, setting, text);
    }
}

static void read_environment(struct loader *l)
{
    struct ci_arena *mem = l->loaded->mem;

    for (size_t i = 0; i < l->n; i++) {
        char *name = ci_printf(mem, "OS_%s__%s", l->options[i].section, l->options[i].name);
        const char *value;

        for (char *c = name; *c; c++)
            *c = (char)toupper((unsigned char)*c);
        value = getenv(name);
        if (value)
            set_source(l, &l->settings[i], ci_strdup(mem, value),
                       ci_printf(mem, "environment %s", name));
    }
}

/* section.name=value */
static bool read_override(struct loader *l, const char *override)
{
    struct ci_arena *mem = l->loaded->mem;
    const char *dot = strchr(override, '.'), *equal = strchr(override, '=');
    struct setting *setting = NULL;

    if (dot && equal && dot < equal)
        setting = setting_of(l, ci_strndup(mem, override, (size_t)(dot - override)),
                             ci_strndup(mem, dot + 1, (size_t)(equal - dot - 1)));
    if (!setting)
        return ci_fail_text(l->ctx, ConfigInvalid,
                            "Command line: %s: section.option=value with the name of an option is "
                            "expected.",
                            override);
    set_source(l, setting, ci_strdup(mem, equal + 1), "command line");
    return true;
}

static void fill_defaults(struct loader *l)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct ci_option *option = &l->options[i];

        if (l->settings[i].text)
            continue;
        l->settings[i].text = option->found ? option->found(l->loaded->mem) : option->fallback;
        l->settings[i].place = BY_DEFAULT;
        if (option->kind == CI_KIND_MULTI && option->fallback && *option->fallback)
            append_text(l, &l->settings[i], option->fallback);
    }
}

static bool resolve_option(struct loader *l, size_t i, int depth);

static bool fail_setting(struct loader *l, size_t i, const char *why)
{
    return ci_fail_text(l->ctx, ConfigInvalid, "%s: [%s]%s: %s.", l->settings[i].place,
                        l->options[i].section, l->options[i].name, why);
}

/*
 * The option that a reference in option i names: section.name, or name here or in DEFAULT, which
 * oslo.config does not take as the section of a reference.
 */
static struct setting *referred(struct loader *l, size_t i, const char *name)
{
    const char *dot = strchr(name, '.');
    struct setting *setting;

    if (dot && strncmp(name, "DEFAULT.", 8) == 0)
        return NULL;
    if (dot)
        return setting_of(l, ci_strndup(l->ctx->mem, name, (size_t)(dot - name)), dot + 1);
    setting = setting_of(l, l->options[i].section, name);
    return setting ? setting : setting_of(l, "DEFAULT", name);
}

static bool add_reference(struct loader *l, size_t i, const char *name, int depth,
                          struct ci_text *text)
{
    struct setting *setting = referred(l, i, name);
    const char *value;
    size_t other;

    if (!setting)
        return fail_setting(l, i,
                            ci_printf(l->ctx->mem, "$%s names no option (write $$ for a $)", name));
    other = (size_t)(setting - l->settings);
    if (!resolve_option(l, other, depth + 1))
        return false;
    value = ci_option_text(&l->options[other], &l->loaded->config, l->ctx->mem);
    ci_text_add(text, value ? value : "");
    return true;
}

/* How long the name of a reference at `at` is: a letter or _, then also digits and dots. */
static size_t name_length(const char *at)
{
    size_t n = 0;

    while (isalpha((unsigned char)at[n]) || at[n] == '_' ||
           (n > 0 && (isdigit((unsigned char)at[n]) || at[n] == '.')))
        n++;
    return n;
}

/* The text with its $name, ${name}, $$ and \$ replaced; any other $ stays. */
static bool resolve_text(struct loader *l, size_t i, const char *from, int depth,
                         const char **ret_text)
{
    struct ci_text *text;
    const char *at = from;

    if (!strchr(from, '$')) {
        *ret_text = from;
        return true;
    }
    text = ci_text_new(l->ctx->mem, RESOLVED_MAX);
    while (*at) {
        size_t plain = *at == '\\' && at[1] == '$' ? 0 : strcspn(at + 1, "$\\") + 1, n;
        bool braced = at[0] == '$' && at[1] == '{';

        if (*at != '$' && plain > 0) {
            ci_text_addn(text, at, plain);
            at += plain;
            continue;
        }
        n = name_length(at + 1 + (braced ? 1 : 0));
        if (*at == '\\' || at[1] == '$' || n == 0 || (braced && at[2 + n] != '}')) {
            ci_text_addn(text, "$", 1);
            at += *at == '\\' || at[1] == '$' ? 2 : 1;
            continue;
        }
        at += braced ? 2 : 1;
        if (!add_reference(l, i, ci_strndup(l->ctx->mem, at, n), depth, text))
            return false;
        at += n + (braced ? 1 : 0);
    }
    if (text->overflow)
        return fail_setting(l, i, "the value is too long");
    *ret_text = text->bytes;
    return true;
}

static bool set_multi(struct loader *l, size_t i, int depth)
{
    const char *const *texts = l->settings[i].texts;
    const char **resolved;
    size_t n = 0;

    while (texts && texts[n])
        n++;
    resolved = ci_alloc_array(l->loaded->mem, n + 1, sizeof *resolved);
    for (size_t k = 0; k < n; k++) {
        if (!resolve_text(l, i, texts[k], depth, &resolved[k]))
            return false;
        resolved[k] = ci_strdup(l->loaded->mem, resolved[k]);
    }
    ci_option_set_multi(&l->options[i], &l->loaded->config, resolved);
    return true;
}

/* A number that is written as nothing is unset: its default holds. */
static bool is_no_number(const struct ci_option *option, const char *text)
{
    return (option->kind == CI_KIND_INT || option->kind == CI_KIND_SECONDS ||
            option->kind == CI_KIND_OCTAL || option->kind == CI_KIND_FLOAT) &&
           text[strspn(text, " \t\r\n\v\f")] == '\0';
}

static bool set_value(struct loader *l, size_t i, const char *text)
{
    const struct ci_option *option = &l->options[i];
    const char *shown = option->kind == CI_KIND_SECRET ? "****" : text;

    if (text && is_no_number(option, text))
        text = option->fallback;
    if (ci_option_set(option, &l->loaded->config, l->loaded->mem, text))
        return true;
    return fail_setting(l, i,
                        ci_printf(l->ctx->mem, "'%s' is not valid, expected is %s", shown,
                                  ci_option_allowed(option, l->ctx->mem)));
}

static bool resolve_option(struct loader *l, size_t i, int depth)
{
    struct setting *setting = &l->settings[i];
    const char *text = NULL;

    if (setting->is_set)
        return true;
    if (depth > DEPTH_MAX)
        return fail_setting(l, i, "its references go round in a circle");
    if (l->options[i].kind == CI_KIND_MULTI) {
        if (!set_multi(l, i, depth))
            return false;
    } else if ((setting->text && !resolve_text(l, i, setting->text, depth, &text)) ||
               !set_value(l, i, text)) {
        return false;
    }
    setting->is_set = true;
    return true;
}

/* In the order of former.def, those that nobody has set. */
static void note_former(struct loader *l)
{
    static const struct {
        const char *release, *section, *name, *was, *change;
    } rows[] = {
#define FORMER(release, section, name, was, change) {release, #section, #name, was, change},
#include "base/former.def"
#undef FORMER
    };
    struct ci_arena *mem = l->loaded->mem;
    const char **texts = ci_alloc_array(mem, sizeof rows / sizeof rows[0] + 1, sizeof *texts);
    size_t n = 0;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct setting *setting = setting_of(l, rows[i].section, rows[i].name);

        if (setting && ci_same(setting->place, BY_DEFAULT))
            texts[n++] = ci_printf(mem, "[%s]%s is not set: it is %s, and was %s in release %s; %s",
                                   rows[i].section, rows[i].name, setting->text, rows[i].was,
                                   rows[i].release, rows[i].change);
    }
    l->loaded->former = texts;
    for (size_t i = 0; i < n && l->loaded->config.DEFAULT.pin_release_version; i++)
        add_note(l->loaded, CI_LOG_WARNING, texts[i]);
}

static bool load(struct ci_ctx *ctx, const struct ci_config_sources *sources, struct loaded *loaded)
{
    struct loader l = {.ctx = ctx, .loaded = loaded};

    l.options = ci_options(&l.n); /* not above: an initializer may still write l.n after it */
    l.settings = ci_alloc_array(ctx->mem, l.n, sizeof *l.settings);
    loaded->folders = ci_config_folders(loaded->mem, sources);
    if (sources) {
        if (!read_files(&l, sources))
            return false;
        read_environment(&l);
        for (size_t i = 0; sources->overrides && sources->overrides[i]; i++) {
            if (!read_override(&l, sources->overrides[i]))
                return false;
        }
    }
    fill_defaults(&l);
    for (size_t i = 0; i < l.n; i++) {
        if (!resolve_option(&l, i, 0))
            return false;
    }
    note_former(&l);
    return true;
}

/* Brings a changed option into the log, and back to what it was when it needs a start. */
static void keep_fixed(struct loaded *loaded, const struct ci_option *option,
                       const struct ci_config *old)
{
    const char *was = ci_option_text(option, old, loaded->mem);
    const char *is = ci_option_text(option, &loaded->config, loaded->mem);
    bool secret = option->kind == CI_KIND_SECRET;

    if (ci_same(was, is))
        return;
    if (option->is_mutable) {
        add_note(loaded, CI_LOG_INFO,
                 ci_printf(loaded->mem, "option [%s]%s changed from %s to %s", option->section,
                           option->name, secret ? "****" : (was ? was : "unset"),
                           secret ? "****" : (is ? is : "unset")));
        return;
    }
    add_note(loaded, CI_LOG_WARNING,
             ci_printf(loaded->mem, "option [%s]%s changed, which needs a start: ignored",
                       option->section, option->name));
    ci_option_copy(option, &loaded->config, loaded->mem, old);
}

bool ci_config_load(struct ci_ctx *ctx, const struct ci_config_sources *sources,
                    struct ci_config **ret_config)
{
    struct loaded *loaded = loaded_new();

    if (!load(ctx, sources, loaded)) {
        ci_config_free(&loaded->config);
        return false;
    }
    *ret_config = &loaded->config;
    return true;
}

bool ci_config_reload(struct ci_ctx *ctx, const struct ci_config_sources *sources,
                      const struct ci_config *old, struct ci_config **ret_config)
{
    struct ci_config *config;
    size_t n;
    const struct ci_option *options = ci_options(&n);

    if (!ci_config_load(ctx, sources, &config))
        return false;
    for (size_t i = 0; i < n; i++)
        keep_fixed((struct loaded *)config, &options[i], old);
    *ret_config = config;
    return true;
}

const char *ci_config_find_file(struct ci_arena *mem, const struct ci_config *config,
                                const char *name)
{
    const char *const *folders = ((const struct loaded *)config)->folders;

    if (name[0] == '/')
        return access(name, F_OK) == 0 ? ci_strdup(mem, name) : NULL;
    for (; *folders; folders++) {
        const char *path = ci_printf(mem, "%s/%s", *folders, name);

        if (access(path, F_OK) == 0)
            return path;
    }
    return NULL;
}

const char *const *ci_config_warnings(struct ci_arena *mem, const struct ci_config *config)
{
    const struct loaded *loaded = (const struct loaded *)config;
    const char **warnings;
    size_t n = 0;

    for (const struct note *note = loaded->notes; note; note = note->next)
        n++;
    warnings = ci_alloc_array(mem, n + 1, sizeof *warnings);
    n = 0;
    for (const struct note *note = loaded->notes; note; note = note->next) {
        if (note->level == CI_LOG_WARNING)
            warnings[n++] = ci_strdup(mem, note->text);
    }
    return warnings;
}

void ci_config_report(const struct ci_ctx *ctx, const struct ci_config *config)
{
    const struct loaded *loaded = (const struct loaded *)config;

    for (const struct note *note = loaded->notes; note; note = note->next)
        CI_LOG_AT(note->level, ctx, "Configuration", "%s", note->text);
}

const char *const *ci_config_former(const struct ci_config *config)
{
    return ((const struct loaded *)config)->former;
}

void ci_config_free(struct ci_config *config)
{
    if (config)
        ci_arena_free(((struct loaded *)config)->mem);
}

struct ci_config *ci_config_defaults(void)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct loaded *loaded = loaded_new();

    if (!load(&ctx, NULL, loaded))
        abort(); /* a default in options.def is none of its kind */
    ci_arena_free(ctx.mem);
    return &loaded->config;
}

const struct ci_config *ci_config_current(void)
{
    return atomic_load(&current);
}

void ci_config_set_current(const struct ci_config *config)
{
    atomic_store(&current, config);
}
