/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of the log, as oslo.log makes them.
 *
 * Format strings are Python's: %(name)s with width and flags. What has no value is a dash.
 * A field that only Python has (its thread's name) is a dash too, so that an operator's format
 * string never stops the log.
 */
#include "base/logline.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/jsontext.h"
#include "base/utf8.h"

enum { FIELD_MAX = 64, WIDTH_MAX = 256, DATE_MAX = 128, US = 1000000 };

/* A spelling in a format string: %(name)-10s. */
struct spec {
    char name[FIELD_MAX];
    size_t width;
    bool left, zeros;
};

static const char *const level_names[] = {"DEBUG", "INFO", "WARNING", "ERROR"};

const char *ci_log_level_name(enum ci_log_level level)
{
    return level_names[level];
}

/* The compiler is given paths from the build's folder; this file knows how they begin. */
static const char *from_root(const char *file)
{
    size_t n = sizeof __FILE__ - sizeof "base/logline.c";

    return strncmp(file, __FILE__, n) == 0 ? file + n : file;
}

const char *ci_log_logger(struct ci_arena *mem, const char *file)
{
    size_t n;
    char *name;

    file = from_root(file);
    n = strlen(file);
    if (n > 2 && file[n - 2] == '.')
        n -= 2;
    name = ci_printf(mem, "castiron.%.*s", (int)n, file);
    for (char *c = name; *c; c++) {
        if (*c == '/')
            *c = '.';
    }
    return name;
}

void ci_log_clean(struct ci_text *text, const char *message)
{
    const char *end = message + strlen(message);

    while (message < end) {
        unsigned char c = (unsigned char)*message;
        size_t n = ci_utf8_length(message, end);

        if (c == '\n' || c == '\r' || c == '\t')
            ci_text_add(text, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        else if (n == 0 || c < ' ' || c == 0x7f)
            ci_text_printf(text, "\\x%02x", c);
        else
            ci_text_addn(text, message, n);
        message += n == 0 ? 1 : n;
    }
}

/* The format is the operator's (log_date_format), so that no compiler can check it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static const char *date(char room[DATE_MAX], int64_t time_us, const char *format)
{
    time_t seconds = (time_t)(time_us / US);
    struct tm local;

    if (!localtime_r(&seconds, &local) ||
        strftime(room, DATE_MAX, *format ? format : "%Y-%m-%d %H:%M:%S", &local) == 0)
        return "-";
    return room;
}
#pragma GCC diagnostic pop

static const char *number(char room[DATE_MAX], long long value)
{
    (void)snprintf(room, DATE_MAX, "%lld", value);
    return room;
}

/* What the context says: identity and request. NULL: nothing, or no such field. */
static const char *context_field(const struct ci_ctx *ctx, const char *name)
{
    const struct {
        const char *name, *value;
    } fields[] = {
        {"request_id", ctx->request_id},
        {"global_request_id", ctx->global_request_id},
        {"user", ctx->who.user_id},
        {"user_id", ctx->who.user_id},
        {"user_name", ctx->who.user_name},
        {"project", ctx->who.project_id},
        {"project_id", ctx->who.project_id},
        {"project_name", ctx->who.project_name},
        {"tenant", ctx->who.project_id},
        {"user_domain", ctx->who.user_domain_id},
        {"user_domain_id", ctx->who.user_domain_id},
        {"project_domain", ctx->who.project_domain_id},
        {"project_domain_id", ctx->who.project_domain_id},
        {"system_scope", ctx->who.system_scope},
    };

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(name, fields[i].name) == 0)
            return fields[i].value;
    }
    return NULL;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* A field of the record itself; NULL when it has no such field. */
static const char *record_field(const struct ci_log_record *record,
                                const struct ci_log_style *style, const char *name,
                                char room[DATE_MAX])
{
    if (strcmp(name, "asctime") == 0)
        return date(room, record->time_us, style->date_format);
    if (strcmp(name, "msecs") == 0)
        return number(room, record->time_us % US / 1000);
    if (strcmp(name, "process") == 0)
        return number(room, getpid());
    if (strcmp(name, "thread") == 0)
        return number(room, gettid());
    if (strcmp(name, "lineno") == 0)
        return number(room, record->place->line);
    if (strcmp(name, "levelname") == 0)
        return ci_log_level_name(record->level);
    if (strcmp(name, "name") == 0)
        return record->logger;
    if (strcmp(name, "funcName") == 0)
        return record->place->function;
    if (strcmp(name, "pathname") == 0)
        return from_root(record->place->file);
    if (strcmp(name, "filename") == 0)
        return file_name(record->place->file);
    if (strcmp(name, "message") == 0)
        return record->message;
    if (strcmp(name, "instance") == 0 || strcmp(name, "resource") == 0 ||
        strcmp(name, "color") == 0 || strcmp(name, "reset_color") == 0)
        return "";
    return NULL;
}

static void add_padded(struct ci_text *text, const char *value, const struct spec *spec)
{
    size_t n = strlen(value), pad = spec->width > n ? spec->width - n : 0;

    if (spec->left)
        ci_text_addn(text, value, n);
    for (size_t i = 0; i < pad; i++)
        ci_text_addn(text, spec->zeros ? "0" : " ", 1);
    if (!spec->left)
        ci_text_addn(text, value, n);
}

/* Reads "(name)03d" behind a %; gives what follows, or NULL when it is none. */
static const char *read_spec(const char *at, struct spec *spec)
{
    const char *end = *at == '(' ? strchr(at, ')') : NULL;

    *spec = (struct spec){0};
    if (!end || end - at - 1 >= FIELD_MAX)
        return NULL;
    memcpy(spec->name, at + 1, (size_t)(end - at - 1));
    for (at = end + 1; *at && strchr("-+ #0", *at); at++) {
        spec->left = spec->left || *at == '-';
        spec->zeros = spec->zeros || *at == '0';
    }
    for (; isdigit((unsigned char)*at) || *at == '.'; at++) {
        if (*at != '.' && spec->width < WIDTH_MAX)
            spec->width = spec->width * 10 + (size_t)(*at - '0');
    }
    return *at && strchr("sdifr", *at) ? at + 1 : NULL;
}

/* Adds the format string with its fields filled in; the user's part only in the outer one. */
static void add_format(struct ci_text *text, const char *format, const struct ci_log_record *record,
                       const struct ci_log_style *style, bool outer)
{
    while (*format) {
        size_t plain = strcspn(format, "%");
        char room[DATE_MAX];
        struct spec spec;
        const char *rest, *value = NULL;

        ci_text_addn(text, format, plain);
        format += plain;
        if (!*format)
            return;
        rest = read_spec(format + 1, &spec);
        if (!rest) {
            ci_text_addn(text, "%", 1);
            format += format[1] == '%' ? 2 : 1;
            continue;
        }
        format = rest;
        if (outer && strcmp(spec.name, "user_identity") == 0) {
            add_format(text, style->user_format, record, style, false);
            continue;
        }
        value = record_field(record, style, spec.name, room);
        if (!value && record->ctx)
            value = context_field(record->ctx, spec.name);
        add_padded(text, value ? value : "-", &spec);
    }
}

static void add_json(struct ci_text *text, const char *key, const char *value)
{
    ci_jsontext_key(text, key);
    ci_jsontext_string(text, value);
}

static void add_json_number(struct ci_text *text, const char *key, long long value)
{
    ci_jsontext_key(text, key);
    ci_text_int(text, value);
}

static void add_json_context(struct ci_text *text, const struct ci_ctx *ctx)
{
    static const char *const names[] = {"request_id",   "global_request_id", "user_id",
                                        "project_id",   "user_domain",       "project_domain",
                                        "system_scope", "user_name",         "project_name"};

    ci_jsontext_key(text, "context");
    ci_text_add(text, "{");
    for (size_t i = 0; ctx && i < sizeof names / sizeof names[0]; i++)
        add_json(text, names[i], context_field(ctx, names[i]));
    ci_text_add(text, "}");
}

static void add_json_line(struct ci_text *text, const struct ci_log_record *record,
                          const struct ci_log_style *style)
{
    static const int numbers[] = {10, 20, 30, 40};
    char host[256] = "", room[DATE_MAX];

    (void)gethostname(host, sizeof host - 1);
    ci_text_add(text, "{");
    add_json(text, "message", record->message);
    add_json(text, "asctime", date(room, record->time_us, style->date_format));
    add_json(text, "name", record->logger);
    add_json(text, "levelname", ci_log_level_name(record->level));
    add_json_number(text, "levelno", numbers[record->level]);
    add_json(text, "pathname", from_root(record->place->file));
    add_json(text, "filename", file_name(record->place->file));
    add_json_number(text, "lineno", record->place->line);
    add_json(text, "funcname", record->place->function);
    ci_jsontext_key(text, "created");
    ci_text_printf(text, "%lld.%06lld", (long long)(record->time_us / US),
                   (long long)(record->time_us % US));
    add_json_number(text, "msecs", record->time_us % US / 1000);
    add_json_number(text, "thread", gettid());
    add_json_number(text, "process", getpid());
    ci_jsontext_key(text, "traceback");
    ci_text_add(text, "null");
    add_json(text, "hostname", host);
    add_json_context(text, record->ctx);
    ci_text_add(text, "}");
}

void ci_log_line(struct ci_text *text, const struct ci_log_record *record,
                 const struct ci_log_style *style)
{
    bool has_context = record->ctx && record->ctx->request_id;

    if (style->json) {
        add_json_line(text, record, style);
        return;
    }
    add_format(text, has_context ? style->context_format : style->plain_format, record, style,
               true);
    if (record->level == CI_LOG_DEBUG && *style->debug_suffix) {
        ci_text_addn(text, " ", 1);
        add_format(text, style->debug_suffix, record, style, true);
    }
}
