/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

/*
 * Takes Base64 text (RFC 4648, padded, without blanks or line ends) apart. False, with nothing
 * given, when it is none. The bytes are the arena's and ended by a NUL that is not counted.
 */
ci_must_check bool ci_base64_decode(struct ci_arena *mem, const char *text, size_t length,
                                    char **ret_bytes, size_t *ret_n);

/* Appends bytes as such text. */
void ci_base64_encode(struct ci_text *text, const char *bytes, size_t n);
