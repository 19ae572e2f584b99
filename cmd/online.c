/* SPDX-License-Identifier: Apache-2.0 */
/*
 * castiron-dbsync online_data_migrations: batches, and what is printed of them.
 */
#include "cmd/online.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/time.h"
#include "objects/online.h"
#include "objects/versions.h"

enum { DONE = 0, MORE = 1, NOT_NOW = 2, MISUSED = 127 };
enum { PATIENCE_MS = 30000, PAUSE_MS = 50, EVEN_ROUNDS = 10 };
/* Rows of a batch: Ironic's at first, more as long as they are quickly done, since others wait. */
enum { BATCH = 50, BATCH_MAX = 1000, QUICK_MS = 150, SLOW_MS = 400 };

/* None of the migrations takes any option, but a form is a form. */
static int check_options(struct ci_ctx *ctx, const struct ci_online_request *request)
{
    const char *const *names = ci_online_names();

    for (size_t i = 0; i < request->n_options; i++) {
        const char *option = request->options[i], *dot = strchr(option, '.');

        if (!dot || !strchr(dot, '=')) {
            printf("Malformed option %s\n", option);
            return MISUSED;
        }
        for (size_t n = 0; names[n]; n++) {
            if (strlen(names[n]) != (size_t)(dot - option) ||
                strncmp(names[n], option, (size_t)(dot - option)) != 0)
                continue;
            (void)ci_fail_text(ctx, InvalidParameterValue,
                               "Error while running %s: it takes no options, and so not %s.",
                               names[n], dot + 1);
            return EXIT_FAILURE;
        }
    }
    return DONE;
}

/* One round through all migrations, for at most `limit` rows. */
static bool run_round(struct ci_ctx *ctx, struct ci_online *online, int64_t limit,
                      struct ci_online_count *ret_sum)
{
    const char *const *names = ci_online_names();
    struct ci_online_count sum = {0}, one;

    for (size_t n = 0; names[n] && sum.done < limit; n++) {
        if (!ci_online_run(ctx, online, n, limit - sum.done, &one))
            return false;
        printf("%s() migrated %" PRId64 " of %" PRId64 " objects.\n", names[n], one.done,
               one.total);
        sum.done += one.done;
        sum.total += one.total;
    }
    (void)fflush(stdout); /* whoever watches a long run wants to see it; errors show at the end */
    *ret_sum = sum;
    return true;
}

static int finish(bool finished)
{
    puts(finished ? "Data migrations have completed."
                  : "Data migrations have not completed. Please re-run.");
    return finished ? DONE : MORE;
}

static int run_once(struct ci_ctx *ctx, int64_t max)
{
    struct ci_online_count sum;

    if (!run_round(ctx, ci_online_new(ctx->mem), max, &sum))
        return EXIT_FAILURE;
    return finish(sum.done < max);
}

/* Moves an error to where it outlives the round. */
static void keep_error(struct ci_ctx *ctx)
{
    const struct ci_error *error = ctx->error;

    ctx->error = NULL;
    (void)ci_error_set(ctx, error->class, "%s", error->message);
}

/* A round with memory of its own, since there may be many thousands. */
static bool run_batch(struct ci_ctx *ctx, struct ci_online *online, int64_t limit,
                      struct ci_online_count *ret_sum)
{
    struct ci_arena *outer = ctx->mem, *inner = ci_arena_new();
    bool done;

    ctx->mem = inner;
    done = run_round(ctx, online, limit, ret_sum);
    ctx->mem = outer;
    if (!done)
        keep_error(ctx);
    ci_arena_free(inner);
    return done;
}

/* How many rows after a batch that took so long. */
static int64_t next_limit(int64_t limit, int64_t took_ms)
{
    if (took_ms > SLOW_MS)
        return limit / 2 < BATCH ? BATCH : limit / 2;
    if (took_ms < QUICK_MS)
        return limit + limit / 2 > BATCH_MAX ? BATCH_MAX : limit + limit / 2;
    return limit;
}

/*
 * Ends when all that was found at first is done, or a round finds nothing. Rows are passed over
 * while somebody holds them: it comes back for them, for a while. Rows that services add meanwhile
 * could stand in for those where it only counts: so many rounds in a row must come out even then.
 */
static int run_batches(struct ci_ctx *ctx)
{
    static const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
    struct ci_online *online = ci_online_new(ctx->mem);
    struct ci_online_count sum;
    int64_t found = -1, done = 0, limit = BATCH;
    int waited_ms = 0, even = 0;

    printf("Running batches of %d until migrations have been completed.\n", BATCH);
    for (;;) {
        const int64_t began_ns = ci_time_monotonic_ns();

        if (!run_batch(ctx, online, limit, &sum))
            return EXIT_FAILURE;
        limit = next_limit(limit, (ci_time_monotonic_ns() - began_ns) / 1000000);
        waited_ms = sum.done > 0 ? 0 : waited_ms + PAUSE_MS;
        even = sum.done >= sum.total ? even + 1 : 0;
        found = found < 0 ? sum.total : found;
        done += sum.done;
        if (sum.total == 0 || (sum.done == sum.total && done == found) || even >= EVEN_ROUNDS)
            return finish(true);
        if (waited_ms > PATIENCE_MS)
            return finish(false);
        if (sum.done == 0)
            nanosleep(&pause, NULL);
    }
}

/* An older API cannot be known for certain: this goes on, and says what is to be seen. */
static bool warn_of_nameless(struct ci_ctx *ctx)
{
    const char *from;

    if (!ci_online_nameless(ctx, &from))
        return false;
    /* Said to who runs it, wherever the log goes. */
    if (from)
        (void)fprintf(
            stderr,
            "Warning: sessions without a name are open in the database, from %s: Ironic's "
            "own services connect so. An older API leaves no row by which it could be "
            "known, and answers 500 to whole lists once rows are newer: none must be "
            "running.\n",
            from);
    return true;
}

int ci_online_command(struct ci_ctx *ctx, const struct ci_online_request *request)
{
    int64_t max = 0;
    int code;

    if (!ci_versions_check(ctx) || !ci_versions_check_schema(ctx) || !ci_online_check(ctx))
        return ci_failed_with(ctx, CI_ERR_DatabaseVersionTooOld) ||
                       ci_failed_with(ctx, CI_ERR_Conflict)
                   ? NOT_NOW
                   : EXIT_FAILURE;
    code = check_options(ctx, request);
    if (code != DONE)
        return code;
    if (!warn_of_nameless(ctx))
        return EXIT_FAILURE;
    if (!request->max_count)
        return run_batches(ctx);
    if (!ci_parse_int(request->max_count, INT32_MIN, INT32_MAX, &max) || max < 1) {
        (void)fputs("\"max-count\" must be a positive value.\n", stderr);
        return MISUSED;
    }
    return run_once(ctx, max);
}
