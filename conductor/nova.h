/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"

/*
 * Telling nova that the power of an instance's machine has changed, so that it does not take the
 * change for one to be undone: an event "power-update" of its API, as Ironic sends it.
 *
 * Off, with nobody asked or connected to, unless [nova]auth_type says how to log in. Where those
 * options cannot be used the log says so at start, and it is off. Events are sent by a thread of
 * their own, one after the other, so that nova hears of them in the order in which things
 * happened. Nobody waits for nova, and no work fails because of it: what it does not take is
 * logged. What finds ten thousand waiting is dropped, with a line in the log.
 */
struct ci_nova;

/* NULL where it is off. ctx->config outlives it. Ends with ci_nova_free(). */
struct ci_nova *ci_nova_new(struct ci_ctx *ctx);

/* Sends what waits, for two seconds at most; the log names what is lost. Accepts NULL. */
void ci_nova_free(struct ci_nova *nova);

/*
 * Tells the node's power state, which is saved, if the node is an instance's and
 * [nova]send_power_notifications is true.
 */
void ci_nova_tell_power(struct ci_task *task);
