/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LLDP: any bytes are TLVs (a type, a length, and what is left of so many bytes), each in memory
 * of its own size; what is told of them is JSON that can be printed, and what is told of the same
 * TLV twice has no other names.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "base/json.h"
#include "drivers/lldp.h"

static void add_twice(json_t *parsed, const struct ci_lldp_tlv *tlv)
{
    size_t names;

    if (!ci_lldp_add(parsed, tlv))
        return;
    names = json_object_size(parsed);
    if (!ci_lldp_add(parsed, tlv) || json_object_size(parsed) != names)
        abort();
}

static void link_port(const struct ci_lldp_tlv *tlv)
{
    const char *name;
    json_t *value;

    if (!ci_lldp_link(tlv, &name, &value) || !name)
        return;
    if (!json_is_string(value))
        abort();
    json_decref(value);
}

/* Elements of a ramdisk's list, where the bytes are JSON. */
static void read_list(struct ci_ctx *ctx, const uint8_t *data, size_t size)
{
    struct ci_lldp_tlv tlv;
    json_t *list, *one;
    size_t i;

    if (!ci_json_read(ctx, (const char *)data, size, &ci_json_trusted, &list))
        return;
    json_array_foreach(list, i, one)
    {
        if (ci_lldp_read(ctx->mem, one, &tlv) && tlv.length > CI_LLDP_VALUE_MAX)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    json_t *parsed = ci_json(&ctx, json_object());

    read_list(&ctx, data, size);
    while (size >= 2) {
        size_t n = data[1] < size - 2 ? data[1] : size - 2;
        uint8_t *copy = malloc(n + 1);
        struct ci_lldp_tlv tlv = {data[0], copy + 1, n};

        if (!copy)
            abort();
        memcpy(copy + 1, data + 2, n);
        add_twice(parsed, &tlv);
        link_port(&tlv);
        free(copy);
        data += 2 + n;
        size -= 2 + n;
    }
    (void)ci_json_text(ctx.mem, parsed);
    ci_arena_free(ctx.mem);
    return 0;
}
