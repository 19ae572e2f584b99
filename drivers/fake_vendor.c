/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fake vendor interface: methods that compare their one argument with a word, a step that only
 * waits, and one that leaves a node in service wait.
 */
#include "base/config.h"
#include "base/json.h"
#include "base/text.h"
#include "drivers/driver.h"
#include "drivers/fake.h"

/* The release that brought log_passthrough as a method, told by its RPC minor. */
#define LOG_SINCE 57

/* Is there a value that Python would call true? */
static bool is_given(const json_t *value)
{
    switch (ci_json_kind(value)) {
    case CI_JSON_STRING:
        return *json_string_value(value);
    case CI_JSON_ARRAY:
        return json_array_size(value) > 0;
    case CI_JSON_OBJECT:
        return json_object_size(value) > 0;
    default:
        return value && !json_is_null(value) && !json_is_false(value) &&
               !(json_is_number(value) && json_number_value(value) == 0);
    }
}

static bool check_bar(struct ci_task *task, const char *name, const json_t *info)
{
    return is_given(json_object_get(info, "bar")) ||
           ci_fail_text(task->ctx, MissingParameterValue,
                        "Parameter 'bar' not passed to method '%s'.", name);
}

/* Whether bar is the word. Any other argument is what Python's methods do not take. */
static bool compare(struct ci_task *task, const char *name, const json_t *info, const char *word,
                    json_t **ret_value)
{
    json_t *given = (json_t *)(uintptr_t)info, *value;
    const char *key;

    json_object_foreach(given, key, value)
    {
        if (!ci_same(key, "bar"))
            return ci_fail_text(task->ctx, VendorPassthruException,
                                "FakeVendorB.%s() got an unexpected keyword argument '%s'", name,
                                key);
    }
    value = json_object_get(info, "bar");
    if (!ci_fake_nap(task, task->ctx->config->fake.vendor_delay))
        return false;
    *ret_value = ci_json(task->ctx, json_boolean(ci_json_kind(value) == CI_JSON_STRING &&
                                                 ci_same(json_string_value(value), word)));
    return true;
}

#define COMPARES(function, word)                                                                   \
    static bool function(struct ci_task *task, const char *name, const json_t *info,               \
                         json_t **ret_value)                                                       \
    {                                                                                              \
        return compare(task, name, info, word, ret_value);                                         \
    }
COMPARES(is_kazoo, "kazoo")
COMPARES(is_meow, "meow")
COMPARES(is_woof, "woof")

static bool log_method(struct ci_task *task, const char *name, const json_t *info,
                       json_t **ret_value)
{
    (void)name;
    (void)info;
    (void)ret_value;
    return ci_fake_nap(task, task->ctx->config->fake.vendor_delay);
}

static bool log_step(struct ci_task *task, const json_t *args, enum ci_outcome *ret_outcome)
{
    (void)args;
    *ret_outcome = CI_DONE;
    return ci_fake_nap(task, task->ctx->config->fake.vendor_delay);
}

static bool wait_for_call(struct ci_task *task, const json_t *args, enum ci_outcome *ret_outcome)
{
    (void)task;
    (void)args;
    *ret_outcome = CI_WAIT;
    return true;
}

static bool accept(struct ci_task *task)
{
    (void)task;
    return true;
}

static const struct ci_vendor_method methods[] = {
    {.name = "fourth_method_shared_lock",
     .description = "Test if the value of bar is woof",
     .http_methods = "POST",
     .shared = true,
     .check = check_bar,
     .run = is_woof},
    {.name = "log_passthrough",
     .description = "Test pass-through to wait.",
     .http_methods = "POST",
     .since = LOG_SINCE,
     .run = log_method},
    {.name = "second_method",
     .description = "Test if the value of bar is kazoo",
     .http_methods = "POST",
     .check = check_bar,
     .run = is_kazoo},
    {.name = "third_method_sync",
     .description = "Test if the value of bar is meow",
     .http_methods = "POST",
     .sync = true,
     .check = check_bar,
     .run = is_meow},
    {.name = NULL}};

static const char *const properties[] = {"B1", "B1 description. Required.", "B2",
                                         "B2 description. Required.", NULL};
static const struct ci_step_offer clean_steps[] = {
    {.name = "log_passthrough", .priority = 1, .run = log_step}, {0}};
static const struct ci_step_offer service_steps[] = {
    {.name = "log_passthrough", .without_ramdisk = true, .run = log_step},
    {.name = "trigger_servicewait", .run = wait_for_call},
    {0}};

const struct ci_vendor ci_fake_vendor = {.base = {.type = "vendor",
                                                  .name = "fake",
                                                  .properties = properties,
                                                  .validate = accept,
                                                  .clean_steps = clean_steps,
                                                  .service_steps = service_steps},
                                         .methods = methods};
