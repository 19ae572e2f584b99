/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the bodies of all requests under way may take together. */
struct ci_http_budget {
    atomic_size_t used;
    size_t limit;
};

/*
 * The body of a request while it arrives. All zero is an empty one, which has no limit yet;
 * memory is taken as bytes arrive, not as they are announced.
 */
struct ci_http_body {
    char *bytes; /* on the heap, ended by a NUL; NULL while there are none */
    size_t length, capacity;
    size_t limit;     /* of the length */
    size_t announced; /* Content-Length, or 0 */
    size_t discarded; /* bytes that came after discarding began */
    int refusal;      /* why it is discarded: 413, 503, or 0 when it is not wanted at all */
    bool discarding;
};

/* Throws away what there is and what is still to come; the first reason stays. */
void ci_http_body_discard(struct ci_http_body *body, struct ci_http_budget *budget, int refusal);

/* Adds bytes, unless they are being discarded or begin to be: past a limit. */
void ci_http_body_add(struct ci_http_body *body, struct ci_http_budget *budget, const char *bytes,
                      size_t n);

/* Gives the memory back; the body is empty and without a limit again. */
void ci_http_body_done(struct ci_http_body *body, struct ci_http_budget *budget);
