/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What callers do with a connection: they put what they want into a list, wake its thread and
 * wait for it. What they put there is on their own stack, so a connection holds no memory for
 * those who wait, and whoever gives up takes his entry out again.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/ident.h"
#include "base/text.h"
#include "base/time.h"
#include "rpc/amqp_private.h"

enum {
    STACK_BYTES = 8 << 20, /* librabbitmq reads nested tables by recursion */
    STUCK_NS = 1000000000, /* a write that takes longer means a broker that does not read */
    GRACE_MS = 1000,       /* for the thread to end by itself once the time to close is over */
    DECLARED_BYTES = 65536,
};

static void condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

static int64_t in_ms(int ms)
{
    return ci_time_monotonic_ns() + (int64_t)ms * 1000000;
}

/* Waits with the lock held; false once the time is over. */
static bool wait_until(struct ci_amqp *amqp, pthread_cond_t *condition, int64_t until_ns)
{
    const struct timespec until = {.tv_sec = until_ns / 1000000000,
                                   .tv_nsec = until_ns % 1000000000};

    return pthread_cond_timedwait(condition, &amqp->lock, &until) != ETIMEDOUT;
}

static void leave(struct ci_amqp *amqp)
{
    amqp->callers--;
    if (amqp->callers == 0 && amqp->closing)
        pthread_cond_broadcast(&amqp->changed);
}

static bool on_own_thread(const struct ci_amqp *amqp)
{
    return pthread_equal(pthread_self(), amqp->thread);
}

void ci_amqp_wake(struct ci_amqp *amqp)
{
    const uint64_t one = 1;

    if (!amqp->asleep)
        return;
    amqp->asleep = false;
    /* It fails only when the counter is full: then the thread is awake anyway. */
    (void)!write(amqp->wake, &one, sizeof one);
}

void ci_amqp_jobs_add(struct ci_amqp_jobs *jobs, struct ci_amqp_job *job)
{
    job->next = NULL;
    job->at = jobs->last;
    *jobs->last = job;
    jobs->last = &job->next;
    jobs->n++;
}

void ci_amqp_jobs_remove(struct ci_amqp_jobs *jobs, struct ci_amqp_job *job)
{
    *job->at = job->next;
    if (job->next)
        job->next->at = job->at;
    else
        jobs->last = job->at;
    jobs->n--;
}

void ci_amqp_job_end(struct ci_amqp_jobs *jobs, struct ci_amqp_job *job, enum ci_amqp_result result)
{
    ci_amqp_jobs_remove(jobs, job);
    job->done = true;
    job->result = result;
    pthread_cond_signal(&job->changed);
}

void ci_amqp_settling_end(struct ci_amqp_settling *settling, bool written)
{
    settling->done = true;
    settling->written = written;
    pthread_cond_signal(&settling->changed);
}

/* What has not been sent when its time is over. */
static enum ci_amqp_result unsent(const struct ci_amqp *amqp)
{
    const bool stuck = amqp->writing_ns && ci_time_monotonic_ns() - amqp->writing_ns > STUCK_NS;

    return amqp->blocked || stuck ? CI_AMQP_BLOCKED : CI_AMQP_UNSENT;
}

static enum ci_amqp_result wait_for_confirm(struct ci_amqp *amqp, struct ci_amqp_job *job)
{
    const int64_t until_ns = in_ms(job->publish->timeout_ms);

    job->id = ++amqp->last_id;
    ci_amqp_jobs_add(&amqp->queued, job);
    ci_amqp_wake(amqp);
    while (!job->done && wait_until(amqp, &job->changed, until_ns))
        ;
    if (job->done)
        return job->result;
    ci_amqp_jobs_remove(job->tag ? &amqp->sent : &amqp->queued, job);
    return job->tag ? CI_AMQP_UNCONFIRMED : unsent(amqp);
}

enum ci_amqp_result ci_amqp_publish(struct ci_amqp *amqp, const struct ci_amqp_publish *publish)
{
    struct ci_amqp_job job = {.publish = publish};
    enum ci_amqp_result result;

    if (publish->length > amqp->options.max_bytes)
        return CI_AMQP_TOO_LARGE;
    condition_init(&job.changed);
    pthread_mutex_lock(&amqp->lock);
    amqp->callers++;
    if (amqp->closing)
        result = CI_AMQP_CLOSED;
    else if (amqp->queued.n + amqp->sent.n >= amqp->options.queue_limit)
        result = CI_AMQP_FULL;
    else
        result = wait_for_confirm(amqp, &job);
    leave(amqp);
    pthread_mutex_unlock(&amqp->lock);
    pthread_cond_destroy(&job.changed);
    return result;
}

const char *ci_amqp_result_text(enum ci_amqp_result result)
{
    switch (result) {
    case CI_AMQP_CONFIRMED:
        return "it was delivered";
    case CI_AMQP_UNROUTABLE:
        return "its queue does not exist";
    case CI_AMQP_REFUSED:
        return "the message broker refused it";
    case CI_AMQP_LOST:
        return "the connection to the message broker was lost";
    case CI_AMQP_UNCONFIRMED:
        return "the message broker did not confirm it in time";
    case CI_AMQP_UNSENT:
        return "there is no connection to the message broker";
    case CI_AMQP_BLOCKED:
        return "the message broker takes no messages: it is short of memory or disk space";
    case CI_AMQP_FULL:
        return "too many messages are waiting for the message broker";
    case CI_AMQP_TOO_LARGE:
        return "it is too large for the message broker";
    case CI_AMQP_CLOSED:
        break;
    }
    return "the service is stopping";
}

/* On the connection's own thread there is nobody to wait for. */
static bool settle_here(struct ci_amqp *amqp, const struct ci_amqp_delivery *delivery,
                        enum ci_amqp_settlement how)
{
    uint64_t epoch;

    pthread_mutex_lock(&amqp->lock);
    epoch = amqp->epoch;
    pthread_mutex_unlock(&amqp->lock);
    return delivery->epoch == epoch && amqp->link.state == CI_AMQP_LINK_UP &&
           ci_amqp_link_settle(&amqp->link, delivery->tag, how);
}

/* The thread ends every entry it finds, sooner or later: no time needs to be given. */
static bool settle(struct ci_amqp *amqp, const struct ci_amqp_delivery *delivery,
                   enum ci_amqp_settlement how)
{
    struct ci_amqp_settling settling = {.delivery = *delivery, .how = how};

    if (on_own_thread(amqp))
        return settle_here(amqp, delivery, how);
    condition_init(&settling.changed);
    pthread_mutex_lock(&amqp->lock);
    amqp->callers++;
    if (amqp->connected && delivery->epoch == amqp->epoch) {
        *amqp->last_settling = &settling;
        amqp->last_settling = &settling.next;
        ci_amqp_wake(amqp);
        while (!settling.done)
            pthread_cond_wait(&settling.changed, &amqp->lock);
    }
    leave(amqp);
    pthread_mutex_unlock(&amqp->lock);
    pthread_cond_destroy(&settling.changed);
    return settling.written;
}

bool ci_amqp_ack(struct ci_amqp *amqp, const struct ci_amqp_delivery *delivery)
{
    return settle(amqp, delivery, CI_AMQP_ACK);
}

void ci_amqp_requeue(struct ci_amqp *amqp, const struct ci_amqp_delivery *delivery)
{
    /* When it cannot be written the connection is gone, and the message is back already. */
    (void)settle(amqp, delivery, CI_AMQP_REQUEUE);
}

static void copy_queue(struct ci_arena *mem, const struct ci_amqp_queue *from,
                       struct ci_amqp_queue *to)
{
    *to = *from;
    to->name = ci_strdup(mem, from->name);
    to->exchange = ci_strdup(mem, from->exchange);
    to->exchange_type = ci_strdup(mem, from->exchange_type);
    to->routing_key = ci_strdup(mem, from->routing_key);
}

static struct ci_amqp_consumer *add_consumer(struct ci_amqp *amqp,
                                             const struct ci_amqp_queue *queue,
                                             ci_amqp_on_message *on_message, void *arg)
{
    struct ci_amqp_consumer *consumer = &amqp->consumers[amqp->n_consumers];

    copy_queue(amqp->mem, queue, &consumer->queue);
    consumer->on_message = on_message;
    consumer->arg = arg;
    consumer->tag[0] = (char)('1' + amqp->n_consumers);
    amqp->n_consumers++;
    ci_amqp_wake(amqp);
    return consumer;
}

bool ci_amqp_consume(struct ci_ctx *ctx, struct ci_amqp *amqp, const struct ci_amqp_queue *queue,
                     ci_amqp_on_message *on_message, void *arg, int timeout_ms)
{
    const int64_t until_ns = in_ms(timeout_ms);
    const struct ci_amqp_consumer *consumer = NULL;
    const char *why = NULL;
    bool up;

    pthread_mutex_lock(&amqp->lock);
    amqp->callers++;
    if (!amqp->closing && !amqp->cancelling && amqp->n_consumers < CI_AMQP_CONSUMERS)
        consumer = add_consumer(amqp, queue, on_message, arg);
    while (consumer && !consumer->was_up && !amqp->closing &&
           wait_until(amqp, &amqp->changed, until_ns))
        ;
    up = consumer && consumer->was_up;
    if (!up)
        why = !consumer || amqp->closing ? "the service is stopping"
              : *amqp->trouble           ? ci_strdup(ctx->mem, amqp->trouble)
                                         : "the message broker does not answer";
    leave(amqp);
    pthread_mutex_unlock(&amqp->lock);
    return up || ci_fail_text(ctx, ServiceUnavailable, "Cannot consume from queue %s: %s.",
                              queue->name, why);
}

bool ci_amqp_cancel(struct ci_amqp *amqp, int timeout_ms)
{
    const int64_t until_ns = in_ms(timeout_ms);
    bool cancelled;

    pthread_mutex_lock(&amqp->lock);
    amqp->callers++;
    amqp->cancelling = true;
    ci_amqp_wake(amqp);
    while (!amqp->cancelled && wait_until(amqp, &amqp->changed, until_ns))
        ;
    cancelled = amqp->cancelled;
    leave(amqp);
    pthread_mutex_unlock(&amqp->lock);
    return cancelled;
}

void ci_amqp_state(struct ci_amqp *amqp, struct ci_amqp_state *ret_state)
{
    pthread_mutex_lock(&amqp->lock);
    *ret_state = (struct ci_amqp_state){
        .connected = amqp->connected,
        .blocked = amqp->connected && unsent(amqp) == CI_AMQP_BLOCKED,
        .consuming = amqp->connected,
        .waiting = amqp->queued.n,
        .unconfirmed = amqp->sent.n,
        .connections = amqp->connections,
    };
    for (size_t i = 0; i < amqp->n_consumers; i++)
        ret_state->consuming &= amqp->consumers[i].up;
    memcpy(ret_state->trouble, amqp->trouble, sizeof ret_state->trouble);
    pthread_mutex_unlock(&amqp->lock);
}

/* Everything in the connection's own memory: who opened it may forget his. */
static void copy_options(struct ci_arena *mem, const struct ci_amqp_options *from,
                         struct ci_amqp_options *to)
{
    struct ci_amqp_host *hosts = ci_alloc_array(mem, from->n_hosts, sizeof *hosts);

    *to = *from;
    for (size_t i = 0; i < from->n_hosts; i++) {
        hosts[i] = from->hosts[i];
        hosts[i].name = ci_strdup(mem, from->hosts[i].name);
        hosts[i].user = ci_strdup(mem, from->hosts[i].user);
        hosts[i].password = ci_strdup(mem, from->hosts[i].password);
    }
    to->hosts = hosts;
    to->program = ci_strdup(mem, from->program);
    to->virtual_host = ci_strdup(mem, from->virtual_host);
    to->ssl_ca_file = ci_strdup(mem, from->ssl_ca_file);
    to->ssl_cert_file = ci_strdup(mem, from->ssl_cert_file);
    to->ssl_key_file = ci_strdup(mem, from->ssl_key_file);
}

static struct ci_amqp *make(const struct ci_amqp_options *options)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_amqp *amqp = ci_new(mem, struct ci_amqp);

    amqp->mem = mem;
    copy_options(mem, options, &amqp->options);
    amqp->name = ci_printf(mem, "%s:%ld:%s", options->program, (long)getpid(), ci_uuid_new(mem));
    pthread_mutex_init(&amqp->lock, NULL);
    condition_init(&amqp->changed);
    amqp->queued.last = &amqp->queued.first;
    amqp->sent.last = &amqp->sent.first;
    amqp->last_settling = &amqp->settlings;
    amqp->fd = -1;
    amqp->link.mem = ci_arena_new();
    amqp->link.body = ci_text_new(mem, options->max_bytes);
    amqp->link.state = CI_AMQP_LINK_LOST;
    amqp->declared = ci_text_new(mem, DECLARED_BYTES);
    amqp->work = ci_arena_new();
    amqp->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return amqp;
}

static void destroy(struct ci_amqp *amqp)
{
    if (amqp->wake >= 0)
        close(amqp->wake);
    pthread_cond_destroy(&amqp->changed);
    pthread_mutex_destroy(&amqp->lock);
    ci_arena_free(amqp->work);
    ci_arena_free(amqp->link.mem);
    ci_arena_free(amqp->mem);
}

/* Signals are the main thread's: the new thread starts with all of them blocked. */
static bool start_thread(struct ci_amqp *amqp)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int failed;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&amqp->lock);
    failed = pthread_create(&amqp->thread, &attributes, ci_amqp_run, amqp);
    pthread_mutex_unlock(&amqp->lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return !failed;
}

bool ci_amqp_open(struct ci_ctx *ctx, const struct ci_amqp_options *options,
                  struct ci_amqp **ret_amqp)
{
    struct ci_amqp *amqp = make(options);

    if (amqp->wake < 0 || !start_thread(amqp)) {
        destroy(amqp);
        return ci_fail_text(ctx, ServiceUnavailable,
                            "A connection to the message broker cannot have a thread.");
    }
    *ret_amqp = amqp;
    return true;
}

void ci_amqp_close(struct ci_amqp *amqp, int timeout_ms)
{
    if (!amqp)
        return;
    pthread_mutex_lock(&amqp->lock);
    amqp->closing = true;
    amqp->close_ns = in_ms(timeout_ms);
    ci_amqp_wake(amqp);
    pthread_cond_broadcast(&amqp->changed);
    while (!amqp->ended &&
           wait_until(amqp, &amqp->changed, amqp->close_ns + (int64_t)GRACE_MS * 1000000))
        ;
    /* It is stuck in a write to a broker that does not read: that ends with the socket. */
    if (!amqp->ended && amqp->fd >= 0)
        (void)shutdown(amqp->fd, SHUT_RDWR);
    pthread_mutex_unlock(&amqp->lock);
    pthread_join(amqp->thread, NULL);
    pthread_mutex_lock(&amqp->lock);
    while (amqp->callers > 0)
        pthread_cond_wait(&amqp->changed, &amqp->lock);
    pthread_mutex_unlock(&amqp->lock);
    destroy(amqp);
}
