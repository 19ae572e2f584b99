/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes of passwords, by libcrypt.
 */
#include "base/password.h"

#include <crypt.h>
#include <string.h>
#include <sys/random.h>

#include "base/digest.h"

bool ci_password_hash(struct ci_ctx *ctx, const char *password, const char *algorithm,
                      const char **ret_hash)
{
    const char *prefix = strcmp(algorithm, "sha256") == 0   ? "$5$"
                         : strcmp(algorithm, "sha512") == 0 ? "$6$"
                                                            : NULL;
    struct crypt_data *data = ci_new(ctx->mem, struct crypt_data);
    char salt[CRYPT_GENSALT_OUTPUT_SIZE], random[16];
    const char *hash;

    if (!prefix)
        return ci_fail_text(ctx, InvalidParameterValue, "Unknown password hash algorithm \"%s\"",
                            algorithm);
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random ||
        !crypt_gensalt_rn(prefix, 0, random, (int)sizeof random, salt, (int)sizeof salt))
        return ci_fail_text(ctx, IronicException, "No salt could be made for a password");
    hash = crypt_r(password, salt, data);
    if (!hash || hash[0] == '*')
        return ci_fail_text(ctx, IronicException, "A password could not be hashed");
    *ret_hash = ci_strdup(ctx->mem, hash);
    explicit_bzero(data, sizeof *data);
    return true;
}

bool ci_password_matches(const char *password, const char *hash)
{
    struct ci_arena *mem = ci_arena_new();
    struct crypt_data *data = ci_new(mem, struct crypt_data); /* 32 KiB: not for the stack */
    const char *made = crypt_r(password, hash, data);
    bool same = made && made[0] != '*' && strlen(made) == strlen(hash) &&
                ci_same_secret(made, hash, strlen(hash));

    explicit_bzero(data, sizeof *data);
    ci_arena_free(mem);
    return same;
}
