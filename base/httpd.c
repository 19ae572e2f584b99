/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server: libmicrohttpd's epoll threads, and what they need around them.
 *
 * A connection has one request at a time, which lives in struct connection for as long as the
 * connection does. libmicrohttpd asks for it three times: when the headers are there (begin),
 * with each piece of the body (collect), and when it is complete (finish), the last again
 * after a suspended connection is resumed. An answer may be queued in the first (the
 * connection then closes, its body unread) and in the last, but not in between.
 *
 * Its errors about what it cannot parse at all (a URL or headers beyond its buffer, no HTTP
 * version) are its own and in HTML; everything else is refused here.
 */
#include "base/httpd.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/httpbody.h"
#include "base/httpguard.h"
#include "base/httphead.h"
#include "base/httplisten.h"
#include "base/httpoptions.h"
#include "base/httprefusal.h"
#include "base/httptls.h"

#define KIB ((size_t)1024)

/* Room in a connection's memory for the headers of the answer and its own records. */
#define ANSWER_ROOM (4 * KIB)

/* The rest of a body that is refused is read up to here, so that the connection can be kept. */
#define DISCARD_LIMIT (64 * KIB)

#define REFUSAL_LIMIT (64 * KIB)

/* Answers from this size on leave memory behind that is worth giving back. */
#define LARGE_ANSWER (128 * KIB)
#define THREAD_STACK_BYTES (512 * KIB)

/* How long the accept queue is watched after the door is shut: a handshake may be under way. */
#define SETTLE_MS 100
#define POLL_MS 5

/*
 * Stands in front of the C library's, for libmicrohttpd: after a look that finds as many
 * events as it asks for it looks again before it serves any, and that second look must not
 * wait, or all of them wait with it until something else happens. For everybody else a full
 * look followed by one that does not wait is as good as before.
 */
__attribute__((visibility("default"))) int epoll_wait(int epoll, struct epoll_event *events,
                                                      int limit, int timeout_ms)
{
    static _Thread_local bool was_full;
    int n = epoll_pwait(epoll, events, limit, was_full ? 0 : timeout_ms, NULL);

    was_full = n == limit;
    return n;
}

enum answer_state { UNANSWERED, ANSWERED, CUT_OFF };

struct connection {
    struct ci_httpd_request req; /* first: the one is found from the other */
    struct ci_guarded guarded;
    struct ci_httpd *httpd;
    struct MHD_Connection *mhd;
    struct ci_http_head head;

    struct MHD_Response *response; /* made, not queued yet */
    int status;
    size_t response_bytes;
    atomic_int answer; /* enum answer_state, once suspended */

    size_t uri_length;
    char query_first; /* what stood where the query was ended */
    bool begun, suspended;
    bool known;  /* has shown the certificate that it needs, if it needs one */
    bool unread; /* the connection closes with part of the request unread */

    struct ci_http_body body;
};

struct ci_httpd {
    struct ci_httpd_options options;
    struct ci_listener listener;
    struct MHD_Daemon *daemon;
    struct ci_httptls *tls; /* NULL: none */
    struct ci_guard *guard;
    atomic_bool draining, leaving;
    atomic_int calling, suspended; /* threads in on_request; requests with other threads */
    struct ci_http_budget bodies;
};

static void *must(void *p)
{
    if (!p) {
        fputs("castiron: out of memory\n", stderr);
        abort();
    }
    return p;
}

static struct connection *connection_of(struct ci_httpd_request *req)
{
    return (struct connection *)req;
}

/* ---- Answers ---- */

static struct MHD_Response *response_new(const struct ci_httpd_header *headers, size_t length,
                                         char *bytes, enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *response = must(MHD_create_response_from_buffer(length, bytes, mode));

    for (const struct ci_httpd_header *h = headers; h && h->name; h++)
        /* Refused only when it has a line break, then it must not be sent. */
        (void)MHD_add_response_header(response, h->name, h->value);
    return response;
}

static void hand_response(struct connection *c, int status, struct MHD_Response *response,
                          size_t bytes)
{
    assert(!c->response);
    if (atomic_load_explicit(&c->httpd->draining, memory_order_relaxed))
        (void)MHD_add_response_header(response, "Connection", "close");
    c->status = status;
    c->response = response;
    c->response_bytes = bytes;
}

/* Takes the bytes of `body`. */
static void make_response(struct connection *c, int status, const struct ci_httpd_header *headers,
                          struct ci_text *body)
{
    static char nothing[1];
    struct MHD_Response *response;
    size_t length = 0;
    char *bytes = body && body->length > 0 ? ci_text_take(body, &length) : NULL;

    response = bytes ? response_new(headers, length, bytes, MHD_RESPMEM_MUST_FREE)
                     : response_new(headers, 0, nothing, MHD_RESPMEM_PERSISTENT);
    hand_response(c, status, response, length);
}

static void drop_response(struct connection *c)
{
    if (c->response)
        MHD_destroy_response(c->response);
    c->response = NULL;
}

static enum MHD_Result queue(struct connection *c)
{
    enum MHD_Result queued;

    if (c->response_bytes >= LARGE_ANSWER)
        ci_guard_note_large(c->httpd->guard);
    ci_guard_enter(c->httpd->guard, &c->guarded, CI_GUARD_ANSWER,
                   (int64_t)(c->response_bytes / (64 * KIB)) * 1000);
    queued = MHD_queue_response(c->mhd, (unsigned)c->status, c->response);
    drop_response(c);
    return queued;
}

/* ---- Refusals ---- */

static const struct ci_httpd_header *describe(struct connection *c, int status, const char *message,
                                              struct ci_text *body)
{
    const struct ci_httpd_options *o = &c->httpd->options;

    return o->on_refusal ? o->on_refusal(&c->req, status, message, body, o->arg)
                         : ci_http_plain_refusal(status, message, body);
}

static void refuse(struct connection *c, int status, const char *message)
{
    struct ci_text body;
    const struct ci_httpd_header *headers;

    ci_text_init(&body, REFUSAL_LIMIT);
    headers = describe(c, status, message, &body);
    make_response(c, status, headers, &body);
    ci_text_done(&body);
}

static void *tls_session(const struct connection *c)
{
    return MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
}

/* Answers past libmicrohttpd, where it takes none; the connection must be closed then. */
static void send_past(const struct connection *c, int status, const struct ci_httpd_header *headers,
                      const struct ci_text *body)
{
    struct ci_text text;

    ci_text_init(&text, 2 * REFUSAL_LIMIT);
    ci_http_add_answer(&text, status, MHD_get_reason_phrase_for((unsigned)status), headers, body);
    /* The socket was not written to since the last answer: there is room, or nobody reads. */
    if (c->httpd->tls)
        ci_httptls_send(tls_session(c), text.bytes, text.length);
    else
        (void)send(c->guarded.fd, text.bytes, text.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    ci_text_done(&text);
}

static void send_refusal(struct connection *c, int status)
{
    struct ci_text body;
    const struct ci_httpd_header *headers;

    ci_text_init(&body, REFUSAL_LIMIT);
    headers = describe(c, status, ci_http_why_refused(status), &body);
    send_past(c, status, headers, &body);
    ci_text_done(&body);
}

/* ---- The three calls ---- */

static enum MHD_Result collect(struct connection *c, const char *bytes, size_t n)
{
    ci_http_body_add(&c->body, &c->httpd->bodies, bytes, n);
    if (!c->head.chunked || c->body.discarded <= DISCARD_LIMIT)
        return MHD_YES;
    /* Nobody knows how much there is to come. */
    c->unread = true;
    if (c->body.refusal)
        send_refusal(c, c->body.refusal);
    return MHD_NO;
}

static struct ci_http_raw raw_head(const struct connection *c, const char *method,
                                   const char *version)
{
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    return (struct ci_http_raw){
        .method = method,
        .path = c->req.path,
        .version = version,
        .uri_length = c->uri_length,
        .bytes = size ? size->header_size : 0,
    };
}

struct head_check {
    struct ci_http_reader reader;
    const char *problem;
};

static enum MHD_Result check_header(void *arg, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    struct head_check *check = arg;

    (void)kind, (void)value;
    check->problem = ci_http_head_header(&check->reader, name);
    return check->problem ? MHD_NO : MHD_YES;
}

static const char *check_head(struct connection *c, const struct ci_http_raw *raw)
{
    struct head_check check;

    check.problem = ci_http_head_begin(&check.reader, raw);
    if (!check.problem)
        (void)MHD_get_connection_values(c->mhd, MHD_HEADER_KIND, check_header, &check);
    return check.problem ? check.problem : ci_http_head_end(&check.reader, &c->head);
}

/* Answers before the body has been read: at its end if that is near, else at once. */
static enum MHD_Result answer_early(struct connection *c)
{
    if (!c->head.has_body)
        return MHD_YES;
    if (!c->head.expects && c->head.declared <= DISCARD_LIMIT) {
        ci_http_body_discard(&c->body, &c->httpd->bodies, 0);
        return MHD_YES;
    }
    c->unread = true;
    return queue(c);
}

static enum MHD_Result refuse_head(struct connection *c, int status, const char *message)
{
    c->unread = true;
    refuse(c, status, message);
    return queue(c);
}

static size_t ask_body_limit(struct connection *c)
{
    const struct ci_httpd_options *o = &c->httpd->options;

    return o->on_headers ? o->on_headers(&c->req, o->arg) : o->body_limit_bytes;
}

static bool is_known(struct connection *c)
{
    if (!c->known)
        c->known = !c->httpd->tls || !c->httpd->tls->ca || ci_httptls_is_known(tls_session(c));
    return c->known;
}

static enum MHD_Result begin(struct connection *c, const char *method, const char *version)
{
    struct ci_http_raw raw;
    const char *problem;

    c->begun = true;
    c->req.method = method;
    if (c->query_first)
        /* The buffer is libmicrohttpd's; see on_uri. */
        *(char *)(uintptr_t)c->req.query = c->query_first;
    raw = raw_head(c, method, version);
    problem = check_head(c, &raw);
    if (!problem && !is_known(c))
        problem = "A client certificate of the service's CA is needed.";
    if (problem)
        return refuse_head(c, 400, problem);
    if (raw.bytes > c->httpd->options.header_limit_bytes)
        return refuse_head(c, 431, "The headers of the request are too large.");
    if (c->head.has_body)
        ci_guard_enter(c->httpd->guard, &c->guarded, CI_GUARD_BODY, 0);
    c->body.announced = (size_t)c->head.declared;
    c->body.limit = ask_body_limit(c);
    if (c->response)
        return answer_early(c);
    if (c->head.declared > c->body.limit) {
        refuse(c, 413, ci_http_why_refused(413));
        return answer_early(c);
    }
    return MHD_YES;
}

/*
 * A leaving server takes no more requests: `calling` is raised before `leaving` is read, and
 * ci_httpd_stop() does it the other way round, so none is suspended behind its back.
 */
static void ask_for_answer(struct connection *c)
{
    struct ci_httpd *httpd = c->httpd;

    atomic_fetch_add(&httpd->calling, 1);
    if (atomic_load(&httpd->leaving))
        refuse(c, 503, "The service is shutting down.");
    else
        httpd->options.on_request(&c->req, httpd->options.arg);
    atomic_fetch_sub(&httpd->calling, 1);
}

static enum MHD_Result finish(struct connection *c)
{
    if (c->suspended) {
        /* Resumed: answered, or cut off while it waited. */
        return c->response ? queue(c) : MHD_NO;
    }
    if (!c->response && c->body.refusal)
        refuse(c, c->body.refusal, ci_http_why_refused(c->body.refusal));
    if (c->body.length > 0) {
        c->req.body = c->body.bytes;
        c->req.body_length = c->body.length;
    }
    if (!c->response)
        ask_for_answer(c);
    if (c->suspended)
        return MHD_YES;
    assert(c->response);
    return queue(c);
}

/* ---- libmicrohttpd's callbacks ---- */

static enum MHD_Result on_access(void *arg, struct MHD_Connection *mhd, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_bytes, void **context)
{
    struct connection *c = *context;
    size_t n = *upload_bytes;

    (void)arg, (void)mhd, (void)url;
    if (!c->begun)
        return begin(c, method, version);
    if (n == 0)
        return finish(c);
    *upload_bytes = 0;
    return collect(c, upload, n);
}

static struct connection *connection_at(struct MHD_Connection *mhd)
{
    return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/*
 * The request line has been read. The query is hidden from libmicrohttpd, which would split
 * it, unescape it in place and take memory for each part; begin() puts it back.
 */
static void *on_uri(void *arg, const char *uri, struct MHD_Connection *mhd)
{
    struct connection *c = connection_at(mhd);
    const char *question = strchr(uri, '?');
    const char *scheme = ((struct ci_httpd *)arg)->tls ? "https" : "http";

    ci_guard_enter(c->httpd->guard, &c->guarded, CI_GUARD_HEADERS, 0);
    c->uri_length = strlen(uri);
    c->req = (struct ci_httpd_request){
        .path = uri, .query = "", .scheme = scheme, .body = "", .method = ""};
    c->query_first = '\0';
    if (question) {
        c->req.query = question + 1;
        c->query_first = question[1];
        *(char *)(uintptr_t)c->req.query = '\0';
    }
    return c;
}

/* Text stays as it was sent; it is unescaped where it is used. */
static size_t keep_escaped(void *arg, struct MHD_Connection *mhd, char *text)
{
    (void)arg, (void)mhd;
    return strlen(text);
}

static void on_completed(void *arg, struct MHD_Connection *mhd, void **context,
                         enum MHD_RequestTerminationCode why)
{
    struct connection *c = *context;
    struct ci_httpd *httpd = arg;

    (void)mhd, (void)why;
    if (!c)
        return;
    if (c->req.user && httpd->options.on_end)
        httpd->options.on_end(c->req.user, httpd->options.arg);
    drop_response(c);
    ci_http_body_done(&c->body, &httpd->bodies);
    if (!c->begun)
        c->unread = true;
    c->req = (struct ci_httpd_request){0};
    c->head = (struct ci_http_head){0};
    c->begun = c->suspended = false;
    atomic_store(&c->answer, UNANSWERED);
    ci_guard_enter(httpd->guard, &c->guarded, CI_GUARD_IDLE, 0);
}

/* Closing a socket with unread bytes resets it and may lose the answer: see ci_guard_linger. */
static void linger_if_unread(struct connection *c)
{
    int fd = c->guarded.fd, copy;
    char byte;
    ssize_t n;

    if (atomic_load(&c->guarded.cut) || atomic_load(&c->httpd->leaving))
        return;
    n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN))
        return;
    if (n < 0 && !c->unread && ci_guard_phase_of(&c->guarded) != CI_GUARD_OPENED)
        return;
    copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0)
        ci_guard_linger(c->httpd->guard, copy);
}

static void on_connection(void *arg, struct MHD_Connection *mhd, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct ci_httpd *httpd = arg;
    struct connection *c = *socket_context;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        c = must(calloc(1, sizeof *c));
        c->httpd = httpd;
        c->mhd = mhd;
        *socket_context = c;
        ci_guard_add(httpd->guard, &c->guarded,
                     MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
        return;
    }
    linger_if_unread(c);
    ci_guard_remove(httpd->guard, &c->guarded);
    free(c);
}

/* ---- Start ---- */

/* Each thread has its share of the connections: rounded up, so that one may always come in. */
static struct MHD_Daemon *start_daemon(struct ci_httpd *httpd)
{
    const struct ci_httpd_options *o = &httpd->options;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
    unsigned limit = (unsigned)(o->connections + o->threads - 1);
    const struct ci_httptls *tls = httpd->tls;
    struct MHD_OptionItem pool[] = {
        {o->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, o->threads, NULL},
        {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem secured[] = {
        {tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, tls ? tls->cert : NULL},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, tls ? tls->key : NULL},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, tls ? (char *)(uintptr_t)tls->ciphers : NULL},
        {tls && tls->ca ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, tls ? tls->ca : NULL},
        {MHD_OPTION_END, 0, NULL}};

    flags |= tls ? MHD_USE_TLS : 0;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_access, httpd, MHD_OPTION_LISTEN_SOCKET, httpd->listener.fd,
        MHD_OPTION_CONNECTION_LIMIT, limit, MHD_OPTION_CONNECTION_TIMEOUT, 0U,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, o->header_limit_bytes + ANSWER_ROOM,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)o->per_peer_connections,
        MHD_OPTION_THREAD_STACK_SIZE, THREAD_STACK_BYTES, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        httpd, MHD_OPTION_NOTIFY_CONNECTION, on_connection, httpd, MHD_OPTION_URI_LOG_CALLBACK,
        on_uri, httpd, MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, httpd, MHD_OPTION_ARRAY, pool,
        MHD_OPTION_ARRAY, secured, MHD_OPTION_END);
}

/* Signals are the main thread's: the epoll threads start with all of them blocked. */
static struct MHD_Daemon *start_daemon_blocked(struct ci_httpd *httpd)
{
    struct MHD_Daemon *daemon;
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    daemon = start_daemon(httpd);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return daemon;
}

static void httpd_free(struct ci_httpd *httpd)
{
    ci_guard_free(httpd->guard);
    ci_listener_done(&httpd->listener);
    ci_httptls_free(httpd->tls);
    free(httpd);
}

bool ci_httpd_start(struct ci_ctx *ctx, const struct ci_httpd_options *options,
                    struct ci_httpd **ret_httpd)
{
    struct ci_httpd *httpd = must(calloc(1, sizeof *httpd));
    struct ci_httpd_options *o = &httpd->options;

    *o = ci_httpd_options_complete(options);
    httpd->bodies.limit = o->bodies_limit_bytes;
    const struct ci_listen_where where = {o->address, o->port, o->unix_socket, o->unix_socket_mode,
                                          o->backlog};
    const struct ci_guard_limits limits = {
        (int64_t)o->header_timeout_s * 1000, (int64_t)o->body_timeout_s * 1000,
        (int64_t)o->write_timeout_s * 1000, (int64_t)o->idle_timeout_s * 1000};

    if ((o->tls && !ci_httptls_load(ctx, o->tls, &httpd->tls)) ||
        !ci_listen(ctx, &where, &httpd->listener)) {
        httpd_free(httpd);
        return false;
    }
    httpd->guard = must(ci_guard_new(&limits));
    *ret_httpd = httpd; /* its threads may ask for it with their first request */
    httpd->daemon = start_daemon_blocked(httpd);
    if (!httpd->daemon) {
        *ret_httpd = NULL;
        /* The socket is libmicrohttpd's by now: it closes it on most of its ways out. */
        ci_fail_text(ctx, InvalidParameterValue, "The HTTP server cannot start its threads: %s.",
                     strerror(errno));
        httpd_free(httpd);
        return false;
    }
    return true;
}

int ci_httpd_port(const struct ci_httpd *httpd)
{
    return httpd->listener.port;
}

int ci_httpd_connections(const struct ci_httpd *httpd)
{
    return ci_guard_count(httpd->guard);
}

/* ---- Stop ---- */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = (long)ms * 1000000}, NULL);
}

void ci_httpd_drain(struct ci_httpd *httpd)
{
    atomic_store(&httpd->draining, true);
}

/*
 * The client of a request that another thread still works on gets its 503 now; the request
 * itself is that thread's, so the body is ours and plain.
 */
static void cut_off(struct ci_guarded *guarded, void *arg)
{
    struct connection *c =
        (struct connection *)((char *)guarded - offsetof(struct connection, guarded));
    const struct ci_httpd_header *headers;
    struct ci_text body;
    int expected = UNANSWERED;

    (void)arg;
    if (ci_guard_phase_of(guarded) != CI_GUARD_WORK ||
        !atomic_compare_exchange_strong(&c->answer, &expected, CUT_OFF))
        return;
    if (!c->httpd->tls) { /* whose session may be going down in its own thread */
        ci_text_init(&body, REFUSAL_LIMIT);
        headers = ci_http_plain_refusal(503, "The service is shutting down.", &body);
        send_past(c, 503, headers, &body);
        ci_text_done(&body);
    }
    shutdown(guarded->fd, SHUT_RDWR);
}

static void await_quiet(struct ci_httpd *httpd, int64_t deadline_ms)
{
    int64_t settled = now_ms() + SETTLE_MS;

    while (now_ms() < deadline_ms &&
           (now_ms() < settled || ci_listener_is_waited_for(&httpd->listener)))
        pause_ms(POLL_MS);
    ci_listener_replace(&httpd->listener);
    /* Whoever resumed a connection may not have counted it down yet when it is over already. */
    while ((ci_guard_busy(httpd->guard) > 0 || atomic_load(&httpd->suspended) > 0) &&
           now_ms() < deadline_ms)
        pause_ms(POLL_MS);
}

bool ci_httpd_stop(struct ci_httpd *httpd, int limit_s)
{
    if (!httpd)
        return true;
    ci_httpd_drain(httpd);
    ci_listener_shut(&httpd->listener);
    await_quiet(httpd, now_ms() + SETTLE_MS + (int64_t)limit_s * 1000);
    atomic_store(&httpd->leaving, true);
    while (atomic_load(&httpd->calling) > 0)
        pause_ms(1);
    if (atomic_load(&httpd->suspended) > 0) {
        ci_guard_each(httpd->guard, cut_off, NULL);
        return false;
    }
    MHD_stop_daemon(httpd->daemon);
    httpd_free(httpd);
    return true;
}

/* ---- Requests ---- */

const char *ci_httpd_header(const struct ci_httpd_request *req, const char *name)
{
    const struct connection *c = (const struct connection *)req;

    return MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, name);
}

const char *ci_httpd_peer(const struct ci_httpd_request *req, char room[static 64])
{
    const struct connection *c = (const struct connection *)req;
    const struct sockaddr *at =
        MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    const void *address = NULL;

    if (!c->httpd->options.unix_socket && at && at->sa_family == AF_INET)
        address = &((const struct sockaddr_in *)(const void *)at)->sin_addr;
    else if (!c->httpd->options.unix_socket && at && at->sa_family == AF_INET6)
        address = &((const struct sockaddr_in6 *)(const void *)at)->sin6_addr;
    if (!address || !inet_ntop(at->sa_family, address, room, 64))
        snprintf(room, 64, "unix");
    return room;
}

void ci_httpd_suspend(struct ci_httpd_request *req)
{
    struct connection *c = connection_of(req);

    c->suspended = true;
    atomic_fetch_add(&c->httpd->suspended, 1);
    ci_guard_enter(c->httpd->guard, &c->guarded, CI_GUARD_WORK, 0);
    MHD_suspend_connection(c->mhd);
}

/* From here on the connection's thread may free it: nothing of it is touched after. */
static void resume_if_suspended(struct connection *c)
{
    struct ci_httpd *httpd = c->httpd;
    int expected = UNANSWERED;

    if (!c->suspended)
        return;
    if (!atomic_compare_exchange_strong(&c->answer, &expected, ANSWERED))
        drop_response(c);
    MHD_resume_connection(c->mhd);
    atomic_fetch_sub(&httpd->suspended, 1);
}

void ci_httpd_answer(struct ci_httpd_request *req, int status,
                     const struct ci_httpd_header *headers, struct ci_text *body)
{
    struct connection *c = connection_of(req);

    make_response(c, status, headers, body);
    resume_if_suspended(c);
}

void ci_httpd_answer_borrowed(struct ci_httpd_request *req, int status,
                              const struct ci_httpd_header *headers, const char *bytes,
                              size_t length)
{
    struct connection *c = connection_of(req);

    hand_response(c, status,
                  response_new(headers, length, (char *)(uintptr_t)bytes, MHD_RESPMEM_PERSISTENT),
                  length);
    resume_if_suspended(c);
}
