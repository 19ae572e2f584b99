/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A bench whose nodes have fake interfaces throughout, and verbs asked of them: life_verb()
 * calls the conductor as REST does and waits for the end of the work.
 */
#include "tests/unit/conductor/bench.h"

static const char *const life_fake[] __attribute__((unused)) = {"fake", NULL};
static const char *const life_noop[] __attribute__((unused)) = {"noop", NULL};
static const char *const life_inspect[] __attribute__((unused)) = {"fake", "no-inspect", NULL};
static const char *const life_rescue[] __attribute__((unused)) = {"fake", "no-rescue", NULL};

/* To be changed further before bench_begin(). */
static inline struct ci_ctx *life_prepare(void)
{
    struct ci_ctx *ctx = bench_prepare();
    struct ci_config *config = bench.config;

    config->DEFAULT.enabled_bios_interfaces = life_fake;
    config->DEFAULT.enabled_boot_interfaces = life_fake;
    config->DEFAULT.enabled_console_interfaces = life_fake;
    config->DEFAULT.enabled_deploy_interfaces = life_fake;
    config->DEFAULT.enabled_firmware_interfaces = life_fake;
    config->DEFAULT.enabled_inspect_interfaces = life_inspect;
    config->DEFAULT.enabled_network_interfaces = life_noop;
    config->DEFAULT.enabled_raid_interfaces = life_fake;
    config->DEFAULT.enabled_rescue_interfaces = life_rescue;
    config->DEFAULT.enabled_storage_interfaces = life_noop;
    config->DEFAULT.enabled_vendor_interfaces = life_fake;
    return ctx;
}

static inline struct ci_ctx *life_start(void)
{
    struct ci_ctx *ctx = life_prepare();

    bench_begin();
    return ctx;
}

/* Asks for a verb as REST does; more arguments may come with it (stolen, or NULL). */
static inline bool life_ask(const struct ci_node *node, const char *verb, json_t *args)
{
    enum ci_event event = ci_verb_event(verb);

    if (!args)
        args = json_object();
    if (event == CI_EVENT_deploy || event == CI_EVENT_rebuild) {
        json_object_set_new(args, "rebuild", json_boolean(event == CI_EVENT_rebuild));
        return bench_call(node, CI_RPC_do_node_deploy, args, NULL);
    }
    if (event == CI_EVENT_delete)
        return bench_call(node, CI_RPC_do_node_tear_down, args, NULL);
    if (event == CI_EVENT_inspect)
        return bench_call(node, CI_RPC_inspect_hardware, args, NULL);
    if (event == CI_EVENT_clean)
        return bench_call(node, CI_RPC_do_node_clean, args, NULL);
    if (event == CI_EVENT_service)
        return bench_call(node, CI_RPC_do_node_service, args, NULL);
    if (event == CI_EVENT_unrescue)
        return bench_call(node, CI_RPC_do_node_unrescue, args, NULL);
    if (event == CI_EVENT_rescue)
        return bench_call(node, CI_RPC_do_node_rescue, args, NULL);
    json_object_set_new(args, "action", json_string(verb));
    return bench_call(node, CI_RPC_do_provisioning_action, args, NULL);
}

static inline struct ci_node *life_verb(const struct ci_node *node, const char *verb, json_t *args)
{
    ok(life_ask(node, verb, args));
    return bench_settle(node);
}

#define in_state(node, state) ck_assert_str_eq((node)->provision_state, (state))

/* One step, as a list. */
static inline json_t *life_steps(const char *interface, const char *step)
{
    return json_pack("[{s:s, s:s}]", "interface", interface, "step", step);
}

/* A member of one of the node's dictionaries; NULL when it is not there. */
static inline const json_t *life_info(const char *dictionary, const char *key)
{
    json_t *tree;

    if (!dictionary)
        return NULL;
    ok(ci_json_read(bench.ctx, dictionary, strlen(dictionary), &ci_json_trusted, &tree));
    return json_object_get(tree, key);
}

/* The node in a state it would come to by itself only, with some fields set. */
static inline struct ci_node *life_put(struct ci_node *node, const char *state, const char *target)
{
    ci_node_set_provision_state(node, state);
    ci_node_set_target_provision_state(node, target);
    ok(ci_node_save(bench.ctx, node));
    return node;
}
