/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules in force: the table of defaults, their deprecated halves, and what files say over it.
 */
#include "api/policy_rules.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/policy_file.h"
#include "base/config.h"
#include "base/log.h"
#include "base/text.h"

const struct ci_policy ci_policies[] = {
#define SYSTEM CI_SCOPE_SYSTEM
#define PROJECT CI_SCOPE_PROJECT
#define ANY CI_SCOPE_ANY
#define POLICY(name, asks, scopes, old_name, old_rule, rule)                                       \
    {name, CI_ASKS_##asks, scopes, old_name, old_rule, rule},
#include "api/policies.def"
#undef POLICY
#undef SYSTEM
#undef PROJECT
#undef ANY
};
enum { POLICIES = sizeof ci_policies / sizeof ci_policies[0] };
const size_t ci_policies_n = POLICIES;

/* A rule of a file. */
struct written {
    const char *name;
    struct ci_rule *rule;
    const struct ci_policy_entry *entry;
};

struct ci_policy_rules {
    struct ci_arena *mem;
    struct ci_rule *rules[POLICIES];
    bool reads_record[POLICIES];
    struct written *written;
    size_t written_n;
    const char *otherwise; /* name of the rule that stands for missing ones */
};

static int by_name(const void *name, const void *policy)
{
    return strcmp(name, ((const struct ci_policy *)policy)->name);
}

const struct ci_policy *ci_policy_find(const char *name)
{
    return bsearch(name, ci_policies, POLICIES, sizeof ci_policies[0], by_name);
}

const struct ci_rule *ci_policy_rules_get(const struct ci_policy_rules *rules,
                                          const struct ci_policy *policy)
{
    return rules->rules[policy - ci_policies];
}

bool ci_policy_rules_read_record(const struct ci_policy_rules *rules,
                                 const struct ci_policy *policy)
{
    return rules->reads_record[policy - ci_policies];
}

static struct written *find_written(const struct ci_policy_rules *rules, const char *name)
{
    for (size_t i = 0; i < rules->written_n; i++) {
        if (strcmp(rules->written[i].name, name) == 0)
            return &rules->written[i];
    }
    return NULL;
}

const struct ci_rule *ci_policy_rules_written(const struct ci_policy_rules *rules, const char *name)
{
    const struct written *written = find_written(rules, name);

    return written ? written->rule : NULL;
}

static struct ci_rule *find_exactly(struct ci_policy_rules *rules, const char *name)
{
    const struct ci_policy *policy = ci_policy_find(name);
    const struct written *written;

    if (policy)
        return rules->rules[policy - ci_policies];
    written = find_written(rules, name);
    return written ? written->rule : NULL;
}

static struct ci_rule *find_rule(void *arg, const char *name)
{
    struct ci_policy_rules *rules = arg;
    struct ci_rule *rule = find_exactly(rules, name);

    return rule || !rules->otherwise ? rule : find_exactly(rules, rules->otherwise);
}

static bool compile_written(struct ci_ctx *ctx, struct ci_policy_rules *rules,
                            const struct ci_policy_entries *entries)
{
    size_t n = 0;

    for (const struct ci_policy_entry *entry = entries->first; entry; entry = entry->next)
        n++;
    rules->written = ci_alloc_array(rules->mem, n + 1, sizeof *rules->written);
    for (const struct ci_policy_entry *entry = entries->first; entry; entry = entry->next) {
        /* What is written again later counts. */
        struct written *written = find_written(rules, entry->name);
        const char *why;

        if (!written)
            written = &rules->written[rules->written_n++];
        written->name = ci_strdup(rules->mem, entry->name);
        written->entry = entry;
        if (!(entry->text ? ci_rule_compile(rules->mem, entry->text, &written->rule, &why)
                          : ci_rule_compile_list(rules->mem, entry->list, &written->rule, &why)))
            return ci_fail_text(ctx, ConfigInvalid, "%s:%d: rule %.200s: %s", entry->file,
                                entry->line, entry->name, why);
    }
    return true;
}

/* Our own rows compile, or a test would have failed. */
static struct ci_rule *compile_own(struct ci_arena *mem, const char *text)
{
    struct ci_rule *rule;
    const char *why;

    if (!ci_rule_compile(mem, text, &rule, &why))
        abort();
    return rule;
}

/*
 * What counts for a row that no file has: a rule that a file has by its old name, unless that says
 * no more than before; the default, and until new defaults are enforced, its deprecated half.
 */
static struct ci_rule *effective(struct ci_policy_rules *rules, const struct ci_policy *policy,
                                 bool new_defaults)
{
    struct ci_rule *rule = compile_own(rules->mem, policy->rule), *old;
    const struct written *written;

    if (!policy->old_name)
        return rule;
    old = compile_own(rules->mem, policy->old_rule);
    written =
        strcmp(policy->old_name, policy->name) != 0 ? find_written(rules, policy->old_name) : NULL;
    if (written && !ci_rule_same(written->rule, old) &&
        !ci_rule_is_reference(written->rule, policy->name))
        return written->rule;
    if (new_defaults || strcmp(policy->old_rule, policy->rule) == 0)
        return rule;
    return ci_rule_either(rules->mem, rule, old);
}

static bool link_all(struct ci_ctx *ctx, struct ci_policy_rules *rules)
{
    const char *why;

    for (size_t i = 0; i < rules->written_n; i++) {
        const struct ci_policy_entry *entry = rules->written[i].entry;

        if (!ci_rule_link(rules->mem, rules->written[i].rule, find_rule, rules, &why))
            return ci_fail_text(ctx, ConfigInvalid, "%s:%d: rule %.200s: %s", entry->file,
                                entry->line, entry->name, why);
    }
    for (size_t i = 0; i < POLICIES; i++) {
        if (!ci_rule_link(rules->mem, rules->rules[i], find_rule, rules, &why))
            return ci_fail_text(ctx, ConfigInvalid,
                                "Rule %s, with what the files of policies say: %s",
                                ci_policies[i].name, why);
        rules->reads_record[i] = ci_rule_reads_record(rules->rules[i]);
    }
    return true;
}

bool ci_policy_rules_of(struct ci_ctx *ctx, const struct ci_policy_entries *entries,
                        struct ci_policy_rules **ret_rules)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_policy_rules *rules = ci_new(mem, struct ci_policy_rules);

    rules->mem = mem;
    rules->otherwise = ci_strdup(mem, ctx->config->oslo_policy.policy_default_rule);
    if (!compile_written(ctx, rules, entries)) {
        ci_arena_free(mem);
        return false;
    }
    for (size_t i = 0; i < POLICIES; i++) {
        const struct written *written = find_written(rules, ci_policies[i].name);

        rules->rules[i] = written ? written->rule
                                  : effective(rules, &ci_policies[i],
                                              ctx->config->oslo_policy.enforce_new_defaults);
    }
    if (!link_all(ctx, rules)) {
        ci_arena_free(mem);
        return false;
    }
    *ret_rules = rules;
    return true;
}

void ci_policy_rules_free(struct ci_policy_rules *rules)
{
    if (rules)
        ci_arena_free(rules->mem);
}

static const char *main_file(struct ci_ctx *ctx)
{
    const char *name = ctx->config->oslo_policy.policy_file;
    const char *path = name ? ci_config_find_file(ctx->mem, ctx->config, name) : NULL;

    /* The old default is still read where the new one is not there. */
    if (!path && name && strcmp(name, "policy.yaml") == 0)
        path = ci_config_find_file(ctx->mem, ctx->config, "policy.json");
    return path;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Calls `each` for every file that counts, in order, until one gives false. */
static bool for_files(struct ci_ctx *ctx, bool (*each)(struct ci_ctx *, const char *, void *),
                      void *arg)
{
    const char *const *dir = ctx->config->oslo_policy.policy_dirs;
    const char *path = main_file(ctx);

    if (path && !each(ctx, path, arg))
        return false;
    for (; dir && *dir; dir++) {
        const char *folder = ci_config_find_file(ctx->mem, ctx->config, *dir);
        struct dirent **names;
        int n = folder ? scandir(folder, &names, is_visible, alphasort) : -1;
        bool going = true;

        if (n < 0)
            continue;
        for (int i = 0; i < n; i++) {
            going = going && each(ctx, ci_printf(ctx->mem, "%s/%s", folder, names[i]->d_name), arg);
            free(names[i]);
        }
        free(names);
        if (!going)
            return false;
    }
    return true;
}

static bool read_one(struct ci_ctx *ctx, const char *path, void *arg)
{
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return true;
    return ci_policy_file_read(ctx, path, arg);
}

bool ci_policy_rules_new(struct ci_ctx *ctx, struct ci_policy_rules **ret_rules)
{
    struct ci_policy_entries entries = {0};

    return for_files(ctx, read_one, &entries) && ci_policy_rules_of(ctx, &entries, ret_rules);
}

static void mix(uint64_t *state, uint64_t value)
{
    *state = (*state ^ value) * 1099511628211u;
}

static bool add_state(struct ci_ctx *ctx, const char *path, void *arg)
{
    struct stat st;

    (void)ctx;
    for (const char *c = path; *c; c++)
        mix(arg, (unsigned char)*c);
    if (stat(path, &st) == 0) {
        mix(arg, (uint64_t)st.st_ino);
        mix(arg, (uint64_t)st.st_size);
        mix(arg, (uint64_t)st.st_mtim.tv_sec);
        mix(arg, (uint64_t)st.st_mtim.tv_nsec);
    }
    return true;
}

uint64_t ci_policy_rules_state(struct ci_ctx *ctx)
{
    uint64_t state = 14695981039346656037u;

    (void)for_files(ctx, add_state, &state);
    return state;
}
