/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * Configuration files in oslo.config's grammar, line by line:
 *
 *     [section]          begins a section
 *     name = value       or name: value; blanks around both are cut off
 *     <blank> more       continues the value above with a line break and the text
 *     # or ;             a comment, at the very start of a line only
 *
 * One pair of quotes around the first line of a value is taken off. A comment or an empty line
 * ends a value. References ($name) are left as they are: config.c resolves them.
 *
 * Bounds: a file has at most 1 MiB, is UTF-8 and has no NUL; lines have no limit of their own.
 */
struct ci_ini_entry {
    const char *section; /* as written */
    const char *name;
    const char *value; /* never NULL */
    const char *file;
    int line;
    struct ci_ini_entry *next;
};

/* All entries in the order read. A name may come any number of times. */
struct ci_ini {
    struct ci_ini_entry *first, *last;
};

/* The largest file that is read. */
enum { CI_INI_MAX_BYTES = 1024 * 1024 };

/*
 * Adds the entries of `bytes` to ini, all in ctx->mem; `file` names them in messages. Fails with
 * ConfigInvalid, whose message has the file and the line.
 */
ci_must_check bool ci_ini_parse(struct ci_ctx *ctx, const char *file, const char *bytes, size_t n,
                                struct ci_ini *ini);

/* The same from a file; also fails when it cannot be read or is too large. */
ci_must_check bool ci_ini_read(struct ci_ctx *ctx, const char *path, struct ci_ini *ini);
