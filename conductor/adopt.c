/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adoption: a machine that runs an instance already comes under this service's care.
 */
#include "conductor/adopt.h"

#include "base/log.h"
#include "base/text.h"
#include "conductor/console.h"
#include "conductor/history.h"
#include "conductor/instance.h"
#include "conductor/machine.h"

bool ci_take_over(struct ci_task *task)
{
    const struct ci_deploy *deploy = task->hardware->deploy;

    if (deploy->prepare && !deploy->prepare(task))
        return false;
    if (deploy->take_over && !deploy->take_over(task))
        return false;
    if (!ci_console_reopen(
            task,
            ci_printf(task->ctx->mem,
                      "Failed to start console while taking over the node %s: ", task->node->uuid),
            ".", CI_HISTORY_TAKEOVER))
        return false;
    ci_node_set_conductor_affinity(task->node, ci_task_conductor(task)->id);
    return ci_node_save(task->ctx, task->node);
}

/* A node that does not boot from its own disk must say what it boots from. */
static bool check_boot(struct ci_task *task)
{
    const struct ci_interface *boot = &task->hardware->boot->base;
    const char *option;

    if (!ci_instance_boot_option(task, &option))
        return false;
    return ci_same(option, "local") || !boot->validate || boot->validate(task);
}

static bool adopt(struct ci_task *task)
{
    return ci_instance_note_image(task) && check_boot(task) && ci_take_over(task) &&
           ci_machine_move(task, CI_EVENT_done, NULL, NULL, NULL);
}

void ci_adopt_work(struct ci_task *task, void *arg)
{
    const char *message;

    (void)arg;
    if (adopt(task)) {
        ci_info(task->ctx, "Adopted", "node=%s", task->node->uuid);
        return;
    }
    message = ci_printf(task->ctx->mem, "Error while attempting to adopt node %s: %s.",
                        task->node->uuid, ci_error_take(task->ctx));
    ci_error_log(task->ctx, "Adoption failed", "node=%s error=%s", task->node->uuid, message);
    ci_node_set_power_state(task->node, NULL); /* what is known of it is likely wrong */
    ci_history_error(task, CI_HISTORY_ADOPTION, message);
    (void)!ci_machine_move(task, CI_EVENT_fail, NULL, NULL, NULL);
}
