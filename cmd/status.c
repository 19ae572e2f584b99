/* SPDX-License-Identifier: Apache-2.0 */
/*
 * castiron-status upgrade check: may services of this release start on this database?
 *
 * The table, its JSON and the exit codes are those of ironic-status: 0 all well, 1 a warning, 2 a
 * failure, 255 when it could not be found out.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cmd/checks.h"
#include "cmd/tool.h"

enum { WRAP = 60, UNKNOWN = 255, DETAILS_BYTES = 1 << 18, TABLE_BYTES = 1 << 20, CHECKS_MAX = 32 };

static const char title[] = "Upgrade Check Results";
static const char *const codes[] = {
    [CI_CHECK_SUCCESS] = "Success", [CI_CHECK_WARNING] = "Warning", [CI_CHECK_FAILURE] = "Failure"};

struct report {
    struct ci_check_result results[CHECKS_MAX];
    const char *names[CHECKS_MAX];
    size_t n;
};

/* How many characters the UTF-8 text takes on a screen. */
static int width_of(const char *text, size_t bytes)
{
    int width = 0;

    for (size_t i = 0; i < bytes; i++)
        width += ((unsigned char)text[i] & 0xc0) != 0x80;
    return width;
}

/* Breaks at spaces, as Python's textwrap does; what is longer than a line stands alone in one. */
static void add_wrapped(struct ci_text *text, const char *words)
{
    int column = 0;

    while (*words) {
        const size_t bytes = strcspn(words, " ");
        const int width = width_of(words, bytes);

        if (column > 0 && column + 1 + width > WRAP) {
            ci_text_add(text, "\n  ");
            column = 2;
        } else if (column > 0) {
            ci_text_add(text, " ");
            column++;
        }
        ci_text_addn(text, words, bytes);
        column += width;
        words += bytes;
        words += strspn(words, " ");
    }
}

/* A cell of the table, line by line. */
static const char *cell(struct ci_arena *mem, const char *name,
                        const struct ci_check_result *result)
{
    struct ci_text *text = ci_text_new(mem, DETAILS_BYTES * 2);
    const bool told = result->details->length > 0;
    struct ci_text *details = ci_text_new(mem, DETAILS_BYTES * 2);

    add_wrapped(details, told ? result->details->bytes : "None");
    ci_text_printf(text, "Check: %s\nResult: %s\nDetails: %s\n", name, codes[result->code],
                   details->bytes);
    return text->bytes;
}

static int widest(const char *lines, int width)
{
    while (*lines) {
        const size_t bytes = strcspn(lines, "\n");
        const int is = width_of(lines, bytes);

        width = is > width ? is : width;
        lines += bytes + (lines[bytes] == '\n');
    }
    return width;
}

static void print_rule(int width)
{
    putchar('+');
    for (int i = 0; i < width + 2; i++)
        putchar('-');
    puts("+");
}

static void print_lines(const char *lines, int width)
{
    while (*lines) {
        const size_t bytes = strcspn(lines, "\n");

        printf("| %.*s%*s |\n", (int)bytes, lines, width - width_of(lines, bytes), "");
        lines += bytes + (lines[bytes] == '\n');
    }
    print_rule(width);
}

static void print_table(struct ci_arena *mem, const struct report *report)
{
    const char *cells[CHECKS_MAX];
    int width = widest(title, 0);

    for (size_t i = 0; i < report->n; i++) {
        cells[i] = cell(mem, report->names[i], &report->results[i]);
        width = widest(cells[i], width);
    }
    print_rule(width);
    print_lines(title, width);
    for (size_t i = 0; i < report->n; i++)
        print_lines(cells[i], width);
}

static void print_json(struct ci_ctx *ctx, const struct report *report)
{
    json_t *checks = json_array();
    json_auto_t *all = json_pack("{ss so}", "name", title, "checks", checks);

    for (size_t i = 0; i < report->n; i++) {
        const struct ci_check_result *result = &report->results[i];

        json_array_append_new(
            checks, json_pack("{ss si ss?}", "check", report->names[i], "result", (int)result->code,
                              "details", result->details->length ? result->details->bytes : NULL));
    }
    puts(ci_json_text(ctx->mem, all));
}

static bool run_checks(struct ci_ctx *ctx, const struct ci_check *checks, struct report *report)
{
    for (; checks->name; checks++) {
        struct ci_check_result *result = &report->results[report->n];

        result->details = ci_text_new(ctx->mem, DETAILS_BYTES);
        report->names[report->n++] = checks->name;
        if (!checks->run(ctx, result))
            return false;
    }
    return true;
}

struct request {
    const char *json;
    bool reached; /* the checks, so that the exit code is theirs */
};

/* The ci_tool_work. */
static int check(struct ci_ctx *ctx, void *arg)
{
    struct request *request = arg;
    struct report *report = ci_new(ctx->mem, struct report);
    enum ci_check_code worst = CI_CHECK_SUCCESS;

    if (!run_checks(ctx, ci_checks, report) || !run_checks(ctx, ci_cluster_checks, report)) {
        printf("Error:\n%s\n", ctx->error->message);
        return UNKNOWN;
    }
    request->reached = true;
    for (size_t i = 0; i < report->n; i++)
        worst = report->results[i].code > worst ? report->results[i].code : worst;
    if (request->json)
        print_json(ctx, report);
    else
        print_table(ctx->mem, report);
    return (int)worst;
}

int main(int argc, char **argv)
{
    struct request request = {0};
    const struct ci_argument own[] = {
        {"json", "", "print the results as JSON", &request.json},
        {0},
    };
    const struct ci_command_line line = {
        .program = "castiron-status",
        .summary = "Tells whether services of this release can start on the database, and what an "
                   "operator should look at before.",
        .operands = "upgrade check",
        .more = "\nExit status: 0 all well, 1 a warning, 2 a failure, 255 it could not be found "
                "out.",
        .own = own,
    };
    struct ci_arena *mem = ci_arena_new();
    struct ci_arguments arguments;
    int code;

    ci_arguments_read(mem, &line, argc, argv, &arguments);
    if (!arguments.words[0] || strcmp(arguments.words[0], "upgrade") != 0 || !arguments.words[1] ||
        strcmp(arguments.words[1], "check") != 0 || arguments.words[2])
        ci_arguments_misused(&line, "the command is: ", "upgrade check");
    code = ci_tool_run(&arguments, check, &request);
    ci_arena_free(mem);
    return request.reached ? code : UNKNOWN;
}
