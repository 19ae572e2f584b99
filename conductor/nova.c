/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling nova about power.
 *
 * Requests and the reading of answers follow Ironic: one event a request, a new token after a 401,
 * retries as [nova] has them. Nova answers 200 or, when it does not know the server or its host,
 * 207 or 404; the event's own code in the body counts as much as the status.
 */
#include "conductor/nova.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/config.h"
#include "base/httpc.h"
#include "base/json.h"
#include "base/log.h"
#include "base/service_token.h"
#include "base/text.h"
#include "base/time.h"
#include "base/workers.h"
#include "objects/states.h"

/* The first in which nova knows the event. */
#define MICROVERSION "2.76"
#define API_VERSION "/v2.1"

/* Names are looked up and TLS is spoken on it; committed only as far as it is used. */
#define SENDER_STACK ((size_t)1 << 20)

enum {
    QUEUE_LIMIT = 10000,
    CLOSE_MS = 2000,
    ERRORS = 400,
    UNAVAILABLE = 503,
    PAUSE_MS = 500, /* before the first retry; doubled before each further one, */
    PAUSE_MOST_MS = 60000,
    DELAY_MOST_S = 3600, /* as an operator may want it */
    LOOK_MS = 100,       /* while the thread looks this often whether it is to end */
    ANSWER_DEPTH = 64,
    SHOWN_BYTES = 300, /* of an answer, in the log */
};

struct ci_nova {
    struct ci_arena *mem;           /* holds all of it */
    const struct ci_config *config; /* its options need a start to change */
    struct ci_httpc *http;
    struct ci_service_token *token;
    struct ci_workers *sender; /* one thread */
    atomic_bool ending;
};

struct event {
    struct ci_nova *nova;
    struct ci_ctx ctx; /* its arena holds the event */
    const char *node, *server, *tag;
};

static const char *tag_of(const char *power_state)
{
    if (ci_same(power_state, CI_POWER_ON))
        return "POWER_ON";
    return ci_same(power_state, CI_POWER_OFF) ? "POWER_OFF" : NULL;
}

/* Nova at one of the valid interfaces, the first that the catalog has; NULL: none. */
static const char *catalogued(struct ci_ctx *ctx, struct ci_nova *nova)
{
    const char *const *names = nova->config->nova.valid_interfaces;
    struct ci_endpoint wanted = {.type = nova->config->nova.service_type,
                                 .region = nova->config->nova.region_name};
    const char *url = NULL;

    if (!names || !names[0])
        return ci_service_token_endpoint(ctx, nova->token, &wanted);
    for (size_t i = 0; !url && names[i]; i++) {
        wanted.interface = names[i];
        url = ci_service_token_endpoint(ctx, nova->token, &wanted);
    }
    return url;
}

static bool is_versioned(const char *url)
{
    const char *at = strstr(url, API_VERSION);
    const char after = at ? at[strlen(API_VERSION)] : 'x';

    return after == '\0' || after == '/';
}

/* An operator's address is taken as it is; the catalog's gets the version if it has none. */
static bool find_url(struct ci_ctx *ctx, struct ci_nova *nova, const char **ret_url)
{
    const char *base = nova->config->nova.endpoint_override, *token, *version = "";
    size_t n;

    if (!base) {
        if (!ci_service_token_get(ctx, nova->token, &token)) /* the catalog comes with it */
            return false;
        base = catalogued(ctx, nova);
        if (!base)
            return ci_fail_text(ctx, ServiceUnavailable,
                                "Keystone's catalog has no endpoint of the service type %s.",
                                nova->config->nova.service_type);
        version = is_versioned(base) ? "" : API_VERSION;
    }
    n = strlen(base);
    while (n > 0 && base[n - 1] == '/')
        n--;
    *ret_url = ci_printf(ctx->mem, "%.*s%s/os-server-external-events", (int)n, base, version);
    return true;
}

/* What is left of the retries of one kind. */
struct retries {
    int64_t left, pause_ms;
    bool growing;
};

static struct retries retries_of(int64_t count, double delay_s)
{
    if (delay_s < 0)
        return (struct retries){.left = count, .pause_ms = PAUSE_MS, .growing = true};
    if (delay_s > DELAY_MOST_S)
        delay_s = DELAY_MOST_S;
    return (struct retries){.left = count, .pause_ms = (int64_t)(delay_s * 1000)};
}

/* Waits before a retry; false when there is none left, or no time. */
static bool may_retry(struct ci_nova *nova, struct retries *retries)
{
    const int64_t until_ns = ci_time_monotonic_ns() + retries->pause_ms * 1000000;
    const struct timespec look = {.tv_nsec = LOOK_MS * 1000000L};

    if (retries->left <= 0)
        return false;
    while (ci_time_monotonic_ns() < until_ns && !atomic_load(&nova->ending))
        (void)nanosleep(&look, NULL);
    retries->left--;
    if (retries->growing)
        retries->pause_ms =
            retries->pause_ms < PAUSE_MOST_MS / 2 ? 2 * retries->pause_ms : PAUSE_MOST_MS;
    return !atomic_load(&nova->ending);
}

static bool post(struct ci_ctx *ctx, struct ci_nova *nova, const struct ci_httpc_request *request,
                 struct ci_httpc_response *ret_response)
{
    const struct ci_config *config = nova->config;
    struct retries unreached =
        retries_of(config->nova.connect_retries, config->nova.connect_retry_delay);
    struct retries unavailable =
        retries_of(config->nova.status_code_retries, config->nova.status_code_retry_delay);

    while (true) {
        if (ci_service_token_send(ctx, nova->token, request, ret_response)) {
            if (ret_response->status != UNAVAILABLE || !may_retry(nova, &unavailable))
                return true;
        } else {
            if (!may_retry(nova, &unreached))
                return false;
            ci_error_clear(ctx);
        }
    }
}

static bool send(struct event *event, struct ci_httpc_response *ret_response)
{
    struct ci_ctx *ctx = &event->ctx;
    const char *id = ctx->global_request_id ? ctx->global_request_id : ctx->request_id;
    const struct ci_httpc_header headers[] = {
        {"Content-Type", "application/json"},
        {"OpenStack-API-Version",
         ci_printf(ctx->mem, "%s " MICROVERSION, event->nova->config->nova.service_type)},
        {"X-OpenStack-Nova-API-Version", MICROVERSION},
        {id ? "X-OpenStack-Request-ID" : NULL, id},
        {NULL, NULL}};
    struct ci_httpc_request request = {.method = "POST", .headers = headers};

    request.body = ci_json_text(
        ctx->mem, ci_json(ctx, json_pack("{s[{ss ss ss}]}", "events", "name", "power-update",
                                         "server_uuid", event->server, "tag", event->tag)));
    request.body_length = strlen(request.body);
    return find_url(ctx, event->nova, &request.url) &&
           post(ctx, event->nova, &request, ret_response);
}

/* Has nova taken the event? Fails with what it says instead. */
static bool is_taken(struct ci_ctx *ctx, const struct ci_httpc_response *response)
{
    static const struct ci_json_limits limits = {.depth = ANSWER_DEPTH, .bytes = (size_t)1 << 20};
    json_t *answer;
    const json_t *code;

    if (response->status < ERRORS) {
        if (!ci_json_read(ctx, response->body, response->body_length, &limits, &answer))
            return false;
        code = json_object_get(json_array_get(json_object_get(answer, "events"), 0), "code");
        if (ci_json_kind(code) == CI_JSON_INT && json_integer_value(code) < ERRORS)
            return true;
    }
    return ci_fail_text(ctx, ServiceUnavailable, "HTTP status %d: %.*s", response->status,
                        SHOWN_BYTES, response->body);
}

/* A ci_job. */
static void deliver(void *arg)
{
    struct event *event = arg;
    struct ci_ctx *ctx = &event->ctx;
    struct ci_httpc_response response;

    if (send(event, &response) && is_taken(ctx, &response))
        ci_debug(ctx, "Nova was told of a power state", "node=%s server=%s tag=%s", event->node,
                 event->server, event->tag);
    else
        ci_warning(ctx, "Nova could not be told of a power state",
                   "node=%s server=%s tag=%s error=%s", event->node, event->server, event->tag,
                   ci_error_take(ctx));
    ci_arena_free(ctx->mem);
}

static struct event *event_new(struct ci_nova *nova, const struct ci_task *task, const char *tag)
{
    struct ci_arena *mem = ci_arena_new();
    struct event *event = ci_new(mem, struct event);

    event->nova = nova;
    event->ctx.mem = mem;
    event->ctx.request_id = ci_strdup(mem, task->ctx->request_id);
    event->ctx.global_request_id = ci_strdup(mem, task->ctx->global_request_id);
    event->node = ci_strdup(mem, task->node->uuid);
    event->server = ci_strdup(mem, task->node->instance_uuid);
    event->tag = tag;
    return event;
}

void ci_nova_tell_power(struct ci_task *task)
{
    struct ci_nova *nova = ci_task_conductor(task)->nova;
    const struct ci_node *node = task->node;
    const char *tag = tag_of(node->power_state);
    struct event *event;

    if (!nova || !node->instance_uuid || !task->ctx->config->nova.send_power_notifications)
        return;
    if (!tag) {
        ci_warning(task->ctx, "Nova has no word for a power state", "node=%s state=\"%s\"",
                   node->uuid, node->power_state ? node->power_state : "None");
        return;
    }
    event = event_new(nova, task, tag);
    if (ci_workers_submit(nova->sender, deliver, event))
        return;
    ci_warning(task->ctx, "Nova is not told of a power state: too many events wait for it",
               "node=%s server=%s tag=%s", event->node, event->server, tag);
    ci_arena_free(event->ctx.mem);
}

struct ci_nova *ci_nova_new(struct ci_ctx *ctx)
{
    const struct ci_config *config = ctx->config;
    const struct ci_service_token_options login = {.auth_url = config->nova.auth_url,
                                                   CI_SERVICE_TOKEN_LOGIN(config, nova)};
    const struct ci_httpc_options http = {
        .ca_file = config->nova.cafile,
        .insecure = config->nova.insecure,
        .cert_file = config->nova.certfile,
        .key_file = config->nova.keyfile,
        .timeout_ms = config->nova.timeout > 0 ? ci_time_limit_ms(config->nova.timeout) : 0};
    const struct ci_workers_options sender = {
        .name = "nova", .threads = 1, .queue_limit = QUEUE_LIMIT, .stack_bytes = SENDER_STACK};
    struct ci_arena *mem;
    struct ci_nova *nova;

    if (!config->nova.auth_type)
        return NULL;
    mem = ci_arena_new();
    nova = ci_new(mem, struct ci_nova);
    nova->mem = mem;
    nova->config = config;
    nova->http = ci_httpc_new(&http);
    if (!ci_service_token_new(ctx, &login, nova->http, &nova->token)) {
        ci_warning(ctx, "Nova will not be told of power states", "error=%s", ci_error_take(ctx));
        ci_nova_free(nova);
        return NULL;
    }
    nova->sender = ci_workers_new(&sender);
    return nova;
}

void ci_nova_free(struct ci_nova *nova)
{
    if (!nova)
        return;
    if (nova->sender && !ci_workers_drain(nova->sender, CLOSE_MS)) {
        atomic_store(&nova->ending, true);
        ci_httpc_cancel(nova->http);
    }
    ci_workers_free(nova->sender);
    ci_service_token_free(nova->token);
    ci_httpc_free(nova->http);
    ci_arena_free(nova->mem);
}
