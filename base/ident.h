/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"

/* Identifiers: UUIDs, MAC addresses, names. */

#define CI_UUID_LENGTH 36

/* A random UUID (version 4), lower case with dashes; the second writes CI_UUID_LENGTH bytes. */
const char *ci_uuid_new(struct ci_arena *mem);
void ci_uuid_write(char *to);

/* As Python's uuid.UUID(text) takes it: dashes optional, any case, braces and urn: too. */
bool ci_uuid_is_like(const char *text);

/* Six pairs of hex digits with colons; normal form is lower case. */
bool ci_mac_is_valid(const char *text);
const char *ci_mac_normal(struct ci_arena *mem, const char *text);

/* Ironic's rule for logical names of nodes and others: RFC 3986 unreserved characters, not empty.
 */
bool ci_name_is_valid(const char *text);

/* Ironic's rule for node names below 1.10: a host name of RFC 952/1123. */
bool ci_hostname_is_valid(const char *text);

/* CUSTOM_… or one of the standard traits. */
bool ci_trait_is_valid(const char *text);
