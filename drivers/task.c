/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every task can do: load the node's ports when somebody first asks for them, and wait.
 */
#include "drivers/task.h"

#include <inttypes.h>
#include <time.h>

#include "base/error.h"
#include "objects/row.h"

bool ci_task_ports(struct ci_task *task)
{
    const char *values[] = {ci_printf(task->ctx->mem, "%" PRId64, task->node->id)};

    if (task->ports)
        return true;
    return ci_row_load_all(task->ctx, &ci_port_type, "node_id = $1", NULL, 1, values,
                           &task->port_count, &task->ports);
}

bool ci_task_go_on(struct ci_task *task)
{
    if (!ci_task_is_ending(task))
        return true;
    return ci_fail_text(task->ctx, IronicException,
                        "The conductor was stopped, and its time to finish work was over. The "
                        "operation was cut off.");
}

void ci_task_pause(const struct ci_task *task, int64_t seconds)
{
    for (; seconds > 0 && !ci_task_is_ending(task); seconds--)
        nanosleep(&(struct timespec){1, 0}, NULL);
}
