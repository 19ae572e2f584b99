/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of configuration files, exactly oslo.config's: the same file must mean the same
 * to a Python service beside us.
 *
 * Odd, but so there: a comment between a value and its continuation makes the continuation an
 * error, and the quotes of a value are looked at before its continuations are added.
 */
#include "base/ini.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/utf8.h"

/* Where the reader stands. */
struct reader {
    struct ci_ctx *ctx;
    struct ci_ini *ini;
    const char *file;
    int line;
    const char *section;       /* NULL before the first one */
    struct ci_ini_entry *open; /* the assignment that may be continued, or NULL */
    struct ci_text value;      /* its value so far */
};

/* A stretch of bytes. */
struct span {
    const char *begin, *end;
};

/* What Python's str.strip() cuts off, of ASCII. */
static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

static struct span trim_right(struct span s)
{
    while (s.end > s.begin && is_blank(s.end[-1]))
        s.end--;
    return s;
}

static struct span trim(struct span s)
{
    while (s.begin < s.end && is_blank(*s.begin))
        s.begin++;
    return trim_right(s);
}

static bool fail_line(struct reader *r, const char *what)
{
    return ci_fail_text(r->ctx, ConfigInvalid, "%s:%d: %s.", r->file, r->line, what);
}

/* Ends the assignment that was open: no further line continues it. */
static void finish(struct reader *r)
{
    if (!r->open)
        return;
    r->open->value = ci_strndup(r->ctx->mem, r->value.bytes ? r->value.bytes : "", r->value.length);
    if (r->ini->last)
        r->ini->last->next = r->open;
    else
        r->ini->first = r->open;
    r->ini->last = r->open;
    r->open = NULL;
}

static bool take_section(struct reader *r, struct span line)
{
    if (line.end[-1] != ']')
        return fail_line(r, "a section must end with ]");
    if (line.end - line.begin <= 2)
        return fail_line(r, "a section must have a name");
    r->section = ci_strndup(r->ctx->mem, line.begin + 1, (size_t)(line.end - line.begin - 2));
    return true;
}

static bool take_assignment(struct reader *r, struct span line)
{
    const char *sign = line.begin;
    struct span name, value;

    while (sign < line.end && *sign != '=' && *sign != ':')
        sign++;
    if (sign == line.end)
        return fail_line(r, "no = or : after the name of an option");
    name = trim((struct span){line.begin, sign});
    value = trim((struct span){sign + 1, line.end});
    if (name.begin == name.end)
        return fail_line(r, "the name of an option is missing");
    if (!r->section)
        return fail_line(r, "a section must begin before the first option");
    if (value.begin < value.end && value.begin[0] == value.end[-1] &&
        (value.begin[0] == '"' || value.begin[0] == '\'')) {
        value.begin++;
        value.end -= value.end > value.begin ? 1 : 0;
    }
    r->open = ci_new(r->ctx->mem, struct ci_ini_entry);
    r->open->section = r->section;
    r->open->name = ci_strndup(r->ctx->mem, name.begin, (size_t)(name.end - name.begin));
    r->open->file = r->file;
    r->open->line = r->line;
    ci_text_clear(&r->value);
    ci_text_addn(&r->value, value.begin, (size_t)(value.end - value.begin));
    return true;
}

static bool take_line(struct reader *r, struct span line)
{
    line = trim_right(line);
    if (line.begin == line.end) {
        finish(r);
        return true;
    }
    if (*line.begin == ' ' || *line.begin == '\t') {
        if (!r->open)
            return fail_line(r, "a continued line has nothing to continue");
        line = trim(line);
        ci_text_addn(&r->value, "\n", 1);
        ci_text_addn(&r->value, line.begin, (size_t)(line.end - line.begin));
        return true;
    }
    finish(r);
    if (*line.begin == '[')
        return take_section(r, line);
    if (*line.begin == '#' || *line.begin == ';')
        return true;
    return take_assignment(r, line);
}

/* Lines end with \n, \r\n or \r, as in Python's text files. */
static bool take_lines(struct reader *r, const char *at, const char *end)
{
    while (at < end) {
        struct span line = {at, at};

        while (line.end < end && *line.end != '\n' && *line.end != '\r')
            line.end++;
        r->line++;
        if (!ci_utf8_is_text(line.begin, (size_t)(line.end - line.begin)))
            return fail_line(r, "the line is not UTF-8 text");
        if (!take_line(r, line))
            return false;
        at = line.end;
        if (at < end)
            at += *at == '\r' && at + 1 < end && at[1] == '\n' ? 2 : 1;
    }
    finish(r);
    return true;
}

bool ci_ini_parse(struct ci_ctx *ctx, const char *file, const char *bytes, size_t n,
                  struct ci_ini *ini)
{
    struct reader r = {.ctx = ctx, .ini = ini, .file = ci_strdup(ctx->mem, file)};
    bool ok;

    if (n > CI_INI_MAX_BYTES)
        return ci_fail_text(ctx, ConfigInvalid, "%s: the file has more than %d bytes.", file,
                            CI_INI_MAX_BYTES);
    ci_text_init(&r.value, CI_INI_MAX_BYTES + 1);
    ok = take_lines(&r, bytes, bytes + n);
    ci_text_done(&r.value);
    return ok;
}

static bool fail_file(struct ci_ctx *ctx, const char *path, const char *why)
{
    return ci_fail_text(ctx, ConfigInvalid, "%s: the configuration file cannot be read: %s.", path,
                        why);
}

/* Everything in the file, at most one byte more than the limit. */
static bool read_all(int fd, struct ci_text *bytes)
{
    for (;;) {
        char part[16384];
        ssize_t n = read(fd, part, sizeof part);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0 || bytes->overflow)
            return true;
        ci_text_addn(bytes, part, (size_t)n);
    }
}

bool ci_ini_read(struct ci_ctx *ctx, const char *path, struct ci_ini *ini)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct ci_text *bytes;
    struct stat st;
    bool ok;

    if (fd < 0)
        return fail_file(ctx, path, strerror(errno));
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        close(fd);
        return fail_file(ctx, path, "it is a directory");
    }
    bytes = ci_text_new(ctx->mem, CI_INI_MAX_BYTES);
    ok = read_all(fd, bytes);
    if (!ok)
        (void)fail_file(ctx, path, strerror(errno));
    close(fd);
    if (ok && bytes->overflow)
        return fail_file(ctx, path, "it has more than 1 MiB");
    return ok && ci_ini_parse(ctx, path, bytes->bytes ? bytes->bytes : "", bytes->length, ini);
}
