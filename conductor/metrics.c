/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a conductor tells of itself. Its nodes are counted by a periodic job, so that reading the
 * figures asks the database for nothing.
 */
#include "conductor/metrics.h"

#include "base/config.h"
#include "conductor/flow.h"
#include "conductor/machine.h"
#include "conductor/mapped.h"
#include "conductor/periodic.h"
#include "objects/states.h"

/* As they were when they were counted last; beyond the states: in maintenance, reserved. */
static _Atomic uint64_t nodes[CI_STATE_COUNT], in_maintenance, reserved;

enum { STATE, MAINTENANCE, RESERVATION };

static void keep(const uint64_t *counts, uint64_t set_apart, uint64_t locked)
{
    for (size_t i = 0; i < CI_STATE_COUNT; i++)
        atomic_store_explicit(&nodes[i], counts[i], memory_order_relaxed);
    atomic_store_explicit(&in_maintenance, set_apart, memory_order_relaxed);
    atomic_store_explicit(&reserved, locked, memory_order_relaxed);
}

bool ci_metrics_count_nodes(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    static const struct ci_mapped_query query = {
        .columns = ", provision_state, CASE WHEN maintenance THEN 1 ELSE 0 END, reservation",
        .where = "1 = 1"};
    uint64_t counts[CI_STATE_COUNT + 1] = {0}, set_apart = 0, locked = 0;
    struct ci_mapped mapped;

    if (!ci_mapped_find(conductor, ctx, &query, &mapped))
        return false;
    for (size_t i = 0; i < mapped.count; i++) {
        counts[ci_state_place(ci_mapped_text(&mapped, i, STATE))]++;
        set_apart += *ci_mapped_text(&mapped, i, MAINTENANCE) == '1';
        locked += ci_mapped_text(&mapped, i, RESERVATION) != NULL;
    }
    keep(counts, set_apart, locked);
    return true;
}

static void write_nodes(struct ci_metrics *to)
{
    ci_metrics_family(to, "castiron_conductor_nodes", "gauge",
                      "Nodes of this conductor by provision state, when they were counted last.");
    for (size_t i = 0; i < CI_STATE_COUNT; i++) {
        if (nodes[i] > 0)
            ci_metrics_sample(to, "castiron_conductor_nodes",
                              ci_printf(to->mem, "state=\"%s\"", ci_state_at(i)), nodes[i]);
    }
    ci_metrics_one(to, "castiron_conductor_nodes_in_maintenance", "gauge",
                   "Those of them that are in maintenance.", in_maintenance);
    ci_metrics_one(to, "castiron_conductor_nodes_reserved", "gauge",
                   "Those of them that were locked.", reserved);
}

static void write_workers(struct ci_metrics *to, const struct ci_conductor *conductor)
{
    const struct ci_config *config = ci_conductor_config(conductor);

    ci_metrics_one(to, "castiron_conductor_workers_busy", "gauge",
                   "Threads that work on nodes, periodic work included.",
                   (uint64_t)ci_workers_busy(conductor->workers));
    ci_metrics_one(to, "castiron_conductor_workers_max", "gauge", "How many there may be.",
                   (uint64_t)config->conductor.workers_pool_size);
    ci_metrics_one(to, "castiron_conductor_workers_refused_total", "counter",
                   "Work that found no free worker.", ci_workers_refused(conductor->workers));
}

void ci_conductor_write_metrics(struct ci_metrics *to, void *arg)
{
    const struct ci_conductor *conductor = arg;

    write_nodes(to);
    ci_machine_write_metrics(to);
    ci_flow_write_metrics(to);
    ci_conductor_write_calls(to);
    write_workers(to, conductor);
    ci_periodic_write_metrics(to);
}
