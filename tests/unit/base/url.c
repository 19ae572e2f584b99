/* SPDX-License-Identifier: Apache-2.0 */
#include "base/url.h"

#include <string.h>

#include "base/text.h"
#include "tests/unit/unit.h"

START_TEST(service_urls_are_taken_apart)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_url url;

    ck_assert(
        ci_url_parse(ctx, "HTTPS://keystone.example:5000/v3/a%20b?x=1&y=%26&x=2&&z#part", &url));
    ck_assert_str_eq(url.scheme, "https");
    ck_assert_uint_eq(url.n_hosts, 1);
    ck_assert_str_eq(url.hosts[0].name, "keystone.example");
    ck_assert_int_eq(url.hosts[0].port, 5000);
    ck_assert_ptr_null(url.hosts[0].user);
    ck_assert_ptr_null(url.hosts[0].password);
    ck_assert_str_eq(url.path, "/v3/a b");
    ck_assert_str_eq(url.raw_path, "/v3/a%20b");
    ck_assert_uint_eq(url.n_parameters, 4);
    ck_assert_str_eq(ci_url_parameter(&url, "x"), "2");
    ck_assert_str_eq(ci_url_parameter(&url, "y"), "&");
    ck_assert_str_eq(ci_url_parameter(&url, "z"), "");
    ck_assert_ptr_null(ci_url_parameter(&url, "w"));
}
END_TEST

START_TEST(transport_urls_have_several_hosts)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_url url;

    ck_assert(ci_url_parse(ctx, "rabbit://a:p%40w@h1:5672,b:q:r@[::1]:5673,h3/virtual%2fhost?ssl=1",
                           &url));
    ck_assert_str_eq(url.scheme, "rabbit");
    ck_assert_uint_eq(url.n_hosts, 3);
    ck_assert_str_eq(url.hosts[0].user, "a");
    ck_assert_str_eq(url.hosts[0].password, "p@w");
    ck_assert_str_eq(url.hosts[0].name, "h1");
    ck_assert_int_eq(url.hosts[0].port, 5672);
    ck_assert_str_eq(url.hosts[1].user, "b");
    ck_assert_str_eq(url.hosts[1].password, "q:r");
    ck_assert_str_eq(url.hosts[1].name, "::1");
    ck_assert_int_eq(url.hosts[1].port, 5673);
    ck_assert_str_eq(url.hosts[2].name, "h3");
    ck_assert_int_eq(url.hosts[2].port, 0);
    ck_assert_str_eq(url.path, "/virtual/host");
    ck_assert_str_eq(ci_url_parameter(&url, "ssl"), "1");
}
END_TEST

START_TEST(parts_may_be_missing)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_url url;

    ck_assert(ci_url_parse(ctx, "rabbit://", &url));
    ck_assert_uint_eq(url.n_hosts, 1);
    ck_assert_str_eq(url.hosts[0].name, "");
    ck_assert_str_eq(url.path, "");
    ck_assert(ci_url_parse(ctx, "redis://:secret@h:", &url));
    ck_assert_str_eq(url.hosts[0].user, "");
    ck_assert_str_eq(url.hosts[0].password, "secret");
    ck_assert_int_eq(url.hosts[0].port, 0);
    ck_assert(ci_url_parse(ctx, "http://u@x@h", &url));
    ck_assert_str_eq(url.hosts[0].user, "u@x");
    ck_assert_str_eq(url.hosts[0].name, "h");
    ck_assert(ci_url_parse(ctx, "http://h/100%", &url));
    ck_assert_str_eq(url.path, "/100%");
}
END_TEST

START_TEST(what_is_no_url_is_refused_without_its_password)
{
    static const char *const cases[] = {
        "",
        "host",
        "//u:hush@host",
        "://u:hush@host",
        "1a://u:hush@host",
        "http:/u:hush@host",
        "http://u:hush@host:0",
        "http://u:hush@host:65536",
        "http://u:hush@host:80x",
        "http://u:hush@host:+80",
        "http://u:hush@[::1",
        "http://u:hush@[::1]80",
        "http://u:hush@host/%00",
        "http://u%00:hush@host",
        "http://u:hush%00@host",
        "http://u:hush@host?a=%00",
        "http://u:hush@ho st",
        "http://u:hush@host\n",
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_ctx *ctx = unit_ctx();
        struct ci_url url;

        ck_assert_msg(!ci_url_parse(ctx, cases[i], &url), "%s", cases[i]);
        ck_assert_int_eq(ctx->error->class, CI_ERR_InvalidParameterValue);
        ck_assert_ptr_null(strstr(ctx->error->message, "hush"));
    }
}
END_TEST

START_TEST(urls_are_bounded)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_text *text = ci_text_new(ctx->mem, 1 << 20);
    struct ci_url url;

    ci_text_add(text, "a://h");
    for (int i = 1; i < CI_URL_MAX_HOSTS; i++)
        ci_text_add(text, ",h");
    ck_assert(ci_url_parse(ctx, text->bytes, &url));
    ck_assert_uint_eq(url.n_hosts, CI_URL_MAX_HOSTS);
    ci_text_add(text, ",h");
    ck_assert(!ci_url_parse(ctx, text->bytes, &url));
    ci_text_clear(text);
    ci_text_add(text, "a://h?");
    for (int i = 0; i < CI_URL_MAX_PARAMETERS; i++)
        ci_text_add(text, "k=v&");
    ck_assert(ci_url_parse(ctx, text->bytes, &url));
    ci_text_add(text, "k");
    ck_assert(!ci_url_parse(ctx, text->bytes, &url));
    ci_text_clear(text);
    ci_text_add(text, "a://");
    for (int i = 4; i < CI_URL_MAX_BYTES; i++)
        ci_text_add(text, "x");
    ck_assert(ci_url_parse(ctx, text->bytes, &url));
    ci_text_add(text, "x");
    ck_assert(!ci_url_parse(ctx, text->bytes, &url));
}
END_TEST

START_TEST(escapes_come_back_as_they_were)
{
    struct ci_ctx *ctx = unit_ctx();
    const char *text = "a/b c%\xc3\xa9~.-_&=";

    ck_assert_str_eq(ci_url_escape(ctx->mem, text, ""), "a%2Fb%20c%25%C3%A9~.-_%26%3D");
    ck_assert_str_eq(ci_url_escape(ctx->mem, text, "/&"), "a/b%20c%25%C3%A9~.-_&%3D");
}
END_TEST

START_TEST(passwords_are_masked_wherever_they_are)
{
    struct ci_arena *mem = unit_ctx()->mem;

    ck_assert_str_eq(ci_url_masked(mem, "rabbit://a:b@h1:1,c:d@h2/v"),
                     "rabbit://a:****@h1:1,c:****@h2/v");
    ck_assert_str_eq(ci_url_masked(mem, "postgresql://u:p/q@h/n"), "postgresql://u:****@h/n");
    ck_assert_str_eq(ci_url_masked(mem, "http://u@h/"), "http://u@h/");
    ck_assert_str_eq(ci_url_masked(mem, "http://h:80/"), "http://h:80/");
    ck_assert_str_eq(ci_url_masked(mem, "no url"), "no url");
}
END_TEST

UNIT_MAIN("base/url", service_urls_are_taken_apart, transport_urls_have_several_hosts,
          parts_may_be_missing, what_is_no_url_is_refused_without_its_password, urls_are_bounded,
          escapes_come_back_as_they_were, passwords_are_masked_wherever_they_are)
