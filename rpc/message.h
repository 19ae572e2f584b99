/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/json.h"

/*
 * The messages of oslo.messaging: what is published to a queue and taken from it, as bytes.
 * No network here, and no shared state: every function works for any thread.
 *
 * A body is appended to a text of the caller's, whose limit bounds it. Calls carry the auth
 * token and the secrets of nodes: bodies are not for logs. Reading takes bytes from outside: it
 * gives an error that names a place, never their content.
 */
#define CI_MESSAGE_CONTENT_TYPE "application/json" /* peers drop what comes without it */
#define CI_MESSAGE_CONTENT_ENCODING "utf-8"

/* What a broker delivers at most, and how deep Python nests. */
extern const struct ci_json_limits ci_message_limits;

enum {
    CI_MESSAGE_ID_LENGTH = 32,
    CI_MESSAGE_NAME_MAX = 255 /* of queues and ids: AMQP's short strings */
};

/* 32 random hex digits: for _msg_id, _unique_id and names of queues. */
const char *ci_message_id(struct ci_arena *mem);

/*
 * A call, or a cast where nobody waits: then msg_id and reply_q are NULL.
 */
struct ci_message_request {
    const char *method;
    const char *version;          /* of the RPC API, "1.36" */
    int major, minor;             /* the same; -1 when it is none. Not looked at by writing */
    const char *namespace;        /* NULL: Ironic has none */
    const json_t *args;           /* an object; NULL: empty */
    const char *msg_id, *reply_q; /* where the answer goes */
    const char *unique_id;        /* to know the message again; writing makes NULL one up */
    int64_t monitor_s;            /* a sign of life is expected twice in this time; 0: none */
    const char *fault;            /* why it cannot be run, for the answer; NULL when sound */
};

/* Appends the body of a request in the name of ctx. Fails with Invalid past the text's limit. */
ci_must_check bool ci_message_write_request(struct ci_ctx *ctx,
                                            const struct ci_message_request *request,
                                            struct ci_text *body);

/*
 * Reads a request, and gives ctx the identity and request ids it came with. What it fills in
 * belongs to ctx's arena. Fails when the bytes are no message at all and nobody can be
 * answered; a message without a method, or with arguments of the wrong kind, has a `fault`.
 */
ci_must_check bool ci_message_read_request(struct ci_ctx *ctx, const char *bytes, size_t length,
                                           const struct ci_json_limits *limits,
                                           struct ci_message_request *ret_request);

/*
 * The answer to a call, or a sign of life before it: `ending` is false then.
 */
struct ci_message_reply {
    const char *msg_id; /* the call's */
    bool ending;
    const json_t *result;  /* NULL: null */
    const json_t *failure; /* its text, see ci_message_fail(); NULL when there is none */
};

/* Makes the reply tell ctx->error. */
void ci_message_fail(struct ci_ctx *ctx, struct ci_message_reply *reply);

/* Appends the body of a reply. Fails with Invalid past the text's limit. */
ci_must_check bool ci_message_write_reply(struct ci_ctx *ctx, const struct ci_message_reply *reply,
                                          struct ci_text *body);

/* Reads a reply; fails when no call can be found that it answers. */
ci_must_check bool ci_message_read_reply(struct ci_ctx *ctx, const char *bytes, size_t length,
                                         const struct ci_json_limits *limits,
                                         struct ci_message_reply *ret_reply);

/* The reply's result, NULL for null; fails with what the peer failed with (ci_failure_raise). */
ci_must_check bool ci_message_result(struct ci_ctx *ctx, const struct ci_message_reply *reply,
                                     json_t **ret_result);

/* What is told to whoever listens. */
struct ci_message_notification {
    const char *publisher_id; /* "ironic-conductor.HOST" */
    const char *event_type;   /* "baremetal.node.update.end" */
    const char *priority;     /* "INFO" */
    const json_t *payload;
    bool bare; /* without the envelope, as messages of format 1.0 */
    /* Writing makes these up where they are NULL: a UUID, the time in UTC, an id. */
    const char *message_id, *timestamp, *unique_id;
};

/*
 * Appends the body of a notification: the context is ctx's, without its token. Fails with
 * Invalid past the text's limit.
 */
ci_must_check bool ci_message_write_notification(struct ci_ctx *ctx,
                                                 const struct ci_message_notification *notification,
                                                 struct ci_text *body);
