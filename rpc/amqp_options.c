/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a transport URL and [oslo_messaging_rabbit] say about a broker, and what the queues of
 * oslo.messaging are with these options: services in one cluster must declare the same, or the
 * broker refuses whoever comes second.
 */
#include <string.h>
#include <strings.h>

#include "base/ident.h"
#include "base/log.h"
#include "base/options.h"
#include "base/text.h"
#include "base/url.h"
#include "rpc/amqp.h"

enum {
    DEFAULT_PORT = 5672,
    DEFAULT_PREFETCH = 256,
    QUEUE_LIMIT = 1024,
    MAX_BYTES = 128 << 20, /* RabbitMQ's own limit */
};
#define SECTION_NAME "oslo_messaging_rabbit"

/* A TLS version's name, as a range; 0 for no bound. */
static const struct {
    const char *name;
    int lowest, highest;
} ssl_versions[] = {
    {"", 12, 0}, {"SSLv23", 10, 0}, {"TLSv1", 10, 10}, {"TLSv1_1", 11, 11}, {"TLSv1_2", 12, 12},
};

/* The configuration with what the URL's query says of the section. */
static bool override(struct ci_ctx *ctx, const struct ci_url *url, struct ci_config *config)
{
    for (size_t i = 0; i < url->n_parameters; i++) {
        const struct ci_url_parameter *parameter = &url->parameters[i];
        const struct ci_option *option = ci_option_find(SECTION_NAME, parameter->key);

        if (!option)
            return ci_fail_text(ctx, ConfigInvalid,
                                "The transport URL names '%s', which is no option of "
                                "[" SECTION_NAME "].",
                                parameter->key);
        if (!ci_option_set(option, config, ctx->mem, parameter->value))
            return ci_fail_text(ctx, ConfigInvalid, "The transport URL's %s must be %s.",
                                parameter->key, ci_option_allowed(option, ctx->mem));
    }
    return true;
}

static bool read_hosts(struct ci_ctx *ctx, const struct ci_url *url,
                       struct ci_amqp_options *options)
{
    struct ci_amqp_host *hosts = ci_alloc_array(ctx->mem, url->n_hosts, sizeof *hosts);
    const char *path = url->path;

    for (size_t i = 0; i < url->n_hosts; i++) {
        const struct ci_url_host *host = &url->hosts[i];

        if (!*host->name && url->n_hosts > 1)
            continue;
        hosts[options->n_hosts++] = (struct ci_amqp_host){
            .name = *host->name ? ci_strdup(ctx->mem, host->name) : "localhost",
            .user = host->user && *host->user ? ci_strdup(ctx->mem, host->user) : "guest",
            .password =
                host->password && *host->password ? ci_strdup(ctx->mem, host->password) : "guest",
            .port = host->port ? host->port : DEFAULT_PORT,
        };
    }
    options->hosts = hosts;
    path += *path == '/' ? 1 : 0;
    options->virtual_host = *path ? ci_strdup(ctx->mem, path) : "/";
    return options->n_hosts > 0 ||
           ci_fail_text(ctx, ConfigInvalid, "The transport URL has no host.");
}

static const char *file(struct ci_ctx *ctx, const char *path)
{
    return path && *path ? ci_strdup(ctx->mem, path) : NULL;
}

static bool read_ssl(struct ci_ctx *ctx, const struct ci_config *config,
                     struct ci_amqp_options *options)
{
    const char *version =
        config->oslo_messaging_rabbit.ssl_version ? config->oslo_messaging_rabbit.ssl_version : "";
    size_t i = 0;

    options->ssl = config->oslo_messaging_rabbit.ssl;
    if (!options->ssl)
        return true;
    if (config->oslo_messaging_rabbit.ssl_enforce_fips_mode)
        return ci_fail_text(ctx, ConfigInvalid,
                            "[" SECTION_NAME "]ssl_enforce_fips_mode is not supported.");
    while (i < sizeof ssl_versions / sizeof ssl_versions[0] &&
           strcasecmp(ssl_versions[i].name, version) != 0)
        i++;
    if (i == sizeof ssl_versions / sizeof ssl_versions[0])
        return ci_fail_text(ctx, ConfigInvalid,
                            "[" SECTION_NAME "]ssl_version is '%s'; it must be TLSv1, TLSv1_1, "
                            "TLSv1_2 or SSLv23.",
                            version);
    options->ssl_lowest = ssl_versions[i].lowest;
    options->ssl_highest = ssl_versions[i].highest;
    options->ssl_ca_file = file(ctx, config->oslo_messaging_rabbit.ssl_ca_file);
    options->ssl_cert_file = file(ctx, config->oslo_messaging_rabbit.ssl_cert_file);
    options->ssl_key_file = file(ctx, config->oslo_messaging_rabbit.ssl_key_file);
    options->ssl_check_host = config->oslo_messaging_rabbit.ssl_enforce_hostname_verification;
    return true;
}

static bool read_login(struct ci_ctx *ctx, const struct ci_config *config,
                       struct ci_amqp_options *options)
{
    const char *method = config->oslo_messaging_rabbit.rabbit_login_method;

    /* The broker offers PLAIN wherever it offers AMQPLAIN: both carry user and password. */
    if (ci_same(method, "RABBIT-CR-DEMO"))
        return ci_fail_text(ctx, ConfigInvalid,
                            "[" SECTION_NAME "]rabbit_login_method RABBIT-CR-DEMO is not "
                            "supported.");
    options->external_login = ci_same(method, "EXTERNAL");
    return true;
}

/* What is not done is refused: peers may rely on what the option promises. */
static bool refuse_layouts(struct ci_ctx *ctx, const struct ci_config *config)
{
    const struct {
        const char *name;
        bool asked;
    } layouts[] = {
        {"rabbit_stream_fanout", config->oslo_messaging_rabbit.rabbit_stream_fanout},
        {"use_queue_manager", config->oslo_messaging_rabbit.use_queue_manager},
    };

    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        if (layouts[i].asked)
            return ci_fail_text(ctx, ConfigInvalid, "[" SECTION_NAME "]%s is not supported.",
                                layouts[i].name);
    }
    return true;
}

static bool read_queues(struct ci_ctx *ctx, const struct ci_config *config,
                        struct ci_amqp_options *options)
{
    const char *quorum = config->oslo_messaging_rabbit.rabbit_quorum_queue
                             ? "rabbit_quorum_queue"
                             : "rabbit_transient_quorum_queue";

    options->quorum = config->oslo_messaging_rabbit.rabbit_quorum_queue;
    options->durable = config->oslo_messaging_rabbit.amqp_durable_queues || options->quorum;
    options->auto_delete = config->oslo_messaging_rabbit.amqp_auto_delete;
    options->mirrored = config->oslo_messaging_rabbit.rabbit_ha_queues;
    options->cancel_on_failover = config->oslo_messaging_rabbit.enable_cancel_on_failover;
    options->direct_mandatory = config->oslo_messaging_rabbit.direct_mandatory_flag;
    options->transient_quorum = config->oslo_messaging_rabbit.rabbit_transient_quorum_queue;
    options->transient_ttl_s = config->oslo_messaging_rabbit.rabbit_transient_queues_ttl;
    options->quorum_delivery_limit = config->oslo_messaging_rabbit.rabbit_quorum_delivery_limit;
    options->quorum_memory_length = config->oslo_messaging_rabbit.rabbit_quroum_max_memory_length;
    options->quorum_memory_bytes = config->oslo_messaging_rabbit.rabbit_quroum_max_memory_bytes;
    return !((options->quorum || options->transient_quorum) && options->mirrored) ||
           ci_fail_text(ctx, ConfigInvalid,
                        "[" SECTION_NAME "]%s and rabbit_ha_queues are both "
                        "true: queues are of one kind or the other.",
                        quorum);
}

static int seconds(int64_t value)
{
    return value > 1000000 ? 1000000 : value < 0 ? 0 : (int)value;
}

static void read_times(const struct ci_config *config, struct ci_amqp_options *options)
{
    const int64_t prefetch = config->oslo_messaging_rabbit.rabbit_qos_prefetch_count;
    const char *strategy = config->oslo_messaging_rabbit.kombu_failover_strategy;

    options->shuffle = ci_same(strategy, "shuffle");
    options->heartbeat_s = seconds(config->oslo_messaging_rabbit.heartbeat_timeout_threshold);
    options->heartbeat_rate = seconds(config->oslo_messaging_rabbit.heartbeat_rate);
    options->retry_interval_s = seconds(config->oslo_messaging_rabbit.rabbit_retry_interval);
    options->retry_backoff_s = seconds(config->oslo_messaging_rabbit.rabbit_retry_backoff);
    options->retry_max_s = seconds(config->oslo_messaging_rabbit.rabbit_interval_max);
    options->reconnect_delay_s = config->oslo_messaging_rabbit.kombu_reconnect_delay;
    options->missing_consumer_s =
        seconds(config->oslo_messaging_rabbit.kombu_missing_consumer_retry_timeout);
    options->prefetch = prefetch > 0 ? (int)prefetch : DEFAULT_PREFETCH;
    options->queue_limit = QUEUE_LIMIT;
    options->max_bytes = MAX_BYTES;
}

bool ci_amqp_options_read(struct ci_ctx *ctx, const struct ci_config *config, const char *text,
                          const char *program, struct ci_amqp_options *ret_options)
{
    struct ci_config merged = *config;
    struct ci_amqp_options options = {.program = ci_strdup(ctx->mem, program)};
    struct ci_url url;

    if (!ci_url_parse(ctx, text, &url))
        return ci_fail_text(ctx, ConfigInvalid, "The transport URL is not valid: %s",
                            ci_error_take(ctx));
    if (strcmp(url.scheme, "rabbit") != 0 && strcmp(url.scheme, "kombu") != 0)
        return ci_fail_text(ctx, ConfigInvalid,
                            "The transport URL begins with %s://; only rabbit:// is supported.",
                            url.scheme);
    if (!override(ctx, &url, &merged) || !read_hosts(ctx, &url, &options) ||
        !read_ssl(ctx, &merged, &options) || !read_login(ctx, &merged, &options) ||
        !refuse_layouts(ctx, &merged) || !read_queues(ctx, &merged, &options))
        return false;
    read_times(&merged, &options);
    if (options.ssl && !options.ssl_ca_file)
        ci_warning(ctx, "The broker's certificate is not checked",
                   "[" SECTION_NAME "]ssl_ca_file is not set");
    if (merged.oslo_messaging_rabbit.kombu_compression)
        ci_warning(ctx, "Messages are sent without compression",
                   "[" SECTION_NAME "]kombu_compression=%s",
                   merged.oslo_messaging_rabbit.kombu_compression);
    *ret_options = options;
    return true;
}

struct ci_amqp_queue ci_amqp_topic_queue(const struct ci_amqp_options *options,
                                         const char *exchange, const char *topic)
{
    return (struct ci_amqp_queue){
        .name = topic,
        .exchange = exchange,
        .exchange_type = "topic",
        .routing_key = topic,
        .durable = options->durable,
        .exchange_auto_delete = options->auto_delete,
        .queue_auto_delete = options->auto_delete,
        .quorum = options->quorum,
    };
}

struct ci_amqp_queue ci_amqp_fanout_queue(struct ci_arena *mem,
                                          const struct ci_amqp_options *options, const char *topic)
{
    char unique[33];
    size_t n = 0;

    for (const char *c = ci_uuid_new(mem); *c; c++) {
        if (*c != '-')
            unique[n++] = *c;
    }
    unique[n] = '\0';
    return (struct ci_amqp_queue){
        .name = ci_printf(mem, "%s_fanout_%s", topic, unique),
        .exchange = ci_printf(mem, "%s_fanout", topic),
        .exchange_type = "fanout",
        .routing_key = topic,
        .durable = options->transient_quorum,
        .exchange_auto_delete = true,
        .quorum = options->transient_quorum,
        .delete_at_end = true,
        .expires_s = options->transient_ttl_s,
    };
}

struct ci_amqp_queue ci_amqp_reply_queue(const struct ci_amqp_options *options, const char *name)
{
    return (struct ci_amqp_queue){
        .name = name,
        .exchange = "",
        .exchange_type = "direct",
        .routing_key = name,
        .durable = options->transient_quorum,
        .quorum = options->transient_quorum,
        .expires_s = options->transient_ttl_s,
    };
}
