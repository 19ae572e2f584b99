/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format of network_data: links (layer 2), networks (layer 3) and services, as nova writes
 * them into a config drive.
 */
#include "api/network_data.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "api/schema.h"
#include "base/config.h"

#define FILE_BYTES ((size_t)1024 * 1024)

#define REF(name) "{\"$ref\": \"#/definitions/" name "\"}"
#define LIST_OF(schema) "{\"type\": \"array\", \"items\": " schema "}"
#define STRING "{\"type\": \"string\"}"
#define ONE_OF(words) "{\"type\": \"string\", \"enum\": [" words "]}"
#define OBJECT(required, properties)                                                               \
    "{\"type\": \"object\", \"required\": [" required "], \"properties\": {" properties "}}"

#define LINK_COMMON "\"id\": " STRING ", \"mtu\": " REF("mtu") ", \"vif_id\": " STRING

/* The same for both families of addresses. */
#define NETWORK(family, types)                                                                     \
    OBJECT(                                                                                        \
        "\"id\", \"link\", \"network_id\", \"type\"",                                              \
        "\"id\": " STRING ", \"link\": " STRING ", \"network_id\": " STRING                        \
        ", \"type\": " ONE_OF(types) ", \"ip_address\": " REF(                                     \
            family                                                                                 \
            "_host") ", \"netmask\": " REF(family) ", \"routes\": " LIST_OF(REF(family "_route")))
#define ROUTE_OF(family)                                                                           \
    OBJECT("\"gateway\", \"netmask\", \"network\"",                                                \
           "\"network\": " REF(family) ", \"netmask\": " REF(family) ", \"gateway\": " REF(        \
               family) ", \"services\": " LIST_OF(REF(family "_service")))
#define SERVICE(family)                                                                            \
    OBJECT("\"address\", \"type\"",                                                                \
           "\"address\": " REF(family "_host") ", \"type\": " ONE_OF("\"dns\""))

static const char *const own_schema = "{\"type\": \"object\", \"required\": [\"links\", "
                                      "\"networks\", "
                                      "\"services\"], "
                                      "\"properties\": {"
                                      "\"links\": " LIST_OF(
                                          "{\"oneOf\": [" REF("link") ", " REF("bond") ", " REF("v"
                                                                                                "l"
                                                                                                "a"
                                                                                                "n") "]}") ", \"networks\": " LIST_OF("{\"oneOf\": [" REF("ipv4_network") ","
                                                                                                                                                                          " " REF(
                                                                                                                                                                              "ipv6_network") "]}") ", "
                                                                                                                                                                                                    "\"serv"
                                                                                                                                                                                                    "ices\""
                                                                                                                                                                                                    ":"
                                                                                                                                                                                                    " " LIST_OF("{\"anyOf\": [" REF("ipv4_service") ", " REF("ipv6_service") "]}") "}, \"definitions\": {"
                                                                                                                                                                                                                                                                                   "\"mac\": {\"type\": \"string\", \"pattern\": \"^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$\"}"
                                                                                                                                                                                                                                                                                   ", \"mtu\": {\"anyOf\": [{\"type\": \"number\", \"minimum\": 1, \"maximum\": 65535}, "
                                                                                                                                                                                                                                                                                   "{\"type\": \"null\"}]}"
                                                                                                                                                                                                                                                                                   ", \"link\": " OBJECT("\"ethernet_mac_address\", \"id\", \"type\"",
                                                                                                                                                                                                                                                                                                         LINK_COMMON
                                                                                                                                                                                                                                                                                                         ", \"ethernet_mac_address\": " REF("mac") ", \"type\": " ONE_OF("\"bridge\", \"dvs\", \"hw_veb\", \"hyperv\", \"ovs\", \"tap\", "
                                                                                                                                                                                                                                                                                                                                                                         "\"vhostuser\", \"vif\", \"phy\"")) ", \"bond\": " OBJECT("\"ethernet_mac_address\", \"id\", \"type\", \"bond_mode\", "
                                                                                                                                                                                                                                                                                                                                                                                                                                   "\"bond_links\"",
                                                                                                                                                                                                                                                                                                                                                                                                                                   LINK_COMMON
                                                                                                                                                                                                                                                                                                                                                                                                                                   ", \"ethernet_mac_address\": " REF(
                                                                                                                                                                                                                                                                                                                                                                                                                                       "mac") ", \"type\": " ONE_OF("\"bond\"") ", \"bond_mode\": " ONE_OF("\"802.1ad\", \"balance-rr\", \"active-backup\", "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                           "\"balance-xor\", \"broadcast\", \"balance-tlb\", "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                           "\"balance-alb\"") ", \"bond_links\": " LIST_OF(STRING)) ", \"vlan\": " OBJECT("\"vlan_mac_address\", \"id\", \"type\", \"vlan_link\", \"vlan_id\"",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                          LINK_COMMON ", \"vlan_mac_address\": " REF("mac") ", \"type\": " ONE_OF("\"vlan\"") ", \"vlan_id\": {\"type\": \"integer\"}, "
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                              "\"vlan_link\": " STRING) ", \"ipv4\": {\"type\": \"string\", \"format\": \"ipv4\"}"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                        ", \"ipv6\": {\"type\": \"string\", \"format\": \"ipv6\"}"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                        ", \"ipv4_host\": {\"type\": \"string\", \"format\": \"ipv4\"}"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                        ", \"ipv6_host\": {\"type\": \"string\", \"format\": \"ipv6-prefix\"}"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                        ", \"ipv4_network\": " NETWORK("ipv4",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                       "\"ipv4\", \"ipv4_dhcp\"") ", \"ipv6_network\": " NETWORK("ipv6",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                 "\"ipv6\", \"ipv6_dhcp\", \"ipv6_slaac\"") ", \"ipv4_route\": " ROUTE_OF("ipv4") ", \"ipv6_route\": " ROUTE_OF("ipv6") ", \"ipv4_service\": " SERVICE("ipv4") ", \"ipv6_service\": " SERVICE("ipv6") "}}";

/* Made at start, read only after it; lives as long as the process. */
static json_t *schema;

static bool read_file(struct ci_ctx *ctx, const char *path, char **ret_text)
{
    FILE *file = fopen(path, "re");
    size_t n;

    if (!file)
        return ci_fail_text(ctx, InvalidParameterValue,
                            "[api]network_data_schema: %s cannot be read: %m", path);
    *ret_text = ci_alloc(ctx->mem, FILE_BYTES);
    n = fread(*ret_text, 1, FILE_BYTES - 1, file);
    (void)fclose(file); /* Only read from. */
    (*ret_text)[n] = '\0';
    return true;
}

void ci_network_data_close(void)
{
    json_decref(schema);
    schema = NULL;
}

bool ci_network_data_open(struct ci_ctx *ctx)
{
    const char *path = ctx->config->api.network_data_schema;
    char *text = ci_strdup(ctx->mem, own_schema);
    struct stat found;

    /* The default names a file of the Python package, which need not be installed. */
    if (path && stat(path, &found) == 0 && !read_file(ctx, path, &text))
        return false;
    ci_network_data_close();
    if (!ci_json_read(ctx, text, strlen(text), &ci_json_trusted, &schema))
        return false;
    json_incref(schema);
    return true;
}

bool ci_network_data_check(struct ci_request *req, const json_t *value)
{
    const char *message;

    if (!value)
        return true;
    message = ci_schema_fault(req->ctx, schema, value);
    return !message || ci_fail_text(req->ctx, Invalid, "Invalid network_data: %s ", message);
}
