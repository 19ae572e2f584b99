/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies are collected whole, each up to the limit of its route and all together up to a
 * budget, so that what clients send cannot fill the memory.
 */
#include "base/httpbody.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES ((size_t)4096)

static bool borrow(struct ci_http_budget *budget, size_t n)
{
    if (atomic_fetch_add(&budget->used, n) + n <= budget->limit)
        return true;
    atomic_fetch_sub(&budget->used, n);
    return false;
}

static void drop(struct ci_http_body *body, struct ci_http_budget *budget)
{
    free(body->bytes);
    atomic_fetch_sub(&budget->used, body->capacity);
    body->bytes = NULL;
    body->length = body->capacity = 0;
}

/* Room for n bytes and a NUL. */
static bool grow(struct ci_http_body *body, struct ci_http_budget *budget, size_t n)
{
    size_t capacity = body->capacity ? body->capacity : FIRST_BYTES;

    if (n < body->capacity)
        return true;
    while (capacity <= n)
        capacity *= 2;
    if (n <= body->announced && capacity > body->announced)
        capacity = body->announced + 1;
    if (!borrow(budget, capacity - body->capacity))
        return false;
    body->bytes = realloc(body->bytes, capacity);
    if (!body->bytes) {
        fputs("castiron: out of memory\n", stderr);
        abort();
    }
    body->capacity = capacity;
    return true;
}

void ci_http_body_discard(struct ci_http_body *body, struct ci_http_budget *budget, int refusal)
{
    drop(body, budget);
    body->discarding = true;
    if (body->refusal == 0)
        body->refusal = refusal;
}

void ci_http_body_add(struct ci_http_body *body, struct ci_http_budget *budget, const char *bytes,
                      size_t n)
{
    if (!body->discarding && n > body->limit - body->length)
        ci_http_body_discard(body, budget, 413);
    else if (!body->discarding && !grow(body, budget, body->length + n))
        ci_http_body_discard(body, budget, 503);
    if (body->discarding) {
        body->discarded += n;
        return;
    }
    memcpy(body->bytes + body->length, bytes, n);
    body->length += n;
    body->bytes[body->length] = '\0';
}

void ci_http_body_done(struct ci_http_body *body, struct ci_http_budget *budget)
{
    drop(body, budget);
    *body = (struct ci_http_body){0};
}
