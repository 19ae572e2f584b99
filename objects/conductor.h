/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

/*
 * What the database knows of conductors: who is there, who is alive, what hardware each serves.
 *
 * The object is Ironic's Conductor. Its struct is a record, since struct ci_conductor is the
 * running service (conductor/service.h).
 */
#define OBJECT conductor_record
#define FIELDS "objects/conductor.def"
#include "objects/declare.h"

extern const struct ci_type ci_conductor_record_type;

/*
 * The time by which heartbeats are written and judged: the database's, so that a clock that goes
 * wrong on one machine makes nobody take the nodes of others. With SQLite the machine's own.
 */
ci_must_check bool ci_conductor_now(struct ci_ctx *ctx, int64_t *ret_us);
/* The oldest heartbeat that is young enough then, as text for a comparison. */
ci_must_check bool ci_conductor_oldest_beat(struct ci_ctx *ctx, int64_t timeout_s,
                                            const char **ret_oldest);

/* Who is looked for. */
enum ci_conductor_which { CI_CONDUCTOR_ONLINE, CI_CONDUCTOR_ANY };

/* By host name. Fails with ConductorNotFound. */
ci_must_check bool ci_conductor_load(struct ci_ctx *ctx, const char *hostname,
                                     enum ci_conductor_which which,
                                     struct ci_conductor_record **ret_conductor);

/* All rows, in the order of their ids. */
ci_must_check bool ci_conductor_load_all(struct ci_ctx *ctx, size_t *ret_count,
                                         struct ci_conductor_record ***ret_conductors);

/* Those that are alive (see below), in the order of their ids. */
ci_must_check bool ci_conductor_load_alive(struct ci_ctx *ctx, int64_t timeout_s, size_t *ret_count,
                                           struct ci_conductor_record ***ret_conductors);

/*
 * Alive: online, and its heartbeat is younger than [conductor]heartbeat_timeout. With SQLite,
 * where no heartbeats are written, and with a timeout of zero, online alone counts.
 */
bool ci_conductor_is_alive(const struct ci_ctx *ctx, const struct ci_conductor_record *conductor,
                           int64_t timeout_s);

/*
 * Host names of those whose heartbeat is older than the timeout, whatever `online` says (with
 * SQLite: those not online); a list that ends with NULL.
 */
ci_must_check bool ci_conductor_offline_hosts(struct ci_ctx *ctx, int64_t timeout_s,
                                              const char *const **ret_hosts);

/* What happens when the host is registered already, and online. */
enum ci_conductor_existing { CI_CONDUCTOR_REFUSE, CI_CONDUCTOR_TAKE_OVER };

/*
 * Puts the conductor (hostname, conductor_group, drivers) online with a fresh heartbeat. A row
 * of the same host is used again and keeps its id. Fails with ConductorAlreadyRegistered.
 */
ci_must_check bool ci_conductor_register(struct ci_ctx *ctx, struct ci_conductor_record *conductor,
                                         enum ci_conductor_existing existing);

/* Removes its hardware interfaces and sets it offline. Fails with ConductorNotFound. */
ci_must_check bool ci_conductor_unregister(struct ci_ctx *ctx,
                                           const struct ci_conductor_record *conductor);

/* What a heartbeat says. */
enum ci_conductor_beat { CI_CONDUCTOR_LEAVING, CI_CONDUCTOR_STAYING };

/* The heartbeat. Fails with ConductorNotFound. */
ci_must_check bool ci_conductor_touch(struct ci_ctx *ctx, const char *hostname,
                                      enum ci_conductor_beat beat);

/* One hardware type's interface that a conductor has enabled. */
struct ci_conductor_interface {
    const char *hardware_type, *interface_type, *interface_name;
    bool is_default;      /* the one a node gets that names none */
    const char *hostname; /* which conductor; set on loading only */
    const char *group;    /* and its conductor group; the same */
};

/* Replaces the conductor's interfaces, in one transaction. */
ci_must_check bool ci_conductor_set_interfaces(struct ci_ctx *ctx,
                                               const struct ci_conductor_record *conductor,
                                               size_t n,
                                               const struct ci_conductor_interface *interfaces);

/* The interfaces of all conductors that are alive; of one hardware type unless it is NULL. */
ci_must_check bool ci_conductor_load_interfaces(struct ci_ctx *ctx, int64_t timeout_s,
                                                const char *hardware_type, size_t *ret_count,
                                                struct ci_conductor_interface **ret_interfaces);

/*
 * What a starting conductor clears of its former life: locks it held (compared without case),
 * and the power changes it was about. Give how many nodes there were.
 */
ci_must_check bool ci_conductor_clear_reservations(struct ci_ctx *ctx, const char *hostname,
                                                   int64_t *ret_count);
ci_must_check bool ci_conductor_clear_power_targets(struct ci_ctx *ctx, const char *hostname,
                                                    int64_t *ret_count);
