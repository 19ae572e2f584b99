/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system logs of a ramdisk: an archive in base64, stored as it is.
 */
#include "drivers/agent_logs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "drivers/agent_client.h"

static bool is_asked_for(const struct ci_task *task)
{
    return !ci_same(task->ctx->config->agent.deploy_logs_collect, "never");
}

/* UUID, name, instance, label and time, as far as they are there; a name is free of slashes. */
static const char *file_name(struct ci_task *task, const char *label)
{
    const struct ci_node *node = task->node;
    const char *parts[] = {node->name, node->instance_uuid, label};
    const char *name = node->uuid;
    time_t now = time(NULL);
    char when[sizeof "2026-11-23-06-18-00"];
    struct tm utc;

    gmtime_r(&now, &utc);
    strftime(when, sizeof when, "%Y-%m-%d-%H-%M-%S", &utc);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i] && !strchr(parts[i], '/'))
            name = ci_printf(task->ctx->mem, "%s_%s", name, parts[i]);
    }
    return ci_printf(task->ctx->mem, "%s/%s_%s.tar.gz",
                     task->ctx->config->agent.deploy_logs_local_path, name, when);
}

static bool write_file(const char *path, const char *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);

    while (fd >= 0 && length > 0) {
        ssize_t n = write(fd, bytes, length);

        if (n <= 0)
            break;
        bytes += n;
        length -= (size_t)n;
    }
    return fd >= 0 && close(fd) == 0 && length == 0;
}

static void store(struct ci_task *task, const char *bytes, size_t length, const char *label)
{
    const struct ci_config *config = task->ctx->config;
    const char *path = file_name(task, label);

    if (!ci_same(config->agent.deploy_logs_storage_backend, "local")) {
        ci_warning(task->ctx, "The logs of a ramdisk are dropped: their store is not supported",
                   "node=%s store=%s", task->node->uuid, config->agent.deploy_logs_storage_backend);
        return;
    }
    (void)mkdir(config->agent.deploy_logs_local_path, 0750); /* perhaps it is there */
    if (write_file(path, bytes, length))
        ci_info(task->ctx, "The logs of a ramdisk are stored", "node=%s file=%s", task->node->uuid,
                path);
    else
        ci_error_log(task->ctx, "The logs of a ramdisk cannot be stored",
                     "node=%s file=%s error=%s", task->node->uuid, path, strerror(errno));
}

void ci_agent_store_logs(struct ci_task *task, const char *logs, const char *label)
{
    char *bytes;
    size_t length;

    if (!is_asked_for(task))
        return;
    if (ci_base64_decode(task->ctx->mem, logs, strlen(logs), &bytes, &length))
        store(task, bytes, length, label);
    else
        ci_error_log(task->ctx, "The logs of a ramdisk are no base64", "node=%s", task->node->uuid);
}

void ci_agent_collect_logs(struct ci_task *task, const char *label)
{
    struct ci_error *why = task->ctx->error;
    json_t *command;

    if (!is_asked_for(task))
        return;
    task->ctx->error = NULL;
    if (ci_agent_command(task, "log.collect_system_logs", json_object(), CI_AGENT_END, &command))
        ci_agent_store_logs(
            task, ci_agent_text(json_object_get(command, "command_result"), "system_logs"), label);
    else
        ci_error_log(task->ctx, "The logs of a ramdisk cannot be had", "node=%s error=%s",
                     task->node->uuid, task->ctx->error->message);
    task->ctx->error = why;
}
