/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP API of the agent in a node's ramdisk.
 *
 * A command whose answer is lost may run all the same: before it is sent again the agent is asked
 * what it is doing, and when it is doing that, all is well.
 */
#include "drivers/agent_client.h"

#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/httpc.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "objects/info.h"

#define ANSWER_BYTES ((size_t)64 << 20) /* the logs of a ramdisk come as one answer */
enum { ANSWER_DEPTH = 64, QUOTED = 500 };

const char *ci_agent_text(const json_t *command, const char *key)
{
    const json_t *value = json_object_get(command, key);

    return ci_json_kind(value) == CI_JSON_STRING ? json_string_value(value) : "";
}

const char *ci_agent_reason(struct ci_task *task, const json_t *command)
{
    const json_t *error = json_object_get(command, "command_error");
    const char *text;

    if (ci_json_kind(error) == CI_JSON_NULL)
        return "Invalid agent response";
    if (ci_json_kind(error) == CI_JSON_STRING)
        return json_string_value(error);
    text = ci_agent_text(error, "details");
    if (!*text)
        text = ci_agent_text(error, "message");
    return *text ? text : ci_json_repr(task->ctx->mem, error);
}

/* Whom to trust: the certificate sent along, the node's own choice, else the configuration's. */
static bool choose_trust(struct ci_task *task, const json_t *internal,
                         struct ci_httpc_options *options)
{
    const json_t *value = json_object_get(internal, "agent_verify_ca");
    const char *text;
    json_t *info;
    bool verify;

    if (!ci_info_read(task->ctx, task->node->driver_info, &info))
        return false;
    if (ci_json_kind(value) == CI_JSON_NULL)
        value = json_object_get(info, "agent_verify_ca");
    text = ci_json_kind(value) == CI_JSON_NULL     ? task->ctx->config->agent.verify_ca
           : ci_json_kind(value) == CI_JSON_STRING ? json_string_value(value)
                                                   : ci_json_text(task->ctx->mem, value);
    text = text ? text : "true";
    if (ci_parse_truth(text, &verify)) {
        options->insecure = !verify;
        return true;
    }
    options->ca_file = text;
    return access(text, F_OK) == 0 ||
           ci_fail_text(task->ctx, InvalidParameterValue,
                        "Agent CA %s is neither a path nor a boolean", text);
}

static void free_client(void *client)
{
    ci_httpc_free(client);
}

static bool connect_agent(struct ci_task *task, const json_t *internal)
{
    const struct ci_config *config = task->ctx->config;
    struct ci_httpc_options options = {
        .tls_minimum = config->agent.tls_minimum_version,
        .tls_ciphers = config->agent.tls_ciphers,
        .timeout_ms = ci_time_limit_ms(config->agent.command_timeout),
        .connect_timeout_ms = ci_time_limit_ms(config->agent.command_timeout),
        .body_limit_bytes = ANSWER_BYTES,
    };

    if (task->agent)
        return true;
    if (!choose_trust(task, internal, &options))
        return false;
    task->agent = ci_httpc_new(&options);
    ci_defer(task->ctx->mem, free_client, task->agent);
    return true;
}

/* A text as a value of a query. */
static const char *escape(struct ci_task *task, const char *value)
{
    struct ci_text *text = ci_text_new(task->ctx->mem, 3 * strlen(value) + 1);

    for (; *value; value++) {
        if (strchr("-_.~", *value) || (*value >= '0' && *value <= '9') ||
            (*value >= 'a' && *value <= 'z') || (*value >= 'A' && *value <= 'Z'))
            ci_text_addn(text, value, 1);
        else
            ci_text_printf(text, "%%%02X", (unsigned char)*value);
    }
    return text->bytes;
}

/* The path of commands without its query, which holds the token, and the query. */
static bool find_agent(struct ci_task *task, const char **ret_url, const char **ret_token)
{
    const char *url, *token;
    json_t *info;

    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info))
        return false;
    url = ci_agent_text(info, "agent_url");
    token = ci_agent_text(info, "agent_secret_token");
    if (!*url)
        return ci_fail(task->ctx, AgentConnectionFailed,
                       "Agent driver requires agent_url in driver_internal_info");
    *ret_url = ci_printf(task->ctx->mem, "%s/%s/commands/", url,
                         task->ctx->config->agent.agent_api_version);
    *ret_token = *token ? ci_printf(task->ctx->mem, "agent_token=%s", escape(task, token)) : "";
    return connect_agent(task, info);
}

/* Sends; that nobody answered is AgentConnectionFailed under `words`. */
static bool send(struct ci_task *task, const struct ci_httpc_request *request, const char *words,
                 struct ci_httpc_response *ret_response)
{
    const char *reason;

    if (ci_httpc_send(task->ctx, task->agent, request, ret_response))
        return true;
    reason = ci_error_take(task->ctx);
    return ci_fail(task->ctx, AgentConnectionFailed,
                   ci_printf(task->ctx->mem,
                             "Failed to connect to the agent running on node %s "
                             "%s. Error: %s",
                             task->node->uuid, words, reason));
}

/* An answer that must be an object. */
static bool read_answer(struct ci_task *task, const char *url,
                        const struct ci_httpc_response *response, json_t **ret_answer)
{
    const struct ci_json_limits limits = {.depth = ANSWER_DEPTH,
                                          .bytes = ANSWER_BYTES,
                                          .values =
                                              ci_json_values_of_stranger(response->body_length)};

    if (ci_json_read(task->ctx, response->body, response->body_length, &limits, ret_answer) &&
        ci_json_kind(*ret_answer) == CI_JSON_OBJECT)
        return true;
    ci_error_clear(task->ctx);
    return ci_fail_text(task->ctx, IronicException,
                        "Unable to decode response as JSON.\nRequest URL: %s\n"
                        "Response status code: %d\nResponse: \"%.*s\"",
                        url, response->status, QUOTED, response->body);
}

/* What is neither a list nor made of commands is no answer. */
static bool read_commands(struct ci_task *task, const char *url, const json_t *answer,
                          json_t **ret_commands)
{
    json_t *commands = json_object_get(answer, "commands"), *one;
    bool well = json_is_array(commands);
    size_t i;

    json_array_foreach(commands, i, one) well = well && json_is_object(one);
    if (!well)
        return ci_fail_text(task->ctx, IronicException,
                            "The agent running on node %s answered %s with no list of commands: "
                            "%.*s",
                            task->node->uuid, url, QUOTED, ci_json_repr(task->ctx->mem, answer));
    *ret_commands = commands;
    return true;
}

static bool get_commands(struct ci_task *task, json_t **ret_commands)
{
    struct ci_httpc_response response;
    const char *url, *token;
    json_t *answer;

    if (!find_agent(task, &url, &token))
        return false;
    return send(task,
                &(struct ci_httpc_request){
                    .method = "GET",
                    .url = *token ? ci_printf(task->ctx->mem, "%s?%s", url, token) : url},
                "to collect commands status", &response) &&
           read_answer(task, url, &response, &answer) &&
           read_commands(task, url, answer, ret_commands);
}

bool ci_agent_commands(struct ci_task *task, int64_t attempts, json_t **ret_commands)
{
    while (!get_commands(task, ret_commands)) {
        if (--attempts <= 0 || !ci_failed_with(task->ctx, CI_ERR_AgentConnectionFailed) ||
            ci_task_is_ending(task))
            return false;
        ci_error_clear(task->ctx);
    }
    return true;
}

/* "execute_clean_step" of "clean.execute_clean_step". */
static const char *short_name(const char *method)
{
    const char *dot = strchr(method, '.');

    return dot ? dot + 1 : method;
}

/* Is the agent doing what the lost answer was to? Leaves the error of the sending else. */
static bool runs_already(struct ci_task *task, const char *method, json_t **ret_command)
{
    struct ci_error *why = task->ctx->error;
    json_t *commands, *last = NULL;

    task->ctx->error = NULL;
    if (ci_agent_commands(task, task->ctx->config->agent.max_command_attempts, &commands))
        last = json_array_get(commands, json_array_size(commands) - 1);
    task->ctx->error = why;
    if (!last || strcmp(ci_agent_text(last, "command_name"), short_name(method)) != 0 ||
        strcmp(ci_agent_text(last, "command_status"), "RUNNING") != 0)
        return false;
    ci_error_clear(task->ctx);
    *ret_command = last;
    return true;
}

/* What an agent says that refuses. */
static bool refused(struct ci_task *task, const char *method, int status, const json_t *answer)
{
    const char *fault = ci_agent_text(answer, "faultstring"), *node = task->node->uuid;

    ci_error_log(task->ctx, "The agent refuses a command", "node=%s command=%s status=%d error=%s",
                 node, method, status, fault);
    if (status == 409 || strcasestr(fault, "agent is busy"))
        return ci_fail(task->ctx, AgentInProgress, node, method, fault);
    return ci_fail(task->ctx, AgentAPIError, node, ci_printf(task->ctx->mem, "%d", status), fault);
}

/* The agent's own code failed on the command: no use in anything that came of it. */
static bool check_type_error(struct ci_task *task, const json_t *command)
{
    const json_t *error = json_object_get(command, "command_error"), *code;

    if (strcmp(ci_agent_text(error, "type"), "TypeError") != 0)
        return true;
    code = json_object_get(error, "code");
    return ci_fail(task->ctx, AgentAPIError, task->node->uuid,
                   code ? ci_json_repr(task->ctx->mem, code) : "None",
                   ci_agent_reason(task, command));
}

static bool post(struct ci_task *task, const char *method, const char *body,
                 enum ci_agent_wait wait, json_t **ret_command)
{
    static const struct ci_httpc_header json[] = {{"Content-Type", "application/json"},
                                                  {NULL, NULL}};
    struct ci_httpc_response response;
    const char *url, *token, *words;

    if (!find_agent(task, &url, &token))
        return false;
    words = ci_printf(task->ctx->mem, "for invoking command %s", method);
    if (!send(task,
              &(struct ci_httpc_request){.method = "POST",
                                         .url = ci_printf(task->ctx->mem, "%s?wait=%s%s%s", url,
                                                          wait == CI_AGENT_END ? "true" : "false",
                                                          *token ? "&" : "", token),
                                         .headers = json,
                                         .body = body,
                                         .body_length = strlen(body)},
              words, &response))
        return runs_already(task, method, ret_command);
    if (!read_answer(task, url, &response, ret_command))
        return false;
    if (response.status >= 400)
        return refused(task, method, response.status, *ret_command);
    return check_type_error(task, *ret_command);
}

static json_t *find_last(const json_t *commands, const char *name)
{
    for (size_t i = json_array_size(commands); i-- > 0;) {
        json_t *one = json_array_get(commands, i);

        if (strcmp(ci_agent_text(one, "command_name"), name) == 0)
            return one;
    }
    return NULL;
}

static bool wait_for_end(struct ci_task *task, const char *method, json_t **ret_command)
{
    const struct ci_config *config = task->ctx->config;
    json_t *commands, *last;

    for (int64_t tries = 0; tries < config->agent.command_wait_attempts; tries++) {
        if (tries > 0)
            ci_task_pause(task, config->agent.command_wait_interval);
        if (ci_task_is_ending(task))
            break;
        if (!ci_agent_commands(task, config->agent.max_command_attempts, &commands))
            return false;
        last = find_last(commands, short_name(method));
        if (!last || strcmp(ci_agent_text(last, "command_status"), "RUNNING") == 0)
            continue;
        *ret_command = last;
        return check_type_error(task, last);
    }
    return ci_fail(task->ctx, AgentCommandTimeout, method, task->node->uuid);
}

bool ci_agent_command(struct ci_task *task, const char *method, json_t *params,
                      enum ci_agent_wait wait, json_t **ret_command)
{
    json_t *request = ci_json(task->ctx, json_pack("{s:s, s:o}", "name", method, "params", params));
    const char *body = ci_json_text(task->ctx->mem, request);
    int64_t attempts = task->ctx->config->agent.max_command_attempts;

    ci_debug(task->ctx, "Command for the agent", "node=%s command=%s", task->node->uuid, method);
    while (!post(task, method, body, wait, ret_command)) {
        if (--attempts <= 0 || !ci_failed_with(task->ctx, CI_ERR_AgentConnectionFailed) ||
            ci_task_is_ending(task))
            return false;
        ci_error_clear(task->ctx);
    }
    return wait != CI_AGENT_POLL || wait_for_end(task, method, ret_command);
}
