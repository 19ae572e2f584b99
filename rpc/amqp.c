/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link: one session with one broker over librabbitmq.
 *
 * Questions that have an answer (declare, consume, …) are asked with the library's calls, which
 * wait for the answer and keep what comes in between. All else is read frame by frame and never
 * waited for: the library's own amqp_read_message() would wait for a body without end. Every
 * frame's texts are copied out at once, so that its memory can be given back.
 */
#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "base/text.h"
#include "rpc/amqp_private.h"

enum {
    CONNECT_S = 3, /* short: after an outage all must work again within seconds */
    CONNECT_SSL_S = 6,
    HANDSHAKE_S = 10,
    ANSWER_S = 15,
    CLOSE_S = 3,
    FRAME_MAX = 32768, /* bounds how deep a table can nest, and with it the library's stack */
    CHANNELS = 8,
    CLASS_BASIC = 60,
    KEEP_BYTES = 1 << 20, /* a larger body's memory is given back */
    PERSISTENT = 2,
};

static const char *copy(const struct ci_amqp_link *link, amqp_bytes_t from)
{
    return from.len == 0 ? "" : ci_strndup(link->mem, from.bytes, from.len);
}

static bool lost(struct ci_amqp_link *link, const char *doing, int status)
{
    link->state = CI_AMQP_LINK_LOST;
    snprintf(link->why, sizeof link->why, "%s: %s", doing, amqp_error_string2(status));
    return false;
}

static bool nonsense(struct ci_amqp_link *link, const char *what)
{
    snprintf(link->why, sizeof link->why, "the broker sent %s", what);
    link->state = CI_AMQP_LINK_LOST;
    return false;
}

/* The broker has closed the connection or the channel. */
static bool closed(struct ci_amqp_link *link, const amqp_method_t *method)
{
    const bool whole = method->id == AMQP_CONNECTION_CLOSE_METHOD;
    const amqp_channel_close_t *channel = method->decoded;
    const amqp_connection_close_t *connection = method->decoded;
    const amqp_bytes_t text = whole ? connection->reply_text : channel->reply_text;
    const int code = whole ? connection->reply_code : channel->reply_code;
    amqp_connection_close_ok_t connection_ok = {0};
    amqp_channel_close_ok_t channel_ok = {0};
    int status;

    snprintf(link->why, sizeof link->why, "%.*s",
             (int)(text.len < sizeof link->why ? text.len : sizeof link->why - 1),
             text.len > 0 ? (const char *)text.bytes : "");
    link->login_refused = whole && (code == AMQP_ACCESS_REFUSED || code == AMQP_NOT_ALLOWED);
    link->coming = NULL;
    link->state = whole ? CI_AMQP_LINK_LOST : CI_AMQP_LINK_NO_CHANNEL;
    status = whole ? amqp_send_method(link->lib, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &connection_ok)
                   : amqp_send_method(link->lib, (amqp_channel_t)link->channel,
                                      AMQP_CHANNEL_CLOSE_OK_METHOD, &channel_ok);
    if (status != AMQP_STATUS_OK)
        link->state = CI_AMQP_LINK_LOST;
    return false;
}

/* Was the question answered? Else the state says what is left. */
static bool judge(struct ci_amqp_link *link, const char *doing, amqp_rpc_reply_t reply)
{
    switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
        return true;
    case AMQP_RESPONSE_SERVER_EXCEPTION:
        if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD ||
            reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD)
            return closed(link, &reply.reply);
        return nonsense(link, "an answer that is none");
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
        return lost(link, doing, reply.library_error);
    case AMQP_RESPONSE_NONE:
        break;
    }
    return lost(link, doing, AMQP_STATUS_CONNECTION_CLOSED);
}

static bool answered(struct ci_amqp_link *link, const char *doing)
{
    return judge(link, doing, amqp_get_rpc_reply(link->lib));
}

/* The versions the library knows: 1.3 is "the latest". */
static amqp_tls_version_t tls_version(int version, amqp_tls_version_t otherwise)
{
    return version == 10   ? AMQP_TLSv1
           : version == 11 ? AMQP_TLSv1_1
           : version == 12 ? AMQP_TLSv1_2
                           : otherwise;
}

static amqp_socket_t *ssl_socket(struct ci_amqp_link *link)
{
    const struct ci_amqp_options *options = link->options;
    amqp_socket_t *socket = amqp_ssl_socket_new(link->lib);
    int status;

    if (!socket)
        return NULL;
    amqp_ssl_socket_set_verify_peer(socket, options->ssl_ca_file != NULL);
    amqp_ssl_socket_set_verify_hostname(socket, options->ssl_ca_file && options->ssl_check_host);
    status =
        amqp_ssl_socket_set_ssl_versions(socket, tls_version(options->ssl_lowest, AMQP_TLSv1_2),
                                         tls_version(options->ssl_highest, AMQP_TLSvLATEST));
    if (status == AMQP_STATUS_OK && options->ssl_ca_file)
        status = amqp_ssl_socket_set_cacert(socket, options->ssl_ca_file);
    if (status == AMQP_STATUS_OK && options->ssl_cert_file)
        status = amqp_ssl_socket_set_key(socket, options->ssl_cert_file,
                                         options->ssl_key_file ? options->ssl_key_file
                                                               : options->ssl_cert_file);
    if (status == AMQP_STATUS_OK)
        return socket;
    link->login_refused = true;
    (void)lost(link, "reading the certificates", status);
    return NULL;
}

static bool open_socket(struct ci_amqp_link *link, const struct ci_amqp_host *host)
{
    const struct timeval limit = {.tv_sec = link->options->ssl ? CONNECT_SSL_S : CONNECT_S};
    amqp_socket_t *socket = link->options->ssl ? ssl_socket(link) : amqp_tcp_socket_new(link->lib);
    int status;

    if (!socket)
        return link->state == CI_AMQP_LINK_LOST
                   ? false
                   : lost(link, "making a socket", AMQP_STATUS_NO_MEMORY);
    status = amqp_socket_open_noblock(socket, host->name, host->port, &limit);
    if (status != AMQP_STATUS_OK)
        return lost(link, "connecting", status);
    return true;
}

static amqp_table_entry_t entry(const char *key, uint8_t kind)
{
    return (amqp_table_entry_t){.key = amqp_cstring_bytes(key), .value = {.kind = kind}};
}

static amqp_table_entry_t text_entry(const char *key, const char *text)
{
    amqp_table_entry_t made = entry(key, AMQP_FIELD_KIND_UTF8);

    made.value.value.bytes = amqp_cstring_bytes(text);
    return made;
}

static amqp_table_entry_t true_entry(const char *key)
{
    amqp_table_entry_t made = entry(key, AMQP_FIELD_KIND_BOOLEAN);

    made.value.value.boolean = 1;
    return made;
}

static amqp_table_entry_t number_entry(const char *key, int64_t number)
{
    amqp_table_entry_t made = entry(key, AMQP_FIELD_KIND_I64);

    made.value.value.i64 = number;
    return made;
}

/* What the library does not announce by itself, the broker would not tell us. */
static bool log_in(struct ci_amqp_link *link, const struct ci_amqp_host *host, const char *name)
{
    const struct ci_amqp_options *options = link->options;
    amqp_table_entry_t capabilities[] = {
        true_entry("consumer_cancel_notify"), true_entry("connection.blocked"),
        true_entry("publisher_confirms"), true_entry("basic.nack")};
    amqp_table_entry_t properties[] = {text_entry("product", "castiron"),
                                       text_entry("connection_name", name),
                                       entry("capabilities", AMQP_FIELD_KIND_TABLE)};
    const amqp_table_t table = {.num_entries = sizeof properties / sizeof properties[0],
                                .entries = properties};
    const struct timeval handshake = {.tv_sec = HANDSHAKE_S}, answer = {.tv_sec = ANSWER_S};
    amqp_rpc_reply_t reply;

    properties[2].value.value.table = (amqp_table_t){
        .num_entries = sizeof capabilities / sizeof capabilities[0], .entries = capabilities};
    if (amqp_set_handshake_timeout(link->lib, &handshake) != AMQP_STATUS_OK ||
        amqp_set_rpc_timeout(link->lib, &answer) != AMQP_STATUS_OK)
        return lost(link, "setting timeouts", AMQP_STATUS_NO_MEMORY);
    reply = options->external_login
                ? amqp_login_with_properties(link->lib, options->virtual_host, 0, FRAME_MAX,
                                             options->heartbeat_s, &table,
                                             AMQP_SASL_METHOD_EXTERNAL, host->user)
                : amqp_login_with_properties(link->lib, options->virtual_host, 0, FRAME_MAX,
                                             options->heartbeat_s, &table, AMQP_SASL_METHOD_PLAIN,
                                             host->user, host->password);
    return judge(link, "logging in", reply);
}

bool ci_amqp_link_connect(struct ci_amqp_link *link, const struct ci_amqp_options *options,
                          const struct ci_amqp_host *host)
{
    link->state = CI_AMQP_LINK_UP;
    link->readable = true;
    link->login_refused = false;
    link->options = options;
    link->coming = NULL;
    link->channel = 0;
    link->why[0] = '\0';
    link->lib = amqp_new_connection();
    return link->lib ? open_socket(link, host) : lost(link, "connecting", AMQP_STATUS_NO_MEMORY);
}

bool ci_amqp_link_log_in(struct ci_amqp_link *link, const struct ci_amqp_host *host,
                         const char *name)
{
    if (log_in(link, host, name) && ci_amqp_link_channel(link))
        return true;
    link->state = CI_AMQP_LINK_LOST;
    return false;
}

void ci_amqp_link_close(struct ci_amqp_link *link, bool politely)
{
    const struct timeval limit = {.tv_sec = CLOSE_S};

    if (!link->lib)
        return;
    /* Whether the broker answers a good-bye does not matter. */
    if (politely && link->state != CI_AMQP_LINK_LOST &&
        amqp_set_rpc_timeout(link->lib, &limit) == AMQP_STATUS_OK)
        (void)amqp_connection_close(link->lib, AMQP_REPLY_SUCCESS);
    (void)amqp_destroy_connection(link->lib);
    link->lib = NULL;
    link->coming = NULL;
    link->state = CI_AMQP_LINK_LOST;
}

int ci_amqp_link_fd(const struct ci_amqp_link *link)
{
    return amqp_get_sockfd(link->lib);
}

int ci_amqp_link_heartbeat_s(const struct ci_amqp_link *link)
{
    return amqp_get_heartbeat(link->lib);
}

bool ci_amqp_link_channel(struct ci_amqp_link *link)
{
    amqp_channel_t channel;

    link->state = CI_AMQP_LINK_UP;
    link->coming = NULL;
    link->channel = link->channel % CHANNELS + 1;
    channel = (amqp_channel_t)link->channel;
    if (!amqp_channel_open(link->lib, channel))
        return answered(link, "opening a channel");
    if (!amqp_confirm_select(link->lib, channel))
        return answered(link, "asking for confirms");
    if (!amqp_basic_qos(link->lib, channel, 0, (uint16_t)link->options->prefetch, 0))
        return answered(link, "limiting messages");
    return true;
}

/* The arguments of a queue, as oslo.messaging gives them; at most six. */
static amqp_table_t queue_arguments(const struct ci_amqp_options *options,
                                    const struct ci_amqp_queue *queue, amqp_table_entry_t *entries)
{
    int n = 0;

    if (options->mirrored)
        entries[n++] = text_entry("x-ha-policy", "all");
    if (queue->quorum) {
        entries[n++] = text_entry("x-queue-type", "quorum");
        if (options->quorum_delivery_limit > 0)
            entries[n++] = number_entry("x-delivery-limit", options->quorum_delivery_limit);
        if (options->quorum_memory_length > 0)
            entries[n++] = number_entry("x-max-in-memory-length", options->quorum_memory_length);
        if (options->quorum_memory_bytes > 0)
            entries[n++] = number_entry("x-max-in-memory-bytes", options->quorum_memory_bytes);
    }
    if (queue->expires_s > 0)
        entries[n++] = number_entry("x-expires", queue->expires_s * 1000);
    return (amqp_table_t){.num_entries = n, .entries = entries};
}

bool ci_amqp_link_declare(struct ci_amqp_link *link, const struct ci_amqp_queue *queue)
{
    const amqp_channel_t channel = (amqp_channel_t)link->channel;
    const amqp_bytes_t exchange = amqp_cstring_bytes(queue->exchange);
    amqp_table_entry_t entries[6];

    if (*queue->exchange &&
        !amqp_exchange_declare(link->lib, channel, exchange,
                               amqp_cstring_bytes(queue->exchange_type), 0, queue->durable,
                               queue->exchange_auto_delete, 0, amqp_empty_table))
        return answered(link, "declaring an exchange");
    if (queue->name && !amqp_queue_declare(link->lib, channel, amqp_cstring_bytes(queue->name), 0,
                                           queue->durable, 0, queue->queue_auto_delete,
                                           queue_arguments(link->options, queue, entries)))
        return answered(link, "declaring a queue");
    if (queue->name && *queue->exchange &&
        !amqp_queue_bind(link->lib, channel, amqp_cstring_bytes(queue->name), exchange,
                         amqp_cstring_bytes(queue->routing_key), amqp_empty_table))
        return answered(link, "binding a queue");
    return true;
}

bool ci_amqp_link_consume(struct ci_amqp_link *link, const char *queue, const char *consumer)
{
    amqp_table_entry_t entries[] = {true_entry("x-cancel-on-ha-failover")};
    const amqp_table_t arguments = {.num_entries = link->options->cancel_on_failover ? 1 : 0,
                                    .entries = entries};

    return amqp_basic_consume(link->lib, (amqp_channel_t)link->channel, amqp_cstring_bytes(queue),
                              amqp_cstring_bytes(consumer), 0, 0, 0, arguments) ||
           answered(link, "consuming");
}

bool ci_amqp_link_cancel(struct ci_amqp_link *link, const char *consumer)
{
    return amqp_basic_cancel(link->lib, (amqp_channel_t)link->channel,
                             amqp_cstring_bytes(consumer)) ||
           answered(link, "ending to consume");
}

bool ci_amqp_link_delete(struct ci_amqp_link *link, const char *queue)
{
    return amqp_queue_delete(link->lib, (amqp_channel_t)link->channel, amqp_cstring_bytes(queue), 0,
                             0) ||
           answered(link, "deleting a queue");
}

bool ci_amqp_link_publish(struct ci_amqp_link *link, const struct ci_amqp_publish *publish)
{
    const amqp_bytes_t body = {.len = publish->length, .bytes = (void *)(uintptr_t)publish->body};
    char expiration[24];
    amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_CONTENT_ENCODING_FLAG |
                  AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                  AMQP_BASIC_PRIORITY_FLAG,
        .content_type = amqp_cstring_bytes("application/json"),
        .content_encoding = amqp_cstring_bytes("utf-8"),
        .delivery_mode = PERSISTENT,
    };
    int status;

    if (publish->expiration_ms > 0) {
        snprintf(expiration, sizeof expiration, "%lld", (long long)publish->expiration_ms);
        properties.expiration = amqp_cstring_bytes(expiration);
        properties._flags |= AMQP_BASIC_EXPIRATION_FLAG;
    }
    status = amqp_basic_publish(
        link->lib, (amqp_channel_t)link->channel, amqp_cstring_bytes(publish->exchange),
        amqp_cstring_bytes(publish->routing_key), publish->mandatory, 0, &properties, body);
    return status == AMQP_STATUS_OK || lost(link, "publishing", status);
}

bool ci_amqp_link_settle(struct ci_amqp_link *link, uint64_t tag, enum ci_amqp_settlement how)
{
    const amqp_channel_t channel = (amqp_channel_t)link->channel;
    int status = how == CI_AMQP_ACK
                     ? amqp_basic_ack(link->lib, channel, tag, 0)
                     : amqp_basic_reject(link->lib, channel, tag, how == CI_AMQP_REQUEUE);

    return status == AMQP_STATUS_OK || lost(link, "acknowledging", status);
}

uint64_t ci_amqp_hash(uint64_t hash, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (uint8_t)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* The message that is coming begins. */
static void begin(struct ci_amqp_link *link, enum ci_amqp_event_kind kind, amqp_bytes_t exchange,
                  amqp_bytes_t routing_key)
{
    struct ci_amqp_event *event = ci_new(link->mem, struct ci_amqp_event);

    event->kind = kind;
    event->message.exchange = copy(link, exchange);
    event->message.routing_key = copy(link, routing_key);
    event->message.content_type = event->message.content_encoding = event->message.compression = "";
    event->hash = CI_AMQP_HASH_START;
    link->coming = event;
    link->has_header = false;
    ci_text_clear(link->body);
    if (link->body->capacity > KEEP_BYTES) {
        const size_t limit = link->body->limit;

        ci_text_done(link->body);
        ci_text_init(link->body, limit);
    }
}

/* The message is whole: gives it out. */
static bool finish(struct ci_amqp_link *link, struct ci_amqp_event *ret_event)
{
    struct ci_amqp_message *message = &link->coming->message;

    message->length = (size_t)link->total;
    message->body = link->body->overflow ? NULL : link->body->bytes ? link->body->bytes : "";
    *ret_event = *link->coming;
    link->coming = NULL;
    return true;
}

static void take_properties(struct ci_amqp_link *link, const amqp_basic_properties_t *properties)
{
    struct ci_amqp_message *message = &link->coming->message;

    if (properties->_flags & AMQP_BASIC_CONTENT_TYPE_FLAG)
        message->content_type = copy(link, properties->content_type);
    if (properties->_flags & AMQP_BASIC_CONTENT_ENCODING_FLAG)
        message->content_encoding = copy(link, properties->content_encoding);
    if (!(properties->_flags & AMQP_BASIC_HEADERS_FLAG))
        return;
    for (int i = 0; i < properties->headers.num_entries; i++) {
        const amqp_table_entry_t *header = &properties->headers.entries[i];

        if (header->value.kind == AMQP_FIELD_KIND_UTF8 && header->key.len == 11 &&
            memcmp(header->key.bytes, "compression", 11) == 0)
            message->compression = copy(link, header->value.value.bytes);
    }
}

static bool take_header(struct ci_amqp_link *link, const amqp_frame_t *frame,
                        struct ci_amqp_event *ret_event)
{
    if (!link->coming || link->has_header || frame->payload.properties.class_id != CLASS_BASIC)
        return nonsense(link, "a header without its method");
    link->has_header = true;
    link->total = link->left = frame->payload.properties.body_size;
    take_properties(link, frame->payload.properties.decoded);
    if (link->total > link->options->max_bytes)
        link->body->overflow = true;
    return link->left == 0 && finish(link, ret_event);
}

static bool take_body(struct ci_amqp_link *link, const amqp_frame_t *frame,
                      struct ci_amqp_event *ret_event)
{
    const amqp_bytes_t part = frame->payload.body_fragment;

    if (!link->coming || !link->has_header || part.len > link->left)
        return nonsense(link, "a body without its header");
    link->left -= part.len;
    if (link->coming->kind == CI_AMQP_RETURNED)
        link->coming->hash = ci_amqp_hash(link->coming->hash, part.bytes, part.len);
    else if (!link->body->overflow)
        ci_text_addn(link->body, part.bytes, part.len);
    return link->left == 0 && finish(link, ret_event);
}

static bool cancelled(struct ci_amqp_link *link, const amqp_basic_cancel_t *cancel,
                      struct ci_amqp_event *ret_event)
{
    amqp_basic_cancel_ok_t ok = {.consumer_tag = cancel->consumer_tag};
    int status = cancel->nowait ? AMQP_STATUS_OK
                                : amqp_send_method(link->lib, (amqp_channel_t)link->channel,
                                                   AMQP_BASIC_CANCEL_OK_METHOD, &ok);

    *ret_event = (struct ci_amqp_event){.kind = CI_AMQP_CANCELLED,
                                        .consumer = copy(link, cancel->consumer_tag)};
    return status == AMQP_STATUS_OK || lost(link, "answering", status);
}

static bool take_deliver(struct ci_amqp_link *link, const amqp_basic_deliver_t *deliver)
{
    begin(link, CI_AMQP_MESSAGE, deliver->exchange, deliver->routing_key);
    link->coming->consumer = copy(link, deliver->consumer_tag);
    link->coming->message.redelivered = deliver->redelivered;
    link->coming->tag = deliver->delivery_tag;
    return false;
}

/* A method of our channel; true when it is an event already. */
static bool take_method(struct ci_amqp_link *link, const amqp_method_t *method,
                        struct ci_amqp_event *ret_event)
{
    const amqp_basic_return_t *returned = method->decoded;
    const amqp_basic_ack_t *ack = method->decoded;
    const amqp_basic_nack_t *nack = method->decoded;

    if (link->coming)
        return nonsense(link, "a method within a message");
    switch (method->id) {
    case AMQP_BASIC_DELIVER_METHOD:
        return take_deliver(link, method->decoded);
    case AMQP_BASIC_RETURN_METHOD:
        begin(link, CI_AMQP_RETURNED, returned->exchange, returned->routing_key);
        return false;
    case AMQP_BASIC_ACK_METHOD:
        *ret_event = (struct ci_amqp_event){.kind = CI_AMQP_CONFIRM,
                                            .tag = ack->delivery_tag,
                                            .multiple = ack->multiple,
                                            .taken = true};
        return true;
    case AMQP_BASIC_NACK_METHOD:
        *ret_event = (struct ci_amqp_event){
            .kind = CI_AMQP_CONFIRM, .tag = nack->delivery_tag, .multiple = nack->multiple};
        return true;
    case AMQP_BASIC_CANCEL_METHOD:
        return cancelled(link, method->decoded, ret_event);
    case AMQP_CHANNEL_CLOSE_METHOD:
        return closed(link, method);
    default:
        return false; /* an answer that came too late */
    }
}

static bool take_connection_method(struct ci_amqp_link *link, const amqp_method_t *method,
                                   struct ci_amqp_event *ret_event)
{
    const amqp_connection_blocked_t *blocked = method->decoded;

    switch (method->id) {
    case AMQP_CONNECTION_CLOSE_METHOD:
        return closed(link, method);
    case AMQP_CONNECTION_BLOCKED_METHOD:
        *ret_event =
            (struct ci_amqp_event){.kind = CI_AMQP_BLOCK, .reason = copy(link, blocked->reason)};
        return true;
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
        *ret_event = (struct ci_amqp_event){.kind = CI_AMQP_UNBLOCK};
        return true;
    default:
        return false;
    }
}

static bool take_frame(struct ci_amqp_link *link, const amqp_frame_t *frame,
                       struct ci_amqp_event *ret_event)
{
    if (frame->channel == 0)
        return frame->frame_type == AMQP_FRAME_METHOD &&
               take_connection_method(link, &frame->payload.method, ret_event);
    if (frame->channel != link->channel)
        /* Of a channel before this one, or of none that we ever had. */
        return frame->channel <= CHANNELS ? false : nonsense(link, "a frame of no channel");
    switch (frame->frame_type) {
    case AMQP_FRAME_METHOD:
        return take_method(link, &frame->payload.method, ret_event);
    case AMQP_FRAME_HEADER:
        return take_header(link, frame, ret_event);
    case AMQP_FRAME_BODY:
        return take_body(link, frame, ret_event);
    default:
        return nonsense(link, "a frame of no kind");
    }
}

bool ci_amqp_link_pending(const struct ci_amqp_link *link)
{
    return amqp_frames_enqueued(link->lib) || amqp_data_in_buffer(link->lib);
}

bool ci_amqp_link_read(struct ci_amqp_link *link, struct ci_amqp_event *ret_event)
{
    const struct timeval now = {0};
    bool whole = false;

    if (!link->coming)
        ci_arena_reset(link->mem);
    while (!whole && link->state == CI_AMQP_LINK_UP) {
        amqp_frame_t frame;
        int status;

        if (!link->readable && !ci_amqp_link_pending(link))
            return false;
        link->readable = ci_amqp_link_pending(link) && link->readable;
        status = amqp_simple_wait_frame_noblock(link->lib, &frame, &now);
        if (status == AMQP_STATUS_TIMEOUT)
            return false;
        if (status != AMQP_STATUS_OK)
            return lost(link, "reading", status);
        whole = take_frame(link, &frame, ret_event);
        amqp_maybe_release_buffers_on_channel(link->lib, frame.channel);
    }
    return whole;
}
