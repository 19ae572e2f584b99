/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another process of the same name: how it is told.
 */
#include "conductor/former.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/config.h"
#include "db/db.h"
#include "objects/conductor.h"

bool ci_former_fail(struct ci_ctx *ctx, const char *host, const char *how)
{
    return ci_fail_text(ctx, ConductorAlreadyRegistered,
                        "A conductor named %s ([DEFAULT]host) is running already: %s. Give this "
                        "one another name, or stop that one.",
                        host, how);
}

bool ci_former_lock(struct ci_ctx *ctx, const char *host, int *ret_fd)
{
    const char *file, *path;
    struct ci_rows *rows;
    int fd;

    if (!ci_db_query(ctx, "SELECT file FROM pragma_database_list WHERE name = 'main'", 0, NULL,
                     &rows))
        return false;
    file = rows->count > 0 ? ci_row_text(rows, 0, 0) : NULL;
    *ret_fd = -1;
    if (!file || !*file)
        return true;
    path = ci_printf(ctx->mem, "%s.lock", file);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return ci_fail_text(ctx, DatabaseError, "%s cannot be opened: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return ci_former_fail(ctx, host, ci_printf(ctx->mem, "it holds %s", path));
    }
    *ret_fd = fd;
    return true;
}

bool ci_former_look(struct ci_ctx *ctx, const char *host, int64_t *ret_seen_us)
{
    struct ci_conductor_record *record;

    *ret_seen_us = CI_NULL_TIME;
    if (!ci_conductor_load(ctx, host, CI_CONDUCTOR_ONLINE, &record)) {
        if (!ci_failed_with(ctx, CI_ERR_ConductorNotFound))
            return false;
        ci_error_clear(ctx);
        return true;
    }
    if (ci_conductor_is_alive(ctx, record, ctx->config->conductor.heartbeat_timeout))
        *ret_seen_us = record->updated_at;
    return true;
}
