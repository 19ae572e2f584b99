/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server over TLS, with certificates made for the run.
 */
#include "tests/unit/base/httpserver.h"

#include "base/config.h"
#include "base/httpc.h"
#include "base/httptls.h"

static char folder[] = "/tmp/castiron-tls-XXXXXX";
static struct ci_httpc_response response;

/* NAME.key and NAME.pem: a certificate of its own, or signed by another's. */
static bool make_pair(const char *name, const char *signer)
{
    char signed_by[256] = "", command[1024];

    if (signer)
        snprintf(signed_by, sizeof signed_by, "-CA %s/%s.pem -CAkey %s/%s.key", folder, signer,
                 folder, signer);
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
             "-subj /CN=%s -addext subjectAltName=IP:127.0.0.1 -keyout %s/%s.key -out %s/%s.pem "
             "%s 2>/dev/null",
             name, folder, name, folder, name, signed_by);
    return system(command) == 0;
}

static const char *file(const char *name)
{
    return ci_printf(unit_ctx()->mem, "%s/%s", folder, name);
}

static struct ci_httpd_tls server_tls(void)
{
    return (struct ci_httpd_tls){
        .section = "api", .cert_file = file("server.pem"), .key_file = file("server.key")};
}

static struct ci_httpc *client_new(const char *cert)
{
    return ci_httpc_new(&(struct ci_httpc_options){
        .ca_file = file("server.pem"),
        .cert_file = cert ? file(ci_printf(unit_ctx()->mem, "%s.pem", cert)) : NULL,
        .key_file = cert ? file(ci_printf(unit_ctx()->mem, "%s.key", cert)) : NULL,
        .body_limit_bytes = 2 * BIG_BYTES});
}

static bool ask(struct ci_httpc *client, int port, const char *path, const char *body)
{
    struct ci_ctx *ctx = unit_ctx();
    const struct ci_httpc_request request = {
        .method = body ? "POST" : "GET",
        .url = ci_printf(ctx->mem, "https://127.0.0.1:%d%s", port, path),
        .body = body,
        .body_length = body ? strlen(body) : 0};

    return ci_httpc_send(ctx, client, &request, &response);
}

START_TEST(requests_and_answers_of_any_size_pass)
{
    struct ci_httpd_tls tls = server_tls();
    int port = serve((struct ci_httpd_options){.tls = &tls, .threads = 1});
    struct ci_httpc *client = client_new(NULL);
    char *long_body = many("", 900000, "");

    ck_assert_msg(ask(client, port, "/path?query", NULL), "%s", unit_context.error->message);
    ck_assert_str_eq(response.body, "GET|/path|query|-|127.0.0.1|0");
    ck_assert(ask(client, port, "/big", NULL));
    ck_assert_uint_eq(response.body_length, BIG_BYTES);
    ck_assert(ask(client, port, "/wait", NULL));
    ck_assert_int_eq(response.status, 200);
    ck_assert(ask(client, port, "/body", long_body));
    ck_assert_str_eq(response.body, long_body);
    ck_assert(ask(client, port, "/limit10", long_body));
    ck_assert_int_eq(response.status, 413);
    free(long_body);
    ci_httpc_free(client);
    stop();
}
END_TEST

START_TEST(who_does_not_speak_tls_is_closed_and_keeps_nobody_waiting)
{
    struct ci_httpd_tls tls = server_tls();
    int port = serve((struct ci_httpd_options){.tls = &tls, .threads = 1, .header_timeout_s = 1});
    struct ci_httpc *client = client_new(NULL);
    int plain = client_connect(port), silent = client_connect(port);
    char room[256];

    client_say(plain, GET("/fixed"));
    ck_assert(ask(client, port, "/fixed", NULL));
    ck_assert_str_eq(response.body, "fixed");
    while (client_recv(plain, room, sizeof room) > 0)
        ck_assert_ptr_null(memmem(room, sizeof room, "fixed", 5));
    ck_assert(client_is_closed(silent)); /* a handshake has the time that headers have */
    close(plain);
    close(silent);
    ci_httpc_free(client);
    stop();
}
END_TEST

START_TEST(with_a_ca_clients_need_its_certificate)
{
    struct ci_httpd_tls tls = server_tls();
    struct ci_httpc *nobody = client_new(NULL), *stranger = client_new("server"),
                    *member = client_new("member");
    int port;

    tls.ca_file = file("authority.pem");
    port = serve((struct ci_httpd_options){.tls = &tls});
    ck_assert(ask(member, port, "/fixed", NULL));
    ck_assert_str_eq(response.body, "fixed");
    ck_assert(ask(nobody, port, "/fixed", NULL));
    ck_assert_int_eq(response.status, 400);
    ck_assert_ptr_nonnull(strstr(response.body, "client certificate"));
    if (ask(stranger, port, "/fixed", NULL)) /* GnuTLS may end it in the handshake */
        ck_assert_int_eq(response.status, 400);
    ci_httpc_free(nobody);
    ci_httpc_free(stranger);
    ci_httpc_free(member);
    stop();
}
END_TEST

/* openssl, which offers this version only, gets through? */
static bool speaks(int port, const char *version)
{
    char command[256];

    snprintf(command, sizeof command,
             "openssl s_client -connect 127.0.0.1:%d -%s </dev/null >/dev/null 2>&1", port,
             version);
    return system(command) == 0;
}

START_TEST(the_lowest_version_is_kept_to)
{
    struct ci_httpd_tls tls = server_tls();
    int port;

    tls.minimum_version = "1.3";
    port = serve((struct ci_httpd_options){.tls = &tls});
    ck_assert(speaks(port, "tls1_3"));
    ck_assert(!speaks(port, "tls1_2"));
    stop();
    tls.minimum_version = NULL;
    tls.ciphers = "SECURE128";
    port = serve((struct ci_httpd_options){.tls = &tls});
    ck_assert(speaks(port, "tls1_3"));
    ck_assert(speaks(port, "tls1_2"));
    ck_assert(!speaks(port, "tls1_1"));
    stop();
}
END_TEST

START_TEST(what_cannot_work_is_said_at_start)
{
    const struct {
        const char *cert, *key, *ca, *ciphers, *says;
    } cases[] = {
        {NULL, "server.key", NULL, NULL, "TLS of [api]: its cert_file is not set."},
        {"server.pem", NULL, NULL, NULL, "TLS of [api]: its key_file is not set."},
        {"none.pem", "server.key", NULL, NULL, "none.pem cannot be read"},
        {"server.pem", "member.key", NULL, NULL, "do not fit"},
        {"server.key", "server.key", NULL, NULL, "do not fit"},
        {"server.pem", "server.key", "server.key", NULL, "holds no certificate"},
        {"server.pem", "server.key", NULL, "ECDHE+AESGCM:!aNULL", "let a load balancer end TLS"},
        {"server.pem", "server.key", NULL, "HIGH", "\"HIGH\" are no ciphers that GnuTLS knows"},
        {"server.pem", "server.key", NULL, "ECDHE-RSA-AES256-GCM-SHA384", "load balancer"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_ctx *ctx = unit_ctx();
        const struct ci_httpd_tls tls = {.section = "api",
                                         .cert_file = cases[i].cert ? file(cases[i].cert) : NULL,
                                         .key_file = cases[i].key ? file(cases[i].key) : NULL,
                                         .ca_file = cases[i].ca ? file(cases[i].ca) : NULL,
                                         .ciphers = cases[i].ciphers};
        const struct ci_httpd_options options = {.tls = &tls, .on_request = on_request};

        ck_assert(!ci_httpd_start(ctx, &options, &httpd));
        ck_assert(ci_failed_with(ctx, CI_ERR_ConfigInvalid));
        ck_assert_msg(strstr(ctx->error->message, cases[i].says), "%s", ctx->error->message);
    }
}
END_TEST

START_TEST(the_files_of_ssl_stand_in_for_a_section_without)
{
    const struct ci_config config = {.ssl = {.cert_file = "s.pem", .key_file = "s.key"}};
    struct ci_httpd_tls own = {.section = "api", .minimum_version = "1.3"}, got;

    got = ci_httptls_configured(&config, own);
    ck_assert_str_eq(got.cert_file, "s.pem");
    ck_assert_str_eq(got.key_file, "s.key");
    ck_assert_str_eq(got.section, "ssl");
    ck_assert_ptr_null(got.minimum_version);
    own.cert_file = "a.pem";
    got = ci_httptls_configured(&config, own);
    ck_assert_str_eq(got.cert_file, "a.pem");
    ck_assert_str_eq(got.section, "api");
}
END_TEST

START_TEST(a_server_leaves_while_connections_are_open)
{
    struct ci_httpd_tls tls = server_tls();
    int port = serve((struct ci_httpd_options){.tls = &tls});
    struct ci_httpc *client = client_new(NULL);

    ck_assert(ask(client, port, "/fixed", NULL));
    stop();
    ck_assert(!ask(client, port, "/fixed", NULL));
    ci_httpc_free(client);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        requests_and_answers_of_any_size_pass,
        who_does_not_speak_tls_is_closed_and_keeps_nobody_waiting,
        with_a_ca_clients_need_its_certificate,
        the_lowest_version_is_kept_to,
        what_cannot_work_is_said_at_start,
        the_files_of_ssl_stand_in_for_a_section_without,
        a_server_leaves_while_connections_are_open,
    };
    char command[64];
    int rc;

    /* The files are made once: each test is a fork of this. */
    if (!mkdtemp(folder) || !make_pair("server", NULL) || !make_pair("authority", NULL) ||
        !make_pair("member", "authority"))
        return EXIT_FAILURE;
    rc = unit_run("base/httptls", tests, sizeof tests / sizeof tests[0]);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) == 0 ? rc : EXIT_FAILURE;
}
