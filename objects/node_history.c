/* SPDX-License-Identifier: Apache-2.0 */
/*
 * History of nodes: the type and its one rule, that an event fits its column.
 */
#include "objects/node_history.h"

#include "base/ident.h"
#include "objects/row.h"

#include <string.h>

/* Ironic's limit, and what it writes where something is left out. */
#define EVENT_BYTES 65535
#define CUT " ... [truncated] ... "

#define OBJECT node_history
#define FIELDS "objects/node_history.def"
#define TYPE .name = "NodeHistory", .table = "node_history", .key = "id", .major = 1, .minor = 3
#include "objects/define.h"

/* Does a character of UTF-8 go on with this byte? */
static bool goes_on(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* Head and tail of a long event, cut between characters. */
static const char *shortened(struct ci_ctx *ctx, const char *event)
{
    size_t length = strlen(event), room = EVENT_BYTES - strlen(CUT);
    size_t head = room / 2, tail = length - (room - head);

    if (length <= EVENT_BYTES)
        return event;
    while (head > 0 && goes_on(event[head]))
        head--;
    while (goes_on(event[tail]))
        tail++;
    return ci_printf(ctx->mem, "%.*s%s%s", (int)head, event, CUT, event + tail);
}

bool ci_node_history_create(struct ci_ctx *ctx, struct ci_node_history *entry)
{
    if (!entry->uuid)
        ci_node_history_set_uuid(entry, ci_uuid_new(ctx->mem));
    if (entry->event)
        entry->event = shortened(ctx, entry->event);
    return ci_row_insert(ctx, entry);
}
