/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/* The listening socket of base/httpd, and how it is closed without losing anybody. */
struct ci_listener {
    int fd;
    int port;        /* that is really listened on; 0 for a Unix socket */
    char *unix_path; /* on the heap, or NULL */
};

struct ci_listen_where {
    const char *address; /* name or number, IPv4 or IPv6 */
    int port;
    const char *unix_path; /* instead of the two, or NULL */
    int unix_mode;
    int backlog;
};

/*
 * Opens a non-blocking listening socket. Fails with InvalidParameterValue, saying where and
 * why it cannot listen. A Unix socket that a dead process left behind is replaced.
 */
ci_must_check bool ci_listen(struct ci_ctx *ctx, const struct ci_listen_where *where,
                             struct ci_listener *ret_listener);

/* Lets nobody new in: a client that connects from now on waits or is refused. */
void ci_listener_shut(struct ci_listener *listener);

/* Does anybody wait to be accepted? */
bool ci_listener_is_waited_for(const struct ci_listener *listener);

/*
 * Closes the socket under the feet of threads that still wait for it: its number stays taken
 * by an event that never comes, which they go on waiting for, and is closed by whoever owns it.
 */
void ci_listener_replace(struct ci_listener *listener);

/* Frees what the listener holds besides its number. */
void ci_listener_done(struct ci_listener *listener);
