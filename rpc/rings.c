/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rings of a cluster: live conductors, as the database knows them, by group and driver.
 *
 * A snapshot of all rings is made without holding the lock and then put in the place of the
 * old one; host names are copied out under the lock, so that the old one can go at once.
 */
#include "rpc/ring.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include "base/config.h"
#include "base/text.h"
#include "base/time.h"
#include "db/db.h"
#include "objects/conductor.h"
#include "objects/releases.h"

/* Below this RPC minor, groups of conductors are not known: rings are by driver alone. */
#define GROUPS_SINCE 47

#define NS_PER_S INT64_C(1000000000)

struct named_ring {
    const char *group, *driver;
    struct ci_ring *ring;
};

struct snapshot {
    struct ci_arena *mem; /* holds all of it */
    struct named_ring *rings;
    size_t count;
    int64_t made_ns;
};

struct ci_rings {
    struct ci_arena *mem; /* holds this struct alone */
    pthread_mutex_t lock; /* guards now */
    struct snapshot *now; /* NULL: to be read */
};

static void snapshot_free(struct snapshot *snapshot)
{
    if (snapshot)
        ci_arena_free(snapshot->mem);
}

struct ci_rings *ci_rings_new(void)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_rings *rings = ci_new(mem, struct ci_rings);

    rings->mem = mem;
    pthread_mutex_init(&rings->lock, NULL);
    return rings;
}

void ci_rings_free(struct ci_rings *rings)
{
    if (!rings)
        return;
    snapshot_free(rings->now);
    pthread_mutex_destroy(&rings->lock);
    ci_arena_free(rings->mem);
}

void ci_rings_reset(struct ci_rings *rings)
{
    struct snapshot *old;

    pthread_mutex_lock(&rings->lock);
    old = rings->now;
    rings->now = NULL;
    pthread_mutex_unlock(&rings->lock);
    snapshot_free(old);
}

/* Online, and seen within heartbeat_timeout; with SQLite one process owns all, and age says
 * nothing. */
static bool query_alive(struct ci_ctx *ctx, const char *with_age, const char *without_age,
                        const char *extra, struct ci_rows **ret_rows)
{
    const char *aged[] = {"1", NULL, extra};
    const char *ageless[] = {"1", extra};
    size_t extras = extra ? 1 : 0;

    if (ci_db_is_sqlite(ctx->db))
        return ci_db_query(ctx, without_age, 1 + extras, ageless, ret_rows);
    return ci_conductor_oldest_beat(ctx, ctx->config->conductor.heartbeat_timeout, &aged[1]) &&
           ci_db_query(ctx, with_age, 2 + extras, aged, ret_rows);
}

static bool has_groups(const struct ci_ctx *ctx)
{
    return ci_release_rpc_minor(ci_release_pinned(ctx)) >= GROUPS_SINCE;
}

/* Without groups, all conductors are in the one without a name. */
static const char *group_of(const struct ci_ctx *ctx, const char *group)
{
    return group && has_groups(ctx) ? group : "";
}

static bool is_named(const struct named_ring *ring, const char *group, const char *driver)
{
    return strcmp(ring->driver, driver) == 0 && strcmp(ring->group, group) == 0;
}

#define SELECT_RINGS                                                                               \
    "SELECT DISTINCT c.conductor_group, i.hardware_type, c.hostname FROM conductors c "            \
    "JOIN conductor_hardware_interfaces i ON i.conductor_id = c.id WHERE c.online = $1"
#define ORDER_RINGS " ORDER BY c.conductor_group, i.hardware_type, c.hostname"
#define ORDER_UNGROUPED " ORDER BY i.hardware_type, c.hostname"

/* The rows of a ring are neighbours; one ring is made of each run of equal names. */
static struct snapshot *make_snapshot(struct ci_ctx *ctx, const struct ci_rows *rows)
{
    struct ci_arena *mem = ci_arena_new();
    struct snapshot *snapshot = ci_new(mem, struct snapshot);
    const char **hosts = ci_alloc_array(ctx->mem, rows->count + 1, sizeof *hosts);
    size_t row = 0;

    snapshot->mem = mem;
    snapshot->made_ns = ci_time_monotonic_ns();
    snapshot->rings = ci_alloc_array(snapshot->mem, rows->count + 1, sizeof *snapshot->rings);
    while (row < rows->count) {
        struct named_ring *ring = &snapshot->rings[snapshot->count++];
        size_t n = 0;

        ring->group = ci_strdup(snapshot->mem, group_of(ctx, ci_row_text(rows, row, 0)));
        ring->driver = ci_strdup(snapshot->mem, ci_row_text(rows, row, 1));
        while (row < rows->count && is_named(ring, group_of(ctx, ci_row_text(rows, row, 0)),
                                             ci_row_text(rows, row, 1))) {
            const char *host = ci_row_text(rows, row++, 2);

            if (n == 0 || !ci_same(host, hosts[n - 1]))
                hosts[n++] = host;
        }
        ring->ring = ci_ring_make(snapshot->mem, ctx->config->DEFAULT.hash_ring_algorithm,
                                  (int)ctx->config->DEFAULT.hash_partition_exponent, hosts, n);
    }
    return snapshot;
}

static bool load(struct ci_ctx *ctx, struct ci_rings *rings)
{
    bool grouped = has_groups(ctx);
    struct snapshot *old, *made;
    struct ci_rows *rows;
    bool loaded = grouped ? query_alive(ctx, SELECT_RINGS " AND c.updated_at >= $2" ORDER_RINGS,
                                        SELECT_RINGS ORDER_RINGS, NULL, &rows)
                          : query_alive(ctx, SELECT_RINGS " AND c.updated_at >= $2" ORDER_UNGROUPED,
                                        SELECT_RINGS ORDER_UNGROUPED, NULL, &rows);

    if (!loaded)
        return false;
    made = make_snapshot(ctx, rows);
    pthread_mutex_lock(&rings->lock);
    old = rings->now;
    rings->now = made;
    pthread_mutex_unlock(&rings->lock);
    snapshot_free(old);
    return true;
}

/* What looking into the kept snapshot came to. */
enum found { FOUND, NO_DRIVER, NOBODY, STALE };

static enum found look(struct ci_ctx *ctx, struct ci_rings *rings, int64_t oldest_ns,
                       const struct named_ring *wanted, const char *uuid, const char **ret_host)
{
    enum found found = NO_DRIVER;

    pthread_mutex_lock(&rings->lock);
    if (!rings->now || (rings->now->made_ns < oldest_ns && !ci_db_is_sqlite(ctx->db)))
        found = STALE;
    else if (rings->now->count == 0)
        found = NOBODY;
    for (size_t i = 0; found == NO_DRIVER && i < rings->now->count; i++) {
        const struct named_ring *ring = &rings->now->rings[i];

        if (is_named(ring, wanted->group, wanted->driver) && ring->ring) {
            *ret_host = ci_strdup(ctx->mem, ci_ring_host(ring->ring, uuid));
            found = FOUND;
        }
    }
    pthread_mutex_unlock(&rings->lock);
    return found;
}

/* What was read before is too old. */
static int64_t oldest_kept_ns(const struct ci_ctx *ctx)
{
    return ci_time_monotonic_ns() - ctx->config->DEFAULT.hash_ring_reset_interval * NS_PER_S;
}

bool ci_rings_refresh(struct ci_ctx *ctx, struct ci_rings *rings)
{
    int64_t oldest_ns = oldest_kept_ns(ctx);
    bool kept;

    pthread_mutex_lock(&rings->lock);
    kept = rings->now && rings->now->made_ns >= oldest_ns;
    pthread_mutex_unlock(&rings->lock);
    return kept || load(ctx, rings);
}

const char *ci_rings_known(struct ci_ctx *ctx, struct ci_rings *rings, const char *driver,
                           const char *group, const char *uuid)
{
    const struct named_ring wanted = {.group = group_of(ctx, group), .driver = driver};
    const char *host = NULL;

    return look(ctx, rings, INT64_MIN, &wanted, uuid, &host) == FOUND ? host : NULL;
}

bool ci_rings_find(struct ci_ctx *ctx, struct ci_rings *rings, const char *driver,
                   const char *group, const char *uuid, const char **ret_host)
{
    const struct named_ring wanted = {.group = group_of(ctx, group), .driver = driver};
    enum found found = look(ctx, rings, oldest_kept_ns(ctx), &wanted, uuid, ret_host);

    /* What is missing has most often just come: look again before saying so. */
    if (found != FOUND) {
        if (!load(ctx, rings))
            return false;
        found = look(ctx, rings, INT64_MIN, &wanted, uuid, ret_host);
    }
    if (found == FOUND)
        return true;
    if (found == NO_DRIVER)
        return ci_fail_text(ctx, DriverNotFound, "The driver '%s' is unknown.", driver);
    return ci_fail(ctx, TemporaryFailure);
}

/* A row by chance. */
static const char *draw(struct ci_ctx *ctx, const struct ci_rows *rows)
{
    uint64_t chance = 0;

    if (getrandom(&chance, sizeof chance, GRND_NONBLOCK) != (ssize_t)sizeof chance)
        chance = (uint64_t)ci_time_monotonic_ns();
    return ci_strdup(ctx->mem, ci_row_text(rows, chance % rows->count, 0));
}

#define SELECT_HOSTS "SELECT hostname FROM conductors WHERE online = $1"
#define WITH_DRIVER                                                                                \
    " AND id IN (SELECT conductor_id FROM conductor_hardware_interfaces WHERE hardware_type = "

bool ci_rings_any_with_driver(struct ci_ctx *ctx, const char *driver, const char **ret_host)
{
    struct ci_rows *rows;

    if (!query_alive(ctx, SELECT_HOSTS " AND updated_at >= $2" WITH_DRIVER "$3)",
                     SELECT_HOSTS WITH_DRIVER "$2)", driver, &rows))
        return false;
    if (rows->count == 0) {
        if (!ci_rings_any(ctx, ret_host)) {
            if (ctx->error->class != CI_ERR_TemporaryFailure)
                return false; /* the database is away: a kind of it */
            ci_error_clear(ctx);
            return ci_fail_text(ctx, DriverNotFound, "No conductors registered.");
        }
        return ci_fail_text(ctx, DriverNotFound, "The driver '%s' is unknown.", driver);
    }
    *ret_host = draw(ctx, rows);
    return true;
}

bool ci_rings_any(struct ci_ctx *ctx, const char **ret_host)
{
    struct ci_rows *rows;

    if (!query_alive(ctx, SELECT_HOSTS " AND updated_at >= $2", SELECT_HOSTS, NULL, &rows))
        return false;
    if (rows->count == 0)
        return ci_fail(ctx, TemporaryFailure);
    *ret_host = draw(ctx, rows);
    return true;
}
