/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conductor's side of calls over RabbitMQ.
 *
 * The connection's thread copies a message and puts it into the pool's queue; everything else,
 * reading it and acknowledging it included, is done by the thread that runs it. The broker
 * sends no more than that queue holds, since what waits there is not acknowledged yet.
 */
#include "rpc/server.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/time.h"
#include "base/workers.h"
#include "objects/releases.h"
#include "rpc/amqp.h"
#include "rpc/message.h"
#include "rpc/pulse.h"
#include "rpc/serve.h"
#include "rpc/transport.h"

enum {
    QUEUES = 3,
    SEEN_MAX = 2048,     /* ids that are remembered; Ironic remembers 16 */
    ID_MAX = 40,         /* an id's bytes; those of oslo.messaging have 32 */
    START_MS = 3000,     /* for the first connection */
    UNROUTABLE_MS = 250, /* before a caller's queue that is not there is tried again */
    REPLY_MS = 60000,    /* for a reply, when the options do not say */
    LIFE_MS = 1000,      /* for a sign of life */
    CANCEL_MS = 2000,
    CLOSE_MS = 5000
};

/* The last ids, oldest overwritten first; their first bytes apart, to be looked through. */
struct seen {
    pthread_mutex_t lock; /* guards what follows */
    uint64_t heads[SEEN_MAX];
    char ids[SEEN_MAX][ID_MAX];
    size_t next;
};

struct ci_rpc_server {
    struct ci_arena *mem; /* holds all of it */
    struct ci_amqp_options options;
    const char *exchange, *host;
    ci_rpc_dispatch *dispatch;
    void *service;
    struct ci_db *db;
    struct ci_rpc *rpc;
    struct ci_notifier *notifier;
    struct ci_amqp *receiver, *sender;
    struct ci_workers *workers;
    int threads; /* of the workers, at most */
    struct ci_pulses *pulses;
    atomic_bool leaving; /* the workers may refuse work from now on */
    struct seen seen;
};

/* A message that has come, and the call it turns out to be. */
struct incoming {
    struct ci_arena *mem; /* of itself; the call's arena may move elsewhere */
    struct ci_rpc_server *server;
    struct ci_amqp_delivery delivery;
    bool acknowledged;
    const char *body;
    size_t length;
    const char *method, *msg_id, *reply_q; /* msg_id, reply_q: NULL for a cast */
};

/* Remembers the id; false when it is known already. Ids that are longer than ever are not. */
static bool seen_first(struct seen *seen, const char *id)
{
    bool first = true;
    uint64_t head = 0;

    if (!id || strlen(id) >= ID_MAX)
        return true;
    memcpy(&head, id, strnlen(id, sizeof head));
    pthread_mutex_lock(&seen->lock);
    for (size_t i = 0; i < SEEN_MAX && first; i++)
        first = seen->heads[i] != head || strcmp(seen->ids[i], id) != 0;
    if (first) {
        seen->heads[seen->next] = head;
        memcpy(seen->ids[seen->next], id, strlen(id) + 1);
        seen->next = (seen->next + 1) % SEEN_MAX;
    }
    pthread_mutex_unlock(&seen->lock);
    return first;
}

static void sleep_ms(int ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

    nanosleep(&time, NULL);
}

/*
 * Sends until the broker has it: a reply that is lost leaves its caller waiting. A queue that
 * is missing is the caller's own to make again, until it gives up.
 */
static enum ci_amqp_result deliver(struct ci_rpc_server *server, struct ci_amqp_publish *publish)
{
    int limit_s = server->options.missing_consumer_s;
    int64_t until_ns =
        ci_time_monotonic_ns() + (limit_s > 0 ? limit_s * 1000000000LL : REPLY_MS * 1000000LL);
    enum ci_amqp_result result;

    do {
        int64_t left_ms = (until_ns - ci_time_monotonic_ns()) / 1000000;

        if (left_ms < 1)
            left_ms = 1;
        publish->timeout_ms = (int)left_ms;
        result = ci_amqp_publish(server->sender, publish);
        if (result != CI_AMQP_UNROUTABLE && result != CI_AMQP_LOST)
            return result;
        if (result == CI_AMQP_UNROUTABLE)
            sleep_ms(UNROUTABLE_MS);
    } while (ci_time_monotonic_ns() < until_ns);
    return result;
}

static void send_reply(struct ci_ctx *ctx, const struct incoming *incoming,
                       struct ci_message_reply *reply)
{
    struct ci_rpc_server *server = incoming->server;
    struct ci_text *body = ci_text_new(ctx->mem, server->options.max_bytes);
    struct ci_amqp_publish publish = {.exchange = "",
                                      .routing_key = incoming->reply_q,
                                      .mandatory = server->options.direct_mandatory};
    enum ci_amqp_result result;

    if (!ci_message_write_reply(ctx, reply, body)) {
        ci_text_clear(body);
        body->overflow = false;
        ci_message_fail(ctx, reply);
        if (!ci_message_write_reply(ctx, reply, body))
            return; /* A failure's text is bounded. */
    }
    publish.body = body->bytes;
    publish.length = body->length;
    result = deliver(server, &publish);
    if (result != CI_AMQP_CONFIRMED)
        ci_warning(ctx, "A reply is lost", "method=%s msg_id=%s why=\"%s\"", incoming->method,
                   incoming->msg_id, ci_amqp_result_text(result));
}

/* Holds the call against what this conductor is: its newest version, whatever is pinned. */
static bool check(struct ci_ctx *ctx, const struct ci_message_request *request,
                  enum ci_rpc_method *ret_method)
{
    int newest = ci_release_rpc_minor(ci_release_find("master"));

    if (request->fault)
        return ci_fail_text(ctx, Invalid, "%s", request->fault);
    if (request->major != 1 || request->minor > newest || request->namespace)
        return ci_fail(ctx, UnsupportedVersion, request->version, request->method);
    *ret_method = ci_rpc_method_by_name(request->method);
    return *ret_method != CI_RPC_COUNT || ci_fail(ctx, NoSuchMethod, request->method);
}

/* A caller that watches is told that its call is still being worked on. */
static void show_life(void *arg)
{
    const struct incoming *incoming = arg;
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct ci_text *body = ci_text_new(ctx.mem, incoming->server->options.max_bytes);
    const struct ci_message_reply reply = {.msg_id = incoming->msg_id, .ending = false};
    struct ci_amqp_publish publish = {
        .exchange = "", .routing_key = incoming->reply_q, .timeout_ms = LIFE_MS};

    if (ci_message_write_reply(&ctx, &reply, body)) {
        publish.body = body->bytes;
        publish.length = body->length;
        (void)!ci_amqp_publish(incoming->server->sender, &publish); /* The next one may arrive. */
    }
    ci_arena_free(ctx.mem);
}

/* Runs the call, while its caller is shown signs of life where it asks for them. */
static bool dispatch(struct ci_ctx *ctx, struct incoming *incoming, enum ci_rpc_method method,
                     json_t *args, int64_t monitor_s, json_t **ret_result)
{
    const struct ci_rpc_server *server = incoming->server;
    bool watched = incoming->msg_id && monitor_s > 0, done;
    struct ci_pulse pulse;

    if (watched)
        ci_pulse_start(server->pulses, &pulse, monitor_s * 1000 / 2, show_life, incoming);
    done = server->dispatch(ctx, method, args, ret_result, server->service);
    if (watched)
        ci_pulse_end(&pulse);
    return done;
}

/* From here on nothing of the request's own memory is used: a call's arena may move away. */
static void answer(struct ci_ctx *ctx, struct incoming *incoming,
                   const struct ci_message_request *request)
{
    struct ci_message_reply reply = {.ending = true};
    json_t *args = (json_t *)(uintptr_t)request->args, *result = NULL;
    enum ci_rpc_method method;

    incoming->method = ci_strdup(incoming->mem, request->method);
    incoming->msg_id = ci_strdup(incoming->mem, request->msg_id);
    incoming->reply_q = ci_strdup(incoming->mem, request->reply_q);
    reply.msg_id = incoming->msg_id;
    if (check(ctx, request, &method) &&
        dispatch(ctx, incoming, method, args, request->monitor_s, &result)) {
        reply.result = result;
    } else {
        ci_serve_log_failure(ctx, incoming->method, !incoming->msg_id);
        ci_message_fail(ctx, &reply);
    }
    if (incoming->msg_id)
        send_reply(ctx, incoming, &reply);
}

static bool acknowledge(struct incoming *incoming)
{
    return incoming->acknowledged || ci_amqp_ack(incoming->server->receiver, &incoming->delivery);
}

/* What cannot be read is acknowledged all the same: it would come again and again. */
static void take(struct ci_ctx *ctx, struct incoming *incoming)
{
    struct ci_rpc_server *server = incoming->server;
    struct ci_message_request request;

    if (!ci_message_read_request(ctx, incoming->body, incoming->length, &ci_message_limits,
                                 &request)) {
        ci_warning(ctx, "A message that cannot be read is dropped", "error=%s",
                   ctx->error->message);
        (void)!acknowledge(incoming);
        return;
    }
    /* In this order: a message that is not ours to run comes again, here or elsewhere. */
    if (!acknowledge(incoming))
        return;
    if (!seen_first(&server->seen, request.unique_id)) {
        ci_info(ctx, "A message that came before is dropped", "method=%s unique_id=%s",
                request.method, request.unique_id);
        return;
    }
    answer(ctx, incoming, &request);
}

/* A ci_job. */
static void run(void *arg)
{
    struct incoming *incoming = arg;
    struct ci_ctx ctx = {.mem = ci_arena_new(),
                         .config = ci_config_current(),
                         .db = incoming->server->db,
                         .rpc = incoming->server->rpc,
                         .notifier = incoming->server->notifier};

    take(&ctx, incoming);
    ci_arena_free(ctx.mem); /* not always the one made above */
    ci_arena_free(incoming->mem);
}

/* Python drops what it does not know how to read. */
static bool is_readable(const struct ci_amqp_message *message)
{
    if (strcmp(message->content_type, CI_MESSAGE_CONTENT_TYPE) == 0 && !*message->compression)
        return true;
    ci_warning(NULL, "A message of a kind that is not understood is dropped",
               "content_type=\"%s\" compression=\"%s\"", message->content_type,
               message->compression);
    return false;
}

/*
 * What a thread will take at once is acknowledged on the connection's own thread, so that the
 * two need not wait for each other. What waits in the queue is acknowledged when its turn comes,
 * and what comes while the server stops, too: it may still be given back. Nobody else hands work
 * to the workers, and cancelling waits for this thread, so neither can change in between.
 */
static bool acknowledge_early(struct ci_rpc_server *server, const struct ci_amqp_delivery *delivery)
{
    return !atomic_load(&server->leaving) && ci_workers_busy(server->workers) < server->threads &&
           ci_amqp_ack(server->receiver, delivery);
}

/* A ci_amqp_on_message. */
static void on_message(void *arg, const struct ci_amqp_message *message)
{
    struct ci_rpc_server *server = arg;
    struct ci_arena *mem;
    struct incoming *incoming;

    if (!is_readable(message)) {
        (void)!ci_amqp_ack(server->receiver, &message->delivery);
        return;
    }
    mem = ci_arena_new();
    incoming = ci_new(mem, struct incoming);
    *incoming = (struct incoming){.mem = mem,
                                  .server = server,
                                  .delivery = message->delivery,
                                  .acknowledged = acknowledge_early(server, &message->delivery),
                                  .body = ci_strndup(mem, message->body, message->length),
                                  .length = message->length};
    if (ci_workers_submit(server->workers, run, incoming))
        return;
    if (!incoming->acknowledged)
        ci_amqp_requeue(server->receiver, &message->delivery);
    ci_arena_free(mem);
}

static struct ci_rpc_server *server_new(const struct ci_ctx *ctx,
                                        const struct ci_rpc_server_options *options,
                                        const struct ci_amqp_options *amqp)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_rpc_server *server = ci_new(mem, struct ci_rpc_server);

    server->mem = mem;
    server->options = *amqp;
    server->exchange = ci_strdup(mem, ctx->config->DEFAULT.control_exchange);
    server->host = ci_strdup(mem, options->host);
    server->dispatch = options->dispatch;
    server->db = ctx->db;
    server->rpc = ctx->rpc;
    server->notifier = ctx->notifier;
    server->threads = ci_serve_threads(ctx->config);
    server->workers = ci_serve_workers(ctx->config, QUEUES * amqp->prefetch);
    server->pulses = ci_pulses_new();
    pthread_mutex_init(&server->seen.lock, NULL);
    return server;
}

void ci_rpc_server_free(struct ci_rpc_server *server)
{
    if (!server)
        return;
    ci_amqp_close(server->receiver, CLOSE_MS);
    ci_workers_free(server->workers);
    ci_pulses_free(server->pulses);
    ci_amqp_close(server->sender, CLOSE_MS);
    pthread_mutex_destroy(&server->seen.lock);
    ci_arena_free(server->mem);
}

bool ci_rpc_server_new(struct ci_ctx *ctx, const struct ci_rpc_server_options *options,
                       struct ci_rpc_server **ret_server)
{
    struct ci_amqp_options amqp;
    struct ci_rpc_server *server;

    if (!ci_amqp_options_read(ctx, ctx->config, ctx->config->DEFAULT.transport_url,
                              options->program, &amqp))
        return false;
    server = server_new(ctx, options, &amqp);
    if (!ci_amqp_open(ctx, &amqp, &server->sender) ||
        !ci_amqp_open(ctx, &amqp, &server->receiver)) {
        ci_rpc_server_free(server);
        return false;
    }
    *ret_server = server;
    return true;
}

void ci_rpc_server_open(struct ci_ctx *ctx, struct ci_rpc_server *server, void *service)
{
    const char *own = ci_printf(ctx->mem, "%s.%s", CI_RPC_TOPIC, server->host);
    const struct ci_amqp_queue queues[QUEUES] = {
        ci_amqp_topic_queue(&server->options, server->exchange, CI_RPC_TOPIC),
        ci_amqp_topic_queue(&server->options, server->exchange, own),
        ci_amqp_fanout_queue(ctx->mem, &server->options, CI_RPC_TOPIC),
    };
    int64_t until_ns = ci_time_monotonic_ns() + (int64_t)START_MS * 1000000;

    server->service = service;
    for (size_t i = 0; i < QUEUES; i++) {
        int64_t left_ms = (until_ns - ci_time_monotonic_ns()) / 1000000;

        if (!ci_amqp_consume(ctx, server->receiver, &queues[i], on_message, server,
                             left_ms < 0 ? 0 : (int)left_ms))
            ci_warning(ctx, "No calls come until the message broker answers", "error=%s",
                       ci_error_take(ctx));
    }
}

bool ci_rpc_server_stop(struct ci_rpc_server *server, int limit_ms)
{
    if (!server)
        return true;
    atomic_store(&server->leaving, true);
    /* Without a connection no messages come either. */
    (void)!ci_amqp_cancel(server->receiver, CANCEL_MS);
    if (ci_workers_drain(server->workers, limit_ms))
        return true;
    ci_warning(NULL, "Calls are left behind", "calls=%d", ci_workers_busy(server->workers));
    return false;
}

struct ci_workers *ci_rpc_server_workers(const struct ci_rpc_server *server)
{
    return server->workers;
}
