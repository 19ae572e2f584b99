/* SPDX-License-Identifier: Apache-2.0 */
/*
 * castiron explain.
 */
#include "cmd/explain.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmd/tool.h"
#include "conductor/explain.h"
#include "objects/versions.h"

enum { TEXT_MAX = 16 << 20 };

struct request {
    const char *node, *json; /* json: is it to be JSON? */
};

/* The ci_tool_work. */
static int explain(struct ci_ctx *ctx, void *arg)
{
    const struct request *request = arg;
    struct ci_text *text = ci_text_new(ctx->mem, TEXT_MAX);
    json_t *facts;

    if (!ci_versions_check_schema(ctx) || !ci_explain_node(ctx, request->node, &facts))
        return EXIT_FAILURE;
    if (request->json) {
        ci_json_print(text, facts);
        ci_text_add(text, "\n");
    } else {
        ci_explain_words(text, facts);
    }
    (void)fwrite(text->bytes, 1, text->length, stdout);
    return EXIT_SUCCESS;
}

int ci_explain_main(int argc, char **argv)
{
    struct request request = {0};
    const struct ci_argument own[] = {
        {"json", "", "as JSON", &request.json},
        {0},
    };
    const struct ci_command_line line = {
        .program = "castiron",
        .summary = "Says why a node (its name or UUID) is where it is: what it waits for, who "
                   "holds it, which\ntimeout will fire and which verbs can be asked for.",
        .operands = "explain NODE",
        .own = own,
    };
    struct ci_arena *mem = ci_arena_new();
    struct ci_arguments arguments;
    int code;

    ci_arguments_read(mem, &line, argc, argv, &arguments);
    if (!arguments.words[0] || arguments.words[1])
        ci_arguments_misused(&line, "explain wants one node", "");
    request.node = arguments.words[0];
    code = ci_tool_run(&arguments, explain, &request);
    ci_arena_free(mem);
    return code;
}
