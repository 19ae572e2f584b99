/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of policies, read event by event with libyaml.
 */
#include "api/policy_file.h"

#include <stdio.h>
#include <string.h>

#include <yaml.h>

struct reader {
    struct ci_ctx *ctx;
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_event;
    const char *file;
    struct ci_policy_entries *entries;
};

static bool refuse(struct reader *reader, size_t line, const char *why)
{
    return ci_fail_text(reader->ctx, ConfigInvalid, "%s:%zu: %s", reader->file, line + 1, why);
}

/* Reads the next event; the one before is gone then. */
static bool next(struct reader *reader)
{
    if (reader->has_event)
        yaml_event_delete(&reader->event);
    reader->has_event = yaml_parser_parse(&reader->parser, &reader->event);
    if (!reader->has_event)
        return refuse(reader, reader->parser.problem_mark.line,
                      reader->parser.problem ? reader->parser.problem : "it is not YAML");
    if (reader->event.type == YAML_ALIAS_EVENT ||
        (reader->event.type == YAML_SCALAR_EVENT && reader->event.data.scalar.anchor) ||
        (reader->event.type == YAML_SEQUENCE_START_EVENT &&
         reader->event.data.sequence_start.anchor))
        return refuse(reader, reader->event.start_mark.line, "anchors and aliases are not taken");
    return true;
}

/* The scalar's text; NULL after a failure: it is empty without quotes, or holds a NUL. */
static const char *scalar(struct reader *reader)
{
    const char *text = (const char *)reader->event.data.scalar.value;
    size_t n = reader->event.data.scalar.length;
    bool plain = reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

    if (memchr(text, '\0', n))
        (void)refuse(reader, reader->event.start_mark.line, "a text has a NUL in it");
    else if (plain && (n == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0))
        (void)refuse(reader, reader->event.start_mark.line,
                     "a rule has no value; one that allows everybody is written \"@\"");
    else
        return ci_strndup(reader->ctx->mem, text, n);
    return NULL;
}

/* A list of checks, or of lists of checks: two levels, read from its start to its end. */
static bool read_list(struct reader *reader, const json_t **ret_list)
{
    json_t *outer = ci_json(reader->ctx, json_array()), *inner = NULL;

    while (true) {
        const char *text;

        if (!next(reader))
            return false;
        if (reader->event.type == YAML_SCALAR_EVENT) {
            text = scalar(reader);
            if (!text)
                return false;
            json_array_append_new(inner ? inner : outer, json_string(text));
        } else if (reader->event.type == YAML_SEQUENCE_START_EVENT && !inner) {
            inner = json_array();
            json_array_append_new(outer, inner);
        } else if (reader->event.type == YAML_SEQUENCE_END_EVENT && inner) {
            inner = NULL;
        } else if (reader->event.type == YAML_SEQUENCE_END_EVENT) {
            *ret_list = outer;
            return true;
        } else {
            return refuse(reader, reader->event.start_mark.line,
                          "a rule is a text or a list of lists of checks");
        }
    }
}

/* The value of the entry, whose name was read. */
static bool read_value(struct reader *reader, struct ci_policy_entry *entry)
{
    if (!next(reader))
        return false;
    if (reader->event.type == YAML_SCALAR_EVENT) {
        entry->text = scalar(reader);
        return entry->text;
    }
    if (reader->event.type == YAML_SEQUENCE_START_EVENT)
        return read_list(reader, &entry->list);
    return refuse(reader, reader->event.start_mark.line,
                  "a rule is a text or a list of lists of checks");
}

/* Name after name, to the end of the mapping. */
static bool read_mapping(struct reader *reader)
{
    while (true) {
        struct ci_policy_entry *entry;

        if (!next(reader))
            return false;
        if (reader->event.type == YAML_MAPPING_END_EVENT)
            return true;
        if (reader->event.type != YAML_SCALAR_EVENT)
            return refuse(reader, reader->event.start_mark.line, "the name of a rule is no text");
        entry = ci_new(reader->ctx->mem, struct ci_policy_entry);
        entry->file = reader->file;
        entry->line = (int)reader->event.start_mark.line + 1;
        entry->name = scalar(reader);
        if (!entry->name || !read_value(reader, entry))
            return false;
        if (reader->entries->last)
            reader->entries->last->next = entry;
        else
            reader->entries->first = entry;
        reader->entries->last = entry;
    }
}

/* Nothing, or one document that is nothing or one mapping. */
static bool read_stream(struct reader *reader)
{
    if (!next(reader) || !next(reader)) /* The start of the stream is no news. */
        return false;
    if (reader->event.type == YAML_STREAM_END_EVENT)
        return true;
    if (!next(reader)) /* Nor is that of the document. */
        return false;
    if (reader->event.type == YAML_SCALAR_EVENT && reader->event.data.scalar.length == 0) {
        if (!next(reader))
            return false;
    } else if (reader->event.type != YAML_MAPPING_START_EVENT) {
        return refuse(reader, reader->event.start_mark.line,
                      "it does not hold rules, as a mapping of names to rules");
    } else if (!read_mapping(reader) || !next(reader)) {
        return false;
    }
    if (!next(reader))
        return false;
    return reader->event.type == YAML_STREAM_END_EVENT ||
           refuse(reader, reader->event.start_mark.line, "it holds more than one document");
}

bool ci_policy_file_parse(struct ci_ctx *ctx, const char *file, const char *bytes, size_t n,
                          struct ci_policy_entries *entries)
{
    struct reader reader = {.ctx = ctx, .file = file, .entries = entries};
    bool read;

    if (!yaml_parser_initialize(&reader.parser))
        return ci_fail_text(ctx, ConfigInvalid, "%s: there is no memory to read it", file);
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)bytes, n);
    read = read_stream(&reader);
    if (reader.has_event)
        yaml_event_delete(&reader.event);
    yaml_parser_delete(&reader.parser);
    return read;
}

bool ci_policy_file_read(struct ci_ctx *ctx, const char *path, struct ci_policy_entries *entries)
{
    FILE *file = fopen(path, "re");
    char *bytes;
    size_t n;

    if (!file)
        return ci_fail_text(ctx, ConfigInvalid, "%s: it cannot be read: %m", path);
    bytes = ci_alloc(ctx->mem, CI_POLICY_FILE_MAX + 1);
    n = fread(bytes, 1, CI_POLICY_FILE_MAX + 1, file);
    (void)fclose(file); /* Only read from. */
    if (n > CI_POLICY_FILE_MAX)
        return ci_fail_text(ctx, ConfigInvalid, "%s: it is larger than 1 MiB", path);
    return ci_policy_file_parse(ctx, ci_strdup(ctx->mem, path), bytes, n, entries);
}
