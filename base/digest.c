/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL's digests under hashlib's names.
 *
 * A failure here means that the library lacks what it had when the digest was made, or that
 * there is no memory: the process ends, since a wrong digest would send work to a wrong host.
 */
#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct ci_digest {
    EVP_MD *kind;
    EVP_MD_CTX *state, *copy;
    size_t size;
    bool extendable; /* shake: its length is asked for */
};

static const struct {
    const char *name, *openssl_name;
    size_t shake_bytes; /* 0: it has a length of its own */
} names[] = {
    {"md5", "MD5", 0},
    {"sha1", "SHA1", 0},
    {"sha224", "SHA2-224", 0},
    {"sha256", "SHA2-256", 0},
    {"sha384", "SHA2-384", 0},
    {"sha512", "SHA2-512", 0},
    {"sha3_224", "SHA3-224", 0},
    {"sha3_256", "SHA3-256", 0},
    {"sha3_384", "SHA3-384", 0},
    {"sha3_512", "SHA3-512", 0},
    {"blake2b", "BLAKE2B-512", 0},
    {"blake2s", "BLAKE2S-256", 0},
    {"shake_128", "SHAKE-128", 16},
    {"shake_256", "SHAKE-256", 32},
};

static void must(int ok)
{
    if (ok != 1)
        abort();
}

static void done(void *thing)
{
    struct ci_digest *digest = thing;

    EVP_MD_CTX_free(digest->state);
    EVP_MD_CTX_free(digest->copy);
    EVP_MD_free(digest->kind);
}

struct ci_digest *ci_digest_new(struct ci_arena *mem, const char *algorithm)
{
    struct ci_digest *digest;
    size_t i = 0, n = sizeof names / sizeof names[0];

    while (i < n && strcmp(names[i].name, algorithm) != 0)
        i++;
    if (i == n)
        return NULL;
    digest = ci_new(mem, struct ci_digest);
    digest->kind = EVP_MD_fetch(NULL, names[i].openssl_name, NULL);
    if (!digest->kind)
        return NULL;
    digest->state = EVP_MD_CTX_new();
    digest->copy = EVP_MD_CTX_new();
    must(digest->state && digest->copy ? 1 : 0);
    digest->extendable = names[i].shake_bytes > 0;
    digest->size = digest->extendable ? names[i].shake_bytes : (size_t)EVP_MD_size(digest->kind);
    ci_defer(mem, done, digest);
    ci_digest_reset(digest);
    return digest;
}

size_t ci_digest_size(const struct ci_digest *digest)
{
    return digest->size;
}

void ci_digest_add(struct ci_digest *digest, const void *bytes, size_t n)
{
    must(EVP_DigestUpdate(digest->state, bytes, n));
}

void ci_digest_value(const struct ci_digest *digest, unsigned char *ret_bytes)
{
    must(EVP_MD_CTX_copy_ex(digest->copy, digest->state));
    if (digest->extendable)
        must(EVP_DigestFinalXOF(digest->copy, ret_bytes, digest->size));
    else
        must(EVP_DigestFinal_ex(digest->copy, ret_bytes, NULL));
}

void ci_digest_reset(struct ci_digest *digest)
{
    must(EVP_DigestInit_ex(digest->state, digest->kind, NULL));
}

static EVP_MD *sha256; /* for the life of the process */

static void fetch_sha256(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    must(sha256 != NULL);
}

void ci_sha256(const void *bytes, size_t n, unsigned char *ret_bytes)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, fetch_sha256);
    must(EVP_Digest(bytes, n, ret_bytes, NULL, sha256, NULL));
}

void ci_digest_thread_end(void)
{
    OPENSSL_thread_stop();
}

const char *ci_hex(struct ci_arena *mem, const unsigned char *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    char *text = ci_alloc_array(mem, n + 1, 2);

    for (size_t i = 0; i < n; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return text;
}

bool ci_same_secret(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}
