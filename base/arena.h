/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* Marks a function whose false (or NULL) answer must be looked at. */
#define ci_must_check __attribute__((warn_unused_result))

/* Lets the compiler check printf-like formats: F is the format's position, A the first value's. */
#define ci_format(F, A) __attribute__((format(printf, F, A)))

/*
 * Memory that dies together: one arena per piece of work (a request, a call, a periodic run).
 *
 * Nothing in it is freed by hand. Allocation cannot fail: a process that has no memory left
 * ends. An arena belongs to one thread at a time.
 */
struct ci_arena;

/* A new arena on the heap; ends with ci_arena_free(), which accepts NULL. */
struct ci_arena *ci_arena_new(void);
void ci_arena_free(struct ci_arena *mem);

/*
 * Runs what was deferred and forgets all allocations, but keeps one block, so that an arena
 * used again for the next request costs no system call.
 */
void ci_arena_reset(struct ci_arena *mem);

/* Bytes handed out since the last reset. */
size_t ci_arena_used(const struct ci_arena *mem);

/* Zeroed memory, aligned for any type. `n` things of `size` bytes; overflow ends the process. */
void *ci_alloc(struct ci_arena *mem, size_t size) __attribute__((malloc, returns_nonnull));
void *ci_alloc_array(struct ci_arena *mem, size_t n, size_t size)
    __attribute__((malloc, returns_nonnull));

/* One zeroed struct: ci_new(mem, struct ci_node). */
#define ci_new(mem, type) ((type *)ci_alloc((mem), sizeof(type)))

/* Copies of text. ci_strdup(NULL) is NULL; ci_strndup ends its copy with a NUL of its own. */
char *ci_strdup(struct ci_arena *mem, const char *text);
char *ci_strndup(struct ci_arena *mem, const char *text, size_t n);
char *ci_printf(struct ci_arena *mem, const char *format, ...) ci_format(2, 3);
char *ci_vprintf(struct ci_arena *mem, const char *format, va_list args) ci_format(2, 0);

/* Ties something that is not memory to the arena: `done(thing)` runs at its end, last in first out.
 */
void ci_defer(struct ci_arena *mem, void (*done)(void *thing), void *thing);
