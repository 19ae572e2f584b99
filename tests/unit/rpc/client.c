/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/client.h"

#include <string.h>

#include "tests/unit/unit.h"

static const struct golden {
    const char *name;
    bool cast;
    int since;
    const char *arguments;
} golden[] = {
#define METHOD(...) {__VA_ARGS__},
#include "tests/golden/rpc_methods.def"
#undef METHOD
};

/* The names of a method's arguments, as the row gives them. */
static const char *names(const struct ci_rpc_row *row)
{
    struct ci_text *text = ci_text_new(unit_ctx()->mem, 1000);
    struct ci_rpc_argument argument;

    for (size_t i = 0; ci_rpc_argument(row, i, &argument); i++) {
        ci_text_add(text, i == 0 ? "" : " ");
        ci_text_addn(text, argument.name, argument.length);
    }
    return text->bytes;
}

START_TEST(the_methods_are_ironics)
{
    ck_assert_uint_eq(CI_RPC_COUNT, sizeof golden / sizeof golden[0]);
    for (size_t i = 0; i < CI_RPC_COUNT; i++) {
        const struct ci_rpc_row *row = ci_rpc_row((enum ci_rpc_method)i);

        ck_assert_str_eq(row->name, golden[i].name);
        ck_assert_msg(row->cast == golden[i].cast, "%s", row->name);
        ck_assert_msg(row->since == golden[i].since, "%s: %d", row->name, row->since);
        ck_assert_msg(strcmp(names(row), golden[i].arguments) == 0, "%s: %s", row->name,
                      names(row));
        ck_assert_int_eq(ci_rpc_method_by_name(row->name), i);
    }
    ck_assert_int_eq(ci_rpc_method_by_name("_do_adoption"), CI_RPC_COUNT);
}
END_TEST

START_TEST(arguments_say_since_when_and_whether_they_must_be_there)
{
    const struct ci_rpc_row *row = ci_rpc_row(CI_RPC_do_node_deploy);
    struct ci_rpc_argument argument;

    ck_assert(ci_rpc_argument(row, 0, &argument));
    ck_assert(!argument.optional && argument.since == row->since);
    ck_assert(ci_rpc_argument(row, 3, &argument));
    ck_assert(argument.optional && argument.since == 52);
    ck_assert(!ci_rpc_argument(row, 4, &argument));
    ck_assert(ci_rpc_takes(row, "rebuild") && ci_rpc_takes(row, "deploy_steps"));
    ck_assert(!ci_rpc_takes(row, "deploy") && !ci_rpc_takes(row, ""));
    ck_assert(ci_rpc_argument(ci_rpc_row(CI_RPC_add_node_traits), 0, &argument));
    ck_assert(argument.number && argument.length == strlen("node_id"));
    ck_assert(ci_rpc_argument(ci_rpc_row(CI_RPC_vif_attach), 0, &argument));
    ck_assert(!argument.number);
}
END_TEST

UNIT_MAIN("rpc/client", the_methods_are_ironics,
          arguments_say_since_when_and_whether_they_must_be_there)
