/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/text.h"

/*
 * Appends JSON to a ci_text without building a tree: what answers are made of.
 *
 * The caller writes the structure ('{', "\"key\": ") with ci_text_add(); here are the values.
 * Spacing and escapes are those of Python's json.dumps().
 */

/* A string value with its quotes, escaped. Valid UTF-8 is expected; NULL gives null. */
void ci_jsontext_string(struct ci_text *text, const char *value);
void ci_jsontext_stringn(struct ci_text *text, const char *value, size_t length);

/* "key": with a comma before it unless the text ends with '{'. Key is our own, not escaped. */
void ci_jsontext_key(struct ci_text *text, const char *key);

/* A stored JSON column, copied through as it is; NULL or empty gives `if_null` ("{}", "null"). */
void ci_jsontext_raw(struct ci_text *text, const char *json, size_t length, const char *if_null);

/*
 * The same for a column that may hold secrets: the value of every key (at any depth) that
 * `is_secret` names is replaced by "******"; everything else is copied as it is. The stored
 * text is trusted to be JSON as Python prints it but never read past its end.
 */
void ci_jsontext_masked(struct ci_text *text, const char *json, size_t length,
                        bool (*is_secret)(const char *key, size_t length));

/*
 * Database time "YYYY-MM-DD HH:MM:SS[.f…]" as REST's "YYYY-MM-DDTHH:MM:SS[.ffffff]+00:00" (Python's
 * isoformat: six digits of fraction, none when it is zero; PostgreSQL cuts trailing zeros); NULL
 * gives null.
 */
void ci_jsontext_time(struct ci_text *text, const char *db_time);
