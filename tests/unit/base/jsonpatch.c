/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/json.h"
#include "base/jsonpatch.h"

static json_t *read_json(struct ci_ctx *ctx, const char *text)
{
    json_t *value = NULL;

    ck_assert_msg(ci_json_read(ctx, text, strlen(text), &ci_json_trusted, &value), "%s", text);
    return value;
}

/* The document patched, printed; or the error's message. The document itself must not change. */
static const char *patched(struct ci_ctx *ctx, const char *document, const char *patch)
{
    json_t *before = read_json(ctx, document), *result;
    bool well = ci_jsonpatch_apply(ctx, before, read_json(ctx, patch), &result);

    ck_assert_str_eq(ci_json_text(ctx->mem, before), document);
    return well ? ci_json_text(ctx->mem, result) : ctx->error->message;
}

START_TEST(operations_change_objects_and_lists)
{
    static const struct {
        const char *document, *patch, *result;
    } cases[] = {
        {"{\"a\": 1}", "[]", "{\"a\": 1}"},
        {"{\"a\": 1}", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":[]}]", "{\"a\": []}"},
        {"{\"a\": {}}", "[{\"op\":\"add\",\"path\":\"/a/b\",\"value\":1}]", "{\"a\": {\"b\": 1}}"},
        {"{\"a\": [1, 2]}", "[{\"op\":\"add\",\"path\":\"/a/1\",\"value\":9}]",
         "{\"a\": [1, 9, 2]}"},
        {"{\"a\": [1, 2]}", "[{\"op\":\"add\",\"path\":\"/a/2\",\"value\":9}]",
         "{\"a\": [1, 2, 9]}"},
        {"{\"a\": [1, 2]}", "[{\"op\":\"add\",\"path\":\"/a/-\",\"value\":9}]",
         "{\"a\": [1, 2, 9]}"},
        {"{\"a\": [1, 2]}", "[{\"op\":\"replace\",\"path\":\"/a/01\",\"value\":9}]",
         "{\"a\": [1, 9]}"},
        {"{\"a\": [1, 2]}", "[{\"op\":\"remove\",\"path\":\"/a/0\"}]", "{\"a\": [2]}"},
        {"{\"a\": {\"b\": 1, \"c\": 2}}", "[{\"op\":\"remove\",\"path\":\"/a/b\"}]",
         "{\"a\": {\"c\": 2}}"},
        {"{\"a\": 1, \"b\": 2}", "[{\"op\":\"remove\",\"path\":\"/a\"}]", "{\"b\": 2}"},
        {"{\"a\": {\"x/y\": 1, \"~1\": 2}}",
         "[{\"op\":\"remove\",\"path\":\"/a/x~1y\"},{\"op\":\"replace\",\"path\":\"/a/~01\","
         "\"value\":null}]",
         "{\"a\": {\"~1\": null}}"},
        {"{\"a\": 1}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":{\"b\":2}}]", "{\"b\": 2}"},
        {"{\"a\": [[0], {}]}",
         "[{\"op\":\"add\",\"path\":\"/a/0/0\",\"value\":{\"k\":[]}},"
         "{\"op\":\"add\",\"path\":\"/a/0/0/k/-\",\"value\":NaN},"
         "{\"op\":\"add\",\"path\":\"/a/1/z\",\"value\":18446744073709551616}]",
         "{\"a\": [[{\"k\": [NaN]}, 0], {\"z\": 18446744073709551616}]}"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_str_eq(patched(unit_ctx(), cases[i].document, cases[i].patch), cases[i].result);
}
END_TEST

/* As 21.4 and later releases answer, recorded from running ones. */
START_TEST(failures_are_told_in_ironic_s_words)
{
    static const char document[] = "{\"extra\": {\"a\": 1, \"b\": {\"c\": [0, 1, 2, 3]}}}";
    static const struct {
        const char *patch, *message;
    } cases[] = {
        {"[{\"op\": \"remove\", \"path\": \"/extra/b/c/9\"}]",
         "Couldn't apply patch '{'op': 'remove', 'path': '/extra/b/c/9'}'. Reason: can't remove a "
         "non-existent object '9'"},
        {"[{\"op\": \"remove\", \"path\": \"/extra/nosuch\"}]",
         "Couldn't apply patch '{'op': 'remove', 'path': '/extra/nosuch'}'. Reason: can't remove a "
         "non-existent object 'nosuch'"},
        {"[{\"op\": \"replace\", \"path\": \"/extra/nosuch\", \"value\": 1}]",
         "Couldn't apply patch '{'op': 'replace', 'path': '/extra/nosuch', 'value': 1}'. Reason: "
         "can't replace a non-existent object 'nosuch'"},
        {"[{\"op\": \"add\", \"path\": \"/extra/x/y\", \"value\": 1}]",
         "Couldn't apply patch '{'op': 'add', 'path': '/extra/x/y', 'value': 1}'. Reason: member "
         "'x' not found in {'a': 1, 'b': {'c': [0, 1, 2, 3]}}"},
        {"[{\"op\": \"add\", \"path\": \"/extra/q\"}]",
         "Couldn't apply patch '{'op': 'add', 'path': '/extra/q'}'. Reason: The operation does not "
         "contain a 'value' member"},
        {"[{\"op\": \"add\", \"path\": \"/bogus\", \"value\": 1}]",
         "Adding a new attribute (/bogus) to the root of the resource is not allowed"},
        {"[{\"op\": \"add\", \"path\": \"/extra/a/z\", \"value\": true}]",
         "Couldn't apply patch '{'op': 'add', 'path': '/extra/a/z', 'value': True}'. Reason: "
         "Document '<class 'int'>' does not support indexing, must be mapping/sequence or support "
         "__getitem__"},
        {"[{\"op\": \"add\", \"path\": \"/extra/b/c/x\", \"value\": 1}]",
         "Couldn't apply patch '{'op': 'add', 'path': '/extra/b/c/x', 'value': 1}'. Reason: 'x' is "
         "not a valid sequence index"},
        {"[{\"op\": \"add\", \"path\": \"/extra/b/c/5\", \"value\": 1}]",
         "Couldn't apply patch '{'op': 'add', 'path': '/extra/b/c/5', 'value': 1}'. Reason: can't "
         "insert outside of list"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_str_eq(patched(unit_ctx(), document, cases[i].patch), cases[i].message);
}
END_TEST

START_TEST(malformed_operations_are_refused)
{
    static const char *const patches[] = {
        "{}",
        "[1]",
        "[{}]",
        "[{\"op\": 1}]",
        "[{\"op\": \"add\"}]",
        "[{\"op\": \"move\", \"from\": \"/a\", \"path\": \"/a\"}]",
        "[{\"op\": \"remove\", \"path\": 1}]",
        "[{\"op\": \"remove\", \"path\": \"a\"}]",
        "[{\"op\": \"remove\", \"path\": \"/a\\u0000\"}]",
        "[{\"op\": \"remove\", \"path\": \"\"}]",
        "[{\"op\": \"remove\", \"path\": \"/a~\"}]",
        "[{\"op\": \"remove\", \"path\": \"/a~2\"}]",
        "[{\"op\": \"remove\", \"path\": \"/l/-\"}]",
        "[{\"op\": \"remove\", \"path\": \"/l/-/x\"}]",
        "[{\"op\": \"remove\", \"path\": \"/l/99999999999999999999999\"}]",
        "[{\"op\": \"remove\", \"path\": \"/s/0\"}]",
        "[{\"op\": \"remove\", \"path\": \"/s/0/x\"}]"};

    for (size_t i = 0; i < sizeof patches / sizeof patches[0]; i++) {
        struct ci_ctx *ctx = unit_ctx();

        (void)patched(ctx, "{\"a\": 1, \"l\": [0], \"s\": \"str\"}", patches[i]);
        ck_assert_msg(ci_failed_with(ctx, CI_ERR_PatchError), "%s", patches[i]);
    }
}
END_TEST

/* A list of lists, `depth` deep, put into the innermost of another. */
static const char *nest(struct ci_ctx *ctx, int depth)
{
    struct ci_text *text = ci_text_new(ctx->mem, 100000);
    char *open = ci_alloc(ctx->mem, (size_t)depth + 1), *close;

    memset(open, '[', (size_t)depth);
    close = memset(ci_alloc(ctx->mem, (size_t)depth + 1), ']', (size_t)depth);
    ci_text_printf(text, "[{\"op\": \"replace\", \"path\": \"/a\", \"value\": %s%s}, ", open,
                   close);
    ci_text_add(text, "{\"op\": \"add\", \"path\": \"/a");
    for (int i = 1; i < depth; i++)
        ci_text_add(text, "/0");
    ci_text_printf(text, "/-\", \"value\": %s%s}]", open, close);
    return text->bytes;
}

START_TEST(a_result_too_deep_to_be_read_again_is_refused)
{
    struct ci_ctx *ctx = unit_ctx();

    (void)patched(ctx, "{\"a\": 1}", nest(ctx, 499));
    ck_assert_ptr_null(ctx->error);
    (void)patched(ctx, "{\"a\": 1}", nest(ctx, 500));
    ck_assert(ci_failed_with(ctx, CI_ERR_PatchError));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "nested too deeply"));
}
END_TEST

UNIT_MAIN("base/jsonpatch", operations_change_objects_and_lists,
          failures_are_told_in_ironic_s_words, malformed_operations_are_refused,
          a_result_too_deep_to_be_read_again_is_refused)
