/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conductor: how it comes, keeps alive and goes.
 *
 * While a former process of the same name may be alive (former.h), the start goes on in the
 * background, so that the API answers meanwhile. With SQLite there are no heartbeats, and no
 * thread.
 */
#include "conductor/service.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/config.h"
#include "base/ident.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "conductor/allocate.h"
#include "conductor/console.h"
#include "conductor/former.h"
#include "conductor/inspection_rules.h"
#include "conductor/nova.h"
#include "conductor/periodic.h"
#include "conductor/registry.h"
#include "conductor/stuck.h"
#include "conductor/sync_power.h"
#include "conductor/task_private.h"
#include "db/db.h"
#include "drivers/hardware.h"
#include "rpc/jsonrpc.h"

#define NS_PER_S INT64_C(1000000000)

/* Work on nodes may be deep in a driver; its stack is committed only as far as it is used. */
#define WORKER_STACK ((size_t)1 << 20)

/* How long a call waits for the rows of this conductor: a slow database, not a broken one. */
enum { ENTER_S = 30 };

enum stage {
    WAITING,  /* for a former process of this name to show whether it lives */
    ENTERING, /* what was sent here comes in, and is answered when the rows are written */
    READY,
    LEAVING, /* offline for others, but calls are still answered */
    CLOSED,  /* no calls any more */
    REFUSED  /* it lives: this process ends */
};

struct ci_conductor_private {
    struct ci_arena *mem; /* holds all of it */
    const struct ci_config *config;
    struct ci_rpc *rpc;
    struct ci_notifier *notifier;
    struct ci_periodic *periodic; /* once it is ready */
    ci_conductor_open *open;      /* NULL: calls come from this process only */
    void *open_arg;
    bool opened;
    struct ci_conductor_record *record;
    int lock_file; /* with SQLite; -1 without */
    atomic_int stage;
    atomic_bool cancelled;
    atomic_llong steady_from_ns; /* monotonic; INT64_MAX: the last heartbeat failed */
    bool beating;                /* the thread was started */
    pthread_t beat;
    pthread_mutex_t lock; /* guards ended */
    pthread_cond_t wake;
    bool ended;      /* the thread is to end */
    int64_t seen_us; /* the other process's heartbeat at our start */
};

/* A context and the memory it is in itself, which must outlive ctx.mem. */
struct own_ctx {
    struct ci_ctx ctx;
    struct ci_arena *mem;
};

const struct ci_config *ci_conductor_config(const struct ci_conductor *conductor)
{
    const struct ci_config *config = ci_config_current();

    return config ? config : conductor->own->config;
}

struct ci_ctx *ci_conductor_ctx_new(struct ci_conductor *conductor, const struct ci_ctx *from)
{
    struct ci_arena *mem = ci_arena_new();
    struct own_ctx *own = ci_new(mem, struct own_ctx);

    own->mem = mem;
    own->ctx.mem = ci_arena_new();
    if (from) {
        ci_ctx_carry(&own->ctx, from);
        return &own->ctx;
    }
    own->ctx.config = ci_conductor_config(conductor);
    own->ctx.db = conductor->db;
    own->ctx.rpc = conductor->own->rpc;
    own->ctx.notifier = conductor->own->notifier;
    own->ctx.request_id = ci_printf(own->ctx.mem, "req-%s", ci_uuid_new(own->ctx.mem));
    own->ctx.who.is_admin = true;
    return &own->ctx;
}

void ci_conductor_ctx_free(struct ci_ctx *ctx)
{
    struct own_ctx *own = (struct own_ctx *)ctx;

    if (!ctx)
        return;
    ci_arena_free(own->ctx.mem);
    ci_arena_free(own->mem);
}

bool ci_conductor_cancelled(const struct ci_conductor *conductor)
{
    return atomic_load(&conductor->own->cancelled);
}

bool ci_conductor_is_ready(const struct ci_conductor *conductor)
{
    int stage = atomic_load(&conductor->own->stage);

    return stage == READY || stage == LEAVING;
}

static void set_stage(struct ci_conductor_private *own, enum stage stage)
{
    atomic_store(&own->stage, stage);
    pthread_mutex_lock(&own->lock);
    pthread_cond_broadcast(&own->wake);
    pthread_mutex_unlock(&own->lock);
}

bool ci_conductor_await_ready(struct ci_conductor *conductor)
{
    struct ci_conductor_private *own = conductor->own;
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ENTER_S;
    pthread_mutex_lock(&own->lock);
    while (atomic_load(&own->stage) == ENTERING &&
           pthread_cond_timedwait(&own->wake, &own->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&own->lock);
    return ci_conductor_is_ready(conductor);
}

bool ci_conductor_is_staying(const struct ci_conductor *conductor)
{
    return atomic_load(&conductor->own->stage) == READY;
}

bool ci_conductor_is_steady(const struct ci_conductor *conductor)
{
    return ci_time_monotonic_ns() >= atomic_load(&conductor->own->steady_from_ns);
}

bool ci_conductor_is_refused(const struct ci_conductor *conductor)
{
    return atomic_load(&conductor->own->stage) == REFUSED;
}

/* A ci_job. */
static void go_on_work(void *arg)
{
    struct ci_conductor *conductor = arg;
    struct ci_ctx *ctx = ci_conductor_ctx_new(conductor, NULL);

    ci_console_reopen_all(conductor, ctx);
    if (!ci_allocate_resume(conductor, ctx))
        ci_warning(ctx, "Allocations of a former process do not go on", "error=%s",
                   ci_error_take(ctx));
    ci_conductor_ctx_free(ctx);
}

/* What a former process of this host had going on: consoles, allocations. */
static void go_on(const struct ci_ctx *ctx, struct ci_conductor *conductor)
{
    if (!ci_workers_submit(conductor->workers, go_on_work, conductor))
        ci_warning(ctx, "No worker for consoles and allocations of a former process", "host=%s",
                   conductor->host);
}

/* The part of the start that touches rows of this host. */
static bool enter(struct ci_ctx *ctx, struct ci_conductor *conductor)
{
    struct ci_conductor_record *record;

    set_stage(conductor->own, ENTERING);
    if (conductor->own->open) {
        conductor->own->opened = true;
        conductor->own->open(ctx, conductor, conductor->own->open_arg);
    }
    if (!ci_registry_forget_locks(ctx, conductor->host) ||
        !ci_registry_enter(ctx, conductor->host, &record))
        return false;
    conductor->own->record = ci_object_copy(conductor->own->mem, record);
    conductor->id = record->id;
    if (!ci_stuck_fail(conductor, ctx) ||
        !ci_periodic_start(ctx, conductor, &conductor->own->periodic))
        return false;
    set_stage(conductor->own, READY);
    go_on(ctx, conductor);
    ci_info(ctx, "Conductor started", "host=%s id=%" PRId64 " group=\"%s\"", conductor->host,
            conductor->id, conductor->own->record->conductor_group);
    return true;
}

/* Waits, unless the thread is to end: false then. */
static bool sleep_s(struct ci_conductor_private *own, int64_t seconds)
{
    struct timespec until;
    bool go_on;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    pthread_mutex_lock(&own->lock);
    while (!own->ended && pthread_cond_timedwait(&own->wake, &own->lock, &until) == 0)
        ;
    go_on = !own->ended;
    pthread_mutex_unlock(&own->lock);
    return go_on;
}

static void refuse(struct ci_ctx *ctx, struct ci_conductor *conductor)
{
    if (!ctx->error)
        (void)ci_former_fail(ctx, conductor->host, "its heartbeats go on");
    ci_error_log(ctx, "The conductor does not start", "error=%s", ctx->error->message);
    set_stage(conductor->own, REFUSED);
    kill(getpid(), SIGTERM);
}

enum former { GONE, ALIVE, UNSURE };

static enum former watch_once(struct ci_conductor *conductor)
{
    struct ci_ctx *ctx = ci_conductor_ctx_new(conductor, NULL);
    enum former former = UNSURE;
    int64_t seen_us;

    if (!ci_former_look(ctx, conductor->host, &seen_us))
        ci_warning(ctx, "The database cannot be asked for a former process", "error=%s",
                   ctx->error->message);
    else if (seen_us == CI_NULL_TIME)
        former = GONE; /* it left in order */
    else if (seen_us != conductor->own->seen_us)
        former = ALIVE;
    ci_conductor_ctx_free(ctx);
    return former;
}

/* A heartbeat and a bit: whoever has not shown up by then was killed. */
static bool watch_former(struct ci_conductor *conductor)
{
    struct ci_conductor_private *own = conductor->own;
    enum former former = UNSURE;
    struct ci_ctx *ctx;
    bool entered;

    for (int64_t s = 0; former == UNSURE && s < own->config->conductor.heartbeat_interval + 2;
         s++) {
        if (!sleep_s(own, 1))
            return false;
        former = watch_once(conductor);
    }
    ctx = ci_conductor_ctx_new(conductor, NULL);
    entered = former != ALIVE && enter(ctx, conductor);
    if (!entered)
        refuse(ctx, conductor);
    ci_conductor_ctx_free(ctx);
    return entered;
}

static void note_beat(struct ci_conductor *conductor, bool touched)
{
    atomic_llong *from_ns = &conductor->own->steady_from_ns;

    if (!touched)
        atomic_store(from_ns, INT64_MAX);
    else if (atomic_load(from_ns) == INT64_MAX)
        atomic_store(from_ns,
                     ci_time_monotonic_ns() +
                         ci_conductor_config(conductor)->conductor.heartbeat_timeout * NS_PER_S);
}

static void touch(struct ci_conductor *conductor)
{
    struct ci_ctx *ctx = ci_conductor_ctx_new(conductor, NULL);
    bool staying = atomic_load(&conductor->own->stage) == READY;
    bool touched = ci_conductor_touch(ctx, conductor->host,
                                      staying ? CI_CONDUCTOR_STAYING : CI_CONDUCTOR_LEAVING);

    if (!touched)
        ci_warning(ctx, "A heartbeat failed", "host=%s error=%s", conductor->host,
                   ctx->error->message);
    note_beat(conductor, touched);
    ci_conductor_ctx_free(ctx);
}

static void *keep_alive(void *arg)
{
    struct ci_conductor *conductor = arg;

    if (atomic_load(&conductor->own->stage) == WAITING && !watch_former(conductor))
        return NULL;
    while (sleep_s(conductor->own, conductor->own->config->conductor.heartbeat_interval))
        touch(conductor);
    return NULL;
}

static bool start_thread(struct ci_ctx *ctx, struct ci_conductor *conductor)
{
    struct ci_conductor_private *own = conductor->own;
    int error = pthread_create(&own->beat, NULL, keep_alive, conductor);

    if (error != 0)
        return ci_fail_text(ctx, IronicException, "No thread for heartbeats: %s", strerror(error));
    own->beating = true;
    return true;
}

static struct ci_conductor *conductor_new(struct ci_ctx *ctx)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_conductor *conductor = ci_new(mem, struct ci_conductor);
    struct ci_conductor_private *own = ci_new(mem, struct ci_conductor_private);
    const int64_t size = ctx->config->conductor.workers_pool_size;
    const struct ci_workers_options workers = {
        .name = "conductor",
        .threads = (int)size,
        .reserved = (int)(size * ctx->config->conductor.reserved_workers_pool_percentage / 100),
        .stack_bytes = WORKER_STACK,
    };
    pthread_condattr_t monotonic;

    conductor->host = ci_strdup(mem, ci_jsonrpc_registered_host(ctx));
    conductor->db = ctx->db;
    conductor->workers = ci_workers_new(&workers);
    conductor->rings = ci_rings_new();
    conductor->sync_counts = ci_sync_counts_new();
    conductor->holds = ci_holds_new();
    conductor->nova = ci_nova_new(ctx);
    conductor->own = own;
    own->mem = mem;
    own->config = ctx->config;
    own->rpc = ctx->rpc;
    own->notifier = ctx->notifier;
    own->lock_file = -1;
    pthread_mutex_init(&own->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&own->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return conductor;
}

static void stop_thread(struct ci_conductor_private *own)
{
    if (!own->beating)
        return;
    pthread_mutex_lock(&own->lock);
    own->ended = true;
    pthread_cond_broadcast(&own->wake);
    pthread_mutex_unlock(&own->lock);
    pthread_join(own->beat, NULL);
    own->beating = false;
}

static void conductor_free(struct ci_conductor *conductor)
{
    struct ci_conductor_private *own = conductor->own;

    stop_thread(own);
    ci_periodic_stop(own->periodic);
    ci_workers_free(conductor->workers);
    ci_periodic_free(own->periodic);
    ci_nova_free(conductor->nova);
    ci_sync_counts_free(conductor->sync_counts);
    ci_rings_free(conductor->rings);
    ci_holds_free(conductor->holds);
    if (own->lock_file >= 0)
        close(own->lock_file);
    pthread_cond_destroy(&own->wake);
    pthread_mutex_destroy(&own->lock);
    ci_arena_free(own->mem);
}

static bool check_hardware(struct ci_ctx *ctx, const char *host)
{
    if (!ci_hardware_check(ctx) || !ci_inspection_rules_check(ctx))
        return false;
    return ci_hardware_enabled(ctx)[0] || ci_fail(ctx, NoDriversLoaded, host);
}

/* Ironic's newest release refuses to start so; older ones, whose configuration this may be, do not.
 */
static void check_workers(struct ci_ctx *ctx)
{
    const int64_t size = ctx->config->conductor.workers_pool_size;
    const int64_t reserved = size * ctx->config->conductor.reserved_workers_pool_percentage / 100;
    const int64_t least = ctx->config->conductor.sync_power_state_workers +
                          2 * ctx->config->conductor.periodic_max_workers + 2;

    if (least >= size - reserved)
        ci_warning(
            ctx, "[conductor]workers_pool_size is small: periodic work alone may take all of it",
            "workers=%" PRId64 " reserved=%" PRId64 " periodic=%" PRId64, size, reserved, least);
}

static bool start(struct ci_ctx *ctx, struct ci_conductor *conductor)
{
    struct ci_conductor_private *own = conductor->own;

    if (!check_hardware(ctx, conductor->host))
        return false;
    check_workers(ctx);
    if (ci_db_is_sqlite(ctx->db))
        return ci_former_lock(ctx, conductor->host, &own->lock_file) && enter(ctx, conductor);
    if (!ci_former_look(ctx, conductor->host, &own->seen_us))
        return false;
    if (own->seen_us == CI_NULL_TIME)
        return enter(ctx, conductor) && start_thread(ctx, conductor);
    ci_warning(ctx, "A conductor of this name may be running; calls wait until it shows",
               "host=%s wait_s=%" PRId64, conductor->host,
               ctx->config->conductor.heartbeat_interval + 2);
    return start_thread(ctx, conductor);
}

bool ci_conductor_start_open(struct ci_ctx *ctx, ci_conductor_open *open, void *arg,
                             struct ci_conductor **ret_conductor)
{
    struct ci_conductor *conductor = conductor_new(ctx);

    conductor->own->open = open;
    conductor->own->open_arg = arg;
    if (!start(ctx, conductor)) {
        if (!conductor->own->opened) /* else a call may be looking at it; the process ends */
            conductor_free(conductor);
        return false;
    }
    *ret_conductor = conductor;
    return true;
}

bool ci_conductor_start(struct ci_ctx *ctx, struct ci_conductor **ret_conductor)
{
    return ci_conductor_start_open(ctx, NULL, NULL, ret_conductor);
}

/* Offline for everybody; peers and APIs go elsewhere once their rings are read anew. */
static bool leave(struct ci_ctx *ctx, struct ci_conductor *conductor)
{
    int ready = READY;

    if (!atomic_compare_exchange_strong(&conductor->own->stage, &ready, LEAVING))
        return false;
    ci_periodic_stop(conductor->own->periodic);
    if (!ci_conductor_unregister(ctx, conductor->own->record))
        ci_warning(ctx, "The conductor could not be unregistered", "host=%s error=%s",
                   conductor->host, ctx->error->message);
    ci_error_clear(ctx);
    return true;
}

/* Until others have read their rings anew they call here; alone, or in process, nobody does. */
static void wait_for_rings(struct ci_ctx *ctx, struct ci_conductor *conductor)
{
    size_t others = 0;

    if (ci_same(ctx->config->DEFAULT.rpc_transport, "none"))
        return;
    if (!ci_registry_others(ctx, conductor->host, &others)) {
        ci_error_clear(ctx);
        return;
    }
    if (others > 0)
        (void)sleep_s(conductor->own, ctx->config->DEFAULT.hash_ring_reset_interval);
}

static int64_t limit_s(const struct ci_ctx *ctx, enum ci_leave how)
{
    switch (how) {
    case CI_LEAVE_NOW:
        return 0;
    case CI_LEAVE_GRACEFUL:
        return ctx->config->conductor.graceful_shutdown_timeout;
    case CI_LEAVE_DRAIN:
        return ctx->config->DEFAULT.drain_shutdown_timeout;
    }
    return 0;
}

/* Work that is left after its time is told to end, and given two seconds to do so. */
static bool finish_work(struct ci_ctx *ctx, struct ci_conductor *conductor, enum ci_leave how)
{
    int64_t limit = limit_s(ctx, how);

    if (how != CI_LEAVE_NOW && limit == 0) /* for ever */
        limit = INT64_MAX;
    if (how != CI_LEAVE_NOW && ci_workers_drain(conductor->workers, ci_time_limit_ms(limit)))
        return true;
    atomic_store(&conductor->own->cancelled, true);
    if (ci_workers_drain(conductor->workers, 2000))
        return true;
    ci_warning(ctx, "Work on nodes is left behind; the next start sees to it", "jobs=%d",
               ci_workers_busy(conductor->workers));
    return false;
}

void ci_conductor_leave(struct ci_conductor *conductor, enum ci_leave how)
{
    struct ci_ctx *ctx;

    if (!conductor)
        return;
    ctx = ci_conductor_ctx_new(conductor, NULL);
    if (leave(ctx, conductor) && how != CI_LEAVE_NOW)
        wait_for_rings(ctx, conductor);
    ci_conductor_ctx_free(ctx);
}

bool ci_conductor_stop(struct ci_conductor *conductor, enum ci_leave how)
{
    struct ci_ctx *ctx;
    bool finished;

    if (!conductor)
        return true;
    ci_conductor_leave(conductor, how);
    ctx = ci_conductor_ctx_new(conductor, NULL);
    atomic_store(&conductor->own->stage, CLOSED);
    finished = finish_work(ctx, conductor, how);
    ci_info(ctx, "Conductor stopped", "host=%s", conductor->host);
    ci_conductor_ctx_free(ctx);
    if (finished)
        conductor_free(conductor);
    return finished;
}
