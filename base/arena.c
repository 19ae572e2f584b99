/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arenas: a chain of blocks, the newest first, and a list of deferred calls that lives in
 * the blocks themselves.
 *
 * A large thing gets a block of its own behind the current one, so that the rest of the
 * current block stays in use. Under AddressSanitizer the unused part of each block is
 * poisoned, so that reading past an allocation's end is seen.
 */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define REDZONE 16
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define REDZONE 0
#endif

#define BLOCK_BYTES ((size_t)8 * 1024 - sizeof(struct block))
#define ALIGN _Alignof(max_align_t)

struct block {
    struct block *next;
    size_t size, used;
    _Alignas(max_align_t) char data[];
};

struct deferred {
    struct deferred *next;
    void (*done)(void *);
    void *thing;
};

struct ci_arena {
    struct block *blocks;
    struct deferred *deferred;
    size_t used;
};

static void *must(void *p)
{
    if (!p) {
        fputs("castiron: out of memory\n", stderr);
        abort();
    }
    return p;
}

static struct block *block_new(size_t size)
{
    struct block *b = must(malloc(sizeof *b + size));

    b->next = NULL;
    b->size = size;
    b->used = 0;
    ASAN_POISON_MEMORY_REGION(b->data, size);
    return b;
}

static void block_free(struct block *b)
{
    ASAN_UNPOISON_MEMORY_REGION(b->data, b->size);
    free(b);
}

static struct block *room_for(struct ci_arena *mem, size_t need)
{
    struct block *head = mem->blocks, *b;

    if (need <= head->size - head->used)
        return head;
    if (need > BLOCK_BYTES / 4) {
        b = block_new(need);
        b->next = head->next;
        head->next = b;
        return b;
    }
    b = block_new(BLOCK_BYTES);
    b->next = head;
    mem->blocks = b;
    return b;
}

static void *take(struct ci_arena *mem, size_t size)
{
    size_t need;
    struct block *b;
    char *p;

    if (size > SIZE_MAX / 2)
        must(NULL);
    need = (size + REDZONE + ALIGN - 1) & ~(ALIGN - 1);
    if (need == 0)
        need = ALIGN;
    b = room_for(mem, need);
    p = b->data + b->used;
    b->used += need;
    mem->used += size;
    ASAN_UNPOISON_MEMORY_REGION(p, size);
    return p;
}

static void run_deferred(struct ci_arena *mem)
{
    while (mem->deferred) {
        struct deferred *d = mem->deferred;

        mem->deferred = d->next;
        d->done(d->thing);
    }
}

struct ci_arena *ci_arena_new(void)
{
    struct ci_arena *mem = must(calloc(1, sizeof *mem));

    mem->blocks = block_new(BLOCK_BYTES);
    return mem;
}

void ci_arena_free(struct ci_arena *mem)
{
    if (!mem)
        return;
    run_deferred(mem);
    for (struct block *b = mem->blocks, *next; b; b = next) {
        next = b->next;
        block_free(b);
    }
    free(mem);
}

void ci_arena_reset(struct ci_arena *mem)
{
    struct block *kept = NULL;

    run_deferred(mem);
    for (struct block *b = mem->blocks, *next; b; b = next) {
        next = b->next;
        if (!kept && b->size == BLOCK_BYTES)
            kept = b;
        else
            block_free(b);
    }
    kept->next = NULL;
    kept->used = 0;
    ASAN_POISON_MEMORY_REGION(kept->data, kept->size);
    mem->blocks = kept;
    mem->used = 0;
}

size_t ci_arena_used(const struct ci_arena *mem)
{
    return mem->used;
}

void *ci_alloc(struct ci_arena *mem, size_t size)
{
    return memset(take(mem, size), 0, size);
}

void *ci_alloc_array(struct ci_arena *mem, size_t n, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes))
        must(NULL);
    return ci_alloc(mem, bytes);
}

char *ci_strndup(struct ci_arena *mem, const char *text, size_t n)
{
    char *copy = take(mem, n + 1);

    memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}

char *ci_strdup(struct ci_arena *mem, const char *text)
{
    return text ? ci_strndup(mem, text, strlen(text)) : NULL;
}

char *ci_vprintf(struct ci_arena *mem, const char *format, va_list args)
{
    va_list again;
    char *text, small[256];
    int n;

    va_copy(again, args);
    n = vsnprintf(small, sizeof small, format, again);
    va_end(again);
    if (n < 0)
        must(NULL);
    if ((size_t)n < sizeof small)
        return ci_strndup(mem, small, (size_t)n);
    text = take(mem, (size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, format, args);
    return text;
}

char *ci_printf(struct ci_arena *mem, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = ci_vprintf(mem, format, args);
    va_end(args);
    return text;
}

void ci_defer(struct ci_arena *mem, void (*done)(void *thing), void *thing)
{
    struct deferred *d = take(mem, sizeof *d);

    d->next = mem->deferred;
    d->done = done;
    d->thing = thing;
    mem->deferred = d;
}
