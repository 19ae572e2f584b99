/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls to conductors over RabbitMQ.
 *
 * One connection publishes, another consumes this process's queue of replies. A reply is read on
 * the connection's thread, which needs its msg_id to know whose it is, and is handed to the
 * thread that waits together with the arena it was read into. What nobody waits for, because it
 * came twice or too late, is dropped.
 */
#include "rpc/remote.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/time.h"
#include "rpc/amqp.h"
#include "rpc/message.h"
#include "rpc/transport.h"

enum {
    BUCKETS = 256,
    WAITERS_MAX = 4096,
    START_MS = 3000,     /* for the first connection */
    PATIENCE_MS = 5000,  /* for a connection, or a queue that is being made again */
    UNROUTABLE_MS = 250, /* before a queue that is not there is tried again */
    CLOSE_MS = 2000
};

/* A call that waits; on its caller's stack. */
struct waiter {
    struct waiter *next; /* in its bucket */
    const char *msg_id;
    pthread_cond_t changed;
    struct ci_arena *mem; /* of the reply, once it is there */
    struct ci_message_reply reply;
};

struct remote {
    struct ci_rpc rpc;
    struct ci_arena *mem; /* holds all of it */
    struct ci_amqp *sender, *receiver;
    struct ci_amqp_queue exchange, replies;
    size_t max_bytes;
    int64_t response_timeout_s;

    pthread_mutex_t lock; /* guards what follows */
    struct waiter *waiters[BUCKETS];
    size_t n_waiters;
};

/* One call, or cast, under way. */
struct sending {
    const struct ci_rpc_row *row;
    const char *host;
    struct ci_amqp_publish publish;
    int64_t patience_ns; /* until when it may be handed to the broker */
};

static struct waiter **bucket_of(struct remote *remote, const char *msg_id)
{
    uint32_t hash = 2166136261u;

    for (const char *c = msg_id; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    return &remote->waiters[hash % BUCKETS];
}

static bool waiter_add(struct remote *remote, struct waiter *waiter)
{
    struct waiter **bucket = bucket_of(remote, waiter->msg_id);
    bool room;

    pthread_mutex_lock(&remote->lock);
    room = remote->n_waiters < WAITERS_MAX;
    if (room) {
        waiter->next = *bucket;
        *bucket = waiter;
        remote->n_waiters++;
    }
    pthread_mutex_unlock(&remote->lock);
    return room;
}

static void waiter_remove(struct remote *remote, struct waiter *waiter)
{
    struct waiter **at = bucket_of(remote, waiter->msg_id);

    pthread_mutex_lock(&remote->lock);
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
    remote->n_waiters--;
    pthread_mutex_unlock(&remote->lock);
}

static void waiter_init(struct waiter *waiter, const char *msg_id)
{
    pthread_condattr_t monotonic;

    *waiter = (struct waiter){.msg_id = msg_id};
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&waiter->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static void waiter_done(struct waiter *waiter)
{
    pthread_cond_destroy(&waiter->changed);
    ci_arena_free(waiter->mem);
}

/* Gives the reply and its memory to who waits for it; false when nobody does. */
static bool deliver(struct remote *remote, const struct ci_message_reply *reply,
                    struct ci_arena *mem)
{
    struct waiter *waiter;
    bool wanted;

    pthread_mutex_lock(&remote->lock);
    waiter = *bucket_of(remote, reply->msg_id);
    while (waiter && strcmp(waiter->msg_id, reply->msg_id) != 0)
        waiter = waiter->next;
    wanted = waiter && !waiter->mem;
    if (wanted) {
        waiter->reply = *reply;
        waiter->mem = mem;
        pthread_cond_signal(&waiter->changed);
    }
    pthread_mutex_unlock(&remote->lock);
    return wanted;
}

/* Waits for the reply; false when the time is over. */
static bool await(struct remote *remote, struct waiter *waiter, int64_t until_ns)
{
    const struct timespec until = {.tv_sec = until_ns / 1000000000,
                                   .tv_nsec = until_ns % 1000000000};
    bool there;

    pthread_mutex_lock(&remote->lock);
    while (!waiter->mem &&
           pthread_cond_timedwait(&waiter->changed, &remote->lock, &until) != ETIMEDOUT)
        ;
    there = waiter->mem;
    pthread_mutex_unlock(&remote->lock);
    return there;
}

/* A ci_amqp_on_message. */
static void on_reply(void *arg, const struct ci_amqp_message *message)
{
    struct remote *remote = arg;
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct ci_message_reply reply;
    bool delivered = false;

    /* One that comes again is dropped by its msg_id. */
    (void)!ci_amqp_ack(remote->receiver, &message->delivery);
    if (strcmp(message->content_type, CI_MESSAGE_CONTENT_TYPE) != 0 || *message->compression)
        ci_warning(NULL, "A reply of a kind that is not understood is dropped",
                   "content_type=\"%s\" compression=\"%s\"", message->content_type,
                   message->compression);
    else if (!ci_message_read_reply(&ctx, message->body, message->length, &ci_message_limits,
                                    &reply))
        ci_warning(NULL, "A reply that cannot be read is dropped", "error=%s", ctx.error->message);
    else if (reply.ending)
        delivered = deliver(remote, &reply, ctx.mem);
    if (!delivered)
        ci_arena_free(ctx.mem);
}

static void sleep_ms(int ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

    nanosleep(&time, NULL);
}

/* Milliseconds until then, at least 1. */
static int ms_until(int64_t ns)
{
    int64_t ms = (ns - ci_time_monotonic_ns()) / 1000000;

    return ms < 1 ? 1 : ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static bool is_past(int64_t ns)
{
    return ci_time_monotonic_ns() >= ns;
}

static bool unreachable(struct ci_ctx *ctx, const struct sending *sending, const char *why)
{
    return ci_fail_status(ctx, ServiceUnavailable, 503, "%s cannot be sent to conductor %s: %s.",
                          sending->row->name, sending->host, why);
}

/* Without its queue of replies a call would be run for nobody. */
static bool wait_for_replies(struct remote *remote, struct ci_ctx *ctx,
                             const struct sending *sending)
{
    struct ci_amqp_state state;

    ci_amqp_state(remote->receiver, &state);
    while (!state.consuming && !is_past(sending->patience_ns)) {
        sleep_ms(10);
        ci_amqp_state(remote->receiver, &state);
    }
    return state.consuming || unreachable(ctx, sending, ci_amqp_result_text(CI_AMQP_UNSENT));
}

/*
 * Hands the message to the broker. What may have arrived and cannot be sent again in time is
 * waited for when it is a call.
 */
static bool hand_over(struct remote *remote, struct ci_ctx *ctx, struct sending *sending)
{
    enum ci_amqp_result result;
    bool again;

    do {
        sending->publish.timeout_ms = ms_until(sending->patience_ns);
        result = ci_amqp_publish(remote->sender, &sending->publish);
        if (result == CI_AMQP_CONFIRMED || (result == CI_AMQP_UNCONFIRMED && !sending->row->cast))
            return true;
        again = (result == CI_AMQP_UNROUTABLE || result == CI_AMQP_LOST) &&
                !is_past(sending->patience_ns);
        if (again && result == CI_AMQP_UNROUTABLE)
            sleep_ms(UNROUTABLE_MS);
    } while (again);
    return unreachable(ctx, sending, ci_amqp_result_text(result));
}

/* The message's bytes; its ids are made up for a call, and msg_id is told. */
static bool write_message(struct remote *remote, struct ci_ctx *ctx, const struct ci_rpc_row *row,
                          const json_t *args, struct ci_text *body, const char **ret_msg_id)
{
    struct ci_message_request request = {
        .method = row->name,
        .version = ci_printf(ctx->mem, "1.%d", ci_rpc_version_of(row, args)),
        .args = args,
    };

    if (!row->cast) {
        request.msg_id = ci_message_id(ctx->mem);
        request.reply_q = remote->replies.name;
    }
    *ret_msg_id = request.msg_id;
    return ci_message_write_request(ctx, &request, body);
}

static void free_arena(void *mem)
{
    ci_arena_free(mem);
}

/* Sends a call and waits for its answer, which lives as long as ctx's arena. */
static bool converse(struct remote *remote, struct ci_ctx *ctx, struct sending *sending,
                     struct waiter *waiter, json_t **ret_result)
{
    int64_t until_ns = ci_time_monotonic_ns() + remote->response_timeout_s * 1000000000;

    if (!wait_for_replies(remote, ctx, sending) || !hand_over(remote, ctx, sending))
        return false;
    if (!await(remote, waiter, until_ns))
        return ci_fail(ctx, MessagingTimeout, waiter->msg_id);
    ci_defer(ctx->mem, free_arena, waiter->mem);
    waiter->mem = NULL;
    return ci_message_result(ctx, &waiter->reply, ret_result);
}

static bool send_call(struct remote *remote, struct ci_ctx *ctx, struct sending *sending,
                      const char *msg_id, json_t **ret_result)
{
    struct waiter waiter;
    bool done;

    waiter_init(&waiter, msg_id);
    if (waiter_add(remote, &waiter)) {
        done = converse(remote, ctx, sending, &waiter, ret_result);
        waiter_remove(remote, &waiter);
    } else {
        done = unreachable(ctx, sending, "too many calls are waiting for an answer");
    }
    waiter_done(&waiter);
    return done;
}

/* How long a call may wait for the broker: no longer than for its answer. */
static int64_t patience_ns(const struct remote *remote)
{
    int64_t limit_ms = remote->response_timeout_s * 1000;

    return ci_time_monotonic_ns() + (limit_ms < PATIENCE_MS ? limit_ms : PATIENCE_MS) * 1000000;
}

static bool call(struct ci_rpc *rpc, struct ci_ctx *ctx, const char *host,
                 enum ci_rpc_method method, const json_t *args, json_t **ret_result)
{
    struct remote *remote = (struct remote *)rpc;
    const struct ci_rpc_row *row = ci_rpc_row(method);
    struct ci_text *body = ci_text_new(ctx->mem, remote->max_bytes);
    const char *msg_id;
    struct sending sending = {
        .row = row,
        .host = host,
        .patience_ns = patience_ns(remote),
        .publish = {.declare = &remote->exchange,
                    .exchange = remote->exchange.exchange,
                    .routing_key = ci_printf(ctx->mem, "%s.%s", CI_RPC_TOPIC, host),
                    .mandatory = true,
                    .expiration_ms = row->cast ? 0 : remote->response_timeout_s * 1000},
    };

    if (!write_message(remote, ctx, row, args, body, &msg_id))
        return false;
    sending.publish.body = body->bytes;
    sending.publish.length = body->length;
    if (!row->cast)
        return send_call(remote, ctx, &sending, msg_id, ret_result);
    *ret_result = NULL;
    return hand_over(remote, ctx, &sending);
}

static void remote_free(struct remote *remote)
{
    ci_amqp_close(remote->sender, CLOSE_MS);
    ci_amqp_close(remote->receiver, CLOSE_MS);
    ci_rings_free(remote->rpc.rings);
    pthread_mutex_destroy(&remote->lock);
    ci_arena_free(remote->mem);
}

static void end(struct ci_rpc *rpc)
{
    remote_free((struct remote *)rpc);
}

static struct remote *remote_new(const struct ci_config *config,
                                 const struct ci_amqp_options *options)
{
    struct ci_arena *mem = ci_arena_new();
    struct remote *remote = ci_new(mem, struct remote);
    const char *exchange = ci_strdup(mem, config->DEFAULT.control_exchange);
    int64_t timeout_s = config->DEFAULT.rpc_response_timeout;

    remote->rpc = (struct ci_rpc){.rings = ci_rings_new(), .call = call, .end = end};
    remote->mem = mem;
    remote->exchange = ci_amqp_topic_queue(options, exchange, CI_RPC_TOPIC);
    remote->exchange.name = NULL;
    remote->replies = ci_amqp_reply_queue(options, ci_printf(mem, "reply_%s", ci_message_id(mem)));
    remote->max_bytes = options->max_bytes;
    remote->response_timeout_s = timeout_s < 1 ? 1 : timeout_s > INT32_MAX ? INT32_MAX : timeout_s;
    pthread_mutex_init(&remote->lock, NULL);
    return remote;
}

static bool connect_broker(struct ci_ctx *ctx, struct remote *remote,
                           const struct ci_amqp_options *options)
{
    if (!ci_amqp_open(ctx, options, &remote->sender) ||
        !ci_amqp_open(ctx, options, &remote->receiver))
        return false;
    if (!ci_amqp_consume(ctx, remote->receiver, &remote->replies, on_reply, remote, START_MS))
        ci_warning(ctx, "Calls to conductors fail until the message broker answers", "error=%s",
                   ci_error_take(ctx));
    return true;
}

bool ci_rpc_remote_new(struct ci_ctx *ctx, const char *program, struct ci_rpc **ret_rpc)
{
    struct ci_amqp_options options;
    struct remote *remote;

    if (!ci_amqp_options_read(ctx, ctx->config, ctx->config->DEFAULT.transport_url, program,
                              &options))
        return false;
    remote = remote_new(ctx->config, &options);
    if (!connect_broker(ctx, remote, &options)) {
        remote_free(remote);
        return false;
    }
    *ret_rpc = &remote->rpc;
    return true;
}
