/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/*
 * LLDP as a ramdisk has heard it: what a switch says of itself, in TLVs (a type and a value of
 * bytes) of the basic, the 802.1Q and the 802.3 sets. The bytes come from whoever is on the wire.
 */

/* IEEE 802.1AB: a length of 9 bits. */
enum { CI_LLDP_VALUE_MAX = 511 };

struct ci_lldp_tlv {
    int64_t type;
    const uint8_t *bytes;
    size_t length;
};

/*
 * Reads one element of a ramdisk's list, [type, "hexadecimal digits"]; false: it is none, or too
 * long. The bytes live in the arena.
 */
bool ci_lldp_read(struct ci_arena *mem, const json_t *element, struct ci_lldp_tlv *ret_tlv);

/*
 * Adds what a TLV says to `parsed`, under Ironic's names ("switch_port_id"): of what a name has
 * once the first stays, lists grow. False: the TLV is malformed, and nothing was added. What is
 * not known is passed over.
 */
bool ci_lldp_add(json_t *parsed, const struct ci_lldp_tlv *tlv);

/*
 * What a TLV says for a port's local_link_connection: port_id, switch_id (a MAC address only) or
 * switch_info. False: malformed. Otherwise *ret_name is NULL when it says nothing of the kind;
 * *ret_value is the caller's reference.
 */
bool ci_lldp_link(const struct ci_lldp_tlv *tlv, const char **ret_name, json_t **ret_value);
