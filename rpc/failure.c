/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors between services.
 *
 * Odd on the wire: IronicException keeps each keyword argument as JSON text, so that a node
 * "a" travels as "\"a\"" while the code is a plain number; and a peer appends the traceback to
 * the message, to cut it off again for REST at its first line. That line is therefore always
 * sent: without it the message would end in a line feed.
 */
#include "rpc/failure.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/config.h"
#include "base/jsontext.h"
#include "base/log.h"
#include "objects/releases.h"

#define IRONIC CI_FAILURE_IRONIC
#define BUILTINS "builtins"
#define TRACEBACK "Traceback (most recent call last):"

enum { STATUS_MIN = 400, STATUS_MAX = 599 };

/* Classes whose Python home is not Ironic: a peer rebuilds only those of Python itself. */
static const struct {
    enum ci_error_class class;
    const char *module;
} homes[] = {
    {CI_ERR_AttributeError, BUILTINS},
    {CI_ERR_IncompatibleObjectVersion, "oslo_versionedobjects.exception"},
    {CI_ERR_InvalidTargetVersion, "oslo_versionedobjects.exception"},
    {CI_ERR_KeyError, BUILTINS},
    {CI_ERR_MessagingTimeout, "oslo_messaging.exceptions"},
    {CI_ERR_NoSuchMethod, "oslo_messaging.rpc.dispatcher"},
    {CI_ERR_RemoteError, "oslo_messaging.rpc.client"},
    {CI_ERR_TypeError, BUILTINS},
    {CI_ERR_UnsupportedObjectError, "oslo_versionedobjects.exception"},
    {CI_ERR_UnsupportedVersion, "oslo_messaging.rpc.dispatcher"},
};

/* Classes that are castiron's alone: they travel as what they are a kind of. */
static const enum ci_error_class own[] = {
    CI_ERR_MustWait,        CI_ERR_DatabaseUnavailable,  CI_ERR_DatabaseError,
    CI_ERR_UniqueViolation, CI_ERR_JSONTooDeep,          CI_ERR_JSONNotUTF8,
    CI_ERR_BodyTooLarge,    CI_ERR_HTTPMethodNotAllowed,
};

/* Classes that came after 21.4, the oldest release that is met as a peer. */
static const enum ci_error_class newer[] = {
    CI_ERR_BootModeNotAllowed,
    CI_ERR_ChildNodeLocked,
    CI_ERR_ConfigDriveRegenerationFailure,
    CI_ERR_ConsoleContainerError,
    CI_ERR_DuplicateNodeOnLookup,
    CI_ERR_FirmwareComponentAlreadyExists,
    CI_ERR_FirmwareComponentNotFound,
    CI_ERR_ImageHostRateLimitFailure,
    CI_ERR_ImageMatchFailure,
    CI_ERR_ImageServiceAuthenticationRequired,
    CI_ERR_InspectionRuleAlreadyExists,
    CI_ERR_InspectionRuleExecutionFailure,
    CI_ERR_InspectionRuleNotFound,
    CI_ERR_InspectionRuleValidationFailure,
    CI_ERR_InvalidMetricConfig,
    CI_ERR_InvalidNodeInventory,
    CI_ERR_InvalidRunbook,
    CI_ERR_MalformedRequestURI,
    CI_ERR_MetricsNotSupported,
    CI_ERR_NodeServicingFailure,
    CI_ERR_OciImageNotSpecific,
    CI_ERR_OciImageTagNotFound,
    CI_ERR_ParentNodeLocked,
    CI_ERR_RFBAuthHandshakeFailed,
    CI_ERR_RFBAuthNoAvailableScheme,
    CI_ERR_RuleActionExecutionFailure,
    CI_ERR_RuleConditionCheckFailure,
    CI_ERR_RunbookAlreadyExists,
    CI_ERR_RunbookDuplicateName,
    CI_ERR_RunbookNotFound,
    CI_ERR_RunbookTraitNotFound,
    CI_ERR_SecurityProxyNegotiationFailed,
    CI_ERR_ServiceLookupFailure,
    CI_ERR_ServiceRegistrationFailure,
    CI_ERR_StepNotAllowed,
    CI_ERR_SwitchNotFound,
    CI_ERR_TBNAttributeRetrievalException,
    CI_ERR_TBNComparatorCollectionTypeMismatch,
    CI_ERR_TBNComparatorPrefixMatchTypeMismatch,
    CI_ERR_TBNNoPortMatchesFound,
    CI_ERR_TBNNoTraitsApplicableToNode,
    CI_ERR_TraitBasedNetworkingException,
    CI_ERR_UnsupportedHardwareFeature,
};

/*
 * Python's own exceptions a peer rebuilds from the message alone: those that take any
 * arguments. The Unicode errors need five and become RemoteError.
 */
static const char *const builtins[] = {
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BlockingIOError",
    "BrokenPipeError",
    "BufferError",
    "ChildProcessError",
    "ConnectionAbortedError",
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "EOFError",
    "EnvironmentError",
    "Exception",
    "FileExistsError",
    "FileNotFoundError",
    "FloatingPointError",
    "IOError",
    "ImportError",
    "IndexError",
    "InterruptedError",
    "IsADirectoryError",
    "KeyError",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "NotADirectoryError",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PermissionError",
    "ProcessLookupError",
    "RecursionError",
    "ReferenceError",
    "RuntimeError",
    "StopAsyncIteration",
    "StopIteration",
    "SyntaxError",
    "SystemError",
    "TimeoutError",
    "TypeError",
    "UnboundLocalError",
    "UnicodeError",
    "ValueError",
    "ZeroDivisionError",
    NULL,
};

static bool is_among(enum ci_error_class class, const enum ci_error_class *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i] == class)
            return true;
    }
    return false;
}

static bool is_own(enum ci_error_class class)
{
    return is_among(class, own, sizeof own / sizeof own[0]);
}

static const char *home_of(enum ci_error_class class)
{
    for (size_t i = 0; i < sizeof homes / sizeof homes[0]; i++) {
        if (homes[i].class == class)
            return homes[i].module;
    }
    return IRONIC;
}

/* ClientSideError and its kinds have constructors of their own, not IronicException's. */
static bool is_client_side(enum ci_error_class class)
{
    return ci_error_kind(class)->parent == CI_ERR_ClientSideError;
}

/* The class, or the nearest above it that peers know. */
static enum ci_error_class class_for_peers(const struct ci_ctx *ctx, enum ci_error_class class)
{
    bool newest = ci_release_pinned(ctx) == ci_release_find("master");

    if (is_client_side(class))
        return CI_ERR_ClientSideError;
    while (is_own(class) || (!newest && is_among(class, newer, sizeof newer / sizeof newer[0])))
        class = ci_error_kind(class)->parent;
    return class;
}

/* {"node": "\"…\"", "code": 409}; the library's exceptions keep their values as they are. */
static json_t *kwargs_of(struct ci_ctx *ctx, const struct ci_error *error, bool as_json)
{
    const char *const *keys = ci_split(ctx->mem, ci_error_kind(error->class)->keys, ' ');
    json_t *kwargs = ci_json(ctx, json_object());

    for (size_t i = 0; error->values && keys[i]; i++) {
        const char *value = error->values[i];
        struct ci_text *text;

        if (as_json || !value) {
            text = ci_text_new(ctx->mem, ci_json_trusted.bytes);
            ci_jsontext_string(text, value);
            value = text->bytes;
        }
        json_object_set_new_nocheck(kwargs, keys[i], json_string_nocheck(value));
    }
    json_object_set_new(kwargs, "code", json_integer(error->status));
    return kwargs;
}

void ci_failure_of_error(struct ci_ctx *ctx, struct ci_failure *ret_failure)
{
    const struct ci_error *error = ctx->error;
    enum ci_error_class class = class_for_peers(ctx, error->class);
    const char *module = home_of(class);
    struct ci_failure failure = {
        .class = ci_error_kind(class)->name, .module = module, .message = error->message};

    if (class == CI_ERR_ClientSideError)
        failure.kwargs = ci_json(ctx, json_pack("{si}", "status_code", error->status));
    else if (strncmp(module, "oslo_messaging", strlen("oslo_messaging")) != 0 &&
             strcmp(module, BUILTINS) != 0)
        failure.kwargs = kwargs_of(ctx, error, strcmp(module, IRONIC) == 0);
    *ret_failure = failure;
}

void ci_failure_write(struct ci_text *text, const struct ci_failure *failure)
{
    ci_text_add(text, "{");
    ci_jsontext_key(text, "class");
    ci_jsontext_string(text, failure->class);
    ci_jsontext_key(text, "module");
    ci_jsontext_string(text, failure->module);
    ci_jsontext_key(text, "message");
    ci_jsontext_string(text, failure->message);
    ci_jsontext_key(text, "tb");
    if (failure->traceback)
        ci_json_print(text, failure->traceback);
    else
        ci_text_add(text, "[\"" TRACEBACK "\\n\"]");
    ci_jsontext_key(text, "args");
    if (failure->args) {
        ci_json_print(text, failure->args);
    } else {
        ci_text_add(text, "[");
        ci_jsontext_string(text, failure->message);
        ci_text_add(text, "]");
    }
    ci_jsontext_key(text, "kwargs");
    if (failure->kwargs)
        ci_json_print(text, failure->kwargs);
    else
        ci_text_add(text, "{}");
    ci_text_add(text, "}");
}

static bool refuse(struct ci_ctx *ctx, const char *why)
{
    return ci_fail_text(ctx, RemoteError, "%s", why);
}

/* A member that is text; absent gives `if_absent`. A NUL ends it: texts here are only shown. */
static bool read_text(struct ci_ctx *ctx, const json_t *object, const char *key,
                      const char *if_absent, const char **ret_text)
{
    const json_t *value = json_object_get(object, key);

    if (value && ci_json_kind(value) != CI_JSON_STRING)
        return ci_fail_text(ctx, RemoteError, "A remote failure's %s is no text.", key);
    *ret_text = value ? json_string_value(value) : if_absent;
    return true;
}

static bool read_member(struct ci_ctx *ctx, const json_t *object, const char *key,
                        enum ci_json_kind kind, const json_t **ret_value)
{
    const json_t *value = json_object_get(object, key);

    if (value && ci_json_kind(value) != kind)
        return ci_fail_text(ctx, RemoteError, "A remote failure's %s is of the wrong kind.", key);
    *ret_value = value;
    return true;
}

/* Absent is not the same as NULL in a struct ci_failure that is to be written. */
static const json_t *or_empty_list(struct ci_ctx *ctx, const json_t *list)
{
    return list ? list : ci_json(ctx, json_array());
}

static bool are_texts(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (ci_json_kind(json_array_get(list, i)) != CI_JSON_STRING)
            return false;
    }
    return true;
}

bool ci_failure_read(struct ci_ctx *ctx, const char *text, size_t length,
                     const struct ci_json_limits *limits, struct ci_failure *ret_failure)
{
    struct ci_failure failure = {.class = NULL};
    json_t *object;

    if (!ci_json_read(ctx, text, length, limits, &object))
        return refuse(ctx, ci_error_take(ctx));
    if (ci_json_kind(object) != CI_JSON_OBJECT)
        return refuse(ctx, "A remote failure is no object.");
    if (!read_text(ctx, object, "class", "None", &failure.class) ||
        !read_text(ctx, object, "module", "None", &failure.module) ||
        !read_text(ctx, object, "message", "", &failure.message) ||
        !read_member(ctx, object, "args", CI_JSON_ARRAY, &failure.args) ||
        !read_member(ctx, object, "kwargs", CI_JSON_OBJECT, &failure.kwargs) ||
        !read_member(ctx, object, "tb", CI_JSON_ARRAY, &failure.traceback))
        return false;
    if (!are_texts(failure.traceback))
        return refuse(ctx, "A remote failure's tb has lines that are no text.");
    failure.args = or_empty_list(ctx, failure.args);
    failure.traceback = or_empty_list(ctx, failure.traceback);
    *ret_failure = failure;
    return true;
}

/* What Python's str() of the rebuilt exception is. */
static struct ci_text *text_of(struct ci_ctx *ctx, const struct ci_failure *failure)
{
    struct ci_text *text = ci_text_new(ctx->mem, ci_json_trusted.bytes);
    size_t i;
    json_t *line;

    ci_text_add(text, failure->message);
    ci_text_add(text, "\n");
    if (!failure->traceback)
        ci_text_add(text, TRACEBACK);
    json_array_foreach(failure->traceback, i, line)
    {
        if (i > 0)
            ci_text_add(text, "\n");
        ci_text_add(text, json_string_value(line));
    }
    return text;
}

/* The same of a RemoteError, which shows the traceback as the list that it is. */
static struct ci_text *text_of_unknown(struct ci_ctx *ctx, const struct ci_failure *failure)
{
    struct ci_text *text = ci_text_new(ctx->mem, ci_json_trusted.bytes);

    ci_text_printf(text, "Remote error: %s %s\n", failure->class, failure->message);
    if (failure->traceback)
        ci_json_print_repr(text, failure->traceback);
    else
        ci_text_add(text, "['" TRACEBACK "\\n']");
    ci_text_add(text, ".");
    return text;
}

/* As Ironic's REST layer does it to every fault. */
static void cut_traceback(const struct ci_ctx *ctx, struct ci_text *text)
{
    char *end = strstr(text->bytes, TRACEBACK);

    if (!end || (ctx->config && ctx->config->DEFAULT.debug_tracebacks_in_api))
        return;
    while (end > text->bytes && isspace((unsigned char)end[-1]))
        end--;
    *end = '\0';
}

/* The HTTP status a peer put into a keyword argument, as a number or as its text. */
static int status_of(const struct ci_failure *failure, int if_absent)
{
    const json_t *code = json_object_get(failure->kwargs, "code");
    int64_t status = 0;

    if (!code)
        code = json_object_get(failure->kwargs, "status_code");
    if (!code)
        return if_absent;
    if (ci_json_kind(code) == CI_JSON_INT)
        status = json_integer_value(code);
    else if (ci_json_kind(code) != CI_JSON_STRING ||
             !ci_parse_int(json_string_value(code), STATUS_MIN, STATUS_MAX, &status))
        status = 0;
    return status < STATUS_MIN || status > STATUS_MAX ? 500 : (int)status;
}

/* The class the peer means, or CI_ERR_COUNT when Ironic's API would not rebuild it either. */
static enum ci_error_class class_of(const struct ci_failure *failure)
{
    enum ci_error_class class;

    if (strcmp(failure->module, IRONIC) != 0)
        return CI_ERR_COUNT;
    class = ci_error_class_by_name(failure->class);
    if (class == CI_ERR_COUNT || is_own(class) || strcmp(home_of(class), IRONIC) != 0)
        return CI_ERR_COUNT;
    return class;
}

static bool is_builtin(const struct ci_failure *failure)
{
    return (strcmp(failure->module, BUILTINS) == 0 || strcmp(failure->module, "exceptions") == 0) &&
           ci_one_of(failure->class, builtins) && json_object_size(failure->kwargs) == 0;
}

bool ci_failure_raise(struct ci_ctx *ctx, const struct ci_failure *failure)
{
    enum ci_error_class class = class_of(failure);
    bool known = class != CI_ERR_COUNT || is_builtin(failure);
    struct ci_text *text = known ? text_of(ctx, failure) : text_of_unknown(ctx, failure);
    int status = 500;

    if (class == CI_ERR_COUNT)
        class = CI_ERR_RemoteError;
    else
        status = status_of(failure, ci_error_kind(class)->status);
    cut_traceback(ctx, text);
    (void)ci_error_set_status(ctx, class, status, "%s", text->bytes);
    ctx->error->remote = true;
    return false;
}

void ci_failure_note_version(struct ci_ctx *ctx, const char *message)
{
    if (strstr(message, "is not supported, supported version is"))
        ci_warning(ctx, "A conductor is older than this service; set pin_release_version here",
                   "error=%s", message);
}

bool ci_failure_raise_named(struct ci_ctx *ctx, const char *name, const char *message,
                            int64_t status)
{
    const char *const modules[] = {IRONIC, "ironic_lib.exception"};
    struct ci_failure failure = {.class = "", .module = IRONIC};
    enum ci_error_class class;

    for (size_t i = 0; name && i < sizeof modules / sizeof modules[0]; i++) {
        size_t n = strlen(modules[i]);

        if (strncmp(name, modules[i], n) == 0 && name[n] == '.')
            failure.class = name + n + 1;
    }
    class = class_of(&failure);
    if (class == CI_ERR_COUNT) {
        ci_warning(ctx, "A conductor failed with an error that has no name here",
                   "class=%s code=%" PRId64 " error=\"%.1000s\"", name ? name : "-", status,
                   message);
        ci_failure_note_version(ctx, message);
        (void)ci_fail_text(ctx, IronicException, "Unexpected error raised by RPC");
    } else
        (void)ci_error_set_status(ctx, class,
                                  status < STATUS_MIN || status > STATUS_MAX ? 500 : (int)status,
                                  "%s", message);
    ctx->error->remote = true;
    return false;
}
