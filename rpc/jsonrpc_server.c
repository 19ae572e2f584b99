/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conductor's side of calls over HTTP.
 *
 * Who calls is asked twice: on the headers, as far as it is known without waiting, so that a
 * stranger sends no body; and on the thread that runs the call, which may wait.
 */
#include "rpc/jsonrpc_server.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/config.h"
#include "base/htpasswd.h"
#include "base/httpd.h"
#include "base/httptls.h"
#include "base/jsontext.h"
#include "base/keystone_auth.h"
#include "base/log.h"
#include "base/workers.h"
#include "rpc/jsonrpc.h"
#include "rpc/message.h"
#include "rpc/serve.h"

enum {
    QUEUE_LIMIT = 1024,
    ERROR_BYTES = 8192,
    WRAPPING_DEPTH = 8,  /* request, parameters, object, its data: around an argument's value */
    BODIES_IN_FLIGHT = 4 /* of the largest size, together */
};

struct ci_jsonrpc_server {
    struct ci_arena *mem; /* holds all of it */
    struct ci_json_limits limits;
    struct ci_htpasswd *htpasswd; /* of http_basic; NULL with another strategy */
    struct ci_keystone *keystone; /* of keystone; NULL with another strategy */
    ci_rpc_dispatch *dispatch;
    _Atomic(void *) service; /* NULL until it is open */
    struct ci_db *db;
    struct ci_rpc *rpc;
    struct ci_notifier *notifier;
    struct ci_httpd *httpd;
    struct ci_workers *workers;
};

/* A request that is being run. */
struct job {
    struct ci_arena *mem; /* of itself; the call's arena may move elsewhere */
    struct ci_jsonrpc_server *server;
    struct ci_httpd_request *req;
};

static const struct ci_httpd_header json_content[] = {{"Content-Type", CI_JSONRPC_CONTENT_TYPE},
                                                      {NULL, NULL}};

/* What is not an answer of JSON-RPC's: {"error": {"code": 405, "message": "…"}}. */
static void add_refusal(struct ci_text *body, int status, const char *message)
{
    ci_text_printf(body, "{\"error\": {\"code\": %d, \"message\": ", status);
    ci_jsontext_string(body, message);
    ci_text_add(body, "}}");
}

static void refuse_with(struct ci_httpd_request *req, int status,
                        const struct ci_httpd_header *headers, const char *message)
{
    struct ci_text body;

    ci_text_init(&body, ERROR_BYTES);
    add_refusal(&body, status, message);
    ci_httpd_answer(req, status, headers, &body);
    ci_text_done(&body);
}

static void refuse(struct ci_httpd_request *req, int status, const char *message)
{
    refuse_with(req, status, json_content, message);
}

/* A ci_httpd_on_refusal. */
static const struct ci_httpd_header *on_refusal(struct ci_httpd_request *req, int status,
                                                const char *message, struct ci_text *body,
                                                void *arg)
{
    (void)req, (void)arg;
    add_refusal(body, status, message);
    return json_content;
}

/* Has the caller one of the roles that may call? */
static bool check_roles(struct ci_ctx *ctx, const struct ci_identity *who)
{
    const char *const *role = ctx->config->json_rpc.allowed_roles;

    for (; role && *role; role++) {
        if (who->roles && ci_one_of(*role, who->roles))
            return true;
    }
    ci_debug(ctx, "A caller has none of [json_rpc]allowed_roles", "user=%s",
             who->user_id ? who->user_id : "-");
    return ci_fail_status(ctx, HTTPForbidden, 403, "Forbidden");
}

/*
 * Who calls? Who it is for comes with the call itself. Fails with 401 or 403, with 503 when
 * Keystone is away, or with MustWait when ctx has a deadline.
 */
static bool authenticate(struct ci_ctx *ctx, const struct ci_jsonrpc_server *server,
                         const struct ci_httpd_request *req)
{
    const char *user;
    struct ci_identity who;

    if (server->htpasswd)
        return ci_htpasswd_identify(ctx, server->htpasswd, ci_httpd_header(req, "Authorization"),
                                    &user);
    return !server->keystone ||
           (ci_keystone_admit(ctx, server->keystone, ci_httpd_header(req, "X-Auth-Token"),
                              ci_httpd_header(req, "X-Service-Token"), &who) &&
            check_roles(ctx, &who));
}

/* Answers with what authenticate() failed with. */
static void turn_away(struct ci_ctx *ctx, const struct ci_jsonrpc_server *server,
                      struct ci_httpd_request *req)
{
    const char *challenge = server->keystone ? ci_keystone_challenge(ctx) : CI_HTPASSWD_CHALLENGE;
    const struct ci_httpd_header headers[] = {
        json_content[0], {"WWW-Authenticate", challenge}, {NULL, NULL}};

    refuse_with(req, ctx->error->status, ctx->error->status == 401 ? headers : json_content,
                ctx->error->message);
}

static bool is_post(const struct ci_httpd_request *req)
{
    return strcmp(req->method, "POST") == 0;
}

/* Only those hear of it who may call. */
static void refuse_method(struct ci_httpd_request *req)
{
    refuse(req, 405, "Only POST method can be used");
}

/* A ci_httpd_on_headers. */
static size_t on_headers(struct ci_httpd_request *req, void *arg)
{
    const struct ci_jsonrpc_server *server = arg;
    struct ci_ctx ctx = {.mem = NULL, .deadline_ns = 1};

    if (!server->htpasswd && !server->keystone) {
        if (!is_post(req))
            refuse_method(req);
        return server->limits.bytes;
    }
    ctx.mem = ci_arena_new();
    ctx.config = ci_config_current();
    if (!authenticate(&ctx, server, req) && !ci_failed_with(&ctx, CI_ERR_MustWait))
        turn_away(&ctx, server, req);
    ci_arena_free(ctx.mem);
    return server->limits.bytes;
}

static bool dispatch(struct ci_ctx *ctx, const struct ci_jsonrpc_server *server,
                     const char *method_name, bool has_context, const json_t *args,
                     json_t **ret_result)
{
    enum ci_rpc_method method = ci_rpc_method_by_name(method_name);

    if (method == CI_RPC_COUNT)
        return ci_fail(ctx, NoSuchMethod, method_name);
    if (!has_context)
        return ci_fail_text(ctx, TypeError,
                            "ConductorManager.%s() missing 1 required positional argument: "
                            "'context'",
                            method_name);
    return server->dispatch(ctx, method, (json_t *)(uintptr_t)args, ret_result,
                            atomic_load(&server->service));
}

/*
 * Runs a call and writes its answer; nothing for a cast. A call's arena may move away while it
 * runs, so that what is used afterwards is in the job's.
 */
static void run_call(struct ci_ctx *ctx, const struct job *job,
                     const struct ci_jsonrpc_request *request, struct ci_text *body)
{
    struct ci_ctx own = {.mem = job->mem};
    const char *method = ci_strdup(job->mem, request->method);
    json_t *id = request->id ? ci_json(&own, json_deep_copy(request->id)) : NULL, *result = NULL;
    json_t *args = ci_json(&own, json_object());
    const char *key;
    json_t *value;
    bool done;

    json_object_foreach((json_t *)(uintptr_t)request->args, key, value)
        json_object_set_new_nocheck(args, key, json_null()); /* Their names, for errors. */
    done = dispatch(ctx, job->server, method, request->has_context, request->args, &result);
    if (!done)
        ci_serve_log_failure(ctx, method, !id);
    if (!id)
        return;
    if (done && ci_jsonrpc_write_result(id, result, body))
        return;
    if (done) {
        ci_text_clear(body);
        body->overflow = false;
        (void)ci_fail_text(ctx, IronicException, "The answer is too large to be sent.");
    }
    ci_jsonrpc_write_error(ctx, method, args, id, body);
}

static void answer(struct ci_ctx *ctx, const struct job *job, struct ci_text *body)
{
    struct ci_httpd_request *req = job->req;
    struct ci_jsonrpc_request request;
    struct ci_jsonrpc_fault fault;

    if (!authenticate(ctx, job->server, req)) {
        turn_away(ctx, job->server, req);
        return;
    }
    if (!is_post(req)) {
        refuse_method(req);
        return;
    }
    if (!ci_jsonrpc_read_request(ctx, req->body, req->body_length, &job->server->limits, &request,
                                 &fault)) {
        ci_warning(ctx, "A call that cannot be read is refused", "error=\"%s\"", fault.message);
        ci_jsonrpc_write_fault(request.id, &fault, body);
    } else {
        run_call(ctx, job, &request, body);
    }
    if (body->length > 0)
        ci_httpd_answer(req, 200, json_content, body);
    else
        ci_httpd_answer(req, 204, NULL, NULL);
}

/* A ci_job. */
static void run(void *arg)
{
    struct job *job = arg;
    struct ci_ctx ctx = {.mem = ci_arena_new(),
                         .config = ci_config_current(),
                         .db = job->server->db,
                         .rpc = job->server->rpc,
                         .notifier = job->server->notifier};
    struct ci_text body;

    ci_text_init(&body, ci_message_limits.bytes);
    answer(&ctx, job, &body);
    ci_text_done(&body);
    ci_arena_free(ctx.mem); /* not always the one made above */
    ci_arena_free(job->mem);
}

/* A ci_httpd_on_request. */
static void on_request(struct ci_httpd_request *req, void *arg)
{
    struct ci_jsonrpc_server *server = arg;
    struct ci_arena *mem;
    struct job *job;

    if (!atomic_load(&server->service)) {
        refuse(req, 503, "The conductor is starting.");
        return;
    }
    mem = ci_arena_new();
    job = ci_new(mem, struct job);
    *job = (struct job){.mem = mem, .server = server, .req = req};
    ci_httpd_suspend(req);
    if (ci_workers_submit(server->workers, run, job))
        return;
    ci_arena_free(mem);
    refuse(req, 503, "The conductor has too many calls to answer.");
}

/* [json_rpc]'s own files, or those of [ssl]. */
static struct ci_httpd_tls tls_of(const struct ci_config *config)
{
    return ci_httptls_configured(
        config, (struct ci_httpd_tls){.section = "json_rpc",
                                      .cert_file = config->json_rpc.cert_file,
                                      .key_file = config->json_rpc.key_file,
                                      .minimum_version = config->json_rpc.tls_minimum_version,
                                      .ciphers = config->json_rpc.tls_ciphers});
}

static bool listen_at(struct ci_ctx *ctx, struct ci_jsonrpc_server *server)
{
    const struct ci_config *config = ctx->config;
    const struct ci_httpd_tls tls = tls_of(config);
    const struct ci_httpd_options options = {
        .tls = config->json_rpc.use_ssl ? &tls : NULL,
        .address = config->json_rpc.host_ip,
        .port = (int)config->json_rpc.port,
        .unix_socket = config->json_rpc.unix_socket,
        .unix_socket_mode = config->json_rpc.unix_socket_mode == CI_UNSET
                                ? 0
                                : (int)config->json_rpc.unix_socket_mode,
        .on_headers = on_headers,
        .on_request = on_request,
        .on_refusal = on_refusal,
        .arg = server,
        .threads = 1,
        .bodies_limit_bytes = BODIES_IN_FLIGHT * server->limits.bytes,
    };

    return ci_httpd_start(ctx, &options, &server->httpd);
}

static struct ci_jsonrpc_server *server_new(const struct ci_ctx *ctx,
                                            const struct ci_rpc_server_options *options)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_jsonrpc_server *server = ci_new(mem, struct ci_jsonrpc_server);

    server->mem = mem;
    server->limits = (struct ci_json_limits){
        .depth = (size_t)ctx->config->api.max_json_body_depth + WRAPPING_DEPTH,
        .bytes = (size_t)ctx->config->api.max_json_body_size_provision * 1024};
    server->dispatch = options->dispatch;
    server->db = ctx->db;
    server->rpc = ctx->rpc;
    server->notifier = ctx->notifier;
    server->workers = ci_serve_workers(ctx->config, QUEUE_LIMIT);
    return server;
}

/* Makes what callers are known by, according to [json_rpc]auth_strategy. */
static bool open_auth(struct ci_ctx *ctx, struct ci_jsonrpc_server *server)
{
    const char *strategy = ci_jsonrpc_auth_strategy(ctx->config);

    if (strcmp(strategy, "http_basic") == 0)
        return ci_htpasswd_new(ctx, ctx->config->json_rpc.http_basic_auth_user_file,
                               &server->htpasswd);
    return strcmp(strategy, "keystone") != 0 || ci_keystone_open(ctx, &server->keystone);
}

bool ci_jsonrpc_server_new(struct ci_ctx *ctx, const struct ci_rpc_server_options *options,
                           struct ci_jsonrpc_server **ret_server)
{
    struct ci_jsonrpc_server *server = server_new(ctx, options);

    if (!open_auth(ctx, server) || !listen_at(ctx, server)) {
        ci_jsonrpc_server_free(server);
        return false;
    }
    *ret_server = server;
    return true;
}

int ci_jsonrpc_server_port(const struct ci_jsonrpc_server *server)
{
    return ci_httpd_port(server->httpd);
}

void ci_jsonrpc_server_open(struct ci_jsonrpc_server *server, void *service)
{
    atomic_store(&server->service, service);
}

bool ci_jsonrpc_server_stop(struct ci_jsonrpc_server *server, int limit_ms)
{
    if (!server)
        return true;
    if (!ci_httpd_stop(server->httpd, limit_ms / 1000)) {
        ci_warning(NULL, "Calls are left behind", "calls=%d", ci_workers_busy(server->workers));
        return false;
    }
    server->httpd = NULL;
    return true;
}

void ci_jsonrpc_server_free(struct ci_jsonrpc_server *server)
{
    if (!server)
        return;
    (void)!ci_httpd_stop(server->httpd, 0); /* of one that nobody has called */
    ci_workers_free(server->workers);
    ci_htpasswd_free(server->htpasswd);
    ci_keystone_free(server->keystone);
    ci_arena_free(server->mem);
}

struct ci_workers *ci_jsonrpc_server_workers(const struct ci_jsonrpc_server *server)
{
    return server->workers;
}
