/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the broker says, brought to whom it concerns: messages to consumers, confirms and
 * returned messages to the callers that wait for them.
 */
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "rpc/amqp_private.h"

enum {
    EVENTS_AT_ONCE = 256, /* then callers have their turn */
    OFTEN_S = 10,         /* cancels this close together are waited out */
};
#define SECOND_NS INT64_C(1000000000)

static void lock(struct ci_amqp *amqp)
{
    pthread_mutex_lock(&amqp->lock);
}

static void unlock(struct ci_amqp *amqp)
{
    pthread_mutex_unlock(&amqp->lock);
}

static struct ci_amqp_consumer *find_consumer(struct ci_amqp *amqp, const char *tag)
{
    for (size_t i = 0; i < amqp->n_consumers; i++) {
        if (strcmp(amqp->consumers[i].tag, tag) == 0)
            return &amqp->consumers[i];
    }
    return NULL;
}

static void take_message(struct ci_amqp *amqp, struct ci_amqp_event *event)
{
    struct ci_amqp_message *message = &event->message;
    struct ci_amqp_consumer *consumer;

    lock(amqp);
    consumer = find_consumer(amqp, event->consumer);
    unlock(amqp);
    if (!consumer || !message->body) {
        ci_warning(NULL, "A message is rejected", "connection=%s consumer=%s bytes=%zu", amqp->name,
                   event->consumer, message->length);
        /* When it cannot be rejected the link is lost, which the state says. */
        (void)!ci_amqp_link_settle(&amqp->link, event->tag, CI_AMQP_REJECT);
        return;
    }
    message->delivery = (struct ci_amqp_delivery){.epoch = amqp->epoch, .tag = event->tag};
    consumer->on_message(consumer->arg, message);
}

/* Which message came back can be told from its contents only. */
static bool is_same(const struct ci_amqp_publish *publish, const struct ci_amqp_event *event)
{
    return publish->mandatory && publish->length == event->message.length &&
           strcmp(publish->exchange, event->message.exchange) == 0 &&
           strcmp(publish->routing_key, event->message.routing_key) == 0 &&
           ci_amqp_hash(CI_AMQP_HASH_START, publish->body, publish->length) == event->hash;
}

static void take_return(struct ci_amqp *amqp, const struct ci_amqp_event *event)
{
    lock(amqp);
    for (struct ci_amqp_job *job = amqp->sent.first; job; job = job->next) {
        if (is_same(job->publish, event)) {
            ci_amqp_job_end(&amqp->sent, job, CI_AMQP_UNROUTABLE);
            break;
        }
    }
    unlock(amqp);
}

/* They were sent in the order of their tags. */
static void take_confirm(struct ci_amqp *amqp, const struct ci_amqp_event *event)
{
    struct ci_amqp_job *job, *next;

    lock(amqp);
    for (job = amqp->sent.first; job && job->tag <= event->tag; job = next) {
        next = job->next;
        if (event->multiple || job->tag == event->tag)
            ci_amqp_job_end(&amqp->sent, job, event->taken ? CI_AMQP_CONFIRMED : CI_AMQP_REFUSED);
    }
    unlock(amqp);
}

static void take_cancel(struct ci_amqp *amqp, const struct ci_amqp_event *event)
{
    const int64_t now = ci_time_monotonic_ns();
    struct ci_amqp_consumer *consumer;

    lock(amqp);
    consumer = find_consumer(amqp, event->consumer);
    if (consumer) {
        const bool often = now - consumer->cancelled_ns < OFTEN_S * SECOND_NS;

        consumer->up = false;
        consumer->try_ns =
            often && consumer->cancelled_ns
                ? now + (int64_t)(amqp->options.reconnect_delay_s * (double)SECOND_NS)
                : 0;
        consumer->cancelled_ns = now;
    }
    unlock(amqp);
    if (consumer)
        ci_warning(NULL, "The message broker has cancelled a consumer", "connection=%s queue=%s",
                   amqp->name, consumer->queue.name);
}

static void set_blocked(struct ci_amqp *amqp, bool blocked, const char *reason)
{
    lock(amqp);
    amqp->blocked = blocked;
    unlock(amqp);
    if (blocked)
        ci_warning(NULL, "The message broker takes no messages", "connection=%s reason=%s",
                   amqp->name, reason);
    else
        ci_info(NULL, "The message broker takes messages again", "connection=%s", amqp->name);
}

static void take(struct ci_amqp *amqp, struct ci_amqp_event *event)
{
    switch (event->kind) {
    case CI_AMQP_MESSAGE:
        take_message(amqp, event);
        break;
    case CI_AMQP_RETURNED:
        take_return(amqp, event);
        break;
    case CI_AMQP_CONFIRM:
        take_confirm(amqp, event);
        break;
    case CI_AMQP_CANCELLED:
        take_cancel(amqp, event);
        break;
    case CI_AMQP_BLOCK:
        set_blocked(amqp, true, event->reason);
        break;
    case CI_AMQP_UNBLOCK:
        set_blocked(amqp, false, "");
        break;
    }
}

bool ci_amqp_read_events(struct ci_amqp *amqp)
{
    struct ci_amqp_event event;

    for (int i = 0; i < EVENTS_AT_ONCE; i++) {
        if (!ci_amqp_link_read(&amqp->link, &event))
            return false;
        take(amqp, &event);
    }
    return true;
}
