/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes: creating, changing and deleting their records.
 *
 * The node of an update comes with the sender's values; what it marks as changed is what is
 * saved, the rest of the row stays as it is now.
 */
#include <inttypes.h>

#include "base/config.h"
#include "base/log.h"
#include "conductor/calls.h"
#include "conductor/notify.h"
#include "db/db.h"
#include "drivers/hardware.h"
#include "objects/states.h"

/* States in which interfaces, resource class and the like may change. */
static const char *const updatable[] = {CI_STATE_ENROLL,      CI_STATE_INSPECTING,
                                        CI_STATE_INSPECTWAIT, CI_STATE_MANAGEABLE,
                                        CI_STATE_AVAILABLE,   NULL};
#define UPDATABLE "enroll, inspecting, inspect wait, manageable, available"

static const char *state_of(const struct ci_node *node)
{
    return node->provision_state ? node->provision_state : "None";
}

static bool changes(const struct ci_node *node, size_t field)
{
    return ci_fieldset_has(&node->object.changed, field);
}

static bool answer_node(struct ci_call *call, struct ci_node *node)
{
    return ci_node_load_traits(call->ctx, node) && ci_call_answer_object(call, node);
}

bool ci_call_create_node(struct ci_call *call)
{
    struct ci_node *node;
    bool changed;

    return ci_call_node(call, "node_obj", &node) && ci_hardware_fill(call->ctx, node, &changed) &&
           ci_node_create(call->ctx, node) && answer_node(call, node);
}

/* A node out of maintenance has no reason and no fault for it. */
static void leave_maintenance(struct ci_node *node)
{
    if (!changes(node, ci_node_maintenance_n) || ci_is_true(node->maintenance))
        return;
    ci_node_set_maintenance_reason(node, NULL);
    ci_node_set_fault(node, NULL);
}

static bool check_protected(struct ci_ctx *ctx, struct ci_node *node)
{
    static const char *const protectable[] = {CI_STATE_ACTIVE, CI_STATE_RESCUE, NULL};

    if (changes(node, ci_node_protected_n)) {
        if (!ci_is_true(node->protected))
            ci_node_set_protected_reason(node, NULL);
        else if (!ci_one_of(node->provision_state, protectable))
            return ci_fail_text(ctx, InvalidState,
                                "Node %s can only be made protected in provision states 'active' "
                                "or 'rescue', the current state is '%s'",
                                node->uuid, state_of(node));
    }
    if (changes(node, ci_node_protected_reason_n) && node->protected_reason &&
        !ci_is_true(node->protected))
        return ci_fail_text(ctx, InvalidParameterValue,
                            "The protected_reason field can only be set when protected is True");
    return true;
}

static bool check_retired(struct ci_ctx *ctx, struct ci_node *node)
{
    if (changes(node, ci_node_retired_n)) {
        if (!ci_is_true(node->retired))
            ci_node_set_retired_reason(node, NULL);
        else if (ci_same(node->provision_state, CI_STATE_AVAILABLE))
            return ci_fail_text(ctx, InvalidState,
                                "Node %s can not have 'retired' set in provision state "
                                "'available', the current state is '%s'",
                                node->uuid, state_of(node));
    }
    if (changes(node, ci_node_retired_reason_n) && node->retired_reason &&
        !ci_is_true(node->retired))
        return ci_fail_text(ctx, InvalidParameterValue,
                            "The retired_reason field can only be set when retired is True");
    return true;
}

static bool refuse_interface(struct ci_ctx *ctx, const struct ci_node *node, const char *field)
{
    return ci_fail_text(ctx, InvalidState,
                        "Node %s can not have %s updated unless it is in one of allowed "
                        "(" UPDATABLE ") states or in maintenance mode. Current state is '%s'.",
                        node->uuid, field, state_of(node));
}

/* Interfaces that change, or that a new driver resets, are filled and checked anew. */
static bool check_interfaces(struct ci_ctx *ctx, struct ci_node *node, bool reset)
{
    bool new_driver = changes(node, ci_node_driver_n), check = new_driver, ignored;

    for (size_t i = 0; ci_interface_types[i]; i++) {
        const char *name = ci_printf(ctx->mem, "%s_interface", ci_interface_types[i]);
        size_t field = (size_t)ci_field_find(&ci_node_type, name);

        if (!changes(node, field)) {
            if (new_driver && reset) {
                *(const char **)ci_field_at(node, &ci_node_type.fields[field]) = NULL;
                ci_object_mark(node, field);
            }
            continue;
        }
        if (!ci_one_of(node->provision_state, updatable) && !ci_is_true(node->maintenance))
            return refuse_interface(ctx, node, name);
        check = true;
    }
    return !check || ci_hardware_fill(ctx, node, &ignored);
}

static bool check_resource_class(struct ci_task *task, const struct ci_node *node)
{
    const struct ci_node *now = task->node;

    if (!changes(node, ci_node_resource_class_n) || !now->resource_class ||
        ci_one_of(now->provision_state, updatable))
        return true;
    return ci_fail_text(task->ctx, InvalidState,
                        "Node %s can not have resource_class updated unless it is in one of "
                        "allowed (" UPDATABLE ") states. Current state is '%s'.",
                        node->uuid, state_of(now));
}

static bool check_instance(struct ci_task *task, const struct ci_node *node)
{
    const struct ci_node *now = task->node;

    if (!changes(node, ci_node_instance_uuid_n))
        return true;
    if (node->instance_uuid && now->instance_uuid)
        return ci_fail(task->ctx, NodeAssociated, node->uuid, now->instance_uuid);
    if (node->instance_uuid || now->allocation_id == CI_NULL_INT || ci_is_true(now->maintenance) ||
        ci_one_of(now->provision_state, updatable))
        return true;
    return ci_fail_text(task->ctx, InvalidState,
                        "Node %s with an allocation can not have instance_uuid removed unless it "
                        "is in one of allowed (" UPDATABLE
                        ") states or in maintenance mode. Current state is '%s'.",
                        node->uuid, state_of(now));
}

/* A node that loses its instance loses the allocation that gave it. */
static bool ends_allocation(const struct ci_task *task, const struct ci_node *node)
{
    return changes(node, ci_node_instance_uuid_n) && !node->instance_uuid &&
           task->node->allocation_id != CI_NULL_INT;
}

static bool end_allocation(struct ci_task *task)
{
    const char *values[] = {ci_printf(task->ctx->mem, "%" PRId64, task->node->allocation_id)};

    return ci_db_run(task->ctx, "UPDATE nodes SET allocation_id = NULL WHERE allocation_id = $1", 1,
                     values, NULL) &&
           ci_db_run(task->ctx, "DELETE FROM allocations WHERE id = $1", 1, values, NULL);
}

/* Saves, and lets the node go. */
static bool save(struct ci_task *task, struct ci_node *node)
{
    bool allowed = check_instance(task, node) && check_resource_class(task, node), done;

    if (allowed && !ends_allocation(task, node))
        return ci_task_save_and_release(task, node);
    done = allowed && ci_db_begin(task->ctx) && end_allocation(task) &&
           ci_node_save(task->ctx, node) && ci_db_commit(task->ctx);
    ci_task_release(task);
    return done;
}

bool ci_call_update_node(struct ci_call *call)
{
    struct ci_node *node;
    struct ci_task *task;
    bool reset, done;

    if (!ci_call_node(call, "node_obj", &node) ||
        !ci_call_bool(call, "reset_interfaces", false, &reset))
        return false;
    ci_call_keep_unknown(node);
    leave_maintenance(node);
    if (!check_protected(call->ctx, node) || !check_retired(call->ctx, node) ||
        !check_interfaces(call->ctx, node, reset))
        return false;
    /* Without the driver: it may be the very thing that is wrong with the node. */
    if (!ci_task_take_bare(call->conductor, call->ctx, node->uuid, CI_EXCLUSIVE, "node update",
                           &task))
        return false;
    done = save(task, node);
    /* Ironic answers with the node as it was saved, and so as it was locked. */
    node->reservation = call->conductor->host;
    return done && answer_node(call, node);
}

static bool check_deletable(struct ci_task *task)
{
    const struct ci_node *node = task->node;
    bool available = task->ctx->config->conductor.allow_deleting_available_nodes;

    if (!ci_is_true(node->maintenance) && node->instance_uuid)
        return ci_fail(task->ctx, NodeAssociated, node->uuid, node->instance_uuid);
    if (ci_is_true(node->protected))
        return ci_fail(task->ctx, NodeProtected, node->uuid);
    if (ci_is_true(node->maintenance) || ci_state_is(node->provision_state, CI_STATE_MAY_DELETE) ||
        (available && ci_same(node->provision_state, CI_STATE_AVAILABLE)))
        return true;
    return ci_fail_text(task->ctx, InvalidState,
                        "Can not delete node \"%s\" while it is in provision state \"%s\". Valid "
                        "provision states to perform deletion are: \"('manageable', 'enroll', "
                        "'adopt failed'%s)\", or set the node into maintenance mode",
                        node->uuid, state_of(node), available ? ", 'available'" : "");
}

/* A console that cannot be stopped does not keep its node. */
static bool stop_console(struct ci_task *task)
{
    const struct ci_console *console;

    if (!ci_is_true(task->node->console_enabled))
        return true;
    ci_notify_console(task, "console_set", CI_NOTIFY_START);
    if (!ci_task_load_driver(task)) {
        ci_notify_console(task, "console_set", CI_NOTIFY_ERROR);
        return false;
    }
    console = task->hardware->console;
    if (console->stop && !console->stop(task)) {
        ci_notify_console(task, "console_set", CI_NOTIFY_ERROR);
        ci_error_log(task->ctx, "The console of a node that is deleted could not be stopped",
                     "node=%s error=%s", task->node->uuid, task->ctx->error->message);
        ci_error_clear(task->ctx);
        return true;
    }
    ci_node_set_console_enabled(task->node, false);
    ci_notify_console(task, "console_set", CI_NOTIFY_END);
    return true;
}

bool ci_call_destroy_node(struct ci_call *call)
{
    const char *node_id;
    struct ci_task *task;

    if (!ci_call_need(call, "node_id", &node_id) ||
        !ci_task_take_bare(call->conductor, call->ctx, node_id, CI_EXCLUSIVE, "node deletion",
                           &task))
        return false;
    if (!check_deletable(task) || !stop_console(task) || !ci_node_destroy(call->ctx, task->node)) {
        ci_task_release(task);
        return false;
    }
    ci_task_forget(task);
    ci_info(call->ctx, "Node deleted", "node=%s", task->node->uuid);
    return true;
}
