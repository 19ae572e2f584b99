/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listener: between the HTTP server and the pipeline.
 *
 * A request that may be short is run where it arrived, with a deadline for the database; when
 * that passes, the attempt is thrown away and a worker runs it again from the arguments on. A
 * request that is known to wait goes to a worker at once.
 */
#include "api/server.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "api/auth.h"
#include "api/cors.h"
#include "api/documents.h"
#include "api/health.h"
#include "api/metrics.h"
#include "api/network_data.h"
#include "api/pipeline.h"
#include "api/policy.h"
#include "api/version.h"
#include "base/config.h"
#include "base/httpd.h"
#include "base/httptls.h"
#include "base/ident.h"
#include "base/jsontext.h"
#include "base/log.h"
#include "base/time.h"
#include "base/workers.h"
#include "db/db.h"

/* How long a read may keep an epoll thread. */
#define DEADLINE_NS 20000000
/* What one answer may grow to: 1,000 nodes with everything in them are 4 MB. */
#define ANSWER_BYTES ((size_t)512 * 1024 * 1024)
#define WAITING_MAX 4096

/* A request with everything it lives on; made with its headers, gone with its answer. */
struct work {
    struct ci_ctx ctx;
    struct ci_request req;
    struct ci_httpd_request *http;
    char request_id[4 + CI_UUID_LENGTH + 1];
    int64_t began_ns; /* CLOCK_MONOTONIC */
};

static const char *header(const struct ci_request *req, const char *name)
{
    return ci_httpd_header(req->http, name);
}

/* The caller's request id, if it looks like one: it goes into the log and to conductors. */
static const char *request_id_of(const struct ci_request *req)
{
    const char *id = header(req, "X-OpenStack-Request-Id");

    return id && strncmp(id, "req-", 4) == 0 && strlen(id) == 40 && ci_uuid_is_like(id + 4) ? id
                                                                                            : NULL;
}

static struct work *work_new(struct ci_api *api, struct ci_httpd_request *http)
{
    struct ci_arena *mem = ci_arena_new();
    struct work *work = ci_new(mem, struct work);

    memcpy(work->request_id, "req-", 4);
    ci_uuid_write(work->request_id + 4);
    work->http = http;
    work->began_ns = ci_time_monotonic_ns();
    work->ctx = (struct ci_ctx){.mem = mem,
                                .config = ci_config_current(),
                                .db = api->db,
                                .rpc = api->rpc,
                                .notifier = api->notifier};
    work->ctx.request_id = work->request_id;
    work->req = (struct ci_request){.ctx = &work->ctx,
                                    .api = api,
                                    .method = http->method,
                                    .path = http->path,
                                    .query = http->query,
                                    .header = header,
                                    .http = http,
                                    .scheme = http->scheme,
                                    .reply = ci_text_new(mem, ANSWER_BYTES)};
    work->ctx.global_request_id = request_id_of(&work->req);
    return work;
}

#define HEADERS_MAX (12 + CI_DOCUMENT_HEADERS_MAX + CI_CORS_HEADERS_MAX)

static void collect_headers(const struct ci_request *req,
                            struct ci_httpd_header headers[HEADERS_MAX])
{
    size_t n = 0;

    if (!req->no_version_headers) {
        headers[n++] = (struct ci_httpd_header){"X-OpenStack-Ironic-API-Minimum-Version",
                                                ci_version_text(CI_API_MIN)};
        headers[n++] = (struct ci_httpd_header){"X-OpenStack-Ironic-API-Maximum-Version",
                                                ci_version_text(ci_version_max(req->ctx))};
        if (!req->min_max_headers_only)
            headers[n++] = (struct ci_httpd_header){"X-OpenStack-Ironic-API-Version",
                                                    ci_version_text(req->version)};
    }
    if (req->location)
        headers[n++] = (struct ci_httpd_header){"Location", req->location};
    if (req->allow)
        headers[n++] = (struct ci_httpd_header){"Allow", req->allow};
    if (req->challenge)
        headers[n++] = (struct ci_httpd_header){"WWW-Authenticate", req->challenge};
    if (req->reply->length > 0 || req->content_type)
        headers[n++] = (struct ci_httpd_header){
            "Content-Type", req->content_type ? req->content_type : "application/json"};
    headers[n++] = (struct ci_httpd_header){"openstack-request-id", req->ctx->request_id};
    headers[n++] = (struct ci_httpd_header){"x-openstack-request-id", req->ctx->request_id};
    if (req->status == 503)
        headers[n++] = (struct ci_httpd_header){"Retry-After", "1"};
    if (req->document)
        n += ci_document_headers(req->document, headers + n);
    n += ci_cors_headers(req, headers + n);
    headers[n] = (struct ci_httpd_header){0};
    assert(n < HEADERS_MAX);
}

static void send(struct work *work)
{
    struct ci_request *req = &work->req;
    struct ci_httpd_header headers[HEADERS_MAX];

    collect_headers(req, headers);
    ci_debug(req->ctx, "Request answered", "method=%s path=%s status=%d length=%zu", req->method,
             req->path, req->status, req->reply->length);
    ci_api_count(req, req->status, ci_time_monotonic_ns() - work->began_ns);
    work->http->user = NULL;
    if (req->document && req->status == 200)
        ci_httpd_answer_borrowed(work->http, req->status, headers, req->document->bytes,
                                 req->document->length);
    else
        ci_httpd_answer(work->http, req->status, headers, req->reply);
    ci_arena_free(req->ctx->mem);
}

/* Back to how it was when the body had come in. */
static void rewind_request(struct work *work)
{
    struct ci_request *req = &work->req;

    ci_error_clear(req->ctx);
    ci_text_clear(req->reply);
    req->ctx->deadline_ns = 0;
    req->json = NULL;
    req->settled = false;
    req->location = NULL;
    for (size_t i = 0; i < CI_PARAMS_MAX; i++)
        req->args[i] = (struct ci_arg){0};
}

static void run_in_worker(void *arg)
{
    struct work *work = arg;

    ci_pipeline_run(&work->req);
    send(work);
}

static void answer_busy(struct work *work)
{
    (void)ci_fail_status(&work->ctx, TemporaryFailure, 503,
                         "The service has more requests waiting than it takes, please retry.");
    ci_pipeline_fail(&work->req);
    send(work);
}

static void hand_over(struct ci_api *api, struct work *work)
{
    ci_httpd_suspend(work->http);
    if (!ci_workers_submit(api->workers, run_in_worker, work))
        answer_busy(work);
}

static size_t on_headers(struct ci_httpd_request *http, void *arg)
{
    struct work *work = work_new(arg, http);

    http->user = work;
    work->ctx.deadline_ns = work->began_ns + DEADLINE_NS;
    if (ci_pipeline_begin(&work->req))
        return ci_pipeline_body_limit(&work->req);
    http->user = NULL;
    send(work);
    return 0;
}

static void on_request(struct ci_httpd_request *http, void *arg)
{
    struct ci_api *api = arg;
    struct work *work = http->user;

    work->req.body = http->body;
    work->req.body_length = http->body_length;
    if (work->req.unidentified || work->req.route->flags & CI_ROUTE_WAITS) {
        work->ctx.deadline_ns = 0;
        hand_over(api, work);
        return;
    }
    work->ctx.deadline_ns = ci_time_monotonic_ns() + DEADLINE_NS;
    ci_pipeline_run(&work->req);
    if (!ci_failed_with(&work->ctx, CI_ERR_MustWait)) {
        send(work);
        return;
    }
    rewind_request(work);
    hand_over(api, work);
}

/* What the HTTP server refuses by itself gets the form of Ironic's own guard. */
static const struct ci_httpd_header *on_refusal(struct ci_httpd_request *http, int status,
                                                const char *message, struct ci_text *body,
                                                void *arg)
{
    static _Thread_local struct ci_httpd_header headers[3 + CI_CORS_HEADERS_MAX];
    struct work *work = http->user;
    size_t n = 0;

    (void)arg;
    http->user = NULL;
    headers[n++] = (struct ci_httpd_header){"Content-Type", "application/json"};
    if (status == 503)
        headers[n++] = (struct ci_httpd_header){"Retry-After", "1"};
    ci_api_count(work ? &work->req : NULL, status,
                 work ? ci_time_monotonic_ns() - work->began_ns : 0);
    if (work) {
        n += ci_cors_headers(&work->req, headers + n);
        ci_arena_free(work->ctx.mem);
    }
    headers[n] = (struct ci_httpd_header){0};
    if (status == 413)
        message = ci_error_kind(CI_ERR_BodyTooLarge)->format;
    ci_text_printf(body,
                   "{\"faultcode\": \"%s\", \"faultstring\": ", status < 500 ? "Client" : "Server");
    ci_jsontext_string(body, message);
    ci_text_add(body, "}");
    return headers;
}

/* The client went before its request was complete. */
static void on_end(void *user, void *arg)
{
    struct work *work = user;

    (void)arg;
    ci_arena_free(work->ctx.mem);
}

static bool open_parts(struct ci_ctx *ctx)
{
    ci_cors_open(ctx->config);
    return ci_auth_open(ctx) && ci_policy_open(ctx) && ci_network_data_open(ctx);
}

static void close_parts(void)
{
    ci_network_data_close();
    ci_policy_close();
    ci_auth_close();
    ci_cors_close();
}

/* [api]'s own files, or those of [ssl]. */
static struct ci_httpd_tls tls_of(const struct ci_config *config)
{
    return ci_httptls_configured(
        config, (struct ci_httpd_tls){.section = "api",
                                      .cert_file = config->api.cert_file,
                                      .key_file = config->api.key_file,
                                      .minimum_version = config->api.tls_minimum_version,
                                      .ciphers = config->api.tls_ciphers});
}

static bool listen_as_configured(struct ci_ctx *ctx, struct ci_api *api)
{
    const struct ci_config *config = ctx->config;
    const struct ci_httpd_tls tls = tls_of(config);
    const struct ci_httpd_options options = {
        .tls = config->api.enable_ssl_api ? &tls : NULL,
        .address = config->api.host_ip,
        .port = (int)config->api.port,
        .unix_socket = config->api.unix_socket,
        .unix_socket_mode =
            config->api.unix_socket_mode == CI_UNSET ? 0 : (int)config->api.unix_socket_mode,
        .on_headers = on_headers,
        .on_request = on_request,
        .on_refusal = on_refusal,
        .on_end = on_end,
        .arg = api,
        .threads = (int)config->api.threads,
        .connections = (int)config->api.max_connections,
        .per_peer_connections = (int)config->api.max_connections_per_address,
        .header_timeout_s = (int)config->api.header_timeout,
        .body_timeout_s = (int)config->api.body_timeout,
        .write_timeout_s = (int)config->api.write_timeout,
        .idle_timeout_s = (int)config->api.idle_timeout,
        .bodies_limit_bytes = (size_t)config->api.body_memory * 1024 * 1024,
    };

    return ci_httpd_start(ctx, &options, &api->httpd);
}

bool ci_api_start(struct ci_ctx *ctx, struct ci_db *db, struct ci_rpc *rpc, struct ci_api **ret_api)
{
    struct ci_workers_options options = {
        .name = "api", .threads = (int)ctx->config->api.workers, .queue_limit = WAITING_MAX};
    struct ci_arena *mem;
    struct ci_api *api;

    if (!open_parts(ctx)) {
        close_parts();
        return false;
    }
    mem = ci_arena_new();
    api = ci_new(mem, struct ci_api);
    api->mem = mem;
    api->db = db;
    api->rpc = rpc;
    api->notifier = ctx->notifier;
    api->workers = ci_workers_new(&options);
    if (!listen_as_configured(ctx, api)) {
        ci_workers_free(api->workers);
        close_parts();
        ci_arena_free(mem);
        return false;
    }
    ci_info(ctx, "Serving the Bare Metal API", "host=%s port=%d version=1.%d",
            ctx->config->api.host_ip, ci_api_port(api), ci_version_max(ctx));
    *ret_api = api;
    return true;
}

bool ci_api_stop(struct ci_api *api, int limit_s)
{
    if (!api)
        return true;
    ci_health_leave();
    ci_httpd_drain(api->httpd);
    /* Nothing to wait for but the balancer's next look. */
    (void)poll(NULL, 0, ci_time_limit_ms(ci_config_current()->api.shutdown_delay));
    if (!ci_httpd_stop(api->httpd, limit_s))
        return false;
    ci_workers_free(api->workers);
    close_parts();
    ci_arena_free(api->mem);
    return true;
}

int ci_api_port(const struct ci_api *api)
{
    return ci_httpd_port(api->httpd);
}

void ci_api_tell_also(struct ci_api *api, const struct ci_metrics_source *sources)
{
    atomic_store(&api->more_metrics, sources);
}
