/* SPDX-License-Identifier: Apache-2.0 */
/* Which numbers of a node's properties the service counts with. */
#include "objects/properties.h"

#include "tests/unit/unit.h"

START_TEST(counts_are_what_python_makes_numbers_of)
{
    static const struct {
        const char *properties;
        const char *wrong; /* NULL when they are taken */
    } cases[] = {
        {NULL, NULL},
        {"{}", NULL},
        {"{\"local_gb\": null, \"cpus\": -1}", NULL},
        {"{\"local_gb\": 10, \"memory_mb\": 0}", NULL},
        {"{\"local_gb\": \" +1_000 \"}", NULL},
        {"{\"local_gb\": \"-0\"}", NULL},
        {"{\"local_gb\": 1.5}", NULL},
        {"{\"local_gb\": 123456789012345678901234567890}", NULL},
        {"{\"local_gb\": true}", NULL},
        {"{\"local_gb\": -1}", "local_gb=-1"},
        {"{\"local_gb\": -1.5}", "local_gb=-1.5"},
        {"{\"local_gb\": -123456789012345678901234567890}",
         "local_gb=-123456789012345678901234567890"},
        {"{\"local_gb\": NaN}", "local_gb=nan"},
        {"{\"local_gb\": \"\"}", "local_gb="},
        {"{\"local_gb\": \"1.5\"}", "local_gb=1.5"},
        {"{\"local_gb\": \"1__0\"}", "local_gb=1__0"},
        {"{\"local_gb\": \"1_\"}", "local_gb=1_"},
        {"{\"local_gb\": \"-\"}", "local_gb=-"},
        {"{\"memory_mb\": [\"a\"], \"local_gb\": {}}", "local_gb={}, memory_mb=['a']"},
    };
    struct ci_ctx *ctx = unit_ctx();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool taken = ci_properties_check(ctx, "u", cases[i].properties);

        ck_assert_msg(taken == !cases[i].wrong, "case %zu", i);
        if (taken)
            continue;
        ck_assert(ci_failed_with(ctx, CI_ERR_InvalidParameterValue));
        ck_assert_str_eq(ctx->error->message,
                         ci_printf(ctx->mem,
                                   "The following properties for node u should be non-negative "
                                   "integers, but provided values are: %s",
                                   cases[i].wrong));
        ci_error_clear(ctx);
    }
}
END_TEST

UNIT_MAIN("objects/properties", counts_are_what_python_makes_numbers_of)
