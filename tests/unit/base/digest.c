/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <string.h>

#include "base/text.h"
#include "tests/unit/unit.h"

/* What hashlib gives for "abc"; of long ones the first 16 bytes. */
static const struct {
    const char *name, *digest;
    size_t size;
} known[] = {
    {"md5", "900150983cd24fb0d6963f7d28e17f72", 16},
    {"sha1", "a9993e364706816aba3e25717850c26c", 20},
    {"sha224", "23097d223405d8228642a477bda255b3", 28},
    {"sha256", "ba7816bf8f01cfea414140de5dae2223", 32},
    {"sha384", "cb00753f45a35e8bb5a03d699ac65007", 48},
    {"sha512", "ddaf35a193617abacc417349ae204131", 64},
    {"sha3_224", "e642824c3f8cf24ad09234ee7d3c766f", 28},
    {"sha3_256", "3a985da74fe225b2045c172d6bd390bd", 32},
    {"sha3_384", "ec01498288516fc926459f58e2c6ad8d", 48},
    {"sha3_512", "b751850b1a57168a5693cd924b6b096e", 64},
    {"blake2b", "ba80a53f981c4d0d6a2797b69f12f6e9", 64},
    {"blake2s", "508c5e8c327c14e2e1a72ba34eeb452f", 32},
    {"shake_128", "5881092dd818bf5cf8a3ddb793fbcba7", 16},
    {"shake_256", "483366601360a8771c6863080cc4114d", 32},
};

START_TEST(digests_are_those_of_hashlib)
{
    struct ci_ctx *ctx = unit_ctx();

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct ci_digest *digest = ci_digest_new(ctx->mem, known[i].name);
        unsigned char bytes[CI_DIGEST_MAX_BYTES];

        ck_assert_msg(digest != NULL, "%s", known[i].name);
        ck_assert_uint_eq(ci_digest_size(digest), known[i].size);
        ci_digest_add(digest, "abc", 3);
        ci_digest_value(digest, bytes);
        ck_assert_msg(ci_same(ci_hex(ctx->mem, bytes, 16), known[i].digest), "%s: %s",
                      known[i].name, ci_hex(ctx->mem, bytes, 16));
    }
}
END_TEST

START_TEST(more_can_be_added_after_a_look)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_digest *digest = ci_digest_new(ctx->mem, "md5");
    unsigned char first[16], again[16];

    ci_digest_add(digest, "a", 1);
    ci_digest_value(digest, first);
    ci_digest_value(digest, again);
    ck_assert_mem_eq(first, again, sizeof first);
    ci_digest_add(digest, "bc", 2);
    ci_digest_value(digest, again);
    ck_assert_str_eq(ci_hex(ctx->mem, again, 16), known[0].digest);
    ci_digest_reset(digest);
    ci_digest_add(digest, "a", 1);
    ci_digest_value(digest, again);
    ck_assert_mem_eq(first, again, sizeof first);
}
END_TEST

START_TEST(sha256_at_once_is_the_same)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_digest *digest = ci_digest_new(ctx->mem, "sha256");
    unsigned char slow[CI_SHA256_BYTES], quick[CI_SHA256_BYTES];

    for (size_t n = 0; n < 200; n += 63) {
        char *bytes = ci_alloc(ctx->mem, n + 1);

        memset(bytes, 'x', n);
        ci_digest_reset(digest);
        ci_digest_add(digest, bytes, n);
        ci_digest_value(digest, slow);
        ci_sha256(bytes, n, quick);
        ck_assert_mem_eq(slow, quick, sizeof slow);
    }
}
END_TEST

START_TEST(unknown_names_have_no_digest)
{
    struct ci_ctx *ctx = unit_ctx();

    ck_assert_ptr_null(ci_digest_new(ctx->mem, "md4"));
    ck_assert_ptr_null(ci_digest_new(ctx->mem, "MD5"));
    ck_assert_ptr_null(ci_digest_new(ctx->mem, ""));
}
END_TEST

START_TEST(secrets_are_compared_whole)
{
    ck_assert(ci_same_secret("abc", "abc", 3));
    ck_assert(!ci_same_secret("abc", "abd", 3));
    ck_assert(!ci_same_secret("xbc", "abc", 3));
}
END_TEST

UNIT_MAIN("base/digest", digests_are_those_of_hashlib, more_can_be_added_after_a_look,
          sha256_at_once_is_the_same, unknown_names_have_no_digest, secrets_are_compared_whole)
