/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns a field table into its const description. No include guard: included once per
 * object, by its .c, after
 *
 *     #define OBJECT node
 *     #define FIELDS "objects/node.def"
 *     #define TYPE .name = "Node", .table = "nodes", .key = "id", .major = 1, .minor = 44
 */
static const struct ci_field CI_PASTE(, OBJECT, _fields)[] = {
#define FIELD(name_, kind_, nulls_, since_, older_, rest_, access_, stored_, meaning_)             \
    {.name = #name_,                                                                               \
     .kind = CI_KIND_##kind_,                                                                      \
     .nulls = CI_##nulls_,                                                                         \
     .since = since_,                                                                              \
     .older = CI_OLDER_##older_,                                                                   \
     .rest = rest_,                                                                                \
     .access = access_,                                                                            \
     .stored = CI_##stored_,                                                                       \
     .offset = offsetof(struct CI_PASTE(ci_, OBJECT, ), name_),                                    \
     .meaning = meaning_,                                                                          \
     .json_key = ", \"" #name_ "\": ",                                                             \
     .json_key_length = sizeof(", \"" #name_ "\": ") - 1},
/* Short words for the tables. */
#define NEVER CI_NEVER
#define HIDDEN CI_HIDDEN
#define READ CI_READ
#define CREATE CI_CREATE
#define PATCH CI_PATCH
#define WRITE CI_WRITE
#define SORT CI_SORT
#define SECRETS CI_SECRETS
#define LISTED CI_LISTED
#define NO_FIELDS CI_NO_FIELDS
#define EARLY CI_EARLY
#include FIELDS
#undef FIELD
#undef NEVER
#undef HIDDEN
#undef READ
#undef CREATE
#undef PATCH
#undef WRITE
#undef SORT
#undef SECRETS
#undef LISTED
#undef NO_FIELDS
#undef EARLY
};

const struct ci_type CI_PASTE(ci_, OBJECT, _type) = {
    TYPE,
    .size = sizeof(struct CI_PASTE(ci_, OBJECT, )),
    .fields = CI_PASTE(, OBJECT, _fields),
    .count = sizeof CI_PASTE(, OBJECT, _fields) / sizeof(struct ci_field),
};

#undef OBJECT
#undef FIELDS
#undef TYPE
