/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Port groups: changing and deleting them. They are created by the API alone.
 */
#include <inttypes.h>

#include "base/log.h"
#include "base/time.h"
#include "conductor/calls.h"
#include "db/db.h"
#include "objects/row.h"
#include "objects/states.h"

/* A group moves to another node while that one is not in use, and empty. */
static bool check_move(struct ci_task *task, const struct ci_portgroup *portgroup)
{
    static const char *const allowed[] = {CI_STATE_ENROLL, CI_STATE_INSPECTING,
                                          CI_STATE_INSPECTWAIT, CI_STATE_MANAGEABLE, NULL};
    const struct ci_node *node = task->node;
    struct ci_port **ports;
    size_t count;

    if (!ci_fieldset_has(&portgroup->object.changed, ci_portgroup_node_id_n))
        return true;
    if (!ci_one_of(node->provision_state, allowed) && !ci_is_true(node->maintenance))
        return ci_fail_text(task->ctx, InvalidState,
                            "Portgroup %s can not be associated to node %s unless the node is in "
                            "a enroll, inspecting, inspect wait, manageable state or in "
                            "maintenance mode.",
                            portgroup->uuid, node->uuid);
    if (!ci_port_load_of_portgroup(task->ctx, portgroup->id, &count, &ports))
        return false;
    return count == 0 ||
           ci_fail_text(task->ctx, PortgroupNotEmpty,
                        "Portgroup %s can not be associated with node %s because there are ports "
                        "associated with this portgroup.",
                        portgroup->uuid, node->uuid);
}

bool ci_call_update_portgroup(struct ci_call *call)
{
    struct ci_portgroup *portgroup;
    struct ci_task *task;
    bool done;

    if (!ci_call_portgroup(call, "portgroup_obj", &portgroup))
        return false;
    ci_call_keep_unknown(portgroup);
    if (!ci_task_take_id(call->conductor, call->ctx, portgroup->node_id, CI_EXCLUSIVE,
                         "update portgroup", &task))
        return false;
    /* No network interface that exists has anything to do for a changed group. */
    done = check_move(task, portgroup) && ci_call_validate(task, &task->hardware->network->base) &&
           ci_portgroup_save(call->ctx, portgroup) && ci_call_answer_object(call, portgroup);
    ci_task_release(task);
    return done;
}

bool ci_call_destroy_portgroup(struct ci_call *call)
{
    struct ci_portgroup *portgroup;
    struct ci_task *task;
    bool done;

    if (!ci_call_portgroup(call, "portgroup", &portgroup) ||
        !ci_task_take_id(call->conductor, call->ctx, portgroup->node_id, CI_EXCLUSIVE,
                         "portgroup deletion", &task))
        return false;
    done = ci_portgroup_destroy(call->ctx, portgroup);
    if (done)
        ci_info(call->ctx, "Port group deleted", "portgroup=%s node=%s", portgroup->uuid,
                task->node->uuid);
    ci_task_release(task);
    return done;
}

/* The group and all of its ports, which are in one physical network always. */
static bool move(struct ci_ctx *ctx, struct ci_portgroup *portgroup, const char *network)
{
    const char *values[] = {network, ci_time_db(ctx->mem, ci_time_now_us()),
                            ci_printf(ctx->mem, "%" PRId64, portgroup->id)};

    ci_portgroup_set_physical_network(portgroup, network);
    return ci_portgroup_save(ctx, portgroup) &&
           ci_db_run(ctx,
                     "UPDATE ports SET physical_network = $1, updated_at = $2 "
                     "WHERE portgroup_id = $3",
                     3, values, NULL);
}

bool ci_call_update_portgroup_physical_network(struct ci_call *call)
{
    struct ci_portgroup *portgroup;
    const char *network;
    struct ci_task *task;
    bool done;

    if (!ci_call_portgroup(call, "portgroup", &portgroup) ||
        !ci_call_text(call, "new_physical_network", &network))
        return false;
    ci_call_keep_unknown(portgroup);
    if (!ci_task_take_id(call->conductor, call->ctx, portgroup->node_id, CI_EXCLUSIVE,
                         "update portgroup physical network", &task))
        return false;
    done = ci_db_begin(call->ctx) && ci_row_end(call->ctx, move(call->ctx, portgroup, network)) &&
           ci_call_answer_object(call, portgroup);
    ci_task_release(task);
    return done;
}
