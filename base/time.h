/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/*
 * Times are microseconds since 1970 in UTC, CI_NULL_TIME for none. Three spellings:
 * the database's "2026-11-23 06:18:00.123456", REST's "2026-11-23T06:18:00.123456+00:00" (no
 * fraction when it is zero) and the messages' "2026-11-23T06:18:00Z".
 */
#define CI_NULL_TIME INT64_MIN

int64_t ci_time_now_us(void);
int64_t ci_time_monotonic_ns(void);

/* A limit of so many seconds in milliseconds; what an int cannot hold is as good as the most. */
int ci_time_limit_ms(int64_t seconds);

/* NULL for CI_NULL_TIME. */
const char *ci_time_db(struct ci_arena *mem, int64_t time_us);
const char *ci_time_rest(struct ci_arena *mem, int64_t time_us);
const char *ci_time_wire(struct ci_arena *mem, int64_t time_us);

/* Takes all three and any ISO 8601 form with or without fraction and zone; none means UTC. */
ci_must_check bool ci_time_parse(const char *text, int64_t *ret_time_us);
