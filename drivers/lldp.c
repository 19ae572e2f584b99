/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading LLDP.
 *
 * A value is read through a reader that never leaves its bytes. Bytes that are left over at its
 * end are passed over, as in Ironic, but where a length is given in the tables below.
 */
#include "drivers/lldp.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/json.h"
#include "base/text.h"

/* What is left of a value. */
struct reader {
    const uint8_t *at;
    size_t left;
};

/* The next n bytes; NULL when there are fewer. */
static const uint8_t *take(struct reader *reader, size_t n)
{
    const uint8_t *bytes = reader->at;

    if (n > reader->left)
        return NULL;
    reader->at += n;
    reader->left -= n;
    return bytes;
}

/* A big-endian number of up to four bytes. */
static bool take_number(struct reader *reader, size_t n, uint32_t *ret_number)
{
    const uint8_t *bytes = take(reader, n);

    *ret_number = 0;
    for (size_t i = 0; bytes && i < n; i++)
        *ret_number = *ret_number << 8 | bytes[i];
    return bytes != NULL;
}

/* Text in UTF-8; NULL for anything else. */
static json_t *text_value(const uint8_t *bytes, size_t n)
{
    return bytes ? json_stringn((const char *)bytes, n) : NULL;
}

static json_t *take_text(struct reader *reader)
{
    return text_value(reader->at, reader->left);
}

static json_t *take_hex(struct reader *reader, size_t n)
{
    const uint8_t *bytes = take(reader, n);
    char text[2 * CI_LLDP_VALUE_MAX + 1] = "";

    if (!bytes || n > CI_LLDP_VALUE_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return json_string(text);
}

static json_t *take_mac(struct reader *reader)
{
    const uint8_t *b = take(reader, 6);
    char text[18];

    if (!b)
        return NULL;
    snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
             b[5]);
    return json_string(text);
}

static json_t *take_ip(struct reader *reader, int family, size_t n)
{
    const uint8_t *bytes = take(reader, n);
    char text[INET6_ADDRSTRLEN];

    return bytes && inet_ntop(family, bytes, text, sizeof text) ? json_string(text) : NULL;
}

/* IANA's numbers of address families; null for one that is not among them. */
static json_t *take_address(struct reader *reader)
{
    uint32_t family;

    if (!take_number(reader, 1, &family))
        return NULL;
    switch (family) {
    case 1:
        return take_ip(reader, AF_INET, 4);
    case 2:
        return take_ip(reader, AF_INET6, 16);
    case 6:
        return take_mac(reader);
    default:
        return json_null();
    }
}

enum { IS_NOTHING, IS_TEXT, IS_MAC, IS_ADDRESS };

/* What follows a subtype of a chassis' or port's identifier, by the subtype. */
static const uint8_t chassis_kinds[] = {IS_NOTHING, IS_TEXT,    IS_TEXT, IS_TEXT,
                                        IS_MAC,     IS_ADDRESS, IS_TEXT, IS_TEXT};
static const uint8_t port_kinds[] = {IS_NOTHING, IS_TEXT, IS_TEXT,    IS_MAC,
                                     IS_ADDRESS, IS_TEXT, IS_NOTHING, IS_TEXT};

static json_t *take_id(struct reader *reader, const uint8_t kinds[static 8], unsigned *ret_kind)
{
    uint32_t subtype;

    *ret_kind = IS_NOTHING;
    if (take_number(reader, 1, &subtype) && subtype < 8)
        *ret_kind = kinds[subtype];
    switch (*ret_kind) {
    case IS_TEXT:
        return take_text(reader);
    case IS_MAC:
        return take_mac(reader);
    case IS_ADDRESS:
        return take_address(reader);
    default:
        return NULL;
    }
}

/* Of what is said twice the first is kept. Takes the reference over; NULL is malformed. */
static bool set(json_t *parsed, const char *name, json_t *value)
{
    if (!value)
        return false;
    if (json_object_get(parsed, name))
        json_decref(value);
    else
        json_object_set_new(parsed, name, value);
    return true;
}

static bool append(json_t *parsed, const char *name, json_t *value)
{
    if (!value)
        return false;
    if (!json_object_get(parsed, name))
        json_object_set_new(parsed, name, json_array());
    json_array_append_new(json_object_get(parsed, name), value);
    return true;
}

static bool set_number(json_t *parsed, const char *name, struct reader *reader)
{
    uint32_t number;

    return take_number(reader, 2, &number) && set(parsed, name, json_integer(number));
}

static bool add_chassis(json_t *parsed, struct reader *reader)
{
    unsigned kind;

    return set(parsed, "switch_chassis_id", take_id(reader, chassis_kinds, &kind));
}

static bool add_port(json_t *parsed, struct reader *reader)
{
    unsigned kind;

    return set(parsed, "switch_port_id", take_id(reader, port_kinds, &kind));
}

static bool add_port_description(json_t *parsed, struct reader *reader)
{
    return set(parsed, "switch_port_description", take_text(reader));
}

static bool add_system_name(json_t *parsed, struct reader *reader)
{
    return set(parsed, "switch_system_name", take_text(reader));
}

static bool add_system_description(json_t *parsed, struct reader *reader)
{
    return set(parsed, "switch_system_description", take_text(reader));
}

/* The names of the bits that are set, from the one of `bits` first. */
static json_t *names_of(uint32_t bits, const char *const *names, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        if (names[i] && bits & 1U << i)
            json_array_append_new(list, json_string(names[i]));
    }
    return list;
}

static bool add_capabilities(json_t *parsed, struct reader *reader)
{
    static const char *const names[] = {
        NULL,           "Repeater", "Bridge", "WLAN", "Router", "Telephone", "DOCSIS cable device",
        "Station only", "C-Vlan",   "S-Vlan", "TPMR"};
    const size_t n = sizeof names / sizeof names[0];
    uint32_t system, enabled;

    return take_number(reader, 2, &system) && take_number(reader, 2, &enabled) &&
           set(parsed, "switch_capabilities_support", names_of(system, names, n)) &&
           set(parsed, "switch_capabilities_enabled", names_of(enabled, names, n));
}

static bool add_management_address(json_t *parsed, struct reader *reader)
{
    json_t *address;

    if (!take(reader, 1)) /* its length, which the family tells as well */
        return false;
    address = take_address(reader);
    return json_is_null(address) || append(parsed, "switch_mgmt_addresses", address);
}

/* 802.1Q */

static bool add_vlan(json_t *parsed, struct reader *reader)
{
    return set_number(parsed, "switch_port_untagged_vlan_id", reader);
}

static bool add_protocol_vlan(json_t *parsed, struct reader *reader)
{
    uint32_t flags, vlan;

    return take_number(reader, 1, &flags) && take_number(reader, 2, &vlan) &&
           set(parsed, "switch_port_protocol_vlan_enabled", json_boolean(flags & 4)) &&
           set(parsed, "switch_port_protocol_vlan_support", json_boolean(flags & 2)) &&
           append(parsed, "switch_port_protocol_vlan_ids", json_integer(vlan));
}

static bool add_vlan_name(json_t *parsed, struct reader *reader)
{
    const uint8_t *bytes;
    uint32_t vlan, n;
    json_t *name;

    if (!take_number(reader, 2, &vlan) || !take_number(reader, 1, &n))
        return false;
    bytes = take(reader, n);
    while (bytes && n > 0 && bytes[n - 1] == 0)
        n--;
    name = text_value(bytes, n);
    return name && append(parsed, "switch_port_vlans",
                          json_pack("{s:o, s:i}", "name", name, "id", (int)vlan));
}

static bool add_protocol_identity(json_t *parsed, struct reader *reader)
{
    uint32_t n;

    return take_number(reader, 1, &n) &&
           append(parsed, "switch_protocol_identities", take_hex(reader, n));
}

static bool add_management_vlan(json_t *parsed, struct reader *reader)
{
    return set_number(parsed, "switch_port_management_vlan_id", reader);
}

static bool add_aggregation(json_t *parsed, struct reader *reader)
{
    uint32_t status, port;

    return take_number(reader, 1, &status) && take_number(reader, 4, &port) &&
           set(parsed, "switch_port_link_aggregation_enabled", json_boolean(status & 2)) &&
           set(parsed, "switch_port_link_aggregation_support", json_boolean(status & 1)) &&
           set(parsed, "switch_port_link_aggregation_id", json_integer(port));
}

/* 802.3 */

/* By number, of RFC 4836 (dot3MauType). */
static const char *const mau_types[] = {
    "Unknown",
    "AUI",
    "10BASE-5",
    "FOIRL",
    "10BASE-2",
    "10BASE-T duplex mode unknown",
    "10BASE-FP",
    "10BASE-FB",
    "10BASE-FL duplex mode unknown",
    "10BROAD36",
    "10BASE-T half duplex",
    "10BASE-T full duplex",
    "10BASE-FL half duplex",
    "10BASE-FL full duplex",
    "100 BASE-T4",
    "100BASE-TX half duplex",
    "100BASE-TX full duplex",
    "100BASE-FX half duplex",
    "100BASE-FX full duplex",
    "100BASE-T2 half duplex",
    "100BASE-T2 full duplex",
    "1000BASE-X half duplex",
    "1000BASE-X full duplex",
    "1000BASE-LX half duplex",
    "1000BASE-LX full duplex",
    "1000BASE-SX half duplex",
    "1000BASE-SX full duplex",
    "1000BASE-CX half duplex",
    "1000BASE-CX full duplex",
    "1000BASE-T half duplex",
    "1000BASE-T full duplex",
    "10GBASE-X",
    "10GBASE-LX4",
    "10GBASE-R",
    "10GBASE-ER",
    "10GBASE-LR",
    "10GBASE-SR",
    "10GBASE-W",
    "10GBASE-EW",
    "10GBASE-LW",
    "10GBASE-SW",
    "10GBASE-CX4",
    "2BASE-TL",
    "10PASS-TS",
    "100BASE-BX10D",
    "100BASE-BX10U",
    "100BASE-LX10",
    "1000BASE-BX10D",
    "1000BASE-BX10U",
    "1000BASE-LX10",
    "1000BASE-PX10D",
    "1000BASE-PX10U",
    "1000BASE-PX20D",
    "1000BASE-PX20U",
};

/*
 * What can be negotiated, in the order of the names. Ironic tells 10BASE-T full duplex by the bit
 * of half duplex, which is kept: who compares the two services' data finds no difference.
 */
static const struct {
    uint16_t bit;
    const char *name;
} media[] = {
    {0x0001, "1000BASE-T fdx"},         {0x0002, "1000BASE-T hdx"}, {0x0004, "1000BASE-X fdx"},
    {0x0008, "1000BASE-X hdx"},         {0x0100, "100BASE-T2 fdx"}, {0x0200, "100BASE-T2 hdx"},
    {0x0400, "100BASE-TX fdx"},         {0x0800, "100BASE-TX hdx"}, {0x4000, "10BASE-T fdx"},
    {0x4000, "10BASE-T hdx"},           {0x1000, "10BASE-T4"},      {0x0040, "Asym PAUSE fdx"},
    {0x0010, "Asym and Sym PAUSE fdx"}, {0x0080, "PAUSE fdx"},      {0x0020, "Sym PAUSE fdx"},
};

static bool add_physical(json_t *parsed, struct reader *reader)
{
    uint32_t negotiation, capabilities, mau;
    json_t *names;

    if (!take_number(reader, 1, &negotiation) || !take_number(reader, 2, &capabilities) ||
        !take_number(reader, 2, &mau) || mau >= sizeof mau_types / sizeof mau_types[0])
        return false;
    names = json_array();
    for (size_t i = 0; i < sizeof media / sizeof media[0]; i++) {
        if (capabilities & media[i].bit)
            json_array_append_new(names, json_string(media[i].name));
    }
    return set(parsed, "switch_port_autonegotiation_enabled", json_boolean(negotiation & 2)) &&
           set(parsed, "switch_port_autonegotiation_support", json_boolean(negotiation & 1)) &&
           set(parsed, "switch_port_physical_capabilities", names) &&
           set(parsed, "switch_port_mau_type", json_string(mau_types[mau]));
}

static bool add_mtu(json_t *parsed, struct reader *reader)
{
    return set_number(parsed, "switch_port_mtu", reader);
}

/* How a TLV of a type is read; what is nowhere in the table is passed over. */
struct kind {
    int64_t type;
    size_t length; /* 0: as long as it is */
    bool (*add)(json_t *parsed, struct reader *reader);
};

enum { CHASSIS_ID = 1, PORT_ID = 2, SYSTEM_NAME = 5 };

static bool add_organization(json_t *parsed, struct reader *reader);

static const struct kind basic[] = {
    {CHASSIS_ID, 0, add_chassis},      {PORT_ID, 0, add_port},         {4, 0, add_port_description},
    {SYSTEM_NAME, 0, add_system_name}, {6, 0, add_system_description}, {7, 4, add_capabilities},
    {8, 0, add_management_address},    {127, 0, add_organization},     {.add = NULL},
};

static const struct kind dot1[] = {
    {1, 0, add_vlan},
    {2, 3, add_protocol_vlan},
    {3, 0, add_vlan_name},
    {4, 0, add_protocol_identity},
    {6, 0, add_management_vlan},
    {7, 5, add_aggregation},
    {.add = NULL},
};

static const struct kind dot3[] = {
    {1, 5, add_physical}, {3, 5, add_aggregation}, {4, 0, add_mtu}, {.add = NULL}};

static bool add_by(const struct kind *kinds, json_t *parsed, int64_t type, struct reader *reader)
{
    for (; kinds->add; kinds++) {
        if (kinds->type == type)
            return (kinds->length == 0 || kinds->length == reader->left) &&
                   kinds->add(parsed, reader);
    }
    return true;
}

static bool add_organization(json_t *parsed, struct reader *reader)
{
    uint32_t oui, subtype;

    if (!take_number(reader, 3, &oui) || !take_number(reader, 1, &subtype))
        return false;
    if (oui == 0x0080c2)
        return add_by(dot1, parsed, subtype, reader);
    return oui != 0x00120f || add_by(dot3, parsed, subtype, reader);
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool ci_lldp_read(struct ci_arena *mem, const json_t *element, struct ci_lldp_tlv *ret_tlv)
{
    const json_t *type = json_array_get(element, 0), *value = json_array_get(element, 1);
    const char *text;
    uint8_t *bytes;
    size_t n;

    if (json_array_size(element) != 2 || ci_json_kind(type) != CI_JSON_INT ||
        ci_json_kind(value) != CI_JSON_STRING)
        return false;
    text = json_string_value(value);
    n = json_string_length(value) / 2;
    if (json_string_length(value) % 2 != 0 || n > CI_LLDP_VALUE_MAX)
        return false;
    bytes = ci_alloc(mem, n + 1);
    for (size_t i = 0; i < n; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    *ret_tlv = (struct ci_lldp_tlv){json_integer_value(type), bytes, n};
    return true;
}

bool ci_lldp_add(json_t *parsed, const struct ci_lldp_tlv *tlv)
{
    struct reader reader = {tlv->bytes, tlv->length};

    return tlv->length <= CI_LLDP_VALUE_MAX && add_by(basic, parsed, tlv->type, &reader);
}

bool ci_lldp_link(const struct ci_lldp_tlv *tlv, const char **ret_name, json_t **ret_value)
{
    struct reader reader = {tlv->bytes, tlv->length};
    json_t *value = NULL;
    const char *name = NULL;
    unsigned kind = IS_NOTHING;

    switch (tlv->type) {
    case CHASSIS_ID:
        value = take_id(&reader, chassis_kinds, &kind);
        name = kind == IS_MAC ? "switch_id" : NULL;
        break;
    case PORT_ID:
        value = take_id(&reader, port_kinds, &kind);
        name = "port_id";
        break;
    case SYSTEM_NAME:
        value = take_text(&reader);
        kind = IS_TEXT;
        name = "switch_info";
        break;
    default:
        *ret_name = NULL;
        return true;
    }
    if (kind == IS_NOTHING && tlv->length > 0) { /* of no known subtype */
        *ret_name = NULL;
        return true;
    }
    *ret_name = json_is_null(value) ? NULL : name;
    *ret_value = value;
    if (value && !*ret_name)
        json_decref(value);
    return value != NULL;
}
