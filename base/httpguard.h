/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The deadlines of base/httpd's connections: a thread that shuts down the sockets of those
 * that take too long, whatever they drip meanwhile.
 */
struct ci_guard;

/* What a connection is doing. The order is that of a request. */
enum ci_guard_phase {
    CI_GUARD_OPENED,  /* connected, no request line yet */
    CI_GUARD_HEADERS, /* a request line has come */
    CI_GUARD_BODY,
    CI_GUARD_WORK,   /* suspended: no deadline, we are the slow ones */
    CI_GUARD_ANSWER, /* the answer is being sent */
    CI_GUARD_IDLE,   /* between two requests */
};

/* How long each may take. */
struct ci_guard_limits {
    int64_t header_ms, body_ms, answer_ms, idle_ms;
};

/* A connection's share in the guard, embedded in whatever else is known of it. */
struct ci_guarded {
    struct ci_guarded *next, *prev; /* guarded by its bucket's lock, like what has no other word */
    int fd;
    _Atomic uint64_t state;      /* deadline and phase in one, so that they are read together */
    uint64_t looked_state;       /* the idle state in which the kernel was asked about it */
    int64_t look_ms, partial_ms; /* when to ask again; since when a next request comes, or 0 */
    atomic_bool cut;             /* shut down by the guard */
};

/* Starts the thread. */
struct ci_guard *ci_guard_new(const struct ci_guard_limits *limits);

/* Ends the thread and frees the guard, from which every connection must have been removed. */
void ci_guard_free(struct ci_guard *guard);

/* Watches a connection from OPENED on, until it is removed: before its socket is closed. */
void ci_guard_add(struct ci_guard *guard, struct ci_guarded *guarded, int fd);
void ci_guard_remove(struct ci_guard *guard, struct ci_guarded *guarded);

/* The connection is in a new phase, whose deadline is extra_ms later than usual. */
void ci_guard_enter(const struct ci_guard *guard, struct ci_guarded *guarded,
                    enum ci_guard_phase phase, int64_t extra_ms);

/*
 * A large answer is sent: when there are no more for a moment, the memory they took is given
 * back to the system.
 */
void ci_guard_note_large(struct ci_guard *guard);

enum ci_guard_phase ci_guard_phase_of(const struct ci_guarded *guarded);

/* Connections that are being watched. */
int ci_guard_count(struct ci_guard *guard);

/*
 * Connections with a request under way: in a phase from HEADERS to ANSWER, with bytes that nobody
 * has read yet, or opened in the last second.
 */
int ci_guard_busy(struct ci_guard *guard);

/* Calls `visit` for each connection, while it cannot be closed; it must not block. */
void ci_guard_each(struct ci_guard *guard, void (*visit)(struct ci_guarded *guarded, void *arg),
                   void *arg);

/*
 * Takes over a socket whose last answer was sent before all of its request was read: what
 * still comes is thrown away for a moment, since closing it now would make the kernel reset the
 * connection and take the answer from the client again. The number is the guard's from now on.
 */
void ci_guard_linger(struct ci_guard *guard, int fd);
