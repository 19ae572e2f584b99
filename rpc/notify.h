/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/notification.h"

/*
 * Notifications: telling whoever listens on the broker what happens to records (versioned ones)
 * and what conductors measure.
 *
 * Off unless [DEFAULT]notification_level is set and [oslo_messaging_notifications]driver names
 * one; ctx->notifier is NULL then, and nothing is done or connected to. What is told is made on
 * the caller's thread and sent by one of the notifier's own, in the order in which it was
 * handed over: nobody waits for a broker. What finds the queue full is dropped, and what cannot
 * be made is left out; the log says so. No notification makes the work fail that it tells of.
 */
struct ci_notifier;

/*
 * What the configuration asks for; *ret_notifier is NULL where that is nothing. `program` names
 * the connection. Fails with ConfigInvalid when the broker's URL is wrong. Ends with
 * ci_notifier_free(), when nobody notifies any more.
 */
ci_must_check bool ci_notifier_new(struct ci_ctx *ctx, const char *program,
                                   struct ci_notifier **ret_notifier);

/*
 * The same for a program with a conductor, which also tells what it measures where
 * [sensor_data]send_sensor_data asks for it, whatever notification_level says.
 */
ci_must_check bool ci_notifier_new_measuring(struct ci_ctx *ctx, const char *program,
                                             struct ci_notifier **ret_notifier);

/* Sends what waits, for two seconds at most; the log counts what is lost. Accepts NULL. */
void ci_notifier_free(struct ci_notifier *notifier);

/* Where the work stands. Errors have the level "error", all else "info". */
enum ci_notify_status { CI_NOTIFY_START, CI_NOTIFY_END, CI_NOTIFY_ERROR, CI_NOTIFY_SUCCESS };

struct ci_notification {
    const char *service; /* "ironic-api" or "ironic-conductor" */
    enum ci_payload payload;
    const char *object, *action; /* "node", "power_set" */
    enum ci_notify_status status;
    const void *record; /* what it is about, of the payload's type */
    const struct ci_told *told;
};

/* Is anything of that status sent? Asked before work that only a notification needs. */
bool ci_notify_wants(const struct ci_ctx *ctx, enum ci_notify_status status);

/* Tells it. ctx may have an error, which stays as it is. */
void ci_notify_send(struct ci_ctx *ctx, const struct ci_notification *notification);

/*
 * The same in two steps, for what is known before it is certain: prepare it, and hand it over or
 * drop it, on any thread. NULL, where nothing is to be sent, is taken by both.
 */
struct ci_notice;
ci_must_check struct ci_notice *ci_notify_prepare(struct ci_ctx *ctx,
                                                  const struct ci_notification *notification);
void ci_notice_send(struct ci_notice *notice);
void ci_notice_drop(struct ci_notice *notice);

/* Is anybody told what was measured? Asked before measuring. */
bool ci_notify_wants_measured(const struct ci_ctx *ctx);

/*
 * Tells figures: an unversioned notification of the level "info" to each of
 * [oslo_messaging_notifications]topics. The payload is borrowed; the rest is as above, but that
 * it waits a few seconds for a place in the queue.
 */
void ci_notify_measured(struct ci_ctx *ctx, const char *event_type, const json_t *payload);
