/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection that the kernel has completed sits in the accept queue; closing the listening
 * socket resets it although its client may have sent a request already. So the door is shut
 * first, by a filter that drops the packets that open a connection and nothing else, then the
 * queue is emptied, then the socket is closed. A client whose packet was dropped tries again
 * and is refused, or reaches the next process on the port.
 */
#include "base/httplisten.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define TCP_FLAGS_OFFSET 13
#define TCP_FLAG_SYN 0x02

#ifndef SO_ATTACH_FILTER
#define SO_ATTACH_FILTER 26
#endif

static bool fail_listen(struct ci_ctx *ctx, int fd, const struct ci_listen_where *where)
{
    const char *why = strerror(errno);

    if (fd >= 0)
        close(fd);
    if (where->unix_path)
        return ci_fail_text(ctx, InvalidParameterValue, "Cannot listen on %s: %s.",
                            where->unix_path, why);
    return ci_fail_text(ctx, InvalidParameterValue, "Cannot listen on %s port %d: %s.",
                        where->address, where->port, why);
}

/* True when nobody answers on the socket's path any more. */
static bool is_left_behind(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool dead;

    if (fd < 0)
        return false;
    dead = connect(fd, (const struct sockaddr *)at, sizeof *at) != 0 && errno == ECONNREFUSED;
    close(fd);
    return dead;
}

static bool listen_unix(struct ci_ctx *ctx, const struct ci_listen_where *where,
                        struct ci_listener *ret_listener)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(where->unix_path) >= sizeof at.sun_path)
        return ci_fail_text(ctx, InvalidParameterValue, "The socket's path is too long: %s.",
                            where->unix_path);
    memcpy(at.sun_path, where->unix_path, strlen(where->unix_path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail_listen(ctx, fd, where);
    if (is_left_behind(&at))
        unlink(at.sun_path);
    if (bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 ||
        chmod(at.sun_path, (mode_t)where->unix_mode) != 0 || listen(fd, where->backlog) != 0)
        return fail_listen(ctx, fd, where);
    *ret_listener = (struct ci_listener){.fd = fd, .unix_path = strdup(where->unix_path)};
    return true;
}

static int port_of(int fd)
{
    struct sockaddr_storage at;
    socklen_t n = sizeof at;

    if (getsockname(fd, (struct sockaddr *)&at, &n) != 0)
        return 0;
    if (at.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&at)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&at)->sin_port);
}

/* Accepted connections inherit keepalive, so that vanished clients are noticed in the end. */
static bool listen_at(const struct addrinfo *at, int backlog, int *ret_fd)
{
    const int on = 1, off = 0;
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (at->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, backlog) == 0) {
        *ret_fd = fd;
        return true;
    }
    close(fd);
    return false;
}

static bool listen_tcp(struct ci_ctx *ctx, const struct ci_listen_where *where,
                       struct ci_listener *ret_listener)
{
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char port[16];
    int fd = -1, rc;

    snprintf(port, sizeof port, "%d", where->port);
    rc = getaddrinfo(where->address, port, &hints, &found);
    if (rc != 0)
        return ci_fail_text(ctx, InvalidParameterValue, "Cannot listen on %s: %s.", where->address,
                            gai_strerror(rc));
    errno = EADDRNOTAVAIL;
    for (const struct addrinfo *at = found; at && fd < 0; at = at->ai_next)
        listen_at(at, where->backlog, &fd);
    freeaddrinfo(found);
    if (fd < 0)
        return fail_listen(ctx, fd, where);
    *ret_listener = (struct ci_listener){.fd = fd, .port = port_of(fd)};
    return true;
}

bool ci_listen(struct ci_ctx *ctx, const struct ci_listen_where *where,
               struct ci_listener *ret_listener)
{
    return where->unix_path ? listen_unix(ctx, where, ret_listener)
                            : listen_tcp(ctx, where, ret_listener);
}

void ci_listener_shut(struct ci_listener *listener)
{
    struct sock_filter drop_syn[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, TCP_FLAGS_OFFSET),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, TCP_FLAG_SYN, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
    };
    const struct sock_fprog program = {.len = sizeof drop_syn / sizeof drop_syn[0],
                                       .filter = drop_syn};

    if (listener->unix_path)
        unlink(listener->unix_path);
    else
        /* Without it a client may be reset that connects while the socket closes: no more. */
        (void)setsockopt(listener->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

bool ci_listener_is_waited_for(const struct ci_listener *listener)
{
    struct pollfd at = {.fd = listener->fd, .events = POLLIN};

    return poll(&at, 1, 0) > 0 && (at.revents & POLLIN);
}

void ci_listener_replace(struct ci_listener *listener)
{
    int never = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (never < 0)
        return;
    dup3(never, listener->fd, O_CLOEXEC);
    close(never);
}

void ci_listener_done(struct ci_listener *listener)
{
    free(listener->unix_path);
    listener->unix_path = NULL;
}
