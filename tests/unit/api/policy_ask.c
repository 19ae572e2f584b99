/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers lines of JSON {"rules": {name: text}, "ask": name, "creds": {…}, "target": {…}} with
 * yes, no, or refused, for policy_differential.py.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/policy_rule.h"
#include "base/json.h"

struct named {
    const char *name;
    struct ci_rule *rule;
};

struct rules {
    struct named named[64];
    size_t n;
};

static struct ci_rule *find(void *arg, const char *name)
{
    const struct rules *rules = arg;

    for (size_t i = 0; i < rules->n; i++) {
        if (strcmp(rules->named[i].name, name) == 0)
            return rules->named[i].rule;
    }
    return NULL;
}

static const char *const *words(struct ci_arena *mem, const json_t *list)
{
    const char **all = ci_alloc_array(mem, json_array_size(list) + 1, sizeof *all);

    for (size_t i = 0; i < json_array_size(list); i++)
        all[i] = json_string_value(json_array_get(list, i));
    return all;
}

static const char *text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static const char *answer(struct ci_ctx *ctx, const json_t *line)
{
    const json_t *creds = json_object_get(line, "creds"), *target = json_object_get(line, "target");
    const struct ci_identity who = {
        .user_id = text(creds, "user_id"),
        .project_id = text(creds, "project_id"),
        .project_name = text(creds, "project_name"),
        .system_scope = text(creds, "system_scope"),
        .roles = words(ctx->mem, json_object_get(creds, "roles")),
    };
    const struct ci_rule_facts facts = {.who = &who,
                                        .kind = "node",
                                        .owner = text(target, "node.owner"),
                                        .lessee = text(target, "node.lessee")};
    struct rules rules = {0};
    const char *name, *why;
    json_t *value;

    json_object_foreach(json_object_get(line, "rules"), name, value)
    {
        rules.named[rules.n].name = name;
        if (!ci_rule_compile(ctx->mem, json_string_value(value), &rules.named[rules.n].rule, &why))
            return "refused";
        rules.n++;
    }
    for (size_t i = 0; i < rules.n; i++) {
        if (!ci_rule_link(ctx->mem, rules.named[i].rule, find, &rules, &why))
            return "refused";
    }
    return ci_rule_allows(find(&rules, text(line, "ask")), &facts) ? "yes" : "no";
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;

    while ((n = getline(&line, &size, stdin)) > 0) {
        struct ci_ctx ctx = {.mem = ci_arena_new()};
        json_t *value;

        if (!ci_json_read(&ctx, line, (size_t)n, &ci_json_trusted, &value))
            return 1;
        puts(answer(&ctx, value));
        ci_arena_free(ctx.mem);
    }
    free(line);
    return 0;
}
