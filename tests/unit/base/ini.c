/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ini.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/unit/unit.h"

/* The entries as "[section]name=<value>" lines, line breaks in values as \n. */
static const char *read_text(struct ci_ctx *ctx, const char *bytes)
{
    struct ci_ini ini = {0};
    struct ci_text *text = ci_text_new(ctx->mem, 1 << 20);

    if (!ci_ini_parse(ctx, "f", bytes, strlen(bytes), &ini))
        return ctx->error->message;
    for (const struct ci_ini_entry *entry = ini.first; entry; entry = entry->next) {
        ci_text_printf(text, "%d[%s]%s=<", entry->line, entry->section, entry->name);
        for (const char *c = entry->value; *c; c++)
            ci_text_addn(text, *c == '\n' ? "|" : c, 1);
        ci_text_add(text, ">");
    }
    return text->bytes;
}

START_TEST(lines_mean_what_they_mean_to_oslo)
{
    static const struct {
        const char *bytes, *entries;
    } cases[] = {
        {"", ""},
        {"\n\n# only\n; comments\n[empty]\n", ""},
        {"[a]\nx=1\n", "2[a]x=<1>"},
        {"[a]\n  \t\nx = 1 ", "3[a]x=<1>"},
        {"[a]\nx: 1\ny:=2\nz=:3", "2[a]x=<1>3[a]y=<=2>4[a]z=<:3>"},
        {"[a]\nurl = http://h:80/?q=1\n", "2[a]url=<http://h:80/?q=1>"},
        {"[a]\nx = 1 # no comment\ny = 2 ; neither", "2[a]x=<1 # no comment>3[a]y=<2 ; neither>"},
        {"[a]\nx=1\n  two\n\tthree\n", "2[a]x=<1|two|three>"},
        {"[a]\nx=\n  # no comment\n", "2[a]x=<|# no comment>"},
        {"[a]\nx=1\nx=2\n", "2[a]x=<1>3[a]x=<2>"},
        {"[a]\nx=\"1 \"\ny='2'\nz=\"3'\nw=\"\nv=\"\"",
         "2[a]x=<1 >3[a]y=<2>4[a]z=<\"3'>5[a]w=<>6[a]v=<>"},
        {"[a]\nx=\"1\n  2\"", "2[a]x=<\"1|2\">"},
        {"[a]\nx=1\r\ny=2\rz=3", "2[a]x=<1>3[a]y=<2>4[a]z=<3>"},
        {"[a b ]\nx y = 1", "2[a b ]x y=<1>"},
        {"[a]]\nx=1", "2[a]]x=<1>"},
        {"[a]\nx=$y ${z}", "2[a]x=<$y ${z}>"},
        {"[a]\nx=caf\xc3\xa9", "2[a]x=<caf\xc3\xa9>"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_str_eq(read_text(unit_ctx(), cases[i].bytes), cases[i].entries);
}
END_TEST

START_TEST(errors_name_file_and_line)
{
    static const struct {
        const char *bytes, *message;
    } cases[] = {
        {"x=1", "f:1: a section must begin before the first option."},
        {"[a]\nx", "f:2: no = or : after the name of an option."},
        {"[a]\n = 1", "f:2: a continued line has nothing to continue."},
        {"[a]\n=1", "f:2: the name of an option is missing."},
        {"\n[a", "f:2: a section must end with ]."},
        {"[]", "f:1: a section must have a name."},
        {"[a]\nx=1\n\n  2", "f:4: a continued line has nothing to continue."},
        {"[a]\nx=1\n# c\n  2", "f:4: a continued line has nothing to continue."},
        {"\xef\xbb\xbf[a]", "f:1: no = or : after the name of an option."},
        {"[a]\nx=\xff", "f:2: the line is not UTF-8 text."},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_str_eq(read_text(unit_ctx(), cases[i].bytes), cases[i].message);
}
END_TEST

START_TEST(a_nul_is_refused)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_ini ini = {0};

    ck_assert(!ci_ini_parse(ctx, "f", "[a]\nx=\0", 7, &ini));
    ck_assert_int_eq(ctx->error->class, CI_ERR_ConfigInvalid);
}
END_TEST

START_TEST(long_lines_are_whole_and_long_files_refused)
{
    struct ci_ctx *ctx = unit_ctx();
    char *bytes = ci_alloc(ctx->mem, CI_INI_MAX_BYTES + 2);
    struct ci_ini ini = {0};

    memset(bytes, 'x', CI_INI_MAX_BYTES + 1);
    memcpy(bytes, "[a]\nx=", 6);
    ck_assert(ci_ini_parse(ctx, "f", bytes, CI_INI_MAX_BYTES, &ini));
    ck_assert_uint_eq(strlen(ini.first->value), CI_INI_MAX_BYTES - 6);
    ck_assert(!ci_ini_parse(ctx, "f", bytes, CI_INI_MAX_BYTES + 1, &ini));
}
END_TEST

START_TEST(files_are_read)
{
    struct ci_ctx *ctx = unit_ctx();
    char path[] = "/tmp/castiron-ini-XXXXXX";
    int fd = mkstemp(path);
    struct ci_ini ini = {0};

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "[a]\nx=1\n", 8), 8);
    close(fd);
    ck_assert(ci_ini_read(ctx, path, &ini));
    ck_assert_str_eq(ini.last->value, "1");
    ck_assert_str_eq(ini.last->file, path);
    unlink(path);
    ck_assert(!ci_ini_read(ctx, path, &ini));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, path));
    ci_error_clear(ctx);
    ck_assert(!ci_ini_read(ctx, "/tmp", &ini));
    ck_assert(!ci_ini_read(ctx, "/dev/zero", &ini));
}
END_TEST

UNIT_MAIN("base/ini", lines_mean_what_they_mean_to_oslo, errors_name_file_and_line,
          a_nul_is_refused, long_lines_are_whole_and_long_files_refused, files_are_read)
