/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moving a node through the provision state machine.
 *
 * A state is in the row before its work begins, so that a conductor that is killed leaves a node
 * whose state says what was going on; the next start fails it from there.
 */
#include "conductor/machine.h"

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "base/time.h"
#include "conductor/history.h"
#include "conductor/notify.h"

/* What a node held before a move, for when no worker is free. */
struct before {
    const char *state, *target;
    int64_t since_us;
};

bool ci_machine_allows(const char *state, enum ci_event event)
{
    return ci_state_move(state, event) != NULL;
}

/* Where the node is going to after the move, NULL when it is there. */
static const char *next_target(const struct ci_node *node, const char *state, const char *wanted)
{
    const char *target = node->target_provision_state;

    if (wanted)
        return wanted;
    if (!target)
        target = ci_state_target(node->provision_state);
    if (ci_same(target, state))
        target = NULL;
    return ci_state_target(state) ? ci_state_target(state) : target;
}

/* Inspections have times of their own, which begin and end with their states. */
static void note_inspection(struct ci_node *node, const char *state, int64_t now_us)
{
    bool inspecting = ci_same(node->provision_state, CI_STATE_INSPECTING) ||
                      ci_same(node->provision_state, CI_STATE_INSPECTWAIT);

    if (ci_same(state, CI_STATE_INSPECTING)) {
        ci_node_set_inspection_started_at(node, now_us);
        ci_node_set_inspection_finished_at(node, CI_NULL_TIME);
    } else if (inspecting && ci_same(state, CI_STATE_MANAGEABLE)) {
        ci_node_set_inspection_started_at(node, CI_NULL_TIME);
        ci_node_set_inspection_finished_at(node, now_us);
    } else if (inspecting && ci_same(state, CI_STATE_INSPECTFAIL)) {
        ci_node_set_inspection_started_at(node, CI_NULL_TIME);
    }
}

static void set_states(struct ci_node *node, const char *state, const char *target)
{
    int64_t now_us = ci_time_now_us();

    note_inspection(node, state, now_us);
    ci_node_set_provision_state(node, state);
    ci_node_set_target_provision_state(node, target);
    ci_node_set_provision_updated_at(node, now_us);
}

static void log_move(const struct ci_task *task, enum ci_event event, const char *from)
{
    const struct ci_node *node = task->node;
    const char *target = node->target_provision_state ? node->target_provision_state : "None";

    if (ci_state_is(node->provision_state, CI_STATE_IS_FAILURE) ||
        ci_same(node->provision_state, CI_STATE_ERROR))
        ci_error_log(task->ctx, "Node moved to provision state",
                     "node=%s state=\"%s\" from=\"%s\" event=%s target=\"%s\"", node->uuid,
                     node->provision_state, from, ci_event_name(event), target);
    else
        ci_info(task->ctx, "Node moved to provision state",
                "node=%s state=\"%s\" from=\"%s\" event=%s target=\"%s\"", node->uuid,
                node->provision_state, from, ci_event_name(event), target);
}

/* No worker is free: the states go back, and the error that says so stays the context's. */
static bool put_back(struct ci_task *task, const struct before *before)
{
    static const char *const inspection[] = {CI_STATE_INSPECTING, CI_STATE_INSPECTWAIT,
                                             CI_STATE_INSPECTFAIL, NULL};
    struct ci_ctx *ctx = task->ctx;
    struct ci_error *why = ctx->error;

    ctx->error = NULL;
    set_states(task->node, before->state, before->target);
    ci_history_error(task,
                     ci_one_of(before->state, inspection) ? CI_HISTORY_INTROSPECTION
                                                          : CI_HISTORY_PROVISIONING,
                     "No free conductor workers available");
    if (!ci_node_save(ctx, task->node))
        ci_error_log(ctx, "The states of a node could not be put back", "node=%s error=%s",
                     task->node->uuid, ctx->error->message);
    else
        ci_warning(ctx, "No free conductor worker, the states are put back", "node=%s state=\"%s\"",
                   task->node->uuid, before->state);
    ctx->error = why;
    return false;
}

/* By the state that was left and the event; how long nodes were in it. Any thread. */
static struct {
    ci_counter events[CI_EVENT_COUNT];
    struct ci_durations stayed;
} left[CI_STATE_COUNT];

/* A state that a node moved from is one of the table and has its place there. */
static void count_move(const struct before *before, enum ci_event event)
{
    const size_t place = ci_state_place(before->state);

    ci_counter_add(&left[place].events[event]);
    if (before->since_us != CI_NULL_TIME)
        ci_durations_add(&left[place].stayed, (ci_time_now_us() - before->since_us) * 1000);
}

static void write_moves(struct ci_metrics *to, size_t place)
{
    const char *state = ci_state_at(place);

    for (int event = 0; event < CI_EVENT_COUNT; event++) {
        const uint64_t count = left[place].events[event];

        if (count > 0)
            ci_metrics_sample(to, "castiron_conductor_moves_total",
                              ci_printf(to->mem, "from=\"%s\",event=\"%s\",to=\"%s\"", state,
                                        ci_event_name((enum ci_event)event),
                                        ci_state_move(state, (enum ci_event)event)),
                              count);
    }
}

void ci_machine_write_metrics(struct ci_metrics *to)
{
    ci_metrics_family(to, "castiron_conductor_moves_total", "counter",
                      "Moves of nodes from one provision state to another.");
    for (size_t place = 0; place < CI_STATE_COUNT; place++)
        write_moves(to, place);
    ci_metrics_family(to, "castiron_conductor_state_seconds", "histogram",
                      "Time that nodes spent in the provision states that they left.");
    for (size_t place = 0; place < CI_STATE_COUNT; place++)
        ci_metrics_durations(to, "castiron_conductor_state_seconds",
                             ci_printf(to->mem, "state=\"%s\"", ci_state_at(place)),
                             &left[place].stayed);
}

bool ci_machine_move(struct ci_task *task, enum ci_event event, const char *target, ci_work *work,
                     void *arg)
{
    struct ci_node *node = task->node;
    const struct before before = {node->provision_state, node->target_provision_state,
                                  node->provision_updated_at};
    const char *state = ci_state_move(node->provision_state, event);
    struct ci_notice *notice;

    if (!state)
        return ci_fail_text(
            task->ctx, InvalidState,
            "Can not transition from state '%s' on event '%s' (no defined transition)",
            node->provision_state ? node->provision_state : "None", ci_event_name(event));
    target = next_target(node, state, target);
    if (!work && ci_state_is(state, CI_STATE_IS_STABLE))
        target = NULL;
    set_states(node, state, target);
    if (work)
        ci_node_set_last_error(node, NULL);
    if (!ci_node_save(task->ctx, node))
        return false;
    log_move(task, event, before.state);
    notice = ci_notify_provision(task, event, before.state, before.target);
    if (!work || ci_task_spawn(task, work, arg)) {
        count_move(&before, event);
        ci_notice_send(notice);
        return true;
    }
    ci_notice_drop(notice);
    return put_back(task, &before);
}

bool ci_machine_ask(struct ci_task *task, const char *action, enum ci_event event,
                    const char *target, ci_work *work, void *arg)
{
    const struct ci_node *node = task->node;

    if (!ci_machine_allows(node->provision_state, event))
        return ci_fail(task->ctx, InvalidStateRequested, action, node->uuid,
                       node->provision_state ? node->provision_state : "None");
    return ci_machine_move(task, event, target, work, arg);
}
