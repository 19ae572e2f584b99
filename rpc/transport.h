/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rpc/client.h"
#include "rpc/ring.h"

/*
 * What a transport of calls is made of: rpc/client.c settles where a call goes and with which
 * arguments, the transport carries it there. Made by rpc/local.c and rpc/remote.c.
 */
struct ci_rpc {
    struct ci_rings *rings;
    /*
     * Carries one call to a host. `args` belongs to ctx's arena, as does *ret_result.
     * ServiceUnavailable when the host cannot be reached.
     */
    bool (*call)(struct ci_rpc *rpc, struct ci_ctx *ctx, const char *host,
                 enum ci_rpc_method method, const json_t *args, json_t **ret_result);
    /* Ends what embeds it. */
    void (*end)(struct ci_rpc *rpc);
};

/* Where conductors listen: all of them, and after a dot and its name each for itself. */
#define CI_RPC_TOPIC "ironic.conductor_manager"
