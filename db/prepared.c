/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statements a connection has prepared, by their text.
 *
 * Found by content and not by address: a statement that was put together in the memory of
 * one request may sit where another one sat before.
 */
#include <string.h>

#include "db/engine.h"

/* Eight bytes a step: the text of a node's SELECT has more than a thousand. */
static uint64_t hash_of(const char *sql, size_t length)
{
    uint64_t hash = length * 0x9e3779b97f4a7c15u, word;

    for (; length >= sizeof word; sql += sizeof word, length -= sizeof word) {
        memcpy(&word, sql, sizeof word);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    word = 0;
    memcpy(&word, sql, length);
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static size_t bucket_of(uint64_t hash)
{
    return hash % CI_PREPARED_BUCKETS;
}

void ci_prepared_init(struct ci_prepared_set *set)
{
    *set = (struct ci_prepared_set){.mem = ci_arena_new()};
}

void ci_prepared_done(struct ci_prepared_set *set)
{
    ci_arena_free(set->mem);
    *set = (struct ci_prepared_set){0};
}

struct ci_prepared *ci_prepared_find(const struct ci_prepared_set *set, const char *sql)
{
    size_t length = strlen(sql);
    uint64_t hash = hash_of(sql, length);
    struct ci_prepared *p = set->buckets[bucket_of(hash)];

    while (p && (p->hash != hash || p->length != length || memcmp(p->sql, sql, length) != 0))
        p = p->next;
    return p;
}

struct ci_prepared *ci_prepared_add(struct ci_prepared_set *set, const char *sql)
{
    struct ci_prepared *p = ci_new(set->mem, struct ci_prepared), **bucket;

    p->length = strlen(sql);
    p->sql = ci_strndup(set->mem, sql, p->length);
    p->hash = hash_of(sql, p->length);
    bucket = &set->buckets[bucket_of(p->hash)];
    p->next = *bucket;
    *bucket = p;
    set->count++;
    return p;
}

void ci_prepared_clear(struct ci_prepared_set *set)
{
    ci_arena_reset(set->mem);
    memset(set->buckets, 0, sizeof set->buckets);
    set->count = 0;
}
