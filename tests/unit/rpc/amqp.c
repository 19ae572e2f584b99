/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/amqp.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "tests/unit/unit.h"

/* A broker that speaks just enough to be hurtful: it plays one script to each connection. */
struct fake {
    int listener, port, connections;
    const char *script; /* bytes sent after the handshake; NULL: nothing */
    size_t length;
    bool handshake;
    bool random; /* other bytes for each connection */
    pthread_t thread;
    _Atomic bool stop;
};

static void fake_send(int fd, const void *bytes, size_t n)
{
    /* The other side may have gone, which is what some tests are about. */
    (void)!send(fd, bytes, n, MSG_NOSIGNAL);
}

/* Waits until the client has said something, and forgets it. False when it has gone. */
static bool fake_hear(int fd, int timeout_ms)
{
    struct pollfd file = {.fd = fd, .events = POLLIN};
    char bytes[4096];

    return poll(&file, 1, timeout_ms) == 0 || recv(fd, bytes, sizeof bytes, 0) > 0;
}

static void fake_method(int fd, int channel, int class, int method, const char *arguments, size_t n)
{
    char frame[512] = {1, (char)(channel >> 8), (char)channel};
    const uint32_t size = htonl((uint32_t)n + 4);

    memcpy(frame + 3, &size, 4);
    frame[8] = (char)class;
    frame[10] = (char)method;
    memcpy(frame + 11, arguments, n);
    frame[11 + n] = (char)0xCE;
    fake_send(fd, frame, n + 12);
}

#define BYTES(text) (text), sizeof(text) - 1

/* Up to an open channel with confirms and prefetch. */
static void fake_handshake(int fd)
{
    fake_hear(fd, 1000);
    fake_method(fd, 0, 10, 10, BYTES("\0\x09\0\0\0\0\0\0\0\x05PLAIN\0\0\0\5en_US"));
    fake_hear(fd, 1000);
    fake_method(fd, 0, 10, 30, BYTES("\0\x08\0\0\x80\0\0\0"));
    fake_hear(fd, 1000);
    fake_method(fd, 0, 10, 41, BYTES("\0"));
    fake_hear(fd, 1000);
    fake_method(fd, 1, 20, 11, BYTES("\0\0\0\0"));
    fake_hear(fd, 1000);
    fake_method(fd, 1, 85, 11, "", 0);
    fake_hear(fd, 1000);
    fake_method(fd, 1, 60, 11, "", 0);
}

/* The same for each run, and another for each connection. */
static void fake_noise(int fd, unsigned int seed)
{
    char bytes[256];
    uint32_t x = seed * 2654435761u + 1;

    for (size_t i = 0; i < sizeof bytes; i++) {
        x = x * 1664525 + 1013904223;
        bytes[i] = (char)(x >> 24);
    }
    /* Most begin like a frame, so that they get further than the first byte. */
    if (seed % 4 != 0) {
        const uint32_t size = htonl(seed % 200);

        bytes[0] = (char)(1 + seed % 3);
        bytes[1] = 0;
        bytes[2] = (char)(seed % 2);
        memcpy(bytes + 3, &size, 4);
        bytes[7 + seed % 200] = (char)0xCE;
        if (bytes[0] == 1) {
            static const char classes[] = {10, 20, 60, 85};

            bytes[7] = bytes[9] = 0;
            bytes[8] = classes[seed / 4 % 4];
            bytes[10] = (char)(10 + seed / 16 % 80);
        } else if (bytes[0] == 2) {
            bytes[7] = 0;
            bytes[8] = 60;
        }
    }
    fake_send(fd, bytes, sizeof bytes);
}

static void fake_serve(struct fake *fake, int fd)
{
    if (fake->handshake)
        fake_handshake(fd);
    if (fake->script)
        fake_send(fd, fake->script, fake->length);
    if (fake->random)
        fake_noise(fd, (unsigned int)fake->connections);
    if (fake->random)
        shutdown(fd, SHUT_WR);
    while (!atomic_load(&fake->stop) && fake_hear(fd, 50))
        ;
}

static void *fake_run(void *arg)
{
    struct fake *fake = arg;

    while (!atomic_load(&fake->stop)) {
        struct pollfd file = {.fd = fake->listener, .events = POLLIN};
        int fd = poll(&file, 1, 20) > 0 ? accept(fake->listener, NULL, NULL) : -1;

        if (fd < 0)
            continue;
        fake->connections++;
        fake_serve(fake, fd);
        close(fd);
    }
    return NULL;
}

static void fake_start(struct fake *fake)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t n = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fake->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(0, bind(fake->listener, (struct sockaddr *)&address, n));
    ck_assert_int_eq(0, listen(fake->listener, 8));
    ck_assert_int_eq(0, getsockname(fake->listener, (struct sockaddr *)&address, &n));
    fake->port = ntohs(address.sin_port);
    ck_assert_int_eq(0, pthread_create(&fake->thread, NULL, fake_run, fake));
}

static void fake_end(struct fake *fake)
{
    atomic_store(&fake->stop, true);
    pthread_join(fake->thread, NULL);
    close(fake->listener);
}

static bool read_options(struct ci_ctx *ctx, const char *url, struct ci_amqp_options *options)
{
    struct ci_config *config = ci_config_defaults();
    const bool read = ci_amqp_options_read(ctx, config, url, "test", options);

    ci_config_free(config);
    return read;
}

static struct ci_amqp *connect_to(struct ci_ctx *ctx, int port, const char *query)
{
    struct ci_amqp_options options;
    struct ci_amqp *amqp;

    ck_assert(read_options(ctx, ci_printf(ctx->mem, "rabbit://u:p@127.0.0.1:%d/%s", port, query),
                           &options));
    ck_assert(ci_amqp_open(ctx, &options, &amqp));
    return amqp;
}

/* No pause between attempts. */
#define EAGER "?rabbit_retry_interval=0&rabbit_retry_backoff=0&rabbit_interval_max=1"

static enum ci_amqp_result publish(struct ci_amqp *amqp, int timeout_ms)
{
    const struct ci_amqp_publish wanted = {.exchange = "",
                                           .routing_key = "queue",
                                           .body = "{}",
                                           .length = 2,
                                           .mandatory = true,
                                           .timeout_ms = timeout_ms};

    return ci_amqp_publish(amqp, &wanted);
}

/* Waits until the connection has had so much trouble, or is connected. */
static struct ci_amqp_state await(struct ci_amqp *amqp, bool (*is)(const struct ci_amqp_state *))
{
    const int64_t until = ci_time_monotonic_ns() + 20 * INT64_C(1000000000);
    struct ci_amqp_state state;

    do {
        poll(NULL, 0, 5);
        ci_amqp_state(amqp, &state);
    } while (!is(&state) && ci_time_monotonic_ns() < until);
    ck_assert_msg(is(&state), "connected=%d trouble=%s", state.connected, state.trouble);
    return state;
}

static bool is_connected(const struct ci_amqp_state *state)
{
    return state->connected;
}

static bool is_blocked(const struct ci_amqp_state *state)
{
    return state->blocked;
}

static bool has_trouble(const struct ci_amqp_state *state)
{
    return state->trouble[0] != '\0';
}

START_TEST(a_url_gives_hosts_and_virtual_host)
{
    static const struct {
        const char *url, *shown;
    } cases[] = {
        {"rabbit://", "guest:guest@localhost:5672 /"},
        {"rabbit:///", "guest:guest@localhost:5672 /"},
        {"rabbit://u:p%40w@h:99/v", "u:p@w@h:99 v"},
        {"rabbit://u:p@h//", "u:p@h:5672 /"},
        {"rabbit://u:p@h/%2Fa%20b", "u:p@h:5672 /a b"},
        {"kombu://u:p@a:1,u2:p2@[::1]:2/v", "u:p@a:1 u2:p2@::1:2 v"},
        {"rabbit://a,b", "guest:guest@a:5672 guest:guest@b:5672 /"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_ctx *ctx = unit_ctx();
        struct ci_amqp_options options;
        const char *shown = "";

        ck_assert_msg(read_options(ctx, cases[i].url, &options), "%s", cases[i].url);
        for (size_t j = 0; j < options.n_hosts; j++)
            shown =
                ci_printf(ctx->mem, "%s%s:%s@%s:%d ", shown, options.hosts[j].user,
                          options.hosts[j].password, options.hosts[j].name, options.hosts[j].port);
        ck_assert_str_eq(cases[i].shown, ci_printf(ctx->mem, "%s%s", shown, options.virtual_host));
    }
}
END_TEST

START_TEST(options_that_cannot_be_are_refused_without_the_password)
{
    static const struct {
        const char *url, *why;
    } cases[] = {
        {"amqp://u:hidden@h/", "amqp://"},
        {"nonsense", "not valid"},
        {"rabbit://u:hidden@h/?colour=red", "'colour'"},
        {"rabbit://u:hidden@h/?ssl=perhaps", "ssl must be"},
        {"rabbit://u:hidden@h/?rabbit_quorum_queue=1&rabbit_ha_queues=1",
         "]rabbit_quorum_queue and rabbit_ha_queues are both"},
        {"rabbit://u:hidden@h/?rabbit_transient_quorum_queue=1&rabbit_ha_queues=1",
         "]rabbit_transient_quorum_queue and rabbit_ha_queues are both"},
        {"rabbit://u:hidden@h/?rabbit_stream_fanout=1", "]rabbit_stream_fanout is not supported"},
        {"rabbit://u:hidden@h/?use_queue_manager=1", "]use_queue_manager is not supported"},
        {"rabbit://u:hidden@h/?rabbit_transient_queues_ttl=-1", "rabbit_transient_queues_ttl"},
        {"rabbit://u:hidden@h/?ssl=1&ssl_version=SSLv2", "ssl_version"},
        {"rabbit://u:hidden@h/?ssl=1&ssl_enforce_fips_mode=1", "fips"},
        {"rabbit://u:hidden@h/?rabbit_login_method=RABBIT-CR-DEMO", "RABBIT-CR-DEMO"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_ctx *ctx = unit_ctx();
        struct ci_amqp_options options;

        ck_assert_msg(!read_options(ctx, cases[i].url, &options), "%s", cases[i].url);
        ck_assert_int_eq(CI_ERR_ConfigInvalid, ctx->error->class);
        ck_assert_msg(strstr(ctx->error->message, cases[i].why) != NULL, "%s", ctx->error->message);
        ck_assert_ptr_null(strstr(ctx->error->message, "hidden"));
    }
}
END_TEST

START_TEST(queues_follow_the_options)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_amqp_options options;
    struct ci_amqp_queue queue;

    ck_assert(read_options(ctx,
                           "rabbit://?rabbit_quorum_queue=1&amqp_auto_delete=1&"
                           "rabbit_transient_queues_ttl=60",
                           &options));
    queue = ci_amqp_topic_queue(&options, "ironic", "a.b");
    ck_assert(queue.durable && queue.quorum && queue.exchange_auto_delete &&
              queue.queue_auto_delete && queue.expires_s == 0);
    /* These are not, whatever is said of the others. */
    queue = ci_amqp_reply_queue(&options, "reply_1");
    ck_assert(!queue.durable && !queue.quorum && !queue.queue_auto_delete);
    ck_assert_int_eq(60, queue.expires_s);
    queue = ci_amqp_fanout_queue(ctx->mem, &options, "a.b");
    ck_assert(!queue.durable && !queue.quorum && queue.exchange_auto_delete &&
              !queue.queue_auto_delete && queue.delete_at_end);
    ck_assert_str_eq("a.b_fanout", queue.exchange);
    ck_assert_uint_eq(strlen("a.b_fanout_") + 32, strlen(queue.name));
}
END_TEST

START_TEST(reply_and_fanout_queues_are_quorum_queues_by_their_own_option)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_amqp_options options;
    struct ci_amqp_queue queue;

    ck_assert(read_options(ctx,
                           "rabbit://?rabbit_transient_quorum_queue=1&"
                           "rabbit_transient_queues_ttl=0&hostname=h&processname=p&"
                           "conn_pool_min_size=1&conn_pool_ttl=1&rpc_conn_pool_size=1",
                           &options));
    queue = ci_amqp_topic_queue(&options, "ironic", "a.b");
    ck_assert(!queue.durable && !queue.quorum);
    queue = ci_amqp_reply_queue(&options, "reply_1");
    ck_assert(queue.durable && queue.quorum && queue.expires_s == 0);
    queue = ci_amqp_fanout_queue(ctx->mem, &options, "a.b");
    ck_assert(queue.durable && queue.quorum && queue.exchange_auto_delete &&
              !queue.queue_auto_delete && queue.expires_s == 0);
}
END_TEST

START_TEST(without_a_broker_a_publish_ends_in_time)
{
    struct ci_amqp *amqp = connect_to(unit_ctx(), 1, "");
    const int64_t begun = ci_time_monotonic_ns();

    ck_assert_int_eq(CI_AMQP_UNSENT, publish(amqp, 200));
    ck_assert_int_lt((ci_time_monotonic_ns() - begun) / 1000000, 2000);
    await(amqp, has_trouble);
    ci_amqp_close(amqp, 5000);
    ck_assert_int_lt((ci_time_monotonic_ns() - begun) / 1000000, 4000);
}
END_TEST

static void *publish_thread(void *arg)
{
    ck_assert_int_eq(CI_AMQP_CLOSED, publish(arg, 20000));
    return NULL;
}

START_TEST(who_waits_is_told_when_the_connection_closes)
{
    struct ci_amqp *amqp = connect_to(unit_ctx(), 1, "");
    struct ci_amqp_state state;
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(0, pthread_create(&threads[i], NULL, publish_thread, amqp));
    do
        ci_amqp_state(amqp, &state);
    while (state.waiting < 4);
    ci_amqp_close(amqp, 100);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}
END_TEST

static void *wait_thread(void *arg)
{
    ck_assert_int_eq(CI_AMQP_UNSENT, publish(arg, 1000));
    return NULL;
}

START_TEST(only_so_many_may_wait_and_messages_are_bounded)
{
    struct ci_ctx *ctx = unit_ctx();
    const struct ci_amqp_publish large = {
        .exchange = "", .routing_key = "", .body = "123", .length = 3, .timeout_ms = 100};
    struct ci_amqp_options options;
    struct ci_amqp_state state;
    struct ci_amqp *amqp;
    pthread_t thread;

    ck_assert(read_options(ctx, "rabbit://u:p@127.0.0.1:1/", &options));
    options.queue_limit = 1;
    options.max_bytes = 2;
    ck_assert(ci_amqp_open(ctx, &options, &amqp));
    ck_assert_int_eq(0, pthread_create(&thread, NULL, wait_thread, amqp));
    do
        ci_amqp_state(amqp, &state);
    while (state.waiting < 1);
    ck_assert_int_eq(CI_AMQP_FULL, publish(amqp, 5000));
    ck_assert_int_eq(CI_AMQP_TOO_LARGE, ci_amqp_publish(amqp, &large));
    pthread_join(thread, NULL);
    ci_amqp_close(amqp, 1000);
}
END_TEST

START_TEST(a_broker_that_says_nothing_does_not_hold_up_closing)
{
    struct fake fake = {0};
    struct ci_amqp *amqp;
    int64_t begun;

    fake_start(&fake);
    amqp = connect_to(unit_ctx(), fake.port, "");
    ck_assert_int_eq(CI_AMQP_UNSENT, publish(amqp, 300));
    begun = ci_time_monotonic_ns();
    ci_amqp_close(amqp, 100);
    ck_assert_int_lt((ci_time_monotonic_ns() - begun) / 1000000, 4000);
    fake_end(&fake);
}
END_TEST

START_TEST(a_message_that_is_never_confirmed_may_have_arrived)
{
    struct fake fake = {.handshake = true};
    struct ci_amqp *amqp;

    fake_start(&fake);
    amqp = connect_to(unit_ctx(), fake.port, "");
    await(amqp, is_connected);
    ck_assert_int_eq(CI_AMQP_UNCONFIRMED, publish(amqp, 200));
    ci_amqp_close(amqp, 100);
    fake_end(&fake);
}
END_TEST

START_TEST(a_blocked_broker_is_sent_nothing)
{
    static const char blocked[] = "\1\0\0\0\0\0\x0b\0\x0a\0\x3c\6memory\xCE";
    struct fake fake = {.handshake = true, .script = blocked, .length = sizeof blocked - 1};
    struct ci_amqp *amqp;

    fake_start(&fake);
    amqp = connect_to(unit_ctx(), fake.port, "");
    await(amqp, is_blocked);
    ck_assert_int_eq(CI_AMQP_BLOCKED, publish(amqp, 200));
    ci_amqp_close(amqp, 100);
    fake_end(&fake);
}
END_TEST

/* What is said must not be taken for more than it is; the connection goes, and comes again. */
static void expect_trouble(const char *script, size_t length, const char *trouble)
{
    struct fake fake = {.handshake = true, .script = script, .length = length};
    struct ci_amqp *amqp;
    struct ci_amqp_state state;

    fake_start(&fake);
    amqp = connect_to(unit_ctx(), fake.port, EAGER);
    state = await(amqp, has_trouble);
    ck_assert_msg(strstr(state.trouble, trouble) != NULL, "%s", state.trouble);
    ci_amqp_close(amqp, 100);
    fake_end(&fake);
}

START_TEST(nonsense_ends_a_connection)
{
    expect_trouble(BYTES("\2\0\1\0\0\0\x0e\0\x3c\0\0\0\0\0\0\0\0\0\5\0\0\xCE"),
                   "header without its method");
    expect_trouble(BYTES("\3\0\1\0\0\0\1x\xCE"), "body without its header");
    expect_trouble(BYTES("\3\0\x63\0\0\0\1x\xCE"), "frame of no channel");
    expect_trouble(BYTES("\1\0\1\0\0\0\4\x7f\0\0\0\xCE"), "reading");
    expect_trouble(BYTES("\3\0\1\x7f\xff\xff\xff"), "reading");
    expect_trouble(BYTES("HTTP/1.1 400 Bad Request\r\n\r\n"), "reading");
}
END_TEST

START_TEST(the_brokers_reasons_are_kept)
{
    /* connection.close 320 */
    expect_trouble(BYTES("\1\0\0\0\0\0\x0f\0\x0a\0\x32\1\x40\4gone\0\0\0\0\xCE"), "gone");
    /* channel.close 404 */
    expect_trouble(BYTES("\1\0\1\0\0\0\x0f\0\x14\0\x28\1\x94\4none\0\0\0\0\xCE"), "none");
}
END_TEST

START_TEST(tables_may_be_nested_as_deep_as_a_frame_is_long)
{
    enum { SIZE = 32760 };
    static char script[4096 + SIZE];
    char *at = script;
    uint32_t size;
    char *table;

    /* basic.deliver to consumer "1" */
    memcpy(at,
           "\1\0\1\0\0\0\x11\0\x3c\0\x3c\1"
           "1\0\0\0\0\0\0\0\1\0\0\0\xCE",
           25);
    at += 25;
    memcpy(at, "\2\0\1\0\0\0\0\0\x3c\0\0\0\0\0\0\0\0\0\0\x20\0", 21);
    size = htonl(SIZE);
    memcpy(at + 3, &size, 4);
    table = at + 21;
    size = SIZE - 14 - 4;
    while (size > 16) {
        const uint32_t inner = htonl(size);

        memcpy(table, &inner, 4);
        memcpy(table + 4, "\1aF", 3);
        table += 7;
        size -= 7;
    }
    memset(table, 0, 64);
    at[7 + SIZE] = (char)0xCE;
    expect_trouble(script, (size_t)(at - script) + 8 + SIZE, "");
}
END_TEST

START_TEST(random_bytes_do_no_harm)
{
    struct fake noise[] = {{.random = true}, {.random = true, .handshake = true}};
    const int64_t until = ci_time_monotonic_ns() + 4 * INT64_C(1000000000);
    struct ci_amqp *amqp[2];

    for (int i = 0; i < 2; i++) {
        fake_start(&noise[i]);
        amqp[i] = connect_to(unit_ctx(), noise[i].port, EAGER);
    }
    while (ci_time_monotonic_ns() < until)
        (void)!publish(amqp[1], 50);
    for (int i = 0; i < 2; i++) {
        ci_amqp_close(amqp[i], 100);
        fake_end(&noise[i]);
        ck_assert_int_gt(noise[i].connections, 10);
    }
}
END_TEST

UNIT_MAIN("rpc/amqp", a_url_gives_hosts_and_virtual_host,
          options_that_cannot_be_are_refused_without_the_password, queues_follow_the_options,
          reply_and_fanout_queues_are_quorum_queues_by_their_own_option,
          without_a_broker_a_publish_ends_in_time, who_waits_is_told_when_the_connection_closes,
          only_so_many_may_wait_and_messages_are_bounded,
          a_broker_that_says_nothing_does_not_hold_up_closing,
          a_message_that_is_never_confirmed_may_have_arrived, a_blocked_broker_is_sent_nothing,
          nonsense_ends_a_connection, the_brokers_reasons_are_kept,
          tables_may_be_nested_as_deep_as_a_frame_is_long, random_bytes_do_no_harm)
