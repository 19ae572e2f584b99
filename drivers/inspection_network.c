/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an inspection tells of the network: the switches that the machine is connected to, by
 * LLDP, and the physical networks of its addresses.
 *
 * The agent sends LLDP as lists of TLVs, in the plugin data by the interface's name
 * ("lldp_raw"), or older ones in the inventory's interface ("lldp"). Only ports of the node itself
 * are changed; Ironic changes whose ever the address is.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/config.h"
#include "base/ident.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "drivers/inspection_hooks_private.h"
#include "drivers/lldp.h"

/* As many as Ironic looks at. */
enum { INTERFACES_MAX = 64 };

static const char *text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return ci_json_kind(value) == CI_JSON_STRING ? json_string_value(value) : "";
}

/* The TLVs that an interface has heard; NULL for none. */
static const json_t *tlvs_of(struct ci_task *task, const json_t *interface,
                             const json_t *plugin_data)
{
    const char *name = text_of(interface, "name");
    const json_t *tlvs = json_object_get(json_object_get(plugin_data, "lldp_raw"), name);

    if (json_array_size(tlvs) == 0)
        tlvs = json_object_get(interface, "lldp");
    if (json_is_array(tlvs))
        return tlvs;
    ci_warning(task->ctx, "No LLDP data for an interface", "node=%s interface=%s", task->node->uuid,
               name);
    return NULL;
}

static void pass_over(struct ci_task *task, const char *name, size_t i)
{
    ci_warning(task->ctx, "A malformed TLV of LLDP is passed over",
               "node=%s interface=%s index=%zu", task->node->uuid, name, i);
}

/* parse-lldp */

static json_t *parse(struct ci_task *task, const char *name, const json_t *tlvs)
{
    json_t *parsed = ci_json(task->ctx, json_object()), *one;
    struct ci_lldp_tlv tlv;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)tlvs, i, one)
    {
        if (!ci_lldp_read(task->ctx->mem, one, &tlv) || !ci_lldp_add(parsed, &tlv))
            pass_over(task, name, i);
    }
    return parsed;
}

bool ci_hook_parse_lldp(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    json_t *all = json_object_get(plugin_data, "parsed_lldp"), *interface;
    size_t i;

    if (!json_is_object(all))
        all = ci_json(task->ctx, json_object());
    json_array_foreach(json_object_get(inventory, "interfaces"), i, interface)
    {
        const char *name = text_of(interface, "name");
        const json_t *tlvs = i < INTERFACES_MAX ? tlvs_of(task, interface, plugin_data) : NULL;
        json_t *parsed = tlvs ? parse(task, name, tlvs) : NULL;

        if (json_object_size(parsed) > 0)
            json_object_set(all, name, parsed);
    }
    if (json_object_size(all) > 0)
        json_object_set(plugin_data, "parsed_lldp", all);
    return true;
}

/* Of both that follow: the ports of the node by the addresses of its interfaces. */

/* The node's port of an interface that counts; NULL when there is none. */
static struct ci_port *find_port(struct ci_task *task, const json_t *interface,
                                 const json_t *plugin_data, struct ci_port *const *ports, size_t n)
{
    const char *mac = text_of(interface, "mac_address");

    if (!json_object_get(json_object_get(plugin_data, "all_interfaces"),
                         text_of(interface, "name")) ||
        !ci_mac_is_valid(mac))
        return NULL;
    mac = ci_mac_normal(task->ctx->mem, mac);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(ports[i]->address, mac) == 0)
            return ports[i];
    }
    return NULL;
}

typedef bool port_work(struct ci_task *task, struct ci_port *port, const json_t *interface,
                       const json_t *plugin_data);

static bool each_port(struct ci_task *task, const json_t *inventory, const json_t *plugin_data,
                      port_work *work)
{
    json_t *interfaces = json_object_get(inventory, "interfaces"), *interface;
    struct ci_port **ports, *port;
    size_t n, i;

    if (!ci_port_load_of_node(task->ctx, task->node->id, &n, &ports))
        return false;
    json_array_foreach(interfaces, i, interface)
    {
        port = find_port(task, interface, plugin_data, ports, n);
        if (port && !work(task, port, interface, plugin_data))
            return false;
    }
    task->ports = NULL; /* to be loaded again */
    task->port_count = 0;
    return true;
}

/* local-link-connection */

/* What the TLVs say; NULL when one is malformed, as nothing is believed then. */
static json_t *link_of(struct ci_task *task, const char *interface, const json_t *tlvs)
{
    json_t *link = ci_json(task->ctx, json_object()), *one, *value;
    struct ci_lldp_tlv tlv;
    const char *name;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)tlvs, i, one)
    {
        if (!ci_lldp_read(task->ctx->mem, one, &tlv) || !ci_lldp_link(&tlv, &name, &value)) {
            pass_over(task, interface, i);
            return NULL;
        }
        if (name)
            json_object_set_new(link, name, value);
    }
    return link;
}

/* What somebody wrote down stays. */
static bool connect_port(struct ci_task *task, struct ci_port *port, const json_t *interface,
                         const json_t *plugin_data)
{
    const char *text = port->local_link_connection ? port->local_link_connection : "{}";
    const json_t *tlvs = tlvs_of(task, interface, plugin_data);
    json_t *link = tlvs ? link_of(task, text_of(interface, "name"), tlvs) : NULL, *kept;

    if (json_object_size(link) == 0)
        return true;
    if (!ci_json_read(task->ctx, text, strlen(text), &ci_json_trusted, &kept))
        return false;
    if (!json_is_object(kept))
        kept = ci_json(task->ctx, json_object());
    json_object_update_missing(kept, link);
    ci_port_set_local_link_connection(port, ci_json_text(task->ctx->mem, kept));
    return ci_port_save(task->ctx, port);
}

bool ci_hook_local_link(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    return each_port(task, inventory, plugin_data, connect_port);
}

/* physical-network */

/* An address, or a network of as many leading bits. */
struct network {
    int family; /* AF_INET, AF_INET6 */
    uint8_t bytes[16];
    int64_t bits;
};

static bool read_address(struct ci_arena *mem, const char *text, struct network *ret_network)
{
    /* The scope of a link-local address is the ramdisk's own. */
    const char *bare = ci_strndup(mem, text, strcspn(text, "%"));

    *ret_network = (struct network){.family = strchr(bare, ':') ? AF_INET6 : AF_INET};
    ret_network->bits = ret_network->family == AF_INET ? 32 : 128;
    return inet_pton(ret_network->family, bare, ret_network->bytes) == 1;
}

static bool is_in(const struct network *address, const struct network *network)
{
    size_t whole = (size_t)network->bits / 8, rest = (size_t)network->bits % 8;

    return address->family == network->family &&
           memcmp(address->bytes, network->bytes, whole) == 0 &&
           (rest == 0 || (address->bytes[whole] ^ network->bytes[whole]) >> (8 - rest) == 0);
}

/* "2001:db8::/64:name": the name is what follows the last colon. */
static bool read_network(struct ci_arena *mem, const char *entry, struct network *ret_network,
                         const char **ret_name)
{
    const char *colon = strrchr(entry, ':');
    const char *cidr = colon ? ci_strndup(mem, entry, (size_t)(colon - entry)) : "";
    const char *slash = strchr(cidr, '/');
    struct network wanted;

    if (!colon || !colon[1] || strchr(cidr, '%') ||
        !read_address(mem, slash ? ci_strndup(mem, cidr, (size_t)(slash - cidr)) : cidr, &wanted) ||
        (slash && !ci_parse_int(slash + 1, 0, wanted.bits, &wanted.bits)))
        return false;
    /* Bits of a host have no place in a network. */
    for (size_t bit = (size_t)wanted.bits; bit < (wanted.family == AF_INET ? 32 : 128); bit++) {
        if (wanted.bytes[bit / 8] & 0x80U >> bit % 8)
            return false;
    }
    *ret_network = wanted;
    *ret_name = colon + 1;
    return true;
}

bool ci_hook_physical_network_check(struct ci_ctx *ctx)
{
    const char *const *entry = ctx->config->inspector.physical_network_cidr_map;
    struct network network;
    const char *name;

    for (; entry && *entry; entry++) {
        if (!read_network(ctx->mem, *entry, &network, &name))
            return ci_fail_text(ctx, HardwareInspectionFailure,
                                "\"%s\" of [inspector]physical_network_cidr_map is no network "
                                "and name, such as 192.0.2.0/24:physnet.",
                                *entry);
    }
    return true;
}

/* The physical network of an address; NULL for none. */
static const char *find_network(struct ci_task *task, const char *text)
{
    const char *const *entry = task->ctx->config->inspector.physical_network_cidr_map;
    struct network address, network;
    const char *name;

    if (!read_address(task->ctx->mem, text, &address))
        return NULL;
    for (; entry && *entry; entry++) {
        if (read_network(task->ctx->mem, *entry, &network, &name) && is_in(&address, &network))
            return name;
    }
    return NULL;
}

static bool place_port(struct ci_task *task, struct ci_port *port, const json_t *interface,
                       const json_t *plugin_data)
{
    const char *name = find_network(task, text_of(interface, "ipv4_address"));

    (void)plugin_data;
    if (!name)
        name = find_network(task, text_of(interface, "ipv6_address"));
    if (!name || ci_same(port->physical_network, name))
        return true;
    ci_port_set_physical_network(port, name);
    return ci_port_save(task->ctx, port);
}

bool ci_hook_physical_network(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    return each_port(task, inventory, plugin_data, place_port);
}
