/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"

struct ci_ctx;

/* One number per row of errors.def: CI_ERR_NodeNotFound, … */
enum ci_error_class {
#define ERROR(name, parent, status, format, keys) CI_ERR_##name,
#include "base/errors.def"
#undef ERROR
    CI_ERR_COUNT
};

/* What a row of errors.def says. */
struct ci_error_kind {
    const char *name;           /* Ironic's class name, as it travels in remote failures */
    enum ci_error_class parent; /* itself at the root */
    int status;                 /* HTTP status */
    const char *format;         /* the message; %s for each key */
    const char *keys;           /* names of the values, space separated */
};

/* Why a piece of work failed. Lives in the arena of its context. */
struct ci_error {
    enum ci_error_class class;
    int status;          /* the class's, unless ci_fail_status() gave another */
    const char *message; /* what the client or peer is told */
    bool remote;         /* raised by a conductor that was called */
    /* What the class's message was made of, in the order of its keys; NULL when the message was
     * written for the occasion. One of them can be NULL. */
    const char *const *values;
};

/* The formats as arrays, so that the compiler checks each ci_fail() against its row. */
#define ERROR(name, parent, status, format, keys)                                                  \
    __attribute__((unused)) static const char ci_error_format_##name[] = format;
#include "base/errors.def"
#undef ERROR

/*
 * Fails with the class's own message: return ci_fail(ctx, NodeNotFound, ident);
 * Sets ctx->error and gives false.
 */
#define ci_fail(ctx, class, ...)                                                                   \
    ci_error_set((ctx), CI_ERR_##class, ci_error_format_##class __VA_OPT__(, ) __VA_ARGS__)

/* Fails with the class and a message written for the occasion. */
#define ci_fail_text(ctx, class, ...) ci_error_set((ctx), CI_ERR_##class, __VA_ARGS__)

/* The same with another HTTP status than the class's. */
#define ci_fail_status(ctx, class, status, ...)                                                    \
    ci_error_set_status((ctx), CI_ERR_##class, (status), __VA_ARGS__)

bool ci_error_set(struct ci_ctx *ctx, enum ci_error_class class, const char *format, ...)
    ci_format(3, 4);
bool ci_error_set_status(struct ci_ctx *ctx, enum ci_error_class class, int status,
                         const char *format, ...) ci_format(4, 5);

/* What the row of a class says. */
const struct ci_error_kind *ci_error_kind(enum ci_error_class class);

/* The class of that name, or CI_ERR_COUNT: names come from peers. */
enum ci_error_class ci_error_class_by_name(const char *name);

/* Is the context's error of this class or of one below it? False without an error. */
bool ci_failed_with(const struct ci_ctx *ctx, enum ci_error_class class);

/* Forgets the error, when it has been dealt with. */
void ci_error_clear(struct ci_ctx *ctx);

/* The same, and gives its message, for whoever deals with it by telling people. */
const char *ci_error_take(struct ci_ctx *ctx);
