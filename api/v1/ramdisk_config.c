/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a ramdisk is to behave, from the configuration, in the order in which Ironic tells it.
 */
#include "api/v1/ramdisk.h"

#include <string.h>

#include "api/version.h"
#include "base/config.h"

static json_t *list_of(const char *const *words)
{
    json_t *list = json_array();

    for (; words && *words; words++)
        json_array_append_new(list, json_string(*words));
    return list;
}

static json_t *metrics(const struct ci_config *config)
{
    return json_pack("{s:s, s:b, s:b, s:b, s:s?}", "backend", config->metrics.agent_backend,
                     "prepend_host", config->metrics.agent_prepend_host, "prepend_uuid",
                     config->metrics.agent_prepend_uuid, "prepend_host_reverse",
                     config->metrics.agent_prepend_host_reverse, "global_prefix",
                     config->metrics.agent_global_prefix);
}

static json_t *containers(const struct ci_config *config)
{
    return json_pack("{s:b, s:o, s:s, s:s, s:o, s:o}", "allow_arbitrary_containers",
                     config->agent_containers.allow_arbitrary_containers, "allowed_containers",
                     list_of(config->agent_containers.allowed_containers), "container_steps_file",
                     config->agent_containers.container_steps_file, "runner",
                     config->agent_containers.runner, "pull_options",
                     list_of(config->agent_containers.pull_options), "run_options",
                     list_of(config->agent_containers.run_options));
}

/* Interfaces that know the address of the BMC, so that the ramdisk need not look for it. */
static bool knows_bmc(const struct ci_node *node)
{
    static const char *const interfaces[] = {"redfish", "idrac-redfish", NULL};

    return node->management_interface && ci_one_of(node->management_interface, interfaces);
}

json_t *ci_ramdisk_config(struct ci_request *req, const struct ci_node *node, json_t *token)
{
    const struct ci_config *config = req->ctx->config;
    bool newer = ci_version_is_after_21_4(req->ctx);
    json_t *body =
        json_pack("{s:o, s:{s:s, s:i}, s:i}", "metrics", metrics(config), "metrics_statsd",
                  "statsd_host", config->metrics_statsd.agent_statsd_host, "statsd_port",
                  (int)config->metrics_statsd.agent_statsd_port, "heartbeat_timeout",
                  (int)config->api.ramdisk_heartbeat_timeout);

    if (newer)
        json_object_set_new(body, "agent_containers", containers(config));
    json_object_set_new(body, "agent_token", token ? json_incref(token) : json_null());
    json_object_set_new(body, "agent_token_required", json_true());
    if (newer)
        json_object_set_new(body, "agent_md5_checksum_enable",
                            json_boolean(config->agent.allow_md5_checksum));
    json_object_set_new(body, "disable_deep_image_inspection",
                        json_boolean(config->conductor.disable_deep_image_inspection));
    json_object_set_new(body, "permitted_image_formats",
                        list_of(config->conductor.permitted_image_formats));
    if (newer)
        json_object_set_new(body, "agent_skip_bmc_detect", json_boolean(knows_bmc(node)));
    json_object_set_new(body, "enable_bios_bootloader_install",
                        json_boolean(config->agent.enable_bios_bootloader_install));
    if (newer)
        json_object_update_new(body, json_pack("{s:s?, s:s?}", "tls_min_version",
                                               config->agent.tls_minimum_version,
                                               "tls_cipher_suites", config->agent.tls_ciphers));
    return body;
}
