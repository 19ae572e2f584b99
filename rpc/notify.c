/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notifications: of records, and of what was measured.
 *
 * One thread sends, so that listeners hear things in the order in which they happened. While the
 * broker is away the queue fills and what comes after is dropped: Ironic would hold up the
 * request instead, for ever.
 */
#include "rpc/notify.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/config.h"
#include "base/ident.h"
#include "base/log.h"
#include "base/time.h"
#include "base/workers.h"
#include "rpc/amqp.h"
#include "rpc/message.h"

enum {
    QUEUE_LIMIT = 1000,
    QUEUE_BYTES = 64 << 20,
    MESSAGE_BYTES = 8 << 20,
    TRY_MS = 1000, /* between looks at whether it is time to end */
    ATTEMPT_S = 5, /* what an attempt waits for the broker, when their number is limited */
    CLOSE_MS = 2000,
    TELL_AGAIN_S = 30, /* the same trouble is logged once in this time */
    ROOM_MS = 5000,    /* what a measurement waits for a place in the queue, */
    LOOK_MS = 20,      /* looking this often */
};
#define SECOND_NS INT64_C(1000000000)

/* Ironic's levels, and oslo.messaging's, from the lowest. */
static const char *const levels[] = {"debug", "info", "warning", "error", "critical", NULL};
static const char *const priorities[] = {"DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"};
enum { LEVEL_INFO = 1, LEVEL_ERROR = 3, LEVEL_NONE = 5 };

static const char *const statuses[] = {[CI_NOTIFY_START] = "start",
                                       [CI_NOTIFY_END] = "end",
                                       [CI_NOTIFY_ERROR] = "error",
                                       [CI_NOTIFY_SUCCESS] = "success"};

/* What a driver does: sends with or without an envelope, or writes it into the log. */
enum form { SEALED, BARE, LOGGED, FORMS };

/* Drivers of oslo.messaging; those that do nothing with a message are known, too. */
static const struct {
    const char *name;
    enum form form; /* FORMS: nothing */
} drivers[] = {{"messagingv2", SEALED}, {"messaging", BARE}, {"log", LOGGED},
               {"noop", FORMS},         {"test", FORMS},     {"", FORMS}};

struct ci_notifier {
    struct ci_arena *mem;       /* holds all of it */
    struct ci_amqp *amqp;       /* NULL: the log alone */
    struct ci_amqp_queue queue; /* what all of ours have in common */
    struct ci_workers *sender;  /* one thread */
    const char *host;
    const char *const *topics;
    const char *const *measured_topics; /* NULL: nothing measured is told */
    bool forms[FORMS];
    int level;     /* LEVEL_NONE: no record is told of */
    int64_t retry; /* attempts after the first; below 0: for ever */
    atomic_bool ending;
    atomic_size_t bytes; /* of what waits */

    pthread_mutex_t lock; /* guards what follows */
    uint64_t dropped;
    int64_t told_ns; /* when that was last logged */
};

struct ci_notice {
    struct ci_notifier *notifier;
    struct ci_arena *mem; /* holds it */
    const char *const *topics;
    int level;
    const char *event_type;
    const char *bodies[FORMS]; /* NULL where nobody wants it */
    size_t lengths[FORMS];
};

static int level_of(enum ci_notify_status status)
{
    return status == CI_NOTIFY_ERROR ? LEVEL_ERROR : LEVEL_INFO;
}

bool ci_notify_wants(const struct ci_ctx *ctx, enum ci_notify_status status)
{
    return ctx->notifier && level_of(status) >= ctx->notifier->level;
}

/* Counts what nobody will hear, and says so now and then. */
static void count_dropped(struct ci_notifier *notifier, const char *why)
{
    const int64_t now = ci_time_monotonic_ns();
    uint64_t dropped;
    bool tell;

    pthread_mutex_lock(&notifier->lock);
    dropped = ++notifier->dropped;
    tell = notifier->told_ns == 0 || now - notifier->told_ns > TELL_AGAIN_S * SECOND_NS;
    if (tell)
        notifier->told_ns = now;
    pthread_mutex_unlock(&notifier->lock);
    if (tell)
        ci_warning(NULL, "Notifications are dropped", "dropped=%llu reason=%s",
                   (unsigned long long)dropped, why);
}

/* May the message be sent again? A second one of the same _unique_id is dropped by receivers. */
static bool is_passing(enum ci_amqp_result result)
{
    return result == CI_AMQP_LOST || result == CI_AMQP_UNCONFIRMED || result == CI_AMQP_UNSENT ||
           result == CI_AMQP_BLOCKED || result == CI_AMQP_FULL;
}

static void publish(struct ci_notice *notice, const char *topic, enum form form)
{
    struct ci_notifier *notifier = notice->notifier;
    const char *key = ci_printf(notice->mem, "%s.%s", topic, levels[notice->level]);
    struct ci_amqp_queue queue = notifier->queue;
    const struct ci_amqp_publish message = {.declare = &queue,
                                            .exchange = queue.exchange,
                                            .routing_key = key,
                                            .body = notice->bodies[form],
                                            .length = notice->lengths[form],
                                            .timeout_ms = TRY_MS};
    const int64_t tries = notifier->retry < 0 ? INT64_MAX : (notifier->retry + 1) * ATTEMPT_S;
    enum ci_amqp_result result = CI_AMQP_UNSENT;

    queue.name = queue.routing_key = key;
    for (int64_t i = 0; i < tries && is_passing(result) && !atomic_load(&notifier->ending); i++)
        result = ci_amqp_publish(notifier->amqp, &message);
    if (result != CI_AMQP_CONFIRMED)
        count_dropped(notifier, ci_amqp_result_text(result));
}

/* A ci_job. */
static void deliver(void *arg)
{
    struct ci_notice *notice = arg;

    if (notice->bodies[LOGGED])
        ci_info(NULL, "Notification", "event_type=%s message=%s", notice->event_type,
                notice->bodies[LOGGED]);
    for (size_t i = 0; notice->topics[i]; i++) {
        for (enum form form = SEALED; form <= BARE; form++) {
            if (notice->bodies[form])
                publish(notice, notice->topics[i], form);
        }
    }
    ci_notice_drop(notice);
}

void ci_notice_send(struct ci_notice *notice)
{
    if (!notice)
        return;
    if (atomic_load(&notice->notifier->bytes) <= QUEUE_BYTES &&
        ci_workers_submit(notice->notifier->sender, deliver, notice))
        return;
    count_dropped(notice->notifier, "too many wait for the message broker");
    ci_notice_drop(notice);
}

void ci_notice_drop(struct ci_notice *notice)
{
    if (!notice)
        return;
    for (enum form form = SEALED; form < FORMS; form++)
        atomic_fetch_sub(&notice->notifier->bytes, notice->lengths[form]);
    ci_arena_free(notice->mem);
}

/* Writes the message in each form that a driver wants. */
static bool write_bodies(struct ci_ctx *ctx, struct ci_message_notification *message,
                         struct ci_notice *notice)
{
    for (enum form form = SEALED; form < FORMS; form++) {
        struct ci_text *body = ci_text_new(ctx->mem, MESSAGE_BYTES);

        if (!notice->notifier->forms[form])
            continue;
        message->bare = form != SEALED;
        if (!ci_message_write_notification(ctx, message, body))
            return false;
        notice->bodies[form] = ci_strndup(notice->mem, body->bytes, body->length);
        notice->lengths[form] = body->length;
    }
    return true;
}

static bool fill(struct ci_ctx *ctx, const char *publisher_id, const json_t *payload,
                 struct ci_notice *notice)
{
    struct ci_message_notification message = {.publisher_id = publisher_id,
                                              .event_type = notice->event_type,
                                              .priority = priorities[notice->level],
                                              .payload = payload,
                                              /* All forms are the same message. */
                                              .message_id = ci_uuid_new(ctx->mem),
                                              .timestamp = ci_time_db(ctx->mem, ci_time_now_us()),
                                              .unique_id = ci_message_id(ctx->mem)};

    return write_bodies(ctx, &message, notice);
}

static struct ci_notice *notice_new(const struct ci_ctx *ctx, const char *const *topics, int level)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_notice *notice = ci_new(mem, struct ci_notice);

    notice->mem = mem;
    notice->notifier = ctx->notifier;
    notice->topics = topics;
    notice->level = level;
    return notice;
}

/* The notice is counted with what waits; or it was not made, which is told and gives NULL. */
static struct ci_notice *seal(struct ci_ctx *ctx, struct ci_notice *notice, bool made)
{
    if (!made) {
        ci_warning(ctx, "A notification is left out", "event_type=%s error=%s", notice->event_type,
                   ci_error_take(ctx));
        ci_arena_free(notice->mem);
        return NULL;
    }
    for (enum form form = SEALED; form < FORMS; form++)
        atomic_fetch_add(&notice->notifier->bytes, notice->lengths[form]);
    return notice;
}

struct ci_notice *ci_notify_prepare(struct ci_ctx *ctx, const struct ci_notification *of)
{
    struct ci_error *error = ctx->error;
    struct ci_notice *notice;
    json_t *payload;

    if (!ci_notify_wants(ctx, of->status))
        return NULL;
    notice = notice_new(ctx, ctx->notifier->topics, level_of(of->status));
    notice->event_type =
        ci_printf(notice->mem, "baremetal.%s.%s.%s", of->object, of->action, statuses[of->status]);
    ctx->error = NULL;
    notice = seal(ctx, notice,
                  ci_payload_write(ctx, of->payload, of->record, of->told, &payload) &&
                      fill(ctx, ci_printf(ctx->mem, "%s.%s", of->service, ctx->notifier->host),
                           payload, notice));
    ctx->error = error;
    return notice;
}

bool ci_notify_wants_measured(const struct ci_ctx *ctx)
{
    return ctx->notifier && ctx->notifier->measured_topics;
}

/* Whoever measures has time: a fleet's sensors are more messages than the queue holds. */
static void await_room(const struct ci_notifier *notifier)
{
    const struct timespec look = {.tv_nsec = LOOK_MS * 1000000L};

    for (int ms = 0; ms < ROOM_MS && ci_workers_waiting(notifier->sender) >= QUEUE_LIMIT / 2;
         ms += LOOK_MS)
        (void)nanosleep(&look, NULL);
}

void ci_notify_measured(struct ci_ctx *ctx, const char *event_type, const json_t *payload)
{
    struct ci_error *error = ctx->error;
    struct ci_notice *notice;

    if (!ci_notify_wants_measured(ctx))
        return;
    await_room(ctx->notifier);
    notice = notice_new(ctx, ctx->notifier->measured_topics, LEVEL_INFO);
    notice->event_type = ci_strdup(notice->mem, event_type);
    ctx->error = NULL;
    /* Ironic asks for a publisher without naming a service, and this is what it gets. */
    ci_notice_send(
        seal(ctx, notice,
             fill(ctx, ci_printf(ctx->mem, "None.%s", ctx->notifier->host), payload, notice)));
    ctx->error = error;
}

void ci_notify_send(struct ci_ctx *ctx, const struct ci_notification *notification)
{
    ci_notice_send(ci_notify_prepare(ctx, notification));
}

/* What the drivers named in the configuration want; false when that is nothing. */
static bool read_drivers(struct ci_ctx *ctx, bool *forms)
{
    const char *const *names = ctx->config->oslo_messaging_notifications.driver;
    bool any = false;

    for (size_t i = 0; names && names[i]; i++) {
        size_t n = 0;

        while (n < sizeof drivers / sizeof drivers[0] && strcmp(drivers[n].name, names[i]) != 0)
            n++;
        if (n == sizeof drivers / sizeof drivers[0]) {
            ci_warning(ctx, "An unknown notification driver is left out",
                       "[oslo_messaging_notifications]driver=%s", names[i]);
        } else if (drivers[n].form != FORMS) {
            forms[drivers[n].form] = any = true;
        }
    }
    return any;
}

static const char *const *copy_list(struct ci_arena *mem, const char *const *list)
{
    const char **copy;
    size_t n = 0;

    while (list && list[n])
        n++;
    copy = ci_alloc_array(mem, n + 1, sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = ci_strdup(mem, list[i]);
    return copy;
}

static bool connect_broker(struct ci_ctx *ctx, struct ci_notifier *notifier, const char *program)
{
    const struct ci_config *config = ctx->config;
    const char *url = config->oslo_messaging_notifications.transport_url;
    struct ci_amqp_options options;

    if (!notifier->forms[SEALED] && !notifier->forms[BARE])
        return true;
    if (!ci_amqp_options_read(ctx, config, url && *url ? url : config->DEFAULT.transport_url,
                              ci_printf(ctx->mem, "%s:notify", program), &options))
        return false;
    notifier->queue = ci_amqp_topic_queue(
        &options, ci_strdup(notifier->mem, config->DEFAULT.control_exchange), NULL);
    return ci_amqp_open(ctx, &options, &notifier->amqp);
}

static struct ci_notifier *notifier_new(const struct ci_config *config, const bool *forms)
{
    static const struct ci_workers_options one = {
        .name = "notify", .threads = 1, .queue_limit = QUEUE_LIMIT};
    struct ci_arena *mem = ci_arena_new();
    struct ci_notifier *notifier = ci_new(mem, struct ci_notifier);

    notifier->mem = mem;
    notifier->level = LEVEL_NONE;
    memcpy(notifier->forms, forms, sizeof notifier->forms);
    notifier->host = ci_strdup(mem, config->DEFAULT.host);
    notifier->topics = copy_list(mem, config->DEFAULT.versioned_notifications_topics);
    notifier->retry = config->oslo_messaging_notifications.retry;
    pthread_mutex_init(&notifier->lock, NULL);
    notifier->sender = ci_workers_new(&one);
    return notifier;
}

/* The place of a level, LEVEL_NONE without one. */
static int read_level(const char *level)
{
    int place = 0;

    if (!level || !*level)
        return LEVEL_NONE;
    while (place < LEVEL_NONE && strcmp(levels[place], level) != 0)
        place++;
    return place;
}

static bool open_notifier(struct ci_ctx *ctx, const char *program, bool measures,
                          struct ci_notifier **ret_notifier)
{
    const struct ci_config *config = ctx->config;
    const int level = read_level(config->DEFAULT.notification_level);
    struct ci_notifier *notifier;
    bool forms[FORMS] = {false};

    *ret_notifier = NULL;
    if ((level == LEVEL_NONE && !measures) || !read_drivers(ctx, forms))
        return true;
    notifier = notifier_new(config, forms);
    notifier->level = level;
    if (measures)
        notifier->measured_topics =
            copy_list(notifier->mem, config->oslo_messaging_notifications.topics);
    if (!connect_broker(ctx, notifier, program)) {
        ci_notifier_free(notifier);
        return false;
    }
    *ret_notifier = notifier;
    return true;
}

bool ci_notifier_new(struct ci_ctx *ctx, const char *program, struct ci_notifier **ret_notifier)
{
    return open_notifier(ctx, program, false, ret_notifier);
}

bool ci_notifier_new_measuring(struct ci_ctx *ctx, const char *program,
                               struct ci_notifier **ret_notifier)
{
    const bool measures = ctx->config->sensor_data.send_sensor_data;

    if (!open_notifier(ctx, program, measures, ret_notifier))
        return false;
    if (measures && !*ret_notifier)
        ci_warning(ctx, "Sensor data goes nowhere: there is no notification driver",
                   "[oslo_messaging_notifications]driver=none");
    return true;
}

void ci_notifier_free(struct ci_notifier *notifier)
{
    if (!notifier)
        return;
    if (!ci_workers_drain(notifier->sender, CLOSE_MS))
        atomic_store(&notifier->ending, true);
    ci_workers_free(notifier->sender);
    ci_amqp_close(notifier->amqp, CLOSE_MS);
    if (notifier->dropped > 0)
        ci_warning(NULL, "Notifications were dropped", "dropped=%llu",
                   (unsigned long long)notifier->dropped);
    pthread_mutex_destroy(&notifier->lock);
    ci_arena_free(notifier->mem);
}
