/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a machine tells of itself.
 */
#include "conductor/observe.h"

#include <string.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "conductor/history.h"
#include "objects/capabilities.h"
#include "objects/info.h"
#include "objects/releases.h"

/* Has a driver that could be asked failed? Its error is told and forgotten. */
static bool has_failed(struct ci_task *task, const char *what)
{
    bool unsupported = ci_failed_with(task->ctx, CI_ERR_UnsupportedDriverExtension);

    if (!task->ctx->error)
        return false;
    if (!unsupported)
        ci_warning(task->ctx, "A machine does not tell something of itself",
                   "node=%s what=\"%s\" error=%s", task->node->uuid, what,
                   task->ctx->error->message);
    ci_error_clear(task->ctx);
    return !unsupported;
}

/* Vendors do not change: one that is known is not asked for. */
static bool note_vendor(struct ci_task *task)
{
    const struct ci_management *driver = task->hardware->management;
    const char *vendor = NULL;
    json_t *properties;

    if (!driver->detect_vendor)
        return true;
    if (!ci_info_read(task->ctx, task->node->properties, &properties))
        return false;
    if (json_string_length(json_object_get(properties, "vendor")) > 0)
        return true;
    if (!driver->detect_vendor(task, &vendor))
        (void)has_failed(task, "vendor");
    if (!vendor || !*vendor)
        return true;
    ci_info(task->ctx, "A node's vendor is known", "node=%s vendor=\"%s\"", task->node->uuid,
            vendor);
    return ci_task_upgrade(task) &&
           ci_property_set(task->ctx, task->node, "vendor", json_string(vendor)) &&
           ci_node_save(task->ctx, task->node);
}

/* What the driver tells of booting; absent where it cannot. False: it failed, which is told. */
static bool ask_boot_mode(struct ci_task *task, const char **ret_mode, int8_t *ret_secure)
{
    const struct ci_management *driver = task->hardware->management;
    bool secure = false;

    *ret_mode = NULL;
    *ret_secure = CI_NULL_BOOL;
    if (driver->get_boot_mode && !driver->get_boot_mode(task, ret_mode) &&
        has_failed(task, "boot mode"))
        return false;
    if (driver->get_secure_boot && driver->get_secure_boot(task, &secure))
        *ret_secure = secure;
    return !has_failed(task, "secure boot");
}

static bool note_boot_mode(struct ci_task *task)
{
    const char *mode;
    int8_t secure;

    if (!ask_boot_mode(task, &mode, &secure) ||
        (ci_same(mode, task->node->boot_mode) && secure == task->node->secure_boot))
        return true;
    if (!ci_task_upgrade(task))
        return false;
    ci_node_set_boot_mode(task->node, mode);
    ci_node_set_secure_boot(task->node, secure);
    return ci_node_save(task->ctx, task->node);
}

/* Rows of older releases have no health. */
static bool is_monitored(const struct ci_task *task)
{
    return task->ctx->config->conductor.enable_health_monitoring &&
           task->hardware->management->get_node_health &&
           ci_release_minor(ci_release_pinned(task->ctx), &ci_node_type) >=
               ci_node_type.fields[ci_node_health_n].since;
}

static const char *shown(const char *health)
{
    return health ? health : "None";
}

static bool change_health(struct ci_task *task, const char *health)
{
    const char *former = task->node->health;

    if (!ci_task_upgrade(task))
        return false;
    ci_node_set_health(task->node, health);
    if (!ci_node_save(task->ctx, task->node))
        return false;
    ci_history_note(task, CI_HISTORY_MONITORING,
                    ci_printf(task->ctx->mem,
                              "Node health status changed: health='%s' (previously '%s')",
                              shown(health), shown(former)));
    if (health && strcmp(health, CI_HEALTH_OK) != 0)
        ci_warning(task->ctx, "A machine is not well", "node=%s health=%s", task->node->uuid,
                   health);
    return true;
}

static bool note_health(struct ci_task *task)
{
    static const char *const known[] = {CI_HEALTH_OK, CI_HEALTH_WARNING, CI_HEALTH_CRITICAL, NULL};
    const char *health = NULL;

    if (!is_monitored(task))
        return true;
    if (!task->hardware->management->get_node_health(task, &health)) {
        (void)has_failed(task, "health");
        return true;
    }
    if (health && !ci_one_of(health, known)) {
        ci_warning(task->ctx, "A machine's health is none that is known", "node=%s health=\"%s\"",
                   task->node->uuid, health);
        return true;
    }
    return ci_same(health, task->node->health) || change_health(task, health);
}

bool ci_observe(struct ci_task *task)
{
    return note_vendor(task) && note_boot_mode(task) && note_health(task);
}
