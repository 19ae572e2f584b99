/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/policy.h"
#include "db/db.h"

/*
 * Rows -> REST bodies, as text, straight from the field tables: which fields the version
 * shows, which the request asked for, how each kind is written, what is masked.
 */

struct ci_view;
struct ci_view_plan;

/* One row being written. */
struct ci_view_row {
    struct ci_request *req;
    const struct ci_view_plan *plan;
    const struct ci_rows *rows;
    size_t row;
    const void *parts; /* of the view's load_parts() */
};

/* Stored text of a field by number (the view selects what extras `need`); NULL for null. */
const char *ci_view_value(const struct ci_view_row *row, size_t field, size_t *ret_length);
/* Result of the extra's own sql. */
const char *ci_view_extra_value(const struct ci_view_row *row, size_t extra);

enum ci_extra_flag {
    CI_EXTRA_ALWAYS = 1, /* shown whatever fields are asked for (links) */
    CI_EXTRA_ASKED = 2,  /* may be named by fields= */
};

/* What REST shows and no column holds. */
struct ci_extra {
    const char *name;
    int since;
    unsigned flags;
    const char *sql;    /* an expression selected for it ("(SELECT …)"), or NULL */
    const short *needs; /* field numbers it reads, ended by -1, or NULL */
    /* Appends the value (not the key). `n` is the extra's number. */
    void (*write)(struct ci_text *text, const struct ci_view_row *row, size_t n);
    const char *schema; /* of its value, as JSON text */
    const char *meaning;
};
#define CI_SCHEMA_LINKS "{\"$ref\": \"#/components/schemas/Links\"}"
#define CI_SCHEMA_UUID "{\"type\": [\"string\", \"null\"], \"format\": \"uuid\"}"

/* The words for an unknown name of fields=. */
enum ci_field_words {
    CI_FIELDS_PLAIN,  /* Field bogus is not a valid field. */
    CI_FIELDS_QUOTED, /* Field(s) "bogus" are not valid */
    CI_FIELDS_KNOWN,  /* the same, of names that the version has */
    CI_FIELDS_LISTED  /* 'bogus' is not one of [all there are]; of old releases: quoted */
};

/* Whose the rows of a view are: policies are asked with that. */
struct ci_ownership {
    const char *family;         /* of its rules: baremetal:FAMILY:list_all */
    const char *kind;           /* of the record: "node", "allocation", "runbook" */
    const char *owner, *lessee; /* expressions or columns; NULL: there is none */
    const char *of_project;     /* condition that a row is the project's, '?' */
    const char *param;          /* that filters by project, or NULL */
};
#define CI_OF_NODE(table, column)                                                                  \
    "(SELECT o." column " FROM nodes o WHERE o.id = " table ".node_id)"

struct ci_view {
    const struct ci_type *type;
    const struct ci_ownership *owned; /* NULL: the route's rule needs no record */
    const char *collection;           /* "nodes": key of lists, and part of links */
    const char *key;                  /* field that links and markers use: "uuid" */
    const char *const *list_fields;   /* of the default list, in Ironic's order; ends with NULL */
    const struct ci_extra *extras;
    size_t extra_count;
    const short *needs; /* fields that write() reads besides its own, ended by -1, or NULL */
    /* Expression for a VIRTUAL field, NULL when it is not shown here; may be NULL. */
    const char *(*virtual_sql)(const struct ci_request *req, size_t field);
    /* A value that must be written in another way in this version or for its secrets; gives false
     * to do the usual. */
    bool (*write)(struct ci_text *text, const struct ci_view_row *row, size_t field,
                  const char *value, size_t length);
    /* Loads at once what the rows show of other tables (steps); `row` is none of them. Only asked
     * when a VIRTUAL field is shown. May be NULL. */
    bool (*load_parts)(const struct ci_view_row *row, const void **ret_parts);
    const char *where_always;                               /* condition on every row, or NULL */
    bool (*not_found)(struct ci_ctx *ctx, const char *key); /* fails: there is no such marker */
    const char *default_sort;
    const char *const *refused_sort; /* extras that Ironic refuses by their bare name; or NULL */
    enum ci_field_words field_words;
    const char *both_words; /* for fields= beside detail=; NULL: the usual ones */
};

/* Whose the row is; for callers that are no administrators, of views that are owned. */
struct ci_policy_record ci_view_record(const struct ci_view_row *row);

/* Which fields: all of the version, or those named (by fields=, or by the default list). */
enum ci_shape { CI_SHAPE_FULL, CI_SHAPE_FIELDS };

/*
 * Answers with one row: SELECT … FROM the type's table WHERE `where`. fields= of the request
 * is honoured when the route knows it; ci_view_some() shows the named fields instead.
 * *ret_found is false when there is no such row (nothing is written then).
 */
ci_must_check bool ci_view_one(struct ci_request *req, const struct ci_view *view,
                               const char *where, size_t n, const char *const values[],
                               bool *ret_found);

ci_must_check bool ci_view_some(struct ci_request *req, const struct ci_view *view,
                                const char *const *fields, const char *where, size_t n,
                                const char *const values[], bool *ret_found);

/*
 * Answers with the one of that UUID as GET shows it; and with the one that the path's first
 * {ident} names, by UUID or name. Fail with the view's not_found().
 */
ci_must_check bool ci_view_reply(struct ci_request *req, const struct ci_view *view,
                                 const char *uuid);
ci_must_check bool ci_view_show(struct ci_request *req, const struct ci_view *view);

/*
 * Answers with all rows, {"collection": […]}: `where` may end with an ORDER BY. The named fields,
 * or all of the version when fields is NULL. For what hangs on one record and has no pages.
 */
ci_must_check bool ci_view_all(struct ci_request *req, const struct ci_view *view,
                               const char *const *fields, const char *where, size_t n,
                               const char *const values[]);

/* Checks names of fields= : 400 for unknown ones, 406 for newer ones. */
ci_must_check bool ci_view_check_fields(struct ci_request *req, const struct ci_view *view,
                                        const char *const *fields);

/* Fails with InvalidParameterValue in the quoted words above. */
bool ci_fields_refuse(struct ci_request *req, const char *names);

/* Conditions of a list, joined by AND. Too many values are refused by ci_view_list(). */
#define CI_FILTER_VALUES_MAX 256
struct ci_filter {
    struct ci_text *sql;
    const char *values[CI_FILTER_VALUES_MAX];
    size_t n;
};
void ci_filter_init(struct ci_filter *filter, struct ci_arena *mem);
/* Adds "expression" in which '?' stands for the bound value. */
void ci_filter_add(struct ci_filter *filter, const char *expression, const char *value);
/* Adds "before $n, $n+1, … after" for one or more values, ended by NULL. */
void ci_filter_any(struct ci_filter *filter, const char *before, const char *const *values,
                   const char *after);
/* Adds a condition that the column has the text somewhere in it. */
void ci_filter_contains(struct ci_filter *filter, struct ci_arena *mem, const char *column,
                        const char *text);

/*
 * Answers with a list: filter, marker, limit, sort_key, sort_dir, fields, detail as the
 * request's arguments say, `detail` forced by `always_detail`. Long lists are fetched in
 * chunks; `next` is added when the page is full. `keep` (may be NULL) is asked for each row.
 */
struct ci_list_options {
    bool always_detail;
    bool no_next;
    bool no_fields;        /* the route has no fields=: next does not name them */
    const char *path;      /* of next: "nodes", "nodes/UUID/ports"; NULL: the collection */
    const char *next_args; /* further "key=value&" of the request for next; NULL: none */
    bool (*keep)(const struct ci_view_row *row);
    const short *keep_needs; /* fields that `keep` reads, ended by -1 */
};
ci_must_check bool ci_view_list(struct ci_request *req, const struct ci_view *view,
                                const struct ci_filter *filter,
                                const struct ci_list_options *options);

/* Appends the "links" value of a row: self and bookmark of /v1/collection/key. */
void ci_view_links(struct ci_text *text, const struct ci_view_row *row, const char *collection,
                   const char *key);
/* An extra's write(): the links of the row's own collection by its view's key. */
void ci_view_write_links(struct ci_text *text, const struct ci_view_row *row, size_t n);
/* The same with something behind, "ports": /v1/nodes/UUID/ports. */
void ci_view_sublinks(struct ci_text *text, const struct ci_view_row *row, const char *collection,
                      const char *key, const char *sub);
