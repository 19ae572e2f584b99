/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs of images, looked at before an agent is sent there.
 */
#include "drivers/image_url.h"

#include <string.h>
#include <strings.h>

#include "base/config.h"
#include "base/httpc.h"
#include "base/log.h"
#include "base/text.h"

enum { HOPS_MAX = 30, URL_BYTES = 8192 };

static bool fail(struct ci_task *task, const char *url, const char *reason)
{
    return ci_fail(task->ctx, ImageRefValidationFailed, url, reason);
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* How long scheme and server of a URL are; 0 for a text that is none. */
static size_t origin_length(const char *url)
{
    const char *server = strstr(url, "://");

    if (!server)
        return 0;
    return (size_t)(server + 3 - url) + strcspn(server + 3, "/?#");
}

static bool has_same_origin(const char *a, const char *b)
{
    size_t n = origin_length(a);

    return n == origin_length(b) && strncasecmp(a, b, n) == 0;
}

/* Where a Location leads that is found at the URL (RFC 3986, 5.2, without its dot segments). */
static const char *resolve(struct ci_task *task, const char *url, const char *location)
{
    size_t origin = origin_length(url), path = strcspn(url, "?#");

    if (strncasecmp(location, "http://", 7) == 0 || strncasecmp(location, "https://", 8) == 0)
        return location;
    if (strncmp(location, "//", 2) == 0)
        return ci_printf(task->ctx->mem, "%.*s%s", (int)(strchr(url, ':') + 1 - url), url,
                         location);
    if (*location == '/')
        path = origin;
    while (path > origin && url[path - 1] != '/')
        path--;
    return ci_printf(task->ctx->mem, "%.*s%s%s", (int)path, url,
                     path == origin && *location != '/' ? "/" : "", location);
}

static bool check_credentials(struct ci_task *task, const char *url)
{
    const struct ci_config *config = task->ctx->config;
    const char *user = config->deploy.image_server_user;
    const char *password = config->deploy.image_server_password;
    bool has_user = user && *user, has_password = password && *password;

    if (!ci_same(config->deploy.image_server_auth_strategy, "http_basic") ||
        (has_user && has_password))
        return true;
    return fail(task, url,
                ci_printf(task->ctx->mem, "Missing [%s%s%s] fields from HTTP(S) basic auth config",
                          has_user ? "" : "'image_server_user'",
                          has_user || has_password ? "" : ", ",
                          has_password ? "" : "'image_server_password'"));
}

static struct ci_httpc *connect_server(struct ci_task *task, bool trusted)
{
    const struct ci_config *config = task->ctx->config;
    const char *verify = config->DEFAULT.webserver_verify_ca;
    int timeout_ms = (int)config->DEFAULT.webserver_connection_timeout * 1000;
    struct ci_httpc_options options = {
        .tls_minimum = config->DEFAULT.webserver_tls_minimum_version,
        .tls_ciphers = config->DEFAULT.webserver_tls_ciphers,
        .timeout_ms = timeout_ms,
        .connect_timeout_ms = timeout_ms,
    };
    bool verified = true;

    if (verify && !ci_parse_truth(verify, &verified))
        options.ca_file = verify;
    options.insecure = !verified;
    if (trusted && ci_same(config->deploy.image_server_auth_strategy, "http_basic")) {
        options.user = config->deploy.image_server_user;
        options.password = config->deploy.image_server_password;
    }
    return ci_httpc_new(&options);
}

static bool ask(struct ci_task *task, const char *first, const char *url,
                struct ci_httpc_response *ret_response)
{
    struct ci_httpc *client = connect_server(task, has_same_origin(first, url));
    bool answered = ci_httpc_send(
        task->ctx, client, &(struct ci_httpc_request){.method = "HEAD", .url = url}, ret_response);

    ci_httpc_free(client);
    return answered || fail(task, first, ci_error_take(task->ctx));
}

bool ci_image_url_check(struct ci_task *task, const char *url, const char **ret_target)
{
    struct ci_httpc_response response;
    const char *at = url, *location;

    if (!check_credentials(task, url))
        return false;
    for (int hops = 0; hops < HOPS_MAX; hops++) {
        if (!ask(task, url, at, &response))
            return false;
        location = ci_httpc_header(&response, "location");
        if (!is_redirect(response.status) || !location) {
            *ret_target = at;
            return response.status == 200 ||
                   fail(task, url,
                        ci_printf(task->ctx->mem,
                                  "Got HTTP code %d instead of 200 in response to HEAD request.",
                                  response.status));
        }
        if (strlen(location) > URL_BYTES)
            return fail(task, url, "It redirects to a URL that is too long.");
        at = resolve(task, at, location);
        ci_debug(task->ctx, "An image is elsewhere", "node=%s hop=%d", task->node->uuid, hops + 1);
    }
    return fail(task, url, "Exceeded 30 redirects.");
}
