/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/htpasswd.h"

/* Made by Python's bcrypt. */
#define SECRET "$2b$05$boPhTmhL0ecM2qhSSEf4UOT0VODIHMpMCLYY96pInFzfrUDUQZHli"
#define OTHER "$2a$05$WVrV57dBECnXTe/9ji0x6.WMkdnriBliwzsBQYYQ7iPqtyv12rq2K"

static char path[] = "/tmp/castiron-htpasswd-XXXXXX";
static struct ci_htpasswd *htpasswd;

static void write_file(const char *text)
{
    char *next = ci_printf(unit_ctx()->mem, "%s.new", path);
    FILE *file = fopen(next, "w");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    ck_assert_int_eq(rename(next, path), 0);
}

static void open_file(const char *text)
{
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    close(fd);
    write_file(text);
    ck_assert(ci_htpasswd_new(unit_ctx(), path, &htpasswd));
}

static void close_file(void)
{
    ci_htpasswd_free(htpasswd);
    unlink(path);
}

/* The user a header shows, or the status and message it fails with. */
static const char *ask_within(const char *header, int64_t deadline_ns)
{
    struct ci_ctx *ctx = unit_ctx();
    const char *user;

    ctx->deadline_ns = deadline_ns;
    if (ci_htpasswd_identify(ctx, htpasswd, header, &user))
        return user;
    return ci_printf(ctx->mem, "%d %s", ctx->error->status, ctx->error->message);
}

static const char *ask(const char *header)
{
    return ask_within(header, 0);
}

#define INCORRECT "401 Incorrect username or password"
#define IRONIC_SECRET "Basic aXJvbmljOnNlY3JldA=="

START_TEST(names_and_passwords_of_the_file_are_let_in)
{
    static const struct {
        const char *header, *answer;
    } cases[] = {
        {IRONIC_SECRET, "ironic"},
        {"  bASIC \t aXJvbmljOnNlY3JldA== ", "ironic"},
        {"Basic bm92YTpvdGhlcg==", "nova"},    /* nova:other */
        {"Basic aXJvbmljOm90aGVy", INCORRECT}, /* ironic:other, its second row */
        {"Basic aXJvbmljOg==", INCORRECT},     /* ironic: */
        {"Basic aXJvbmlj", "400 Could not decode authorization token"},
        {"Basic aXJvbmljOnNlY3JldA", "400 Could not decode authorization token"},
        {"Basic aXJvbmljADpzZWNyZXQ=", "400 Could not decode authorization token"},
        {"Basic /zpzZWNyZXQ=", "400 Could not decode authorization token"},
        {"Basic aXJvbmk6c2VjcmV0", INCORRECT},     /* ironi:secret */
        {"Basic bm9ib2R5OnNlY3JldA==", INCORRECT}, /* nobody:secret */
        {"Basic IyBub3RoaW5nOg==", INCORRECT},     /* "# nothing:" */
        {"Basic", "400 Could not parse Authorization header"},
        {"", "400 Could not parse Authorization header"},
        {"Digest x", "400 Unsupported authorization type \"Digest\""},
        {NULL, "401 Authorization required"},
    };

    open_file("\n  ironic:" SECRET "  \n# nothing\nironic:" OTHER "\nnova:" OTHER "\r\n");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(strcmp(ask(cases[i].header), cases[i].answer) == 0, "%s: %s", cases[i].header,
                      ask(cases[i].header));
    close_file();
}
END_TEST

START_TEST(a_changed_file_is_read_again)
{
    open_file("ironic:" SECRET "\n");
    ck_assert_str_eq(ask(IRONIC_SECRET), "ironic");
    write_file("ironic:" OTHER "\n");
    ck_assert_str_eq(ask(IRONIC_SECRET), INCORRECT);
    ck_assert_str_eq(ask("Basic aXJvbmljOm90aGVy"), "ironic");
    write_file("");
    ck_assert_str_eq(ask("Basic aXJvbmljOm90aGVy"), INCORRECT);
    write_file("ironic:$apr1$aaaaaaaa$bbbbbbbbbbbbbbbbbbbbbb\n");
    ck_assert_str_eq(ask(IRONIC_SECRET), "500 Invalid configuration file. Only bcrypt digested "
                                         "passwords are supported for ironic");
    unlink(path);
    ck_assert_ptr_nonnull(strstr(ask(IRONIC_SECRET), "500 Invalid configuration file. Problem"));
    write_file("ironic:" SECRET "\n");
    ck_assert_str_eq(ask(IRONIC_SECRET), "ironic");
    close_file();
}
END_TEST

START_TEST(bcrypt_is_not_computed_where_nothing_may_wait)
{
    open_file("ironic:" SECRET "\n");
    ck_assert_str_eq(ask_within(IRONIC_SECRET, 1), "503 The answer is not there yet.");
    ck_assert_str_eq(ask_within("Basic bm9ib2R5OnNlY3JldA==", 1),
                     "503 The answer is not there yet.");
    ck_assert_str_eq(ask(IRONIC_SECRET), "ironic");
    ck_assert_str_eq(ask_within(IRONIC_SECRET, 1), "ironic");
    ck_assert_str_eq(ask_within("Basic aXJvbmljOm90aGVy", 1), "503 The answer is not there yet.");
    write_file("ironic:" OTHER "\n");
    ck_assert_str_eq(ask_within(IRONIC_SECRET, 1), "503 The answer is not there yet.");
    close_file();
}
END_TEST

START_TEST(a_file_that_is_of_no_use_is_refused_at_start)
{
    static const char *const files[] = {"ironic:plain\n", "a:" SECRET "\nb:$6$a$b\n", "a:\n"};
    struct ci_ctx *ctx = unit_ctx();

    open_file("");
    ci_htpasswd_free(htpasswd);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        ctx = unit_ctx();
        write_file(files[i]);
        ck_assert_msg(!ci_htpasswd_new(ctx, path, &htpasswd), "%s", files[i]);
        ck_assert(ci_failed_with(ctx, CI_ERR_ConfigInvalid));
    }
    unlink(path);
    ctx = unit_ctx();
    ck_assert(!ci_htpasswd_new(ctx, path, &htpasswd));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, path));
    ctx = unit_ctx();
    ck_assert(!ci_htpasswd_new(ctx, "/tmp", &htpasswd));
}
END_TEST

UNIT_MAIN("base/htpasswd", names_and_passwords_of_the_file_are_let_in, a_changed_file_is_read_again,
          bcrypt_is_not_computed_where_nothing_may_wait,
          a_file_that_is_of_no_use_is_refused_at_start)
