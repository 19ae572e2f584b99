/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What base/httpd does when it is not told: for many idle clients, a few slow ones and small
 * requests.
 */
#include "base/httpoptions.h"

#include <sys/resource.h>
#include <unistd.h>

#define KIB ((size_t)1024)

/* File numbers that are not for connections: databases, logs, lingering sockets. */
#define RESERVED_FILES 512

static int or_default(int value, int fallback)
{
    return value > 0 ? value : fallback;
}

static int connection_limit(int wanted)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY &&
        (rlim_t)wanted + RESERVED_FILES > files.rlim_cur)
        wanted = files.rlim_cur > 2 * RESERVED_FILES ? (int)(files.rlim_cur - RESERVED_FILES)
                                                     : (int)(files.rlim_cur / 2);
    return wanted;
}

static int thread_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    return cores < 1 ? 1 : cores > 4 ? 4 : (int)cores;
}

struct ci_httpd_options ci_httpd_options_complete(const struct ci_httpd_options *given)
{
    struct ci_httpd_options o = *given;

    o.address = o.address ? o.address : "127.0.0.1";
    o.unix_socket_mode = or_default(o.unix_socket_mode, 0660);
    o.threads = or_default(o.threads, thread_count());
    o.connections = connection_limit(or_default(o.connections, 12000));
    o.backlog = or_default(o.backlog, 1024);
    o.header_timeout_s = or_default(o.header_timeout_s, 10);
    o.body_timeout_s = or_default(o.body_timeout_s, 60);
    o.write_timeout_s = or_default(o.write_timeout_s, 60);
    o.idle_timeout_s = or_default(o.idle_timeout_s, 900);
    o.header_limit_bytes = o.header_limit_bytes ? o.header_limit_bytes : 16 * KIB;
    o.body_limit_bytes = o.body_limit_bytes ? o.body_limit_bytes : 1024 * KIB;
    o.bodies_limit_bytes = o.bodies_limit_bytes ? o.bodies_limit_bytes : 64 * 1024 * KIB;
    return o;
}
