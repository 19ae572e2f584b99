/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/httpd.h"

struct ci_config;

/*
 * TLS of base/httpd: its files read and checked against each other before anybody connects, so
 * that a wrong one ends the start of a service and not the connections of its clients.
 */
struct ci_httptls {
    char *cert, *key;     /* PEM, on the heap */
    char *ca;             /* the same; NULL: clients need no certificate */
    const char *ciphers;  /* a priority string of GnuTLS with the versions that are allowed */
    struct ci_arena *mem; /* holds all but the PEM texts */
};

/*
 * Reads the files. Fails with ConfigInvalid, naming the section and what is wrong: a file that
 * is missing, a key that is not the certificate's, ciphers that GnuTLS does not know (a list of
 * OpenSSL's in particular). The key is wiped by ci_httptls_free(), which accepts NULL.
 */
ci_must_check bool ci_httptls_load(struct ci_ctx *ctx, const struct ci_httpd_tls *tls,
                                   struct ci_httptls **ret_tls);
void ci_httptls_free(struct ci_httptls *tls);

/*
 * What a service is to use: `own`, from its own section; or, when that has no certificate,
 * [ssl], which is where releases up to 2025.1 look. Texts are borrowed from the configuration.
 */
struct ci_httpd_tls ci_httptls_configured(const struct ci_config *config, struct ci_httpd_tls own);

/* Has the client of the session shown a certificate of the CA? */
bool ci_httptls_is_known(void *session);

/* Sends what can be sent at once, and says goodbye. */
void ci_httptls_send(void *session, const char *bytes, size_t length);
