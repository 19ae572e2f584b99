/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures as Ironic's collector keeps them, for those who read its notifications of them.
 */
#include <string.h>

#include "base/metrics.h"

#define NS_PER_MS 1000000.0

struct collector {
    struct ci_metrics base;
    json_t *into;
    const char *type; /* of the family that is told */
};

/* name{a="x",b="y"}: name.x.y */
static const char *flat(struct ci_metrics *to, const char *name, const char *labels)
{
    struct ci_text *text = ci_text_new(to->mem, 4096);

    ci_text_add(text, name);
    for (const char *at = strchr(labels, '"'); at; at = strchr(at, '"')) {
        const size_t length = strcspn(at + 1, "\"");

        ci_text_add(text, ".");
        ci_text_addn(text, at + 1, length);
        at += length + 2;
    }
    return text->bytes;
}

static void keep(struct ci_metrics *to, const char *name, const char *labels, json_t *value)
{
    json_object_set_new(((struct collector *)to)->into, flat(to, name, labels), value);
}

static void begin_family(struct ci_metrics *to, const char *name, const char *type,
                         const char *meaning)
{
    (void)name;
    (void)meaning;
    ((struct collector *)to)->type = type;
}

static void keep_sample(struct ci_metrics *to, const char *name, const char *labels, uint64_t value)
{
    const char *type = ((struct collector *)to)->type;

    keep(to, name, labels,
         json_pack("{s:s, s:I}", "type", type, strcmp(type, "counter") == 0 ? "count" : "value",
                   (json_int_t)value));
}

static void keep_durations(struct ci_metrics *to, const char *name, const char *labels,
                           const struct ci_durations *durations)
{
    keep(to, name, labels,
         json_pack("{s:s, s:I, s:f}", "type", "timer", "count",
                   (json_int_t)ci_durations_count(durations), "sum",
                   (double)durations->sum_ns / NS_PER_MS));
}

struct ci_metrics *ci_metrics_collector(struct ci_arena *mem, json_t *into)
{
    struct collector *reader = ci_new(mem, struct collector);

    reader->base = (struct ci_metrics){
        .mem = mem, .family = begin_family, .sample = keep_sample, .durations = keep_durations};
    reader->into = into;
    return &reader->base;
}
