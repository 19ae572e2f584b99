/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP basic authentication against a file of users.
 *
 * The rows are replaced as a whole when the file changes; whoever compares with one holds a copy
 * of its hash, so that the lock is never held while bcrypt runs.
 */
#include "base/htpasswd.h"

#include <ctype.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/password.h"
#include "base/text.h"
#include "base/utf8.h"

enum {
    FILE_BYTES_MAX = 1 << 20,
    KNOWN_MAX = 1024, /* users that are remembered, each in the place its digest says */
    DIGEST_BYTES = 32
};

/* Of nobody, and as slow as the others, when a file has no row at all. */
#define NOBODY "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

struct row {
    const char *name, *hash;
};

struct ci_htpasswd {
    struct ci_arena *own; /* holds all of it but the rows */
    const char *path;
    unsigned char salt[DIGEST_BYTES];

    pthread_mutex_t lock; /* guards what follows */
    struct stat file;     /* as it was when it was read */
    struct ci_arena *mem; /* of the rows */
    const struct row *rows;
    size_t n_rows;
    unsigned char known[KNOWN_MAX][DIGEST_BYTES];
};

static bool is_bcrypt(const char *hash)
{
    return strncmp(hash, "$2y$", 4) == 0 || strncmp(hash, "$2a$", 4) == 0 ||
           strncmp(hash, "$2b$", 4) == 0;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool unreadable(struct ci_ctx *ctx, const char *path)
{
    return ci_fail(ctx, ConfigInvalid,
                   ci_printf(ctx->mem, "Problem reading auth user file: %s", path));
}

/* The file's text in `mem`, and what kind of file it was. */
static bool read_file(struct ci_ctx *ctx, const char *path, struct ci_arena *mem, char **ret_text,
                      struct stat *ret_file)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = -1;
    size_t used = 0;
    char *text;

    if (fd < 0)
        return unreadable(ctx, path);
    text = ci_alloc(mem, FILE_BYTES_MAX + 1);
    if (fstat(fd, ret_file) == 0 && S_ISREG(ret_file->st_mode)) {
        do {
            n = read(fd, text + used, FILE_BYTES_MAX - used);
            used += n > 0 ? (size_t)n : 0;
        } while (n > 0 && used < FILE_BYTES_MAX);
    }
    (void)close(fd);
    if (n < 0 || used == FILE_BYTES_MAX || memchr(text, '\0', used))
        return unreadable(ctx, path);
    *ret_text = text;
    return true;
}

/* The rows of the file, as they are between the blanks. A row without a colon is none. */
static size_t split_rows(struct ci_arena *mem, const char *text, const struct row **ret_rows)
{
    const char *const *lines = ci_split(mem, text, '\n');
    size_t n = 0, n_rows = 0;
    struct row *rows;

    while (lines[n])
        n++;
    rows = ci_alloc_array(mem, n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        const char *colon = strchr(lines[i], ':');

        if (!colon)
            continue;
        rows[n_rows].name = ci_strndup(mem, lines[i], (size_t)(colon - lines[i]));
        rows[n_rows++].hash = colon + 1;
    }
    *ret_rows = rows;
    return n_rows;
}

/* Reads the file anew; the rows there are stay when that fails. Under the lock. */
static bool load(struct ci_ctx *ctx, struct ci_htpasswd *htpasswd)
{
    struct ci_arena *mem = ci_arena_new();
    struct stat file;
    char *text;

    if (!read_file(ctx, htpasswd->path, mem, &text, &file)) {
        ci_arena_free(mem);
        return false;
    }
    ci_arena_free(htpasswd->mem);
    htpasswd->mem = mem;
    htpasswd->file = file;
    htpasswd->n_rows = split_rows(mem, text, &htpasswd->rows);
    return true;
}

/* Follows the file; one that is gone, or cannot be read, lets nobody in. Under the lock. */
static bool refresh(struct ci_ctx *ctx, struct ci_htpasswd *htpasswd)
{
    struct stat now;

    if (stat(htpasswd->path, &now) == 0 && is_same_file(&now, &htpasswd->file))
        return true;
    return load(ctx, htpasswd);
}

/* What is remembered of somebody who was let in. */
static void digest_of(struct ci_ctx *ctx, const struct ci_htpasswd *htpasswd, const char *name,
                      const char *hash, const char *password, unsigned char *ret_digest)
{
    struct ci_digest *digest = ci_digest_new(ctx->mem, "sha256");

    ci_digest_add(digest, htpasswd->salt, sizeof htpasswd->salt);
    ci_digest_add(digest, name, strlen(name) + 1);
    ci_digest_add(digest, hash, strlen(hash) + 1);
    ci_digest_add(digest, password, strlen(password));
    ci_digest_value(digest, ret_digest);
}

static size_t place_of(const unsigned char *digest)
{
    return ((size_t)digest[0] << 8 | digest[1]) % KNOWN_MAX;
}

/*
 * Somebody's hash, as a copy. Nobody's (found is false then) is made of the first row's, so that
 * it takes as long.
 */
static bool look_up(struct ci_ctx *ctx, struct ci_htpasswd *htpasswd, const char *name,
                    const char **ret_hash, bool *ret_found)
{
    const char *hash = NOBODY;
    bool fresh, found = false;

    pthread_mutex_lock(&htpasswd->lock);
    fresh = refresh(ctx, htpasswd);
    if (fresh && htpasswd->n_rows > 0)
        hash = htpasswd->rows[0].hash;
    for (size_t i = 0; fresh && i < htpasswd->n_rows && !found; i++) {
        found = strcmp(htpasswd->rows[i].name, name) == 0;
        if (found)
            hash = htpasswd->rows[i].hash;
    }
    *ret_hash = ci_strdup(ctx->mem, hash);
    *ret_found = found;
    pthread_mutex_unlock(&htpasswd->lock);
    return fresh;
}

static bool is_known(struct ci_htpasswd *htpasswd, const unsigned char *digest)
{
    bool known;

    pthread_mutex_lock(&htpasswd->lock);
    known = ci_same_secret(htpasswd->known[place_of(digest)], digest, DIGEST_BYTES);
    pthread_mutex_unlock(&htpasswd->lock);
    return known;
}

static void remember(struct ci_htpasswd *htpasswd, const unsigned char *digest)
{
    pthread_mutex_lock(&htpasswd->lock);
    memcpy(htpasswd->known[place_of(digest)], digest, DIGEST_BYTES);
    pthread_mutex_unlock(&htpasswd->lock);
}

static bool bcrypt_only(struct ci_ctx *ctx, const char *name)
{
    return ci_fail(
        ctx, ConfigInvalid,
        ci_printf(ctx->mem, "Only bcrypt digested passwords are supported for %s", name));
}

static bool check(struct ci_ctx *ctx, struct ci_htpasswd *htpasswd, const char *name,
                  const char *password)
{
    unsigned char digest[DIGEST_BYTES];
    const char *hash;
    bool found;

    if (!look_up(ctx, htpasswd, name, &hash, &found))
        return false;
    if (found && !is_bcrypt(hash))
        return bcrypt_only(ctx, name);
    digest_of(ctx, htpasswd, name, hash, password, digest);
    if (found && is_known(htpasswd, digest))
        return true;
    if (ctx->deadline_ns != 0)
        return ci_fail(ctx, MustWait);
    if (!ci_password_matches(password, hash) || !found)
        return ci_fail_text(ctx, Unauthorized, "Incorrect username or password");
    remember(htpasswd, digest);
    return true;
}

/* The two words of the header. */
static bool split_header(struct ci_ctx *ctx, const char *header, const char **ret_token)
{
    const char *scheme = header, *end;

    while (isspace((unsigned char)*scheme))
        scheme++;
    for (end = scheme; *end && !isspace((unsigned char)*end); end++)
        ;
    *ret_token = end;
    while (isspace((unsigned char)**ret_token))
        ++*ret_token;
    if (!**ret_token)
        return ci_fail_text(ctx, BadRequest, "Could not parse Authorization header");
    if (end - scheme != 5 || strncasecmp(scheme, "basic", 5) != 0)
        return ci_fail_text(ctx, BadRequest, "Unsupported authorization type \"%.*s\"",
                            end - scheme > 64 ? 64 : (int)(end - scheme), scheme);
    return true;
}

bool ci_htpasswd_identify(struct ci_ctx *ctx, struct ci_htpasswd *htpasswd,
                          const char *authorization, const char **ret_user)
{
    const char *token;
    char *pair, *colon;
    size_t n, length;

    if (!authorization)
        return ci_fail_text(ctx, Unauthorized, "Authorization required");
    if (!split_header(ctx, authorization, &token))
        return false;
    for (length = strlen(token); length > 0 && isspace((unsigned char)token[length - 1]); length--)
        ;
    colon = NULL;
    if (ci_base64_decode(ctx->mem, token, length, &pair, &n) && !memchr(pair, '\0', n))
        colon = strchr(pair, ':');
    if (!colon || !ci_utf8_is_text(pair, (size_t)(colon - pair)))
        return ci_fail_text(ctx, BadRequest, "Could not decode authorization token");
    *colon = '\0';
    if (!check(ctx, htpasswd, pair, colon + 1))
        return false;
    *ret_user = pair;
    return true;
}

bool ci_htpasswd_is_exposed(struct ci_htpasswd *htpasswd)
{
    bool exposed;

    pthread_mutex_lock(&htpasswd->lock);
    exposed = htpasswd->file.st_mode & S_IROTH;
    pthread_mutex_unlock(&htpasswd->lock);
    return exposed;
}

void ci_htpasswd_free(struct ci_htpasswd *htpasswd)
{
    if (!htpasswd)
        return;
    ci_arena_free(htpasswd->mem);
    pthread_mutex_destroy(&htpasswd->lock);
    ci_arena_free(htpasswd->own);
}

/* Every row must be one that can be used: what is wrong is told at start. */
static bool check_rows(struct ci_ctx *ctx, const struct ci_htpasswd *htpasswd)
{
    for (size_t i = 0; i < htpasswd->n_rows; i++) {
        if (!is_bcrypt(htpasswd->rows[i].hash))
            return bcrypt_only(ctx, htpasswd->rows[i].name);
    }
    return true;
}

bool ci_htpasswd_new(struct ci_ctx *ctx, const char *path, struct ci_htpasswd **ret_htpasswd)
{
    struct ci_arena *own = ci_arena_new();
    struct ci_htpasswd *htpasswd = ci_new(own, struct ci_htpasswd);

    htpasswd->own = own;
    htpasswd->path = ci_strdup(own, path);
    pthread_mutex_init(&htpasswd->lock, NULL);
    if (getrandom(htpasswd->salt, sizeof htpasswd->salt, 0) != (ssize_t)sizeof htpasswd->salt) {
        ci_htpasswd_free(htpasswd);
        return ci_fail_text(ctx, IronicException, "No random numbers are to be had.");
    }
    if (!load(ctx, htpasswd) || !check_rows(ctx, htpasswd)) {
        ci_htpasswd_free(htpasswd);
        return false;
    }
    *ret_htpasswd = htpasswd;
    return true;
}
