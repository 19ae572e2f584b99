/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By what a ramdisk is known: the token that it is given once, at its first call, and shows with
 * every heartbeat; and the certificate of its own server, which it sends along.
 */
#include "conductor/agent_trust.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "conductor/calls.h"
#include "objects/info.h"

#define TOKEN "agent_secret_token"
#define PREGENERATED "agent_secret_token_pregenerated"
#define HIDDEN "******"

enum { TOKEN_LENGTH = 43, CERTIFICATE_MAX = 1 << 20 };

/* Random text of URL-safe characters. */
static bool new_token(struct ci_ctx *ctx, const char **ret_token)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char random[TOKEN_LENGTH];
    char *token = ci_alloc(ctx->mem, TOKEN_LENGTH + 1);

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return ci_fail_text(ctx, TemporaryFailure, "There is no randomness for a token.");
    for (size_t i = 0; i < TOKEN_LENGTH; i++)
        token[i] = digits[random[i] % (sizeof digits - 1)];
    token[TOKEN_LENGTH] = '\0';
    *ret_token = token;
    return true;
}

static bool add_token(struct ci_task *task)
{
    static const char *const pregenerated[] = {PREGENERATED, NULL};
    const char *token;

    return new_token(task->ctx, &token) &&
           ci_internal_info_set(task->ctx, task->node, TOKEN, json_string(token)) &&
           ci_internal_info_drop(task->ctx, task->node, pregenerated) &&
           ci_node_save(task->ctx, task->node);
}

static bool has_token(struct ci_task *task, bool *ret_has)
{
    const json_t *token;
    json_t *info;

    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info))
        return false;
    token = json_object_get(info, TOKEN);
    *ret_has = token && ci_json_kind(token) != CI_JSON_NULL;
    return true;
}

/* Someone has the token already: the node is answered all the same, without a token of use. */
static bool hide_token(struct ci_task *task)
{
    ci_warning(task->ctx, "The node has its agent token already and is given no other", "node=%s",
               task->node->uuid);
    return ci_internal_info_set(task->ctx, task->node, TOKEN, json_string(HIDDEN));
}

bool ci_call_get_node_with_token(struct ci_call *call)
{
    struct ci_task *task;
    bool given, done;

    if (!ci_call_take(call, CI_SHARED, "generate_token", &task) || !has_token(task, &given))
        return false;
    /* Whoever else asked at the same time may have been given it until the lock is ours. */
    done = given || (ci_task_upgrade(task) && has_token(task, &given));
    done = done && (given ? hide_token(task) : add_token(task)) &&
           ci_node_load_traits(call->ctx, task->node) && ci_call_answer_object(call, task->node);
    ci_task_release(task);
    return done;
}

/* Takes as long for any two texts of these lengths. */
static bool same_secret(const char *a, const char *b)
{
    size_t length = strlen(a);
    unsigned char difference = 0;

    if (length != strlen(b))
        return false;
    for (size_t i = 0; i < length; i++)
        difference |= (unsigned char)(a[i] ^ b[i]);
    return difference == 0;
}

bool ci_agent_token_is_valid(struct ci_task *task, const char *token, bool *ret_valid)
{
    const json_t *known;
    json_t *info;

    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info))
        return false;
    known = json_object_get(info, TOKEN);
    *ret_valid = token && ci_json_kind(known) == CI_JSON_STRING &&
                 same_secret(json_string_value(known), token);
    return true;
}

static bool bad_file(struct ci_task *task, const char *what, const char *file)
{
    return ci_fail_text(task->ctx, IronicException,
                        "The certificate of an agent cannot be %s: %s: %s", what, file,
                        strerror(errno));
}

/* The file's text, NULL when there is none. */
static bool read_file(struct ci_task *task, const char *file, const char **ret_text)
{
    char *text = ci_alloc(task->ctx->mem, CERTIFICATE_MAX + 1);
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    *ret_text = NULL;
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || bad_file(task, "read", file);
    n = read(fd, text, CERTIFICATE_MAX);
    close(fd);
    if (n < 0)
        return bad_file(task, "read", file);
    text[n] = '\0';
    *ret_text = text;
    return true;
}

/* The same but for blanks around them? */
static bool same_stripped(const char *a, const char *b)
{
    static const char blanks[] = " \t\r\n\v\f";
    size_t n = strlen(a += strspn(a, blanks)), m = strlen(b += strspn(b, blanks));

    while (n > 0 && strchr(blanks, a[n - 1]))
        n--;
    while (m > 0 && strchr(blanks, b[m - 1]))
        m--;
    return n == m && memcmp(a, b, n) == 0;
}

static bool make_folders(const char *folder, struct ci_arena *mem)
{
    char *path = ci_strdup(mem, folder);

    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

static bool write_file(struct ci_task *task, const char *file, const char *text)
{
    size_t length = strlen(text);
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool written;

    if (fd < 0)
        return bad_file(task, "saved", file);
    written = write(fd, text, length) == (ssize_t)length;
    return (close(fd) == 0 && written) || bad_file(task, "saved", file);
}

/* What the agent showed before must be what it shows now; a file that is gone was another host's.
 */
static bool check_former(struct ci_task *task, const char *certificate, const char **ret_file)
{
    const json_t *former;
    const char *text;
    json_t *info;

    *ret_file = NULL;
    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info))
        return false;
    former = json_object_get(info, "agent_verify_ca");
    if (ci_json_kind(former) != CI_JSON_STRING || json_string_length(former) == 0)
        return true;
    if (!read_file(task, json_string_value(former), &text) || !text)
        return !task->ctx->error;
    if (!same_stripped(text, certificate))
        return ci_fail_text(task->ctx, InvalidParameterValue,
                            "Detected change in ramdisk provided \"agent_verify_ca\"");
    *ret_file = json_string_value(former);
    return true;
}

bool ci_agent_keep_certificate(struct ci_task *task, const char *certificate, const char **ret_file)
{
    const char *folder = task->ctx->config->agent.certificates_path, *file;

    if (!check_former(task, certificate, &file))
        return false;
    if (!file) {
        file = ci_printf(task->ctx->mem, "%s/%s.crt", folder, task->node->uuid);
        if (!make_folders(folder, task->ctx->mem))
            return bad_file(task, "saved", folder);
        if (!write_file(task, file, certificate))
            return false;
    }
    *ret_file = file;
    return true;
}
