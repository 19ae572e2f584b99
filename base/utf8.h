/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. (Stored
 * JSON may hold lone surrogates: base/json has rules of its own.)
 */

/* How many bytes the character at `at` (before `end`) has; 0 when they are no character. */
size_t ci_utf8_length(const char *at, const char *end);

/* Are the n bytes whole characters, none of them NUL? */
bool ci_utf8_is_text(const char *bytes, size_t n);
