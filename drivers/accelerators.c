/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the file of known accelerators.
 *
 * A line is "pci_devices:", the first pair of a device ("- key: value"), or one more pair of it.
 * All else that YAML could say is refused rather than guessed at.
 */
#include "drivers/accelerators.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum { DEVICES_MAX = 4096, LINES_MAX = 65536 };

static void close_file(void *file)
{
    fclose(file);
}

/* The text without blanks around it. */
static char *trim(char *text)
{
    size_t n;

    text += strspn(text, " \t");
    n = strlen(text);
    while (n > 0 && strchr(" \t\r\n", text[n - 1]))
        n--;
    text[n] = '\0';
    return text;
}

/* A value without its quotes or a comment after it; NULL: in a form that is not known. */
static const char *value_of(char *text)
{
    char quote = *text, *end;

    if (quote != '"' && quote != '\'') {
        end = strstr(text, " #");
        if (end)
            *end = '\0';
        text = trim(text);
        return *text && !strchr("[{&*|>!%@`", *text) ? text : NULL;
    }
    end = strchr(text + 1, quote);
    if (!end || memchr(text, '\\', (size_t)(end - text)))
        return NULL;
    *end = '\0';
    end = trim(end + 1);
    return *end && *end != '#' ? NULL : text + 1;
}

static bool add_pair(json_t *device, char *line)
{
    char *colon = strchr(line, ':');
    const char *value;

    if (!colon || colon == line || (colon[1] != ' ' && colon[1] != '\t'))
        return false;
    *colon = '\0';
    value = value_of(trim(colon + 1));
    return value && json_object_set_new(device, trim(line), json_string(value)) == 0;
}

/* One line; `begun` says whether the list has. */
static bool add_line(json_t *devices, bool *begun, char *text)
{
    char *line = trim(text);

    if (!*line || *line == '#' || strcmp(line, "---") == 0)
        return true;
    if (!*begun) {
        *begun = strcmp(line, "pci_devices:") == 0;
        return *begun;
    }
    if (line[0] == '-' && (line[1] == ' ' || line[1] == '\t')) {
        if (json_array_size(devices) == DEVICES_MAX)
            return false;
        json_array_append_new(devices, json_object());
        line = trim(line + 1);
    }
    return json_array_size(devices) > 0 &&
           add_pair(json_array_get(devices, json_array_size(devices) - 1), line);
}

static bool wrong(struct ci_ctx *ctx, const char *path, const char *reason)
{
    return ci_fail_text(ctx, HardwareInspectionFailure,
                        "The file of [inspector]known_accelerators, %s, cannot be used: %s", path,
                        reason);
}

static bool read_lines(struct ci_ctx *ctx, FILE *file, const char *path, json_t *devices)
{
    char line[4096];
    bool begun = false;

    for (int n = 1; fgets(line, sizeof line, file); n++) {
        if (n > LINES_MAX || !strchr(line, '\n') || !add_line(devices, &begun, line))
            return wrong(ctx, path,
                         ci_printf(ctx->mem, "line %d is not that of a list of devices.", n));
    }
    return begun || wrong(ctx, path, "it has no pci_devices.");
}

bool ci_accelerators_read(struct ci_ctx *ctx, const char *path, json_t **ret_devices)
{
    FILE *file = path ? fopen(path, "re") : NULL;
    json_t *devices = ci_json(ctx, json_array()), *one;
    size_t i;

    if (!file)
        return wrong(ctx, path ? path : "(none)", strerror(path ? errno : ENOENT));
    ci_defer(ctx->mem, close_file, file);
    if (!read_lines(ctx, file, path, devices))
        return false;
    json_array_foreach(devices, i, one)
    {
        if (!json_object_get(one, "vendor_id") || !json_object_get(one, "device_id"))
            return wrong(ctx, path, "a device lacks its vendor_id or device_id.");
    }
    *ret_devices = devices;
    return true;
}
