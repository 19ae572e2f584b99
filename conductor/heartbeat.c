/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ramdisk calling in: the token by which it is known from then on.
 */
#include "conductor/calls.h"

#include <sys/random.h>

#include "base/json.h"
#include "base/log.h"
#include "conductor/info.h"

#define TOKEN "agent_secret_token"
#define PREGENERATED "agent_secret_token_pregenerated"
#define HIDDEN "******"

enum { TOKEN_LENGTH = 43 };

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
    const json_t *token;
    json_t *info;
    bool done;

    if (!ci_call_take(call, CI_SHARED, "generate_token", &task) ||
        !ci_info_read(call->ctx, task->node->driver_internal_info, &info))
        return false;
    token = json_object_get(info, TOKEN);
    if (token && ci_json_kind(token) != CI_JSON_NULL)
        done = hide_token(task);
    else
        done = ci_task_upgrade(task) && add_token(task);
    done = done && ci_node_load_traits(call->ctx, task->node) &&
           ci_call_answer_object(call, task->node);
    ci_task_release(task);
    return done;
}
