/* SPDX-License-Identifier: Apache-2.0 */
/*
 * castiron-dbsync revision: the file and the row that a new revision of the schema begins with.
 */
#include "cmd/new_revision.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ident.h"
#include "base/text.h"
#include "db/revision.h"

enum { ID_LENGTH = 12 };

static bool write_file(struct ci_ctx *ctx, const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    const size_t length = strlen(text);
    bool done;

    if (fd < 0)
        return ci_fail_text(ctx, InvalidParameterValue,
                            "%s cannot be made: %s. Run this in the folder of the sources.", path,
                            strerror(errno));
    done = write(fd, text, length) == (ssize_t)length;
    return close(fd) == 0 && done
               ? true
               : ci_fail_text(ctx, InvalidParameterValue, "%s cannot be written.", path);
}

/* A single line without what would end a string of C. */
static bool is_plain(const char *meaning)
{
    return !strpbrk(meaning, "\"\\\n\r");
}

bool ci_new_revision(struct ci_ctx *ctx, const char *meaning)
{
    /* Twelve hexadecimal digits, as alembic's, out of a UUID's random ones. */
    const char *uuid = ci_uuid_new(ctx->mem), *id, *path;

    meaning = meaning ? meaning : "empty message";
    if (!is_plain(meaning))
        return ci_fail_text(ctx, InvalidParameterValue,
                            "The message must be one line without quotes and backslashes.");
    id = uuid + strlen(uuid) - ID_LENGTH;
    path = ci_printf(ctx->mem, "db/revisions/%s.sql", id);
    if (!write_file(
            ctx, path,
            ci_printf(ctx->mem, "-- %s.\n\n-- takes: TABLE, ACCESS EXCLUSIVE, catalog\n", meaning)))
        return false;
    printf("  Generating %s ...  done\nREVISION(%s, %s, \"%s\")\n", path, id, ci_revision_newest(),
           meaning);
    return true;
}
