/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that owns a connection: connect, serve what callers and broker want, and again.
 *
 * Two kinds of waiting between attempts. A broker that is not there is tried again every second,
 * so that all works at once when it is back; one that refuses our user is asked less and less
 * often, as the options say.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "base/time.h"
#include "rpc/amqp_private.h"

enum {
    ABSENT_MAX_S = 1,    /* between attempts at a broker that is not there */
    SHORT_LIFE_MS = 500, /* a connection that lived no longer was none */
    TELL_AGAIN_S = 30,   /* the same trouble is logged once in this time */
    SENDS_AT_ONCE = 64,  /* then the broker has its turn */
    IDLE_MS = 30000,
    RETRY_DECLARE_MAX_S = 2, /* each may cost the other consumers their channel */
};
#define SECOND_NS INT64_C(1000000000)

static int64_t later(double seconds)
{
    return ci_time_monotonic_ns() + (int64_t)(seconds * (double)SECOND_NS);
}

/* From 0 to n - 1. It need not be good, only different from process to process. */
static size_t any(size_t n)
{
    unsigned int number = 0;

    (void)!getrandom(&number, sizeof number, 0);
    return number % n;
}

static void lock(struct ci_amqp *amqp)
{
    pthread_mutex_lock(&amqp->lock);
}

static void unlock(struct ci_amqp *amqp)
{
    pthread_mutex_unlock(&amqp->lock);
}

/* Keeps what went wrong for ci_amqp_state(), and logs it unless it was just told. */
static void note(struct ci_amqp *amqp, const char *event, const char *where)
{
    const int64_t now = ci_time_monotonic_ns();
    char text[sizeof amqp->trouble];
    bool is_new;

    snprintf(text, sizeof text, "%.80s%s%.160s", where, *where ? ": " : "", amqp->link.why);
    lock(amqp);
    is_new = strcmp(text, amqp->trouble) != 0 || now - amqp->told_ns > TELL_AGAIN_S * SECOND_NS;
    memcpy(amqp->trouble, text, sizeof amqp->trouble);
    unlock(amqp);
    if (!is_new)
        return;
    amqp->told_ns = now;
    ci_warning(NULL, event, "connection=%s reason=%s", amqp->name, text);
}

/* Is it time to end? The caller holds the lock. */
static bool is_over(const struct ci_amqp *amqp)
{
    const bool idle = !amqp->queued.first && !amqp->sent.first && !amqp->settlings &&
                      (amqp->cancelled || !amqp->connected);

    return amqp->closing && (idle || ci_time_monotonic_ns() >= amqp->close_ns);
}

static bool finished(struct ci_amqp *amqp)
{
    bool over;

    lock(amqp);
    over = is_over(amqp);
    unlock(amqp);
    return over;
}

static void set_cancelled(struct ci_amqp *amqp)
{
    amqp->cancelled = true;
    pthread_cond_broadcast(&amqp->changed);
}

/*
 * Waits for the file (-1 for none) or a caller. `asleep` is set, and the lock is not held. False
 * when a caller was all that came.
 */
static bool wait_ms(struct ci_amqp *amqp, int fd, int timeout_ms)
{
    struct pollfd files[] = {{.fd = amqp->wake, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    const int ready = poll(files, 2, timeout_ms);
    uint64_t count;

    if (ready > 0 && files[0].revents)
        (void)!read(amqp->wake, &count, sizeof count);
    lock(amqp);
    amqp->asleep = false;
    unlock(amqp);
    return ready <= 0 || files[1].revents;
}

/* Waits without a connection; ends early when it is time to close. */
static void rest(struct ci_amqp *amqp, double seconds)
{
    const int64_t until = later(seconds);

    for (;;) {
        const int64_t left = until - ci_time_monotonic_ns();
        bool over;

        lock(amqp);
        if ((amqp->cancelling || amqp->closing) && !amqp->cancelled)
            set_cancelled(amqp);
        over = left <= 0 || is_over(amqp);
        amqp->asleep = !over;
        unlock(amqp);
        if (over)
            return;
        (void)wait_ms(amqp, -1, (int)(left / 1000000) + 1);
    }
}

static double pause_s(const struct ci_amqp *amqp, bool refused)
{
    const struct ci_amqp_options *options = &amqp->options;
    const int absent =
        options->retry_interval_s > ABSENT_MAX_S ? options->retry_interval_s : ABSENT_MAX_S;
    double pause = options->retry_interval_s +
                   (double)options->retry_backoff_s * (amqp->attempts > 0 ? amqp->attempts - 1 : 0);

    if (!refused && pause > absent)
        pause = absent;
    if (pause > options->retry_max_s)
        pause = options->retry_max_s;
    /* Services that lost one broker do not all come back in the same moment. */
    return pause * (1 - (double)any(200) / 1000) + 0.02;
}

/* What was sent on the channel is lost, and so is everything else it had. */
static void forget_channel(struct ci_amqp *amqp)
{
    amqp->epoch++;
    amqp->sent_tag = 0;
    ci_text_clear(amqp->declared);
    while (amqp->sent.first)
        ci_amqp_job_end(&amqp->sent, amqp->sent.first, CI_AMQP_LOST);
    while (amqp->settlings) {
        struct ci_amqp_settling *settling = amqp->settlings;

        amqp->settlings = settling->next;
        ci_amqp_settling_end(settling, false);
    }
    amqp->last_settling = &amqp->settlings;
    for (size_t i = 0; i < amqp->n_consumers; i++)
        amqp->consumers[i].up = false;
}

/* Of all connections of the process, so far. */
static ci_counter made, failed, lost;

static void connected(struct ci_amqp *amqp, const struct ci_amqp_host *host)
{
    amqp->up_since_ns = ci_time_monotonic_ns();
    amqp->needs_quiet = false;
    lock(amqp);
    forget_channel(amqp);
    amqp->connected = true;
    amqp->connections++;
    ci_counter_add(&made);
    for (size_t i = 0; i < amqp->n_consumers; i++)
        amqp->consumers[i].try_ns = 0;
    unlock(amqp);
    ci_info(NULL, "Connected to the message broker", "connection=%s host=%s port=%d vhost=%s",
            amqp->name, host->name, host->port, amqp->options.virtual_host);
}

/*
 * Shows the socket to ci_amqp_close(); -1: none. It is a second descriptor of it, since the
 * library closes its own whenever it likes, and the number may be somebody else's then.
 */
static void set_fd(struct ci_amqp *amqp, int fd)
{
    lock(amqp);
    if (amqp->fd >= 0)
        close(amqp->fd);
    amqp->fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    unlock(amqp);
}

static void drop(struct ci_amqp *amqp, bool politely)
{
    lock(amqp);
    amqp->connected = amqp->blocked = false;
    amqp->writing_ns = 0;
    forget_channel(amqp);
    unlock(amqp);
    ci_amqp_link_close(&amqp->link, politely);
    set_fd(amqp, -1);
}

/* The socket is shown as soon as there is one: ci_amqp_close() need not wait for the rest. */
static bool connect_one(struct ci_amqp *amqp, const struct ci_amqp_host *host)
{
    if (!ci_amqp_link_connect(&amqp->link, &amqp->options, host))
        return false;
    set_fd(amqp, ci_amqp_link_fd(&amqp->link));
    if (ci_amqp_link_log_in(&amqp->link, host, amqp->name))
        return true;
    set_fd(amqp, -1);
    return false;
}

/* One round over all hosts. */
static bool connect_any(struct ci_amqp *amqp)
{
    const struct ci_amqp_options *options = &amqp->options;
    bool refused = true;

    for (size_t i = 0; i < options->n_hosts && !finished(amqp); i++) {
        const struct ci_amqp_host *host = &options->hosts[amqp->host];
        char where[160];

        if (connect_one(amqp, host)) {
            connected(amqp, host);
            return true;
        }
        ci_counter_add(&failed);
        refused &= amqp->link.login_refused;
        snprintf(where, sizeof where, "%.100s:%d", host->name, host->port);
        note(amqp,
             amqp->link.login_refused ? "The message broker refuses us"
                                      : "Cannot connect to the message broker",
             where);
        ci_amqp_link_close(&amqp->link, false);
        amqp->host = options->shuffle ? any(options->n_hosts) : (amqp->host + 1) % options->n_hosts;
    }
    /* A broker that was away for long may refuse us once while it starts. */
    amqp->attempts = refused == amqp->refused ? amqp->attempts + 1 : 1;
    amqp->refused = refused;
    rest(amqp, pause_s(amqp, refused));
    return false;
}

static void write_settlings(struct ci_amqp *amqp)
{
    struct ci_amqp_settling *settling;
    bool written;

    lock(amqp);
    for (;;) {
        settling = amqp->settlings;
        if (!settling || amqp->link.state != CI_AMQP_LINK_UP)
            break;
        /* Its caller waits without a limit, so it stays where it is while it is written. */
        unlock(amqp);
        written = ci_amqp_link_settle(&amqp->link, settling->delivery.tag, settling->how);
        lock(amqp);
        amqp->settlings = settling->next;
        if (!amqp->settlings)
            amqp->last_settling = &amqp->settlings;
        ci_amqp_settling_end(settling, written);
    }
    unlock(amqp);
}

/* The next consumer that the broker is to be told of, or NULL. */
static struct ci_amqp_consumer *next_consumer(struct ci_amqp *amqp)
{
    const int64_t now = ci_time_monotonic_ns();
    struct ci_amqp_consumer *found = NULL;

    lock(amqp);
    for (size_t i = 0; i < amqp->n_consumers && !found; i++) {
        struct ci_amqp_consumer *consumer = &amqp->consumers[i];

        if (!consumer->up && now >= consumer->try_ns && !amqp->cancelling && !amqp->closing)
            found = consumer;
    }
    unlock(amqp);
    return found;
}

static void declare_consumers(struct ci_amqp *amqp)
{
    struct ci_amqp_link *link = &amqp->link;
    struct ci_amqp_consumer *consumer;

    while (link->state == CI_AMQP_LINK_UP) {
        bool up;

        consumer = next_consumer(amqp);
        if (!consumer)
            return;
        up = ci_amqp_link_declare(link, &consumer->queue) &&
             ci_amqp_link_consume(link, consumer->queue.name, consumer->tag);
        if (!up)
            note(amqp, "Cannot consume from a queue", consumer->queue.name);
        lock(amqp);
        consumer->up = up;
        consumer->was_up |= up;
        consumer->failures = up ? 0 : consumer->failures + 1;
        if (!up)
            consumer->try_ns =
                later(consumer->failures < RETRY_DECLARE_MAX_S ? consumer->failures
                                                               : RETRY_DECLARE_MAX_S);
        pthread_cond_broadcast(&amqp->changed);
        unlock(amqp);
    }
}

/* True when the broker has been told now, and what had come before is to be handed on. */
static bool cancel_consumers(struct ci_amqp *amqp)
{
    bool wanted;

    lock(amqp);
    wanted = (amqp->cancelling || amqp->closing) && !amqp->cancelled;
    if (wanted && amqp->needs_quiet)
        set_cancelled(amqp);
    unlock(amqp);
    if (!wanted || amqp->needs_quiet)
        return false;
    /* Nobody adds consumers anymore. */
    for (size_t i = 0; i < amqp->n_consumers && amqp->link.state == CI_AMQP_LINK_UP; i++) {
        struct ci_amqp_consumer *consumer = &amqp->consumers[i];
        const bool gone = !consumer->up || ci_amqp_link_cancel(&amqp->link, consumer->tag);

        lock(amqp);
        consumer->up &= !gone;
        unlock(amqp);
    }
    amqp->needs_quiet = true;
    return true;
}

static const char *declared_key(struct ci_amqp *amqp, const struct ci_amqp_queue *queue)
{
    return ci_printf(amqp->work, "\n%s %s\n", queue->exchange, queue->name ? queue->name : "");
}

static bool is_declared(struct ci_amqp *amqp, const struct ci_amqp_queue *queue)
{
    return !queue ||
           (amqp->declared->length > 0 && strstr(amqp->declared->bytes, declared_key(amqp, queue)));
}

static void set_declared(struct ci_amqp *amqp, const struct ci_amqp_queue *queue)
{
    ci_text_add(amqp->declared, declared_key(amqp, queue));
    if (amqp->declared->overflow)
        ci_text_clear(amqp->declared);
}

static void copy_publish(struct ci_amqp *amqp, const struct ci_amqp_publish *from,
                         struct ci_amqp_publish *to)
{
    struct ci_amqp_queue *queue;

    ci_arena_reset(amqp->work);
    *to = *from;
    to->exchange = ci_strdup(amqp->work, from->exchange);
    to->routing_key = ci_strdup(amqp->work, from->routing_key);
    to->body = ci_strndup(amqp->work, from->body, from->length);
    if (!from->declare)
        return;
    queue = ci_new(amqp->work, struct ci_amqp_queue);
    *queue = *from->declare;
    queue->name = ci_strdup(amqp->work, from->declare->name);
    queue->exchange = ci_strdup(amqp->work, from->declare->exchange);
    queue->exchange_type = ci_strdup(amqp->work, from->declare->exchange_type);
    queue->routing_key = ci_strdup(amqp->work, from->declare->routing_key);
    to->declare = queue;
}

/* The job that was begun, unless its caller has gone meanwhile. The lock is held. */
static struct ci_amqp_job *find_job(struct ci_amqp *amqp, uint64_t id)
{
    struct ci_amqp_job *job = amqp->queued.first;

    while (job && job->id != id)
        job = job->next;
    return job;
}

/* What a publish needs. The broker's "no" to that is an answer to the publish. */
static bool declare_for(struct ci_amqp *amqp, uint64_t id, const struct ci_amqp_queue *queue)
{
    struct ci_amqp_job *job;

    if (is_declared(amqp, queue))
        return true;
    if (ci_amqp_link_declare(&amqp->link, queue)) {
        set_declared(amqp, queue);
        return true;
    }
    if (amqp->link.state == CI_AMQP_LINK_NO_CHANNEL) {
        note(amqp, "The message broker refuses a message", queue->exchange);
        lock(amqp);
        job = find_job(amqp, id);
        if (job)
            ci_amqp_job_end(&amqp->queued, job, CI_AMQP_REFUSED);
        unlock(amqp);
    }
    return false;
}

/* Copies the first message that waits, since its caller may leave at any time. */
static bool copy_first(struct ci_amqp *amqp, uint64_t *ret_id, struct ci_amqp_publish *ret_publish)
{
    const struct ci_amqp_job *job;

    lock(amqp);
    job = amqp->queued.first;
    if (job) {
        copy_publish(amqp, job->publish, ret_publish);
        *ret_id = job->id;
    }
    unlock(amqp);
    return job != NULL;
}

/* True when there may be more. */
static bool publish_one(struct ci_amqp *amqp)
{
    struct ci_amqp_publish publish;
    struct ci_amqp_job *job;
    uint64_t id;
    bool written;

    if (!copy_first(amqp, &id, &publish))
        return false;
    if (!declare_for(amqp, id, publish.declare))
        return false;
    lock(amqp);
    job = find_job(amqp, id);
    if (job) {
        ci_amqp_jobs_remove(&amqp->queued, job);
        job->tag = ++amqp->sent_tag;
        ci_amqp_jobs_add(&amqp->sent, job);
        amqp->writing_ns = ci_time_monotonic_ns();
    }
    unlock(amqp);
    if (!job)
        return true;
    written = ci_amqp_link_publish(&amqp->link, &publish);
    lock(amqp);
    amqp->writing_ns = 0;
    unlock(amqp);
    return written;
}

static void publish_queued(struct ci_amqp *amqp)
{
    int left = SENDS_AT_ONCE;

    while (left > 0 && !amqp->blocked && amqp->link.state == CI_AMQP_LINK_UP && publish_one(amqp))
        left--;
}

/* How long nothing needs to be done unless somebody says so. The lock is held. */
static int idle_ms(const struct ci_amqp *amqp)
{
    const int64_t now = ci_time_monotonic_ns();
    const int64_t beat_ms = (int64_t)ci_amqp_link_heartbeat_s(&amqp->link) * 1000;
    const int rate = amqp->options.heartbeat_rate > 2 ? amqp->options.heartbeat_rate : 2;
    int64_t until = now + IDLE_MS * (SECOND_NS / 1000);

    if (amqp->settlings || (amqp->queued.first && !amqp->blocked) || is_over(amqp) ||
        ((amqp->cancelling || amqp->closing) && !amqp->cancelled))
        return 0;
    if (beat_ms > 0 && now + beat_ms / rate / 2 * 1000000 < until)
        until = now + beat_ms / rate / 2 * 1000000;
    if (amqp->closing && amqp->close_ns < until)
        until = amqp->close_ns;
    for (size_t i = 0; i < amqp->n_consumers && !amqp->cancelling; i++) {
        if (!amqp->consumers[i].up && amqp->consumers[i].try_ns < until)
            until = amqp->consumers[i].try_ns;
    }
    return until <= now ? 0 : (int)((until - now) / 1000000) + 1;
}

static void wait_for_work(struct ci_amqp *amqp)
{
    bool readable = true;
    int timeout_ms;

    lock(amqp);
    timeout_ms = idle_ms(amqp);
    amqp->asleep = timeout_ms > 0;
    unlock(amqp);
    if (timeout_ms > 0)
        readable = wait_ms(amqp, ci_amqp_link_fd(&amqp->link), timeout_ms);
    /* Heartbeats are a matter of reading: now and then it is done whoever came. */
    if (!readable && ci_time_monotonic_ns() - amqp->read_ns < SECOND_NS / 4)
        return;
    amqp->link.readable = true;
    amqp->read_ns = ci_time_monotonic_ns();
}

/* After the broker has closed the channel: another one, on which nothing is known yet. */
static void renew_channel(struct ci_amqp *amqp)
{
    note(amqp, "The message broker has closed the channel", "");
    lock(amqp);
    forget_channel(amqp);
    unlock(amqp);
    amqp->needs_quiet = false;
    if (!ci_amqp_link_channel(&amqp->link))
        amqp->link.state = CI_AMQP_LINK_LOST;
}

/* Works on a connection until it is lost or it is time to end. */
static void serve(struct ci_amqp *amqp)
{
    struct ci_amqp_link *link = &amqp->link;

    while (link->state != CI_AMQP_LINK_LOST && !finished(amqp)) {
        bool more = ci_amqp_read_events(amqp);

        if (link->state == CI_AMQP_LINK_UP)
            write_settlings(amqp);
        if (link->state == CI_AMQP_LINK_UP)
            declare_consumers(amqp);
        if (link->state == CI_AMQP_LINK_UP && !more)
            more = cancel_consumers(amqp);
        if (link->state == CI_AMQP_LINK_UP)
            publish_queued(amqp);
        if (link->state == CI_AMQP_LINK_NO_CHANNEL)
            renew_channel(amqp);
        /* What an answer was waited for may have brought frames that poll() knows nothing of. */
        else if (link->state == CI_AMQP_LINK_UP && !more && !ci_amqp_link_pending(link))
            wait_for_work(amqp);
    }
}

/* Queues that are of no use to anybody after us. */
static void delete_queues(struct ci_amqp *amqp)
{
    for (size_t i = 0; i < amqp->n_consumers && amqp->link.state == CI_AMQP_LINK_UP; i++) {
        const struct ci_amqp_consumer *consumer = &amqp->consumers[i];

        /* One that stays expires by itself. */
        if (consumer->queue.delete_at_end && consumer->was_up)
            (void)!ci_amqp_link_delete(&amqp->link, consumer->queue.name);
    }
}

static void after_loss(struct ci_amqp *amqp)
{
    const int64_t lived_ns = ci_time_monotonic_ns() - amqp->up_since_ns;
    const struct ci_amqp_options *options = &amqp->options;

    ci_counter_add(&lost);
    note(amqp, "The connection to the message broker is lost", "");
    drop(amqp, false);
    amqp->host = options->shuffle ? any(options->n_hosts) : (amqp->host + 1) % options->n_hosts;
    amqp->attempts = lived_ns < SHORT_LIFE_MS * (SECOND_NS / 1000) ? amqp->attempts + 1 : 0;
    if (amqp->attempts > 0)
        rest(amqp, pause_s(amqp, false));
}

static void end(struct ci_amqp *amqp)
{
    lock(amqp);
    while (amqp->queued.first)
        ci_amqp_job_end(&amqp->queued, amqp->queued.first, CI_AMQP_CLOSED);
    amqp->ended = true;
    set_cancelled(amqp);
    unlock(amqp);
}

void *ci_amqp_run(void *arg)
{
    struct ci_amqp *amqp = arg;

    pthread_setname_np(pthread_self(), "amqp");
    lock(amqp); /* until amqp->thread is known */
    unlock(amqp);
    amqp->host = any(amqp->options.n_hosts);
    while (!finished(amqp)) {
        if (!connect_any(amqp))
            continue;
        serve(amqp);
        if (amqp->link.state == CI_AMQP_LINK_LOST) {
            after_loss(amqp);
        } else {
            delete_queues(amqp);
            drop(amqp, true);
        }
    }
    end(amqp);
    return NULL;
}

void ci_amqp_write_metrics(struct ci_metrics *to)
{
    ci_metrics_one(to, "castiron_broker_connects_total", "counter",
                   "Connections to the message broker that were made.", made);
    ci_metrics_one(to, "castiron_broker_connect_failures_total", "counter",
                   "Attempts at such a connection that failed.", failed);
    ci_metrics_one(to, "castiron_broker_losses_total", "counter",
                   "Connections to the message broker that were lost.", lost);
}
