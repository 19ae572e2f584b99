/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: the table of classes and the one function that puts an error into a context.
 *
 * The first error of a chain of steps is the one kept: what fails after it in the same
 * context, while cleaning up, does not hide it. UniqueViolation alone gives way, to the error of
 * whoever knows what it means for the record.
 */
#include "base/error.h"

#include <string.h>

#include "base/ctx.h"

static const struct ci_error_kind kinds[] = {
#define ERROR(name, parent, status, format, keys)                                                  \
    [CI_ERR_##name] = {#name, CI_ERR_##parent, status, format, keys},
#include "base/errors.def"
#undef ERROR
};

/* How many values a format takes, when they are texts all of them; 0 otherwise. */
static size_t count_texts(const char *format)
{
    size_t n = 0;

    for (const char *at = strchr(format, '%'); at; at = strchr(at + 2, '%')) {
        if (at[1] == 's')
            n++;
        else
            return 0;
    }
    return n;
}

/* The values of a class's own message, for peers, who make their exception of them. */
static const char *const *keep_values(struct ci_arena *mem, enum ci_error_class class,
                                      const char *format, va_list args)
{
    size_t n = strcmp(format, kinds[class].format) == 0 ? count_texts(format) : 0;
    const char **values;

    if (n == 0)
        return NULL;
    values = ci_alloc_array(mem, n, sizeof *values);
    for (size_t i = 0; i < n; i++)
        values[i] = ci_strdup(mem, va_arg(args, const char *));
    return values;
}

ci_format(4, 0) static bool set(struct ci_ctx *ctx, enum ci_error_class class, int status,
                                const char *format, va_list args)
{
    va_list values;

    if (ctx->error && ctx->error->class != CI_ERR_UniqueViolation)
        return false;
    ctx->error = ci_new(ctx->mem, struct ci_error);
    ctx->error->class = class;
    ctx->error->status = status;
    va_copy(values, args);
    ctx->error->values = keep_values(ctx->mem, class, format, values);
    va_end(values);
    ctx->error->message = ci_vprintf(ctx->mem, format, args);
    return false;
}

bool ci_error_set(struct ci_ctx *ctx, enum ci_error_class class, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set(ctx, class, kinds[class].status, format, args);
    va_end(args);
    return false;
}

bool ci_error_set_status(struct ci_ctx *ctx, enum ci_error_class class, int status,
                         const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set(ctx, class, status, format, args);
    va_end(args);
    return false;
}

const struct ci_error_kind *ci_error_kind(enum ci_error_class class)
{
    return &kinds[class];
}

enum ci_error_class ci_error_class_by_name(const char *name)
{
    for (int i = 0; i < CI_ERR_COUNT; i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return (enum ci_error_class)i;
    }
    return CI_ERR_COUNT;
}

bool ci_failed_with(const struct ci_ctx *ctx, enum ci_error_class class)
{
    enum ci_error_class at;

    if (!ctx->error)
        return false;
    for (at = ctx->error->class; at != class; at = kinds[at].parent) {
        if (kinds[at].parent == at)
            return false;
    }
    return true;
}

void ci_error_clear(struct ci_ctx *ctx)
{
    ctx->error = NULL;
}

const char *ci_error_take(struct ci_ctx *ctx)
{
    const char *message = ctx->error ? ctx->error->message : "";

    ctx->error = NULL;
    return message;
}
