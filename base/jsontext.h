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
 * What is hidden of a JSON column.
 *
 * `secrets`: oslo's mask_dict_password(), which Ironic applies to driver_info and instance_info.
 * A key that ci_mask_is_secret() knows loses its value, whatever it is, except an object: objects
 * are descended into instead. Other strings go through ci_mask_password(). Lists under other keys
 * are left alone, with all that is in them.
 * `whole`: keys of the outermost object, ending with NULL, whose value is replaced whatever it
 * is, an object too, unless Python takes it for false: "", 0, false, null, [] and {} stay.
 */
struct ci_jsontext_mask {
    bool secrets;
    const char *const *whole;
};

/*
 * The same for a column that may hold secrets: hidden values become "******", everything else
 * is copied as it is. NULL or empty gives `if_null`. The text is never read past its end, and
 * what is not JSON in it gives null, since nothing is known about its secrets.
 */
void ci_jsontext_masked(struct ci_text *text, const char *json, size_t length, const char *if_null,
                        const struct ci_jsontext_mask *mask);

/*
 * Database time "YYYY-MM-DD HH:MM:SS[.f…]" as REST's "YYYY-MM-DDTHH:MM:SS[.ffffff]+00:00" (Python's
 * isoformat: six digits of fraction, none when it is zero; PostgreSQL cuts trailing zeros); NULL
 * gives null.
 */
void ci_jsontext_time(struct ci_text *text, const char *db_time);
