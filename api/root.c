/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The discovery documents: / and /v1.
 */
#include <string.h>

#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/version.h"

/* Room for what /v1 answers, so that it need not grow. */
#define DOCUMENT_BYTES 4000

static const char *const description =
    "Ironic is an OpenStack project which enables the provision and management of baremetal "
    "machines.";

static void add_version(struct ci_request *req)
{
    ci_text_add(req->reply, "{\"id\": \"v1\", \"links\": [{\"href\": \"");
    ci_text_add(req->reply, ci_base_url(req));
    ci_text_add(req->reply, "/v1/\", \"rel\": \"self\"}], "
                            "\"status\": \"CURRENT\", \"min_version\": \"");
    ci_text_add(req->reply, ci_version_text(CI_API_MIN));
    ci_text_add(req->reply, "\", \"version\": \"");
    ci_text_add(req->reply, ci_version_text(ci_version_max(req->ctx)));
    ci_text_add(req->reply, "\"}");
}

bool ci_root_show(struct ci_request *req)
{
    ci_text_printf(req->reply,
                   "{\"name\": \"OpenStack Ironic API\", \"description\": \"%s\", "
                   "\"default_version\": ",
                   description);
    add_version(req);
    ci_text_add(req->reply, ", \"versions\": [");
    add_version(req);
    ci_text_add(req->reply, "]}");
    return true;
}

/* What /v1 links to, in Ironic's order, and since when. */
const struct ci_since ci_root_resources[] = {
    {"chassis", 1},
    {"nodes", 1},
    {"ports", 1},
    {"drivers", 1},
    {"version", 1},
    {"portgroups", CI_API_PORTGROUPS},
    {"volume", CI_API_VOLUME},
    {"lookup", CI_API_LOOKUP_HEARTBEAT},
    {"heartbeat", CI_API_LOOKUP_HEARTBEAT},
    {"conductors", CI_API_CONDUCTORS},
    {"allocations", CI_API_ALLOCATION},
    {"events", CI_API_EVENTS},
    {"deploy_templates", CI_API_DEPLOY_TEMPLATES},
    {"shards", CI_API_NODE_SHARD},
    {"runbooks", CI_API_RUNBOOKS},
    {"inspection_rules", CI_API_INSPECTION_RULES},
    {"continue_inspection", CI_API_CONTINUE_INSPECTION},
    {0},
};

static void add_resource(struct ci_request *req, const char *name)
{
    const char *base = ci_base_url(req);

    ci_text_add(req->reply, ", \"");
    ci_text_add(req->reply, name);
    ci_text_add(req->reply, "\": [{\"href\": \"");
    ci_text_add(req->reply, base);
    ci_text_add(req->reply, "/v1/");
    ci_text_add(req->reply, name);
    ci_text_add(req->reply, "/\", \"rel\": \"self\"}, {\"href\": \"");
    ci_text_add(req->reply, base);
    ci_text_add(req->reply, "/");
    ci_text_add(req->reply, name);
    ci_text_add(req->reply, "/\", \"rel\": \"bookmark\"}]");
}

bool ci_v1_head(struct ci_request *req)
{
    return ci_version_is_after_21_4(req->ctx) ? ci_v1_show(req)
                                              : ci_fail(req->ctx, HTTPMethodNotAllowed);
}

bool ci_v1_show(struct ci_request *req)
{
    (void)ci_text_reserve(req->reply, DOCUMENT_BYTES);
    ci_text_add(req->reply, "{\"id\": \"v1\", \"links\": [{\"href\": \"");
    ci_text_add(req->reply, ci_base_url(req));
    ci_text_add(
        req->reply,
        "/v1/\", \"rel\": \"self\"}, "
        "{\"href\": \"https://docs.openstack.org//ironic/latest/contributor//webapi.html\", "
        "\"rel\": \"describedby\", \"type\": \"text/html\"}], "
        "\"media_types\": {\"base\": \"application/json\", "
        "\"type\": \"application/vnd.openstack.ironic.v1+json\"}");
    for (size_t i = 0; ci_root_resources[i].name; i++) {
        if (req->version < ci_root_resources[i].since)
            continue;
        if (strcmp(ci_root_resources[i].name, "version") == 0) {
            ci_text_add(req->reply, ", \"version\": ");
            add_version(req);
        } else {
            add_resource(req, ci_root_resources[i].name);
        }
    }
    ci_text_add(req->reply, "}");
    return true;
}
