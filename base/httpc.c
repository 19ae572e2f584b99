/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP, as a client, by libcurl.
 *
 * A handle of libcurl is one request at a time and owns the connections it has opened. Those that
 * rest are stacked, so that the one used last, whose connection is the freshest, is used next.
 */
#include "base/httpc.h"

#include <ctype.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/text.h"

enum {
    IDLE_MAX = 32, /* handles that rest */
    CONNECTIONS_EACH = 4,
    CONNECTION_IDLE_S = 60, /* less than most servers wait */
    HEADERS_MAX = 64,
    CONNECT_MS = 5000,
    REQUEST_MS = 60000
};

#define BODY_BYTES ((size_t)1 << 20)

struct ci_httpc {
    struct ci_arena *mem; /* holds all of it */
    struct ci_httpc_options options;
    atomic_bool cancelled;

    pthread_mutex_t lock; /* guards what follows */
    CURL *idle[IDLE_MAX];
    int n_idle;
};

/* A request under way. */
struct transfer {
    struct ci_ctx *ctx;
    const struct ci_httpc *client;
    struct ci_text *body;
    struct ci_httpc_header *headers;
    size_t n_headers;
    char reason[CURL_ERROR_SIZE];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_library(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT); /* A failure shows when a handle is made. */
}

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct transfer *transfer = arg;

    ci_text_addn(transfer->body, bytes, size * n);
    return transfer->body->overflow ? 0 : size * n;
}

/* One line: of the status, which begins the headers anew, or "Name: value\r\n". */
static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
    struct transfer *transfer = arg;
    struct ci_arena *mem = transfer->ctx->mem;
    const char *colon = memchr(line, ':', n), *end = line + n;
    char *name;

    (void)size; /* 1 */
    if (n >= 5 && strncasecmp(line, "HTTP/", 5) == 0)
        transfer->n_headers = 0;
    else if (colon && transfer->n_headers < HEADERS_MAX) {
        name = ci_strndup(mem, line, (size_t)(colon - line));
        for (char *c = name; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        for (colon++; colon < end && isspace((unsigned char)*colon); colon++)
            ;
        while (end > colon && isspace((unsigned char)end[-1]))
            end--;
        transfer->headers[transfer->n_headers++] = (struct ci_httpc_header){
            .name = name, .value = ci_strndup(mem, colon, (size_t)(end - colon))};
    }
    return n;
}

static int on_progress(void *arg, curl_off_t down, curl_off_t down_now, curl_off_t up,
                       curl_off_t up_now)
{
    const struct transfer *transfer = arg;

    (void)down, (void)down_now, (void)up, (void)up_now;
    return atomic_load(&transfer->client->cancelled);
}

/* A handle that rests, or a new one; NULL without memory. */
static CURL *take(struct ci_httpc *client)
{
    CURL *handle = NULL;

    pthread_mutex_lock(&client->lock);
    if (client->n_idle > 0)
        handle = client->idle[--client->n_idle];
    pthread_mutex_unlock(&client->lock);
    return handle ? handle : curl_easy_init();
}

static void give_back(struct ci_httpc *client, CURL *handle)
{
    bool kept;

    curl_easy_reset(handle); /* keeps its connections */
    pthread_mutex_lock(&client->lock);
    kept = client->n_idle < IDLE_MAX;
    if (kept)
        client->idle[client->n_idle++] = handle;
    pthread_mutex_unlock(&client->lock);
    if (!kept)
        curl_easy_cleanup(handle);
}

/* Options of no effect on one's right to send: a curl that lacks one still sends. */
static void set_connection(CURL *handle, const struct ci_httpc_options *o)
{
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROXY, o->proxy ? o->proxy : "");
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_MAXCONNECTS, (long)CONNECTIONS_EACH);
    curl_easy_setopt(handle, CURLOPT_MAXAGE_CONN, (long)CONNECTION_IDLE_S);
    curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(o->connect_timeout_ms > 0 ? o->connect_timeout_ms : CONNECT_MS));
    curl_easy_setopt(handle, CURLOPT_USERAGENT, o->user_agent ? o->user_agent : "castiron");
    if (o->unix_socket)
        curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, o->unix_socket);
}

static bool is_folder(const char *path)
{
    struct stat found;

    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

/* Whom to trust, and who we are. False when curl cannot do as it is told: then nothing goes out. */
static bool set_trust(CURL *handle, const struct ci_httpc_options *o)
{
    bool set =
        curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
        curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
        curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, o->insecure ? 0L : 1L) == CURLE_OK &&
        curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, o->insecure ? 0L : 2L) == CURLE_OK;

    if (o->ca_file)
        set =
            set && curl_easy_setopt(handle, is_folder(o->ca_file) ? CURLOPT_CAPATH : CURLOPT_CAINFO,
                                    o->ca_file) == CURLE_OK;
    if (o->tls_minimum)
        set = set && curl_easy_setopt(handle, CURLOPT_SSLVERSION,
                                      strcmp(o->tls_minimum, "1.3") == 0
                                          ? (long)CURL_SSLVERSION_TLSv1_3
                                          : (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    if (o->tls_ciphers)
        set = set && curl_easy_setopt(handle, CURLOPT_SSL_CIPHER_LIST, o->tls_ciphers) == CURLE_OK;
    if (o->cert_file)
        set = set && curl_easy_setopt(handle, CURLOPT_SSLCERT, o->cert_file) == CURLE_OK;
    if (o->key_file)
        set = set && curl_easy_setopt(handle, CURLOPT_SSLKEY, o->key_file) == CURLE_OK;
    if (o->user)
        set =
            set && curl_easy_setopt(handle, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) == CURLE_OK &&
            curl_easy_setopt(handle, CURLOPT_USERNAME, o->user) == CURLE_OK &&
            curl_easy_setopt(handle, CURLOPT_PASSWORD, o->password ? o->password : "") == CURLE_OK;
    return set;
}

/* False for a value that would be two lines. */
static bool add_headers(struct ci_ctx *ctx, const struct ci_httpc_header *headers,
                        struct curl_slist **list)
{
    *list = curl_slist_append(NULL, "Expect:"); /* Nobody is asked before a body is sent. */
    if (!*list)
        return false;
    for (; headers && headers->name; headers++) {
        struct curl_slist *longer;

        if (strpbrk(headers->name, "\r\n:") || strpbrk(headers->value, "\r\n"))
            return false;
        longer =
            curl_slist_append(*list, ci_printf(ctx->mem, "%s: %s", headers->name, headers->value));
        if (!longer)
            return false;
        *list = longer;
    }
    return true;
}

static bool set_request(CURL *handle, const struct ci_httpc *client,
                        const struct ci_httpc_request *request)
{
    int limit_ms = request->timeout_ms > 0          ? request->timeout_ms
                   : client->options.timeout_ms > 0 ? client->options.timeout_ms
                                                    : REQUEST_MS;
    bool set = curl_easy_setopt(handle, CURLOPT_URL, request->url) == CURLE_OK &&
               curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)limit_ms) == CURLE_OK;

    if (request->body)
        set = set &&
              curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                               (curl_off_t)request->body_length) == CURLE_OK &&
              curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body) == CURLE_OK;
    else if (strcmp(request->method, "HEAD") == 0)
        set = set && curl_easy_setopt(handle, CURLOPT_NOBODY, 1L) == CURLE_OK;
    return set && curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK;
}

static bool set_callbacks(CURL *handle, struct transfer *transfer)
{
    return curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_HEADERDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_XFERINFODATA, transfer) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, transfer->reason) == CURLE_OK;
}

/* curl calls an answer that is no HTTP a protocol it does not know: by then it has asked. */
static bool has_sent(CURL *handle)
{
    long bytes = 0;

    return curl_easy_getinfo(handle, CURLINFO_REQUEST_SIZE, &bytes) == CURLE_OK && bytes > 0;
}

/* Codes that mean, if nothing was sent: not one byte of the request reached a server. */
static bool is_unreached(CURLcode code)
{
    switch ((int)code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return true;
    default:
        return false;
    }
}

/* The time of a connection that never came about is told apart by what curl has measured. */
static bool was_connecting(CURL *handle, CURLcode code)
{
    curl_off_t sending_us = 0;

    return code == CURLE_OPERATION_TIMEDOUT &&
           curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME_T, &sending_us) == CURLE_OK &&
           sending_us == 0;
}

static bool fail(struct transfer *transfer, CURL *handle, CURLcode code)
{
    struct ci_ctx *ctx = transfer->ctx;
    const char *reason = *transfer->reason ? transfer->reason : curl_easy_strerror(code);

    if (atomic_load(&transfer->client->cancelled))
        return ci_fail_status(ctx, TemporaryFailure, 503, "The request was given up.");
    if (transfer->body->overflow)
        return ci_fail_status(ctx, TemporaryFailure, 503,
                              "The answer is larger than the %zu bytes allowed.",
                              transfer->body->limit);
    if ((is_unreached(code) && !has_sent(handle)) || was_connecting(handle, code))
        return ci_fail_status(ctx, ServiceUnavailable, 503, "The server cannot be reached: %s.",
                              reason);
    return ci_fail_status(ctx, TemporaryFailure, 503, "No answer came: %s.", reason);
}

static bool perform(struct transfer *transfer, CURL *handle, struct ci_httpc_response *ret_response)
{
    CURLcode code = curl_easy_perform(handle);
    long status = 0;

    if (code == CURLE_OK)
        code = curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK)
        return fail(transfer, handle, code);
    transfer->headers[transfer->n_headers] = (struct ci_httpc_header){.name = NULL};
    *ret_response =
        (struct ci_httpc_response){.status = (int)status,
                                   .headers = transfer->headers,
                                   .body = transfer->body->length > 0 ? transfer->body->bytes : "",
                                   .body_length = transfer->body->length};
    return true;
}

bool ci_httpc_send(struct ci_ctx *ctx, struct ci_httpc *client,
                   const struct ci_httpc_request *request, struct ci_httpc_response *ret_response)
{
    size_t limit = client->options.body_limit_bytes;
    struct transfer transfer = {
        .ctx = ctx,
        .client = client,
        .body = ci_text_new(ctx->mem, limit > 0 ? limit : BODY_BYTES),
        .headers = ci_alloc_array(ctx->mem, HEADERS_MAX + 1, sizeof(struct ci_httpc_header))};
    struct curl_slist *headers = NULL;
    CURL *handle = take(client);
    bool sent;

    if (!handle)
        return ci_fail_status(ctx, ServiceUnavailable, 503, "No memory for a request.");
    set_connection(handle, &client->options);
    sent = set_trust(handle, &client->options) && set_request(handle, client, request) &&
           set_callbacks(handle, &transfer) && add_headers(ctx, request->headers, &headers) &&
           curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
    sent = sent ? perform(&transfer, handle, ret_response)
                : ci_fail_status(ctx, ServiceUnavailable, 503, "The request cannot be made.");
    give_back(client, handle);
    curl_slist_free_all(headers);
    return sent;
}

const char *ci_httpc_header(const struct ci_httpc_response *response, const char *name)
{
    for (const struct ci_httpc_header *row = response->headers; row && row->name; row++) {
        if (strcmp(row->name, name) == 0)
            return row->value;
    }
    return NULL;
}

struct ci_httpc *ci_httpc_new(const struct ci_httpc_options *options)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_httpc *client = ci_new(mem, struct ci_httpc);
    struct ci_httpc_options *o = &client->options;

    pthread_once(&once, init_library);
    client->mem = mem;
    *o = *options;
    o->ca_file = ci_strdup(mem, o->ca_file);
    o->tls_minimum = ci_strdup(mem, o->tls_minimum);
    o->tls_ciphers = ci_strdup(mem, o->tls_ciphers);
    o->cert_file = ci_strdup(mem, o->cert_file);
    o->key_file = ci_strdup(mem, o->key_file);
    o->user = ci_strdup(mem, o->user);
    o->password = ci_strdup(mem, o->password);
    o->unix_socket = ci_strdup(mem, o->unix_socket);
    o->proxy = ci_strdup(mem, o->proxy);
    o->user_agent = ci_strdup(mem, o->user_agent);
    pthread_mutex_init(&client->lock, NULL);
    return client;
}

void ci_httpc_cancel(struct ci_httpc *client)
{
    atomic_store(&client->cancelled, true);
}

void ci_httpc_free(struct ci_httpc *client)
{
    if (!client)
        return;
    for (int i = 0; i < client->n_idle; i++)
        curl_easy_cleanup(client->idle[i]);
    pthread_mutex_destroy(&client->lock);
    ci_arena_free(client->mem);
}
