/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "base/text.h"

/*
 * Appends an object as a YAML document, members in their own order: what fits on the rest of a line
 * is written in braces, the rest in indented lines.
 */
void ci_yaml_print(struct ci_text *text, const json_t *object);
