/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/config.h"
#include "base/ctx.h"

/*
 * One connection to RabbitMQ, kept up by a thread of its own.
 *
 * That thread connects, fails over, logs in, declares, reads and writes, and keeps heartbeats;
 * it never runs what a message asks for, so no work can hold up a heartbeat. All functions may
 * be called from any thread. After a loss everything is made again: channel, exchanges, queues,
 * bindings, consumers. Who consumes and who publishes use a struct ci_amqp each, since a broker
 * short of memory stops reading from publishers.
 *
 * librabbitmq is known to rpc/amqp.c only; the thread is rpc/amqp_thread.c and amqp_events.c,
 * callers come in by rpc/amqp_calls.c.
 */

/* A queue with its exchange and binding, declared so that Python peers declare the same. */
struct ci_amqp_queue {
    const char *name;          /* NULL: the exchange alone */
    const char *exchange;      /* "": the default one, which is neither declared nor bound */
    const char *exchange_type; /* "topic", "fanout" */
    const char *routing_key;
    bool durable; /* exchange and queue */
    bool exchange_auto_delete, queue_auto_delete;
    bool quorum;        /* with the options' limits */
    bool delete_at_end; /* by ci_amqp_close() */
    int64_t expires_s;  /* the queue goes after this long without a consumer; 0: never */
};

struct ci_amqp_host {
    const char *name, *user, *password;
    int port;
};

/* What [oslo_messaging_rabbit] and a transport URL say. */
struct ci_amqp_options {
    const char *program; /* for the broker's list of connections */
    const struct ci_amqp_host *hosts;
    size_t n_hosts;
    const char *virtual_host;

    bool ssl, ssl_check_host;
    const char *ssl_ca_file, *ssl_cert_file, *ssl_key_file; /* NULL: none */
    int ssl_lowest, ssl_highest; /* 10, 11, 12 for TLS 1.0, …; 0: no bound */

    bool external_login; /* by certificate, else by user and password */
    bool shuffle;        /* the next host is any other one */
    int heartbeat_s;     /* 0: none */
    int heartbeat_rate;  /* looks per heartbeat_s */
    int retry_interval_s, retry_backoff_s, retry_max_s;
    double reconnect_delay_s; /* before consuming again after repeated cancels */

    bool durable, auto_delete, quorum, mirrored, cancel_on_failover, direct_mandatory;
    bool transient_quorum;   /* are reply and fanout queues quorum queues, and so durable? */
    int64_t transient_ttl_s; /* 0: for ever */
    int64_t quorum_delivery_limit, quorum_memory_length, quorum_memory_bytes; /* 0: none */
    int missing_consumer_s; /* a reply is tried again this long while its queue is missing */

    int prefetch;     /* messages of a consumer that are not acknowledged yet, at most */
    int queue_limit;  /* publishes that wait or are not confirmed yet, at most */
    size_t max_bytes; /* of a message; longer ones are rejected */
};

/*
 * Reads the options for a URL: rabbit://user:password@host:port,…/virtual%2Fhost?option=value,
 * where options of the URL's query win over the configuration's, as in oslo.messaging. The
 * result lives in ctx->mem. Fails with ConfigInvalid, which never shows a password.
 */
ci_must_check bool ci_amqp_options_read(struct ci_ctx *ctx, const struct ci_config *config,
                                        const char *url, const char *program,
                                        struct ci_amqp_options *ret_options);

/* The queues of oslo.messaging; texts are borrowed or of `mem`. */
struct ci_amqp_queue ci_amqp_topic_queue(const struct ci_amqp_options *options,
                                         const char *exchange, const char *topic);
struct ci_amqp_queue ci_amqp_fanout_queue(struct ci_arena *mem,
                                          const struct ci_amqp_options *options, const char *topic);
struct ci_amqp_queue ci_amqp_reply_queue(const struct ci_amqp_options *options, const char *name);

struct ci_amqp;

/*
 * Starts the thread, which begins to connect; broker or none, this does not wait. The options
 * are copied. Fails with ServiceUnavailable when there can be no thread. Ends with
 * ci_amqp_close().
 */
ci_must_check bool ci_amqp_open(struct ci_ctx *ctx, const struct ci_amqp_options *options,
                                struct ci_amqp **ret_amqp);

/*
 * Ends consuming, sends what waits and has its confirms, within the time; then closes. What is
 * left then fails with CI_AMQP_CLOSED, unacknowledged messages go back to the broker. A second
 * more, or three to connect, may pass before a silent broker is given up. Nobody may begin a
 * call anymore; accepts NULL.
 */
void ci_amqp_close(struct ci_amqp *amqp, int timeout_ms);

/* Which message of which connection. */
struct ci_amqp_delivery {
    uint64_t epoch, tag;
};

/* A message that has come; everything lives until the callback returns. */
struct ci_amqp_message {
    const char *body; /* `length` bytes and a NUL */
    size_t length;
    const char *exchange, *routing_key;
    const char *content_type, *content_encoding; /* "" when absent */
    const char *compression;                     /* kombu's header, "" when absent */
    bool redelivered;
    struct ci_amqp_delivery delivery;
};

/*
 * Takes a message, on the connection's thread: copies it, hands it on and returns at once. It
 * may acknowledge; it may not publish, consume or close.
 */
typedef void ci_amqp_on_message(void *arg, const struct ci_amqp_message *message);

/*
 * Consumes from a queue, now and after every reconnection, until ci_amqp_cancel(). Waits for at
 * most timeout_ms until the broker has agreed once; fails with ServiceUnavailable after that,
 * and goes on trying. At most CI_AMQP_CONSUMERS a connection.
 */
enum { CI_AMQP_CONSUMERS = 8 };
ci_must_check bool ci_amqp_consume(struct ci_ctx *ctx, struct ci_amqp *amqp,
                                   const struct ci_amqp_queue *queue,
                                   ci_amqp_on_message *on_message, void *arg, int timeout_ms);

/* Ends all consuming; true when no more messages come. Acknowledging goes on. */
ci_must_check bool ci_amqp_cancel(struct ci_amqp *amqp, int timeout_ms);

/*
 * Acknowledges. True when the broker's connection has taken it; false when that connection is
 * gone: the message comes again, here or elsewhere, and must not be worked on now.
 */
ci_must_check bool ci_amqp_ack(struct ci_amqp *amqp, const struct ci_amqp_delivery *delivery);

/* Gives a message back to its queue; when the connection is gone that has happened already. */
void ci_amqp_requeue(struct ci_amqp *amqp, const struct ci_amqp_delivery *delivery);

/* What became of a publish. */
enum ci_amqp_result {
    CI_AMQP_CONFIRMED,   /* the broker has it */
    CI_AMQP_UNROUTABLE,  /* mandatory, and there is no such queue: nobody has it */
    CI_AMQP_REFUSED,     /* the broker does not take it; ci_amqp_state() says why */
    CI_AMQP_LOST,        /* sent, then the connection went: it may have arrived or not */
    CI_AMQP_UNCONFIRMED, /* sent, the time is over: it may have arrived or not */
    CI_AMQP_UNSENT,      /* the time is over and there was no connection: nobody has it */
    CI_AMQP_BLOCKED,     /* the same, because the broker is short of memory or disk */
    CI_AMQP_FULL,        /* too many are waiting already: nobody has it */
    CI_AMQP_TOO_LARGE,   /* longer than max_bytes: nobody has it */
    CI_AMQP_CLOSED,      /* ci_amqp_close() came first: nobody has it, unless it was sent */
};

/* Why a message was not delivered, as the end of a sentence. */
const char *ci_amqp_result_text(enum ci_amqp_result result);

/* A message to send: JSON in UTF-8, persistent, as all of oslo.messaging's. */
struct ci_amqp_publish {
    const struct ci_amqp_queue *declare; /* made first, once a connection; NULL: nothing */
    const char *exchange, *routing_key;
    const char *body;
    size_t length;
    bool mandatory;        /* the broker says so when no queue takes it */
    int64_t expiration_ms; /* the broker drops it after this long; 0: never */
    int timeout_ms;        /* how long the caller waits */
};

/*
 * Sends and waits for the broker's confirm. A message that was LOST may be sent again as it is:
 * receivers of oslo.messaging drop a second one of the same _unique_id.
 */
ci_must_check enum ci_amqp_result ci_amqp_publish(struct ci_amqp *amqp,
                                                  const struct ci_amqp_publish *publish);

/* How a connection is, for health and metrics. */
struct ci_amqp_state {
    bool connected;
    bool blocked;         /* the broker takes no messages now */
    bool consuming;       /* all consumers are known to the broker */
    int waiting;          /* publishes not sent yet */
    int unconfirmed;      /* publishes sent and not confirmed yet */
    uint64_t connections; /* made so far */
    char trouble[256];    /* what went wrong last, "" for nothing */
};
void ci_amqp_state(struct ci_amqp *amqp, struct ci_amqp_state *ret_state);

/* How all connections of the process fared, to whoever reads figures. */
struct ci_metrics;
void ci_amqp_write_metrics(struct ci_metrics *to);
