/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * Digests by the names that Python's hashlib gives them: md5, sha1, sha224 … sha512,
 * sha3_224 … sha3_512, blake2b, blake2s, shake_128, shake_256 (these two with 16 and 32 bytes).
 */
struct ci_digest;

/* The longest digest. */
enum { CI_DIGEST_MAX_BYTES = 64 };

/* A digest of nothing yet, ended with the arena; NULL when the name means none. */
struct ci_digest *ci_digest_new(struct ci_arena *mem, const char *algorithm);

size_t ci_digest_size(const struct ci_digest *digest);

/* Feeds it. */
void ci_digest_add(struct ci_digest *digest, const void *bytes, size_t n);

/* The digest of what it was fed so far; more can follow. Writes ci_digest_size() bytes. */
void ci_digest_value(const struct ci_digest *digest, unsigned char *ret_bytes);

/* Forgets what it was fed. */
void ci_digest_reset(struct ci_digest *digest);

/*
 * SHA-256 of n bytes at once, into 32: for what is asked at each request, since making a digest
 * costs more than the digest.
 */
enum { CI_SHA256_BYTES = 32 };
void ci_sha256(const void *bytes, size_t n, unsigned char *ret_bytes);

/*
 * Gives back what OpenSSL keeps for the calling thread. A detached thread does it before it says
 * that it has ended: afterwards the process may be at its end, where OpenSSL frees what the end of
 * the thread would still read.
 */
void ci_digest_thread_end(void);

/* The bytes in hexadecimal, small letters. */
const char *ci_hex(struct ci_arena *mem, const unsigned char *bytes, size_t n);

/* Are n bytes the same? Takes as long whether they are or not. */
bool ci_same_secret(const void *a, const void *b, size_t n);
