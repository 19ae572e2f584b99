/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocations: finding a node for each, or taking one that is in use already.
 *
 * The search runs on a worker after the call is answered; what becomes of it stands in the
 * allocation. Parallel searches try nodes in different orders, so that they seldom meet.
 */
#include "conductor/allocate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/config.h"
#include "base/log.h"
#include "conductor/calls.h"
#include "conductor/task_private.h"
#include "db/db.h"
#include "objects/allocation.h"
#include "objects/parts.h"
#include "objects/row.h"
#include "objects/states.h"

/* A search that goes on by itself. */
struct search {
    struct ci_conductor *conductor;
    struct ci_ctx *ctx;
    struct ci_allocation *allocation;
};

/* Nodes that may be taken, by UUID. */
struct candidates {
    size_t count;
    const char **uuids;
};

static const struct ci_part_table node_traits = {"node_traits", "node_id", "trait", "trait"};

static bool read_list(struct ci_ctx *ctx, const char *text, json_t **ret_list)
{
    text = text ? text : "[]";
    return ci_json_read(ctx, text, strlen(text), &ci_json_trusted, ret_list);
}

static bool has(const json_t *names, const char *name)
{
    const json_t *one;
    size_t i;

    json_array_foreach(names, i, one)
    {
        if (ci_same(json_string_value(one), name))
            return true;
    }
    return false;
}

static bool parts_have(const struct ci_parts *parts, const char *name)
{
    for (size_t i = parts->first; i < parts->first + parts->count; i++) {
        if (ci_same(ci_row_text(parts->rows, i, 1), name))
            return true;
    }
    return false;
}

static bool have_all(const struct ci_parts *parts, const json_t *traits)
{
    const json_t *trait;
    size_t i;

    json_array_foreach(traits, i, trait)
    {
        if (!parts_have(parts, json_string_value(trait)))
            return false;
    }
    return true;
}

static bool fail(struct ci_ctx *ctx, const struct ci_allocation *allocation, const char *error)
{
    return ci_fail(ctx, AllocationFailed, allocation->uuid, error);
}

/* Rows (id, uuid, name) of nodes that are free and of the class. */
static bool query(struct ci_ctx *ctx, const struct ci_allocation *allocation,
                  struct ci_rows **ret_rows)
{
    const char *values[] = {allocation->resource_class, CI_STATE_AVAILABLE, allocation->owner};
    const char *owned = allocation->owner ? " AND (owner = $3 OR lessee = $3)" : "";

    return ci_db_query(ctx,
                       ci_printf(ctx->mem,
                                 "SELECT id, uuid, name FROM nodes WHERE resource_class = $1 AND "
                                 "provision_state = $2 AND instance_uuid IS NULL AND "
                                 "power_state IS NOT NULL AND NOT maintenance%s ORDER BY id",
                                 owned),
                       allocation->owner ? 3 : 2, values, ret_rows);
}

/* Those of the rows that the allocation names, or all where it names none. */
static bool pick_named(struct ci_ctx *ctx, const struct ci_allocation *allocation,
                       const struct ci_rows *rows, size_t *picked, size_t *ret_count)
{
    json_t *named;
    size_t n = 0;

    if (!read_list(ctx, allocation->candidate_nodes, &named))
        return false;
    for (size_t i = 0; i < rows->count; i++) {
        if (json_array_size(named) == 0 || has(named, ci_row_text(rows, i, 1)))
            picked[n++] = i;
    }
    *ret_count = n;
    if (n > 0)
        return true;
    return fail(ctx, allocation,
                ci_printf(ctx->mem, "%s the resource class %s",
                          json_array_size(named) > 0
                              ? "none of the requested nodes are available and match"
                              : "no available nodes match",
                          allocation->resource_class ? allocation->resource_class : "None"));
}

/* Leaves those that have the traits. */
static bool pick_traits(struct ci_ctx *ctx, const struct ci_allocation *allocation,
                        const struct ci_rows *rows, size_t *picked, size_t *count)
{
    const char **ids = ci_alloc_array(ctx->mem, *count + 1, sizeof *ids);
    struct ci_text *names = ci_text_new(ctx->mem, 4096);
    const struct ci_parts *parts;
    const json_t *trait;
    json_t *traits;
    size_t n = 0, i;

    if (!read_list(ctx, allocation->traits, &traits))
        return false;
    if (json_array_size(traits) == 0)
        return true;
    for (i = 0; i < *count; i++)
        ids[i] = ci_row_text(rows, picked[i], 0);
    if (!ci_parts_load(ctx, &node_traits, ids, *count, &parts))
        return false;
    for (i = 0; i < *count; i++) {
        if (have_all(&parts[i], traits))
            picked[n++] = picked[i];
    }
    *count = n;
    json_array_foreach(traits, i, trait)
        ci_text_printf(names, "%s%s", i > 0 ? ", " : "", json_string_value(trait));
    return n > 0 || fail(ctx, allocation,
                         ci_printf(ctx->mem, "no suitable nodes have the requested traits %s",
                                   names->bytes));
}

/* In no fixed order, but the node that has the allocation's name comes first. */
static void order(const struct ci_allocation *allocation, const struct ci_rows *rows,
                  size_t *picked, size_t count)
{
    struct timespec now;
    unsigned seed;

    clock_gettime(CLOCK_MONOTONIC, &now);
    seed = (unsigned)now.tv_nsec;
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)rand_r(&seed) % i, other = picked[j];

        picked[j] = picked[i - 1];
        picked[i - 1] = other;
    }
    for (size_t i = 0; allocation->name && i < count; i++) {
        size_t other = picked[i];

        if (!ci_same(ci_row_text(rows, other, 2), allocation->name))
            continue;
        picked[i] = picked[0];
        picked[0] = other;
        return;
    }
}

static bool find_candidates(struct ci_ctx *ctx, const struct ci_allocation *allocation,
                            struct candidates *ret_candidates)
{
    struct ci_rows *rows;
    size_t *picked, count;

    if (!query(ctx, allocation, &rows))
        return false;
    picked = ci_alloc_array(ctx->mem, rows->count + 1, sizeof *picked);
    if (!pick_named(ctx, allocation, rows, picked, &count) ||
        !pick_traits(ctx, allocation, rows, picked, &count))
        return false;
    order(allocation, rows, picked, count);
    ret_candidates->count = count;
    ret_candidates->uuids = ci_alloc_array(ctx->mem, count + 1, sizeof *ret_candidates->uuids);
    for (size_t i = 0; i < count; i++)
        ret_candidates->uuids[i] = ci_row_text(rows, picked[i], 1);
    return true;
}

/* Has the node all the traits? */
static bool matches_traits(struct ci_ctx *ctx, const struct ci_allocation *allocation,
                           const struct ci_node *node, bool *ret_matches)
{
    const char *id = ci_printf(ctx->mem, "%" PRId64, node->id);
    const struct ci_parts *parts;
    json_t *traits;

    if (!read_list(ctx, allocation->traits, &traits) ||
        !ci_parts_load(ctx, &node_traits, &id, 1, &parts))
        return false;
    *ret_matches = have_all(parts, traits);
    return true;
}

/* The node may have changed until it was locked. */
static bool still_fits(struct ci_ctx *ctx, const struct ci_allocation *allocation,
                       const struct ci_node *node, bool *ret_fits)
{
    *ret_fits = false;
    if (ci_is_true(node->maintenance) || node->instance_uuid ||
        !ci_same(node->provision_state, CI_STATE_AVAILABLE) ||
        !ci_same(node->resource_class, allocation->resource_class))
        return true;
    return matches_traits(ctx, allocation, node, ret_fits);
}

enum outcome { TAKEN, UNFIT, LOCKED, BROKEN };

static enum outcome try_node(struct search *search, const char *uuid)
{
    struct ci_ctx *ctx = search->ctx;
    enum outcome outcome = UNFIT;
    struct ci_task *task;
    bool fits;

    if (!ci_task_take_bare(search->conductor, ctx, uuid, CI_EXCLUSIVE_ONCE, "allocating", &task)) {
        if (ci_failed_with(ctx, CI_ERR_NodeLocked))
            outcome = LOCKED;
        else if (!ci_failed_with(ctx, CI_ERR_NodeNotFound))
            return BROKEN;
        ci_error_clear(ctx);
        return outcome;
    }
    if (!still_fits(ctx, search->allocation, task->node, &fits))
        outcome = BROKEN;
    else if (fits && ci_allocation_assign(ctx, search->allocation, task->node))
        outcome = TAKEN;
    else if (fits && !ci_failed_with(ctx, CI_ERR_NodeAssociated))
        outcome = BROKEN;
    if (outcome == UNFIT)
        ci_error_clear(ctx);
    if (outcome == TAKEN)
        ci_info(ctx, "Node allocated", "node=%s allocation=%s", task->node->uuid,
                search->allocation->uuid);
    ci_task_release(task);
    return outcome;
}

/* Tries them once; leaves those that were locked. False when one is taken or all is over. */
static bool try_all(struct search *search, struct candidates *candidates)
{
    size_t locked = 0;

    for (size_t i = 0; i < candidates->count; i++) {
        enum outcome outcome = try_node(search, candidates->uuids[i]);

        if (outcome == TAKEN || outcome == BROKEN)
            return false;
        if (outcome == LOCKED)
            candidates->uuids[locked++] = candidates->uuids[i];
    }
    candidates->count = locked;
    return true;
}

/* True when a node is taken. */
static bool allocate(struct search *search)
{
    struct ci_ctx *ctx = search->ctx;
    struct candidates candidates;
    int64_t attempts = ctx->config->conductor.node_locked_retry_attempts;
    int64_t interval_s = ctx->config->conductor.node_locked_retry_interval;

    if (!find_candidates(ctx, search->allocation, &candidates))
        return false;
    for (int64_t i = 0; i < attempts || i == 0; i++) {
        if (i > 0)
            nanosleep(&(struct timespec){.tv_sec = interval_s}, NULL);
        if (!try_all(search, &candidates))
            return !ctx->error;
        if (ci_conductor_cancelled(search->conductor))
            break;
    }
    return fail(
        ctx, search->allocation,
        candidates.count > 0
            ? ci_printf(ctx->mem, "could not reserve any of %zu suitable nodes", candidates.count)
            : "all nodes were filtered out during reservation");
}

/* Writes why it failed; one that is deleted meanwhile needs no reason. */
static void write_failure(struct ci_ctx *ctx, struct ci_allocation *allocation)
{
    const char *message = ci_strdup(ctx->mem, ctx->error->message);

    if (!ci_failed_with(ctx, CI_ERR_AllocationFailed))
        message = ci_printf(ctx->mem, "Unexpected exception during allocation: %s", message);
    ci_warning(ctx, "Allocation failed", "allocation=%s error=%s", allocation->uuid, message);
    ci_error_clear(ctx);
    ci_allocation_set_node_id(allocation, CI_NULL_INT);
    ci_allocation_set_state(allocation, CI_ALLOCATION_ERROR);
    ci_allocation_set_last_error(allocation, message);
    if (!ci_allocation_save(ctx, allocation) && !ci_failed_with(ctx, CI_ERR_AllocationNotFound))
        ci_warning(ctx, "The failure of an allocation is lost", "allocation=%s error=%s",
                   allocation->uuid, ctx->error->message);
    ci_error_clear(ctx);
}

static void run(void *arg)
{
    struct search *search = arg;

    if (!allocate(search))
        write_failure(search->ctx, search->allocation);
    ci_conductor_ctx_free(search->ctx);
}

static void go_on(struct ci_conductor *conductor, const struct ci_allocation *allocation)
{
    struct ci_ctx *ctx = ci_conductor_ctx_new(conductor, NULL);
    struct search *search = ci_new(ctx->mem, struct search);

    ci_info(ctx, "An allocation goes on", "allocation=%s", allocation->uuid);
    *search = (struct search){
        .conductor = conductor, .ctx = ctx, .allocation = ci_object_copy(ctx->mem, allocation)};
    run(search);
}

bool ci_allocate_resume(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    const char *values[] = {CI_ALLOCATION_ALLOCATING,
                            ci_printf(ctx->mem, "%" PRId64, conductor->id)};
    struct ci_allocation **allocations;
    size_t count;

    if (!ci_row_load_all(ctx, &ci_allocation_type, "state = $1 AND conductor_affinity = $2", NULL,
                         2, values, &count, &allocations))
        return false;
    for (size_t i = 0; i < count && ci_conductor_is_staying(conductor); i++)
        go_on(conductor, allocations[i]);
    return true;
}

bool ci_allocate_take_over(struct ci_conductor *conductor, struct ci_ctx *ctx,
                           struct ci_allocation *allocation)
{
    const char *values[] = {ci_printf(ctx->mem, "%" PRId64, allocation->id),
                            ci_printf(ctx->mem, "%" PRId64, allocation->conductor_affinity),
                            ci_printf(ctx->mem, "%" PRId64, conductor->id),
                            ci_time_db(ctx->mem, ci_time_now_us()), CI_ALLOCATION_ALLOCATING};
    int64_t changed;

    if (!ci_db_run(ctx,
                   "UPDATE allocations SET conductor_affinity = $3, updated_at = $4 "
                   "WHERE id = $1 AND conductor_affinity = $2 AND state = $5",
                   5, values, &changed))
        return false;
    if (changed > 0)
        go_on(conductor, allocation);
    return true;
}

static bool spawn(struct ci_call *call, const struct ci_allocation *allocation)
{
    struct ci_ctx *ctx = ci_conductor_ctx_new(call->conductor, call->ctx);
    struct search *search = ci_new(ctx->mem, struct search);

    *search = (struct search){.conductor = call->conductor,
                              .ctx = ctx,
                              .allocation = ci_object_copy(ctx->mem, allocation)};
    if (ci_workers_submit(call->conductor->workers, run, search))
        return true;
    ci_conductor_ctx_free(ctx);
    return ci_fail(call->ctx, NoFreeConductorWorker);
}

/* What speaks against taking a node that is in use; empty when nothing does. */
static bool backfill_errors(struct ci_ctx *ctx, const struct ci_allocation *allocation,
                            const struct ci_node *node, struct ci_text *errors)
{
    const char *class = allocation->resource_class;
    json_t *named;
    bool matches;

    if (!matches_traits(ctx, allocation, node, &matches) ||
        !read_list(ctx, allocation->candidate_nodes, &named))
        return false;
    if (!ci_same(node->provision_state, CI_STATE_ACTIVE))
        ci_text_printf(errors,
                       "Node must be in the \"active\" state, but the current state is \"%s\"",
                       node->provision_state ? node->provision_state : "None");
    if (class && !ci_same(node->resource_class, class))
        ci_text_printf(errors, "%sResource class %s does not match the requested resource class %s",
                       errors->length > 0 ? "; " : "",
                       node->resource_class ? node->resource_class : "None", class);
    if (!matches)
        ci_text_printf(errors, "%sList of traits does not match the requested traits %.400s",
                       errors->length > 0 ? "; " : "", allocation->traits);
    if (json_array_size(named) > 0 && !has(named, node->uuid))
        ci_text_printf(errors,
                       "%sCandidate nodes must be empty or contain the target node, but got %.400s",
                       errors->length > 0 ? "; " : "", allocation->candidate_nodes);
    return true;
}

static bool take_used(struct ci_call *call, struct ci_allocation *allocation, struct ci_node *node)
{
    struct ci_text *errors = ci_text_new(call->ctx->mem, 4096);

    if (!backfill_errors(call->ctx, allocation, node, errors))
        return false;
    if (errors->length == 0)
        return ci_allocation_assign(call->ctx, allocation, node);
    return fail(call->ctx, allocation,
                ci_printf(call->ctx->mem, "Cannot backfill an allocation for node %s: %s",
                          node->uuid, errors->bytes));
}

/* The failure stands in the allocation, and is the caller's, too. */
static bool backfill(struct ci_call *call, struct ci_allocation *allocation, int64_t node_id)
{
    struct ci_task *task = NULL;
    struct ci_error *error;
    bool done = ci_task_take_id(call->conductor, call->ctx, node_id, CI_EXCLUSIVE,
                                "allocation backfilling", &task) &&
                take_used(call, allocation, task->node);

    error = call->ctx->error;
    if (!done) {
        write_failure(call->ctx, allocation);
        call->ctx->error = error;
    }
    if (task)
        ci_task_release(task);
    return done;
}

bool ci_call_create_allocation(struct ci_call *call)
{
    struct ci_allocation *allocation;
    int64_t node_id;

    if (!ci_call_allocation(call, "allocation", &allocation))
        return false;
    node_id = allocation->node_id;
    ci_allocation_set_node_id(allocation, CI_NULL_INT);
    ci_allocation_set_conductor_affinity(allocation, call->conductor->id);
    if (!ci_allocation_create(call->ctx, allocation))
        return false;
    return (node_id != CI_NULL_INT ? backfill(call, allocation, node_id)
                                   : spawn(call, allocation)) &&
           ci_call_answer_object(call, allocation);
}

/* In maintenance a node can always be let go. */
static bool check_deallocation(struct ci_ctx *ctx, const struct ci_allocation *allocation,
                               const struct ci_node *node)
{
    if (ci_is_true(node->maintenance))
        return true;
    if (node->target_provision_state && node->target_provision_state[0] &&
        !ci_state_is(node->provision_state, CI_STATE_MAY_UPDATE))
        return ci_fail_text(ctx, InvalidState,
                            "Cannot remove allocation %s for node %s, because the node is in state "
                            "%s where updates are not allowed (and maintenance mode is off)",
                            allocation->uuid, node->uuid, node->provision_state);
    if (!ci_same(node->provision_state, CI_STATE_ACTIVE))
        return true;
    return ci_fail_text(ctx, InvalidState,
                        "Cannot remove allocation %s for node %s, because the node is active (and "
                        "maintenance mode is off)",
                        allocation->uuid, node->uuid);
}

bool ci_call_destroy_allocation(struct ci_call *call)
{
    struct ci_allocation *allocation;
    struct ci_task *task;
    bool done;

    if (!ci_call_allocation(call, "allocation", &allocation))
        return false;
    if (allocation->node_id == CI_NULL_INT)
        return ci_allocation_destroy(call->ctx, allocation);
    if (!ci_task_take_id(call->conductor, call->ctx, allocation->node_id, CI_EXCLUSIVE,
                         "allocation deletion", &task))
        return false;
    done = check_deallocation(call->ctx, allocation, task->node) &&
           ci_allocation_destroy(call->ctx, allocation);
    if (done)
        ci_info(call->ctx, "Allocation deleted", "allocation=%s node=%s", allocation->uuid,
                task->node->uuid);
    ci_task_release(task);
    return done;
}
