/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images: what instance_info must say of one.
 */
#include "drivers/image.h"

#include <string.h>

#include "base/base64.h"
#include "base/config.h"
#include "base/ident.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "drivers/capabilities.h"
#include "drivers/configdrive.h"
#include "drivers/image_layout.h"
#include "drivers/image_proxy.h"
#include "drivers/image_url.h"
#include "objects/info.h"

/* A text of a dictionary; NULL where it is absent, empty or something else. */
static const char *text_of(const json_t *info, const char *key)
{
    const json_t *value = json_object_get(info, key);

    return ci_json_kind(value) == CI_JSON_STRING && json_string_length(value) > 0
               ? json_string_value(value)
               : NULL;
}

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_glance(const char *source)
{
    return begins(source, "glance://") || ci_uuid_is_like(source);
}

static bool check_source(struct ci_task *task, const json_t *info, const char **ret_source)
{
    const json_t *source = json_object_get(info, "image_source");
    const char *type;

    if (!ci_json_truth(source))
        return ci_fail_text(task->ctx, MissingParameterValue,
                            "Node %s failed to validate deploy image info. Some parameters were "
                            "missing. Missing are: ['instance_info.image_source']",
                            task->node->uuid);
    *ret_source = text_of(info, "image_source");
    if (!*ret_source)
        return ci_fail_text(task->ctx, InvalidParameterValue,
                            "image_source of node %s is not a text", task->node->uuid);
    type = text_of(info, "image_type");
    if (!ci_json_truth(json_object_get(info, "image_type")) ||
        (type && (strcmp(type, "partition") == 0 || strcmp(type, "whole-disk") == 0)))
        return true;
    return ci_fail_text(task->ctx, InvalidParameterValue,
                        "Invalid image_type \"%s\", valid are whole-disk, partition",
                        type ? type
                             : ci_json_repr(task->ctx->mem, json_object_get(info, "image_type")));
}

/* An image without a checksum is not written; Glance has one, and of files it is computed. */
static bool check_checksum(struct ci_task *task, const json_t *info, const char *source)
{
    bool checksum = ci_json_truth(json_object_get(info, "image_checksum"));
    bool algorithm = ci_json_truth(json_object_get(info, "image_os_hash_algo"));
    bool value = ci_json_truth(json_object_get(info, "image_os_hash_value"));

    if (is_glance(source) || begins(source, "file://") || begins(source, "oci://") ||
        (value == algorithm && (value || checksum)))
        return true;
    return ci_fail_text(task->ctx, MissingParameterValue,
                        "image_source's \"image_checksum\", or \"image_os_hash_algo\" and "
                        "\"image_os_hash_value\" must be provided in instance_info for node %s",
                        task->node->uuid);
}

static bool download_source(struct ci_task *task, const json_t *info, const char **ret_source)
{
    json_t *driver_info;
    const json_t *chosen = json_object_get(info, "image_download_source");

    if (!ci_info_read(task->ctx, task->node->driver_info, &driver_info))
        return false;
    if (!ci_json_truth(chosen))
        chosen = json_object_get(driver_info, "image_download_source");
    *ret_source = !ci_json_truth(chosen) ? task->ctx->config->agent.image_download_source
                  : ci_json_kind(chosen) == CI_JSON_STRING ? json_string_value(chosen)
                                                           : ci_json_repr(task->ctx->mem, chosen);
    return true;
}

static bool check_download(struct ci_task *task, const char *from)
{
    static const char *const known[] = {"swift", "http", "local", NULL};

    return ci_one_of(from, known) ||
           ci_fail_text(task->ctx, InvalidParameterValue,
                        "Invalid value for image_download_source: \"%s\". Valid values are swift, "
                        "http or local.",
                        from);
}

static bool unsupported(struct ci_task *task, const char *what)
{
    return ci_fail_text(task->ctx, InvalidParameterValue,
                        "The image of node %s cannot be deployed: %s not supported, only those "
                        "that the agent fetches from an HTTP(S) URL",
                        task->node->uuid, what);
}

/* What Ironic can do, and this does not. */
static bool check_supported(struct ci_task *task, const char *source, const char *from)
{
    if (is_glance(source))
        return unsupported(task, "images of the image service are");
    if (begins(source, "oci://"))
        return unsupported(task, "images of a container registry are");
    if (begins(source, "file://"))
        return unsupported(task, "images of the conductor's file system are");
    if (strcmp(from, "local") == 0)
        return unsupported(task, "images that the conductor serves (image_download_source local) "
                                 "are");
    if (task->ctx->config->conductor.conductor_always_validates_images &&
        !task->ctx->config->conductor.disable_deep_image_inspection)
        return unsupported(task, "images that the conductor looks into "
                                 "([conductor]conductor_always_validates_images) are");
    return true;
}

bool ci_image_check(struct ci_task *task)
{
    const char *source, *from;
    json_t *info, *capabilities;

    if (!ci_info_read(task->ctx, task->node->instance_info, &info) ||
        !check_source(task, info, &source) || !check_checksum(task, info, source) ||
        !download_source(task, info, &from) || !check_download(task, from) ||
        !ci_image_proxies_check(task) || !ci_instance_capabilities(task, &capabilities))
        return false;
    if (json_object_get(capabilities, "boot_option"))
        ci_warning(task->ctx, "The capability boot_option is not used", "node=%s",
                   task->node->uuid);
    return check_supported(task, source, from);
}

static bool is_whole_disk(struct ci_task *task, bool *ret_whole)
{
    json_t *info;

    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info))
        return false;
    *ret_whole = ci_json_truth(json_object_get(info, "is_whole_disk_image"));
    return true;
}

bool ci_image_prepare(struct ci_task *task)
{
    static const char *const derived[] = {"image_source", NULL};
    const char *source, *target;
    json_t *info;
    bool whole;

    if (!ci_internal_info_drop(task->ctx, task->node, derived) || !ci_image_check(task) ||
        !is_whole_disk(task, &whole) || !ci_info_read(task->ctx, task->node->instance_info, &info))
        return false;
    source = json_string_value(json_object_get(info, "image_source"));
    if (!ci_image_url_check(task, source, &target))
        return false;
    if (strcmp(source, target) != 0)
        json_object_set_new(info, "image_source", json_string(target));
    json_object_set_new(info, "image_url", json_string(target));
    json_object_set_new(info, "image_type", json_string(whole ? "whole-disk" : "partition"));
    if (!ci_image_layout(task, whole, info))
        return false;
    ci_node_set_instance_info(task->node, ci_json_text(task->ctx->mem, info));
    return ci_node_save(task->ctx, task->node);
}

/* Sets a key to what another dictionary has under one; null where that has nothing. */
static void copy(json_t *to, const char *key, const json_t *from, const char *as)
{
    json_t *value = json_object_get(from, as);

    if (value)
        json_object_set(to, key, value);
    else
        json_object_set_new(to, key, json_null());
}

static void add_checksums(const json_t *info, json_t *image)
{
    if (ci_json_truth(json_object_get(info, "image_checksum")))
        copy(image, "checksum", info, "image_checksum");
    if (ci_json_truth(json_object_get(info, "image_os_hash_algo")) &&
        ci_json_truth(json_object_get(info, "image_os_hash_value"))) {
        copy(image, "os_hash_algo", info, "image_os_hash_algo");
        copy(image, "os_hash_value", info, "image_os_hash_value");
    }
}

/* How the agent says who it is to whoever has the image. */
static void add_credentials(struct ci_task *task, const json_t *info, json_t *image)
{
    const struct ci_config *config = task->ctx->config;
    const char *secret = text_of(info, "image_request_authorization_secret");
    struct ci_text *text;

    if (!ci_same(config->deploy.image_server_auth_strategy, "noauth")) {
        json_object_set_new(image, "image_server_auth_strategy",
                            json_string(config->deploy.image_server_auth_strategy));
        json_object_set_new(image, "image_server_user",
                            json_string(config->deploy.image_server_user));
        json_object_set_new(image, "image_server_password",
                            json_string(config->deploy.image_server_password));
    }
    if (secret) {
        text = ci_text_new(task->ctx->mem, 2 * strlen(secret) + 8);
        ci_base64_encode(text, secret, strlen(secret));
        json_object_set_new(image, "image_request_authorization", json_string(text->bytes));
    }
}

static bool add_proxies(struct ci_task *task, json_t *image)
{
    json_t *info, *proxies = ci_json(task->ctx, json_object());

    if (!ci_info_read(task->ctx, task->node->driver_info, &info))
        return false;
    if (ci_json_truth(json_object_get(info, "image_http_proxy")))
        copy(proxies, "http", info, "image_http_proxy");
    if (ci_json_truth(json_object_get(info, "image_https_proxy")))
        copy(proxies, "https", info, "image_https_proxy");
    if (json_object_size(proxies) == 0)
        return true;
    json_object_set(image, "proxies", proxies);
    if (ci_json_kind(json_object_get(info, "image_no_proxy")) != CI_JSON_NULL)
        copy(image, "no_proxy", info, "image_no_proxy");
    return true;
}

/* What the agent needs to partition the disk by itself. */
static bool add_partitions(struct ci_task *task, const json_t *info, json_t *image)
{
    static const char *const labels[] = {
        "kernel",           "ramdisk",          "root_gb",
        "root_mb",          "swap_mb",          "ephemeral_mb",
        "ephemeral_format", "configdrive",      "preserve_ephemeral",
        "image_type",       "deploy_boot_mode", NULL};
    const char *mode, *label;

    for (const char *const *key = labels; *key; key++)
        copy(image, *key, info, *key);
    if (!ci_boot_mode(task, &mode) || !ci_disk_label(task, &label))
        return false;
    json_object_set_new(image, "deploy_boot_mode", json_string(mode));
    json_object_set_new(image, "boot_option", json_string("local"));
    if (label)
        json_object_set_new(image, "disk_label", json_string(label));
    return true;
}

bool ci_image_describe(struct ci_task *task, json_t **ret_image)
{
    json_t *info, *drive, *image;
    const char *source, *url, *name;
    bool whole;

    if (!ci_info_read(task->ctx, task->node->instance_info, &info) ||
        !check_source(task, info, &source) || !is_whole_disk(task, &whole))
        return false;
    url = text_of(info, "image_url");
    if (!url)
        return ci_fail_text(task->ctx, InstanceDeployFailure,
                            "The image of node %s has no image_url in instance_info",
                            task->node->uuid);
    name = strrchr(source, '/');
    image =
        ci_json(task->ctx, json_pack("{s:s, s:[s]}", "id", name ? name + 1 : source, "urls", url));
    copy(image, "disk_format", info, "image_disk_format");
    copy(image, "container_format", info, "image_container_format");
    json_object_set_new(image, "stream_raw_images",
                        json_boolean(task->ctx->config->agent.stream_raw_images));
    add_credentials(task, info, image);
    add_checksums(info, image);
    json_object_set_new(image, "node_uuid", json_string(task->node->uuid));
    if (!add_proxies(task, image) || (!whole && !add_partitions(task, info, image)) ||
        !ci_configdrive_image(task, &drive))
        return false;
    if (drive)
        json_object_set(image, "configdrive", drive);
    *ret_image = image;
    return true;
}
