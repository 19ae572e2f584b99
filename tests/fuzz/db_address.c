/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Database URLs: whatever is written, it is taken apart or refused as a bad configuration.
 */
#include "db/engine.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    const char *url = ci_strndup(ctx.mem, (const char *)data, size);
    struct ci_db_address address;

    if (ci_db_address_parse(&ctx, ctx.mem, url, &address)) {
        if (!address.scheme || !address.keys || !address.values)
            abort();
        for (size_t i = 0; address.keys[i]; i++) {
            if (!address.values[i])
                abort();
        }
    } else if (!ci_failed_with(&ctx, CI_ERR_ConfigInvalid) || !ctx.error->message) {
        abort();
    }
    ci_arena_free(ctx.mem);
    return 0;
}
