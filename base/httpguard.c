/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd's own timeout starts again with every byte, so a client that drips one a
 * second is never cut. Here a deadline is set when a phase begins and does not move.
 *
 * The one phase whose beginning nobody tells us is the request line of a second request on a
 * connection: the kernel is asked when an idle connection last received something, once per
 * header timeout and connection, which costs nothing noticeable with ten thousand of them.
 *
 * Connections are kept in buckets with a lock each, so that a look at all of them never keeps
 * a new one waiting for long. A socket is only ever shut down here, never closed: its owner
 * then sees its end and closes it.
 */
#include "base/httpguard.h"

#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BUCKETS 32
#define CROWD 500
#define LOOK_EVERY_MS 500
/* How often spare memory is looked for while there may be some. So many looks without a large
 * answer are a calm: under load nothing is given back to be taken again at once. */
#define TIDY_EVERY_MS 100
#define CALM_LOOKS 2
#define JUST_OPENED_MS 1000
#define FIRST_LOOK_MS 1000
#define LINGERING_MAX 128
#define LINGER_MS 2000
#define PHASE_BITS 3
#define NEVER ((int64_t)1 << 60)

/* The kernel's clock for received data is coarse. */
#define SLACK_MS 50

struct bucket {
    pthread_mutex_t lock;
    struct ci_guarded *first;
};

struct lingering {
    int fd;
    int64_t until_ms;
};

struct ci_guard {
    struct ci_guard_limits limits;
    struct bucket buckets[BUCKETS];
    atomic_int count;
    atomic_bool large; /* there was a large answer since the last look */
    atomic_bool ending;
    int wake;
    pthread_t thread;

    pthread_mutex_t linger_lock; /* guards what follows */
    struct lingering lingering[LINGERING_MAX];
    int lingering_count;
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint64_t state_of(int64_t deadline_ms, enum ci_guard_phase phase)
{
    return (uint64_t)deadline_ms << PHASE_BITS | phase;
}

static enum ci_guard_phase phase_in(uint64_t state)
{
    return state & ((1U << PHASE_BITS) - 1);
}

static int64_t deadline_in(uint64_t state)
{
    return (int64_t)(state >> PHASE_BITS);
}

static int64_t limit_of(const struct ci_guard *guard, enum ci_guard_phase phase)
{
    switch (phase) {
    case CI_GUARD_OPENED:
    case CI_GUARD_HEADERS:
        return guard->limits.header_ms;
    case CI_GUARD_BODY:
        return guard->limits.body_ms;
    case CI_GUARD_ANSWER:
        return guard->limits.answer_ms;
    case CI_GUARD_IDLE:
        return guard->limits.idle_ms;
    case CI_GUARD_WORK:
        break;
    }
    return NEVER / 2;
}

static struct bucket *bucket_of(struct ci_guard *guard, int fd)
{
    return &guard->buckets[(unsigned)fd % BUCKETS];
}

/*
 * Looks at an idle connection: when it last received anything, and whether its client has
 * said goodbye together with its last request, which libmicrohttpd does not notice (it reads
 * until the socket is empty and waits for an event that has been).
 */
static bool look(struct ci_guarded *g, int64_t idle_since, int64_t now)
{
    struct tcp_info info;
    socklen_t n = sizeof info;
    int unread = 0;

    if (getsockopt(g->fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0)
        return false;
    if (now - info.tcpi_last_data_recv > idle_since + SLACK_MS)
        g->partial_ms = now - info.tcpi_last_data_recv;
    return info.tcpi_state == TCP_CLOSE_WAIT && ioctl(g->fd, FIONREAD, &unread) == 0 && unread == 0;
}

/* Has the client of an idle connection gone, or been sending a request line for too long? */
static bool is_abandoned(const struct ci_guard *guard, struct ci_guarded *g, uint64_t state,
                         int64_t now)
{
    int64_t idle_since = deadline_in(state) - guard->limits.idle_ms;

    if (g->looked_state != state) {
        g->looked_state = state;
        g->look_ms = idle_since + FIRST_LOOK_MS;
        g->partial_ms = 0;
    }
    if (g->partial_ms)
        return now - g->partial_ms >= guard->limits.header_ms;
    if (now < g->look_ms)
        return false;
    g->look_ms = now + guard->limits.header_ms;
    return look(g, idle_since, now);
}

static bool is_late(const struct ci_guard *guard, struct ci_guarded *g, int64_t now)
{
    uint64_t state = atomic_load(&g->state);

    return now >= deadline_in(state) ||
           (phase_in(state) == CI_GUARD_IDLE && is_abandoned(guard, g, state, now));
}

static void cut_late(struct ci_guard *guard, struct bucket *bucket, int64_t now)
{
    pthread_mutex_lock(&bucket->lock);
    for (struct ci_guarded *g = bucket->first; g; g = g->next) {
        if (is_late(guard, g, now)) {
            atomic_store(&g->cut, true);
            shutdown(g->fd, SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&bucket->lock);
}

/* True when the socket is at its end; reads a bounded amount, so that others get their turn. */
static bool throw_away(int fd)
{
    char bytes[16384];

    for (int i = 0; i < 16; i++) {
        ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

        if (n <= 0)
            return n == 0 || (errno != EAGAIN && errno != EINTR);
    }
    return false;
}

static void serve_lingering(struct ci_guard *guard, int64_t now)
{
    int kept = 0;

    pthread_mutex_lock(&guard->linger_lock);
    for (int i = 0; i < guard->lingering_count; i++) {
        struct lingering at = guard->lingering[i];

        if (throw_away(at.fd) || now >= at.until_ms)
            close(at.fd);
        else
            guard->lingering[kept++] = at;
    }
    guard->lingering_count = kept;
    pthread_mutex_unlock(&guard->linger_lock);
}

static void await_events(struct ci_guard *guard, int timeout_ms)
{
    struct pollfd at[1 + LINGERING_MAX] = {{.fd = guard->wake, .events = POLLIN}};
    uint64_t wakes;
    int n = 1;

    pthread_mutex_lock(&guard->linger_lock);
    for (int i = 0; i < guard->lingering_count; i++)
        at[n++] = (struct pollfd){.fd = guard->lingering[i].fd, .events = POLLIN};
    pthread_mutex_unlock(&guard->linger_lock);
    if (poll(at, (nfds_t)n, timeout_ms) > 0 && at[0].revents)
        /* Only to empty it; how often it was written does not matter. */
        (void)!read(guard->wake, &wakes, sizeof wakes);
}

/* What may be given back to the system. */
struct spare {
    int peak;  /* most connections since memory was last given back */
    int looks; /* to come before what large answers took is given back; 0: nothing */
    int64_t looked;
};

static bool is_expected(const struct spare *spare)
{
    return spare->looks > 0 || spare->peak >= CROWD;
}

/*
 * A crowd has left, or large answers have ceased: malloc() would keep what they took in pieces
 * between those that are still used.
 */
static void trim(struct ci_guard *guard, struct spare *spare, int64_t now)
{
    int count = atomic_load(&guard->count);
    bool enough = spare->peak - count >= CROWD;

    /* Half of it, since the clock is coarse and lingering sockets wake the thread as well. */
    if (now - spare->looked < TIDY_EVERY_MS / 2)
        return;
    spare->looked = now;
    if (atomic_exchange(&guard->large, false))
        spare->looks = CALM_LOOKS;
    else if (spare->looks > 0 && --spare->looks == 0)
        enough = true;
    if (enough)
        malloc_trim(0);
    if (enough || count > spare->peak)
        spare->peak = count;
}

static void *watch(void *arg)
{
    struct ci_guard *guard = arg;
    int64_t looked = now_ms();
    struct spare spare = {.looked = looked};

    pthread_setname_np(pthread_self(), "http-guard");
    while (!atomic_load(&guard->ending)) {
        int64_t now;

        await_events(guard, is_expected(&spare) ? TIDY_EVERY_MS : LOOK_EVERY_MS);
        now = now_ms();
        serve_lingering(guard, now);
        trim(guard, &spare, now);
        if (now - looked < LOOK_EVERY_MS)
            continue;
        looked = now;
        for (int i = 0; i < BUCKETS; i++)
            cut_late(guard, &guard->buckets[i], now);
    }
    return NULL;
}

void ci_guard_note_large(struct ci_guard *guard)
{
    atomic_store_explicit(&guard->large, true, memory_order_relaxed);
}

static void wake(const struct ci_guard *guard)
{
    const uint64_t one = 1;

    /* A full counter wakes as well. */
    (void)!write(guard->wake, &one, sizeof one);
}

/* Signals are the main thread's. */
static int start_blocked(struct ci_guard *guard)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&guard->thread, NULL, watch, guard);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

struct ci_guard *ci_guard_new(const struct ci_guard_limits *limits)
{
    struct ci_guard *guard = calloc(1, sizeof *guard);

    if (!guard)
        return NULL;
    guard->limits = *limits;
    for (int i = 0; i < BUCKETS; i++)
        pthread_mutex_init(&guard->buckets[i].lock, NULL);
    pthread_mutex_init(&guard->linger_lock, NULL);
    guard->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (guard->wake < 0 || start_blocked(guard) != 0) {
        if (guard->wake >= 0)
            close(guard->wake);
        free(guard);
        return NULL;
    }
    return guard;
}

void ci_guard_free(struct ci_guard *guard)
{
    if (!guard)
        return;
    atomic_store(&guard->ending, true);
    wake(guard);
    pthread_join(guard->thread, NULL);
    for (int i = 0; i < guard->lingering_count; i++)
        close(guard->lingering[i].fd);
    for (int i = 0; i < BUCKETS; i++)
        pthread_mutex_destroy(&guard->buckets[i].lock);
    pthread_mutex_destroy(&guard->linger_lock);
    close(guard->wake);
    free(guard);
}

void ci_guard_add(struct ci_guard *guard, struct ci_guarded *guarded, int fd)
{
    struct bucket *bucket = bucket_of(guard, fd);

    *guarded = (struct ci_guarded){.fd = fd};
    ci_guard_enter(guard, guarded, CI_GUARD_OPENED, 0);
    atomic_fetch_add(&guard->count, 1);
    pthread_mutex_lock(&bucket->lock);
    guarded->next = bucket->first;
    if (guarded->next)
        guarded->next->prev = guarded;
    bucket->first = guarded;
    pthread_mutex_unlock(&bucket->lock);
}

void ci_guard_remove(struct ci_guard *guard, struct ci_guarded *guarded)
{
    struct bucket *bucket = bucket_of(guard, guarded->fd);

    pthread_mutex_lock(&bucket->lock);
    if (guarded->prev)
        guarded->prev->next = guarded->next;
    else
        bucket->first = guarded->next;
    if (guarded->next)
        guarded->next->prev = guarded->prev;
    pthread_mutex_unlock(&bucket->lock);
    atomic_fetch_sub(&guard->count, 1);
}

void ci_guard_enter(const struct ci_guard *guard, struct ci_guarded *guarded,
                    enum ci_guard_phase phase, int64_t extra_ms)
{
    uint64_t before = atomic_load_explicit(&guarded->state, memory_order_relaxed);
    int64_t deadline = now_ms() + limit_of(guard, phase) + extra_ms;

    /* The first request's time runs from the connect on. */
    if (phase == CI_GUARD_HEADERS && phase_in(before) == CI_GUARD_OPENED)
        deadline = deadline_in(before);
    atomic_store_explicit(&guarded->state, state_of(deadline, phase), memory_order_release);
}

enum ci_guard_phase ci_guard_phase_of(const struct ci_guarded *guarded)
{
    return phase_in(atomic_load(&guarded->state));
}

int ci_guard_count(struct ci_guard *guard)
{
    return atomic_load(&guard->count);
}

static bool is_busy(const struct ci_guard *guard, const struct ci_guarded *g, int64_t now)
{
    uint64_t state = atomic_load(&g->state);
    int unread = 0;

    switch (phase_in(state)) {
    case CI_GUARD_HEADERS:
    case CI_GUARD_BODY:
    case CI_GUARD_WORK:
    case CI_GUARD_ANSWER:
        return true;
    case CI_GUARD_OPENED:
        if (now - (deadline_in(state) - guard->limits.header_ms) < JUST_OPENED_MS)
            return true;
        break;
    case CI_GUARD_IDLE:
        break;
    }
    return ioctl(g->fd, FIONREAD, &unread) == 0 && unread > 0;
}

int ci_guard_busy(struct ci_guard *guard)
{
    int64_t now = now_ms();
    int n = 0;

    for (int i = 0; i < BUCKETS; i++) {
        pthread_mutex_lock(&guard->buckets[i].lock);
        for (const struct ci_guarded *g = guard->buckets[i].first; g; g = g->next)
            n += is_busy(guard, g, now);
        pthread_mutex_unlock(&guard->buckets[i].lock);
    }
    return n;
}

void ci_guard_each(struct ci_guard *guard, void (*visit)(struct ci_guarded *guarded, void *arg),
                   void *arg)
{
    for (int i = 0; i < BUCKETS; i++) {
        pthread_mutex_lock(&guard->buckets[i].lock);
        for (struct ci_guarded *g = guard->buckets[i].first; g; g = g->next)
            visit(g, arg);
        pthread_mutex_unlock(&guard->buckets[i].lock);
    }
}

void ci_guard_linger(struct ci_guard *guard, int fd)
{
    bool taken = false;

    pthread_mutex_lock(&guard->linger_lock);
    if (guard->lingering_count < LINGERING_MAX && !atomic_load(&guard->ending)) {
        guard->lingering[guard->lingering_count++] =
            (struct lingering){.fd = fd, .until_ms = now_ms() + LINGER_MS};
        taken = true;
    }
    pthread_mutex_unlock(&guard->linger_lock);
    if (taken)
        wake(guard);
    else
        close(fd);
}
