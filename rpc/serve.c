/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads that run calls, and what the log says of calls that fail.
 */
#include "rpc/serve.h"

#include "base/config.h"
#include "base/log.h"

/* Calls may be deep in a driver; the stack is committed only as far as it is used. */
#define STACK_BYTES ((size_t)1 << 20)

enum { THREADS_MAX = 1024 };

int ci_serve_threads(const struct ci_config *config)
{
    int64_t threads = config->DEFAULT.executor_thread_pool_size;

    return threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : (int)threads;
}

struct ci_workers *ci_serve_workers(const struct ci_config *config, int queue_limit)
{
    const struct ci_workers_options options = {.name = "rpc",
                                               .threads = ci_serve_threads(config),
                                               .queue_limit = queue_limit,
                                               .stack_bytes = STACK_BYTES};

    return ci_workers_new(&options);
}

void ci_serve_log_failure(const struct ci_ctx *ctx, const char *method, bool is_cast)
{
    const char *error = ctx->error->message;

    if (ci_failed_with(ctx, CI_ERR_IncompatibleObjectVersion))
        ci_warning(ctx, "A peer is newer than this conductor; set its pin_release_version",
                   "method=%s error=%s", method, error);
    else if (is_cast)
        ci_warning(ctx, "Ignoring the failure of a cast", "method=%s error=%s", method, error);
    else if (ctx->error->status >= 500 && ctx->error->status != 503)
        ci_warning(ctx, "A call failed", "method=%s error=%s", method, error);
    else
        ci_debug(ctx, "A call failed", "method=%s error=%s", method, error);
}
