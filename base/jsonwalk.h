/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The stack that base/json uses to walk trees without recursion. Shallow trees, nearly all,
 * need no memory of their own.
 */
struct ci_json_frame {
    const json_t *value; /* an array or an object */
    const json_t *other; /* what it is compared with */
    void *iter;          /* an object's next member */
    size_t index;        /* how many children were visited */
};

struct ci_json_stack {
    struct ci_json_frame *frames;
    size_t depth, room;
    struct ci_json_frame first[24];
};

static inline void ci_json_stack_init(struct ci_json_stack *stack)
{
    stack->frames = stack->first;
    stack->depth = 0;
    stack->room = sizeof stack->first / sizeof stack->first[0];
}

static inline void ci_json_stack_done(struct ci_json_stack *stack)
{
    if (stack->frames != stack->first)
        free(stack->frames);
}

static inline void ci_json_push(struct ci_json_stack *stack, const json_t *value,
                                const json_t *other)
{
    if (stack->depth == stack->room) {
        size_t bytes = stack->room * sizeof *stack->frames;
        struct ci_json_frame *frames = malloc(2 * bytes);

        if (!frames) {
            fputs("castiron: out of memory\n", stderr);
            abort();
        }
        memcpy(frames, stack->frames, bytes);
        ci_json_stack_done(stack);
        stack->frames = frames;
        stack->room *= 2;
    }
    /* jansson's iterators want an object they might change; only reading is done here. */
    stack->frames[stack->depth++] = (struct ci_json_frame){
        .value = value,
        .other = other,
        .iter = json_is_object(value) ? json_object_iter((json_t *)(uintptr_t)value) : NULL};
}

/* The next child of the topmost container, NULL when there is none left. An object's key too. */
static inline const json_t *ci_json_next(struct ci_json_frame *top, const char **ret_key,
                                         size_t *ret_key_length)
{
    json_t *object = (json_t *)(uintptr_t)top->value;
    const json_t *child;

    if (json_is_array(top->value)) {
        child = json_array_get(top->value, top->index);
    } else if (top->iter) {
        *ret_key = json_object_iter_key(top->iter);
        *ret_key_length = json_object_iter_key_len(top->iter);
        child = json_object_iter_value(top->iter);
        top->iter = json_object_iter_next(object, top->iter);
    } else {
        child = NULL;
    }
    if (child)
        top->index++;
    return child;
}
