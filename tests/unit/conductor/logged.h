/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The log of a bench in a file of the test's own: logged_begin() between bench_prepare() and
 * bench_begin(), logged_end() after bench_stop().
 */
#include <stdlib.h>

#include "base/log.h"
#include "tests/unit/conductor/bench.h"

static char logged_path[64];

static inline void logged_begin(void)
{
    int file;

    snprintf(logged_path, sizeof logged_path, "/tmp/castiron-unit-XXXXXX");
    file = mkstemp(logged_path);
    ck_assert_int_ge(file, 0);
    close(file);
    bench.config->DEFAULT.log_file = logged_path;
    bench.config->DEFAULT.debug = true;
    ok(ci_log_open(bench.ctx, bench.config, "unit"));
}

/* All that was logged, up to a size; valid until the next one. */
static inline const char *logged_end(void)
{
    static char text[262144];
    FILE *file;

    ci_log_close();
    file = fopen(logged_path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    unlink(logged_path);
    return text;
}
