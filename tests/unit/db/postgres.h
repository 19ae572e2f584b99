/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A PostgreSQL server for a test program: started before its tests on a Unix socket in a
 * directory of its own, thrown away after them. CASTIRON_TEST_POSTGRESQL may hold the URL of
 * a server that is there already; tests that stop the server are then left out.
 */
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char postgres_dir[64]; /* short: a socket's path has 107 bytes at most */
static char postgres_bin[128];
static char postgres_url[256];

static inline bool postgres_is_ours(void)
{
    return postgres_dir[0] != '\0';
}

/* Runs one of the server's programs, not as root. */
static inline int postgres_run(const char *arguments)
{
    char command[1024];

    snprintf(command, sizeof command, "cd / && %s %s/%s >>%s/log 2>&1 </dev/null",
             getuid() == 0 ? "setpriv --reuid=postgres --regid=postgres --clear-groups" : "",
             postgres_bin, arguments, postgres_dir);
    return system(command);
}

static inline int postgres_start(void)
{
    char arguments[512];

    snprintf(arguments, sizeof arguments,
             "pg_ctl start -w -t 60 -D %s/data -l %s/log -o \"-c listen_addresses= -c fsync=off "
             "-c shared_buffers=16MB -k %s\"",
             postgres_dir, postgres_dir, postgres_dir);
    return postgres_run(arguments);
}

/* mode: smart, fast or immediate */
static inline int postgres_stop(const char *mode)
{
    char arguments[256];

    snprintf(arguments, sizeof arguments, "pg_ctl stop -w -t 60 -D %s/data -m %s", postgres_dir,
             mode);
    return postgres_run(arguments);
}

static inline bool postgres_begin(void)
{
    const char *given = getenv("CASTIRON_TEST_POSTGRESQL");
    char arguments[256];
    glob_t found;

    if (given) {
        snprintf(postgres_url, sizeof postgres_url, "%s", given);
        return true;
    }
    if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) != 0)
        return false;
    snprintf(postgres_bin, sizeof postgres_bin, "%s", found.gl_pathv[found.gl_pathc - 1]);
    globfree(&found);
    snprintf(postgres_dir, sizeof postgres_dir, "/tmp/castiron-pg-XXXXXX");
    if (!mkdtemp(postgres_dir) || chmod(postgres_dir, 0777) != 0)
        return false;
    snprintf(arguments, sizeof arguments,
             "initdb -D %s/data -U castiron -A trust -E UTF8 --no-sync", postgres_dir);
    snprintf(postgres_url, sizeof postgres_url, "postgresql+psycopg2://castiron@/postgres?host=%s",
             postgres_dir);
    umask(0);
    return postgres_run(arguments) == 0 && postgres_start() == 0;
}

static inline void postgres_end(void)
{
    char command[128];

    if (!postgres_is_ours())
        return;
    (void)!postgres_stop("immediate");
    snprintf(command, sizeof command, "rm -rf %s", postgres_dir);
    (void)!system(command);
}
