/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash ring: which conductor answers for a node.
 *
 * Must agree point for point with Ironic's: one digest per host, fed the host's name again for
 * every further point and read as a big-endian number; a node belongs to the first point after
 * its own digest. Digests of one length compare as numbers by memcmp.
 */
#include "rpc/ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

/* A million points a host are more than any cluster has use for. */
enum { EXPONENT_MAX = 20 };

struct point {
    unsigned char digest[CI_DIGEST_MAX_BYTES];
    const char *host;
    size_t order; /* of its host: on equal digests the later one wins */
};

struct ci_ring {
    struct ci_digest *digest; /* of the key asked for */
    size_t size, digest_size;
    struct point *points;
};

static int compare_points(const void *a, const void *b)
{
    const struct point *left = a, *right = b;
    int order = memcmp(left->digest, right->digest, sizeof left->digest);

    if (order != 0)
        return order;
    return left->order < right->order ? -1 : left->order > right->order;
}

/* Digests of the name twice, three times, …: the first point already holds it doubled. */
static void add_points(struct ci_ring *ring, struct ci_digest *digest, const char *host, size_t n,
                       size_t order)
{
    ci_digest_reset(digest);
    ci_digest_add(digest, host, strlen(host));
    for (size_t i = 0; i < n; i++) {
        struct point *point = &ring->points[ring->size++];

        ci_digest_add(digest, host, strlen(host));
        ci_digest_value(digest, point->digest);
        point->host = host;
        point->order = order;
    }
}

/* On equal digests only the later host's point stays. */
static void drop_hidden_points(struct ci_ring *ring)
{
    size_t kept = 0;

    for (size_t i = 0; i < ring->size; i++) {
        if (i + 1 < ring->size &&
            memcmp(ring->points[i].digest, ring->points[i + 1].digest, ring->digest_size) == 0)
            continue;
        ring->points[kept++] = ring->points[i];
    }
    ring->size = kept;
}

struct ci_ring *ci_ring_make(struct ci_arena *mem, const char *algorithm, int exponent,
                             const char *const *hosts, size_t n)
{
    struct ci_ring *ring = ci_new(mem, struct ci_ring);
    struct ci_digest *digest = ci_digest_new(mem, algorithm);
    size_t per_host;

    if (!digest || exponent < 0 || exponent > EXPONENT_MAX)
        return NULL;
    per_host = (size_t)1 << exponent;
    ring->digest = digest;
    ring->digest_size = ci_digest_size(digest);
    ring->points = ci_alloc_array(mem, n * per_host, sizeof *ring->points);
    for (size_t i = 0; i < n; i++)
        add_points(ring, digest, ci_strdup(mem, hosts[i]), per_host, i);
    qsort(ring->points, ring->size, sizeof *ring->points, compare_points);
    drop_hidden_points(ring);
    return ring;
}

size_t ci_ring_position(struct ci_ring *ring, const char *key)
{
    unsigned char value[CI_DIGEST_MAX_BYTES];
    size_t low = 0, high = ring->size;

    assert(ring->size > 0);
    ci_digest_reset(ring->digest);
    ci_digest_add(ring->digest, key, strlen(key));
    ci_digest_value(ring->digest, value);
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(ring->points[middle].digest, value, ring->digest_size) > 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low == ring->size ? 0 : low;
}

const char *ci_ring_host(struct ci_ring *ring, const char *key)
{
    return ring->points[ci_ring_position(ring, key)].host;
}
