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

#include <openssl/evp.h>
struct point {
    unsigned char digest[EVP_MAX_MD_SIZE];
    const char *host;
    size_t order; /* of its host: on equal digests the later one wins */
};

struct ci_ring {
    const EVP_MD *algorithm;
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
static void add_points(struct ci_ring *ring, EVP_MD_CTX *md, EVP_MD_CTX *copy, const char *host,
                       size_t n, size_t order)
{
    EVP_DigestInit_ex(md, ring->algorithm, NULL);
    EVP_DigestUpdate(md, host, strlen(host));
    for (size_t i = 0; i < n; i++) {
        struct point *point = &ring->points[ring->size++];

        EVP_DigestUpdate(md, host, strlen(host));
        EVP_MD_CTX_copy_ex(copy, md);
        EVP_DigestFinal_ex(copy, point->digest, NULL);
        point->host = host;
        point->order = order;
    }
}

/* On equal digests only the later host's point stays. */
static void drop_hidden_points(struct ci_ring *ring)
{
    size_t kept = 0;

    for (size_t i = 0; i < ring->size; i++) {
        const struct point *next = &ring->points[i + 1];

        if (i + 1 < ring->size &&
            memcmp(ring->points[i].digest, next->digest, ring->digest_size) == 0)
            continue;
        ring->points[kept++] = ring->points[i];
    }
    ring->size = kept;
}

struct ci_ring *ci_ring_make(struct ci_arena *mem, const char *algorithm, int exponent,
                             const char *const *hosts, size_t n)
{
    struct ci_ring *ring = ci_new(mem, struct ci_ring);
    size_t per_host = (size_t)1 << exponent;
    EVP_MD_CTX *md = EVP_MD_CTX_new(), *copy = EVP_MD_CTX_new();

    ring->algorithm = EVP_get_digestbyname(algorithm);
    if (ring->algorithm) {
        ring->digest_size = (size_t)EVP_MD_get_size(ring->algorithm);
        ring->points = ci_alloc_array(mem, n * per_host, sizeof *ring->points);
        for (size_t i = 0; i < n; i++)
            add_points(ring, md, copy, ci_strdup(mem, hosts[i]), per_host, i);
        qsort(ring->points, ring->size, sizeof *ring->points, compare_points);
        drop_hidden_points(ring);
    }
    EVP_MD_CTX_free(md);
    EVP_MD_CTX_free(copy);
    return ring->algorithm ? ring : NULL;
}

size_t ci_ring_position(const struct ci_ring *ring, const char *key)
{
    unsigned char digest[EVP_MAX_MD_SIZE] = {0};
    size_t low = 0, high = ring->size;

    assert(ring->size > 0);
    EVP_Digest(key, strlen(key), digest, NULL, ring->algorithm, NULL);
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(ring->points[middle].digest, digest, ring->digest_size) > 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low == ring->size ? 0 : low;
}

const char *ci_ring_host(const struct ci_ring *ring, const char *key)
{
    return ring->points[ci_ring_position(ring, key)].host;
}
