/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives rpc/amqp by lines on its standard input, for test_amqp.py:
 *
 *     amqp_probe URL
 *
 *     consume topic|fanout|reply NAME   messages become lines "message BODY"
 *     publish KEY MANDATORY TIMEOUT BODY     to exchange ironic; gives "result WORD"
 *     send KEY MANDATORY TIMEOUT BODY        to the default exchange
 *     drop KEY TIMEOUT BODY             to an exchange that is not declared
 *     flood N PAUSE_MS KEY              N numbered messages from four threads, each sent again
 *                                       until it is confirmed; gives a line of figures
 *     state   cancel   quit
 *
 * Consuming and publishing have a connection each. Messages of topics are acknowledged by a
 * worker thread, others on the connection's own.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "base/workers.h"
#include "rpc/amqp.h"

enum { FLOOD_MAX = 100000, THREADS = 4, LINE_BYTES = 1 << 20, WAIT_S = 30 };

static struct ci_amqp_options options;
static struct ci_amqp *consuming, *publishing;
static struct ci_workers *workers;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int seen[FLOOD_MAX]; /* guarded by lock, as is what follows */
static int distinct, twice, unacknowledged;

/* A message on its way to a worker. */
struct held {
    struct ci_amqp_delivery delivery;
    char body[];
};

static void say(const char *format, ...) ci_format(1, 2);
static void say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    flockfile(stdout);
    vprintf(format, args);
    putchar('\n');
    fflush(stdout);
    funlockfile(stdout);
    va_end(args);
}

static const char *word(enum ci_amqp_result result)
{
    static const char *const words[] = {
        [CI_AMQP_CONFIRMED] = "confirmed",     [CI_AMQP_UNROUTABLE] = "unroutable",
        [CI_AMQP_REFUSED] = "refused",         [CI_AMQP_LOST] = "lost",
        [CI_AMQP_UNCONFIRMED] = "unconfirmed", [CI_AMQP_UNSENT] = "unsent",
        [CI_AMQP_BLOCKED] = "blocked",         [CI_AMQP_FULL] = "full",
        [CI_AMQP_TOO_LARGE] = "too-large",     [CI_AMQP_CLOSED] = "closed",
    };

    return words[result];
}

static void got(const char *body)
{
    int64_t number;

    if (strncmp(body, "flood-", 6) != 0 || !ci_parse_int(body + 6, 0, FLOOD_MAX - 1, &number)) {
        say("message %s", body);
        return;
    }
    pthread_mutex_lock(&lock);
    seen[number]++;
    distinct += seen[number] == 1 ? 1 : 0;
    twice += seen[number] == 2 ? 1 : 0;
    pthread_mutex_unlock(&lock);
}

static void missed(void)
{
    pthread_mutex_lock(&lock);
    unacknowledged++;
    pthread_mutex_unlock(&lock);
}

static void work(void *arg)
{
    struct held *held = arg;

    if (ci_amqp_ack(consuming, &held->delivery))
        got(held->body);
    else
        missed();
    free(held);
}

static void on_topic(void *arg, const struct ci_amqp_message *message)
{
    struct held *held = malloc(sizeof *held + message->length + 1);

    (void)arg;
    if (!held)
        abort();
    held->delivery = message->delivery;
    memcpy(held->body, message->body, message->length + 1);
    if (ci_workers_submit(workers, work, held))
        return;
    free(held);
    ci_amqp_requeue(consuming, &message->delivery);
}

static void on_other(void *arg, const struct ci_amqp_message *message)
{
    (void)arg;
    if (ci_amqp_ack(consuming, &message->delivery))
        got(message->body);
    else
        missed();
}

static void consume(struct ci_ctx *ctx, const char *kind, const char *name)
{
    struct ci_amqp_queue queue =
        strcmp(kind, "topic") == 0    ? ci_amqp_topic_queue(&options, "ironic", name)
        : strcmp(kind, "fanout") == 0 ? ci_amqp_fanout_queue(ctx->mem, &options, name)
                                      : ci_amqp_reply_queue(&options, name);

    if (ci_amqp_consume(ctx, consuming, &queue, strcmp(kind, "topic") == 0 ? on_topic : on_other,
                        NULL, WAIT_S * 1000))
        say("consuming %s", queue.name);
    else
        say("failed %s", ci_error_take(ctx));
}

static enum ci_amqp_result publish(const char *exchange, bool declare, const char *key,
                                   bool mandatory, int timeout_ms, const char *body)
{
    const struct ci_amqp_queue topic = {.exchange = "ironic",
                                        .exchange_type = "topic",
                                        .durable = options.durable,
                                        .exchange_auto_delete = options.auto_delete};
    const struct ci_amqp_publish wanted = {.declare = declare ? &topic : NULL,
                                           .exchange = exchange,
                                           .routing_key = key,
                                           .body = body,
                                           .length = strlen(body),
                                           .mandatory = mandatory,
                                           .expiration_ms = mandatory ? 60000 : 0,
                                           .timeout_ms = timeout_ms};

    return ci_amqp_publish(publishing, &wanted);
}

struct flood {
    const char *key;
    int n, pause_ms, next; /* next is guarded by lock */
    int results[CI_AMQP_CLOSED + 1];
    int64_t longest_ns;
};

static void count(struct flood *flood, enum ci_amqp_result result, int64_t ns)
{
    pthread_mutex_lock(&lock);
    flood->results[result]++;
    if (ns > flood->longest_ns)
        flood->longest_ns = ns;
    pthread_mutex_unlock(&lock);
}

static void *flood_thread(void *arg)
{
    struct flood *flood = arg;
    const struct timespec pause = {.tv_sec = flood->pause_ms / 1000,
                                   .tv_nsec = flood->pause_ms % 1000 * 1000000};

    for (;;) {
        char body[32];
        enum ci_amqp_result result;

        pthread_mutex_lock(&lock);
        snprintf(body, sizeof body, "flood-%d", flood->next);
        result = flood->next++ < flood->n ? CI_AMQP_LOST : CI_AMQP_CONFIRMED;
        pthread_mutex_unlock(&lock);
        if (result == CI_AMQP_CONFIRMED)
            return NULL;
        while (result != CI_AMQP_CONFIRMED && result != CI_AMQP_CLOSED) {
            const int64_t begun = ci_time_monotonic_ns();

            result = publish("ironic", true, flood->key, true, 5000, body);
            count(flood, result, ci_time_monotonic_ns() - begun);
            if (result == CI_AMQP_UNROUTABLE)
                nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        }
        nanosleep(&pause, NULL);
    }
}

static int distinct_now(void)
{
    int now;

    pthread_mutex_lock(&lock);
    now = distinct;
    pthread_mutex_unlock(&lock);
    return now;
}

static void flood(int n, int pause_ms, const char *key)
{
    struct flood wanted = {.key = key, .n = n, .pause_ms = pause_ms};
    const int64_t begun = ci_time_monotonic_ns();
    pthread_t threads[THREADS];
    int64_t ended;

    pthread_mutex_lock(&lock);
    memset(seen, 0, sizeof seen);
    distinct = twice = unacknowledged = 0;
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, flood_thread, &wanted))
            abort();
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ended = ci_time_monotonic_ns();
    while (distinct_now() < n && ci_time_monotonic_ns() - ended < WAIT_S * INT64_C(1000000000))
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    pthread_mutex_lock(&lock);
    flockfile(stdout);
    printf("flood ms=%d longest_ms=%d seen=%d twice=%d unacknowledged=%d",
           (int)((ended - begun) / 1000000), (int)(wanted.longest_ns / 1000000), distinct, twice,
           unacknowledged);
    for (int i = 0; i <= CI_AMQP_CLOSED; i++)
        printf(" %s=%d", word((enum ci_amqp_result)i), wanted.results[i]);
    printf("\n");
    fflush(stdout);
    funlockfile(stdout);
    pthread_mutex_unlock(&lock);
}

static void show(const char *name, struct ci_amqp *amqp)
{
    struct ci_amqp_state state;

    ci_amqp_state(amqp, &state);
    say("state %s connected=%d blocked=%d consuming=%d waiting=%d unconfirmed=%d connections=%d "
        "trouble=%s",
        name, state.connected, state.blocked, state.consuming, state.waiting, state.unconfirmed,
        (int)state.connections, state.trouble);
}

static int number(const char *text)
{
    int64_t value;

    if (!ci_parse_int(text, 0, 1 << 30, &value))
        abort();
    return (int)value;
}

/* The line's first words, cut out of it; the last takes the rest. */
static int words_of(char *line, char **words, int most)
{
    int n = 0;

    line[strcspn(line, "\n")] = '\0';
    while (*line && n < most) {
        words[n++] = line;
        if (n == most)
            break;
        line += strcspn(line, " ");
        if (*line)
            *line++ = '\0';
    }
    return n;
}

static bool obey(struct ci_ctx *ctx, char *line)
{
    char *words[5] = {NULL};
    int n = words_of(line, words, strncmp(line, "drop ", 5) == 0 ? 4 : 5);

    if (n == 0 || strcmp(words[0], "quit") == 0)
        return false;
    if (n == 3 && strcmp(words[0], "consume") == 0) {
        consume(ctx, words[1], words[2]);
    } else if (n == 5 && strcmp(words[0], "publish") == 0) {
        say("result %s",
            word(publish("ironic", true, words[1], number(words[2]), number(words[3]), words[4])));
    } else if (n == 5 && strcmp(words[0], "send") == 0) {
        say("result %s",
            word(publish("", false, words[1], number(words[2]), number(words[3]), words[4])));
    } else if (n == 4 && strcmp(words[0], "drop") == 0) {
        say("result %s",
            word(publish("nowhere", false, words[1], false, number(words[2]), words[3])));
    } else if (n == 4 && strcmp(words[0], "flood") == 0) {
        flood(number(words[1]), number(words[2]), words[3]);
    } else if (strcmp(words[0], "state") == 0) {
        show("consuming", consuming);
        show("publishing", publishing);
    } else if (strcmp(words[0], "cancel") == 0) {
        say("cancelled %d", ci_amqp_cancel(consuming, WAIT_S * 1000));
    } else {
        say("what?");
    }
    return true;
}

int main(int argc, char **argv)
{
    static char line[LINE_BYTES];
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct ci_config *config = ci_config_defaults();
    struct timespec begun, ended;

    if (argc != 2 || !ci_amqp_options_read(&ctx, config, argv[1], "amqp_probe", &options) ||
        !ci_amqp_open(&ctx, &options, &consuming) || !ci_amqp_open(&ctx, &options, &publishing)) {
        fprintf(stderr, "%s\n", ctx.error ? ctx.error->message : "amqp_probe URL");
        return 2;
    }
    workers = ci_workers_new(
        &(struct ci_workers_options){.name = "probe", .threads = 4, .queue_limit = 1024});
    say("ready");
    while (fgets(line, sizeof line, stdin) && obey(&ctx, line))
        ;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    if (!ci_amqp_cancel(consuming, 5000))
        say("not cancelled");
    ci_workers_free(workers);
    ci_amqp_close(publishing, 5000);
    ci_amqp_close(consuming, 5000);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    say("closed ms=%d",
        (int)((ended.tv_sec - begun.tv_sec) * 1000 + (ended.tv_nsec - begun.tv_nsec) / 1000000));
    ci_config_free(config);
    ci_arena_free(ctx.mem);
    return 0;
}
