/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/json.h"
#include "objects/node.h"

/* One number per row of methods.def: CI_RPC_change_node_power_state, … */
enum ci_rpc_method {
#define METHOD(name, since, kind, arguments) CI_RPC_##name,
#include "rpc/methods.def"
#undef METHOD
    CI_RPC_COUNT
};

/* What a row of methods.def says. */
struct ci_rpc_row {
    const char *name;
    int since;             /* RPC minor version that brought it */
    bool cast;             /* no answer is waited for */
    const char *arguments; /* names, space separated; "name@41" came with RPC 1.41, "?" marks
                              optional ones, "#" a node's number */
};
const struct ci_rpc_row *ci_rpc_row(enum ci_rpc_method method);
/* The method of that name, or CI_RPC_COUNT: names come from peers. */
enum ci_rpc_method ci_rpc_method_by_name(const char *name);

/* One argument of a method, read from its row. */
struct ci_rpc_argument {
    const char *name; /* `length` bytes, not ended */
    size_t length;
    int since; /* the RPC minor that brought it: its method's or a later one */
    bool optional;
    bool number; /* of a node, where others take its UUID */
};

/* The n-th argument of a method; false past the last. */
bool ci_rpc_argument(const struct ci_rpc_row *row, size_t n, struct ci_rpc_argument *ret_argument);

/* Has the method an argument of that name? */
bool ci_rpc_takes(const struct ci_rpc_row *row, const char *name);

/* The lowest minor RPC version that has the method and the arguments given. */
int ci_rpc_version_of(const struct ci_rpc_row *row, const json_t *args);

/*
 * Calls to conductors. A struct ci_rpc is a transport (rpc/local.h, rpc/remote.h) and the ring that
 * says which conductor answers for a node; shared by all threads.
 *
 * `args` is an object of the method's arguments without node_id; the reference is stolen, and
 * objects inside are in their message form (ci_wire_write). The result belongs to the
 * context's arena; NULL when the method answers nothing. A conductor's failure becomes
 * ctx->error with `remote` set. No method or argument newer than the pinned release is sent.
 */

/* To the conductor that answers for the node; node_id is added. Fails with NoValidHost. */
ci_must_check bool ci_rpc_node(struct ci_ctx *ctx, const struct ci_node *node,
                               enum ci_rpc_method method, json_t *args, json_t **ret_result);

/* To any conductor of the node's driver and group, for a node that has no row yet. */
ci_must_check bool ci_rpc_new_node(struct ci_ctx *ctx, const struct ci_node *node,
                                   enum ci_rpc_method method, json_t *args, json_t **ret_result);

/* To a conductor that has the hardware type enabled; fails with DriverNotFound. */
ci_must_check bool ci_rpc_driver(struct ci_ctx *ctx, const char *driver, enum ci_rpc_method method,
                                 json_t *args, json_t **ret_result);

/* To any live conductor. */
ci_must_check bool ci_rpc_any(struct ci_ctx *ctx, enum ci_rpc_method method, json_t *args,
                              json_t **ret_result);

/* Host names as the API shows them. Fails with NoValidHost; the name is the arena's. */
ci_must_check bool ci_rpc_host_of_node(struct ci_ctx *ctx, const struct ci_node *node,
                                       const char **ret_host);

/*
 * How long calls took, by method and by whether they failed, and how it went with the broker, to
 * whoever reads figures.
 */
struct ci_metrics;
void ci_rpc_write_metrics(struct ci_metrics *to);
