/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notifications of what the API changes.
 */
#include "api/notify.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "objects/chassis.h"
#include "objects/wire.h"

#define SERVICE "ironic-api"
#define MAINTENANCE "maintenance_set"

/* "DeployTemplate" is a deploytemplate. */
static const char *object_name(struct ci_arena *mem, const char *type)
{
    char *name = ci_strdup(mem, type);

    for (char *c = name; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    return name;
}

void ci_notify_crud(struct ci_ctx *ctx, const void *record, const char *action,
                    enum ci_notify_status status, const struct ci_told *told)
{
    const struct ci_type *type = ((const struct ci_object *)record)->type;
    enum ci_payload payload = CI_PAYLOAD_NodePayload;

    if (!ci_notify_wants(ctx, status))
        return;
    if (strcmp(action, MAINTENANCE) != 0 && !ci_payload_of(type, &payload)) {
        assert(!"a record of this type has no payload");
        return;
    }
    ci_notify_send(ctx, &(const struct ci_notification){.service = SERVICE,
                                                        .payload = payload,
                                                        .object = object_name(ctx->mem, type->name),
                                                        .action = action,
                                                        .status = status,
                                                        .record = record,
                                                        .told = told});
}

bool ci_notify_start(struct ci_ctx *ctx, const void *record, const char *action,
                     const struct ci_told *told)
{
    ci_notify_crud(ctx, record, action, CI_NOTIFY_START, told);
    return true;
}

bool ci_notify_done(struct ci_ctx *ctx, const void *record, const char *action,
                    const struct ci_told *told, bool done)
{
    ci_notify_crud(ctx, record, action, done ? CI_NOTIFY_END : CI_NOTIFY_ERROR, told);
    return done;
}

const void *ci_notify_answer(struct ci_ctx *ctx, const json_t *answer, const void *record)
{
    struct ci_error *error = ctx->error;
    void *answered;

    if (!ci_notify_wants(ctx, CI_NOTIFY_END) || !answer || !ci_wire_is_object(answer))
        return record;
    ctx->error = NULL;
    if (ci_wire_read(ctx, answer, CI_WIRE_CLIENT, &answered))
        record = answered;
    ctx->error = error;
    return record;
}

const struct ci_told *ci_told_of_node(struct ci_ctx *ctx, struct ci_node *node)
{
    struct ci_chassis *chassis = NULL;
    struct ci_error *error = ctx->error;
    struct ci_told *told;

    if (!ci_notify_wants(ctx, CI_NOTIFY_ERROR))
        return NULL;
    ctx->error = NULL;
    told = ci_alloc_array(ctx->mem, 2, sizeof *told);
    if ((!ci_fieldset_has(&node->object.set, ci_node_traits_n) && node->id != CI_NULL_INT &&
         !ci_node_load_traits(ctx, node)) ||
        (node->chassis_id != CI_NULL_INT && !ci_chassis_load_id(ctx, node->chassis_id, &chassis)))
        ci_warning(ctx, "A notification misses something of a node", "node=%s error=%s", node->uuid,
                   ci_error_take(ctx));
    ctx->error = error;
    told[0] = (struct ci_told){"chassis_uuid", chassis ? chassis->uuid : NULL};
    return told;
}
