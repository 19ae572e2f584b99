/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/ring.h"

#include <string.h>

#include "base/text.h"
#include "tests/unit/unit.h"

static size_t count(const char *const *list)
{
    size_t n = 0;

    while (list[n])
        n++;
    return n;
}

static const struct vector {
    const char *hosts;
    int exponent;
    const char *algorithm, *key;
    size_t position, size;
    const char *owner;
} vectors[] = {
#define VECTOR(...) {__VA_ARGS__},
#include "tests/golden/ring_vectors.def"
#undef VECTOR
};

/* S60 */
START_TEST(rings_agree_with_ironic_point_for_point)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const struct vector *v = &vectors[i];
        const char *const *hosts = ci_split(unit_ctx()->mem, v->hosts, ' ');
        struct ci_ring *ring =
            ci_ring_make(unit_ctx()->mem, v->algorithm, v->exponent, hosts, count(hosts));

        ck_assert_msg(ring, "%s", v->algorithm);
        ck_assert_msg(ci_ring_position(ring, v->key) == v->position, "vector %zu: %zu", i,
                      ci_ring_position(ring, v->key));
        ck_assert_msg(strcmp(ci_ring_host(ring, v->key), v->owner) == 0, "vector %zu: %s", i,
                      ci_ring_host(ring, v->key));
    }
}
END_TEST

START_TEST(the_order_of_hosts_does_not_matter)
{
    static const char *const one[] = {"a", "b", "c"}, *const other[] = {"c", "a", "b"};
    struct ci_arena *mem = unit_ctx()->mem;
    struct ci_ring *left = ci_ring_make(mem, "md5", 5, one, 3);
    struct ci_ring *right = ci_ring_make(mem, "md5", 5, other, 3);

    for (int i = 0; i < 1000; i++) {
        const char *key = ci_printf(mem, "key-%d", i);

        ck_assert_str_eq(ci_ring_host(left, key), ci_ring_host(right, key));
    }
}
END_TEST

START_TEST(a_host_that_leaves_moves_only_its_own_nodes)
{
    static const char *const all[] = {"a", "b", "c"}, *const rest[] = {"a", "c"};
    struct ci_arena *mem = unit_ctx()->mem;
    struct ci_ring *before = ci_ring_make(mem, "md5", 5, all, 3);
    struct ci_ring *after = ci_ring_make(mem, "md5", 5, rest, 2);

    for (int i = 0; i < 1000; i++) {
        const char *key = ci_printf(mem, "key-%d", i), *host = ci_ring_host(before, key);

        if (strcmp(host, "b") != 0)
            ck_assert_str_eq(ci_ring_host(after, key), host);
    }
}
END_TEST

START_TEST(an_unknown_digest_gives_no_ring)
{
    static const char *const hosts[] = {"a"};

    ck_assert_ptr_null(ci_ring_make(unit_ctx()->mem, "crc32", 5, hosts, 1));
}
END_TEST

UNIT_MAIN("rpc/ring", rings_agree_with_ironic_point_for_point, the_order_of_hosts_does_not_matter,
          a_host_that_leaves_moves_only_its_own_nodes, an_unknown_digest_gives_no_ring)
