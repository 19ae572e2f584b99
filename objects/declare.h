/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns a field table into the struct, the field numbers and the setters of its object. No
 * include guard: included once per object, by its header, after
 *
 *     #define OBJECT node                  the C name: struct ci_node, ci_node_set_…
 *     #define FIELDS "objects/node.def"
 *
 * The struct begins with a struct ci_object named `object`; where a field has that name itself,
 * BASE names it.
 */
#ifndef BASE
#define BASE object
#endif

#define CI_PASTE_(a, b, c) a##b##c
#define CI_PASTE(a, b, c) CI_PASTE_(a, b, c)

/* Field numbers: ci_node_shard_n */
enum {
#define FIELD(name, kind, nulls, since, older, rest, access, stored, meaning)                      \
    CI_PASTE(CI_PASTE(ci_, OBJECT, _), name, _n),
#include FIELDS
#undef FIELD
    CI_PASTE(ci_, OBJECT, _count)
};

struct CI_PASTE(ci_, OBJECT, ) {
    struct ci_object BASE;
#define FIELD(name, kind, nulls, since, older, rest, access, stored, meaning) CI_TYPE_##kind name;
#include FIELDS
#undef FIELD
};

/* Setters; text is kept by reference and must live as long as the object. */
#define FIELD(name, kind, nulls, since, older, rest, access, stored, meaning)                      \
    static inline void CI_PASTE(CI_PASTE(ci_, OBJECT, _set_), name, )(                             \
        struct CI_PASTE(ci_, OBJECT, ) * object, CI_TYPE_##kind value)                             \
    {                                                                                              \
        object->name = value;                                                                      \
        ci_object_mark(object, CI_PASTE(CI_PASTE(ci_, OBJECT, _), name, _n));                      \
    }
#include FIELDS
#undef FIELD

#undef BASE
#undef OBJECT
#undef FIELDS
