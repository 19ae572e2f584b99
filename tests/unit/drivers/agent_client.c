/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/agent_client.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/config.h"
#include "base/json.h"
#include "base/text.h"
#include "objects/info.h"
#include "objects/node.h"
#include "tests/unit/unit.h"

enum { REQUESTS_MAX = 16, ROOM = 4096 };

#define OK "200 OK"
#define STEP "clean.execute_clean_step"
#define ONE(status) "{\"command_name\": \"execute_clean_step\", \"command_status\": \"" status "\"}"
#define LIST(commands) "{\"commands\": [" commands "]}"

/* What the agent does with one request; a NULL status: it hangs up without an answer. */
struct deed {
    const char *status, *body;
    const char *header; /* or NULL */
};

/* An agent: a thread that answers one request after the other, each on a connection of its own. */
static struct agent {
    int fd, port;
    pthread_t thread;
    const struct deed *deeds;
    size_t n_deeds, n_requests; /* requests: read when the thread has ended */
    char lines[REQUESTS_MAX][ROOM], bodies[REQUESTS_MAX][ROOM];
} agent;

static struct ci_task task;
static struct ci_node *node;
static struct ci_config *config;

static size_t number_at(const char *digits)
{
    size_t n = 0;

    for (; *digits >= '0' && *digits <= '9'; digits++)
        n = 10 * n + (size_t)(*digits - '0');
    return n;
}

/* A whole request into `room`; gives its body. */
static char *read_request(int fd, char *room, size_t size)
{
    char *end = NULL, *length;
    size_t used = 0, wanted = 0;

    for (;;) {
        ssize_t n = recv(fd, room + used, size - 1 - used, 0);

        ck_assert_int_gt(n, 0);
        used += (size_t)n;
        room[used] = '\0';
        end = strstr(room, "\r\n\r\n");
        if (!end)
            continue;
        length = strstr(room, "Content-Length: ");
        wanted = length ? number_at(length + 16) : 0;
        if (room + used >= end + 4 + wanted)
            return end + 4;
    }
}

static void answer(int fd, const struct deed *deed)
{
    struct ci_text text;

    ci_text_init(&text, (size_t)8 << 20);
    ci_text_printf(&text, "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n%s",
                   deed->status, strlen(deed->body), deed->header ? deed->header : "", deed->body);
    (void)!send(fd, text.bytes, text.length, MSG_NOSIGNAL);
    ci_text_done(&text);
}

static void *serve(void *arg)
{
    char room[4 * ROOM];

    (void)arg;
    for (size_t i = 0; i < agent.n_deeds; i++) {
        int fd = accept(agent.fd, NULL, NULL);
        const char *body;

        if (fd < 0)
            break;
        body = read_request(fd, room, sizeof room);
        snprintf(agent.bodies[i], ROOM, "%s", body);
        snprintf(agent.lines[i], ROOM, "%.*s", (int)strcspn(room, "\r"), room);
        agent.n_requests++;
        if (agent.deeds[i].status)
            answer(fd, &agent.deeds[i]);
        close(fd);
    }
    return NULL;
}

static void start(const struct deed *deeds, size_t n)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    struct ci_ctx *ctx = unit_ctx();

    agent = (struct agent){.deeds = deeds, .n_deeds = n};
    agent.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(agent.fd, (struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(listen(agent.fd, 16), 0);
    ck_assert_int_eq(getsockname(agent.fd, (struct sockaddr *)&at, &size), 0);
    agent.port = ntohs(at.sin_port);
    ck_assert_int_eq(pthread_create(&agent.thread, NULL, serve, NULL), 0);
    config = ci_config_defaults();
    config->agent.command_wait_interval = 0;
    config->agent.command_wait_attempts = 3;
    config->agent.max_command_attempts = 2;
    ctx->config = config;
    node = ci_object_new(ctx->mem, &ci_node_type);
    ci_node_set_uuid(node, "11111111-2222-4333-8444-555555555555");
    ci_node_set_driver_internal_info(
        node, ci_printf(ctx->mem,
                        "{\"agent_url\": \"http://127.0.0.1:%d\", \"agent_secret_token\": \"a/b\"}",
                        agent.port));
    task = (struct ci_task){.ctx = ctx, .node = node};
}

#define START(...)                                                                                 \
    static const struct deed deeds[] = {__VA_ARGS__};                                              \
    start(deeds, sizeof deeds / sizeof deeds[0])

/* Waits for the agent, which has had so many requests. */
static void stop(size_t requests)
{
    shutdown(agent.fd, SHUT_RDWR);
    pthread_join(agent.thread, NULL);
    close(agent.fd);
    ck_assert_uint_eq(agent.n_requests, requests);
    ci_arena_reset(task.ctx->mem);
    ci_config_free(config);
}

static const char *why(void)
{
    return task.ctx->error ? task.ctx->error->message : "no error";
}

static bool command(enum ci_agent_wait wait, json_t **ret_command)
{
    return ci_agent_command(&task, STEP, json_pack("{s:i}", "n", 1), wait, ret_command);
}

#define ok(call) ck_assert_msg((call), "%s: %s", #call, why())
#define fails(class_, text, call)                                                                  \
    do {                                                                                           \
        ck_assert_msg(!(call), "%s did not fail", #call);                                          \
        ck_assert_msg(ci_failed_with(task.ctx, CI_ERR_##class_), "%s: %s", #call, why());          \
        ck_assert_msg(strstr(why(), (text)), "%s: %s", #call, why());                              \
        ck_assert_ptr_null(strstr(why(), "a%2Fb"));                                                \
        ci_error_clear(task.ctx);                                                                  \
    } while (0)

START_TEST(a_command_goes_with_the_token_and_comes_back)
{
    json_t *made;

    START({OK, ONE("RUNNING"), NULL}, {OK, ONE("SUCCEEDED"), NULL});
    ok(command(CI_AGENT_BEGIN, &made));
    ck_assert_str_eq(ci_agent_text(made, "command_status"), "RUNNING");
    ck_assert_str_eq(ci_agent_text(made, "nothing"), "");
    ok(command(CI_AGENT_END, &made));
    ck_assert_str_eq(ci_agent_text(made, "command_status"), "SUCCEEDED");
    stop(2);
    ck_assert_str_eq(agent.lines[0], "POST /v1/commands/?wait=false&agent_token=a%2Fb HTTP/1.1");
    ck_assert_str_eq(agent.bodies[0], "{\"name\": \"" STEP "\", \"params\": {\"n\": 1}}");
    ck_assert_str_eq(agent.lines[1], "POST /v1/commands/?wait=true&agent_token=a%2Fb HTTP/1.1");
}
END_TEST

START_TEST(an_agent_without_a_token_is_asked_without_one)
{
    json_t *made;

    START({OK, ONE("RUNNING"), NULL}, {OK, LIST(""), NULL});
    ok(ci_internal_info_set(task.ctx, node, "agent_secret_token", json_null()));
    ok(command(CI_AGENT_BEGIN, &made));
    ok(ci_agent_commands(&task, 1, &made));
    ck_assert_uint_eq(json_array_size(made), 0);
    stop(2);
    ck_assert_str_eq(agent.lines[0], "POST /v1/commands/?wait=false HTTP/1.1");
    ck_assert_str_eq(agent.lines[1], "GET /v1/commands/ HTTP/1.1");
}
END_TEST

START_TEST(an_agent_that_nobody_knows_is_not_asked)
{
    json_t *made;

    START({OK, LIST(""), NULL});
    ci_node_set_driver_internal_info(node, "{}");
    fails(AgentConnectionFailed, "requires agent_url", command(CI_AGENT_BEGIN, &made));
    stop(0);
}
END_TEST

START_TEST(a_command_whose_answer_is_lost_is_found_running)
{
    json_t *made;

    START({NULL, NULL, NULL}, {OK, LIST(ONE("SUCCEEDED") "," ONE("RUNNING")), NULL});
    ok(command(CI_AGENT_BEGIN, &made));
    ck_assert_str_eq(ci_agent_text(made, "command_status"), "RUNNING");
    stop(2);
}
END_TEST

START_TEST(one_that_does_not_run_is_sent_again)
{
    json_t *made;

    START({NULL, NULL, NULL}, {OK, LIST(ONE("SUCCEEDED")), NULL}, {OK, ONE("RUNNING"), NULL});
    ok(command(CI_AGENT_BEGIN, &made));
    stop(3);
    ck_assert_msg(strncmp(agent.lines[1], "GET ", 4) == 0, "%s", agent.lines[1]);
    ck_assert_msg(strncmp(agent.lines[2], "POST ", 5) == 0, "%s", agent.lines[2]);
}
END_TEST

START_TEST(attempts_come_to_an_end)
{
    json_t *made;

    START({NULL, NULL, NULL}, {NULL, NULL, NULL}, {NULL, NULL, NULL}, {NULL, NULL, NULL},
          {NULL, NULL, NULL}, {NULL, NULL, NULL}, {NULL, NULL, NULL});
    fails(AgentConnectionFailed, "for invoking command " STEP, command(CI_AGENT_BEGIN, &made));
    stop(6); /* two attempts, and after each two looks at what runs */
}
END_TEST

static bool always(const struct ci_task *of)
{
    (void)of;
    return true;
}

START_TEST(a_service_that_ends_tries_once)
{
    json_t *made;

    START({NULL, NULL, NULL}, {NULL, NULL, NULL}, {OK, ONE("RUNNING"), NULL});
    task.is_ending = always;
    fails(AgentConnectionFailed, "Failed to connect", command(CI_AGENT_BEGIN, &made));
    fails(AgentCommandTimeout, STEP, command(CI_AGENT_POLL, &made));
    stop(3);
}
END_TEST

START_TEST(a_refusal_has_the_class_of_its_kind)
{
    json_t *made;

    START({"409 Conflict", "{\"faultstring\": \"later\"}", NULL},
          {"500 Error", "{\"faultstring\": \"Agent is BUSY now\"}", NULL},
          {"500 Error", "{\"faultstring\": \"broken\"}", NULL}, {"404 Not Found", "{}", NULL},
          {OK,
           "{\"command_name\": \"a\", \"command_error\": {\"type\": \"TypeError\", \"code\": 500, "
           "\"message\": \"bad call\"}}",
           NULL});
    fails(AgentInProgress, "later", command(CI_AGENT_BEGIN, &made));
    fails(AgentInProgress, "BUSY", command(CI_AGENT_BEGIN, &made));
    fails(AgentAPIError, "broken", command(CI_AGENT_BEGIN, &made));
    fails(AgentAPIError, "404", command(CI_AGENT_BEGIN, &made));
    fails(AgentAPIError, "bad call", command(CI_AGENT_BEGIN, &made));
    stop(5);
}
END_TEST

START_TEST(what_is_no_answer_of_an_agent_is_refused)
{
    enum { VALUES = 100000 };
    static char many[3 * VALUES + 16], noise[2000];
    const struct deed deeds[] = {{OK, "<html>", NULL},
                                 {OK, "[]", NULL},
                                 {OK, noise, NULL},
                                 {OK, many, NULL},
                                 {OK, "{\"commands\": {}}", NULL},
                                 {OK, "{\"commands\": [1]}", NULL},
                                 {"302 Found", "", "Location: http://127.0.0.1:1/\r\n"}};
    json_t *made;

    memset(noise, 'x', sizeof noise - 1);
    memcpy(many, "{\"a\": [0", 8);
    for (size_t i = 0; i < VALUES; i++)
        memcpy(many + 8 + 2 * i, ",0", 2);
    memcpy(many + 8 + 2 * VALUES, "]}", 3);
    start(deeds, sizeof deeds / sizeof deeds[0]);
    fails(IronicException, "Response: \"<html>\"", command(CI_AGENT_BEGIN, &made));
    fails(IronicException, "Unable to decode", command(CI_AGENT_BEGIN, &made));
    ck_assert(!command(CI_AGENT_BEGIN, &made));
    ck_assert_uint_lt(strlen(why()), 700);
    ci_error_clear(task.ctx);
    fails(IronicException, "Unable to decode", command(CI_AGENT_BEGIN, &made));
    fails(IronicException, "no list of commands", ci_agent_commands(&task, 3, &made));
    fails(IronicException, "no list of commands", ci_agent_commands(&task, 3, &made));
    fails(IronicException, "Response status code: 302", command(CI_AGENT_BEGIN, &made));
    stop(7);
}
END_TEST

START_TEST(a_command_that_is_polled_ends_with_its_own_status)
{
    json_t *made;

    START({OK, ONE("RUNNING"), NULL}, {OK, LIST("{\"command_name\": \"other\"}"), NULL},
          {OK, LIST(ONE("RUNNING")), NULL},
          {OK, LIST(ONE("FAILED") ", {\"command_name\": \"other\"}"), NULL},
          {OK, ONE("RUNNING"), NULL}, {OK, LIST(ONE("RUNNING")), NULL},
          {OK, LIST(ONE("RUNNING")), NULL}, {OK, LIST(ONE("RUNNING")), NULL},
          {OK, ONE("RUNNING"), NULL}, {NULL, NULL, NULL}, {NULL, NULL, NULL});
    ok(command(CI_AGENT_POLL, &made));
    ck_assert_str_eq(ci_agent_text(made, "command_status"), "FAILED");
    fails(AgentCommandTimeout, STEP, command(CI_AGENT_POLL, &made));
    fails(AgentConnectionFailed, "to collect commands status", command(CI_AGENT_POLL, &made));
    stop(11);
}
END_TEST

START_TEST(whom_to_trust_is_chosen_by_node_and_agent)
{
    json_t *made;

    START({OK, LIST(""), NULL}, {OK, LIST(""), NULL}, {OK, LIST(""), NULL});
    ci_node_set_driver_info(node, "{\"agent_verify_ca\": \"/no/such/file\"}");
    fails(InvalidParameterValue, "neither a path nor a boolean",
          ci_agent_commands(&task, 1, &made));
    ci_node_set_driver_info(node, "{\"agent_verify_ca\": false}");
    ok(ci_agent_commands(&task, 1, &made));
    task.agent = NULL;
    ok(ci_internal_info_set(task.ctx, node, "agent_verify_ca", json_string("/dev/null")));
    ok(ci_agent_commands(&task, 1, &made)); /* the agent's own certificate goes first */
    task.agent = NULL;
    ok(ci_internal_info_set(task.ctx, node, "agent_verify_ca", json_string("/nor/this")));
    fails(InvalidParameterValue, "/nor/this", ci_agent_commands(&task, 1, &made));
    stop(2);
}
END_TEST

START_TEST(why_a_command_failed_is_told_in_the_agents_words)
{
    static const struct {
        const char *command, *reason;
    } rows[] = {
        {"{}", "Invalid agent response"},
        {"{\"command_error\": null}", "Invalid agent response"},
        {"{\"command_error\": \"text\"}", "text"},
        {"{\"command_error\": {\"details\": \"long\", \"message\": \"short\"}}", "long"},
        {"{\"command_error\": {\"message\": \"short\"}}", "short"},
        {"{\"command_error\": {\"code\": 1}}", "{'code': 1}"},
    };

    START({OK, LIST(""), NULL});
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *made;

        ok(ci_json_read(task.ctx, rows[i].command, strlen(rows[i].command), &ci_json_trusted,
                        &made));
        ck_assert_str_eq(ci_agent_reason(&task, made), rows[i].reason);
    }
    stop(0);
}
END_TEST

UNIT_MAIN("drivers/agent_client", a_command_goes_with_the_token_and_comes_back,
          an_agent_without_a_token_is_asked_without_one, an_agent_that_nobody_knows_is_not_asked,
          a_command_whose_answer_is_lost_is_found_running, one_that_does_not_run_is_sent_again,
          attempts_come_to_an_end, a_service_that_ends_tries_once,
          a_refusal_has_the_class_of_its_kind, what_is_no_answer_of_an_agent_is_refused,
          a_command_that_is_polled_ends_with_its_own_status,
          whom_to_trust_is_chosen_by_node_and_agent,
          why_a_command_failed_is_told_in_the_agents_words)
