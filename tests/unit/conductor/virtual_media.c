/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/conductor/bench.h"

static struct ci_node *begin(void)
{
    bench_start();
    return bench_node("n", CI_STATE_AVAILABLE);
}

START_TEST(what_a_machine_cannot_attach_is_its_last_error)
{
    struct ci_node *node = begin();

    ok(bench_call(node, CI_RPC_attach_virtual_media,
                  json_pack("{s:s, s:s}", "device_type", "cdrom", "image_url", "http://x/y"),
                  NULL));
    ck_assert_str_eq(bench_settle(node)->last_error,
                     ci_printf(bench.ctx->mem,
                               "Could not attach device cdrom to node %s: Driver fake-hardware "
                               "does not support attach_virtual_media (disabled or not "
                               "implemented).",
                               node->uuid));
    bench_stop();
}
END_TEST

START_TEST(what_it_cannot_detach_as_well)
{
    struct ci_node *node = begin();

    ok(bench_call(node, CI_RPC_detach_virtual_media, NULL, NULL));
    ck_assert_str_eq(bench_settle(node)->last_error,
                     ci_printf(bench.ctx->mem,
                               "Could not detach device(s) None from node %s: Driver "
                               "fake-hardware does not support detach_virtual_media (disabled or "
                               "not implemented).",
                               node->uuid));
    ok(bench_call(node, CI_RPC_detach_virtual_media, json_pack("{s:[s]}", "device_types", "cdrom"),
                  NULL));
    ck_assert_ptr_nonnull(strstr(bench_settle(node)->last_error, "device(s) ['cdrom'] from"));
    bench_stop();
}
END_TEST

START_TEST(a_machine_without_virtual_media_says_so)
{
    struct ci_node *node = begin();
    json_t *answer;

    refused(UnsupportedDriverExtension, "does not support get_virtual_media",
            bench_call(node, CI_RPC_get_virtual_media, NULL, &answer));
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/virtual_media", what_a_machine_cannot_attach_is_its_last_error,
          what_it_cannot_detach_as_well, a_machine_without_virtual_media_says_so)
