/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server's certificate, key, CA and ciphers, by GnuTLS, which is what libmicrohttpd
 * speaks TLS with.
 *
 * Ironic's ciphers are in OpenSSL's words, which have no exact translation: they are refused
 * rather than guessed at, since a guess may allow what an operator wanted forbidden.
 */
#include "base/httptls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"

#define ANY_CIPHER "NORMAL"

static bool fail(struct ci_ctx *ctx, const struct ci_httpd_tls *tls, const char *why)
{
    return ci_fail(ctx, ConfigInvalid, ci_printf(ctx->mem, "TLS of [%s]: %s", tls->section, why));
}

static bool load_file(struct ci_ctx *ctx, const struct ci_httpd_tls *tls, const char *what,
                      const char *path, char **ret_text)
{
    gnutls_datum_t file = {0};
    int rc;

    if (!path || !*path)
        return fail(ctx, tls, ci_printf(ctx->mem, "its %s is not set.", what));
    rc = gnutls_load_file(path, &file);
    if (rc != 0)
        return fail(
            ctx, tls,
            ci_printf(ctx->mem, "its %s %s cannot be read: %s", what, path, gnutls_strerror(rc)));
    *ret_text = (char *)file.data; /* which ends with a NUL that its size does not count */
    return true;
}

static gnutls_datum_t datum(char *text)
{
    return (gnutls_datum_t){.data = (unsigned char *)text, .size = (unsigned)strlen(text)};
}

/* Do the files hold what they should, and are certificate and key one pair? */
static bool check_files(struct ci_ctx *ctx, const struct ci_httpd_tls *from,
                        const struct ci_httptls *tls)
{
    gnutls_datum_t cert = datum(tls->cert), key = datum(tls->key), ca = {0};
    gnutls_certificate_credentials_t credentials;
    const char *why = NULL;
    int rc = gnutls_certificate_allocate_credentials(&credentials);

    if (rc != 0)
        return fail(ctx, from, gnutls_strerror(rc));
    rc = gnutls_certificate_set_x509_key_mem(credentials, &cert, &key, GNUTLS_X509_FMT_PEM);
    if (rc < 0)
        why = ci_printf(ctx->mem, "cert_file %s and key_file %s do not fit: %s", from->cert_file,
                        from->key_file, gnutls_strerror(rc));
    if (!why && tls->ca) {
        ca = datum(tls->ca);
        rc = gnutls_certificate_set_x509_trust_mem(credentials, &ca, GNUTLS_X509_FMT_PEM);
        if (rc <= 0)
            why = ci_printf(ctx->mem, "ca_file %s holds no certificate.", from->ca_file);
    }
    gnutls_certificate_free_credentials(credentials);
    return !why || fail(ctx, from, why);
}

static bool check_ciphers(struct ci_ctx *ctx, const struct ci_httpd_tls *from, const char *wanted,
                          const char *whole)
{
    gnutls_priority_t priorities;
    const char *at = NULL;

    if (gnutls_priority_init(&priorities, whole, &at) == 0) {
        gnutls_priority_deinit(priorities);
        return true;
    }
    return fail(ctx, from,
                ci_printf(ctx->mem,
                          "\"%s\" are no ciphers that GnuTLS knows. A list in OpenSSL's words "
                          "cannot be kept to here: leave it out, write it as a priority string "
                          "of GnuTLS (\"SECURE128\"), or let a load balancer end TLS.",
                          wanted));
}

static bool choose_ciphers(struct ci_ctx *ctx, const struct ci_httpd_tls *from,
                           struct ci_httptls *tls)
{
    const char *wanted = from->ciphers && *from->ciphers ? from->ciphers : ANY_CIPHER;
    bool newest_only = from->minimum_version && strcmp(from->minimum_version, "1.3") == 0;

    tls->ciphers = ci_printf(tls->mem, "%s:-VERS-ALL:+VERS-TLS1.3%s", wanted,
                             newest_only ? "" : ":+VERS-TLS1.2");
    return check_ciphers(ctx, from, wanted, tls->ciphers);
}

bool ci_httptls_load(struct ci_ctx *ctx, const struct ci_httpd_tls *from,
                     struct ci_httptls **ret_tls)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_httptls *tls = ci_new(mem, struct ci_httptls);

    tls->mem = mem;
    if (load_file(ctx, from, "cert_file", from->cert_file, &tls->cert) &&
        load_file(ctx, from, "key_file", from->key_file, &tls->key) &&
        (!from->ca_file || load_file(ctx, from, "ca_file", from->ca_file, &tls->ca)) &&
        check_files(ctx, from, tls) && choose_ciphers(ctx, from, tls)) {
        *ret_tls = tls;
        return true;
    }
    ci_httptls_free(tls);
    return false;
}

void ci_httptls_free(struct ci_httptls *tls)
{
    if (!tls)
        return;
    if (tls->key)
        explicit_bzero(tls->key, strlen(tls->key));
    gnutls_free(tls->cert);
    gnutls_free(tls->key);
    gnutls_free(tls->ca);
    ci_arena_free(tls->mem);
}

struct ci_httpd_tls ci_httptls_configured(const struct ci_config *config, struct ci_httpd_tls own)
{
    if (own.cert_file || !config->ssl.cert_file)
        return own;
    return (struct ci_httpd_tls){.section = "ssl",
                                 .cert_file = config->ssl.cert_file,
                                 .key_file = config->ssl.key_file,
                                 .ca_file = config->ssl.ca_file,
                                 .ciphers = config->ssl.ciphers};
}

bool ci_httptls_is_known(void *session)
{
    unsigned problems = 0;

    return gnutls_certificate_verify_peers2(session, &problems) == 0 && problems == 0;
}

void ci_httptls_send(void *session, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = gnutls_record_send(session, bytes, length);

        if (n <= 0)
            return; /* There was room for it, or nobody reads. */
        bytes += n;
        length -= (size_t)n;
    }
    (void)gnutls_bye(session, GNUTLS_SHUT_WR);
}
