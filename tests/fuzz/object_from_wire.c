/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects from messages: whatever a peer sends is taken or refused, and what is taken can be
 * sent again, at its own version and at the oldest, and is then taken unchanged.
 */
#include <stdint.h>
#include <stdlib.h>

#include "objects/releases.h"
#include "objects/wire.h"

/* Sends the object at a version and reads it back. */
static void again(struct ci_ctx *ctx, const struct ci_object *object, int minor)
{
    struct ci_object *back;
    json_t *value;

    if (!ci_wire_write_at(ctx, object, minor, &value) ||
        !ci_wire_read(ctx, value, CI_WIRE_CLIENT, &back))
        abort();
    for (size_t i = 0; i < object->type->count; i++) {
        const struct ci_field *field = &object->type->fields[i];

        if (field->since <= minor && ci_fieldset_has(&object->set, i) &&
            (!ci_fieldset_has(&back->set, i) ||
             (field->kind != CI_KIND_TIME && !ci_field_equal(object, back, field))))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ci_json_limits limits = {.depth = 64, .bytes = 1 << 20};
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct ci_object *object;
    json_t *value;

    if (ci_json_read(&ctx, (const char *)data, size, &limits, &value) &&
        ci_wire_read(&ctx, value, CI_WIRE_SERVER, &object)) {
        again(&ctx, object, object->type->minor);
        if (!object->type->convert)
            again(&ctx, object, 0);
    }
    ci_arena_free(ctx.mem);
    return 0;
}
